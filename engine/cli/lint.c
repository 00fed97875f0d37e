/* llwhy lint: the launches of configuration files, judged by the lessons. */
#include "cli/lint.h"
#include "cli/progress.h"
#include "explain/fix.h"
#include "fact/build.h"
#include "render/lint.h"
#include "source/launch/absent.h"
#include "source/machine/gpu.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void add_launch_problem(llw_app *app, const llw_lint_pass *pass, const llw_config_launch *launch,
                               const llw_flag_problem *p, llw_findings *findings) {
    llw_finding f = {.code = llw_flag_code_name(p->code),
                     .lesson = "",
                     .rule = p->flag,
                     .level = llw_level_of_problem(p->level),
                     .file = launch->file,
                     .line = launch->line,
                     .column = launch->column,
                     .message = p->message,
                     .advice = p->advice,
                     .launch = launch->launch,
                     .where = llw_facts_id(pass->facts, launch->launch),
                     .n_launches = 1,
                     .reason = "",
                     .until = ""};
    llw_place_split(app->arena, p->place, &f.file, &f.line, &f.column);
    f.subject = llw_finding_subject(pass->facts, app->arena, f.launch, f.file, p->flag);
    llw_findings_add(findings, app->arena, f);
}

static void add_flag_problems(llw_app *app, const llw_lint_pass *pass, llw_findings *findings) {
    for (size_t i = 0; i < pass->config.n_problems; i++) { /* of files, whatever they start */
        const llw_flag_problem *p = &pass->config.problems[i];
        llw_finding f = {.code = llw_flag_code_name(p->code),
                         .lesson = "",
                         .rule = p->flag,
                         .level = llw_level_of_problem(p->level),
                         .file = "",
                         .message = p->message,
                         .advice = p->advice,
                         .where = "",
                         .n_launches = 1,
                         .reason = "",
                         .until = ""};
        llw_place_split(app->arena, p->place, &f.file, &f.line, &f.column);
        f.subject = llw_finding_subject(pass->facts, app->arena, 0, f.file, p->flag);
        llw_findings_add(findings, app->arena, f);
    }
    for (size_t i = 0; i < pass->config.n_launches; i++) {
        const llw_config_launch *launch = &pass->config.launches[i];
        llw_flag_problem absent[LLW_MAX_ABSENT];
        size_t n = llw_absent_find(pass->facts, launch->launch, app->arena, absent);
        for (size_t k = 0; k < launch->argv.n_problems; k++)
            add_launch_problem(app, pass, launch, &launch->argv.problems[k], findings);
        for (size_t k = 0; k < n; k++) add_launch_problem(app, pass, launch, &absent[k], findings);
    }
}

/* No GPU, and nobody said that there is none. */
static bool gpu_is_missing(const llw_facts *facts) {
    int64_t gpus = 0;
    llw_entity host = llw_facts_next(facts, LLW_KIND_host, 0);
    bool none = host && llw_facts_count(facts, host, LLW_host_gpus, &gpus) && gpus == 0;
    return !none && !llw_facts_next(facts, LLW_KIND_gpu, 0);
}

/* Files are linted on machines that will never run them: where no GPU is known, there is one, of which
 * nothing is known. */
static void assume_gpu(llw_facts *facts) {
    if (!gpu_is_missing(facts)) return;
    llw_entity gpu = llw_facts_entity(facts, LLW_KIND_gpu, "CUDA0");
    llw_facts_claim(facts, gpu, LLW_gpu_index, llw_count(0), LLW_GRADE_DEFAULT, "assumed",
                    "no GPU was described");
}

static bool read_paths(llw_linting *lint, bool quiet, llw_lint_pass *pass) {
    llw_app *app = lint->app;
    const llw_options *o = &app->options;
    llw_err err = {0};
    llw_config_options options = {.build_given = llw_option_given(o, LLW_OPT_LLAMA), .flags = &lint->flags};
    options.build = llw_build_claim(pass->facts, llw_option_value(o, LLW_OPT_LLAMA),
                                    options.build_given ? LLW_GRADE_FLAG : LLW_GRADE_DEFAULT,
                                    options.build_given ? "argument" : "default",
                                    options.build_given ? "--llama" : "", &err);
    if (!options.build) return llw_app_fail(app, LLW_EXIT_USAGE, &err);
    size_t n = o->n_words ? o->n_words : 1, good = 0;
    for (size_t i = 0; i < n; i++) {
        if (llw_source_config(pass->facts, o->n_words ? o->words[i] : ".", &options, &pass->config, &err) ==
            LLW_OK)
            good++;
        else if (!quiet)
            llw_app_fail(app, LLW_EXIT_INPUT, &err); /* the other paths are still linted */
    }
    return good > 0;
}

