/* Judges a header by header_common.def and header_needs.def. Both list keys, each with what it must be:
 *
 *     .context_length=!u32             a key of the architecture (llama.context_length), which must be there
 *     general.name=string              one that may be missing
 *     .rope.scaling.type=string{a,b}   with one of these values
 *     .feed_forward_length=u32*layers  one number, or a list with one for each layer; *trunk: for each that
 *                                      does not predict further tokens; *4: four of them
 *     tokens=string[]                  a list of strings; u32|i32[]: of either; any[]: of anything
 *     labels=string[]?                 the same, and passed over when it is no list */
#include "source/model/header_needs.h"
#include "fact/header.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The tokenizers whose text is cut by a pre-tokenizer that the header names: LLAMA_VOCAB_TYPE_BPE, but for
 * gemma4, which brings its own. */
#define PRE_TOKENIZED "gpt2 hybriddna whitespace"

typedef enum condition {
    ALWAYS,
    HEADS,
    NO_SCALING_FACTOR,
    NO_VOCABULARY,
    T5,
    PRE_TOKENIZER,
    VOCABULARY
} condition;

static const struct {
    condition when;
    const char *keys;
} common[] = {
#define LLW_HEADER(condition, keys) {condition, keys},
#include "source/model/header_common.def"
#undef LLW_HEADER
};

static const struct {
    const char *architecture, *keys;
} own[] = {
#define LLW_HEADER(architecture, keys) {architecture, keys},
#include "source/model/header_needs.def"
#undef LLW_HEADER
};

typedef struct judge {
    const llw_model *model;
    bool whole;
    llw_arena *arena;
    const char *failed;
} judge;

/* One key of the tables, cut at its signs. */
typedef struct need {
    char key[96];
    bool must;
    const char *types, *rest; /* "u32|i32", and what stands behind it */
    size_t types_len, rest_len;
} need;

static bool is_one_of(const char *list, size_t len, char between, const char *word) {
    size_t n = strlen(word);
    for (const char *at = list, *end = list + len; at <= end;) {
        const char *next = memchr(at, between, (size_t)(end - at));
        if (!next) next = end;
        if ((size_t)(next - at) == n && !memcmp(at, word, n)) return true;
        at = next + 1;
    }
    return false;
}

static const llw_meta *find(const llw_model *model, const char *key) {
    return *key == '.' ? llw_model_hparam(model, key + 1) : llw_model_meta(model, key);
}

static const char *full_key(const judge *j, const need *n) {
    return *n->key == '.' ? llw_arena_printf(j->arena, "%.60s%s", j->model->architecture, n->key)
                          : llw_arena_strdup(j->arena, n->key);
}

/* ---- when ---- */

static bool has_heads(const llw_model *model) {
    return llw_model_int(model, "attention.head_count", 0, 0) > 0;
}

static const char *tokenizer(const llw_model *model) {
    const llw_meta *meta = llw_model_meta(model, "tokenizer.ggml.model");
    return meta && meta->type == LLW_GGUF_STRING ? meta->string : "";
}

static bool holds(const llw_model *model, condition when) {
    const char *kind = tokenizer(model);
    bool none = !strcmp(kind, "no_vocab") || !strcmp(kind, "none");
    switch (when) {
    case HEADS: return has_heads(model);
    case NO_SCALING_FACTOR: return !llw_model_hparam(model, "rope.scaling.factor");
    case NO_VOCABULARY: return none;
    case T5: return !strcmp(kind, "t5");
    case PRE_TOKENIZER: return is_one_of(PRE_TOKENIZED, sizeof PRE_TOKENIZED - 1, ' ', kind);
    case VOCABULARY: return *kind && !none;
    case ALWAYS: break;
    }
    return true;
}

/* ---- what ---- */

static bool is_type(const need *n, llw_gguf_type type) {
    return is_one_of(n->types, n->types_len, '|', llw_gguf_type_name(type)) ||
           is_one_of(n->types, n->types_len, '|', "any");
}

