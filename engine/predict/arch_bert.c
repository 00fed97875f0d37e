/* BERT and its kin: norms behind the residuals, no cache.
 *
 * Source: src/models/bert.cpp, llama.cpp v0.5.0 and 2026-05-04. */
#include "predict/families.h"

#include <string.h>

static llw_node *layer_norm(llw_graph *g, llw_node *x, llw_weight_id id, int il) {
    return llw_block_norm(g, x, id, il, LLW_NORM_LAYER);
}

static llw_node *wide_norm(llw_graph *g, llw_node *x, llw_weight_id id, int il) {
    int64_t head = x->ne[0], heads = x->ne[1], n = x->ne[2];
    if (!llw_w(g, id, il)) return x;
    return llw_reshape_3d(g, layer_norm(g, llw_reshape_2d(g, x, head * heads, n), id, il), head, heads, n);
}

static llw_node *feed_forward(llw_graph *g, llw_node *x, const char *name, int il) {
    if (llw_w(g, LLW_W_FFN_GATE_INP, il)) {
        llw_moe how = llw_block_moe_defaults(g, il);
        how.activation = LLW_ACT_GELU;
        how.gating = LLW_GATING_SOFTMAX;
        how.normalise = false;
        how.no_selection_bias = true;
        return llw_block_moe(g, x, &how, il);
    }
    bool jina2 = !strcmp(name, "jina-bert-v2");
    bool silu = !strcmp(name, "nomic-bert");
    llw_node *up = llw_w(g, LLW_W_FFN_UP, il);
    bool joint = jina2 && up && !llw_w(g, LLW_W_FFN_GATE, il) && up->ne[1] != g->h->layer[il].ff;
    return llw_block_ffn(g, x,
                         &(llw_ffn){.activation = joint  ? LLW_ACT_GEGLU
                                                  : silu ? LLW_ACT_SILU
                                                         : LLW_ACT_GELU},
                         il);
}

void llw_build_bert(llw_graph *g) {
    const llw_hparams *h = g->h;
    const char *name = g->plan->architecture->name;
    bool turned =
        !strcmp(name, "nomic-bert") || !strcmp(name, "nomic-bert-moe") || !strcmp(name, "jina-bert-v3");
    llw_attention attention;
    llw_node *positions = llw_block_positions(g);
    llw_node *x = llw_block_embed(g);
    llw_node *types = llw_w(g, LLW_W_TOKEN_TYPES, -1);
    if (types) x = llw_add(g, x, llw_view_1d(g, types, h->n_embd, 0));
    if (!strcmp(name, "bert"))
        x = llw_add(g, llw_get_rows(g, llw_w(g, LLW_W_POSITION_EMBD, -1), positions), x);
    x = llw_block_norm_of(g, x, llw_w(g, LLW_W_TOKEN_EMBD_NORM, -1), llw_bias(g, LLW_W_TOKEN_EMBD_NORM, -1),
                          LLW_NORM_LAYER, 0);
    llw_block_attention(g, &attention, false);
    llw_node *out_ids = llw_block_out_ids(g);
    for (int il = 0; il < h->n_layer; il++) {
        llw_node *residual = x;
        llw_qkv a = llw_block_qkv(g, x, h->head_v, h->layer[il].heads, h->layer[il].kv_heads, il);
        a.q = wide_norm(g, a.q, LLW_W_ATTN_Q_NORM, il);
        a.k = wide_norm(g, a.k, LLW_W_ATTN_K_NORM, il);
        if (turned) {
            a.q = llw_rope(g, a.q, positions, NULL);
            a.k = llw_rope(g, a.k, positions, NULL);
        }
        x = llw_block_attend(g, &attention, LLW_W_ATTN_OUTPUT, a.q, a.k, a.v, NULL, il);
        if (il == h->n_layer - 1) llw_block_pick_outputs(g, out_ids, &x, &residual);
        x = layer_norm(g, llw_add(g, x, residual), LLW_W_ATTN_OUTPUT_NORM, il);
        if (llw_w(g, LLW_W_ATTN_NORM_2, il))
            x = layer_norm(g, llw_add(g, x, residual), LLW_W_ATTN_NORM_2, il);
        llw_node *ffn_in = x;
        x = llw_add(g, feed_forward(g, x, name, il), ffn_in);
        x = layer_norm(g, x, LLW_W_LAYER_OUTPUT_NORM, il);
    }
    g->embeddings = x;
    llw_expand(g, x);
}
