/* Opening models: split sets, directories, names, and what stat says. */
#include "source/model/model_open.h"
#include "base/file.h"
#include "base/text.h"
#include "fact/header.h"
#include "source/model/gguf.h"
#include "source/model/known.h"
#include "source/model/model_facts.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <time.h>

static bool ends_in(const char *text, const char *suffix) {
    size_t n = strlen(text), s = strlen(suffix);
    return n >= s && !strcasecmp(text + n - s, suffix);
}

/* ---- split sets ---- */

typedef struct set {
    llw_facts *facts;
    llw_arena *arena;
    const char *path;               /* of part 1, or of the only file */
    const llw_model_reader *reader; /* NULL: files */
    llw_gguf *part;                 /* n of them */
    bool *absent;                   /* which of them are missing */
    bool sized;                     /* the size of every file is known */
    const char *refusal;            /* why llama.cpp refuses the set; NULL */
    int64_t n, missing, given_part; /* counted from 0 */
    llw_model *model;
} set;

/* llama_split_prefix of llama.cpp v0.5.0: the length before "-00002-of-00003.gguf", or 0 when the name is
 * another. */
static size_t split_prefix(const char *path, int64_t number, int64_t count) {
    char postfix[40];
    snprintf(postfix, sizeof postfix, "-%05" PRId64 "-of-%05" PRId64 ".gguf", number + 1, count);
    size_t len = strlen(path), tail = strlen(postfix);
    return len > tail && !strcmp(path + len - tail, postfix) ? len - tail : 0;
}

static int64_t split_value(const llw_model *model, const char *key) {
    const llw_meta *meta = llw_model_meta(model, key);
    return meta && meta->type != LLW_GGUF_ARRAY && meta->type != LLW_GGUF_STRING && meta->integer >= 0
               ? meta->integer
               : 0;
}

static llw_rc read_part(set *s, const char *path, llw_gguf *out, llw_err *err) {
    return s->reader ? s->reader->read(s->reader->context, s->arena, path, out, err)
                     : llw_gguf_read(s->arena, path, out, err);
}

static void tell_notes(set *s, const char *path, const llw_gguf *gguf) {
    for (size_t i = 0; i < gguf->n_notes; i++)
        llw_facts_note(s->facts, "%s %s", llw_path_name(path), gguf->notes[i]);
}

/* Names the missing parts, a few of them by number. */
static void note_missing(set *s, const char *first_path) {
    llw_text text = {0};
    int shown = 0;
    for (int64_t i = 0; i < s->n && shown < 6; i++)
        if (s->absent[i]) llw_text_addf(&text, "%s%" PRId64, shown++ ? ", " : "", i + 1);
    if (s->missing > shown) llw_text_addf(&text, " and %" PRId64 " more", s->missing - shown);
    llw_facts_note(s->facts, "%s: %" PRId64 " of %" PRId64 " parts are missing (%s): finish the download",
                   llw_path_name(first_path), s->missing, s->n, llw_text_str(&text));
    llw_text_fini(&text);
}

/* Reads the other parts of a set whose part `number` is already in s->part. */
static void read_parts(set *s, const char *given, int64_t number, size_t prefix) {
    for (int64_t i = 0; i < s->n; i++) {
        if (i == number) continue;
        llw_err err = {0};
        const char *path = llw_arena_printf(s->arena, "%.*s-%05" PRId64 "-of-%05" PRId64 ".gguf", (int)prefix,
                                            given, i + 1, s->n);
        llw_rc rc = read_part(s, path, &s->part[i], &err);
        if (rc == LLW_OK) {
            tell_notes(s, path, &s->part[i]);
            int64_t says = split_value(&s->part[i].model, "split.no");
            if (says != i && !s->refusal)
                s->refusal =
                    llw_arena_printf(s->arena, "has as part %" PRId64 " a file that says it is part %" PRId64,
                                     i + 1, says + 1);
            continue;
        }
        s->part[i] = (llw_gguf){.file_bytes = -1};
        s->absent[i] = true;
        s->missing++;
        if (rc != LLW_ERR_NOTHING)
            llw_facts_note(s->facts, "%s counts as missing: it %s", llw_path_name(path), err.text);
    }
}

static int by_name(const void *a, const void *b) {
    return strcmp((*(const llw_tensor *const *)a)->name, (*(const llw_tensor *const *)b)->name);
}

