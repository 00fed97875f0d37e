/* Loads of a log for a reader: what ended where, how it ended, what was predicted, what to do. */
#include "render/log.h"

#include <math.h>
#include <string.h>

enum { FEW = 3 /* loads that are all told in full */, REPAIRS = 3 };

static const int64_t MIB = 1 << 20;

static bool near(int64_t seen, int64_t predicted, int64_t precision) {
    int64_t diff = seen > predicted ? seen - predicted : predicted - seen;
    return diff <= precision;
}

static bool device_agrees(const llw_log_device *d, const llw_memory *m, bool host) {
    /* sums of several rounded figures; the host's compute buffers are those of two places */
    int64_t slack = d->precision * (host ? 4 : 3);
    /* a mapping of the file may span tensors that are on the GPUs */
    bool weights = near(d->model, m->weights, slack) || (d->mapped && d->model > m->weights);
    return (d->model < 0 || weights) && (d->context < 0 || near(d->context, m->context, slack)) &&
           (d->compute < 0 || near(d->compute, m->compute_loaded, slack));
}

bool llw_log_agrees(const llw_load *load, const llw_predicted *p) {
    if (p->rc != LLW_OK || p->fit.prediction.outcome != LLW_OUTCOME_OK) return false;
    for (int i = 0; i < p->fit.prediction.n_devices; i++) {
        const llw_log_device *d = llw_load_device(load, p->fit.launch.devices[i].name);
        if (d && !device_agrees(d, &p->fit.prediction.device[i], false)) return false;
    }
    return device_agrees(&load->host, &p->fit.prediction.host, true);
}

/* The prediction of that device, or NULL. */
static const llw_memory *memory_of(const llw_predicted *p, const char *name) {
    if (!p || p->rc != LLW_OK || p->fit.prediction.outcome != LLW_OUTCOME_OK) return NULL;
    for (int i = 0; i < p->fit.prediction.n_devices; i++)
        if (!strcmp(p->fit.launch.devices[i].name, name)) return &p->fit.prediction.device[i];
    return NULL;
}

const char *llw_log_contradicts(const llw_load *load, const llw_predicted *p, int64_t *expected) {
    const llw_log_oom *oom = &load->oom;
    const llw_memory *m = oom->line && !oom->running && oom->device ? memory_of(p, oom->device) : NULL;
    if (!m) return NULL;
    *expected = oom->part == LLW_LOG_MODEL     ? m->weights
                : oom->part == LLW_LOG_KV      ? m->context
                : oom->part == LLW_LOG_COMPUTE ? m->compute_high
                                               : -1;
    return *expected >= 0 && oom->asked > *expected + *expected / 100 + 4 * oom->asked_precision ? oom->device
                                                                                                 : NULL;
}

static void add_safe(llw_text *t, const char *s) {
    llw_text_add_safe(t, s, strlen(s), false);
}

/* One wrapped paragraph, indented; frees it. */
static void paragraph(llw_text *out, const llw_style *style, int indent, llw_text *t) {
    if (t->len) {
        llw_text_addf(out, "%*s", indent, "");
        llw_wrap(out, style, llw_text_str(t), indent, indent + 2);
        llw_text_add(out, "\n");
    }
    llw_text_fini(t);
}

static const char *number(char buf[LLW_NUMBER_MAX], int64_t n) {
    return llw_format_count(buf, n);
}

/* 21,342.1 of bytes, in MiB; nothing when unknown. */
static void add_mib(llw_text *t, int64_t bytes) {
    if (bytes == INT64_MIN) return;
    int64_t tenths = llround(fabs((double)bytes) * 10 / (double)MIB);
    char whole[LLW_NUMBER_MAX];
    llw_text_addf(t, "%s%s.%d", bytes < 0 ? "-" : "", llw_format_count(whole, tenths / 10),
                  (int)(tenths % 10));
}

static void add_ink_outcome(llw_text *out, const llw_style *style, const llw_load *l) {
    static const char *const words[] = {"the log ends before it does", "loaded", "ran out of memory",
                                        "crashed", "failed"};
    llw_ink ink = l->outcome == LLW_LOG_LOADED    ? LLW_GREEN
                  : l->outcome == LLW_LOG_UNKNOWN ? LLW_YELLOW
                                                  : LLW_RED;
    bool served = l->loaded_line && l->outcome != LLW_LOG_LOADED;
    llw_paint(out, style, ink,
              served && l->outcome == LLW_LOG_CRASH ? "loaded, then crashed"
              : served && l->outcome == LLW_LOG_OOM ? "loaded, then ran out of memory"
                                                    : words[l->outcome]);
}

