/* Claims what a load log shows: machine, launch, measured bytes. */
#include "source/log/claim.h"
#include "base/file.h"
#include "fact/build.h"
#include "source/machine/gpu_claim.h"

#include <inttypes.h>
#include <string.h>

static const int64_t MIB = 1 << 20;

static const char *at(llw_arena *arena, const llw_log *log, int line) {
    const char *name = strcmp(log->path, "-") ? llw_path_name_or_path(log->path) : "standard input";
    return line > 0 ? llw_arena_printf(arena, "%s:%d", name, line) : name;
}

/* One log being claimed. */
typedef struct claimer {
    llw_facts *facts;
    llw_arena *arena;
    const llw_log *log;
    const llw_load *load;
} claimer;

static void say(const claimer *c, llw_entity entity, llw_attr attr, llw_value value, int line) {
    llw_facts_claim(c->facts, entity, attr, value, LLW_GRADE_MEASURED,
                    c->log->origin ? c->log->origin : "log", at(c->arena, c->log, line));
}

static void say_text(const claimer *c, llw_entity entity, llw_attr attr, const char *text, int line) {
    if (text) say(c, entity, attr, llw_string(llw_attr_get(attr)->type, text), line);
}

static void say_bytes(const claimer *c, llw_entity entity, llw_attr attr, int64_t bytes, int line) {
    if (bytes >= 0) say(c, entity, attr, llw_bytes(bytes), line);
}

static void say_count(const claimer *c, llw_entity entity, llw_attr attr, int64_t n, int line) {
    if (n >= 0) say(c, entity, attr, llw_count(n), line);
}

/* --- the machine --- */

bool llw_log_shows_machine(const llw_load *load) {
    for (int i = 0; i < load->n_devices; i++)
        if (load->devices[i].total > 0 || load->devices[i].free >= 0) return true;
    return false;
}

static const char *backend_of(llw_arena *arena, const char *device) {
    if (!strncmp(device, "MTL", 3)) return "Metal";
    return llw_arena_strndup(arena, device, strcspn(device, "0123456789["));
}

static void claim_gpu(const claimer *c, const llw_gpu_surroundings *s, int index) {
    const llw_log_device *d = &c->load->devices[index];
    llw_entity gpu = llw_facts_entity(c->facts, LLW_KIND_gpu, d->name);
    say_count(c, gpu, LLW_gpu_index, index, d->memory_line);
    say_text(c, gpu, LLW_gpu_name, d->description, d->memory_line);
    say_text(c, gpu, LLW_gpu_backend, backend_of(c->arena, d->name), d->memory_line);
    say_bytes(c, gpu, LLW_gpu_total, d->total, d->total_line);
    say_bytes(c, gpu, LLW_gpu_free, d->free, d->memory_line);
    llw_gpu_card card;
    if (!d->description) return;
    if (llw_gpu_table_find(s->table, c->arena, d->description, d->total, &card, NULL) != LLW_OK) return;
    llw_gpu_claim_card(s, gpu, &card);
    if (d->total < 0 && card.total > 0)
        llw_facts_claim(c->facts, gpu, LLW_gpu_total, llw_bytes(card.total), LLW_GRADE_PREDICTED, card.place,
                        card.source);
}

llw_rc llw_log_claim_machine(llw_facts *facts, const llw_log *log, const llw_load *load, llw_err *err) {
    llw_arena *arena = llw_arena_new();
    llw_gpu_table table;
    llw_rc rc = llw_gpu_table_load(arena, &table, err);
    claimer c = {facts, arena, log, load};
    llw_gpu_surroundings s = {.facts = facts, .arena = arena, .table = &table};
    for (int i = 0; rc == LLW_OK && i < load->n_devices; i++) claim_gpu(&c, &s, i);
    if (rc == LLW_OK) {
        llw_entity host = llw_facts_next(facts, LLW_KIND_host, 0);
        if (!host) host = llw_facts_entity(facts, LLW_KIND_host, "host");
        say_count(&c, host, LLW_host_gpus, load->n_devices,
                  load->n_devices ? load->devices[0].memory_line : 0);
        say_bytes(&c, host, LLW_host_ram_total, load->host.total, load->host.memory_line);
        say_bytes(&c, host, LLW_host_ram_available, load->host.free, load->host.memory_line);
    }
    llw_arena_free(arena);
    return rc;
}

