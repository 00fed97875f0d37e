/* Reading load logs as they are found: in reports, in JSON, cut, from every backend. */
#include "logs.h"

/* --- what the log is in --- */

static const char report[] = "### Bug: unknown model architecture: 'deci'\n\n"
                             "It says CUDA error: out of memory and is Killed\n"
                             "```\nmain: build = 3661 (ab7f694b)\n" HEADER
                             "llama_model_load: error loading model: unknown model architecture: 'deci'\n"
                             "```\nSegmentation fault, I think.\n";

static void words_around_the_fences_are_no_log(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, report);
    const llw_load *l = only(&log);
    assert_int_equal(l->outcome, LLW_LOG_FAILED);
    assert_string_equal(l->failure, "this build does not know the architecture deci");
    assert_int_equal(l->evidence[0], 7);
    log = log_text(arena, HEADER "a prompt with\n```\ncode\n```\nmain: model loaded\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_LOADED); /* fences of what was asked hide nothing */
    log = log_text(arena, "```\nsome code\n```\n" HEADER "main: model loaded\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_LOADED);
    llw_arena_free(arena);
}

static void a_log_may_be_one_string_of_json(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(
        arena,
        "{\n  \"status\": \"FAILED\",\n  \"tail\": \"0.00.069.803 I srv    load_model: loading model "
        "'/m/a.gguf'\\n"
        "0.01.102.641 W a name in \\\"quotes\\\"\\n"
        "0.01.107.228 E ggml_backend_cuda_buffer_type_alloc_buffer: allocating 70673.58 MiB on device 1: "
        "cudaMalloc "
        "failed: out of memory\\n0.01.107.232 E alloc_tensor_range: failed to allocate ROCm1 buffer of size "
        "74106623104\\n0.01.139.170 E llama_model_load_from_file_impl: failed to load model\\n\"\n}\n");
    const llw_load *l = only(&log);
    assert_int_equal(l->outcome, LLW_LOG_OOM);
    assert_string_equal(l->path, "/m/a.gguf");
    assert_string_equal(l->oom.device, "ROCm1");
    assert_int_equal(l->oom.asked, 74106623104);
    assert_int_equal(l->oom.line, 3);
    llw_arena_free(arena);
}

/* llama-quantize reads a file and loads nothing; what comes behind it in a script's log does. */
static void quantising_is_no_load(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, "main: build = 8022 (3bb78133a)\n" HEADER
                                  "llama_model_quantize_impl: model size  =  1202.09 MiB\n"
                                  "main: quantize time =  2584.52 ms\n" HEADER "main: model loaded\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_LOADED);
    assert_int_equal(only(&log)->path_line, 5);
    log = log_text(arena, HEADER "main: model loaded\nggml_vulkan: device lost on Vulkan0\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_CRASH);
    llw_arena_free(arena);
}

/* A shell's job number is no server's port. */
static void shells_tell_of_crashes(void **state) {
    (void)state;
    static const char *const ends[] = {
        "[1]    3804384 segmentation fault (core dumped)  ./llama-cli -m m.gguf",
        "fish: Job 1, 'time build/bin/llama-bench' terminated by signal SIGABRT (Abort)",
        "Memory access fault by GPU node-1 (Agent handle: 0x55) on address 0x7f. Reason: Unknown.",
        "libggml-base.so(ggml_abort+0x152)[0x72edb99cda02]",
        "SIGSEGV: segmentation violation",
        "/home/u/ik_llama.cpp/src/llama-sampling.cpp:745: Fatal error",
        "Illegal instruction (core dumped)"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        llw_arena *arena = llw_arena_new();
        llw_log log = log_text(arena, llw_arena_printf(arena, HEADER "%s\n", ends[i]));
        if (only(&log)->outcome != LLW_LOG_CRASH) fail_msg("%s: no crash", ends[i]);
        llw_arena_free(arena);
    }
}

/* What helps against an end that was named, and never "another build" where that is not what helps. */
static void an_end_has_its_own_advice(void **state) {
    (void)state;
    static const struct {
        const char *end, *advice;
    } ends[] = {
        {"CUDA error: CUDA-capable device(s) is/are busy or unavailable\n",
         "another process has the card to itself (nvidia-smi -q -d COMPUTE shows the mode), or the driver "
         "has "
         "to be loaded again"},
        {"CUDA error: no kernel image is available for execution on the device\n",
         "a build that names this GPU's compute capability in CMAKE_CUDA_ARCHITECTURES"},
        {"CUDA error: unspecified launch failure\n",
         "another build, then a test with a long prompt: llwhy lesson L06"},
        {"Illegal instruction (core dumped)\n", "a build for this processor: made on it with GGML_NATIVE, or "
                                                "without the AVX-512 and AMX that it lacks"},
        {"llama_model_load: error loading model: unknown model architecture: 'new'\n",
         "a newer build; if none knows it, a fork that the model's page names"},
        {"llama_model_load: error loading model: unknown model architecture: ''\n",
         "the file's header names no architecture: it is no language model, or it is damaged. llwhy FILE "
         "shows the header"},
        {"E srv  start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8080\n",
         "another --port, or end what listens there (ss -ltnp)"},
        {"llama_model_load: error loading model: something else\n", ""},
        {"ggml_backend_cpu_buffer_type_alloc_buffer: failed to allocate buffer of size 137438953472\n"
         "llama_kv_cache_init: failed to allocate buffer for kv cache\n",
         "a smaller -c, fewer slots (-np), or -ctk q8_0 -ctv q8_0"},
    };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        llw_arena *arena = llw_arena_new();
        llw_log log = log_text(arena, llw_arena_printf(arena, HEADER "%s", ends[i].end));
        assert_int_equal(only(&log)->n_findings, 1);
        assert_string_equal(only(&log)->findings[0].advice, ends[i].advice);
        llw_arena_free(arena);
    }
}

static void a_context_is_known_by_the_line_that_the_verbosity_left(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, "0.00.101.200 I llama_completion: llama threadpool init, n_threads = 8\n"
                                  "generate: n_ctx = 8192, n_batch = 2048, n_predict = 64, n_keep = 0\n");
    assert_int_equal(only(&log)->n_ctx, 8192);
    assert_int_equal(only(&log)->outcome, LLW_LOG_LOADED);
    llw_arena_free(arena);
}

