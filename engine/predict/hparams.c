/* Reads hyper-parameters out of the header as llama.cpp's loader does: defaults, arrays per layer, window
 * patterns.
 *
 * Source: src/llama-model.cpp llama_model_base::load_hparams and src/models/<architecture>.cpp
 * load_arch_hparams, llama.cpp v0.5.0. Every number read is bounded, because later arithmetic multiplies
 * them. */
#include "predict/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BOUND = 1 << 30 };

static int64_t bounded(int64_t value) {
    return value < 0 ? 0 : value > BOUND ? BOUND : value;
}

/* llama_vocab::impl::load passes over the list of tokens where the header names no tokenizer. */
static bool has_tokens(const llw_model *model) {
    const llw_meta *name = llw_model_meta(model, "tokenizer.ggml.model");
    return !name || name->type != LLW_GGUF_STRING ||
           (strcmp(name->string, "none") && strcmp(name->string, "no_vocab"));
}

typedef struct some_key {
    const char *key, *readers;
} some_key;

static int by_key(const void *a, const void *b) {
    return strcmp(((const some_key *)a)->key, ((const some_key *)b)->key);
}

static bool lists(const char *words, const char *word) {
    size_t n = strlen(word);
    for (const char *at = words; (at = strstr(at, word)); at += n)
        if ((at == words || at[-1] == ' ') && (at[n] == ' ' || !at[n])) return true;
    return false;
}

/* Whether the architecture's loader looks at the key; one that is not known is taken to read all of them. */
static bool reads(const llw_plan *plan, const char *key) {
    static const some_key some[] = {
#define LLW_KEY(key, readers) {key, readers},
#include "predict/keys.def"
#undef LLW_KEY
    };
    if (!plan->architecture) return true;
    const some_key *found =
        bsearch(&(some_key){key, ""}, some, sizeof some / sizeof *some, sizeof *some, by_key);
    return !found || lists(found->readers, plan->architecture->name);
}

static const llw_meta *entry(const llw_plan *plan, const char *key) {
    return reads(plan, key) ? llw_model_hparam(plan->model, key) : NULL;
}

static int64_t whole(const llw_plan *plan, const char *key, int64_t absent) {
    return reads(plan, key) ? bounded(llw_model_int(plan->model, key, -1, absent)) : absent;
}

static double real(const llw_plan *plan, const char *key, double absent) {
    return reads(plan, key) ? llw_model_real(plan->model, key, absent) : absent;
}

/* A key that is one number for all layers or an array with one for each. */
static int64_t per_layer(const llw_meta *meta, int layer, int64_t absent) {
    if (!meta) return absent;
    if (meta->type == LLW_GGUF_ARRAY) {
        if (!meta->array || !meta->count) return absent;
        double x = meta->array[(uint64_t)layer < meta->count ? (uint64_t)layer : meta->count - 1];
        return fabs(x) < 1e9 ? bounded((int64_t)x) : absent;
    }
    return meta->type == LLW_GGUF_STRING ? absent : bounded(meta->integer);
}

static double layer_real(const llw_meta *meta, int layer) {
    if (!meta) return 0;
    if (meta->type != LLW_GGUF_ARRAY) return meta->type == LLW_GGUF_STRING ? 0 : meta->real;
    return meta->array && meta->count
               ? meta->array[(uint64_t)layer < meta->count ? (uint64_t)layer : meta->count - 1]
               : 0;
}

static void read_layers(llw_plan *plan) {
    llw_hparams *h = &plan->hparams;
    const llw_meta *heads = entry(plan, "attention.head_count");
    const llw_meta *kv_heads = entry(plan, "attention.head_count_kv");
    const llw_meta *ff = entry(plan, "feed_forward_length");
    const llw_meta *ff_exp = entry(plan, "expert_feed_forward_length");
    const llw_meta *used = entry(plan, "expert_used_count");
    for (int i = 0; i < h->n_layer_all; i++) {
        llw_layer *layer = &h->layer[i];
        layer->heads = per_layer(heads, i, 0);
        layer->kv_heads = per_layer(kv_heads, i, layer->heads);
        layer->ff = per_layer(ff, i, 0);
        layer->ff_exp = per_layer(ff_exp, i, 0);
        layer->experts_used = per_layer(used, i, 0);
    }
}

