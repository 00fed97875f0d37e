/* Reads a chat template (Jinja, as llama.cpp's common/jinja takes it) without running it. */
#include "source/model/template_doubt.h"
#include "base/text.h"
#include "source/model/template_cost.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* The longest template known to us, gpt-oss with its tools, has 16 KiB. */
enum { LONGEST = 128 << 10, BLANKS_MAX = 400 /* the longest run in 131 published templates is 45 */ };

/* The byte of the first character that steers or hides; -1 when every one can be seen. A joiner or selector
 * inside an emoji is no such thing. */
static ptrdiff_t hidden_at(const char *text) {
    size_t len = strlen(text);
    bool pictured = false; /* the character before belongs to an emoji */
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t n = llw_text_decode(text + i, len - i, &c);
        if (!n) return (ptrdiff_t)i; /* no UTF-8 */
        bool usual = c == '\n' || c == '\t' || c == '\r' || (c == 0x200d && pictured);
        if (llw_text_steers(c) && !usual) return (ptrdiff_t)i;
        pictured = c >= 0x1f000 || (c >= 0x2600 && c < 0x2800) || (c == 0xfe0f && pictured);
        i += n;
    }
    return -1;
}

/* The byte of the first text behind a run of blanks so long that no reader scrolls past it; -1 without one.
 */
static ptrdiff_t pushed_away(const char *text, size_t *blanks) {
    for (const char *at = text; *at;) {
        *blanks = strspn(at, " \t\r\n\v\f");
        at += *blanks;
        if (*at && *blanks > BLANKS_MAX) return at - text;
        at += strcspn(at, " \t\r\n\v\f");
    }
    return -1;
}

/* How many bytes of a text are these words, whatever their case and the blanks between them; 0: none. */
static size_t says_here(const char *at, const char *words) {
    const char *start = at;
    for (; *words; words++)
        if (*words == ' ') {
            size_t n = strspn(at, " \t\r\n");
            if (!n) return 0;
            at += n;
        } else if (tolower((unsigned char)*at++) != *words)
            return 0;
    return isalpha((unsigned char)*at) ? 0 : (size_t)(at - start);
}

/* Words that turn a model against whoever speaks to it. No template that is published with a model known to
 * us has them; "do not tell the user about function calls" is one that has to be left alone. */
static const char *turned_against(const char *text, ptrdiff_t *where) {
    static const char *const orders[] = {"ignore the user",
                                         "ignore all previous",
                                         "ignore all other",
                                         "ignore all instructions",
                                         "ignore any previous",
                                         "ignore any other",
                                         "ignore any instructions",
                                         "ignore previous",
                                         "ignore the previous",
                                         "ignore your",
                                         "ignore what",
                                         "disregard the user",
                                         "disregard all",
                                         "disregard any",
                                         "disregard previous",
                                         "disregard the previous",
                                         "disregard your",
                                         "override the user",
                                         "forget all previous",
                                         "instead of what the user",
                                         "no matter what the user",
                                         "regardless of what the user",
                                         "whatever the user asks",
                                         "whatever the user says",
                                         "do not tell the user that",
                                         "don't tell the user that",
                                         "never tell the user",
                                         "without telling the user",
                                         "without the user knowing",
                                         "hide this from the user",
                                         "keep this from the user",
                                         "secretly"};
    for (const char *at = text; *at; at++)
        for (size_t i = 0;
             i < sizeof orders / sizeof *orders && (at == text || !isalpha((unsigned char)at[-1])); i++)
            if (says_here(at, orders[i])) {
                *where = at - text;
                return orders[i];
            }
    return NULL;
}

const char *llw_template_doubt(llw_arena *arena, const char *kept, uint64_t bytes) {
    ptrdiff_t at = hidden_at(kept);
    if (at >= 0 && !(bytes > strlen(kept) && (size_t)at + 4 > strlen(kept))) /* cut within a character */
        return llw_arena_printf(arena,
                                "has characters in its chat template that nobody sees (byte %td): read it "
                                "before you let it speak for you",
                                at);
    size_t blanks = 0;
    at = pushed_away(kept, &blanks);
    if (at >= 0)
        return llw_arena_printf(
            arena,
            "has text in its chat template behind %zu blanks, where nobody looks (byte %td): read "
            "it before you let it speak for you",
            blanks, at);
    const char *order = turned_against(kept, &at), *cost = order ? NULL : llw_template_cost(kept);
    if (order)
        return llw_arena_printf(
            arena,
            "tells the model in its chat template to \"%s\" (byte %td), in every conversation: "
            "read it before you let it speak for you",
            order, at);
    if (cost) return cost;
    if (bytes > LONGEST)
        return llw_arena_printf(arena, "has a chat template of %" PRIu64 " bytes, more than anybody reads",
                                bytes);
    return NULL;
}
