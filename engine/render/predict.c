/* Predictions and fits, as text and as JSON (docs/json/predict.schema.json, fit.schema.json). */
#include "render/predict.h"
#include "predict/draft.h"
#include "render/jsontext.h"

#include <string.h>

static const char *outcome_name(llw_outcome outcome) {
    static const char *const name[] = {"ok", "refused", "aborts", "unknown"};
    return name[outcome];
}

static const char *fit_name(llw_fit_outcome outcome) {
    static const char *const name[] = {"off", "unchanged", "adjusted", "gave-up", "failed", "unknown"};
    return name[outcome];
}

static json_t *bytes(int64_t n) {
    return n < 0 ? json_null() : json_integer(n);
}

static json_t *exact_json(const llw_memory *m) {
    json_t *o = json_object();
    json_object_set_new(o, "model", json_boolean(m->weights_exact));
    json_object_set_new(o, "context", json_boolean(m->context_exact));
    json_object_set_new(o, "compute", json_boolean(m->compute_exact));
    return o;
}

static json_t *device_json(const llw_fit *fit, int d) {
    const llw_device *device = &fit->launch.devices[d];
    const llw_memory *m = &fit->prediction.device[d];
    json_t *o = json_object(), *band = json_object(), *compute = json_array();
    bool known = m->weights >= 0 && m->context >= 0 && m->compute >= 0;
    json_object_set_new(o, "name", llw_json_string(device->name));
    json_object_set_new(o, "total", device->known ? json_integer(device->total) : json_null());
    json_object_set_new(o, "free", device->known ? json_integer(device->free) : json_null());
    json_object_set_new(o, "model", bytes(m->weights));
    json_object_set_new(o, "context", bytes(m->context));
    json_object_set_new(o, "compute", bytes(m->compute));
    json_object_set_new(o, "compute_loaded", bytes(m->compute_loaded));
    json_object_set_new(o, "exact", exact_json(m));
    json_array_append_new(compute, bytes(m->compute_low));
    json_array_append_new(compute, bytes(m->compute_high));
    json_object_set_new(band, "compute", compute);
    json_object_set_new(o, "band", band);
    json_object_set_new(
        o, "left", device->known && known ? json_integer(device->free - llw_fit_need(fit, d)) : json_null());
    json_object_set_new(o, "layers", json_integer(m->layers));
    return o;
}

/* A draft's part of a device, or null where there is none or nobody knows it. */
static json_t *draft_json(const llw_draft *draft, int device) {
    const llw_memory *m = &draft->device[device];
    if (!draft->used || draft->outcome != LLW_OUTCOME_OK) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "model", bytes(m->weights));
    json_object_set_new(o, "context", bytes(m->context));
    json_object_set_new(o, "compute", bytes(m->compute));
    json_object_set_new(o, "exact", json_boolean(!m->compute || llw_memory_is_exact(m)));
    return o;
}

static json_t *devices_json(const llw_fit *fit) {
    json_t *devices = json_array();
    for (int d = 0; d < fit->prediction.n_devices; d++) {
        json_t *device = device_json(fit, d);
        if (fit->draft.used) json_object_set_new(device, "draft", draft_json(&fit->draft, d));
        json_array_append_new(devices, device);
    }
    return devices;
}

static json_t *host_json(const llw_memory *m) {
    json_t *o = json_object();
    json_object_set_new(o, "model", bytes(m->weights));
    json_object_set_new(o, "context", bytes(m->context));
    json_object_set_new(o, "compute", bytes(m->compute));
    json_object_set_new(o, "compute_loaded", bytes(m->compute_loaded));
    json_object_set_new(o, "exact", exact_json(m));
    return o;
}

static json_t *count_or_null(int64_t n) {
    return n > 0 ? json_integer(n) : json_null();
}

/* Of what llama.cpp does not take: refused, where it does not abort on it. */
static json_t *outcome_json(const llw_told *told) {
    const llw_predicted *p = told->predicted;
    llw_outcome outcome = p->rc == LLW_OK          ? p->fit.prediction.outcome
                          : p->rc == LLW_ERR_INPUT ? LLW_OUTCOME_REFUSED
                                                   : LLW_OUTCOME_UNKNOWN;
    if (told->refusal && outcome != LLW_OUTCOME_ABORTS) outcome = LLW_OUTCOME_REFUSED;
    return outcome == LLW_OUTCOME_UNKNOWN ? json_null() : json_string(outcome_name(outcome));
}

