/* Gathers candidates for a goal, verifies each by a run of its own, keeps those that reach it. */
#include "cli/changing.h"
#include "infer/cone.h"

#include <stdlib.h>
#include <string.h>

enum { CARDS = 12, WORDS = 64 };

static llw_run *start_run(const llw_app *app, const llw_changing *c) {
    return c->wished.run ? c->wished.run : app->run;
}

static llw_goal goal_of(llw_goal_kind kind) {
    switch (kind) {
    case LLW_REACH_TARGET: return LLW_GOAL_TARGET;
    case LLW_REACH_SURVIVES: return LLW_GOAL_SURVIVES;
    case LLW_REACH_WHOLE: return LLW_GOAL_WHOLE;
    default: return LLW_GOAL_LOADS;
    }
}

/* ---- other files, other cards ---- */

static void add_siblings(llw_app *app, const llw_run *run, llw_entity launch, llw_remedies *out) {
    llw_entity model = llw_facts_ref(run->facts, launch, LLW_launch_model);
    const llw_sibling *siblings = NULL;
    size_t n = 0;
    int64_t bytes = 0;
    if (!model || !llw_facts_count(run->facts, model, LLW_model_file_bytes, &bytes)) return;
    llw_source_siblings(app->facts, model, app->arena, &siblings, &n);
    for (size_t i = 0; i < n; i++) {
        if (siblings[i].bytes >= bytes) continue;
        char size[LLW_NUMBER_MAX];
        const char *word = llw_arena_printf(app->arena, "model=%s", siblings[i].name);
        llw_remedy_add(
            out, app->arena, &word, 1, llw_arena_printf(app->arena, "-m %s", siblings[i].name),
            siblings[i].on_disk ? LLW_COST_FILE : LLW_COST_DOWNLOAD,
            llw_arena_printf(app->arena, "%s of weights instead of %s: a coarser quantisation%s",
                             llw_arena_strdup(app->arena, llw_format_bytes(size, siblings[i].bytes)),
                             llw_arena_strdup(app->arena, llw_format_bytes(size, bytes)),
                             siblings[i].on_disk ? ", on this disk" : ", to be downloaded"));
    }
}

/* The card that has least left, or is shortest. */
static llw_entity tightest(const llw_run *run, llw_entity launch) {
    llw_entity found = 0;
    int64_t least = 0, left = 0;
    for (llw_entity p = 0; (p = llw_facts_next(run->facts, LLW_KIND_placement, p));) {
        llw_entity gpu = llw_facts_ref(run->facts, p, LLW_placement_gpu);
        if (!gpu || llw_facts_ref(run->facts, p, LLW_placement_launch) != launch ||
            !llw_facts_count(run->facts, p, LLW_placement_left, &left) || (found && left >= least))
            continue;
        found = gpu;
        least = left;
    }
    return found;
}

static void add_cards(llw_app *app, const llw_run *run, llw_entity launch, llw_remedies *out) {
    llw_entity gpu = tightest(run, launch);
    int64_t total = 0;
    const char *names[CARDS], *name = "";
    if (!gpu || !llw_facts_count(run->facts, gpu, LLW_gpu_total, &total)) return;
    const char *id = llw_facts_id(run->facts, gpu);
    llw_facts_text(run->facts, gpu, LLW_gpu_name, &name);
    size_t n = llw_source_larger_cards(app->arena, total, names, CARDS);
    for (size_t i = 0; i < n; i++) {
        const char *word = llw_arena_printf(app->arena, "%s=%s", id, names[i]);
        llw_remedy_add(out, app->arena, &word, 1,
                       llw_arena_printf(app->arena, "%s %s as %s",
                                        strchr("AEFHILMNORSX", names[i][0]) ? "an" : "a", names[i], id),
                       LLW_COST_CARD,
                       *name ? llw_arena_printf(app->arena, "another card instead of the %s", name)
                             : "another card");
    }
}

/* ---- verification ---- */

static bool certain(const llw_run *run, llw_entity launch) {
    bool sure = true;
    llw_facts_flag(run->facts, launch, LLW_launch_loads_certain, &sure);
    return sure;
}

