/* Puts the decision together: what the model is, what goes where, the verdict, the reasons, the lessons. */
#include "explain/decision.h"
#include "explain/lessons.h"
#include "explain/offer.h"
#include "explain/refusal.h"
#include "explain/words.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

typedef struct deciding {
    llw_run *run;
    llw_arena *arena;
    llw_decision *out;
} deciding;

static const char *keep(deciding *d, llw_text *text) {
    const char *copy = llw_arena_strdup(d->arena, llw_text_str(text));
    llw_text_fini(text);
    return copy;
}

const char *llw_verdict_name(llw_verdict verdict) {
    static const char *const name[] = {"loads", "likely-loads", "likely-fails",
                                       "fails", "refused",      "unknown"};
    return name[verdict];
}

static int64_t count_or(const deciding *d, llw_attr attr, int64_t absent) {
    llw_facts_count(d->run->facts, d->out->model, attr, &absent);
    return absent;
}

static const char *text_or(const deciding *d, llw_attr attr, const char *absent) {
    llw_facts_text(d->run->facts, d->out->model, attr, &absent);
    return absent;
}

static bool flag_or(const deciding *d, llw_attr attr, bool absent) {
    llw_facts_flag(d->run->facts, d->out->model, attr, &absent);
    return absent;
}

/* GLM-4.7-Flash Q8_0 · deepseek2, mixture of experts: 64 experts, 4 active + 1 shared · 29.9 B parameters,
 * ~3.0 B active */
static const char *title(deciding *d) {
    llw_text t = {0};
    char buf[LLW_NUMBER_MAX];
    const char *name = text_or(d, LLW_model_name, llw_facts_id(d->run->facts, d->out->model));
    const char *quantization = text_or(d, LLW_model_quantization, "");
    llw_text_add_safe(&t, name, strlen(name), false);
    if (*quantization && !strstr(name, quantization)) llw_text_addf(&t, " %s", quantization);
    const char *architecture = text_or(d, LLW_model_architecture, "");
    if (*architecture) {
        llw_text_add(&t, " · ");
        llw_text_add_safe(&t, architecture, strlen(architecture), false);
    }
    int64_t experts = count_or(d, LLW_model_experts, 0), used = count_or(d, LLW_model_experts_used, 0);
    int64_t shared = count_or(d, LLW_model_experts_shared, 0), params = count_or(d, LLW_model_params, -1);
    int64_t active = count_or(d, LLW_model_params_active, -1);
    bool moe = flag_or(d, LLW_model_moe, false);
    if (moe) {
        llw_text_addf(&t, ", mixture of experts: %s experts, ", llw_format_count(buf, experts));
        llw_text_addf(&t, "%s active", llw_format_count(buf, used));
        if (shared > 0) llw_text_addf(&t, " + %s shared", llw_format_count(buf, shared));
    } else if (llw_facts_value(d->run->facts, d->out->model, LLW_model_moe).known)
        llw_text_add(&t, ", dense");
    if (params >= 0) llw_text_addf(&t, " · %s parameters", llw_format_params(buf, params));
    if (moe && active >= 0) llw_text_addf(&t, ", ~%s active", llw_format_params(buf, active));
    return keep(d, &t);
}

