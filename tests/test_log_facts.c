/* Load logs as facts, beside predictions, and in print. */
#include "fact/build.h"
#include "infer/native.h"
#include "logs.h"
#include "render/log.h"
#include "source/model/known.h"
#include "source/log/claim.h"

#include <jansson.h>

typedef struct shown { /* a fixture read into facts with the launch it shows */
    llw_facts *facts;
    llw_log log;
    const llw_load *load;
    llw_entity launch;
    llw_log_result result;
    const char *words, *unsaid;
} shown;

static const char *joined(llw_arena *arena, const llw_token *words, size_t n) {
    llw_text t = {0};
    for (size_t i = 0; i < n; i++) llw_text_addf(&t, "%s%s", i ? " " : "", words[i].text);
    const char *kept = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return kept;
}

/* Machine, launch and measurement of a fixture; words: flags in place of those the log shows, NULL for these.
 */
static shown show(const char *fixture, const char *model_name, const char *words) {
    shown s = {.facts = llw_facts_new()};
    llw_arena *arena = llw_facts_arena(s.facts);
    llw_err err = {0};
    s.log = log_fixture(arena, fixture);
    s.load = llw_log_best(&s.log);
    assert_int_equal(llw_log_claim_machine(s.facts, &s.log, s.load, &err), LLW_OK);
    llw_entity model = 0;
    if (llw_source_known(s.facts, model_name, NULL, &model, &err) != LLW_OK) fail_msg("%s", err.text);
    llw_argv in = {.id = "shown"};
    const char *build = llw_log_build(s.load);
    in.build = llw_build_claim(s.facts, build ? build : "v0.5.0", LLW_GRADE_MEASURED, "log", "", &err);
    in.n_args = llw_log_words(arena, &s.log, s.load, &in.args, &s.unsaid);
    in.args_grade = LLW_GRADE_MEASURED;
    s.words = joined(arena, in.args, in.n_args);
    if (words) {
        llw_token *tokens = llw_arena_alloc(arena, 40 * sizeof *tokens);
        char *rest, *copy = llw_arena_strdup(arena, words);
        in.args = tokens;
        in.n_args = 0;
        in.args_grade = LLW_GRADE_FLAG;
        for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest))
            tokens[in.n_args++] = (llw_token){.text = word};
    }
    llw_argv_result read;
    assert_int_equal(llw_argv_read(s.facts, &in, &read, &err), LLW_OK);
    s.launch = read.launch;
    llw_facts_claim(s.facts, s.launch, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG, "test", "");
    llw_log_claim(s.facts, &s.log, s.load, s.launch, &s.result);
    return s;
}

static int64_t bytes_of(const llw_facts *facts, llw_kind kind, const char *id, llw_attr attr) {
    int64_t n = -1;
    llw_entity e = llw_facts_find(facts, kind, id);
    if (e) llw_facts_count(facts, e, attr, &n);
    return n;
}

/* What a draft took stands in its own column, for the launch that has this draft. */
static void a_draft_is_measured_where_it_is_the_launchs(void **state) {
    (void)state;
    static const struct {
        const char *flags;
        int64_t draft;
    } launches[] = {{"-md /other/place/small.gguf", 2300}, {"-md big.gguf", -1}, {"-c 4096", -1}};
    static const char text[] =
        "srv    load_model: loading model 'm.gguf'\n"
        "load_tensors:        CUDA0 model buffer size = 4403.49 MiB\n"
        "common_speculative_init_result: loading draft model '/models/small.gguf'\n"
        "load_tensors:        CUDA0 model buffer size =  2000.00 MiB\n"
        "llama_kv_cache:      CUDA0 KV buffer size =   200.00 MiB\n"
        "sched_reserve:      CUDA0 compute buffer size =   100.00 MiB\nllama_server: model loaded\n";
    for (size_t i = 0; i < sizeof launches / sizeof *launches; i++) {
        llw_facts *facts = llw_facts_new();
        llw_arena *arena = llw_facts_arena(facts);
        llw_err err = {0};
        llw_log log = log_text(arena, text);
        char *rest, *words = llw_arena_strdup(arena, launches[i].flags);
        llw_token args[2] = {{.text = strtok_r(words, " ", &rest)}, {.text = strtok_r(NULL, " ", &rest)}};
        llw_argv in = {.id = "shown", .args = args, .n_args = 2, .args_grade = LLW_GRADE_FLAG};
        in.build = llw_build_claim(facts, "v0.5.0", LLW_GRADE_FLAG, "test", "", &err);
        llw_argv_result read;
        llw_log_result result;
        assert_int_equal(llw_argv_read(facts, &in, &read, &err), LLW_OK);
        llw_log_claim(facts, &log, llw_log_best(&log), read.launch, &result);
        assert_int_equal(bytes_of(facts, LLW_KIND_placement, "shown@CUDA0", LLW_placement_draft),
                         launches[i].draft < 0 ? -1 : mib((double)launches[i].draft));
        llw_facts_free(facts);
    }
}