/* --- codes that people name --- */

static bool is_code(void *context, const char *code) {
    llw_app *app = context;
    llw_page page;
    return llw_page_find(app->kb, app->arena, code, &page) || llw_kb_rule(app->kb, code);
}

static bool page_of(void *context, const char *code, llw_page *out) {
    llw_app *app = context;
    return llw_page_find(app->kb, app->arena, code, out);
}

/* Whether a list of codes of the command line means the finding; NULL asks whether every code is one. */
static bool listed(llw_app *app, llw_option_id option, const llw_finding *finding) {
    const llw_options *o = &app->options;
    for (size_t i = 0; i < o->n_values[option]; i++)
        for (const char *at = o->values[option][i]; *at;) {
            size_t n = strcspn(at, ",");
            const char *code = llw_arena_strndup(app->arena, at, n);
            at += n + (at[n] == ',');
            if (finding && n && llw_finding_is(finding, code)) return true;
            if (!finding && n && !is_code(app, code))
                return llw_app_complain(
                    app, LLW_EXIT_USAGE,
                    "--%s %s: there is no such code, lesson or rule; llwhy lessons lists them",
                    llw_option_table[option].name, code);
        }
    return !finding;
}

/* --- suppressions and filters --- */

typedef struct open_question {
    llw_app *app;
    llw_lint_pass *pass;
} open_question;

static bool known_code(void *context, const char *code) {
    return is_code(((open_question *)context)->app, code);
}

static bool open_code(void *context, const char *code, const char *file) {
    open_question *q = context;
    return llw_findings_open(q->pass->run, code, file, llw_config_place_of, &q->pass->config);
}

/* Files that were read, and those that findings point at besides. */
static void apply_pragmas(llw_linting *lint, llw_lint_pass *pass, llw_findings *findings) {
    llw_app *app = lint->app;
    llw_pragmas pragmas = {0};
    bool *seen = llw_arena_alloc(app->arena, pass->config.n_files + findings->n + 1);
    llw_findings_sort(findings);
    for (size_t i = 0; i < pass->config.n_files + findings->n; i++) {
        size_t finding = i - pass->config.n_files;
        const llw_lines_file *file = llw_lines_get(
            pass->lines, i < pass->config.n_files ? pass->config.files[i] : findings->items[finding].file);
        if (!seen[file->index]) llw_pragmas_read(file, lint->today, app->arena, &pragmas);
        seen[file->index] = true;
    }
    llw_pragmas_apply(&pragmas, findings);
    open_question question = {app, pass};
    const llw_pragma_questions ask = {.known = known_code, .open = open_code, .context = &question};
    llw_pragmas_tell(&pragmas, &ask, app->arena, findings);
}

/* What is told about suppressions is told whatever the level: it is about what somebody wrote for llwhy. */
static bool wanted(const llw_linting *lint, const llw_finding *f) {
    const char *title, *text;
    if (f->level < lint->least && !llw_suppress_code(f->code, &title, &text)) return false;
    if (llw_option_given(&lint->app->options, LLW_OPT_ONLY) && !listed(lint->app, LLW_OPT_ONLY, f))
        return false;
    return !llw_option_given(&lint->app->options, LLW_OPT_IGNORE) || !listed(lint->app, LLW_OPT_IGNORE, f);
}

/* Facts that were given may hold a launch of their own: it is none of the files'. */
static bool is_of_files(const llw_linting *lint, const llw_finding *f) {
    return f->launch == 0 || f->launch > llw_facts_max(lint->app->facts);
}

