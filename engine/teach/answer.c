/* Reading answers. */
#include "teach/answer.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const struct {
    const char *name;
    llw_unit kind;
    double factor;
} units[] = {
    {"KiB", LLW_UNIT_BYTES, 1024.0},
    {"MiB", LLW_UNIT_BYTES, 1048576.0},
    {"GiB", LLW_UNIT_BYTES, 1073741824.0},
    {"TiB", LLW_UNIT_BYTES, 1099511627776.0},
    {"KB", LLW_UNIT_BYTES, 1e3},
    {"MB", LLW_UNIT_BYTES, 1e6},
    {"GB", LLW_UNIT_BYTES, 1e9},
    {"TB", LLW_UNIT_BYTES, 1e12},
    {"bytes", LLW_UNIT_BYTES, 1},
    {"billion", LLW_UNIT_PLAIN, 1e9},
    {"million", LLW_UNIT_PLAIN, 1e6},
    {"B", LLW_UNIT_PLAIN, 1e9},
    {"M", LLW_UNIT_PLAIN, 1e6},
    {"k", LLW_UNIT_PLAIN, 1024.0},
    {"%", LLW_UNIT_PLAIN, 0.01},
};

/* The factor of a unit; 1 for a word that is none, 0 for a unit of another kind. */
static double factor_of(const char *unit, llw_unit kind) {
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcasecmp(unit, units[i].name) && units[i].kind == kind) return units[i].factor;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcasecmp(unit, units[i].name)) return 0;
    return 1;
}

bool llw_answer_unit_known(llw_unit kind, const char *unit) {
    return factor_of(unit, kind) != 0 &&
           (kind != LLW_UNIT_BYTES || factor_of(unit, kind) != 1 || !strcmp(unit, "bytes"));
}

bool llw_answer_number(const char *text, llw_unit kind, const char *unit, double *out) {
    char digits[64];
    size_t n = 0, len = 0;
    text += strspn(text, " \t~");
    for (; text[len] && (isdigit((unsigned char)text[len]) || strchr(".,-", text[len])) &&
           n + 1 < sizeof digits;
         len++)
        if (text[len] != ',') digits[n++] = text[len];
    digits[n] = 0;
    char *end = NULL;
    double number = strtod(digits, &end);
    if (!n || *end || !isfinite(number)) return false;
    text += len + strspn(text + len, " \t");
    char word[32] = "";
    size_t w = strcspn(text, " \t\r\n");
    if (w >= sizeof word || text[w + strspn(text + w, " \t\r\n")]) return false;
    memcpy(word, text, w);
    if (kind == LLW_UNIT_BYTES && w == 1 && strchr("kKmMgG", *word)) return false; /* 30 G: of which kind? */
    double factor = factor_of(*word ? word : unit, kind);
    if (factor == 0 || (*word && factor == 1 && strcmp(word, unit) &&
                        (kind == LLW_UNIT_BYTES ? strcmp(word, "bytes") != 0 : strncmp(word, unit, w) != 0)))
        return false;
    *out = number * factor;
    return true;
}

char *llw_answer_write(char buf[80], double number, llw_unit kind, const char *unit) {
    double factor = factor_of(unit, kind), shown = factor > 0 ? number / factor : number;
    const char *blank = *unit ? " " : "";
    if (kind != LLW_UNIT_BYTES && (factor == 1 || factor == 0) && shown == floor(shown) &&
        fabs(shown) < 1e15) {
        char count[LLW_NUMBER_MAX];
        snprintf(buf, 80, "%s%s%s", llw_format_count(count, (int64_t)shown), blank, unit);
    } else
        snprintf(buf, 80, fabs(shown) >= 100 ? "%.1f%s%s" : "%.2f%s%s", shown, blank, unit);
    return buf;
}

static bool word_is(const char *text, const char *const *words, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (!strcasecmp(text, words[i])) return true;
    return false;
}

bool llw_answer_yes_no(const char *text, bool *out) {
    static const char *const yes[] = {"y", "yes", "true"}, *const no[] = {"n", "no", "false"};
    char word[16] = "";
    text += strspn(text, " \t");
    size_t len = strcspn(text, " \t\r\n.");
    if (len >= sizeof word || text[len + strspn(text + len, " \t\r\n.")]) return false;
    memcpy(word, text, len);
    *out = word_is(word, yes, 3);
    return *out || word_is(word, no, 3);
}

bool llw_answer_choices(const char *text, size_t n, unsigned *picked) {
    *picked = 0;
    for (const char *at = text; *at;) {
        at += strspn(at, " \t\r\n,;)");
        if (!*at) break;
        char *end = NULL;
        size_t pick = n;
        if (isdigit((unsigned char)*at))
            pick = strtoul(at, &end, 10) - 1;
        else if (isalpha((unsigned char)*at)) {
            pick = (size_t)(tolower((unsigned char)*at) - 'a');
            end = (char *)(uintptr_t)at + 1;
        }
        if (!end || pick >= n || (*end && !strchr(" \t\r\n,;)", *end))) return false;
        *picked |= 1u << pick;
        at = end;
    }
    return *picked != 0;
}

bool llw_answer_order(const char *text, size_t n, size_t *order) {
    unsigned seen = 0;
    size_t count = 0;
    for (const char *at = text; *at; at++) {
        if (strchr(" \t,;<>)", *at)) continue;
        size_t pick = isalpha((unsigned char)*at)   ? (size_t)(tolower((unsigned char)*at) - 'a')
                      : isdigit((unsigned char)*at) ? (size_t)(*at - '1')
                                                    : n;
        if (pick >= n || seen & 1u << pick) return false;
        seen |= 1u << pick;
        order[count++] = pick;
    }
    return count == n;
}

bool llw_answer_place(const char *text, char *name, size_t size, int *line) {
    text += strspn(text, " \t");
    size_t len = strlen(text);
    while (len && strchr(" \t\r\n.", text[len - 1])) len--;
    int numbers[2] = {0, 0}, n = 0;
    while (n < 2) { /* from behind: :COLUMN, :LINE */
        size_t digits = len;
        while (digits && isdigit((unsigned char)text[digits - 1])) digits--;
        if (digits == len || len - digits > 6 ||
            (digits && text[digits - 1] != ':' && text[digits - 1] != ' '))
            break;
        numbers[n++] = atoi(text + digits);
        len = digits;
        while (len && strchr(": ", text[len - 1])) len--;
        if (!digits) break;
    }
    if (!n || len >= size) return false;
    *line = numbers[n - 1];
    memcpy(name, text, len);
    name[len] = 0;
    if (!strcasecmp(name, "line")) *name = 0;
    return true;
}
