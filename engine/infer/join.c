/* Bindings of a rule's variables: nested loops whose inner ones are index look-ups where a join allows it. */
#include "infer/join.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    uint64_t key;
    llw_entity entity;
    uint32_t next; /* entry of the same bucket, of a later entity; 0: none */
} entry;

enum { MAX_KEYS = 4 };

/* All entities of a kind whose values of some attributes are known, by those values together. */
typedef struct column {
    llw_attr attrs[MAX_KEYS];
    int n_attrs;
    entry *entries; /* from 1 on */
    uint32_t *buckets;
    size_t mask;
    struct column *next;
} column;

struct llw_join_index {
    llw_arena *arena;
    column *columns[LLW_ATTRS]; /* by the first attribute */
};

llw_join_index *llw_join_index_new(llw_arena *arena) {
    llw_join_index *index = llw_arena_alloc(arena, sizeof *index);
    index->arena = arena;
    return index;
}

/* Equal values have equal keys; different ones may share a key, so who is found is compared. */
static uint64_t key_of(llw_value value) {
    uint64_t h = 1469598103934665603u;
    if (value.type == LLW_REF) return value.as.ref;
    if (value.type == LLW_FLAG) return value.as.flag;
    if (llw_type_is_text(value.type)) {
        for (const char *c = value.as.text; *c; c++) h = (h ^ (unsigned char)*c) * 1099511628211u;
        return h;
    }
    double number = llw_type_is_integer(value.type) ? (double)value.as.count : value.as.real;
    if (number == 0) number = 0; /* -0.0 equals 0.0 */
    memcpy(&h, &number, sizeof h);
    return h;
}

static uint64_t mix(uint64_t h, uint64_t key) {
    h = (h ^ key) * 0x9e3779b97f4a7c15u; /* two rounds: doubles have their bits at the top */
    h = (h ^ h >> 32) * 0xd6e8feb86659fd93u;
    return h ^ h >> 32;
}

/* The key of an entity in a column; false when one of its values is unknown. */
static bool key_at(const llw_facts *facts, llw_entity e, const column *c, uint64_t *key) {
    *key = 0;
    for (int i = 0; i < c->n_attrs; i++) {
        llw_value v = llw_facts_value(facts, e, c->attrs[i]);
        if (!v.known) return false;
        *key = mix(*key, key_of(v));
    }
    return true;
}

static void fill(llw_arena *arena, const llw_facts *facts, column *c) {
    llw_kind kind = llw_attr_get(c->attrs[0])->kind;
    size_t n = 0, used = 0, size = 8;
    for (llw_entity e = 0; (e = llw_facts_next(facts, kind, e));) n++;
    while (size < n * 2) size *= 2;
    c->mask = size - 1;
    c->entries = llw_arena_alloc(arena, (n + 1) * sizeof *c->entries);
    c->buckets = llw_arena_alloc(arena, size * sizeof *c->buckets);
    for (llw_entity e = 0; (e = llw_facts_next(facts, kind, e));) {
        uint64_t key = 0;
        if (key_at(facts, e, c, &key)) c->entries[++used] = (entry){key, e, 0};
    }
    for (; used; used--) { /* from the last on, so that a bucket lists its entities in their order */
        uint32_t *bucket = &c->buckets[c->entries[used].key & c->mask];
        c->entries[used].next = *bucket;
        *bucket = (uint32_t)used;
    }
}

static const column *column_get(llw_join_index *index, const llw_facts *facts, const llw_attr *attrs, int n) {
    for (const column *c = index->columns[attrs[0]]; c; c = c->next)
        if (c->n_attrs == n && !memcmp(c->attrs, attrs, (size_t)n * sizeof *attrs)) return c;
    column *c = llw_arena_alloc(index->arena, sizeof *c);
    memcpy(c->attrs, attrs, (size_t)n * sizeof *attrs);
    c->n_attrs = n;
    fill(index->arena, facts, c);
    c->next = index->columns[attrs[0]];
    index->columns[attrs[0]] = c;
    return c;
}

/* How one variable is found: as the thing that a bound variable names, by what its attributes must equal, or
 * by walking its kind. */
typedef struct step {
    int variable;
    const llw_expr_node *names; /* v.id == names; NULL */
    int n_keys;
    llw_attr mine[MAX_KEYS];
    const llw_expr_node *other[MAX_KEYS]; /* a slot of a bound variable, or a literal */
    uint64_t conditions;                  /* joins that this step sees to, of the first 64 */
} step;

