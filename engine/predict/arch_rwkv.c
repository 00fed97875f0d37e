/* RWKV 6 and 7, and Qwen's and Llama's layers with their mixing of tokens in place of attention.
 *
 * Sources: src/models/rwkv6-base.cpp, rwkv6.cpp, rwkv6qwen2.cpp, rwkv7-base.cpp, rwkv7.cpp, arwkv7.cpp,
 * src/llama-graph.cpp build_rwkv_token_shift_load and _store, llama.cpp v0.5.0. */
#include "predict/families.h"

#include <string.h>

enum { F = 4 };

typedef struct mixing {
    llw_graph *g;
    llw_recurrent inputs;
    bool seventh, plain; /* plain: a feed-forward as Llama's follows, not a mixing of channels */
    int64_t width, head, heads, tokens, seqs; /* tokens of each sequence */
    llw_node *first_value;
} mixing;

static llw_node *w(const mixing *m, llw_weight_id id, int il) {
    return llw_w(m->g, id, il);
}

/* The numbers of `part`, of those that lie one behind the other. */
static llw_node *part_of(const mixing *m, llw_node *x, int64_t part) {
    return llw_view_2d(m->g, x, m->width, m->g->n_tokens, x->nb[1], part * m->width * m->g->n_tokens * F);
}

static llw_node *heads_of(const mixing *m, llw_node *x) {
    return llw_reshape_3d(m->g, x, m->head, m->heads, m->g->n_tokens);
}

/* Each token's predecessor: the kept one, then all but the last. */
static llw_node *shifted(const mixing *m, llw_node *kept, llw_node *x) {
    return llw_concat(m->g, kept,
                      llw_view_3d(m->g, x, m->width, m->tokens - 1, m->seqs, x->nb[1], x->nb[2], 0), 1);
}

static llw_node *last_of(const mixing *m, llw_node *x) {
    return llw_view_3d(m->g, x, m->width, 1, m->seqs, x->nb[1], x->nb[2], (m->tokens - 1) * m->width * F);
}

/* The new states lie behind the result, and go back to where they came from. */
static llw_node *mix(const mixing *m, llw_op op, llw_node *const *sources, int il) {
    llw_graph *g = m->g;
    int64_t state = m->head * m->seqs;
    llw_node *both = llw_node_of(g, op, LLW_F32, (int64_t[4]){m->width, g->n_tokens + state, 1, 1}, sources);
    llw_node *x = llw_view_1d(g, both, m->width * g->n_tokens, 0);
    llw_node *last = llw_view_1d(g, both, m->width * state, m->width * g->n_tokens * F);
    llw_node *all = llw_state_s(g, il);
    llw_expand(g, llw_cpy(g, last, llw_view_1d(g, all, all->ne[0] * m->seqs, 0)));
    return x;
}

static llw_node *normed_heads(const mixing *m, llw_node *x, int il) {
    llw_graph *g = m->g;
    llw_node *scale = w(m, LLW_W_TIME_MIX_LN, il), *b = llw_bias(g, LLW_W_TIME_MIX_LN, il);
    if (!scale || !b) return llw_reshape_2d(g, x, m->width, g->n_tokens);
    x = llw_layer_norm(g, llw_reshape_3d(g, x, m->head, m->heads, g->n_tokens));
    x = llw_reshape_2d(g, x, m->width, g->n_tokens);
    return llw_add(g, llw_mul(g, x, scale), b);
}

static llw_node *by_sequence(const mixing *m, llw_node *x) {
    return llw_reshape_3d(m->g, x, m->width, m->tokens, m->seqs);
}

/* ---- the sixth ---- */

static llw_node *lean(const mixing *m, llw_node *x, llw_weight_id id, llw_node *step, llw_node *to, int il) {
    return llw_add(m->g, llw_mul(m->g, llw_add(m->g, x, w(m, id, il)), step), to);
}

/* A head of keys and values for several of queries. */
static llw_node *spread_heads(const mixing *m, llw_node *x, int64_t kv_heads) {
    x = llw_reshape(m->g, x, m->head, 1, kv_heads, m->g->n_tokens);
    return llw_repeat(m->g, x, m->head, m->heads / kv_heads, kv_heads, m->g->n_tokens);
}

