/* A sitting as text. */
#include "render/teach.h"
#include "render/render.h"
#include "teach/deck.h"

#include <string.h>

static void paragraph(llw_text *out, const llw_style *style, const char *text, int indent) {
    llw_text safe = {0};
    llw_text_add_safe(&safe, text, strlen(text), true);
    llw_text_addf(out, "%*s", indent, "");
    llw_wrap(out, style, llw_text_str(&safe), indent, indent);
    llw_text_add(out, "\n");
    llw_text_fini(&safe);
}

static void heading(llw_text *out, const llw_style *style, const char *text) {
    llw_text_add(out, "\n");
    llw_paint(out, style, LLW_BOLD, text);
    llw_text_add(out, "\n");
}

void llw_render_brief(llw_text *out, const llw_style *style, const llw_transcript *t) {
    llw_text line = {0};
    llw_text_addf(&line, "Case %s: %s", t->c->id, t->c->title);
    llw_paint(out, style, LLW_BOLD, llw_text_str(&line));
    llw_text_fini(&line);
    llw_text_addf(out, "\nLesson %s, about %d minutes.\n\n", t->lesson->code, t->c->minutes);
    paragraph(out, style, t->c->brief, 0);
    heading(out, style, "What was started");
    paragraph(out, style, t->command, 2);
    llw_text_addf(&line, "llama.cpp %s", t->c->setting.llama);
    paragraph(out, style, llw_text_str(&line), 2);
    llw_text_fini(&line);
    for (size_t i = 0; i < t->n_cards; i++) paragraph(out, style, t->cards[i], 2);
    heading(out, style, "What is known");
    for (size_t i = 0; i < t->n_facts; i++) {
        llw_text_addf(&line, "%s   [%s]", t->facts[i].text, t->facts[i].origin);
        paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
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
    }
}

