/* A Markdown document as the passages a reader would take one by one, each byte with its line and column.
 *
 * Markdown is read by md4c. A passage is a paragraph, a heading, a list item's own text, a table cell or a
 * block of code. A cell is led in by the first cell of its row and the head of its column, so that it can be
 * understood alone. Typographic quotes become plain ones, code spans keep their backticks, what is struck
 * out, hidden in comments or an image's title is left out. A document has an end: what is beyond it, or does
 * not fit a passage, is left out, and `cut` tells where. Results live in the arena; cost is linear. */
#ifndef LLW_SOURCE_MARKDOWN_H
#define LLW_SOURCE_MARKDOWN_H

#include "source/shell/rich.h"

typedef enum llw_passage_kind {
    LLW_PASSAGE_TEXT,
    LLW_PASSAGE_HEADING,
    LLW_PASSAGE_ITEM,
    LLW_PASSAGE_CELL,
    LLW_PASSAGE_CODE,
} llw_passage_kind;

typedef struct llw_passage {
    llw_passage_kind kind;
    llw_rich text;
    int level;        /* of a heading, 1 to 6 */
    bool quoted;      /* inside a block quote */
    const char *info; /* of a code block: "sh"; else "" */
    size_t lead;      /* of a cell: bytes that are not its own */
    size_t title;     /* ... and where among those its column's title starts; lead when it has none */
    size_t parent;    /* of an item inside another: that one; else its own index */
    size_t heading;   /* index of the heading it stands under; its own index when there is none */
} llw_passage;

typedef struct llw_document {
    llw_passage *items;
    size_t n, capacity;
    int cut;         /* the first line with something that was left out, 0: nothing was */
    const char *why; /* a sentence */
} llw_document;

/* `link` names the file. A front matter between two lines of --- is passed over. */
void llw_markdown_read(llw_arena *arena, const char *bytes, size_t len, const llw_link *link,
                       llw_document *out);

#endif
