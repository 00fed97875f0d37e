/* How far a mistyped word is from one that exists. */
#ifndef LLW_BASE_DISTANCE_H
#define LLW_BASE_DISTANCE_H

#include <stddef.h>

/* Letters to insert, delete, replace or exchange with the next until a is b. More than `limit`, or a word of
 * more than 63 bytes, is limit + 1. */
size_t llw_distance(const char *a, const char *b, size_t limit);

/* What a mistyped word of this length may be off: 1, 2, or 3 for long ones. */
size_t llw_distance_allowed(const char *word);

/* The nearest of several words to a mistyped one: name is NULL while none is near enough. */
typedef struct llw_nearest {
    const char *to, *name;
    size_t best; /* a word has to be nearer than this */
    size_t len;  /* of the name, when it continues the word; 0 */
} llw_nearest;

/* Looks for words that are off by no more than a mistyped word of this length may be. One that continues the
 * word (ctx-size of ctx) is off by 1; of several such the shortest is meant. */
llw_nearest llw_nearest_to(const char *word);
void llw_nearest_try(llw_nearest *nearest, const char *name);

#endif