static void one_slot_has_all_of_the_context(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    static const char slots[] = "0.01.0 I srv    load_model: loading model 'm.gguf'\n"
                                "0.01.1 I srv    load_model: initializing slots, n_slots = %d\n"
                                "0.01.2 I slot   load_model: id  0 | task -1 | new slot, n_ctx = 65536\n"
                                "0.01.3 I srv  llama_server: model loaded\n";
    llw_log log = log_text(arena, llw_arena_printf(arena, slots, 1));
    assert_int_equal(only(&log)->n_ctx, 65536);
    log = log_text(arena, llw_arena_printf(arena, slots, 4)); /* shared or not, nobody knows */
    assert_int_equal(only(&log)->n_ctx, -1);
    assert_int_equal(only(&log)->n_seq, 4);
    llw_arena_free(arena);
}

static void llama_cli_tells_its_speed_behind_each_answer(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, HEADER "> hello\n[ Prompt: 414.2 t/s | Generation: 18.5 t/s ]\n"
                                         "[ Prompt: 300.0 t/s | Generation: 17.5 t/s ]\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_LOADED);
    assert_int_equal(only(&log)->requests, 2);
    assert_float_equal(only(&log)->cli_prompt_speed, 300.0, 1e-9);
    assert_float_equal(only(&log)->cli_speed, 17.5, 1e-9);
    log = log_text(arena, HEADER "prompt eval time =     100.00 ms /    10 tokens (   10.00 ms per token,   "
                                 "100.00 tokens per second)\n"
                                 "[ Prompt: 100.0 t/s | Generation: 17.5 t/s ]\n");
    assert_int_equal(only(&log)->requests, 1); /* not told twice */
    assert_float_equal(only(&log)->cli_speed, 0, 1e-9);
    llw_arena_free(arena);
}

static void a_backend_that_cannot_tell_says_0(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(
        arena, "llama_prepare_model_devices: using device HTP0 (Hexagon) (unknown id) - 0 MiB free\n" HEADER
               "load_tensors:         HTP0 model buffer size =   522.30 MiB\nmain: model loaded\n");
    assert_int_equal(only(&log)->devices[0].model, mib(522.3));
    assert_int_equal(only(&log)->devices[0].free, -1);
    llw_arena_free(arena);
}

