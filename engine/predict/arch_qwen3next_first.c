/* Qwen3-Next and Qwen3.5 as llama.cpp had them at first: the delta net written out, masks made once.
 *
 * Source: src/models/qwen3next.cpp, qwen35.cpp and qwen35moe.cpp, llama.cpp b8022. */
#include "predict/qwen3next.h"

enum { F = 4, CHUNK = 64 };

typedef struct masks {
    llw_node *causal, *identity, *diagonal;
} masks;

typedef struct outcome {
    llw_node *output, *state;
} outcome;

static llw_node *ones(llw_graph *g, int64_t ne0, int64_t ne1, bool in_place) {
    llw_node *x = llw_tensor_new(g, LLW_F32, ne0, ne1, 1, 1);
    if (!in_place) return llw_fill(g, x);
    llw_node *filled = llw_view_2d(g, x, ne0, ne1, ne0 * F, 0);
    filled->op = LLW_OP_FILL;
    return filled;
}

static masks make_masks(llw_graph *g, bool in_place) {
    masks m;
    m.causal = llw_tri(g, ones(g, CHUNK, CHUNK, in_place));
    m.identity = llw_diag(g, ones(g, CHUNK, 1, in_place));
    m.diagonal = llw_add(g, m.causal, m.identity);
    llw_expand(g, m.causal);
    llw_expand(g, m.identity);
    llw_expand(g, m.diagonal);
    return m;
}

static llw_node *turned(llw_graph *g, llw_node *x) {
    return llw_cont(g, llw_transpose(g, x));
}

static llw_node *slice(llw_graph *g, llw_node *t, int64_t c) {
    return llw_view_4d(g, t, (int64_t[4]){t->ne[0], t->ne[1], 1, t->ne[3]}, t->nb[1], t->nb[2], t->nb[3],
                       t->nb[2] * c);
}

static llw_node *by_heads(llw_graph *g, const llw_next_sizes *s, llw_node *x) {
    return llw_cont_4d(g, llw_permute(g, x, 0, 2, 1, 3), s->head_v, s->tokens, s->heads_v, s->seqs);
}

static outcome one_token(llw_graph *g, const llw_next_sizes *s, llw_node *q, llw_node *k, llw_node *v,
                         llw_node *gate, llw_node *beta, llw_node *state) {
    q = llw_scale_by(g, llw_l2_norm(g, q));
    k = llw_l2_norm(g, k);
    beta = llw_apply(g, beta, LLW_SIGMOID);
    int64_t n = s->head_v, heads = s->heads_v, seqs = s->seqs;
    state = llw_reshape(g, state, n, n, heads, seqs);
    gate = llw_apply(g, llw_reshape(g, llw_cont(g, llw_transpose(g, gate)), 1, 1, heads, seqs), LLW_EXP);
    beta = llw_reshape(g, llw_cont(g, llw_transpose(g, beta)), 1, 1, heads, seqs);
    state = llw_mul(g, state, gate);
    k = llw_reshape(g, k, 1, n, heads, seqs);
    llw_node *seen = llw_transpose(g, llw_sum_rows(g, turned(g, llw_mul(g, state, k))));
    llw_node *delta = llw_mul(g, llw_sub(g, llw_reshape(g, v, n, 1, heads, seqs), seen), beta);
    state = llw_add(g, state, llw_mul(g, llw_repeat(g, k, n, n, heads, seqs), delta));
    llw_node *out = llw_mul(g, state, llw_reshape(g, q, 1, n, heads, seqs));
    return (outcome){llw_transpose(g, llw_sum_rows(g, turned(g, out))), state};
}

