/* Known models: a small YAML mapping, read event by event. */
#include "source/model/known.h"
#include "base/data.h"
#include "base/distance.h"
#include "base/text.h"
#include "fact/header.h"
#include "fact/header_text.h"
#include "source/model/model_facts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

enum { MAX_LINES = 1 << 16, MAX_EVENTS = 1 << 18 };

void llw_known_list(llw_arena *arena, char ***names, size_t *count) {
    llw_data_list(arena, "models/known", ".yaml", names, count);
    for (size_t i = 0; i < *count; i++) {
        char *name = (*names)[i] + strlen("models/known/");
        name[strlen(name) - strlen(".yaml")] = 0;
        (*names)[i] = name;
    }
}

/* ---- names ---- */

/* Lower is nearer: a name that holds all of it comes first, then by edits. Both in small letters. */
static size_t farness(const char *asked, const char *name) {
    return strstr(name, asked) || strstr(asked, name) ? strlen(name) : 64 + llw_distance(asked, name, 63);
}

static llw_rc unknown_name(const char *asked, char **names, size_t n, llw_err *err) {
    enum { SHOWN = 4 };
    const char *best[SHOWN] = {0};
    char small[128];
    snprintf(small, sizeof small, "%s", asked);
    for (char *at = small; *at; at++) *at = (char)tolower((unsigned char)*at);
    for (size_t k = 0; k < SHOWN; k++)
        for (size_t i = 0; i < n; i++) {
            bool taken = false;
            for (size_t j = 0; j < k; j++) taken |= best[j] == names[i];
            if (!taken && (!best[k] || farness(small, names[i]) < farness(small, best[k])))
                best[k] = names[i];
        }
    llw_text text = {0};
    for (size_t k = 0; k < SHOWN && best[k]; k++) llw_text_addf(&text, "%s%s", k ? ", " : "", best[k]);
    llw_rc rc = llw_fail(err, LLW_ERR_NOTHING, "", 0,
                         "there is no file and no known model named %.100s; the nearest known ones: %s",
                         asked, *llw_text_str(&text) ? llw_text_str(&text) : "none");
    llw_text_fini(&text);
    return rc;
}

/* ---- the file ---- */

typedef struct loader {
    llw_arena *arena;
    const char *path;
    llw_err *err;
    yaml_parser_t yaml;
    size_t events;
    int line;
    const char *source, *file_bytes, *version, *alignment;
    const char **metadata, **tensors;
    int *metadata_lines, *tensor_lines;
    size_t n_metadata, n_tensors;
} loader;

static llw_rc wrong(loader *l, const char *what) {
    return llw_fail(l->err, LLW_ERR_INPUT, l->path, l->line, "%s", what);
}

/* The next event; scalars are copied to *text (NULL for others). */
static llw_rc next(loader *l, yaml_event_type_t *type, const char **text) {
    yaml_event_t event;
    *text = NULL;
    if (l->events++ > MAX_EVENTS) return wrong(l, "is too long for a known model");
    if (!yaml_parser_parse(&l->yaml, &event)) {
        l->line = (int)l->yaml.problem_mark.line + 1;
        return wrong(l, l->yaml.problem ? l->yaml.problem : "is no YAML");
    }
    *type = event.type;
    l->line = (int)event.start_mark.line + 1;
    if (event.type == YAML_SCALAR_EVENT) {
        const char *value = (const char *)event.data.scalar.value;
        if (strlen(value) == event.data.scalar.length)
            *text = llw_arena_strndup(l->arena, value, event.data.scalar.length);
    }
    yaml_event_delete(&event);
    return LLW_OK;
}

