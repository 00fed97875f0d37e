/* Levenshtein's distance with neighbours exchanged as one step, three rows at a time. */
#include "base/distance.h"

#include <stdbool.h>
#include <string.h>

enum { MAX_WORD = 63 };

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

size_t llw_distance(const char *a, const char *b, size_t limit) {
    size_t na = strnlen(a, MAX_WORD + 1), nb = strnlen(b, MAX_WORD + 1);
    if (na > MAX_WORD || nb > MAX_WORD || (na > nb ? na - nb : nb - na) > limit) return limit + 1;
    size_t rows[3][MAX_WORD + 1];
    for (size_t j = 0; j <= nb; j++) rows[0][j] = j;
    for (size_t i = 1; i <= na; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= nb; j++) {
            row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), least(above[j], row[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least(row[j], before[j - 2] + 1);
        }
    }
    size_t far = rows[na % 3][nb];
    return far > limit ? limit + 1 : far;
}

size_t llw_distance_allowed(const char *word) {
    size_t len = strlen(word);
    return len < 5 ? 1 : len < 12 ? 2 : 3;
}

llw_nearest llw_nearest_to(const char *word) {
    return (llw_nearest){.to = word, .best = llw_distance_allowed(word) + 1};
}

/* "--ubatch" of "--ubatch-size": the word and more words behind it. Of a word as short as "--no" everything
 * would be one. */
static bool continues(const char *word, const char *name) {
    enum { SHORTEST = 5 };
    size_t len = strlen(word);
    return len >= SHORTEST && !strncmp(word, name, len) && (name[len] == '-' || name[len] == '_');
}

void llw_nearest_try(llw_nearest *nearest, const char *name) {
    size_t len = strlen(name);
    bool more = continues(nearest->to, name);
    size_t far = more ? 1 : llw_distance(nearest->to, name, nearest->best);
    if (far > nearest->best || (far == nearest->best && (!more || (nearest->len && nearest->len <= len))))
        return;
    nearest->best = far;
    nearest->name = name;
    nearest->len = more ? len : 0;
}
