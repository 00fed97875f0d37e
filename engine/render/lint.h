/* Findings about configuration files in every format a person or a machine asks for. One structure, one file
 * for each family of formats: text and gcc (lint.c), json and jsonl (lint_json.c), sarif (lint_sarif.c),
 * github and gitlab (lint_ci.c), junit and checkstyle (lint_xml.c), markdown (lint_markdown.c).
 *
 * Whatever a string holds, no format lets it leave its place: control characters, invalid UTF-8 and marks
 * that turn text around are shown as \xHH, and each format's own marks are escaped. Paths in formats that a
 * service reads are relative to the current directory when they lie below it. */
#ifndef LLW_RENDER_LINT_H
#define LLW_RENDER_LINT_H

#include "base/lines.h"
#include "explain/finding.h"
#include "render/page.h"
#include "render/style.h"
#include "source/config/config.h"

typedef struct llw_lint_report {
    const llw_findings *findings; /* folded, in order */
    const llw_findings *accepted; /* suppressed inline or by the baseline; told apart, never counted */
    const llw_config_result *config;
    llw_lines *lines; /* of the files, for quotes and hashes */
    llw_arena *arena;
    const char *version; /* of llwhy */
    bool baseline;       /* one was given: what is reported is new */
    bool all;            /* leave nothing out */
    bool (*page)(void *context, const char *code, llw_page *out);
    void *context;
} llw_lint_report;

/* Appends the report. `style` matters to text alone. */
typedef void llw_lint_renderer(llw_text *out, const llw_style *style, const llw_lint_report *report);

/* The renderer of a format's name, or NULL. */
llw_lint_renderer *llw_lint_format(const char *name);
/* "text, gcc, json, ..." */
extern const char llw_lint_formats[];

llw_lint_renderer llw_render_lint_text, llw_render_lint_gcc, llw_render_lint_json, llw_render_lint_jsonl,
    llw_render_lint_sarif, llw_render_lint_github, llw_render_lint_gitlab, llw_render_lint_junit,
    llw_render_lint_checkstyle, llw_render_lint_markdown;

/* A unified diff (git apply) of a file whose lines changed in place: none was added or taken away. Appends
 * nothing when they are equal. No line with a secret is shown: context ends before it, and changes on such a
 * line or right before it are left out. Returns how many. */
size_t llw_render_diff(llw_text *out, const char *path, const char *before, size_t before_len,
                       const char *after, size_t after_len);

#endif
