/* Judges the lessons themselves: what a rule, its story or its tests lack, and rules that cannot work
 * together.
 *
 * Reads the knowledge base as loaded and the stories, cases and tables of the data directories. Each finding
 * has a stable code (K01 ...) whose page llw_rulelint_code gives. Everything lives in the arena given. */
#ifndef LLW_CHECK_RULELINT_H
#define LLW_CHECK_RULELINT_H

#include "rule/kb.h"

typedef struct llw_rulelint_finding {
    const char *code;
    llw_level level;
    const char *file;          /* rules.d/05-ub-is-not-b.lua, lessons/05-ub-is-not-b.md, or where it lies */
    int line;                  /* 0 when it is the whole file */
    const char *lesson, *rule; /* "" when it is about none */
    const char *message;
} llw_rulelint_finding;

typedef struct llw_rulelint {
    llw_rulelint_finding *items; /* by file, line, code */
    size_t n, capacity;
    size_t n_lessons, n_rules; /* judged */
} llw_rulelint;

typedef struct llw_rulelint_ask {
    const char *today;                /* YYYY-MM-DD */
    const llw_lesson *const *lessons; /* the lessons to judge; NULL: all */
    size_t n_lessons;
    bool (*is_option)(
        const char *spelling); /* an option of llwhy itself, which a text may name; NULL: none */
} llw_rulelint_ask;

/* kb is loaded and ordered. O(rules^2), and one run of the engine for each example of a story. */
void llw_rulelint_run(const llw_kb *kb, const llw_rulelint_ask *ask, llw_arena *arena, llw_rulelint *out);

/* The page of a code; false when there is none. */
bool llw_rulelint_code(const char *code, const char **title, const char **text, llw_level *level);

#endif
