/* PowerShell scripts: commands that start llama.cpp, with the variables and arrays they are given.
 *
 * By about_Parsing, about_Quoting_Rules, about_Splatting and about_Arrays of PowerShell 7: a backtick at the
 * end of a line goes on, "..." puts in $name and ${name}, '...' nothing, an array becomes as many words,
 * @name splats one, $env:NAME is the environment; names have no case. A here-string is text for somebody, a
 * redirection is no word, $name.x outside of quotes is a property that nobody knows. Certain is what is
 * assigned outside of conditions and loops; a default of param() counts like a shell's. What an if adds to an
 * array is an unknown word in it. */
#include "source/config/front.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { MAX_DEPTH = 64 };

typedef struct powershell {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_config_set *set;
    llw_rich text;
    size_t at;
    llw_scope names;
    llw_scope env;
    bool uncertain[MAX_DEPTH]; /* of the blocks that are open */
    int depth;
    bool next_uncertain; /* the block that opens next is an if's or a loop's */
    int brackets;        /* inside ( ... ) of param */
    int nested;          /* paths that are put together inside each other */
    const llw_link *own, *variable, *argument;
    llw_starts starts;
} powershell;

static char at_byte(const powershell *p, size_t i) {
    return i < p->text.n ? p->text.chars[i].byte : 0;
}

static bool is_name_byte(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == ':';
}

static const char *lower(powershell *p, size_t from, size_t to) {
    llw_rich slice = llw_rich_slice(&p->text, from, to);
    char *text = llw_arena_strdup(p->r->arena, llw_rich_show(p->r->arena, &slice));
    for (char *c = text; *c; c++) *c = (char)tolower((unsigned char)*c);
    return text;
}

static bool is_certain(const powershell *p) {
    for (int i = 0; i < p->depth; i++)
        if (p->uncertain[i]) return false;
    return true;
}

/* Blanks, continued lines, comments; with `lines` line ends too. */
static void skip_blanks(powershell *p, bool lines) {
    while (p->at < p->text.n) {
        char c = at_byte(p, p->at), next = at_byte(p, p->at + 1);
        if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n'))
            p->at++;
        else if (c == '`' && (next == '\n' || next == '\r'))
            p->at += next == '\r' && at_byte(p, p->at + 2) == '\n' ? 3 : 2;
        else if (c == '<' && next == '#') {
            while (p->at < p->text.n && !(at_byte(p, p->at) == '#' && at_byte(p, p->at + 1) == '>')) p->at++;
            p->at += 2;
        } else if (c == '#')
            while (p->at < p->text.n && at_byte(p, p->at) != '\n') p->at++;
        else
            return;
    }
    if (p->at > p->text.n) p->at = p->text.n;
}

static bool at_end(const powershell *p) {
    char c = at_byte(p, p->at);
    return !c || strchr("\n;|)}", c);
}

/* --- words --- */

static void unknown(powershell *p, llw_rich *out) {
    llw_char here = p->at < p->text.n ? p->text.chars[p->at] : (llw_char){.link = p->own};
    llw_rich_unknown(p->r->arena, out, &here, p->own);
}

/* A variable's name behind $ at i: NAME or {NAME}. Returns the index behind it, i when there is none. */
static size_t variable_name(powershell *p, size_t i, const char **name) {
    if (at_byte(p, i + 1) == '{') {
        size_t to = i + 2;
        while (to < p->text.n && at_byte(p, to) != '}' && at_byte(p, to) != '\n') to++;
        *name = lower(p, i + 2, to);
        return to + 1;
    }
    size_t to = i + 1;
    while (is_name_byte(at_byte(p, to))) to++;
    *name = lower(p, i + 1, to);
    return to > i + 1 ? to : i;
}

static const llw_variable *find(powershell *p, const char *name) {
    if (!strncmp(name, "env:", 4)) return llw_scope_get(&p->env, name);
    if (!strncmp(name, "script:", 7) || !strncmp(name, "global:", 7)) name += 7;
    return llw_scope_get(&p->names, name);
}

