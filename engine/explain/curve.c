/* Asks for predictions along a knob, and looks for the turning points between them. */
#include "explain/curve.h"

#include <string.h>

enum { MOST_POINTS = 24, CELLS = 256, TOKENS = 64 };

typedef struct drawing {
    llw_run *run;
    llw_arena *arena;
    llw_entity launch;
    const llw_predicted *as_is;
    llw_curve *curve;
} drawing;

/* A larger micro-batch needs a batch at least as large: llama.cpp takes the smaller of the two
 * (llama_init_from_model). */
static llw_curve_point ask(const drawing *d, int64_t x) {
    llw_attr knobs[2] = {d->curve->knob, LLW_launch_batch};
    llw_value values[2] = {llw_count(x),
                           llw_count(x > d->as_is->as_read.batch ? x : d->as_is->as_read.batch)};
    int n = d->curve->knob == LLW_launch_ubatch ? 2 : 1;
    const llw_predicted *p = llw_run_variant_predicted(d->run, d->launch, knobs, values, n);
    llw_curve_point point = {.x = x};
    if (!p || p->rc != LLW_OK || p->fit.prediction.outcome != LLW_OUTCOME_OK) return point;
    const llw_prediction *is = &p->fit.prediction;
    point.known = true;
    point.loads = p->fit.fits;
    point.in_vram = is->weights_on_host == 0;
    point.need = llw_arena_alloc(d->arena, (size_t)(is->n_devices + 1) * sizeof *point.need);
    for (int i = 0; i < is->n_devices; i++) point.need[i] = llw_fit_need(&p->fit, i);
    point.host = llw_fit_need(&p->fit, -1);
    return point;
}

static bool loads(const llw_curve_point *point) {
    return point->known && point->loads;
}

static bool in_vram(const llw_curve_point *point) {
    return point->known && point->loads && point->in_vram;
}

/* The largest multiple of `step` for which it holds, between the last point where it does and the first where
 * it no longer does; 0 when there is no such turn. */
static int64_t turn(const drawing *d, int64_t step, bool (*holds)(const llw_curve_point *)) {
    const llw_curve *c = d->curve;
    size_t i = 0;
    while (i < c->n && holds(&c->points[i])) i++;
    if (i == 0 || i == c->n) return 0;
    int64_t low = c->points[i - 1].x, high = c->points[i].x;
    while (high - low > step) {
        int64_t middle = (low + (high - low) / 2) / step * step;
        if (middle <= low) break;
        llw_curve_point point = ask(d, middle);
        if (holds(&point))
            low = middle;
        else
            high = middle;
    }
    return low;
}

static void add(drawing *d, int64_t x) {
    llw_curve *c = d->curve;
    size_t at = c->n;
    if (x <= 0 || c->n == MOST_POINTS) return;
    for (size_t i = 0; i < c->n; i++)
        if (c->points[i].x == x) return;
    while (at > 0 && c->points[at - 1].x > x) at--;
    memmove(&c->points[at + 1], &c->points[at], (c->n - at) * sizeof *c->points);
    c->points[at] = (llw_curve_point){.x = x};
    c->n++;
}

bool llw_curve_make(llw_run *run, llw_entity launch, llw_attr knob, llw_arena *arena, llw_curve *out) {
    *out = (llw_curve){.knob = knob};
    drawing d = {
        .run = run, .arena = arena, .launch = launch, .as_is = llw_run_predicted(run, launch), .curve = out};
    if (!d.as_is || d.as_is->rc != LLW_OK || !d.as_is->as_read.n_devices) return false;
    for (int i = 0; i < d.as_is->as_read.n_devices; i++)
        if (!d.as_is->as_read.devices[i].known) return false;
    bool context = knob == LLW_launch_ctx;
    int64_t trained = 0, largest = 4096, step = context ? CELLS : TOKENS;
    if (context) {
        llw_entity model = llw_facts_ref(run->facts, launch, LLW_launch_model);
        llw_facts_count(run->facts, model, LLW_model_context_length, &trained);
        out->now = d.as_is->fit.prediction.n_ctx;
        largest = trained > out->now ? trained : out->now;
    } else {
        out->now = d.as_is->fit.prediction.n_ubatch;
    }
    out->points = llw_arena_alloc(arena, (MOST_POINTS + 1) * sizeof *out->points);
    for (int64_t x = context ? 4096 : TOKENS; x < largest; x *= 2) add(&d, x);
    add(&d, largest);
    add(&d, out->now);
    bool any = false;
    for (size_t i = 0; i < out->n; i++) {
        out->points[i] = ask(&d, out->points[i].x);
        any |= out->points[i].known;
    }
    if (!any || out->n < 2) return false;
    out->most_loads = turn(&d, step, loads);
    out->most_vram = turn(&d, step, in_vram);
    return true;
}
