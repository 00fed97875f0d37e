/* What differs between two runs, as JSON (docs/json/what-if.schema.json, contrast.schema.json). */
#include "render/difference.h"
#include "render/jsontext.h"

static json_t *line_json(const llw_device_line *line) {
    if (!line) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "gpu", llw_json_string(line->gpu));
    json_object_set_new(o, "free", line->free >= 0 ? json_integer(line->free) : json_null());
    json_object_set_new(o, "weights", json_integer(line->weights));
    json_object_set_new(o, "kv", json_integer(line->kv));
    json_object_set_new(o, "compute", json_integer(line->compute));
    json_object_set_new(o, "left", line->known ? json_integer(line->left) : json_null());
    return o;
}

static json_t *pair_json(const char *name, const char *before, const char *after) {
    json_t *o = json_object();
    json_object_set_new(o, "name", llw_json_string(name));
    json_object_set_new(o, "before", llw_json_string(before));
    json_object_set_new(o, "after", llw_json_string(after));
    return o;
}

static json_t *finding_json(const llw_finding_change *f) {
    json_t *o = json_object();
    json_object_set_new(o, "change", json_string(llw_change_kind_name(f->kind)));
    json_object_set_new(o, "code", llw_json_string(f->code));
    json_object_set_new(o, "rule", llw_json_string(f->rule));
    json_object_set_new(o, "level", json_string(llw_level_name(f->level)));
    json_object_set_new(o, "text", llw_json_string(f->text));
    json_object_set_new(o, "was", *f->was ? llw_json_string(f->was) : json_null());
    json_object_set_new(o, "reason", *f->reason ? llw_json_string(f->reason) : json_null());
    return o;
}

static json_t *verdict_json(const llw_decision *d) {
    json_t *o = json_object();
    json_object_set_new(o, "verdict", json_string(llw_verdict_name(d->verdict)));
    json_object_set_new(o, "text", llw_json_string(d->verdict_text));
    json_object_set_new(o, "uncertainty", llw_json_string(d->uncertainty));
    json_object_set_new(o, "survival", llw_json_string(d->survival));
    return o;
}

void llw_difference_json(json_t *object, const llw_difference *d) {
    json_t *inputs = json_array(), *devices = json_array(), *figures = json_array(), *findings = json_array(),
           *lessons = json_array();
    for (size_t i = 0; i < d->n_inputs; i++)
        json_array_append_new(inputs, pair_json(d->inputs[i].name, d->inputs[i].before, d->inputs[i].after));
    for (size_t i = 0; i < d->n_devices; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "name", llw_json_string(d->devices[i].name));
        json_object_set_new(o, "before", line_json(d->devices[i].before));
        json_object_set_new(o, "after", line_json(d->devices[i].after));
        json_array_append_new(devices, o);
    }
    for (size_t i = 0; i < d->n_figures; i++)
        json_array_append_new(figures,
                              pair_json(d->figures[i].name, d->figures[i].before, d->figures[i].after));
    for (size_t i = 0; i < d->n_findings; i++) json_array_append_new(findings, finding_json(&d->findings[i]));
    for (size_t i = 0; i < d->n_lessons; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "code", llw_json_string(d->lessons[i].lesson->code));
        json_object_set_new(o, "before", json_string(llw_state_name(d->lessons[i].before)));
        json_object_set_new(o, "after", json_string(llw_state_name(d->lessons[i].after)));
        json_object_set_new(o, "text", llw_json_string(d->lessons[i].text));
        json_array_append_new(lessons, o);
    }
    json_object_set_new(object, "before", verdict_json(&d->before));
    json_object_set_new(object, "after", verdict_json(&d->after));
    json_object_set_new(object, "inputs", inputs);
    json_object_set_new(object, "devices", devices);
    json_object_set_new(object, "figures", figures);
    json_object_set_new(object, "findings", findings);
    json_object_set_new(object, "lessons", lessons);
}

void llw_render_what_if_json(llw_text *out, const llw_difference *d, const char *const *supposed, size_t n) {
    json_t *root = json_object(), *items = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(items, llw_json_string(supposed[i]));
    json_object_set_new(root, "schema", json_string("llwhy.what-if/1"));
    json_object_set_new(root, "supposed", items);
    llw_difference_json(root, d);
    llw_json_dump(out, root);
}

void llw_render_contrast_json(llw_text *out, const llw_difference *d) {
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_string("llwhy.contrast/1"));
    json_object_set_new(root, "a", llw_json_string(d->a.name));
    json_object_set_new(root, "b", llw_json_string(d->b.name));
    llw_difference_json(root, d);
    llw_json_dump(out, root);
}
