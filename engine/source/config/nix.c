/* Nix: services.llama-cpp of NixOS, and strings that start llama.cpp (an ExecStart, a script).
 *
 * nixos/modules/services/misc/llama-cpp.nix runs llama-server with -m model and extraFlags behind it. Certain
 * are string literals, and in ${} names that the file assigns once a string; whatever else the language would
 * compute is unknown. */
#include "source/config/front.h"

#include <ctype.h>
#include <string.h>

enum { MAX_DEPTH = 64, MAX_STRINGS = 200 };

typedef struct nix {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_config_set *set;
    llw_rich text;
    size_t at;
    llw_scope names;
    const char *path[MAX_DEPTH]; /* of the sets that are open */
    int depth;
    const llw_link *literal, *binding;
    llw_rich model;
    llw_words flags;
    llw_char service; /* where the service's settings begin */
    bool has_service;
    llw_rich strings[MAX_STRINGS];
    size_t n_strings;
} nix;

static char at_byte(const nix *x, size_t i) {
    return i < x->text.n ? x->text.chars[i].byte : 0;
}

static const char *slice(nix *x, size_t from, size_t to) {
    llw_rich part = llw_rich_slice(&x->text, from, to);
    return llw_rich_show(x->r->arena, &part);
}

static void skip_blanks(nix *x) {
    while (x->at < x->text.n) {
        char c = at_byte(x, x->at);
        if (c == '#')
            while (x->at < x->text.n && at_byte(x, x->at) != '\n') x->at++;
        else if (c == '/' && at_byte(x, x->at + 1) == '*') {
            while (x->at < x->text.n && !(at_byte(x, x->at) == '*' && at_byte(x, x->at + 1) == '/')) x->at++;
            x->at = x->at + 2 < x->text.n ? x->at + 2 : x->text.n;
        } else if (!isspace((unsigned char)c))
            return;
        else
            x->at++;
    }
}

/* ${lib.getExe' llama-cpp "llama-server"}: the program by its name. */
static bool program_of(nix *x, size_t from, size_t to, llw_rich *out) {
    static const char call[] = "getExe' ";
    const char *text = slice(x, from, to), *at = strstr(text, call), *name = at ? strchr(at, '"') : NULL;
    const char *end = name ? strchr(name + 1, '"') : NULL;
    if (!end) return false;
    from += (size_t)(name + 1 - text);
    for (size_t i = from; i < from + (size_t)(end - name - 1); i++) {
        llw_char one = x->text.chars[i];
        one.link = x->literal;
        llw_rich_push(x->r->arena, out, one);
    }
    return true;
}

/* ${ ... } with x->at on the dollar sign. */
static void put(nix *x, llw_rich *out) {
    size_t from = x->at + 2, to = from;
    int depth = 1;
    for (; to < x->text.n; to++) {
        depth += at_byte(x, to) == '{';
        if (at_byte(x, to) == '}' && !--depth) break;
    }
    if (program_of(x, from, to, out)) {
        x->at = to < x->text.n ? to + 1 : x->text.n;
        return;
    }
    const llw_variable *v = llw_scope_get(&x->names, slice(x, from, to));
    llw_char here = x->text.chars[x->at];
    here.link = x->literal;
    if (v && x->r->budget > v->value.n) {
        x->r->budget -= v->value.n;
        llw_rich_append(x->r->arena, out, &v->value);
    } else {
        llw_rich_unknown(x->r->arena, out, &here, x->literal);
    }
    x->at = to < x->text.n ? to + 1 : x->text.n;
}

