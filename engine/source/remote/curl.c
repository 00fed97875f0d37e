/* Loads libcurl, whichever of Debian's flavours is there. */
#define LLW_CURL_LOADER
#include "source/remote/curl.h"
#include "base/library.h"

#include <stddef.h>

struct llw_curl llw_curl;
const char llw_curl_missing[] =
    "libcurl is not installed, and without it nothing far away can be read: apt install libcurl4";

bool llw_curl_load(void) {
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4", "libcurl.so", NULL};
#define F(name) {#name, &llw_curl.name},
    static const struct {
        const char *name;
        void *function;
    } functions[] = {LLW_CURL_FUNCTIONS(F)};
#undef F
    static bool asked, there;
    if (asked) return there;
    asked = true;
    void *library = llw_library_open(names);
    there = library != NULL;
    for (size_t i = 0; there && i < sizeof functions / sizeof *functions; i++)
        there = llw_library_find(library, functions[i].name, functions[i].function);
    return there;
}