/* llama_hparams::set_swa_pattern: every period-th layer is dense, the first of a period or the last. */
static void set_period(llw_hparams *h, int64_t period, bool dense_first) {
    for (int i = 0; i < h->n_layer; i++)
        h->layer[i].windowed = period == 0 || (dense_first ? i % period != 0 : i % period < period - 1);
}

/* llama_model_base::load_swa_pattern: the header's list or period, else the architecture's. */
static void read_pattern(llw_plan *plan, int64_t period, bool dense_first) {
    llw_hparams *h = &plan->hparams;
    const llw_meta *pattern = entry(plan, "attention.sliding_window_pattern");
    if (pattern && pattern->type == LLW_GGUF_ARRAY && pattern->array)
        for (int i = 0; i < h->n_layer_all; i++) h->layer[i].windowed = per_layer(pattern, i, 0) != 0;
    else
        set_period(h, per_layer(pattern, 0, period), dense_first);
}

static void read_windows(llw_plan *plan) {
    llw_hparams *h = &plan->hparams;
    const llw_architecture *a = plan->architecture;
    int64_t given = whole(plan, "attention.sliding_window", 0);
    bool has = entry(plan, "attention.sliding_window") != NULL;
    switch (a ? a->swa : LLW_SWA_NONE) {
    case LLW_SWA_NONE: return;
    case LLW_SWA_IF_GIVEN:
        if (given <= 0) return;
        h->window = given;
        read_pattern(plan, a->swa_period, a->swa_dense_first);
        break;
    case LLW_SWA_ALWAYS:
    case LLW_SWA_LISTED:
        h->window = has ? given : a->swa_window;
        read_pattern(plan, a->swa_period, a->swa_dense_first);
        break;
    case LLW_SWA_OWN:
        if (!strcmp(a->name, "exaone4")) {
            if (h->n_layer != 64) return;
            h->window = has ? given : a->swa_window;
            read_pattern(plan, a->swa_period, a->swa_dense_first);
        } else if (!strcmp(a->name, "llama4")) { /* chunks of 8192 unless the header says 0 */
            if (has && !given) return;
            h->window = a->swa_window;
            read_pattern(plan, a->swa_period, a->swa_dense_first);
        } else if (!strcmp(a->name, "smallthinker")) { /* the header's window only switches it on */
            if (given <= 0) return;
            h->window = a->swa_window;
            read_pattern(plan, a->swa_period, a->swa_dense_first);
        } else if (!strcmp(a->name, "laguna")) {
            if (given <= 0) return;
            h->window = given;
            read_pattern(plan, 4, true);
        } else if (!strcmp(a->name, "dflash") && !whole(plan, "hyper_connection.count", 0)) {
            if (given <= 0) return;
            h->window = given;
            read_pattern(plan, 1, false);
        } else if (!strcmp(a->name, "lfm2")) { /* attention layers all look through the window */
            if (given <= 0) return;
            h->window = given;
            for (int i = 0; i < h->n_layer; i++) h->layer[i].windowed = !h->layer[i].recurrent;
        } else {
            h->window = given;
            for (int i = 0; i < h->n_layer_all; i++) h->layer[i].windowed = true;
        }
        break;
    }
    for (int i = 0; i < h->n_layer_all; i++) h->windowed_any = h->windowed_any || h->layer[i].windowed;
}

static void read_recurrence(llw_plan *plan) {
    llw_hparams *h = &plan->hparams;
    const llw_architecture *a = plan->architecture;
    const llw_meta *listed = entry(plan, "attention.recurrent_layers");
    int64_t interval = a ? whole(plan, "full_attention_interval", a->recurrent_period) : 0;
    for (int i = 0; i < h->n_layer; i++) {
        llw_layer *layer = &h->layer[i];
        switch (a ? a->recurrent : LLW_RECURRENT_NONE) {
        case LLW_RECURRENT_NONE: break;
        case LLW_RECURRENT_ALL: layer->recurrent = true; break;
        case LLW_RECURRENT_NO_KV_HEADS:
            layer->recurrent =
                layer->kv_heads == 0 && (a->memory != LLW_MEMORY_HYBRID_NO_FF || layer->ff == 0);
            break;
        case LLW_RECURRENT_INTERVAL:
            layer->recurrent =
                listed ? per_layer(listed, i, 0) != 0 : interval > 0 && (i + 1) % interval != 0;
            break;
        }
    }
}

