/* Dense transformers and plain mixtures of experts in the manner of Llama: norm, attention, residual, norm,
 * feed-forward, residual.
 *
 * Sources (llama.cpp v0.5.0): src/models/llama.cpp, qwen2.cpp, qwen3.cpp, qwen3moe.cpp. */
#include "predict/families.h"

void llw_build_llama(llw_graph *g) {
    const llw_hparams *h = g->h;
    llw_attention attention;
    llw_node *x = llw_block_embed(g);
    llw_node *positions = llw_block_positions(g);
    llw_block_attention(g, &attention, false);
    llw_node *out_ids = llw_block_out_ids(g);
    for (int il = 0; il < h->n_layer; il++) {
        const llw_layer *layer = &h->layer[il];
        llw_node *residual = x;
        x = llw_block_rms(g, x, LLW_W_ATTN_NORM, il);
        llw_node *factors = llw_rope_factors(g, il);
        llw_qkv a = llw_block_qkv(g, x, h->head_k, layer->heads, layer->kv_heads, il);
        a.q = llw_rope(g, a.q, positions, factors);
        a.k = llw_rope(g, a.k, positions, factors);
        x = llw_block_attend(g, &attention, LLW_W_ATTN_OUTPUT, a.q, a.k, a.v, NULL, il);
        if (il == h->n_layer - 1) llw_block_pick_outputs(g, out_ids, &x, &residual);
        llw_node *ffn_in = llw_add(g, x, residual);
        x = llw_block_rms(g, ffn_in, LLW_W_FFN_NORM, il);
        if (!llw_w(g, LLW_W_FFN_GATE_INP, il)) {
            x = llw_block_ffn_silu(g, x, il);
        } else {
            llw_moe how = llw_block_moe_defaults(g, il);
            how.normalise = true;
            how.gating = LLW_GATING_SOFTMAX;
            llw_node *shared = x;
            x = llw_block_moe(g, x, &how, il);
            if (llw_w(g, LLW_W_FFN_UP_SHEXP, il))
                x = llw_add(g, x,
                            llw_block_ffn(g, shared,
                                          &(llw_ffn){.up = LLW_W_FFN_UP_SHEXP,
                                                     .gate = LLW_W_FFN_GATE_SHEXP,
                                                     .down = LLW_W_FFN_DOWN_SHEXP},
                                          il));
        }
        x = llw_add(g, x, ffn_in);
    }
    llw_block_output(g, x, LLW_NORM_RMS);
}
