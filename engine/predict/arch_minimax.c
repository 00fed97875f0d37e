/* MiniMax Text 01 (linear attention with fixed decay) and M3 (an indexer chooses blocks of cells for each KV
 * head).
 *
 * Sources: src/models/minimax-01.cpp and minimax-m3.cpp, llama.cpp v0.5.0. */
#include "predict/families.h"

enum { F = 4 };

/* ---- Text 01 ---- */

typedef struct decays {
    llw_node *slopes, *q, *k, *diagonal;
} decays;

static llw_node *decayed(llw_graph *g, llw_node *x) {
    return llw_apply(g, llw_scale_by(g, x), LLW_EXP);
}

static llw_node *linear(llw_graph *g, const llw_recurrent *inputs, const decays *d, llw_node *x, int il) {
    int64_t head = g->h->head_v, heads = g->h->layer[il].heads, seqs = g->n_seqs, tokens = g->n_tokens / seqs;
    llw_node *r = llw_block_states(g, inputs, llw_state_r(g, il)), *part[3], *all = llw_state_s(g, il);
    llw_expand(g, r);
    llw_node *slope = llw_scale_by(g, d->slopes);
    x = llw_reshape(g, x, x->ne[0], tokens, 1, seqs);
    llw_node *qkv = llw_apply(g, llw_block_mm(g, LLW_W_ATTN_QKV, il, x), LLW_SILU);
    qkv = llw_reshape(g, qkv, head * 3, heads, tokens, seqs);
    for (int i = 0; i < 3; i++)
        part[i] = llw_view_4d(g, qkv, (int64_t[4]){head, heads, tokens, seqs}, qkv->nb[1], qkv->nb[2],
                              qkv->nb[3], i * head * F);
    llw_node *q = part[0], *k = part[1], *v = part[2];
    llw_node *old = llw_reshape(g, llw_block_states(g, inputs, all), head, head, heads, seqs);
    llw_node *q_decay = decayed(g, d->q), *k_decay = decayed(g, d->k), *diagonal = decayed(g, d->diagonal);
    llw_node *past = llw_mul_mat(g, old, llw_permute(g, llw_mul(g, q, q_decay), 0, 2, 1, 3));
    llw_node *qk = llw_mul_mat(g, llw_permute(g, k, 0, 2, 1, 3), llw_permute(g, q, 0, 2, 1, 3));
    qk = llw_mul(g, qk, diagonal);
    llw_node *v_turned = llw_cont(g, llw_permute(g, v, 1, 2, 0, 3));
    llw_node *o = llw_add(g, past, llw_mul_mat(g, v_turned, qk));
    llw_expand(g, o);
    llw_node *block = llw_reshape_3d(g, decayed(g, slope), 1, 1, heads);
    llw_node *kept = llw_mul(g, old, block);
    llw_node *k_turned = llw_cont(g, llw_permute(g, llw_mul(g, k, k_decay), 1, 2, 0, 3));
    llw_node *now = llw_add(g, kept, llw_mul_mat(g, k_turned, v_turned));
    llw_expand(g, llw_cpy(g, now, llw_view_1d(g, all, all->ne[0] * seqs, 0)));
    o = llw_cont(g, llw_permute(g, o, 0, 2, 1, 3));
    o = llw_reshape(g, o, o->ne[0] * o->ne[1], o->ne[2], 1, o->ne[3]);
    o = llw_block_rms(g, o, LLW_W_ATTN_NORM_2, il);
    llw_node *gate = llw_apply(g, llw_block_mm(g, LLW_W_ATTN_GATE, il, x), LLW_SIGMOID);
    x = llw_block_mm(g, LLW_W_ATTN_OUTPUT, il, llw_mul(g, gate, o));
    return llw_reshape_2d(g, x, x->ne[0], tokens * seqs);
}

static llw_node *full(llw_graph *g, const llw_attention *attention, llw_node *x, llw_node *positions,
                      int il) {
    llw_qkv a = llw_block_qkv(g, x, g->h->head_v, g->h->layer[il].heads, g->h->layer[il].kv_heads, il);
    a.q = llw_rope(g, a.q, positions, NULL);
    a.k = llw_rope(g, a.k, positions, NULL);
    return llw_block_attend(g, attention, LLW_W_ATTN_OUTPUT, a.q, a.k, a.v, NULL, il);
}

