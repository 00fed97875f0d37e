/* Walking directories for configuration files, and keeping what was read. */
#include "source/config/fork.h"
#include "source/config/set.h"
#include "base/file.h"
#include "source/config/pin.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MAX_TOTAL = 256 << 20, MAX_DIRECTORIES = 20000 };

static bool has_suffix(const char *text, const char *suffix) {
    size_t n = strlen(text), m = strlen(suffix);
    return n >= m && !strcasecmp(text + n - m, suffix);
}

static const char *key_of(const llw_config_entry *e, bool by_name) {
    return by_name ? e->file.name : e->file.path;
}

/* Where a path, or a name, is or would go. */
static llw_config_entry **slot_of(llw_config_entry **slots, size_t n_slots, const char *key, bool by_name) {
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *c = key; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    size_t at = (size_t)hash & (n_slots - 1);
    while (slots[at] && strcmp(key_of(slots[at], by_name), key)) at = (at + 1) & (n_slots - 1);
    return &slots[at];
}

llw_config_entry *llw_config_set_entry(const llw_config_set *set, const char *path) {
    return set->n_slots ? *slot_of(set->slots, set->n_slots, path, false) : NULL;
}

const llw_config_file *llw_config_set_find_named(const llw_config_set *set, const char *name) {
    const llw_config_entry *e = set->n_slots ? *slot_of(set->names, set->n_slots, name, true) : NULL;
    return e && !e->namesake ? &e->file : NULL;
}

static void place(llw_config_set *set, llw_config_entry *e) {
    *slot_of(set->slots, set->n_slots, e->file.path, false) = e;
    llw_config_entry **named = slot_of(set->names, set->n_slots, e->file.name, true);
    if (*named && *named != e) (*named)->namesake = true;
    if (!*named) *named = e;
}

static void keep(llw_config_set *set, llw_config_entry *e) {
    void *items = set->items;
    *(llw_config_entry **)llw_arena_push(set->arena, &items, &set->n, &set->capacity, sizeof e) = e;
    set->items = items;
    if (2 * set->n < set->n_slots) {
        place(set, e);
        return;
    }
    set->n_slots = set->n_slots ? 2 * set->n_slots : 64;
    set->slots = llw_arena_alloc(set->arena, set->n_slots * sizeof *set->slots);
    set->names = llw_arena_alloc(set->arena, set->n_slots * sizeof *set->names);
    for (size_t i = 0; i < set->n; i++) place(set, set->items[i]);
}

bool llw_config_is_inside(const llw_config_set *set, const char *path) {
    char *real = realpath(path, NULL);
    size_t len = set->real ? strlen(set->real) : 0;
    bool inside = real && set->real && !strncmp(real, set->real, len) &&
                  (real[len] == '/' || (len && set->real[len - 1] == '/'));
    free(real);
    return inside;
}

/* NOLINTNEXTLINE(readability-non-const-parameter): whoever has the file may write there */
static llw_config_entry *add(llw_config_set *set, const char *path, char *bytes, size_t len,
                             llw_config_kind kind, bool emit) {
    llw_config_entry *e = llw_arena_alloc(set->arena, sizeof *e);
    set->bytes += len;
    path = llw_arena_strdup(set->arena, path);
    *e = (llw_config_entry){.file = {path, llw_path_name(path), llw_path_folder(set->arena, path), bytes, len,
                                     llw_config_is_example(path), llw_config_kept_new(set->arena)},
                            .kind = kind,
                            .emit = emit};
    keep(set, e);
    return e;
}

/* The kind of a file by its name, and where it lies. */
static llw_config_kind kind_by_place(const char *directory, const char *name, bool *sniff) {
    llw_config_kind kind = llw_config_kind_of(name, sniff);
    return kind == LLW_CONFIG_INI && llw_config_in_drop_in(directory) ? LLW_CONFIG_DROP_IN : kind;
}

llw_config_entry *llw_config_set_add(llw_config_reader *r, llw_config_set *set,
                                     const llw_config_input *input) {
    bool sniff = false;
    llw_config_kind kind =
        kind_by_place(llw_path_folder(r->arena, input->path), llw_path_name(input->path), &sniff);
    if (sniff) {
        llw_config_kind found =
            llw_config_kind_by_content(kind, llw_path_name(input->path), input->bytes, input->len);
        kind = found != LLW_CONFIG_NONE || kind != LLW_CONFIG_YAML ? found : LLW_CONFIG_COMPOSE;
    }
    return add(set, input->path, llw_arena_strndup(set->arena, input->bytes, input->len), input->len, kind,
               input->wanted);
}

