/* The words of a question, its model, its launch. */
#include "cli/asking.h"
#include "base/file.h"
#include "infer/cone.h"
#include "source/model/known.h"

#include <string.h>
#include <strings.h>

static bool is_known_model(llw_app *app, const char *word) {
    char **names = NULL;
    size_t n = 0;
    llw_known_list(app->arena, &names, &n);
    for (size_t i = 0; i < n; i++)
        if (!strcasecmp(names[i], word)) return true;
    return false;
}

bool llw_asking_names_model(llw_app *app, const char *word) {
    size_t len = strlen(word);
    if (*word == '-' || (strchr(word, '=') && !llw_file_is_regular(word))) return false;
    return (len > 5 && !strcasecmp(word + len - 5, ".gguf")) || llw_file_is_directory(word) ||
           is_known_model(app, word);
}

bool llw_asking_start(llw_app *app, const char *usage) {
    llw_options *o = &app->options;
    const char *model = NULL;
    if (o->n_words && llw_asking_names_model(app, o->words[o->n_words - 1])) model = o->words[--o->n_words];
    if (!o->n_words && usage) return llw_app_complain(app, LLW_EXIT_USAGE, "%s", usage);
    bool fresh = model || llw_option_given(o, LLW_OPT_FACTS) || o->flags_given;
    if (!fresh && app->kept) return true;
    if (fresh ? !llw_app_gather(app, model) : !llw_app_recall(app)) return false;
    if (!llw_asking_launch(app))
        return llw_app_complain(app, LLW_EXIT_USAGE, "there is no launch to ask about: name a model");
    llw_app_run(app);
    return true;
}

llw_entity llw_asking_launch(const llw_app *app) {
    return app->argv.launch ? app->argv.launch : llw_facts_next(app->facts, LLW_KIND_launch, 0);
}

bool llw_asking_suppose(llw_app *app, const char *const *words, size_t n, llw_supposition *out) {
    llw_err err = {0};
    *out = (llw_supposition){.facts = llw_facts_overlay(app->facts)};
    if (llw_suppose(out->facts, llw_asking_launch(app), words, n, &out->supposed, &err) != LLW_OK) {
        llw_facts_free(out->facts);
        out->facts = NULL;
        return llw_app_fail(app, LLW_EXIT_USAGE, &err);
    }
    out->run = llw_run_beside(app->run, out->facts);
    return true;
}

void llw_asking_drop(llw_supposition *supposition) {
    llw_run_free(supposition->run);
    if (supposition->facts) llw_facts_free(supposition->facts);
    *supposition = (llw_supposition){0};
}

const char *llw_asking_said(llw_arena *arena, const llw_supposed *supposed) {
    llw_text t = {0};
    for (size_t i = 0; i < supposed->n; i++)
        llw_text_addf(&t, "%s%s", !i ? "" : i + 1 < supposed->n ? ", " : " and ", supposed->items[i]);
    const char *text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

void llw_asking_judge(llw_app *app, const llw_decision *d) {
    llw_level from = llw_app_fail_level(app);
    for (size_t i = 0; i < d->n_reasons; i++)
        if (d->reasons[i].level >= from) llw_app_exit(app, LLW_EXIT_FINDINGS);
    bool bad = d->verdict == LLW_VERDICT_FAILS || d->verdict == LLW_VERDICT_LIKELY_FAILS ||
               d->verdict == LLW_VERDICT_REFUSED;
    if (bad && from <= LLW_LEVEL_WRONG) llw_app_exit(app, LLW_EXIT_FINDINGS);
}