static void fail_type(judge *j, const need *n, const llw_meta *meta, bool list) {
    bool is_list = meta->type == LLW_GGUF_ARRAY;
    const char *have = llw_gguf_type_name(is_list ? meta->element : meta->type);
    j->failed = llw_arena_printf(j->arena, "has %s as %s%s instead of %s%.*s", full_key(j, n),
                                 is_list ? "an array of " : "", have, list ? "an array of " : "",
                                 (int)n->types_len, n->types);
}

/* llama_model_loader::get_arr */
static void judge_list(judge *j, const need *n, const llw_meta *meta) {
    bool passed_over = n->rest_len > 2 && meta->type != LLW_GGUF_ARRAY;
    if (!passed_over && (meta->type != LLW_GGUF_ARRAY || !is_type(n, meta->element)))
        fail_type(j, n, meta, true);
}

/* llama_model_loader::get_key_or_arr: numbers of a list may be written as flags or with a sign. */
static void judge_each(judge *j, const need *n, const llw_meta *meta) {
    int64_t layers = llw_model_int(j->model, "block_count", 0, -1), want = layers;
    bool whole = *n->types != 'f' && (meta->element == LLW_GGUF_BOOL || meta->element == LLW_GGUF_U32 ||
                                      meta->element == LLW_GGUF_I32);
    if (!strncmp(n->rest, "*trunk", 6)) want = layers - llw_model_int(j->model, "nextn_predict_layers", 0, 0);
    if (n->rest[1] == '4') want = 4;
    if (want >= 0 && layers >= 0 && meta->count != (uint64_t)want)
        j->failed = llw_arena_printf(j->arena, "has %" PRIu64 " elements of %s for %" PRId64 "%s",
                                     meta->count, full_key(j, n), want, n->rest[1] == '4' ? "" : " layers");
    else if (!whole && !is_type(n, meta->element))
        fail_type(j, n, meta, true);
}

static void judge_value(judge *j, const need *n, const llw_meta *meta) {
    if (!is_one_of(n->rest + 1, n->rest_len - 2, ',', meta->string))
        j->failed = llw_arena_printf(j->arena, "has %s \"%.40s\", which llama.cpp v0.5.0 does not know",
                                     full_key(j, n), meta->string);
}

static void judge_key(judge *j, const need *n) {
    const llw_meta *meta = find(j->model, n->key);
    char kind = n->rest_len ? *n->rest : '\0';
    if (!meta && n->must && j->whole)
        j->failed = llw_arena_printf(j->arena, "does not say its %s", full_key(j, n));
    if (!meta) return;
    if (kind == '[')
        judge_list(j, n, meta);
    else if (kind == '*' && meta->type == LLW_GGUF_ARRAY)
        judge_each(j, n, meta);
    else if (!is_type(n, meta->type))
        fail_type(j, n, meta, false);
    else if (kind == '{')
        judge_value(j, n, meta);
}

static void judge_keys(judge *j, const char *keys) {
    for (const char *at = keys; *at && !j->failed;) {
        need n = {0};
        size_t key = strcspn(at, "=");
        memcpy(n.key, at, key < sizeof n.key ? key : sizeof n.key - 1);
        at += key + 1;
        n.must = *at == '!';
        n.types = at += n.must;
        n.types_len = strcspn(at, "{*[ ");
        n.rest = at += n.types_len;
        n.rest_len = strcspn(at, " ");
        at += n.rest_len + (at[n.rest_len] == ' ');
        judge_key(j, &n);
    }
}

const char *llw_header_unmet(const llw_model *model, bool whole, llw_arena *arena) {
    judge j = {model, whole, arena, NULL};
    for (size_t i = 0; i < sizeof common / sizeof *common && !j.failed; i++)
        if (holds(model, common[i].when)) judge_keys(&j, common[i].keys);
    for (size_t i = 0; i < sizeof own / sizeof *own && !j.failed; i++)
        if (!strcmp(own[i].architecture, model->architecture)) judge_keys(&j, own[i].keys);
    return j.failed;
}
