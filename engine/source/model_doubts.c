/* Headers that can be read and yet make no sense: each contradiction with the sentence that names it. */
#include "source/model_doubts.h"
#include "fact/header.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
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

/* An array that has an element for each layer is as long as block_count: llama_model_loader::get_key_or_arr.
 */
static void check_arrays(const doubter *d) {
    static const char *const keys[] = {"attention.head_count", "attention.head_count_kv",
                                       "feed_forward_length"};
    int64_t layers = 0, heads = 0;
    if (!count_of(d, "block_count", &layers)) return;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const llw_meta *meta = llw_model_hparam(d->model, keys[i]);
        if (meta && meta->type == LLW_GGUF_ARRAY && (int64_t)meta->count != layers)
            ACCUSE(d, LLW_model_refusal, "has %" PRIu64 " elements of %.60s for %" PRId64 " layers",
                   meta->count, meta->key, layers);
    }
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
    else if (!context && d->source->whole && !llw_model_hparam(d->model, "context_length"))
        ACCUSE(d, LLW_model_refusal, "does not say its context_length");
}

/* Characters that nobody sees, and ranges that never end, have no place in a chat template. */
static void check_template(const doubter *d) {
    enum { MANY = 1000000 };
    const llw_meta *meta = llw_model_meta(d->model, "tokenizer.chat_template");
    if (!meta || meta->type != LLW_GGUF_STRING) return;
    for (const unsigned char *c = (const unsigned char *)meta->string; *c; c++) {
        bool mark = c[0] == 0xe2 &&
                    ((c[1] == 0x80 && ((c[2] >= 0x8b && c[2] <= 0x8f) || (c[2] >= 0xaa && c[2] <= 0xae))) ||
                     (c[1] == 0x81 && c[2] >= 0xa0 && c[2] <= 0xaf));
        bool tag = c[0] == 0xf3 && c[1] == 0xa0 && (c[2] == 0x80 || c[2] == 0x81); /* U+E0000 to U+E007F */
        bool control = *c < 0x20 && *c != '\n' && *c != '\t' && *c != '\r';
        if (!mark && !tag && !control) continue;
        ACCUSE(d, LLW_model_doubt,
               "has characters in its chat template that nobody sees (byte %td): read it before you let it "
               "speak for you",
               (const char *)c - meta->string);
        break;
    }
    for (const char *range = meta->string; (range = strstr(range, "range(")); range++)
        if (strtoll(range + 6, NULL, 10) > MANY) {
            ACCUSE(d, LLW_model_doubt, "has a loop in its chat template that runs more than a million times");
            break;
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
    check_arrays(&d);
    check_vocabulary(&d);
    check_widths(&d);
    check_template(&d);
}
