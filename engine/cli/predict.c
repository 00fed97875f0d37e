/* llwhy predict and llwhy fit: numbers for programs and people, without running the lessons. */
#include "render/predict.h"
#include "cli/app.h"
#include "explain/refusal.h"
#include "infer/native.h"
#include "predict/memo.h"

#include <string.h>

/* The plan to recommend where fit's own is not what anybody wants: it does not fit, gave up, or moved
 * something. For programs only where it does not fit, because looking for it costs several fits. */
static const llw_candidate *find_better(llw_app *app, const llw_predicted *p) {
    const llw_fit *fit = &p->fit;
    bool known = p->rc == LLW_OK && fit->outcome != LLW_FIT_UNKNOWN && fit->outcome != LLW_FIT_OFF &&
                 fit->prediction.outcome == LLW_OUTCOME_OK;
    if (!known || (fit->fits && (app->json || fit->outcome == LLW_FIT_UNCHANGED))) return NULL;
    llw_placement placement;
    llw_place_rank(&p->as_read, NULL, app->arena, &placement);
    const llw_candidate *best = placement.n ? &placement.candidates[0] : NULL;
    bool placed = p->as_read.gpu_layers_given || p->as_read.n_tensor_split || p->as_read.n_overrides;
    bool same = best && !best->n_flags && !placed;
    return best && best->fits && !same ? best : NULL;
}

/* The verdict as `llwhy MODEL` gives it, and its exit code where llama.cpp does not even try. */
static void judge(llw_app *app, const llw_facts *facts, llw_entity launch, llw_told *told) {
    llw_text said = {0};
    told->verdict = llw_verdict_find(facts, launch, told->predicted);
    if (llw_refusal_say(facts, launch, told->predicted, llw_build_name_of(facts, launch, app->arena),
                        &said)) {
        told->refusal = llw_arena_strdup(app->arena, llw_text_str(&said));
        llw_app_exit(app, LLW_EXIT_FINDINGS);
    }
    llw_text_fini(&said);
}

static int predict(llw_app *app, bool fit) {
    const llw_options *o = &app->options;
    if (o->n_words > 1 || (!o->n_words && !o->flags_given && !llw_option_given(o, LLW_OPT_FACTS))) {
        llw_app_complain(app, LLW_EXIT_USAGE, "llwhy %s MODEL [-- flags]: which model?",
                         fit ? "fit" : "predict");
        return app->code;
    }
    if (!llw_app_gather(app, o->n_words ? o->words[0] : NULL)) return app->code;
    llw_entity launch = app->argv.launch ? app->argv.launch : llw_facts_next(app->facts, LLW_KIND_launch, 0);
    if (!launch) return llw_app_complain(app, LLW_EXIT_USAGE, "there is no launch to predict"), app->code;
    llw_predicted p;
    llw_memo *memo = llw_memo_new();
    llw_facts *over = llw_facts_overlay(app->facts);
    llw_native_models(over, app->arena, memo);
    llw_native_predict_with(over, launch, app->arena, true, memo, &p);
    llw_native_speed(over, app->arena, &p);
    llw_told told = {.predicted = &p};
    judge(app, over, launch, &told);
    llw_facts_free(over);
    if (!app->json) llw_app_remember(app); /* for `why` */
    if (fit && !told.refusal) told.better = find_better(app, &p);
    llw_text out = {0};
    if (app->json)
        fit ? llw_render_fit_json(&out, &told) : llw_render_prediction_json(&out, &told);
    else
        fit ? llw_render_fit_text(&out, &app->style, &told)
            : llw_render_prediction_text(&out, &app->style, &told);
    llw_memo_free(memo);
    llw_app_print(app, &out);
    return app->code;
}

int llw_command_predict(llw_app *app) {
    return predict(app, false);
}

int llw_command_fit(llw_app *app) {
    return predict(app, true);
}
