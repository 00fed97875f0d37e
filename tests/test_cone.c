/* A run after a change is the run of the changed facts: generated knowledge bases and edits, and the real
 * knowledge base over the machines and launches of its own tests. */
#include "check/setting.h"
#include "infer/cone.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static uint64_t seed;

static unsigned roll(unsigned n) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % n;
}

static void same_result(const llw_expr *expr, llw_result a, llw_result b) {
    assert_int_equal(a.state, b.state);
    if (a.state != LLW_KNOWN) return;
    llw_text x = {0}, y = {0};
    llw_facts *none = llw_facts_new();
    llw_unit unit = llw_expr_unit(expr);
    if (unit == LLW_UNIT_ENTITY)
        assert_int_equal(a.as.entity, b.as.entity);
    else {
        llw_result_print(&x, a, unit, "", none);
        llw_result_print(&y, b, unit, "", none);
        assert_string_equal(llw_text_str(&x), llw_text_str(&y));
    }
    llw_facts_free(none);
    llw_text_fini(&x);
    llw_text_fini(&y);
}

static void same_node(const llw_node *a, const llw_node *b) {
    assert_ptr_equal(a->rule, b->rule);
    assert_memory_equal(a->binding, b->binding, sizeof a->binding);
    if (a->state != b->state)
        fail_msg("rule %s is %s, and %s in a run of its own", a->rule->id, llw_state_name(a->state),
                 llw_state_name(b->state));
    assert_int_equal(a->applies, b->applies);
    for (size_t i = 0; i < a->rule->n_conditions; i++)
        same_result(&a->rule->conditions[i].expr, a->truth[i], b->truth[i]);
    for (size_t i = 0; i < a->rule->n_lets; i++) same_result(&a->rule->lets[i], a->lets[i], b->lets[i]);
}

static void same_claims(const llw_facts *a, const llw_facts *b, llw_entity entity, llw_attr attr) {
    llw_arena *arena = llw_arena_new();
    size_t n = 0, m = 0;
    const llw_claim **x = llw_facts_claims(a, entity, attr, arena, &n),
                    **y = llw_facts_claims(b, entity, attr, arena, &m);
    assert_int_equal(n, m);
    for (size_t i = 0; i < n; i++) {
        assert_int_equal(x[i]->grade, y[i]->grade);
        assert_int_equal(x[i]->value.known, y[i]->value.known);
        assert_true(!x[i]->value.known || llw_value_equal(x[i]->value, y[i]->value));
        assert_string_equal(x[i]->origin, y[i]->origin);
        assert_string_equal(x[i]->place, y[i]->place);
    }
    llw_arena_free(arena);
}

static void same_facts(const llw_facts *a, const llw_facts *b) {
    assert_int_equal(llw_facts_max(a), llw_facts_max(b));
    for (llw_entity e = 1; e <= llw_facts_max(a); e++) {
        assert_string_equal(llw_facts_id(a, e), llw_facts_id(b, e));
        for (int at = 1; at < LLW_ATTRS; at++)
            if (llw_attr_get((llw_attr)at)->kind == llw_facts_kind(a, e)) same_claims(a, b, e, (llw_attr)at);
    }
}

static void same_run(const llw_run *a, const llw_run *b) {
    assert_int_equal(a->n_nodes, b->n_nodes);
    for (size_t i = 0; i < a->n_nodes; i++) same_node(&a->nodes[i], &b->nodes[i]);
    assert_int_equal(a->n_derivations, b->n_derivations);
    for (size_t i = 0; i < a->n_derivations; i++) {
        assert_int_equal(a->derivations[i].node, b->derivations[i].node);
        assert_int_equal(a->derivations[i].entity, b->derivations[i].entity);
        assert_int_equal(a->derivations[i].attr, b->derivations[i].attr);
    }
    same_facts(a->facts, b->facts);
}

/* The nodes that do not turn are those of the run before; the outcome is that of a run of its own. Counts
 * what was evaluated and what not. */
