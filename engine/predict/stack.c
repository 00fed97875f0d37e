/* Builds the graph of an architecture that is a stack of attention and feed-forward layers.
 *
 * Sources: src/models/<architecture>.cpp graph, llama.cpp v0.5.0 and 2026-05-04. The order of operations is
 * theirs, because memory is handed out in that order. */
#include "predict/stack.h"

#include "predict/families.h"

#include <string.h>

static const llw_stack stacks[] = {
#define LLW_STACK(name, ...) {.architecture = name, __VA_ARGS__},
#include "predict/stack.def"
#undef LLW_STACK
};

typedef struct build {
    llw_graph *g;
    llw_stack s; /* a copy: the header changes a few */
    llw_attention attention;
    llw_recurrent recurrent;
    llw_node *positions, *out_ids, *temperature, *embedding;
} build;

static const llw_stack *find(const char *architecture) {
    for (size_t i = 0; i < sizeof stacks / sizeof *stacks; i++)
        if (!strcmp(stacks[i].architecture, architecture)) return &stacks[i];
    return NULL;
}

static bool turned(const build *b, int il) {
    enum { STEP = 4 /* n_no_rope_layer_step, src/llama-hparams.h */ };
    const llw_hparams *h = b->g->h;
    bool windowed = h->layer[il].windowed;
    switch (b->s.rope) {
    case LLW_ROPE_ALL: return true;
    case LLW_ROPE_NONE: return false;
    case LLW_ROPE_WINDOWED: return windowed;
    case LLW_ROPE_WINDOWED_IF_ANY: return windowed || !h->windowed_any;
    case LLW_ROPE_WINDOWED_OR_LEAD: return windowed || il < h->dense_lead;
    case LLW_ROPE_STEP: return (il + 1) % STEP != 0;
    case LLW_ROPE_STEP_OR_LAST: return (il + 1) % (h->windowed_any ? STEP : h->n_layer) != 0;
    case LLW_ROPE_STEP_FIRST: return !h->windowed_any || h->n_layer == STEP || il % STEP != 0;
    case LLW_ROPE_HEADER: return h->layer[il].rope;
    case LLW_ROPE_32_LAYERS: return h->n_layer == 32;
    }
    return true;
}

static llw_node *head_norm(const build *b, llw_node *x, llw_weight_id id, int il, bool always) {
    if (!always && !llw_w(b->g, id, il)) return x;
    return llw_block_norm(b->g, x, id, il, b->s.head_norm);
}

/* A norm before a part: with weights, without, or none. */
static llw_node *norm_before(const build *b, llw_node *x, llw_weight_id id, int il) {
    if (b->s.no_norms_before || (!b->s.plain_norms && !llw_w(b->g, id, il))) return x;
    return b->s.plain_norms ? llw_block_norm_of(b->g, x, NULL, NULL, b->s.norm, il)
                            : llw_block_norm(b->g, x, id, il, b->s.norm);
}

static llw_node *gated(const build *b, llw_node *x, llw_node *normed, int il) {
    llw_graph *g = b->g;
    llw_unary by = b->s.gate == LLW_GATE_SOFTPLUS ? LLW_SOFTPLUS : LLW_SIGMOID;
    int64_t heads = g->h->layer[il].heads, width = x->ne[0], n = x->ne[1];
    llw_node *gate = llw_apply(g, llw_block_mm(g, LLW_W_ATTN_GATE, il, normed), by);
    if (gate->ne[0] != heads || heads == 0) return llw_mul(g, x, gate);
    x = llw_reshape_3d(g, x, width / heads, heads, n);
    gate = llw_reshape_3d(g, gate, 1, heads, n);
    return llw_reshape_2d(g, llw_mul(g, x, gate), width, n);
}

