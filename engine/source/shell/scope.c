/* Variables, and ${V:-default} in its dialects. */
#include "source/shell/scope.h"

#include <ctype.h>
#include <string.h>

/* FNV-1a. Names are compared by it first: files with thousands of variables are read in no time. */
static unsigned hash_of(const char *name) {
    unsigned hash = 2166136261u;
    for (; *name; name++) hash = (hash ^ (unsigned char)*name) * 16777619u;
    return hash;
}

static llw_variable *find(const llw_scope *scope, const char *name) {
    unsigned hash = hash_of(name);
    for (size_t i = 0; i < scope->n; i++)
        if (scope->items[i].hash == hash && !strcmp(scope->items[i].name, name)) return &scope->items[i];
    return NULL;
}

const llw_variable *llw_scope_get(const llw_scope *scope, const char *name) {
    return find(scope, name);
}

llw_variable *llw_scope_edit(const llw_scope *scope, const char *name) {
    return find(scope, name);
}

static void put(llw_scope *scope, const char *name, llw_rich value, llw_token token) {
    llw_variable *v = find(scope, name);
    if (!v) {
        if (scope->n >= LLW_MAX_VARIABLES) return;
        void *items = scope->items;
        v = llw_arena_push(scope->arena, &items, &scope->n, &scope->capacity, sizeof *v);
        scope->items = items;
        *v = (llw_variable){.name = llw_arena_strdup(scope->arena, name), .hash = hash_of(name)};
    }
    v->value = value;
    v->token = token;
    v->list = NULL;
    v->keys = NULL;
    v->asked = v->open = false;
}

void llw_scope_set(llw_scope *scope, const char *name, const llw_rich *value, llw_token place) {
    const llw_variable *old = find(scope, name);
    const llw_token *lost = NULL;
    if (old && old->token.text && *old->token.text) {
        llw_token *copy = llw_arena_alloc(scope->arena, sizeof *copy);
        *copy = old->token;
        lost = copy;
    }
    llw_rich kept = llw_rich_over(scope->arena, value, lost);
    if (!place.lost) place.lost = lost;
    put(scope, name, kept, llw_rich_token(scope->arena, &kept, &place));
}

void llw_scope_assign(llw_scope *scope, const char *name, const llw_rich *value, llw_token place) {
    put(scope, name, *value, llw_rich_token(scope->arena, value, &place));
}

void llw_scope_unset(llw_scope *scope, const char *name) {
    llw_variable *v = find(scope, name);
    if (v) *v = scope->items[--scope->n];
}

llw_scope llw_scope_copy(const llw_scope *scope) {
    llw_scope copy = {.arena = scope->arena, .n = scope->n, .capacity = scope->n};
    if (!scope->n) return copy;
    copy.items = llw_arena_alloc(scope->arena, scope->n * sizeof *copy.items);
    memcpy(copy.items, scope->items, scope->n * sizeof *copy.items);
    return copy;
}

static bool name_byte(char c, bool first) {
    return c == '_' || isalpha((unsigned char)c) || (!first && isdigit((unsigned char)c));
}

/* The index of the } that closes the { at in[open], or in->n. Nested ${ are counted, quotes are not looked
 * at. */
static size_t closing(const llw_rich *in, size_t open) {
    int depth = 0;
    for (size_t i = open; i < in->n; i++) {
        if (in->chars[i].byte == '{' && (i == open || in->chars[i - 1].byte == '$')) depth++;
        if (in->chars[i].byte == '}' && --depth == 0) return i;
    }
    return in->n;
}

static const char *name_at(llw_arena *arena, const llw_rich *in, size_t from, size_t *to) {
    size_t i = from;
    while (i < in->n && name_byte(in->chars[i].byte, i == from)) i++;
    *to = i;
    llw_rich slice = llw_rich_slice(in, from, i);
    return llw_rich_show(arena, &slice);
}

static void fail(llw_expander *ex, const llw_char *at, const char *why) {
    if (ex->error) return;
    ex->error = why;
    ex->error_line = at->line;
}

