/* A sentence that is wrong is rarely wrong once: the other lines that say the same of the same model, and the
 * profiles beside which it stands, whose placement may rest on it.
 *
 * A claim repeats another when both state the same thing with the same value. Claims are sorted into groups
 * once; what is said of one costs the lines that are told. */
#ifndef LLW_EXPLAIN_REPEATS_H
#define LLW_EXPLAIN_REPEATS_H

#include "base/text.h"
#include "fact/facts.h"

typedef struct llw_repeats llw_repeats;

/* The claims of a fact base by what they state; lives in the arena. O(n log n) in the claims. */
llw_repeats *llw_repeats_new(const llw_facts *facts, llw_arena *arena);

/* Appends ". The same is said at FILE:LINE, ... It stands beside the profile at FILE:LINE", each line once
 * and of many the first ones, or nothing. */
void llw_repeats_say(const llw_repeats *repeats, llw_entity claim, llw_text *out);

#endif
