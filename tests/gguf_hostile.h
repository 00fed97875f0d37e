/* GGUF files that are broken, hostile or odd, made byte by byte, and what becomes of each.
 *
 * The first 63 are the numbered inputs of docs/hostile-inputs.md. The table states what llama.cpp v0.5.0's
 * reader does (ggml/src/gguf.cpp gguf_init_from_file): accept or refuse. llwhy does the same; where it is
 * stricter a remark says why. */
#ifndef LLW_TESTS_GGUF_HOSTILE_H
#define LLW_TESTS_GGUF_HOSTILE_H

#include "gguf_maker.h"

/* clang-format off */
static inline void c01_empty(file *f) { llw_text_addn(f, "", 0); }
static inline void c02_magic_only(file *f) { llw_text_addn(f, "GGUF", 4); }
static inline void c03_html(file *f) { llw_text_add(f, "<!DOCTYPE html><html><body>404 Not Found</body></html>"); }
static inline void c04_lfs(file *f) {
    llw_text_add(f, "version https://git-lfs.github.com/spec/v1\noid sha256:00ff\nsize 31839902720\n");
}
static inline void c05_ggml(file *f) { llw_text_addn(f, "lmgg\0\0\0\0", 8), zeros(f, 64); }
static inline void c06_ggjt(file *f) { llw_text_addn(f, "tjgg\3\0\0\0", 8), zeros(f, 64); }
static inline void c07_lower_case(file *f) { start(f, 0, 0), memcpy(f->bytes, "gguf", 4); }
static inline void version(file *f, uint32_t v) {
    start(f, 0, 0);
    for (int i = 0; i < 4; i++) f->bytes[4 + i] = (char)(v >> (8 * i));
    zeros(f, 64);
}
static inline void c08_version_0(file *f) { version(f, 0); }
static inline void c09_version_1(file *f) { version(f, 1); }
static inline void c10_version_4(file *f) { version(f, 4); }
static inline void c11_big_endian(file *f) { version(f, 0x03000000); }
static inline void c12_many_keys(file *f) { start(f, 0, UINT64_C(1) << 62), zeros(f, 64); }
static inline void c13_many_tensors(file *f) { start(f, UINT64_C(1) << 62, 0), zeros(f, 64); }
static inline void c14_minus_keys(file *f) { start(f, 0, UINT64_MAX), zeros(f, 64); }
static inline void c15_minus_tensors(file *f) { start(f, UINT64_MAX, 0), zeros(f, 64); }
static inline void c16_ok_empty(file *f) { start(f, 0, 0); }
static inline void c17_key_length(file *f) { start(f, 0, 1), put(f, UINT64_C(1) << 63, 8), zeros(f, 64); }
static inline void c18_key_length_max(file *f) { start(f, 0, 1), put(f, UINT64_MAX, 8), zeros(f, 64); }
static inline void c19_empty_key(file *f) { start(f, 0, 1), key_u32(f, "", 1), zeros(f, 64); }
static inline void c20_nul_in_key(file *f) {
    start(f, 0, 2), put_bytes(f, "general.name\0x", 14), put(f, LLW_GGUF_U8, 4), put(f, 1, 1), key_text(f, "general.name", "n");
}
static inline void c21_duplicate_key(file *f) { start(f, 0, 2), key_u32(f, "a", 1), key_u32(f, "a", 2); }
static inline void c22_bad_utf8_key(file *f) { start(f, 0, 1), key_u32(f, "a\xff\xc0", 1); }
static inline void c23_escape_in_name(file *f) { start(f, 0, 1), key_text(f, "general.name", "\x1b]0;owned\a\x1b[31m"); }
static inline void c24_type_99(file *f) { start(f, 0, 1), key_number(f, "a", 99, 0, 8), zeros(f, 32); }
static inline void c25_type_minus_1(file *f) { start(f, 0, 1), key_number(f, "a", UINT32_MAX, 0, 8), zeros(f, 32); }
static inline void c26_long_string(file *f) { start(f, 0, 1), key_number(f, "a", LLW_GGUF_STRING, UINT64_C(1) << 40, 8), zeros(f, 64); }
static inline void c27_long_array(file *f) { start(f, 0, 1), key_array(f, "a", LLW_GGUF_U8, UINT64_C(1) << 61), zeros(f, 64); }
static inline void c28_array_of_array(file *f) { start(f, 0, 1), key_array(f, "a", LLW_GGUF_ARRAY, 1), zeros(f, 64); }
static inline void c29_nested_arrays(file *f) {
    start(f, 0, 1);
    key_array(f, "a", LLW_GGUF_ARRAY, 1);
    for (int i = 0; i < 100000; i++) put(f, LLW_GGUF_ARRAY, 4), put(f, 1, 8);
}
static inline void c30_cut_string_array(file *f) { start(f, 0, 1), key_array(f, "a", LLW_GGUF_STRING, 3), put_text(f, "x"), put(f, 9, 8); }
static inline void c31_empty_array(file *f) { start(f, 0, 1), key_array(f, "a", LLW_GGUF_STRING, 0); }
static inline void c32_bool_2(file *f) { start(f, 0, 1), key_number(f, "a", LLW_GGUF_BOOL, 2, 1); }
static inline void alignment(file *f, uint32_t type, uint64_t value, int size) {
    start(f, 1, 1), key_number(f, "general.alignment", type, value, size), finish(f);
}
static inline void c33_alignment_0(file *f) { alignment(f, LLW_GGUF_U32, 0, 4); }
static inline void c34_alignment_3(file *f) { alignment(f, LLW_GGUF_U32, 3, 4); }
static inline void c35_alignment_2g(file *f) { start(f, 0, 1), key_u32(f, "general.alignment", UINT32_C(1) << 31); }
static inline void c36_alignment_u64(file *f) { alignment(f, LLW_GGUF_U64, 32, 8); }
static inline void c37_alignment_text(file *f) { start(f, 0, 1), key_text(f, "general.alignment", "32"); }
static inline void c38_alignment_1(file *f) {
    start(f, 1, 1), key_u32(f, "general.alignment", 1), tensor(f, "t", 0, 0, 1, (uint64_t)8), zeros(f, 32);
}
static inline void one(file *f, uint32_t type, int n, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
    start(f, 1, 0), tensor(f, "t", type, 0, n, a, b, c, d), pad(f), zeros(f, 64);
}
static inline void c39_five_dims(file *f) { start(f, 1, 0), tensor(f, "t", 0, 0, 5, UINT64_C(1), UINT64_C(1), UINT64_C(1), UINT64_C(1), UINT64_C(1)), zeros(f, 64); }
static inline void c40_many_dims(file *f) { start(f, 1, 0), put_text(f, "t"), put(f, UINT32_MAX, 4), zeros(f, 64); }
static inline void c41_zero_dim(file *f) { one(f, 0, 2, 8, 0, 0, 0); }
static inline void c42_negative_dim(file *f) { one(f, 0, 2, 8, UINT64_MAX, 0, 0); }
static inline void c43_no_dims(file *f) { one(f, 0, 0, 0, 0, 0, 0); }
static inline void c44_product(file *f) { one(f, 0, 4, 1u << 20, 1u << 20, 1u << 20, 1u << 20); }
static inline void c45_product_wraps(file *f) { one(f, 0, 2, UINT64_C(1) << 33, UINT64_C(1) << 33, 0, 0); }
static inline void c46_bytes(file *f) { one(f, 28, 2, UINT64_C(1) << 31, UINT64_C(1) << 31, 0, 0); }
static inline void c47_row(file *f) { one(f, 8, 1, 33, 0, 0, 0); }
static inline void c48_type_250(file *f) { one(f, 250, 1, 32, 0, 0, 0); }
static inline void c49_type_minus(file *f) { one(f, UINT32_MAX, 1, 32, 0, 0, 0); }
static inline void c50_type_4(file *f) { one(f, 4, 1, 32, 0, 0, 0); }
static inline void c51_type_36(file *f) { one(f, 36, 1, 32, 0, 0, 0); }
static inline void at(file *f, uint64_t first, uint64_t second) {
    start(f, 2, 0), tensor(f, "a", 0, first, 1, (uint64_t)9), tensor(f, "b", 0, second, 1, (uint64_t)8), pad(f), zeros(f, 96);
}
static inline void c52_unaligned(file *f) { at(f, 0, 36); }
static inline void c53_past_end(file *f) { at(f, 0, 1u << 30); }
static inline void c54_first_offset(file *f) { at(f, 32, 96); }
static inline void c55_offset_wraps(file *f) { at(f, 0, UINT64_MAX - 31); }
static inline void c56_overlap(file *f) { at(f, 0, 32); }
static inline void c57_duplicate_tensor(file *f) {
    start(f, 2, 0), tensor(f, "a", 0, 0, 1, (uint64_t)8), tensor(f, "a", 0, 32, 1, (uint64_t)8), pad(f), zeros(f, 64);
}
static inline void named(file *f, const char *name) { start(f, 1, 0), tensor(f, name, 0, 0, 1, (uint64_t)8), pad(f), zeros(f, 32); }
static const char sixty[] = "aaaaaaaaaabbbbbbbbbbccccccccccddddddddddeeeeeeeeeeffffffffff1234";
static inline void c58_name_64(file *f) { named(f, sixty); }
static inline void c59_name_63(file *f) { named(f, sixty + 1); }
static inline void c60_escape_in_tensor(file *f) { named(f, "\x1b[2J"); }
static inline void c61_empty_name(file *f) { named(f, ""); }
static inline void c62_cut_data(file *f) { start(f, 1, 0), tensor(f, "t", 0, 0, 1, (uint64_t)1024), pad(f), zeros(f, 100); }
static inline void c63_split_count(file *f) { start(f, 1, 1), key_number(f, "split.count", LLW_GGUF_U16, 65535, 2), finish(f); }
/* beyond the list */
static inline void c64_zero_times_huge(file *f) { one(f, 0, 4, UINT64_C(1) << 62, UINT64_C(1) << 62, 0, 1); }
static inline void c65_padding_missing(file *f) { start(f, 1, 0), tensor(f, "t", 0, 0, 1, (uint64_t)0); }
static inline void c66_type_of_array(file *f) { start(f, 0, 1), key_array(f, "a", 77, 1), zeros(f, 64); }
static inline void c67_scores_as_bytes(file *f) { start(f, 0, 1), key_array(f, "tokenizer.ggml.scores", LLW_GGUF_U8, 4), zeros(f, 4); }
static inline void c68_zero_bytes(file *f) { zeros(f, 4096); }
static inline void c69_safetensors(file *f) { put(f, 80, 8), llw_text_add(f, "{\"model.embed_tokens.weight\":{}}"); }
static inline void c70_refused_download(file *f) { llw_text_add(f, "Invalid username or password."); }
static inline void c71_pytorch(file *f) { llw_text_addn(f, "PK\3\4", 4), zeros(f, 64); }
static inline void c72_sum_overflow(file *f) {
    start(f, 2, 0), tensor(f, "a", 24, 0, 1, UINT64_C(1) << 62), tensor(f, "b", 24, UINT64_C(1) << 62, 1, UINT64_C(1) << 62);
    pad(f), zeros(f, 32);
}
static inline void c73_array_end(file *f) { start(f, 0, 1), key_array(f, "a", LLW_GGUF_F64, 1000), zeros(f, 7999); }
static inline void c74_nul_in_tensor(file *f) {
    start(f, 2, 0), put_bytes(f, "a\0b", 3), put(f, 1, 4), put(f, 8, 8), put(f, 0, 4), put(f, 0, 8);
    tensor(f, "a", 0, 32, 1, (uint64_t)8), pad(f), zeros(f, 64);
}

