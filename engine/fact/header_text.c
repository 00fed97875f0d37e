/* Metadata and tensor tables to lines and back. */
#include "fact/header_text.h"
#include "base/number.h"
#include "base/text.h"
#include "fact/ggml_type.h"
#include "fact/header.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- words ---- */

/* Writes a text so that it stays on its line; in a word also blanks, braces and quotes are escaped. */
static void add_escaped(llw_text *out, const char *text, size_t len, bool word) {
    if (word && !len) llw_text_add(out, "\"\"");
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '\\')
            llw_text_add(out, "\\\\");
        else if (c == '\n')
            llw_text_add(out, "\\n");
        else if (c == '\t')
            llw_text_add(out, "\\t");
        else if (c < 0x20 || c >= 0x7f || (word && strchr(" {}\"", c)) || (c == ' ' && (!i || i + 1 == len)))
            llw_text_addf(out, "\\x%02x", c);
        else
            llw_text_addn(out, text + i, 1);
    }
}

/* The text of len escaped bytes, or NULL when an escape is wrong. *n receives its length. */
static char *unescape(llw_arena *arena, const char *from, size_t len, size_t *n) {
    char *out = llw_arena_alloc(arena, len + 1);
    size_t at = 0;
    if (len == 2 && !memcmp(from, "\"\"", 2)) len = 0;
    for (size_t i = 0; i < len; i++) {
        if (from[i] != '\\') {
            out[at++] = from[i];
            continue;
        }
        char c = i + 1 < len ? from[++i] : 0;
        if (c == 'n' || c == 't' || c == '\\')
            out[at++] = c == 'n' ? '\n' : c == 't' ? '\t' : '\\';
        else if (c == 'x' && i + 2 < len && llw_hex_digit(from[i + 1]) >= 0 &&
                 llw_hex_digit(from[i + 2]) >= 0) {
            out[at++] = (char)(llw_hex_digit(from[i + 1]) * 16 + llw_hex_digit(from[i + 2]));
            i += 2;
        } else
            return NULL;
    }
    *n = at;
    return out;
}

typedef struct span {
    const char *at;
    size_t len;
} span;

/* The next word of a line. */
static span word(const char **line) {
    const char *at = *line + strspn(*line, " ");
    span s = {at, strcspn(at, " ")};
    *line = at + s.len;
    return s;
}

/* A non-negative number that fills the whole span and is at most max. */
static bool number(span s, uint64_t max, uint64_t *out) {
    uint64_t n = 0;
    if (!s.len || s.len > 20) return false;
    for (size_t i = 0; i < s.len; i++) {
        if (s.at[i] < '0' || s.at[i] > '9') return false;
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (uint64_t)(s.at[i] - '0'), &n))
            return false;
    }
    *out = n;
    return n <= max;
}

/* ---- metadata ---- */

/* A scalar of a numeric type; false when the text is none or out of range. */
static bool scalar(llw_gguf_type type, span s, int64_t *integer, double *real) {
    char text[64], *end = NULL;
    if (!s.len || s.len >= sizeof text) return false;
    memcpy(text, s.at, s.len);
    text[s.len] = 0;
    if (type == LLW_GGUF_BOOL) {
        *integer = !strcmp(text, "true");
        *real = (double)*integer;
        return *integer || !strcmp(text, "false");
    }
    if (type == LLW_GGUF_F32 || type == LLW_GGUF_F64) {
        double x = strtod(text, &end);
        *real = type == LLW_GGUF_F32 ? (double)(float)x : x;
        return !*end;
    }
    static const struct {
        int64_t low, high;
    } range[LLW_GGUF_TYPES] = {
        [LLW_GGUF_U8] = {0, UINT8_MAX},   [LLW_GGUF_I8] = {INT8_MIN, INT8_MAX},
        [LLW_GGUF_U16] = {0, UINT16_MAX}, [LLW_GGUF_I16] = {INT16_MIN, INT16_MAX},
        [LLW_GGUF_U32] = {0, UINT32_MAX}, [LLW_GGUF_I32] = {INT32_MIN, INT32_MAX},
        [LLW_GGUF_U64] = {0, INT64_MAX},  [LLW_GGUF_I64] = {INT64_MIN, INT64_MAX},
    };
    uint64_t n = 0;
    bool minus = text[0] == '-';
    if (!number((span){s.at + minus, s.len - minus}, minus ? UINT64_C(1) << 63 : INT64_MAX, &n)) return false;
    *integer = minus ? (int64_t)(0 - n) : (int64_t)n;
    *real = (double)*integer;
    return *integer >= range[type].low && *integer <= range[type].high;
}

