/* Prediction as facts: what a launch puts on each device, whether it loads, what --fit makes of it. */
#include "infer/native.h"
#include "predict/draft.h"
#include "predict/memo.h"
#include "predict/needs.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

typedef struct native {
    llw_facts *facts;
    llw_arena *arena;
    llw_predicted *out;
    llw_entity launch;
    bool turned; /* some knob is asked for on purpose: what was measured before is no longer this launch's */
} native;

/* A launch with a turned knob is predicted anew, over what was measured of it as it was. */
static void say(const native *n, llw_entity entity, llw_attr attr, llw_value value) {
    llw_facts_claim(n->facts, entity, attr, value, n->turned ? LLW_GRADE_WHATIF : LLW_GRADE_PREDICTED,
                    "predicted", "");
}

/* Another launch than the one that was measured: a knob is turned, or somebody supposes another machine
 * (source/launch/suppose.h; a rule's test states its machine with the same grade, and that is the machine).
 */
static bool is_turned(const llw_facts *facts, llw_entity launch) {
    for (int a = 1; a < LLW_ATTRS; a++) {
        const llw_attr_info *info = llw_attr_get((llw_attr)a);
        bool machine = info->kind == LLW_KIND_gpu || info->kind == LLW_KIND_host;
        if (!machine && (info->kind != LLW_KIND_launch || !info->knob)) continue;
        for (llw_entity e = machine ? llw_facts_next(facts, info->kind, 0) : launch; e;
             e = machine ? llw_facts_next(facts, info->kind, e) : 0) {
            const llw_claim *best = llw_facts_best(facts, e, (llw_attr)a);
            if (best && best->grade == LLW_GRADE_WHATIF && (!machine || !strcmp(best->origin, "what-if")))
                return true;
        }
    }
    return false;
}

const char *llw_placement_id(llw_arena *arena, const char *launch_id, const char *device) {
    return llw_arena_printf(arena, "%s@%s", launch_id, device);
}

static llw_value bytes_or_unknown(int64_t bytes) {
    return bytes < 0 ? llw_unknown(LLW_BYTES) : llw_bytes(bytes);
}

/* The best claim of a byte slot, or -1. */
static int64_t best_bytes(const native *n, llw_entity entity, llw_attr attr) {
    int64_t bytes = -1;
    llw_facts_count(n->facts, entity, attr, &bytes);
    return bytes;
}

/* Copies the winning claim of one slot to another, with its grade and origin. */
static void repeat(const native *n, llw_entity from, llw_attr attr, llw_entity to, llw_attr as) {
    const llw_claim *claim = from ? llw_facts_best(n->facts, from, attr) : NULL;
    if (claim) llw_facts_claim(n->facts, to, as, claim->value, claim->grade, claim->origin, claim->place);
}

/* RAM of the host, or the launch's limit where that is less. */
static void repeat_ram(const native *n, llw_entity host, llw_attr attr, llw_entity to, llw_attr as) {
    int64_t has = -1, limit = -1;
    if (host) llw_facts_count(n->facts, host, attr, &has);
    if (llw_facts_count(n->facts, n->launch, LLW_launch_ram_limit, &limit) && (has < 0 || limit < has))
        repeat(n, n->launch, LLW_launch_ram_limit, to, as);
    else
        repeat(n, host, attr, to, as);
}

/* Claims one placement. Sums are taken over the winning claims, so a measured buffer replaces a predicted
 * one. */
