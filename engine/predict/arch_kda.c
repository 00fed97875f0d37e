/* Kimi Linear, Kimi K3 and Ling 3: delta attention with a gate for each channel, compressed attention
 * between.
 *
 * Sources: src/models/kimi-linear.cpp, kimi-k3.cpp and bailingmoe3.cpp, llama.cpp v0.5.0. */
#include "predict/delta.h"
#include "predict/families.h"

#include <string.h>

enum { F = 4 };

typedef enum kind { LINEAR, K3, LING } kind;

typedef struct kda {
    llw_graph *g;
    kind kind;
    llw_attention attention;
    llw_recurrent recurrent;
    llw_node *positions, *out_ids, *bank;
    int64_t heads, head, tokens, seqs, kept;
} kda;

/* ---- delta attention ---- */

/* Query, key or value: projected, convolved with the last inputs, which are stored. */
static llw_node *convolved(const kda *b, llw_node *all, llw_node *states, int which, llw_node *x,
                           llw_weight_id project, llw_weight_id kernel, int il) {
    llw_graph *g = b->g;
    int64_t inner = b->head * b->heads, size = b->kept * inner, n = g->n_tokens;
    llw_node *old =
        llw_view_3d(g, states, b->kept, inner, b->seqs, b->kept * F, 3 * size * F, which * size * F);
    if (project) x = llw_mul_mat(g, llw_w(g, project, il), x);
    x = llw_reshape_3d(g, x, inner, b->tokens, b->seqs);
    x = llw_concat(g, old, llw_transpose(g, x), 0);
    llw_node *last = llw_view_3d(g, x, b->kept, inner, b->seqs, x->nb[1], x->nb[2], b->tokens * x->nb[0]);
    llw_node *to = llw_view_3d(g, all, b->kept, inner, b->seqs, b->kept * F, 3 * size * F, which * size * F);
    llw_expand(g, llw_cpy(g, last, to));
    llw_node *w = llw_w(g, kernel, il);
    if (!w) {
        llw_graph_fail(g, "layer %d lacks a convolution", il);
        return x;
    }
    x = llw_reshape_2d(g, llw_ssm_conv(g, x, llw_reshape_2d(g, w, b->kept + 1, inner)), inner, n);
    return llw_reshape(g, llw_apply(g, x, LLW_SILU), b->head, b->heads, b->tokens, b->seqs);
}

static llw_node *forget_gate(const kda *b, llw_node *x, int il) {
    llw_graph *g = b->g;
    int64_t n = g->n_tokens;
    llw_node *a = llw_w(g, LLW_W_SSM_A, il), *gate = llw_mul_mat(g, llw_w(g, LLW_W_SSM_F_A, il), x);
    if (b->kind != LING) gate = llw_mul_mat(g, llw_w(g, LLW_W_SSM_F_B, il), gate);
    gate = llw_add(g, gate, llw_bias(g, LLW_W_SSM_DT, il));
    if (!a) {
        llw_graph_fail(g, "layer %d has no ssm_a", il);
        return gate;
    }
    bool bounded = b->kind == K3 && g->h->kda_bounded;
    if (b->kind != LING && !bounded) gate = llw_apply(g, gate, LLW_SOFTPLUS);
    gate = llw_reshape_3d(g, gate, b->head, b->heads, n);
    gate = llw_mul(g, gate, llw_reshape_3d(g, a, 1, b->heads, 1));
    if (bounded) gate = llw_scale_by(g, gate);
    if (bounded || b->kind == LING) gate = llw_scale_by(g, llw_apply(g, gate, LLW_SIGMOID));
    return llw_reshape(g, gate, b->head, b->heads, b->tokens, b->seqs);
}

static llw_node *output_gate(const kda *b, llw_node *x, int il) {
    llw_graph *g = b->g;
    x = llw_mul_mat(g, llw_w(g, b->kind == K3 ? LLW_W_SSM_G : LLW_W_SSM_G_A, il), x);
    if (b->kind == LINEAR) x = llw_mul_mat(g, llw_w(g, LLW_W_SSM_G_B, il), x);
    return llw_apply(g, llw_reshape_3d(g, x, b->head, b->heads, g->n_tokens), LLW_SIGMOID);
}

