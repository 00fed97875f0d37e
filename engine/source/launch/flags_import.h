/* A binary's --help laid over the option table: what differs becomes rows with the build from which on, or up
 * to which, it holds.
 *
 * The help speaks for one program of one build. An option that the table gives this build and the help lacks
 * ends with it (until); one that only the help has, or that has another form there (a bare -fa, another
 * variable), becomes a row of its own. A build older than the first source of the table (2026-05-04) tells of
 * itself and of what is older still: its rows end, and the table's begin, with the next build that is known.
 * Nothing else of the table changes: comments, order and other programs' rows stay byte for byte. A build
 * that models/builds.tsv does not hold is added to that table.
 *
 * Texts live in the arena. Cost: options x rows. */
#ifndef LLW_SOURCE_FLAGS_IMPORT_H
#define LLW_SOURCE_FLAGS_IMPORT_H

#include "fact/flags.h"
#include "source/launch/help_text.h"

typedef enum llw_flag_change_kind {
    LLW_FLAG_ADDED,   /* the table did not have it */
    LLW_FLAG_ENDED,   /* the table gave it to this build */
    LLW_FLAG_OTHER,   /* another form, value or variable */
    LLW_FLAG_EARLIER, /* the table knew it from a later build on */
} llw_flag_change_kind;

typedef struct llw_flag_change {
    llw_flag_change_kind kind;
    const char *name; /* --load-mode */
    const char *what; /* "the variable is LLAMA_ARG_X, not LLAMA_ARG_Y"; "" when the kind says it all */
} llw_flag_change;

typedef struct llw_flags_update {
    llw_flag_change *changes;
    size_t n_changes, capacity;
    const char *flags;  /* the new models/flags.tsv */
    const char *builds; /* the new models/builds.tsv, or NULL: the build is there already */
} llw_flags_update;

/* `version` as the user names it; `today` (2026-11-28) dates a build newer than all that are known.
 * LLW_ERR_INPUT when the version cannot be ordered. */
llw_rc llw_flags_import(llw_arena *arena, const llw_help *help, llw_program program, const char *version,
                        const char *today, llw_flags_update *out, llw_err *err);

#endif
