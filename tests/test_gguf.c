/* The GGUF reader against files that are good, broken and hostile.
 *
 * The numbered cases state what llama.cpp v0.5.0 does with each (ggml/src/gguf.cpp): accept or refuse. llwhy
 * does the same; where it is stricter the case says why. */
#include "fact/ggml_type.h"
#include "source/gguf.h"
#include "gguf_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

/* ---- the numbered cases ---- */

/* clang-format off */
static void c01_empty(file *f) { llw_text_addn(f, "", 0); }
static void c02_magic_only(file *f) { llw_text_addn(f, "GGUF", 4); }
static void c03_html(file *f) { llw_text_add(f, "<!DOCTYPE html><html><body>404 Not Found</body></html>"); }
static void c04_lfs(file *f) {
    llw_text_add(f, "version https://git-lfs.github.com/spec/v1\noid sha256:00ff\nsize 31839902720\n");
}
static void c05_ggml(file *f) { llw_text_addn(f, "lmgg\0\0\0\0", 8), zeros(f, 64); }
static void c06_ggjt(file *f) { llw_text_addn(f, "tjgg\3\0\0\0", 8), zeros(f, 64); }
static void c07_lower_case(file *f) { start(f, 0, 0), memcpy(f->bytes, "gguf", 4); }
static void version(file *f, uint32_t v) {
    start(f, 0, 0);
    for (int i = 0; i < 4; i++) f->bytes[4 + i] = (char)(v >> (8 * i));
    zeros(f, 64);
}
static void c08_version_0(file *f) { version(f, 0); }
static void c09_version_1(file *f) { version(f, 1); }
static void c10_version_4(file *f) { version(f, 4); }
static void c11_big_endian(file *f) { version(f, 0x03000000); }
static void c12_many_keys(file *f) { start(f, 0, UINT64_C(1) << 62), zeros(f, 64); }
static void c13_many_tensors(file *f) { start(f, UINT64_C(1) << 62, 0), zeros(f, 64); }
static void c14_minus_keys(file *f) { start(f, 0, UINT64_MAX), zeros(f, 64); }
static void c15_minus_tensors(file *f) { start(f, UINT64_MAX, 0), zeros(f, 64); }
static void c16_ok_empty(file *f) { start(f, 0, 0); }
static void c17_key_length(file *f) { start(f, 0, 1), put(f, UINT64_C(1) << 63, 8), zeros(f, 64); }
static void c18_key_length_max(file *f) { start(f, 0, 1), put(f, UINT64_MAX, 8), zeros(f, 64); }
static void c19_empty_key(file *f) { start(f, 0, 1), key_u32(f, "", 1), zeros(f, 64); }
static void c20_nul_in_key(file *f) {
    start(f, 0, 2), put_bytes(f, "general.name\0x", 14), put(f, LLW_GGUF_U8, 4), put(f, 1, 1), key_text(f, "general.name", "n");
}
static void c21_duplicate_key(file *f) { start(f, 0, 2), key_u32(f, "a", 1), key_u32(f, "a", 2); }
static void c22_bad_utf8_key(file *f) { start(f, 0, 1), key_u32(f, "a\xff\xc0", 1); }
static void c23_escape_in_name(file *f) { start(f, 0, 1), key_text(f, "general.name", "\x1b]0;owned\a\x1b[31m"); }
static void c24_type_99(file *f) { start(f, 0, 1), key_number(f, "a", 99, 0, 8), zeros(f, 32); }
static void c25_type_minus_1(file *f) { start(f, 0, 1), key_number(f, "a", UINT32_MAX, 0, 8), zeros(f, 32); }
static void c26_long_string(file *f) { start(f, 0, 1), key_number(f, "a", LLW_GGUF_STRING, UINT64_C(1) << 40, 8), zeros(f, 64); }
static void c27_long_array(file *f) { start(f, 0, 1), key_array(f, "a", LLW_GGUF_U8, UINT64_C(1) << 61), zeros(f, 64); }
static void c28_array_of_array(file *f) { start(f, 0, 1), key_array(f, "a", LLW_GGUF_ARRAY, 1), zeros(f, 64); }
static void c29_nested_arrays(file *f) {
    start(f, 0, 1);
    key_array(f, "a", LLW_GGUF_ARRAY, 1);
    for (int i = 0; i < 100000; i++) put(f, LLW_GGUF_ARRAY, 4), put(f, 1, 8);
}
static void c30_cut_string_array(file *f) { start(f, 0, 1), key_array(f, "a", LLW_GGUF_STRING, 3), put_text(f, "x"), put(f, 9, 8); }
static void c31_empty_array(file *f) { start(f, 0, 1), key_array(f, "a", LLW_GGUF_STRING, 0); }
static void c32_bool_2(file *f) { start(f, 0, 1), key_number(f, "a", LLW_GGUF_BOOL, 2, 1); }
static void alignment(file *f, uint32_t type, uint64_t value, int size) {
    start(f, 1, 1), key_number(f, "general.alignment", type, value, size), finish(f);
}
static void c33_alignment_0(file *f) { alignment(f, LLW_GGUF_U32, 0, 4); }
static void c34_alignment_3(file *f) { alignment(f, LLW_GGUF_U32, 3, 4); }
static void c35_alignment_2g(file *f) { start(f, 0, 1), key_u32(f, "general.alignment", UINT32_C(1) << 31); }
static void c36_alignment_u64(file *f) { alignment(f, LLW_GGUF_U64, 32, 8); }
static void c37_alignment_text(file *f) { start(f, 0, 1), key_text(f, "general.alignment", "32"); }
static void c38_alignment_1(file *f) {
    start(f, 1, 1), key_u32(f, "general.alignment", 1), tensor(f, "t", 0, 0, 1, (uint64_t)8), zeros(f, 32);
}
static void one(file *f, uint32_t type, int n, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    start(f, 1, 0), tensor(f, "t", type, 0, n, a, b, c, d), pad(f), zeros(f, 64);
}
static void c39_five_dims(file *f) { start(f, 1, 0), tensor(f, "t", 0, 0, 5, UINT64_C(1), UINT64_C(1), UINT64_C(1), UINT64_C(1), UINT64_C(1)), zeros(f, 64); }
static void c40_many_dims(file *f) { start(f, 1, 0), put_text(f, "t"), put(f, UINT32_MAX, 4), zeros(f, 64); }
static void c41_zero_dim(file *f) { one(f, 0, 2, 8, 0, 0, 0); }
static void c42_negative_dim(file *f) { one(f, 0, 2, 8, UINT64_MAX, 0, 0); }
static void c43_no_dims(file *f) { one(f, 0, 0, 0, 0, 0, 0); }
static void c44_product(file *f) { one(f, 0, 4, 1u << 20, 1u << 20, 1u << 20, 1u << 20); }
static void c45_product_wraps(file *f) { one(f, 0, 2, UINT64_C(1) << 33, UINT64_C(1) << 33, 0, 0); }
static void c46_bytes(file *f) { one(f, 28, 2, UINT64_C(1) << 31, UINT64_C(1) << 31, 0, 0); }
static void c47_row(file *f) { one(f, 8, 1, 33, 0, 0, 0); }
static void c48_type_250(file *f) { one(f, 250, 1, 32, 0, 0, 0); }
static void c49_type_minus(file *f) { one(f, UINT32_MAX, 1, 32, 0, 0, 0); }
static void c50_type_4(file *f) { one(f, 4, 1, 32, 0, 0, 0); }
static void c51_type_36(file *f) { one(f, 36, 1, 32, 0, 0, 0); }
static void at(file *f, uint64_t first, uint64_t second) {
    start(f, 2, 0), tensor(f, "a", 0, first, 1, (uint64_t)9), tensor(f, "b", 0, second, 1, (uint64_t)8), pad(f), zeros(f, 96);
}
static void c52_unaligned(file *f) { at(f, 0, 36); }
static void c53_past_end(file *f) { at(f, 0, 1u << 30); }
static void c54_first_offset(file *f) { at(f, 32, 96); }
static void c55_offset_wraps(file *f) { at(f, 0, UINT64_MAX - 31); }
static void c56_overlap(file *f) { at(f, 0, 32); }
static void c57_duplicate_tensor(file *f) {
    start(f, 2, 0), tensor(f, "a", 0, 0, 1, (uint64_t)8), tensor(f, "a", 0, 32, 1, (uint64_t)8), pad(f), zeros(f, 64);
}
static void named(file *f, const char *name) { start(f, 1, 0), tensor(f, name, 0, 0, 1, (uint64_t)8), pad(f), zeros(f, 32); }
static const char sixty[] = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234";
static void c58_name_64(file *f) { named(f, sixty); }
static void c59_name_63(file *f) { named(f, sixty + 1); }
static void c60_escape_in_tensor(file *f) { named(f, "\x1b[2J"); }
static void c61_empty_name(file *f) { named(f, ""); }
static void c62_cut_data(file *f) { start(f, 1, 0), tensor(f, "t", 0, 0, 1, (uint64_t)1024), pad(f), zeros(f, 100); }
static void c63_split_count(file *f) { start(f, 1, 1), key_number(f, "split.count", LLW_GGUF_U16, 65535, 2), finish(f); }
/* beyond the list */
static void c64_zero_times_huge(file *f) { one(f, 0, 4, UINT64_C(1) << 62, UINT64_C(1) << 62, 0, 1); }
static void c65_padding_missing(file *f) { start(f, 1, 0), tensor(f, "t", 0, 0, 1, (uint64_t)0); }
static void c66_type_of_array(file *f) { start(f, 0, 1), key_array(f, "a", 77, 1), zeros(f, 64); }
static void c67_scores_as_bytes(file *f) { start(f, 0, 1), key_array(f, "tokenizer.ggml.scores", LLW_GGUF_U8, 4), zeros(f, 4); }
static void c68_zero_bytes(file *f) { zeros(f, 4096); }
static void c69_safetensors(file *f) { put(f, 80, 8), llw_text_add(f, "{\"model.embed_tokens.weight\":{}}"); }
static void c70_refused_download(file *f) { llw_text_add(f, "Invalid username or password."); }
static void c71_pytorch(file *f) { llw_text_addn(f, "PK\3\4", 4), zeros(f, 64); }
static void c72_sum_overflow(file *f) {
    start(f, 2, 0), tensor(f, "a", 24, 0, 1, UINT64_C(1) << 62), tensor(f, "b", 24, UINT64_C(1) << 62, 1, UINT64_C(1) << 62);
    pad(f), zeros(f, 32);
}
static void c73_array_end(file *f) { start(f, 0, 1), key_array(f, "a", LLW_GGUF_F64, 1000), zeros(f, 7999); }
static void c74_nul_in_tensor(file *f) {
    start(f, 2, 0), put_bytes(f, "a\0b", 3), put(f, 1, 4), put(f, 8, 8), put(f, 0, 4), put(f, 0, 8);
    tensor(f, "a", 0, 32, 1, (uint64_t)8), pad(f), zeros(f, 64);
}

