/* Fact bases as JSON: round trips, short forms written by hand, and files that must be refused. */
#include "fact/facts_json.h"
#include "source/model/known.h"
#include "source/model/model_open.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static llw_facts *load(const char *json) {
    llw_facts *facts = llw_facts_new();
    llw_err err = {0};
    if (llw_facts_load(facts, json, strlen(json), "box.json", llw_source_known, &err) != LLW_OK)
        fail_msg("%s: %s", json, err.text);
    return facts;
}

static char *save(const llw_facts *facts) {
    llw_err err = {0};
    char *text = llw_facts_save(facts, &err);
    if (!text) fail_msg("%s", err.text);
    return text;
}

static void refused(const char *json, const char *message) {
    llw_facts *facts = llw_facts_new();
    llw_err err = {0};
    assert_int_equal(llw_facts_load(facts, json, strlen(json), "box.json", llw_source_known, &err),
                     LLW_ERR_INPUT);
    if (!strstr(err.text, message)) fail_msg("%s\nsays \"%s\", not \"%s\"", json, err.text, message);
    assert_string_equal(err.file, "box.json");
    llw_facts_free(facts);
}

static void what_is_saved_loads_as_it_was(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_entity host = llw_facts_entity(f, LLW_KIND_host, "here");
    llw_entity gpu = llw_facts_entity(f, LLW_KIND_gpu, "CUDA0");
    llw_entity launch = llw_facts_entity(f, LLW_KIND_launch, "argv");
    llw_entity model = llw_facts_entity(f, LLW_KIND_model, "odd \xff name.gguf");
    llw_facts_claim(f, launch, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG, "argument", "argument 2");
    llw_facts_claim(f, launch, LLW_launch_tensor_split, llw_string(LLW_LIST, "33,14"), LLW_GRADE_FLAG,
                    "argument", "");
    llw_facts_claim(f, model, LLW_model_moe, llw_flag(true), LLW_GRADE_FILE, "gguf", "x.expert_count");
    llw_facts_claim(f, model, LLW_model_moe, llw_flag(false), LLW_GRADE_PROSE, "comment", "models.conf:104");
    llw_facts_claim(f, model, LLW_model_name, llw_string(LLW_TEXT, "\x1b]0;x\a \"quoted\" \\ \xe2\x82\xac"),
                    LLW_GRADE_FILE, "gguf", "");
    llw_facts_claim(f, gpu, LLW_gpu_free, llw_unknown(LLW_BYTES), LLW_GRADE_MEASURED, "nvidia-smi", "");
    llw_facts_claim(f, gpu, LLW_gpu_free, llw_bytes(INT64_MAX), LLW_GRADE_DEFAULT, "default", "");
    llw_facts_claim(f, gpu, LLW_gpu_bandwidth, llw_number(LLW_RATE, 1.0080000000000001e12), LLW_GRADE_FILE,
                    "gpus.tsv", "");
    llw_facts_claim(f, host, LLW_host_cores, llw_count(-3), LLW_GRADE_MEASURED, "proc", "");
    llw_facts_note(f, "part %d is missing", 2);
    llw_facts *over = llw_facts_overlay(f);
    llw_facts_claim(over, host, LLW_host_cores, llw_count(8), LLW_GRADE_MEASURED, "proc", "later");
    char *first = save(over);
    llw_facts *again = load(first);
    char *second = save(again);
    assert_string_equal(first, strstr(second, "\"notes\"") ? second : "");
    llw_entity m = llw_facts_find(again, LLW_KIND_model, "odd \xff name.gguf");
    assert_int_equal(llw_facts_ref(again, llw_facts_find(again, LLW_KIND_launch, "argv"), LLW_launch_model),
                     m);
    assert_true(llw_facts_conflict(again, m, LLW_model_moe));
    bool moe = false;
    assert_true(llw_facts_flag(again, m, LLW_model_moe, &moe) && moe);
    const char *name = "";
    assert_true(llw_facts_text(again, m, LLW_model_name, &name));
    assert_string_equal(name, "\x1b]0;x\a \"quoted\" \\ \xe2\x82\xac");
    int64_t n = 0;
    llw_entity g = llw_facts_find(again, LLW_KIND_gpu, "CUDA0");
    assert_true(llw_facts_count(again, g, LLW_gpu_free, &n) && n == INT64_MAX);
    double rate = 0;
    assert_true(llw_facts_real(again, g, LLW_gpu_bandwidth, &rate) && rate == 1.0080000000000001e12);
    const llw_claim *cores =
        llw_facts_best(again, llw_facts_find(again, LLW_KIND_host, "here"), LLW_host_cores);
    assert_string_equal(cores->place, "later");
    free(first);
    free(second);
    llw_facts_free(again);
    llw_facts_free(over);
    llw_facts_free(f);
}