static llw_entity place(const native *n, const char *device, llw_entity gpu, llw_entity host,
                        const llw_memory *memory, int64_t draft, int64_t target) {
    const char *id = llw_placement_id(n->arena, llw_facts_id(n->facts, n->launch), device);
    llw_entity p = llw_facts_entity(n->facts, LLW_KIND_placement, id);
    say(n, p, LLW_placement_launch, llw_ref(n->launch));
    say(n, p, LLW_placement_gpu, llw_ref(gpu));
    say(n, p, LLW_placement_device, llw_string(LLW_TEXT, device));
    repeat(n, gpu, LLW_gpu_total, p, LLW_placement_total);
    repeat(n, gpu, LLW_gpu_free, p, LLW_placement_free);
    if (!gpu) {
        repeat_ram(n, host, LLW_host_ram_total, p, LLW_placement_total);
        repeat_ram(n, host, LLW_host_ram_available, p, LLW_placement_free);
    }
    say(n, p, LLW_placement_weights, bytes_or_unknown(memory->weights));
    say(n, p, LLW_placement_kv, bytes_or_unknown(memory->context));
    say(n, p, LLW_placement_compute, bytes_or_unknown(memory->compute));
    say(n, p, LLW_placement_compute_low, bytes_or_unknown(memory->compute_low));
    say(n, p, LLW_placement_compute_high, bytes_or_unknown(memory->compute_high));
    if (memory->compute_loaded != memory->compute)
        say(n, p, LLW_placement_compute_loaded, bytes_or_unknown(memory->compute_loaded));
    if (draft > 0) say(n, p, LLW_placement_draft, llw_bytes(draft));
    say(n, p, LLW_placement_layers, llw_count(memory->layers));
    say(n, p, LLW_placement_target, bytes_or_unknown(target));
    int64_t weights = best_bytes(n, p, LLW_placement_weights), kv = best_bytes(n, p, LLW_placement_kv);
    int64_t compute = best_bytes(n, p, LLW_placement_compute);
    if (weights < 0 || kv < 0 || compute < 0) return p;
    int64_t need = weights + kv + compute + draft;
    say(n, p, LLW_placement_need, llw_bytes(need));
    int64_t free = best_bytes(n, p, LLW_placement_free);
    if (free < 0) return p;
    say(n, p, LLW_placement_left, llw_bytes(free - need));
    say(n, p, LLW_placement_loads, llw_flag(need <= free));
    return p;
}

typedef struct verdict { /* over all GPUs of a launch */
    bool known, loads, certain, meets_target;
    int64_t need, free, largest;
} verdict;

static void place_devices(const native *n, verdict *v) {
    const llw_launch *launch = &n->out->fit.launch;
    const llw_prediction *prediction = &n->out->fit.prediction;
    *v = (verdict){.known = true, .loads = true, .certain = true, .meets_target = true};
    for (int d = 0; d < prediction->n_devices; d++) {
        const llw_device *device = &launch->devices[d];
        const llw_memory *memory = &prediction->device[d];
        llw_entity p = place(n, device->name, device->gpu, 0, memory, llw_draft_takes(&n->out->fit.draft, d),
                             launch->fit_target[d]);
        int64_t need = best_bytes(n, p, LLW_placement_need), free = best_bytes(n, p, LLW_placement_free);
        if (need < 0 || free < 0) {
            v->known = false;
            continue;
        }
        bool measured =
            !n->turned && llw_facts_best(n->facts, p, LLW_placement_compute)->grade > LLW_GRADE_PREDICTED;
        int64_t slack_low = measured ? 0 : memory->compute - memory->compute_low,
                slack_high = measured ? 0 : memory->compute_high - memory->compute;
        if (llw_draft_takes(&n->out->fit.draft, d)) {
            const llw_memory *draft = &n->out->fit.draft.device[d];
            slack_low += draft->compute - draft->compute_low;
            slack_high += draft->compute_high - draft->compute;
        }
        v->loads &= need <= free;
        int64_t loaded = measured ? need : need - memory->compute + memory->compute_loaded;
        v->certain &= (need - slack_low <= free) == (need + slack_high <= free);
        v->certain &= (loaded <= free) == (need <= free);
        v->meets_target &= need + launch->fit_target[d] <= free;
        v->need += need;
        v->free += free;
        if (free > v->largest) v->largest = free;
    }
}

/* Whether everything fits on the one GPU that has most free memory: same context and cache types, no more
 * than the default micro-batch (an embedding server keeps its own), nothing kept on the CPU by hand. */
