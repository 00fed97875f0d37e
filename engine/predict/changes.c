/* Reads models/changes.tsv and answers for a build. */
#include "predict/changes.h"

#include "base/table.h"
#include "fact/build.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

typedef struct change {
    size_t key;
    int64_t since, until, value; /* since <= order < until */
} change;

static const char *const keys[] = {
#define LLW_CHANGE(key, meaning) #key,
#include "predict/changes.def"
#undef LLW_CHANGE
};
enum { KEYS = sizeof keys / sizeof *keys, ROWS = 256 };

static change rows[ROWS];
static size_t n_rows;
static bool loaded;

static bool key_find(const char *name, size_t *key) {
    for (*key = 0; *key < KEYS; (*key)++)
        if (!strcmp(keys[*key], name)) return true;
    return false;
}

static void load(void) {
    loaded = true;
    llw_arena *arena = llw_arena_new();
    llw_table table;
    llw_err err;
    if (llw_table_read(arena, "models/changes.tsv", &table, &err) == LLW_OK) {
        int key = llw_table_column(&table, "key"), since = llw_table_column(&table, "since");
        int until = llw_table_column(&table, "until"), value = llw_table_column(&table, "value");
        for (size_t i = 0; i < table.n_rows && n_rows < ROWS; i++) {
            change row = {0, INT64_MIN, INT64_MAX, strtoll(llw_table_cell(&table, i, value), NULL, 10)};
            const char *from = llw_table_cell(&table, i, since), *to = llw_table_cell(&table, i, until);
            if (!key_find(llw_table_cell(&table, i, key), &row.key)) continue;
            if (*from && (row.since = llw_build_order(from)) < 0) continue;
            if (*to && (row.until = llw_build_order(to)) < 0) continue;
            rows[n_rows++] = row;
        }
    }
    llw_arena_free(arena);
}

void llw_changes_read(int64_t build_order, llw_changes *out) {
    if (!loaded) load();
    int64_t values[KEYS] = {0};
    for (size_t i = 0; i < n_rows; i++)
        if (build_order >= rows[i].since && build_order < rows[i].until) values[rows[i].key] = rows[i].value;
    size_t at = 0;
#define LLW_CHANGE(key, meaning) out->key = values[at++];
#include "predict/changes.def"
#undef LLW_CHANGE
}
