/* Records made from what other programs wrote: what each of their words becomes in the ledger, and what is
 * refused. */
#include "base/text.h"
#include "source/evidence/ledger.h"
#include "source/evidence/record_make.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static llw_arena *arena;
static llw_record *records;
static size_t n_records;

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

static void says(const llw_record *record, const char *part) {
    llw_record copy = *record;
    const char *text = llw_record_text(arena, &copy);
    if (!strstr(text, part)) fail_msg("%s\nis not in\n%s", part, text);
}

static void says_not(const llw_record *record, const char *part) {
    llw_record copy = *record;
    const char *text = llw_record_text(arena, &copy);
    if (strstr(text, part)) fail_msg("%s\nis in\n%s", part, text);
}

/* --- llama-bench --- */

#define BENCH(rest) "{\"model_filename\": \"m/a.gguf\", \"avg_ts\": 12.5, \"build_number\": 8022" rest "}"

static llw_rc bench(const char *text, llw_err *err) {
    return llw_record_from_bench(arena, "out/bench.json", text, strlen(text), &records, &n_records, err);
}

static void settings_of_a_bench_become_flags(void **state) {
    (void)state;
    static const char *const rows[][2] = {
        {", \"n_cpu_moe\": 3", "[-ncmoe, 3, --fit, off]"},
        {", \"n_cpu_moe\": 0, \"n_batch\": -1", "[--fit, off]"},
        {", \"flash_attn\": true", "[-fa, on, --fit, off]"},
        {", \"flash_attn\": 1", "[-fa, on, --fit, off]"},
        {", \"flash_attn\": 0", "[-fa, off, --fit, off]"},
        {", \"flash_attn\": false", "[-fa, off, --fit, off]"},
        {", \"flash_attn\": -1", "[--fit, off]"},
        {", \"flash_attn\": \"on\"", "[--fit, off]"},
        {", \"devices\": \"auto\", \"tensor_split\": \"0.00\", \"tensor_buft_overrides\": \"none\"",
         "[--fit, off]"},
        {", \"devices\": \"CUDA0\", \"tensor_split\": \"1.00/2.00\"",
         "[-dev, CUDA0, -ts, 1.00/2.00, --fit, off]"},
        {", \"tensor_buft_overrides\": \"exps=CPU\"", "[-ot, \"exps=CPU\", --fit, off]"},
        {", \"no_kv_offload\": true", "[-nkvo, --fit, off]"},
        {", \"no_kv_offload\": 1, \"type_k\": \"\"", "[-nkvo, --fit, off]"},
        {", \"no_kv_offload\": false, \"type_k\": 7", "[--fit, off]"},
        {", \"n_ubatch\": \"512\", \"main_gpu\": 0", "[-mg, 0, --fit, off]"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        llw_err err = {0};
        const char *text = llw_arena_printf(arena, "[" BENCH("%s") "]", rows[i][0]);
        if (bench(text, &err) != LLW_OK) fail_msg("%s: %s", text, err.text);
        assert_int_equal(n_records, 1);
        llw_text flags = {0};
        for (size_t k = 0; k < records->n_flags; k++)
            llw_text_addf(&flags, strchr(records->flags[k], '=') ? "%s\"%s\"" : "%s%s", k ? ", " : "[",
                          records->flags[k]);
        llw_text_add(&flags, "]");
        assert_string_equal(llw_text_str(&flags), rows[i][1]);
        llw_text_fini(&flags);
    }
}

static void speeds_of_a_bench_are_of_prompt_or_answer(void **state) {
    (void)state;
    llw_err err = {0};
    assert_int_equal(bench(
                         "[" BENCH(", \"n_prompt\": 512, \"n_gen\": 0") "," BENCH(
                             ", \"n_gen\": 64, \"n_depth\": 100") "," BENCH(", \"n_prompt\": 512, \"n_gen\": "
                                                                            "64") ","
                                                                                  "{\"model_filename\": "
                                                                                  "\"m/a.gguf\", \"avg_ts\": "
                                                                                  "0, \"build_number\": "
                                                                                  "8022, \"n_gen\": 64}]",
                         &err),
                     LLW_OK);
    assert_int_equal(n_records, 1);
    assert_int_equal(records->n_tests, 4);
    assert_true(records->tests[0].prompt_speed == 12.5 && records->tests[0].speed == -1);
    assert_int_equal(records->tests[1].prompt_tokens, 100);
    assert_true(records->tests[1].speed == 12.5 && records->tests[1].prompt_speed == -1);
    assert_string_equal(records->tests[2].note, "12.50 tokens a second, prompt and answer together");
    assert_true(records->tests[3].speed == -1);
    says(records, "source: bench.json");
    says(records, "build: b8022");
}

static void tests_of_one_setting_share_a_record(void **state) {
    (void)state;
    llw_err err = {0};
    assert_int_equal(
        bench(
            BENCH(", \"gpu_info\": \"NVIDIA A, NVIDIA B\"") "\n\n" BENCH(", \"n_batch\": 7") "\n" BENCH(
                ", \"n_batch\": 8") "\n" BENCH(", \"no_kv_offload\": true") "\n"
                                                                            "{\"model_filename\": \"\", "
                                                                            "\"avg_ts\": 1, "
                                                                            "\"build_commit\": "
                                                                            "\"abcdef012\"}\n"
                                                                            "{\"model_filename\": \"\", "
                                                                            "\"avg_ts\": 1, "
                                                                            "\"build_number\": 0}\n"
                                                                            "{\"model_filename\": "
                                                                            "\"m/b.gguf\", \"avg_ts\": 1, "
                                                                            "\"build_number\": 8022}\n" BENCH(
                                                                                "") "\n",
            &err),
        LLW_OK);
    assert_int_equal(n_records, 7);
    assert_int_equal(records[0].n_tests, 2);
    assert_int_equal(records[0].n_gpus, 2);
    assert_string_equal(records[0].gpus[1].name, "NVIDIA B");
    assert_string_equal(records[4].build, "abcdef012");
    assert_null(records[5].build);
    llw_text many = {0}; /* 64 tests fill a record, 512 records are all */
    for (int i = 0; i < 65; i++) llw_text_add(&many, BENCH("") "\n");
    assert_int_equal(bench(llw_text_str(&many), &err), LLW_OK);
    assert_int_equal(n_records, 2);
    for (int i = 0; i < 600; i++) llw_text_addf(&many, BENCH(", \"n_batch\": %d") "\n", i);
    assert_int_equal(bench(llw_text_str(&many), &err), LLW_OK);
    assert_int_equal(n_records, LLW_RECORDS_MADE);
    llw_text_fini(&many);
    llw_text cards = {0};
    for (int i = 0; i < 20; i++) llw_text_addf(&cards, "%sGPU %d", i ? ", " : "", i);
    assert_int_equal(
        bench(llw_arena_printf(arena, "[" BENCH(", \"gpu_info\": \"%s\"") "]", llw_text_str(&cards)), &err),
        LLW_OK);
    assert_int_equal(records->n_gpus, LLW_RECORD_GPUS);
    llw_text_fini(&cards);
}

static void what_is_no_bench_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int line;
    } rows[] = {{"", 1},
                {"[]", 1},
                {"[7]", 1},
                {"[" BENCH("") ", {}]", 1},
                {"{\"model_filename\": \"a\"}", 1},
                {"{\"avg_ts\": 1}", 1},
                {BENCH("") "\nno JSON\n", 2},
                {BENCH("") "\n\n{\"a\": 1}", 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        llw_err err = {0};
        assert_int_equal(bench(rows[i].text, &err), LLW_ERR_INPUT);
        if (err.line != rows[i].line || !strstr(err.text, "llama-bench -o json"))
            fail_msg("%s: line %d: %s", rows[i].text, err.line, err.text);
    }
}

