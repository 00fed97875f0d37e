/* Predictions already made: fit, placement and what-if measure the same launch many times over, and the
 * launches of a project are much alike.
 *
 * A memo belongs to whoever made it and outlives every launch that points to it (llw_launch.memo). It holds
 * figures only, no steps. A launch is the same when everything that decides memory is the same; targets,
 * names of files and what the machine has of RAM are not part of it. */
#ifndef LLW_PREDICT_MEMO_H
#define LLW_PREDICT_MEMO_H

#include "base/text.h"
#include "predict/predict.h"

typedef struct llw_memo llw_memo;

llw_memo *llw_memo_new(void);
/* Nobody will ask how figures came about: those of a launch that is explained are remembered too, its steps
 * left out. */
void llw_memo_want_figures(llw_memo *memo);
void llw_memo_free(llw_memo *memo); /* NULL is fine */

/* O(1). False when this launch was not predicted yet; then keep what comes of it. `explain` asks for all that
 * such a prediction holds besides its steps (llw_memory.compute_loaded). */
bool llw_memo_find(const llw_memo *memo, const llw_launch *launch, bool explain, llw_prediction *out);
void llw_memo_keep(llw_memo *memo, const llw_launch *launch, bool explain, const llw_prediction *prediction);

/* What llama.cpp finds out by placing a graph of a few tokens: the same wherever the layers lie, as long as
 * each layer's attention and states lie together (compute.c). `kinds` tells what lies on which sort of
 * device. */
typedef struct llw_probes {
    bool flash_attn, fused_delta_one, fused_delta_many;
} llw_probes;

bool llw_memo_find_probes(const llw_memo *memo, const llw_launch *launch, unsigned kinds, llw_probes *out);
void llw_memo_keep_probes(llw_memo *memo, const llw_launch *launch, unsigned kinds, llw_probes probes);

/* Where the graph lies that this launch and `rest` (what else decides its shape) lead to: NULL there when it
 * was not kept yet, or no longer: a few are. */
struct llw_graph_kept **llw_memo_graph(llw_memo *memo, const llw_launch *launch, const llw_text *rest);

/* The model's tensor names taken apart, as many as it has tensors; NULL when they were not kept yet. Keeping
 * copies them, and returns the copy. */
const struct llw_tensor_name *llw_memo_find_names(const llw_memo *memo, const llw_model *model);
const struct llw_tensor_name *llw_memo_keep_names(llw_memo *memo, const llw_model *model,
                                                  const struct llw_tensor_name *names);

/* Which of the model's tensors a pattern of -ot names: indices, ascending. Keeping copies them. */
typedef struct llw_named {
    const uint32_t *tensors;
    size_t n;
} llw_named;

bool llw_memo_find_named(const llw_memo *memo, const llw_model *model, const char *pattern, llw_named *out);
void llw_memo_keep_named(llw_memo *memo, const llw_model *model, const char *pattern, llw_named named);

/* What llw_model_unmet says of a model, which no launch changes. */
bool llw_memo_find_unmet(const llw_memo *memo, const llw_model *model, const char **unmet);
void llw_memo_keep_unmet(llw_memo *memo, const llw_model *model, const char *unmet);

#endif
