/* llwhy kb diff A [B]: which answers change between two sets of rules, lessons and models? */
#include "base/data.h"
#include "base/file.h"
#include "cli/app.h"
#include "fact/facts_json.h"
#include "render/kbdiff.h"

#include <string.h>

/* One side's data from now on: a whole tree alone, anything else over what is carried; NULL: that itself. */
static void use_side(llw_app *app, const char *directory) {
    llw_data_reset();
    if (!directory) return;
    if (llw_file_is_regular(llw_path_join(app->arena, directory, "models/builds.tsv")))
        llw_data_alone(directory);
    else
        llw_data_push(directory);
}

static llw_kb *load_side(llw_app *app, const char *directory, llw_kb_corpus *corpus) {
    use_side(app, directory);
    llw_kb *kb = llw_kb_load(NULL, 0, NULL);
    for (size_t i = 0; i < kb->n_problems; i++) llw_app_fail(app, LLW_EXIT_KB, &kb->problems[i]);
    llw_kb_corpus_add(corpus, kb, app->arena);
    return kb;
}

static bool add_file(llw_app *app, llw_kb_corpus *corpus, const char *path) {
    char *bytes = NULL;
    size_t len = 0;
    llw_err err = {0};
    if (llw_file_read(app->arena, path, LLW_FACTS_JSON_MAX, &bytes, &len, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_INPUT, &err);
    llw_kb_corpus_add_file(corpus, path, bytes, len, app->arena);
    return true;
}

/* --facts: files, and directories with files that end in .json. */
static void add_facts(llw_app *app, llw_kb_corpus *corpus) {
    const llw_options *o = &app->options;
    for (size_t i = 0; i < o->n_values[LLW_OPT_FACTS]; i++) {
        const char *path = o->values[LLW_OPT_FACTS][i];
        char **names = NULL;
        size_t n = 0;
        if (!llw_file_is_directory(path)) {
            add_file(app, corpus, path);
            continue;
        }
        llw_directory_list(app->arena, path, &names, &n, NULL);
        for (size_t k = 0; k < n; k++) {
            size_t len = strlen(names[k]);
            if (len > 5 && !strcmp(names[k] + len - 5, ".json"))
                add_file(app, corpus, llw_path_join(app->arena, path, names[k]));
        }
    }
}

static bool check_words(llw_app *app) {
    const llw_options *o = &app->options;
    if (o->n_words < 2 || o->n_words > 3 || strcmp(o->words[0], "diff"))
        return llw_app_complain(app, LLW_EXIT_USAGE,
                                "llwhy kb diff A [B]: two directories that hold rules.d, lessons and models");
    for (size_t i = 1; i < o->n_words; i++) {
        const char *rules = llw_path_join(app->arena, o->words[i], "rules.d"),
                   *models = llw_path_join(app->arena, o->words[i], "models");
        if (!llw_file_is_directory(rules) && !llw_file_is_directory(models))
            return llw_app_complain(app, LLW_EXIT_INPUT, "%s: it holds neither rules.d nor models",
                                    o->words[i]);
    }
    return true;
}

int llw_command_kb(llw_app *app) {
    const llw_options *o = &app->options;
    if (!check_words(app)) return app->code;
    const char *a = o->n_words == 3 ? o->words[1] : NULL, *b = o->words[o->n_words - 1];
    llw_kb_corpus corpus = {0};
    llw_kb *kb_b = load_side(app, b, &corpus), *kb_a = load_side(app, a, &corpus);
    add_facts(app, &corpus);
    llw_kb_answers *was = llw_arena_alloc(app->arena, (corpus.n + 1) * sizeof *was),
                   *is = llw_arena_alloc(app->arena, (corpus.n + 1) * sizeof *is);
    use_side(app, a);
    llw_kb_answer_all(kb_a, &corpus, app->arena, was);
    use_side(app, b);
    llw_kb_answer_all(kb_b, &corpus, app->arena, is);
    llw_kb_diff diff = {.a = a ? a : "built in", .b = b};
    llw_kb_compare(&corpus, was, is, app->arena, &diff);
    llw_text out = {0};
    if (app->json)
        llw_render_kbdiff_json(&out, &diff);
    else {
        llw_render_kbdiff_text(&out, &app->style, &diff, llw_option_given(o, LLW_OPT_ALL));
        llw_flatten(&out, &app->style);
    }
    llw_app_print(app, &out);
    if (diff.n_cases) llw_app_exit(app, LLW_EXIT_FINDINGS);
    llw_kb_free(kb_a);
    llw_kb_free(kb_b);
    return app->code;
}
