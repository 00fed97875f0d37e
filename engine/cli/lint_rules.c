/* llwhy lint-rules [DIR|FILE...]: are the lessons whole, and can they work together? */
#include "base/data.h"
#include "base/file.h"
#include "cli/app.h"
#include "render/rulelint.h"

#include <string.h>

/* --facts, --gpu ...: a story may name them. */
static bool is_option(const char *spelling) {
    if (strncmp(spelling, "--", 2)) return false;
    for (int i = 0; i < LLW_OPTIONS; i++)
        if (!strcmp(llw_option_table[i].name, spelling + 2)) return true;
    return false;
}

/* The directory that holds rules.d, lessons and models, for a word that is one or names a rule file in one.
 */
static const char *data_directory(llw_app *app, const char *word) {
    if (llw_file_is_directory(word)) {
        const char *slash = strrchr(word, '/'), *last = slash ? slash + 1 : word;
        if (strcmp(last, "rules.d")) return word;
        return slash ? llw_arena_strndup(app->arena, word, (size_t)(slash - word)) : ".";
    }
    const char *rules = strstr(word, "rules.d/");
    if (!llw_file_is_regular(word) || !rules || (rules != word && rules[-1] != '/') || strchr(rules + 8, '/'))
        return NULL;
    return rules == word ? "." : llw_arena_strndup(app->arena, word, (size_t)(rules - 1 - word));
}

static bool push_words(llw_app *app) {
    const llw_options *o = &app->options;
    for (size_t i = 0; i < o->n_words; i++) {
        const char *directory = data_directory(app, o->words[i]);
        if (!directory)
            return llw_app_complain(
                app, LLW_EXIT_INPUT,
                "%s: it is neither a directory that holds rules.d and lessons, nor a file in a rules.d",
                o->words[i]);
        llw_data_push(directory);
    }
    return true;
}

/* Whether a lesson is one of those that were asked for: its file, or one under its directory. */
static bool is_asked(llw_app *app, const llw_lesson *lesson) {
    for (size_t i = 0; i < app->options.n_words; i++) {
        const char *word = app->options.words[i], *directory = data_directory(app, word);
        const char *under =
            llw_path_join(app->arena, directory, llw_arena_printf(app->arena, "rules.d/%s.lua", lesson->id));
        if (strcmp(lesson->file, under)) continue;
        if (llw_file_is_directory(word) || !strcmp(lesson->file, word) ||
            !strcmp(strrchr(lesson->file, '/') + 1, strrchr(word, '/') + 1))
            return true;
    }
    return false;
}

static bool is_listed(const llw_app *app, llw_option_id id, const llw_rulelint_finding *f) {
    const llw_lesson *lesson = *f->lesson ? llw_kb_lesson(app->kb, f->lesson) : NULL;
    const char *const names[] = {f->code, f->lesson, f->rule, lesson ? lesson->code : ""};
    const llw_options *o = &app->options;
    for (size_t i = 0; i < o->n_values[id]; i++)
        for (const char *at = o->values[id][i]; *at;) {
            size_t len = strcspn(at, ",");
            for (int k = 0; k < 4; k++)
                if (len && strlen(names[k]) == len && !strncmp(names[k], at, len)) return true;
            at += len + (at[len] == ',');
        }
    return false;
}

/* A word of --only or --ignore that means nothing would silently choose nothing. */
static bool check_names(llw_app *app, llw_option_id id) {
    const char *title, *text;
    llw_level level;
    for (size_t i = 0; i < app->options.n_values[id]; i++)
        for (const char *at = app->options.values[id][i]; *at;) {
            size_t len = strcspn(at, ",");
            const char *name = llw_arena_strndup(app->arena, at, len);
            if (len && !llw_rulelint_code(name, &title, &text, &level) && !llw_kb_lesson(app->kb, name) &&
                !llw_kb_rule(app->kb, name))
                return llw_app_complain(app, LLW_EXIT_USAGE,
                                        "--%s %s: it is a code such as K06, a lesson's id or a rule's id",
                                        llw_option_table[id].name, name);
            at += len + (at[len] == ',');
        }
    return true;
}

static void choose(llw_app *app, llw_rulelint *report) {
    const llw_options *o = &app->options;
    size_t kept = 0;
    for (size_t i = 0; i < report->n; i++)
        if ((!llw_option_given(o, LLW_OPT_ONLY) || is_listed(app, LLW_OPT_ONLY, &report->items[i])) &&
            !is_listed(app, LLW_OPT_IGNORE, &report->items[i]))
            report->items[kept++] = report->items[i];
    report->n = kept;
}

int llw_command_lint_rules(llw_app *app) {
    llw_rulelint report;
    llw_rulelint_ask ask = {.today = llw_app_today(app), .is_option = is_option};
    llw_level from = llw_app_fail_level(app);
    if (app->code || !push_words(app)) return app->code;
    app->kb = llw_kb_load(app->options.values[LLW_OPT_RULES], app->options.n_values[LLW_OPT_RULES], NULL);
    if (!check_names(app, LLW_OPT_ONLY) || !check_names(app, LLW_OPT_IGNORE)) return app->code;
    if (app->options.n_words) {
        const llw_lesson **some = llw_arena_alloc(app->arena, (app->kb->n_lessons + 1) * sizeof *some);
        for (size_t i = 0; i < app->kb->n_lessons; i++)
            if (is_asked(app, app->kb->lessons[i])) some[ask.n_lessons++] = app->kb->lessons[i];
        ask.lessons = some;
    }
    llw_rulelint_run(app->kb, &ask, app->arena, &report);
    choose(app, &report);
    llw_text out = {0};
    if (app->json)
        llw_render_rulelint_json(&out, &report);
    else {
        llw_render_rulelint_text(&out, &app->style, &report);
        llw_flatten(&out, &app->style);
    }
    llw_app_print(app, &out);
    for (size_t i = 0; i < report.n; i++)
        if (report.items[i].level >= from) llw_app_exit(app, LLW_EXIT_FINDINGS);
    if (app->kb->n_problems) llw_app_exit(app, LLW_EXIT_KB);
    return app->code;
}
