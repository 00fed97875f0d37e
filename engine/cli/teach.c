/* llwhy teach: the list of cases, one case at the terminal or from a file of answers, and what was done so
 * far. */
#include "base/data.h"
#include "base/file.h"
#include "cli/app.h"
#include "render/teach.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MAX_BATCH = 1 << 20, MAX_STATE = 16 << 20, MAX_TRIES = 3, CHAIN_DEPTH = 3 };

typedef struct sitting {
    llw_app *app;
    llw_transcript t;
    bool batch, echo;
    FILE *in; /* where answers come from */
    char *line;
    size_t capacity;
    bool ended; /* no more answers, or the learner stopped */
} sitting;

/* ---- what was done before: one JSON object a line, the last of a case counts ---- */

static const char *state_path(llw_app *app) {
    const char *directory = llw_app_state_directory(app);
    return directory ? llw_path_join(app->arena, directory, "teach.jsonl") : NULL;
}

/* "right", "half", "wrong", or "" when the case was not done. */
static const char *score_so_far(llw_app *app, const char *id) {
    const char *path = state_path(app), *score = "";
    char *bytes = NULL;
    size_t len = 0;
    if (!path || llw_file_read(app->arena, path, MAX_STATE, &bytes, &len, NULL) != LLW_OK) return "";
    for (char *line = bytes; line && *line;) {
        size_t n = strcspn(line, "\n");
        json_t *o = json_loadb(line, n, 0, NULL); /* a line that cannot be read is no record */
        const char *name = json_string_value(json_object_get(o, "case")),
                   *was = json_string_value(json_object_get(o, "score"));
        if (name && was && !strcmp(name, id)) score = llw_arena_strdup(app->arena, was);
        json_decref(o);
        line += n + (line[n] == '\n');
    }
    return score;
}

static void remember(sitting *s) {
    static const char *const names[] = {"wrong", "half", "right"};
    const char *path = state_path(s->app);
    FILE *file = path ? fopen(path, "ae") : NULL;
    if (!file) return; /* a convenience: its loss is no error */
    size_t right = 0, asked = 0;
    llw_score score = llw_transcript_score(&s->t, &right, &asked);
    char date[16];
    time_t now = time(NULL);
    struct tm tm;
    gmtime_r(&now, &tm);
    strftime(date, sizeof date, "%Y-%m-%d", &tm);
    fprintf(file,
            "{\"case\":\"%s\",\"date\":\"%s\",\"score\":\"%s\",\"right\":%zu,\"asked\":%zu,\"hints\":%zu}\n",
            s->t.c->id, date, names[score], right, asked, s->t.hints);
    fclose(file);
}

/* ---- the list ---- */

static const char *next_case(llw_app *app, char **ids, size_t n) {
    static const char *const order[] = {"", "wrong", "half"};
    for (size_t k = 0; k < sizeof order / sizeof *order; k++)
        for (size_t i = 0; i < n; i++)
            if (!strcmp(score_so_far(app, ids[i]), order[k])) return ids[i];
    return NULL;
}

static void list_text(llw_app *app, char **ids, size_t n) {
    llw_text out = {0};
    for (size_t i = 0; i < n; i++) {
        llw_case c;
        llw_err err = {0};
        if (llw_case_load(app->arena, ids[i], &c, &err) != LLW_OK) {
            llw_app_fail(app, LLW_EXIT_KB, &err);
            continue;
        }
        const llw_lesson *lesson = llw_kb_lesson(app->kb, c.lesson);
        const char *was = score_so_far(app, ids[i]);
        llw_text_addf(&out, "%-28s %-4s %-10s %s\n", ids[i], lesson ? lesson->code : "?",
                      *was ? !strcmp(was, "half") ? "half right" : was : "not done", c.title);
    }
    const char *next = next_case(app, ids, n);
    llw_text_addf(&out, next ? "Next: llwhy teach %s\n" : "All of them are right. Any can be done again.\n",
                  next);
    llw_flatten(&out, &app->style);
    llw_app_print(app, &out);
}

static void list_json(llw_app *app, char **ids, size_t n) {
    json_t *root = json_object(), *cases = json_array();
    for (size_t i = 0; i < n; i++) {
        llw_case c;
        llw_err err = {0};
        if (llw_case_load(app->arena, ids[i], &c, &err) != LLW_OK) {
            llw_app_fail(app, LLW_EXIT_KB, &err);
            continue;
        }
        const char *was = score_so_far(app, ids[i]);
        json_array_append_new(cases, json_pack("{s:s,s:s,s:s,s:i,s:i,s:s*}", "id", c.id, "lesson", c.lesson,
                                               "title", c.title, "minutes", c.minutes, "questions",
                                               (int)c.n_asks, "score", *was ? was : NULL));
    }
    const char *next = next_case(app, ids, n);
    json_object_set_new(root, "schema", json_string("llwhy.cases/1"));
    json_object_set_new(root, "cases", cases);
    json_object_set_new(root, "next", next ? json_string(next) : json_null());
    char *text = json_dumps(root, JSON_INDENT(1));
    llw_text out = {0};
    if (text) llw_text_add_json_safe(&out, text);
    llw_text_add(&out, "\n");
    free(text);
    json_decref(root);
    llw_app_print(app, &out);
}

