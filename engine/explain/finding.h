/* Findings about configuration files: which lesson, how bad, on which line, why, and what to write instead.
 *
 * A finding stands where the value is set that would have to change: the claim that won in the chain of files. One finding
 * is kept for one rule at one place, however many profiles inherit it. Lives in the arena given. */
#ifndef LLW_EXPLAIN_FINDING_H
#define LLW_EXPLAIN_FINDING_H

#include "infer/run.h"

typedef struct llw_finding {
    const char *code;   /* L05, F03, or a project lesson's id */
    const char *lesson; /* 05-ub-is-not-b; "" for flags */
    const char *rule;   /* rule id; for a flag its spelling */
    llw_level level;
    const char *file;
    int line, column; /* 0 when unknown */
    const char *message;
    const char *const *because; /* conditions with their values and origins */
    size_t n_because;
    const char *advice; /* "" when there is none */
    llw_entity launch;  /* 0 when it is about none */
    const llw_node *node;
    size_t n_launches; /* how many launches inherit it */
} llw_finding;

typedef struct llw_findings {
    llw_finding *items;
    size_t n, capacity;
} llw_findings;

/* All fired rules of the run at or above `least`, in the order file, line, column, code. `fallback` names the place of a
 * launch when no slot of the finding has one (may return false). */
void llw_findings_collect(llw_run *run, llw_level least, bool (*fallback)(void *context, llw_entity launch, const char **file, int *line, int *column),
                          void *context, llw_arena *arena, llw_findings *out);
/* Adds one from elsewhere (a flag problem), keeping the once-per-place rule; llw_findings_sort restores the order. */
void llw_findings_add(llw_findings *findings, llw_arena *arena, llw_finding finding);
void llw_findings_sort(llw_findings *findings);

/* Splits "file:12:5" (or "file:12"); false when it is none. */
bool llw_place_split(llw_arena *arena, const char *place, const char **file, int *line, int *column);

#endif
