/* Repairs: single changes that make a launch load, each tried, the cheapest for the user first. */
#include "predict/place.h"

#include "predict/changes.h"
#include "predict/place_try.h"

#include "fact/ggml_type.h"

#include <string.h>

enum { MAX_REPAIRS = 16, CELLS = 256 };
static const int64_t MIB = 1024 * 1024;

typedef struct search {
    const llw_launch *launch;
    const llw_extra_files *files;
    llw_goal goal;
    llw_arena *arena;
    llw_try now; /* the launch as it is */
    llw_repair items[MAX_REPAIRS];
    size_t n;
    llw_attempt attempts[MAX_REPAIRS];
    size_t n_attempts;
} search;

static const char *number(search *s, int64_t n) {
    return llw_arena_printf(s->arena, "%lld", (long long)n);
}

static const char *const *words(search *s, const char *const *from, size_t n) {
    const char **kept = llw_arena_alloc(s->arena, (n + 1) * sizeof *kept);
    for (size_t i = 0; i < n; i++) kept[i] = from[i];
    return kept;
}

static const char *joined(search *s, const char *lead, const char *const *list, size_t n) {
    llw_text t = {0};
    llw_text_add(&t, lead);
    for (size_t i = 0; i < n; i++) llw_text_addf(&t, "%s%s", t.len ? " " : "", list[i]);
    const char *text = llw_arena_strdup(s->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* "without --fit off, -ngl" */
static const char *joined_list(search *s, const char *const *list, size_t n) {
    llw_text t = {0};
    for (size_t i = 0; i < n; i++) llw_text_addf(&t, "%s%s", i ? ", " : "without ", list[i]);
    const char *text = llw_arena_strdup(s->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* The device that is shortest of what the goal wants, and by how much; "" when memory is not what is missing.
 */
static const char *shortest(const search *s, const llw_try *tried, int64_t *bytes) {
    const llw_prediction *p = &tried->fit.prediction;
    const char *device = "";
    *bytes = 0;
    for (int d = 0; d < p->n_devices; d++) {
        const llw_memory *m = &p->device[d];
        int64_t more = s->goal == LLW_GOAL_TARGET     ? tried->fit.launch.fit_target[d]
                       : s->goal == LLW_GOAL_SURVIVES ? tried->extras.device[d]
                                                      : 0;
        int64_t over = m->weights + m->context + m->compute + more - tried->fit.launch.devices[d].free;
        if (over <= *bytes) continue;
        *bytes = over;
        device = tried->fit.launch.devices[d].name;
    }
    return device;
}

/* "-c 98560 leaves CUDA0 3.2 MiB short": what the next smaller change comes to; "" when it reaches the goal
 * too. */
static const char *limit_of(search *s, const llw_launch *smaller, const char *words) {
    llw_arena *scratch = llw_arena_new();
    llw_try tried;
    llw_try_launch(smaller, s->files, scratch, &tried);
    const char *text = "";
    int64_t bytes = 0;
    const char *device = shortest(s, &tried, &bytes);
    char buf[LLW_NUMBER_MAX];
    if (!llw_try_reaches(&tried, s->goal) && *device)
        text = llw_arena_printf(s->arena, "%s leaves %s %s short", words, device, llw_format_mib(buf, bytes));
    else if (!llw_try_reaches(&tried, s->goal))
        text = llw_arena_printf(s->arena, "%s is not enough", words);
    llw_arena_free(scratch);
    return text;
}

/* Tries a changed launch and keeps it when it reaches the goal. */
static bool offer(search *s, const llw_launch *changed, const char *const *set, size_t n_set,
                  const char *const *drop, size_t n_drop, llw_loss loss, const char *costs) {
    if (s->n == MAX_REPAIRS) return false;
    llw_try tried;
    llw_try_launch(changed, s->files, s->arena, &tried);
    if (!llw_try_reaches(&tried, s->goal)) {
        if (s->n_attempts == MAX_REPAIRS) return false;
        llw_attempt *a = &s->attempts[s->n_attempts++];
        *a = (llw_attempt){.words = n_set ? joined(s, "", set, n_set) : joined_list(s, drop, n_drop)};
        a->device = shortest(s, &tried, &a->short_bytes);
        return false;
    }
    if (tried.fit.prediction.weights_on_host > s->now.fit.prediction.weights_on_host &&
        loss < LLW_LOSS_SPEED) {
        char moved[LLW_NUMBER_MAX];
        loss = LLW_LOSS_SPEED;
        costs = llw_arena_printf(s->arena, "%s of the layers work in RAM, so tokens come slower",
                                 llw_format_bytes(moved, tried.fit.prediction.weights_on_host));
    }
    if (tried.fit.prediction.n_ctx < s->now.fit.prediction.n_ctx && loss < LLW_LOSS_CONTEXT) {
        char cells[LLW_NUMBER_MAX];
        loss = LLW_LOSS_CONTEXT;
        costs = llw_arena_printf(s->arena, "the context becomes %s",
                                 llw_format_count(cells, tried.fit.prediction.n_ctx));
    }
    s->items[s->n++] = (llw_repair){.set = words(s, set, n_set),
                                    .n_set = n_set,
                                    .drop = words(s, drop, n_drop),
                                    .n_drop = n_drop,
                                    .launch = *changed,
                                    .fit = tried.fit,
                                    .survives = tried.survives,
                                    .loss = loss,
                                    .costs = costs,
                                    .limit = ""};
    return true;
}

static bool offer_set(search *s, const llw_launch *changed, const char *flag, const char *value,
                      llw_loss loss, const char *costs) {
    const char *set[] = {flag, value};
    return offer(s, changed, set, value ? 2 : 1, NULL, 0, loss, costs);
}

/* ---- one function for each kind of change ---- */

static bool try_ubatch(search *s, int64_t ubatch) {
    if (s->launch->ubatch <= ubatch) return false;
    llw_launch changed = *s->launch;
    changed.ubatch = ubatch;
    bool in_ram = s->now.fit.prediction.weights_on_host > 0;
    bool does =
        offer_set(s, &changed, "-ub", number(s, ubatch), LLW_LOSS_PROMPT,
                  in_ram ? "prompts are read slower: weights in RAM cross the bus once for each micro-batch"
                  : ubatch >= 512 ? "prompts are read a few percent slower"
                                  : "prompts are read slower");
    if (!does || s->launch->ubatch <= 2 * ubatch) return does; /* the next larger one is what there is */
    changed.ubatch = 2 * ubatch;
    s->items[s->n - 1].limit =
        limit_of(s, &changed, llw_arena_printf(s->arena, "-ub %s", number(s, 2 * ubatch)));
    return true;
}

static void try_flash(search *s) {
    if (s->launch->flash_attn != LLW_OFF) return;
    llw_launch changed = *s->launch;
    changed.flash_attn = LLW_AUTO;
    offer_set(s, &changed, "-fa", "auto", LLW_LOSS_NOTHING, "nothing: attention even gets faster");
}

static void try_swa(search *s) {
    if (!s->launch->swa_full) return;
    static const char *const drop[] = {"--swa-full"};
    llw_launch changed = *s->launch;
    changed.swa_full = false;
    offer(s, &changed, NULL, 0, drop, 1, LLW_LOSS_PROMPT, "an old prompt is more often read again");
}

/* Which of the user's flags keep fit from acting. */
static size_t blocking(const llw_launch *launch, const char *drop[8]) {
    size_t n = 0;
    if (!launch->fit) drop[n++] = "--fit off";
    if (launch->gpu_layers != -1) drop[n++] = "-ngl";
    if (launch->n_tensor_split > 0) drop[n++] = "-ts";
    if (launch->n_overrides > 0) drop[n++] = "-ot, -cmoe, -ncmoe";
    if (launch->split_mode == LLW_SPLIT_ROW || launch->split_mode == LLW_SPLIT_TENSOR) drop[n++] = "-sm";
    return n;
}

static void try_fit(search *s) {
    const char *drop[8];
    size_t n = blocking(s->launch, drop);
    if (n == 0 || s->launch->program == LLW_PROGRAM_BENCH) return;
    llw_launch changed = llw_try_unplaced(s->launch);
    if (s->launch->split_mode == LLW_SPLIT_NONE) {
        changed.split_mode = LLW_SPLIT_NONE;
        changed.main_gpu = s->launch->main_gpu;
    }
    offer(s, &changed, NULL, 0, drop, n, LLW_LOSS_NOTHING, "nothing: llama.cpp places the layers itself");
}

/* The other cards, when only one is used. */
static void try_all_cards(search *s) {
    if (s->launch->split_mode != LLW_SPLIT_NONE || s->launch->n_devices < 2) return;
    static const char *const drop[] = {"-sm none"};
    llw_launch changed = *s->launch;
    changed.split_mode = LLW_SPLIT_LAYER;
    offer(s, &changed, NULL, 0, drop, 1, LLW_LOSS_NOTHING, "little: work is handed from card to card");
}

/* Fit reports success on a plan that does not fit: larger targets. */
static void try_targets(search *s) {
    if (s->now.fit.outcome != LLW_FIT_ADJUSTED) return;
    llw_launch changed = *s->launch;
    llw_fit fit = s->now.fit;
    for (int round = 0; round < 4 && !fit.fits && fit.outcome == LLW_FIT_ADJUSTED; round++) {
        for (int i = 0; i < changed.n_devices; i++) {
            const llw_memory *m = &fit.prediction.device[i];
            int64_t over = m->weights + m->context + m->compute - changed.devices[i].free;
            if (over > 0) changed.fit_target[i] += (over / MIB + 64) / 64 * 64 * MIB;
        }
        llw_fit_run(&changed, s->arena, false, &fit);
    }
    llw_text text = {0};
    for (int i = 0; i < changed.n_devices; i++)
        llw_text_addf(&text, "%s%lld", i ? "," : "", (long long)(changed.fit_target[i] / MIB));
    offer_set(s, &changed, "--fit-target", llw_arena_strdup(s->arena, llw_text_str(&text)), LLW_LOSS_NOTHING,
              "nothing: fit plans with less and its plan fits");
    llw_text_fini(&text);
}

/* A split by hand that overfills one card: the fastest first, as full as its target allows. */
static void try_split(search *s) {
    const llw_launch *launch = s->launch;
    if (launch->n_devices < 2 || launch->split_mode != LLW_SPLIT_LAYER) return;
    int counts[LLW_MAX_DEVICES];
    if (!llw_try_fill_fastest(launch, counts)) return;
    llw_launch changed = *launch;
    changed.n_tensor_split = launch->n_devices;
    llw_text text = {0};
    for (int i = 0; i < launch->n_devices; i++) {
        changed.tensor_split[i] = counts[i];
        llw_text_addf(&text, "%s%d", i ? "," : "", counts[i]);
    }
    offer_set(s, &changed, "-ts", llw_arena_strdup(s->arena, llw_text_str(&text)), LLW_LOSS_NOTHING,
              "nothing: the same layers, shared out differently");
    llw_text_fini(&text);
}

static void try_slots(search *s) {
    if (s->now.fit.prediction.n_seq <= 1 || s->launch->program == LLW_PROGRAM_BENCH) return;
    llw_launch changed = *s->launch;
    changed.parallel = 1;
    offer_set(s, &changed, "-np", "1", LLW_LOSS_USERS, "one conversation at a time");
}

static void try_context(search *s) {
    int64_t limit = s->now.fit.prediction.n_ctx - CELLS;
    if (limit < CELLS || s->launch->program == LLW_PROGRAM_BENCH) return;
    int64_t ctx =
        llw_try_context(s->launch, s->files, s->goal,
                        s->goal == LLW_GOAL_WHOLE ? -1 : s->now.fit.prediction.weights_on_host, limit);
    if (ctx <= 0) {
        if (s->n_attempts < MAX_REPAIRS)
            s->attempts[s->n_attempts++] = (llw_attempt){.words = "-c, however small", .device = ""};
        return;
    }
    llw_launch changed = *s->launch;
    changed.ctx = ctx;
    changed.ctx_given = true;
    char cells[LLW_NUMBER_MAX], was[LLW_NUMBER_MAX];
    bool does = offer_set(s, &changed, "-c", number(s, ctx), LLW_LOSS_CONTEXT,
                          llw_arena_printf(s->arena, "the context becomes %s instead of %s",
                                           llw_format_count(cells, ctx),
                                           llw_format_count(was, s->now.fit.prediction.n_ctx)));
    if (!does) return;
    changed.ctx = ctx + CELLS;
    s->items[s->n - 1].limit =
        limit_of(s, &changed, llw_arena_printf(s->arena, "-c %s", number(s, ctx + CELLS)));
}

static double cache_bits(uint32_t type) {
    const llw_ggml_type *t = llw_ggml_type_get(type);
    return t ? 8.0 * t->bytes / t->block : 0;
}

static bool try_cache(search *s, const char *type, const char *costs) {
    int found = llw_ggml_type_find(type);
    if (found < 0 || s->launch->flash_attn == LLW_OFF) return false;
    if (cache_bits(s->launch->type_k) <= cache_bits((uint32_t)found)) return false;
    llw_launch changed = *s->launch;
    changed.type_k = changed.type_v = (uint32_t)found;
    const char *set[] = {"-ctk", type, "-ctv", type};
    return offer(s, &changed, set, 4, NULL, 0, LLW_LOSS_PRECISION, costs);
}

/* ---- changes that move work to RAM, for launches that fit may not touch ---- */

static void try_experts(search *s) {
    const llw_launch *launch = s->launch;
    if (!launch->model || launch->n_overrides > 0 || llw_model_int(launch->model, "expert_count", -1, 0) <= 0)
        return;
    int layers = (int)llw_model_int(launch->model, "block_count", -1, 0);
    if (layers < 1 || layers > 1000) return;
    llw_override *all = llw_arena_alloc(s->arena, (size_t)layers * sizeof *all);
    for (int i = 0; i < layers; i++) /* common/common.h LLM_FFN_EXPS_REGEX */
        all[i] = (llw_override){
            llw_arena_printf(s->arena, "blk\\.%d\\.ffn_(up|down|gate|gate_up)_(ch|)exps", i), "CPU"};
    llw_launch changed = *launch;
    changed.overrides = all;
    int low = 0, high = layers + 1; /* the fewest layers whose experts leave */
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        llw_arena *scratch = llw_arena_new();
        llw_try tried;
        changed.n_overrides = (size_t)middle;
        llw_try_launch(&changed, s->files, scratch, &tried);
        if (llw_try_reaches(&tried, s->goal))
            high = middle;
        else
            low = middle;
        llw_arena_free(scratch);
    }
    if (high > layers) return;
    changed.n_overrides = (size_t)high;
    llw_arena *scratch = llw_arena_new();
    llw_try tried;
    llw_try_launch(&changed, s->files, scratch, &tried);
    bool moves = tried.fit.prediction.weights_on_host > s->now.fit.prediction.weights_on_host;
    llw_arena_free(scratch);
    if (!moves) { /* only the pipeline's copies go: with any override llama.cpp has no pipeline */
        offer_set(s, &changed, "-ncmoe", number(s, high), LLW_LOSS_PROMPT,
                  "nothing moves to RAM, but the GPUs no longer work as a pipeline: prompts are read slower");
        return;
    }
    bool does =
        offer_set(s, &changed, "-ncmoe", number(s, high), LLW_LOSS_SPEED,
                  llw_arena_printf(s->arena, "the experts of %d layer%s work in RAM, so tokens come slower",
                                   high, high == 1 ? "" : "s"));
    if (!does || high < 2) return;
    changed.n_overrides = (size_t)high - 1;
    s->items[s->n - 1].limit =
        limit_of(s, &changed, llw_arena_printf(s->arena, "-ncmoe %s", number(s, high - 1)));
}

static void try_layers(search *s) {
    const llw_launch *launch = s->launch;
    int layers = launch->model ? (int)llw_model_int(launch->model, "block_count", -1, 0) : 0;
    if (layers < 1 || layers > 1000) return;
    int most = launch->gpu_layers >= 0 && launch->gpu_layers < layers ? launch->gpu_layers : layers + 1;
    llw_launch changed = *launch;
    int low = -1, high = most;
    while (high - low > 1) {
        int middle = low + (high - low) / 2;
        llw_arena *scratch = llw_arena_new();
        llw_try tried;
        changed.gpu_layers = middle;
        llw_try_launch(&changed, s->files, scratch, &tried);
        if (llw_try_reaches(&tried, s->goal))
            low = middle;
        else
            high = middle;
        llw_arena_free(scratch);
    }
    if (low < 0) return;
    changed.gpu_layers = low;
    changed.gpu_layers_given = true;
    bool does =
        offer_set(s, &changed, "-ngl", number(s, low), LLW_LOSS_SPEED,
                  llw_arena_printf(s->arena, "%d of %d layers work in RAM, so tokens come much slower",
                                   layers + 1 - low, layers + 1));
    if (!does || low + 1 >= most) return;
    changed.gpu_layers = low + 1;
    s->items[s->n - 1].limit =
        limit_of(s, &changed, llw_arena_printf(s->arena, "-ngl %s", number(s, low + 1)));
}

static void try_cache_in_ram(search *s) {
    if (!s->launch->kv_offload) return;
    llw_launch changed = *s->launch;
    changed.kv_offload = false;
    offer_set(s, &changed, "--no-kv-offload", NULL, LLW_LOSS_SPEED,
              "attention works in RAM: every token gets slower, the more the longer the context");
}

static void order(search *s) {
    for (size_t i = 1; i < s->n; i++) {
        llw_repair r = s->items[i];
        size_t at = i;
        for (; at > 0 && s->items[at - 1].loss > r.loss; at--) s->items[at] = s->items[at - 1];
        s->items[at] = r;
    }
}

void llw_place_search(const llw_launch *launch, llw_goal goal, const llw_extra_files *files, llw_arena *arena,
                      llw_search *out) {
    search *s = llw_arena_alloc(arena, sizeof *s);
    s->launch = launch;
    s->files = files;
    s->goal = goal;
    s->arena = arena;
    *out = (llw_search){.repairs = s->items, .attempts = s->attempts};
    if (!launch->model || (!launch->n_devices && launch->ram_available < 0)) return;
    for (int i = 0; i < launch->n_devices; i++)
        if (!launch->devices[i].known) return;
    llw_try_launch(launch, files, arena, &s->now);
    out->reached = llw_try_reaches(&s->now, goal);
    if (out->reached) return;
    try_flash(s);
    if (launch->n_devices) {
        try_fit(s);
        try_targets(s);
        try_split(s);
        try_all_cards(s);
    }
    for (int64_t ubatch = 512; ubatch >= 128 && !try_ubatch(s, ubatch);) ubatch /= 2;
    try_swa(s);
    try_slots(s);
    try_context(s);
    if (!try_cache(s, "q8_0", "the cache is a little less precise; hardly anybody notices"))
        try_cache(s, "q4_0", "the cache is clearly less precise: long answers suffer");
    bool placed_by_fit = s->now.fit.outcome == LLW_FIT_ADJUSTED;
    if (!placed_by_fit && launch->n_devices && goal != LLW_GOAL_WHOLE) {
        try_experts(s);
        try_layers(s);
        try_cache_in_ram(s);
    }
    order(s);
    out->n = s->n;
    out->n_attempts = s->n_attempts;
}

void llw_place_repairs(const llw_launch *launch, llw_goal goal, const llw_extra_files *files,
                       llw_arena *arena, const llw_repair **repairs, size_t *n) {
    llw_search found;
    llw_place_search(launch, goal, files, arena, &found);
    *repairs = found.repairs;
    *n = found.n;
}