/* --- probes --- */

#define PROBES "schema: llwhy.probe/1\nprobes:\n"

static llw_rc probes(const char *text, llw_err *err) {
    return llw_record_from_probes(arena, "p.yaml", text, strlen(text), &records, &n_records, err);
}

static void a_recorded_probe_becomes_a_record(void **state) {
    (void)state;
    llw_err err = {0};
    llw_rc rc = probes(
        PROBES "- started: 2026-02-22T10:00:00Z\n"
               "  build: {version: b8115, commit: ed4837891}\n"
               "  model: {name: n, path: /m/a.gguf, meant: x.gguf, file_bytes: 4000, tensor_bytes: 3000}\n"
               "  launch: {profile: big, placement: by hand, context: 4096, slots: 2, flags: [-c, 8192, ~]}\n"
               "  machine: {driver: 580.1, devices: ['CUDA0 NVIDIA H200, 143771 MiB', nothing, CUDA1 A card, "
               "'CUDA2 B, much']}\n"
               "  trials:\n"
               "  - {outcome: passed, prompt_tokens: 20, generated_tokens: 8, generated_tokens_per_second: "
               "12.5, at_once: 1}\n"
               "  - {outcome: passed, prompt_tokens: 2000, counted_by: estimate, at_once: 2, detail: ''}\n"
               "  - {outcome: failed, problem: crashed, prompt_tokens: 9000, counted_by: server, detail: it "
               "is gone}\n"
               "  - {outcome: failed, problem: http-error, http_status: 401}\n"
               "  - {outcome: skipped}\n"
               "- build: {commit: ed4837891}\n  model: {meant: /m/b.gguf}\n  launch: {context: -5, slots: "
               "many}\n  trials: []\n"
               "- model: {name: c}\n  launch: {context: 4096, flags: words}\n  trials: [{outcome: passed, "
               "prompt_tokens_per_second: -1}]\n"
               "- {trials: []}\n",
        &err);
    if (rc != LLW_OK) fail_msg("%d: %s", err.line, err.text);
    assert_int_equal(n_records, 4);
    const llw_record *r = &records[0];
    assert_int_equal(r->n_ctx, 8192); /* of both slots */
    assert_int_equal(r->n_flags, 3);
    assert_int_equal(r->n_gpus, 3);
    assert_string_equal(r->gpus[0].name, "NVIDIA H200");
    assert_int_equal(r->gpus[0].total, (int64_t)143771 << 20);
    assert_string_equal(r->gpus[1].name, "A card");
    assert_int_equal(r->gpus[1].total, -1);
    assert_string_equal(r->gpus[2].name, "B");
    assert_int_equal(r->gpus[2].total, -1);
    assert_int_equal(r->n_tests, 3);
    assert_true(r->tests[0].speed == 12.5);
    assert_int_equal(r->tests[0].slots, -1);
    assert_int_equal(r->tests[1].slots, 2);
    assert_int_equal(r->tests[1].prompt_tokens, -1);
    assert_string_equal(r->tests[1].note, "about 2000 tokens, nobody counted them");
    assert_int_equal(r->tests[2].passed, 0);
    assert_string_equal(r->tests[2].note, "it is gone");
    assert_string_equal(records[1].build, "ed4837891");
    assert_string_equal(records[1].model_file, "b.gguf");
    assert_int_equal(records[1].n_ctx, -1);
    assert_string_equal(records[2].model_file, "c");
    assert_int_equal(records[2].n_ctx, 4096);
    assert_null(records[2].flags);
    assert_null(records[3].model_file);
}

