/* Shared libraries that few commands need, loaded when they are first asked for: each that is linked costs
 * every call of llwhy its loading. They stay loaded. */
#ifndef LLW_BASE_LIBRARY_H
#define LLW_BASE_LIBRARY_H

#include <stdbool.h>

/* The first of the names (NULL ends them) that is there; NULL when none is. */
void *llw_library_open(const char *const *names);
/* Puts the address of the function of that name into *function, a pointer to such a function; NULL and false
 * when the library has none. */
bool llw_library_find(void *library, const char *name, void *function);

#endif