static llw_node *mix_sixth(mixing *m, llw_node *x, llw_node *before, int il) {
    static const llw_weight_id leanings[] = {LLW_W_TIME_MIX_LERP_W, LLW_W_TIME_MIX_LERP_K,
                                             LLW_W_TIME_MIX_LERP_V, LLW_W_TIME_MIX_LERP_R,
                                             LLW_W_TIME_MIX_LERP_G};
    enum { W, K, V, R, G, PARTS };
    llw_graph *g = m->g;
    int64_t n = g->n_tokens, kv_heads = g->h->layer[il].kv_heads;
    bool gated_linear = !w(m, LLW_W_TIME_MIX_FIRST, il);
    llw_node *step = llw_reshape_2d(g, llw_sub(g, before, x), m->width, n);
    x = llw_reshape_2d(g, x, m->width, n);
    llw_node *all = llw_add(g, llw_mul(g, step, w(m, LLW_W_TIME_MIX_LERP_X, il)), x);
    llw_node *w1 = w(m, LLW_W_TIME_MIX_W1, il), *w2 = w(m, LLW_W_TIME_MIX_W2, il), *part[PARTS];
    all = llw_apply(g, llw_mul_mat(g, w1, all), LLW_TANH);
    all = llw_reshape(g, all, w1 ? w1->ne[1] / PARTS : 1, 1, PARTS, n);
    all = llw_cont(g, llw_permute(g, all, 0, 1, 3, 2));
    all = llw_mul_mat(g, w2 ? llw_reshape(g, w2, w2->ne[0], w2->ne[1], 1, PARTS) : NULL, all);
    llw_node *fused = w(m, LLW_W_TIME_MIX_LERP_FUSED, il);
    if (fused) {
        step = llw_reshape_3d(g, step, m->width, 1, n);
        x = llw_reshape_3d(g, x, m->width, 1, n);
        all = llw_add(g, llw_mul(g, llw_add(g, all, fused), step), x);
    }
    for (int i = 0; i < PARTS; i++) {
        part[i] = part_of(m, all, i);
        if (!fused) part[i] = lean(m, part[i], leanings[i], step, x, il);
    }
    llw_node *r = llw_block_mm_bias(g, LLW_W_TIME_MIX_RECEPTANCE, il, part[R]);
    llw_node *k = llw_block_mm_bias(g, LLW_W_TIME_MIX_KEY, il, part[K]);
    llw_node *v = llw_block_mm_bias(g, LLW_W_TIME_MIX_VALUE, il, part[V]);
    llw_node *gate = llw_block_mm(g, LLW_W_TIME_MIX_GATE, il, part[G]);
    gate = llw_apply(g, gate, gated_linear ? LLW_SIGMOID : LLW_SILU);
    if (kv_heads > 0 && kv_heads != m->heads) {
        k = spread_heads(m, k, kv_heads);
        v = spread_heads(m, v, kv_heads);
    }
    k = heads_of(m, k);
    v = heads_of(m, v);
    r = heads_of(m, r);
    llw_node *decay = llw_apply(g, llw_mul_mat(g, w(m, LLW_W_TIME_MIX_DECAY_W1, il), part[W]), LLW_TANH);
    decay =
        llw_add(g, llw_mul_mat(g, w(m, LLW_W_TIME_MIX_DECAY_W2, il), decay), w(m, LLW_W_TIME_MIX_DECAY, il));
    decay = llw_apply(g, llw_apply(g, llw_apply(g, decay, LLW_EXP), LLW_NEG), LLW_EXP);
    decay = heads_of(m, decay);
    if (gated_linear) k = llw_sub(g, k, llw_mul(g, k, decay));
    llw_node *state = llw_block_states(g, &m->inputs, llw_state_s(g, il));
    if (gated_linear) {
        x = mix(m, LLW_OP_GATED_LINEAR_ATTN, (llw_node *[]){k, v, r, decay, state, NULL}, il);
        x = llw_reshape_2d(g, x, m->width, n);
    } else {
        llw_node *first = w(m, LLW_W_TIME_MIX_FIRST, il);
        x = mix(m, LLW_OP_RWKV_WKV6, (llw_node *[]){k, v, r, first, decay, state, NULL}, il);
        x = normed_heads(m, x, il);
    }
    x = llw_block_mm(g, LLW_W_TIME_MIX_OUTPUT, il, llw_mul(g, x, gate));
    return by_sequence(m, x);
}

/* ---- the seventh ---- */

static llw_node *through(const mixing *m, llw_weight_id first, llw_weight_id second, llw_node *x, int il) {
    return llw_mul_mat(m->g, w(m, second, il), llw_mul_mat(m->g, w(m, first, il), x));
}