static const char *read_array(llw_arena *arena, const char *line, bool whole, llw_meta *out) {
    uint64_t filled = 0;
    bool keep = whole || out->count <= LLW_META_ARRAY_MAX;
    const char *rest = line + strspn(line, " ");
    if (!*rest) return out->count ? NULL : (out->array = llw_arena_alloc(arena, sizeof(double)), NULL);
    double *array = keep ? llw_arena_alloc(arena, (size_t)out->count * sizeof *array) : NULL;
    while (*(rest += strspn(rest, " "))) {
        span s = word(&rest);
        uint64_t times = 1;
        const char *star = memchr(s.at, '*', s.len);
        if (star) {
            if (!number((span){s.at, (size_t)(star - s.at)}, out->count, &times))
                return "has a wrong count before *";
            s = (span){star + 1, s.len - (size_t)(star + 1 - s.at)};
        }
        int64_t integer = 0;
        double real = 0;
        if (!scalar(out->element, s, &integer, &real)) return "has an element that its type cannot hold";
        if (times > out->count - filled) return "has more elements than it says";
        for (uint64_t i = 0; keep && i < times; i++) array[filled + i] = real;
        filled += times;
    }
    if (filled != out->count) return "has fewer elements than it says";
    out->array = array;
    return NULL;
}

static const char *read_strings(llw_arena *arena, const char *line, llw_meta *out) {
    if (!number(word(&line), 1u << 26, &out->count) || !number(word(&line), INT64_MAX, &out->string_bytes))
        return "needs the count and the bytes of its strings";
    if (!out->count) out->strings = llw_arena_alloc(arena, sizeof(char *));
    line += strspn(line, " ");
    if (!*line) return NULL;
    if (out->count > 64) return "lists more than 64 strings";
    const char **strings = llw_arena_alloc(arena, (size_t)out->count * sizeof *strings);
    uint64_t bytes = 0, i = 0;
    for (; *(line += strspn(line, " ")); i++) {
        span s = word(&line);
        size_t len = 0;
        if (i == out->count) return "lists more strings than it says";
        if (!(strings[i] = unescape(arena, s.at, s.len, &len)))
            return "has a wrong escape: \\n, \\t, \\\\ or \\xHH";
        bytes += len;
    }
    if (i != out->count || bytes != out->string_bytes)
        return "lists strings that do not add up to its count and bytes";
    out->strings = strings;
    return NULL;
}

const char *llw_header_read_meta(llw_arena *arena, const char *line, bool whole, llw_meta *out) {
    *out = (llw_meta){0};
    size_t len = 0;
    span key = word(&line), type = word(&line);
    if (!key.len || !type.len) return "needs KEY TYPE VALUE";
    if (!(out->key = unescape(arena, key.at, key.len, &len))) return "has a wrong escape in its key";
    if (*line == ' ') line++;
    if (type.len >= 6 && !memcmp(type.at, "string", 6) && (type.len == 6 || type.at[6] == '(')) {
        out->type = LLW_GGUF_STRING;
        if (!(out->string = unescape(arena, line, strlen(line), &len)))
            return "has a wrong escape: \\n, \\t, \\\\ or \\xHH";
        if (len > LLW_META_STRING_MAX)
            return "has a text of more than 4096 bytes: cut it and say string(LENGTH)";
        out->count = len;
        if (type.len == 6) return NULL;
        if (type.at[type.len - 1] != ')' ||
            !number((span){type.at + 7, type.len - 8}, 1u << 30, &out->count) || out->count < len)
            return "has a wrong length in string(LENGTH)";
        return NULL;
    }
    const char *bracket = memchr(type.at, '[', type.len);
    if (type.len == 7 && !memcmp(type.at, "strings", 7)) {
        out->type = LLW_GGUF_ARRAY;
        out->element = LLW_GGUF_STRING;
        return read_strings(arena, line, out);
    }
    llw_gguf_type t = llw_gguf_type_find(type.at, bracket ? (size_t)(bracket - type.at) : type.len);
    if (t == LLW_GGUF_TYPES || t == LLW_GGUF_ARRAY || t == LLW_GGUF_STRING) return "has an unknown type";
    if (!bracket) {
        double real = 0;
        out->type = t;
        span value = word(&line);
        if (!scalar(t, value, &out->integer, &real) || *(line + strspn(line, " ")))
            return "has a value that its type cannot hold";
        if (t == LLW_GGUF_F32 || t == LLW_GGUF_F64) out->real = real;
        return NULL;
    }
    out->type = LLW_GGUF_ARRAY;
    out->element = t;
    size_t digits = type.len - (size_t)(bracket + 1 - type.at);
    if (!digits || bracket[digits] != ']' || !number((span){bracket + 1, digits - 1}, 1u << 26, &out->count))
        return "has a wrong count in TYPE[COUNT]";
    return read_array(arena, line, whole, out);
}

