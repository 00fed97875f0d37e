/* Which answers changed, as text and as JSON (docs/json/kb-diff.schema.json). */
#ifndef LLW_RENDER_KBDIFF_H
#define LLW_RENDER_KBDIFF_H

#include "check/kbdiff.h"
#include "render/style.h"

/* all: every case; else the first twenty and how many more there are. */
void llw_render_kbdiff_text(llw_text *out, const llw_style *style, const llw_kb_diff *diff, bool all);
void llw_render_kbdiff_json(llw_text *out, const llw_kb_diff *diff);

#endif
