/* The reader of GGUF headers, from memory. */
#include "fuzz.h"
#include "source/model/gguf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    llw_arena *arena = llw_arena_new();
    llw_gguf gguf;
    llw_err err = {0};
    llw_gguf_parse(arena, "model.gguf", data, size, &gguf, &err);
    llw_arena_free(arena);
    return 0;
}
