/* Tries launches, searches contexts, fills the fastest card first. */
#include "predict/place_try.h"

#include <string.h>

enum { CELLS = 256 }; /* llama.cpp pads a context to this */

void llw_try_launch(const llw_launch *launch, const llw_extra_files *files, llw_arena *arena, llw_try *out) {
    memset(out, 0, sizeof *out);
    llw_fit_run(launch, arena, false, &out->fit);
    out->fits = out->fit.fits;
    out->meets_target = out->fit.meets_target;
    llw_extras_estimate(&out->fit, files, arena, &out->extras);
    out->survives = out->fits && llw_extras_survive(&out->fit, &out->extras);
    if (out->fit.prediction.n_devices) return;
    /* nothing but RAM: it decides */
    out->fits = out->meets_target = out->survives = out->fit.prediction.outcome == LLW_OUTCOME_OK &&
                                                    launch->ram_available >= 0 &&
                                                    llw_fit_need(&out->fit, -1) <= launch->ram_available;
}

bool llw_try_reaches(const llw_try *tried, llw_goal goal) {
    switch (goal) {
    case LLW_GOAL_LOADS: return tried->fits;
    case LLW_GOAL_TARGET: return tried->meets_target;
    case LLW_GOAL_WHOLE: return tried->fits && tried->fit.prediction.weights_on_host == 0;
    default: return tried->survives;
    }
}

llw_launch llw_try_unplaced(const llw_launch *launch) {
    llw_launch free_hand = *launch;
    free_hand.gpu_layers = -1;
    free_hand.free_hand = true;
    free_hand.gpu_layers_given = false;
    free_hand.n_tensor_split = 0;
    free_hand.overrides = NULL;
    free_hand.n_overrides = 0;
    free_hand.split_mode = LLW_SPLIT_LAYER;
    free_hand.main_gpu = 0;
    free_hand.fit = true;
    return free_hand;
}

int64_t llw_try_context_limit(const llw_launch *launch, const llw_prediction *prediction) {
    int64_t trained = launch->model ? llw_model_int(launch->model, "context_length", -1, 0) : 0;
    if (trained <= 0 || trained > UINT32_MAX) return 0;
    int64_t sequences = prediction->kv_unified || prediction->n_seq < 1 ? 1 : prediction->n_seq;
    return trained * sequences / CELLS * CELLS;
}

int64_t llw_try_short(const llw_try *tried, llw_goal goal, int device) {
    int64_t more = goal == LLW_GOAL_TARGET     ? tried->fit.launch.fit_target[device]
                   : goal == LLW_GOAL_SURVIVES ? tried->extras.device[device]
                                               : 0;
    return llw_fit_need(&tried->fit, device) + more - tried->fit.launch.devices[device].free;
}

/* The slack is for the few bytes that differ between splits (copies of rope factors). */
bool llw_try_is_hopeless(const llw_launch *launch) {
    static const int64_t slack = (int64_t)1 << 20;
    llw_launch all = llw_try_unplaced(launch);
    llw_arena *scratch = llw_arena_new();
    llw_prediction stored;
    int64_t need = 0, room = slack;
    all.fit = false;
    llw_predict_stored(&all, scratch, &stored);
    for (int i = 0; i < stored.n_devices; i++) {
        int64_t here = launch->devices[i].free - launch->fit_target[i];
        need += stored.device[i].weights + stored.device[i].context;
        room += here > 0 ? here : 0;
    }
    bool hopeless = stored.outcome == LLW_OUTCOME_OK && need > room;
    llw_arena_free(scratch);
    return hopeless;
}

static bool context_reaches(const llw_launch *launch, const llw_extra_files *files, llw_goal goal,
                            int64_t weights_on_host, int64_t ctx) {
    llw_arena *scratch = llw_arena_new();
    llw_launch with = *launch;
    with.ctx = ctx;
    with.ctx_given = true;
    if (weights_on_host == 0 && goal == LLW_GOAL_TARGET && launch->split_mode == LLW_SPLIT_LAYER &&
        launch->kv_offload && llw_try_is_hopeless(&with)) {
        llw_arena_free(scratch);
        return false;
    }
    llw_try tried;
    llw_try_launch(&with, files, scratch, &tried);
    bool reaches = llw_try_reaches(&tried, goal) &&
                   (weights_on_host < 0 || tried.fit.prediction.weights_on_host <= weights_on_host);
    llw_arena_free(scratch);
    return reaches;
}

int64_t llw_try_context(const llw_launch *launch, const llw_extra_files *files, llw_goal goal,
                        int64_t weights_on_host, int64_t limit) {
    int64_t low = 1, high = limit / CELLS;
    if (high < 1) return 0;
    if (context_reaches(launch, files, goal, weights_on_host, high * CELLS)) return high * CELLS;
    if (high == 1 || !context_reaches(launch, files, goal, weights_on_host, CELLS)) return 0;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        if (context_reaches(launch, files, goal, weights_on_host, middle * CELLS))
            low = middle;
        else
            high = middle;
    }
    return low * CELLS;
}

