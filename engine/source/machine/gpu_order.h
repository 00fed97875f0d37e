/* Which of the cards that NVML or nvidia-smi lists does CUDA show to llama.cpp, and as which number?
 *
 * The tools count by PCI bus. CUDA puts the fastest first unless CUDA_DEVICE_ORDER=PCI_BUS_ID, by a rule that
 * is not published, and CUDA_VISIBLE_DEVICES picks and reorders. Where the rule decides, the order is
 * uncertain: it is said to be so and never guessed. */
#ifndef LLW_SOURCE_GPU_ORDER_H
#define LLW_SOURCE_GPU_ORDER_H

#include "source/machine/gpu_list.h"

typedef struct llw_gpu_order {
    int *gpus;          /* positions in the list, in CUDA's order; -1 is a MIG instance */
    const char **names; /* of the MIG instances; NULL for whole cards */
    size_t count;
    bool certain;    /* false: these are the cards (as far as known), their numbers are not known */
    const char *why; /* what settles the order, or what leaves it open */
} llw_gpu_order;

/* visible and order are the values of CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER, NULL when not set. Adds
 * notes to the list for what is wrong with them. */
llw_gpu_order llw_gpu_order_find(llw_gpu_list *list, const char *visible, const char *order);

#endif
