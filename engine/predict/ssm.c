/* Sources: src/models/mamba-base.cpp, plamo2.cpp and lfm2.cpp, llama.cpp v0.5.0, and those of 2026-05-04,
 * which shape Mamba 2's input by sequence before its first matrix. */
#include "predict/ssm.h"

enum { F = 4 };

typedef struct sizes {
    int64_t kernel, inner, state, heads, head, groups, tokens, seqs; /* tokens of each sequence */
} sizes;

static sizes measure(const llw_graph *g, int64_t heads) {
    const llw_hparams *h = g->h;
    return (sizes){h->ssm_conv,
                   h->ssm_inner,
                   h->ssm_state,
                   heads,
                   heads ? h->ssm_inner / heads : 0,
                   h->ssm_groups,
                   g->n_tokens / g->n_seqs,
                   g->n_seqs};
}

static bool fits(llw_graph *g, const sizes *s) {
    if (s->kernel > 0 && s->state > 0 && s->head > 0 && s->heads * s->head == s->inner) return true;
    llw_graph_fail(g, "the header's ssm keys do not fit each other");
    return false;
}

/* The last inputs of each sequence, kept for the next batch, in front of this one's: [kept + tokens,
 * channels]. */
static llw_node *with_kept(llw_graph *g, const llw_recurrent *inputs, const sizes *s, llw_node *x,
                           int64_t channels, int64_t width, int il) {
    llw_node *all = llw_state_r(g, il);
    int64_t kept = s->kernel - 1;
    llw_node *old = llw_reshape_3d(g, llw_block_states(g, inputs, all), kept, channels, s->seqs);
    x = llw_concat(g, old, llw_transpose(g, x), 0);
    llw_node *last = llw_view_3d(g, x, kept, width, s->seqs, x->nb[1], x->nb[2], s->tokens * x->nb[0]);
    llw_expand(g, llw_cpy(g, last, llw_view_2d(g, all, kept * width, s->seqs, all->nb[1], 0)));
    return x;
}

static llw_node *convolve(llw_graph *g, llw_node *x, int il) {
    llw_node *b = llw_bias(g, LLW_W_SSM_CONV1D, il);
    x = llw_ssm_conv(g, x, llw_w(g, LLW_W_SSM_CONV1D, il));
    if (b) x = llw_add(g, x, b);
    return llw_apply(g, x, LLW_SILU);
}

/* Runs the scan over the states and keeps their last values; y lies at the start of the result. */
static llw_node *scan(llw_graph *g, const llw_recurrent *inputs, const sizes *s, llw_node *x, llw_node *dt,
                      llw_node *a, llw_node *b, llw_node *c, int il) {
    llw_node *all = llw_state_s(g, il);
    llw_node *states = llw_block_states_begin(g, all);
    llw_node *shaped = llw_reshape(g, states, s->state, s->head, s->heads, all->ne[1]);
    llw_node *y = llw_ssm_scan(g, shaped, x, dt, a, b, c, inputs->main);
    llw_block_states_end(g, inputs, all, states, y);
    int64_t width = s->state * s->inner;
    llw_node *last = llw_view_2d(g, y, width, s->seqs, width * F, llw_node_elements(x) * F);
    llw_expand(g, llw_cpy(g, last, llw_view_2d(g, all, width, s->seqs, all->nb[1], 0)));
    return y;
}

/* ---- Mamba ---- */

static llw_node *normed(llw_graph *g, llw_node *x, llw_weight_id id, int il) {
    return llw_block_norm_of(g, x, llw_w(g, id, il), NULL, LLW_NORM_RMS, il);
}

llw_node *llw_mixer_mamba(llw_graph *g, const llw_recurrent *inputs, llw_node *x, int il) {
    sizes s = measure(g, g->h->ssm_inner);
    if (!fits(g, &s)) return x;
    x = llw_reshape_3d(g, x, x->ne[0], s.tokens, s.seqs);
    llw_node *xz = llw_block_mm(g, LLW_W_SSM_IN, il, x);
    x = llw_view_3d(g, xz, s.inner, xz->ne[1], xz->ne[2], xz->nb[1], xz->nb[2], 0);
    llw_node *z = llw_view_3d(g, xz, s.inner, xz->ne[1], xz->ne[2], xz->nb[1], xz->nb[2], s.inner * F);
    x = convolve(g, with_kept(g, inputs, &s, x, s.inner, s.inner, il), il);
    llw_node *all = llw_block_mm(g, LLW_W_SSM_X, il, x);
    int64_t rank = g->h->ssm_dt_rank, ne[4] = {s.state, 1, s.tokens, s.seqs};
    llw_node *dt = llw_view_3d(g, all, rank, s.tokens, s.seqs, all->nb[1], all->nb[2], 0);
    llw_node *b = llw_view_4d(g, all, ne, s.state * F, all->nb[1], all->nb[2], rank * F);
    llw_node *c = llw_view_4d(g, all, ne, s.state * F, all->nb[1], all->nb[2], (rank + s.state) * F);
    if (g->h->dt_b_c_norms || llw_w(g, LLW_W_SSM_DT_NORM, il)) {
        dt = normed(g, dt, LLW_W_SSM_DT_NORM, il);
        b = normed(g, b, LLW_W_SSM_B_NORM, il);
        c = normed(g, c, LLW_W_SSM_C_NORM, il);
    } else if (g->plan->build.flat_mamba) {
        dt = llw_cont(g, dt);
    }
    dt = llw_block_mm_bias(g, LLW_W_SSM_DT, il, dt);
    llw_node *in = x;
    x = llw_reshape(g, x, 1, s.inner, s.tokens, s.seqs);
    llw_node *y = scan(g, inputs, &s, x, dt, llw_w(g, LLW_W_SSM_A, il), b, c, il);
    y = llw_view_3d(g, y, s.inner, s.tokens, s.seqs, x->nb[2], x->nb[3], 0);
    y = llw_add(g, y, llw_mul(g, in, llw_w(g, LLW_W_SSM_D, il)));
    y = llw_glu(g, llw_cont(g, z), y);
    x = llw_block_mm(g, LLW_W_SSM_OUT, il, y);
    return llw_reshape_2d(g, x, x->ne[0], s.tokens * s.seqs);
}

