/* A quantisation judged by the best placement there is for it. */
#include "explain/quant.h"
#include "base/text.h"
#include "predict/place.h"
#include "predict/speed.h"

#include <string.h>

const char *llw_quant_place_name(llw_quant_place place) {
    static const char *const names[] = {"unknown", "nowhere", "partly", "gpu", "host"};
    return names[place];
}

static void estimate_speed(const llw_fit *fit, llw_arena *arena, llw_quant *out) {
    llw_speed speed;
    llw_speed_estimate(&fit->launch, &fit->prediction, 0, arena, &speed);
    if (!speed.known) return;
    out->speed_low = speed.low;
    out->speed_high = speed.high;
}

/* A slot has no more than the model was trained for (tools/server/server-context.cpp n_ctx_slot, v0.5.0). */
static int64_t context_of(const llw_prediction *p, int64_t trained) {
    return trained > 0 && p->n_ctx_seq > trained ? trained : p->n_ctx_seq;
}

static void judge_gpus(const llw_launch *launch, llw_arena *arena, llw_quant *out) {
    llw_placement ranked;
    llw_place_rank(launch, NULL, arena, &ranked);
    const llw_candidate *c = ranked.n ? &ranked.candidates[0] : NULL;
    out->place = LLW_QUANT_NOWHERE;
    if (!c || !c->fits || (c->ram_known && !c->fits_ram)) return;
    out->context = context_of(&c->fit.prediction, out->trained);
    out->on_host = c->fit.prediction.weights_on_host;
    out->place = out->on_host ? LLW_QUANT_PARTLY : LLW_QUANT_GPU;
    out->certain = true;
    for (int d = 0; d < c->fit.prediction.n_devices; d++) {
        const llw_memory *m = &c->fit.prediction.device[d];
        out->certain &=
            llw_fit_need(&c->fit, d) - m->compute + m->compute_high <= c->fit.launch.devices[d].free;
    }
    llw_text flags = {0};
    for (size_t i = 0; i < c->n_flags; i++) llw_text_addf(&flags, "%s%s", i ? " " : "", c->flags[i]);
    out->flags = llw_arena_strdup(arena, llw_text_str(&flags));
    llw_text_fini(&flags);
    estimate_speed(&c->fit, arena, out);
}

static int64_t host_need(const llw_prediction *p) {
    return llw_memory_sum(&p->host);
}

/* Without a GPU: the context asked for, or else the largest that RAM has room for. */
static void judge_host(const llw_launch *launch, const llw_fit *fit, llw_arena *arena, llw_quant *out) {
    if (launch->ram_available < 0) {
        out->problem = "how much RAM is free is not known";
        return;
    }
    llw_launch smaller = *launch;
    llw_prediction p = fit->prediction;
    for (int64_t ctx = p.n_ctx; host_need(&p) > launch->ram_available && !launch->ctx_given && ctx > 4096;) {
        smaller.ctx = ctx /= 2;
        llw_predict(&smaller, arena, false, &p);
        if (p.outcome != LLW_OUTCOME_OK) break;
    }
    out->place = LLW_QUANT_NOWHERE;
    if (p.outcome != LLW_OUTCOME_OK || host_need(&p) > launch->ram_available) return;
    llw_fit held = *fit;
    held.prediction = p;
    held.launch = smaller;
    out->place = LLW_QUANT_HOST;
    out->context = context_of(&p, out->trained);
    out->certain = p.host.weights + p.host.context + p.host.compute_high <= launch->ram_available;
    if (smaller.ctx != launch->ctx) out->flags = llw_arena_printf(arena, "-c %lld", (long long)p.n_ctx);
    estimate_speed(&held, arena, out);
}

void llw_quant_judge(const llw_predicted *predicted, llw_arena *arena, llw_quant *out) {
    out->problem = "";
    out->place = LLW_QUANT_UNKNOWN;
    out->context = out->trained = out->on_host = -1;
    out->speed_low = out->speed_high = -1;
    out->flags = "";
    out->certain = false;
    if (!predicted || predicted->rc != LLW_OK) {
        out->problem =
            predicted && *predicted->err.text ? predicted->err.text
            : predicted && predicted->missing
                ? llw_arena_printf(arena, "%s is not known", llw_attr_get(predicted->missing)->meaning)
                : "nothing can be predicted of it";
        return;
    }
    if (predicted->fit.prediction.outcome != LLW_OUTCOME_OK) {
        out->problem =
            *predicted->fit.prediction.reason ? predicted->fit.prediction.reason : "llama.cpp refuses it";
        return;
    }
    out->trained = llw_model_int(predicted->as_read.model, "context_length", 0, -1);
    for (int d = 0; d < predicted->as_read.n_devices; d++)
        if (!predicted->as_read.devices[d].known) {
            out->problem = "how much memory the GPUs have free is not known";
            return;
        }
    if (predicted->as_read.n_devices)
        judge_gpus(&predicted->as_read, arena, out);
    else
        judge_host(&predicted->as_read, &predicted->fit, arena, out);
}

static bool is_whole(const llw_quant *q, int64_t least) {
    int64_t enough = q->trained > 0 && q->trained < least ? q->trained : least;
    return (q->place == LLW_QUANT_GPU || q->place == LLW_QUANT_HOST) && q->context >= enough;
}

const llw_quant *llw_quant_choose(const llw_quant *quants, size_t n, int64_t least) {
    const llw_quant *best = NULL;
    for (size_t i = 0; i < n; i++) {
        const llw_quant *q = &quants[i];
        if (q->place <= LLW_QUANT_NOWHERE) continue;
        bool better = !best || is_whole(q, least) > is_whole(best, least) ||
                      (is_whole(q, least) == is_whole(best, least) &&
                       (q->place > best->place || (q->place == best->place && q->bytes > best->bytes)));
        if (better) best = q;
    }
    return best;
}
