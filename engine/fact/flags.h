/* llama.cpp's options (models/flags.tsv) for one program of one build, to look up and to write.
 *
 * The table is read once while the data stay the same (base/data.h), never changes, and lives as long as the
 * program. Look-ups are O(rows), about 470. */
#ifndef LLW_FACT_FLAGS_H
#define LLW_FACT_FLAGS_H

#include "base/error.h"
#include "base/text.h"
#include "fact/launch.h"

typedef enum llw_flag_kind {
    LLW_FLAG_PLAIN,  /* no value: sets something */
    LLW_FLAG_SWITCH, /* no value, with a negative form */
    LLW_FLAG_INT,
    LLW_FLAG_REAL,
    LLW_FLAG_TEXT,
    LLW_FLAG_PAIR, /* two values */
    LLW_FLAG_PAIRS,
    LLW_FLAG_ONOFF,
    LLW_FLAG_ONOFFAUTO,
    LLW_FLAG_BIT,
    LLW_FLAG_CHOICE,
    LLW_FLAG_LAYERS,
    LLW_FLAG_CACHE,
    LLW_FLAG_FLOATS,
    LLW_FLAG_MIBS,
    LLW_FLAG_DEVICES,
    LLW_FLAG_OVERRIDES,
    LLW_FLAG_LONG,    /* std::stoul */
    LLW_FLAG_CHOICES, /* several of the choices */
    LLW_FLAG_KV,      /* KEY=TYPE:VALUE of the header */
    LLW_FLAG_EXIT,
    LLW_FLAG_REMOVED,
} llw_flag_kind;

/* What an option does to the launch. Most set an attribute; the others end in one by way of the reader. */
typedef enum llw_flag_effect {
    LLW_SETS_ATTR,
    LLW_SETS_INVERTED, /* the attribute is the opposite of the value */
    LLW_SETS_MODEL,
    LLW_SETS_MODEL_REMOTE, /* the model comes from a download */
    LLW_SETS_CTX_UNSET,    /* back to "not given" */
    LLW_SETS_CTX_PER_SLOT,
    LLW_SETS_BENCH_PROMPT,
    LLW_SETS_BENCH_GEN,
    LLW_SETS_BENCH_PG,
    LLW_SETS_BENCH_DEPTH,
} llw_flag_effect;

typedef struct llw_flag_set {
    llw_flag_effect effect;
    llw_attr attr;     /* LLW_ATTR_NONE when the effect is on no single attribute */
    const char *value; /* NULL: the option's own value */
} llw_flag_set;

enum { LLW_MAX_FLAG_SETS = 8 };

typedef struct llw_flag_row {
    const char *const *names; /* -ub, --ubatch-size: the first is the one we write */
    size_t n_names;
    const char *const *neg_names;
    size_t n_neg_names;
    const char *env, *neg_env; /* "" when there is none */
    uint64_t letters;          /* with which any of these start: llw_flag_may_start */
    llw_flag_kind kind;
    const char *choices; /* of a LLW_FLAG_CHOICE: a,b,c */
    bool list;           /* llama-bench: one test for each element */
    llw_flag_set sets[LLW_MAX_FLAG_SETS];
    size_t n_sets;
    const char *default_text;
    bool append, secret;
    const char *programs;
    int64_t since, until;                      /* build orders: active when since <= order < until */
    const char *since_version, *until_version; /* "" when there is none */
    const char *note;
    int line; /* in models/flags.tsv */
} llw_flag_row;

typedef struct llw_flags {
    const llw_flag_row *rows;
    size_t n_rows;
} llw_flags;

const char *llw_program_name(llw_program program); /* server, cli, bench, fit-params */
/* By that name, or by the executable's (llama-server, /app/llama-server). False when it is none of the four.
 */
bool llw_program_find(const char *name, llw_program *out);

llw_rc llw_flags_load(llw_flags *out, llw_err *err);

bool llw_flag_active(const llw_flag_row *row, llw_program program, int64_t order);
/* Whether a name, leading dashes aside, or a variable of the row may start with that letter: a no is certain,
 * and most rows say no. */
static inline bool llw_flag_may_start(const llw_flag_row *row, char letter) {
    return row->letters >> (letter & 63) & 1;
}
bool llw_flag_of_program(const llw_flag_row *row, llw_program program); /* whatever the build */
bool llw_flag_takes_value(const llw_flag_row *row);

/* The active row that has this exact spelling; *negative says whether it is a negative form. NULL when
 * llama.cpp would call it an invalid argument. */
const llw_flag_row *llw_flag_find(const llw_flags *flags, const char *spelling, llw_program program,
                                  int64_t order, bool *negative);
/* The last build order known to lack the row: an option came in at some build between two sources that were
 * read, so the builds between them may read it. */
int64_t llw_flag_last_without(const llw_flag_row *row);
/* The row of such a build, which may have it: with this spelling, or NULL. */
const llw_flag_row *llw_flag_maybe(const llw_flags *flags, const char *spelling, llw_program program,
                                   int64_t order, bool *negative);
/* Any row with this spelling: of this program in another build first, then of another program. NULL when
 * unheard of. */
const llw_flag_row *llw_flag_find_any(const llw_flags *flags, const char *spelling, llw_program program);
/* The active spelling nearest to a mistyped one (edit distance at most 2, or 3 for long ones), or NULL. */
const char *llw_flag_nearest(const llw_flags *flags, const char *spelling, llw_program program,
                             int64_t order);
/* The same for a variable of the environment. */
const char *llw_flag_nearest_variable(const llw_flags *flags, const char *name, llw_program program,
                                      int64_t order);

/* The active row that sets this launch attribute by its own value or as a plain flag, or NULL. */
const llw_flag_row *llw_flag_for_attr(const llw_flags *flags, llw_attr attr, llw_program program,
                                      int64_t order);

/* A launch attribute and its value as words to paste: "-ub 512", "--no-kv-offload", "-ngl auto". NULL when
 * the build has no option for it, the value is unknown, or it is said by leaving the option out (a plain flag
 * that is off, an empty list). `value` as the fact base holds it (-1 and -2 of gpu_layers become auto and
 * all, or -1 and a number above all where the build has no such words). */
const char *llw_flag_write(const llw_flags *flags, llw_arena *arena, llw_attr attr, llw_value value,
                           llw_program program, int64_t order);

/* Words for on, off and auto: common/arg.cpp is_truthy, is_falsey, is_autoy. */
bool llw_is_truthy(const char *word);
bool llw_is_falsey(const char *word);
bool llw_is_autoy(const char *word);

/* Appends a word as a shell takes it, in single quotes where it has to be. Control characters, and blanks in
 * a row that a line break would take together, need bash's $'...'. */
void llw_flag_quote(llw_text *out, const char *word);

#endif
