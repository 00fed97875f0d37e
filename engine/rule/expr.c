/* Reads an expression by precedence climbing and checks names and units as it goes. */
#include "rule/expr.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct parser {
    llw_arena *arena, *scratch; /* what stays, and what is needed while parsing */
    const llw_scope *scope;
    const char *text, *file;
    int line, at, depth;
    llw_expr_node *nodes;
    size_t n, capacity;
    llw_err *err;
    bool failed;
} parser;

static const struct {
    const char *sign;
    int precedence; /* Lua 5.4 manual 3.4.8; 0: not an infix operator */
} ops[] = {
    [LLW_OP_OR] = {"or", 1},           [LLW_OP_AND] = {"and", 2},       [LLW_OP_LESS] = {"<", 3},
    [LLW_OP_GREATER] = {">", 3},       [LLW_OP_LESS_EQUAL] = {"<=", 3}, [LLW_OP_GREATER_EQUAL] = {">=", 3},
    [LLW_OP_NOT_EQUAL] = {"~=", 3},    [LLW_OP_EQUAL] = {"==", 3},      [LLW_OP_ADD] = {"+", 4},
    [LLW_OP_SUBTRACT] = {"-", 4},      [LLW_OP_MULTIPLY] = {"*", 5},    [LLW_OP_DIVIDE] = {"/", 5},
    [LLW_OP_FLOOR_DIVIDE] = {"//", 5}, [LLW_OP_MODULO] = {"%", 5},      [LLW_OP_NOT] = {"not", 0},
    [LLW_OP_NEGATE] = {"-", 0},        [LLW_OP_CALL] = {"", 0},
};
enum { UNARY_PRECEDENCE = 6 };

const char *llw_op_sign(llw_op op) {
    return ops[op].sign ? ops[op].sign : "";
}

bool llw_op_is_comparison(llw_op op) {
    return ops[op].precedence == 3;
}

const char *llw_unit_name(llw_unit unit) {
    static const char *const name[] = {"number",  "number", "bytes", "bytes per second",
                                       "seconds", "text",   "flag",  "entity"};
    return name[unit];
}

llw_unit llw_unit_of(llw_type type) {
    switch (type) {
    case LLW_FLAG: return LLW_UNIT_FLAG;
    case LLW_COUNT:
    case LLW_REAL: return LLW_UNIT_PLAIN;
    case LLW_BYTES: return LLW_UNIT_BYTES;
    case LLW_RATE: return LLW_UNIT_RATE;
    case LLW_SECONDS: return LLW_UNIT_SECONDS;
    case LLW_REF: return LLW_UNIT_ENTITY;
    case LLW_TEXT:
    case LLW_PATH:
    case LLW_VERSION:
    case LLW_LIST: break;
    }
    return LLW_UNIT_TEXT;
}

llw_unit llw_expr_unit(const llw_expr *expr) {
    return expr->nodes[expr->n_nodes - 1].unit;
}

#define FAIL(p, ...)                                                                                         \
    do {                                                                                                     \
        if (!(p)->failed) llw_fail((p)->err, LLW_ERR_INPUT, (p)->file, (p)->line, __VA_ARGS__);              \
        (p)->failed = true;                                                                                  \
    } while (0)

static bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n';
}

static void skip_blanks(parser *p) {
    while (is_blank(p->text[p->at])) p->at++;
}

