/* One step of each knob: flash attention, fit, other cards, smaller batches, fewer slots, coarser caches. */
#include "predict/place_step.h"
#include "fact/ggml_type.h"
#include "predict/changes.h"

#include <string.h>

enum { LEAST_UBATCH = 128 };

typedef struct stepping {
    const llw_launch *launch;
    const llw_prediction *now;
    llw_goal goal;
    unsigned fixed;
    llw_arena *arena;
    llw_place_steps *out;
    int row;
} stepping;

/* A step of the row that is being written, to be filled; NULL when it would touch what is fixed. */
static llw_place_step *add(stepping *t, unsigned knobs, llw_loss loss, const char *costs) {
    if (knobs & t->fixed) return NULL;
    void *items = t->out->items;
    llw_place_step *step = llw_arena_push(t->arena, &items, &t->out->n, &t->out->capacity, sizeof *step);
    t->out->items = items;
    *step =
        (llw_place_step){.knobs = knobs, .row = t->row, .launch = *t->launch, .loss = loss, .costs = costs};
    return step;
}

static void set(llw_place_step *step, const char *flag, const char *value) {
    step->set[step->n_set++] = flag;
    if (value) step->set[step->n_set++] = value;
}

static const char *number(stepping *t, int64_t n) {
    return llw_arena_printf(t->arena, "%lld", (long long)n);
}

static void flash(stepping *t) {
    llw_place_step *step = t->launch->flash_attn == LLW_OFF ? add(t, LLW_KNOB_FLASH, LLW_LOSS_NOTHING,
                                                                  "nothing: attention even gets faster")
                                                            : NULL;
    if (!step) return;
    step->launch.flash_attn = LLW_AUTO;
    set(step, "-fa", "auto");
}

/* ---- where the layers go ---- */

/* Which of the user's flags keep fit from acting. */
static unsigned blocking(const llw_launch *launch, const char *drop[8], size_t *n) {
    unsigned knobs = 0;
    const struct {
        bool given;
        unsigned knobs;
        const char *flag;
    } flags[] = {{!launch->fit, LLW_KNOB_FIT, "--fit off"},
                 {launch->gpu_layers != -1, LLW_KNOB_LAYERS, "-ngl"},
                 {launch->n_tensor_split > 0, LLW_KNOB_SPLIT, "-ts"},
                 {launch->n_overrides > 0, LLW_KNOB_OVERRIDES | LLW_KNOB_EXPERTS, "-ot, -cmoe, -ncmoe"},
                 {launch->split_mode == LLW_SPLIT_ROW || launch->split_mode == LLW_SPLIT_TENSOR,
                  LLW_KNOB_CARDS, "-sm"}};
    *n = 0;
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].given) {
            drop[(*n)++] = flags[i].flag;
            knobs |= flags[i].knobs;
        }
    return knobs;
}

/* Left to fit; one card stays one card, unless all may be used. */
static void leave_to_fit(stepping *t, bool all_cards) {
    const char *drop[8];
    size_t n = 0;
    unsigned knobs = blocking(t->launch, drop, &n);
    if (!n || t->launch->program == LLW_PROGRAM_BENCH || !t->launch->n_devices) return;
    llw_changes build;
    llw_changes_read(t->launch->build_order, &build);
    if (!n || t->launch->program == LLW_PROGRAM_BENCH || !build.fit_exists || !t->launch->n_devices) return;
    bool one = t->launch->split_mode == LLW_SPLIT_NONE;
    if (all_cards && (!one || t->launch->n_devices < 2)) return;
    if (all_cards) {
        drop[n++] = "-sm none";
        knobs |= LLW_KNOB_CARDS;
    }
    llw_place_step *step = add(t, knobs, LLW_LOSS_NOTHING, "nothing: llama.cpp places the layers itself");
    if (!step) return;
    step->launch = llw_try_unplaced(t->launch);
    step->launch.free_hand = false; /* these are the flags */
    memcpy(step->drop, drop, n * sizeof *drop);
    step->n_drop = n;
    if (!one || all_cards) return;
    step->launch.split_mode = LLW_SPLIT_NONE;
    step->launch.main_gpu = t->launch->main_gpu;
}

