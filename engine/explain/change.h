/* What would have to change: a goal, and the changes that were tried for it, each with the run that shows
 * that it does. Lives in the arena given, except the runs, which belong to whoever made them. */
#ifndef LLW_EXPLAIN_CHANGE_H
#define LLW_EXPLAIN_CHANGE_H

#include "explain/difference.h"
#include "predict/place.h"

typedef enum llw_goal_kind {
    LLW_REACH_LOADS,
    LLW_REACH_TARGET,
    LLW_REACH_SURVIVES,
    LLW_REACH_WHOLE, /* loads with every layer on the GPUs */
    LLW_REACH_CLEARS /* a finding goes away */
} llw_goal_kind;

typedef struct llw_reach {
    llw_goal_kind kind;
    const llw_lesson *lesson; /* to clear: all of it, */
    const llw_rule *rule;     /* or one of its rules */
    const char *said;         /* "loads", "clears L05" */
} llw_reach;

/* "loads", "survives", "meets target", "clears L05", "clears RULE"; false when it is none of them (then it
 * may be a wish). `reasons` resolves "clears 1". */
bool llw_reach_read(const llw_kb *kb, const llw_decision *now, const char *text, llw_reach *out);
/* Whether the goal holds in a run. */
bool llw_reach_holds(const llw_reach *reach, llw_run *run, llw_entity launch);

/* What a change costs, dearest last. The first are predict's. */
enum { LLW_COST_FILE = LLW_LOSS_SPEED + 1, LLW_COST_DOWNLOAD, LLW_COST_CARD, LLW_COSTS };

typedef struct llw_remedy {
    const char *const *words; /* as what-if takes them */
    size_t n_words;
    const char *said;  /* "-ub 512", "-ctk q8_0 -ctv q8_0", "without -ot" */
    int loss;          /* llw_loss, or one of the costs above */
    const char *costs; /* one clause */
    const char *limit; /* that less does not do; "" */
    const char *code;  /* of the lesson whose own remedy it is; "" */
    llw_difference d;  /* against the launch as it is; filled when it was verified */
    bool certain;      /* not only by the point estimate */
} llw_remedy;

typedef struct llw_remedies {
    llw_remedy *items;
    size_t n, capacity;
} llw_remedies;

/* Candidates, nothing verified: what fired lessons say to try or advise; single changes and pairs found by
 * prediction (attempts receives those that do not do alone); for a finding, what turns its conditions: the
 * other side of a flag, the threshold of a comparison. `touched` (may be NULL) are knobs that may not be
 * turned. */
void llw_remedies_from_lessons(llw_run *run, llw_entity launch, const llw_reach *reach, llw_arena *arena,
                               llw_remedies *out);
void llw_remedies_from_search(llw_run *run, llw_entity launch, llw_goal goal, const bool *touched,
                              llw_arena *arena, llw_remedies *out, llw_search *alone);
void llw_remedies_from_conditions(llw_run *run, llw_entity launch, const llw_reach *reach, llw_arena *arena,
                                  llw_remedies *out);
llw_remedy *llw_remedy_add(llw_remedies *list, llw_arena *arena, const char *const *words, size_t n,
                           const char *said, int loss, const char *costs);
/* Cheapest first; of two that say the same, the first stays. */
void llw_remedies_order(llw_remedies *list);

#endif
