/* Runs the knowledge base: predictions, then each rule for each of its bindings. */
#include "infer/run.h"
#include "infer/join.h"
#include "fact/regressions.h"
#include "infer/native.h"
#include "infer/run_parts.h"
#include "predict/memo.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct llw_variant { /* a launch with some knobs turned */
    llw_entity launch;
    int n;
    llw_attr knobs[LLW_EXPR_MAX_ARGS];
    llw_value values[LLW_EXPR_MAX_ARGS];
    llw_facts *facts;
    llw_predicted predicted;
    bool capacity; /* claimed already */
    struct llw_variant *next;
} llw_variant;

static llw_value ask_variant(void *context, llw_entity entity, llw_attr attr, const llw_attr *knobs,
                             const llw_value *values, int n) {
    return llw_run_variant(context, entity, attr, knobs, values, n);
}

static llw_evaluation evaluation_of(const llw_run *run, const llw_entity *binding, const llw_result *lets) {
    return (llw_evaluation){.facts = run->facts,
                            .kb = run->kb,
                            .binding = binding,
                            .lets = lets,
                            .predict = ask_variant,
                            .context =
                                (void *)(uintptr_t)run}; /* the memo of variants is the run's own business */
}

/* The launch a binding is about: the first variable that is a launch, or a placement's launch. */
static llw_entity launch_of(const llw_run *run, const llw_rule *rule, const llw_entity *binding) {
    for (int v = 0; v < rule->n_variables; v++) {
        if (rule->kind[v] == LLW_KIND_launch) return binding[v];
        if (rule->kind[v] == LLW_KIND_placement)
            return llw_facts_ref(run->facts, binding[v], LLW_placement_launch);
    }
    return 0;
}

/* Whether the rule holds for the build that the launch runs. An unknown build is taken to be in range. */
static bool applies(const llw_run *run, const llw_rule *rule, const llw_entity *binding) {
    if (rule->since < 0 && rule->until < 0) return true;
    llw_entity launch = launch_of(run, rule, binding);
    llw_entity build = launch ? llw_facts_ref(run->facts, launch, LLW_launch_build) : 0;
    int64_t order = 0;
    if (!build || !llw_facts_count(run->facts, build, LLW_build_order, &order)) return true;
    return llw_rule_covers(rule, order);
}

static llw_state settle(const llw_rule *rule, const llw_result *truth) {
    bool undecided = false, broken = false;
    for (size_t i = 0; i < rule->n_conditions; i++) {
        bool wanted = rule->conditions[i].role != LLW_ROLE_UNLESS;
        if (truth[i].state == LLW_KNOWN && truth[i].as.flag != wanted) return LLW_SILENT;
        undecided |= truth[i].state == LLW_NOT_KNOWN;
        broken |= truth[i].state == LLW_FAULT;
    }
    return broken ? LLW_BROKEN : undecided ? LLW_UNDECIDED : LLW_FIRED;
}

/* A default is certain until somebody overrides it: it weakens nothing. */
static void weaken_by_slot(const llw_run *run, llw_entity entity, llw_attr attr, llw_grade *grade) {
    const llw_claim *best = llw_facts_best(run->facts, entity, attr);
    if (!best || !best->value.known || best->grade == LLW_GRADE_DEFAULT) return;
    llw_grade of = llw_claim_is_predicted(best) ? LLW_GRADE_PREDICTED : best->grade;
    if (of < *grade) *grade = of;
}

static void weaken(const llw_run *run, const llw_node *node, const llw_expr *expr, llw_grade *grade) {
    for (int i = 0; i < expr->n_nodes; i++) {
        const llw_expr_node *n = &expr->nodes[i];
        if (n->op == LLW_OP_SLOT && n->as.slot.attr)
            weaken_by_slot(run, node->binding[n->as.slot.variable], n->as.slot.attr, grade);
        if (n->op == LLW_OP_SUM || n->op == LLW_OP_ANY)
            for (llw_entity e = 0; (e = llw_facts_next(run->facts, n->as.aggregate.kind, e));)
                weaken_by_slot(run, e, n->as.aggregate.attr, grade);
        if (n->op == LLW_OP_PREDICT && *grade > LLW_GRADE_PREDICTED) *grade = LLW_GRADE_PREDICTED;
    }
}

