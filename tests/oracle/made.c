/* Makes headers of any architecture: which keys its loader asks for, with random values that fit together. */
#include "made.h"

#include "fact/ggml_type.h"
#include "predict/tensor_names.h"

#include <string.h>

#define PICK_INT(r, ...)                                                                                     \
    ((const int[]){__VA_ARGS__}[rng_below(r, (int)(sizeof(const int[]){__VA_ARGS__} / sizeof(int)))])

const char *const made_architectures[] = {
#define LLW_ARCHITECTURE(name, memory, swa, period, dense_first, window, recurrent, recurrent_period, tied,  \
                         delta_net, graph)                                                                   \
    name,
#include "predict/architecture.def"
#undef LLW_ARCHITECTURE
};
const int made_n_architectures = (int)(sizeof made_architectures / sizeof *made_architectures);

/* ---- a list of keys ---- */

enum { MOST_KEYS = 200, MOST_TENSORS = 20000 };

typedef struct maker {
    rng *r;
    llw_arena *arena;
    llw_model *model;
    const char *name;
    int layers;
} maker;

static llw_meta *add(maker *m, const char *key, llw_gguf_type type) {
    llw_meta *meta = &m->model->meta[m->model->n_meta++];
    bool bare = !strncmp(key, "xielu.", 6); /* the only ones without the architecture's name */
    *meta = (llw_meta){.key = bare ? key : llw_arena_printf(m->arena, "%s.%s", m->name, key), .type = type};
    return meta;
}

static void count(maker *m, const char *key, int64_t value) {
    add(m, key, LLW_GGUF_U32)->integer = value;
}

static void flag(maker *m, const char *key, bool value) {
    add(m, key, LLW_GGUF_BOOL)->integer = value;
}

static void real(maker *m, const char *key, double value) {
    add(m, key, LLW_GGUF_F32)->real = value;
}

static void list(maker *m, const char *key, llw_gguf_type element, int n, const double *values) {
    llw_meta *meta = add(m, key, LLW_GGUF_ARRAY);
    double *copy = llw_arena_alloc(m->arena, (size_t)n * sizeof *copy);
    for (int i = 0; i < n; i++) copy[i] = values[i];
    meta->element = element;
    meta->count = (uint64_t)n;
    meta->array = copy;
}

/* One number for every layer: `in` where the layer's number is a member of the pattern, else `out`. */
static void by_layer(maker *m, const char *key, llw_gguf_type element, int period, int at, double in,
                     double out) {
    double values[512];
    for (int i = 0; i < m->layers; i++) values[i] = i % period == at % period ? in : out;
    list(m, key, element, m->layers, values);
}

static bool is_one_of(const char *name, const char *names) {
    size_t n = strlen(name);
    for (const char *at = names; (at = strstr(at, name)); at += n)
        if ((at == names || at[-1] == ' ') && (at[n] == ' ' || !at[n])) return true;
    return false;
}

/* ---- groups of keys ---- */

typedef struct shape {
    int heads, kv_heads, head, width, ff;
} shape;

static const char without_kv_heads[] =
    "plamo2 jamba nemotron_h nemotron_h_moe granitehybrid lfm2 lfm2moe kimi-linear bailingmoe3 kimi-k3";
static const char compressed_keys[] =
    "deepseek2 deepseek32 glm-dsa dots3note kimi-linear bailingmoe3 kimi-k3 mistral4 hy_v4";
static const char listed_windows[] = "cohere2moe mimo2 step35 spark2_5 muse-glimmer granite_swa dots3note "
                                     "maple gemma4 gemma4-assistant dflash";
