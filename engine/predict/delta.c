/* Source: src/models/delta-net-base.cpp, llama.cpp v0.5.0 (2026-05-04: the same, without its helper
 * functions). */
#include "predict/delta.h"

enum { F = 4 };

llw_node *llw_delta_conv_state(llw_graph *g, const llw_recurrent *inputs, llw_node *mixed, int64_t kernel,
                               int64_t channels, int il) {
    llw_node *all = llw_state_r(g, il);
    int64_t kept = kernel - 1, seqs = g->n_seqs;
    llw_node *states = llw_reshape_3d(g, llw_block_states(g, inputs, all), kept, channels, seqs);
    llw_node *x = llw_concat(g, states, llw_transpose(g, mixed), 0);
    llw_node *last = llw_view_3d(g, x, kept, channels, seqs, x->nb[1], x->nb[2], (x->ne[0] - kept) * F);
    llw_expand(g, llw_cpy(g, last, llw_view_2d(g, all, kept * channels, seqs, all->nb[1], 0)));
    return x;
}

llw_node *llw_delta_l2_norm(llw_graph *g, llw_node *x) {
    return g->plan->build.norm_for_l2 ? llw_scale_by(g, llw_rms_norm(g, x)) : llw_l2_norm(g, x);
}

typedef struct outcome {
    llw_node *output, *state;
} outcome;

static outcome fused(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *gate, llw_node *beta,
                     llw_node *s, int il) {
    int64_t size = v->ne[0], heads = v->ne[1], n = q->ne[2], seqs = q->ne[3];
    llw_node *r = llw_gated_delta_net(g, q, k, v, gate, beta, s);
    r->fused_layer = il + 1;
    outcome o;
    o.output = llw_view_4d(g, r, (int64_t[4]){size, heads, n, seqs}, size * F, size * heads * F,
                           size * heads * n * F, 0);
    o.state = llw_view_4d(g, r, (int64_t[4]){size, size, heads, seqs}, size * F, size * size * F,
                          size * size * heads * F, size * heads * n * seqs * F);
    return o;
}

static outcome one_token(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *gate, llw_node *beta,
                         llw_node *s) {
    int64_t heads = v->ne[1], seqs = q->ne[3];
    q = llw_permute(g, llw_scale_by(g, q), 0, 2, 1, 3);
    k = llw_permute(g, k, 0, 2, 1, 3);
    v = llw_permute(g, v, 0, 2, 1, 3);
    gate = llw_reshape(g, gate, 1, gate->ne[0], heads, seqs);
    beta = llw_reshape(g, beta, 1, 1, heads, seqs);
    s = llw_mul(g, s, llw_apply(g, gate, LLW_EXP));
    llw_node *sk = llw_sum_rows(g, llw_mul(g, s, k));
    llw_node *d = llw_mul(g, llw_sub(g, v, llw_transpose(g, sk)), beta);
    k = llw_repeat(g, k, s->ne[0], s->ne[1], s->ne[2], s->ne[3]);
    s = llw_add(g, s, llw_mul(g, k, llw_transpose(g, d)));
    llw_node *o = llw_sum_rows(g, llw_mul(g, s, q));
    return (outcome){llw_permute(g, o, 2, 0, 1, 3), s};
}

/* ---- many tokens, written out: chunks of the sequence ---- */

typedef struct chunks {
    int64_t size, n, heads_k, heads_v, seqs; /* tokens in a chunk, chunks */
} chunks;

static llw_node *padded(llw_graph *g, llw_node *x, int64_t pad) {
    return llw_pad(g, llw_permute(g, x, 0, 2, 1, 3), 0, pad, 0, 0);
}

static llw_node *turned(llw_graph *g, llw_node *x) {
    return llw_cont(g, llw_transpose(g, x));
}

static llw_node *slice(llw_graph *g, llw_node *t, int64_t c) {
    return llw_view_4d(g, t, (int64_t[4]){t->ne[0], t->ne[1], 1, t->ne[3]}, t->nb[1], t->nb[2], t->nb[3],
                       t->nb[2] * c);
}

static llw_node *decay(llw_graph *g, llw_node *by_row, llw_node *by_column, int64_t size, int64_t ne2,
                       int64_t ne3) {
    by_column = llw_repeat(g, by_column, size, size, ne2, ne3);
    return llw_apply(g, llw_tri(g, llw_sub(g, by_column, by_row)), LLW_EXP);
}

