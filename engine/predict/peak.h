/* Says why a compute buffer is as large as it is: what lies in it when it is fullest, and where the sizes of
 * those tensors come from. */
#ifndef LLW_PREDICT_PEAK_H
#define LLW_PREDICT_PEAK_H

#include "predict/allocator.h"

/* Records the figure and its grounds for each backend. */
void llw_peak_explain(llw_plan *plan, const llw_schedule *schedule, const llw_peak *peaks);

#endif
