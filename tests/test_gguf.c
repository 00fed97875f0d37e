/* The GGUF reader against files that are good, broken and hostile (gguf_hostile.h). */
#include "fact/ggml_type.h"
#include "source/model/gguf.h"
#include "source/model/looks.h"
#include "gguf_hostile.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- the numbered cases ---- */

static void says(const llw_gguf *gguf, const char *what, const char *word) {
    for (size_t i = 0; *word && i < gguf->n_notes; i++)
        if (strstr(gguf->notes[i], word)) return;
    if (*word) fail_msg("%s: no note says \"%s\"", what, word);
}

static void every_case_has_its_verdict(void **state) {
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        file f = {0};
        numbered_cases[i].make(&f);
        /* a copy of its exact size, so that a read beyond it is caught */
        unsigned char *exact = malloc(f.len ? f.len : 1);
        memcpy(exact, f.len ? f.bytes : "", f.len);
        llw_arena *arena = llw_arena_new();
        llw_gguf gguf;
        llw_err err = {0};
        llw_rc rc = llw_gguf_parse(arena, "case.gguf", exact, f.len, &gguf, &err);
        char what[32];
        snprintf(what, sizeof what, "case %zu", i + 1);
        if ((rc == LLW_OK) != numbered_cases[i].accepted)
            fail_msg("%s is %s: %s", what, rc == LLW_OK ? "accepted" : "refused", err.text);
        if (rc != LLW_OK && !strstr(err.text, numbered_cases[i].says))
            fail_msg("%s says \"%s\", not \"%s\"", what, err.text, numbered_cases[i].says);
        if (rc == LLW_OK) says(&gguf, what, numbered_cases[i].says);
        if (!numbered_cases[i].ggml)
            assert_false(numbered_cases[i].accepted); /* never laxer than llama.cpp */
        llw_arena_free(arena);
        free(exact);
        llw_text_fini(&f);
    }
}

/* ---- a good file ---- */

static void a_good_file_gives_everything(void **state) {
    (void)state;
    file f = {0};
    good(&f);
    llw_arena *arena = llw_arena_new();
    llw_gguf g;
    llw_err err = {0};
    if (llw_gguf_parse(arena, "good.gguf", f.bytes, f.len, &g, &err) != LLW_OK) fail_msg("%s", err.text);
    const llw_model *m = &g.model;
    assert_string_equal(m->architecture, "deepseek2");
    assert_int_equal(m->version, 3);
    assert_int_equal(m->alignment, 32);
    assert_int_equal(m->n_meta, 12);
    assert_int_equal(llw_model_int(m, "block_count", -1, -1), 2);
    assert_int_equal(llw_model_meta(m, "a.i8")->integer, -1);
    assert_int_equal(llw_model_meta(m, "a.i16")->integer, -32768);
    assert_int_equal(llw_model_meta(m, "a.i64")->integer, -1);
    assert_true(llw_model_meta(m, "a.u64")->integer == INT64_MAX);
    assert_true(llw_model_meta(m, "a.f32")->real == 1.5);
    assert_true(llw_model_meta(m, "a.f64")->real == -2.5);
    const llw_meta *kv = llw_model_meta(m, "a.kv");
    assert_int_equal(kv->count, 3);
    assert_true(kv->array[0] == 8 && kv->array[1] == 0 && kv->array[2] == -1);
    const llw_meta *tags = llw_model_meta(m, "general.tags");
    assert_string_equal(tags->strings[0], "text");
    assert_string_equal(tags->strings[1], "");
    const llw_meta *tokens = llw_model_meta(m, "tokenizer.ggml.tokens");
    assert_int_equal(tokens->count, 70000);
    assert_null(tokens->strings);
    uint64_t bytes = 0;
    for (uint64_t i = 0; i < 70000; i++) bytes += i % 17;
    assert_int_equal(tokens->string_bytes, bytes);
    assert_int_equal(m->n_tensors, 3);
    assert_int_equal(m->tensors[0].bytes, 204);
    assert_int_equal(m->tensors[1].bytes, 288);
    assert_int_equal(m->tensors[1].layer, 0);
    assert_int_equal(m->tensors[2].bytes, 17 * 8);
    assert_int_equal(m->tensors[2].layer, 1);
    assert_int_equal(m->tensors[2].dims[3], 1);
    assert_int_equal(m->header_bytes + 512 + 17 * 8, g.expected_bytes);
    assert_true(g.complete);
    assert_int_equal(g.n_notes, 0);
    llw_arena_free(arena);
    llw_text_fini(&f);
}

static void every_truncation_is_refused_or_flagged(void **state) {
    (void)state;
    file f = {0};
    good(&f);
    size_t header = 0, step = 1;
    for (size_t len = 0; len < f.len; len += step) {
        /* every byte at both ends, every 997th of the vocabulary */
        step = len > 2000 && len + 2000 < f.len ? 997 : 1;
        unsigned char *exact = malloc(len ? len : 1);
        memcpy(exact, f.bytes, len);
        llw_arena *arena = llw_arena_new();
        llw_gguf g;
        llw_err err = {0};
        llw_rc rc = llw_gguf_parse(arena, "cut.gguf", exact, len, &g, &err);
        if (rc == LLW_OK) {
            if (!header) header = len;
            assert_int_equal(len < (size_t)g.expected_bytes, !g.complete);
        } else {
            assert_int_equal(header, 0); /* once the header is whole, every longer file is accepted */
            assert_true(*err.text);
        }
        llw_arena_free(arena);
        free(exact);
    }
    assert_true(header > 500000);
    llw_text_fini(&f);
}

