/* Tables that lie over what llwhy carries: one that cannot be read is named and left out, as a rule is. */
#include "base/data.h"
#include "base/table.h"
#include "cli/app.h"
#include "fact/build.h"
#include "fact/flags.h"

#include <string.h>

static void leave_out(llw_app *app, const char *path, llw_err *err) {
    strncat(err->text, ": it is left out, repair it or take it away",
            sizeof err->text - strlen(err->text) - 1);
    llw_app_fail(app, LLW_EXIT_KB, err);
    llw_data_withhold(path);
}

/* It has the column by which the table it takes the place of is looked up: its first. */
static llw_rc check_key(llw_app *app, const char *name, const llw_table *table, llw_err *err) {
    const llw_builtin *ours = llw_data_builtin(name);
    llw_table own;
    if (!ours ||
        llw_table_parse(app->arena, name, (const char *)ours->bytes, ours->len, &own, NULL) != LLW_OK ||
        llw_table_column(table, own.header[0]) >= 0)
        return LLW_OK;
    return llw_fail(err, LLW_ERR_INPUT, table->path, 1, "has no column '%s'", own.header[0]);
}

/* The file that stands over a table; NULL when there is none, or it says the same. */
static const char *over(llw_app *app, const char *name, const char **bytes, size_t *len, llw_err *err) {
    const char *path = NULL;
    llw_rc rc = llw_data_read(app->arena, name, bytes, len, &path, err);
    if (rc == LLW_ERR_NOTHING || !strcmp(path, name) ||
        (rc == LLW_OK && llw_data_is_builtin(name, *bytes, *len)))
        return NULL;
    return path;
}

static void check_table(llw_app *app, const char *name) {
    const char *bytes = NULL, *path;
    size_t len = 0;
    llw_err err = {0};
    for (llw_table table; (path = over(app, name, &bytes, &len, &err)); err = (llw_err){0}) {
        if (!*err.text && llw_table_parse(app->arena, path, bytes, len, &table, &err) == LLW_OK &&
            check_key(app, name, &table, &err) == LLW_OK)
            return;
        leave_out(app, path, &err);
    }
}

/* A table whose rows have a reader of their own that says what is wrong with them. */
static void check_rows(llw_app *app, const char *name) {
    const char *bytes = NULL, *path;
    size_t len = 0;
    llw_err err = {0};
    llw_flags flags;
    llw_build build;
    bool builds = !strcmp(name, "models/builds.tsv");
    while ((path = over(app, name, &bytes, &len, &err))) {
        llw_rc rc = builds ? llw_build_read(app->arena, NULL, &build, &err) : llw_flags_load(&flags, &err);
        if (rc == LLW_OK) return;
        leave_out(app, path, &err);
        err = (llw_err){0};
    }
}

void llw_app_check_tables(llw_app *app) {
    char **names = NULL;
    size_t n_names = 0;
    if (!llw_data_is_overlaid()) return;
    llw_data_list(app->arena, "models", ".tsv", &names, &n_names);
    for (size_t i = 0; i < n_names; i++) check_table(app, names[i]);
    check_rows(app, "models/builds.tsv");
    check_rows(app, "models/flags.tsv");
}
