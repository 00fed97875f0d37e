/* Reads models/changes.tsv, flash-attention.tsv and graph-room.tsv, and answers for a build. */
#include "predict/changes.h"

#include "base/data.h"
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
static unsigned loaded; /* the generation of the data that was read */

static bool key_find(const char *name, size_t *key) {
    for (*key = 0; *key < KEYS; (*key)++)
        if (!strcmp(keys[*key], name)) return true;
    return false;
}

typedef struct flash {
    int64_t since, until, key, value;
    int heads;
} flash;

static flash flashes[ROWS];
static size_t n_flashes;

static bool range(const llw_table *table, size_t row, int since, int until, int64_t *from, int64_t *to) {
    const char *first = llw_table_cell(table, row, since), *last = llw_table_cell(table, row, until);
    *from = INT64_MIN;
    *to = INT64_MAX;
    if (*first && (*from = llw_build_order(first)) < 0) return false;
    return !*last || (*to = llw_build_order(last)) >= 0;
}

static void load_flash(llw_arena *arena) {
    llw_table table;
    llw_err err;
    if (llw_table_read(arena, "models/flash-attention.tsv", &table, &err) != LLW_OK) return;
    int key = llw_table_column(&table, "key"), value = llw_table_column(&table, "value"),
        heads = llw_table_column(&table, "heads");
    int since = llw_table_column(&table, "since"), until = llw_table_column(&table, "until");
    for (size_t i = 0; i < table.n_rows && n_flashes < ROWS; i++) {
        flash row = {0};
        const char *share = llw_table_cell(&table, i, heads);
        row.key = strtoll(llw_table_cell(&table, i, key), NULL, 10);
        row.value = strtoll(llw_table_cell(&table, i, value), NULL, 10);
        row.heads = !strcmp(share, "any") ? 0 : !strcmp(share, "grouped") ? 1 : (int)strtol(share, NULL, 10);
        if (range(&table, i, since, until, &row.since, &row.until)) flashes[n_flashes++] = row;
    }
}

typedef struct room {
    char architecture[32];
    int64_t since, until, least, per_token, per_weight;
} room;

static room rooms[ROWS];
static size_t n_rooms;

static int64_t number(const llw_table *table, size_t row, const char *column) {
    return strtoll(llw_table_cell(table, row, llw_table_column(table, column)), NULL, 10);
}

static void load_rooms(llw_arena *arena) {
    llw_table table;
    llw_err err;
    if (llw_table_read(arena, "models/graph-room.tsv", &table, &err) != LLW_OK) return;
    int name = llw_table_column(&table, "architecture"), since = llw_table_column(&table, "since"),
        until = llw_table_column(&table, "until");
    for (size_t i = 0; i < table.n_rows && n_rooms < ROWS; i++) {
        room row = {.least = number(&table, i, "least"),
                    .per_token = number(&table, i, "per_token"),
                    .per_weight = number(&table, i, "per_weight")};
        const char *architecture = llw_table_cell(&table, i, name);
        if (strlen(architecture) >= sizeof row.architecture) continue;
        memcpy(row.architecture, architecture, strlen(architecture) + 1);
        if (range(&table, i, since, until, &row.since, &row.until)) rooms[n_rooms++] = row;
    }
}

typedef struct newcomer {
    char architecture[32];
    int64_t absent; /* the newest build known to lack it */
} newcomer;

static newcomer newcomers[ROWS];
static size_t n_newcomers;

static void load_newcomers(llw_arena *arena) {
    llw_table table;
    llw_err err;
    if (llw_table_read(arena, "models/architectures.tsv", &table, &err) != LLW_OK) return;
    int name = llw_table_column(&table, "name"), absent = llw_table_column(&table, "absent");
    for (size_t i = 0; i < table.n_rows && n_newcomers < ROWS; i++) {
        const char *architecture = llw_table_cell(&table, i, name),
                   *build = llw_table_cell(&table, i, absent);
        newcomer *row = &newcomers[n_newcomers];
        if (!*build || strlen(architecture) >= sizeof row->architecture) continue;
        row->absent = llw_build_order(build);
        if (row->absent < 0) continue;
        memcpy(row->architecture, architecture, strlen(architecture) + 1);
        n_newcomers++;
    }
}

static void load(void) {
    loaded = llw_data_generation();
    n_rows = n_flashes = n_newcomers = n_rooms = 0;
    llw_arena *arena = llw_arena_new();
    load_flash(arena);
    load_newcomers(arena);
    load_rooms(arena);
    llw_table table;
    llw_err err;
    if (llw_table_read(arena, "models/changes.tsv", &table, &err) == LLW_OK) {
        int key = llw_table_column(&table, "key"), since = llw_table_column(&table, "since");
        int until = llw_table_column(&table, "until"), value = llw_table_column(&table, "value");
        for (size_t i = 0; i < table.n_rows && n_rows < ROWS; i++) {
            change row = {.value = strtoll(llw_table_cell(&table, i, value), NULL, 10)};
            if (!key_find(llw_table_cell(&table, i, key), &row.key)) continue;
            if (range(&table, i, since, until, &row.since, &row.until)) rows[n_rows++] = row;
        }
    }
    llw_arena_free(arena);
}

void llw_changes_read(int64_t build_order, llw_changes *out) {
    if (loaded != llw_data_generation()) load();
    int64_t values[KEYS] = {0};
    for (size_t i = 0; i < n_rows; i++)
        if (build_order >= rows[i].since && build_order < rows[i].until) values[rows[i].key] = rows[i].value;
    size_t at = 0;
#define LLW_CHANGE(key, meaning) out->key = values[at++];
#include "predict/changes.def"
#undef LLW_CHANGE
}

bool llw_changes_lack(int64_t build_order, const char *architecture) {
    if (loaded != llw_data_generation()) load();
    for (size_t i = 0; i < n_newcomers; i++)
        if (!strcmp(newcomers[i].architecture, architecture)) return build_order <= newcomers[i].absent;
    return false;
}

int llw_changes_flash_heads(int64_t build_order, int64_t key, int64_t value) {
    if (loaded != llw_data_generation()) load();
    for (size_t i = 0; i < n_flashes; i++) {
        const flash *row = &flashes[i];
        if (row->key == key && row->value == value && build_order >= row->since && build_order < row->until)
            return row->heads;
    }
    return -1;
}

int64_t llw_changes_graph_room(int64_t build_order, const char *architecture, int64_t tokens,
                               int64_t weights) {
    if (loaded != llw_data_generation()) load();
    const room *found = NULL;
    for (size_t i = 0; i < n_rooms; i++) {
        const room *row = &rooms[i];
        if (build_order < row->since || build_order >= row->until) continue;
        bool own = !strcmp(row->architecture, architecture);
        if (own || (!found && !strcmp(row->architecture, "*"))) found = row;
    }
    if (!found) return INT64_MAX;
    int64_t most = found->least;
    if (tokens * found->per_token > most) most = tokens * found->per_token;
    return weights * found->per_weight > most ? weights * found->per_weight : most;
}
