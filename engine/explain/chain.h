/* Why a value stands where it does: for a line of a file, every setting of a launch that is written there,
 * and the chain that it belongs to: which link counts, and which lost against it, where.
 *
 * The links of a chain come with the one that counts first, the oldest last. Launches whose chains are alike
 * are one entry. Everything lives in the arena given. */
#ifndef LLW_EXPLAIN_CHAIN_H
#define LLW_EXPLAIN_CHAIN_H

#include "infer/run.h"

typedef struct llw_chain_link {
    const llw_claim *claim;
    const char *file; /* "" when it stands in none */
    int line, column;
    bool here; /* on the line asked about */
} llw_chain_link;

typedef struct llw_chain {
    llw_attr attr;
    const llw_entity *launches;
    size_t n_launches;
    const llw_chain_link *links;
    size_t n_links;
    bool counts; /* the link on this line is the one that counts */
    int column;  /* of the first link on this line */
} llw_chain;

typedef struct llw_chains {
    llw_chain *items;
    size_t n, capacity;
} llw_chains;

/* The chains with a link on that line, by column. With `line` 0, of any line of the file. O(claims of
 * launches). */
void llw_chains_find(const llw_run *run, const char *file, int line, llw_arena *arena, llw_chains *out);

#endif
