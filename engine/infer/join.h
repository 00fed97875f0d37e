/* Finding the bindings of a rule: equality joins go through a hash index over all the attributes that must be
 * equal, the rest is tried one by one. */
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
/* Those of them in which the variable is that entity; their order is that of the other variables. */
void llw_join_with(const llw_rule *rule, const llw_facts *facts, const llw_kb *kb, llw_join_index *indexes,
                   int variable, llw_entity entity, bool (*found)(void *context, const llw_entity *binding),
                   void *context);
/* Whether all joins are true in a binding. */
bool llw_join_holds(const llw_rule *rule, const llw_facts *facts, const llw_kb *kb,
                    const llw_entity *binding);
/* The variables from the slowest to the fastest: llw_join's bindings ascend in that order. */
void llw_join_order(const llw_rule *rule, int *variables);

#endif
