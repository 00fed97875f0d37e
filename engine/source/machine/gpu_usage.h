/* What each process holds of each GPU, as nvidia-smi tells it. */
#ifndef LLW_SOURCE_GPU_USAGE_H
#define LLW_SOURCE_GPU_USAGE_H

#include "fact/facts.h"
#include "base/error.h"

typedef struct llw_gpu_share {
    long pid;
    const char *uuid;
    int64_t bytes; /* -1 when nvidia-smi cannot tell */
} llw_gpu_share;

typedef struct llw_gpu_shares {
    llw_gpu_share *items;
    size_t n, capacity;
} llw_gpu_shares;

/* Adds the rows of one --query-compute-apps output with pid, gpu_uuid and used_gpu_memory among its columns.
 * `fields` is what was asked for, separated by commas; NULL takes the header line. Lines that are no rows are
 * passed over. Returns the rows. */
size_t llw_gpu_usage_parse(llw_arena *arena, const char *fields, const char *text, size_t len,
                           llw_gpu_shares *out);

/* Runs nvidia-smi (NULL: the one in PATH). LLW_ERR_NOTHING with the reason when it is not there or does not
 * answer. */
llw_rc llw_gpu_usage_read(llw_arena *arena, const char *program, double seconds, llw_gpu_shares *out,
                          llw_err *err);

/* Claims what a process holds on each GPU of the fact base, matched by UUID, as placement.used of the launch;
 * and what was free before it came (gpu.free), where that is not known better. A card that lists other
 * processes and not this one holds nothing of it; when the list is empty although memory is in use, nothing
 * is claimed, for processes may be hidden. Returns on how many cards the process was found. */
size_t llw_gpu_usage_claim(llw_facts *facts, const llw_gpu_shares *shares, long pid, llw_entity launch);

#endif
