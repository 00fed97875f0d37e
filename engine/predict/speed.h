/* How fast one user's tokens come: a range, from the bytes that a token reads and what each layer costs to
 * start.
 *
 * The range is honest only where every bandwidth is known; where one is not, the speed is unknown. Constants
 * are models/speed.tsv. Everything lives in the arena given. A measured speed is always better. */
#ifndef LLW_PREDICT_SPEED_H
#define LLW_PREDICT_SPEED_H

#include "predict/predict.h"

typedef struct llw_speed {
    bool known;
    const char *reason;               /* why not; "" when known */
    double low, high;                 /* tokens per second */
    double seconds_low, seconds_high; /* for one token; seconds_low belongs to `high` */
    int64_t weights[LLW_MAX_DEVICES]; /* bytes of weights one token reads there */
    int64_t weights_host;
    int64_t cache[LLW_MAX_DEVICES]; /* bytes of cache and state, at that depth */
    int64_t cache_host;
    int layers_host;                /* layers of which some weights work in RAM */
    const char *cliff;              /* what makes it fall off a cliff; NULL when nothing does */
    const char *const *assumptions; /* one sentence each */
    size_t n_assumptions;
} llw_speed;

/* The speed of a launch with `depth` tokens already in the cache. `prediction` is the launch's own. Bytes are
 * filled even when a bandwidth is not known. */
void llw_speed_estimate(const llw_launch *launch, const llw_prediction *prediction, int64_t depth,
                        llw_arena *arena, llw_speed *out);

/* A figure to rank placements of one model by: seconds a token takes, with nominal bandwidths where none is
 * known (every GPU alike, RAM a twentieth). Infinite when the launch does not load. */
double llw_speed_rank(const llw_launch *launch, const llw_prediction *prediction, llw_arena *arena);

#endif
