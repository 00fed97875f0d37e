/* Decisions and proofs as JSON (docs/json/decision.schema.json, why.schema.json). */
#include "render/render.h"
#include "render/jsontext.h"
#include "explain/words.h"

static json_t *value_json(const llw_run *run, llw_value v) {
    if (!v.known) return json_null();
    switch (v.type) {
    case LLW_FLAG: return json_boolean(v.as.flag);
    case LLW_COUNT:
    case LLW_BYTES: return json_integer(v.as.count);
    case LLW_REAL:
    case LLW_RATE:
    case LLW_SECONDS: return json_real(v.as.real);
    case LLW_REF: return llw_json_string(llw_facts_id(run->facts, v.as.ref));
    default: return llw_json_string(v.as.text);
    }
}

static json_t *slot_json(const llw_run *run, llw_entity entity, llw_attr attr) {
    return value_json(run, entity ? llw_facts_value(run->facts, entity, attr) : llw_unknown(LLW_TEXT));
}

static json_t *bytes_or_null(bool known, int64_t bytes) {
    return known ? json_integer(bytes) : json_null();
}

static json_t *entity_json(const llw_run *run, llw_entity entity) {
    json_t *object = json_object();
    if (!entity) return object;
    llw_kind kind = llw_facts_kind(run->facts, entity);
    json_object_set_new(object, "id", llw_json_string(llw_facts_id(run->facts, entity)));
    for (int a = 1; a < LLW_ATTRS; a++)
        if (llw_attr_get((llw_attr)a)->kind == kind && llw_facts_best(run->facts, entity, (llw_attr)a))
            json_object_set_new(object, llw_attr_get((llw_attr)a)->name, slot_json(run, entity, (llw_attr)a));
    return object;
}

static json_t *device_json(const llw_device_line *line) {
    json_t *o = json_object();
    json_object_set_new(o, "name", llw_json_string(line->name));
    json_object_set_new(o, "gpu", llw_json_string(line->gpu));
    json_object_set_new(o, "total", bytes_or_null(line->total >= 0, line->total));
    json_object_set_new(o, "free", bytes_or_null(line->free >= 0, line->free));
    json_object_set_new(o, "weights", json_integer(line->weights));
    json_object_set_new(o, "kv", json_integer(line->kv));
    json_object_set_new(o, "compute", json_integer(line->compute));
    json_object_set_new(o, "compute_band",
                        json_pack("[I,I]", (json_int_t)line->compute_low, (json_int_t)line->compute_high));
    if (line->draft) json_object_set_new(o, "draft", json_integer(line->draft));
    json_object_set_new(o, "left", bytes_or_null(line->known, line->left));
    return o;
}

static json_t *offer_json(const llw_offer *offer) {
    if (!offer->offered) return json_null();
    json_t *o = json_object(), *args = json_array(), *changes = json_array();
    for (size_t i = 0; i < offer->n_args; i++) json_array_append_new(args, llw_json_string(offer->args[i]));
    for (size_t i = 0; i < offer->n_changes; i++) {
        const llw_flag_change *c = &offer->changes[i];
        json_t *change = json_object();
        json_object_set_new(change, "flag", llw_json_string(c->flag));
        json_object_set_new(change, "set", json_boolean(c->set));
        json_object_set_new(change, "reason", llw_json_string(c->reason));
        json_object_set_new(change, "lesson", *c->code ? llw_json_string(c->code) : json_null());
        json_array_append_new(changes, change);
    }
    json_object_set_new(o, "args", args);
    json_object_set_new(o, "command", llw_json_string(offer->command));
    json_object_set_new(o, "result", llw_json_string(offer->result));
    json_object_set_new(o, "certain", json_boolean(offer->certain));
    json_object_set_new(o, "changes", changes);
    json_t *asides = json_array();
    for (size_t i = 0; i < offer->n_asides; i++)
        json_array_append_new(asides, llw_json_string(offer->asides[i]));
    json_object_set_new(o, "asides", asides);
    json_object_set_new(o, "runner_up", llw_json_string(offer->runner_up));
    return o;
}