/* before: what was normed. */
static llw_node *attend(const build *b, llw_node *x, llw_node *before, int il) {
    llw_graph *g = b->g;
    const llw_layer *layer = &g->h->layer[il];
    llw_node *normed = x;
    int64_t head = llw_hparams_head_k(g->h, il), head_v = llw_hparams_head_v(g->h, il), n = x->ne[1];
    bool wide = b->s.heads == LLW_HEADS_WIDE && llw_w(g, LLW_W_ATTN_Q_NORM, il), turn = turned(b, il);
    bool apart = b->s.heads_apart || wide;
    if (llw_w(g, LLW_W_ATTN_NORM_2, il)) x = llw_block_norm(g, before, LLW_W_ATTN_NORM_2, il, b->s.norm);
    if (b->s.latent) {
        llw_qkv latent = llw_stack_latent(g, x, b->positions, il);
        return llw_block_attend(g, &b->attention, LLW_W_ATTN_OUTPUT, latent.q, latent.k, latent.v, NULL, il);
    }
    llw_qkv a = llw_block_qkv_sized(g, x, head, layer->heads, head, layer->kv_heads, head_v, layer->kv_heads,
                                    il, !apart);
    if (wide) {
        a.q = head_norm(b, a.q, LLW_W_ATTN_Q_NORM, il, false);
        a.k = head_norm(b, a.k, LLW_W_ATTN_K_NORM, il, false);
    }
    if (apart) {
        a.q = llw_reshape_3d(g, a.q, head, layer->heads, n);
        a.k = llw_reshape_3d(g, a.k, head, layer->kv_heads, n);
        a.v = llw_reshape_3d(g, a.v, head_v, layer->kv_heads, n);
    }
    if (b->s.heads == LLW_HEADS_BEFORE) {
        a.q = head_norm(b, a.q, LLW_W_ATTN_Q_NORM, il, false);
        a.k = head_norm(b, a.k, LLW_W_ATTN_K_NORM, il, false);
    }
    if (turn) {
        bool plain = b->s.no_rope_factors || (b->s.windows_unscaled && layer->windowed);
        llw_node *factors = plain ? NULL : llw_rope_factors(g, il);
        a.q = llw_rope(g, a.q, b->positions, factors);
        a.k = llw_rope(g, a.k, b->positions, factors);
    }
    if (b->temperature && !(turn && b->s.temperature == LLW_TEMPERATURE_UNROPED))
        a.q = llw_mul(g, a.q, b->temperature);
    bool always = b->s.heads == LLW_HEADS_AFTER_ALWAYS ||
                  (b->s.heads == LLW_HEADS_ROPED && turn && g->h->experts != 128);
    if (b->s.heads == LLW_HEADS_AFTER || always) {
        a.q = head_norm(b, a.q, LLW_W_ATTN_Q_NORM, il, always);
        a.k = head_norm(b, a.k, LLW_W_ATTN_K_NORM, il, always);
    }
    if (b->s.scale_q) a.q = llw_scale_by(g, a.q);
    llw_attend_more more = {.sinks = llw_w(g, LLW_W_ATTN_SINKS, il)};
    bool gate = llw_w(g, LLW_W_ATTN_GATE, il) != NULL, between = gate || b->s.norm_result;
    x = llw_block_attend(g, &b->attention, between ? LLW_W_UNKNOWN : LLW_W_ATTN_OUTPUT, a.q, a.k, a.v, &more,
                         il);
    if (gate) x = gated(b, x, normed, il);
    if (b->s.norm_result) x = llw_block_norm(g, x, b->s.norm_result, il, b->s.norm);
    if (between) x = llw_block_mm_bias(g, LLW_W_ATTN_OUTPUT, il, x);
    if (b->s.scale_v && g->h->value_scale != 0) x = llw_scale_by(g, x);
    return x;
}

/* ---- feed-forward ---- */

static llw_node *shared_experts(llw_graph *g, const llw_stack *s, llw_node *x, int il) {
    llw_ffn names = {.up = LLW_W_FFN_UP_SHEXP,
                     .gate = LLW_W_FFN_GATE_SHEXP,
                     .down = LLW_W_FFN_DOWN_SHEXP,
                     .activation = s->shared_activation};
    llw_node *shared = llw_block_ffn(g, x, &names, il);
    if (!llw_w(g, LLW_W_FFN_GATE_INP_SHEXP, il)) return shared;
    llw_node *gate = llw_block_mm(g, LLW_W_FFN_GATE_INP_SHEXP, il, x); /* sigmoid as silu(x) / x */
    return llw_mul(g, shared, llw_div(g, llw_apply(g, gate, LLW_SILU), gate));
}

