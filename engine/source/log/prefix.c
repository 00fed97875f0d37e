/* What stands around a line of llama.cpp: time stamps, services, units, containers, levels, colours. */
#include "source/log/match.h"

#include <ctype.h>
#include <string.h>

enum { PORT_DIGITS = 4 };

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

/* "Feb 16 10:00:00", "Feb  6 10:00:00", and as other languages write it: "mars 3 10:00:00", "2月 22
 * 10:00:00". */
static size_t syslog_time(llw_log_text t) {
    size_t n = 0;
    while (n < t.len && n < 12 && !blank(t.at[n])) n++;
    if (!n || n >= t.len || !blank(t.at[n])) return 0;
    while (n < t.len && blank(t.at[n])) n++;
    size_t day = 0;
    while (n < t.len && day < 2 && isdigit((unsigned char)t.at[n])) n++, day++;
    size_t clock = day ? shape((llw_log_text){t.at + n, t.len - n}, " 99:99:99 ") : 0;
    return clock ? n + clock : 0;
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

/* "[41303] " of the router, "[pod/name/container] " of kubectl, "[2026-02-16 10:00:00] ". A short number is a
 * shell's: "[1]  + 3804384 segmentation fault". */
static size_t bracket(llw_log_text t, llw_log_text *key, bool *timed) {
    if (!t.len || *t.at != '[') return 0;
    size_t n = 1;
    bool digits = true;
    while (n < t.len && n < 160 && t.at[n] != ']' && t.at[n] != '[') {
        digits &= isdigit((unsigned char)t.at[n]) != 0;
        n++;
    }
    if (n >= t.len || t.at[n] != ']' || n + 1 >= t.len || t.at[n + 1] != ' ') return 0;
    llw_log_text inside = {t.at + 1, n - 1};
    if ((digits && inside.len >= PORT_DIGITS) || starts(inside, "pod/")) {
        *key = inside;
        return n + 1;
    }
    if (!shape(inside, "9999-99-99") && !shape(inside, "9999/99/99") && !shape(inside, "99:99:99")) return 0;
    *timed = true;
    return n + 1;
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

/* "stderr ", with containerd's mark behind it of a line that is whole (F) or goes on (P). */
static size_t output(llw_log_text t) {
    if (!starts(t, "stderr ") && !starts(t, "stdout ")) return 0;
    return t.len > 9 && (t.at[7] == 'F' || t.at[7] == 'P') && t.at[8] == ' ' ? 8 : 6;
}

/* time=2026-02-16T10:00:00.000Z level=INFO source=ggml.go:494 msg="offloaded 41/41 layers to GPU": Ollama's
 * own lines. The message stays, with what stands behind it. */
static size_t ollama(llw_log_text t) {
    static const char message[] = " msg=";
    if (!starts(t, "time=") && !starts(t, "level=")) return 0;
    for (size_t n = 0; n + sizeof message - 1 < t.len && n < 160; n++)
        if (!memcmp(t.at + n, message, sizeof message - 1)) {
            n += sizeof message - 1;
            return n + (t.at[n] == '"');
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
    if (!line->level && t.len > 2 && strchr("IWED", *t.at) && t.at[1] == ' ' && (*timed || !blank(t.at[2]))) {
        line->level = *t.at;
        return 1;
    }
    if (starts(t, "> ") || starts(t, "`")) return 1;                   /* quoted, as in an issue */
    if (starts(t, "MESSAGE=")) return 8;                               /* journalctl -o verbose, -o export */
    if (*timed && starts(t, "| ") && t.at[t.len - 1] != '|') return 1; /* "TIME | line"; no row of a table */
    if ((n = output(t))) return n;
    if ((n = ollama(t))) {
        line->ollama = true;
        return n;
    }
    if ((n = bracket(t, &line->key, timed))) return n;
    return line->level ? 0 : old_level(t, &line->level);
}

/* "GRPC(...): stderr " of LocalAI. */
static llw_log_text unbox(llw_log_text t) {
    static const char local[] = "): stderr ";
    for (size_t i = 0; i + sizeof local - 1 < t.len && i < 200; i++)
        if (!memcmp(t.at + i, local, sizeof local - 1))
            return (llw_log_text){t.at + i + sizeof local - 1, t.len - i - sizeof local + 1};
    return t;
}

/* The control characters that JSON writes as \u001b and its like; 0 for any other. */
static char escaped_control(const char *hex) {
    if (hex[0] != '0' || hex[1] != '0' || (hex[2] != '0' && hex[2] != '1') ||
        !isxdigit((unsigned char)hex[3]))
        return 0;
    int low = isdigit((unsigned char)hex[3]) ? hex[3] - '0' : (hex[3] | 0x20) - 'a' + 10;
    return (char)((hex[2] - '0') * 16 + low);
}

size_t llw_log_unescape(const char *bytes, size_t len, char *out, size_t size, size_t *used) {
    size_t n = 0, i = 0;
    for (; i < len && bytes[i] != '"' && n < size; i++) {
        if (bytes[i] != '\\' || i + 1 == len) {
            out[n++] = bytes[i];
            continue;
        }
        char c = bytes[++i];
        if (c == 'n') {
            i++;
            break;
        }
        if (c == 'u' && i + 4 < len) {
            char control = escaped_control(bytes + i + 1);
            if (control) out[n++] = control;
            i += 4;
        } else {
            out[n++] = c == 't' ? '\t' : c;
        }
    }
    *used = i;
    return n;
}

/* Where the text begins in {"log":"...\n","stream":"stderr",...} of docker's json-file driver; 0 elsewhere.
 */
static size_t docker_json(const char *bytes, size_t len) {
    static const char head[] = "{\"log\":";
    size_t n = sizeof head - 1;
    if (len < n || memcmp(bytes, head, n)) return 0;
    while (n < len && blank(bytes[n])) n++;
    return n < len && bytes[n] == '"' ? n + 1 : 0;
}

/* The dots of a load at work, behind which a line may go on. */
static size_t progress(llw_log_text t) {
    enum { LEAST = 3 };
    size_t n = 0;
    while (n < t.len && t.at[n] == '.') n++;
    return n >= LEAST ? n : 0;
}

void llw_log_unwrap(const char *bytes, size_t len, char *buffer, llw_log_line *line) {
    *line = (llw_log_line){0};
    char text[LLW_LOG_LINE];
    size_t used, from = docker_json(bytes, len);
    if (from) {
        len = llw_log_unescape(bytes + from, len - from, text, sizeof text, &used);
        bytes = text;
    }
    size_t n = clean(bytes, len, buffer);
    llw_log_text t = unbox((llw_log_text){buffer, n});
    bool timed = false;
    for (int i = 0; i < 8; i++) {
        llw_log_text seen = drop(t, 0);
        size_t skip = layer(seen, line, &timed);
        if (!skip) break;
        t = drop(seen, skip);
    }
    line->text = drop(t, progress(t));
    if (!line->key.at) line->key = (llw_log_text){buffer, 0};
}
