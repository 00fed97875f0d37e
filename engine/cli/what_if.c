/* llwhy what-if: the launch as it is beside the launch as it would be. */
#include "cli/asking.h"
#include "render/difference.h"

int llw_command_what_if(llw_app *app) {
    const llw_options *o = &app->options;
    if (!llw_asking_start(app, "llwhy what-if K=V... [MODEL]: what would be otherwise? For instance: llwhy "
                               "what-if -ub 256"))
        return app->code;
    llw_supposition then;
    if (!llw_asking_suppose(app, o->words, o->n_words, &then)) return app->code;
    llw_entity launch = llw_asking_launch(app);
    llw_difference d;
    llw_differ(&(llw_side){app->run, launch, "now"}, &(llw_side){then.run, launch, "then"}, app->arena, &d);
    const char *said = llw_asking_said(app->arena, &then.supposed);
    llw_text out = {0};
    if (app->json)
        llw_render_what_if_json(&out, &d, then.supposed.items, then.supposed.n);
    else
        llw_render_what_if_text(&out, &app->style, &d, said);
    llw_app_print(app, &out);
    llw_asking_judge(app, &d.after);
    llw_asking_drop(&then);
    return app->code;
}
