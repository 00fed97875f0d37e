/* llwhy teach: what is due, the list of cases, one case, all that is due, the course, a drill for a group, a
 * case from a file of one's own. */
#include "base/file.h"
#include "cli/teach_sit.h"
#include "fact/build.h"
#include "render/teach.h"
#include "render/teach_drill.h"
#include "source/config/config.h"
#include "source/model/known.h"
#include "source/model/model_open.h"
#include "teach/deck.h"
#include "teach/from_launch.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_STATE = 16 << 20 };

typedef struct teaching {
    llw_app *app;
    char **ids;
    llw_case *cases; /* as ids; the title of one that cannot be read is NULL */
    size_t n;
    llw_deck deck;
    const char *today;
} teaching;

static void load(teaching *t) {
    llw_app *app = t->app;
    const char *path = llw_sitting_deck_path(app);
    char *bytes = NULL;
    size_t len = 0;
    llw_case_list(app->arena, &t->ids, &t->n);
    t->cases = llw_arena_alloc(app->arena, (t->n + 1) * sizeof *t->cases);
    for (size_t i = 0; i < t->n; i++) {
        llw_err err = {0};
        if (llw_case_load(app->arena, t->ids[i], &t->cases[i], &err) == LLW_OK) continue;
        llw_app_fail(app, LLW_EXIT_KB, &err);
        t->cases[i].title = NULL;
    }
    if (path) llw_file_read(app->arena, path, MAX_STATE, &bytes, &len, NULL);
    llw_deck_read(app->arena, bytes, &t->deck);
    t->today = llw_app_today(app);
}

static const llw_case *get_case(const teaching *t, const char *id) {
    for (size_t i = 0; id && i < t->n; i++)
        if (!strcmp(t->ids[i], id) && t->cases[i].title) return &t->cases[i];
    return NULL;
}

static const char *next_case(const teaching *t) {
    return llw_deck_next(t->app->arena, &t->deck, t->ids, t->n, t->today);
}

/* ---- lists ---- */

/* "L05", or "L05 L07" of a case that needs several. */
static const char *codes_of(const teaching *t, const llw_case *c) {
    llw_text out = {0};
    const llw_lesson *lesson = llw_kb_lesson(t->app->kb, c->lesson);
    llw_text_add(&out, lesson ? lesson->code : "?");
    for (size_t i = 0; i < c->also.n; i++) {
        lesson = llw_kb_lesson(t->app->kb, c->also.items[i]);
        llw_text_addf(&out, " %s", lesson ? lesson->code : "?");
    }
    const char *text = llw_arena_strdup(t->app->arena, llw_text_str(&out));
    llw_text_fini(&out);
    return text;
}

static const char *standing(const teaching *t, const char *id) {
    static const char *const names[] = {"wrong", "half right", "right"};
    const llw_card *card = llw_deck_find(&t->deck, id);
    return !card ? "new" : card->sure_wrong ? "wrong, and you were sure" : names[card->score];
}

static void add_line(const teaching *t, llw_text *out, const llw_case *c) {
    const llw_card *card = llw_deck_find(&t->deck, c->id);
    llw_text_addf(out, "%-28s %-12s %-25s %-11s %s\n", c->id, codes_of(t, c), standing(t, c->id),
                  card ? card->due : "", c->title);
}

static void list_text(const teaching *t) {
    llw_text out = {0};
    for (size_t i = 0; i < t->n; i++)
        if (t->cases[i].title) add_line(t, &out, &t->cases[i]);
    const char *next = next_case(t);
    llw_text_addf(&out, next ? "Next: llwhy teach %s\n" : "Nothing is due today. Any can be done again.\n",
                  next);
    llw_flatten(&out, &t->app->style);
    llw_app_print(t->app, &out);
}

