/* Runs a fuzz target over kept inputs: replay [--measure] FILE_OR_FOLDER...; for compilers without libFuzzer,
 * and for the corpus.
 *
 * The alarm is generous because sanitizers and busy machines are slow. The copy handed over has exactly its
 * size, so that reading past its end is found. With --measure (a build without sanitizers) each input runs in
 * a process of its own and gets a second of processor time and 256 MiB, by the rules of docs/fuzzing.md;
 * which took most of either is told. */
#include "fuzz.h"

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { SECONDS = 20, MAX_MIB = 256 };

static size_t replayed;
static bool measuring;
static struct most {
    double value;
    char path[4096];
} slowest, largest;

static void run(const uint8_t *bytes, size_t size) {
    alarm(SECONDS);
    LLVMFuzzerTestOneInput(bytes, size);
    alarm(0);
}

static void remember(struct most *most, double value, const char *path) {
    if (value < most->value) return;
    most->value = value;
    snprintf(most->path, sizeof most->path, "%s", path);
}

/* 1 when it takes too much, or ends its process. */
static int measure(const char *path, const uint8_t *bytes, size_t size) {
    pid_t child = fork();
    if (child < 0) return 1;
    if (!child) {
        run(bytes, size);
        exit(0);
    }
    int status;
    struct rusage usage;
    if (wait4(child, &status, 0, &usage) != child) return 1;
    double seconds = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                     (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    double mib = (double)usage.ru_maxrss / 1024;
    remember(&slowest, seconds, path);
    remember(&largest, mib, path);
    if (!status && seconds <= 1 && mib <= MAX_MIB) return 0;
    fprintf(stderr, "replay: %s %s: %.2f s, %.0f MiB\n", path, status ? "ends the process" : "takes too much",
            seconds, mib);
    return 1;
}

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
        if (!measuring) fprintf(stderr, "%s\n", path); /* the last one named is the one that crashed */
        if (measuring)
            bad = measure(path, bytes, size);
        else
            run(bytes, size);
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
    measuring = argc > 1 && !strcmp(argv[1], "--measure");
    for (int i = 1 + measuring; i < argc; i++) bad |= replay_folder(argv[i]);
    printf("%zu inputs replayed\n", replayed);
    if (measuring && replayed)
        printf("slowest %.2f s: %s\nlargest %.0f MiB: %s\n", slowest.value, slowest.path, largest.value,
               largest.path);
    return bad || !replayed;
}