static outcome chunked(llw_graph *g, const llw_next_sizes *s, llw_node *q, llw_node *k, llw_node *v,
                       llw_node *gate, llw_node *beta, llw_node *state, const masks *m) {
    int64_t pad = (CHUNK - s->tokens % CHUNK) % CHUNK, n = (s->tokens + pad) / CHUNK, size = s->head_v,
            all = s->heads_v * s->seqs;
    q = llw_scale_by(g, llw_l2_norm(g, q));
    k = llw_l2_norm(g, k);
    beta = llw_apply(g, beta, LLW_SIGMOID);
    q = llw_pad(g, by_heads(g, s, q), 0, pad, 0, 0);
    k = llw_pad(g, by_heads(g, s, k), 0, pad, 0, 0);
    v = llw_pad(g, by_heads(g, s, v), 0, pad, 0, 0);
    gate = llw_cont_4d(g, llw_permute(g, gate, 2, 0, 3, 1), s->tokens, 1, s->heads_v, s->seqs);
    gate = llw_pad(g, gate, pad, 0, 0, 0);
    beta = llw_pad(g, llw_cont(g, llw_permute(g, beta, 2, 0, 1, 3)), 0, pad, 0, 0);
    state = llw_reshape(g, state, size, size, s->heads_v, s->seqs);
    llw_node *v_b = llw_mul(g, v, beta), *k_b = llw_mul(g, k, beta);
    q = llw_reshape(g, q, size, CHUNK, n, all);
    k = llw_reshape(g, k, size, CHUNK, n, all);
    k_b = llw_reshape(g, k_b, size, CHUNK, n, all);
    v_b = llw_reshape(g, v_b, size, CHUNK, n, all);
    llw_node *sums = llw_cumsum(g, llw_reshape(g, gate, CHUNK, 1, n, all));
    llw_node *columns = llw_repeat(g, llw_reshape(g, sums, 1, CHUNK, n, all), CHUNK, CHUNK, n, all);
    llw_node *decay = llw_mul(g, llw_sub(g, columns, sums), m->diagonal);
    decay = llw_mul(g, llw_apply(g, decay, LLW_EXP), m->diagonal);
    llw_node *attn = llw_mul(g, llw_mul_mat(g, k, k_b), decay);
    attn = llw_apply(g, llw_mul(g, attn, m->causal), LLW_NEG);
    llw_node *lower = llw_mul(g, attn, m->causal);
    llw_node *lhs = llw_sub(g, llw_repeat(g, m->identity, CHUNK, CHUNK, n, all), lower);
    attn = llw_add(g, llw_mul(g, llw_solve_tri(g, lhs, attn), m->causal), m->identity);
    v = llw_mul_mat(g, turned(g, v_b), attn);
    llw_node *g_exp = llw_apply(g, turned(g, sums), LLW_EXP);
    llw_node *k_cd = turned(g, llw_mul_mat(g, attn, turned(g, llw_mul(g, k_b, g_exp))));
    llw_node *kq = llw_mul(g, llw_mul(g, llw_mul_mat(g, k, q), decay), m->diagonal);
    llw_node *last = llw_view_4d(g, sums, (int64_t[4]){1, 1, sums->ne[2], sums->ne[3]}, sums->nb[1],
                                 sums->nb[2], sums->nb[3], (sums->ne[0] - 1) * F);
    last = llw_cont(g, last);
    llw_node *last_exp = llw_apply(g, last, LLW_EXP);
    llw_node *diff = llw_apply(g, llw_apply(g, llw_sub(g, sums, last), LLW_NEG), LLW_EXP);
    llw_node *kg_t = turned(g, llw_mul(g, k, llw_reshape(g, diff, 1, CHUNK, n, all)));
    llw_node *out = NULL;
    for (int64_t c = 0; c < n; c++) {
        llw_node *state_t = llw_cont_4d(g, llw_permute(g, state, 1, 0, 2, 3), size, size, 1, all);
        llw_node *v_prime = llw_mul_mat(g, state_t, slice(g, k_cd, c));
        llw_node *v_c =
            llw_repeat(g, slice(g, v, c), v_prime->ne[0], v_prime->ne[1], v_prime->ne[2], v_prime->ne[3]);
        llw_node *v_t = turned(g, llw_sub(g, v_c, v_prime));
        llw_node *inter = llw_mul_mat(g, state_t, llw_mul(g, slice(g, q, c), slice(g, g_exp, c)));
        llw_node *o = llw_add(g, inter, llw_mul_mat(g, v_t, slice(g, kq, c)));
        out = out ? llw_concat(g, out, o, 2) : o;
        llw_node *kgv = llw_mul_mat(g, v_t, slice(g, kg_t, c));
        llw_node *l = llw_cont(g, slice(g, last_exp, c));
        l = llw_reshape(g, l, l->ne[0], l->ne[1], s->heads_v, s->seqs);
        state = llw_add(g, llw_mul(g, state, l),
                        llw_reshape(g, kgv, kgv->ne[0], kgv->ne[1], s->heads_v, s->seqs));
    }
    out = llw_view_4d(g, out, (int64_t[4]){size, s->tokens, s->heads_v, s->seqs}, size * F,
                      size * CHUNK * n * F, size * CHUNK * n * s->heads_v * F, 0);
    return (outcome){llw_cont(g, llw_permute(g, llw_cont(g, out), 0, 2, 1, 3)), state};
}

