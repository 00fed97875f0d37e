/* The knowledge base: lessons and their rules as loaded from rules.d, checked and ordered.
 *
 * A knowledge base owns everything it points to; it is read-only once loaded. A file that cannot be used is
 * left out whole and named in `problems`; the others go on. Rules are ordered so that whoever writes a slot
 * comes before whoever reads it, and otherwise by lesson and the place in its file (ALGORITHM.md). */
#ifndef LLW_RULE_KB_H
#define LLW_RULE_KB_H

#include "rule/expr.h"

typedef enum llw_level {
    LLW_LEVEL_NONE,
    LLW_LEVEL_NOTE,
    LLW_LEVEL_WASTE,
    LLW_LEVEL_RISK,
    LLW_LEVEL_WRONG
} llw_level;
const char *llw_level_name(llw_level level);

typedef enum llw_role { LLW_ROLE_JOIN, LLW_ROLE_WHEN, LLW_ROLE_UNLESS } llw_role;

typedef struct llw_piece {
    const char *text;      /* literal text before the value */
    const llw_expr *value; /* NULL after the last piece */
    const char *format;    /* "", bytes, mib, count, params, ls */
} llw_piece;

/* A sentence with {expression} or {expression:format} in it. Pieces alternate; text may be "". */
typedef struct llw_template {
    const char *text; /* as written */
    int n_pieces;
    const llw_piece *pieces;
} llw_template;

/* A condition; `otherwise` is what is said when it is this one that keeps the rule silent (n_pieces 0:
 * nothing special). */
typedef struct llw_condition {
    llw_role role;
    llw_expr expr;
    llw_template otherwise;
} llw_condition;

/* A slot of a variable and what it becomes (try, derive) or what is said about it (advise). */
typedef struct llw_setting {
    int variable;
    llw_attr attr;
    llw_expr value;        /* try and derive */
    llw_template sentence; /* advise */
} llw_setting;

typedef enum llw_state { LLW_FIRED, LLW_SILENT, LLW_UNDECIDED, LLW_BROKEN } llw_state;
const char *llw_state_name(llw_state state);

/* One claim of a rule's test: an attribute of the n-th thing of that kind. */
typedef struct llw_test_fact {
    llw_kind kind;
    const char *id;
    llw_attr attr;     /* LLW_ATTR_NONE: the thing merely exists, or `known` names it */
    const char *known; /* a known model's name */
    llw_value value;
    const char *ref;   /* for REF attributes: the other thing's id */
    const char *grade; /* "", or a grade's name: { 30, grade = "prose" } */
    const char *origin;
} llw_test_fact;

typedef struct llw_rule_test {
    llw_state expect; /* FIRED, SILENT or UNDECIDED */
    int line;
    const char *stops_at; /* for SILENT: the text of the condition that must be the one to fail; NULL */
    const char *needs;    /* for UNDECIDED: the slot that is missing, as written in the rule; NULL */
    const char *says;     /* for FIRED: a piece of the finding's sentence; NULL */
    llw_test_fact *facts;
    size_t n_facts;
} llw_rule_test;

struct llw_lesson;

typedef struct llw_rule {
    const char *id;
    const struct llw_lesson *lesson;
    int line;
    llw_level level;
    uint32_t place; /* in the order of evaluation: kb->rules[place] is this one */
    bool predicts;  /* asks predict() somewhere in what a run evaluates */
    int64_t since,
        until; /* first and last llama.cpp build it holds for, as orders (fact/build.h); -1 when open */
    int n_variables;
    const char *variable[LLW_MAX_VARIABLES];
    llw_kind kind[LLW_MAX_VARIABLES];
    const llw_condition *conditions; /* joins, then when, then unless */
    size_t n_conditions;
    const char *const *let_names;
    const llw_expr *lets;
    size_t n_lets;
    const llw_setting *derives, *tries, *advises;
    size_t n_derives, n_tries, n_advises;
    llw_template find;          /* n_pieces 0 when the rule finds nothing */
    const llw_rule_test *tests; /* NULL where the rule was taken as the build had read it (ready.h) */
    size_t n_tests;             /* how many its file has */
} llw_rule;

typedef struct llw_lesson {
    const char *id;   /* "05-ub-is-not-b" */
    const char *code; /* "L05" for an installed lesson, else the id */
    const char *file; /* rules.d/05-ub-is-not-b.lua or where it lies */
    int line;
    const char *claim;                /* one sentence */
    const char *since, *until;        /* llama.cpp builds as written, NULL when open */
    int64_t since_order, until_order; /* -1 when open */
    const char *superseded_by;        /* lesson id; NULL */
    const char *review_by;            /* YYYY-MM-DD; NULL */
    llw_rule *rules;
    size_t n_rules;
} llw_lesson;

/* A named pure function of rules.d/lib. */
typedef struct llw_function {
    const char *name, *doc, *file;
    int arity;
    llw_unit parameters[LLW_EXPR_MAX_ARGS];
    llw_unit result;
    int reference; /* in the Lua state */
} llw_function;

typedef struct llw_ready llw_ready; /* a file that the build has read: ready.h */

typedef struct llw_kb {
    llw_arena *arena;
    llw_lesson **lessons; /* by id */
    size_t n_lessons, lesson_capacity;
    const llw_rule **rules; /* in the order of evaluation */
    size_t n_rules;
    llw_function *functions;
    size_t n_functions, function_capacity;
    llw_err *problems; /* files that were left out, and why */
    size_t n_problems, problem_capacity;
    struct lua_State *lua; /* holds the named functions; NULL when there are none */
    struct llw_sandbox_sum *sum; /* what all files took that were run */
} llw_kb;

/* Loads all rule and function files of the data directories (rules.d, rules.d/lib), then those of the
 * directories given (their *.lua, or those of their rules.d); a file replaces one of the same name. Never
 * fails: see problems. `ready` has what the build read in the files that are compiled in, or is NULL: then
 * every file is read, and the rules have their tests. */
llw_kb *llw_kb_load(const char *const *directories, size_t n, const llw_ready *ready);
/* An empty one, one file added from text (tests), and the ordering step that must follow. */
llw_kb *llw_kb_new(void);
void llw_kb_add_file(llw_kb *kb, const char *path, const char *bytes, size_t len);
void llw_kb_add_functions(llw_kb *kb, const char *path, const char *bytes, size_t len);
void llw_kb_order(llw_kb *kb);
void llw_kb_free(llw_kb *kb);

const llw_lesson *llw_kb_lesson(const llw_kb *kb, const char *id_or_code);
const llw_rule *llw_kb_rule(const llw_kb *kb, const char *id);

/* Calls a named function on numbers. False when it failed or ran out of its budget. */
bool llw_kb_call(const llw_kb *kb, int function, const double *args, double *result);

/* Whether the rule holds for the llama.cpp build of that order. */
bool llw_rule_covers(const llw_rule *rule, int64_t order);

#endif
