/* From a parsed header to claims. Every read of a hyper-parameter may find nothing, nonsense or an array. */
#include "source/model/model_facts.h"
#include "base/table.h"
#include "fact/ggml_type.h"
#include "source/model/model_doubts.h"
#include "source/model/name_doubt.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct teller {
    llw_facts *facts;
    llw_entity entity;
    const llw_model *model;
    const llw_model_source *source;
    llw_arena *arena;
    llw_survey survey;
    llw_table file_types;
    bool known;       /* the architecture is in our table */
    const char *kind; /* its columns */
    const char *cache;
    const char *recurrent;
} teller;

static void say(teller *t, llw_attr attr, llw_value value, const char *place) {
    const char *where = t->source->where;
    if (*where) place = llw_arena_printf(t->arena, *place ? "%s: %s" : "%s", where, place);
    llw_facts_claim(t->facts, t->entity, attr, value, LLW_GRADE_FILE, t->source->origin, place);
}

static void say_count(teller *t, llw_attr attr, int64_t n, const char *place) {
    say(t, attr, llw_count(n), place);
}

/* A hyper-parameter as a count: a scalar, or the largest element of an array. Negative and fractional ones
 * are none. */
static const llw_meta *count_of(const teller *t, const char *key, int64_t *out) {
    const llw_meta *meta = llw_model_hparam(t->model, key);
    if (!meta) return NULL;
    double x = -1;
    if (meta->type == LLW_GGUF_ARRAY) {
        for (uint64_t i = 0; meta->array && i < meta->count; i++)
            if (meta->array[i] > x) x = meta->array[i];
    } else if (meta->type == LLW_GGUF_F32 || meta->type == LLW_GGUF_F64) {
        x = meta->real;
    } else if (meta->type != LLW_GGUF_STRING) {
        *out = meta->integer;
        return meta->integer >= 0 ? meta : NULL;
    }
    if (!(x >= 0) || x > 9e15 || x > floor(x)) return NULL;
    *out = (int64_t)x;
    return meta;
}

static bool claim_count(teller *t, llw_attr attr, const char *key, int64_t *out) {
    const llw_meta *meta = count_of(t, key, out);
    if (meta) say_count(t, attr, *out, meta->key);
    return meta != NULL;
}

#define ACCUSE(t, attr, ...) llw_model_accuse((t)->facts, (t)->entity, (t)->source, attr, __VA_ARGS__)
#define NOTE(t, ...) llw_facts_note((t)->facts, "%s " __VA_ARGS__)

const char *llw_model_role(const llw_model *model, bool whole, const char **key) {
    static const struct {
        const char *key, *value, *role;
    } signs[] = {
        {"general.type", "mmproj", "mmproj"},
        {"general.type", "adapter", "lora"},
        {"general.type", "imatrix", "imatrix"},
        {"general.architecture", "clip", "mmproj"},
        {"general.architecture", "controlvector", "control-vector"},
        {"adapter.type", "lora", "lora"},
    };
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        const llw_meta *meta = llw_model_meta(model, signs[i].key);
        *key = signs[i].key;
        if (meta && meta->type == LLW_GGUF_STRING && !strcmp(meta->string, signs[i].value))
            return signs[i].role;
    }
    *key = "imatrix.chunk_count";
    if (llw_model_meta(model, *key)) return "imatrix";
    *key = "tokenizer.ggml.model";
    if (whole && !model->n_tensors && llw_model_meta(model, *key)) return "vocab";
    *key = llw_model_meta(model, "general.type") ? "general.type" : "general.architecture";
    return "model";
}

/* ---- architecture ---- */

static llw_rc find_architecture(teller *t, llw_err *err) {
    llw_table table;
    llw_rc rc = llw_table_read(t->arena, "models/architectures.tsv", &table, err);
    if (rc != LLW_OK) return rc;
    t->kind = "text";
    t->cache = "";
    t->recurrent = "ssm_"; /* of an architecture we do not know */
    int name = llw_table_column(&table, "name");
    for (size_t i = 0; t->model->architecture && i < table.n_rows; i++) {
        if (strcmp(llw_table_cell(&table, i, name), t->model->architecture)) continue;
        t->known = true;
        t->kind = llw_table_cell(&table, i, llw_table_column(&table, "kind"));
        t->cache = llw_table_cell(&table, i, llw_table_column(&table, "cache"));
        t->recurrent = llw_table_cell(&table, i, llw_table_column(&table, "recurrent"));
        break;
    }
    return LLW_OK;
}

