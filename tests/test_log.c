/* Reading load logs: every format llama.cpp had, and what stands around its lines. */
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
#define LOAD(file, n_loads, index, outcome, build, program, architecture, n_layer, n_ctx, n_ubatch, n_seq,   \
             offloaded, layers, flash_attn, type_k, device, model, context, compute, host_model,             \
             host_compute, splits, of_one, ready_line, codes)                                                \
    {file,  n_loads,  index,   LLW_LOG_##outcome, build,        program,          architecture, n_layer,     \
     n_ctx, n_ubatch, n_seq,   offloaded,         layers,       flash_attn,       type_k,       device,      \
     model, context,  compute, host_model,        host_compute, {splits, of_one}, ready_line,   codes},
#include "log_loads.def"
#undef LOAD
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
    {"docker's own file, written anew", "{\"log\": \"", "\\n\", \"stream\": \"stderr\"}\n"},
    {"containerd", "2026-02-16T10:00:00.000000000Z stderr F ", "\r\n"},
    {"a table of times", "2026-05-14 22:14:27.974 | ", "\n"},
    {"journalctl in French", "mars 3 10:00:00 box llama-server[123]: ", "\n"},
    {"journalctl in Chinese", "2\xe6\x9c\x88 22 10:00:00 box llama-server[123]: ", "\n"},
    {"kubectl logs --prefix", "[pod/llama-7d9f/llama] ", "\n"},
    {"the router's children", "[41303] ", "\n"},
    {"a time stamp in brackets", "[2026-02-16 10:00:00] ", "\n"},
    {"LocalAI", "10:00AM DBG GRPC(m.gguf-127.0.0.1:38013): stderr ", "\n"},
    {"quoted in an issue", "> ", "\n"},
    {"journalctl -o verbose", "    MESSAGE=", "\n"},
    {"CR LF", "", "\r\n"},
    {"colours of llama.cpp", "\x1b[32mI \x1b[0m", "\x1b[0m\n"},
    {"a file of PowerShell", "\xef\xbb\xbf", "\n"},
};

static void add_line(llw_text *t, const char *line, size_t len, bool json) {
    for (size_t i = 0; i < len; i++) {
        if (json && (line[i] == '"' || line[i] == '\\')) llw_text_add(t, "\\");
        llw_text_addn(t, line + i, 1);
    }
}

static const char *wrapped(llw_arena *arena, const char *text, const wrapping *w) {
    llw_text t = {0};
    for (const char *at = text; *at;) {
        size_t n = strcspn(at, "\n");
        if (strcmp(w->name, "a file of PowerShell") || at == text) llw_text_add(&t, w->before);
        add_line(&t, at, n, *w->before == '{');
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

/* The loads that the table expects of a file, in the log's loads from `first` on; `shift` lines stand before.
 */
static void check_loads(llw_arena *arena, const char *file, const llw_log *log, size_t first, int shift) {
    for (size_t k = 0; k < sizeof loads / sizeof *loads; k++) {
        if (strcmp(file, loads[k].file)) continue;
        expected e = loads[k];
        if (e.ready_line) e.ready_line += shift;
        check_load(&e, &log->loads[first + e.index], arena);
    }
}

static size_t loads_of(const char *file) {
    for (size_t k = 0; k < sizeof loads / sizeof *loads; k++)
        if (!strcmp(file, loads[k].file)) return loads[k].n_loads;
    return 0;
}

/* One run is broken off behind any of its lines and another one begins in the same file: neither takes
 * anything from the other. */
static void check_two_runs(const char *first, const char *second, int step) {
    llw_arena *arena = llw_arena_new();
    size_t len = 0, next = 0;
    char *bytes = log_bytes(arena, first, &len), *whole = log_bytes(arena, second, &next);
    int lines = 0;
    for (size_t end = 0; end < len; end++) {
        if (bytes[end] != '\n' || ++lines % step) continue;
        llw_arena *part = llw_arena_new();
        llw_log before, both;
        llw_log_parse(part, first, bytes, end + 1, &before);
        char *joined = llw_arena_alloc(part, end + 1 + next);
        memcpy(joined, bytes, end + 1);
        memcpy(joined + end + 1, whole, next);
        llw_log_parse(part, second, joined, end + 1 + next, &both);
        if (both.n_loads != before.n_loads + loads_of(second))
            fail_msg("%s up to line %d, then %s: %zu loads", first, lines, second, both.n_loads);
        check_loads(part, second, &both, before.n_loads, lines);
        llw_arena_free(part);
    }
    llw_arena_free(arena);
}

static void a_run_may_be_broken_off_and_another_begin(void **state) {
    (void)state;
    enum { SOME = 53 };
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++) {
        if (loads[i].index) continue;
        check_two_runs(loads[i].file, loads[i].file, 1);
        for (size_t k = 0; k < sizeof loads / sizeof *loads; k++)
            if (k != i && !loads[k].index) check_two_runs(loads[i].file, loads[k].file, SOME);
    }
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
        cmocka_unit_test(a_run_may_be_broken_off_and_another_begin),
        cmocka_unit_test(numbers_with_a_comma_and_lines_of_other_programs),
        cmocka_unit_test(further_contexts_stand_beside_or_take_turns),
        cmocka_unit_test(no_gpu_is_said),
        cmocka_unit_test(a_router_loads_nothing),
        cmocka_unit_test(what_is_no_log_is_refused_with_a_reason),
        cmocka_unit_test(every_code_is_explained),
    };
    return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
