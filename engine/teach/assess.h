/* Judging an answer: the engine runs what was said beside what the team did and compares conclusions.
 *
 * Flags are right when the goal is reached, what the lesson found is gone, and nothing of weight came
 * instead; half right when it works and costs something; a number within 10 % is right, within 25 % half. No
 * answer is stored anywhere. */
#ifndef LLW_TEACH_ASSESS_H
#define LLW_TEACH_ASSESS_H

#include "teach/scene.h"

typedef enum llw_score { LLW_SCORE_WRONG, LLW_SCORE_HALF, LLW_SCORE_RIGHT } llw_score;
const char *llw_score_name(llw_score score);

enum { LLW_CONCLUSIONS = 24 };

typedef struct llw_conclusion {
    const char *rule, *code, *text;
    llw_level level;
} llw_conclusion;

typedef struct llw_conclusions {
    llw_conclusion items[LLW_CONCLUSIONS];
    size_t n;
} llw_conclusions;

typedef struct llw_assessment {
    const llw_ask *ask;
    const char *typed; /* "" when nothing was */
    bool understood;   /* false: it can be asked again */
    int sure;          /* 1 to 5; 0 when the learner did not say */
    llw_score score;
    const char *said;   /* as it was understood: "448.0 MiB", "yes", the words of the plan */
    const char *truth;  /* the engine's own answer, as it is told */
    const char *answer; /* the same as it would be typed; of flags "" until somebody solved it */
    const char *reason; /* why it counts like that, in sentences; where it was not understood, a clause */
    const llw_misconception *misconception; /* recognised in a wrong answer; NULL */
    const char *team,
        *plan; /* of flags: what the team's plan and the learner's do: verdict and memory left */
    llw_conclusions gone, come;
    llw_texts unneeded; /* pieces of the plan that change nothing */
} llw_assessment;

/* typed is one line, without its newline; misconceptions may be NULL: none is recognised, and the engine
 * tries its own answers. LLW_ERR_INPUT: the case itself cannot be used (err names file and line). */
llw_rc llw_assess(llw_stage *stage, const llw_ask *ask, const llw_misconceptions *misconceptions,
                  const char *typed, llw_assessment *out, llw_err *err);

/* What the engine would type. LLW_ERR_NOTHING, with the reason, when it cannot answer: such a case is broken.
 */
llw_rc llw_solve(llw_stage *stage, const llw_ask *ask, const char **answer, llw_err *err);

/* Whether every part of the case can be used: expressions, rules and misconceptions exist, every question can
 * be solved, the lesson has something to say (a boundary case: has not). */
llw_rc llw_case_check(llw_stage *stage, const llw_misconceptions *misconceptions, llw_err *err);

/* All together: right when every answer is, wrong when none earned anything. */
llw_score llw_score_all(const llw_assessment *all, size_t n);

#endif
