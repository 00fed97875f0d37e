/* What a project brought along for llwhy, its .llwhy: read once, so that what somebody agrees to and what is
 * used are the same bytes.
 *
 * Only files that llwhy would read count: a rule, a story, a case, a table, a known model, in its folder. A
 * file whose name holds control characters, that is a link to a place outside of the overlay, no regular
 * file, or too long, is left out with its reason. Names and bytes belong to the arena. */
#ifndef LLW_BASE_OVERLAY_H
#define LLW_BASE_OVERLAY_H

#include "base/arena.h"
#include "base/data.h"
#include "base/error.h"
#include "base/text.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    LLW_OVERLAY_FILE = 8 << 20,   /* bytes of one file */
    LLW_OVERLAY_BYTES = 32 << 20, /* of all */
    LLW_OVERLAY_FILES = 4096,
    LLW_OVERLAY_TOLD = 8, /* of those left out */
};

typedef struct llw_overlay {
    const char *place;          /* the directory without links */
    const llw_data_file *files; /* sorted by name */
    size_t n, bytes;
    llw_err left_out[LLW_OVERLAY_TOLD]; /* the first of them */
    size_t n_left_out;
} llw_overlay;

/* Reads the overlay in a directory. False when there is no such directory. */
bool llw_overlay_read(llw_arena *arena, const char *directory, llw_overlay *out);

/* The overlay as one text: two overlays have the same only when they are the same place with the same files.
 * Every part is preceded by its length, the names as well, so that none can be written to pass for another.
 */
void llw_overlay_write(const llw_overlay *overlay, llw_text *out);

#endif
