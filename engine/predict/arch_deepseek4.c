/* DeepSeek 4: several residual streams mixed by fused operations; attention to a window, and to cells that
 * hold several tokens each, all of them (128 tokens) or those an indexer chose (4 tokens).
 *
 * Sources: src/models/deepseek4.cpp, src/llama-graph.cpp build_inp_dsv4, src/llama-kv-cache-dsv4.cpp
 * dsv4_build_reserve_comp_plan, llama.cpp v0.5.0. */
#include "predict/dsa.h"
#include "predict/families.h"

#include <string.h>

enum { F = 4, FINE = 4, COARSE = 128 /* tokens a cell: DSV4_CSA_RATIO, DSV4_HCA_RATIO */ };

/* One kind of compressed cells: what is not yet a whole cell is kept as values and scores for each sequence.
 */
typedef struct compressor {
    int cache;
    int64_t ratio, head, rows, width; /* of the state, for each sequence */
    bool overlaps;
    llw_weight_id kv, gate, position, norm;
    llw_node *positions, *from, *to, *read, *write_rows, *write_positions, *mask, *rotation;
} compressor;

typedef struct build {
    llw_graph *g;
    llw_attention attention;
    compressor fine, coarse, indexer;
    llw_node *positions;
    int64_t streams;
} build;

/* ---- streams ---- */

typedef struct part_weights {
    llw_weight_id fn, scale, base;
} part_weights;

static llw_node *affine(llw_graph *g, llw_node *x, llw_node *scale, llw_node *base) {
    return llw_add(g, llw_mul(g, x, scale), base);
}

static llw_node *share(llw_graph *g, llw_node *x, llw_node *scale, llw_node *base) {
    return llw_scale_by(g, llw_apply(g, affine(g, x, scale, base), LLW_SIGMOID));
}

static llw_node *mixes_of(llw_graph *g, llw_node *x, llw_node *fn) {
    llw_node *flat = llw_reshape_2d(g, x, x->ne[0] * x->ne[1], x->ne[2]);
    return llw_mul_mat(g, fn, llw_rms_norm(g, flat));
}

/* One of each token's weights, as a row. */
static llw_node *weight(llw_graph *g, llw_node *weights, int64_t n, int64_t stride, int64_t offset) {
    return llw_view_2d(g, weights, 1, n, stride, offset);
}

/* The streams' weighted sum. il -1: the head, which is never fused. */
static llw_node *reduce(llw_graph *g, llw_node *x, llw_node *weights, int il) {
    int64_t width = x->ne[0], n = x->ne[2];
    llw_node *sum = NULL;
    if (!g->plan->apart_pre && il >= 0) {
        sum = llw_node_of(g, LLW_OP_DSV4_HC_PRE, LLW_F32, (int64_t[4]){width, n, 1, 1},
                          (llw_node *[]){x, weights, NULL});
        sum->fused_layer = il + 1;
        return sum;
    }
    for (int64_t i = 0; i < x->ne[1]; i++) {
        llw_node *part = llw_view_2d(g, x, width, n, x->nb[2], i * x->nb[1]);
        part = llw_mul(g, part, weight(g, weights, n, weights->nb[1], i * F));
        sum = sum ? llw_add(g, sum, part) : part;
    }
    return sum ? sum : x;
}

/* Rows and columns are made to add up to one, by turns. */
static llw_node *balanced(llw_graph *g, llw_node *comb) {
    comb = llw_soft_max(g, comb);
    llw_node *little = llw_fill(g, llw_tensor_new(g, LLW_F32, 1, 1, 1, 1));
    comb = llw_add(g, comb, little);
    for (int64_t i = 0; i < 1 || i < g->h->sinkhorn; i++) {
        if (i) comb = llw_div(g, comb, llw_add(g, llw_sum_rows(g, comb), little));
        llw_node *sum = llw_sum_rows(g, llw_cont(g, llw_permute(g, comb, 1, 0, 2, 3)));
        comb = llw_div(g, comb, llw_permute(g, llw_add(g, sum, little), 1, 0, 2, 3));
    }
    return comb;
}

