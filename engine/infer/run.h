/* One run of the knowledge base over a fact base: predictions first, then every rule once for each binding.
 *
 * All conditions of a node are evaluated, so a silent node already is its own why-not. Only what costs a
 * prediction of its own (predict()) is left until asked for, when a cheaper condition has settled the node.
 * Derived slots are claimed in `facts`, an overlay over what was read; the facts given are never changed and
 * must outlive the run. A run is deterministic: rules in the order of the knowledge base, bindings in the
 * order of the entities. */
#ifndef LLW_INFER_RUN_H
#define LLW_INFER_RUN_H

#include "infer/eval.h"
#include "predict/extras.h"
#include "predict/speed.h"

typedef struct llw_node {
    const llw_rule *rule;
    llw_entity binding[LLW_MAX_VARIABLES];
    llw_state state;
    bool applies;      /* false: the rule does not hold for this launch's build, so it is silent */
    llw_result *truth; /* of each condition; joins are all true. LLW_NOT_ASKED only in a silent node, or one
                          that nobody wants */
    llw_result *lets;
} llw_node;

/* What prediction made of one launch. */
typedef struct llw_predicted {
    llw_entity launch;
    llw_rc rc;        /* LLW_ERR_NOTHING: a fact is missing; LLW_ERR_INPUT: a value cannot be read */
    llw_attr missing; /* which fact, or which slot's value; LLW_ATTR_NONE: err says it */
    llw_err err;
    llw_launch as_read;       /* the launch as its flags say */
    llw_fit fit;              /* what llama.cpp makes of it; fit.launch and fit.prediction are what loads */
    const llw_extras *extras; /* NULL: nothing was estimated */
    const llw_speed *speed;
    const llw_launch *alone;  /* the launch with everything on the roomiest GPU: whole_need; NULL not asked */
    int64_t stored;           /* of it, weights and caches */
    const llw_fit *free_hand; /* ... with nothing in fit's way and no margin: fits_gpus; NULL not asked */
} llw_predicted;

/* A derived slot, what it became, and the node that derived it. */
typedef struct llw_derivation {
    llw_entity entity;
    llw_attr attr;
    size_t node;
    llw_value value;
    llw_grade grade;
} llw_derivation;

enum { LLW_RUN_VARIANTS = 1024 };

typedef struct llw_run {
    const llw_kb *kb;
    const llw_facts *base; /* what was read */
    llw_facts *facts;      /* with what was predicted and derived */
    llw_arena *arena;
    llw_node *nodes;
    size_t n_nodes, node_capacity;
    llw_predicted *predicted;
    size_t n_predicted;
    llw_derivation *derivations;
    size_t n_derivations, derivation_capacity;
    bool whole;                    /* ask everything */
    llw_level least;               /* of findings that somebody wants: below it nothing costly is asked */
    struct llw_variant **variants; /* memo of predict(), LLW_RUN_VARIANTS lists by launch; NULL: none yet */
    struct llw_memo *memo;         /* of single predictions */
    bool memo_lent;                /* by another run */
    struct llw_readers *readers;   /* who reads a slot (cone.h); NULL: nobody asked yet */
} llw_run;

llw_run *llw_run_new(const llw_kb *kb, const llw_facts *facts);
/* The same for findings from that level on: a rule below it that waits for a prediction stays undecided, and
 * predictions that were made before come without their steps. */
llw_run *llw_run_least(const llw_kb *kb, const llw_facts *facts, llw_level least);
/* The same with nothing left unasked: for tests that drop a condition and look again. */
llw_run *llw_run_whole(const llw_kb *kb, const llw_facts *facts);
void llw_run_free(llw_run *run);

/* The prediction of a launch, or NULL. */
const llw_predicted *llw_run_predicted(const llw_run *run, llw_entity launch);
/* The node whose derivation of a slot counts, or NULL: it was read or predicted. */
const llw_node *llw_run_deriver(const llw_run *run, llw_entity entity, llw_attr attr);

/* Evaluates one of the rule's expressions again in a node, with every sub-value: for explanations. values has
 * room for expr->n_nodes. */
void llw_run_eval(const llw_run *run, const llw_node *node, const llw_expr *expr, llw_result *values);

/* The slot as it would be if the launch's knobs were turned (memoised; O(one prediction) the first time). */
llw_value llw_run_variant(llw_run *run, llw_entity entity, llw_attr attr, const llw_attr *knobs,
                          const llw_value *values, int n);

/* The whole prediction of that variant. */
const llw_predicted *llw_run_variant_predicted(llw_run *run, llw_entity launch, const llw_attr *knobs,
                                               const llw_value *values, int n);

/* Fills a finding's sentence or advice. */
void llw_run_say(const llw_run *run, const llw_node *node, const llw_template *sentence, llw_text *out);
/* Prints a result the way its expression's unit asks for. */
void llw_result_print(llw_text *out, llw_result result, llw_unit unit, const char *format,
                      const llw_facts *facts);

#endif
