/* What one reader (NVML or nvidia-smi) saw of the machine's GPUs, before it becomes facts.
 *
 * A reading is plain data with a mark for "unknown" in every field: an [N/A] stays unknown and never becomes
 * 0. The list, its strings and its notes live in the arena it was started with. */
#ifndef LLW_SOURCE_GPU_LIST_H
#define LLW_SOURCE_GPU_LIST_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LLW_GPU_READ_MAX = 256, LLW_GPU_TEXT_MAX = 256 };

typedef struct llw_gpu_reading {
    int index;        /* the reader's own numbering, by PCI bus; not CUDA's */
    const char *name; /* NULL unknown, as all strings here */
    const char *uuid;
    const char *bus;
    const char *driver;
    int64_t total; /* bytes, -1 unknown, as all sizes here */
    int64_t free;
    int64_t used;        /* with what the driver reserves, where `reserved` is unknown */
    int64_t reserved;    /* part of total that no program gets */
    double capability;   /* CUDA compute capability, 0 unknown */
    int pcie_generation; /* 0 unknown */
    int pcie_width;      /* 0 unknown */
    int display;         /* 1 yes, 0 no, -1 unknown, as all answers here */
    int mig;             /* the card is split into instances */
    int ats;             /* the card reads the host's page tables: memory may be the host's */
    int processes;       /* -1 unknown */
} llw_gpu_reading;

typedef struct llw_gpu_list {
    llw_arena *arena;
    const char *origin; /* nvml or nvidia-smi */
    llw_gpu_reading *gpus;
    size_t count, capacity;
    const char **notes; /* what went wrong, for the reader of the answer */
    size_t n_notes, note_capacity;
} llw_gpu_list;

/* An empty list. */
llw_gpu_list llw_gpu_list_start(llw_arena *arena, const char *origin);
/* The reading with that index, added with everything unknown when it is not there. NULL past
 * LLW_GPU_READ_MAX. */
llw_gpu_reading *llw_gpu_list_get(llw_gpu_list *list, int index);
void llw_gpu_list_note(llw_gpu_list *list, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Turns what cannot be (more free than there is, a card of 0 bytes) into unknown, with a note for each. */
void llw_gpu_list_check(llw_gpu_list *list);

#endif
