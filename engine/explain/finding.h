/* Findings about configuration files: which lesson, how bad, on which line, why, and what to write instead.
 *
 * A finding stands where the value is set that would have to change: the claim that won in the chain of
 * files. The steps of getting there are collected in any order with llw_findings_add; llw_findings_fold then
 * leaves one finding for each lesson and line, the gravest, and keeps the others inside it. Everything lives
 * in the arena given. */
#ifndef LLW_EXPLAIN_FINDING_H
#define LLW_EXPLAIN_FINDING_H

#include "infer/run.h"
#include "source/launch/argv.h"

/* One link of the chain behind a finding: a claim on the way of the value, a condition, or a rival that lost.
 */
typedef struct llw_finding_step {
    const char *text;
    const char *file; /* "" when it was read in no file */
    int line, column; /* 0 when unknown */
} llw_finding_step;

/* A repair that a machine may make: other text for one token (explain/fix.h). */
typedef struct llw_fix {
    const char *file;
    int line, column;
    size_t offset, len; /* bytes of the file that it replaces */
    const char *was, *text;
    const char *launch; /* id of the launch whose slot it sets */
    llw_attr attr;
    llw_value wanted;
} llw_fix;

typedef enum llw_acceptance { LLW_REPORTED, LLW_ACCEPTED_INLINE, LLW_ACCEPTED_BASELINE } llw_acceptance;

typedef struct llw_finding {
    const char *code;   /* L05, F03, S01, or a project lesson's id */
    const char *lesson; /* 05-ub-is-not-b; "" when it is no lesson's */
    const char *rule;   /* rule id; for a flag its spelling */
    llw_level level;
    const char *file;
    int line, column; /* 0 when unknown */
    const char *message;
    const char *const *because; /* conditions with their values and origins */
    size_t n_because;
    const llw_finding_step *steps; /* the chain with its places */
    size_t n_steps;
    const char *advice;  /* "" when there is none */
    const char *subject; /* what it is about, in words that stay when lines move: "qwen3-next: -ngl" */
    llw_entity launch;   /* 0 when it is about none */
    const char *where;   /* the launch's id: FILE:profile; "" when it is about none */
    llw_entity entity;   /* the slot whose value stands there; 0 and LLW_ATTR_NONE when it is none */
    llw_attr attr;
    const llw_node *node;     /* NULL when no rule found it */
    size_t n_launches;        /* how many launches inherit it */
    struct llw_finding *also; /* the same lesson's other rules on this line, gravest first */
    size_t n_also;
    llw_acceptance accepted;
    const char *reason, *until; /* of the acceptance; "" when none was given */
    const llw_fix *fix;         /* NULL when no machine may repair it */
} llw_finding;

typedef struct llw_findings {
    llw_finding *items;
    size_t n, capacity;
} llw_findings;

/* Names the place of a launch when no slot of the finding has one; may return false. */
typedef bool llw_launch_place(void *context, llw_entity launch, const char **file, int *line, int *column);

/* All fired rules of the run, one finding each, not folded. */
void llw_findings_collect(llw_run *run, llw_launch_place *fallback, void *context, llw_arena *arena,
                          llw_findings *out);
/* Adds one from elsewhere (a flag problem). O(1) amortised. */
void llw_findings_add(llw_findings *findings, llw_arena *arena, llw_finding finding);
/* One finding for each lesson and line, for each flag and line; what was accepted stays apart from what was
 * not. Leaves them in the order file, line, column, code. O(n log n). */
void llw_findings_fold(llw_findings *findings, llw_arena *arena);
void llw_findings_sort(llw_findings *findings);

/* Whether some rule of that code could not be decided about this file. */
bool llw_findings_open(llw_run *run, const char *code, const char *file, llw_launch_place *fallback,
                       void *context);
/* Whether a code, a lesson's id or a rule's id ("L05", "05-ub-is-not-b", "oversized-ubatch") means this
 * finding. */
bool llw_finding_is(const llw_finding *finding, const char *name);

/* The subject of a finding that no rule found: the launch, if it is defined in the finding's file, and a
 * word. */
const char *llw_finding_subject(const llw_facts *facts, llw_arena *arena, llw_entity launch, const char *file,
                                const char *word);
/* The finding's identity that stays when lines move: 32 hexadecimal digits of code, file (as given here) and
 * subject. */
enum { LLW_FINGERPRINT_MAX = 33 };
char *llw_finding_fingerprint(char out[LLW_FINGERPRINT_MAX], const llw_finding *finding, const char *file);

/* Splits "file:12:5" (or "file:12"); false when it is none. */
bool llw_place_split(llw_arena *arena, const char *place, const char **file, int *line, int *column);

/* A flag problem's level on the ladder of the lessons. */
llw_level llw_level_of_problem(llw_problem_level level);

#endif
