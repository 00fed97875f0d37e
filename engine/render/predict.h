/* Predictions and fits, as text and as JSON: the contract other programs use. */
#ifndef LLW_RENDER_PREDICT_H
#define LLW_RENDER_PREDICT_H

#include "infer/run.h"
#include "predict/place.h"
#include "render/style.h"

void llw_render_prediction_text(llw_text *out, const llw_style *style, const llw_predicted *predicted);
void llw_render_prediction_json(llw_text *out, const llw_predicted *predicted);
/* `better`: the plan to recommend instead, or NULL when fit's own is as good or nobody looked. */
void llw_render_fit_text(llw_text *out, const llw_style *style, const llw_predicted *predicted,
                         const llw_candidate *better);
void llw_render_fit_json(llw_text *out, const llw_predicted *predicted, const llw_candidate *better);

#endif
