/* Headers that can be read and yet make no sense: each contradiction with the sentence that names it. */
#include "source/model/model_doubts.h"
#include "fact/header.h"
#include "source/model/header_needs.h"
#include "source/model/odd_values.h"
#include "source/model/template_doubt.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

typedef struct doubter {
    llw_facts *facts;
    llw_entity entity;
    const llw_model *model;
    const llw_model_source *source;
    const llw_survey *survey;
} doubter;

void llw_model_accuse(llw_facts *facts, llw_entity entity, const llw_model_source *source, llw_attr attr,
                      const char *fmt, ...) {
    char text[400];
    const char *before = NULL;
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (llw_facts_text(facts, entity, attr, &before))
        llw_facts_note(facts, "%s %s%s", source->file_name, text,
                       attr == LLW_model_refusal ? ": llama.cpp refuses it" : "");
    else
        llw_facts_claim(facts, entity, attr,
                        llw_string(LLW_TEXT, llw_arena_strdup(llw_facts_arena(facts), text)), LLW_GRADE_FILE,
                        source->origin, source->where);
}

#define ACCUSE(d, attr, ...) llw_model_accuse((d)->facts, (d)->entity, (d)->source, attr, __VA_ARGS__)

/* A scalar that is a count; false for anything else. */
static bool count_of(const doubter *d, const char *key, int64_t *out) {
    const llw_meta *meta = llw_model_hparam(d->model, key);
    if (!meta || meta->type == LLW_GGUF_ARRAY || meta->type == LLW_GGUF_STRING ||
        meta->type == LLW_GGUF_F32 || meta->type == LLW_GGUF_F64 || meta->integer < 0)
        return false;
    *out = meta->integer;
    return true;
}

static void check_attention(const doubter *d) {
    int64_t heads = 0;
    if (count_of(d, "attention.head_count", &heads) && !heads &&
        llw_survey_count(d->survey, d->survey->layers, LLW_LAYER_ATTENTION, 0) > 0)
        ACCUSE(d, LLW_model_refusal, "says attention.head_count 0 but has attention tensors");
}

/* llama_vocab::impl::load: what it has for each token must be of its type and reach all tokens. */
static void check_vocabulary(const doubter *d) {
    static const struct {
        const char *key;
        llw_gguf_type type, or_type;
    } lists_of[] = {{"tokenizer.ggml.scores", LLW_GGUF_F32, LLW_GGUF_I32},
                    {"tokenizer.ggml.token_type", LLW_GGUF_I32, LLW_GGUF_I32}};
    const llw_meta *tokens = llw_model_meta(d->model, "tokenizer.ggml.tokens");
    const llw_meta *model = llw_model_meta(d->model, "tokenizer.ggml.model");
    const char *kind = model && model->type == LLW_GGUF_STRING ? model->string : "";
    if (!tokens) {
        if (*kind && strcmp(kind, "no_vocab") && strcmp(kind, "none") && d->source->whole)
            ACCUSE(d, LLW_model_refusal, "names the tokenizer %.40s but lists no tokens", kind);
        return;
    }
    if (tokens->alike)
        ACCUSE(d, LLW_model_refusal, "lists one and the same token %" PRIu64 " times", tokens->count);
    for (size_t i = 0; i < sizeof lists_of / sizeof *lists_of; i++) {
        const llw_meta *meta = llw_model_meta(d->model, lists_of[i].key);
        if (!meta) continue;
        if (meta->type != LLW_GGUF_ARRAY ||
            (meta->element != lists_of[i].type && meta->element != lists_of[i].or_type))
            ACCUSE(d, LLW_model_refusal, "has %s as %s%s instead of an array of %s", lists_of[i].key,
                   meta->type == LLW_GGUF_ARRAY ? "an array of " : "",
                   llw_gguf_type_name(meta->type == LLW_GGUF_ARRAY ? meta->element : meta->type),
                   llw_gguf_type_name(lists_of[i].type));
        else if (meta->count < tokens->count)
            ACCUSE(d, LLW_model_refusal, "has %s for %" PRIu64 " of its %" PRIu64 " tokens", lists_of[i].key,
                   meta->count, tokens->count);
    }
    const llw_meta *pre = llw_model_meta(d->model, "tokenizer.ggml.pre");
    bool merged = !strcmp(kind, "gpt2") || !strcmp(kind, "gemma4"), /* kimi-k2 has none */
        without = pre && pre->type == LLW_GGUF_STRING && !strcmp(pre->string, "kimi-k2");
    const llw_meta *merges = llw_model_meta(d->model, "tokenizer.ggml.merges");
    if (merged && !merges && !without)
        ACCUSE(d, LLW_model_refusal, "names the tokenizer %s but has no tokenizer.ggml.merges", kind);
    else if (merged && merges && (merges->type != LLW_GGUF_ARRAY || merges->element != LLW_GGUF_STRING))
        ACCUSE(d, LLW_model_refusal, "has tokenizer.ggml.merges as something else than a list of strings");
}

