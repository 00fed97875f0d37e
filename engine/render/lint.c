/* Lint output: docs/json/lint.schema.json, text with a caret, gcc's file:line:column. */
#include "render/lint.h"
#include "base/file.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SOURCE = 4 << 20 };

static const char *severity(llw_level level) {
    return level == LLW_LEVEL_WRONG ? "error" : level >= LLW_LEVEL_WASTE ? "warning" : "note";
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

void llw_render_lint_json(llw_text *out, const llw_findings *findings, const llw_config_result *config) {
    json_t *root = json_object(), *list = json_array(), *unread = json_array();
    for (size_t i = 0; i < findings->n; i++) {
        const llw_finding *f = &findings->items[i];
        json_t *o = json_object(), *because = json_array();
        json_object_set_new(o, "code", string(f->code));
        json_object_set_new(o, "lesson", *f->lesson ? string(f->lesson) : json_null());
        json_object_set_new(o, "rule", string(f->rule));
        json_object_set_new(o, "level", string(llw_level_name(f->level)));
        json_object_set_new(o, "severity", string(severity(f->level)));
        json_object_set_new(o, "file", string(f->file));
        json_object_set_new(o, "line", f->line ? json_integer(f->line) : json_null());
        json_object_set_new(o, "column", f->column ? json_integer(f->column) : json_null());
        json_object_set_new(o, "message", string(f->message));
        for (size_t k = 0; k < f->n_because; k++) json_array_append_new(because, string(f->because[k]));
        json_object_set_new(o, "because", because);
        json_object_set_new(o, "advice", string(f->advice));
        json_object_set_new(o, "launches", json_integer((json_int_t)f->n_launches));
        json_array_append_new(list, o);
    }
    for (size_t i = 0; i < config->n_unread; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "file", string(config->unread[i].file));
        json_object_set_new(o, "line", config->unread[i].line ? json_integer(config->unread[i].line) : json_null());
        json_object_set_new(o, "why", string(config->unread[i].why));
        json_array_append_new(unread, o);
    }
    json_object_set_new(root, "schema", json_string("llwhy.lint/1"));
    json_object_set_new(root, "findings", list);
    json_object_set_new(root, "unread", unread);
    json_object_set_new(root, "files", json_integer((json_int_t)config->n_files));
    json_object_set_new(root, "launches", json_integer((json_int_t)config->n_launches));
    char *text = json_dumps(root, JSON_INDENT(1));
    if (text) llw_text_add(out, text);
    llw_text_add(out, "\n");
    free(text);
    json_decref(root);
}

static void safe(llw_text *out, const char *text) {
    llw_text_add_safe(out, text, strlen(text), false);
}

void llw_render_lint_gcc(llw_text *out, const llw_findings *findings, const llw_config_result *config) {
    for (size_t i = 0; i < findings->n; i++) {
        const llw_finding *f = &findings->items[i];
        safe(out, f->file);
        llw_text_addf(out, ":%d:%d: %s: ", f->line, f->column ? f->column : 1, severity(f->level));
        safe(out, f->message);
        llw_text_addf(out, " [%s]\n", f->code);
    }
    for (size_t i = 0; i < config->n_unread; i++) {
        safe(out, config->unread[i].file);
        llw_text_addf(out, ":%d:1: note: not read: ", config->unread[i].line);
        safe(out, config->unread[i].why);
        llw_text_add(out, "\n");
    }
}

/* The source line with a caret under the column, if the file can still be read. */
static void quote(llw_text *out, const llw_style *style, llw_arena *arena, const llw_finding *f) {
    char *bytes = NULL;
    size_t len = 0;
    if (!f->line || llw_file_read(arena, f->file, MAX_SOURCE, &bytes, &len, NULL) != LLW_OK) return;
    const char *at = bytes;
    for (int line = 1; line < f->line && at; line++) {
        at = strchr(at, '\n');
        if (at) at++;
    }
    if (!at) return;
    size_t n = strcspn(at, "\r\n");
    if (n > 200) return;
    llw_text_addf(out, "%6d | ", f->line);
    llw_text_add_safe(out, at, n, true);
    llw_text_add(out, "\n");
    if (f->column < 1 || (size_t)f->column > n) return;
    llw_text caret = {0};
    llw_text_addf(&caret, "%6s | ", "");
    for (int i = 0; i + 1 < f->column; i++) llw_text_add(&caret, at[i] == '\t' ? "\t" : ((unsigned char)at[i] & 0xc0) == 0x80 ? "" : " ");
    llw_text_add(&caret, "^");
    llw_paint(out, style, LLW_GREEN, llw_text_str(&caret));
    llw_text_add(out, "\n");
    llw_text_fini(&caret);
}

void llw_render_lint_text(llw_text *out, const llw_style *style, const llw_findings *findings, const llw_config_result *config) {
    static const llw_ink ink[] = {LLW_PLAIN, LLW_PLAIN, LLW_YELLOW, LLW_YELLOW, LLW_RED};
    llw_arena *arena = llw_arena_new();
    size_t count[LLW_LEVEL_WRONG + 1] = {0};
    for (size_t i = 0; i < findings->n; i++) {
        const llw_finding *f = &findings->items[i];
        count[f->level]++;
        llw_text head = {0};
        safe(&head, f->file);
        if (f->line) llw_text_addf(&head, ":%d", f->line);
        if (f->column) llw_text_addf(&head, ":%d", f->column);
        llw_text_add(&head, ": ");
        llw_paint(out, style, LLW_BOLD, llw_text_str(&head));
        llw_text_fini(&head);
        llw_paint(out, style, ink[f->level], llw_level_name(f->level));
        llw_text_addf(out, " [%s] ", f->code);
        llw_text_add(out, "\n");
        quote(out, style, arena, f);
        llw_text_add(out, "  ");
        llw_wrap(out, style, f->message, 2, 2);
        llw_text_add(out, "\n");
        if (*f->advice) {
            llw_text line = {0};
            llw_text_addf(&line, "-> %s", f->advice);
            llw_text_add(out, "  ");
            llw_wrap(out, style, llw_text_str(&line), 2, 5);
            llw_text_add(out, "\n");
            llw_text_fini(&line);
        }
        if (f->n_launches > 1) llw_text_addf(out, "  (%zu launches inherit it)\n", f->n_launches);
    }
    for (size_t i = 0; i < config->n_unread; i++) {
        safe(out, config->unread[i].file);
        if (config->unread[i].line) llw_text_addf(out, ":%d", config->unread[i].line);
        llw_text_add(out, ": not read: ");
        safe(out, config->unread[i].why);
        llw_text_add(out, "\n");
    }
    llw_text_addf(out, "%zu files, %zu launches: %zu wrong, %zu risk, %zu waste", config->n_files, config->n_launches, count[LLW_LEVEL_WRONG],
                  count[LLW_LEVEL_RISK], count[LLW_LEVEL_WASTE]);
    if (count[LLW_LEVEL_NOTE]) llw_text_addf(out, ", %zu notes", count[LLW_LEVEL_NOTE]);
    if (config->n_unread) llw_text_addf(out, "; %zu things not read", config->n_unread);
    llw_text_add(out, findings->n ? "; llwhy explain CODE tells a lesson\n" : "\n");
    llw_flatten(out, style);
    llw_arena_free(arena);
}
