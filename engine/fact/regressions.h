/* What builds of llama.cpp are known to break: models/regressions.tsv as facts. */
#ifndef LLW_FACT_REGRESSIONS_H
#define LLW_FACT_REGRESSIONS_H

#include "fact/facts.h"

/* Claims a regression ("b8053: llama.cpp #19816") for every build in `facts` whose order is known and every
 * row of the table that holds for it; what is there already stays. A build that another row stands for counts
 * between `since` and `mended`, and before `seen`, not beyond. The table is read once for each state of the
 * data. */
void llw_regressions_claim(llw_facts *facts);

#endif
