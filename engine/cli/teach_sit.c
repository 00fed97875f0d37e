/* A sitting at the terminal, or from a file of answers: predictions first and together, then what the engine
 * says. */
#include "cli/teach_sit.h"
#include "base/file.h"
#include "render/teach.h"
#include "teach/deck.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_STATE = 16 << 20, MAX_TRIES = 3, CHAIN_DEPTH = 3 };

/* ---- what is kept ---- */

static const char *state_file(llw_app *app, const char *name) {
    const char *directory = llw_app_state_directory(app);
    return directory ? llw_path_join(app->arena, directory, name) : NULL;
}

const char *llw_sitting_deck_path(llw_app *app) {
    return state_file(app, "teach.jsonl");
}

static const char *open_path(llw_app *app) {
    return state_file(app, "teach-open.json");
}

static bool was_sure_and_wrong(const llw_transcript *t) {
    bool any = false;
    for (size_t i = 0; i < t->c->n_asks; i++)
        any |= t->answers[i].ask && t->answers[i].score == LLW_SCORE_WRONG && t->answers[i].sure >= LLW_SURE;
    return any;
}

/* A finished case moves to another box. A convenience: its loss is no error. */
static void remember(llw_sitting *s) {
    static const char *const names[] = {"wrong", "half", "right"};
    llw_arena *arena = s->app->arena;
    const char *path = llw_sitting_deck_path(s->app), *today = llw_app_today(s->app);
    char *bytes = NULL;
    size_t len = 0, right = 0, asked = 0;
    if (open_path(s->app)) remove(open_path(s->app));
    if (!path) return;
    llw_deck deck;
    llw_file_read(arena, path, MAX_STATE, &bytes, &len, NULL);
    llw_deck_read(arena, bytes, &deck);
    llw_score score = llw_transcript_score(&s->t, &right, &asked);
    llw_card card =
        llw_deck_step(llw_deck_find(&deck, s->t.c->id), s->t.c->id, score, was_sure_and_wrong(&s->t), today);
    const char *line = llw_arena_printf(
        arena,
        "{\"case\":\"%s\",\"date\":\"%s\",\"score\":\"%s\",\"right\":%zu,\"asked\":%zu,\"hints\":%zu,"
        "\"box\":%d,\"due\":\"%s\",\"sure_wrong\":%s}\n",
        card.id, today, names[score], right, asked, s->t.hints, card.box, card.due,
        card.sure_wrong ? "true" : "false");
    llw_file_append(path, line, strlen(line), NULL);
}

/* What was answered so far, so that the case can be taken up again. */
static void keep_open(llw_sitting *s) {
    const char *path = open_path(s->app);
    if (!path || !s->kept || s->batch) return;
    json_t *root = json_object(), *answers = json_array();
    for (size_t i = 0; i < s->t.c->n_asks; i++)
        if (s->t.answers[i].ask && !s->t.c->asks[i].what_if)
            json_array_append_new(answers, json_pack("{s:s,s:s,s:i}", "ask", s->t.c->asks[i].id, "typed",
                                                     s->t.answers[i].typed, "sure", s->t.answers[i].sure));
    json_object_set_new(root, "case", json_string(s->t.c->id));
    json_object_set_new(root, "hints", json_integer((json_int_t)s->t.hints));
    json_object_set_new(root, "answers", answers);
    char *text = json_dumps(root, JSON_COMPACT);
    if (text) llw_file_jot(path, text, strlen(text), NULL);
    free(text);
    json_decref(root);
}

static json_t *read_open(llw_app *app, const char *path) {
    char *bytes = NULL;
    size_t len = 0;
    return path && llw_file_read(app->arena, path, MAX_STATE, &bytes, &len, NULL) == LLW_OK
               ? json_loadb(bytes, len, 0, NULL)
               : NULL;
}

const char *llw_sitting_left(llw_app *app, size_t *answered) {
    const char *path = open_path(app), *id = NULL;
    json_t *root = read_open(app, path);
    const char *name = json_string_value(json_object_get(root, "case"));
    *answered = json_array_size(json_object_get(root, "answers"));
    if (name && *answered) id = llw_arena_strdup(app->arena, name);
    json_decref(root);
    return id;
}

/* ---- saying and reading ---- */

static void print(llw_sitting *s, llw_text *text) {
    if (s->app->json)
        llw_text_fini(text);
    else
        llw_app_print(s->app, text);
    fflush(stdout);
}

static void say(llw_sitting *s, const char *line) {
    llw_text out = {0};
    llw_wrap(&out, &s->app->style, line, 0, 0);
    llw_text_add(&out, "\n");
    llw_flatten(&out, &s->app->style);
    print(s, &out);
}

/* The next line, without blanks around it; NULL at the end. In a file, lines that start with # are remarks.
 */
