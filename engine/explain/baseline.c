/* Reads, applies and writes baselines. */
#include "explain/baseline.h"
#include "base/file.h"
#include "explain/suppress.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define SCHEMA "llwhy.baseline/1"

static int by_identity(const void *a, const void *b) {
    const llw_baseline_entry *x = a, *y = b;
    int c = strcmp(x->file, y->file);
    if (!c) c = strcmp(x->code, y->code);
    return c ? c : strcmp(x->subject, y->subject);
}

static llw_level level_of(const char *name) {
    for (llw_level l = LLW_LEVEL_NOTE; l <= LLW_LEVEL_WRONG; l++)
        if (!strcmp(llw_level_name(l), name)) return l;
    return LLW_LEVEL_NONE;
}

static void add_entry(llw_baseline *b, llw_arena *arena, llw_baseline_entry entry) {
    void *items = b->items;
    *(llw_baseline_entry *)llw_arena_push(arena, &items, &b->n, &b->capacity, sizeof entry) = entry;
    b->items = items;
}

static llw_rc read_entry(llw_baseline *out, llw_arena *arena, const json_t *o, size_t index, llw_err *err) {
    const char *code = json_string_value(json_object_get(o, "code")),
               *file = json_string_value(json_object_get(o, "file"));
    const char *subject = json_string_value(json_object_get(o, "subject")),
               *level = json_string_value(json_object_get(o, "level"));
    const json_t *count = json_object_get(o, "count");
    if (!code || !file || !subject || !level || level_of(level) == LLW_LEVEL_NONE)
        return llw_fail(
            err, LLW_ERR_INPUT, out->path, 0,
            "finding %zu needs code, file, subject and level as text: write it anew with --write-baseline",
            index + 1);
    if (count && (!json_is_integer(count) || json_integer_value(count) < 1))
        return llw_fail(err, LLW_ERR_INPUT, out->path, 0, "the count of finding %zu is no number above 0",
                        index + 1);
    add_entry(out, arena,
              (llw_baseline_entry){llw_arena_strdup(arena, code), llw_arena_strdup(arena, file),
                                   llw_arena_strdup(arena, subject), level_of(level),
                                   count ? (size_t)json_integer_value(count) : 1, 0});
    return LLW_OK;
}

llw_rc llw_baseline_read(const char *path, llw_arena *arena, llw_baseline *out, llw_err *err) {
    *out = (llw_baseline){.path = path};
    char *bytes = NULL;
    size_t len = 0;
    llw_rc rc = llw_file_read(arena, path, LLW_BASELINE_MAX_BYTES, &bytes, &len, err);
    if (rc != LLW_OK) return rc;
    json_error_t bad;
    json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &bad);
    if (!root) return llw_fail(err, LLW_ERR_INPUT, path, bad.line, "is no JSON: %s", bad.text);
    const char *schema = json_string_value(json_object_get(root, "schema"));
    const json_t *list = json_object_get(root, "findings");
    if (!schema || strcmp(schema, SCHEMA) || !json_is_array(list))
        rc = llw_fail(err, LLW_ERR_INPUT, path, 0,
                      "is no baseline: \"schema\" has to be \"" SCHEMA "\" and \"findings\" a list");
    for (size_t i = 0; rc == LLW_OK && i < json_array_size(list); i++)
        rc = read_entry(out, arena, json_array_get(list, i), i, err);
    json_decref(root);
    if (rc == LLW_OK && out->n) qsort(out->items, out->n, sizeof *out->items, by_identity);
    return rc;
}

/* Runs of findings share a file, so the last answer is kept. */
typedef struct relative {
    const char *directory, *file, *seen;
} relative;

static const char *seen_from(relative *r, llw_arena *arena, const char *file) {
    if (!r->file || strcmp(r->file, file)) {
        const char *seen = *file ? llw_path_relative(arena, file, r->directory) : "";
        llw_text safe = {0};
        llw_text_add_safe(&safe, seen, strlen(seen), false); /* JSON holds UTF-8 alone */
        r->file = file;
        r->seen = llw_arena_strdup(arena, llw_text_str(&safe));
        llw_text_fini(&safe);
    }
    return r->seen;
}

