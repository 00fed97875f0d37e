/* Gathers the facts of one question: saved facts, this machine or the one described, the model, its card, the
 * launch. */
#include "base/file.h"
#include "cli/app.h"
#include "fact/build.h"
#include "fact/facts_json.h"
#include "source/model/beside.h"
#include "source/model/card.h"
#include "source/machine/gpu.h"
#include "source/machine/host.h"
#include "source/model/known.h"
#include "source/log/claim.h"
#include "source/model/model_open.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

bool llw_app_read_facts(llw_app *app, const char *path, llw_err *err) {
    static const llw_facts_readers readers = {.known = llw_source_known, .words = llw_source_words};
    char *bytes = NULL;
    size_t len = 0;
    return llw_file_read(app->arena, path, LLW_FACTS_JSON_MAX, &bytes, &len, err) == LLW_OK &&
           llw_facts_load_with(app->facts, bytes, len, path, &readers, err) == LLW_OK;
}

bool llw_app_load_facts(llw_app *app, const char *path) {
    llw_err err = {0};
    return llw_app_read_facts(app, path, &err) || llw_app_fail(app, LLW_EXIT_INPUT, &err);
}

bool llw_app_gather_machine(llw_app *app) {
    const llw_options *o = &app->options;
    llw_err err = {0};
    bool from_file = llw_facts_next(app->facts, LLW_KIND_gpu, 0) !=
                     0; /* a facts file may bring its machine, or only evidence */
    bool gpus_asked = llw_option_given(o, LLW_OPT_GPU) || llw_option_given(o, LLW_OPT_NO_GPU) ||
                      llw_option_given(o, LLW_OPT_LLAMA_SERVER);
    bool logged = app->load && !from_file && !gpus_asked && llw_log_shows_machine(app->load);
    if (logged && !llw_app_log_machine(app)) return false;
    if ((!from_file && !logged) || gpus_asked) {
        llw_gpu_options gpus = {.cards = o->values[LLW_OPT_GPU],
                                .n_cards = o->n_values[LLW_OPT_GPU],
                                .none = llw_option_given(o, LLW_OPT_NO_GPU),
                                .llama = llw_option_value(o, LLW_OPT_LLAMA_SERVER)};
        if (llw_option_given(o, LLW_OPT_CONFINE) && !gpus.n_cards && !gpus.none)
            return llw_app_complain(
                app, LLW_EXIT_USAGE,
                "--confine: this machine's GPUs are not asked then, as no program is started: "
                "add --gpu, --no-gpu or --facts FILE (llwhy facts --save FILE writes one)");
        if (llw_source_gpus(app->facts, &gpus, &err) != LLW_OK)
            return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    }
    /* Cards that were given belong to another machine: its memory is not this one's. */
    bool elsewhere = (logged || llw_option_given(o, LLW_OPT_GPU)) && !llw_option_given(o, LLW_OPT_RAM);
    if ((!from_file && !elsewhere) || llw_option_given(o, LLW_OPT_RAM)) {
        llw_host_options host = {.ram = llw_option_value(o, LLW_OPT_RAM)};
        if (llw_source_host(app->facts, &host, &err) != LLW_OK)
            return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    }
    return true;
}

bool llw_app_open_model(llw_app *app, llw_facts *facts, const char *name, llw_entity *model) {
    llw_err err = {0};
    if (!llw_app_is_remote(name))
        return llw_source_model(facts, name, model, &err) == LLW_OK ||
               llw_app_fail(app, LLW_EXIT_INPUT, &err);
    llw_facts *kept = app->facts;
    app->facts = facts;
    bool read = llw_app_gather_remote(app, name, model);
    app->facts = kept;
    return read;
}

static bool gather_model(llw_app *app, const char *name, llw_entity *model) {
    llw_err err = {0};
    if (!llw_app_open_model(app, app->facts, name, model)) return false;
    int64_t parts = 0, missing = 0;
    llw_facts_count(app->facts, *model, LLW_model_parts, &parts);
    if (llw_facts_count(app->facts, *model, LLW_model_parts_missing, &missing) && missing > 0)
        llw_app_complain(
            app, LLW_EXIT_INPUT,
            "%s: %lld of %lld parts are missing; finish the download. What the others say is answered", name,
            (long long)missing, (long long)parts);
    if (llw_source_card(app->facts, *model, llw_option_value(&app->options, LLW_OPT_CARD), &err) != LLW_OK)
        llw_app_fail(app, LLW_EXIT_INPUT, &err); /* a card that cannot be read leaves the rest standing */
    return true;
}

/* A file beside the model that llama.cpp will not find: where the model is a file of this machine, the other
 * is looked for here, too; elsewhere nobody knows. */