static void a_known_model_and_its_header_survive(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_entity m = 0;
    llw_err err = {0};
    assert_int_equal(llw_source_model(f, "qwen3-next-80b-a3b-q5_k_m", &m, &err), LLW_OK);
    char *text = save(f);
    llw_facts *again = load(text);
    const llw_model *a = llw_facts_model(f, m);
    const llw_model *b =
        llw_facts_model(again, llw_facts_find(again, LLW_KIND_model, "qwen3-next-80b-a3b-q5_k_m"));
    assert_non_null(b);
    assert_string_equal(a->architecture, b->architecture);
    assert_int_equal(a->header_bytes, b->header_bytes);
    assert_int_equal(a->n_meta, b->n_meta);
    assert_int_equal(a->n_tensors, b->n_tensors);
    for (size_t i = 0; i < a->n_tensors; i++) {
        const llw_tensor *x = &a->tensors[i], *y = &b->tensors[i];
        assert_string_equal(x->name, y->name);
        assert_true(x->type == y->type && x->bytes == y->bytes && x->offset == y->offset &&
                    x->layer == y->layer);
    }
    char *second = save(again);
    assert_string_equal(text, second);
    assert_true(strlen(text) < 40000);
    free(text);
    free(second);
    llw_facts_free(again);
    llw_facts_free(f);
}

static void parts_of_a_split_set_stay_apart(void **state) {
    (void)state;
    llw_facts *f =
        load("{\"entities\": [{\"kind\": \"model\", \"id\": \"m\", \"header\": {\"metadata\": "
             "[\"general.architecture string llama\", \"general.alignment u32 64\"], \"alignment\": 64, "
             "\"header_bytes\": 512,"
             "\"parts\": [[\"a f32 3\", \"b q8_0 64x2\"], [\"blk.{0-1}.attn_k.weight f16 8x4\", \"-\", "
             "\"blk.{0-1}.attn_v.weight f16 8x4\"]]}}]}");
    const llw_model *m = llw_facts_model(f, llw_facts_find(f, LLW_KIND_model, "m"));
    assert_int_equal(m->n_tensors, 6);
    assert_int_equal(m->tensors[1].offset, 64);
    assert_int_equal(m->tensors[1].bytes, 136);
    assert_int_equal(m->tensors[2].offset, 0);
    assert_int_equal(m->tensors[2].part, 1);
    assert_string_equal(m->tensors[3].name, "blk.1.attn_k.weight");
    assert_string_equal(m->tensors[4].name, "blk.0.attn_v.weight");
    assert_int_equal(m->tensors[5].offset, 192);
    assert_int_equal(m->header_bytes, 512);
    char *text = save(f);
    llw_facts *again = load(text);
    char *second = save(again);
    assert_string_equal(text, second);
    free(text);
    free(second);
    llw_facts_free(again);
    llw_facts_free(f);
}

