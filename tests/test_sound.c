/* Explanations are sound: what a printed proof cites is what the conclusion rests on, and all of it. On the
 * situations of the installed rules' own tests. */
#include "infer/cone.h"
#include "explain/proof.h"
#include "infer/run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "situations.h"

static bool fires_again(llw_run *before, const llw_node *node, const llw_facts *facts) {
    llw_run *run = llw_run_beside(before, facts);
    bool fires = false;
    for (size_t i = 0; i < run->n_nodes && !fires; i++) {
        const llw_node *n = &run->nodes[i];
        bool same = n->rule == node->rule && n->state == LLW_FIRED;
        for (int v = 0; same && v < node->rule->n_variables; v++)
            same = !strcmp(llw_facts_id(run->facts, n->binding[v]),
                           llw_facts_id(before->facts, node->binding[v]));
        fires = same;
    }
    llw_run_free(run);
    return fires;
}

/* A condition that asks about a slot, not for its value, or in which another part may decide. */
static bool decides_otherwise(const llw_node *node, llw_entity entity, llw_attr attr) {
    bool found = false;
    for (size_t c = 0; c < node->rule->n_conditions; c++) {
        const llw_expr *e = &node->rule->conditions[c].expr;
        bool reads = false, other = false;
        for (int i = 0; i < e->n_nodes; i++) {
            llw_op op = e->nodes[i].op;
            reads |= op == LLW_OP_SLOT && e->nodes[i].as.slot.attr == attr &&
                     node->binding[e->nodes[i].as.slot.variable] == entity;
            other |= op == LLW_OP_OR || op == LLW_OP_AND || op == LLW_OP_KNOWN || op == LLW_OP_CONFLICT ||
                     op == LLW_OP_ORIGIN || op == LLW_OP_GRADE || op == LLW_OP_PREDICTED;
        }
        if (reads && !other) return false;
        found |= reads;
    }
    return found;
}

/* Each fact that a satisfied condition of the proof shows: without it the conclusion falls. */
static void without_a_cited_fact_the_conclusion_falls(void **state) {
    const situations *all = *state;
    size_t tried = 0;
    for (size_t i = 0; i < all->n; i += 5) {
        llw_facts *facts = facts_of(all, i);
        llw_run *run = llw_run_new(all->kb, facts);
        llw_arena *arena = llw_arena_new();
        for (size_t n = 0; n < run->n_nodes; n++) {
            const llw_node *node = &run->nodes[n];
            if (node->state != LLW_FIRED) continue;
            llw_proof proof;
            llw_proof_node(run, node, arena, &proof);
            for (size_t k = 0; k < proof.n_lines; k++) {
                const llw_proof_line *line = &proof.lines[k];
                if (line->depth != 1 || line->kind != LLW_LINE_CONDITION || !line->entity) continue;
                assert_int_equal(line->mark, LLW_MARK_YES);
                if (decides_otherwise(node, line->entity, line->attr)) continue;
                llw_facts *less = llw_facts_overlay(facts);
                llw_entity e = llw_facts_entity(less, llw_facts_kind(run->facts, line->entity),
                                                llw_facts_id(run->facts, line->entity));
                llw_facts_claim(less, e, line->attr, llw_unknown(llw_attr_get(line->attr)->type),
                                LLW_GRADE_WHATIF, "what-if", "");
                if (fires_again(run, node, less))
                    fail_msg("situation %zu: \"%s\" stands without \"%s\"", i, node->rule->id, line->text);
                llw_facts_free(less);
                tried++;
            }
        }
        llw_arena_free(arena);
        llw_run_free(run);
        llw_facts_free(facts);
    }
    assert_true(tried > 80);
}

static bool shows(const llw_proof *proof, llw_entity entity, llw_attr attr) {
    for (size_t i = 0; i < proof->n_lines; i++)
        if (proof->lines[i].entity == entity && proof->lines[i].attr == attr) return true;
    return false;
}

