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

typedef struct llw_story_example {
    const char *rule;  /* that has to fire */
    int line;          /* of the block */
    const char *bytes; /* NULL: the block is not closed */
    size_t len;
} llw_story_example;

/* The examples of a lesson's story as it is read now; none when there is no story. */
void llw_story_examples(llw_arena *arena, const llw_lesson *lesson, llw_story_example **examples, size_t *n);
/* A new fact base of such an example, or NULL with err. */
llw_facts *llw_story_facts(const char *bytes, size_t len, const char *name, llw_err *err);

/* All examples of one lesson's story (all lessons: NULL). Results live in arena. */
void llw_story_tests(const llw_kb *kb, const llw_lesson *lesson, llw_arena *arena, llw_story_result **results,
                     size_t *n);

#endif
