/* Which llama.cpp: the order of its builds (models/builds.tsv), and the build entity a launch points at.
 *
 * A version may be a b-number (b8022, 8022), a release (v0.5.0, 0.5.0), a day (2026-05-04), a commit or its
 * prefix of at least 7 digits, or a line that llama.cpp prints: "version: 8022 (b48e80f67)", "version:
 * 0.1.2-dev (build 10488, commit 9d77fa172)", "build: 8022 (b48e80f67) with GNU ...", "b8022-b48e80f67"; or
 * an image whose tag names a build (ghcr.io/ggml-org/llama.cpp:server-cuda-b8022). A build that the table
 * lacks is answered by the nearest older row of the same kind of name; one older than every row by the
 * oldest.
 *
 * The table is read once per arena it is asked for; texts live in that arena. */
#ifndef LLW_FACT_BUILD_H
#define LLW_FACT_BUILD_H

#include "base/error.h"
#include "fact/facts.h"

typedef struct llw_build {
    int64_t order;       /* of the row that answers; comparable with llw_build_order */
    const char *version; /* as it was asked for, cleaned: b8022, v0.5.0, 2026-05-04, b48e80f67 */
    const char *row;     /* version of the row that answers */
    const char *date;    /* day of that row */
    bool exact;          /* the row is the build asked for */
    bool fit_known, fit; /* --fit is on by default; unknown for a few builds of December 2025 */
    const char *note;    /* one sentence when not exact, else "" */
} llw_build;

/* Reads `version`; NULL or "" means the newest row. LLW_ERR_INPUT when it is none of the forms above. A
 * commit that no row has cannot be ordered: LLW_ERR_INPUT too, saying what to give instead. */
llw_rc llw_build_read(llw_arena *arena, const char *version, llw_build *out, llw_err *err);

/* Order of a row or of the row that answers for a version: for since/until columns and for predictions. -1
 * when the version cannot be read. Reads the table each time: for tables read once, not for inner loops. */
int64_t llw_build_order(const char *version);

/* The build entity, its id the cleaned version, with claims version, order, date, exact and fits_by_default.
 * `grade`, `origin` and `place` say who named the version ("" or NULL version: LLW_GRADE_DEFAULT, the
 * newest). A build that is not exact leaves its note in the fact base, once. 0 when the version cannot be
 * read (err says why). */
llw_entity llw_build_claim(llw_facts *facts, const char *version, llw_grade grade, const char *origin,
                           const char *place, llw_err *err);

/* The same where only the name counts, or nobody can be asked for a better one. A commit that no row has is a
 * build all the same: the newest row stands for it, and the note says so. */
llw_rc llw_build_read_pinned(llw_arena *arena, const char *version, llw_build *out, llw_err *err);
llw_entity llw_build_claim_pinned(llw_facts *facts, const char *version, llw_grade grade, const char *origin,
                                  const char *place);

/* The version of a build that somebody named, or NULL: it is the newest known because nobody did. */
const char *llw_build_named(const llw_facts *facts, llw_entity build);

/* "b10884 (2026-09-10)" for a row of the table, as messages write it; the version alone where it is a day. */
const char *llw_build_and_day(llw_arena *arena, const char *version);

#endif
