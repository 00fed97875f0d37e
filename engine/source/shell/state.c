/* Copies of a script's variables, and what is left of two ways when they meet. */
#include "source/shell/shell.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_OWN = 4096 };

llw_shell_state *llw_shell_keep(llw_shell *s, const llw_shell_state *state) {
    llw_shell_state *copy = llw_arena_alloc(s->r->arena, sizeof *copy);
    *copy = *state;
    size_t cost = state->vars.n + 1;
    if (s->r->copies < cost) { /* copies of a hostile script's variables are not endless */
        s->cut = true;
        s->at = s->end;
        return copy;
    }
    s->r->copies -= cost;
    copy->vars = llw_scope_copy(&state->vars);
    return copy;
}

/* Bytes that are the same on both ways: known and equal, or unknown and written at the same place, so that
 * nobody knows either and what stands around them is not lost. */
static bool same_byte(const llw_char *a, const llw_char *b) {
    if (a->unknown || b->unknown)
        return a->unknown && b->unknown && a->link == b->link && a->line == b->line && a->column == b->column;
    return a->byte == b->byte;
}

static bool same_text(const llw_rich *a, const llw_rich *b) {
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++)
        if (!same_byte(&a->chars[i], &b->chars[i])) return false;
    return true;
}

/* Where the file's name begins in a path of one word, with the / before it; the end where it is none. */
static size_t name_of(const llw_rich *path) {
    size_t at = path->n;
    for (size_t i = 0; i < path->n; i++) {
        if (isspace((unsigned char)path->chars[i].byte)) return path->n;
        if (path->chars[i].byte == '/') at = i;
    }
    return at;
}

/* "/llama-server" of two paths that end so: which program it is, is known, though not where it lies. */
static llw_rich common_name(const llw_rich *a, const llw_rich *b) {
    llw_rich x = llw_rich_slice(a, name_of(a), a->n), y = llw_rich_slice(b, name_of(b), b->n);
    return x.n > 1 && same_text(&x, &y) ? x : (llw_rich){0};
}

/* The words that both start with, then one that nobody knows; of two paths the name of their file. */
static llw_rich common(llw_shell *s, const llw_rich *a, const llw_rich *b) {
    size_t n = 0;
    while (n < a->n && n < b->n && same_byte(&a->chars[n], &b->chars[n])) n++;
    bool ends = (n == a->n || isspace((unsigned char)a->chars[n].byte)) &&
                (n == b->n || isspace((unsigned char)b->chars[n].byte));
    while (!ends && n && !isspace((unsigned char)a->chars[n - 1].byte)) n--;
    llw_rich out = {0}, head = llw_rich_slice(a, 0, n);
    llw_rich_append(s->r->arena, &out, &head);
    const llw_char *at = a->n ? &a->chars[0] : b->n ? &b->chars[0] : NULL;
    if (n && ends && !isspace((unsigned char)a->chars[n - 1].byte)) {
        llw_char blank = *at;
        blank.byte = ' ';
        blank.unknown = blank.whole = false;
        llw_rich_push(s->r->arena, &out, blank);
    }
    llw_rich_unknown(s->r->arena, &out, at, NULL);
    out.chars[out.n - 1].whole = false; /* it may be several words, or none */
    llw_rich name = common_name(a, b);
    if (!n) llw_rich_append(s->r->arena, &out, &name);
    return out;
}

static bool same_list(const llw_words *a, const llw_words *b) {
    if (a->n != b->n) return false;
    for (size_t i = 0; i < a->n; i++)
        if (!same_text(&a->items[i], &b->items[i])) return false;
    return true;
}

static const llw_words *common_list(llw_shell *s, const llw_words *a, const llw_words *b) {
    llw_words *out = llw_arena_alloc(s->r->arena, sizeof *out);
    size_t n = 0;
    for (; n < a->n && n < b->n && same_text(&a->items[n], &b->items[n]); n++)
        llw_words_push(s->r->arena, out, a->items[n]);
    if (!n || !llw_shell_may_be_none(&a->items[n - 1])) /* else the rest is in it */
        llw_words_push(s->r->arena, out, llw_shell_unknown(s));
    return out;
}

static bool may_be_empty(const llw_variable *v) {
    return !v || v->open || !v->value.n;
}

/* The variable as it is when the two ways differ. */
static void join_variable(llw_shell *s, llw_scope *out, const llw_variable *a, const llw_variable *b) {
    const llw_variable *one = a ? a : b;
    llw_rich unknown = llw_shell_unknown(s);
    llw_token place = one->token;
    place.text = NULL;
    place.lost = NULL;
    if ((a && a->list) || (b && b->list)) {
        static const llw_words none;
        bool both = a && b && a->list && b->list && !a->keys && !b->keys;
        const llw_words *list = common_list(s, both ? a->list : &none, both ? b->list : &none);
        llw_scope_assign(out, one->name, &unknown, place);
        llw_variable *v = llw_scope_edit(out, one->name);
        if (v) v->list = list;
        return;
    }
    static const llw_rich empty = {0};
    llw_rich value = common(s, a ? &a->value : &empty, b ? &b->value : &empty);
    llw_scope_assign(out, one->name, &value, place);
    llw_variable *v = llw_scope_edit(out, one->name);
    if (v) v->open = may_be_empty(a) || may_be_empty(b);
}

