/* Markdown into passages, by md4c's events. md4c hands out pieces of the document itself, so where a piece
 * starts tells its line and column. */
#include "source/prose/markdown.h"
#include "base/places.h"

#include <md4c.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_DEPTH = 32,
    MAX_PASSAGES = 20000,
    MAX_CELLS = 32,
    MAX_TITLE = 300,     /* bytes of what a row or column is called */
    MAX_TITLES = 1 << 20 /* of those in front of all cells */
};

typedef struct reader {
    llw_arena *arena;
    const char *bytes;
    size_t len;
    llw_places *places;
    const llw_link *link;
    llw_document *out;
    size_t open[MAX_DEPTH]; /* items that are open */
    int n_open;
    int quotes, hidden; /* how many block quotes, and spans whose text counts for nothing, are open */
    bool writing;       /* the last passage takes text */
    const char *full;   /* why it does not, when it should: a sentence */
    bool head;          /* of a table */
    bool headed;        /* a heading was read: */
    size_t heading;     /* the latest */
    size_t titles;      /* bytes that stand in front of cells */
    llw_rich columns[MAX_CELLS], row;
    size_t cell;
} reader;

/* --- passages --- */

static size_t heading_of(const reader *r) {
    return r->headed ? r->heading : r->out->n;
}

/* A heading stands under the nearest one above it of a lower level. */
static size_t heading_above(const reader *r, int level) {
    size_t at = heading_of(r);
    while (at < r->out->n && r->out->items[at].level >= level) {
        size_t above = r->out->items[at].heading;
        if (above == at) return r->out->n;
        at = above;
    }
    return at;
}

static llw_passage *begin(reader *r, llw_passage_kind kind, int level) {
    r->writing = r->out->n < MAX_PASSAGES;
    r->full = r->writing ? NULL
                         : "the document goes on, but what follows is not read: these are 20,000 paragraphs, "
                           "items and cells";
    if (!r->writing) return NULL;
    size_t index = r->out->n, heading = kind == LLW_PASSAGE_HEADING ? heading_above(r, level) : heading_of(r);
    void *items = r->out->items;
    llw_passage *p = llw_arena_push(r->arena, &items, &r->out->n, &r->out->capacity, sizeof *p);
    r->out->items = items;
    *p = (llw_passage){.kind = kind,
                       .level = level,
                       .quoted = r->quotes > 0,
                       .info = "",
                       .parent = index,
                       .heading = heading};
    if (r->n_open > 1 && r->open[r->n_open - 2] < index) p->parent = r->open[r->n_open - 2];
    if (kind == LLW_PASSAGE_HEADING) {
        r->headed = true;
        r->heading = index;
    }
    return p;
}

/* From here on, or from there in the passage, something is left out. */
static void cut(reader *r, const char *at, const char *why) {
    if (r->out->cut || at < r->bytes || at >= r->bytes + r->len) return;
    r->out->cut = llw_places_of(r->places, (size_t)(at - r->bytes)).line;
    r->out->why = why;
}

static void append(reader *r, const char *text, size_t len) {
    if (r->hidden) return;
    if (!r->writing && r->full) cut(r, text, r->full);
    if (!r->writing) return;
    llw_rich *out = &r->out->items[r->out->n - 1].text;
    if (text < r->bytes || text >= r->bytes + r->len) { /* md4c's own: a line end, a replacement */
        for (size_t i = 0; i < len; i++) {
            const llw_char *last = out->n ? &out->chars[out->n - 1] : NULL;
            llw_rich_push(r->arena, out,
                          (llw_char){text[i], .line = last ? last->line : 1,
                                     .column = last ? last->column + 1 : 1, .link = r->link});
        }
        return;
    }
    bool code = r->out->items[r->out->n - 1].kind == LLW_PASSAGE_CODE; /* an example, or what was printed */
    if (out->n + len > LLW_RICH_MAX && !code)
        cut(r, text, "what follows of this paragraph is not read: it is longer than 128 KiB");
    llw_spot at = llw_places_of(r->places, (size_t)(text - r->bytes));
    size_t from = out->n;
    llw_rich_read(r->arena, out, text, len, at.line, at.column, r->link);
    size_t to = from; /* “ and ” as " */
    for (size_t i = from; i < out->n; i++) {
        bool quote = i + 2 < out->n &&
                     !memcmp("\xe2\x80", (char[]){out->chars[i].byte, out->chars[i + 1].byte}, 2) &&
                     (out->chars[i + 2].byte == '\x9c' || out->chars[i + 2].byte == '\x9d');
        out->chars[to] = out->chars[i];
        if (quote) {
            out->chars[to].byte = '"';
            i += 2;
        }
        to++;
    }
    out->n = to;
}

/* What a row or column is called, in front of a cell. */
static void append_title(reader *r, const llw_rich *title) {
    llw_rich start = llw_rich_slice(title, 0, title->n < MAX_TITLE ? title->n : MAX_TITLE);
    llw_rich_append(r->arena, &r->out->items[r->out->n - 1].text, &start);
    append(r, ": ", 2);
    r->titles += start.n;
}

static void begin_cell(reader *r) {
    llw_passage *p = begin(r, LLW_PASSAGE_CELL, 0);
    if (!p || r->head) return;
    if (r->titles > MAX_TITLES) {
        r->writing = false;
        r->full = "this table goes on, but what follows is not read: the titles of its cells are longer than "
                  "1 MiB in all";
        return;
    }
    if (r->cell) append_title(r, &r->row);
    p = &r->out->items[r->out->n - 1];
    size_t title = p->text.n;
    bool titled = r->cell < MAX_CELLS && r->columns[r->cell].n && r->cell;
    if (titled) append_title(r, &r->columns[r->cell]);
    p->lead = p->text.n;
    p->title = titled ? title : p->lead;
}

