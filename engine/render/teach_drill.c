/* The sheet of a group drill. */
#include "render/teach_drill.h"
#include "render/teach.h"
#include "render/teach_parts.h"

#include <string.h>

/* What somebody may say who believes otherwise. */
static void listen_for(llw_text *out, const llw_style *style, const llw_transcript *t, const llw_ask *ask) {
    const char *ids[LLW_CASE_MAX_ITEMS];
    size_t n = 0;
    for (size_t i = 0; i < ask->n_mistakes && n < LLW_CASE_MAX_ITEMS; i++)
        ids[n++] = ask->mistakes[i].misconception;
    for (size_t i = 0; i < ask->n_choices && n < LLW_CASE_MAX_ITEMS; i++)
        if (ask->choices[i].misconception) ids[n++] = ask->choices[i].misconception;
    for (size_t i = 0; i < n; i++) {
        bool before = false;
        for (size_t k = 0; k < i; k++) before |= !strcmp(ids[k], ids[i]);
        const llw_misconception *m = before ? NULL : llw_misconception_find(t->misconceptions, ids[i]);
        if (!m) continue;
        llw_text line = {0};
        llw_text_addf(&line, "Listen for \"%s\". %s", m->title, m->says);
        llw_teach_paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
}

static llw_rc question(llw_text *out, const llw_style *style, llw_transcript *t, size_t i, size_t number,
                       size_t all, llw_err *err) {
    const llw_ask *ask = &t->c->asks[i];
    const char *answer = "";
    llw_text line = {0};
    llw_rc rc = llw_solve(&t->stage, ask, &answer, err);
    if (rc == LLW_OK) rc = llw_transcript_answer(t, i, answer, err);
    if (rc != LLW_OK) return rc;
    llw_render_ask(out, style, ask, number, all);
    for (size_t k = 0; k < ask->hints.n; k++) {
        llw_text_addf(&line, "If they are stuck: %s", ask->hints.items[k]);
        llw_teach_paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
    listen_for(out, style, t, ask);
    const llw_assessment *a = &t->answers[i];
    llw_text_addf(&line, "The engine's answer: %s.", ask->kind == LLW_ASK_FLAGS ? answer : a->truth);
    if (*a->reason && ask->kind != LLW_ASK_NUMBER) llw_text_addf(&line, " %s", a->reason);
    llw_teach_paragraph(out, style, llw_text_str(&line), 2);
    llw_text_fini(&line);
    if (ask->kind == LLW_ASK_FLAGS) {
        llw_text_addf(&line, "The team's launch %s. With the answer it %s.", a->team, a->plan);
        llw_teach_paragraph(out, style, llw_text_str(&line), 2);
        llw_text_fini(&line);
    }
    return LLW_OK;
}

llw_rc llw_render_drill(llw_text *out, const llw_style *style, llw_transcript *t, llw_err *err) {
    static const char before[] = "For whoever leads: about 30 minutes for a case. One of you reads, one "
                                 "writes on the board, the others decide. Nobody looks at "
                                 "this sheet but you, and no name is written down.";
    const llw_case *c = t->c;
    size_t first = 0, number = 0;
    llw_rc rc = LLW_OK;
    for (size_t i = 0; i < c->n_asks; i++) first += !c->asks[i].what_if;
    llw_teach_paragraph(out, style, before, 0);
    llw_teach_heading(out, style, "1. Read aloud (3 minutes)");
    llw_render_brief(out, style, t);
    llw_teach_heading(out, style, "2. Let them ask (5 minutes)");
    llw_teach_paragraph(
        out, style,
        "They may ask for any fact. Look it up while they watch: llwhy teach of this case, then f "
        "NAME. Write down which "
        "facts they asked for, and which nobody thought of.",
        0);
    llw_teach_heading(out, style, "3. Let them commit (10 minutes)");
    llw_teach_paragraph(
        out, style,
        "Everybody writes an answer and how sure they are, 1 to 5, before anybody speaks. Then the one "
        "who is surest "
        "explains, then somebody who said something else. Judge nothing yet.",
        0);
    for (size_t i = 0; rc == LLW_OK && i < c->n_asks; i++)
        if (!c->asks[i].what_if) rc = question(out, style, t, i, ++number, first, err);
    if (rc != LLW_OK) return rc;
    llw_teach_heading(out, style, "4. What the engine says (7 minutes)");
    llw_teach_paragraph(
        out, style,
        "Now type the group's answer into llwhy teach and read what it says. The chain, for you:", 0);
    llw_render_lesson(out, style, t, 2);
    llw_teach_heading(out, style, "5. Carry it over (3 minutes)");
    for (size_t i = 0; rc == LLW_OK && i < c->n_asks; i++)
        if (c->asks[i].what_if) rc = question(out, style, t, i, 0, 0, err);
    llw_teach_heading(out, style, "6. Before they leave (2 minutes)");
    llw_teach_paragraph(
        out, style,
        "Who was sure and wrong, and what would have shown it in time? Which of our own launches has "
        "the same trait "
        "today: llwhy lint finds them. What will we do otherwise on Monday?",
        0);
    llw_flatten(out, style);
    return rc;
}
