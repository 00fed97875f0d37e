/* One quantisation of a model on this machine: whether it can be placed, and with which context. */
#ifndef LLW_EXPLAIN_QUANT_H
#define LLW_EXPLAIN_QUANT_H

#include "infer/run.h"

typedef enum llw_quant_place {
    LLW_QUANT_UNKNOWN, /* nothing can be said */
    LLW_QUANT_NOWHERE, /* no placement loads */
    LLW_QUANT_PARTLY,  /* some layers' weights stay in RAM */
    LLW_QUANT_GPU,     /* every layer is on a GPU */
    LLW_QUANT_HOST     /* this machine has no GPU: everything is in RAM */
} llw_quant_place;

typedef struct llw_quant {
    const char *tag, *path; /* Q4_K_M; of the file or part 1 in its repository */
    int64_t parts, bytes;   /* bytes -1: unknown */
    const char *cached;     /* where it lies already; NULL */
    const char *problem;    /* why nothing can be said; "" */
    llw_quant_place place;
    int64_t context, trained;     /* tokens one conversation can have there, those it was trained for; -1 */
    int64_t on_host;              /* layer weights in RAM; -1 */
    const char *flags;            /* that place it so; "" for none */
    double speed_low, speed_high; /* tokens a second; -1 unknown */
    bool certain;                 /* also at the upper end of the error band */
} llw_quant;

const char *llw_quant_place_name(llw_quant_place place);

/* Fills everything from `problem` on, from the prediction of a launch of it; texts live in the arena. */
void llw_quant_judge(const llw_predicted *predicted, llw_arena *arena, llw_quant *out);

/* The one to take: the largest with every layer on a GPU (in RAM, where there is none) and a context of
 * `least` or its own; else the largest that loads. NULL when none does. */
const llw_quant *llw_quant_choose(const llw_quant *quants, size_t n, int64_t least);

#endif
