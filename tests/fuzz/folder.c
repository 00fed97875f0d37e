/* The folder of a fuzzing process: made at the first use, swept after each input, removed at the end. */
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[64];

static void leave(void) {
    fuzz_sweep();
    rmdir(folder);
}

const char *fuzz_folder(void) {
    if (*folder) return folder;
    snprintf(folder, sizeof folder, "%s/llwhy-fuzz-XXXXXX", access("/dev/shm", W_OK) ? "/tmp" : "/dev/shm");
    if (!mkdtemp(folder)) abort();
    atexit(leave);
    return folder;
}

void fuzz_sweep(void) {
    DIR *dir = opendir(fuzz_folder());
    if (!dir) return;
    for (const struct dirent *entry; (entry = readdir(dir));)
        if (entry->d_name[0] != '.' || (entry->d_name[1] && strcmp(entry->d_name, "..") != 0))
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}

const char *fuzz_file(const char *name, const uint8_t *data, size_t size) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", fuzz_folder(), name);
    FILE *out = fopen(path, "wb");
    if (!out) return NULL;
    bool written = fwrite(data, 1, size, out) == size;
    return fclose(out) == 0 && written ? path : NULL;
}
