/* DeepSeek V2 and V3, GLM 4.7 Flash, Mistral 4: compressed attention (MLA), leading dense layers, experts
 * with a shared one.
 *
 * Source: src/models/deepseek2.cpp, llama.cpp v0.5.0 and 2026-05-04; mistral4 and deepseek2-ocr inherit it.
 */
#include "predict/families.h"

#include <string.h>

enum { F = 4 };

typedef struct sizes {
    int64_t heads, head_k, head_v, rope, plain, rank;
} sizes;

static llw_node *query(llw_graph *g, llw_node *x, int il) {
    if (llw_w(g, LLW_W_ATTN_Q, il)) return llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q, il), x);
    x = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q_A, il), x);
    x = llw_block_norm_of(g, x, llw_w(g, LLW_W_ATTN_Q_A_NORM, il), NULL, LLW_NORM_RMS, il);
    return llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q_B, il), x);
}

/* Keys and values are one compressed vector; the matrices that would decompress them are multiplied into the
 * query and the result instead. */
static llw_node *absorbed(llw_graph *g, const llw_attention *attention, const sizes *s, llw_node *q,
                          llw_node *compressed, llw_node *k_pe, llw_node *positions, llw_node *temperature,
                          int il) {
    int64_t n = g->n_tokens;
    llw_node *q_plain = llw_view_3d(g, q, s->plain, s->heads, n, q->nb[1], q->nb[2], 0);
    llw_node *q_pe = llw_view_3d(g, q, s->rope, s->heads, n, q->nb[1], q->nb[2], s->plain * F);
    q_pe = llw_rope(g, q_pe, positions, NULL);
    q_plain = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_K_B, il), llw_permute(g, q_plain, 0, 2, 1, 3));
    q = llw_concat(g, llw_permute(g, q_plain, 0, 2, 1, 3), q_pe, 0);
    llw_node *v = llw_reshape_3d(g, compressed, s->rank, 1, n);
    llw_node *k = llw_concat(g, v, k_pe, 0);
    if (temperature) q = llw_mul(g, q, temperature);
    llw_attend_more more = {.v_mla = llw_w(g, LLW_W_ATTN_V_B, il)};
    return llw_block_attend(g, attention, LLW_W_ATTN_OUTPUT, q, k, v, &more, il);
}

static llw_node *decompressed(llw_graph *g, const llw_attention *attention, const sizes *s, llw_node *q,
                              llw_node *compressed, llw_node *k_pe, llw_node *positions,
                              llw_node *temperature, int il) {
    int64_t n = g->n_tokens, each = (s->plain + s->head_v) * F;
    llw_node *kv = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_KV_B, il), compressed);
    llw_node *k_plain = llw_view_3d(g, kv, s->plain, s->heads, n, each, each * s->heads, 0);
    llw_node *v =
        llw_cont(g, llw_view_3d(g, kv, s->head_v, s->heads, n, each, each * s->heads, s->plain * F));
    if (g->plan->build.rope_offset) {
        q = llw_rope(g, q, positions, NULL);
    } else {
        llw_node *q_plain = llw_view_3d(g, q, s->plain, s->heads, n, q->nb[1], q->nb[2], 0);
        llw_node *q_pe = llw_view_3d(g, q, s->rope, s->heads, n, q->nb[1], q->nb[2], s->plain * F);
        q = llw_concat(g, q_plain, llw_rope(g, q_pe, positions, NULL), 0);
    }
    llw_node *k = llw_concat(g, k_plain, llw_repeat(g, k_pe, s->rope, s->heads, n, 1), 0);
    if (temperature) q = llw_mul(g, q, temperature);
    return llw_block_attend(g, attention, LLW_W_ATTN_OUTPUT, q, k, v, NULL, il);
}

