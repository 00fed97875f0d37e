/* Inside infer/: the steps of a run, for run.c and for cone.c, which takes only some of them again. */
#ifndef LLW_INFER_RUN_PARTS_H
#define LLW_INFER_RUN_PARTS_H

#include "infer/run.h"

enum { LLW_RUN_MAX_NODES = 1 << 20 };

/* An empty run over the facts, launches predicted. memo is lent by another run, or NULL. */
llw_run *llw_run_start(const llw_kb *kb, const llw_facts *facts, bool whole, struct llw_memo *memo);
/* All rules, once each. */
void llw_run_rules(llw_run *run);
/* Adds the rule's node for one binding, and what it derives. False when there are too many. */
bool llw_run_add_node(llw_run *run, const llw_rule *rule, const llw_entity *binding);
/* Claims a derived slot and remembers whose it is. */
void llw_run_claim(llw_run *run, const llw_rule *rule, const llw_derivation *derivation);
/* What a run evaluates of a rule: conditions, quantities, derived values. */
void llw_rule_each_expr(const llw_rule *rule, void (*each)(void *context, const llw_expr *expr, bool join),
                        void *context);

#endif
