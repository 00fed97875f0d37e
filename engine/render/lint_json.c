/* Lint as JSON: docs/json/lint.schema.json as one document, and the same objects a line each. */
#include "render/lint_parts.h"

#include <stdlib.h>
#include <string.h>

json_t *llw_lint_string(const char *text) {
    json_t *s = json_string(text);
    if (s) return s;
    llw_text safe = {0};
    llw_lint_safe(&safe, text);
    s = json_string(llw_text_str(&safe));
    llw_text_fini(&safe);
    return s;
}

void llw_lint_dump(llw_text *out, json_t *root, size_t flags) {
    char *text = json_dumps(root, flags);
    if (text) llw_text_add_json_safe(out, text);
    llw_text_add(out, "\n");
    free(text);
    json_decref(root);
}

static json_t *or_null(int number) {
    return number ? json_integer(number) : json_null();
}

static void put(json_t *o, const char *key, const char *text) {
    json_object_set_new(o, key, llw_lint_string(text));
}

static json_t *also_json(const llw_finding *f) {
    json_t *list = json_array();
    for (size_t i = 0; i < f->n_also; i++) {
        json_t *o = json_object();
        put(o, "rule", f->also[i].rule);
        put(o, "level", llw_level_name(f->also[i].level));
        json_object_set_new(o, "column", or_null(f->also[i].column));
        put(o, "message", f->also[i].message);
        put(o, "advice", f->also[i].advice);
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *fix_json(const llw_fix *fix) {
    if (!fix) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "line", json_integer(fix->line));
    json_object_set_new(o, "column", json_integer(fix->column));
    json_object_set_new(o, "offset", json_integer((json_int_t)fix->offset));
    put(o, "was", fix->was);
    put(o, "text", fix->text);
    return o;
}

static json_t *finding_json(const llw_lint_report *report, const llw_finding *f) {
    json_t *o = json_object(), *because = json_array();
    char hash[LLW_FINGERPRINT_MAX];
    put(o, "code", f->code);
    json_object_set_new(o, "lesson", *f->lesson ? llw_lint_string(f->lesson) : json_null());
    put(o, "rule", f->rule);
    put(o, "level", llw_level_name(f->level));
    put(o, "severity", llw_lint_severity(f->level));
    put(o, "file", f->file);
    json_object_set_new(o, "line", or_null(f->line));
    json_object_set_new(o, "column", or_null(f->column));
    put(o, "message", f->message);
    for (size_t k = 0; k < f->n_because; k++) json_array_append_new(because, llw_lint_string(f->because[k]));
    json_object_set_new(o, "because", because);
    put(o, "advice", f->advice);
    json_object_set_new(o, "launch", *f->where ? llw_lint_string(f->where) : json_null());
    json_object_set_new(o, "launches", json_integer((json_int_t)f->n_launches));
    json_object_set_new(o, "also", also_json(f));
    json_object_set_new(o, "fix", fix_json(f->fix));
    put(o, "fingerprint", llw_finding_fingerprint(hash, f, llw_lint_path(report, f->file)));
    if (f->accepted) {
        put(o, "accepted", f->accepted == LLW_ACCEPTED_INLINE ? "inline" : "baseline");
        put(o, "reason", f->reason);
        json_object_set_new(o, "until", *f->until ? llw_lint_string(f->until) : json_null());
    }
    return o;
}

static json_t *unread_json(const llw_unread *u) {
    json_t *o = json_object();
    put(o, "file", u->file);
    json_object_set_new(o, "line", or_null(u->line));
    put(o, "why", u->why);
    return o;
}

void llw_render_lint_json(llw_text *out, const llw_style *style, const llw_lint_report *report) {
    (void)style;
    const llw_config_result *config = report->config;
    json_t *root = json_object(), *list = json_array(), *accepted = json_array(), *unread = json_array();
    for (size_t i = 0; i < report->findings->n; i++)
        json_array_append_new(list, finding_json(report, &report->findings->items[i]));
    for (size_t i = 0; i < report->accepted->n; i++)
        json_array_append_new(accepted, finding_json(report, &report->accepted->items[i]));
    for (size_t i = 0; i < config->n_unread; i++)
        json_array_append_new(unread, unread_json(&config->unread[i]));
    json_object_set_new(root, "schema", json_string("llwhy.lint/1"));
    json_object_set_new(root, "findings", list);
    json_object_set_new(root, "accepted", accepted);
    json_object_set_new(root, "unread", unread);
    json_object_set_new(root, "files", json_integer((json_int_t)config->n_files));
    json_object_set_new(root, "launches", json_integer((json_int_t)config->n_launches));
    llw_lint_dump(out, root, JSON_INDENT(1));
}

/* An object with its type in front, so that a reader of lines knows it at once. */
static void line(llw_text *out, const char *type, json_t *o) {
    json_t *typed = json_pack("{s:s}", "type", type);
    json_object_update(typed, o);
    json_decref(o);
    llw_lint_dump(out, typed, JSON_COMPACT);
}

void llw_render_lint_jsonl(llw_text *out, const llw_style *style, const llw_lint_report *report) {
    (void)style;
    const llw_config_result *config = report->config;
    for (size_t i = 0; i < report->findings->n; i++)
        line(out, "finding", finding_json(report, &report->findings->items[i]));
    for (size_t i = 0; i < report->accepted->n; i++)
        line(out, "accepted", finding_json(report, &report->accepted->items[i]));
    for (size_t i = 0; i < config->n_unread; i++) line(out, "unread", unread_json(&config->unread[i]));
    line(out, "summary",
         json_pack("{s:s, s:I, s:I, s:I, s:I, s:I}", "schema", "llwhy.lint/1", "findings",
                   (json_int_t)report->findings->n, "accepted", (json_int_t)report->accepted->n, "unread",
                   (json_int_t)config->n_unread, "files", (json_int_t)config->n_files, "launches",
                   (json_int_t)config->n_launches));
}
