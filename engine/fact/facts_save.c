/* The fact base to JSON. */
#include "fact/facts_json.h"
#include "fact/header.h"
#include "fact/header_text.h"

#include <jansson.h>
#include <stdlib.h>

/* A text that is no UTF-8 is written as {"bytes": ...}. */
static json_t *text_to_json(const char *text) {
    json_t *json = json_string(text);
    if (json) return json;
    llw_text safe = {0};
    for (const char *c = text; *c; c++)
        if (*c == '\\' || (unsigned char)*c < 0x20 || (unsigned char)*c >= 0x7f)
            llw_text_addf(&safe, "\\x%02x", (unsigned char)*c);
        else
            llw_text_addn(&safe, c, 1);
    json = json_pack("{s:s}", "bytes", llw_text_str(&safe));
    llw_text_fini(&safe);
    return json;
}

/* Whether a text is its own JSON between quotes. */
static bool is_plain(const char *text) {
    while (*text >= ' ' && *text < 0x7f && *text != '"' && *text != '\\') text++;
    return !*text;
}

/* Appends compact JSON and drops it. */
static bool add_json(llw_text *out, json_t *json) {
    char *text = json ? json_dumps(json, JSON_COMPACT | JSON_ENCODE_ANY) : NULL;
    if (text) llw_text_add_json_safe(out, text);
    free(text);
    json_decref(json);
    return text != NULL;
}

/* Most texts are plain, and there are hundreds. */
static bool add_text(llw_text *out, const char *text) {
    if (!is_plain(text)) return add_json(out, text_to_json(text));
    llw_text_add(out, "\"");
    llw_text_add(out, text);
    llw_text_add(out, "\"");
    return true;
}

static bool add_value(llw_text *out, const llw_facts *facts, llw_value value, llw_arena *arena) {
    if (!value.known)
        llw_text_add(out, "null");
    else if (value.type == LLW_FLAG)
        llw_text_add(out, value.as.flag ? "true" : "false");
    else if (llw_type_is_integer(value.type))
        llw_text_addf(out, "%lld", (long long)value.as.count);
    else if (llw_type_is_real(value.type))
        return add_json(out, json_real(value.as.real));
    else if (llw_type_is_text(value.type))
        return add_text(out, value.as.text);
    else
        return add_text(out,
                        llw_arena_printf(arena, "%s:%s", llw_kind_name(llw_facts_kind(facts, value.as.ref)),
                                         llw_facts_id(facts, value.as.ref)));
    return true;
}

static bool add_claim(llw_text *out, const llw_facts *facts, llw_attr attr, const llw_claim *claim,
                      llw_arena *arena) {
    llw_text_add(out, "{\"attr\":\"");
    llw_text_add(out, llw_attr_get(attr)->name);
    llw_text_add(out, "\",\"value\":");
    if (!add_value(out, facts, claim->value, arena)) return false;
    llw_text_add(out, ",\"grade\":\"");
    llw_text_add(out, llw_grade_name(claim->grade));
    llw_text_add(out, "\",\"origin\":");
    if (!add_text(out, claim->origin)) return false;
    llw_text_add(out, ",\"place\":");
    if (!add_text(out, claim->place)) return false;
    llw_text_add(out, "}");
    return true;
}

static bool add_claims(llw_text *out, const llw_facts *facts, llw_entity entity, llw_arena *arena) {
    bool first = true, ok = true;
    llw_text_add(out, ",\n   \"claims\": [");
    for (int a = 1; a < LLW_ATTRS; a++) {
        if (llw_attr_get((llw_attr)a)->kind != llw_facts_kind(facts, entity)) continue;
        size_t n = 0;
        const llw_claim **claims = llw_facts_claims(facts, entity, (llw_attr)a, arena, &n);
        while (ok && n--) { /* worst first: read back in this order, the best one wins again */
            llw_text_add(out, first ? "\n    " : ",\n    ");
            first = false;
            ok = add_claim(out, facts, (llw_attr)a, claims[n], arena);
        }
    }
    llw_text_add(out, "]");
    return ok;
}

static bool add_lines(llw_text *out, char *const *lines, size_t n) {
    bool ok = true;
    llw_text_add(out, "[");
    for (size_t i = 0; ok && i < n; i++) {
        llw_text_add(out, i ? ",\n     " : "\n     ");
        ok = add_text(out, lines[i]);
    }
    llw_text_add(out, "]");
    return ok;
}

static bool add_header(llw_text *out, const llw_model *model, llw_arena *arena) {
    char **lines = llw_arena_alloc(arena, (model->n_meta + 1) * sizeof *lines);
    for (size_t i = 0; i < model->n_meta; i++) lines[i] = llw_header_write_meta(arena, &model->meta[i]);
    llw_text_addf(out,
                  ",\n   \"header\": {\"version\": %u, \"alignment\": %llu, \"header_bytes\": %llu,\n    "
                  "\"metadata\": ",
                  model->version, (unsigned long long)model->alignment,
                  (unsigned long long)model->header_bytes);
    bool ok = add_lines(out, lines, model->n_meta);
    llw_text_add(out, ",\n    \"parts\": [");
    size_t n = 0;
    for (size_t from = 0, to; ok && from < model->n_tensors; from = to) {
        for (to = from + 1; to < model->n_tensors && model->tensors[to].part == model->tensors[from].part;)
            to++;
        llw_header_write_tensors(arena, model, from, to, &lines, &n);
        if (from) llw_text_add(out, ", ");
        ok = add_lines(out, lines, n);
    }
    llw_text_add(out, "]}");
    return ok;
}

char *llw_facts_save(const llw_facts *facts, llw_err *err) {
    llw_arena *arena = llw_arena_new();
    llw_text out = {0};
    bool ok = true;
    llw_text_add(&out, "{\"schema\": \"llwhy.facts/1\",\n \"entities\": [");
    for (llw_entity e = 1; ok && e <= llw_facts_max(facts); e++) {
        llw_text_addf(&out, "%s\n  {\"kind\": \"%s\", \"id\": ", e > 1 ? "," : "",
                      llw_kind_name(llw_facts_kind(facts, e)));
        ok = add_text(&out, llw_facts_id(facts, e)) && add_claims(&out, facts, e, arena);
        if (ok && llw_facts_model(facts, e)) ok = add_header(&out, llw_facts_model(facts, e), arena);
        llw_text_add(&out, "}");
    }
    const char *const *notes = NULL;
    size_t n = llw_facts_notes(facts, &notes);
    llw_text_add(&out, "],\n \"notes\": [");
    for (size_t i = 0; ok && i < n; i++) {
        llw_text_add(&out, i ? ",\n  " : "\n  ");
        ok = add_text(&out, notes[i]);
    }
    llw_text_add(&out, "]}\n");
    llw_arena_free(arena);
    if (ok) return out.bytes;
    llw_text_fini(&out);
    llw_fail(err, LLW_ERR_MEMORY, "", 0, "the facts cannot be written as JSON");
    return NULL;
}
