/* The second half of fit: how many layers each device gets, and which of them leave their experts elsewhere.
 *
 * Source: common/fit.cpp common_params_fit_impl, steps 3 and 4, v0.5.0 (the same in May 2026). Layer counts
 * are uint32_t and wrap exactly where llama.cpp's do: its assertions are compiled out, and the last partial
 * layer of a model that fits relies on it. */
#include "predict/fit_plan.h"

#include <stdio.h>
#include <string.h>

static uint32_t full_layers(const llw_fit_share *share) {
    return share->layers - share->part;
}

/* The pattern that moves a part of a layer; NULL beyond the layers llama.cpp supports. get_overflow_pattern
 */
static const char *pattern(llw_fit_state *state, uint32_t layer, llw_fit_fraction fraction) {
    static const char *const forms[] = {
        [LLW_FIT_ATTENTION] = "blk\\.%u\\.ffn_(gate|up|gate_up|down).*",
        [LLW_FIT_UP] = "blk\\.%u\\.ffn_(gate|gate_up|down).*",
        [LLW_FIT_GATE] = "blk\\.%u\\.ffn_down.*",
        [LLW_FIT_MOE] = "blk\\.%u\\.ffn_(up|down|gate_up|gate)_(ch|)exps",
    };
    if (layer >= LLW_FIT_LAYERS_MAX) return NULL;
    const char **slot = &state->patterns[layer * 4 + (uint32_t)fraction];
    if (*slot == NULL) {
        const char *number = strstr(forms[fraction], "%u");
        *slot = llw_arena_printf(state->arena, "%.*s%u%s", (int)(number - forms[fraction]), forms[fraction],
                                 layer, number + 2);
    }
    return *slot;
}

/* Writes one override; false when there is no more room. */
static bool add_override(llw_fit_state *state, size_t at, uint32_t layer, llw_fit_fraction fraction,
                         const char *buffer) {
    if (at + 1 >= LLW_MAX_OVERRIDES) {
        llw_fit_stop(state, LLW_FIT_FAILED, "fit needs more than llama.cpp's %d tensor overrides",
                     LLW_MAX_OVERRIDES);
        return false;
    }
    const char *text = pattern(state, layer, fraction);
    if (text == NULL) {
        llw_fit_stop(state, LLW_FIT_FAILED, "fit supports at most %d layers", LLW_FIT_LAYERS_MAX);
        return false;
    }
    state->overrides[at] = (llw_override){.pattern = text, .buffer = buffer};
    return true;
}

bool llw_fit_apply(llw_fit_state *state, const llw_fit_share *share, const char *const *overflow,
                   int *gpu_layers) {
    uint32_t layers = 0;
    for (int id = 0; id < state->nd; id++) {
        layers += share[id].layers;
        if (state->nd > 1) state->work.tensor_split[id] = (float)share[id].layers;
    }
    if (state->nd > 1) state->work.n_tensor_split = state->nd;
    uint32_t first = state->n_layer + 1 - layers;
    size_t n = 0;
    for (int id = 0; id < state->nd; id++) {
        first += full_layers(&share[id]);
        for (uint32_t layer = first; layer < first + share[id].part; layer++, n++) {
            bool is_first = layer == first;
            if (!add_override(state, n, layer, is_first ? share[id].overflow : LLW_FIT_MOE,
                              is_first ? overflow[id] : "CPU"))
                return false;
        }
        first += share[id].part;
    }
    state->work.overrides = state->overrides;
    state->work.n_overrides = n;
    *gpu_layers = (int)layers;
    return true;
}

/* get_memory_for_layers: what a distribution takes on each device. */
static bool memory_for(llw_fit_state *state, const llw_fit_share *share, const char *const *overflow,
                       int64_t *used) {
    int gpu_layers;
    llw_fit_memory memory;
    if (!llw_fit_apply(state, share, overflow, &gpu_layers) || !llw_fit_look(state, gpu_layers, &memory))
        return false;
    memcpy(used, memory.total, sizeof memory.total);
    return true;
}

