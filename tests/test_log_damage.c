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

/* What a server says of its slots, in the words of each time, when nothing of the load is left. A slot's
 * context is what it may use; the whole is told only where nothing can have been cut off from it. */
static const struct slots {
    const char *text;
    int64_t whole, each, slots;
} slots[] = {
    /* 2023-10 to 2024-03 */
    {"Available slots:\n -> Slot 0 - max context: 1024\n -> Slot 1 - max context: 1024\nslot 1 is processing "
     "[task "
     "id: 3]\n",
     2048, 1024, 2},
    {" -> Slot 1 - max context: 1024\nslot 1 is processing [task id: 3]\n", -1, 1024, -1},
    {"slot 0 released (17 tokens in cache)\n", -1, -1, -1},
    /* 2024-03 to 2024-08; ik_llama.cpp */
    {"{\"tid\":\"1\",\"timestamp\":1,\"level\":\"INFO\",\"function\":\"init\",\"line\":1,\"msg\":"
     "\"initializing "
     "slots\",\"n_slots\":4}\n"
     "{\"tid\":\"1\",\"timestamp\":1,\"level\":\"INFO\",\"function\":\"init\",\"line\":1,\"msg\":\"new "
     "slot\",\"id_slot\":0,\"n_ctx_slot\":512}\n"
     "{\"tid\":\"1\",\"timestamp\":1,\"level\":\"INFO\",\"function\":\"launch_slot_with_data\",\"line\":1,"
     "\"msg\":"
     "\"slot is processing task\",\"id_slot\":0,\"id_task\":0}\n",
     2048, 512, 4},
    {"{\"function\":\"update_slots\",\"level\":\"INFO\",\"line\":1632,\"msg\":\"slot "
     "released\",\"n_cache_tokens\":3,\"n_ctx\":4096,\"n_past\":3}\n"
     "{\"function\":\"update_slots\",\"level\":\"INFO\",\"line\":1632,\"msg\":\"slot is processing task\"}\n",
     4096, -1, -1},
    {"INFO [                    init] initializing slots | tid=\"1\" timestamp=1 n_slots=2\n"
     "INFO [                    init] new slot | tid=\"1\" timestamp=1 id_slot=0 n_ctx_slot=8192\n"
     "INFO [            update_slots] kv cache rm [p0, end) | tid=\"1\" timestamp=1 id_slot=0 id_task=5 "
     "p0=0\n",
     16384, 8192, 2},
    {"INFO [           release_slots] slot released | tid=\"1\" timestamp=1 id_slot=0 id_task=9 n_ctx=131072 "
     "n_past=7\n"
     "INFO [   launch_slot_with_task] slot is processing task | tid=\"1\" timestamp=1 id_slot=0 id_task=10\n",
     131072, -1, -1},
    {"INFO [    batch_pending_prompt] kv cache rm [p0, end) | tid=\"1\" timestamp=1 id_slot=0 id_task=9 "
     "p0=7\n",
     -1, -1, -1},
    /* 2024-08 to 2025-11: the context divided */
    {"srv          init: initializing slots, n_slots = 2\n"
     "slot         init: id  0 | task -1 | new slot n_ctx_slot = 2048\n"
     "slot launch_slot_: id  0 | task 0 | processing task\n",
     4096, 2048, 2},
    {"slot update_slots: id  0 | task 0 | new prompt, n_ctx_slot = 2048, n_keep = 0, n_prompt_tokens = 11\n",
     -1, 2048, -1},
    {"srv          init: initializing slots, n_slots = 3\n"
     "slot update_slots: id  0 | task 0 | new prompt, n_ctx_slot = 1365, n_keep = 0, n_prompt_tokens = 11\n",
     -1, 1365, 3}, /* 4,096, and whether it was is not told */
    /* 2025-11 to v0.5.0 */
    {"srv    load_model: initializing slots, n_slots = 1\n"
     "srv    load_model: the slot context (65536) exceeds the training context of the model (32768) - "
     "capping\n"
     "slot   load_model: id  0 | task -1 | new slot, n_ctx = 32768\n"
     "slot launch_slot_: id  0 | task 0 | processing task, is_child = 0\n",
     65536, 65536, 1},
    {"main: n_parallel is set to auto, using n_parallel = 4 and kv_unified = true\n"
     "srv    load_model: initializing slots, n_slots = 4\n"
     "slot   load_model: id  0 | task -1 | new slot, n_ctx = 40960\n"
     "slot launch_slot_: id  3 | task 0 | processing task, is_child = 0\n",
     40960, 40960, 4},
    {"slot   load_model: id  3 | task -1 | new slot, n_ctx = 40960\n"
     "slot launch_slot_: id  3 | task 0 | processing task, is_child = 0\n",
     -1, 40960, -1}, /* shared, and capped, or not */
    {"slot update_slots: id  0 | task 7 | new prompt, n_ctx_slot = 131072, n_keep = 0, task.n_tokens = 9\n",
     -1, 131072, -1},
    {"0.01.022.333 I srv    load_model: initializing, n_slots = 4, n_ctx_slot = 4096, kv_unified = 'false'\n"
     "0.09.022.333 I slot      release: id  0 | task 0 | stop processing: n_tokens = 30, truncated = 0\n",
     16384, 4096, 4},
    {"0.01.022.333 I srv    load_model: capping per-slot context (65536) to --kv-unified-per-slot (8192)\n"
     "0.01.022.333 I srv    load_model: initializing, n_slots = 4, n_ctx_slot = 8192, kv_unified = 'true'\n"
     "0.09.022.333 I slot print_timing: id  0 | task 0 | n_gen =     80, tg =  26.00 t/s, tg_3s =  26.00 "
     "t/s\n",
     65536, 65536, 4},
};

