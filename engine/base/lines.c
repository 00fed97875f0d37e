/* Splits files into lines and keeps them. */
#include "base/lines.h"
#include "base/file.h"
#include "base/secret.h"

#include <stdint.h>
#include <string.h>

struct llw_lines {
    llw_arena *arena;
    llw_lines_file **slots; /* a power of two of them, at most half full; by path */
    size_t n, n_slots;
};

llw_lines *llw_lines_new(llw_arena *arena) {
    llw_lines *lines = llw_arena_alloc(arena, sizeof *lines);
    lines->arena = arena;
    return lines;
}

/* Where a path is or would go. */
static llw_lines_file **slot_of(llw_lines_file **slots, size_t n_slots, const char *path) {
    uint64_t hash = 0xcbf29ce484222325u; /* FNV-1a */
    for (const char *c = path; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3u;
    size_t at = (size_t)hash & (n_slots - 1);
    while (slots[at] && strcmp(slots[at]->path, path)) at = (at + 1) & (n_slots - 1);
    return &slots[at];
}

static void grow(llw_lines *lines) {
    size_t n = lines->n_slots ? lines->n_slots * 2 : 64;
    llw_lines_file **slots = llw_arena_alloc(lines->arena, n * sizeof *slots);
    for (size_t i = 0; i < lines->n_slots; i++)
        if (lines->slots[i]) *slot_of(slots, n, lines->slots[i]->path) = lines->slots[i];
    lines->slots = slots;
    lines->n_slots = n;
}

static void split(llw_arena *arena, llw_lines_file *file) {
    void *starts = NULL;
    size_t capacity = 0;
    for (size_t at = 0; at < file->len;) {
        *(size_t *)llw_arena_push(arena, &starts, &file->n, &capacity, sizeof(size_t)) = at;
        while (at < file->len && file->bytes[at] != '\n' && file->bytes[at] != '\r') at++;
        if (at < file->len)
            at += file->bytes[at] == '\r' && at + 1 < file->len && file->bytes[at + 1] == '\n' ? 2 : 1;
    }
    file->starts = starts;
}

const llw_lines_file *llw_lines_get(llw_lines *lines, const char *path) {
    if (2 * lines->n >= lines->n_slots) grow(lines);
    llw_lines_file **slot = slot_of(lines->slots, lines->n_slots, path), *file = *slot;
    if (file) return file;
    *slot = file = llw_arena_alloc(lines->arena, sizeof *file);
    file->path = llw_arena_strdup(lines->arena, path);
    file->index = lines->n++;
    char *bytes = NULL;
    if (*path && llw_file_read(lines->arena, path, LLW_LINES_MAX_BYTES, &bytes, &file->len, NULL) == LLW_OK) {
        file->bytes = bytes;
        split(lines->arena, file);
    }
    return file;
}

bool llw_lines_line(const llw_lines_file *file, int line, const char **text, size_t *len) {
    if (!file->bytes || line < 1 || (size_t)line > file->n) return false;
    size_t at = file->starts[line - 1], end = at;
    while (end < file->len && file->bytes[end] != '\n' && file->bytes[end] != '\r') end++;
    *text = file->bytes + at;
    *len = end - at;
    return true;
}

bool llw_lines_shown(llw_lines *lines, const char *path, int line, const char **text, size_t *len) {
    if (!llw_lines_line(llw_lines_get(lines, path), line, text, len)) return false;
    llw_lines_file *file = *slot_of(lines->slots, lines->n_slots, path);
    if (!file->shown) {
        char *copy = llw_arena_strndup(lines->arena, file->bytes, file->len);
        llw_secret_star_source(copy, file->len);
        file->shown = copy;
    }
    *text = file->shown + (*text - file->bytes);
    return true;
}

bool llw_lines_offset(const llw_lines_file *file, int line, int column, size_t *offset) {
    const char *text = NULL;
    size_t len = 0;
    if (column < 1 || !llw_lines_line(file, line, &text, &len)) return false;
    size_t at = line == 1 && len >= 3 && !memcmp(text, "\xef\xbb\xbf", 3) ? 3 : 0;
    for (; at < len; at++) {
        if (((unsigned char)text[at] & 0xc0) == 0x80) continue;
        if (--column == 0) {
            *offset = at;
            return true;
        }
    }
    return false;
}