static bool equal_variable(const llw_variable *a, const llw_variable *b) {
    if (!a || !b || (a->list != NULL) != (b->list != NULL)) return false;
    if (a->list) return a->list == b->list || (!a->keys && !b->keys && same_list(a->list, b->list));
    return a->value.chars == b->value.chars ? a->value.n == b->value.n : same_text(&a->value, &b->value);
}

/* The variable of that name; copies keep their order, so it is mostly at the same place. */
static const llw_variable *find_near(const llw_scope *scope, const char *name, size_t i) {
    if (i < scope->n && (scope->items[i].name == name || !strcmp(scope->items[i].name, name)))
        return &scope->items[i];
    return llw_scope_get(scope, name);
}

bool llw_shell_same(const llw_shell_state *a, const llw_shell_state *b) {
    bool same = a->vars.n == b->vars.n && same_list(&a->arguments, &b->arguments);
    for (size_t i = 0; same && i < a->vars.n; i++)
        same = equal_variable(&a->vars.items[i], find_near(&b->vars, a->vars.items[i].name, i));
    return same;
}

llw_shell_state *llw_shell_join(llw_shell *s, const llw_shell_state *a, const llw_shell_state *b, bool keep) {
    if (!a || a->dead) return b ? llw_shell_keep(s, b) : NULL;
    if (!b || b->dead) return llw_shell_keep(s, a);
    llw_shell_state *out = llw_shell_keep(s, a);
    for (size_t i = 0; i < a->vars.n && !s->cut; i++) {
        const llw_variable *mine = &a->vars.items[i], *other = find_near(&b->vars, mine->name, i);
        if (!keep && !equal_variable(mine, other)) join_variable(s, &out->vars, mine, other);
    }
    for (size_t i = 0; i < b->vars.n && !s->cut; i++)
        if (!find_near(&a->vars, b->vars.items[i].name, i))
            join_variable(s, &out->vars, NULL, &b->vars.items[i]);
    if (!same_list(&a->arguments, &b->arguments))
        out->arguments = *common_list(s, &a->arguments, &b->arguments);
    out->arguments_known = a->arguments_known && b->arguments_known;
    return out;
}

/* --- variables that the script itself sets --- */

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Whether the byte is a double quote that counts. */
static bool is_quote(const llw_rich *script, size_t i) {
    return script->chars[i].byte == '"' && !(i && script->chars[i - 1].byte == '\\');
}

void llw_shell_find_own(llw_shell *s, const llw_rich *script) {
    void *items = s->own;
    size_t n = s->n_own, capacity = s->n_own; /* grown anew by each text */
    bool quoted = false; /* in double quotes, as far as the line tells: echo "C=$C" sets nothing */
    for (size_t i = 0; i < script->n && n < MAX_OWN; i++) {
        char c = script->chars[i].byte, before = i ? script->chars[i - 1].byte : '\n';
        quoted = c == '\n' ? false : quoted ^ is_quote(script, i);
        if (!(isalpha((unsigned char)c) || c == '_') || llw_shell_name_byte(before) || before == '$' ||
            before == '{')
            continue;
        size_t to = i;
        while (to < script->n && llw_shell_name_byte(script->chars[to].byte)) to++;
        char after = to < script->n ? script->chars[to].byte : 0,
             then = to + 1 < script->n ? script->chars[to + 1].byte : 0;
        llw_rich slice = llw_rich_slice(script, i, to);
        bool loop = llw_rich_is(&slice, "for") || llw_rich_is(&slice, "read");
        if (loop && after == ' ') {
            i = to + 1;
            while (i < script->n && script->chars[i].byte == '-') { /* read -r */
                while (i < script->n && script->chars[i].byte != ' ') i++;
                while (i < script->n && script->chars[i].byte == ' ') i++;
            }
            for (to = i; to < script->n && llw_shell_name_byte(script->chars[to].byte);) to++;
            slice = llw_rich_slice(script, i, to);
        } else if ((after != '=' && !(after == '+' && then == '=')) || (quoted && before != '"')) {
            i = to - 1;
            continue;
        }
        if (slice.n) {
            const char *name = llw_rich_show(s->r->arena, &slice);
            *(const char **)llw_arena_push(s->r->arena, &items, &n, &capacity, sizeof name) = name;
        }
        i = to > i ? to - 1 : i;
    }
    s->own = items;
    s->n_own = n;
    if (n) qsort(s->own, n, sizeof *s->own, by_name);
}

bool llw_shell_is_own(const llw_shell *s, const char *name) {
    return s->n_own && bsearch(&name, s->own, s->n_own, sizeof *s->own, by_name) != NULL;
}
