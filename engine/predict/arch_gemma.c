/* Gemma 3n and 4: embeddings for each layer beside the states, layers that read an earlier layer's cache.
 *
 * Sources: src/models/gemma3n.cpp and gemma4.cpp, llama.cpp v0.5.0, and the same of 2026-05-04. */
#include "predict/families.h"

enum { F = 4 };

/* The i-th matrix of a contiguous tensor of several. */
static llw_node *slice(llw_graph *g, llw_node *x, int64_t i) {
    return llw_view_2d(g, x, x->ne[0], x->ne[1], x->ne[0] * F, i * x->ne[0] * x->ne[1] * F);
}

/* A row of numbers for each layer and token, from a table of its own and from the tokens' embeddings. */
static llw_node *layer_inputs(llw_graph *g, llw_node *x) {
    int64_t layers = g->h->n_layer, n = g->n_tokens;
    llw_node *table = llw_w(g, LLW_W_PER_LAYER_TOKEN_EMBD, -1);
    if (!table || layers < 1 || table->ne[0] % layers) {
        llw_graph_fail(g, "per_layer_token_embd does not fit the number of layers");
        return x;
    }
    int64_t width = table->ne[0] / layers;
    llw_node *rows = llw_get_rows(g, table, llw_input(g, LLW_I32, n, 1, 1, 1));
    rows = llw_scale_by(g, llw_reshape_3d(g, rows, width, layers, n));
    llw_expand(g, rows);
    llw_node *projected = llw_scale_by(g, llw_mul_mat(g, llw_w(g, LLW_W_PER_LAYER_MODEL_PROJ, -1), x));
    projected = llw_reshape_3d(g, projected, width, layers, n);
    projected = llw_block_rms(g, projected, LLW_W_PER_LAYER_PROJ_NORM, -1);
    rows = llw_scale_by(g, llw_add(g, projected, rows));
    return llw_cont(g, llw_permute(g, rows, 0, 2, 1, 3));
}

static llw_node *soft_cap(llw_graph *g, llw_node *x) {
    return llw_scale_by(g, llw_apply(g, llw_scale_by(g, x), LLW_TANH));
}

/* Query, key and value with norms and rope; key and value of layers without a cache of their own are NULL. */
static llw_qkv heads(llw_graph *g, llw_node *x, llw_node *positions, llw_node *factors, int il) {
    const llw_layer *layer = &g->h->layer[il];
    int64_t head = llw_hparams_head_k(g->h, il), width_q = head * layer->heads,
            width_k = head * layer->kv_heads, n = x->ne[1];
    bool own = g->h->n_layer_kv < 0 || il < g->h->n_layer_kv;
    llw_node *all = llw_w(g, LLW_W_ATTN_QKV, il) ? llw_block_mm(g, LLW_W_ATTN_QKV, il, x) : NULL;
    llw_qkv a = {0};
    a.q = all ? llw_cont(g, llw_view_2d(g, all, width_q, n, all->nb[1], 0))
              : llw_block_mm(g, LLW_W_ATTN_Q, il, x);
    a.q = llw_reshape_3d(g, a.q, head, layer->heads, n);
    a.q = llw_rope(g, llw_block_rms(g, a.q, LLW_W_ATTN_Q_NORM, il), positions, factors);
    if (!own) return a;
    if (all) {
        a.k = llw_cont(g, llw_view_2d(g, all, width_k, n, all->nb[1], width_q * F));
        a.v = llw_cont(g, llw_view_2d(g, all, width_k, n, all->nb[1], (width_q + width_k) * F));
    } else {
        a.k = llw_block_mm(g, LLW_W_ATTN_K, il, x);
        a.v = llw_w(g, LLW_W_ATTN_V, il) ? llw_block_mm(g, LLW_W_ATTN_V, il, x) : a.k;
    }
    a.k = llw_reshape_3d(g, a.k, head, layer->kv_heads, n);
    a.v = llw_rms_norm(g, llw_reshape_3d(g, a.v, head, layer->kv_heads, n));
    a.k = llw_rope(g, llw_block_rms(g, a.k, LLW_W_ATTN_K_NORM, il), positions, factors);
    return a;
}

