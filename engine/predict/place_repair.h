/* The search for single changes, as pairs use it. Private to the placement files. */
#ifndef LLW_PREDICT_PLACE_REPAIR_H
#define LLW_PREDICT_PLACE_REPAIR_H

#include "predict/place_step.h"

/* llw_place_search for changes that cost no more than `most`, told against `from` (NULL: the launch as it
 * is).
 */
void llw_place_search_from(const llw_launch *launch, llw_goal goal, const llw_extra_files *files,
                           unsigned fixed, llw_loss most, const llw_try *from, llw_arena *arena,
                           llw_search *out);

/* The context of one conversation, which is what a user has of it. */
int64_t llw_repair_context(const llw_repair *r);
/* Whether a costs more than b, or leaves less context at the same price. */
bool llw_repair_is_dearer(const llw_repair *a, const llw_repair *b);

#endif