static void gates(llw_graph *g, const llw_next_sizes *s, llw_node *x, bool next, llw_node **beta,
                  llw_node **gate, int il) {
    llw_node *alpha;
    if (next) {
        int64_t each = s->heads_v / s->heads_k, ne[4] = {each, s->heads_k, s->tokens, s->seqs};
        llw_node *both =
            llw_reshape(g, llw_block_mm(g, LLW_W_SSM_BA, il, x), 2 * each, s->heads_k, s->tokens, s->seqs);
        *beta = llw_view_4d(g, both, ne, both->nb[1], both->nb[2], both->nb[3], 0);
        *beta = llw_cont_4d(g, *beta, s->heads_v, 1, s->tokens, s->seqs);
        alpha = llw_view_4d(g, both, ne, both->nb[1], both->nb[2], both->nb[3], each * F);
    } else {
        *beta = llw_reshape(g, llw_block_mm(g, LLW_W_SSM_BETA, il, x), s->heads_v, 1, s->tokens, s->seqs);
        alpha = llw_block_mm(g, LLW_W_SSM_ALPHA, il, x);
    }
    alpha = llw_cont_4d(g, alpha, s->heads_v, s->tokens, s->seqs, 1);
    alpha = llw_apply(g, llw_add(g, alpha, llw_bias(g, LLW_W_SSM_DT, il)), LLW_SOFTPLUS);
    *gate = llw_mul(g, alpha, llw_w(g, LLW_W_SSM_A, il));
}

static llw_node *to_value_heads(llw_graph *g, const llw_next_sizes *s, llw_node *x, bool next) {
    if (s->heads_k == s->heads_v) return x;
    if (!next) return llw_repeat(g, x, s->head_k, s->heads_v, s->tokens, s->seqs);
    int64_t n = s->heads_k * s->tokens * s->seqs;
    x = llw_repeat(g, llw_reshape_3d(g, x, s->head_k, 1, n), s->head_k, s->heads_v / s->heads_k, n, 1);
    return llw_reshape(g, x, s->head_k, s->heads_v, s->tokens, s->seqs);
}

/* Query, key or value out of the convolution's rows. */
static llw_node *cut(llw_graph *g, const llw_next_sizes *s, llw_node *conv, int64_t head, int64_t heads,
                     int64_t row, int64_t from) {
    llw_node *x = llw_view_2d(g, conv, head * heads, s->tokens * s->seqs, row * F, from * F);
    return llw_cont_4d(g, x, head, heads, s->tokens, s->seqs);
}

static llw_node *delta_net(llw_graph *g, const llw_recurrent *inputs, const llw_next_sizes *s, llw_node *x,
                           bool next, const masks *m, int il) {
    llw_node *z, *beta, *gate, *kernel = llw_w(g, LLW_W_SSM_CONV1D, il);
    llw_node *mixed = llw_next_project(g, s, x, &z, il);
    gates(g, s, x, next, &beta, &gate, il);
    if (!kernel) {
        llw_graph_fail(g, "layer %d has no ssm_conv1d", il);
        return x;
    }
    int64_t kept = kernel->ne[0] - 1, channels = g->h->ssm_inner + 2 * g->h->ssm_groups * g->h->ssm_state;
    llw_node *r = llw_state_r(g, il), *all = llw_state_s(g, il);
    llw_node *conv = llw_reshape_3d(g, llw_block_states(g, inputs, r), kept, channels, s->seqs);
    conv = llw_concat(g, conv, llw_permute(g, mixed, 1, 0, 2, 3), 0);
    llw_node *last =
        llw_view_3d(g, conv, kept, channels, s->seqs, conv->nb[1], conv->nb[2], (conv->ne[0] - kept) * F);
    llw_expand(g, llw_cpy(g, last, llw_view_1d(g, r, kept * channels * s->seqs, 0)));
    conv = llw_apply(g, llw_ssm_conv(g, conv, kernel), LLW_SILU);
    int64_t keys = s->head_k * s->heads_k, row = 2 * keys + s->head_v * s->heads_v;
    llw_node *q = cut(g, s, conv, s->head_k, s->heads_k, row, 0),
             *k = cut(g, s, conv, s->head_k, s->heads_k, row, keys),
             *v = cut(g, s, conv, s->head_v, s->heads_v, row, 2 * keys);
    llw_node *state = llw_block_states(g, inputs, all);
    state = llw_reshape(g, state, s->head_v, s->head_v * s->heads_v, 1, s->seqs);
    q = to_value_heads(g, s, q, next);
    k = to_value_heads(g, s, k, next);
    outcome o = s->tokens == 1 ? one_token(g, s, q, k, v, gate, beta, state)
                               : chunked(g, s, q, k, v, gate, beta, state, m);
    llw_expand(g, llw_cpy(g, o.state, llw_view_1d(g, all, all->ne[0] * s->seqs, 0)));
    int64_t rows = s->heads_v * s->tokens * s->seqs;
    llw_node *out =
        llw_reshape_2d(g, llw_is_contiguous(o.output) ? o.output : llw_cont(g, o.output), s->head_v, rows);
    z = llw_reshape_2d(g, z, s->head_v, rows);
    out = llw_block_norm_of(g, out, llw_w(g, LLW_W_SSM_NORM, il), NULL, LLW_NORM_RMS, il);
    out = llw_mul(g, out, llw_apply(g, z, LLW_SILU));
    out = llw_block_mm(g, LLW_W_SSM_OUT, il,
                       llw_reshape_3d(g, out, s->head_v * s->heads_v, s->tokens, s->seqs));
    return llw_cont_4d(g, out, g->h->n_embd, s->tokens * s->seqs, 1, 1);
}

