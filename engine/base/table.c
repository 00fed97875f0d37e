/* Tab-separated tables. */
#include "base/table.h"
#include "base/data.h"

#include <string.h>

static size_t count_cells(const char *line) {
    size_t n = 1;
    for (; *line; line++) n += *line == '\t';
    return n;
}

/* Cuts a line into cells, at most so many; what is missing is "". Says how many there are. */
static size_t split(char *line, const char **cells, size_t most) {
    size_t n = 0;
    for (char *at = line, end = '\t'; end; at++) { /* most cells are empty or a word: no call for each */
        if (n++ < most) cells[n - 1] = at;
        while (*at && *at != '\t') at++;
        end = *at;
        *at = 0;
    }
    for (size_t i = n; i < most; i++) cells[i] = "";
    return n;
}

llw_rc llw_table_parse(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_table *out,
                       llw_err *err) {
    *out = (llw_table){.path = path};
    char *text = llw_arena_strndup(arena, bytes, len);
    void *rows = NULL, *lines = NULL;
    size_t row_capacity = 0, n_lines = 0, line_capacity = 0;
    int number = 0;
    for (char *line = text; line;) {
        number++;
        char *end = strchr(line, '\n'), *next = end ? end + 1 : NULL;
        if (end) *end = 0;
        size_t used = strlen(line);
        if (used && line[used - 1] == '\r') line[used - 1] = 0;
        if (*line && *line != '#') {
            if (!out->header) out->n_columns = count_cells(line);
            const char **cells = llw_arena_alloc(arena, out->n_columns * sizeof *cells);
            size_t n = split(line, cells, out->n_columns);
            if (n > out->n_columns)
                return llw_fail(err, LLW_ERR_INPUT, path, number, "has %zu columns, the header only %zu", n,
                                out->n_columns);
            if (!out->header) {
                out->header = cells;
            } else {
                *(const char ***)llw_arena_push(arena, &rows, &out->n_rows, &row_capacity, sizeof cells) =
                    cells;
                *(int *)llw_arena_push(arena, &lines, &n_lines, &line_capacity, sizeof(int)) = number;
            }
        }
        line = next;
    }
    out->rows = rows;
    out->lines = lines;
    if (!out->header)
        return llw_fail(err, LLW_ERR_INPUT, path, 0, "is empty: a table starts with a header line");
    return LLW_OK;
}

llw_rc llw_table_read(llw_arena *arena, const char *name, llw_table *out, llw_err *err) {
    const char *bytes = NULL, *path = NULL;
    size_t len = 0;
    llw_rc rc = llw_data_read(arena, name, &bytes, &len, &path, err);
    return rc == LLW_OK ? llw_table_parse(arena, path, bytes, len, out, err) : rc;
}

int llw_table_column(const llw_table *table, const char *name) {
    for (size_t i = 0; i < table->n_columns; i++)
        if (!strcmp(table->header[i], name)) return (int)i;
    return -1;
}

const char *llw_table_cell(const llw_table *table, size_t row, int column) {
    return column < 0 || row >= table->n_rows ? "" : table->rows[row][column];
}