static void one_gpu(const native *n) {
    const llw_launch *as_read = &n->out->as_read;
    int best = -1;
    for (int d = 0; d < as_read->n_devices; d++) {
        if (!as_read->devices[d].known) return;
        if (best < 0 || as_read->devices[d].free > as_read->devices[best].free) best = d;
    }
    if (best < 0) return;
    llw_launch *alone = llw_arena_alloc(n->arena, sizeof *alone);
    *alone = *as_read;
    alone->split_mode = LLW_SPLIT_NONE;
    alone->main_gpu = best;
    alone->gpu_layers = -1; /* every layer, also on builds that have no word for it */
    alone->free_hand = true;
    alone->n_overrides = 0;
    alone->kv_offload = true;
    alone->fit = false;
    alone->ctx = n->out->fit.prediction.n_ctx;
    if (alone->ubatch > 512 && !alone->embedding) alone->ubatch = 512;
    llw_prediction *p = llw_arena_alloc(n->arena, sizeof *p);
    llw_predict(alone, n->arena, false, p);
    if (p->outcome != LLW_OUTCOME_OK) return;
    n->out->alone = alone;
    int64_t need = 0;
    for (int d = 0; d < p->n_devices; d++)
        need += llw_memory_sum(&p->device[d]) + llw_draft_takes(&n->out->fit.draft, d);
    say(n, n->launch, LLW_launch_whole_need, llw_bytes(need));
    n->out->stored = p->device[best].weights + p->device[best].context;
    say(n, n->launch, LLW_launch_fits_one_gpu, llw_flag(need <= as_read->devices[best].free));
}

/* Whether some split keeps every layer on the GPUs: what fit finds when it must keep nothing free. */
static void all_gpus(const native *n) {
    const llw_launch *as_read = &n->out->as_read;
    bool one = false;
    if (llw_facts_flag(n->facts, n->launch, LLW_launch_fits_one_gpu, &one) && one) {
        say(n, n->launch, LLW_launch_fits_gpus, llw_flag(true));
        return;
    }
    if (!as_read->n_devices) {
        say(n, n->launch, LLW_launch_fits_one_gpu, llw_flag(false));
        say(n, n->launch, LLW_launch_fits_gpus, llw_flag(false));
        return;
    }
    static const int64_t slack = (int64_t)1 << 20; /* copies of rope factors differ between splits */
    int64_t room = slack;
    for (int d = 0; d < as_read->n_devices; d++) {
        if (!as_read->devices[d].known) return;
        room += as_read->devices[d].free;
    }
    if (n->out->stored > room) { /* weights and caches alone are too much: no need to look for a split */
        say(n, n->launch, LLW_launch_fits_gpus, llw_flag(false));
        return;
    }
    llw_launch *free_hand = llw_arena_alloc(n->arena, sizeof *free_hand);
    *free_hand = *as_read;
    free_hand->split_mode = LLW_SPLIT_LAYER;
    free_hand->gpu_layers = -1;
    free_hand->free_hand = true;
    free_hand->gpu_layers_given = false;
    free_hand->n_overrides = 0;
    free_hand->n_tensor_split = 0;
    free_hand->kv_offload = true;
    free_hand->fit = true;
    free_hand->ctx = n->out->fit.prediction.n_ctx;
    free_hand->ctx_given = true;
    if (free_hand->ubatch > 512 && !free_hand->embedding) free_hand->ubatch = 512;
    for (int d = 0; d < LLW_MAX_DEVICES; d++) free_hand->fit_target[d] = 0;
    llw_fit *fit = llw_arena_alloc(n->arena, sizeof *fit);
    llw_fit_run(free_hand, n->arena, false, fit);
    n->out->free_hand = fit;
    if (fit->outcome == LLW_FIT_UNKNOWN || fit->prediction.outcome != LLW_OUTCOME_OK) return;
    say(n, n->launch, LLW_launch_fits_gpus, llw_flag(fit->fits && fit->prediction.weights_on_host == 0));
}

/* An architecture nobody knows: what its header allows to say. Only weights that cannot fit decide anything.
 */
static void bound_devices(const native *n) {
    const llw_launch *launch = &n->out->fit.launch;
    const llw_prediction *p = &n->out->fit.prediction;
    verdict v;
    place_devices(n, &v);
    for (int d = 0; d < p->n_devices; d++)
        if (launch->devices[d].known && p->device[d].weights > launch->devices[d].free && !launch->fit)
            say(n, n->launch, LLW_launch_loads, llw_flag(false));
    if (v.known) {
        say(n, n->launch, LLW_launch_gpu_free, llw_bytes(v.free));
        say(n, n->launch, LLW_launch_largest_gpu_free, llw_bytes(v.largest));
    }
    place(n, "Host", 0, llw_facts_next(n->facts, LLW_KIND_host, 0), &p->host, 0, 0);
}

