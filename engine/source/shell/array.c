/* Lists of a shell script: NAME=(...), NAME+=(...), NAME[KEY]=..., with numbers as keys or, when declare -A
 * said so, names. */
#include "source/shell/shell.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ELEMENTS = 2048 };

typedef struct list {
    llw_words words;
    const char **keys; /* of one with names */
    size_t n_keys, key_capacity;
    bool named;
} list;

static void append(llw_shell *s, list *l, const char *key, llw_rich value) {
    if (l->words.n >= MAX_ELEMENTS) {
        llw_shell_stop(s, "an array has more than 2,048 words");
        return;
    }
    llw_words_push(s->r->arena, &l->words, value);
    void *items = l->keys;
    *(const char **)llw_arena_push(s->r->arena, &items, &l->n_keys, &l->key_capacity, sizeof key) = key;
    l->keys = items;
}

/* A variable with something nobody knows in it may be a list of several. */
static llw_rich only_element(llw_shell *s, const llw_rich *value) {
    llw_rich copy = {0};
    llw_rich_append(s->r->arena, &copy, value);
    for (size_t i = 0; i < copy.n; i++) copy.chars[i].whole = !copy.chars[i].unknown;
    return copy;
}

static list copy_of(llw_shell *s, const char *name) {
    list l = {0};
    const llw_variable *v = llw_scope_get(&s->now.vars, name);
    size_t n = v && v->list ? v->list->n : 0;
    if (n > s->r->budget) {
        llw_shell_stop(s, "its arrays grow too often");
        return l;
    }
    s->r->budget -= n;
    l.named = v && v->keys;
    if (v && v->list)
        for (size_t i = 0; i < n; i++) append(s, &l, v->keys ? v->keys[i] : NULL, v->list->items[i]);
    else if (v)
        append(s, &l, NULL, only_element(s, &v->value));
    else if (!llw_shell_is_own(s, name))
        append(s, &l, NULL, llw_shell_unknown(s));
    return l;
}

static void store(llw_shell *s, const char *name, const list *l, llw_token place) {
    static const llw_rich empty;
    static const char *const no_keys[1];
    const llw_variable *old = llw_scope_get(&s->now.vars, name);
    bool exported = old && old->exported;
    llw_words *words = llw_arena_alloc(s->r->arena, sizeof *words);
    *words = l->words;
    llw_scope_assign(&s->now.vars, name, l->words.n ? &l->words.items[0] : &empty, place);
    llw_variable *v = llw_scope_edit(&s->now.vars, name);
    if (!v) return;
    v->list = words;
    v->keys = !l->named ? NULL : l->keys ? l->keys : no_keys;
    v->exported = exported;
}

void llw_shell_name_elements(llw_shell *s, const char *name, llw_token place) {
    const llw_variable *v = llw_scope_get(&s->now.vars, name);
    if (!v || !v->keys) store(s, name, &(list){.named = true}, place);
}

/* "a" or $X as text; NULL when it is not known. */
static const char *key_text(llw_shell *s, const llw_rich *index, bool *of_argument) {
    llw_rich out = {0};
    for (size_t i = 0; i < index->n; i++) {
        char c = index->chars[i].byte;
        if (index->chars[i].unknown || c == '\\' || c == '`') return NULL;
        if (c == '"' || c == '\'') continue;
        if (c != '$') {
            llw_rich_push(s->r->arena, &out, index->chars[i]);
            continue;
        }
        size_t from = i + 1, to;
        bool braces = from < index->n && index->chars[from].byte == '{';
        from += braces;
        for (to = from; to < index->n &&
                        (isalnum((unsigned char)index->chars[to].byte) || index->chars[to].byte == '_');)
            to++;
        if (braces && (to == index->n || index->chars[to].byte != '}')) return NULL;
        llw_rich slice = llw_rich_slice(index, from, to);
        const char *name = llw_rich_show(s->r->arena, &slice);
        const llw_variable *v = llw_scope_get(&s->now.vars, name);
        size_t n = isdigit((unsigned char)*name) ? (size_t)atoi(name) : 0;
        const llw_rich *value = v && !v->list ? &v->value : NULL;
        if (n && n <= s->now.arguments.n) value = &s->now.arguments.items[n - 1];
        if (n == 1 || (value && llw_shell_is_argument(value))) *of_argument = true;
        if (!value || llw_rich_has_unknown(value)) return NULL;
        llw_rich_append(s->r->arena, &out, value);
        i = braces ? to : to - 1;
    }
    return llw_rich_show(s->r->arena, &out);
}

/* A number that is an index as it stands: no sum, not octal. */
static bool is_index(const char *key, size_t *at) {
    size_t len = strspn(key, "0123456789");
    if (!len || key[len] || len > 5 || (*key == '0' && len > 1)) return false;
    *at = (size_t)atoi(key);
    return true;
}

