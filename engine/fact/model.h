/* A model as its GGUF header describes it: metadata and tensor table, of one file or a whole split set.
 *
 * Everything lives in the arena of whoever made it (the fact base, usually). Token arrays are not here: only
 * their element type and count. Sources fill it; predict/ and the known models read it. */
#ifndef LLW_FACT_MODEL_H
#define LLW_FACT_MODEL_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum llw_gguf_type { /* GGUF metadata value types, ggml/include/gguf.h */
                             LLW_GGUF_U8,
                             LLW_GGUF_I8,
                             LLW_GGUF_U16,
                             LLW_GGUF_I16,
                             LLW_GGUF_U32,
                             LLW_GGUF_I32,
                             LLW_GGUF_F32,
                             LLW_GGUF_BOOL,
                             LLW_GGUF_STRING,
                             LLW_GGUF_ARRAY,
                             LLW_GGUF_U64,
                             LLW_GGUF_I64,
                             LLW_GGUF_F64,
                             LLW_GGUF_TYPES
} llw_gguf_type;

typedef struct llw_meta {
    const char *key;
    llw_gguf_type type;
    llw_gguf_type element; /* of an array */
    uint64_t count;        /* elements of an array, bytes of a string */
    uint64_t string_bytes; /* bytes of all strings of a string array, without their lengths */
    bool alike;            /* of a string array: it holds one string, several times */
    int64_t integer;       /* integers and booleans */
    double real;           /* F32 and F64 */
    bool cut_by_nul; /* the string had a NUL among its kept bytes; what stands before it is kept, as llama.cpp
                        does */
    const char *string; /* at most 4096 bytes of a string; longer ones (templates) are cut, count is the full
                           length */
    const double
        *array; /* numbers of an array of at most LLW_META_ARRAY_MAX numbers or booleans, else NULL */
    const char **strings; /* strings of an array of at most 64 short strings, else NULL */
} llw_meta;

enum { LLW_META_ARRAY_MAX = 65536, LLW_META_STRING_MAX = 4096, LLW_MAX_DIMS = 4 };

typedef struct llw_tensor {
    const char *name;
    uint32_t type; /* fact/ggml_type.h */
    uint32_t n_dims;
    int64_t dims[LLW_MAX_DIMS]; /* ne: dims[0] is the row; unused ones are 1 */
    int64_t bytes;              /* nbytes, without padding */
    uint64_t offset;            /* from the start of its file's data section */
    int layer;                  /* N of blk.N., or -1 */
    uint16_t part;              /* file of the split set, from 0 */
} llw_tensor;

typedef struct llw_model {
    const char *architecture;
    uint32_t version; /* GGUF version */
    uint64_t alignment;
    llw_meta *meta;
    size_t n_meta;
    llw_tensor *tensors;
    size_t n_tensors;
    uint64_t header_bytes; /* of the first file, up to its data section */
    /* Hyper-parameters that predict/ reads in inner loops could be cached here by their reader. */
} llw_model;

/* By full key, or by key without the architecture's prefix ("block_count"). NULL when absent. */
const llw_meta *llw_model_meta(const llw_model *model, const char *key);
const llw_meta *llw_model_hparam(const llw_model *model, const char *key);

/* A hyper-parameter as a number: scalar, or the layer's element of an array (the last one beyond its end).
 * `absent` when there is none or it is not a number. */
int64_t llw_model_int(const llw_model *model, const char *key, int layer, int64_t absent);
double llw_model_real(const llw_model *model, const char *key, double absent);
const char *llw_model_string(const llw_model *model, const char *key, const char *absent);

/* A tensor by name, or NULL. O(n). */
const llw_tensor *llw_model_tensor(const llw_model *model, const char *name);

int64_t llw_tensor_elements(const llw_tensor *tensor);

#endif
