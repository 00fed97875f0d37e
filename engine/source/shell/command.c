/* What the commands of a shell script do: assignments, built-ins, sourced files, and what they start. */
#include "source/shell/shell.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool is_number(const llw_rich *text) {
    for (size_t i = 0; i < text->n; i++)
        if (text->chars[i].unknown || !isdigit((unsigned char)text->chars[i].byte)) return false;
    return text->n == 1 || (text->n && text->chars[0].byte != '0');
}

void llw_shell_assign(llw_shell *s, const char *name, const llw_rich *value, llw_token place) {
    llw_rich text = {0};
    llw_rich_append(s->r->arena, &text, value);
    llw_shell_keep_whole(&text);
    place.lost = NULL;
    const llw_variable *old = llw_scope_get(&s->now.vars, name);
    if (old && old->alters && !is_number(&text)) text = llw_shell_unknown(s);
    bool exported = (old && old->exported) || s->exports_all;
    llw_scope_assign(&s->now.vars, name, &text, place);
    llw_variable *v = llw_scope_edit(&s->now.vars, name);
    if (v) v->exported = exported;
}

static void export_name(llw_shell *s, const char *name) {
    llw_variable *v = llw_scope_edit(&s->now.vars, name);
    if (v) v->exported = true;
}

void llw_shell_forget(llw_shell *s, const char *name) {
    llw_rich unknown = llw_shell_unknown(s);
    llw_shell_assign(s, name, &unknown, llw_rich_token(s->r->arena, &unknown, NULL));
}

static char byte_of(const llw_rich *text, size_t i) {
    return i < text->n && !text->chars[i].unknown ? text->chars[i].byte : 0;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Behind NAME or NAME[...]. */
static size_t behind_name(const llw_rich *text, size_t i) {
    while (llw_shell_name_byte(byte_of(text, i))) i++;
    if (byte_of(text, i) != '[') return i;
    for (int depth = 0; i < text->n; i++) {
        depth += byte_of(text, i) == '[';
        if (byte_of(text, i) == ']' && !--depth) return i + 1;
    }
    return i;
}

/* =, +=, <<= and the like, ++ or -- behind the name. */
static bool is_set_behind(const llw_rich *text, size_t i) {
    while (is_blank(byte_of(text, i))) i++;
    char c = byte_of(text, i), next = byte_of(text, i + 1);
    if ((c == '+' || c == '-') && next == c) return true;
    if (c && strchr("<>", c) && next == c) return byte_of(text, i + 2) == '=';
    if (c && strchr("+-*/%&|^", c)) return next == '=';
    return c == '=' && next != '=';
}

static bool is_stepped_before(const llw_rich *text, size_t i) {
    while (i && is_blank(byte_of(text, i - 1))) i--;
    char c = i > 1 ? byte_of(text, i - 1) : 0;
    return (c == '+' || c == '-') && byte_of(text, i - 2) == c;
}

void llw_shell_compute(llw_shell *s, const llw_rich *text) {
    for (size_t i = 0; i < text->n;) {
        size_t name = i, end = i;
        while (llw_shell_name_byte(byte_of(text, end))) end++;
        if (end == name) {
            i++;
            continue;
        }
        i = end;
        if (isdigit((unsigned char)byte_of(text, name))) continue;
        llw_rich slice = llw_rich_slice(text, name, end);
        if (is_set_behind(text, behind_name(text, name)) || is_stepped_before(text, name))
            llw_shell_forget(s, llw_rich_show(s->r->arena, &slice));
    }
}

static bool is_name(const char *text) {
    if (!(isalpha((unsigned char)*text) || *text == '_')) return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && *text != '_') return false;
    return true;
}

static const char *text_of(llw_shell *s, const llw_words *w, size_t i) {
    const char *text = i < w->n ? llw_rich_text(s->r->arena, &w->items[i]) : NULL;
    return text ? text : "";
}

/* --- built-ins --- */

static void do_nothing(llw_shell *s, const llw_words *w) {
    (void)w;
    s->status = LLW_YES;
}

static void do_false(llw_shell *s, const llw_words *w) {
    (void)w;
    s->status = LLW_NO;
}

static void do_test(llw_shell *s, const llw_words *w) {
    size_t end = w->n;
    if (!llw_rich_is(&w->items[0], "test") && end > 1) end--; /* the closing bracket */
    s->status = llw_shell_test(s, w->items + 1, end - 1);
}

