/* Qwen3-Next, Qwen3.5 dense and with experts: gated delta net layers with a full attention layer every
 * fourth.
 *
 * Sources: src/models/qwen3next.cpp, qwen35.cpp, qwen35moe.cpp, llama.cpp v0.5.0 and 2026-05-04. */
#include "predict/delta.h"
#include "predict/families.h"
#include "predict/qwen3next.h"

#include <string.h>

enum { F = 4 };

/* ---- full attention, whose query carries a gate ---- */

static llw_node *attend(llw_graph *g, const llw_attention *attention, llw_node *x, llw_node *positions,
                        bool next, int il) {
    int64_t head = g->h->head_v, heads = g->h->layer[il].heads, kv_heads = g->h->layer[il].kv_heads,
            n = g->n_tokens;
    llw_qkv a = llw_block_qkv_sized(g, x, head * 2, heads, head, kv_heads, head, kv_heads, il, false);
    llw_node *full = a.q, *gate;
    if (next) full = llw_reshape(g, full, head * 2, heads, n, 1);
    a.q = llw_view_4d(g, full, (int64_t[4]){head, heads, n, 1}, head * 2 * F, head * 2 * heads * F,
                      head * 2 * heads * n * F, 0);
    gate = llw_view_4d(g, full, (int64_t[4]){head, heads, n, 1}, head * 2 * F, head * 2 * heads * F,
                       head * 2 * heads * n * F, head * F);
    a.k = llw_reshape_3d(g, a.k, head, kv_heads, n);
    a.v = llw_reshape_3d(g, a.v, head, kv_heads, n);
    a.q = llw_block_rms(g, a.q, LLW_W_ATTN_Q_NORM, il);
    a.k = llw_block_rms(g, a.k, LLW_W_ATTN_K_NORM, il);
    a.q = llw_rope(g, a.q, positions, NULL);
    a.k = llw_rope(g, a.k, positions, NULL);
    x = llw_block_attend(g, attention, LLW_W_UNKNOWN, a.q, a.k, a.v, NULL, il);
    gate = llw_apply(g, llw_cont_4d(g, gate, head * heads, n, 1, 1), LLW_SIGMOID);
    if (next && !g->plan->build.norm_for_l2) gate = llw_reshape_2d(g, gate, head * heads, n);
    return llw_block_mm(g, LLW_W_ATTN_OUTPUT, il, llw_mul(g, x, gate));
}

/* ---- the delta net ---- */

llw_node *llw_next_project(llw_graph *g, const llw_next_sizes *s, llw_node *x, llw_node **z, int il) {
    if (llw_w(g, LLW_W_ATTN_QKV, il)) {
        llw_node *mixed = llw_block_mm(g, LLW_W_ATTN_QKV, il, x);
        *z = llw_block_mm(g, LLW_W_ATTN_GATE, il, x);
        return llw_reshape_3d(g, mixed, mixed->ne[0], s->tokens, s->seqs);
    }
    int64_t each = s->head_v * s->heads_v / s->heads_k; /* older files: all four interleaved by head */
    llw_node *all = llw_block_mm(g, LLW_W_SSM_IN, il, x);
    all = llw_reshape(g, all, 2 * s->head_k + 2 * each, s->heads_k, s->tokens, s->seqs);
    llw_node *part[4];
    int64_t width[4] = {s->head_k, s->head_k, each, each}, offset = 0;
    for (int i = 0; i < 4; i++) {
        part[i] = llw_view_4d(g, all, (int64_t[4]){width[i], s->heads_k, s->tokens, s->seqs}, all->nb[1],
                              all->nb[2], all->nb[3], offset * F);
        offset += width[i];
    }
    *z = llw_cont(g, part[3]);
    llw_node *q = llw_cont_4d(g, part[0], s->head_k * s->heads_k, s->tokens, s->seqs, 1);
    llw_node *k = llw_cont_4d(g, part[1], s->head_k * s->heads_k, s->tokens, s->seqs, 1);
    llw_node *v = llw_cont_4d(g, part[2], s->head_v * s->heads_v, s->tokens, s->seqs, 1);
    return llw_concat(g, llw_concat(g, q, k, 0), v, 0);
}

