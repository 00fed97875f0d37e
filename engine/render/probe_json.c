/* Probes as JSON and YAML: one document, llwhy.probe/1. What is not known is left out of it. */
#include "render/jsontext.h"
#include "render/probe.h"
#include "render/yamltext.h"

#include <jansson.h>
#include <math.h>

static void put_text(json_t *o, const char *key, const char *text) {
    if (text && *text) json_object_set_new(o, key, llw_json_string(text));
}

static void put_count(json_t *o, const char *key, int64_t n) {
    if (n >= 0) json_object_set_new(o, key, json_integer(n));
}

/* Rounded to microseconds or millionths of a token: more would be noise. */
static void put_real(json_t *o, const char *key, double x) {
    if (x >= 0) json_object_set_new(o, key, json_real(round(x * 1e6) / 1e6));
}

static json_t *strings(const char *const *items, size_t n) {
    json_t *list = json_array();
    for (size_t i = 0; i < n; i++) json_array_append_new(list, llw_json_string(items[i]));
    return list;
}

static json_t *trial_json(const llw_probe_trial *t) {
    json_t *o = json_object();
    put_text(o, "name", t->name);
    put_text(o, "outcome", llw_probe_outcome_name(t->outcome));
    put_text(o, "problem", llw_probe_problem_name(t->problem));
    put_text(o, "detail", t->detail);
    put_count(o, "at_once", t->at_once);
    put_count(o, "wanted_tokens", t->wanted);
    put_count(o, "prompt_tokens", t->prompt);
    put_text(o, "counted_by", llw_probe_counted_name(t->counted));
    put_count(o, "generated_tokens", t->generated);
    put_real(o, "first_token_seconds", t->first_token);
    put_real(o, "seconds", t->seconds);
    put_real(o, "prompt_tokens_per_second", t->prompt_speed);
    put_real(o, "generated_tokens_per_second", t->generated_speed);
    put_text(o, "speed_by", t->speed_source);
    if (t->http_status > 0) put_count(o, "http_status", t->http_status);
    return o;
}

static json_t *build_json(const llw_probe *p) {
    json_t *o = json_object();
    put_text(o, "version", p->build);
    put_text(o, "commit", p->commit);
    put_text(o, "as_told", p->build_info);
    return o;
}

static json_t *model_json(const llw_probe *p) {
    json_t *o = json_object();
    put_text(o, "name", p->model);
    put_text(o, "path", p->model_path);
    put_text(o, "meant", p->model_meant);
    put_text(o, "file_type", p->file_type);
    put_count(o, "file_bytes", p->file_bytes);
    put_count(o, "tensor_bytes", p->model_bytes);
    put_count(o, "parameters", p->parameters);
    put_count(o, "context_trained", p->context_trained);
    return o;
}

static json_t *launch_json(const llw_probe *p) {
    json_t *o = json_object();
    put_text(o, "profile", p->profile);
    put_text(o, "placement", p->placement);
    put_count(o, "context", p->context);
    put_count(o, "slots", p->slots);
    if (p->flags) json_object_set_new(o, "flags", strings(p->flags, p->n_flags));
    return o;
}

static json_t *machine_json(const llw_probe *p) {
    json_t *o = json_object();
    json_object_set_new(o, "here", json_boolean(p->here));
    if (p->devices) json_object_set_new(o, "devices", strings(p->devices, p->n_devices));
    put_text(o, "driver", p->driver);
    return o;
}

static json_t *probe_json(const llw_probe *p) {
    llw_arena *arena = llw_arena_new();
    json_t *o = json_object(), *trials = json_array();
    put_text(o, "started", p->started);
    put_real(o, "seconds", p->seconds);
    put_text(o, "verdict", llw_probe_verdict_name(llw_probe_judge(p)));
    put_text(o, "summary", llw_probe_summary(p, arena));
    json_object_set_new(o, "interrupted", json_boolean(p->interrupted));
    put_text(o, "url", p->url);
    put_text(o, "api", p->api);
    json_object_set_new(o, "build", build_json(p));
    json_object_set_new(o, "model", model_json(p));
    json_object_set_new(o, "launch", launch_json(p));
    json_object_set_new(o, "machine", machine_json(p));
    for (size_t i = 0; i < p->n_trials; i++) json_array_append_new(trials, trial_json(&p->trials[i]));
    json_object_set_new(o, "trials", trials);
    llw_arena_free(arena);
    return o;
}

static json_t *document(const llw_probe *probes, size_t n, const char *tool) {
    json_t *root = json_object(), *list = json_array();
    put_text(root, "schema", "llwhy.probe/1");
    put_text(root, "tool", tool);
    for (size_t i = 0; i < n; i++) json_array_append_new(list, probe_json(&probes[i]));
    json_object_set_new(root, "probes", list);
    return root;
}

void llw_render_probes_json(llw_text *out, const llw_probe *probes, size_t n, const char *tool) {
    llw_json_dump(out, document(probes, n, tool));
}

void llw_render_probes_yaml(llw_text *out, const llw_probe *probes, size_t n, const char *tool) {
    llw_yaml_dump(out, document(probes, n, tool));
}