static void a_line_goes_on_behind_the_dots_of_the_load(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, HEADER "................GGML_ASSERT: C:\\l\\ggml-cuda.cu:5925: false\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_CRASH);
    assert_string_equal(only(&log)->failure, "the assertion \"false\" failed");
    log = log_text(arena, HEADER "........\nmain: model loaded\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_LOADED);
    llw_arena_free(arena);
}

static void what_was_killed_ran_out_of_memory(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(
        arena,
        "time=2026-04-22T06:22:10.586Z level=INFO source=x.go:1 msg=\"model weights\" buffer=CUDA0 "
        "size=\"16.2 GiB\"\n"
        "time=2025-03-12T12:14:22.015Z level=ERROR source=sched.go:456 msg=\"error loading llama server\" "
        "error=\"llama runner process has terminated: signal: killed\"\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_OOM);
    assert_true(only(&log)->oom.killed);
    /* the end of a server's log, as systemd tells it */
    log = log_text(
        arena, "srv   prompt_save:  - saving prompt with length 28960, total state size = 3462.850 MiB\n"
               "slot update_slots: id  0 | task 5 | kv cache rm [0, end)\nFailed with result 'oom-kill'.\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_OOM);
    log = log_text(arena, "somebody was Killed\nFailed with result 'oom-kill'.\n"); /* not ours */
    assert_int_equal(log.n_loads, 0);
    llw_arena_free(arena);
}

/* --- loads whose beginning was left out --- */

static void offloaded_layers_are_said_once_a_load(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, "load_tensors: offloaded 62/62 layers to GPU\n"
                                  "load_tensors: RPC[192.168.1.2:50053] model buffer size = 60767.75 MiB\n"
                                  "load_tensors:      Vulkan0 model buffer size = 37403.07 MiB\n"
                                  "| llama 7B Q4_0 | 3.56 GiB | 6.74 B | Vulkan,RPC | 99 | pp512 | 404.67 |\n"
                                  "build: 9515c613 (6097)\n"
                                  "load_tensors: offloaded 62/62 layers to GPU\n"
                                  "load_tensors:        ROCm0 model buffer size = 48406.50 MiB\n");
    assert_int_equal(log.n_loads, 2);
    assert_string_equal(log.loads[0].build, "b6097");
    assert_int_equal(llw_load_device(&log.loads[0], "RPC[192.168.1.2:50053]")->model, mib(60767.75));
    assert_int_equal(log.loads[1].n_devices, 1);
    assert_int_equal(log.loads[1].devices[0].model, mib(48406.5));
    llw_arena_free(arena);
}

static void what_is_not_shown_is_not_nothing(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, "llm_load_tensors: mem required  = 1694.39 MiB\n"
                                  "llm_load_tensors: offloaded 19/33 layers to GPU\n"
                                  "llm_load_tensors: VRAM used: 2223.59 MiB\n"
                                  "llama_new_context_with_model: VRAM scratch buffer: 288.00 MiB\n"
                                  "CUDA error 2 at ggml-cuda.cu:9096: out of memory\ncurrent device: 0\n");
    const llw_load *l = only(&log);
    assert_int_equal(l->host.model, mib(1694.39));
    assert_int_equal(l->devices[0].compute, mib(288));
    assert_int_equal(l->devices[0].context, -1); /* the lines of the context are left out */
    assert_string_equal(l->oom.device, "CUDA0");
    log = log_text(arena, "llama_model_load_internal: n_ctx      = 1720\n"
                          "llama_model_load_internal: mem required  = 9508.66 MB (+ 1608.00 MB per state)\n"
                          "llama_init_from_file: kv self size  = 1343.75 MB\n");
    assert_int_equal(only(&log)->host.context, mib(1343.75));
    llw_arena_free(arena);
}

/* --- backends --- */

static void every_backend_has_its_names(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(
        arena, "ggml_vulkan: 0 = AMD Radeon RX 7900 XTX (RADV NAVI31) (radv) | uma: 0 | fp16: 1\n" HEADER
               "llm_load_tensors: AMD Radeon RX 7900 XTX (RADV NAVI31) buffer size = 18671.19 MiB\n"
               "llama_kv_cache_init: AMD Radeon RX 7900 XTX (RADV NAVI31) KV buffer size =  2244.00 MiB\n");
    assert_string_equal(only(&log)->devices[0].name, "Vulkan0");
    assert_int_equal(only(&log)->devices[0].model, mib(18671.19));
    assert_int_equal(only(&log)->devices[0].context, mib(2244));
    log = log_text(arena, "load_tensors:         HTP0 model buffer size =     0.26 MiB\n"
                          "load_tensors:  HTP0-REPACK model buffer size =   504.00 MiB\n");
    assert_int_equal(only(&log)->n_devices, 1);
    assert_int_equal(only(&log)->devices[0].model, mib(504.26));
    log = log_text(
        arena, HEADER
        "load_tensors:        SYCL0 model buffer size =  4712.21 MiB\n"
        "ggml_backend_sycl_buffer_type_alloc_buffer: can't allocate 568000000 Bytes of memory on device\n"
        "ggml_gallocr_reserve_n: failed to allocate SYCL0 buffer of size 568000000\n");
    assert_string_equal(only(&log)->oom.device, "SYCL0");
    assert_int_equal(only(&log)->oom.asked, 568000000);
    log = log_text(
        arena,
        HEADER "load_tensors:        ROCm0 model buffer size =   579.23 MiB\n"
               "[2025-05-29 12:00:35.235796] E ROCm error: out of memory\n"
               "[2025-05-29 12:00:35.235796] E   current device: 0, in function stream at common.cuh:794\n");
    assert_string_equal(only(&log)->oom.device, "ROCm0"); /* no line told which backend counts here */
    llw_arena_free(arena);
}

static void metal_of_2023_names_the_buffer(void **state) {
    (void)state;
    static const struct {
        const char *name;
        llw_log_part part;
    } buffers[] = {{"data            ", LLW_LOG_MODEL},
                   {"kv              ", LLW_LOG_KV},
                   {"alloc           ", LLW_LOG_COMPUTE}};
    for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++) {
        llw_arena *arena = llw_arena_new();
        llw_log log = log_text(
            arena, llw_arena_printf(
                       arena,
                       "llm_load_tensors: mem required  = 100.00 MiB\n"
                       "ggml_metal_add_buffer: error: failed to allocate '%s' buffer, size = 2048.50 MiB\n",
                       buffers[i].name));
        assert_string_equal(only(&log)->oom.device, "Metal");
        assert_int_equal(only(&log)->oom.part, buffers[i].part);
        assert_int_equal(only(&log)->oom.asked, mib(2048.5));
        llw_arena_free(arena);
    }
}