static void the_machine_is_the_logs(void **state) {
    (void)state;
    shown s = show("v0.5.0-fit-adjusts.log", "qwen3-30b-a3b-q4_k_m", NULL);
    assert_int_equal(bytes_of(s.facts, LLW_KIND_gpu, "CUDA1", LLW_gpu_total), mib(143155));
    assert_int_equal(bytes_of(s.facts, LLW_KIND_gpu, "CUDA0", LLW_gpu_free),
                     mib(142627)); /* the later word, right before the load */
    llw_entity gpu = llw_facts_find(s.facts, LLW_KIND_gpu, "CUDA0"),
               host = llw_facts_next(s.facts, LLW_KIND_host, 0);
    const llw_claim *free = llw_facts_best(s.facts, gpu, LLW_gpu_free);
    assert_int_equal(free->grade, LLW_GRADE_MEASURED);
    assert_string_equal(free->origin, "log");
    assert_string_equal(free->place, "v0.5.0-fit-adjusts.log:142");
    double rate = 0;
    assert_true(llw_facts_real(s.facts, gpu, LLW_gpu_bandwidth, &rate) &&
                rate > 1e12); /* the card is known by its name */
    int64_t n = 0;
    assert_true(llw_facts_count(s.facts, host, LLW_host_gpus, &n) && n == 2);
    assert_true(llw_facts_count(s.facts, host, LLW_host_ram_total, &n) && n == mib(257811));
    llw_facts_free(s.facts);
}

static void measured_buffers_outrank_predicted_ones(void **state) {
    (void)state;
    shown s = show("v0.5.0-lv4.log", "llama-3.1-8b-q4_k_m", NULL);
    assert_true(s.result.weights && s.result.context && s.result.compute);
    assert_string_equal(s.result.why_not, "");
    llw_arena *arena = llw_arena_new();
    llw_facts *over = llw_facts_overlay(s.facts);
    llw_predicted p;
    llw_native_predict(over, s.launch, arena, false, &p);
    llw_entity placement = llw_facts_find(over, LLW_KIND_placement, "shown@CUDA0");
    const llw_claim *compute = llw_facts_best(over, placement, LLW_placement_compute);
    assert_int_equal(compute->value.as.count, mib(116.01));
    assert_string_equal(compute->place, "v0.5.0-lv4.log:63");
    /* sums are over what was measured */
    assert_int_equal(bytes_of(over, LLW_KIND_placement, "shown@CUDA0", LLW_placement_need),
                     mib(4403.49) + mib(1024) + mib(116.01));
    assert_true(llw_log_agrees(s.load, &p));
    llw_facts_free(over);
    /* what was measured of one launch is not said of another: a turned knob is predicted anew */
    over = llw_facts_overlay(s.facts);
    llw_facts_claim(over, s.launch, LLW_launch_ubatch, llw_count(2048), LLW_GRADE_WHATIF, "what-if", "");
    llw_native_predict(over, s.launch, arena, false, &p);
    int64_t turned = bytes_of(over, LLW_KIND_placement, "shown@CUDA0", LLW_placement_compute);
    assert_int_equal(turned, p.fit.prediction.device[0].compute);
    assert_true(turned > 3 * mib(116.01));
    llw_facts_free(over);
    llw_arena_free(arena);
    llw_facts_free(s.facts);
}

