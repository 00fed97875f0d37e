/* What a file that is no GGUF looks like, and what to do about it. */
#ifndef LLW_SOURCE_LOOKS_H
#define LLW_SOURCE_LOOKS_H

#include <stddef.h>

enum { LLW_LOOKS_MAX = 240 };

/* Fills and returns buf: the rest of a sentence that starts with the file's name. head is the first len bytes
 * of the file (512 are enough). */
char *llw_looks_like(const unsigned char *head, size_t len, char buf[LLW_LOOKS_MAX]);

#endif
