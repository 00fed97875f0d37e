/* Stories as text, block by block. */
#include "render/story.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_COLUMNS = 8, MAX_ROWS = 64, GAP = 2 };

typedef struct telling {
    llw_text *out;
    const llw_style *style;
    llw_text block; /* the paragraph or item that is being collected */
    int indent;     /* of its second line */
    char *rows[MAX_ROWS];
    size_t n_rows;
    bool blank; /* an empty line is owed before the next block */
} telling;

/* The text without the marks ** and `; nothing in it can steer a terminal. */
static void add_plain(llw_text *out, const char *text, size_t len) {
    llw_text bare = {0};
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '`') continue;
        if (text[i] == '*' && i + 1 < len && text[i + 1] == '*') {
            i++;
            continue;
        }
        llw_text_addn(&bare, text + i, 1);
    }
    llw_text_add_safe(out, llw_text_str(&bare), bare.len, false);
    llw_text_fini(&bare);
}

static void start_block(telling *t) {
    if (t->blank && t->out->len) llw_text_add(t->out, "\n");
    t->blank = false;
}

static void end_paragraph(telling *t) {
    if (!t->block.len) return;
    start_block(t);
    llw_wrap(t->out, t->style, llw_text_str(&t->block), 0, t->indent);
    llw_text_add(t->out, "\n");
    llw_text_fini(&t->block);
    t->indent = 0;
}

/* ---- tables ---- */

static size_t split_row(const char *row, llw_text *cells) {
    size_t n = 0;
    for (const char *at = row + 1; *at && n < MAX_COLUMNS; n++) {
        size_t len = strcspn(at, "|"), from = strspn(at, " "), to = len;
        if (!at[len] && from >= len) break;
        while (to > from && at[to - 1] == ' ') to--;
        if (from < to) add_plain(&cells[n], at + from, to - from);
        at += len + (at[len] == '|');
    }
    return n;
}

static bool is_rule(const char *row) {
    return row[strspn(row, "|-: ")] == 0;
}

typedef struct table {
    llw_text cells[MAX_ROWS][MAX_COLUMNS];
    size_t n_rows, n_columns;
    int width[MAX_COLUMNS], whole;
} table;

static void read_table(const telling *t, table *out) {
    for (size_t i = 0; i < t->n_rows; i++) {
        if (is_rule(t->rows[i])) continue;
        size_t n = split_row(t->rows[i], out->cells[out->n_rows++]);
        if (n > out->n_columns) out->n_columns = n;
    }
    for (size_t c = 0; c < out->n_columns; c++) {
        for (size_t r = 0; r < out->n_rows; r++) {
            int width = (int)llw_text_width(llw_text_str(&out->cells[r][c]));
            if (width > out->width[c]) out->width[c] = width;
        }
        out->whole += out->width[c] + (c ? GAP : 0);
    }
}

static void write_columns(telling *t, const table *rows) {
    for (size_t r = 0; r < rows->n_rows; r++) {
        llw_text line = {0};
        for (size_t c = 0; c < rows->n_columns; c++) {
            const char *cell = llw_text_str(&rows->cells[r][c]);
            bool last = c + 1 == rows->n_columns;
            llw_text_addf(&line, "%s%*s", cell, last ? 0 : rows->width[c] - (int)llw_text_width(cell) + GAP,
                          "");
        }
        while (line.len && line.bytes[line.len - 1] == ' ') line.bytes[--line.len] = 0;
        llw_text_add(t->out, "  ");
        llw_paint(t->out, t->style, r ? LLW_PLAIN : LLW_BOLD, llw_text_str(&line));
        llw_text_add(t->out, "\n");
        llw_text_fini(&line);
    }
}

/* "-ub 512; the team's CUDA0: 448 MiB; one H200: 448.5 MiB" */
static void write_sentences(telling *t, const table *rows) {
    for (size_t r = 1; r < rows->n_rows; r++) {
        llw_text line = {0};
        for (size_t c = 0; c < rows->n_columns; c++) {
            const char *cell = llw_text_str(&rows->cells[r][c]), *head = llw_text_str(&rows->cells[0][c]);
            if (!*cell) continue;
            if (c) llw_text_add(&line, "; ");
            bool named = *head && (c || (*cell >= '0' && *cell <= '9')); /* "512" alone says nothing */
            if (named) llw_text_addf(&line, c ? "%s: " : "%s ", head);
            llw_text_add(&line, cell);
        }
        llw_text_add(t->out, "  ");
        llw_wrap(t->out, t->style, llw_text_str(&line), 2, 4);
        llw_text_add(t->out, "\n");
        llw_text_fini(&line);
    }
}

