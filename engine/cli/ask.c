/* llwhy ask MODEL: gathers the facts once, then answers a question a line. */
#include "base/typed.h"
#include "cli/asking.h"
#include "cli/edit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MAX_QUESTION_WORDS = 64 };

/* The questions of the prompt: those of the command line that are about the facts at hand. */
static const struct {
    llw_command command;
    const char *name; /* NULL: as on the command line */
    int (*run)(llw_app *app);
} questions[] = {
    {LLW_COMMAND_DECIDE, "decision", NULL},           {LLW_COMMAND_WHY, NULL, llw_command_why},
    {LLW_COMMAND_WHY_NOT, NULL, llw_command_why_not}, {LLW_COMMAND_WHAT_IF, NULL, llw_command_what_if},
    {LLW_COMMAND_CHANGE, NULL, llw_command_change},   {LLW_COMMAND_CONTRAST, NULL, llw_command_contrast},
    {LLW_COMMAND_FACTS, NULL, llw_command_facts},     {LLW_COMMAND_LESSONS, NULL, llw_command_lessons},
    {LLW_COMMAND_LESSON, NULL, llw_command_lesson},   {LLW_COMMAND_EXPLAIN, NULL, llw_command_explain},
};
enum { QUESTIONS = sizeof questions / sizeof *questions };

static const char *question_name(size_t i) {
    return questions[i].name ? questions[i].name : llw_command_table[questions[i].command].name;
}

/* Words with spaces between them; quotes of either kind keep some together. Cuts the line up. */
static int split(char *line, char **words, int max) {
    int n = 0;
    for (char *at = line; n < max;) {
        at += strspn(at, " \t\r\n");
        if (!*at) break;
        char *to = at;
        words[n++] = at;
        for (char quote = 0; *at && (quote || !strchr(" \t\r\n", *at)); at++) {
            if (quote ? *at == quote : *at == '"' || *at == '\'')
                quote = quote ? 0 : *at;
            else
                *to++ = *at;
        }
        if (*at) at++;
        *to = 0;
    }
    return n;
}

static void tell_questions(llw_app *app) {
    llw_text t = {0};
    for (size_t i = 0; i < QUESTIONS; i++) {
        const llw_command_info *info = &llw_command_table[questions[i].command];
        bool decision = questions[i].command == LLW_COMMAND_DECIDE;
        llw_text_addf(&t, "  %-10s %s\n", question_name(i),
                      decision ? "the decision: verdict, memory, reasons" : info->help);
    }
    llw_text_add(&t, "  quit       ends; so does an empty line at the prompt\n");
    llw_app_print(app, &t);
}

/* Reads a question's options; false when they cannot be used, which was said. */
static bool read_question(llw_app *app, size_t which, int argc, char **argv) {
    llw_err err = {0};
    bool read = llw_options_read(app->arena, argc, argv, &app->options, &err) == LLW_OK;
    app->options.command = questions[which].command;
    if (!read || llw_options_check(&app->options, &err) != LLW_OK)
        return llw_app_fail(app, LLW_EXIT_USAGE, &err);
    const char *format = llw_option_value(&app->options, LLW_OPT_FORMAT);
    app->json = format && !strcmp(format, "json");
    return true;
}

/* Answers one question over the facts at hand, in an arena of its own: what a question gathers or finds goes
 * with it, however many follow. Only the rules stay. */
static void answer(llw_app *app, size_t which, int argc, char **argv) {
    llw_app own = *app;
    own.arena = llw_arena_new();
    own.code = LLW_EXIT_CLEAN;
    own.kept = true;
    if (read_question(&own, which, argc, argv)) {
        if (questions[which].run)
            llw_app_exit(&own, questions[which].run(&own));
        else {
            own.options.n_words = 0;
            own.run = NULL;
            llw_app_decide(&own);
        }
    }
    llw_app_exit(app, own.code);
    if (own.run != app->run) llw_run_free(own.run);
    if (own.facts != app->facts) llw_facts_free(own.facts);
    if (own.remote != app->remote) llw_app_end_remote(&own);
    app->kb = own.kb;
    llw_arena_free(own.arena);
}

/* False when the conversation is over. */
static bool take(llw_app *app, char *line) {
    char *words[MAX_QUESTION_WORDS + 3] = {"llwhy"};
    int n = split(line, words + 1, MAX_QUESTION_WORDS);
    if (!n || *words[1] == '#') return true;
    if (!strcmp(words[1], "quit") || !strcmp(words[1], "exit")) return false;
    if (!strcmp(words[1], "help") || !strcmp(words[1], "?")) {
        tell_questions(app);
        return true;
    }
    for (size_t i = 0; i < QUESTIONS; i++)
        if (!strcmp(words[1], question_name(i))) {
            answer(app, i, n + 1, words);
            return true;
        }
    llw_app_complain(app, LLW_EXIT_USAGE,
                     "'%s' is no question here: ask why, why-not, what-if, change, contrast, facts, "
                     "lesson or decision; help lists them",
                     words[1]);
    return true;
}

/* ---- the prompt ---- */

static char prompt_text[] = "llwhy> ";

static char *prompt(EditLine *edit) {
    (void)edit;
    return prompt_text;
}

typedef struct completing {
    const char *start;
    size_t len;
    char common[128]; /* what all candidates go on with */
    int n;
} completing;

