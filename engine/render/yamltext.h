/* A JSON document as YAML that people read: block style, keys in their order, quotes where they are needed.
 */
#ifndef LLW_RENDER_YAMLTEXT_H
#define LLW_RENDER_YAMLTEXT_H

#include "base/text.h"

#include <jansson.h>

/* Appends the document and releases it. */
void llw_yaml_dump(llw_text *out, json_t *root);

#endif
