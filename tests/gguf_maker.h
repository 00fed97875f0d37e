/* Writing GGUF files byte by byte, for tests of the reader. */
#ifndef LLW_TESTS_GGUF_MAKER_H
#define LLW_TESTS_GGUF_MAKER_H

#include "base/text.h"
#include "fact/model.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef llw_text file;

static inline void put(file *f, uint64_t value, int size) {
    char bytes[8];
    for (int i = 0; i < size; i++) bytes[i] = (char)(value >> (8 * i));
    llw_text_addn(f, bytes, (size_t)size);
}

static inline void put_bytes(file *f, const char *text, size_t len) {
    put(f, len, 8);
    llw_text_addn(f, text, len);
}

static inline void put_text(file *f, const char *text) {
    put_bytes(f, text, strlen(text));
}

static inline void start(file *f, uint64_t n_tensors, uint64_t n_keys) {
    llw_text_addn(f, "GGUF", 4);
    put(f, 3, 4);
    put(f, n_tensors, 8);
    put(f, n_keys, 8);
}

static inline void key_text(file *f, const char *key, const char *value) {
    put_text(f, key);
    put(f, LLW_GGUF_STRING, 4);
    put_text(f, value);
}

static inline void key_number(file *f, const char *key, uint32_t type, uint64_t value, int size) {
    put_text(f, key);
    put(f, type, 4);
    put(f, value, size);
}

static inline void key_u32(file *f, const char *key, uint32_t value) {
    key_number(f, key, LLW_GGUF_U32, value, 4);
}

static inline void key_array(file *f, const char *key, uint32_t element, uint64_t count) {
    put_text(f, key);
    put(f, LLW_GGUF_ARRAY, 4);
    put(f, element, 4);
    put(f, count, 8);
}

static inline void tensor(file *f, const char *name, uint32_t type, uint64_t offset, int n_dims, ...) {
    va_list dims;
    put_text(f, name);
    put(f, (uint64_t)n_dims, 4);
    va_start(dims, n_dims);
    for (int i = 0; i < n_dims; i++) put(f, va_arg(dims, uint64_t), 8);
    va_end(dims);
    put(f, type, 4);
    put(f, offset, 8);
}

static inline void zeros(file *f, size_t n) {
    for (size_t i = 0; i < n; i++) llw_text_addn(f, "", 1);
}

static inline void pad(file *f) {
    while (f->len % 32) zeros(f, 1);
}

/* One f32 tensor of 8 elements and its data. */
static inline void finish(file *f) {
    tensor(f, "t", 0, 0, 1, (uint64_t)8);
    pad(f);
    zeros(f, 32);
}

/* A small model with every kind of value, a vocabulary of 70,000 tokens and three tensors. */
static inline void good(file *f) {
    start(f, 3, 12);
    key_text(f, "general.architecture", "deepseek2");
    key_text(f, "general.name", "Small");
    key_u32(f, "deepseek2.block_count", 2);
    key_number(f, "a.i8", LLW_GGUF_I8, 0xff, 1);
    key_number(f, "a.i16", LLW_GGUF_I16, 0x8000, 2);
    key_number(f, "a.i64", LLW_GGUF_I64, UINT64_MAX, 8);
    key_number(f, "a.u64", LLW_GGUF_U64, UINT64_MAX, 8);
    key_number(f, "a.f32", LLW_GGUF_F32, 0x3fc00000, 4);
    key_number(f, "a.f64", LLW_GGUF_F64, UINT64_C(0xc004000000000000), 8);
    key_array(f, "a.kv", LLW_GGUF_I32, 3), put(f, 8, 4), put(f, 0, 4), put(f, 0xffffffff, 4);
    key_array(f, "general.tags", LLW_GGUF_STRING, 2), put_text(f, "text"), put_text(f, "");
    key_array(f, "tokenizer.ggml.tokens", LLW_GGUF_STRING, 70000);
    for (int i = 0; i < 70000; i++) put_bytes(f, "abcdefghijklmnop", (size_t)(i % 17));
    tensor(f, "token_embd.weight", 8, 0, 2, (uint64_t)64, (uint64_t)3);
    tensor(f, "blk.0.attn_q.weight", 12, 224, 2, (uint64_t)256, (uint64_t)2);
    tensor(f, "blk.1.ffn_up_exps.weight", 39, 512, 3, (uint64_t)32, (uint64_t)2, (uint64_t)4);
    pad(f);
    zeros(f, 512 + 17 * 8 + 24);
}

#endif