/* router: the experts' logits when they are known already, or NULL. */
static llw_node *feed_forward(llw_graph *g, const llw_stack *s, llw_node *x, llw_node *router, int il) {
    if (s->feed) return s->feed(g, s, x, il);
    bool skipped = s->steps && g->h->expert_step > 0 && (il + 1) % g->h->expert_step != 0;
    if (skipped || !llw_w(g, LLW_W_FFN_GATE_INP, il)) {
        llw_ffn how = {.activation = s->activation};
        llw_node *act = llw_w(g, LLW_W_FFN_ACT, il); /* mpt's AWQ scales */
        how.act_scales = act;
        return llw_block_ffn(g, x, &how, il);
    }
    llw_moe how = llw_stack_routing(g, s, il);
    how.probs = router;
    how.activation = s->expert_activation;
    llw_node *routed = llw_block_moe(g, x, &how, il);
    if (!llw_w(g, LLW_W_FFN_UP_SHEXP, il)) return routed;
    routed = llw_add(g, routed, shared_experts(g, s, x, il));
    return s->average_shared ? llw_scale_by(g, routed) : routed;
}

/* ---- a layer ---- */

static llw_node *result_norm(const build *b, llw_node *x, llw_weight_id id, int il, bool is_free) {
    return id ? llw_block_norm_of(b->g, x, llw_w(b->g, id, il), llw_bias(b->g, id, il), b->s.norm,
                                  is_free ? -1 : il)
              : x;
}

static llw_node *sum(llw_graph *g, llw_node *result, llw_node *residual, bool residual_first) {
    return residual_first ? llw_add(g, residual, result) : llw_add(g, result, residual);
}

static llw_node *feed_both(const build *b, llw_node *x, int il) {
    return llw_add(b->g, feed_forward(b->g, &b->s, norm_before(b, x, LLW_W_FFN_NORM, il), NULL, il), x);
}

/* Deci: layers thinned out by search. */
static llw_node *sparse_layer(const build *b, llw_node *x, int il) {
    llw_graph *g = b->g;
    const llw_layer *layer = &g->h->layer[il];
    llw_node *residual = x, *a = x;
    if (layer->heads > 0) {
        a = norm_before(b, x, LLW_W_ATTN_NORM, il);
        a = layer->kv_heads > 0 ? attend(b, a, x, il) : llw_block_mm(g, LLW_W_ATTN_OUTPUT, il, a);
    }
    if (il == g->h->n_layer - 1) llw_block_pick_outputs(g, b->out_ids, &a, &residual);
    if (layer->ff == 0) return x; /* what was computed is dropped, as llama.cpp does */
    llw_node *ffn_in = layer->heads > 0 ? llw_add(g, a, residual) : a;
    return llw_add(g, feed_forward(g, &b->s, norm_before(b, ffn_in, LLW_W_FFN_NORM, il), NULL, il), ffn_in);
}

/* Experts that read the layer's input (arctic); the embedding added once more (talkie). */
static llw_node *add_beside(const build *b, llw_node *x, llw_node *residual, bool picks, int il) {
    llw_graph *g = b->g;
    if (b->s.beside) {
        llw_moe how = llw_stack_routing(g, &b->s, il);
        x = llw_add(g, llw_block_moe(g, llw_block_norm(g, residual, b->s.beside, il, b->s.norm), &how, il),
                    x);
    }
    if (b->s.skips) {
        llw_node *skip = picks ? llw_get_rows(g, b->embedding, b->out_ids) : b->embedding;
        x = llw_add(g, x, llw_mul(g, skip, llw_w(g, LLW_W_LAYER_OUTPUT_SCALE, il)));
    }
    return x;
}

static llw_weight_id norm_2(const llw_stack *s) {
    return s->norm_2 ? s->norm_2 : LLW_W_FFN_NORM;
}

/* Whether the feed-forward reads the same normed input as attention: side by side, or stablelm without a
 * second norm. */
static bool shares_norm(const build *b, int il) {
    const llw_stack *s = &b->s;
    if (s->flow != LLW_FLOW_SERIAL) return s->flow != LLW_FLOW_NEOX;
    return !s->plain_norms && !s->no_norms_before && !llw_w(b->g, norm_2(s), il);
}

static llw_node *serial(const build *b, llw_node *a, llw_node *residual, llw_node *normed, llw_node *router,
                        bool scaled, int il) {
    llw_graph *g = b->g;
    const llw_stack *s = &b->s;
    llw_weight_id norm = s->norm_ffn;
    llw_node *ffn_in = sum(g, a, residual, s->x_first);
    llw_node *in = shares_norm(b, il) ? normed : norm_before(b, ffn_in, norm_2(s), il);
    llw_node *x = feed_forward(g, s, in, router, il);
    if (norm && !llw_w(g, norm, il) && s->norm_ffn_2) norm = s->norm_ffn_2;
    x = result_norm(b, x, norm, il, s->free_norm_ffn);
    if (scaled) x = llw_scale_by(g, x);
    return sum(g, x, ffn_in, s->ffn_in_first);
}