static void check_change(llw_run *before, const llw_facts *changed, size_t *evaluated, size_t *kept) {
    llw_run *own = llw_run_new(before->kb, changed);
    llw_cone cone;
    llw_cone_init(&cone, before, changed);
    if (!cone.whole) {
        *evaluated += cone.run->n_nodes;
        *kept += before->n_nodes > cone.run->n_nodes ? before->n_nodes - cone.run->n_nodes : 0;
    }
    llw_cone_fini(&cone);
    llw_run *beside = llw_run_beside(before, changed);
    same_run(beside, own);
    llw_run_free(beside);
    llw_run_free(own);
}

/* ---- generated ---- */

/* Attributes in the order in which a rule may derive one from those before it. */
static const char *const numbers[] = {"count", "digits"};
static const struct {
    const char *name;
    bool flag;
} levels[] = {
    {"sourced", true}, {"says_moe", true}, {"speed", false}, {"refuted", true}, {"estimated", true}};
enum { LEVELS = sizeof levels / sizeof *levels, THINGS = 12 };

static void write_operand(llw_text *out, const char *variable, unsigned level, bool flag) {
    unsigned derived = level ? roll(level) : 0;
    if (level && levels[derived].flag == flag && roll(2))
        llw_text_addf(out, "%s.%s", variable, levels[derived].name);
    else if (flag)
        llw_text_addf(out, "%s.%s %s %u", variable, numbers[roll(2)], roll(2) ? "<" : "==", roll(4));
    else
        llw_text_addf(out, "%s.%s", variable, numbers[roll(2)]);
}

static void write_condition(llw_text *out, unsigned level, bool two) {
    const char *x = "x", *y = two && roll(2) ? "y" : "x";
    llw_text_add(out, "\"");
    switch (roll(6)) {
    case 0: llw_text_addf(out, "known(%s.count)", y); break;
    case 1: llw_text_addf(out, "conflict(%s.digits)", y); break;
    case 2: llw_text_addf(out, "sum('claim', 'digits') > %u", roll(40)); break;
    case 3:
        write_operand(out, x, level, false);
        llw_text_add(out, roll(2) ? " <= " : " ~= ");
        write_operand(out, y, level, false);
        break;
    default: write_operand(out, y, level, true);
    }
    llw_text_add(out, "\", ");
}

static void write_rule(llw_text *out, unsigned number) {
    static const char *const joins[] = {
        "x.count == y.count", "x.digits == y.digits", "x.count == y.digits",
        "x.count < y.digits", "x.count == 1",         "y.digits == 2",
    };
    unsigned level = roll(LEVELS);
    bool two = roll(3) > 0;
    llw_text_addf(out, "rule \"r%u\" { level = \"note\", each = { x = \"claim\"%s }, ", number,
                  two ? ", y = \"claim\"" : "");
    if (two) {
        llw_text_add(out, "join = { ");
        for (unsigned i = 1 + roll(2); i; i--) llw_text_addf(out, "\"%s\", ", joins[roll(6)]);
        llw_text_add(out, "}, ");
    }
    llw_text_add(out, "when = { ");
    for (unsigned i = roll(3); i; i--) write_condition(out, level, two);
    llw_text_add(out, "}, ");
    if (roll(2)) {
        llw_text_add(out, "unless = { ");
        write_condition(out, level, two);
        llw_text_add(out, "}, ");
    }
    if (roll(3))
        llw_text_addf(out, "derive = { [\"%s.%s\"] = \"%s\" }, ", two && roll(2) ? "y" : "x",
                      levels[level].name,
                      !levels[level].flag ? "x.count + x.digits"
                      : roll(2)           ? "true"
                                          : "x.count < x.digits");
    llw_text_add(out, "find = \"{x.count}\" }\n");
}

static llw_kb *generate(void) {
    llw_text text = {0};
    llw_text_add(&text, "lesson \"01-generated\" { claim = \"A claim.\" }\n");
    for (unsigned i = 0, n = 3 + roll(12); i < n; i++) write_rule(&text, i);
    llw_kb *kb = llw_kb_new();
    llw_kb_add_file(kb, "rules.d/01-generated.lua", llw_text_str(&text), text.len);
    llw_kb_order(kb);
    if (kb->n_problems) fail_msg("%s\n%s", kb->problems[0].text, llw_text_str(&text));
    llw_text_fini(&text);
    return kb;
}