static const char with_experts[] =
    "llama4 cohere2moe grok qwen2moe qwen3moe qwen3next qwen3vlmoe qwen35moe qwen4exp phimoe dbrx olmoe "
    "arctic deepseek "
    "deepseek2 deepseek2-ocr deepseek32 dots3note deepseek4 glm4moe glm-dsa exaone-moe bailingmoe "
    "bailingmoe2 "
    "bailingmoe3 dots1 afmoe ernie4_5-moe hunyuan-moe hy_v3 hy_v4 gpt-oss lfm2moe smallthinker llada-moe "
    "grovemoe "
    "minimax-01 minimax-m2 minimax-m3 rnd1 mimo2 kimi-linear kimi-k3 step35 mistral4 mellum laguna maple "
    "nomic-bert-moe nemotron_h_moe granitemoe spark2_5";
static const char maybe_experts[] =
    "llama refact minicpm granite mistral3 llama-embed jamba granitehybrid ernie4_5 "
    "paddleocr gemma4";

static void attention_keys(maker *m, const shape *s) {
    if (is_one_of(m->name, without_kv_heads)) {
        int period = 2 + rng_below(m->r, 3), at = rng_below(m->r, period);
        bool attends = is_one_of(m->name, "kimi-linear bailingmoe3 kimi-k3");
        by_layer(m, "attention.head_count_kv", LLW_GGUF_U32, period, at, s->kv_heads, 0);
        if (attends)
            count(m, "attention.head_count", s->heads);
        else if (rng_chance(m->r, 50))
            by_layer(m, "attention.head_count", LLW_GGUF_U32, period, at, s->heads, s->heads);
        else
            count(m, "attention.head_count", s->heads);
    } else {
        count(m, "attention.head_count", s->heads);
        count(m, "attention.head_count_kv", !strcmp(m->name, "deepseek4") ? 1 : s->kv_heads);
    }
    if (is_one_of(m->name, compressed_keys)) {
        int lora = PICK_INT(m->r, 512, 512, 256, 384), rot = PICK_INT(m->r, 64, 64, 32);
        count(m, "attention.key_length", lora + rot);
        count(m, "attention.value_length", lora);
        count(m, "attention.kv_lora_rank", lora);
        count(m, "rope.dimension_count", rot);
        count(m, "attention.key_length_mla", 128 + rot);
        count(m, "attention.value_length_mla", 128);
        count(m, "attention.kv_lora_rank_swa", lora);
        count(m, "attention.key_length_mla_swa", 128 + rot);
        count(m, "attention.value_length_mla_swa", 128);
        count(m, "attention.key_length_swa", lora + rot);
        count(m, "attention.value_length_swa", lora);
    } else {
        count(m, "attention.key_length", s->head);
        count(m, "attention.value_length", s->head);
        count(m, "attention.kv_lora_rank", 256);
        if (!strcmp(m->name, "plm")) count(m, "rope.dimension_count", s->head / 2);
        if (!strcmp(m->name, "minicpm3")) count(m, "rope.dimension_count", 32);
        if (is_one_of(m->name, "minimax-m3 deepseek4 glm4 glm4moe phi2 stablelm gptneox"))
            count(m, "rope.dimension_count", s->head / 2);
        if (is_one_of(m->name, "gemma4 gemma4-assistant mimo2")) {
            count(m, "attention.key_length_swa", s->head);
            count(m, "attention.value_length_swa", s->head);
        }
    }
    count(m, "attention.q_lora_rank", PICK_INT(m->r, 256, 512, 768));
    count(m, "attention.sliding_window", 128 * (1 + rng_below(m->r, 16)));
    if (is_one_of(m->name, listed_windows))
        by_layer(m, "attention.sliding_window_pattern", LLW_GGUF_U32,
                 2 + rng_below(m->r, !strncmp(m->name, "gemma4", 6) ? 1 : 4), 1, 0, 1);
    else
        count(m, "attention.sliding_window_pattern", 2 + rng_below(m->r, 4));
    double quarter[4] = {s->head / 4.0, s->head / 8.0, s->head / 8.0, 0};
    for (int i = 0; i < 4; i++) quarter[i] = (double)(int)quarter[i];
    list(m, "rope.dimension_sections", LLW_GGUF_I32, 4, quarter);
    real(m, "attention.layer_norm_epsilon", 1e-5);
    if (strcmp(m->name, "cohere2moe") || m->layers % 2) /* with it its norms are RMS norms */
        real(m, "attention.layer_norm_rms_epsilon", 1e-5);
    real(m, "attention.group_norm_epsilon", 1e-5);
    count(m, "attention.group_norm_groups", 8);
    real(m, "attention.max_alibi_bias", 8);
    real(m, "attention.clamp_kqv", 1);
    count(m, "attention.relative_buckets_count", 32);
    real(m, "rope.freq_base", 10000);
    real(m, "rope.freq_base_swa", 10000);
    real(m, "rope.scaling.attn_factor", 1);
}