/* What the cards have, where nothing is put on them. */
static void claim_room(const native *n) {
    const llw_launch *launch = &n->out->as_read;
    int64_t all = 0, largest = 0;
    for (int d = 0; d < launch->n_devices; d++) {
        const llw_device *device = &launch->devices[d];
        if (!device->known) return;
        all += device->free;
        if (device->free > largest) largest = device->free;
    }
    say(n, n->launch, LLW_launch_gpu_free, llw_bytes(all));
    say(n, n->launch, LLW_launch_largest_gpu_free, llw_bytes(largest));
}

/* A file that llama.cpp refuses takes nothing of any device, and --fit, which opens it first, fails. */
static void refuse_file(const native *n) {
    llw_fit *fit = &n->out->fit;
    const char *why = "";
    int64_t part = 0;
    llw_entity model = n->out->as_read.model_entity;
    if (llw_facts_text(n->facts, model, LLW_model_refusal, &why))
        fit->prediction.reason = llw_arena_printf(n->arena, "llama.cpp refuses the file: it %s", why);
    else if (llw_facts_count(n->facts, model, LLW_model_given_part, &part))
        fit->prediction.reason = "llama.cpp refuses the file: it is not part 1 of its set";
    else
        return;
    fit->prediction.outcome = LLW_OUTCOME_REFUSED;
    fit->fits = fit->meets_target = false;
    if (fit->outcome == LLW_FIT_OFF) return;
    fit->outcome = LLW_FIT_FAILED;
    fit->reason = fit->prediction.reason;
    fit->n_args = fit->n_steps = 0;
}

static const char *fit_outcome_name(llw_fit_outcome outcome) {
    static const char *const name[] = {"off", "unchanged", "adjusted", "gave-up", "failed", "unknown"};
    return name[outcome];
}

static const char *outcome_name(llw_outcome outcome) {
    static const char *const name[] = {"ok", "refused", "aborts", "unknown"};
    return name[outcome];
}

/* Bytes of a file beside the model, 0 when there is none or nobody knows it. */
static int64_t file_beside(const native *n, llw_attr attr) {
    const char *path = "";
    struct stat st;
    return llw_facts_text(n->facts, n->launch, attr, &path) && *path && stat(path, &st) == 0
               ? (int64_t)st.st_size
               : 0;
}

/* What this machine was seen to reach of the middle of the estimate, where the ledger tells: with all layers
 * on GPUs, or with some of them in RAM, whose bandwidth is mostly assumed. */
static void correct_speed(const native *n, llw_speed *speed) {
    bool in_ram = n->out->fit.prediction.weights_on_host > 0;
    llw_entity host = llw_facts_next(n->facts, LLW_KIND_host, 0);
    double low = 0, high = 0, middle = sqrt(speed->low * speed->high);
    int64_t records = 0;
    if (!host ||
        !llw_facts_real(n->facts, host, in_ram ? LLW_host_ram_speed_factor_low : LLW_host_speed_factor_low,
                        &low) ||
        !llw_facts_real(n->facts, host, in_ram ? LLW_host_ram_speed_factor_high : LLW_host_speed_factor_high,
                        &high) ||
        !llw_facts_count(n->facts, host, in_ram ? LLW_host_ram_speed_records : LLW_host_speed_records,
                         &records))
        return;
    speed->low = middle * low;
    speed->high = middle * high;
    say(n, n->launch, LLW_launch_speed_records, llw_count(records));
}