static void end_cell(reader *r) {
    if (r->writing && r->out->n) {
        const llw_rich *text = &r->out->items[r->out->n - 1].text;
        if (r->head && r->cell < MAX_CELLS) r->columns[r->cell] = *text;
        if (!r->head && !r->cell) r->row = *text;
    }
    r->cell++;
    r->writing = false;
}

/* --- events --- */

static const char *info_of(reader *r, const MD_BLOCK_CODE_DETAIL *code) {
    return code->lang.text && code->lang.size ? llw_arena_strndup(r->arena, code->lang.text, code->lang.size)
                                              : "";
}

static int enter_block(MD_BLOCKTYPE type, void *detail, void *context) {
    reader *r = context;
    llw_passage *p;
    switch (type) {
    case MD_BLOCK_QUOTE: r->quotes++; break;
    case MD_BLOCK_H: begin(r, LLW_PASSAGE_HEADING, (int)((MD_BLOCK_H_DETAIL *)detail)->level); break;
    case MD_BLOCK_P:
        /* the first paragraph of an item is the item's own text */
        if (r->n_open && r->out->n && r->open[r->n_open - 1] == r->out->n - 1 &&
            !r->out->items[r->out->n - 1].text.n)
            r->writing = true;
        else
            begin(r, LLW_PASSAGE_TEXT, 0);
        break;
    case MD_BLOCK_LI:
        if (r->n_open < MAX_DEPTH) r->open[r->n_open] = r->out->n;
        r->n_open++;
        if (r->n_open <= MAX_DEPTH) begin(r, LLW_PASSAGE_ITEM, 0);
        break;
    case MD_BLOCK_CODE:
        p = begin(r, LLW_PASSAGE_CODE, 0);
        if (p) p->info = info_of(r, detail);
        break;
    case MD_BLOCK_TABLE:
        for (size_t i = 0; i < MAX_CELLS; i++) r->columns[i] = (llw_rich){0};
        break;
    case MD_BLOCK_THEAD: r->head = true; break;
    case MD_BLOCK_TR:
        r->cell = 0;
        r->row = (llw_rich){0};
        break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD: begin_cell(r); break;
    case MD_BLOCK_HTML: r->hidden++; break;
    default: break;
    }
    return 0;
}

static int leave_block(MD_BLOCKTYPE type, void *detail, void *context) {
    (void)detail;
    reader *r = context;
    switch (type) {
    case MD_BLOCK_QUOTE: r->quotes--; break;
    case MD_BLOCK_LI:
        r->n_open--;
        r->writing = false;
        break;
    case MD_BLOCK_THEAD: r->head = false; break;
    case MD_BLOCK_TH:
    case MD_BLOCK_TD: end_cell(r); break;
    case MD_BLOCK_HTML: r->hidden--; break;
    case MD_BLOCK_H:
    case MD_BLOCK_P:
    case MD_BLOCK_CODE: r->writing = false; break;
    default: break;
    }
    return 0;
}

static int enter_span(MD_SPANTYPE type, void *detail, void *context) {
    (void)detail;
    reader *r = context;
    if (type == MD_SPAN_CODE) append(r, "`", 1);
    if (type == MD_SPAN_DEL || type == MD_SPAN_IMG) r->hidden++;
    return 0;
}

static int leave_span(MD_SPANTYPE type, void *detail, void *context) {
    (void)detail;
    reader *r = context;
    if (type == MD_SPAN_CODE) append(r, "`", 1);
    if (type == MD_SPAN_DEL || type == MD_SPAN_IMG) r->hidden--;
    return 0;
}

static int take_text(MD_TEXTTYPE type, const MD_CHAR *text, MD_SIZE size, void *context) {
    reader *r = context;
    switch (type) {
    case MD_TEXT_BR:
    case MD_TEXT_SOFTBR: append(r, "\n", 1); break;
    case MD_TEXT_HTML:
    case MD_TEXT_NULLCHAR: break;
    default: append(r, text, size); break;
    }
    return 0;
}

/* Behind a front matter of ---, or 0. */
static size_t skip_front(const char *bytes, size_t len) {
    if (len < 8 || strncmp(bytes, "---\n", 4)) return 0;
    const char *end = memmem(bytes + 3, len - 3, "\n---\n", 5);
    return end ? (size_t)(end - bytes) + 5 : 0;
}

void llw_markdown_read(llw_arena *arena, const char *bytes, size_t len, const llw_link *link,
                       llw_document *out) {
    reader *r = llw_arena_alloc(arena, sizeof *r);
    size_t from = skip_front(bytes, len);
    *out = (llw_document){0};
    *r = (reader){.arena = arena, .bytes = bytes, .len = len, .link = link, .out = out};
    r->places = llw_places_new(arena, bytes, len);
    const MD_PARSER parser = {.flags = MD_FLAG_TABLES | MD_FLAG_STRIKETHROUGH | MD_FLAG_TASKLISTS,
                              .enter_block = enter_block,
                              .leave_block = leave_block,
                              .enter_span = enter_span,
                              .leave_span = leave_span,
                              .text = take_text};
    md_parse(bytes + from, (MD_SIZE)(len - from), &parser, r);
}