static void expert_keys(maker *m, const shape *s) {
    int experts = PICK_INT(m->r, 8, 16, 32, 48, 64, 128, 60);
    int used = 2 + rng_below(m->r, 7), ff = 64 * (2 + rng_below(m->r, 12));
    count(m, "expert_count", experts);
    count(m, "expert_used_count", used);
    count(m, "expert_feed_forward_length", ff);
    count(m, "expert_shared_feed_forward_length", ff * (1 + rng_below(m->r, 2)));
    count(m, "expert_chunk_feed_forward_length", ff / 2);
    count(m, "expert_shared_count", 1 + rng_below(m->r, 2));
    count(m, "expert_gating_func", !strcmp(m->name, "deepseek4") ? 4 : PICK_INT(m->r, 1, 2, 2));
    real(m, "expert_weights_scale", rng_chance(m->r, 50) ? 1 : 2.5);
    flag(m, "expert_weights_norm", rng_chance(m->r, 50));
    real(m, "expert_group_scale", 0.05);
    count(m, "experts_per_group", 2);
    count(m, "interleave_moe_layer_step", 1 + rng_below(m->r, 2));
    count(m, "moe_every_n_layers", 2);
    count(m, "moe_latent_size", s->width / 2);
    count(m, "expert_latent_length", s->width / 2);
    if (rng_chance(m->r, 25) && experts % 4 == 0) {
        count(m, "expert_group_count", 4);
        count(m, "expert_group_used_count", 2);
    }
}

static void state_keys(maker *m, const shape *s) {
    bool delta = is_one_of(m->name, "qwen3next qwen35 qwen35moe qwen4exp");
    int state = delta ? 128 : PICK_INT(m->r, 16, 64, 128), groups = PICK_INT(m->r, 1, 2, 4);
    int inner = delta ? state * groups * PICK_INT(m->r, 1, 2, 4) : 2 * s->width;
    if (is_one_of(m->name, "mamba jamba")) state = 16;
    if (!strcmp(m->name, "mamba")) groups = 0;
    if (!strcmp(m->name, "plamo2")) groups = 0;
    count(m, "ssm.inner_size", inner);
    count(m, "ssm.conv_kernel", 4);
    count(m, "ssm.state_size", state);
    count(m, "ssm.time_step_rank",
          delta                               ? inner / state
          : is_one_of(m->name, "mamba jamba") ? s->width / 16
                                              : inner / 64);
    count(m, "ssm.group_count", groups);
    count(m, "full_attention_interval", 2 + rng_below(m->r, 3));
    count(m, "kda.head_dim", 128);
    flag(m, "kda.safe_gate", true);
    real(m, "kda.gate_lower_bound", -5);
    count(m, "wkv.head_size", 64);
    count(m, "token_shift_count", is_one_of(m->name, "rwkv6 rwkv7") ? 2 : 1);
    count(m, "time_mix_extra_dim", 32);
    count(m, "time_decay_extra_dim", 64);
    count(m, "attention.decay_lora_rank", 64);
    count(m, "attention.iclr_lora_rank", 64);
    count(m, "attention.value_residual_mix_lora_rank", 32);
    count(m, "attention.gate_lora_rank", 128);
    count(m, "rescale_every_n_layers", 6);
    count(m, "shortconv.l_cache", 3);
}