static size_t find_key(const char *const *keys, size_t n, const char *key) {
    size_t at = 0;
    while (at < n && strcmp(keys[at], key)) at++;
    return at;
}

/* NAME[key]=value; false when nobody knows which elements there are then. */
static bool set(llw_shell *s, list *l, const char *key, const llw_rich *value) {
    size_t at = 0;
    if (!key) return false;
    if (l->named)
        at = find_key(l->keys, l->words.n, key);
    else if (!is_index(key, &at) || at > l->words.n || llw_shell_may_be_several(&l->words, l->words.n))
        return false;
    if (at < l->words.n)
        l->words.items[at] = *value;
    else
        append(s, l, l->named ? key : NULL, *value);
    return true;
}

/* Where the element stands: behind all others when there is none, SIZE_MAX when nobody knows. */
static size_t find(const llw_variable *v, const llw_words *words, const char *key) {
    size_t at;
    if (!key) return SIZE_MAX;
    if (v->keys) return find_key(v->keys, words->n, key);
    if (!is_index(key, &at)) return SIZE_MAX;
    if (llw_shell_may_be_several(words, at + 1)) return SIZE_MAX;
    return at < words->n ? at : words->n;
}

llw_parameter_value llw_shell_element(llw_shell *s, const llw_variable *v, const llw_rich *index) {
    static const llw_rich nothing;
    bool of_argument = false;
    const char *key = index ? key_text(s, index, &of_argument) : "0";
    if (of_argument && v->keys)
        for (size_t i = 0; i < v->list->n; i++) llw_shell_choice(s, v->keys[i]);
    llw_words alone = {0};
    if (!v->list) llw_words_push(s->r->arena, &alone, only_element(s, &v->value));
    const llw_words *words = v->list ? v->list : &alone;
    size_t at = find(v, words, key);
    if (at == words->n) return (llw_parameter_value){.text = &nothing};
    llw_rich *text = llw_arena_alloc(s->r->arena, sizeof *text);
    *text = at == SIZE_MAX ? llw_shell_unknown(s) : words->items[at];
    bool unknown = llw_rich_has_unknown(text);
    return (llw_parameter_value){.set = true, .unknown = unknown, .open = at == SIZE_MAX, .text = text};
}

static void lose(llw_shell *s, const char *name, llw_token place) {
    list any = {0};
    append(s, &any, NULL, llw_shell_unknown(s));
    store(s, name, &any, place);
}

void llw_shell_assign_element(llw_shell *s, const char *name, const llw_rich *key, const llw_rich *value,
                              llw_token place) {
    bool of_argument = false;
    list l = copy_of(s, name);
    if (set(s, &l, key ? key_text(s, key, &of_argument) : "0", value))
        store(s, name, &l, place);
    else
        lose(s, name, place);
}

/* [KEY]=VALUE in the brackets of a list, NULL to read over it. False when there is none; *lost when it is not
 * known what it sets. */
static bool keyed_element(llw_shell *s, list *l, bool *lost) {
    if (llw_shell_byte(s, s->at) != '[') return false;
    size_t behind =
        llw_shell_behind(s, s->at, s->at + LLW_SHELL_INDEX < s->end ? s->at + LLW_SHELL_INDEX : s->end);
    bool adds = llw_shell_byte(s, behind) == '+';
    if (llw_shell_byte(s, behind + adds) != '=') return false;
    llw_rich key = llw_rich_slice(s->script, s->at + 1, behind - 1);
    bool of_argument = false, quoted = false;
    s->at = behind + adds + 1;
    llw_rich value = llw_shell_word(s, &quoted);
    if (l) *lost |= adds || !set(s, l, key_text(s, &key, &of_argument), &value);
    return true;
}

void llw_shell_assign_list(llw_shell *s, const char *name, bool adds, llw_token place) {
    bool runs = llw_shell_running(s) && s->next != LLW_NO, lost = false;
    const llw_variable *old = llw_scope_get(&s->now.vars, name);
    list l = adds && runs ? copy_of(s, name) : (list){.named = old && old->keys};
    s->at++;
    while (s->at < s->end) {
        llw_shell_skip_blanks(s);
        char c = llw_shell_byte(s, s->at);
        if (c == '\n') {
            s->at++;
            continue;
        }
        if (c == ')') {
            s->at++;
            break;
        }
        if (keyed_element(s, runs ? &l : NULL, &lost)) continue;
        size_t before = s->at;
        llw_words fields = {0};
        llw_shell_fields(s, &fields);
        if (s->at == before) s->at++; /* nothing a word may start with */
        lost |= l.named && fields.n;  /* KEY VALUE KEY VALUE */
        for (size_t i = 0; runs && !l.named && i < fields.n; i++) append(s, &l, NULL, fields.items[i]);
    }
    if (runs && lost)
        lose(s, name, place);
    else if (runs)
        store(s, name, &l, place);
}
