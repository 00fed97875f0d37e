/* Whether llama.cpp would even try to load, and the verdict that every answer gives. */
#ifndef LLW_EXPLAIN_REFUSAL_H
#define LLW_EXPLAIN_REFUSAL_H

#include "explain/decision.h"

/* Whether the model's file is one that llama.cpp refuses, whatever the flags. */
bool llw_refusal_is_of_file(const llw_facts *facts, llw_entity model);

/* "This launch does not start (llama.cpp b8022): ..." or "llama.cpp refuses this file (...): ...", added to
 * `out`; false when nothing forbids the launch. `build_name` is "llama.cpp b8022"; `predicted` may be NULL.
 */
bool llw_refusal_say(const llw_facts *facts, llw_entity launch, const llw_predicted *predicted,
                     const char *build_name, llw_text *out);

/* "llama.cpp b8022", of the launch's build. */
const char *llw_build_name_of(const llw_facts *facts, llw_entity launch, llw_arena *arena);

/* The verdict on a launch that llw_native_predict was asked about, of the same facts. */
llw_verdict llw_verdict_find(const llw_facts *facts, llw_entity launch, const llw_predicted *predicted);

#endif
