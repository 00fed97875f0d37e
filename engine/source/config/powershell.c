/* PowerShell scripts: commands that start llama.cpp, with the variables and arrays they are given.
 *
 * By about_Parsing, about_Quoting_Rules, about_Splatting and about_Arrays of PowerShell 7: a backtick at the
 * end of a line goes on, "..." puts in $name and ${name}, '...' nothing, an array becomes as many words,
 * @name splats one, $env:NAME is the environment; names have no case. A here-string is text for somebody, a
 * redirection is no word, $name.x outside of quotes is a property that nobody knows. Certain is what is
 * assigned outside of conditions and loops; a default of param() counts like a shell's. What an if adds to an
 * array is an unknown word in it. */
#include "source/config/powershell.h"

#include <ctype.h>
#include <string.h>

static bool is_certain(const llw_powershell *p) {
    for (int i = 0; i < p->depth; i++)
        if (p->uncertain[i]) return false;
    return true;
}

static void keep(llw_powershell *p, const char *name, llw_rich value, const llw_words *list, size_t at) {
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
static bool sum(llw_powershell *p, llw_rich *out) {
    size_t from = p->at;
    int parts = 0;
    for (const char *starts = "\"'"; llw_ps_byte(p, p->at) && strchr(starts, llw_ps_byte(p, p->at));
         parts++) {
        llw_rich part = llw_ps_word(p, true);
        llw_rich_append(p->r->arena, out, &part);
        llw_ps_skip(p, false);
        if (llw_ps_byte(p, p->at) != '+') {
            parts++;
            break;
        }
        p->at++;
        llw_ps_skip(p, true);
        starts = "\"'$";
    }
    if (parts > 1 && llw_ps_at_end(p)) return true;
    p->at = from;
    out->n = 0;
    return false;
}

static llw_words *one_unknown(llw_powershell *p, const llw_words *before) {
    llw_words *list = llw_arena_alloc(p->r->arena, sizeof *list);
    for (size_t i = 0; before && i < before->n; i++) llw_words_push(p->r->arena, list, before->items[i]);
    llw_rich open = {0};
    llw_ps_unknown(p, &open);
    llw_words_push(p->r->arena, list, open);
    return list;
}

/* $name = ... and $name += ...; false when the $ at p->at begins something else. */
static bool assignment(llw_powershell *p) {
    const char *name;
    size_t from = p->at, to = llw_ps_variable_name(p, from, &name);
    if (to == from) return false;
    p->at = to;
    llw_ps_skip(p, false);
    bool add = llw_ps_byte(p, p->at) == '+' && llw_ps_byte(p, p->at + 1) == '=';
    if ((!add && llw_ps_byte(p, p->at) != '=') || llw_ps_byte(p, p->at + 1 + add) == '=') {
        p->at = from;
        return false;
    }
    p->at += 1 + add;
    llw_ps_skip(p, false);
    const llw_variable *old = llw_ps_find(p, name);
    llw_words *list = llw_arena_alloc(p->r->arena, sizeof *list);
    llw_rich value = {0};
    bool array = llw_ps_byte(p, p->at) == '@' && llw_ps_byte(p, p->at + 1) == '(';
    bool plain = strchr("\"'$", llw_ps_byte(p, p->at)) || isdigit((unsigned char)llw_ps_byte(p, p->at));
    size_t start = p->at;
    if (array) {
        p->at += 2;
        llw_ps_elements(p, true, list);
    } else if (llw_ps_join_path(p, &value)) {
        plain = llw_ps_at_end(p);
    } else if (plain && p->brackets) { /* the comma parts parameters */
        llw_words_push(p->r->arena, list, llw_ps_word(p, true));
        value = list->items[0];
    } else if (plain && sum(p, &value)) {
    } else if (plain) {
        llw_ps_elements(p, false, list);
        bool several = list->n != 1 || (old && old->list && add);
        if (!several) value = list->items[0];
        array = several;
        if (!llw_ps_at_end(p) || (list->n > 1 && !memchr(llw_ps_lower(p, start, p->at), ',', p->at - start)))
            array = plain = false; /* an expression */
    }
    if (p->brackets ? false : !is_certain(p)) { /* either way may be taken */
        if (add && old && old->list)
            keep(p, name, (llw_rich){0}, one_unknown(p, old->list), from);
        else {
            llw_rich open = {0};
            llw_ps_unknown(p, &open);
            keep(p, name, open, NULL, from);
        }
        return true;
    }
    if (!array && !plain) {
        llw_rich open = {0};
        llw_ps_unknown(p, &open);
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

/* --- statements --- */

/* @' or @" at the end of a line, up to the same turned round at the start of one. */
static bool here_string(llw_powershell *p) {
    char quote = llw_ps_byte(p, p->at + 1);
    if (llw_ps_byte(p, p->at) != '@' || (quote != '"' && quote != '\'')) return false;
    size_t i = p->at + 2;
    while (strchr(" \t\r", llw_ps_byte(p, i)) && llw_ps_byte(p, i)) i++;
    if (llw_ps_byte(p, i) != '\n') return false;
    while (i < p->text.n &&
           !(llw_ps_byte(p, i) == '\n' && llw_ps_byte(p, i + 1) == quote && llw_ps_byte(p, i + 2) == '@'))
        i++;
    p->at = i < p->text.n ? i + 3 : i;
    return true;
}

static void open_block(llw_powershell *p) {
    if (p->depth < LLW_PS_MAX_DEPTH) p->uncertain[p->depth++] = p->next_uncertain;
    p->next_uncertain = false;
}

/* A word that begins a statement: a keyword, or a command. */
static void keyword_or_command(llw_powershell *p) {
    static const char *const branching[] = {"if",      "elseif", "else",  "switch", "for",
                                            "foreach", "while",  "catch", "trap"};
    size_t from = p->at, to = from;
    while (isalpha((unsigned char)llw_ps_byte(p, to))) to++;
    const char *name = llw_ps_lower(p, from, to);
    bool ends = strchr(" \t\r\n({", llw_ps_byte(p, to)) != NULL || !llw_ps_byte(p, to);
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
                while (p->at < p->text.n && !strchr("{(\n", llw_ps_byte(p, p->at))) p->at++; /* its name */
            return;
        }
    if (!strcmp(name, "param") && ends) {
        p->at = to;
        llw_ps_skip(p, true);
        if (llw_ps_byte(p, p->at) == '(') {
            p->at++;
            p->brackets = 1;
        }
        return;
    }
    llw_ps_command(p, from);
}

void llw_front_powershell(llw_config_reader *r, llw_config_set *set, const llw_config_file *file) {
    llw_powershell *p = llw_arena_alloc(r->arena, sizeof *p);
    *p = (llw_powershell){.r = r,
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
        llw_ps_skip(p, true);
        char c = llw_ps_byte(p, p->at);
        if (here_string(p)) continue;
        if (c == '{')
            open_block(p), p->at++;
        else if (c == '}')
            p->depth -= p->depth > 0, p->at++;
        else if (c == '(')
            p->brackets += p->brackets > 0, p->at++;
        else if (c == ')')
            p->brackets -= p->brackets > 0, p->at++;
        else if (c == '&' || (c == '.' && llw_ps_byte(p, p->at + 1) == ' ')) {
            size_t from = p->at++;
            llw_ps_skip(p, false);
            llw_ps_command(p, from);
        } else if (c == '$' && assignment(p)) {
        } else if (c == '$' || c == '[' || c == '"' || c == '\'') {
            llw_rich ignored = {0};
            if (c == '[')
                while (p->at < p->text.n && !strchr("]\n", llw_ps_byte(p, p->at))) p->at++;
            else if (c == '$')
                llw_ps_put(p, &ignored);
            else
                llw_ps_quoted(p, &ignored);
            p->at += c == '[';
        } else if (!p->brackets && !p->next_uncertain &&
                   (isalpha((unsigned char)c) || c == '.' || c == '/' || c == '\\'))
            keyword_or_command(p);
        if (p->at == before) p->at++;
    }
    llw_front_starts(r, file, &p->starts);
}
