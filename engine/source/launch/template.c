/* Knows a place to be filled in by the ways people mark it. */
#include "source/launch/template.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* MARK name MARK at the start of the text. */
static bool between(const char *text, const char *open, const char *close) {
    size_t n = strlen(open);
    if (strncmp(text, open, n)) return false;
    const char *end = strstr(text + n, close);
    if (!end || end == text + n) return false;
    for (const char *at = text + n; at < end; at++)
        if (!isalnum((unsigned char)*at) && !strchr("_- .", *at)) return false;
    return true;
}

/* A name that says so itself: YOUR_KEY, model_max_context_here. */
static bool says_so(const char *text) {
    static const char *const heads[] = {"YOUR_", "REPLACE_", "CHANGE_ME", "CHANGEME", "INSERT_"};
    static const char tail[] = "_HERE";
    size_t n = 0, end = sizeof tail - 1;
    while (isalnum((unsigned char)text[n]) || text[n] == '_') n++;
    if (n > end && !strncasecmp(text + n - end, tail, end)) return true;
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        if (!strncmp(text, heads[i], strlen(heads[i]))) return true;
    return false;
}

bool llw_is_template(const char *text) {
    return text && (between(text, "__", "__") || between(text, "@", "@") || between(text, "@@", "@@") ||
                    between(text, "<", ">") || between(text, "%%", "%%") || between(text, "{{", "}}") ||
                    between(text, "{", "}") || says_so(text));
}
