/* The search behind change, and behind what why-not proposes: candidates from lessons, prediction, the disk
 * and the table of cards, each supposed and run before it counts. */
#ifndef LLW_CLI_CHANGING_H
#define LLW_CLI_CHANGING_H

#include "cli/asking.h"
#include "explain/change.h"

enum { LLW_CHANGING_MOST = 24 };

typedef struct llw_changing {
    llw_reach reach;
    const char *const *wish; /* what has to stay so, as what-if takes it; n_wish 0: nothing */
    size_t n_wish;
    llw_supposition wished;                  /* run NULL: the launch as it is */
    bool reached;                            /* already: nothing was searched */
    llw_remedies found;                      /* verified, cheapest first */
    llw_search alone;                        /* what does not do by itself */
    bool known;                              /* false: what would decide it is not known */
    llw_supposition runs[LLW_CHANGING_MOST]; /* of the found ones */
    size_t n_runs;
} llw_changing;

/* Fills everything but reach, wish and wished, which are given. The run it starts from is that of the wish.
 */
void llw_changing_search(llw_app *app, llw_changing *c);
void llw_changing_drop(llw_changing *c);

#endif
