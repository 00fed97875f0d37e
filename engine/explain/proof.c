/* Builds proofs: a walk over nodes and slots with a list of what still has to be shown. */
#include "explain/proof.h"
#include "explain/words.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 12 };

typedef struct builder {
    const llw_run *run;
    llw_arena *arena;
    llw_proof *out;
    llw_slot *seen;
    size_t n_seen, seen_capacity;
} builder;

const char *llw_line_kind_name(llw_line_kind kind) {
    static const char *const name[] = {"claim",   "condition", "fact",   "rival", "arithmetic",
                                       "missing", "mechanism", "advice", "source"};
    return name[kind];
}

/* Adds a line and takes over the text. */
static llw_proof_line *add(builder *b, int depth, llw_line_kind kind, llw_text *text) {
    void *items = b->out->lines;
    llw_proof_line *line =
        llw_arena_push(b->arena, &items, &b->out->n_lines, &b->out->capacity, sizeof *line);
    b->out->lines = items;
    *line = (llw_proof_line){
        .depth = depth, .kind = kind, .text = llw_arena_strdup(b->arena, llw_text_str(text)), .origin = ""};
    llw_text_fini(text);
    return line;
}

static bool seen_before(builder *b, llw_entity entity, llw_attr attr) {
    for (size_t i = 0; i < b->n_seen; i++)
        if (b->seen[i].entity == entity && b->seen[i].attr == attr) return true;
    void *items = b->seen;
    *(llw_slot *)llw_arena_push(b->arena, &items, &b->n_seen, &b->seen_capacity, sizeof(llw_slot)) =
        (llw_slot){entity, attr};
    b->seen = items;
    return false;
}

