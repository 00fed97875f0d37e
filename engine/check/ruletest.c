/* Runs the tests in rules and finds conditions that no test needs. */
#include "check/ruletest.h"
#include "check/setting.h"

#include <string.h>

typedef struct testing {
    llw_arena *arena;
    llw_rule_report *report;
} testing;

static void add_result(testing *t, const llw_rule *rule, const llw_rule_test *test, bool passed,
                       const char *message) {
    void *items = t->report->results;
    *(llw_rule_result *)llw_arena_push(t->arena, &items, &t->report->n_results, &t->report->capacity,
                                       sizeof(llw_rule_result)) =
        (llw_rule_result){rule, test, passed, message};
    t->report->results = items;
    if (!test) return;
    t->report->n_passed += passed;
    t->report->n_failed += !passed;
}

/* The state of a node if one of its conditions (or none: -1) were not there. */
static llw_state state_without(const llw_node *node, int dropped) {
    bool undecided = false, broken = false;
    if (!node->applies) return LLW_SILENT;
    for (size_t i = 0; i < node->rule->n_conditions; i++) {
        if ((int)i == dropped) continue;
        bool wanted = node->rule->conditions[i].role != LLW_ROLE_UNLESS;
        if (node->truth[i].state == LLW_KNOWN && node->truth[i].as.flag != wanted) return LLW_SILENT;
        undecided |= node->truth[i].state == LLW_NOT_KNOWN;
        broken |= node->truth[i].state == LLW_FAULT;
    }
    return broken ? LLW_BROKEN : undecided ? LLW_UNDECIDED : LLW_FIRED;
}

/* What a rule does in a run: the strongest state of its nodes. */
static llw_state outcome(const llw_run *run, const llw_rule *rule, int dropped) {
    llw_state best = LLW_SILENT;
    static const int strength[] = {[LLW_FIRED] = 3, [LLW_BROKEN] = 2, [LLW_UNDECIDED] = 1, [LLW_SILENT] = 0};
    for (size_t i = 0; i < run->n_nodes; i++) {
        if (run->nodes[i].rule != rule) continue;
        llw_state s = state_without(&run->nodes[i], dropped);
        if (strength[s] > strength[best]) best = s;
    }
    return best;
}

static bool stops_only_at(const llw_node *node, const char *text) {
    bool there = false;
    for (size_t i = 0; i < node->rule->n_conditions; i++) {
        bool wanted = node->rule->conditions[i].role != LLW_ROLE_UNLESS;
        if (node->truth[i].state != LLW_KNOWN || node->truth[i].as.flag == wanted) continue;
        if (strcmp(node->rule->conditions[i].expr.text, text)) return false;
        there = true;
    }
    return there;
}

static bool needs_slot(const llw_run *run, const llw_node *node, const char *name) {
    for (size_t i = 0; i < node->rule->n_conditions; i++) {
        const llw_expr *expr = &node->rule->conditions[i].expr;
        if (node->truth[i].state != LLW_NOT_KNOWN) continue;
        for (int k = 0; k < expr->n_nodes; k++) {
            const llw_expr_node *e = &expr->nodes[k];
            if (e->op != LLW_OP_SLOT || (size_t)(e->end - e->start) != strlen(name) ||
                strncmp(expr->text + e->start, name, strlen(name)))
                continue;
            if (!llw_facts_value(run->facts, node->binding[e->as.slot.variable], e->as.slot.attr).known)
                return true;
        }
    }
    return false;
}

