/* What stands around a line of llama.cpp: time stamps, services, units, containers, levels, colours. */
#include "source/log_match.h"

#include <ctype.h>
#include <string.h>

static bool blank(char c) {
    return c == ' ' || c == '\t';
}

static llw_log_text drop(llw_log_text t, size_t n) {
    t.at += n;
    t.len -= n;
    while (t.len && blank(*t.at)) {
        t.at++;
        t.len--;
    }
    return t;
}

static bool starts(llw_log_text t, const char *word) {
    size_t len = strlen(word);
    return t.len >= len && !memcmp(t.at, word, len);
}

/* Copies a line without escape sequences and control characters; what is left is at most LLW_LOG_LINE bytes.
 */
static size_t clean(const char *bytes, size_t len, char *out) {
    size_t n = 0;
    for (size_t i = 0; i < len && n < LLW_LOG_LINE; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (c == 0x1b && i + 1 < len && bytes[i + 1] == '[') {
            for (i += 2; i < len && !isalpha((unsigned char)bytes[i]); i++) {
            }
        } else if (c == 0x1b && i + 1 < len && bytes[i + 1] == ']') {
            for (i += 2; i < len && bytes[i] != 7; i++) {
            }
        } else if (c == '\t') {
            out[n++] = ' ';
        } else if (c >= 0x20 && c != 0x7f) {
            out[n++] = (char)c;
        }
    }
    return n;
}

/* A pattern of single characters: 9 a digit, A a letter, anything else itself. Its length when it matches. */
static size_t shape(llw_log_text t, const char *pattern) {
    size_t n = strlen(pattern);
    if (t.len < n) return 0;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)t.at[i];
        bool ok = pattern[i] == '9'   ? isdigit(c)
                  : pattern[i] == 'A' ? isalpha(c)
                                      : c == (unsigned char)pattern[i];
        if (!ok) return 0;
    }
    return n;
}

/* 2026-02-16T10:00:00.000000000Z, 2026-02-16 10:00:00,123 +0100 ...: its length, with the blank behind it. */
static size_t iso_time(llw_log_text t) {
    size_t n = shape(t, "9999-99-99T99:99:99");
    if (!n) n = shape(t, "9999-99-99 99:99:99");
    if (!n) n = shape(t, "9999/99/99 99:99:99");
    if (!n) return 0;
    while (n < t.len && (isdigit((unsigned char)t.at[n]) || strchr(".,:Z+-", t.at[n]))) n++;
    return n < t.len && blank(t.at[n]) ? n : 0;
}

/* "Feb 16 10:00:00", "Feb  6 10:00:00" */
static size_t syslog_time(llw_log_text t) {
    size_t n = shape(t, "AAA 99 99:99:99 ");
    return n ? n : shape(t, "AAA  9 99:99:99 ");
}

/* 0.00.630.555 (minutes.seconds.ms.us since the start) */
static size_t own_time(llw_log_text t) {
    size_t n = 0;
    while (n < t.len && n < 6 && isdigit((unsigned char)t.at[n])) n++;
    size_t rest = n ? shape((llw_log_text){t.at + n, t.len - n}, ".99.999.999 ") : 0;
    return rest ? n + rest : 0;
}

static bool name_char(char c) {
    return isalnum((unsigned char)c) || strchr("._-/@", c);
}

/* "llama-1  | " of docker compose. */
static size_t service(llw_log_text t, llw_log_text *key) {
    size_t n = 0;
    while (n < t.len && n < 64 && name_char(t.at[n])) n++;
    size_t name = n;
    while (n < t.len && n < 128 && t.at[n] == ' ') n++;
    if (!name || n == name || n >= t.len || t.at[n] != '|' || (n + 1 < t.len && t.at[n + 1] != ' ')) return 0;
    *key = (llw_log_text){t.at, name};
    return n + 1;
}

/* "host llama-server[123]: ", "host kernel: " behind a time stamp. Others without a number are llama.cpp's
 * own words, as in "slot print_timing: ". */
