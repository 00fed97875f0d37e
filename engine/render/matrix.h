/* Models on machines: one line of JSON for each pair (docs/json/matrix.schema.json), and many lines as a
 * table.
 *
 * The table is made of the lines, so that pairs computed anywhere can be shown together. */
#ifndef LLW_RENDER_MATRIX_H
#define LLW_RENDER_MATRIX_H

#include "infer/run.h"
#include "render/style.h"

#define LLW_MATRIX_SCHEMA "llwhy.matrix/1"

/* The pair that the run's launch is; `error` (else NULL) says why there is none, and run is NULL then. */
void llw_render_matrix_line(llw_text *out, const llw_run *run, llw_entity launch, const char *model,
                            const char *machine, const char *error);

/* Lines as a table, in their order, with a summary. Returns the number of lines that are none of ours. */
size_t llw_render_matrix_table(llw_text *out, const llw_style *style, const char *lines, size_t len);

#endif
