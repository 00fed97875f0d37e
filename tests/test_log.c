/* Reading load logs: every format llama.cpp had, what stands around its lines, and logs that are broken. */
#include "logs.h"

typedef struct expected {
    const char *file;
    size_t n_loads, index;
    llw_log_outcome outcome;
    const char *build, *program, *architecture;
    int64_t n_layer, n_ctx, n_ubatch, n_seq, offloaded, layers;
    const char *flash_attn, *type_k;
    const char *device;             /* one of its GPUs */
    double model, context, compute; /* MiB; -1 not told */
    double host_model, host_compute;
    int64_t splits[2];
    int ready_line;
    const char *codes;
} expected;

static const expected loads[] = {
    {"v0.5.0-lv4.log",
     1,
     0,
     LLW_LOG_LOADED,
     NULL,
     "llama-server",
     "llama",
     32,
     8192,
     512,
     1,
     33,
     33,
     "on",
     "f16",
     "CUDA0",
     4403.49,
     1024,
     116.01,
     281.81,
     24.01,
     {2, 0},
     74,
     ""},
    {"v0.5.0-lv5.log",
     1,
     0,
     LLW_LOG_LOADED,
     NULL,
     "llama-server",
     "llama",
     32,
     524288,
     512,
     4,
     33,
     33,
     "on",
     "f16",
     "CUDA0",
     4403.49,
     65536,
     620.01,
     281.81,
     528.01,
     {2, 0},
     212,
     ""},
    {"v0.5.0-default.log",
     1,
     0,
     LLW_LOG_LOADED,
     NULL,
     "llama-server",
     NULL,
     -1,
     131072,
     -1,
     4,
     -1,
     -1,
     NULL,
     NULL,
     NULL,
     -1,
     -1,
     -1,
     -1,
     -1,
     {0, 0},
     8,
     "R07 R09"},
    {"v0.5.0-argument.log",
     1,
     0,
     LLW_LOG_FAILED,
     NULL,
     NULL,
     NULL,
     -1,
     -1,
     -1,
     -1,
     -1,
     -1,
     NULL,
     NULL,
     NULL,
     -1,
     -1,
     -1,
     -1,
     -1,
     {0, 0},
     0,
     "R06"},
    {"v0.5.0-fit-adjusts.log",
     1,
     0,
     LLW_LOG_LOADED,
     NULL,
     "llama-server",
     "qwen3moe",
     48,
     13056,
     512,
     4,
     49,
     49,
     "on",
     "f16",
     "CUDA1",
     6092.88,
     382.5,
     92.76,
     166.92,
     20.76,
     {3, 0},
     203,
     "R08"},
    {"v0.5.0-fit-gives-up.log",
     1,
     0,
     LLW_LOG_LOADED,
     NULL,
     "llama-server",
     "llama",
     32,
     131072,
     512,
     4,
     33,
     33,
     "on",
     "f16",
     "CUDA0",
     4403.49,
     16384,
     236.01,
     281.81,
     144.01,
     {2, 0},
     88,
     "R07"},
    {"v0.5.0-experts-in-ram.log",
     1,
     0,
     LLW_LOG_LOADED,
     NULL,
     "llama-server",
     "qwen3moe",
     48,
     32768,
     512,
     1,
     49,
     49,
     "on",
     "f16",
     "CUDA0",
     9154.43,
     3072,
     249.51,
     8807.41,
     40.01,
     {74, 50},
     75,
     "R11"},
    {"v0.5.0-embedding.log",
     1,
     0,
     LLW_LOG_LOADED,
     NULL,
     "llama-server",
     "bert",
     24,
     512,
     512,
     4,
     25,
     25,
     "on",
     NULL,
     "CUDA0",
     577.23,
     0,
     12.51,
     61.63,
     6.51,
     {2, 0},
     80,
     ""},
    {"2026-05-ot-between-gpus.log",
     1,
     0,
     LLW_LOG_LOADED,
     NULL,
     "llama-server",
     "deepseek2",
     47,
     10240,
     1024,
     1,
     48,
     48,
     "on",
     "q8_0",
     "CUDA1",
     9339.25,
     137.47,
     661.76,
     321.41,
     56.02,
     {93, 0},
     74,
     "R20"},
    {"2026-05-hybrid.log",
     1,
     0,
     LLW_LOG_LOADED,
     NULL,
     "llama-server",
     "qwen35moe",
     40,
     32768,
     512,
     1,
     41,
     41,
     "on",
     "f16",
     "CUDA0",
     12088.87,
     384 + 39.78,
     372.06,
     272.81,
     264.08,
     {3, 0},
     80,
     ""},
    {"2026-05-crash.log",
     1,
     0,
     LLW_LOG_CRASH,
     NULL,
     "llama-server",
     "gemma3n",
     35,
     32768,
     512,
     1,
     36,
     36,
     "on",
     "f16",
     "CUDA0",
     2774.53,
     256 + 32,
     520,
     2257.5,
     91.52,
     {2, 0},
     71,
     "R04"},
    {"2026-05-rows.log",
     1,
     0,
     LLW_LOG_CRASH,
     NULL,
     "llama-server",
     "llama",
     32,
     32768,
     512,
     1,
     33,
     33,
     "on",
     "f16",
     "CUDA0",
     0.63 + 2479.22,
     2560,
     156.01,
     281.81,
     80.01,
     {3, 0},
     76,
     "R04"},
    {"2026-02-docker-fit-oom.log",
     1,
     0,
     LLW_LOG_OOM,
     "b8022",
     "llama-server",
     "deepseek2",
     47,
     -1,
     -1,
     -1,
     -1,
     -1,
     NULL,
     NULL,
     "CUDA0",
     -1,
     -1,
     -1,
     -1,
     -1,
     {0, 0},
     0,
     "R01 R07"},
    {"2026-02-compose-retry.log",
     1,
     0,
     LLW_LOG_OOM,
     "b7815",
     "llama-server",
     "llama",
     80,
     32768,
     512,
     4,
     81,
     81,
     "on",
     "q8_0",
     "CUDA1",
     19964.40,
     2720,
     266.50,
     563.62,
     80.01,
     {3, 0},
     39,
     "R14 R02 R18"},
    {"2026-02-journal-illegal.log",
     2,
     0,
     LLW_LOG_CRASH,
     "b8115",
     "llama-server",
     "qwen3next",
     -1,
     65536,
     -1,
     -1,
     49,
     49,
     NULL,
     NULL,
     "CUDA0",
     18000.50,
     816 + 75.38,
     420.25,
     30500.25,
     136.03,
     {120, 72},
     19,
     "R04 R11"},
    {"2026-02-journal-illegal.log",
     2,
     1,
     LLW_LOG_OOM,
     "b8115",
     "llama-server",
     NULL,
     -1,
     -1,
     -1,
     -1,
     -1,
     -1,
     NULL,
     NULL,
     NULL,
     -1,
     -1,
     -1,
     -1,
     -1,
     {0, 0},
     0,
     "R03"},
    {"2025-ik-compute-oom.log",
     1,
     0,
     LLW_LOG_OOM,
     "b3950",
     "llama-server",
     "deepseek2",
     61,
     32768,
     4096,
     -1,
     62,
     62,
     "on",
     "q8_0",
     "CUDA1",
     8687.38,
     573.76,
     -1,
     196608.50 + 469.99,
     -1,
     {0, 0},
     0,
     "R01 R11"},
    {"2025-router-vulkan.log",
     2,
     0,
     LLW_LOG_OOM,
     "b7500",
     "llama-server",
     NULL,
     -1,
     -1,
     -1,
     -1,
     -1,
     -1,
     NULL,
     NULL,
     "Vulkan0",
     -1,
     -1,
     -1,
     -1,
     -1,
     {0, 0},
     0,
     "R01"},
    {"2025-router-vulkan.log",
     2,
     1,
     LLW_LOG_LOADED,
     "b7500",
     "llama-server",
     NULL,
     -1,
     4096,
     512,
     -1,
     33,
     33,
     NULL,
     NULL,
     "Vulkan0",
     4403.49,
     512,
     258.5,
     281.81,
     16.01,
     {0, 0},
     23,
     ""},
    {"2024-server.log",
     1,
     0,
     LLW_LOG_LOADED,
     "b2400",
     "llama-server",
     "llama",
     32,
     2048,
     -1,
     -1,
     20,
     33,
     NULL,
     "f16",
     "CUDA0",
     2495.31,
     160,
     173,
     4165.37,
     164.01,
     {3, 0},
     29,
     "R10"},
    {"2023-main.log",
     1,
     0,
     LLW_LOG_LOADED,
     "b1299",
     "llama-cli",
     "llama",
     32,
     512,
     -1,
     -1,
     33,
     35,
     NULL,
     NULL,
     "CUDA0",
     3577.55,
     0,
     70.50,
     70.41,
     71.97,
     {0, 0},
     31,
     "R10"},
};