static void claim_something(llw_facts *facts, llw_entity entity) {
    static const llw_grade grades[] = {LLW_GRADE_PROSE, LLW_GRADE_FILE, LLW_GRADE_WHATIF};
    static const llw_attr attrs[] = {LLW_claim_count, LLW_claim_digits, LLW_claim_count, LLW_claim_digits,
                                     LLW_claim_sourced};
    llw_attr attr = attrs[roll(5)];
    llw_type type = llw_attr_get(attr)->type;
    llw_value value = !roll(5)           ? llw_unknown(type)
                      : type == LLW_FLAG ? llw_flag(roll(2))
                                         : llw_count(roll(4));
    llw_facts_claim(facts, entity, attr, value, grades[roll(3)], "somebody", "");
}

static llw_facts *generate_facts(void) {
    llw_facts *facts = llw_facts_new();
    for (int i = 0; i < THINGS; i++) {
        char id[16];
        snprintf(id, sizeof id, "c%d", i);
        llw_entity e = llw_facts_entity(facts, LLW_KIND_claim, id);
        for (unsigned n = roll(5); n; n--) claim_something(facts, e);
    }
    return facts;
}

static void generated_changes_are_runs_of_their_own(void **state) {
    (void)state;
    seed = 20260601;
    size_t evaluated = 0, kept = 0;
    for (int round = 0; round < 300; round++) {
        llw_kb *kb = generate();
        llw_facts *facts = generate_facts();
        llw_run *before = llw_run_new(kb, facts);
        for (int edit = 0; edit < 8; edit++) {
            llw_facts *changed = llw_facts_overlay(facts);
            if (!roll(8)) llw_facts_entity(changed, LLW_KIND_claim, "a new one");
            for (unsigned n = roll(3); n; n--) claim_something(changed, 1 + roll(THINGS));
            llw_facts *again = llw_facts_overlay(changed);
            for (unsigned n = roll(3); n; n--) claim_something(again, 1 + roll(THINGS));
            check_change(before, again, &evaluated, &kept);
            llw_facts_free(again);
            llw_facts_free(changed);
        }
        llw_run_free(before);
        llw_facts_free(facts);
        llw_kb_free(kb);
    }
    assert_true(kept > evaluated); /* most of it was not touched */
}

/* ---- the real knowledge base ---- */

static void turn_something(llw_facts *changed, const llw_facts *facts) {
    static const llw_attr knobs[] = {LLW_launch_ubatch,     LLW_launch_batch, LLW_launch_ctx,
                                     LLW_launch_gpu_layers, LLW_gpu_free,     LLW_claim_refuted,
                                     LLW_launch_fit};
    for (unsigned n = 1 + roll(2); n; n--) {
        llw_attr attr = knobs[roll(sizeof knobs / sizeof *knobs)];
        llw_type type = llw_attr_get(attr)->type;
        llw_entity e = llw_facts_next(facts, llw_attr_get(attr)->kind, 0);
        if (!e) continue;
        llw_value v = type == LLW_FLAG    ? llw_flag(roll(2))
                      : type == LLW_BYTES ? llw_bytes((int64_t)roll(40) << 30)
                                          : llw_count(256 * (1 + (int64_t)roll(16)));
        llw_facts_claim(changed, e, attr, v, LLW_GRADE_WHATIF, "what-if", "");
    }
}

static void real_changes_are_runs_of_their_own(void **state) {
    (void)state;
    seed = 7;
    size_t evaluated = 0, kept = 0, changes = 0;
    llw_kb *kb = llw_kb_load(NULL, 0, NULL);
    for (size_t r = 0; r < kb->n_rules; r++)
        for (size_t t = 0; t < kb->rules[r]->n_tests; t++) {
            if (roll(6)) continue;
            llw_err err = {0};
            llw_facts *facts = llw_setting_new(&kb->rules[r]->tests[t], &err);
            assert_non_null(facts);
            llw_run *before = llw_run_new(kb, facts);
            llw_facts *changed = llw_facts_overlay(facts);
            turn_something(changed, facts);
            check_change(before, changed, &evaluated, &kept);
            changes++;
            llw_facts_free(changed);
            llw_run_free(before);
            llw_facts_free(facts);
        }
    llw_kb_free(kb);
    assert_true(changes > 30);
    assert_true(kept > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(generated_changes_are_runs_of_their_own),
        cmocka_unit_test(real_changes_are_runs_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