static void own_keys(maker *m, const shape *s) {
    const char *name = m->name;
    count(m, "attention.indexer.head_count", !strcmp(name, "minimax-m3") ? s->kv_heads : 64);
    count(m, "attention.indexer.key_length", !strcmp(name, "qwen4exp") ? s->head : 128);
    count(m, "attention.indexer.top_k", 512 * (1 + rng_below(m->r, 4)));
    count(m, "attention.indexer.block_size", 4);
    count(m, "attention.indexer.local_blocks", 1);
    if (is_one_of(name, "dots3note hy_v4")) by_layer(m, "attention.indexer.types", LLW_GGUF_U32, 2, 0, 1, 0);
    if (is_one_of(name, "hy_v4 deepseek4 qwen4exp")) {
        count(m, "hyper_connection.count", 4);
        count(m, "hyper_connection.low_rank", 8);
        count(m, "hyper_connection.sinkhorn_iterations", 2 + rng_below(m->r, 3));
        real(m, "hyper_connection.epsilon", 1e-6);
        real(m, "hyper_connection.magnitude", 2);
    }
    if (!strcmp(name, "qwen4exp")) {
        int heads = 4;
        double zero[1] = {0}, offsets[4], sizes[4], multipliers[3] = {1, 3, 5};
        for (int i = 0; i < heads; i++) offsets[i] = 512.0 * i, sizes[i] = 512;
        by_layer(m, "attention.compress_ratios", LLW_GGUF_U32, 1, 0, 4, 4);
        list(m, "ple.layers", LLW_GGUF_U32, 1, zero);
        count(m, "ple.ngram_size", 3);
        count(m, "ple.heads_per_ngram", 2);
        count(m, "ple.conv_kernel", 4);
        count(m, "ple.eos_token_id", 0);
        count(m, "embedding_length_per_layer_input", s->width / heads);
        list(m, "ple.layer_multipliers", LLW_GGUF_U64, 3, multipliers);
        list(m, "ple.head_offsets", LLW_GGUF_U64, heads, offsets);
        list(m, "ple.head_vocab_sizes", LLW_GGUF_U64, heads, sizes);
    }
    if (!strcmp(name, "deepseek4")) {
        double ratios[512];
        for (int i = 0; i < m->layers; i++) ratios[i] = i < 2 ? 0 : PICK_INT(m->r, 4, 128, 0, 4, 128);
        list(m, "attention.compress_ratios", LLW_GGUF_U32, m->layers, ratios);
        count(m, "attention.output_group_count", 8);
        count(m, "attention.output_lora_rank", 64);
        real(m, "attention.compress_rope_freq_base", 160000);
        count(m, "hash_layer_count", rng_below(m->r, 3));
    }
    real(m, "swiglu_clamp_exp", 7);
    if (!strcmp(name, "hrm_text")) {
        count(m, "hrm.layers_per_stack", 1);
        count(m, "hrm.h_cycles", 2);
        count(m, "hrm.l_cycles", 3);
    }
    if (is_one_of(name, "gemma3n gemma4 gemma4-assistant")) {
        count(m, "embedding_length_per_layer_input",
              strcmp(name, "gemma4") || rng_chance(m->r, 60) ? 256 : 0);
        count(m, "attention.shared_kv_layers", rng_chance(m->r, 50) || m->layers < 6 ? 0 : m->layers - 4);
        count(m, "altup.num_inputs", 4);
        count(m, "altup.active_idx", 0);
    }
    if (!strcmp(name, "gemma4-assistant")) count(m, "embedding_length_out", 2 * s->width);
    if (is_one_of(name, "eagle3 dflash")) {
        double layers[3] = {1, 5, 9};
        list(m, "target_layers", LLW_GGUF_U32, 3, layers);
        count(m, "target_hidden_size", s->width);
        flag(m, "norm_before_residual", rng_chance(m->r, 50));
        count(m, "block_size", 16);
    }
    if (!strcmp(name, "graniteswitch")) {
        double ids[2] = {7, 8};
        count(m, "adapters.count", 2);
        count(m, "adapters.lora_rank", 32);
        list(m, "adapters.token_ids_activate", LLW_GGUF_U32, 2, ids);
        list(m, "adapters.token_ids_substitute", LLW_GGUF_U32, 2, ids);
    }
    if (is_one_of(name, "t5 t5encoder")) {
        count(m, "decoder_start_token_id", 0);
        count(m, "decoder_block_count", m->layers);
    }
    if (!strcmp(name, "wavtokenizer-dec")) {
        count(m, "features_length", s->width);
        count(m, "posnet.embedding_length", s->width);
        count(m, "posnet.block_count", 6);
        count(m, "convnext.embedding_length", s->width);
        count(m, "convnext.block_count", m->layers);
    }
    real(m, "xielu.alpha_n", 1), real(m, "xielu.alpha_p", 1), real(m, "xielu.beta", 1),
        real(m, "xielu.eps", 1e-7);
    real(m, "residual_scale",
         is_one_of(name, "granite granitemoe granitehybrid graniteswitch granite_swa minicpm")
             ? (rng_chance(m->r, 80) ? 0.22 : 0)
             : 3.5);
    real(m, "embedding_scale", 12), real(m, "attention.scale", 0.0078125);
    real(m, "logit_scale", 1 + rng_below(m->r, 2));
    count(m, "attn_res.block_size", 12);
    real(m, "activation.situ_beta", 4), real(m, "activation.situ_linear_beta", 25);
    flag(m, "use_parallel_residual", rng_chance(m->r, 50));
    if (is_one_of(name, "gemma2 gemma3 gemma3n gemma4 grok cohere2moe") && rng_chance(m->r, 80)) {
        real(m, "final_logit_softcapping", 30);
        real(m, "attn_logit_softcapping", 50);
    }
    if (is_one_of(name,
                  "bert nomic-bert nomic-bert-moe jina-bert-v2 jina-bert-v3 modern-bert neo-bert eurobert "
                  "gemma-embedding llama-embed t5encoder")) {
        count(m, "pooling_type", rng_below(m->r, 4));
        flag(m, "attention.causal", false);
        llw_meta *types = add(m, "", LLW_GGUF_U32);
        types->key = "tokenizer.ggml.token_type_count";
        types->integer = 2;
    }
}

