/* A fact base from JSON. */
#include "fact/facts_json.h"
#include "base/number.h"
#include "fact/header.h"
#include "fact/header_text.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

/* The text of a string or of {"bytes": ...}, NULL for anything else. (The parser refuses a NUL.) */
static const char *json_to_text(llw_arena *arena, const json_t *json) {
    if (json_is_string(json)) return json_string_value(json);
    const char *from = json_string_value(json_object_get(json, "bytes"));
    if (!from || json_object_size(json) != 1) return NULL;
    char *out = llw_arena_alloc(arena, strlen(from) + 1);
    size_t n = 0;
    for (; *from; from++) {
        if (*from != '\\') {
            out[n++] = *from;
            continue;
        }
        if (from[1] != 'x' || llw_hex_digit(from[2]) < 0 || llw_hex_digit(from[3]) < 0 ||
            !(llw_hex_digit(from[2]) + llw_hex_digit(from[3])))
            return NULL;
        out[n++] = (char)(llw_hex_digit(from[2]) * 16 + llw_hex_digit(from[3]));
        from += 3;
    }
    return out;
}

typedef struct loader {
    llw_facts *facts;
    llw_arena *arena;
    const char *path;
    llw_facts_readers read;
    llw_err *err;
    char where[160]; /* "gpu CUDA0, free" */
} loader;

