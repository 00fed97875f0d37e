/* -sm tensor: the cards act as one, and tensors are cut into a slice for each. Private to predict/. */
#ifndef LLW_PREDICT_SPLIT_H
#define LLW_PREDICT_SPLIT_H

#include "predict/plan.h"

/* Makes one device of the launch's cards; false when llama.cpp refuses to. */
bool llw_split_begin(llw_plan *plan);
/* Whether they act as one. */
bool llw_split_on(const llw_plan *plan);
/* False when llama.cpp cannot cut up a recurrent state that lies on them. */
bool llw_split_states(llw_plan *plan);
/* Deals what was counted for the one device out to the cards. */
void llw_split_deal(llw_plan *plan);

#endif
