/* llwhy: why should, or shouldn't, this model run like that on this machine? */
#include "base/confine.h"
#include "base/data.h"
#include "base/file.h"
#include "cli/app.h"
#include "fact/build.h"
#include "render/html.h"
#include "render/lint.h"

#include <jansson.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static const struct {
    int (*run)(llw_app *app);
} commands[LLW_COMMANDS] = {
    [LLW_COMMAND_DECIDE] = {llw_command_decide},
    [LLW_COMMAND_WHY] = {llw_command_why},
    [LLW_COMMAND_WHY_NOT] = {llw_command_why_not},
    [LLW_COMMAND_WHAT_IF] = {llw_command_what_if},
    [LLW_COMMAND_CHANGE] = {llw_command_change},
    [LLW_COMMAND_CONTRAST] = {llw_command_contrast},
    [LLW_COMMAND_ASK] = {llw_command_ask},
    [LLW_COMMAND_MCP] = {llw_command_mcp},
    [LLW_COMMAND_FACTS] = {llw_command_facts},
    [LLW_COMMAND_LESSONS] = {llw_command_lessons},
    [LLW_COMMAND_LESSON] = {llw_command_lesson},
    [LLW_COMMAND_EXPLAIN] = {llw_command_explain},
    [LLW_COMMAND_PREDICT] = {llw_command_predict},
    [LLW_COMMAND_FIT] = {llw_command_fit},
    [LLW_COMMAND_CARD] = {llw_command_card},
    [LLW_COMMAND_MODELS] = {llw_command_models},
    [LLW_COMMAND_LINT] = {llw_command_lint},
    [LLW_COMMAND_LOG] = {llw_command_log},
    [LLW_COMMAND_VERIFY] = {llw_command_verify},
    [LLW_COMMAND_TEACH] = {llw_command_teach},
    [LLW_COMMAND_RECORD] = {llw_command_record},
    [LLW_COMMAND_EVIDENCE] = {llw_command_evidence},
    [LLW_COMMAND_FLAGS] = {llw_command_flags},
    [LLW_COMMAND_PROBE] = {llw_command_probe},
    [LLW_COMMAND_TEST] = {llw_command_test},
    [LLW_COMMAND_NEW] = {llw_command_new},
    [LLW_COMMAND_TRUST] = {llw_command_trust},
    [LLW_COMMAND_GATE] = {llw_command_gate},
    [LLW_COMMAND_MATRIX] = {llw_command_matrix},
    [LLW_COMMAND_LINT_RULES] = {llw_command_lint_rules},
    [LLW_COMMAND_DOCTOR] = {llw_command_doctor},
    [LLW_COMMAND_COMPLETION] = {llw_command_completion},
    [LLW_COMMAND_MANUAL] = {llw_command_manual},
    [LLW_COMMAND_KB] = {llw_command_kb},
    [LLW_COMMAND_GUIDE] = {llw_command_guide},
};

static bool is_picture(const char *format) {
    return !strcmp(format, "html") || !strcmp(format, "svg") || !strcmp(format, "dot");
}

/* Whether the command can print what it tells as a document. */
static bool has_document(const llw_options *o) {
    llw_command c = o->command;
    return c == LLW_COMMAND_LESSONS || c == LLW_COMMAND_LESSON || c == LLW_COMMAND_EXPLAIN ||
           c == LLW_COMMAND_FLAGS || c == LLW_COMMAND_GUIDE ||
           (c == LLW_COMMAND_FACTS && llw_option_given(o, LLW_OPT_SCHEMA));
}

static bool set_style(llw_app *app) {
    const llw_options *o = &app->options;
    const char *color = llw_option_value(o, LLW_OPT_COLOR), *width = llw_option_value(o, LLW_OPT_WIDTH);
    const char *no_color = getenv("NO_COLOR"), *columns = getenv("COLUMNS"), *term = getenv("TERM");
    bool tty = isatty(STDOUT_FILENO);
    if (color && strcmp(color, "auto") && strcmp(color, "always") && strcmp(color, "never"))
        return llw_app_complain(app, LLW_EXIT_USAGE, "--color %s: it is auto, always or never", color);
    app->style.color = color && strcmp(color, "auto")
                           ? !strcmp(color, "always")
                           : tty && !(no_color && *no_color) && term && strcmp(term, "dumb");
    setlocale(LC_CTYPE, "");
    app->style.utf8 = !llw_option_given(o, LLW_OPT_ASCII) && !strcmp(nl_langinfo(CODESET), "UTF-8");
    struct winsize size;
    app->style.width = 110;
    if (tty && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col) app->style.width = size.ws_col;
    if (columns && atoi(columns) > 0) app->style.width = atoi(columns);
    if (width) app->style.width = atoi(width);
    if (width && app->style.width < 20)
        return llw_app_complain(app, LLW_EXIT_USAGE, "--width %s: it is a number of columns, 20 or more",
                                width);
    if (app->style.width < 40) app->style.width = 40;
    if (app->style.width > 160) app->style.width = 160;
    const char *format = llw_option_value(o, LLW_OPT_FORMAT);
    bool lint = o->command == LLW_COMMAND_LINT;
    bool lines = o->command == LLW_COMMAND_MATRIX && format && !strcmp(format, "jsonl");
    bool decide = o->command == LLW_COMMAND_DECIDE, picture = format && decide && is_picture(format);
    bool document = format && has_document(o) && (!strcmp(format, "markdown") || !strcmp(format, "html"));
    if (format && strcmp(format, "text") && (strcmp(format, "json") || has_document(o)) && !picture &&
        !(lint && llw_lint_format(format)) && !lines && !document)
        return llw_app_complain(app, LLW_EXIT_USAGE, "--format %s: it is %s", format,
                                lint              ? llw_lint_formats
                                : decide          ? "text, json, html, svg or dot"
                                : has_document(o) ? "text, markdown or html"
                                                  : "text or json");
    app->json = format && !strcmp(format, "json");
    app->picture = picture ? format : NULL;
    app->document = document ? format : NULL;
    return true;
}

