/* The chain of reasons behind a finding or a slot: claim, conditions, facts with their origins, arithmetic.
 *
 * A proof is a flat list of lines with depths, so that text, JSON and HTML are the same structure. Every slot
 * is shown in full once; later it refers back. Lines live in the arena given. */
#ifndef LLW_EXPLAIN_PROOF_H
#define LLW_EXPLAIN_PROOF_H

#include "infer/run.h"

typedef enum llw_line_kind {
    LLW_LINE_CLAIM,      /* what is concluded */
    LLW_LINE_CONDITION,  /* a condition of the rule, with its values */
    LLW_LINE_FACT,       /* a slot: value and origin */
    LLW_LINE_RIVAL,      /* a claim on the same slot that lost */
    LLW_LINE_ARITHMETIC, /* how a prediction was computed */
    LLW_LINE_MISSING,    /* an unknown and how to get it */
    LLW_LINE_MECHANISM,  /* why the rule is true */
    LLW_LINE_ADVICE,     /* what to do */
    LLW_LINE_SOURCE,     /* the lesson and where its story is */
} llw_line_kind;

typedef enum llw_mark { LLW_MARK_NONE, LLW_MARK_YES, LLW_MARK_NO, LLW_MARK_UNKNOWN } llw_mark;

typedef struct llw_proof_line {
    int depth;
    llw_line_kind kind;
    llw_mark mark;
    const char *text;
    const char *origin;  /* of a fact or rival: origin and place; of a computation: where llama.cpp does it */
    bool minor;          /* an exception that does not hold because nobody asked for it: of little interest */
    const char *written; /* of a condition: file and line of the rule; "" otherwise */
    llw_entity entity;   /* of a slot; 0 otherwise */
    llw_attr attr;
    llw_value value;
} llw_proof_line;

typedef struct llw_slot {
    llw_entity entity;
    llw_attr attr;
} llw_slot;

typedef struct llw_proof {
    llw_proof_line *lines;
    size_t n_lines, capacity;
    llw_slot *rest; /* what its predictions read besides: the last line of the whole proof names it */
    size_t n_rest, rest_capacity;
    llw_grade weakest; /* the least certain grade that it rests on */
} llw_proof;

/* Adds a line of the caller's own; text is borrowed from the arena. */
llw_proof_line *llw_proof_add(llw_proof *proof, llw_arena *arena, int depth, llw_line_kind kind,
                              const char *text);
/* The proof of a node, whatever its state: for a silent one it is the why-not. */
void llw_proof_node(const llw_run *run, const llw_node *node, llw_arena *arena, llw_proof *out);
/* The proof of a slot: its claims, and where the winner comes from. */
void llw_proof_slot(const llw_run *run, llw_entity entity, llw_attr attr, llw_arena *arena, llw_proof *out);

/* Slots whose unknown value leaves a node undecided, in the order of its conditions; returns how many (at
 * most max). */
size_t llw_missing_slots(const llw_run *run, const llw_node *node, llw_slot *out, size_t max);

const char *llw_line_kind_name(llw_line_kind kind);

#endif
