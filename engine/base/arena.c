/* Arena allocation: blocks of doubling size, freed together. The first one also holds the arena itself. */
#include "base/arena.h"
#include "base/sanitized.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* gcc's analyzer loses sight of a block once it hangs in an arena, and takes it for lost. */
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic ignored "-Wanalyzer-malloc-leak"
#endif

typedef struct block {
    struct block *next;
    size_t used, size;
    _Alignas(max_align_t) char bytes[];
} block;

struct llw_arena {
    block *head;
    size_t bytes;    /* handed out */
    llw_arena *into; /* the arena that adopted this one */
};

/* Blocks of freed arenas, kept for the next ones: predictions come and go by the dozen, and fresh
 * pages from the system cost more than the arithmetic. They are kept by size, and given to whoever wants that
 * size: a small arena that lives long must not sit in a large block. A sanitizer sees plain allocations
 * instead, and inside a block only what was asked for: a gap follows each piece. */
enum {
    KEEP = 32 << 20,
    MIN_BLOCK = 4096,
    LARGE = 1 << 16,
    SHEET = 1 << 18,
    MAX_BLOCK = 1 << 18,
    CLASSES = 8
};
enum { GAP = LLW_SANITIZED ? 16 : 0 };
static _Thread_local block *kept[CLASSES];
static _Thread_local size_t kept_bytes;

/* Blocks double from MIN_BLOCK to MAX_BLOCK; the last class has those that were made for one large thing. */
static int class_of(size_t size) {
    int class = 0;
    for (size_t of = MIN_BLOCK; of < size && class < CLASSES - 1; of *= 2) class ++;
    return class;
}

static void out_of_memory(void) {
    fputs("llwhy: out of memory\n", stderr);
    _Exit(5);
}

void *llw_xmalloc(size_t size) {
    void *p = calloc(1, size ? size : 1);
    if (!p) out_of_memory();
    return p;
}

void *llw_xrealloc(void *old, size_t size) {
    void *p = realloc(old, size ? size : 1);
    if (!p) out_of_memory();
    return p;
}

static bool keeps_blocks(void) {
    return !LLW_SANITIZED;
}

/* Memory comes from the system with all its pages at once: page by page they cost more than filling them. */
static void *pages(size_t size) {
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    if (p == MAP_FAILED) out_of_memory();
    return p;
}

/* Small blocks are cut from a sheet; they are never given back to the system, but kept. */
static block *cut(size_t bytes) {
    static _Thread_local char *sheet;
    static _Thread_local size_t left;
    bytes = (bytes + _Alignof(max_align_t) - 1) / _Alignof(max_align_t) * _Alignof(max_align_t);
    if (left < bytes) sheet = pages(left = SHEET);
    left -= bytes;
    return (block *)(void *)(sheet + left);
}

static block *block_new(size_t size) {
    size_t bytes = sizeof(block) + size;
    block *b = !keeps_blocks() ? llw_xmalloc(bytes) : size < LARGE ? cut(bytes) : pages(bytes);
    b->size = size;
    ASAN_POISON_MEMORY_REGION(b->bytes, size);
    return b;
}

static void give_back(block *b) {
    if (!keeps_blocks()) {
        free(b);
        return;
    }
    if (b->size >= LARGE && kept_bytes + b->size > KEEP) {
        munmap(b, sizeof *b + b->size);
        return;
    }
    block **of = &kept[class_of(b->size)];
    b->next = *of;
    *of = b;
    kept_bytes += b->size;
}

/* A kept block of the size wanted, at least of the size needed, or a new one. */
static block *take(size_t size, size_t want) {
    for (block **at = &kept[class_of(want)]; *at; at = &(*at)->next) {
        block *b = *at;
        if (b->size < size || b->size / 2 > want) continue;
        *at = b->next;
        kept_bytes -= b->size;
        memset(b->bytes, 0,
               b->used); /* now, not when it is given back: most of the last ones are not taken */
        b->used = 0;
        return b;
    }
    return block_new(want);
}

void llw_arena_free(llw_arena *arena) {
    if (!arena) return;
    for (block *b = arena->head; b;) {
        block *next = b->next;
        give_back(b);
        b = next;
    }
}

void *llw_arena_alloc(llw_arena *arena, size_t size) {
    const size_t align = _Alignof(max_align_t);
    if (size > SIZE_MAX / 4) out_of_memory();
    size_t room = (size + align - 1) / align * align + GAP;
    while (arena->into) arena = arena->into;
    block *b = arena->head;
    if (!b || b->size - b->used < room) {
        size_t want = b ? b->size * 2 : MIN_BLOCK;
        if (want > MAX_BLOCK) want = MAX_BLOCK;
        if (want < room) want = room;
        b = take(room, want);
        b->next = arena->head;
        arena->head = b;
    }
    void *p = b->bytes + b->used;
    b->used += room;
    arena->bytes += room;
    ASAN_UNPOISON_MEMORY_REGION(p, size);
    return p;
}

llw_arena *llw_arena_new(void) {
    llw_arena own = {.head = take(sizeof own, MIN_BLOCK)};
    own.head->next = NULL;
    llw_arena *arena = llw_arena_alloc(&own, sizeof own);
    *arena = own;
    return arena;
}

void llw_arena_adopt(llw_arena *arena, llw_arena *other) {
    block *last = other->head;
    while (last->next) last = last->next;
    arena->bytes += other->bytes;
    last->next = arena->head->next; /* the head goes on being filled */
    arena->head->next = other->head;
    other->into = arena; /* who still knows the other one allocates here */
}

size_t llw_arena_bytes(const llw_arena *arena) {
    return arena->bytes;
}

char *llw_arena_strndup(llw_arena *arena, const char *text, size_t len) {
    char *copy = llw_arena_alloc(arena, len + 1);
    memcpy(copy, text, len);
    return copy;
}

char *llw_arena_strdup(llw_arena *arena, const char *text) {
    return llw_arena_strndup(arena, text, strlen(text));
}

char *llw_arena_printf(llw_arena *arena, const char *fmt, ...) {
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    char *text = llw_arena_alloc(arena, (size_t)(len < 0 ? 0 : len) + 1);
    if (len > 0) vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return text;
}

void *llw_arena_push(llw_arena *arena, void **items, size_t *count, size_t *capacity, size_t size) {
    if (*count == *capacity) {
        size_t want = *capacity ? *capacity * 2 : 8;
        if (want > SIZE_MAX / 2 / size) out_of_memory();
        void *grown = llw_arena_alloc(arena, want * size);
        if (*count) memcpy(grown, *items, *count * size);
        *items = grown;
        *capacity = want;
    }
    return (char *)*items + (*count)++ * size;
}