static void tell_identity(teller *t, const char *role, const char *role_key) {
    const llw_meta *name = llw_model_meta(t->model, "general.name");
    if (name && name->type == LLW_GGUF_STRING && *name->string)
        say(t, LLW_model_name, llw_string(LLW_TEXT, name->string), "general.name");
    else
        llw_facts_claim(t->facts, t->entity, LLW_model_name, llw_string(LLW_TEXT, t->source->file_name),
                        LLW_GRADE_DEFAULT, "file name", "");
    say(t, LLW_model_role, llw_string(LLW_TEXT, role), role_key);
    if (t->model->architecture) {
        say(t, LLW_model_architecture, llw_string(LLW_TEXT, t->model->architecture), "general.architecture");
        llw_facts_claim(t->facts, t->entity, LLW_model_architecture_known, llw_flag(t->known), LLW_GRADE_FILE,
                        "models/architectures.tsv", t->known ? t->model->architecture : "not listed");
    } else if (!strcmp(role, "model")) {
        ACCUSE(t, LLW_model_refusal, "has no general.architecture");
    }
}

/* ---- experts ---- */

static void tell_experts(teller *t) {
    const llw_survey *s = &t->survey;
    int64_t count = 0, used = 0, shared = 0;
    const llw_meta *key = count_of(t, "expert_count", &count);
    bool tensors = t->source->whole && t->model->n_tensors;
    bool in_table = llw_survey_count(s, s->layers, LLW_LAYER_EXPERTS, 0) > 0;
    if (key) {
        say(t, LLW_model_moe, llw_flag(count > 0), key->key);
        say_count(t, LLW_model_experts, count, key->key);
    } else if (tensors) {
        const char *place =
            in_table ? "tensor table: ffn_*_exps" : "tensor table: no ffn_*_exps, and no expert_count";
        say(t, LLW_model_moe, llw_flag(in_table), place);
        if (s->experts >= 0) say_count(t, LLW_model_experts, count = s->experts, place);
    }
    if (key && tensors) {
        if (count > 0 && !in_table)
            ACCUSE(t, LLW_model_refusal, "says expert_count %" PRId64 " but has no expert tensors", count);
        else if (in_table && s->experts != count) {
            ACCUSE(t, LLW_model_refusal,
                   "says expert_count %" PRId64 " but its expert tensors hold another number", count);
            if (s->experts > 0) say_count(t, LLW_model_experts, s->experts, "tensor table: ffn_*_exps");
        }
    }
    const llw_meta *used_key = count_of(t, "expert_used_count", &used);
    if (used_key) {
        say_count(t, LLW_model_experts_used, used, used_key->key);
        if (used > count)
            ACCUSE(t, LLW_model_refusal, "says that %" PRId64 " of %" PRId64 " experts work on a token", used,
                   count);
    } else if (count == 0 && (key || tensors)) {
        say_count(t, LLW_model_experts_used, 0, key ? key->key : "tensor table: no ffn_*_exps");
    }
    /* Gemma 4 calls its shared expert an ordinary feed-forward, in the layers that have experts. */
    bool named = llw_survey_count(s, s->layers, LLW_LAYER_SHARED_EXPERT, 0) > 0;
    bool beside = llw_survey_count(s, s->layers, LLW_LAYER_EXPERTS | LLW_LAYER_FEED_FORWARD, 0) > 0;
    if (!claim_count(t, LLW_model_experts_shared, "expert_shared_count", &shared) && tensors)
        say_count(t, LLW_model_experts_shared, named || beside,
                  named    ? "tensor table: ffn_*_shexp"
                  : beside ? "tensor table: ffn_down beside ffn_down_exps"
                           : "tensor table: no ffn_*_shexp");
}

/* ---- layers ---- */

