/* One sitting over a case, from the brief to the lesson: what text and JSON are rendered from.
 *
 * Made with everything but the answers; those are assessed one by one. Lives in the arena given; ending it
 * lets its scenes go. */
#ifndef LLW_TEACH_TRANSCRIPT_H
#define LLW_TEACH_TRANSCRIPT_H

#include "explain/proof.h"
#include "teach/assess.h"

typedef struct llw_brief_fact {
    const char *slot; /* as the case names it */
    const char *text; /* "experts of the model = 64" */
    const char *origin;
} llw_brief_fact;

typedef struct llw_transcript {
    llw_stage stage;
    const llw_case *c;
    const llw_lesson *lesson;
    const llw_misconceptions *misconceptions;
    llw_arena *arena;
    const char *command;      /* the team's launch */
    const char *const *cards; /* "CUDA0 RTX 4090: 23,671 MiB of 24,564 MiB free" */
    size_t n_cards;
    llw_brief_fact *facts;
    size_t n_facts;
    llw_assessment *answers; /* of every ask, in the case's order; ask NULL: not assessed yet */
    llw_proof proof;         /* of what the lesson finds in the incident, or why it does not */
    llw_state state;         /* of that node */
    const char *mechanism;   /* from the lesson's story; "" when it has none */
    size_t hints;            /* that were asked for */
} llw_transcript;

/* LLW_ERR_INPUT when the case or its lesson cannot be used. */
llw_rc llw_transcript_start(const llw_kb *kb, const llw_case *c, const llw_misconceptions *misconceptions,
                            llw_arena *arena, llw_transcript *out, llw_err *err);
void llw_transcript_end(llw_transcript *t);
/* Assesses the answer to one question; an answer may be given again. */
llw_rc llw_transcript_answer(llw_transcript *t, size_t ask, const char *typed, llw_err *err);
/* Over the questions that were assessed. */
llw_score llw_transcript_score(const llw_transcript *t, size_t *right, size_t *asked);

/* What was read about a thing ("model") or one of its slots ("model.experts"), one line each into out;
 * nothing that was predicted, which would give answers away. Returns how many lines. */
size_t llw_transcript_look_up(llw_transcript *t, const char *name, llw_text *out);

#endif
