/* One line for each lesson: fired, silent because, undecided because. */
#include "explain/lessons.h"
#include "explain/proof.h"
#include "explain/words.h"

#include <string.h>

static int failing(const llw_node *node) {
    int n = node->applies ? 0 : 1;
    for (size_t i = 0; i < node->rule->n_conditions; i++) {
        bool wanted = node->rule->conditions[i].role != LLW_ROLE_UNLESS;
        n += node->truth[i].state == LLW_KNOWN && node->truth[i].as.flag != wanted;
    }
    return n;
}

/* "-ub is 512, not above 512"; "fits gpus: yes". */
static void say_failure(llw_text *out, const llw_run *run, const llw_node *node, size_t condition) {
    static const char *const not_so[] = {
        [LLW_OP_LESS] = "not below",      [LLW_OP_LESS_EQUAL] = "above", [LLW_OP_GREATER] = "not above",
        [LLW_OP_GREATER_EQUAL] = "below", [LLW_OP_EQUAL] = "not",        [LLW_OP_NOT_EQUAL] = "exactly"};
    const llw_condition *c = &node->rule->conditions[condition];
    const llw_expr *expr = &c->expr;
    llw_result values[LLW_EXPR_MAX_BYTES];
    llw_run_eval(run, node, expr, values);
    const llw_expr_node *top = &expr->nodes[expr->n_nodes - 1];
    if (top->op == LLW_OP_NOT) top = &expr->nodes[top->args[0]];
    if (top->op == LLW_OP_SLOT) {
        llw_entity entity = node->binding[top->as.slot.variable];
        llw_words_slot(out, run, entity, top->as.slot.attr);
        llw_text_add(out, ": ");
        llw_words_value(out, run, top->as.slot.attr, llw_facts_value(run->facts, entity, top->as.slot.attr));
        return;
    }
    const llw_expr_node *left = llw_op_is_comparison(top->op) ? &expr->nodes[top->args[0]] : NULL;
    if (c->role == LLW_ROLE_WHEN && left && left->op == LLW_OP_SLOT && left->as.slot.attr &&
        top == &expr->nodes[expr->n_nodes - 1]) {
        llw_entity entity = node->binding[left->as.slot.variable];
        llw_words_slot(out, run, entity, left->as.slot.attr);
        llw_text_add(out, " is ");
        llw_words_value(out, run, left->as.slot.attr,
                        llw_facts_value(run->facts, entity, left->as.slot.attr));
        const llw_expr_node *right = &expr->nodes[top->args[1]];
        if (top->op == LLW_OP_NOT_EQUAL) return;
        llw_text_addf(out, ", %s ", not_so[top->op]);
        if (right->op == LLW_OP_SLOT && right->as.slot.attr) {
            llw_words_slot(out, run, node->binding[right->as.slot.variable], right->as.slot.attr);
            llw_text_add(out, " ");
        }
        llw_result_print(out, values[top->args[1]], right->unit, "", run->facts);
        return;
    }
    llw_words_condition(out, run, node, expr);
    llw_text_add(out, c->role == LLW_ROLE_UNLESS ? ": so" : ": not so");
}

static void say_silence(llw_text *out, const llw_run *run, const llw_node *node) {
    if (!node->applies) {
        llw_text_add(out, "it does not hold for this build");
        return;
    }
    for (size_t i = 0; i < node->rule->n_conditions; i++) {
        bool wanted = node->rule->conditions[i].role != LLW_ROLE_UNLESS;
        if (node->truth[i].state != LLW_KNOWN || node->truth[i].as.flag == wanted) continue;
        if (node->rule->conditions[i].otherwise.n_pieces)
            llw_run_say(run, node, &node->rule->conditions[i].otherwise, out);
        else
            say_failure(out, run, node, i);
        return;
    }
}

static void say_undecided(llw_text *out, const llw_run *run, const llw_node *node) {
    llw_slot slot;
    if (!llw_missing_slots(run, node, &slot, 1)) {
        llw_text_add(out, "something it needs cannot be predicted");
        return;
    }
    const llw_attr_info *info = llw_attr_get(slot.attr);
    bool of_people = info->kind == LLW_KIND_build || info->kind == LLW_KIND_launch;
    if (info->type == LLW_FLAG && of_people && !info->knob && *info->how)
        llw_text_addf(out, "nobody has recorded whether %s", info->meaning);
    else {
        if (info->type == LLW_FLAG) llw_text_add(out, "whether ");
        llw_words_slot(out, run, slot.entity, slot.attr);
        llw_text_add(out, " is unknown");
    }
    if (*info->how) llw_text_addf(out, " (%s)", info->how);
}

/* Fired beats undecided beats silent; among silent ones the nearest miss of the gravest rule. */
static bool nearer(const llw_node *a, const llw_node *b) {
    if (!b) return true;
    if (a->state != b->state) {
        static const int order[] = {[LLW_FIRED] = 3, [LLW_BROKEN] = 2, [LLW_UNDECIDED] = 1, [LLW_SILENT] = 0};
        return order[a->state] > order[b->state];
    }
    int fa = failing(a), fb = failing(b);
    return fa != fb ? fa < fb : a->rule->level > b->rule->level;
}

static void judge(const llw_run *run, const llw_lesson *lesson, const llw_rule *rule, llw_entity launch,
                  llw_arena *arena, llw_lesson_line *out) {
    *out = (llw_lesson_line){.lesson = lesson, .state = LLW_SILENT, .text = ""};
    for (size_t i = 0; i < run->n_nodes; i++) {
        const llw_node *node = &run->nodes[i];
        if (node->rule->lesson != lesson || (rule && node->rule != rule) ||
            (!rule && !node->rule->find.n_pieces) || !llw_node_concerns(run, node, launch))
            continue;
        if (nearer(node, out->node)) out->node = node;
    }
    llw_text t = {0};
    if (!out->node)
        llw_text_add(&t, "there is nothing it could judge");
    else {
        out->state = out->node->state;
        if (out->state == LLW_SILENT) say_silence(&t, run, out->node);
        if (out->state == LLW_UNDECIDED) say_undecided(&t, run, out->node);
        if (out->state == LLW_BROKEN) llw_text_add(&t, "one of its conditions cannot be computed");
    }
    out->text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
}

void llw_lesson_judge(const llw_run *run, const llw_lesson *lesson, llw_entity launch, llw_arena *arena,
                      llw_lesson_line *out) {
    judge(run, lesson, NULL, launch, arena, out);
}

void llw_rule_judge(const llw_run *run, const llw_rule *rule, llw_entity launch, llw_arena *arena,
                    llw_lesson_line *out) {
    judge(run, rule->lesson, rule, launch, arena, out);
}