/* Default text reads as if a variable had held it: its own place, its own origin. */
static llw_rich default_text(llw_arena *arena, llw_expander *ex, const llw_rich *in, size_t from, size_t to) {
    llw_rich out = {0};
    llw_link *link = NULL;
    const llw_link *last = NULL;
    bool quotes = ex->dialect == LLW_DIALECT_SHELL;
    for (size_t i = from; i < to; i++) {
        llw_char c = in->chars[i];
        if (quotes && (c.byte == '"' || c.byte == '\'')) continue;
        if (c.link && c.link != last) {
            last = c.link;
            link = llw_link_new(arena, last->file, ex->default_origin, true);
        }
        if (c.link) c.link = link;
        llw_rich_push(arena, &out, c);
    }
    return out;
}

typedef struct value_state {
    bool set, empty, unknown;
} value_state;

static value_state state_of(const llw_expander *ex, const llw_variable *v) {
    value_state s = {v != NULL, !v || !v->value.n, false};
    if (!v && !ex->unset_is_empty) s.unknown = true;
    for (size_t i = 0; v && i < v->value.n; i++) s.unknown |= v->value.chars[i].unknown;
    return s;
}

static void add_value(llw_arena *arena, const llw_rich *value, const llw_token *lost, bool whole,
                      llw_rich *out) {
    llw_rich kept = llw_rich_over(arena, value, lost);
    for (size_t i = 0; i < kept.n; i++) {
        llw_char c = kept.chars[i];
        c.whole = whole || c.unknown;
        llw_rich_push(arena, out, c);
    }
}

/* What follows the name inside ${NAME...}: operator and word. */
typedef struct parameter {
    const char *name;
    char op; /* 0, '-', '+', '?' */
    bool colon;
    size_t from, to; /* of the word in the text */
} parameter;

static bool read_parameter(llw_arena *arena, llw_expander *ex, const llw_rich *in, size_t open, parameter *p,
                           size_t *end) {
    size_t close = closing(in, open), at = 0;
    *p = (parameter){0};
    if (close >= in->n) {
        fail(ex, &in->chars[open], "a ${ is not closed");
        return false;
    }
    *end = close + 1;
    p->name = name_at(arena, in, open + 1, &at);
    if (at == open + 1) {
        fail(ex, &in->chars[open], "a ${ has no name in it");
        return false;
    }
    if (at == close) return true;
    if (in->chars[at].byte == ':' && at + 1 < close) {
        p->colon = true;
        at++;
    }
    p->op = in->chars[at].byte;
    if (p->op != '-' && p->op != '+' && p->op != '?') {
        fail(ex, &in->chars[open], "a ${...} has an operator other than :- - :+ + :? ?");
        return false;
    }
    p->from = at + 1;
    p->to = close;
    return true;
}

/* One parameter. When its word has to be expanded itself, that text is left in *next instead of being
 * appended. */
static void apply(llw_arena *arena, llw_expander *ex, const llw_rich *in, const parameter *p,
                  const llw_char *at, bool whole, llw_rich *out, llw_rich *next) {
    const llw_variable *v = llw_scope_get(ex->scope, p->name);
    if (!v && ex->behind) v = llw_scope_get(ex->behind, p->name);
    value_state s = state_of(ex, v);
    bool missing = p->colon ? s.empty : !s.set;
    *next = (llw_rich){0};
    if (p->op == '+') {
        if (s.unknown)
            llw_rich_unknown(arena, out, at, NULL);
        else if (!missing)
            *next = default_text(arena, ex, in, p->from, p->to);
        return;
    }
    if (missing && p->op == '-') { /* nobody set it where we could see: the default is what counts */
        *next = default_text(arena, ex, in, p->from, p->to);
        if (!next->n && p->from == p->to) return;
        return;
    }
    if (!v) {
        if (!ex->unset_is_empty || p->op == '?') llw_rich_unknown(arena, out, at, NULL);
        return;
    }
    llw_token *lost = NULL;
    if (p->op == '-' && p->from < p->to) {
        llw_rich text = default_text(arena, ex, in, p->from, p->to);
        llw_token token = llw_rich_token(arena, &text, NULL);
        if (token.text && !strchr(token.text, '$')) {
            lost = llw_arena_alloc(arena, sizeof *lost);
            *lost = token;
        }
    }
    if (ex->budget && v->value.n > *ex->budget) {
        fail(ex, at, "the values of variables grow beyond 1 MiB");
        llw_rich_unknown(arena, out, at, NULL);
        return;
    }
    if (ex->budget) *ex->budget -= v->value.n;
    add_value(arena, &v->value, lost, whole, out);
}

