/* Which of the machine's cards a launch sees, named as llama.cpp will name them. */
#ifndef LLW_FACT_SEEN_H
#define LLW_FACT_SEEN_H

#include "fact/facts.h"

typedef struct llw_seen {
    llw_entity gpu;
    const char *name; /* a container that is shown the second card calls it CUDA0 */
} llw_seen;

typedef struct llw_seen_gpus {
    llw_seen *items; /* in llama.cpp's order */
    size_t n;
    llw_attr missing; /* what has to be known first; LLW_ATTR_NONE when the answer stands */
} llw_seen_gpus;

/* All cards by gpu.index, narrowed by launch.gpus_seen and gpu_ids. Numbers are taken as llama.cpp numbers
 * the cards of the machine; an id that no card has hides the ones behind it, as CUDA does. A mere count is
 * the first cards where Docker counts them or all cards are alike, else it is open. Nothing when the
 * machine's cards are not known. Allocates from `arena`. */
llw_seen_gpus llw_seen_find(const llw_facts *facts, llw_entity launch, llw_arena *arena);

/* Whether a device of that name is surely not there: CUDA3 beside cards called CUDA0 and CUDA1. One of
 * another kind, which nobody told of, may be. */
bool llw_seen_lacks(const llw_seen_gpus *seen, const char *name, size_t len);

#endif
