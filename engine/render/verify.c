/* A verification as text and JSON. */
#include "render/verify.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const llw_ink inks[] = {
    [LLW_AGREE_MATCH] = LLW_GREEN, [LLW_AGREE_MISMATCH] = LLW_RED, [LLW_AGREE_UNKNOWN] = LLW_YELLOW};

/* Wraps a line that begins at column `at` (blanks are added up to it when it is a new one). */
static void line(llw_text *out, const llw_style *style, llw_text *text, int at, int indent) {
    if (out->len && out->bytes[out->len - 1] == '\n') llw_text_addf(out, "%*s", at, "");
    llw_wrap(out, style, llw_text_str(text), at, indent);
    llw_text_add(out, "\n");
    llw_text_fini(text);
}

static void item_text(llw_text *out, const llw_style *style, const llw_verify_item *item) {
    enum { COLUMN = 10 };
    llw_text word = {0}, t = {0};
    llw_text_addf(&word, "%-9s", llw_agreement_name(item->agreement));
    llw_paint(out, style, inks[item->agreement], llw_text_str(&word));
    llw_text_fini(&word);
    llw_text_add(out, " ");
    llw_text_addf(&t, "%s", item->what);
    bool same = !strcmp(item->expected, item->found);
    if (same && *item->found)
        llw_text_addf(&t, " %s", item->found);
    else if (*item->expected && *item->found)
        llw_text_addf(&t, ": %s expected, %s found", item->expected, item->found);
    else if (*item->expected)
        llw_text_addf(&t, ": %s expected", item->expected);
    else if (*item->found)
        llw_text_addf(&t, ": %s found", item->found);
    if (*item->source) llw_text_addf(&t, " [%s]", item->source);
    if (*item->reason) llw_text_addf(&t, ": %s", item->reason);
    line(out, style, &t, COLUMN, COLUMN);
}

static void overrides_text(llw_text *out, const llw_style *style, const llw_verification *v) {
    bool any = false;
    for (size_t i = 0; i < v->n_settings; i++) {
        const llw_setting_line *s = &v->settings[i];
        for (size_t k = 0; k < s->n_lost; k++) {
            llw_text t = {0};
            if (!any) llw_text_add(out, "What overrode what\n");
            any = true;
            llw_text_addf(&t, "%s %s [%s] counts, not %s [%s]", s->flag, s->value, s->source,
                          s->lost[k].value, s->lost[k].source);
            line(out, style, &t, 2, 4);
        }
    }
}

static void settings_text(llw_text *out, const llw_style *style, const llw_verification *v) {
    llw_text_add(out, "What reached it\n");
    if (!v->n_settings) llw_text_add(out, "  nothing that llwhy knows of: every setting is the default\n");
    for (size_t i = 0; i < v->n_settings; i++) {
        llw_text t = {0};
        llw_text_addf(&t, "%s %s [%s]", v->settings[i].flag, v->settings[i].value, v->settings[i].source);
        line(out, style, &t, 2, 4);
    }
}

static void head_text(llw_text *out, const llw_style *style, const llw_verify_report *r) {
    llw_text t = {0};
    const char *slash = strrchr(r->process->program, '/'), *name = slash ? slash + 1 : r->process->program;
    llw_text_addf(&t, "Process %ld: ", r->process->pid);
    llw_text_add_safe(&t, name, strlen(name), false);
    if (*r->model) llw_text_addf(&t, ", %s", r->model);
    if (*r->build) llw_text_addf(&t, ", llama.cpp %s", r->build);
    if (r->process->container)
        llw_text_addf(&t, ", container %.12s%s%s", r->process->container, r->process->image ? " of " : "",
                      r->process->image ? r->process->image : "");
    llw_paint(out, style, LLW_BOLD, llw_text_str(&t));
    llw_text_add(out, "\n");
    llw_text_fini(&t);
}

static void groups_text(llw_text *out, const llw_style *style, const llw_verification *v, bool all) {
    static const char *const titles[] = {
        "Flags, as they were meant and as they reached it",
        "Memory that the process holds, as predicted and as nvidia-smi sees it",
        "Buffers, as predicted and as the log shows them", "The load"};
    for (int g = LLW_VERIFY_FLAGS; g <= LLW_VERIFY_LOAD; g++) {
        size_t shown = 0, agreed = 0;
        for (size_t i = 0; i < v->n_items; i++) {
            const llw_verify_item *item = &v->items[i];
            if ((int)item->group != g) continue;
            if (!shown++) llw_text_addf(out, "%s\n", titles[g]);
            bool short_one = item->agreement == LLW_AGREE_MATCH && !all && g != LLW_VERIFY_MEMORY;
            agreed += short_one;
            if (!short_one) item_text(out, style, item);
        }
        if (agreed) llw_text_addf(out, "match     %zu as meant or predicted (--all lists them)\n", agreed);
    }
}

