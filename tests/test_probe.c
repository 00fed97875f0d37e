/* What a probe says: verdict, summary, facts, and the record in both forms. */
#include "fact/probe.h"
#include "render/probe.h"
#include "source/config/yaml_tree.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <jansson.h>

static llw_probe_trial trial(const char *name, int64_t prompt, llw_probe_problem problem) {
    return (llw_probe_trial){.name = name,
                             .outcome = problem ? LLW_PROBE_FAILED : LLW_PROBE_PASSED,
                             .problem = problem,
                             .detail = problem ? "the server was gone" : "",
                             .at_once = 1,
                             .wanted = prompt,
                             .prompt = prompt,
                             .counted = LLW_PROBE_REPORTED,
                             .generated = problem ? 0 : 16,
                             .first_token = -1,
                             .seconds = 0.5,
                             .prompt_speed = -1,
                             .generated_speed = problem ? -1 : 32.9};
}

static llw_probe probe_of(llw_probe_trial *trials, size_t n) {
    return (llw_probe){.url = "http://127.0.0.1:8080",
                       .started = "2026-02-22T10:00:00Z",
                       .seconds = 3,
                       .api = "llama-server",
                       .build = "b8115",
                       .commit = "ed4837891",
                       .build_info = "b8115-ed4837891",
                       .model = "yes",
                       .model_path = "/models/m.gguf",
                       .model_bytes = -1,
                       .file_bytes = -1,
                       .parameters = -1,
                       .context_trained = -1,
                       .context = 4096,
                       .slots = 1,
                       .here = true,
                       .trials = trials,
                       .n_trials = n};
}

/* The incident: 20 tokens are answered, 120 end the server. */
static void incident(llw_probe_trial trials[2]) {
    trials[0] = trial("short", 20, LLW_PROBE_FINE);
    trials[1] = trial("long", 120, LLW_PROBE_CRASHED);
}

static void test_verdicts(void **state) {
    (void)state;
    llw_probe_trial t[2];
    incident(t);
    llw_probe p = probe_of(t, 2);
    assert_int_equal(llw_probe_judge(&p), LLW_PROBE_BROKEN);
    p.n_trials = 1;
    assert_int_equal(llw_probe_judge(&p), LLW_PROBE_INCOMPLETE);
    t[1] = trial("long", 99, LLW_PROBE_FINE);
    p.n_trials = 2;
    assert_int_equal(llw_probe_judge(&p), LLW_PROBE_INCOMPLETE);
    t[1] = trial("long", 100, LLW_PROBE_FINE);
    assert_int_equal(llw_probe_judge(&p), LLW_PROBE_PROVEN);
    t[1].counted = LLW_PROBE_ESTIMATED; /* a guess proves nothing */
    assert_int_equal(llw_probe_judge(&p), LLW_PROBE_INCOMPLETE);
    t[1].counted = LLW_PROBE_TOKENIZED;
    p.interrupted = true;
    assert_int_equal(llw_probe_judge(&p), LLW_PROBE_INCOMPLETE);
    p.n_trials = 0;
    assert_int_equal(llw_probe_judge(&p), LLW_PROBE_INCOMPLETE);
}

static void test_summary(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_probe_trial t[2];
    incident(t);
    llw_probe p = probe_of(t, 2);
    assert_string_equal(llw_probe_summary(&p, arena),
                        "a prompt of 20 tokens was answered, one of 120 failed: the server was gone");
    p.n_trials = 1;
    assert_string_equal(
        llw_probe_summary(&p, arena),
        "prompts of up to 20 tokens were answered, which does not prove that longer ones are");
    p.n_trials = 0;
    p.interrupted = true;
    assert_string_equal(llw_probe_summary(&p, arena), "stopped before a prompt was answered");
    llw_arena_free(arena);
}

static void test_facts(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_entity model = llw_facts_entity(facts, LLW_KIND_model, "elsewhere/M.gguf");
    llw_probe_trial t[3];
    incident(t);
    t[2] = trial("1k", 1000, LLW_PROBE_HTTP);
    t[2].http_status = 401; /* says nothing about the build */
    llw_probe p = probe_of(t, 3);
    llw_probe_claim(facts, &p);
    llw_entity e = llw_facts_next(facts, LLW_KIND_probe, 0),
               second = llw_facts_next(facts, LLW_KIND_probe, e);
    bool passed = false;
    int64_t tokens = 0;
    double speed = 0;
    const char *problem = NULL;
    assert_true(llw_facts_flag(facts, e, LLW_probe_passed, &passed) && passed);
    assert_true(llw_facts_count(facts, e, LLW_probe_prompt_tokens, &tokens));
    assert_int_equal(tokens, 20);
    assert_true(llw_facts_real(facts, e, LLW_probe_speed, &speed) && speed > 32.8 && speed < 33);
    assert_true(llw_facts_flag(facts, second, LLW_probe_passed, &passed) && !passed);
    assert_true(llw_facts_text(facts, second, LLW_probe_problem, &problem));
    assert_string_equal(problem, "crashed");
    assert_string_equal(llw_facts_id(facts, llw_facts_ref(facts, second, LLW_probe_build)), "b8115");
    assert_int_equal(llw_facts_ref(facts, second, LLW_probe_model), model);
    assert_int_equal(llw_facts_next(facts, LLW_KIND_probe, second), 0);
    llw_facts_free(facts);
}

/* The YAML says what the JSON says; strings that look like something else keep their quotes. */
static void test_record(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_probe_trial t[2];
    incident(t);
    llw_probe p = probe_of(t, 2);
    llw_text yaml = {0}, json = {0};
    llw_render_probes_yaml(&yaml, &p, 1, "llwhy test");
    llw_render_probes_json(&json, &p, 1, "llwhy test");
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    llw_err err = {0};
    assert_int_equal(llw_yaml_parse(arena, "record", yaml.bytes, yaml.len, &root, &twice, &err), LLW_OK);
    const llw_yaml *one = llw_yaml_get(root, "probes")->first;
    const llw_yaml *name = llw_yaml_get(llw_yaml_get(one, "model"), "name");
    assert_string_equal(llw_yaml_string(name, ""), "yes");
    assert_false(name->plain);
    assert_false(llw_yaml_get(one, "started")->plain);
    assert_string_equal(llw_yaml_string(llw_yaml_get(one, "verdict"), ""), "broken");
    json_t *document = json_loads(json.bytes, 0, NULL);
    json_t *first = json_array_get(json_object_get(document, "probes"), 0);
    assert_string_equal(json_string_value(json_object_get(first, "summary")),
                        llw_yaml_string(llw_yaml_get(one, "summary"), ""));
    assert_null(json_object_get(json_object_get(first, "model"), "file_bytes")); /* unknown is left out */
    json_decref(document);
    llw_text_fini(&yaml);
    llw_text_fini(&json);
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_verdicts), cmocka_unit_test(test_summary),
                                       cmocka_unit_test(test_facts), cmocka_unit_test(test_record)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
