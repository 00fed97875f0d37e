/* Lint as Markdown: for a pull request's comment or a job's summary. */
#include "render/lint_parts.h"

#include <string.h>

/* Text that stays text: Markdown's marks are escaped, addresses do not become links, and nobody is mentioned.
 */
static void escape(llw_text *out, const char *text) {
    llw_text safe = {0};
    llw_lint_safe(&safe, text);
    const char *all = llw_text_str(&safe);
    for (const char *c = all; *c; c++) {
        bool link =
            (*c == ':' && !strncmp(c, "://", 3)) || (*c == '.' && c - all >= 3 && !strncmp(c - 3, "www", 3));
        bool start = c == all && (*c == '-' || *c == '+' || *c == '#' || *c == '=' || *c == '>');
        if (*c == '<' || *c == '>' || *c == '&') {
            llw_text_addf(out, "&#%d;", *c);
            continue;
        }
        if (strchr("\\`*_[]|~!#", *c) || link || start) llw_text_add(out, "\\");
        llw_text_addn(out, c, 1);
        if (*c == '@') llw_text_add(out, "<!-- -->");
    }
    llw_text_fini(&safe);
}

/* A span of code around anything: its fence is longer than every run of backticks in it. */
static void code(llw_text *out, const char *text) {
    llw_text safe = {0};
    llw_lint_safe(&safe, text);
    size_t most = 0, run = 0;
    for (const char *c = llw_text_str(&safe); *c; c++) {
        run = *c == '`' ? run + 1 : 0;
        if (run > most) most = run;
    }
    for (size_t i = 0; i <= most; i++) llw_text_add(out, "`");
    if (most) llw_text_add(out, " ");
    llw_text_add(out, llw_text_str(&safe));
    if (most) llw_text_add(out, " ");
    for (size_t i = 0; i <= most; i++) llw_text_add(out, "`");
    llw_text_fini(&safe);
}

static void item(llw_text *out, const llw_finding *f) {
    llw_text_addf(out, "- **%s** ", llw_level_name(f->level));
    code(out, f->code);
    if (f->line) llw_text_addf(out, " line %d", f->line);
    if (f->line && f->column) llw_text_addf(out, ", column %d", f->column);
    llw_text_add(out, ": ");
    escape(out, f->message);
    if (*f->advice) {
        llw_text_add(out, "  \n  **Instead:** ");
        escape(out, f->advice);
    }
    for (size_t i = 0; i < f->n_also; i++) {
        llw_text_addf(out, "  \n  Also %s: ", llw_level_name(f->also[i].level));
        escape(out, f->also[i].message);
    }
    if (f->n_steps) {
        llw_text_add(out, "\n  <details><summary>why</summary>\n");
        for (size_t i = 0; i < f->n_steps; i++) {
            llw_text_add(out, "\n  - ");
            escape(out, f->steps[i].text);
            if (!*f->steps[i].file) continue;
            llw_text place = {0};
            llw_text_addf(&place, "%s:%d", f->steps[i].file, f->steps[i].line);
            llw_text_add(out, " ");
            code(out, llw_text_str(&place));
            llw_text_fini(&place);
        }
        llw_text_add(out, "\n\n  </details>");
    }
    llw_text_add(out, "\n");
}

void llw_render_lint_markdown(llw_text *out, const llw_style *style, const llw_lint_report *report) {
    (void)style;
    const llw_config_result *config = report->config;
    size_t count[LLW_LEVEL_WRONG + 1] = {0};
    for (size_t i = 0; i < report->findings->n; i++) count[report->findings->items[i].level]++;
    llw_text_addf(out, "## llwhy lint: %zu wrong, %zu risk, %zu waste", count[LLW_LEVEL_WRONG],
                  count[LLW_LEVEL_RISK], count[LLW_LEVEL_WASTE]);
    if (count[LLW_LEVEL_NOTE]) llw_text_addf(out, ", %zu notes", count[LLW_LEVEL_NOTE]);
    llw_text_addf(out, "\n\n%zu file%s, %zu launch%s.", config->n_files, config->n_files == 1 ? "" : "s",
                  config->n_launches, config->n_launches == 1 ? "" : "es");
    if (report->accepted->n)
        llw_text_addf(out, " %zu findings are accepted (suppressed or in the baseline).",
                      report->accepted->n);
    llw_text_add(out, "\n");
    for (size_t i = 0; i < report->findings->n; i++) {
        const llw_finding *f = &report->findings->items[i];
        if (!i || strcmp(f->file, report->findings->items[i - 1].file)) {
            llw_text_add(out, "\n### ");
            code(out, *f->file ? llw_lint_path(report, f->file) : "(no file)");
            llw_text_add(out, "\n\n");
        }
        item(out, f);
    }
    if (config->n_unread) llw_text_add(out, "\n### Not read\n\n");
    for (size_t i = 0; i < config->n_unread; i++) {
        const llw_unread *u = &config->unread[i];
        llw_text_add(out, "- ");
        code(out, llw_lint_path(report, u->file));
        if (u->line) llw_text_addf(out, " line %d", u->line);
        llw_text_add(out, ": ");
        escape(out, u->why);
        llw_text_add(out, "\n");
    }
}
