/* The model card: what the makers of a model say about it, beside what its header says.
 *
 * A card is looked for beside the model file and in models/documentation under the project that holds it. It
 * belongs to the model when its name, its title or its base_model names the same model; a card about another
 * one is not used. What it states becomes rival claims on the model's slots, graded LLW_GRADE_CARD, with the
 * line as their place. */
#ifndef LLW_SOURCE_CARD_H
#define LLW_SOURCE_CARD_H

#include "base/error.h"
#include "base/text.h"
#include "fact/facts.h"

/* Finds and reads the card of a model entity. path names the card (--card); NULL looks for it. Without a card
 * nothing is claimed and LLW_OK returned. LLW_ERR_INPUT when the card that was named cannot be read. */
llw_rc llw_source_card(llw_facts *facts, llw_entity model, const char *path, llw_err *err);

/* The repository on Hugging Face that the model's header names (*key says where), NULL when it names none;
 * *file is where its card belongs. */
const char *llw_source_card_page(llw_arena *arena, const llw_facts *facts, llw_entity model,
                                 const char **file, const char **key);
/* Where the card of a model of that name belongs: beside it, or where the project keeps cards (directory
 * NULL). */
const char *llw_source_card_file(llw_arena *arena, const char *name, const char *directory);

/* Appends how to get the card: a command where the header names the model's page, else where to look. */
void llw_source_card_hint(const llw_facts *facts, llw_entity model, llw_text *out);

#endif
