/* The work given to both engines: generated rules and facts, the same on every machine, and the answer by
 * brute force. A fact has three numbers. */
#ifndef LLW_TESTS_ENGINE_WORK_H
#define LLW_TESTS_ENGINE_WORK_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct work_fact {
    char relation; /* a (at, s, v), g (id, host, free), p (name, host, needs) */
    int x, y, z;
} work_fact;

typedef struct work_edit {
    int fact, z; /* that fact's third number becomes z */
} work_edit;

typedef struct work {
    const char *name;
    int rules; /* rule i: a fact (i, s, x) and a fact (i + 1, s, y) with y < x */
    int join;  /* one rule instead: the g and the p of the same host */
    work_fact *facts;
    int n_facts;
    work_edit *edits;
    int n_edits;
} work;

static inline int work_random(uint32_t *seed, int n) {
    *seed = *seed * 1103515245u + 12345u;
    return (int)((*seed >> 16) % (uint32_t)n);
}

enum { WORK_SUBJECTS = 10 };

static inline void work_rules(work *w, int rules, int attributes, uint32_t *seed) {
    w->rules = rules;
    w->facts = calloc((size_t)attributes * WORK_SUBJECTS + 1, sizeof *w->facts);
    for (int i = 0; i < attributes; i++)
        for (int s = 0; s < WORK_SUBJECTS; s++)
            w->facts[w->n_facts++] = (work_fact){'a', i, s, 2 * work_random(seed, 1000)};
}

/* cold: 7 rules, 64 facts and a few more. load-1000, load-10000: rules alone. edits: 1,000 rules, 10,000
 * facts and 10,000 edits. join: 10,000 facts beside 10,000. False: no such work. */
static inline int work_make(const char *name, work *w) {
    uint32_t seed = 42;
    *w = (work){.name = name};
    if (!strcmp(name, "cold"))
        work_rules(w, 7, 7, &seed);
    else if (!strcmp(name, "load-1000"))
        w->rules = 1000;
    else if (!strcmp(name, "load-10000"))
        w->rules = 10000;
    else if (!strcmp(name, "edits")) {
        work_rules(w, 1000, 1000, &seed);
        w->n_edits = 10000;
        w->edits = calloc((size_t)w->n_edits, sizeof *w->edits);
        for (int e = 0; e < w->n_edits; e++) /* odd ones where facts have even ones */
            w->edits[e] = (work_edit){work_random(&seed, w->n_facts), 2 * work_random(&seed, 1000) + 1};
    } else if (!strcmp(name, "join")) {
        enum { N = 10000 };
        w->join = 1;
        w->facts = calloc(2 * N, sizeof *w->facts);
        for (int i = 0; i < 2 * N; i++)
            w->facts[w->n_facts++] = (work_fact){i < N ? 'g' : 'p', i % N, i % N, work_random(&seed, 100000)};
    } else
        return 0;
    return 1;
}

/* Findings of the rules over the facts, by trying. */
static inline long work_expected(const work *w) {
    if (w->join) return w->n_facts / 2;
    long n = 0;
    int attributes = w->n_facts / WORK_SUBJECTS;
    for (int i = 0; i < attributes; i++)
        for (int s = 0; s < WORK_SUBJECTS; s++)
            n += w->facts[(i + 1) % attributes * WORK_SUBJECTS + s].z < w->facts[i * WORK_SUBJECTS + s].z;
    return n;
}

static inline double work_clock(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static inline double work_seconds(void) { /* of this process's own time: other processes do not count */
    return work_clock(CLOCK_PROCESS_CPUTIME_ID);
}

/* Edits are timed together in blocks by the process's own time, for the mean, and each by the clock on the
 * wall, for the percentile: asking for the process's time is a system call, as long as an edit itself. */
enum { WORK_BLOCK = 500 };

typedef struct work_watch {
    double *took; /* of each edit */
    int n;
    double block, edit, total; /* when they began; all blocks */
} work_watch;

static inline void work_edit_begins(work_watch *w) {
    if (w->n % WORK_BLOCK == 0) w->block = work_seconds();
    w->edit = work_clock(CLOCK_MONOTONIC);
}

/* True at the end of a block, when there is time to look at the findings. */
static inline int work_edit_ends(work_watch *w) {
    w->took[w->n++] = work_clock(CLOCK_MONOTONIC) - w->edit;
    if (w->n % WORK_BLOCK) return 0;
    w->total += work_seconds() - w->block;
    return 1;
}

/* What looking at the clock costs: no engine's doing. */
static inline double work_clock_cost(void) {
    double least = 1;
    for (int i = 0; i < 2000; i++) {
        double start = work_clock(CLOCK_MONOTONIC), took = work_clock(CLOCK_MONOTONIC) - start;
        if (took < least) least = took;
    }
    return least;
}

static inline int work_by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One line a figure; engine.c reads them. */
static inline void work_say(const char *name, double value) {
    printf("%s %.9g\n", name, value);
}

static inline void work_say_edits(work_watch *w) {
    double clock = work_clock_cost();
    qsort(w->took, (size_t)w->n, sizeof *w->took, work_by_size);
    work_say("edit_mean", w->total / w->n - 2 * clock);
    work_say("edit_p99", w->took[w->n * 99 / 100] - clock);
}

static inline void work_say_peak(void) {
    struct rusage r;
    getrusage(RUSAGE_SELF, &r);
    work_say("peak_kib", (double)r.ru_maxrss);
}

#endif
