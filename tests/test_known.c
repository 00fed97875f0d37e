/* Known models: each gives, slot for slot and tensor for tensor, what its own file gives. */
#include "fact/header.h"
#include "fact/header_text.h"
#include "source/model/gguf.h"
#include "source/model/known.h"
#include "source/model/model_open.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static void same_meta(const char *model, const llw_meta *a, const llw_meta *b) {
    if (strcmp(a->key, b->key)) fail_msg("%s: key %s is %s in the file", model, a->key, b->key);
    if (a->type != b->type || a->element != b->element || a->count != b->count ||
        a->string_bytes != b->string_bytes || a->integer != b->integer ||
        memcmp(&a->real, &b->real, sizeof a->real))
        fail_msg("%s: %s differs from the file", model, a->key);
    assert_int_equal(!a->array, !b->array);
    assert_int_equal(!a->strings, !b->strings);
    if (a->string) assert_string_equal(a->string, b->string);
    if (a->array) assert_memory_equal(a->array, b->array, a->count * sizeof *a->array);
    for (uint64_t i = 0; a->strings && i < a->count; i++) assert_string_equal(a->strings[i], b->strings[i]);
}

static void same_header(const char *name, const llw_model *a, const llw_model *b) {
    assert_string_equal(a->architecture, b->architecture);
    assert_int_equal(a->version, b->version);
    assert_int_equal(a->alignment, b->alignment);
    assert_int_equal(a->header_bytes, b->header_bytes);
    assert_int_equal(a->n_meta, b->n_meta);
    for (size_t i = 0; i < a->n_meta; i++) same_meta(name, &a->meta[i], &b->meta[i]);
    assert_int_equal(a->n_tensors, b->n_tensors);
    for (size_t i = 0; i < a->n_tensors; i++) {
        const llw_tensor *x = &a->tensors[i], *y = &b->tensors[i];
        if (strcmp(x->name, y->name) || x->type != y->type || x->n_dims != y->n_dims ||
            memcmp(x->dims, y->dims, sizeof x->dims) || x->bytes != y->bytes || x->offset != y->offset ||
            x->layer != y->layer || x->part != y->part)
            fail_msg("%s: tensor %zu, %s, differs from the file's %s", name, i, x->name, y->name);
    }
}

static void same_slots(const char *name, const llw_facts *a, llw_entity x, const llw_facts *b, llw_entity y) {
    int compared = 0;
    for (int at = 1; at < LLW_ATTRS; at++) {
        llw_attr attr = (llw_attr)at;
        if (llw_attr_get(attr)->kind != LLW_KIND_model || attr == LLW_model_path ||
            attr == LLW_model_allocated_bytes || attr == LLW_model_modified || attr == LLW_model_card)
            continue; /* only a file has these */
        llw_value u = llw_facts_value(a, x, attr), v = llw_facts_value(b, y, attr);
        if (u.known != v.known || (u.known && !llw_value_equal(u, v)))
            fail_msg("%s: %s differs between the known model and its file", name, llw_attr_get(attr)->name);
        compared += u.known;
    }
    assert_true(compared >= 28);
}

static void every_known_model_is_its_file(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    char **names = NULL, command[1024], directory[SCRATCH_MAX], path[SCRATCH_MAX + 80];
    size_t n = 0;
    llw_known_list(arena, &names, &n);
    assert_true(n >= 27);
    assert_non_null(mkdtemp(scratch(directory, "known")));
    for (size_t i = 0; i < n; i++) {
        llw_err err = {0};
        snprintf(path, sizeof path, "%s/%s.gguf", directory, names[i]);
        snprintf(command, sizeof command, "'%s/tests/tools/llwhy-sparse' '%s' '%s'", LLW_BINARY_DIR, names[i],
                 path);
        if (system(command)) fail_msg("%s failed", command);
        llw_facts *known = llw_facts_new(), *file = llw_facts_new();
        llw_entity k = 0, f = 0;
        if (llw_source_model(known, names[i], &k, &err) != LLW_OK) fail_msg("%s: %s", names[i], err.text);
        if (llw_source_model(file, path, &f, &err) != LLW_OK) fail_msg("%s: %s", path, err.text);
        struct stat st;
        assert_int_equal(stat(path, &st), 0);
        int64_t size = 0;
        assert_true(llw_facts_count(known, k, LLW_model_file_bytes, &size) && size == st.st_size);
        assert_true(st.st_blocks * 512 < 32 << 20); /* really sparse */
        same_header(names[i], llw_facts_model(known, k), llw_facts_model(file, f));
        same_slots(names[i], known, k, file, f);
        bool complete = false; /* sparse is no interrupted download */
        assert_true(llw_facts_flag(file, f, LLW_model_complete, &complete) && complete);
        unlink(path);
        llw_facts_free(known);
        llw_facts_free(file);
    }
    rmdir(directory);
    llw_arena_free(arena);
}