static llw_node *compressed_attention(llw_graph *g, const llw_attention *attention, const sizes *s,
                                      llw_node *x, llw_node *positions, llw_node *temperature, int il) {
    int64_t n = g->n_tokens, row = (s->rank + s->rope) * F;
    llw_node *q = llw_reshape_3d(g, query(g, x, il), s->head_k, s->heads, n);
    llw_node *kv = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_KV_A_MQA, il), x);
    llw_node *compressed = llw_view_2d(g, kv, s->rank, n, row, 0);
    llw_node *k_pe = llw_rope(g, llw_view_3d(g, kv, s->rope, 1, n, row, row, s->rank * F), positions, NULL);
    compressed = llw_block_norm_of(g, compressed, llw_w(g, LLW_W_ATTN_KV_A_NORM, il), NULL, LLW_NORM_RMS, il);
    return g->h->mla ? absorbed(g, attention, s, q, compressed, k_pe, positions, temperature, il)
                     : decompressed(g, attention, s, q, compressed, k_pe, positions, temperature, il);
}

/* deepseek2-ocr has ordinary attention in this frame */
static llw_node *plain_attention(llw_graph *g, const llw_attention *attention, llw_node *x,
                                 llw_node *positions, int il) {
    int64_t heads = g->h->layer[il].heads;
    llw_qkv a = llw_block_qkv(g, x, g->h->n_embd / (heads ? heads : 1), heads, heads, il);
    a.q = llw_rope(g, a.q, positions, NULL);
    a.k = llw_rope(g, a.k, positions, NULL);
    return llw_block_attend(g, attention, LLW_W_ATTN_OUTPUT, a.q, a.k, a.v, NULL, il);
}

static llw_node *experts(llw_graph *g, llw_node *x, int il) {
    llw_moe how = llw_block_moe_defaults(g, il);
    how.precise = g->plan->build.mistral4_precision && !strcmp(g->plan->architecture->name, "mistral4");
    if (how.gating == LLW_GATING_NONE) {
        bool glm = (g->h->n_layer == 47 || g->h->n_layer == 48) && g->h->n_vocab == 154880;
        how.gating = glm ? LLW_GATING_SIGMOID : LLW_GATING_SOFTMAX;
    }
    llw_node *routed = llw_block_moe(g, x, &how, il);
    llw_ffn shared = {.up = LLW_W_FFN_UP_SHEXP, .gate = LLW_W_FFN_GATE_SHEXP, .down = LLW_W_FFN_DOWN_SHEXP};
    return llw_add(g, routed, llw_block_ffn(g, x, &shared, il));
}

void llw_build_deepseek2(llw_graph *g) {
    const llw_hparams *h = g->h;
    bool ocr = !strcmp(g->plan->architecture->name, "deepseek2-ocr");
    sizes s = {.heads = h->layer[0].heads,
               .head_k = h->mla ? h->head_k_mla : h->head_k,
               .head_v = h->mla ? h->head_v_mla : h->head_v,
               .rope = h->rot,
               .rank = h->lora_kv};
    s.plain = s.head_k - s.rope;
    llw_attention attention;
    llw_node *x = llw_block_embed(g);
    llw_node *temperature = h->temperature_scale != 0 ? llw_input(g, LLW_F32, 1, 1, g->n_tokens, 1) : NULL;
    llw_node *positions = llw_block_positions(g);
    llw_block_attention(g, &attention, h->mla);
    llw_node *out_ids = llw_block_out_ids(g);
    for (int il = 0; il < h->n_layer; il++) {
        llw_node *residual = x;
        x = llw_block_rms(g, x, LLW_W_ATTN_NORM, il);
        x = ocr ? plain_attention(g, &attention, x, positions, il)
                : compressed_attention(g, &attention, &s, x, positions, temperature, il);
        if (il == h->n_layer - 1) llw_block_pick_outputs(g, out_ids, &x, &residual);
        llw_node *ffn_in = llw_add(g, x, residual);
        x = llw_block_rms(g, ffn_in, LLW_W_FFN_NORM, il);
        x = il < h->dense_lead ? llw_block_ffn_silu(g, x, il) : experts(g, x, il);
        x = llw_add(g, x, ffn_in);
    }
    llw_block_output(g, x, LLW_NORM_RMS);
}