/* export, local, declare: their assignments happened while they were read. */
static void do_declare(llw_shell *s, const llw_words *w) {
    bool exports = llw_rich_is(&w->items[0], "export");
    for (size_t i = 1; i < w->n; i++) {
        const char *text = llw_rich_show(s->r->arena, &w->items[i]), *equals = strchr(text, '=');
        if (*text == '-' && strchr(text, 'x')) exports = true;
        if (*text == '-') continue;
        size_t len = equals ? (size_t)(equals - text) : strlen(text);
        const char *name = llw_arena_strndup(s->r->arena, text, len);
        if (!is_name(name)) continue;
        if (equals) { /* "NAME=VALUE" in quotes */
            llw_rich key = llw_rich_slice(&w->items[i], 0, len),
                     value = llw_rich_slice(&w->items[i], len + 1, w->items[i].n);
            llw_shell_assign(s, name, &value, llw_rich_token(s->r->arena, &key, NULL));
        }
        if (exports) export_name(s, name);
    }
    s->status = LLW_YES;
}

static void do_unset(llw_shell *s, const llw_words *w) {
    for (size_t i = 1; i < w->n; i++) {
        const char *text = text_of(s, w, i), *index = strchr(text, '[');
        if (index) /* an element */
            llw_shell_forget(s, llw_arena_strndup(s->r->arena, text, (size_t)(index - text)));
        else
            llw_scope_unset(&s->now.vars, text);
    }
    s->status = LLW_YES;
}

static void do_set(llw_shell *s, const llw_words *w) {
    s->status = LLW_YES;
    for (size_t i = 1; i < w->n; i++) {
        const char *text = text_of(s, w, i);
        if (!strcmp(text, "--")) {
            llw_words rest = {0};
            for (i++; i < w->n; i++) llw_words_push(s->r->arena, &rest, w->items[i]);
            s->now.arguments = rest;
            s->now.arguments_known = true;
            return;
        }
        bool allexport = !strcmp(text, "allexport");
        if ((*text == '-' || *text == '+') && strchr(text, 'a')) s->exports_all = *text == '-';
        if (allexport) s->exports_all = *text_of(s, w, i - 1) == '-';
    }
}

static void do_shift(llw_shell *s, const llw_words *w) {
    const char *count = text_of(s, w, 1);
    size_t n = isdigit((unsigned char)*count) ? (size_t)(*count - '0') : 1;
    llw_words rest = {0};
    if (llw_shell_may_be_several(&s->now.arguments, n)) { /* which ones are left is not known */
        llw_words_push(s->r->arena, &rest, llw_shell_unknown(s));
        n = s->now.arguments.n;
    }
    for (size_t i = n; i < s->now.arguments.n; i++)
        llw_words_push(s->r->arena, &rest, s->now.arguments.items[i]);
    s->now.arguments = rest;
    s->status = LLW_YES;
}

/* read, mapfile, getopts and their like leave something nobody knows in the names behind them. */
static void do_read(llw_shell *s, const llw_words *w) {
    size_t from = llw_rich_is(&w->items[0], "getopts") ? 2 : 1;
    for (size_t i = from; i < w->n; i++) {
        const char *text = text_of(s, w, i);
        if (!strcmp(text, "-p") || !strcmp(text, "-d") || !strcmp(text, "-t") || !strcmp(text, "-n")) {
            i++;
            continue;
        }
        if (is_name(text)) llw_shell_forget(s, text);
    }
    s->status = LLW_MAYBE;
}

static void do_printf(llw_shell *s, const llw_words *w) {
    if (!strcmp(text_of(s, w, 1), "-v") && is_name(text_of(s, w, 2))) llw_shell_forget(s, text_of(s, w, 2));
    s->status = LLW_YES;
}

static void do_let(llw_shell *s, const llw_words *w) {
    for (size_t i = 1; i < w->n; i++) llw_shell_compute(s, &w->items[i]);
    s->status = LLW_MAYBE;
}

static void do_eval(llw_shell *s, const llw_words *w) {
    llw_rich *text = llw_arena_alloc(s->r->arena, sizeof *text);
    for (size_t i = 1; i < w->n; i++) {
        llw_char blank = s->script->chars[s->at < s->script->n ? s->at : s->script->n - 1];
        blank.byte = ' ';
        blank.unknown = false;
        if (i > 1) llw_rich_push(s->r->arena, text, blank);
        llw_rich_append(s->r->arena, text, &w->items[i]);
    }
    s->status = LLW_MAYBE;
    llw_shell_enter(s, text, 0, text->n, NULL, false);
}