/* The weakest grade among what a node's conclusion rests on. */
static llw_grade weakest(const llw_run *run, const llw_node *node) {
    llw_grade grade = LLW_GRADE_WHATIF;
    for (size_t i = 0; i < node->rule->n_conditions; i++)
        weaken(run, node, &node->rule->conditions[i].expr, &grade);
    for (size_t i = 0; i < node->rule->n_lets; i++) weaken(run, node, &node->rule->lets[i], &grade);
    return grade;
}

void llw_run_claim(llw_run *run, const llw_rule *rule, const llw_derivation *d) {
    llw_facts_claim(run->facts, d->entity, d->attr, d->value, d->grade, "rule", rule->id);
    void *items = run->derivations;
    *(llw_derivation *)llw_arena_push(run->arena, &items, &run->n_derivations, &run->derivation_capacity,
                                      sizeof *d) = *d;
    run->derivations = items;
}

static void derive(llw_run *run, size_t index) {
    const llw_node *node = &run->nodes[index];
    llw_evaluation e = evaluation_of(run, node->binding, node->lets);
    for (size_t i = 0; i < node->rule->n_derives; i++) {
        const llw_setting *s = &node->rule->derives[i];
        llw_grade grade = weakest(run, node);
        weaken(run, node, &s->value, &grade);
        llw_value value = llw_result_value(llw_eval_top(&s->value, &e), llw_attr_get(s->attr)->type);
        llw_run_claim(run, node->rule,
                      &(llw_derivation){node->binding[s->variable], s->attr, index, value, grade});
    }
}

/* Nobody wants to know, and nothing else waits for it. */
static bool is_unwanted(const llw_run *run, const llw_rule *rule) {
    return rule->level < run->least && rule->find.n_pieces && !rule->n_derives && rule->predicts;
}

/* Quantities and conditions of a node whose rule and binding are there. */
static void evaluate(llw_run *run, llw_node *node) {
    const llw_rule *rule = node->rule;
    node->applies = applies(run, rule, node->binding);
    node->lets = llw_arena_alloc(run->arena, (rule->n_lets + rule->n_conditions) * sizeof *node->lets);
    node->truth = node->lets + rule->n_lets;
    llw_evaluation e = evaluation_of(run, node->binding, node->lets);
    /* what is cheap first; what costs a prediction only if that left the node open */
    for (int costly = 0; costly <= rule->predicts; costly++) {
        bool settled = costly && !run->whole &&
                       (!node->applies || is_unwanted(run, rule) || settle(rule, node->truth) == LLW_SILENT);
        for (size_t i = 0; i < rule->n_lets; i++) {
            if (rule->lets[i].predicts != costly) continue;
            node->lets[i] = settled ? (llw_result){.state = LLW_NOT_ASKED} : llw_eval_top(&rule->lets[i], &e);
        }
        for (size_t i = 0; i < rule->n_conditions; i++) {
            bool dear = rule->conditions[i].expr.predicts;
            if (!costly && dear) node->truth[i] = (llw_result){.state = LLW_NOT_ASKED};
            if (dear != costly || settled) continue;
            node->truth[i] = rule->conditions[i].role == LLW_ROLE_JOIN /* it holds, or there is no node */
                                 ? (llw_result){.as.flag = true}
                                 : llw_eval_top(&rule->conditions[i].expr, &e);
        }
    }
    node->state = node->applies ? settle(rule, node->truth) : LLW_SILENT;
    if (node->state == LLW_FIRED && is_unwanted(run, rule)) node->state = LLW_UNDECIDED;
}