static void every_header_text_reads_back(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    char **names = NULL, **lines = NULL;
    size_t n = 0, n_lines = 0, at = 0;
    llw_known_list(arena, &names, &n);
    for (size_t i = 0; i < n; i++) {
        llw_known known;
        llw_err err = {0};
        if (llw_known_load(arena, names[i], false, &known, &err) != LLW_OK)
            fail_msg("%s: %s", names[i], err.text);
        assert_true(strlen(known.source) > 10);
        llw_model copy = known.model;
        copy.meta = llw_arena_alloc(arena, copy.n_meta * sizeof *copy.meta);
        for (size_t j = 0; j < copy.n_meta; j++)
            assert_null(llw_header_read_meta(arena, llw_header_write_meta(arena, &known.model.meta[j]), false,
                                             &copy.meta[j]));
        llw_header_write_tensors(arena, &known.model, 0, known.model.n_tensors, &lines, &n_lines);
        assert_true(n_lines < 60);
        assert_null(llw_header_read_tensors(arena, (const char *const *)lines, n_lines, &copy, &at));
        assert_true(llw_model_place(&copy, NULL));
        same_header(names[i], &known.model, &copy);
    }
    llw_arena_free(arena);
}

static void names_are_forgiving_and_unknown_ones_helped(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_entity m = 0;
    llw_err err = {0};
    assert_int_equal(llw_source_model(facts, "GLM-4.7-Flash-Q8_0", &m, &err), LLW_OK);
    assert_string_equal(llw_facts_id(facts, m), "glm-4.7-flash-q8_0");
    const llw_claim *claim = llw_facts_best(facts, m, LLW_model_experts);
    assert_string_equal(claim->origin, "known model");
    assert_string_equal(claim->place, "glm-4.7-flash-q8_0.yaml: deepseek2.expert_count");
    assert_int_equal(llw_source_model(facts, "glm-4.7-flash", &m, &err), LLW_ERR_NOTHING);
    assert_int_equal(m, 0);
    assert_non_null(strstr(err.text, "glm-4.7-flash-q8_0"));
    assert_non_null(strstr(err.text, "glm-4.7-flash-q4_k_m"));
    assert_int_equal(llw_source_model(facts, "qwen3-8b-q4_k", &m, &err), LLW_ERR_NOTHING);
    assert_non_null(strstr(err.text, "qwen3-8b-q4_k_m"));
    assert_int_equal(llw_source_model(facts, "", &m, &err), LLW_ERR_INPUT);
    assert_int_equal(llw_source_model(facts, "./glm-4.7-flash-q8_0", &m, &err),
                     LLW_ERR_NOTHING); /* a path is a path */
    llw_facts_free(facts);
}

static llw_rc parse(llw_arena *arena, const char *yaml, llw_known *out, llw_err *err) {
    *err = (llw_err){0};
    return llw_known_parse(arena, "x.yaml", "x", yaml, strlen(yaml), false, out, err);
}

