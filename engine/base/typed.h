/* Lines that are typed or piped into a program. */
#ifndef LLW_BASE_TYPED_H
#define LLW_BASE_TYPED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { LLW_TYPED_MAX = 64 << 10 }; /* what a person types, or a script for one */

/* Reads a line without its end into line[cap + 1]. Of a longer one the first cap bytes are kept and the rest
 * is passed over: *len is the length of the whole line. False at the end of the input. */
bool llw_typed_line(FILE *in, char *line, size_t cap, size_t *len);

#endif
