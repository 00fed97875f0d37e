/* What the formats of lint share. */
#ifndef LLW_RENDER_LINT_PARTS_H
#define LLW_RENDER_LINT_PARTS_H

#include "render/lint.h"

#include <jansson.h>

/* error, warning or note */
const char *llw_lint_severity(llw_level level);
/* Foreign text that cannot steer a terminal or a reader; one line. */
void llw_lint_safe(llw_text *out, const char *text);
/* The same, kept in the arena. */
const char *llw_lint_safe_copy(llw_arena *arena, const char *text);
/* A line of a file as it may be shown (llw_lines_shown); of an option that a finding calls unknown no value
 * either. False when it cannot be read, or is too long to help. */
bool llw_lint_quote(llw_text *out, const llw_findings *findings, llw_lines *lines, const char *file,
                    int line);
/* A JSON string of anything: what is not UTF-8 is escaped visibly. */
json_t *llw_lint_string(const char *text);
/* The path for services: relative to the current directory when below it. */
const char *llw_lint_path(const llw_lint_report *report, const char *file);
/* Dumps and frees. */
void llw_lint_dump(llw_text *out, json_t *root, size_t flags);
/* Where a finding without a file is shown: in the first file that was read. */
const char *llw_lint_file(const llw_lint_report *report, const llw_finding *finding);
/* Columns to mark from the finding's column on: the token that a fix replaces, else 1. */
int llw_lint_extent(const llw_finding *finding);

#endif
