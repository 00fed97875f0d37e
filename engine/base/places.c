/* The index of lines, and a cursor that walks forward from the place that was asked for last. */
#include "base/places.h"

llw_places *llw_places_new(llw_arena *arena, const char *bytes, size_t len) {
    llw_places *p = llw_arena_alloc(arena, sizeof *p);
    *p = (llw_places){.bytes = bytes, .len = len, .n_lines = 1, .last = {0, 1, 1}};
    for (size_t i = 0; i < len; i++) p->n_lines += bytes[i] == '\n';
    p->lines = llw_arena_alloc(arena, p->n_lines * sizeof *p->lines);
    p->lines[0] = 0;
    for (size_t i = 0, n = 1; i < len; i++)
        if (bytes[i] == '\n') p->lines[n++] = i + 1;
    return p;
}

static bool is_continued(const llw_places *p, size_t byte) {
    return ((unsigned char)p->bytes[byte] & 0xc0) == 0x80;
}

static llw_spot start_of_line(const llw_places *p, size_t byte) {
    size_t low = 0, high = p->n_lines;
    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;
        *(p->lines[middle] <= byte ? &low : &high) = middle;
    }
    return (llw_spot){p->lines[low], (int)low + 1, 1};
}

llw_spot llw_places_of(llw_places *p, size_t byte) {
    size_t next = (size_t)p->last.line < p->n_lines ? p->lines[p->last.line] : p->len + 1;
    if (byte < p->last.byte || byte >= next) p->last = start_of_line(p, byte);
    for (; p->last.byte < byte; p->last.byte++) p->last.column += !is_continued(p, p->last.byte);
    return p->last;
}

size_t llw_places_byte(llw_places *p, int line, int column) {
    if (line < 1 || (size_t)line > p->n_lines) return p->len;
    llw_spot at = {p->lines[line - 1], line, 1};
    if (p->last.line == line && p->last.column <= column) at = p->last;
    for (; at.column < column && at.byte < p->len && p->bytes[at.byte] != '\n'; at.column++) do
            at.byte++;
        while (at.byte < p->len && is_continued(p, at.byte));
    return at.byte;
}