/* ---- Mamba 2 ---- */

llw_node *llw_mixer_mamba2(llw_graph *g, const llw_recurrent *inputs, llw_node *x, int il) {
    sizes s = measure(g, g->h->ssm_dt_rank);
    if (!fits(g, &s)) return x;
    bool flat = g->plan->build.flat_mamba;
    int64_t states = s.groups * s.state, width = s.inner + 2 * states,
            ne[4] = {s.head, s.heads, s.tokens, s.seqs};
    if (!flat) x = llw_reshape_3d(g, x, x->ne[0], s.tokens, s.seqs);
    llw_node *all = llw_block_mm(g, LLW_W_SSM_IN, il, x);
    if (flat) all = llw_reshape_3d(g, all, all->ne[0], s.tokens, s.seqs);
    llw_node *z = llw_view_4d(g, all, ne, s.head * F, all->nb[1], all->nb[2], 0);
    llw_node *mixed = llw_view_3d(g, all, width, s.tokens, s.seqs, all->nb[1], all->nb[2], s.inner * F);
    llw_node *dt =
        llw_view_3d(g, all, s.heads, s.tokens, s.seqs, all->nb[1], all->nb[2], (s.inner + width) * F);
    mixed = convolve(g, with_kept(g, inputs, &s, mixed, width, width, il), il);
    int64_t ne_b[4] = {s.state, s.groups, s.tokens, s.seqs};
    x = llw_view_4d(g, mixed, ne, s.head * F, mixed->nb[1], mixed->nb[2], 0);
    llw_node *b = llw_view_4d(g, mixed, ne_b, s.state * F, mixed->nb[1], mixed->nb[2], s.inner * F);
    llw_node *c =
        llw_view_4d(g, mixed, ne_b, s.state * F, mixed->nb[1], mixed->nb[2], (s.inner + states) * F);
    dt = llw_add(g, llw_cont(g, dt), llw_bias(g, LLW_W_SSM_DT, il));
    llw_node *y = scan(g, inputs, &s, x, dt, llw_w(g, LLW_W_SSM_A, il), b, c, il);
    y = llw_view_4d(g, y, ne, s.head * F, s.inner * F, s.tokens * s.inner * F, 0);
    y = llw_add(g, y, llw_mul(g, x, llw_w(g, LLW_W_SSM_D, il)));
    y = llw_glu(g, llw_cont(g, z), y);
    if (llw_w(g, LLW_W_SSM_NORM, il) && s.groups > 0) {
        y = llw_reshape(g, y, s.inner / s.groups, s.groups, s.tokens, s.seqs);
        y = normed(g, y, LLW_W_SSM_NORM, il);
    }
    y = flat ? llw_reshape_2d(g, y, s.inner, s.tokens * s.seqs)
             : llw_reshape_3d(g, y, s.inner, s.tokens, s.seqs);
    x = llw_block_mm(g, LLW_W_SSM_OUT, il, y);
    return flat ? x : llw_reshape_2d(g, x, x->ne[0], s.tokens * s.seqs);
}

/* ---- PLaMo 2's ---- */

