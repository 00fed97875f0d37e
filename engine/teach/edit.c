/* Edits of a launch's words: replacing, leaving out, starting anew. */
#include "teach/edit.h"

#include <string.h>

typedef struct editor {
    llw_arena *arena;
    const llw_flags *flags;
    llw_program program;
    int64_t order;
    void *items;
    size_t n, capacity;
} editor;

static void push(editor *e, const char *word) {
    *(const char **)llw_arena_push(e->arena, &e->items, &e->n, &e->capacity, sizeof word) = word;
}

static const llw_flag_row *row_of(const editor *e, const char *word, size_t *values) {
    bool negative = false;
    const llw_flag_row *row =
        word[0] == '-' ? llw_flag_find(e->flags, word, e->program, e->order, &negative) : NULL;
    bool none = !row || negative || row->kind == LLW_FLAG_PLAIN || row->kind == LLW_FLAG_SWITCH ||
                row->kind == LLW_FLAG_EXIT;
    *values = none ? 0 : row->kind == LLW_FLAG_PAIR ? 2 : 1;
    return row;
}

/* Takes every occurrence of the option out of what was kept so far. */
static void drop(editor *e, const llw_flag_row *row) {
    const char **words = e->items;
    size_t to = 0, values = 0;
    for (size_t i = 0; i < e->n;) {
        bool gone = row_of(e, words[i], &values) == row;
        size_t end = i + 1 + values < e->n ? i + 1 + values : e->n;
        for (; i < end; i++)
            if (!gone) words[to++] = words[i];
    }
    e->n = to;
}

/* "nothing" and "keep" change nothing: a plan may be right as it is. */
static bool says_nothing(const char *word) {
    static const char *const words[] = {"nothing", "keep", "and", "with", ","};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (!strcmp(word, words[i])) return true;
    return false;
}

/* One step of an edit: words [from, to), of an option that is left out or of something that is set. */
typedef struct step {
    size_t from, to;
    bool out;
    const llw_flag_row *row; /* NULL: a word that is no option */
} step;

/* The step at *at; false at the end. Behind "without" the first option is left out, with a value or not; a
 * later one that has a value behind it is set, and so are all after it. */
static bool next_step(const editor *e, const llw_texts *edit, size_t *at, bool *without, bool *first,
                      step *out) {
    while (*at < edit->n && (says_nothing(edit->items[*at]) || !strcmp(edit->items[*at], "without"))) {
        if (!strncmp(edit->items[*at], "with", 4)) *without = *first = edit->items[*at][4] != 0;
        ++*at;
    }
    if (*at >= edit->n) return false;
    size_t values = 0, from = *at;
    *out = (step){.from = from, .row = row_of(e, edit->items[from], &values)};
    bool valued = values && from + 1 < edit->n &&
                  (edit->items[from + 1][0] != '-' ||
                   (edit->items[from + 1][1] >= '0' && edit->items[from + 1][1] <= '9')) &&
                  !says_nothing(edit->items[from + 1]);
    if (*without && !*first && valued) *without = false;
    out->out = *without && out->row;
    out->to = from + 1 + (out->out && !valued ? 0 : values);
    if (out->to > edit->n) out->to = edit->n;
    *first = false;
    *at = out->to;
    return true;
}

llw_texts llw_edit_words(llw_arena *arena, const llw_flags *flags, llw_program program, int64_t order,
                         const llw_texts *words, const llw_texts *edit) {
    editor e = {.arena = arena, .flags = flags, .program = program, .order = order};
    bool over = edit->n && !strcmp(edit->items[0], "only"), without = false, first = false;
    for (size_t i = 0; i < words->n && !over; i++) push(&e, words->items[i]);
    step s;
    for (size_t at = over ? 1 : 0; next_step(&e, edit, &at, &without, &first, &s);) {
        if (s.row) drop(&e, s.row);
        for (size_t k = s.from; k < s.to && !s.out; k++) push(&e, edit->items[k]);
    }
    return (llw_texts){.items = e.items, .n = e.n};
}

size_t llw_edit_pieces(llw_arena *arena, const llw_flags *flags, llw_program program, int64_t order,
                       const llw_texts *edit, llw_texts *pieces, size_t max) {
    editor e = {.arena = arena, .flags = flags, .program = program, .order = order};
    bool without = false, first = false;
    size_t n = 0;
    step s;
    for (size_t at = edit->n && !strcmp(edit->items[0], "only") ? 1 : 0;
         n < max && next_step(&e, edit, &at, &without, &first, &s); n++) {
        const char **items = llw_arena_alloc(arena, (s.to - s.from + 2) * sizeof *items);
        size_t len = 0;
        if (s.out) items[len++] = "without";
        for (size_t k = s.from; k < s.to; k++) items[len++] = edit->items[k];
        pieces[n] = (llw_texts){.items = items, .n = len};
    }
    return n;
}