static void same_text(const expected *e, const char *what, const char *seen, const char *wanted) {
    if (!seen != !wanted || (seen && strcmp(seen, wanted)))
        fail_msg("%s: %s is %s, expected %s", e->file, what, seen ? seen : "(not told)",
                 wanted ? wanted : "(not told)");
}

static void same_count(const expected *e, const char *what, int64_t seen, int64_t wanted) {
    if (seen != wanted)
        fail_msg("%s: %s is %lld, expected %lld", e->file, what, (long long)seen, (long long)wanted);
}

/* Figures are read to the last digit printed; sums of two are a little less exact. */
static void same_mib(const expected *e, const char *what, int64_t seen, double wanted) {
    int64_t diff = wanted < 0 ? seen + 1 : llabs(seen - mib(wanted));
    if (diff > 2)
        fail_msg("%s: %s is %lld, expected %lld", e->file, what, (long long)seen,
                 (long long)(wanted < 0 ? -1 : mib(wanted)));
}

static void check_load(const expected *e, const llw_load *l, llw_arena *arena) {
    same_text(e, "outcome", llw_log_outcome_name(l->outcome), llw_log_outcome_name(e->outcome));
    same_text(e, "build", l->build, e->build);
    same_text(e, "program", l->program, e->program);
    same_text(e, "architecture", l->architecture, e->architecture);
    same_text(e, "flash_attn", l->flash_attn, e->flash_attn);
    same_text(e, "type_k", l->type_k, e->type_k);
    same_count(e, "n_layer", l->n_layer, e->n_layer);
    same_count(e, "n_ctx", l->n_ctx, e->n_ctx);
    same_count(e, "n_ubatch", l->n_ubatch, e->n_ubatch);
    same_count(e, "n_seq", l->n_seq, e->n_seq);
    same_count(e, "offloaded", l->offloaded, e->offloaded);
    same_count(e, "layers", l->layers, e->layers);
    same_count(e, "splits", l->splits[0], e->splits[0]);
    same_count(e, "splits of one token", l->n_splits > 1 ? l->splits[1] : 0, e->splits[1]);
    same_count(e, "ready line", l->loaded_line, e->ready_line);
    same_mib(e, "host model", l->host.model, e->host_model);
    same_mib(e, "host compute", l->host.compute, e->host_compute);
    if (e->device) {
        const llw_log_device *d = llw_load_device(l, e->device);
        if (!d) fail_msg("%s: no device %s", e->file, e->device);
        same_mib(e, "model", d->model, e->model);
        same_mib(e, "context", d->context, e->context);
        same_mib(e, "compute", d->compute, e->compute);
    }
    same_text(e, "findings", log_codes(arena, l), e->codes);
}

