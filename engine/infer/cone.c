/* The dirty walk: from changed slots to the rules that must be looked at again, rule by rule in the order of
 * the knowledge base. */
#include "infer/cone.h"
#include "infer/join.h"
#include "infer/readers.h"
#include "infer/run_parts.h"

#include <stdlib.h>
#include <string.h>

/* What is to be looked at: a node; all nodes of a rule; the bindings of a rule with an entity; all of them.
 */
typedef enum task_kind { NODE, ALL, JOIN, JOIN_ALL } task_kind;

typedef struct task {
    uint32_t rule;
    task_kind kind;
    size_t node;
    uint32_t variable;
    llw_entity entity;
} task;

/* A binding of the rule whose turn it is. */
typedef struct candidate {
    llw_entity key[LLW_MAX_VARIABLES]; /* its entities, in the order in which bindings ascend */
    size_t old;                        /* its node before, or NO_NODE */
    bool clean;                        /* nothing to evaluate: only what it derived is claimed again */
} candidate;

#define NO_NODE ((size_t)-1)

typedef struct placed { /* a turn, and where in the nodes before it belongs */
    size_t at;          /* its own node before, or the one that it comes in front of */
    size_t before, after;
} placed;

typedef struct walk {
    llw_run *before, *run;
    const llw_readers *readers;
    llw_join_index *indexes; /* made when the first join is asked */
    task *tasks;             /* a heap: the earliest rule on top */
    size_t n_tasks, task_capacity;
    uint32_t rule;    /* whose turn it is */
    const int *order; /* of its bindings */
    candidate *candidates;
    size_t n_candidates, candidate_capacity;
    placed *turns;
    size_t n_turns, turn_capacity;
    size_t next_derivation; /* of the run before: the first one of a rule whose turn has not come */
} walk;

static void push(walk *w, task t) {
    void *items = w->tasks;
    llw_arena_push(w->run->arena, &items, &w->n_tasks, &w->task_capacity, sizeof t);
    w->tasks = items;
    size_t at = w->n_tasks - 1;
    for (; at && w->tasks[(at - 1) / 2].rule > t.rule; at = (at - 1) / 2)
        w->tasks[at] = w->tasks[(at - 1) / 2];
    w->tasks[at] = t;
}

static task pop(walk *w) {
    task top = w->tasks[0], last = w->tasks[--w->n_tasks];
    size_t at = 0;
    for (size_t child; (child = at * 2 + 1) < w->n_tasks; at = child) {
        if (child + 1 < w->n_tasks && w->tasks[child + 1].rule < w->tasks[child].rule) child++;
        if (w->tasks[child].rule >= last.rule) break;
        w->tasks[at] = w->tasks[child];
    }
    w->tasks[at] = last;
    return top;
}

/* A slot differs: whoever reads it is to be looked at. Its readers come after its writers, so they have not
 * had their turn. */
static void mark(walk *w, llw_entity entity, llw_attr attr) {
    const llw_readers *r = w->readers;
    if (entity <= r->max)
        for (uint32_t i = r->first_of[entity]; i < r->first_of[entity + 1]; i++) {
            const llw_node *node = &w->before->nodes[r->nodes_of[i]];
            if (llw_readers_reads(r, node, entity, attr))
                push(w, (task){.rule = node->rule->place, .kind = NODE, .node = r->nodes_of[i]});
        }
    for (size_t i = 0; i < r->of[attr].n_joins; i++)
        push(w, (task){.rule = r->of[attr].joins[i].rule,
                       .kind = JOIN,
                       .variable = r->of[attr].joins[i].variable,
                       .entity = entity});
    for (size_t i = 0; i < r->of[attr].n_all; i++) {
        uint32_t rule = r->of[attr].all[i];
        push(w, (task){.rule = rule, .kind = r->joins_anew[rule] ? JOIN_ALL : ALL});
    }
}

static bool is_input_of_predictions(llw_attr attr) {
    switch (llw_attr_get(attr)->kind) {
    case LLW_KIND_card:
    case LLW_KIND_claim:
    case LLW_KIND_log:
    case LLW_KIND_evidence:
    case LLW_KIND_probe:
    case LLW_KIND_regression: return false;
    default: return true;
    }
}

/* The slots that the changed facts speak of, and the rules that ask for predictions if one of them matters to
 * those. */
