/* Logs that are cut off, damaged, or say more than there is room for. */
#include "logs.h"

/* As people paste them into reports: the header is left out. */
static void a_load_may_begin_anywhere(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log =
        log_text(arena, "> llm_load_tensors: offloaded 33/33 layers to GPU\n"
                        "> llm_load_tensors:      CUDA0 buffer size = 18193.59 MiB\n"
                        "> llama_new_context_with_model: n_ctx      = 32768\n"
                        "> main: n_kv_max = 32768, n_batch = 4096, n_ubatch = 4096, flash_attn = 1\n");
    assert_int_equal(log.n_loads, 1);
    assert_int_equal(log.loads[0].offloaded, 33);
    assert_int_equal(log.loads[0].n_ctx, 32768);
    assert_int_equal(log.loads[0].outcome, LLW_LOG_LOADED);
    log = log_text(arena, "llama_new_context_with_model: n_ctx      = 8192\n"
                          "llama_kv_cache_init:      CUDA0 KV buffer size =   768.00 MiB\n"
                          "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 167771.94 MiB on device 0: "
                          "cudaMalloc failed: out of memory\n");
    assert_int_equal(log.n_loads, 1);
    assert_int_equal(log.loads[0].n_ctx, 8192);
    assert_int_equal(log.loads[0].outcome, LLW_LOG_OOM);
    log = log_text(arena,
                   "llama_context: n_ctx         = 4096\n"
                   "Thread 1 \"llama-bench\" received signal CUDA_EXCEPTION_5, Warp Out-of-range Address.\n");
    assert_int_equal(log.loads[0].outcome, LLW_LOG_CRASH);
    llw_arena_free(arena);
}

static void a_log_may_end_anywhere(void **state) {
    (void)state;
    static const char *const files[] = {"v0.5.0-lv4.log",
                                        "v0.5.0-fit-adjusts.log",
                                        "2026-02-docker-fit-oom.log",
                                        "2026-02-compose-retry.log",
                                        "2026-02-journal-illegal.log",
                                        "2025-ik-compute-oom.log",
                                        "2023-main.log"};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++) {
        llw_arena *arena = llw_arena_new();
        size_t len = 0;
        char *bytes = log_bytes(arena, files[f], &len);
        llw_log whole;
        llw_log_parse(arena, files[f], bytes, len, &whole);
        for (size_t end = 0; end <= len; end++) {
            if (end < len && bytes[end] != '\n' && end % 97) continue; /* at each line, and within some */
            llw_arena *part = llw_arena_new();
            llw_log log;
            llw_log_parse(part, files[f], bytes, end, &log);
            assert_true(log.n_loads <= whole.n_loads);
            for (size_t i = 0; i < log.n_loads; i++) {
                const llw_load *l = &log.loads[i];
                assert_true(l->last_line <= log.lines && l->first_line >= 1);
                /* what was not yet said is not known */
                if (!l->loaded_line && !l->oom.line && l->outcome != LLW_LOG_CRASH &&
                    l->outcome != LLW_LOG_FAILED)
                    assert_int_equal(l->outcome, LLW_LOG_UNKNOWN);
            }
            llw_arena_free(part);
        }
        llw_arena_free(arena);
    }
}

