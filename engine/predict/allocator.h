/* How large the buffers get when a schedule's tensors are allocated and freed in order: a re-telling of
 * ggml_gallocr (ggml/src/ggml-alloc.c). */
#ifndef LLW_PREDICT_ALLOCATOR_H
#define LLW_PREDICT_ALLOCATOR_H

#include "predict/schedule.h"

/* The moment in which a buffer is fullest for the first time. */
typedef struct llw_peak {
    int64_t bytes;
    bool taken;
    const llw_node *during; /* the operation that asked for the last of it; NULL: before the first */
    llw_nodes live;         /* what lies in the buffer then */
} llw_peak;

/* Bytes for each backend. False when ggml's own list of free blocks would overflow. `peaks`, one for each
 * backend, may be NULL; filling them costs a second walk. */
bool llw_allocator_measure(const llw_schedule *schedule, int64_t sizes[LLW_MAX_DEVICES + 1], llw_peak *peaks);

#endif
