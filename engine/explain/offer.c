/* Words the offers: the author's remedy or the cheapest repair, and the best placement, each with a reason
 * per flag. */
#include "explain/offer.h"
#include "explain/own_words.h"
#include "explain/refusal.h"
#include "explain/words.h"
#include "fact/flags.h"
#include "predict/place.h"

#include <stdlib.h>
#include <string.h>

typedef struct offering {
    llw_run *run;
    llw_arena *arena;
    llw_decision *d;
    llw_flags flags;
    llw_program program;
    int64_t order;
} offering;

typedef struct words { /* a growing list of arguments */
    void *items;
    size_t n, capacity;
} words;

static void add_word(const offering *o, words *w, const char *word) {
    *(const char **)llw_arena_push(o->arena, &w->items, &w->n, &w->capacity, sizeof word) = word;
}

static llw_value now(const offering *o, llw_attr attr) {
    return llw_facts_value(o->run->facts, o->d->launch, attr);
}

/* What llama.cpp uses when the flag is left out, or unknown. */
static llw_value default_of(const offering *o, llw_attr attr) {
    size_t n = 0;
    const llw_claim **claims = llw_facts_claims(o->run->facts, o->d->launch, attr, o->arena, &n);
    for (size_t i = 0; i < n; i++)
        if (claims[i]->grade == LLW_GRADE_DEFAULT) return claims[i]->value;
    return llw_unknown(llw_attr_get(attr)->type);
}

/* Whether somebody set the knob to something else than its default. */
static bool given(const offering *o, llw_attr attr) {
    const llw_claim *best = llw_facts_best(o->run->facts, o->d->launch, attr);
    return best && best->value.known && best->grade >= LLW_GRADE_CONFIG &&
           !llw_value_equal(best->value, default_of(o, attr));
}

/* The reason a fired lesson gives for this knob, and its code; NULL when none does. */
static const char *advice_for(const offering *o, llw_attr attr, const char **code) {
    for (size_t i = 0; i < o->run->n_nodes; i++) {
        const llw_node *node = &o->run->nodes[i];
        if (node->state != LLW_FIRED || !llw_node_concerns(o->run, node, o->d->launch)) continue;
        for (size_t k = 0; k < node->rule->n_advises; k++) {
            if (node->rule->advises[k].attr != attr) continue;
            llw_text t = {0};
            llw_run_say(o->run, node, &node->rule->advises[k].sentence, &t);
            const char *text = llw_arena_strdup(o->arena, llw_text_str(&t));
            llw_text_fini(&t);
            *code = node->rule->lesson->code;
            return text;
        }
    }
    return NULL;
}

static void add_change(const offering *o, llw_offer *offer, size_t *capacity, bool set, llw_attr attr,
                       const char *flag, const char *otherwise) {
    const char *code = "", *reason = advice_for(o, attr, &code);
    void *items = offer->changes;
    *(llw_flag_change *)llw_arena_push(o->arena, &items, &offer->n_changes, capacity,
                                       sizeof(llw_flag_change)) =
        (llw_flag_change){set, flag, attr, reason ? reason : otherwise, code};
    offer->changes = items;
}

static const char *written(const offering *o, llw_attr attr, llw_value value) {
    const char *text = llw_flag_write(&o->flags, o->arena, attr, value, o->program, o->order);
    const char *flag = llw_words_flag(attr);
    return text ? text : flag ? flag : llw_attr_get(attr)->name;
}

