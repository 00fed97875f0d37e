/* A launch read out of the fact base: every option with its resolved value, ready for arithmetic.
 *
 * Strings are borrowed from the fact base. Reading fails only by missing slots, which it names. */
#ifndef LLW_FACT_LAUNCH_H
#define LLW_FACT_LAUNCH_H

#include "base/error.h"
#include "fact/facts.h"

enum { LLW_MAX_DEVICES = 16, LLW_MAX_OVERRIDES = 4096 };

typedef enum llw_program {
    LLW_PROGRAM_SERVER,
    LLW_PROGRAM_CLI,
    LLW_PROGRAM_BENCH,
    LLW_PROGRAM_FIT_PARAMS
} llw_program;
typedef enum llw_split_mode {
    LLW_SPLIT_NONE,
    LLW_SPLIT_LAYER,
    LLW_SPLIT_ROW,
    LLW_SPLIT_TENSOR
} llw_split_mode;
typedef enum llw_switch { LLW_OFF, LLW_ON, LLW_AUTO } llw_switch;

typedef struct llw_device {
    const char *name; /* CUDA0 */
    llw_entity gpu;
    int64_t total, free;
    bool known; /* total and free are known */
    bool live;  /* free was read from the card (NVML, nvidia-smi, a log), not stated by hand: it shrinks while
                 * llama.cpp measures a model with recurrent layers, a stated figure does not */
    double bandwidth;     /* bytes per second; 0 unknown */
    bool display;         /* a display is attached */
    int64_t grew;         /* what was measured here beyond the buffers, the most of ... */
    int64_t grew_records; /* ... so many records; 0: none */
} llw_device;

typedef struct llw_override {
    const char *pattern; /* ECMAScript regex searched in the tensor's name */
    const char *buffer;  /* CPU, CUDA0, CUDA_Host ... */
} llw_override;

/* --spec-type as bits: common/speculative.cpp common_speculative_type_from_name_map, v0.5.0. */
typedef enum llw_spec {
    LLW_SPEC_SIMPLE = 1,
    LLW_SPEC_EAGLE3 = 2,
    LLW_SPEC_MTP = 4,
    LLW_SPEC_DFLASH = 8,
    LLW_SPEC_DSPARK = 16,
    LLW_SPEC_NGRAM = 32, /* -simple, -map-k and -map-k4v */
    LLW_SPEC_NGRAM_MOD = 64,
    LLW_SPEC_NGRAM_CACHE = 128
} llw_spec;

/* Speculative decoding: what drafts, and where its model goes. */
typedef struct llw_speculation {
    unsigned types;                /* bits of llw_spec; none given: what the draft's header asks for */
    int64_t most;                  /* tokens drafted at once, the most of all types */
    int64_t draft_most;            /* by a model, whether or not one does */
    bool draft;                    /* -md is given */
    const struct llw_model *model; /* of the draft; NULL: its header was not read */
    int gpu_layers;                /* -1 auto, -2 all */
    uint32_t type_k, type_v;       /* ggml types */
    bool devices_given;            /* -devd; else the devices of the model */
    const char *devices[LLW_MAX_DEVICES];
    int n_devices;
    const llw_override *overrides;
    size_t n_overrides;
} llw_speculation;

typedef struct llw_launch {
    llw_entity entity;
    llw_entity model_entity;
    const struct llw_model *model; /* NULL: only claims are known */
    llw_program program;
    int64_t build_order; /* models/builds.tsv */
    int gpu_layers;      /* -1 auto, -2 all */
    bool free_hand;      /* a plan of ours: -1 is as many layers as fit, whatever the build makes of it */
    int64_t ctx, batch, ubatch;
    uint32_t type_k, type_v; /* ggml types */
    llw_switch flash_attn;
    int parallel;          /* -1 auto */
    llw_switch kv_unified; /* auto: not given */
    bool kv_offload, swa_full, op_offload;
    llw_split_mode split_mode;
    double tensor_split[LLW_MAX_DEVICES];
    int n_tensor_split;
    int main_gpu;
    llw_device devices[LLW_MAX_DEVICES]; /* all visible ones, in llama.cpp's order, after -dev */
    int n_devices;
    const llw_override *overrides; /* in order: -ot, -cmoe and -ncmoe as llama.cpp expands them */
    size_t n_overrides;
    bool fit;
    int64_t fit_target[LLW_MAX_DEVICES]; /* bytes, filled for every device */
    int64_t fit_ctx;
    bool ctx_given, gpu_layers_given; /* by the user: fit behaves otherwise then */
    bool mmap;
    bool embedding;
    bool repack, no_host; /* weights in RAM may take another layout; they are not pinned */
    const char *cpu;      /* of its features those that decide the layout: avx2,avx512,amx; NULL unknown */
    bool mmproj;          /* --mmproj is given */
    bool mmproj_offload;  /* the projector goes to a GPU: */
    const char *mmproj_device;         /* this one; "": the first */
    const struct llw_model *projector; /* its header; NULL: not read */
    llw_speculation spec;
    bool drafts;           /* this is how a draft is loaded beside another model (predict/draft.h) */
    int pooling;           /* 1 + llama.cpp's number of what --pooling names; 0: the model's own */
    int64_t ram_available; /* -1 unknown */
    int64_t ram_total;     /* -1 unknown */
    double ram_bandwidth;  /* bytes per second; 0 unknown */
    struct llw_memo *memo; /* predictions already made (predict/memo.h); NULL: each is made anew */
} llw_launch;

