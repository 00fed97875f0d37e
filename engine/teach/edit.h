/* Editing the words of a launch the way a person says it. */
#ifndef LLW_TEACH_EDIT_H
#define LLW_TEACH_EDIT_H

#include "fact/flags.h"
#include "teach/case.h"

/* words with the edit applied (teach/scene.h says how an edit reads). Both stay as they are. */
llw_texts llw_edit_words(llw_arena *arena, const llw_flags *flags, llw_program program, int64_t order,
                         const llw_texts *words, const llw_texts *edit);

/* The edit in pieces that can be left out one by one: an option with its values, or "without" with one
 * option. */
size_t llw_edit_pieces(llw_arena *arena, const llw_flags *flags, llw_program program, int64_t order,
                       const llw_texts *edit, llw_texts *pieces, size_t max);

#endif