static llw_rc wrong(loader *l, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static llw_rc wrong(loader *l, const char *fmt, ...) {
    char text[300];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return llw_fail(l->err, LLW_ERR_INPUT, l->path, 0, "%s%s%s", l->where, *l->where ? ": " : "", text);
}

/* Refuses keys that are not in the list (NULL-terminated) and not "comment". */
static llw_rc only(loader *l, json_t *object, const char *const *keys) {
    const char *key;
    json_t *value;
    json_object_foreach(object, key, value) {
        bool found = !strcmp(key, "comment");
        for (size_t i = 0; keys[i] && !found; i++) found = !strcmp(keys[i], key);
        if (!found) return wrong(l, "has the key \"%.40s\", which is not one of ours", key);
    }
    return LLW_OK;
}

static llw_rc read_reference(loader *l, const json_t *json, llw_value *out) {
    const char *text = json_to_text(l->arena, json), *colon = text ? strchr(text, ':') : NULL;
    if (!colon) return wrong(l, "needs a reference: \"KIND:ID\"");
    llw_kind kind = llw_kind_find(llw_arena_strndup(l->arena, text, (size_t)(colon - text)));
    llw_entity entity = kind ? llw_facts_find(l->facts, kind, colon + 1) : 0;
    if (!entity) return wrong(l, "refers to %.80s, which is not in the file", text);
    *out = llw_ref(entity);
    return LLW_OK;
}

/* An array of texts and numbers, joined by commas as llama.cpp reads them. */
static const char *join(loader *l, const json_t *array) {
    llw_text out = {0};
    bool ok = true;
    for (size_t i = 0; ok && i < json_array_size(array); i++) {
        const json_t *item = json_array_get(array, i);
        const char *text = json_to_text(l->arena, item);
        if (i) llw_text_add(&out, ",");
        if (text)
            llw_text_add(&out, text);
        else if (json_is_integer(item))
            llw_text_addf(&out, "%" JSON_INTEGER_FORMAT, json_integer_value(item));
        else if (json_is_real(item))
            llw_text_addf(&out, "%g", json_real_value(item));
        else
            ok = false;
    }
    const char *text = ok ? llw_arena_strdup(l->arena, llw_text_str(&out)) : NULL;
    llw_text_fini(&out);
    return text;
}

static llw_rc read_value(loader *l, llw_type type, const json_t *json, llw_value *out) {
    *out = llw_unknown(type);
    if (json_is_null(json)) return LLW_OK;
    if (type == LLW_FLAG) {
        if (!json_is_boolean(json)) return wrong(l, "needs true, false or null");
        *out = llw_flag(json_is_true(json));
        return LLW_OK;
    }
    if (llw_type_is_integer(type)) {
        int64_t n = json_integer_value(json);
        bool with_unit = type == LLW_BYTES && json_is_string(json);
        if (with_unit ? !llw_read_size(json_string_value(json), 0, NULL, &n) : !json_is_integer(json))
            return wrong(l, type == LLW_BYTES
                                ? "needs a whole number of bytes or a text such as \"24564 MiB\", or null"
                                : "needs a whole number or null");
        *out = type == LLW_BYTES ? llw_bytes(n) : llw_count(n);
        return LLW_OK;
    }
    if (llw_type_is_real(type)) {
        if (!json_is_number(json)) return wrong(l, "needs a number or null");
        *out = llw_number(type, json_number_value(json));
        return LLW_OK;
    }
    if (type == LLW_REF) return read_reference(l, json, out);
    const char *text = type == LLW_LIST && json_is_array(json) ? join(l, json) : json_to_text(l->arena, json);
    if (!text)
        return wrong(l, type == LLW_LIST ? "needs a text or an array, or null" : "needs a text or null");
    *out = llw_string(type, text);
    return LLW_OK;
}

typedef struct manner {
    llw_grade grade;
    const char *origin, *place;
} manner;

/* grade, origin and place of a claim or an entity, where given. */
static llw_rc read_manner(loader *l, json_t *object, manner *out) {
    json_t *grade = json_object_get(object, "grade"), *origin = json_object_get(object, "origin"),
           *place = json_object_get(object, "place");
    if (grade) {
        const char *name = json_is_string(grade) ? json_string_value(grade) : "";
        int g = 0;
        while (g <= LLW_GRADE_WHATIF && strcmp(llw_grade_name((llw_grade)g), name)) g++;
        if (g > LLW_GRADE_WHATIF)
            return wrong(l, "has an unknown grade; there are: default, prose, model card, predicted, file, "
                            "configuration, launch "
                            "flags, process, measured, what-if");
        out->grade = (llw_grade)g;
    }
    if (origin && !(out->origin = json_to_text(l->arena, origin)))
        return wrong(l, "has an origin that is no text");
    if (place && !(out->place = json_to_text(l->arena, place)))
        return wrong(l, "has a place that is no text");
    return LLW_OK;
}

/* "gpu CUDA0", and the attribute when there is one. */
static void name_place(loader *l, llw_entity entity, const char *attr) {
    snprintf(l->where, sizeof l->where, "%s %.60s%s%.40s", llw_kind_name(llw_facts_kind(l->facts, entity)),
             llw_facts_id(l->facts, entity), attr ? ", " : "", attr ? attr : "");
}

static llw_rc claim(loader *l, llw_entity entity, const char *name, const json_t *json, const manner *how) {
    llw_kind kind = llw_facts_kind(l->facts, entity);
    name_place(l, entity, name);
    llw_attr attr = llw_attr_find(kind, name);
    if (!attr) {
        const char *nearest = llw_attr_nearest(kind, name);
        return wrong(l, "is no attribute of a %s%s%s", llw_kind_name(kind), nearest ? "; did you mean " : "",
                     nearest ? nearest : "");
    }
    llw_value value;
    llw_rc rc = read_value(l, llw_attr_get(attr)->type, json, &value);
    if (rc == LLW_OK) llw_facts_claim(l->facts, entity, attr, value, how->grade, how->origin, how->place);
    return rc;
}

static llw_rc read_claims(loader *l, llw_entity entity, json_t *object, const manner *usual) {
    static const char *const keys[] = {"attr", "value", "grade", "origin", "place", NULL};
    json_t *claims = json_object_get(object, "claims"), *facts = json_object_get(object, "facts"), *value;
    const char *key;
    llw_rc rc = LLW_OK;
    if (claims && !json_is_array(claims)) return wrong(l, "needs claims to be an array");
    if (facts && !json_is_object(facts)) return wrong(l, "needs facts to be an object: {ATTRIBUTE: VALUE}");
    if (json_array_size(claims) > LLW_FACTS_JSON_CLAIMS)
        return wrong(l, "has %zu claims; at most %d are read", json_array_size(claims),
                     LLW_FACTS_JSON_CLAIMS);
    for (size_t i = 0; i < json_array_size(claims) && rc == LLW_OK; i++) {
        json_t *item = json_array_get(claims, i);
        const char *attr = json_string_value(json_object_get(item, "attr"));
        manner how = *usual;
        name_place(l, entity, attr);
        if (!attr || !json_object_get(item, "value")) return wrong(l, "has a claim without attr and value");
        if ((rc = only(l, item, keys)) == LLW_OK && (rc = read_manner(l, item, &how)) == LLW_OK)
            rc = claim(l, entity, attr, json_object_get(item, "value"), &how);
    }
    if (rc != LLW_OK || !facts) return rc;
    json_object_foreach(facts, key, value) {
        if (!strcmp(key, "comment")) continue;
        if ((rc = claim(l, entity, key, value, usual)) != LLW_OK) return rc;
    }
    return rc;
}

/* ---- headers ---- */

static llw_rc read_lines(loader *l, const json_t *array, const char ***out, size_t *n) {
    *n = json_array_size(array);
    if (!json_is_array(array)) return wrong(l, "needs lists of lines in its header");
    *out = llw_arena_alloc(l->arena, (*n + 1) * sizeof **out);
    for (size_t i = 0; i < *n; i++) {
        const json_t *line = json_array_get(array, i);
        if (!json_is_string(line)) return wrong(l, "has something in its header that is no line of text");
        (*out)[i] = json_string_value(line);
    }
    return LLW_OK;
}

static llw_rc read_tensors(loader *l, const json_t *parts, llw_model *model) {
    llw_model part = {0};
    void *tensors = NULL;
    size_t n = 0, capacity = 0;
    if (!json_is_array(parts) || json_array_size(parts) > UINT16_MAX)
        return wrong(l, "needs parts in its header: one list a file");
    for (size_t i = 0; i < json_array_size(parts); i++) {
        const char **lines = NULL;
        size_t n_lines = 0, at = 0;
        llw_rc rc = read_lines(l, json_array_get(parts, i), &lines, &n_lines);
        if (rc != LLW_OK) return rc;
        const char *problem = llw_header_read_tensors(l->arena, lines, n_lines, &part, &at);
        if (problem)
            /* NOLINTNEXTLINE(clang-analyzer-core.*): llw_fail, of another file, never returns LLW_OK */
            return wrong(l, "header, part %zu: \"%.60s\" %s", i + 1, at < n_lines ? lines[at] : "", problem);
        if (part.n_tensors + n > LLW_HEADER_TENSORS) return wrong(l, "has too many tensors in its header");
        for (size_t j = 0; j < part.n_tensors; j++) {
            llw_tensor *t = llw_arena_push(l->arena, &tensors, &n, &capacity, sizeof *t);
            *t = part.tensors[j];
            t->part = (uint16_t)i;
        }
    }
    model->tensors = tensors;
    model->n_tensors = n;
    return LLW_OK;
}

static llw_rc read_header(loader *l, json_t *header, llw_entity entity) {
    static const char *const keys[] = {"version", "alignment", "header_bytes", "metadata", "parts", NULL};
    const char **lines = NULL;
    llw_model *model = llw_arena_alloc(l->arena, sizeof *model);
    llw_rc rc = json_is_object(header) ? only(l, header, keys) : wrong(l, "needs an object as its header");
    if (rc != LLW_OK) return rc;
    json_t *version = json_object_get(header, "version"), *alignment = json_object_get(header, "alignment"),
           *length = json_object_get(header, "header_bytes");
    if ((version && !json_is_integer(version)) || (alignment && !json_is_integer(alignment)) ||
        (length && (!json_is_integer(length) || json_integer_value(length) < 0)))
        return wrong(l, "needs whole numbers as version, alignment and header_bytes of its header");
    json_int_t v = version ? json_integer_value(version) : 3;
    if (v < 0 || v > UINT32_MAX) return wrong(l, "needs a version of its header of 32 bits");
    model->version = (uint32_t)v;
    model->alignment = alignment ? (uint64_t)json_integer_value(alignment) : LLW_GGUF_ALIGNMENT;
    if (!model->alignment || (model->alignment & (model->alignment - 1)) || model->alignment > UINT32_MAX)
        return wrong(l, "needs an alignment that is a power of two");
    if ((rc = read_lines(l, json_object_get(header, "metadata"), &lines, &model->n_meta)) != LLW_OK)
        return rc;
    model->meta = llw_arena_alloc(l->arena, (model->n_meta + 1) * sizeof *model->meta);
    for (size_t i = 0; i < model->n_meta; i++) {
        /* the parser borrows nothing from the JSON text */
        /* NOLINTNEXTLINE(clang-analyzer-core.*): llw_fail, of another file, never returns LLW_OK */
        const char *problem = llw_header_read_meta(l->arena, lines[i], false, &model->meta[i]);
        if (problem) return wrong(l, "header: \"%.60s\" %s", lines[i], problem);
        if (!strcmp(model->meta[i].key, "general.architecture")) model->architecture = model->meta[i].string;
    }
    if ((rc = read_tensors(l, json_object_get(header, "parts"), model)) != LLW_OK) return rc;
    if (!llw_model_place(model, NULL)) return wrong(l, "has tensors of more bytes than can be counted");
    model->header_bytes = length ? (uint64_t)json_integer_value(length) : llw_model_header_length(model);
    llw_facts_set_model(l->facts, entity, model);
    return LLW_OK;
}

/* ---- entities ---- */

static llw_rc make_entity(loader *l, json_t *object, size_t index, llw_entity *out) {
    static const char *const keys[] = {"kind",  "id",    "known",  "header", "claims",
                                       "facts", "grade", "origin", "argv",   NULL};
    snprintf(l->where, sizeof l->where, "entity %zu", index + 1);
    if (!json_is_object(object)) return wrong(l, "is not an object");
    const char *kind_name = json_string_value(json_object_get(object, "kind"));
    const char *id = json_to_text(l->arena, json_object_get(object, "id"));
    if (!kind_name || !id || !*id) return wrong(l, "needs a kind and an id");
    llw_kind kind = llw_kind_find(kind_name);
    if (!kind) return wrong(l, "is of the kind \"%.40s\", which llwhy does not have", kind_name);
    snprintf(l->where, sizeof l->where, "%s %.60s", kind_name, id);
    llw_rc rc = only(l, object, keys);
    if (rc != LLW_OK) return rc;
    if (kind != LLW_KIND_launch && json_object_get(object, "argv"))
        return wrong(l, "is no launch: it has no argv");
    json_t *known = json_object_get(object, "known");
    if (kind != LLW_KIND_model && (known || json_object_get(object, "header")))
        return wrong(l, "is no model: it has no known and no header");
    if (!known) {
        *out = llw_facts_entity(l->facts, kind, id);
        return LLW_OK;
    }
    if (!json_is_string(known) || json_object_get(object, "header"))
        return wrong(l, "needs a name as known, and no header beside it");
    if (!l->read.known) return wrong(l, "names a known model, but none can be looked up here");
    rc = l->read.known(l->facts, json_string_value(known), id, out, l->err);
    if (rc != LLW_OK && l->err && !*l->err->file) snprintf(l->err->file, sizeof l->err->file, "%s", l->path);
    return rc == LLW_OK ? LLW_OK : LLW_ERR_INPUT;
}

/* The flags of a launch, when everything they may refer to is there. */
static llw_rc read_words(loader *l, json_t *object, llw_entity launch) {
    json_t *argv = json_object_get(object, "argv");
    if (!argv) return LLW_OK;
    if (!json_is_array(argv)) return wrong(l, "needs an array of words as argv");
    if (!l->read.words) return wrong(l, "has an argv, but flags cannot be read here");
    size_t n = json_array_size(argv);
    const char **words = llw_arena_alloc(l->arena, (n + 1) * sizeof *words);
    for (size_t i = 0; i < n; i++)
        if (!(words[i] = json_to_text(l->arena, json_array_get(argv, i))))
            return wrong(l, "has something in argv that is no text");
    llw_rc rc = l->read.words(l->facts, launch, words, n, l->err);
    return rc == LLW_OK ? LLW_OK : LLW_ERR_INPUT;
}

static llw_rc load(loader *l, json_t *root) {
    static const char *const keys[] = {"schema", "entities", "notes", NULL};
    if (!json_is_object(root)) return wrong(l, "is not an object with entities");
    llw_rc rc = only(l, root, keys);
    if (rc != LLW_OK) return rc;
    json_t *schema = json_object_get(root, "schema"), *entities = json_object_get(root, "entities"),
           *notes = json_object_get(root, "notes");
    if (schema && (!json_is_string(schema) || strcmp(json_string_value(schema), "llwhy.facts/1")))
        return wrong(l, "is written in another schema than llwhy.facts/1: use the llwhy that saved it");
    if (!json_is_array(entities)) return wrong(l, "needs an array of entities");
    size_t n = json_array_size(entities);
    if (n > LLW_FACTS_JSON_ENTITIES)
        return wrong(l, "has %zu entities; at most %d are read", n, LLW_FACTS_JSON_ENTITIES);
    llw_entity *made = llw_arena_alloc(l->arena, (n + 1) * sizeof *made);
    for (size_t i = 0; i < n; i++) { /* all of them first: claims may refer to later ones */
        if ((rc = make_entity(l, json_array_get(entities, i), i, &made[i])) != LLW_OK) return rc;
        for (size_t j = 0; j < i; j++)
            if (made[j] == made[i]) return wrong(l, "stands in the file twice");
    }
    for (size_t i = 0; i < n; i++) {
        json_t *object = json_array_get(entities, i);
        manner usual = {LLW_GRADE_MEASURED, "facts file", l->path};
        name_place(l, made[i], NULL);
        if ((rc = read_manner(l, object, &usual)) != LLW_OK ||
            (rc = read_claims(l, made[i], object, &usual)) != LLW_OK)
            return rc;
        json_t *header = json_object_get(object, "header");
        name_place(l, made[i], NULL);
        if (header && (rc = read_header(l, header, made[i])) != LLW_OK) return rc;
    }
    for (size_t i = 0; i < n; i++) {
        name_place(l, made[i], NULL);
        if ((rc = read_words(l, json_array_get(entities, i), made[i])) != LLW_OK) return rc;
    }
    snprintf(l->where, sizeof l->where, "notes");
    if (notes && !json_is_array(notes)) return wrong(l, "needs to be an array of texts");
    for (size_t i = 0; i < json_array_size(notes); i++) {
        const char *note = json_to_text(l->arena, json_array_get(notes, i));
        if (!note) return wrong(l, "has something that is no text");
        llw_facts_note(l->facts, "%s", note);
    }
    return LLW_OK;
}

llw_rc llw_facts_load(llw_facts *facts, const char *bytes, size_t len, const char *path,
                      llw_facts_known known, llw_err *err) {
    llw_facts_readers readers = {.known = known};
    return llw_facts_load_with(facts, bytes, len, path, &readers, err);
}

llw_rc llw_facts_load_with(llw_facts *facts, const char *bytes, size_t len, const char *path,
                           const llw_facts_readers *readers, llw_err *err) {
    json_error_t error;
    loader l = {.facts = facts, .arena = llw_facts_arena(facts), .path = path, .read = *readers, .err = err};
    if (len > LLW_FACTS_JSON_MAX) return wrong(&l, "has more than 64 MiB");
    json_t *root = json_loadb(bytes, len, JSON_REJECT_DUPLICATES, &error);
    if (!root)
        return llw_fail(err, LLW_ERR_INPUT, path, error.line > 0 ? error.line : 0, "is no JSON: %s",
                        error.text);
    llw_rc rc = load(&l, root);
    json_decref(root);
    return rc;
}
