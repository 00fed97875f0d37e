/* A folder for the files of one test, made before it and emptied after it. Included behind cmocka. */
#ifndef TESTS_BOX_H
#define TESTS_BOX_H

#include "base/arena.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static llw_arena *arena;
static char box[300];

static int set_up(void **state) {
    (void)state;
    arena = llw_arena_new();
    snprintf(box, sizeof box, "%s/box-XXXXXX", LLW_BINARY_DIR);
    return mkdtemp(box) == NULL;
}

static int tear_down(void **state) {
    (void)state;
    char **names = NULL;
    size_t n = 0;
    llw_file_pretend_nothing();
    llw_directory_list(arena, box, &names, &n, NULL);
    for (size_t i = 0; i < n; i++) unlink(llw_path_join(arena, box, names[i]));
    rmdir(box);
    llw_arena_free(arena);
    return 0;
}

static const char *write_file(const char *name, const char *text) {
    const char *path = llw_path_join(arena, box, name);
    llw_err err = {0};
    if (llw_file_replace(path, text, strlen(text), &err) != LLW_OK) fail_msg("%s", err.text);
    return path;
}

static char *read_back(const char *path) {
    char *bytes = NULL;
    size_t len = 0;
    llw_err err = {0};
    if (llw_file_read(arena, path, 1 << 20, &bytes, &len, &err) != LLW_OK) fail_msg("%s: %s", path, err.text);
    return bytes;
}

#endif
