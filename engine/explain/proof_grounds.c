/* What a predicted slot was computed from: other slots, the steps of a prediction, and below them header
 * keys, flags and constants. */
#include "explain/proof_parts.h"
#include "explain/words.h"
#include "fact/flags.h"
#include "infer/native.h"

#include <string.h>

static const char fit_source[] = "common/fit.cpp common_params_fit_impl";

static void line(llw_prover *b, int depth, const char *origin, llw_text *text) {
    llw_prover_add(b, depth, LLW_LINE_ARITHMETIC, text)->origin = origin ? origin : "";
}

/* ---- slots that rest on other slots ---- */

typedef enum reach { OWN, ITS_LAUNCH, EACH_GPU, HOST } reach;

static const struct {
    llw_attr attr;
    reach reach;
    llw_attr parts[5];
} sums[] = {
    {LLW_placement_need,
     OWN,
     {LLW_placement_weights, LLW_placement_kv, LLW_placement_compute, LLW_placement_draft}},
    {LLW_placement_left,
     OWN,
     {LLW_placement_free, LLW_placement_weights, LLW_placement_kv, LLW_placement_compute,
      LLW_placement_draft}},
    {LLW_placement_loads,
     OWN,
     {LLW_placement_free, LLW_placement_weights, LLW_placement_kv, LLW_placement_compute,
      LLW_placement_draft}},
    {LLW_placement_compute_low, OWN, {LLW_placement_compute}},
    {LLW_placement_compute_high, OWN, {LLW_placement_compute}},
    {LLW_placement_target, ITS_LAUNCH, {LLW_launch_fit_target}},
    {LLW_launch_loads, EACH_GPU, {LLW_placement_left}},
    {LLW_launch_loads_certain,
     EACH_GPU,
     {LLW_placement_left, LLW_placement_compute_low, LLW_placement_compute_high}},
    {LLW_launch_meets_target, EACH_GPU, {LLW_placement_left, LLW_placement_target}},
    {LLW_launch_survives, EACH_GPU, {LLW_placement_left, LLW_placement_extras}},
    {LLW_launch_gpu_need, EACH_GPU, {LLW_placement_need}},
    {LLW_launch_gpu_free, EACH_GPU, {LLW_placement_free}},
    {LLW_launch_largest_gpu_free, EACH_GPU, {LLW_placement_free}},
    {LLW_launch_host_need,
     HOST,
     {LLW_placement_weights, LLW_placement_kv, LLW_placement_compute, LLW_placement_draft}},
    {LLW_launch_host_held,
     HOST,
     {LLW_placement_weights, LLW_placement_kv, LLW_placement_compute, LLW_placement_draft}},
    {LLW_launch_host_held, ITS_LAUNCH, {LLW_launch_load_mode}},
    {LLW_launch_weights_on_host, HOST, {LLW_placement_weights}},
    {LLW_launch_fits_one_gpu, OWN, {LLW_launch_whole_need, LLW_launch_largest_gpu_free}},
    {LLW_launch_fit_outcome, OWN, {LLW_launch_fit}},
    {LLW_launch_outcome, OWN, {LLW_launch_build}},
    {LLW_launch_override_moves_experts_to_cpu,
     OWN,
     {LLW_launch_override_tensor, LLW_launch_cpu_moe, LLW_launch_n_cpu_moe}},
};

static llw_entity placement_of(const llw_prover *b, llw_entity launch, const char *device) {
    return llw_facts_find(b->run->facts, LLW_KIND_placement,
                          llw_placement_id(b->arena, llw_facts_id(b->run->facts, launch), device));
}

static void tell_parts(llw_prover *b, int depth, llw_entity entity, const llw_attr *parts) {
    for (int i = 0; i < 5 && parts[i]; i++)
        if (llw_facts_best(b->run->facts, entity, parts[i])) llw_prover_operand(b, depth, entity, parts[i]);
}

static void tell_sum(llw_prover *b, int depth, llw_entity entity, llw_entity launch, llw_attr attr) {
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        if (sums[i].attr != attr) continue;
        llw_entity host = placement_of(b, launch, "Host");
        switch (sums[i].reach) {
        case OWN: tell_parts(b, depth, entity, sums[i].parts); break;
        case ITS_LAUNCH: tell_parts(b, depth, launch, sums[i].parts); break;
        case HOST:
            if (host) tell_parts(b, depth, host, sums[i].parts);
            break;
        case EACH_GPU:
            for (llw_entity e = 0; (e = llw_facts_next(b->run->facts, LLW_KIND_placement, e));)
                if (llw_facts_ref(b->run->facts, e, LLW_placement_launch) == launch &&
                    llw_facts_ref(b->run->facts, e, LLW_placement_gpu))
                    tell_parts(b, depth, e, sums[i].parts);
            break;
        }
    }
}