static llw_node *delta(const kda *b, llw_node *x, int il) {
    llw_graph *g = b->g;
    int64_t n = g->n_tokens, inner = b->head * b->heads;
    llw_node *all = llw_state_r(g, il), *states = llw_block_states(g, &b->recurrent, all), *in[3] = {x, x, x};
    bool joint = b->kind == LINEAR && llw_w(g, LLW_W_ATTN_QKV, il);
    if (joint) {
        llw_node *qkv = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_QKV, il), x);
        for (int i = 0; i < 3; i++)
            in[i] = llw_cont(g, llw_view_2d(g, qkv, inner, n, qkv->nb[1], i * inner * F));
    }
    llw_node *q = convolved(b, all, states, 0, in[0], joint ? 0 : LLW_W_ATTN_Q, LLW_W_SSM_CONV1D_Q, il);
    llw_node *k = convolved(b, all, states, 1, in[1], joint ? 0 : LLW_W_ATTN_K, LLW_W_SSM_CONV1D_K, il);
    llw_node *v = convolved(b, all, states, 2, in[2], joint ? 0 : LLW_W_ATTN_V, LLW_W_SSM_CONV1D_V, il);
    llw_node *gate = forget_gate(b, x, il);
    llw_node *beta = llw_mul_mat(g, llw_w(g, LLW_W_SSM_BETA, il), x);
    beta = llw_apply(g, llw_reshape(g, beta, 1, b->heads, b->tokens, b->seqs), LLW_SIGMOID);
    if (b->kind == LING) {
        q = llw_delta_l2_norm(g, q);
        k = llw_delta_l2_norm(g, k);
    }
    llw_node *state = llw_block_states(g, &b->recurrent, llw_state_s(g, il));
    state = llw_reshape(g, state, b->head, b->head, b->heads, b->seqs);
    if (b->kind != LING) {
        q = llw_delta_l2_norm(g, q);
        k = llw_delta_l2_norm(g, k);
    }
    llw_node *o = llw_delta_attend(g, q, k, v, gate, beta, state, il);
    o = llw_reshape_3d(g, llw_cont(g, o), b->head, b->heads, n);
    llw_node *out_gate = output_gate(b, x, il);
    o = llw_block_norm_of(g, o, llw_w(g, LLW_W_SSM_NORM, il), NULL, LLW_NORM_RMS, il);
    o = llw_cont_4d(g, llw_mul(g, o, out_gate), inner, n, 1, 1);
    return llw_mul_mat(g, llw_w(g, LLW_W_ATTN_OUTPUT, il), o);
}

/* ---- compressed attention ---- */

static llw_node *query(const kda *b, llw_node *x, int il) {
    llw_graph *g = b->g;
    if (b->kind == LINEAR || !llw_w(g, LLW_W_ATTN_Q_A, il))
        return llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q, il), x);
    x = llw_block_rms(g, llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q_A, il), x), LLW_W_ATTN_Q_A_NORM, il);
    return llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q_B, il), x);
}

static llw_node *attend_absorbed(const kda *b, llw_node *q, llw_node *compressed, llw_node *k_pe,
                                 llw_weight_id out, int il) {
    llw_graph *g = b->g;
    const llw_hparams *h = g->h;
    int64_t rope = h->rot, plain = h->head_k_mla - rope, row = h->head_k_mla * F, n = g->n_tokens;
    llw_node *q_plain = llw_view_3d(g, q, plain, b->heads, n, row, row * b->heads, 0);
    llw_node *q_pe = llw_view_3d(g, q, rope, b->heads, n, row, row * b->heads, plain * F);
    if (b->kind == LING) {
        q_pe = llw_rope(g, q_pe, b->positions, NULL);
        k_pe = llw_rope(g, k_pe, b->positions, NULL);
    }
    q_plain = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_K_B, il), llw_permute(g, q_plain, 0, 2, 1, 3));
    q = llw_concat(g, llw_permute(g, q_plain, 0, 2, 1, 3), q_pe, 0);
    llw_node *v = llw_reshape_3d(g, compressed, h->lora_kv, 1, n), *k = llw_concat(g, v, k_pe, 0);
    llw_attend_more more = {.v_mla = llw_w(g, LLW_W_ATTN_V_B, il)};
    return llw_block_attend(g, &b->attention, out, q, k, v, &more, il);
}

static llw_node *attend_written_out(const kda *b, llw_node *q, llw_node *compressed, llw_node *k_pe,
                                    llw_weight_id out, int il) {
    llw_graph *g = b->g;
    const llw_hparams *h = g->h;
    int64_t plain = h->head_k_mla - h->rot, each = (plain + h->head_v_mla) * F, n = g->n_tokens;
    q = llw_reshape_3d(g, q, h->head_k_mla, b->heads, n);
    llw_node *kv = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_KV_B, il), compressed);
    llw_node *k_plain = llw_view_3d(g, kv, plain, b->heads, n, each, each * b->heads, 0);
    llw_node *v =
        llw_cont(g, llw_view_3d(g, kv, h->head_v_mla, b->heads, n, each, each * b->heads, plain * F));
    llw_node *k = llw_concat(g, llw_repeat(g, k_pe, h->rot, b->heads, n, 1), k_plain, 0);
    return llw_block_attend(g, &b->attention, out, q, k, v, NULL, il);
}