static const char *origin_text(builder *b, const llw_claim *claim) {
    llw_text t = {0};
    llw_words_origin(&t, claim);
    const char *text = llw_arena_strdup(b->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

static void add_claim(builder *b, int depth, llw_line_kind kind, llw_entity entity, llw_attr attr,
                      const llw_claim *claim) {
    llw_text t = {0};
    if (kind == LLW_LINE_RIVAL)
        llw_text_add(&t, "but ");
    else {
        llw_words_slot(&t, b->run, entity, attr);
        llw_text_add(&t, " = ");
    }
    llw_words_value(&t, b->run, attr, claim->value);
    llw_proof_line *line = add(b, depth, kind, &t);
    line->origin = origin_text(b, claim);
    line->entity = entity;
    line->attr = attr;
    line->value = claim->value;
}

static void add_missing(builder *b, int depth, llw_entity entity, llw_attr attr) {
    llw_text t = {0};
    llw_words_slot(&t, b->run, entity, attr);
    llw_text_add(&t, " is unknown");
    const char *how = llw_attr_get(attr)->how;
    if (*how) llw_text_addf(&t, ": %s", how);
    llw_proof_line *line = add(b, depth, LLW_LINE_MISSING, &t);
    line->mark = LLW_MARK_UNKNOWN;
    line->entity = entity;
    line->attr = attr;
}

/* The steps of a prediction that produced this slot. */
static void add_arithmetic(builder *b, int depth, llw_entity entity, llw_attr attr) {
    bool placement = llw_attr_get(attr)->kind == LLW_KIND_placement;
    llw_entity launch = placement ? llw_facts_ref(b->run->facts, entity, LLW_placement_launch) : entity;
    const llw_predicted *p = launch ? llw_run_predicted(b->run, launch) : NULL;
    if (!p || p->rc != LLW_OK) return;
    const char *device = "";
    if (placement) llw_facts_text(b->run->facts, entity, LLW_placement_device, &device);
    const llw_prediction *prediction = &p->fit.prediction;
    for (size_t i = 0; i < prediction->n_steps; i++) {
        const llw_step *step = &prediction->steps[i];
        const char *name = step->device < 0 ? "Host" : p->fit.launch.devices[step->device].name;
        if (step->result != attr || (placement && strcmp(name, device))) continue;
        llw_text t = {0};
        llw_text_add(&t, step->text);
        add(b, depth, LLW_LINE_ARITHMETIC, &t)->origin = step->source ? step->source : "";
    }
    if (attr == LLW_placement_left || attr == LLW_placement_loads || attr == LLW_placement_need) {
        static const llw_attr parts[] = {LLW_placement_free, LLW_placement_weights, LLW_placement_kv,
                                         LLW_placement_compute};
        for (size_t i = attr == LLW_placement_need ? 1 : 0; i < sizeof parts / sizeof *parts; i++) {
            const llw_claim *claim = llw_facts_best(b->run->facts, entity, parts[i]);
            if (!claim || seen_before(b, entity, parts[i])) continue;
            add_claim(b, depth, LLW_LINE_FACT, entity, parts[i], claim);
            if (depth < MAX_DEPTH) add_arithmetic(b, depth + 1, entity, parts[i]);
        }
    }
    if (attr == LLW_launch_loads || attr == LLW_launch_gpu_need)
        for (llw_entity e = 0; (e = llw_facts_next(b->run->facts, LLW_KIND_placement, e));) {
            const llw_claim *claim = llw_facts_best(b->run->facts, e, LLW_placement_left);
            if (!claim || !llw_facts_ref(b->run->facts, e, LLW_placement_gpu) ||
                seen_before(b, e, LLW_placement_left))
                continue;
            if (llw_facts_ref(b->run->facts, e, LLW_placement_launch) != entity) continue;
            add_claim(b, depth, LLW_LINE_FACT, e, LLW_placement_left, claim);
            if (depth < MAX_DEPTH) add_arithmetic(b, depth + 1, e, LLW_placement_left);
        }
}

static void add_conditions(builder *b, int depth, const llw_node *node);

/* A slot with its origin, its losing rivals, and what it was computed from; with `told`, its own line was
 * told by the condition above it. Depth is capped: derivations are acyclic and few, so the cap is never met
 * by an honest knowledge base. */
static void add_slot(builder *b, int depth, llw_entity entity, llw_attr attr, bool told) {
    const llw_claim *best = llw_facts_best(b->run->facts, entity, attr);
    bool again = seen_before(b, entity, attr);
    if (!best || !best->value.known) {
        if (!again) add_missing(b, depth, entity, attr);
        return;
    }
    if (again) return;
    if (best->grade != LLW_GRADE_DEFAULT && best->grade < b->out->weakest) b->out->weakest = best->grade;
    if (told)
        depth--;
    else
        add_claim(b, depth, LLW_LINE_FACT, entity, attr, best);
    size_t n = 0;
    const llw_claim **claims = llw_facts_claims(b->run->facts, entity, attr, b->arena, &n);
    for (size_t i = 0; i < n; i++)
        if (claims[i] != best && claims[i]->value.known && claims[i]->grade != LLW_GRADE_DEFAULT &&
            !llw_value_equal(claims[i]->value, best->value))
            add_claim(b, depth + 1, LLW_LINE_RIVAL, entity, attr, claims[i]);
    if (depth >= MAX_DEPTH) return;
    const llw_node *deriver = best->grade <= LLW_GRADE_WHATIF && !strcmp(best->origin, "rule")
                                  ? llw_run_deriver(b->run, entity, attr)
                                  : NULL;
    if (deriver)
        add_conditions(b, depth + 1, deriver);
    else if (best->grade == LLW_GRADE_PREDICTED)
        add_arithmetic(b, depth + 1, entity, attr);
}

static void add_reads(builder *b, int depth, const llw_node *node, const llw_expr *expr, bool told) {
    for (int i = 0; i < expr->n_nodes; i++) {
        const llw_expr_node *n = &expr->nodes[i];
        if (n->op == LLW_OP_SLOT && n->as.slot.attr && n->as.slot.attr != LLW_placement_device)
            add_slot(b, depth, node->binding[n->as.slot.variable], n->as.slot.attr, told);
        if (n->op == LLW_OP_LET) {
            const llw_expr *let = &node->rule->lets[n->as.let];
            llw_text t = {0};
            llw_text_addf(&t, "%s = ", node->rule->let_names[n->as.let]);
            llw_words_condition(&t, b->run, node, let);
            llw_text_add(&t, " = ");
            llw_result_print(&t, node->lets[n->as.let], llw_expr_unit(let), "", b->run->facts);
            add(b, depth, LLW_LINE_ARITHMETIC, &t);
            if (depth < MAX_DEPTH) add_reads(b, depth + 1, node, let, false);
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
    if (c->role == LLW_ROLE_UNLESS) llw_text_add(t, "not: ");
    llw_words_condition(t, run, node, &c->expr);
}

/* A condition that only sorts the host's placement out tells a reader nothing. */
static bool tells_nothing(const llw_node *node, size_t i) {
    const llw_expr_node *slot = only_slot(&node->rule->conditions[i].expr);
    return slot && slot->as.slot.attr == LLW_placement_device && node->truth[i].state == LLW_KNOWN;
}

static void add_conditions(builder *b, int depth, const llw_node *node) {
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
        llw_proof_line *line = add(b, depth, LLW_LINE_CONDITION, &t);
        line->mark = r.state != LLW_KNOWN ? LLW_MARK_UNKNOWN : so ? LLW_MARK_YES : LLW_MARK_NO;
        if (best && best->value.known) {
            line->origin = origin_text(b, best);
            line->entity = entity;
            line->attr = slot->as.slot.attr;
            line->value = best->value;
        }
        add_reads(b, depth + 1, node, &c->expr, best && best->value.known);
    }
}

void llw_proof_node(const llw_run *run, const llw_node *node, llw_arena *arena, llw_proof *out) {
    *out = (llw_proof){.weakest = LLW_GRADE_WHATIF};
    builder b = {.run = run, .arena = arena, .out = out};
    const llw_rule *rule = node->rule;
    llw_text t = {0};
    if (node->state == LLW_FIRED && rule->find.n_pieces)
        llw_run_say(run, node, &rule->find, &t);
    else
        llw_text_addf(&t, "%s: %s", rule->id, llw_state_name(node->state));
    add(&b, 0, LLW_LINE_CLAIM, &t);
    if (!node->applies) {
        llw_text_add(&t, "the lesson does not hold for this build of llama.cpp");
        add(&b, 1, LLW_LINE_CONDITION, &t)->mark = LLW_MARK_NO;
    }
    add_conditions(&b, 1, node);
    for (size_t i = 0; node->state == LLW_FIRED && i < (size_t)rule->find.n_pieces; i++)
        if (rule->find.pieces[i].value) add_reads(&b, 1, node, rule->find.pieces[i].value, false);
    llw_text_add(&t, rule->lesson->claim);
    add(&b, 1, LLW_LINE_MECHANISM, &t);
    for (size_t i = 0; i < rule->n_tries && node->state == LLW_FIRED; i++) {
        llw_result values[LLW_EXPR_MAX_BYTES];
        llw_run_eval(run, node, &rule->tries[i].value, values);
        llw_words_slot(&t, run, node->binding[rule->tries[i].variable], rule->tries[i].attr);
        llw_text_add(&t, " ");
        llw_words_value(&t, run, rule->tries[i].attr,
                        llw_result_value(values[rule->tries[i].value.n_nodes - 1],
                                         llw_attr_get(rule->tries[i].attr)->type));
        add(&b, 1, LLW_LINE_ADVICE, &t);
    }
    const char *rules = strstr(rule->lesson->file, "rules.d/");
    int root = rules ? (int)(rules - rule->lesson->file) : 0;
    llw_text_addf(&t, "lesson %s, rule \"%s\" (%s:%d), story %.*slessons/%s.md", rule->lesson->code, rule->id,
                  rule->lesson->file, rule->line, root, rule->lesson->file, rule->lesson->id);
    add(&b, 1, LLW_LINE_SOURCE, &t);
}

void llw_proof_slot(const llw_run *run, llw_entity entity, llw_attr attr, llw_arena *arena, llw_proof *out) {
    *out = (llw_proof){.weakest = LLW_GRADE_WHATIF};
    builder b = {.run = run, .arena = arena, .out = out};
    add_slot(&b, 0, entity, attr, false);
    llw_text t = {0};
    llw_text_add(&t, llw_attr_get(attr)->meaning);
    add(&b, 1, LLW_LINE_MECHANISM, &t);
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