static uint64_t next_random(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void a_log_may_be_damaged(void **state) {
    (void)state;
    static const char *const files[] = {"2026-02-compose-retry.log",
                                        "2026-02-docker-fit-oom.log",
                                        "2025-ik-compute-oom.log",
                                        "2026-02-journal-illegal.log",
                                        "2023-main.log",
                                        "2024-server.log",
                                        "v0.5.0-lv4.log"};
    static const char *const splices[] = {
        "99999999999999999999", "-1", "%s%n", "\x1b[", "MiB", "\n", " = ", "\x00\xff", "1e308", "0"};
    uint64_t seed = 88172645463325252u;
    for (int round = 0; round < 1400; round++) {
        llw_arena *arena = llw_arena_new();
        size_t len = 0;
        char *bytes = log_bytes(arena, files[round % 7], &len);
        for (int k = 0; k < 20; k++) {
            size_t at = next_random(&seed) % len;
            uint64_t what = next_random(&seed);
            if (what % 3 == 0)
                bytes[at] = (char)(what >> 8);
            else if (what % 3 == 1)
                memmove(bytes + at, bytes + at + (what >> 16) % (len - at),
                        (len - at) - (what >> 16) % (len - at));
            else {
                const char *splice = splices[(what >> 8) % 10];
                for (size_t i = 0; splice[i] && at + i < len; i++) bytes[at + i] = splice[i];
            }
        }
        llw_log log;
        llw_log_parse(arena, "damaged.log", bytes, len, &log);
        for (size_t i = 0; i < log.n_loads; i++) {
            const llw_load *l = &log.loads[i];
            for (int d = 0; d < l->n_devices; d++)
                assert_true(l->devices[d].model >= -1 && l->devices[d].total >= -1);
            assert_true(l->n_findings <= LLW_LOG_FINDINGS && l->n_evidence <= LLW_LOG_EVIDENCE);
        }
        llw_arena_free(arena);
    }
}

static void figures_no_machine_has_are_not_known(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log =
        log_text(arena, "llama_model_loader: loaded meta data with 1 key-value pairs and 2 tensors from "
                        "m.gguf (version GGUF V3)\n"
                        "llama_model_load_from_file_impl: using device CUDA0 (X) (0000:01:00.0) - "
                        "99999999999999999 MiB free\n"
                        "load_tensors:        CUDA0 model buffer size = 999999999999999999999.00 MiB\n"
                        "load_tensors:        CUDA1 model buffer size = 17592186044416.00 MiB\n"
                        "load_tensors:        CUDA2 model buffer size = -5.00 MiB\n"
                        "llama_context: n_ctx = 999999999999999999999999\n");
    for (int i = 0; i < log.loads[0].n_devices; i++) assert_true(log.loads[0].devices[i].model <= 0);
    assert_int_equal(log.loads[0].devices[0].free, -1);
    assert_int_equal(log.loads[0].n_ctx, -1);
    llw_arena_free(arena);
}

static void more_than_there_is_room_for(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_text t = {0};
    for (int i = 0; i < LLW_LOG_LOADS + 30; i++)
        llw_text_addf(&t, "srv    load_model: loading model '%d.gguf'\nmain: model loaded\n", i);
    llw_log log = log_text(arena, llw_text_str(&t));
    assert_int_equal(log.n_loads, LLW_LOG_LOADS);
    assert_true(log.n_more > 0);
    llw_text_fini(&t);
    llw_text_add(&t, "srv    load_model: loading model 'm.gguf'\n");
    for (int i = 0; i < 2000; i++)
        llw_text_addf(&t, "load_tensors: CUDA%d model buffer size = 1.00 MiB\n", i);
    log = log_text(arena, llw_text_str(&t));
    assert_int_equal(log.loads[0].n_devices, LLW_LOG_DEVICES);
    assert_int_equal(log.loads[0].n_buffers, LLW_LOG_BUFFERS);
    llw_text_fini(&t);
    for (int i = 0; i < 100; i++) llw_text_addf(&t, "service-%d  | main: model loaded\n", i);
    log = log_text(arena, llw_text_str(&t));
    assert_true(log.n_loads > 0 && log.n_loads <= LLW_LOG_LOADS);
    llw_text_fini(&t);
    for (int i = 0; i < 300000; i++) llw_text_add(&t, "((((| : ] ");
    log = log_text(arena, llw_text_str(&t)); /* one line of three million bytes */
    assert_int_equal(log.n_loads, 0);
    assert_false(log.recognised);
    llw_text_fini(&t);
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_load_may_begin_anywhere),   cmocka_unit_test(a_log_may_end_anywhere),
        cmocka_unit_test(a_log_may_be_damaged),        cmocka_unit_test(figures_no_machine_has_are_not_known),
        cmocka_unit_test(more_than_there_is_room_for),
    };
    return cmocka_run_group_tests_name("log_damage", tests, NULL, NULL);
}
