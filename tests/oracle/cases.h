/* Random cases for the oracle: known models with changed hyper-parameters, cards and flags. */
#ifndef TESTS_ORACLE_CASES_H
#define TESTS_ORACLE_CASES_H

#include "source/model/known.h"

typedef struct rng {
    uint64_t state;
} rng;

uint64_t rng_next(rng *r);
int rng_below(rng *r, int n); /* 0 ... n - 1 */
bool rng_chance(rng *r, int percent);
const char *rng_pick(rng *r, const char *const *items, int n);

/* A known model with fewer layers, a smaller vocabulary, other tensor types and another context length, laid
 * out anew. *file_bytes is what its file would have. False when the name is not known. */
bool case_model(rng *r, const char *name, llw_arena *arena, llw_known *out, int64_t *file_bytes);

/* Measures the tensors and lays their data out. */
bool case_place(llw_model *model, int64_t *file_bytes);

enum { MAX_CARDS = 4 };

typedef struct test_case {
    bool server; /* llama-server, else the library */
    bool live;   /* free memory shrinks by what llama.cpp really allocates while it measures */
    int cards;
    int64_t total[MAX_CARDS], free[MAX_CARDS]; /* MiB */
    const char *flags;                         /* llama-server's, blank-separated, without --fit */
    const char *fit;                           /* flags of fit alone; "" for --fit off */
} test_case;

/* Flags for a model of that many bytes. */
void case_flags(rng *r, const llw_model *model, int64_t model_bytes, bool with_fit, llw_arena *arena,
                test_case *out);

#endif