static llw_node *mix_seventh(mixing *m, llw_node *x, llw_node *before, int il) {
    enum { R, W, K, V, A, G, PARTS };
    llw_graph *g = m->g;
    bool gated = w(m, LLW_W_TIME_MIX_G1, il) && w(m, LLW_W_TIME_MIX_G2, il);
    llw_node *step = llw_sub(g, before, x), *part[PARTS] = {NULL}, *gate = NULL;
    step = llw_repeat(g, step, m->width, m->tokens, m->seqs, gated ? PARTS : PARTS - 1);
    llw_node *all = llw_add(g, llw_mul(g, step, w(m, LLW_W_TIME_MIX_LERP_FUSED, il)), x);
    for (int i = 0; i < (gated ? PARTS : PARTS - 1); i++) part[i] = part_of(m, all, i);
    llw_node *r = llw_block_mm(g, LLW_W_TIME_MIX_RECEPTANCE, il, part[R]);
    llw_node *decay = llw_apply(g, llw_mul_mat(g, w(m, LLW_W_TIME_MIX_W1, il), part[W]), LLW_TANH);
    decay = llw_add(g, llw_mul_mat(g, w(m, LLW_W_TIME_MIX_W2, il), decay), w(m, LLW_W_TIME_MIX_W0, il));
    decay = llw_apply(g, llw_scale_by(g, llw_apply(g, decay, LLW_SIGMOID)), LLW_EXP);
    llw_node *k = llw_block_mm(g, LLW_W_TIME_MIX_KEY, il, part[K]);
    llw_node *v = llw_block_mm(g, LLW_W_TIME_MIX_VALUE, il, part[V]);
    if (!m->first_value) {
        m->first_value = v;
    } else {
        llw_node *share = through(m, LLW_W_TIME_MIX_V1, LLW_W_TIME_MIX_V2, part[V], il);
        share = llw_apply(g, llw_add(g, share, w(m, LLW_W_TIME_MIX_V0, il)), LLW_SIGMOID);
        v = llw_add(g, v, llw_mul(g, llw_sub(g, m->first_value, v), share));
    }
    if (gated) {
        gate = llw_apply(g, llw_mul_mat(g, w(m, LLW_W_TIME_MIX_G1, il), part[G]), LLW_SIGMOID);
        gate = llw_mul_mat(g, w(m, LLW_W_TIME_MIX_G2, il), gate);
    }
    llw_node *a = through(m, LLW_W_TIME_MIX_A1, LLW_W_TIME_MIX_A2, part[A], il);
    a = llw_apply(g, llw_add(g, a, w(m, LLW_W_TIME_MIX_A0, il)), LLW_SIGMOID);
    llw_node *kk = llw_l2_norm(g, heads_of(m, llw_mul(g, k, w(m, LLW_W_TIME_MIX_K_K, il))));
    llw_node *ka = llw_mul(g, k, w(m, LLW_W_TIME_MIX_K_A, il));
    k = llw_add(g, k, llw_sub(g, llw_mul(g, a, ka), ka));
    r = heads_of(m, r);
    decay = heads_of(m, decay);
    k = heads_of(m, k);
    v = heads_of(m, v);
    a = heads_of(m, a);
    llw_node *state = llw_block_states(g, &m->inputs, llw_state_s(g, il));
    llw_node *minus = llw_apply(g, kk, LLW_NEG), *scaled = llw_mul(g, kk, a);
    x = mix(m, LLW_OP_RWKV_WKV7, (llw_node *[]){r, decay, k, v, minus, scaled, state, NULL}, il);
    x = normed_heads(m, x, il);
    llw_node *r_k = w(m, LLW_W_TIME_MIX_R_K, il);
    llw_node *rk = llw_mul(g, llw_mul(g, k, r), r_k ? llw_reshape_2d(g, r_k, m->head, m->heads) : NULL);
    rk = llw_sum_rows(g, rk);
    x = llw_add(g, x, llw_reshape_2d(g, llw_mul(g, v, rk), m->width, g->n_tokens));
    if (gated) x = llw_mul(g, x, gate);
    return by_sequence(m, llw_block_mm(g, LLW_W_TIME_MIX_OUTPUT, il, x));
}

/* ---- layers ---- */

static llw_node *mix_channels(const mixing *m, llw_node *x, llw_node *before, int il) {
    llw_graph *g = m->g;
    llw_node *step = llw_sub(g, before, x), *r = NULL;
    llw_node *xk = llw_add(g, llw_mul(g, step, w(m, LLW_W_CHANNEL_MIX_LERP_K, il)), x);
    if (!m->seventh) {
        r = llw_add(g, llw_mul(g, step, w(m, LLW_W_CHANNEL_MIX_LERP_R, il)), x);
        r = llw_apply(g, llw_block_mm(g, LLW_W_CHANNEL_MIX_RECEPTANCE, il, r), LLW_SIGMOID);
    }
    llw_node *k = llw_sqr(g, llw_apply(g, llw_block_mm(g, LLW_W_CHANNEL_MIX_KEY, il, xk), LLW_RELU));
    x = llw_block_mm(g, LLW_W_CHANNEL_MIX_VALUE, il, k);
    return r ? llw_mul(g, r, x) : x;
}