/* One tensor table of all parts. The metadata is that of part 1, as in llama_model_loader. */
static llw_rc merge(set *s, llw_err *err) {
    size_t n = 0;
    for (int64_t i = 0; i < s->n; i++) n += s->part[i].model.n_tensors;
    llw_model *model = s->model = llw_arena_alloc(s->arena, sizeof *model);
    *model = s->part[0].model;
    if (s->n == 1) return LLW_OK;
    model->n_tensors = n;
    model->tensors = llw_arena_alloc(s->arena, n * sizeof *model->tensors);
    const llw_tensor **sorted = llw_arena_alloc(s->arena, n * sizeof *sorted);
    n = 0;
    for (int64_t i = 0; i < s->n; i++)
        for (size_t j = 0; j < s->part[i].model.n_tensors; j++, n++) {
            model->tensors[n] = s->part[i].model.tensors[j];
            model->tensors[n].part = (uint16_t)i;
            sorted[n] = &model->tensors[n];
        }
    if (n) qsort(sorted, n, sizeof *sorted, by_name);
    for (size_t i = 1; i < n; i++)
        if (!strcmp(sorted[i]->name, sorted[i - 1]->name))
            return llw_fail(
                err, LLW_ERR_INPUT, s->path, 0,
                "has parts of different models: parts %d and %d both hold %s; fetch the set again",
                (sorted[i - 1]->part < sorted[i]->part ? sorted[i - 1] : sorted[i])->part + 1,
                (sorted[i - 1]->part < sorted[i]->part ? sorted[i] : sorted[i - 1])->part + 1,
                sorted[i]->name);
    int64_t want = split_value(model, "split.tensors.count");
    if (!s->missing && want && want != (int64_t)n)
        return llw_fail(err, LLW_ERR_INPUT, s->path, 0,
                        "says split.tensors.count %" PRId64
                        " but its parts hold %zu tensors: llama.cpp refuses it; fetch the "
                        "set again",
                        want, n);
    return LLW_OK;
}

/* ---- stat ---- */

static void say(set *s, llw_entity m, llw_attr attr, llw_value value, const char *origin, const char *place) {
    llw_facts_claim(s->facts, m, attr, value, LLW_GRADE_FILE, origin, place);
}

static const char *origin_of(const set *s) {
    return s->reader ? "server" : "stat";
}

static void tell_stat(set *s, llw_entity m, int64_t total) {
    char buf[LLW_NUMBER_MAX], when[32] = "";
    const char *origin = origin_of(s);
    int64_t allocated = 0, modified = 0;
    for (int64_t i = 0; i < s->n; i++) {
        if (s->absent[i]) continue;
        allocated += s->part[i].allocated_bytes;
        if (s->part[i].modified > modified) modified = s->part[i].modified;
    }
    say(s, m, LLW_model_path, llw_string(LLW_PATH, s->reader ? llw_path_name(s->path) : s->path), origin, "");
    say(s, m, LLW_model_file_bytes, total < 0 ? llw_unknown(LLW_BYTES) : llw_bytes(total), origin,
        total >= 0   ? ""
        : s->missing ? "parts are missing"
                     : "the server does not say");
    if (total >= 0) say(s, m, LLW_model_ls_size, llw_string(LLW_TEXT, llw_format_ls(buf, total)), origin, "");
    if (s->reader) return; /* what only a disk knows */
    say(s, m, LLW_model_allocated_bytes, llw_bytes(allocated), "stat", "");
    time_t seconds = (time_t)modified;
    struct tm utc;
    if (gmtime_r(&seconds, &utc) && strftime(when, sizeof when, "%Y-%m-%dT%H:%M:%SZ", &utc))
        say(s, m, LLW_model_modified, llw_string(LLW_TEXT, when), "stat", "");
}

static bool beside(set *s, const char *suffix) {
    return llw_file_is_regular(llw_arena_printf(s->arena, "%s%s", s->path, suffix));
}

