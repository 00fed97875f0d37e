/* The evaluator: one pass over a postfix array. */
#include "infer/eval.h"

#include <math.h>
#include <string.h>

static const llw_result unknown = {.state = LLW_NOT_KNOWN};
static const llw_result fault = {.state = LLW_FAULT};

static llw_result integer(int64_t i) {
    return (llw_result){.as.integer = i};
}

static llw_result real(double x) {
    return isfinite(x) ? (llw_result){.is_real = true, .as.real = x} : fault;
}

static llw_result flag(bool f) {
    return (llw_result){.as.flag = f};
}

llw_result llw_result_of(llw_value value) {
    if (!value.known) return unknown;
    if (value.type == LLW_FLAG) return flag(value.as.flag);
    if (value.type == LLW_REF) return (llw_result){.as.entity = value.as.ref};
    if (llw_type_is_integer(value.type)) return integer(value.as.count);
    if (llw_type_is_real(value.type)) return real(value.as.real);
    return (llw_result){.as.text = value.as.text};
}

double llw_result_number(llw_result r) {
    return r.is_real ? r.as.real : (double)r.as.integer;
}

llw_value llw_result_value(llw_result r, llw_type type) {
    if (r.state != LLW_KNOWN) return llw_unknown(type);
    if (type == LLW_FLAG) return llw_flag(r.as.flag);
    if (type == LLW_REF) return llw_ref(r.as.entity);
    if (llw_type_is_text(type)) return llw_string(type, r.as.text);
    if (llw_type_is_integer(type) && !r.is_real) {
        llw_value v = llw_count(r.as.integer);
        v.type = type;
        return v;
    }
    return llw_number(type, llw_result_number(r));
}

/* An integer against a real, without rounding either. */
static int compare_to_real(int64_t a, double b) {
    if (!(b < 0x1p63)) return -1;
    if (b < -0x1p63) return 1;
    int64_t whole = (int64_t)b;
    if (a != whole) return a > whole ? 1 : -1;
    double rest = b - (double)whole;
    return (rest < 0) - (rest > 0);
}

static int compare(llw_result a, llw_result b) {
    if (a.is_real && b.is_real) return (a.as.real > b.as.real) - (a.as.real < b.as.real);
    if (a.is_real) return -compare_to_real(b.as.integer, a.as.real);
    if (b.is_real) return compare_to_real(a.as.integer, b.as.real);
    return (a.as.integer > b.as.integer) - (a.as.integer < b.as.integer);
}

static int64_t floor_divide(int64_t a, int64_t b) {
    int64_t q = a / b;
    return (a % b != 0 && (a < 0) != (b < 0)) ? q - 1 : q;
}

/* The remainder with the divisor's sign, as Lua's %. */
static int64_t floor_modulo(int64_t a, int64_t b) {
    int64_t r = b == -1 ? 0 : a % b;
    return r != 0 && (r < 0) != (b < 0) ? r + b : r;
}

static llw_result integer_arithmetic(llw_op op, int64_t a, int64_t b) {
    int64_t r = 0;
    switch (op) {
    case LLW_OP_ADD: return __builtin_add_overflow(a, b, &r) ? fault : integer(r);
    case LLW_OP_SUBTRACT: return __builtin_sub_overflow(a, b, &r) ? fault : integer(r);
    case LLW_OP_MULTIPLY: return __builtin_mul_overflow(a, b, &r) ? fault : integer(r);
    case LLW_OP_FLOOR_DIVIDE:
        return b == 0 || (a == INT64_MIN && b == -1) ? fault : integer(floor_divide(a, b));
    default: return b == 0 ? fault : integer(floor_modulo(a, b));
    }
}

static llw_result arithmetic(llw_op op, llw_result a, llw_result b) {
    if (op != LLW_OP_DIVIDE && !a.is_real && !b.is_real)
        return integer_arithmetic(op, a.as.integer, b.as.integer);
    double x = llw_result_number(a), y = llw_result_number(b);
    switch (op) {
    case LLW_OP_ADD: return real(x + y);
    case LLW_OP_SUBTRACT: return real(x - y);
    case LLW_OP_MULTIPLY: return real(x * y);
    case LLW_OP_DIVIDE: return real(x / y); /* by zero is not finite: a fault */
    case LLW_OP_FLOOR_DIVIDE: return real(floor(x / y));
    default: {
        double m = fmod(x, y);
        if (m != 0 && (m < 0) != (y < 0)) m += y;
        return real(m);
    }
    }
}

