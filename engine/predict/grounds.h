/* What a figure rests on, down to header keys, flags, machine facts and llama.cpp's own constants.
 *
 * Each function adds lines behind the last figure recorded by llw_plan_step, `depth` deeper than it, and does
 * nothing when nobody asked for explanations. */
#ifndef LLW_PREDICT_GROUNDS_H
#define LLW_PREDICT_GROUNDS_H

#include "predict/plan.h"

/* A line that says something itself: computed from what follows deeper, or a constant that `source` holds. */
void llw_ground_line(llw_plan *plan, int depth, const char *source, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* A hyper-parameter by its key without the architecture. When the header lacks it, `absent` says what
 * llama.cpp takes; NULL: nothing is said then. False when it is not there. */
bool llw_ground_key(llw_plan *plan, int depth, const char *key, const char *absent);
/* A slot of the launch, or of the GPU or placement of a device (-1: the host). */
void llw_ground_slot(llw_plan *plan, int depth, llw_attr slot, int device);

/* How a tensor type packs its numbers. */
void llw_ground_type(llw_plan *plan, int depth, uint32_t number);
/* How many layers lie there and by which flags; records the figure itself (placement.layers). */
void llw_ground_layers(llw_plan *plan, llw_place place);
/* The tensors of a model buffer, kind by kind; grounds_weights.c. */
void llw_ground_weights(llw_plan *plan, llw_place place);
/* A cache's cells, its width in the given layer, and how many layers of those on the device have it. */
void llw_ground_cells(llw_plan *plan, int depth, int which);
void llw_ground_width(llw_plan *plan, int depth, int which, const llw_cache_layer *layer);
void llw_ground_cache_layers(llw_plan *plan, int depth, llw_place place, int64_t n);
/* The keys that a recurrent state's size comes from. */
void llw_ground_state(llw_plan *plan, int depth);
/* The context and slots of the launch. */
void llw_ground_context(llw_plan *plan, int64_t asked);
/* Where a number among a tensor's dimensions comes from; false when nothing known is that large. */
bool llw_ground_dimension(llw_plan *plan, int depth, int64_t value, int64_t n_tokens, int64_t n_outputs);

#endif
