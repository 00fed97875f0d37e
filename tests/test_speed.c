/* Tokens per second: measured ones lie in the predicted range; what is not known stays unknown. */
#include "predict/speed.h"
#include "base/file.h"
#include "base/table.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "launches.h"

static llw_speed speed_of(llw_facts *facts, const char *model, const char *args, const char *cards,
                          double ram, int64_t depth, llw_fit *fit) {
    llw_arena *arena = llw_facts_arena(facts);
    llw_launch launch = launch_of(facts, "v0.5.0", "server", model, args, cards, ram);
    llw_fit_run(&launch, arena, false, fit);
    llw_speed speed;
    llw_speed_estimate(&fit->launch, &fit->prediction, depth, arena, &speed);
    return speed;
}

static void measured_speeds_lie_in_the_range(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    char *bytes;
    size_t len, outside = 0;
    llw_err err = {0};
    llw_table t;
    const char *path = LLW_SOURCE_DIR "/tests/fixtures/truth/speed.tsv";
    if (llw_file_read(arena, path, 1 << 20, &bytes, &len, &err) != LLW_OK) fail_msg("%s", err.text);
    assert_int_equal(llw_table_parse(arena, path, bytes, len, &t, &err), LLW_OK);
    assert_true(t.n_rows > 30);
    for (size_t row = 0; row < t.n_rows; row++) {
        llw_facts *facts = llw_facts_new();
        const char *cell[7];
        static const char *const columns[] = {"program", "model", "args",        "cards",
                                              "ram",     "depth", "tokens_per_s"};
        for (int i = 0; i < 7; i++) cell[i] = llw_table_cell(&t, row, llw_table_column(&t, columns[i]));
        llw_fit fit;
        llw_speed s = speed_of(facts, cell[1], cell[2], cell[3], strtod(cell[4], NULL),
                               strtoll(cell[5], NULL, 10), &fit);
        double measured = strtod(cell[6], NULL);
        assert_true(s.known);
        assert_true(s.high / s.low < 4); /* a range that says something */
        if (measured < s.low || measured > s.high) {
            outside++;
            print_message("line %d: %s %s: %g, predicted %.1f to %.1f\n", t.lines[row], cell[1], cell[2],
                          measured, s.low, s.high);
        }
        llw_facts_free(facts);
    }
    llw_arena_free(arena);
    assert_int_equal(outside, 0);
}

static void a_missing_bandwidth_makes_it_unknown(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_fit fit;
    llw_speed s = speed_of(facts, "llama-3.1-8b-q4_k_m", "-c 8192", "24564:23671", 0, 0, &fit);
    assert_false(s.known);
    assert_non_null(strstr(s.reason, "CUDA0"));
    assert_true(s.weights[0] > 4000000000 &&
                s.weights[0] < 4700000000); /* the bytes are there all the same */
    assert_true(isfinite(llw_speed_rank(&fit.launch, &fit.prediction, llw_facts_arena(facts))));
    llw_facts_free(facts);
    facts = llw_facts_new();
    s = speed_of(facts, "llama-3.1-8b-q4_k_m", "--fit off -ngl 16 -c 8192", "24564:23671:1008", 0, 0, &fit);
    assert_false(s.known);
    assert_non_null(strstr(s.reason, "RAM"));
    llw_facts_free(facts);
}

static void only_the_experts_that_work_are_read(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_fit fit;
    llw_speed s = speed_of(facts, "qwen3-30b-a3b-q4_k_m", "-c 8192 -np 1", "24564:23671:1008", 0, 0, &fit);
    assert_true(s.known);
    assert_true(s.weights[0] <
                fit.prediction.device[0].weights / 8); /* 8 of 128 experts, and the rest whole */
    assert_int_equal(s.layers_host, 0);
    llw_facts_free(facts);
}

static void falling_off_a_cliff_is_called_out(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_fit fit;
    llw_speed s =
        speed_of(facts, "deepseek-v2-lite-q4_k_m", "-c 16384 -fa on -np 1", "24564:23671:1008", 0, 0, &fit);
    assert_non_null(s.cliff);
    llw_facts_free(facts);
    facts = llw_facts_new();
    s = speed_of(facts, "deepseek-v2-lite-mla-q4_k_m", "-c 16384 -fa on -np 1", "24564:23671:1008", 0, 0,
                 &fit);
    assert_null(s.cliff);
    llw_facts_free(facts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(measured_speeds_lie_in_the_range),
        cmocka_unit_test(a_missing_bandwidth_makes_it_unknown),
        cmocka_unit_test(only_the_experts_that_work_are_read),
        cmocka_unit_test(falling_off_a_cliff_is_called_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