static void list_json(const teaching *t) {
    static const char *const names[] = {"wrong", "half", "right"};
    json_t *root = json_object(), *cases = json_array();
    for (size_t i = 0; i < t->n; i++) {
        const llw_case *c = &t->cases[i];
        const llw_card *card = llw_deck_find(&t->deck, t->ids[i]);
        if (!c->title) continue;
        json_t *also = json_array(),
               *o = json_pack("{s:s,s:s,s:s,s:i,s:i,s:o}", "id", c->id, "lesson", c->lesson, "title",
                              c->title, "minutes", c->minutes, "questions", (int)c->n_asks, "also", also);
        for (size_t k = 0; k < c->also.n; k++) json_array_append_new(also, json_string(c->also.items[k]));
        if (card) {
            json_object_set_new(o, "score", json_string(names[card->score]));
            json_object_set_new(o, "box", json_integer(card->box));
            json_object_set_new(o, "due", json_string(card->due));
        }
        json_array_append_new(cases, o);
    }
    const char *next = next_case(t);
    json_object_set_new(root, "schema", json_string("llwhy.cases/1"));
    json_object_set_new(root, "cases", cases);
    json_object_set_new(root, "next", next ? json_string(next) : json_null());
    char *text = json_dumps(root, JSON_INDENT(1));
    llw_text out = {0};
    if (text) llw_text_add_json_safe(&out, text);
    llw_text_add(&out, "\n");
    free(text);
    json_decref(root);
    llw_app_print(t->app, &out);
}

/* What to do now: what was left in the middle, what is due, what is new. */
static void say_due(const teaching *t) {
    llw_app *app = t->app;
    llw_text out = {0};
    const char **due = llw_arena_alloc(app->arena, (t->n + 1) * sizeof *due), *next = next_case(t);
    size_t n = llw_deck_due(&t->deck, t->ids, t->n, t->today, due), fresh = 0, answered = 0;
    int minutes = 0;
    const char *left = llw_sitting_left(app, &answered);
    for (size_t i = 0; i < t->n; i++) fresh += t->cases[i].title && !llw_deck_find(&t->deck, t->ids[i]);
    for (size_t i = 0; i < n; i++) minutes += get_case(t, due[i]) ? get_case(t, due[i])->minutes : 0;
    if (left) llw_text_addf(&out, "Left in the middle: llwhy teach %s goes on.\n", left);
    if (n)
        llw_text_addf(&out, "Due today: %zu case%s, about %d minutes. llwhy teach due takes them in turn.\n",
                      n, n == 1 ? "" : "s", minutes);
    for (size_t i = 0; i < n; i++)
        if (get_case(t, due[i])) add_line(t, &out, get_case(t, due[i]));
    if (!n) llw_text_add(&out, t->deck.n ? "Nothing is due today.\n" : "No case was done yet.\n");
    llw_text_addf(&out,
                  "New: %zu of %zu cases. llwhy teach list shows all, llwhy teach course is a way through "
                  "the lessons in 45 "
                  "minutes.\n",
                  fresh, t->n);
    if (next) llw_text_addf(&out, "Next: llwhy teach %s\n", next);
    llw_flatten(&out, &app->style);
    llw_app_print(app, &out);
}

/* ---- sittings ---- */

/* The case of that id, or the only one that begins so. */
static const llw_case *find_case(const teaching *t, const char *name) {
    const char *found = NULL;
    if (!strcmp(name, "next")) return get_case(t, (found = next_case(t)) ? found : t->n ? t->ids[0] : NULL);
    for (size_t i = 0; i < t->n; i++) {
        if (!strcmp(t->ids[i], name)) return get_case(t, name);
        if (strncmp(t->ids[i], name, strlen(name))) continue;
        if (found) {
            llw_app_complain(t->app, LLW_EXIT_USAGE, "'%s' begins several cases: %s, %s", name, found,
                             t->ids[i]);
            return NULL;
        }
        found = t->ids[i];
    }
    if (!found)
        llw_app_complain(t->app, LLW_EXIT_USAGE, "there is no case '%s'; llwhy teach list shows them", name);
    return get_case(t, found);
}

static void hold_one(llw_app *app, const llw_case *c, bool kept) {
    llw_sitting s;
    if (!llw_sitting_open(app, &s)) return;
    s.kept = kept;
    llw_sitting_hold(&s, c);
    llw_sitting_close(&s);
}

