/* Writes a model's header as a GGUF file whose tensor data is a hole.
 *
 * The header is complete and llama.cpp loads it; string arrays that the model does not hold are made up, with
 * as many strings and bytes as it states. Number arrays must be held whole. */
#ifndef TESTS_TOOLS_WRITE_GGUF_H
#define TESTS_TOOLS_WRITE_GGUF_H

#include "fact/model.h"

#include <stdio.h>

/* Writes to a file just opened, and makes it file_bytes long. False when it cannot be done; stderr says why.
 */
bool sparse_write(FILE *out, const llw_model *model, int64_t file_bytes);

#endif