const char *llw_log_build(const llw_load *load) {
    return load->ik ? NULL : load->build;
}

/* --- the launch --- */

typedef struct words {
    llw_arena *arena;
    const llw_log *log;
    llw_token *tokens;
    size_t n;
} words;

enum { MAX_WORDS = 64 };

static void word(words *w, int line, const char *flag, const char *value) {
    const char *place = at(w->arena, w->log, line);
    if (w->n + 2 > MAX_WORDS) return;
    w->tokens[w->n++] = (llw_token){.text = flag, .place = place, .origin = "log"};
    if (value) w->tokens[w->n++] = (llw_token){.text = value, .place = place, .origin = "log"};
}

static void number(words *w, int line, const char *flag, int64_t n) {
    if (n >= 0) word(w, line, flag, llw_arena_printf(w->arena, "%" PRId64, n));
}

static bool fitted(const llw_load *load) {
    return load->fit.state == LLW_LOG_FIT_DONE || load->fit.state == LLW_LOG_FIT_UNCHANGED;
}

/* With --fit at work its targets decide, where the log tells them; so does the -ngl because of which it gave
 * up. Else what came of it is taken literally. */
static void fit_words(words *w, const llw_load *load) {
    const llw_log_fit *fit = &load->fit;
    bool gave_up = fit->state == LLW_LOG_FIT_GAVE_UP && fit->layers_given >= 0;
    if (!fitted(load) && !gave_up) {
        if (!fit->state && load->offloaded < 0) return; /* nothing is known of either */
        word(w, fit->line, "--fit", "off");
        number(w, load->offloaded_line, "-ngl", load->offloaded);
        return;
    }
    word(w, fit->line, "--fit", "on");
    if (gave_up) number(w, fit->line, "-ngl", fit->layers_given);
    if (!fit->n_targets) return;
    llw_text t = {0};
    for (int i = 0; i < fit->n_targets; i++)
        llw_text_addf(&t, "%s%" PRId64, i ? "," : "", fit->targets[i] / MIB);
    word(w, fit->line, "--fit-target", llw_arena_strdup(w->arena, llw_text_str(&t)));
    llw_text_fini(&t);
}

static bool has_code(const llw_load *load, const char *code) {
    for (int i = 0; i < load->n_findings; i++)
        if (!strcmp(load->findings[i].code, code)) return true;
    return false;
}

/* A model without a cache is one that embeds. */
static bool embeds(const llw_load *load) {
    int64_t context = load->host.context;
    for (int i = 0; i < load->n_devices; i++)
        context += load->devices[i].context > 0 ? load->devices[i].context : 0;
    return load->n_buffers && load->host.compute >= 0 && !context;
}

size_t llw_log_words(llw_arena *arena, const llw_log *log, const llw_load *load, const llw_token **out,
                     const char **unsaid) {
    words w = {arena, log, llw_arena_alloc(arena, MAX_WORDS * sizeof(llw_token)), 0};
    int64_t ctx = load->fit.context_given > 0 ? load->fit.context_given : load->n_ctx;
    if (!load->fit.context_free)
        number(&w, load->fit.context_given > 0 ? load->fit.line : load->n_ctx_line, "-c", ctx);
    number(&w, load->n_batch_line, "-b", load->n_batch);
    number(&w, load->n_ubatch_line, "-ub", load->n_ubatch);
    if (load->n_seq > 0) number(&w, load->n_seq_line, "-np", load->n_seq);
    if (load->kv_unified && load->n_seq > 1)
        word(&w, load->n_ctx_line, !strcmp(load->kv_unified, "true") ? "-kvu" : "-no-kvu", NULL);
    if (load->type_k && load->type_v) {
        word(&w, load->type_line, "-ctk", load->type_k);
        word(&w, load->type_line, "-ctv", load->type_v);
    }
    bool left = load->flash_attn_auto && load->flash_attn && !strcmp(load->flash_attn, "off");
    if (load->flash_attn &&
        strcmp(load->flash_attn, "auto")) /* "off" by choice and by itself take other buffers */
        word(&w, load->flash_attn_line, "-fa", left ? "auto" : load->flash_attn);
    if (embeds(load)) word(&w, 0, "--embedding", NULL);
    fit_words(&w, load);
    bool named = load->overrides > 0 && load->overrides_only_experts && !fitted(load);
    if (named) number(&w, load->overrides_line, "-ncmoe", load->override_layers);
    *unsaid = "";
    bool placed = load->fit.state == LLW_LOG_FIT_DONE; /* by --fit, whose result the log tells */
    if (!placed && !named &&
        (load->overrides > 0 || load->overrides_mentioned || has_code(load, "R11") || has_code(load, "R20")))
        *unsaid = "the log does not say which tensors -ot, -cmoe or -ncmoe moved: give these flags behind --";
    else if (!placed && load->n_devices > 1)
        *unsaid = "a log never says -ts, -sm or -mg: without them the split is taken to follow free memory; "
                  "give them behind --";
    else if (ctx < 0 && !load->fit.context_free)
        *unsaid = "the log ends before it tells -c, so none is taken to be given: give it behind --";
    *out = w.tokens;
    return w.n;
}