static void tell_layers(teller *t) {
    const llw_survey *s = &t->survey;
    int64_t layers = 0, next = 0, shared = 0, lead = 0;
    bool said = claim_count(t, LLW_model_layers, "block_count", &layers);
    bool tensors = t->source->whole && t->model->n_tensors;
    if (said && tensors && s->layers && s->layers != layers)
        ACCUSE(t, LLW_model_refusal, "says block_count %" PRId64 " but has tensors of %d layers", layers,
               s->layers);
    if (!said && tensors && s->layers) {
        said = true;
        say_count(t, LLW_model_layers, layers = s->layers, "tensor table: blk.N.");
    }
    bool has_lead = count_of(t, "leading_dense_block_count", &lead) != NULL;
    if (!tensors || !s->layers) {
        if (has_lead && said && lead <= layers)
            say_count(t, LLW_model_dense_layers, lead,
                      llw_model_hparam(t->model, "leading_dense_block_count")->key);
        return;
    }
    int first = 0;
    while (first < s->layers && !(s->layer[first] & LLW_LAYER_EXPERTS)) first++;
    say_count(t, LLW_model_dense_layers, first, "tensor table: layers before the first ffn_*_exps");
    say_count(t, LLW_model_moe_layers, llw_survey_count(s, s->layers, LLW_LAYER_EXPERTS, 0),
              "tensor table: ffn_*_exps");
    if (has_lead && lead != first && first < s->layers)
        NOTE(t, "says leading_dense_block_count %" PRId64 " but its first expert layer is %d",
             t->source->file_name, lead, first);
    bool none = !strcmp(t->cache, "none");
    count_of(t, "nextn_predict_layers", &next);
    bool shares = count_of(t, "attention.shared_kv_layers", &shared) && shared > 0;
    int64_t end = s->layers - (next < s->layers ? next : 0);
    int64_t keys_end = shares && shared < end ? end - shared : end;
    int64_t attention = none ? 0 : llw_survey_count(s, (int)keys_end, LLW_LAYER_ATTENTION, 0);
    int64_t recurrent = llw_survey_count(s, (int)end, LLW_LAYER_RECURRENT, 0);
    say_count(t, LLW_model_attention_layers, attention,
              none     ? "general.architecture: llama.cpp keeps no cache for it"
              : shares ? "tensor table: attn_k, without attention.shared_kv_layers"
                       : "tensor table: attn_k, attn_kv, attn_qkv");
    const char *marks =
        *t->recurrent ? llw_arena_printf(t->arena, "tensor table: %s*", t->recurrent) : "tensor table";
    say_count(t, LLW_model_recurrent_layers, recurrent, marks);
    say(t, LLW_model_hybrid, llw_flag(attention > 0 && recurrent > 0), marks);
}

/* ---- attention ---- */

static void tell_attention(teller *t) {
    int64_t heads = 0, kv = 0, lora = 0, attention = -1, window = 0;
    const llw_meta *heads_key = count_of(t, "attention.head_count", &heads);
    const llw_meta *kv_key = count_of(t, "attention.head_count_kv", &kv);
    if (heads_key) say_count(t, LLW_model_heads, heads, heads_key->key);
    if (kv_key)
        say_count(t, LLW_model_kv_heads, kv, kv_key->key);
    else if (heads_key) /* llama_model_base::load_hparams: n_head_kv is n_head unless given */
        say_count(
            t, LLW_model_kv_heads, kv = heads,
            llw_arena_printf(t->arena, "%s (no head_count_kv: llama.cpp takes the same)", heads_key->key));
    if (count_of(t, "attention.sliding_window", &window))
        say_count(t, LLW_model_sliding_window, window,
                  llw_model_hparam(t->model, "attention.sliding_window")->key);
    else if (t->known)
        say_count(t, LLW_model_sliding_window, 0, "no attention.sliding_window");
    bool counted = llw_facts_count(t->facts, t->entity, LLW_model_attention_layers, &attention);
    bool without = counted && attention == 0 && strcmp(t->cache, "none");
    if (!heads_key && !without) return;
    const llw_meta *mla = count_of(t, "attention.key_length_mla", &lora);
    if (!mla) mla = count_of(t, "attention.kv_lora_rank", &lora);
    if (without || heads == 0)
        say(t, LLW_model_attention, llw_string(LLW_TEXT, "none"), without ? "tensor table" : heads_key->key);
    else if (mla && lora > 0 && kv == 1)
        say(t, LLW_model_attention, llw_string(LLW_TEXT, "MLA"), mla->key);
    else if (kv > heads || kv == 0)
        ACCUSE(t, LLW_model_doubt,
               "has %" PRId64 " key-value heads for %" PRId64 " heads, which makes no sense", kv, heads);
    else
        say(t, LLW_model_attention,
            llw_string(LLW_TEXT, kv == heads ? "MHA"
                                 : kv == 1   ? "MQA"
                                             : "GQA"),
            kv_key ? kv_key->key : heads_key->key);
}

