/* What no honest chat template has: characters that nobody sees, text where nobody looks, orders against the
 * user, loops and lengths of millions (template_cost.h), a length beyond reading. A template speaks in the
 * user's name, and who reads it before it does? */
#ifndef LLW_SOURCE_TEMPLATE_DOUBT_H
#define LLW_SOURCE_TEMPLATE_DOUBT_H

#include "base/arena.h"

#include <stdint.h>

/* `kept` is the beginning of a template of `bytes` bytes. The first thing wrong with it, as it goes on from
 * the model's name, in the arena; NULL when there is none. O(bytes kept). */
const char *llw_template_doubt(llw_arena *arena, const char *kept, uint64_t bytes);

#endif
