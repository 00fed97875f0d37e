/* Sizes, offsets and lengths of a GGUF header. */
#include "fact/header.h"
#include "fact/ggml_type.h"

#include <string.h>

static const struct {
    const char *name;
    size_t size;
} types[LLW_GGUF_TYPES] = {
    [LLW_GGUF_U8] = {"u8", 1},       [LLW_GGUF_I8] = {"i8", 1},     [LLW_GGUF_U16] = {"u16", 2},
    [LLW_GGUF_I16] = {"i16", 2},     [LLW_GGUF_U32] = {"u32", 4},   [LLW_GGUF_I32] = {"i32", 4},
    [LLW_GGUF_F32] = {"f32", 4},     [LLW_GGUF_BOOL] = {"bool", 1}, [LLW_GGUF_STRING] = {"string", 0},
    [LLW_GGUF_ARRAY] = {"array", 0}, [LLW_GGUF_U64] = {"u64", 8},   [LLW_GGUF_I64] = {"i64", 8},
    [LLW_GGUF_F64] = {"f64", 8},
};

size_t llw_gguf_type_size(llw_gguf_type type) {
    return types[type].size;
}

const char *llw_gguf_type_name(uint32_t type) {
    return type < LLW_GGUF_TYPES ? types[type].name : NULL;
}

llw_gguf_type llw_gguf_type_find(const char *name, size_t len) {
    int i = 0;
    while (i < LLW_GGUF_TYPES && (strlen(types[i].name) != len || memcmp(types[i].name, name, len))) i++;
    return (llw_gguf_type)i;
}

/* N of "blk.N.", or -1 */
static int layer_of(const char *name) {
    if (strncmp(name, "blk.", 4)) return -1;
    int n = 0;
    const char *at = name + 4;
    for (; *at >= '0' && *at <= '9'; at++) {
        n = n * 10 + (*at - '0');
        if (n > LLW_LAYER_MAX) return -1;
    }
    return at > name + 4 && *at == '.' ? n : -1;
}

const char *llw_tensor_measure(llw_tensor *tensor) {
    const llw_ggml_type *type = llw_ggml_type_get(tensor->type);
    if (!type) return "has a type that llama.cpp does not know, or has removed";
    if (tensor->n_dims > LLW_MAX_DIMS) return "has more than 4 dimensions";
    /* as ggml: element count and bytes must be representable. Products are checked even beside a zero
     * dimension, where ggml does not look, so that nobody can overflow on them later. */
    int64_t elements = 1, row = 0, bytes = 0;
    for (uint32_t i = 0; i < LLW_MAX_DIMS; i++) {
        if (i >= tensor->n_dims) tensor->dims[i] = 1;
        if (tensor->dims[i] < 0) return "has a negative dimension";
        if (__builtin_mul_overflow(elements, tensor->dims[i], &elements) || elements == INT64_MAX)
            return "has more elements than can be counted";
    }
    if (tensor->dims[0] % type->block) return "has rows that are no multiple of its type's block size";
    if (__builtin_mul_overflow(tensor->dims[0] / type->block, (int64_t)type->bytes, &row) ||
        __builtin_mul_overflow(elements / type->block, (int64_t)type->bytes, &bytes))
        return "has more bytes than can be counted";
    tensor->bytes = bytes;
    tensor->layer = layer_of(tensor->name);
    return NULL;
}

bool llw_header_pad(uint64_t x, uint64_t alignment, uint64_t *out) {
    if (__builtin_add_overflow(x, alignment - 1, out)) return false;
    *out &= ~(alignment - 1);
    return true;
}

bool llw_model_place(llw_model *model, uint64_t *data_bytes) {
    uint64_t at = 0;
    for (size_t i = 0; i < model->n_tensors; i++) {
        llw_tensor *t = &model->tensors[i];
        if (i && t->part != t[-1].part) at = 0;
        t->offset = at;
        if (__builtin_add_overflow(at, (uint64_t)t->bytes, &at) ||
            !llw_header_pad(at, model->alignment, &at) || at > INT64_MAX)
            return false;
    }
    if (data_bytes) *data_bytes = at;
    return true;
}

uint64_t llw_model_header_length(const llw_model *model) {
    uint64_t n = 4 + 4 + 8 + 8; /* magic, version, tensors, keys */
    for (size_t i = 0; i < model->n_meta; i++) {
        const llw_meta *m = &model->meta[i];
        n += 8 + strlen(m->key) + 4;
        if (m->type == LLW_GGUF_STRING)
            n += 8 + m->count;
        else if (m->type != LLW_GGUF_ARRAY)
            n += types[m->type].size;
        else if (m->element == LLW_GGUF_STRING)
            n += 4 + 8 + 8 * m->count + m->string_bytes;
        else
            n += 4 + 8 + types[m->element].size * m->count;
    }
    for (size_t i = 0; i < model->n_tensors; i++)
        n += 8 + strlen(model->tensors[i].name) + 4 + 8 * (uint64_t)model->tensors[i].n_dims + 4 + 8;
    uint64_t padded = n;
    if (model->n_tensors) llw_header_pad(n, model->alignment, &padded);
    return padded;
}