static void every_format_is_read(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        llw_log log = log_fixture(arena, loads[i].file);
        if (log.n_loads != loads[i].n_loads) fail_msg("%s: %zu loads", loads[i].file, log.n_loads);
        check_load(&loads[i], &log.loads[loads[i].index], arena);
    }
    llw_arena_free(arena);
}

static void what_ran_out_and_how_much_was_left(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    const llw_load *l = &log_fixture(arena, "2026-02-docker-fit-oom.log").loads[0];
    assert_string_equal(l->oom.device, "CUDA0");
    assert_int_equal(l->oom.asked, 25382985216);
    assert_int_equal(l->oom.free, mib(23671));
    assert_int_equal(l->oom.part, LLW_LOG_MODEL);
    assert_int_equal(l->evidence[0], 31);
    assert_int_equal(l->fit.state, LLW_LOG_FIT_GAVE_UP);
    assert_int_equal(l->fit.layers_given, 99);
    assert_int_equal(l->fit.context_given, 131072);
    assert_int_equal(l->fit.n_targets, 2);
    l = &log_fixture(arena, "2025-ik-compute-oom.log").loads[0];
    assert_true(l->ik);
    assert_int_equal(l->oom.asked, 17070826496);
    assert_int_equal(l->oom.taken, mib(9056.64) + mib(592.89));
    assert_int_equal(l->oom.free, -1); /* this log does not tell what was free: no number is made up */
    assert_int_equal(l->oom.part, LLW_LOG_COMPUTE);
    l = &log_fixture(arena, "2026-02-compose-retry.log").loads[0];
    assert_string_equal(l->source, "llama-1");
    assert_int_equal(l->retry.line, 31);
    assert_int_equal(l->retry.asked, 1266700288);
    assert_int_equal(l->retry.free, mib(23871) - mib(19964.40) - mib(2720));
    assert_false(l->pipelined);
    assert_true(l->oom.running);
    assert_string_equal(l->oom.device, "CUDA1");
    l = &log_fixture(arena, "2025-router-vulkan.log").loads[0];
    assert_int_equal(l->oom.asked, 22548578304);
    assert_string_equal(l->devices[0].description, "AMD Radeon RX 7900 XTX (RADV NAVI31)");
    assert_non_null(
        strstr(l->findings[0].message, "something else took memory")); /* more was free than it asked for */
    llw_arena_free(arena);
}

