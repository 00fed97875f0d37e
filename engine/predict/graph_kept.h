/* Graphs that are scheduled again and again: fit moves layers between devices, and what is computed stays the
 * same.
 *
 * A memo owns them (memo.h). Where things lie enters a graph only through what it reads: weights, caches,
 * states. */
#ifndef LLW_PREDICT_GRAPH_KEPT_H
#define LLW_PREDICT_GRAPH_KEPT_H

#include "predict/graph.h"

typedef struct llw_graph_kept llw_graph_kept;

/* Keeps a graph as it was built, before anything schedules it, with the arena that holds it. */
llw_graph_kept *llw_graph_keep(llw_graph *graph);
void llw_graph_kept_free(llw_graph_kept *kept); /* NULL is fine */
/* The graph as it was built, its tensors where the plan puts them; what scheduling makes goes to the arena.
 * Only one such graph can be used at a time. O(nodes). */
void llw_graph_again(llw_graph_kept *kept, const llw_plan *plan, llw_arena *arena, llw_graph *out);

#endif