/* "ollama[4711]" names no other program than ollama. */
static bool says_program(const llw_load *l) {
    size_t n = l->program ? strlen(l->program) : 0;
    return n && !strncmp(l->source, l->program, n) && (!l->source[n] || l->source[n] == '[');
}

static void tell_head(llw_text *out, const llw_style *style, const llw_log *log, const llw_load *l) {
    llw_text t = {0};
    llw_text_addf(&t, "Load %zu", (size_t)(l - log->loads) + 1);
    llw_paint(out, style, LLW_BOLD, llw_text_str(&t));
    llw_text_fini(&t);
    llw_text_addf(out, " (lines %d to %d): ", l->first_line, l->last_line);
    add_ink_outcome(out, style, l);
    if (l->program || l->build_text) {
        llw_text_add(&t, "; ");
        if (l->program) add_safe(&t, l->ollama_engine ? "Ollama's own engine" : l->program);
        if (l->build_text) {
            llw_text_addf(&t, "%s%sbuild ", l->program ? ", " : "", l->ik ? "ik_llama.cpp " : "");
            add_safe(&t, l->build_text);
        }
        if (l->source && !says_program(l)) {
            llw_text_add(&t, ", ");
            add_safe(&t, l->source);
        }
    }
    llw_text_add(out, llw_text_str(&t));
    llw_text_fini(&t);
    llw_text_add(out, "\n");
}

static const char *file_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static void tell_model(llw_text *out, const llw_style *style, const llw_load *l) {
    char buf[LLW_NUMBER_MAX];
    llw_text t = {0};
    if (!l->path && !l->architecture && !l->name) return;
    add_safe(&t, l->path ? file_of(l->path) : l->name ? l->name : "a model");
    if (l->draft) llw_text_add(&t, " (draft model)");
    const char *sep = ": ";
    const char *texts[] = {l->architecture, l->file_type};
    for (int i = 0; i < 2; i++)
        if (texts[i]) {
            llw_text_add(&t, sep);
            add_safe(&t, texts[i]);
            sep = ", ";
        }
    if (l->params > 0)
        llw_text_addf(&t, "%s%s parameters", sep, llw_format_params(buf, l->params)), sep = ", ";
    if (l->file_bytes > 0)
        llw_text_addf(&t, "%s%s of weights", sep, llw_format_bytes(buf, l->file_bytes)), sep = ", ";
    if (l->n_layer > 0) llw_text_addf(&t, "%s%s layers", sep, number(buf, l->n_layer)), sep = ", ";
    if (l->n_expert > 0) llw_text_addf(&t, "%s%s experts", sep, number(buf, l->n_expert));
    paragraph(out, style, 2, &t);
}

static void tell_settings(llw_text *out, const llw_style *style, const llw_load *l) {
    char buf[LLW_NUMBER_MAX];
    llw_text t = {0};
    if (l->n_ctx > 0) llw_text_addf(&t, "context %s", number(buf, l->n_ctx));
    if (l->n_ctx > 0 && l->n_ctx_seq > 0 && l->n_ctx_seq != l->n_ctx)
        llw_text_addf(&t, " (%s each)", number(buf, l->n_ctx_seq));
    if (l->n_ctx <= 0 && l->n_ctx_seq > 0)
        llw_text_addf(&t, ", context of a slot %s", number(buf, l->n_ctx_seq));
    if (l->n_seq > 1)
        llw_text_addf(&t, ", %s slots%s", number(buf, l->n_seq),
                      l->kv_unified && !strcmp(l->kv_unified, "true") ? " sharing it" : "");
    if (l->n_batch > 0 && l->n_ubatch > 0) {
        char more[LLW_NUMBER_MAX];
        llw_text_addf(&t, ", -b %s -ub %s", number(buf, l->n_batch), number(more, l->n_ubatch));
    }
    if (l->flash_attn) llw_text_addf(&t, ", flash attention %s", l->flash_attn);
    if (l->type_k && l->type_v) {
        llw_text_add(&t, ", cache ");
        add_safe(&t, l->type_k);
        llw_text_add(&t, "/");
        add_safe(&t, l->type_v);
    }
    if (l->pipelined) llw_text_add(&t, ", pipelined");
    if (l->n_ctx <= 0 && t.len > 2) { /* a part of a log may lack the context, which comes first */
        llw_text rest = {0};
        llw_text_add(&rest, llw_text_str(&t) + 2);
        llw_text_fini(&t);
        t = rest;
    }
    paragraph(out, style, 2, &t);
    if (l->offloaded >= 0)
        llw_text_addf(&t, "%lld of %lld layers on GPUs", (long long)l->offloaded, (long long)l->layers);
    if (l->n_splits) {
        llw_text_addf(&t, "%sgraph in %lld piece%s", t.len ? "; " : "", (long long)l->splits[0],
                      l->splits[0] == 1 ? "" : "s");
        if (l->n_splits > 1 && l->splits[1] != l->splits[0])
            llw_text_addf(&t, " (%lld for one token a slot)", (long long)l->splits[1]);
    }
    paragraph(out, style, 2, &t);
}

