/* What llama.cpp would allocate for a launch, per device, and what --fit would do: without llama.cpp.
 *
 * A prediction is arithmetic on a llw_launch: no facts, no files, no clock. Weights and context are exact
 * where `exact` says so; the compute buffer is exact where the architecture's graph is known, else a point
 * estimate inside [compute_low, compute_high]. Every figure has its derivation in `steps`, when asked for. */
#ifndef LLW_PREDICT_PREDICT_H
#define LLW_PREDICT_PREDICT_H

#include "fact/launch.h"
#include "fact/model.h"

typedef enum llw_outcome {
    LLW_OUTCOME_OK,
    LLW_OUTCOME_REFUSED,
    LLW_OUTCOME_ABORTS,
    LLW_OUTCOME_UNKNOWN
} llw_outcome;

/* A CUDA allocation takes whole pages of this size (recurrent state of 143.4 MiB lowered free memory by 144
 * MiB, one of 598.5 MiB by 600 MiB: cudaMemGetInfo on an H200, driver 580). */
enum { LLW_CUDA_PAGE = 2 * 1024 * 1024 };

typedef struct llw_memory {
    int64_t weights, context, compute; /* bytes */
    int64_t state; /* the part of context that even a load without allocation takes: recurrent state,
                      compressors */
    int64_t compute_low, compute_high; /* equal to compute when exact */
    int64_t
        compute_loaded; /* what a real load takes: compute is llama.cpp's accounting, by which --fit decides.
                         * Asked for with `explain`; else, or where the graph is a guess, equal to compute */
    bool weights_exact, context_exact, compute_exact;
    int layers; /* layers whose KV and weights live here by -ngl and -ts */
} llw_memory;

/* Weights, context and compute buffer together; whether each of them is exact. */
int64_t llw_memory_sum(const llw_memory *memory);
bool llw_memory_is_exact(const llw_memory *memory);

/* One line of arithmetic; `device` -1 is the host. Behind it, deeper, comes what it rests on: lines computed
 * in turn, and at the ends header keys, slots, and numbers that are llama.cpp's own (`source` says where). */
typedef struct llw_step {
    int device;
    llw_attr
        result; /* LLW_placement_weights, LLW_placement_kv, LLW_placement_compute, LLW_launch_n_ctx ... */
    int64_t value;
    const char *text;   /* "131,072 cells x 47 layers x 576 x 34/32 bytes (q8_0) = 3,595.5 MiB" */
    const char *source; /* llama.cpp file and function, header key, or measurement */
    int depth;          /* 0: the figure's own arithmetic */
    llw_attr slot;      /* the line is this slot: of the launch, or of a GPU or its placement */
    int slot_device;
} llw_step;

typedef struct llw_prediction {
    llw_outcome outcome;
    const char *reason; /* why refused, aborting or unknown; "" otherwise */
    llw_memory device[LLW_MAX_DEVICES];
    int n_devices;
    llw_memory host;
    llw_memory together; /* with -sm tensor: the one device that llama.cpp's own accounting lists */
    int64_t n_ctx, n_ctx_seq, n_batch, n_ubatch;
    int n_seq;
    bool flash_attn, pipelined, kv_unified;
    int64_t repacked; /* weights in RAM in another layout, which --fit without a GPU does not count */
    bool repack_known;
    int64_t weights_on_host; /* layer weights in RAM, without the token embedding */
    bool architecture_known;
    llw_step *steps;
    size_t n_steps;
} llw_prediction;

/* What the launch, taken literally (as with --fit off), allocates. launch->model must be there. */
void llw_predict(const llw_launch *launch, llw_arena *arena, bool explain, llw_prediction *out);

/* The same without the compute buffers, which stay 0: a lower bound for a fraction of the cost. */
void llw_predict_stored(const llw_launch *launch, llw_arena *arena, llw_prediction *out);

typedef enum llw_fit_outcome {
    LLW_FIT_OFF,
    LLW_FIT_UNCHANGED,
    LLW_FIT_ADJUSTED,
    LLW_FIT_GAVE_UP,
    LLW_FIT_FAILED,
    LLW_FIT_UNKNOWN /* a card's free memory, or the model's memory, is not known */
} llw_fit_outcome;

/* How many sequences the context of a launch is made for, and whether they share one cache. */
int llw_context_slots(const llw_launch *launch, bool *unified);

/* What a draft takes beside the model, by the launch's devices. */
typedef struct llw_draft {
    bool used;
    llw_outcome outcome; /* UNKNOWN: its header was not read, or nobody knows its architecture */
    const char *reason;
    llw_memory device[LLW_MAX_DEVICES], host;
} llw_draft;

typedef struct llw_fit {
    llw_fit_outcome outcome;
    const char *reason;
    llw_launch launch;       /* with what fit set */
    const char *const *args; /* what it set, as flags: -c 4096 -ngl 49 -ts ... -ot ... */
    size_t n_args;
    llw_prediction prediction; /* of `launch` */
    llw_draft draft;           /* that llama.cpp loads behind it */
    bool exact;                /* every figure that decided was exact */
    bool fits;                 /* every device's need is no more than its free memory */
    bool meets_target;         /* ... and the target is kept free */
    const char *const *steps;  /* its decisions in order, one sentence each */
    size_t n_steps;
} llw_fit;

/* What llama.cpp does with the launch when --fit is allowed to: common/fit.cpp re-told. With --fit off, or a
 * program that does not fit, the outcome is LLW_FIT_OFF and the prediction that of the launch as it is. */
void llw_fit_run(const llw_launch *launch, llw_arena *arena, bool explain, llw_fit *out);

/* Bytes that the launch as fit leaves it takes of a device (-1: of RAM), those of a draft among them. */
int64_t llw_fit_need(const llw_fit *fit, int device);

/* The same for a program or build that does not fit, or with --fit off: the plan that fit would make. */
void llw_fit_force(const llw_launch *launch, llw_arena *arena, llw_fit *out);

#endif
