/* The pieces llama.cpp's models are made of: embedding, norms, attention over the caches, feed-forwards,
 * experts, states.
 *
 * Source: src/llama-graph.cpp llm_graph_context, src/llama-kv-cache.cpp, llama.cpp v0.5.0 and 2026-05-04
 * (what differs is in models/changes.tsv). Optional tensors (biases, norms, scales) are used when the model
 * has them. */
#ifndef LLW_PREDICT_BLOCKS_H
#define LLW_PREDICT_BLOCKS_H

#include "predict/graph.h"

typedef enum llw_norm_kind { LLW_NORM_RMS, LLW_NORM_LAYER, LLW_NORM_GROUP } llw_norm_kind;

llw_node *llw_block_embed(llw_graph *g); /* tokens to rows of token_embd, scaled when the model says so */
llw_node *llw_block_positions(llw_graph *g);
llw_node *llw_block_out_ids(llw_graph *g);

/* build_norm: w and b may be NULL. il is the layer the node is pinned to; -1 none. */
llw_node *llw_block_norm_of(llw_graph *g, llw_node *x, llw_node *w, llw_node *b, llw_norm_kind kind, int il);
/* With the weight and bias of that name. */
llw_node *llw_block_norm(llw_graph *g, llw_node *x, llw_weight_id id, int il, llw_norm_kind kind);
llw_node *llw_block_rms(llw_graph *g, llw_node *x, llw_weight_id id, int il);
/* build_lora_mm: the weight times x, times its scale if it has one; and with its bias. */
llw_node *llw_block_mm(llw_graph *g, llw_weight_id id, int il, llw_node *x);
llw_node *llw_block_mm_bias(llw_graph *g, llw_weight_id id, int il, llw_node *x);

typedef struct llw_qkv {
    llw_node *q, *k, *v;
} llw_qkv;

/* build_qkv: from one fused matrix or three, shaped into heads. */
llw_qkv llw_block_qkv(llw_graph *g, llw_node *x, int64_t head, int64_t heads, int64_t kv_heads, int il);
llw_qkv llw_block_qkv_sized(llw_graph *g, llw_node *x, int64_t head_q, int64_t heads_q, int64_t head_k,
                            int64_t heads_k, int64_t head_v, int64_t heads_v, int il, bool reshape);

typedef struct llw_attention { /* the inputs attention needs, one set for each cache */
    bool cached, keys_only;
    llw_node *k_rows[LLW_CACHES], *v_rows[LLW_CACHES], *mask[LLW_CACHES], *rotate_k[LLW_CACHES],
        *rotate_v[LLW_CACHES];
} llw_attention;

typedef struct llw_attend_more { /* what few models have */
    llw_node *bias;              /* added to the scores: no flash attention then */
    llw_node *sinks;
    llw_node *v_mla; /* decompresses the result of compressed attention */
} llw_attend_more;

/* Makes the inputs for the caches the plan has: keys and values, keys only (compressed), windows, or none. */
void llw_block_attention(llw_graph *g, llw_attention *attention, bool keys_only);
/* Of the batch alone, whatever caches there are. */
void llw_block_attention_uncached(llw_graph *g, llw_attention *attention);
/* What an embedding server adds behind the model's graph. */
void llw_block_pooling(llw_graph *g);
/* Stores k and v (NULL: an earlier layer did), attends, multiplies with `out` and adds its bias
 * (LLW_W_UNKNOWN: neither). */
llw_node *llw_block_attend(llw_graph *g, const llw_attention *attention, llw_weight_id out, llw_node *q,
                           llw_node *k, llw_node *v, const llw_attend_more *more, int il);
/* The attention itself: build_attn_mha. */
llw_node *llw_block_mha(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *mask,
                        const llw_attend_more *more, int il);
