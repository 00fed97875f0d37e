/* Loads of a log as JSON: the contract of llwhy.log/1. */
#include "render/log.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static json_t *text(const char *s) {
    if (!s) return json_null();
    json_t *plain = json_string(s);
    if (plain) return plain;
    llw_text safe = {0}; /* bytes from outside that are no UTF-8 */
    llw_text_add_safe(&safe, s, strlen(s), false);
    plain = json_string(llw_text_str(&safe));
    llw_text_fini(&safe);
    return plain;
}

static json_t *count(int64_t n) {
    return n < 0 ? json_null() : json_integer(n);
}

static json_t *line(int n) {
    return n > 0 ? json_integer(n) : json_null();
}

static void put(json_t *o, const char *key, json_t *value) {
    json_object_set_new(o, key, value);
}

static json_t *device_json(const llw_log_device *d, bool host) {
    json_t *o = json_object();
    if (!host) put(o, "name", text(d->name));
    put(o, "description", text(d->description));
    put(o, "total", count(d->total));
    put(o, "free", count(d->free));
    put(o, "model", count(d->model));
    put(o, "context", count(d->context));
    put(o, "recurrent", count(d->recurrent));
    put(o, "compute", count(d->compute));
    put(o, "mapped", json_integer(d->mapped));
    put(o, "output", count(d->output));
    put(o, "other", json_integer(d->other));
    put(o, "draft", count(d->draft));
    put(o, "precision", d->precision ? json_integer(d->precision) : json_null());
    put(o, "unaccounted", count(d->unaccounted));
    put(o, "line", line(d->line));
    return o;
}

static json_t *model_json(const llw_load *l) {
    json_t *o = json_object();
    put(o, "arch", text(l->architecture));
    put(o, "name", text(l->name));
    put(o, "path", text(l->path));
    put(o, "file_type", text(l->file_type));
    put(o, "file_bytes", count(l->file_bytes));
    put(o, "params", count(l->params));
    put(o, "n_layer", count(l->n_layer));
    put(o, "n_ctx_train", count(l->n_ctx_train));
    put(o, "draft", json_boolean(l->draft));
    return o;
}

static json_t *oom_json(const llw_log_oom *oom) {
    if (!oom->line) return json_null();
    json_t *o = json_object();
    put(o, "device", text(oom->device));
    put(o, "asked", count(oom->asked));
    put(o, "free", count(oom->free));
    put(o, "free_before", count(oom->free_before));
    put(o, "taken", json_integer(oom->taken));
    put(o, "for", text(oom->killed || oom->running ? NULL : llw_log_part_name(oom->part)));
    put(o, "running", json_boolean(oom->running));
    put(o, "killed", json_boolean(oom->killed));
    put(o, "line", line(oom->line));
    return o;
}

static json_t *fit_json(const llw_log_fit *fit) {
    static const char *const state[] = {"none", "started", "unchanged", "adjusted", "gave-up", "error"};
    if (fit->state == LLW_LOG_FIT_NONE) return json_null();
    json_t *o = json_object();
    put(o, "state", text(state[fit->state]));
    put(o, "reason", text(fit->reason));
    put(o, "context_from", count(fit->context_from));
    put(o, "context_to", count(fit->context_to));
    put(o, "seconds", fit->seconds < 0 ? json_null() : json_real(fit->seconds));
    put(o, "line", line(fit->line));
    return o;
}

static json_t *speed_json(const llw_load *l) {
    if (!l->requests) return json_null();
    json_t *o = json_object();
    put(o, "requests", json_integer(l->requests));
    put(o, "prompt_tokens", json_integer(l->prompt_tokens));
    put(o, "prompt_per_second",
        l->prompt_ms > 0          ? json_real((double)l->prompt_tokens * 1e3 / l->prompt_ms)
        : l->cli_prompt_speed > 0 ? json_real(l->cli_prompt_speed)
                                  : json_null());
    put(o, "longest_prompt", count(l->longest_prompt));
    put(o, "eval_tokens", json_integer(l->eval_tokens));
    put(o, "eval_per_second",
        l->eval_ms > 0     ? json_real(l->eval_steps * 1e3 / l->eval_ms)
        : l->cli_speed > 0 ? json_real(l->cli_speed)
                           : json_null());
    return o;
}

static json_t *splits_json(const llw_load *l, const int64_t *from) {
    json_t *a = json_array();
    for (int i = 0; i < l->n_splits; i++) json_array_append_new(a, count(from[i]));
    return a;
}

static json_t *findings_json(const llw_load *l) {
    json_t *a = json_array();
    for (int i = 0; i < l->n_findings; i++) {
        const llw_log_finding *f = &l->findings[i];
        json_t *o = json_object();
        put(o, "code", text(f->code));
        put(o, "level", text(f->level));
        put(o, "line", line(f->line));
        put(o, "message", text(f->message));
        put(o, "advice", text(f->advice));
        json_array_append_new(a, o);
    }
    return a;
}

static json_t *memory_json(const char *name, const llw_memory *m) {
    json_t *o = json_object();
    if (name) put(o, "name", text(name));
    put(o, "model", count(m->weights));
    put(o, "context", count(m->context));
    put(o, "compute", count(m->compute_loaded)); /* as a load takes it, to lie beside the measured one */
    return o;
}

