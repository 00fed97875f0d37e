/* Findings that somebody accepted on purpose, in a comment of the file itself, with a reason and until when:
 *
 *     # llwhy ignore=L05 reason="prompts of 30k tokens, measured 2026-03-01" until=2027-01-01
 *     # llwhy ignore-file=L07,F15 reason="kept as it was on the day of the incident"
 *
 * A comment alone on its line speaks of the next line (with the lines that a \ at its end, or a YAML block
 * scalar, adds to it); one behind something speaks of its own line; ignore-file of the whole file. Comments
 * begin with #, ; or //, in Markdown with <!--. Several pragmas may stand above each other. `until` is the
 * last day it holds. Without a reason it holds too, and that is told. What is told about pragmas are findings
 * of their own: S01 ... */
#ifndef LLW_EXPLAIN_SUPPRESS_H
#define LLW_EXPLAIN_SUPPRESS_H

#include "base/lines.h"
#include "explain/finding.h"

enum { LLW_PRAGMA_MAX_CODES = 16, LLW_PRAGMA_MAX = 10000 };

typedef struct llw_pragma {
    const char *file;
    int line, column; /* of the word llwhy */
    int from, to;     /* lines that it speaks of */
    const char *codes[LLW_PRAGMA_MAX_CODES];
    size_t n_codes;
    bool used[LLW_PRAGMA_MAX_CODES];
    const char *reason, *until; /* "" when not given */
    bool expired;
    const char *problem; /* why it cannot be read; NULL when it can */
} llw_pragma;

typedef struct llw_pragmas {
    llw_pragma *items;
    size_t n, capacity;
} llw_pragmas;

/* Finds the pragmas of a file, which they borrow. `today` is YYYY-MM-DD. O(len). */
void llw_pragmas_read(const llw_lines_file *file, const char *today, llw_arena *arena, llw_pragmas *out);
/* Marks the findings that they accept, before folding. A finding about pragmas is never accepted. O(findings
 * x pragmas). */
void llw_pragmas_apply(llw_pragmas *pragmas, llw_findings *findings);

/* What is to be told about the pragmas. `known`: whether there is such a code, lesson or rule. `open`:
 * whether a code could not be decided about a file, so that nobody can say that its pragma is of no use. */
typedef struct llw_pragma_questions {
    bool (*known)(void *context, const char *code);
    bool (*open)(void *context, const char *code, const char *file);
    void *context;
} llw_pragma_questions;

void llw_pragmas_tell(const llw_pragmas *pragmas, const llw_pragma_questions *ask, llw_arena *arena,
                      llw_findings *out);

/* S01 ...: the title and the explanation of a code about suppressions and baselines; false when it is none.
 */
bool llw_suppress_code(const char *code, const char **title, const char **text);
size_t llw_suppress_codes(const char *const **out);

#endif
