/* llwhy-sparse NAME OUT.gguf: writes a known model at full size with its tensor data as a hole.
 *
 * The header is complete and llama.cpp loads it; the tokens are made up so that their count and their bytes are those
 * that models/known states. An 18 GB model takes a few megabytes of disk. */
#include "base/text.h"
#include "fact/header.h"
#include "source/known.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void put(FILE *out, uint64_t value, size_t size) {
    unsigned char bytes[8];
    for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(value >> (8 * i));
    fwrite(bytes, 1, size, out);
}

static void put_string(FILE *out, const char *text, size_t len) {
    put(out, len, 8);
    fwrite(text, 1, len, out);
}

static void put_number(FILE *out, llw_gguf_type type, int64_t integer, double real) {
    union {
        float f;
        uint32_t u;
    } f32 = {.f = (float)real};
    union {
        double d;
        uint64_t u;
    } f64 = {.d = real};
    uint64_t bits = type == LLW_GGUF_F32 ? f32.u : type == LLW_GGUF_F64 ? f64.u : (uint64_t)integer;
    put(out, bits, llw_gguf_type_size(type));
}

/* The made-up string number i before it is padded: byte tokens keep their form, merges need a blank. */
static int make(char buf[48], const char *key, uint64_t i) {
    size_t len = strlen(key);
    unsigned n = (unsigned)i;
    if (len > 6 && !strcmp(key + len - 6, "merges")) return snprintf(buf, 48, "t%x u%x", n, n);
    if (i < 256 && len > 6 && !strcmp(key + len - 6, "tokens")) return snprintf(buf, 48, "<0x%02X>", n);
    return snprintf(buf, 48, "t%x", n);
}

/* Bytes of all strings when each is padded to a width; byte tokens are not padded. */
static uint64_t total(const llw_meta *meta, uint64_t width) {
    char buf[48];
    uint64_t sum = 0;
    for (uint64_t i = 0; i < meta->count; i++) {
        uint64_t len = (uint64_t)make(buf, meta->key, i);
        sum += buf[0] == '<' || len > width ? len : width;
    }
    return sum;
}

/* Padded to the largest width that the stated bytes allow; what is left makes the first strings one byte longer. */
static int put_strings(FILE *out, const llw_meta *meta) {
    char buf[48];
    uint64_t low = 0, high = meta->string_bytes + 1;
    if (meta->count && total(meta, 0) > meta->string_bytes)
        return fprintf(stderr, "llwhy-sparse: %s: %llu bytes are too few for %llu strings\n", meta->key,
                       (unsigned long long)meta->string_bytes, (unsigned long long)meta->count), 0;
    while (meta->count && high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (total(meta, middle) <= meta->string_bytes)
            low = middle;
        else
            high = middle;
    }
    uint64_t left = meta->string_bytes - (meta->count ? total(meta, low) : 0);
    for (uint64_t i = 0; i < meta->count; i++) {
        uint64_t len = (uint64_t)make(buf, meta->key, i), width = low;
        if (buf[0] == '<' || len > width)
            width = len;
        else if (left)
            left--, width++;
        put(out, width, 8);
        fwrite(buf, 1, len, out);
        for (uint64_t j = len; j < width; j++) fputc('x', out);
    }
    return left ? fprintf(stderr, "llwhy-sparse: %s: its strings cannot have %llu bytes\n", meta->key,
                          (unsigned long long)meta->string_bytes), 0 : 1;
}

static int put_meta(FILE *out, const llw_meta *meta) {
    put_string(out, meta->key, strlen(meta->key));
    put(out, meta->type, 4);
    if (meta->type == LLW_GGUF_STRING) {
        size_t len = strlen(meta->string);
        put(out, meta->count, 8);
        fwrite(meta->string, 1, len, out);
        for (uint64_t i = len; i < meta->count; i++) fputc('x', out);
        return 1;
    }
    if (meta->type != LLW_GGUF_ARRAY) return put_number(out, meta->type, meta->integer, meta->real), 1;
    put(out, meta->element, 4);
    put(out, meta->count, 8);
    if (meta->element == LLW_GGUF_STRING) {
        if (!meta->strings) return put_strings(out, meta);
        for (uint64_t i = 0; i < meta->count; i++) put_string(out, meta->strings[i], strlen(meta->strings[i]));
        return 1;
    }
    if (meta->count && !meta->array) return fprintf(stderr, "llwhy-sparse: %s: its values are not known\n", meta->key), 0;
    for (uint64_t i = 0; i < meta->count; i++) put_number(out, meta->element, (int64_t)meta->array[i], meta->array[i]);
    return 1;
}

static int write_file(FILE *out, const llw_known *known) {
    const llw_model *model = &known->model;
    fwrite("GGUF", 1, 4, out);
    put(out, model->version, 4);
    put(out, model->n_tensors, 8);
    put(out, model->n_meta, 8);
    for (size_t i = 0; i < model->n_meta; i++)
        if (!put_meta(out, &model->meta[i])) return 0;
    for (size_t i = 0; i < model->n_tensors; i++) {
        const llw_tensor *t = &model->tensors[i];
        put_string(out, t->name, strlen(t->name));
        put(out, t->n_dims, 4);
        for (uint32_t j = 0; j < t->n_dims; j++) put(out, (uint64_t)t->dims[j], 8);
        put(out, t->type, 4);
        put(out, t->offset, 8);
    }
    return !fflush(out) && !ftruncate(fileno(out), known->file_bytes);
}

int main(int argc, char **argv) {
    if (argc != 3) return fputs("usage: llwhy-sparse NAME OUT.gguf\n", stderr), 2;
    llw_arena *arena = llw_arena_new();
    llw_known known;
    llw_err err = {0};
    int ok = llw_known_load(arena, argv[1], true, &known, &err) == LLW_OK;
    if (!ok) fprintf(stderr, "llwhy-sparse: %s %s\n", err.file, err.text);
    FILE *out = ok ? fopen(argv[2], "wb") : NULL;
    if (out) {
        ok = write_file(out, &known);
        ok = !fclose(out) && ok;
    }
    if (known.name && (!out || !ok)) fprintf(stderr, "llwhy-sparse: %s: %s\n", argv[2], strerror(errno));
    llw_arena_free(arena);
    return out && ok ? 0 : 1;
}
