/* The page: head, one article a decision, foot. */
#include "render/html.h"

#include <string.h>

void llw_html_begin(llw_text *out, const char *title) {
    llw_text_add(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
        "'unsafe-inline'\">\n"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"referrer\" "
        "content=\"no-referrer\">\n<title>llwhy: ");
    llw_html_add(out, title);
    llw_text_addf(out, "</title>\n<style>%s%s</style>\n</head>\n<body>\n<main>\n", llw_html_style,
                  llw_svg_style);
}

void llw_html_end(llw_text *out, const char *version) {
    llw_text_add(out, "</main>\n<footer><p>Written by llwhy ");
    llw_html_add(out, version);
    llw_text_add(
        out, ". Weights and KV cache are exact to the byte; a compute buffer is exact unless it is called an "
             "estimate.</p></footer>\n</body>\n</html>\n");
}

static void paragraph(llw_text *out, const char *class, const char *text) {
    if (!text || !*text) return;
    llw_text_addf(out, "<p%s%s%s>", *class ? " class=\"" : "", class, *class ? "\"" : "");
    llw_html_prose(out, text);
    llw_text_add(out, "</p>\n");
}

static void offer(llw_text *out, const llw_offer *o) {
    if (!o->offered) return;
    llw_text_add(out, "<section class=\"plan\"><h2>");
    llw_html_addf(out, "%c%s", o->title[0] >= 'a' && o->title[0] <= 'z' ? o->title[0] - 32 : o->title[0],
                  o->title + 1);
    llw_text_add(out, "</h2>\n<pre tabindex=\"0\"><code>");
    llw_html_add(out, o->command);
    llw_text_add(out, "</code></pre>\n");
    paragraph(out, "", o->result);
    if (o->n_changes) llw_text_add(out, "<ul>\n");
    for (size_t i = 0; i < o->n_changes; i++) {
        const llw_flag_change *c = &o->changes[i];
        llw_text_addf(out, "<li>%s <code>", c->set ? "sets" : "drops");
        llw_html_add(out, c->flag);
        llw_text_add(out, "</code>: ");
        llw_html_prose(out, c->reason);
        if (*c->code) {
            llw_text_add(out, " <span class=\"code\">[");
            llw_html_add(out, c->code);
            llw_text_add(out, "]</span>");
        }
        llw_text_add(out, "</li>\n");
    }
    if (o->n_changes) llw_text_add(out, "</ul>\n");
    for (size_t i = 0; i < o->n_asides; i++) paragraph(out, "soft", o->asides[i]);
    paragraph(out, "soft", o->runner_up);
    llw_text_add(out, "</section>\n");
}

static void lessons(llw_text *out, const llw_decision *d) {
    llw_text_add(out, "<ul>\n");
    for (size_t i = 0; i < d->n_lessons; i++) {
        const llw_lesson_line *l = &d->lessons[i];
        if (!l->node) continue; /* about documents, cards or logs that play no part here */
        llw_text_add(out, "<li>");
        llw_html_addf(out, "%s %s%s", l->lesson->code, llw_state_name(l->state), *l->text ? ": " : "");
        llw_html_prose(out, l->text);
        llw_text_add(out, ". <span class=\"soft\">");
        llw_html_prose(out, l->lesson->claim);
        llw_text_add(out, "</span></li>\n");
    }
    for (size_t i = 0; i < d->n_notes; i++) {
        llw_text_add(out, "<li>");
        llw_html_prose(out, d->notes[i]);
        llw_text_add(out, "</li>\n");
    }
    llw_text_add(out, "</ul>\n");
}

static void memory(llw_text *out, const llw_decision *d) {
    llw_text picture = {0};
    if (llw_svg_bars(&picture, d, false)) {
        llw_text_add(out, "<h2>Memory per device</h2>\n<figure>\n");
        llw_text_add(out, llw_text_str(&picture));
        llw_text_add(out, "</figure>\n<details><summary>The same as a table</summary>");
        llw_html_bars_table(out, d);
        llw_text_add(out, "</details>\n");
    }
    llw_text_fini(&picture);
}

void llw_html_decision(llw_text *out, llw_run *run, const llw_decision *d) {
    const char *mood = d->verdict <= LLW_VERDICT_LIKELY_LOADS ? "good"
                       : d->verdict == LLW_VERDICT_UNKNOWN    ? "warn"
                                                              : "bad";
    llw_text_add(out, "<article>\n<h1>");
    llw_html_add(out, d->title);
    llw_text_add(out, "</h1>\n");
    paragraph(out, "soft", d->details);
    llw_text_addf(out, "<p class=\"verdict %s\"><span>", mood);
    llw_html_prose(out, d->verdict_text);
    llw_text_add(out, "</span></p>\n");
    const char *more[] = {d->uncertainty, d->survival, d->context_text, d->speed};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) paragraph(out, "", more[i]);
    offer(out, &d->repair);
    offer(out, &d->choice);
    memory(out, d);
    if (d->n_reasons) llw_text_add(out, "<h2>Why</h2>\n");
    if (d->n_reasons) llw_html_reasons(out, run, d);
    llw_text curves = {0};
    llw_html_curves(&curves, run, d);
    if (curves.len)
        llw_text_addf(out, "<h2>What a larger context or micro-batch would need</h2>\n%s",
                      llw_text_str(&curves));
    llw_text_fini(&curves);
    llw_text_add(out, "<h2>Lessons</h2>\n");
    lessons(out, d);
    llw_text_add(out, "</article>\n");
}
