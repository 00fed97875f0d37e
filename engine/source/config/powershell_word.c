/* Words of PowerShell, by about_Quoting_Rules and about_Arrays: "..." puts in $name and ${name}, '...'
 * nothing, an array becomes as many words, @name splats one, $name.x outside of quotes is a property that
 * nobody knows. */
#include "source/config/powershell.h"

#include <ctype.h>
#include <string.h>

char llw_ps_byte(const llw_powershell *p, size_t i) {
    return i < p->text.n ? p->text.chars[i].byte : 0;
}

static bool is_name_byte(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == ':';
}

const char *llw_ps_lower(llw_powershell *p, size_t from, size_t to) {
    llw_rich slice = llw_rich_slice(&p->text, from, to);
    char *text = llw_arena_strdup(p->r->arena, llw_rich_show(p->r->arena, &slice));
    for (char *c = text; *c; c++) *c = (char)tolower((unsigned char)*c);
    return text;
}

void llw_ps_skip(llw_powershell *p, bool lines) {
    while (p->at < p->text.n) {
        char c = llw_ps_byte(p, p->at), next = llw_ps_byte(p, p->at + 1);
        if (c == ' ' || c == '\t' || c == '\r' || (lines && c == '\n'))
            p->at++;
        else if (c == '`' && (next == '\n' || next == '\r'))
            p->at += next == '\r' && llw_ps_byte(p, p->at + 2) == '\n' ? 3 : 2;
        else if (c == '<' && next == '#') {
            while (p->at < p->text.n && !(llw_ps_byte(p, p->at) == '#' && llw_ps_byte(p, p->at + 1) == '>'))
                p->at++;
            p->at += 2;
        } else if (c == '#')
            while (p->at < p->text.n && llw_ps_byte(p, p->at) != '\n') p->at++;
        else
            return;
    }
    if (p->at > p->text.n) p->at = p->text.n;
}

bool llw_ps_at_end(const llw_powershell *p) {
    char c = llw_ps_byte(p, p->at);
    return !c || strchr("\n;|)}", c);
}

void llw_ps_unknown(llw_powershell *p, llw_rich *out) {
    llw_char here = p->at < p->text.n ? p->text.chars[p->at] : (llw_char){.link = p->own};
    llw_rich_unknown(p->r->arena, out, &here, p->own);
}

size_t llw_ps_variable_name(llw_powershell *p, size_t i, const char **name) {
    if (llw_ps_byte(p, i + 1) == '{') {
        size_t to = i + 2;
        while (to < p->text.n && llw_ps_byte(p, to) != '}' && llw_ps_byte(p, to) != '\n') to++;
        *name = llw_ps_lower(p, i + 2, to);
        return to + 1;
    }
    size_t to = i + 1;
    while (is_name_byte(llw_ps_byte(p, to))) to++;
    *name = llw_ps_lower(p, i + 1, to);
    return to > i + 1 ? to : i;
}

const llw_variable *llw_ps_find(llw_powershell *p, const char *name) {
    if (!strncmp(name, "env:", 4)) return llw_scope_get(&p->env, name);
    if (!strncmp(name, "script:", 7) || !strncmp(name, "global:", 7)) name += 7;
    return llw_scope_get(&p->names, name);
}

void llw_ps_put(llw_powershell *p, llw_rich *out) {
    const char *name;
    if (llw_ps_byte(p, p->at + 1) == '(') {
        int depth = 0;
        llw_ps_unknown(p, out);
        for (; p->at < p->text.n; p->at++) {
            depth += llw_ps_byte(p, p->at) == '(';
            if (llw_ps_byte(p, p->at) == ')' && !--depth) break;
        }
        p->at++;
        return;
    }
    size_t to = llw_ps_variable_name(p, p->at, &name);
    if (to == p->at) {
        llw_rich_push(p->r->arena, out, p->text.chars[p->at++]);
        return;
    }
    const llw_variable *v = llw_ps_find(p, name);
    if (!v || v->list || p->r->budget < v->value.n) {
        llw_ps_unknown(p, out);
    } else {
        p->r->budget -= v->value.n;
        llw_rich_append(p->r->arena, out, &v->value);
    }
    p->at = to;
}

/* .name or .name(...) behind a variable outside of quotes, as often as it stands there. */
static bool property(llw_powershell *p) {
    size_t from = p->at;
    while (llw_ps_byte(p, p->at) == '.' && isalpha((unsigned char)llw_ps_byte(p, p->at + 1))) {
        for (p->at++; is_name_byte(llw_ps_byte(p, p->at));) p->at++;
        int depth = llw_ps_byte(p, p->at) == '(';
        while (depth && ++p->at < p->text.n) {
            depth += llw_ps_byte(p, p->at) == '(';
            depth -= llw_ps_byte(p, p->at) == ')';
            if (!depth) p->at++;
        }
    }
    return p->at > from;
}