static void gates(llw_graph *g, const llw_next_sizes *s, llw_node *x, bool next, llw_node **beta,
                  llw_node **gate, int il) {
    llw_node *alpha;
    if (next) {
        int64_t each = s->heads_v / s->heads_k;
        llw_node *both =
            llw_reshape(g, llw_block_mm(g, LLW_W_SSM_BA, il, x), 2 * each, s->heads_k, s->tokens, s->seqs);
        int64_t ne[4] = {each, s->heads_k, s->tokens, s->seqs};
        llw_node *b = llw_view_4d(g, both, ne, both->nb[1], both->nb[2], both->nb[3], 0);
        llw_node *a = llw_view_4d(g, both, ne, both->nb[1], both->nb[2], both->nb[3], each * F);
        *beta = llw_apply(g, llw_cont(g, b), LLW_SIGMOID);
        alpha = llw_cont_4d(g, a, s->heads_v, s->tokens, s->seqs, 1);
    } else {
        *beta = llw_reshape(g, llw_block_mm(g, LLW_W_SSM_BETA, il, x), 1, s->heads_v, s->tokens, s->seqs);
        *beta = llw_apply(g, *beta, LLW_SIGMOID);
        alpha = llw_reshape_3d(g, llw_block_mm(g, LLW_W_SSM_ALPHA, il, x), s->heads_v, s->tokens, s->seqs);
    }
    alpha = llw_apply(g, llw_add(g, alpha, llw_bias(g, LLW_W_SSM_DT, il)), LLW_SOFTPLUS);
    llw_node *a = llw_w(g, LLW_W_SSM_A, il);
    *gate = llw_mul(g, alpha, a);
    if (next) *beta = llw_reshape(g, *beta, 1, s->heads_v, s->tokens, s->seqs);
    *gate = llw_reshape(g, *gate, 1, s->heads_v, s->tokens, s->seqs);
}

/* Each key head serves several value heads: written out where the operation does not do that itself. */
static llw_node *to_value_heads(llw_graph *g, const llw_next_sizes *s, llw_node *x, bool next) {
    if (!next) return llw_repeat(g, x, s->head_k, s->heads_v, s->tokens, s->seqs);
    int64_t each = s->heads_v / s->heads_k, n = s->tokens * s->seqs;
    x = llw_reshape(g, x, s->head_k, 1, s->heads_k, n);
    x = llw_repeat(g, x, s->head_k, each, s->heads_k, n);
    return llw_reshape(g, x, s->head_k, s->heads_v, s->tokens, s->seqs);
}

static llw_node *delta_net(llw_graph *g, const llw_recurrent *inputs, const llw_next_sizes *s, llw_node *x,
                           bool next, int il) {
    const llw_hparams *h = g->h;
    llw_node *z, *beta, *gate;
    llw_node *mixed = llw_next_project(g, s, x, &z, il);
    gates(g, s, x, next, &beta, &gate, il);
    llw_node *kernel = llw_w(g, LLW_W_SSM_CONV1D, il);
    if (!kernel) {
        llw_graph_fail(g, "layer %d has no ssm_conv1d", il);
        return x;
    }
    llw_node *conv = llw_delta_conv_state(g, inputs, mixed, kernel->ne[0],
                                          h->ssm_inner + 2 * h->ssm_groups * h->ssm_state, il);
    llw_node *state = llw_block_states(g, inputs, llw_state_s(g, il));
    state = llw_reshape(g, state, s->head_v, s->head_v, s->heads_v, s->seqs);
    llw_node *out = llw_apply(g, llw_ssm_conv(g, conv, kernel), LLW_SILU);
    int64_t row = (s->head_k * s->heads_k * 2 + s->head_v * s->heads_v) * F;
    int64_t ne_k[4] = {s->head_k, s->heads_k, s->tokens, s->seqs},
            ne_v[4] = {s->head_v, s->heads_v, s->tokens, s->seqs};
    llw_node *q = llw_view_4d(g, out, ne_k, s->head_k * F, row, row * s->tokens, 0);
    llw_node *k = llw_view_4d(g, out, ne_k, s->head_k * F, row, row * s->tokens, s->head_k * s->heads_k * F);
    llw_node *v =
        llw_view_4d(g, out, ne_v, s->head_v * F, row, row * s->tokens, 2 * s->head_k * s->heads_k * F);
    q = llw_delta_l2_norm(g, q);
    k = llw_delta_l2_norm(g, k);
    bool one_operation = g->plan->fused_delta_one && g->plan->fused_delta_many;
    if (s->heads_k != s->heads_v && (next || !one_operation)) {
        q = to_value_heads(g, s, q, next);
        k = to_value_heads(g, s, k, next);
    }
    llw_node *o = llw_delta_attend(g, q, k, v, gate, beta, state, il);
    z = llw_reshape(g, z, s->head_v, s->heads_v, s->tokens, s->seqs);
    o = llw_mul(g, llw_block_norm_of(g, o, llw_w(g, LLW_W_SSM_NORM, il), NULL, LLW_NORM_RMS, il),
                llw_apply(g, z, LLW_SILU));
    o = llw_reshape_3d(g, o, s->head_v * s->heads_v, s->tokens, s->seqs);
    return llw_reshape_2d(g, llw_block_mm(g, LLW_W_SSM_OUT, il, o), h->n_embd, s->tokens * s->seqs);
}