static llw_rc tell(set *s, llw_entity *out, llw_err *err) {
    int64_t total = 0, expected = 0;
    bool complete = !s->missing;
    for (int64_t i = 0; i < s->n; i++) {
        if (s->absent[i]) continue;
        s->sized &= s->part[i].file_bytes >= 0;
        total += s->part[i].file_bytes;
        expected += s->part[i].expected_bytes;
        complete &= s->part[i].complete;
    }
    bool cut = s->sized && !s->missing && !complete;
    if (!s->reader &&
        beside(s, ".aria2")) { /* aria2c reserves the whole size and removes this file when it is done */
        complete = false;
        llw_facts_note(s->facts, "%s has an .aria2 file beside it: the download is not finished",
                       llw_path_name(s->path));
    }
    bool whole = !s->missing;
    llw_entity m = *out =
        llw_facts_entity(s->facts, LLW_KIND_model, s->reader && s->reader->id ? s->reader->id : s->path);
    if (whole) llw_facts_set_model(s->facts, m, s->model);
    bool sized = whole && s->sized;
    tell_stat(s, m, sized ? total : -1);
    say(s, m, LLW_model_complete, whole && !s->sized ? llw_unknown(LLW_FLAG) : llw_flag(complete),
        origin_of(s), whole ? "file size against the tensor table" : "parts are missing");
    say(s, m, LLW_model_parts, llw_count(s->n), "gguf", s->n > 1 ? "split.count" : "");
    if (s->given_part) say(s, m, LLW_model_given_part, llw_count(s->given_part + 1), "gguf", "split.no");
    say(s, m, LLW_model_parts_missing, llw_count(s->missing), origin_of(s), "");
    say(s, m, LLW_model_expected_bytes, whole ? llw_bytes(expected) : llw_unknown(LLW_BYTES), "gguf",
        whole ? "tensor table" : "parts are missing");
    llw_model_source *source = llw_arena_alloc(s->arena, sizeof *source);
    *source = (llw_model_source){.origin = "gguf",
                                 .where = "",
                                 .file_name = llw_path_name(s->path),
                                 .file_bytes = sized ? total : -1,
                                 .expected_bytes = whole ? expected : -1,
                                 .whole = whole,
                                 .cut = cut && total < expected,
                                 .refusal = s->refusal};
    return llw_model_facts(s->facts, m, s->model, source, err);
}

static llw_rc open_file(llw_facts *facts, const char *path, const llw_model_reader *reader, llw_entity *out,
                        llw_err *err) {
    set s = {.facts = facts,
             .arena = llw_facts_arena(facts),
             .path = path,
             .reader = reader,
             .n = 1,
             .sized = true};
    llw_gguf given;
    llw_rc rc = read_part(&s, path, &given, err);
    if (rc != LLW_OK) return rc;
    int64_t count = split_value(&given.model, "split.count"), number = split_value(&given.model, "split.no");
    /* llama_model_loader reads split.count as u16; one part is no set */
    if (count > 1) {
        if (count > UINT16_MAX || number >= count)
            return llw_fail(err, LLW_ERR_INPUT, path, 0,
                            "says it is part %" PRId64 " of %" PRId64
                            ", which llama.cpp refuses: fetch it again",
                            number + 1, count);
        s.n = count;
    }
    s.part = llw_arena_alloc(s.arena, (size_t)s.n * sizeof *s.part);
    s.absent = llw_arena_alloc(s.arena, (size_t)s.n * sizeof *s.absent);
    s.part[s.n > 1 ? number : 0] = given;
    tell_notes(&s, path, &given);
    if (s.n > 1) {
        size_t prefix = split_prefix(path, number, count);
        if (!prefix)
            return llw_fail(err, LLW_ERR_INPUT, path, 0,
                            "is part %" PRId64 " of %" PRId64 " but is not named NAME-%05" PRId64
                            "-of-%05" PRId64
                            ".gguf, so llama.cpp cannot find the others: give it back its name",
                            number + 1, count, number + 1, count);
        s.path = llw_arena_printf(s.arena, "%.*s-%05d-of-%05" PRId64 ".gguf", (int)prefix, path, 1, count);
        s.given_part = number;
        if (!number && !llw_model_meta(&given.model, "split.no"))
            s.refusal = "has split.count but no split.no";
        read_parts(&s, path, number, prefix);
        if (s.missing) note_missing(&s, s.path);
        if (s.absent[0])
            s.part[0].model = (llw_model){.version = given.model.version, .alignment = LLW_GGUF_ALIGNMENT};
    }
    rc = merge(&s, err);
    return rc == LLW_OK ? tell(&s, out, err) : rc;
}

/* ---- directories ---- */

