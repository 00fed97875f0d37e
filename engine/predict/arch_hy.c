/* Hunyuan V4: several residual streams, mixed anew in front of each part and behind it; attention as
 * DeepSeek 3.2's.
 *
 * Source: src/models/hy-v4.cpp, llama.cpp v0.5.0. */
#include "predict/dsa.h"
#include "predict/families.h"

enum { F = 4 };

/* Part i of the streams, weighed: x [n_embd, streams, tokens], w [streams, tokens]. */
static llw_node *reduce(llw_graph *g, llw_node *x, llw_node *w) {
    llw_node *wide = llw_cast(g, x, LLW_F32), *sum = NULL;
    for (int64_t i = 0; i < x->ne[1]; i++) {
        llw_node *part = llw_view_2d(g, wide, x->ne[0], x->ne[2], wide->nb[2], i * wide->nb[1]);
        part = llw_mul(g, part, llw_view_2d(g, w, 1, x->ne[2], w->nb[1], i * w->nb[0]));
        sum = sum ? llw_add(g, sum, part) : part;
    }
    return sum ? llw_cast(g, sum, LLW_F32) : wide;
}

static llw_node *share(llw_graph *g, llw_node *mixes, llw_node *scale, llw_node *base, int64_t streams,
                       int64_t which) {
    llw_node *x = llw_view_2d(g, mixes, streams, mixes->ne[1], mixes->nb[1], which * streams * F);
    x = llw_mul(g, x, llw_view_1d(g, scale, 1, which * F));
    x = llw_apply(g, llw_add(g, x, llw_view_1d(g, base, streams, which * streams * F)), LLW_SIGMOID);
    return which ? llw_scale_by(g, llw_scale_by(g, x)) : llw_scale_by(g, x);
}

static llw_node *normed_mix(llw_graph *g, llw_node *x, llw_node *fn) {
    llw_node *flat = llw_reshape_2d(g, x, x->ne[0] * x->ne[1], x->ne[2]);
    return llw_mul_mat(g, fn, llw_rms_norm(g, flat));
}

static llw_node *before(llw_graph *g, llw_node *x, llw_weight_id fn, llw_weight_id scale, llw_weight_id base,
                        llw_node **post, int il) {
    llw_node *s = llw_w(g, scale, il), *b = llw_w(g, base, il);
    if (!s || !b) {
        llw_graph_fail(g, "layer %d lacks hyper-connection tensors", il);
        *post = x;
        return x;
    }
    llw_node *mixes = normed_mix(g, x, llw_w(g, fn, il));
    llw_node *pre = share(g, mixes, s, b, x->ne[1], 0);
    *post = share(g, mixes, s, b, x->ne[1], 1);
    return reduce(g, x, pre);
}

static llw_node *behind(llw_graph *g, llw_node *x, llw_node *residual, llw_node *post) {
    int64_t streams = residual->ne[1], n = x->ne[1];
    llw_node *wide = llw_cast(g, x, LLW_F32), *p = llw_cast(g, post, LLW_F32),
             *r = llw_cast(g, residual, LLW_F32), *out = NULL;
    for (int64_t i = 0; i < streams; i++) {
        llw_node *mine = llw_view_2d(g, r, x->ne[0], n, r->nb[2], i * r->nb[1]);
        llw_node *weight = llw_view_2d(g, p, 1, n, p->nb[1], i * p->nb[0]);
        mine = llw_add(g, mine, llw_mul(g, wide, weight));
        mine = llw_reshape_3d(g, mine, x->ne[0], 1, n);
        out = out ? llw_concat(g, out, mine, 1) : mine;
    }
    return out ? llw_cast(g, out, LLW_F32) : wide;
}

