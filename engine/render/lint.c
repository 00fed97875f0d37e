/* Lint as text with the source line and a caret, and in gcc's file:line:column; the table of formats. */
#include "render/lint_parts.h"
#include "base/file.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    llw_lint_renderer *render;
} formats[] = {
    {"text", llw_render_lint_text},
    {"gcc", llw_render_lint_gcc},
    {"json", llw_render_lint_json},
    {"jsonl", llw_render_lint_jsonl},
    {"sarif", llw_render_lint_sarif},
    {"github", llw_render_lint_github},
    {"gitlab", llw_render_lint_gitlab},
    {"junit", llw_render_lint_junit},
    {"checkstyle", llw_render_lint_checkstyle},
    {"markdown", llw_render_lint_markdown},
};

const char llw_lint_formats[] =
    "text, gcc, json, jsonl, sarif, github, gitlab, junit, checkstyle or markdown";

llw_lint_renderer *llw_lint_format(const char *name) {
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++)
        if (!strcmp(formats[i].name, name)) return formats[i].render;
    return NULL;
}

/* --- shared --- */

const char *llw_lint_severity(llw_level level) {
    return level == LLW_LEVEL_WRONG ? "error" : level >= LLW_LEVEL_WASTE ? "warning" : "note";
}

void llw_lint_safe(llw_text *out, const char *text) {
    llw_text_add_safe(out, text, strlen(text), false);
}

const char *llw_lint_safe_copy(llw_arena *arena, const char *text) {
    llw_text t = {0};
    llw_lint_safe(&t, text);
    const char *copy = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return copy;
}

const char *llw_lint_path(const llw_lint_report *report, const char *file) {
    return *file ? llw_path_relative(report->arena, file, "") : "";
}

const char *llw_lint_file(const llw_lint_report *report, const llw_finding *finding) {
    if (*finding->file) return finding->file;
    return report->config->n_files ? report->config->files[0] : ".";
}

int llw_lint_extent(const llw_finding *finding) {
    return finding->fix && finding->fix->len < 1000 ? (int)finding->fix->len : 1;
}

/* --- gcc --- */

void llw_render_lint_gcc(llw_text *out, const llw_style *style, const llw_lint_report *report) {
    (void)style;
    for (size_t i = 0; i < report->findings->n; i++) {
        const llw_finding *f = &report->findings->items[i];
        llw_lint_safe(out, llw_lint_file(report, f));
        llw_text_addf(out, ":%d:%d: %s: ", f->line ? f->line : 1, f->column ? f->column : 1,
                      llw_lint_severity(f->level));
        llw_lint_safe(out, f->message);
        llw_text_add(out, " [");
        llw_lint_safe(out, f->code);
        llw_text_add(out, "]\n");
    }
    for (size_t i = 0; i < report->config->n_unread; i++) {
        const llw_unread *u = &report->config->unread[i];
        llw_lint_safe(out, u->file);
        llw_text_addf(out, ":%d:1: note: not read: ", u->line ? u->line : 1);
        llw_lint_safe(out, u->why);
        llw_text_add(out, "\n");
    }
}

/* --- text --- */

/* Of --name=value, which nobody knows, the name is shown: the value may be anybody's. */
static void star_unheard_of(char *line, size_t len, size_t at) {
    while (at < len && line[at] != '=' && !isspace((unsigned char)line[at])) at++;
    if (at == len || line[at] != '=') return;
    for (at++; at < len && !isspace((unsigned char)line[at]) && !strchr("\"',", line[at]);) line[at++] = '*';
}

bool llw_lint_quote(llw_text *out, const llw_findings *findings, llw_lines *lines, const char *file,
                    int line) {
    enum { MAX_QUOTED = 200 };
    const char *text = NULL;
    size_t len = 0, at = 0;
    if (!llw_lines_shown(lines, file, line, &text, &len) || len > MAX_QUOTED) return false;
    char shown[MAX_QUOTED];
    memcpy(shown, text, len);
    for (size_t i = 0; i < findings->n; i++) {
        const llw_finding *f = &findings->items[i];
        if (f->line == line && !strcmp(f->code, "F01") && !strcmp(f->file, file) &&
            llw_lines_offset(llw_lines_get(lines, file), line, f->column, &at))
            star_unheard_of(shown, len, at);
    }
    llw_text_add_safe(out, shown, len, true);
    return true;
}

/* The source line with a caret under the column, if the file can still be read. */
static void quote(llw_text *out, const llw_style *style, const llw_lint_report *report,
                  const llw_finding *f) {
    const llw_lines_file *file = llw_lines_get(report->lines, f->file);
    const char *text = NULL;
    size_t n = 0, at = 0;
    llw_text line = {0};
    bool quoted = llw_lines_line(file, f->line, &text, &n) &&
                  llw_lint_quote(&line, report->findings, report->lines, f->file, f->line);
    if (quoted) llw_text_addf(out, "%6d | %s\n", f->line, llw_text_str(&line));
    llw_text_fini(&line);
    if (!quoted) return;
    if (!llw_lines_offset(file, f->line, f->column, &at)) return;
    llw_text caret = {0};
    llw_text_addf(&caret, "%6s | ", "");
    for (size_t i = 0; i < at; i++)
        llw_text_add(&caret, text[i] == '\t' ? "\t" : ((unsigned char)text[i] & 0xc0) == 0x80 ? "" : " ");
    for (int i = llw_lint_extent(f); i > 0; i--) llw_text_add(&caret, "^");
    llw_paint(out, style, LLW_GREEN, llw_text_str(&caret));
    llw_text_add(out, "\n");
    llw_text_fini(&caret);
}

