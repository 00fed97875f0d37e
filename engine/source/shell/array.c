/* Lists of a shell script: NAME=(...), NAME+=(...), NAME[KEY]=..., with numbers or names as keys. */
#include "source/shell/shell.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_ELEMENTS = 2048 };

const llw_words *llw_shell_list(const llw_shell *s, const char *name) {
    const llw_variable *v = llw_scope_get(&s->now.vars, name);
    return v ? v->list : NULL;
}

typedef struct list {
    llw_words words;
    const char **keys;
    size_t n_keys, key_capacity;
    bool named;
} list;

static void add(llw_shell *s, list *l, const char *key, llw_rich value) {
    if (l->words.n >= MAX_ELEMENTS) {
        llw_shell_stop(s, "an array has more than 2,048 words");
        return;
    }
    for (size_t i = 0; key && i < l->n_keys; i++)
        if (l->keys[i] && !strcmp(l->keys[i], key)) {
            l->words.items[i] = value;
            return;
        }
    llw_words_push(s->r->arena, &l->words, value);
    void *items = l->keys;
    *(const char **)llw_arena_push(s->r->arena, &items, &l->n_keys, &l->key_capacity, sizeof key) = key;
    l->keys = items;
    l->named |= key != NULL;
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
    if (v && v->list)
        for (size_t i = 0; i < v->list->n; i++) add(s, &l, v->keys ? v->keys[i] : NULL, v->list->items[i]);
    else if (v)
        add(s, &l, NULL, v->value);
    return l;
}

static void store(llw_shell *s, const char *name, const list *l, llw_token place) {
    static const llw_rich empty;
    const llw_variable *old = llw_scope_get(&s->now.vars, name);
    bool exported = old && old->exported;
    llw_words *words = llw_arena_alloc(s->r->arena, sizeof *words);
    *words = l->words;
    llw_scope_assign(&s->now.vars, name, l->words.n ? &l->words.items[0] : &empty, place);
    llw_variable *v = llw_scope_edit(&s->now.vars, name);
    if (!v) return;
    v->list = words;
    v->keys = l->named ? l->keys : NULL;
    v->exported = exported;
}

/* "a" or $X as text; NULL when it is not known. */
static const char *key_text(llw_shell *s, const llw_rich *index, bool *of_argument) {
    llw_rich out = {0};
    for (size_t i = 0; i < index->n; i++) {
        char c = index->chars[i].byte;
        if (index->chars[i].unknown) return NULL;
        if (c == '"' || c == '\'') continue;
        if (c != '$') {
            llw_rich_push(s->r->arena, &out, index->chars[i]);
            continue;
        }
        size_t from = i + 1, to;
        if (from < index->n && index->chars[from].byte == '{') from++;
        for (to = from; to < index->n &&
                        (isalnum((unsigned char)index->chars[to].byte) || index->chars[to].byte == '_');)
            to++;
        llw_rich slice = llw_rich_slice(index, from, to);
        const char *name = llw_rich_show(s->r->arena, &slice);
        const llw_variable *v = llw_scope_get(&s->now.vars, name);
        size_t n = isdigit((unsigned char)*name) ? (size_t)atoi(name) : 0;
        const llw_rich *value = v && !v->list ? &v->value : NULL;
        if (n && n <= s->now.arguments.n) value = &s->now.arguments.items[n - 1];
        if (n == 1 || (value && llw_shell_is_argument(value))) *of_argument = true;
        if (!value || llw_rich_has_unknown(value)) return NULL;
        llw_rich_append(s->r->arena, &out, value);
        i = to < index->n && index->chars[to].byte == '}' ? to : to - 1;
    }
    return llw_rich_show(s->r->arena, &out);
}

void llw_shell_list_value(llw_shell *s, const char *name, const llw_rich *index, bool quoted, llw_rich *out) {
    (void)quoted;
    const llw_variable *v = llw_scope_get(&s->now.vars, name);
    bool of_argument = false;
    const char *key = key_text(s, index, &of_argument);
    if (of_argument && v && v->keys)
        for (size_t i = 0; i < v->list->n; i++) llw_shell_choice(s, v->keys[i]);
    if (key && v && v->list) {
        size_t at = v->list->n;
        if (v->keys)
            for (at = 0; at < v->list->n && (!v->keys[at] || strcmp(v->keys[at], key));) at++;
        else if (isdigit((unsigned char)*key) && strlen(key) < 6)
            at = (size_t)atoi(key);
        if (!v->keys && llw_shell_may_be_several(v->list, at + 1)) {
            *out = llw_shell_unknown(s);
            return;
        }
        if (at < v->list->n) {
            *out = v->list->items[at];
            return;
        }
        if (v->keys || isdigit((unsigned char)*key)) { /* there is none of that name */
            *out = (llw_rich){0};
            return;
        }
    }
    *out = llw_shell_unknown(s);
}

void llw_shell_assign_element(llw_shell *s, const char *name, const llw_rich *key, const llw_rich *value,
                              llw_token place) {
    bool of_argument = false;
    const char *text = key_text(s, key, &of_argument);
    list l = copy_of(s, name);
    bool number = text && !l.named && isdigit((unsigned char)*text);
    size_t at = number && strlen(text) < 6 ? (size_t)atoi(text) : SIZE_MAX;
    bool gap = number && at > l.words.n, moved = !l.named && llw_shell_may_be_several(&l.words, l.words.n);
    if (!text || gap || moved) { /* any of them may have changed */
        llw_rich unknown = llw_shell_unknown(s);
        llw_scope_assign(&s->now.vars, name, &unknown, place);
        return;
    }
    if (number && at < l.words.n)
        l.words.items[at] = *value;
    else
        add(s, &l, number ? NULL : text, *value);
    store(s, name, &l, place);
}

/* [KEY]=VALUE inside the brackets: the length of [KEY]=, or 0. */
static size_t key_length(const llw_rich *word) {
    if (!word->n || word->chars[0].byte != '[') return 0;
    for (size_t i = 1; i + 1 < word->n; i++)
        if (word->chars[i].byte == ']' && word->chars[i + 1].byte == '=') return i + 2;
    return 0;
}

void llw_shell_assign_list(llw_shell *s, const char *name, bool adds, llw_token place) {
    bool runs = llw_shell_running(s) && s->next != LLW_NO;
    list l = adds && runs ? copy_of(s, name) : (list){0};
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
        size_t before = s->at;
        bool quoted = false;
        llw_rich word = llw_shell_word(s, &quoted);
        if (s->at == before) { /* nothing a word may start with */
            s->at++;
            continue;
        }
        if (!runs) continue;
        size_t key = key_length(&word);
        if (key) {
            llw_rich inner = llw_rich_slice(&word, 1, key - 2);
            add(s, &l, llw_rich_show(s->r->arena, &inner), llw_rich_slice(&word, key, word.n));
            continue;
        }
        if (s->word_glob || s->word_braces) word = llw_shell_unknown(s);
        llw_words fields = {0};
        llw_shell_split(s, &word, quoted, &fields);
        for (size_t i = 0; i < fields.n; i++) add(s, &l, NULL, fields.items[i]);
    }
    if (runs) store(s, name, &l, place);
}
