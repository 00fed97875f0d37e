/* The GPUs as llama.cpp will see them: read from the machine, or given by hand.
 *
 * Order of trust: what was given, `llama-server --list-devices` where a binary is named, NVML, nvidia-smi.
 * gpu.total and gpu.free are what llama.cpp is told once its context exists; NVML and nvidia-smi know
 * neither, so from them free is what they call free less the context, which is estimated
 * (models/gpu_contexts.tsv) and graded so. A card whose number cannot be told gets the id "nvidia-smi N" and
 * no gpu.index. */
#ifndef LLW_SOURCE_GPU_H
#define LLW_SOURCE_GPU_H

#include "base/error.h"
#include "fact/facts.h"

typedef struct llw_gpu_options {
    const char *const
        *cards; /* --gpu, in order: TOTAL[:FREE][:NAME] in MiB, or NAME[:FREE] of models/gpus.tsv */
    size_t n_cards;
    bool none;              /* --no-gpu */
    const char *llama;      /* a llama-server to ask with --list-devices; NULL for none */
    const char *nvml;       /* NVML's library; NULL for the usual names, "" to do without */
    const char *smi;        /* nvidia-smi; NULL for the one in PATH, "" to do without */
    const char *const *env; /* NAME=VALUE, NULL-terminated; NULL for our own environment */
    const char *root;       /* where /proc, /dev and /sys are looked for; NULL for the machine itself */
    double seconds;         /* limit for each program that is run; 0 for 10 */
} llw_gpu_options;

/* Claims a gpu entity per card and host.gpus. No GPU is no error: a note says what was tried and host.gpus
 * stays unknown. LLW_ERR_INPUT when a card that was given cannot be understood, or a table of ours cannot be
 * read. */
llw_rc llw_source_gpus(llw_facts *facts, const llw_gpu_options *options, llw_err *err);

#endif
