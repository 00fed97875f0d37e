/* What fit counts beside the model: the draft that is loaded behind it, and the projector.
 *
 * Source: common/fit.cpp add_extra_memory, tools/server/server-context.cpp load_model, v0.5.0. */
#include "predict/draft.h"
#include "predict/fit_plan.h"

#include <stdlib.h>
#include <string.h>

/* "the draft model", or the model's own layers. */
static const char *name_of(const llw_fit_state *state) {
    return state->given->spec.draft ? "the draft model"
                                    : "the context of its layers that predict further tokens";
}

/* Measures the draft beside a context of `ctx` cells. */
static void measure(llw_fit_state *state, int64_t ctx, llw_draft *out) {
    llw_launch launch;
    llw_draft_launch(state->given, ctx, &launch);
    if (!launch.model) {
        *out = (llw_draft){.used = true, .outcome = LLW_OUTCOME_UNKNOWN, .reason = "its file was not read"};
        return;
    }
    llw_arena *scratch = llw_arena_new();
    llw_prediction seen = {0};
    state->measure(&launch, scratch, false, state->user, &seen);
    llw_draft_add(state->given, &launch, &seen, out);
    out->reason = llw_arena_strdup(state->arena, out->reason ? out->reason : "");
    llw_arena_free(scratch);
}

static void say_draft(llw_fit_state *state) {
    const llw_draft *d = &state->draft;
    char weights[LLW_NUMBER_MAX], cache[LLW_NUMBER_MAX], compute[LLW_NUMBER_MAX], n[LLW_NUMBER_MAX];
    if (d->outcome == LLW_OUTCOME_REFUSED) {
        llw_fit_say(state, "llama.cpp cannot measure %s alone (%s), so fit goes on without it.",
                    name_of(state), d->reason);
        return;
    }
    if (d->outcome != LLW_OUTCOME_OK) {
        llw_fit_say(
            state,
            "What %s takes is not known (%s): fit counts it and this does not, so fit may leave less of the "
            "model on the GPUs.",
            name_of(state), d->reason);
        return;
    }
    for (int id = 0; id < state->nd; id++) {
        const llw_memory *m = &d->device[state->device[id]];
        if (llw_memory_sum(m) == 0) continue;
        llw_fit_say(
            state,
            "On %s fit counts %s too, beside a context of %s: %s of weights, %s of cache, %s%s of compute "
            "buffer.",
            llw_fit_device(state, id), name_of(state), llw_format_count(n, state->n_ctx),
            llw_format_mib(weights, m->weights), llw_format_mib(cache, m->context),
            m->compute_exact ? "" : "about ", llw_format_mib(compute, m->compute));
    }
}

bool llw_fit_add_draft(llw_fit_state *state, llw_fit_memory *memory) {
    if (!state->build.fit_counts_others || !llw_draft_is_used(state->given)) return true;
    if (state->draft_ctx != state->n_ctx) {
        bool said = state->draft.used && state->draft.outcome != LLW_OUTCOME_OK;
        measure(state, state->n_ctx, &state->draft);
        state->draft_ctx = state->n_ctx;
        if (!said || state->draft.outcome == LLW_OUTCOME_OK) say_draft(state);
    }
    const llw_draft *d = &state->draft;
    if (d->outcome == LLW_OUTCOME_ABORTS) {
        state->load = d->outcome;
        llw_fit_stop(state, LLW_FIT_FAILED, "llama.cpp aborts while fit measures %s: %s", name_of(state),
                     d->reason);
        return false;
    }
    state->rough |= d->outcome == LLW_OUTCOME_UNKNOWN;
    if (d->outcome != LLW_OUTCOME_OK) return true;
    for (int id = 0; id < state->nd; id++) {
        const llw_memory *m = &d->device[state->device[id]];
        memory->model[id] += m->weights;
        memory->total[id] += llw_memory_sum(m);
        state->rough |= llw_memory_sum(m) > 0 && !llw_memory_is_exact(m);
    }
    memory->host += llw_memory_sum(&d->host);
    return true;
}

/* The number of the projector's card in llama.cpp's own list, which --fit-target is indexed by; -1 for the
 * CPU. */
static int projector_card(const llw_launch *launch) {
    const char *name = *launch->mmproj_device ? launch->mmproj_device
                       : launch->n_devices    ? launch->devices[0].name
                                              : "";
    size_t digits = strcspn(name, "0123456789");
    if (!launch->mmproj_offload || !name[digits] || !strncmp(name, "CPU", 3)) return -1;
    long card = strtol(name + digits, NULL, 10);
    return card >= 0 && card < LLW_MAX_DEVICES ? (int)card : -1;
}

void llw_fit_raise_targets(llw_fit_state *state) {
    const llw_launch *given = state->given;
    if (!state->build.fit_counts_others || !given->mmproj || given->program != LLW_PROGRAM_SERVER) return;
    int card = projector_card(given);
    if (card < 0) return;
    state->rough = true;
    if (!given->projector) {
        llw_fit_say(
            state,
            "llama-server adds what the projector takes to the target of its card, and the projector's "
            "file was not read: fit may leave less of the model on the GPUs.");
        return;
    }
    int64_t bytes = 0;
    for (size_t i = 0; i < given->projector->n_tensors; i++) bytes += given->projector->tensors[i].bytes;
    state->margin[card] += bytes;
    char weights[LLW_NUMBER_MAX], target[LLW_NUMBER_MAX];
    llw_fit_say(
        state,
        "llama-server adds the projector to the target of CUDA%d: its weights of %s make it %s. The compute "
        "buffer of the largest picture comes on top and is not known here, so fit may leave less of the "
        "model "
        "on the GPUs.",
        card, llw_format_mib(weights, bytes), llw_format_mib(target, state->margin[card]));
}

void llw_fit_load_draft(llw_fit_state *state, llw_fit *out) {
    if (out->prediction.outcome != LLW_OUTCOME_OK || !llw_draft_is_used(state->given)) return;
    measure(state, out->prediction.n_ctx, &out->draft);
    if (out->draft.outcome != LLW_OUTCOME_REFUSED || llw_borrows(state->given->spec.model)) return;
    out->prediction.outcome = LLW_OUTCOME_REFUSED;
    out->prediction.reason =
        llw_arena_printf(state->arena, "llama.cpp does not load %s: %s", name_of(state), out->draft.reason);
}