void llw_build_minimax_01(llw_graph *g) {
    const llw_hparams *h = g->h;
    int64_t heads = h->layer[0].heads, seqs = g->n_seqs, tokens = g->n_tokens / seqs;
    llw_attention attention;
    llw_recurrent recurrent;
    llw_node *x = llw_block_embed(g);
    llw_block_recurrent(g, &recurrent);
    llw_block_attention(g, &attention, false);
    llw_node *positions = llw_block_positions(g), *out_ids = llw_block_out_ids(g);
    decays d = {llw_input(g, LLW_F32, heads, 1, 1, 1), llw_input(g, LLW_F32, 1, heads, tokens, seqs),
                llw_input(g, LLW_F32, 1, heads, tokens, seqs),
                llw_input(g, LLW_F32, tokens, tokens, heads, seqs)};
    for (int il = 0; il < h->n_layer; il++) {
        llw_node *residual = x = llw_block_rms(g, x, LLW_W_ATTN_NORM, il);
        x = h->layer[il].recurrent ? linear(g, &recurrent, &d, x, il) : full(g, &attention, x, positions, il);
        if (il == h->n_layer - 1) llw_block_pick_outputs(g, out_ids, &x, &residual);
        x = llw_add(g, x, llw_scale_by(g, residual));
        residual = x = llw_block_rms(g, x, LLW_W_FFN_NORM, il);
        llw_moe how = llw_block_moe_defaults(g, il);
        how.normalise = true;
        how.gating = LLW_GATING_SOFTMAX;
        x = llw_block_moe(g, x, &how, il);
        x = llw_add(g, x, llw_scale_by(g, residual));
    }
    llw_block_output(g, x, LLW_NORM_RMS);
}

/* ---- M3 ---- */

typedef struct sparse {
    bool on;
    bool gathers; /* one token of each stream: the chosen cells are copied out */
    int64_t block, positions, blocks, cells, streams, tokens; /* tokens of each stream */
    llw_node *bias, *mask, *slots, *real_slots, *cell_blocks, *wide_mask;
} sparse;

static llw_node *add_in_place(llw_graph *g, llw_node *a, llw_node *b) {
    llw_node *node = llw_view_4d(g, a, a->ne, a->nb[1], a->nb[2], a->nb[3], 0);
    node->op = LLW_OP_ADD;
    node->src[0] = a;
    node->src[1] = b;
    return node;
}

/* The best cell of each block decides; ggml_pool_2d over rows. */
static llw_node *best_of_blocks(llw_graph *g, const sparse *s, llw_node *score) {
    return llw_node_of(g, LLW_OP_POOL_2D, LLW_F32,
                       (int64_t[4]){s->blocks, score->ne[1], score->ne[2], score->ne[3]},
                       (llw_node *[]){score, NULL});
}

static int64_t blocks_used(const llw_graph *g, const sparse *s) {
    return g->h->indexer_top_k < s->blocks ? g->h->indexer_top_k : s->blocks;
}

/* Position blocks as the reserve sees them: no position is taken yet, so 256 cells stand for all. */
static void sparse_inputs(llw_graph *g, sparse *s, llw_attention *attention) {
    const llw_plan *plan = g->plan;
    s->block = g->h->indexer_block;
    s->on = plan->flash_attn && (plan->n_seq == 1 || !plan->kv_unified) && s->block > 0;
    if (!s->on) return;
    enum { LEAST = 256 };
    llw_node *mask = attention->mask[LLW_CACHE_BASE];
    s->cells = mask->ne[0];
    s->tokens = mask->ne[1];
    s->streams = mask->ne[3];
    s->positions = (LEAST + s->block - 1) / s->block * s->block;
    s->blocks = s->positions / s->block;
    attention->k_rows[LLW_CACHE_INDEXER] = llw_input(g, LLW_I64, g->n_tokens, 1, 1, 1);
    s->bias = llw_input(g, LLW_F32, s->blocks, g->n_tokens, 1, 1);
    s->mask = llw_input(g, LLW_F32, s->positions, g->n_tokens, 1, 1);
    s->slots = llw_input(g, LLW_I32, s->positions, s->streams, 1, 1);
    s->gathers = s->tokens == 1;
    if (s->gathers) {
        s->real_slots = llw_input(g, LLW_F32, s->positions, s->streams, 1, 1);
        return;
    }
    s->cell_blocks = llw_input(g, LLW_I32, s->cells, s->streams, 1, 1);
    s->wide_mask = llw_cast(g, mask, LLW_F32);
}

