/* Why a rule that holds on one side does not on the other: the condition that turned, with both its values.
 */
#include "explain/difference.h"
#include "explain/words.h"

#include <string.h>

/* What a binding is about, as far as two runs may share it: "" for what each has one of. */
static const char *about(const llw_run *run, const llw_node *node, int variable) {
    const char *device = "";
    switch (node->rule->kind[variable]) {
    case LLW_KIND_launch:
    case LLW_KIND_model:
    case LLW_KIND_build:
    case LLW_KIND_host: return "";
    case LLW_KIND_placement:
        llw_facts_text(run->facts, node->binding[variable], LLW_placement_device, &device);
        return device;
    default: return llw_facts_id(run->facts, node->binding[variable]);
    }
}

const llw_node *llw_side_counterpart(const llw_side *from, const llw_node *node, const llw_side *in) {
    for (size_t i = 0; i < in->run->n_nodes; i++) {
        const llw_node *other = &in->run->nodes[i];
        bool same = !strcmp(other->rule->id, node->rule->id) &&
                    !strcmp(other->rule->lesson->id, node->rule->lesson->id) &&
                    other->rule->n_variables == node->rule->n_variables &&
                    llw_node_concerns(in->run, other, in->launch);
        for (int v = 0; same && v < node->rule->n_variables; v++)
            same = !strcmp(about(from->run, node, v), about(in->run, other, v));
        if (same) return other;
    }
    return NULL;
}

static llw_result truth(const llw_run *run, const llw_node *node, size_t condition) {
    if (node->truth[condition].state != LLW_NOT_ASKED) return node->truth[condition];
    llw_result values[LLW_EXPR_MAX_BYTES];
    const llw_expr *expr = &node->rule->conditions[condition].expr;
    llw_run_eval(run, node, expr, values);
    return values[expr->n_nodes - 1];
}

/* A slot alone, or its negation. */
static const llw_expr_node *bare_slot(const llw_expr *expr) {
    const llw_expr_node *top = &expr->nodes[expr->n_nodes - 1];
    if (top->op == LLW_OP_NOT) top = &expr->nodes[top->args[0]];
    return top->op == LLW_OP_SLOT && top->as.slot.attr ? top : NULL;
}

static void say_value(llw_text *out, const llw_run *run, const llw_node *node, const llw_expr_node *slot) {
    llw_words_value(out, run, slot->as.slot.attr,
                    llw_facts_value(run->facts, node->binding[slot->as.slot.variable], slot->as.slot.attr));
}

/* What a placement's or launch's "loads" comes from. */
static void say_left(llw_text *out, const llw_side *side, const llw_node *node, const llw_expr_node *slot) {
    llw_entity e = node->binding[slot->as.slot.variable];
    int64_t left = 0;
    char buf[LLW_NUMBER_MAX];
    if (slot->as.slot.attr != LLW_placement_loads ||
        !llw_facts_count(side->run->facts, e, LLW_placement_left, &left))
        return;
    llw_text_addf(out, " (%s %s)", llw_format_mib(buf, left < 0 ? -left : left), left < 0 ? "short" : "left");
}

/* "above 512", of a comparison that has to hold. */
static const char *relation(llw_op op) {
    static const char *const words[] = {[LLW_OP_LESS] = "below",    [LLW_OP_LESS_EQUAL] = "at most",
                                        [LLW_OP_GREATER] = "above", [LLW_OP_GREATER_EQUAL] = "at least",
                                        [LLW_OP_EQUAL] = "for",     [LLW_OP_NOT_EQUAL] = "for anything but"};
    return words[op];
}

typedef struct flip {
    const llw_side *a, *b;
    const llw_node *at_a, *at_b;
} flip;

/* "NAME, now 1,024, then 256" */
static void say_both(llw_text *out, const flip *f, const llw_expr_node *slot) {
    llw_words_slot(out, f->b->run, f->at_b->binding[slot->as.slot.variable], slot->as.slot.attr);
    llw_text_addf(out, ": %s ", f->a->name);
    say_value(out, f->a->run, f->at_a, slot);
    say_left(out, f->a, f->at_a, slot);
    llw_text_addf(out, ", %s ", f->b->name);
    say_value(out, f->b->run, f->at_b, slot);
    say_left(out, f->b, f->at_b, slot);
}

static bool say_comparison(llw_text *out, const flip *f, const llw_condition *c) {
    const llw_expr_node *top = &c->expr.nodes[c->expr.n_nodes - 1];
    if (!llw_op_is_comparison(top->op)) return false;
    const llw_expr_node *left = &c->expr.nodes[top->args[0]], *right = &c->expr.nodes[top->args[1]];
    if (left->op != LLW_OP_SLOT || !left->as.slot.attr) return false;
    llw_result values[LLW_EXPR_MAX_BYTES];
    llw_run_eval(f->b->run, f->at_b, &c->expr, values);
    say_both(out, f, left);
    if (right->unit == LLW_UNIT_TEXT) return true;
    llw_text_addf(out, "; it holds %s%s ", c->role == LLW_ROLE_UNLESS ? "unless " : "", relation(top->op));
    llw_result_print(out, values[top->args[1]], right->unit, "", f->b->run->facts);
    return true;
}

static void say_condition(llw_text *out, const flip *f, const llw_condition *c) {
    const llw_expr_node *slot = bare_slot(&c->expr);
    if (slot) {
        say_both(out, f, slot);
    } else if (!say_comparison(out, f, c)) {
        llw_text_addf(out, "%s ", f->a->name);
        llw_words_condition(out, f->a->run, f->at_a, &c->expr);
        llw_text_addf(out, ", %s ", f->b->name);
        llw_words_condition(out, f->b->run, f->at_b, &c->expr);
    }
}

const char *llw_say_flip(const llw_side *a, const llw_side *b, bool fired_at_a, const llw_node *node,
                         llw_arena *arena) {
    const llw_side *fired = fired_at_a ? a : b, *other = fired_at_a ? b : a;
    const llw_node *there = llw_side_counterpart(fired, node, other);
    if (!there) {
        for (int v = 0; v < node->rule->n_variables; v++) {
            const char *what = about(fired->run, node, v);
            if (*what) return llw_arena_printf(arena, "%s: there is no %s", other->name, what);
        }
        return llw_arena_printf(arena, "%s: there is nothing it could judge", other->name);
    }
    if (!there->applies) return llw_arena_printf(arena, "%s: it does not hold for that build", other->name);
    flip f = {a, b, fired_at_a ? node : there, fired_at_a ? there : node};
    llw_text t = {0};
    for (size_t i = 0; i < node->rule->n_conditions && !t.len; i++) {
        const llw_condition *c = &node->rule->conditions[i];
        llw_result r = truth(other->run, there, i);
        if (r.state != LLW_KNOWN || r.as.flag != (c->role != LLW_ROLE_UNLESS)) say_condition(&t, &f, c);
    }
    const char *text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}
