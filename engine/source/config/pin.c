/* Finds what fixes llama.cpp in a project's files. */
#include "source/config/pin.h"
#include "base/file.h"
#include "source/config/git_link.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_PINS = 2000,
    MAX_TOKEN = 64,
    COMMIT_DIGITS = 9, /* as llama.cpp prints them */
    NEAR = 12,         /* lines between a repository's name and what is checked out of it */
    MAX_FOLLOWED = 8,  /* variables inside each other: ${A:-${B:-b8022}} */
    MAX_LOOKED_UP = 64 /* variables of one file, each of which means going through it */
};

/* --- words --- */

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

static bool is_version(const char *text) {
    size_t len = strlen(text), digits = strspn(text + (*text == 'b'), "0123456789");
    if (*text == 'b' && digits + 1 == len) return digits >= 3 && digits <= 6;
    if (*text == 'v') {
        const char *at = text + 1;
        for (int i = 0; i < 3; i++) {
            size_t n = strspn(at, "0123456789");
            if (!n || n > 4 || (i < 2 && at[n] != '.')) return false;
            at += n + (i < 2);
        }
        return !*at;
    }
    size_t hex = strspn(text, "0123456789abcdef");
    return hex == len && len >= 7 && len <= LLW_GIT_COMMIT && strpbrk(text, "0123456789") &&
           (len == LLW_GIT_COMMIT || strpbrk(text, "abcdef"));
}

typedef struct searching {
    llw_config_reader *r;
    const char *file, *directory;
    const char *bytes, *end; /* of the file */
    int looked_up;
} searching;

typedef struct line {
    const char *at, *end;
    int number;
} line;

static const char *find(const char *at, const char *end, const char *word) {
    return at < end ? memmem(at, (size_t)(end - at), word, strlen(word)) : NULL;
}

static const char *skip(const char *at, const char *end, const char *set) {
    while (at < end && *at && strchr(set, *at)) at++;
    return at;
}

/* The version that stands at `at`, letter for letter. */
static bool written_at(const char *at, const char *end, char token[MAX_TOKEN]) {
    size_t n = 0;
    while (at + n < end && (is_word(at[n]) || at[n] == '.' || at[n] == '-')) n++;
    while (n && at[n - 1] == '.') n--;
    static const char *const endings[] = {".tar.gz", ".tar.xz", ".zip", ".git"};
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++) {
        size_t len = strlen(endings[i]);
        if (n > len && !strncmp(at + n - len, endings[i], len)) n -= len;
    }
    if (!n || n >= MAX_TOKEN) return false;
    memcpy(token, at, n);
    token[n] = 0;
    return is_version(token);
}

/* The version that a line gives the name: NAME=value, NAME: value or NAME := value. */
static const char *defined_in(searching *s, const char *from, const char *stop, const char *name, size_t len,
                              char token[MAX_TOKEN]) {
    for (const char *at = from; (at = memmem(at, (size_t)(stop - at), name, len)); at += len) {
        if (at > s->bytes && (is_word(at[-1]) || at[-1] == '$' || at[-1] == '{')) continue;
        const char *after = skip(at + len, stop, " \t");
        if (after + 1 < stop && *after == ':' && after[1] == '=') after++;
        if (after >= stop || (*after != '=' && *after != ':')) continue;
        after = skip(after + 1, stop, " \t\"'");
        if (after < stop && *after == '$') { /* no circles: only what stands there if it is not set */
            const char *other = find(after, stop, ":-");
            after = other ? skip(other + 2, stop, " \t\"'") : stop;
            if (after < stop && *after == '$') continue;
        }
        if (written_at(after, stop, token)) return at;
    }
    return NULL;
}

/* Where the first line of the file that gives the name a version does so. */
static const char *defined(searching *s, const char *name, size_t len, char token[MAX_TOKEN]) {
    if (!len || s->looked_up++ >= MAX_LOOKED_UP) return NULL;
    for (const char *from = s->bytes, *stop; from < s->end; from = stop + 1) {
        stop = memchr(from, '\n', (size_t)(s->end - from));
        if (!stop) stop = s->end;
        const char *at = defined_in(s, from, stop, name, len, token);
        if (at) return at;
    }
    return NULL;
}

/* The version that stands at `at`, in quotes or not; a variable is looked up in the same file. */
static bool version_at(searching *s, const char *at, const char *end, char token[MAX_TOKEN]) {
    at = skip(at, end, " \t\"'");
    for (int followed = 0; at < end && *at == '$'; followed++) {
        at = skip(at, end, "${ ");
        static const char *const spaces[] = {"env.", "vars.", "inputs.", "matrix."};
        for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++)
            if ((size_t)(end - at) > strlen(spaces[i]) && !strncmp(at, spaces[i], strlen(spaces[i])))
                at += strlen(spaces[i]);
        const char *name = at;
        while (at < end && is_word(*at)) at++;
        if (defined(s, name, (size_t)(at - name), token)) return true;
        if (end - at < 2 || at[0] != ':' || at[1] != '-' || followed == MAX_FOLLOWED) return false;
        at = skip(at + 2, end, " \t\"'"); /* ${NAME:-b8022} */
    }
    return written_at(at, end, token);
}

