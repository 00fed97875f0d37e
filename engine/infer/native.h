/* Predictions as nodes of the run: read a launch's slots, write placement and launch slots. */
#ifndef LLW_INFER_NATIVE_H
#define LLW_INFER_NATIVE_H

#include "infer/run.h"

/* Predicts the launch from what `facts` says and claims the outcome in `facts` (grade predicted). Slots that
 * somebody measured keep their measured value, and sums are taken over the winners. */
void llw_native_predict(llw_facts *facts, llw_entity launch, llw_arena *arena, bool explain,
                        llw_predicted *out);
/* The same with a memo of predictions (predict/memo.h), which must outlive what comes out. */
void llw_native_predict_with(llw_facts *facts, llw_entity launch, llw_arena *arena, bool explain,
                             struct llw_memo *memo, llw_predicted *out);

/* Claims model.refusal of every model whose tensors are not those of its architecture (predict/needs.h),
 * unless its header gave another reason already. */
void llw_native_models(llw_facts *facts, llw_arena *arena, struct llw_memo *memo);

/* Claims how fast a token comes: speed_low, speed_high, speed_records. Places the weights once more, so it is
 * apart. */
void llw_native_speed(llw_facts *facts, llw_arena *arena, llw_predicted *predicted);

/* Claims what the machine could hold of the launch's model: whole_need, fits_one_gpu, fits_gpus. Costs a
 * prediction and a fit more, so it is apart. */
void llw_native_capacity(llw_facts *facts, llw_arena *arena, llw_predicted *predicted);

/* "argv@CUDA0" */
const char *llw_placement_id(llw_arena *arena, const char *launch_id, const char *device);

#endif
