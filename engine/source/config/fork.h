/* Programs called like llama.cpp's that are forks of it, told by the words they take: models/forks.tsv. */
#ifndef LLW_SOURCE_FORK_H
#define LLW_SOURCE_FORK_H

/* The fork that takes the word, an option or a cache type that no build of llama.cpp has; NULL for none. Read
 * once for the program's life; a table that cannot be read knows none. */
const char *llw_fork_of(const char *word);

/* A fork whose defaults and --fit are its own, so that nothing said of llama.cpp holds for it. */
extern const char llw_fork_ik[];

#endif
