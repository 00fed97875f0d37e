/* The knowledge as documents: pages in Markdown made from lessons, codes, the schema and the tables.
 *
 * What is printed follows from the knowledge alone, so a page that was written to a file can be checked
 * against it. */
#ifndef LLW_RENDER_DOCUMENT_H
#define LLW_RENDER_DOCUMENT_H

#include "rule/kb.h"

/* A lesson: its claim, its story with the examples, its sources, and every rule with conditions and
 * sentences. */
void llw_document_lesson(llw_text *out, const llw_kb *kb, llw_arena *arena, const llw_lesson *lesson);
/* Every code that an answer may carry. */
void llw_document_codes(llw_text *out, const llw_kb *kb, llw_arena *arena);
/* Kinds of facts and their attributes; of one kind, or of all (LLW_KIND_NONE). */
void llw_document_schema(llw_text *out, llw_kind only);
/* llama.cpp's options in all builds and programs (models/flags.tsv). */
llw_rc llw_document_flags(llw_text *out, llw_arena *arena, llw_err *err);
/* Which GPU gets what: the questions, real sizes of known models, the micro-batch and memory. Runs the
 * engine. */
void llw_document_guide(llw_text *out, const llw_kb *kb, llw_arena *arena);

/* Such a page as HTML, for the inside of a page (render/html.h). A link to another page's file leads to #NAME
 * when it is a code, elsewhere only to http and https; raw HTML stays text. */
void llw_document_html(llw_text *out, const char *markdown);

/* Text for a cell of a table. */
void llw_document_cell(llw_text *out, const char *text);

#endif
