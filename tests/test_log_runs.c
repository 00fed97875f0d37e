/* Where in a log one run ends and the next begins, and which of two loads is the draft. */
#include "logs.h"

static void after_the_last_words_of_a_program_another_begins(void **state) {
    (void)state;
    static const char failed[] = "E llama_model_load: error loading model: tensor 'a' data is not within the "
                                 "file bounds, model is corrupted or incomplete\n"
                                 "E llama_model_load_from_file_impl: failed to load model\n"
                                 "E srv    operator(): exiting due to model loading error\n";
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, llw_arena_printf(arena, "%s%s", failed, failed));
    assert_int_equal(log.n_loads, 2);
    assert_int_equal(log.loads[1].outcome, LLW_LOG_FAILED);
    /* what it falls over while it ends is still its own */
    log = log_text(arena, llw_arena_printf(arena, "%sSegmentation fault (core dumped)\n", failed));
    assert_int_equal(log.n_loads, 1);
    llw_arena_free(arena);
}

/* llama-cli since December 2025 shows its build when the load is over; what it was printed behind is its own.
 */
static void each_banner_of_llama_cli_is_a_run(void **state) {
    (void)state;
    static const char banner[] = "\nbuild      : b8022-3bb78133a\nmodel      : %s.gguf\nmodalities : text\n";
    static const char answer[] = "> hello\n[ Prompt: 414.2 t/s | Generation: %d.5 t/s ]\n\nExiting...\n";
    llw_arena *arena = llw_arena_new();
    const char *run = llw_arena_printf(arena, "Loading model... |-\\|\n%s%s", banner, answer);
    llw_log log = log_text(arena, llw_arena_printf(arena, "%s%s", llw_arena_printf(arena, run, "a", 18),
                                                   llw_arena_printf(arena, run, "b", 33)));
    assert_int_equal(log.n_loads, 2);
    for (int i = 0; i < 2; i++) {
        assert_string_equal(log.loads[i].program, "llama-cli");
        assert_string_equal(log.loads[i].build, "b8022");
        assert_string_equal(log.loads[i].name, i ? "b.gguf" : "a.gguf");
        assert_int_equal(log.loads[i].outcome, LLW_LOG_LOADED);
        assert_float_equal(log.loads[i].cli_speed, i ? 33.5 : 18.5, 1e-9);
    }
    /* one run with its load in the log: the banner is not a second one */
    log = log_text(
        arena,
        llw_arena_printf(arena,
                         "Loading model... |0.00.083.057 I srv    load_model: loading model 'm.gguf'\n" HEADER
                         "0.00.090.000 I srv  update_slots: all slots are idle\n%s",
                         llw_arena_printf(arena, banner, "m")));
    assert_string_equal(only(&log)->build, "b8022");
    assert_string_equal(only(&log)->path, "m.gguf");
    llw_arena_free(arena);
}

/* Devices are found before the build is told: they are the second run's. */
static void what_a_second_run_finds_is_its_own(void **state) {
    (void)state;
    static const char found[] = "ggml_vulkan: Found 1 Vulkan devices:\n"
                                "ggml_vulkan: 0 = AMD Radeon RX %s (RADV) | uma: 0 | fp16: 1\n"
                                "build: %d (abcdef0) with cc for x86_64-linux-gnu\n" HEADER;
    static const char model[] = "load_tensors: Vulkan0 model buffer size = 10.00 MiB\n";
    llw_arena *arena = llw_arena_new();
    llw_log log =
        log_text(arena, llw_arena_printf(arena, "%s^C\n%s%s", llw_arena_printf(arena, found, "6800", 5000),
                                         llw_arena_printf(arena, found, "9070", 5001), model));
    assert_int_equal(log.n_loads, 2);
    assert_string_equal(log.loads[0].devices[0].description, "AMD Radeon RX 6800 (RADV)");
    assert_string_equal(log.loads[1].devices[0].description, "AMD Radeon RX 9070 (RADV)");
    assert_string_equal(log.loads[1].build, "b5001");
    llw_arena_free(arena);
}

/* A draft that was still being loaded belongs to a process that is gone. */
static void a_run_broken_off_at_its_draft_takes_nothing_of_the_next(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, "srv    load_model: loading model 'm.gguf'\n" HEADER
                                  "srv    load_model: loading draft model 'd.gguf'\n" HEADER "^C\n"
                                  "srv    load_model: loading model 'n.gguf'\n" HEADER
                                  "load_tensors: CPU model buffer size = 10.00 MiB\nmain: model loaded\n");
    assert_int_equal(log.n_loads, 3);
    assert_int_equal(log.loads[0].outcome, LLW_LOG_UNKNOWN);
    assert_true(log.loads[1].draft);
    assert_int_equal(log.loads[1].outcome, LLW_LOG_UNKNOWN);
    assert_int_equal(log.loads[2].outcome, LLW_LOG_LOADED);
    /* after a signal another program begins, whatever it says first */
    log =
        log_text(arena, HEADER "Segmentation fault (core dumped)\nerror: invalid argument: --no-such-flag\n");
    assert_int_equal(log.n_loads, 2);
    assert_int_equal(log.loads[1].outcome, LLW_LOG_FAILED);
    llw_arena_free(arena);
}

