/* What load logs really did, as text and as JSON (docs/json/log.schema.json). */
#ifndef LLW_RENDER_LOG_H
#define LLW_RENDER_LOG_H

#include "infer/run.h"
#include "predict/place.h"
#include "render/style.h"
#include "source/log/log.h"

/* What is known of one load besides its log. */
typedef struct llw_log_extra {
    const char *model;              /* which model was predicted; NULL: none was */
    const llw_predicted *predicted; /* NULL when there is none */
    const char *build;              /* which llama.cpp was taken for it; NULL: the log's own */
    const char *unsaid;             /* what the prediction had to assume; "" */
    const llw_repair *repairs;      /* changes that make it load, verified; NULL */
    size_t n_repairs;
} llw_log_extra;

/* extras: one for each load of the log. With `all` every load is told in full; else, of more than three, only
 * the one that tells most. */
void llw_render_log_text(llw_text *out, const llw_style *style, const llw_log *log,
                         const llw_log_extra *extras, bool all);
void llw_render_log_json(llw_text *out, const llw_log *log, const llw_log_extra *extras);

/* Whether the prediction gives the figures of the log, within what the log rounded them to. */
bool llw_log_agrees(const llw_load *load, const llw_predicted *predicted);

/* The device on which one request for memory was larger than all that was predicted there for the same part:
 * then the launch had flags that the log does not show, and nothing predicted about it holds. NULL when there
 * is none; *expected gets the predicted bytes. */
const char *llw_log_contradicts(const llw_load *load, const llw_predicted *predicted, int64_t *expected);

#endif