void llw_ps_quoted(llw_powershell *p, llw_rich *out) {
    char quote = llw_ps_byte(p, p->at++);
    while (p->at < p->text.n) {
        char c = llw_ps_byte(p, p->at);
        bool doubled = c == quote && llw_ps_byte(p, p->at + 1) == quote;
        bool escape = c == '`' && quote == '"' && p->at + 1 < p->text.n;
        if (doubled || escape) {
            p->at++;
        } else if (c == quote) {
            p->at++;
            return;
        } else if (c == '$' && quote == '"') {
            llw_ps_put(p, out);
            continue;
        }
        llw_char one = p->text.chars[p->at++];
        one.link = p->own;
        llw_rich_push(p->r->arena, out, one);
    }
}

/* NOLINTBEGIN(misc-no-recursion): at most MAX_NESTED deep */
bool llw_ps_join_path(llw_powershell *p, llw_rich *out) {
    enum { LEN = 9, MAX_NESTED = 8 };
    if (p->at + LEN >= p->text.n || p->nested == MAX_NESTED ||
        strcmp(llw_ps_lower(p, p->at, p->at + LEN), "join-path") ||
        !isspace((unsigned char)llw_ps_byte(p, p->at + LEN)))
        return false;
    p->at += LEN;
    p->nested++;
    for (int parts = 0; llw_ps_skip(p, false), !llw_ps_at_end(p);) {
        size_t before = p->at;
        llw_rich part = llw_ps_word(p, true);
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
static void expression(llw_powershell *p, llw_rich *out) {
    size_t start = p->at++;
    llw_ps_skip(p, true);
    if (llw_ps_join_path(p, out) && llw_ps_byte(p, p->at) == ')') {
        p->at++;
        return;
    }
    p->at = start;
    out->n = 0;
    llw_ps_unknown(p, out);
    for (int depth = 0; p->at < p->text.n; p->at++) {
        depth += llw_ps_byte(p, p->at) == '(';
        if (llw_ps_byte(p, p->at) == ')' && !--depth) break;
    }
    p->at += p->at < p->text.n;
}

llw_rich llw_ps_word(llw_powershell *p, bool element) {
    llw_rich out = {0};
    while (p->at < p->text.n) {
        char c = llw_ps_byte(p, p->at);
        if (isspace((unsigned char)c) || strchr(";|)}", c) || (element && c == ',')) break;
        if (c == '`' && llw_ps_byte(p, p->at + 1) == '\n') break;
        if (c == '"' || c == '\'') {
            llw_ps_quoted(p, &out);
        } else if (c == '$') {
            size_t before = out.n, from = p->at;
            llw_ps_put(p, &out);
            if (property(p)) {
                size_t to = p->at;
                out.n = before;
                p->at = from;
                llw_ps_unknown(p, &out);
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
/* NOLINTEND(misc-no-recursion) */

bool llw_ps_array_word(llw_powershell *p, llw_words *out) {
    const char *name;
    char c = llw_ps_byte(p, p->at), end;
    if (c != '$' && c != '@') return false;
    size_t to = llw_ps_variable_name(p, p->at, &name);
    end = llw_ps_byte(p, to);
    if (to == p->at || (end && !isspace((unsigned char)end) && !strchr(";|)},`", end))) return false;
    const llw_variable *v = llw_ps_find(p, name);
    if (c == '$' && v && !v->list) return false;
    if (!v || !v->list) {
        llw_rich one = {0};
        if (c == '$') return false;
        llw_ps_unknown(p, &one);
        llw_words_push(p->r->arena, out, one);
    } else {
        for (size_t i = 0; i < v->list->n; i++) llw_words_push(p->r->arena, out, v->list->items[i]);
    }
    p->at = to;
    return true;
}

void llw_ps_elements(llw_powershell *p, bool bracket, llw_words *out) {
    for (;;) {
        llw_ps_skip(p, bracket);
        char c = llw_ps_byte(p, p->at);
        if (!c || (bracket ? c == ')' : llw_ps_at_end(p))) break;
        size_t before = p->at;
        if (c == ',' || c == ';') {
            p->at++;
            if (!bracket) llw_ps_skip(p, true);
            continue;
        }
        if (!llw_ps_array_word(p, out)) llw_words_push(p->r->arena, out, llw_ps_word(p, true));
        if (p->at == before) p->at++;
    }
    if (bracket && p->at < p->text.n) p->at++;
}