/* alias NAME='llama-server ...' is a way of starting it. */
static void do_alias(llw_shell *s, const llw_words *w) {
    for (size_t i = 1; i < w->n; i++) {
        const char *text = llw_rich_show(s->r->arena, &w->items[i]), *equals = strchr(text, '=');
        if (!equals) continue;
        llw_rich *body = llw_arena_alloc(s->r->arena, sizeof *body);
        *body = llw_rich_slice(&w->items[i], (size_t)(equals - text) + 1, w->items[i].n);
        llw_shell_enter(s, body, 0, body->n, NULL, true);
    }
    s->status = LLW_YES;
}

/* The file as its container has it, else one of the tree; NULL when it is nowhere. */
static const llw_rich *sourced(llw_shell *s, const llw_rich *word) {
    const char *path = llw_rich_text(s->r->arena, word), *name = llw_rich_tail(s->r->arena, word);
    const llw_rich *written = path ? llw_config_inside_text(s->r, s->site, path) : NULL;
    if (written) return written;
    const llw_config_file *file = path ? llw_config_inside_file(s->r, s->site, path) : NULL;
    if (!file && name) file = llw_config_set_find_above(s->r, s->site->set, s->site->directory, name);
    return file ? llw_config_script_text(s->r, file) : NULL;
}

static void do_source(llw_shell *s, const llw_words *w) {
    s->status = LLW_MAYBE;
    if (w->n < 2 || !s->site->set) return;
    const llw_rich *text = sourced(s, &w->items[1]);
    if (!text) return;
    llw_shell_find_own(s, text);
    s->status = LLW_YES;
    llw_shell_enter(s, text, 0, text->n, NULL, false);
}

static void do_exit(llw_shell *s, const llw_words *w) {
    bool everything = llw_rich_is(&w->items[0], "exit");
    llw_shell_leave(s, everything);
    s->status = w->n > 1 && !llw_rich_is(&w->items[1], "0") ? LLW_NO : LLW_YES;
}

static const struct builtin {
    const char *name;
    void (*run)(llw_shell *s, const llw_words *w);
} builtins[] = {
    {"[", do_test},           {"test", do_test},       {"export", do_declare},  {"local", do_declare},
    {"readonly", do_declare}, {"declare", do_declare}, {"typeset", do_declare}, {"unset", do_unset},
    {"set", do_set},          {"shift", do_shift},     {"read", do_read},       {"mapfile", do_read},
    {"readarray", do_read},   {"getopts", do_read},    {"printf", do_printf},   {"eval", do_eval},
    {"let", do_let},          {"alias", do_alias},     {"source", do_source},   {".", do_source},
    {"exit", do_exit},        {"return", do_exit},     {"false", do_false},     {"true", do_nothing},
    {":", do_nothing},        {"echo", do_nothing},    {"sleep", do_nothing},   {"cd", do_nothing},
    {"mkdir", do_nothing},    {"ls", do_nothing},      {"cat", do_nothing},     {"nvidia-smi", do_nothing},
    {"chmod", do_nothing},    {"trap", do_nothing},    {"ulimit", do_nothing},  {"umask", do_nothing},
    {"wait", do_nothing},     {"pushd", do_nothing},   {"popd", do_nothing},    {"shopt", do_nothing},
};

/* --- functions and programs --- */

/* The n-th word of a command, quotes taken off, or "". */
static const char *nth_word(llw_arena *arena, const char *text, size_t n) {
    static const char between[] = " \t\n\"'()`";
    for (;; n--) {
        text += strspn(text, between);
        size_t len = strcspn(text, between);
        if (!n || !len) return llw_arena_strndup(arena, text, len);
        text += len;
    }
}

enum { FIND_WORDS = 40 };

const char *llw_shell_looked_up(llw_arena *arena, const char *text) {
    const char *first = nth_word(arena, text, 0), *name = "";
    if (!strcmp(first, "which")) {
        name = nth_word(arena, text, 1);
    } else if (!strcmp(first, "command") || !strcmp(first, "type")) {
        if (nth_word(arena, text, 1)[0] == '-') name = nth_word(arena, text, 2);
    } else if (!strcmp(first, "find")) {
        for (size_t i = 1; i < FIND_WORDS && *nth_word(arena, text, i) && !*name; i++)
            if (!strcmp(nth_word(arena, text, i), "-name")) name = nth_word(arena, text, i + 1);
    }
    bool plain = !name[strspn(name, "abcdefghijklmnopqrstuvwxyz-")];
    return plain && !strncmp(name, "llama-", 6) ? name : NULL;
}