static void a_server_tells_its_context_by_its_slots(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof slots / sizeof *slots; i++) {
        llw_arena *arena = llw_arena_new();
        llw_log log = log_text(arena, slots[i].text);
        const llw_load *l = log.loads;
        if (log.n_loads != 1 || l->outcome != LLW_LOG_LOADED || l->n_ctx != slots[i].whole ||
            l->n_ctx_seq != slots[i].each || l->n_seq != slots[i].slots)
            fail_msg("%s: %zu loads, context %lld, a slot's %lld, slots %lld", slots[i].text, log.n_loads,
                     (long long)(log.n_loads ? l->n_ctx : 0), (long long)(log.n_loads ? l->n_ctx_seq : 0),
                     (long long)(log.n_loads ? l->n_seq : 0));
        llw_arena_free(arena);
    }
}

/* A slot that is being made says nothing of the load's end, and a router's children tell for themselves. */
static void a_slot_without_a_task_is_no_load(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, "slot get_availabl: id  0 | task -1 | selected slot by LRU, t_last = -1\n");
    assert_int_equal(log.n_loads, 0);
    log = log_text(arena, "srv    load_model: loading model 'm.gguf'\n"
                          "slot   load_model: id  0 | task -1 | speculative decoding context initialized\n");
    assert_int_equal(log.loads[0].outcome, LLW_LOG_UNKNOWN);
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
    static const struct {
        const char *bytes;
        size_t len;
    } splices[] = {
#define SPLICE(text) {text, sizeof text - 1}
        SPLICE("99999999999999999999"),
        SPLICE("-1"),
        SPLICE("%s%n"),
        SPLICE("\x1b["),
        SPLICE("MiB"),
        SPLICE("\n"),
        SPLICE(" = "),
        SPLICE("\x00\xff"),
        SPLICE("1e308"),
        SPLICE("0"),
#undef SPLICE
    };
    enum { FILES = sizeof files / sizeof *files, SPLICES = sizeof splices / sizeof *splices };
    uint64_t seed = 88172645463325252u;
    for (int round = 0; round < 1400; round++) {
        llw_arena *arena = llw_arena_new();
        size_t len = 0;
        char *bytes = log_bytes(arena, files[round % FILES], &len);
        for (int k = 0; k < 20; k++) {
            size_t at = next_random(&seed) % len;
            uint64_t what = next_random(&seed);
            if (what % 3 == 0)
                bytes[at] = (char)(what >> 8);
            else if (what % 3 == 1)
                memmove(bytes + at, bytes + at + (what >> 16) % (len - at),
                        (len - at) - (what >> 16) % (len - at));
            else {
                size_t s = (what >> 8) % SPLICES;
                for (size_t i = 0; i < splices[s].len && at + i < len; i++)
                    bytes[at + i] = splices[s].bytes[i];
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
    for (int i = 0; i < log.loads[0].n_devices; i++) assert_int_equal(log.loads[0].devices[i].model, -1);
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
    assert_int_equal(log.n_more, 30);
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
        cmocka_unit_test(a_load_may_begin_anywhere),
        cmocka_unit_test(a_server_tells_its_context_by_its_slots),
        cmocka_unit_test(a_slot_without_a_task_is_no_load),
        cmocka_unit_test(a_log_may_end_anywhere),
        cmocka_unit_test(a_log_may_be_damaged),
        cmocka_unit_test(figures_no_machine_has_are_not_known),
        cmocka_unit_test(more_than_there_is_room_for),
    };
    return cmocka_run_group_tests_name("log_damage", tests, NULL, NULL);
}
