/* How to print: colour, character set, width. Decided once by cli/, obeyed by every text renderer. */
#ifndef LLW_RENDER_STYLE_H
#define LLW_RENDER_STYLE_H

#include "base/text.h"

typedef struct llw_style {
    bool color;
    bool utf8; /* else ASCII only */
    int width; /* columns; text is wrapped to it */
} llw_style;

typedef enum llw_ink { LLW_PLAIN, LLW_BOLD, LLW_DIM, LLW_RED, LLW_YELLOW, LLW_GREEN, LLW_CYAN } llw_ink;

/* Adds text in a colour, if colours are on. */
void llw_paint(llw_text *out, const llw_style *style, llw_ink ink, const char *text);

/* Adds text wrapped at blanks to the style's width; the first line starts at column `at`, later ones are
 * indented by `indent`. Ends without a newline. */
void llw_wrap(llw_text *out, const llw_style *style, const char *text, int at, int indent);

/* Replaces what ASCII cannot show (middle dots, bars, ticks) when the style says so; in place, at the very
 * end. */
void llw_flatten(llw_text *text, const llw_style *style);

/* Escapes whatever could steer a terminal and is not a colour of ours, wherever it came from; in place. */
void llw_guard(llw_text *text, const llw_style *style);

#endif
