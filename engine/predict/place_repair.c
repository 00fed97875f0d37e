/* Repairs: single changes that make a launch reach a goal, each tried, the cheapest for the user first. */
#include "predict/place_repair.h"

#include <string.h>

enum { MAX_REPAIRS = 24, CELLS = 256 };
static const int64_t MIB = 1024 * 1024;

typedef struct search {
    const llw_launch *launch;
    const llw_extra_files *files;
    llw_goal goal;
    llw_arena *arena;
    unsigned fixed;
    llw_loss most;
    llw_try now;         /* the launch as it is */
    const llw_try *from; /* against which a change has its price */
    llw_repair items[MAX_REPAIRS];
    size_t n;
    llw_attempt attempts[MAX_REPAIRS];
    size_t n_attempts;
} search;

static const char *number(search *s, int64_t n) {
    return llw_arena_printf(s->arena, "%lld", (long long)n);
}

static bool may_turn(const search *s, unsigned knobs, llw_loss loss) {
    return !(s->fixed & knobs) && loss <= s->most;
}

static const char *const *words(search *s, const char *const *from, size_t n) {
    const char **kept = llw_arena_alloc(s->arena, (n + 1) * sizeof *kept);
    for (size_t i = 0; i < n; i++) kept[i] = from[i];
    return kept;
}

