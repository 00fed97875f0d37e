/* What a model calls itself, in general.size_label, general.name and the name of its file, against its
 * tensors: the parameters ("8B", "30B") and the quantisation ("Q4_K_M"). A doubt (model_doubts.h) when they
 * are far apart: more than twice as many parameters or half of them, half again as many bits or two thirds of
 * them. Names with several sizes or quantisations are believed when one of them is right. */
#ifndef LLW_SOURCE_NAME_DOUBT_H
#define LLW_SOURCE_NAME_DOUBT_H

#include "base/table.h"
#include "source/model/model_facts.h"
#include "source/model/survey.h"

/* Needs model.params and model.params_active to be claimed, and models/file_types.tsv. */
void llw_name_doubt(llw_facts *facts, llw_entity entity, const llw_model *model,
                    const llw_model_source *source, const llw_survey *survey, const llw_table *file_types);

#endif