/* clang-format on */

typedef struct numbered {
    const char *name;
    void (*make)(file *f);
    bool accepted; /* by llwhy */
    bool ggml;     /* by llama.cpp v0.5.0 */
    const char *says;
} numbered;

static const numbered numbered_cases[] = {
    {"c01_empty", c01_empty, false, false, "is empty"},
    {"c02_magic_only", c02_magic_only, false, false, "ends inside its header"},
    {"c03_html", c03_html, false, false, "web page"},
    {"c04_lfs", c04_lfs, false, false, "git lfs pull"},
    {"c05_ggml", c05_ggml, false, false, "GGML format"},
    {"c06_ggjt", c06_ggjt, false, false, "GGJT format"},
    {"c07_lower_case", c07_lower_case, false, false, "lower case"},
    {"c08_version_0", c08_version_0, false, false, "version 0"},
    {"c09_version_1", c09_version_1, false, false, "version 1"},
    {"c10_version_4", c10_version_4, false, false, "version 4"},
    {"c11_big_endian", c11_big_endian, false, false, "big-endian"},
    {"c12_many_keys", c12_many_keys, false, false, "metadata keys"},
    {"c13_many_tensors", c13_many_tensors, false, false, "tensors"},
    {"c14_minus_keys", c14_minus_keys, false, false, "metadata keys"},
    {"c15_minus_tensors", c15_minus_tensors, false, false, "tensors"},
    {"c16_ok_empty", c16_ok_empty, true, true, ""},
    {"c17_key_length", c17_key_length, false, false, "claims a string"},
    {"c18_key_length_max", c18_key_length_max, false, false, "claims a string"},
    {"c19_empty_key", c19_empty_key, false, false, "is empty"},
    {"c20_nul_in_key", c20_nul_in_key, true, true, ""},
    {"c21_duplicate_key", c21_duplicate_key, false, false, "twice"},
    {"c22_bad_utf8_key", c22_bad_utf8_key, true, true, ""},
    {"c23_escape_in_name", c23_escape_in_name, true, true, ""},
    {"c24_type_99", c24_type_99, false, false, "unknown type 99"},
    {"c25_type_minus_1", c25_type_minus_1, false, false, "unknown type"},
    {"c26_long_string", c26_long_string, false, false, "claims a string"},
    {"c27_long_array", c27_long_array, false, false, "elements"},
    {"c28_array_of_array", c28_array_of_array, false, false, "array of arrays"},
    {"c29_nested_arrays", c29_nested_arrays, false, false, "array of arrays"},
    {"c30_cut_string_array", c30_cut_string_array, false, false, "ends inside its header"},
    {"c31_empty_array", c31_empty_array, true, true, ""},
    {"c32_bool_2", c32_bool_2, true, true, ""},
    {"c33_alignment_0", c33_alignment_0, false, false, "no power of two"},
    {"c34_alignment_3", c34_alignment_3, false, false, "no power of two"},
    {"c35_alignment_2g", c35_alignment_2g, true, true, "far more"},
    {"c36_alignment_u64", c36_alignment_u64, false, false, "as u64 instead of u32"},
    {"c37_alignment_text", c37_alignment_text, false, false, "as string instead of u32"},
    {"c38_alignment_1", c38_alignment_1, true, true, ""},
    {"c39_five_dims", c39_five_dims, false, false, "5 dimensions"},
    {"c40_many_dims", c40_many_dims, false, false, "4294967295 dimensions"},
    {"c41_zero_dim", c41_zero_dim, true, true, ""},
    {"c42_negative_dim", c42_negative_dim, false, false, "negative dimension"},
    {"c43_no_dims", c43_no_dims, true, true, ""},
    {"c44_product", c44_product, false, true,
     "more elements"}, /* stricter: there the product wraps to 0, an empty tensor */
    {"c45_product_wraps", c45_product_wraps, false, true, "more elements"}, /* the same */
    {"c46_bytes", c46_bytes, false, false, "more bytes"},
    {"c47_row", c47_row, false, false, "no multiple"},
    {"c48_type_250", c48_type_250, false, false, "does not know"},
    {"c49_type_minus", c49_type_minus, false, false, "does not know"},
    {"c50_type_4", c50_type_4, false, false, "does not know"},
    {"c51_type_36", c51_type_36, false, false, "does not know"},
    {"c52_unaligned", c52_unaligned, false, false, "instead of 64"},
    {"c53_past_end", c53_past_end, false, false, "instead of 64"},
    {"c54_first_offset", c54_first_offset, false, false, "instead of 0"},
    {"c55_offset_wraps", c55_offset_wraps, false, false, "instead of 64"},
    {"c56_overlap", c56_overlap, false, false, "instead of 64"},
    {"c57_duplicate_tensor", c57_duplicate_tensor, false, false, "twice"},
    {"c58_name_64", c58_name_64, false, false, "64 bytes"},
    {"c59_name_63", c59_name_63, true, true, ""},
    {"c60_escape_in_tensor", c60_escape_in_tensor, true, true, ""},
    {"c61_empty_name", c61_empty_name, true, true, ""},
    {"c62_cut_data", c62_cut_data, true, true, "interrupted"},
    {"c63_split_count", c63_split_count, true, true, ""}, /* the loader refuses it: see test_model_open.c */
    {"c64_zero_times_huge", c64_zero_times_huge, false, true,
     "more elements"}, /* stricter: its dimensions cannot be multiplied */
    {"c65_padding_missing", c65_padding_missing, false, false, "ends inside its header"},
    {"c66_type_of_array", c66_type_of_array, false, false, "unknown type 77"},
    {"c67_scores_as_bytes", c67_scores_as_bytes, true, true, ""},
    {"c68_zero_bytes", c68_zero_bytes, false, false, "zeros"},
    {"c69_safetensors", c69_safetensors, false, false, "safetensors"},
    {"c70_refused_download", c70_refused_download, false, false, "is a text file"},
    {"c71_pytorch", c71_pytorch, false, false, "PyTorch"},
    {"c72_sum_overflow", c72_sum_overflow, false, true, "more bytes"}, /* stricter: no file can have them */
    {"c73_array_end", c73_array_end, false, false, "ends inside its header"},
    {"c74_nul_in_tensor", c74_nul_in_tensor, false, false, "twice"},
};
enum { N_CASES = sizeof numbered_cases / sizeof *numbered_cases };

#endif