static llw_node *before(llw_graph *g, llw_node *x, const part_weights *w, llw_node **post, llw_node **comb,
                        int il) {
    int64_t hc = x->ne[1], n = x->ne[2];
    llw_node *scale = llw_w(g, w->scale, il), *base = llw_w(g, w->base, il);
    if (!scale || !base) {
        llw_graph_fail(g, "layer %d lacks hyper-connection tensors", il);
        *post = *comb = x;
        return x;
    }
    llw_node *mixes = mixes_of(g, x, llw_w(g, w->fn, il));
    llw_node *scale_pre = llw_view_1d(g, scale, 1, 0), *scale_post = llw_view_1d(g, scale, 1, F);
    llw_node *base_pre = llw_view_1d(g, base, hc, 0), *base_post = llw_view_1d(g, base, hc, hc * F);
    llw_node *pre = share(g, llw_view_2d(g, mixes, hc, n, mixes->nb[1], 0), scale_pre, base_pre);
    *post = share(g, llw_view_2d(g, mixes, hc, n, mixes->nb[1], hc * F), scale_post, base_post);
    if (g->plan->apart_comb) {
        llw_node *own_scale = llw_view_1d(g, scale, 1, 2 * F),
                 *own = llw_view_1d(g, base, hc * hc, 2 * hc * F);
        *comb = affine(g, llw_view_2d(g, mixes, hc * hc, n, mixes->nb[1], 2 * hc * F), own_scale, own);
        *comb = balanced(g, llw_reshape_3d(g, *comb, hc, hc, n));
    } else {
        *comb = llw_node_of(g, LLW_OP_DSV4_HC_COMB, LLW_F32, (int64_t[4]){hc, hc, n, 1},
                            (llw_node *[]){mixes, scale, base, NULL});
        (*comb)->fused_layer = il + 1;
    }
    return reduce(g, x, pre, il);
}

static llw_node *behind(llw_graph *g, llw_node *x, llw_node *residual, llw_node *post, llw_node *comb,
                        int il) {
    int64_t width = x->ne[0], n = x->ne[1], hc = residual->ne[1];
    llw_node *out = NULL;
    if (!g->plan->apart_post) {
        out = llw_node_of(g, LLW_OP_DSV4_HC_POST, LLW_F32, (int64_t[4]){width, hc, n, 1},
                          (llw_node *[]){x, residual, post, comb, NULL});
        out->fused_layer = il + 1;
        return out;
    }
    for (int64_t to = 0; to < hc; to++) {
        llw_node *mine = llw_mul(g, x, weight(g, post, n, post->nb[1], to * post->nb[0]));
        for (int64_t from = 0; from < hc; from++) {
            llw_node *part = llw_view_2d(g, residual, width, n, residual->nb[2], from * residual->nb[1]);
            llw_node *by = weight(g, comb, n, comb->nb[2], to * comb->nb[0] + from * comb->nb[1]);
            mine = llw_add(g, mine, llw_mul(g, part, by));
        }
        mine = llw_reshape_3d(g, mine, width, 1, n);
        out = out ? llw_concat(g, out, mine, 1) : mine;
    }
    return out ? out : x;
}

/* ---- inputs ---- */

static llw_node *ints(llw_graph *g, int64_t n) {
    return n > 0 ? llw_input(g, LLW_I32, n, 1, 1, 1) : NULL;
}

static void rotation(build *b, compressor *c) {
    const llw_cache *cache = &b->g->plan->cache[c->cache];
    int64_t n = 64;
    if (!cache->rotate_k && c->cache != LLW_CACHE_INDEXER) return;
    while (c->head % (2 * n) == 0) n *= 2;
    c->rotation = llw_input(b->g, LLW_F32, n, n, 1, 1);
}

static void make_compressor(build *b, compressor *c, int mask_type) {
    llw_graph *g = b->g;
    int64_t blocks = g->n_tokens / c->ratio + g->n_seqs, kept = c->rows * g->n_seqs;
    kept = kept < g->n_tokens ? kept : g->n_tokens;
    c->positions = ints(g, g->n_tokens);
    c->from = ints(g, kept);
    c->to = ints(g, kept);
    c->read = ints(g, (c->overlaps ? 2 : 1) * c->ratio * blocks);
    c->write_rows = llw_input(g, LLW_I64, blocks, 1, 1, 1);
    c->write_positions = ints(g, blocks);
    c->mask =
        llw_input(g, mask_type, g->plan->cache[c->cache].cells, g->n_tokens / b->streams, 1, b->streams);
    b->attention.k_rows[c->cache] = c->write_rows;
}