static void read_attention(llw_plan *plan) {
    llw_hparams *h = &plan->hparams;
    int64_t heads = h->n_layer_all ? h->layer[0].heads : 0;
    if (heads > 0) {
        h->head_k = whole(plan, "attention.key_length", h->n_embd / heads);
        h->head_v = whole(plan, "attention.value_length", h->n_embd / heads);
        h->rot = whole(plan, "rope.dimension_count", h->head_k);
    } else if (plan->architecture && !strcmp(plan->architecture->name, "plamo2")) {
        h->head_k = whole(plan, "attention.key_length", 0);
        h->head_v = whole(plan, "attention.value_length", 0);
    }
    h->head_k_swa = whole(plan, "attention.key_length_swa", h->head_k);
    h->head_v_swa = whole(plan, "attention.value_length_swa", h->head_v);
    h->rot_swa = whole(plan, "rope.dimension_count_swa", h->rot);
    h->longrope = !strcmp(llw_model_string(plan->model, "rope.scaling.type", ""), "longrope");
    h->head_k_mla = whole(plan, "attention.key_length_mla", 0);
    h->head_v_mla = whole(plan, "attention.value_length_mla", 0);
    h->mla = h->head_k_mla && h->head_v_mla;
    h->lora_q = whole(plan, "attention.q_lora_rank", 0);
    h->lora_kv = whole(plan, "attention.kv_lora_rank", 0);
    h->lora_kv_swa = whole(plan, "attention.kv_lora_rank_swa", h->lora_kv);
    h->head_k_mla_swa = whole(plan, "attention.key_length_mla_swa", h->head_k_mla);
    h->head_v_mla_swa = whole(plan, "attention.value_length_mla_swa", h->head_v_mla);
    h->indexer_heads = whole(plan, "attention.indexer.head_count", 0);
    h->indexer_head = whole(plan, "attention.indexer.key_length", 0);
    h->indexer_top_k = whole(plan, "attention.indexer.top_k", 0);
    h->hyper = whole(plan, "hyper_connection.count", 0);
    h->out_groups = whole(plan, "attention.output_group_count", 0);
    h->out_lora = whole(plan, "attention.output_lora_rank", 0);
    h->hash_layers = whole(plan, "hash_layer_count", 0);
    h->sinkhorn = whole(plan, "hyper_connection.sinkhorn_iterations", 0);
    h->ple_conv = whole(plan, "ple.conv_kernel", 0);
    h->ple_ngram = whole(plan, "ple.ngram_size", 0);
    h->ple_heads = whole(plan, "ple.heads_per_ngram", 0);
    const llw_meta *ratios = entry(plan, "attention.compress_ratios"), *ple = entry(plan, "ple.layers");
    for (int i = 0; i < h->n_layer_all; i++) h->layer[i].compress = per_layer(ratios, i, 0);
    for (uint64_t i = 0; ple && ple->array && i < ple->count; i++)
        if (ple->array[i] >= 0 && ple->array[i] < h->n_layer_all) h->layer[(int)ple->array[i]].ple = true;
    h->indexer_block = whole(plan, "attention.indexer.block_size", 0);
}

/* Which layers own an indexer: the header lists them; GLM before 5.2 (a context under 1M) and deepseek32 have
 * one in every layer, GLM 5.2 in the first three and then in every fourth (src/models/glm-dsa.cpp). */
static void read_indexers(llw_plan *plan) {
    llw_hparams *h = &plan->hparams;
    const llw_meta *listed = entry(plan, "attention.indexer.types");
    const char *name = plan->architecture ? plan->architecture->name : "";
    for (int i = 0; i < h->n_layer; i++) {
        if (!strcmp(name, "deepseek32"))
            h->layer[i].indexed = true;
        else if (!strcmp(name, "dots3note"))
            h->layer[i].indexed = !h->layer[i].windowed;
        else if (listed)
            h->layer[i].indexed = per_layer(listed, i, 0) != 0;
        else if (!strcmp(name, "glm-dsa"))
            h->layer[i].indexed = h->n_ctx_train < 1048576 || i < 3 || (i - 2) % 4 == 0;
    }
}