/* ---- the fastest card first ---- */

static int total_layers(const llw_launch *launch) {
    int64_t n = launch->model ? llw_model_int(launch->model, "block_count", -1, 0) : 0;
    return n < 1 || n > 10000 ? 0 : (int)n + 1;
}

/* Devices by bandwidth, fastest first; among equals the one with most free memory. */
static void by_speed(const llw_launch *launch, int order[LLW_MAX_DEVICES]) {
    for (int i = 0; i < launch->n_devices; i++) {
        const llw_device *d = &launch->devices[i];
        int at = i;
        for (; at > 0; at--) {
            const llw_device *other = &launch->devices[order[at - 1]];
            bool faster = d->bandwidth > other->bandwidth ||
                          (d->bandwidth >= other->bandwidth && d->free > other->free);
            if (!faster) break;
            order[at] = order[at - 1];
        }
        order[at] = i;
    }
}

const char *llw_try_split(llw_launch *launch, const int counts[LLW_MAX_DEVICES], llw_arena *arena) {
    llw_text text = {0};
    launch->n_tensor_split = launch->n_devices;
    for (int i = 0; i < launch->n_devices; i++) {
        launch->tensor_split[i] = counts[i];
        llw_text_addf(&text, "%s%d", i ? "," : "", counts[i]);
    }
    const char *kept = llw_arena_strdup(arena, llw_text_str(&text));
    llw_text_fini(&text);
    return kept;
}

/* Whether device `which` has room for what the goal wants with these layers. */
static bool device_holds(const llw_launch *launch, const llw_extra_files *files, llw_goal goal,
                         const int counts[LLW_MAX_DEVICES], int which) {
    llw_arena *scratch = llw_arena_new();
    llw_launch split = *launch;
    llw_try tried;
    split.fit = false;
    llw_try_split(&split, counts, scratch);
    llw_try_launch(&split, files, scratch, &tried);
    bool holds = tried.fit.prediction.outcome == LLW_OUTCOME_OK && llw_try_short(&tried, goal, which) <= 0;
    llw_arena_free(scratch);
    return holds;
}

/* Whether its weights and caches alone have room there. Costs no graph. */
static bool stores(const llw_launch *launch, const int counts[LLW_MAX_DEVICES], int which) {
    llw_arena *scratch = llw_arena_new();
    llw_launch split = *launch;
    llw_prediction p;
    split.fit = false;
    llw_try_split(&split, counts, scratch);
    llw_predict_stored(&split, scratch, &p);
    const llw_memory *m = &p.device[which];
    bool has_room = p.outcome == LLW_OUTCOME_OK && m->weights + m->context <= launch->devices[which].free;
    llw_arena_free(scratch);
    return has_room;
}

bool llw_try_fill_fastest(const llw_launch *launch, const llw_extra_files *files, llw_goal goal,
                          int counts[LLW_MAX_DEVICES]) {
    int order[LLW_MAX_DEVICES], left = total_layers(launch), n = launch->n_devices;
    if (left == 0 || n < 2 || (goal == LLW_GOAL_TARGET && llw_try_is_hopeless(launch))) return false;
    by_speed(launch, order);
    memset(counts, 0, LLW_MAX_DEVICES * sizeof *counts);
    for (int k = 0; k + 1 < n && left > 0; k++) { /* as many as fit, the rest on the next card */
        int *here = &counts[order[k]], *next = &counts[order[k + 1]];
        int low = 0, high = left + 1;
        while (high - low > 1) {
            int middle = low + (high - low) / 2;
            *here = middle;
            *next = left - middle;
            if (device_holds(launch, files, goal, counts, order[k]))
                low = middle;
            else
                high = middle;
        }
        *here = low;
        *next = left -= low;
    }
    int last = order[n - 1], *before = &counts[order[n - 2]];
    while (!device_holds(launch, files, goal, counts, last)) {
        /* not for what it stores: layers that read a cache on the card before it bring it over, so with more
         * layers it may need less */
        if (!*before || !stores(launch, counts, last)) return false;
        --*before;
        ++counts[last];
    }
    return true;
}

size_t llw_try_expert_rules(const llw_launch *launch, llw_arena *arena, const llw_override **rules) {
    if (!launch->model || launch->n_overrides > 0 || llw_model_int(launch->model, "expert_count", -1, 0) <= 0)
        return 0;
    int layers = total_layers(launch) - 1;
    if (layers < 1) return 0;
    llw_override *all = llw_arena_alloc(arena, (size_t)layers * sizeof *all);
    for (int i = 0; i < layers; i++) /* common/common.h LLM_FFN_EXPS_REGEX */
        all[i] = (llw_override){llw_arena_printf(arena, "blk\\.%d\\.ffn_(up|down|gate|gate_up)_(ch|)exps", i),
                                "CPU"};
    *rules = all;
    return (size_t)layers;
}
