/* The model that llama.cpp loads beside the main one to draft tokens, as a launch of its own. */
#ifndef LLW_PREDICT_DRAFT_H
#define LLW_PREDICT_DRAFT_H

#include "predict/predict.h"

/* Whether one is loaded: -md, or the model's own layers that predict further tokens (--spec-type draft-mtp).
 */
bool llw_draft_is_used(const llw_launch *launch);

/* How it is loaded, beside a main context of `ctx` cells. `out->model` is NULL when -md names a file whose
 * header was not read. Its devices are those of `launch`, or those of -devd. */
void llw_draft_launch(const llw_launch *launch, int64_t ctx, llw_launch *out);

/* Its prediction (of llw_draft_launch's launch) by the devices of `launch`: bytes that come on top of the
 * main model's. Weights that are the main model's own are counted there and are 0 here. */
void llw_draft_add(const llw_launch *launch, const llw_launch *draft, const llw_prediction *seen,
                   llw_draft *out);

/* Bytes that a draft takes of one of the launch's devices (-1: of RAM); 0 where there is none, or nobody
 * knows. */
int64_t llw_draft_takes(const llw_draft *draft, int device);

/* Whether a model drafts only with the embeddings of the one it drafts for, so that it cannot be measured or
 * loaded alone. NULL does not. */
bool llw_borrows(const llw_model *model);

#endif