static void make_inputs(build *b) {
    llw_graph *g = b->g;
    const llw_hparams *h = g->h;
    int half = g->plan->flash_attn ? LLW_F16 : LLW_F32;
    b->streams = g->n_seqs;
    b->attention.keys_only = b->attention.cached = true;
    b->attention.k_rows[LLW_CACHE_WINDOW] = llw_input(g, LLW_I64, g->n_tokens, 1, 1, 1);
    b->attention.mask[LLW_CACHE_WINDOW] =
        llw_input(g, half, g->plan->cache[LLW_CACHE_WINDOW].cells, g->n_tokens / b->streams, 1, b->streams);
    b->fine = (compressor){LLW_CACHE_BY_4,
                           FINE,
                           h->head_k,
                           2 * FINE,
                           2 * h->head_k,
                           true,
                           LLW_W_ATTN_COMPRESSOR_KV,
                           LLW_W_ATTN_COMPRESSOR_GATE,
                           LLW_W_ATTN_COMPRESSOR_APE,
                           LLW_W_ATTN_COMPRESSOR_NORM,
                           NULL,
                           NULL,
                           NULL,
                           NULL,
                           NULL,
                           NULL,
                           NULL,
                           NULL};
    b->coarse = b->fine;
    b->coarse.cache = LLW_CACHE_BY_128;
    b->coarse.ratio = b->coarse.rows = COARSE;
    b->coarse.width = h->head_k;
    b->coarse.overlaps = false;
    b->indexer = b->fine;
    b->indexer.cache = LLW_CACHE_INDEXER;
    b->indexer.head = h->indexer_head;
    b->indexer.width = 2 * h->indexer_head;
    b->indexer.kv = LLW_W_INDEXER_COMPRESSOR_KV;
    b->indexer.gate = LLW_W_INDEXER_COMPRESSOR_GATE;
    b->indexer.position = LLW_W_INDEXER_COMPRESSOR_APE;
    b->indexer.norm = LLW_W_INDEXER_COMPRESSOR_NORM;
    compressor raw = {.cache = LLW_CACHE_WINDOW, .head = h->head_k};
    rotation(b, &raw);
    b->attention.rotate_k[LLW_CACHE_WINDOW] = raw.rotation;
    make_compressor(b, &b->fine, half);
    make_compressor(b, &b->coarse, half);
    make_compressor(b, &b->indexer, LLW_F16);
    rotation(b, &b->fine);
    rotation(b, &b->coarse);
    rotation(b, &b->indexer);
}

/* ---- compression ---- */

typedef struct pair {
    llw_node *kv, *score;
} pair;

/* A state's memory, as long as it is used in this layer. */
static llw_node *state(build *b, const compressor *c, int il) {
    llw_node *node = llw_tensor_new(b->g, LLW_F32, c->width, c->rows, b->g->plan->n_seq, 1);
    node->place = b->g->plan->launch->kv_offload ? b->g->plan->layer_place[il] : LLW_PLACE_CPU;
    return node;
}

static llw_node *all_rows(build *b, const compressor *c, llw_node *memory) {
    return llw_view_2d(b->g, memory, c->width, c->rows * b->g->plan->n_seq, memory->nb[1], 0);
}

static llw_node *some_rows(llw_graph *g, llw_node *x, int64_t rows) {
    return llw_view_2d(g, x, x->ne[0], rows, x->nb[1], 0);
}

/* Another row behind the others, of nothing. */
static llw_node *with_nothing(llw_graph *g, llw_node *x) {
    llw_node *row = llw_scale_by(g, llw_view_1d(g, x, x->ne[0], 0));
    return llw_concat(g, x, llw_reshape_2d(g, row, x->ne[0], 1), 1);
}

