/* Lines and columns of a text's bytes; columns count code points, both start at 1.
 *
 * Who asks for places in the order in which they stand pays for each byte once, however long a line is; a
 * step back costs the length of its line. The text is borrowed, the index lives in the arena. */
#ifndef LLW_BASE_PLACES_H
#define LLW_BASE_PLACES_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

typedef struct llw_spot {
    size_t byte;
    int line, column;
} llw_spot;

typedef struct llw_places {
    const char *bytes;
    size_t len;
    size_t *lines; /* where each line starts */
    size_t n_lines;
    llw_spot last; /* that was asked for */
} llw_places;

llw_places *llw_places_new(llw_arena *arena, const char *bytes, size_t len);
/* The place of a byte, or of the end. */
llw_spot llw_places_of(llw_places *places, size_t byte);
/* The byte of a line and column: at most the end of that line; of a line that is not there, the text's. */
size_t llw_places_byte(llw_places *places, int line, int column);

#endif