llw_config_entry *llw_config_set_load(llw_config_reader *r, llw_config_set *set, const char *path,
                                      llw_config_kind kind, bool sniff, bool emit) {
    if (set->n >= LLW_CONFIG_MAX_FILES || set->bytes > MAX_TOTAL) {
        llw_config_unread(r, set->root, 0, "there are more than %d configuration files: the rest is not read",
                          LLW_CONFIG_MAX_FILES);
        return NULL;
    }
    llw_err err = {0};
    char *bytes = NULL;
    size_t len = 0;
    llw_arena *arena = sniff ? llw_arena_new() : set->arena; /* what is not ours is not kept */
    llw_rc rc = llw_file_read(arena, path, LLW_CONFIG_MAX_BYTES, &bytes, &len, &err);
    if (rc != LLW_OK) {
        bool kept_back = emit && rc == LLW_ERR_SYSTEM; /* it may be ours, and nobody can tell */
        if (!sniff || kept_back) llw_config_unread(r, path, err.line, "%s", err.text);
        if (sniff) llw_arena_free(arena);
        return NULL;
    }
    bool speaks = kind != LLW_CONFIG_DOCUMENT && !llw_config_is_example(path); /* for the tree */
    if (speaks && kind != LLW_CONFIG_PYTHON)
        llw_config_pins_in(r, path, llw_path_folder(r->arena, path), bytes, len);
    if (speaks && !r->fork) r->fork = llw_fork_cloned(set->arena, bytes, len);
    if (sniff) {
        kind = llw_config_kind_by_content(kind, llw_path_name(path), bytes, len);
        if (kind != LLW_CONFIG_NONE) bytes = llw_arena_strndup(set->arena, bytes, len);
        llw_arena_free(arena);
        if (kind == LLW_CONFIG_NONE) return NULL;
    }
    return add(set, path, bytes, len, kind, emit);
}

/* The path without . and .., by its letters; those that go above where it begins stay. */
static const char *plain(llw_arena *arena, const char *path) {
    char *out = llw_arena_alloc(arena, strlen(path) + 2);
    size_t n = *path == '/', floor = n; /* what is not taken back */
    if (n) out[0] = '/';
    for (const char *at = path + n; *at;) {
        size_t len = strcspn(at, "/");
        bool up = len == 2 && !strncmp(at, "..", 2);
        if (up && n > floor) {
            for (n--; n > floor && out[n - 1] != '/';) n--; /* the / behind a part, then the part */
        } else if (len && !(len == 1 && *at == '.') && !(up && *path == '/')) {
            memcpy(out + n, at, len);
            n += len;
            out[n++] = '/';
            if (up) floor = n;
        }
        at += len + (at[len] == '/');
    }
    while (n > (size_t)(*path == '/') && out[n - 1] == '/') n--;
    out[n] = 0;
    return out;
}

const char *llw_config_inside(llw_arena *arena, const char *directory, const char *name) {
    if (*name == '/' || *name == '~') return NULL;
    name = plain(arena, name);
    while (!strncmp(name, "../", 3) || !strcmp(name, "..")) {
        if (!*directory || !strcmp(directory, "/") || !strcmp(llw_path_name(directory), "..")) return NULL;
        directory = llw_path_folder(arena, directory);
        name += name[2] ? 3 : 2;
    }
    return *name ? llw_path_join(arena, directory, name) : directory;
}

const llw_config_file *llw_config_set_find(llw_config_reader *r, llw_config_set *set, const char *directory,
                                           const char *name) {
    const char *path = llw_config_inside(r->arena, directory, name);
    llw_config_entry *e = path ? llw_config_set_entry(set, path) : NULL;
    if (!e && path && llw_file_is_regular(path) && llw_config_is_inside(set, path))
        e = llw_config_set_load(r, set, path, LLW_CONFIG_NONE, false, false);
    return e ? &e->file : NULL;
}

const llw_config_file *llw_config_set_find_above(llw_config_reader *r, llw_config_set *set,
                                                 const char *directory, const char *name) {
    enum { MAX_UP = 4 };
    size_t root = strlen(set->root);
    for (int i = 0; i <= MAX_UP; i++) {
        const llw_config_file *file = llw_config_set_find(r, set, directory, name);
        if (file || strlen(directory) <= root) return file;
        directory = llw_path_folder(r->arena, directory);
    }
    return NULL;
}

const llw_config_file *llw_config_set_next(const llw_config_set *set, int kind, size_t *at) {
    while (*at < set->n) {
        const llw_config_entry *e = set->items[(*at)++];
        if ((int)e->kind == kind) return &e->file;
    }
    return NULL;
}

static bool holds(const char *directory, const char *name) {
    char path[4096];
    int n = snprintf(path, sizeof path, "%s/%s", *directory ? directory : ".", name);
    return n > 0 && n < (int)sizeof path && !access(path, F_OK);
}

static bool is_llama_source(const char *path) {
    return holds(path, "common/arg.cpp") ||
           (holds(path, "src/llama.cpp") && holds(path, "ggml/CMakeLists.txt"));
}