/* The number of a part, when the name is that of one; 0 otherwise. */
static int part_number(const char *name) {
    int number = 0, count = 0, used = 0;
    const char *dash = strrchr(name, '-');
    if (!dash || dash - name < 9 || strncmp(dash - 3, "-of", 3)) return 0;
    return sscanf(dash - 9, "-%5d-of-%5d.gguf%n", &number, &count, &used) == 2 && !(dash - 9)[used] ? number
                                                                                                    : 0;
}

/* Whether a file of a directory is a model of its own: not a projector, adapter or importance matrix. */
static bool is_model(const char *path) {
    if (strcasestr(llw_path_name(path), "mmproj")) return false;
    llw_arena *arena = llw_arena_new();
    llw_gguf gguf;
    const char *key = "";
    bool model = llw_gguf_read(arena, path, &gguf, NULL) != LLW_OK ||
                 !strcmp(llw_model_role(&gguf.model, false, &key), "model");
    llw_arena_free(arena);
    return model; /* an unreadable file counts, so that its trouble is told */
}

static llw_rc open_directory(llw_facts *facts, const char *path, llw_entity *out, llw_err *err) {
    enum { LOOKED_AT = 64, SHOWN = 8 };
    llw_arena *arena = llw_facts_arena(facts);
    char **names = NULL;
    size_t n = 0, candidates = 0, models = 0;
    llw_rc rc = llw_directory_list(arena, path, &names, &n, err);
    if (rc != LLW_OK) return rc;
    const char *found[LOOKED_AT];
    for (size_t i = 0; i < n; i++) {
        if (names[i][0] == '.' || !ends_in(names[i], ".gguf")) continue;
        const char *file = llw_path_join(arena, path, names[i]);
        int part = part_number(names[i]);
        if (part > 1) {
            static const char first[] = "-00001-of-";
            char *name = llw_arena_strdup(arena, file);
            memcpy(name + strlen(name) - strlen("-00001-of-00001.gguf"), first, sizeof first - 1);
            if (llw_file_is_regular(name) ||
                (candidates && part_number(llw_path_name(found[candidates - 1])) &&
                 !strncmp(found[candidates - 1], file, strlen(file) - strlen("-00001-of-00001.gguf"))))
                continue;
        }
        if (candidates < LOOKED_AT) found[candidates++] = file;
    }
    for (size_t i = 0; i < candidates && candidates > 1; i++)
        if (is_model(found[i])) found[models++] = found[i];
    if (candidates == 1 || models == 1) return open_file(facts, found[0], NULL, out, err);
    if (!candidates)
        return llw_fail(err, LLW_ERR_INPUT, path, 0,
                        "is a directory without a .gguf file: give the file, or a known model's name");
    if (!models)
        return llw_fail(err, LLW_ERR_INPUT, path, 0,
                        "is a directory with projectors or adapters but no model: give the model's file");
    llw_text text = {0};
    for (size_t i = 0; i < models && i < SHOWN; i++)
        llw_text_addf(&text, "%s%s", i ? ", " : "", llw_path_name(found[i]));
    if (models > SHOWN) llw_text_addf(&text, " and %zu more", models - SHOWN);
    rc = llw_fail(err, LLW_ERR_INPUT, path, 0, "is a directory with %zu models, give one of them: %s", models,
                  llw_text_str(&text));
    llw_text_fini(&text);
    return rc;
}

llw_rc llw_source_model(llw_facts *facts, const char *path_or_name, llw_entity *model, llw_err *err) {
    struct stat st;
    *model = 0;
    if (!*path_or_name)
        return llw_fail(err, LLW_ERR_INPUT, "", 0, "no model was given: name a .gguf file or a known model");
    if (stat(path_or_name, &st) == 0)
        return S_ISDIR(st.st_mode) ? open_directory(facts, path_or_name, model, err)
                                   : open_file(facts, path_or_name, NULL, model, err);
    if (strchr(path_or_name, '/') || ends_in(path_or_name, ".gguf")) {
        llw_gguf none;
        llw_rc rc = llw_gguf_read(llw_facts_arena(facts), path_or_name, &none,
                                  err); /* says why it cannot be opened */
        return rc == LLW_OK ? open_file(facts, path_or_name, NULL, model, err) : rc;
    }
    return llw_source_known(facts, path_or_name, NULL, model, err);
}

llw_rc llw_source_model_from(llw_facts *facts, const char *path, const llw_model_reader *reader,
                             llw_entity *model, llw_err *err) {
    *model = 0;
    return open_file(facts, path, reader, model, err);
}
