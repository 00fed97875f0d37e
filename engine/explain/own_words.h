/* The launch's own options, as an offer repeats them: as they were given, in their order, unless the offer
 * changes them.
 *
 * A variable of the environment is repeated as the option it stands for; a secret stays where it is. What
 * llama.cpp would not hear (the first of two -ub) is left out. `asides` tells all of that. Lives in the arena
 * given; words are borrowed from it. Cost: options x rows of the option table. */
#ifndef LLW_EXPLAIN_OWN_WORDS_H
#define LLW_EXPLAIN_OWN_WORDS_H

#include "fact/facts.h"
#include "fact/flags.h"

typedef struct llw_own_option {
    const char *const *words;
    size_t n;
    const llw_flag_row *row; /* NULL: an option of a fork */
    const char *variable;    /* which set it, or NULL */
    bool left_out;
} llw_own_option;

typedef struct llw_own_words {
    llw_own_option *options;
    size_t n;
    bool covers[LLW_ATTRS]; /* knobs that an option which is repeated sets */
    llw_text unsaid;        /* what is not repeated, as a list */
} llw_own_words;

/* The options of the launch. Those are left out whose knob is supposed to have another value. */
void llw_own_words_read(const llw_facts *facts, llw_entity launch, const llw_flags *flags,
                        llw_program program, int64_t order, llw_arena *arena, llw_own_words *out);

/* Leaves out every option that sets a knob of the list; whatever else such an option sets is no longer
 * covered. */
void llw_own_words_drop(llw_own_words *own, const bool dropped[LLW_ATTRS], llw_arena *arena);

/* Adds to what is not repeated. */
void llw_own_words_unsaid(llw_own_words *own, const char *what);

/* The lines that tell of it: "not repeated here: ...", "... of the environment". Ends the use of `own`. */
const char *const *llw_own_words_asides(llw_own_words *own, llw_arena *arena, size_t *n);

/* The knob that a setting of an option ends in, or LLW_ATTR_NONE. */
llw_attr llw_own_words_attr(const llw_flag_set *set);

#endif