static void tell_widths(teller *t) {
    int64_t n = 0;
    claim_count(t, LLW_model_embedding, "embedding_length", &n);
    const llw_meta *context = count_of(t, "context_length", &n);
    if (context && n > 0)
        say_count(t, LLW_model_context_length, n, context->key);
    else if (context)
        NOTE(t, "says that it was trained for a context of 0 tokens: taken as unknown", t->source->file_name);
    const llw_meta *tokens = llw_model_meta(t->model, "tokenizer.ggml.tokens");
    bool listed = tokens && tokens->type == LLW_GGUF_ARRAY;
    if (t->survey.vocabulary >= 0)
        say_count(t, LLW_model_vocabulary, t->survey.vocabulary, "tensor table: token_embd.weight");
    else if (listed)
        say_count(t, LLW_model_vocabulary, (int64_t)tokens->count, "tokenizer.ggml.tokens");
    if (listed && t->survey.vocabulary >= 0 && (int64_t)tokens->count != t->survey.vocabulary)
        ACCUSE(t, LLW_model_refusal, "lists %" PRIu64 " tokens but embeds %" PRId64, tokens->count,
               t->survey.vocabulary);
    /* LLAMA_POOLING_TYPE_NONE is 0: include/llama.h */
    const llw_meta *pooling = count_of(t, "pooling_type", &n);
    bool embeds = !strcmp(t->kind, "embed");
    if (pooling && n > 0)
        say(t, LLW_model_embedding_model, llw_flag(true), pooling->key);
    else if (t->known)
        say(t, LLW_model_embedding_model, llw_flag(embeds),
            embeds ? "general.architecture" : "general.architecture, no pooling_type");
}

/* ---- sizes ---- */

/* Whether the comma list has the word. */
static bool lists(const char *list, const char *word) {
    size_t len = strlen(word);
    for (const char *at = list; at; at = strchr(at, ',') ? strchr(at, ',') + 1 : NULL)
        if (!strncmp(at, word, len) && (!at[len] || at[len] == ',')) return true;
    return false;
}

/* models/file_types.tsv, once somebody asks. */
static llw_rc read_file_types(teller *t, llw_err *err) {
    return t->file_types.rows ? LLW_OK
                              : llw_table_read(t->arena, "models/file_types.tsv", &t->file_types, err);
}

static llw_rc tell_quantization(teller *t, llw_err *err) {
    const llw_meta *type = llw_model_meta(t->model, "general.file_type");
    const char *label = NULL, *types = "";
    if (type && type->type != LLW_GGUF_STRING && type->type != LLW_GGUF_ARRAY) {
        llw_rc rc = read_file_types(t, err);
        if (rc != LLW_OK) return rc;
        const llw_table *table = &t->file_types;
        for (size_t i = 0; i < table->n_rows && !label; i++) {
            if (strtoll(llw_table_cell(table, i, llw_table_column(table, "number")), NULL, 10) !=
                type->integer)
                continue;
            label = llw_table_cell(table, i, llw_table_column(table, "name"));
            types = llw_table_cell(table, i, llw_table_column(table, "types"));
        }
        if (label)
            say(t, LLW_model_quantization, llw_string(LLW_TEXT, label), "general.file_type");
        else
            NOTE(t, "has general.file_type %" PRId64 ", which llama.cpp v0.5.0 does not name",
                 t->source->file_name, type->integer);
    }
    const llw_survey *s = &t->survey;
    if (!t->source->whole || s->dominant < 0) return LLW_OK;
    const char *dominant = llw_ggml_type_get((uint32_t)s->dominant)->name;
    if (label && lists(types, dominant)) return LLW_OK;
    char *loud = llw_arena_strdup(t->arena, dominant);
    for (char *c = loud; *c; c++) *c = (char)toupper(*c);
    say(t, LLW_model_quantization, llw_string(LLW_TEXT, loud), "tensor table: most weights of the layers");
    /* experts that were trained in MXFP4 stay so whatever the rest is quantised to: gpt-oss-120b-F16.gguf */
    if (label && strcmp(dominant, "mxfp4"))
        ACCUSE(t, LLW_model_doubt, "calls itself %s, but %.0f %% of its layers' weights are %s", label,
               100 * s->dominant_share, dominant);
    return LLW_OK;
}

