/* The table of architectures. */
#include "predict/architecture.h"

#include "predict/families.h"
#include "predict/op.h"

#include <stddef.h>
#include <string.h>

const llw_op_info llw_ops[LLW_OP_COUNT] = {
#define LLW_OP(name, in_place, view) [LLW_OP_##name] = {#name, in_place, view},
    LLW_OPS
#undef LLW_OP
};

#define llw_build_none NULL

static const llw_architecture architectures[] = {
#define LLW_ARCHITECTURE(name, memory, swa, period, dense_first, window, recurrent, recurrent_period, tied,  \
                         delta_net, graph)                                                                   \
    {name,                                                                                                   \
     LLW_MEMORY_##memory,                                                                                    \
     LLW_SWA_##swa,                                                                                          \
     period,                                                                                                 \
     dense_first,                                                                                            \
     window,                                                                                                 \
     LLW_RECURRENT_##recurrent,                                                                              \
     recurrent_period,                                                                                       \
     LLW_TIED_##tied,                                                                                        \
     delta_net,                                                                                              \
     llw_build_##graph},
#include "predict/architecture.def"
#undef LLW_ARCHITECTURE
};

const llw_architecture *llw_architecture_find(const char *name) {
    if (!name) return NULL;
    for (size_t i = 0; i < sizeof architectures / sizeof *architectures; i++)
        if (!strcmp(architectures[i].name, name)) return &architectures[i];
    return NULL;
}
