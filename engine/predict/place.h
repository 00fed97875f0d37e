/* The best placement, beyond what --fit would do: candidates, the largest context, and repairs of a launch
 * that fails.
 *
 * Every candidate and every repair is verified by running fit and prediction on it; nothing is advised that
 * was not tried. Flags are written so that llama.cpp keeps deciding where its own result is as good ("leave
 * it to fit"). A try costs one fit (some 20 predictions); a search for a context about ten. Everything lives
 * in the arena given. */
#ifndef LLW_PREDICT_PLACE_H
#define LLW_PREDICT_PLACE_H

#include "predict/extras.h"
#include "predict/predict.h"

/* One way of starting the model, and what comes of it. */
typedef struct llw_candidate {
    const char *name; /* one-gpu, fit, fit-target, fill-fastest, explicit */
    const char *const
        *flags; /* the placement flags to write, in place of all that the launch has of them: -c -sm -mg
                 * -ngl -ts -ot -cmoe -ncmoe --fit --fit-target; empty: leave them all out */
    size_t n_flags;
    int64_t ctx;       /* the context planned for */
    llw_launch launch; /* as given to llama.cpp */
    llw_fit fit;       /* what llama.cpp makes of it */
    llw_extras extras;
    bool fits, meets_target, survives;
    bool ram_known, fits_ram; /* what stays in RAM is no more than what is available there */
    double seconds;           /* llw_speed_rank: smaller is better */
    int preference;     /* among plans about equally fast the smaller one is better: one card, fit, others */
    const char *reason; /* why one would choose it */
    const char *loses;  /* why it is not the first; "" for the first */
} llw_candidate;

typedef struct llw_placement {
    const llw_candidate *candidates; /* best first */
    size_t n;
    int64_t ctx;            /* the context that was planned for */
    const char *ctx_reason; /* why this one; "" when -c was given */
} llw_placement;

/* Ranks the ways to place the launch's model on its devices with its context, cache types and batch sizes.
 * Without -c the context is the largest with which all weights stay on the GPUs; where they cannot, 32,768 or
 * the model's own. */
void llw_place_rank(const llw_launch *launch, const llw_extra_files *files, llw_arena *arena,
                    llw_placement *out);

/* The largest context, a multiple of 256 and at most what the model was trained for (times the slots when
 * each has its own cache), with which this launch loads and keeps its targets free; where the smallest leaves
 * all weights on the GPUs, it does too. *fit (may be NULL) receives what comes of it. 0 when there is none.
 */
int64_t llw_place_largest_context(const llw_launch *launch, llw_arena *arena, llw_fit *fit);

typedef enum llw_goal {
    LLW_GOAL_LOADS,
    LLW_GOAL_TARGET,
    LLW_GOAL_SURVIVES,
    LLW_GOAL_WHOLE, /* loads with every layer on the GPUs */
} llw_goal;

typedef enum llw_knob { /* what a launch may change; bits, because some may have to stay as they are */
                        LLW_KNOB_FLASH = 1 << 0,
                        LLW_KNOB_UBATCH = 1 << 1,
                        LLW_KNOB_WINDOW = 1 << 2, /* --swa-full */
                        LLW_KNOB_SLOTS = 1 << 3,
                        LLW_KNOB_CONTEXT = 1 << 4,
                        LLW_KNOB_CACHE = 1 << 5,   /* its types */
                        LLW_KNOB_OFFLOAD = 1 << 6, /* of the cache */
                        LLW_KNOB_LAYERS = 1 << 7,
                        LLW_KNOB_SPLIT = 1 << 8,      /* -ts */
                        LLW_KNOB_CARDS = 1 << 9,      /* -sm, -mg */
                        LLW_KNOB_OVERRIDES = 1 << 10, /* -ot */
                        LLW_KNOB_EXPERTS = 1 << 11,   /* -cmoe, -ncmoe, -ncffn */
                        LLW_KNOB_FIT = 1 << 12,       /* --fit, --fit-target */
} llw_knob;

typedef enum llw_loss { /* what a repair costs, least first */
                        LLW_LOSS_NOTHING,
                        LLW_LOSS_PROMPT, /* prompts are read slower */
                        LLW_LOSS_USERS,  /* fewer conversations at once */
                        LLW_LOSS_CONTEXT,
                        LLW_LOSS_PRECISION,
                        LLW_LOSS_SPEED,
} llw_loss;

typedef struct llw_repair {
    const char *const *set; /* {"-ub", "512"} */
    size_t n_set;
    const char *const *drop; /* {"-ngl", "-ot"}: flags to leave out */
    size_t n_drop;
    llw_launch launch; /* changed */
    llw_fit fit;       /* what comes of it */
    bool survives;
    llw_loss loss;
    const char *costs; /* what it costs the user, one clause */
    const char
        *limit; /* that a smaller change of the same knob does not do, with figures; "" when not shown */
} llw_repair;

/* A change that was tried alone and does not reach the goal. */
typedef struct llw_attempt {
    const char *words;  /* "-ub 512" */
    const char *device; /* the one that is shortest; "" when memory is not what is missing */
    int64_t short_bytes;
} llw_attempt;

typedef struct llw_search {
    bool reached;              /* as it is: nothing was searched */
    const llw_repair *repairs; /* cheapest for the user first */
    size_t n;
    const llw_attempt *attempts;
    size_t n_attempts;
} llw_search;

/* The smallest changes that reach the goal, each alone, cheapest for the user first, without touching the
 * fixed knobs (llw_knob); none when the goal is reached. */
void llw_place_search(const llw_launch *launch, llw_goal goal, const llw_extra_files *files, unsigned fixed,
                      llw_arena *arena, llw_search *out);
/* The same when nothing is fixed and nobody asks what was tried in vain. */
void llw_place_repairs(const llw_launch *launch, llw_goal goal, const llw_extra_files *files,
                       llw_arena *arena, const llw_repair **repairs, size_t *n);

/* Pairs of changes of which neither does alone, and that cost less than each that does, or leave clearly more
 * context at the same price. Some hundred predictions. */
void llw_place_pairs(const llw_launch *launch, llw_goal goal, const llw_extra_files *files, unsigned fixed,
                     llw_arena *arena, const llw_search *alone, const llw_repair **pairs, size_t *n);

#endif