typedef struct joining {
    const llw_rule *rule;
    const llw_facts *facts;
    const llw_kb *kb;
    llw_join_index *indexes;
    int pinned; /* a variable that is bound from the start; -1 */
    step steps[LLW_MAX_VARIABLES];
    uint64_t seen_to; /* joins that the steps see to */
    llw_entity binding[LLW_MAX_VARIABLES];
    bool (*found)(void *context, const llw_entity *binding);
    void *context;
} joining;

static bool is_literal(llw_op op) {
    return op == LLW_OP_INTEGER || op == LLW_OP_TEXT || op == LLW_OP_FLAG;
}

typedef enum use { NO_USE, FINDS_AMONG_ALL, FINDS_BY_BOUND } use;

/* Takes up a join "slot == slot" or "slot == literal" with one side of this variable and the other known by
 * then. */
static use take_up(const llw_expr *join, const bool *bound, step *s) {
    const llw_expr_node *top = &join->nodes[join->n_nodes - 1];
    if (top->op != LLW_OP_EQUAL) return NO_USE;
    for (int side = 0; side < 2; side++) {
        const llw_expr_node *mine = &join->nodes[top->args[side]], *other = &join->nodes[top->args[1 - side]];
        if (mine->op != LLW_OP_SLOT || mine->as.slot.variable != s->variable) continue;
        bool slot = other->op == LLW_OP_SLOT && bound[other->as.slot.variable];
        if (!slot && !is_literal(other->op)) continue;
        if (!mine->as.slot.attr && !s->names)
            s->names = other;
        else if (mine->as.slot.attr && s->n_keys < MAX_KEYS) {
            s->mine[s->n_keys] = mine->as.slot.attr;
            s->other[s->n_keys++] = other;
        } else
            return NO_USE;
        return slot ? FINDS_BY_BOUND : FINDS_AMONG_ALL;
    }
    return NO_USE;
}

/* Fills the step of that variable; true when a variable bound before helps to find it. */
static bool plan_step(const llw_rule *rule, int variable, const bool *bound, step *out) {
    bool helped = false;
    *out = (step){.variable = variable};
    for (size_t c = 0; c < rule->n_conditions && rule->conditions[c].role == LLW_ROLE_JOIN; c++) {
        use used = take_up(&rule->conditions[c].expr, bound, out);
        if (used != NO_USE && c < 64) out->conditions |= (uint64_t)1 << c;
        helped |= used == FINDS_BY_BOUND;
    }
    return helped;
}

/* Greedy: a variable that bound ones help to find comes before one that must be walked. */
static void plan(joining *j) {
    bool bound[LLW_MAX_VARIABLES] = {0};
    const llw_rule *rule = j->rule;
    int first = 0;
    if (j->pinned >= 0) {
        j->steps[first++] = (step){.variable = j->pinned};
        bound[j->pinned] = true;
    }
    for (int s = first; s < rule->n_variables; s++) {
        int chosen = -1, walked = -1;
        step found;
        for (int v = 0; v < rule->n_variables && chosen < 0; v++) {
            if (bound[v]) continue;
            if (walked < 0) walked = v;
            if (plan_step(rule, v, bound, &found)) chosen = v;
        }
        if (chosen < 0) plan_step(rule, chosen = walked, bound, &found);
        j->steps[s] = found;
        j->seen_to |= found.conditions;
        bound[chosen] = true;
    }
}

/* Whether all joins but those seen to already are true. */
static bool rest_holds(const llw_rule *rule, const llw_facts *facts, const llw_kb *kb,
                       const llw_entity *binding, uint64_t seen_to) {
    for (size_t c = 0; c < rule->n_conditions && rule->conditions[c].role == LLW_ROLE_JOIN; c++) {
        if (c < 64 && seen_to >> c & 1) continue;
        llw_evaluation e = {.facts = facts, .kb = kb, .binding = binding};
        llw_result r = llw_eval_top(&rule->conditions[c].expr, &e);
        if (r.state != LLW_KNOWN || !r.as.flag) return false;
    }
    return true;
}

bool llw_join_holds(const llw_rule *rule, const llw_facts *facts, const llw_kb *kb,
                    const llw_entity *binding) {
    return rest_holds(rule, facts, kb, binding, 0);
}

