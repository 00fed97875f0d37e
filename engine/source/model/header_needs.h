/* Whether a header has the keys that llama.cpp asks for, of the types that it takes, with values that it
 * knows: llama_model_loader::get_key and its sisters refuse the file otherwise. */
#ifndef LLW_SOURCE_HEADER_NEEDS_H
#define LLW_SOURCE_HEADER_NEEDS_H

#include "fact/model.h"

/* The first that is not so, as it goes on from the model's name ("has general.name as u32 instead of
 * string"), in the arena; NULL when there is none. `whole`: the header is, and what it lacks is not there.
 * For an architecture that llama.cpp v0.5.0 has. O(keys of the header). */
const char *llw_header_unmet(const llw_model *model, bool whole, llw_arena *arena);

#endif
