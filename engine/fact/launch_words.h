/* The options of a launch as they were given, in one text: launch.words.
 *
 * A line is an option: its words, joined by tabs. One that a variable of the environment set stands before
 * the others, as the variable's name and its value. A secret is not kept: the word says "(secret)", or has
 * stars where it was. What is read back lives in the arena given. Cost: the length of the text. */
#ifndef LLW_FACT_LAUNCH_WORDS_H
#define LLW_FACT_LAUNCH_WORDS_H

#include "base/arena.h"
#include "base/text.h"

#include <stdbool.h>

/* Appends a word; `first` begins an option. NULL: what stands there is not known. `secret`: it is one, or may
 * be. */
void llw_launch_words_add(llw_text *text, llw_arena *arena, const char *word, bool secret, bool first);

typedef struct llw_worded_option {
    const char *const *words; /* "-c", "8192", or "LLAMA_ARG_CTX_SIZE", "8192" */
    size_t n;
    bool starred; /* some of it was a secret */
    bool unknown; /* some of it is not known: it says "?" */
} llw_worded_option;

/* Every option of the text, in order. */
llw_worded_option *llw_launch_words_read(llw_arena *arena, const char *text, size_t *n);

#endif
