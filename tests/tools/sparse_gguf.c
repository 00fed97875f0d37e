/* llwhy-sparse NAME OUT.gguf: writes a known model at full size with its tensor data as a hole.
 *
 * The header is complete and llama.cpp loads it; the tokens are made up so that their count and their bytes
 * are those that models/known states. An 18 GB model takes a few megabytes of disk. */
#include "source/model/known.h"
#include "write_gguf.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

int main(int argc, char **argv) {
    if (argc != 3) return fputs("usage: llwhy-sparse NAME OUT.gguf\n", stderr), 2;
    llw_arena *arena = llw_arena_new();
    llw_known known;
    llw_err err = {0};
    int ok = llw_known_load(arena, argv[1], true, &known, &err) == LLW_OK;
    if (!ok) fprintf(stderr, "llwhy-sparse: %s %s\n", err.file, err.text);
    FILE *out = ok ? fopen(argv[2], "wb") : NULL;
    if (out) {
        ok = sparse_write(out, &known.model, known.file_bytes);
        ok = !fclose(out) && ok;
    }
    if (known.name && (!out || !ok)) fprintf(stderr, "llwhy-sparse: %s: %s\n", argv[2], strerror(errno));
    llw_arena_free(arena);
    return out && ok ? 0 : 1;
}