static void a_log_of_other_settings_counts_only_where_it_may(void **state) {
    (void)state;
    static const struct {
        const char *model, *words;
        bool weights, context, compute;
        const char *why;
    } cases[] = {
        {"llama-3.1-8b-q4_k_m", "-c 8192 -ngl 99 -np 1", true, true, true, ""},
        {"llama-3.1-8b-q4_k_m", "-c 8192 -ngl 99 -np 1 -ub 1024", true, true, false, "-ub"},
        {"llama-3.1-8b-q4_k_m", "-c 16384 -ngl 99", true, false, false, "context"},
        {"llama-3.1-8b-q4_k_m", "-c 8192 -ctk q8_0 -ctv q8_0 -np 1", true, false, false, "-ctk"},
        {"llama-3.1-8b-q4_k_m", "-c 8192 -fa off -np 1", true, true, false, "-fa"},
        {"llama-3.1-8b-q4_k_m", "-c 8192 -ngl 16 -np 1", false, false, false, "-ngl"},
        {"qwen3-30b-a3b-q4_k_m", "-c 8192 -np 1", false, false, false, "architecture"},
        {"llama-3.1-8b-q4_k_m", "-ngl all", true, true, true, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        shown s = show("v0.5.0-lv4.log", cases[i].model, cases[i].words);
        if (s.result.weights != cases[i].weights || s.result.context != cases[i].context ||
            s.result.compute != cases[i].compute)
            fail_msg("%s: %d %d %d, %s", cases[i].words, s.result.weights, s.result.context, s.result.compute,
                     s.result.why_not);
        if (!*cases[i].why)
            assert_string_equal(s.result.why_not, "");
        else if (!strstr(s.result.why_not, cases[i].why))
            fail_msg("%s: %s", cases[i].words, s.result.why_not);
        bool claimed = bytes_of(s.facts, LLW_KIND_placement, "shown@CUDA0", LLW_placement_compute) >= 0;
        assert_int_equal(claimed, cases[i].compute);
        llw_facts_free(s.facts);
    }
}

static void a_mapping_says_nothing_of_the_weights_in_ram(void **state) {
    (void)state;
    shown s = show("v0.5.0-experts-in-ram.log", "qwen3-30b-a3b-q4_k_m", "-c 32768 -np 1 -ncmoe 24 --fit off");
    assert_int_equal(bytes_of(s.facts, LLW_KIND_placement, "shown@CUDA0", LLW_placement_weights),
                     mib(9154.43));
    assert_int_equal(bytes_of(s.facts, LLW_KIND_placement, "shown@Host", LLW_placement_weights), -1);
    assert_int_equal(bytes_of(s.facts, LLW_KIND_placement, "shown@Host", LLW_placement_compute), mib(40.01));
    llw_facts_free(s.facts);
}

static void the_words_that_start_it_again(void **state) {
    (void)state;
    static const struct {
        const char *fixture, *model, *words, *unsaid;
    } cases[] = {
        {"v0.5.0-lv4.log", "llama-3.1-8b-q4_k_m",
         "-c 8192 -b 2048 -ub 512 -np 1 -ctk f16 -ctv f16 -fa on --fit off -ngl 33", ""},
        {"v0.5.0-fit-adjusts.log", "qwen3-30b-a3b-q4_k_m",
         "-b 2048 -ub 512 -np 4 -kvu -ctk f16 -ctv f16 -fa on --fit on --fit-target 130000,136000", ""},
        {"2026-02-docker-fit-oom.log", "glm-4.7-flash-q8_0",
         "-c 131072 --fit on -ngl 99 --fit-target 1024,1024", "-ts"},
        {"v0.5.0-default.log", "llama-3.1-8b-q4_k_m", "-c 131072 -np 4 -kvu --fit on -ngl 99", ""},
        {"v0.5.0-embedding.log", "bge-large-en-v1.5-f16",
         "-c 512 -b 512 -ub 512 -np 4 -kvu -fa on --embedding --fit off -ngl 25", ""},
        {"v0.5.0-experts-in-ram.log", "qwen3-30b-a3b-q4_k_m",
         "-c 32768 -b 2048 -ub 512 -np 1 -ctk f16 -ctv f16 -fa on --fit off -ngl 49", "-ncmoe"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        shown s = show(cases[i].fixture, cases[i].model, NULL);
        assert_string_equal(s.words, cases[i].words);
        if (!*cases[i].unsaid)
            assert_string_equal(s.unsaid, "");
        else
            assert_non_null(strstr(s.unsaid, cases[i].unsaid));
        llw_facts_free(s.facts);
    }
}

/* The prediction from what each log shows gives the log's own bytes: llama.cpp's words and ours are about one
 * thing. */
static void prediction_meets_measurement(void **state) {
    (void)state;
    static const char *const cases[][2] = {{"v0.5.0-lv4.log", "llama-3.1-8b-q4_k_m"},
                                           {"v0.5.0-lv5.log", "llama-3.1-8b-q4_k_m"},
                                           {"v0.5.0-fit-adjusts.log", "qwen3-30b-a3b-q4_k_m"},
                                           {"v0.5.0-fit-gives-up.log", "llama-3.1-8b-q4_k_m"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        shown s = show(cases[i][0], cases[i][1], NULL);
        llw_arena *arena = llw_arena_new();
        llw_facts *over = llw_facts_overlay(s.facts);
        llw_predicted p;
        llw_native_predict(over, s.launch, arena, false, &p);
        if (!llw_log_agrees(s.load, &p)) fail_msg("%s is not what is predicted", cases[i][0]);
        llw_facts_free(over);
        llw_arena_free(arena);
        llw_facts_free(s.facts);
    }
}

static void a_build_that_counts_otherwise_is_none(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_fixture(arena, "2026-02-docker-fit-oom.log"),
            ik = log_fixture(arena, "2025-ik-compute-oom.log"), own = log_fixture(arena, "v0.5.0-lv4.log");
    assert_string_equal(llw_log_build(&log.loads[0]), "b8022");
    assert_null(llw_log_build(&ik.loads[0]));  /* its b3950 is not llama.cpp's */
    assert_null(llw_log_build(&own.loads[0])); /* a copy without history calls itself 0 */
    llw_arena_free(arena);
}

/* Lesson 6: what a long prompt did to this build on this placement is a test of it. */
static void long_prompts_are_tests_of_a_build(void **state) {
    (void)state;
    bool passed = true;
    int64_t tokens = 0;
    shown s = show("2026-02-journal-illegal.log", "qwen3-next-80b-a3b-q5_k_m", NULL);
    llw_entity probe = llw_facts_next(s.facts, LLW_KIND_probe, 0),
               build = llw_facts_ref(s.facts, s.launch, LLW_launch_build);
    assert_true(probe && llw_facts_ref(s.facts, probe, LLW_probe_build) == build);
    assert_true(llw_facts_flag(s.facts, probe, LLW_probe_passed, &passed) && !passed);
    assert_true(llw_facts_count(s.facts, probe, LLW_probe_prompt_tokens, &tokens) && tokens == 8391);
    llw_facts_free(s.facts);
    /* a log that does not know its build is a test of none */
    s = show("v0.5.0-lv4.log", "llama-3.1-8b-q4_k_m", NULL);
    assert_int_equal(llw_facts_next(s.facts, LLW_KIND_probe, 0), 0);
    llw_facts_free(s.facts);
}

/* Neither its figures nor what befell it are this launch's. A cut log gives no figure that it does not show.
 */
static void a_log_of_another_model_is_told_and_left(void **state) {
    (void)state;
    static const char text[] =
        "build: 8022 (abcdef) with GNU\nllama_model_load_from_file_impl: using device CUDA0 (NVIDIA GeForce "
        "RTX "
        "4090) - 23671 MiB free\nload_tensors:        CUDA0 model buffer size = 20698.00 MiB\n"
        "ggml_backend_cuda_buffer_type_alloc_buffer: allocating 897.00 MiB on device 0: cudaMalloc failed: "
        "out "
        "of memory\nggml_gallocr_reserve_n: failed to allocate CUDA0 buffer of size 940572672\n";
    static const struct {
        const char *model;
        bool other;
    } models[] = {{"llama-3.1-8b-q4_k_m", true}, {"glm-4.7-flash-q8_0", false}};
    for (size_t i = 0; i < 2; i++) {
        llw_facts *facts = llw_facts_new();
        llw_log log = log_text(llw_facts_arena(facts), text);
        const llw_load *load = llw_log_best(&log);
        llw_argv in = {.id = "shown"};
        llw_argv_result read;
        llw_log_result result;
        llw_entity model = 0;
        llw_err err = {0};
        assert_int_equal(llw_source_known(facts, models[i].model, NULL, &model, &err), LLW_OK);
        in.build = llw_build_claim(facts, "b8022", LLW_GRADE_FLAG, "test", "", &err);
        assert_int_equal(llw_argv_read(facts, &in, &read, &err), LLW_OK);
        llw_facts_claim(facts, read.launch, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG, "test", "");
        llw_log_claim(facts, &log, load, read.launch, &result);
        assert_int_equal(result.other_model, models[i].other);
        assert_int_equal(llw_facts_ref(facts, result.log, LLW_log_launch), models[i].other ? 0 : read.launch);
        assert_int_equal(bytes_of(facts, LLW_KIND_placement, "shown@CUDA0", LLW_placement_weights),
                         models[i].other ? -1 : mib(20698));
        if (models[i].other) assert_non_null(strstr(result.why_not, "20698.0 MiB of weights on CUDA0"));
        assert_int_equal(load->host.model, -1);
        assert_non_null(strstr(load->findings[0].message, "without the KV cache"));
        assert_null(strstr(load->findings[0].message, "something else"));
        llw_facts_free(facts);
    }
}

static void the_outcome_is_a_fact(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_log_result result;
    llw_err err = {0};
    assert_int_equal(llw_source_log(facts, LOG_FIXTURES "2026-02-docker-fit-oom.log", 0, &result, &err),
                     LLW_OK);
    const char *text = NULL;
    int64_t n = 0;
    bool gave_up = false;
    assert_true(llw_facts_text(facts, result.log, LLW_log_outcome, &text));
    assert_string_equal(text, "oom");
    assert_true(llw_facts_text(facts, result.log, LLW_log_oom_device, &text));
    assert_string_equal(text, "CUDA0");
    assert_true(llw_facts_count(facts, result.log, LLW_log_oom_asked, &n) && n == 25382985216);
    assert_true(llw_facts_flag(facts, result.log, LLW_log_fit_gave_up, &gave_up) && gave_up);
    assert_int_not_equal(llw_source_log(facts, LLW_SOURCE_DIR "/LICENSE", 0, &result, &err), LLW_OK);
    llw_facts_free(facts);
}

/* --- in print --- */

/* Whether a value is of the type, or of one of the types; NULL: any. */
static bool has_type(const json_t *type, const json_t *value) {
    if (!type) return true;
    bool found = false;
    for (size_t i = 0; i < json_array_size(type); i++) found |= has_type(json_array_get(type, i), value);
    const char *name = json_string_value(type);
    if (!name) return found;
    return !strcmp(name, "object")    ? json_is_object(value)
           : !strcmp(name, "array")   ? json_is_array(value)
           : !strcmp(name, "string")  ? json_is_string(value)
           : !strcmp(name, "integer") ? json_is_integer(value)
           : !strcmp(name, "number")  ? json_is_number(value)
           : !strcmp(name, "boolean") ? json_is_boolean(value)
                                      : json_is_null(value);
}

/* Every key that is printed has a description, and every required one is printed. */
static void check_schema(json_t *root, json_t *schema, json_t *value, const char *where) {
    const char *ref = json_string_value(json_object_get(schema, "$ref"));
    if (ref) schema = json_object_get(json_object_get(root, "$defs"), strrchr(ref, '/') + 1);
    json_t *one_of = json_object_get(schema, "oneOf");
    if (one_of) schema = json_is_null(value) ? json_array_get(one_of, 1) : json_array_get(one_of, 0);
    ref = json_string_value(json_object_get(schema, "$ref"));
    if (ref) schema = json_object_get(json_object_get(root, "$defs"), strrchr(ref, '/') + 1);
    assert_non_null(schema);
    if (!has_type(json_object_get(schema, "type"), value)) fail_msg("%s is of another type", where);
    json_t *constant = json_object_get(schema, "const");
    if (constant && !json_equal(constant, value)) fail_msg("%s is not what it always is", where);
    json_t *words = json_object_get(schema, "enum");
    bool found = !words;
    for (size_t i = 0; i < json_array_size(words); i++) found |= json_equal(json_array_get(words, i), value);
    if (!found) fail_msg("%s: a value the schema does not have", where);
    if (json_is_array(value))
        for (size_t i = 0; i < json_array_size(value); i++)
            check_schema(root, json_object_get(schema, "items"), json_array_get(value, i), where);
    if (!json_is_object(value)) return;
    const char *key;
    json_t *child, *properties = json_object_get(schema, "properties");
    json_object_foreach(value, key, child) {
        if (!json_object_get(properties, key)) fail_msg("%s.%s is not in the schema", where, key);
        check_schema(root, json_object_get(properties, key), child, key);
    }
    for (size_t i = 0; i < json_array_size(json_object_get(schema, "required")); i++) {
        const char *name = json_string_value(json_array_get(json_object_get(schema, "required"), i));
        if (!json_object_get(value, name)) fail_msg("%s lacks %s", where, name);
    }
}

static json_t *json_of(const llw_log *log, const llw_log_extra *extras) {
    llw_text out = {0};
    llw_render_log_json(&out, log, extras);
    json_t *root = json_loads(llw_text_str(&out), 0, NULL);
    llw_text_fini(&out);
    assert_non_null(root);
    return root;
}

static const char *const fixtures[] = {"2023-main.log",
                                       "2024-server.log",
                                       "2025-ik-compute-oom.log",
                                       "2025-router-vulkan.log",
                                       "2026-02-docker-fit-oom.log",
                                       "2026-02-compose-retry.log",
                                       "2026-02-journal-illegal.log",
                                       "2026-05-hybrid.log",
                                       "v0.5.0-default.log",
                                       "v0.5.0-argument.log",
                                       "v0.5.0-fit-adjusts.log",
                                       "v0.5.0-lv4.log"};

static void the_json_is_what_the_schema_says(void **state) {
    (void)state;
    json_t *schema = json_load_file(LLW_SOURCE_DIR "/docs/json/log.schema.json", 0, NULL);
    assert_non_null(schema);
    for (size_t i = 0; i < sizeof fixtures / sizeof *fixtures; i++) {
        llw_arena *arena = llw_arena_new();
        llw_log log = log_fixture(arena, fixtures[i]);
        llw_log_extra *extras = llw_arena_alloc(arena, (log.n_loads + 1) * sizeof *extras);
        json_t *root = json_of(&log, extras);
        check_schema(schema, schema, root, fixtures[i]);
        json_decref(root);
        llw_arena_free(arena);
    }
    json_decref(schema);
}

static void the_contract(void **state) {
    (void)state;
    shown s = show("v0.5.0-lv4.log", "llama-3.1-8b-q4_k_m", NULL);
    llw_arena *arena = llw_arena_new();
    llw_facts *over = llw_facts_overlay(s.facts);
    llw_predicted p;
    llw_native_predict(over, s.launch, arena, false, &p);
    llw_log_extra extra = {.model = "llama-3.1-8b-q4_k_m", .predicted = &p, .unsaid = ""};
    json_t *root = json_of(&s.log, &extra), *load = json_array_get(json_object_get(root, "loads"), 0);
    const char *schema, *outcome, *device, *arch;
    json_t *oom;
    json_int_t n_ctx, n_ubatch, k, n, model, context, compute, host, split;
    int agrees;
    assert_int_equal(json_unpack(root, "{s:s}", "schema", &schema), 0);
    assert_string_equal(schema, "llwhy.log/1");
    assert_int_equal(
        json_unpack(load, "{s:I,s:I,s:[I,I],s:s,s:o,s:[I],s:{s:s},s:[{s:s,s:I,s:I,s:I}],s:{s:I},s:{s:b}}",
                    "n_ctx", &n_ctx, "n_ubatch", &n_ubatch, "offloaded", &k, &n, "outcome", &outcome, "oom",
                    &oom, "graph_splits", &split, "model", "arch", &arch, "devices", "name", &device, "model",
                    &model, "context", &context, "compute", &compute, "host", "model", &host, "predicted",
                    "agrees", &agrees),
        0);
    assert_int_equal(n_ctx, 8192);
    assert_int_equal(n_ubatch, 512);
    assert_true(k == 33 && n == 33 && split == 2 && agrees);
    assert_string_equal(outcome, "loaded");
    assert_string_equal(arch, "llama");
    assert_string_equal(device, "CUDA0");
    assert_true(json_is_null(oom));
    assert_int_equal(model, mib(4403.49));
    assert_int_equal(context, mib(1024));
    assert_int_equal(compute, mib(116.01));
    assert_int_equal(host, mib(281.81));
    json_decref(root);
    llw_facts_free(over);
    llw_arena_free(arena);
    llw_facts_free(s.facts);
}

static char *text_of(const llw_log *log, bool utf8, bool all) {
    static llw_text out;
    llw_text_fini(&out);
    llw_log_extra *extras = calloc(log->n_loads + 1, sizeof *extras);
    llw_style style = {.utf8 = utf8, .width = 100};
    llw_render_log_text(&out, &style, log, extras, all);
    free(extras);
    return out.bytes ? out.bytes : (char *)"";
}

static void the_text_says_it(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_fixture(arena, "2026-02-docker-fit-oom.log");
    const char *text = text_of(&log, true, false);
    assert_non_null(strstr(text, "ran out of memory"));
    assert_non_null(strstr(text, "24207.1 MiB were asked for"));
    assert_non_null(strstr(text, "leave -ngl out"));
    log = log_fixture(arena, "v0.5.0-default.log");
    assert_non_null(strstr(text_of(&log, true, false), "start with -lv 4, which prints them"));
    log = log_fixture(arena, "v0.5.0-lv4.log");
    assert_non_null(strstr(text_of(&log, true, false), "33 of 33 layers on GPUs; graph in 2 pieces"));
    assert_non_null(strstr(text_of(&log, true, false), "4,403.5     1,024.0       116.0   137,085.5"));
    llw_arena_free(arena);
}

static void many_loads_are_told_in_short(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_text t = {0};
    size_t len = 0;
    for (int i = 0; i < 5; i++)
        llw_text_add(&t, log_bytes(arena, i == 2 ? "v0.5.0-lv4.log" : "v0.5.0-default.log", &len));
    llw_log log = log_text(arena, llw_text_str(&t));
    assert_int_equal(log.n_loads, 5);
    const char *text = text_of(&log, true, false);
    assert_non_null(strstr(text, "Load 5"));
    assert_non_null(strstr(text, "--all"));
    assert_non_null(strstr(text, "4,403.5")); /* the one that tells most */
    assert_null(strstr(text_of(&log, true, true), "--all"));
    llw_text_fini(&t);
    llw_arena_free(arena);
}

static void nothing_of_a_log_steers_a_terminal(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_log log = log_text(arena, "srv    load_model: loading model '\xe2\x80\xae"
                                  "evil\xc2\x9b\xff.gguf'\n"
                                  "print_info: arch                  = \xe2\x80\xaex\n"
                                  "llama_model_load: error loading model: \xe2\x80\xae\xc2\x9b"
                                  "boo\n");
    for (int utf8 = 0; utf8 < 2; utf8++) {
        const char *text = text_of(&log, utf8, true);
        assert_null(strstr(text, "\xe2\x80\xae"));
        assert_null(strstr(text, "\xc2\x9b"));
        assert_non_null(strstr(text, "evil"));
        for (const char *c = text; *c; c++) assert_true((unsigned char)*c >= 0x20 || *c == '\n');
        if (!utf8)
            for (const char *c = text; *c; c++) assert_true((unsigned char)*c < 0x80);
    }
    llw_log_extra extras[2] = {{0}};
    json_decref(json_of(&log, extras));
    llw_text json = {0};
    llw_render_log_json(&json, &log, extras);
    assert_null(strstr(llw_text_str(&json), "\xe2\x80\xae"));
    assert_null(strstr(llw_text_str(&json), "\xc2\x9b"));
    assert_non_null(strstr(llw_text_str(&json), "evil"));
    llw_text_fini(&json);
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_draft_is_measured_where_it_is_the_launchs),
        cmocka_unit_test(the_machine_is_the_logs),
        cmocka_unit_test(measured_buffers_outrank_predicted_ones),
        cmocka_unit_test(a_log_of_other_settings_counts_only_where_it_may),
        cmocka_unit_test(a_mapping_says_nothing_of_the_weights_in_ram),
        cmocka_unit_test(the_words_that_start_it_again),
        cmocka_unit_test(prediction_meets_measurement),
        cmocka_unit_test(a_build_that_counts_otherwise_is_none),
        cmocka_unit_test(long_prompts_are_tests_of_a_build),
        cmocka_unit_test(a_log_of_another_model_is_told_and_left),
        cmocka_unit_test(the_outcome_is_a_fact),
        cmocka_unit_test(the_json_is_what_the_schema_says),
        cmocka_unit_test(the_contract),
        cmocka_unit_test(the_text_says_it),
        cmocka_unit_test(many_loads_are_told_in_short),
        cmocka_unit_test(nothing_of_a_log_steers_a_terminal),
    };
    return cmocka_run_group_tests_name("log_facts", tests, NULL, NULL);
}