/* The case of that id, or the only one that begins so. */
static const char *find_case(llw_app *app, const char *name, char **ids, size_t n) {
    const char *found = NULL;
    if (!strcmp(name, "next")) return (found = next_case(app, ids, n)) ? found : n ? ids[0] : NULL;
    for (size_t i = 0; i < n; i++) {
        if (!strcmp(ids[i], name)) return ids[i];
        if (strncmp(ids[i], name, strlen(name))) continue;
        if (found) {
            llw_app_complain(app, LLW_EXIT_USAGE, "'%s' begins several cases: %s, %s", name, found, ids[i]);
            return NULL;
        }
        found = ids[i];
    }
    if (!found) llw_app_complain(app, LLW_EXIT_USAGE, "there is no case '%s'; llwhy teach lists them", name);
    return found;
}

/* ---- a sitting ---- */

static void print(sitting *s, llw_text *text) {
    if (s->app->json)
        llw_text_fini(text);
    else
        llw_app_print(s->app, text);
    fflush(stdout);
}

static void say(sitting *s, const char *line) {
    llw_text out = {0};
    llw_wrap(&out, &s->app->style, line, 0, 0);
    llw_text_add(&out, "\n");
    llw_flatten(&out, &s->app->style);
    print(s, &out);
}

/* The next line, without blanks around it; NULL at the end. In a file, lines that start with # are remarks.
 */
static const char *read_line(sitting *s) {
    for (;;) {
        if (!s->app->json && !s->batch) fputs("> ", stdout), fflush(stdout);
        ssize_t len = s->ended ? -1 : getline(&s->line, &s->capacity, s->in);
        if (len < 0 || len > MAX_BATCH) {
            s->ended = true;
            return NULL;
        }
        while (len && strchr(" \t\r\n", s->line[len - 1])) s->line[--len] = 0;
        const char *text = s->line + strspn(s->line, " \t");
        if (s->batch && *text == '#') continue;
        if (s->echo && !s->app->json)
            printf(s->batch ? "> %s\n" : "%s\n", text); /* nobody saw it being typed */
        return text;
    }
}

static void look_up(sitting *s, const char *name) {
    llw_text out = {0};
    if (*name) {
        if (!llw_transcript_look_up(&s->t, name, &out))
            llw_text_add(&out,
                         "  Nothing of that name was read. Try: f model, f model.experts, f CUDA0, f host\n");
    } else
        for (size_t i = 0; i < s->t.n_facts; i++) llw_text_addf(&out, "  %s\n", s->t.facts[i].text);
    llw_flatten(&out, &s->app->style);
    print(s, &out);
}

/* One answer: helps while help is asked for, and asks again when a line cannot be understood. False when the
 * case cannot be used. */
static bool answer(sitting *s, size_t i) {
    const llw_ask *ask = &s->t.c->asks[i];
    size_t hint = 0;
    for (int tries = 0;;) {
        const char *text = read_line(s);
        if (text && (!strcmp(text, "h") || !strcmp(text, "hint"))) {
            s->t.hints += hint < ask->hints.n;
            say(s, hint < ask->hints.n ? ask->hints.items[hint++] : "There is no further hint.");
            continue;
        }
        if (text && (!strcmp(text, "f") || !strncmp(text, "f ", 2))) {
            look_up(s, text[1] ? text + 2 : "");
            continue;
        }
        if (text && (!strcmp(text, "q") || !strcmp(text, "quit"))) s->ended = true;
        if (s->ended) text = "";
        llw_err err = {0};
        if (llw_transcript_answer(&s->t, i, text, &err) != LLW_OK)
            return llw_app_fail(s->app, LLW_EXIT_KB, &err);
        const llw_assessment *a = &s->t.answers[i];
        if (a->understood || s->batch || s->ended || !*text || ++tries == MAX_TRIES) return true;
        say(s, llw_arena_printf(s->app->arena, "That cannot be used: %s. Once more, please.", a->reason));
    }
}

