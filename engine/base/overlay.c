/* Reading a project's .llwhy whole, and writing it as one text. */
#include "base/overlay.h"
#include "base/file.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *folder, *endings[2];
} folders[] = {
    {"lessons", {".md", ".yaml"}}, {"lessons/cases", {".yaml"}}, {"models", {".tsv"}},
    {"models/known", {".yaml"}},   {"rules.d", {".lua"}},        {"rules.d/lib", {".lua"}},
};
enum { FOLDERS = sizeof folders / sizeof *folders };

typedef struct reading {
    llw_arena *arena;
    llw_overlay *out;
    const char *directory;
    void *files;
    size_t capacity;
} reading;

static bool is_read(const char *name, const char *const endings[2]) {
    for (int i = 0; i < 2 && endings[i] && *name != '.'; i++)
        if (llw_text_ends_in(name, endings[i])) return true;
    return false;
}

static bool has_control(const char *name) {
    for (; *name; name++)
        if ((unsigned char)*name < 0x20 || *name == 0x7f) return true;
    return false;
}

/* Whether a path leads to something below the overlay. */
static bool is_inside(const reading *r, const char *path) {
    char real[PATH_MAX];
    size_t len = strlen(r->out->place);
    return realpath(path, real) && !strncmp(real, r->out->place, len) && real[len] == '/';
}

static void add(reading *r, const char *name) {
    llw_data_file file = {.name = name};
    const char *path = llw_path_join(r->arena, r->directory, name);
    char *bytes = NULL;
    llw_err err = {0};
    if (r->out->n == LLW_OVERLAY_FILES)
        llw_fail(&err, LLW_ERR_INPUT, path, 0, "is one more than the %d files that are read",
                 (int)LLW_OVERLAY_FILES);
    else if (has_control(llw_path_name(name)))
        llw_fail(&err, LLW_ERR_INPUT, path, 0, "has control characters in its name");
    else if (!is_inside(r, path))
        llw_fail(&err, LLW_ERR_INPUT, path, 0, "is a link that leads out of %s, or nowhere", r->directory);
    else if (llw_file_read(r->arena, path, LLW_OVERLAY_FILE, &bytes, &file.len, &err) == LLW_OK &&
             r->out->bytes + file.len > LLW_OVERLAY_BYTES)
        llw_fail(&err, LLW_ERR_INPUT, path, 0, "would make more than the %d MiB that all files may have",
                 LLW_OVERLAY_BYTES >> 20);
    if (*err.text) {
        if (r->out->n_left_out < LLW_OVERLAY_TOLD) r->out->left_out[r->out->n_left_out] = err;
        r->out->n_left_out++;
        return;
    }
    file.bytes = bytes;
    r->out->bytes += file.len;
    *(llw_data_file *)llw_arena_push(r->arena, &r->files, &r->out->n, &r->capacity, sizeof file) = file;
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const llw_data_file *)a)->name, ((const llw_data_file *)b)->name);
}

bool llw_overlay_read(llw_arena *arena, const char *directory, llw_overlay *out) {
    char real[PATH_MAX];
    reading r = {.arena = arena, .out = out, .directory = directory};
    *out = (llw_overlay){0};
    if (!llw_file_is_directory(directory) || !realpath(directory, real)) return false;
    out->place = llw_arena_strdup(arena, real);
    for (int f = 0; f < FOLDERS; f++) {
        char **names = NULL;
        size_t n = 0;
        if (llw_directory_list(arena, llw_path_join(arena, directory, folders[f].folder), &names, &n, NULL) !=
            LLW_OK)
            continue;
        for (size_t i = 0; i < n; i++)
            if (is_read(names[i], folders[f].endings))
                add(&r, llw_arena_printf(arena, "%s/%s", folders[f].folder, names[i]));
    }
    if (out->n) qsort(r.files, out->n, sizeof(llw_data_file), by_name);
    out->files = r.files;
    return true;
}

static void part(llw_text *out, const char *bytes, size_t len) {
    llw_text_addf(out, "%zu ", len);
    llw_text_addn(out, bytes, len);
    llw_text_addn(out, "\n", 1);
}

void llw_overlay_write(const llw_overlay *overlay, llw_text *out) {
    llw_text_add(out, "llwhy overlay 2\n"); /* 1 wrote names without their length */
    part(out, overlay->place, strlen(overlay->place));
    for (size_t i = 0; i < overlay->n; i++) {
        part(out, overlay->files[i].name, strlen(overlay->files[i].name));
        part(out, overlay->files[i].bytes, overlay->files[i].len);
    }
}
