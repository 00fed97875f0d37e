/* The tensor types of ggml: how many elements make a block and how many bytes it has.
 *
 * Source: ggml/src/ggml.c type_traits and ggml/src/ggml-common.h of llama.cpp v0.5.0. */
#ifndef LLW_FACT_GGML_TYPE_H
#define LLW_FACT_GGML_TYPE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct llw_ggml_type {
    const char *name; /* as llama.cpp prints it: f16, q8_0, q4_K, mxfp4 */
    uint32_t block;   /* elements per block; 0 marks a number without a type */
    uint32_t bytes;   /* bytes per block */
    bool quantized;
} llw_ggml_type;

/* NULL when ggml has no such type, or had it and removed it. */
const llw_ggml_type *llw_ggml_type_get(uint32_t number);
/* By the name ggml prints, without regard to case; -1 when there is none. */
int llw_ggml_type_find(const char *name);
/* Bytes of ne elements in a row; ne must be a multiple of the block (checked where the header is read). */
int64_t llw_ggml_row_bytes(uint32_t type, int64_t ne);

#endif