/* ---- what --fit did ---- */

static void tell_fit(llw_prover *b, int depth, const llw_fit *fit) {
    llw_text t = {0};
    if (b->fit_told) return;
    b->fit_told = true;
    for (size_t i = 0; i < fit->n_steps; i++) {
        llw_text_add(&t, fit->steps[i]);
        line(b, depth, fit_source, &t);
    }
    if (fit->n_steps) return;
    llw_text_add(&t, fit->reason && *fit->reason ? fit->reason : "it has nothing to do");
    line(b, depth, fit_source, &t);
}

/* Whether --fit put another value in the launch's slot. */
static bool fit_set(const llw_predicted *p, llw_attr slot) {
    const llw_launch *given = &p->as_read, *now = &p->fit.launch;
    if (p->fit.outcome != LLW_FIT_ADJUSTED && p->fit.outcome != LLW_FIT_GAVE_UP) return false;
    switch ((int)slot) {
    case LLW_launch_ctx: return given->ctx != now->ctx;
    case LLW_launch_gpu_layers: return given->gpu_layers != now->gpu_layers;
    case LLW_launch_tensor_split: return given->n_tensor_split != now->n_tensor_split;
    case LLW_launch_override_tensor: return given->n_overrides != now->n_overrides;
    default: return false;
    }
}

/* A long list of patterns is named by its start. */
static void say_fit_value(llw_text *t, const llw_fit *fit, const char *flag) {
    enum { LONG = 60 };
    for (size_t i = 0; i + 1 < fit->n_args; i++) {
        if (strcmp(fit->args[i], flag) != 0) continue;
        size_t len = strlen(fit->args[i + 1]);
        llw_text_addf(t, "%s = %.*s%s", flag, LONG, fit->args[i + 1], len > LONG ? "..." : "");
        return;
    }
    llw_text_addf(t, "%s", flag);
}

/* ---- the steps of a prediction ---- */

/* A default of nothing (not given, off, 0) explains nothing. */
static bool is_nothing(const llw_claim *claim) {
    if (claim->grade != LLW_GRADE_DEFAULT || !claim->value.known) return false;
    llw_value v = claim->value;
    return llw_type_is_text(v.type) ? !*v.as.text : v.type == LLW_FLAG ? !v.as.flag : v.as.count == 0;
}

typedef struct telling {
    llw_prover *b;
    llw_entity launch;
    const llw_predicted *p;
    const llw_launch *used; /* the launch that was predicted: p's, or another that was only asked about */
    const llw_prediction *prediction;
} telling;

static bool is_supposed(const telling *t) {
    return t->used != &t->p->fit.launch;
}

static void tell_slot(const telling *t, int depth, llw_attr slot, int device) {
    llw_prover *b = t->b;
    llw_kind kind = llw_attr_get(slot)->kind;
    llw_entity entity = t->launch;
    if (kind == LLW_KIND_placement) {
        if (is_supposed(t)) return; /* no placement of the launch itself */
        entity = placement_of(b, t->launch, device < 0 ? "Host" : t->used->devices[device].name);
    } else if (kind == LLW_KIND_gpu) {
        entity = device < 0 ? 0 : t->used->devices[device].gpu;
    }
    const llw_claim *best = entity ? llw_facts_best(b->run->facts, entity, slot) : NULL;
    if (kind == LLW_KIND_launch && !is_supposed(t) && fit_set(t->p, slot)) {
        llw_text text = {0};
        say_fit_value(&text, &t->p->fit, llw_words_flag(slot));
        llw_prover_add(b, depth, LLW_LINE_FACT, &text)->origin = "set by --fit";
        tell_fit(b, depth + 1, &t->p->fit);
        return;
    }
    if (!best || is_nothing(best)) return;
    llw_prover_operand(b, depth, entity, slot);
}

/* The step at `at` and what it rests on. */
static void tell_step(const telling *t, int depth, size_t at) {
    const llw_prediction *prediction = t->prediction;
    for (size_t i = at; i < prediction->n_steps && (i == at || prediction->steps[i].depth > 0); i++) {
        const llw_step *step = &prediction->steps[i];
        if (depth + step->depth > LLW_PROOF_DEPTH_MAX) continue;
        if (step->slot) {
            tell_slot(t, depth + step->depth, step->slot, step->slot_device);
            continue;
        }
        llw_text text = {0};
        llw_text_add(&text, step->text);
        bool read = step->source && !strncmp(step->source, "gguf ", 5);
        llw_prover_add(t->b, depth + step->depth, read ? LLW_LINE_FACT : LLW_LINE_ARITHMETIC, &text)->origin =
            step->source ? step->source : "";
    }
}