static void row(llw_text *out, const char *name, const char *what, const int64_t v[5], const char *tail) {
    llw_text t = {0};
    add_safe(&t, name);
    llw_text_addf(out, "  %-8s %-9s", llw_text_str(&t), what);
    llw_text_fini(&t);
    for (int i = 0; i < 5; i++) {
        add_mib(&t, v[i]);
        llw_text_addf(out, " %11s", llw_text_str(&t));
        llw_text_fini(&t);
    }
    while (out->len && out->bytes[out->len - 1] == ' ') out->bytes[--out->len] = 0;
    if (*tail) llw_text_addf(out, "  %s", tail);
    llw_text_add(out, "\n");
}

static int64_t or_none(int64_t bytes) {
    return bytes < 0 ? INT64_MIN : bytes;
}

/* What to say of a predicted row. */
static const char *verdict_of(const llw_log_device *d, const llw_memory *m, bool host) {
    if (d->model < 0 && d->context < 0 && d->compute < 0) return "";
    if (device_agrees(d, m, host)) return "as measured";
    llw_log_device rest = *d;
    rest.compute = -1;
    if (!device_agrees(&rest, m, host)) return "differs";
    bool inside = d->compute >= m->compute_low - d->precision && d->compute <= m->compute_high + d->precision;
    return m->compute_exact ? "compute differs"
           : inside         ? "compute within its band"
                            : "compute differs (an estimate)";
}

static void tell_device(llw_text *out, const llw_log_device *d, const llw_memory *m, bool host) {
    bool all = d->model >= 0 && d->context >= 0 && d->compute >= 0;
    bool some = d->model >= 0 || d->context >= 0 || d->compute >= 0 || d->free >= 0;
    int64_t left = all && d->free >= 0 && d->draft >= 0 && !host
                       ? d->free - d->model - d->context - d->compute - d->other - d->draft
                       : INT64_MIN;
    if (some)
        row(out, d->name, "measured",
            (int64_t[]){or_none(d->free), or_none(d->model), or_none(d->context), or_none(d->compute), left},
            "");
    if (m)
        row(out, some ? "" : d->name, "predicted",
            (int64_t[]){INT64_MIN, or_none(m->weights), or_none(m->context), or_none(m->compute_loaded),
                        INT64_MIN},
            verdict_of(d, m, host));
}

/* What drafts for it, and what that takes: the rows above leave it out, "left" does not. */
static void tell_draft(llw_text *out, const llw_style *style, const llw_load *l) {
    llw_text t = {0}, sizes = {0};
    if (!l->draft_line && !l->draft_context) return;
    llw_text_add(&t, l->draft_line ? "A draft stands beside it" : "Layers of its own draft");
    if (l->draft_path) {
        llw_text_add(&t, ", ");
        add_safe(&t, file_of(l->draft_path));
    }
    for (int i = 0; i <= l->n_devices; i++) {
        const llw_log_device *d = i < l->n_devices ? &l->devices[i] : &l->host;
        if (d->draft <= 0) continue;
        llw_text_add(&sizes, sizes.len ? ", " : ": ");
        add_mib(&sizes, d->draft);
        llw_text_add(&sizes, " MiB of ");
        add_safe(&sizes, d->name);
    }
    llw_text_addf(&t, "%s.", sizes.len ? llw_text_str(&sizes) : "; what it takes is not told");
    llw_text_fini(&sizes);
    paragraph(out, style, 2, &t);
}

