/* Facts that a header decides: published models, made-up ones, and headers that contradict themselves. */
#include "fact/header.h"
#include "fact/header_text.h"
#include "source/model/model_facts.h"
#include "source/model/model_open.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

/* ---- what is published about the known models ---- */

typedef struct published {
    const char *name, *architecture;
    int experts, used, shared, layers, dense, attention, recurrent, heads, kv_heads;
    const char *kind, *quantization;
    int64_t context, window;
    double params, active; /* billions, as their cards say, to the rounding of the cards */
} published;

/* Sources: the models' cards and config.json; active parameters by the definition in model_facts.h. */
static const published models[] = {
    {"glm-4.7-flash-q8_0", "deepseek2", 64, 4, 1, 47, 1, 47, 0, 20, 1, "MLA", "Q8_0", 202752, 0, 29.9, 3.58},
    {"glm-4.7-flash-q4_k_m", "deepseek2", 64, 4, 1, 47, 1, 47, 0, 20, 1, "MLA", "Q4_K_M", 202752, 0, 29.9,
     3.58},
    {"gpt-oss-120b-mxfp4", "gpt-oss", 128, 4, 0, 36, 0, 36, 0, 64, 8, "GQA", "MXFP4_MOE", 131072, 128, 116.8,
     5.13},
    {"gpt-oss-120b-f16", "gpt-oss", 128, 4, 0, 36, 0, 36, 0, 64, 8, "GQA", "MXFP4", 131072, 128, 116.8, 5.13},
    {"qwen3-next-80b-a3b-q5_k_m", "qwen3next", 512, 10, 1, 48, 0, 12, 36, 16, 2, "GQA", "Q5_K_M", 262144, 0,
     79.7, 3.56},
    {"qwen3-coder-next-q4_k_m", "qwen3next", 512, 10, 1, 48, 0, 12, 36, 16, 2, "GQA", "Q4_K_M", 262144, 0,
     79.7, 3.56},
    {"qwen3-30b-a3b-q4_k_m", "qwen3moe", 128, 8, 0, 48, 0, 48, 0, 32, 4, "GQA", "Q4_K_M", 40960, 0, 30.5,
     3.04},
    {"qwen3-8b-q4_k_m", "qwen3", 0, 0, 0, 36, 36, 36, 0, 32, 8, "GQA", "Q4_K_M", 40960, 0, 8.19, 7.57},
    {"qwen3.5-27b-q6_k", "qwen35", 0, 0, 0, 64, 64, 16, 48, 24, 4, "GQA", "Q6_K", 262144, 0, 26.9, 25.62},
    {"qwen3.5-35b-a3b-q4_k_m", "qwen35moe", 256, 8, 1, 40, 0, 10, 30, 16, 2, "GQA", "Q4_K_M", 262144, 0, 34.7,
     2.95},
    {"deepseek-v2-lite-q4_k_m", "deepseek2", 64, 6, 2, 27, 1, 27, 0, 16, 16, "MHA", "Q4_K_M", 163840, 0, 15.7,
     2.45},
    {"deepseek-v2-lite-mla-q4_k_m", "deepseek2", 64, 6, 2, 27, 1, 27, 0, 16, 1, "MLA", "Q4_K_M", 163840, 0,
     15.7, 2.45},
    {"mistral-small-4-119b-q3_k_m", "mistral4", 128, 4, 1, 36, 0, 36, 0, 32, 1, "MLA", "Q3_K_M", 262144, 0,
     119.0, 6.10},
    {"granite-4.0-h-tiny-q4_k_m", "granitehybrid", 64, 6, 1, 40, 0, 4, 36, 12, 4, "GQA", "Q4_K_M", 1048576, 0,
     6.94, 1.47},
    {"gemma-3n-e4b-q4_k_m", "gemma3n", 0, 0, 0, 35, 35, 20, 0, 8, 2, "GQA", "Q4_K_M", 32768, 512, 6.87, 4.52},
    {"gemma-4-e4b-q4_k_m", "gemma4", 0, 0, 0, 42, 42, 24, 0, 8, 2, "GQA", "Q4_K_M", 131072, 512, 7.46, 4.64},
    {"gemma-4-26b-a4b-q4_k_m", "gemma4", 128, 8, 1, 30, 0, 30, 0, 16, 8, "GQA", "Q4_K_M", 262144, 1024, 25.2,
     3.82},
    {"gemma-2-9b-q4_k_m", "gemma2", 0, 0, 0, 42, 42, 42, 0, 16, 8, "GQA", "Q4_K_M", 8192, 4096, 9.24, 9.24},
    {"bge-large-en-v1.5-f16", "bert", 0, 0, 0, 24, 24, 0, 0, 16, 16, "MHA", "F16", 512, 0, 0.334, 0.302},
    {"llama-3.1-8b-q8_0", "llama", 0, 0, 0, 32, 32, 32, 0, 32, 8, "GQA", "Q8_0", 131072, 0, 8.03, 7.50},
    {"tinyllama-1.1b-q4_k_m", "llama", 0, 0, 0, 22, 22, 22, 0, 32, 4, "GQA", "Q4_K_M", 2048, 0, 1.10, 1.03},
};

