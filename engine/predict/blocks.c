/* Building blocks shared by the models' graphs: inputs, norms, projections, attention. */
#include "predict/blocks.h"

#include <string.h>

/* ---- inputs ---- */

llw_node *llw_block_embed(llw_graph *g) {
    llw_node *tokens = g->tokens = llw_input(g, LLW_I32, g->n_tokens, 1, 1, 1);
    llw_node *table = llw_w(g, LLW_W_TOKEN_EMBD, -1);
    if (!table) table = llw_output_w(g); /* codeshell: output.weight stands for both */
    int64_t wide = g->h->n_embd * (1 + g->h->deepstack);
    llw_node *raw = llw_input(g, LLW_F32, wide, g->n_tokens, 1, 1);
    llw_node *x = llw_get_rows(g, table, tokens);
    if (wide != g->h->n_embd) x = llw_pad(g, x, wide - g->h->n_embd, 0, 0, 0);
    llw_expand(g, x); /* ggml_build_forward_select keeps both ways in the graph */
    llw_expand(g, raw);
    if (wide != g->h->n_embd) x = llw_view_2d(g, x, g->h->n_embd, g->n_tokens, x->nb[1], 0);
    g->embedded = x;
    if (g->h->embedding_scale != 0) {
        if (!llw_is_contiguous(x)) x = llw_cont(g, x);
        x = llw_scale_by(g, x);
    }
    llw_expand(g, x);
    return x;
}

llw_node *llw_block_positions(llw_graph *g) {
    return llw_input(g, LLW_I32, g->n_tokens * g->h->positions, 1, 1, 1);
}

llw_node *llw_block_out_ids(llw_graph *g) {
    return llw_input(g, LLW_I32, g->n_outputs, 1, 1, 1);
}

/* ---- norms and projections ---- */

llw_node *llw_block_norm_of(llw_graph *g, llw_node *x, llw_node *w, llw_node *b, llw_norm_kind kind, int il) {
    switch (kind) {
    case LLW_NORM_RMS: x = llw_rms_norm(g, x); break;
    case LLW_NORM_LAYER: x = llw_layer_norm(g, x); break;
    case LLW_NORM_GROUP:
        x = llw_reshape_3d(g, x, x->ne[0], 1, x->ne[1]);
        x = llw_group_norm(g, x);
        x = llw_reshape_2d(g, x, x->ne[0], x->ne[2]);
        break;
    }
    if (w || b) x->pin = (short)(il + 1);
    if (w) x = llw_mul(g, x, w);
    if (b) x = llw_add(g, x, b);
    return x;
}

llw_node *llw_block_norm(llw_graph *g, llw_node *x, llw_weight_id id, int il, llw_norm_kind kind) {
    return llw_block_norm_of(g, x, llw_w(g, id, il), llw_bias(g, id, il), kind, il);
}

llw_node *llw_block_rms(llw_graph *g, llw_node *x, llw_weight_id id, int il) {
    return llw_block_norm(g, x, id, il, LLW_NORM_RMS);
}

llw_node *llw_block_mm(llw_graph *g, llw_weight_id id, int il, llw_node *x) {
    llw_node *w = llw_w(g, id, il), *scale = llw_scale_of(g, id, il);
    if (!w) {
        llw_graph_fail(g, "the model has no %s in layer %d", llw_tensor_info_get(id)->name, il);
        return x;
    }
    x = llw_mul_mat(g, w, x);
    return scale ? llw_mul(g, x, scale) : x;
}

llw_node *llw_block_mm_bias(llw_graph *g, llw_weight_id id, int il, llw_node *x) {
    llw_node *b = llw_bias(g, id, il);
    x = llw_block_mm(g, id, il, x);
    return b ? llw_add(g, x, b) : x;
}

/* ---- q, k, v ---- */

static llw_node *project(llw_graph *g, llw_weight_id id, int il, llw_node *x, bool reshape) {
    x = llw_block_mm_bias(g, id, il, x);
    return reshape && g->h->clamp_kqv ? llw_clamp(g, x) : x;
}

