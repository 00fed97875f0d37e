/* Growing strings, safe printing of foreign bytes, and number formats. */
#include "base/text.h"
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

static void reserve(llw_text *text, size_t more) {
    if (text->len + more + 1 <= text->capacity) return;
    size_t want = text->capacity ? text->capacity * 2 : 64;
    while (want < text->len + more + 1) want *= 2;
    text->bytes = llw_xrealloc(text->bytes, want);
    text->capacity = want;
}

void llw_text_addn(llw_text *text, const char *more, size_t len) {
    reserve(text, len);
    memcpy(text->bytes + text->len, more, len);
    text->len += len;
    text->bytes[text->len] = 0;
}

void llw_text_add(llw_text *text, const char *more) {
    llw_text_addn(text, more, strlen(more));
}

void llw_text_addf(llw_text *text, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    llw_text_addv(text, fmt, args);
    va_end(args);
}

void llw_text_addv(llw_text *text, const char *fmt, va_list args) {
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    if (len > 0) {
        reserve(text, (size_t)len);
        vsnprintf(text->bytes + text->len, (size_t)len + 1, fmt, again);
        text->len += (size_t)len;
    }
    va_end(again);
}

void llw_text_fini(llw_text *text) {
    free(text->bytes);
    *text = (llw_text){0};
}

const char *llw_text_str(const llw_text *text) {
    return text->bytes ? text->bytes : "";
}

bool llw_text_ends_in(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

size_t llw_text_decode(const char *bytes, size_t len, uint32_t *code) {
    const unsigned char *s = (const unsigned char *)bytes;
    if (!len) return 0;
    if (s[0] < 0x80) {
        *code = s[0];
        return 1;
    }
    size_t need = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
    if (!need || s[0] >= 0xf5 || need > len) return 0;
    uint32_t c = s[0] & (0x7fu >> need);
    for (size_t i = 1; i < need; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (s[i] & 0x3fu);
    }
    if ((need == 3 && c < 0x800) || (need == 4 && c < 0x10000) || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return 0;
    *code = c;
    return need;
}

bool llw_text_steers(uint32_t c) {
    static const uint32_t ranges[][2] = {
        {0x00, 0x1f},     {0x7f, 0x9f},     {0xad, 0xad},       {0x34f, 0x34f},
        {0x61c, 0x61c},   {0x115f, 0x1160}, {0x180e, 0x180e},   {0x200b, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0x3164, 0x3164},   {0xfeff, 0xfeff},
        {0xffa0, 0xffa0}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f}, {0xe0100, 0xe01ef},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges && c >= ranges[i][0]; i++)
        if (c <= ranges[i][1]) return true;
    return false;
}

void llw_text_add_safe(llw_text *text, const char *untrusted, size_t len, bool keep_newlines) {
    const unsigned char *s = (const unsigned char *)untrusted;
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t n = llw_text_decode(untrusted + i, len - i, &c);
        if (n == 0) {
            llw_text_addf(text, "\\x%02x", s[i]);
            i++;
            continue;
        }
        if (llw_text_steers(c) && !(keep_newlines && (c == '\n' || c == '\t')))
            llw_text_addf(text, c < 0x100 ? "\\x%02x" : "\\u{%04x}", (unsigned)c);
        else
            llw_text_addn(text, untrusted + i, n);
        i += n;
    }
}

void llw_text_add_json_safe(llw_text *text, const char *json) {
    for (size_t i = 0, len = strlen(json); i < len;) {
        size_t plain = i;
        while (json[plain] >= ' ' && json[plain] < 0x7f) plain++;
        llw_text_addn(text, json + i, plain - i);
        if ((i = plain) == len) break;
        uint32_t c = 0;
        size_t n = llw_text_decode(json + i, len - i, &c);
        if (!n || !llw_text_steers(c) || c == '\n' || c == '\t')
            llw_text_addn(text, json + i, n ? n : 1);
        else if (c < 0x10000)
            llw_text_addf(text, "\\u%04x", (unsigned)c);
        else
            llw_text_addf(text, "\\u%04x\\u%04x", 0xd800 + (unsigned)((c - 0x10000) >> 10),
                          0xdc00 + (unsigned)((c - 0x10000) & 0x3ff));
        i += n ? n : 1;
    }
}

