/* Sentences about models: what a person states in passing, found by patterns. */
#ifndef LLW_SOURCE_CONFIG_PHRASES_H
#define LLW_SOURCE_CONFIG_PHRASES_H

#include "source/rich.h"

typedef struct llw_phrase {
    const char *about; /* architecture, experts, layers, size or fits */
    size_t at;         /* byte of the sentence where it starts */
    char quant[24];    /* the quantisation it speaks of (Q4, UD-Q6_K_XL), "" for none */
    bool says_kind, moe;
    int64_t bytes, bytes_high; /* a size and the upper end of a range; 0 when none. GB is 10^9, GiB 2^30 */
    bool says_fits, fits;      /* on one GPU */
    int64_t count;
} llw_phrase;

/* What a sentence states, at most max. Nothing for sentences that are hypothetical, history or a lesson;
 * quoted parts are not read. */
size_t llw_phrases_find(llw_arena *arena, const llw_rich *sentence, llw_phrase *out, size_t max);

/* Whether some sentence says why a placement was chosen; whether the text names where its figures come from.
 */
bool llw_phrase_reason(const llw_rich *text);
bool llw_phrase_source(const llw_rich *text);

/* Words of a text that may be names of models (engine/source/config_names.c tells which are), in order.
 * Quoted ones too.
 */
typedef struct llw_phrase_name {
    char text[96];
    size_t at, len;
} llw_phrase_name;

size_t llw_phrases_names(const llw_rich *text, llw_phrase_name *out, size_t max);

/* Whether a file's name carries a quantisation at all. */
bool llw_phrase_has_quant(const char *name);

#endif