/* clang-format on */

typedef struct numbered {
    void (*make)(file *f);
    bool accepted; /* by llwhy */
    bool ggml;     /* by llama.cpp v0.5.0 */
    const char *says;
} numbered;

static const numbered cases[] = {
    {c01_empty, false, false, "is empty"},
    {c02_magic_only, false, false, "ends inside its header"},
    {c03_html, false, false, "web page"},
    {c04_lfs, false, false, "git lfs pull"},
    {c05_ggml, false, false, "GGML format"},
    {c06_ggjt, false, false, "GGJT format"},
    {c07_lower_case, false, false, "lower case"},
    {c08_version_0, false, false, "version 0"},
    {c09_version_1, false, false, "version 1"},
    {c10_version_4, false, false, "version 4"},
    {c11_big_endian, false, false, "big-endian"},
    {c12_many_keys, false, false, "metadata keys"},
    {c13_many_tensors, false, false, "tensors"},
    {c14_minus_keys, false, false, "metadata keys"},
    {c15_minus_tensors, false, false, "tensors"},
    {c16_ok_empty, true, true, ""},
    {c17_key_length, false, false, "claims a string"},
    {c18_key_length_max, false, false, "claims a string"},
    {c19_empty_key, false, false, "is empty"},
    {c20_nul_in_key, true, true, ""},
    {c21_duplicate_key, false, false, "twice"},
    {c22_bad_utf8_key, true, true, ""},
    {c23_escape_in_name, true, true, ""},
    {c24_type_99, false, false, "unknown type 99"},
    {c25_type_minus_1, false, false, "unknown type"},
    {c26_long_string, false, false, "claims a string"},
    {c27_long_array, false, false, "elements"},
    {c28_array_of_array, false, false, "array of arrays"},
    {c29_nested_arrays, false, false, "array of arrays"},
    {c30_cut_string_array, false, false, "ends inside its header"},
    {c31_empty_array, true, true, ""},
    {c32_bool_2, true, true, ""},
    {c33_alignment_0, false, false, "no power of two"},
    {c34_alignment_3, false, false, "no power of two"},
    {c35_alignment_2g, true, true, "far more"},
    {c36_alignment_u64, false, false, "as u64 instead of u32"},
    {c37_alignment_text, false, false, "as string instead of u32"},
    {c38_alignment_1, true, true, ""},
    {c39_five_dims, false, false, "5 dimensions"},
    {c40_many_dims, false, false, "4294967295 dimensions"},
    {c41_zero_dim, true, true, ""},
    {c42_negative_dim, false, false, "negative dimension"},
    {c43_no_dims, true, true, ""},
    {c44_product, false, true, "more elements"}, /* stricter: there the product wraps to 0, an empty tensor */
    {c45_product_wraps, false, true, "more elements"}, /* the same */
    {c46_bytes, false, false, "more bytes"},
    {c47_row, false, false, "no multiple"},
    {c48_type_250, false, false, "does not know"},
    {c49_type_minus, false, false, "does not know"},
    {c50_type_4, false, false, "does not know"},
    {c51_type_36, false, false, "does not know"},
    {c52_unaligned, false, false, "instead of 64"},
    {c53_past_end, false, false, "instead of 64"},
    {c54_first_offset, false, false, "instead of 0"},
    {c55_offset_wraps, false, false, "instead of 64"},
    {c56_overlap, false, false, "instead of 64"},
    {c57_duplicate_tensor, false, false, "twice"},
    {c58_name_64, false, false, "64 bytes"},
    {c59_name_63, true, true, ""},
    {c60_escape_in_tensor, true, true, ""},
    {c61_empty_name, true, true, ""},
    {c62_cut_data, true, true, "interrupted"},
    {c63_split_count, true, true, ""},                   /* the loader refuses it: see test_model_open.c */
    {c64_zero_times_huge, false, true, "more elements"}, /* stricter: its dimensions cannot be multiplied */
    {c65_padding_missing, false, false, "ends inside its header"},
    {c66_type_of_array, false, false, "unknown type 77"},
    {c67_scores_as_bytes, true, true, ""},
    {c68_zero_bytes, false, false, "zeros"},
    {c69_safetensors, false, false, "safetensors"},
    {c70_refused_download, false, false, "Invalid username"},
    {c71_pytorch, false, false, "PyTorch"},
    {c72_sum_overflow, false, true, "more bytes"}, /* stricter: no file can have them */
    {c73_array_end, false, false, "ends inside its header"},
    {c74_nul_in_tensor, false, false, "twice"},
};
enum { N_CASES = sizeof cases / sizeof *cases };

