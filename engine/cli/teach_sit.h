/* One sitting over a case: where answers come from and where it can be left and taken up again. */
#ifndef LLW_CLI_TEACH_SIT_H
#define LLW_CLI_TEACH_SIT_H

#include "base/typed.h"
#include "cli/app.h"
#include "teach/transcript.h"

#include <stdio.h>

typedef struct llw_sitting {
    llw_app *app;
    llw_transcript t;
    bool batch, echo;
    FILE *in;        /* where answers come from */
    char *line;      /* of LLW_TYPED_MAX + 1 bytes */
    bool ended;      /* no more answers, or the learner stopped */
    bool again;      /* the learner wants to begin the case again */
    bool kept;       /* a case of the program's: it is remembered. Not one made from a file */
    bool finished;   /* everything was asked and told */
    const char *say; /* said before the brief: which case of a course it is; NULL */
} llw_sitting;

/* Opens where answers come from: --batch FILE, or the terminal. False when it cannot be read, which was said.
 */
bool llw_sitting_open(llw_app *app, llw_sitting *s);
void llw_sitting_close(llw_sitting *s);

/* Holds one case to its end, or until the learner stops. False when the case cannot be used, which was said.
 */
bool llw_sitting_hold(llw_sitting *s, const llw_case *c);

/* The case that was left in the middle, with how many of its questions were answered; NULL when there is
 * none. */
const char *llw_sitting_left(llw_app *app, size_t *answered);
/* One JSON object a line (teach/deck.h); NULL without a home. */
const char *llw_sitting_deck_path(llw_app *app);

#endif
