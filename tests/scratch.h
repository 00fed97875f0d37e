/* Where tests put files of their own: in $TMPDIR, or /tmp. */
#ifndef LLW_TESTS_SCRATCH_H
#define LLW_TESTS_SCRATCH_H

#include <stdio.h>
#include <stdlib.h>

enum { SCRATCH_MAX = 200 };

/* A name for mkdtemp or mkstemp; path is returned. */
static inline char *scratch(char path[SCRATCH_MAX], const char *what) {
    const char *place = getenv("TMPDIR");
    snprintf(path, SCRATCH_MAX, "%s/llwhy-%s-XXXXXX", place && *place ? place : "/tmp", what);
    return path;
}

#endif