static void crashes_tell_the_prompt_and_the_device(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_fixture(arena, "2026-02-journal-illegal.log");
    const llw_load *l = &log.loads[0];
    assert_true(l->illegal_access);
    assert_int_equal(l->crash_prompt, 8391);
    assert_string_equal(l->crash_device, "CUDA0");
    assert_string_equal(l->source, "llama-server[4242]");
    assert_int_equal(l->evidence[0], 22);
    assert_true(log.loads[1].oom.killed);
    l = &log_fixture(arena, "2026-05-crash.log").loads[0];
    assert_string_equal(l->failure, "the assertion \"found\" failed");
    llw_arena_free(arena);
}

static void fit_is_told_and_its_dry_loads_are_none(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    const llw_load *l = &log_fixture(arena, "v0.5.0-fit-adjusts.log").loads[0];
    assert_int_equal(l->fit.state, LLW_LOG_FIT_DONE);
    assert_int_equal(l->fit.context_from, 163840);
    assert_int_equal(l->fit.context_to, 13056);
    assert_int_equal(l->fit.targets[1], mib(136000));
    l = &log_fixture(arena, "v0.5.0-lv5.log")
             .loads[0]; /* three headers, two of them of loads without memory */
    assert_int_equal(l->fit.state, LLW_LOG_FIT_UNCHANGED);
    assert_true(l->fit.context_free);
    assert_int_equal(l->n_contexts, 1);
    llw_arena_free(arena);
}

static void weights_in_ram_behind_a_mapping(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    const llw_load *l = &log_fixture(arena, "v0.5.0-experts-in-ram.log").loads[0];
    bool certain = true;
    assert_int_equal(l->host.mapped, mib(8807.41));
    assert_int_equal(llw_load_weights_in_ram(l, &certain), l->file_bytes - mib(9154.43));
    assert_false(certain);
    l = &log_fixture(arena, "v0.5.0-lv4.log").loads[0];
    assert_int_equal(llw_load_weights_in_ram(l, &certain), mib(281.81));
    assert_true(certain);
    llw_arena_free(arena);
}

static void speeds_are_llama_cpps_own(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    const llw_load *l = &log_fixture(arena, "v0.5.0-lv4.log").loads[0];
    assert_int_equal(l->requests, 1);
    assert_int_equal(l->longest_prompt, 1500);
    assert_true(fabs(l->longest_prompt_speed - 8805.7) < 1);
    l = &log_fixture(arena, "2023-main.log").loads[0];
    assert_true(fabs(l->eval_steps * 1e3 / l->eval_ms - 50) < 0.01);
    llw_arena_free(arena);
}

