/* Reads the ledger: splits its files into documents, and each document into a record. */
#include "source/evidence/ledger.h"
#include "base/file.h"
#include "base/number.h"
#include "base/secret.h"
#include "source/config/yaml_tree.h"

#include <string.h>

typedef struct reader {
    llw_arena *arena;
    const char *path;
    int first; /* lines before the document */
    llw_ledger *out;
} reader;

static void problem(reader *r, int line, const char *text) {
    llw_ledger *l = r->out;
    if (l->n_problems == LLW_LEDGER_PROBLEMS) {
        l->n_more++;
        return;
    }
    void *items = l->problems;
    llw_err *err = llw_arena_push(r->arena, &items, &l->n_problems, &l->problem_capacity, sizeof *err);
    l->problems = items;
    llw_fail(err, LLW_ERR_INPUT, r->path, line, "%s", text);
}

/* --- one value --- */

static bool read_flag(const char *text, int *out) {
    *out = !strcmp(text, "yes") || !strcmp(text, "true");
    return *out || !strcmp(text, "no") || !strcmp(text, "false");
}

static bool set_value(void *thing, const llw_field *f, const char *text) {
    char *at = (char *)thing + f->offset;
    int64_t count = -1;
    double real = -1;
    int flag = -1;
    switch (f->type) {
    case LLW_FIELD_TEXT: memcpy(at, &text, sizeof text); return true;
    case LLW_FIELD_COUNT:
        if (!llw_read_count(text, &count) || count < 0) return false;
        memcpy(at, &count, sizeof count);
        return true;
    case LLW_FIELD_BYTES:
        if (!llw_read_size(text, 1, NULL, &count)) return false;
        memcpy(at, &count, sizeof count);
        return true;
    case LLW_FIELD_REAL:
        if (!llw_read_real(text, &real) || real < 0) return false;
        memcpy(at, &real, sizeof real);
        return true;
    case LLW_FIELD_FLAG:
        if (!read_flag(text, &flag)) return false;
        memcpy(at, &flag, sizeof flag);
        return true;
    }
    return false;
}

/* --- one record --- */

static bool wrong(reader *r, const llw_yaml *node, const char *what) {
    problem(r, r->first + (node ? node->line : 1),
            llw_arena_printf(r->arena, "this record cannot be read and is left out: %s", what));
    return false;
}

static const char *kind_of_value(llw_field_type type) {
    static const char *const names[] = {"text", "a number", "a size such as 897.00 MiB", "a number",
                                        "yes or no"};
    return names[type];
}

/* A field of that section; a key that is not known is told, and the record stands. */
static bool read_field(reader *r, void *thing, const llw_field *fields, const char *section,
                       const llw_yaml *node) {
    for (const llw_field *f = fields; f->key; f++) {
        if (strcmp(f->section, section) || strcmp(f->key, node->key)) continue;
        const char *text = llw_yaml_string(llw_yaml_follow(node), NULL);
        if (!text) /* null, or no scalar */
            return llw_yaml_follow(node)->kind == LLW_YAML_SCALAR ||
                   wrong(r, node, llw_arena_printf(r->arena, "%s is %s", f->key, kind_of_value(f->type)));
        return set_value(thing, f, text) ||
               wrong(r, node,
                     llw_arena_printf(r->arena, "%s is %s, not '%s'", f->key, kind_of_value(f->type), text));
    }
    problem(r, r->first + node->key_line,
            llw_arena_printf(r->arena, "'%s' is nothing a record %s%s has; the rest of the record counts",
                             node->key, *section ? "of this kind has in " : "", section));
    return true;
}

static bool read_map(reader *r, void *thing, const llw_field *fields, const char *section,
                     const llw_yaml *map) {
    if (map->kind != LLW_YAML_MAP)
        return wrong(r, map, llw_arena_printf(r->arena, "%s is a mapping", section));
    for (const llw_yaml *child = map->first; child; child = child->next)
        if (!read_field(r, thing, fields, section, child)) return false;
    return true;
}

static bool read_flags(reader *r, llw_record *record, const llw_yaml *list) {
    if (list->kind != LLW_YAML_LIST || list->n > LLW_RECORD_FLAGS)
        return wrong(r, list, "flags is a list of at most 256 words: [-c, 4096]");
    const char **words = llw_arena_alloc(r->arena, ((size_t)list->n + 1) * sizeof *words);
    for (const llw_yaml *item = list->first; item; item = item->next) {
        const llw_yaml *word = llw_yaml_follow(item);
        if (word->kind != LLW_YAML_SCALAR) return wrong(r, item, "a flag is a word");
        words[record->n_flags++] = word->text;
    }
    record->flags = llw_secret_words(r->arena, words, record->n_flags);
    return true;
}

