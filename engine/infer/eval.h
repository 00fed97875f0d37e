/* Evaluates an expression on a fact base: three-valued, every operand evaluated, every sub-value kept.
 *
 * Unknown follows Kleene: false and unknown is false, true or unknown is true, anything else with an unknown
 * operand is unknown. Integer overflow and division by zero break that node, not the run. Numbers are
 * Lua 5.4's: integers stay integers under + - * // %, `/` gives a real. */
#ifndef LLW_INFER_EVAL_H
#define LLW_INFER_EVAL_H

#include "fact/facts.h"
#include "rule/kb.h"

typedef enum llw_knowledge {
    LLW_KNOWN,
    LLW_NOT_KNOWN,
    LLW_FAULT,
    LLW_NOT_ASKED, /* costs a prediction, and the node is silent without it: evaluated when somebody asks why
                      not */
} llw_knowledge;

typedef struct llw_result {
    llw_knowledge state;
    bool is_real; /* of a number */
    union {
        int64_t integer;
        double real;
        bool flag;
        const char *text;
        llw_entity entity;
    } as;
} llw_result;

typedef struct llw_evaluation {
    const llw_facts *facts;
    const llw_kb *kb;
    const llw_entity *binding; /* entity of each variable */
    const llw_result *lets;    /* the rule's named quantities */
    /* predict(): the value of `attr` of `entity` if the launch's knobs were turned. NULL: unknown. */
    llw_value (*predict)(void *context, llw_entity entity, llw_attr attr, const llw_attr *knobs,
                         const llw_value *values, int n);
    void *context;
} llw_evaluation;

/* values has room for expr->n_nodes results; the last is the expression's. */
void llw_eval(const llw_expr *expr, const llw_evaluation *evaluation, llw_result *values);
/* The expression's result alone. */
llw_result llw_eval_top(const llw_expr *expr, const llw_evaluation *evaluation);

/* A fact's value as a result, and a result as a value of a type (rounded if the type is integer). */
llw_result llw_result_of(llw_value value);
llw_value llw_result_value(llw_result result, llw_type type);
double llw_result_number(llw_result result);
/* Whether two known results of a unit are equal: what == says. */
bool llw_result_same(llw_unit unit, llw_result a, llw_result b);

#endif