/* --- pins --- */

/* An image that is built of whatever is newest that day: beside a pin of another file it leaves the version
 * open. */
static const char newest[] = "newest";

static void add(llw_config_reader *r, const char *file, const char *directory, int number,
                const char *version, const char *origin) {
    if (r->n_pins >= MAX_PINS) return;
    void *items = r->pins;
    llw_config_pin *pin = llw_arena_push(r->arena, &items, &r->n_pins, &r->pin_capacity, sizeof *pin);
    r->pins = items;
    size_t len = strlen(version);
    bool cut = *version != 'v' && len > COMMIT_DIGITS;
    *pin = (llw_config_pin){.version = llw_arena_strndup(r->arena, version, cut ? COMMIT_DIGITS : len),
                            .origin = origin,
                            .place = llw_place(r->arena, file, number, 1),
                            .file = llw_arena_strdup(r->arena, file),
                            .directory = llw_arena_strdup(r->arena, directory)};
}

static const char *const owners[] = {"ggml-org/llama.cpp", "ggerganov/llama.cpp"};

/* Behind the name of llama.cpp's own repository; NULL when the line does not name it. */
static const char *repository(const line *l) {
    for (size_t i = 0; i < sizeof owners / sizeof *owners; i++) {
        const char *at = find(l->at, l->end, owners[i]), *after = at ? at + strlen(owners[i]) : NULL;
        if (after && (after == l->end || !is_word(*after))) return after;
    }
    return NULL;
}

/* What is fetched from the repository on the line that names it. */
static const char *from_address(searching *s, const line *l, const char *after, char token[MAX_TOKEN]) {
    static const struct {
        const char *words, *origin;
        bool anywhere; /* on the line; else directly behind the name */
    } forms[] = {
        {"/releases/download/", "release", false},
        {"/archive/refs/tags/", "release", false},
        {"/archive/", "release", false},
        {"/tarball/", "release", false},
        {"/zipball/", "release", false},
        {".git@", "checkout", false},
        {"@", "checkout", false},
        {"?ref=", "checkout", false},
        {"?rev=", "checkout", false},
        {"/", "checkout", false}, /* github:ggml-org/llama.cpp/b8022 */
        {"--branch ", "checkout", true},
        {"--branch=", "checkout", true},
        {"--revision ", "checkout", true},
        {"--revision=", "checkout", true},
        {" -b ", "checkout", true},
    };
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t len = strlen(forms[i].words);
        const char *at = forms[i].anywhere ? find(l->at, l->end, forms[i].words)
                         : (size_t)(l->end - after) > len && !strncmp(after, forms[i].words, len) ? after
                                                                                                  : NULL;
        if (at && version_at(s, at + len, l->end, token)) return forms[i].origin;
    }
    return NULL;
}

/* What is taken out of a repository that a line before named. */
static bool checked_out(searching *s, const line *l, char token[MAX_TOKEN]) {
    static const char *const words[] = {
        " checkout ", "reset --hard ", "switch --detach ", "GIT_TAG ", "ref:",       "rev =", "rev=",
        "tag:",       "tag =",         "commit:",          "origin ",  "FETCH_HEAD "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *at = find(l->at, l->end, words[i]);
        if (!at) continue;
        at += strlen(words[i]);
        for (const char *skip; at < l->end && *at == '-' && (skip = memchr(at, ' ', (size_t)(l->end - at)));)
            at = skip + 1; /* -q, --detach */
        if (version_at(s, at, l->end, token)) return true;
    }
    return false;
}

/* LLAMA_CPP_VERSION=b8022, as ARG, ENV, export, or a key of YAML. */
static bool variable(searching *s, const line *l, char token[MAX_TOKEN]) {
    static const char *const starts[] = {"LLAMA_CPP_", "LLAMACPP_", "LLAMA_"};
    static const char *const ends[] = {"VERSION", "TAG",          "COMMIT", "REF",        "SHA",
                                       "REV",     "RELEASE",      "HASH",   "COMMIT_SHA", "GIT_REF",
                                       "GIT_TAG", "BUILD_NUMBER", "BRANCH"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++) {
        const char *at = find(l->at, l->end, starts[i]);
        if (!at || (at > l->at && (is_word(at[-1]) || at[-1] == '$' || at[-1] == '{'))) continue;
        const char *name = at + strlen(starts[i]), *after = name;
        while (after < l->end && is_word(*after)) after++;
        for (size_t k = 0; k < sizeof ends / sizeof *ends; k++) {
            if (strlen(ends[k]) != (size_t)(after - name) || strncmp(name, ends[k], strlen(ends[k])))
                continue;
            const char *equals = after;
            while (equals < l->end && *equals == ' ') equals++;
            if (equals < l->end && *equals == ':' && equals + 1 < l->end && equals[1] == '=') equals++;
            if (equals < l->end && (*equals == '=' || *equals == ':'))
                return version_at(s, equals + 1, l->end, token) &&
                       (*token != 'v' || strlen(starts[i]) > strlen("LLAMA_")); /* LLAMA_VERSION=v3.1.0 */
        }
    }
    return false;
}