/* gpus, buffers, tests: lists of mappings. */
static bool read_list(reader *r, llw_record *record, const char *key, const llw_yaml *list) {
    if (list->kind != LLW_YAML_LIST) return wrong(r, list, llw_arena_printf(r->arena, "%s is a list", key));
    for (const llw_yaml *item = list->first; item; item = item->next) {
        const llw_yaml *map = llw_yaml_follow(item);
        const llw_field *fields = !strcmp(key, "gpus")      ? llw_card_fields
                                  : !strcmp(key, "buffers") ? llw_buffer_fields
                                                            : llw_test_fields;
        void *place = !strcmp(key, "gpus")      ? (void *)llw_record_add_card(record)
                      : !strcmp(key, "buffers") ? (void *)llw_record_add_buffer(record)
                                                : (void *)llw_record_add_test(record);
        if (!place)
            return wrong(r, item, llw_arena_printf(r->arena, "%s has more entries than a record holds", key));
        if (!read_map(r, place, fields, key, map)) return false;
    }
    return true;
}

static bool is_section(const char *key) {
    for (const llw_field *f = llw_record_fields; f->key; f++)
        if (*f->section && !strcmp(f->section, key)) return true;
    return false;
}

static bool read_section(reader *r, llw_record *record, const llw_yaml *map) {
    if (map->kind != LLW_YAML_MAP)
        return wrong(r, map, llw_arena_printf(r->arena, "%s is a mapping", map->key));
    for (const llw_yaml *child = map->first; child; child = child->next) {
        bool gpus = !strcmp(map->key, "machine") && !strcmp(child->key, "gpus");
        if (gpus ? !read_list(r, record, "gpus", llw_yaml_follow(child))
                 : !read_field(r, record, llw_record_fields, map->key, child))
            return false;
    }
    return true;
}

static bool read_record(reader *r, const llw_yaml *root, llw_record *record) {
    for (const llw_yaml *child = root->first; child; child = child->next) {
        const char *key = child->key;
        const llw_yaml *value = llw_yaml_follow(child);
        if (!strcmp(key, "schema") || !strcmp(key, "kind")) continue;
        bool good = !strcmp(key, "flags")                              ? read_flags(r, record, value)
                    : !strcmp(key, "buffers") || !strcmp(key, "tests") ? read_list(r, record, key, value)
                    : is_section(key)                                  ? read_section(r, record, child)
                                      : read_field(r, record, llw_record_fields, "", child);
        if (!good) return false;
    }
    if (record->kind == LLW_RECORD_CORRECTION)
        return (record->about && record->flags) || wrong(r, root, "a correction has about (an id) and flags");
    if (!record->build) return wrong(r, root, "it has no build");
    return record->model_file || wrong(r, root, "it has no model: file");
}

static void read_document(reader *r, const char *bytes, size_t len, int line, bool ended) {
    r->first = line - 1;
    llw_err err = {0};
    llw_yaml *root = NULL;
    const llw_yaml *twice = NULL;
    if (llw_yaml_parse(r->arena, r->path, bytes, len, &root, &twice, &err) != LLW_OK) {
        problem(r, r->first + (err.line > 0 ? err.line : 1),
                llw_arena_printf(r->arena, "this record cannot be read and is left out: it %s", err.text));
        return;
    }
    if (!root || (root->kind == LLW_YAML_SCALAR && !root->len)) return; /* nothing between two marks */
    const char *schema = llw_yaml_string(llw_yaml_get(root, "schema"), NULL),
               *kind = llw_yaml_string(llw_yaml_get(root, "kind"), "");
    llw_record record;
    llw_record_kind k = LLW_RECORD_PROBE;
    if (!schema || strncmp(schema, "llwhy.evidence/", 15)) {
        wrong(r, root, "its schema is not " LLW_LEDGER_SCHEMA);
        return;
    }
    if (strcmp(schema, LLW_LEDGER_SCHEMA)) {
        wrong(r, root,
              llw_arena_printf(r->arena, "its schema is %s, which only a newer llwhy reads", schema));
        return;
    }
    if (!ended) {
        wrong(r, root, "it is cut off (the line ... that ends a record is missing)");
        return;
    }
    if (twice) {
        problem(r, r->first + twice->key_line,
                llw_arena_printf(r->arena,
                                 "this record cannot be read and is left out: '%s' stands in it twice",
                                 twice->key));
        return;
    }
    if (!llw_record_kind_find(kind, &k)) {
        wrong(r, root, "its kind is not probe, log, bench, run or correction");
        return;
    }
    llw_record_init(&record, k);
    record.path = r->path;
    record.line = line;
    if (!read_record(r, root, &record)) return;
    if (r->out->n_records == LLW_LEDGER_RECORDS) {
        wrong(r, root, "the ledger has more records than can be kept");
        return;
    }
    void *items = r->out->records;
    llw_record **slot =
        llw_arena_push(r->arena, &items, &r->out->n_records, &r->out->record_capacity, sizeof *slot);
    r->out->records = items;
    *slot = llw_arena_alloc(r->arena, sizeof **slot);
    **slot = record;
}

