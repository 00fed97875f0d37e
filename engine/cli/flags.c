/* llwhy flags: the option table, one option of it, or what a binary's --help adds to it. */
#include "base/data.h"
#include "base/file.h"
#include "cli/app.h"
#include "fact/build.h"
#include "render/flags.h"
#include "source/launch/flags_import.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_HELP = 4 << 20 };

static bool program_asked(llw_app *app, llw_program *out) {
    const char *name = llw_option_value(&app->options, LLW_OPT_PROGRAM);
    *out = LLW_PROGRAM_SERVER;
    return !name || llw_program_find(name, out) ||
           llw_app_complain(app, LLW_EXIT_USAGE, "--program '%s': one of server, cli, bench, fit-params",
                            name);
}

static bool read_help(llw_app *app, const char *path, llw_help *help) {
    char *bytes = NULL;
    size_t len = 0;
    llw_err err = {0};
    if (strcmp(path, "-")) {
        if (llw_file_read(app->arena, path, MAX_HELP, &bytes, &len, &err) != LLW_OK)
            return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    } else {
        bytes = llw_arena_alloc(app->arena, MAX_HELP + 1);
        len = fread(bytes, 1, MAX_HELP, stdin);
    }
    if (llw_help_parse(app->arena, strcmp(path, "-") ? path : "standard input", bytes, len, help, &err) !=
        LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    return true;
}

static bool write_table(llw_app *app, const char *directory, const char *name, const char *text) {
    llw_err err = {0};
    return llw_file_replace(llw_path_join(app->arena, directory, name), text, strlen(text), &err) == LLW_OK ||
           llw_app_fail(app, LLW_EXIT_INPUT, &err);
}

static int import_help(llw_app *app) {
    const llw_options *o = &app->options;
    const char *version = llw_option_value(o, LLW_OPT_LLAMA), *root = llw_option_value(o, LLW_OPT_SAVE);
    llw_program program;
    llw_help help = {0};
    llw_flags_update update;
    llw_err err = {0};
    if (o->n_words != 2 || !version)
        return llw_app_complain(app, LLW_EXIT_USAGE,
                                "llwhy flags import FILE --llama VERSION: what llama-server --help printed "
                                "('-' is standard input), "
                                "and which build it is (its --version)"),
               app->code;
    if (!program_asked(app, &program) || !read_help(app, o->words[1], &help)) return app->code;
    if (llw_flags_import(app->arena, &help, program, version, llw_app_today(app), &update, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err), app->code;
    if (!root)
        root = llw_file_is_directory("rules.d")
                   ? ""
                   : LLW_PROJECT_DATA; /* in llwhy's own tree, or in a project's overlay */
    if (!strcmp(root, LLW_PROJECT_DATA) && app->trust != LLW_TRUST_NOTHING && app->trust != LLW_TRUST_GIVEN)
        return llw_app_complain(app, LLW_EXIT_INPUT,
                                LLW_PROJECT_DATA " holds files that you have not agreed to, and nothing is "
                                                 "written over them: read them, then say: llwhy trust ."),
               app->code;
    const char *directory = *root ? llw_path_join(app->arena, root, "models") : "models";
    llw_text out = {0};
    llw_render_flags_update(&out, &app->style, &update, version, help.n, directory);
    if (update.n_changes || update.builds) {
        if (*root) mkdir(root, 0777);
        mkdir(directory, 0777);
        bool ok = !update.builds || write_table(app, directory, "builds.tsv", update.builds);
        if (!ok || !write_table(app, directory, "flags.tsv", update.flags)) {
            llw_text_fini(&out);
            return app->code;
        }
        if (!strcmp(root, LLW_PROJECT_DATA))
            llw_text_add(&out, "Tables of a project count once you agree to them: llwhy trust .\n");
    }
    llw_app_print(app, &out);
    return app->code;
}

int llw_command_flags(llw_app *app) {
    const llw_options *o = &app->options;
    if (o->n_words && !strcmp(o->words[0], "import")) return import_help(app);
    if (app->document && !o->n_words) return llw_document_of_flags(app);
    llw_flags_question question = {
        .words = o->words, .n_words = o->n_words, .all = llw_option_given(o, LLW_OPT_ALL)};
    llw_build build;
    llw_flags flags;
    llw_err err = {0};
    if (!program_asked(app, &question.program)) return app->code;
    if (llw_build_read(app->arena, llw_option_value(o, LLW_OPT_LLAMA), &build, &err) != LLW_OK ||
        llw_flags_load(&flags, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err), app->code;
    question.flags = &flags;
    question.build = &build;
    llw_text out = {0};
    size_t found = llw_render_flags(&out, &app->style, app->arena, &question);
    llw_app_print(app, &out);
    if (!found)
        llw_app_complain(app, LLW_EXIT_USAGE,
                         "no option of llama.cpp in our tables is called or has %s; llwhy flags lists them",
                         o->words[0]);
    return app->code;
}