static bool is_word(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

/* Takes the sign if it stands here as a whole. */
static bool take(parser *p, const char *sign) {
    skip_blanks(p);
    size_t len = strlen(sign);
    if (strncmp(p->text + p->at, sign, len)) return false;
    if (is_word(sign[0]) && is_word(p->text[p->at + (int)len])) return false;
    p->at += (int)len;
    return true;
}

static bool expect(parser *p, const char *sign) {
    if (take(p, sign)) return true;
    if (p->text[p->at])
        FAIL(p, "'%s' expected before '%.20s' in \"%s\"", sign, p->text + p->at, p->text);
    else
        FAIL(p, "'%s' expected at the end of \"%s\"", sign, p->text);
    return false;
}

static const char *word(parser *p) {
    skip_blanks(p);
    int start = p->at;
    while (is_word(p->text[p->at])) p->at++;
    return llw_arena_strndup(p->scratch, p->text + start, (size_t)(p->at - start));
}

static void *copy(llw_arena *arena, const void *from, size_t size) {
    return size ? memcpy(llw_arena_alloc(arena, size), from, size) : NULL;
}

/* Adds a node and returns its index; a failed parser still gives a valid index. */
static int add(parser *p, llw_op op, llw_unit unit, int start, int n_args, const int *args) {
    void *items = p->nodes;
    llw_expr_node *node = llw_arena_push(p->scratch, &items, &p->n, &p->capacity, sizeof *node);
    p->nodes = items;
    int end = p->at;
    while (end > start && is_blank(p->text[end - 1])) end--;
    *node = (llw_expr_node){.op = op, .unit = unit, .start = start, .end = end, .n_args = n_args};
    node->args = copy(p->arena, args, (size_t)n_args * sizeof *args);
    return (int)p->n - 1;
}

static llw_unit unit(const parser *p, int node) {
    return p->nodes[node].unit;
}

static bool is_number(llw_unit u) {
    return u <= LLW_UNIT_SECONDS;
}

static const char *piece(parser *p, int node) {
    const llw_expr_node *n = &p->nodes[node];
    return llw_arena_strndup(p->scratch, p->text + n->start, (size_t)(n->end - n->start));
}

/* The unit two numbers share when added or compared, or -1. */
static int common_unit(llw_unit a, llw_unit b) {
    if (a == b) return (int)a;
    if (!is_number(a) || !is_number(b)) return -1;
    if (a == LLW_UNIT_ZERO) return (int)b;
    if (b == LLW_UNIT_ZERO) return (int)a;
    return -1;
}

static llw_unit product_unit(parser *p, int a, int b) {
    llw_unit x = unit(p, a), y = unit(p, b);
    if (x <= LLW_UNIT_PLAIN) return y <= LLW_UNIT_PLAIN ? LLW_UNIT_PLAIN : y;
    if (y <= LLW_UNIT_PLAIN) return x;
    if ((x == LLW_UNIT_RATE && y == LLW_UNIT_SECONDS) || (x == LLW_UNIT_SECONDS && y == LLW_UNIT_RATE))
        return LLW_UNIT_BYTES;
    FAIL(p, "%s (%s) cannot be multiplied by %s (%s)", piece(p, a), llw_unit_name(x), piece(p, b),
         llw_unit_name(y));
    return LLW_UNIT_PLAIN;
}

static llw_unit quotient_unit(parser *p, int a, int b) {
    llw_unit x = unit(p, a), y = unit(p, b);
    if (y <= LLW_UNIT_PLAIN) return x == LLW_UNIT_ZERO ? LLW_UNIT_PLAIN : x;
    if (x == y) return LLW_UNIT_PLAIN;
    if (x == LLW_UNIT_BYTES && y == LLW_UNIT_RATE) return LLW_UNIT_SECONDS;
    if (x == LLW_UNIT_BYTES && y == LLW_UNIT_SECONDS) return LLW_UNIT_RATE;
    FAIL(p, "%s (%s) cannot be divided by %s (%s)", piece(p, a), llw_unit_name(x), piece(p, b),
         llw_unit_name(y));
    return LLW_UNIT_PLAIN;
}

static void want_numbers(parser *p, llw_op op, int a, int b) {
    int bad = !is_number(unit(p, a)) ? a : !is_number(unit(p, b)) ? b : -1;
    if (bad >= 0)
        FAIL(p, "'%s' needs numbers, but %s is %s", ops[op].sign, piece(p, bad), llw_unit_name(unit(p, bad)));
}

static llw_unit infix_unit(parser *p, llw_op op, int a, int b) {
    switch (op) {
    case LLW_OP_AND:
    case LLW_OP_OR:
        for (int i = 0; i < 2; i++) {
            int side = i ? b : a;
            if (unit(p, side) != LLW_UNIT_FLAG)
                FAIL(p, "'%s' joins yes-or-no conditions, but %s is %s", ops[op].sign, piece(p, side),
                     llw_unit_name(unit(p, side)));
        }
        return LLW_UNIT_FLAG;
    case LLW_OP_MULTIPLY:
        want_numbers(p, op, a, b);
        return p->failed ? LLW_UNIT_PLAIN : product_unit(p, a, b);
    case LLW_OP_DIVIDE:
    case LLW_OP_FLOOR_DIVIDE:
        want_numbers(p, op, a, b);
        return p->failed ? LLW_UNIT_PLAIN : quotient_unit(p, a, b);
    default: break;
    }
    bool ordered = op != LLW_OP_EQUAL && op != LLW_OP_NOT_EQUAL;
    if (ordered) want_numbers(p, op, a, b);
    int shared = common_unit(unit(p, a), unit(p, b));
    if (shared < 0 && !p->failed)
        FAIL(p, "%s is %s and %s is %s: '%s' needs the same unit on both sides%s", piece(p, a),
             llw_unit_name(unit(p, a)), piece(p, b), llw_unit_name(unit(p, b)), ops[op].sign,
             unit(p, a) == LLW_UNIT_BYTES || unit(p, b) == LLW_UNIT_BYTES ? " (write 512 * MiB for a size)"
                                                                          : "");
    if (llw_op_is_comparison(op)) return LLW_UNIT_FLAG;
    return shared < 0 ? LLW_UNIT_PLAIN : (llw_unit)shared;
}

static int parse(parser *p, int above);

static int parse_number(parser *p) {
    int start = p->at;
    char *end = NULL;
    const char *from = p->text + p->at;
    size_t digits = strspn(from, "0123456789");
    bool real = from[digits] == '.' || from[digits] == 'e' || from[digits] == 'E';
    errno = 0;
    if (real) {
        double value = strtod(from, &end);
        p->at += (int)(end - from);
        int node = add(p, LLW_OP_REAL, LLW_UNIT_PLAIN, start, 0, NULL);
        p->nodes[node].as.real = value;
        if (errno) FAIL(p, "the number '%.*s' is out of range", p->at - start, p->text + start);
        return node;
    }
    long long value = strtoll(from, &end, 10);
    p->at += (int)(end - from);
    if (errno || is_word(p->text[p->at]))
        FAIL(p, "'%.*s' is no number that can be used here", p->at - start + 1, p->text + start);
    int node = add(p, LLW_OP_INTEGER, value ? LLW_UNIT_PLAIN : LLW_UNIT_ZERO, start, 0, NULL);
    p->nodes[node].as.integer = value;
    return node;
}

static const char *parse_quoted(parser *p) {
    skip_blanks(p);
    char quote = p->text[p->at];
    if (quote != '\'' && quote != '"') {
        FAIL(p, "a quoted name expected in \"%s\"", p->text);
        return "";
    }
    int start = ++p->at;
    while (p->text[p->at] && p->text[p->at] != quote) {
        if (p->text[p->at] == '\\') FAIL(p, "no backslashes in a condition's text: \"%s\"", p->text);
        p->at++;
    }
    if (!p->text[p->at]) {
        FAIL(p, "the text starting with %c is not closed in \"%s\"", quote, p->text);
        return "";
    }
    return llw_arena_strndup(p->arena, p->text + start, (size_t)(p->at++ - start));
}

static int find_variable(const parser *p, const char *name) {
    for (int i = 0; i < p->scope->n_variables; i++)
        if (!strcmp(p->scope->variable[i], name)) return i;
    return -1;
}

static llw_attr want_attribute(parser *p, llw_kind kind, const char *name) {
    llw_attr attr = llw_attr_find(kind, name);
    if (attr != LLW_ATTR_NONE) return attr;
    const char *near = llw_attr_nearest(kind, name);
    if (near)
        FAIL(p, "a %s has no attribute '%s'; did you mean '%s'?", llw_kind_name(kind), name, near);
    else
        FAIL(p, "a %s has no attribute '%s'; llwhy facts --schema %s lists them", llw_kind_name(kind), name,
             llw_kind_name(kind));
    return LLW_ATTR_NONE;
}

/* variable.attribute, the variable's name already read. */
static int parse_slot(parser *p, int variable, int start) {
    if (!expect(p, ".")) return add(p, LLW_OP_FLAG, LLW_UNIT_FLAG, start, 0, NULL);
    const char *name = word(p);
    llw_attr attr = LLW_ATTR_NONE;
    llw_unit is = LLW_UNIT_ENTITY;
    if (strcmp(name, "id")) {
        attr = want_attribute(p, p->scope->kind[variable], name);
        is = attr ? llw_unit_of(llw_attr_get(attr)->type) : LLW_UNIT_PLAIN;
    }
    int node = add(p, LLW_OP_SLOT, is, start, 0, NULL);
    p->nodes[node].as.slot.variable = variable;
    p->nodes[node].as.slot.attr = attr;
    return node;
}

static int parse_slot_argument(parser *p, const char *function) {
    skip_blanks(p);
    int start = p->at, variable = find_variable(p, word(p));
    if (variable < 0) {
        FAIL(p, "%s() asks about a fact: write %s(x.attribute)", function, function);
        return add(p, LLW_OP_FLAG, LLW_UNIT_FLAG, start, 0, NULL);
    }
    return parse_slot(p, variable, start);
}

static int parse_aggregate(parser *p, llw_op op, int start) {
    const char *name = parse_quoted(p);
    llw_kind kind = p->failed ? LLW_KIND_NONE : llw_kind_find(name);
    if (!p->failed && !kind) FAIL(p, "there is no kind of fact called '%s'", name);
    llw_attr attr = LLW_ATTR_NONE;
    llw_unit is = op == LLW_OP_ANY ? LLW_UNIT_FLAG : LLW_UNIT_PLAIN;
    if (op != LLW_OP_COUNT && !p->failed && expect(p, ",")) {
        name = parse_quoted(p);
        attr = p->failed ? LLW_ATTR_NONE : want_attribute(p, kind, name);
        llw_unit have = attr ? llw_unit_of(llw_attr_get(attr)->type) : LLW_UNIT_PLAIN;
        if (op == LLW_OP_SUM ? !is_number(have) : have != LLW_UNIT_FLAG)
            FAIL(p, "'%s' is %s, which cannot be used here", name, llw_unit_name(have));
        if (op == LLW_OP_SUM) is = have;
    }
    expect(p, ")");
    int node = add(p, op, is, start, 0, NULL);
    p->nodes[node].as.aggregate.kind = kind;
    p->nodes[node].as.aggregate.attr = attr;
    return node;
}

/* NOLINTBEGIN(misc-no-recursion): as deep as the parentheses, at most LLW_EXPR_MAX_DEPTH */

/* predict('attribute', variable, 'knob', value, ...): the slot as it would be with the launch's knobs turned.
 */
static int parse_predict(parser *p, int start) {
    const char *asked = parse_quoted(p);
    expect(p, ",");
    const char *name = word(p);
    int variable = find_variable(p, name);
    if (variable < 0) FAIL(p, "predict() needs one of the rule's variables, not '%s'", name);
    llw_kind kind = variable < 0 ? LLW_KIND_NONE : p->scope->kind[variable];
    if (!p->failed && kind != LLW_KIND_launch && kind != LLW_KIND_placement)
        FAIL(p, "predict() is about a launch or a placement, not a %s", llw_kind_name(kind));
    llw_attr attr = p->failed ? LLW_ATTR_NONE : want_attribute(p, kind, asked);
    llw_attr knobs[LLW_EXPR_MAX_ARGS] = {0};
    int args[LLW_EXPR_MAX_ARGS], n = 0;
    while (!p->failed && take(p, ",")) {
        if (n == LLW_EXPR_MAX_ARGS) FAIL(p, "predict() turns at most %d knobs", LLW_EXPR_MAX_ARGS);
        const char *knob = parse_quoted(p);
        if (p->failed) break;
        knobs[n] = want_attribute(p, LLW_KIND_launch, knob);
        if (!p->failed && !llw_attr_get(knobs[n])->knob) FAIL(p, "'%s' is no knob: nobody can turn it", knob);
        if (!expect(p, ",")) break;
        args[n] = parse(p, 0);
        if (!p->failed && common_unit(unit(p, args[n]), llw_unit_of(llw_attr_get(knobs[n])->type)) < 0)
            FAIL(p, "'%s' is %s and cannot be set to %s", knob,
                 llw_unit_name(llw_unit_of(llw_attr_get(knobs[n])->type)), piece(p, args[n]));
        n++;
    }
    expect(p, ")");
    int node =
        add(p, LLW_OP_PREDICT, attr ? llw_unit_of(llw_attr_get(attr)->type) : LLW_UNIT_PLAIN, start, n, args);
    p->nodes[node].as.predict.attr = attr;
    p->nodes[node].as.predict.variable = variable < 0 ? 0 : variable;
    p->nodes[node].as.predict.knobs = copy(p->arena, knobs, (size_t)n * sizeof *knobs);
    return node;
}

static int parse_arguments(parser *p, int *args, const char *function) {
    int n = 0;
    if (take(p, ")")) return 0;
    do {
        if (n == LLW_EXPR_MAX_ARGS) {
            FAIL(p, "%s() takes at most %d arguments", function, LLW_EXPR_MAX_ARGS);
            break;
        }
        args[n++] = parse(p, 0);
    } while (!p->failed && take(p, ","));
    expect(p, ")");
    return n;
}

static int parse_min_max(parser *p, llw_op op, int start) {
    int args[LLW_EXPR_MAX_ARGS], n = parse_arguments(p, args, "min");
    if (n < 2) FAIL(p, "min() and max() compare at least two numbers");
    llw_unit is = p->failed ? LLW_UNIT_PLAIN : unit(p, args[0]);
    for (int i = 1; i < n && !p->failed; i++) {
        int shared = common_unit(is, unit(p, args[i]));
        if (shared < 0 || !is_number((llw_unit)shared))
            FAIL(p, "min() and max() need numbers of one unit in \"%s\"", p->text);
        is = shared < 0 ? is : (llw_unit)shared;
    }
    return add(p, op, is, start, n, args);
}

static int parse_named_function(parser *p, const char *name, int start) {
    int args[LLW_EXPR_MAX_ARGS], arity = 0;
    const llw_unit *parameters = NULL;
    llw_unit result = LLW_UNIT_PLAIN;
    int function = p->scope->find_function
                       ? p->scope->find_function(p->scope->context, name, &arity, &parameters, &result)
                       : -1;
    if (function < 0) FAIL(p, "there is no function '%s' (rules.d/lib holds the named ones)", name);
    int n = p->failed ? 0 : parse_arguments(p, args, name);
    if (!p->failed && n != arity) FAIL(p, "%s() takes %d arguments, not %d", name, arity, n);
    for (int i = 0; i < n && !p->failed; i++)
        if (common_unit(unit(p, args[i]), parameters[i]) < 0)
            FAIL(p, "argument %d of %s() is %s, but %s is %s", i + 1, name, llw_unit_name(parameters[i]),
                 piece(p, args[i]), llw_unit_name(unit(p, args[i])));
    int node = add(p, LLW_OP_CALL, result, start, n, args);
    p->nodes[node].as.function = function;
    return node;
}

static int parse_function(parser *p, const char *name, int start) {
    static const struct {
        const char *name;
        llw_op op;
        llw_unit unit;
    } of_slot[] = {{"known", LLW_OP_KNOWN, LLW_UNIT_FLAG},
                   {"conflict", LLW_OP_CONFLICT, LLW_UNIT_FLAG},
                   {"origin", LLW_OP_ORIGIN, LLW_UNIT_TEXT},
                   {"grade", LLW_OP_GRADE, LLW_UNIT_TEXT}};
    for (size_t i = 0; i < sizeof of_slot / sizeof *of_slot; i++) {
        if (strcmp(name, of_slot[i].name)) continue;
        int slot = parse_slot_argument(p, name);
        expect(p, ")");
        return add(p, of_slot[i].op, of_slot[i].unit, start, 1, &slot);
    }
    if (!strcmp(name, "predicted")) {
        int slot = parse_slot_argument(p, name);
        expect(p, ")");
        return p->failed ? 0 : add(p, LLW_OP_PREDICTED, unit(p, slot), start, 1, &slot);
    }
    if (!strcmp(name, "sum")) return parse_aggregate(p, LLW_OP_SUM, start);
    if (!strcmp(name, "count")) return parse_aggregate(p, LLW_OP_COUNT, start);
    if (!strcmp(name, "any")) return parse_aggregate(p, LLW_OP_ANY, start);
    if (!strcmp(name, "predict")) return parse_predict(p, start);
    if (!strcmp(name, "min")) return parse_min_max(p, LLW_OP_MIN, start);
    if (!strcmp(name, "max")) return parse_min_max(p, LLW_OP_MAX, start);
    if (!strcmp(name, "contains")) {
        int args[LLW_EXPR_MAX_ARGS], n = parse_arguments(p, args, name);
        if (!p->failed && (n != 2 || unit(p, args[0]) != LLW_UNIT_TEXT || unit(p, args[1]) != LLW_UNIT_TEXT))
            FAIL(p, "contains() takes two texts: contains(m.name, 'Flash')");
        return add(p, LLW_OP_CONTAINS, LLW_UNIT_FLAG, start, n, args);
    }
    return parse_named_function(p, name, start);
}

static int parse_name(parser *p) {
    static const struct {
        const char *name;
        int64_t bytes;
    } sizes[] = {{"KiB", 1024}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"GB", 1000000000}, {"MB", 1000000}};
    int start = p->at;
    const char *name = word(p);
    if (!strcmp(name, "true") || !strcmp(name, "false")) {
        int node = add(p, LLW_OP_FLAG, LLW_UNIT_FLAG, start, 0, NULL);
        p->nodes[node].as.flag = name[0] == 't';
        return node;
    }
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        if (strcmp(name, sizes[i].name)) continue;
        int node = add(p, LLW_OP_INTEGER, LLW_UNIT_BYTES, start, 0, NULL);
        p->nodes[node].as.integer = sizes[i].bytes;
        return node;
    }
    if (take(p, "(")) return parse_function(p, name, start);
    int variable = find_variable(p, name);
    if (variable >= 0) return parse_slot(p, variable, start);
    for (int i = 0; i < p->scope->n_lets; i++) {
        if (strcmp(name, p->scope->let_names[i])) continue;
        int node = add(p, LLW_OP_LET, p->scope->let_units[i], start, 0, NULL);
        p->nodes[node].as.let = i;
        return node;
    }
    FAIL(p, "'%s' is not one of the rule's variables, quantities or functions", name);
    return add(p, LLW_OP_FLAG, LLW_UNIT_FLAG, start, 0, NULL);
}