static llw_rc read_lines(loader *l, const char ***lines, int **numbers, size_t *n) {
    yaml_event_type_t type = YAML_NO_EVENT;
    const char *text = NULL;
    void *items = NULL, *places = NULL;
    size_t capacity = 0, n_places = 0, place_capacity = 0;
    llw_rc rc = next(l, &type, &text);
    if (rc != LLW_OK) return rc;
    if (type != YAML_SEQUENCE_START_EVENT || *lines)
        return wrong(l, "metadata and tensors are each one list of lines");
    for (;;) {
        if ((rc = next(l, &type, &text)) != LLW_OK) return rc;
        if (type == YAML_SEQUENCE_END_EVENT) break;
        if (type != YAML_SCALAR_EVENT || !text || *n == MAX_LINES) return wrong(l, "is not a line of text");
        *(const char **)llw_arena_push(l->arena, &items, n, &capacity, sizeof text) = text;
        *(int *)llw_arena_push(l->arena, &places, &n_places, &place_capacity, sizeof(int)) = l->line;
    }
    *lines = items ? items : llw_arena_alloc(l->arena, sizeof(char *));
    *numbers = places;
    return LLW_OK;
}

static llw_rc read_mapping(loader *l) {
    yaml_event_type_t type = YAML_NO_EVENT;
    const char *key = NULL;
    llw_rc rc = LLW_OK;
    do { /* stream and document start */
        if ((rc = next(l, &type, &key)) != LLW_OK) return rc;
    } while (type == YAML_STREAM_START_EVENT || type == YAML_DOCUMENT_START_EVENT);
    if (type != YAML_MAPPING_START_EVENT)
        return wrong(l, "is not a mapping: source, file_bytes, metadata, tensors");
    for (;;) {
        if ((rc = next(l, &type, &key)) != LLW_OK) return rc;
        if (type == YAML_MAPPING_END_EVENT) return LLW_OK;
        if (type != YAML_SCALAR_EVENT || !key) return wrong(l, "has a key that is no text");
        if (!strcmp(key, "metadata")) {
            rc = read_lines(l, &l->metadata, &l->metadata_lines, &l->n_metadata);
        } else if (!strcmp(key, "tensors")) {
            rc = read_lines(l, &l->tensors, &l->tensor_lines, &l->n_tensors);
        } else {
            const char **to = !strcmp(key, "source")       ? &l->source
                              : !strcmp(key, "file_bytes") ? &l->file_bytes
                              : !strcmp(key, "version")    ? &l->version
                                                           : NULL;
            if (!to || *to)
                return wrong(l, "knows source, version, file_bytes, metadata and tensors, each once");
            if ((rc = next(l, &type, to)) == LLW_OK && !*to) return wrong(l, "needs a plain value here");
        }
        if (rc != LLW_OK) return rc;
    }
}

static llw_rc fill(loader *l, bool whole, llw_known *out) {
    llw_model *model = &out->model;
    l->line = 0;
    if (!l->source || !l->file_bytes || !l->metadata || !l->tensors)
        return wrong(l, "needs source, file_bytes, metadata and tensors");
    out->source = l->source;
    model->version = l->version ? (uint32_t)strtoul(l->version, NULL, 10) : 3;
    model->alignment = LLW_GGUF_ALIGNMENT;
    model->n_meta = l->n_metadata;
    model->meta = llw_arena_alloc(l->arena, l->n_metadata * sizeof *model->meta);
    for (size_t i = 0; i < l->n_metadata; i++) {
        const char *problem = llw_header_read_meta(l->arena, l->metadata[i], whole, &model->meta[i]);
        l->line = l->metadata_lines[i];
        if (problem) return wrong(l, problem);
        if (!strcmp(model->meta[i].key, "general.alignment"))
            model->alignment = (uint64_t)model->meta[i].integer;
        if (!strcmp(model->meta[i].key, "general.architecture")) model->architecture = model->meta[i].string;
    }
    if (!model->alignment || (model->alignment & (model->alignment - 1)))
        return wrong(l, "has an alignment that is no power of two");
    size_t at = 0;
    const char *problem = llw_header_read_tensors(l->arena, l->tensors, l->n_tensors, model, &at);
    l->line = l->n_tensors ? l->tensor_lines[at < l->n_tensors ? at : l->n_tensors - 1] : 0;
    if (problem) return wrong(l, problem);
    uint64_t data = 0;
    l->line = 0;
    if (!llw_model_place(model, &data)) return wrong(l, "has more bytes than can be counted");
    model->header_bytes = llw_model_header_length(model);
    out->expected_bytes = (int64_t)model->header_bytes;
    if (model->n_tensors)
        out->expected_bytes +=
            (int64_t)model->tensors[model->n_tensors - 1].offset + model->tensors[model->n_tensors - 1].bytes;
    out->file_bytes = strtoll(l->file_bytes, NULL, 10);
    if (out->file_bytes != (int64_t)(model->header_bytes + data))
        return llw_fail(l->err, LLW_ERR_INPUT, l->path, 0,
                        "says file_bytes %s but its header and tensors make %lld", l->file_bytes,
                        (long long)(model->header_bytes + data));
    return LLW_OK;
}

