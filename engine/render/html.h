/* A decision as one self-contained page: no script, no network, nothing but HTML, SVG and a style sheet.
 *
 * Every string from outside passes llw_html_add, which leaves nothing that a browser or a terminal would
 * obey; the page forbids itself scripts and connections (Content-Security-Policy). Folding is <details>, so
 * it works everywhere. */
#ifndef LLW_RENDER_HTML_H
#define LLW_RENDER_HTML_H

#include "explain/decision.h"

/* Head and tail of the page; between them any number of decisions. */
void llw_html_begin(llw_text *out, const char *title);
void llw_html_end(llw_text *out, const char *version);
/* The decision, its picture, its proofs and its curves. The run answers the curves' questions. */
void llw_html_decision(llw_text *out, llw_run *run, const llw_decision *decision);

/* ---- the parts ---- */

/* Appends text for the inside of an element or a quoted attribute. */
void llw_html_add(llw_text *out, const char *text);
/* Appends prose for the inside of an element; a flag in it is not broken at its hyphens. */
void llw_html_prose(llw_text *out, const char *text);
void llw_html_addf(llw_text *out, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Colours and type of pictures; of the page around them. */
extern const char llw_svg_style[], llw_html_style[];

/* Memory per device as bars, the launch above our choice and the next best. `alone`: a file of its own, with
 * its style. False when there is nothing to draw. */
bool llw_svg_bars(llw_text *out, const llw_decision *decision, bool alone);
/* The same figures as a table. */
void llw_html_bars_table(llw_text *out, const llw_decision *decision);

/* The reasons of a decision as nested lists that fold. */
void llw_html_reasons(llw_text *out, const llw_run *run, const llw_decision *decision);

/* Memory against the context and against the micro-batch. */
void llw_html_curves(llw_text *out, llw_run *run, const llw_decision *decision);

/* The reasons with their conditions and facts as a graph for Graphviz. */
void llw_render_decision_dot(llw_text *out, const llw_decision *decision);

#endif