/* To the bit: 0 and -0 differ, every NaN is the same. */
static bool same_number(double a, double b) {
    uint64_t x, y;
    memcpy(&x, &a, sizeof x);
    memcpy(&y, &b, sizeof y);
    return (isnan(a) && isnan(b)) || x == y;
}

static void add_number(llw_text *out, llw_gguf_type type, int64_t integer, double real) {
    if (type == LLW_GGUF_BOOL)
        llw_text_add(out, integer ? "true" : "false");
    else if (type == LLW_GGUF_F32 || type == LLW_GGUF_F64) {
        /* the shortest that reads back as the same number; a NaN is a NaN whatever its sign and payload */
        char text[40] = "nan";
        for (int digits = 6; digits <= 17 && !isnan(real); digits++) {
            snprintf(text, sizeof text, "%.*g", digits, real);
            double back = strtod(text, NULL);
            if (type == LLW_GGUF_F32) back = (double)(float)back;
            if (same_number(back, real)) break;
        }
        llw_text_add(out, text);
    } else
        llw_text_addf(out, "%" PRId64, integer);
}

char *llw_header_write_meta(llw_arena *arena, const llw_meta *meta) {
    llw_text out = {0};
    add_escaped(&out, meta->key, strlen(meta->key), true);
    if (meta->type == LLW_GGUF_STRING) {
        size_t len = strlen(meta->string);
        llw_text_add(&out, " string");
        if (len != meta->count) llw_text_addf(&out, "(%" PRIu64 ")", meta->count);
        llw_text_add(&out, " ");
        add_escaped(&out, meta->string, len, false);
    } else if (meta->type != LLW_GGUF_ARRAY) {
        llw_text_addf(&out, " %s ", llw_gguf_type_name(meta->type));
        add_number(&out, meta->type, meta->integer, meta->real);
    } else if (meta->element == LLW_GGUF_STRING) {
        llw_text_addf(&out, " strings %" PRIu64 " %" PRIu64, meta->count, meta->string_bytes);
        uint64_t bytes = 0;
        for (uint64_t i = 0; meta->strings && i < meta->count; i++) bytes += strlen(meta->strings[i]);
        for (uint64_t i = 0; meta->strings && bytes == meta->string_bytes && i < meta->count; i++) {
            llw_text_add(&out, " ");
            add_escaped(&out, meta->strings[i], strlen(meta->strings[i]), true);
        }
    } else {
        llw_text_addf(&out, " %s[%" PRIu64 "]", llw_gguf_type_name(meta->element), meta->count);
        for (uint64_t i = 0, run; meta->array && i < meta->count; i += run) {
            for (run = 1; i + run < meta->count && same_number(meta->array[i], meta->array[i + run]);) run++;
            double x = meta->array[i];
            llw_text_add(&out, " ");
            if (run > 1) llw_text_addf(&out, "%" PRIu64 "*", run);
            add_number(&out, meta->element,
                       x >= 0x1p63    ? INT64_MAX
                       : x >= -0x1p63 ? (int64_t)x
                                      : INT64_MIN,
                       x);
        }
    }
    char *line = llw_arena_strdup(arena, llw_text_str(&out));
    llw_text_fini(&out);
    return line;
}

/* ---- tensors ---- */

/* One line of a block: blk.{layers}rest TYPE DIMS. */
typedef struct entry {
    const char *before, *after; /* of the name, around {layers}; after is NULL without them */
    uint64_t layers[LLW_HEADER_LAYERS / 64];
    uint32_t type, n_dims;
    int64_t dims[LLW_MAX_DIMS];
    size_t line;
} entry;

static const char *read_layers(span s, entry *out) {
    uint64_t next = 0;
    for (const char *at = s.at, *end = s.at + s.len; at < end;) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end;
        const char *dash = memchr(at, '-', (size_t)(stop - at));
        uint64_t low = 0, high = 0;
        if (!number((span){at, (size_t)((dash ? dash : stop) - at)}, LLW_HEADER_LAYERS - 1, &low))
            return "has wrong layers in {}";
        high = low;
        if (dash && !number((span){dash + 1, (size_t)(stop - dash - 1)}, LLW_HEADER_LAYERS - 1, &high))
            return "has wrong layers in {}";
        if (low < next || high < low) return "has layers out of order in {}";
        for (uint64_t i = low; i <= high; i++) out->layers[i / 64] |= UINT64_C(1) << (i % 64);
        next = high + 1;
        at = comma ? comma + 1 : end;
    }
    return next ? NULL : "has no layers in {}";
}

