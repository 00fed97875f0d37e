/* What is known of a graphics card by its name: models/gpus.tsv, and estimates for what it does not say.
 *
 * Names are compared by their words, without maker and series ("NVIDIA GeForce RTX 5070 Ti" is "5070ti" is
 * "rtx 5070 ti"), and whole: a 5070 is never a 5070 Ti and a laptop card never the desktop one. */
#ifndef LLW_SOURCE_GPU_TABLE_H
#define LLW_SOURCE_GPU_TABLE_H

#include "base/arena.h"
#include "base/error.h"
#include "base/table.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct llw_gpu_table {
    llw_table cards, contexts;
} llw_gpu_table;

typedef struct llw_gpu_card {
    const char *name;
    int64_t memory;  /* bytes as nvidia-smi shows them; -1 where it is not the card's own to tell */
    int64_t total;   /* what llama.cpp is told; -1 unknown */
    int64_t reserve; /* what Linux takes of total before any program */
    int64_t context; /* what llama.cpp's context takes */
    bool reserve_estimated, context_estimated;
    const char *context_source;
    double bandwidth;  /* bytes per second; 0 unknown */
    double capability; /* 0 unknown, as below */
    int pcie_generation, pcie_width;
    const char *backend; /* CUDA, ROCm, SYCL, Metal */
    bool unified;
    const char *source; /* of the row */
    const char *place;  /* models/gpus.tsv:12 */
} llw_gpu_card;

llw_rc llw_gpu_table_load(llw_arena *arena, llw_gpu_table *out, llw_err *err);

/* The card of that name. memory (bytes, -1 unknown) decides between cards of one name. LLW_ERR_NOTHING: no
 * such card, err names near ones; LLW_ERR_INPUT: several, err names them, or a broken row. */
llw_rc llw_gpu_table_find(const llw_gpu_table *table, llw_arena *arena, const char *name, int64_t memory,
                          llw_gpu_card *out, llw_err *err);

/* What a context takes on a card that is not in the table: bytes. *source says what the estimate rests on. */
int64_t llw_gpu_table_context(const llw_gpu_table *table, const char *backend, double capability,
                              const char **source);
/* What the driver takes of a CUDA card of that size under Linux: bytes, estimated. */
int64_t llw_gpu_reserve_estimate(int64_t memory);

/* Bytes per second in one direction of a PCIe link; 0 when it cannot be told. */
double llw_gpu_pcie_bandwidth(int generation, int width);

#endif