static llw_node *fused(llw_graph *g, llw_node *x, int il, bool reshape) {
    x = llw_block_mm(g, LLW_W_ATTN_QKV, il, x);
    llw_node *b = llw_bias(g, LLW_W_ATTN_QKV, il);
    llw_node *q = llw_bias(g, LLW_W_ATTN_Q, il), *k = llw_bias(g, LLW_W_ATTN_K, il),
             *v = llw_bias(g, LLW_W_ATTN_V, il);
    if (!b && q && k && v) b = llw_concat(g, llw_concat(g, q, k, 0), v, 0);
    if (b) x = llw_add(g, x, b);
    return reshape && g->h->clamp_kqv ? llw_clamp(g, x) : x;
}

llw_qkv llw_block_qkv_sized(llw_graph *g, llw_node *x, int64_t head_q, int64_t heads_q, int64_t head_k,
                            int64_t heads_k, int64_t head_v, int64_t heads_v, int il, bool reshape) {
    enum { F = 4 };
    int64_t width_q = head_q * heads_q, width_k = head_k * heads_k, n = x->ne[1];
    llw_qkv r;
    if (llw_w(g, LLW_W_ATTN_QKV, il)) {
        llw_node *all = fused(g, x, il, reshape);
        if (reshape) {
            r.q = llw_view_3d(g, all, head_q, heads_q, n, head_q * F, all->nb[1], 0);
            r.k = llw_view_3d(g, all, head_k, heads_k, n, head_k * F, all->nb[1], width_q * F);
            r.v = llw_view_3d(g, all, head_v, heads_v, n, head_v * F, all->nb[1], (width_q + width_k) * F);
        } else {
            r.q = llw_cont(g, llw_view_2d(g, all, width_q, n, all->nb[1], 0));
            r.k = llw_cont(g, llw_view_2d(g, all, width_k, n, all->nb[1], width_q * F));
            r.v = llw_cont(g, llw_view_2d(g, all, head_v * heads_v, n, all->nb[1], (width_q + width_k) * F));
        }
        return r;
    }
    r.q = project(g, LLW_W_ATTN_Q, il, x, reshape);
    r.k = project(g, LLW_W_ATTN_K, il, x, reshape);
    r.v = project(g, LLW_W_ATTN_V, il, x, reshape);
    if (reshape) {
        r.q = llw_reshape_3d(g, r.q, head_q, heads_q, n);
        r.k = llw_reshape_3d(g, r.k, head_k, heads_k, n);
        r.v = llw_reshape_3d(g, r.v, head_v, heads_v, n);
    }
    return r;
}

llw_qkv llw_block_qkv(llw_graph *g, llw_node *x, int64_t head, int64_t heads, int64_t kv_heads, int il) {
    return llw_block_qkv_sized(g, x, head, heads, head, kv_heads, head, kv_heads, il, true);
}

/* ---- attention ---- */

static llw_node *half(llw_graph *g, llw_node *mask) {
    return g->plan->flash_attn && mask->type != LLW_F16 ? llw_cast(g, mask, LLW_F16) : mask;
}

static int mask_type(const llw_graph *g) {
    return g->plan->flash_attn && g->plan->build.half_mask ? LLW_F16 : LLW_F32;
}

static int64_t widest_v(const llw_graph *g) {
    int64_t widest = 0;
    for (int i = 0; i < g->h->n_layer_all; i++) {
        int64_t width = llw_hparams_head_v(g->h, i) * g->h->layer[i].kv_heads;
        if (width > widest) widest = width;
    }
    return widest;
}

/* The largest power of two that is 128 or more and divides the head; 64 when there is none
 * (build_input_k_rot). */
static int64_t rotation_size(int64_t head) {
    int64_t n = 64;
    do n *= 2;
    while (head % n == 0);
    return n / 2;
}

