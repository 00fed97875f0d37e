/* Conditions and quantities of a rule: text in a subset of Lua's expression syntax, parsed to a flat postfix
 * array.
 *
 * Postfix: a node's operands stand before it, so evaluation is one loop and every sub-value can be shown.
 * Operators and their precedence are Lua 5.4's: or, and, comparisons, + -, * / // %, unary not -. `/` is real
 * division. Slots are written variable.attribute; `variable.id` is the entity itself. Functions: known
 * conflict origin grade predicted (of a slot), min max, contains(text, text), sum count any (over a kind),
 * predict, and the named functions of rules.d/lib.
 *
 * Units are types: bytes meet bytes, counts meet counts and reals; a bare 0 meets everything. A mistake is
 * found at load, with line and advice. Everything lives in the arena of the knowledge base. */
#ifndef LLW_RULE_EXPR_H
#define LLW_RULE_EXPR_H

#include "base/arena.h"
#include "base/error.h"
#include "fact/schema.h"

enum { LLW_EXPR_MAX_BYTES = 2000, LLW_EXPR_MAX_DEPTH = 60, LLW_EXPR_MAX_ARGS = 8, LLW_MAX_VARIABLES = 6 };

typedef enum llw_op {
    LLW_OP_INTEGER,
    LLW_OP_REAL,
    LLW_OP_TEXT,
    LLW_OP_FLAG,
    LLW_OP_SLOT, /* variable, attr; attr LLW_ATTR_NONE is the entity itself */
    LLW_OP_LET,  /* let: index of a named quantity */
    LLW_OP_NEGATE,
    LLW_OP_NOT,
    LLW_OP_ADD,
    LLW_OP_SUBTRACT,
    LLW_OP_MULTIPLY,
    LLW_OP_DIVIDE,
    LLW_OP_FLOOR_DIVIDE,
    LLW_OP_MODULO,
    LLW_OP_EQUAL,
    LLW_OP_NOT_EQUAL,
    LLW_OP_LESS,
    LLW_OP_LESS_EQUAL,
    LLW_OP_GREATER,
    LLW_OP_GREATER_EQUAL,
    LLW_OP_AND,
    LLW_OP_OR,
    LLW_OP_KNOWN,     /* of a slot */
    LLW_OP_CONFLICT,  /* of a slot */
    LLW_OP_ORIGIN,    /* of a slot: text */
    LLW_OP_GRADE,     /* of a slot: text, llw_grade_name */
    LLW_OP_PREDICTED, /* of a slot: what prediction says, also where something better is known */
    LLW_OP_MIN,
    LLW_OP_MAX,
    LLW_OP_CONTAINS,
    LLW_OP_SUM,   /* kind, attr */
    LLW_OP_COUNT, /* kind */
    LLW_OP_ANY,   /* kind, attr (a flag) */
    LLW_OP_PREDICT,
    LLW_OP_CALL, /* named Lua function */
} llw_op;

/* The unit of a number; text, flags and entities are types of their own. */
typedef enum llw_unit {
    LLW_UNIT_ZERO,  /* the literal 0 */
    LLW_UNIT_PLAIN, /* literals, counts and reals */
    LLW_UNIT_BYTES,
    LLW_UNIT_RATE,
    LLW_UNIT_SECONDS,
    LLW_UNIT_TEXT,
    LLW_UNIT_FLAG,
    LLW_UNIT_ENTITY,
} llw_unit;

typedef struct llw_expr_node {
    llw_op op;
    llw_unit unit;
    int start, end; /* the text of this node within the expression */
    int n_args;
    const int *args; /* operand nodes */
    union {
        int64_t integer;
        double real;
        const char *text;
        bool flag;
        struct {
            int variable;
            llw_attr attr;
        } slot;
        int let;
        struct {
            llw_kind kind;
            llw_attr attr;
        } aggregate;
        struct {
            llw_attr attr; /* what is asked: an attribute of the variable's kind */
            int variable;
            const llw_attr *knobs; /* knob i is set to operand i */
        } predict;
        int function; /* of the knowledge base */
    } as;
} llw_expr_node;

typedef struct llw_expr {
    const char *text; /* as the author wrote it */
    int line;         /* in the rule's file */
    const llw_expr_node *nodes;
    int n_nodes;   /* the last one is the result */
    bool predicts; /* asks predict(), itself or through a quantity it names */
} llw_expr;

/* What names mean inside one rule. */
typedef struct llw_scope {
    int n_variables;
    const char *variable[LLW_MAX_VARIABLES];
    llw_kind kind[LLW_MAX_VARIABLES];
    int n_lets;
    const char *const *let_names;
    const llw_unit *let_units;
    const bool *let_predicts;
    /* A named function: its index, arity and result; -1 when there is none. */
    int (*find_function)(void *context, const char *name, int *arity, const llw_unit **parameters,
                         llw_unit *result);
    void *context;
} llw_scope;

/* Parses and checks. err says what is wrong and, for an unknown name, what was probably meant. */
llw_rc llw_expr_parse(llw_arena *arena, const llw_scope *scope, const char *text, const char *file, int line,
                      llw_expr *out, llw_err *err);

llw_unit llw_expr_unit(const llw_expr *expr);
llw_unit llw_unit_of(llw_type type);
const char *llw_unit_name(llw_unit unit);
const char *llw_op_sign(llw_op op); /* "+", "<=", "and"; "" for others */
bool llw_op_is_comparison(llw_op op);

#endif
