/* Numbers that people and programs wrote. Each reader takes the text as a whole: what stands behind the
 * number, a number that does not fit, and one that is infinite or none are refused, and *out stays as it was.
 */
#ifndef LLW_BASE_NUMBER_H
#define LLW_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

#define LLW_MIB (INT64_C(1) << 20)

/* Decimal digits, with or without a sign. */
bool llw_read_count(const char *text, int64_t *out);
/* A decimal number, finite. */
bool llw_read_real(const char *text, double *out);
/* A size of at least 0: "897.00 MiB", "5 GB", "512 B", in bytes. A number alone counts units of `bare` bytes;
 * 0: its unit is needed. With `end` the text may go on behind a colon; *end is where. */
bool llw_read_size(const char *text, double bare, const char **end, int64_t *out);

/* The value of a hexadecimal digit, -1 of anything else. */
int llw_hex_digit(char c);

#endif
