/* A unified diff of a file whose lines changed in place. */
#include "base/secret.h"
#include "render/lint.h"

#include <stdbool.h>
#include <string.h>

enum { CONTEXT = 3 };

typedef struct line {
    const char *text;
    size_t len; /* with its end */
} line;

/* git's name of a file: in quotes with C's escapes when it holds anything unusual. */
static void name(llw_text *out, const char *prefix, const char *path) {
    bool plain = true;
    for (const char *c = path; *c; c++)
        plain = plain && (unsigned char)*c > ' ' && (unsigned char)*c < 0x7f && *c != '"' && *c != '\\';
    if (plain) {
        llw_text_addf(out, "%s%s", prefix, path);
        return;
    }
    llw_text_addf(out, "\"%s", prefix);
    for (const char *c = path; *c; c++) {
        if (*c == '"' || *c == '\\')
            llw_text_addf(out, "\\%c", *c);
        else if ((unsigned char)*c < ' ' || (unsigned char)*c >= 0x7f)
            llw_text_addf(out, "\\%03o", (unsigned char)*c);
        else
            llw_text_addn(out, c, 1);
    }
    llw_text_add(out, "\"");
}

/* Lines as git counts them: ended by \n alone. */
static size_t split(llw_arena *arena, const char *bytes, size_t len, line **out) {
    void *items = NULL;
    size_t n = 0, capacity = 0;
    for (size_t at = 0; at < len;) {
        const char *end = memchr(bytes + at, '\n', len - at);
        size_t size = end ? (size_t)(end + 1 - bytes) - at : len - at;
        *(line *)llw_arena_push(arena, &items, &n, &capacity, sizeof(line)) = (line){bytes + at, size};
        at += size;
    }
    *out = items;
    return n;
}

static bool same(const line *a, const line *b) {
    return a->len == b->len && !memcmp(a->text, b->text, a->len);
}

static void print(llw_text *out, char mark, const line *l) {
    llw_text_addn(out, &mark, 1);
    llw_text_addn(out, l->text, l->len);
    if (!l->len || l->text[l->len - 1] != '\n') llw_text_add(out, "\n\\ No newline at end of file\n");
}

static void hunk(llw_text *out, const line *a, const line *b, size_t from, size_t to) {
    llw_text_addf(out, "@@ -%zu,%zu +%zu,%zu @@\n", from + 1, to - from, from + 1, to - from);
    for (size_t i = from; i < to;) {
        size_t end = i;
        while (end < to && !same(&a[end], &b[end])) end++;
        for (size_t k = i; k < end; k++) print(out, '-', &a[k]);
        for (size_t k = i; k < end; k++) print(out, '+', &b[k]);
        for (i = end; i < to && same(&a[i], &b[i]); i++) print(out, ' ', &a[i]);
    }
}

/* The same lines without secrets. */
static line *shown_of(llw_arena *arena, const char *bytes, size_t len) {
    line *shown = NULL;
    char *copy = llw_arena_strndup(arena, bytes, len);
    llw_secret_star_source(copy, len);
    split(arena, copy, len, &shown);
    return shown;
}

size_t llw_render_diff(llw_text *out, const char *path, const char *before, size_t before_len,
                       const char *after, size_t after_len) {
    llw_arena *arena = llw_arena_new();
    line *a = NULL, *b = NULL;
    size_t n = split(arena, before, before_len, &a), left_out = 0;
    const line *shown = shown_of(arena, before, before_len), *new = shown_of(arena, after, after_len);
    bool headed = false;
    if (split(arena, after, after_len, &b) != n) n = 0; /* not what this is for */
    for (size_t i = 0; i < n; i++) {
        if (same(&a[i], &b[i])) continue;
        size_t from = i > CONTEXT ? i - CONTEXT : 0, last = i;
        for (size_t k = i; k < n && k <= last + 2 * CONTEXT; k++)
            if (!same(&a[k], &b[k])) last = k;
        size_t to = last + CONTEXT + 1 < n ? last + CONTEXT + 1 : n;
        bool secret = false;
        for (size_t k = from; k < i; k++)
            if (!same(&a[k], &shown[k])) from = k + 1;
        for (size_t k = i; k <= last; k++) secret |= !same(&a[k], &shown[k]) || !same(&b[k], &new[k]);
        for (size_t k = last + 1; k < to; k++)
            if (!same(&a[k], &shown[k])) to = k;
        if (secret || (to == last + 1 && to < n)) { /* git wants a line behind a change, or the file's end */
            left_out++;
            i = last;
            continue;
        }
        if (!headed) {
            llw_text_add(out, "--- ");
            name(out, "a/", path);
            llw_text_add(out, "\n+++ ");
            name(out, "b/", path);
            llw_text_add(out, "\n");
            headed = true;
        }
        hunk(out, a, b, from, to);
        i = to - 1;
    }
    llw_arena_free(arena);
    return left_out;
}
