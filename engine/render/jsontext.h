/* JSON out of jansson: strings that may hold anything, and the one way a document is printed. */
#ifndef LLW_RENDER_JSONTEXT_H
#define LLW_RENDER_JSONTEXT_H

#include "base/text.h"

#include <jansson.h>

/* A JSON string of text that may hold anything: what is not UTF-8 is escaped visibly. */
json_t *llw_json_string(const char *text);

/* Prints the document with an indentation of one, and lets it go. */
void llw_json_dump(llw_text *out, json_t *root);

#endif
