/* --fit re-told: runs the two halves of the algorithm on measurements and says what came out.
 *
 * Source: common/fit.cpp common_fit_params and tools/fit-params/fit-params.cpp (how the flags are printed),
 * v0.5.0. */
#include "predict/fit_plan.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

const char *llw_fit_device(const llw_fit_state *state, int id) {
    return state->given->devices[state->device[id]].name;
}

void llw_fit_say(llw_fit_state *state, const char *fmt, ...) {
    if (!state->explain) return;
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    const char **slot = llw_arena_push(state->arena, (void **)&state->steps, &state->n_steps,
                                       &state->steps_room, sizeof *state->steps);
    *slot = llw_arena_strdup(state->arena, text);
}

llw_fit_verdict llw_fit_stop(llw_fit_state *state, llw_fit_outcome outcome, const char *fmt, ...) {
    char text[1024];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    state->outcome = outcome;
    state->reason = llw_arena_strdup(state->arena, text);
    return LLW_FIT_STOPPED;
}

/* A measurement that did not come to figures ends the fit: in llama.cpp by an error, an abort, or here by not
 * knowing. */
static bool look_failed(llw_fit_state *state, const llw_prediction *seen) {
    state->load = seen->outcome;
    const char *why = seen->reason != NULL ? seen->reason : "";
    if (seen->outcome == LLW_OUTCOME_UNKNOWN)
        llw_fit_stop(state, LLW_FIT_UNKNOWN, "what the model takes is not known: %s", why);
    else if (seen->outcome == LLW_OUTCOME_ABORTS)
        llw_fit_stop(state, LLW_FIT_FAILED, "llama.cpp aborts while fit measures: %s", why);
    else
        llw_fit_stop(state, LLW_FIT_FAILED, "llama.cpp refuses what fit tries: %s", why);
    return false;
}

/* What a prediction says of the model's devices. */
static bool take(llw_fit_state *state, const llw_prediction *seen, llw_fit_memory *out) {
    bool ok = seen->outcome == LLW_OUTCOME_OK;
    if (!ok) look_failed(state, seen);
    memset(out, 0, sizeof *out);
    for (int id = 0; ok && id < state->nd; id++) {
        const llw_memory *memory = &seen->device[state->device[id]];
        const llw_device *device = &state->given->devices[state->device[id]];
        out->model[id] = memory->weights;
        out->total[id] = llw_memory_sum(memory);
        /* llama_memory_recurrent and llama_dsv4_comp_state allocate for real even in a no_alloc load, and the
         * card's free memory is read after that: on a real card state is counted twice. */
        int64_t twice =
            device->live ? (memory->state + LLW_CUDA_PAGE - 1) / LLW_CUDA_PAGE * LLW_CUDA_PAGE : 0;
        out->free[id] = device->free - twice;
        state->rough |= !llw_memory_is_exact(memory);
    }
    if (state->nd == 0) state->rough |= !seen->host.weights_exact || !seen->host.compute_exact;
    /* weights in another layout lie in no buffer that common_get_device_memory_data_impl sums up */
    out->host = seen->host.weights - seen->repacked + seen->host.context + seen->host.compute;
    return ok && (state->n_ctx == 0 || llw_fit_add_draft(state, out));
}

static void measure_with(llw_fit_state *state, int gpu_layers, llw_arena *arena, bool explain,
                         llw_prediction *out) {
    llw_launch launch = state->work;
    launch.ctx = state->n_ctx;
    launch.gpu_layers = gpu_layers;
    state->measure(&launch, arena, explain, state->user, out);
}

bool llw_fit_look(llw_fit_state *state, int gpu_layers, llw_fit_memory *out) {
    llw_arena *scratch = llw_arena_new();
    llw_prediction seen = {0};
    measure_with(state, gpu_layers, scratch, false, &seen);
    bool ok = take(state, &seen, out);
    llw_arena_free(scratch);
    return ok;
}

bool llw_fit_look_first(llw_fit_state *state) {
    measure_with(state, state->work.gpu_layers, state->arena, state->explain, &state->first);
    return take(state, &state->first, &state->full);
}

/* The model's devices: all of them, or one with -sm none; its margin is then the first of --fit-target,
 * whichever card it is (common_params_fit_impl indexes margins by the model's devices). */
static void choose_devices(llw_fit_state *state) {
    const llw_launch *given = state->given;
    if (given->split_mode == LLW_SPLIT_NONE && given->n_devices > 0) {
        if (given->main_gpu >= 0 && given->main_gpu < given->n_devices) {
            state->nd = 1;
            state->device[0] = given->main_gpu;
        }
    } else {
        state->nd = given->n_devices;
        for (int id = 0; id < state->nd; id++) state->device[id] = id;
    }
    for (int id = 0; id < LLW_MAX_DEVICES; id++) state->margin[id] = given->fit_target[id];
    llw_fit_raise_targets(state);
}