/* ---- Gemma 4 ---- */

static llw_node *dense_4(llw_graph *g, llw_node *x, int il) {
    x = llw_block_rms(g, x, LLW_W_FFN_NORM, il);
    return llw_block_ffn(g, x, &(llw_ffn){.activation = LLW_ACT_GELU}, il);
}

/* A dense feed-forward and experts, side by side. */
static llw_node *experts_4(llw_graph *g, llw_node *x, int il) {
    llw_node *dense = llw_block_rms(g, dense_4(g, x, il), LLW_W_POST_FFW_NORM_1, il);
    llw_node *in = llw_block_rms(g, x, LLW_W_PRE_FFW_NORM_2, il);
    llw_node *router = llw_scale_by(g, llw_rms_norm(g, x)), *scale = llw_scale_of(g, LLW_W_FFN_GATE_INP, il);
    if (scale) router = llw_mul(g, router, scale);
    llw_moe how = {.activation = LLW_ACT_GELU,
                   .gating = LLW_GATING_SOFTMAX,
                   .normalise = true,
                   .scale = 1,
                   .no_selection_bias = true};
    how.probs = llw_mul_mat(g, llw_w(g, LLW_W_FFN_GATE_INP, il), router);
    llw_node *routed = llw_block_moe(g, in, &how, il);
    return llw_add(g, dense, llw_block_rms(g, routed, LLW_W_POST_FFW_NORM_2, il));
}

void llw_build_gemma4(llw_graph *g) {
    const llw_hparams *h = g->h;
    bool late = llw_block_late_outputs(g);
    llw_attention attention;
    llw_node *x = llw_scale_by(g, llw_block_embed(g));
    llw_node *positions = llw_block_positions(g);
    llw_block_attention(g, &attention, false);
    llw_node *out_ids = llw_block_out_ids(g);
    llw_node *rows = llw_w(g, LLW_W_PER_LAYER_TOKEN_EMBD, -1) ? layer_inputs(g, x) : NULL;
    for (int il = 0; il < h->n_layer; il++) {
        bool picks = il == h->n_layer - 1 && !late;
        llw_node *residual = x;
        x = llw_block_rms(g, x, LLW_W_ATTN_NORM, il);
        llw_qkv a = heads(g, x, positions, h->layer[il].windowed ? NULL : llw_rope_factors(g, il), il);
        x = llw_block_attend(g, &attention, LLW_W_ATTN_OUTPUT, a.q, a.k, a.v, NULL, il);
        if (picks) llw_block_pick_outputs(g, out_ids, &x, &residual);
        llw_node *ffn_in = llw_add(g, llw_block_rms(g, x, LLW_W_POST_ATTENTION_NORM, il), residual);
        x = llw_w(g, LLW_W_FFN_GATE_INP, il) ? experts_4(g, ffn_in, il) : dense_4(g, ffn_in, il);
        x = llw_add(g, llw_block_norm_of(g, x, llw_w(g, LLW_W_POST_FFW_NORM, il), NULL, LLW_NORM_RMS, -1),
                    ffn_in);
        if (rows) {
            llw_node *before = x, *mine = slice(g, rows, il);
            x = llw_apply(g, llw_block_mm(g, LLW_W_INP_GATE, il, x), LLW_GELU);
            if (picks) mine = llw_get_rows(g, mine, out_ids);
            x = llw_block_mm(g, LLW_W_PROJ, il, llw_mul(g, x, mine));
            x = llw_add(g, before, llw_block_rms(g, x, LLW_W_POST_NORM, il));
        }
        llw_node *scale = llw_w(g, LLW_W_LAYER_OUTPUT_SCALE, il);
        if (scale) x = llw_mul(g, x, scale);
    }
    x = llw_block_rms(g, x, LLW_W_OUTPUT_NORM, -1);
    if (late) x = llw_get_rows(g, g->hidden = x, out_ids);
    x = llw_block_logits(g, x);
    g->logits = h->final_soft_cap ? soft_cap(g, x) : x;
    llw_expand(g, g->logits);
}