/* $name, ${name} or $( ... ) inside a word. */
static void put(powershell *p, llw_rich *out) {
    const char *name;
    if (at_byte(p, p->at + 1) == '(') {
        int depth = 0;
        unknown(p, out);
        for (; p->at < p->text.n; p->at++) {
            depth += at_byte(p, p->at) == '(';
            if (at_byte(p, p->at) == ')' && !--depth) break;
        }
        p->at++;
        return;
    }
    size_t to = variable_name(p, p->at, &name);
    if (to == p->at) {
        llw_rich_push(p->r->arena, out, p->text.chars[p->at++]);
        return;
    }
    const llw_variable *v = find(p, name);
    if (!v || v->list || p->r->budget < v->value.n) {
        unknown(p, out);
    } else {
        p->r->budget -= v->value.n;
        llw_rich_append(p->r->arena, out, &v->value);
    }
    p->at = to;
}

/* .name or .name(...) behind a variable outside of quotes, as often as it stands there. */
static bool property(powershell *p) {
    size_t from = p->at;
    while (at_byte(p, p->at) == '.' && isalpha((unsigned char)at_byte(p, p->at + 1))) {
        for (p->at++; is_name_byte(at_byte(p, p->at));) p->at++;
        int depth = at_byte(p, p->at) == '(';
        while (depth && ++p->at < p->text.n) {
            depth += at_byte(p, p->at) == '(';
            depth -= at_byte(p, p->at) == ')';
            if (!depth) p->at++;
        }
    }
    return p->at > from;
}

static void quoted(powershell *p, llw_rich *out) {
    char quote = at_byte(p, p->at++);
    while (p->at < p->text.n) {
        char c = at_byte(p, p->at);
        if (c == quote && at_byte(p, p->at + 1) == quote) {
            p->at++;
        } else if (c == quote) {
            p->at++;
            return;
        } else if (c == '$' && quote == '"') {
            put(p, out);
            continue;
        } else if (c == '`' && quote == '"' && p->at + 1 < p->text.n) {
            p->at++;
        }
        llw_char one = p->text.chars[p->at++];
        one.link = p->own;
        llw_rich_push(p->r->arena, out, one);
    }
}

static llw_rich word(powershell *p, bool element);

/* Join-Path A B, with or without -Path and -ChildPath: A\B. False when something else stands at p->at. */
static bool join_path(powershell *p, llw_rich *out) {
    enum { LEN = 9, MAX_NESTED = 8 };
    if (p->at + LEN >= p->text.n || p->nested == MAX_NESTED ||
        strcmp(lower(p, p->at, p->at + LEN), "join-path") || !isspace((unsigned char)at_byte(p, p->at + LEN)))
        return false;
    p->at += LEN;
    p->nested++;
    for (int parts = 0; skip_blanks(p, false), !at_end(p);) {
        size_t before = p->at;
        llw_rich part = word(p, true);
        if (part.n && part.chars[0].byte == '-') continue;
        llw_char slash = part.n ? part.chars[0] : (llw_char){.link = p->own};
        slash.byte = '\\';
        slash.unknown = false;
        if (parts++) llw_rich_push(p->r->arena, out, slash);
        llw_rich_append(p->r->arena, out, &part);
        if (p->at == before) break;
    }
    p->nested--;
    return true;
}

/* What stands in ( ... ): a path that is put together, or nobody knows. */
static void expression(powershell *p, llw_rich *out) {
    size_t start = p->at++;
    skip_blanks(p, true);
    if (join_path(p, out) && at_byte(p, p->at) == ')') {
        p->at++;
        return;
    }
    p->at = start;
    out->n = 0;
    unknown(p, out);
    for (int depth = 0; p->at < p->text.n; p->at++) {
        depth += at_byte(p, p->at) == '(';
        if (at_byte(p, p->at) == ')' && !--depth) break;
    }
    p->at += p->at < p->text.n;
}

