/* What a llama.cpp program prints for --help, as options.
 *
 * By common/arg.cpp common_arg::to_string (2024-09 on): names separated by commas, then what the value looks
 * like, then two blanks or a new line and the description, in which "(env: NAME)" and "(default: X)" stand.
 * The list of 2023 and early 2024
 * ("  -c N, --ctx-size N   ...") is read too. Anything else on a line belongs to the description before it or
 * to nothing. One pass; texts live in the arena. */
#ifndef LLW_SOURCE_HELP_TEXT_H
#define LLW_SOURCE_HELP_TEXT_H

#include "base/arena.h"
#include "base/error.h"

typedef struct llw_help_option {
    const char **names; /* as printed: -fa, --flash-attn */
    size_t n_names;
    const char *hint;     /* of the value: "N", "[on|off|auto]", "SCALE FACTOR"; "" when there is none */
    const char *env;      /* "" when there is none */
    const char *standard; /* what it is when not given; "" when that is not said */
    const char *text;     /* the description on one line */
    int line;
} llw_help_option;

typedef struct llw_help {
    llw_help_option *options;
    size_t n, capacity;
} llw_help;

/* LLW_ERR_INPUT when there is no option in it. */
llw_rc llw_help_parse(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_help *out,
                      llw_err *err);

#endif
