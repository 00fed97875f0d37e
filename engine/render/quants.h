/* The quantisations of a repository as one table, and as JSON (docs/json/quants.schema.json). */
#ifndef LLW_RENDER_QUANTS_H
#define LLW_RENDER_QUANTS_H

#include "explain/quant.h"
#include "render/style.h"

typedef struct llw_quants_report {
    const char *repo; /* hf:OWNER/REPO */
    const llw_quant *quants;
    size_t n;
    const llw_quant *choice; /* NULL: none loads */
    const char *machine;     /* what they were placed on, in words */
    int64_t fetched;         /* bytes that came over the network */
} llw_quants_report;

void llw_render_quants_text(llw_text *out, const llw_style *style, const llw_quants_report *report);
void llw_render_quants_json(llw_text *out, const llw_quants_report *report);

#endif
