/* What the files of a proof share: the lines so far, and the slots that were told already. Private to
 * explain/. */
#ifndef LLW_EXPLAIN_PROOF_PARTS_H
#define LLW_EXPLAIN_PROOF_PARTS_H

#include "explain/proof.h"

/* Derivations are acyclic and few, so an honest knowledge base never gets there. */
enum { LLW_PROOF_DEPTH_MAX = 24 };

typedef struct llw_prover {
    const llw_run *run;
    llw_arena *arena;
    llw_proof *out;
    llw_slot *seen;
    size_t n_seen, seen_capacity;
    bool fit_told;          /* what --fit did was told once */
    llw_entity launches[8]; /* of which something predicted was told */
    size_t n_launches;
} llw_prover;

/* Adds a line and takes over the text. */
llw_proof_line *llw_prover_add(llw_prover *b, int depth, llw_line_kind kind, llw_text *text);
const char *llw_prover_origin(llw_prover *b, const llw_claim *claim);
/* True when the slot was told before; from now on it was. */
bool llw_prover_seen(llw_prover *b, llw_entity entity, llw_attr attr);
void llw_prover_claim(llw_prover *b, int depth, llw_line_kind kind, llw_entity entity, llw_attr attr,
                      const llw_claim *claim);

/* A slot with its origin, its losing rivals, and what it was computed from; with `told`, its own line was
 * told by the condition above it. */
void llw_prover_slot(llw_prover *b, int depth, llw_entity entity, llw_attr attr, bool told);
/* A slot named as an operand: in full the first time, later a line that says it was told. */
void llw_prover_operand(llw_prover *b, int depth, llw_entity entity, llw_attr attr);
/* The conditions of a rule's node, with what they read. */
void llw_prover_conditions(llw_prover *b, int depth, const llw_node *node);
/* Something was predicted of the launch; the rest of what its prediction reads is told at the end
 * (proof_rest.c). */
void llw_prover_predicted(llw_prover *b, llw_entity launch);
void llw_prover_rest(llw_prover *b);
/* What a predicted slot was computed from (proof_grounds.c). */
void llw_prover_grounds(llw_prover *b, int depth, llw_entity entity, llw_attr attr);

#endif