static void mark_changed(walk *w, const llw_facts *changed) {
    bool predictions = false;
    for (const llw_facts *f = changed; f != w->before->base; f = llw_facts_parent(f)) {
        llw_entity entity = 0;
        llw_attr attr = LLW_ATTR_NONE;
        for (size_t at = 0; llw_facts_next_slot(f, &at, &entity, &attr);) {
            mark(w, entity, attr);
            predictions |= is_input_of_predictions(attr);
        }
    }
    for (size_t i = 0; predictions && i < w->readers->n_predicting; i++)
        push(w, (task){.rule = w->readers->predicting[i], .kind = ALL});
}

static const llw_claim *not_derived(const llw_claim *claim) {
    while (claim && !strcmp(claim->origin, "rule")) claim = claim->next;
    return claim;
}

/* Whether two claims say the same: an unknown value equals an unknown one here. */
static bool same_claim(const llw_claim *a, const llw_claim *b) {
    return a->grade == b->grade && a->value.known == b->value.known &&
           (!a->value.known || llw_value_equal(a->value, b->value)) && !strcmp(a->origin, b->origin);
}

static bool same_predicted(const llw_facts *a, const llw_facts *b, llw_entity entity, llw_attr attr) {
    const llw_claim *x = not_derived(llw_facts_own_claims(a, entity, attr)),
                    *y = not_derived(llw_facts_own_claims(b, entity, attr));
    for (; x && y; x = not_derived(x->next), y = not_derived(y->next))
        if (!same_claim(x, y)) return false;
    return !x && !y;
}

/* What was predicted otherwise. */
static void mark_predicted(walk *w) {
    const llw_facts *old = w->before->facts, *new = w->run->facts;
    llw_entity entity = 0;
    llw_attr attr = LLW_ATTR_NONE;
    for (size_t at = 0; llw_facts_next_slot(new, &at, &entity, &attr);)
        if (!same_predicted(old, new, entity, attr)) mark(w, entity, attr);
    for (size_t at = 0; llw_facts_next_slot(old, &at, &entity, &attr);)
        if (!llw_facts_own_claims(new, entity, attr) && !same_predicted(old, new, entity, attr))
            mark(w, entity, attr);
}

static int by_binding(const void *a, const void *b) {
    const candidate *x = a, *y = b;
    for (int i = 0; i < LLW_MAX_VARIABLES; i++)
        if (x->key[i] != y->key[i]) return x->key[i] < y->key[i] ? -1 : 1;
    if (x->clean != y->clean) return x->clean ? 1 : -1;
    return (x->old == NO_NODE) - (y->old == NO_NODE); /* whose place is known comes first */
}

static void add_candidate(walk *w, const llw_entity *binding, size_t old, bool clean) {
    const llw_rule *rule = w->run->kb->rules[w->rule];
    void *items = w->candidates;
    candidate *c = llw_arena_push(w->run->arena, &items, &w->n_candidates, &w->candidate_capacity, sizeof *c);
    w->candidates = items;
    *c = (candidate){.old = old, .clean = clean};
    for (int i = 0; i < rule->n_variables; i++) c->key[i] = binding[w->order[i]];
}

static bool add_binding(void *context, const llw_entity *binding) {
    add_candidate(context, binding, NO_NODE, false);
    return true;
}

static void add_old(walk *w, size_t node, bool clean) {
    add_candidate(w, w->before->nodes[node].binding, node, clean);
}

/* Everything about one rule that has to be looked at; true when its bindings may be others than before. */
static bool take_tasks(walk *w) {
    const llw_rule *rule = w->run->kb->rules[w->rule];
    bool joined = false;
    while (w->n_tasks && w->tasks[0].rule == w->rule) {
        task t = pop(w);
        if (t.kind == NODE) add_old(w, t.node, false);
        if (t.kind == ALL || t.kind == JOIN_ALL)
            for (size_t i = w->readers->first_node[w->rule]; i < w->readers->first_node[w->rule + 1]; i++)
                add_old(w, i, false);
        if (t.kind != JOIN && t.kind != JOIN_ALL) continue;
        joined = true;
        if (!w->indexes) w->indexes = llw_join_index_new(w->run->arena);
        if (t.kind == JOIN_ALL)
            llw_join(rule, w->run->facts, w->run->kb, w->indexes, add_binding, w);
        else
            llw_join_with(rule, w->run->facts, w->run->kb, w->indexes, (int)t.variable, t.entity, add_binding,
                          w);
    }
    return joined;
}

