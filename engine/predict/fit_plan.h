/* The state of one re-told fit: what common/fit.cpp of llama.cpp keeps while it decides, step by step.
 *
 * llama.cpp measures by loading the model without allocating; here a llw_fit_measure answers instead,
 * llw_predict unless a test puts an oracle in its place. Everything else follows common_params_fit_impl in
 * order and in its integer types: layer counts are 32 bits and may wrap where llama.cpp's assertions are
 * compiled out. The state borrows the launch and the arena; its arrays are indexed by the model's devices,
 * `device` says which of the launch's those are. */
#ifndef LLW_PREDICT_FIT_PLAN_H
#define LLW_PREDICT_FIT_PLAN_H

#include "predict/changes.h"
#include "predict/predict.h"

typedef void llw_fit_measure(const llw_launch *launch, llw_arena *arena, bool explain, void *user,
                             llw_prediction *out);

/* Parts of a layer that stay on a device when the rest overflows (common_layer_fraction_t). */
typedef enum llw_fit_fraction {
    LLW_FIT_ATTENTION, /* the whole feed-forward part leaves */
    LLW_FIT_UP,        /* attention and up stay */
    LLW_FIT_GATE,      /* attention, up and gate stay: only down leaves */
    LLW_FIT_MOE,       /* everything but the experts stays */
} llw_fit_fraction;

typedef struct llw_fit_share { /* of one device: ngl_t */
    uint32_t layers, part;     /* part: how many of the layers leave something out */
    llw_fit_fraction overflow; /* of the first partial layer; the others leave out their experts */
} llw_fit_share;

typedef struct llw_fit_memory { /* one measurement, by model device */
    int64_t total[LLW_MAX_DEVICES], model[LLW_MAX_DEVICES], free[LLW_MAX_DEVICES];
    int64_t host;
} llw_fit_memory;

typedef enum llw_fit_verdict { LLW_FIT_GO_ON, LLW_FIT_DONE, LLW_FIT_STOPPED } llw_fit_verdict;

typedef struct llw_fit_state {
    const llw_launch *given;
    llw_launch
        work; /* what fit has set so far; overrides and tensor_split are its own buffers, as in llama.cpp */
    llw_changes build;
    llw_arena *arena;
    bool explain;
    llw_fit_measure *measure;
    void *user;

    int nd;
    int device[LLW_MAX_DEVICES];
    int64_t margin[LLW_MAX_DEVICES];
    uint32_t n_layer, n_ctx_train, n_expert;
    uint32_t n_seq, n_streams;
    uint32_t n_ctx;       /* cparams->n_ctx: 0 unset */
    llw_prediction first; /* of the launch as it was given; full: the memory it takes */
    llw_fit_memory full;
    bool nothing_changed; /* ... and nothing was */
    llw_draft draft;      /* as last measured */
    uint32_t draft_ctx;   /* ... beside so many cells; 0: not yet */
    bool rough;           /* some figure that decided is not exact */

    llw_override *overrides; /* room for LLW_MAX_OVERRIDES */
    const char **patterns;   /* [layer * 4 + fraction], made when first needed */
    const char *overflow_buffer[LLW_MAX_DEVICES];
    llw_fit_share share[LLW_MAX_DEVICES];
    int64_t used[LLW_MAX_DEVICES], target[LLW_MAX_DEVICES];
    int64_t surplus_without_experts;
    bool context_cut; /* -c was unset and the context was reduced */

    llw_fit_outcome outcome; /* when stopped */
    llw_outcome load;        /* of the measurement that stopped it */
    const char *reason;
    const char **steps;
    size_t n_steps, steps_room;
} llw_fit_state;

enum { LLW_FIT_LAYERS_MAX = 1000 }; /* get_overflow_pattern's limit */

/* The name of a model device: CUDA0. */
const char *llw_fit_device(const llw_fit_state *state, int id);

/* Records a decision, when asked to explain. */
void llw_fit_say(llw_fit_state *state, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Ends the fit with a reason. */
llw_fit_verdict llw_fit_stop(llw_fit_state *state, llw_fit_outcome outcome, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds what the draft takes beside state->n_ctx cells, measured anew when the context has changed
 * (common_params_fit_impl add_extra_memory). False when llama.cpp dies of it: the state says why. */
bool llw_fit_add_draft(llw_fit_state *state, llw_fit_memory *memory);

/* What llama-server adds to the targets for the projector. */
void llw_fit_raise_targets(llw_fit_state *state);

/* The draft as it is loaded behind the plan. A draft that llama.cpp refuses ends the load. */
void llw_fit_load_draft(llw_fit_state *state, llw_fit *out);

/* Measures state->work with state->n_ctx and that many GPU layers. False when it cannot be loaded: the state
 * says why. */
bool llw_fit_look(llw_fit_state *state, int gpu_layers, llw_fit_memory *out);
/* The same of the launch before anything is changed, into state->first and full: with its steps, as it is
 * told when nothing has to be. */
bool llw_fit_look_first(llw_fit_state *state);

/* Steps 1 and 2: is a change needed at all, and can less context do? Then what the user's flags forbid. */
llw_fit_verdict llw_fit_context(llw_fit_state *state);

/* Steps 3 and 4: dense layers back to front, then experts front to back and a part of one more layer. */
llw_fit_verdict llw_fit_layers(llw_fit_state *state);

/* Writes shares as n_gpu_layers, tensor_split and overrides into work; the layer count goes to *gpu_layers.
 * False when the overrides do not suffice (the state says so). */
bool llw_fit_apply(llw_fit_state *state, const llw_fit_share *share, const char *const *overflow,
                   int *gpu_layers);

/* llw_fit_run with another measure than llw_predict. `force`: even where the program or the build does not
 * fit. */
void llw_fit_run_with(const llw_launch *launch, llw_fit_measure *measure, void *user, llw_arena *arena,
                      bool explain, bool force, llw_fit *out);

#endif
