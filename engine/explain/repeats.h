/* A sentence that is wrong is rarely wrong once: the other lines that say the same of the same model, and the
 * profiles beside which it stands, whose placement may rest on it.
 *
 * A claim repeats another when both state the same thing with the same value. Cost: all claims. */
#ifndef LLW_EXPLAIN_REPEATS_H
#define LLW_EXPLAIN_REPEATS_H

#include "base/text.h"
#include "fact/facts.h"

/* Appends ". The same is said at FILE:LINE, ... It stands beside the profile at FILE:LINE", each line once,
 * or nothing. */
void llw_repeats_say(const llw_facts *facts, llw_entity claim, llw_arena *arena, llw_text *out);

#endif