static void more_trials_than_a_record_holds_are_left_out(void **state) {
    (void)state;
    llw_err err = {0};
    llw_text t = {0};
    llw_text_add(&t, PROBES "- machine: {devices: [");
    for (int i = 0; i < 30; i++) llw_text_addf(&t, "CUDA%d card, ", i);
    llw_text_add(&t, "]}\n  launch: {flags: [");
    for (int i = 0; i < 300; i++) llw_text_add(&t, "-v, ");
    llw_text_add(&t, "]}\n  trials:\n");
    for (int i = 0; i < 100; i++) llw_text_add(&t, "  - {outcome: passed}\n");
    assert_int_equal(probes(llw_text_str(&t), &err), LLW_OK);
    assert_int_equal(records->n_tests, LLW_RECORD_TESTS);
    assert_int_equal(records->n_gpus, LLW_RECORD_GPUS);
    assert_int_equal(records->n_flags, LLW_RECORD_FLAGS);
    llw_text_fini(&t);
}

static void what_is_no_probe_is_refused(void **state) {
    (void)state;
    static const struct {
        const char *text, *said;
        int line;
    } rows[] = {
        {"", "its schema is llwhy.probe/1", 1},
        {"a: [", "is no YAML", 1},
        {"probes: []\n", "its schema is", 1},
        {"schema: ''\nprobes: []\n", "its schema is", 1},
        {"schema: llwhy.probe/2\nprobes: []\n", "its schema is", 1},
        {"schema: llwhy.probe/1\n", "its schema is", 1},
        {"schema: llwhy.probe/1\nprobes: {}\n", "its schema is", 1},
        {PROBES "- {}\n", "no trials that can be read", 3},
        {PROBES "- {trials: 7}\n", "no trials that can be read", 3},
        {PROBES "- {trials: [{}]}\n", "no trials that can be read", 3},
        {PROBES "- {trials: []}\n- {trials: [{outcome: perhaps}]}\n", "no trials that can be read", 4},
        {PROBES "- {trials: [{outcome: failed, problem: bored}]}\n", "no trials that can be read", 3}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        llw_err err = {0};
        assert_int_equal(probes(rows[i].text, &err), LLW_ERR_INPUT);
        if (err.line != rows[i].line || !strstr(err.text, rows[i].said))
            fail_msg("%s: line %d: %s", rows[i].text, err.line, err.text);
    }
}