static int parse_operand(parser *p) {
    skip_blanks(p);
    int start = p->at;
    char c = p->text[p->at];
    if (take(p, "not")) {
        int a = parse(p, UNARY_PRECEDENCE);
        if (!p->failed && unit(p, a) != LLW_UNIT_FLAG)
            FAIL(p, "'not' needs a yes-or-no condition, but %s is %s", piece(p, a),
                 llw_unit_name(unit(p, a)));
        return add(p, LLW_OP_NOT, LLW_UNIT_FLAG, start, 1, &a);
    }
    if (take(p, "-")) {
        if (p->text[p->at] == '-' || (start > 0 && p->text[start - 1] == '-'))
            FAIL(p, "'--' starts a comment in Lua: write '- -' in \"%s\"", p->text);
        int a = parse(p, UNARY_PRECEDENCE);
        if (!p->failed && !is_number(unit(p, a)))
            FAIL(p, "'-' needs a number, but %s is %s", piece(p, a), llw_unit_name(unit(p, a)));
        return add(p, LLW_OP_NEGATE, p->failed ? LLW_UNIT_PLAIN : unit(p, a), start, 1, &a);
    }
    if (take(p, "(")) {
        int a = parse(p, 0);
        expect(p, ")");
        p->nodes[a].start = start;
        p->nodes[a].end = p->at;
        return a;
    }
    if (isdigit((unsigned char)c)) return parse_number(p);
    if (c == '\'' || c == '"') {
        const char *text = parse_quoted(p);
        int node = add(p, LLW_OP_TEXT, LLW_UNIT_TEXT, start, 0, NULL);
        p->nodes[node].as.text = text;
        return node;
    }
    if (isalpha((unsigned char)c) || c == '_') return parse_name(p);
    if (c)
        FAIL(p, "'%.10s' cannot stand here in \"%s\"", p->text + p->at, p->text);
    else
        FAIL(p, "\"%s\" breaks off: a value is missing at its end", p->text);
    return add(p, LLW_OP_FLAG, LLW_UNIT_FLAG, start, 0, NULL);
}