/* One word of a command or element of an array. */
static llw_rich word(powershell *p, bool element) {
    llw_rich out = {0};
    while (p->at < p->text.n) {
        char c = at_byte(p, p->at);
        if (isspace((unsigned char)c) || strchr(";|)}", c) || (element && c == ',')) break;
        if (c == '`' && at_byte(p, p->at + 1) == '\n') break;
        if (c == '"' || c == '\'') {
            quoted(p, &out);
        } else if (c == '$') {
            size_t before = out.n, from = p->at;
            put(p, &out);
            if (property(p)) {
                size_t to = p->at;
                out.n = before;
                p->at = from;
                unknown(p, &out);
                p->at = to;
            }
        } else if (c == '(' && !out.n) {
            expression(p, &out);
        } else {
            if (c == '`' && p->at + 1 < p->text.n) p->at++;
            llw_char one = p->text.chars[p->at++];
            one.link = p->own;
            llw_rich_push(p->r->arena, &out, one);
        }
    }
    return out;
}

/* $name or @name alone that stands for an array: its words. */
static bool array_word(powershell *p, llw_words *out) {
    const char *name;
    char c = at_byte(p, p->at), end;
    if (c != '$' && c != '@') return false;
    size_t to = variable_name(p, p->at, &name);
    end = at_byte(p, to);
    if (to == p->at || (end && !isspace((unsigned char)end) && !strchr(";|)},`", end))) return false;
    const llw_variable *v = find(p, name);
    if (c == '$' && v && !v->list) return false;
    if (!v || !v->list) {
        llw_rich one = {0};
        if (c == '$') return false;
        unknown(p, &one);
        llw_words_push(p->r->arena, out, one);
    } else {
        for (size_t i = 0; i < v->list->n; i++) llw_words_push(p->r->arena, out, v->list->items[i]);
    }
    p->at = to;
    return true;
}

/* Elements up to the closing bracket, or to the line's end without one. */
static void elements(powershell *p, bool bracket, llw_words *out) {
    for (;;) {
        skip_blanks(p, bracket);
        char c = at_byte(p, p->at);
        if (!c || (bracket ? c == ')' : at_end(p))) break;
        size_t before = p->at;
        if (c == ',' || c == ';') {
            p->at++;
            if (!bracket) skip_blanks(p, true);
            continue;
        }
        if (!array_word(p, out)) llw_words_push(p->r->arena, out, word(p, true));
        if (p->at == before) p->at++;
    }
    if (bracket && p->at < p->text.n) p->at++;
}

/* --- assignments --- */

static void keep(powershell *p, const char *name, llw_rich value, const llw_words *list, size_t at) {
    const llw_link *link = p->brackets ? p->argument : p->variable;
    for (size_t i = 0; i < value.n; i++)
        if (value.chars[i].link == p->own) value.chars[i].link = link;
    bool env = !strncmp(name, "env:", 4);
    llw_scope *scope = env ? &p->env : &p->names;
    llw_char here = p->text.chars[at];
    llw_token place = {.place = llw_place(p->r->arena, p->file->path, here.line, here.column),
                       .origin = link->origin};
    llw_scope_assign(scope, name, &value, place);
    llw_variable *v = llw_scope_edit(scope, name);
    if (v && list) v->list = list;
}

/* "..." + "...", over line ends too; false when no sum stands at p->at. */
static bool sum(powershell *p, llw_rich *out) {
    size_t from = p->at;
    int parts = 0;
    for (const char *starts = "\"'"; at_byte(p, p->at) && strchr(starts, at_byte(p, p->at)); parts++) {
        llw_rich part = word(p, true);
        llw_rich_append(p->r->arena, out, &part);
        skip_blanks(p, false);
        if (at_byte(p, p->at) != '+') {
            parts++;
            break;
        }
        p->at++;
        skip_blanks(p, true);
        starts = "\"'$";
    }
    if (parts > 1 && at_end(p)) return true;
    p->at = from;
    out->n = 0;
    return false;
}

