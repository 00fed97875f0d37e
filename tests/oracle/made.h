/* Headers made up for any architecture that llama.cpp v0.5.0 loads: random hyper-parameters here, and the
 * tensors that llama.cpp itself wants for them (probe.cpp, mode "new"). */
#ifndef TESTS_ORACLE_MADE_H
#define TESTS_ORACLE_MADE_H

#include "cases.h"

/* All architectures, in the order of predict/architecture.def. */
extern const char *const made_architectures[];
extern const int made_n_architectures;

/* Hyper-parameters and a vocabulary, no tensors yet. */
bool made_header(rng *r, const char *architecture, llw_arena *arena, llw_model *out);

/* Adds names of tensors that a file may have or lack: llama.cpp takes those that it has a use for. */
void made_offer(rng *r, llw_model *model, llw_arena *arena);

/* Adds a tensor that llama.cpp wants, in a random type that its row allows. */
void made_tensor(rng *r, llw_model *model, llw_arena *arena, const char *name,
                 const int64_t dims[LLW_MAX_DIMS]);

#endif
