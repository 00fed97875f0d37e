/* Saving facts, and remembering those of the last run for `why` without a model. */
#include "base/file.h"
#include "cli/app.h"
#include "fact/facts_json.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *llw_app_state_directory(llw_app *app) {
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (!(state && *state) && !(home && *home)) return NULL;
    const char *base = state && *state ? state : llw_arena_printf(app->arena, "%s/.local/state", home);
    char *path = llw_arena_printf(app->arena, "%s/llwhy", base);
    for (char *slash = path + 1; (slash = strchr(slash, '/')); slash++) { /* mkdir -p */
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    mkdir(path, 0700);
    return path;
}

/* Writes beside the file and renames, so that a reader never sees half of it. What is there and no plain
 * file, a link, a pipe, a device, is written to: renaming would replace it. */
static bool write_whole(const char *path, const char *text) {
    char beside[4096];
    struct stat there;
    if (lstat(path, &there) == 0 && !S_ISREG(there.st_mode)) {
        FILE *file = fopen(path, "we");
        bool ok = file && fputs(text, file) >= 0;
        return file && fclose(file) == 0 && ok;
    }
    if (snprintf(beside, sizeof beside, "%s.%ld", path, (long)getpid()) >= (int)sizeof beside) return false;
    FILE *file = fopen(beside, "we");
    if (!file) return false;
    bool ok = fputs(text, file) >= 0;
    ok = fclose(file) == 0 && ok;
    if (ok) ok = rename(beside, path) == 0;
    if (!ok) remove(beside);
    return ok;
}

bool llw_app_save(llw_app *app, const char *path) {
    llw_err err = {0};
    char *text = llw_facts_save(app->facts, &err);
    if (!text) return llw_app_fail(app, LLW_EXIT_INTERNAL, &err);
    bool ok = strcmp(path, "-") ? write_whole(path, text) : fputs(text, stdout) >= 0;
    free(text);
    return ok || llw_app_complain(app, LLW_EXIT_INPUT, "%s: the facts could not be written: %s", path,
                                  strerror(errno));
}

void llw_app_remember(llw_app *app) {
    const char *directory = llw_app_state_directory(app);
    if (!directory) return;
    char *text = llw_facts_save(app->facts, NULL);
    if (text)
        write_whole(llw_path_join(app->arena, directory, "last.json"),
                    text); /* a convenience: its loss is no error */
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
    fprintf(stderr, "About the last run: %s, %s.\n", name,
            !launch                                             ? "no launch"
            : !strcmp(llw_facts_id(app->facts, launch), "argv") ? "with the flags you gave"
                                                                : "without flags");
    return true;
}