/* --- whether the load is this launch's --- */

typedef struct agreement {
    bool weights, context, compute;
    bool other_model;
    const char *why_not;
} agreement;

static void differ(agreement *a, bool weights, bool context, const char *why) {
    if (weights) a->weights = false;
    if (context) a->context = false;
    a->compute = false;
    if (!*a->why_not) a->why_not = why;
}

static void differ_in_model(agreement *a, const char *why) {
    differ(a, true, true, why);
    a->other_model = true;
}

/* More weights on one device than the model has: padding and a repacked copy are far less than this leaves.
 */
static void check_weights_of_devices(const claimer *c, int64_t weights, agreement *a) {
    const int64_t most = weights + weights / 4 + ((int64_t)64 << 20);
    for (int i = 0; i <= c->load->n_devices; i++) {
        const llw_log_device *d = i < c->load->n_devices ? &c->load->devices[i] : &c->load->host;
        char seen[LLW_NUMBER_MAX], has[LLW_NUMBER_MAX];
        if (d->model <= most) continue;
        differ_in_model(a, llw_arena_printf(c->arena, "the log shows %s of weights on %s, this model has %s",
                                            llw_format_mib(seen, d->model), d->name,
                                            llw_format_mib(has, weights)));
        return;
    }
}

static void check_model(const claimer *c, llw_entity launch, agreement *a) {
    llw_entity model = llw_facts_ref(c->facts, launch, LLW_launch_model);
    const char *arch = NULL;
    int64_t weights = 0;
    if (!model) return;
    if (c->load->architecture && llw_facts_text(c->facts, model, LLW_model_architecture, &arch) &&
        strcmp(arch, c->load->architecture))
        differ_in_model(a,
                        llw_arena_printf(c->arena, "the log shows a model of architecture %s, this one is %s",
                                         c->load->architecture, arch));
    if (!llw_facts_count(c->facts, model, LLW_model_weights, &weights)) weights = -1;
    if (weights >= 0) check_weights_of_devices(c, weights, a);
    if (c->load->file_bytes > 0 && weights >= 0) {
        int64_t diff =
            c->load->file_bytes > weights ? c->load->file_bytes - weights : weights - c->load->file_bytes;
        if (diff > c->load->file_bytes_precision + weights / 200)
            differ_in_model(a, "the weights in the log are of another size than this model's");
    }
    if (c->load->draft) differ(a, true, true, "the load in the log is a draft model's");
}

static bool count_differs(const claimer *c, llw_entity launch, llw_attr attr, int64_t seen, int64_t *asked) {
    return seen >= 0 && llw_facts_count(c->facts, launch, attr, asked) && *asked > 0 && *asked != seen;
}

static const char *two(const claimer *c, const char *what, int64_t seen, int64_t asked) {
    return llw_arena_printf(c->arena, "the log shows %s %" PRId64 ", this launch asks for %" PRId64, what,
                            seen, asked);
}

