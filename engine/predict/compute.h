/* The compute buffers, by building the model's graph and walking llama.cpp's scheduler and allocator over it.
 */
#ifndef LLW_PREDICT_COMPUTE_H
#define LLW_PREDICT_COMPUTE_H

#include "predict/plan.h"

/* Whether flash attention is really used, and the fused gated delta net: llama.cpp builds a graph for a token
 * of each sequence and looks where the scheduler puts them. Needs the context placed. */
void llw_compute_resolve(llw_plan *plan);
/* Compute buffers of every device and the host. False, with a reason in *why, when there is no graph to walk:
 * the caller estimates then. */
bool llw_compute_measure(llw_plan *plan, const char **why);

#endif
