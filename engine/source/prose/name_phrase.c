/* A name is a word that models/phrases.tsv calls one; it goes on over words of that kind, versions and sizes
 * that follow it after one blank each. */
#include "source/prose/name_phrase.h"
#include "source/prose/phrase_pattern.h"

#include <ctype.h>
#include <string.h>

enum { WINDOW = 1000, BEFORE = 32, AHEAD = 300 }; /* bytes */

typedef enum part { NO_PART, WORD_PART, NUMBER_PART } part;

/* The end of one of A3B, 70B, 8x7B, 270M; `at` when it is no size. */
static size_t one_size(const char *text, size_t len, size_t at) {
    size_t i = at + (at < len && (text[at] == 'A' || text[at] == 'a')), digits = i;
    if (i >= len || !isdigit((unsigned char)text[i])) return at;
    while (i < len && (isdigit((unsigned char)text[i]) || text[i] == '.' || text[i] == 'x')) i++;
    if (i == digits || i == len || !strchr("bBmM", text[i]) || !text[i]) return at;
    return i + 1 < len && isalnum((unsigned char)text[i + 1]) ? at : i + 1;
}

/* The end of 70B or 30B-A3B; `at` when it is no size. */
static size_t size_end(const char *text, size_t len, size_t at) {
    size_t end = one_size(text, len, at);
    while (end > at && end < len && text[end] == '-') {
        size_t next = one_size(text, len, end + 1);
        if (next == end + 1) break;
        end = next;
    }
    return end;
}

/* The end of 3.1, of a number that a size follows ("Llama 2 7B"), or of one digit ("Llama 4 Scout"). */
static size_t version_end(const char *text, size_t len, size_t at) {
    size_t i = at;
    while (i < len && isdigit((unsigned char)text[i])) i++;
    size_t whole = i;
    if (i == at || i - at > 2) return at;
    if (i + 1 < len && text[i] == '.' && isdigit((unsigned char)text[i + 1])) {
        i++;
        while (i < len && isdigit((unsigned char)text[i])) i++;
    }
    if (i < len && (isalnum((unsigned char)text[i]) || strchr("/%-x", text[i]))) return at;
    if (i > whole || i == at + 1) return i;
    bool size = i + 1 < len && text[i] == ' ' && size_end(text, len, i + 1) > i + 1;
    return size ? i : at;
}

/* What stands at `at`, where a word may start; *end is where it stops. */
static part part_at(const char *text, size_t len, size_t at, size_t *end) {
    llw_match m;
    *end = size_end(text, len, at);
    if (*end == at) *end = version_end(text, len, at);
    if (*end > at) return NUMBER_PART;
    if (!llw_pattern_next(LLW_PATTERN_NAME, text, len, at, &m) || m.from != at) return NO_PART;
    *end = m.to;
    return WORD_PART;
}

/* Part of a text: what stands at byte `from`, a little before it, and what follows. */
typedef struct window {
    char text[WINDOW];
    size_t start, len;
    bool last; /* nothing follows */
} window;

static void look(window *w, const llw_rich *rich, size_t from) {
    w->start = from > BEFORE ? from - BEFORE : 0;
    w->len = rich->n - w->start < WINDOW ? rich->n - w->start : WINDOW;
    w->last = w->start + w->len == rich->n;
    for (size_t i = 0; i < w->len; i++) w->text[i] = rich->chars[w->start + i].byte;
}

/* The next word that is a name, as far as the window goes; what may be cut off at its end is looked at in the
 * next one. */
static bool find_name(window *w, const llw_rich *rich, size_t from, llw_match *m) {
    while (from < rich->n) {
        look(w, rich, from);
        bool found =
            llw_pattern_next(LLW_PATTERN_NAME, w->text, w->len, from - w->start, m) && m->to > m->from;
        bool whole = w->last || (found && m->to + AHEAD <= w->len) || (found && m->from <= BEFORE);
        if (found && whole) return true;
        if (!found && w->last) return false;
        from = found ? w->start + m->from : w->start + w->len - AHEAD;
    }
    return false;
}

bool llw_name_phrase_next(const llw_rich *rich, size_t from, llw_name_phrase *out) {
    window w;
    llw_match m;
    if (!find_name(&w, rich, from, &m)) return false;
    const char *text = w.text;
    size_t ends[LLW_NAME_WORDS] = {m.to}, n = 1, len = w.len;
    /* NOLINTNEXTLINE(clang-analyzer-core.*): below len, up to where the text is set */
    while (ends[n - 1] + 1 < len && text[ends[n - 1]] == ' ') {
        size_t end = 0;
        part p = part_at(text, len, ends[n - 1] + 1, &end);
        if (p == NO_PART || n == LLW_NAME_WORDS) break;
        if (p == NUMBER_PART) n = 0; /* what stands before a number cannot be all of the name */
        ends[n++] = end;
    }
    *out = (llw_name_phrase){.at = w.start + m.from, .n_ends = n};
    for (size_t i = 0; i < n; i++) out->ends[i] = w.start + ends[n - 1 - i];
    return true;
}