/* Several cases one after the other; a learner who stops takes them up again later. */
static void hold_all(const teaching *t, const llw_case **cases, size_t n, const char *what) {
    llw_sitting s;
    int minutes = 0;
    size_t done = 0;
    if (!llw_sitting_open(t->app, &s)) return;
    for (size_t i = 0; i < n; i++) minutes += cases[i]->minutes;
    for (size_t i = 0; i < n && !s.ended; i++) {
        s.say =
            llw_arena_printf(t->app->arena, "%s%s: case %zu of %zu, about %d minutes from here to the end.\n",
                             i ? "\n" : "", what, i + 1, n, minutes);
        minutes -= cases[i]->minutes;
        if (!llw_sitting_hold(&s, cases[i])) break;
        done += s.finished;
    }
    llw_text out = {0};
    llw_text_addf(&out, "\n%s: %zu of %zu done.%s\n", what, done, n,
                  done < n ? " The same command goes on." : "");
    if (!t->app->json) llw_app_print(t->app, &out);
    llw_text_fini(&out);
    llw_sitting_close(&s);
}

static void hold_due(const teaching *t) {
    const char **due = llw_arena_alloc(t->app->arena, (t->n + 1) * sizeof *due);
    const llw_case **cases = llw_arena_alloc(t->app->arena, (t->n + 1) * sizeof *cases);
    size_t n = llw_deck_due(&t->deck, t->ids, t->n, t->today, due), kept = 0;
    for (size_t i = 0; i < n; i++)
        if (get_case(t, due[i])) cases[kept++] = get_case(t, due[i]);
    if (kept)
        hold_all(t, cases, kept, "Due today");
    else
        say_due(t);
}

/* The way through the seven founding lessons: the first case of the tree and of each of them, and one that
 * needs several. */
static void hold_course(const teaching *t) {
    enum { LAST_FOUNDING = 7 };
    const llw_case **cases = llw_arena_alloc(t->app->arena, (t->n + 1) * sizeof *cases);
    size_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        const llw_case *c = &t->cases[i];
        const llw_card *card = llw_deck_find(&t->deck, t->ids[i]);
        bool several = false;
        if (!c->title) continue;
        for (size_t k = 0; k < n; k++) several |= cases[k]->also.n > 0;
        bool founding = !c->also.n && c->id[0] == '0' && c->id[1] >= '0' && c->id[1] <= '0' + LAST_FOUNDING &&
                        c->id[2] == 'a';
        bool done =
            card && card->score == LLW_SCORE_RIGHT && !llw_option_given(&t->app->options, LLW_OPT_BATCH);
        if ((founding || (c->also.n && !several)) && !done) cases[n++] = c;
    }
    if (n) {
        hold_all(t, cases, n, "Course");
        return;
    }
    llw_text out = {0};
    llw_text_add(&out, "Every case of the course was right. llwhy teach due shows what is to be repeated.\n");
    llw_app_print(t->app, &out);
}

static void drill(const teaching *t, const llw_case *c) {
    llw_app *app = t->app;
    llw_misconceptions misconceptions;
    llw_transcript transcript;
    llw_err err = {0};
    llw_text out = {0};
    if (!c) return;
    if (llw_misconceptions_load(app->arena, &misconceptions, &err) != LLW_OK ||
        llw_transcript_start(app->kb, c, &misconceptions, app->arena, &transcript, &err) != LLW_OK) {
        llw_app_fail(app, LLW_EXIT_KB, &err);
        return;
    }
    if (llw_render_drill(&out, &app->style, &transcript, &err) != LLW_OK)
        llw_app_fail(app, LLW_EXIT_KB, &err);
    llw_app_print(app, &out);
    llw_transcript_end(&transcript);
}

/* ---- a case from a file ---- */

