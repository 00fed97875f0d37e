/* Whether an address sanitizer watches: gcc and clang tell it in different ways. Its interface comes along;
 * the macros that hide memory from it or show it do nothing in other builds. */
#ifndef LLW_BASE_SANITIZED_H
#define LLW_BASE_SANITIZED_H

#include <sanitizer/asan_interface.h>

#ifdef __has_feature
#if __has_feature(address_sanitizer)
#define LLW_SANITIZED 1
#endif
#endif
#ifdef __SANITIZE_ADDRESS__
#define LLW_SANITIZED 1
#endif
#ifndef LLW_SANITIZED
#define LLW_SANITIZED 0
#endif

#endif
