/* Models whose layers are one part each: Mamba, Mamba 2, Nemotron-H.
 *
 * Sources: src/models/mamba.cpp and nemotron-h.cpp, llama.cpp v0.5.0 and 2026-05-04. */
#include "predict/families.h"
#include "predict/ssm.h"

#include <string.h>

void llw_build_mamba(llw_graph *g) {
    bool second = !strcmp(g->plan->architecture->name, "mamba2");
    llw_recurrent inputs;
    llw_node *x = llw_block_embed(g);
    llw_block_recurrent(g, &inputs);
    llw_node *out_ids = llw_block_out_ids(g);
    for (int il = 0; il < g->h->n_layer; il++) {
        llw_node *residual = x;
        x = llw_block_rms(g, x, LLW_W_ATTN_NORM, il);
        x = second ? llw_mixer_mamba2(g, &inputs, x, il) : llw_mixer_mamba(g, &inputs, x, il);
        if (il == g->h->n_layer - 1) llw_block_pick_outputs(g, out_ids, &x, &residual);
        x = llw_add(g, x, residual);
    }
    llw_block_output(g, x, LLW_NORM_RMS);
}

/* ---- Nemotron-H: each layer is a scan, an attention or a feed-forward ---- */

static llw_node *feed_forward(llw_graph *g, llw_node *x, int il) {
    llw_ffn dense = {.activation = LLW_ACT_RELU_SQR};
    if (!llw_w(g, LLW_W_FFN_GATE_INP, il)) return llw_block_ffn(g, x, &dense, il);
    bool latent = llw_w(g, LLW_W_FFN_LATENT_DOWN, il) != NULL;
    llw_node *in = latent ? llw_mul_mat(g, llw_w(g, LLW_W_FFN_LATENT_DOWN, il), x) : x;
    llw_moe how = llw_block_moe_defaults(g, il);
    how.activation = LLW_ACT_RELU_SQR;
    how.gating = LLW_GATING_SIGMOID;
    how.probs = llw_block_mm(g, LLW_W_FFN_GATE_INP, il, x);
    llw_node *routed = llw_block_moe(g, in, &how, il);
    if (llw_w(g, LLW_W_FFN_LATENT_UP, il)) routed = llw_mul_mat(g, llw_w(g, LLW_W_FFN_LATENT_UP, il), routed);
    llw_ffn shared = {.up = LLW_W_FFN_UP_SHEXP,
                      .gate = LLW_W_FFN_GATE_SHEXP,
                      .down = LLW_W_FFN_DOWN_SHEXP,
                      .activation = LLW_ACT_RELU_SQR};
    return llw_add(g, routed, llw_block_ffn(g, x, &shared, il));
}

void llw_build_nemotron_h(llw_graph *g) {
    const llw_hparams *h = g->h;
    llw_recurrent inputs;
    llw_attention attention;
    llw_node *x = llw_block_embed(g);
    llw_block_recurrent(g, &inputs);
    llw_block_attention(g, &attention, false);
    llw_node *out_ids = llw_block_out_ids(g);
    for (int il = 0; il < h->n_layer; il++) {
        llw_node *residual = x;
        x = llw_block_rms(g, x, LLW_W_ATTN_NORM, il);
        if (h->layer[il].recurrent) {
            x = llw_mixer_mamba2(g, &inputs, x, il);
        } else if (h->layer[il].ff == 0) {
            llw_qkv a = llw_block_qkv(g, x, h->head_v, h->layer[il].heads, h->layer[il].kv_heads, il);
            x = llw_block_attend(g, &attention, LLW_W_ATTN_OUTPUT, a.q, a.k, a.v, NULL, il);
        } else {
            x = feed_forward(g, x, il);
        }
        if (il == h->n_layer - 1 && !llw_block_late_outputs(g))
            llw_block_pick_outputs(g, out_ids, &x, &residual);
        x = llw_add(g, x, residual);
    }
    llw_block_output_after_norm(g, x, out_ids, LLW_NORM_RMS);
}
