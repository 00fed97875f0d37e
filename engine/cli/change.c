/* llwhy change: the smallest changes that reach a goal. */
#include "cli/changing.h"
#include "render/change.h"

#include <string.h>

/* All words of the question as one text: "clears L05", "no experts on the CPU". */
static const char *text_of(const llw_app *app) {
    llw_text t = {0};
    for (size_t i = 0; i < app->options.n_words; i++)
        llw_text_addf(&t, "%s%s", i ? " " : "", app->options.words[i]);
    const char *text = llw_arena_strdup(app->arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* A wish: it has to load as wished; one for nothing in RAM, with every layer on the GPUs. */
static bool read_wish(llw_app *app, llw_changing *c) {
    const llw_options *o = &app->options;
    if (!llw_asking_suppose(app, o->words, o->n_words, &c->wished)) return false;
    c->wish = o->words;
    c->n_wish = o->n_words;
    bool whole = c->wished.supposed.touched[LLW_launch_n_cpu_moe] &&
                 !llw_facts_value(c->wished.facts, llw_asking_launch(app), LLW_launch_n_cpu_moe).as.count &&
                 c->wished.supposed.touched[LLW_launch_kv_offload];
    c->reach = (llw_reach){.kind = whole ? LLW_REACH_WHOLE : LLW_REACH_LOADS, .said = text_of(app)};
    return true;
}

int llw_command_change(llw_app *app) {
    static const char *const loads[] = {"loads"};
    llw_options *o = &app->options;
    if (!llw_asking_start(app, NULL)) return app->code;
    if (!o->n_words) {
        o->words = (const char **)(uintptr_t)loads;
        o->n_words = 1;
    }
    llw_changing c = {0};
    llw_decision now;
    llw_decide_verdict(app->run, llw_asking_launch(app), app->arena, &now);
    if (!llw_reach_read(app->kb, &now, text_of(app), &c.reach) && !read_wish(app, &c)) return app->code;
    llw_changing_search(app, &c);
    llw_text out = {0};
    llw_changes shown = {.reach = &c.reach,
                         .now = &now,
                         .wished = c.wished.run != NULL,
                         .reached = c.reached,
                         .known = c.known,
                         .found = c.found.items,
                         .n = c.found.n,
                         .attempts = c.alone.attempts,
                         .n_attempts = c.alone.n_attempts};
    if (app->json)
        llw_render_changes_json(&out, &shown);
    else
        llw_render_changes_text(&out, &app->style, &shown, llw_option_given(o, LLW_OPT_ALL));
    llw_app_print(app, &out);
    if (!c.reached && !c.found.n) llw_app_exit(app, LLW_EXIT_FINDINGS);
    llw_changing_drop(&c);
    return app->code;
}
