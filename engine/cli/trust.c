/* llwhy trust DIR: a project's own rules are read once its user has agreed to them, as they are.
 *
 * What was agreed to is kept whole, one directory for each project under $XDG_STATE_HOME/llwhy/trusted:
 * comparing bytes needs no cryptography, and nobody can make two files that are the same. A file that
 * changed, came or went needs a new word. */
#include "base/data.h"
#include "base/file.h"
#include "cli/app.h"

#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { MAX_RULE_FILE = 8 << 20 };

static const char *const folders[] = {"rules.d", "rules.d/lib"};
enum { FOLDERS = sizeof folders / sizeof *folders };

/* All rule files of a project, as one text: for each its name, its length and its bytes. NULL when one cannot
 * be read. */
static char *rules_of(llw_app *app, const char *overlay, size_t *len, size_t *count, llw_err *err) {
    llw_text all = {0};
    bool good = true;
    *count = 0;
    for (size_t f = 0; f < FOLDERS; f++) {
        char **names = NULL;
        size_t n = 0;
        const char *folder = llw_path_join(app->arena, overlay, folders[f]);
        if (llw_directory_list(app->arena, folder, &names, &n, NULL) != LLW_OK) continue;
        for (size_t i = 0; good && i < n; i++) {
            size_t bytes = 0, name = strlen(names[i]);
            char *content = NULL, *path = llw_path_join(app->arena, folder, names[i]);
            if (name < 4 || strcmp(names[i] + name - 4, ".lua") || names[i][0] == '.') continue;
            good = llw_file_read(app->arena, path, MAX_RULE_FILE, &content, &bytes, err) == LLW_OK;
            if (!good) break;
            llw_text_addf(&all, "%s/%s\n%zu\n", folders[f], names[i], bytes);
            llw_text_addn(&all, content, bytes);
            ++*count;
        }
    }
    char *text = good ? llw_arena_strndup(app->arena, llw_text_str(&all), all.len) : NULL;
    *len = all.len;
    llw_text_fini(&all);
    return text;
}

/* The file that keeps what was agreed to for a project. Its name is a hash of the project's path, which
 * begins the file: two projects that share a hash cannot pass for one another. */
static const char *kept_at(llw_app *app, const char *overlay, char where[PATH_MAX]) {
    const char *state = llw_app_state_directory(app);
    if (!state || !realpath(overlay, where)) return NULL;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *c = where; *c; c++) h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    const char *directory = llw_path_join(app->arena, state, "trusted");
    mkdir(directory, 0700);
    return llw_arena_printf(app->arena, "%s/%016" PRIx64, directory, h);
}

llw_trust llw_app_trust(llw_app *app, const char *overlay, size_t *count) {
    char where[PATH_MAX], *kept = NULL;
    size_t len = 0, kept_len = 0;
    const char *rules = rules_of(app, overlay, &len, count, NULL);
    if (rules && !*count) return LLW_TRUST_NOTHING;
    const char *file = kept_at(app, overlay, where);
    if (!file || llw_file_read(app->arena, file, (size_t)INT_MAX, &kept, &kept_len, NULL) != LLW_OK)
        return LLW_TRUST_NONE;
    size_t head = strlen(where) + 1;
    if (kept_len < head || memcmp(kept, where, head - 1) || kept[head - 1] != '\n') return LLW_TRUST_NONE;
    return rules && kept_len - head == len && !memcmp(kept + head, rules, len) ? LLW_TRUST_GIVEN
                                                                               : LLW_TRUST_CHANGED;
}

int llw_command_trust(llw_app *app) {
    const char *project = app->options.n_words ? app->options.words[0] : ".";
    if (app->options.n_words > 1)
        return llw_app_complain(app, LLW_EXIT_USAGE, "llwhy trust DIR: one project at a time"), app->code;
    const char *overlay = llw_path_join(app->arena, project, ".llwhy");
    char where[PATH_MAX];
    llw_err err = {0};
    size_t len = 0, count = 0;
    const char *rules = rules_of(app, overlay, &len, &count, &err);
    if (!rules) return llw_app_fail(app, LLW_EXIT_INPUT, &err), app->code;
    if (!count)
        return llw_app_complain(app, LLW_EXIT_INPUT,
                                "%s/rules.d holds no rules: there is nothing to agree to", overlay),
               app->code;
    const char *file = kept_at(app, overlay, where);
    if (!file)
        return llw_app_complain(
                   app, LLW_EXIT_INPUT,
                   "there is no place to remember it: set HOME or XDG_STATE_HOME to a directory of yours"),
               app->code;
    llw_text kept = {0};
    llw_text_addf(&kept, "%s\n", where);
    llw_text_addn(&kept, rules, len);
    llw_rc rc = llw_file_replace(file, llw_text_str(&kept), kept.len, &err);
    llw_text_fini(&kept);
    if (rc != LLW_OK) return llw_app_fail(app, LLW_EXIT_INPUT, &err), app->code;
    llw_text out = {0};
    llw_text_addf(&out, "The %zu rule file%s of ", count, count == 1 ? "" : "s");
    llw_text_add_safe(&out, where, strlen(where), false);
    llw_text_addf(&out,
                  "/rules.d %s part of every answer here from now on, as %s now; after a change you will be "
                  "asked again.\n",
                  count == 1 ? "is" : "are", count == 1 ? "it is" : "they are");
    llw_flatten(&out, &app->style);
    llw_app_print(app, &out);
    return app->code;
}