static void keep(const mixing *m, llw_node *tokens, int64_t count, int il) {
    llw_graph *g = m->g;
    llw_node *all = llw_state_r(g, il);
    llw_expand(g, llw_cpy(g, llw_view_1d(g, tokens, m->width * m->seqs * count, 0),
                          llw_view_1d(g, all, all->ne[0] * m->seqs, 0)));
}

static llw_node *flat(const mixing *m, llw_node *x) {
    return llw_reshape_2d(m->g, x, m->width, m->g->n_tokens);
}

static llw_node *layer(mixing *m, llw_node *x, llw_node *out_ids, int il) {
    llw_graph *g = m->g;
    bool last = il == g->h->n_layer - 1;
    x = by_sequence(m, x);
    int64_t count = g->h->token_shift;
    llw_node *kept = llw_block_states(g, &m->inputs, llw_state_r(g, il));
    kept = llw_reshape_3d(g, kept, m->width, count, m->seqs);
    llw_node *mine = kept, *others = NULL;
    if (!m->plain) {
        mine = llw_view_3d(g, kept, m->width, 1, m->seqs, kept->nb[1], kept->nb[2], 0);
        others = llw_view_3d(g, kept, m->width, 1, m->seqs, kept->nb[1], kept->nb[2], m->width * F);
    }
    llw_node *normed = llw_block_norm(g, x, LLW_W_ATTN_NORM, il, m->plain ? LLW_NORM_RMS : LLW_NORM_LAYER);
    llw_node *before = shifted(m, mine, normed);
    llw_node *mixed = m->seventh ? mix_seventh(m, normed, before, il) : mix_sixth(m, normed, before, il);
    if (m->plain) {
        keep(m, last_of(m, normed), 1, il);
        llw_node *sum = flat(m, llw_add(g, mixed, x));
        if (last) sum = llw_get_rows(g, sum, out_ids);
        return llw_add(g, llw_block_ffn_silu(g, llw_block_rms(g, sum, LLW_W_FFN_NORM, il), il), sum);
    }
    llw_node *ffn_in = llw_add(g, mixed, x);
    llw_node *ffn_norm = llw_block_norm(g, ffn_in, LLW_W_ATTN_NORM_2, il, LLW_NORM_LAYER);
    before = shifted(m, others, ffn_norm);
    keep(m, llw_concat(g, last_of(m, normed), last_of(m, ffn_norm), 1), count, il);
    ffn_in = flat(m, ffn_in);
    ffn_norm = flat(m, ffn_norm);
    before = flat(m, before);
    if (last) {
        ffn_in = llw_get_rows(g, ffn_in, out_ids);
        ffn_norm = llw_get_rows(g, ffn_norm, out_ids);
        before = llw_get_rows(g, before, out_ids);
    }
    x = llw_add(g, mix_channels(m, ffn_norm, before, il), ffn_in);
    int64_t every = m->seventh ? 0 : g->h->rescale_every;
    return every && (il + 1) % every == 0 ? llw_scale_by(g, x) : x;
}

void llw_build_rwkv(llw_graph *g) {
    const llw_hparams *h = g->h;
    const char *name = g->plan->architecture->name;
    mixing m = {.g = g,
                .seventh = strchr(name, '7') != NULL,
                .plain = strcmp(name, "rwkv6") != 0 && strcmp(name, "rwkv7") != 0,
                .width = h->n_embd,
                .head = h->wkv_head,
                .heads = h->wkv_head ? h->n_embd / h->wkv_head : 0,
                .tokens = g->n_tokens / g->n_seqs,
                .seqs = g->n_seqs};
    if (m.heads <= 0 || m.heads * m.head != m.width || h->token_shift != (m.plain ? 1 : 2)) {
        llw_graph_fail(g, "the header's wkv.head_size and token_shift_count do not fit the model");
        return;
    }
    llw_node *x = llw_block_embed(g);
    if (!m.plain)
        x = llw_block_norm_of(g, x, llw_w(g, LLW_W_TOKEN_EMBD_NORM, -1),
                              llw_bias(g, LLW_W_TOKEN_EMBD_NORM, -1), LLW_NORM_LAYER, 0);
    llw_block_recurrent(g, &m.inputs);
    llw_node *out_ids = llw_block_out_ids(g);
    for (int il = 0; il < h->n_layer; il++) x = layer(&m, x, out_ids, il);
    llw_block_output(g, x, m.plain ? LLW_NORM_RMS : LLW_NORM_LAYER);
}
