/* Writes a model's header as a GGUF file whose tensor data is a hole; strings are made up. */
#include "write_gguf.h"

#include "fact/header.h"

#include <string.h>
#include <unistd.h>

static void put(FILE *out, uint64_t value, size_t size) {
    unsigned char bytes[8];
    for (size_t i = 0; i < size; i++) bytes[i] = (unsigned char)(value >> (8 * i));
    fwrite(bytes, 1, size, out);
}

static void put_filler(FILE *out, uint64_t n) {
    char filler[256];
    memset(filler, 'x', sizeof filler);
    for (; n > sizeof filler; n -= sizeof filler) fwrite(filler, 1, sizeof filler, out);
    fwrite(filler, 1, (size_t)n, out);
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

/* Made-up strings: byte tokens keep their form, merges need a blank, others are a number. */
typedef enum style { STYLE_PLAIN, STYLE_TOKENS, STYLE_MERGES } style;

static style style_of(const char *key) {
    size_t len = strlen(key);
    if (len > 6 && !strcmp(key + len - 6, "merges")) return STYLE_MERGES;
    return len > 6 && !strcmp(key + len - 6, "tokens") ? STYLE_TOKENS : STYLE_PLAIN;
}

static bool is_byte(style form, uint64_t i) {
    return form == STYLE_TOKENS && i < 256;
}

/* Bytes of string number i before it is padded. */
static uint64_t length(style form, uint64_t i) {
    uint64_t digits = 1;
    for (uint64_t n = i >> 4; n; n >>= 4) digits++;
    return is_byte(form, i) ? 6 : form == STYLE_MERGES ? 2 * digits + 3 : digits + 1;
}

static void make(char buf[48], style form, uint64_t i) {
    unsigned n = (unsigned)i;
    snprintf(buf, 48, is_byte(form, i) ? "<0x%02X>" : form == STYLE_MERGES ? "t%x u%x" : "t%x", n, n);
}

/* Bytes of all strings when each is padded to a width; byte tokens are not padded. */
static uint64_t total(const llw_meta *meta, uint64_t width) {
    style form = style_of(meta->key);
    uint64_t sum = 0;
    for (uint64_t i = 0; i < meta->count; i++) {
        uint64_t len = length(form, i);
        sum += is_byte(form, i) || len > width ? len : width;
    }
    return sum;
}

/* Padded to the largest width that the stated bytes allow; what is left makes the first strings one byte
 * longer. */
static int put_strings(FILE *out, const llw_meta *meta) {
    char buf[48];
    style form = style_of(meta->key);
    uint64_t low = 0, high = meta->string_bytes + 1;
    if (meta->count && total(meta, 0) > meta->string_bytes)
        return fprintf(stderr, "sparse GGUF: %s: %llu bytes are too few for %llu strings\n", meta->key,
                       (unsigned long long)meta->string_bytes, (unsigned long long)meta->count),
               0;
    while (meta->count && high - low > 1) {
        uint64_t middle = low + (high - low) / 2;
        if (total(meta, middle) <= meta->string_bytes)
            low = middle;
        else
            high = middle;
    }
    uint64_t left = meta->string_bytes - (meta->count ? total(meta, low) : 0);
    for (uint64_t i = 0; i < meta->count; i++) {
        uint64_t len = length(form, i), width = low;
        make(buf, form, i);
        if (is_byte(form, i) || len > width)
            width = len;
        else if (left)
            left--, width++;
        put(out, width, 8);
        fwrite(buf, 1, len, out);
        put_filler(out, width - len);
    }
    return left ? fprintf(stderr, "sparse GGUF: %s: its strings cannot have %llu bytes\n", meta->key,
                          (unsigned long long)meta->string_bytes),
           0    : 1;
}

static int put_meta(FILE *out, const llw_meta *meta) {
    put_string(out, meta->key, strlen(meta->key));
    put(out, meta->type, 4);
    if (meta->type == LLW_GGUF_STRING) {
        size_t len = strlen(meta->string);
        put(out, meta->count, 8);
        fwrite(meta->string, 1, len, out);
        put_filler(out, meta->count - len);
        return 1;
    }
    if (meta->type != LLW_GGUF_ARRAY) return put_number(out, meta->type, meta->integer, meta->real), 1;
    put(out, meta->element, 4);
    put(out, meta->count, 8);
    if (meta->element == LLW_GGUF_STRING) {
        if (!meta->strings) return put_strings(out, meta);
        for (uint64_t i = 0; i < meta->count; i++)
            put_string(out, meta->strings[i], strlen(meta->strings[i]));
        return 1;
    }
    if (meta->count && !meta->array)
        return fprintf(stderr, "sparse GGUF: %s: its values are not known\n", meta->key), 0;
    for (uint64_t i = 0; i < meta->count; i++)
        put_number(out, meta->element, (int64_t)meta->array[i], meta->array[i]);
    return 1;
}

bool sparse_write(FILE *out, const llw_model *model, int64_t file_bytes) {
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
    return !fflush(out) && !ftruncate(fileno(out), file_bytes);
}
