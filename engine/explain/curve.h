/* Memory against one knob of a launch: what each GPU needs as the context or the micro-batch grows, and where
 * it stops fitting.
 *
 * Every point is a whole prediction, --fit included, so a curve says what would really happen. The turning
 * points are found by bisection between two points of which one holds and the other does not, and rounded to
 * values people write (256 cells of context, 64 tokens of micro-batch). Lives in the arena given; costs one
 * prediction a point and a turn. */
#ifndef LLW_EXPLAIN_CURVE_H
#define LLW_EXPLAIN_CURVE_H

#include "infer/run.h"

typedef struct llw_curve_point {
    int64_t x;     /* the knob's value */
    bool known;    /* there is a prediction */
    bool loads;    /* no buffer is larger than the free memory of its GPU */
    bool in_vram;  /* no layer's weights are in RAM */
    int64_t *need; /* bytes on each GPU, in the launch's order */
    int64_t host;  /* bytes in RAM */
} llw_curve_point;

typedef struct llw_curve {
    llw_attr knob; /* LLW_launch_ctx or LLW_launch_ubatch */
    llw_curve_point *points;
    size_t n;
    int64_t now;        /* the launch's own value; 0 unknown */
    int64_t most_loads; /* the largest value that loads; 0 when none does or all do */
    int64_t most_vram;  /* the largest value that leaves all layers on the GPUs; 0 when none does or all do */
} llw_curve;

/* False when nothing can be drawn: no GPU of known memory, no model, or no prediction. */
bool llw_curve_make(llw_run *run, llw_entity launch, llw_attr knob, llw_arena *arena, llw_curve *out);

#endif
