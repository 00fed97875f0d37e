/* A run after a change, from the run before it: only nodes that read something that changed are evaluated
 * again.
 *
 * The changed facts are an overlay over those of the run before, which must outlive the cone. Launches are
 * predicted anew (what was predicted before comes from the memo) and compared; from the slots that differ the
 * walk goes to the nodes that read them, from what those derive to its readers, and nowhere else. What comes
 * out is what a run of its own over the changed facts would be, node for node (ALGORITHM.md).
 *
 * A change that brings or takes things (a GPU, a launch, another set of devices) is run whole. */
#ifndef LLW_INFER_CONE_H
#define LLW_INFER_CONE_H

#include "infer/run.h"

/* One node that is evaluated again, has come, or has gone. */
typedef struct llw_turn {
    const llw_node *before; /* NULL: the binding did not exist */
    const llw_node *after;  /* NULL: it does not any more */
} llw_turn;

typedef struct llw_cone {
    bool whole;   /* everything was run: after is that run, and there are no turns */
    llw_run *run; /* its facts are the changed ones; its nodes only those that were evaluated */
    llw_turn *turns;
    size_t n_turns; /* in the order of the run */
} llw_cone;

/* The first cone of a run costs an index over its nodes: O(nodes). Every further one costs what it changes.
 */
void llw_cone_init(llw_cone *cone, llw_run *before, const llw_facts *changed);
void llw_cone_fini(llw_cone *cone);

/* A run over changed facts that shares predictions and nodes with `first`, which must outlive it: what-if.
 * The outcome is that of a run of its own. O(nodes). */
llw_run *llw_run_beside(llw_run *first, const llw_facts *facts);

#endif