void llw_render_verify_text(llw_text *out, const llw_style *style, const llw_verify_report *r, bool all) {
    const llw_verification *v = r->verification;
    head_text(out, style, r);
    if (!r->meant || all) settings_text(out, style, v);
    overrides_text(out, style, v);
    groups_text(out, style, v, all);
    for (size_t i = 0; i < r->n_problems; i++) {
        llw_text t = {0};
        llw_text_addf(&t, "%s %s: ", llw_flag_code_name(r->problems[i].code), r->problems[i].place);
        llw_text_add_safe(&t, r->problems[i].message, strlen(r->problems[i].message), false);
        line(out, style, &t, 0, 4);
    }
    if (*v->splits) {
        llw_text t = {0};
        llw_text_add(&t, v->splits);
        line(out, style, &t, 0, 2);
    }
    for (size_t i = 0; i < r->n_notes; i++) {
        llw_text t = {0};
        llw_text_add(&t, "Note: ");
        llw_text_add_safe(&t, r->notes[i], strlen(r->notes[i]), false);
        line(out, style, &t, 0, 2);
    }
    if (!r->meant)
        llw_text_add(out, "Nobody said what was meant: give MODEL and flags behind --, or FILE:PROFILE\n");
    llw_text t = {0};
    llw_text_addf(&t, "Verdict: %s (%zu match, %zu differ, %zu unknown)", llw_agreement_name(v->verdict),
                  v->n_match, v->n_mismatch, v->n_unknown);
    llw_paint(out, style, inks[v->verdict], llw_text_str(&t));
    llw_text_add(out, "\n");
    llw_text_fini(&t);
    llw_flatten(out, style);
}

static json_t *string(const char *text) {
    json_t *s = json_string(text);
    if (s) return s;
    llw_text safe = {0};
    llw_text_add_safe(&safe, text, strlen(text), true);
    s = json_string(llw_text_str(&safe));
    llw_text_fini(&safe);
    return s;
}

static json_t *item_json(const llw_verify_item *item) {
    json_t *o = json_object();
    json_object_set_new(o, "group", string(llw_verify_group_name(item->group)));
    json_object_set_new(o, "what", string(item->what));
    json_object_set_new(o, "verdict", string(llw_agreement_name(item->agreement)));
    json_object_set_new(o, "expected", string(item->expected));
    json_object_set_new(o, "found", string(item->found));
    json_object_set_new(o, "reason", string(item->reason));
    json_object_set_new(o, "source", string(item->source));
    if (!item->numbers) return o;
    json_object_set_new(o, "expected_bytes",
                        json_pack("[I,I]", (json_int_t)item->low, (json_int_t)item->high));
    json_object_set_new(o, "found_bytes", json_integer(item->value));
    json_object_set_new(o, "tolerance_bytes", json_integer(item->tolerance));
    return o;
}

static json_t *setting_json(const llw_setting_line *s) {
    json_t *o = json_object(), *lost = json_array();
    json_object_set_new(o, "flag", string(s->flag));
    json_object_set_new(o, "value", string(s->value));
    json_object_set_new(o, "source", string(s->source));
    for (size_t i = 0; i < s->n_lost; i++)
        json_array_append_new(lost, json_pack("{s:o,s:o}", "value", string(s->lost[i].value), "source",
                                              string(s->lost[i].source)));
    json_object_set_new(o, "overrode", lost);
    return o;
}

void llw_render_verify_json(llw_text *out, const llw_verify_report *r) {
    const llw_verification *v = r->verification;
    json_t *root = json_object(), *process = json_object(), *items = json_array(), *settings = json_array(),
           *problems = json_array(), *notes = json_array();
    json_object_set_new(root, "schema", json_string("llwhy.verify/1"));
    json_object_set_new(process, "pid", json_integer(r->process->pid));
    json_object_set_new(process, "program", string(r->process->program));
    json_object_set_new(process, "container",
                        r->process->container ? string(r->process->container) : json_null());
    json_object_set_new(process, "image", r->process->image ? string(r->process->image) : json_null());
    json_object_set_new(root, "process", process);
    json_object_set_new(root, "build", string(r->build));
    json_object_set_new(root, "model", string(r->model));
    json_object_set_new(root, "meant", json_boolean(r->meant));
    json_object_set_new(root, "verdict", string(llw_agreement_name(v->verdict)));
    for (size_t i = 0; i < v->n_items; i++) json_array_append_new(items, item_json(&v->items[i]));
    for (size_t i = 0; i < v->n_settings; i++) json_array_append_new(settings, setting_json(&v->settings[i]));
    for (size_t i = 0; i < r->n_problems; i++)
        json_array_append_new(problems, json_pack("{s:o,s:o,s:o}", "code",
                                                  string(llw_flag_code_name(r->problems[i].code)), "place",
                                                  string(r->problems[i].place), "message",
                                                  string(r->problems[i].message)));
    for (size_t i = 0; i < r->n_notes; i++) json_array_append_new(notes, string(r->notes[i]));
    json_object_set_new(root, "items", items);
    json_object_set_new(root, "settings", settings);
    json_object_set_new(root, "problems", problems);
    json_object_set_new(root, "splits", string(v->splits));
    json_object_set_new(root, "notes", notes);
    char *text = json_dumps(root, JSON_INDENT(1));
    if (text) llw_text_add_json_safe(out, text);
    llw_text_add(out, "\n");
    free(text);
    json_decref(root);
}