static llw_words *one_unknown(powershell *p, const llw_words *before) {
    llw_words *list = llw_arena_alloc(p->r->arena, sizeof *list);
    for (size_t i = 0; before && i < before->n; i++) llw_words_push(p->r->arena, list, before->items[i]);
    llw_rich open = {0};
    unknown(p, &open);
    llw_words_push(p->r->arena, list, open);
    return list;
}

/* $name = ... and $name += ...; false when the $ at p->at begins something else. */
static bool assignment(powershell *p) {
    const char *name;
    size_t from = p->at, to = variable_name(p, from, &name);
    if (to == from) return false;
    p->at = to;
    skip_blanks(p, false);
    bool add = at_byte(p, p->at) == '+' && at_byte(p, p->at + 1) == '=';
    if ((!add && at_byte(p, p->at) != '=') || at_byte(p, p->at + 1 + add) == '=') {
        p->at = from;
        return false;
    }
    p->at += 1 + add;
    skip_blanks(p, false);
    const llw_variable *old = find(p, name);
    llw_words *list = llw_arena_alloc(p->r->arena, sizeof *list);
    llw_rich value = {0};
    bool array = at_byte(p, p->at) == '@' && at_byte(p, p->at + 1) == '(';
    bool plain = strchr("\"'$", at_byte(p, p->at)) || isdigit((unsigned char)at_byte(p, p->at));
    size_t start = p->at;
    if (array) {
        p->at += 2;
        elements(p, true, list);
    } else if (join_path(p, &value)) {
        plain = at_end(p);
    } else if (plain && p->brackets) { /* the comma parts parameters */
        llw_words_push(p->r->arena, list, word(p, true));
        value = list->items[0];
    } else if (plain && sum(p, &value)) {
    } else if (plain) {
        elements(p, false, list);
        bool several = list->n != 1 || (old && old->list && add);
        if (!several) value = list->items[0];
        array = several;
        if (!at_end(p) || (list->n > 1 && !memchr(lower(p, start, p->at), ',', p->at - start)))
            array = plain = false; /* an expression */
    }
    if (p->brackets ? false : !is_certain(p)) { /* either way may be taken */
        if (add && old && old->list)
            keep(p, name, (llw_rich){0}, one_unknown(p, old->list), from);
        else {
            llw_rich open = {0};
            unknown(p, &open);
            keep(p, name, open, NULL, from);
        }
        return true;
    }
    if (!array && !plain) {
        llw_rich open = {0};
        unknown(p, &open);
        keep(p, name, open, add && old && old->list ? one_unknown(p, old->list) : NULL, from);
        return true;
    }
    if (add && old && old->list) {
        llw_words *both = llw_arena_alloc(p->r->arena, sizeof *both);
        for (size_t i = 0; i < old->list->n; i++) llw_words_push(p->r->arena, both, old->list->items[i]);
        for (size_t i = 0; i < list->n; i++) llw_words_push(p->r->arena, both, list->items[i]);
        keep(p, name, (llw_rich){0}, both, from);
    } else if (add && !array) {
        llw_rich both = {0};
        if (old) llw_rich_append(p->r->arena, &both, &old->value);
        llw_rich_append(p->r->arena, &both, &value);
        keep(p, name, both, NULL, from);
    } else {
        keep(p, name, value, array ? list : NULL, from);
    }
    return true;
}

/* --- commands --- */

static bool is(powershell *p, const llw_rich *one, const char *name) {
    return !strcasecmp(llw_rich_show(p->r->arena, one), name);
}

/* Elements with commas between them: what an option of Start-Process takes. */
static void comma_list(powershell *p, llw_words *out) {
    for (;;) {
        skip_blanks(p, false);
        if (at_end(p)) return;
        size_t before = p->at;
        if (at_byte(p, p->at) == '@' && at_byte(p, p->at + 1) == '(') {
            p->at += 2;
            elements(p, true, out);
        } else if (!array_word(p, out)) {
            llw_words_push(p->r->arena, out, word(p, true));
        }
        skip_blanks(p, false);
        if (at_byte(p, p->at) != ',' || p->at == before) return;
        p->at++;
        skip_blanks(p, true);
    }
}

