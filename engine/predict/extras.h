/* What a GPU needs beyond the buffers that llama.cpp accounts for: estimates, never mixed into exact bytes.
 *
 * The figures are models/extras.tsv. The CUDA context is not among them: free memory as llama.cpp is told it
 * is already without it. Where the ledger has measured the card, that figure stands for warm-up and prompts.
 * Items live in the arena given. */
#ifndef LLW_PREDICT_EXTRAS_H
#define LLW_PREDICT_EXTRAS_H

#include "predict/predict.h"

typedef struct llw_extra {
    int device; /* index into launch->devices */
    int64_t bytes;
    const char *text;   /* "libraries and kernels loaded by the warm-up run" */
    const char *source; /* what was measured, and where */
} llw_extra;

typedef struct llw_extras {
    int64_t device[LLW_MAX_DEVICES]; /* bytes, summed */
    const llw_extra *items;
    size_t n_items;
} llw_extras;

/* Files that llama.cpp loads beside the model; 0 when there is none. */
typedef struct llw_extra_files {
    int64_t mmproj; /* bytes of --mmproj */
    int64_t draft;  /* bytes of -md */
} llw_extra_files;

/* The extras of a launch as fit leaves it. `files` may be NULL. A GPU that holds nothing needs nothing. A
 * draft whose memory is known is no extra: it is loaded with the model. */
void llw_extras_estimate(const llw_fit *fit, const llw_extra_files *files, llw_arena *arena, llw_extras *out);

/* Whether the buffers, the draft and the extras fit into the free memory of every GPU. False when a GPU's is
 * not known. */
bool llw_extras_survive(const llw_fit *fit, const llw_extras *extras);

#endif
