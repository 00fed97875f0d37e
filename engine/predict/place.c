/* Ranks the ways to place a model: one card, left to fit, fit with smaller targets, the fastest card first.
 */
#include "predict/place.h"

#include "predict/changes.h"
#include "predict/place_try.h"
#include "predict/speed.h"

#include <assert.h>
#include <string.h>

enum { MAX_CANDIDATES = LLW_MAX_DEVICES + 8, OFFLOAD_CONTEXT = 32768 };
static const int64_t MIB = 1024 * 1024;
static const double alike =
    0.03; /* seconds within this share count as the same: the simpler plan is better */

typedef struct ranking {
    const llw_launch *given;
    const llw_extra_files *files;
    llw_arena *arena;
    llw_launch base;     /* unplaced, with the context planned for */
    int64_t all_on_gpus; /* bytes of layers in RAM when everything that can is on GPUs */
    llw_candidate items[MAX_CANDIDATES];
    size_t n;
    llw_placement *out;
} ranking;

typedef struct words {
    const char *items[16];
    size_t n;
} words;

static void word(words *w, const char *text) {
    if (w->n < sizeof w->items / sizeof *w->items) w->items[w->n++] = text;
}

static void option(words *w, const char *flag, const char *value) {
    word(w, flag);
    word(w, value);
}

/* The context, when it has to be said. */
static words context_words(const ranking *r) {
    words w = {0};
    if (r->base.ctx > 0 && r->given->ctx != r->base.ctx)
        option(&w, "-c", llw_arena_printf(r->arena, "%lld", (long long)r->base.ctx));
    return w;
}

static bool targets_are_default(const llw_launch *launch) {
    for (int i = 0; i < launch->n_devices; i++)
        if (launch->fit_target[i] != 1024 * MIB) return false;
    return true;
}

static const char *targets_text(const ranking *r, const llw_launch *launch, int n) {
    llw_text text = {0};
    for (int i = 0; i < n; i++)
        llw_text_addf(&text, "%s%lld", i ? "," : "", (long long)(launch->fit_target[i] / MIB));
    const char *kept = llw_arena_strdup(r->arena, llw_text_str(&text));
    llw_text_fini(&text);
    return kept;
}

enum { PREFER_ONE_CARD, PREFER_FIT, PREFER_TARGET, PREFER_SPLIT };

static llw_candidate *add(ranking *r, const char *name, int preference, const llw_launch *launch,
                          const words *w, const char *reason) {
    assert(r->n < MAX_CANDIDATES);
    llw_candidate *c = &r->items[r->n++];
    const char **flags = llw_arena_alloc(r->arena, (w->n + 1) * sizeof *flags);
    memcpy(flags, w->items, w->n * sizeof *flags);
    llw_try tried;
    llw_try_launch(launch, r->files, r->arena, &tried);
    *c = (llw_candidate){.name = name,
                         .flags = flags,
                         .n_flags = w->n,
                         .ctx = tried.fit.prediction.n_ctx,
                         .launch = *launch,
                         .fit = tried.fit,
                         .extras = tried.extras,
                         .fits = tried.fits,
                         .meets_target = tried.meets_target,
                         .survives = tried.survives,
                         .preference = preference,
                         .reason = reason,
                         .loses = ""};
    c->ram_known = launch->ram_available >= 0;
    c->fits_ram = !c->ram_known || llw_fit_need(&tried.fit, -1) <= launch->ram_available;
    c->seconds = llw_speed_rank(&tried.fit.launch, &tried.fit.prediction, r->arena);
    return c;
}

/* How good the outcome is, whatever its speed. */
enum { BEST_QUALITY = 15 };
static int quality(const llw_candidate *c) {
    return (c->fits && c->fits_ram ? 8 : 0) + (c->fits ? 4 : 0) + (c->survives ? 2 : 0) +
           (c->fit.prediction.outcome == LLW_OUTCOME_OK ? 1 : 0);
}

static bool has_good(const ranking *r) {
    for (size_t i = 0; i < r->n; i++)
        if (quality(&r->items[i]) == BEST_QUALITY) return true;
    return false;
}

/* ---- the candidates ---- */

static void add_fit(ranking *r) {
    words w = context_words(r);
    if (!targets_are_default(&r->base))
        option(&w, "--fit-target", targets_text(r, &r->base, r->base.n_devices));
    add(r, "fit", PREFER_FIT, &r->base, &w, "llama.cpp's own --fit decides, with -ngl left at auto");
}

