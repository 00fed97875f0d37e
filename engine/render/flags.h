/* Options of llama.cpp as text: the list, one of them with its history, and what an import changed. */
#ifndef LLW_RENDER_FLAGS_H
#define LLW_RENDER_FLAGS_H

#include "base/arena.h"
#include "fact/build.h"
#include "fact/flags.h"
#include "render/style.h"
#include "source/launch/flags_import.h"

typedef struct llw_flags_question {
    const llw_flags *flags;
    const llw_build *build;
    llw_program program;
    const char *const *words; /* spellings or variables; none: the list */
    size_t n_words;
    bool all; /* in the list, also what this build does not have */
} llw_flags_question;

/* Returns how many options were found. */
size_t llw_render_flags(llw_text *out, const llw_style *style, llw_arena *arena,
                        const llw_flags_question *question);
void llw_render_flags_update(llw_text *out, const llw_style *style, const llw_flags_update *update,
                             const char *version, size_t n_options, const char *directory);

#endif