static llw_node *attend(llw_graph *g, const llw_attention *attention, llw_node *x, llw_node *positions,
                        llw_node **chosen, int il) {
    const llw_hparams *h = g->h;
    int64_t heads = h->layer[il].heads, head = h->head_k_mla, rank = h->lora_kv, rope = h->rot,
            plain = head - rope, n = g->n_tokens;
    llw_node *row = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q_A, il), x);
    row = llw_block_rms(g, row, LLW_W_ATTN_Q_A_NORM, il);
    if (h->indexer_top_k > 0 && h->layer[il].indexed)
        *chosen = llw_dsa_choose(g, attention, row, x, positions, il);
    llw_node *q = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q_B, il), row);
    llw_node *q_plain = llw_view_3d(g, q, plain, heads, n, head * F, head * heads * F, 0);
    llw_node *q_pe = llw_view_3d(g, q, rope, heads, n, head * F, head * heads * F, plain * F);
    llw_node *kv = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_KV_A_MQA, il), x);
    llw_node *compressed = llw_view_2d(g, kv, rank, n, (rank + rope) * F, 0);
    llw_node *k_pe = llw_view_3d(g, kv, rope, 1, n, (rank + rope) * F, (rank + rope) * F, rank * F);
    q_pe = llw_rope(g, q_pe, positions, NULL);
    k_pe = llw_rope(g, k_pe, positions, NULL);
    compressed = llw_block_rms(g, compressed, LLW_W_ATTN_KV_A_NORM, il);
    q_plain = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_K_B, il), llw_permute(g, q_plain, 0, 2, 1, 3));
    q = llw_concat(g, llw_permute(g, q_plain, 0, 2, 1, 3), q_pe, 0);
    llw_node *v = llw_reshape_3d(g, compressed, rank, 1, n), *k = llw_concat(g, v, k_pe, 0);
    llw_attend_more more = {.v_mla = llw_w(g, LLW_W_ATTN_V_B, il), .sinks = llw_w(g, LLW_W_ATTN_SINKS, il)};
    llw_node *o = *chosen ? llw_dsa_attend(g, attention, LLW_W_UNKNOWN, q, k, v, *chosen, &more, il)
                          : llw_block_attend(g, attention, LLW_W_UNKNOWN, q, k, v, &more, il);
    o = llw_mul(g, o, llw_apply(g, llw_mul_mat(g, llw_w(g, LLW_W_ATTN_GATE, il), x), LLW_SIGMOID));
    return llw_block_mm(g, LLW_W_ATTN_OUTPUT, il, o);
}

static llw_node *feed_forward(llw_graph *g, llw_node *x, int il) {
    if (il < g->h->dense_lead) return llw_block_ffn_silu(g, x, il);
    llw_moe how = llw_block_moe_defaults(g, il);
    how.fused_clamp = true;
    llw_ffn shared = {.up = LLW_W_FFN_UP_SHEXP, .gate = LLW_W_FFN_GATE_SHEXP, .down = LLW_W_FFN_DOWN_SHEXP};
    llw_node *routed = llw_block_moe(g, x, &how, il);
    return llw_add(g, routed, llw_block_ffn(g, x, &shared, il));
}

void llw_build_hy_v4(llw_graph *g) {
    const llw_hparams *h = g->h;
    int64_t streams = h->hyper;
    llw_attention attention;
    llw_node *chosen = NULL, *post;
    llw_node *x = llw_block_embed(g);
    llw_node *positions = llw_block_positions(g);
    if (h->indexer_top_k > 0)
        llw_dsa_inputs(g, &attention, false);
    else
        llw_block_attention(g, &attention, true);
    llw_node *out_ids = llw_block_out_ids(g);
    if (streams < 1 || streams > 64) {
        llw_graph_fail(g, "the header's hyper_connection.count is %lld", (long long)streams);
        return;
    }
    x = llw_repeat(g, llw_reshape_3d(g, x, h->n_embd, 1, g->n_tokens), h->n_embd, streams, g->n_tokens, 1);
    for (int il = 0; il < h->n_layer; il++) {
        llw_node *residual = x;
        x = before(g, x, LLW_W_HC_ATTN_FN, LLW_W_HC_ATTN_SCALE, LLW_W_HC_ATTN_BASE, &post, il);
        x = attend(g, &attention, llw_block_rms(g, x, LLW_W_ATTN_NORM, il), positions, &chosen, il);
        residual = x = behind(g, x, residual, post);
        x = before(g, x, LLW_W_HC_FFN_FN, LLW_W_HC_FFN_SCALE, LLW_W_HC_FFN_BASE, &post, il);
        x = feed_forward(g, llw_block_rms(g, x, LLW_W_FFN_NORM, il), il);
        x = behind(g, x, residual, post);
    }
    x = llw_get_rows(g, llw_reshape_2d(g, x, h->n_embd * streams, g->n_tokens), out_ids);
    x = llw_reshape_3d(g, x, h->n_embd, streams, g->n_outputs);
    llw_node *mix = normed_mix(g, x, llw_w(g, LLW_W_OUTPUT_HC_FN, -1));
    mix = llw_mul(g, mix, llw_w(g, LLW_W_OUTPUT_HC_SCALE, -1));
    mix = llw_apply(g, llw_add(g, mix, llw_w(g, LLW_W_OUTPUT_HC_BASE, -1)), LLW_SIGMOID);
    llw_block_output(g, reduce(g, x, llw_scale_by(g, mix)), LLW_NORM_RMS);
}