/* The infix operator that stands here and binds tighter than `above`; its length in *len, or -1. */
static int infix_at(parser *p, int above, int *len) {
    skip_blanks(p);
    const char *at = p->text + p->at;
    int found = -1;
    *len = 0;
    for (int op = LLW_OP_ADD; op <= LLW_OP_OR; op++) {
        int n = ops[op].sign ? (int)strlen(ops[op].sign) : 0;
        if (!ops[op].precedence || n <= *len || strncmp(at, ops[op].sign, (size_t)n)) continue;
        if (is_word(ops[op].sign[0]) && is_word(at[n])) continue;
        found = op;
        *len = n;
    }
    return found >= 0 && ops[found].precedence > above ? found : -1;
}

static int parse(parser *p, int above) {
    if (++p->depth > LLW_EXPR_MAX_DEPTH) FAIL(p, "\"%.40s...\" is nested too deeply", p->text);
    int left = p->failed ? add(p, LLW_OP_FLAG, LLW_UNIT_FLAG, p->at, 0, NULL) : parse_operand(p);
    for (int op, len; !p->failed && (op = infix_at(p, above, &len)) >= 0;) {
        p->at += len;
        int args[2] = {left, parse(p, ops[op].precedence)};
        if (p->failed) break;
        llw_unit is = infix_unit(p, (llw_op)op, args[0], args[1]);
        left = add(p, (llw_op)op, is, p->nodes[left].start, 2, args);
    }
    p->depth--;
    return left;
}