/* "..." or ''...''; false when none stands there. */
static bool string(nix *x, llw_rich *out) {
    bool lines = at_byte(x, x->at) == '\'' && at_byte(x, x->at + 1) == '\'';
    if (!lines && at_byte(x, x->at) != '"') return false;
    x->at += lines ? 2 : 1;
    while (x->at < x->text.n) {
        char c = at_byte(x, x->at), next = at_byte(x, x->at + 1);
        if (!lines && c == '"') {
            x->at++;
            break;
        }
        if (lines && c == '\'' && next == '\'') {
            char third = at_byte(x, x->at + 2);
            x->at += 2;
            if (third != '$' && third != '\'' && third != '\\') break;
            if (third == '\\') x->at++; /* ''\n */
        } else if (c == '$' && next == '{') {
            put(x, out);
            continue;
        } else if (c == '\\' && (!lines || next == '\n')) {
            x->at++;
            if (next == '\n') { /* a line that goes on */
                llw_char blank = x->text.chars[x->at++];
                blank.byte = ' ';
                blank.link = x->literal;
                llw_rich_push(x->r->arena, out, blank);
                continue;
            }
        }
        if (x->at >= x->text.n) break;
        llw_char one = x->text.chars[x->at++];
        one.link = x->literal;
        llw_rich_push(x->r->arena, out, one);
    }
    return true;
}

/* A program with words behind it; its name alone is a name. */
static void keep_string(nix *x, const llw_rich *text) {
    static const char *const programs[] = {"llama-server", "llama-cli", "llama-bench"};
    const char *shown = llw_rich_show(x->r->arena, text);
    for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
        const char *at = strstr(shown, programs[i]), *end = at ? at + strlen(programs[i]) : "";
        if (!isspace((unsigned char)*end) || x->n_strings == MAX_STRINGS) continue;
        x->strings[x->n_strings++] = *text;
        return;
    }
}

/* What a list holds: strings; everything else is an unknown word. */
static void read_flags(nix *x) {
    for (x->at++; x->at < x->text.n;) {
        skip_blanks(x);
        llw_char here = x->at < x->text.n ? x->text.chars[x->at] : (llw_char){0};
        llw_rich one = {0};
        if (at_byte(x, x->at) == ']') {
            x->at++;
            return;
        }
        if (!string(x, &one)) {
            size_t before = x->at;
            int depth = 0;
            while (x->at < x->text.n) {
                char c = at_byte(x, x->at);
                if (!depth && (isspace((unsigned char)c) || c == ']')) break;
                depth += c == '(';
                depth -= c == ')' && depth > 0;
                x->at++;
            }
            if (x->at == before) x->at++;
            here.link = x->literal;
            llw_rich_unknown(x->r->arena, &one, &here, x->literal);
        }
        llw_words_push(x->r->arena, &x->flags, one);
    }
}

static const char *whole_path(nix *x, const char *name) {
    const char *path = "";
    for (int i = 0; i < x->depth; i++)
        if (*x->path[i]) path = llw_arena_printf(x->r->arena, "%s%s.", path, x->path[i]);
    return llw_arena_printf(x->r->arena, "%s%s", path, name);
}

/* NAME = with x->at behind the sign. */
static void binding(nix *x, const char *name, size_t from) {
    const char *path = whole_path(x, name);
    skip_blanks(x);
    if (strstr(path, "services.llama-cpp") && !x->has_service) {
        x->has_service = true;
        x->service = x->text.chars[from];
    }
    if (at_byte(x, x->at) == '{') {
        x->at++;
        if (x->depth < MAX_DEPTH) x->path[x->depth++] = name;
        return;
    }
    if (at_byte(x, x->at) == '[' && llw_text_ends_in(path, "services.llama-cpp.extraFlags")) {
        read_flags(x);
        return;
    }
    llw_rich value = {0};
    if (!string(x, &value)) {
        size_t to = x->at; /* a path: ./models/a.gguf */
        while (to < x->text.n && !isspace((unsigned char)at_byte(x, to)) && at_byte(x, to) != ';') to++;
        value = llw_rich_slice(&x->text, x->at, to);
        const char *text = llw_rich_show(x->r->arena, &value);
        if (!llw_text_ends_in(path, "services.llama-cpp.model") || (*text != '/' && *text != '.')) return;
        x->at = to;
    }
    if (!llw_text_ends_in(name, "escription")) keep_string(x, &value); /* or a longDescription: prose */
    skip_blanks(x);
    if (at_byte(x, x->at) != ';') return; /* part of something larger */
    if (llw_text_ends_in(path, "services.llama-cpp.model")) x->model = value;
    llw_rich kept = {0};
    bool again = llw_scope_get(&x->names, name) != NULL;
    for (size_t i = 0; !again && i < value.n; i++) {
        llw_char c = value.chars[i];
        if (c.link == x->literal) c.link = x->binding;
        llw_rich_push(x->r->arena, &kept, c);
    }
    if (again) llw_rich_unknown(x->r->arena, &kept, &x->text.chars[from], x->binding);
    llw_scope_assign(&x->names, name, &kept, (llw_token){.place = "", .origin = "Nix"});
}

