/* A running server against what was meant and against prediction: item by item match, mismatch or unknown,
 * with both figures.
 *
 * Everything is read from facts: the launch that runs, its placements with what the process holds
 * (placement.used) and what its log measured, and the launch that was meant, which lives in a fact base of
 * its own. Lives in the arena given. */
#ifndef LLW_EXPLAIN_VERIFY_H
#define LLW_EXPLAIN_VERIFY_H

#include "infer/run.h"

typedef enum llw_agreement { LLW_AGREE_MATCH, LLW_AGREE_MISMATCH, LLW_AGREE_UNKNOWN } llw_agreement;
const char *llw_agreement_name(llw_agreement agreement);

typedef enum llw_verify_group {
    LLW_VERIFY_FLAGS,
    LLW_VERIFY_MEMORY,
    LLW_VERIFY_BUFFERS,
    LLW_VERIFY_LOAD
} llw_verify_group;
const char *llw_verify_group_name(llw_verify_group group);

typedef struct llw_verify_item {
    llw_verify_group group;
    const char *what; /* "-ub", "CUDA0", "KV cache on CUDA0" */
    llw_agreement agreement;
    const char *expected, *found; /* with their units; "" when there is none */
    const char *reason;           /* why it counts like that, and what decides an unknown */
    const char *source;           /* who set or measured what was found; "" */
    bool numbers;                 /* the next four are given, in bytes */
    int64_t low, high, value, tolerance;
} llw_verify_item;

/* A setting of the running launch that somebody made, and what it overrode. */
typedef struct llw_setting_line {
    const char *flag, *value, *source;
    struct llw_lost_line {
        const char *value, *source;
    } * lost;
    size_t n_lost;
} llw_setting_line;

typedef struct llw_verification {
    llw_verify_item *items;
    size_t n_items, item_capacity;
    llw_setting_line *settings;
    size_t n_settings, setting_capacity;
    const char *splits;    /* what the log says of graph splits; "" */
    llw_agreement verdict; /* mismatch when any item is one; else match when any matches; else unknown */
    size_t n_match, n_mismatch, n_unknown;
} llw_verification;

/* meant_facts may be NULL: nobody said what was meant, and flags are listed without being judged. */
void llw_verify(const llw_run *run, llw_entity running, const llw_facts *meant_facts, llw_entity meant,
                llw_arena *arena, llw_verification *out);

#endif
