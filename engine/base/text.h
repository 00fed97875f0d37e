/* A growing string, and the formats in which numbers are said.
 *
 * A llw_text owns its bytes; llw_text_fini frees them. It is always NUL-terminated once something was added.
 */
#ifndef LLW_BASE_TEXT_H
#define LLW_BASE_TEXT_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct llw_text {
    char *bytes;
    size_t len, capacity;
} llw_text;

void llw_text_add(llw_text *text, const char *more);
void llw_text_addn(llw_text *text, const char *more, size_t len);
void llw_text_addf(llw_text *text, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void llw_text_addv(llw_text *text, const char *fmt, va_list args) __attribute__((format(printf, 2, 0)));
void llw_text_fini(llw_text *text);
const char *llw_text_str(const llw_text *text); /* "" when nothing was added */

bool llw_text_ends_in(const char *text, const char *end);

/* Decodes one UTF-8 sequence strictly (RFC 3629): its length, or 0 if the bytes are not one. */
size_t llw_text_decode(const char *bytes, size_t len, uint32_t *code);
/* Whether a character steers a terminal or is not seen: controls, bidirectional and zero-width marks,
 * fillers, tags and variation selectors that only carry hidden text. */
bool llw_text_steers(uint32_t code);

/* Appends bytes from outside so that no terminal can be steered by them: control characters, DEL, C1,
 * bidirectional and zero-width marks and invalid UTF-8 become \xHH or \u{HHHH}. Newline and tab are kept only
 * if asked. */
void llw_text_add_safe(llw_text *text, const char *untrusted, size_t len, bool keep_newlines);
/* The same of a JSON document, where such characters stand in strings only and become \uHHHH. */
void llw_text_add_json_safe(llw_text *text, const char *json);

/* Columns a terminal needs for a UTF-8 string (East Asian wide characters count two). */
size_t llw_text_width(const char *text);

/* The formats. Each writes into buf and returns it. Units are always named. */
enum { LLW_NUMBER_MAX = 40 };
char *llw_format_count(char buf[LLW_NUMBER_MAX], int64_t n);  /* 31,839,902,720 */
char *llw_format_bytes(char buf[LLW_NUMBER_MAX], int64_t n);  /* 372.0 MiB, 29.65 GiB, 512 B */
char *llw_format_mib(char buf[LLW_NUMBER_MAX], int64_t n);    /* 897.0 MiB, always MiB */
char *llw_format_params(char buf[LLW_NUMBER_MAX], int64_t n); /* 29.9 B, 361 M */
/* What `ls -lh` prints for a size: one decimal below 10, rounded up, powers of 1024 (coreutils
 * human_ceiling). */
char *llw_format_ls(char buf[LLW_NUMBER_MAX], int64_t n);

#endif
