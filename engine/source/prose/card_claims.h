/* A model card in the tree: what it states, as claims of the model that it is about, when a file starts that
 * one or it is known. */
#ifndef LLW_SOURCE_CARD_CLAIMS_H
#define LLW_SOURCE_CARD_CLAIMS_H

#include "source/config/parts.h"

bool llw_is_card(const llw_config_file *file);
/* `models`: a launch of each model that is started, then the known ones. Claims what the card reader
 * (model/card_read.h) takes for a statement: the kind, experts, layers and context; no tags alone, and no
 * round figure that agrees. What a card runs as an example is its makers' and is not read. */
void llw_card_claims(llw_config_reader *r, const llw_config_file *file,
                     const llw_config_launch *const *models, size_t n);
/* Keeps those launches in front whose model the card is about; returns how many. */
size_t llw_card_models(llw_config_reader *r, const llw_config_file *file, const llw_config_launch **models,
                       size_t n);

#endif
