/* The machine without its GPUs: memory, swap, processors, and what kind of place it is. */
#ifndef LLW_SOURCE_HOST_H
#define LLW_SOURCE_HOST_H

#include "base/error.h"
#include "fact/facts.h"

#define LLW_HOST_ID "host" /* the one host entity */

typedef struct llw_host_options {
    const char *root; /* where /proc and /sys are looked for; NULL for the machine itself */
    const char
        *ram; /* --ram TOTAL[:AVAILABLE] in MiB, instead of the machine's memory; NULL when not given */
} llw_host_options;

/* Claims the host's facts. What cannot be read stays unknown, with a note. LLW_ERR_INPUT when ram is
 * malformed. */
llw_rc llw_source_host(llw_facts *facts, const llw_host_options *options, llw_err *err);

/* Memory as /proc/meminfo tells it; -1 for a line that is not there. All in bytes. */
typedef struct llw_meminfo {
    int64_t total, available, free, buffers, cached, shared, swap_total, swap_free;
    int64_t huge_total, huge_free; /* pages */
    int64_t huge_size;
} llw_meminfo;

/* False when there is no readable /proc/meminfo. */
bool llw_host_meminfo(llw_arena *arena, const char *root, llw_meminfo *out);

/* native, container, vm or wsl; NULL when nothing tells. */
const char *llw_host_environment(llw_arena *arena, const char *root);

/* "TOTAL[:REST]" in MiB as --ram and --gpu give it: reads the number at *at and moves on behind it. False
 * when there is none or it is out of range (1 MiB to 1 PiB). */
bool llw_host_mib(const char **at, int64_t *bytes);

#endif