static void check_context(const claimer *c, llw_entity launch, agreement *a) {
    const llw_load *l = c->load;
    int64_t n = 0, batch = 0;
    /* llama.cpp rounds up to 256 for each slot */
    if (l->n_ctx > 0 && llw_facts_count(c->facts, launch, LLW_launch_ctx, &n) && n > 0 &&
        (l->n_ctx < n || l->n_ctx - n >= 256 * (l->n_seq > 0 ? l->n_seq : 1)))
        differ(a, false, true, two(c, "a context of", l->n_ctx, n));
    if (count_differs(c, launch, LLW_launch_parallel, l->n_seq, &n))
        differ(a, false, true, two(c, "-np", l->n_seq, n));
    bool batch_known = llw_facts_count(c->facts, launch, LLW_launch_batch, &batch);
    if (llw_facts_count(c->facts, launch, LLW_launch_ubatch, &n) && l->n_ubatch > 0) {
        if (n <= 0 || (batch_known && batch < n)) n = batch_known ? batch : n;
        if (n > 0 && n != l->n_ubatch && !(l->n_ctx > 0 && l->n_ctx < n))
            differ(a, false, false, two(c, "-ub", l->n_ubatch, n));
    }
}

static void check_text(const claimer *c, llw_entity launch, agreement *a, llw_attr attr, const char *seen,
                       bool context, const char *flag) {
    const char *asked = NULL;
    if (!seen || !strcmp(seen, "auto") || !llw_facts_text(c->facts, launch, attr, &asked) ||
        !strcmp(asked, "auto") || !strcmp(asked, seen))
        return;
    differ(a, false, context,
           llw_arena_printf(c->arena, "the log shows %s %s, this launch asks for %s", flag, seen, asked));
}

static void check_layers(const claimer *c, llw_entity launch, agreement *a) {
    const llw_load *l = c->load;
    int64_t n = 0;
    if (l->offloaded < 0 || !llw_facts_count(c->facts, launch, LLW_launch_gpu_layers, &n) || n == -1) return;
    int64_t asked = n < 0 || n > l->layers ? l->layers : n;
    if (asked != l->offloaded) differ(a, true, true, two(c, "-ngl", l->offloaded, asked));
}

/* Another build allocates the same weights and cache, but not the same compute buffer. */
static void check_build(const claimer *c, llw_entity launch, agreement *a) {
    llw_entity build = llw_facts_ref(c->facts, launch, LLW_launch_build);
    const llw_claim *said = build ? llw_facts_best(c->facts, build, LLW_build_version) : NULL;
    if (c->load->ollama_engine) {
        differ(a, true, true,
               "the figures in the log are those of Ollama's own engine, rounded to tenths of a GiB");
        return;
    }
    if (c->load->ik) {
        differ(a, false, false, "the log is ik_llama.cpp's, whose compute buffers are its own");
        return;
    }
    int64_t order = 0;
    if (!c->load->build || !said || said->grade == LLW_GRADE_DEFAULT ||
        !llw_facts_count(c->facts, build, LLW_build_order, &order))
        return;
    int64_t seen = llw_build_order(c->load->build);
    if (seen > 0 && seen != order)
        differ(a, false, false,
               llw_arena_printf(c->arena, "the log is of build %s, this launch runs %s", c->load->build,
                                said->value.as.text));
}

static agreement agree(const claimer *c, llw_entity launch) {
    agreement a = {true, true, true, false, ""};
    check_model(c, launch, &a);
    check_layers(c, launch, &a);
    check_context(c, launch, &a);
    check_text(c, launch, &a, LLW_launch_cache_type_k, c->load->type_k, true, "-ctk");
    check_text(c, launch, &a, LLW_launch_cache_type_v, c->load->type_v, true, "-ctv");
    check_text(c, launch, &a, LLW_launch_flash_attn, c->load->flash_attn, false, "-fa");
    check_build(c, launch, &a);
    return a;
}

/* --- measured bytes --- */

static int line_of(const llw_load *load, const char *device, llw_log_part part, llw_log_part or_part,
                   int otherwise) {
    for (size_t i = 0; i < load->n_buffers; i++) {
        const llw_log_buffer *b = &load->buffers[i];
        if ((b->part == part || b->part == or_part) && !strcmp(b->device, device)) return b->line;
    }
    return otherwise;
}

