/* Headers with a key too few, of another type, or with a value that nobody knows, each with the words for it;
 * the tests header_variants and oracle_needs ask llama.cpp. */
#include "fact/header_text.h"
#include "source/model/header_needs.h"
#include "source/model/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static llw_arena *arena;

static int set_up(void **state) {
    (void)state;
    arena = llw_arena_new();
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    llw_arena_free(arena);
    return 0;
}

/* A small llama whose header is whole. */
static const char *const whole[] = {"general.architecture string llama",
                                    "llama.block_count u32 2",
                                    "llama.context_length u32 64",
                                    "llama.embedding_length u32 32",
                                    "llama.feed_forward_length u32 64",
                                    "llama.attention.head_count u32 4",
                                    "llama.attention.layer_norm_rms_epsilon f32 1e-05",
                                    "tokenizer.ggml.model string gpt2",
                                    "tokenizer.ggml.tokens strings 3 9",
                                    NULL};

/* The same with that line instead of the one of its key, or beside them; without the key where the line is
 * nothing but it. */
static const char *unmet_with(const char *line, bool is_whole) {
    llw_meta meta[16];
    llw_model model = {.architecture = "llama", .version = 3, .meta = meta};
    size_t key = strcspn(line, " ");
    for (int i = 0; whole[i]; i++) {
        if (!strncmp(whole[i], line, key) && whole[i][key] == ' ') continue;
        const char *problem = llw_header_read_meta(arena, whole[i], false, &meta[model.n_meta++]);
        if (problem) fail_msg("%s: %s", whole[i], problem);
    }
    if (line[key]) {
        const char *problem = llw_header_read_meta(arena, line, false, &meta[model.n_meta++]);
        if (problem) fail_msg("%s: %s", line, problem);
    }
    return llw_header_unmet(&model, is_whole, arena);
}

static void each_fault_has_its_words(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"llama.context_length", "does not say its llama.context_length"},
        {"llama.attention.layer_norm_rms_epsilon", "does not say its llama.attention.layer_norm_rms_epsilon"},
        {"tokenizer.ggml.model", "does not say its tokenizer.ggml.model"},
        {"tokenizer.ggml.tokens", "does not say its tokenizer.ggml.tokens"},
        {"tokenizer.ggml.tokens i32[2] 1 2",
         "has tokenizer.ggml.tokens as an array of i32 instead of an array of string"},
        {"general.name u32 3", "has general.name as u32 instead of string"},
        {"general.file_type u64 3", "has general.file_type as u64 instead of u32"},
        {"split.count u32 1", "has split.count as u32 instead of u16"},
        {"tokenizer.ggml.eos_token_id i32 2", "has tokenizer.ggml.eos_token_id as i32 instead of u32"},
        {"tokenizer.ggml.add_bos_token u8 1", "has tokenizer.ggml.add_bos_token as u8 instead of bool"},
        {"llama.rope.scale_linear f64 2", "has llama.rope.scale_linear as f64 instead of f32"},
        {"llama.feed_forward_length i32 64", "has llama.feed_forward_length as i32 instead of u32"},
        {"llama.feed_forward_length u32[3] 64 64 64",
         "has 3 elements of llama.feed_forward_length for 2 layers"},
        {"llama.feed_forward_length f32[2] 1 2",
         "has llama.feed_forward_length as an array of f32 instead of an array of u32"},
        {"llama.rope.scaling.type string zz",
         "has llama.rope.scaling.type \"zz\", which llama.cpp v0.5.0 does not know"},
        {"tokenizer.ggml.pre string zz",
         "has tokenizer.ggml.pre \"zz\", which llama.cpp v0.5.0 does not know"},
        {"tokenizer.ggml.model string zz",
         "has tokenizer.ggml.model \"zz\", which llama.cpp v0.5.0 does not know"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *unmet = unmet_with(cases[i][0], true);
        if (!unmet || strcmp(unmet, cases[i][1]) != 0)
            fail_msg("%s: %s", cases[i][0], unmet ? unmet : "nothing");
    }
}

static void what_may_be_otherwise_is_let_be(void **state) {
    (void)state;
    static const char *const cases[] = {
        "llama.rope.scaling.type string yarn",    "tokenizer.ggml.pre string llama-bpe",
        "llama.feed_forward_length i32[2] 64 32", "llama.attention.head_count_kv i32[2] 4 2",
        "tokenizer.ggml.model string none",       "somebody.elses u8 1",
        "llama.classifier.output_labels u8 1",    "qwen3.context_length string many"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *unmet = unmet_with(cases[i], true);
        if (unmet) fail_msg("%s: %s", cases[i], unmet);
    }
    assert_null(unmet_with("llama.context_length", false)); /* perhaps it has not been read yet */
    assert_null(unmet_with("tokenizer.ggml.model", false));
}

static void known_models_have_what_they_need(void **state) {
    (void)state;
    char **names = NULL;
    size_t n = 0;
    llw_known_list(arena, &names, &n);
    assert_true(n > 20);
    for (size_t i = 0; i < n; i++) {
        llw_known known;
        llw_err err = {0};
        if (llw_known_load(arena, names[i], false, &known, &err) != LLW_OK) fail_msg("%s", err.text);
        const char *unmet = llw_header_unmet(&known.model, true, arena);
        if (unmet) fail_msg("%s %s", names[i], unmet);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_fault_has_its_words, set_up, tear_down),
        cmocka_unit_test_setup_teardown(what_may_be_otherwise_is_let_be, set_up, tear_down),
        cmocka_unit_test_setup_teardown(known_models_have_what_they_need, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
