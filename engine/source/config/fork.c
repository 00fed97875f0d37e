/* The table of forks' words. */
#include "source/config/fork.h"
#include "base/arena.h"
#include "base/table.h"

#include <string.h>

const char llw_fork_ik[] = "ik_llama.cpp";

const char *llw_fork_of(const char *word) {
    static llw_arena *arena;
    static llw_table table;
    if (!arena) {
        arena = llw_arena_new();
        if (llw_table_read(arena, "models/forks.tsv", &table, NULL) != LLW_OK) table = (llw_table){0};
    }
    if (!table.n_rows) return NULL;
    int column = llw_table_column(&table, "word");
    for (size_t i = 0; i < table.n_rows; i++)
        if (!strcmp(llw_table_cell(&table, i, column), word))
            return llw_table_cell(&table, i, llw_table_column(&table, "fork"));
    return NULL;
}