/* The node of the run before with that binding, or the one that would come after it. */
static size_t find_old(const walk *w, const candidate *c, bool *found) {
    size_t low = w->readers->first_node[w->rule], high = w->readers->first_node[w->rule + 1];
    int n = w->run->kb->rules[w->rule]->n_variables;
    *found = false;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int order = 0;
        for (int i = 0; i < n && !order; i++) {
            llw_entity e = w->before->nodes[mid].binding[w->order[i]];
            order = (e > c->key[i]) - (e < c->key[i]);
        }
        if (!order) {
            *found = true;
            return mid;
        }
        if (order < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static bool same_derivation(const llw_derivation *a, const llw_derivation *b) {
    return a->entity == b->entity && a->attr == b->attr && a->grade == b->grade &&
           a->value.known == b->value.known && (!a->value.known || llw_value_equal(a->value, b->value));
}

/* The derivations of a node of the run before. */
static const llw_derivation *derivations_of(const walk *w, size_t node, size_t *n) {
    const llw_derivation *all = w->before->derivations;
    size_t low = 0, high = w->before->n_derivations;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (all[mid].node < node)
            low = mid + 1;
        else
            high = mid;
    }
    for (*n = 0; low + *n < w->before->n_derivations && all[low + *n].node == node;) ++*n;
    return all + low;
}

static void mark_derived(walk *w, size_t old, size_t first_new) {
    size_t n_old = 0, n_new = w->run->n_derivations - first_new;
    const llw_derivation *was = old == NO_NODE ? NULL : derivations_of(w, old, &n_old),
                         *is = w->run->derivations + first_new;
    bool same = n_old == n_new;
    for (size_t i = 0; same && i < n_old; i++) same = same_derivation(&was[i], &is[i]);
    for (size_t i = 0; !same && i < n_old; i++) mark(w, was[i].entity, was[i].attr);
    for (size_t i = 0; !same && i < n_new; i++) mark(w, is[i].entity, is[i].attr);
}

/* Nodes of the run before are marked in derivations that are only repeated. */
static const size_t OLD = (size_t)1 << 40;

static void repeat_derivations(walk *w, size_t node) {
    size_t n = 0;
    const llw_derivation *d = derivations_of(w, node, &n);
    for (size_t i = 0; i < n; i++) {
        llw_derivation again = d[i];
        again.node = node + OLD;
        llw_run_claim(w->run, w->before->nodes[node].rule, &again);
    }
}

static void turn(walk *w, const candidate *c, bool joined) {
    const llw_rule *rule = w->run->kb->rules[w->rule];
    llw_entity binding[LLW_MAX_VARIABLES];
    for (int i = 0; i < rule->n_variables; i++) binding[w->order[i]] = c->key[i];
    bool found = false;
    placed p = {.at = c->old == NO_NODE ? find_old(w, c, &found) : c->old};
    found |= c->old != NO_NODE;
    p.before = found ? p.at : NO_NODE;
    p.after = NO_NODE;
    size_t first = w->run->n_derivations;
    if (!joined || llw_join_holds(rule, w->run->facts, w->run->kb, binding)) {
        p.after = w->run->n_nodes;
        llw_run_add_node(w->run, rule, binding);
    }
    if (p.before == NO_NODE && p.after == NO_NODE) return;
    void *items = w->turns;
    *(placed *)llw_arena_push(w->run->arena, &items, &w->n_turns, &w->turn_capacity, sizeof p) = p;
    w->turns = items;
    mark_derived(w, p.before, first);
}

/* The next rule that has something to look at or something derived to claim again. */
static bool next_rule(walk *w) {
    size_t n_rules = w->run->kb->n_rules, rule = n_rules;
    if (w->n_tasks) rule = w->tasks[0].rule;
    if (w->next_derivation < w->before->n_derivations) {
        size_t deriving = w->before->nodes[w->before->derivations[w->next_derivation].node].rule->place;
        if (deriving < rule) rule = deriving;
    }
    w->rule = (uint32_t)rule;
    return rule < n_rules;
}

static void take_turn(walk *w) {
    w->order = llw_readers_order(w->readers, w->run->kb, w->rule);
    w->n_candidates = 0;
    bool joined = take_tasks(w);
    for (size_t last = NO_NODE; w->next_derivation < w->before->n_derivations; w->next_derivation++) {
        size_t node = w->before->derivations[w->next_derivation].node;
        if (node >= w->readers->first_node[w->rule + 1]) break;
        if (node != last) add_old(w, node, true);
        last = node;
    }
    if (w->n_candidates > 1) qsort(w->candidates, w->n_candidates, sizeof *w->candidates, by_binding);
    for (size_t i = 0; i < w->n_candidates; i++) {
        const candidate *c = &w->candidates[i];
        if (i && !memcmp(c->key, c[-1].key, sizeof c->key))
            continue; /* the same binding: what is dirty came first */
        if (c->clean)
            repeat_derivations(w, c->old);
        else
            turn(w, c, joined);
    }
}

static bool same_things(const llw_facts *a, const llw_facts *b) {
    if (llw_facts_max(a) != llw_facts_max(b)) return false;
    for (llw_entity e = 1; e <= llw_facts_max(a); e++)
        if (llw_facts_kind(a, e) != llw_facts_kind(b, e) || strcmp(llw_facts_id(a, e), llw_facts_id(b, e)))
            return false;
    return true;
}

/* Whether the facts are those of the run with layers of claims on top, and no new things. */
static bool is_change_of(const llw_run *before, const llw_facts *facts) {
    const llw_facts *f = facts;
    while (f && f != before->base) f = llw_facts_parent(f);
    return f && llw_facts_max(facts) == llw_facts_max(before->base);
}

/* Predictions are told apart by the address of the model's header: one that only the changed facts hold may
 * live where another one lived. */
static bool same_models(const llw_run *first, const llw_facts *facts) {
    for (llw_entity l = 0; (l = llw_facts_next(facts, LLW_KIND_launch, l));)
        if (llw_facts_ref(facts, l, LLW_launch_model) > llw_facts_max(first->base)) return false;
    return true;
}

/* The walk; false when everything was run instead. */
static bool go(walk *w, llw_run *before, const llw_facts *changed) {
    *w = (walk){.before = before};
    w->run =
        llw_run_start(before->kb, changed, before->whole, same_models(before, changed) ? before->memo : NULL);
    bool predicted = w->run->n_predicted > 0;
    if (!is_change_of(before, changed) || before->n_nodes >= LLW_RUN_MAX_NODES / 2 ||
        (predicted && !same_things(before->facts, w->run->facts))) {
        llw_run_rules(w->run);
        return false;
    }
    w->readers = llw_readers_get(before);
    mark_changed(w, changed);
    if (predicted) mark_predicted(w);
    while (next_rule(w)) take_turn(w);
    return true;
}

void llw_cone_init(llw_cone *cone, llw_run *before, const llw_facts *changed) {
    walk w;
    *cone = (llw_cone){.whole = !go(&w, before, changed)};
    cone->run = w.run;
    if (cone->whole) return;
    cone->n_turns = w.n_turns;
    cone->turns = llw_arena_alloc(w.run->arena, w.n_turns * sizeof *cone->turns);
    for (size_t i = 0; i < w.n_turns; i++)
        cone->turns[i] = (llw_turn){w.turns[i].before == NO_NODE ? NULL : &before->nodes[w.turns[i].before],
                                    w.turns[i].after == NO_NODE ? NULL : &w.run->nodes[w.turns[i].after]};
}

void llw_cone_fini(llw_cone *cone) {
    llw_run_free(cone->run);
}

/* Nodes before and turns as one list, and the derivations by their places in it. */
static void merge(walk *w) {
    llw_run *run = w->run;
    const llw_run *before = w->before;
    size_t n = 0, turn_at = 0, n_new = run->n_nodes;
    llw_node *nodes = llw_xmalloc((before->n_nodes + n_new + 1) * sizeof *nodes);
    size_t *place_of_old = llw_arena_alloc(run->arena, (before->n_nodes + 1) * sizeof *place_of_old),
           *place_of_new = llw_arena_alloc(run->arena, (n_new + 1) * sizeof *place_of_new);
    for (size_t i = 0; i <= before->n_nodes; i++) {
        bool turned = false;
        for (; turn_at < w->n_turns && w->turns[turn_at].at == i; turn_at++) {
            const placed *p = &w->turns[turn_at];
            turned |= p->before == i;
            if (p->after == NO_NODE) continue;
            place_of_new[p->after] = n;
            nodes[n++] = run->nodes[p->after];
        }
        if (turned || i == before->n_nodes) continue;
        place_of_old[i] = n;
        nodes[n++] = before->nodes[i];
    }
    for (size_t i = 0; i < run->n_derivations; i++) {
        size_t *node = &run->derivations[i].node;
        *node = *node >= OLD ? place_of_old[*node - OLD] : place_of_new[*node];
    }
    free(run->nodes);
    run->nodes = nodes;
    run->n_nodes = n;
    run->node_capacity = before->n_nodes + n_new + 1;
}

llw_run *llw_run_beside(llw_run *first, const llw_facts *facts) {
    walk w;
    if (go(&w, first, facts)) merge(&w);
    return w.run;
}