/* 47 layers (1 dense + 46 MoE), 20 heads, MLA · file 31,839,902,720 bytes (ls -lh: 30G) */
static const char *details(deciding *d) {
    llw_text t = {0};
    char buf[LLW_NUMBER_MAX];
    int64_t layers = count_or(d, LLW_model_layers, -1), dense = count_or(d, LLW_model_dense_layers, 0);
    int64_t moe = count_or(d, LLW_model_moe_layers, 0),
            recurrent = count_or(d, LLW_model_recurrent_layers, 0);
    int64_t heads = count_or(d, LLW_model_heads, 0), context = count_or(d, LLW_model_context_length, 0);
    int64_t window = count_or(d, LLW_model_sliding_window, 0), size = count_or(d, LLW_model_file_bytes, -1);
    if (layers >= 0) llw_text_addf(&t, "%s layers", llw_format_count(buf, layers));
    if (dense > 0 && moe > 0) llw_text_addf(&t, " (%d dense + %d MoE)", (int)dense, (int)moe);
    if (recurrent > 0) llw_text_addf(&t, ", %d of them recurrent", (int)recurrent);
    if (heads > 0) llw_text_addf(&t, ", %d heads", (int)heads);
    const char *attention = text_or(d, LLW_model_attention, "");
    if (*attention && strcmp(attention, "none")) llw_text_addf(&t, ", %s", attention);
    if (window > 0) llw_text_addf(&t, ", sliding window %s", llw_format_count(buf, window));
    if (context > 0)
        llw_text_addf(&t, "%scontext up to %s", t.len ? ", " : "", llw_format_count(buf, context));
    if (size >= 0) {
        llw_text_addf(&t, "%sfile %s bytes", t.len ? " · " : "", llw_format_count(buf, size));
        llw_text_addf(&t, " (ls -lh: %s)", text_or(d, LLW_model_ls_size, "?"));
    }
    return keep(d, &t);
}

static void device_lines(deciding *d) {
    const llw_facts *facts = d->run->facts;
    void *items = NULL;
    size_t capacity = 0;
    for (llw_entity e = 0; (e = llw_facts_next(facts, LLW_KIND_placement, e));) {
        if (llw_facts_ref(facts, e, LLW_placement_launch) != d->out->launch) continue;
        llw_device_line *line = llw_arena_push(d->arena, &items, &d->out->n_devices, &capacity, sizeof *line);
        llw_entity gpu = llw_facts_ref(facts, e, LLW_placement_gpu);
        *line = (llw_device_line){.name = "", .gpu = "", .placement = e, .total = -1, .free = -1};
        llw_facts_text(facts, e, LLW_placement_device, &line->name);
        if (gpu) llw_facts_text(facts, gpu, LLW_gpu_name, &line->gpu);
        llw_facts_count(facts, e, LLW_placement_total, &line->total);
        llw_facts_count(facts, e, LLW_placement_free, &line->free);
        llw_facts_count(facts, e, LLW_placement_weights, &line->weights);
        llw_facts_count(facts, e, LLW_placement_kv, &line->kv);
        llw_facts_count(facts, e, LLW_placement_compute, &line->compute);
        llw_facts_count(facts, e, LLW_placement_compute_low, &line->compute_low);
        llw_facts_count(facts, e, LLW_placement_compute_high, &line->compute_high);
        llw_facts_count(facts, e, LLW_placement_draft, &line->draft);
        line->known = llw_facts_count(facts, e, LLW_placement_left, &line->left);
        if (!gpu) line->gpu = "RAM";
    }
    d->out->devices = items;
}

/* The GPU that is shortest, or has least left; the host where there is no GPU; NULL when nothing is known. */
static const llw_device_line *tightest(const llw_decision *out) {
    const llw_device_line *worst = NULL, *host = NULL;
    bool gpus = false;
    assert(out->devices || !out->n_devices);
    for (size_t i = 0; i < out->n_devices; i++) {
        const llw_device_line *line = &out->devices[i];
        bool gpu = llw_facts_ref(out->run->facts, line->placement, LLW_placement_gpu) != 0;
        gpus |= gpu;
        if (!line->known) continue;
        if (!gpu)
            host = line;
        else if (!worst || line->left < worst->left)
            worst = line;
    }
    return gpus ? worst : host;
}

/* The host's line when RAM is too small for what is to stay there; NULL otherwise. */
static const llw_device_line *short_ram(const llw_decision *out) {
    for (size_t i = 0; i < out->n_devices; i++) {
        const llw_device_line *line = &out->devices[i];
        if (line->known && line->left < 0 &&
            !llw_facts_ref(out->run->facts, line->placement, LLW_placement_gpu))
            return line;
    }
    return NULL;
}

/* Bytes of RAM missing for what cannot be given back; 0 when there is enough. */
static int64_t missing_ram(const llw_decision *out, const llw_device_line *ram) {
    int64_t held = 0;
    if (!ram || !llw_facts_count(out->run->facts, out->launch, LLW_launch_host_held, &held)) return 0;
    return held > ram->free ? held - ram->free : 0;
}