/* --- what stands around a line --- */

typedef struct wrapping {
    const char *name, *before, *after;
} wrapping;

static const wrapping wrappings[] = {
    {"docker logs -t", "2026-02-16T10:00:00.000000000Z ", "\n"},
    {"docker logs with a zone", "2026-02-16T10:00:00.000+01:00 ", "\n"},
    {"docker compose logs", "llama-server-1  | ", "\n"},
    {"docker compose logs -t", "llama-server-1  | 2026-02-16T10:00:00.000000000Z ", "\n"},
    {"colours of docker compose", "\x1b[36mllama-1  | \x1b[0m", "\n"},
    {"journalctl", "Feb  6 10:00:00 box llama-server[123]: ", "\n"},
    {"journalctl -o short-iso", "2026-02-16T10:00:00+0100 box llama-server[123]: ", "\n"},
    {"journalctl, by podman", "Feb 16 10:00:00 box podman[77]: ", "\n"},
    {"docker's own file", "{\"log\":\"", "\\n\",\"stream\":\"stderr\",\"time\":\"2026-02-16T10:00:00Z\"}\n"},
    {"kubectl logs --prefix", "[pod/llama-7d9f/llama] ", "\n"},
    {"the router's children", "[41303] ", "\n"},
    {"a time stamp in brackets", "[2026-02-16 10:00:00] ", "\n"},
    {"LocalAI", "10:00AM DBG GRPC(m.gguf-127.0.0.1:38013): stderr ", "\n"},
    {"quoted in an issue", "> ", "\n"},
    {"CR LF", "", "\r\n"},
    {"colours of llama.cpp", "\x1b[32mI \x1b[0m", "\x1b[0m\n"},
    {"a file of PowerShell", "\xef\xbb\xbf", "\n"},
};

static const char *wrapped(llw_arena *arena, const char *text, const wrapping *w) {
    llw_text t = {0};
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");
        if (strcmp(w->name, "a file of PowerShell") || at == text) llw_text_add(&t, w->before);
        llw_text_addn(&t, at, n);
        llw_text_add(&t, w->after);
        at += n + (at[n] == '\n');
    }
    const char *kept = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return kept;
}

static void the_same_log_in_every_wrapping(void **state) {
    (void)state;
    static const char *const files[] = {"v0.5.0-lv4.log", "2026-05-hybrid.log", "2025-ik-compute-oom.log",
                                        "2024-server.log"};
    for (size_t f = 0; f < sizeof files / sizeof *files; f++)
        for (size_t w = 0; w < sizeof wrappings / sizeof *wrappings; w++) {
            if (f == 3 && strchr(wrappings[w].before, '{'))
                continue; /* JSON within JSON is escaped: nobody logs so */
            llw_arena *arena = llw_arena_new();
            size_t len = 0;
            const char *bytes = log_bytes(arena, files[f], &len);
            llw_log log = log_text(arena, wrapped(arena, bytes, &wrappings[w]));
            if (log.n_loads != 1) fail_msg("%s, %s: %zu loads", files[f], wrappings[w].name, log.n_loads);
            for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
                if (!strcmp(loads[i].file, files[f])) {
                    expected e = loads[i];
                    e.file = llw_arena_printf(arena, "%s, %s", files[f], wrappings[w].name);
                    check_load(&e, &log.loads[0], arena);
                }
            llw_arena_free(arena);
        }
}

static void utf16_is_read(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    size_t len = 0;
    const char *bytes = log_bytes(arena, "2026-05-hybrid.log", &len);
    char *wide = llw_arena_alloc(arena, len * 2 + 2);
    memcpy(wide, "\xff\xfe", 2);
    for (size_t i = 0; i < len; i++) wide[2 + 2 * i] = bytes[i];
    llw_log log;
    llw_log_parse(arena, "wide.log", wide, len * 2 + 2, &log);
    assert_int_equal(log.n_loads, 1);
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
        if (!strcmp(loads[i].file, "2026-05-hybrid.log")) check_load(&loads[i], &log.loads[0], arena);
    llw_arena_free(arena);
}