static void small_files_are_pleasant_to_write(void **state) {
    (void)state;
    llw_facts *f = load(
        "{\"comment\": \"a planned machine\", \"entities\": ["
        "{\"kind\": \"launch\", \"id\": \"l\", \"grade\": \"launch flags\", \"origin\": \"plan\", \"facts\": "
        "{\"model\": \"model:m\", \"tensor_split\": [33, 14.5], \"ubatch\": 1024, \"ctx\": null}},"
        "{\"kind\": \"model\", \"id\": \"m\", \"known\": \"GLM-4.7-Flash-Q8_0\", \"facts\": {\"moe\": "
        "false}},"
        "{\"kind\": \"gpu\", \"id\": \"CUDA0\", \"facts\": {\"total\": \"24564 MiB\", \"free\": \"1.5 GiB\", "
        "\"used\": 123, \"display\": true, \"compute_capability\": 12, \"comment\": \"x\"}}]}");
    llw_entity l = llw_facts_find(f, LLW_KIND_launch, "l"), m = llw_facts_find(f, LLW_KIND_model, "m");
    llw_entity g = llw_facts_find(f, LLW_KIND_gpu, "CUDA0");
    int64_t n = 0;
    double real = 0;
    bool flag = true;
    const char *text = "";
    assert_int_equal(llw_facts_ref(f, l, LLW_launch_model), m);
    assert_true(llw_facts_text(f, l, LLW_launch_tensor_split, &text));
    assert_string_equal(text, "33,14.5");
    assert_false(llw_facts_count(f, l, LLW_launch_ctx, &n));
    const llw_claim *ubatch = llw_facts_best(f, l, LLW_launch_ubatch);
    assert_int_equal(ubatch->grade, LLW_GRADE_FLAG);
    assert_string_equal(ubatch->origin, "plan");
    assert_true(llw_facts_count(f, m, LLW_model_file_bytes, &n) && n == 31839902720);
    assert_non_null(llw_facts_model(f, m));
    assert_true(llw_facts_flag(f, m, LLW_model_moe, &flag) && !flag); /* measured beats the header */
    assert_true(llw_facts_conflict(f, m, LLW_model_moe));
    const llw_claim *moe = llw_facts_best(f, m, LLW_model_moe);
    assert_string_equal(moe->origin, "facts file");
    assert_string_equal(moe->place, "box.json");
    assert_true(llw_facts_count(f, g, LLW_gpu_total, &n) && n == INT64_C(24564) << 20);
    assert_true(llw_facts_count(f, g, LLW_gpu_free, &n) && n == INT64_C(1536) << 20);
    assert_true(llw_facts_real(f, g, LLW_gpu_compute_capability, &real) && real == 12);
    llw_facts_free(f);
}

#define ONE(entity) "{\"entities\": [" entity "]}"
#define GPU(facts) ONE("{\"kind\": \"gpu\", \"id\": \"CUDA0\", \"facts\": {" facts "}}")
#define HEADER(header) ONE("{\"kind\": \"model\", \"id\": \"m\", \"header\": " header "}")

