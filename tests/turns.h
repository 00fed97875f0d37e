/* Every knob that `change` may turn, in steps of the test's own: trying all of them, alone and in pairs, says
 * whether a change exists and what the cheapest one costs. */
#ifndef TESTS_TURNS_H
#define TESTS_TURNS_H

#include "fact/ggml_type.h"
#include "launches.h"
#include "predict/place_try.h"

static void turn_ubatch(llw_launch *l, int step) {
    l->ubatch = (int64_t[]){512, 128, 256, 1024}[step];
}
static void turn_cache(llw_launch *l, int step) {
    l->type_k = l->type_v = (uint32_t)llw_ggml_type_find(step ? "q8_0" : "q4_0");
}
static void turn_context(llw_launch *l, int step) {
    l->ctx = (int64_t[]){1024, 16384, 65536, 131072, 32768, 8192, 4096, 2048}[step];
    l->ctx_given = true;
}
static void turn_slots(llw_launch *l, int step) {
    l->parallel = step + 1;
}
static void turn_layers(llw_launch *l, int step) {
    l->gpu_layers = (int[]){0, 99, 16, 32, 8, 24, 4, 40}[step];
    l->gpu_layers_given = true;
}
static void turn_flash(llw_launch *l, int step) {
    (void)step;
    l->flash_attn = LLW_AUTO;
}
static void turn_window(llw_launch *l, int step) {
    (void)step;
    l->swa_full = false;
}
static void turn_cards(llw_launch *l, int step) { /* all of them, or one */
    l->split_mode = step ? LLW_SPLIT_NONE : LLW_SPLIT_LAYER;
    l->main_gpu = step && step <= l->n_devices ? step - 1 : 0;
}
static void turn_fit(llw_launch *l, int step) {
    llw_launch given = *l;
    *l = llw_try_unplaced(l);
    if (step || given.split_mode != LLW_SPLIT_NONE) return;
    l->split_mode = given.split_mode;
    l->main_gpu = given.main_gpu;
}
static void turn_offload(llw_launch *l, int step) {
    (void)step;
    l->kv_offload = false;
}
static void turn_split(llw_launch *l, int step) { /* tenths of the layers on the first card */
    static const int tenths[] = {6, 3, 8, 5, 1, 2, 4, 7, 9};
    int64_t layers = llw_model_int(l->model, "block_count", -1, 0) + 1;
    if (l->n_devices < 2) return;
    memset(l->tensor_split, 0, sizeof l->tensor_split);
    l->n_tensor_split = l->n_devices;
    l->tensor_split[0] = (double)(layers * tenths[step] / 10);
    l->tensor_split[1] = (double)(layers - layers * tenths[step] / 10);
}
static void turn_experts(llw_launch *l, int step) { /* those of all layers, or of some */
    static const llw_override rules[] = {{"ffn_(up|down|gate|gate_up)_(ch|)exps", "CPU"},
                                         {"blk\\.\\d\\.ffn_(up|down|gate|gate_up)_(ch|)exps", "CPU"},
                                         {"blk\\.[12]?\\d\\.ffn_(up|down|gate|gate_up)_(ch|)exps", "CPU"}};
    l->overrides = &rules[step];
    l->n_overrides = 1;
}
static void turn_nothing(llw_launch *l, int step) {
    (void)l, (void)step;
}

/* The first two steps of each are those that reach furthest. */
static const struct {
    const char *name;
    unsigned knobs;
    void (*apply)(llw_launch *launch, int step);
    int steps;
    llw_loss loss;
} turns[] = {
    {"nothing", 0, turn_nothing, 1, LLW_LOSS_NOTHING},
    {"-fa", LLW_KNOB_FLASH, turn_flash, 1, LLW_LOSS_NOTHING},
    {"-sm", LLW_KNOB_CARDS, turn_cards, 3, LLW_LOSS_NOTHING},
    {"--fit",
     LLW_KNOB_FIT | LLW_KNOB_LAYERS | LLW_KNOB_SPLIT | LLW_KNOB_CARDS | LLW_KNOB_OVERRIDES | LLW_KNOB_EXPERTS,
     turn_fit, 2, LLW_LOSS_NOTHING},
    {"-ts", LLW_KNOB_SPLIT, turn_split, 9, LLW_LOSS_NOTHING},
    {"-ub", LLW_KNOB_UBATCH, turn_ubatch, 4, LLW_LOSS_PROMPT},
    {"--swa-full", LLW_KNOB_WINDOW, turn_window, 1, LLW_LOSS_PROMPT},
    {"-np", LLW_KNOB_SLOTS, turn_slots, 2, LLW_LOSS_USERS},
    {"-c", LLW_KNOB_CONTEXT, turn_context, 8, LLW_LOSS_CONTEXT},
    {"-ctk -ctv", LLW_KNOB_CACHE, turn_cache, 2, LLW_LOSS_PRECISION},
    {"-ngl", LLW_KNOB_LAYERS, turn_layers, 8, LLW_LOSS_NOTHING}, /* dearer where layers leave */
    {"-nkvo", LLW_KNOB_OFFLOAD, turn_offload, 1, LLW_LOSS_SPEED},
    {"-ncmoe", LLW_KNOB_EXPERTS | LLW_KNOB_OVERRIDES, turn_experts, 3, LLW_LOSS_SPEED}};
