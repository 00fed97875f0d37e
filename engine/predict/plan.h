/* A launch resolved as llama.cpp resolves it: hyper-parameters, context parameters, which device has which
 * layer, where every tensor and every cache lies. Private to predict/.
 *
 * Everything lives in the arena of the call. A place is a device's number among those used, or host memory.
 */
#ifndef LLW_PREDICT_PLAN_H
#define LLW_PREDICT_PLAN_H

#include "predict/architecture.h"
#include "predict/changes.h"
#include "predict/predict.h"
#include "predict/tensor_names.h"

enum {
    LLW_MAX_LAYERS = 512,   /* LLAMA_MAX_LAYERS, src/llama-hparams.h v0.5.0 */
    LLW_MAX_SEQUENCES = 256 /* LLAMA_MAX_SEQ, src/llama-cparams.h v0.5.0 */
};

typedef signed char llw_place;
enum {
    LLW_PLACE_NONE = -1,
    LLW_PLACE_PINNED = 100 /* CUDA_Host */,
    LLW_PLACE_CPU = 101,
    LLW_PLACE_REPACKED = 102 /* AMX, CPU_REPACK: read by nothing but the CPU's own code */
};

static inline bool llw_place_is_host(llw_place place) {
    return place >= LLW_PLACE_PINNED;
}

typedef struct llw_layer {
    int64_t heads, kv_heads, ff, ff_exp, experts_used;
    bool windowed, recurrent;
    bool indexed;                     /* owns an indexer */
    bool clamp_experts, clamp_shared; /* SwiGLU is clamped */
    int64_t compress;                 /* tokens that share a cell of its compressed cache; 0 none */
    bool rope, ple;
    int block; /* whose tensors it uses: blocks walked several times serve several layers */
    int deepstack_before, deepstack_after; /* which of the inner embeddings is added there, + 1; 0 none */
} llw_layer;

typedef enum llw_gating { /* llama_expert_gating_func_type */
                          LLW_GATING_NONE,
                          LLW_GATING_SOFTMAX,
                          LLW_GATING_SIGMOID,
                          LLW_GATING_SOFTMAX_WEIGHT,
                          LLW_GATING_SQRT_SOFTPLUS
} llw_gating;

typedef enum llw_soft_cap { LLW_SOFT_CAP_NONE, LLW_SOFT_CAP_ATTENTION, LLW_SOFT_CAP_GROK } llw_soft_cap;

/* llama_hparams, as far as sizes depend on it. */
typedef struct llw_hparams {
    int n_layer_all, n_layer_nextn, n_layer; /* n_layer: without those for multi-token prediction */
    int n_layer_kv;   /* layers from the start that have a cache of their own; -1 all */
    llw_layer *layer; /* n_layer_all of them */
    int64_t n_ctx_train, n_embd, n_embd_out, n_vocab;
    int64_t head_k, head_v, head_k_swa, head_v_swa, rot, rot_swa;
    int64_t head_k_mla, head_v_mla;
    int64_t experts, expert_groups, groups_used, ff_shexp, experts_shared, dense_lead;
    int64_t lora_q, lora_kv, lora_kv_swa, head_k_mla_swa, head_v_mla_swa;
    llw_gating gating;
    double expert_weights_scale;
    bool expert_weights_norm;
    bool causal, mla, windowed_any;
    int64_t window;
    int64_t ssm_conv, ssm_inner, ssm_state, ssm_dt_rank, ssm_groups;
    int64_t shortconv, kda_head, la_head, wkv_head, token_shift, rescale_every;
    int64_t indexer_heads, indexer_head, indexer_top_k, indexer_block, hyper, ple_conv, ple_ngram, ple_heads;
    int64_t out_groups, out_lora, hash_layers, sinkhorn; /* deepseek 4 */
    int64_t expert_step;                                 /* experts are used in each n-th layer */
    int64_t yarn_ctx;
    bool longrope; /* rope.scaling.type */
    int64_t pooling;          /* 0 none, 1 mean, 2 cls, 3 last, 4 rank */
    int positions;            /* per token: 4 with multi-dimensional rope */
    int64_t deepstack;        /* embeddings added at inner layers, behind the first in the input */
    double temperature_scale; /* of attention, llama 4 and mistral */
    double embedding_scale, residual_scale, logit_scale, attention_scale;
    double value_scale, rms_norm_eps;
    int64_t group_experts, hrm_stack, hrm_low, hrm_high;
    int64_t residual_block;
    bool kda_bounded, clamp_kqv, alibi, situ_linear, final_soft_cap, parallel_residual, swin_norm,
        dt_b_c_norms, skip_loop_norm;
    llw_soft_cap soft_cap;
} llw_hparams;

/* A tensor of the model as loaded. */
typedef struct llw_weight {
    const llw_tensor *tensor;
    llw_tensor_name name;
    llw_place place;
    bool loaded;
    unsigned char repacked; /* llw_repack_kind (repack.h) */
} llw_weight;

typedef struct llw_cache_layer {
    int layer;
    llw_place place;
    int64_t k_width, v_width; /* elements per cell; v_width 0: no V */
} llw_cache_layer;

