/* Tab-separated tables with a header line: how llwhy keeps knowledge as data.
 *
 * Lines starting with # and empty lines are skipped. Cells are borrowed from the arena's copy; a missing cell
 * is "". Columns are found by the header's names, so that adding one breaks nobody. */
#ifndef LLW_BASE_TABLE_H
#define LLW_BASE_TABLE_H

#include "base/arena.h"
#include "base/error.h"

typedef struct llw_table {
    const char *path; /* for messages */
    const char **header;
    size_t n_columns;
    const char ***rows;
    int *lines; /* source line of each row */
    size_t n_rows;
} llw_table;

/* Reads a data file by name ("models/gpus.tsv", see base/data.h). */
llw_rc llw_table_read(llw_arena *arena, const char *name, llw_table *out, llw_err *err);
llw_rc llw_table_parse(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_table *out,
                       llw_err *err);

/* The column of that name, or -1. The cell, "" when absent. */
int llw_table_column(const llw_table *table, const char *name);
const char *llw_table_cell(const llw_table *table, size_t row, int column);

#endif