static llw_node *half_of(llw_graph *g, llw_node *rows, int64_t head, int64_t read, bool second,
                         const compressor *c) {
    llw_node *x = llw_view_2d(g, rows, head, read, rows->nb[1], second ? read * rows->nb[1] + head * F : 0);
    return llw_reshape_3d(g, llw_cont(g, x), head, c->ratio, read / c->ratio);
}

static llw_node *weigh(build *b, const compressor *c, llw_node *values, llw_node *scores, int il) {
    llw_graph *g = b->g;
    values = llw_cont(g, llw_permute(g, values, 1, 0, 2, 3));
    scores = llw_cont(g, llw_permute(g, scores, 1, 0, 2, 3));
    llw_node *x = llw_sum_rows(g, llw_mul(g, values, llw_soft_max(g, scores)));
    x = llw_cont(g, llw_permute(g, x, 1, 0, 2, 3));
    x = llw_rope(g, llw_block_rms(g, x, c->norm, il), c->write_positions, NULL);
    return c->rotation ? llw_block_rotate(g, x, c->rotation) : x;
}

static llw_node *compressed(build *b, const compressor *c, pair source, int il) {
    llw_graph *g = b->g;
    int64_t blocks = c->write_positions->ne[0], read = c->ratio * blocks;
    if (!c->overlaps) {
        llw_node *kv = llw_reshape_3d(g, llw_get_rows(g, source.kv, c->read), c->head, c->ratio, blocks);
        llw_node *score =
            llw_reshape_3d(g, llw_get_rows(g, source.score, c->read), c->head, c->ratio, blocks);
        return weigh(b, c, kv, score, il);
    }
    source.kv = with_nothing(g, source.kv);
    source.score = with_nothing(g, source.score);
    llw_node *kv = llw_get_rows(g, source.kv, c->read), *score = llw_get_rows(g, source.score, c->read);
    llw_node *kv_before = half_of(g, kv, c->head, read, false, c),
             *score_before = half_of(g, score, c->head, read, false, c);
    llw_node *kv_now = half_of(g, kv, c->head, read, true, c),
             *score_now = half_of(g, score, c->head, read, true, c);
    llw_node *values = llw_concat(g, kv_before, kv_now, 1),
             *scores = llw_concat(g, score_before, score_now, 1);
    return weigh(b, c, values, scores, il);
}

static pair fresh(build *b, const compressor *c, llw_node *x, int il) {
    llw_graph *g = b->g;
    pair p;
    p.kv = llw_block_mm(g, c->kv, il, x);
    p.score = llw_block_mm(g, c->gate, il, x);
    p.score = llw_add(g, p.score, llw_get_rows(g, llw_w(g, c->position, il), c->positions));
    return p;
}

/* Whole cells are stored, and what is left becomes the state. */
static void compress(build *b, const compressor *c, pair now, int il) {
    llw_graph *g = b->g;
    pair memory = {state(b, c, il), state(b, c, il)},
         all = {all_rows(b, c, memory.kv), all_rows(b, c, memory.score)};
    int64_t rows = c->rows * g->plan->n_seq;
    pair old = {some_rows(g, all.kv, rows), some_rows(g, all.score, rows)};
    pair source = {llw_concat(g, old.kv, now.kv, 1), llw_concat(g, old.score, now.score, 1)};
    llw_block_store_k(g, &b->attention, c->cache, compressed(b, c, source, il), il);
    llw_node *kv = llw_get_rows(g, now.kv, c->from), *score = llw_get_rows(g, now.score, c->from);
    kv = llw_set_rows(g, all_rows(b, c, memory.kv), kv, c->to);
    score = llw_set_rows(g, all_rows(b, c, memory.score), score, c->to);
    llw_expand(g, kv);
    llw_expand(g, score);
}

/* ---- attention ---- */

static llw_node *by_stream(llw_graph *g, llw_node *x, int64_t ne1, int64_t ne2, int64_t streams,
                           int64_t nb2) {
    return llw_view_4d(g, x, (int64_t[4]){x->ne[0], ne1, ne2, streams}, x->nb[1], nb2, x->nb[3] / streams, 0);
}