/* A launch that loads although the file's pages do not all find room. */
static void say_short_ram(deciding *d, const llw_device_line *ram, llw_text *t) {
    const char *mode = "";
    char buf[LLW_NUMBER_MAX];
    llw_facts_text(d->run->facts, d->out->launch, LLW_launch_load_mode, &mode);
    llw_text_addf(t, " But RAM has %s less than is to stay there: %s.", llw_format_bytes(buf, -ram->left),
                  strstr(mode, "mlock")
                      ? "the lock fails, or the system kills a program"
                      : "what does not fit is read from disk again and again, and tokens wait for it");
}

static void say_unknown(deciding *d, llw_text *t) {
    const llw_predicted *p = d->out->predicted;
    llw_text_add(t, "Whether this launch loads is not known");
    if (p && p->rc == LLW_ERR_NOTHING && p->missing) {
        const llw_attr_info *info = llw_attr_get(p->missing);
        llw_text_addf(t, ": %s is missing", info->meaning);
        if (*info->how) llw_text_addf(t, " (%s)", info->how);
    } else if (p && p->rc != LLW_OK)
        llw_text_addf(t, ": %s", p->err.text);
    else if (p && *p->fit.prediction.reason == '\0' && p->fit.draft.used &&
             p->fit.draft.outcome == LLW_OUTCOME_UNKNOWN && tightest(d->out)) {
        char buf[LLW_NUMBER_MAX];
        const llw_device_line *worst = tightest(d->out);
        llw_text_addf(t, ": what the draft takes is not known (%s). Without it %s would keep %s free",
                      p->fit.draft.reason, worst->name, llw_format_bytes(buf, worst->left));
    } else if (p && *p->fit.prediction.reason) {
        char buf[LLW_NUMBER_MAX];
        int64_t weights = 0;
        for (int i = 0; i < p->fit.prediction.n_devices; i++) weights += p->fit.prediction.device[i].weights;
        llw_text_addf(t, ": %s", p->fit.prediction.reason);
        if (weights > 0)
            llw_text_addf(t, ". The %s of weights for the GPUs are the least it needs",
                          llw_format_bytes(buf, weights));
    } else
        llw_text_add(t, ": the free memory of a GPU is unknown (run llama-server --list-devices, or give "
                        "--gpu TOTAL:FREE)");
    llw_text_add(t, ".");
}

/* What --fit did, as the first half of a sentence about an adjusted launch. */
static void say_fit(deciding *d, llw_text *t) {
    assert(d->out->predicted);
    const llw_fit *fit = &d->out->predicted->fit;
    if (fit->outcome != LLW_FIT_ADJUSTED) return;
    llw_text_add(t, " --fit sets");
    for (size_t i = 0; i < fit->n_args; i++)
        if (i + 1 < fit->n_args && ((!strcmp(fit->args[i], "-c") && d->out->predicted->as_read.ctx_given) ||
                                    (!strcmp(fit->args[i], "-ngl") && fit->args[i + 1][0] == '-')))
            i++; /* as it was */
        else if (strlen(fit->args[i]) > 60)
            llw_text_add(t, " (a long list; llwhy fit shows it)");
        else
            llw_text_addf(t, " %s", fit->args[i]);
    llw_text_add(t, ".");
}

static bool is_host(const llw_device_line *line) {
    return !strcmp(line->name, "Host");
}

static void say_loads(const deciding *d, const llw_device_line *worst, bool certain, llw_text *t) {
    char buf[LLW_NUMBER_MAX];
    bool in_ram = worst && is_host(worst);
    llw_text_addf(t, "This launch %sloads%s (%s)", certain ? "" : "probably ",
                  in_ram ? " into RAM, without a GPU" : "", d->out->build_name);
    if (worst)
        llw_text_addf(t, ": %s keeps %s free.", in_ram ? "RAM" : worst->name,
                      llw_format_bytes(buf, worst->left));
    else
        llw_text_add(t, ".");
}

