/* A baseline: findings that were there when somebody began to lint, kept in a file, so that only new ones are
 * reported.
 *
 * An entry is a code, a file as seen from the baseline's directory, and a subject; no line, so that it holds
 * when lines move. It accepts as many findings as it counts and none that is graver than it was. The file is
 * JSON (docs/json/baseline.schema.json), sorted, for people to read in a diff. */
#ifndef LLW_EXPLAIN_BASELINE_H
#define LLW_EXPLAIN_BASELINE_H

#include "explain/finding.h"

enum { LLW_BASELINE_MAX_BYTES = 16 << 20 };

typedef struct llw_baseline_entry {
    const char *code, *file, *subject;
    llw_level level;
    size_t count, used;
} llw_baseline_entry;

typedef struct llw_baseline {
    const char *path;
    llw_baseline_entry *items; /* sorted by code, file, subject */
    size_t n, capacity;
} llw_baseline;

/* LLW_ERR_NOTHING when there is no such file, LLW_ERR_INPUT with the line when it is no baseline. */
llw_rc llw_baseline_read(const char *path, llw_arena *arena, llw_baseline *out, llw_err *err);
/* Marks the folded findings that it accepts. */
void llw_baseline_apply(llw_baseline *baseline, llw_arena *arena, llw_findings *findings);
/* One note (S05) when entries are left that nothing answers to. */
void llw_baseline_tell(const llw_baseline *baseline, llw_arena *arena, llw_findings *out);
/* Writes the findings that are not accepted inline; those about suppressions stay out. */
llw_rc llw_baseline_write(const char *path, const llw_findings *findings, llw_arena *arena, size_t *written,
                          llw_err *err);

#endif
