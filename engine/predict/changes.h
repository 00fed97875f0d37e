/* What differs between builds of llama.cpp where memory is concerned: models/changes.tsv as a struct of
 * numbers.
 *
 * The table is read on first use and kept; a key it lacks is 0, a row whose build cannot be ordered is left
 * out. */
#ifndef LLW_PREDICT_CHANGES_H
#define LLW_PREDICT_CHANGES_H

#include <stdbool.h>
#include <stdint.h>

typedef struct llw_changes {
#define LLW_CHANGE(key, meaning) int64_t key;
#include "predict/changes.def"
#undef LLW_CHANGE
} llw_changes;

/* Whether the build is known to lack the architecture (models/architectures.tsv). */
bool llw_changes_lack(int64_t build_order, const char *architecture);
/* How many query heads must share a KV head so that CUDA has flash attention for these sizes: 0 any number, 1
 * several, n a multiple of n; -1 when it has none. */
int llw_changes_flash_heads(int64_t build_order, int64_t key, int64_t value);
/* How many tensors a graph may have, for that many tokens in a micro-batch and tensors of the model
 * (models/graph-room.tsv); INT64_MAX when the build's rule is not known. */
int64_t llw_changes_graph_room(int64_t build_order, const char *architecture, int64_t tokens,
                               int64_t weights);

/* The values for a build at that place in models/builds.tsv. */
void llw_changes_read(int64_t build_order, llw_changes *out);

#endif
