/* The compute buffer by closed forms: what is said of an architecture whose graph is not known. */
#ifndef LLW_PREDICT_ESTIMATE_H
#define LLW_PREDICT_ESTIMATE_H

#include "predict/plan.h"

/* `why` there is nothing better. Sets compute, compute_low and compute_high of every device used and of the
 * host. */
void llw_estimate_compute(llw_plan *plan, const char *why);

#endif