static void cache_inputs(llw_graph *g, llw_attention *a, int cache) {
    const llw_cache *c = &g->plan->cache[cache];
    bool transposed = g->plan->v_transposed;
    a->k_rows[cache] = llw_input(g, LLW_I64, g->n_tokens, 1, 1, 1);
    if (!a->keys_only)
        a->v_rows[cache] = llw_input(g, LLW_I64, g->n_tokens * (transposed ? widest_v(g) : 1), 1, 1, 1);
    int64_t streams = g->plan->kv_unified ? 1 : g->n_seqs;
    a->mask[cache] = half(g, llw_input(g, mask_type(g), c->cells, g->n_tokens / streams, 1, streams));
    if (a->keys_only && cache != LLW_CACHE_INDEXER) return;
    if (c->rotate_k) {
        int64_t n = rotation_size(c->head_k);
        a->rotate_k[cache] = llw_input(g, LLW_F32, n, n, 1, 1);
    }
    if (c->rotate_v) a->rotate_v[cache] = llw_input(g, LLW_F32, 64, 64, 1, 1);
}

void llw_block_attention(llw_graph *g, llw_attention *a, bool keys_only) {
    memset(a, 0, sizeof *a);
    a->keys_only = keys_only;
    const llw_architecture *known = g->plan->architecture;
    a->cached = !known || known->memory != LLW_MEMORY_NONE;
    if (a->cached) {
        cache_inputs(g, a, LLW_CACHE_BASE);
        if (g->plan->cache[LLW_CACHE_WINDOW].window) cache_inputs(g, a, LLW_CACHE_WINDOW);
        return;
    }
    llw_block_attention_uncached(g, a);
}

void llw_block_attention_uncached(llw_graph *g, llw_attention *a) {
    memset(a, 0, sizeof *a);
    a->mask[LLW_CACHE_BASE] = half(g, llw_input(g, mask_type(g), g->n_tokens, g->n_tokens, 1, 1));
    if (g->h->windowed_any)
        a->mask[LLW_CACHE_WINDOW] = half(g, llw_input(g, mask_type(g), g->n_tokens, g->n_tokens, 1, 1));
}

llw_node *llw_block_rotate(llw_graph *g, llw_node *x, llw_node *rotation) {
    int64_t n = rotation->ne[0], rows = llw_node_elements(x) / n;
    llw_node *r = llw_is_contiguous(x) ? llw_reshape_2d(g, x, n, rows) : llw_cont_4d(g, x, n, rows, 1, 1);
    r = llw_mul_mat(g, rotation, r);
    return llw_reshape(g, r, x->ne[0], x->ne[1], x->ne[2], x->ne[3]);
}

int llw_block_cache_of(const llw_graph *g, int il) {
    return g->h->layer[il].windowed && g->plan->cache[LLW_CACHE_WINDOW].window ? LLW_CACHE_WINDOW
                                                                               : LLW_CACHE_BASE;
}

/* Row bytes of a type; quantised rows are in whole blocks. */
static int64_t row(const llw_node *like, int64_t n) {
    return n / like->block * like->type_size;
}

llw_node *llw_block_cached_k(llw_graph *g, int cache, int il) {
    llw_node *k = llw_cache_k(g, cache, il);
    int64_t head = cache == LLW_CACHE_INDEXER ? g->h->indexer_head : llw_hparams_head_k(g->h, il),
            cells = k->ne[1], width = k->ne[0];
    int64_t heads = cache == LLW_CACHE_INDEXER ? 1 : g->h->layer[il].kv_heads;
    return llw_view_4d(g, k, (int64_t[4]){head, heads, cells, k->ne[2]}, row(k, head), row(k, width),
                       row(k, width * cells), 0);
}

llw_node *llw_block_cached_v(llw_graph *g, int cache, int il) {
    llw_node *v = llw_cache_v(g, cache, il);
    int64_t head = llw_hparams_head_v(g->h, il), heads = g->h->layer[il].kv_heads, cells = v->ne[1],
            width = v->ne[0];
    if (!g->plan->v_transposed)
        return llw_view_4d(g, v, (int64_t[4]){head, heads, cells, v->ne[2]}, row(v, head), row(v, width),
                           row(v, width * cells), 0);
    return llw_view_4d(g, v, (int64_t[4]){cells, heads, head, v->ne[2]}, row(v, cells * head), row(v, cells),
                       row(v, cells * width), 0);
}

static llw_node *all_streams(llw_graph *g, llw_node *cache, int64_t width) {
    return cache->ne[2] > 1 ? llw_reshape_2d(g, cache, width, cache->ne[1] * cache->ne[2]) : cache;
}

