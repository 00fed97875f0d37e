/* llama.cpp's side of a comparison: the probe (probe.cpp), one process for each number of cards.
 *
 * Answers belong to the caller (json_decref). A probe dies of a question that llama.cpp stops at with an
 * assertion; the next question starts another. */
#ifndef TESTS_ORACLE_ASK_H
#define TESTS_ORACLE_ASK_H

#include "cases.h"

#include <jansson.h>
#include <stdio.h>
#include <sys/types.h>

typedef struct probe {
    pid_t pid;
    FILE *in, *out;
} probe;

typedef struct oracle {
    const char *directory; /* what setup.sh prepared, absolute */
    probe probes[MAX_CARDS + 1];
} oracle;

/* Whether DIR holds a probe and its backend; else says on stderr what to do. */
bool oracle_is_ready(const char *directory);
/* What llama.cpp says to a case (probe.cpp: modes "lib" and "srv"; "real" when given); NULL when it died of
 * it. */
json_t *oracle_ask(oracle *o, const char *model_path, const test_case *t, const char *mode);
/* The tensors that llama.cpp wants for a header without any; NULL when it died of it. */
json_t *oracle_tensors(oracle *o, const char *model_path);
/* Whether it loads, without its data: an "error" in the answer when not; NULL when it died of it. */
json_t *oracle_load(oracle *o, const char *model_path);
/* A header of the architecture with the tensors that llama.cpp wants for it, laid out, not yet written; the
 * file at `path` is overwritten on the way. False when llama.cpp takes no such model, and *why says it. */
bool oracle_make(oracle *o, rng *r, const char *architecture, const char *path, llw_arena *arena,
                 llw_model *model, int64_t *bytes, const char **why);
/* The header with a hole for its data. */
bool oracle_write(const char *path, const llw_model *model, int64_t bytes);
/* The probes have read another file of that name: start new ones. */
void oracle_forget(oracle *o);

#endif