static shape random_shape(rng *r, const char *name) {
    shape s;
    s.heads = 4 << rng_below(r, 4);
    s.head = PICK_INT(r, 64, 128, 128, 128, 96, 80, 256, 64);
    s.width = s.heads * s.head;
    while (s.width > 4096) s.width /= 2, s.heads /= 2;
    s.kv_heads = s.heads >> rng_below(r, 4);
    if (!s.kv_heads) s.kv_heads = 1;
    if (is_one_of(name, "gpt2 gptj starcoder codeshell bloom mpt bert nomic-bert nomic-bert-moe jina-bert-v2 "
                        "jina-bert-v3 t5 t5encoder olmoe deepseek2-ocr minicpm3 phi2 jais plm refact") &&
        rng_chance(r, 90))
        s.kv_heads = s.heads;
    if (!strcmp(name, "plm")) s.kv_heads = s.heads;
    if (is_one_of(name, compressed_keys)) s.kv_heads = is_one_of(name, "deepseek2-ocr") ? s.heads : 1;
    if (is_one_of(name, "rwkv6 rwkv6qwen2 rwkv7 arwkv7")) s.head = 64, s.heads = s.kv_heads = s.width / 64;
    s.ff = 256 * (1 + rng_below(r, 24)) + (rng_chance(r, 20) ? 32 : 0);
    if (rng_chance(r, 15) && !is_one_of(name, without_kv_heads))
        s.width += 256; /* heads do not make up the width */
    return s;
}