static int64_t count(const llw_facts *facts, llw_entity m, llw_attr attr) {
    int64_t n = -1;
    llw_facts_count(facts, m, attr, &n);
    return n;
}

static const char *text(const llw_facts *facts, llw_entity m, llw_attr attr) {
    const char *s = "unknown";
    llw_facts_text(facts, m, attr, &s);
    return s;
}

static int flag(const llw_facts *facts, llw_entity m, llw_attr attr) {
    bool b = false;
    return llw_facts_flag(facts, m, attr, &b) ? b : -1;
}

static void near_enough(const char *name, const char *what, int64_t have, double billions) {
    double x = (double)have / 1e9;
    if (x < billions * 0.995 || x > billions * 1.005)
        fail_msg("%s: %s %.3f B, published %.3f B", name, what, x, billions);
}

static void published_models_are_understood(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++) {
        const published *p = &models[i];
        llw_facts *f = llw_facts_new();
        llw_entity m = 0;
        llw_err err = {0};
        if (llw_source_model(f, p->name, &m, &err) != LLW_OK) fail_msg("%s: %s", p->name, err.text);
        const struct {
            llw_attr attr;
            int64_t want;
        } counts[] = {
            {LLW_model_experts, p->experts},
            {LLW_model_experts_used, p->used},
            {LLW_model_experts_shared, p->shared},
            {LLW_model_layers, p->layers},
            {LLW_model_dense_layers, p->dense},
            {LLW_model_moe_layers, p->experts ? p->layers - p->dense : 0},
            {LLW_model_attention_layers, p->attention},
            {LLW_model_recurrent_layers, p->recurrent},
            {LLW_model_heads, p->heads},
            {LLW_model_kv_heads, p->kv_heads},
            {LLW_model_context_length, p->context},
            {LLW_model_sliding_window, p->window},
            {LLW_model_parts, 1},
            {LLW_model_parts_missing, 0},
        };
        for (size_t j = 0; j < sizeof counts / sizeof *counts; j++)
            if (count(f, m, counts[j].attr) != counts[j].want)
                fail_msg("%s: %s is %lld, not %lld", p->name, llw_attr_get(counts[j].attr)->name,
                         (long long)count(f, m, counts[j].attr), (long long)counts[j].want);
        assert_string_equal(text(f, m, LLW_model_architecture), p->architecture);
        assert_string_equal(text(f, m, LLW_model_attention), p->kind);
        assert_string_equal(text(f, m, LLW_model_quantization), p->quantization);
        assert_string_equal(text(f, m, LLW_model_role), "model");
        assert_int_equal(flag(f, m, LLW_model_moe), p->experts > 0);
        assert_int_equal(flag(f, m, LLW_model_hybrid), p->attention > 0 && p->recurrent > 0);
        assert_int_equal(flag(f, m, LLW_model_embedding_model), !strcmp(p->architecture, "bert"));
        assert_int_equal(flag(f, m, LLW_model_architecture_known), 1);
        near_enough(p->name, "params", count(f, m, LLW_model_params), p->params);
        near_enough(p->name, "active", count(f, m, LLW_model_params_active), p->active);
        double bits = 0;
        assert_true(llw_facts_real(f, m, LLW_model_bits_per_weight, &bits) && bits > 3 && bits < 17);
        assert_true(count(f, m, LLW_model_weights) < count(f, m, LLW_model_file_bytes));
        assert_int_equal(count(f, m, LLW_model_expert_weights) > 0, p->experts > 0);
        llw_facts_free(f);
    }
}

