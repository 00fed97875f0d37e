/* llwhy contrast: two launches, models, machines, builds, or a prediction and its log beside each other. */
#include "base/file.h"
#include "cli/asking.h"
#include "fact/build.h"
#include "infer/cone.h"
#include "render/difference.h"

#include <stdlib.h>
#include <string.h>

typedef struct side {
    llw_app app;             /* facts and run of its own, or those of the base */
    llw_supposition changed; /* over the base */
    bool own;
    llw_side as;
} side;

static bool ends_with(const char *word, const char *end) {
    size_t len = strlen(word), n = strlen(end);
    return len > n && !strcmp(word + len - n, end);
}

static bool is_build(llw_app *app, const char *word) {
    llw_build build;
    bool looks = (*word == 'b' || *word == 'v') && word[1] >= '0' && word[1] <= '9';
    return looks && llw_build_read(app->arena, word, &build, NULL) == LLW_OK;
}

/* A word that brings facts of its own: a model, a facts file, a log. */
static bool brings_facts(llw_app *app, const char *word) {
    return llw_asking_names_model(app, word) || llw_file_is_regular(word);
}

/* The model that a log's load is of: --model, or the known one of that file name. */
static const char *model_of_log(llw_app *app) {
    const char *given = llw_option_value(&app->options, LLW_OPT_MODEL);
    if (given) return given;
    llw_app reading = *app;
    reading.facts = llw_facts_new();
    const char *model =
        llw_app_read_log(&reading) && reading.load ? llw_app_model_of_load(app, reading.load) : NULL;
    llw_facts_free(reading.facts);
    return model;
}

/* Gathers for one word; the other options stay as they are. */
static bool gather_own(llw_app *app, const char *word, side *s) {
    s->app = *app;
    s->app.facts = NULL;
    s->app.run = NULL;
    s->app.argv = (llw_argv_result){0};
    s->own = true;
    const char *model = NULL;
    if (ends_with(word, ".json")) {
        s->app.options.values[LLW_OPT_FACTS][0] = word;
        s->app.options.n_values[LLW_OPT_FACTS] = 1;
    } else if (llw_asking_names_model(app, word)) {
        model = word;
    } else {
        s->app.options.values[LLW_OPT_LOG][0] = word;
        s->app.options.n_values[LLW_OPT_LOG] = 1;
        model = model_of_log(&s->app);
    }
    if (!llw_app_gather(&s->app, model)) return false;
    if (!llw_asking_launch(&s->app))
        return llw_app_complain(&s->app, LLW_EXIT_USAGE, "%s: there is no launch in it", word);
    llw_app_run(&s->app);
    s->as = (llw_side){s->app.run, llw_asking_launch(&s->app), word};
    return true;
}

static bool suppose_over(llw_app *base, const char *const *words, size_t n, const char *name, side *s) {
    if (!llw_asking_suppose(base, words, n, &s->changed)) return false;
    s->as = (llw_side){s->changed.run, llw_asking_launch(base), name};
    return true;
}

/* What was measured of the launch is set aside: its prediction alone. */
static bool predict_again(llw_app *logged, side *s) {
    llw_entity launch = llw_asking_launch(logged);
    s->changed.facts = llw_facts_overlay(logged->facts);
    llw_value ubatch = llw_facts_value(logged->facts, launch, LLW_launch_ubatch);
    llw_facts_claim(s->changed.facts, launch, LLW_launch_ubatch, ubatch, LLW_GRADE_WHATIF, "what-if", "");
    s->changed.run = llw_run_beside(logged->run, s->changed.facts);
    s->as = (llw_side){s->changed.run, launch, "prediction"};
    return true;
}

