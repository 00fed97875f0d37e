/* Reads what `llama-server --list-devices` prints: the devices as llama.cpp itself numbers and measures them.
 */
#ifndef LLW_SOURCE_GPU_LISTING_H
#define LLW_SOURCE_GPU_LISTING_H

#include "base/arena.h"
#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct llw_gpu_listed {
    const char *id;      /* CUDA0, Vulkan1, RPC0[host:port] */
    const char *name;    /* the product, as CUDA names it */
    int64_t total, free; /* bytes, whole MiB */
} llw_gpu_listed;

/* Finds the list in the program's output, which may be mixed with log lines. LLW_ERR_INPUT when there is
 * none. Devices without memory of their own (BLAS) are left out. */
llw_rc llw_gpu_listing_parse(llw_arena *arena, const char *text, size_t len, llw_gpu_listed **devices,
                             size_t *count, llw_err *err);

/* Runs `program --list-devices` for at most `seconds`. env as in llw_process_run. */
llw_rc llw_gpu_listing_read(llw_arena *arena, const char *program, const char *const *env, double seconds,
                            llw_gpu_listed **devices, size_t *count, llw_err *err);

#endif