/* --- runs --- */

static llw_rc ran(const char *text, llw_record *out, llw_err *err) {
    return llw_record_from_run(arena, "results/e.json", text, strlen(text), out, err);
}

static void a_benchmark_counts_its_problems(void **state) {
    (void)state;
    llw_record r;
    llw_err err = {0};
    assert_int_equal(ran("{\"eval\": {\"Mbpp/1\": [{\"solution\": \"x\", \"base_status\": \"PASS\"}, "
                         "{\"solution\": \"\"}],"
                         "\"Mbpp/2\": [], \"Mbpp/3\": [{\"plus_status\": \"fail\", \"base_status\": "
                         "\"pass\", \"output\": \" y\"}]}}",
                         &r, &err),
                     LLW_OK);
    assert_string_equal(r.benchmark, "mbpp");
    assert_int_equal(r.problems, 3);
    assert_int_equal(r.answered, 2);
    assert_int_equal(r.solved, 1);
    assert_int_equal(r.tests[0].passed, 0);
    says(&r, "source: e.json");
    assert_int_equal(
        ran("{\"task_id\": \"Mbpp/1\", \"completion\": \"x\", \"prompt_tokens\": 100}\n\n"
            "{\"task_id\": \"Mbpp/2\", \"raw_solution\": \"x\", \"usage\": {\"prompt_tokens\": 300}}\n"
            "{\"task_id\": \"Mbpp/2\", \"output\": \" \\n\", \"prompt_tokens\": 900}\n"
            "{\"task_id\": \"Mbpp/1\", \"solution\": \"x\", \"prompt_tokens\": 50}\n",
            &r, &err),
        LLW_OK);
    assert_int_equal(r.answered, 2);
    assert_int_equal(r.solved, -1); /* nobody judged */
    assert_int_equal(r.tests[0].passed, 1);
    assert_int_equal(r.tests[0].prompt_tokens, 300); /* the longest that was answered */
    static const struct {
        const char *text;
        int line;
    } bad[] = {{"", 0},
               {"{\"eval\": {}}", 1},
               {"{\"eval\": []}", 1},
               {"[]", 1},
               {"{\"task_id\": \"a\"}\n{}\n", 2},
               {"words", 1}};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        assert_int_equal(ran(bad[i].text, &r, &err), LLW_ERR_INPUT);
        assert_int_equal(err.line, bad[i].line);
    }
    assert_int_equal(llw_record_from_run(arena, "here.json", "{\"task_id\": \"X\"}", 16, &r, &err), LLW_OK);
    assert_string_equal(r.source, "here.json");
}

/* --- loads --- */

static llw_load load_of(llw_log_outcome outcome) {
    return (llw_load){.first_line = 7,
                      .build = "b8115",
                      .path = "/m/a.gguf",
                      .n_ctx = 4096,
                      .n_seq = 1,
                      .n_batch = -1,
                      .n_ubatch = -1,
                      .file_bytes = -1,
                      .offloaded = -1,
                      .layers = -1,
                      .longest_prompt = -1,
                      .crash_prompt = -1,
                      .outcome = outcome,
                      .host = {.name = "Host", .model = -1, .context = -1, .compute = -1}};
}

