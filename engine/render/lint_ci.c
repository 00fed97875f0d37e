/* Lint as GitHub's workflow commands and as GitLab's code quality report. */
#include "render/lint_parts.h"

#include <string.h>

/* Workflow commands: what ends a property or the line is written as %HH (actions/toolkit,
 * packages/core/src/command.ts: escapeData and escapeProperty). Control characters were made visible before.
 */
static void escape(llw_text *out, const char *text, bool property) {
    llw_text safe = {0};
    llw_lint_safe(&safe, text);
    for (const char *c = llw_text_str(&safe); *c; c++) {
        if (*c == '%' || *c == '\r' || *c == '\n' || (property && (*c == ':' || *c == ',')))
            llw_text_addf(out, "%%%02X", (unsigned char)*c);
        else
            llw_text_addn(out, c, 1);
    }
    llw_text_fini(&safe);
}

static void annotate(llw_text *out, const char *command, const char *file, int line) {
    llw_text_addf(out, "::%s file=", command);
    escape(out, file, true);
    llw_text_addf(out, ",line=%d", line ? line : 1);
}

void llw_render_lint_github(llw_text *out, const llw_style *style, const llw_lint_report *report) {
    (void)style;
    for (size_t i = 0; i < report->findings->n; i++) {
        const llw_finding *f = &report->findings->items[i];
        const char *severity = llw_lint_severity(f->level);
        annotate(out, strcmp(severity, "note") ? severity : "notice",
                 llw_lint_path(report, llw_lint_file(report, f)), f->line);
        if (f->column) llw_text_addf(out, ",col=%d,endColumn=%d", f->column, f->column + llw_lint_extent(f));
        llw_text_add(out, ",title=");
        escape(out, f->code, true);
        llw_text_addf(out, " %s::", llw_level_name(f->level));
        escape(out, f->message, false);
        if (*f->advice) {
            llw_text_add(out, "%0A-> ");
            escape(out, f->advice, false);
        }
        llw_text_add(out, "\n");
    }
    for (size_t i = 0; i < report->config->n_unread; i++) {
        const llw_unread *u = &report->config->unread[i];
        annotate(out, "notice", llw_lint_path(report, u->file), u->line);
        llw_text_add(out, ",title=not read::");
        escape(out, u->why, false);
        llw_text_add(out, "\n");
    }
}

/* GitLab refuses two issues of one fingerprint: the second of a kind gets its number. */
static void add_issue(json_t *list, const llw_lint_report *report, const llw_finding *f, json_t *seen) {
    static const char *const severity[] = {"info", "info", "minor", "major", "critical"};
    const char *path = llw_lint_path(report, llw_lint_file(report, f));
    char hash[LLW_FINGERPRINT_MAX];
    llw_finding_fingerprint(hash, f, path);
    json_int_t times = json_integer_value(json_object_get(seen, hash)) + 1;
    json_object_set_new(seen, hash, json_integer(times));
    const char *fingerprint =
        times > 1 ? llw_arena_printf(report->arena, "%s-%lld", hash, (long long)times) : hash;
    const char *text =
        *f->advice ? llw_arena_printf(report->arena, "%s (%s)", f->message, f->advice) : f->message;
    json_array_append_new(list,
                          json_pack("{s:o, s:o, s:s, s:s, s:{s:o, s:{s:i}}}", "description",
                                    llw_lint_string(llw_lint_safe_copy(report->arena, text)), "check_name",
                                    llw_lint_string(llw_lint_safe_copy(report->arena, f->code)),
                                    "fingerprint", fingerprint, "severity", severity[f->level], "location",
                                    "path", llw_lint_string(llw_lint_safe_copy(report->arena, path)), "lines",
                                    "begin", f->line ? f->line : 1));
}

void llw_render_lint_gitlab(llw_text *out, const llw_style *style, const llw_lint_report *report) {
    (void)style;
    json_t *list = json_array(), *seen = json_object();
    for (size_t i = 0; i < report->findings->n; i++)
        add_issue(list, report, &report->findings->items[i], seen);
    json_decref(seen);
    llw_lint_dump(out, list, JSON_INDENT(1));
}
