/* Commands in the code blocks of a document. */
#ifndef LLW_SOURCE_PROSE_DOCUMENT_CODE_H
#define LLW_SOURCE_PROSE_DOCUMENT_CODE_H

#include "source/config/front.h"
#include "source/prose/markdown.h"

/* Adds what a code block starts; forms to be filled in and pictures start nothing. Blocks that are whole
 * files of another format are read as such. */
void llw_document_code(llw_config_reader *r, llw_config_set *set, const llw_config_file *file,
                       const llw_passage *p, llw_starts *starts);

/* Those starts as launches of their own, examples all; what the document says elsewhere are their reasons. */
void llw_document_launches(llw_config_reader *r, const llw_config_file *file, const llw_document *passages,
                           const llw_starts *starts);

#endif