/* Gives up what reading needs nothing of, when that was asked for. */
static bool confine(llw_app *app) {
    const char *when = llw_option_value(&app->options, LLW_OPT_CONFINE);
    llw_err err = {0};
    if (!when) return true;
    if (strcmp(when, "always") && strcmp(when, "auto"))
        return llw_app_complain(app, LLW_EXIT_USAGE, "--confine %s: it is always or auto", when);
    return llw_confine(&err) == LLW_OK || !strcmp(when, "auto") || llw_app_fail(app, LLW_EXIT_USAGE, &err);
}

/* The stack of data directories over what is compiled in, from far to near. */
static void push_data(llw_app *app) {
    const char *site = getenv("LLWHY_SITE"),
               *person = llw_app_own_directory(app, "XDG_CONFIG_HOME", ".config");
    llw_data_push(LLW_DATA_DIR);
    llw_data_push(site && *site ? site : "/etc/llwhy");
    if (person) llw_data_push(person);
    llw_app_push_project(app);
}

static int version(llw_app *app) {
    llw_err err = {0};
    llw_build build;
    llw_text t = {0};
    llw_text_add(&t, "llwhy " LLWHY_VERSION "\n");
    if (llw_build_read(app->arena, NULL, &build, &err) == LLW_OK)
        llw_text_addf(&t, "newest llama.cpp it knows: %s (%s)\n", build.version, build.date);
    llw_app_print(app, &t);
    return 0;
}

/* The foot of a page that decisions were written into. */
static void end_picture(llw_app *app) {
    llw_text foot = {0};
    if (!app->picture || !app->pictures || strcmp(app->picture, "html")) return;
    llw_html_end(&foot, LLWHY_VERSION);
    llw_app_print(app, &foot);
}

/* A level that is none ends the command before it has answered. */
static bool check_fail_level(llw_app *app) {
    llw_app_fail_level(app);
    return app->code != LLW_EXIT_USAGE;
}

int main(int argc, char **argv) {
    llw_app app = {.arena = llw_arena_new()};
    llw_err err = {0};
    signal(SIGPIPE, SIG_DFL);
    signal(SIGXFSZ, SIG_IGN); /* a limit on files is an error of writing, and is told as one */
    json_set_alloc_funcs(llw_xmalloc, free); /* a document with parts missing is worse than none */
    int code = LLW_EXIT_USAGE;
    if (llw_options_read(app.arena, argc, argv, &app.options, &err) != LLW_OK ||
        llw_options_check(&app.options, &err) != LLW_OK)
        llw_app_fail(&app, LLW_EXIT_USAGE, &err);
    else if (set_style(&app) && check_fail_level(&app) && confine(&app)) {
        push_data(&app);
        if (llw_option_given(&app.options, LLW_OPT_HELP)) {
            llw_text help = {0};
            llw_options_help(&help, app.options.command);
            llw_app_print(&app, &help);
        } else if (llw_option_given(&app.options, LLW_OPT_VERSION))
            version(&app);
        else {
            llw_app_check_tables(&app);
            llw_app_exit(&app, commands[app.options.command].run(&app));
        }
        end_picture(&app);
    }
    if (fflush(stdout) != 0 || ferror(stdout)) {
        fputs("llwhy: the output could not be written\n", stderr);
        llw_app_exit(&app, LLW_EXIT_INTERNAL);
    }
    code = app.code;
    llw_app_end_remote(&app);
    llw_run_free(app.run);
    llw_facts_free(app.facts);
    llw_kb_free(app.kb);
    llw_data_reset();
    llw_arena_free(app.arena);
    return code;
}
