/* The words of a launch, kept as given and repeated in an offer. */
#include "explain/own_words.h"
#include "fact/build.h"
#include "fact/launch_words.h"
#include "source/launch/argv.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

typedef struct fixture {
    llw_facts *facts;
    llw_flags flags;
    llw_argv_result read;
    llw_own_words own;
    int64_t order;
} fixture;

/* Reads words parted by blanks and variables NAME=value parted by blanks, and takes them apart again. */
static void read_launch(fixture *f, const char *build, const char *args, const char *env) {
    llw_err err = {0};
    f->facts = llw_facts_new();
    llw_arena *arena = llw_facts_arena(f->facts);
    assert_int_equal(llw_flags_load(&f->flags, &err), LLW_OK);
    llw_token tokens[30];
    llw_env variables[10];
    size_t n = 0, n_env = 0;
    char *rest;
    for (char *word = strtok_r(llw_arena_strdup(arena, args), " ", &rest); word;
         word = strtok_r(NULL, " ", &rest))
        tokens[n++] = (llw_token){.text = strcmp(word, "NULL") ? word : NULL, .place = ""};
    for (char *word = strtok_r(llw_arena_strdup(arena, env), " ", &rest); word;
         word = strtok_r(NULL, " ", &rest)) {
        char *equals = strchr(word, '=');
        *equals = 0;
        variables[n_env++] = (llw_env){word, {.text = equals + 1, .place = ""}};
    }
    llw_argv in = {.id = "argv", .args = tokens, .n_args = n, .env = variables, .n_env = n_env};
    in.build = llw_build_claim(f->facts, build, LLW_GRADE_FLAG, "test", "", &err);
    assert_int_equal(llw_argv_read(f->facts, &in, &f->read, &err), LLW_OK);
    assert_null(f->read.refused);
    assert_true(llw_facts_count(f->facts, f->read.build, LLW_build_order, &f->order));
    llw_own_words_read(f->facts, f->read.launch, &f->flags, LLW_PROGRAM_SERVER, f->order, arena, &f->own);
}

/* What is repeated, then after "|" each line that tells of the rest. */
static const char *told(fixture *f) {
    llw_arena *arena = llw_facts_arena(f->facts);
    llw_text t = {0};
    for (size_t i = 0; i < f->own.n; i++)
        for (size_t k = 0; !f->own.options[i].left_out && k < f->own.options[i].n; k++)
            llw_text_addf(&t, "%s%s", t.len ? " " : "", f->own.options[i].words[k]);
    size_t n = 0;
    const char *const *lines = llw_own_words_asides(&f->own, arena, &n);
    for (size_t i = 0; i < n; i++) llw_text_addf(&t, "|%s", lines[i]);
    const char *text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

static void expect(const char *build, const char *args, const char *env, const char *want) {
    fixture f;
    read_launch(&f, build, args, env);
    assert_string_equal(told(&f), want);
    llw_facts_free(f.facts);
}

static void options_are_repeated_in_order(void **state) {
    (void)state;
    expect("v0.5.0", "-m x.gguf --lora l.gguf --ctx_size 8192 --jinja --temp -1 -fa on", "",
           "--lora l.gguf --ctx-size 8192 --jinja --temp -1 -fa on");
    expect("b6301", "-fa --mlock --no-mmap", "", "-fa --mlock --no-mmap");
    expect("v0.5.0", "--override-kv a=int:1 --override-kv b=int:2", "",
           "--override-kv a=int:1 --override-kv b=int:2");
    expect("v0.5.0", "-ub 256 -c 4096 --ubatch-size 512", "",
           "-c 4096 --ubatch-size 512|not repeated here: -ub 256, which --ubatch-size 512 replaces");
    expect("v0.5.0", "-hf a/b --port NULL", "",
           "|not repeated here: --port, whose value is not known; -hf a/b: -m names the file");
}

static void variables_are_repeated_as_options(void **state) {
    (void)state;
    expect(
        "v0.5.0", "-c 4096", "LLAMA_ARG_N_PARALLEL=2 LLAMA_ARG_JINJA=1 LLAMA_ARG_CTX_SIZE=8192 PATH=/bin",
        "-np 2 --jinja -c 4096|repeats variables of the environment as options: LLAMA_ARG_N_PARALLEL as -np, "
        "LLAMA_ARG_JINJA as --jinja");
    expect("v0.5.0", "", "LLAMA_ARG_NO_JINJA=1 GGML_CUDA_ENABLE_UNIFIED_MEMORY=1",
           "--no-jinja|repeats variables of the environment as options: LLAMA_ARG_NO_JINJA as --no-jinja|not "
           "repeated here: GGML_CUDA_ENABLE_UNIFIED_MEMORY of the environment");
}

static void secrets_are_not_repeated(void **state) {
    (void)state;
    expect("v0.5.0", "--api-key hunter2", "HF_TOKEN=hunter3",
           "--api-key (secret)|not repeated here: HF_TOKEN of the environment, a secret; the secret behind "
           "--api-key");
    expect("v0.5.0", "--lora http://me:pw@host/l", "",
           "--lora http://*****@host/l|not repeated here: the secret behind --lora");
}

static void what_is_supposed_takes_the_place_of_words(void **state) {
    (void)state;
    fixture f;
    read_launch(&f, "v0.5.0", "-c 4096 -ub 256", "");
    llw_facts_claim(f.facts, f.read.launch, LLW_launch_ubatch, llw_count(512), LLW_GRADE_WHATIF, "what-if",
                    "");
    llw_own_words_read(f.facts, f.read.launch, &f.flags, LLW_PROGRAM_SERVER, f.order,
                       llw_facts_arena(f.facts), &f.own);
    assert_true(f.own.covers[LLW_launch_ctx] && !f.own.covers[LLW_launch_ubatch]);
    assert_string_equal(told(&f), "-c 4096");
    llw_facts_free(f.facts);
}

static void words_come_back_whole(void **state) {
    (void)state;
    static const char *const words[] = {"--x", "a\tb\nc\\d\\?e", "", "\\*"};
    llw_arena *arena = llw_arena_new();
    llw_text text = {0};
    for (size_t i = 0; i < 4; i++) llw_launch_words_add(&text, arena, words[i], false, i == 0);
    llw_launch_words_add(&text, arena, "-y", false, true);
    size_t n = 0;
    llw_worded_option *read = llw_launch_words_read(arena, llw_text_str(&text), &n);
    assert_int_equal(n, 2);
    assert_int_equal(read[0].n, 4);
    for (size_t i = 0; i < 4; i++) assert_string_equal(read[0].words[i], words[i]);
    assert_false(read[0].unknown || read[0].starred);
    llw_text_fini(&text);
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_repeated_in_order),
        cmocka_unit_test(variables_are_repeated_as_options),
        cmocka_unit_test(secrets_are_not_repeated),
        cmocka_unit_test(what_is_supposed_takes_the_place_of_words),
        cmocka_unit_test(words_come_back_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