/* Whether some node of the rule in the expected state meets the test's further wishes; else why not. */
static const char *check_details(testing *t, const llw_run *run, const llw_rule *rule,
                                 const llw_rule_test *test) {
    if (!test->stops_at && !test->needs && !test->says) return NULL;
    const char *why = NULL;
    for (size_t i = 0; i < run->n_nodes; i++) {
        const llw_node *node = &run->nodes[i];
        if (node->rule != rule || node->state != test->expect) continue;
        why = NULL;
        if (test->stops_at && !stops_only_at(node, test->stops_at))
            why = llw_arena_printf(t->arena, "it is silent, but not only because of \"%s\"", test->stops_at);
        if (test->needs && !needs_slot(run, node, test->needs))
            why = llw_arena_printf(t->arena, "it does not wait for %s", test->needs);
        if (test->says) {
            llw_text said = {0};
            llw_run_say(run, node, &rule->find, &said);
            if (!strstr(llw_text_str(&said), test->says))
                why = llw_arena_printf(t->arena, "it says \"%s\", without \"%s\"", llw_text_str(&said),
                                       test->says);
            llw_text_fini(&said);
        }
        if (!why) return NULL;
    }
    return why ? why : "no combination of its things is in that state";
}

static void explain_state(testing *t, const llw_run *run, const llw_rule *rule, const llw_rule_test *test,
                          llw_state got) {
    llw_text m = {0};
    llw_text_addf(&m, "%s expected, but it is %s", llw_state_name(test->expect), llw_state_name(got));
    size_t n = 0;
    for (size_t i = 0; i < run->n_nodes && n < 1; i++) {
        const llw_node *node = &run->nodes[i];
        if (node->rule != rule || node->state != got) continue;
        n++;
        for (size_t c = 0; c < rule->n_conditions; c++) {
            llw_result r = node->truth[c];
            llw_text_addf(&m, "; %s: %s", rule->conditions[c].expr.text,
                          r.state == LLW_NOT_KNOWN ? "unknown"
                          : r.state == LLW_FAULT   ? "broken"
                          : r.as.flag              ? "yes"
                                                   : "no");
        }
    }
    if (!n) llw_text_add(&m, "; the things it is about are not there, or their joins do not hold");
    add_result(t, rule, test, false, llw_arena_strdup(t->arena, llw_text_str(&m)));
    llw_text_fini(&m);
}

static void run_test(testing *t, llw_kb *kb, const llw_rule *rule, const llw_rule_test *test, bool *killed) {
    llw_err err = {0};
    llw_facts *facts = llw_setting_new(test, &err);
    if (!facts) {
        add_result(t, rule, test, false, llw_arena_strdup(t->arena, err.text));
        return;
    }
    llw_run *run = llw_run_whole(kb, facts);
    llw_state got = outcome(run, rule, -1);
    const char *why = got == test->expect ? check_details(t, run, rule, test) : NULL;
    if (got != test->expect)
        explain_state(t, run, rule, test, got);
    else
        add_result(t, rule, test, !why, why ? why : "");
    for (size_t c = 0; c < rule->n_conditions; c++)
        if (outcome(run, rule, (int)c) != got) killed[c] = true;
    llw_run_free(run);
    llw_facts_free(facts);
}

static void test_rule(testing *t, llw_kb *kb, const llw_rule *rule) {
    bool *killed = llw_arena_alloc(t->arena, (rule->n_conditions + 1) * sizeof *killed);
    for (size_t i = 0; i < rule->n_tests; i++) run_test(t, kb, rule, &rule->tests[i], killed);
    for (size_t c = 0; c < rule->n_conditions; c++) {
        if (killed[c] || rule->conditions[c].role == LLW_ROLE_JOIN) continue;
        t->report->n_unkilled++;
        add_result(t, rule, NULL, false,
                   llw_arena_printf(t->arena, "no test would notice if the condition \"%s\" were not there",
                                    rule->conditions[c].expr.text));
    }
}

void llw_rule_tests(llw_kb *kb, const llw_lesson *lesson, llw_arena *arena, llw_rule_report *report) {
    *report = (llw_rule_report){0};
    testing t = {arena, report};
    for (size_t i = 0; i < kb->n_lessons; i++) {
        if (lesson && kb->lessons[i] != lesson) continue;
        for (size_t r = 0; r < kb->lessons[i]->n_rules; r++) test_rule(&t, kb, &kb->lessons[i]->rules[r]);
    }
}
