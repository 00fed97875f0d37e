/* Pieces of which a sitting and the sheet of a drill are made. */
#ifndef LLW_RENDER_TEACH_PARTS_H
#define LLW_RENDER_TEACH_PARTS_H

#include "render/style.h"

/* A paragraph of somebody's text, made safe to print, `indent` columns in. */
void llw_teach_paragraph(llw_text *out, const llw_style *style, const char *text, int indent);
/* A line of its own behind an empty one. */
void llw_teach_heading(llw_text *out, const llw_style *style, const char *text);

#endif
