/* libcurl, loaded when it is first asked for.
 *
 * It brings some thirty libraries with it, whose loading would cost every call of llwhy 5 ms, and most calls
 * speak to nobody. Include this instead of curl/curl.h and call curl_... as usual, once llw_curl_load has
 * said that it is there. */
#ifndef LLW_SOURCE_CURL_H
#define LLW_SOURCE_CURL_H

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

#include <stdbool.h>

/* clang-format off */
#define LLW_CURL_FUNCTIONS(F) \
    F(curl_global_init) F(curl_global_cleanup) F(curl_free) \
    F(curl_easy_init) F(curl_easy_reset) F(curl_easy_cleanup) F(curl_easy_setopt) F(curl_easy_getinfo) \
    F(curl_easy_pause) F(curl_easy_strerror) \
    F(curl_multi_init) F(curl_multi_cleanup) F(curl_multi_add_handle) F(curl_multi_remove_handle) \
    F(curl_multi_perform) F(curl_multi_poll) F(curl_multi_info_read) \
    F(curl_slist_append) F(curl_slist_free_all) \
    F(curl_url) F(curl_url_cleanup) F(curl_url_get) F(curl_url_set)
/* clang-format on */

struct llw_curl {
#define F(name) __typeof__(name) *name; /* NOLINT(bugprone-macro-parentheses): a declaration */
    LLW_CURL_FUNCTIONS(F)
#undef F
};

extern struct llw_curl llw_curl;

/* False when there is no libcurl on this machine, or one without these functions. */
bool llw_curl_load(void);
/* What to tell then. */
extern const char llw_curl_missing[];

#ifndef LLW_CURL_LOADER
#define curl_global_init llw_curl.curl_global_init
#define curl_global_cleanup llw_curl.curl_global_cleanup
#define curl_free llw_curl.curl_free
#define curl_easy_init llw_curl.curl_easy_init
#define curl_easy_reset llw_curl.curl_easy_reset
#define curl_easy_cleanup llw_curl.curl_easy_cleanup
#define curl_easy_setopt llw_curl.curl_easy_setopt
#define curl_easy_getinfo llw_curl.curl_easy_getinfo
#define curl_easy_pause llw_curl.curl_easy_pause
#define curl_easy_strerror llw_curl.curl_easy_strerror
#define curl_multi_init llw_curl.curl_multi_init
#define curl_multi_cleanup llw_curl.curl_multi_cleanup
#define curl_multi_add_handle llw_curl.curl_multi_add_handle
#define curl_multi_remove_handle llw_curl.curl_multi_remove_handle
#define curl_multi_perform llw_curl.curl_multi_perform
#define curl_multi_poll llw_curl.curl_multi_poll
#define curl_multi_info_read llw_curl.curl_multi_info_read
#define curl_slist_append llw_curl.curl_slist_append
#define curl_slist_free_all llw_curl.curl_slist_free_all
#define curl_url llw_curl.curl_url
#define curl_url_cleanup llw_curl.curl_url_cleanup
#define curl_url_get llw_curl.curl_url_get
#define curl_url_set llw_curl.curl_url_set
#endif

#endif
