/* The rolling hash of lines. */
#include "render/line_hash.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK = 100, MULTIPLIER = 37, END_OF_FILE = 0xffff };

typedef struct roller {
    uint32_t window[BLOCK];
    bool starts[BLOCK]; /* a line starts with that character */
    size_t index;
    uint64_t hash, first; /* first: what the oldest character counts */
    bool line_start, after_return;
    llw_line_hash *out;
    size_t n, capacity;
} roller;

static void roll(roller *r, uint32_t c) {
    r->hash = r->hash * MULTIPLIER + c - r->first * r->window[r->index];
    r->window[r->index] = c;
    r->index = (r->index + 1) % BLOCK;
}

/* The block of the line that started BLOCK characters ago is full. */
static void emit(roller *r) {
    if (!r->starts[r->index]) return;
    r->starts[r->index] = false;
    if (r->n < r->capacity) r->out[r->n++].hash = r->hash;
}

static void feed(roller *r, uint32_t c) {
    if (c == ' ' || c == '\t' || (r->after_return && c == '\n')) {
        r->after_return = false;
        return;
    }
    r->after_return = c == '\r';
    if (c == '\r') c = '\n';
    emit(r);
    r->starts[r->index] = r->line_start;
    r->line_start = c == '\n';
    roll(r, c);
}

/* The next character of UTF-8 as the UTF-16 units that JavaScript sees. Returns the bytes used. */
static size_t feed_next(roller *r, const unsigned char *s, size_t len) {
    size_t need = s[0] < 0x80                   ? 1
                  : s[0] >= 0xc2 && s[0] < 0xe0 ? 2
                  : (s[0] & 0xf0) == 0xe0       ? 3
                  : s[0] >= 0xf0 && s[0] < 0xf5 ? 4
                                                : 0;
    uint32_t c = need == 1 ? s[0] : need ? s[0] & (0x7fu >> need) : 0xfffd;
    if (need > len) need = 0;
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80) {
            need = 0;
            break;
        }
        c = c << 6 | (s[i] & 0x3fu);
    }
    if (!need) c = 0xfffd;
    if (c >= 0x10000) {
        feed(r, 0xd800 + ((c - 0x10000) >> 10));
        feed(r, 0xdc00 + ((c - 0x10000) & 0x3ff));
    } else
        feed(r, c);
    return need ? need : 1;
}

static int by_hash(const void *a, const void *b) {
    const llw_line_hash *x = *(llw_line_hash *const *)a, *y = *(llw_line_hash *const *)b;
    if (x->hash != y->hash) return x->hash < y->hash ? -1 : 1;
    return (x > y) - (x < y);
}

static void count_times(llw_line_hash *hashes, size_t n) {
    llw_line_hash **sorted = llw_xmalloc((n + 1) * sizeof *sorted);
    for (size_t i = 0; i < n; i++) sorted[i] = &hashes[i];
    qsort(sorted, n, sizeof *sorted, by_hash);
    for (size_t i = 0; i < n; i++)
        sorted[i]->times = i && sorted[i - 1]->hash == sorted[i]->hash ? sorted[i - 1]->times + 1 : 1;
    free(sorted);
}

const llw_line_hash *llw_line_hashes(const llw_lines_file *file, llw_arena *arena, size_t *n) {
    roller r = {.first = 1, .line_start = true, .capacity = file->n + 1};
    r.out = llw_arena_alloc(arena, r.capacity * sizeof *r.out);
    for (int i = 0; i < BLOCK; i++) r.first *= MULTIPLIER;
    for (size_t at = 0; file->bytes && at < file->len;)
        at += feed_next(&r, (const unsigned char *)file->bytes + at, file->len - at);
    feed(&r, END_OF_FILE);
    for (int i = 0; i < BLOCK; i++) {
        emit(&r);
        roll(&r, 0);
    }
    if (r.n) count_times(r.out, r.n);
    *n = r.n;
    return r.out;
}
