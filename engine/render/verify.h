/* What llwhy verify found, as text and as JSON (docs/json/verify.schema.json). */
#ifndef LLW_RENDER_VERIFY_H
#define LLW_RENDER_VERIFY_H

#include "explain/verify.h"
#include "render/style.h"
#include "source/machine/running.h"

typedef struct llw_verify_report {
    const llw_running *process;
    const llw_verification *verification;
    const llw_flag_problem *problems; /* of the words and variables that reached it */
    size_t n_problems;
    const char *build, *model; /* as they are called; "" unknown */
    bool meant;                /* somebody said what was meant */
    const char *const *notes;
    size_t n_notes;
} llw_verify_report;

/* all: also what matches one by one. */
void llw_render_verify_text(llw_text *out, const llw_style *style, const llw_verify_report *report, bool all);
void llw_render_verify_json(llw_text *out, const llw_verify_report *report);

#endif
