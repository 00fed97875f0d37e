/* What to do instead: the smallest verified repair, and the plan we would choose. */
#ifndef LLW_EXPLAIN_OFFER_H
#define LLW_EXPLAIN_OFFER_H

#include "explain/decision.h"

/* Fills d->repair, d->choice and d->context_text. Each offer was predicted with exactly its flags. */
void llw_offers(llw_run *run, llw_arena *arena, llw_decision *d);

#endif