static llw_node *attend(const kda *b, llw_node *x, int il) {
    llw_graph *g = b->g;
    const llw_hparams *h = g->h;
    int64_t row = (h->lora_kv + h->rot) * F, n = g->n_tokens;
    llw_weight_id out = b->kind == LINEAR ? LLW_W_ATTN_OUTPUT : LLW_W_UNKNOWN;
    llw_node *in = x, *q = query(b, x, il), *kv = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_KV_A_MQA, il), x);
    llw_node *compressed = llw_view_2d(g, kv, h->lora_kv, n, row, 0);
    llw_node *k_pe = llw_view_3d(g, kv, h->rot, 1, n, row, row, h->lora_kv * F);
    compressed = llw_block_rms(g, compressed, LLW_W_ATTN_KV_A_NORM, il);
    x = llw_w(g, LLW_W_ATTN_K_B, il) ? attend_absorbed(b, q, compressed, k_pe, out, il)
                                     : attend_written_out(b, q, compressed, k_pe, out, il);
    if (b->kind == LINEAR) return x;
    if (b->kind == LING) {
        llw_node *gate = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_GATE, il), in);
        gate = llw_apply(g, llw_reshape_3d(g, gate, 1, b->heads, n), LLW_SIGMOID);
        x = llw_mul(g, llw_reshape_3d(g, x, h->head_v_mla, b->heads, n), gate);
        x = llw_cont_4d(g, x, h->head_v_mla * b->heads, n, 1, 1);
    } else if (llw_w(g, LLW_W_ATTN_GATE, il)) {
        x = llw_mul(g, x, llw_apply(g, llw_mul_mat(g, llw_w(g, LLW_W_ATTN_GATE, il), in), LLW_SIGMOID));
    }
    return llw_mul_mat(g, llw_w(g, LLW_W_ATTN_OUTPUT, il), x);
}

/* ---- feed-forward ---- */

static llw_node *situ(llw_graph *g, llw_node *gate, llw_node *up) {
    llw_node *a = llw_scale_by(g, llw_apply(g, llw_scale_by(g, gate), LLW_TANH));
    a = llw_mul(g, a, llw_apply(g, gate, LLW_SIGMOID));
    if (g->h->situ_linear) up = llw_scale_by(g, llw_apply(g, llw_scale_by(g, up), LLW_TANH));
    return llw_mul(g, a, up);
}

static llw_node *situ_ffn(llw_graph *g, llw_node *x, llw_weight_id gate, llw_weight_id up, llw_weight_id down,
                          int il) {
    llw_node *a = llw_mul_mat(g, llw_w(g, gate, il), x), *u = llw_mul_mat(g, llw_w(g, up, il), x);
    return llw_mul_mat(g, llw_w(g, down, il), situ(g, a, u));
}

static llw_node *k3_feed_forward(const kda *b, llw_node *x, int il) {
    llw_graph *g = b->g;
    if (il < g->h->dense_lead) return situ_ffn(g, x, LLW_W_FFN_GATE, LLW_W_FFN_UP, LLW_W_FFN_DOWN, il);
    llw_node *down = llw_w(g, LLW_W_FFN_ROUTED_DOWN, il), *in = down ? llw_mul_mat(g, down, x) : x;
    llw_moe how = llw_block_moe_defaults(g, il);
    how.activation = LLW_ACT_SITU;
    how.probs = llw_mul_mat(g, llw_w(g, LLW_W_FFN_GATE_INP, il), x);
    llw_node *routed = llw_block_moe(g, in, &how, il);
    if (llw_w(g, LLW_W_FFN_ROUTED_NORM, il)) routed = llw_block_rms(g, routed, LLW_W_FFN_ROUTED_NORM, il);
    if (llw_w(g, LLW_W_FFN_ROUTED_UP, il)) routed = llw_mul_mat(g, llw_w(g, LLW_W_FFN_ROUTED_UP, il), routed);
    if (!llw_w(g, LLW_W_FFN_GATE_SHEXP, il)) return routed;
    return llw_add(g, routed,
                   situ_ffn(g, x, LLW_W_FFN_GATE_SHEXP, LLW_W_FFN_UP_SHEXP, LLW_W_FFN_DOWN_SHEXP, il));
}

static llw_node *feed_forward(const kda *b, llw_node *x, int il) {
    llw_graph *g = b->g;
    if (il < g->h->dense_lead) return llw_block_ffn_silu(g, x, il);
    llw_moe how = llw_block_moe_defaults(g, il);
    if (b->kind == LINEAR) how.normalise = true;
    llw_ffn shared = {.up = LLW_W_FFN_UP_SHEXP, .gate = LLW_W_FFN_GATE_SHEXP, .down = LLW_W_FFN_DOWN_SHEXP};
    llw_node *routed = llw_block_moe(g, x, &how, il);
    return llw_add(g, routed, llw_block_ffn(g, x, &shared, il));
}

/* ---- layers ---- */