static uint32_t hparam(const llw_model *model, const char *key) {
    int64_t n = llw_model_int(model, key, -1, 0);
    return n < 0 ? 0 : n > INT32_MAX ? INT32_MAX : (uint32_t)n;
}

static void begin(llw_fit_state *state) {
    const llw_launch *given = state->given;
    const llw_model *model = given->model;
    state->work = *given;
    state->work.fit = false;
    choose_devices(state);
    state->n_layer = hparam(model, "block_count");
    uint32_t nextn = hparam(model, "nextn_predict_layers");
    bool loaded = (given->spec.types & LLW_SPEC_MTP) && state->build.loads_nextn;
    if (state->build.fit_nextn_apart && !loaded && nextn < state->n_layer) state->n_layer -= nextn;
    bool unified;
    state->n_seq = (uint32_t)llw_context_slots(given, &unified);
    state->n_streams = unified ? 1 : state->n_seq;
    state->n_ctx_train = hparam(model, "context_length");
    state->n_expert = hparam(model, "expert_count");
    state->n_ctx = given->ctx > 0 && given->ctx <= UINT32_MAX ? (uint32_t)given->ctx : 0;
}

/* The flags as llama-fit-params prints them: always -c and -ngl, then -ts and -ot where they were set. */
static void print_args(const llw_fit_state *state, llw_fit *out) {
    const char **args = llw_arena_alloc(state->arena, 8 * sizeof *args);
    size_t n = 0;
    const llw_launch *work = &out->launch;
    args[n++] = "-c";
    args[n++] = llw_arena_printf(state->arena, "%lld", (long long)work->ctx);
    args[n++] = "-ngl";
    args[n++] = llw_arena_printf(state->arena, "%d", work->gpu_layers);
    int nd = work->n_tensor_split;
    while (nd > 1 && work->tensor_split[nd - 1] == 0) nd--;
    llw_text text = {0};
    if (nd > 1) {
        for (int id = 0; id < nd; id++)
            llw_text_addf(&text, "%s%lld", id > 0 ? "," : "", (long long)work->tensor_split[id]);
        args[n++] = "-ts";
        args[n++] = llw_arena_strdup(state->arena, llw_text_str(&text));
    }
    if (work->n_overrides > 0) {
        text.len = 0;
        for (size_t i = 0; i < work->n_overrides; i++)
            llw_text_addf(&text, "%s%s=%s", i > 0 ? "," : "", work->overrides[i].pattern,
                          work->overrides[i].buffer);
        args[n++] = "-ot";
        args[n++] = llw_arena_strdup(state->arena, llw_text_str(&text));
    }
    llw_text_fini(&text);
    out->args = args;
    out->n_args = n;
}

/* Whether what came out fits, and what to say where llama.cpp reports success on a plan that does not. */
static void judge(llw_fit_state *state, llw_fit *out) {
    const llw_prediction *plan = &out->prediction;
    bool ok = plan->outcome == LLW_OUTCOME_OK;
    out->fits = ok;
    out->meets_target = ok;
    for (int id = 0; ok && id < state->nd; id++) {
        const llw_memory *memory = &plan->device[state->device[id]];
        const llw_device *device = &out->launch.devices[state->device[id]];
        const llw_memory *draft = &out->draft.device[state->device[id]];
        int64_t left = device->free - memory->weights - memory->context - memory->compute - draft->weights -
                       draft->context - draft->compute;
        char n[LLW_NUMBER_MAX], target[LLW_NUMBER_MAX];
        if (!device->known) {
            out->fits = false;
            out->meets_target = false;
        } else if (left < 0) {
            out->fits = false;
            out->meets_target = false;
            llw_fit_say(state, "%s needs %s more than is free%s.", device->name, llw_format_mib(n, -left),
                        out->outcome == LLW_FIT_ADJUSTED || out->outcome == LLW_FIT_UNCHANGED
                            ? ", although fit reports success"
                            : "");
        } else if (left < state->margin[id]) {
            out->meets_target = false;
            if (out->outcome == LLW_FIT_ADJUSTED || out->outcome == LLW_FIT_UNCHANGED)
                llw_fit_say(state,
                            "%s keeps %s free, less than the target of %s, although fit reports success.",
                            device->name, llw_format_mib(n, left), llw_format_mib(target, state->margin[id]));
        }
    }
}