/* NOLINTBEGIN(misc-no-recursion): one variable deeper each time, at most LLW_MAX_VARIABLES */
static bool descend(joining *j, int depth);

static bool bind(joining *j, int depth, llw_entity entity) {
    j->binding[j->steps[depth].variable] = entity;
    return descend(j, depth + 1);
}

static llw_value known_by_then(const joining *j, const llw_expr_node *node) {
    switch (node->op) {
    case LLW_OP_INTEGER: return llw_count(node->as.integer);
    case LLW_OP_TEXT: return llw_string(LLW_TEXT, node->as.text);
    case LLW_OP_FLAG: return llw_flag(node->as.flag);
    default: break;
    }
    llw_entity from = j->binding[node->as.slot.variable];
    return node->as.slot.attr ? llw_facts_value(j->facts, from, node->as.slot.attr) : llw_ref(from);
}

static bool equals(const joining *j, const step *s, llw_entity e, const llw_value *wanted) {
    for (int i = 0; i < s->n_keys; i++) {
        llw_value v = llw_facts_value(j->facts, e, s->mine[i]);
        llw_unit unit = llw_unit_of(v.type);
        /* NOLINTNEXTLINE(clang-analyzer-core.*): the first n_keys of them are set (extend) */
        if (!v.known || !llw_result_same(unit, llw_result_of(v), llw_result_of(wanted[i]))) return false;
    }
    return true;
}

static bool look_up(joining *j, int depth, const step *s, const llw_value *wanted) {
    uint64_t key = 0;
    for (int i = 0; i < s->n_keys; i++) key = mix(key, key_of(wanted[i]));
    const column *c = column_get(j->indexes, j->facts, s->mine, s->n_keys);
    for (uint32_t i = c->buckets[key & c->mask]; i; i = c->entries[i].next)
        if (c->entries[i].key == key && equals(j, s, c->entries[i].entity, wanted) &&
            !bind(j, depth, c->entries[i].entity))
            return false;
    return true;
}

static bool descend(joining *j, int depth) {
    if (depth == j->rule->n_variables)
        return !rest_holds(j->rule, j->facts, j->kb, j->binding, j->seen_to) ||
               j->found(j->context, j->binding);
    const step *s = &j->steps[depth];
    llw_kind kind = j->rule->kind[s->variable];
    if (s->variable == j->pinned) return descend(j, depth + 1);
    llw_value wanted[MAX_KEYS];
    for (int i = 0; i < s->n_keys; i++)
        if (!(wanted[i] = known_by_then(j, s->other[i])).known) return true;
    if (s->names) {
        llw_value v = known_by_then(j, s->names);
        return !v.known || v.type != LLW_REF || llw_facts_kind(j->facts, v.as.ref) != kind ||
               !equals(j, s, v.as.ref, wanted) || bind(j, depth, v.as.ref);
    }
    if (s->n_keys) return look_up(j, depth, s, wanted);
    for (llw_entity e = 0; (e = llw_facts_next(j->facts, kind, e));)
        if (!bind(j, depth, e)) return false;
    return true;
}
/* NOLINTEND(misc-no-recursion) */

void llw_join(const llw_rule *rule, const llw_facts *facts, const llw_kb *kb, llw_join_index *indexes,
              bool (*found)(void *context, const llw_entity *binding), void *context) {
    joining j = {.rule = rule,
                 .facts = facts,
                 .kb = kb,
                 .indexes = indexes,
                 .pinned = -1,
                 .found = found,
                 .context = context};
    plan(&j);
    descend(&j, 0);
}

void llw_join_with(const llw_rule *rule, const llw_facts *facts, const llw_kb *kb, llw_join_index *indexes,
                   int variable, llw_entity entity, bool (*found)(void *context, const llw_entity *binding),
                   void *context) {
    joining j = {.rule = rule,
                 .facts = facts,
                 .kb = kb,
                 .indexes = indexes,
                 .pinned = variable,
                 .found = found,
                 .context = context};
    j.binding[variable] = entity;
    plan(&j);
    descend(&j, 0);
}

void llw_join_order(const llw_rule *rule, int *variables) {
    joining j = {.rule = rule, .pinned = -1};
    plan(&j);
    for (int s = 0; s < rule->n_variables; s++) variables[s] = j.steps[s].variable;
}
