/* Finds and reads the project's ledger. */
#include "base/file.h"
#include "cli/app.h"
#include "source/evidence/ledger_claim.h"

#include <string.h>
#include <unistd.h>

enum { MAX_PARENTS = 40 };

/* evidence/ in a directory or above it, up to the root of the repository or the project; NULL when there is
 * none, and *root is where it would be. */
static const char *find(llw_app *app, const char *start, const char **root) {
    const char *up = *start && strcmp(start, ".") ? llw_arena_printf(app->arena, "%s/", start) : "";
    const char *first = up;
    *root = up;
    for (int left = llw_path_depth(up, MAX_PARENTS); left >= 0; left--) {
        const char *path = llw_arena_printf(app->arena, "%sevidence", up);
        if (up != first && !llw_app_may_climb(app, first, up, "evidence")) return NULL;
        if (llw_file_is_directory(path)) return path;
        if (access(llw_arena_printf(app->arena, "%s.git", up), F_OK) == 0 ||
            llw_file_is_regular(llw_arena_printf(app->arena, "%s.llwhy.yaml", up))) {
            *root = up;
            return NULL;
        }
        up = llw_arena_printf(app->arena, "%s../", up);
    }
    return NULL;
}

const char *llw_app_ledger_directory(llw_app *app) {
    const char *given = llw_option_value(&app->options, LLW_OPT_EVIDENCE), *root = "";
    if (given) return given;
    const char *found = find(app, "", &root);
    return found ? found : llw_arena_printf(app->arena, "%sevidence", root);
}

/* The directory of a path; the path itself when it is one. */
static const char *directory_of(llw_app *app, const char *path) {
    if (!path || llw_file_is_directory(path)) return path ? path : "";
    const char *slash = strrchr(path, '/');
    return !slash ? "" : slash == path ? "/" : llw_arena_strndup(app->arena, path, (size_t)(slash - path));
}

const llw_ledger *llw_app_ledger(llw_app *app, const char *path) {
    if (app->ledger) return app->ledger;
    const char *given = llw_option_value(&app->options, LLW_OPT_EVIDENCE), *root = "";
    const char *directory = given ? given : find(app, directory_of(app, path), &root);
    llw_ledger *ledger = llw_arena_alloc(app->arena, sizeof *ledger);
    llw_err err = {0};
    app->ledger = ledger;
    if (!directory) return ledger;
    if (llw_ledger_read(app->arena, directory, ledger, &err) != LLW_OK)
        llw_app_fail(app, LLW_EXIT_INPUT, &err);
    for (size_t i = 0; i < ledger->n_problems; i++) llw_app_fail(app, LLW_EXIT_INPUT, &ledger->problems[i]);
    if (ledger->n_more)
        llw_app_complain(app, LLW_EXIT_INPUT, "%s has %zu more records that cannot be read", directory,
                         ledger->n_more);
    return ledger;
}

void llw_app_claim_ledger(llw_app *app, llw_facts *facts, const char *path) {
    llw_flags flags;
    llw_err err = {0};
    const llw_ledger *ledger = llw_app_ledger(app, path);
    if (!ledger->n_records) return;
    if (llw_flags_load(&flags, &err) != LLW_OK)
        llw_app_fail(app, LLW_EXIT_KB, &err);
    else
        llw_ledger_claim(facts, ledger, &flags, 0);
}
