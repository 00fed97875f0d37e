/* Lines from a stream, of any length, in memory of a fixed one. */
#include "base/typed.h"

bool llw_typed_line(FILE *in, char *line, size_t cap, size_t *len) {
    int c;
    *len = 0;
    for (; (c = getc_unlocked(in)) != EOF && c != '\n'; ++*len)
        if (*len < cap) line[*len] = (char)c;
    line[*len < cap ? *len : cap] = 0;
    return c != EOF || *len;
}
