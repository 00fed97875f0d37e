/* Strings and documents. */
#include "render/jsontext.h"

#include <stdlib.h>
#include <string.h>

json_t *llw_json_string(const char *text) {
    json_t *s = json_string(text);
    if (s) return s;
    llw_text safe = {0};
    llw_text_add_safe(&safe, text, strlen(text), true);
    s = json_string(llw_text_str(&safe));
    llw_text_fini(&safe);
    return s;
}

void llw_json_dump(llw_text *out, json_t *root) {
    char *text = json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(10));
    if (text) llw_text_add_json_safe(out, text);
    llw_text_add(out, "\n");
    free(text);
    json_decref(root);
}
