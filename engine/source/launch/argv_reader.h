/* What the parts of the argument reader share: argv.c walks the words and argv_env.c the environment,
 * argv_value.c reads values, argv_launch.c makes the claims, argv_tell.c says what is wrong. */
#ifndef LLW_SOURCE_ARGV_READER_H
#define LLW_SOURCE_ARGV_READER_H

#include "source/launch/argv.h"

enum {
    MAX_SPELLING = 128,
    QUOTE = 48
}; /* bytes of an option's name; characters of a word that messages show */

/* One reading of one option's value. */
typedef struct llw_parsed {
    bool taken; /* llama.cpp accepts it */
    bool known; /* false: the word is not known */
    bool flag;
    int64_t count, most; /* most: the largest element of a llama-bench list */
    const char *text;
} llw_parsed;

typedef struct llw_setting {
    llw_attr attr;
    llw_value value;
    llw_grade grade;
    const char *origin, *place;
} llw_setting;

typedef struct llw_seen {
    const char *spelling, *place, *text, *origin; /* of the last occurrence; spelling NULL: none yet */
    const char *env, *env_place;                  /* the variable that set it before, or NULL */
} llw_seen;

typedef struct llw_reader {
    llw_facts *facts;
    llw_arena *arena;
    const llw_argv *in;
    const llw_flags *flags;
    int64_t order;       /* of the build */
    const char *version; /* of the build, or NULL: nobody named one, so the newest is taken */
    llw_argv_result *out;
    llw_seen *seen; /* one for each row of the option table */
    llw_setting *settings;
    size_t n_settings, setting_capacity;
    /* options that end in an attribute together with others */
    llw_text overrides, override_order;
    const char *override_place, *override_origin;
    llw_grade override_grade;
    bool overrides_unknown;
    int64_t ctx_per_slot;
    llw_setting ctx_per_slot_setting;
    bool mmap, mlock, direct_io;
    int64_t bench_prompt, bench_gen, bench_pg, bench_depth; /* -1: not given */
    bool bench_unknown;
    size_t n_refused;       /* refusals so far */
    llw_text refused_words; /* of launch.refused_words */
    llw_text words;         /* of launch.words */
} llw_reader;

/* What the value is read for: messages name `spelling`; quiet readings (values that lost) report nothing. */
typedef struct llw_use {
    const llw_flag_row *row;
    const char *spelling;
    const llw_token *token;
    bool env, quiet;
    llw_attr attr;
} llw_use;

/* Adds a problem; refuse also says that llama.cpp would not start. */
void llw_reader_report(llw_reader *r, llw_flag_code code, llw_problem_level level, const llw_use *use,
                       const char *advice, const char *fmt, ...) __attribute__((format(printf, 6, 7)));
void llw_reader_refuse(llw_reader *r, llw_flag_code code, const llw_use *use, const char *advice,
                       const char *fmt, ...) __attribute__((format(printf, 5, 6)));

/* Tells of an option or variable that llama.cpp refuses from that build on; a risk where nobody names the
 * build. */
void llw_reader_removed(llw_reader *r, const llw_use *use, const char *from);

/* Keeps a word of an option that was refused; it stays in its line. */
void llw_reader_keep_word(llw_reader *r, const char *word, bool first);

/* The attribute that the option sets, or LLW_ATTR_NONE when it sets none or several. */
llw_attr llw_reader_attr(const llw_flag_row *row);

/* A value of an option that takes one. */
llw_parsed llw_reader_value(llw_reader *r, const llw_use *use);

/* Applies one reading of an option to the launch. */
void llw_reader_set(llw_reader *r, const llw_use *use, llw_parsed parsed, llw_grade grade);
/* Values that the winner replaced on its way here become rivals, the oldest claimed first. */
void llw_reader_set_lost(llw_reader *r, const llw_use *use, llw_grade grade);

/* Reads the variables that belong to options, and tells of those that no option of this build reads. */
void llw_reader_env(llw_reader *r);

/* Turns all settings, defaults and consequences into claims. */
void llw_reader_finish(llw_reader *r);

const char *llw_reader_program(const llw_reader *r); /* llama-server */

#endif