bool llw_run_add_node(llw_run *run, const llw_rule *rule, const llw_entity *binding) {
    if (run->n_nodes >= LLW_RUN_MAX_NODES) {
        llw_facts_note(run->facts, "rule \"%s\" and those after it were cut short: more than %d combinations",
                       rule->id, LLW_RUN_MAX_NODES);
        return false;
    }
    llw_node node = {.rule = rule};
    memcpy(node.binding, binding, sizeof(llw_entity) * (size_t)rule->n_variables);
    evaluate(run, &node);
    if (run->n_nodes == run->node_capacity) {
        run->node_capacity = run->node_capacity ? run->node_capacity * 2 : 8;
        run->nodes = llw_xrealloc(run->nodes, run->node_capacity * sizeof node);
    }
    run->nodes[run->n_nodes++] = node;
    if (node.state == LLW_FIRED) derive(run, run->n_nodes - 1);
    return true;
}

typedef struct matching {
    llw_run *run;
    const llw_rule *rule;
} matching;

static bool add_match(void *context, const llw_entity *binding) {
    matching *m = context;
    return llw_run_add_node(m->run, m->rule, binding);
}

static void predict_all(llw_run *run) {
    size_t n = 0;
    for (llw_entity l = 0; (l = llw_facts_next(run->base, LLW_KIND_launch, l));) n++;
    run->predicted = llw_arena_alloc(run->arena, (n + 1) * sizeof *run->predicted);
    for (llw_entity l = 0; (l = llw_facts_next(run->base, LLW_KIND_launch, l));) {
        llw_predicted *p = &run->predicted[run->n_predicted++];
        llw_native_predict_with(run->facts, l, run->arena, true, run->memo, p);
        llw_native_speed(run->facts, run->arena, p);
        llw_native_capacity(run->facts, run->arena, p);
    }
}

static llw_run *start(const llw_kb *kb, const llw_facts *facts, bool whole, llw_memo *memo, bool lent) {
    llw_arena *arena = llw_arena_new();
    llw_run *run = llw_arena_alloc(arena, sizeof *run);
    *run = (llw_run){.kb = kb,
                     .base = facts,
                     .facts = llw_facts_overlay(facts),
                     .arena = arena,
                     .whole = whole,
                     .memo = memo,
                     .memo_lent = lent};
    llw_regressions_claim(run->facts);
    llw_native_models(run->facts, run->arena, run->memo);
    predict_all(run);
    return run;
}

llw_run *llw_run_start(const llw_kb *kb, const llw_facts *facts, bool whole, llw_memo *memo) {
    return start(kb, facts, whole, memo ? memo : llw_memo_new(), memo != NULL);
}

void llw_run_rules(llw_run *run) {
    llw_join_index *indexes = llw_join_index_new(run->arena);
    for (size_t i = 0; i < run->kb->n_rules; i++) {
        matching m = {run, run->kb->rules[i]};
        llw_join(m.rule, run->facts, run->kb, indexes, add_match, &m);
    }
}

static llw_run *run_all(const llw_kb *kb, const llw_facts *facts, bool whole) {
    llw_run *run = llw_run_start(kb, facts, whole, NULL);
    run->least = LLW_LEVEL_NOTE;
    llw_run_rules(run);
    return run;
}

llw_run *llw_run_new(const llw_kb *kb, const llw_facts *facts) {
    return run_all(kb, facts, false);
}

llw_run *llw_run_least(const llw_kb *kb, const llw_facts *facts, llw_level least) {
    llw_memo *memo = llw_memo_new();
    llw_memo_want_figures(memo);
    llw_run *run = start(kb, facts, false, memo, false);
    run->least = least;
    llw_run_rules(run);
    return run;
}

llw_run *llw_run_whole(const llw_kb *kb, const llw_facts *facts) {
    return run_all(kb, facts, true);
}

void llw_run_free(llw_run *run) {
    if (!run) return;
    for (size_t i = 0; run->variants && i < LLW_RUN_VARIANTS; i++)
        for (llw_variant *v = run->variants[i]; v; v = v->next) llw_facts_free(v->facts);
    llw_facts_free(run->facts);
    free(run->nodes);
    if (!run->memo_lent) llw_memo_free(run->memo);
    llw_arena_free(run->arena);
}

