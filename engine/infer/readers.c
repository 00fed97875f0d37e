/* The index from slots to the nodes and rules that read them. */
#include "infer/readers.h"
#include "infer/join.h"
#include "infer/run_parts.h"

void llw_rule_each_expr(const llw_rule *rule, void (*each)(void *context, const llw_expr *expr, bool join),
                        void *context) {
    for (size_t i = 0; i < rule->n_conditions; i++)
        each(context, &rule->conditions[i].expr, rule->conditions[i].role == LLW_ROLE_JOIN);
    for (size_t i = 0; i < rule->n_lets; i++) each(context, &rule->lets[i], false);
    for (size_t i = 0; i < rule->n_derives; i++) each(context, &rule->derives[i].value, false);
}

typedef struct indexing {
    llw_readers *readers;
    llw_arena *arena;
    uint32_t rule;
} indexing;

static void add_all(const indexing *x, llw_attr attr) {
    void *items = x->readers->of[attr].all;
    size_t n = x->readers->of[attr].n_all;
    if (n && x->readers->of[attr].all[n - 1] == x->rule) return;
    *(uint32_t *)llw_arena_push(x->arena, &items, &x->readers->of[attr].n_all,
                                &x->readers->of[attr].all_capacity, sizeof(uint32_t)) = x->rule;
    x->readers->of[attr].all = items;
}

static void add_join(const indexing *x, llw_attr attr, int variable) {
    void *items = x->readers->of[attr].joins;
    *(llw_reader *)llw_arena_push(x->arena, &items, &x->readers->of[attr].n_joins,
                                  &x->readers->of[attr].join_capacity, sizeof(llw_reader)) =
        (llw_reader){x->rule, (uint32_t)variable};
    x->readers->of[attr].joins = items;
}

static void add_read(const indexing *x, llw_attr attr, int variable) {
    llw_readers *r = x->readers;
    for (size_t i = r->first_read[x->rule]; i < r->n_reads; i++)
        if (r->reads[i].attr == attr && r->reads[i].variable == (uint32_t)variable) return;
    void *items = r->reads;
    *(llw_read *)llw_arena_push(x->arena, &items, &r->n_reads, &r->read_capacity, sizeof(llw_read)) =
        (llw_read){attr, (uint32_t)variable};
    r->reads = items;
}

static void add_expr(void *context, const llw_expr *expr, bool join) {
    const indexing *x = context;
    for (int i = 0; i < expr->n_nodes; i++) {
        const llw_expr_node *n = &expr->nodes[i];
        bool aggregate = n->op == LLW_OP_SUM || n->op == LLW_OP_ANY;
        if (aggregate) add_all(x, n->as.aggregate.attr);
        if (join && aggregate) x->readers->joins_anew[x->rule] = true;
        if (n->op != LLW_OP_SLOT || !n->as.slot.attr) continue;
        add_read(x, n->as.slot.attr, n->as.slot.variable);
        if (join) add_join(x, n->as.slot.attr, n->as.slot.variable);
    }
}

static void add_rule(const indexing *x, const llw_rule *rule) {
    llw_rule_each_expr(rule, add_expr, (void *)(uintptr_t)x);
    if (rule->since >= 0 || rule->until >= 0) {
        add_all(x, LLW_launch_build);
        add_all(x, LLW_build_order);
        add_all(x, LLW_placement_launch);
    }
    if (!rule->predicts) return;
    void *items = x->readers->predicting;
    *(uint32_t *)llw_arena_push(x->arena, &items, &x->readers->n_predicting, &x->readers->predicting_capacity,
                                sizeof(uint32_t)) = x->rule;
    x->readers->predicting = items;
}

/* Nodes stand in the order of their rules. */
static void index_rules(llw_readers *r, llw_run *run) {
    const llw_kb *kb = run->kb;
    r->first_node = llw_arena_alloc(run->arena, (kb->n_rules + 1) * sizeof *r->first_node);
    r->first_read = llw_arena_alloc(run->arena, (kb->n_rules + 1) * sizeof *r->first_read);
    r->joins_anew = llw_arena_alloc(run->arena, (kb->n_rules + 1) * sizeof *r->joins_anew);
    r->steps = llw_arena_alloc(run->arena, (kb->n_rules + 1) * sizeof *r->steps);
    size_t node = 0;
    for (size_t i = 0; i < kb->n_rules; i++) {
        r->first_node[i] = node;
        while (node < run->n_nodes && run->nodes[node].rule == kb->rules[i]) node++;
        r->first_read[i] = (uint32_t)r->n_reads;
        add_rule(&(indexing){r, run->arena, (uint32_t)i}, kb->rules[i]);
    }
    r->first_node[kb->n_rules] = node;
    r->first_read[kb->n_rules] = (uint32_t)r->n_reads;
}

static void index_entities(llw_readers *r, llw_run *run) {
    r->max = llw_facts_max(run->facts);
    r->first_of = llw_arena_alloc(run->arena, ((size_t)r->max + 2) * sizeof *r->first_of);
    for (size_t i = 0; i < run->n_nodes; i++)
        for (int v = 0; v < run->nodes[i].rule->n_variables; v++) r->first_of[run->nodes[i].binding[v] + 1]++;
    for (llw_entity e = 0; e <= r->max; e++) r->first_of[e + 1] += r->first_of[e];
    uint32_t total = r->first_of[r->max + 1];
    r->nodes_of = llw_arena_alloc(run->arena, ((size_t)total + 1) * sizeof *r->nodes_of);
    for (size_t i = run->n_nodes; i-- > 0;) /* from behind: first_of[e + 1] walks down to where e starts */
        for (int v = 0; v < run->nodes[i].rule->n_variables; v++)
            r->nodes_of[--r->first_of[run->nodes[i].binding[v] + 1]] = (uint32_t)i;
    /* now first_of[e + 1] is where e starts: shift */
    for (llw_entity e = 0; e <= r->max; e++) r->first_of[e] = r->first_of[e + 1];
    r->first_of[r->max + 1] = total;
}

const llw_readers *llw_readers_get(llw_run *run) {
    if (run->readers) return run->readers;
    llw_readers *r = llw_arena_alloc(run->arena, sizeof *r);
    index_rules(r, run);
    index_entities(r, run);
    return run->readers = r;
}

const int *llw_readers_order(const llw_readers *r, const llw_kb *kb, uint32_t rule) {
    llw_join_steps *steps = &r->steps[rule];
    if (!steps->known) llw_join_order(kb->rules[rule], steps->variables);
    steps->known = true;
    return steps->variables;
}

bool llw_readers_reads(const llw_readers *r, const llw_node *node, llw_entity entity, llw_attr attr) {
    uint32_t rule = node->rule->place;
    for (uint32_t i = r->first_read[rule]; i < r->first_read[rule + 1]; i++)
        if (r->reads[i].attr == attr && node->binding[r->reads[i].variable] == entity) return true;
    return false;
}