static void lesson_four_s_sizes_are_exact(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_entity m = 0;
    assert_int_equal(llw_source_model(f, "glm-4.7-flash-q8_0", &m, NULL), LLW_OK);
    assert_int_equal(count(f, m, LLW_model_file_bytes), 31839902720);
    assert_string_equal(text(f, m, LLW_model_ls_size), "30G");
    assert_int_equal(count(f, m, LLW_model_params), 29943393920);
    assert_int_equal(count(f, m, LLW_model_vocabulary), 154880);
    llw_facts_free(f);
}

/* ---- made-up headers ---- */

typedef struct made {
    llw_facts *facts;
    llw_entity model;
} made;

/* Lines of a header, metadata first; tensor lines start with "T ". */
static made make(const char *const *lines) {
    made out = {.facts = llw_facts_new()};
    llw_arena *arena = llw_facts_arena(out.facts);
    llw_model *model = llw_arena_alloc(arena, sizeof *model);
    model->version = 3;
    model->alignment = LLW_GGUF_ALIGNMENT;
    model->meta = llw_arena_alloc(arena, 64 * sizeof *model->meta);
    const char *tensors[64];
    size_t n = 0, at = 0;
    for (; *lines; lines++) {
        if (!strncmp(*lines, "T ", 2)) {
            tensors[n++] = *lines + 2;
            continue;
        }
        llw_meta *meta = &model->meta[model->n_meta++];
        const char *problem = llw_header_read_meta(arena, *lines, false, meta);
        if (problem) fail_msg("%s: %s", *lines, problem);
        if (!strcmp(meta->key, "general.architecture")) model->architecture = meta->string;
    }
    const char *problem = llw_header_read_tensors(arena, tensors, n, model, &at);
    if (problem) fail_msg("%s: %s", tensors[at], problem);
    assert_true(llw_model_place(model, NULL));
    out.model = llw_facts_entity(out.facts, LLW_KIND_model, "m");
    llw_model_source source = {.origin = "gguf",
                               .where = "",
                               .file_name = "m.gguf",
                               .file_bytes = 1000000,
                               .expected_bytes = 1000000,
                               .whole = true};
    llw_err err = {0};
    if (llw_model_facts(out.facts, out.model, model, &source, &err) != LLW_OK) fail_msg("%s", err.text);
    return out;
}

#define MAKE(...) make((const char *const[]){__VA_ARGS__, NULL})

/* Whether a note says it, or the fact that is the first refusal or doubt. */
static bool noted(const made *m, const char *word) {
    const char *said = NULL;
    if (llw_facts_text(m->facts, m->model, LLW_model_refusal, &said) && strstr(said, word)) return true;
    if (llw_facts_text(m->facts, m->model, LLW_model_doubt, &said) && strstr(said, word)) return true;
    const char *const *notes = NULL;
    size_t n = llw_facts_notes(m->facts, &notes);
    for (size_t i = 0; i < n; i++)
        if (strstr(notes[i], word)) return true;
    return false;
}

static size_t notes(const made *m) {
    const char *const *list = NULL;
    return llw_facts_notes(m->facts, &list);
}

