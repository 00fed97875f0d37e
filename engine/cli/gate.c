/* llwhy gate --build NEW [PATH...]: may we update? */
#include "base/secret.h"
#include "render/gate.h"
#include "base/file.h"
#include "cli/app.h"
#include "cli/project.h"
#include "fact/build.h"
#include "source/config/config.h"

#include <stdio.h>
#include <string.h>

typedef struct gating {
    llw_app *app;
    llw_flags flags;
    const char *build;
    void *items;
    size_t n, capacity;
} gating;

/* Under this name, or each under its id. */
static void judge_all(gating *g, const char *name) {
    llw_app *app = g->app;
    llw_run *run = llw_run_new(app->kb, app->facts);
    for (llw_entity l = 0; (l = llw_facts_next(app->facts, LLW_KIND_launch, l));) {
        bool example = false;
        if (llw_facts_flag(app->facts, l, LLW_launch_example, &example) && example)
            continue;                                                  /* nobody starts it */
        if (!llw_facts_ref(app->facts, l, LLW_launch_model)) continue; /* what every profile fills in */
        llw_gate_item *item = llw_arena_push(app->arena, &g->items, &g->n, &g->capacity, sizeof *item);
        llw_gate_judge(run, l, name, g->build, &g->flags, app->arena, item);
    }
    llw_run_free(run);
}

/* A launch of .llwhy.yaml: gathered as `llwhy` gathers it, under its own name. */
static void visit(llw_app *app, const char *name, const char *model, void *context) {
    gating *g = context;
    app->options.values[LLW_OPT_LLAMA][0] =
        g->build; /* whatever the project says: the question is about this one */
    app->options.n_values[LLW_OPT_LLAMA] = 1;
    if (!llw_app_gather(app, model)) return;
    judge_all(g, name);
}

/* The launches of configuration files. */
static void gate_paths(gating *g) {
    llw_app *app = g->app;
    const llw_options *o = &app->options;
    llw_err err = {0};
    llw_config_result config = {0};
    app->facts = llw_facts_new();
    for (size_t i = 0; i < o->n_values[LLW_OPT_FACTS]; i++)
        if (!llw_app_load_facts(app, o->values[LLW_OPT_FACTS][i])) return;
    if (!llw_app_gather_machine(app)) return;
    llw_config_options options = {.build_given = true, .flags = &g->flags};
    options.build = llw_build_claim_pinned(app->facts, g->build, LLW_GRADE_FLAG, "argument", "--build");
    for (size_t i = 0; i < (o->n_words ? o->n_words : 1); i++)
        if (llw_source_config(app->facts, o->n_words ? o->words[i] : ".", &options, &config, &err) != LLW_OK)
            llw_app_fail(app, LLW_EXIT_INPUT, &err);
    for (size_t i = 0; i < config.n_unread; i++)
        llw_app_complain(app, LLW_EXIT_INPUT, "%s:%d: %s", config.unread[i].file, config.unread[i].line,
                         config.unread[i].why);
    llw_app_claim_ledger(app, app->facts, o->n_words ? o->words[0] : NULL);
    judge_all(g, NULL);
    llw_facts_free(app->facts);
    app->facts = NULL;
}

static void write_upstream(llw_app *app, const llw_gate_report *report) {
    const char *path = llw_option_value(&app->options, LLW_OPT_REPORT);
    llw_text out = {0};
    llw_err err = {0};
    if (!path) return;
    bool any = llw_render_gate_upstream(&out, report);
    llw_secret_star(out.bytes, out.len);
    if (!any)
        llw_app_tell("llwhy: nothing failed on %s, so there is nothing to report upstream\n", report->build);
    else if (llw_file_replace(path, out.bytes, out.len, &err) != LLW_OK)
        llw_app_fail(app, LLW_EXIT_INPUT, &err);
    else
        llw_app_tell("llwhy: %s is a draft: read it before you send it\n", path);
    llw_text_fini(&out);
}

static void report(gating *g) {
    llw_app *app = g->app;
    llw_gate_item *items = g->items;
    llw_gate_report told = {.build = g->build, .items = items, .n_items = g->n, .open = true};
    llw_gate_sort(items, g->n);
    for (size_t i = 0; i < g->n; i++)
        told.open = told.open && items[i].state == LLW_GATE_PROVEN && !items[i].n_contrasts;
    llw_text out = {0};
    if (app->json)
        llw_render_gate_json(&out, &told);
    else
        llw_render_gate_text(&out, &app->style, &told);
    llw_app_print(app, &out);
    write_upstream(app, &told);
    if (!told.open) llw_app_exit(app, LLW_EXIT_FINDINGS);
}

int llw_command_gate(llw_app *app) {
    gating g = {.app = app};
    llw_build build;
    llw_err err = {0};
    const char *asked = llw_option_value(&app->options, LLW_OPT_BUILD);
    if (!asked)
        return llw_app_complain(app, LLW_EXIT_USAGE,
                                "llwhy gate --build NEW: which build do you want to update to?"),
               app->code;
    if (llw_build_read_pinned(app->arena, asked, &build, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_USAGE, &err), app->code;
    g.build = build.version;
    if (llw_flags_load(&g.flags, &err) != LLW_OK) return llw_app_fail(app, LLW_EXIT_KB, &err), app->code;
    llw_app_load_kb(app);
    size_t n = 0;
    bool project = !app->options.n_words && llw_project_each(app, visit, &g, &n);
    if (!project || !n) gate_paths(&g);
    if (!g.n)
        llw_app_complain(
            app, LLW_EXIT_INPUT,
            "no launch was found to judge: name the configuration files, or put launches into .llwhy.yaml");
    else
        report(&g);
    return app->code;
}
