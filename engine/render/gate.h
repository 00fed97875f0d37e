/* Whether an update is proven, as text, as JSON (docs/json/gate.schema.json), and as a draft for upstream. */
#ifndef LLW_RENDER_GATE_H
#define LLW_RENDER_GATE_H

#include "explain/gate.h"
#include "render/style.h"

typedef struct llw_gate_report {
    const char *build;
    const llw_gate_item *items;
    size_t n_items;
    bool open; /* every launch is proven, and nothing got worse */
} llw_gate_report;

void llw_render_gate_text(llw_text *out, const llw_style *style, const llw_gate_report *report);
void llw_render_gate_json(llw_text *out, const llw_gate_report *report);
/* Markdown along the bug template of github.com/ggml-org/llama.cpp, of the launches that failed. False when
 * none did. */
bool llw_render_gate_upstream(llw_text *out, const llw_gate_report *report);

#endif
