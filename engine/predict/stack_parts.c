/* Parts that few stacks have: feed-forwards and attentions of their own. */
#include "predict/stack.h"

enum { F = 4 };

/* ---- feed-forwards ---- */

llw_moe llw_stack_routing(llw_graph *g, const llw_stack *s, int il) {
    llw_moe how = llw_block_moe_defaults(g, il);
    if (s->normalise != LLW_NORMALISE_HEADER) how.normalise = s->normalise == LLW_NORMALISE_YES;
    if (s->route != LLW_ROUTE_HEADER)
        how.gating = s->route == LLW_ROUTE_SIGMOID ? LLW_GATING_SIGMOID : LLW_GATING_SOFTMAX;
    how.no_selection_bias = s->no_probs_bias;
    how.weight_first = s->weight_first;
    how.fused_clamp = s->fused_clamp;
    return how;
}

llw_node *llw_feed_dense(llw_graph *g, const llw_stack *s, llw_node *x, int il) {
    return llw_block_ffn(g, x, &(llw_ffn){.activation = s->activation}, il);
}

/* A norm between the feed-forward and its last matrix. */
llw_node *llw_feed_sub_norm(llw_graph *g, const llw_stack *s, llw_node *x, int il) {
    llw_ffn how = {.down = LLW_W_FFN_ACT /* it has none: left out here */, .activation = s->activation};
    x = llw_block_norm(g, llw_block_ffn(g, x, &how, il), LLW_W_FFN_SUB_NORM, il, s->norm);
    return llw_block_mm(g, LLW_W_FFN_DOWN, il, x);
}

llw_node *llw_feed_xielu(llw_graph *g, const llw_stack *s, llw_node *x, int il) {
    (void)s;
    return llw_block_mm(g, LLW_W_FFN_DOWN, il, llw_apply(g, llw_block_mm(g, LLW_W_FFN_UP, il, x), LLW_XIELU));
}

llw_node *llw_feed_grok(llw_graph *g, const llw_stack *s, llw_node *x, int il) {
    llw_moe how = llw_stack_routing(g, s, il);
    how.activation = LLW_ACT_GELU;
    llw_node *routed = llw_block_moe(g, x, &how, il);
    if (!llw_w(g, LLW_W_FFN_UP, il)) return routed;
    llw_node *dense = llw_block_ffn(g, x, &(llw_ffn){.activation = LLW_ACT_GELU}, il);
    return llw_scale_by(g, llw_add(g, dense, routed));
}

/* Behind the experts come smaller ones that each serve a group of them. */
llw_node *llw_feed_grove(llw_graph *g, const llw_stack *s, llw_node *x, int il) {
    llw_moe how = llw_stack_routing(g, s, il);
    how.probs = llw_block_mm(g, LLW_W_FFN_GATE_INP, il, x);
    how.group_experts = true;
    llw_node *routed = llw_block_moe(g, x, &how, il);
    int64_t groups = g->h->group_experts;
    if (groups <= 0) {
        llw_graph_fail(g, "the header has no experts_per_group");
        return routed;
    }
    how.experts = g->h->experts / groups;
    how.used = g->h->layer[il].experts_used > how.experts ? how.experts : g->h->layer[il].experts_used;
    how.up = LLW_W_FFN_UP_CHEXPS;
    how.gate = LLW_W_FFN_GATE_CHEXPS;
    how.down = LLW_W_FFN_DOWN_CHEXPS;
    return llw_add(g, routed, llw_scale_by(g, llw_block_moe(g, routed, &how, il)));
}

/* ---- attention ---- */

/* Keys and values from a compressed row, written out for every head; the turned part of the key is shared. */
llw_qkv llw_stack_latent(llw_graph *g, llw_node *x, llw_node *positions, int il) {
    const llw_hparams *h = g->h;
    int64_t heads = h->layer[il].heads, rope = h->rot, nope = h->head_k - rope, v = h->head_v, n = x->ne[1];
    llw_node *factors = llw_rope_factors(g, il), *q;
    if (llw_w(g, LLW_W_ATTN_Q_A, il)) {
        q = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q_A, il), x);
        q = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q_B, il), llw_block_rms(g, q, LLW_W_ATTN_Q_A_NORM, il));
    } else {
        q = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q, il), x);
    }
    q = llw_reshape_3d(g, q, h->head_k, heads, n);
    llw_node *all = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_KV_A_MQA, il), x);
    llw_node *row = llw_view_2d(g, all, h->lora_kv, n, all->nb[1], 0);
    llw_node *k_pe = llw_view_3d(g, all, rope, 1, n, all->nb[1], all->nb[1], h->lora_kv * F);
    row = llw_block_rms(g, row, LLW_W_ATTN_KV_A_NORM, il);
    llw_node *kv = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_KV_B, il), row);
    llw_node *k_nope = llw_view_3d(g, kv, nope, heads, n, (nope + v) * F, heads * (nope + v) * F, 0);
    llw_qkv a;
    a.v = llw_cont(g, llw_view_3d(g, kv, v, heads, n, (nope + v) * F, heads * (nope + v) * F, nope * F));
    if (g->plan->build.rope_offset) {
        a.q = llw_rope(g, q, positions, factors);
    } else {
        llw_node *q_nope = llw_view_3d(g, q, nope, heads, n, h->head_k * F, h->head_k * heads * F, 0);
        llw_node *q_pe = llw_view_3d(g, q, rope, heads, n, h->head_k * F, h->head_k * heads * F, nope * F);
        a.q = llw_concat(g, q_nope, llw_rope(g, q_pe, positions, factors), 0);
    }
    k_pe = llw_rope(g, k_pe, positions, factors);
    a.k = llw_concat(g, k_nope, llw_repeat(g, k_pe, rope, heads, n, 1), 0);
    return a;
}
