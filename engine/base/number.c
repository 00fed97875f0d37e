#include "base/number.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool llw_read_count(const char *text, int64_t *out) {
    const char *digits = text + (*text == '-' || *text == '+');
    char *end = NULL;
    if (!isdigit((unsigned char)*digits)) return false;
    errno = 0;
    long long n = strtoll(text, &end, 10);
    if (errno || *end) return false;
    *out = n;
    return true;
}

/* Where the number at the start of text ends; NULL when there is none. Neither hexadecimal nor "inf". */
static const char *real_end(const char *text, double *out) {
    const char *digits = text + (*text == '-' || *text == '+');
    char *end = NULL;
    if (!isdigit((unsigned char)*digits) && !(*digits == '.' && isdigit((unsigned char)digits[1])))
        return NULL;
    if (*digits == '0' && tolower((unsigned char)digits[1]) == 'x') return NULL;
    *out = strtod(text, &end);
    return isfinite(*out) ? end : NULL;
}

bool llw_read_real(const char *text, double *out) {
    double number = 0;
    const char *end = real_end(text, &number);
    if (!end || *end) return false;
    *out = number;
    return true;
}

bool llw_read_size(const char *text, double bare, const char **end, int64_t *out) {
    static const struct {
        const char *name;
        double bytes;
    } units[] = {{"B", 1},    {"KiB", 0x1p10}, {"MiB", 0x1p20}, {"GiB", 0x1p30}, {"TiB", 0x1p40},
                 {"KB", 1e3}, {"MB", 1e6},     {"GB", 1e9},     {"TB", 1e12}};
    double number = 0, unit = bare;
    const char *at = real_end(text, &number);
    if (!at || number < 0 || *text == '-') return false;
    const char *word = at + strspn(at, " ");
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t len = strlen(units[i].name);
        if (strncasecmp(word, units[i].name, len) || (word[len] && word[len] != ':')) continue;
        unit = units[i].bytes;
        at = word + len;
        break;
    }
    if (!(unit > 0) || !(number * unit < 0x1p63) || (*at && !(end && *at == ':'))) return false;
    if (end) *end = at;
    *out = (int64_t)llround(number * unit);
    return true;
}

int llw_hex_digit(char c) {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}
