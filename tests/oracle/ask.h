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
/* The probes have read another file of that name: start new ones. */
void oracle_forget(oracle *o);

#endif
