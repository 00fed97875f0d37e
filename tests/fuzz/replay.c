/* Runs a fuzz target over kept inputs: replay FILE_OR_FOLDER...; for compilers without libFuzzer, and for the
 * corpus.
 *
 * Each input gets a second and 256 MiB by the rules of docs/fuzzing.md; the alarm is generous because
 * sanitizers and busy machines are slow. The copy handed over has exactly its size, so that reading past its
 * end is found. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SECONDS = 20 };

static size_t replayed;

static int replay(const char *path) {
    struct stat st;
    FILE *in = stat(path, &st) == 0 && S_ISREG(st.st_mode) ? fopen(path, "rb") : NULL;
    if (!in) {
        fprintf(stderr, "replay: %s cannot be read\n", path);
        return 1;
    }
    size_t size = (size_t)st.st_size;
    uint8_t *bytes = malloc(size ? size : 1);
    int bad = !bytes || fread(bytes, 1, size, in) != size;
    fclose(in);
    if (!bad) {
        fprintf(stderr, "%s\n", path);
        alarm(SECONDS);
        LLVMFuzzerTestOneInput(bytes, size);
        alarm(0);
        replayed++;
    }
    free(bytes);
    return bad;
}

static int replay_folder(const char *path) {
    struct dirent **entries;
    int n = scandir(path, &entries, NULL, alphasort), bad = 0;
    if (n < 0) return replay(path);
    for (int i = 0; i < n; i++) {
        char full[4096];
        snprintf(full, sizeof full, "%s/%s", path, entries[i]->d_name);
        if (entries[i]->d_name[0] != '.' || !strncmp(entries[i]->d_name, ".env", 4)) bad |= replay(full);
        free(entries[i]);
    }
    free(entries);
    return bad;
}

int main(int argc, char **argv) {
    int bad = 0;
    for (int i = 1; i < argc; i++) bad |= replay_folder(argv[i]);
    printf("%zu inputs replayed\n", replayed);
    return bad || !replayed;
}
