/* What is wrong with a header that can be read: what llama.cpp refuses (model.refusal), and what no honest
 * model needs or what contradicts the rest (model.doubt). The first of each is a fact, for the rules of
 * lesson 18; further ones are notes. */
#ifndef LLW_SOURCE_MODEL_DOUBTS_H
#define LLW_SOURCE_MODEL_DOUBTS_H

#include "source/model/model_facts.h"
#include "source/model/survey.h"

/* attr is model.refusal or model.doubt; the text goes on from the model's name: "lists 11 tokens but embeds
 * 10". */
void llw_model_accuse(llw_facts *facts, llw_entity entity, const llw_model_source *source, llw_attr attr,
                      const char *fmt, ...) __attribute__((format(printf, 5, 6)));

void llw_model_doubts(llw_facts *facts, llw_entity entity, const llw_model *model,
                      const llw_model_source *source, const llw_survey *survey);

/* What a file that is no model of its own is for. */
const char *llw_model_role_use(const char *role);

#endif
