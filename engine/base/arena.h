/* Memory by lifetime: everything allocated from an arena lives until the arena is freed.
 *
 * Allocation never returns NULL: out of memory ends the process with a message and exit code 5, because no
 * answer could be given. Sizes taken from input must be checked against the bytes that are there before they
 * reach an arena. */
#ifndef LLW_BASE_ARENA_H
#define LLW_BASE_ARENA_H

#include <stddef.h>

typedef struct llw_arena llw_arena;

llw_arena *llw_arena_new(void) __attribute__((returns_nonnull));
void llw_arena_free(llw_arena *arena); /* NULL is fine */

/* What `other` holds belongs to `arena` from now on; who allocates from `other` allocates from `arena`. */
void llw_arena_adopt(llw_arena *arena, llw_arena *other);

/* Zeroed memory, aligned for any type; O(1) amortised. */
void *llw_arena_alloc(llw_arena *arena, size_t size) __attribute__((returns_nonnull));

/* A copy of size bytes / of a string / of at most len bytes of it, NUL-terminated. */
char *llw_arena_strdup(llw_arena *arena, const char *text) __attribute__((returns_nonnull));
char *llw_arena_strndup(llw_arena *arena, const char *text, size_t len) __attribute__((returns_nonnull));
char *llw_arena_printf(llw_arena *arena, const char *fmt, ...)
    __attribute__((format(printf, 2, 3), returns_nonnull));

/* Grows an arena array: returns a place for one more element of the given size. items, count and capacity
 * belong to the caller; the old block stays in the arena (doubling, so at most as much again is wasted). */
void *llw_arena_push(llw_arena *arena, void **items, size_t *count, size_t *capacity, size_t size)
    __attribute__((returns_nonnull));

/* Bytes handed out so far. */
size_t llw_arena_bytes(const llw_arena *arena);

/* malloc, of zeros, and realloc that end the process instead of returning NULL, for the few things with their
 * own lifetime. */
void *llw_xmalloc(size_t size) __attribute__((returns_nonnull));
void *llw_xrealloc(void *old, size_t size) __attribute__((returns_nonnull));

#endif