bool llw_result_same(llw_unit u, llw_result a, llw_result b) {
    if (u == LLW_UNIT_TEXT) return !strcmp(a.as.text, b.as.text);
    if (u == LLW_UNIT_FLAG) return a.as.flag == b.as.flag;
    if (u == LLW_UNIT_ENTITY) return a.as.entity == b.as.entity;
    return compare(a, b) == 0;
}

static llw_result comparison(llw_op op, llw_unit u, llw_result a, llw_result b) {
    switch (op) {
    case LLW_OP_EQUAL: return flag(llw_result_same(u, a, b));
    case LLW_OP_NOT_EQUAL: return flag(!llw_result_same(u, a, b));
    case LLW_OP_LESS: return flag(compare(a, b) < 0);
    case LLW_OP_LESS_EQUAL: return flag(compare(a, b) <= 0);
    case LLW_OP_GREATER: return flag(compare(a, b) > 0);
    default: return flag(compare(a, b) >= 0);
    }
}

/* Kleene's and/or: the deciding value wins over an unknown; a fault stays unless the other side decides. */
static llw_result logic(llw_op op, llw_result a, llw_result b) {
    bool decides = op == LLW_OP_OR;
    if ((a.state == LLW_KNOWN && a.as.flag == decides) || (b.state == LLW_KNOWN && b.as.flag == decides))
        return flag(decides);
    if (a.state == LLW_FAULT || b.state == LLW_FAULT) return fault;
    if (a.state == LLW_NOT_KNOWN || b.state == LLW_NOT_KNOWN) return unknown;
    return flag(!decides);
}

static llw_result min_max(const llw_expr_node *node, const llw_result *values) {
    llw_result best = values[node->args[0]];
    for (int i = 1; i < node->n_args; i++) {
        llw_result v = values[node->args[i]];
        int c = compare(v, best);
        if (node->op == LLW_OP_MIN ? c < 0 : c > 0) best = v;
    }
    return best;
}

static llw_result aggregate(const llw_expr_node *node, const llw_facts *facts) {
    llw_result total = node->op == LLW_OP_ANY ? flag(false) : integer(0);
    for (llw_entity e = 0; (e = llw_facts_next(facts, node->as.aggregate.kind, e));) {
        if (node->op == LLW_OP_COUNT) {
            total.as.integer++;
            continue;
        }
        llw_result v = llw_result_of(llw_facts_value(facts, e, node->as.aggregate.attr));
        if (node->op == LLW_OP_ANY)
            total = logic(LLW_OP_OR, total, v);
        else if (total.state == LLW_KNOWN)
            total = v.state == LLW_KNOWN ? arithmetic(LLW_OP_ADD, total, v) : v;
    }
    return total;
}

/* The best claim that was computed: it may have lost against one that was measured. */
static llw_result predicted_claim(const llw_evaluation *e, llw_entity entity, llw_attr attr) {
    llw_arena *arena = llw_arena_new();
    size_t n = 0;
    const llw_claim **claims = llw_facts_claims(e->facts, entity, attr, arena, &n);
    llw_result found = unknown;
    for (size_t i = 0; i < n && found.state != LLW_KNOWN; i++)
        if (llw_claim_is_predicted(claims[i]) && claims[i]->value.known)
            found = llw_result_of(claims[i]->value);
    llw_arena_free(arena);
    return found;
}

static llw_result about_slot(const llw_expr_node *node, const llw_expr_node *slot, const llw_evaluation *e) {
    llw_entity entity = e->binding[slot->as.slot.variable];
    if (slot->as.slot.attr == LLW_ATTR_NONE) return node->op == LLW_OP_KNOWN ? flag(true) : unknown;
    if (node->op == LLW_OP_PREDICTED) return predicted_claim(e, entity, slot->as.slot.attr);
    const llw_claim *best = llw_facts_best(e->facts, entity, slot->as.slot.attr);
    switch (node->op) {
    case LLW_OP_KNOWN: return flag(best && best->value.known);
    case LLW_OP_CONFLICT: return flag(llw_facts_conflict(e->facts, entity, slot->as.slot.attr));
    case LLW_OP_ORIGIN: return best ? (llw_result){.as.text = best->origin} : unknown;
    default: return best ? (llw_result){.as.text = llw_grade_name(best->grade)} : unknown;
    }
}