static llw_node *layer(const build *b, llw_node *x, int il) {
    llw_graph *g = b->g;
    const llw_stack *s = &b->s;
    bool picks = il == g->h->n_layer - 1 && !s->all_outputs &&
                 (s->late == LLW_LATE_NEVER || !llw_block_late_outputs(g));
    bool scaled = s->scale_residual == LLW_WHEN_ALWAYS ||
                  (s->scale_residual == LLW_WHEN_HEADER && g->h->residual_scale != 0);
    llw_node *residual = x, *router = s->early_router ? llw_block_mm(g, LLW_W_FFN_GATE_INP, il, x) : NULL;
    llw_node *normed = norm_before(b, x, LLW_W_ATTN_NORM, il);
    bool mixes = s->mixer && g->h->layer[il].recurrent;
    llw_node *a = mixes && !s->mixes_both ? s->mixer(g, &b->recurrent, normed, il) : attend(b, normed, x, il);
    if (mixes && s->mixes_both) {
        a = llw_add(g, a, s->mixer(g, &b->recurrent, norm_before(b, x, LLW_W_ATTN_NORM, il), il));
        a = llw_add(g, a, residual);
        return feed_both(b, picks ? llw_get_rows(g, a, b->out_ids) : a, il);
    }
    if (s->norm_attention_early) a = result_norm(b, a, s->norm_attention, il, true);
    if (picks) {
        llw_block_pick_outputs(g, b->out_ids, &a, &residual);
        if (shares_norm(b, il)) normed = llw_get_rows(g, normed, b->out_ids);
        if (router) router = llw_get_rows(g, router, b->out_ids);
    }
    if (!s->norm_attention_early) a = result_norm(b, a, s->norm_attention, il, false);
    if (scaled) a = llw_scale_by(g, a);
    if (s->flow == LLW_FLOW_SERIAL)
        return add_beside(b, serial(b, a, residual, normed, router, scaled, il), residual, picks, il);
    if (s->flow == LLW_FLOW_NEOX) normed = norm_before(b, residual, LLW_W_FFN_NORM, il);
    x = feed_forward(g, s, normed, router, il);
    switch (s->flow) {
    case LLW_FLOW_FFN_ATTENTION: return llw_add(g, llw_add(g, x, a), residual);
    case LLW_FLOW_ATTENTION_FFN: return llw_add(g, llw_add(g, a, x), residual);
    default: return llw_add(g, llw_add(g, x, residual), a);
    }
}

/* Multimodal embeddings of inner layers lie behind the first in the input's rows. */
static llw_node *deepstack(const build *b, llw_node *x, int index) {
    llw_graph *g = b->g;
    llw_node *e = g->embedded;
    return llw_add(g, x,
                   llw_view_2d(g, e, g->h->n_embd, g->n_tokens, e->nb[1], (index - 1) * g->h->n_embd * 4));
}

