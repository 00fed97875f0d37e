/* The decision on one screen. */
#include "render/render.h"

#include <string.h>

enum { BAR = 24 };

static void bar(llw_text *out, const llw_style *style, const llw_device_line *line) {
    static const char *const mark[] = {"█", "▓", "▒", "░"};
    static const llw_ink ink[] = {LLW_CYAN, LLW_YELLOW, LLW_GREEN, LLW_DIM};
    int64_t need = line->weights + line->kv + line->compute + line->draft,
            whole = line->free > need ? line->free : need;
    if (whole <= 0) whole = 1;
    int64_t parts[] = {line->weights, line->weights + line->kv, need, whole};
    int from = 0;
    for (int i = 0; i < 4; i++) {
        int to = (int)((double)parts[i] * BAR / (double)whole + 0.5);
        for (; from < to && from < BAR; from++) llw_paint(out, style, ink[i], mark[i]);
    }
    for (; from < BAR; from++) llw_text_add(out, " ");
}

/* The text in a column: filled up, or cut where it is too long (a name of plain letters is). */
static void pad(llw_text *out, const char *text, size_t width) {
    size_t have = llw_text_width(text);
    if (have > width && have == strlen(text)) {
        llw_text_addn(out, text, width - 2);
        llw_text_add(out, "… ");
        return;
    }
    llw_text_add(out, text);
    for (; have < width; have++) llw_text_add(out, " ");
}

/* Sizes of one table share a unit, so that they can be compared at a glance. */
static void gib(llw_text *out, const char *what, int64_t bytes, const char *unit) {
    llw_text_addf(out, "%s %4.1f%s  ", what, (double)bytes / (1024.0 * 1024 * 1024), unit);
}

static void devices(llw_text *out, const llw_style *style, const llw_decision *d) {
    size_t name = 0, gpu = 0;
    for (size_t i = 0; i < d->n_devices; i++) {
        size_t n = llw_text_width(d->devices[i].name), g = llw_text_width(d->devices[i].gpu);
        name = n > name ? n : name;
        gpu = g > gpu ? g : gpu;
    }
    if (gpu > 24) gpu = 24;
    char buf[LLW_NUMBER_MAX];
    for (size_t i = 0; i < d->n_devices; i++) {
        const llw_device_line *line = &d->devices[i];
        pad(out, line->name, name + 1);
        pad(out, line->gpu, gpu + 2);
        if (line->known)
            bar(out, style, line);
        else
            pad(out, "free memory unknown", BAR);
        llw_text_add(out, "  ");
        gib(out, "weights", line->weights, "");
        gib(out, "KV", line->kv, "");
        gib(out, "compute", line->compute, line->draft ? "" : " GiB");
        if (line->draft) gib(out, "draft", line->draft, " GiB");
        if (line->known && line->left < 0) {
            llw_text missing = {0};
            llw_text_addf(&missing, "%s short", llw_format_bytes(buf, -line->left));
            llw_paint(out, style, LLW_RED, llw_text_str(&missing));
            llw_text_fini(&missing);
        } else if (line->known)
            llw_text_addf(out, "%s left", llw_format_bytes(buf, line->left));
        llw_text_add(out, "\n");
    }
}

static void offer(llw_text *out, const llw_style *style, const llw_offer *o) {
    if (!o->offered) return;
    llw_text_add(out, "  ");
    llw_paint(out, style, LLW_BOLD, o->title);
    for (size_t w = llw_text_width(o->title); w < 18; w++) llw_text_add(out, " ");
    llw_wrap(out, style, o->command, 20, 20);
    llw_text_add(out, "\n");
    if (*o->result) {
        llw_text_addf(out, "%*s", 20, "");
        llw_wrap(out, style, o->result, 20, 20);
        llw_text_add(out, "\n");
    }
    for (size_t i = 0; i < o->n_changes; i++) {
        const llw_flag_change *c = &o->changes[i];
        llw_text line = {0};
        llw_text_addf(&line, "%s %s: %s", c->set ? "sets" : "drops", c->flag, c->reason);
        if (*c->code) llw_text_addf(&line, " [%s]", c->code);
        llw_text_addf(out, "%*s", 20, "");
        llw_wrap(out, style, llw_text_str(&line), 20, 22);
        llw_text_add(out, "\n");
        llw_text_fini(&line);
    }
    for (size_t i = 0; i < o->n_asides; i++) {
        llw_text_addf(out, "%*s", 20, "");
        llw_wrap(out, style, o->asides[i], 20, 22);
        llw_text_add(out, "\n");
    }
    if (*o->runner_up) {
        llw_text_addf(out, "%*s", 20, "");
        llw_wrap(out, style, o->runner_up, 20, 22);
        llw_text_add(out, "\n");
    }
}