static llw_launch on_one_gpu(const ranking *r, int device) {
    llw_launch one = r->base;
    one.split_mode = LLW_SPLIT_NONE;
    one.main_gpu = device;
    return one;
}

/* Whether weights and caches alone could lie on one card. */
static bool may_fit(const ranking *r, int device) {
    llw_launch one = on_one_gpu(r, device);
    llw_arena *scratch = llw_arena_new();
    llw_prediction stored;
    one.fit = false;
    llw_predict_stored(&one, scratch, &stored);
    bool may = stored.outcome != LLW_OUTCOME_OK ||
               stored.device[device].weights + stored.device[device].context <= one.devices[device].free;
    llw_arena_free(scratch);
    return may;
}

static void add_one_gpu(ranking *r, int device) {
    llw_launch one = on_one_gpu(r, device);
    one.fit_target[0] = r->base.fit_target[device]; /* fit takes the first target for the only card */
    words w = context_words(r);
    option(&w, "-sm", "none");
    option(&w, "-mg", llw_arena_printf(r->arena, "%d", device));
    if (one.fit_target[0] != 1024 * MIB) option(&w, "--fit-target", targets_text(r, &one, 1));
    llw_candidate *c = add(r, "one-gpu", PREFER_ONE_CARD, &one, &w, "");
    const char *name = one.devices[device].name;
    if (c->fit.prediction.weights_on_host > r->all_on_gpus) {
        c->preference = PREFER_SPLIT;
        c->reason = llw_arena_printf(r->arena, "only %s, and what does not fit there in RAM", name);
    } else {
        c->reason = llw_arena_printf(r->arena, "everything on %s: no work is handed from card to card", name);
    }
}

/* A card that others use too keeps its margin: a display, or more taken than a CUDA context takes. */
static bool is_shared(const llw_device *d) {
    return d->display || d->total - d->free > 1024 * MIB;
}

/* Smaller targets on the cards that nothing else uses: the largest of a few that serves as well as the
 * smallest. */
static void add_fit_target(ranking *r) {
    static const int64_t tries[] = {128, 256, 512};
    llw_text who = {0};
    for (int i = 0; i < r->base.n_devices; i++)
        if (!is_shared(&r->base.devices[i]))
            llw_text_addf(&who, "%s%s", who.len ? ", " : "", r->base.devices[i].name);
    size_t first = r->n;
    for (size_t k = 0; k < sizeof tries / sizeof *tries && who.len > 0; k++) {
        llw_launch tuned = r->base;
        for (int i = 0; i < tuned.n_devices; i++)
            if (!is_shared(&tuned.devices[i])) tuned.fit_target[i] = tries[k] * MIB;
        words w = context_words(r);
        option(&w, "--fit-target", targets_text(r, &tuned, tuned.n_devices));
        llw_candidate *c = add(r, "fit-target", PREFER_TARGET, &tuned, &w,
                               llw_arena_printf(r->arena,
                                                "--fit decides, but keeps only %lld MiB free on %s, which "
                                                "nothing else uses",
                                                (long long)tries[k], llw_text_str(&who)));
        if (r->n - 1 == first) continue;
        llw_candidate *best = &r->items[first]; /* keep one of them */
        if (quality(c) > quality(best) || (quality(c) == quality(best) && c->ctx >= best->ctx &&
                                           c->seconds <= best->seconds * (1 + alike / 3)))
            *best = *c;
        r->n--;
    }
    llw_text_fini(&who);
}

/* Where fit calls a plan fitting that does not fit, larger targets make it plan with less. */
static void add_raised_target(ranking *r, const llw_candidate *fit) {
    llw_launch raised = r->base;
    llw_fit now = fit->fit;
    for (int round = 0; round < 4; round++) {
        if (now.fits || now.outcome != LLW_FIT_ADJUSTED) break;
        for (int i = 0; i < raised.n_devices; i++) {
            int64_t over = llw_fit_need(&now, i) - raised.devices[i].free;
            if (over > 0) raised.fit_target[i] += (over / MIB + 64) / 64 * 64 * MIB;
        }
        llw_fit_run(&raised, r->arena, false, &now);
    }
    if (!now.fits) return;
    words w = context_words(r);
    option(&w, "--fit-target", targets_text(r, &raised, raised.n_devices));
    add(r, "fit-target", PREFER_TARGET, &raised, &w,
        "--fit's own plan would not fit although it reports success; larger targets make it plan with less");
}

