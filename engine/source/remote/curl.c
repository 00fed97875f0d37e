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
    static bool asked, there;
    if (asked) return there;
    asked = true;
    void *library = llw_library_open(names);
    if (!library) return false;
    there = true;
#define F(name) there = llw_library_find(library, #name, &llw_curl.name) && there;
    LLW_CURL_FUNCTIONS(F)
#undef F
    return there;
}
