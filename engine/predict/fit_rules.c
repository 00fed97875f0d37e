/* What --fit does differently from build to build: models/fit.tsv. */
#include "predict/fit_plan.h"

#include "base/table.h"

#include <stdio.h>
#include <string.h>

/* A day as builds are ordered (models/builds.tsv): YYYYMMDD and one more digit. `absent` when there is none.
 */
static int64_t day_order(const char *day, int64_t absent) {
    int year, month, date;
    if (sscanf(day, "%4d-%2d-%2d", &year, &month, &date) != 3) return absent;
    return (((int64_t)year * 100 + month) * 100 + date) * 10;
}

void llw_fit_rules_read(int64_t build_order, llw_fit_rules *out) {
    *out = (llw_fit_rules){true, true, true, true};
    struct {
        const char *name;
        bool *rule;
    } const rules[] = {
        {"exists", &out->exists},
        {"zero-is-full", &out->zero_is_full},
        {"nextn-apart", &out->nextn_apart},
        {"context-by-slots", &out->context_by_slots},
    };
    llw_arena *arena = llw_arena_new();
    llw_table table;
    if (llw_table_read(arena, "models/fit.tsv", &table, NULL) == LLW_OK) {
        int name = llw_table_column(&table, "rule");
        int since = llw_table_column(&table, "since");
        int until = llw_table_column(&table, "until");
        for (size_t row = 0; row < table.n_rows; row++)
            for (size_t i = 0; i < sizeof rules / sizeof rules[0]; i++)
                if (strcmp(llw_table_cell(&table, row, name), rules[i].name) == 0)
                    *rules[i].rule =
                        build_order >= day_order(llw_table_cell(&table, row, since), INT64_MIN) &&
                        build_order < day_order(llw_table_cell(&table, row, until), INT64_MAX);
    }
    llw_arena_free(arena);
}
