/* Text for a page: nothing in it is obeyed by a browser. */
#include "render/html.h"

#include "base/text.h"

#include <ctype.h>
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

/* "--fit-target" of "(--fit-target 512,1024)": its length, 0 where no flag of a sensible length stands. */
static size_t flag_length(const char *text) {
    enum { LONGEST = 32 };
    size_t dashes = strspn(text, "-"), len = strcspn(text, " ,;:.()\n");
    return dashes && dashes <= 2 && isalpha((unsigned char)text[dashes]) && len <= LONGEST ? len : 0;
}

void llw_html_prose(llw_text *out, const char *text) {
    llw_text plain = {0};
    for (const char *at = text; *at;) {
        size_t len = at == text || strchr(" (\"'", at[-1]) ? flag_length(at) : 0;
        if (!len) {
            llw_text_addn(&plain, at++, 1);
            continue;
        }
        llw_html_add(out, llw_text_str(&plain));
        llw_text_fini(&plain);
        llw_text_addn(&plain, at, len);
        llw_text_add(out, "<span class=\"flag\">");
        llw_html_add(out, llw_text_str(&plain));
        llw_text_add(out, "</span>");
        llw_text_fini(&plain);
        at += len;
    }
    llw_html_add(out, llw_text_str(&plain));
    llw_text_fini(&plain);
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