static outcome chunked(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *gate, llw_node *beta,
                       llw_node *s) {
    int64_t size_k = q->ne[0], size_v = v->ne[0], n = q->ne[2];
    bool per_channel = gate->ne[0] == size_k && gate->ne[1] == q->ne[1];
    chunks c = {per_channel ? 16 : 64, 0, q->ne[1], v->ne[1], q->ne[3]};
    int64_t pad = (c.size - n % c.size) % c.size, hb_k = c.heads_k * c.seqs, hb_v = c.heads_v * c.seqs;
    c.n = (n + pad) / c.size;
    q = padded(g, llw_scale_by(g, q), pad);
    k = padded(g, k, pad);
    v = padded(g, v, pad);
    gate = padded(g, gate, pad);
    beta = padded(g, beta, pad);
    llw_node *v_b = llw_mul(g, v, beta), *k_b = llw_mul(g, k, beta);
    q = llw_reshape(g, q, size_k, c.size, c.n, hb_k);
    k = llw_reshape(g, k, size_k, c.size, c.n, hb_k);
    k_b = llw_reshape(g, k_b, size_k, c.size, c.n, hb_v);
    v_b = llw_reshape(g, v_b, size_v, c.size, c.n, hb_v);
    gate = llw_reshape(g, gate, gate->ne[0], c.size, c.n, hb_v);
    llw_node *sums = llw_cumsum(g, turned(g, gate)), *kb, *kq;
    if (per_channel) {
        int64_t all = c.n * hb_k;
        llw_node *mask = decay(g, llw_reshape(g, sums, c.size, 1, size_k, all),
                               llw_reshape(g, sums, 1, c.size, size_k, all), c.size, size_k, all);
        mask = llw_cont_4d(g, llw_permute(g, mask, 2, 1, 0, 3), size_k, c.size, c.size, all);
        llw_node *k_j = llw_reshape(g, k, size_k, 1, c.size, all);
        kb = llw_mul_mat(g, llw_mul(g, mask, llw_reshape(g, k_b, size_k, c.size, 1, all)), k_j);
        kq = llw_mul_mat(g, llw_mul(g, mask, llw_reshape(g, q, size_k, c.size, 1, all)), k_j);
        kb = turned(g, llw_reshape(g, kb, c.size, c.size, c.n, hb_v));
        kq = turned(g, llw_reshape(g, kq, c.size, c.size, c.n, hb_v));
    } else {
        llw_node *mask = decay(g, sums, llw_reshape(g, sums, 1, c.size, c.n, hb_v), c.size, c.n, hb_v);
        kb = llw_mul(g, llw_mul_mat(g, k, k_b), mask);
        kq = llw_mul(g, llw_mul_mat(g, k, q), mask);
    }
    kq = llw_tri(g, kq);
    llw_node *attn = llw_tri(g, kb);
    llw_node *identity = llw_diag(g, llw_fill(g, llw_view_1d(g, attn, c.size, 0)));
    llw_node *lhs = llw_add(g, attn, identity);
    attn = llw_add(g, llw_solve_tri(g, lhs, llw_apply(g, attn, LLW_NEG)), identity);
    v = llw_mul_mat(g, turned(g, v_b), attn);
    llw_node *g_exp = llw_apply(g, sums, LLW_EXP);
    llw_node *k_cd = llw_mul_mat(g, llw_mul(g, turned(g, k_b), g_exp), attn);
    llw_node *q_g = llw_mul(g, q, turned(g, g_exp));
    llw_node *last = llw_view_4d(g, sums, (int64_t[4]){1, sums->ne[1], sums->ne[2], sums->ne[3]}, sums->nb[1],
                                 sums->nb[2], sums->nb[3], (sums->ne[0] - 1) * F);
    last = llw_cont(g, last);
    llw_node *last_exp = llw_transpose(g, llw_apply(g, last, LLW_EXP));
    llw_node *diff = llw_apply(g, llw_sub(g, sums, last), LLW_NEG);
    llw_node *kg_t = turned(g, llw_mul(g, k, turned(g, llw_apply(g, diff, LLW_EXP))));
    s = llw_reshape(g, s, size_v, size_v, 1, hb_v);
    llw_node *v_t = turned(g, v);
    for (int64_t i = 0; i < c.n; i++) {
        llw_node *v_new = llw_sub(g, slice(g, v_t, i), llw_mul_mat(g, slice(g, k_cd, i), s));
        llw_node *inner = llw_mul_mat(g, v_new, slice(g, kq, i));
        llw_node *o = llw_add(g, llw_mul_mat(g, s, slice(g, q_g, i)), inner);
        llw_node *stored = llw_view_4d(g, v, v->ne, v->nb[1], v->nb[2], v->nb[3], 0);
        stored->op = LLW_OP_SET; /* ggml_set_inplace */
        stored->src[0] = v;
        stored->src[1] = o;
        v = stored;
        llw_node *kgv = llw_mul_mat(g, slice(g, kg_t, i), v_new);
        s = llw_add(g, llw_mul(g, s, slice(g, last_exp, i)), kgv);
    }
    llw_node *o = llw_view_4d(g, v, (int64_t[4]){size_v, n, c.heads_v, c.seqs}, size_v * F,
                              size_v * c.size * c.n * F, size_v * c.size * c.n * c.heads_v * F, 0);
    return (outcome){llw_permute(g, o, 0, 2, 1, 3), llw_reshape(g, s, size_v, size_v, c.heads_v, c.seqs)};
}

llw_node *llw_delta_attend(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *gate,
                           llw_node *beta, llw_node *state, int il) {
    bool one = q->ne[2] == 1;
    outcome o;
    if (one ? g->plan->fused_delta_one : g->plan->fused_delta_many)
        o = fused(g, q, k, v, gate, beta, state, il);
    else
        o = one ? one_token(g, q, k, v, gate, beta, state) : chunked(g, q, k, v, gate, beta, state);
    llw_node *all = llw_state_s(g, il);
    llw_expand(g, llw_cpy(g, o.state, llw_view_2d(g, all, all->ne[0], g->n_seqs, all->nb[1], 0)));
    return o.output;
}