void llw_render_decision_json(llw_text *out, const llw_decision *d) {
    json_t *root = json_object(), *devices = json_array(), *reasons = json_array(), *lessons = json_array(),
           *notes = json_array();
    json_object_set_new(root, "schema", json_string("llwhy.decision/1"));
    json_object_set_new(root, "title", llw_json_string(d->title));
    json_object_set_new(root, "model", entity_json(d->run, d->model));
    json_object_set_new(root, "build", entity_json(d->run, d->build));
    json_object_set_new(root, "launch", entity_json(d->run, d->launch));
    for (size_t i = 0; i < d->n_devices; i++) json_array_append_new(devices, device_json(&d->devices[i]));
    json_object_set_new(root, "devices", devices);
    json_object_set_new(root, "verdict", llw_json_string(llw_verdict_name(d->verdict)));
    json_object_set_new(root, "verdict_text", llw_json_string(d->verdict_text));
    json_object_set_new(root, "uncertainty", llw_json_string(d->uncertainty));
    json_object_set_new(root, "survival", llw_json_string(d->survival));
    json_object_set_new(root, "speed", llw_json_string(d->speed));
    json_object_set_new(root, "context_text", llw_json_string(d->context_text));
    json_object_set_new(root, "repair", offer_json(&d->repair));
    json_object_set_new(root, "choice", offer_json(&d->choice));
    for (size_t i = 0; i < d->n_reasons; i++) {
        json_t *r = json_object();
        json_object_set_new(r, "n", json_integer((json_int_t)i + 1));
        json_object_set_new(r, "level", llw_json_string(llw_level_name(d->reasons[i].level)));
        json_object_set_new(r, "text", llw_json_string(d->reasons[i].text));
        json_object_set_new(r, "code", llw_json_string(d->reasons[i].code));
        json_object_set_new(r, "rule", llw_json_string(d->reasons[i].node->rule->id));
        json_object_set_new(r, "lesson", llw_json_string(d->reasons[i].node->rule->lesson->id));
        json_array_append_new(reasons, r);
    }
    json_object_set_new(root, "why", reasons);
    for (size_t i = 0; i < d->n_lessons; i++) {
        json_t *l = json_object();
        json_object_set_new(l, "code", llw_json_string(d->lessons[i].lesson->code));
        json_object_set_new(l, "lesson", llw_json_string(d->lessons[i].lesson->id));
        json_object_set_new(l, "state", llw_json_string(llw_state_name(d->lessons[i].state)));
        json_object_set_new(l, "text", llw_json_string(d->lessons[i].text));
        json_array_append_new(lessons, l);
    }
    json_object_set_new(root, "lessons", lessons);
    for (size_t i = 0; i < d->n_notes; i++) json_array_append_new(notes, llw_json_string(d->notes[i]));
    json_object_set_new(root, "notes", notes);
    llw_json_dump(out, root);
}

static json_t *lines_json(const llw_run *run, const llw_proof *proof) {
    static const char *const marks[] = {"none", "yes", "no", "unknown"};
    json_t *lines = json_array();
    for (size_t i = 0; i < proof->n_lines; i++) {
        const llw_proof_line *line = &proof->lines[i];
        json_t *o = json_object();
        json_object_set_new(o, "depth", json_integer(line->depth));
        json_object_set_new(o, "kind", llw_json_string(llw_line_kind_name(line->kind)));
        json_object_set_new(o, "mark", llw_json_string(marks[line->mark]));
        json_object_set_new(o, "text", llw_json_string(line->text));
        if (*line->origin) json_object_set_new(o, "origin", llw_json_string(line->origin));
        if (line->entity) {
            llw_text slot = {0};
            llw_text_addf(&slot, "%s:%s.%s", llw_kind_name(llw_facts_kind(run->facts, line->entity)),
                          llw_facts_id(run->facts, line->entity), llw_attr_get(line->attr)->name);
            json_object_set_new(o, "slot", llw_json_string(llw_text_str(&slot)));
            json_object_set_new(o, "value", value_json(run, line->value));
            llw_text_fini(&slot);
        }
        if (*line->written) json_object_set_new(o, "written", llw_json_string(line->written));
        json_array_append_new(lines, o);
    }
    return lines;
}

void llw_render_proof_json(llw_text *out, const llw_run *run, const llw_proof *proof) {
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_string("llwhy.why/1"));
    json_object_set_new(root, "weakest", llw_json_string(llw_grade_name(proof->weakest)));
    json_object_set_new(root, "lines", lines_json(run, proof));
    llw_json_dump(out, root);
}

void llw_render_why_not_json(llw_text *out, const llw_run *run, const llw_proof *proof, const char *state) {
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_string("llwhy.why-not/1"));
    json_object_set_new(root, "answer", json_string(state));
    json_object_set_new(root, "weakest", llw_json_string(llw_grade_name(proof->weakest)));
    json_object_set_new(root, "lines", lines_json(run, proof));
    llw_json_dump(out, root);
}
