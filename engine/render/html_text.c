/* Text for a page: nothing in it is obeyed by a browser. */
#include "render/html.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void llw_html_add(llw_text *out, const char *text) {
    llw_text safe = {0};
    llw_text_add_safe(&safe, text, strlen(text), true);
    for (const char *c = llw_text_str(&safe); *c; c++) {
        switch (*c) {
        case '&': llw_text_add(out, "&amp;"); break;
        case '<': llw_text_add(out, "&lt;"); break;
        case '>': llw_text_add(out, "&gt;"); break;
        case '"': llw_text_add(out, "&quot;"); break;
        case '\'': llw_text_add(out, "&#39;"); break;
        default: llw_text_addn(out, c, 1);
        }
    }
    llw_text_fini(&safe);
}

void llw_html_addf(llw_text *out, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    char *text = NULL;
    if (vasprintf(&text, fmt, args) >= 0) {
        llw_html_add(out, text);
        free(text);
    }
    va_end(args);
}