/* Views of a layer's cache, all cells. */
llw_node *llw_block_cached_k(llw_graph *g, int cache, int il);
llw_node *llw_block_cached_v(llw_graph *g, int cache, int il);
void llw_block_store_k(llw_graph *g, const llw_attention *attention, int cache, llw_node *k, int il);
void llw_block_store_v(llw_graph *g, const llw_attention *attention, int cache, llw_node *v, int il);
int llw_block_cache_of(const llw_graph *g, int il);
llw_node *llw_block_rotate(llw_graph *g, llw_node *x, llw_node *rotation); /* llama_mul_mat_hadamard */

typedef enum llw_activation {
    LLW_ACT_SILU,
    LLW_ACT_GELU,
    LLW_ACT_RELU,
    LLW_ACT_RELU_SQR,
    LLW_ACT_SWIGLU,
    LLW_ACT_GEGLU,
    LLW_ACT_REGLU,
    LLW_ACT_SWIGLU_OAI,
    LLW_ACT_SITU
} llw_activation;

typedef struct llw_ffn {
    llw_weight_id up, gate, down; /* 0: ffn_up, ffn_gate, ffn_down */
    llw_activation activation;
    bool fused_clamp; /* clamped in the same operation, when the header says so */
    bool sequential;  /* the gate multiplies what up made (LLM_FFN_SEQ) */
    llw_node *act_scales;
} llw_ffn;

/* build_ffn. Tensors the model lacks are left out. */
llw_node *llw_block_ffn(llw_graph *g, llw_node *x, const llw_ffn *how, int il);
llw_node *llw_block_ffn_silu(llw_graph *g, llw_node *x, int il); /* gate and up side by side, SiLU */

typedef struct llw_moe {
    int64_t experts, used; /* 0: the model's */
    llw_activation activation;
    llw_gating gating;
    bool normalise;
    double scale;
    llw_node *probs, *chosen;                      /* given from outside */
    llw_node *selection_bias;                      /* exp_probs_b */
    bool no_selection_bias;                        /* even when the model has one */
    bool weight_first;                             /* llama4 */
    bool group_experts;                            /* grovemoe */
    llw_weight_id up, gate, down, gate_up, router; /* 0: ffn_up_exps ... ffn_gate_inp */
    bool fused_clamp;
    bool precise; /* down wants its input in F32 */
} llw_moe;

/* build_moe_ffn */
llw_node *llw_block_moe(llw_graph *g, llw_node *x, const llw_moe *how, int il);
/* With the header's gating, normalisation and scale. */
llw_moe llw_block_moe_defaults(const llw_graph *g, int il);

typedef struct llw_recurrent {
    llw_node *copies, *main, *extra;
} llw_recurrent;

void llw_block_recurrent(llw_graph *g, llw_recurrent *inputs);
/* build_rs: the states of the batch's sequences, [width, n_seqs], looked up. */
llw_node *llw_block_states(llw_graph *g, const llw_recurrent *inputs, llw_node *state);
/* The same around an operation that looks them up itself: all states; then that operation's result. */
llw_node *llw_block_states_begin(llw_graph *g, llw_node *state);
void llw_block_states_end(llw_graph *g, const llw_recurrent *inputs, llw_node *state, llw_node *states,
                          llw_node *mine);

/* The output matrix times x, whose rows are the embeddings read. */
llw_node *llw_block_logits(llw_graph *g, llw_node *x);
/* Residual tail of a graph: last norm, output matrix, logits. */
void llw_block_output(llw_graph *g, llw_node *x, llw_norm_kind kind);
/* For models that may draft: at the last layer nothing is picked when llw_block_late_outputs says so, and
 * this picks. */
bool llw_block_late_outputs(const llw_graph *g);
/* The same, picking behind the last norm. */
void llw_block_output_after_norm(llw_graph *g, llw_node *x, llw_node *out_ids, llw_norm_kind kind);
void llw_block_output_of(llw_graph *g, llw_node *x, llw_node *out_ids, llw_norm_kind kind);
/* Applies get_rows(out_ids) to both at the last layer, when the model does so. */
void llw_block_pick_outputs(llw_graph *g, llw_node *out_ids, llw_node **x, llw_node **residual);

#endif