static void says(const llw_gguf *gguf, const char *what, const char *word) {
    for (size_t i = 0; *word && i < gguf->n_notes; i++)
        if (strstr(gguf->notes[i], word)) return;
    if (*word) fail_msg("%s: no note says \"%s\"", what, word);
}

static void every_case_has_its_verdict(void **state) {
    (void)state;
    for (size_t i = 0; i < N_CASES; i++) {
        file f = {0};
        cases[i].make(&f);
        /* a copy of its exact size, so that a read beyond it is caught */
        unsigned char *exact = malloc(f.len ? f.len : 1);
        memcpy(exact, f.len ? f.bytes : "", f.len);
        llw_arena *arena = llw_arena_new();
        llw_gguf gguf;
        llw_err err = {0};
        llw_rc rc = llw_gguf_parse(arena, "case.gguf", exact, f.len, &gguf, &err);
        char what[32];
        snprintf(what, sizeof what, "case %zu", i + 1);
        if ((rc == LLW_OK) != cases[i].accepted)
            fail_msg("%s is %s: %s", what, rc == LLW_OK ? "accepted" : "refused", err.text);
        if (rc != LLW_OK && !strstr(err.text, cases[i].says))
            fail_msg("%s says \"%s\", not \"%s\"", what, err.text, cases[i].says);
        if (rc == LLW_OK) says(&gguf, what, cases[i].says);
        if (!cases[i].ggml) assert_false(cases[i].accepted); /* never laxer than llama.cpp */
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
    char path[] = "/tmp/llwhy-window-XXXXXX";
    int fd = mkstemp(path);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_has_its_verdict),
        cmocka_unit_test(a_good_file_gives_everything),
        cmocka_unit_test(every_truncation_is_refused_or_flagged),
        cmocka_unit_test(every_flipped_byte_is_survived),
        cmocka_unit_test(a_window_is_enough_for_any_length),
        cmocka_unit_test(escapes_and_nuls_stay_inside_their_text),
        cmocka_unit_test(every_tensor_type_is_measured),
    };
    return cmocka_run_group_tests_name("gguf", tests, NULL, NULL);
}