static void reasons(llw_text *out, const llw_style *style, const llw_decision *d) {
    static const llw_ink ink[] = {LLW_PLAIN, LLW_PLAIN, LLW_YELLOW, LLW_YELLOW, LLW_RED};
    if (!d->n_reasons) return;
    llw_paint(out, style, LLW_BOLD, "Why\n");
    for (size_t i = 0; i < d->n_reasons; i++) {
        const llw_reason *r = &d->reasons[i];
        llw_text_addf(out, "%3zu ", i + 1);
        llw_paint(out, style, ink[r->level], llw_level_name(r->level));
        for (size_t w = strlen(llw_level_name(r->level)); w < 6; w++) llw_text_add(out, " ");
        llw_text line = {0};
        llw_text_addf(&line, "%s [%s]", r->text, r->code);
        llw_wrap(out, style, llw_text_str(&line), 10, 10);
        llw_text_fini(&line);
        llw_text_add(out, "\n");
    }
}

static void lessons(llw_text *out, const llw_style *style, const llw_decision *d) {
    llw_text line = {0};
    llw_text_add(&line, "Lessons: ");
    const char *between = "";
    for (size_t i = 0; i < d->n_lessons; i++) {
        const llw_lesson_line *l = &d->lessons[i];
        if (!l->node) continue; /* about documents, cards or logs that play no part here */
        llw_text_addf(&line, "%s%s %s", between, l->lesson->code, llw_state_name(l->state));
        if (*l->text) llw_text_addf(&line, ": %s", l->text);
        between = " · ";
    }
    llw_wrap(out, style, llw_text_str(&line), 0, 9);
    llw_text_add(out, "\n");
    llw_text_fini(&line);
}

void llw_render_decision_text(llw_text *out, const llw_style *style, const llw_decision *d) {
    llw_wrap(out, style, d->title, 0, 2);
    llw_text_add(out, "\n");
    if (*d->details) {
        llw_text_add(out, "  ");
        llw_wrap(out, style, d->details, 2, 2);
        llw_text_add(out, "\n");
    }
    devices(out, style, d);
    llw_text_add(out, "\n");
    llw_text verdict = {0};
    llw_wrap(&verdict, style, d->verdict_text, 0, 2);
    llw_paint(out, style,
              d->verdict <= LLW_VERDICT_LIKELY_LOADS ? LLW_GREEN
              : d->verdict == LLW_VERDICT_UNKNOWN    ? LLW_YELLOW
                                                     : LLW_RED,
              llw_text_str(&verdict));
    llw_text_fini(&verdict);
    llw_text_add(out, "\n");
    const char *more[] = {d->uncertainty, d->survival, d->context_text, d->speed};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        if (!*more[i]) continue;
        llw_text_add(out, "  ");
        llw_wrap(out, style, more[i], 2, 2);
        llw_text_add(out, "\n");
    }
    offer(out, style, &d->repair);
    offer(out, style, &d->choice);
    reasons(out, style, d);
    lessons(out, style, d);
    for (size_t i = 0; i < d->n_notes; i++) {
        llw_text note = {0};
        llw_text_add(&note, "Note: ");
        llw_text_add_safe(&note, d->notes[i], strlen(d->notes[i]), false);
        llw_wrap(out, style, llw_text_str(&note), 0, 6);
        llw_text_add(out, "\n");
        llw_text_fini(&note);
    }
    if (d->n_reasons) llw_text_add(out, "llwhy why 1 for the numbers behind a line\n");
    llw_flatten(out, style);
}