/* The mask for one stream: each KV head's own blocks. */
static llw_node *blocks_mask(llw_graph *g, const sparse *s, llw_node *iq, llw_node *ik, int64_t st) {
    int64_t heads = iq->ne[1], n = s->tokens, dim = iq->ne[0], rows = heads * n;
    llw_node *q = llw_view_3d(g, iq, dim, heads, n, iq->nb[1], iq->nb[2], st * n * iq->nb[2]);
    llw_node *k = llw_view_2d(g, ik, dim, s->cells, ik->nb[2], st * ik->nb[3]);
    llw_node *slots = llw_view_1d(g, s->slots, s->positions, st * s->slots->nb[1]);
    llw_node *p_mask =
        llw_view_3d(g, s->mask, s->positions, 1, n, s->mask->nb[1], s->mask->nb[1], st * n * s->mask->nb[1]);
    llw_node *of_cell = llw_view_1d(g, s->cell_blocks, s->cells, st * s->cell_blocks->nb[1]);
    llw_node *wide = llw_view_3d(g, s->wide_mask, s->cells, n, 1, s->wide_mask->nb[1], s->wide_mask->nb[3],
                                 st * s->wide_mask->nb[3]);
    llw_node *bias =
        llw_view_3d(g, s->bias, s->blocks, 1, n, s->bias->nb[1], s->bias->nb[1], st * n * s->bias->nb[1]);
    llw_node *score = llw_mul_mat(g, llw_get_rows(g, k, slots), llw_reshape_2d(g, q, dim, rows));
    score = add_in_place(g, llw_reshape_3d(g, score, s->positions, heads, n), p_mask);
    int64_t used = blocks_used(g, s);
    llw_node *best = llw_top_k(g, llw_add(g, best_of_blocks(g, s, score), bias), used);
    llw_node *closed = llw_repeat(g, llw_cast(g, llw_scale_by(g, bias), LLW_F16), s->blocks, heads, n, 1);
    llw_node *zero = llw_scale_by(g, llw_cast(g, best, LLW_F32));
    llw_node *open =
        llw_set_rows(g, llw_reshape_3d(g, closed, 1, s->blocks, rows), llw_reshape_3d(g, zero, 1, used, rows),
                     llw_reshape_2d(g, best, used, rows));
    open = llw_cont(g, llw_permute(g, llw_reshape_3d(g, open, s->blocks, heads, n), 0, 2, 1, 3));
    open = llw_cont(g, llw_transpose(g, llw_reshape_2d(g, open, s->blocks, rows)));
    open = llw_cont(g, llw_transpose(g, llw_get_rows(g, open, of_cell)));
    open = add_in_place(g, llw_reshape_3d(g, open, s->cells, n, heads), wide);
    return llw_cast(g, llw_reshape(g, open, s->cells, n, 1, heads), LLW_F16);
}

/* One attention over all KV heads, which stand where sequences do: build_attn_msa_fa. */
static llw_node *grouped_attention(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *mask,
                                   int64_t group) {
    int64_t dim = q->ne[0], heads = q->ne[1], tokens = q->ne[2], channels = k->ne[3];
    int64_t rows = group && channels ? heads * tokens / (group * channels) : 1;
    q = llw_permute(g, llw_reshape(g, q, dim, group, channels, rows), 0, 2, 3, 1);
    llw_node *o = llw_permute(g, llw_flash_attn(g, q, k, v, mask, NULL), 0, 1, 3, 2);
    if (!llw_is_contiguous(o)) o = llw_cont(g, o);
    return llw_reshape_2d(g, o, dim * heads, tokens);
}

/* A cache's chosen cells, in F16 where the cache is quantised. */
static llw_node *gathered(llw_graph *g, llw_node *cache, llw_node *rows, int64_t chosen, int64_t channels) {
    int64_t dim = cache->ne[0];
    int type = cache->block > 1 ? LLW_F16 : cache->type;
    llw_node *all =
        llw_view_3d(g, cache, dim, cache->ne[1] * cache->ne[2], cache->ne[3], cache->nb[1], cache->nb[3], 0);
    llw_node *x = llw_reshape(g, llw_get_rows(g, all, rows), dim, chosen, 1, channels);
    return x->type == type ? x : llw_cast(g, x, type);
}