llw_rc llw_known_parse(llw_arena *arena, const char *path, const char *name, const char *bytes, size_t len,
                       bool whole, llw_known *out, llw_err *err) {
    loader l = {.arena = arena, .path = path, .err = err};
    *out = (llw_known){.name = name, .path = path};
    if (!yaml_parser_initialize(&l.yaml))
        return llw_fail(err, LLW_ERR_MEMORY, path, 0, "cannot be read: no memory");
    yaml_parser_set_input_string(&l.yaml, (const unsigned char *)bytes, len);
    llw_rc rc = read_mapping(&l);
    yaml_parser_delete(&l.yaml);
    return rc == LLW_OK ? fill(&l, whole, out) : rc;
}

llw_rc llw_known_load(llw_arena *arena, const char *name, bool whole, llw_known *out, llw_err *err) {
    char **names = NULL;
    size_t n = 0, at = 0, len = 0;
    llw_known_list(arena, &names, &n);
    while (at < n && strcasecmp(names[at], name)) at++;
    if (at == n) return unknown_name(name, names, n, err);
    const char *bytes = NULL, *path = NULL;
    llw_rc rc = llw_data_read(arena, llw_arena_printf(arena, "models/known/%s.yaml", names[at]), &bytes, &len,
                              &path, err);
    return rc == LLW_OK ? llw_known_parse(arena, path, names[at], bytes, len, whole, out, err) : rc;
}

llw_rc llw_source_known(llw_facts *facts, const char *name, const char *id, llw_entity *model, llw_err *err) {
    llw_arena *arena = llw_facts_arena(facts);
    llw_known *known = llw_arena_alloc(arena, sizeof *known);
    *model = 0;
    llw_rc rc = llw_known_load(arena, name, false, known, err);
    if (rc != LLW_OK) return rc;
    char size[LLW_NUMBER_MAX];
    llw_entity m = *model = llw_facts_entity(facts, LLW_KIND_model, id ? id : known->name);
    bool ours = llw_data_builtin(known->path) != NULL; /* else the file that stands over it is named whole */
    const char *origin = "known model",
               *where = ours ? llw_arena_printf(arena, "%s.yaml", known->name) : known->path;
    llw_facts_set_model(facts, m, &known->model);
    llw_facts_claim(facts, m, LLW_model_file_bytes, llw_bytes(known->file_bytes), LLW_GRADE_FILE, origin,
                    where);
    llw_facts_claim(facts, m, LLW_model_ls_size, llw_string(LLW_TEXT, llw_format_ls(size, known->file_bytes)),
                    LLW_GRADE_FILE, origin, where);
    llw_facts_claim(facts, m, LLW_model_expected_bytes, llw_bytes(known->expected_bytes), LLW_GRADE_FILE,
                    origin, where);
    llw_facts_claim(facts, m, LLW_model_complete, llw_flag(true), LLW_GRADE_FILE, origin, where);
    llw_facts_claim(facts, m, LLW_model_parts, llw_count(1), LLW_GRADE_FILE, origin, where);
    llw_facts_claim(facts, m, LLW_model_parts_missing, llw_count(0), LLW_GRADE_FILE, origin, where);
    llw_model_source *source = llw_arena_alloc(arena, sizeof *source);
    *source = (llw_model_source){.origin = origin,
                                 .where = where,
                                 .file_name = known->name,
                                 .file_bytes = known->file_bytes,
                                 .expected_bytes = known->expected_bytes,
                                 .whole = true};
    return llw_model_facts(facts, m, &known->model, source, err);
}