static void two_services_in_one_log_stay_apart(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, "a-1  | srv    load_model: loading model 'a.gguf'\n"
                                  "b-1  | srv    load_model: loading model 'b.gguf'\n"
                                  "a-1  | load_tensors:        CUDA0 model buffer size =   100.00 MiB\n"
                                  "b-1  | load_tensors:        CUDA0 model buffer size =   200.00 MiB\n"
                                  "b-1  | main: model loaded\n");
    assert_int_equal(log.n_loads, 2);
    assert_string_equal(log.loads[0].path, "a.gguf");
    assert_int_equal(log.loads[0].devices[0].model, mib(100));
    assert_int_equal(log.loads[0].outcome, LLW_LOG_UNKNOWN);
    assert_int_equal(log.loads[1].devices[0].model, mib(200));
    assert_int_equal(log.loads[1].outcome, LLW_LOG_LOADED);
    assert_ptr_equal(llw_log_best(&log), &log.loads[1]);
    llw_arena_free(arena);
}

static void logs_one_after_the_other_are_several_loads(void **state) {
    (void)state;
    static const char *const files[] = {
        "2023-main.log",      "2024-server.log",        "2025-ik-compute-oom.log", "v0.5.0-argument.log",
        "v0.5.0-default.log", "2026-05-hybrid.log",     "2026-05-crash.log",       "v0.5.0-fit-gives-up.log",
        "v0.5.0-lv5.log",     "v0.5.0-fit-adjusts.log", "v0.5.0-lv4.log"};
    llw_arena *arena = llw_arena_new();
    llw_text all = {0};
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t len = 0;
        llw_text_add(&all, log_bytes(arena, files[i], &len));
    }
    llw_log log = log_text(arena, llw_text_str(&all));
    assert_int_equal(log.n_loads, sizeof files / sizeof *files);
    for (size_t i = 0; i < log.n_loads; i++)
        for (size_t k = 0; k < sizeof loads / sizeof *loads; k++) {
            if (strcmp(files[i], loads[k].file)) continue;
            expected e = loads[k];
            e.ready_line = log.loads[i].loaded_line; /* it moved */
            check_load(&e, &log.loads[i], arena);
        }
    llw_text_fini(&all);
    llw_arena_free(arena);
}

static void numbers_with_a_comma_and_lines_of_other_programs(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, "llama_model_loader: loaded meta data with 1 key-value pairs and 2 tensors "
                                  "from m.gguf (version GGUF V3)\n"
                                  "load_tensors:        CUDA0 model buffer size =  1900,25 MiB\n"
                                  "alloc_compute_meta:      CUDA0 compute buffer size =   109.00 MiB\n"
                                  "someone said: CUDA0 model buffer size is large\n");
    assert_int_equal(log.loads[0].devices[0].model, mib(1900.25));
    assert_int_equal(log.loads[0].devices[0].other, mib(109)); /* of the vision projector */
    assert_int_equal(log.loads[0].devices[0].compute, -1);
    llw_arena_free(arena);
}

static void further_contexts_stand_beside_or_take_turns(void **state) {
    (void)state;
    static const char two[] =
        "llama_model_loader: loaded meta data with 1 key-value pairs and 2 tensors from m.gguf (version GGUF "
        "V3)\n"
        "load_tensors:        CUDA0 model buffer size =  1000.00 MiB\n"
        "llama_context: constructing llama_context\nllama_context: n_ctx         = 4096\n"
        "llama_kv_cache:      CUDA0 KV buffer size =   100.00 MiB\n"
        "llama_context:      CUDA0 compute buffer size =    50.00 MiB\n"
        "llama_context: constructing llama_context\nllama_context: n_ctx         = 512\n"
        "llama_kv_cache:      CUDA0 KV buffer size =    10.00 MiB\n"
        "llama_context:      CUDA0 compute buffer size =     5.00 MiB\n";
    llw_arena *arena = llw_arena_new();
    const llw_load *l = &log_text(arena, two).loads[0]; /* a draft that shares the model */
    assert_int_equal(l->n_ctx, 4096);
    assert_int_equal(l->n_contexts, 2);
    assert_int_equal(l->devices[0].context, mib(100));
    assert_int_equal(l->devices[0].other, mib(15));
    l = &log_text(arena,
                  llw_arena_printf(arena, "| model | size | params | backend | ngl | test | t/s |\n%s", two))
             .loads[0];
    assert_int_equal(l->devices[0].context, mib(100));
    assert_int_equal(l->devices[0].other, 0); /* llama-bench */
    llw_arena_free(arena);
}