static void every_flipped_byte_is_survived(void **state) {
    (void)state;
    file f = {0};
    good(&f);
    size_t end = f.len, shown = 0;
    for (size_t i = 0; i<end; i += i> 700 && i + 900 < end ? 4099 : 1) {
        for (int k = 0; k < 3; k++) {
            char old = f.bytes[i];
            f.bytes[i] = (char)(k == 0 ? old ^ 0x80 : k == 1 ? 0xff : old + 1);
            llw_arena *arena = llw_arena_new();
            llw_gguf g;
            shown += llw_gguf_parse(arena, "flip.gguf", f.bytes, f.len, &g, NULL) == LLW_OK;
            llw_arena_free(arena);
            f.bytes[i] = old;
        }
    }
    assert_true(shown > 100);
    llw_text_fini(&f);
}

static void a_window_is_enough_for_any_length(void **state) {
    (void)state;
    /* strings that cross windows, and one longer than a window */
    file f = {0};
    start(&f, 1, 3);
    key_array(&f, "a", LLW_GGUF_STRING, 5);
    char *big = malloc(700000);
    memset(big, 'b', 700000);
    for (int i = 0; i < 5; i++) put_bytes(&f, big, (size_t)(100000 + 150000 * i));
    put_text(&f, "template"), put(&f, LLW_GGUF_STRING, 4), put_bytes(&f, big, 300000);
    key_array(&f, "n", LLW_GGUF_I64, 60000);
    for (uint64_t i = 0; i < 60000; i++) put(&f, i, 8);
    finish(&f);
    char path[SCRATCH_MAX];
    int fd = mkstemp(scratch(path, "window"));
    assert_int_equal(write(fd, f.bytes, f.len), f.len);
    close(fd);
    llw_arena *arena = llw_arena_new();
    llw_gguf g;
    llw_err err = {0};
    llw_rc rc = llw_gguf_read(arena, path, &g, &err);
    unlink(path);
    if (rc != LLW_OK) fail_msg("%s", err.text);
    assert_int_equal(llw_model_meta(&g.model, "a")->string_bytes, 5 * 100000 + 150000 * 10);
    assert_int_equal(llw_model_meta(&g.model, "template")->count, 300000);
    assert_int_equal(strlen(llw_model_meta(&g.model, "template")->string), LLW_META_STRING_MAX);
    assert_true(llw_model_meta(&g.model, "n")->array[59999] == 59999);
    assert_true(g.complete && g.allocated_bytes > 0 && g.modified > 0);
    llw_arena_free(arena);
    free(big);
    llw_text_fini(&f);
}

static void escapes_and_nuls_stay_inside_their_text(void **state) {
    (void)state;
    file f = {0};
    c20_nul_in_key(&f);
    llw_arena *arena = llw_arena_new();
    llw_gguf g;
    assert_int_equal(llw_gguf_parse(arena, "nul.gguf", f.bytes, f.len, &g, NULL), LLW_OK);
    assert_string_equal(g.model.meta[0].key, "general.name\\x00x");
    assert_string_equal(llw_model_string(&g.model, "general.name", "absent"), "absent");
    assert_string_equal(llw_model_meta(&g.model, "general.name")->string, "n");
    llw_arena_free(arena);
    llw_text_fini(&f);
}

static void every_tensor_type_is_measured(void **state) {
    (void)state;
    int types = 0;
    for (uint32_t type = 0; type < 64; type++) {
        const llw_ggml_type *t = llw_ggml_type_get(type);
        file f = {0};
        one(&f, type, 2, 512, 3, 0, 0);
        zeros(&f, 16384);
        llw_arena *arena = llw_arena_new();
        llw_gguf g;
        llw_rc rc = llw_gguf_parse(arena, "type.gguf", f.bytes, f.len, &g, NULL);
        assert_int_equal(rc == LLW_OK, t != NULL);
        if (t) assert_int_equal(g.model.tensors[0].bytes, 512 / t->block * t->bytes * 3);
        types += t != NULL;
        llw_arena_free(arena);
        llw_text_fini(&f);
    }
    assert_int_equal(types, 35); /* GGML_TYPE_COUNT 43 of v0.5.0 less 8 that were removed */
}

/* A text of every length without an end of line: it is read inside its bytes, and nothing of it is shown. */
static void a_text_is_named_and_not_quoted(void **state) {
    (void)state;
    for (size_t len = 1; len <= 512; len++) {
        unsigned char *exact = malloc(len); /* a read beyond it is caught */
        memset(exact, 'x', len);
        char says[LLW_LOOKS_MAX];
        assert_string_equal(llw_looks_like(exact, len, says),
                            "is a text file, not a GGUF file: download the model itself");
        free(exact);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_has_its_verdict),
        cmocka_unit_test(a_good_file_gives_everything),
        cmocka_unit_test(every_truncation_is_refused_or_flagged),
        cmocka_unit_test(every_flipped_byte_is_survived),
        cmocka_unit_test(a_window_is_enough_for_any_length),
        cmocka_unit_test(escapes_and_nuls_stay_inside_their_text),
        cmocka_unit_test(every_tensor_type_is_measured),
        cmocka_unit_test(a_text_is_named_and_not_quoted),
    };
    return cmocka_run_group_tests_name("gguf", tests, NULL, NULL);
}