static bool grew(const llw_difference *d, llw_attr attr, int64_t *before, int64_t *after) {
    *before = *after = 0;
    return llw_facts_count(d->a.run->facts, d->a.launch, attr, before) &&
           llw_facts_count(d->b.run->facts, d->b.launch, attr, after) && *after > *before;
}

/* What the run shows it to cost, where that is more than what was expected of it. */
static void price(llw_app *app, llw_remedy *r) {
    int64_t before = 0, after = 0;
    char buf[LLW_NUMBER_MAX];
    grew(&r->d, LLW_launch_n_ctx, &before, &after);
    if (r->loss < LLW_LOSS_CONTEXT && after < before) {
        r->loss = LLW_LOSS_CONTEXT;
        r->costs = llw_arena_printf(app->arena, "the context becomes %s", llw_format_count(buf, after));
    }
    if (r->loss < LLW_LOSS_SPEED && grew(&r->d, LLW_launch_weights_on_host, &before, &after)) {
        const char *also = r->loss == LLW_LOSS_NOTHING ? "" : llw_arena_printf(app->arena, "%s; ", r->costs);
        r->loss = LLW_LOSS_SPEED;
        r->costs = llw_arena_printf(app->arena, "%s%s%s of the layers work in RAM, so tokens come slower",
                                    also, llw_format_bytes(buf, after - before), before ? " more" : "");
    }
}

/* Two candidates that come to the same launch are one. */
static bool comes_to_the_same(const llw_remedy *x, const llw_remedy *y) {
    bool same = x->d.n_inputs == y->d.n_inputs;
    for (size_t i = 0; same && i < x->d.n_inputs; i++)
        same = x->d.inputs[i].attr == y->d.inputs[i].attr &&
               !strcmp(x->d.inputs[i].name, y->d.inputs[i].name) &&
               !strcmp(x->d.inputs[i].after, y->d.inputs[i].after);
    return same;
}

/* "-m X leaves CUDA0 3.2 MiB short": why a run does not do. */
static const char *lacks(llw_app *app, const llw_run *run, llw_entity launch, const char *said) {
    llw_entity gpu = tightest(run, launch);
    char buf[LLW_NUMBER_MAX];
    int64_t left = 0;
    for (llw_entity p = 0; gpu && (p = llw_facts_next(run->facts, LLW_KIND_placement, p));)
        if (llw_facts_ref(run->facts, p, LLW_placement_gpu) == gpu &&
            llw_facts_ref(run->facts, p, LLW_placement_launch) == launch)
            llw_facts_count(run->facts, p, LLW_placement_left, &left);
    return left < 0 ? llw_arena_printf(app->arena, "%s leaves %s %s short", said,
                                       llw_facts_id(run->facts, gpu), llw_format_mib(buf, -left))
                    : llw_arena_printf(app->arena, "%s is not enough", said);
}

/* Being rid of a finding is no use when the launch no longer loads. */
static bool still_loads(const llw_run *before, const llw_run *after, llw_entity launch) {
    bool was = false, is = false;
    llw_facts_flag(before->facts, launch, LLW_launch_loads, &was);
    llw_facts_flag(after->facts, launch, LLW_launch_loads, &is);
    return is || !was;
}

/* Runs one candidate over the wish; keeps the run when the goal holds in it. *less receives what it lacks. */
static bool verify(llw_app *app, llw_changing *c, llw_remedy *r, const char **less) {
    const char *words[WORDS];
    size_t n = 0;
    if (c->n_runs == LLW_CHANGING_MOST || c->n_wish + r->n_words > WORDS) return false;
    for (size_t i = 0; i < c->n_wish; i++) words[n++] = c->wish[i];
    for (size_t i = 0; i < r->n_words; i++) words[n++] = r->words[i];
    llw_supposition *run = &c->runs[c->n_runs];
    llw_entity launch = llw_asking_launch(app);
    llw_err err = {0};
    *run = (llw_supposition){.facts = llw_facts_overlay(app->facts)};
    bool does = llw_suppose(run->facts, launch, words, n, &run->supposed, &err) == LLW_OK;
    if (does) {
        run->run = llw_run_beside(app->run, run->facts);
        does =
            llw_reach_holds(&c->reach, run->run, launch) && still_loads(start_run(app, c), run->run, launch);
    }
    if (!does) {
        if (run->run) *less = lacks(app, run->run, launch, r->said);
        llw_asking_drop(run);
        return false;
    }
    c->n_runs++;
    r->certain = certain(run->run, launch);
    llw_differ(&(llw_side){start_run(app, c), launch, "now"}, &(llw_side){run->run, launch, "then"},
               app->arena, &r->d);
    price(app, r);
    return true;
}

