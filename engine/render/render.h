/* From structures to text and JSON. Text goes through llw_style; JSON through jansson, with a schema in
 * docs/json.
 *
 * Renderers append to a llw_text and never fail. Foreign strings were made safe when they became text here;
 * JSON escapes by itself, and bytes that are no UTF-8 are replaced before. */
#ifndef LLW_RENDER_RENDER_H
#define LLW_RENDER_RENDER_H

#include "explain/decision.h"
#include "explain/proof.h"
#include "render/style.h"

void llw_render_decision_text(llw_text *out, const llw_style *style, const llw_decision *decision);
void llw_render_decision_json(llw_text *out, const llw_decision *decision);

/* The plan we would choose as a block to paste (models.conf, env, compose, args), with comments that say why,
 * from what source, and the real file size. False when there is no plan that fits. */
bool llw_render_plan(llw_text *out, const llw_decision *decision, const char *format);
bool llw_plan_format(const char *format);

/* depth: lines deeper than this are left out, and their number is said; -1 for all. precise: where in
 * llama.cpp each computation is, and where each condition is written. */
void llw_render_proof_text(llw_text *out, const llw_style *style, const llw_proof *proof, int depth,
                           bool precise);
/* What a line of that kind begins with: "because: ", "try: ", "from: ", or "". */
const char *llw_proof_lead(llw_line_kind kind);
void llw_render_proof_json(llw_text *out, const llw_run *run, const llw_proof *proof);
/* The same lines as the answer to why-not: state says which answer it is. */
void llw_render_why_not_json(llw_text *out, const llw_run *run, const llw_proof *proof, const char *state);

/* Every slot of every entity with its winner and, with `rivals`, the losers. */
void llw_render_facts_text(llw_text *out, const llw_style *style, const llw_run *run, llw_entity only,
                           bool rivals);
void llw_render_schema_text(llw_text *out, const llw_style *style, const char *only);

#endif
