/* A sentence that is wrong is rarely wrong once: the other places that say the same of the same model.
 *
 * A claim repeats another when both state the same thing with the same value. Cost: all claims. */
#ifndef LLW_EXPLAIN_REPEATS_H
#define LLW_EXPLAIN_REPEATS_H

#include "base/text.h"
#include "fact/facts.h"

/* Appends ". The same is said at FILE:LINE, ..." or nothing. */
void llw_repeats_say(const llw_facts *facts, llw_entity claim, llw_arena *arena, llw_text *out);

#endif
