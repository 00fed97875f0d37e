/* Splits files into lines and keeps them. */
#include "base/lines.h"
#include "base/file.h"

#include <string.h>

struct llw_lines {
    llw_arena *arena;
    llw_lines_file **items;
    size_t n, capacity, last;
};

llw_lines *llw_lines_new(llw_arena *arena) {
    llw_lines *lines = llw_arena_alloc(arena, sizeof *lines);
    lines->arena = arena;
    return lines;
}

static void split(llw_arena *arena, llw_lines_file *file) {
    void *starts = NULL;
    size_t capacity = 0;
    for (size_t at = 0; at < file->len;) {
        *(size_t *)llw_arena_push(arena, &starts, &file->n, &capacity, sizeof(size_t)) = at;
        while (at < file->len && file->bytes[at] != '\n' && file->bytes[at] != '\r') at++;
        if (at < file->len) at += file->bytes[at] == '\r' && at + 1 < file->len && file->bytes[at + 1] == '\n' ? 2 : 1;
    }
    file->starts = starts;
}

const llw_lines_file *llw_lines_get(llw_lines *lines, const char *path) {
    if (lines->last < lines->n && !strcmp(lines->items[lines->last]->path, path)) return lines->items[lines->last];
    for (size_t i = 0; i < lines->n; i++)
        if (!strcmp(lines->items[i]->path, path)) {
            lines->last = i;
            return lines->items[i];
        }
    llw_lines_file *file = llw_arena_alloc(lines->arena, sizeof *file);
    file->path = llw_arena_strdup(lines->arena, path);
    char *bytes = NULL;
    if (*path && llw_file_read(lines->arena, path, LLW_LINES_MAX_BYTES, &bytes, &file->len, NULL) == LLW_OK) {
        file->bytes = bytes;
        split(lines->arena, file);
    }
    void *items = lines->items;
    lines->last = lines->n;
    *(llw_lines_file **)llw_arena_push(lines->arena, &items, &lines->n, &lines->capacity, sizeof file) = file;
    lines->items = items;
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