bool made_header(rng *r, const char *architecture, llw_arena *arena, llw_model *out) {
    llw_known tokenizer;
    llw_err err;
    if (llw_known_load(arena, "tinyllama-1.1b-q4_k_m", true, &tokenizer, &err) != LLW_OK) return false;
    *out = (llw_model){.architecture = architecture, .version = 3, .alignment = 32};
    out->meta = llw_arena_alloc(arena, MOST_KEYS * sizeof *out->meta);
    out->tensors = llw_arena_alloc(arena, MOST_TENSORS * sizeof *out->tensors);
    shape s = random_shape(r, architecture);
    int vocabulary = 512 + 64 * rng_below(r, 200) + (rng_chance(r, 30) ? rng_below(r, 64) : 0);
    maker m = {r, arena, out, architecture, 4 + rng_below(r, 10)};
    if (!strcmp(architecture, "gemma3n")) m.layers = 22 + rng_below(r, 10);
    if (!strcmp(architecture, "hrm_text")) m.layers = 8;
    if (!strcmp(architecture, "qwen3tts") && vocabulary < 3072) vocabulary = 3072;
    for (size_t i = 0; i < tokenizer.model.n_meta; i++) {
        llw_meta meta = tokenizer.model.meta[i];
        if (!strncmp(meta.key, "tinyllama.", 10) || !strncmp(meta.key, "llama.", 6)) continue;
        if (!strcmp(meta.key, "general.architecture")) {
            meta.string = architecture;
            meta.count = strlen(architecture);
        }
        if (!strncmp(meta.key, "tokenizer.", 10) && meta.type == LLW_GGUF_ARRAY) {
            meta.count = (uint64_t)vocabulary;
            if (meta.element == LLW_GGUF_STRING) meta.string_bytes = 12 * (uint64_t)vocabulary;
        }
        out->meta[out->n_meta++] = meta;
    }
    count(&m, "vocab_size", vocabulary);
    count(&m, "context_length", 1024 * (1 + rng_below(r, 128)));
    count(&m, "block_count", m.layers);
    count(&m, "embedding_length", s.width);
    count(&m, "leading_dense_block_count", 1 + rng_below(r, 2));
    if (is_one_of(architecture, "nemotron_h nemotron_h_moe"))
        by_layer(&m, "feed_forward_length", LLW_GGUF_U32, 2, 0, s.ff, 0);
    else
        count(&m, "feed_forward_length", s.ff);
    attention_keys(&m, &s);
    if (is_one_of(architecture, with_experts) ||
        (is_one_of(architecture, maybe_experts) && rng_chance(r, 50)))
        expert_keys(&m, &s);
    state_keys(&m, &s);
    own_keys(&m, &s);
    return true;
}

/* ---- tensors ---- */

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), k = strlen(end);
    return n >= k && !strcmp(text + n - k, end);
}

static void offer(llw_model *model, const char *name) {
    if (model->n_tensors == MOST_TENSORS) return;
    model->tensors[model->n_tensors++] = (llw_tensor){.name = name, .n_dims = 1, .dims = {1, 1, 1, 1}};
}

/* Tensors without which llama.cpp loads a file of theirs and then reads what is not there. */
static bool is_needed(const char *architecture, const char *tensor) {
    static const struct {
        const char *architectures, *tensors;
    } needs[] = {
        {"phi3 phimoe pockettts codeshell", "attn_qkv"},
        {"qwen35 qwen35moe qwen3next qwen4exp", "attn_qkv attn_gate"},
        {"granitehybrid nemotron_h nemotron_h_moe falcon-h1 plamo2 mamba2 mamba jamba", "ssm_conv1d"},
        {"t5 t5encoder", "attn_rel_b"},
        {"rwkv6 rwkv6qwen2", "time_mix_lerp_fused"},
        {"nemotron_h_moe", "ffn_latent_down ffn_latent_up"},
        {"dots3note", "attn_gate"},
        {"glm-dsa dots3note deepseek32 hy_v4", "attn_q_a attn_q_a_norm attn_q_b indexer.k_norm indexer.proj "
                                               "indexer.attn_k indexer.attn_q_b attn_k_b attn_v_b"},
    };
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++)
        if (is_one_of(architecture, needs[i].architectures) && is_one_of(tensor, needs[i].tensors))
            return true;
    return false;
}