static void tell_sizes(teller *t) {
    const llw_survey *s = &t->survey;
    const llw_model_source *from = t->source;
    if (!from->whole || !t->model->n_tensors) return;
    if (!s->countable) {
        NOTE(t, "has more parameters than can be counted", from->file_name);
        return;
    }
    say_count(t, LLW_model_params, s->params, "tensor table");
    say(t, LLW_model_weights, llw_bytes(s->bytes), "tensor table");
    say(t, LLW_model_expert_weights, llw_bytes(s->expert_bytes), "tensor table: ffn_*_exps");
    if (from->file_bytes >= 0 && s->params > 0)
        say(t, LLW_model_bits_per_weight, llw_real(8.0 * (double)from->file_bytes / (double)s->params),
            "file size over parameters");
    int64_t experts = 0, used = 0;
    if (!s->expert_params) {
        say_count(t, LLW_model_params_active, s->params - s->lookup_params,
                  "tensor table, without lookup tables");
        return;
    }
    if (!llw_facts_count(t->facts, t->entity, LLW_model_experts, &experts) ||
        !llw_facts_count(t->facts, t->entity, LLW_model_experts_used, &used) || experts <= 0 ||
        used > experts)
        return;
    int64_t active = (int64_t)((double)s->expert_params * ((double)used / (double)experts) + 0.5);
    say_count(t, LLW_model_params_active, s->params - s->lookup_params - s->expert_params + active,
              llw_arena_printf(t->arena,
                               "tensor table, experts x %" PRId64 "/%" PRId64 ", without lookup tables", used,
                               experts));
}

llw_rc llw_model_facts(llw_facts *facts, llw_entity entity, const llw_model *model,
                       const llw_model_source *source, llw_err *err) {
    teller *t = llw_arena_alloc(llw_facts_arena(facts), sizeof *t);
    *t = (teller){
        .facts = facts, .entity = entity, .model = model, .source = source, .arena = llw_facts_arena(facts)};
    llw_rc rc = find_architecture(t, err);
    if (rc != LLW_OK) return rc;
    const char *role_key = "", *role = llw_model_role(model, source->whole, &role_key);
    tell_identity(t, role, role_key);
    if (source->refusal) ACCUSE(t, LLW_model_refusal, "%s", source->refusal);
    if (source->cut) /* llama_tensor_weight, src/llama-model-loader.h */
        ACCUSE(t, LLW_model_refusal, "holds %" PRId64 " of the %" PRId64 " bytes that its tensors need",
               source->file_bytes, source->expected_bytes);
    /* an embedding model's token_embd is no output: it has none */
    llw_survey_model(model, t->recurrent, !strcmp(t->cache, "both"), strcmp(t->kind, "embed") != 0,
                     &t->survey);
    if (!strcmp(role, "model")) {
        tell_experts(t);
        tell_layers(t);
        tell_attention(t);
    } else {
        NOTE(t, "is no model of its own: %s", source->file_name, llw_model_role_use(role));
    }
    if (!strcmp(role, "model") || !strcmp(role, "vocab")) tell_widths(t);
    tell_sizes(t);
    rc = tell_quantization(t, err);
    if (rc != LLW_OK || strcmp(role, "model")) return rc;
    llw_model_doubts(facts, entity, model, source, &t->survey);
    if (!strcmp(t->kind, "draft")) return LLW_OK; /* it bears the name of the model that it drafts for */
    rc = read_file_types(t, err);
    if (rc == LLW_OK) llw_name_doubt(facts, entity, model, source, &t->survey, &t->file_types);
    return rc;
}