static void end_table(telling *t) {
    table *rows = t->n_rows ? calloc(1, sizeof *rows) : NULL;
    if (rows) {
        read_table(t, rows);
        start_block(t);
        if (rows->whole + 2 <= t->style->width)
            write_columns(t, rows);
        else
            write_sentences(t, rows);
        for (size_t r = 0; r < rows->n_rows; r++)
            for (size_t c = 0; c < MAX_COLUMNS; c++) llw_text_fini(&rows->cells[r][c]);
    }
    for (size_t i = 0; i < t->n_rows; i++) free(t->rows[i]);
    t->n_rows = 0;
    free(rows);
}

/* ---- blocks ---- */

/* The length of "- " or "12. "; 0 when the line begins no item. */
static size_t item_mark(const char *line) {
    size_t digits = strspn(line, "0123456789");
    return !strncmp(line, "- ", 2) ? 2 : digits && !strncmp(line + digits, ". ", 2) ? digits + 2 : 0;
}

static void take_line(telling *t, const char *line, size_t len) {
    size_t mark = item_mark(line), blanks = strspn(line, " ");
    if (blanks > len) blanks = len;
    if (*line == '|' && t->n_rows < MAX_ROWS) {
        end_paragraph(t);
        t->rows[t->n_rows++] = strndup(line, len);
        return; /* NOLINT(clang-analyzer-unix.Malloc): end_table frees the rows */
    }
    end_table(t);
    if (!len) {
        end_paragraph(t);
        t->blank = true;
    } else if (*line == '#') {
        end_paragraph(t);
        t->blank = true;
        start_block(t);
        llw_text head = {0};
        size_t skip = strspn(line, "# ");
        if (skip < len) add_plain(&head, line + skip, len - skip);
        llw_paint(t->out, t->style, LLW_BOLD, llw_text_str(&head));
        llw_text_add(t->out, "\n");
        llw_text_fini(&head);
        t->blank = true;
    } else {
        if (mark) end_paragraph(t);
        if (mark) t->indent = (int)mark;
        if (t->block.len) llw_text_add(&t->block, " ");
        add_plain(&t->block, line + blanks, len - blanks);
    }
}

/* "```facts,finds=RULE": the facts are for the tests, that they are there is for the reader. */
static void say_example(telling *t, const char *fence, size_t len) {
    llw_text line = {0};
    const char *rule = strstr(fence, "finds=");
    if (!rule || rule >= fence + len) return;
    llw_text_add(&line, "(An example, its facts are in the file: llwhy test runs it, and ");
    llw_text_add_safe(&line, rule + 6, (size_t)(fence + len - rule - 6), false);
    llw_text_add(&line, " fires.)");
    llw_wrap(t->out, t->style, llw_text_str(&line), 0, 0);
    llw_text_add(t->out, "\n");
    llw_text_fini(&line);
    t->blank = true;
}

static const char *past_front_matter(const char *markdown) {
    const char *end = strncmp(markdown, "---\n", 4) ? NULL : strstr(markdown + 4, "\n---\n");
    return end ? end + 5 : markdown;
}

void llw_render_story(llw_text *out, const llw_style *style, const char *markdown) {
    telling t = {.out = out, .style = style};
    bool code = false, hidden = false;
    for (const char *at = past_front_matter(markdown); *at; at += *at == '\n') {
        size_t len = strcspn(at, "\n");
        if (!strncmp(at, "```", 3)) {
            end_table(&t);
            end_paragraph(&t);
            hidden = !code && !strncmp(at, "```facts", 8);
            code = !code;
            if (code) start_block(&t);
            if (hidden) say_example(&t, at, len);
        } else if (code && !hidden) {
            llw_text_add(out, "  ");
            llw_text_add_safe(out, at, len, false);
            llw_text_add(out, "\n");
        } else if (!code)
            take_line(&t, at, len);
        at += len;
    }
    end_table(&t);
    end_paragraph(&t);
}
