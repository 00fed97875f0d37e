/* One step of one knob: the launches that a person would try next. Private to the placement files.
 */
#ifndef LLW_PREDICT_PLACE_STEP_H
#define LLW_PREDICT_PLACE_STEP_H

#include "predict/place_try.h"

typedef struct llw_place_step {
    unsigned knobs; /* llw_knob, those it turns */
    int row;        /* of one row the first that does is enough */
    bool further;   /* the same as the one before it, only more of it */
    llw_launch launch;
    const char *set[4], *drop[8];
    size_t n_set, n_drop;
    llw_loss loss;
    const char *costs;
} llw_place_step;

typedef struct llw_place_steps {
    llw_place_step *items; /* row by row, cheapest rows first */
    size_t n, capacity;
} llw_place_steps;

/* What can be turned without touching the fixed knobs. `now` is what comes of the launch as it is. */
void llw_place_steps_list(const llw_launch *launch, const llw_prediction *now, llw_goal goal, unsigned fixed,
                          llw_arena *arena, llw_place_steps *out);
/* The most that can go to RAM: -ngl 0; the experts of all layers. Where nothing cheaper helps. */
void llw_place_steps_to_ram(const llw_launch *launch, unsigned fixed, llw_arena *arena, llw_place_steps *out);

#endif
