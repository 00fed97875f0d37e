/* Paragraphs and headings of a sitting. */
#include "render/teach_parts.h"

#include <string.h>

void llw_teach_paragraph(llw_text *out, const llw_style *style, const char *text, int indent) {
    llw_text safe = {0};
    llw_text_add_safe(&safe, text, strlen(text), true);
    llw_text_addf(out, "%*s", indent, "");
    llw_wrap(out, style, llw_text_str(&safe), indent, indent);
    llw_text_add(out, "\n");
    llw_text_fini(&safe);
}

void llw_teach_heading(llw_text *out, const llw_style *style, const char *text) {
    llw_text_add(out, "\n");
    llw_paint(out, style, LLW_BOLD, text);
    llw_text_add(out, "\n");
}
