/* llwhy verify [URL|PID] [MODEL|FILE:PROFILE] [-- flags]: the running server against what was meant. */
#include "render/verify.h"
#include "base/file.h"
#include "cli/app.h"
#include "fact/build.h"
#include "source/config/config.h"
#include "source/machine/gpu.h"
#include "source/machine/gpu_usage.h"
#include "source/machine/host.h"
#include "source/model/known.h"
#include "source/log/claim.h"
#include "source/model/model_open.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static const double SECONDS = 5; /* for each program that is run */

typedef struct verifying {
    llw_app *app;
    llw_running process;
    llw_flags flags;
    llw_facts *meant_facts; /* NULL: nobody said what was meant */
    llw_entity meant;
    const char *meant_name; /* MODEL or FILE:PROFILE; NULL */
} verifying;

/* The cards as the process sees them: its own CUDA_VISIBLE_DEVICES decides, not ours. */
static bool gather_machine(verifying *v) {
    static const char *const nothing[] = {NULL};
    llw_app *app = v->app;
    const llw_options *o = &app->options;
    llw_err err = {0};
    llw_gpu_options gpus = {.cards = o->values[LLW_OPT_GPU],
                            .n_cards = o->n_values[LLW_OPT_GPU],
                            .none = llw_option_given(o, LLW_OPT_NO_GPU),
                            .llama = llw_option_value(o, LLW_OPT_LLAMA_SERVER),
                            .env = v->process.device_env ? v->process.device_env : nothing};
    llw_host_options host = {.ram = llw_option_value(o, LLW_OPT_RAM)};
    if (gpus.llama) gpus.env = NULL; /* it is started anew and needs a whole environment */
    if (llw_source_gpus(app->facts, &gpus, &err) != LLW_OK ||
        llw_source_host(app->facts, &host, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    return true;
}

static llw_entity claim_build(verifying *v, llw_facts *facts, bool notes) {
    llw_app *app = v->app;
    const char *version = llw_option_value(&app->options, LLW_OPT_LLAMA),
               *logged = app->load ? llw_log_build(app->load) : NULL;
    llw_err err = {0};
    if (!version && logged) {
        llw_entity build = llw_build_claim(facts, logged, LLW_GRADE_MEASURED, "log", app->log->path, NULL);
        if (build) return build;
    }
    if (!version && notes)
        llw_facts_note(facts, "which build runs is not known, so the newest one is taken: give --llama "
                              "VERSION (llama-server --version), or its --log");
    llw_entity build = llw_build_claim(facts, version, version ? LLW_GRADE_FLAG : LLW_GRADE_DEFAULT,
                                       version ? "argument" : "default", version ? "--llama" : "", &err);
    if (!build) llw_app_fail(app, LLW_EXIT_USAGE, &err);
    return build;
}

/* A model by path or name, in a fact base; where the file cannot be read a known model of its name, else an
 * entity that has a path and nothing more. */
static llw_entity claim_model(verifying *v, llw_facts *facts, const char *name, bool exact) {
    llw_entity model = 0;
    llw_err err = {0};
    if (exact) return llw_app_open_model(v->app, facts, name, &model) ? model : 0;
    if (llw_source_model(facts, name, &model, &err) == LLW_OK) return model;
    const char *slash = strrchr(name, '/'), *base = slash ? slash + 1 : name;
    size_t len = strlen(base);
    if (len > 5 && !strcasecmp(base + len - 5, ".gguf")) len -= 5;
    const char *plain = llw_arena_strndup(v->app->arena, base, len);
    if (llw_source_known(facts, plain, NULL, &model, NULL) == LLW_OK) {
        llw_facts_note(facts, "%s cannot be read from here; the known model of that name stands for it",
                       name);
        return model;
    }
    llw_facts_note(
        facts, "the model cannot be read from here, so nothing can be predicted: %s %s. Give --model FILE",
        err.file, err.text);
    model = llw_facts_entity(facts, LLW_KIND_model, name);
    llw_facts_claim(facts, model, LLW_model_path, llw_string(LLW_PATH, name), LLW_GRADE_PROCESS, "process",
                    "");
    return model;
}

static bool gather_running(verifying *v) {
    llw_app *app = v->app;
    llw_err err = {0};
    llw_argv in = {.id = "running",
                   .program = v->process.kind,
                   .program_origin = "process",
                   .program_place = llw_arena_printf(app->arena, "%ld", v->process.pid),
                   .args = v->process.args,
                   .n_args = v->process.n_args,
                   .env = v->process.env,
                   .n_env = v->process.n_env,
                   .args_grade = LLW_GRADE_PROCESS,
                   .env_grade = LLW_GRADE_PROCESS,
                   .flags = &v->flags};
    in.build = claim_build(v, app->facts, true);
    if (!in.build) return false;
    if (llw_argv_read(app->facts, &in, &app->argv, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    const char *named = llw_option_value(&app->options, LLW_OPT_MODEL);
    const llw_argv_model *m = &app->argv.model;
    llw_entity model =
        named ? claim_model(v, app->facts, named, true)
        : m->path && !m->remote
            ? claim_model(v, app->facts, llw_running_path(app->arena, &v->process, m->path), false)
            : 0;
    if (named && !model) return false;
    if (!model && m->remote)
        llw_facts_note(app->facts, "the model comes from a download (%s): give --model FILE to predict it",
                       m->path ? m->path : "-hf");
    if (!model && m->router)
        llw_facts_note(app->facts,
                       "it is a router: it loads models when they are asked for, in processes of their own");
    if (model)
        llw_facts_claim(app->facts, app->argv.launch, LLW_launch_model, llw_ref(model), LLW_GRADE_PROCESS,
                        m->origin ? m->origin : "process", m->place ? m->place : "");
    return true;
}

static void gather_usage(verifying *v) {
    llw_app *app = v->app;
    llw_gpu_shares shares;
    llw_err err = {0};
    if (!llw_facts_next(app->facts, LLW_KIND_gpu, 0)) return;
    if (llw_gpu_usage_read(app->arena, NULL, SECONDS, &shares, &err) != LLW_OK) {
        llw_facts_note(app->facts, "what the process holds of the GPUs is not known: %s %s", err.file,
                       err.text);
        return;
    }
    llw_gpu_usage_claim(app->facts, &shares, v->process.pid, app->argv.launch);
}

/* FILE:PROFILE, a service or a whole file, as llwhy lint reads them. */
static bool gather_profile(verifying *v, const char *file, const char *profile) {
    llw_app *app = v->app;
    llw_err err = {0};
    llw_config_options options = {.build = claim_build(v, v->meant_facts, false),
                                  .build_given = llw_option_given(&app->options, LLW_OPT_LLAMA),
                                  .flags = &v->flags};
    llw_config_result result = {0};
    if (llw_source_config(v->meant_facts, file, &options, &result, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    llw_text names = {0};
    for (size_t i = 0; i < result.n_launches; i++) {
        const llw_config_launch *l = &result.launches[i];
        bool wanted = *profile ? !strcmp(l->name, profile) : result.n_launches == 1;
        if (wanted) v->meant = l->launch;
        llw_text_addf(&names, "%s%s", i ? ", " : "", l->name);
    }
    if (!v->meant)
        llw_app_complain(app, LLW_EXIT_INPUT, "%s has no launch '%s'; it has: %s", file, profile,
                         llw_text_str(&names));
    llw_text_fini(&names);
    return v->meant != 0;
}

static bool gather_flags(verifying *v) {
    llw_app *app = v->app;
    const llw_options *o = &app->options;
    llw_err err = {0};
    llw_argv_result result;
    llw_argv in = {.id = "meant", .program = v->process.kind, .flags = &v->flags, .n_args = o->n_flags};
    llw_token *tokens = llw_arena_alloc(app->arena, (o->n_flags + 1) * sizeof *tokens);
    for (size_t i = 0; i < o->n_flags; i++)
        tokens[i] =
            (llw_token){.text = o->flags[i], .place = llw_arena_printf(app->arena, "argument %zu", i + 1)};
    in.args = tokens;
    in.build = claim_build(v, v->meant_facts, false);
    if (!in.build) return false;
    if (llw_argv_read(v->meant_facts, &in, &result, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    if (result.refused)
        return llw_app_complain(app, LLW_EXIT_USAGE, "what was meant is nothing llama.cpp would start: %s",
                                result.refused);
    v->meant = result.launch;
    const char *name = v->meant_name ? v->meant_name : result.model.path;
    llw_entity model = name ? claim_model(v, v->meant_facts, name, v->meant_name != NULL) : 0;
    if (v->meant_name && !model) return false;
    if (model)
        llw_facts_claim(v->meant_facts, v->meant, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG,
                        "argument", "MODEL");
    return true;
}

static bool gather_meant(verifying *v) {
    const llw_options *o = &v->app->options;
    if (!v->meant_name && !o->flags_given) return true;
    v->meant_facts = llw_facts_new();
    const char *colon = v->meant_name ? strrchr(v->meant_name, ':') : NULL;
    size_t len = v->meant_name ? strlen(v->meant_name) : 0;
    const char *file = colon
                           ? llw_arena_strndup(v->app->arena, v->meant_name, (size_t)(colon - v->meant_name))
                           : v->meant_name;
    bool model = len > 5 && !strcasecmp(v->meant_name + len - 5, ".gguf");
    bool config = file && !model && llw_file_is_regular(file) && !o->flags_given;
    if (config) return gather_profile(v, file, colon ? colon + 1 : "");
    return gather_flags(v);
}

static void print(verifying *v) {
    llw_app *app = v->app;
    llw_verification verification;
    const char *const *notes = NULL, *model = "";
    size_t n = llw_facts_notes(app->facts, &notes);
    const char **all = llw_arena_alloc(app->arena, (n + v->process.n_notes + 1) * sizeof *all);
    for (size_t i = 0; i < v->process.n_notes; i++) all[i] = v->process.notes[i];
    for (size_t i = 0; i < n; i++) all[v->process.n_notes + i] = notes[i];
    llw_entity m = llw_facts_ref(app->facts, app->argv.launch, LLW_launch_model);
    if (m && !llw_facts_text(app->facts, m, LLW_model_name, &model)) model = llw_facts_id(app->facts, m);
    llw_verify(app->run, app->argv.launch, v->meant_facts, v->meant, app->arena, &verification);
    llw_verify_report report = {.process = &v->process,
                                .verification = &verification,
                                .problems = app->argv.problems,
                                .n_problems = app->argv.n_problems,
                                .build = llw_facts_id(app->facts, app->argv.build),
                                .model = model,
                                .meant = v->meant != 0,
                                .notes = all,
                                .n_notes = n + v->process.n_notes};
    llw_text out = {0};
    if (app->json)
        llw_render_verify_json(&out, &report);
    else
        llw_render_verify_text(&out, &app->style, &report, llw_option_given(&app->options, LLW_OPT_ALL));
    llw_app_print(app, &out);
    if (verification.verdict == LLW_AGREE_MISMATCH) llw_app_exit(app, LLW_EXIT_FINDINGS);
}

static void verify(verifying *v, const char *what) {
    llw_app *app = v->app;
    llw_running_options options = {.seconds = SECONDS};
    llw_err err = {0};
    long pid = 0;
    if (llw_flags_load(&v->flags, &err) != LLW_OK) {
        llw_app_fail(app, LLW_EXIT_KB, &err);
        return;
    }
    if (llw_running_find(app->arena, &options, what, &pid, &err) != LLW_OK ||
        llw_running_read(app->arena, &options, pid, &v->flags, &v->process, &err) != LLW_OK) {
        llw_app_fail(app, LLW_EXIT_INPUT, &err);
        return;
    }
    app->facts = llw_facts_new();
    if (!llw_app_read_log(app) || !gather_machine(v) || !gather_running(v)) return;
    gather_usage(v);
    if (app->load && llw_log_shows_machine(app->load) && !llw_app_log_machine(app)) return;
    if (app->load) llw_app_claim_log(app);
    if (!gather_meant(v)) return;
    app->kb = llw_kb_new(); /* nothing is concluded here, only predicted and compared */
    llw_kb_order(app->kb);
    llw_app_run(app);
    print(v);
}

int llw_command_verify(llw_app *app) {
    const llw_options *o = &app->options;
    verifying v = {.app = app};
    const char *what = o->n_words && llw_running_names(o->words[0]) ? o->words[0] : NULL;
    size_t rest = what ? 1 : 0;
    if (o->n_words > rest) v.meant_name = o->words[rest];
    if (o->n_words > rest + 1)
        llw_app_complain(app, LLW_EXIT_USAGE,
                         "llwhy verify [URL|PID] [MODEL|FILE:PROFILE] [-- flags]: '%s' is one word too many",
                         o->words[rest + 1]);
    else
        verify(&v, what);
    llw_facts_free(v.meant_facts);
    return app->code;
}
