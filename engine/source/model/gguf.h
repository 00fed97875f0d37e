/* Reads the header of one GGUF file (versions 2 and 3) without trusting a byte of it.
 *
 * The file is read through a window with pread, never mapped; every length is checked against the bytes that
 * are left before it is used; what llama.cpp v0.5.0 refuses (ggml/src/gguf.cpp) is refused, and a little more
 * where the table below says so. Strings of token arrays are stepped over, never copied: cost is that of
 * reading the header once. Results live in the arena; so do notes, which are full sentences without the
 * file's name. */
#ifndef LLW_SOURCE_GGUF_H
#define LLW_SOURCE_GGUF_H

#include "base/error.h"
#include "fact/model.h"

/* Limits; ggml v0.5.0's own in brackets. No model known to us comes near any of them. */
enum {
    LLW_GGUF_MAX_KEYS = 1 << 16,     /* (none) */
    LLW_GGUF_MAX_KEY = 65535,        /* bytes of a key (1 GiB) */
    LLW_GGUF_MAX_STRING = 16 << 20,  /* bytes of a string (1 GiB) */
    LLW_GGUF_MAX_ARRAY = 64 << 20,   /* elements of an array (1 Gi) */
    LLW_GGUF_MAX_TENSORS = 1 << 20,  /* (none) */
    LLW_GGUF_MAX_HEADER = 256 << 20, /* bytes of the whole header (none) */
    LLW_GGUF_KEPT_STRINGS = 64,      /* a string array of more elements is not copied */
    LLW_GGUF_KEPT_NUMBERS =
        1 << 20, /* numbers kept of all arrays together; further arrays are stepped over */
    LLW_GGUF_KEPT_STRING_BYTES = 1024,  /* ... nor one with a longer string */
    LLW_GGUF_KEPT_TEMPLATE = 128 << 10, /* bytes kept of a chat template, less than a window */
    LLW_GGUF_USUAL_ALIGNMENT = 1 << 20, /* a larger alignment is noted (2^31) */
    LLW_GGUF_WINDOW = 256 << 10,        /* bytes read at once */
};

typedef struct llw_gguf {
    llw_model model;
    int64_t file_bytes;      /* size of the file; -1 unknown */
    int64_t expected_bytes;  /* up to the last byte of the last tensor */
    int64_t allocated_bytes; /* blocks it occupies; -1 when read from elsewhere */
    int64_t modified;        /* seconds since 1970, UTC */
    bool complete;           /* file_bytes is at least expected_bytes; false where it is unknown */
    const char **notes;
    size_t n_notes;
} llw_gguf;

/* LLW_ERR_NOTHING when there is no such file; LLW_ERR_INPUT when it is no GGUF or a broken one: err says what
 * it looks like and what to do. A file that ends inside its tensor data is accepted, as ggml does, with
 * complete = false. */
llw_rc llw_gguf_read(llw_arena *arena, const char *path, llw_gguf *out, llw_err *err);

/* A file that is read from elsewhere. read gives at least `least` bytes from `at` into buf and at most `most`
 * (fewer only where the file ends); `ahead` bytes behind them are needed too, but not yet. */
typedef struct llw_gguf_bytes {
    void *context;
    int64_t size; /* -1 unknown */
    llw_rc (*read)(void *context, uint64_t at, size_t least, size_t ahead, size_t most, unsigned char *buf,
                   size_t *got, llw_err *err);
    const llw_model *like; /* of the same vocabulary: its long string arrays are stepped over where the key
                              behind them proves that they are as long here; NULL */
} llw_gguf_bytes;

/* The same from there; allocated_bytes and modified are unknown (-1), and so is file_bytes if size is. */
llw_rc llw_gguf_read_from(llw_arena *arena, const char *path, const llw_gguf_bytes *bytes, llw_gguf *out,
                          llw_err *err);

/* The same from memory, for tests and fuzzing; file_bytes is len. */
llw_rc llw_gguf_parse(llw_arena *arena, const char *path, const void *bytes, size_t len, llw_gguf *out,
                      llw_err *err);

#endif
