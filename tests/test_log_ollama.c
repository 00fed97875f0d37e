/* Reading what Ollama logs: its own words, and those of the llama.cpp that it runs. */
#include "logs.h"

#define OLLAMA "time=2026-04-22T06:22:10.586Z level=INFO source=x.go:1 msg="

static void ollamas_own_engine_tells_sizes_in_its_words(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(
        arena, OLLAMA
        "\"starting runner\" cmd=\"/usr/bin/ollama runner --ollama-engine --port 36847\"\n" /* only looks for
                                                                                               GPUs */
        OLLAMA "\"starting runner\" cmd=\"/usr/bin/ollama runner --ollama-engine --model /m/sha256-c5 --port "
        "37851\"\n" OLLAMA "load request=\"{Operation:fit LoraPath:[] Parallel:2 BatchSize:512 "
        "FlashAttention:Enabled KvSize:65536 "
        "KvCacheType: NumThreads:7}\"\n" OLLAMA
        "\"\" architecture=mistral3 file_type=Q4_K_M name=\"\" description=\"\" num_tensors=585\n" OLLAMA
        "load request=\"{Operation:commit LoraPath:[] Parallel:1 BatchSize:512 FlashAttention:Enabled "
        "KvSize:32768 "
        "KvCacheType: NumThreads:7}\"\n" OLLAMA "\"offloaded 40/41 layers to GPU\"\n" OLLAMA
        "\"model weights\" device=CUDA0 size=\"13.5 GiB\"\n" OLLAMA
        "\"model weights\" device=CPU size=\"360.0 MiB\"\n" OLLAMA
        "\"kv cache\" device=CUDA0 size=\"5.0 GiB\"\n" OLLAMA
        "\"compute graph\" device=CUDA0 size=\"1.2 GiB\"\n" OLLAMA
        "\"compute graph\" device=CUDA0 size=\"1.5 GiB\"\n" OLLAMA
        "\"llama runner started in 9.37 seconds\"\n"
        "level=ERROR source=server.go:316 msg=\"llama runner terminated\" error=\"exit status 2\"\n");
    const llw_load *l = only(&log);
    assert_true(l->ollama_engine);
    assert_string_equal(l->program, "ollama");
    assert_string_equal(l->path, "/m/sha256-c5");
    assert_string_equal(l->architecture, "mistral3");
    assert_int_equal(l->n_ctx, 32768);
    assert_int_equal(l->n_seq, 1);
    assert_string_equal(l->flash_attn, "on");
    assert_int_equal(l->offloaded, 40);
    assert_int_equal(l->devices[0].model, mib(13.5 * 1024));
    assert_int_equal(l->devices[0].context, mib(5120));
    assert_int_equal(l->devices[0].compute, mib(1536)); /* told again, not once more */
    assert_int_equal(l->host.model, mib(360));
    assert_int_equal(l->devices[0].precision, llround(1073741824 / 10.0));
    assert_int_equal(l->outcome, LLW_LOG_CRASH);
    assert_string_equal(l->failure, "Ollama's runner ended: exit status 2");
    llw_arena_free(arena);
}

static void llama_cpps_figures_replace_what_ollama_expected(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log =
        log_text(arena, HEADER
                 "llama_model_load: vocab only - skipping tensors\n" OLLAMA
                 "\"starting runner\" cmd=\"ollama runner --model /m/sha256-aa --port 1\"\n" OLLAMA
                 "\"model weights\" device=CPU size=\"934.7 MiB\"\n" HEADER
                 "load_tensors:          CPU model buffer size =  1059.89 MiB\n"
                 "llama_context: n_ctx         = 2048\n" OLLAMA "\"llama runner started in 8.39 seconds\"\n"
                 "[GIN] 2026/05/09 - 10:34:21 | 200 | 29.8s | 127.0.0.1 | POST \"/api/generate\"\n");
    const llw_load *l = only(&log);
    assert_false(l->ollama_engine);
    assert_int_equal(l->host.model, mib(1059.89));
    assert_int_equal(l->outcome, LLW_LOG_LOADED);
    llw_arena_free(arena);
}

/* Ollama of 2024 announces its runner, whose first words are the build; the next runner is another load. */
static void a_runner_that_was_announced_says_its_build(void **state) {
    (void)state;
#define RUNNER                                                                                               \
    OLLAMA "\"starting llama server\" cmd=\"/r/ollama_llama_server --model /m/sha256-dd --ctx-size 1024\"\n" \
           "INFO [main] build info | build=10 commit=\"3a8c75e\" tid=\"2\" timestamp=1757773976\n" HEADER    \
           "llm_load_tensors: offloaded 29/29 layers to GPU\n"                                               \
           "llama_new_context_with_model: n_ctx      = 1024\n" OLLAMA                                        \
           "\"llama runner started in 3.10 seconds\"\n"
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, RUNNER RUNNER);
    assert_int_equal(log.n_loads, 2);
    for (size_t i = 0; i < 2; i++) {
        assert_int_equal(log.loads[i].outcome, LLW_LOG_LOADED);
        assert_int_equal(log.loads[i].n_ctx, 1024);
        assert_int_equal(log.loads[i].offloaded, 29);
    }
    llw_arena_free(arena);
#undef RUNNER
}

/* Ollama 0.12 to 0.15 expects sizes before llama.cpp's runner starts: one load, not two. */
static void what_ollama_expected_is_no_load_of_its_own(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(
        arena, OLLAMA
        "\"starting runner\" cmd=\"/bin/ollama runner --model /m/sha256-bb --port 4000\"\n" OLLAMA
        "\"model weights\" device=ROCm0 size=\"7.0 GiB\"\n" OLLAMA
        "\"kv cache\" device=ROCm0 size=\"2.0 GiB\"\n" OLLAMA "\"starting go runner\"\n"
        "ggml_cuda_init: found 1 ROCm devices:\n" OLLAMA "system CPU.0.LLAMAFILE=1\n"
        "llama_model_load_from_file_impl: using device ROCm0 (AMD Radeon RX 6800) - 16000 MiB free\n" HEADER
        "load_tensors: offloaded 33/33 layers to GPU\n"
        "load_tensors:        ROCm0 model buffer size =  6900.50 MiB\n" OLLAMA
        "\"llama runner started in 3.10 seconds\"\n");
    const llw_load *l = only(&log);
    assert_false(l->ollama_engine);
    assert_int_equal(l->devices[0].model, mib(6900.5));
    assert_int_equal(l->devices[0].context, -1);
    assert_int_equal(l->outcome, LLW_LOG_LOADED);
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ollamas_own_engine_tells_sizes_in_its_words),
        cmocka_unit_test(llama_cpps_figures_replace_what_ollama_expected),
        cmocka_unit_test(a_runner_that_was_announced_says_its_build),
        cmocka_unit_test(what_ollama_expected_is_no_load_of_its_own),
    };
    return cmocka_run_group_tests_name("log_ollama", tests, NULL, NULL);
}
