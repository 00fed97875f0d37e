/* Saving facts, and remembering those of the last run for `why` without a model. */
#include "base/file.h"
#include "base/secret.h"
#include "cli/app.h"
#include "fact/facts_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

const char *llw_app_own_directory(llw_app *app, const char *variable, const char *below_home) {
    const char *base = getenv(variable), *home = getenv("HOME");
    if (base && *base == '/') return llw_path_join(app->arena, base, "llwhy");
    if (!home || *home != '/') return NULL;
    return llw_path_join(app->arena, llw_path_join(app->arena, home, below_home), "llwhy");
}

const char *llw_app_state_directory(llw_app *app) {
    const char *own = llw_app_own_directory(app, "XDG_STATE_HOME", ".local/state");
    if (!own) return NULL;
    char *path = llw_arena_strdup(app->arena, own);
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) { /* mkdir -p */
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
    return path;
}

/* What a person names may be a pipe, a device or a link as well: what it leads to is written. */
static bool write_through(const char *path, const char *text) {
    FILE *file = fopen(path, "we");
    bool good = file && fputs(text, file) >= 0;
    return file && fclose(file) == 0 && good;
}

bool llw_app_save(llw_app *app, const char *path) {
    llw_err err = {0};
    struct stat there;
    char *text = llw_facts_save(app->facts, &err);
    if (!text) return llw_app_fail(app, LLW_EXIT_INTERNAL, &err);
    llw_secret_star(text, strlen(text));
    bool stdout_asked = !strcmp(path, "-"),
         through = !stdout_asked && lstat(path, &there) == 0 && !S_ISREG(there.st_mode), good;
    if (stdout_asked || through) {
        good = stdout_asked ? fputs(text, stdout) >= 0 : write_through(path, text);
        if (!good)
            llw_fail(&err, LLW_ERR_SYSTEM, path, 0, "the facts could not be written: %s", strerror(errno));
    } else
        good = llw_file_replace(path, text, strlen(text), &err) == LLW_OK;
    free(text);
    return good || llw_app_fail(app, LLW_EXIT_INPUT, &err);
}

void llw_app_remember(llw_app *app) {
    const char *directory = llw_app_state_directory(app);
    if (!directory) return;
    char *text = llw_facts_save(app->facts, NULL);
    if (text) { /* a convenience: its loss is no error */
        llw_secret_star(text, strlen(text));
        llw_file_jot(llw_path_join(app->arena, directory, "last.json"), text, strlen(text), NULL);
    }
    free(text);
}

bool llw_app_recall(llw_app *app) {
    const char *directory = llw_app_state_directory(app);
    const char *path = directory ? llw_path_join(app->arena, directory, "last.json") : "";
    if (!llw_file_is_regular(path))
        return llw_app_complain(app, LLW_EXIT_INPUT, "there is no last run to ask about: name a model");
    app->facts = llw_facts_new();
    if (!llw_app_load_facts(app, path)) return false;
    app->replayed = true;
    llw_entity launch = llw_facts_next(app->facts, LLW_KIND_launch, 0);
    llw_entity model = launch ? llw_facts_ref(app->facts, launch, LLW_launch_model) : 0;
    const char *name = "";
    if (model) llw_facts_text(app->facts, model, LLW_model_name, &name);
    llw_app_tell("About the last run: %s, %s.\n", name,
                 !launch                                             ? "no launch"
                 : !strcmp(llw_facts_id(app->facts, launch), "argv") ? "with the flags you gave"
                                                                     : "without flags");
    return true;
}
