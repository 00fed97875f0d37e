/* The arithmetic of a GGUF header: what a tensor weighs, where its data lies, how long the header is.
 *
 * The GGUF reader, the known models and the saved facts share it, so that the same tensor table gives the
 * same bytes wherever it came from. Formulas: llama.cpp v0.5.0, ggml/src/gguf.cpp gguf_init_from_reader and
 * gguf_write_out. */
#ifndef LLW_FACT_HEADER_H
#define LLW_FACT_HEADER_H

#include "fact/model.h"

enum {
    LLW_GGUF_ALIGNMENT = 32,  /* GGUF_DEFAULT_ALIGNMENT */
    LLW_TENSOR_NAME_MAX = 63, /* GGML_MAX_NAME - 1 */
    LLW_LAYER_MAX = 1 << 20,  /* a number after blk. that is larger names no layer */
};

/* Bytes of one value of a metadata type; 0 for strings and arrays. */
size_t llw_gguf_type_size(llw_gguf_type type);
/* u8, i8, ... f64, string, array; NULL for a number that is no type. */
const char *llw_gguf_type_name(uint32_t type);
/* LLW_GGUF_TYPES when no type has that name. */
llw_gguf_type llw_gguf_type_find(const char *name, size_t len);

/* Checks type and shape and fills `bytes` and `layer` from name, type, n_dims and dims (unused dims are set
 * to 1). Returns NULL, or what is wrong, as the end of a sentence that starts with the tensor's name. */
const char *llw_tensor_measure(llw_tensor *tensor);

/* Sets every tensor's offset as llama.cpp demands it: one after the other from 0 in each part, padded to the
 * alignment. *data_bytes (may be NULL) receives the padded length of the last part's data. False when it
 * overflows. */
bool llw_model_place(llw_model *model, uint64_t *data_bytes);

/* Length of the header of a single file with this metadata and these tensors, up to its data section. */
uint64_t llw_model_header_length(const llw_model *model);

/* x rounded up to a multiple of a power of two; false when it overflows. */
bool llw_header_pad(uint64_t x, uint64_t alignment, uint64_t *out);

#endif
