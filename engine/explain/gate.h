/* May we update? For each launch: is it proven on this build, what is missing, what proves it.
 *
 * The judgement is that of lesson 6: its rules have run over the launch with the new build and the ledger's
 * records, and what they derived is read here. Beside it stand the contrasts with the last proven build:
 * speed, memory, a crash. Everything is text and numbers in the arena given, so that the run may be let go.
 */
#ifndef LLW_EXPLAIN_GATE_H
#define LLW_EXPLAIN_GATE_H

#include "fact/flags.h"
#include "infer/run.h"

typedef enum llw_gate_state {
    LLW_GATE_PROVEN,  /* a prompt of 100 tokens and more was answered on this build, placement, machine */
    LLW_GATE_FAILED,  /* one failed */
    LLW_GATE_SHORT,   /* only short prompts were answered */
    LLW_GATE_EXPIRED, /* it was proven on this build, on another placement, driver or machine */
    LLW_GATE_MISSING  /* nothing is on record for this build */
} llw_gate_state;

const char *llw_gate_state_name(llw_gate_state state); /* proven, failed, only short, expired, missing */

/* A figure that got worse between two builds. */
typedef struct llw_gate_contrast {
    const char *what; /* speed, memory or crash */
    double was, is;   /* tokens per second, bytes; 0 of a crash */
    const char *was_place, *is_place, *was_build;
    const char *besides; /* what differs besides the build, of either record; "" when nothing does */
    const char *text;    /* one sentence */
} llw_gate_contrast;

enum { LLW_GATE_CONTRASTS = 4 };

typedef struct llw_gate_item {
    const char *launch, *model, *architecture;
    bool moe;
    int gpus;              /* that the launch uses */
    const char *gpu_names; /* "RTX 4090, RTX 5070 Ti"; "" unknown */
    const char *driver;    /* "" unknown */
    llw_gate_state state;
    const char *because;    /* one sentence, with the place of the record it rests on */
    const char *place;      /* of that record; "" */
    const char *problem;    /* of a failure: what was seen; "" */
    const char *prompt;     /* of a failure: at which prompt; "" */
    const char *answered;   /* the longest prompt this build did answer; "" */
    const char *last_build; /* the last build on which it was proven; NULL: none on record */
    const char *last_place, *last_day;
    const char *const *flags; /* of the launch, to paste; several words in one where llama.cpp takes two */
    size_t n_flags;
    const char *path;            /* of the model */
    const char *const *commands; /* that would prove it, in order */
    size_t n_commands;
    llw_gate_contrast contrasts[LLW_GATE_CONTRASTS];
    size_t n_contrasts;
} llw_gate_item;

/* Judges one launch of the run, called `name` (NULL: by its id). `build` is as it was asked for. */
void llw_gate_judge(const llw_run *run, llw_entity launch, const char *name, const char *build,
                    const llw_flags *flags, llw_arena *arena, llw_gate_item *out);

/* Items in the order in which they are worth trying: failed, then what is unproven, mixtures of experts on
 * several GPUs first, then proven. */
void llw_gate_sort(llw_gate_item *items, size_t n);

#endif