/* A distribution with what it takes and where the devices with experts elsewhere begin. */
typedef struct trial {
    llw_fit_share share[LLW_MAX_DEVICES];
    int64_t used[LLW_MAX_DEVICES];
    int dense_start;
} trial;

static void take(llw_fit_state *state, const trial *from, int *dense_start) {
    memcpy(state->share, from->share, sizeof from->share);
    memcpy(state->used, from->used, sizeof from->used);
    *dense_start = from->dense_start;
}

/* The next guess of the method of false position: how many of `delta` layers to add. False when llama.cpp
 * would divide by zero. */
static bool guess(llw_fit_state *state, int id, uint32_t delta, const int64_t *high, uint32_t *step) {
    int64_t span = high[id] - state->used[id];
    if (span == 0) {
        llw_fit_stop(state, LLW_FIT_FAILED, "llama.cpp divides by zero: layers on %s take no memory",
                     llw_fit_device(state, id));
        return false;
    }
    uint32_t guessed = (uint32_t)((int64_t)delta * (state->target[id] - state->used[id]) / span);
    if (guessed < 1) guessed = 1;
    *step = guessed < delta - 1 ? guessed : delta - 1;
    return true;
}

/* Step 3 for one device: as many layers as stay under its target, counted from the back. */
static bool fill_dense(llw_fit_state *state, int id) {
    bool last = id == state->nd - 1;
    bool moe = state->n_expert > 0;
    uint32_t unassigned = state->n_layer + 1;
    for (int jd = id + 1; jd < state->nd; jd++) unassigned -= state->share[jd].layers;
    trial high = {0};
    memcpy(high.share, state->share, sizeof high.share);
    high.share[id].layers = unassigned;
    if (moe) /* the last device holds the output layer, which is never partial */
        high.share[id].part = last ? unassigned - 1 : unassigned;
    if (unassigned == 0) return true;
    int ignored;
    if (!memory_for(state, high.share, state->overflow_buffer, high.used)) return false;
    if (high.used[id] <= state->target[id]) {
        take(state, &high, &ignored);
        return true;
    }
    uint32_t delta = high.share[id].layers - state->share[id].layers;
    while (delta > 1) {
        uint32_t step;
        if (!guess(state, id, delta, high.used, &step)) return false;
        trial test = {0};
        memcpy(test.share, state->share, sizeof test.share);
        test.share[id].layers += step;
        if (moe) test.share[id].part += last && test.share[id].part == 0 ? step - 1 : step;
        if (!memory_for(state, test.share, state->overflow_buffer, test.used)) return false;
        if (test.used[id] <= state->target[id])
            take(state, &test, &ignored);
        else
            high = test;
        delta = high.share[id].layers - state->share[id].layers;
    }
    return true;
}

/* Moves `step` layers with all their parts from the devices that have partial ones to device `id`. */
static void convert(const llw_fit_state *state, trial *test, int id, uint32_t step) {
    uint32_t converted = 0;
    for (; test->dense_start < state->nd; test->dense_start++) {
        llw_fit_share *from = &test->share[test->dense_start];
        uint32_t n = step - converted < from->part ? step - converted : from->part;
        from->layers -= n;
        from->part -= n;
        test->share[id].layers += n;
        converted += n;
        if (from->part > 0) break;
    }
}

/* Step 4, first part: whole layers with their experts on device `id`. */
static bool fill_full(llw_fit_state *state, int id, int *dense_start) {
    trial high = {0};
    memcpy(high.share, state->share, sizeof high.share);
    for (int jd = *dense_start; jd < state->nd; jd++) {
        uint32_t move = jd < state->nd - 1 ? high.share[jd].layers : high.share[jd].layers - 1;
        high.share[id].layers += move;
        high.share[jd].layers -= move;
        high.share[jd].part = 0;
    }
    high.dense_start = state->nd - 1;
    if (!memory_for(state, high.share, state->overflow_buffer, high.used)) return false;
    if (high.used[id] <= state->target[id]) {
        take(state, &high, dense_start);
        return true;
    }
    uint32_t delta = full_layers(&high.share[id]) - full_layers(&state->share[id]);
    while (delta > 1) {
        uint32_t step;
        if (!guess(state, id, delta, high.used, &step)) return false;
        trial test = {0};
        memcpy(test.share, state->share, sizeof test.share);
        test.dense_start = *dense_start;
        convert(state, &test, id, step);
        if (!memory_for(state, test.share, state->overflow_buffer, test.used)) return false;
        if (test.used[id] <= state->target[id])
            take(state, &test, dense_start);
        else
            high = test;
        delta = full_layers(&high.share[id]) - full_layers(&state->share[id]);
    }
    return true;
}

