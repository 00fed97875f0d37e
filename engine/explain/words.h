/* How things are called when they are explained: conditions with their values, slots, origins. */
#ifndef LLW_EXPLAIN_WORDS_H
#define LLW_EXPLAIN_WORDS_H

#include "infer/run.h"

/* "-ub" for launch.ubatch, "free memory" ...: a launch's knob by its flag, anything else by its attribute in
 * words. */
void llw_words_slot(llw_text *out, const llw_run *run, llw_entity entity, llw_attr attr);
/* The flag that sets a launch attribute ("-ub"), or NULL. */
const char *llw_words_flag(llw_attr attr);
/* What a file that is not written in llama.cpp's words calls the flag (num_gpu of a Modelfile), or NULL.
 * There, auto is -1. `origin` is the claim's. */
const char *llw_words_key(const char *origin, llw_attr attr);
/* A value as it would be written: -1 layers as "auto", a REF by the other thing's name, an empty list as "not
 * given". */
void llw_words_value(llw_text *out, const llw_run *run, llw_attr attr, llw_value value);
/* "gguf deepseek2.expert_count", "argument 7", "predicted". */
void llw_words_origin(llw_text *out, const llw_claim *claim);
/* A condition of a node with its values: "-ub 1,024 > 512". */
void llw_words_condition(llw_text *out, const llw_run *run, const llw_node *node, const llw_expr *expr);
/* The entity's name for a person: the model's name, "CUDA0 (RTX 4090)", the launch's id. */
void llw_words_entity(llw_text *out, const llw_run *run, llw_entity entity);

#endif