/* ---- Gemma 3n ---- */

enum { STREAMS = 4 /* n_altup */, SPARSE_LAYERS = 10 /* n_layer_sparsity */ };

static llw_node *magnitude(llw_graph *g, llw_node *x) {
    return llw_sqrt(g, llw_sum_rows(g, llw_sqr(g, x)));
}

/* The other streams, brought to the first one's length. */
static llw_node *same_length(llw_graph *g, llw_node *x, llw_node *length) {
    llw_node *own = magnitude(g, x);
    return llw_div(g, llw_mul(g, x, length), own);
}

static llw_node *modalities(llw_graph *g, llw_node *x, int il) {
    x = llw_scale_by(g, llw_block_rms(g, x, LLW_W_ALTUP_ROUTER_NORM, il));
    return llw_apply(g, llw_mul_mat(g, llw_w(g, LLW_W_ALTUP_ROUTER, il), x), LLW_TANH);
}

static llw_node *predict(llw_graph *g, llw_node *x, int il) {
    llw_node *m = modalities(g, slice(g, x, 0), il);
    m = llw_reshape_3d(g, llw_block_mm(g, LLW_W_ALTUP_PREDICT_COEF, il, m), STREAMS, STREAMS, g->n_tokens);
    llw_node *p = llw_mul_mat(g, llw_cont(g, llw_permute(g, x, 1, 2, 0, 3)), m);
    return llw_add(g, llw_cont(g, llw_permute(g, p, 0, 2, 1, 3)), x);
}

static llw_node *correct(llw_graph *g, llw_node *predictions, llw_node *active, int il) {
    llw_node *m = modalities(g, active, il);
    llw_node *innovation = llw_sub(g, active, slice(g, predictions, 0));
    m = llw_scale_by(g, llw_block_mm(g, LLW_W_ALTUP_CORRECT_COEF, il, m));
    m = llw_cont_4d(g, llw_transpose(g, m), 1, g->n_tokens, STREAMS, 1);
    innovation = llw_repeat(g, innovation, g->h->n_embd, g->n_tokens, STREAMS, 1);
    return llw_add(g, llw_mul(g, innovation, m), predictions);
}

/* Only the strongest of the gates stay: mean and deviation make the threshold. */
static llw_node *strongest(llw_graph *g, llw_node *x) {
    llw_node *mean = llw_mean(g, x);
    llw_node *deviation = llw_sqrt(g, llw_scale_by(g, llw_sum_rows(g, llw_sqr(g, llw_sub(g, x, mean)))));
    llw_node *threshold = llw_add(g, mean, llw_scale_by(g, deviation));
    return llw_apply(g, llw_sub(g, x, threshold), LLW_RELU);
}

/* build_qkv of a layer with its own cache: parts of a fused matrix are looked at, not copied as in Gemma 4.
 */
static llw_qkv heads_3n(llw_graph *g, llw_node *x, llw_node *positions, int il) {
    const llw_layer *layer = &g->h->layer[il];
    if (g->h->n_layer_kv >= 0 && il >= g->h->n_layer_kv) return heads(g, x, positions, NULL, il);
    llw_qkv a = llw_block_qkv(g, x, llw_hparams_head_k(g->h, il), layer->heads, layer->kv_heads, il);
    a.q = llw_rope(g, llw_block_rms(g, a.q, LLW_W_ATTN_Q_NORM, il), positions, NULL);
    a.k = llw_rope(g, llw_block_rms(g, a.k, LLW_W_ATTN_K_NORM, il), positions, NULL);
    a.v = llw_rms_norm(g, a.v);
    return a;
}

