/* Loads libcurl, whichever of Debian's flavours is there. */
#define LLW_CURL_LOADER
#include "source/remote/curl.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

struct llw_curl llw_curl;
const char llw_curl_missing[] =
    "libcurl is not installed, and without it nothing far away can be read: apt install libcurl4";

/* POSIX wants the detour through memcpy from a symbol to a function. */
static bool find(void *library, const char *name, void *function) {
    void *symbol = dlsym(library, name);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

bool llw_curl_load(void) {
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so"};
    static bool asked, there;
    if (asked) return there;
    asked = true;
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++)
        library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) return false;
    there = true;
#define F(name) there = find(library, #name, &llw_curl.name) && there;
    LLW_CURL_FUNCTIONS(F)
#undef F
    return there;
}