static bool found_already(const llw_changing *c, const llw_remedy *r) {
    for (size_t i = 0; i < c->found.n; i++)
        if (comes_to_the_same(&c->found.items[i], r)) return true;
    return false;
}

/* Keeps what holds. Of files and cards the first that does is enough: the largest file, the smallest card. */
static void keep_verified(llw_app *app, llw_changing *c, llw_remedies *candidates) {
    bool has[LLW_COSTS] = {false};
    const char *less[LLW_COSTS] = {NULL}; /* what the next smaller change of that cost lacks */
    for (size_t i = 0; i < candidates->n; i++) {
        llw_remedy *r = &candidates->items[i];
        bool one_is_enough = r->loss >= LLW_COST_FILE;
        int cost = r->loss; /* of its kind, before the run shows more */
        if ((one_is_enough && has[cost]) || !verify(app, c, r, &less[cost])) continue;
        if (one_is_enough && less[cost]) r->limit = less[cost];
        if (found_already(c, r)) {
            llw_asking_drop(&c->runs[--c->n_runs]);
            continue;
        }
        has[cost] = true;
        void *items = c->found.items;
        *(llw_remedy *)llw_arena_push(app->arena, &items, &c->found.n, &c->found.capacity, sizeof *r) = *r;
        c->found.items = items;
    }
}

/* A launch that does not load has other goals of memory on its way: what its findings rest on. */
static llw_goal_kind nearest_goal(const llw_run *run, llw_entity launch) {
    bool loads = true, survives = true;
    llw_facts_flag(run->facts, launch, LLW_launch_loads, &loads);
    llw_facts_flag(run->facts, launch, LLW_launch_survives, &survives);
    return !loads ? LLW_REACH_LOADS : !survives ? LLW_REACH_SURVIVES : LLW_REACH_CLEARS;
}

void llw_changing_search(llw_app *app, llw_changing *c) {
    llw_run *run = start_run(app, c);
    llw_entity launch = llw_asking_launch(app);
    const llw_predicted *p = llw_run_predicted(run, launch);
    bool clears = c->reach.kind == LLW_REACH_CLEARS;
    c->reached = llw_reach_holds(&c->reach, run, launch);
    /* what stops the program before it looks at memory has to be corrected first */
    bool starts =
        !llw_facts_value(run->facts, launch, LLW_launch_refused).known &&
        !llw_facts_value(run->facts, llw_facts_ref(run->facts, launch, LLW_launch_model), LLW_model_refusal)
             .known;
    c->known = clears || (starts && p && p->rc == LLW_OK &&
                          (llw_facts_value(run->facts, launch, LLW_launch_loads).known ||
                           p->fit.prediction.outcome == LLW_OUTCOME_REFUSED));
    if (c->reached || !c->known) return;
    llw_remedies candidates = {0};
    const bool *touched = c->n_wish ? c->wished.supposed.touched : NULL;
    llw_goal_kind memory = clears ? nearest_goal(run, launch) : c->reach.kind;
    if (!c->n_wish || clears) llw_remedies_from_lessons(run, launch, &c->reach, app->arena, &candidates);
    if (clears) llw_remedies_from_conditions(run, launch, &c->reach, app->arena, &candidates);
    if (memory != LLW_REACH_CLEARS)
        llw_remedies_from_search(run, launch, goal_of(memory), touched, app->arena, &candidates, &c->alone);
    if (!clears && (!touched || !touched[LLW_launch_model])) add_siblings(app, run, launch, &candidates);
    if (!clears) add_cards(app, run, launch, &candidates);
    llw_remedies_order(&candidates);
    keep_verified(app, c, &candidates);
    llw_remedies_order(&c->found);
}

void llw_changing_drop(llw_changing *c) {
    for (size_t i = 0; i < c->n_runs; i++) llw_asking_drop(&c->runs[i]);
    if (c->wished.run) llw_asking_drop(&c->wished);
}