static llw_node *cells(build *b, int cache, int il) {
    llw_node *k = llw_block_cached_k(b->g, cache, il);
    return llw_view_4d(b->g, k, (int64_t[4]){k->ne[0], k->ne[1], b->g->plan->cache[cache].cells, k->ne[3]},
                       k->nb[1], k->nb[2], k->nb[3], 0);
}

static llw_node *choose(build *b, llw_node *row, llw_node *x, int il) {
    llw_graph *g = b->g;
    const llw_hparams *h = g->h;
    const compressor *c = &b->indexer;
    llw_node *q = llw_block_mm(g, LLW_W_INDEXER_ATTN_Q_B, il, row);
    q = llw_rope(g, llw_reshape_3d(g, q, h->indexer_head, h->indexer_heads, g->n_tokens), b->positions, NULL);
    q = llw_block_rotate(g, q, c->rotation);
    llw_node *weights = llw_scale_by(g, llw_block_mm(g, LLW_W_INDEXER_PROJ, il, x));
    llw_node *k = cells(b, LLW_CACHE_INDEXER, il);
    int64_t streams = k->ne[3];
    q = by_stream(g, q, q->ne[1], q->ne[2] / streams, streams, q->nb[2]);
    weights =
        by_stream(g, weights, weights->ne[1] / streams, weights->ne[2], streams, weights->nb[2] / streams);
    llw_node *score = llw_dsa_score(g, q, k, weights, c->mask);
    return llw_cont(g,
                    llw_top_k(g, score, score->ne[0] < h->indexer_top_k ? score->ne[0] : h->indexer_top_k));
}

static llw_node *look(build *b, llw_node *q, llw_node *kv, const compressor *c, llw_node *chosen, int il) {
    llw_graph *g = b->g;
    llw_node *turn = b->attention.rotate_k[LLW_CACHE_WINDOW], *mask = b->attention.mask[LLW_CACHE_WINDOW];
    llw_attend_more more = {.sinks = llw_w(g, LLW_W_ATTN_SINKS, il)};
    if (turn) {
        q = llw_block_rotate(g, q, turn);
        kv = llw_block_rotate(g, kv, turn);
    }
    llw_expand(g, q);
    llw_expand(g, kv);
    llw_block_store_k(g, &b->attention, LLW_CACHE_WINDOW, kv, il);
    llw_node *k = llw_block_cached_k(g, LLW_CACHE_WINDOW, il);
    if (c) {
        k = llw_concat(g, k, cells(b, c->cache, il), 2);
        mask = llw_concat(g, mask, chosen ? llw_dsa_mask(g, c->mask, chosen, c->mask->type) : c->mask, 0);
    }
    llw_node *x = llw_block_mha(g, q, k, k, mask, &more, il);
    return turn ? llw_block_rotate(g, x, turn) : x;
}

static llw_node *attend(build *b, llw_node *x, int il) {
    llw_graph *g = b->g;
    const llw_hparams *h = g->h;
    int64_t head = h->head_k, heads = h->layer[il].heads, n = g->n_tokens, ratio = h->layer[il].compress;
    llw_node *row = llw_block_rms(g, llw_block_mm(g, LLW_W_ATTN_Q_A, il, x), LLW_W_ATTN_Q_A_NORM, il);
    llw_node *q = llw_reshape_3d(g, llw_block_mm(g, LLW_W_ATTN_Q_B, il, row), head, heads, n);
    q = llw_rope(g, llw_rms_norm(g, q), b->positions, NULL);
    llw_node *kv = llw_block_rms(g, llw_block_mm(g, LLW_W_ATTN_KV, il, x), LLW_W_ATTN_KV_A_NORM, il);
    kv = llw_rope(g, llw_reshape_3d(g, kv, head, 1, n), b->positions, NULL);
    llw_node *chosen = NULL;
    const compressor *c = ratio == FINE ? &b->fine : ratio == COARSE ? &b->coarse : NULL;
    if (c) compress(b, c, fresh(b, c, x, il), il);
    if (ratio == FINE) {
        compress(b, &b->indexer, fresh(b, &b->indexer, x, il), il);
        chosen = choose(b, row, x, il);
    }
    llw_node *o = llw_reshape_3d(g, look(b, q, kv, c, chosen, il), head, heads, n);
    o = llw_rope(g, o, b->positions, NULL); /* turned back */
    int64_t groups = h->out_groups;
    if (groups <= 0 || heads % groups) {
        llw_graph_fail(g, "the header's attention.output_group_count does not divide the heads");
        return x;
    }
    o = llw_permute(g, llw_reshape_3d(g, o, heads / groups * head, groups, n), 0, 2, 1, 3);
    llw_node *a = llw_w_shaped(g, LLW_W_ATTN_OUTPUT_A, il, heads / groups * head, h->out_lora, groups);
    o = llw_permute(g, llw_mul_mat(g, a, o), 0, 2, 1, 3);
    o = llw_cont_4d(g, o, h->out_lora * groups, n, 1, 1);
    return llw_block_mm(g, LLW_W_ATTN_OUTPUT_B, il, o);
}