static void read_experts(llw_plan *plan) {
    llw_hparams *h = &plan->hparams;
    h->experts = whole(plan, "expert_count", 0);
    h->expert_groups = whole(plan, "expert_group_count", 0);
    h->groups_used = whole(plan, "expert_group_used_count", 0);
    h->ff_shexp = whole(plan, "expert_shared_feed_forward_length", 0);
    h->experts_shared = whole(plan, "expert_shared_count", 0);
    h->dense_lead = whole(plan, "leading_dense_block_count", 0);
    h->expert_step = whole(plan, "interleave_moe_layer_step", 0);
    h->gating = (llw_gating)whole(plan, "expert_gating_func", 0);
    h->expert_weights_scale = real(plan, "expert_weights_scale", 0);
    h->expert_weights_norm = whole(plan, "expert_weights_norm", 0) != 0;
}

static bool is_one_of(const char *name, const char *const *names) {
    for (; *names; names++)
        if (!strcmp(name, *names)) return true;
    return false;
}

static void read_state(llw_plan *plan) {
    llw_hparams *h = &plan->hparams;
    h->wkv_head = whole(plan, "wkv.head_size", 0);
    h->token_shift = whole(plan, "token_shift_count", 2);
    h->rescale_every = whole(plan, "rescale_every_n_layers", 0);
    h->shortconv = whole(plan, "shortconv.l_cache", 0);
    h->kda_head = whole(plan, "kda.head_dim", 0);
    h->kda_bounded = entry(plan, "kda.gate_lower_bound") != NULL;
    h->residual_block = whole(plan, "attn_res.block_size", 0);
    h->situ_linear = real(plan, "activation.situ_linear_beta", 0) > 0;
    h->ssm_conv = whole(plan, "ssm.conv_kernel", 0);
    h->ssm_inner = whole(plan, "ssm.inner_size", 0);
    h->ssm_state = whole(plan, "ssm.state_size", 0);
    h->ssm_dt_rank = whole(plan, "ssm.time_step_rank", 0);
    h->ssm_groups = whole(plan, "ssm.group_count", 0);
    h->dt_b_c_norms = whole(plan, "ssm.dt_b_c_rms", 0) != 0;
    if (plan->architecture && !strcmp(plan->architecture->name, "minimax-01")) h->la_head = h->head_k;
}

/* What only some architectures read or set: src/models/<architecture>.cpp load_arch_hparams, v0.5.0. */
static void read_scales(llw_plan *plan, const char *name) {
    llw_hparams *h = &plan->hparams;
    bool granite = !strncmp(name, "granite", 7);
    bool minicpm = !strcmp(name, "minicpm"), grok = !strcmp(name, "grok");
    h->embedding_scale = real(plan, "embedding_scale", minicpm ? 12 : grok ? 78.38 : 0);
    h->residual_scale = real(plan, "residual_scale", minicpm ? 1 : 0);
    h->logit_scale = real(plan, "logit_scale", 0);
    h->attention_scale = real(plan, "attention.scale", 0);
    h->clamp_kqv = real(plan, "attention.clamp_kqv", 0) > 0;
    h->alibi = real(plan, "attention.max_alibi_bias", 0) > 0;
    if (is_one_of(name, (const char *const[]){"bloom", "refact", "jina-bert-v2", NULL})) h->alibi = true;
    if (!strcmp(name, "baichuan") && h->n_layer == 40) h->alibi = true; /* 13B */
    if (!strcmp(name, "gemma2")) h->soft_cap = LLW_SOFT_CAP_ATTENTION;
    if (grok) h->soft_cap = LLW_SOFT_CAP_GROK;
    h->temperature_scale = real(plan, "attention.temperature_scale", 0);
    h->final_soft_cap = real(plan, "final_logit_softcapping", 0) != 0;
    h->value_scale = real(plan, "attention.value_scale", 0);
    h->rms_norm_eps = real(plan, "attention.layer_norm_rms_epsilon", 0);
    h->group_experts = whole(plan, "experts_per_group", 0);
    h->parallel_residual = whole(plan, "use_parallel_residual", 0) != 0;
    h->hrm_stack = whole(plan, "hrm.layers_per_stack", 0);
    h->hrm_low = whole(plan, "hrm.l_cycles", 0);
    h->hrm_high = whole(plan, "hrm.h_cycles", 0);
    h->skip_loop_norm = whole(plan, "skip_loop_final_norm", 0) != 0;
    h->swin_norm = whole(plan, "swin_norm", 0) != 0;
    const llw_meta *pattern = entry(plan, "attention.rope_pattern");
    bool rope =
        !granite || pattern || !strcmp(name, "granite_swa") || whole(plan, "rope.scaling.finetuned", 1) != 0;
    for (int i = 0; i < h->n_layer_all; i++) h->layer[i].rope = rope && per_layer(pattern, i, 1) != 0;
}

