/* What real loads took of the GPUs, beside what is predicted for a load. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/file.h"
#include "base/table.h"
#include "predict/predict.h"

#include "launches.h"

static const char CARDS[] = "143155:142629,143155:142629";

/* A log prints two decimals of a MiB. */
static void agrees(const char *cell, int64_t bytes, const char *model, const char *args, const char *where) {
    double mib = (double)bytes / (1 << 20), printed = strcmp(cell, "-") ? strtod(cell, NULL) : 0;
    if (fabs(mib - printed) > 0.0051)
        fail_msg("%s %s: %s took %s MiB, %.2f predicted", model, args, where, cell, mib);
}

static void compute_buffers_are_those_of_real_loads(void **state) {
    (void)state;
    static const char path[] = "tests/fixtures/truth/loads.tsv";
    llw_arena *arena = llw_arena_new();
    llw_table table;
    llw_err err = {0};
    char *bytes;
    size_t len;
    if (llw_file_read(arena, path, 1 << 20, &bytes, &len, &err) != LLW_OK) fail_msg("%s", err.text);
    if (llw_table_parse(arena, path, bytes, len, &table, &err) != LLW_OK) fail_msg("%s", err.text);
    size_t kept = 0; /* rows in which a load differs from the accounting */
    for (size_t row = 0; row < table.n_rows; row++) {
        const char *model = llw_table_cell(&table, row, 0), *args = llw_table_cell(&table, row, 1);
        llw_facts *facts = llw_facts_new();
        llw_launch launch = launch_of(facts, "v0.5.0", "server", model, args, CARDS, 0);
        llw_fit fit;
        llw_fit_run(&launch, arena, true, &fit);
        for (int i = 0; i < 2; i++) {
            const llw_memory *m = &fit.prediction.device[i];
            agrees(llw_table_cell(&table, row, 2 + i), m->compute_loaded, model, args,
                   fit.launch.devices[i].name);
            kept += m->compute_loaded != m->compute;
        }
        agrees(llw_table_cell(&table, row, 4), fit.prediction.host.compute_loaded, model, args, "the host");
        llw_facts_free(facts);
    }
    assert_int_equal(table.n_rows, 8);
    assert_true(kept >= 5);
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(compute_buffers_are_those_of_real_loads)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
