/* Sparse attention by an indexer: a small attention of its own scores all cells, and only the best are read.
 * Private to predict/. */
#ifndef LLW_PREDICT_DSA_H
#define LLW_PREDICT_DSA_H

#include "predict/blocks.h"

/* build_attn_inp_k_dsa: inputs of the compressed cache and of the indexer's; `rotates`: its queries and keys
 * are turned by a Hadamard matrix. */
void llw_dsa_inputs(llw_graph *g, llw_attention *attention, bool rotates);
/* The cells to read, [n_top_k, tokens, 1, streams]. `row` is the compressed query, x the layer's normed
 * input. */
llw_node *llw_dsa_choose(llw_graph *g, const llw_attention *attention, llw_node *row, llw_node *x,
                         llw_node *positions, int il);
/* Stores k, attends to the chosen cells and multiplies with the output matrix; v is the start of k's rows. */
llw_node *llw_dsa_attend(llw_graph *g, const llw_attention *attention, llw_weight_id out, llw_node *q,
                         llw_node *k, llw_node *v, llw_node *chosen, const llw_attend_more *more, int il);
/* A mask that lets only the chosen cells through. */
/* How well each cell fits each query. q [head, heads, tokens, streams]. */
llw_node *llw_dsa_score(llw_graph *g, llw_node *q, llw_node *k, llw_node *weights, llw_node *mask);
llw_node *llw_dsa_mask(llw_graph *g, llw_node *mask, llw_node *chosen, int type);

#endif