/* What the buffers leave out, and whether it still fits. */
static void claim_extras(const native *n, bool placed) {
    const llw_fit *fit = &n->out->fit;
    llw_extra_files files = {file_beside(n, LLW_launch_mmproj), file_beside(n, LLW_launch_draft_model)};
    llw_extras *extras = llw_arena_alloc(n->arena, sizeof *extras);
    llw_extras_estimate(fit, &files, n->arena, extras);
    n->out->extras = extras;
    for (int d = 0; d < fit->prediction.n_devices; d++) {
        const char *id =
            llw_placement_id(n->arena, llw_facts_id(n->facts, n->launch), fit->launch.devices[d].name);
        say(n, llw_facts_entity(n->facts, LLW_KIND_placement, id), LLW_placement_extras,
            llw_bytes(extras->device[d]));
    }
    if (placed) say(n, n->launch, LLW_launch_survives, llw_flag(llw_extras_survive(fit, extras)));
}

/* RAM that the system cannot take back under pressure; pages of a mapped file can be read again, and a lock
 * on them that fails is only a warning (src/llama-mmap.cpp llama_mlock). */
static int64_t held_in_ram(const native *n, llw_entity host) {
    bool mapped = n->out->as_read.mmap;
    int64_t weights = best_bytes(n, host, LLW_placement_weights), kv = best_bytes(n, host, LLW_placement_kv),
            compute = best_bytes(n, host, LLW_placement_compute);
    if (weights < 0 || kv < 0 || compute < 0) return -1;
    return kv + compute + (mapped ? 0 : weights) + llw_draft_takes(&n->out->fit.draft, -1);
}

static void claim_launch(const native *n) {
    const llw_prediction *p = &n->out->fit.prediction;
    llw_entity l = n->launch;
    if (p->outcome != LLW_OUTCOME_UNKNOWN)
        say(n, l, LLW_launch_outcome, llw_string(LLW_TEXT, outcome_name(p->outcome)));
    if (n->out->fit.outcome != LLW_FIT_UNKNOWN) {
        say(n, l, LLW_launch_fit_outcome, llw_string(LLW_TEXT, fit_outcome_name(n->out->fit.outcome)));
        say(n, l, LLW_launch_fit_reason, llw_string(LLW_TEXT, n->out->fit.reason ? n->out->fit.reason : ""));
    }
    say(n, l, LLW_launch_gpus_used, llw_count(p->n_devices));
    say(n, l, LLW_launch_n_ctx, llw_count(p->n_ctx));
    say(n, l, LLW_launch_n_ctx_seq, llw_count(p->n_ctx_seq));
    say(n, l, LLW_launch_n_seq, llw_count(p->n_seq));
    if (p->outcome == LLW_OUTCOME_UNKNOWN) bound_devices(n);
    if (p->outcome == LLW_OUTCOME_REFUSED || p->outcome == LLW_OUTCOME_ABORTS) claim_room(n);
    if (p->outcome != LLW_OUTCOME_OK) return;
    say(n, l, LLW_launch_flash_attn_used, llw_flag(p->flash_attn));
    say(n, l, LLW_launch_pipelined, llw_flag(p->pipelined));
    say(n, l, LLW_launch_weights_on_host, llw_bytes(p->weights_on_host));
    verdict v;
    place_devices(n, &v);
    llw_entity host = llw_facts_next(n->facts, LLW_KIND_host, 0);
    llw_entity h = place(n, "Host", 0, host, &p->host, llw_draft_takes(&n->out->fit.draft, -1), 0);
    int64_t host_need = best_bytes(n, h, LLW_placement_need),
            host_free = best_bytes(n, h, LLW_placement_free);
    int64_t host_held = held_in_ram(n, h);
    say(n, l, LLW_launch_host_need, bytes_or_unknown(host_need));
    say(n, l, LLW_launch_host_held, bytes_or_unknown(host_held));
    if (host_held > host_free && host_free >= 0) v.loads = v.meets_target = false;
    if (!p->n_devices) { /* nothing but RAM: it decides */
        v.known = host_need >= 0 && host_free >= 0;
        v.loads = v.meets_target = host_need <= host_free;
        /* a mapped file can be larger than RAM; but weights that the CPU reads in another layout are copied,
         * and which those are is the processor's affair (ggml/src/ggml-cpu/repack.cpp) */
        if (!v.loads && host_held >= 0 && host_held <= host_free) v.certain = false;
    }
    /* what nobody knows of a draft comes on top: that the rest does not load decides, that it loads does not
     */
    const llw_draft *draft = &n->out->fit.draft;
    bool open = v.loads && draft->used && draft->outcome == LLW_OUTCOME_UNKNOWN;
    claim_extras(n, v.known && !open);
    if (!v.known) return;
    say(n, l, LLW_launch_gpu_need, llw_bytes(v.need));
    say(n, l, LLW_launch_gpu_free, llw_bytes(v.free));
    say(n, l, LLW_launch_largest_gpu_free, llw_bytes(v.largest));
    if (open) return;
    say(n, l, LLW_launch_loads, llw_flag(v.loads));
    say(n, l, LLW_launch_loads_certain, llw_flag(v.certain));
    say(n, l, LLW_launch_meets_target, llw_flag(v.meets_target));
}

