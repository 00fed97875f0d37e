/* What the parts of supposing share: suppose.c understands words, suppose_flags.c re-reads a launch,
 * suppose_things.c changes cards, memory and models. Private to them. */
#ifndef LLW_SOURCE_SUPPOSE_PARTS_H
#define LLW_SOURCE_SUPPOSE_PARTS_H

#include "fact/flags.h"
#include "source/launch/suppose.h"

typedef struct llw_words {
    void *items; /* const char * */
    size_t n, capacity;
} llw_words;

typedef struct llw_given {
    const char *flag, *value; /* value NULL: it takes none */
    llw_attr attr;            /* the knob it sets */
    bool placed;              /* written already */
} llw_given;

typedef struct llw_supposing {
    llw_facts *over;
    llw_arena *arena; /* the overlay's */
    llw_entity launch;
    llw_err *err;
    llw_flags flags;
    llw_program program;
    int64_t order;     /* of the build the launch runs, after llama= */
    int64_t old_order; /* before */
    llw_words said;    /* what is supposed, as understood */
    void *given;       /* llw_given: the flags, in order */
    size_t n_given, given_capacity;
    bool dropped[LLW_ATTRS]; /* back to the default */
    bool set[LLW_ATTRS];     /* what the flags given set */
    llw_entity build;        /* 0: as it is */
    size_t cards;            /* in all, with those added */
} llw_supposing;

static inline const char *llw_words_get(const llw_words *words, size_t i) {
    return ((const char *const *)words->items)[i];
}
void llw_words_add(llw_arena *arena, llw_words *words, const char *word);

/* Makes the launch what llama.cpp's grammar makes of its words with the given ones in their place. */
llw_rc llw_suppose_flags(llw_supposing *s, llw_supposed *out);

/* CARD in the place of that device (NULL: the only one), or one more. */
llw_rc llw_suppose_card(llw_supposing *s, const char *device, const char *card, bool more);
llw_rc llw_suppose_ram(llw_supposing *s, const char *ram);
llw_rc llw_suppose_build(llw_supposing *s, const char *version);
llw_rc llw_suppose_model(llw_supposing *s, const char *name);
/* THING.ATTRIBUTE=VALUE */
llw_rc llw_suppose_fact(llw_supposing *s, const char *slot, const char *text);

#endif