/* "-ctk q8_0 -ctv q8_0", "without --fit off, -ngl" */
static const char *said(search *s, const char *const *set, size_t n_set, const char *const *drop,
                        size_t n_drop) {
    llw_text t = {0};
    for (size_t i = 0; i < n_set; i++) llw_text_addf(&t, "%s%s", i ? " " : "", set[i]);
    for (size_t i = 0; i < n_drop && !n_set; i++) llw_text_addf(&t, "%s%s", i ? ", " : "without ", drop[i]);
    const char *text = llw_arena_strdup(s->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* The device that is shortest of what the goal wants, and by how much; "" when memory is not what is missing.
 */
static const char *shortest(const search *s, const llw_try *tried, int64_t *bytes) {
    const char *device = "";
    *bytes = 0;
    for (int d = 0; d < tried->fit.prediction.n_devices; d++) {
        int64_t over = llw_try_short(tried, s->goal, d);
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

/* The price, where the outcome shows more than was expected of the change. */
static void price(search *s, llw_repair *r) {
    const llw_prediction *then = &r->fit.prediction, *before = &s->from->fit.prediction;
    char buf[LLW_NUMBER_MAX];
    if (then->weights_on_host > before->weights_on_host && r->loss < LLW_LOSS_SPEED) {
        r->loss = LLW_LOSS_SPEED;
        r->costs = llw_arena_printf(s->arena, "%s of the layers work in RAM, so tokens come slower",
                                    llw_format_bytes(buf, then->weights_on_host));
    }
    if (then->n_ctx < before->n_ctx && r->loss < LLW_LOSS_CONTEXT) {
        r->loss = LLW_LOSS_CONTEXT;
        r->costs = llw_arena_printf(s->arena, "the context becomes %s", llw_format_count(buf, then->n_ctx));
    }
    if (then->n_ctx_seq < before->n_ctx_seq && r->loss < LLW_LOSS_CONTEXT) {
        r->loss = LLW_LOSS_CONTEXT;
        r->costs = llw_arena_printf(s->arena, "%s, and each may use %s of the context", r->costs,
                                    llw_format_count(buf, then->n_ctx_seq));
    }
}

/* Tries a step and keeps it when it reaches the goal; else *lacks (may be NULL) says what it lacks. */
static bool offer(search *s, const llw_place_step *step, llw_attempt *lacks) {
    if (s->n == MAX_REPAIRS) return false;
    llw_try tried;
    llw_try_launch(&step->launch, s->files, s->arena, &tried);
    if (!llw_try_reaches(&tried, s->goal)) {
        if (!lacks) return false;
        lacks->words = said(s, step->set, step->n_set, step->drop, step->n_drop);
        lacks->device = shortest(s, &tried, &lacks->short_bytes);
        return false;
    }
    llw_repair *r = &s->items[s->n];
    *r = (llw_repair){.set = words(s, step->set, step->n_set),
                      .n_set = step->n_set,
                      .drop = words(s, step->drop, step->n_drop),
                      .n_drop = step->n_drop,
                      .launch = step->launch,
                      .fit = tried.fit,
                      .survives = tried.survives,
                      .loss = step->loss,
                      .costs = step->costs,
                      .limit = ""};
    price(s, r);
    if (r->loss > s->most) return false;
    s->n++;
    return true;
}

static bool offer_set(search *s, const llw_launch *changed, const char *flag, const char *value,
                      llw_loss loss, const char *costs) {
    llw_place_step step = {
        .launch = *changed, .set = {flag, value}, .n_set = 2, .loss = loss, .costs = costs};
    return offer(s, &step, NULL);
}

static void in_vain(search *s, llw_attempt attempt) {
    if (s->n_attempts < MAX_REPAIRS) s->attempts[s->n_attempts++] = attempt;
}

static bool nearer(const llw_attempt *a, const llw_attempt *b) {
    return !b->words || (*a->device && (!*b->device || a->short_bytes < b->short_bytes));
}

/* ---- the steps: of each row the first that does, and a further one that costs less ---- */

static const char *does_not_do(search *s, const llw_attempt *a) {
    char buf[LLW_NUMBER_MAX];
    return *a->device ? llw_arena_printf(s->arena, "%s leaves %s %s short", a->words, a->device,
                                         llw_format_mib(buf, a->short_bytes))
                      : llw_arena_printf(s->arena, "%s is not enough", a->words);
}

/* A step beyond the one that does, kept where it costs less: with two slots each has half of the context,
 * with one it has all. */
static void try_cheaper(search *s, const llw_place_step *step) {
    llw_loss found = s->items[s->n - 1].loss, most = s->most;
    if (!step->further || step->loss >= found) return;
    s->most = (llw_loss)(found - 1);
    offer(s, step, NULL);
    s->most = most;
}

static void try_steps(search *s) {
    llw_place_steps steps;
    llw_place_steps_list(s->launch, &s->now.fit.prediction, s->goal, s->fixed, s->arena, &steps);
    for (size_t i = 0; i < steps.n;) {
        size_t end = i;
        bool does = false;
        llw_attempt best = {0}, last = {0};
        for (; end < steps.n && steps.items[end].row == steps.items[i].row; end++) {
            const llw_place_step *step = &steps.items[end];
            if (does) {
                try_cheaper(s, step);
                continue;
            }
            if (step->loss > s->most) continue;
            llw_attempt lacks = {0};
            does = offer(s, step, &lacks);
            if (does && step->further && last.words) s->items[s->n - 1].limit = does_not_do(s, &last);
            if (!does && lacks.words && nearer(&lacks, &best)) best = lacks;
            last = lacks;
        }
        if (!does && best.words) in_vain(s, best);
        i = end;
    }
}

/* ---- searches ---- */

/* Fit's plan misses the goal: larger targets make it plan with less. */
static void try_targets(search *s) {
    if (s->now.fit.outcome != LLW_FIT_ADJUSTED || !may_turn(s, LLW_KNOB_FIT, LLW_LOSS_NOTHING)) return;
    llw_launch changed = *s->launch;
    llw_try tried = s->now;
    for (int round = 0;
         round < 4 && !llw_try_reaches(&tried, s->goal) && tried.fit.outcome == LLW_FIT_ADJUSTED; round++) {
        for (int i = 0; i < changed.n_devices; i++) {
            int64_t over = llw_try_short(&tried, s->goal, i);
            if (over > 0) changed.fit_target[i] += (over / MIB + 64) / 64 * 64 * MIB;
        }
        llw_try_launch(&changed, s->files, s->arena, &tried);
    }
    llw_text text = {0};
    for (int i = 0; i < changed.n_devices; i++)
        llw_text_addf(&text, "%s%lld", i ? "," : "", (long long)(changed.fit_target[i] / MIB));
    offer_set(s, &changed, "--fit-target", llw_arena_strdup(s->arena, llw_text_str(&text)), LLW_LOSS_NOTHING,
              "nothing: fit plans with less, and its plan does");
    llw_text_fini(&text);
}

/* A split that overfills one card: the fastest first, as full as the goal allows. With tensors placed by hand
 * only the caches follow it, and attention then works on another card than its weights. */
static void try_split(search *s) {
    const llw_launch *launch = s->launch;
    llw_loss loss = launch->n_overrides ? LLW_LOSS_SPEED : LLW_LOSS_NOTHING;
    int counts[LLW_MAX_DEVICES];
    if (launch->n_devices < 2 || launch->split_mode != LLW_SPLIT_LAYER ||
        !may_turn(s, LLW_KNOB_SPLIT, loss) || !llw_try_fill_fastest(launch, s->files, s->goal, counts))
        return;
    llw_launch changed = *launch;
    const char *value = llw_try_split(&changed, counts, s->arena);
    offer_set(s, &changed, "-ts", value, loss,
              launch->n_overrides
                  ? "caches leave the cards of their layers, and each token is handed to and fro"
                  : "nothing: the same layers, shared out differently");
}

static void try_context(search *s) {
    int64_t limit = s->now.fit.prediction.n_ctx - CELLS;
    if (limit < CELLS || s->launch->program == LLW_PROGRAM_BENCH ||
        !may_turn(s, LLW_KNOB_CONTEXT, LLW_LOSS_CONTEXT))
        return;
    int64_t ctx =
        llw_try_context(s->launch, s->files, s->goal,
                        s->goal == LLW_GOAL_WHOLE ? -1 : s->now.fit.prediction.weights_on_host, limit);
    if (ctx <= 0) {
        in_vain(s, (llw_attempt){.words = "-c, however small", .device = ""});
        return;
    }
    llw_launch changed = *s->launch;
    changed.ctx = ctx;
    changed.ctx_given = true;
    char cells[LLW_NUMBER_MAX], was[LLW_NUMBER_MAX];
    bool does = offer_set(s, &changed, "-c", number(s, ctx), LLW_LOSS_CONTEXT,
                          llw_arena_printf(s->arena, "the context becomes %s instead of %s",
                                           llw_format_count(cells, ctx),
                                           llw_format_count(was, s->from->fit.prediction.n_ctx)));
    if (!does) return;
    changed.ctx = ctx + CELLS;
    s->items[s->n - 1].limit =
        limit_of(s, &changed, llw_arena_printf(s->arena, "-c %s", number(s, ctx + CELLS)));
}

/* ---- work to RAM, for launches that fit may not touch ---- */

static bool reaches(search *s, const llw_launch *launch) {
    llw_arena *scratch = llw_arena_new();
    llw_try tried;
    llw_try_launch(launch, s->files, scratch, &tried);
    bool does = llw_try_reaches(&tried, s->goal);
    llw_arena_free(scratch);
    return does;
}

/* What it costs that `what` works in RAM: nothing where fit leaves as much of it there; with any override
 * llama.cpp has no pipeline. */
static const char *price_of_ram(search *s, const llw_launch *changed, const char *what, llw_loss *loss) {
    const llw_prediction *before = &s->from->fit.prediction;
    llw_arena *scratch = llw_arena_new();
    llw_try tried;
    llw_try_launch(changed, s->files, scratch, &tried);
    bool more = tried.fit.prediction.weights_on_host > before->weights_on_host;
    bool pipeline = before->pipelined && !tried.fit.prediction.pipelined;
    llw_arena_free(scratch);
    *loss = more ? LLW_LOSS_SPEED : pipeline ? LLW_LOSS_PROMPT : LLW_LOSS_NOTHING;
    return more ? llw_arena_printf(s->arena, "%s work in RAM, so tokens come slower", what)
           : pipeline
               ? "nothing moves to RAM, but the GPUs no longer work as a pipeline: prompts are read slower"
               : "nothing: no more works in RAM than now";
}

/* The fewest layers whose experts leave. */
static void try_experts(search *s) {
    const llw_override *all = NULL;
    size_t layers = llw_try_expert_rules(s->launch, s->arena, &all), low = 0, high = layers + 1;
    llw_launch changed = *s->launch;
    changed.overrides = all;
    while (high - low > 1) {
        size_t middle = changed.n_overrides = low + (high - low) / 2;
        *(reaches(s, &changed) ? &high : &low) = middle;
    }
    if (high > layers) return;
    changed.n_overrides = high;
    const char *n = number(s, (int64_t)high);
    llw_loss loss;
    const char *costs = price_of_ram(
        s, &changed, llw_arena_printf(s->arena, "the experts of %s layer%s", n, high == 1 ? "" : "s"), &loss);
    if (!offer_set(s, &changed, "-ncmoe", n, loss, costs) || high < 2) return;
    changed.n_overrides = high - 1;
    s->items[s->n - 1].limit =
        limit_of(s, &changed, llw_arena_printf(s->arena, "-ncmoe %s", number(s, (int64_t)high - 1)));
}

static void try_layers(search *s) {
    const llw_launch *launch = s->launch;
    int layers = launch->model ? (int)llw_model_int(launch->model, "block_count", -1, 0) : 0;
    if (layers < 1 || layers > 1000) return;
    int most = launch->gpu_layers >= 0 && launch->gpu_layers < layers ? launch->gpu_layers : layers + 1;
    llw_launch changed = *launch;
    int low = -1, high = most;
    while (high - low > 1) {
        int middle = changed.gpu_layers = low + (high - low) / 2;
        *(reaches(s, &changed) ? &low : &high) = middle;
    }
    if (low < 0) return;
    changed.gpu_layers = low;
    changed.gpu_layers_given = true;
    llw_loss loss;
    const char *costs = price_of_ram(
        s, &changed, llw_arena_printf(s->arena, "%d of %d layers", layers + 1 - low, layers + 1), &loss);
    if (!offer_set(s, &changed, "-ngl", number(s, low), loss, costs) || low + 1 >= most) return;
    changed.gpu_layers = low + 1;
    s->items[s->n - 1].limit =
        limit_of(s, &changed, llw_arena_printf(s->arena, "-ngl %s", number(s, low + 1)));
}

int64_t llw_repair_context(const llw_repair *r) {
    return r->fit.prediction.n_ctx_seq;
}

bool llw_repair_is_dearer(const llw_repair *a, const llw_repair *b) {
    return a->loss > b->loss || (a->loss == b->loss && llw_repair_context(a) < llw_repair_context(b));
}

static void order(search *s) {
    for (size_t i = 1; i < s->n; i++) {
        llw_repair r = s->items[i];
        size_t at = i;
        for (; at > 0 && llw_repair_is_dearer(&s->items[at - 1], &r); at--) s->items[at] = s->items[at - 1];
        s->items[at] = r;
    }
}

void llw_place_search_from(const llw_launch *launch, llw_goal goal, const llw_extra_files *files,
                           unsigned fixed, llw_loss most, const llw_try *from, llw_arena *arena,
                           llw_search *out) {
    search *s = llw_arena_alloc(arena, sizeof *s);
    s->launch = launch;
    s->files = files;
    s->goal = goal;
    s->arena = arena;
    s->fixed = fixed;
    s->most = most;
    *out = (llw_search){.repairs = s->items, .attempts = s->attempts};
    if (!launch->model || (!launch->n_devices && launch->ram_available < 0)) return;
    for (int i = 0; i < launch->n_devices; i++)
        if (!launch->devices[i].known) return;
    llw_try_launch(launch, files, arena, &s->now);
    s->from = from ? from : &s->now;
    out->reached = llw_try_reaches(&s->now, goal);
    if (out->reached) return;
    try_steps(s);
    try_targets(s);
    try_split(s);
    try_context(s);
    const llw_prediction *before = &s->from->fit.prediction;
    bool affordable = most >= LLW_LOSS_SPEED || before->weights_on_host > 0 || before->pipelined;
    if (launch->n_devices && goal != LLW_GOAL_WHOLE && affordable) {
        if (may_turn(s, LLW_KNOB_EXPERTS, LLW_LOSS_NOTHING)) try_experts(s);
        if (may_turn(s, LLW_KNOB_LAYERS, LLW_LOSS_NOTHING)) try_layers(s);
    }
    order(s);
    out->n = s->n;
    out->n_attempts = s->n_attempts;
}

void llw_place_search(const llw_launch *launch, llw_goal goal, const llw_extra_files *files, unsigned fixed,
                      llw_arena *arena, llw_search *out) {
    llw_place_search_from(launch, goal, files, fixed, LLW_LOSS_SPEED, NULL, arena, out);
}

void llw_place_repairs(const llw_launch *launch, llw_goal goal, const llw_extra_files *files,
                       llw_arena *arena, const llw_repair **repairs, size_t *n) {
    llw_search found;
    llw_place_search(launch, goal, files, 0, arena, &found);
    *repairs = found.repairs;
    *n = found.n;
}