const llw_predicted *llw_run_predicted(const llw_run *run, llw_entity launch) {
    for (size_t i = 0; i < run->n_predicted; i++)
        if (run->predicted[i].launch == launch) return &run->predicted[i];
    return NULL;
}

const llw_node *llw_run_deriver(const llw_run *run, llw_entity entity, llw_attr attr) {
    const llw_derivation *best = NULL;
    for (size_t i = 0; i < run->n_derivations; i++) {
        const llw_derivation *d = &run->derivations[i];
        if (d->entity != entity || d->attr != attr) continue;
        bool wins = !best || (d->value.known == best->value.known ? d->grade >= best->grade : d->value.known);
        if (wins) best = d; /* the later of equals */
    }
    return best ? &run->nodes[best->node] : NULL;
}

void llw_run_eval(const llw_run *run, const llw_node *node, const llw_expr *expr, llw_result *values) {
    llw_evaluation e = evaluation_of(run, node->binding, node->lets);
    for (size_t i = 0; i < node->rule->n_lets; i++) /* now somebody asks */
        if (node->lets[i].state == LLW_NOT_ASKED) node->lets[i] = llw_eval_top(&node->rule->lets[i], &e);
    llw_eval(expr, &e, values);
}

static bool same_change(const llw_variant *v, llw_entity launch, const llw_attr *knobs,
                        const llw_value *values, int n) {
    if (v->launch != launch || v->n != n) return false;
    for (int i = 0; i < n; i++)
        if (v->knobs[i] != knobs[i] || !llw_value_equal(v->values[i], values[i])) return false;
    return true;
}

/* The variant from the memo, predicted the first time. NULL when a value is unknown. */
static llw_variant *variant_get(llw_run *run, llw_entity launch, const llw_attr *knobs,
                                const llw_value *values, int n) {
    for (int i = 0; i < n; i++)
        if (!values[i].known) return NULL;
    if (!run->variants) run->variants = llw_arena_alloc(run->arena, LLW_RUN_VARIANTS * sizeof *run->variants);
    llw_variant **of = &run->variants[launch % LLW_RUN_VARIANTS];
    for (llw_variant *v = *of; v; v = v->next)
        if (same_change(v, launch, knobs, values, n)) return v;
    llw_variant *v = llw_arena_alloc(run->arena, sizeof *v);
    *v = (llw_variant){.launch = launch, .n = n, .facts = llw_facts_overlay(run->base), .next = *of};
    *of = v;
    for (int i = 0; i < n; i++) {
        v->knobs[i] = knobs[i];
        v->values[i] = values[i];
        llw_facts_claim(v->facts, launch, knobs[i], values[i], LLW_GRADE_WHATIF, "what-if", "");
    }
    llw_native_predict_with(v->facts, launch, run->arena, false, run->memo, &v->predicted);
    return v;
}

const llw_predicted *llw_run_variant_predicted(llw_run *run, llw_entity launch, const llw_attr *knobs,
                                               const llw_value *values, int n) {
    const llw_variant *v = variant_get(run, launch, knobs, values, n);
    return v ? &v->predicted : NULL;
}

llw_value llw_run_variant(llw_run *run, llw_entity entity, llw_attr attr, const llw_attr *knobs,
                          const llw_value *values, int n) {
    bool placement = llw_facts_kind(run->facts, entity) == LLW_KIND_placement;
    llw_entity launch = placement ? llw_facts_ref(run->facts, entity, LLW_placement_launch) : entity;
    llw_type type = llw_attr_get(attr)->type;
    llw_variant *v = launch ? variant_get(run, launch, knobs, values, n) : NULL;
    if (!v) return llw_unknown(type);
    bool capacity =
        attr == LLW_launch_whole_need || attr == LLW_launch_fits_one_gpu || attr == LLW_launch_fits_gpus;
    if (attr == LLW_launch_speed_low || attr == LLW_launch_speed_high || attr == LLW_launch_speed_records)
        llw_native_speed(v->facts, run->arena, &v->predicted);
    if (capacity && !v->capacity) {
        llw_native_capacity(v->facts, run->arena, &v->predicted);
        v->capacity = true;
    }
    llw_entity there =
        placement ? llw_facts_find(v->facts, LLW_KIND_placement, llw_facts_id(run->facts, entity)) : entity;
    return there ? llw_facts_value(v->facts, there, attr) : llw_unknown(type);
}