void llw_render_ask(llw_text *out, const llw_style *style, const llw_ask *ask, size_t n, size_t all) {
    llw_text line = {0};
    llw_text_add(out, "\n");
    if (all)
        llw_text_addf(&line, "Question %zu of %zu. %s", n, all, ask->question);
    else
        llw_text_addf(&line, "What if? %s", ask->question);
    paragraph(out, style, llw_text_str(&line), 0);
    llw_text_fini(&line);
    for (size_t i = 0; i < ask->n_choices; i++) {
        llw_text_addf(&line, "%c) %s", (int)('a' + i), ask->choices[i].text);
        paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
    say_how(&line, ask);
    paragraph(out, style, llw_text_str(&line), 0);
    llw_text_fini(&line);
    llw_flatten(out, style);
}

static void conclusions(llw_text *out, const llw_style *style, const char *lead,
                        const llw_conclusions *list) {
    for (size_t i = 0; i < list->n; i++) {
        llw_text line = {0};
        llw_text_addf(&line, "%s: %s [%s, %s]", lead, list->items[i].text, list->items[i].code,
                      llw_level_name(list->items[i].level));
        paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
}

static void judge_line(llw_text *line, const llw_assessment *a, size_t n) {
    if (n)
        llw_text_addf(line, "Question %zu", n);
    else
        llw_text_add(line, "What if");
    if (!*a->typed)
        llw_text_addf(line, ": no answer.");
    else
        llw_text_addf(line, ": %s.", llw_score_name(a->score));
}

void llw_render_assessment(llw_text *out, const llw_style *style, const llw_assessment *a, size_t n) {
    llw_text line = {0};
    judge_line(&line, a, n);
    llw_text_add(out, "\n");
    llw_paint(out, style,
              a->score == LLW_SCORE_RIGHT  ? LLW_GREEN
              : a->score == LLW_SCORE_HALF ? LLW_YELLOW
                                           : LLW_RED,
              llw_text_str(&line));
    llw_text_add(out, "\n");
    llw_text_fini(&line);
    if (a->ask->kind == LLW_ASK_FLAGS) {
        if (*a->said) {
            llw_text_addf(&line, "Your launch: %s", a->said);
            paragraph(out, style, llw_text_str(&line), 2);
            llw_text_fini(&line);
        }
        llw_text_addf(&line, "The team's launch %s.", a->team);
        paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
        llw_text_addf(&line, "Yours %s.", a->plan);
        paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    } else {
        if (*a->said) llw_text_addf(&line, "You said %s. ", a->said);
        llw_text_addf(&line, "The engine says %s.", a->truth);
        paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
    if (*a->reason && *a->typed &&
        !(a->ask->kind == LLW_ASK_FLAGS && !a->understood)) { /* what refused the flags was said above */
        llw_text_addf(&line, "Because: %s.", a->reason);
        paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
    if (a->sure >= LLW_SURE && a->score == LLW_SCORE_WRONG) {
        llw_text_addf(&line, "You were sure of it (%d of %d), so this case will be the first to come again.",
                      a->sure, LLW_SURE_MAX);
        paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
    conclusions(out, style, "Gone", &a->gone);
    conclusions(out, style, "Come", &a->come);
    for (size_t i = 0; i < a->unneeded.n; i++) {
        llw_text_addf(&line, "Not needed: %s", a->unneeded.items[i]);
        paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
    if (a->misconception) {
        llw_text_addf(&line, "A known mistake: \"%s\". %s", a->misconception->title, a->misconception->says);
        paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
    if (a->ask->kind == LLW_ASK_FLAGS && *a->truth) {
        llw_text_addf(&line, "The engine would type: %s", a->truth);
        paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
    llw_flatten(out, style);
}

/* A piece of a story: paragraphs are wrapped, tables, lists and code stay as they are. */
static void story(llw_text *out, const llw_style *style, const char *text) {
    llw_text block = {0};
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, "\n");
        bool plain = len && *at != '|' && *at != '-' && *at != ' ' && *at != '`';
        if (plain) {
            if (block.len) llw_text_add(&block, " ");
            llw_text_addn(&block, at, len);
        }
        bool last = !at[len];
        if (!plain || last) {
            if (block.len) paragraph(out, style, llw_text_str(&block), 0);
            llw_text_fini(&block);
        }
        if (!plain) {
            llw_text_add_safe(out, at, len, false);
            llw_text_add(out, "\n");
        }
        at += len + !last;
    }
}

void llw_render_lesson(llw_text *out, const llw_style *style, const llw_transcript *t, int depth) {
    heading(out, style, t->state == LLW_FIRED ? "The chain" : "The chain: why the lesson says nothing here");
    llw_render_proof_text(out, style, &t->proof, depth, false);
    if (*t->mechanism) {
        heading(out, style, "The mechanism");
        story(out, style, t->mechanism);
    }
    heading(out, style, "The lesson");
    llw_text line = {0};
    llw_text_addf(&line, "%s (%s; llwhy lesson %s tells it whole)", t->lesson->claim, t->lesson->code,
                  t->lesson->code);
    paragraph(out, style, llw_text_str(&line), 0);
    llw_text_fini(&line);
    llw_text_addf(&line, "The incident: %s.", t->c->source);
    paragraph(out, style, llw_text_str(&line), 0);
    llw_text_fini(&line);
    llw_flatten(out, style);
}

void llw_render_result(llw_text *out, const llw_style *style, const llw_transcript *t) {
    size_t right = 0, asked = 0;
    llw_score score = llw_transcript_score(t, &right, &asked);
    llw_text line = {0};
    llw_text_addf(&line, "Case %s: %s, %zu of %zu answers.", t->c->id, llw_score_name(score), right, asked);
    if (t->hints) llw_text_addf(&line, " Hints: %zu.", t->hints);
    llw_text_add(out, "\n");
    paragraph(out, style, llw_text_str(&line), 0);
    llw_text_fini(&line);
    llw_flatten(out, style);
}