static void add_fill_fastest(ranking *r) {
    int counts[LLW_MAX_DEVICES];
    if (!llw_try_fill_fastest(&r->base, r->files, LLW_GOAL_TARGET, counts)) return;
    llw_launch filled = r->base;
    words w = context_words(r);
    option(&w, "-ts", llw_try_split(&filled, counts, r->arena));
    add(r, "fill-fastest", PREFER_SPLIT, &filled, &w, "as many layers as fit on the fastest card");
}

/* A program or build that does not fit gets the plan that fit would make, as plain flags. */
static void add_explicit(ranking *r) {
    llw_fit plan;
    llw_fit_force(&r->base, r->arena, &plan);
    if (plan.outcome != LLW_FIT_ADJUSTED && plan.outcome != LLW_FIT_UNCHANGED) return;
    words w = {0};
    for (size_t i = 0; i + 1 < plan.n_args; i += 2) {
        if (!strcmp(plan.args[i], "-c") &&
            (r->given->program == LLW_PROGRAM_BENCH || plan.launch.ctx == r->given->ctx))
            continue;
        bool automatic = !strcmp(plan.args[i], "-ngl") && plan.launch.gpu_layers < 0;
        option(&w, plan.args[i], automatic ? "99" : plan.args[i + 1]);
    }
    add(r, "explicit", PREFER_SPLIT, &plan.launch, &w,
        "the plan --fit would make, written out, because nothing fits it here");
}

/* ---- the order ---- */

/* Negative when a is better. */
static int compare(const llw_candidate *a, const llw_candidate *b) {
    if (quality(a) != quality(b)) return quality(b) - quality(a);
    if (a->ctx != b->ctx && a->fits) return a->ctx > b->ctx ? -1 : 1;
    bool same = a->seconds <= b->seconds * (1 + alike) && b->seconds <= a->seconds * (1 + alike);
    if (!same) return a->seconds < b->seconds ? -1 : 1;
    if (a->preference != b->preference) return a->preference - b->preference;
    return a->meets_target == b->meets_target ? 0 : a->meets_target ? -1 : 1;
}

static void order(ranking *r) {
    for (size_t i = 1; i < r->n; i++) { /* insertion: stable, and there are few */
        llw_candidate c = r->items[i];
        size_t at = i;
        for (; at > 0 && compare(&c, &r->items[at - 1]) < 0; at--) r->items[at] = r->items[at - 1];
        r->items[at] = c;
    }
}

static int64_t most_short(const llw_candidate *c, const char **device) {
    int64_t most = 0;
    for (int i = 0; i < c->launch.n_devices; i++) {
        int64_t over = llw_fit_need(&c->fit, i) - c->launch.devices[i].free;
        if (over <= most) continue;
        most = over;
        *device = c->launch.devices[i].name;
    }
    return most;
}

static const char *why_it_loses(ranking *r, const llw_candidate *c, const llw_candidate *best) {
    char a[LLW_NUMBER_MAX], b[LLW_NUMBER_MAX];
    const char *device = "";
    if (c->fit.prediction.outcome != LLW_OUTCOME_OK)
        return llw_arena_printf(r->arena, "llama.cpp would not load it: %s", c->fit.prediction.reason);
    int64_t over = most_short(c, &device);
    if (over > 0 && best->fits)
        return llw_arena_printf(r->arena, "%s would be %s short", device, llw_format_mib(a, over));
    if (!c->fits_ram && best->fits_ram)
        return llw_arena_printf(r->arena, "it needs %s of RAM and %s are available",
                                llw_format_bytes(a, llw_fit_need(&c->fit, -1)),
                                llw_format_bytes(b, c->launch.ram_available));
    if (!c->survives && best->survives)
        return "it loads, but has no room for what grows at the first prompts";
    int64_t spilled = c->fit.prediction.weights_on_host - best->fit.prediction.weights_on_host;
    if (spilled > 0)
        return llw_arena_printf(r->arena, "it leaves %s more of the layers in RAM",
                                llw_format_bytes(a, spilled));
    if (c->ctx < best->ctx)
        return llw_arena_printf(r->arena, "its context is %s instead of %s", llw_format_count(a, c->ctx),
                                llw_format_count(b, best->ctx));
    if (c->seconds > best->seconds * (1 + alike))
        return llw_arena_printf(r->arena, "a token takes about %.0f %% longer",
                                (c->seconds / best->seconds - 1) * 100);
    if (!c->meets_target && best->meets_target)
        return "the same speed, but less memory stays free than the target";
    return "the same result with more to write and to keep up to date";
}

