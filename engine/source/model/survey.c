/* One pass over the tensor table. Names: llama.cpp v0.5.0, src/llama-arch.cpp LLM_TENSOR_NAMES. */
#include "source/model/survey.h"

#include <string.h>

static bool starts(const char *text, const char *with) {
    return !strncmp(text, with, strlen(with));
}

/* Expert tensors are what -cmoe moves: blk.N.ffn_(up|down|gate|gate_up)_(ch|)exps (common/arg.cpp). */
static bool is_expert(const char *rest) {
    return starts(rest, "ffn_") && strstr(rest, "exps.") && !starts(rest, "ffn_norm_exps");
}

static bool holds_keys(const char *rest) {
    return starts(rest, "attn_k.") || starts(rest, "attn_kv.") || starts(rest, "attn_kv_a_mqa.") ||
           starts(rest, "attn_kv_b.") || starts(rest, "attn_qkv.");
}

static bool is_lookup(const char *name, bool output_apart) {
    if (!strcmp(name, "token_embd.weight")) return output_apart;
    return !strcmp(name, "per_layer_token_embd.weight") || !strcmp(name, "position_embd.weight") ||
           !strcmp(name, "token_types.weight");
}

static void add(llw_survey *out, int64_t *sum, int64_t n) {
    if (__builtin_add_overflow(*sum, n, sum)) out->countable = false;
}

static void look_at_layer(llw_survey *out, const llw_tensor *t, const char *recurrent) {
    if (t->layer >= LLW_SURVEY_LAYERS) return;
    const char *rest = strchr(t->name + 4, '.') + 1;
    unsigned char *layer = &out->layer[t->layer];
    *layer |= LLW_LAYER_PRESENT;
    if (t->layer >= out->layers) out->layers = t->layer + 1;
    if (*recurrent && starts(rest, recurrent)) *layer |= LLW_LAYER_RECURRENT;
    if (holds_keys(rest)) *layer |= LLW_LAYER_ATTENTION;
    if (strstr(rest, "_shexp.")) *layer |= LLW_LAYER_SHARED_EXPERT;
    if (starts(rest, "ffn_down.weight")) *layer |= LLW_LAYER_FEED_FORWARD;
    if (is_expert(rest)) {
        *layer |= LLW_LAYER_EXPERTS;
        add(out, &out->expert_params, llw_tensor_elements(t));
        add(out, &out->expert_bytes, t->bytes);
        if (t->n_dims >= 3 && strstr(rest, "_exps.weight")) {
            if (!out->experts) out->experts = t->dims[2];
            if (out->experts != t->dims[2]) out->experts = -1;
        }
    }
    if (t->n_dims >= 2 && t->dims[1] > 1 && t->type < LLW_SURVEY_TYPES)
        add(out, &out->matrix_params[t->type], llw_tensor_elements(t));
}

void llw_survey_model(const llw_model *model, const char *recurrent, bool both, bool tied, llw_survey *out) {
    *out = (llw_survey){.vocabulary = -1, .width = -1, .dominant = -1, .countable = true};
    bool output_apart = !tied || llw_model_tensor(model, "output.weight");
    for (size_t i = 0; i < model->n_tensors; i++) {
        const llw_tensor *t = &model->tensors[i];
        add(out, &out->params, llw_tensor_elements(t));
        add(out, &out->bytes, t->bytes);
        if (t->layer >= 0) look_at_layer(out, t, recurrent);
        if (is_lookup(t->name, output_apart)) add(out, &out->lookup_params, llw_tensor_elements(t));
        if (!strcmp(t->name, "token_embd.weight")) {
            out->vocabulary = t->dims[1];
            out->width = t->dims[0];
        }
    }
    if (!both)
        for (int i = 0; i < out->layers; i++)
            if (out->layer[i] & LLW_LAYER_RECURRENT) out->layer[i] &= (unsigned char)~LLW_LAYER_ATTENTION;
    int64_t all = 0;
    for (int i = 0; i < LLW_SURVEY_TYPES; i++) {
        add(out, &all, out->matrix_params[i]);
        if (out->matrix_params[i] &&
            (out->dominant < 0 || out->matrix_params[i] > out->matrix_params[out->dominant]))
            out->dominant = i;
    }
    if (out->dominant >= 0 && all > 0)
        out->dominant_share = (double)out->matrix_params[out->dominant] / (double)all;
}

int64_t llw_survey_count(const llw_survey *survey, int end, int with, int without) {
    int64_t n = 0;
    for (int i = 0; i < survey->layers && i < end; i++)
        n += (survey->layer[i] & with) == with && !(survey->layer[i] & without);
    return n;
}
