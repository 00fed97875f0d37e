/* When a case comes again: five boxes, after 1, 3, 7, 21 and 60 days (Leitner). A right answer moves a case
 * one box on, a half right one leaves it where it is, a wrong one puts it back into the first; doing it again
 * before its day does not move it on. What was wrong although the learner was sure comes first.
 *
 * Kept as one JSON object a line; the last of a case counts, and a line that cannot be read is none. Days are
 * YYYY-MM-DD. Everything lives in the arena given. */
#ifndef LLW_TEACH_DECK_H
#define LLW_TEACH_DECK_H

#include "teach/assess.h"

enum { LLW_DECK_CARDS = 1024 }; /* cases whose cards are kept; further ones count as never done */

typedef struct llw_card {
    const char *id; /* of the case */
    llw_score score;
    int box;         /* 1 to 5 */
    bool sure_wrong; /* something was wrong that the learner was sure of */
    char due[11];
} llw_card;

typedef struct llw_deck {
    llw_card *cards;
    size_t n, capacity;
} llw_deck;

void llw_deck_read(llw_arena *arena, const char *lines, llw_deck *out);
/* NULL: the case was never done. */
const llw_card *llw_deck_find(const llw_deck *deck, const char *id);
/* The card after a sitting of that day. */
llw_card llw_deck_step(const llw_card *before, const char *id, llw_score score, bool sure_wrong,
                       const char *today);
/* Of the cases in `ids`, those that are due: first what was wrong and sure, then by their day. Returns how
 * many. */
size_t llw_deck_due(const llw_deck *deck, char *const *ids, size_t n, const char *today, const char **out);
/* The next case to do: due, else new in the order of the course, else NULL. */
const char *llw_deck_next(llw_arena *arena, const llw_deck *deck, char *const *ids, size_t n,
                          const char *today);

/* From this on an answer was sure; the scale is 1 (a guess) to 5 (certain). */
enum { LLW_SURE = 4, LLW_SURE_MAX = 5 };
/* "448 MiB @4": the answer without its mark, and the confidence; 0 when none stands there. */
const char *llw_deck_confidence(llw_arena *arena, const char *typed, int *sure);

#endif