/* The longest context of a model known to us is that of Llama 4 Scout, 10,485,760 tokens (its config.json).
 */
static void check_widths(const doubter *d) {
    enum { LONGEST = 1 << 24 };
    int64_t width = 0, context = 0;
    if (count_of(d, "embedding_length", &width) && d->survey->width >= 0 && d->survey->width != width)
        ACCUSE(d, LLW_model_refusal,
               "says embedding_length %" PRId64 " but its embeddings are %" PRId64 " wide", width,
               d->survey->width);
    if (count_of(d, "context_length", &context) && context > LONGEST)
        ACCUSE(d, LLW_model_doubt,
               "says it was trained for a context of %" PRId64 " tokens, more than any model known", context);
}

/* What the header lacks or has otherwise than llama.cpp reads it; of an architecture that is not known,
 * nothing. */
static void check_keys(const doubter *d) {
    bool known = false;
    if (!llw_facts_flag(d->facts, d->entity, LLW_model_architecture_known, &known) || !known) return;
    const char *unmet = llw_header_unmet(d->model, d->source->whole, llw_facts_arena(d->facts));
    if (unmet) ACCUSE(d, LLW_model_refusal, "%s", unmet);
}

/* Experts and their groups: the assertions at the end of llama_model_base::load_hparams' expert keys. */
static void check_experts(const doubter *d) {
    enum { MOST_EXPERTS = 1024 }; /* LLAMA_MAX_EXPERTS of v0.5.0, src/llama-hparams.h */
    int64_t experts = 0, groups = 0, used = 0;
    count_of(d, "expert_count", &experts);
    if (experts == 1 && !strncmp(d->model->architecture, "hunyuan", 7))
        experts = 0; /* hunyuan-dense, hunyuan_vl */
    count_of(d, "expert_group_count", &groups);
    count_of(d, "expert_group_used_count", &used);
    if (experts > MOST_EXPERTS)
        ACCUSE(d, LLW_model_refusal, "has %" PRId64 " experts, more than the %d that llama.cpp v0.5.0 takes",
               experts, MOST_EXPERTS);
    else if (experts && d->source->whole && !llw_model_hparam(d->model, "expert_used_count"))
        ACCUSE(d, LLW_model_refusal, "does not say how many of its %" PRId64 " experts work on a token",
               experts);
    if (groups > 0 && (groups >= experts || experts % groups))
        ACCUSE(d, LLW_model_refusal, "divides %" PRId64 " experts into %" PRId64 " groups", experts, groups);
    else if (groups > 1 && (used <= 0 || used >= groups))
        ACCUSE(d, LLW_model_refusal, "uses %" PRId64 " of its %" PRId64 " groups of experts", used, groups);
}

static void check_templates(const doubter *d) {
    for (size_t i = 0; i < d->model->n_meta; i++) {
        const llw_meta *meta = &d->model->meta[i];
        if (strncmp(meta->key, "tokenizer.chat_template", 23) || meta->type != LLW_GGUF_STRING) continue;
        const char *doubt = llw_template_doubt(llw_facts_arena(d->facts), meta->string, meta->count);
        if (doubt) ACCUSE(d, LLW_model_doubt, "%s", doubt);
    }
}

const char *llw_model_role_use(const char *role) {
    static const char *const uses[][2] = {
        {"mmproj", "give it with --mmproj beside its model"},
        {"lora", "give it with --lora beside its model"},
        {"control-vector", "give it with --control-vector beside its model"},
        {"vocab", "it holds a vocabulary and no weights"},
        {"imatrix", "llama-quantize reads it with --imatrix"}};
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (!strcmp(uses[i][0], role)) return uses[i][1];
    return "give its model";
}

void llw_model_doubts(llw_facts *facts, llw_entity entity, const llw_model *model,
                      const llw_model_source *source, const llw_survey *survey) {
    const doubter d = {facts, entity, model, source, survey};
    check_keys(&d);
    check_attention(&d);
    check_experts(&d);
    check_vocabulary(&d);
    check_widths(&d);
    check_templates(&d);
    llw_odd_values(facts, entity, model, source);
}