static bool under_target(const llw_fit_state *state, int id, const int64_t *used) {
    return used[id] < state->target[id] && (id + 1 == state->nd || used[id + 1] < state->target[id + 1]);
}

/* One try with a part of a layer: accepted when this device and the one that takes the rest stay under
 * target. */
static bool try_part(llw_fit_state *state, int id, trial *test, const char *const *overflow,
                     llw_fit_fraction fraction, int *dense_start, bool *accepted) {
    test->share[id].overflow = fraction;
    if (!memory_for(state, test->share, overflow, test->used)) return false;
    *accepted = under_target(state, id, test->used);
    if (*accepted) {
        take(state, test, dense_start);
        memcpy(state->overflow_buffer, overflow, sizeof state->overflow_buffer);
    }
    return true;
}

/* Step 4, second part: one more layer of which only a part stays. */
static bool add_part(llw_fit_state *state, int id, int *dense_start) {
    if (*dense_start >= state->nd || state->share[*dense_start].layers <= (id < state->nd - 1 ? 0U : 1U))
        return true;
    trial test = {0};
    memcpy(test.share, state->share, sizeof test.share);
    test.dense_start = *dense_start;
    test.share[test.dense_start].layers--;
    test.share[test.dense_start].part--;
    test.share[id].layers++;
    test.share[id].part++;
    if (test.share[test.dense_start].part == 0) test.dense_start++;
    const char *overflow[LLW_MAX_DEVICES];
    memcpy(overflow, state->overflow_buffer, sizeof overflow);
    if (id < state->nd - 1) overflow[id] = llw_fit_device(state, id + 1);
    bool accepted;
    if (!try_part(state, id, &test, overflow, LLW_FIT_UP, dense_start, &accepted)) return false;
    return try_part(state, id, &test, overflow, accepted ? LLW_FIT_GATE : LLW_FIT_ATTENTION, dense_start,
                    &accepted);
}

static void say_dense(llw_fit_state *state, int id) {
    char used[LLW_NUMBER_MAX], target[LLW_NUMBER_MAX];
    const llw_fit_share *share = &state->share[id];
    llw_fit_say(state, "%s takes %u of %u layers%s, counted from the output: %s of the %s it may hold.",
                llw_fit_device(state, id), share->layers, state->n_layer + 1,
                state->n_expert > 0 ? " without their experts" : "", llw_format_mib(used, state->used[id]),
                llw_format_mib(target, state->target[id]));
}

static void say_full(llw_fit_state *state, int id) {
    static const char *const stays[] = {
        [LLW_FIT_ATTENTION] = "only attention stays of one more layer",
        [LLW_FIT_UP] = "attention and up stay of one more layer",
        [LLW_FIT_GATE] = "all but down stays of one more layer",
        [LLW_FIT_MOE] = "",
    };
    char used[LLW_NUMBER_MAX], target[LLW_NUMBER_MAX], rest[160] = "";
    const llw_fit_share *share = &state->share[id];
    uint32_t part = share->part <= share->layers ? share->part : 0; /* wrapped: none */
    bool cut = part > 0 && share->overflow != LLW_FIT_MOE;
    bool output = id == state->nd - 1 && part > 0; /* the output is the last of the partial layers */
    uint32_t without = part - cut - output;
    if (cut)
        snprintf(rest, sizeof rest, "; %s, the rest goes to %s", stays[share->overflow],
                 state->overflow_buffer[id]);
    size_t len = strlen(rest);
    if (part > (uint32_t)cut + output)
        snprintf(rest + len, sizeof rest - len, "; %u leave%s experts in RAM", without,
                 without == 1 ? "s its" : " their");
    llw_fit_say(state, "%s holds %u whole layers%s: %s of the %s it may hold.", llw_fit_device(state, id),
                share->layers - part, rest, llw_format_mib(used, state->used[id]),
                llw_format_mib(target, state->target[id]));
    if (output)
        llw_fit_say(
            state,
            "The rule for blk.%u matches nothing: fit counts the output as the last layer that overflows.",
            state->n_layer);
}