void llw_render_prediction_json(llw_text *out, const llw_told *told) {
    const llw_predicted *p = told->predicted;
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_string("llwhy.predict/1"));
    json_object_set_new(root, "verdict", json_string(llw_verdict_name(told->verdict)));
    json_object_set_new(root, "outcome", outcome_json(told));
    if (p->rc != LLW_OK || told->refusal) {
        json_object_set_new(root, "reason", llw_json_string(told->refusal ? told->refusal : p->err.text));
        json_object_set_new(root, "devices", json_array());
        json_object_set_new(root, "host", json_pack("{s:n,s:n,s:n}", "model", "context", "compute"));
        json_object_set_new(root, "n_ctx", json_null());
        json_object_set_new(root, "n_seq", json_null());
        llw_json_dump(out, root);
        return;
    }
    const llw_prediction *q = &p->fit.prediction;
    json_object_set_new(root, "reason", llw_json_string(q->reason ? q->reason : ""));
    json_object_set_new(root, "devices", devices_json(&p->fit));
    json_object_set_new(root, "host", host_json(&q->host));
    if (p->as_read.split_mode == LLW_SPLIT_TENSOR)
        json_object_set_new(root, "together", host_json(&q->together));
    json_object_set_new(root, "n_ctx", count_or_null(q->n_ctx));
    json_object_set_new(root, "n_ctx_seq", count_or_null(q->n_ctx_seq));
    json_object_set_new(root, "n_seq", count_or_null(q->n_seq));
    json_object_set_new(root, "n_batch", count_or_null(q->n_batch));
    json_object_set_new(root, "n_ubatch", count_or_null(q->n_ubatch));
    json_object_set_new(root, "flash_attn", json_boolean(q->flash_attn));
    json_object_set_new(root, "pipelined", json_boolean(q->pipelined));
    json_object_set_new(root, "weights_on_host", bytes(q->weights_on_host));
    json_object_set_new(
        root, "fit", p->fit.outcome == LLW_FIT_UNKNOWN ? json_null() : json_string(fit_name(p->fit.outcome)));
    llw_json_dump(out, root);
}

static json_t *better_json(const llw_candidate *better) {
    if (!better) return json_null();
    json_t *o = json_object(), *args = json_array();
    for (size_t i = 0; i < better->n_flags; i++)
        json_array_append_new(args, llw_json_string(better->flags[i]));
    json_object_set_new(o, "args", args);
    json_object_set_new(o, "n_ctx", json_integer(better->ctx));
    json_object_set_new(o, "reason", llw_json_string(better->reason));
    return o;
}

void llw_render_fit_json(llw_text *out, const llw_told *told) {
    const llw_predicted *p = told->predicted;
    json_t *root = json_object(), *args = json_array(), *steps = json_array();
    json_object_set_new(root, "schema", json_string("llwhy.fit/1"));
    json_object_set_new(root, "verdict", json_string(llw_verdict_name(told->verdict)));
    bool figures = p->rc == LLW_OK && !told->refusal, known = figures && p->fit.outcome != LLW_FIT_UNKNOWN;
    json_object_set_new(root, "outcome", known ? json_string(fit_name(p->fit.outcome)) : json_null());
    for (size_t i = 0; known && i < p->fit.n_args; i++)
        json_array_append_new(args, llw_json_string(p->fit.args[i]));
    for (size_t i = 0; known && i < p->fit.n_steps; i++)
        json_array_append_new(steps, json_string(p->fit.steps[i]));
    json_object_set_new(root, "args", args);
    json_object_set_new(root, "fits", known ? json_boolean(p->fit.fits) : json_null());
    json_object_set_new(root, "exact", known ? json_boolean(p->fit.exact) : json_null());
    json_object_set_new(root, "meets_target", known ? json_boolean(p->fit.meets_target) : json_null());
    json_object_set_new(root, "reason",
                        llw_json_string(told->refusal     ? told->refusal
                                        : p->rc != LLW_OK ? p->err.text
                                        : p->fit.reason   ? p->fit.reason
                                                          : ""));
    json_object_set_new(root, "steps", steps);
    json_object_set_new(root, "better", better_json(told->better));
    json_object_set_new(root, "devices", figures ? devices_json(&p->fit) : json_array());
    json_object_set_new(root, "n_ctx", figures ? count_or_null(p->fit.prediction.n_ctx) : json_null());
    llw_json_dump(out, root);
}

