/* Why -ub is what it is, as another document of the same tree says it: what a value of it gains, measured.
 * That counts for the launches that have the very value. */
#ifndef LLW_SOURCE_REASONS_H
#define LLW_SOURCE_REASONS_H

#include "source/config/parts.h"
#include "source/prose/markdown.h"

/* Remembers each value of -ub of which a sentence or a table's cell says what it gains. */
void llw_reasons_hear(llw_config_reader *r, const llw_config_file *file, const llw_document *passages);
/* Claims launch.ubatch_reason where one was heard. Call it when all documents were read. */
void llw_reasons_claim(llw_config_reader *r);

#endif