/* The machine as the options of a case: what is given, or what is here. */
static bool read_machine(llw_app *app, llw_case_setting *out) {
    if (!llw_app_gather_machine(app)) return false;
    size_t capacity = 0;
    void *items = NULL;
    for (llw_entity g = 0; (g = llw_facts_next(app->facts, LLW_KIND_gpu, g));) {
        int64_t total = 0, available = 0;
        const char *name = "";
        llw_facts_text(app->facts, g, LLW_gpu_name, &name);
        if (!llw_facts_count(app->facts, g, LLW_gpu_total, &total) ||
            !llw_facts_count(app->facts, g, LLW_gpu_free, &available))
            continue;
        *(const char **)llw_arena_push(app->arena, &items, &out->gpus.n, &capacity, sizeof(char *)) =
            llw_arena_printf(app->arena, "%lld:%lld%s%s", (long long)(total >> 20),
                             (long long)(available >> 20), *name ? ":" : "", name);
    }
    out->gpus.items = items;
    int64_t ram = 0, left = 0;
    llw_entity host = llw_facts_next(app->facts, LLW_KIND_host, 0);
    bool known = host && llw_facts_count(app->facts, host, LLW_host_ram_total, &ram);
    if (known && !llw_facts_count(app->facts, host, LLW_host_ram_available, &left)) left = ram;
    if (!out->gpus.n || !known)
        return llw_app_complain(
            app, LLW_EXIT_USAGE,
            "which machine did it run on? Give its cards and memory: --gpu TOTAL:FREE:NAME "
            "--ram TOTAL, in MiB");
    out->ram = llw_arena_printf(app->arena, "%lld:%lld", (long long)(ram >> 20), (long long)(left >> 20));
    return true;
}

static bool is_known(llw_app *app, const char *name) {
    char **names = NULL;
    size_t n = 0;
    llw_known_list(app->arena, &names, &n);
    for (size_t i = 0; name && i < n; i++)
        if (!strcasecmp(names[i], name)) return true;
    return false;
}

/* What the launch is read with: --model, the file that lies where the configuration has it (its header is
 * enough), or NULL for a known model by its file's name. False, and said, when nobody knows the model. */
static bool choose_model(llw_app *app, const llw_config_launch *launch, const char **model) {
    const char *given = llw_option_value(&app->options, LLW_OPT_MODEL), *path = launch->argv.model.path;
    const char *found = NULL;
    *model = given;
    if (given && (llw_file_is_regular(given) || is_known(app, given))) return true;
    if (given)
        return llw_app_complain(app, LLW_EXIT_INPUT,
                                "--model %s: there is no such file, and llwhy models has no such name",
                                given);
    if (launch->model && llw_facts_value(app->facts, launch->model, LLW_model_architecture).known) {
        llw_facts_text(app->facts, launch->model, LLW_model_path, &found);
        if (found && llw_file_is_regular(found)) *model = found;
        return true;
    }
    if (!path || launch->argv.model.remote)
        return llw_app_complain(
            app, LLW_EXIT_INPUT,
            path ? "%s:%d: the model %s is far away and would be fetched when it starts: name a file "
                   "or a known model with --model (llwhy models lists them)"
                 : "%s:%d: it names no model%s: name one with --model",
            launch->file, launch->line, path ? path : "");
    return llw_app_complain(
        app, LLW_EXIT_INPUT,
        "%s:%d: the model %s is not here: it was looked for beside the file, in models/ and where "
        "Compose mounts it, and llwhy models has no such name. Put the file there (its header is "
        "enough), or name a file or a known model with --model",
        launch->file, launch->line, path);
}

static bool is_read_from(const llw_config_launch *launch, const char *path) {
    size_t len = strlen(path);
    if (!strcmp(launch->file, path)) return true;
    for (size_t i = 0; i < launch->n_args + launch->n_env; i++) {
        const llw_token *token =
            i < launch->n_args ? &launch->args[i] : &launch->env[i - launch->n_args].value;
        for (; token; token = token->lost)
            if (token->place && !strncmp(token->place, path, len) && token->place[len] == ':') return true;
    }
    return false;
}

/* The files that say something about the launch, as the case's own. */
static void take_files(llw_app *app, const llw_config_result *config, const llw_config_launch *launch,
                       llw_case_setting *out) {
    out->files = llw_arena_alloc(app->arena, (config->n_inputs + 1) * sizeof *out->files);
    for (size_t i = 0; i < config->n_inputs; i++)
        if (is_read_from(launch, config->inputs[i].path)) out->files[out->n_files++] = config->inputs[i];
    out->started = llw_facts_id(app->facts, launch->launch);
}

