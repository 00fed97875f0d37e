/* Builds proofs: a rule's conditions, its advice and where it comes from. */
#include "explain/proof_parts.h"
#include "explain/words.h"

#include <string.h>

static llw_entity launch_of(const llw_prover *b, llw_entity entity) {
    return llw_facts_kind(b->run->facts, entity) == LLW_KIND_placement
               ? llw_facts_ref(b->run->facts, entity, LLW_placement_launch)
               : entity;
}

/* NOLINTNEXTLINE(misc-no-recursion): a quantity names quantities before it, at most LLW_PROOF_DEPTH_MAX */
static void add_reads(llw_prover *b, int depth, const llw_node *node, const llw_expr *expr, bool told) {
    for (int i = 0; i < expr->n_nodes; i++) {
        const llw_expr_node *n = &expr->nodes[i];
        if (n->op == LLW_OP_SLOT && n->as.slot.attr && n->as.slot.attr != LLW_placement_device)
            llw_prover_slot(b, depth, node->binding[n->as.slot.variable], n->as.slot.attr, told);
        if (n->op == LLW_OP_SUM || n->op == LLW_OP_ANY)
            for (llw_entity e = 0; (e = llw_facts_next(b->run->facts, n->as.aggregate.kind, e));)
                llw_prover_slot(b, depth, e, n->as.aggregate.attr, false);
        if (n->op == LLW_OP_PREDICT)
            llw_prover_predicted(b, launch_of(b, node->binding[n->as.predict.variable]));
        if (n->op == LLW_OP_PREDICTED)
            llw_prover_predicted(b, launch_of(b, node->binding[expr->nodes[n->args[0]].as.slot.variable]));
        if (n->op == LLW_OP_LET) {
            const llw_expr *let = &node->rule->lets[n->as.let];
            llw_text t = {0};
            llw_text_addf(&t, "%s = ", node->rule->let_names[n->as.let]);
            llw_words_condition(&t, b->run, node, let);
            llw_text_add(&t, " = ");
            llw_result_print(&t, node->lets[n->as.let], llw_expr_unit(let), "", b->run->facts);
            llw_prover_add(b, depth, LLW_LINE_ARITHMETIC, &t);
            if (depth < LLW_PROOF_DEPTH_MAX) add_reads(b, depth + 1, node, let, false);
        }
    }
}

/* The one slot an expression reads, or NULL when it reads none or several. */
static const llw_expr_node *only_slot(const llw_expr *expr) {
    const llw_expr_node *found = NULL;
    for (int i = 0; i < expr->n_nodes; i++) {
        if (expr->nodes[i].op == LLW_OP_LET || expr->nodes[i].op == LLW_OP_PREDICT) return NULL;
        if (expr->nodes[i].op != LLW_OP_SLOT || !expr->nodes[i].as.slot.attr) continue;
        if (found) return NULL;
        found = &expr->nodes[i];
    }
    return found;
}

/* "fits gpus: yes" for a bare slot or its negation; anything else with its values. */
static void say_condition(llw_text *t, const llw_run *run, const llw_node *node, const llw_condition *c) {
    const llw_expr_node *top = &c->expr.nodes[c->expr.n_nodes - 1];
    if (top->op == LLW_OP_NOT) top = &c->expr.nodes[top->args[0]];
    if (top->op == LLW_OP_SLOT && top->as.slot.attr) {
        llw_entity entity = node->binding[top->as.slot.variable];
        llw_words_slot(t, run, entity, top->as.slot.attr);
        llw_text_add(t, ": ");
        llw_words_value(t, run, top->as.slot.attr, llw_facts_value(run->facts, entity, top->as.slot.attr));
        return;
    }
    if (top->op == LLW_OP_KNOWN) {
        const llw_expr_node *slot = &c->expr.nodes[top->args[0]];
        llw_entity entity = node->binding[slot->as.slot.variable];
        bool known = llw_facts_value(run->facts, entity, slot->as.slot.attr).known;
        llw_words_slot(t, run, entity, slot->as.slot.attr);
        llw_text_add(t, known ? " is known" : " is not known");
        return;
    }
    if (c->role == LLW_ROLE_UNLESS) llw_text_add(t, "not: ");
    llw_words_condition(t, run, node, &c->expr);
}

/* A condition that only sorts the host's placement out tells a reader nothing. */
static bool tells_nothing(const llw_node *node, size_t i) {
    const llw_expr_node *slot = only_slot(&node->rule->conditions[i].expr);
    return slot && slot->as.slot.attr == LLW_placement_device && node->truth[i].state == LLW_KNOWN;
}

