/* A story in a terminal: the small Markdown that stories are written in, as plain text. */
#ifndef LLW_RENDER_STORY_H
#define LLW_RENDER_STORY_H

#include "render/style.h"

/* Paragraphs and list items are wrapped, tables get columns (or a sentence for each row where the screen is
 * too narrow), code keeps its lines, marks around words are left out. Front matter and blocks of facts, which
 * are for the tests, are not shown. */
void llw_render_story(llw_text *out, const llw_style *style, const char *markdown);

#endif
