/* The compute buffer by closed forms, and how far to trust it: for what has no graph, not even a plain one.
 */
#ifndef LLW_PREDICT_ESTIMATE_H
#define LLW_PREDICT_ESTIMATE_H

#include "predict/plan.h"

/* `why` there is nothing better. Sets compute, compute_low and compute_high of every device used and of the
 * host. */
void llw_estimate_compute(llw_plan *plan, const char *why);

/* Sets compute_low and compute_high around figures known to be rough: a low one and a high one. */
void llw_estimate_band(llw_memory *memory, int64_t low, int64_t high);

#endif