static void experts_are_found_without_their_key(void **state) {
    (void)state;
    made m = MAKE("general.architecture string qwen3moe", "qwen3moe.block_count u32 3",
                  "T token_embd.weight f16 32x8", "T blk.{0-2}.attn_k.weight f16 32x8",
                  "T blk.{1-2}.ffn_up_exps.weight q8_0 32x8x16", "T blk.{1-2}.ffn_up_shexp.weight q8_0 32x8");
    assert_int_equal(flag(m.facts, m.model, LLW_model_moe), 1);
    assert_int_equal(count(m.facts, m.model, LLW_model_experts), 16);
    assert_int_equal(count(m.facts, m.model, LLW_model_experts_used),
                     -1); /* nothing says it: unknown, not a number */
    assert_int_equal(count(m.facts, m.model, LLW_model_params_active), -1);
    assert_int_equal(count(m.facts, m.model, LLW_model_experts_shared), 1);
    assert_int_equal(count(m.facts, m.model, LLW_model_dense_layers), 1);
    assert_int_equal(count(m.facts, m.model, LLW_model_moe_layers), 2);
    assert_string_equal(llw_facts_best(m.facts, m.model, LLW_model_moe)->place, "tensor table: ffn_*_exps");
    assert_int_equal(notes(&m), 0);
    llw_facts_free(m.facts);
}

static void active_parameters_follow_their_definition(void **state) {
    (void)state;
    made m =
        MAKE("general.architecture string llama", "llama.block_count u32 1", "llama.expert_count u32 8",
             "llama.expert_used_count u32 2", "T output.weight f16 32x10", "T token_embd.weight f16 32x10",
             "T blk.{0}.attn_k.weight f16 32x4", "T blk.{0}.ffn_up_exps.weight f16 32x4x8");
    assert_int_equal(count(m.facts, m.model, LLW_model_params), 320 + 320 + 128 + 1024);
    assert_int_equal(count(m.facts, m.model, LLW_model_params_active), 320 + 128 + 256);
    assert_int_equal(count(m.facts, m.model, LLW_model_weights), 2 * (320 + 320 + 128 + 1024));
    assert_int_equal(count(m.facts, m.model, LLW_model_expert_weights), 2048);
    llw_facts_free(m.facts);
    m = MAKE("general.architecture string llama", "llama.block_count u32 1", "T token_embd.weight f16 32x10",
             "T blk.{0}.attn_k.weight f16 32x4"); /* tied: the embedding is the output too */
    assert_int_equal(count(m.facts, m.model, LLW_model_params_active), 320 + 128);
    llw_facts_free(m.facts);
}

static void contradictions_are_noted(void **state) {
    (void)state;
    made m =
        MAKE("general.architecture string llama", "llama.expert_count u32 8", "llama.expert_used_count u32 9",
             "llama.block_count u32 4", "llama.leading_dense_block_count u32 2",
             "llama.attention.head_count u32 4", "llama.attention.head_count_kv u32 8",
             "llama.context_length u32 0", "tokenizer.ggml.tokens strings 11 40", "general.file_type u32 15",
             "T token_embd.weight f16 32x10", "T blk.{1}.attn_k.weight f16 32x4",
             "T blk.{1}.ffn_up_exps.weight q8_0 32x4x16");
    assert_true(noted(&m, "expert_count 8 but its expert tensors hold another number"));
    assert_true(llw_facts_conflict(m.facts, m.model, LLW_model_experts));
    assert_true(noted(&m, "9 of 8 experts"));
    assert_true(noted(&m, "block_count 4 but has tensors of 2 layers"));
    assert_true(noted(&m, "leading_dense_block_count 2 but its first expert layer is 1"));
    assert_true(noted(&m, "8 key-value heads for 4 heads"));
    assert_int_equal(llw_facts_value(m.facts, m.model, LLW_model_attention).known, false);
    assert_int_equal(count(m.facts, m.model, LLW_model_context_length), -1);
    assert_true(noted(&m, "context of 0 tokens"));
    assert_true(noted(&m, "lists 11 tokens but embeds 10"));
    assert_true(noted(&m, "calls itself Q4_K_M, but 94 % of its layers' weights are q8_0"));
    assert_string_equal(text(m.facts, m.model, LLW_model_quantization), "Q8_0");
    assert_true(llw_facts_conflict(m.facts, m.model, LLW_model_quantization));
    llw_facts_free(m.facts);
    m = MAKE("general.architecture string llama", "llama.expert_count u32 8",
             "T token_embd.weight f16 32x10");
    assert_true(noted(&m, "has no expert tensors"));
    llw_facts_free(m.facts);
}

