/* Writes the ledger: a record as YAML, and the file with the record behind the rest, in one step. */
#include "base/file.h"
#include "base/secret.h"
#include "source/evidence/ledger.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- a record as text --- */

/* Bare where YAML reads it as it stands, everywhere; else in double quotes. Stars are quoted: a bare one is
 * an alias. */
static void add_shown(llw_text *out, const char *text) {
    static const char safe[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+";
    bool word = *text && strspn(text, safe) == strlen(text) &&
                (text[0] != '-' || (text[1] && text[1] != '-')) && strcmp(text, "null") &&
                strcmp(text, "---");
    for (const char *c = text; word && *c; c++) word = *c != '.' || c != text;
    if (word) {
        llw_text_add(out, text);
        return;
    }
    llw_text_add(out, "\"");
    for (size_t i = 0, len = strlen(text); i < len;) {
        uint32_t c = 0;
        size_t n = llw_text_decode(text + i, len - i, &c);
        if (n && (c == '"' || c == '\\'))
            llw_text_addf(out, "\\%c", (int)c);
        else if (n && llw_text_steers(c)) /* line ends of YAML among them, which it would fold */
            llw_text_addf(out, c > 0xffff ? "\\U%08x" : "\\u%04x", (unsigned)c);
        else
            llw_text_addn(out, text + i, n ? n : 1);
        i += n ? n : 1;
    }
    llw_text_add(out, "\"");
}

static void add_text(llw_text *out, const char *text) {
    llw_text shown = {0};
    llw_text_add(&shown, text);
    llw_secret_star(shown.bytes, shown.len);
    add_shown(out, llw_text_str(&shown));
    llw_text_fini(&shown);
}

/* False when the field is not known. */
static bool add_value(llw_text *out, const void *thing, const llw_field *f) {
    const char *at = (const char *)thing + f->offset, *text;
    int64_t n;
    double real;
    int flag;
    switch (f->type) {
    case LLW_FIELD_TEXT:
        memcpy(&text, at, sizeof text);
        if (!text) return false;
        llw_text_addf(out, "%s: ", f->key);
        add_text(out, text);
        return true;
    case LLW_FIELD_COUNT:
        memcpy(&n, at, sizeof n);
        if (n >= 0) llw_text_addf(out, "%s: %" PRId64, f->key, n);
        return n >= 0;
    case LLW_FIELD_BYTES:
        memcpy(&n, at, sizeof n);
        if (n >= 0) llw_text_addf(out, "%s: %.2f MiB", f->key, (double)n / 1048576);
        return n >= 0;
    case LLW_FIELD_REAL:
        memcpy(&real, at, sizeof real);
        if (real >= 0) llw_text_addf(out, "%s: %.2f", f->key, real);
        return real >= 0;
    case LLW_FIELD_FLAG:
        memcpy(&flag, at, sizeof flag);
        if (flag >= 0) llw_text_addf(out, "%s: %s", f->key, flag ? "yes" : "no");
        return flag >= 0;
    }
    return false;
}

static void add_items(llw_text *out, const char *key, const char *indent, const void *items, size_t n,
                      size_t size, const llw_field *fields) {
    if (n) llw_text_addf(out, "%s%s:\n", indent, key);
    for (size_t i = 0; i < n; i++) {
        bool any = false;
        llw_text_addf(out, "%s  - {", indent);
        for (const llw_field *f = fields; f->key; f++) {
            llw_text value = {0};
            if (add_value(&value, (const char *)items + i * size, f)) {
                llw_text_addf(out, "%s%s", any ? ", " : "", llw_text_str(&value));
                any = true;
            }
            llw_text_fini(&value);
        }
        llw_text_add(out, "}\n");
    }
}

static void add_flags(llw_text *out, const llw_record *record) {
    if (!record->flags) return;
    llw_text_add(out, "flags: [");
    for (size_t i = 0; i < record->n_flags; i++) {
        if (i) llw_text_add(out, ", ");
        add_text(out, record->flags[i]);
    }
    llw_text_add(out, "]\n");
}

static void add_fields(llw_text *out, const llw_record *record) {
    const char *section = "";
    for (const llw_field *f = llw_record_fields; f->key; f++) {
        llw_text value = {0};
        bool known = add_value(&value, record, f), opens = strcmp(section, f->section) != 0;
        if (known && opens) llw_text_addf(out, "%s:\n", f->section);
        if (known) {
            llw_text_addf(out, "%s%s\n", *f->section ? "  " : "", llw_text_str(&value));
            section = f->section;
        }
        llw_text_fini(&value);
        bool machine = !strcmp(f->section, "machine"), more = f[1].key && !strcmp(f[1].section, "machine");
        if (machine && !more && record->n_gpus) {
            if (strcmp(section, "machine")) llw_text_add(out, "machine:\n");
            section = "machine";
            add_items(out, "gpus", "  ", record->gpus, record->n_gpus, sizeof *record->gpus, llw_card_fields);
        }
        if (!*f->section && f[1].key && *f[1].section) add_flags(out, record);
    }
}

static const char *body(llw_arena *arena, const llw_record *record) {
    llw_text t = {0};
    llw_text_addf(&t, "---\nschema: %s\nkind: %s\n", LLW_LEDGER_SCHEMA, llw_record_kind_name(record->kind));
    add_fields(&t, record);
    add_items(&t, "buffers", "", record->buffers, record->n_buffers, sizeof *record->buffers,
              llw_buffer_fields);
    add_items(&t, "tests", "", record->tests, record->n_tests, sizeof *record->tests, llw_test_fields);
    llw_text_add(&t, "...\n");
    const char *text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

const char *llw_record_text(llw_arena *arena, llw_record *record) {
    if (record->flags) record->flags = llw_secret_words(arena, record->flags, record->n_flags);
    if (!record->id) { /* FNV-1a over all that it says */
        uint64_t h = UINT64_C(0xcbf29ce484222325);
        for (const char *c = body(arena, record); *c; c++)
            h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
        record->id = llw_arena_printf(arena, "%016" PRIx64, h);
    }
    return body(arena, record);
}

/* --- the file --- */

static llw_rc flush_directory(int directory, const char *path, llw_err *err) {
    if (fsync(directory) == 0 || errno == EINVAL || errno == EROFS)
        return LLW_OK; /* some file systems do not */
    return llw_fail(err, LLW_ERR_SYSTEM, path, 0, "cannot be flushed to the disk: %s", strerror(errno));
}

static llw_rc lock(const char *directory, int *fd, llw_err *err) {
    if (mkdir(directory, 0777) != 0 && errno != EEXIST)
        return llw_fail(err, LLW_ERR_SYSTEM, directory, 0, "this directory cannot be made: %s",
                        strerror(errno));
    *fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (*fd < 0) return llw_fail(err, LLW_ERR_SYSTEM, directory, 0, "cannot be opened: %s", strerror(errno));
    while (flock(*fd, LOCK_EX) != 0) {
        if (errno == EINTR) continue;
        llw_rc rc = llw_fail(err, LLW_ERR_SYSTEM, directory, 0, "cannot be locked, so nothing is written: %s",
                             strerror(errno));
        close(*fd);
        return rc;
    }
    return LLW_OK;
}

/* What a writer that was killed left beside the file; nobody else writes while the directory is locked. */
static void sweep(llw_arena *arena, const char *directory, const char *name) {
    const char *mark = llw_arena_printf(arena, "%s.llwhy-", name);
    char **names = NULL;
    size_t n = 0;
    if (llw_directory_list(arena, directory, &names, &n, NULL) != LLW_OK) return;
    for (size_t i = 0; i < n; i++)
        if (!strncmp(names[i], mark, strlen(mark)) && strlen(names[i]) == strlen(mark) + 6)
            unlink(llw_path_join(arena, directory, names[i]));
}

static int lines_of(const char *bytes, size_t len) {
    int n = 0;
    for (size_t i = 0; i < len; i++) n += bytes[i] == '\n';
    return n;
}

static llw_rc add_locked(llw_arena *arena, const char *directory, const char *name, llw_record *record,
                         llw_ledger_added *out, llw_err *err) {
    llw_ledger there = {0};
    const char *text = llw_record_text(arena, record);
    char *old = "";
    size_t len = 0;
    out->path = llw_path_join(arena, directory, name);
    llw_rc rc = llw_file_read(arena, out->path, LLW_LEDGER_BYTES - strlen(text) - 16, &old, &len, err);
    if (rc != LLW_OK && rc != LLW_ERR_NOTHING) return rc;
    if (strstr(old, llw_arena_printf(arena, "id: %s\n", record->id))) {
        llw_ledger_parse(arena, out->path, old, len, &there);
        for (size_t i = 0; i < there.n_records; i++) {
            if (!there.records[i]->id || strcmp(there.records[i]->id, record->id)) continue;
            out->there = true;
            out->line = there.records[i]->line;
            return LLW_OK;
        }
    }
    sweep(arena, directory, name);
    llw_text all = {0};
    llw_text_addn(&all, old, len);
    if (len && old[len - 1] != '\n') llw_text_add(&all, "\n"); /* what was cut off stays, and is told */
    out->line = lines_of(llw_text_str(&all), all.len) + 2;
    llw_text_add(&all, text);
    rc = llw_file_replace(out->path, all.bytes, all.len, err);
    llw_text_fini(&all);
    return rc;
}

llw_rc llw_ledger_add(llw_arena *arena, const char *directory, const char *name, llw_record *record,
                      llw_ledger_added *out, llw_err *err) {
    int fd = -1;
    *out = (llw_ledger_added){0};
    llw_text clean = {0};
    for (const char *c = name; *c && clean.len < 64; c++) /* a machine's name as a file's */
        llw_text_addn(
            &clean, strchr("/\\ :", *c) || (unsigned char)*c < 0x20 || (c == name && *c == '.') ? "-" : c, 1);
    const char *file = llw_arena_printf(arena, "%s.yaml", clean.len ? llw_text_str(&clean) : "machine");
    llw_text_fini(&clean);
    llw_rc rc = lock(directory, &fd, err);
    if (rc != LLW_OK) return rc;
    rc = add_locked(arena, directory, file, record, out, err);
    if (rc == LLW_OK && !out->there) rc = flush_directory(fd, directory, err);
    close(fd); /* and unlocked */
    return rc;
}
