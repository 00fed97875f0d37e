/* Tensor tables against the architecture: the known models pass, and each kind of damage is named. The test
 * oracle_needs compares with llama.cpp itself. */
#include "predict/needs.h"
#include "source/model/known.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

typedef struct fixture {
    llw_arena *arena;
    llw_model model;
} fixture;

static fixture load(const char *name) {
    fixture f = {.arena = llw_arena_new()};
    llw_known known;
    llw_err err;
    assert_int_equal(llw_known_load(f.arena, name, true, &known, &err), LLW_OK);
    f.model = known.model;
    llw_tensor *copy = llw_arena_alloc(f.arena, (f.model.n_tensors + 1) * sizeof *copy);
    memcpy(copy, f.model.tensors, f.model.n_tensors * sizeof *copy);
    f.model.tensors = copy;
    llw_meta *meta = llw_arena_alloc(f.arena, f.model.n_meta * sizeof *meta);
    memcpy(meta, f.model.meta, f.model.n_meta * sizeof *meta);
    f.model.meta = meta;
    return f;
}

static llw_tensor *tensor(fixture *f, const char *name) {
    for (size_t i = 0; i < f->model.n_tensors; i++)
        if (!strcmp(f->model.tensors[i].name, name)) return &f->model.tensors[i];
    fail_msg("no tensor %s", name);
    return NULL;
}

static void set(fixture *f, const char *key, int64_t value) {
    for (size_t i = 0; i < f->model.n_meta; i++)
        if (!strcmp(f->model.meta[i].key, key)) {
            f->model.meta[i].integer = value;
            return;
        }
    fail_msg("no key %s", key);
}

static void says(fixture *f, const char *want) {
    const char *unmet = llw_model_unmet(&f->model, f->arena);
    if (!unmet || strcmp(unmet, want)) fail_msg("says: %s", unmet ? unmet : "nothing");
    llw_arena_free(f->arena);
}

static void test_known_models_pass(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    char **names;
    size_t n;
    llw_known_list(arena, &names, &n);
    assert_true(n > 20);
    for (size_t i = 0; i < n; i++) {
        llw_known known;
        llw_err err;
        assert_int_equal(llw_known_load(arena, names[i], true, &known, &err), LLW_OK);
        const char *unmet = llw_model_unmet(&known.model, arena);
        if (unmet) fail_msg("%s %s", names[i], unmet);
    }
    llw_arena_free(arena);
}

static void test_left_out(void **state) {
    (void)state;
    fixture f = load("llama-3.1-8b-q4_k_m");
    *tensor(&f, "blk.7.ffn_down.weight") = f.model.tensors[--f.model.n_tensors];
    says(&f, "lacks blk.7.ffn_down.weight, which the architecture llama needs");
    f = load("llama-3.1-8b-q4_k_m"); /* optional: the embeddings are the output then */
    *tensor(&f, "output.weight") = f.model.tensors[--f.model.n_tensors];
    assert_null(llw_model_unmet(&f.model, f.arena));
    llw_arena_free(f.arena);
    f = load("glm-4.7-flash-q8_0"); /* layer 0 is dense: only the others have experts */
    *tensor(&f, "blk.9.ffn_gate_inp.weight") = f.model.tensors[--f.model.n_tensors];
    says(&f, "lacks blk.9.ffn_gate_inp.weight, which the architecture deepseek2 needs");
    f = load("llama-3.1-8b-q4_k_m");
    f.model.n_tensors = 0;
    says(&f, "holds no tensors");
}

static void test_shapes(void **state) {
    (void)state;
    fixture f = load("llama-3.1-8b-q4_k_m");
    set(&f, "llama.feed_forward_length", 14080);
    says(&f, "holds blk.0.ffn_down.weight as 14336 x 4096 where its header makes it 14080 x 4096 "
             "(feed_forward_length)");
    f = load("llama-3.1-8b-q4_k_m");
    set(&f, "llama.attention.head_count_kv", 4);
    says(&f, "holds blk.0.attn_k.weight as 4096 x 1024 where its header makes it 4096 x 512");
    f = load("qwen3-30b-a3b-q4_k_m");
    tensor(&f, "blk.3.ffn_up_exps.weight")->dims[2] = 127;
    says(&f, "holds blk.3.ffn_up_exps.weight as 2048 x 768 x 127 where its header makes it 2048 x 768 x 128 "
             "(expert_count)");
}

static void test_too_many(void **state) {
    (void)state;
    fixture f = load("llama-3.1-8b-q4_k_m");
    f.model.tensors[f.model.n_tensors] = f.model.tensors[0];
    f.model.tensors[f.model.n_tensors++].name = "blk.3.nonsense.weight";
    says(&f, "holds blk.3.nonsense.weight, which the architecture llama does not have");
    f = load("llama-3.1-8b-q4_k_m"); /* experts without expert_count */
    f.model.tensors[f.model.n_tensors] = *tensor(&f, "blk.3.ffn_up.weight");
    f.model.tensors[f.model.n_tensors++].name = "blk.3.ffn_up_exps.weight";
    says(&f, "holds blk.3.ffn_up_exps.weight, for which the architecture llama has no use here");
    f = load("llama-3.1-8b-q4_k_m");
    f.model.architecture = "nobody-knows-it";
    assert_null(llw_model_unmet(&f.model, f.arena));
    llw_arena_free(f.arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_models_pass),
                                       cmocka_unit_test(test_left_out), cmocka_unit_test(test_shapes),
                                       cmocka_unit_test(test_too_many)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