static bool wide(uint32_t c) {
    return (c >= 0x1100 && c <= 0x115f) || (c >= 0x2e80 && c <= 0xa4cf) || (c >= 0xac00 && c <= 0xd7a3) ||
           (c >= 0xf900 && c <= 0xfaff) || (c >= 0xfe30 && c <= 0xfe6f) || (c >= 0xff00 && c <= 0xff60) ||
           (c >= 0x1f300 && c <= 0x1faff) || (c >= 0x20000 && c <= 0x3fffd);
}

size_t llw_text_width(const char *text) {
    size_t len = strlen(text), width = 0;
    for (size_t i = 0; i < len;) {
        uint32_t c = 0;
        size_t n = llw_text_decode(text + i, len - i, &c);
        if (!n) n = 1;
        if (!(c >= 0x300 && c <= 0x36f)) width += wide(c) ? 2 : 1;
        i += n;
    }
    return width;
}

char *llw_format_count(char buf[LLW_NUMBER_MAX], int64_t n) {
    char digits[32];
    uint64_t u = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)u), at = 0;
    if (n < 0) buf[at++] = '-';
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) buf[at++] = ',';
        buf[at++] = digits[i];
    }
    buf[at] = 0;
    return buf;
}

char *llw_format_bytes(char buf[LLW_NUMBER_MAX], int64_t n) {
    double size = (double)n, abs = size < 0 ? -size : size;
    if (abs < 1024)
        snprintf(buf, LLW_NUMBER_MAX, "%lld B", (long long)n);
    else if (abs < 1024.0 * 1024)
        snprintf(buf, LLW_NUMBER_MAX, "%.1f KiB", size / 1024);
    else if (abs < 1024.0 * 1024 * 1024)
        snprintf(buf, LLW_NUMBER_MAX, "%.1f MiB", size / (1024.0 * 1024));
    else
        snprintf(buf, LLW_NUMBER_MAX, "%.2f GiB", size / (1024.0 * 1024 * 1024));
    return buf;
}

char *llw_format_mib(char buf[LLW_NUMBER_MAX], int64_t n) {
    snprintf(buf, LLW_NUMBER_MAX, "%.1f MiB", (double)n / (1024.0 * 1024));
    return buf;
}

char *llw_format_params(char buf[LLW_NUMBER_MAX], int64_t n) {
    if (n >= 1000000000)
        snprintf(buf, LLW_NUMBER_MAX, "%.1f B", (double)n / 1e9);
    else
        snprintf(buf, LLW_NUMBER_MAX, "%.0f M", (double)n / 1e6);
    return buf;
}

char *llw_format_ls(char buf[LLW_NUMBER_MAX], int64_t n) {
    static const char unit[] = " KMGTPE";
    int power = 0;
    uint64_t size = n < 0 ? 0 : (uint64_t)n, whole = size, below = 1;
    while (whole >= 1024 && power < 6) {
        whole /= 1024;
        below *= 1024;
        power++;
    }
    if (!power) {
        snprintf(buf, LLW_NUMBER_MAX, "%llu", (unsigned long long)size);
        return buf;
    }
    /* coreutils rounds away from zero: tenths when the result is below 10, else whole units */
    uint64_t rest = size % below;
    double tenths = (double)rest * 10 / (double)below;
    uint64_t up = (uint64_t)tenths + (tenths > (double)(uint64_t)tenths);
    if (whole < 10 && !(whole == 9 && up == 10)) {
        if (up == 10) {
            whole++;
            up = 0;
        }
        snprintf(buf, LLW_NUMBER_MAX, "%llu.%llu%c", (unsigned long long)whole, (unsigned long long)up,
                 unit[power]);
        return buf;
    }
    whole += rest != 0;
    if (whole == 1024 && power < 6) {
        snprintf(buf, LLW_NUMBER_MAX, "1.0%c", unit[power + 1]);
        return buf;
    }
    snprintf(buf, LLW_NUMBER_MAX, "%llu%c", (unsigned long long)whole, unit[power]);
    return buf;
}
