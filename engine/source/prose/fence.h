/* Configuration files in code blocks of documents: Compose, llama-swap and the presets of llama-server's
 * router, as examples of how to start llama.cpp, like commands in a block of shell. */
#ifndef LLW_SOURCE_FENCE_H
#define LLW_SOURCE_FENCE_H

#include "source/config/front.h"

/* Adds the launches of a block whose info string is `info`; a block that is no whole file of a kind that is
 * read adds nothing, and what its reader finds odd is not told. */
void llw_fence_read(llw_config_reader *r, llw_config_set *set, const llw_config_file *document,
                    const char *info, const llw_rich *text);

#endif
