/* The gated delta net: linear attention with a state, as one operation or written out, and the convolution
 * before it. */
#ifndef LLW_PREDICT_DELTA_H
#define LLW_PREDICT_DELTA_H

#include "predict/blocks.h"

/* build_conv_state: the last inputs of each sequence before the new ones, [kernel - 1 + tokens, channels,
 * sequences]; the newest are stored. `mixed` is [channels, tokens, sequences]. */
llw_node *llw_delta_conv_state(llw_graph *g, const llw_recurrent *inputs, llw_node *mixed, int64_t kernel,
                               int64_t channels, int il);
/* build_gdn_l2_norm; older builds had ggml's own l2_norm here. */
llw_node *llw_delta_l2_norm(llw_graph *g, llw_node *x);
/* build_recurrent_attn: attends and stores the new state. q, k [head, heads, tokens, sequences], state [head,
 * head, heads, sequences]. */
llw_node *llw_delta_attend(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *gate,
                           llw_node *beta, llw_node *state, int il);

#endif