/* The draft in the log is this launch's: a file of the same name, or the model's own layers. */
static bool drafts_alike(const claimer *c, llw_entity launch) {
    const char *path = NULL;
    bool named = llw_facts_text(c->facts, launch, LLW_launch_draft_model, &path) && *path;
    if (!c->load->draft_path) return c->load->draft_context && !named;
    return named && !strcmp(llw_path_name(path), llw_path_name(c->load->draft_path));
}

static void claim_placement(const claimer *c, llw_entity launch, const llw_log_device *d,
                            const agreement *a) {
    bool known =
        (a->weights && d->model >= 0) || (a->context && d->context >= 0) || (a->compute && d->compute >= 0);
    if (!known) return;
    /* the id that prediction gives it (infer/native.h llw_placement_id) */
    llw_entity p =
        llw_facts_entity(c->facts, LLW_KIND_placement,
                         llw_arena_printf(c->arena, "%s@%s", llw_facts_id(c->facts, launch), d->name));
    say(c, p, LLW_placement_launch, llw_ref(launch), d->line);
    say_text(c, p, LLW_placement_device, d->name, d->line);
    llw_entity gpu = llw_facts_find(c->facts, LLW_KIND_gpu, d->name);
    if (gpu) say(c, p, LLW_placement_gpu, llw_ref(gpu), d->line);
    bool certain = true; /* a mapping that spans more than the weights in RAM says nothing of them */
    if (!strcmp(d->name, "Host")) llw_load_weights_in_ram(c->load, &certain);
    if (a->weights && certain)
        say_bytes(c, p, LLW_placement_weights, d->model,
                  line_of(c->load, d->name, LLW_LOG_MODEL, LLW_LOG_MODEL, d->line));
    if (a->context)
        say_bytes(c, p, LLW_placement_kv, d->context,
                  line_of(c->load, d->name, LLW_LOG_KV, LLW_LOG_RECURRENT, d->line));
    if (a->compute)
        say_bytes(c, p, LLW_placement_compute, d->compute,
                  line_of(c->load, d->name, LLW_LOG_COMPUTE, LLW_LOG_COMPUTE, d->line));
    bool all = a->weights && a->context && a->compute;
    if (all && d->draft > 0 && strcmp(d->name, "Host") && drafts_alike(c, launch))
        say_bytes(c, p, LLW_placement_draft, d->draft, c->load->draft_line ? c->load->draft_line : d->line);
}

/* What came of the context; fit or rounding may have made it another than asked for. */
static void claim_results(const claimer *c, llw_entity launch, const agreement *a) {
    const llw_load *l = c->load;
    if (!a->context) return;
    say_count(c, launch, LLW_launch_n_ctx, l->n_ctx, l->n_ctx_line);
    say_count(c, launch, LLW_launch_n_ctx_seq, l->n_ctx_seq, l->n_ctx_line);
    say_count(c, launch, LLW_launch_n_seq, l->n_seq, l->n_seq_line);
    if (!a->compute) return;
    if (l->flash_attn && strcmp(l->flash_attn, "auto"))
        say(c, launch, LLW_launch_flash_attn_used, llw_flag(!strcmp(l->flash_attn, "on")),
            l->flash_attn_line);
    if (l->eval_tokens >= 32 && l->eval_ms > 0)
        say(c, launch, LLW_launch_speed, llw_real(l->eval_steps * 1e3 / l->eval_ms), l->timing_line);
}

static void claim_probe(const claimer *c, llw_entity launch, const char *what, int64_t tokens, bool passed,
                        int line) {
    const char *id = llw_arena_printf(c->arena, "%s, %s", at(c->arena, c->log, c->load->first_line), what);
    llw_entity probe = llw_facts_entity(c->facts, LLW_KIND_probe, id),
               model = llw_facts_ref(c->facts, launch, LLW_launch_model);
    say(c, probe, LLW_probe_build, llw_ref(llw_facts_ref(c->facts, launch, LLW_launch_build)), line);
    if (model) say(c, probe, LLW_probe_model, llw_ref(model), line);
    say_count(c, probe, LLW_probe_prompt_tokens, tokens, line);
    say(c, probe, LLW_probe_passed, llw_flag(passed), line);
}

