/* What a chat template costs, read and not run: loops, lengths and macros that have no end worth waiting for.
 *
 * Only what is written out is counted. Of a list whose length nobody wrote it is taken that it ends, except
 * where loops over the same list stand in one another. Tags in comments cost nothing. O(length of the text).
 */
#ifndef LLW_SOURCE_TEMPLATE_COST_H
#define LLW_SOURCE_TEMPLATE_COST_H

/* NULL, or what is wrong, going on from the model's name: "has a loop in its chat template that ...". */
const char *llw_template_cost(const char *text);

#endif
