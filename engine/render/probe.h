/* Probes as text, as JSON and as the YAML record that is kept: llwhy.probe/1, docs/json/probe.schema.json. */
#ifndef LLW_RENDER_PROBE_H
#define LLW_RENDER_PROBE_H

#include "fact/probe.h"
#include "render/style.h"

void llw_render_probes_text(llw_text *out, const llw_style *style, const llw_probe *probes, size_t n);
/* The same document in both forms; `tool` is who made it ("llwhy 0.1.0"). */
void llw_render_probes_json(llw_text *out, const llw_probe *probes, size_t n, const char *tool);
void llw_render_probes_yaml(llw_text *out, const llw_probe *probes, size_t n, const char *tool);

#endif