static const char *unmet_of(const llw_model *model, llw_arena *arena, llw_memo *memo) {
    const char *unmet = NULL;
    if (llw_memo_find_unmet(memo, model, &unmet)) return unmet;
    unmet = llw_model_unmet(model, arena);
    llw_memo_keep_unmet(memo, model, unmet);
    return unmet;
}

void llw_native_models(llw_facts *facts, llw_arena *arena, llw_memo *memo) {
    for (llw_entity m = 0; (m = llw_facts_next(facts, LLW_KIND_model, m));) {
        const llw_model *model = llw_facts_model(facts, m);
        if (!model || llw_facts_value(facts, m, LLW_model_refusal).known) continue;
        const char *unmet = unmet_of(model, arena, memo);
        if (unmet)
            llw_facts_claim(facts, m, LLW_model_refusal, llw_string(LLW_TEXT, unmet), LLW_GRADE_PREDICTED,
                            "predicted", "tensor table");
    }
}

void llw_native_predict(llw_facts *facts, llw_entity launch, llw_arena *arena, bool explain,
                        llw_predicted *out) {
    llw_native_predict_with(facts, launch, arena, explain, NULL, out);
}

void llw_native_predict_with(llw_facts *facts, llw_entity launch, llw_arena *arena, bool explain,
                             struct llw_memo *memo, llw_predicted *out) {
    *out = (llw_predicted){.launch = launch};
    native n = {facts, arena, out, launch, is_turned(facts, launch)};
    out->rc = llw_launch_read(facts, launch, arena, &out->as_read, &out->missing, &out->err);
    if (out->rc == LLW_OK && !out->as_read.model) {
        out->missing = LLW_model_weights;
        out->rc = llw_fail(&out->err, LLW_ERR_NOTHING, "", 0, "the tensor table of the model is not known");
    }
    if (out->rc != LLW_OK) return;
    /* again, although whoever read the flags said it: a turned knob changes it, and the model's own tensors
     * decide */
    say(&n, launch, LLW_launch_override_moves_experts_to_cpu,
        llw_flag(llw_overrides_move_experts(out->as_read.overrides, out->as_read.n_overrides,
                                            out->as_read.model)));
    out->as_read.memo = memo;
    llw_fit_run(&out->as_read, arena, explain, &out->fit);
    refuse_file(&n);
    claim_launch(&n);
}

void llw_native_speed(llw_facts *facts, llw_arena *arena, llw_predicted *predicted) {
    native n = {facts, arena, predicted, predicted->launch, is_turned(facts, predicted->launch)};
    const llw_fit *fit = &predicted->fit;
    if (predicted->rc != LLW_OK || fit->prediction.outcome != LLW_OUTCOME_OK || predicted->speed) return;
    llw_speed *speed = llw_arena_alloc(arena, sizeof *speed);
    predicted->speed = speed;
    llw_speed_estimate(&fit->launch, &fit->prediction, 0, arena, speed);
    if (!speed->known) return;
    correct_speed(&n, speed);
    say(&n, n.launch, LLW_launch_speed_low, llw_real(speed->low));
    say(&n, n.launch, LLW_launch_speed_high, llw_real(speed->high));
}

void llw_native_capacity(llw_facts *facts, llw_arena *arena, llw_predicted *predicted) {
    native n = {facts, arena, predicted, predicted->launch, is_turned(facts, predicted->launch)};
    if (predicted->rc != LLW_OK || predicted->fit.prediction.outcome != LLW_OUTCOME_OK) return;
    one_gpu(&n);
    all_gpus(&n);
}
