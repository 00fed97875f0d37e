/* Sources: src/models/deepseek32.cpp and glm-dsa.cpp, src/llama-graph.cpp build_attn
 * (llm_graph_input_attn_k_dsa), llama.cpp v0.5.0. */
#include "predict/dsa.h"

llw_node *llw_dsa_score(llw_graph *g, llw_node *q, llw_node *k, llw_node *weights, llw_node *mask) {
    return llw_node_of(g, LLW_OP_LIGHTNING_INDEXER, LLW_F32, (int64_t[4]){k->ne[2], q->ne[2], 1, q->ne[3]},
                       (llw_node *[]){q, k, weights, mask, NULL});
}

void llw_dsa_inputs(llw_graph *g, llw_attention *a, bool rotates) {
    llw_block_attention(g, a, true);
    const llw_cache *c = &g->plan->cache[LLW_CACHE_INDEXER];
    int64_t streams = g->plan->kv_unified ? 1 : g->n_seqs, n = 64;
    a->k_rows[LLW_CACHE_INDEXER] = llw_input(g, LLW_I64, g->n_tokens, 1, 1, 1);
    a->mask[LLW_CACHE_INDEXER] = llw_input(g, LLW_F16, c->cells, g->n_tokens / streams, 1, streams);
    while (g->h->indexer_head > 0 && g->h->indexer_head % (2 * n) == 0) n *= 2;
    if (rotates) a->rotate_k[LLW_CACHE_INDEXER] = llw_input(g, LLW_F32, n, n, 1, 1);
}

static llw_node *by_stream(llw_graph *g, llw_node *x, int64_t ne1, int64_t ne2, int64_t streams,
                           int64_t nb2) {
    return llw_view_4d(g, x, (int64_t[4]){x->ne[0], ne1, ne2, streams}, x->nb[1], nb2, x->nb[3] / streams, 0);
}

llw_node *llw_dsa_choose(llw_graph *g, const llw_attention *a, llw_node *row, llw_node *x,
                         llw_node *positions, int il) {
    const llw_hparams *h = g->h;
    int64_t heads = h->indexer_heads, head = h->indexer_head, n = g->n_tokens;
    llw_node *q = llw_mul_mat(g, llw_w(g, LLW_W_INDEXER_ATTN_Q_B, il), row);
    q = llw_rope(g, llw_reshape_3d(g, q, head, heads, n), positions, NULL);
    llw_node *k = llw_mul_mat(g, llw_w(g, LLW_W_INDEXER_ATTN_K, il), x);
    k = llw_block_norm(g, k, LLW_W_INDEXER_K_NORM, il, LLW_NORM_LAYER);
    k = llw_rope(g, llw_reshape_3d(g, k, head, 1, n), positions, NULL);
    if (a->rotate_k[LLW_CACHE_INDEXER]) {
        q = llw_mul_mat(g, a->rotate_k[LLW_CACHE_INDEXER], q);
        k = llw_mul_mat(g, a->rotate_k[LLW_CACHE_INDEXER], k);
    }
    llw_block_store_k(g, a, LLW_CACHE_INDEXER, k, il);
    llw_node *weights = llw_mul_mat(g, llw_w(g, LLW_W_INDEXER_PROJ, il), x);
    k = llw_block_cached_k(g, LLW_CACHE_INDEXER, il);
    int64_t streams = k->ne[3] > 0 ? k->ne[3] : 1;
    q = by_stream(g, q, q->ne[1], q->ne[2] / streams, streams, q->nb[2]);
    weights =
        by_stream(g, weights, weights->ne[1] / streams, weights->ne[2], streams, weights->nb[2] / streams);
    weights = llw_scale_by(g, weights);
    llw_node *score = llw_dsa_score(g, q, k, weights, a->mask[LLW_CACHE_INDEXER]);
    int64_t chosen = score->ne[0] < h->indexer_top_k ? score->ne[0] : h->indexer_top_k;
    return llw_cont(g, llw_top_k(g, score, chosen));
}

llw_node *llw_dsa_mask(llw_graph *g, llw_node *mask, llw_node *chosen, int type) {
    llw_node *all = llw_fill(g, mask);
    all = llw_view_4d(g, all, (int64_t[4]){1, all->ne[0], all->ne[1], all->ne[3]}, all->nb[0], all->nb[1],
                      all->nb[2], 0);
    llw_node *rows = llw_view_4d(g, chosen, (int64_t[4]){chosen->ne[0], chosen->ne[1], chosen->ne[3], 1},
                                 chosen->nb[1], chosen->nb[2], chosen->ne[3] * chosen->nb[3], 0);
    llw_node *zeros = llw_fill(g, llw_tensor_new(g, type, 1, rows->ne[0], rows->ne[1], rows->ne[2]));
    llw_node *open = llw_set_rows(g, all, zeros, rows);
    open = llw_view_4d(g, open, (int64_t[4]){open->ne[1], open->ne[2], 1, open->ne[3]}, open->nb[2],
                       open->nb[3], open->nb[3], 0);
    return llw_add(g, open, mask);
}

llw_node *llw_dsa_attend(llw_graph *g, const llw_attention *a, llw_weight_id out, llw_node *q, llw_node *k,
                         llw_node *v, llw_node *chosen, const llw_attend_more *more, int il) {
    llw_expand(g, q);
    llw_expand(g, v);
    llw_expand(g, k);
    llw_block_store_k(g, a, LLW_CACHE_BASE, k, il);
    llw_node *mask = llw_dsa_mask(g, a->mask[LLW_CACHE_BASE], chosen, LLW_F32);
    llw_node *cached = llw_block_cached_k(g, LLW_CACHE_BASE, il);
    llw_node *values =
        llw_view_4d(g, cached, (int64_t[4]){v->ne[0], cached->ne[1], cached->ne[2], cached->ne[3]},
                    cached->nb[1], cached->nb[2], cached->nb[3], 0);
    llw_node *x = llw_block_mha(g, q, cached, values, mask, more, il);
    return out ? llw_block_mm_bias(g, out, il, x) : x;
}
