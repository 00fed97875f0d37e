/* A file system of its own for a test: a folder below which it puts files under absolute paths. */
#ifndef LLW_TESTS_ROOT_H
#define LLW_TESTS_ROOT_H

#include "base/data.h"
#include "fact/facts.h"
#include "scratch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

static llw_arena *arena;
static llw_facts *facts;
static char root[SCRATCH_MAX];

static inline int setup(void **state) {
    (void)state;
    arena = llw_arena_new();
    facts = llw_facts_new();
    return mkdtemp(scratch(root, "test")) ? 0 : -1;
}

static inline int teardown(void **state) {
    (void)state;
    char command[SCRATCH_MAX + 16];
    snprintf(command, sizeof command, "rm -rf %s", root);
    llw_data_reset();
    llw_arena_free(arena);
    llw_facts_free(facts);
    return system(command);
}

/* Where it lies. */
static inline const char *put(const char *path, const char *content) {
    char full[512];
    snprintf(full, sizeof full, "%s%s", root, path);
    for (char *at = full + strlen(root) + 1; (at = strchr(at, '/')); *at++ = '/') {
        *at = 0;
        mkdir(full, 0700);
    }
    FILE *f = fopen(full, "w");
    assert_non_null(f);
    assert_true(fputs(content, f) >= 0);
    fclose(f);
    return llw_arena_strdup(arena, full);
}

#endif
