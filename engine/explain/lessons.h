/* What each lesson says about a launch, in one line. */
#ifndef LLW_EXPLAIN_LESSONS_H
#define LLW_EXPLAIN_LESSONS_H

#include "explain/decision.h"

/* Judges one lesson by its nodes that concern the launch: fired, silent because, undecided because. */
void llw_lesson_judge(const llw_run *run, const llw_lesson *lesson, llw_entity launch, llw_arena *arena,
                      llw_lesson_line *out);

/* The same of one rule. */
void llw_rule_judge(const llw_run *run, const llw_rule *rule, llw_entity launch, llw_arena *arena,
                    llw_lesson_line *out);

#endif
