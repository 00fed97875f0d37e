/* A case as a sheet for whoever leads a group through it: what to read aloud, when to let them talk, what to
 * listen for. */
#ifndef LLW_RENDER_TEACH_DRILL_H
#define LLW_RENDER_TEACH_DRILL_H

#include "render/style.h"
#include "teach/transcript.h"

/* The engine answers every question for the sheet; LLW_ERR_NOTHING when it cannot. */
llw_rc llw_render_drill(llw_text *out, const llw_style *style, llw_transcript *t, llw_err *err);

#endif
