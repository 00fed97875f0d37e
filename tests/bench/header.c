/* bench_header FILE [RUNS]: reading a GGUF header beside a loop that only walks its lengths, by turns in one
 * process.
 *
 * The loop reads the same windows with pread and steps over every key, value and tensor; it checks nothing,
 * keeps nothing, and trusts the file. Processor time of the thread, least and median of RUNS (40); the first
 * of each warms the caches and is not counted. */
#include "source/model/gguf.h"
#include "fact/header.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MOST_RUNS = 1000 };

typedef struct walk {
    int fd;
    unsigned char *window;
    size_t have;
    uint64_t base, at; /* of the window's first byte; of the reader */
} walk;

static inline const unsigned char *ahead(walk *w, size_t n) {
    if (w->at < w->base || w->at + n > w->base + w->have) {
        ssize_t got = pread(w->fd, w->window, LLW_GGUF_WINDOW, (off_t)w->at);
        if (got < (ssize_t)n) exit(2);
        w->base = w->at;
        w->have = (size_t)got;
    }
    return w->window + (w->at - w->base);
}

static inline uint64_t length(walk *w) {
    uint64_t n;
    memcpy(&n, ahead(w, sizeof n), sizeof n);
    w->at += sizeof n;
    return n;
}

static inline uint32_t number(walk *w) {
    uint32_t n;
    memcpy(&n, ahead(w, sizeof n), sizeof n);
    w->at += sizeof n;
    return n;
}

static void value(walk *w, uint32_t type) {
    if (type == LLW_GGUF_STRING)
        w->at += length(w);
    else if (type == LLW_GGUF_ARRAY) {
        uint32_t items = number(w);
        uint64_t n = length(w);
        if (items == LLW_GGUF_STRING)
            for (uint64_t i = 0; i < n; i++) w->at += length(w);
        else
            w->at += n * llw_gguf_type_size(items);
    } else
        w->at += llw_gguf_type_size(type);
}

static uint64_t only_walk(const char *path) {
    walk w = {.fd = open(path, O_RDONLY | O_CLOEXEC), .window = malloc(LLW_GGUF_WINDOW)};
    if (w.fd < 0 || !w.window) exit(2);
    length(&w); /* GGUF and its version */
    uint64_t tensors = length(&w), keys = length(&w);
    for (uint64_t i = 0; i < keys; i++) {
        w.at += length(&w);
        value(&w, number(&w));
    }
    for (uint64_t i = 0; i < tensors; i++) {
        w.at += length(&w);
        w.at += 8 * (uint64_t)number(&w) + 12;
    }
    close(w.fd);
    free(w.window);
    return w.at;
}

static uint64_t whole_reader(const char *path) {
    llw_arena *arena = llw_arena_new();
    llw_gguf gguf;
    llw_err err = {0};
    if (llw_gguf_read(arena, path, &gguf, &err) != LLW_OK) {
        fprintf(stderr, "%s: %s\n", path, err.text);
        exit(2);
    }
    llw_arena_free(arena);
    return gguf.model.header_bytes;
}

static double timed(uint64_t (*read)(const char *), const char *path, uint64_t *bytes) {
    struct timespec from, to;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    *bytes = read(path);
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return (double)(to.tv_sec - from.tv_sec) * 1e3 + (double)(to.tv_nsec - from.tv_nsec) * 1e-6;
}

static int by_time(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    int runs = argc > 2 ? atoi(argv[2]) : 40;
    if (argc < 2 || runs < 1 || runs > MOST_RUNS)
        return fputs("usage: bench_header FILE [RUNS]\n", stderr), 2;
    double ours[MOST_RUNS], walked[MOST_RUNS];
    uint64_t header = 0, end = 0;
    timed(whole_reader, argv[1], &header);
    timed(only_walk, argv[1], &end);
    for (int i = 0; i < runs; i++) {
        ours[i] = timed(whole_reader, argv[1], &header);
        walked[i] = timed(only_walk, argv[1], &end);
    }
    if (header < end || header > end + (1 << 20))
        return fprintf(stderr, "the loop ends at %llu\n", (unsigned long long)end), 2;
    qsort(ours, (size_t)runs, sizeof *ours, by_time);
    qsort(walked, (size_t)runs, sizeof *walked, by_time);
    printf("header of %.1f MB: llwhy min %.2f median %.2f ms, only walking min %.2f median %.2f ms, ratio "
           "%.2f (of mins)\n",
           (double)header / 1e6, ours[0], ours[runs / 2], walked[0], walked[runs / 2], ours[0] / walked[0]);
    return 0;
}