/* NOLINTEND(misc-no-recursion) */

llw_rc llw_expr_parse(llw_arena *arena, const llw_scope *scope, const char *text, const char *file, int line,
                      llw_expr *out, llw_err *err) {
    if (strlen(text) > LLW_EXPR_MAX_BYTES)
        return llw_fail(err, LLW_ERR_INPUT, file, line, "a condition has at most %d bytes",
                        LLW_EXPR_MAX_BYTES);
    parser p = {.arena = arena,
                .scratch = llw_arena_new(),
                .scope = scope,
                .text = text,
                .file = file,
                .line = line,
                .err = err};
    parse(&p, 0);
    skip_blanks(&p);
    if (!p.failed && text[p.at]) FAIL(&p, "'%.20s' is left over at the end of \"%s\"", text + p.at, text);
    if (!p.failed)
        *out = (llw_expr){.text = llw_arena_strdup(arena, text),
                          .line = line,
                          .nodes = copy(arena, p.nodes, p.n * sizeof *p.nodes),
                          .n_nodes = (int)p.n};
    llw_arena_free(p.scratch);
    if (p.failed) return LLW_ERR_INPUT;
    for (int i = 0; i < out->n_nodes; i++)
        out->predicts |=
            out->nodes[i].op == LLW_OP_PREDICT || (out->nodes[i].op == LLW_OP_LET && scope->let_predicts &&
                                                   scope->let_predicts[out->nodes[i].as.let]);
    return LLW_OK;
}
