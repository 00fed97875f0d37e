/* Runs the tests that rules carry, and asks of each condition whether any test would notice its absence.
 *
 * A test's facts are laid over a small default setting: one known model, one GPU, one launch of it with
 * llama.cpp's defaults, and its placements as predicted. What a test says wins over all of it. */
#ifndef LLW_CHECK_RULETEST_H
#define LLW_CHECK_RULETEST_H

#include "infer/run.h"

typedef struct llw_rule_result {
    const llw_rule *rule;
    const llw_rule_test *test; /* NULL: a remark about a condition */
    bool passed;
    const char *message; /* what came instead; "" when passed */
} llw_rule_result;

typedef struct llw_rule_report {
    llw_rule_result *results;
    size_t n_results, capacity;
    size_t n_passed, n_failed;
    size_t n_unkilled; /* conditions that no test needs */
} llw_rule_report;

/* Tests the rules of one lesson, or of all when lesson is NULL. Everything lives in arena. */
void llw_rule_tests(llw_kb *kb, const llw_lesson *lesson, llw_arena *arena, llw_rule_report *report);

#endif
