/* Which commit a git repository has a submodule at, read from its files: git itself is not run, because a
 * repository's own configuration may name programs that it would start. */
#ifndef LLW_SOURCE_GIT_LINK_H
#define LLW_SOURCE_GIT_LINK_H

#include "base/arena.h"

#include <stdbool.h>

typedef struct llw_git_module {
    const char *path, *url;
    int line; /* of its path in .gitmodules */
    const char *commit;
} llw_git_module;

enum { LLW_GIT_COMMIT = 40 }; /* digits; repositories with longer ones are not read */

/* The submodules of the work tree at `directory` whose commit is known: what is checked out there, else what
 * the index says. NULL, and *n 0, when there are none. */
llw_git_module *llw_git_modules(llw_arena *arena, const char *directory, size_t *n);

/* The nearest directory from `directory` upwards that holds .git; NULL when none does. */
const char *llw_git_top(llw_arena *arena, const char *directory);

#endif