/* llama.cpp v0.5.0 with a draft, at -lv 4: devices are told once, before both loads. */
#define TARGET                                                                                               \
    "0.00.218.152 I cmn  common_param:   - CUDA0   : Some Card (24000 MiB, 23000 MiB free)\n"                \
    "0.00.300.000 I srv    load_model: loading model 'big.gguf'\n" HEADER                                    \
    "0.00.400.000 I load_tensors:        CUDA0 model buffer size = 18000.00 MiB\n"                           \
    "0.00.500.000 I llama_context: constructing llama_context\n"                                             \
    "0.00.500.001 I llama_context: n_ctx         = 8192\n"                                                   \
    "0.00.500.002 I llama_kv_cache:      CUDA0 KV buffer size =  1000.00 MiB\n"                              \
    "0.00.500.003 I sched_reserve:      CUDA0 compute buffer size =   500.00 MiB\n"
#define DRAFT                                                                                                \
    "0.00.600.000 I common_speculative_init_result: loading draft model '/models/small.gguf'\n" HEADER       \
    "0.00.700.000 I load_tensors:        CUDA0 model buffer size =  2000.00 MiB\n"
#define DRAFT_CONTEXT                                                                                        \
    "0.00.800.000 I llama_context: constructing llama_context\n"                                             \
    "0.00.800.001 I llama_context: n_ctx         = 8192\n"                                                   \
    "0.00.800.002 I llama_kv_cache:      CUDA0 KV buffer size =   200.00 MiB\n"                              \
    "0.00.800.003 I sched_reserve:      CUDA0 compute buffer size =   100.00 MiB\n"
#define READY                                                                                                \
    "0.00.900.000 I srv    load_model: initializing, n_slots = 1, n_ctx_slot = 8192, kv_unified = 'false'\n" \
    "0.00.999.000 I srv  llama_server: model loaded\n"

static void a_draft_stands_beside_its_target(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, TARGET DRAFT DRAFT_CONTEXT READY);
    assert_int_equal(log.n_loads, 2);
    const llw_load *big = &log.loads[0], *small = &log.loads[1];
    assert_ptr_equal(llw_log_best(&log), big);
    assert_true(small->draft);
    assert_int_equal(big->outcome, LLW_LOG_LOADED);
    assert_int_equal(small->outcome, LLW_LOG_LOADED);
    assert_int_equal(big->n_seq, 1); /* the slots are the target's */
    assert_int_equal(big->devices[0].model, mib(18000));
    assert_int_equal(big->devices[0].context, mib(1000));
    assert_int_equal(big->devices[0].compute, mib(500));
    assert_int_equal(big->devices[0].draft, mib(2300));
    assert_string_equal(big->draft_path, "m.gguf"); /* by its header, as the target is named */
    assert_int_equal(big->devices[0].free, mib(23000));
    assert_int_equal(small->devices[0].model, mib(2000));
    assert_int_equal(small->devices[0].free, -1);   /* told before the target took its part */
    assert_string_equal(log_codes(arena, big), ""); /* 1,200 MiB are left */
    llw_arena_free(arena);
}

static void a_draft_that_shows_nothing_is_unknown(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(
        arena, TARGET "0.00.6 I common_speculative_init_result: loading draft model 'small.gguf'\n" READY);
    assert_int_equal(only(&log)->devices[0].draft, -1);
    assert_string_equal(only(&log)->draft_path, "small.gguf");
    log = log_text(arena, TARGET READY);
    assert_int_equal(log.loads[0].devices[0].draft, 0);
    log = log_text(arena,
                   TARGET "0.00.550.000 I load_tensors:        CUDA1 model buffer size = 9.00 MiB\n" DRAFT
                       READY); /* its weights, and neither context nor compute */
    assert_int_equal(log.loads[0].n_devices, 2);
    for (int i = 0; i < 2; i++) assert_int_equal(log.loads[0].devices[i].draft, -1);
    llw_arena_free(arena);
}

static void what_a_draft_runs_out_of_is_what_its_target_left(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, TARGET DRAFT
                           "0.00.800.000 E ggml_backend_cuda_buffer_type_alloc_buffer: allocating 4000.00 "
                           "MiB on device 0: cudaMalloc "
                           "failed: out of memory\n"
                           "0.00.800.001 E common_speculative_init_result: failed to create MTP context\n"
                           "0.00.800.002 E srv  llama_server: exiting due to model loading error\n");
    const llw_load *big = &log.loads[0], *small = &log.loads[1];
    assert_int_equal(small->outcome, LLW_LOG_OOM);
    assert_int_equal(small->oom.free, mib(23000 - 18000 - 1000 - 500 - 2000));
    assert_int_equal(big->outcome, LLW_LOG_FAILED); /* the program ended with its draft */
    assert_string_equal(big->failure, "its draft could not be loaded");
    llw_arena_free(arena);
}

/* The model's own layers draft: a further context against the same weights. */
static void layers_that_draft_are_told_apart(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log =
        log_text(arena, TARGET "0.00.600.000 I common_speculative_init_result: creating MTP draft context "
                               "against the target model 'big.gguf'\n" DRAFT_CONTEXT READY);
    const llw_load *l = only(&log);
    assert_int_equal(l->devices[0].context, mib(1000));
    assert_int_equal(l->devices[0].draft, mib(300));
    assert_int_equal(l->devices[0].other, 0);
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_the_last_words_of_a_program_another_begins),
        cmocka_unit_test(each_banner_of_llama_cli_is_a_run),
        cmocka_unit_test(what_a_second_run_finds_is_its_own),
        cmocka_unit_test(a_run_broken_off_at_its_draft_takes_nothing_of_the_next),
        cmocka_unit_test(a_draft_stands_beside_its_target),
        cmocka_unit_test(a_draft_that_shows_nothing_is_unknown),
        cmocka_unit_test(what_a_draft_runs_out_of_is_what_its_target_left),
        cmocka_unit_test(layers_that_draft_are_told_apart),
    };
    return cmocka_run_group_tests_name("log_runs", tests, NULL, NULL);
}