static const char *read_entry(llw_arena *arena, const char *line, entry *out) {
    span name = word(&line), type = word(&line), dims = word(&line);
    if (!name.len || !type.len || *(line + strspn(line, " "))) return "needs NAME TYPE ROWxCOLUMNS...";
    const char *open = memchr(name.at, '{', name.len), *close = memchr(name.at, '}', name.len);
    size_t len = 0;
    if (open || close) {
        if (!open || !close || close < open) return "has a lone { or } in its name";
        const char *problem = read_layers((span){open + 1, (size_t)(close - open - 1)}, out);
        if (problem) return problem;
        out->before = unescape(arena, name.at, (size_t)(open - name.at), &len);
        out->after = unescape(arena, close + 1, name.len - (size_t)(close + 1 - name.at), &len);
        if (!out->after) return "has a wrong escape in its name";
    } else {
        out->before = unescape(arena, name.at, name.len, &len);
    }
    if (!out->before) return "has a wrong escape in its name";
    char text[32];
    if (type.len >= sizeof text) return "has an unknown tensor type";
    memcpy(text, type.at, type.len);
    text[type.len] = 0;
    int number_of_type = llw_ggml_type_find(text);
    if (number_of_type < 0) return "has an unknown tensor type";
    out->type = (uint32_t)number_of_type;
    for (const char *at = dims.at, *end = dims.at + dims.len; at < end;) {
        const char *x = memchr(at, 'x', (size_t)(end - at)), *stop = x ? x : end;
        uint64_t dim = 0;
        if (out->n_dims == LLW_MAX_DIMS) return "has more than 4 dimensions";
        if (!number((span){at, (size_t)(stop - at)}, INT64_MAX, &dim)) return "has a wrong dimension";
        out->dims[out->n_dims++] = (int64_t)dim;
        at = x ? x + 1 : end;
    }
    return NULL;
}

typedef struct expansion {
    llw_arena *arena;
    void *tensors;
    size_t n, capacity;
} expansion;

static const char *emit(expansion *to, const entry *e, int layer) {
    if (to->n == LLW_HEADER_TENSORS) return "makes more than 1,048,576 tensors";
    llw_tensor *t = llw_arena_push(to->arena, &to->tensors, &to->n, &to->capacity, sizeof *t);
    *t = (llw_tensor){.name = e->after ? llw_arena_printf(to->arena, "%s%d%s", e->before, layer, e->after)
                                       : e->before,
                      .type = e->type,
                      .n_dims = e->n_dims};
    memcpy(t->dims, e->dims, sizeof t->dims);
    if (strlen(t->name) > LLW_TENSOR_NAME_MAX) return "has a name of more than 63 bytes";
    return llw_tensor_measure(t);
}

const char *llw_header_read_tensors(llw_arena *arena, const char *const *lines, size_t n, llw_model *out,
                                    size_t *line) {
    expansion to = {.arena = arena};
    entry *block = NULL;
    void *entries = NULL;
    size_t n_entries = 0, capacity = 0;
    const char *problem = n > LLW_HEADER_LINES ? "is one line too many" : NULL;
    *line = 0;
    for (size_t i = 0; i <= n && !problem; i++) {
        bool dash = i == n || !strcmp(lines[i], "-");
        entry e = {.line = i};
        *line = i;
        if (!dash && (problem = read_entry(arena, lines[i], &e))) break;
        if (!dash && e.after) {
            *(entry *)llw_arena_push(arena, &entries, &n_entries, &capacity, sizeof e) = e;
            continue;
        }
        block = entries;
        for (int layer = 0; n_entries && layer < LLW_HEADER_LAYERS && !problem; layer++)
            for (size_t j = 0; j < n_entries && !problem; j++)
                if (block[j].layers[layer / 64] >> (layer % 64) & 1) {
                    *line = block[j].line;
                    problem = emit(&to, &block[j], layer);
                }
        n_entries = 0;
        if (!dash && !problem) {
            *line = i;
            problem = emit(&to, &e, 0);
        }
    }
    out->tensors = to.tensors;
    out->n_tensors = to.n;
    return problem;
}

/* ---- packing ---- */

enum { BLOCK_LINES = 256 };