static size_t unit(llw_log_text t, llw_log_line *line) {
    size_t host = 0;
    while (host < t.len && host < 64 && name_char(t.at[host])) host++;
    if (!host || host >= t.len || t.at[host] != ' ') return 0;
    size_t from = host + 1, n = from;
    while (n < t.len && n - from < 64 && name_char(t.at[n])) n++;
    llw_log_text ident = {t.at + from, n - from};
    if (!ident.len || n >= t.len || (t.at[n] != '[' && !starts(ident, "kernel"))) return 0;
    if (t.at[n] == '[') {
        for (n++; n < t.len && isdigit((unsigned char)t.at[n]); n++) {
        }
        if (n >= t.len || t.at[n++] != ']') return 0;
    }
    if (n >= t.len || t.at[n] != ':' || (n + 1 < t.len && t.at[n + 1] != ' ')) return 0;
    line->ident = ident;
    line->key = (llw_log_text){t.at + from, n - from};
    line->system = starts(line->ident, "systemd") || starts(line->ident, "kernel");
    return n + 1;
}

/* "[41303] " of the router, "[pod/name/container] " of kubectl, "[2026-02-16 10:00:00] ". */
static size_t bracket(llw_log_text t, llw_log_text *key) {
    if (!t.len || *t.at != '[') return 0;
    size_t n = 1;
    bool digits = true;
    while (n < t.len && n < 160 && t.at[n] != ']' && t.at[n] != '[') {
        digits &= isdigit((unsigned char)t.at[n]) != 0;
        n++;
    }
    if (n >= t.len || t.at[n] != ']' || n + 1 >= t.len || t.at[n + 1] != ' ') return 0;
    llw_log_text inside = {t.at + 1, n - 1};
    if ((digits && inside.len) || starts(inside, "pod/")) {
        *key = inside;
        return n + 1;
    }
    return shape(inside, "9999-99-99") || shape(inside, "9999/99/99") || shape(inside, "99:99:99") ? n + 1
                                                                                                   : 0;
}

/* "INFO [                    main] build info | ..." of the server of 2024 and of ik_llama.cpp: the level
 * alone goes. */
static size_t old_level(llw_log_text t, char *level) {
    static const struct {
        const char *word;
        char level;
    } words[] = {{"INFO [", 'I'}, {"WARN [", 'W'}, {"ERR [", 'E'}, {"VERB [", 'D'}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (starts(t, words[i].word)) {
            *level = words[i].level;
            return strlen(words[i].word) - 1;
        }
    return 0;
}

/* One more layer of wrapping, or 0. */
static size_t layer(llw_log_text t, llw_log_line *line, bool *timed) {
    size_t n = iso_time(t);
    if (!n) n = syslog_time(t);
    if (n) {
        *timed = true;
        return n;
    }
    if (*timed && !line->ident.len && (n = unit(t, line))) return n;
    if ((n = own_time(t))) {
        if (n + 1 < t.len && strchr("IWEDT", t.at[n]) && t.at[n + 1] == ' ') line->level = t.at[n++];
        return n;
    }
    if (!line->key.len && (n = service(t, &line->key))) return n;
    if (!line->level && t.len > 2 && strchr("IWED", *t.at) && t.at[1] == ' ' && !blank(t.at[2])) {
        line->level = *t.at;
        return 1;
    }
    if (starts(t, "> ")) return 1; /* quoted, as in an issue */
    if (starts(t, "stderr ") || starts(t, "stdout ")) return 6;
    if ((n = bracket(t, &line->key))) return n;
    return line->level ? 0 : old_level(t, &line->level);
}

/* {"log":"...\n","stream":"stderr",...} of docker's json-file driver; "GRPC(...): stderr " of LocalAI. */
static llw_log_text unbox(llw_log_text t) {
    static const char docker[] = "{\"log\":\"", local[] = "): stderr ";
    if (starts(t, docker)) {
        t.at += sizeof docker - 1;
        t.len -= sizeof docker - 1;
        for (size_t i = 0; i + 1 < t.len; i++)
            if (t.at[i] == '\\' && t.at[i + 1] == 'n') t.len = i;
        return t;
    }
    for (size_t i = 0; i + sizeof local - 1 < t.len && i < 200; i++)
        if (!memcmp(t.at + i, local, sizeof local - 1))
            return (llw_log_text){t.at + i + sizeof local - 1, t.len - i - sizeof local + 1};
    return t;
}

void llw_log_unwrap(const char *bytes, size_t len, char *buffer, llw_log_line *line) {
    *line = (llw_log_line){0};
    size_t n = clean(bytes, len, buffer);
    llw_log_text t = unbox((llw_log_text){buffer, n});
    bool timed = false;
    for (int i = 0; i < 8; i++) {
        llw_log_text seen = drop(t, 0);
        size_t skip = layer(seen, line, &timed);
        if (!skip) break;
        t = drop(seen, skip);
    }
    line->text = t;
    if (!line->key.at) line->key = (llw_log_text){buffer, 0};
}
