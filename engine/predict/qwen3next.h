/* Shared by the builders of Qwen3-Next and Qwen3.5 for different builds. Private to predict/. */
#ifndef LLW_PREDICT_QWEN3NEXT_H
#define LLW_PREDICT_QWEN3NEXT_H

#include "predict/blocks.h"

typedef struct llw_next_sizes {
    int64_t head_k, heads_k, head_v, heads_v, tokens, seqs; /* tokens of each sequence */
} llw_next_sizes;

/* Query, key, value in one, and the output's gate z. */
llw_node *llw_next_project(llw_graph *g, const llw_next_sizes *sizes, llw_node *x, llw_node **z, int il);
llw_node *llw_next_feed_forward(llw_graph *g, llw_node *x, int il);
/* The graph as it was before the delta net was shared between models. */
void llw_next_build_first(llw_graph *g, const llw_next_sizes *sizes, bool next);

#endif
