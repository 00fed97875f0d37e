/* Look-ups in a model's header. */
#include "fact/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const llw_meta *llw_model_meta(const llw_model *model, const char *key) {
    for (size_t i = 0; i < model->n_meta; i++)
        if (!strcmp(model->meta[i].key, key)) return &model->meta[i];
    return NULL;
}

const llw_meta *llw_model_hparam(const llw_model *model, const char *key) {
    if (!model->architecture) return NULL;
    size_t len = strlen(model->architecture);
    for (size_t i = 0; i < model->n_meta; i++) {
        const char *have = model->meta[i].key;
        if (*have == *model->architecture && !strncmp(have, model->architecture, len) && have[len] == '.' &&
            have[len + 1] == *key && !strcmp(have + len + 1, key))
            return &model->meta[i];
    }
    return NULL;
}

int64_t llw_model_int(const llw_model *model, const char *key, int layer, int64_t absent) {
    const llw_meta *meta = llw_model_hparam(model, key);
    if (!meta) return absent;
    switch (meta->type) {
    case LLW_GGUF_ARRAY:
        if (!meta->array || !meta->count || layer < 0) return absent;
        {
            uint64_t at = (uint64_t)layer < meta->count ? (uint64_t)layer : meta->count - 1;
            double x = meta->array[at];
            return fabs(x) < 9e18 ? (int64_t)x : absent;
        }
    case LLW_GGUF_STRING:
    case LLW_GGUF_F32:
    case LLW_GGUF_F64: return absent;
    default: return meta->integer;
    }
}

double llw_model_real(const llw_model *model, const char *key, double absent) {
    const llw_meta *meta = llw_model_hparam(model, key);
    if (!meta) return absent;
    if (meta->type == LLW_GGUF_F32 || meta->type == LLW_GGUF_F64) return meta->real;
    if (meta->type == LLW_GGUF_STRING || meta->type == LLW_GGUF_ARRAY) return absent;
    return (double)meta->integer;
}

const char *llw_model_string(const llw_model *model, const char *key, const char *absent) {
    const llw_meta *meta = llw_model_hparam(model, key);
    return meta && meta->type == LLW_GGUF_STRING ? meta->string : absent;
}

const llw_tensor *llw_model_tensor(const llw_model *model, const char *name) {
    for (size_t i = 0; i < model->n_tensors; i++)
        if (!strcmp(model->tensors[i].name, name)) return &model->tensors[i];
    return NULL;
}

int64_t llw_tensor_elements(const llw_tensor *tensor) {
    return tensor->dims[0] * tensor->dims[1] * tensor->dims[2] * tensor->dims[3];
}