/* --- one file --- */

static bool is_mark(const char *line, size_t len, const char *mark) {
    return len >= 3 && !strncmp(line, mark, 3) && (len == 3 || strchr(" \t\r", line[3]));
}

/* Whether there is anything but blanks and comments. */
static bool says_something(const char *bytes, size_t len) {
    for (size_t at = 0; at < len;) {
        size_t n = 0;
        while (at + n < len && bytes[at + n] != '\n') n++;
        size_t blank = 0;
        while (blank < n && strchr(" \t\r", bytes[at + blank])) blank++;
        if (blank < n && bytes[at + blank] != '#') return true;
        at += n + 1;
    }
    return false;
}

/* Documents begin at a line --- (or at the first line) and end at a line ... or where the next begins. */
static void split(reader *r, const char *bytes, size_t len) {
    size_t start = 0, at = 0;
    int line = 0, first = 1;
    bool after_end = false;
    while (at <= len) {
        size_t n = 0;
        while (at + n < len && bytes[at + n] != '\n') n++;
        bool last = at + n >= len, opens = is_mark(bytes + at, n, "---"),
             ends = is_mark(bytes + at, n, "...");
        line++;
        if (opens || ends || last) {
            size_t stop = last && !opens && !ends ? len : at;
            if (says_something(bytes + start, stop - start)) {
                if (after_end)
                    problem(r, first, "what stands between two records belongs to none of them");
                else
                    read_document(r, bytes + start, stop - start, first, ends);
            }
            after_end = ends;
            start = at + n + 1;
            first = line + 1;
            if (opens && last && n > 3) start = len;
        }
        if (last) break;
        at += n + 1;
    }
}

void llw_ledger_parse(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_ledger *out) {
    reader r = {.arena = arena, .path = path, .out = out};
    split(&r, bytes, len);
    out->n_files++;
}

static bool is_ours(const char *bytes) {
    return strstr(bytes, "llwhy.evidence/") != NULL;
}

static void apply_corrections(llw_ledger *ledger) {
    for (size_t i = 0; i < ledger->n_records; i++) {
        const llw_record *c = ledger->records[i];
        if (c->kind != LLW_RECORD_CORRECTION) continue;
        for (size_t k = 0; k < ledger->n_records; k++) {
            llw_record *r = ledger->records[k];
            if (r->kind == LLW_RECORD_CORRECTION || !r->id || strcmp(r->id, c->about)) continue;
            if (r->corrected && r->corrected->date && c->date && strcmp(r->corrected->date, c->date) > 0)
                continue;
            r->corrected = c;
            r->flags = c->flags;
            r->n_flags = c->n_flags;
        }
    }
}

llw_rc llw_ledger_read(llw_arena *arena, const char *directory, llw_ledger *out, llw_err *err) {
    char **names = NULL;
    size_t n = 0;
    *out = (llw_ledger){.directory = directory};
    llw_rc rc = llw_directory_list(arena, directory, &names, &n, err);
    if (rc != LLW_OK) return rc;
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(names[i]);
        if (len < 6 || strcmp(names[i] + len - 5, ".yaml") || names[i][0] == '.') continue;
        const char *path = llw_path_join(arena, directory, names[i]);
        reader r = {.arena = arena, .path = path, .out = out};
        char *bytes = NULL;
        size_t length = 0;
        llw_err failed = {0};
        if (llw_file_read(arena, path, LLW_LEDGER_BYTES, &bytes, &length, &failed) != LLW_OK)
            problem(&r, 0, failed.text);
        else if (is_ours(bytes))
            llw_ledger_parse(arena, path, bytes, length, out);
    }
    apply_corrections(out);
    return LLW_OK;
}

const llw_record *llw_ledger_find(const llw_ledger *ledger, const char *id) {
    const llw_record *found = NULL;
    size_t len = strlen(id);
    for (size_t i = 0; i < ledger->n_records; i++) {
        const llw_record *r = ledger->records[i];
        if (!r->id || strncmp(r->id, id, len)) continue;
        if (r->id[len] == 0) return r;
        if (found) return NULL;
        found = r;
    }
    return len >= 4 ? found : NULL;
}
