/* The patterns by which prose about models is understood: models/phrases.tsv, PCRE2 expressions that do one
 * thing each, and models/beliefs.tsv, old beliefs that sentences repeat.
 *
 * Compiled once for the program's life. A table that cannot be read, or an expression that does not compile,
 * matches nothing; so does one that runs away on a text. */
#ifndef LLW_SOURCE_PHRASE_PATTERN_H
#define LLW_SOURCE_PHRASE_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

/* In the order of their names in phrase_pattern.c. */
typedef enum llw_pattern {
    LLW_PATTERN_HIDDEN,
    LLW_PATTERN_COMPARED,
    LLW_PATTERN_AGAINST,
    LLW_PATTERN_DENSE,
    LLW_PATTERN_MOE,
    LLW_PATTERN_EXPERTS,
    LLW_PATTERN_LAYERS,
    LLW_PATTERN_SIZE,
    LLW_PATTERN_FITS,
    LLW_PATTERN_FITS_NOT,
    LLW_PATTERN_QUANT,
    LLW_PATTERN_SIZE_OF_MODEL,
    LLW_PATTERN_SIZE_OF_ELSE,
    LLW_PATTERN_BUFFER,
    LLW_PATTERN_PLACEMENT,
    LLW_PATTERN_REASON,
    LLW_PATTERN_SOURCE,
    LLW_PATTERN_NAME,
    LLW_PATTERN_FITS_ALL,
    LLW_PATTERN_CARD,
    LLW_PATTERN_SPEED,
    LLW_PATTERN_ESTIMATED,
    LLW_PATTERN_OLD_FILE,
    LLW_PATTERN_OLD_SECTION,
    LLW_PATTERN_MEASURED,
    LLW_PATTERN_UPDATE,
    LLW_PATTERN_UPDATE_STEP,
    LLW_PATTERN_SHORT_TEST,
    LLW_PATTERN_LONG_TEST,
    LLW_PATTERN_UB_REASON,
    LLW_PATTERN_THE_MODEL,
    LLW_PATTERN_SIZE_OF_CACHE,
    LLW_PATTERN_NEEDS,
    LLW_PATTERN_CONTEXT,
    LLW_PATTERN_BENCH_ROW,
    LLW_PATTERN_OTHER_KIND,
    LLW_PATTERN_UB_VALUE,
    LLW_PATTERN_UB_NEXT,
    LLW_PATTERN_UB_GAIN,
    LLW_PATTERN_QUANT_OF_FILE,
    LLW_PATTERNS
} llw_pattern;

#define LLW_MATCH_NONE ((size_t)-1)

typedef struct llw_match {
    size_t from, to;
    size_t group[3], group_to[3]; /* from LLW_MATCH_NONE when it took no part */
} llw_match;

/* The next match from byte `at` on. */
bool llw_pattern_next(llw_pattern pattern, const char *text, size_t len, size_t at, llw_match *out);
bool llw_pattern_matches(llw_pattern pattern, const char *text, size_t len);

/* The name of the first belief that the text repeats, NULL for none; *at is the byte where it starts. */
const char *llw_pattern_belief(const char *text, size_t len, size_t *at);

#endif
