/* Data files from a stack of directories over the compiled-in set. */
#include "base/data.h"
#include "base/file.h"
#include "base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_DIRECTORIES = 16, MAX_WITHHELD = 64, MAX_DATA_FILE = 8 << 20 };

static char *directories[MAX_DIRECTORIES];
static bool absent[MAX_DIRECTORIES];               /* when they were pushed */
static const llw_data_file *held[MAX_DIRECTORIES]; /* instead of what lies there; NULL: what lies there */
static size_t n_held[MAX_DIRECTORIES];
static size_t n_directories;
static char *withheld[MAX_WITHHELD]; /* paths */
static size_t n_withheld;
static bool alone; /* compiled-in rules and lessons do not count */
static unsigned generation = 1;

unsigned llw_data_generation(void) {
    return generation;
}

static char *copy_of(const char *text) {
    size_t len = strlen(text) + 1;
    return memcpy(llw_xmalloc(len), text, len);
}

void llw_data_push(const char *directory) {
    if (n_directories == MAX_DIRECTORIES) return;
    generation++;
    directories[n_directories] = copy_of(directory);
    held[n_directories] = NULL;
    absent[n_directories++] = !llw_file_is_directory(directory);
}

void llw_data_push_files(const char *directory, const llw_data_file *files, size_t n) {
    if (n_directories == MAX_DIRECTORIES) return;
    llw_data_push(directory);
    held[n_directories - 1] = files;
    n_held[n_directories - 1] = n;
    absent[n_directories - 1] = !n;
}

void llw_data_withhold(const char *path) {
    if (n_withheld == MAX_WITHHELD) return;
    generation++;
    withheld[n_withheld++] = copy_of(path);
}

static bool is_withheld(const char *path) {
    for (size_t i = 0; i < n_withheld; i++)
        if (!strcmp(withheld[i], path)) return true;
    return false;
}

size_t llw_data_directories(const char *const **out) {
    *out = (const char *const *)directories;
    return n_directories;
}

bool llw_data_is_overlaid(void) {
    for (size_t i = 0; i < n_directories; i++)
        if (!absent[i]) return true;
    return false;
}

void llw_data_reset(void) {
    generation++;
    alone = false;
    while (n_directories) free(directories[--n_directories]);
    while (n_withheld) free(withheld[--n_withheld]);
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

const llw_builtin *llw_data_builtin(const char *name) {
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

static int by_name(const void *name, const void *file) {
    return strcmp(name, ((const llw_data_file *)file)->name);
}

static const llw_data_file *held_find(size_t directory, const char *name) {
    return bsearch(name, held[directory], n_held[directory], sizeof **held, by_name);
}

llw_rc llw_data_read(llw_arena *arena, const char *name, const char **bytes, size_t *len, const char **path,
                     llw_err *err) {
    for (size_t i = n_directories; i-- > 0;) {
        if (absent[i]) continue;
        char *file = llw_path_join(arena, directories[i], name), *content = NULL;
        const llw_data_file *kept = held[i] ? held_find(i, name) : NULL;
        if (held[i] ? !kept : !llw_file_is_regular(file)) continue;
        if (is_withheld(file)) continue;
        *path = file;
        llw_rc rc = kept ? LLW_OK : llw_file_read(arena, file, MAX_DATA_FILE, &content, len, err);
        *bytes = kept ? kept->bytes : content;
        if (kept) *len = kept->len;
        return rc;
    }
    const llw_builtin *found = counts(name) ? llw_data_builtin(name) : NULL;
    if (!found) return llw_fail(err, LLW_ERR_NOTHING, name, 0, "there is no such data file");
    *bytes = (const char *)found->bytes;
    *len = found->len;
    *path = found->name;
    return LLW_OK;
}

bool llw_data_is_builtin(const char *name, const char *bytes, size_t len) {
    const llw_builtin *found = llw_data_builtin(name);
    return found && found->len == len &&
           ((const char *)found->bytes == bytes || !memcmp(found->bytes, bytes, len));
}

static int by_bytes(const void *a, const void *b) {
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Whether it is the name of a file right under a folder, whose name has len bytes. */
static bool is_under(const char *name, const char *folder, size_t len) {
    return !strncmp(name, folder, len) && name[len] == '/' && !strchr(name + len + 1, '/');
}

typedef struct listing {
    llw_arena *arena;
    const char *suffix;
    void *names;
    size_t n, capacity;
} listing;

static void list(listing *l, const char *name) {
    if (!llw_text_ends_in(name, l->suffix)) return;
    *(char **)llw_arena_push(l->arena, &l->names, &l->n, &l->capacity, sizeof(char *)) =
        llw_arena_strdup(l->arena, name);
}

static void list_directory(listing *l, const char *directory, const char *folder) {
    char **found = NULL;
    size_t n = 0;
    if (llw_directory_list(l->arena, llw_path_join(l->arena, directory, folder), &found, &n, NULL) != LLW_OK)
        return;
    for (size_t i = 0; i < n; i++) {
        const char *name = llw_arena_printf(l->arena, "%s/%s", folder, found[i]);
        if (found[i][0] != '.' && llw_file_is_regular(llw_path_join(l->arena, directory, name)))
            list(l, name);
    }
}

void llw_data_list(llw_arena *arena, const char *folder, const char *suffix, char ***names, size_t *count) {
    listing l = {.arena = arena, .suffix = suffix};
    size_t len = strlen(folder);
    for (size_t i = 0; i < llw_n_builtins; i++)
        if (is_under(llw_builtins[i].name, folder, len) && counts(llw_builtins[i].name))
            list(&l, llw_builtins[i].name);
    for (size_t i = 0; i < n_directories; i++) {
        if (absent[i]) continue;
        for (size_t k = 0; held[i] && k < n_held[i]; k++)
            if (is_under(held[i][k].name, folder, len)) list(&l, held[i][k].name);
        if (!held[i]) list_directory(&l, directories[i], folder);
    }
    char **all = l.names;
    if (l.n) qsort(all, l.n, sizeof *all, by_bytes);
    size_t kept = 0;
    for (size_t i = 0; i < l.n; i++)
        if (!kept || strcmp(all[kept - 1], all[i])) all[kept++] = all[i];
    *names = all;
    *count = kept;
}
