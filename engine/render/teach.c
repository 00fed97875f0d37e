/* A sitting as text. */
#include "render/teach.h"
#include "render/render.h"
#include "render/story.h"
#include "render/teach_parts.h"
#include "teach/deck.h"

#include <stdarg.h>
#include <string.h>

static void sentence(llw_text *out, const llw_style *style, int indent, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
static void sentence(llw_text *out, const llw_style *style, int indent, const char *fmt, ...) {
    llw_text line = {0};
    va_list args;
    va_start(args, fmt);
    llw_text_addv(&line, fmt, args);
    va_end(args);
    llw_teach_paragraph(out, style, llw_text_str(&line), indent);
    llw_text_fini(&line);
}

enum { LONGEST_FILE = 200 }; /* a longer one is not shown */

/* Configuration files with their lines numbered, as they will be named. */
static void files(llw_text *out, const llw_config_input *list, size_t n) {
    for (size_t i = 0; i < n; i++) {
        llw_text_add(out, "\n  ");
        llw_text_add_safe(out, list[i].path, strlen(list[i].path), false);
        llw_text_add(out, "\n");
        int number = 0, lines = 0;
        for (const char *at = list[i].bytes; *at; at++) lines += *at == '\n';
        if (lines > LONGEST_FILE) {
            llw_text_addf(out, "      (%d lines: keep it open beside this)\n", lines);
            continue;
        }
        for (const char *at = list[i].bytes; *at; at += *at == '\n') {
            size_t len = strcspn(at, "\r\n");
            llw_text_addf(out, len ? "  %3d | " : "  %3d |", ++number);
            llw_text_add_safe(out, at, len, false);
            llw_text_add(out, "\n");
            at += strcspn(at, "\n");
        }
    }
}

void llw_render_brief(llw_text *out, const llw_style *style, const llw_transcript *t) {
    llw_text line = {0};
    llw_text_addf(&line, "Case %s: %s", t->c->id, t->c->title);
    llw_paint(out, style, LLW_BOLD, llw_text_str(&line));
    llw_text_fini(&line);
    llw_text_add(out, "\n");
    sentence(out, style, 0, "Lesson %s, about %d minutes. %s%s", t->lesson->code, t->c->minutes,
             t->c->own        ? "A launch of your own."
             : t->c->composed ? "A composed setting: "
                              : "It happened; where it is told stands at the end.",
             t->c->composed ? t->c->composed : "");
    llw_text_add(out, "\n");
    llw_teach_paragraph(out, style, t->c->brief, 0);
    if (t->c->setting.n_files) {
        llw_teach_heading(out, style, "What was written");
        files(out, t->c->setting.files, t->c->setting.n_files);
    }
    llw_teach_heading(out, style, "What was started");
    if (t->c->setting.n_files) sentence(out, style, 2, "%s, which comes to:", t->c->setting.started);
    llw_teach_paragraph(out, style, t->command, 2);
    sentence(out, style, 2, "llama.cpp %s", t->c->setting.llama);
    for (size_t i = 0; i < t->n_cards; i++) llw_teach_paragraph(out, style, t->cards[i], 2);
    llw_teach_heading(out, style, "What is known");
    for (size_t i = 0; i < t->n_facts; i++)
        sentence(out, style, 2, "%s   [%s]", t->facts[i].text, t->facts[i].origin);
    llw_flatten(out, style);
}

static void say_how(llw_text *how, const llw_ask *ask) {
    switch (ask->kind) {
    case LLW_ASK_FLAGS:
        llw_text_add(how, "Type what you would change: flags take the place of the team's; 'without -x' "
                          "leaves an option out; 'only' in front starts "
                          "from none; 'nothing' keeps all.");
        break;
    case LLW_ASK_NUMBER:
        if (*ask->unit && strcmp(ask->unit, "%"))
            llw_text_addf(how, "Type a number in %s.", ask->unit);
        else
            llw_text_addf(how, "Type a number%s.", *ask->unit ? " in percent" : "");
        break;
    case LLW_ASK_YES_NO: llw_text_add(how, "Type yes or no."); break;
    case LLW_ASK_CHOICE:
        llw_text_add(how, ask->several ? "Type the letters of all that are right, such as: a c."
                                       : "Type one letter.");
        break;
    case LLW_ASK_LINE: llw_text_add(how, "Type the file and the line, such as models.conf:12."); break;
    case LLW_ASK_ORDER: llw_text_add(how, "Type all letters in their order, such as: c a b."); break;
    case LLW_ASK_KINDS: break;
    }
}

void llw_render_ask(llw_text *out, const llw_style *style, const llw_ask *ask, size_t n, size_t all) {
    llw_text line = {0};
    llw_text_add(out, "\n");
    if (all)
        llw_text_addf(&line, "Question %zu of %zu. %s", n, all, ask->question);
    else
        llw_text_addf(&line, "What if? %s", ask->question);
    llw_teach_paragraph(out, style, llw_text_str(&line), 0);
    llw_text_fini(&line);
    files(out, ask->change.files, ask->change.n_files);
    for (size_t i = 0; i < ask->n_choices; i++) {
        llw_text_addf(&line, "%c) %s", (int)('a' + i), ask->choices[i].text);
        llw_teach_paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
    say_how(&line, ask);
    llw_teach_paragraph(out, style, llw_text_str(&line), 0);
    llw_text_fini(&line);
    llw_flatten(out, style);
}

static void conclusions(llw_text *out, const llw_style *style, const char *lead,
                        const llw_conclusions *list) {
    for (size_t i = 0; i < list->n; i++)
        sentence(out, style, 2, "%s: %s [%s, %s]", lead, list->items[i].text, list->items[i].code,
                 llw_level_name(list->items[i].level));
}

/* "Question 2: wrong, and you were sure of it (5 of 5)." */
static void verdict(llw_text *out, const llw_style *style, const llw_assessment *a, size_t n) {
    llw_text line = {0};
    if (n)
        llw_text_addf(&line, "Question %zu: ", n);
    else
        llw_text_add(&line, "What if: ");
    if (!*a->typed)
        llw_text_add(&line, "no answer.");
    else if (!a->understood)
        llw_text_addf(&line, "not understood, %s.", a->reason);
    else if (a->sure >= LLW_SURE && a->score == LLW_SCORE_WRONG)
        llw_text_addf(&line, "wrong, and you were sure of it (%d of %d).", a->sure, LLW_SURE_MAX);
    else
        llw_text_addf(&line, "%s.", llw_score_name(a->score));
    llw_text_add(out, "\n");
    llw_paint(out, style,
              a->score == LLW_SCORE_RIGHT  ? LLW_GREEN
              : a->score == LLW_SCORE_HALF ? LLW_YELLOW
                                           : LLW_RED,
              llw_text_str(&line));
    llw_text_add(out, "\n");
    llw_text_fini(&line);
}

static void compare(llw_text *out, const llw_style *style, const llw_assessment *a) {
    if (a->ask->kind == LLW_ASK_FLAGS) {
        if (*a->typed) sentence(out, style, 2, "Your launch: %s", a->said);
        sentence(out, style, 2, "The team's launch %s.", a->team);
        if (*a->typed) sentence(out, style, 2, "Yours %s.", a->plan);
    } else if (!*a->said)
        sentence(out, style, 2, "The engine says %s.", a->truth);
    else if (a->score == LLW_SCORE_RIGHT && a->ask->kind == LLW_ASK_ORDER)
        sentence(out, style, 2, "You said %s. The engine agrees: %s.", a->said, a->truth);
    else if (a->score == LLW_SCORE_RIGHT && (a->ask->kind == LLW_ASK_LINE || !strcmp(a->said, a->truth)))
        sentence(out, style, 2, "You said %s. The engine agrees.", a->said);
    else
        sentence(out, style, 2, "You said %s. The engine says %s.", a->said, a->truth);
}

void llw_render_assessment(llw_text *out, const llw_style *style, const llw_assessment *a, size_t n) {
    verdict(out, style, a, n);
    compare(out, style, a);
    if (*a->reason && a->understood) llw_teach_paragraph(out, style, a->reason, 2);
    conclusions(out, style, "Gone", &a->gone);
    conclusions(out, style, "New", &a->come);
    for (size_t i = 0; i < a->unneeded.n; i++)
        sentence(out, style, 2, "Not needed: %s", a->unneeded.items[i]);
    if (a->misconception)
        sentence(out, style, 2, "A known mistake: \"%s\". %s", a->misconception->title,
                 a->misconception->says);
    if (a->ask->kind == LLW_ASK_FLAGS && *a->answer && strcmp(a->answer, a->typed))
        sentence(out, style, 2, "The engine would type: %s", a->answer);
    llw_flatten(out, style);
}

void llw_render_lesson(llw_text *out, const llw_style *style, const llw_transcript *t, int depth) {
    llw_teach_heading(out, style,
                      t->state == LLW_FIRED ? "The chain" : "The chain: why the lesson says nothing here");
    llw_render_proof_text(out, style, &t->proof, depth, false);
    if (*t->mechanism) {
        llw_teach_heading(out, style, "The mechanism");
        llw_render_story(out, style, t->mechanism);
    }
    llw_teach_heading(out, style, "The lesson");
    sentence(out, style, 0, "%s (%s; llwhy lesson %s tells it whole)", t->lesson->claim, t->lesson->code,
             t->lesson->code);
    if (!t->c->own) sentence(out, style, 0, "Where it is told: %s.", t->c->source);
    llw_flatten(out, style);
}

void llw_render_result(llw_text *out, const llw_style *style, const llw_transcript *t) {
    size_t right = 0, asked = 0, sure = 0;
    llw_score score = llw_transcript_score(t, &right, &asked);
    for (size_t i = 0; i < t->c->n_asks; i++)
        sure += t->answers[i].ask && t->answers[i].score == LLW_SCORE_WRONG && t->answers[i].sure >= LLW_SURE;
    llw_text line = {0};
    llw_text_addf(&line, "Case %s: %s, %zu of %zu answers.", t->c->id, llw_score_name(score), right, asked);
    if (t->hints) llw_text_addf(&line, " Hints: %zu.", t->hints);
    if (sure)
        llw_text_addf(&line,
                      " You were sure of %s that %s wrong, so this case comes again before the others.",
                      sure == 1 ? "one answer" : "answers", sure == 1 ? "was" : "were");
    llw_text_add(out, "\n");
    llw_teach_paragraph(out, style, llw_text_str(&line), 0);
    llw_text_fini(&line);
    llw_flatten(out, style);
}