void llw_block_store_k(llw_graph *g, const llw_attention *a, int cache, llw_node *k, int il) {
    int64_t width = k->ne[0] * k->ne[1];
    llw_node *rows = llw_view_2d(g, k, width, k->ne[2], k->nb[2], 0);
    llw_expand(g, llw_set_rows(g, all_streams(g, llw_cache_k(g, cache, il), width), rows, a->k_rows[cache]));
}

void llw_block_store_v(llw_graph *g, const llw_attention *a, int cache, llw_node *v, int il) {
    int64_t width = v->ne[0] * v->ne[1], n = v->ne[2];
    llw_node *to = llw_cache_v(g, cache, il);
    if (!g->plan->v_transposed) {
        llw_node *rows = llw_view_2d(g, v, width, n, v->nb[2], 0);
        llw_expand(g, llw_set_rows(g, all_streams(g, to, width), rows, a->v_rows[cache]));
        return;
    }
    llw_node *flat =
        row(v, width) == v->nb[2] ? llw_reshape_2d(g, v, width, n) : llw_cont_4d(g, v, width, n, 1, 1);
    if (width < to->ne[0]) flat = llw_pad(g, flat, to->ne[0] - width, 0, 0, 0);
    to = llw_reshape_2d(g, to, 1, llw_node_elements(to));
    flat = llw_reshape_2d(g, flat, 1, llw_node_elements(flat));
    llw_expand(g, llw_set_rows(g, to, flat, a->v_rows[cache]));
}

static llw_node *flash(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *mask,
                       const llw_attend_more *more, bool transposed, int il) {
    if (transposed) v = llw_transpose(g, v);
    if (k->type == LLW_F32) k = llw_cast(g, k, LLW_F16);
    if (v->type == LLW_F32) v = llw_cast(g, v, LLW_F16);
    llw_node *x = llw_flash_attn(g, q, k, v, mask, more->sinks);
    x->kind = g->h->alibi;
    x->fused_layer = il + 1;
    if (more->v_mla) {
        x = llw_permute(g, x, 0, 2, 1, 3);
        x = llw_mul_mat(g, more->v_mla, x);
        x = llw_cont(g, llw_permute(g, x, 0, 2, 1, 3));
    }
    return llw_reshape_2d(g, x, x->ne[0] * x->ne[1], x->ne[2] * x->ne[3]);
}

static llw_node *scores(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *mask,
                        const llw_attend_more *more, bool transposed) {
    llw_node *kq = llw_mul_mat(g, k, q);
    if (g->h->soft_cap == LLW_SOFT_CAP_GROK)
        kq = llw_scale_by(g, llw_apply(g, llw_scale_by(g, kq), LLW_TANH));
    if (g->h->soft_cap == LLW_SOFT_CAP_ATTENTION)
        kq = llw_scale_by(g, llw_apply(g, llw_scale_by(g, kq), LLW_TANH));
    if (more->bias) kq = llw_add(g, kq, more->bias);
    kq = llw_soft_max_ext(g, kq, mask, more->sinks);
    if (!transposed) v = llw_cont(g, llw_transpose(g, v));
    llw_node *x = llw_mul_mat(g, v, kq);
    if (more->v_mla) x = llw_mul_mat(g, more->v_mla, x);
    x = llw_permute(g, x, 0, 2, 1, 3);
    x = llw_cont_4d(g, x, x->ne[0] * x->ne[1], x->ne[2] * x->ne[3], 1, 1);
    if (!g->plan->launch->kv_offload) x->pin = LLW_PIN_HOST;
    return x;
}

llw_node *llw_block_mha(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *mask,
                        const llw_attend_more *more, int il) {
    static const llw_attend_more none;
    if (!more) more = &none;
    bool transposed = v->nb[1] > v->nb[2];
    int64_t streams = k->ne[3] > 0 ? k->ne[3] : 1;
    q = llw_view_4d(g, q, (int64_t[4]){q->ne[0], q->ne[1], q->ne[2] / streams, streams}, q->nb[1], q->nb[2],
                    q->nb[3] / streams, 0);
    q = llw_permute(g, q, 0, 2, 1, 3);
    k = llw_permute(g, k, 0, 2, 1, 3);
    v = llw_permute(g, v, 0, 2, 1, 3);
    llw_node *x = g->plan->flash_attn && !more->bias ? flash(g, q, k, v, mask, more, transposed, il)
                                                     : scores(g, q, k, v, mask, more, transposed);
    llw_expand(g, x);
    return x;
}

