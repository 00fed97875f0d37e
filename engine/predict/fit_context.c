/* The first half of fit: whether anything must change, how far the context is cut, and which flags forbid
 * more.
 *
 * Source: common/fit.cpp common_params_fit_impl, steps 1 and 2 and the checks after them, v0.5.0; May 2026
 * differs by the changes of models/changes.tsv. */
#include "predict/fit_plan.h"

#include <stdio.h>

static int64_t sum(const llw_fit_state *state, const int64_t *values) {
    int64_t total = 0;
    for (int id = 0; id < state->nd; id++) total += values[id];
    return total;
}

/* a * b / c as llama.cpp computes it, without its overflow on absurd contexts; c > 0. */
static int64_t scale(int64_t a, int64_t b, int64_t c) {
    int64_t product;
    if (__builtin_mul_overflow(a, b, &product))
        return (int64_t)((long double)a * (long double)b / (long double)c);
    return product / c;
}

/* Integer conversion of a context that may be far too large: what fits 32 bits, else the largest. */
static uint32_t saturate(uint64_t n) {
    return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

static void say_need(llw_fit_state *state) {
    char need[LLW_NUMBER_MAX], have[LLW_NUMBER_MAX], left[LLW_NUMBER_MAX], keep[LLW_NUMBER_MAX];
    for (int id = 0; id < state->nd; id++) {
        int64_t after = state->full.free[id] - state->full.total[id];
        llw_format_mib(need, state->full.total[id]);
        llw_format_mib(have, state->full.free[id]);
        llw_format_mib(left, after < 0 ? -after : after);
        llw_format_mib(keep, state->margin[id]);
        if (after < 0)
            llw_fit_say(
                state,
                "As given, %s would hold %s and has %s free: it is %s short, with a target of %s on top.",
                llw_fit_device(state, id), need, have, left, keep);
        else
            llw_fit_say(state,
                        "As given, %s would hold %s and has %s free: %s stay free, %s than the target of %s.",
                        llw_fit_device(state, id), need, have, left,
                        after >= state->margin[id] ? "no less" : "less", keep);
    }
}

/* Is there nothing to do? */
static bool target_met(llw_fit_state *state) {
    if (state->nd == 0) return state->given->ram_total - state->full.host >= state->margin[0];
    for (int id = 0; id < state->nd; id++)
        if (state->full.free[id] - state->full.total[id] < state->margin[id]) return false;
    return true;
}

/* What is used where fit looks: on the GPUs, or in RAM when there are none. */
static int64_t used(const llw_fit_state *state, const llw_fit_memory *memory) {
    return state->nd == 0 ? memory->host : sum(state, memory->total);
}

/* Step 2 proper: -c is unset and the sum over all devices is too large. */
static llw_fit_verdict cut_context(llw_fit_state *state, uint32_t n_ctx_max, uint32_t n_ctx_min) {
    char a[LLW_NUMBER_MAX], b[LLW_NUMBER_MAX], c[LLW_NUMBER_MAX];
    int64_t used_max = used(state, &state->full);
    int64_t goal = state->nd == 0 ? state->given->ram_total - state->margin[0]
                                  : sum(state, state->full.free) - sum(state, state->margin);
    if (state->nd > 1) {
        /* Several cards waste parts of layers: half a layer, or a sixth with experts, for each card and one
         * more. */
        uint32_t layers = (uint32_t)state->work.gpu_layers < state->n_layer ? (uint32_t)state->work.gpu_layers
                                                                            : state->n_layer;
        if (layers == 0)
            return llw_fit_stop(
                state, LLW_FIT_FAILED,
                "with -ngl 0 on several GPUs llama.cpp divides by zero while it looks for a context");
        int64_t per_layer = sum(state, state->full.model) / layers;
        goal -= (state->nd + 1) * per_layer / (state->n_expert == 0 ? 2 : 6);
    }
    llw_fit_memory least;
    state->n_ctx = n_ctx_min;
    if (!llw_fit_look(state, state->work.gpu_layers, &least)) return LLW_FIT_STOPPED;
    state->context_cut = true;
    int64_t used_min = used(state, &least);
    if (goal <= used_min) {
        llw_fit_say(
            state,
            "Because -c was not given, the context was cut from %s to %s before anything else was tried; "
            "even so %s are needed where %s may be used, so weights have to leave the GPU too.",
            llw_format_count(a, n_ctx_max), llw_format_count(b, n_ctx_min), llw_format_mib(c, used_min),
            llw_format_mib((char[LLW_NUMBER_MAX]){0}, goal));
        return LLW_FIT_GO_ON;
    }
    if (used_max == used_min)
        return llw_fit_stop(state, LLW_FIT_FAILED,
                            "llama.cpp divides by zero: the context takes no memory at all");
    state->n_ctx += (uint32_t)scale((int64_t)(n_ctx_max - n_ctx_min), goal - used_min, used_max - used_min);
    uint32_t align = 256 * (state->build.fit_context_by_slots ? state->n_streams : 1);
    uint32_t rounded = state->n_ctx - state->n_ctx % align;
    state->n_ctx = rounded > n_ctx_min ? rounded : n_ctx_min;
    llw_fit_say(
        state,
        "Because -c was not given, the context was cut from %s to %s: by linear interpolation between %s "
        "and the maximum, rounded down to a multiple of %u.",
        llw_format_count(a, n_ctx_max), llw_format_count(b, state->n_ctx), llw_format_count(c, n_ctx_min),
        align);
    return state->nd <= 1 ? LLW_FIT_DONE : LLW_FIT_GO_ON;
}

/* What of the user's forbids moving layers, in llama.cpp's order. */
static llw_fit_verdict check_flags(llw_fit_state *state) {
    const llw_launch *given = state->given;
    if (state->nd == 0)
        return llw_fit_stop(state, LLW_FIT_FAILED,
                            "there is no GPU, and no context that fit may choose fits into RAM");
    if (given->gpu_layers != -1) {
        char layers[LLW_NUMBER_MAX];
        if (given->gpu_layers == -2)
            snprintf(layers, sizeof layers, "all");
        else
            snprintf(layers, sizeof layers, "%d", given->gpu_layers);
        return llw_fit_stop(state, LLW_FIT_GAVE_UP,
                            "-ngl %s was given, and fit changes nothing once the number of GPU layers is set",
                            layers);
    }
    if (state->nd > 1) {
        for (int id = 0; id < state->nd && id < given->n_tensor_split; id++)
            if ((float)given->tensor_split[id] != 0.0F)
                return llw_fit_stop(state, LLW_FIT_GAVE_UP,
                                    "-ts was given, and fit does not change a split that is set");
        if (given->split_mode == LLW_SPLIT_ROW)
            return llw_fit_stop(state, LLW_FIT_GAVE_UP, "-sm row was given, and fit cannot place rows");
    }
    if (given->n_overrides > 0)
        return llw_fit_stop(
            state, LLW_FIT_GAVE_UP,
            "tensors were placed by hand (-ot, -cmoe or -ncmoe), and fit then changes nothing");
    return LLW_FIT_GO_ON;
}

/* Where an unset context starts, and its minimum. */
static llw_fit_verdict start_context(llw_fit_state *state, bool automatic, uint32_t *n_ctx_max,
                                     uint32_t *n_ctx_min) {
    bool by_slots = state->build.fit_context_by_slots != 0;
    *n_ctx_max = by_slots ? saturate((uint64_t)state->n_ctx_train * state->n_seq) : state->n_ctx_train;
    bool full = state->given->ctx_given && state->given->ctx == 0 && state->build.fit_zero_is_full != 0;
    *n_ctx_min = full ? UINT32_MAX : saturate((uint64_t)state->given->fit_ctx);
    *n_ctx_min = by_slots ? saturate((uint64_t)*n_ctx_min * state->n_streams) : *n_ctx_min;
    if (!automatic || !by_slots) return LLW_FIT_GO_ON;
    state->n_ctx = *n_ctx_max;
    if (state->n_seq <= 1) return llw_fit_add_draft(state, &state->full) ? LLW_FIT_GO_ON : LLW_FIT_STOPPED;
    char total[LLW_NUMBER_MAX], trained[LLW_NUMBER_MAX];
    llw_fit_say(state, "%s, so fit aims at %s tokens: %u slots of the %s the model was trained for%s.",
                state->given->ctx_given ? "-c 0 asks for the whole context" : "-c was not given",
                llw_format_count(total, *n_ctx_max), state->n_seq,
                llw_format_count(trained, state->n_ctx_train),
                state->n_streams == 1 ? ", although the slots share one cache" : "");
    return llw_fit_look_first(state) ? LLW_FIT_GO_ON : LLW_FIT_STOPPED;
}

llw_fit_verdict llw_fit_context(llw_fit_state *state) {
    if (state->given->split_mode == LLW_SPLIT_TENSOR)
        return llw_fit_stop(state, LLW_FIT_GAVE_UP, "-sm tensor was given, and fit is not made for it");
    bool automatic = state->given->ctx == 0;
    /* of the context that the model was trained for llama.cpp then keeps the number of slots only */
    bool aims_higher = automatic && state->build.fit_context_by_slots && state->n_seq > 1;
    if (!aims_higher && !llw_fit_look_first(state)) return LLW_FIT_STOPPED;
    uint32_t n_ctx_max, n_ctx_min;
    if (start_context(state, automatic, &n_ctx_max, &n_ctx_min) != LLW_FIT_GO_ON) return LLW_FIT_STOPPED;
    say_need(state);
    if (target_met(state)) {
        llw_fit_say(state, "Every target is met, so fit changes nothing.");
        state->nothing_changed = true;
        return LLW_FIT_DONE;
    }
    int64_t surplus = state->nd == 0 ? state->given->ram_total - state->full.host - state->margin[0]
                                     : sum(state, state->full.free) - sum(state, state->full.total) -
                                           sum(state, state->margin);
    char a[LLW_NUMBER_MAX], b[LLW_NUMBER_MAX];
    if (surplus >= 0) {
        llw_fit_say(state,
                    "All GPUs together have room, only the split does not: the context stays as it is.");
    } else if (!automatic) {
        llw_fit_say(state,
                    "-c %s was given, so fit does not touch the context; %s too much must leave the GPU.",
                    llw_format_count(a, state->n_ctx), llw_format_mib(b, -surplus));
    } else if (n_ctx_max > n_ctx_min) {
        llw_fit_verdict verdict = cut_context(state, n_ctx_max, n_ctx_min);
        if (verdict != LLW_FIT_GO_ON) return verdict;
    } else if (n_ctx_min == UINT32_MAX) {
        llw_fit_say(state, "-c 0 asks for the full context of %s, so fit does not reduce it.",
                    llw_format_count(a, n_ctx_max));
    } else {
        llw_fit_say(state,
                    "The model's context of %s is no more than the minimum of %s (--fit-ctx), so it stays.",
                    llw_format_count(a, n_ctx_max), llw_format_count(b, n_ctx_min));
    }
    return check_flags(state);
}
