/* Predictions and fits, as text and as JSON: the contract other programs use. */
#ifndef LLW_RENDER_PREDICT_H
#define LLW_RENDER_PREDICT_H

#include "explain/decision.h"
#include "predict/place.h"
#include "render/style.h"

/* What is told: the figures, and the verdict that the decision about the same launch gives. Of what llama.cpp
 * refuses no figures are told. */
typedef struct llw_told {
    const llw_predicted *predicted;
    llw_verdict verdict;
    const char *refusal;         /* why llama.cpp does not even try, as a sentence; NULL when it does */
    const llw_candidate *better; /* the plan to recommend instead of fit's; NULL: as good, or nobody looked */
} llw_told;

void llw_render_prediction_text(llw_text *out, const llw_style *style, const llw_told *told);
void llw_render_prediction_json(llw_text *out, const llw_told *told);
void llw_render_fit_text(llw_text *out, const llw_style *style, const llw_told *told);
void llw_render_fit_json(llw_text *out, const llw_told *told);

#endif