/* Embeddings from outside that are added to inner layers' states lie behind the first in the input's rows. */
static void read_deepstack(llw_plan *plan) {
    llw_hparams *h = &plan->hparams;
    const llw_meta *mapping = entry(plan, "deepstack_mapping");
    h->deepstack = whole(plan, "n_deepstack_layers", 0);
    for (int i = 0; i < h->n_layer && i < h->deepstack; i++) h->layer[i].deepstack_after = i + 2;
    if (!mapping || !mapping->array) return;
    uint64_t seen = 0;
    for (int i = 0; i < h->n_layer_all && (uint64_t)i < mapping->count; i++) {
        double index = mapping->array[i];
        if (!(index >= 0 && index < 64)) continue;
        if (i > 0) h->layer[i].deepstack_before = (int)index + 1;
        if (!(seen >> (int)index & 1)) h->deepstack++;
        seen |= (uint64_t)1 << (int)index;
    }
}

static void read_positions(llw_plan *plan, const char *name) {
    static const char *const multi[] = {"qwen2vl",   "paddleocr", "qwen3vl",  "qwen3vlmoe", "qwen35",
                                        "qwen35moe", "qwen4exp",  "qwen3tts", NULL};
    static const char *const when_given[] = {"glm4", "glm4moe", "hunyuan_vl", NULL};
    const llw_meta *sections = entry(plan, "rope.dimension_sections");
    bool given = sections && sections->array && sections->count > 1 && sections->array[0] > 0 &&
                 sections->array[1] > 0;
    plan->hparams.positions = is_one_of(name, multi) || (given && is_one_of(name, when_given)) ? 4 : 1;
    read_deepstack(plan);
}

static void read_clamps(llw_plan *plan, const char *name) {
    const llw_meta *clamp = entry(plan, "swiglu_clamp_exp"), *shared = entry(plan, "swiglu_clamp_shexp");
    if (!shared && !strcmp(name, "deepseek4")) shared = clamp;
    for (int i = 0; i < plan->hparams.n_layer_all; i++) {
        llw_layer *layer = &plan->hparams.layer[i];
        layer->clamp_experts = layer_real(clamp, i) > 1e-6;
        layer->clamp_shared = layer_real(shared, i) > 1e-6;
    }
}

/* Layers that are not in the file: one for the adapters' router, or the same blocks walked several times. */
static int64_t logical_layers(const llw_plan *plan, int64_t layers) {
    const char *name = plan->architecture ? plan->architecture->name : "";
    if (!strcmp(name, "graniteswitch")) return layers + 1;
    if (!strcmp(name, "nanbeige")) return layers * whole(plan, "num_loops", 1);
    return layers;
}

static void read_blocks(llw_plan *plan, int64_t in_file) {
    llw_hparams *h = &plan->hparams;
    const char *name = plan->architecture ? plan->architecture->name : "";
    int64_t cycle = whole(plan, "hrm.l_cycles", 0) + 1, stack = whole(plan, "hrm.layers_per_stack", 0);
    bool hrm = !strcmp(name, "hrm_text") && stack > 0;
    for (int i = 0; i < h->n_layer_all; i++) {
        h->layer[i].block = i;
        if (!strcmp(name, "nanbeige")) h->layer[i].block = (int)(i % in_file);
        if (hrm) /* blocks of the low stack, then of the high one, which ends each cycle */
            h->layer[i].block = (int)(i % stack + (i / stack % cycle == cycle - 1 ? stack : 0));
    }
}