void llw_prover_conditions(llw_prover *b, int depth, const llw_node *node) {
    for (size_t i = 0; i < node->rule->n_conditions; i++) {
        const llw_condition *c = &node->rule->conditions[i];
        llw_result r = node->truth[i];
        if (r.state == LLW_NOT_ASKED) {
            llw_result values[LLW_EXPR_MAX_BYTES];
            llw_run_eval(b->run, node, &c->expr, values);
            r = values[c->expr.n_nodes - 1];
        }
        bool so = r.state == LLW_KNOWN && r.as.flag == (c->role == LLW_ROLE_WHEN);
        if (c->role == LLW_ROLE_JOIN || (so && tells_nothing(node, i))) continue;
        llw_text t = {0};
        say_condition(&t, b->run, node, c);
        const llw_expr_node *slot = only_slot(&c->expr);
        llw_entity entity = slot ? node->binding[slot->as.slot.variable] : 0;
        const llw_claim *best = slot ? llw_facts_best(b->run->facts, entity, slot->as.slot.attr) : NULL;
        llw_proof_line *line = llw_prover_add(b, depth, LLW_LINE_CONDITION, &t);
        size_t at = b->out->n_lines;
        line->mark = r.state != LLW_KNOWN ? LLW_MARK_UNKNOWN : so ? LLW_MARK_YES : LLW_MARK_NO;
        line->written = llw_arena_printf(b->arena, "%s:%d", node->rule->lesson->file, c->expr.line);
        line->minor = so && c->role == LLW_ROLE_UNLESS && best && best->grade == LLW_GRADE_DEFAULT;
        if (best && best->value.known) {
            line->origin = llw_prover_origin(b, best);
            line->entity = entity;
            line->attr = slot->as.slot.attr;
            line->value = best->value;
        }
        add_reads(b, depth + 1, node, &c->expr, best && best->value.known);
        if (best && best->value.known && llw_claim_is_predicted(best) && b->out->n_lines == at)
            b->out->lines[at - 1].origin = "told above";
    }
}

/* "try: -ngl auto", where it is not so already. */
static void add_try(llw_prover *b, const llw_node *node, const llw_setting *t) {
    llw_result values[LLW_EXPR_MAX_BYTES];
    llw_text line = {0};
    llw_entity entity = node->binding[t->variable];
    llw_run_eval(b->run, node, &t->value, values);
    llw_value value = llw_result_value(values[t->value.n_nodes - 1], llw_attr_get(t->attr)->type),
              now = llw_facts_value(b->run->facts, entity, t->attr);
    if (now.known && llw_value_equal(now, value)) return;
    llw_words_slot(&line, b->run, entity, t->attr);
    llw_text_add(&line, " ");
    llw_words_value(&line, b->run, t->attr, value);
    llw_prover_add(b, 1, LLW_LINE_ADVICE, &line);
}

void llw_proof_node(const llw_run *run, const llw_node *node, llw_arena *arena, llw_proof *out) {
    *out = (llw_proof){.weakest = LLW_GRADE_WHATIF};
    llw_prover b = {.run = run, .arena = arena, .out = out};
    const llw_rule *rule = node->rule;
    llw_text t = {0};
    if (node->state == LLW_FIRED && rule->find.n_pieces)
        llw_run_say(run, node, &rule->find, &t);
    else
        llw_text_addf(&t, "%s: %s", rule->id, llw_state_name(node->state));
    llw_prover_add(&b, 0, LLW_LINE_CLAIM, &t);
    if (!node->applies) {
        llw_text_add(&t, "the lesson does not hold for this build of llama.cpp");
        llw_prover_add(&b, 1, LLW_LINE_CONDITION, &t)->mark = LLW_MARK_NO;
    }
    llw_prover_conditions(&b, 1, node);
    for (size_t i = 0; node->state == LLW_FIRED && i < (size_t)rule->find.n_pieces; i++)
        if (rule->find.pieces[i].value) add_reads(&b, 1, node, rule->find.pieces[i].value, false);
    llw_prover_rest(&b);
    llw_text_add(&t, rule->lesson->claim);
    llw_prover_add(&b, 1, LLW_LINE_MECHANISM, &t);
    for (size_t i = 0; i < rule->n_tries && node->state == LLW_FIRED; i++) add_try(&b, node, &rule->tries[i]);
    const char *rules = strstr(rule->lesson->file, "rules.d/");
    int root = rules ? (int)(rules - rule->lesson->file) : 0;
    llw_text_addf(&t, "lesson %s, rule \"%s\" (%s:%d), story %.*slessons/%s.md", rule->lesson->code, rule->id,
                  rule->lesson->file, rule->line, root, rule->lesson->file, rule->lesson->id);
    llw_prover_add(&b, 1, LLW_LINE_SOURCE, &t);
}

size_t llw_missing_slots(const llw_run *run, const llw_node *node, llw_slot *out, size_t max) {
    size_t n = 0;
    for (size_t i = 0; i < node->rule->n_conditions; i++) {
        if (node->truth[i].state != LLW_NOT_KNOWN) continue;
        const llw_expr *expr = &node->rule->conditions[i].expr;
        for (int k = 0; k < expr->n_nodes && n < max; k++) {
            const llw_expr_node *e = &expr->nodes[k];
            if (e->op != LLW_OP_SLOT || !e->as.slot.attr) continue;
            llw_entity entity = node->binding[e->as.slot.variable];
            if (!llw_facts_value(run->facts, entity, e->as.slot.attr).known)
                out[n++] = (llw_slot){entity, e->as.slot.attr};
        }
    }
    return n;
}