/* A nested default is taken up where it stands: the texts still to be read are a short stack. */
size_t llw_expand_parameter(llw_arena *arena, llw_expander *ex, const llw_rich *in, size_t i, bool whole,
                            llw_rich *out) {
    struct {
        llw_rich text;
        size_t at;
    } stack[LLW_MAX_NESTING];
    parameter p = {0};
    size_t end = i;
    if (i + 1 >= in->n) return i;
    if (in->chars[i + 1].byte == '{') {
        if (!read_parameter(arena, ex, in, i + 1, &p, &end)) {
            llw_rich_unknown(arena, out, &in->chars[i], NULL);
            return end > i ? end : in->n;
        }
    } else {
        p.name = name_at(arena, in, i + 1, &end);
        if (end == i + 1) return i;
    }
    llw_rich next;
    apply(arena, ex, in, &p, &in->chars[i], whole, out, &next);
    size_t depth = 0;
    stack[depth].text = next;
    stack[depth].at = 0;
    for (depth = next.n ? 1 : 0; depth;) {
        llw_rich *text = &stack[depth - 1].text;
        size_t at = stack[depth - 1].at;
        if (at >= text->n) {
            depth--;
            continue;
        }
        llw_char c = text->chars[at];
        size_t after = at + 1;
        bool dollar = c.byte == '$' && !c.unknown && at + 1 < text->n;
        if (dollar && text->chars[at + 1].byte == '$' && ex->dialect == LLW_DIALECT_COMPOSE) {
            c.whole = whole;
            llw_rich_push(arena, out, c);
            stack[depth - 1].at = at + 2;
            continue;
        }
        parameter inner = {0};
        bool braces = dollar && text->chars[at + 1].byte == '{';
        bool ok = braces ? read_parameter(arena, ex, text, at + 1, &inner, &after) : false;
        if (dollar && !braces) {
            inner.name = name_at(arena, text, at + 1, &after);
            ok = after > at + 1;
            if (!ok) after = at + 1;
        }
        if (!ok) {
            if (braces) {
                llw_rich_unknown(arena, out, &c, NULL);
                after = after > at + 1 ? after : text->n;
            } else {
                c.whole = whole || c.unknown;
                llw_rich_push(arena, out, c);
            }
            stack[depth - 1].at = after;
            continue;
        }
        stack[depth - 1].at = after;
        apply(arena, ex, text, &inner, &c, whole, out, &next);
        if (!next.n) continue;
        if (depth == LLW_MAX_NESTING) {
            fail(ex, &c, "defaults are nested more than eight deep");
            llw_rich_unknown(arena, out, &c, NULL);
            continue;
        }
        stack[depth].text = next;
        stack[depth].at = 0;
        depth++;
    }
    return end;
}

llw_rich llw_scope_expand(llw_arena *arena, llw_expander *ex, const llw_rich *in) {
    llw_rich out = {0};
    for (size_t i = 0; i < in->n;) {
        llw_char c = in->chars[i];
        bool dollar = c.byte == '$' && !c.unknown;
        if (dollar && ex->dialect == LLW_DIALECT_COMPOSE && i + 1 < in->n && in->chars[i + 1].byte == '$') {
            llw_rich_push(arena, &out, c);
            i += 2;
            continue;
        }
        if (dollar && ex->dialect == LLW_DIALECT_DOCKERFILE && i && in->chars[i - 1].byte == '\\')
            dollar = false;
        size_t end = dollar ? llw_expand_parameter(arena, ex, in, i, false, &out) : i;
        if (end > i) {
            i = end;
            continue;
        }
        llw_rich_push(arena, &out, c);
        i++;
    }
    return out;
}