static void tell_steps(llw_prover *b, int depth, llw_entity launch, const llw_predicted *p, llw_attr attr,
                       const char *device) {
    const telling t = {b, launch, p, &p->fit.launch, &p->fit.prediction};
    const llw_prediction *prediction = t.prediction;
    for (size_t i = 0; i < prediction->n_steps; i++) {
        const llw_step *step = &prediction->steps[i];
        const char *name = step->device < 0 ? "Host" : t.used->devices[step->device].name;
        if (step->depth == 0 && step->result == attr && (!*device || !strcmp(name, device)))
            tell_step(&t, depth, i);
    }
}

/* ---- figures with a reckoning of their own ---- */

/* What a draft takes of a device, part by part. */
static void tell_draft(llw_prover *b, int depth, const llw_predicted *p, const char *device) {
    const llw_draft *draft = &p->fit.draft;
    const llw_memory *m = &draft->host;
    for (int d = 0; d < p->fit.launch.n_devices; d++)
        if (!strcmp(p->fit.launch.devices[d].name, device)) m = &draft->device[d];
    if (!llw_memory_sum(m)) return;
    char weights[LLW_NUMBER_MAX], cache[LLW_NUMBER_MAX], compute[LLW_NUMBER_MAX];
    llw_text t = {0};
    llw_text_addf(&t, "%s of weights + %s of cache + %s%s of compute buffer",
                  llw_format_mib(weights, m->weights), llw_format_mib(cache, m->context),
                  m->compute_exact ? "" : "about ", llw_format_mib(compute, m->compute));
    line(b, depth, "common/speculative.cpp common_base_params_to_speculative", &t);
}

/* -ngl all, or what the build has in its place. */
static const char *every_layer(llw_prover *b, const llw_launch *launch) {
    llw_flags flags;
    const char *words = NULL;
    if (llw_flags_load(&flags, NULL) == LLW_OK)
        words = llw_flag_write(&flags, b->arena, LLW_launch_gpu_layers, llw_count(-2), launch->program,
                               launch->build_order);
    return words ? words : "-ngl 999";
}

static void tell_whole(llw_prover *b, int depth, llw_entity launch, const llw_predicted *p) {
    if (!p->alone) return;
    llw_prediction *whole = llw_arena_alloc(b->arena, sizeof *whole);
    llw_launch used = *p->alone;
    used.memo = NULL;
    llw_predict(&used, b->arena, true, whole);
    llw_text t = {0};
    llw_text_addf(&t, "everything on %s, as -sm none -mg %d %s would put it",
                  used.devices[used.main_gpu].name, used.main_gpu, every_layer(b, &used));
    line(b, depth, "llwhy predict", &t);
    for (size_t i = 0; i < whole->n_steps; i++) {
        const llw_step *step = &whole->steps[i];
        bool part = step->result == LLW_placement_weights || step->result == LLW_placement_kv ||
                    step->result == LLW_placement_compute;
        if (step->depth == 0 && step->device == used.main_gpu && part)
            tell_step(&(telling){b, launch, p, &used, whole}, depth + 1, i);
    }
    for (int d = 0; d < used.n_devices; d++) tell_draft(b, depth + 1, p, used.devices[d].name);
}

static void tell_free_hand(llw_prover *b, int depth, llw_entity launch, const llw_predicted *p) {
    const llw_fit *fit = p->free_hand;
    char bytes[LLW_NUMBER_MAX];
    llw_text t = {0};
    bool one = false;
    if (!fit) { /* it fits on one, or what it stores is more than all GPUs have */
        llw_facts_flag(b->run->facts, launch, LLW_launch_fits_one_gpu, &one);
        llw_attr parts[5] = {one || !p->alone ? LLW_launch_fits_one_gpu : LLW_launch_whole_need,
                             one || !p->alone ? LLW_ATTR_NONE : LLW_launch_gpu_free};
        tell_parts(b, depth, launch, parts);
        return;
    }
    llw_text_addf(&t,
                  "with the same context, no flags in its way and --fit-target 0, --fit finds a plan that %s "
                  "and leaves "
                  "%s of layer weights in RAM",
                  fit->fits ? "fits" : "does not fit",
                  llw_format_bytes(bytes, fit->prediction.weights_on_host));
    line(b, depth, fit_source, &t);
}

/* Without a GPU nothing fits on one. */
static void tell_no_gpu(llw_prover *b, int depth, const llw_predicted *p) {
    llw_entity host = llw_facts_next(b->run->facts, LLW_KIND_host, 0);
    llw_text t = {0};
    if (p->as_read.n_devices) return;
    if (host && llw_facts_best(b->run->facts, host, LLW_host_gpus)) {
        llw_prover_operand(b, depth, host, LLW_host_gpus);
        return;
    }
    llw_text_add(&t, "llama.cpp has no GPU to use here");
    line(b, depth, "the machine", &t);
}