/* A draft's line below its device's, whose rest counts it. */
static void draft_row(llw_text *out, const llw_draft *draft, const llw_memory *m) {
    char a[LLW_NUMBER_MAX], b[LLW_NUMBER_MAX], c[LLW_NUMBER_MAX];
    if (!draft->used || draft->outcome != LLW_OUTCOME_OK || !llw_memory_sum(m)) return;
    llw_text_addf(out, "%-8s %18s %18s %18s%s\n", " + draft", llw_format_count(a, m->weights),
                  llw_format_count(b, m->context), llw_format_count(c, m->compute),
                  m->compute_exact ? "" : "~");
}

static void row(llw_text *out, const char *name, const llw_memory *m, bool known, int64_t free) {
    char a[LLW_NUMBER_MAX], b[LLW_NUMBER_MAX], c[LLW_NUMBER_MAX], l[LLW_NUMBER_MAX];
    const int64_t parts[] = {m->weights, m->context, m->compute};
    char *buf[] = {a, b, c};
    for (int i = 0; i < 3; i++)
        if (parts[i] < 0)
            snprintf(buf[i], LLW_NUMBER_MAX, "unknown");
        else
            llw_format_count(buf[i], parts[i]);
    llw_text_addf(out, "%-8s %18s %18s %18s%s", name, a, b, c,
                  m->compute_exact || m->compute < 0 ? " " : "~");
    if (known) llw_text_addf(out, " %18s", llw_format_count(l, free - m->weights - m->context - m->compute));
    llw_text_add(out, "\n");
}

static void say_refusal(llw_text *out, const llw_style *style, const llw_told *told) {
    llw_wrap(out, style, told->refusal, 0, 2);
    llw_text_add(out, "\n");
    llw_flatten(out, style);
}

void llw_render_prediction_text(llw_text *out, const llw_style *style, const llw_told *told) {
    const llw_predicted *p = told->predicted;
    if (told->refusal) {
        say_refusal(out, style, told);
        return;
    }
    if (p->rc != LLW_OK) {
        llw_text_addf(out, "Nothing can be predicted: %s\n", p->err.text);
        return;
    }
    const llw_prediction *q = &p->fit.prediction;
    if (q->outcome != LLW_OUTCOME_OK) {
        llw_text_addf(out, "outcome: %s", outcome_name(q->outcome));
        llw_text_addf(out, "%s%s\n", *q->reason ? ": " : "", q->reason);
    }
    llw_text_addf(out, "%-8s %18s %18s %18s  %18s\n", "bytes", "model", "context", "compute", "left");
    for (int d = 0; d < q->n_devices; d++) {
        row(out, p->fit.launch.devices[d].name, &q->device[d], p->fit.launch.devices[d].known,
            p->fit.launch.devices[d].free - llw_draft_takes(&p->fit.draft, d));
        draft_row(out, &p->fit.draft, &p->fit.draft.device[d]);
    }
    row(out, "Host", &q->host, false, 0);
    draft_row(out, &p->fit.draft, &p->fit.draft.host);
    if (p->fit.draft.used && p->fit.draft.outcome != LLW_OUTCOME_OK)
        llw_text_addf(out, "the draft: not known: %s\n", p->fit.draft.reason);
    llw_text_addf(out, "n_ctx %lld (%lld per slot), %d slots, ubatch %lld, flash attention %s%s; --fit: %s\n",
                  (long long)q->n_ctx, (long long)q->n_ctx_seq, q->n_seq, (long long)q->n_ubatch,
                  q->flash_attn ? "on" : "off", q->pipelined ? ", pipelined" : "", fit_name(p->fit.outcome));
    for (int d = 0; d < q->n_devices; d++)
        if (!q->device[d].compute_exact) {
            llw_text_add(out, "~ estimated; ");
            char a[LLW_NUMBER_MAX], b[LLW_NUMBER_MAX];
            llw_text_addf(out, "%s between %s and %s\n", p->fit.launch.devices[d].name,
                          llw_format_mib(a, q->device[d].compute_low),
                          llw_format_mib(b, q->device[d].compute_high));
        }
    for (size_t i = 0; i < q->n_steps; i++) {
        const llw_step *s = &q->steps[i];
        if (s->depth > 0 || s->result == LLW_placement_layers || s->result == LLW_launch_pipelined) continue;
        llw_text line = {0};
        llw_text_addf(&line, "%s %s: %s", s->device < 0 ? "Host" : p->fit.launch.devices[s->device].name,
                      llw_attr_get(s->result)->name, s->text);
        if (s->source && *s->source) llw_text_addf(&line, " [%s]", s->source);
        llw_text_add(out, "  ");
        llw_wrap(out, style, llw_text_str(&line), 2, 4);
        llw_text_add(out, "\n");
        llw_text_fini(&line);
    }
    llw_flatten(out, style);
}

