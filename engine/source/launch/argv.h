/* llama.cpp's own argument grammar: words and environment become one launch entity and a list of what is odd
 * in them.
 *
 * Order and meaning are those of common/arg.cpp common_params_parse_ex (v0.5.0; May 2026 is the same):
 * defaults, then the environment, then the words from left to right; the last setting of an option wins,
 * except those that append. Options are data (fact/flags.h). llama-bench has a parser of its own
 * (tools/llama-bench/llama-bench.cpp): its lists are read by their first element. Every setting that was read
 * becomes a claim, so that those that lost stay visible as rivals; where the winning word is not known (a
 * variable nobody set), the slot holds an unknown claim and nothing else.
 *
 * Reading never fails for what somebody wrote: where llama.cpp would refuse to start, `refused` says why and
 * reading goes on behind it. Secrets (--api-key, --hf-token and their variables) are neither stored nor
 * quoted. Everything given is copied; results live in the fact base's arena. Cost: words x rows of the option
 * table. */
#ifndef LLW_SOURCE_ARGV_H
#define LLW_SOURCE_ARGV_H

#include "base/error.h"
#include "fact/facts.h"
#include "fact/flags.h"

/* A word and where it was written. `lost` is the chain of values it replaced on its way (a Compose default
 * under a value from .env), newest first: they become rival claims, older than this one. */
typedef struct llw_token {
    const char *text;   /* NULL: not known */
    const char *place;  /* "argument 7", "compose.yml:12:9" */
    const char *origin; /* NULL: "argument" or "environment" */
    const struct llw_token *lost;
} llw_token;

typedef struct llw_env {
    const char *name;
    llw_token value;
} llw_env;

typedef struct llw_argv {
    const char *id; /* of the launch entity: argv, FILE:profile, default */
    llw_program program;
    const char *program_origin, *program_place; /* NULL: nobody said, it is the default */
    const char *stranger; /* what says that the program may be no llama.cpp of the project: "the image x/y" */
    llw_entity build;     /* 0: the newest known */
    const llw_token *args; /* without the program's name */
    size_t n_args;
    const llw_env *env;
    size_t n_env;
    llw_grade
        args_grade; /* LLW_GRADE_FLAG, or LLW_GRADE_CONFIG or _PROCESS; 0 (default) means LLW_GRADE_FLAG */
    llw_grade env_grade;    /* 0 means LLW_GRADE_CONFIG */
    const llw_flags *flags; /* NULL: loaded here; give it when many launches are read */
} llw_argv;

/* Codes are stable and never reused; F01 ... in every output. */
typedef enum llw_flag_code {
    LLW_F_UNKNOWN = 1,   /* an option nobody ever had */
    LLW_F_REMOVED,       /* one that this build no longer has */
    LLW_F_NOT_YET,       /* one that only newer builds have */
    LLW_F_OTHER_PROGRAM, /* one of another llama.cpp program */
    LLW_F_WORD,          /* a word that is no option */
    LLW_F_EQUALS,        /* --flag=value */
    LLW_F_MISSING_VALUE,
    LLW_F_SWALLOWED, /* the next option was taken as the value */
    LLW_F_NOT_A_NUMBER,
    LLW_F_PARTIAL_NUMBER, /* 4k is read as 4 */
    LLW_F_EMPTY,
    LLW_F_BAD_VALUE,      /* a word the option does not take */
    LLW_F_RANGE,          /* a number llama.cpp cannot use */
    LLW_F_BUFFER,         /* -ot names no buffer type */
    LLW_F_REPEATED,       /* same spelling twice */
    LLW_F_REPEATED_ALIAS, /* two spellings of one option: llama.cpp says nothing */
    LLW_F_ENV_LOST,       /* a variable loses against a word */
    LLW_F_ENV_IGNORED,    /* a variable nobody reads, or whose value is not read */
    LLW_F_ENV_PRESENCE,   /* LLAMA_ARG_NO_X acts by being there */
    LLW_F_NOT_KNOWN,      /* a variable that could not be resolved */
    LLW_F_SECRET,         /* a secret on the command line */
    LLW_F_ADJUSTED,       /* llama.cpp changes it by itself */
    LLW_F_BENCH_LIST,     /* several values: several tests */
    LLW_F_ROUTER,         /* an empty model: a server without one */
    LLW_F_EXITS,          /* prints something and ends */
    LLW_F_FILE_REFUSED,   /* what reads the file refuses it, or a part of it */
    LLW_F_OTHERWISE,      /* what reads the file reads it otherwise than it looks */
    LLW_F_NO_DEVICE,      /* a GPU that the machine does not have (absent.h) */
    LLW_FLAG_CODES
} llw_flag_code;

typedef enum llw_problem_level { LLW_PROBLEM_NOTE, LLW_PROBLEM_RISK, LLW_PROBLEM_WRONG } llw_problem_level;

typedef struct llw_flag_problem {
    llw_flag_code code;
    llw_problem_level level; /* WRONG: llama.cpp does not start, or does something else than written */
    const char *place;       /* of the word */
    const char *flag;        /* the spelling concerned, or the variable's name */
    const char *message;     /* what llama.cpp does with it, one sentence without a full stop */
    const char *advice;      /* what to write instead; "" when nothing has to change */
    llw_attr attr;           /* the launch attribute concerned, or LLW_ATTR_NONE */
} llw_flag_problem;

enum { LLW_MAX_PROBLEMS = 200 };

/* "F01", and a short title ("unknown option") and explanation of a code, for `explain CODE`. */
const char *llw_flag_code_name(llw_flag_code code);
const char *llw_flag_code_title(llw_flag_code code);
const char *llw_flag_code_text(llw_flag_code code);
llw_problem_level llw_flag_code_level(llw_flag_code code); /* the gravest it is reported with */
/* The code of that name, or 0. */
llw_flag_code llw_flag_code_find(const char *name);

typedef struct llw_argv_model {
    const char *path; /* of -m; NULL when not given, not known, or it comes from a download */
    const char *place, *origin;
    llw_grade grade;
    bool given;  /* somebody named a model in some way */
    bool remote; /* by -hf, -mu, -dr or a preset option: `path` is the repository or address as given */
    bool router; /* llama-server without a model: it starts and serves none until asked */
} llw_argv_model;

typedef struct llw_argv_result {
    llw_entity launch, build;
    llw_argv_model model; /* launch.model itself is claimed by the caller, who reads the file */
    llw_flag_problem *problems;
    size_t n_problems, n_more; /* n_more: not kept beyond LLW_MAX_PROBLEMS */
    const char *refused;       /* why llama.cpp would not start; NULL when it would */
    bool exits;                /* --version and its like: no model is loaded */
} llw_argv_result;

/* Makes or extends the launch entity. Fails only when the option or build table cannot be read. */
llw_rc llw_argv_read(llw_facts *facts, const llw_argv *in, llw_argv_result *out, llw_err *err);

/* Flags written in a fact file, as a llw_facts_words (fact/facts_json.h): read for the launch's own build, or
 * the newest. */
llw_rc llw_source_words(llw_facts *facts, llw_entity launch, const char *const *words, size_t n,
                        llw_err *err);

#endif