static bool resolve(llw_app *base, const char *const *words, size_t n, side *s) {
    llw_text t = {0};
    for (size_t i = 0; i < n; i++) llw_text_addf(&t, "%s%s", i ? " " : "", words[i]);
    const char *name = llw_arena_strdup(base->arena, llw_text_str(&t));
    llw_text_fini(&t);
    if (n == 1 && !strcmp(name, "now")) {
        s->as = (llw_side){base->run, llw_asking_launch(base), "now"};
        return true;
    }
    if (n == 1 && brings_facts(base, name)) return gather_own(base, name, s);
    if (n == 1 && is_build(base, name)) {
        const char *word = llw_arena_printf(base->arena, "llama=%s", name);
        return suppose_over(base, &word, 1, name, s);
    }
    return suppose_over(base, words, n, llw_arena_printf(base->arena, "\"%s\"", name), s);
}

static void drop(side *s) {
    if (s->own) {
        llw_run_free(s->app.run);
        llw_facts_free(s->app.facts);
    }
    if (s->changed.run) llw_asking_drop(&s->changed);
}

/* A B MODEL: the launch to compare on is of that model. */
static bool third_is_model(llw_app *app) {
    const llw_options *o = &app->options;
    return o->n_words == 3 && llw_asking_names_model(app, o->words[2]) && o->words[0][0] != '-';
}

/* Where B begins: behind the first word, or behind the first flag's value. 0 when it cannot be told. */
static size_t second_of(const llw_options *o) {
    if (o->n_words == 2) return 1;
    bool flag = o->n_words && o->words[0][0] == '-' && !strchr(o->words[0], ' ');
    if (o->n_words == 4 && flag && o->words[2][0] == '-') return 2;
    return o->n_words > 2 && !strcmp(o->words[0], "now") ? 1 : 0;
}

/* The launch that changes are compared on: needed unless both sides bring their own. */
static bool base_of(llw_app *app, size_t second) {
    const llw_options *o = &app->options;
    if (third_is_model(app) && !strcmp(o->words[0], "prediction")) { /* whose log it is */
        app->options.values[LLW_OPT_MODEL][0] = o->words[2];
        app->options.n_values[LLW_OPT_MODEL] = 1;
        app->options.n_words = 2;
    }
    bool alone = second == 1 && o->n_words == 2 && brings_facts(app, o->words[1]) &&
                 (brings_facts(app, o->words[0]) || !strcmp(o->words[0], "prediction"));
    if (alone) {
        llw_app_load_kb(app);
        return true;
    }
    llw_options *words = &app->options;
    const char **all = words->words;
    size_t n = words->n_words;
    bool model = third_is_model(app);
    words->words = all + (model ? 2 : n);
    words->n_words = model ? 1 : 0;
    bool ok = llw_asking_start(app, NULL);
    words->words = all;
    words->n_words = model ? 2 : n;
    return ok;
}

static bool both_sides(llw_app *app, size_t second, side *a, side *b) {
    const llw_options *o = &app->options;
    if (second == 1 && !strcmp(o->words[0], "prediction"))
        return resolve(app, o->words + 1, o->n_words - 1, b) && b->own && predict_again(&b->app, a);
    return resolve(app, o->words, second, a) && resolve(app, o->words + second, o->n_words - second, b);
}

int llw_command_contrast(llw_app *app) {
    llw_options *o = &app->options;
    size_t second = third_is_model(app) ? 1 : second_of(o);
    if (!second) {
        llw_app_complain(
            app, LLW_EXIT_USAGE,
            "llwhy contrast A B [MODEL]: which two? Each in quotes when it is several words: llwhy "
            "contrast \"-ub 512\" \"-c 65536\"");
        return app->code;
    }
    side a = {0}, b = {0};
    if (base_of(app, second) && both_sides(app, second, &a, &b)) {
        llw_difference d;
        llw_differ(&a.as, &b.as, app->arena, &d);
        llw_text out = {0};
        if (app->json)
            llw_render_contrast_json(&out, &d);
        else
            llw_render_contrast_text(&out, &app->style, &d);
        llw_app_print(app, &out);
    }
    llw_app_exit(app, a.app.code);
    llw_app_exit(app, b.app.code);
    drop(&a);
    drop(&b);
    return app->code;
}