/* Start-Process: -FilePath or the first word is the program, -ArgumentList its words; one string is split by
 * Windows. */
static void start_process(powershell *p, llw_words *words) {
    static const char *const valued[] = {
        "-workingdirectory", "-redirectstandardoutput", "-redirectstandarderror", "-windowstyle", "-verb",
        "-filepath"};
    llw_words arguments = {0};
    llw_rich program = {0};
    while (skip_blanks(p, false), !at_end(p)) {
        size_t before = p->at;
        llw_rich one = word(p, true);
        bool takes = false;
        for (size_t k = 0; k < sizeof valued / sizeof *valued; k++) takes |= is(p, &one, valued[k]);
        if (is(p, &one, "-argumentlist") || is(p, &one, "-args")) {
            comma_list(p, &arguments);
        } else if (takes) {
            bool file = is(p, &one, "-filepath");
            skip_blanks(p, false);
            one = word(p, true);
            if (file) program = one;
        } else if (one.n && one.chars[0].byte != '-') {
            if (!program.n)
                program = one;
            else
                llw_words_push(p->r->arena, &arguments, one);
        }
        if (p->at == before) p->at++;
    }
    if (arguments.n == 1) {
        llw_words split = {0};
        llw_words_split(p->r->arena, &arguments.items[0], &split);
        arguments = split;
    }
    llw_words_push(p->r->arena, words, program);
    for (size_t i = 0; i < arguments.n; i++) llw_words_push(p->r->arena, words, arguments.items[i]);
}

/* 2>&1, > FILE, *>> FILE (about_Redirection); false when none stands at p->at. */
static bool redirection(powershell *p) {
    size_t i = p->at;
    i += strchr("123456*", at_byte(p, i)) && at_byte(p, i);
    if (at_byte(p, i) != '>') return false;
    while (at_byte(p, i) == '>') i++;
    p->at = i;
    if (at_byte(p, i) == '&') {
        p->at += 2;
    } else {
        skip_blanks(p, false);
        word(p, false);
    }
    if (p->at > p->text.n) p->at = p->text.n;
    return true;
}

static void command(powershell *p, size_t from) {
    llw_words words = {0};
    const char *first = lower(p, p->at, p->at + 13 < p->text.n ? p->at + 13 : p->text.n);
    bool starter = !strcmp(first, "start-process");
    if (starter) {
        p->at += 13;
        start_process(p, &words);
    }
    while (!starter && !at_end(p)) {
        size_t before = p->at;
        if (!redirection(p) && !array_word(p, &words)) llw_words_push(p->r->arena, &words, word(p, false));
        if (p->at == before) p->at++;
        skip_blanks(p, false);
    }
    llw_scope env = {.arena = p->r->arena};
    for (size_t i = 0; i < p->env.n; i++)
        llw_scope_assign(&env, llw_arena_printf(p->r->arena, "%s", p->env.items[i].name + 4),
                         &p->env.items[i].value, p->env.items[i].token);
    for (size_t i = 0; i < env.n; i++) {
        char *name = llw_arena_strdup(p->r->arena, env.items[i].name);
        for (char *c = name; *c; c++) *c = (char)toupper((unsigned char)*c);
        env.items[i].name = name;
    }
    llw_start_site site = {.file = p->file->path,
                           .directory = p->file->directory,
                           .set = p->set,
                           .default_origin = "shell default"};
    size_t n = p->starts.n;
    llw_start_words(p->r, &site, &words, &env, &p->starts);
    for (; n < p->starts.n; n++) {
        llw_start *s = &p->starts.items[n];
        if (s->line) continue;
        s->file = p->file->path;
        s->line = p->text.chars[from].line;
        s->column = p->text.chars[from].column;
        s->last_line = p->text.chars[p->at < p->text.n ? p->at : p->text.n - 1].line;
    }
}

