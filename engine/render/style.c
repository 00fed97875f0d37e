/* Colours, wrapping, and the ASCII fallback. */
#include "render/style.h"

#include <string.h>

void llw_paint(llw_text *out, const llw_style *style, llw_ink ink, const char *text) {
    static const char *const codes[] = {"", "1", "2", "31", "33", "32", "36"};
    if (!style->color || ink == LLW_PLAIN) {
        llw_text_add(out, text);
        return;
    }
    llw_text_addf(out, "\x1b[%sm%s\x1b[0m", codes[ink], text);
}

void llw_wrap(llw_text *out, const llw_style *style, const char *text, int at, int indent) {
    int column = at;
    bool first = true;
    for (const char *word = text; *word;) {
        size_t len = strcspn(word, " \n");
        llw_text piece = {0};
        llw_text_addn(&piece, word, len);
        int width = (int)llw_text_width(llw_text_str(&piece));
        if (!first && column + 1 + width > style->width && column > indent) {
            llw_text_addf(out, "\n%*s", indent, "");
            column = indent;
            first = true;
        }
        if (!first) {
            llw_text_add(out, " ");
            column++;
        }
        llw_text_add(out, llw_text_str(&piece));
        llw_text_fini(&piece);
        column += width;
        first = false;
        word += len;
        word += strspn(word, " \n");
    }
}

static size_t own_colour(const char *at) {
    static const char *const own[] = {"\x1b[0m",  "\x1b[1m",  "\x1b[2m", "\x1b[31m",
                                      "\x1b[32m", "\x1b[33m", "\x1b[36m"};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (!strncmp(at, own[i], strlen(own[i]))) return strlen(own[i]);
    return 0;
}

void llw_guard(llw_text *text, const llw_style *style) {
    if (!text->bytes) return;
    llw_text safe = {0};
    const char *from = text->bytes;
    for (const char *at = from; *at;) {
        size_t len = *at == '\x1b' && style->color ? own_colour(at) : 0;
        if (!len) {
            at++;
            continue;
        }
        llw_text_add_safe(&safe, from, (size_t)(at - from), true);
        llw_text_addn(&safe, at, len);
        from = at += len;
    }
    llw_text_add_safe(&safe, from, strlen(from), true);
    llw_text_fini(text);
    *text = safe;
}

void llw_flatten(llw_text *text, const llw_style *style) {
    static const char *const pairs[][2] = {{"·", "-"},   {"█", "#"},  {"▓", "+"},  {"▒", "="}, {"░", "."},
                                           {"✓", "yes"}, {"✗", "no"}, {"×", "x"},  {"–", "-"}, {"…", "..."},
                                           {"→", "->"},  {"≤", "<="}, {"≥", ">="}, {"’", "'"}};
    if (style->utf8 || !text->bytes) return;
    llw_text flat = {0};
    for (const char *c = text->bytes; *c;) {
        bool replaced = false;
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs && !replaced; i++) {
            size_t len = strlen(pairs[i][0]);
            if (strncmp(c, pairs[i][0], len)) continue;
            llw_text_add(&flat, pairs[i][1]);
            c += len;
            replaced = true;
        }
        if (replaced) continue;
        if ((unsigned char)*c < 0x80) {
            llw_text_addn(&flat, c++, 1);
            continue;
        }
        llw_text_add(&flat, "?");
        for (c++; ((unsigned char)*c & 0xc0) == 0x80; c++) {
        }
    }
    llw_text_fini(text);
    *text = flat;
}