static const llw_config_launch *choose_launch(llw_app *app, const llw_config_result *config, const char *file,
                                              const char *profile) {
    const llw_config_launch *found = NULL;
    llw_text names = {0};
    size_t n = 0;
    for (size_t i = 0; i < config->n_launches; i++) {
        const llw_config_launch *l = &config->launches[i];
        if (profile && strcmp(l->name, profile)) continue;
        llw_text_addf(&names, "%s%s", n++ ? ", " : "", l->name);
        found = l;
    }
    if (n != 1)
        llw_app_complain(app, LLW_EXIT_USAGE,
                         n ? "%s has several launches: name one of them, %s:NAME (%s)"
                           : "%s has no launch of llama.cpp%s%s",
                         file,
                         n         ? file
                         : profile ? " called "
                                   : "",
                         n         ? llw_text_str(&names)
                         : profile ? profile
                                   : "");
    llw_text_fini(&names);
    return n == 1 ? found : NULL;
}

static void teach_from(llw_app *app, const char *word) {
    llw_err err = {0};
    llw_flags flags;
    llw_config_result config = {0};
    const char *colon = llw_file_is_regular(word) ? NULL : strrchr(word, ':'),
               *version = llw_option_value(&app->options, LLW_OPT_LLAMA);
    const char *file = colon ? llw_arena_strndup(app->arena, word, (size_t)(colon - word)) : word;
    llw_case_setting setting = {0};
    llw_build build;
    app->facts = llw_facts_new();
    if (llw_flags_load(&flags, &err) != LLW_OK ||
        llw_build_read(app->arena, version, &build, &err) != LLW_OK) {
        llw_app_fail(app, LLW_EXIT_USAGE, &err);
        return;
    }
    if (!read_machine(app, &setting)) return;
    llw_config_options options = {.build_given = version != NULL, .flags = &flags};
    options.build = llw_build_claim(app->facts, version, version ? LLW_GRADE_FLAG : LLW_GRADE_DEFAULT,
                                    version ? "argument" : "default", version ? "--llama" : "", &err);
    if (!options.build || llw_source_config(app->facts, file, &options, &config, &err) != LLW_OK) {
        llw_app_fail(app, LLW_EXIT_INPUT, &err);
        return;
    }
    const llw_config_launch *launch = choose_launch(app, &config, file, colon ? colon + 1 : NULL);
    if (!launch || !choose_model(app, launch, &setting.model)) return;
    setting.llama = llw_facts_id(app->facts, launch->argv.build);
    take_files(app, &config, launch, &setting);
    llw_case *c = llw_arena_alloc(app->arena, sizeof *c);
    const char *where =
        *launch->name ? llw_arena_printf(app->arena, "%s (%s)", launch->file, launch->name) : launch->file;
    if (llw_case_from_launch(app->kb, app->arena, &setting, where, c, &err) != LLW_OK)
        llw_app_fail(app, LLW_EXIT_INPUT, &err);
    else
        hold_one(app, c, false);
}

int llw_command_teach(llw_app *app) {
    const llw_options *o = &app->options;
    const char *word = o->n_words ? o->words[0] : "", *from = llw_option_value(o, LLW_OPT_FROM);
    bool drills = !strcmp(word, "drill");
    if (o->n_words > (drills ? 2 : 1) || (from && o->n_words))
        return llw_app_complain(
                   app, LLW_EXIT_USAGE,
                   "llwhy teach CASE: one case at a time; list, due, course and drill stand alone"),
               app->code;
    llw_app_load_kb(app);
    if (from) {
        teach_from(app, from);
        return app->code;
    }
    teaching t = {.app = app};
    load(&t);
    if (app->json && (!*word || !strcmp(word, "list")))
        list_json(&t);
    else if (!*word)
        say_due(&t);
    else if (!strcmp(word, "list"))
        list_text(&t);
    else if (!strcmp(word, "due"))
        hold_due(&t);
    else if (!strcmp(word, "course"))
        hold_course(&t);
    else if (drills)
        drill(&t, find_case(&t, o->n_words == 2 ? o->words[1] : "next"));
    else {
        const llw_case *c = find_case(&t, word);
        if (c) hold_one(app, c, true);
    }
    return app->code;
}