static void say_fails(const deciding *d, const llw_device_line *worst, int64_t missing_ram, bool certain,
                      llw_text *t) {
    char buf[LLW_NUMBER_MAX];
    llw_text_addf(t, "This launch %s (%s)", certain ? "does not load" : "probably does not load",
                  d->out->build_name);
    if (worst && worst->left < 0)
        llw_text_addf(t, ": %s needs %s more than is free.", is_host(worst) ? "RAM" : worst->name,
                      llw_format_bytes(buf, -worst->left));
    else if (missing_ram > 0)
        llw_text_addf(t, ": what has to stay in RAM needs %s more than is available.",
                      llw_format_bytes(buf, missing_ram));
    else
        llw_text_add(t, ".");
}

/* What makes the verdict uncertain, and what would decide it. */
static const char *uncertainty(deciding *d, const llw_device_line *worst) {
    if (is_host(worst))
        return "Pages of the mapped file can be read again from disk, for every token; but without a GPU "
               "llama.cpp copies most quantised weights into a layout for the processor, and copies have "
               "to stay in RAM. With --no-repack nothing is copied: it loads, and is as slow as the disk.";
    llw_text t = {0};
    char buf[LLW_NUMBER_MAX];
    llw_text_addf(&t, "The compute buffer on %s is an estimate between %s", worst->name,
                  llw_format_mib(buf, worst->compute_low));
    llw_text_addf(&t, " and %s; a load log decides it (start llama-server with -lv 4).",
                  llw_format_mib(buf, worst->compute_high));
    return keep(d, &t);
}

static void verdict(deciding *d) {
    llw_decision *out = d->out;
    const llw_facts *facts = d->run->facts;
    llw_text t = {0};
    out->verdict = llw_verdict_find(facts, out->launch, out->predicted);
    bool loads = out->verdict == LLW_VERDICT_LOADS || out->verdict == LLW_VERDICT_LIKELY_LOADS;
    bool certain = out->verdict == LLW_VERDICT_LOADS || out->verdict == LLW_VERDICT_FAILS;
    const llw_device_line *worst = tightest(out), *ram = short_ram(out);
    if (out->verdict == LLW_VERDICT_REFUSED) {
        llw_refusal_say(facts, out->launch, out->predicted, out->build_name, &t);
        out->n_devices = 0; /* figures of what does not start say nothing */
    } else if (out->verdict == LLW_VERDICT_UNKNOWN) {
        say_unknown(d, &t);
    } else if (loads) {
        say_loads(d, worst, certain, &t);
        if (ram) say_short_ram(d, ram, &t);
        say_fit(d, &t);
    } else {
        say_fails(d, worst, missing_ram(out, ram), certain, &t);
        say_fit(d, &t);
    }
    out->verdict_text = keep(d, &t);
    bool close = out->verdict == LLW_VERDICT_LIKELY_LOADS || out->verdict == LLW_VERDICT_LIKELY_FAILS;
    out->uncertainty = close && worst ? uncertainty(d, worst) : "";
}

/* " (by 2 records of this card)", where the ledger tells how much the card needs beside the buffers. */
static bool add_records(const deciding *d, const llw_device_line *line, llw_text *t) {
    int64_t records = 0;
    llw_entity gpu = llw_facts_ref(d->run->facts, line->placement, LLW_placement_gpu);
    if (!gpu || !llw_facts_count(d->run->facts, gpu, LLW_gpu_grew_records, &records)) return false;
    llw_text_addf(t, " (by %lld record%s of this card)", (long long)records, records == 1 ? "" : "s");
    return true;
}

/* Loading is not surviving: the first long prompt needs more. Where records say that a narrow rest is enough,
 * that is said too. */