static void what_is_wrong_is_said(void **state) {
    (void)state;
    refused("", "is no JSON");
    refused("{\"entities\": [}", "is no JSON");
    refused("{\"entities\": [], \"entities\": []}", "is no JSON");
    refused("[]", "object with entities");
    refused("{}", "array of entities");
    refused("{\"entities\": [], \"facst\": 1}", "facst");
    refused("{\"schema\": \"llwhy.facts/2\", \"entities\": []}", "another schema");
    refused(ONE("7"), "entity 1: is not an object");
    refused(ONE("{\"kind\": \"gpu\"}"), "kind and an id");
    refused(ONE("{\"kind\": \"cpu\", \"id\": \"x\"}"), "\"cpu\"");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"x\", \"known\": \"y\"}"), "no model");
    refused(ONE("{\"kind\": \"model\", \"id\": \"x\", \"known\": \"glm-4.7-flash\"}"), "glm-4.7-flash-q8_0");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"x\"}, {\"kind\": \"gpu\", \"id\": \"x\"}"), "twice");
    refused(GPU("\"fre\": 1"), "did you mean free");
    refused(GPU("\"free\": 1.5"), "whole number of bytes");
    refused(GPU("\"free\": \"12 apples\""), "whole number of bytes");
    refused(GPU("\"free\": \"-1 MiB\""), "whole number of bytes");
    refused(GPU("\"free\": \"1e30 GiB\""), "whole number of bytes");
    refused(GPU("\"index\": \"0\""), "whole number or null");
    refused(GPU("\"display\": 1"), "true, false or null");
    refused(GPU("\"name\": 4090"), "text or null");
    refused(GPU("\"name\": \"a\\u0000b\""), "is no JSON");
    refused(GPU("\"name\": {\"bytes\": \"\\\\x00\"}"), "text or null");
    refused(GPU("\"bandwidth\": \"fast\""), "number or null");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"x\", \"claims\": [{\"attr\": \"free\"}]}"),
            "without attr and value");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"x\", \"claims\": [{\"attr\": \"free\", \"value\": 1, "
                "\"grade\": \"sure\"}]}"),
            "what-if");
    refused(ONE("{\"kind\": \"launch\", \"id\": \"x\", \"facts\": {\"model\": \"model:m\"}}"),
            "not in the file");
    refused(ONE("{\"kind\": \"launch\", \"id\": \"x\", \"facts\": {\"model\": \"m\"}}"), "KIND:ID");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"x\", \"claims\": {}}"), "claims to be an array");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"x\", \"facts\": []}"), "facts to be an object");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"\"}"), "kind and an id");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"x\", \"origin\": 1}"), "an origin that is no text");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"x\", \"claims\": [{\"attr\": \"free\", \"value\": 1, "
                "\"place\": 1}]}"),
            "a place that is no text");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"x\", \"grade\": 1}"), "what-if");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"x\", \"argv\": []}"), "no launch");
    refused(ONE("{\"kind\": \"launch\", \"id\": \"x\", \"argv\": {}}"), "array of words");
    refused(ONE("{\"kind\": \"launch\", \"id\": \"x\", \"argv\": [\"-c\"]}"), "flags cannot be read here");
    refused(ONE("{\"kind\": \"gpu\", \"id\": \"x\", \"header\": {}}"), "no model");
    refused(ONE("{\"kind\": \"model\", \"id\": \"x\", \"known\": 1}"), "a name as known");
    refused(ONE("{\"kind\": \"model\", \"id\": \"x\", \"known\": \"y\", \"header\": {}}"),
            "no header beside it");
    refused("{\"entities\": [], \"notes\": {}}", "array of texts");
    refused("{\"entities\": [], \"notes\": [1]}", "no text");
    refused("{\"schema\": 1, \"entities\": []}", "another schema");
    refused(GPU("\"index\": true"), "whole number or null");
    refused(GPU("\"display\": \"yes\""), "true, false or null");
    refused(GPU("\"name\": {\"bytes\": \"\\\\q41\"}"), "text or null");
    refused(GPU("\"name\": {\"bytes\": \"\\\\x4g\"}"), "text or null");
    refused(GPU("\"name\": {\"bytes\": \"a\", \"more\": 1}"), "text or null");
    refused(GPU("\"name\": {\"bytes\": 1}"), "text or null");
    refused(HEADER("{\"metadata\": {}, \"parts\": []}"), "lists of lines");
    refused(HEADER("{\"metadata\": [1], \"parts\": []}"), "no line of text");
    refused(HEADER("{\"metadata\": [], \"parts\": {}}"), "parts");
    refused(HEADER("{\"metadata\": [], \"parts\": [1]}"), "lists of lines");
    refused(HEADER("{\"metadata\": [], \"version\": \"3\", \"parts\": []}"), "whole numbers");
    refused(HEADER("{\"metadata\": [], \"alignment\": \"3\", \"parts\": []}"), "whole numbers");
    refused(HEADER("{\"metadata\": [], \"header_bytes\": -1, \"parts\": []}"), "whole numbers");
    refused(HEADER("{\"metadata\": [], \"header_bytes\": \"1\", \"parts\": []}"), "whole numbers");
    refused(HEADER("{\"metadata\": [], \"alignment\": 0, \"parts\": []}"), "power of two");
    refused(HEADER("{\"metadata\": [], \"alignment\": 8589934592, \"parts\": []}"), "power of two");
    refused(HEADER("[]"), "object as its header");
    refused(HEADER("{\"metadata\": []}"), "parts");
    refused(HEADER("{\"metadata\": [\"a\"], \"parts\": []}"), "KEY TYPE VALUE");
    refused(HEADER("{\"metadata\": [\"a u8 256\"], \"parts\": []}"), "cannot hold");
    refused(HEADER("{\"metadata\": [], \"alignment\": 3, \"parts\": []}"), "power of two");
    refused(HEADER("{\"metadata\": [], \"parts\": [[\"t q8_0 33\"]]}"), "no multiple");
    refused(HEADER("{\"metadata\": [], \"parts\": [[\"t q9_9 32\"]]}"), "unknown tensor type");
    refused(HEADER("{\"metadata\": [], \"parts\": [[\"blk.{3-1}.t f32 32\"]]}"), "out of order");
    refused(
        HEADER("{\"metadata\": [], \"parts\": [[\"t i8 4611686018427387904\", \"u i8 4611686018427387904\", "
               "\"v i8 4611686018427387904\"]]}"),
        "more bytes");
}