typedef struct limit {
    const char *what;
    int64_t value, most;
} limit;

static bool within(llw_plan *plan, const limit *limits, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (limits[i].value > limits[i].most)
            return llw_plan_stop(
                plan, LLW_OUTCOME_REFUSED,
                "the header's %s is %lld: its tensors would have to be of that size, and no model "
                "comes near",
                limits[i].what, (long long)limits[i].value);
    return true;
}

/* Later arithmetic multiplies these; far beyond any model they would overflow. */
static bool plausible(llw_plan *plan) {
    enum { WIDE = 1 << 22, SMALL = 1 << 14 };
    const llw_hparams *h = &plan->hparams;
    const limit model[] = {{"embedding_length", h->n_embd, WIDE},
                           {"embedding_length_out", h->n_embd_out, WIDE},
                           {"vocabulary", h->n_vocab, 1 << 28},
                           {"expert_count", h->experts, SMALL},
                           {"expert_shared_feed_forward_length", h->ff_shexp, WIDE},
                           {"attention.key_length", h->head_k, WIDE},
                           {"attention.value_length", h->head_v, WIDE},
                           {"attention.key_length_swa", h->head_k_swa, WIDE},
                           {"attention.value_length_swa", h->head_v_swa, WIDE},
                           {"attention.key_length_mla", h->head_k_mla, SMALL},
                           {"attention.value_length_mla", h->head_v_mla, SMALL},
                           {"rope.dimension_count", h->rot, WIDE},
                           {"attention.q_lora_rank", h->lora_q, WIDE},
                           {"attention.kv_lora_rank", h->lora_kv, WIDE},
                           {"attention.kv_lora_rank_swa", h->lora_kv_swa, WIDE},
                           {"attention.key_length_mla_swa", h->head_k_mla_swa, SMALL},
                           {"attention.value_length_mla_swa", h->head_v_mla_swa, SMALL},
                           {"ssm.conv_kernel", h->ssm_conv, SMALL},
                           {"ssm.inner_size", h->ssm_inner, WIDE},
                           {"ssm.state_size", h->ssm_state, SMALL},
                           {"ssm.time_step_rank", h->ssm_dt_rank, SMALL},
                           {"ssm.group_count", h->ssm_groups, SMALL},
                           {"shortconv.l_cache", h->shortconv, SMALL},
                           {"kda.head_dim", h->kda_head, SMALL},
                           {"wkv.head_size", h->wkv_head, SMALL},
                           {"token_shift_count", h->token_shift, SMALL},
                           {"attention.indexer.head_count", h->indexer_heads, SMALL},
                           {"attention.indexer.key_length", h->indexer_head, SMALL},
                           {"hyper_connection.count", h->hyper, 1 << 8},
                           {"attention.output_group_count", h->out_groups, SMALL},
                           {"attention.output_lora_rank", h->out_lora, SMALL},
                           {"hyper_connection.sinkhorn_iterations", h->sinkhorn, 1 << 8},
                           {"ple.conv_kernel", h->ple_conv, 1 << 8},
                           {"ple.ngram_size", h->ple_ngram, 1 << 8},
                           {"deepstack layers", h->deepstack, 64}};
    if (!within(plan, model, sizeof model / sizeof *model)) return false;
    for (int i = 0; i < h->n_layer_all; i++) {
        const llw_layer *layer = &h->layer[i];
        int64_t head = llw_hparams_head_k(h, i), head_v = llw_hparams_head_v(h, i);
        if (head_v > head) head = head_v;
        if (h->head_k_mla > head) head = h->head_k_mla;
        const limit here[] = {{"attention.head_count", layer->heads, SMALL},
                              {"attention.head_count_kv", layer->kv_heads, SMALL},
                              {"feed_forward_length", layer->ff, WIDE},
                              {"expert_feed_forward_length", layer->ff_exp, WIDE},
                              {"expert_used_count", layer->experts_used, 1 << 10},
                              {"attention.head_count times its length", head * layer->heads, WIDE},
                              {"attention.head_count_kv times its length", head * layer->kv_heads, WIDE}};
        if (!within(plan, here, sizeof here / sizeof *here)) return false;
    }
    return true;
}