llw_node *llw_next_feed_forward(llw_graph *g, llw_node *x, int il) {
    if (!llw_w(g, LLW_W_FFN_GATE_INP, il)) return llw_block_ffn_silu(g, x, il);
    llw_moe how = llw_block_moe_defaults(g, il);
    how.normalise = true;
    how.gating = LLW_GATING_SOFTMAX;
    how.no_selection_bias = true;
    llw_node *routed = llw_block_moe(g, x, &how, il);
    if (!llw_w(g, LLW_W_FFN_UP_SHEXP, il)) return routed;
    llw_ffn names = {.up = LLW_W_FFN_UP_SHEXP, .gate = LLW_W_FFN_GATE_SHEXP, .down = LLW_W_FFN_DOWN_SHEXP};
    llw_node *shared = llw_block_ffn(g, x, &names, il);
    llw_node *gate = llw_apply(g, llw_block_mm(g, LLW_W_FFN_GATE_INP_SHEXP, il, x), LLW_SIGMOID);
    return llw_add(g, routed, llw_mul(g, shared, gate));
}

void llw_build_qwen3next(llw_graph *g) {
    const llw_hparams *h = g->h;
    bool next = !strcmp(g->plan->architecture->name, "qwen3next");
    llw_next_sizes s = {
        h->ssm_state,   h->ssm_groups,           h->ssm_dt_rank ? h->ssm_inner / h->ssm_dt_rank : 0,
        h->ssm_dt_rank, g->n_tokens / g->n_seqs, g->n_seqs};
    if (!s.heads_k || !s.heads_v || s.heads_v % s.heads_k) {
        llw_graph_fail(g, "the header's ssm.group_count and ssm.time_step_rank do not fit each other");
        return;
    }
    if (g->plan->build.first_delta_net) {
        llw_next_build_first(g, &s, next);
        return;
    }
    llw_attention attention;
    llw_recurrent recurrent;
    llw_node *x = llw_block_embed(g);
    llw_block_recurrent(g, &recurrent);
    llw_block_attention(g, &attention, false);
    llw_node *positions = llw_block_positions(g);
    llw_node *out_ids = llw_block_out_ids(g);
    for (int il = 0; il < h->n_layer; il++) {
        llw_node *residual = x;
        x = llw_block_rms(g, x, LLW_W_ATTN_NORM, il);
        llw_expand(g, x);
        x = h->layer[il].recurrent ? delta_net(g, &recurrent, &s, x, next, il)
                                   : attend(g, &attention, x, positions, next, il);
        if (il == h->n_layer - 1 && !llw_block_late_outputs(g))
            llw_block_pick_outputs(g, out_ids, &x, &residual);
        llw_node *ffn_in = llw_add(g, x, residual);
        x = llw_block_rms(g, ffn_in, LLW_W_POST_ATTENTION_NORM, il);
        x = llw_add(g, llw_next_feed_forward(g, x, il), ffn_in);
    }
    llw_block_output_after_norm(g, x, out_ids, LLW_NORM_RMS);
}