static llw_node *mix(const kda *b, llw_node *x, int il) {
    llw_graph *g = b->g;
    if (b->kind != LING) llw_expand(g, x);
    return g->h->layer[il].recurrent ? delta(b, x, il) : attend(b, x, il);
}

static llw_node *layers(kda *b, llw_node *x) {
    llw_graph *g = b->g;
    bool late = b->kind == LING && llw_block_late_outputs(g);
    for (int il = 0; il < g->h->n_layer; il++) {
        llw_node *residual = x;
        x = mix(b, llw_block_rms(g, x, LLW_W_ATTN_NORM, il), il);
        if (il == g->h->n_layer - 1 && !late) llw_block_pick_outputs(g, b->out_ids, &x, &residual);
        llw_node *ffn_in = llw_add(g, x, residual);
        x = llw_add(g, feed_forward(b, llw_block_rms(g, ffn_in, LLW_W_FFN_NORM, il), il), ffn_in);
    }
    return x;
}

/* K3 sums over what earlier layers left in a bank, weighed anew in front of each part. */
static llw_node *weigh(const kda *b, llw_node *x, llw_node *w) {
    llw_graph *g = b->g;
    if (!b->bank) return x;
    int64_t kept = b->bank->ne[1], n = g->n_tokens;
    llw_node *old = llw_sum_rows(g, llw_mul(g, llw_rms_norm(g, b->bank), w));
    old = llw_reshape_2d(g, old, kept, n);
    llw_node *now = llw_sum_rows(g, llw_mul(g, llw_rms_norm(g, x), w));
    llw_node *p = llw_soft_max(g, llw_concat(g, old, now, 0));
    llw_node *p_old = llw_cont(g, llw_view_2d(g, p, kept, n, p->nb[1], 0));
    llw_node *p_now = llw_cont(g, llw_view_2d(g, p, 1, n, p->nb[1], p->nb[0] * kept));
    llw_node *out = llw_node_of(g, LLW_OP_DSV4_HC_PRE, LLW_F32, (int64_t[4]){b->bank->ne[0], n, 1, 1},
                                (llw_node *[]){b->bank, p_old, NULL});
    return llw_add(g, out, llw_mul(g, x, p_now));
}

static llw_node *k3_layers(kda *b, llw_node *x) {
    llw_graph *g = b->g;
    int64_t every = g->h->residual_block;
    for (int il = 0; il < g->h->n_layer; il++) {
        llw_node *sum = x;
        x = every > 0 ? weigh(b, sum, llw_w(g, LLW_W_ATTN_RES_SCORE, il)) : sum;
        bool banked = every > 0 && il % every == 0;
        if (banked) {
            llw_node *row = llw_reshape_3d(g, sum, g->h->n_embd, 1, g->n_tokens);
            b->bank = b->bank ? llw_concat(g, b->bank, row, 1) : row;
        }
        x = mix(b, llw_block_rms(g, x, LLW_W_ATTN_NORM, il), il);
        sum = banked ? x : llw_add(g, sum, x);
        x = every > 0 ? weigh(b, sum, llw_w(g, LLW_W_FFN_RES_SCORE, il)) : sum;
        x = llw_add(g, sum, k3_feed_forward(b, llw_block_rms(g, x, LLW_W_FFN_NORM, il), il));
    }
    if (every > 0) x = weigh(b, x, llw_w(g, LLW_W_OUTPUT_RES_SCORE, -1));
    return llw_get_rows(g, x, b->out_ids);
}

void llw_build_kda(llw_graph *g) {
    const llw_hparams *h = g->h;
    const char *name = g->plan->architecture->name;
    kda b = {.g = g,
             .kind = !strcmp(name, "kimi-k3")       ? K3
                     : !strcmp(name, "bailingmoe3") ? LING
                                                    : LINEAR,
             .heads = h->layer[0].heads,
             .head = h->kda_head,
             .tokens = g->n_tokens / g->n_seqs,
             .seqs = g->n_seqs,
             .kept = h->ssm_conv - 1};
    if (b.kept < 1 || b.head < 1 || b.heads < 1) {
        llw_graph_fail(g, "the header lacks kda.head_dim, ssm.conv_kernel or the number of heads");
        return;
    }
    llw_node *x = llw_block_embed(g);
    llw_block_recurrent(g, &b.recurrent);
    llw_block_attention(g, &b.attention, h->mla);
    b.positions = llw_block_positions(g);
    b.out_ids = llw_block_out_ids(g);
    if (b.kind == K3) {
        llw_block_output(g, k3_layers(&b, x), LLW_NORM_RMS);
        return;
    }
    x = layers(&b, x);
    if (b.kind == LING)
        llw_block_output_after_norm(g, x, b.out_ids, LLW_NORM_RMS);
    else
        llw_block_output(g, x, LLW_NORM_RMS);
}
