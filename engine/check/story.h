/* Runs the examples in the stories: each fenced block ```facts,finds=RULE is a fact file in which that rule
 * must fire. */
#ifndef LLW_CHECK_STORY_H
#define LLW_CHECK_STORY_H

#include "infer/run.h"

typedef struct llw_story_result {
    const char *lesson, *rule;
    int line; /* of the block in the story */
    bool passed;
    const char *message; /* what came instead */
} llw_story_result;

/* All examples of one lesson's story (all lessons: NULL). Results live in arena. */
void llw_story_tests(const llw_kb *kb, const llw_lesson *lesson, llw_arena *arena, llw_story_result **results,
                     size_t *n);

#endif
