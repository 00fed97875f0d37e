/* What a team measured on its two cards in early 2026, beside what is predicted:
 * tests/fixtures/incidents.tsv. */
#include "base/table.h"
#include "predict/predict.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "launches.h"

static const char fixture[] = LLW_SOURCE_DIR "/tests/fixtures/incidents.tsv";

static llw_table read_table(llw_arena *arena) {
    enum { MOST = 1 << 18 };
    llw_table table;
    llw_err err = {0};
    FILE *file = fopen(fixture, "r");
    assert_non_null(file);
    char *bytes = llw_arena_alloc(arena, MOST);
    size_t n = fread(bytes, 1, MOST, file);
    fclose(file);
    if (llw_table_parse(arena, fixture, bytes, n, &table, &err) != LLW_OK) fail_msg("%s", err.text);
    return table;
}

static int64_t part(const llw_memory *m, const char *what) {
    return !strcmp(what, "model")     ? m->weights
           : !strcmp(what, "kv")      ? m->context - m->state
           : !strcmp(what, "state")   ? m->state
           : !strcmp(what, "compute") ? m->compute
                                      : -1;
}

static double predicted_mib(const llw_launch *launch, const llw_prediction *p, const char *place,
                            const char *what) {
    int64_t bytes = 0;
    if (!strcmp(place, "Host")) bytes = part(&p->host, what);
    for (int d = 0; d < p->n_devices; d++)
        if (!strcmp(place, "all") || !strcmp(place, launch->devices[d].name))
            bytes += part(&p->device[d], what);
    assert_true(bytes > 0);
    return (double)bytes / (1 << 20);
}

static void measured_figures_are_reproduced(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_table t = read_table(arena);
    int same = 0, differ = 0;
    for (size_t i = 0; i < t.n_rows; i++) {
#define CELL(name) llw_table_cell(&t, i, llw_table_column(&t, name))
        llw_facts *facts = llw_facts_new();
        llw_launch launch =
            launch_of(facts, CELL("llama"), "llama-server", CELL("model"), CELL("args"), CELL("gpus"), 0);
        llw_prediction p;
        llw_predict(&launch, llw_facts_arena(facts), false, &p);
        if (p.outcome != LLW_OUTCOME_OK) fail_msg("%s:%d: %s", fixture, t.lines[i], p.reason);
        double got = predicted_mib(&launch, &p, CELL("place"), CELL("what")),
               want = strtod(CELL("mib"), NULL);
        bool near = fabs(got - want) <= strtod(CELL("within"), NULL);
        if (near != !strcmp(CELL("verdict"), "same"))
            fail_msg("%s:%d: %s, %s of %s: measured %g MiB, predicted %.1f, and the verdict is '%s'", fixture,
                     t.lines[i], CELL("id"), CELL("what"), CELL("place"), want, got, CELL("verdict"));
        near ? same++ : differ++;
        llw_facts_free(facts);
#undef CELL
    }
    llw_arena_free(arena);
    assert_int_equal(same, 32);
    assert_int_equal(differ, 4);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(measured_figures_are_reproduced)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
