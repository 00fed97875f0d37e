/* Trying a launch: what fit makes of it and whether that reaches a goal. Private to the placement files. */
#ifndef LLW_PREDICT_PLACE_TRY_H
#define LLW_PREDICT_PLACE_TRY_H

#include "predict/place.h"

typedef struct llw_try {
    llw_fit fit;
    llw_extras extras;
    bool fits, meets_target, survives;
} llw_try;

void llw_try_launch(const llw_launch *launch, const llw_extra_files *files, llw_arena *arena, llw_try *out);
bool llw_try_reaches(const llw_try *tried, llw_goal goal);
/* Bytes the device lacks of what the goal wants to have room for; negative: what is left. */
int64_t llw_try_short(const llw_try *tried, llw_goal goal, int device);

/* The launch without anything that places it: automatic layers, no split, no overrides, fit allowed. */
llw_launch llw_try_unplaced(const llw_launch *launch);

/* The most the context may be: what the model was trained for, for each sequence with a cache of its own. */
int64_t llw_try_context_limit(const llw_launch *launch, const llw_prediction *prediction);

/* Whether weights and caches alone are more than all GPUs can hold with their targets kept free, so that no
 * split keeps every layer on them. Costs no graph. */
bool llw_try_is_hopeless(const llw_launch *launch);

/* The largest context up to `limit`, a multiple of 256, with which the launch reaches the goal and leaves at
 * most weights_on_host bytes of layers in RAM (-1: any). 0 when there is none. About log2(limit / 256) tries.
 */
int64_t llw_try_context(const llw_launch *launch, const llw_extra_files *files, llw_goal goal,
                        int64_t weights_on_host, int64_t limit);

/* Layers for each device, fastest card first as full as the goal allows. False when they do not fit. */
bool llw_try_fill_fastest(const llw_launch *launch, const llw_extra_files *files, llw_goal goal,
                          int counts[LLW_MAX_DEVICES]);
/* The launch with these layers, and -ts as text. */
const char *llw_try_split(llw_launch *launch, const int counts[LLW_MAX_DEVICES], llw_arena *arena);

/* The rules of -ncmoe for all layers of a mixture of experts that has no overrides; their number, else 0. */
size_t llw_try_expert_rules(const llw_launch *launch, llw_arena *arena, const llw_override **rules);

#endif
