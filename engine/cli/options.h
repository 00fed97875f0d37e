/* The command line as data: its tables drive parsing, --help, the man page and completions. */
#ifndef LLW_CLI_OPTIONS_H
#define LLW_CLI_OPTIONS_H

#include "base/arena.h"
#include "base/error.h"
#include "rule/kb.h"

#include <stdbool.h>
#include <stddef.h>

enum { LLW_MAX_REPEATS = 32, LLW_MAX_WORDS = 1024 };

typedef enum llw_command {
    LLW_COMMAND_DECIDE, /* llwhy MODEL */
    LLW_COMMAND_WHY,
    LLW_COMMAND_WHY_NOT,
    LLW_COMMAND_WHAT_IF,
    LLW_COMMAND_CHANGE,
    LLW_COMMAND_CONTRAST,
    LLW_COMMAND_ASK,
    LLW_COMMAND_MCP,
    LLW_COMMAND_FACTS,
    LLW_COMMAND_LESSONS,
    LLW_COMMAND_LESSON,
    LLW_COMMAND_EXPLAIN,
    LLW_COMMAND_PREDICT,
    LLW_COMMAND_FIT,
    LLW_COMMAND_CARD,
    LLW_COMMAND_MODELS,
    LLW_COMMAND_LINT,
    LLW_COMMAND_LOG,
    LLW_COMMAND_VERIFY,
    LLW_COMMAND_RECORD,
    LLW_COMMAND_EVIDENCE,
    LLW_COMMAND_FLAGS,
    LLW_COMMAND_GATE,
    LLW_COMMAND_MATRIX,
    LLW_COMMAND_TEACH,
    LLW_COMMAND_PROBE,
    LLW_COMMAND_TEST,
    LLW_COMMAND_LINT_RULES,
    LLW_COMMAND_KB,
    LLW_COMMAND_GUIDE,
    LLW_COMMAND_NEW,
    LLW_COMMAND_TRUST,
    LLW_COMMAND_DOCTOR,
    LLW_COMMAND_COMPLETION,
    LLW_COMMAND_MANUAL,
    LLW_COMMANDS
} llw_command;

typedef enum llw_option_id {
    LLW_OPT_GPU,
    LLW_OPT_NO_GPU,
    LLW_OPT_RAM,
    LLW_OPT_LLAMA,
    LLW_OPT_LLAMA_SERVER,
    LLW_OPT_PROGRAM,
    LLW_OPT_CARD,
    LLW_OPT_LOG,
    LLW_OPT_MODEL,
    LLW_OPT_FACTS,
    LLW_OPT_SAVE,
    LLW_OPT_EVIDENCE,
    LLW_OPT_MACHINE,
    LLW_OPT_LABEL,
    LLW_OPT_BECAUSE,
    LLW_OPT_PRIVATE_NETWORK,
    LLW_OPT_BUILD,
    LLW_OPT_REPORT,
    LLW_OPT_FROM,
    LLW_OPT_RULES,
    LLW_OPT_RECORD,
    LLW_OPT_WITH,
    LLW_OPT_STOP,
    LLW_OPT_PLACEMENT,
    LLW_OPT_CONTEXT,
    LLW_OPT_LIMIT,
    LLW_OPT_MIN_SPEED,
    LLW_OPT_FORMAT,
    LLW_OPT_EMIT,
    LLW_OPT_SCHEMA,
    LLW_OPT_BATCH,
    LLW_OPT_ALL,
    LLW_OPT_DEPTH,
    LLW_OPT_PRECISE,
    LLW_OPT_FAIL_ON,
    LLW_OPT_ONLY,
    LLW_OPT_IGNORE,
    LLW_OPT_BASELINE,
    LLW_OPT_WRITE_BASELINE,
    LLW_OPT_FIX,
    LLW_OPT_DIFF,
    LLW_OPT_CONFINE,
    LLW_OPT_COLOR,
    LLW_OPT_ASCII,
    LLW_OPT_WIDTH,
    LLW_OPT_HELP,
    LLW_OPT_VERSION,
    LLW_OPTIONS
} llw_option_id;

typedef struct llw_option {
    const char *name;     /* "gpu", without dashes */
    char letter;          /* 'h', or 0 */
    const char *argument; /* "SPEC", or NULL for a flag */
    bool repeats;
    const char *help;
} llw_option;

typedef struct llw_command_info {
    const char *name;  /* "" for the decision */
    const char *words; /* what follows the name */
    const char *help;
    const char *more; /* examples and explanations for --help of this command */
} llw_command_info;

typedef struct llw_options {
    llw_command command;
    const char *values[LLW_OPTIONS][LLW_MAX_REPEATS];
    size_t n_values[LLW_OPTIONS];
    const char **words; /* what is no option */
    size_t n_words;
    bool flags_given;   /* there was a -- */
    const char **flags; /* behind -- */
    size_t n_flags;
} llw_options;

extern const llw_option llw_option_table[LLW_OPTIONS];
extern const llw_command_info llw_command_table[LLW_COMMANDS];

/* The command nearest to a mistyped word, or NULL. */
const char *llw_command_nearest(const char *word);

/* Reads argv. The first word is a command if it is one's name; ./why is a path. */
llw_rc llw_options_read(llw_arena *arena, int argc, char **argv, llw_options *out, llw_err *err);

static inline bool llw_option_given(const llw_options *o, llw_option_id id) {
    return o->n_values[id] > 0;
}
/* The last value given, or NULL. */
static inline const char *llw_option_value(const llw_options *o, llw_option_id id) {
    return o->n_values[id] ? o->values[id][o->n_values[id] - 1] : NULL;
}

/* Whether a command does something with an option (option_uses.c). */
bool llw_command_reads(llw_command command, llw_option_id option);
/* LLW_ERR_INPUT when an option is given that the command does not read. */
llw_rc llw_options_check(const llw_options *options, llw_err *err);

/* The help of the program (LLW_COMMAND_DECIDE) or of one command. */
void llw_options_help(llw_text *out, llw_command command);

#endif