static void depth_and_noise_are_survived(void **state) {
    (void)state;
    size_t n = 200000;
    char *deep = malloc(n + 1);
    memset(deep, '[', n);
    deep[n] = 0;
    refused(deep, "is no JSON");
    free(deep);
    const char *good = GPU("\"free\": \"1.5 GiB\", \"name\": \"\\u001b\", \"display\": true");
    size_t len = strlen(good);
    for (size_t i = 0; i < len; i++) {
        char *bad = strdup(good);
        bad[i] = (char)(bad[i] ^ 0x15);
        llw_facts *facts = llw_facts_new();
        llw_facts_load(facts, bad, i % 3 ? len : i, "box.json", NULL, NULL);
        llw_facts_free(facts);
        free(bad);
    }
}

static void the_schema_page_lists_every_kind_and_grade(void **state) {
    (void)state;
    json_t *schema = json_load_file(LLW_SOURCE_DIR "/docs/json/facts.schema.json", 0, NULL), *kinds = NULL,
           *grades = NULL;
    assert_non_null(schema);
    assert_int_equal(json_unpack(schema, "{s:{s:{s:{s:{s:o}}}, s:{s:o}}}", "$defs", "entity", "properties",
                                 "kind", "enum", &kinds, "grade", "enum", &grades),
                     0);
    assert_int_equal(json_array_size(kinds), LLW_KINDS - 1);
    for (size_t i = 0; i < json_array_size(kinds); i++)
        assert_string_equal(json_string_value(json_array_get(kinds, i)), llw_kind_name((llw_kind)(i + 1)));
    assert_int_equal(json_array_size(grades), LLW_GRADE_WHATIF + 1);
    for (size_t i = 0; i < json_array_size(grades); i++)
        assert_string_equal(json_string_value(json_array_get(grades, i)), llw_grade_name((llw_grade)i));
    json_decref(schema);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_saved_loads_as_it_was),
        cmocka_unit_test(a_known_model_and_its_header_survive),
        cmocka_unit_test(parts_of_a_split_set_stay_apart),
        cmocka_unit_test(small_files_are_pleasant_to_write),
        cmocka_unit_test(what_is_wrong_is_said),
        cmocka_unit_test(depth_and_noise_are_survived),
        cmocka_unit_test(the_schema_page_lists_every_kind_and_grade),
    };
    return cmocka_run_group_tests_name("facts_json", tests, NULL, NULL);
}
