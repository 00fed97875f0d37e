/* Reads a chat template (Jinja, as llama.cpp's common/jinja takes it) without running it. */
#include "source/model/template_doubt.h"
#include "base/text.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The longest template known to us, gpt-oss with its tools, has 16 KiB. */
enum { MANY = 1000000, LONGEST = 128 << 10, DEPTH_MAX = 32 };

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

/* The largest whole number among the arguments behind an opening bracket. */
static long long largest_argument(const char *at) {
    long long most = 0;
    for (; *at && *at != ')'; at++) {
        if (!isdigit((unsigned char)*at)) continue;
        char *end;
        long long n = strtoll(at, &end, 10);
        if (n > most) most = n;
        at = end - 1;
    }
    return most;
}

static bool word_here(const char *text, const char *at, const char *word) {
    size_t n = strlen(word);
    return !strncmp(at, word, n) && (at == text || !isalnum((unsigned char)at[-1]));
}

/* Whether loops in loops over ranges of written numbers go round more than MANY times. */
static bool loops_forever(const char *text) {
    long long rounds[DEPTH_MAX] = {1};
    int depth = 0;
    for (const char *at = text; (at = strstr(at, "{%")); at += 2) {
        const char *tag = at + 2 + (at[2] == '-');
        while (isspace((unsigned char)*tag)) tag++;
        if (word_here(text, tag, "endfor") && depth > 0) depth--;
        if (!word_here(text, tag, "for") || depth + 1 == DEPTH_MAX) continue;
        const char *end = strstr(tag, "%}"), *range = strstr(tag, "range(");
        long long n = range && end && range < end ? largest_argument(range + 6) : 1;
        rounds[depth + 1] = rounds[depth] * (n > 1 ? n > MANY ? MANY + 1 : n : 1);
        if (rounds[++depth] > MANY) return true;
    }
    return false;
}

/* 'x' * 100000000, or a filter that pads to such a width. */
static bool swells(const char *text) {
    static const char *const pads[] = {"range(", "center(", "ljust(", "rjust(", "indent("};
    for (size_t i = 0; i < sizeof pads / sizeof *pads; i++)
        for (const char *at = text; (at = strstr(at, pads[i])); at++)
            if (largest_argument(at + strlen(pads[i])) > MANY) return true;
    for (const char *at = text; (at = strchr(at, '*')); at++) {
        const char *behind = at + 1 + strspn(at + 1, "* ");
        if (isdigit((unsigned char)*behind) && strtoll(behind, NULL, 10) > MANY) return true;
    }
    return false;
}

const char *llw_template_doubt(llw_arena *arena, const char *kept, uint64_t bytes) {
    ptrdiff_t at = hidden_at(kept);
    if (at >= 0 && !(bytes > strlen(kept) && (size_t)at + 4 > strlen(kept))) /* cut within a character */
        return llw_arena_printf(arena,
                                "has characters in its chat template that nobody sees (byte %td): read it "
                                "before you let it speak for you",
                                at);
    if (loops_forever(kept)) return "has a loop in its chat template that runs more than a million times";
    if (swells(kept)) return "has a chat template that makes text of more than a million characters";
    if (bytes > LONGEST)
        return llw_arena_printf(arena, "has a chat template of %" PRIu64 " bytes, more than anybody reads",
                                bytes);
    return NULL;
}
