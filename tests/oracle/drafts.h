/* Random drafts beside a case's model: another model's file, and the flags that place it. */
#ifndef TESTS_ORACLE_DRAFTS_H
#define TESTS_ORACLE_DRAFTS_H

#include "ask.h"

typedef struct drafting {
    const char *path;       /* its file */
    const llw_model *model; /* NULL: none could be made */
    llw_known known;        /* holds it */
} drafting;

/* Makes a draft out of a known model, written to out->path; none when llama.cpp does not load it. */
void draft_make(oracle *o, rng *r, const char *name, llw_arena *arena, drafting *out);

/* -md with where it goes and how it drafts, or the model's own layers for further tokens. */
const char *draft_flags(rng *r, const drafting *draft, int cards, llw_arena *arena);

#endif