static void claim_absent(llw_app *app, llw_entity model, llw_attr path, llw_attr as, llw_attr absent) {
    llw_entity launch = app->argv.launch;
    const llw_claim *own = model ? llw_facts_best(app->facts, model, LLW_model_path) : NULL;
    const char *name = "";
    bool here = own && own->value.known && !strcmp(own->origin, "stat");
    if (!here || llw_facts_value(app->facts, launch, as).known ||
        !llw_facts_text(app->facts, launch, path, &name) || !*name || !access(name, F_OK) || errno != ENOENT)
        return;
    llw_facts_claim(app->facts, launch, absent, llw_string(LLW_PATH, name), LLW_GRADE_FILE, "stat", "");
}

/* The launch behind --, or the default one; none when saved facts bring their own and nothing was given. */
static bool gather_launch(llw_app *app, llw_entity model) {
    const llw_options *o = &app->options;
    bool asked = o->flags_given || app->load || llw_option_given(o, LLW_OPT_LLAMA) ||
                 llw_option_given(o, LLW_OPT_PROGRAM);
    if (!asked && llw_facts_next(app->facts, LLW_KIND_launch, 0)) return true;
    llw_err err = {0};
    const char *version = llw_option_value(o, LLW_OPT_LLAMA), *program = llw_option_value(o, LLW_OPT_PROGRAM);
    llw_argv in = {.id = o->flags_given ? "argv" : "default"};
    bool gate = llw_option_given(o, LLW_OPT_BUILD);
    const char *logged = app->load && !version ? llw_log_build(app->load) : NULL;
    in.build = gate ? llw_build_claim_pinned(app->facts, version, LLW_GRADE_FLAG, "argument", "--build")
                    : llw_build_claim(app->facts, version, version ? LLW_GRADE_FLAG : LLW_GRADE_DEFAULT,
                                      version ? "argument" : "default", version ? "--llama" : "", &err);
    if (in.build && logged) {
        llw_entity of_log =
            llw_build_claim(app->facts, logged, LLW_GRADE_MEASURED, "log", app->log->path, NULL);
        if (of_log) in.build = of_log;
    }
    if (!in.build) return llw_app_fail(app, LLW_EXIT_USAGE, &err);
    if (program && !llw_program_find(program, &in.program))
        return llw_app_complain(app, LLW_EXIT_USAGE, "--program %s: it is server, cli, bench or fit-params",
                                program);
    if (program) {
        in.program_origin = "argument";
        in.program_place = "--program";
    }
    llw_token *tokens = llw_arena_alloc(app->arena, (o->n_flags + 1) * sizeof *tokens);
    for (size_t i = 0; i < o->n_flags; i++)
        tokens[i] =
            (llw_token){.text = o->flags[i], .place = llw_arena_printf(app->arena, "argument %zu", i + 1)};
    in.args = tokens;
    in.n_args = o->n_flags;
    if (app->load && !o->flags_given) llw_app_log_words(app, &in);
    if (llw_argv_read(app->facts, &in, &app->argv, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    if (!model && app->argv.model.path) {
        if (app->load && !o->flags_given) app->named_by = app->log->path;
        if (!gather_model(app, app->argv.model.path, &model)) return false;
    }
    if (!model) model = llw_facts_next(app->facts, LLW_KIND_model, 0);
    if (model)
        llw_facts_claim(app->facts, app->argv.launch, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG,
                        "argument", "MODEL");
    llw_source_beside(app->facts, app->argv.launch, LLW_launch_draft_model, LLW_launch_draft, NULL);
    llw_source_beside(app->facts, app->argv.launch, LLW_launch_mmproj, LLW_launch_projector, NULL);
    claim_absent(app, model, LLW_launch_draft_model, LLW_launch_draft, LLW_launch_draft_absent);
    claim_absent(app, model, LLW_launch_mmproj, LLW_launch_projector, LLW_launch_mmproj_absent);
    if (app->load) llw_app_claim_log(app);
    return true;
}

bool llw_app_gather_model(llw_app *app, const char *name, llw_entity *model) {
    app->facts = llw_facts_new();
    return gather_model(app, name, model);
}

bool llw_app_gather(llw_app *app, const char *name) {
    const llw_options *o = &app->options;
    app->facts = llw_facts_new();
    for (size_t i = 0; i < o->n_values[LLW_OPT_FACTS]; i++)
        if (!llw_app_load_facts(app, o->values[LLW_OPT_FACTS][i])) return false;
    if (!llw_app_read_log(app) || !llw_app_gather_machine(app)) return false;
    llw_entity model = 0;
    if (name && !gather_model(app, name, &model)) return false;
    if (!gather_launch(app, model)) return false;
    llw_app_claim_ledger(app, app->facts, NULL);
    llw_app_calibrate(app);
    return true;
}
