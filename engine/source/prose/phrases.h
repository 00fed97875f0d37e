/* Sentences about models: what a person states in passing, found by patterns. */
#ifndef LLW_SOURCE_CONFIG_PHRASES_H
#define LLW_SOURCE_CONFIG_PHRASES_H

#include "source/shell/rich.h"

typedef struct llw_phrase {
    const char *about; /* architecture, experts, layers, quantisation, size, fits, speed or context */
    size_t at;         /* byte of the sentence where it starts */
    char quant[24];    /* the quantisation it speaks of (Q4, UD-Q6_K_XL), "" for none */
    bool says_kind, moe;
    char of_size[12];          /* "35B" of "the 35B-A3B MoE": the model it is said of; "" when not told */
    int64_t bytes, bytes_high; /* a size and the upper end of a range; 0 when none. GB is 10^9, GiB 2^30 */
    bool need;                 /* the size is what it needs: more than the file may be meant */
    bool says_fits, fits;      /* on one GPU */
    bool fits_all;             /* on the GPUs there are, all together */
    char card[24];             /* the card it is said to fit on, "" when none is named */
    int64_t count;
    int digits;     /* of the rate that say something: 2 of 120, 3 of 32.9 */
    double rate;    /* tokens per second; 0 when none */
    bool estimated; /* by its own words: expected, estimated, a range with a tilde */
} llw_phrase;

/* What a sentence states, at most max. Nothing for sentences that are hypothetical, history or a lesson;
 * quoted parts are not read. */
size_t llw_phrases_find(const llw_rich *sentence, llw_phrase *out, size_t max);

/* Whether some sentence says why a placement was chosen; whether the text names where its figures come from.
 */
bool llw_phrase_reason(const llw_rich *rich);
bool llw_phrase_source(const llw_rich *rich);

/* The old belief that a sentence repeats (models/beliefs.tsv), or NULL. Sentences that hide their claims
 * repeat none; code spans are read. *at is the byte where it starts. */
const char *llw_phrase_belief(const llw_rich *sentence, size_t *at);

/* Whether a file's name carries a quantisation at all. */
bool llw_phrase_has_quant(const char *name);

#endif
