/* Finding the bindings of a rule: equality joins go through a sorted index, the rest is tried one by one. */
#ifndef LLW_INFER_JOIN_H
#define LLW_INFER_JOIN_H

#include "infer/eval.h"

typedef struct llw_join_index llw_join_index;

/* Indexes live as long as the arena; they must be dropped when a slot they cover changes (a run never changes
 * one after a rule has read it, because writers come before readers). */
llw_join_index *llw_join_index_new(llw_arena *arena);

/* Calls found() with each binding for which all joins are true, in the order of the entities. A join on an
 * unknown value does not hold. Stops when found() returns false. */
void llw_join(const llw_rule *rule, const llw_facts *facts, const llw_kb *kb, llw_join_index *indexes,
              bool (*found)(void *context, const llw_entity *binding), void *context);

#endif