static void survival(deciding *d) {
    llw_decision *out = d->out;
    bool survives = true, loads = false;
    out->survival = "";
    if (!llw_facts_flag(d->run->facts, out->launch, LLW_launch_loads, &loads) || !loads) return;
    if (!llw_facts_flag(d->run->facts, out->launch, LLW_launch_survives, &survives)) return;
    llw_text t = {0};
    char buf[LLW_NUMBER_MAX];
    for (size_t i = 0; i < out->n_devices; i++) {
        const llw_device_line *line = &out->devices[i];
        int64_t extras = 0;
        llw_text told = {0};
        if (!line->known || !llw_facts_count(d->run->facts, line->placement, LLW_placement_extras, &extras) ||
            (extras <= line->left) != survives)
            continue;
        llw_text_addf(&told, "%s%s keeps %s",
                      t.len      ? " "
                      : survives ? ""
                                 : "It loads, but may not survive long prompts: ",
                      line->name, llw_format_mib(buf, line->left));
        llw_text_addf(&told, ", and up to about %s more are used as the context fills",
                      llw_format_mib(buf, extras));
        bool recorded = add_records(d, line, &told);
        llw_text_add(&told, survives ? ": that is enough." : ".");
        if (!survives || (recorded && line->left < 2 * extras)) llw_text_add(&t, llw_text_str(&told));
        llw_text_fini(&told);
    }
    out->survival = keep(d, &t);
}

/* What RAM moves is nobody's figure but a usual one: said where RAM is read, else "". */
static const char *assumed_of_ram(const deciding *d, const llw_predicted *p) {
    const llw_facts *facts = d->run->facts;
    llw_entity host = llw_facts_next(facts, LLW_KIND_host, 0);
    const llw_claim *c = host ? llw_facts_best(facts, host, LLW_host_ram_bandwidth) : NULL;
    bool read = p && p->speed && (p->speed->weights_host > 0 || p->speed->cache_host > 0);
    if (!read || !c || !c->value.known || c->grade != LLW_GRADE_DEFAULT) return "";
    return llw_arena_printf(d->arena, "; that RAM moves %.0f GB/s is assumed", c->value.as.real / 1e9);
}

static void speed(deciding *d) {
    double low = 0, high = 0;
    const llw_predicted *p = llw_run_predicted(d->run, d->out->launch);
    d->out->speed = "";
    if (!llw_facts_real(d->run->facts, d->out->launch, LLW_launch_speed_low, &low) ||
        !llw_facts_real(d->run->facts, d->out->launch, LLW_launch_speed_high, &high) ||
        d->out->verdict > LLW_VERDICT_LIKELY_LOADS)
        return;
    const llw_claim *measured = llw_facts_best(d->run->facts, d->out->launch, LLW_launch_speed);
    int64_t records = 0;
    if (measured && measured->value.known) {
        const char *place = strcmp(measured->origin, "evidence") ? "" : measured->place;
        d->out->speed =
            llw_arena_printf(d->arena, "Speed: %.1f tokens per second, measured%s%s%s.",
                             measured->value.as.real, *place ? " (" : "", place, *place ? ")" : "");
    } else if (llw_facts_count(d->run->facts, d->out->launch, LLW_launch_speed_records, &records))
        d->out->speed =
            llw_arena_printf(d->arena,
                             "Speed: about %.*f to %.*f tokens per second for one user at the start of a "
                             "conversation, estimated from the bytes a token reads and corrected by what "
                             "%lld record%s of this machine reached.",
                             low < 10, low, high < 10, high, (long long)records, records == 1 ? "" : "s");
    else
        d->out->speed = llw_arena_printf(d->arena,
                                         "Speed: about %.*f to %.*f tokens per second for one user at the "
                                         "start of a conversation, estimated from the "
                                         "bytes a token reads%s.",
                                         low < 10, low, high < 10, high, assumed_of_ram(d, p));
    if (p && p->speed && p->speed->cliff)
        d->out->speed = llw_arena_printf(d->arena, "%s %s.", d->out->speed, p->speed->cliff);
}

static int by_gravity(const void *a, const void *b) {
    const llw_reason *x = a, *y = b;
    if (x->level != y->level) return x->level > y->level ? -1 : 1;
    int c = strcmp(x->node->rule->lesson->id, y->node->rule->lesson->id);
    if (c) return c;
    c = strcmp(x->node->rule->id, y->node->rule->id);
    return c ? c : memcmp(x->node->binding, y->node->binding, sizeof x->node->binding);
}

