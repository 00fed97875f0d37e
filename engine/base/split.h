/* A line of words as somebody typed it: blanks part them, quotes keep a word together, nothing else is
 * special. */
#ifndef LLW_BASE_SPLIT_H
#define LLW_BASE_SPLIT_H

#include "base/arena.h"

/* The words, NULL-terminated, and how many. Quotes that never close reach to the end. */
const char **llw_split_words(llw_arena *arena, const char *line, size_t *n);

#endif
