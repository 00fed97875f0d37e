/* Whether a model's tensors are those that llama.cpp wants for its architecture: what it would miss, what it
 * would not know what to do with, and what does not have the shape that the header's numbers make it.
 * llama_model_loader::create_tensor and done_getting_tensors refuse the file then, whatever the flags. */
#ifndef LLW_PREDICT_NEEDS_H
#define LLW_PREDICT_NEEDS_H

#include "fact/model.h"

/* The first such reason, as it goes on from the model's name ("lacks blk.3.ffn_up.weight, ..."), in the
 * arena; NULL when there is none, or when the architecture is not known. O(tensors + layers). */
const char *llw_model_unmet(const llw_model *model, llw_arena *arena);

#endif
