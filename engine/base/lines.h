/* Files as lines, each read once: for whoever quotes, hashes or edits the place of a finding.
 *
 * A line ends with \n, \r\n or \r. What is not there, too large or no regular file has no lines. Everything
 * lives in the arena given to llw_lines_new. */
#ifndef LLW_BASE_LINES_H
#define LLW_BASE_LINES_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

enum { LLW_LINES_MAX_BYTES = 4 << 20 };

typedef struct llw_lines_file {
    const char *path;
    size_t index;      /* in the order of the first asking, from 0 */
    const char *bytes; /* NULL when it cannot be read */
    size_t len;
    size_t *starts; /* offset of each line; a file that ends with a line end has no empty line behind it */
    size_t n;
    const char *shown; /* the bytes without secrets, for llw_lines_shown */
} llw_lines_file;

typedef struct llw_lines llw_lines;

llw_lines *llw_lines_new(llw_arena *arena);
/* The file, read at the first call; O(1) afterwards. Never NULL; look at bytes. */
const llw_lines_file *llw_lines_get(llw_lines *lines, const char *path);
/* The bytes of a line (from 1) without its end; false when there is no such line. */
bool llw_lines_line(const llw_lines_file *file, int line, const char **text, size_t *len);
/* The same of the text as it may be shown: secrets are starred byte for byte (base/secret.h). */
bool llw_lines_shown(llw_lines *lines, const char *path, int line, const char **text, size_t *len);
/* The offset in the line of a column, which counts code points from 1; a mark at the file's start does not
 * count. False when the line is shorter. */
bool llw_lines_offset(const llw_lines_file *file, int line, int column, size_t *offset);

#endif