static void consider(completing *c, const char *word) {
    if (strncmp(word, c->start, c->len)) return;
    size_t same = 0;
    if (!c->n++) snprintf(c->common, sizeof c->common, "%s", word);
    while (c->common[same] && c->common[same] == word[same]) same++;
    c->common[same] = 0;
}

static void consider_all(completing *c, const llw_app *app, bool first) {
    for (size_t i = 0; first && i < QUESTIONS; i++) consider(c, question_name(i));
    if (first) return;
    for (size_t i = 0; app->kb && i < app->kb->n_lessons; i++) {
        consider(c, app->kb->lessons[i]->code);
        consider(c, app->kb->lessons[i]->id);
    }
    for (int a = 1; a < LLW_ATTRS; a++) {
        const llw_attr_info *info = llw_attr_get((llw_attr)a);
        char slot[128];
        snprintf(slot, sizeof slot, "%s.%s", llw_kind_name(info->kind), info->name);
        consider(c, slot);
        for (llw_entity e = 0;
             info->kind == LLW_KIND_gpu && (e = llw_facts_next(app->facts, LLW_KIND_gpu, e));) {
            snprintf(slot, sizeof slot, "%s.%s", llw_facts_id(app->facts, e), info->name);
            consider(c, slot);
        }
    }
}

/* Tab: as much of the word as all that could be meant have in common. */
static unsigned char complete(EditLine *edit, int key) {
    (void)key;
    void *client = NULL;
    el_get(edit, EL_CLIENTDATA, &client);
    const LineInfo *line = el_line(edit);
    const char *start = line->cursor;
    while (start > line->buffer && start[-1] != ' ') start--;
    completing c = {.start = start, .len = (size_t)(line->cursor - start)};
    consider_all(&c, client, start == line->buffer);
    if (!c.n || strlen(c.common) <= c.len) return CC_REFRESH_BEEP;
    el_insertstr(edit, c.common + c.len);
    if (c.n == 1) el_insertstr(edit, " ");
    return CC_REFRESH;
}

/* Ctrl-C: the line is dropped, as in a shell. While a question is answered it ends llwhy, as anywhere. */
static unsigned char drop_line(EditLine *edit, int key) {
    (void)key;
    const LineInfo *line = el_line(edit);
    el_cursor(edit, (int)(line->lastchar - line->cursor));
    line = el_line(edit);
    el_deletestr(edit, (int)(line->cursor - line->buffer));
    fputs("^C\n", stdout);
    fflush(stdout);
    return CC_REDISPLAY;
}

/* Lines that are read as they come, from a pipe or where nothing helps to edit them. */
static void read_lines(llw_app *app, const char *ask) {
    char *line = llw_arena_alloc(app->arena, LLW_TYPED_MAX + 1);
    for (bool more = true; more;) {
        size_t len = 0;
        fputs(ask, stdout);
        fflush(stdout);
        more = llw_typed_line(stdin, line, LLW_TYPED_MAX, &len);
        if (len > LLW_TYPED_MAX)
            llw_app_complain(app, LLW_EXIT_USAGE, "this line is longer than the 64 KiB of a question");
        else if (more)
            more = take(app, line);
    }
}

static void converse(llw_app *app) {
    EditLine *edit = el_init("llwhy", stdin, stdout, stderr);
    History *past = history_init();
    HistEvent event;
    if (!edit || !past) return;
    history(past, &event, H_SETSIZE, 200);
    el_set(edit, EL_PROMPT, prompt);
    el_set(edit, EL_EDITOR, "emacs");
    el_set(edit, EL_HIST, history, past);
    el_set(edit, EL_CLIENTDATA, app);
    el_set(edit, EL_ADDFN, "llwhy-complete", "completes questions, lessons and slots", complete);
    el_set(edit, EL_BIND, "^I", "llwhy-complete", NULL);
    el_set(edit, EL_SETTY, "-d", "-isig", NULL);
    el_set(edit, EL_ADDFN, "llwhy-drop-line", "drops the line", drop_line);
    el_set(edit, EL_BIND, "^C", "llwhy-drop-line", NULL);
    int len = 0;
    for (const char *line; (line = el_gets(edit, &len)) && len > 0;) {
        if (strspn(line, " \t\r\n") == (size_t)len) break;
        history(past, &event, H_ENTER, line);
        char *words = strndup(line, (size_t)len); /* the line is libedit's */
        bool more = words && take(app, words);
        free(words);
        fflush(stdout);
        if (!more) break;
    }
    history_end(past);
    el_end(edit);
}

int llw_command_ask(llw_app *app) {
    const llw_options *o = &app->options;
    if (o->n_words > 1 || (!o->n_words && !llw_option_given(o, LLW_OPT_FACTS))) {
        llw_app_complain(app, LLW_EXIT_USAGE,
                         "llwhy ask MODEL [-- flags]: which model are the questions about?");
        return app->code;
    }
    if (!llw_app_gather(app, o->n_words ? o->words[0] : NULL)) return app->code;
    if (!llw_asking_launch(app)) {
        llw_app_complain(app, LLW_EXIT_USAGE, "there is no launch to ask about: name a model");
        return app->code;
    }
    llw_app_run(app);
    bool sits = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (sits && llw_edit_load())
        converse(app);
    else
        read_lines(app, sits ? prompt_text : "");
    return app->code;
}
