/* Flags written in a fact file become the launch's claims. */
#include "fact/build.h"
#include "source/launch/argv.h"

llw_rc llw_source_words(llw_facts *facts, llw_entity launch, const char *const *words, size_t n,
                        llw_err *err) {
    llw_arena *arena = llw_facts_arena(facts);
    llw_token *tokens = llw_arena_alloc(arena, (n + 1) * sizeof *tokens);
    for (size_t i = 0; i < n; i++)
        tokens[i] = (llw_token){.text = words[i], .place = llw_arena_printf(arena, "argument %zu", i + 1)};
    llw_argv in = {.id = llw_facts_id(facts, launch), .args = tokens, .n_args = n};
    in.build = llw_facts_ref(facts, launch, LLW_launch_build);
    if (!in.build) in.build = llw_build_claim(facts, NULL, LLW_GRADE_DEFAULT, "default", "", err);
    llw_argv_result result;
    return in.build ? llw_argv_read(facts, &in, &result, err) : LLW_ERR_INPUT;
}
