/* Words of YAML scalars and their places. */
#include "source/config/yaml_text.h"

#include <ctype.h>
#include <string.h>

void llw_yaml_text_init(llw_yaml_text *c, llw_arena *arena, const char *path, const char *bytes, size_t len) {
    void *items = NULL;
    *c = (llw_yaml_text){.arena = arena, .path = path, .bytes = bytes, .len = len};
    *(size_t *)llw_arena_push(c->arena, &items, &c->n_lines, &c->line_capacity, sizeof(size_t)) = 0;
    for (size_t i = 0; i < c->len; i++)
        if (c->bytes[i] == '\n')
            *(size_t *)llw_arena_push(c->arena, &items, &c->n_lines, &c->line_capacity, sizeof(size_t)) =
                i + 1;
    c->lines = items;
}

/* Byte of a line and a column of code points. */
static size_t offset_of(const llw_yaml_text *c, int line, int column) {
    if (line < 1 || (size_t)line > c->n_lines) return c->len;
    size_t at = c->lines[line - 1];
    for (int i = 1; i < column && at < c->len && c->bytes[at] != '\n'; i++) do
            at++;
        while (at < c->len && ((unsigned char)c->bytes[at] & 0xc0) == 0x80);
    return at;
}

static void place_of(const llw_yaml_text *c, size_t at, int *line, int *column) {
    size_t low = 0, high = c->n_lines;
    while (high - low > 1) {
        size_t mid = (low + high) / 2;
        if (c->lines[mid] <= at)
            low = mid;
        else
            high = mid;
    }
    *line = (int)low + 1;
    *column = 1;
    for (size_t i = c->lines[low]; i < at; i++) *column += ((unsigned char)c->bytes[i] & 0xc0) != 0x80;
}

/* A scalar's text; each of its words is placed where it is found in the file (folding and escapes move text
 * about), or where the scalar starts. */
llw_rich llw_yaml_rich(const llw_yaml_text *c, const llw_yaml *node, const llw_link *link) {
    llw_rich out = {0};
    size_t cursor = offset_of(c, node->line, node->column),
           end = offset_of(c, node->end_line, node->end_column);
    int line = node->line, column = node->column; /* behind the last word */
    if (end > c->len) end = c->len;
    for (size_t i = 0; i < node->len;) {
        size_t n = 0;
        bool blank = isspace((unsigned char)node->text[i]);
        while (i + n < node->len && (isspace((unsigned char)node->text[i + n]) != 0) == blank) n++;
        const char *found =
            blank || cursor >= end ? NULL : memmem(c->bytes + cursor, end - cursor, node->text + i, n);
        if (found) {
            place_of(c, (size_t)(found - c->bytes), &line, &column);
            cursor = (size_t)(found - c->bytes) + n;
        }
        llw_rich part = {0};
        llw_rich_read(c->arena, &part, node->text + i, n, line, column, link);
        for (size_t j = 0; !found && j < part.n; j++) {
            part.chars[j].line = line;
            part.chars[j].column = column;
        }
        if (found) place_of(c, cursor, &line, &column);
        llw_rich_append(c->arena, &out, &part);
        i += n;
    }
    return out;
}

int llw_yaml_last_line(const llw_yaml *node) {
    int line = node->end_line;
    for (int i = 0; node && i < LLW_YAML_MAX_DEPTH; i++) {
        if (node->end_line > line) line = node->end_line;
        node = node->last;
    }
    return line;
}

bool llw_yaml_is_null(const llw_yaml *node) {
    return !node || (node->kind == LLW_YAML_SCALAR && node->plain &&
                     (!*node->text || !strcmp(node->text, "~") || !strcmp(node->text, "null")));
}
