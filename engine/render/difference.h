/* Differences as text and JSON: what-if, contrast, and the parts that change and why-not share. */
#ifndef LLW_RENDER_DIFFERENCE_H
#define LLW_RENDER_DIFFERENCE_H

#include "explain/difference.h"
#include "render/style.h"

#include <jansson.h>

/* said: what is supposed, in one phrase. */
void llw_render_what_if_text(llw_text *out, const llw_style *style, const llw_difference *d,
                             const char *said);
void llw_render_what_if_json(llw_text *out, const llw_difference *d, const char *const *supposed, size_t n);
void llw_render_contrast_text(llw_text *out, const llw_style *style, const llw_difference *d);
void llw_render_contrast_json(llw_text *out, const llw_difference *d);

/* "inputs", "devices", "figures", "findings", "lessons" of the difference, set in an object. */
void llw_difference_json(json_t *object, const llw_difference *d);

#endif
