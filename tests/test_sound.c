/* Explanations are sound: what a printed proof cites is what the conclusion rests on, and all of it. On the
 * situations of the installed rules' own tests, the stories' examples and the golden cases. */
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

/* What a node concludes: its sentence, where it finds something. */
static const char *conclusion(llw_arena *arena, const llw_run *run, const llw_node *node) {
    llw_text t = {0};
    if (node->rule->find.n_pieces) llw_run_say(run, node, &node->rule->find, &t);
    const char *text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* The same rule for the same things in another run, NULL when there is no such node. */
static const llw_node *again(const llw_run *run, const llw_run *before, const llw_node *node) {
    for (size_t i = 0; i < run->n_nodes; i++) {
        const llw_node *n = &run->nodes[i];
        bool same = n->rule == node->rule;
        for (int v = 0; same && v < node->rule->n_variables; v++)
            same = !strcmp(llw_facts_id(run->facts, n->binding[v]),
                           llw_facts_id(before->facts, node->binding[v]));
        if (same) return n;
    }
    return NULL;
}

/* Whether the rule still fires for the same things, and says the same. */
static bool stands(llw_run *before, const llw_node *node, const char *said, const llw_facts *facts) {
    llw_arena *arena = llw_arena_new();
    llw_run *run = llw_run_beside(before, facts);
    const llw_node *n = again(run, before, node);
    bool does = n && n->state == LLW_FIRED && !strcmp(conclusion(arena, run, n), said);
    llw_run_free(run);
    llw_arena_free(arena);
    return does;
}

/* An overlay in which a slot of the run is unknown. */
static llw_facts *without(const llw_facts *facts, const llw_run *run, llw_entity entity, llw_attr attr) {
    llw_facts *less = llw_facts_overlay(facts);
    llw_entity e =
        llw_facts_entity(less, llw_facts_kind(run->facts, entity), llw_facts_id(run->facts, entity));
    llw_facts_claim(less, e, attr, llw_unknown(llw_attr_get(attr)->type), LLW_GRADE_WHATIF, "what-if", "");
    return less;
}

/* A condition that asks about a slot, not for its value, or in which another part may decide. */
static bool may_decide_otherwise(const llw_expr *e) {
    for (int i = 0; i < e->n_nodes; i++) {
        llw_op op = e->nodes[i].op;
        if (op == LLW_OP_OR || op == LLW_OP_AND || op == LLW_OP_KNOWN || op == LLW_OP_CONFLICT ||
            op == LLW_OP_ORIGIN || op == LLW_OP_GRADE || op == LLW_OP_PREDICTED)
            return true;
    }
    return false;
}

static bool reads(const llw_node *node, const llw_expr *e, llw_entity entity, llw_attr attr) {
    for (int i = 0; i < e->n_nodes; i++)
        if (e->nodes[i].op == LLW_OP_SLOT && e->nodes[i].as.slot.attr == attr &&
            node->binding[e->nodes[i].as.slot.variable] == entity)
            return true;
    return false;
}

/* How many nodes derived what the line tells. */
static size_t derivers(const llw_run *run, const llw_proof_line *line) {
    size_t n = 0;
    for (size_t i = 0; i < run->n_derivations; i++)
        n += run->derivations[i].entity == line->entity && run->derivations[i].attr == line->attr;
    return n;
}

/* Whether something else may carry the conclusion: only conditions that another part may decide read the
 * slot, or what was derived from it was derived by others, too. */
static bool is_alternative(const llw_run *run, const llw_node *node, const llw_proof *proof,
                           llw_entity entity, llw_attr attr) {
    bool found = false;
    for (size_t i = 0; i <= proof->n_lines; i++) {
        const llw_proof_line *line = i ? &proof->lines[i - 1] : NULL;
        const llw_node *by = line ? llw_run_deriver(run, line->entity, line->attr) : node;
        size_t n = line ? derivers(run, line) : 1;
        for (size_t c = 0; by && c < by->rule->n_conditions; c++) {
            const llw_expr *e = &by->rule->conditions[c].expr;
            if (by->rule->conditions[c].role == LLW_ROLE_JOIN || !reads(by, e, entity, attr)) continue;
            if (n == 1 && !may_decide_otherwise(e)) return false;
            found = true;
        }
    }
    return found;
}

/* What was read, not what was predicted or derived from it. Whether slots share a cache is as good as the
 * default when it is unknown. */
static bool is_fact(const llw_facts *facts, const llw_run *run, const llw_proof_line *line) {
    if (!line->entity || line->entity > llw_facts_max(facts) || line->kind == LLW_LINE_RIVAL ||
        line->kind == LLW_LINE_MISSING || llw_attr_get(line->attr)->kind == LLW_KIND_placement ||
        line->attr == LLW_launch_kv_unified)
        return false;
    const llw_claim *best = llw_facts_best(facts, line->entity, line->attr);
    return best && best == llw_facts_best(run->facts, line->entity, line->attr);
}

static bool told_before(const llw_proof *proof, size_t line) {
    for (size_t i = 0; i < line; i++)
        if (proof->lines[i].entity == proof->lines[line].entity &&
            proof->lines[i].attr == proof->lines[line].attr)
            return true;
    return false;
}

/* Each fact anywhere in the whole proof of every finding in every situation: without it the rule does not
 * fire, or says something else. */
static void without_a_cited_fact_the_conclusion_falls(void **state) {
    const situations *all = *state;
    size_t tried = 0;
    for (size_t i = 0; i < all->n; i++) {
        llw_facts *facts = facts_of(all, i);
        llw_run *run = llw_run_new(all->kb, facts);
        llw_arena *arena = llw_arena_new();
        for (size_t n = 0; n < run->n_nodes; n++) {
            const llw_node *node = &run->nodes[n];
            if (node->state != LLW_FIRED) continue;
            const char *said = conclusion(arena, run, node);
            llw_proof proof;
            llw_proof_node(run, node, arena, &proof);
            for (size_t k = 0; k < proof.n_lines; k++) {
                const llw_proof_line *line = &proof.lines[k];
                if (!is_fact(facts, run, line) || told_before(&proof, k) ||
                    is_alternative(run, node, &proof, line->entity, line->attr))
                    continue;
                llw_facts *less = without(facts, run, line->entity, line->attr);
                if (stands(run, node, said, less))
                    fail_msg("%s: \"%s\" stands without \"%s\"", all->items[i].name, node->rule->id,
                             line->text);
                llw_facts_free(less);
                tried++;
            }
        }
        llw_arena_free(arena);
        llw_run_free(run);
        llw_facts_free(facts);
    }
    assert_true(tried > 2000);
}

/* Of a condition that several facts may decide: without all of them it is decided no more. */
static void without_all_alternatives_the_conclusion_falls(void **state) {
    const situations *all = *state;
    size_t tried = 0;
    for (size_t i = 0; i < all->n; i++) {
        llw_facts *facts = facts_of(all, i);
        llw_run *run = llw_run_new(all->kb, facts);
        for (size_t n = 0; n < run->n_nodes; n++) {
            const llw_node *node = &run->nodes[n];
            for (size_t c = 0; node->state == LLW_FIRED && c < node->rule->n_conditions; c++) {
                const llw_condition *condition = &node->rule->conditions[c];
                const llw_expr *e = &condition->expr;
                bool about = false; /* it may hold of what is not known */
                for (int k = 0; k < e->n_nodes; k++)
                    about |= e->nodes[k].op == LLW_OP_KNOWN || e->nodes[k].op == LLW_OP_CONFLICT ||
                             e->nodes[k].op == LLW_OP_ORIGIN || e->nodes[k].op == LLW_OP_GRADE ||
                             e->nodes[k].op == LLW_OP_PREDICTED || e->nodes[k].op == LLW_OP_PREDICT;
                if (about || !may_decide_otherwise(e) || condition->role == LLW_ROLE_JOIN) continue;
                llw_facts *less = llw_facts_overlay(facts);
                for (int k = 0; k < e->n_nodes; k++) {
                    llw_attr attr = e->nodes[k].as.slot.attr;
                    if (e->nodes[k].op != LLW_OP_SLOT || !attr) continue;
                    llw_entity entity = node->binding[e->nodes[k].as.slot.variable];
                    llw_facts_claim(less,
                                    llw_facts_entity(less, llw_facts_kind(run->facts, entity),
                                                     llw_facts_id(run->facts, entity)),
                                    attr, llw_unknown(llw_attr_get(attr)->type), LLW_GRADE_WHATIF, "what-if",
                                    "");
                }
                llw_run *then = llw_run_beside(run, less);
                const llw_node *again_node = again(then, run, node);
                if (again_node && again_node->state == LLW_FIRED)
                    fail_msg("%s: \"%s\" fires although nothing of \"%s\" is known", all->items[i].name,
                             node->rule->id, e->text);
                llw_run_free(then);
                llw_facts_free(less);
                tried++;
            }
        }
        llw_run_free(run);
        llw_facts_free(facts);
    }
    assert_true(tried > 50);
}

/* ---- what is not cited ---- */

static bool cites(const llw_proof *proof, llw_entity entity, llw_attr attr) {
    for (size_t i = 0; i < proof->n_lines; i++)
        if (proof->lines[i].entity == entity && proof->lines[i].attr == attr) return true;
    for (size_t i = 0; i < proof->n_rest; i++)
        if (proof->rest[i].entity == entity && proof->rest[i].attr == attr) return true;
    return false;
}

static llw_value another(llw_value v) {
    if (v.type == LLW_FLAG)
        v.as.flag = !v.as.flag;
    else if (llw_type_is_text(v.type))
        v.as.text = *v.as.text ? "" : "another";
    else if (llw_type_is_integer(v.type))
        v.as.count = v.as.count ? v.as.count / 2 : 1000000;
    else
        v.as.real = v.as.real * 2 + 1;
    return v;
}

/* A join is no condition, and the lesson's builds stand in its header. */
static bool sorts_out(const llw_rule *rule, llw_attr attr) {
    for (size_t c = 0; c < rule->n_conditions; c++)
        for (int i = 0; i < rule->conditions[c].expr.n_nodes; i++) {
            const llw_expr_node *n = &rule->conditions[c].expr.nodes[i];
            if (n->op == LLW_OP_SLOT && n->as.slot.attr == attr &&
                (rule->conditions[c].role == LLW_ROLE_JOIN || attr == LLW_placement_device))
                return true;
        }
    return (rule->since >= 0 || rule->until >= 0) && attr == LLW_build_order;
}

/* Whether a fact may make known what the node found unknown: no proof cites what is absent. */
static bool may_make_known(const llw_run *run, const llw_node *node, llw_kind kind) {
    for (size_t c = 0; c < node->rule->n_conditions; c++)
        for (int i = 0; i < node->rule->conditions[c].expr.n_nodes; i++) {
            const llw_expr_node *e = &node->rule->conditions[c].expr.nodes[i];
            if (e->op != LLW_OP_SLOT || !e->as.slot.attr ||
                llw_facts_value(run->facts, node->binding[e->as.slot.variable], e->as.slot.attr).known)
                continue;
            for (size_t r = 0; r < run->kb->n_rules; r++)
                for (size_t d = 0; d < run->kb->rules[r]->n_derives; d++)
                    for (int v = 0; v < run->kb->rules[r]->n_variables; v++)
                        if (run->kb->rules[r]->derives[d].attr == e->as.slot.attr &&
                            run->kb->rules[r]->kind[v] == kind)
                            return true;
        }
    return false;
}

/* Whether it is about a placement that a test describes: a result given as a fact. */
static bool is_made_up(const llw_facts *facts, const llw_node *node) {
    for (int v = 0; v < node->rule->n_variables; v++)
        if (node->rule->kind[v] == LLW_KIND_placement && node->binding[v] <= llw_facts_max(facts))
            return true;
    return false;
}

/* Every fact that the whole proof of a finding does not cite, made another, all of them at once. */
static void what_is_not_cited_does_not_matter(void **state) {
    const situations *all = *state;
    size_t changed = 0;
    for (size_t i = 0; i < all->n; i++) {
        llw_facts *facts = facts_of(all, i);
        llw_run *run = llw_run_new(all->kb, facts);
        llw_arena *arena = llw_arena_new();
        for (size_t n = 0; n < run->n_nodes; n++) {
            const llw_node *node = &run->nodes[n];
            if (node->state != LLW_FIRED || is_made_up(facts, node)) continue;
            const char *said = conclusion(arena, run, node);
            llw_proof proof;
            llw_proof_node(run, node, arena, &proof);
            llw_facts *other = llw_facts_overlay(facts);
            for (llw_entity e = 1; e <= llw_facts_max(facts); e++)
                for (int a = 1; a < LLW_ATTRS; a++) {
                    llw_attr attr = (llw_attr)a;
                    if (llw_attr_get(attr)->kind != llw_facts_kind(facts, e) || cites(&proof, e, attr) ||
                        sorts_out(node->rule, attr) || may_make_known(run, node, llw_attr_get(attr)->kind))
                        continue;
                    llw_value v = llw_facts_value(facts, e, attr);
                    if (!v.known || v.type == LLW_REF) continue;
                    llw_facts_claim(other, e, attr, another(v), LLW_GRADE_WHATIF, "what-if", "");
                    changed++;
                }
            if (!stands(run, node, said, other))
                fail_msg("%s: \"%s\" depends on what it does not cite", all->items[i].name, node->rule->id);
            llw_facts_free(other);
        }
        llw_arena_free(arena);
        llw_run_free(run);
        llw_facts_free(facts);
    }
    assert_true(changed > 5000);
}

/* ---- what a proof shows ---- */

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
                        fail_msg("%s: \"%s\" read %s and does not show it", all->items[i].name,
                                 node->rule->id, llw_attr_get(e->as.slot.attr)->name);
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
                        fail_msg("%s: \"%s\" tells the grounds of %s twice", all->items[i].name,
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
        cmocka_unit_test(without_all_alternatives_the_conclusion_falls),
        cmocka_unit_test(what_is_not_cited_does_not_matter),
        cmocka_unit_test(a_proof_shows_all_that_was_read_and_only_that),
        cmocka_unit_test(a_slot_is_told_once),
    };
    return cmocka_run_group_tests_name("sound", tests, set_up, tear_down);
}