/* What the build did with prompts on this placement: tests of it, as lesson 6 wants them. */
static void claim_prompts(const claimer *c, llw_entity launch, const agreement *a) {
    const llw_load *l = c->load;
    llw_entity build = llw_facts_ref(c->facts, launch, LLW_launch_build);
    int64_t order = 0;
    if (!build || !l->build || l->ik || !a->compute) return;
    if (!llw_facts_count(c->facts, build, LLW_build_order, &order) || llw_build_order(l->build) != order)
        return;
    if (l->longest_prompt > 0)
        claim_probe(c, launch, "longest prompt answered", l->longest_prompt, true, l->timing_line);
    if (l->outcome == LLW_LOG_CRASH && l->crash_prompt > 0)
        claim_probe(c, launch, "prompt it crashed at", l->crash_prompt, false, l->evidence[0]);
}

static void claim_log(const claimer *c, llw_entity launch, llw_log_result *out) {
    const llw_load *l = c->load;
    size_t index = (size_t)(l - c->log->loads) + 1;
    const char *id = c->log->n_loads > 1
                         ? llw_arena_printf(c->arena, "%s#%zu", at(c->arena, c->log, 0), index)
                         : at(c->arena, c->log, 0);
    llw_entity e = out->log = llw_facts_entity(c->facts, LLW_KIND_log, id);
    if (launch) say(c, e, LLW_log_launch, llw_ref(launch), l->first_line);
    say_text(c, e, LLW_log_path, c->log->path, 0);
    say_text(c, e, LLW_log_outcome, llw_log_outcome_name(l->outcome),
             l->n_evidence ? l->evidence[0] : l->last_line);
    if (l->n_splits) say_count(c, e, LLW_log_graph_splits, l->splits[0], l->splits_line);
    say_count(c, e, LLW_log_offloaded, l->offloaded, l->offloaded_line);
    if (l->fit.state)
        say(c, e, LLW_log_fit_gave_up, llw_flag(l->fit.state == LLW_LOG_FIT_GAVE_UP), l->fit.line);
    if (l->oom.line) {
        say_text(c, e, LLW_log_oom_device, l->oom.device, l->oom.line);
        say_bytes(c, e, LLW_log_oom_asked, l->oom.asked, l->oom.line);
        say_bytes(c, e, LLW_log_oom_free, l->oom.free, l->oom.line);
    }
    if (l->longest_prompt > 0) say_count(c, e, LLW_log_longest_prompt, l->longest_prompt, l->timing_line);
}

void llw_log_claim(llw_facts *facts, const llw_log *log, const llw_load *load, llw_entity launch,
                   llw_log_result *out) {
    llw_arena *arena = llw_facts_arena(facts);
    claimer c = {facts, arena, log, load};
    *out = (llw_log_result){.why_not = ""};
    agreement a = {.why_not = ""};
    if (launch) a = agree(&c, launch);
    claim_log(&c, a.other_model ? 0 : launch,
              out); /* what befell another model says nothing of this launch */
    if (!launch) return;
    out->other_model = a.other_model;
    out->weights = a.weights;
    out->context = a.context;
    out->compute = a.compute;
    out->why_not = a.why_not;
    for (int i = 0; i < load->n_devices; i++) claim_placement(&c, launch, &load->devices[i], &a);
    claim_placement(&c, launch, &load->host, &a);
    claim_results(&c, launch, &a);
    claim_prompts(&c, launch, &a);
}

llw_rc llw_source_log(llw_facts *facts, const char *path, llw_entity launch, llw_log_result *out,
                      llw_err *err) {
    llw_log *log = llw_arena_alloc(llw_facts_arena(facts), sizeof *log);
    llw_rc rc = llw_log_read(llw_facts_arena(facts), path, log, err);
    if (rc != LLW_OK) return rc;
    const llw_load *load = llw_log_best(log);
    if (!load) return llw_fail(err, LLW_ERR_INPUT, path, 0, "shows llama.cpp, but no load of a model");
    llw_log_claim(facts, log, load, launch, out);
    return LLW_OK;
}