static void layers_of_every_kind_are_counted(void **state) {
    (void)state;
    /* recurrent layers whose keys are in attn_qkv, a prediction layer at the end */
    made m = MAKE("general.architecture string qwen3next", "qwen3next.block_count u32 5",
                  "qwen3next.nextn_predict_layers u32 1", "qwen3next.attention.head_count u32 4",
                  "qwen3next.attention.head_count_kv i32[5] 4*2 1", "T blk.{0-2}.attn_qkv.weight f16 32x8",
                  "T blk.{0-2}.ssm_a f32 8", "T blk.{3-4}.attn_k.weight f16 32x8");
    assert_int_equal(count(m.facts, m.model, LLW_model_layers), 5);
    assert_int_equal(count(m.facts, m.model, LLW_model_attention_layers), 1);
    assert_int_equal(count(m.facts, m.model, LLW_model_recurrent_layers), 3);
    assert_int_equal(flag(m.facts, m.model, LLW_model_hybrid), 1);
    assert_int_equal(count(m.facts, m.model, LLW_model_kv_heads), 2);
    assert_string_equal(text(m.facts, m.model, LLW_model_attention), "GQA");
    llw_facts_free(m.facts);
    m = MAKE("general.architecture string falcon-h1", "falcon-h1.block_count u32 2",
             "falcon-h1.attention.head_count u32 4", "T blk.{0-1}.attn_k.weight f16 32x8",
             "T blk.{0-1}.ssm_conv1d.weight f16 4x8");
    assert_int_equal(count(m.facts, m.model, LLW_model_attention_layers), 2); /* each layer is both */
    assert_int_equal(count(m.facts, m.model, LLW_model_recurrent_layers), 2);
    assert_int_equal(count(m.facts, m.model, LLW_model_kv_heads), 4);
    llw_facts_free(m.facts);
    m = MAKE("general.architecture string lfm2", "lfm2.block_count u32 2",
             "T blk.{0}.shortconv.conv.weight f32 3x8", "T blk.{1}.attn_k.weight f16 32x8");
    assert_int_equal(count(m.facts, m.model, LLW_model_recurrent_layers), 1);
    llw_facts_free(m.facts);
    m = MAKE("general.architecture string mamba", "mamba.block_count u32 2",
             "mamba.attention.head_count u32 0", "T blk.{0-1}.ssm_in.weight f16 32x8");
    assert_string_equal(text(m.facts, m.model, LLW_model_attention), "none");
    assert_int_equal(count(m.facts, m.model, LLW_model_attention_layers), 0);
    assert_int_equal(flag(m.facts, m.model, LLW_model_hybrid), 0);
    llw_facts_free(m.facts);
    m = MAKE("general.architecture string qwen3", "qwen3.block_count u32 1", "qwen3.pooling_type u32 3",
             "T blk.{0}.attn_k.weight f16 32x8");
    assert_int_equal(flag(m.facts, m.model, LLW_model_embedding_model), 1);
    llw_facts_free(m.facts);
}

