/* seeds FOLDER COUNT: headers of small models, no two of one shape, as starting points for the fuzzer.
 *
 * Known models with few layers, a short vocabulary and other tensor types; the files end where the tensor
 * data would begin, so that a mutation always lands in what is read. */
#include "cases.h"
#include "write_gguf.h"

#include "base/data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MOST_BYTES = 80 << 10, MOST_LAYERS = 8 };

int main(int argc, char **argv) {
    if (argc != 3) return fputs("usage: seeds FOLDER COUNT\n", stderr), 2;
    int wanted = atoi(argv[2]), written = 0;
    rng r = {20261128};
    mkdir(argv[1], 0777);
    for (int tries = 0; written < wanted && tries < 400 * wanted; tries++) {
        llw_arena *arena = llw_arena_new();
        char **names;
        size_t n;
        llw_known known;
        int64_t bytes;
        llw_data_list(arena, "models/known", ".yaml", &names, &n);
        char *name = names[rng_below(&r, (int)n)] + sizeof "models/known";
        name[strlen(name) - sizeof ".yaml" + 1] = 0;
        if (case_model(&r, name, arena, &known, &bytes) && known.model.header_bytes < MOST_BYTES &&
            llw_model_int(&known.model, "block_count", -1, 0) <= MOST_LAYERS) {
            const char *path = llw_arena_printf(arena, "%s/%03d-%s.gguf", argv[1], written, name);
            FILE *out = fopen(path, "wb");
            if (!out || !sparse_write(out, &known.model, (int64_t)known.model.header_bytes))
                return perror(path), 1;
            fclose(out);
            written++;
        }
        llw_arena_free(arena);
    }
    printf("%d models\n", written);
    return written < wanted;
}
