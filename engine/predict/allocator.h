/* How large the buffers get when a schedule's tensors are allocated and freed in order: a re-telling of
 * ggml_gallocr (ggml/src/ggml-alloc.c). */
#ifndef LLW_PREDICT_ALLOCATOR_H
#define LLW_PREDICT_ALLOCATOR_H

#include "predict/schedule.h"

/* Bytes for each backend. False when ggml's own list of free blocks would overflow. */
bool llw_allocator_measure(const llw_schedule *schedule, int64_t sizes[LLW_MAX_DEVICES + 1]);

#endif
