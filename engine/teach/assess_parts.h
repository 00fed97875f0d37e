/* What the kinds of questions share when an answer is judged: assess.c dispatches, one file for each kind. */
#ifndef LLW_TEACH_ASSESS_PARTS_H
#define LLW_TEACH_ASSESS_PARTS_H

#include "teach/assess.h"

typedef struct llw_judging {
    llw_stage *stage;
    const llw_case *c;
    const llw_ask *ask;
    const llw_misconceptions *misconceptions;
    bool solving; /* nobody reads what comes out: what is not needed is not looked for */
    llw_arena *arena;
    llw_assessment *out;
    llw_err *err;
} llw_judging;

/* The text in the arena; the buffer is emptied. */
const char *llw_judge_keep(llw_judging *j, llw_text *text);
llw_rc llw_judge_eval(llw_judging *j, const llw_scene *scene, const char *text, llw_scene_value *value);
/* The first mistake that the scene, or the number that was said (NULL: none), shows. */
llw_rc llw_judge_mistakes(llw_judging *j, const llw_scene *scene, const double *number);

llw_rc llw_judge_flags(llw_judging *j);
llw_rc llw_judge_line(llw_judging *j);
llw_rc llw_judge_order(llw_judging *j);

#endif
