/* Findings about lessons for people and for programs. */
#include "render/rulelint.h"
#include "render/jsontext.h"

#include <string.h>

static bool same_place(const llw_rulelint_finding *a, const llw_rulelint_finding *b) {
    return a->line == b->line && !strcmp(a->file, b->file);
}

static void place_text(llw_text *out, const llw_rulelint_finding *f) {
    llw_text_add_safe(out, f->file, strlen(f->file), false);
    if (f->line) llw_text_addf(out, ":%d", f->line);
    llw_text_add(out, "\n");
}

static void item_text(llw_text *out, const llw_style *style, const llw_rulelint_finding *f) {
    static const llw_ink inks[] = {LLW_PLAIN, LLW_DIM, LLW_YELLOW, LLW_YELLOW, LLW_RED};
    llw_text line = {0};
    llw_text_add(out, "  ");
    llw_paint(out, style, inks[f->level], llw_level_name(f->level));
    llw_text_addf(out, "%*s%s  ", 7 - (int)strlen(llw_level_name(f->level)), "", f->code);
    llw_text_add_safe(&line, f->message, strlen(f->message), false);
    llw_wrap(out, style, llw_text_str(&line), 14, 14);
    llw_text_add(out, "\n");
    llw_text_fini(&line);
}

void llw_render_rulelint_text(llw_text *out, const llw_style *style, const llw_rulelint *report) {
    for (size_t i = 0; i < report->n; i++) {
        if (!i || !same_place(&report->items[i - 1], &report->items[i])) place_text(out, &report->items[i]);
        item_text(out, style, &report->items[i]);
    }
    llw_text_addf(out, "%zu lesson%s with %zu rule%s: ", report->n_lessons, report->n_lessons == 1 ? "" : "s",
                  report->n_rules, report->n_rules == 1 ? "" : "s");
    if (report->n)
        llw_text_addf(out, "%zu finding%s; llwhy explain %s says more about the first\n", report->n,
                      report->n == 1 ? "" : "s", report->items[0].code);
    else
        llw_text_add(out, "nothing to mend\n");
}

static json_t *text_or_null(const char *text) {
    return *text ? llw_json_string(text) : json_null();
}

void llw_render_rulelint_json(llw_text *out, const llw_rulelint *report) {
    json_t *findings = json_array();
    for (size_t i = 0; i < report->n; i++) {
        const llw_rulelint_finding *f = &report->items[i];
        json_t *o = json_object();
        json_object_set_new(o, "code", json_string(f->code));
        json_object_set_new(o, "level", json_string(llw_level_name(f->level)));
        json_object_set_new(o, "file", text_or_null(f->file));
        json_object_set_new(o, "line", f->line ? json_integer(f->line) : json_null());
        json_object_set_new(o, "lesson", text_or_null(f->lesson));
        json_object_set_new(o, "rule", text_or_null(f->rule));
        json_object_set_new(o, "message", llw_json_string(f->message));
        json_array_append_new(findings, o);
    }
    json_t *root = json_object();
    json_object_set_new(root, "schema", json_string("llwhy.lint-rules/1"));
    json_object_set_new(root, "lessons", json_integer((json_int_t)report->n_lessons));
    json_object_set_new(root, "rules", json_integer((json_int_t)report->n_rules));
    json_object_set_new(root, "findings", findings);
    llw_json_dump(out, root);
}