llw_node *llw_mixer_plamo2(llw_graph *g, const llw_recurrent *inputs, llw_node *x, int il) {
    sizes s = measure(g, g->h->ssm_dt_rank);
    if (!fits(g, &s)) return x;
    int64_t width = s.inner + 2 * s.groups * s.state, ne[4] = {s.head, s.heads, s.tokens, s.seqs};
    int64_t rank = g->h->n_embd / 16 > 64 ? g->h->n_embd / 16 : 64;
    x = llw_reshape_3d(g, x, x->ne[0], s.tokens, s.seqs);
    llw_node *zx = llw_permute(g, llw_block_mm(g, LLW_W_SSM_IN, il, x), 0, 2, 1, 3);
    zx = llw_cont_4d(g, zx, s.head * 2, s.heads, s.tokens, s.seqs);
    x = llw_view_4d(g, zx, ne, zx->nb[1], zx->nb[2], zx->nb[3], s.head * F);
    x = llw_cont_4d(g, x, s.inner, s.tokens, s.seqs, 1);
    llw_node *z = llw_view_4d(g, zx, ne, zx->nb[1], zx->nb[2], zx->nb[3], 0);
    x = convolve(g, with_kept(g, inputs, &s, x, width, s.inner, il), il);
    llw_node *all = llw_block_mm(g, LLW_W_SSM_X, il, x);
    llw_node *b = llw_view_3d(g, all, s.state, s.tokens, s.seqs, all->nb[1], all->nb[2], 0);
    llw_node *c = llw_view_3d(g, all, s.state, s.tokens, s.seqs, all->nb[1], all->nb[2], s.state * F);
    llw_node *dt = llw_view_3d(g, all, rank, s.tokens, s.seqs, all->nb[1], all->nb[2], 2 * s.state * F);
    b = normed(g, b, LLW_W_SSM_B_NORM, il);
    c = normed(g, c, LLW_W_SSM_C_NORM, il);
    dt = llw_block_mm_bias(g, LLW_W_SSM_DT, il, normed(g, dt, LLW_W_SSM_DT_NORM, il));
    llw_node *a = llw_w(g, LLW_W_SSM_A, il), *d = llw_w(g, LLW_W_SSM_D, il);
    if (!a || !d) {
        llw_graph_fail(g, "layer %d has no ssm_a or ssm_d", il);
        return x;
    }
    a = llw_reshape_2d(g, a, 1, s.heads);
    int64_t ne_b[4] = {s.state, 1, s.tokens, s.seqs};
    x = llw_view_4d(g, x, ne, s.head * F, s.inner * F, s.inner * s.tokens * F, 0);
    b = llw_view_4d(g, b, ne_b, s.state * F, b->nb[1], b->nb[2], 0);
    c = llw_view_4d(g, c, ne_b, s.state * F, c->nb[1], c->nb[2], 0);
    llw_node *y = scan(g, inputs, &s, x, dt, a, b, c, il);
    y = llw_view_4d(g, y, ne, s.head * F, s.inner * F, s.inner * s.tokens * F, 0);
    y = llw_add(g, y, llw_mul(g, x, llw_reshape_2d(g, d, 1, s.heads)));
    y = llw_glu(g, llw_cont(g, z), y);
    y = llw_view_3d(g, y, s.inner, s.tokens, s.seqs, y->nb[2], y->nb[3], 0);
    x = llw_block_mm(g, LLW_W_SSM_OUT, il, y);
    return llw_reshape_2d(g, x, x->ne[0], s.tokens * s.seqs);
}

/* ---- short convolution (LFM2) ---- */

llw_node *llw_mixer_shortconv(llw_graph *g, const llw_recurrent *inputs, llw_node *x, int il) {
    int64_t tokens = g->n_tokens / g->n_seqs, kept = g->h->shortconv - 1, width = g->h->n_embd;
    if (kept < 1) {
        llw_graph_fail(g, "the header has no shortconv.l_cache");
        return x;
    }
    x = llw_reshape_3d(g, x, x->ne[0], tokens, g->n_seqs);
    llw_node *all = llw_block_mm(g, LLW_W_SHORTCONV_IN_PROJ, il, x), *part[3];
    int64_t each = all->ne[0] / 3;
    for (int i = 0; i < 3; i++)
        part[i] = llw_view_3d(g, all, each, all->ne[1], all->ne[2], all->nb[1], all->nb[2], i * each * F);
    llw_node *bx = llw_transpose(g, llw_mul(g, part[0], part[2]));
    llw_node *state = llw_state_r(g, il);
    llw_node *old = llw_reshape_3d(g, llw_block_states(g, inputs, state), kept, width, g->n_seqs);
    if (g->h->causal) {
        bx = llw_concat(g, old, bx, 0);
    } else {
        int64_t pad = g->h->shortconv / 2 - (g->h->shortconv % 2 == 0 ? 1 : 0);
        llw_node *left = llw_cont(
            g, llw_view_3d(g, old, pad, width, g->n_seqs, old->nb[1], old->nb[2], (kept - pad) * old->nb[0]));
        bx = llw_pad(g, llw_concat(g, left, bx, 0), pad, 0, 0, 0);
    }
    llw_node *last =
        llw_view_3d(g, bx, kept, bx->ne[1], bx->ne[2], bx->nb[1], bx->nb[2], (bx->ne[0] - kept) * bx->nb[0]);
    llw_expand(g, llw_cpy(g, last, llw_view_2d(g, state, kept * width, g->n_seqs, state->nb[1], 0)));
    llw_node *y = llw_mul(g, part[1], llw_ssm_conv(g, bx, llw_w(g, LLW_W_SHORTCONV_CONV, il)));
    y = llw_block_mm(g, LLW_W_SHORTCONV_OUT_PROJ, il, y);
    return llw_reshape_2d(g, y, y->ne[0], tokens * g->n_seqs);
}
