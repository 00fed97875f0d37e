/* "x-Q8_0.gguf (Q4_K_M)": what a text says that a file is quantised to. */
#include "source/prose/quant_of_file.h"
#include "source/prose/phrase_pattern.h"

#include <stdlib.h>
#include <string.h>

enum { LONGEST = 600 };

/* Q4_K_M and MXFP4 have 4, BF16 has 16. */
static int64_t bits_of(const char *quant) {
    const char *digits = strpbrk(quant, "0123456789");
    return digits ? strtol(digits, NULL, 10) : 0;
}

bool llw_quant_of_file(llw_arena *arena, const llw_rich *sentence, const char **file, llw_phrase *out) {
    size_t len = 0;
    const char *text = llw_rich_line(arena, sentence, &len);
    if (len > LONGEST) len = LONGEST;
    llw_match m;
    if (!llw_pattern_next(LLW_PATTERN_QUANT_OF_FILE, text, len, 0, &m)) return false;
    *out = (llw_phrase){.about = "quantisation", .at = m.group[1]};
    size_t n = m.group_to[1] - m.group[1];
    if (n >= sizeof out->quant) return false;
    memcpy(out->quant, text + m.group[1], n);
    out->count = bits_of(out->quant);
    *file = llw_arena_strndup(arena, text + m.group[0], m.group_to[0] - m.group[0]);
    return out->count > 0;
}
