/* The chains of one line: which link of each value counts, which lost, and what lint says there. */
#ifndef LLW_RENDER_CHAIN_H
#define LLW_RENDER_CHAIN_H

#include "base/lines.h"
#include "explain/chain.h"
#include "explain/finding.h"
#include "render/style.h"

typedef struct llw_line_report {
    const llw_run *run;
    const char *file;
    int line;
    llw_lines *lines;
    const llw_chains *chains;
    const llw_findings *findings; /* of that line */
    bool all;                     /* every launch by name */
} llw_line_report;

void llw_render_line_text(llw_text *out, const llw_style *style, const llw_line_report *report);
/* docs/json/line.schema.json */
void llw_render_line_json(llw_text *out, const llw_line_report *report);

#endif