static void files_that_are_no_models_are_named(void **state) {
    (void)state;
    static const struct {
        const char *line, *role;
    } files[] = {
        {"general.architecture string clip", "mmproj"},
        {"general.type string mmproj", "mmproj"},
        {"general.type string adapter", "lora"},
        {"adapter.type string lora", "lora"},
        {"general.type string imatrix", "imatrix"},
        {"imatrix.chunk_count u32 3", "imatrix"},
        {"tokenizer.ggml.model string gpt2", "vocab"},
        {"general.architecture string controlvector", "control-vector"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        bool vocab = !strcmp(files[i].role, "vocab");
        made m = vocab ? MAKE(files[i].line, "general.architecture string llama", "llama.block_count u32 3",
                              "tokenizer.ggml.tokens strings 9 30")
                       : MAKE(files[i].line, "T blk.{0}.attn_k.weight f16 32x8");
        assert_string_equal(text(m.facts, m.model, LLW_model_role), files[i].role);
        assert_int_equal(count(m.facts, m.model, LLW_model_layers), -1);
        assert_int_equal(flag(m.facts, m.model, LLW_model_moe), -1);
        assert_int_equal(count(m.facts, m.model, LLW_model_vocabulary), vocab ? 9 : -1);
        assert_int_equal(count(m.facts, m.model, LLW_model_params), vocab ? -1 : 256);
        llw_facts_free(m.facts);
    }
}

static void hostile_hyper_parameters_crash_nothing(void **state) {
    (void)state;
    static const char *const keys[] = {"block_count",
                                       "expert_count",
                                       "expert_used_count",
                                       "expert_shared_count",
                                       "leading_dense_block_count",
                                       "attention.head_count",
                                       "attention.head_count_kv",
                                       "attention.kv_lora_rank",
                                       "attention.key_length_mla",
                                       "attention.sliding_window",
                                       "attention.shared_kv_layers",
                                       "nextn_predict_layers",
                                       "context_length",
                                       "embedding_length",
                                       "pooling_type"};
    static const char *const values[] = {"u32 0",
                                         "u32 4294967295",
                                         "i32 -1",
                                         "u64 9223372036854775807",
                                         "f32 nan",
                                         "f32 inf",
                                         "f64 -1e300",
                                         "f32 1.5",
                                         "bool true",
                                         "string x",
                                         "strings 3 9",
                                         "i32[0]",
                                         "i32[3] -1 2147483647 -2147483648",
                                         "f32[2] nan inf",
                                         "i32[99999]",
                                         "u8[2] 255 0"};
    for (size_t k = 0; k < sizeof keys / sizeof *keys; k++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            char line[128];
            snprintf(line, sizeof line, "weird.%s %s", keys[k], values[v]);
            made m = MAKE("general.architecture string weird", "general.file_type i32 -7", line,
                          "T token_embd.weight f16 0x4", "T blk.{0,700,1023}.attn_k.weight f16 32x8",
                          "T blk.{5}.ffn_up_exps.weight f16 32x4x8",
                          "T blk.{6}.ffn_up_exps.weight f16 32x4x7", "T blk.1048577.attn_k.weight f16 32x8",
                          "T blk.99999.ssm_a f32 1", "T blk.0.ffn_exps.x i8 4611686018427387904");
            assert_int_equal(flag(m.facts, m.model, LLW_model_architecture_known), 0);
            for (int a = 1; a < LLW_ATTRS; a++) {
                if (llw_attr_get((llw_attr)a)->kind != LLW_KIND_model ||
                    llw_attr_get((llw_attr)a)->type != LLW_COUNT)
                    continue;
                int64_t n = 0;
                if (llw_facts_count(m.facts, m.model, (llw_attr)a, &n)) assert_true(n >= 0);
            }
            llw_facts_free(m.facts);
        }
    made m = MAKE("general.name string ../../x", "T a i8 4611686018427387904", "T b i8 9223372036854775");
    assert_true(noted(&m, "no general.architecture"));
    llw_facts_free(m.facts);
}

static void header_lines_are_checked(void **state) {
    (void)state;
    static const char *const bad_meta[] = {
        "",
        "a",
        "a u8",
        "a u8 -1",
        "a u8 1 2",
        "a u9 1",
        "a i64 9223372036854775808",
        "a bool maybe",
        "a f32 one",
        "a array 1",
        "a string(2) long",
        "a string(x) y",
        "a string \\q",
        "a\\x4 u8 1",
        "a u8[2] 1",
        "a u8[2] 1 2 3",
        "a u8[2] 3*1",
        "a u8[2] 1 x",
        "a u8[-1]",
        "a u8[99999999999]",
        "a u8[2",
        "a string[2] x y",
        "a strings",
        "a strings 1",
        "a strings 2 3 x",
        "a strings 1 9 x",
        "a strings 1 1 x y",
        "a strings 65 65 x",
    };
    static const char *const bad_tensors[] = {
        "",
        "a",
        "a f99 1",
        "a f32 1x2x3x4x5",
        "a f32 -1",
        "a f32 x",
        "a f32 1 2",
        "blk.{}.a f32 1",
        "blk.{1,0}.a f32 1",
        "blk.{0-1024}.a f32 1",
        "blk.{0.a f32 1",
        "blk.0}.a f32 1",
        "blk.{x}.a f32 1",
        "a q8_0 31",
        "\\y f32 1",
        "a f32 9223372036854775807x2",
        "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234 f32 1",
    };
    llw_arena *arena = llw_arena_new();
    for (size_t i = 0; i < sizeof bad_meta / sizeof *bad_meta; i++) {
        llw_meta meta;
        if (!llw_header_read_meta(arena, bad_meta[i], false, &meta)) fail_msg("accepted: %s", bad_meta[i]);
    }
    for (size_t i = 0; i < sizeof bad_tensors / sizeof *bad_tensors; i++) {
        llw_model model = {0};
        size_t at = 9;
        const char *const lines[] = {"good f32 1", bad_tensors[i]};
        if (!llw_header_read_tensors(arena, lines, 2, &model, &at)) fail_msg("accepted: %s", bad_tensors[i]);
        assert_int_equal(at, 1);
    }
    /* orders that do not pack must come back as they were */
    static const char *const odd[] = {
        "blk.1.a f32 1", "blk.0.a f32 1",     "blk.0.b f32 1", "x\\x20y f32 1", "blk.07.a f32 1",
        "blk.2.b f32 1", "blk.2.a f32 1",     "blk.3.a f32 2", "blk.3.b f32 1", "blk.2000.a f32 1",
        "\"\" f32",      "blk.4.\\x7b f32 1", "blk.5.b f32 1", "blk.5.a f32 1", "blk.6.a f32 1"};
    enum { N = sizeof odd / sizeof *odd };
    llw_model first = {.alignment = 32}, second = {.alignment = 32};
    size_t at = 0, n = 0;
    char **lines = NULL;
    assert_null(llw_header_read_tensors(arena, odd, N, &first, &at));
    llw_header_write_tensors(arena, &first, 0, N, &lines, &n);
    assert_null(llw_header_read_tensors(arena, (const char *const *)lines, n, &second, &at));
    assert_int_equal(second.n_tensors, N);
    for (size_t i = 0; i < N; i++) {
        assert_string_equal(first.tensors[i].name, second.tensors[i].name);
        assert_int_equal(first.tensors[i].dims[0], second.tensors[i].dims[0]);
        assert_int_equal(first.tensors[i].n_dims, second.tensors[i].n_dims);
    }
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_models_are_understood),
        cmocka_unit_test(lesson_four_s_sizes_are_exact),
        cmocka_unit_test(experts_are_found_without_their_key),
        cmocka_unit_test(active_parameters_follow_their_definition),
        cmocka_unit_test(contradictions_are_noted),
        cmocka_unit_test(layers_of_every_kind_are_counted),
        cmocka_unit_test(files_that_are_no_models_are_named),
        cmocka_unit_test(hostile_hyper_parameters_crash_nothing),
        cmocka_unit_test(header_lines_are_checked),
    };
    return cmocka_run_group_tests_name("model_facts", tests, NULL, NULL);
}