static const char *read_line(llw_sitting *s) {
    for (;;) {
        if (!s->app->json && !s->batch) fputs("> ", stdout), fflush(stdout);
        size_t len = 0;
        s->ended = s->ended || !llw_typed_line(s->in, s->line, LLW_TYPED_MAX, &len);
        if (len > LLW_TYPED_MAX)
            s->ended =
                !llw_app_complain(s->app, LLW_EXIT_INPUT, "a line is longer than the 64 KiB of an answer");
        if (s->ended) return NULL;
        while (len && strchr(" \t\r\n", s->line[len - 1])) s->line[--len] = 0;
        const char *text = s->line + strspn(s->line, " \t");
        if (s->batch && *text == '#') continue;
        if (s->echo && !s->app->json)
            printf(s->batch ? "> %s\n" : "%s\n", text); /* nobody saw it being typed */
        return text;
    }
}

static void look_up(llw_sitting *s, const char *name) {
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

/* ---- questions ---- */

/* How sure the learner is: behind the answer as @4, or asked for at the terminal. */
static void ask_confidence(llw_sitting *s, llw_assessment *a, int sure) {
    a->sure = sure;
    if (sure || s->batch || s->ended || !*a->typed) return;
    for (int tries = 0; tries < 2; tries++) {
        say(s, "How sure are you, from 1 (a guess) to 5 (certain)? Enter leaves it open.");
        const char *text = read_line(s);
        if (!text || !*text) return;
        if (*text >= '1' && *text <= '0' + LLW_SURE_MAX && !text[1]) {
            a->sure = *text - '0';
            return;
        }
    }
}

/* h, f, q and again; false when the line is an answer. */
static bool helped(llw_sitting *s, const llw_ask *ask, const char *text, size_t *hint) {
    if (!strcmp(text, "h") || !strcmp(text, "hint")) {
        s->t.hints += *hint < ask->hints.n;
        say(s, *hint < ask->hints.n ? ask->hints.items[(*hint)++] : "There is no further hint.");
        return true;
    }
    if (!strcmp(text, "f") || !strncmp(text, "f ", 2)) {
        look_up(s, text[1] ? text + 2 : "");
        return true;
    }
    if (!strcmp(text, "q") || !strcmp(text, "quit")) s->ended = true;
    if (!strcmp(text, "again")) s->again = true;
    return false;
}

/* One answer: helps while help is asked for, and asks again when a line cannot be understood. False when the
 * case cannot be used. */
static bool answer(llw_sitting *s, size_t i) {
    const llw_ask *ask = &s->t.c->asks[i];
    size_t hint = 0;
    for (int tries = 0;;) {
        const char *text = read_line(s);
        int sure = 0;
        if (text && helped(s, ask, text, &hint)) continue;
        if (s->again) return true;
        if (s->ended && !s->batch) return true; /* left open, to be taken up again */
        text = s->ended ? "" : llw_deck_confidence(s->app->arena, text, &sure);
        llw_err err = {0};
        if (llw_transcript_answer(&s->t, i, text, &err) != LLW_OK)
            return llw_app_fail(s->app, LLW_EXIT_KB, &err);
        llw_assessment *a = &s->t.answers[i];
        if (a->understood || s->batch || !*text || ++tries == MAX_TRIES) {
            ask_confidence(s, a, sure);
            return true;
        }
        say(s, llw_arena_printf(s->app->arena, "That cannot be used: %s. Once more, please.", a->reason));
    }
}

static bool ask_one(llw_sitting *s, size_t i, size_t number, size_t all) {
    llw_text out = {0};
    llw_render_ask(&out, &s->app->style, &s->t.c->asks[i], number, all);
    print(s, &out);
    return answer(s, i);
}

static void reveal(llw_sitting *s, size_t i, size_t number) {
    llw_text out = {0};
    llw_render_assessment(&out, &s->app->style, &s->t.answers[i], number);
    print(s, &out);
}

/* Answers of a sitting that was left, as far as they belong to this case. */
static void take_up(llw_sitting *s) {
    size_t answered = 0;
    const char *left = s->batch || !s->kept ? NULL : llw_sitting_left(s->app, &answered);
    if (!left || strcmp(left, s->t.c->id)) return;
    json_t *root = read_open(s->app, open_path(s->app)), *item;
    size_t at;
    llw_text out = {0};
    s->t.hints = (size_t)json_integer_value(json_object_get(root, "hints"));
    json_array_foreach(json_object_get(root, "answers"), at, item) for (size_t i = 0; i < s->t.c->n_asks;
                                                                        i++) {
        const char *ask = json_string_value(json_object_get(item, "ask")),
                   *typed = json_string_value(json_object_get(item, "typed"));
        if (!ask || !typed || strcmp(ask, s->t.c->asks[i].id) ||
            llw_transcript_answer(&s->t, i, typed, NULL) != LLW_OK)
            continue;
        s->t.answers[i].sure = (int)json_integer_value(json_object_get(item, "sure"));
        llw_text_addf(&out, "%s%zu: %s", out.len ? "; " : "", i + 1, *typed ? typed : "nothing");
    }
    json_decref(root);
    if (out.len)
        say(s, llw_arena_printf(
                   s->app->arena,
                   "You left this case in the middle. What you said so far: %s. 'again' begins anew.",
                   llw_text_str(&out)));
    llw_text_fini(&out);
}

/* Asks what was not answered yet and comes before the reveal. */
static bool ask_first(llw_sitting *s, size_t first) {
    const llw_case *c = s->t.c;
    size_t number = 0;
    for (size_t i = 0; i < c->n_asks && !s->ended; i++) {
        if (c->asks[i].what_if) continue;
        number++;
        if (s->t.answers[i].ask) continue;
        if (!ask_one(s, i, number, first)) return false;
        if (s->again) {
            s->again = false;
            for (size_t k = 0; k < c->n_asks; k++) s->t.answers[k] = (llw_assessment){0};
            say(s, "From the beginning, then.");
            i = (size_t)-1;
            number = 0;
        }
        keep_open(s);
    }
    for (size_t i = 0; i < c->n_asks && s->batch; i++) /* a file that ends early leaves the rest unanswered */
        if (!c->asks[i].what_if && !s->t.answers[i].ask && !answer(s, i)) return false;
    return true;
}

static bool tell_and_transfer(llw_sitting *s) {
    const llw_case *c = s->t.c;
    llw_text out = {0};
    size_t number = 0;
    llw_text_add(&out, "\n");
    print(s, &out);
    say(s, "Committed. The engine has run the team's launch and yours.");
    for (size_t i = 0; i < c->n_asks; i++)
        if (!c->asks[i].what_if) reveal(s, i, ++number);
    llw_render_lesson(&out, &s->app->style, &s->t,
                      llw_option_given(&s->app->options, LLW_OPT_ALL) ? -1 : CHAIN_DEPTH);
    print(s, &out);
    for (size_t i = 0; i < c->n_asks; i++) {
        if (!c->asks[i].what_if || (s->ended && !s->batch)) continue;
        if (!ask_one(s, i, 0, 0)) return false;
        s->again = false;
        if (s->t.answers[i].ask) reveal(s, i, 0);
    }
    llw_render_result(&out, &s->app->style, &s->t);
    print(s, &out);
    return true;
}

/* Predictions first and together, then what the engine says, the chain and the lesson, and last what carries
 * it over. */
static bool hold(llw_sitting *s) {
    const llw_case *c = s->t.c;
    size_t first = 0, answered = 0;
    for (size_t i = 0; i < c->n_asks; i++) first += !c->asks[i].what_if;
    llw_text out = {0};
    if (s->say) say(s, s->say);
    llw_render_brief(&out, &s->app->style, &s->t);
    print(s, &out);
    if (!s->batch) {
        llw_text_add(&out, "\n");
        print(s, &out);
        say(s, "At every question: h gives a hint, f shows the facts, f NAME looks one up, q stops and keeps "
               "what you said. Nothing is judged before all questions are answered.");
    }
    take_up(s);
    if (!ask_first(s, first)) return false;
    if (s->ended && !s->batch) {
        for (size_t i = 0; i < c->n_asks; i++) answered += s->t.answers[i].ask != NULL;
        say(s, s->kept && answered
                   ? llw_arena_printf(s->app->arena, "Stopped. llwhy teach %s goes on with question %zu.",
                                      c->id, answered + 1)
                   : "Stopped. There was nothing to keep.");
        return true;
    }
    if (!tell_and_transfer(s)) return false;
    if (!s->batch && s->kept) remember(s);
    s->finished = true;
    return true;
}

bool llw_sitting_hold(llw_sitting *s, const llw_case *c) {
    llw_app *app = s->app;
    llw_misconceptions *misconceptions = llw_arena_alloc(app->arena, sizeof *misconceptions);
    llw_err err = {0};
    s->finished = false;
    if (llw_misconceptions_load(app->arena, misconceptions, &err) != LLW_OK ||
        llw_transcript_start(app->kb, c, misconceptions, app->arena, &s->t, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_KB, &err);
    bool done = hold(s);
    if (done && app->json) {
        llw_text out = {0};
        llw_render_teach_json(&out, &s->t);
        llw_app_print(app, &out);
    }
    size_t right = 0, asked = 0;
    if (done && s->batch && llw_transcript_score(&s->t, &right, &asked) != LLW_SCORE_RIGHT)
        llw_app_exit(app, LLW_EXIT_FINDINGS);
    llw_transcript_end(&s->t);
    return done;
}

bool llw_sitting_open(llw_app *app, llw_sitting *s) {
    const char *batch = llw_option_value(&app->options, LLW_OPT_BATCH);
    *s = (llw_sitting){.app = app,
                       .line = llw_arena_alloc(app->arena, LLW_TYPED_MAX + 1),
                       .batch = batch != NULL,
                       .echo = batch || !isatty(STDIN_FILENO),
                       .in = stdin,
                       .kept = true};
    if (!batch || !strcmp(batch, "-")) return true;
    s->in = llw_file_is_regular(batch) ? fopen(batch, "re") : NULL;
    return s->in ||
           llw_app_complain(app, LLW_EXIT_INPUT,
                            "%s: the answers cannot be read: it is no file ('-' is standard input)", batch);
}

void llw_sitting_close(llw_sitting *s) {
    if (s->in && s->in != stdin) fclose(s->in);
}