static void a_broken_known_model_is_named(void **state) {
    (void)state;
    static const struct {
        const char *yaml, *says;
        int line;
    } bad[] = {
        {"", "no mapping", 0},
        {"- a\n", "not a mapping", 1},
        {"source: s\n", "needs source, file_bytes", 0},
        {"source: s\nsource: t\n", "each once", 2},
        {"colour: red\n", "knows source", 1},
        {"source: {a: b}\n", "plain value", 1},
        {"metadata: text\n", "one list of lines", 1},
        {"metadata: [[a]]\n", "not a line of text", 1},
        {"source: [\n", "", 1},
        {"source: s\nfile_bytes: 24\nmetadata:\n  - a u8 1\n  - b u8 999\ntensors: []\n", "cannot hold", 5},
        {"source: s\nfile_bytes: 24\nmetadata: []\ntensors:\n  - t f32 2\n  - u f99 2\n",
         "unknown tensor type", 6},
        {"source: s\nfile_bytes: 25\nmetadata: []\ntensors: []\n", "header and tensors make 24", 0},
        {"source: s\nfile_bytes: 24\nmetadata: ['general.alignment u32 3']\ntensors: []\n", "power of two",
         3},
        {"source: *a\n", "", 1},
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        llw_arena *arena = llw_arena_new();
        llw_known known;
        llw_err err;
        assert_int_equal(parse(arena, bad[i].yaml, &known, &err), LLW_ERR_INPUT);
        if (i && !strstr(err.text, bad[i].says))
            fail_msg("%s says \"%s\", not \"%s\"", bad[i].yaml, err.text, bad[i].says);
        if (bad[i].line && err.line != bad[i].line)
            fail_msg("%s: line %d, not %d", bad[i].yaml, err.line, bad[i].line);
        assert_true(*err.text);
        llw_arena_free(arena);
    }
    llw_arena *arena = llw_arena_new();
    llw_known known;
    llw_err err;
    assert_int_equal(parse(arena, "source: s\nfile_bytes: 24\nmetadata: []\ntensors: []\n", &known, &err),
                     LLW_OK);
    llw_arena_free(arena);
}

static void names_stand_for_models(void **state) {
    (void)state;
    static const struct {
        const char *name, *model; /* NULL: none */
        bool repository;
    } cases[] = {
        {"/models/glm-4.7-flash-q8_0.gguf", "glm-4.7-flash-q8_0", false},
        {"Qwen_Qwen3-30B-A3B-Q4_K_M.gguf", "qwen3-30b-a3b-q4_k_m", false},
        {"C:\\models\\Meta-Llama-3.1-8B-Instruct.Q8_0.gguf", "llama-3.1-8b-q8_0", false},
        {"gpt-oss-120b-mxfp4-00001-of-00003.gguf", "gpt-oss-120b-mxfp4", false},
        {"Qwen3-30B-A3B-Instruct-2507-Q4_K_M.gguf", NULL, false}, /* another one, trained for more context */
        {"Qwen3-30B-A3B-UD-Q4_K_XL.gguf", NULL, false},
        {"Llama-3.3-8B-Instruct.Q8_0.gguf", NULL, false},
        {"unsloth/Qwen3-30B-A3B-GGUF:Q4_K_M", "qwen3-30b-a3b-q4_k_m", true},
        {"unsloth/Qwen3-30B-A3B-GGUF", "qwen3-30b-a3b-q4_k_m", true},
        {"unsloth/Qwen3-30B-A3B-GGUF:Q6_K", NULL, true},
        {"https://host/a/qwen3-30b-a3b-q4_k_m", NULL, true},
    };
    llw_arena *arena = llw_arena_new();
    char **names;
    size_t n;
    llw_known_list(arena, &names, &n);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *found = (cases[i].repository ? llw_known_for_repository
                                                 : llw_known_for_file)(arena, names, n, cases[i].name);
        if (!cases[i].model && found) fail_msg("%s is taken for %s", cases[i].name, found);
        if (cases[i].model && (!found || strcmp(found, cases[i].model)))
            fail_msg("%s is taken for %s", cases[i].name, found ? found : "nothing");
    }
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_known_model_is_its_file),
        cmocka_unit_test(every_header_text_reads_back),
        cmocka_unit_test(names_are_forgiving_and_unknown_ones_helped),
        cmocka_unit_test(a_broken_known_model_is_named),
        cmocka_unit_test(names_stand_for_models),
    };
    return cmocka_run_group_tests_name("known", tests, NULL, NULL);
}
