/* Names of models in running speech, with the versions and sizes that belong to them: "GLM-4.7 Flash",
 * "Llama 3.1 70B", "Qwen3 30B A3B". Which model is meant is told elsewhere (prose/names.c). */
#ifndef LLW_SOURCE_NAME_PHRASE_H
#define LLW_SOURCE_NAME_PHRASE_H

#include "source/shell/rich.h"

enum { LLW_NAME_WORDS = 4 };

typedef struct llw_name_phrase {
    size_t at;                   /* byte of the text where it starts */
    size_t ends[LLW_NAME_WORDS]; /* where it may end, the farthest first: a word behind a name may be none of
                                  * it, a version or a size behind it always is */
    size_t n_ends;
} llw_name_phrase;

/* The first phrase that starts at byte `from` or later and may be a name; quoted ones too. False when there
 * is none. */
bool llw_name_phrase_next(const llw_rich *rich, size_t from, llw_name_phrase *out);

#endif