typedef struct packer {
    llw_arena *arena;
    void *lines;
    size_t n, capacity;
    const llw_tensor *first[BLOCK_LINES]; /* the tensor that opened each line of the block */
    llw_text layers[BLOCK_LINES];
    int low[BLOCK_LINES], high[BLOCK_LINES];
    size_t used;
    bool after_block;
} packer;

static void add_line(packer *p, const char *line) {
    *(char **)llw_arena_push(p->arena, &p->lines, &p->n, &p->capacity, sizeof(char *)) =
        llw_arena_strdup(p->arena, line);
}

static void add_range(llw_text *out, int low, int high) {
    if (out->len) llw_text_add(out, ",");
    llw_text_addf(out, low == high ? "%d" : "%d-%d", low, high);
}

/* What follows "blk.N" in the name of a tensor that has a layer. */
static const char *rest_of(const llw_tensor *t) {
    return t->name + 4 + strspn(t->name + 4, "0123456789");
}

static void add_shape(llw_text *out, const llw_tensor *t) {
    llw_text_addf(out, " %s ", llw_ggml_type_get(t->type)->name);
    for (uint32_t i = 0; i < t->n_dims; i++) llw_text_addf(out, i ? "x%" PRId64 : "%" PRId64, t->dims[i]);
}

static void flush(packer *p) {
    if (!p->used) return;
    if (p->after_block) add_line(p, "-");
    for (size_t i = 0; i < p->used; i++) {
        const llw_tensor *t = p->first[i];
        add_range(&p->layers[i], p->low[i], p->high[i]);
        llw_text line = {0};
        llw_text_addf(&line, "blk.{%s}", llw_text_str(&p->layers[i]));
        add_escaped(&line, rest_of(t), strlen(rest_of(t)), true);
        add_shape(&line, t);
        add_line(p, llw_text_str(&line));
        llw_text_fini(&line);
        llw_text_fini(&p->layers[i]);
        p->layers[i] = (llw_text){0};
    }
    p->used = 0;
    p->after_block = true;
}

static bool same_line(const llw_tensor *a, const llw_tensor *b) {
    return a->type == b->type && a->n_dims == b->n_dims && !memcmp(a->dims, b->dims, sizeof a->dims) &&
           !strcmp(rest_of(a), rest_of(b));
}

/* Puts a tensor of the block's newest layer into the first fitting line at or after `from`, or into a new one
 * right there: each layer stays a subsequence of the lines. Returns the line, or -1 when the block is full.
 */
static long place(packer *p, const llw_tensor *t, size_t from) {
    for (size_t i = from; i < p->used; i++) {
        if (p->high[i] == t->layer || !same_line(p->first[i], t)) continue;
        if (p->high[i] + 1 == t->layer) {
            p->high[i] = t->layer;
        } else {
            add_range(&p->layers[i], p->low[i], p->high[i]);
            p->low[i] = p->high[i] = t->layer;
        }
        return (long)i;
    }
    if (p->used == BLOCK_LINES) return -1;
    size_t moved = p->used++ - from;
    memmove(&p->first[from + 1], &p->first[from], moved * sizeof *p->first);
    memmove(&p->layers[from + 1], &p->layers[from], moved * sizeof *p->layers);
    memmove(&p->low[from + 1], &p->low[from], moved * sizeof *p->low);
    memmove(&p->high[from + 1], &p->high[from], moved * sizeof *p->high);
    p->first[from] = t;
    p->layers[from] = (llw_text){0};
    p->low[from] = p->high[from] = t->layer;
    return (long)from;
}

void llw_header_write_tensors(llw_arena *arena, const llw_model *model, size_t from, size_t to, char ***lines,
                              size_t *n) {
    packer *p = llw_arena_alloc(arena, sizeof *p);
    p->arena = arena;
    int layer = -1;
    size_t next = 0;
    for (size_t i = from; i < to; i++) {
        const llw_tensor *t = &model->tensors[i];
        if (t->layer >= 0 && t->layer < LLW_HEADER_LAYERS && (t->name[4] != '0' || t->name[5] == '.')) {
            if (p->used && t->layer < layer) flush(p);
            if (!p->used || t->layer != layer) next = 0;
            long at = place(p, t, next);
            if (at < 0) {
                flush(p);
                at = place(p, t, 0);
            }
            layer = t->layer;
            next = (size_t)at + 1;
            continue;
        }
        flush(p);
        llw_text line = {0};
        add_escaped(&line, t->name, strlen(t->name), true);
        add_shape(&line, t);
        add_line(p, llw_text_str(&line));
        llw_text_fini(&line);
        p->after_block = false;
    }
    flush(p);
    *lines = p->lines;
    *n = p->n;
}