static bool judge(llw_linting *lint, llw_lint_pass *pass) {
    llw_app *app = lint->app;
    llw_findings collected = {0}, found = {0}, told = {0};
    llw_findings_collect(pass->run, llw_config_place_of, &pass->config, app->arena, &collected);
    for (size_t i = 0; i < collected.n; i++)
        if (is_of_files(lint, &collected.items[i])) llw_findings_add(&found, app->arena, collected.items[i]);
    add_flag_problems(app, pass, &found);
    apply_pragmas(lint, pass, &found);
    for (size_t i = 0; i < found.n; i++)
        if (wanted(lint, &found.items[i])) llw_findings_add(&told, app->arena, found.items[i]);
    llw_findings_fold(&told, app->arena);
    if (lint->has_baseline) {
        llw_err err = {0};
        if (llw_baseline_read(llw_option_value(&app->options, LLW_OPT_BASELINE), app->arena, &pass->baseline,
                              &err) != LLW_OK)
            return llw_app_fail(app, LLW_EXIT_INPUT, &err);
        llw_baseline_apply(&pass->baseline, app->arena, &told);
        llw_baseline_tell(&pass->baseline, app->arena, &told);
        llw_findings_sort(&told);
    }
    for (size_t i = 0; i < told.n; i++) {
        llw_finding *f = &told.items[i];
        f->fix = f->accepted ? NULL : llw_fix_plan(pass->run, f, &lint->flags, pass->lines, app->arena);
        if (wanted(lint, f))
            llw_findings_add(f->accepted ? &pass->accepted : &pass->findings, app->arena, *f);
    }
    return true;
}

bool llw_lint_pass_run(llw_linting *lint, bool quiet, llw_lint_pass *out) {
    *out = (llw_lint_pass){.facts = llw_facts_overlay(lint->app->facts),
                           .lines = llw_lines_new(lint->app->arena)};
    llw_progress_start(&out->config.n_looked, &out->config.n_launches);
    bool judged = read_paths(lint, quiet, out);
    if (judged) {
        llw_progress_judging();
        assume_gpu(out->facts);
        llw_app_claim_ledger(lint->app, out->facts,
                             lint->app->options.n_words ? lint->app->options.words[0] : NULL);
        out->run = llw_run_least(lint->app->kb, out->facts, lint->least);
        judged = judge(lint, out);
    }
    llw_progress_stop();
    return judged;
}

void llw_lint_pass_end(llw_lint_pass *pass) {
    llw_run_free(pass->run);
    llw_facts_free(pass->facts);
    *pass = (llw_lint_pass){0};
}

/* --- the command --- */

static bool check_options(llw_linting *lint) {
    llw_app *app = lint->app;
    const llw_options *o = &app->options;
    if (llw_option_given(o, LLW_OPT_FIX) && llw_option_given(o, LLW_OPT_DIFF))
        return llw_app_complain(app, LLW_EXIT_USAGE, "--fix writes and --diff does not: give one of them");
    if (llw_option_given(o, LLW_OPT_WRITE_BASELINE) &&
        (llw_option_given(o, LLW_OPT_FIX) || llw_option_given(o, LLW_OPT_DIFF)))
        return llw_app_complain(
            app, LLW_EXIT_USAGE,
            "--write-baseline accepts what --fix would repair: repair first, then write it");
    llw_app_fail_level(app);
    return listed(app, LLW_OPT_ONLY, NULL) && listed(app, LLW_OPT_IGNORE, NULL) &&
           app->code != LLW_EXIT_USAGE;
}

static void write_baseline(llw_linting *lint, const llw_lint_pass *pass) {
    llw_app *app = lint->app;
    const char *path = llw_option_value(&app->options, LLW_OPT_WRITE_BASELINE);
    llw_findings all = {0};
    for (size_t i = 0; i < pass->findings.n; i++) llw_findings_add(&all, app->arena, pass->findings.items[i]);
    for (size_t i = 0; i < pass->accepted.n; i++) llw_findings_add(&all, app->arena, pass->accepted.items[i]);
    llw_err err = {0};
    size_t n = 0;
    if (llw_baseline_write(path, &all, app->arena, &n, &err) != LLW_OK) {
        llw_app_fail(app, LLW_EXIT_INPUT, &err);
        return;
    }
    llw_text out = {0};
    llw_text_addf(&out, "%zu finding%s accepted from now on, in ", n, n == 1 ? " is" : "s are");
    llw_text_add_safe(&out, path, strlen(path), false);
    llw_text_add(&out, "\n");
    llw_app_print(app, &out);
}

