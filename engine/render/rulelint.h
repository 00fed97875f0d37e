/* What is wrong with the lessons, as text and as JSON (docs/json/lint-rules.schema.json). */
#ifndef LLW_RENDER_RULELINT_H
#define LLW_RENDER_RULELINT_H

#include "check/rulelint.h"
#include "render/style.h"

void llw_render_rulelint_text(llw_text *out, const llw_style *style, const llw_rulelint *report);
void llw_render_rulelint_json(llw_text *out, const llw_rulelint *report);

#endif