bool llw_hparams_read(llw_plan *plan) {
    llw_hparams *h = &plan->hparams;
    int64_t in_file = llw_model_int(plan->model, "block_count", -1, 0);
    if (!llw_model_hparam(plan->model, "block_count"))
        return llw_plan_stop(
            plan, LLW_OUTCOME_REFUSED, "the header has no %s.block_count%s", plan->model->architecture,
            plan->architecture ? ""
                               : ", and llama.cpp no architecture of that name; if it is a new "
                                 "one, a newer build than those known here may load it");
    if (in_file <= 0 || in_file > LLW_MAX_LAYERS)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED,
                             "%s.block_count is %lld; llama.cpp takes 1 to %d layers",
                             plan->model->architecture, (long long)in_file, LLW_MAX_LAYERS);
    int64_t layers = logical_layers(plan, in_file);
    if (layers <= 0 || layers > LLW_MAX_LAYERS)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "the model has %lld layers; llama.cpp takes 1 to %d",
                             (long long)layers, LLW_MAX_LAYERS);
    h->n_layer_all = (int)layers;
    int64_t nextn = llw_model_int(plan->model, "nextn_predict_layers", -1, 0);
    if (nextn < 0 || nextn > layers)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "%s.nextn_predict_layers is %lld of %lld layers",
                             plan->model->architecture, (long long)nextn, (long long)layers);
    h->n_layer_nextn = (int)nextn;
    if (layers != in_file && plan->architecture && !strcmp(plan->architecture->name, "graniteswitch"))
        h->n_layer_nextn = 1;
    h->n_layer = h->n_layer_all - h->n_layer_nextn;
    h->layer = llw_arena_alloc(plan->arena, (size_t)h->n_layer_all * sizeof *h->layer);
    h->n_ctx_train = whole(plan, "context_length", 0);
    h->n_embd = whole(plan, "embedding_length", 0);
    h->n_embd_out = whole(plan, "embedding_length_out", h->n_embd);
    const llw_meta *tokens =
        has_tokens(plan->model) ? llw_model_meta(plan->model, "tokenizer.ggml.tokens") : NULL;
    h->n_vocab = tokens && tokens->type == LLW_GGUF_ARRAY ? (int64_t)(tokens->count & (BOUND - 1))
                                                          : whole(plan, "vocab_size", 0);
    static const char *const both_ways[] = {"dream", "gemma-embedding", "llada", "llada-moe", "rnd1", NULL};
    h->causal = whole(plan, "attention.causal", 1) != 0 &&
                !(plan->architecture && is_one_of(plan->architecture->name, both_ways));
    h->pooling = plan->launch->pooling ? plan->launch->pooling - 1 : whole(plan, "pooling_type", 0);
    h->yarn_ctx = whole(plan, "rope.scaling.original_context_length", h->n_ctx_train);
    h->n_layer_kv = -1;
    read_layers(plan);
    read_blocks(plan, in_file);
    if (layers != in_file && h->n_layer_nextn == 1)
        h->layer[h->n_layer].heads = h->layer[h->n_layer].kv_heads = 1;
    if (plan->architecture && !strcmp(plan->architecture->name, "gemma3n")) h->n_layer_kv = 20;
    if (plan->architecture && !strcmp(plan->architecture->name, "gemma4"))
        h->n_layer_kv = h->n_layer_all - (int)whole(plan, "attention.shared_kv_layers", 0);
    read_attention(plan);
    read_experts(plan);
    read_state(plan);
    read_recurrence(plan);
    read_windows(plan);
    read_indexers(plan);
    const char *name = plan->architecture ? plan->architecture->name : "";
    read_scales(plan, name);
    read_positions(plan, name);
    read_clamps(plan, name);
    return plausible(plan);
}

int64_t llw_hparams_head_k(const llw_hparams *h, int layer) {
    return h->layer[layer].windowed ? h->head_k_swa : h->head_k;
}

int64_t llw_hparams_head_v(const llw_hparams *h, int layer) {
    return h->layer[layer].windowed ? h->head_v_swa : h->head_v;
}