static bool ask_one(sitting *s, size_t i, size_t number, size_t all) {
    llw_text out = {0};
    llw_render_ask(&out, &s->app->style, &s->t.c->asks[i], number, all);
    print(s, &out);
    return answer(s, i);
}

static void reveal(sitting *s, size_t i, size_t number) {
    llw_text out = {0};
    llw_render_assessment(&out, &s->app->style, &s->t.answers[i], number);
    print(s, &out);
}

/* Predictions first and together, then what the engine says, the chain and the lesson, and last what carries
 * it over. */
static bool hold(sitting *s) {
    const llw_case *c = s->t.c;
    size_t first = 0, number = 0;
    for (size_t i = 0; i < c->n_asks; i++) first += !c->asks[i].what_if;
    llw_text out = {0};
    llw_render_brief(&out, &s->app->style, &s->t);
    print(s, &out);
    if (!s->batch)
        say(s, "At every question: h gives a hint, f shows the facts, f NAME looks one up, q stops. Nothing "
               "is judged before all questions are answered.");
    for (size_t i = 0; i < c->n_asks && !s->ended; i++)
        if (!c->asks[i].what_if && !ask_one(s, i, ++number, first)) return false;
    if (s->ended && !s->batch) {
        say(s, "Stopped. Nothing was kept.");
        return true;
    }
    for (size_t i = 0; i < c->n_asks && s->batch; i++) /* a file that ends early leaves the rest unanswered */
        if (!c->asks[i].what_if && !s->t.answers[i].ask && !answer(s, i)) return false;
    llw_text_add(&out, "\n");
    print(s, &out);
    say(s, "Committed. The engine has run the team's launch and yours.");
    number = 0;
    for (size_t i = 0; i < c->n_asks; i++)
        if (!c->asks[i].what_if) reveal(s, i, ++number);
    llw_render_lesson(&out, &s->app->style, &s->t,
                      llw_option_given(&s->app->options, LLW_OPT_ALL) ? -1 : CHAIN_DEPTH);
    print(s, &out);
    for (size_t i = 0; i < c->n_asks; i++) {
        if (!c->asks[i].what_if || (s->ended && !s->batch)) continue;
        if (!ask_one(s, i, 0, 0)) return false;
        reveal(s, i, 0);
    }
    llw_render_result(&out, &s->app->style, &s->t);
    print(s, &out);
    if (!s->batch) remember(s);
    return true;
}

static void teach(llw_app *app, const char *id) {
    const char *batch = llw_option_value(&app->options, LLW_OPT_BATCH);
    sitting s = {.app = app, .batch = batch != NULL, .echo = batch || !isatty(STDIN_FILENO), .in = stdin};
    llw_case *c = llw_arena_alloc(app->arena, sizeof *c);
    llw_misconceptions *misconceptions = llw_arena_alloc(app->arena, sizeof *misconceptions);
    llw_err err = {0};
    if (llw_case_load(app->arena, id, c, &err) != LLW_OK ||
        llw_misconceptions_load(app->arena, misconceptions, &err) != LLW_OK ||
        llw_transcript_start(app->kb, c, misconceptions, app->arena, &s.t, &err) != LLW_OK) {
        llw_app_fail(app, LLW_EXIT_KB, &err);
        return;
    }
    if (batch && strcmp(batch, "-")) {
        s.in = llw_file_is_regular(batch) ? fopen(batch, "re") : NULL;
        if (!s.in) {
            llw_app_complain(app, LLW_EXIT_INPUT,
                             "%s: the answers cannot be read: it is no file ('-' is standard input)", batch);
            llw_transcript_end(&s.t);
            return;
        }
    }
    bool done = hold(&s);
    if (done && app->json) {
        llw_text out = {0};
        llw_render_teach_json(&out, &s.t);
        llw_app_print(app, &out);
    }
    size_t right = 0, asked = 0;
    if (done && s.batch && llw_transcript_score(&s.t, &right, &asked) != LLW_SCORE_RIGHT)
        llw_app_exit(app, LLW_EXIT_FINDINGS);
    llw_transcript_end(&s.t);
    if (s.in != stdin) fclose(s.in);
    free(s.line);
}

int llw_command_teach(llw_app *app) {
    if (app->options.n_words > 1)
        return llw_app_complain(app, LLW_EXIT_USAGE, "llwhy teach CASE: one case at a time"), app->code;
    llw_app_load_kb(app);
    char **ids = NULL;
    size_t n = 0;
    llw_case_list(app->arena, &ids, &n);
    if (!app->options.n_words) {
        app->json ? list_json(app, ids, n) : list_text(app, ids, n);
        return app->code;
    }
    const char *id = find_case(app, app->options.words[0], ids, n);
    if (id) teach(app, id);
    return app->code;
}