enum { TURNS = sizeof turns / sizeof *turns };

/* ---- what is asked ---- */

/* What is asked: a goal, and what has to stay as it is. */
typedef struct question {
    const char *said;
    llw_goal goal;
    unsigned fixed;
    bool (*suits)(const llw_launch *launch);
} question;

static bool any(const llw_launch *launch) {
    (void)launch;
    return true;
}
static bool has_context(const llw_launch *launch) {
    return launch->ctx > 0;
}
static bool keeps_nothing_in_ram(const llw_launch *launch) {
    return !launch->n_overrides && launch->kv_offload;
}

static const question questions[] = {
    {"loads", LLW_GOAL_LOADS, 0, any},
    {"survives", LLW_GOAL_SURVIVES, 0, any},
    {"meets target", LLW_GOAL_TARGET, 0, any},
    {"its context", LLW_GOAL_LOADS, LLW_KNOB_CONTEXT, has_context},
    {"no experts on the CPU", LLW_GOAL_WHOLE, LLW_KNOB_OVERRIDES | LLW_KNOB_EXPERTS | LLW_KNOB_OFFLOAD,
     keeps_nothing_in_ram},
    {"all layers on the GPUs", LLW_GOAL_WHOLE, 0, any},
};
enum { QUESTIONS = sizeof questions / sizeof *questions };

/* ---- trying ---- */

/* What two turns cost; NEVER when they do not reach the goal, touch what is fixed, or are no change for the
 * better (more context or batch than before). */
enum { NEVER = LLW_LOSS_SPEED + 1 };

static int cost_of_turns(const llw_launch *launch, const llw_try *now, llw_goal goal, unsigned fixed, int a,
                         int step_a, int b, int step_b) {
    int cost = turns[a].loss > turns[b].loss ? (int)turns[a].loss : (int)turns[b].loss;
    if ((turns[a].knobs | turns[b].knobs) & fixed) return NEVER;
    if (launch->n_overrides && (turns[a].apply == turn_split || turns[b].apply == turn_split) &&
        cost < LLW_LOSS_SPEED)
        cost = LLW_LOSS_SPEED; /* caches leave their layers */
    llw_launch changed = *launch;
    turns[a].apply(&changed, step_a);
    turns[b].apply(&changed, step_b);
    if (changed.ctx > now->fit.prediction.n_ctx || changed.ubatch > launch->ubatch ||
        (changed.parallel != launch->parallel && changed.parallel > now->fit.prediction.n_seq))
        return NEVER;
    llw_arena *scratch = llw_arena_new();
    llw_try then;
    llw_try_launch(&changed, NULL, scratch, &then);
    const llw_prediction *p = &then.fit.prediction, *before = &now->fit.prediction;
    if (!llw_try_reaches(&then, goal) || p->outcome != LLW_OUTCOME_OK) cost = NEVER;
    if (p->weights_on_host > before->weights_on_host && cost < LLW_LOSS_SPEED) cost = LLW_LOSS_SPEED;
    if ((p->n_ctx < before->n_ctx || p->n_ctx_seq < before->n_ctx_seq) && cost < LLW_LOSS_CONTEXT)
        cost = LLW_LOSS_CONTEXT;
    llw_arena_free(scratch);
    return cost;
}

/* The least that any turns cost, alone or two of them, NEVER when none reaches the goal; what they are in
 * `name`. Those that cannot be below `bound` are not tried, nor steps beyond the first `most`. */
static int least_cost(const llw_launch *launch, llw_goal goal, unsigned fixed, int bound, int most,
                      char name[100]) {
    llw_arena *scratch = llw_arena_new();
    llw_try now;
    llw_try_launch(launch, NULL, scratch, &now);
    int least = bound;
    for (int a = 0; a < TURNS; a++)
        for (int i = 0; i < turns[a].steps && i < most; i++)
            for (int b = a + 1; b < TURNS; b++)
                for (int k = 0; k < turns[b].steps && k < most; k++) {
                    if ((int)turns[a].loss >= least || (int)turns[b].loss >= least) continue;
                    int cost = cost_of_turns(launch, &now, goal, fixed, a, i, b, k);
                    if (cost >= least) continue;
                    least = cost;
                    snprintf(name, 100, "%s (step %d) and %s (step %d)", turns[a].name, i, turns[b].name, k);
                }
    llw_arena_free(scratch);
    return least;
}

/* What `change` finds for it: the cheapest of all changes, NEVER when there is none. */
static int cost_found(const llw_search *alone, const llw_repair *pairs, size_t n_pairs) {
    int least = NEVER;
    for (size_t i = 0; i < alone->n; i++)
        if ((int)alone->repairs[i].loss < least) least = (int)alone->repairs[i].loss;
    for (size_t i = 0; i < n_pairs; i++)
        if ((int)pairs[i].loss < least) least = (int)pairs[i].loss;
    return least;
}

#endif
