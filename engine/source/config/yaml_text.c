/* Words of YAML scalars and their places. */
#include "source/config/yaml_text.h"

#include <ctype.h>
#include <string.h>

void llw_yaml_text_init(llw_yaml_text *c, llw_arena *arena, const char *path, const char *bytes, size_t len) {
    *c = (llw_yaml_text){.arena = arena,
                         .path = path,
                         .bytes = bytes,
                         .len = len,
                         .places = llw_places_new(arena, bytes, len)};
}

/* A scalar's text; each of its words is placed where it is found in the file (folding and escapes move text
 * about), or where the scalar starts. */
llw_rich llw_yaml_rich(const llw_yaml_text *c, const llw_yaml *node, const llw_link *link) {
    llw_rich out = {0};
    /* of a block the text begins below the line with its | or >- */
    size_t cursor = node->block ? llw_places_byte(c->places, node->line + 1, 1)
                                : llw_places_byte(c->places, node->line, node->column);
    llw_spot at = llw_places_of(c->places, cursor);
    size_t end = llw_places_byte(c->places, node->end_line, node->end_column);
    at.line = node->line, at.column = node->column; /* behind the last word */
    for (size_t i = 0; i < node->len;) {
        size_t n = 0;
        bool blank = isspace((unsigned char)node->text[i]);
        while (i + n < node->len && (isspace((unsigned char)node->text[i + n]) != 0) == blank) n++;
        const char *found =
            blank || cursor >= end ? NULL : memmem(c->bytes + cursor, end - cursor, node->text + i, n);
        if (found) {
            at = llw_places_of(c->places, (size_t)(found - c->bytes));
            cursor = (size_t)(found - c->bytes) + n;
        }
        llw_rich part = {0};
        llw_rich_read(c->arena, &part, node->text + i, n, at.line, at.column, link);
        for (size_t j = 0; !found && j < part.n; j++) {
            part.chars[j].line = at.line;
            part.chars[j].column = at.column;
        }
        if (found) at = llw_places_of(c->places, cursor);
        llw_rich_append(c->arena, &out, &part);
        i += n;
    }
    return out;
}

llw_rich llw_yaml_over(llw_arena *arena, const llw_yaml *node, llw_yaml_reading *one, const void *context) {
    enum { MAX_UNDER = 16 };
    const llw_yaml *layers[MAX_UNDER];
    const llw_token *lost = NULL;
    llw_rich out = {0};
    size_t n = 0;
    for (const llw_yaml *i = node; i && i->kind == LLW_YAML_SCALAR && n < MAX_UNDER; i = i->under)
        layers[n++] = i;
    while (n--) {
        llw_rich text = one(context, layers[n]);
        out = llw_rich_over(arena, &text, lost);
        llw_token *token = llw_arena_alloc(arena, sizeof *token);
        *token = llw_rich_token(arena, &out, NULL);
        token->lost = lost;
        lost = token;
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