static void tell_memory(llw_text *out, const llw_style *style, const llw_load *l, const llw_log_extra *x) {
    const llw_predicted *p = x->predicted;
    bool known = p && p->rc == LLW_OK && p->fit.prediction.outcome == LLW_OUTCOME_OK;
    bool figures = l->n_buffers || l->host.from_summary, memory = false;
    for (int i = 0; i < l->n_devices; i++) memory |= l->devices[i].free >= 0;
    if (!figures && !memory && !known) return;
    llw_text_addf(out, "\n  %-18s %11s %11s %11s %11s %11s\n", "MiB", "free before", "model", "context",
                  "compute", "left");
    for (int i = 0; i < l->n_devices; i++)
        tell_device(out, &l->devices[i], memory_of(p, l->devices[i].name), false);
    for (int i = 0; known && i < p->fit.prediction.n_devices;
         i++) { /* devices that only the prediction knows */
        const llw_memory *m = &p->fit.prediction.device[i];
        if (llw_load_device(l, p->fit.launch.devices[i].name)) continue;
        row(out, p->fit.launch.devices[i].name, "predicted",
            (int64_t[]){INT64_MIN, or_none(m->weights), or_none(m->context), or_none(m->compute_loaded),
                        INT64_MIN},
            "");
    }
    tell_device(out, &l->host, known ? &p->fit.prediction.host : NULL, true);
    llw_text t = {0};
    if (p && p->rc != LLW_OK) {
        llw_text_add(&t, "Not predicted: ");
        add_safe(&t, p->err.text);
    } else if (p && !known) {
        llw_text_add(&t, "Prediction says it cannot load: ");
        add_safe(&t, p->fit.prediction.reason);
    } else if (p) {
        llw_text_add(&t, "Predicted for ");
        add_safe(&t, x->model);
        if (x->build) {
            llw_text_add(&t, " on llama.cpp ");
            add_safe(&t, x->build);
        }
        if (figures && llw_log_agrees(l, p)) llw_text_add(&t, ": the figures agree");
        if (x->unsaid && *x->unsaid && !(figures && llw_log_agrees(l, p)))
            llw_text_addf(&t, "; %s", x->unsaid);
    }
    paragraph(out, style, 2, &t);
    bool certain = true;
    int64_t in_ram = llw_load_weights_in_ram(l, &certain);
    if (!certain && in_ram >= 0) {
        llw_text_add(
            &t,
            "The host's model buffer is a mapping of the file that spans weights on the GPUs too: about ");
        add_mib(&t, in_ram);
        llw_text_add(&t, " MiB of weights are in RAM.");
        paragraph(out, style, 2, &t);
    }
    if (l->ollama_engine) {
        llw_text_add(&t, "Ollama tells its sizes in tenths of a GiB.");
        paragraph(out, style, 2, &t);
    }
    if (l->host.output > 0) {
        char buf[LLW_NUMBER_MAX];
        llw_text_addf(&t, "Besides, %s of output buffer in RAM.", llw_format_mib(buf, l->host.output));
        paragraph(out, style, 2, &t);
    }
    llw_text_add(out, "\n");
}

static void tell_speed(llw_text *out, const llw_style *style, const llw_load *l) {
    char buf[LLW_NUMBER_MAX];
    llw_text t = {0};
    if (!l->requests) return;
    llw_text_addf(&t, "%s request%s", number(buf, l->requests), l->requests == 1 ? "" : "s");
    if (l->longest_prompt > 0)
        llw_text_addf(&t, ", longest prompt %s token%s at %.*f t/s", number(buf, l->longest_prompt),
                      l->longest_prompt == 1 ? "" : "s", l->longest_prompt_speed < 100,
                      l->longest_prompt_speed);
    if (l->eval_tokens > 0 && l->eval_ms > 0)
        llw_text_addf(&t, "; %s tokens generated at %.1f t/s", number(buf, l->eval_tokens),
                      l->eval_steps * 1e3 / l->eval_ms);
    if (l->cli_speed > 0)
        llw_text_addf(&t, ", the last one read at %.1f t/s, answered at %.1f t/s", l->cli_prompt_speed,
                      l->cli_speed);
    paragraph(out, style, 2, &t);
}

static llw_ink level_ink(const char *level) {
    return !strcmp(level, "wrong") ? LLW_RED : !strcmp(level, "note") ? LLW_CYAN : LLW_YELLOW;
}

