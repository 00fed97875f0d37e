/* Inside check/: what the parts of the judgement of lessons share. */
#ifndef LLW_CHECK_RULELINT_PARTS_H
#define LLW_CHECK_RULELINT_PARTS_H

#include "check/rulelint.h"
#include "fact/flags.h"

typedef struct llw_rulelinting {
    const llw_kb *kb;
    const llw_rulelint_ask *ask;
    llw_arena *arena;
    llw_rulelint *out;
    llw_flags flags;
    int64_t *builds; /* orders of models/builds.tsv, ascending */
    const char **versions;
    size_t n_builds;
} llw_rulelinting;

typedef struct llw_story_text {
    const char *path;  /* where it was read; its name when it is missing */
    const char *bytes; /* NULL: there is no story */
    const char *body;  /* behind the front matter */
} llw_story_text;

void llw_rulelint_add(llw_rulelinting *l, const char *code, const char *file, int line, const char *lesson,
                      const char *rule, const char *fmt, ...) __attribute__((format(printf, 7, 8)));

/* Whether the rule holds for build i of the table. */
bool llw_rulelint_covers(const llw_rulelinting *l, const llw_rule *rule, size_t i);

/* Flags and numbers in the sentences of a lesson (rulelint_texts.c). */
void llw_rulelint_texts(llw_rulelinting *l, const llw_lesson *lesson, const llw_story_text *story);
/* Rules that can never fire (rulelint_logic.c), and rules that stand in each other's way. */
void llw_rulelint_reach(llw_rulelinting *l, const llw_rule *rule);
void llw_rulelint_pairs(llw_rulelinting *l, const llw_rule *rule);

#endif
