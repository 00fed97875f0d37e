/* Findings about configuration files, as text with the source line, as JSON and in gcc's form. */
#ifndef LLW_RENDER_LINT_H
#define LLW_RENDER_LINT_H

#include "explain/finding.h"
#include "render/style.h"
#include "source/config.h"

void llw_render_lint_text(llw_text *out, const llw_style *style, const llw_findings *findings, const llw_config_result *config);
void llw_render_lint_json(llw_text *out, const llw_findings *findings, const llw_config_result *config);
void llw_render_lint_gcc(llw_text *out, const llw_findings *findings, const llw_config_result *config);

#endif