static void report(llw_linting *lint, const llw_lint_pass *pass) {
    llw_app *app = lint->app;
    const char *format = llw_option_value(&app->options, LLW_OPT_FORMAT);
    llw_lint_renderer *render = llw_lint_format(format ? format : "text");
    const llw_lint_report told = {.findings = &pass->findings,
                                  .accepted = &pass->accepted,
                                  .config = &pass->config,
                                  .lines = pass->lines,
                                  .arena = app->arena,
                                  .version = LLWHY_VERSION,
                                  .baseline = lint->has_baseline,
                                  .all = lint->least == LLW_LEVEL_NOTE,
                                  .page = page_of,
                                  .context = app};
    llw_text out = {0};
    render(&out, &app->style, &told);
    llw_app_print(app, &out);
}

static void set_exit(llw_app *app, const llw_lint_pass *pass) {
    llw_level from = llw_app_fail_level(app);
    for (size_t i = 0; i < pass->findings.n; i++)
        if (pass->findings.items[i].level >= from) llw_app_exit(app, LLW_EXIT_FINDINGS);
}

static void lint_all(llw_linting *lint) {
    llw_app *app = lint->app;
    llw_lint_pass pass = {0};
    if (llw_lint_pass_run(lint, false, &pass)) {
        if (pass.config.n_unread) llw_app_exit(app, LLW_EXIT_INPUT);
        if (llw_option_given(&app->options, LLW_OPT_WRITE_BASELINE))
            write_baseline(lint, &pass);
        else if (llw_option_given(&app->options, LLW_OPT_DIFF)) {
            llw_text diff = {0};
            set_exit(app, &pass);
            llw_lint_repair(lint, &pass, false, &diff);
            llw_app_print_bytes(app, &diff);
        } else {
            if (llw_option_given(&app->options, LLW_OPT_FIX)) llw_lint_repair(lint, &pass, true, NULL);
            set_exit(app, &pass);
            report(lint, &pass);
        }
    }
    llw_lint_pass_end(&pass);
}

/* Without a GPU this is some runner, unless somebody described the machine: what it has of memory says
 * nothing about the one that will run the model. That it has no GPU may be said of that one. */
static void forget_runner(llw_app *app) {
    const llw_options *o = &app->options;
    bool none = llw_option_given(o, LLW_OPT_NO_GPU),
         described = llw_option_given(o, LLW_OPT_RAM) || llw_option_given(o, LLW_OPT_FACTS);
    if (described || (!none && !gpu_is_missing(app->facts))) return;
    llw_facts_free(app->facts);
    app->facts = llw_facts_new();
    if (none) llw_source_gpus(app->facts, &(llw_gpu_options){.none = true}, NULL);
}

bool llw_lint_start(llw_app *app, llw_level least, llw_linting *lint) {
    *lint = (llw_linting){
        .app = app, .least = least, .has_baseline = llw_option_given(&app->options, LLW_OPT_BASELINE)};
    lint->today = llw_app_today(app);
    llw_app_load_kb(app);
    if (!check_options(lint)) return false;
    llw_err err = {0};
    if (llw_flags_load(&lint->flags, &err) != LLW_OK) return llw_app_fail(app, LLW_EXIT_KB, &err);
    app->facts = llw_facts_new();
    bool loaded = true;
    for (size_t i = 0; i < app->options.n_values[LLW_OPT_FACTS]; i++)
        loaded = llw_app_load_facts(app, app->options.values[LLW_OPT_FACTS][i]) && loaded;
    if (!loaded || !llw_app_gather_machine(app)) return false;
    forget_runner(app);
    llw_app_ledger(app, app->options.n_words ? app->options.words[0] : NULL); /* the project that is linted */
    llw_app_calibrate(app);
    return true;
}

int llw_command_lint(llw_app *app) {
    llw_linting lint;
    if (llw_lint_start(app, llw_option_given(&app->options, LLW_OPT_ALL) ? LLW_LEVEL_NOTE : LLW_LEVEL_WASTE,
                       &lint))
        lint_all(&lint);
    return app->code;
}
