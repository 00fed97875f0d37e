/* Bindings of a rule's variables: nested loops whose inner ones are index look-ups where a join allows it. */
#include "infer/join.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    uint64_t key;
    llw_entity entity;
} entry;

typedef struct column { /* all entities of the attribute's kind, by its value */
    llw_attr attr;
    entry *entries;
    size_t n;
    struct column *next;
} column;

struct llw_join_index {
    llw_arena *arena;
    column *columns;
};

llw_join_index *llw_join_index_new(llw_arena *arena) {
    llw_join_index *index = llw_arena_alloc(arena, sizeof *index);
    index->arena = arena;
    return index;
}

/* Equal values have equal keys; different ones may share a key, so the join is checked again. */
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

static int by_key(const void *a, const void *b) {
    const entry *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->entity > y->entity) - (x->entity < y->entity);
}

static const column *column_get(llw_join_index *index, const llw_facts *facts, llw_attr attr) {
    for (const column *c = index->columns; c; c = c->next)
        if (c->attr == attr) return c;
    column *c = llw_arena_alloc(index->arena, sizeof *c);
    c->attr = attr;
    llw_kind kind = llw_attr_get(attr)->kind;
    size_t n = 0;
    for (llw_entity e = 0; (e = llw_facts_next(facts, kind, e));) n++;
    c->entries = llw_arena_alloc(index->arena, (n + 1) * sizeof *c->entries);
    for (llw_entity e = 0; (e = llw_facts_next(facts, kind, e));) {
        llw_value v = llw_facts_value(facts, e, attr);
        if (v.known) c->entries[c->n++] = (entry){key_of(v), e};
    }
    if (c->n) qsort(c->entries, c->n, sizeof *c->entries, by_key);
    c->next = index->columns;
    index->columns = c;
    return c;
}

/* How one variable is found: by an equality with variables bound before it, or by walking its kind. */
typedef struct step {
    int variable;
    const llw_expr *join; /* NULL: walk the kind */
    int mine, other; /* nodes of the join: this variable's slot, and the slot of a variable bound before */
} step;

typedef struct joining {
    const llw_rule *rule;
    const llw_facts *facts;
    const llw_kb *kb;
    llw_join_index *indexes;
    step steps[LLW_MAX_VARIABLES];
    llw_entity binding[LLW_MAX_VARIABLES];
    bool (*found)(void *context, const llw_entity *binding);
    void *context;
} joining;

/* Whether the join is "slot == slot" with one side of this variable and the other of a bound one. */
static bool usable(const llw_expr *join, int variable, const bool *bound, step *out) {
    const llw_expr_node *top = &join->nodes[join->n_nodes - 1];
    if (top->op != LLW_OP_EQUAL) return false;
    for (int side = 0; side < 2; side++) {
        int mine = top->args[side], other = top->args[1 - side];
        const llw_expr_node *a = &join->nodes[mine], *b = &join->nodes[other];
        if (a->op != LLW_OP_SLOT || b->op != LLW_OP_SLOT || a->as.slot.variable != variable ||
            !bound[b->as.slot.variable])
            continue;
        *out = (step){variable, join, mine, other};
        return true;
    }
    return false;
}

/* Greedy: a variable that an index can find comes before one that must be walked. */
static void plan(joining *j) {
    bool bound[LLW_MAX_VARIABLES] = {0};
    const llw_rule *rule = j->rule;
    for (int s = 0; s < rule->n_variables; s++) {
        bool chosen = false;
        for (int v = 0; v < rule->n_variables && !chosen; v++)
            for (size_t c = 0; c < rule->n_conditions && !chosen && !bound[v]; c++)
                chosen = rule->conditions[c].role == LLW_ROLE_JOIN &&
                         usable(&rule->conditions[c].expr, v, bound, &j->steps[s]);
        for (int v = 0; v < rule->n_variables && !chosen; v++)
            if (!bound[v]) {
                j->steps[s] = (step){.variable = v};
                chosen = true;
            }
        bound[j->steps[s].variable] = true;
    }
}

static bool all_joins_hold(const joining *j) {
    for (size_t c = 0; c < j->rule->n_conditions; c++) {
        if (j->rule->conditions[c].role != LLW_ROLE_JOIN) continue;
        const llw_expr *expr = &j->rule->conditions[c].expr;
        llw_result values[LLW_EXPR_MAX_BYTES];
        llw_evaluation e = {.facts = j->facts, .kb = j->kb, .binding = j->binding};
        llw_eval(expr, &e, values);
        llw_result r = values[expr->n_nodes - 1];
        if (r.state != LLW_KNOWN || !r.as.flag) return false;
    }
    return true;
}

static bool descend(joining *j, int depth);

static bool bind(joining *j, int depth, llw_entity entity) {
    j->binding[j->steps[depth].variable] = entity;
    return descend(j, depth + 1);
}

/* Depth is the number of variables, at most LLW_MAX_VARIABLES. */
static bool descend(joining *j, int depth) {
    if (depth == j->rule->n_variables) return !all_joins_hold(j) || j->found(j->context, j->binding);
    const step *s = &j->steps[depth];
    llw_kind kind = j->rule->kind[s->variable];
    if (!s->join) {
        for (llw_entity e = 0; (e = llw_facts_next(j->facts, kind, e));)
            if (!bind(j, depth, e)) return false;
        return true;
    }
    const llw_expr_node *mine = &s->join->nodes[s->mine], *other = &s->join->nodes[s->other];
    llw_entity from = j->binding[other->as.slot.variable];
    llw_value value =
        other->as.slot.attr ? llw_facts_value(j->facts, from, other->as.slot.attr) : llw_ref(from);
    if (!value.known) return true;
    if (!mine->as.slot.attr) /* v.id == ...: the entity itself */
        return value.type != LLW_REF || llw_facts_kind(j->facts, value.as.ref) != kind ||
               bind(j, depth, value.as.ref);
    const column *c = column_get(j->indexes, j->facts, mine->as.slot.attr);
    uint64_t key = key_of(value);
    size_t low = 0, high = c->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (c->entries[mid].key < key)
            low = mid + 1;
        else
            high = mid;
    }
    for (; low < c->n && c->entries[low].key == key; low++)
        if (!bind(j, depth, c->entries[low].entity)) return false;
    return true;
}

void llw_join(const llw_rule *rule, const llw_facts *facts, const llw_kb *kb, llw_join_index *indexes,
              bool (*found)(void *context, const llw_entity *binding), void *context) {
    joining j = {
        .rule = rule, .facts = facts, .kb = kb, .indexes = indexes, .found = found, .context = context};
    plan(&j);
    descend(&j, 0);
}
