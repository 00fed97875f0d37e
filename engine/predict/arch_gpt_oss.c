/* gpt-oss: attention sinks, every second layer behind a window, experts with biases and a clamped gate.
 *
 * Source: src/models/openai-moe.cpp, llama.cpp v0.5.0 and 2026-05-04. */
#include "predict/families.h"

void llw_build_gpt_oss(llw_graph *g) {
    const llw_hparams *h = g->h;
    llw_attention attention;
    llw_node *x = llw_block_embed(g);
    llw_node *positions = llw_block_positions(g);
    llw_block_attention(g, &attention, false);
    llw_node *out_ids = llw_block_out_ids(g);
    for (int il = 0; il < h->n_layer; il++) {
        llw_node *residual = x;
        x = llw_block_rms(g, x, LLW_W_ATTN_NORM, il);
        llw_qkv a = llw_block_qkv(g, x, h->rot, h->layer[il].heads, h->layer[il].kv_heads, il);
        a.q = llw_rope(g, a.q, positions, NULL);
        a.k = llw_rope(g, a.k, positions, NULL);
        llw_attend_more more = {.sinks = llw_w(g, LLW_W_ATTN_SINKS, il)};
        x = llw_block_attend(g, &attention, LLW_W_ATTN_OUTPUT, a.q, a.k, a.v, &more, il);
        if (il == h->n_layer - 1 && !llw_block_late_outputs(g))
            llw_block_pick_outputs(g, out_ids, &x, &residual);
        llw_node *ffn_in = llw_add(g, x, residual);
        x = llw_block_rms(g, ffn_in, LLW_W_POST_ATTENTION_NORM, il);
        llw_moe how = llw_block_moe_defaults(g, il);
        how.activation = LLW_ACT_SWIGLU_OAI;
        how.normalise = false;
        how.gating = LLW_GATING_SOFTMAX_WEIGHT;
        how.no_selection_bias = true;
        x = llw_add(g, llw_block_moe(g, x, &how, il), ffn_in);
    }
    llw_block_output_of(g, x, out_ids, LLW_NORM_RMS);
}