static bool is_comment(const line *l) {
    const char *at = l->at;
    while (at < l->end && isspace((unsigned char)*at)) at++;
    return at < l->end && (*at == '#' || (*at == '/' && at + 1 < l->end && at[1] == '/') || *at == ';');
}

void llw_config_pins_in(llw_config_reader *r, const char *file, const char *directory, const char *bytes,
                        size_t len) {
    enum { MAX_LEN = 1 << 20 };
    if (len > MAX_LEN || (!memmem(bytes, len, "llama.cpp", 9) && !memmem(bytes, len, "LLAMA", 5))) return;
    searching s = {r, file, directory, bytes, bytes + len, 0};
    int number = 0, named = 0;
    size_t before = r->n_pins;
    bool builds = strcasestr(llw_path_name(file), "dockerfile") ||
                  strcasestr(llw_path_name(file), "containerfile"),
         floats = false;
    char token[MAX_TOKEN];
    for (const char *at = bytes; at < s.end;) {
        const char *stop = memchr(at, '\n', (size_t)(s.end - at));
        line l = {at, stop ? stop : s.end, ++number};
        while (stop && stop > at && stop[-1] == '\\') { /* it goes on in the next */
            const char *next = memchr(stop + 1, '\n', (size_t)(s.end - stop - 1));
            number++;
            l.end = next ? next : s.end;
            stop = next;
        }
        at = stop ? stop + 1 : s.end;
        if (is_comment(&l)) continue;
        const char *after = repository(&l), *origin = NULL;
        floats |= builds && after && find(l.at, l.end, "git clone");
        bool other = !after && (find(l.at, l.end, "git clone") || find(l.at, l.end, "repository:") ||
                                find(l.at, l.end, "uses:"));
        if (after) named = number;
        if (other) named = 0;
        if (after && (origin = from_address(&s, &l, after, token)))
            add(r, file, directory, l.number, token, origin);
        else if (named && number - named <= NEAR && checked_out(&s, &l, token))
            add(r, file, directory, l.number, token, "checkout");
        else if (variable(&s, &l, token))
            add(r, file, directory, l.number, token, "variable");
    }
    if (floats && r->n_pins == before) add(r, file, directory, number, newest, "clone");
}

void llw_config_pins_of_git(llw_config_reader *r, const char *root) {
    size_t n = 0;
    const char *top = llw_git_top(r->arena, root);
    if (!top) return;
    const llw_git_module *modules = llw_git_modules(r->arena, top, &n);
    const char *file = llw_path_relative(r->arena, llw_path_join(r->arena, top, ".gitmodules"), "");
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < sizeof owners / sizeof *owners; k++) {
            const char *at = strstr(modules[i].url, owners[k]), *after = at ? at + strlen(owners[k]) : NULL;
            if (!after || (*after && strcmp(after, ".git") && strcmp(after, "/"))) continue;
            const char *slash = strrchr(file, '/');
            add(r, file, slash ? llw_arena_strndup(r->arena, file, (size_t)(slash - file)) : "",
                modules[i].line, modules[i].commit, "submodule");
        }
}

/* --- which one holds --- */

static bool same_version(const char *a, const char *b) {
    size_t n = strlen(a) < strlen(b) ? strlen(a) : strlen(b);
    bool commits = *a != 'v' && *b != 'v' && n >= 7;
    return !strcmp(a, b) || (commits && !strncmp(a, b, n));
}

typedef enum choice { NONE, ONE, SEVERAL } choice;

static choice choose(const llw_config_reader *r, const char *file, const char *directory,
                     const llw_config_pin **out) {
    *out = NULL;
    for (size_t i = 0; i < r->n_pins; i++) {
        const llw_config_pin *pin = &r->pins[i];
        if ((file && strcmp(pin->file, file)) || (directory && strcmp(pin->directory, directory))) continue;
        if (*out && !same_version((*out)->version, pin->version)) return *out = NULL, SEVERAL;
        if (!*out) *out = pin;
    }
    if (*out && !strcmp((*out)->version, newest)) return *out = NULL, ONE;
    return *out ? ONE : NONE;
}

const llw_config_pin *llw_config_pin_of(const llw_config_reader *r, const char *file, const char *directory) {
    const llw_config_pin *pin = NULL;
    if (!r->n_pins || choose(r, file, NULL, &pin) != NONE) return pin;
    for (const char *at = directory;;) {
        if (choose(r, NULL, at, &pin) != NONE) return pin;
        const char *slash = strrchr(at, '/');
        if (!*at || slash == at) break;
        at = slash ? llw_arena_strndup(r->arena, at, (size_t)(slash - at)) : "";
    }
    choose(r, NULL, NULL, &pin);
    return pin;
}