static void tell_findings(llw_text *out, const llw_style *style, const llw_load *l) {
    for (int i = 0; i < l->n_findings; i++) {
        const llw_log_finding *f = &l->findings[i];
        llw_text t = {0};
        llw_text_add(out, "  ");
        llw_paint(out, style, level_ink(f->level), f->level);
        llw_text_addf(out, "%*s", (int)(6 - strlen(f->level)), "");
        llw_text_addf(&t, "%s line %d: ", f->code, f->line);
        add_safe(&t, f->message);
        llw_wrap(out, style, llw_text_str(&t), 8, 8);
        llw_text_fini(&t);
        llw_text_add(out, "\n");
        if (!*f->advice) continue;
        llw_text_add(&t, "→ ");
        add_safe(&t, f->advice);
        llw_text_addf(out, "%8s", "");
        llw_wrap(out, style, llw_text_str(&t), 8, 10);
        llw_text_fini(&t);
        llw_text_add(out, "\n");
    }
}

/* What was asked for is more than was predicted: the launch was another one. */
static bool tell_contradiction(llw_text *out, const llw_style *style, const llw_load *l,
                               const llw_log_extra *x) {
    int64_t expected = 0;
    const char *device = llw_log_contradicts(l, x->predicted, &expected);
    if (!device) return false;
    char asked[LLW_NUMBER_MAX], predicted[LLW_NUMBER_MAX];
    llw_text t = {0};
    add_safe(&t, device);
    llw_text_addf(
        &t,
        " was asked for %s where %s are predicted: flags that this log does not show placed more there "
        "(-ts, -sm, -mg, -ot). With them behind -- llwhy can try what makes it load.",
        llw_format_mib(asked, l->oom.asked), llw_format_mib(predicted, expected));
    paragraph(out, style, 2, &t);
    return true;
}

static void tell_repairs(llw_text *out, const llw_style *style, const llw_load *l, const llw_log_extra *x,
                         bool all) {
    if (tell_contradiction(out, style, l, x) || !x->n_repairs) return;
    size_t shown = all ? x->n_repairs : REPAIRS;
    llw_text_add(out, "  What makes it load, tried by prediction:\n");
    for (size_t i = 0; i < x->n_repairs && i < shown; i++) {
        const llw_repair *r = &x->repairs[i];
        llw_text t = {0};
        for (size_t k = 0; k < r->n_set; k++) llw_text_addf(&t, "%s%s", k ? " " : "", r->set[k]);
        for (size_t k = 0; k < r->n_drop; k++)
            llw_text_addf(&t, "%swithout %s", t.len ? ", " : "", r->drop[k]);
        if (r->costs && *r->costs) llw_text_addf(&t, " (%s)", r->costs);
        paragraph(out, style, 4, &t);
    }
    if (x->n_repairs > shown) llw_text_addf(out, "    … %zu more (--all)\n", x->n_repairs - shown);
}

static void tell_load(llw_text *out, const llw_style *style, const llw_log *log, const llw_load *l,
                      const llw_log_extra *x, bool all) {
    tell_head(out, style, log, l);
    tell_model(out, style, l);
    tell_settings(out, style, l);
    tell_memory(out, style, l, x);
    tell_draft(out, style, l);
    tell_speed(out, style, l);
    tell_findings(out, style, l);
    tell_repairs(out, style, l, x, all);
}

/* One line a load, for logs of many. */
static void tell_short(llw_text *out, const llw_style *style, const llw_log *log, const llw_load *l) {
    tell_head(out, style, log, l);
    for (int i = 0; i < l->n_findings; i++) {
        if (strcmp(l->findings[i].level, "wrong") && strcmp(l->findings[i].level, "risk")) continue;
        llw_text t = {0};
        llw_text_addf(&t, "%s %s: ", l->findings[i].code, l->findings[i].level);
        add_safe(&t, l->findings[i].message);
        paragraph(out, style, 2, &t);
    }
}

void llw_render_log_text(llw_text *out, const llw_style *style, const llw_log *log,
                         const llw_log_extra *extras, bool all) {
    const llw_load *best = llw_log_best(log);
    bool few = log->n_loads <= FEW || all;
    for (size_t i = 0; i < log->n_loads; i++) {
        if (i && few) llw_text_add(out, "\n");
        if (few)
            tell_load(out, style, log, &log->loads[i], &extras[i], all);
        else
            tell_short(out, style, log, &log->loads[i]);
    }
    if (!few && best) {
        llw_text_add(out, "\nThe load that tells most (--all tells each):\n");
        tell_load(out, style, log, best, &extras[best - log->loads], all);
    }
    if (!log->n_loads) llw_text_add(out, "The log shows llama.cpp, but no load of a model.\n");
    if (log->n_more)
        llw_text_addf(out, "%zu more loads are not shown: the log holds more than %d.\n", log->n_more,
                      LLW_LOG_LOADS);
    llw_flatten(out, style);
}
