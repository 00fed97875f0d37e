/* "x-Q8_0.gguf (Q4_K_M)": what a text says that a file is quantised to. */
#ifndef LLW_SOURCE_QUANT_OF_FILE_H
#define LLW_SOURCE_QUANT_OF_FILE_H

#include "source/prose/phrases.h"

/* The first such statement of a sentence: about "quantisation", the bits in count, the quantisation itself.
 * *file is the name without a directory. False when there is none. */
bool llw_quant_of_file(llw_arena *arena, const llw_rich *sentence, const char **file, llw_phrase *out);

#endif