static void no_gpu_is_said(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log =
        log_text(arena, "ggml_cuda_init: failed to initialize CUDA: no CUDA-capable device is detected\n"
                        "srv    load_model: loading model 'm.gguf'\n"
                        "load_tensors:   CPU_Mapped model buffer size =   100.00 MiB\nmain: model loaded\n");
    assert_string_equal(log_codes(arena, &log.loads[0]), "R12");
    assert_non_null(strstr(log.loads[0].findings[0].message, "no CUDA-capable device"));
    llw_arena_free(arena);
}

/* --- broken and hostile logs --- */

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

/* A router listens without a model, and a draft context that only measures may fail, by its own words. */
static void a_router_loads_nothing(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(
        arena,
        "0.00.044.999 I srv  llama_server: starting server in router mode.\n"
        "0.00.046.262 I srv  llama_server: listening on http://0.0.0.0:10098\n"
        "[44449] 0.00.194.012 I srv    load_model: loading model '/m/a.gguf'\n"
        "[44449] 0.00.673.256 E llama_init_from_model: failed to initialize the context: Gemma4Assistant "
        "requires ctx_other to be set (this warning is normal during memory fitting)\n"
        "[44449] 0.03.777.597 I srv  llama_server: model loaded\n");
    assert_int_equal(log.n_loads, 1);
    assert_int_equal(log.loads[0].outcome, LLW_LOG_LOADED);
    assert_null(log.loads[0].failure);
    llw_arena_free(arena);
}

static void what_is_no_log_is_refused_with_a_reason(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log;
    llw_err err = {0};
    assert_int_equal(llw_log_read(arena, LLW_SOURCE_DIR "/LICENSE", &log, &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "llama.cpp"));
    assert_int_not_equal(llw_log_read(arena, LLW_SOURCE_DIR "/tests", &log, &err), LLW_OK);
    assert_int_not_equal(llw_log_read(arena, LLW_SOURCE_DIR "/tests/no.log", &log, &err), LLW_OK);
    llw_arena_free(arena);
}

static void every_code_is_explained(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    for (int i = 1; i <= 20; i++) {
        const char *code = llw_arena_printf(arena, "R%02d", i);
        assert_non_null(llw_log_code_title(code));
        assert_true(strlen(llw_log_code_text(code)) > 40);
    }
    assert_null(llw_log_code_title("R99"));
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_is_read),
        cmocka_unit_test(what_ran_out_and_how_much_was_left),
        cmocka_unit_test(crashes_tell_the_prompt_and_the_device),
        cmocka_unit_test(fit_is_told_and_its_dry_loads_are_none),
        cmocka_unit_test(weights_in_ram_behind_a_mapping),
        cmocka_unit_test(speeds_are_llama_cpps_own),
        cmocka_unit_test(the_same_log_in_every_wrapping),
        cmocka_unit_test(utf16_is_read),
        cmocka_unit_test(two_services_in_one_log_stay_apart),
        cmocka_unit_test(logs_one_after_the_other_are_several_loads),
        cmocka_unit_test(numbers_with_a_comma_and_lines_of_other_programs),
        cmocka_unit_test(further_contexts_stand_beside_or_take_turns),
        cmocka_unit_test(no_gpu_is_said),
        cmocka_unit_test(a_load_may_begin_anywhere),
        cmocka_unit_test(a_log_may_end_anywhere),
        cmocka_unit_test(a_log_may_be_damaged),
        cmocka_unit_test(figures_no_machine_has_are_not_known),
        cmocka_unit_test(more_than_there_is_room_for),
        cmocka_unit_test(a_router_loads_nothing),
        cmocka_unit_test(what_is_no_log_is_refused_with_a_reason),
        cmocka_unit_test(every_code_is_explained),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
