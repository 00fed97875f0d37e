/* What somebody wants to suppose, "-c 65536", "another 4090", "llama=v0.5.0": claims with grade what-if.
 *
 * A word is
 *   a flag of llama.cpp, as behind -- (-c 65536, --fit off), or FLAG=VALUE without its dashes (c=65536,
 *   ubatch=256); it takes the place of what the launch has of it;
 *   default=FLAG: as if the flag were not given;
 *   kv=TYPE: both cache types;
 *   gpu=CARD, CUDA1=CARD: another card there; gpu+=CARD: one more. CARD as --gpu takes it;
 *   ram=MIB[:AVAILABLE], or with a unit;
 *   llama=VERSION: another build, with its own defaults and flags;
 *   model=MODEL: a file, a known model, or the quantisation of a sibling (model=Q4_K_M);
 *   no-cpu=yes: nothing that the flags keep in RAM; one-gpu=yes: the roomiest card alone; fit=yes: nothing
 *   that places by hand;
 *   THING.ATTRIBUTE=VALUE: any other fact (CUDA0.free="20000 MiB", model.moe=no);
 *   a phrase of models/wishes.tsv ("experts on the CPU", "262144 context"), several joined by "and".
 *
 * What is supposed of flags equals what llama.cpp's grammar makes of the launch with those words in place of
 * its own: a refusal is claimed as launch.refused. What was measured of the launch as it was (its log, the
 * prompts it answered, its speed) is unknown of the launch as it is supposed. The overlay may be used only
 * after LLW_OK. Cost: some milliseconds. */
#ifndef LLW_SOURCE_SUPPOSE_H
#define LLW_SOURCE_SUPPOSE_H

#include "base/error.h"
#include "fact/facts.h"

typedef struct llw_supposed {
    const char *const *items; /* as understood: "-c 65536", "gpu+=RTX 4090"; in the overlay's arena */
    size_t n;
    const char *refused;     /* llama.cpp would not start: why; NULL when it would */
    bool touched[LLW_ATTRS]; /* knobs of the launch that were asked for */
} llw_supposed;

/* Claims in `over`, an overlay over what is known. LLW_ERR_INPUT says which word is not understood, and what
 * to write. */
llw_rc llw_suppose(llw_facts *over, llw_entity launch, const char *const *words, size_t n, llw_supposed *out,
                   llw_err *err);

/* Other quantisations of the same model: files beside it, or known models. */
typedef struct llw_sibling {
    const char *name; /* what model= takes: a path, or a known model's name */
    const char *quantization;
    int64_t bytes;
    bool on_disk;
} llw_sibling;
/* Sorted by size, largest first; without the model itself. */
void llw_source_siblings(const llw_facts *facts, llw_entity model, llw_arena *arena,
                         const llw_sibling **siblings, size_t *n);

/* CUDA cards of models/gpus.tsv with more memory than `total`, smallest first, one of each size; laptops'
 * left out. */
size_t llw_source_larger_cards(llw_arena *arena, int64_t total, const char **names, size_t max);

#endif
