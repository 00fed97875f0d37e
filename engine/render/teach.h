/* A sitting over a case, as text piece by piece and as one JSON document (docs/json/teach.schema.json).
 *
 * The text is made to be read from top to bottom, aloud too: no drawing, no colour that carries meaning. */
#ifndef LLW_RENDER_TEACH_H
#define LLW_RENDER_TEACH_H

#include "render/style.h"
#include "teach/transcript.h"

/* Title, what the team saw, the launch, the cards, the facts. */
void llw_render_brief(llw_text *out, const llw_style *style, const llw_transcript *t);
/* One question with what may be typed; n of all, both 0 for a what-if. */
void llw_render_ask(llw_text *out, const llw_style *style, const llw_ask *ask, size_t n, size_t all);
/* How an answer was judged. */
void llw_render_assessment(llw_text *out, const llw_style *style, const llw_assessment *a, size_t n);
/* The chain, the mechanism, the lesson, the sources. depth as in render.h. */
void llw_render_lesson(llw_text *out, const llw_style *style, const llw_transcript *t, int depth);
/* "Case 05a: half right, 2 of 4." */
void llw_render_result(llw_text *out, const llw_style *style, const llw_transcript *t);

void llw_render_teach_json(llw_text *out, const llw_transcript *t);

#endif
