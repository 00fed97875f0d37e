/* Tensors that are sent elsewhere by name: -ot, -cmoe, -ncmoe. Private to predict/.
 *
 * Patterns are regular expressions over names, and the first that matches decides
 * (src/llama-model-loader.cpp create_tensor, v0.5.0). Which tensors a pattern names depends on the model
 * alone, so a memo keeps that: fit asks for the same few patterns again and again. */
#ifndef LLW_PREDICT_OVERRIDES_H
#define LLW_PREDICT_OVERRIDES_H

#include "predict/plan.h"

/* Fills plan->sent, for each of the model's tensors; it stays NULL without overrides. `names` are those of
 * the tensors. False, said in plan->out, when llama.cpp would not take them. */
bool llw_overrides_read(llw_plan *plan, const llw_tensor_name *names);

#endif