static bool call(llw_shell *s, const char *name, const llw_words *w) {
    for (size_t i = s->n_functions; i-- > 0;) {
        llw_shell_function *f = &s->functions[i];
        if (strcmp(f->name, name)) continue;
        llw_words *arguments = llw_arena_alloc(s->r->arena, sizeof *arguments);
        for (size_t k = 1; k < w->n; k++) llw_words_push(s->r->arena, arguments, w->items[k]);
        f->called = true;
        s->status = LLW_MAYBE;
        return llw_shell_enter(s, f->script, f->from, f->to, arguments, false);
    }
    return false;
}

/* What a program sees: exported variables, and those in front of the command. */
static llw_scope environment(llw_shell *s, const llw_scope *prefix) {
    llw_scope env = {.arena = s->r->arena};
    for (size_t i = 0; i < s->now.vars.n; i++) {
        const llw_variable *v = &s->now.vars.items[i];
        if (v->exported && !v->list) llw_scope_assign(&env, v->name, &v->value, v->token);
    }
    for (size_t i = 0; prefix && i < prefix->n; i++)
        llw_scope_assign(&env, prefix->items[i].name, &prefix->items[i].value, prefix->items[i].token);
    for (size_t i = 0; i < env.n; i++) env.items[i].exported = true;
    return env;
}

static bool may_start(llw_shell *s, const llw_words *w) {
    static const char *const never[] = {"grep", "pgrep", "pkill", "killall", "which", "type",    "hash",
                                        "cp",   "mv",    "ln",    "rm",      "make",  "cmake",   "git",
                                        "curl", "wget",  "tee",   "sed",     "awk",   "install", "test"};
    const char *name = llw_rich_text(s->r->arena, &w->items[0]);
    for (size_t i = 0; name && i < sizeof never / sizeof *never; i++)
        if (!strcmp(name, never[i])) return false;
    return true;
}

/* In the background, or in a pipeline, a process of its own is replaced, not the script's. */
static bool goes_on(const llw_shell *s) {
    char c = llw_shell_byte(s, s->at), next = llw_shell_byte(s, s->at + 1);
    return (c == '&' || c == '|') && next != c;
}

/* A built-in or a function. */
static bool runs_here(llw_shell *s, const char *name, const llw_words *words) {
    for (size_t i = 0; i < sizeof builtins / sizeof *builtins; i++)
        if (!strcmp(builtins[i].name, name)) {
            builtins[i].run(s, words);
            return true;
        }
    return call(s, name, words);
}

/* A=1 in front of a function, of eval or source: until they end. */
static void lend(llw_shell *s, const llw_scope *prefix) {
    for (size_t i = 0; i < prefix->n; i++) {
        const llw_variable *v = &prefix->items[i];
        llw_shell_hide(s, llw_shell_top(s), v->name);
        llw_shell_assign(s, v->name, &v->value, v->token);
        export_name(s, v->name);
    }
}

void llw_shell_execute(llw_shell *s, const llw_words *words, const llw_scope *prefix, size_t from) {
    const char *name = llw_rich_text(s->r->arena, &words->items[0]);
    int frames = s->n_frames;
    s->lean = LLW_MAYBE;
    if (name && runs_here(s, name, words)) {
        if (s->n_frames > frames) lend(s, prefix);
        return;
    }
    s->status = LLW_MAYBE;
    if (!may_start(s, words)) return;
    size_t before = s->out->n;
    llw_scope env = environment(s, prefix);
    llw_start_words(s->r, s->site, words, &env, s->out);
    const llw_char *at = &s->script->chars[from < s->script->n ? from : s->script->n - 1];
    int last = s->script->chars[s->at && s->at <= s->script->n ? s->at - 1 : 0].line;
    for (size_t i = before; i < s->out->n; i++) {
        llw_start *start = &s->out->items[i];
        if (!start->line) {
            start->line = at->line;
            start->column = at->column;
            start->last_line = last > at->line ? last : at->line;
            start->file = at->link ? at->link->file : s->site->file;
        }
        start->unlikely |= s->unlikely > 0;
    }
    if (name && !strcmp(name, "exec") && words->n > 1 && !goes_on(s)) llw_shell_leave(s, true);
}