static void a_load_tells_its_buffers_and_prompts(void **state) {
    (void)state;
    llw_log log = {.path = "-", .n_loads = 2};
    llw_load load = load_of(LLW_LOG_LOADED);
    llw_record r;
    static const struct {
        int64_t total, free, unaccounted, grew;
    } rows[] = {
        {1000, 900, 150, 50}, {1000, 900, 50, -1}, {1000, 900, -1, -1}, {0, 0, 50, -1}, {1000, -1, 50, -1}};
    enum { ROWS = sizeof rows / sizeof *rows };
    for (int i = 0; i < ROWS; i++)
        load.devices[i] = (llw_log_device){.name = "CUDA",
                                           .description = "a card",
                                           .total = rows[i].total,
                                           .free = rows[i].free,
                                           .model = i == 1 ? -1 : 10,
                                           .context = i == 2 ? -1 : 20,
                                           .compute = i == 3 ? -1 : 30,
                                           .unaccounted = rows[i].unaccounted};
    load.n_devices = ROWS;
    load.longest_prompt = 512, load.longest_prompt_speed = 900;
    load.requests = 3, load.eval_tokens = 64, load.eval_ms = 1000, load.eval_steps = 63;
    llw_record_from_load(arena, &log, &load, &r);
    assert_null(r.source); /* nobody knows where it came from */
    assert_int_equal(r.n_buffers, ROWS);
    for (int i = 0; i < ROWS; i++) assert_int_equal(r.buffers[i].grew, rows[i].grew);
    assert_int_equal(r.gpus[3].total, -1);
    assert_int_equal(r.n_tests, 1);
    assert_true(r.tests[0].prompt_speed == 900 && r.tests[0].speed == 63);
    says(&r, "the longest of 3 prompts; answers of all of them together");
    load.requests = 1, load.eval_tokens = 8, load.longest_prompt_speed = 0;
    llw_record_from_load(arena, &log, &load, &r);
    assert_true(r.tests[0].speed == -1 && r.tests[0].prompt_speed == -1);
    assert_int_equal(r.tests[0].answer_tokens, 8);
    load.eval_tokens = 64, load.eval_ms = 0;
    llw_record_from_load(arena, &log, &load, &r);
    assert_true(r.tests[0].speed == -1);
    says_not(&r, "note");
    load.n_devices = LLW_LOG_DEVICES;
    for (int i = ROWS; i < LLW_LOG_DEVICES; i++) load.devices[i] = load.devices[0];
    load.host.model = 5;
    llw_record_from_load(arena, &log, &load, &r);
    assert_int_equal(r.n_gpus, LLW_RECORD_GPUS);
    assert_int_equal(r.n_buffers, LLW_RECORD_BUFFERS);
    load.n_devices = 1;
    load.devices[0].model = load.devices[0].context = load.devices[0].compute = -1;
    llw_record_from_load(arena, &log, &load, &r);
    assert_string_equal(r.buffers[0].device, "Host");
}

static void an_end_in_trouble_is_a_test_that_failed(void **state) {
    (void)state;
    llw_log one = {.path = "logs/a.log", .n_loads = 1}, two = {.path = "logs/a.log", .n_loads = 2};
    llw_load load = load_of(LLW_LOG_CRASH);
    llw_record r;
    load.crash_prompt = 8391;
    load.failure = "an illegal memory access was encountered";
    llw_record_from_load(arena, &one, &load, &r);
    says(&r, "source: a.log\n");
    assert_int_equal(r.tests[0].prompt_tokens, 8391);
    assert_string_equal(r.tests[0].note, load.failure);
    load = load_of(LLW_LOG_OOM);
    load.path = NULL;
    llw_record_from_load(arena, &two, &load, &r);
    says(&r, "a.log:7");
    assert_null(r.model_file);
    assert_int_equal(r.n_tests, 0); /* it never ran */
    load.oom.running = true;
    llw_record_from_load(arena, &two, &load, &r);
    assert_int_equal(r.tests[0].prompt_tokens, -1);
    assert_string_equal(r.tests[0].note, "the program ended");
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(settings_of_a_bench_become_flags),     T(speeds_of_a_bench_are_of_prompt_or_answer),
        T(tests_of_one_setting_share_a_record),  T(what_is_no_bench_is_refused),
        T(a_recorded_probe_becomes_a_record),    T(more_trials_than_a_record_holds_are_left_out),
        T(what_is_no_probe_is_refused),          T(a_benchmark_counts_its_problems),
        T(a_load_tells_its_buffers_and_prompts), T(an_end_in_trouble_is_a_test_that_failed),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
