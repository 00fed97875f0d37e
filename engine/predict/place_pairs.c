/* Two changes together: a cheap one first, then the smallest of another kind. */
#include "predict/place.h"

#include "predict/place_try.h"

#include "fact/ggml_type.h"

#include <string.h>

enum { MAX_PAIRS = 12 };

typedef struct pairing {
    const llw_launch *launch;
    const llw_extra_files *files;
    llw_goal goal;
    llw_arena *arena;
    const llw_search *alone;
    llw_repair items[MAX_PAIRS];
    size_t n;
} pairing;

static bool mentions(const char *const *list, size_t n, const char *word) {
    for (size_t i = 0; i < n; i++)
        if (!strcmp(list[i], word)) return true;
    return false;
}

static int64_t context_of(const llw_repair *r) {
    return r->fit.prediction.n_ctx;
}

/* Whether a single change is as good: no dearer, and where context is the price, not much less of it. */
static bool does_alone(const pairing *p, const llw_repair *pair) {
    for (size_t i = 0; i < p->alone->n; i++) {
        const llw_repair *one = &p->alone->repairs[i];
        if (one->loss < pair->loss) return true;
        if (one->loss > pair->loss) continue;
        if (pair->loss != LLW_LOSS_CONTEXT || context_of(one) * 5 >= context_of(pair) * 4) return true;
    }
    return false;
}

static const char *const *both(pairing *p, const char *const *a, size_t n, const char *const *b, size_t m) {
    const char **all = llw_arena_alloc(p->arena, (n + m + 1) * sizeof *all);
    for (size_t i = 0; i < n; i++) all[i] = a[i];
    for (size_t i = 0; i < m; i++) all[n + i] = b[i];
    return all;
}

/* Everything that reaches the goal once `first` is done. */
static void follow(pairing *p, const llw_launch *first, const char *const *set, size_t n_set,
                   const char *const *drop, size_t n_drop, llw_loss loss, const char *costs) {
    llw_search then;
    llw_place_search(first, p->goal, p->files, p->arena, &then);
    if (then.reached) return; /* it does alone */
    for (size_t i = 0; i < then.n && p->n < MAX_PAIRS; i++) {
        llw_repair r = then.repairs[i];
        bool same = false;
        for (size_t k = 0; k < n_set; k += 2) same |= mentions(r.set, r.n_set, set[k]);
        if (same) continue;
        r.set = both(p, set, n_set, r.set, r.n_set);
        r.n_set += n_set;
        r.drop = both(p, drop, n_drop, r.drop, r.n_drop);
        r.n_drop += n_drop;
        bool cheap = r.loss < loss;
        if (cheap) r.loss = loss;
        r.costs = llw_arena_printf(p->arena, "%s; %s", cheap ? r.costs : costs, cheap ? costs : r.costs);
        if (!does_alone(p, &r)) p->items[p->n++] = r;
        if (r.loss >= LLW_LOSS_CONTEXT) break; /* sorted: the rest is dearer */
    }
}

static void after_ubatch(pairing *p, int64_t ubatch) {
    if (p->launch->ubatch <= ubatch) return;
    llw_launch first = *p->launch;
    first.ubatch = ubatch;
    const char *set[] = {"-ub", llw_arena_printf(p->arena, "%lld", (long long)ubatch)};
    follow(p, &first, set, 2, NULL, 0, LLW_LOSS_PROMPT, "prompts are read slower");
}

static void after_slots(pairing *p) {
    if (p->launch->parallel == 1 || p->launch->program != LLW_PROGRAM_SERVER) return;
    llw_launch first = *p->launch;
    first.parallel = 1;
    static const char *const set[] = {"-np", "1"};
    follow(p, &first, set, 2, NULL, 0, LLW_LOSS_USERS, "one conversation at a time");
}

static void after_cache(pairing *p, const char *type, const char *costs) {
    const llw_ggml_type *now = llw_ggml_type_get(p->launch->type_k),
                        *then = llw_ggml_type_get((uint32_t)llw_ggml_type_find(type));
    if (!now || !then || p->launch->flash_attn == LLW_OFF ||
        now->bytes * then->block <= then->bytes * now->block)
        return;
    llw_launch first = *p->launch;
    first.type_k = first.type_v = (uint32_t)llw_ggml_type_find(type);
    const char *set[] = {"-ctk", type, "-ctv", type};
    follow(p, &first, set, 4, NULL, 0, LLW_LOSS_PRECISION, costs);
}

static void after_flash(pairing *p) {
    if (p->launch->flash_attn != LLW_OFF) return;
    llw_launch first = *p->launch;
    first.flash_attn = LLW_AUTO;
    static const char *const set[] = {"-fa", "auto"};
    follow(p, &first, set, 2, NULL, 0, LLW_LOSS_NOTHING, "attention even gets faster");
}

/* Where nothing cheaper helps: work goes to RAM first, then something else gives way too. */
static void last_resorts(pairing *p) {
    if (!p->launch->n_devices || p->goal == LLW_GOAL_WHOLE) return;
    llw_launch layers = *p->launch, offload = *p->launch;
    layers.gpu_layers = 0;
    layers.gpu_layers_given = true;
    offload.kv_offload = false;
    static const char *const no_layers[] = {"-ngl", "0"}, *const no_offload[] = {"--no-kv-offload"};
    follow(p, &layers, no_layers, 2, NULL, 0, LLW_LOSS_SPEED, "every layer works in RAM");
    if (p->launch->kv_offload)
        follow(p, &offload, no_offload, 1, NULL, 0, LLW_LOSS_SPEED, "attention works in RAM");
}

static void order(pairing *p) {
    for (size_t i = 1; i < p->n; i++) {
        llw_repair r = p->items[i];
        size_t at = i;
        for (; at > 0; at--) {
            const llw_repair *before = &p->items[at - 1];
            bool dearer =
                before->loss > r.loss || (before->loss == r.loss && context_of(before) < context_of(&r));
            if (!dearer) break;
            p->items[at] = p->items[at - 1];
        }
        p->items[at] = r;
    }
}

void llw_place_pairs(const llw_launch *launch, llw_goal goal, const llw_extra_files *files, llw_arena *arena,
                     const llw_search *alone, const llw_repair **pairs, size_t *n) {
    pairing *p = llw_arena_alloc(arena, sizeof *p);
    p->launch = launch;
    p->files = files;
    p->goal = goal;
    p->arena = arena;
    p->alone = alone;
    *pairs = p->items;
    *n = 0;
    if (alone->reached || (!alone->n && !alone->n_attempts)) return; /* nothing to search, or nothing known */
    if (alone->n && alone->repairs[0].loss <= LLW_LOSS_PROMPT) return; /* no pair costs less */
    after_flash(p);
    for (int64_t ubatch = 512; ubatch >= 128 && !p->n; ubatch /= 2) after_ubatch(p, ubatch);
    after_slots(p);
    after_cache(p, "q8_0", "the cache is a little less precise");
    after_cache(p, "q4_0", "the cache is clearly less precise");
    if (!alone->n && !p->n) last_resorts(p);
    order(p);
    *n = p->n;
}