/* The placement overrides alone, in the order in which llama.cpp holds them (launch.override_order; what that
 * does not name comes last): -ot split at commas, -cmoe and -ncmoe N as the patterns of common.h
 * LLM_FFN_EXPS_REGEX, -ncffn N as those of LLM_FFN_DENSE_REGEX. LLW_ERR_INPUT when -ot cannot be read,
 * LLW_ERR_NOTHING when a slot is unknown. */
llw_rc llw_launch_overrides(const llw_facts *facts, llw_entity entity, llw_arena *arena,
                            const llw_override **overrides, size_t *n_overrides, llw_err *err);

/* "-ncmoe N" as text, the first N layers' experts in RAM: PATTERN=CPU,... */
const char *llw_experts_in_ram(llw_arena *arena, int64_t layers);
/* PATTERN=BUFFER,... as overrides. LLW_ERR_INPUT where an element has no '='. */
llw_rc llw_overrides_parse(llw_arena *arena, const char *text, const char *place,
                           const llw_override **overrides, size_t *n_overrides, llw_err *err);

/* What launch.spec_types and the draft's slots say. Nothing is missing where nothing is said: llama.cpp has
 * defaults. LLW_ERR_INPUT when a value cannot be read. */
llw_rc llw_speculation_read(const llw_facts *facts, llw_entity entity, llw_arena *arena, llw_speculation *out,
                            llw_err *err);

/* Whether these overrides keep an expert tensor in RAM: of the model's own tensors, or of any that an expert
 * tensor may be called (128 layers) when model is NULL. The first matching pattern decides, as in llama.cpp.
 */
bool llw_overrides_move_experts(const llw_override *overrides, size_t n_overrides,
                                const struct llw_model *model);

/* The cache types that -ctk and -ctv take, by llama.cpp's exact spelling; -1 when it takes none of that name.
 * Source: common/arg.cpp kv_cache_types of v0.5.0. */
int llw_cache_type_find(const char *name);
/* The type somebody who wrote this meant ("Q8_0", "q8", "fp16"), or NULL. */
const char *llw_cache_type_nearest(const char *name);

/* What the fields mean: an embedding server's batch is already lowered to its ubatch (server.cpp); `ctx` 0
 * with `ctx_given` is an explicit -c 0 ("the model's own, do not shrink it"), without it "not given";
 * `fit_ctx` is UINT32_MAX then. `gpu_layers_given` says that --fit finds the layer count changed: any value
 * but auto. kv_unified is LLW_AUTO when nobody said anything, and for a server whose slots are automatic.
 * With -dev none, n_devices is 0. A GPU whose memory nobody knows has known = false; on a machine of which no
 * GPU is known at all, devices named by -dev stand with known = false.
 *
 * Reads the launch entity. *missing (may be NULL) receives the first slot without a value that prediction
 * needs, with rc LLW_ERR_NOTHING; LLW_ERR_INPUT when a value cannot be read ("-ctk q9": err says what to
 * write), and then *missing is the slot that holds it. A device that may be there without being known ("-dev
 * Vulkan0" beside CUDA0) is LLW_ERR_NOTHING without a slot: err says which. */
llw_rc llw_launch_read(const llw_facts *facts, llw_entity entity, llw_arena *arena, llw_launch *out,
                       llw_attr *missing, llw_err *err);

#endif
