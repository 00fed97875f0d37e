/* Printing, exit codes, and the knowledge base of a call. */
#include "cli/app.h"
#include "base/secret.h"
#include "rule/ready.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void llw_app_exit(llw_app *app, int code) {
    if (code > app->code) app->code = code;
}

/* Text for stderr: secrets starred, nothing that steers a terminal. */
static void say(const char *text) {
    llw_text shown = {0}, safe = {0};
    llw_text_add(&shown, text);
    llw_secret_star(shown.bytes, shown.len);
    llw_text_add_safe(&safe, llw_text_str(&shown), shown.len, true);
    fputs(llw_text_str(&safe), stderr);
    llw_text_fini(&shown);
    llw_text_fini(&safe);
}

void llw_app_tell(const char *fmt, ...) {
    llw_text text = {0};
    va_list args;
    va_start(args, fmt);
    llw_text_addv(&text, fmt, args);
    va_end(args);
    say(llw_text_str(&text));
    llw_text_fini(&text);
}

bool llw_app_fail(llw_app *app, int code, const llw_err *err) {
    llw_text t = {0};
    llw_text_add(&t, "llwhy: ");
    if (*err->file) {
        llw_text_add_safe(&t, err->file, strlen(err->file), false);
        if (err->line > 0) llw_text_addf(&t, ":%d", err->line);
        llw_text_add(&t, ": ");
    }
    llw_text_add_safe(&t, err->text, strlen(err->text), true);
    llw_text_add(&t, "\n");
    say(llw_text_str(&t));
    llw_text_fini(&t);
    llw_app_exit(app, code);
    return false;
}

bool llw_app_complain(llw_app *app, int code, const char *fmt, ...) {
    llw_err err = {0};
    va_list args;
    va_start(args, fmt);
    vsnprintf(err.text, sizeof err.text, fmt, args);
    va_end(args);
    return llw_app_fail(app, code, &err);
}

void llw_app_print(llw_app *app, llw_text *text) {
    llw_guard(text, &app->style);
    llw_app_print_bytes(app, text);
}

void llw_app_print_bytes(llw_app *app, llw_text *text) {
    size_t len = text->len;
    llw_secret_star(text->bytes, len);
    if (len && fwrite(text->bytes, 1, len, stdout) != len) llw_app_exit(app, LLW_EXIT_INTERNAL);
    llw_text_fini(text);
}

void llw_app_load_kb(llw_app *app) {
    if (app->kb) return;
    bool tests = app->options.command == LLW_COMMAND_TEST;
    app->kb = llw_kb_load(app->options.values[LLW_OPT_RULES], app->options.n_values[LLW_OPT_RULES],
                          tests ? NULL : llw_ready_rules);
    for (size_t i = 0; i < app->kb->n_problems; i++) llw_app_fail(app, LLW_EXIT_KB, &app->kb->problems[i]);
    if (app->kb->n_problems)
        llw_app_tell("llwhy: %zu rule file%s or rules were left out; the others answer\n",
                     app->kb->n_problems, app->kb->n_problems == 1 ? "" : "s");
}

void llw_app_run(llw_app *app) {
    llw_app_load_kb(app);
    app->run = llw_run_new(app->kb, app->facts);
}

const char *llw_app_today(llw_app *app) {
    const char *epoch = getenv("SOURCE_DATE_EPOCH");
    time_t now = epoch && *epoch ? (time_t)strtoll(epoch, NULL, 10) : time(NULL);
    struct tm day;
    char text[11];
    bool told = gmtime_r(&now, &day) && strftime(text, sizeof text, "%Y-%m-%d", &day);
    return told ? llw_arena_strdup(app->arena, text) : "0000-00-00";
}
