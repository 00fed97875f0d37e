/* HRM-Text: two stacks of blocks, walked in turns; each walk has caches of its own.
 *
 * Source: src/models/hrm-text.cpp, llama.cpp v0.5.0. */
#include "predict/families.h"

static llw_node *plain(llw_graph *g, llw_node *x, int il) {
    return llw_block_norm_of(g, x, NULL, NULL, LLW_NORM_RMS, il);
}

static llw_node *walk(llw_graph *g, const llw_attention *attention, llw_node *positions, llw_node *x,
                      int first, int count) {
    for (int il = first; il < first + count; il++) {
        llw_node *residual = x;
        x = plain(g, x, il);
        llw_node *gate = llw_block_mm(g, LLW_W_ATTN_GATE, il, x);
        llw_qkv a = llw_block_qkv(g, x, g->h->head_k, g->h->layer[il].heads, g->h->layer[il].kv_heads, il);
        a.q = llw_rope(g, a.q, positions, NULL);
        a.k = llw_rope(g, a.k, positions, NULL);
        x = llw_block_attend(g, attention, LLW_W_UNKNOWN, a.q, a.k, a.v, NULL, il);
        x = llw_block_mm(g, LLW_W_ATTN_OUTPUT, il, llw_mul(g, x, llw_apply(g, gate, LLW_SIGMOID)));
        x = residual = llw_add(g, x, residual);
        x = llw_add(g, llw_block_ffn_silu(g, plain(g, x, il), il), residual);
    }
    return plain(g, x, first);
}

void llw_build_hrm(llw_graph *g) {
    int count = (int)g->h->hrm_stack, low_cycles = (int)g->h->hrm_low, cycles = (int)g->h->hrm_high, at = 0;
    if (count < 1 || low_cycles < 1 || cycles < 1 || g->h->n_layer != count * cycles * (low_cycles + 1)) {
        llw_graph_fail(g, "the header's hrm keys do not fit its number of layers");
        return;
    }
    llw_attention attention;
    llw_node *high = llw_block_embed(g), *low = llw_w(g, LLW_W_HRM_Z_L_INIT, -1);
    llw_node *positions = llw_block_positions(g);
    llw_block_attention(g, &attention, false);
    llw_node *out_ids = llw_block_out_ids(g);
    for (int h = 0; h < cycles; h++) {
        for (int l = 0; l < low_cycles; l++, at += count)
            low = walk(g, &attention, positions, llw_add(g, high, low), at, count);
        high = walk(g, &attention, positions, llw_add(g, high, low), at, count);
        at += count;
    }
    g->logits = llw_block_logits(g, llw_get_rows(g, high, out_ids));
    llw_expand(g, g->logits);
}