/* The plan to take instead: its flags, what comes of it, and why. */
static void say_better(llw_text *out, const llw_style *style, const llw_launch *given,
                       const llw_candidate *c) {
    char number[LLW_NUMBER_MAX], bytes[LLW_NUMBER_MAX];
    bool placed = given->gpu_layers_given || given->n_tensor_split || given->n_overrides;
    llw_text line = {0};
    llw_text_add(&line, "Better:");
    for (size_t i = 0; i < c->n_flags; i++) llw_text_addf(&line, " %s", c->flags[i]);
    if (placed) llw_text_addf(&line, "%s without -ngl, -ts, -ot and their like", c->n_flags ? "," : "");
    llw_wrap(out, style, llw_text_str(&line), 0, 2);
    llw_text_fini(&line);
    llw_text_add(out, "\n  ");
    llw_text_addf(&line, "The context is %s", llw_format_count(number, c->ctx));
    for (int d = 0; d < c->fit.prediction.n_devices; d++) {
        int64_t need = llw_fit_need(&c->fit, d);
        if (need)
            llw_text_addf(&line, ", %s keeps %s free", c->launch.devices[d].name,
                          llw_format_mib(bytes, c->launch.devices[d].free - need));
    }
    if (c->fit.prediction.weights_on_host)
        llw_text_addf(&line, ", %s of the layers work in RAM",
                      llw_format_bytes(bytes, c->fit.prediction.weights_on_host));
    llw_text_addf(&line, ": %s.", c->reason);
    llw_wrap(out, style, llw_text_str(&line), 2, 2);
    llw_text_fini(&line);
    llw_text_add(out, "\n");
}

void llw_render_fit_text(llw_text *out, const llw_style *style, const llw_told *told) {
    const llw_predicted *p = told->predicted;
    if (told->refusal) {
        say_refusal(out, style, told);
        return;
    }
    if (p->rc != LLW_OK) {
        llw_text_addf(out, "What --fit will do cannot be told: %s\n", p->err.text);
        return;
    }
    const llw_fit *fit = &p->fit;
    llw_text line = {0};
    llw_text_addf(&line, "--fit: %s", fit_name(fit->outcome));
    if (fit->reason && *fit->reason) llw_text_addf(&line, ": %s", fit->reason);
    llw_wrap(out, style, llw_text_str(&line), 0, 2);
    llw_text_fini(&line);
    llw_text_add(out, "\n");
    for (size_t i = 0; i < fit->n_steps; i++) {
        llw_text_addf(out, "%3zu ", i + 1);
        llw_wrap(out, style, fit->steps[i], 4, 4);
        llw_text_add(out, "\n");
    }
    if (fit->n_args) {
        llw_text_add(&line, fit->outcome == LLW_FIT_ADJUSTED ? "It sets:" : "As flags that is:");
        for (size_t i = 0; i < fit->n_args; i++) llw_text_addf(&line, " %s", fit->args[i]);
        llw_wrap(out, style, llw_text_str(&line), 0, 2);
        llw_text_fini(&line);
        llw_text_add(out, "\n");
    }
    if (fit->outcome != LLW_FIT_UNKNOWN && !fit->fits)
        llw_text_add(out, "The result does not fit: llama.cpp will run out of memory while loading.\n");
    for (int d = 0; d < fit->prediction.n_devices; d++) {
        const llw_device *device = &fit->launch.devices[d];
        char a[LLW_NUMBER_MAX];
        if (!device->known) continue;
        int64_t draft = llw_draft_takes(&fit->draft, d), left = device->free - llw_fit_need(fit, d);
        llw_text_addf(out, "%s: %s %s%s\n", device->name, llw_format_mib(a, left < 0 ? -left : left),
                      left < 0 ? "short" : "left", draft ? ", the draft counted" : "");
    }
    if (told->better) say_better(out, style, &p->as_read, told->better);
    llw_flatten(out, style);
}
