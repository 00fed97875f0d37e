/* Which answers change between two knowledge bases, over a corpus of cases.
 *
 * A case is a fact file (an example of a story, a file somebody saved) or the facts of a rule's test. Each is
 * run under both sides, each side with its own rules, lessons and tables; compared are the findings with
 * their sentences, and what the launches are predicted to need. Everything lives in the arena given. */
#ifndef LLW_CHECK_KBDIFF_H
#define LLW_CHECK_KBDIFF_H

#include "infer/run.h"

typedef struct llw_kb_case {
    const char *name; /* "lessons/05-ub-is-not-b.md:71", "rules.d/05-ub-is-not-b.lua:28", a file's path */
    const char *key;  /* what makes it the same case as another */
    const llw_rule_test *test; /* of a knowledge base that lives on; NULL: bytes */
    const char *bytes;
    size_t len;
} llw_kb_case;

typedef struct llw_kb_answer {
    const char *what;  /* a rule's id, or launch.loads ... */
    const char *about; /* "argv, argv@CUDA0": the things it is about */
    const char *code;  /* of the lesson; "" for a prediction */
    llw_level level;   /* LLW_LEVEL_NONE for a prediction */
    const char *text;
} llw_kb_answer;

typedef struct llw_kb_answers {
    llw_kb_answer *items; /* by what, about, text */
    size_t n, capacity;
} llw_kb_answers;

typedef struct llw_kb_change {
    const llw_kb_answer *was, *is; /* NULL: it has come, or is gone */
} llw_kb_change;

typedef struct llw_kb_case_diff {
    const llw_kb_case *of;
    llw_kb_change *changes;
    size_t n;
} llw_kb_case_diff;

typedef struct llw_kb_diff {
    const char *a, *b;
    llw_kb_case_diff *cases; /* those that changed */
    size_t n_cases, n_same;
    size_t n_gone, n_come, n_changed;
} llw_kb_diff;

/* Adds the cases of a knowledge base: its stories' examples, as the data directories hold them now, and its
 * tests. A case that is there already is not added again. O(cases^2) comparisons of short keys. */
typedef struct llw_kb_corpus {
    llw_kb_case *items;
    size_t n, capacity;
} llw_kb_corpus;
void llw_kb_corpus_add(llw_kb_corpus *corpus, const llw_kb *kb, llw_arena *arena);
void llw_kb_corpus_add_file(llw_kb_corpus *corpus, const char *path, const char *bytes, size_t len,
                            llw_arena *arena);

/* What the knowledge base says to each case under the data directories as they are now; answers has room for
 * all. */
void llw_kb_answer_all(const llw_kb *kb, const llw_kb_corpus *corpus, llw_arena *arena,
                       llw_kb_answers *answers);
void llw_kb_compare(const llw_kb_corpus *corpus, const llw_kb_answers *a, const llw_kb_answers *b,
                    llw_arena *arena, llw_kb_diff *out);

#endif
