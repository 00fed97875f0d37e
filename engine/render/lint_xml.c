/* Lint as JUnit and checkstyle XML. */
#include "render/lint_parts.h"

#include <string.h>

/* Text for an attribute or an element: made visible first, then XML's own marks, and the two code points
 * below U+10000 that XML 1.0 has no place for and that are no control characters (U+FFFE, U+FFFF). */
static void escape(llw_text *out, const char *text) {
    llw_text safe = {0};
    llw_lint_safe(&safe, text);
    for (const char *c = llw_text_str(&safe); *c; c++) {
        switch (*c) {
        case '&': llw_text_add(out, "&amp;"); break;
        case '<': llw_text_add(out, "&lt;"); break;
        case '>': llw_text_add(out, "&gt;"); break;
        case '"': llw_text_add(out, "&quot;"); break;
        case '\'': llw_text_add(out, "&#39;"); break;
        default:
            if (!strncmp(c, "\xef\xbf\xbe", 3) || !strncmp(c, "\xef\xbf\xbf", 3)) {
                llw_text_addf(out, "\\u{%s}", c[2] == '\xbe' ? "fffe" : "ffff");
                c += 2;
            } else
                llw_text_addn(out, c, 1);
        }
    }
    llw_text_fini(&safe);
}

static void attribute(llw_text *out, const char *name, const char *value) {
    llw_text_addf(out, " %s=\"", name);
    escape(out, value);
    llw_text_add(out, "\"");
}

/* A file with its findings, reported and accepted: runs of the two sorted lists. */
typedef struct portion {
    const char *file;
    size_t from, to, accepted_from, accepted_to;
} portion;

static size_t skip(const llw_findings *findings, size_t at, const char *file) {
    while (at < findings->n && !strcmp(findings->items[at].file, file)) at++;
    return at;
}

/* The next file in order of either list; false at the end. */
static bool next(const llw_lint_report *report, portion *p) {
    p->from = p->to;
    p->accepted_from = p->accepted_to;
    bool reported = p->from < report->findings->n, accepted = p->accepted_from < report->accepted->n;
    if (!reported && !accepted) return false;
    const char *a = reported ? report->findings->items[p->from].file : "";
    const char *b = accepted ? report->accepted->items[p->accepted_from].file : "";
    p->file = reported && (!accepted || strcmp(a, b) <= 0) ? a : b;
    p->to = skip(report->findings, p->from, p->file);
    p->accepted_to = skip(report->accepted, p->accepted_from, p->file);
    return true;
}

static const char *shown(const llw_lint_report *report, const char *file) {
    return *file ? llw_lint_path(report, file) : "(no file)";
}

/* --- checkstyle --- */

void llw_render_lint_checkstyle(llw_text *out, const llw_style *style, const llw_lint_report *report) {
    (void)style;
    llw_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">\n");
    for (portion p = {0}; next(report, &p);) {
        if (p.from == p.to) continue;
        llw_text_add(out, "  <file");
        attribute(out, "name", shown(report, p.file));
        llw_text_add(out, ">\n");
        for (size_t i = p.from; i < p.to; i++) {
            const llw_finding *f = &report->findings->items[i];
            const char *severity = llw_lint_severity(f->level);
            llw_text_addf(out, "    <error line=\"%d\" column=\"%d\"", f->line ? f->line : 1,
                          f->column ? f->column : 1);
            attribute(out, "severity", strcmp(severity, "note") ? severity : "info");
            attribute(out, "message",
                      *f->advice ? llw_arena_printf(report->arena, "%s (%s)", f->message, f->advice)
                                 : f->message);
            attribute(out, "source", llw_arena_printf(report->arena, "llwhy.%s", f->code));
            llw_text_add(out, "/>\n");
        }
        llw_text_add(out, "  </file>\n");
    }
    llw_text_add(out, "</checkstyle>\n");
}

/* --- JUnit --- */

static void case_open(llw_text *out, const llw_lint_report *report, const llw_finding *f) {
    llw_text_add(out, "    <testcase");
    attribute(out, "classname", shown(report, f->file));
    attribute(out, "name", llw_arena_printf(report->arena, "%s %s, line %d", f->code, f->rule, f->line));
    attribute(out, "file", shown(report, f->file));
    llw_text_addf(out, " line=\"%d\">", f->line);
}