void llw_result_print(llw_text *out, llw_result r, llw_unit unit, const char *format,
                      const llw_facts *facts) {
    char buf[LLW_NUMBER_MAX];
    if (r.state != LLW_KNOWN) {
        llw_text_add(out, r.state == LLW_FAULT ? "(cannot be computed)" : "unknown");
        return;
    }
    switch (unit) {
    case LLW_UNIT_FLAG: llw_text_add(out, r.as.flag ? "yes" : "no"); return;
    case LLW_UNIT_TEXT: llw_text_add_safe(out, r.as.text, strlen(r.as.text), false); return;
    case LLW_UNIT_ENTITY: {
        const char *id = llw_facts_id(facts, r.as.entity);
        llw_text_add_safe(out, id, strlen(id), false);
        return;
    }
    default: break;
    }
    double number = llw_result_number(r);
    bool whole = fabs(number) < 0x1p63; /* has a 64-bit integer, which most formats are for */
    if (!whole || !strcmp(format, "plain"))
        llw_text_addf(out, "%.15g", number);
    else if (!strcmp(format, "percent"))
        llw_text_addf(out, "%.0f %%", number * 100);
    else if (!strcmp(format, "params"))
        llw_text_add(out, llw_format_params(buf, (int64_t)number));
    else if (!strcmp(format, "ls"))
        llw_text_add(out, llw_format_ls(buf, (int64_t)number));
    else if (!strcmp(format, "mib"))
        llw_text_add(out, llw_format_mib(buf, (int64_t)number));
    else if (!strcmp(format, "gib"))
        llw_text_addf(out, "%.2f GiB", number / (1024.0 * 1024 * 1024));
    else if (!strcmp(format, "count")) /* of a share, what is whole of it */
        llw_text_add(out, llw_format_count(buf, (int64_t)number));
    else if (unit == LLW_UNIT_BYTES || !strcmp(format, "bytes"))
        llw_text_add(out, llw_format_bytes(buf, (int64_t)number));
    else if (unit == LLW_UNIT_RATE)
        llw_value_print(out, llw_number(LLW_RATE, number));
    else if (unit == LLW_UNIT_SECONDS)
        llw_value_print(out, llw_number(LLW_SECONDS, number));
    else if (r.is_real)
        llw_text_addf(out, "%.3g", number);
    else
        llw_text_add(out, llw_format_count(buf, r.as.integer));
}

void llw_run_say(const llw_run *run, const llw_node *node, const llw_template *sentence, llw_text *out) {
    for (int i = 0; i < sentence->n_pieces; i++) {
        llw_text_add(out, sentence->pieces[i].text);
        const llw_expr *value = sentence->pieces[i].value;
        if (!value) continue;
        llw_result values[LLW_EXPR_MAX_BYTES];
        llw_run_eval(run, node, value, values);
        const llw_expr_node *top = &value->nodes[value->n_nodes - 1];
        bool knob = top->op == LLW_OP_SLOT && top->as.slot.attr && llw_attr_get(top->as.slot.attr)->knob &&
                    llw_attr_get(top->as.slot.attr)->type == LLW_COUNT;
        const char *format = knob && !*sentence->pieces[i].format
                                 ? "plain"
                                 : sentence->pieces[i].format; /* a flag's value can be pasted */
        llw_result_print(out, values[value->n_nodes - 1], llw_expr_unit(value), format, run->facts);
    }
}
