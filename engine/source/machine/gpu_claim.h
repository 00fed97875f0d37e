/* Turns what is known of one card into claims. Used by gpu.c alone. */
#ifndef LLW_SOURCE_GPU_CLAIM_H
#define LLW_SOURCE_GPU_CLAIM_H

#include "fact/facts.h"
#include "source/machine/gpu_list.h"
#include "source/machine/gpu_listing.h"
#include "source/machine/gpu_table.h"
#include "source/machine/host.h"

typedef struct llw_gpu_surroundings {
    llw_facts *facts;
    llw_arena *arena; /* for passing strings: the fact base copies what it is given */
    const llw_gpu_table *table;
    const char *environment; /* native, container, vm, wsl or NULL */
    llw_meminfo memory;
    bool memory_known;
    bool managed; /* GGML_CUDA_ENABLE_UNIFIED_MEMORY is set: llama.cpp takes the host's memory for the cards'
                   */
} llw_gpu_surroundings;

/* What models/gpus.tsv says of the card: bandwidth, capability, PCIe, backend. */
void llw_gpu_claim_card(const llw_gpu_surroundings *s, llw_entity gpu, const llw_gpu_card *card);

/* What a reader saw of it. listed is llama.cpp's own word on the same card, or NULL: then total, free and
 * context are worked out from the reading. */
void llw_gpu_claim_reading(const llw_gpu_surroundings *s, llw_entity gpu, const llw_gpu_list *list,
                           const llw_gpu_reading *reading, const llw_gpu_listed *listed);

/* llama.cpp's own word. reading is the same card's, or NULL. */
void llw_gpu_claim_listed(const llw_gpu_surroundings *s, llw_entity gpu, const llw_gpu_listed *listed,
                          const llw_gpu_reading *reading);

#endif