static llw_result predicted(const llw_expr_node *node, const llw_result *values, const llw_evaluation *e) {
    llw_value knobs[LLW_EXPR_MAX_ARGS];
    for (int i = 0; i < node->n_args; i++)
        knobs[i] = llw_result_value(values[node->args[i]], llw_attr_get(node->as.predict.knobs[i])->type);
    if (!e->predict) return unknown;
    return llw_result_of(e->predict(e->context, e->binding[node->as.predict.variable], node->as.predict.attr,
                                    node->as.predict.knobs, knobs, node->n_args));
}

static llw_result call(const llw_expr_node *node, const llw_result *values, const llw_evaluation *e) {
    double args[LLW_EXPR_MAX_ARGS], result = 0;
    for (int i = 0; i < node->n_args; i++) args[i] = llw_result_number(values[node->args[i]]);
    return llw_kb_call(e->kb, node->as.function, args, &result) ? real(result) : fault;
}

static llw_result leaf(const llw_expr_node *node, const llw_evaluation *e) {
    switch (node->op) {
    case LLW_OP_INTEGER: return integer(node->as.integer);
    case LLW_OP_REAL: return real(node->as.real);
    case LLW_OP_TEXT: return (llw_result){.as.text = node->as.text};
    case LLW_OP_FLAG: return flag(node->as.flag);
    case LLW_OP_LET: return e->lets[node->as.let];
    case LLW_OP_SLOT: {
        llw_entity entity = e->binding[node->as.slot.variable];
        if (node->as.slot.attr == LLW_ATTR_NONE) return (llw_result){.as.entity = entity};
        return llw_result_of(llw_facts_value(e->facts, entity, node->as.slot.attr));
    }
    default: return aggregate(node, e->facts);
    }
}

static llw_result inner(const llw_expr *expr, const llw_expr_node *node, const llw_result *values,
                        const llw_evaluation *e) {
    switch (node->op) {
    case LLW_OP_AND:
    case LLW_OP_OR: return logic(node->op, values[node->args[0]], values[node->args[1]]);
    case LLW_OP_KNOWN:
    case LLW_OP_CONFLICT:
    case LLW_OP_ORIGIN:
    case LLW_OP_GRADE:
    case LLW_OP_PREDICTED: return about_slot(node, &expr->nodes[node->args[0]], e);
    default: break;
    }
    for (int i = 0; i < node->n_args; i++)
        if (values[node->args[i]].state == LLW_FAULT) return fault;
    for (int i = 0; i < node->n_args; i++)
        if (values[node->args[i]].state == LLW_NOT_KNOWN) return unknown;
    llw_result a = node->n_args ? values[node->args[0]] : unknown;
    switch (node->op) {
    case LLW_OP_NOT: return flag(!a.as.flag);
    case LLW_OP_NEGATE:
        return a.is_real ? real(-a.as.real) : integer_arithmetic(LLW_OP_SUBTRACT, 0, a.as.integer);
    case LLW_OP_MIN:
    case LLW_OP_MAX: return min_max(node, values);
    case LLW_OP_CONTAINS: return flag(strstr(a.as.text, values[node->args[1]].as.text) != NULL);
    case LLW_OP_PREDICT: return predicted(node, values, e);
    case LLW_OP_CALL: return call(node, values, e);
    default: break;
    }
    llw_result b = values[node->args[1]];
    if (llw_op_is_comparison(node->op)) {
        llw_unit u = expr->nodes[node->args[0]].unit;
        return comparison(node->op, u, a, b);
    }
    return arithmetic(node->op, a, b);
}

void llw_eval(const llw_expr *expr, const llw_evaluation *evaluation, llw_result *values) {
    for (int i = 0; i < expr->n_nodes; i++) {
        const llw_expr_node *node = &expr->nodes[i];
        bool is_leaf = node->op <= LLW_OP_LET || (node->op >= LLW_OP_SUM && node->op <= LLW_OP_ANY);
        values[i] = is_leaf ? leaf(node, evaluation) : inner(expr, node, values, evaluation);
    }
}

/* A frame of its own: touching that much stack costs more than a short expression. */
static __attribute__((noinline)) llw_result eval_long(const llw_expr *expr,
                                                      const llw_evaluation *evaluation) {
    llw_result values[LLW_EXPR_MAX_BYTES];
    llw_eval(expr, evaluation, values);
    return values[expr->n_nodes - 1];
}

llw_result llw_eval_top(const llw_expr *expr, const llw_evaluation *evaluation) {
    enum { SHORT = 64 };
    if (expr->n_nodes > SHORT) return eval_long(expr, evaluation);
    llw_result values[SHORT];
    llw_eval(expr, evaluation, values);
    return values[expr->n_nodes - 1];
}
