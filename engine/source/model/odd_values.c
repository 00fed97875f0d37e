/* Looks at single values of a header, one by one. */
#include "source/model/odd_values.h"
#include "base/text.h"
#include "fact/header.h"
#include "source/model/model_doubts.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum {
    FILE_TYPES =
        1024, /* LLAMA_FTYPE_GUESSED, a bit above all numbers of enum llama_ftype (include/llama.h, v0.5.0) */
    SLACK = 64 << 10 /* bytes behind the last tensor that padding explains */
};

static bool is_scalar(const llw_meta *meta) {
    return meta->type != LLW_GGUF_ARRAY && meta->type != LLW_GGUF_STRING;
}

/* Numbers that are multiplied or divided by in every layer. */
static const char *odd_number(const llw_meta *meta) {
    static const char *const above_zero[] = {"layer_norm_rms_epsilon", "layer_norm_epsilon",
                                             "rope.freq_base"};
    if (meta->type != LLW_GGUF_F32 && meta->type != LLW_GGUF_F64) return NULL;
    if (isnan(meta->real)) return "NaN";
    if (isinf(meta->real)) return "an infinite number";
    for (size_t i = 0; i < sizeof above_zero / sizeof *above_zero; i++)
        if (llw_text_ends_in(meta->key, above_zero[i]) && meta->real <= 0)
            return meta->real < 0 ? "a negative number" : "0";
    return NULL;
}

void llw_odd_values(llw_facts *facts, llw_entity entity, const llw_model *model,
                    const llw_model_source *source) {
#define DOUBT(...) llw_model_accuse(facts, entity, source, LLW_model_doubt, __VA_ARGS__)
    const llw_meta *tokens = llw_model_meta(model, "tokenizer.ggml.tokens");
    for (size_t i = 0; i < model->n_meta; i++) {
        const llw_meta *meta = &model->meta[i];
        const char *odd = odd_number(meta);
        if (meta->cut_by_nul)
            DOUBT("has a NUL byte in %.60s (byte %zu): llama.cpp takes what stands before it, other programs "
                  "the rest "
                  "as well",
                  meta->key, strlen(meta->string));
        if (odd) DOUBT("has %s as %.60s: what is computed with it means nothing", odd, meta->key);
        /* llama_vocab::impl::load warns and keeps its default */
        if (tokens && tokens->type == LLW_GGUF_ARRAY && is_scalar(meta) &&
            !strncmp(meta->key, "tokenizer.ggml.", 15) && llw_text_ends_in(meta->key, "_token_id") &&
            (meta->integer < 0 || (uint64_t)meta->integer >= tokens->count))
            DOUBT("says %.60s %" PRId64 " but has %" PRIu64 " tokens: llama.cpp takes another in its place",
                  meta->key, meta->integer, tokens->count);
        if (!strcmp(meta->key, "general.file_type") && is_scalar(meta) &&
            (meta->integer < 0 || meta->integer >= FILE_TYPES))
            DOUBT("says general.file_type %" PRId64 ", which no llama.cpp has", meta->integer);
    }
    char buf[LLW_NUMBER_MAX];
    int64_t behind = source->file_bytes - source->expected_bytes;
    if (source->file_bytes >= 0 && source->expected_bytes >= 0 && model->n_tensors && behind > SLACK)
        DOUBT("carries %s behind its last tensor, which llama.cpp does not read",
              llw_format_bytes(buf, behind));
#undef DOUBT
}
