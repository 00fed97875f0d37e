/* dlopen and dlsym. */
#include "base/library.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

void *llw_library_open(const char *const *names) {
    void *library = NULL;
    for (; *names && !library; names++) library = dlopen(*names, RTLD_NOW | RTLD_LOCAL);
    return library;
}

/* POSIX wants the detour through memcpy from a symbol to a function. */
bool llw_library_find(void *library, const char *name, void *function) {
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}