static void arrow(llw_text *out, const llw_style *style, const char *text) {
    llw_text line = {0};
    llw_text_add(&line, "-> ");
    llw_lint_safe(&line, text);
    llw_text_add(out, "  ");
    llw_wrap(out, style, llw_text_str(&line), 2, 5);
    llw_text_add(out, "\n");
    llw_text_fini(&line);
}

static void also(llw_text *out, const llw_style *style, const llw_lint_report *report, const llw_finding *f) {
    if (!f->n_also) return;
    if (!report->all) {
        llw_text_addf(out, "  (%zu more of %s here: --all)\n", f->n_also,
                      llw_lint_safe_copy(report->arena, f->code));
        return;
    }
    for (size_t i = 0; i < f->n_also; i++) {
        llw_text line = {0};
        llw_text_addf(&line, "also %s: ", llw_level_name(f->also[i].level));
        llw_lint_safe(&line, f->also[i].message);
        llw_text_add(out, "  ");
        llw_wrap(out, style, llw_text_str(&line), 2, 5);
        llw_text_add(out, "\n");
        llw_text_fini(&line);
        if (*f->also[i].advice && strcmp(f->also[i].advice, f->advice)) arrow(out, style, f->also[i].advice);
    }
}

/* Which launch it happens to, when that is defined elsewhere, and how many others. */
static void about(llw_text *out, const llw_lint_report *report, const llw_finding *f) {
    size_t len = strlen(f->file);
    bool elsewhere =
        *f->where && (strncmp(f->where, f->file, len) || (f->where[len] && f->where[len] != ':'));
    if (elsewhere) llw_text_addf(out, "  (for %s", llw_lint_safe_copy(report->arena, f->where));
    size_t others = f->n_launches ? f->n_launches - 1 : 0;
    if (others && elsewhere)
        llw_text_addf(out, " and %zu more launch%s", others, others == 1 ? "" : "es");
    else if (others)
        llw_text_addf(out, "  (%zu launches inherit it", f->n_launches);
    if (elsewhere || f->n_launches > 1) llw_text_add(out, ")\n");
}

static void finding_text(llw_text *out, const llw_style *style, const llw_lint_report *report,
                         const llw_finding *f) {
    static const llw_ink ink[] = {LLW_PLAIN, LLW_PLAIN, LLW_YELLOW, LLW_YELLOW, LLW_RED};
    llw_text head = {0}, code = {0};
    llw_lint_safe(&head, *f->file ? f->file : "(no file)");
    if (f->line) llw_text_addf(&head, ":%d", f->line);
    if (f->column) llw_text_addf(&head, ":%d", f->column);
    llw_text_add(&head, ": ");
    llw_paint(out, style, LLW_BOLD, llw_text_str(&head));
    llw_paint(out, style, ink[f->level], llw_level_name(f->level));
    llw_text_add(&code, " [");
    llw_lint_safe(&code, f->code);
    llw_text_add(&code, "]\n");
    llw_text_add(out, llw_text_str(&code));
    llw_text_fini(&head);
    llw_text_fini(&code);
    quote(out, style, report, f);
    llw_text_add(out, "  ");
    llw_wrap(out, style, llw_lint_safe_copy(report->arena, f->message), 2, 2);
    llw_text_add(out, "\n");
    if (*f->advice) arrow(out, style, f->advice);
    about(out, report, f);
    also(out, style, report, f);
}

static void summary(llw_text *out, const llw_lint_report *report) {
    const llw_config_result *config = report->config;
    size_t count[LLW_LEVEL_WRONG + 1] = {0}, repairs = 0, inline_accepted = 0;
    for (size_t i = 0; i < report->findings->n; i++) {
        count[report->findings->items[i].level]++;
        repairs += report->findings->items[i].fix != NULL;
    }
    for (size_t i = 0; i < report->accepted->n; i++)
        inline_accepted += report->accepted->items[i].accepted == LLW_ACCEPTED_INLINE;
    llw_text_addf(out, "%zu file%s, %zu launch%s: %zu wrong, %zu risk, %zu waste", config->n_files,
                  config->n_files == 1 ? "" : "s", config->n_launches, config->n_launches == 1 ? "" : "es",
                  count[LLW_LEVEL_WRONG], count[LLW_LEVEL_RISK], count[LLW_LEVEL_WASTE]);
    if (count[LLW_LEVEL_NOTE])
        llw_text_addf(out, ", %zu note%s", count[LLW_LEVEL_NOTE], count[LLW_LEVEL_NOTE] == 1 ? "" : "s");
    if (inline_accepted) llw_text_addf(out, "; %zu suppressed", inline_accepted);
    if (report->accepted->n > inline_accepted)
        llw_text_addf(out, "; %zu in the baseline", report->accepted->n - inline_accepted);
    if (config->n_unread)
        llw_text_addf(out, "; %zu thing%s not read, hence exit code 2", config->n_unread,
                      config->n_unread == 1 ? "" : "s");
    if (repairs) llw_text_addf(out, "; --fix could repair %zu", repairs);
    llw_text_add(out, report->findings->n ? "; llwhy explain CODE tells a lesson\n" : "\n");
}

void llw_render_lint_text(llw_text *out, const llw_style *style, const llw_lint_report *report) {
    for (size_t i = 0; i < report->findings->n; i++)
        finding_text(out, style, report, &report->findings->items[i]);
    for (size_t i = 0; i < report->config->n_unread; i++) {
        const llw_unread *u = &report->config->unread[i];
        llw_lint_safe(out, u->file);
        if (u->line) llw_text_addf(out, ":%d", u->line);
        llw_text_add(out, ": not read: ");
        llw_lint_safe(out, u->why);
        llw_text_add(out, "\n");
    }
    summary(out, report);
    llw_flatten(out, style);
}
