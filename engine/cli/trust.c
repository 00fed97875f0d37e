/* llwhy trust DIR: what a project brought along in .llwhy counts once its user has agreed to it, as it is.
 *
 * What was agreed to is kept whole, one file for each project under $XDG_STATE_HOME/llwhy/trusted: comparing
 * bytes needs no cryptography, and nobody can make two overlays that are the same. A file that changed, came
 * or went needs a new word. What was compared is what is used: files are read once (base/overlay.h). */
#include "base/data.h"
#include "base/file.h"
#include "base/overlay.h"
#include "cli/app.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* The file that keeps what was agreed to for a project. Its name is a hash of the project's path, which
 * is in the file as well: two projects that share a hash cannot pass for one another. */
static const char *kept_at(llw_app *app, const llw_overlay *overlay) {
    const char *state = llw_app_state_directory(app);
    if (!state) return NULL;
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *c = overlay->place; *c; c++) h = (h ^ (unsigned char)*c) * UINT64_C(0x100000001b3);
    const char *directory = llw_path_join(app->arena, state, "trusted");
    mkdir(directory, 0700);
    return llw_arena_printf(app->arena, "%s/%016" PRIx64, directory, h);
}

static llw_trust trust_in(llw_app *app, const llw_overlay *overlay) {
    char *kept = NULL;
    size_t len = 0;
    if (!overlay->n) return LLW_TRUST_NOTHING;
    const char *file = kept_at(app, overlay);
    if (!file || llw_file_read(app->arena, file, LLW_OVERLAY_BYTES * 2, &kept, &len, NULL) != LLW_OK)
        return LLW_TRUST_NONE;
    llw_text now = {0}, place = {0};
    llw_overlay_write(overlay, &now);
    llw_overlay_write(&(llw_overlay){.place = overlay->place}, &place);
    llw_trust trust = len == now.len && !memcmp(kept, now.bytes, len)             ? LLW_TRUST_GIVEN
                      : len >= place.len && !memcmp(kept, place.bytes, place.len) ? LLW_TRUST_CHANGED
                                                                                  : LLW_TRUST_NONE;
    llw_text_fini(&now);
    llw_text_fini(&place);
    return trust;
}

static void tell_left_out(llw_app *app, const llw_overlay *overlay) {
    for (size_t i = 0; i < overlay->n_left_out && i < LLW_OVERLAY_TOLD; i++) {
        llw_err err = overlay->left_out[i];
        strncat(err.text, ": it is left out", sizeof err.text - strlen(err.text) - 1);
        llw_app_fail(app, LLW_EXIT_CLEAN, &err);
    }
    if (overlay->n_left_out > LLW_OVERLAY_TOLD)
        llw_app_complain(app, LLW_EXIT_CLEAN, "%zu more files of %s are left out",
                         overlay->n_left_out - LLW_OVERLAY_TOLD, overlay->place);
}

static void ask(llw_trust trust, bool judges) {
    llw_app_tell("llwhy: the files in " LLW_PROJECT_DATA " %s, %s\n",
                 trust == LLW_TRUST_CHANGED ? "have changed since you agreed to them"
                                            : "came with this directory and you have not agreed to them yet",
                 judges ? "and their rules are run here, in a sandbox, to be judged"
                        : "so this answer is without them; read them, then say: llwhy trust .");
}

/* Commands that answer nothing from it, or say for themselves what became of it. */
static bool is_silent(const llw_options *o) {
    llw_command c = o->command;
    return c == LLW_COMMAND_TRUST || c == LLW_COMMAND_NEW || c == LLW_COMMAND_DOCTOR || c == LLW_COMMAND_KB ||
           c == LLW_COMMAND_COMPLETION || c == LLW_COMMAND_MANUAL || llw_option_given(o, LLW_OPT_HELP) ||
           llw_option_given(o, LLW_OPT_VERSION);
}

void llw_app_push_project(llw_app *app) {
    llw_command command = app->options.command;
    llw_overlay overlay;
    bool there = llw_overlay_read(app->arena, LLW_PROJECT_DATA, &overlay);
    app->trust = there ? trust_in(app, &overlay) : LLW_TRUST_NOTHING;
    bool given = app->trust == LLW_TRUST_GIVEN,
         judges = command == LLW_COMMAND_TEST || command == LLW_COMMAND_LINT_RULES;
    llw_data_push_files(LLW_PROJECT_DATA, overlay.files, given || judges ? overlay.n : 0);
    if (is_silent(&app->options)) return;
    bool asks = !given && app->trust != LLW_TRUST_NOTHING;
    if (asks) ask(app->trust, judges);
    if (!asks || judges) tell_left_out(app, &overlay);
}

int llw_command_trust(llw_app *app) {
    const char *project = app->options.n_words ? app->options.words[0] : ".";
    if (app->options.n_words > 1)
        return llw_app_complain(app, LLW_EXIT_USAGE, "llwhy trust DIR: one project at a time"), app->code;
    const char *directory = llw_path_join(app->arena, project, LLW_PROJECT_DATA);
    llw_overlay overlay;
    bool there = llw_overlay_read(app->arena, directory, &overlay);
    if (there) tell_left_out(app, &overlay);
    if (!there || !overlay.n)
        return llw_app_complain(app, LLW_EXIT_INPUT,
                                "%s holds no rules, stories or tables: there is nothing to agree to",
                                directory),
               app->code;
    const char *file = kept_at(app, &overlay);
    if (!file)
        return llw_app_complain(
                   app, LLW_EXIT_INPUT,
                   "there is no place to remember it: set HOME or XDG_STATE_HOME to a directory of yours"),
               app->code;
    llw_err err = {0};
    llw_text kept = {0};
    llw_overlay_write(&overlay, &kept);
    llw_rc rc = llw_file_replace(file, llw_text_str(&kept), kept.len, &err);
    llw_text_fini(&kept);
    if (rc != LLW_OK) return llw_app_fail(app, LLW_EXIT_INPUT, &err), app->code;
    llw_text out = {0};
    llw_text_addf(&out, "The %zu file%s of ", overlay.n, overlay.n == 1 ? "" : "s");
    llw_text_add_safe(&out, overlay.place, strlen(overlay.place), false);
    llw_text_addf(&out,
                  " %s part of every answer here from now on, as %s now; after a change you will be asked "
                  "again:\n",
                  overlay.n == 1 ? "is" : "are", overlay.n == 1 ? "it is" : "they are");
    for (size_t i = 0; i < overlay.n; i++) {
        llw_text_add(&out, "  ");
        llw_text_add_safe(&out, overlay.files[i].name, strlen(overlay.files[i].name), false);
        llw_text_add(&out, "\n");
    }
    llw_flatten(&out, &app->style);
    llw_app_print(app, &out);
    return app->code;
}
