/* llwhy predict and llwhy fit: numbers for programs and people, without running the lessons. */
#include "render/predict.h"
#include "cli/app.h"
#include "infer/native.h"
#include "predict/memo.h"

#include <string.h>

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
    if (app->argv.refused) {
        p = (llw_predicted){.launch = launch, .rc = LLW_ERR_INPUT};
        llw_fail(&p.err, LLW_ERR_INPUT, "", 0, "%s", app->argv.refused);
    } else {
        llw_facts *over = llw_facts_overlay(app->facts);
        llw_memo *memo = llw_memo_new();
        llw_native_predict_with(over, launch, app->arena, !app->json || fit, memo, &p);
        p.as_read.memo = p.fit.launch.memo = NULL;
        llw_memo_free(memo);
        llw_facts_free(over);
    }
    if (!app->json) llw_app_remember(app); /* for `why` */
    llw_text out = {0};
    if (app->json)
        fit ? llw_render_fit_json(&out, &p) : llw_render_prediction_json(&out, &p);
    else
        fit ? llw_render_fit_text(&out, &app->style, &p) : llw_render_prediction_text(&out, &app->style, &p);
    llw_app_print(app, &out);
    return app->code;
}

int llw_command_predict(llw_app *app) {
    return predict(app, false);
}

int llw_command_fit(llw_app *app) {
    return predict(app, true);
}