static llw_node *attend_cached(llw_graph *g, const llw_attention *a, llw_node *q, llw_node *k, llw_node *v,
                               const llw_attend_more *more, int il) {
    int cache = llw_block_cache_of(g, il);
    llw_node *rotate_k = a->rotate_k[cache], *rotate_v = a->rotate_v[cache];
    if (rotate_k) {
        q = llw_block_rotate(g, q, rotate_k);
        if (k) k = llw_block_rotate(g, k, rotate_k);
    }
    if (rotate_v && v) v = llw_block_rotate(g, v, rotate_v);
    llw_expand(g, q);
    bool windows = g->plan->cache[LLW_CACHE_WINDOW].window != 0;
    if (a->keys_only) windows = false;
    if (windows && k) llw_expand(g, k); /* models with windows put k before v, the others v before k */
    if (v) llw_expand(g, v);
    if (!windows && k) llw_expand(g, k);
    if (k) llw_block_store_k(g, a, cache, k, il);
    if (v && !a->keys_only) llw_block_store_v(g, a, cache, v, il);
    llw_node *cached_k = llw_block_cached_k(g, cache, il), *cached_v;
    if (a->keys_only)
        cached_v = llw_view_4d(g, cached_k, /* whoever caches keys alone gives a v that lies in them */
                               /* NOLINTNEXTLINE(clang-analyzer-core.*) */
                               (int64_t[4]){v->ne[0], cached_k->ne[1], cached_k->ne[2], cached_k->ne[3]},
                               cached_k->nb[1], cached_k->nb[2], cached_k->nb[3], 0);
    else
        cached_v = llw_block_cached_v(g, cache, il);
    llw_node *x = llw_block_mha(g, q, cached_k, cached_v, a->mask[cache], more, il);
    return rotate_v ? llw_block_rotate(g, x, rotate_v) : x;
}

llw_node *llw_block_attend(llw_graph *g, const llw_attention *a, llw_weight_id out, llw_node *q, llw_node *k,
                           llw_node *v, const llw_attend_more *more, int il) {
    llw_node *x;
    if (a->cached) {
        x = attend_cached(g, a, q, k, v, more, il);
    } else {
        llw_expand(g, q);
        llw_expand(g, k);
        llw_expand(g, v);
        x = llw_block_mha(g, q, k, v, a->mask[g->h->layer[il].windowed ? LLW_CACHE_WINDOW : LLW_CACHE_BASE],
                          more, il);
    }
    return out ? llw_block_mm_bias(g, out, il, x) : x;
}

/* ---- states ---- */

void llw_block_recurrent(llw_graph *g, llw_recurrent *inputs) {
    enum { I = 4 };
    int64_t all = g->plan->state.rows;
    inputs->copies = llw_input(g, LLW_I32, all, 1, 1, 1);
    inputs->main = llw_view_1d(g, inputs->copies, g->n_seqs, 0);
    inputs->extra = llw_view_1d(g, inputs->copies, all - g->n_seqs, g->n_seqs * I);
}

llw_node *llw_block_states_begin(llw_graph *g, llw_node *state) {
    llw_node *states = llw_reshape_2d(g, state, state->ne[0], state->ne[1]);
    /* init_full leaves rs_z at -1: nothing to clear, an empty view */
    llw_expand(g, llw_scale_in_place(g, llw_view_1d(g, states, 0, 0)));
    return states;
}

void llw_block_states_end(llw_graph *g, const llw_recurrent *inputs, llw_node *state, llw_node *states,
                          llw_node *mine) {
    llw_expand(g, mine);
    llw_node *others = llw_get_rows(g, states, inputs->extra);
    llw_expand(g, llw_cpy(g, others,
                          llw_view_2d(g, state, state->ne[0], state->ne[1] - g->n_seqs, state->nb[1],
                                      g->n_seqs * state->nb[1])));
}

