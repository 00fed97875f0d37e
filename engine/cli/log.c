/* llwhy log FILE: what a load really did, beside what prediction makes of it; and --log FILE for every other
 * question. */
#include "render/log.h"
#include "base/data.h"
#include "cli/app.h"
#include "fact/build.h"
#include "fact/record.h"
#include "infer/native.h"
#include "source/model/known.h"
#include "source/log/claim.h"
#include "source/model/model_open.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

enum { MAX_PREDICTED = 16 /* loads of one log that are predicted: each costs some milliseconds */ };

bool llw_app_read_log(llw_app *app) {
    const char *path = llw_option_value(&app->options, LLW_OPT_LOG);
    if (!path) return true;
    llw_err err = {0};
    llw_log *log = llw_arena_alloc(app->arena, sizeof *log);
    if (llw_log_read(app->arena, path, log, &err) != LLW_OK) return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    app->log = log;
    app->load = llw_log_best(log);
    if (!app->load)
        return llw_app_complain(app, LLW_EXIT_INPUT, "%s shows llama.cpp, but no load of a model", path);
    return true;
}

bool llw_app_log_machine(llw_app *app) {
    llw_err err = {0};
    if (llw_log_claim_machine(app->facts, app->log, app->load, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    if (app->load->host.total < 0 && !llw_option_given(&app->options, LLW_OPT_RAM))
        llw_facts_note(app->facts, "%s does not tell the host's RAM: give --ram TOTAL:AVAILABLE in MiB",
                       app->log->path);
    return true;
}

void llw_app_log_words(llw_app *app, llw_argv *in) {
    const char *unsaid = "";
    in->id = "log";
    in->n_args = llw_log_words(app->arena, app->log, app->load, &in->args, &unsaid);
    in->args_grade = LLW_GRADE_MEASURED;
    if (*unsaid) llw_facts_note(app->facts, "%s: %s", app->log->path, unsaid);
    if (!app->load->program || in->program_origin) return;
    if (strcmp(app->load->program, "llama-cli") && strcmp(app->load->program, "llama-bench")) return;
    in->program = !strcmp(app->load->program, "llama-cli") ? LLW_PROGRAM_CLI : LLW_PROGRAM_BENCH;
    in->program_origin = "log";
    in->program_place = app->log->path;
}

void llw_app_claim_log(llw_app *app) {
    llw_log_result result;
    llw_log_claim(app->facts, app->log, app->load, app->argv.launch, &result);
    if (result.other_model)
        llw_facts_note(app->facts, "%s is the log of another model, so nothing it measured counts: %s",
                       app->log->path, result.why_not);
    else if (*result.why_not)
        llw_facts_note(app->facts, "%s is not this launch in everything, so not all it measured counts: %s",
                       app->log->path, result.why_not);
}

/* The known model that the load's file is by its name, when the header agrees; NULL otherwise. A path in a
 * log is never opened. */
const char *llw_app_model_of_load(llw_app *app, const llw_load *load) {
    char **names = NULL;
    size_t n = 0;
    if (!load->path) return NULL;
    const char *wanted = llw_model_stem(app->arena, load->path);
    llw_known_list(app->arena, &names, &n);
    for (size_t i = 0; i < n; i++) {
        llw_known known;
        if (strcasecmp(names[i], wanted) ||
            llw_known_load(app->arena, names[i], false, &known, NULL) != LLW_OK)
            continue;
        if (load->architecture && strcmp(load->architecture, known.model.architecture)) return NULL;
        int64_t layers = llw_model_int(&known.model, "block_count", -1, -1);
        return load->n_layer >= 0 && layers >= 0 && load->n_layer > layers ? NULL : names[i];
    }
    return NULL;
}

static bool repairable(const llw_load *load, const llw_predicted *p) {
    if (load->outcome != LLW_LOG_OOM || load->oom.running || load->oom.killed || p->rc != LLW_OK)
        return false;
    int64_t expected;
    return p->fit.prediction.outcome == LLW_OUTCOME_OK && !p->fit.fits &&
           !llw_log_contradicts(load, p, &expected);
}

/* Predicts a load in a fact base of its own, which the caller frees after printing. */
static bool predict_load(llw_app *app, llw_log_extra *extra) {
    const llw_options *o = &app->options;
    const char *version = llw_option_value(o, LLW_OPT_LLAMA);
    llw_err err = {0};
    bool given = llw_option_given(o, LLW_OPT_GPU) || llw_option_given(o, LLW_OPT_NO_GPU) ||
                 llw_option_given(o, LLW_OPT_FACTS);
    if (given ? !llw_app_gather_machine(app) : !llw_app_log_machine(app)) return false;
    llw_entity model = 0;
    if (!llw_app_open_model(app, app->facts, extra->model, &model)) return false;
    llw_argv in = {.id = "argv"};
    if (!version) version = llw_log_build(app->load);
    in.build = llw_build_claim(app->facts, version, version ? LLW_GRADE_MEASURED : LLW_GRADE_DEFAULT,
                               version ? "log" : "default", "", NULL);
    bool assumed = !version || !in.build, early = app->load->early;
    if (assumed)
        in.build = llw_build_claim(app->facts, early ? LLW_LOG_LAST_EARLY : NULL, LLW_GRADE_DEFAULT,
                                   "default", "", &err);
    if (!in.build) return llw_app_fail(app, LLW_EXIT_USAGE, &err);
    if (assumed)
        extra->build = llw_arena_printf(
            app->arena, "%s (the log does not say which it was%s: give --llama VERSION)",
            llw_facts_id(app->facts, in.build), early ? ", its wording is that of May 2026 or before" : "");
    extra->unsaid = "";
    llw_app_log_words(app, &in);
    if (o->flags_given) {
        llw_token *tokens = llw_arena_alloc(app->arena, (in.n_args + o->n_flags + 1) * sizeof *tokens);
        for (size_t i = 0; i < in.n_args; i++) tokens[i] = in.args[i];
        for (size_t i = 0; i < o->n_flags; i++)
            tokens[in.n_args + i] = (llw_token){.text = o->flags[i],
                                                .place = llw_arena_printf(app->arena, "argument %zu", i + 1)};
        in.args = tokens;
        in.n_args += o->n_flags;
    } else {
        const llw_token *words = NULL;
        llw_log_words(app->arena, app->log, app->load, &words, &extra->unsaid);
    }
    if (llw_argv_read(app->facts, &in, &app->argv, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    llw_facts_claim(app->facts, app->argv.launch, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG,
                    "argument", "MODEL");
    llw_predicted *p = llw_arena_alloc(app->arena, sizeof *p);
    llw_native_predict(app->facts, app->argv.launch, app->arena, true, p);
    llw_native_speed(app->facts, app->arena, p);
    extra->predicted = p;
    if (repairable(app->load, p))
        llw_place_repairs(&p->as_read, LLW_GOAL_LOADS, NULL, app->arena, &extra->repairs, &extra->n_repairs);
    return true;
}

static void judge(llw_app *app, const llw_log *log) {
    llw_level from = llw_app_fail_level(app);
    for (size_t i = 0; i < log->n_loads; i++)
        for (int k = 0; k < log->loads[i].n_findings; k++)
            for (int l = LLW_LEVEL_NOTE; l <= LLW_LEVEL_WRONG; l++)
                if (!strcmp(llw_level_name((llw_level)l), log->loads[i].findings[k].level) &&
                    (llw_level)l >= from)
                    llw_app_exit(app, LLW_EXIT_FINDINGS);
}

/* Whether the figures of the load can be set beside a prediction: its GPUs are known, or were given. */
static bool comparable(const llw_app *app, const llw_load *load) {
    const llw_options *o = &app->options;
    if (llw_option_given(o, LLW_OPT_GPU) || llw_option_given(o, LLW_OPT_NO_GPU) ||
        llw_option_given(o, LLW_OPT_FACTS))
        return true;
    return llw_log_shows_machine(load) && (load->n_ctx > 0 || load->fit.state);
}

int llw_command_log(llw_app *app) {
    const llw_options *o = &app->options;
    if (o->n_words != 1)
        return llw_app_complain(app, LLW_EXIT_USAGE, "llwhy log FILE: which log? - reads standard input"),
               app->code;
    llw_err err = {0};
    llw_log *log = llw_arena_alloc(app->arena, sizeof *log);
    if (llw_log_read(app->arena, o->words[0], log, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err), app->code;
    llw_log_extra *extras = llw_arena_alloc(app->arena, (log->n_loads + 1) * sizeof *extras);
    llw_facts *bases[MAX_PREDICTED];
    int n_bases = 0;
    const char *model = llw_option_value(o, LLW_OPT_MODEL);
    app->log = log;
    if (model && llw_app_is_remote(model)) llw_app_keep_headers(app);
    for (size_t i = log->n_loads; i-- > 0;) { /* the last loads are the ones that matter */
        const llw_load *load = &log->loads[i];
        extras[i].model = model ? model : llw_app_model_of_load(app, load);
        if (!extras[i].model || load->draft || load->ik || load->ollama_engine || !comparable(app, load) ||
            n_bases == MAX_PREDICTED)
            continue;
        app->load = load;
        app->facts = bases[n_bases++] = llw_facts_new();
        if (!predict_load(app, &extras[i]) && model) break;
    }
    llw_text out = {0};
    if (app->json)
        llw_render_log_json(&out, log, extras);
    else
        llw_render_log_text(&out, &app->style, log, extras, llw_option_given(o, LLW_OPT_ALL));
    llw_app_print(app, &out);
    judge(app, log);
    app->facts = NULL;
    for (int i = 0; i < n_bases; i++) llw_facts_free(bases[i]);
    return app->code;
}
