/* Weights in RAM that the CPU keeps in another layout than the file's (models/repack.tsv). */
#ifndef LLW_PREDICT_REPACK_H
#define LLW_PREDICT_REPACK_H

#include "predict/plan.h"

typedef enum llw_repack_kind {
    LLW_REPACK_NONE,
    LLW_REPACK_AMX,    /* takes contiguous F32 beside it, nothing else */
    LLW_REPACK_CPU,    /* takes F32 beside it */
    LLW_REPACK_UNKNOWN /* the processor's features are not known, and some processor's code takes it */
} llw_repack_kind;

/* Whether a weight at that place, used by that operation, is kept in another layout. *grows receives the
 * bytes that this adds: 0 when none or not known. */
llw_repack_kind llw_repack_of(const llw_plan *plan, llw_place place, llw_op op, const llw_tensor *tensor,
                              int64_t *grows);

#endif
