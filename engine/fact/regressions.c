/* Lays the rows of models/regressions.tsv over the builds of a fact base. */
#include "fact/regressions.h"
#include "base/data.h"
#include "base/table.h"
#include "fact/build.h"

#include <stdlib.h>
#include <string.h>

typedef struct row {
    int64_t since, end; /* since <= order < end */
    bool last_seen;     /* end itself too, for the build of that name alone */
} row;

enum { ROWS = 256 };

/* The table, read when the data changed: a run asks for it each time it starts. */
static struct {
    llw_arena *arena;
    unsigned generation;
    llw_table table;
    row rows[ROWS];
} held;

static const char *cell(size_t i, const char *column) {
    return llw_table_cell(&held.table, i, llw_table_column(&held.table, column));
}

static bool says_yes(size_t i, const char *column) {
    return !strcmp(cell(i, column), "yes");
}

static void load(void) {
    if (held.arena && held.generation == llw_data_generation()) return;
    if (held.arena) llw_arena_free(held.arena);
    held.arena = llw_arena_new();
    held.generation = llw_data_generation();
    if (llw_table_read(held.arena, "models/regressions.tsv", &held.table, NULL) != LLW_OK)
        held.table.n_rows = 0;
    if (held.table.n_rows > ROWS) held.table.n_rows = ROWS;
    for (size_t i = 0; i < held.table.n_rows; i++) {
        const char *mended = cell(i, "mended");
        held.rows[i] = (row){.since = llw_build_order(cell(i, "since")),
                             .end = llw_build_order(*mended ? mended : cell(i, "seen")),
                             .last_seen = !*mended};
        if (held.rows[i].since < 0) held.rows[i] = (row){.since = INT64_MAX};
    }
}

static bool holds(size_t i, int64_t order, const char *version) {
    const row *r = &held.rows[i];
    return order >= r->since &&
           (order < r->end || (r->last_seen && order == r->end && !strcmp(version, cell(i, "seen"))));
}

static const char *range(llw_arena *arena, size_t i) {
    const char *since = cell(i, "since"), *mended = cell(i, "mended"), *seen = cell(i, "seen");
    if (*mended) return llw_arena_printf(arena, "since %s, mended in %s", since, mended);
    return strcmp(since, seen) ? llw_arena_printf(arena, "seen from %s to %s", since, seen)
                               : llw_arena_printf(arena, "seen in %s", since);
}

static llw_value text(llw_facts *f, size_t i, const char *column) {
    return llw_string(LLW_TEXT, llw_arena_strdup(llw_facts_arena(f), cell(i, column)));
}

static void claim(llw_facts *f, size_t i, llw_entity build) {
    llw_arena *arena = llw_facts_arena(f);
    const char *id = llw_arena_printf(arena, "%s: %s", llw_facts_id(f, build), cell(i, "issue")),
               *place = llw_arena_printf(arena, "%s:%d", held.table.path, held.table.lines[i]);
    if (llw_facts_find(f, LLW_KIND_regression, id)) return;
    const struct {
        llw_attr attr;
        llw_value value;
    } said[] = {
        {LLW_regression_build, llw_ref(build)},
        {LLW_regression_issue, text(f, i, "issue")},
        {LLW_regression_range, llw_string(LLW_TEXT, range(arena, i))},
        {LLW_regression_architecture, text(f, i, "architecture")},
        {LLW_regression_gpus, llw_count(strtoll(cell(i, "gpus"), NULL, 10))},
        {LLW_regression_compute_capability, llw_real(strtod(cell(i, "capability"), NULL))},
        {LLW_regression_needs_override, llw_flag(says_yes(i, "override"))},
        {LLW_regression_host_weights, llw_bytes(says_yes(i, "host_experts"))},
        {LLW_regression_what, text(f, i, "what")},
        {LLW_regression_remedy, text(f, i, "remedy")},
    };
    llw_entity e = llw_facts_entity(f, LLW_KIND_regression, id);
    for (size_t k = 0; k < sizeof said / sizeof *said; k++)
        llw_facts_claim(f, e, said[k].attr, said[k].value, LLW_GRADE_FILE, "table of regressions", place);
}

void llw_regressions_claim(llw_facts *facts) {
    for (llw_entity b = 0; (b = llw_facts_next(facts, LLW_KIND_build, b));) {
        int64_t order = 0;
        const char *version = "";
        if (!llw_facts_count(facts, b, LLW_build_order, &order)) continue;
        llw_facts_text(facts, b, LLW_build_version, &version);
        load();
        for (size_t i = 0; i < held.table.n_rows; i++)
            if (holds(i, order, version)) claim(facts, i, b);
    }
}