/* What the model takes with every expert in RAM, summed over the GPUs; surplus over the targets. */
static bool without_experts(llw_fit_state *state) {
    llw_fit_memory memory;
    state->overrides[0] =
        (llw_override){.pattern = "blk\\.\\d+\\.ffn_(up|down|gate_up|gate)_(ch|)exps", .buffer = "CPU"};
    state->work.overrides = state->overrides;
    state->work.n_overrides = 1;
    if (!llw_fit_look(state, state->work.gpu_layers, &memory)) return false;
    state->work.n_overrides = 0;
    state->surplus_without_experts = 0;
    for (int id = 0; id < state->nd; id++)
        state->surplus_without_experts += memory.free[id] - memory.total[id] - state->margin[id];
    char n[LLW_NUMBER_MAX];
    int64_t surplus = state->surplus_without_experts;
    if (surplus > 0)
        llw_fit_say(
            state,
            "With all experts in RAM everything else fits on the GPUs, with %s to spare: layers are placed "
            "without experts first, then experts are brought back.",
            llw_format_mib(n, surplus));
    else
        llw_fit_say(
            state,
            "Even with all experts in RAM the GPUs are %s short, so every layer leaves its experts in RAM "
            "and some layers leave the GPUs altogether.",
            llw_format_mib(n, -surplus));
    return true;
}

/* The first of the devices at the end that have layers; nd when the last one has none. */
static int first_with_layers(const llw_fit_state *state) {
    int start = state->nd;
    for (int id = state->nd - 1; id >= 0 && state->share[id].layers > 0; id--) start = id;
    return start;
}

static bool finish(llw_fit_state *state) {
    return llw_fit_apply(state, state->share, state->overflow_buffer, &state->work.gpu_layers);
}

llw_fit_verdict llw_fit_layers(llw_fit_state *state) {
    state->overrides = llw_arena_alloc(state->arena, LLW_MAX_OVERRIDES * sizeof *state->overrides);
    state->patterns = llw_arena_alloc(state->arena, (size_t)LLW_FIT_LAYERS_MAX * 4 * sizeof *state->patterns);
    if (state->n_expert > 0 && !without_experts(state)) return LLW_FIT_STOPPED;
    for (int id = 0; id < state->nd; id++) {
        state->target[id] = state->full.free[id] - state->margin[id];
        state->overflow_buffer[id] = "CPU";
        state->share[id] = (llw_fit_share){.overflow = LLW_FIT_MOE};
    }
    if (!memory_for(state, state->share, state->overflow_buffer, state->used)) return LLW_FIT_STOPPED;
    for (int id = state->nd - 1; id >= 0; id--) {
        if (!fill_dense(state, id)) return LLW_FIT_STOPPED;
        say_dense(state, id);
    }
    if (state->n_expert == 0 || state->surplus_without_experts <= 0)
        return finish(state) ? LLW_FIT_DONE : LLW_FIT_STOPPED;
    int dense_start = first_with_layers(state);
    for (int id = 0; id <= dense_start && dense_start < state->nd; id++) {
        if (!fill_full(state, id, &dense_start) || !add_part(state, id, &dense_start)) return LLW_FIT_STOPPED;
        say_full(state, id);
    }
    return finish(state) ? LLW_FIT_DONE : LLW_FIT_STOPPED;
}