/* Every slot that a condition reads stands in the proof, known or not, fired or silent; and nothing that the
 * facts do not hold stands there. */
static void a_proof_shows_all_that_was_read_and_only_that(void **state) {
    const situations *all = *state;
    size_t shown = 0, lines = 0;
    for (size_t i = 0; i < all->n; i += 4) {
        llw_facts *facts = facts_of(all, i);
        llw_run *run = llw_run_new(all->kb, facts);
        llw_arena *arena = llw_arena_new();
        for (size_t n = i % 7; n < run->n_nodes; n += 7) {
            const llw_node *node = &run->nodes[n];
            llw_proof proof;
            llw_proof_node(run, node, arena, &proof);
            for (size_t c = 0; c < node->rule->n_conditions; c++) {
                const llw_condition *condition = &node->rule->conditions[c];
                for (int k = 0; k < condition->expr.n_nodes; k++) {
                    const llw_expr_node *e = &condition->expr.nodes[k];
                    if (condition->role == LLW_ROLE_JOIN || e->op != LLW_OP_SLOT || !e->as.slot.attr ||
                        e->as.slot.attr == LLW_placement_device)
                        continue;
                    if (!shows(&proof, node->binding[e->as.slot.variable], e->as.slot.attr))
                        fail_msg("situation %zu: \"%s\" read %s and does not show it", i, node->rule->id,
                                 llw_attr_get(e->as.slot.attr)->name);
                    shown++;
                }
            }
            for (size_t k = 0; k < proof.n_lines; k++) {
                const llw_proof_line *line = &proof.lines[k];
                if (!line->entity || line->kind == LLW_LINE_RIVAL || line->kind == LLW_LINE_MISSING) continue;
                llw_value now = llw_facts_value(run->facts, line->entity, line->attr);
                assert_true(now.known == line->value.known &&
                            (!now.known || llw_value_equal(now, line->value)));
                lines++;
            }
        }
        llw_arena_free(arena);
        llw_run_free(run);
        llw_facts_free(facts);
    }
    assert_true(shown > 300 && lines > 500);
}

/* What a slot was computed from is told once; a flag's own line may come again. */
static void a_slot_is_told_once(void **state) {
    const situations *all = *state;
    for (size_t i = 0; i < all->n; i += 11) {
        llw_facts *facts = facts_of(all, i);
        llw_run *run = llw_run_new(all->kb, facts);
        llw_arena *arena = llw_arena_new();
        for (size_t n = 0; n < run->n_nodes; n++) {
            if (run->nodes[n].state != LLW_FIRED) continue;
            llw_proof proof;
            llw_proof_node(run, &run->nodes[n], arena, &proof);
            for (size_t k = 0; k < proof.n_lines; k++)
                for (size_t m = k + 1; m < proof.n_lines; m++) {
                    const llw_proof_line *a = &proof.lines[k], *b = &proof.lines[m];
                    bool again = a->entity && !llw_attr_get(a->attr)->knob && a->kind == LLW_LINE_FACT &&
                                 b->kind == LLW_LINE_FACT && a->entity == b->entity && a->attr == b->attr &&
                                 strcmp(b->origin, "told above") != 0;
                    bool grounds = m + 1 < proof.n_lines && proof.lines[m + 1].depth > b->depth;
                    if (again && grounds)
                        fail_msg("situation %zu: \"%s\" tells the grounds of %s twice", i,
                                 run->nodes[n].rule->id, b->text);
                }
        }
        llw_arena_free(arena);
        llw_run_free(run);
        llw_facts_free(facts);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_cited_fact_the_conclusion_falls),
        cmocka_unit_test(a_proof_shows_all_that_was_read_and_only_that),
        cmocka_unit_test(a_slot_is_told_once),
    };
    return cmocka_run_group_tests_name("sound", tests, set_up, tear_down);
}