static void reasons(deciding *d) {
    void *items = NULL;
    size_t capacity = 0;
    for (size_t i = 0; i < d->run->n_nodes; i++) {
        const llw_node *node = &d->run->nodes[i];
        if (node->state != LLW_FIRED || !node->rule->find.n_pieces ||
            !llw_node_concerns(d->run, node, d->out->launch))
            continue;
        llw_text t = {0};
        llw_run_say(d->run, node, &node->rule->find, &t);
        llw_reason *reason = llw_arena_push(d->arena, &items, &d->out->n_reasons, &capacity, sizeof *reason);
        *reason = (llw_reason){node, keep(d, &t), node->rule->level, node->rule->lesson->code};
    }
    d->out->reasons = items;
    if (items) qsort(items, d->out->n_reasons, sizeof(llw_reason), by_gravity);
}

static void lessons(deciding *d) {
    const llw_kb *kb = d->run->kb;
    d->out->lessons = llw_arena_alloc(d->arena, (kb->n_lessons + 1) * sizeof *d->out->lessons);
    for (size_t i = 0; i < kb->n_lessons; i++)
        llw_lesson_judge(d->run, kb->lessons[i], d->out->launch, d->arena,
                         &d->out->lessons[d->out->n_lessons++]);
}

static void notes(deciding *d) {
    const char *const *base = NULL, *const *over = NULL;
    size_t n = llw_facts_notes(d->run->base, &base), m = llw_facts_notes(d->run->facts, &over);
    const char **all = llw_arena_alloc(d->arena, (n + m + 1) * sizeof *all);
    for (size_t i = 0; i < n + m; i++) all[i] = i < n ? base[i] : over[i - n];
    d->out->notes = all;
    d->out->n_notes = n + m;
}

bool llw_node_concerns(const llw_run *run, const llw_node *node, llw_entity launch) {
    const llw_facts *facts = run->facts;
    llw_entity model = llw_facts_ref(facts, launch, LLW_launch_model),
               build = llw_facts_ref(facts, launch, LLW_launch_build);
    bool others = false, ours = false; /* a rule about two launches concerns both of them */
    for (int v = 0; v < node->rule->n_variables; v++) {
        llw_entity e = node->binding[v];
        switch (node->rule->kind[v]) {
        case LLW_KIND_launch: *(e == launch ? &ours : &others) = true; break;
        case LLW_KIND_placement:
            if (llw_facts_ref(facts, e, LLW_placement_launch) != launch) return false;
            break;
        case LLW_KIND_model:
            if (e != model) return false;
            break;
        case LLW_KIND_build:
            if (e != build) return false;
            break;
        case LLW_KIND_card:
            if (llw_facts_ref(facts, e, LLW_card_model) != model) return false;
            break;
        case LLW_KIND_claim:
            if (llw_facts_ref(facts, e, LLW_claim_model) != model) return false;
            break;
        default: break;
        }
    }
    return ours || !others;
}

void llw_decide_verdict(llw_run *run, llw_entity launch, llw_arena *arena, llw_decision *out) {
    *out = (llw_decision){.run = run, .launch = launch, .context_text = ""};
    deciding d = {run, arena, out};
    out->model = llw_facts_ref(run->facts, launch, LLW_launch_model);
    out->build = llw_facts_ref(run->facts, launch, LLW_launch_build);
    out->predicted = llw_run_predicted(run, launch);
    out->build_name = llw_build_name_of(run->facts, launch, arena);
    out->title = out->model ? title(&d) : "no model";
    out->details = out->model ? details(&d) : "";
    device_lines(&d);
    verdict(&d);
    survival(&d);
    speed(&d);
    reasons(&d);
    lessons(&d);
    notes(&d);
}

void llw_decide(llw_run *run, llw_entity launch, llw_arena *arena, llw_decision *out) {
    llw_decide_verdict(run, launch, arena, out);
    llw_offers(run, arena, out);
}
