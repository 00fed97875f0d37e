/* DeepSeek 3.2, GLM 5, dots3.note: compressed attention to the cells that an indexer chose.
 *
 * Sources: src/models/deepseek32.cpp, glm-dsa.cpp and dots3note.cpp, llama.cpp v0.5.0. */
#include "predict/dsa.h"
#include "predict/families.h"

enum { F = 4 };

/* Query and key in compressed form: concatenations of the part without position and the turned one. Layers
 * behind a window read all of it; dots3.note gates the result. */
static llw_node *attend(llw_graph *g, const llw_attention *attention, llw_node *row, llw_node *x,
                        llw_node *chosen, llw_node *positions, int il) {
    const llw_hparams *h = g->h;
    bool windowed = h->layer[il].windowed, gated = llw_w(g, LLW_W_ATTN_GATE, il) != NULL;
    int64_t heads = h->layer[il].heads, head = windowed ? h->head_k_mla_swa : h->head_k_mla,
            head_v = windowed ? h->head_v_mla_swa : h->head_v_mla,
            rank = windowed ? h->lora_kv_swa : h->lora_kv;
    int64_t rope = h->rot, plain = head - rope, n = g->n_tokens;
    llw_node *q = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q_B, il), row);
    llw_node *q_plain = llw_view_3d(g, q, plain, heads, n, head * F, head * heads * F, 0);
    llw_node *q_pe = llw_view_3d(g, q, rope, heads, n, head * F, head * heads * F, plain * F);
    llw_node *kv = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_KV_A_MQA, il), x);
    llw_node *compressed = llw_view_2d(g, kv, rank, n, (rank + rope) * F, 0);
    llw_node *k_pe = llw_view_3d(g, kv, rope, 1, n, (rank + rope) * F, (rank + rope) * F, rank * F);
    if (llw_w(g, LLW_W_ATTN_K_NORM, il)) k_pe = llw_block_rms(g, k_pe, LLW_W_ATTN_K_NORM, il);
    q_pe = llw_rope(g, q_pe, positions, NULL);
    k_pe = llw_rope(g, k_pe, positions, NULL);
    compressed = llw_block_rms(g, compressed, LLW_W_ATTN_KV_A_NORM, il);
    q_plain = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_K_B, il), llw_permute(g, q_plain, 0, 2, 1, 3));
    q = llw_concat(g, llw_permute(g, q_plain, 0, 2, 1, 3), q_pe, 0);
    llw_node *v = llw_reshape_3d(g, compressed, rank, 1, n), *k = llw_concat(g, v, k_pe, 0), *in = x;
    llw_attend_more more = {.v_mla = llw_w(g, LLW_W_ATTN_V_B, il)};
    llw_weight_id out = gated ? LLW_W_UNKNOWN : LLW_W_ATTN_OUTPUT;
    x = windowed ? llw_block_attend(g, attention, out, q, k, v, &more, il)
                 : llw_dsa_attend(g, attention, out, q, k, v, chosen, &more, il);
    if (!gated) return x;
    llw_node *gate = llw_apply(g, llw_block_mm(g, LLW_W_ATTN_GATE, il, in), LLW_SIGMOID);
    x = llw_mul(g, llw_reshape_3d(g, x, head_v, heads, n), llw_reshape_3d(g, gate, 1, heads, n));
    return llw_block_mm(g, LLW_W_ATTN_OUTPUT, il, llw_reshape_2d(g, x, head_v * heads, n));
}

static llw_node *experts(llw_graph *g, llw_node *x, int il) {
    llw_moe how = llw_block_moe_defaults(g, il);
    llw_ffn shared = {.up = LLW_W_FFN_UP_SHEXP, .gate = LLW_W_FFN_GATE_SHEXP, .down = LLW_W_FFN_DOWN_SHEXP};
    llw_node *routed = llw_block_moe(g, x, &how, il);
    return llw_add(g, routed, llw_block_ffn(g, x, &shared, il));
}

void llw_build_dsa(llw_graph *g) {
    if (!g->plan->build.indexers) {
        llw_build_deepseek2(g);
        return;
    }
    const llw_hparams *h = g->h;
    llw_attention attention;
    llw_node *chosen = NULL;
    llw_node *x = llw_block_embed(g);
    llw_node *positions = llw_block_positions(g);
    llw_dsa_inputs(g, &attention, true);
    llw_node *out_ids = llw_block_out_ids(g);
    for (int il = 0; il < h->n_layer; il++) {
        llw_node *residual = x;
        x = llw_block_rms(g, x, LLW_W_ATTN_NORM, il);
        llw_node *row = llw_mul_mat(g, llw_w(g, LLW_W_ATTN_Q_A, il), x);
        row = llw_block_rms(g, row, LLW_W_ATTN_Q_A_NORM, il);
        if (h->layer[il].indexed) chosen = llw_dsa_choose(g, &attention, row, x, positions, il);
        if (!chosen && !h->layer[il].windowed) {
            llw_graph_fail(g, "the first layer has no indexer");
            return;
        }
        x = attend(g, &attention, row, x, chosen, positions, il);
        if (il == h->n_layer - 1) llw_block_pick_outputs(g, out_ids, &x, &residual);
        llw_node *ffn_in = llw_add(g, x, residual);
        x = llw_block_rms(g, ffn_in, LLW_W_FFN_NORM, il);
        x = il < h->dense_lead ? llw_block_ffn_silu(g, x, il) : experts(g, x, il);
        x = llw_add(g, x, ffn_in);
    }
    llw_block_output(g, x, LLW_NORM_RMS);
}