/* A token of each stream: the cells of the best blocks are copied together, and attended to at once. */
static llw_node *attend_gathered(llw_graph *g, const sparse *s, llw_node *iq, llw_node *ik, llw_node *q,
                                 llw_node *k, llw_node *v, int64_t group) {
    int64_t heads = iq->ne[1], dim = iq->ne[0], n = s->streams, kv_heads = k->ne[1];
    int64_t used = blocks_used(g, s), chosen = s->block * used;
    llw_node *keys = llw_get_rows(g, llw_view_3d(g, ik, dim, s->cells, n, ik->nb[2], ik->nb[3], 0), s->slots);
    iq = llw_reshape(g, iq, dim, heads, 1, n);
    llw_node *score = llw_mul_mat(g, llw_reshape(g, keys, dim, s->positions, 1, n), iq);
    score = add_in_place(g, score, llw_reshape(g, s->mask, s->positions, 1, 1, n));
    score = llw_add(g, best_of_blocks(g, s, score), llw_reshape(g, s->bias, s->blocks, 1, 1, n));
    llw_node *best = llw_scale_by(g, llw_cast(g, llw_top_k(g, score, used), LLW_F32));
    best = llw_repeat(g, llw_reshape(g, best, 1, used, heads, n), s->block, used, heads, n);
    best = llw_add(g, best, llw_reshape_3d(g, llw_arange(g, s->block), s->block, 1, 1));
    llw_node *at = llw_cast(g, llw_reshape_2d(g, best, chosen * heads, n), LLW_I32);
    llw_node *cell = llw_get_rows(g, llw_reshape_3d(g, s->real_slots, 1, s->positions, n), at);
    cell = llw_scale_by(g, llw_reshape(g, cell, s->block, used, heads, n));
    cell = llw_add(g, cell, llw_reshape_3d(g, llw_arange(g, kv_heads), 1, 1, heads));
    llw_node *row = llw_cast(g, llw_reshape_2d(g, cell, chosen * heads, n), LLW_I32);
    llw_node *mask = llw_get_rows(g, llw_reshape_3d(g, s->mask, 1, s->positions, n), at);
    k = gathered(g, k, row, chosen, heads * n);
    v = gathered(g, v, row, chosen, heads * n);
    mask = llw_cast(g, llw_reshape(g, mask, chosen, 1, 1, heads * n), LLW_F16);
    return grouped_attention(g, q, k, v, mask, group);
}

