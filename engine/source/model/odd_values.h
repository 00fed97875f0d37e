/* Values that no converter writes: a NUL inside a text, a number that is none, a token beyond the vocabulary,
 * a file type that nothing has, data behind the last tensor. Each is a doubt (model_doubts.h); llama.cpp
 * loads most of them. */
#ifndef LLW_SOURCE_ODD_VALUES_H
#define LLW_SOURCE_ODD_VALUES_H

#include "source/model/model_facts.h"

void llw_odd_values(llw_facts *facts, llw_entity entity, const llw_model *model,
                    const llw_model_source *source);

#endif