static llw_node *attend(llw_graph *g, const llw_attention *attention, llw_node *x, llw_node *positions,
                        bool next, int il) {
    int64_t head = g->h->head_v, heads = g->h->layer[il].heads, kv_heads = g->h->layer[il].kv_heads,
            n = g->n_tokens;
    llw_node *full = llw_block_mm(g, LLW_W_ATTN_Q, il, x);
    if (next) full = llw_reshape_3d(g, full, head * 2, heads, n);
    llw_node *q = llw_view_3d(g, full, head, heads, n, head * 2 * F, head * 2 * heads * F, 0);
    llw_node *gate = llw_view_3d(g, full, head, heads, n, head * 2 * F, head * 2 * heads * F, head * F);
    if (next) q = llw_cont_4d(g, q, head, heads, n, 1);
    q = llw_block_rms(g, q, LLW_W_ATTN_Q_NORM, il);
    llw_node *k = llw_reshape_3d(g, llw_block_mm(g, LLW_W_ATTN_K, il, x), head, kv_heads, n);
    llw_node *v = llw_reshape_3d(g, llw_block_mm(g, LLW_W_ATTN_V, il, x), head, kv_heads, n);
    k = llw_block_rms(g, k, LLW_W_ATTN_K_NORM, il);
    gate = llw_cont_4d(g, gate, head * heads, n, 1, 1);
    q = llw_rope(g, q, positions, NULL);
    k = llw_rope(g, k, positions, NULL);
    x = llw_block_attend(g, attention, LLW_W_UNKNOWN, q, k, v, NULL, il);
    return llw_block_mm(g, LLW_W_ATTN_OUTPUT, il, llw_mul(g, x, llw_apply(g, gate, LLW_SIGMOID)));
}

void llw_next_build_first(llw_graph *g, const llw_next_sizes *s, bool next) {
    llw_attention attention;
    llw_recurrent recurrent;
    llw_node *x = llw_block_embed(g);
    llw_block_recurrent(g, &recurrent);
    llw_block_attention(g, &attention, false);
    llw_node *positions = llw_block_positions(g), *out_ids = llw_block_out_ids(g);
    masks m = make_masks(g, next);
    for (int il = 0; il < g->h->n_layer; il++) {
        llw_node *residual = x;
        x = llw_block_rms(g, x, LLW_W_ATTN_NORM, il);
        x = g->h->layer[il].recurrent ? delta_net(g, &recurrent, s, x, next, &m, il)
                                      : attend(g, &attention, x, positions, next, il);
        if (il == g->h->n_layer - 1) llw_block_pick_outputs(g, out_ids, &x, &residual);
        llw_node *ffn_in = llw_add(g, x, residual);
        x = llw_block_rms(g, ffn_in, LLW_W_POST_ATTENTION_NORM, il);
        x = llw_add(g, llw_next_feed_forward(g, x, il), ffn_in);
    }
    llw_block_output(g, x, LLW_NORM_RMS);
}