static llw_node *attend_blocks(llw_graph *g, const llw_attention *a, const sparse *s, llw_node *x,
                               llw_qkv qkv, llw_node *positions, int il) {
    const llw_hparams *h = g->h;
    int64_t heads = h->layer[il].heads, kv_heads = h->layer[il].kv_heads, dim = h->indexer_head,
            n = g->n_tokens;
    llw_node *iq = llw_reshape_3d(g, llw_block_mm(g, LLW_W_INDEXER_Q_PROJ, il, x), dim, h->indexer_heads, n);
    llw_node *ik = llw_reshape_3d(g, llw_block_mm(g, LLW_W_INDEXER_K_PROJ, il, x), dim, 1, n);
    iq = llw_rope(g, llw_block_rms(g, iq, LLW_W_INDEXER_Q_NORM, il), positions, NULL);
    ik = llw_rope(g, llw_block_rms(g, ik, LLW_W_INDEXER_K_NORM, il), positions, NULL);
    llw_block_store_k(g, a, LLW_CACHE_INDEXER, ik, il);
    ik = llw_block_cached_k(g, LLW_CACHE_INDEXER, il);
    llw_node *rotate_k = a->rotate_k[LLW_CACHE_BASE], *rotate_v = a->rotate_v[LLW_CACHE_BASE];
    if (rotate_k) {
        qkv.q = llw_block_rotate(g, qkv.q, rotate_k);
        qkv.k = llw_block_rotate(g, qkv.k, rotate_k);
    }
    if (rotate_v) qkv.v = llw_block_rotate(g, qkv.v, rotate_v);
    llw_expand(g, qkv.q);
    llw_expand(g, qkv.k);
    llw_expand(g, qkv.v);
    llw_block_store_k(g, a, LLW_CACHE_BASE, qkv.k, il);
    llw_block_store_v(g, a, LLW_CACHE_BASE, qkv.v, il);
    llw_node *k = llw_block_cached_k(g, LLW_CACHE_BASE, il), *v = llw_block_cached_v(g, LLW_CACHE_BASE, il),
             *out = NULL;
    int64_t head = k->ne[0], group = kv_heads ? heads / kv_heads : 1;
    if (s->gathers) out = attend_gathered(g, s, iq, ik, qkv.q, k, v, group);
    for (int64_t st = 0; st < s->streams && !s->gathers; st++) {
        llw_node *q = llw_view_3d(g, qkv.q, head, heads, s->tokens, qkv.q->nb[1], qkv.q->nb[2],
                                  st * s->tokens * qkv.q->nb[2]);
        int64_t ne[4] = {head, kv_heads, s->cells, 1};
        llw_node *k_s = llw_view_4d(g, k, ne, k->nb[1], k->nb[2], k->nb[3], st * k->nb[3]);
        llw_node *v_s = llw_view_4d(g, v, ne, v->nb[1], v->nb[2], v->nb[3], st * v->nb[3]);
        llw_node *mask = blocks_mask(g, s, iq, ik, st);
        k_s = llw_permute(g, k_s, 0, 3, 1, 2);
        v_s = llw_permute(g, v_s, 0, 3, 1, 2);
        llw_node *o = grouped_attention(g, q, k_s, v_s, mask, group);
        out = out ? llw_concat(g, out, o, 1) : o;
    }
    if (rotate_v) out = llw_block_rotate(g, out, rotate_v);
    return llw_block_mm(g, LLW_W_ATTN_OUTPUT, il, out);
}

static llw_node *m3_feed_forward(llw_graph *g, llw_node *x, int il) {
    llw_ffn dense = {.activation = LLW_ACT_SWIGLU_OAI};
    if (il < g->h->dense_lead) return llw_block_ffn(g, x, &dense, il);
    llw_moe how = llw_block_moe_defaults(g, il);
    how.activation = LLW_ACT_SWIGLU_OAI;
    llw_ffn shared = {.up = LLW_W_FFN_UP_SHEXP,
                      .gate = LLW_W_FFN_GATE_SHEXP,
                      .down = LLW_W_FFN_DOWN_SHEXP,
                      .activation = LLW_ACT_SWIGLU_OAI};
    llw_node *routed = llw_block_moe(g, x, &how, il);
    return llw_add(g, routed, llw_block_ffn(g, x, &shared, il));
}

void llw_build_minimax_m3(llw_graph *g) {
    const llw_hparams *h = g->h;
    llw_attention attention;
    sparse s = {0};
    llw_node *x = llw_block_embed(g);
    llw_node *positions = llw_block_positions(g);
    llw_block_attention(g, &attention, false);
    sparse_inputs(g, &s, &attention);
    llw_node *out_ids = llw_block_out_ids(g);
    for (int il = 0; il < h->n_layer; il++) {
        llw_node *residual = x, *normed = llw_block_rms(g, x, LLW_W_ATTN_NORM, il);
        llw_qkv a = llw_block_qkv(g, normed, h->head_v, h->layer[il].heads, h->layer[il].kv_heads, il);
        a.q = llw_rope(g, llw_block_rms(g, a.q, LLW_W_ATTN_Q_NORM, il), positions, NULL);
        a.k = llw_rope(g, llw_block_rms(g, a.k, LLW_W_ATTN_K_NORM, il), positions, NULL);
        x = s.on && il >= h->dense_lead
                ? attend_blocks(g, &attention, &s, normed, a, positions, il)
                : llw_block_attend(g, &attention, LLW_W_ATTN_OUTPUT, a.q, a.k, a.v, NULL, il);
        if (il == h->n_layer - 1) llw_block_pick_outputs(g, out_ids, &x, &residual);
        llw_node *ffn_in = llw_add(g, x, residual);
        x = llw_add(g, m3_feed_forward(g, llw_block_rms(g, ffn_in, LLW_W_FFN_NORM, il), il), ffn_in);
    }
    llw_block_output(g, x, LLW_NORM_RMS);
}
