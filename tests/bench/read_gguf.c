/* read_gguf FILE: reads a GGUF header with llama.cpp's own library, and nothing more. Built by bench.sh. */
#include "gguf.h"

#include <stdio.h>

int main(int argc, char **argv) {
    struct gguf_init_params params = {.no_alloc = true, .ctx = NULL};
    struct gguf_context *gguf = argc == 2 ? gguf_init_from_file(argv[1], params) : NULL;
    if (!gguf) return 2;
    printf("%lld keys, %lld tensors\n", (long long)gguf_get_n_kv(gguf), (long long)gguf_get_n_tensors(gguf));
    gguf_free(gguf);
    return 0;
}