/* ---- the context to plan for ---- */

static void plan_context(ranking *r) {
    llw_launch *base = &r->base;
    r->out->ctx_reason = "";
    llw_arena *scratch = llw_arena_new();
    llw_launch all = *base;
    all.fit = false;
    llw_prediction p;
    llw_predict(&all, scratch, false, &p);
    int64_t limit = llw_try_context_limit(base, &p);
    bool known = p.outcome == LLW_OUTCOME_OK;
    r->all_on_gpus = p.weights_on_host;
    llw_arena_free(scratch);
    if (base->ctx > 0 || !known || limit == 0) return;
    base->ctx = llw_try_context(base, r->files, LLW_GOAL_TARGET, r->all_on_gpus, limit);
    r->out->ctx_reason = "the largest with which all layers stay on the GPUs";
    if (base->ctx < base->fit_ctx && base->ctx < limit) {
        base->ctx = limit < OFFLOAD_CONTEXT ? limit : OFFLOAD_CONTEXT;
        r->out->ctx_reason =
            "not all layers fit on the GPUs whatever the context, so a common size was taken";
    } else if (base->ctx == limit) {
        r->out->ctx_reason = "what the model was trained for";
    }
    base->ctx_given = true;
}

void llw_place_rank(const llw_launch *launch, const llw_extra_files *files, llw_arena *arena,
                    llw_placement *out) {
    memset(out, 0, sizeof *out);
    ranking *r = llw_arena_alloc(arena, sizeof *r);
    *r = (ranking){
        .given = launch, .files = files, .arena = arena, .base = llw_try_unplaced(launch), .out = out};
    out->ctx_reason = "";
    for (int i = 0; i < launch->n_devices; i++)
        if (!launch->devices[i].known) return;
    if (!launch->model) return;
    llw_changes build;
    llw_changes_read(launch->build_order, &build);
    bool fits_itself = build.fit_exists && launch->program != LLW_PROGRAM_BENCH;
    plan_context(r);
    out->ctx = r->base.ctx;
    if (fits_itself)
        add_fit(r);
    else
        add_explicit(r);
    bool several = launch->n_devices > 1;
    for (int i = 0; several && i < launch->n_devices; i++)
        if (may_fit(r, i)) add_one_gpu(r, i);
    if (fits_itself && r->n > 0) {
        const llw_candidate fit = r->items[0];
        if (fit.fit.outcome == LLW_FIT_ADJUSTED) add_fit_target(r);
        if (!fit.fits) add_raised_target(r, &fit);
    }
    if (several) add_fill_fastest(r);
    for (int i = 0; several && !has_good(r) && i < launch->n_devices;
         i++) /* the rest in RAM, better than nothing */
        if (!may_fit(r, i)) add_one_gpu(r, i);
    order(r);
    for (size_t i = 1; i < r->n; i++) r->items[i].loses = why_it_loses(r, &r->items[i], &r->items[0]);
    out->candidates = r->items;
    out->n = r->n;
}

/* With layers in RAM in any case the largest context is likely to work: asking for it first saves the rest.
 */
static int64_t search_context(const llw_launch *launch, llw_arena *scratch) {
    llw_launch with = *launch;
    with.ctx = 256;
    with.ctx_given = true;
    llw_launch all = llw_try_unplaced(&with);
    all.fit = false;
    llw_prediction on_gpus;
    llw_predict(&all, scratch, false, &on_gpus);
    int64_t limit = llw_try_context_limit(launch, &on_gpus);
    if (llw_try_is_hopeless(&with)) return llw_try_context(launch, NULL, LLW_GOAL_TARGET, -1, limit);
    llw_try least;
    llw_try_launch(&with, NULL, scratch, &least);
    bool whole = least.fit.prediction.weights_on_host <= on_gpus.weights_on_host;
    if (!least.meets_target) return 0;
    return llw_try_context(launch, NULL, LLW_GOAL_TARGET, whole ? on_gpus.weights_on_host : -1,
                           llw_try_context_limit(launch, &least.fit.prediction));
}

int64_t llw_place_largest_context(const llw_launch *launch, llw_arena *arena, llw_fit *fit) {
    llw_arena *scratch = llw_arena_new();
    int64_t ctx = search_context(launch, scratch);
    llw_arena_free(scratch);
    if (fit && ctx > 0) {
        llw_launch with = *launch;
        with.ctx = ctx;
        with.ctx_given = true;
        llw_fit_run(&with, arena, true, fit);
    }
    return ctx;
}