/* One llama_kv_cache. */
typedef struct llw_cache {
    bool used;
    const char *what; /* "", "window ", "indexer " */
    int64_t cells;
    int streams;
    int64_t window; /* 0: looks back over everything */
    llw_cache_layer *layers;
    int n_layers;
    short *of_layer; /* index into layers for each of the model's layers; -1 none */
    bool rotate_k, rotate_v;
    int64_t head_k; /* of its layers, when all are alike */
} llw_cache;

typedef struct llw_state {
    bool used;
    int64_t r_width, s_width; /* elements per sequence and layer */
    int64_t rows;
    llw_place *of_layer; /* LLW_PLACE_NONE: layer without a state */
} llw_state;

enum {
    LLW_CACHE_BASE,
    LLW_CACHE_WINDOW,
    LLW_CACHE_INDEXER,
    LLW_CACHE_BY_4,   /* one cell for 4 tokens (DeepSeek 4) */
    LLW_CACHE_BY_128, /* and for 128 */
    LLW_CACHES
};

typedef struct llw_plan {
    const llw_launch *launch;
    const llw_model *model;
    llw_arena *arena;   /* of what the prediction keeps */
    llw_arena *scratch; /* of the plan itself: it goes when the prediction is made */
    bool explain;
    const llw_architecture *architecture; /* NULL: not known to llama.cpp v0.5.0 */
    llw_changes build;
    llw_hparams hparams;

    int n_devices;               /* devices used */
    int device[LLW_MAX_DEVICES]; /* their numbers in launch->devices */
    int64_t gpu_layers;          /* resolved: a count */
    llw_place *layer_place;      /* n_layer_all + 1; the last is the output's */

    llw_place *sent;     /* of each of the model's tensors: where -ot puts it; NULL without one */
    llw_weight *weights; /* one for each of the model's tensors, then copies */
    size_t n_weights;
    int64_t n_loaded;   /* tensors in llama.cpp's buffers of weights, copies included */
    int32_t *weight_of; /* [(layer + 1) * columns * suffixes]: index into weights + 1; 0 none */
    uint16_t *column;   /* + 1, for each id that the model has */
    size_t n_columns;
    llw_place *rope_place; /* of the rope factors each layer uses */
    int32_t output_copy;   /* index + 1 of the token embedding's copy used as output; 0 none */
    bool overridden;       /* -ot, -cmoe or -ncmoe are given, whatever they match */

    bool flash_attn;   /* resolved */
    int flash_moved;   /* + 1: the layer whose attention was sent away from it, so that flash attention is off
                        */
    bool v_transposed; /* the V cache, when flash attention was off from the start */
    bool fused_delta_one,
        fused_delta_many; /* gated delta net as one operation, for one or many tokens a sequence */
    bool apart_pre, apart_comb, apart_post; /* written out, because the fused operation would
                                                              not stay on its layer's device */
    int64_t n_ctx, n_ctx_seq, n_batch, n_ubatch, n_outputs_max;
    int n_seq;
    int64_t snapshots; /* of recurrent state, for each sequence beside the state itself (n_rs_seq) */
    bool kv_unified, pipelined;
    bool unfit; /* an operation cannot read a weight in RAM: a GPU must take it, which is not followed here */
    bool nextn; /* layers that predict further tokens are loaded */
    bool nextn_only; /* a context of those layers alone (LLAMA_CONTEXT_TYPE_MTP) */
    llw_cache cache[LLW_CACHES];
    llw_state state;

    llw_prediction *out;
    size_t steps_capacity;
} llw_plan;

/* Fills plan->hparams; false with plan->out->outcome and reason set when llama.cpp would not load the header.
 */
bool llw_hparams_read(llw_plan *plan);
int64_t llw_hparams_head_k(const llw_hparams *hparams, int layer);
int64_t llw_hparams_head_v(const llw_hparams *hparams, int layer);

/* Which layer goes to which device. False: refused or unknown, said in plan->out. */
bool llw_place_layers(llw_plan *plan);
/* Where each tensor lies, and the bytes that makes on each device. */
bool llw_place_weights(llw_plan *plan);
/* Context parameters that follow from flags alone. */
bool llw_context_resolve(llw_plan *plan);
/* Caches and states, and their bytes; needs plan->flash_attn. */
bool llw_context_place(llw_plan *plan);

/* Bytes a tensor of that type and shape takes in a buffer there, padding included. */
int64_t llw_place_bytes(llw_place place, uint32_t type, int64_t row, int64_t rows);
/* ... and a weight that `op` uses, its rows spread over cards with -sm row. */
int64_t llw_weight_bytes(const llw_plan *plan, llw_place place, llw_op op, const llw_tensor *tensor);
llw_memory *llw_plan_memory(llw_plan *plan, llw_place place);
/* The device's number for steps: an index into launch->devices, -1 the host. */
int llw_plan_device(const llw_plan *plan, llw_place place);
const char *llw_plan_device_name(const llw_plan *plan, llw_place place);

/* Sets the outcome and returns false. */
bool llw_plan_stop(llw_plan *plan, llw_outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Records a line of arithmetic, when explaining. */
void llw_plan_step(llw_plan *plan, int device, llw_attr result, int64_t value, const char *source,
                   const char *fmt, ...) __attribute__((format(printf, 6, 7)));

/* The weight, or NULL when the model has none. layer -1: one outside the blocks. */
const llw_weight *llw_plan_weight(const llw_plan *plan, llw_weight_id id, llw_suffix suffix, int layer);

#endif
