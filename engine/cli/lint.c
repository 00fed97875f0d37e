/* llwhy lint: the launches of configuration files, judged by the lessons. */
#include "cli/app.h"
#include "fact/build.h"
#include "render/lint.h"
#include "source/config.h"

#include <string.h>

/* Where a launch is defined, for findings whose own slots have no place. */
static bool place_of_launch(void *context, llw_entity launch, const char **file, int *line, int *column) {
    const llw_config_result *config = context;
    for (size_t i = 0; i < config->n_launches; i++) {
        if (config->launches[i].launch != launch) continue;
        *file = config->launches[i].file;
        *line = config->launches[i].line;
        *column = config->launches[i].column;
        return true;
    }
    return false;
}

static void add_flag_problems(llw_app *app, const llw_config_result *config, llw_level least, llw_findings *findings) {
    static const llw_level levels[] = {[LLW_PROBLEM_NOTE] = LLW_LEVEL_NOTE, [LLW_PROBLEM_RISK] = LLW_LEVEL_RISK, [LLW_PROBLEM_WRONG] = LLW_LEVEL_WRONG};
    for (size_t i = 0; i < config->n_launches; i++) {
        const llw_config_launch *launch = &config->launches[i];
        for (size_t k = 0; k < launch->argv.n_problems; k++) {
            const llw_flag_problem *p = &launch->argv.problems[k];
            if (levels[p->level] < least) continue;
            llw_finding f = {.code = llw_flag_code_name(p->code), .lesson = "", .rule = p->flag, .level = levels[p->level], .file = launch->file,
                             .line = launch->line, .column = launch->column, .message = p->message, .advice = p->advice, .launch = launch->launch, .n_launches = 1};
            llw_place_split(app->arena, p->place, &f.file, &f.line, &f.column);
            llw_findings_add(findings, app->arena, f);
        }
    }
}

/* Files are linted on machines that will never run them: where no GPU is known, there is one, of which nothing is known. */
static void assume_gpu(llw_app *app) {
    int64_t gpus = 0;
    llw_entity host = llw_facts_next(app->facts, LLW_KIND_host, 0);
    bool none = host && llw_facts_count(app->facts, host, LLW_host_gpus, &gpus) && gpus == 0;
    if (none || llw_facts_next(app->facts, LLW_KIND_gpu, 0)) return;
    llw_entity gpu = llw_facts_entity(app->facts, LLW_KIND_gpu, "CUDA0");
    llw_facts_claim(app->facts, gpu, LLW_gpu_index, llw_count(0), LLW_GRADE_DEFAULT, "assumed", "no GPU was described");
}

static bool read_paths(llw_app *app, llw_config_result *config) {
    const llw_options *o = &app->options;
    llw_err err = {0};
    llw_config_options options = {.build_given = llw_option_given(o, LLW_OPT_LLAMA)};
    options.build = llw_build_claim(app->facts, llw_option_value(o, LLW_OPT_LLAMA), options.build_given ? LLW_GRADE_FLAG : LLW_GRADE_DEFAULT,
                                    options.build_given ? "argument" : "default", options.build_given ? "--llama" : "", &err);
    if (!options.build) return llw_app_fail(app, LLW_EXIT_USAGE, &err);
    size_t n = o->n_words ? o->n_words : 1, good = 0;
    for (size_t i = 0; i < n; i++) {
        if (llw_source_config(app->facts, o->n_words ? o->words[i] : ".", &options, config, &err) == LLW_OK)
            good++;
        else
            llw_app_fail(app, LLW_EXIT_INPUT, &err); /* the other paths are still linted */
    }
    return good > 0;
}

int llw_command_lint(llw_app *app) {
    llw_config_result config = {0};
    app->facts = llw_facts_new();
    if (!llw_app_gather_machine(app) || !read_paths(app, &config)) return app->code;
    assume_gpu(app);
    if (config.n_unread) llw_app_exit(app, LLW_EXIT_INPUT);
    llw_app_run(app);
    llw_level least = llw_option_given(&app->options, LLW_OPT_ALL) ? LLW_LEVEL_NOTE : LLW_LEVEL_WASTE;
    llw_findings findings = {0};
    llw_findings_collect(app->run, least, place_of_launch, &config, app->arena, &findings);
    add_flag_problems(app, &config, least, &findings);
    llw_findings_sort(&findings);
    llw_level from = llw_app_fail_level(app);
    for (size_t i = 0; i < findings.n; i++)
        if (findings.items[i].level >= from) llw_app_exit(app, LLW_EXIT_FINDINGS);
    llw_text out = {0};
    const char *format = llw_option_value(&app->options, LLW_OPT_FORMAT);
    if (app->json)
        llw_render_lint_json(&out, &findings, &config);
    else if (format && !strcmp(format, "gcc"))
        llw_render_lint_gcc(&out, &findings, &config);
    else
        llw_render_lint_text(&out, &app->style, &findings, &config);
    llw_app_print(app, &out);
    return app->code;
}