/* Directories that hold what others made (versions, caches, packages, builds) or what nobody starts any more.
 * Of those that begin with a dot only a few hold configurations, or what assistants are told about the
 * project. What .gitignore names is read: a .env is ignored by git, and it is what runs. */
static bool skipped_directory(const char *path, const char *name) {
    static const char *const names[] = {"node_modules",  "build",   "dist",        "target",
                                        "vendor",        "venv",    "__pycache__", "third_party",
                                        "site-packages", "archive", "archived",    "attic"};
    static const char *const hidden[] = {".github",  ".devcontainer", ".config",     ".docker", ".gitlab",
                                         ".forgejo", ".gitea",        ".woodpecker", ".ci",     ".podman",
                                         ".k8s",     ".deploy",       ".claude",     ".cursor", ".agents",
                                         ".codex",   ".gemini",       ".windsurf",   ".vscode"};
    if (*name == '.') {
        for (size_t i = 0; i < sizeof hidden / sizeof *hidden; i++)
            if (!strcmp(name, hidden[i])) return false;
        return true;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return true;
    return is_llama_source(path);
}

/* Of llama.cpp's own sources, or a fork's: what lies there is of that version and of its makers. */
static bool is_of_its_makers(const char *name) {
    static const char *const names[] = {"app",     "benches", "ci",          "common", "docs", "examples",
                                        "ggml",    "gguf-py", "github-data", "media",  "pocs", "prompts",
                                        "scripts", "src",     "tests",       "tools"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(name, names[i])) return true;
    return false;
}

bool llw_config_in_drop_in(const char *directory) {
    return has_suffix(directory, ".service.d") || has_suffix(directory, ".container.d");
}

typedef struct place_to_look {
    const char *path;
    int depth;
} place_to_look;

/* Whether a file of that name is passed over without a word when it is a pipe or a device: those that have no
 * ending are rarely scripts. */
static bool is_named_by_chance(const char *name, llw_config_kind kind) {
    return kind == LLW_CONFIG_NONE || (kind == LLW_CONFIG_SCRIPT && !strchr(name, '.'));
}

/* Directories wait in a list; names are sorted, so the order is the same everywhere. */
void llw_config_set_walk(llw_config_reader *r, llw_config_set *set, const char *root, bool below) {
    void *items = NULL;
    size_t n = 0, capacity = 0, looked = 0;
    *(place_to_look *)llw_arena_push(r->arena, &items, &n, &capacity, sizeof(place_to_look)) =
        (place_to_look){root, 0};
    for (size_t i = 0; i < n && n < MAX_DIRECTORIES; i++) {
        place_to_look here = ((place_to_look *)items)[i];
        char **names = NULL;
        size_t count = 0;
        bool makers = !i && is_llama_source(here.path);
        llw_err err = {0};
        if (llw_directory_list(r->arena, *here.path ? here.path : ".", &names, &count, &err) != LLW_OK) {
            llw_config_unread(r, here.path, 0, "%s", err.text);
            continue;
        }
        for (size_t j = 0; j < count; j++) {
            r->out->n_looked++;
            if (++looked > LLW_CONFIG_MAX_ENTRIES) {
                llw_config_unread(r, root, 0, "holds more than %d files: the rest is not looked at",
                                  LLW_CONFIG_MAX_ENTRIES);
                return;
            }
            const char *path = llw_path_join(r->arena, here.path, names[j]);
            struct stat st;
            if (lstat(path, &st)) {
                if (below && errno != ENOENT)
                    llw_config_unread(r, here.path, 0, "its files cannot be examined: %s", strerror(errno));
                continue;
            }
            if (S_ISDIR(st.st_mode)) {
                if (!below || here.depth >= LLW_CONFIG_MAX_DEPTH || skipped_directory(path, names[j]) ||
                    (makers && is_of_its_makers(names[j])))
                    continue;
                *(place_to_look *)llw_arena_push(r->arena, &items, &n, &capacity, sizeof(place_to_look)) =
                    (place_to_look){path, here.depth + 1};
                continue;
            }
            bool sniff = false, link = S_ISLNK(st.st_mode);
            llw_config_kind kind = kind_by_place(here.path, names[j], &sniff);
            if (kind == LLW_CONFIG_NONE || (link && (stat(path, &st) || S_ISDIR(st.st_mode)))) continue;
            if (!S_ISREG(st.st_mode)) {
                if (below && !is_named_by_chance(names[j], kind))
                    llw_config_unread(r, path, 0, "is a pipe or device");
                continue;
            }
            if (link && !llw_config_is_inside(set, path)) continue;
            if (!llw_config_set_entry(set, path)) llw_config_set_load(r, set, path, kind, sniff, below);
        }
    }
}