/* ... and left to fit, where that alone does not do. */
static void all_cards(stepping *t) {
    if (t->launch->split_mode != LLW_SPLIT_NONE || t->launch->n_devices < 2) return;
    llw_place_step *step =
        add(t, LLW_KNOB_CARDS, LLW_LOSS_NOTHING, "little: work is handed from card to card");
    if (!step) return;
    step->launch.split_mode = LLW_SPLIT_LAYER;
    step->drop[step->n_drop++] = "-sm none";
    leave_to_fit(t, true);
}

static void one_card(stepping *t, int device) {
    bool alone = t->launch->split_mode == LLW_SPLIT_NONE;
    if (alone && t->launch->main_gpu == device) return;
    llw_place_step *step =
        add(t, LLW_KNOB_CARDS, LLW_LOSS_NOTHING,
            llw_arena_printf(t->arena, "nothing: everything on %s", t->launch->devices[device].name));
    if (!step) return;
    step->launch.split_mode = LLW_SPLIT_NONE;
    step->launch.main_gpu = device;
    if (!alone) set(step, "-sm", "none");
    set(step, "-mg", number(t, device));
}

/* The roomiest card first. */
static void other_cards(stepping *t) {
    const llw_launch *launch = t->launch;
    bool tried[LLW_MAX_DEVICES] = {false};
    for (int k = 0; launch->n_devices > 1 && k < launch->n_devices; k++) {
        int best = -1;
        for (int i = 0; i < launch->n_devices; i++)
            if (!tried[i] && (best < 0 || launch->devices[i].free > launch->devices[best].free)) best = i;
        tried[best] = true;
        one_card(t, best);
    }
}

/* Every layer on the GPUs, whatever then stays free. */
static void all_layers(stepping *t) {
    int layers = t->launch->model ? (int)llw_model_int(t->launch->model, "block_count", -1, 0) : 0;
    int given = t->launch->gpu_layers;
    if (t->goal != LLW_GOAL_WHOLE || given == -2 || given > layers || (given == -1 && !t->launch->fit))
        return;
    llw_place_step *step =
        add(t, LLW_KNOB_LAYERS, LLW_LOSS_NOTHING,
            given == -1 ? "nothing, but --fit no longer sees to it that --fit-target stays free"
                        : "nothing: more layers work on the GPUs");
    if (!step) return;
    step->launch.gpu_layers = 99 > layers ? 99 : layers + 1;
    step->launch.gpu_layers_given = true;
    set(step, "-ngl", number(t, step->launch.gpu_layers));
}

static void without_overrides(stepping *t) {
    if (t->goal != LLW_GOAL_WHOLE || !t->launch->n_overrides) return;
    llw_place_step *step = add(t, LLW_KNOB_OVERRIDES | LLW_KNOB_EXPERTS, LLW_LOSS_NOTHING,
                               "nothing: every tensor lies with its layer");
    if (!step) return;
    step->launch.overrides = NULL;
    step->launch.n_overrides = 0;
    step->drop[step->n_drop++] = "-ot, -cmoe, -ncmoe";
}

/* ---- what is held, and how precisely ---- */

static void smaller_batches(stepping *t) {
    int64_t ubatch = LEAST_UBATCH;
    bool in_ram = t->now->weights_on_host > 0;
    while (ubatch * 2 < t->launch->ubatch) ubatch *= 2;
    for (; ubatch >= LEAST_UBATCH && ubatch < t->launch->ubatch; ubatch /= 2) {
        const char *costs = in_ram ? "prompts are read slower: weights in RAM cross the bus once for each "
                                     "micro-batch"
                            : ubatch >= 512 ? "prompts are read a few percent slower"
                                            : "prompts are read slower";
        llw_place_step *step = add(t, LLW_KNOB_UBATCH, LLW_LOSS_PROMPT, costs);
        if (!step) return;
        step->launch.ubatch = ubatch;
        step->further = true;
        set(step, "-ub", number(t, ubatch));
    }
}

