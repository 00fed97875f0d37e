/* Data files from a stack of directories over the compiled-in set. */
#include "base/data.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DIRECTORIES = 16, MAX_DATA_FILE = 8 << 20 };

static char *directories[MAX_DIRECTORIES];
static bool absent[MAX_DIRECTORIES]; /* when they were pushed */
static bool distrusted[MAX_DIRECTORIES];
static size_t n_directories;
static bool alone; /* compiled-in rules and lessons do not count */
static unsigned generation = 1;

unsigned llw_data_generation(void) {
    return generation;
}

void llw_data_push(const char *directory) {
    if (n_directories == MAX_DIRECTORIES) return;
    generation++;
    size_t len = strlen(directory) + 1;
    directories[n_directories] = memcpy(llw_xmalloc(len), directory, len);
    distrusted[n_directories] = false;
    absent[n_directories++] = !llw_file_is_directory(directory);
}

void llw_data_distrust(const char *directory) {
    for (size_t i = 0; i < n_directories; i++)
        if (!strcmp(directories[i], directory)) distrusted[i] = true;
}

static bool passed_over(size_t i, const char *name) {
    static const char rules[] = "rules.d";
    size_t len = sizeof rules - 1;
    if (absent[i]) return true;
    return distrusted[i] && !strncmp(name, rules, len) && (!name[len] || name[len] == '/');
}

size_t llw_data_directories(const char *const **out) {
    *out = (const char *const *)directories;
    return n_directories;
}

void llw_data_reset(void) {
    generation++;
    alone = false;
    while (n_directories) free(directories[--n_directories]);
}

void llw_data_alone(const char *directory) {
    llw_data_reset();
    llw_data_push(directory);
    alone = true;
}

/* Whether a compiled-in file may be used. */
static bool counts(const char *name) {
    return !alone || !strncmp(name, "models/", 7);
}

static const llw_builtin *builtin_find(const char *name) {
    size_t low = 0, high = llw_n_builtins;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = strcmp(name, llw_builtins[mid].name);
        if (!c) return &llw_builtins[mid];
        if (c < 0)
            high = mid;
        else
            low = mid + 1;
    }
    return NULL;
}

llw_rc llw_data_read(llw_arena *arena, const char *name, const char **bytes, size_t *len, const char **path,
                     llw_err *err) {
    for (size_t i = n_directories; i-- > 0;) {
        if (passed_over(i, name)) continue;
        char *file = llw_path_join(arena, directories[i], name), *content = NULL;
        if (!llw_file_is_regular(file)) continue;
        *path = file;
        llw_rc rc = llw_file_read(arena, file, MAX_DATA_FILE, &content, len, err);
        *bytes = content;
        return rc;
    }
    const llw_builtin *found = counts(name) ? builtin_find(name) : NULL;
    if (!found) return llw_fail(err, LLW_ERR_NOTHING, name, 0, "there is no such data file");
    *bytes = (const char *)found->bytes;
    *len = found->len;
    *path = found->name;
    return LLW_OK;
}

bool llw_data_is_builtin(const char *name, const char *bytes, size_t len) {
    const llw_builtin *found = builtin_find(name);
    return found && found->len == len &&
           ((const char *)found->bytes == bytes || !memcmp(found->bytes, bytes, len));
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static bool ends_in(const char *name, const char *suffix) {
    size_t n = strlen(name), s = strlen(suffix);
    return n >= s && !strcmp(name + n - s, suffix);
}

void llw_data_list(llw_arena *arena, const char *folder, const char *suffix, char ***names, size_t *count) {
    void *items = NULL;
    size_t n = 0, capacity = 0, prefix = strlen(folder);
    for (size_t i = 0; i < llw_n_builtins; i++) {
        const char *name = llw_builtins[i].name;
        if (strncmp(name, folder, prefix) || name[prefix] != '/' || strchr(name + prefix + 1, '/') ||
            !ends_in(name, suffix) || !counts(name))
            continue;
        char **slot = llw_arena_push(arena, &items, &n, &capacity, sizeof *slot);
        *slot = llw_arena_strdup(arena, name);
    }
    for (size_t i = 0; i < n_directories; i++) {
        char **found = NULL;
        size_t m = 0;
        if (passed_over(i, folder)) continue;
        if (llw_directory_list(arena, llw_path_join(arena, directories[i], folder), &found, &m, NULL) !=
            LLW_OK)
            continue;
        for (size_t j = 0; j < m; j++) {
            const char *name = llw_arena_printf(arena, "%s/%s", folder, found[j]);
            if (!ends_in(found[j], suffix) || found[j][0] == '.' ||
                !llw_file_is_regular(llw_path_join(arena, directories[i], name)))
                continue;
            char **slot = llw_arena_push(arena, &items, &n, &capacity, sizeof *slot);
            *slot = llw_arena_strdup(arena, name);
        }
    }
    char **list = items;
    if (n) qsort(list, n, sizeof *list, by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (!kept || strcmp(list[kept - 1], list[i])) list[kept++] = list[i];
    *names = list;
    *count = kept;
}
