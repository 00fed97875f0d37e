/* The GGUF header reader: a window over the file, and checks in the order in which ggml makes them. */
#include "source/model/gguf.h"
#include "base/text.h"
#include "fact/header.h"
#include "source/model/looks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALLEST_TENSOR = 8 + 1 + 4 + 8 + 4 + 8 }; /* name, dimensions, type, offset */

typedef struct reader {
    const char *path;
    llw_arena *arena;
    llw_err *err;
    int fd; /* -1: buf is the whole file, or it is read through `bytes` */
    const llw_gguf_bytes *bytes;
    uint64_t ahead; /* bytes that are needed behind the next ones, at least */
    const unsigned char *buf;
    unsigned char *window;
    uint64_t start, have; /* part of the file that is in buf */
    uint64_t at, size;
    llw_rc rc;
    uint64_t kept;      /* numbers of arrays that were copied */
    const char *what;   /* what is being read, for "ends inside ..." */
    size_t item, items; /* ... the first of how many; 0 none */
    const char *key;    /* ... of which key; NULL none */
    char said[96];
    void *notes;
    size_t n_notes, note_capacity;
} reader;

static void note(reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void note(reader *r, const char *fmt, ...) {
    char text[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    *(const char **)llw_arena_push(r->arena, &r->notes, &r->n_notes, &r->note_capacity, sizeof(char *)) =
        llw_arena_strdup(r->arena, text);
}

static void reads(reader *r, const char *what, size_t item, size_t items, const char *key) {
    r->what = what;
    r->item = item;
    r->items = items;
    r->key = key;
}

static const char *what(reader *r) {
    if (r->items)
        snprintf(r->said, sizeof r->said, "%s %zu of %zu", r->what, r->item, r->items);
    else
        snprintf(r->said, sizeof r->said, "%s%.64s", r->what, r->key ? r->key : "");
    return r->said;
}

/* Remembers the first failure. Always false. */
static bool refuse(reader *r, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(reader *r, const char *fmt, ...) {
    if (r->rc != LLW_OK) return false;
    char text[400];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    r->rc = llw_fail(r->err, LLW_ERR_INPUT, r->path, 0, "%s", text);
    return false;
}

static bool ends(reader *r) {
    return refuse(r,
                  "ends inside its header (%" PRIu64
                  " bytes are there, %s needs more): the download was cut off or the "
                  "file is damaged; fetch it again",
                  r->size, what(r));
}

static bool read_file(reader *r) {
    uint64_t want = r->size - r->at < LLW_GGUF_WINDOW ? r->size - r->at : LLW_GGUF_WINDOW;
    while (r->have < want) {
        ssize_t got = pread(r->fd, r->window + r->have, want - r->have, (off_t)(r->start + r->have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) {
            if (r->rc == LLW_OK)
                r->rc = llw_fail(r->err, LLW_ERR_SYSTEM, r->path, 0, "cannot be read: %s", strerror(errno));
            return false;
        }
        if (!got) break;
        r->have += (uint64_t)got;
    }
    return true;
}

static bool read_elsewhere(reader *r, size_t n) {
    size_t got = 0, ahead = r->ahead < LLW_GGUF_MAX_HEADER ? (size_t)r->ahead : LLW_GGUF_MAX_HEADER;
    llw_rc rc = r->bytes->read(r->bytes->context, r->at, n, ahead, LLW_GGUF_WINDOW, r->window, &got, r->err);
    if (rc != LLW_OK) {
        if (r->rc == LLW_OK) r->rc = rc;
        return false;
    }
    r->have = got;
    if (got >= n || r->bytes->size >= 0) return true;
    r->size = r->start + got; /* only now it is known where it ends */
    return ends(r);
}

/* n contiguous bytes at the current place, or NULL with the failure set. n is at most the window's size. */
static const unsigned char *peek(reader *r, size_t n) {
    if (n > r->size - r->at) return ends(r), NULL;
    if (r->at >= r->start && r->at - r->start <= r->have && n <= r->have - (r->at - r->start))
        return r->buf + (r->at - r->start);
    r->start = r->at;
    r->have = 0;
    if (!(r->bytes ? read_elsewhere(r, n) : read_file(r))) return NULL;
    if (r->have < n)
        return refuse(r, "became shorter while it was read: try again when nothing writes to it"), NULL;
    return r->buf;
}

static inline uint32_t load32(const unsigned char *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static inline uint64_t load64(const unsigned char *p) {
    return load32(p) | (uint64_t)load32(p + 4) << 32;
}

static bool read32(reader *r, uint32_t *out) {
    const unsigned char *p = peek(r, 4);
    if (!p) return false;
    *out = load32(p);
    r->at += 4;
    return true;
}

static bool read64(reader *r, uint64_t *out) {
    const unsigned char *p = peek(r, 8);
    if (!p) return false;
    *out = load64(p);
    r->at += 8;
    return true;
}

/* Steps over n bytes without reading them. */
static bool skip(reader *r, uint64_t n) {
    if (n > r->size - r->at) return ends(r);
    r->at += n;
    return r->at <= LLW_GGUF_MAX_HEADER ||
           refuse(r, "has a header of more than 256 MiB, which no model needs");
}

/* The length before a string, checked against the cap and the bytes that are left. */
static bool read_length(reader *r, uint64_t cap, uint64_t *len) {
    if (!read64(r, len)) return false;
    if (*len > cap)
        return refuse(r, "is damaged: %s claims a string of %" PRIu64 " bytes; fetch the file again", what(r),
                      *len);
    return *len <= r->size - r->at || ends(r);
}

/* A copy of the next n bytes, cut at `keep`; what is left of them is stepped over. */
static char *copy(reader *r, uint64_t n, size_t keep) {
    size_t wanted = n < keep ? (size_t)n : keep;
    const unsigned char *p = peek(r, wanted);
    if (!p) return NULL;
    char *text = llw_arena_strndup(r->arena, (const char *)p, wanted);
    return skip(r, n) ? text : NULL;
}

/* A key, with NUL bytes written \x00 so that it cannot pass for a shorter one. */
static const char *read_key(reader *r) {
    uint64_t len = 0;
    if (!read_length(r, LLW_GGUF_MAX_KEY, &len)) return NULL;
    if (!len) return refuse(r, "is damaged: %s is empty; llama.cpp refuses the file", what(r)), NULL;
    char *key = copy(r, len, (size_t)len);
    if (!key || strlen(key) == len) return key;
    llw_text text = {0};
    for (size_t i = 0; i < len; i++)
        if (key[i])
            llw_text_addn(&text, key + i, 1);
        else
            llw_text_add(&text, "\\x00");
    key = llw_arena_strdup(r->arena, llw_text_str(&text));
    llw_text_fini(&text);
    return key;
}

static double as_number(llw_gguf_type type, const unsigned char *p, int64_t *integer) {
    union {
        uint32_t u;
        float f;
    } f32 = {.u = 0};
    union {
        uint64_t u;
        double d;
    } f64 = {.u = 0};
    switch (type) {
    case LLW_GGUF_U8: *integer = p[0]; break;
    case LLW_GGUF_BOOL: *integer = p[0] != 0; break;
    case LLW_GGUF_I8: *integer = p[0] - (p[0] > INT8_MAX ? 256 : 0); break;
    case LLW_GGUF_U16: *integer = p[0] | p[1] << 8; break;
    case LLW_GGUF_I16: *integer = (int16_t)(p[0] | p[1] << 8); break;
    case LLW_GGUF_U32: *integer = load32(p); break;
    case LLW_GGUF_I32: *integer = (int32_t)load32(p); break;
    case LLW_GGUF_U64: *integer = load64(p) > INT64_MAX ? INT64_MAX : (int64_t)load64(p); break;
    case LLW_GGUF_I64: *integer = (int64_t)load64(p); break;
    case LLW_GGUF_F32: f32.u = load32(p); return (double)f32.f;
    case LLW_GGUF_F64: f64.u = load64(p); return f64.d;
    case LLW_GGUF_STRING:
    case LLW_GGUF_ARRAY:
    case LLW_GGUF_TYPES: break;
    }
    return (double)*integer;
}

/* Whether the array is as long as the one of a model like this one: then the key behind it stands where it
 * must. Steps over it if so. */
static bool step_over_strings(reader *r, llw_meta *meta) {
    const llw_model *like = r->bytes ? r->bytes->like : NULL;
    const llw_meta *twin = like ? llw_model_meta(like, meta->key) : NULL;
    if (!twin || twin->count != meta->count || twin->element != LLW_GGUF_STRING ||
        meta->count <= LLW_GGUF_KEPT_STRINGS || twin + 1 >= like->meta + like->n_meta)
        return false;
    uint64_t at = r->at, bytes = meta->count * 8 + twin->string_bytes;
    size_t len = strlen(twin[1].key);
    if (len + 12 > r->size - at || bytes > r->size - at - len - 12) return false;
    r->at += bytes;
    const unsigned char *p = peek(r, len + 12);
    if (p && load64(p) == len && !memcmp(p + 8, twin[1].key, len) && load32(p + 8 + len) == twin[1].type) {
        meta->string_bytes = twin->string_bytes;
        return true;
    }
    r->at = at;
    return false;
}

/* Walks the strings of an array. The hot path: a vocabulary has 150,000 tokens and as many merges. */
static bool walk_strings(reader *r, llw_meta *meta, bool *small, bool *even) {
    uint64_t left = meta->count, total = 0, longest = 0;
    *small = *even = false;
    if (step_over_strings(r, meta)) return true;
    while (left && r->rc == LLW_OK) {
        r->ahead = left * 8;
        const unsigned char *p = peek(r, 8);
        if (!p) return false;
        uint64_t room = r->have - (uint64_t)(p - r->buf), used = 0, to_end = r->size - r->at;
        for (; left && room - used >= 8; left--) {
            uint64_t len = load64(p + used);
            if (len > LLW_GGUF_MAX_STRING || len > to_end - used - 8) {
                r->at += used;
                return read_length(r, LLW_GGUF_MAX_STRING, &len);
            }
            total += len;
            if (len > longest) longest = len;
            used += 8 + len;
            if (used > room) {
                left--;
                break;
            }
        }
        if (!skip(r, used)) return false;
    }
    if (r->rc != LLW_OK) return false;
    r->ahead = 0;
    meta->string_bytes = total;
    *even = total == meta->count * longest;
    *small = longest <= LLW_GGUF_KEPT_STRING_BYTES;
    return true;
}

static bool keep_strings(reader *r, llw_meta *meta, uint64_t at) {
    r->at = at;
    const char **strings = llw_arena_alloc(r->arena, (size_t)meta->count * sizeof *strings);
    for (uint64_t i = 0; i < meta->count; i++) {
        uint64_t len = 0;
        if (!read_length(r, LLW_GGUF_MAX_STRING, &len) || !(strings[i] = copy(r, len, (size_t)len)))
            return false;
    }
    meta->strings = strings;
    return true;
}

/* Whether an array whose strings are equally long, which no vocabulary's are, holds one string over and over.
 */
static bool find_alike(reader *r, llw_meta *meta, uint64_t at) {
    uint64_t len = meta->count ? meta->string_bytes / meta->count : 0, i = 0;
    if (meta->count < 2 || !len || len > LLW_GGUF_KEPT_STRING_BYTES) return true;
    char first[LLW_GGUF_KEPT_STRING_BYTES];
    for (r->at = at; i < meta->count; i++) {
        const unsigned char *p = peek(r, 8 + (size_t)len);
        if (!p) return false;
        if (!i) memcpy(first, p + 8, (size_t)len);
        if (load64(p) != len || memcmp(first, p + 8, (size_t)len) != 0) break;
        if (!skip(r, 8 + len)) return false;
    }
    meta->alike = i == meta->count;
    r->at = at + meta->count * 8 + meta->string_bytes;
    return true;
}

static bool read_array(reader *r, llw_meta *meta) {
    uint32_t element = 0;
    if (!read32(r, &element) || !read64(r, &meta->count)) return false;
    if (element == LLW_GGUF_ARRAY)
        return refuse(r, "has an array of arrays at %s, which llama.cpp refuses", what(r));
    if (element >= LLW_GGUF_TYPES)
        return refuse(r, "is damaged: %s is an array of the unknown type %" PRIu32 "; fetch the file again",
                      what(r), element);
    meta->element = (llw_gguf_type)element;
    if (meta->count > LLW_GGUF_MAX_ARRAY)
        return refuse(r, "is damaged: %s claims %" PRIu64 " elements; fetch the file again", what(r),
                      meta->count);
    size_t size = llw_gguf_type_size(meta->element);
    if (meta->element == LLW_GGUF_STRING) {
        if (meta->count * 8 > r->size - r->at) return ends(r);
        uint64_t at = r->at;
        bool small = false, even = false; /* no long strings; all equally long */
        if (!walk_strings(r, meta, &small, &even)) return false;
        if (even && !find_alike(r, meta, at)) return false;
        return !small || meta->count > LLW_GGUF_KEPT_STRINGS || keep_strings(r, meta, at);
    }
    if (meta->count > LLW_META_ARRAY_MAX || r->kept + meta->count > LLW_GGUF_KEPT_NUMBERS)
        return skip(r, meta->count * size);
    r->kept += meta->count;
    if (meta->count * size > r->size - r->at) return ends(r);
    double *array = llw_arena_alloc(r->arena, (size_t)meta->count * sizeof *array);
    for (uint64_t i = 0; i < meta->count; i++) {
        int64_t integer = 0;
        const unsigned char *p = peek(r, size);
        if (!p) return false;
        array[i] = as_number(meta->element, p, &integer);
        r->at += size;
    }
    meta->array = array;
    return true;
}

static bool read_string(reader *r, llw_meta *meta) {
    bool template = !strncmp(meta->key, "tokenizer.chat_template", 23);
    size_t keep = template ? LLW_GGUF_KEPT_TEMPLATE : LLW_META_STRING_MAX;
    if (!read_length(r, LLW_GGUF_MAX_STRING, &meta->count) || !(meta->string = copy(r, meta->count, keep)))
        return false;
    meta->cut_by_nul = strlen(meta->string) < (meta->count < keep ? meta->count : keep);
    return true;
}

static bool read_value(reader *r, llw_meta *meta) {
    uint32_t type = 0;
    if (!read32(r, &type)) return false;
    if (type >= LLW_GGUF_TYPES)
        return refuse(r, "is damaged: %s has the unknown type %" PRIu32 "; fetch the file again", what(r),
                      type);
    meta->type = (llw_gguf_type)type;
    if (meta->type == LLW_GGUF_ARRAY) return read_array(r, meta);
    if (meta->type == LLW_GGUF_STRING) return read_string(r, meta);
    size_t size = llw_gguf_type_size(meta->type);
    const unsigned char *p = peek(r, size);
    if (!p) return false;
    double real = as_number(meta->type, p, &meta->integer);
    if (meta->type == LLW_GGUF_F32 || meta->type == LLW_GGUF_F64) meta->real = real;
    r->at += size;
    return true;
}

/* A set of names, to find duplicates in O(1). */
typedef struct names {
    const char **slots;
    size_t mask;
} names;

static names names_new(size_t n) {
    size_t want = 16;
    while (want < n * 2) want *= 2;
    return (names){llw_xmalloc(want * sizeof(char *)), want - 1};
}

static bool names_add(names *set, const char *name) {
    uint64_t h = 1469598103934665603u;
    for (const char *s = name; *s; s++) h = (h ^ (unsigned char)*s) * 1099511628211u;
    size_t at = (size_t)h & set->mask;
    for (; set->slots[at]; at = (at + 1) & set->mask)
        if (!strcmp(set->slots[at], name)) return false;
    set->slots[at] = name;
    return true;
}

static bool read_metadata(reader *r, llw_model *model) {
    names seen = names_new(model->n_meta);
    bool ok = true;
    for (size_t i = 0; ok && i < model->n_meta; i++) {
        llw_meta *meta = &model->meta[i];
        reads(r, "metadata key", i + 1, model->n_meta, NULL);
        ok = (meta->key = read_key(r)) != NULL;
        if (ok && !names_add(&seen, meta->key))
            ok = refuse(r, "is damaged: it has the metadata key %.60s twice, which llama.cpp refuses",
                        meta->key);
        if (!ok) break;
        reads(r, "the value of ", 0, 0, meta->key);
        ok = read_value(r, meta);
    }
    free(seen.slots);
    return ok;
}

static bool read_alignment(reader *r, llw_model *model) {
    const llw_meta *meta = llw_model_meta(model, "general.alignment");
    model->alignment = LLW_GGUF_ALIGNMENT;
    if (!meta) return true;
    if (meta->type != LLW_GGUF_U32)
        return refuse(r, "has general.alignment as %s instead of u32, which llama.cpp refuses",
                      llw_gguf_type_name(meta->type));
    model->alignment = (uint64_t)meta->integer;
    if (!model->alignment || (model->alignment & (model->alignment - 1)))
        return refuse(r, "has general.alignment %" PRIu64 ", which is no power of two: llama.cpp refuses it",
                      model->alignment);
    if (model->alignment > LLW_GGUF_USUAL_ALIGNMENT)
        note(r, "general.alignment is %" PRIu64 ", far more than any model needs", model->alignment);
    return true;
}

static bool read_tensor(reader *r, llw_tensor *t, names *seen) {
    uint64_t len = 0;
    if (!read_length(r, LLW_GGUF_MAX_STRING, &len)) return false;
    if (len > LLW_TENSOR_NAME_MAX)
        return refuse(r, "has a name of %" PRIu64 " bytes at %s; llama.cpp allows 63", len, what(r));
    if (!(t->name = copy(r, len, (size_t)len))) return false; /* ends at a NUL, as in ggml */
    if (!names_add(seen, t->name))
        return refuse(r, "has the tensor %s twice, which llama.cpp refuses", t->name);
    if (!read32(r, &t->n_dims)) return false;
    if (t->n_dims > LLW_MAX_DIMS)
        return refuse(r, "is damaged: the tensor %s has %" PRIu32 " dimensions", t->name, t->n_dims);
    for (uint32_t i = 0; i < t->n_dims; i++) {
        uint64_t dim = 0;
        if (!read64(r, &dim)) return false;
        t->dims[i] = dim > INT64_MAX ? -1 : (int64_t)dim;
    }
    if (!read32(r, &t->type)) return false;
    const char *problem = llw_tensor_measure(t);
    if (problem)
        return refuse(r, "cannot be loaded: the tensor %s (type %" PRIu32 ", %" PRId64 " to a row) %s",
                      t->name, t->type, t->dims[0], problem);
    return read64(r, &t->offset);
}

static bool read_tensors(reader *r, llw_model *model) {
    names seen = names_new(model->n_tensors);
    bool ok = true;
    for (size_t i = 0; ok && i < model->n_tensors; i++) {
        reads(r, "tensor", i + 1, model->n_tensors, NULL);
        r->ahead = (model->n_tensors - i) * SMALLEST_TENSOR;
        ok = read_tensor(r, &model->tensors[i], &seen);
    }
    free(seen.slots);
    return ok;
}

/* Offsets must follow one another without gap, as gguf_init_from_reader demands. */
static bool check_offsets(reader *r, llw_gguf *out) {
    llw_model *model = &out->model;
    uint64_t at = 0, last = 0;
    for (size_t i = 0; i < model->n_tensors; i++) {
        const llw_tensor *t = &model->tensors[i];
        if (t->offset != at)
            return refuse(r,
                          "is damaged: the tensor %s lies at %" PRIu64 " instead of %" PRIu64
                          "; llama.cpp refuses it",
                          t->name, t->offset, at);
        if (__builtin_add_overflow(at, (uint64_t)t->bytes, &last) ||
            !llw_header_pad(last, model->alignment, &at) || at > INT64_MAX / 2)
            return refuse(r, "is damaged: its tensors together have more bytes than can be counted");
    }
    uint64_t data = r->at;
    reads(r, "the padding before the tensor data", 0, 0, NULL);
    if (model->n_tensors && (!llw_header_pad(r->at, model->alignment, &data) || data > r->size))
        return ends(r);
    model->header_bytes = data;
    out->expected_bytes = (int64_t)(data + last);
    if (out->file_bytes < 0) return true;
    out->complete = out->file_bytes >= out->expected_bytes;
    char have[LLW_NUMBER_MAX], want[LLW_NUMBER_MAX];
    if (!out->complete)
        note(r,
             "is shorter than its tensors: %s of %s are there (%.1f %%); the download was interrupted, "
             "finish it",
             llw_format_bytes(have, out->file_bytes), llw_format_bytes(want, out->expected_bytes),
             100.0 * (double)out->file_bytes / (double)out->expected_bytes);
    else if (model->n_tensors && r->size > data + at)
        note(r, "has %s after its last tensor, which nothing uses",
             llw_format_bytes(have, (int64_t)(r->size - data - at)));
    return true;
}

static bool read_start(reader *r, llw_model *model) {
    unsigned char head[512];
    size_t n = r->size < sizeof head ? (size_t)r->size : sizeof head;
    const unsigned char *p = n ? peek(r, n) : head;
    if (!p) return false;
    if (n < 4 || memcmp(p, "GGUF", 4)) {
        char says[LLW_LOOKS_MAX];
        memcpy(head, p, n);
        return refuse(r, "%s", llw_looks_like(head, n, says));
    }
    r->at = 4;
    reads(r, "the version", 0, 0, NULL);
    uint32_t version = 0;
    if (!read32(r, &version)) return false;
    model->version = version;
    if (!version) return refuse(r, "is damaged: it says GGUF version 0; fetch the file again");
    if (!(version & 0xffff))
        return refuse(r,
                      "is a big-endian GGUF, which llama.cpp does not load here: convert it with gguf-py's "
                      "gguf_convert_endian.py, or get the little-endian file");
    if (version == 1)
        return refuse(r, "is GGUF version 1, which llama.cpp no longer reads: convert the model again");
    if (version > 3)
        return refuse(
            r, "is GGUF version %" PRIu32 "; llama.cpp v0.5.0 reads up to 3: the file is damaged, or newer",
            version);
    uint64_t n_tensors = 0, n_meta = 0;
    reads(r, "the count of tensors and keys", 0, 0, NULL);
    if (!read64(r, &n_tensors) || !read64(r, &n_meta)) return false;
    /* a key takes at least 8 + 1 + 4 + 1 bytes, a tensor 8 + 4 + 4 + 8 */
    if (n_meta > LLW_GGUF_MAX_KEYS || n_meta > (r->size - r->at) / 14)
        return refuse(r,
                      "is damaged or cut off: it claims %" PRIu64 " metadata keys in %" PRIu64
                      " bytes; fetch the file again",
                      n_meta, r->size);
    if (n_tensors > LLW_GGUF_MAX_TENSORS || n_tensors > (r->size - r->at) / 24)
        return refuse(r,
                      "is damaged or cut off: it claims %" PRIu64 " tensors in %" PRIu64
                      " bytes; fetch the file again",
                      n_tensors, r->size);
    model->n_meta = (size_t)n_meta;
    model->n_tensors = (size_t)n_tensors;
    model->meta = llw_arena_alloc(r->arena, model->n_meta * sizeof *model->meta);
    model->tensors = llw_arena_alloc(r->arena, model->n_tensors * sizeof *model->tensors);
    return true;
}

static llw_rc read_header(reader *r, llw_gguf *out) {
    llw_model *model = &out->model;
    if (read_start(r, model) && read_metadata(r, model) && read_alignment(r, model) &&
        read_tensors(r, model) && check_offsets(r, out)) {
        const llw_meta *architecture = llw_model_meta(model, "general.architecture");
        if (architecture && architecture->type == LLW_GGUF_STRING) model->architecture = architecture->string;
        out->notes = r->notes;
        out->n_notes = r->n_notes;
    }
    return r->rc;
}

llw_rc llw_gguf_parse(llw_arena *arena, const char *path, const void *bytes, size_t len, llw_gguf *out,
                      llw_err *err) {
    reader r = {.path = path, .arena = arena, .err = err, .fd = -1, .buf = bytes, .have = len, .size = len};
    *out = (llw_gguf){.file_bytes = (int64_t)len, .allocated_bytes = -1};
    return read_header(&r, out);
}

llw_rc llw_gguf_read_from(llw_arena *arena, const char *path, const llw_gguf_bytes *bytes, llw_gguf *out,
                          llw_err *err) {
    llw_arena *scratch = llw_arena_new();
    unsigned char *window = llw_arena_alloc(scratch, LLW_GGUF_WINDOW);
    reader r = {.path = path,
                .arena = arena,
                .err = err,
                .fd = -1,
                .bytes = bytes,
                .buf = window,
                .window = window,
                .size = bytes->size < 0 ? INT64_MAX : (uint64_t)bytes->size};
    *out =
        (llw_gguf){.file_bytes = bytes->size < 0 ? -1 : bytes->size, .allocated_bytes = -1, .modified = -1};
    llw_rc rc = read_header(&r, out);
    llw_arena_free(scratch);
    return rc;
}

llw_rc llw_gguf_read(llw_arena *arena, const char *path, llw_gguf *out, llw_err *err) {
    struct stat st;
    /* looked at before it is opened: opening a FIFO or a device may block or have effects */
    if (stat(path, &st) != 0)
        return llw_fail(err, errno == ENOENT ? LLW_ERR_NOTHING : LLW_ERR_SYSTEM, path, 0,
                        "cannot be opened: %s", strerror(errno));
    if (S_ISDIR(st.st_mode)) return llw_fail(err, LLW_ERR_INPUT, path, 0, "is a directory, not a GGUF file");
    if (!S_ISREG(st.st_mode))
        return llw_fail(err, LLW_ERR_INPUT, path, 0, "is a pipe or device, not a GGUF file");
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return llw_fail(err, LLW_ERR_SYSTEM, path, 0, "cannot be opened: %s", strerror(errno));
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return llw_fail(err, LLW_ERR_INPUT, path, 0, "is not a regular file");
    }
    llw_arena *scratch = llw_arena_new();
    unsigned char *window = llw_arena_alloc(scratch, LLW_GGUF_WINDOW);
    reader r = {.path = path,
                .arena = arena,
                .err = err,
                .fd = fd,
                .buf = window,
                .window = window,
                .size = (uint64_t)st.st_size};
    *out = (llw_gguf){.file_bytes = st.st_size,
                      .allocated_bytes = (int64_t)st.st_blocks * 512,
                      .modified = st.st_mtim.tv_sec};
    llw_rc rc = read_header(&r, out);
    llw_arena_free(scratch);
    close(fd);
    return rc;
}
