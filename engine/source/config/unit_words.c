/* Words of a unit's values and what %-specifiers in them stand for. */
#include "source/config/unit_words.h"
#include "base/number.h"

#include <ctype.h>
#include <string.h>

/* \xHH */
static bool hex_byte(const llw_rich *in, size_t at, int *code) {
    if (at + 1 >= in->n || llw_hex_digit(in->chars[at].byte) < 0 || llw_hex_digit(in->chars[at + 1].byte) < 0)
        return false;
    *code = llw_hex_digit(in->chars[at].byte) * 16 + llw_hex_digit(in->chars[at + 1].byte);
    return *code > 0;
}

bool llw_unit_word(llw_config_reader *r, const llw_rich *in, size_t *at, llw_rich *out, bool *bare,
                   bool *unbalanced) {
    char quote = 0;
    *out = (llw_rich){0};
    *bare = true;
    while (*at < in->n && isspace((unsigned char)in->chars[*at].byte)) ++*at;
    if (*at >= in->n) return false;
    for (; *at < in->n; ++*at) {
        llw_char c = in->chars[*at];
        if (!quote && isspace((unsigned char)c.byte)) return true;
        if (!quote && (c.byte == '"' || c.byte == '\'')) {
            quote = c.byte;
            *bare = false;
            continue;
        }
        if (quote && c.byte == quote) {
            quote = 0;
            continue;
        }
        if (c.byte == '\\' && *at + 1 < in->n) {
            char next = in->chars[*at + 1].byte;
            const char *from = "abfnrtv\\\"'s;", *found = next ? strchr(from, next) : NULL;
            int code = 0;
            if (next == 'x' && hex_byte(in, *at + 2, &code)) {
                c.byte = (char)code;
                *at += 3;
            } else if (found) {
                c.byte = "\a\b\f\n\r\t\v\\\"' ;"[found - from];
                ++*at;
            } /* others stay as they are, with a warning nobody reads */
            *bare = false;
        }
        c.whole = true;
        llw_rich_push(r->arena, out, c);
    }
    if (quote) *unbalanced = true;
    return true;
}

/* Bytes in the place of a specifier. */
static void put(llw_config_reader *r, llw_rich *out, const llw_char *at, const char *text, size_t len,
                bool unescape) {
    for (size_t i = 0; i < len; i++) {
        llw_char c = *at;
        c.byte = text[i];
        c.whole = true;
        if (unescape && c.byte == '-') c.byte = '/';
        if (unescape && c.byte == '\\' && i + 3 < len && text[i + 1] == 'x' &&
            llw_hex_digit(text[i + 2]) >= 0 && llw_hex_digit(text[i + 3]) >= 0) {
            c.byte = (char)(llw_hex_digit(text[i + 2]) * 16 + llw_hex_digit(text[i + 3]));
            i += 3;
        }
        llw_rich_push(r->arena, out, c);
    }
}

llw_rich llw_unit_specifiers(llw_config_reader *r, const llw_unit_name *u, const llw_rich *in) {
    const char *dot = strrchr(u->file, '.'), *at = memchr(u->file, '@', (size_t)(dot ? dot - u->file : 0));
    const char *instance = u->instance;
    llw_rich out = {0};
    for (size_t i = 0; i < in->n; i++) {
        llw_char c = in->chars[i];
        if (c.byte != '%' || c.unknown || i + 1 >= in->n) {
            llw_rich_push(r->arena, &out, c);
            continue;
        }
        char which = in->chars[++i].byte;
        bool named = dot && (!at || instance); /* the whole name is known */
        if (which == '%') {
            llw_rich_push(r->arena, &out, c);
        } else if ((which == 'i' || which == 'I') && instance) {
            put(r, &out, &c, instance, strlen(instance), which == 'I');
        } else if (which == 'p' && dot) {
            put(r, &out, &c, u->file, (size_t)((at ? at : dot) - u->file), false);
        } else if ((which == 'n' || which == 'N') && named) {
            put(r, &out, &c, u->file, (size_t)((at ? at + 1 : dot) - u->file), false);
            if (at) put(r, &out, &c, instance, strlen(instance), false);
            if (which == 'n') put(r, &out, &c, dot, strlen(dot), false);
        } else {
            llw_rich_unknown(r->arena, &out, &c, c.link);
        }
    }
    return out;
}
