/* Programs called like llama.cpp's that are forks of it, told by the words they take: models/forks.tsv. */
#ifndef LLW_SOURCE_FORK_H
#define LLW_SOURCE_FORK_H

#include "base/arena.h"

#include <stddef.h>

/* The fork that takes the word, an option or a cache type that no build of llama.cpp has; NULL for none. Read
 * once for the program's life; a table that cannot be read knows none. */
const char *llw_fork_of(const char *word);

/* The fork whose name stands in the path of a program, as the table has it; NULL. */
const char *llw_fork_in_path(const char *path);

/* OWNER/NAME of a llama.cpp that is not the project's own and that a line of the text clones ("git clone
 * https://github.com/x/llama.cpp-fast"); NULL. */
const char *llw_fork_cloned(llw_arena *arena, const char *bytes, size_t len);

/* A fork whose defaults and --fit are its own, so that nothing said of llama.cpp holds for it. */
extern const char llw_fork_ik[];

#endif