static void tell_extras(llw_prover *b, int depth, const llw_predicted *p, const char *device) {
    char bytes[LLW_NUMBER_MAX];
    for (size_t i = 0; p->extras && i < p->extras->n_items; i++) {
        const llw_extra *item = &p->extras->items[i];
        if (strcmp(p->fit.launch.devices[item->device].name, device) != 0) continue;
        llw_text t = {0};
        llw_text_addf(&t, "%s: %s", llw_format_mib(bytes, item->bytes), item->text);
        line(b, depth, item->source, &t);
    }
}

static void tell_speed(llw_prover *b, int depth, const llw_predicted *p) {
    const llw_speed *s = p->speed;
    const llw_launch *used = &p->fit.launch;
    char weights[LLW_NUMBER_MAX], cache[LLW_NUMBER_MAX];
    llw_text t = {0};
    if (!s || !s->known) return;
    for (int d = 0; d < p->fit.prediction.n_devices; d++) {
        if (s->weights[d] + s->cache[d] == 0) continue;
        llw_text_addf(&t, "a token reads %s of weights on %s, and %s of cache",
                      llw_format_bytes(weights, s->weights[d]), used->devices[d].name,
                      llw_format_bytes(cache, s->cache[d]));
        line(b, depth, "engine/predict/speed.c", &t);
        if (llw_facts_best(b->run->facts, used->devices[d].gpu, LLW_gpu_bandwidth))
            llw_prover_operand(b, depth + 1, used->devices[d].gpu, LLW_gpu_bandwidth);
    }
    if (s->weights_host + s->cache_host > 0) {
        llw_text_addf(&t, "a token reads %s of weights in RAM, and %s of cache",
                      llw_format_bytes(weights, s->weights_host), llw_format_bytes(cache, s->cache_host));
        line(b, depth, "engine/predict/speed.c", &t);
        llw_entity host = llw_facts_next(b->run->facts, LLW_KIND_host, 0);
        if (host && llw_facts_best(b->run->facts, host, LLW_host_ram_bandwidth))
            llw_prover_operand(b, depth + 1, host, LLW_host_ram_bandwidth);
    }
    for (size_t i = 0; i < s->n_assumptions; i++) {
        llw_text_addf(&t, "assumed: %s", s->assumptions[i]);
        line(b, depth, "models/speed.tsv", &t);
    }
    if (!s->cliff) return;
    llw_text_add(&t, s->cliff);
    line(b, depth, "models/flash-attention.tsv", &t);
}

void llw_prover_grounds(llw_prover *b, int depth, llw_entity entity, llw_attr attr) {
    bool placement = llw_attr_get(attr)->kind == LLW_KIND_placement;
    llw_entity launch = placement ? llw_facts_ref(b->run->facts, entity, LLW_placement_launch) : entity;
    const llw_predicted *p = launch ? llw_run_predicted(b->run, launch) : NULL;
    if (!p || p->rc != LLW_OK) return;
    llw_prover_predicted(b, launch);
    const char *device = "";
    if (placement) llw_facts_text(b->run->facts, entity, LLW_placement_device, &device);
    size_t before = b->out->n_lines;
    tell_steps(b, depth, launch, p, attr, device);
    tell_sum(b, depth, entity, launch, attr);
    llw_text t = {0};
    switch ((int)attr) {
    case LLW_launch_whole_need: tell_whole(b, depth, launch, p); break;
    case LLW_launch_fits_gpus: tell_free_hand(b, depth, launch, p); break;
    case LLW_launch_fits_one_gpu: tell_no_gpu(b, depth, p); break;
    case LLW_launch_fit_outcome:
    case LLW_launch_fit_reason: tell_fit(b, depth, &p->fit); break;
    case LLW_placement_draft: tell_draft(b, depth, p, device); break;
    case LLW_placement_extras: tell_extras(b, depth, p, device); break;
    case LLW_launch_speed_low:
    case LLW_launch_speed_high: tell_speed(b, depth, p); break;
    case LLW_launch_outcome:
        llw_text_add(&t, *p->fit.prediction.reason ? p->fit.prediction.reason
                                                   : "nothing in the flags or the header makes it stop");
        line(b, depth, "src/llama-context.cpp llama_init_from_model", &t);
        break;
    default: break;
    }
    int64_t bytes = -1;
    if (llw_type_is_integer(llw_attr_get(attr)->type)) llw_facts_count(b->run->facts, entity, attr, &bytes);
    if (b->out->n_lines == before && bytes == 0) {
        llw_text_add(&t, "nothing of that kind is placed here");
        line(b, depth, "src/llama-model.cpp load_tensors", &t);
    }
}
