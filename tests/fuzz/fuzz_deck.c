/* What llwhy teach keeps of a learner: a card a line, of which the last of a case counts. */
#include "fuzz.h"

#include "teach/deck.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    static char *const ids[] = {"a-case", "05-two-cards", "b"};
    enum { N = sizeof ids / sizeof *ids };
    static const char today[] = "2026-11-28";
    const char *due[N], *typed;
    llw_arena *arena = llw_arena_new();
    llw_deck deck;
    int sure;
    llw_deck_read(arena, llw_arena_strndup(arena, (const char *)data, size), &deck);
    for (size_t i = 0; i < N; i++) {
        const llw_card *card = llw_deck_find(&deck, ids[i]);
        llw_card next = llw_deck_step(card, ids[i], LLW_SCORE_RIGHT, false, today);
        if (next.box < 1 || next.box > 5 || strlen(next.due) != 10) abort();
    }
    if (llw_deck_due(&deck, ids, N, today, due) > N) abort();
    llw_deck_next(arena, &deck, ids, N, today);
    typed = llw_deck_confidence(arena, llw_arena_strndup(arena, (const char *)data, size), &sure);
    if (!typed || sure < 0 || sure > LLW_SURE_MAX) abort();
    llw_arena_free(arena);
    return 0;
}