/* @' or @" at the end of a line, up to the same turned round at the start of one. */
static bool here_string(powershell *p) {
    char quote = at_byte(p, p->at + 1);
    if (at_byte(p, p->at) != '@' || (quote != '"' && quote != '\'')) return false;
    size_t i = p->at + 2;
    while (strchr(" \t\r", at_byte(p, i)) && at_byte(p, i)) i++;
    if (at_byte(p, i) != '\n') return false;
    while (i < p->text.n &&
           !(at_byte(p, i) == '\n' && at_byte(p, i + 1) == quote && at_byte(p, i + 2) == '@'))
        i++;
    p->at = i < p->text.n ? i + 3 : i;
    return true;
}

static void open_block(powershell *p) {
    if (p->depth < MAX_DEPTH) p->uncertain[p->depth++] = p->next_uncertain;
    p->next_uncertain = false;
}

/* A word that begins a statement: a keyword, or a command. */
static void keyword_or_command(powershell *p) {
    static const char *const branching[] = {"if",      "elseif", "else",  "switch", "for",
                                            "foreach", "while",  "catch", "trap"};
    size_t from = p->at, to = from;
    while (isalpha((unsigned char)at_byte(p, to))) to++;
    const char *name = lower(p, from, to);
    bool ends = strchr(" \t\r\n({", at_byte(p, to)) != NULL || !at_byte(p, to);
    for (size_t i = 0; ends && i < sizeof branching / sizeof *branching; i++)
        if (!strcmp(name, branching[i])) {
            p->next_uncertain = true;
            p->at = to;
            return;
        }
    static const char *const others[] = {"function", "try", "finally", "do",    "begin",
                                         "process",  "end", "return",  "filter"};
    for (size_t i = 0; ends && i < sizeof others / sizeof *others; i++)
        if (!strcmp(name, others[i])) {
            p->at = to;
            if (*name == 'f' && name[1] != 'i')
                while (p->at < p->text.n && !strchr("{(\n", at_byte(p, p->at))) p->at++; /* its name */
            return;
        }
    if (!strcmp(name, "param") && ends) {
        p->at = to;
        skip_blanks(p, true);
        if (at_byte(p, p->at) == '(') {
            p->at++;
            p->brackets = 1;
        }
        return;
    }
    command(p, from);
}

void llw_front_powershell(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    powershell *p = llw_arena_alloc(r->arena, sizeof *p);
    *p = (powershell){.r = r,
                      .file = file,
                      .set = set,
                      .text = llw_config_text(r, file, "PowerShell"),
                      .names = {.arena = r->arena},
                      .env = {.arena = r->arena},
                      .own = llw_link_new(r->arena, file->path, "PowerShell", false),
                      .variable = llw_link_new(r->arena, file->path, "PowerShell variable", true),
                      .argument = llw_link_new(r->arena, file->path, "param default", true)};
    while (p->at < p->text.n) {
        size_t before = p->at;
        skip_blanks(p, true);
        char c = at_byte(p, p->at);
        if (here_string(p)) continue;
        if (c == '{')
            open_block(p), p->at++;
        else if (c == '}')
            p->depth -= p->depth > 0, p->at++;
        else if (c == '(')
            p->brackets += p->brackets > 0, p->at++;
        else if (c == ')')
            p->brackets -= p->brackets > 0, p->at++;
        else if (c == '&' || (c == '.' && at_byte(p, p->at + 1) == ' ')) {
            size_t from = p->at++;
            skip_blanks(p, false);
            command(p, from);
        } else if (c == '$' && assignment(p)) {
        } else if (c == '$' || c == '[' || c == '"' || c == '\'') {
            llw_rich ignored = {0};
            if (c == '[')
                while (p->at < p->text.n && !strchr("]\n", at_byte(p, p->at))) p->at++;
            else if (c == '$')
                put(p, &ignored);
            else
                quoted(p, &ignored);
            p->at += c == '[';
        } else if (!p->brackets && !p->next_uncertain &&
                   (isalpha((unsigned char)c) || c == '.' || c == '/' || c == '\\'))
            keyword_or_command(p);
        if (p->at == before) p->at++;
    }
    llw_front_starts(r, file, &p->starts);
}