static void case_text(llw_text *out, const llw_finding *f) {
    llw_text place = {0};
    llw_text_addf(&place, "%s:%d:%d: ", f->file, f->line, f->column);
    escape(out, llw_text_str(&place));
    llw_text_fini(&place);
    escape(out, f->message);
    if (*f->advice) {
        llw_text_add(out, "\n-&gt; ");
        escape(out, f->advice);
    }
    for (size_t i = 0; i < f->n_because; i++) {
        llw_text_add(out, "\nbecause ");
        escape(out, f->because[i]);
    }
}

/* Wrong, risk and waste fail; a note is told and passes; what was accepted is skipped. */
static void test_case(llw_text *out, const llw_lint_report *report, const llw_finding *f) {
    case_open(out, report, f);
    if (f->accepted) {
        llw_text_add(out, "<skipped");
        attribute(out, "message", *f->reason ? f->reason : "suppressed without a reason");
        llw_text_add(out, "/></testcase>\n");
        return;
    }
    bool note = f->level == LLW_LEVEL_NOTE;
    llw_text_add(out, note ? "<system-out" : "<failure");
    if (!note) {
        attribute(out, "type", llw_level_name(f->level));
        attribute(out, "message", f->message);
    }
    llw_text_add(out, ">");
    case_text(out, f);
    llw_text_add(out, note ? "</system-out></testcase>\n" : "</failure></testcase>\n");
}

static size_t failures(const llw_lint_report *report, size_t from, size_t to) {
    size_t n = 0;
    for (size_t i = from; i < to; i++) n += report->findings->items[i].level > LLW_LEVEL_NOTE;
    return n;
}

void llw_render_lint_junit(llw_text *out, const llw_style *style, const llw_lint_report *report) {
    (void)style;
    const llw_config_result *config = report->config;
    llw_text suites = {0}, clean = {0};
    size_t passed = 0;
    json_t *told = json_object(); /* files that have a suite */
    for (portion p = {0}; next(report, &p);) {
        json_object_set_new_nocheck(told, p.file, json_true());
        llw_text_add(&suites, "  <testsuite");
        attribute(&suites, "name", shown(report, p.file));
        llw_text_addf(&suites, " tests=\"%zu\" failures=\"%zu\" errors=\"0\" skipped=\"%zu\">\n",
                      p.to - p.from + p.accepted_to - p.accepted_from, failures(report, p.from, p.to),
                      p.accepted_to - p.accepted_from);
        for (size_t i = p.from; i < p.to; i++) test_case(&suites, report, &report->findings->items[i]);
        for (size_t i = p.accepted_from; i < p.accepted_to; i++)
            test_case(&suites, report, &report->accepted->items[i]);
        llw_text_add(&suites, "  </testsuite>\n");
    }
    for (size_t i = 0; i < config->n_files; i++) {
        if (json_object_get(told, config->files[i])) continue;
        passed++;
        llw_text_add(&clean, "    <testcase");
        attribute(&clean, "classname", shown(report, config->files[i]));
        attribute(&clean, "name", "nothing found");
        llw_text_add(&clean, "/>\n");
    }
    llw_text_add(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    llw_text_addf(
        out,
        "<testsuites name=\"llwhy lint\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n",
        report->findings->n + report->accepted->n + passed + config->n_unread,
        failures(report, 0, report->findings->n), config->n_unread, report->accepted->n);
    llw_text_add(out, llw_text_str(&suites));
    if (passed || config->n_unread) {
        llw_text_addf(
            out, "  <testsuite name=\"files\" tests=\"%zu\" failures=\"0\" errors=\"%zu\" skipped=\"0\">\n",
            passed + config->n_unread, config->n_unread);
        llw_text_add(out, llw_text_str(&clean));
        for (size_t i = 0; i < config->n_unread; i++) {
            const llw_unread *u = &config->unread[i];
            llw_text_add(out, "    <testcase");
            attribute(out, "classname", shown(report, u->file));
            attribute(out, "name", llw_arena_printf(report->arena, "not read, line %d", u->line));
            llw_text_add(out, "><error type=\"unread\"");
            attribute(out, "message", u->why);
            llw_text_add(out, "/></testcase>\n");
        }
        llw_text_add(out, "  </testsuite>\n");
    }
    llw_text_add(out, "</testsuites>\n");
    json_decref(told);
    llw_text_fini(&suites);
    llw_text_fini(&clean);
}