llw_node *llw_block_states(llw_graph *g, const llw_recurrent *inputs, llw_node *state) {
    llw_node *states = llw_block_states_begin(g, state);
    llw_node *mine = llw_get_rows(g, states, inputs->main);
    llw_block_states_end(g, inputs, state, states, mine);
    return mine;
}

/* ---- the end ---- */

/* Tokens' embeddings to those of sequences: llm_graph_context::build_pooling and build_dense_out. */
void llw_block_pooling(llw_graph *g) {
    enum { NONE, MEAN, CLS, LAST, RANK };
    const char *name = g->plan->architecture ? g->plan->architecture->name : "";
    llw_node *x = g->embeddings;
    int64_t pooling = g->h->pooling;
    bool modern = !strcmp(name, "modern-bert");
    if (!x) {
        llw_graph_fail(g, "no embeddings to pool");
        return;
    }
    if (pooling == MEAN || (pooling == RANK && modern)) {
        llw_node *mean = llw_input(g, LLW_F32, g->n_tokens, g->n_seqs, 1, 1);
        x = llw_mul_mat(g, llw_cont(g, llw_transpose(g, x)), mean);
    } else if (pooling != NONE) {
        x = llw_get_rows(g, x, llw_input(g, LLW_I32, g->n_seqs, 1, 1, 1));
    }
    if (pooling == RANK) {
        if (llw_w(g, LLW_W_CLS, -1)) {
            x = llw_apply(g, llw_block_mm_bias(g, LLW_W_CLS, -1, x), modern ? LLW_GELU : LLW_TANH);
            if (llw_w(g, LLW_W_CLS_NORM, -1)) x = llw_block_norm(g, x, LLW_W_CLS_NORM, -1, LLW_NORM_LAYER);
        }
        if (llw_w(g, LLW_W_CLS_OUTPUT, -1)) x = llw_block_mm_bias(g, LLW_W_CLS_OUTPUT, -1, x);
        if (!strcmp(name, "qwen3") || !strcmp(name, "qwen3vl")) x = llw_soft_max(g, x);
    }
    llw_expand(g, x);
    if (llw_w(g, LLW_W_DENSE_2, -1)) x = llw_block_mm_bias(g, LLW_W_DENSE_2, -1, x);
    if (llw_w(g, LLW_W_DENSE_3, -1)) x = llw_block_mm(g, LLW_W_DENSE_3, -1, x);
    g->pooled = x;
    llw_expand(g, x);
}

void llw_block_pick_outputs(llw_graph *g, llw_node *out_ids, llw_node **x, llw_node **residual) {
    *x = llw_get_rows(g, *x, out_ids);
    if (residual) *residual = llw_get_rows(g, *residual, out_ids);
}

bool llw_block_late_outputs(const llw_graph *g) {
    return g->plan->build.late_outputs != 0;
}

llw_node *llw_block_logits(llw_graph *g, llw_node *x) {
    if (!g->embeddings) g->embeddings = x;
    llw_node *scale = llw_scale_of(g, LLW_W_OUTPUT, -1);
    x = llw_mul_mat(g, llw_output_w(g), x);
    return scale ? llw_mul(g, x, scale) : x;
}

static void logits(llw_graph *g, llw_node *x) {
    g->logits = llw_block_logits(g, x);
    llw_expand(g, g->logits);
}

void llw_block_output(llw_graph *g, llw_node *x, llw_norm_kind kind) {
    logits(g, llw_block_norm(g, x, LLW_W_OUTPUT_NORM, -1, kind));
}

void llw_block_output_of(llw_graph *g, llw_node *x, llw_node *out_ids, llw_norm_kind kind) {
    if (llw_block_late_outputs(g)) {
        g->hidden = x;
        x = llw_get_rows(g, x, out_ids);
    }
    llw_block_output(g, x, kind);
}

void llw_block_output_after_norm(llw_graph *g, llw_node *x, llw_node *out_ids, llw_norm_kind kind) {
    x = llw_block_norm(g, x, LLW_W_OUTPUT_NORM, -1, kind);
    if (llw_block_late_outputs(g)) {
        g->hidden = x;
        x = llw_get_rows(g, x, out_ids);
    }
    logits(g, x);
}