static llw_node *feed_forward(llw_graph *g, llw_node *x, llw_node *tokens, int il) {
    llw_moe how = llw_block_moe_defaults(g, il);
    how.fused_clamp = true;
    if (il < g->h->hash_layers) {
        how.chosen = llw_get_rows(g, llw_w(g, LLW_W_FFN_GATE_TID2EID, il), tokens);
        how.no_selection_bias = true;
    }
    llw_node *routed = llw_block_moe(g, x, &how, il);
    llw_ffn shared = {.up = LLW_W_FFN_UP_SHEXP,
                      .gate = LLW_W_FFN_GATE_SHEXP,
                      .down = LLW_W_FFN_DOWN_SHEXP,
                      .fused_clamp = true};
    return llw_add(g, routed, llw_block_ffn(g, x, &shared, il));
}

void llw_build_deepseek4(llw_graph *g) {
    static const part_weights attention = {LLW_W_HC_ATTN_FN, LLW_W_HC_ATTN_SCALE, LLW_W_HC_ATTN_BASE},
                              feed = {LLW_W_HC_FFN_FN, LLW_W_HC_FFN_SCALE, LLW_W_HC_FFN_BASE};
    const llw_hparams *h = g->h;
    build b = {.g = g};
    llw_node *x = llw_block_embed(g), *post, *comb;
    b.positions = llw_block_positions(g);
    llw_node *out_ids = llw_block_out_ids(g);
    if (h->hyper < 1 || h->indexer_head < 1) {
        llw_graph_fail(g, "the header has no hyper_connection.count or no indexer");
        return;
    }
    make_inputs(&b);
    llw_expand(g, b.attention.mask[LLW_CACHE_WINDOW]);
    x = llw_repeat(g, llw_reshape_3d(g, x, h->n_embd, 1, g->n_tokens), h->n_embd, h->hyper, g->n_tokens, 1);
    for (int il = 0; il < h->n_layer; il++) {
        llw_node *residual = x;
        x = before(g, x, &attention, &post, &comb, il);
        x = attend(&b, llw_block_rms(g, x, LLW_W_ATTN_NORM, il), il);
        residual = x = behind(g, x, residual, post, comb, il);
        x = before(g, x, &feed, &post, &comb, il);
        llw_expand(g, residual);
        llw_expand(g, post);
        llw_expand(g, comb);
        x = feed_forward(g, llw_block_rms(g, x, LLW_W_FFN_NORM, il), g->tokens, il);
        x = behind(g, x, residual, post, comb, il);
        x->pin = (short)(il + 1);
    }
    x = llw_get_rows(g, llw_reshape_2d(g, x, h->n_embd * h->hyper, g->n_tokens), out_ids);
    x = llw_reshape_3d(g, x, h->n_embd, h->hyper, g->n_outputs);
    llw_node *mix = mixes_of(g, x, llw_w(g, LLW_W_OUTPUT_HC_FN, -1));
    mix = share(g, mix, llw_w(g, LLW_W_OUTPUT_HC_SCALE, -1), llw_w(g, LLW_W_OUTPUT_HC_BASE, -1));
    llw_block_output(g, reduce(g, x, mix, -1), LLW_NORM_RMS);
}
