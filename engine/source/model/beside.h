/* The files that llama.cpp loads beside the model: the draft (-md) and the projector (--mmproj). */
#ifndef LLW_SOURCE_BESIDE_H
#define LLW_SOURCE_BESIDE_H

#include "fact/facts.h"

/* Reads the header of launch.`path` (draft_model or mmproj) as a model of its own and names it in launch.`as`
 * (draft or projector). `found` is where the file lies, or a known model's name; NULL: as the launch names
 * it. A file that is not there or cannot be read leaves a note, and the slot unknown. */
void llw_source_beside(llw_facts *facts, llw_entity launch, llw_attr path, llw_attr as, const char *found);

#endif