static void pinned_memory_that_is_not_there_stops_nothing(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, HEADER "ggml_vulkan: Failed to allocate pinned memory.\n"
                                         "ggml_vulkan: vk::Device::allocateMemory: ErrorOutOfDeviceMemory\n"
                                         "load_tensors:      Vulkan0 model buffer size =   100.00 MiB\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_UNKNOWN);
    assert_int_equal(only(&log)->oom.line, 0);
    llw_arena_free(arena);
}

static void a_second_try_takes_the_failure_back(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(
        arena, "0.01 E ggml_backend_cuda_buffer_type_alloc_buffer: allocating 51748.72 MiB on device 1: "
               "cudaMalloc failed: out "
               "of memory\n"
               "graph_reserve: failed to allocate compute buffers\n"
               "sched_reserve: compute buffer allocation failed, retrying without pipeline parallelism\n"
               "srv    load_model: initializing, n_slots = 1, n_ctx_slot = 50176, kv_unified = 'false'\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_UNKNOWN);
    assert_null(only(&log)->failure);
    assert_string_equal(log_codes(arena, only(&log)), "R14 R16");
    llw_arena_free(arena);
}

static void a_projectors_graph_is_not_the_models(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log =
        log_text(arena, HEADER "llama_context: n_ctx         = 2048\nsched_reserve: graph splits = 3\n"
                               "alloc_compute_meta: graph splits = 1, nodes = 823\n");
    assert_int_equal(only(&log)->n_splits, 1);
    assert_int_equal(only(&log)->splits[0], 3);
    llw_arena_free(arena);
}

static void a_prompt_that_came_last_is_told_without_a_beginning(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, "slot update_slots: id  2 | task 1950 | new prompt, n_ctx_slot = 131072, "
                                  "n_keep = 0, task.n_tokens = 214\n"
                                  "CUDA error: an illegal memory access was encountered\n");
    assert_int_equal(only(&log)->outcome, LLW_LOG_CRASH);
    assert_int_equal(only(&log)->crash_prompt, 214);
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_around_the_fences_are_no_log),
        cmocka_unit_test(a_log_may_be_one_string_of_json),
        cmocka_unit_test(quantising_is_no_load),
        cmocka_unit_test(shells_tell_of_crashes),
        cmocka_unit_test(an_end_has_its_own_advice),
        cmocka_unit_test(a_context_is_known_by_the_line_that_the_verbosity_left),
        cmocka_unit_test(one_slot_has_all_of_the_context),
        cmocka_unit_test(llama_cli_tells_its_speed_behind_each_answer),
        cmocka_unit_test(a_backend_that_cannot_tell_says_0),
        cmocka_unit_test(a_line_goes_on_behind_the_dots_of_the_load),
        cmocka_unit_test(what_was_killed_ran_out_of_memory),
        cmocka_unit_test(offloaded_layers_are_said_once_a_load),
        cmocka_unit_test(what_is_not_shown_is_not_nothing),
        cmocka_unit_test(every_backend_has_its_names),
        cmocka_unit_test(metal_of_2023_names_the_buffer),
        cmocka_unit_test(pinned_memory_that_is_not_there_stops_nothing),
        cmocka_unit_test(a_second_try_takes_the_failure_back),
        cmocka_unit_test(a_projectors_graph_is_not_the_models),
        cmocka_unit_test(a_prompt_that_came_last_is_told_without_a_beginning),
    };
    return cmocka_run_group_tests_name("log_wild", tests, NULL, NULL);
}