static void read_all(nix *x) {
    while (x->at < x->text.n) {
        skip_blanks(x);
        char c = at_byte(x, x->at);
        size_t from = x->at;
        llw_rich text = {0};
        if (c == '{' || (c == '(' && at_byte(x, x->at + 1) == '{')) {
            x->at += c == '(' ? 2 : 1;
            if (x->depth < MAX_DEPTH) x->path[x->depth++] = "";
        } else if (c == '}') {
            x->depth -= x->depth > 0;
            x->at++;
        } else if (string(x, &text)) {
            keep_string(x, &text);
        } else if (isalpha((unsigned char)c) || c == '_') {
            while (isalnum((unsigned char)at_byte(x, x->at)) ||
                   (at_byte(x, x->at) && strchr("_-.'", at_byte(x, x->at))))
                x->at++;
            const char *name = slice(x, from, x->at);
            skip_blanks(x);
            if (at_byte(x, x->at) == '=' && at_byte(x, x->at + 1) != '=') {
                x->at++;
                binding(x, name, from);
            }
        }
        if (x->at == from) x->at++;
    }
}

static void add_service(nix *x, llw_start *start) {
    *start = (llw_start){.file = x->file->path, .line = x->service.line, .column = x->service.column};
    start->low = (llw_lowered){.runs = true, .program = LLW_PROGRAM_SERVER, .env = {.arena = x->r->arena}};
    llw_rich flag = {0};
    llw_rich_read(x->r->arena, &flag, "-m", 2, x->service.line, x->service.column, x->literal);
    llw_words_push(x->r->arena, &start->low.words, flag);
    llw_rich model = x->model;
    if (!model.n) llw_rich_unknown(x->r->arena, &model, &flag.chars[0], x->literal);
    llw_words_push(x->r->arena, &start->low.words, model);
    for (size_t i = 0; i < x->flags.n; i++) llw_words_push(x->r->arena, &start->low.words, x->flags.items[i]);
    start->last_line = x->flags.n && x->flags.items[x->flags.n - 1].n
                           ? x->flags.items[x->flags.n - 1].chars[0].line
                           : start->line;
}

void llw_front_nix(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    nix *x = llw_arena_alloc(r->arena, sizeof *x);
    *x = (nix){.r = r,
               .file = file,
               .set = set,
               .text = llw_config_text(r, file, "Nix"),
               .names = {.arena = r->arena},
               .literal = llw_link_new(r->arena, file->path, "Nix", false),
               .binding = llw_link_new(r->arena, file->path, "Nix binding", true)};
    read_all(x);
    llw_starts starts = {0};
    llw_start_site site = {
        .file = file->path, .directory = file->directory, .set = set, .default_origin = "shell default"};
    llw_scope none = {.arena = r->arena};
    for (size_t i = 0; i < x->n_strings; i++) {
        size_t before = starts.n, unread = r->out->n_unread;
        llw_shell_script(r, &site, &x->strings[i], NULL, &none, &starts);
        if (starts.n == before) r->out->n_unread = unread;
    }
    if (x->has_service && (x->model.n || x->flags.n)) {
        void *items = starts.items;
        llw_start *start = llw_arena_push(r->arena, &items, &starts.n, &starts.capacity, sizeof *start);
        starts.items = items;
        add_service(x, start);
    }
    llw_front_starts(r, file, &starts);
}