static llw_node *layer_3n(llw_graph *g, const llw_attention *attention, llw_node *x, llw_node *positions,
                          llw_node *rows, int il) {
    const llw_hparams *h = g->h;
    llw_node *predictions = predict(g, x, il), *active = slice(g, predictions, 0);
    llw_node *normed = llw_block_rms(g, active, LLW_W_ATTN_NORM, il);
    llw_node *laurel = llw_block_mm(g, LLW_W_LAUREL_R, il, llw_block_mm(g, LLW_W_LAUREL_L, il, normed));
    laurel = llw_add(g, llw_block_rms(g, laurel, LLW_W_LAUREL_POST_NORM, il), normed);
    llw_qkv a = heads_3n(g, normed, positions, il);
    x = llw_block_attend(g, attention, LLW_W_ATTN_OUTPUT, a.q, a.k, a.v, NULL, il);
    x = llw_add(g, llw_block_rms(g, x, LLW_W_POST_ATTENTION_NORM, il), active);
    llw_node *both = llw_scale_by(g, llw_add(g, x, laurel));
    x = llw_block_rms(g, both, LLW_W_FFN_NORM, il);
    llw_node *up = llw_block_mm(g, LLW_W_FFN_UP, il, x), *gate = llw_block_mm(g, LLW_W_FFN_GATE, il, x);
    if (il < SPARSE_LAYERS) gate = strongest(g, gate);
    x = llw_block_mm(g, LLW_W_FFN_DOWN, il, llw_mul(g, up, llw_apply(g, gate, LLW_GELU)));
    x = llw_block_norm_of(g, x, llw_w(g, LLW_W_POST_FFW_NORM, il), NULL, LLW_NORM_RMS, -1);
    llw_node *corrected = correct(g, predictions, llw_add(g, x, both), il);
    llw_node *first = llw_mul(g, slice(g, corrected, 0), llw_w(g, LLW_W_ALTUP_CORRECT_SCALE, il));
    first = llw_apply(g, llw_block_mm(g, LLW_W_INP_GATE, il, first), LLW_GELU);
    first = llw_block_mm(g, LLW_W_PROJ, il, llw_mul(g, first, slice(g, rows, il)));
    first = llw_block_rms(g, first, LLW_W_POST_NORM, il);
    int64_t each = h->n_embd * g->n_tokens * F;
    llw_node *head = slice(g, corrected, 0), *rest = llw_view_3d(g, corrected, h->n_embd, g->n_tokens,
                                                                 STREAMS - 1, h->n_embd * F, each, each);
    return llw_concat(g, head, llw_add(g, rest, first), 2);
}

void llw_build_gemma3n(llw_graph *g) {
    const llw_hparams *h = g->h;
    int64_t each = h->n_embd * g->n_tokens * F;
    llw_attention attention;
    llw_node *x = llw_scale_by(g, llw_block_embed(g));
    llw_node *positions = llw_block_positions(g);
    llw_block_attention(g, &attention, false);
    llw_node *rows = layer_inputs(g, x);
    llw_node *length = magnitude(g, x);
    llw_node *others = llw_repeat(g, x, h->n_embd, g->n_tokens, STREAMS - 1, 1);
    others = same_length(g, llw_mul_mat(g, llw_w(g, LLW_W_ALTUP_PROJ, -1), others), length);
    x = llw_concat(g, x, others, 2);
    for (int il = 0; il < h->n_layer; il++) x = layer_3n(g, &attention, x, positions, rows, il);
    length = magnitude(g, slice(g, x, 0));
    others = llw_view_3d(g, x, h->n_embd, g->n_tokens, STREAMS - 1, h->n_embd * F, each, each);
    others = same_length(g, llw_mul_mat(g, llw_w(g, LLW_W_ALTUP_UNEMBD_PROJ, -1), others), length);
    x = slice(g, x, 0);
    for (int i = 0; i < STREAMS - 1; i++) x = llw_add(g, x, slice(g, others, i));
    x = llw_get_rows(g, llw_scale_by(g, x), llw_block_out_ids(g));
    x = llw_block_logits(g, llw_block_rms(g, x, LLW_W_OUTPUT_NORM, -1));
    g->logits = soft_cap(g, x);
    llw_expand(g, g->logits);
}
