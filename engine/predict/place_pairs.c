/* Two changes together: a step first, then the smallest change of another knob. */
#include "predict/place_repair.h"

#include <string.h>

enum { SAME_PRICE = 2, MAX_PAIRS = SAME_PRICE * (LLW_LOSS_SPEED + 1) + 1 };

typedef struct pairing {
    const llw_launch *launch;
    const llw_extra_files *files;
    llw_goal goal;
    unsigned fixed;
    llw_loss most;
    llw_arena *arena;
    const llw_search *alone;
    llw_try now;
    llw_repair items[MAX_PAIRS];
    size_t n;
} pairing;

/* Whether a single change is as good: no dearer, and where context is the price, not much less of it. */
static bool does_alone(const pairing *p, const llw_repair *pair) {
    for (size_t i = 0; i < p->alone->n; i++) {
        const llw_repair *one = &p->alone->repairs[i];
        if (one->loss < pair->loss) return true;
        if (one->loss > pair->loss) continue;
        if (pair->loss != LLW_LOSS_CONTEXT || llw_repair_context(one) * 5 >= llw_repair_context(pair) * 4)
            return true;
    }
    return false;
}

/* Keeps the list in order, and of each price the best few. */
static void keep(pairing *p, const llw_repair *r) {
    size_t at = p->n++, same = 0;
    for (; at > 0 && llw_repair_is_dearer(&p->items[at - 1], r); at--) p->items[at] = p->items[at - 1];
    p->items[at] = *r;
    for (size_t i = 0; i < p->n; i++) {
        same += p->items[i].loss == r->loss;
        if (same <= SAME_PRICE) continue;
        memmove(&p->items[i], &p->items[i + 1], (--p->n - i) * sizeof *p->items);
        return;
    }
}

static const char *const *both(pairing *p, const char *const *a, size_t n, const char *const *b, size_t m) {
    const char **all = llw_arena_alloc(p->arena, (n + m + 1) * sizeof *all);
    for (size_t i = 0; i < n; i++) all[i] = a[i];
    for (size_t i = 0; i < m; i++) all[n + i] = b[i];
    return all;
}

static const char *both_costs(pairing *p, const llw_repair *r, const llw_place_step *first) {
    if (!strncmp(first->costs, "nothing", 7)) return r->costs;
    if (!strncmp(r->costs, "nothing", 7)) return first->costs;
    bool cheap = r->loss < first->loss;
    return llw_arena_printf(p->arena, "%s; %s", cheap ? r->costs : first->costs,
                            cheap ? first->costs : r->costs);
}

/* The second change is searched for in the launch that the first one makes. *row is the least price of what
 * less of the first one came to: more of it has to be worth it. */
static void follow(pairing *p, const llw_place_step *first, llw_loss *row) {
    llw_search then;
    if (first->loss > p->most) return;
    llw_place_search_from(&first->launch, p->goal, p->files, p->fixed | first->knobs, p->most, &p->now,
                          p->arena, &then);
    if (then.reached) return; /* it does alone */
    llw_loss least = *row;
    for (size_t i = 0; i < then.n; i++) {
        llw_repair r = then.repairs[i];
        r.set = both(p, first->set, first->n_set, r.set, r.n_set);
        r.n_set += first->n_set;
        r.drop = both(p, first->drop, first->n_drop, r.drop, r.n_drop);
        r.n_drop += first->n_drop;
        r.costs = both_costs(p, &r, first);
        if (r.loss < first->loss) r.loss = first->loss;
        if (does_alone(p, &r) || (r.loss >= *row && r.loss != LLW_LOSS_CONTEXT)) continue;
        if (r.loss < least) least = r.loss;
        keep(p, &r);
    }
    *row = least;
}

static void follow_all(pairing *p, const llw_place_steps *steps) {
    llw_loss row = LLW_LOSS_SPEED + 1;
    for (size_t i = 0; i < steps->n; i++) {
        if (!steps->items[i].further || (i && steps->items[i].row != steps->items[i - 1].row))
            row = LLW_LOSS_SPEED + 1;
        follow(p, &steps->items[i], &row);
    }
}

/* A context needs another split than a smaller one: the two are searched for together. */
static bool splits(const pairing *p, int64_t ctx, llw_launch *out, int counts[LLW_MAX_DEVICES]) {
    *out = *p->launch;
    out->ctx = ctx;
    out->ctx_given = true;
    return llw_try_fill_fastest(out, p->files, p->goal, counts);
}

static void split_and_context(pairing *p) {
    enum { CELLS = 256 };
    const llw_launch *launch = p->launch;
    int64_t low = 0, high = p->now.fit.prediction.n_ctx / CELLS;
    llw_launch changed;
    int counts[LLW_MAX_DEVICES];
    if (launch->n_devices < 2 || launch->split_mode != LLW_SPLIT_LAYER || launch->n_overrides ||
        launch->program == LLW_PROGRAM_BENCH || p->most < LLW_LOSS_CONTEXT ||
        (p->fixed & (LLW_KNOB_SPLIT | LLW_KNOB_CONTEXT)))
        return;
    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;
        *(splits(p, middle * CELLS, &changed, counts) ? &low : &high) = middle;
    }
    if (!low || !splits(p, low * CELLS, &changed, counts)) return;
    llw_place_step first = {.knobs = LLW_KNOB_SPLIT, .launch = *launch, .costs = "nothing"};
    first.set[first.n_set++] = "-ts";
    first.set[first.n_set++] = llw_try_split(&first.launch, counts, p->arena);
    follow(p, &first, &(llw_loss){LLW_LOSS_SPEED + 1});
}

void llw_place_pairs(const llw_launch *launch, llw_goal goal, const llw_extra_files *files, unsigned fixed,
                     llw_arena *arena, const llw_search *alone, const llw_repair **pairs, size_t *n) {
    pairing *p = llw_arena_alloc(arena, sizeof *p);
    *p = (pairing){.launch = launch,
                   .files = files,
                   .goal = goal,
                   .fixed = fixed,
                   .most = LLW_LOSS_SPEED,
                   .arena = arena,
                   .alone = alone};
    *pairs = p->items;
    *n = 0;
    if (alone->reached || (!alone->n && !alone->n_attempts)) return; /* nothing to search, or nothing known */
    if (alone->n) {
        llw_loss cheapest = alone->repairs[0].loss;
        if (cheapest <= LLW_LOSS_PROMPT) return; /* no pair costs less */
        p->most = cheapest == LLW_LOSS_CONTEXT ? cheapest : cheapest - 1;
    }
    llw_try_launch(launch, files, arena, &p->now);
    llw_place_steps steps;
    llw_place_steps_list(launch, &p->now.fit.prediction, goal, fixed, arena, &steps);
    follow_all(p, &steps);
    split_and_context(p);
    if (!alone->n && !p->n && launch->n_devices && goal != LLW_GOAL_WHOLE) {
        llw_place_steps_to_ram(launch, fixed, arena, &steps);
        follow_all(p, &steps);
    }
    *n = p->n;
}