/* Why fit did what it did, in one sentence. */
static const char *reason(const llw_fit_state *state, const llw_fit *out) {
    char ctx[LLW_NUMBER_MAX];
    llw_format_count(ctx, state->n_ctx);
    const char *wrong = out->fits ? "" : "; the plan does not fit all the same";
    if (out->outcome == LLW_FIT_UNCHANGED) return "what was given keeps every target free";
    bool layers = out->launch.gpu_layers != state->given->gpu_layers;
    if (state->context_cut && layers)
        return llw_arena_printf(
            state->arena, "the context was cut to %s, because -c was not given, and %s%s", ctx,
            out->launch.n_overrides > 0 ? "experts were moved off the GPU" : "layers were distributed",
            wrong);
    if (state->context_cut)
        return llw_arena_printf(state->arena, "the context was cut to %s, because -c was not given%s", ctx,
                                wrong);
    return llw_arena_printf(state->arena, "%s to keep the targets free%s",
                            out->launch.n_overrides > 0 ? "experts were moved" : "layers were distributed",
                            wrong);
}

/* What fit cannot answer or is not asked to: then the launch stands as it is. */
static bool not_asked(llw_fit_state *state, bool force, llw_fit *out) {
    const llw_launch *given = state->given;
    out->outcome = LLW_FIT_OFF;
    if (!given->fit && !force) {
        out->reason = "--fit is off";
    } else if (given->program == LLW_PROGRAM_BENCH && !force) {
        out->reason = "llama-bench does not fit";
    } else if (!state->build.fit_exists && !force) {
        out->reason = "this build has no --fit";
    } else if (given->model == NULL) {
        out->outcome = LLW_FIT_UNKNOWN;
        out->reason = "the model's header was not read";
    } else if (given->n_devices == 0 && given->ram_total < 0) {
        out->outcome = LLW_FIT_UNKNOWN;
        out->reason = "there is no GPU, and how much RAM the machine has is not known";
    } else {
        for (int i = 0; i < given->n_devices; i++)
            if (!given->devices[i].known) {
                out->outcome = LLW_FIT_UNKNOWN;
                out->reason = llw_arena_printf(state->arena, "the free memory of %s is not known",
                                               given->devices[i].name);
                return true;
            }
        return false;
    }
    return true;
}

void llw_fit_run_with(const llw_launch *launch, llw_fit_measure *measure, void *user, llw_arena *arena,
                      bool explain, bool force, llw_fit *out) {
    memset(out, 0, sizeof *out);
    llw_fit_state state = {
        .given = launch, .arena = arena, .explain = explain, .measure = measure, .user = user};
    llw_changes_read(launch->build_order, &state.build);
    out->launch = *launch;
    out->launch.fit = false;
    if (not_asked(&state, force, out)) {
        choose_devices(&state);
    } else {
        begin(&state);
        llw_fit_verdict verdict = llw_fit_context(&state);
        if (verdict == LLW_FIT_GO_ON) verdict = llw_fit_layers(&state);
        out->launch = state.work;
        out->launch.ctx = state.n_ctx;
        out->outcome = state.outcome;
        if (verdict == LLW_FIT_DONE)
            out->outcome = state.context_cut || state.work.gpu_layers != launch->gpu_layers
                               ? LLW_FIT_ADJUSTED
                               : LLW_FIT_UNCHANGED;
        out->reason = state.reason;
    }
    if (state.nothing_changed)
        out->prediction = state.first;
    else if (launch->model != NULL)
        measure(&out->launch, arena, explain, user, &out->prediction);
    else
        out->prediction.outcome = LLW_OUTCOME_UNKNOWN;
    if (state.load == LLW_OUTCOME_ABORTS)
        out->prediction.outcome = LLW_OUTCOME_ABORTS; /* the process is gone before it loads anything */
    llw_fit_load_draft(&state, out);
    judge(&state, out);
    if (out->outcome == LLW_FIT_ADJUSTED || out->outcome == LLW_FIT_UNCHANGED)
        out->reason = reason(&state, out);
    out->exact = !state.rough && out->outcome != LLW_FIT_UNKNOWN;
    if (out->outcome == LLW_FIT_GAVE_UP)
        llw_fit_say(&state, "%s: the load goes on with %s.", out->reason,
                    state.context_cut ? "the flags as given and the context already cut"
                                      : "the flags as given");
    if (out->outcome != LLW_FIT_OFF && out->outcome != LLW_FIT_UNKNOWN) print_args(&state, out);
    out->steps = state.steps;
    out->n_steps = state.n_steps;
}

static void predict(const llw_launch *launch, llw_arena *arena, bool explain, void *user,
                    llw_prediction *out) {
    (void)user;
    llw_predict(launch, arena, explain, out);
}

void llw_fit_run(const llw_launch *launch, llw_arena *arena, bool explain, llw_fit *out) {
    llw_fit_run_with(launch, predict, NULL, arena, explain, false, out);
}

void llw_fit_force(const llw_launch *launch, llw_arena *arena, llw_fit *out) {
    llw_fit_run_with(launch, predict, NULL, arena, false, true, out);
}
