/* The builders of graphs, one for each family of architectures, and what several of them share. */
#ifndef LLW_PREDICT_FAMILIES_H
#define LLW_PREDICT_FAMILIES_H

#include "predict/blocks.h"

void llw_build_llama(llw_graph *g);

#endif