static const char *joined(const offering *o, const char *lead, const char *const *list, size_t n) {
    llw_text t = {0};
    llw_text_add(&t, lead);
    for (size_t i = 0; i < n; i++) {
        if (t.len) llw_text_add(&t, " ");
        llw_flag_quote(&t, list[i]);
    }
    const char *text = llw_arena_strdup(o->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

static const char *program_and_model(const offering *o) {
    const char *path = "";
    llw_facts_text(o->run->facts, o->d->model, LLW_model_path, &path);
    if (!*path) path = llw_arena_printf(o->arena, "%s.gguf", llw_facts_id(o->run->facts, o->d->model));
    const char *const model[] = {"-m", path};
    return joined(o, llw_arena_printf(o->arena, "llama-%s", llw_program_name(o->program)), model, 2);
}

/* Whether the error bands leave no doubt that it loads. */
static bool certain(const llw_fit *fit) {
    for (int d = 0; d < fit->prediction.n_devices; d++) {
        const llw_memory *m = &fit->prediction.device[d];
        if (llw_fit_need(fit, d) - m->compute + m->compute_high > fit->launch.devices[d].free) return false;
    }
    return true;
}

/* "CUDA0 keeps 76.3 MiB free, CUDA1 1.52 GiB; every layer is on a GPU; context 32,768" */
static const char *result_of(const offering *o, const llw_fit *fit, bool sure) {
    llw_text t = {0};
    char buf[LLW_NUMBER_MAX];
    const llw_prediction *p = &fit->prediction;
    int n = 0;
    for (int d = 0; d < p->n_devices; d++) {
        int64_t need = llw_fit_need(fit, d);
        if (!need || !fit->launch.devices[d].known) continue;
        llw_format_bytes(buf, fit->launch.devices[d].free - need);
        llw_text_addf(&t, n++ ? ", %s %s" : "%s keeps %s free", fit->launch.devices[d].name, buf);
    }
    if (p->n_devices && p->weights_on_host == 0)
        llw_text_addf(&t, "%severy layer is on a GPU", n ? "; " : "");
    else if (p->n_devices)
        llw_text_addf(&t, "%s%s of the layers' weights stay in RAM", n ? "; " : "",
                      llw_format_bytes(buf, p->weights_on_host));
    if (p->n_ctx != o->d->predicted->fit.prediction.n_ctx)
        llw_text_addf(&t, "; context %s", llw_format_count(buf, p->n_ctx));
    if (!sure && n) llw_text_add(&t, "; by the point estimate, so try it");
    const char *text = llw_arena_strdup(o->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* ---- the smallest repair ---- */

/* The author's remedy: what a fired rule says to try, if it makes the launch load. */
static bool authors_repair(const offering *o, llw_offer *offer) {
    for (size_t r = 0; r < o->d->n_reasons; r++) {
        const llw_node *node = o->d->reasons[r].node;
        llw_attr knobs[LLW_EXPR_MAX_ARGS];
        llw_value to[LLW_EXPR_MAX_ARGS];
        int n = 0;
        for (size_t i = 0; i < node->rule->n_tries && n < LLW_EXPR_MAX_ARGS; i++) {
            const llw_setting *s = &node->rule->tries[i];
            if (node->binding[s->variable] != o->d->launch) continue;
            llw_result values[LLW_EXPR_MAX_BYTES];
            llw_run_eval(o->run, node, &s->value, values);
            to[n] = llw_result_value(values[s->value.n_nodes - 1], llw_attr_get(s->attr)->type);
            knobs[n] = s->attr;
            if (!llw_value_equal(to[n], now(o, s->attr))) n++;
        }
        const llw_predicted *p = n ? llw_run_variant_predicted(o->run, o->d->launch, knobs, to, n) : NULL;
        if (!p || p->rc != LLW_OK || p->fit.prediction.outcome != LLW_OUTCOME_OK || !p->fit.fits) continue;
        llw_text set = {0}, without = {0};
        size_t capacity = 0;
        for (int i = 0; i < n; i++) { /* back to the default: leave the flag out */
            bool drop = llw_value_equal(to[i], default_of(o, knobs[i])) && given(o, knobs[i]) &&
                        knobs[i] != LLW_launch_ubatch;
            const char *flag = drop ? written(o, knobs[i], now(o, knobs[i])) : written(o, knobs[i], to[i]);
            llw_text *list = drop ? &without : &set;
            llw_text_addf(list, "%s%s", list->len ? drop ? " and " : " " : drop ? "without " : "", flag);
            add_change(o, offer, &capacity, !drop, knobs[i], flag, "the lesson's own remedy");
        }
        offer->command = llw_arena_printf(o->arena, "%s%s%s", llw_text_str(&set),
                                          set.len && without.len ? ", " : "", llw_text_str(&without));
        llw_text_fini(&set);
        llw_text_fini(&without);
        offer->certain = certain(&p->fit);
        offer->result = result_of(o, &p->fit, offer->certain);
        offer->fit = &p->fit;
        return offer->offered = true;
    }
    return false;
}

static bool cheapest_repair(const offering *o, llw_offer *offer) {
    const llw_repair *repairs = NULL;
    size_t n = 0;
    llw_place_repairs(&o->d->predicted->as_read, LLW_GOAL_LOADS, NULL, o->arena, &repairs, &n);
    if (!n) return false;
    const llw_repair *r = &repairs[0];
    llw_text t = {0};
    if (r->n_set) llw_text_add(&t, joined(o, "", r->set, r->n_set));
    if (r->n_drop) llw_text_addf(&t, "%s%s", r->n_set ? ", " : "", joined(o, "without", r->drop, r->n_drop));
    offer->command = llw_arena_strdup(o->arena, llw_text_str(&t));
    llw_text_fini(&t);
    offer->args = r->set;
    offer->n_args = r->n_set;
    offer->certain = certain(&r->fit);
    offer->fit = &r->fit;
    offer->result = llw_arena_printf(o->arena, "%s%s%s", result_of(o, &r->fit, offer->certain),
                                     *r->costs ? "; " : "", r->costs);
    return offer->offered = true;
}

/* ---- our choice ---- */

static bool is_placement(llw_attr attr) {
    static const llw_attr list[] = {
        LLW_launch_ctx,        LLW_launch_split_mode,   LLW_launch_main_gpu,
        LLW_launch_gpu_layers, LLW_launch_tensor_split, LLW_launch_override_tensor,
        LLW_launch_cpu_moe,    LLW_launch_n_cpu_moe,    LLW_launch_n_cpu_ffn,
        LLW_launch_fit,        LLW_launch_fit_target};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++)
        if (list[i] == attr) return true;
    return false;
}

static llw_attr attr_of_flag(const offering *o, const char *flag) {
    bool negative = false;
    const llw_flag_row *row = llw_flag_find(&o->flags, flag, o->program, o->order, &negative);
    return row && row->n_sets ? row->sets[0].attr : LLW_ATTR_NONE;
}

/* Whether the candidate writes this knob; *value is the word behind the flag, "" for a plain one. */
static bool writes(const offering *o, const llw_candidate *c, llw_attr attr, const char **flag,
                   const char **value) {
    for (size_t i = 0; i < c->n_flags; i++) {
        if (c->flags[i][0] != '-' || attr_of_flag(o, c->flags[i]) != attr) continue;
        *flag = c->flags[i];
        *value = i + 1 < c->n_flags && c->flags[i + 1][0] != '-' ? c->flags[i + 1] : "";
        return true;
    }
    return false;
}

static bool is_written(llw_attr attr) {
    const llw_attr_info *info = llw_attr_get(attr);
    return info->kind == LLW_KIND_launch && info->knob && info->type != LLW_REF && attr != LLW_launch_program;
}

/* A knob that somebody set otherwise than by an option: as the build's own grammar has it. */
static void add_knob(const offering *o, words *args, llw_own_words *own, llw_attr attr) {
    llw_value value = now(o, attr);
    if (attr == LLW_launch_fit_ctx && value.as.count == UINT32_MAX) return; /* said by -c 0 */
    const char *text = llw_flag_write(&o->flags, o->arena, attr, value, o->program, o->order);
    if (!text) {
        llw_text is = {0};
        llw_text_addf(&is, "%s, ", llw_attr_get(attr)->meaning);
        llw_value_print(&is, value);
        llw_own_words_unsaid(own, llw_text_str(&is));
        llw_text_fini(&is);
        return;
    }
    char *copy = llw_arena_strdup(o->arena, text), *blank = strchr(copy, ' ');
    if (blank) *blank = 0;
    add_word(o, args, copy);
    if (blank) /* as it is, not as a shell would want it */
        add_word(o, args, blank[1] == '\'' || !strncmp(blank + 1, "$'", 2) ? value.as.text : blank + 1);
}

/* The launch's own options as given, then what was set otherwise. */
static void add_own(const offering *o, words *args, llw_own_words *own, const bool dropped[LLW_ATTRS]) {
    for (size_t i = 0; i < own->n; i++)
        for (size_t k = 0; !own->options[i].left_out && k < own->options[i].n; k++)
            add_word(o, args, own->options[i].words[k]);
    for (int k = 1; k < LLW_ATTRS; k++) {
        llw_attr attr = (llw_attr)k;
        if (is_written(attr) && !dropped[attr] && !own->covers[attr] && given(o, attr))
            add_knob(o, args, own, attr);
    }
}

static void finish(const offering *o, llw_offer *offer, const words *args, llw_own_words *own) {
    offer->args = args->items;
    offer->n_args = args->n;
    offer->command = joined(o, program_and_model(o), offer->args, offer->n_args);
    offer->asides = llw_own_words_asides(own, o->arena, &offer->n_asides);
}

static llw_own_words own_words(const offering *o) {
    llw_own_words own;
    llw_own_words_read(o->run->facts, o->d->launch, &o->flags, o->program, o->order, o->arena, &own);
    return own;
}

/* What the candidate makes of a placement flag. False: the launch's own stays as it is. */
static bool place_by_plan(const offering *o, const llw_candidate *c, llw_attr attr, const char *ctx_reason,
                          llw_offer *offer, size_t *capacity) {
    const char *flag = "", *value = "", *is = NULL,
               *had = given(o, attr) ? written(o, attr, now(o, attr)) : NULL;
    if (writes(o, c, attr, &flag, &value)) {
        const char *const pair[] = {flag, value};
        is = joined(o, "", pair, *value ? 2 : 1);
    } else if (attr == LLW_launch_ctx || !had)
        return false;
    const char *a = had ? strchr(had, ' ') : NULL, *b = is ? strchr(is, ' ') : NULL;
    if (had && is && !strcmp(a ? a : "", b ? b : "")) return false;
    if (!had && attr == LLW_launch_ctx && c->ctx == o->d->predicted->fit.prediction.n_ctx)
        return true; /* fit finds it too */
    if (had && !is) add_change(o, offer, capacity, false, attr, had, "the plan does without it");
    if (is)
        add_change(o, offer, capacity, true, attr, is,
                   attr == LLW_launch_ctx && *ctx_reason ? ctx_reason : c->reason);
    return true;
}

static void write_choice(const offering *o, const llw_candidate *c, const llw_launch *tuned,
                         const char *ctx_reason, llw_offer *offer) {
    words args = {0};
    size_t capacity = 0;
    const char *flag = "", *value = "";
    bool dropped[LLW_ATTRS] = {0};
    llw_own_words own = own_words(o);
    for (int k = 1; k < LLW_ATTRS; k++) {
        llw_attr attr = (llw_attr)k;
        if (!is_written(attr)) continue;
        bool lowered = (attr == LLW_launch_ubatch && tuned->ubatch != o->d->predicted->as_read.ubatch) ||
                       (attr == LLW_launch_batch && tuned->batch != o->d->predicted->as_read.batch);
        if (is_placement(attr)) {
            dropped[attr] = place_by_plan(o, c, attr, ctx_reason, offer, &capacity);
        } else if (lowered) {
            add_change(o, offer, &capacity, false, attr,
                       given(o, attr) ? written(o, attr, now(o, attr)) : llw_words_flag(attr),
                       "llama.cpp's default is enough");
            dropped[attr] = true;
        }
    }
    llw_own_words_drop(&own, dropped, o->arena);
    if (!own.covers[LLW_launch_ctx] && writes(o, c, LLW_launch_ctx, &flag, &value)) {
        add_word(o, &args, flag);
        add_word(o, &args, value);
        dropped[LLW_launch_ctx] = true;
    }
    bool kept[LLW_ATTRS]; /* by the launch's own options, as they were before its other knobs are written */
    memcpy(kept, own.covers, sizeof kept);
    for (int k = 1; k < LLW_ATTRS; k++)
        if (is_placement((llw_attr)k) && writes(o, c, (llw_attr)k, &flag, &value)) dropped[k] = true;
    add_own(o, &args, &own, dropped);
    for (size_t i = 0; i < c->n_flags;) {
        llw_attr attr = attr_of_flag(o, c->flags[i]);
        bool two = i + 1 < c->n_flags && attr_of_flag(o, c->flags[i + 1]) == LLW_ATTR_NONE;
        for (size_t k = 0; k <= two && attr != LLW_launch_ctx && !kept[attr]; k++)
            add_word(o, &args, c->flags[i + k]);
        i += 1 + two;
    }
    finish(o, offer, &args, &own);
    offer->certain = certain(&c->fit);
    offer->fit = &c->fit;
    offer->result = result_of(o, &c->fit, offer->certain);
    offer->offered = offer->n_changes > 0;
}

/* Whether nothing could be better: every layer on the GPUs, the targets kept free, llama.cpp free to place,
 * and no more than one card needed or none to spare. Ranking would only find the launch itself. */
static bool nothing_better(const offering *o) {
    const llw_predicted *p = o->d->predicted;
    bool meets = false, survives = false, one = false;
    for (int k = 1; k < LLW_ATTRS; k++)
        if (is_placement((llw_attr)k) && k != LLW_launch_ctx && given(o, (llw_attr)k)) return false;
    if (p->fit.prediction.weights_on_host || (p->as_read.ubatch > 512 && !p->as_read.embedding)) return false;
    llw_facts_flag(o->run->facts, o->d->launch, LLW_launch_meets_target, &meets);
    llw_facts_flag(o->run->facts, o->d->launch, LLW_launch_survives, &survives);
    llw_facts_flag(o->run->facts, o->d->launch, LLW_launch_fits_one_gpu, &one);
    return meets && survives && (p->as_read.n_devices == 1 || !one);
}

/* The launch's own flags as the plan, for those who want it written out. */
static void keep_launch(const offering *o, llw_offer *offer) {
    words args = {0};
    const bool none[LLW_ATTRS] = {0};
    llw_own_words own = own_words(o);
    add_own(o, &args, &own, none);
    finish(o, offer, &args, &own);
    offer->certain = certain(&o->d->predicted->fit);
    offer->result = result_of(o, &o->d->predicted->fit, offer->certain);
}

/* Ranks placements, first with the default micro-batch if the user's is larger: above it memory buys little
 * while everything is on the GPUs. Where weights stay in RAM a larger one buys prompt speed, so the user's is
 * kept. */
static void choose(const offering *o, llw_offer *offer) {
    if (nothing_better(o)) {
        keep_launch(o, offer);
        return;
    }
    const llw_launch *as_read = &o->d->predicted->as_read;
    llw_launch *tuned = llw_arena_alloc(o->arena, sizeof *tuned);
    *tuned = *as_read;
    if (tuned->ubatch > 512 && !tuned->embedding) {
        tuned->ubatch = 512;
        if (tuned->batch < 2048) tuned->batch = 2048;
    }
    llw_placement ranked;
    llw_place_rank(tuned, NULL, o->arena, &ranked);
    int64_t spilled = ranked.n ? ranked.candidates[0].fit.prediction.weights_on_host : 0;
    if (spilled > 0 && tuned->ubatch != as_read->ubatch) {
        llw_placement roomy;
        llw_place_rank(as_read, NULL, o->arena, &roomy);
        if (roomy.n && roomy.candidates[0].fits &&
            roomy.candidates[0].fit.prediction.weights_on_host <= spilled) {
            *tuned = *as_read;
            ranked = roomy;
        }
    }
    if (!ranked.n || !ranked.candidates[0].fits ||
        (ranked.candidates[0].ram_known && !ranked.candidates[0].fits_ram))
        return;
    const llw_candidate *c = &ranked.candidates[0];
    write_choice(o, c, tuned, ranked.ctx_reason, offer);
    if (ranked.n > 1 && offer->offered) {
        const llw_candidate *second = &ranked.candidates[1];
        offer->runner = &second->fit;
        offer->runner_up = llw_arena_printf(o->arena, "next best: %s: %s",
                                            second->n_flags ? joined(o, "", second->flags, second->n_flags)
                                                            : "no placement flags",
                                            second->loses);
    }
}

/* For a launch without -c: what it gets, and the largest context that keeps as much on the GPUs. */
static void say_context(offering *o) {
    const llw_fit *fit = &o->d->predicted->fit;
    if (o->d->predicted->as_read.ctx_given) return;
    int64_t train = 0;
    if (!llw_facts_count(o->run->facts, o->d->model, LLW_model_context_length, &train)) return;
    llw_text t = {0};
    char buf[LLW_NUMBER_MAX];
    llw_text_addf(&t, "Context: -c is not given, so %s tokens are reserved",
                  llw_format_count(buf, fit->prediction.n_ctx));
    if (fit->prediction.n_seq > 1 && fit->prediction.kv_unified)
        llw_text_addf(&t, ", shared by %d slots", fit->prediction.n_seq);
    llw_text_addf(&t, "; the model was trained for %s.", llw_format_count(buf, train));
    /* fit took all there is: what more would fit it has shrunk, or layers are in RAM whatever the context */
    bool all_used = fit->prediction.n_ctx >= train || fit->outcome == LLW_FIT_ADJUSTED;
    int64_t most = all_used ? 0 : llw_place_largest_context(&o->d->predicted->as_read, o->arena, NULL);
    if (most > fit->prediction.n_ctx)
        llw_text_addf(&t, " The largest that fits without sending more weights to RAM is %s: -c %lld.",
                      llw_format_count(buf, most), (long long)most);
    o->d->context_text = llw_arena_strdup(o->arena, llw_text_str(&t));
    llw_text_fini(&t);
}

void llw_offers(llw_run *run, llw_arena *arena, llw_decision *d) {
    const llw_predicted *p = d->predicted;
    d->repair = d->choice = (llw_offer){.command = "", .result = "", .runner_up = ""};
    d->repair.title = "smallest repair";
    d->choice.title = "our choice";
    if (!p || p->rc != LLW_OK || d->verdict == LLW_VERDICT_UNKNOWN) return;
    if (llw_facts_value(run->facts, d->launch, LLW_launch_refused).known) return; /* the flags come first */
    if (llw_refusal_is_of_file(run->facts, d->model)) return;                     /* no flag mends a file */
    offering o = {
        .run = run, .arena = arena, .d = d, .program = p->as_read.program, .order = p->as_read.build_order};
    if (llw_flags_load(&o.flags, NULL) != LLW_OK) return;
    bool fails = d->verdict != LLW_VERDICT_LOADS && d->verdict != LLW_VERDICT_LIKELY_LOADS;
    if (fails && !authors_repair(&o, &d->repair)) cheapest_repair(&o, &d->repair);
    if (!p->as_read.n_devices) return; /* nothing to place */
    choose(&o, &d->choice);
    if (p->fit.prediction.outcome == LLW_OUTCOME_OK) say_context(&o);
}