static void output(const build *b, llw_node *x) {
    llw_graph *g = b->g;
    const llw_stack *s = &b->s;
    bool late = s->late != LLW_LATE_NEVER && llw_block_late_outputs(g);
    if (late && s->late == LLW_LATE_BEFORE_NORM) x = llw_get_rows(g, g->hidden = x, b->out_ids);
    llw_weight_id last = llw_w(g, LLW_W_OUTPUT_NORM, -1) ? LLW_W_OUTPUT_NORM
                         : llw_w(g, LLW_W_ENC_OUTPUT_NORM, -1)
                             ? LLW_W_ENC_OUTPUT_NORM
                             : LLW_W_TOKEN_EMBD_NORM; /* so called by lfm2 */
    x = s->plain_norms ? llw_block_norm_of(g, x, NULL, NULL, s->norm, -1)
                       : llw_block_norm(g, x, last, -1, s->norm);
    if (late && s->late == LLW_LATE_AFTER_NORM) x = llw_get_rows(g, g->hidden = x, b->out_ids);
    if (s->no_logits || (s->embeds && g->plan->launch->embedding)) {
        g->embeddings = x;
        llw_expand(g, x);
        return;
    }
    g->embeddings = x;
    if (s->scale_last) x = llw_scale_by(g, x);
    x = llw_block_logits(g, x);
    if (s->pad_logits && g->h->n_vocab > x->ne[0]) {
        llw_node *scalar = llw_scale_by(g, llw_view_1d(g, llw_w(g, last, -1), 1, 0));
        x = llw_concat(g, llw_repeat(g, scalar, g->h->n_vocab - x->ne[0], x->ne[1], 1, 1), x, 0);
    }
    llw_node *bias = llw_bias(g, LLW_W_OUTPUT, -1);
    if (bias) x = llw_add(g, x, bias);
    if (s->scale_logits == LLW_WHEN_ALWAYS || (s->scale_logits == LLW_WHEN_HEADER && g->h->logit_scale != 0))
        x = llw_scale_by(g, x);
    if (s->soft_cap == LLW_WHEN_ALWAYS || (s->soft_cap == LLW_WHEN_HEADER && g->h->final_soft_cap))
        x = llw_scale_by(g, llw_apply(g, llw_scale_by(g, x), LLW_TANH));
    if (s->mask_images) {
        enum { IMAGE_TOKENS = 8192 }; /* chameleon.cpp */
        llw_node *masked = llw_clamp(g, llw_tensor_new(g, LLW_F32, IMAGE_TOKENS, 1, 1, 1));
        x = llw_node_of(g, LLW_OP_SET, LLW_F32, x->ne, (llw_node *[]){x, masked, NULL});
    }
    g->logits = x;
    llw_expand(g, x);
}

/* What the header decides about the row. */
static void adapt(build *b) {
    const llw_hparams *h = b->g->h;
    if (b->s.flow == LLW_FLOW_NEOX && !h->parallel_residual) b->s.flow = LLW_FLOW_SERIAL;
    if (h->swin_norm) { /* chameleon */
        b->s.no_norms_before = true;
        b->s.norm_attention = LLW_W_ATTN_NORM;
        b->s.norm_ffn = LLW_W_FFN_NORM;
    }
    if (!strcmp(b->s.architecture, "cohere2moe") && h->rms_norm_eps != 0) b->s.norm = LLW_NORM_RMS;
    bool temperature = b->s.temperature == LLW_TEMPERATURE_UNROPED ||
                       (b->s.temperature == LLW_TEMPERATURE_HEADER && h->temperature_scale != 0);
    if (temperature) b->temperature = llw_input(b->g, LLW_F32, 1, 1, b->g->n_tokens, 1);
}

static void build_row(llw_graph *g, const llw_stack *s) {
    const llw_hparams *h = g->h;
    build b = {.g = g, .s = *s};
    llw_node *x = llw_block_embed(g);
    if (s->scale_embedding) x = llw_scale_by(g, x);
    if (s->norm_embedding) x = llw_block_norm(g, x, LLW_W_TOKEN_EMBD_NORM, -1, s->norm);
    b.embedding = x;
    b.positions = llw_block_positions(g);
    adapt(&b);
    if (s->mixer) llw_block_recurrent(g, &b.recurrent);
    if (s->uncached)
        llw_block_attention_uncached(g, &b.attention);
    else
        llw_block_attention(g, &b.attention, false);
    llw_node *table = s->learned_positions ? llw_w(g, LLW_W_POSITION_EMBD, -1) : NULL;
    if (table) x = llw_add(g, x, llw_get_rows(g, table, b.positions));
    b.out_ids = llw_block_out_ids(g);
    for (int il = 0; il < h->n_layer; il++) {
        if (s->deepstack && h->layer[il].deepstack_before)
            x = deepstack(&b, x, h->layer[il].deepstack_before);
        x = s->sparse ? sparse_layer(&b, x, il) : layer(&b, x, il);
        bool walked = s->loops && il + 1 < h->n_layer && h->layer[il + 1].block == 0;
        if (walked && !h->skip_loop_norm) x = llw_block_norm(g, x, LLW_W_OUTPUT_NORM, -1, s->norm);
        if (s->deepstack && h->layer[il].deepstack_after) x = deepstack(&b, x, h->layer[il].deepstack_after);
    }
    output(&b, x);
}

void llw_build_stack(llw_graph *g) {
    const llw_stack *s = find(g->plan->architecture->name);
    if (s)
        build_row(g, s);
    else
        llw_graph_fail(g, "no stack of that architecture");
}

void llw_build_plain(llw_graph *g) {
    build_row(g, &(llw_stack){.architecture = ""});
}