static json_t *predicted_json(const llw_load *l, const llw_log_extra *x) {
    if (!x->predicted) return json_null();
    json_t *o = json_object(), *devices = json_array();
    const llw_predicted *p = x->predicted;
    bool known = p->rc == LLW_OK && p->fit.prediction.outcome == LLW_OUTCOME_OK;
    put(o, "model", text(x->model));
    put(o, "reason", text(p->rc != LLW_OK ? p->err.text : known ? NULL : p->fit.prediction.reason));
    for (int d = 0; known && d < p->fit.prediction.n_devices; d++)
        json_array_append_new(devices,
                              memory_json(p->fit.launch.devices[d].name, &p->fit.prediction.device[d]));
    put(o, "devices", devices);
    put(o, "host", known ? memory_json(NULL, &p->fit.prediction.host) : json_null());
    put(o, "agrees", known ? json_boolean(llw_log_agrees(l, p)) : json_null());
    put(o, "assumed", text(x->unsaid));
    return o;
}

static json_t *repairs_json(const llw_log_extra *x) {
    json_t *a = json_array();
    for (size_t i = 0; i < x->n_repairs; i++) {
        json_t *o = json_object(), *set = json_array(), *drop = json_array();
        for (size_t k = 0; k < x->repairs[i].n_set; k++)
            json_array_append_new(set, text(x->repairs[i].set[k]));
        for (size_t k = 0; k < x->repairs[i].n_drop; k++)
            json_array_append_new(drop, text(x->repairs[i].drop[k]));
        put(o, "set", set);
        put(o, "drop", drop);
        put(o, "costs", text(x->repairs[i].costs));
        json_array_append_new(a, o);
    }
    return a;
}

static json_t *load_json(const llw_load *l, const llw_log_extra *x) {
    json_t *o = json_object(), *devices = json_array(), *evidence = json_array();
    put(o, "lines", json_pack("[i,i]", l->first_line, l->last_line));
    put(o, "source", text(l->source));
    put(o, "build", text(l->build));
    put(o, "build_text", text(l->build_text));
    put(o, "commit", text(l->commit));
    put(o, "engine", text(l->ik ? "ik_llama.cpp" : l->ollama_engine ? "ollama" : "llama.cpp"));
    put(o, "program", text(l->program));
    put(o, "verbosity", count(l->verbosity));
    put(o, "model", model_json(l));
    put(o, "n_ctx", count(l->n_ctx));
    put(o, "n_ctx_seq", count(l->n_ctx_seq));
    put(o, "n_seq", count(l->n_seq));
    put(o, "n_batch", count(l->n_batch));
    put(o, "n_ubatch", count(l->n_ubatch));
    put(o, "flash_attn", text(l->flash_attn));
    put(o, "kv_unified", l->kv_unified ? json_boolean(!strcmp(l->kv_unified, "true")) : json_null());
    put(o, "cache_type_k", text(l->type_k));
    put(o, "cache_type_v", text(l->type_v));
    put(o, "pipelined", json_boolean(l->pipelined));
    put(o, "offloaded",
        l->offloaded < 0 ? json_null() : json_pack("[I,I]", (json_int_t)l->offloaded, (json_int_t)l->layers));
    for (int i = 0; i < l->n_devices; i++) json_array_append_new(devices, device_json(&l->devices[i], false));
    put(o, "devices", devices);
    put(o, "host", device_json(&l->host, true));
    put(o, "outcome", text(llw_log_outcome_name(l->outcome)));
    for (int i = 0; i < l->n_evidence; i++) json_array_append_new(evidence, json_integer(l->evidence[i]));
    put(o, "evidence", evidence);
    put(o, "ready_line", line(l->loaded_line));
    put(o, "failure", text(l->failure));
    put(o, "illegal_access", json_boolean(l->illegal_access));
    put(o, "oom", oom_json(&l->oom));
    put(o, "retried", oom_json(&l->retry));
    put(o, "graph_splits", splits_json(l, l->splits));
    put(o, "graph_split_batches", splits_json(l, l->split_batch));
    put(o, "fit", fit_json(&l->fit));
    put(o, "speed", speed_json(l));
    put(o, "warnings", json_integer((json_int_t)l->n_warnings));
    put(o, "errors", json_integer((json_int_t)l->n_errors));
    put(o, "findings", findings_json(l));
    put(o, "predicted", predicted_json(l, x));
    put(o, "repairs", repairs_json(x));
    return o;
}

void llw_render_log_json(llw_text *out, const llw_log *log, const llw_log_extra *extras) {
    json_t *root = json_object(), *loads = json_array();
    put(root, "schema", json_string("llwhy.log/1"));
    put(root, "file", text(log->path));
    put(root, "lines", json_integer(log->lines));
    for (size_t i = 0; i < log->n_loads; i++)
        json_array_append_new(loads, load_json(&log->loads[i], &extras[i]));
    put(root, "loads", loads);
    put(root, "more", json_integer((json_int_t)log->n_more));
    char *dumped = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(6));
    if (dumped) llw_text_add_json_safe(out, dumped);
    llw_text_add(out, "\n");
    free(dumped);
    json_decref(root);
}
