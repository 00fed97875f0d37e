/* GitHub's primaryLocationLineHash: how code scanning knows a finding again when lines move. */
#ifndef LLW_RENDER_LINE_HASH_H
#define LLW_RENDER_LINE_HASH_H

#include "base/lines.h"

#include <stdint.h>

typedef struct llw_line_hash {
    uint64_t hash;
    unsigned times; /* how often it came up to this line: the second of two equal places has 2 */
} llw_line_hash;

/* One for each line of the file, in the arena; *n of them (one more than file->n when the file ends with a
 * line end). A rolling hash over the 100 characters from the line's start on, blanks left out and line ends
 * alike. Source: github/codeql-action src/fingerprints.ts, whose values tests/test_lint.c repeats. O(len). */
const llw_line_hash *llw_line_hashes(const llw_lines_file *file, llw_arena *arena, size_t *n);

#endif
