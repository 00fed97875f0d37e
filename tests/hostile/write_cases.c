/* Writes every file of gguf_hostile.h into a directory, and prints for each: its path, whether llwhy accepts
 * it, what it says. */
#include "gguf_hostile.h"

#include <stdlib.h>

int main(int argc, char **argv) {
    if (argc != 2) return fputs("write_cases DIRECTORY\n", stderr), 3;
    for (size_t i = 0; i < N_CASES; i++) {
        const numbered *c = &numbered_cases[i];
        char path[4096];
        file f = {0};
        c->make(&f);
        snprintf(path, sizeof path, "%s/%s.gguf", argv[1], c->name);
        FILE *out = fopen(path, "wbe");
        bool ok = out && fwrite(f.len ? f.bytes : "", 1, f.len, out) == f.len;
        if (!out || fclose(out) != 0 || !ok) return perror(path), 2;
        printf("%s\t%s\t%s\t%s\n", path, c->accepted ? "accepted" : "refused", c->ggml ? "reads" : "refuses",
               c->says);
        llw_text_fini(&f);
    }
    return 0;
}