static void windows(stepping *t) {
    llw_place_step *step = t->launch->swa_full ? add(t, LLW_KNOB_WINDOW, LLW_LOSS_PROMPT,
                                                     "an old prompt is more often read again")
                                               : NULL;
    if (!step) return;
    step->launch.swa_full = false;
    step->drop[step->n_drop++] = "--swa-full";
}

static void fewer_slots(stepping *t) {
    if (t->launch->program == LLW_PROGRAM_BENCH) return;
    for (int slots = t->now->n_seq / 2; slots >= 1; slots /= 2) {
        llw_place_step *step =
            add(t, LLW_KNOB_SLOTS, LLW_LOSS_USERS,
                slots == 1 ? "one conversation at a time"
                           : llw_arena_printf(t->arena, "%d conversations at a time", slots));
        if (!step) return;
        step->launch.parallel = slots;
        step->further = true;
        set(step, "-np", number(t, slots));
    }
}

static double bits(uint32_t type) {
    const llw_ggml_type *t = llw_ggml_type_get(type);
    return t ? 8.0 * t->bytes / t->block : 0;
}

static void coarser_caches(stepping *t) {
    static const char *const types[][2] = {
        {"q8_0", "the cache is a little less precise; hardly anybody notices"},
        {"q4_0", "the cache is clearly less precise: long answers suffer"}};
    for (size_t i = 0; i < sizeof types / sizeof *types && t->launch->flash_attn != LLW_OFF; i++) {
        uint32_t type = (uint32_t)llw_ggml_type_find(types[i][0]);
        if (bits(t->launch->type_k) <= bits(type)) continue;
        llw_place_step *step = add(t, LLW_KNOB_CACHE, LLW_LOSS_PRECISION, types[i][1]);
        if (!step) return;
        step->launch.type_k = step->launch.type_v = type;
        step->further = true;
        set(step, "-ctk", types[i][0]);
        set(step, "-ctv", types[i][0]);
    }
}

static void cache_in_ram(stepping *t) {
    if (!t->launch->kv_offload || !t->launch->n_devices || t->goal == LLW_GOAL_WHOLE) return;
    llw_place_step *step =
        add(t, LLW_KNOB_OFFLOAD, LLW_LOSS_SPEED,
            "attention works in RAM: every token gets slower, the more the longer the context");
    if (!step) return;
    step->launch.kv_offload = false;
    set(step, "--no-kv-offload", NULL);
}

static void to_fit(stepping *t) {
    leave_to_fit(t, false);
}

void llw_place_steps_list(const llw_launch *launch, const llw_prediction *now, llw_goal goal, unsigned fixed,
                          llw_arena *arena, llw_place_steps *out) {
    static void (*const rows[])(stepping *) = {
        flash,           to_fit,  all_cards,   other_cards,    all_layers,  without_overrides,
        smaller_batches, windows, fewer_slots, coarser_caches, cache_in_ram};
    *out = (llw_place_steps){0};
    stepping t = {launch, now, goal, fixed, arena, out, 0};
    for (; t.row < (int)(sizeof rows / sizeof *rows); t.row++) rows[t.row](&t);
}

void llw_place_steps_to_ram(const llw_launch *launch, unsigned fixed, llw_arena *arena,
                            llw_place_steps *out) {
    *out = (llw_place_steps){0};
    llw_prediction none = {0};
    stepping t = {launch, &none, LLW_GOAL_LOADS, fixed, arena, out, 0};
    llw_place_step *step = add(&t, LLW_KNOB_LAYERS, LLW_LOSS_SPEED, "every layer works in RAM");
    if (step) {
        step->launch.gpu_layers = 0;
        step->launch.gpu_layers_given = true;
        set(step, "-ngl", "0");
    }
    const llw_override *all = NULL;
    size_t layers = llw_try_expert_rules(launch, arena, &all);
    t.row++;
    step =
        layers ? add(&t, LLW_KNOB_EXPERTS, LLW_LOSS_SPEED, "the experts of every layer work in RAM") : NULL;
    if (!step) return;
    step->launch.overrides = all;
    step->launch.n_overrides = layers;
    set(step, "-ncmoe", number(&t, (int64_t)layers));
}