void made_offer(rng *r, llw_model *model, llw_arena *arena) {
    static const struct {
        const char *name;
        llw_tensor_scope scope;
    } known[] = {
#define LLW_TENSOR(id, scope, name, layer_class, op) {name, LLW_SCOPE_##scope},
#include "predict/tensor_names.def"
#undef LLW_TENSOR
    };
    static const char *const before[] = {[LLW_SCOPE_BLOCK] = "blk.",
                                         [LLW_SCOPE_ENCODER] = "enc.blk.",
                                         [LLW_SCOPE_DECODER] = "dec.blk.",
                                         [LLW_SCOPE_CONVNEXT] = "convnext.",
                                         [LLW_SCOPE_POSNET] = "posnet."};
    int layers = (int)llw_model_int(model, "block_count", -1, 0);
    bool biases = rng_chance(r, 20);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const char *name = known[i].name;
        bool needed = is_needed(model->architecture, name),
             usual = needed || strstr(name, "shexp") || (strstr(name, "_exps") && !strstr(name, "gate_up"));
        bool weight = rng_chance(r, usual ? 100 : strcmp(name, "output") ? 25 : 60);
        bool bias = needed || (biases && rng_chance(r, 60));
        for (int l = 0; l < layers; l++) {
            bool global = known[i].scope == LLW_SCOPE_GLOBAL;
            const char *stem =
                global ? name : llw_arena_printf(arena, "%s%d.%s", before[known[i].scope], l, name);
            if (weight) offer(model, llw_arena_printf(arena, "%s.weight", stem));
            if (bias) offer(model, llw_arena_printf(arena, "%s.bias", stem));
            if (global) break;
        }
    }
}

void made_tensor(rng *r, llw_model *model, llw_arena *arena, const char *name,
                 const int64_t dims[LLW_MAX_DIMS]) {
    if (model->n_tensors == MOST_TENSORS) return;
    llw_tensor *t = &model->tensors[model->n_tensors++];
    *t = (llw_tensor){.name = llw_arena_strdup(arena, name), .n_dims = 1};
    for (int d = 0; d < LLW_MAX_DIMS; d++) {
        t->dims[d] = dims[d];
        if (dims[d] > 1) t->n_dims = (uint32_t)d + 1;
    }
    static const char *const types[] = {"q4_K", "q6_K", "q8_0",  "q5_K",    "q4_0",  "iq4_xs", "f16",
                                        "q3_K", "q5_1", "mxfp4", "iq2_xxs", "iq3_s", "bf16"};
    const char *type = strstr(name, "tid2eid") ? "i32" : "f32";
    bool plain = *type == 'i' || t->n_dims == 1 || !ends_with(name, ".weight") || strstr(name, "norm") ||
                 strstr(name, "ssm_conv1d") || strstr(name, "ffn_gate_inp") || strstr(name, "time_mix") ||
                 strstr(name, "hc_") || strstr(name, "shortconv.conv") || strstr(name, "altup") ||
                 strstr(name, "laurel");
    if (!plain) {
        /* the same tensors of all layers have the same type, mostly */
        const char *stem =
            strrchr(name, '.') ? strstr(name, "blk.") == name ? strchr(name + 4, '.') : name : name;
        uint64_t hash = model->meta[0].count * 7 + model->n_meta;
        for (const char *c = stem; c && *c; c++) hash = hash * 31 + (unsigned char)*c;
        rng own = {hash ^ (uint64_t)model->tensors[0].dims[0] << 20 ^ (uint64_t)model->tensors[0].dims[1]};
        type = types[rng_below(rng_chance(r, 5) ? r : &own, (int)(sizeof types / sizeof *types))];
        if (dims[0] % llw_ggml_type_get((uint32_t)llw_ggml_type_find(type))->block)
            type = dims[0] % 32 ? "f16" : "q8_0";
    }
    t->type = (uint32_t)llw_ggml_type_find(type);
}
