/* The situations in which the installed rules say that they fire: a property test's world. */
#ifndef TESTS_SITUATIONS_H
#define TESTS_SITUATIONS_H

#include "check/setting.h"

enum { MAX_SITUATIONS = 400 };

typedef struct situations {
    llw_kb *kb;
    const llw_rule_test *tests[MAX_SITUATIONS];
    size_t n;
} situations;

static int set_up(void **state) {
    static situations all;
    all = (situations){.kb = llw_kb_load(NULL, 0)};
    for (size_t r = 0; r < all.kb->n_rules; r++)
        for (size_t t = 0; t < all.kb->rules[r]->n_tests && all.n < MAX_SITUATIONS; t++)
            if (all.kb->rules[r]->tests[t].expect == LLW_FIRED)
                all.tests[all.n++] = &all.kb->rules[r]->tests[t];
    *state = &all;
    return all.n < 40;
}

static int tear_down(void **state) {
    llw_kb_free(((situations *)*state)->kb);
    return 0;
}

static llw_facts *facts_of(const situations *all, size_t i) {
    llw_err err = {0};
    llw_facts *facts = llw_setting_new(all->tests[i], &err);
    if (!facts) fail_msg("%s", err.text);
    return facts;
}

#endif