void llw_baseline_apply(llw_baseline *baseline, llw_arena *arena, llw_findings *findings) {
    relative from = {.directory = llw_path_folder(arena, baseline->path)};
    for (size_t i = 0; baseline->n && i < findings->n; i++) {
        llw_finding *f = &findings->items[i];
        if (f->accepted) continue;
        llw_baseline_entry key = {
            .code = f->code, .file = seen_from(&from, arena, f->file), .subject = f->subject};
        llw_baseline_entry *entry = bsearch(&key, baseline->items, baseline->n, sizeof key, by_identity);
        if (!entry || entry->used == entry->count || f->level > entry->level) continue;
        entry->used++;
        f->accepted = LLW_ACCEPTED_BASELINE;
        f->reason = "in the baseline";
    }
}

void llw_baseline_tell(const llw_baseline *baseline, llw_arena *arena, llw_findings *out) {
    size_t left = 0;
    const llw_baseline_entry *first = NULL;
    for (size_t i = 0; i < baseline->n; i++) {
        left += baseline->items[i].count - baseline->items[i].used;
        if (!first && baseline->items[i].used < baseline->items[i].count) first = &baseline->items[i];
    }
    if (!first) return;
    const char *message =
        left == 1
            ? llw_arena_printf(arena, "A finding of the baseline is no longer there: %s in %s (%s)",
                               first->code, first->file, first->subject)
            : llw_arena_printf(arena,
                               "%zu findings of the baseline are no longer there, the first %s in %s (%s)",
                               left, first->code, first->file, first->subject);
    llw_findings_add(out, arena,
                     (llw_finding){.code = "S05",
                                   .lesson = "",
                                   .rule = "baseline",
                                   .level = LLW_LEVEL_NOTE,
                                   .file = baseline->path,
                                   .message = message,
                                   .advice = "write it anew with --write-baseline",
                                   .where = "",
                                   .subject = "",
                                   .n_launches = 1,
                                   .reason = "",
                                   .until = ""});
}

llw_rc llw_baseline_write(const char *path, const llw_findings *findings, llw_arena *arena, size_t *written,
                          llw_err *err) {
    llw_baseline b = {.path = path};
    relative from = {.directory = llw_path_folder(arena, path)};
    const char *title, *text;
    *written = 0;
    for (size_t i = 0; i < findings->n; i++) {
        const llw_finding *f = &findings->items[i];
        if (f->accepted == LLW_ACCEPTED_INLINE || llw_suppress_code(f->code, &title, &text)) continue;
        add_entry(
            &b, arena,
            (llw_baseline_entry){f->code, seen_from(&from, arena, f->file), f->subject, f->level, 1, 0});
        ++*written;
    }
    if (b.n) qsort(b.items, b.n, sizeof *b.items, by_identity);
    json_t *root = json_object(), *list = json_array();
    for (size_t i = 0; i < b.n;) {
        llw_baseline_entry e = b.items[i++];
        for (; i < b.n && !by_identity(&e, &b.items[i]); i++) {
            e.count++;
            if (b.items[i].level > e.level) e.level = b.items[i].level;
        }
        json_t *o = json_object();
        json_object_set_new(o, "code", json_string(e.code));
        json_object_set_new(o, "file", json_string(e.file));
        json_object_set_new(o, "subject", json_string(e.subject));
        json_object_set_new(o, "level", json_string(llw_level_name(e.level)));
        json_object_set_new(o, "count", json_integer((json_int_t)e.count));
        json_array_append_new(list, o);
    }
    json_object_set_new(root, "schema", json_string(SCHEMA));
    json_object_set_new(root, "findings", list);
    char *out = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    if (!out) return llw_fail(err, LLW_ERR_MEMORY, path, 0, "the baseline cannot be written as JSON");
    llw_text whole = {0};
    llw_text_add(&whole, out);
    llw_text_add(&whole, "\n");
    free(out);
    llw_rc rc = llw_file_replace(path, whole.bytes, whole.len, err);
    llw_text_fini(&whole);
    return rc;
}
