/* Names of secrets, users of addresses, and the forms of well-known tokens. */
#include "base/secret.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Ends of a name, whatever stands before them. */
static const char *const endings[] = {"apikey",   "api-key",   "apikeys", "api-keys",
                                      "token",    "secret",    "secrets", "signature",
                                      "password", "passwords", "passwd",  "passphrase"};
/* Last parts of a name: the whole of it, or what follows a hyphen, an underscore or a dot. */
static const char *const parts[] = {"key", "keys", "auth", "authorization", "bearer",
                                    "pat", "pass", "pwd",  "hft",           "sig"};

/* Whether the name ends in the word. */
static bool ends_in(const char *name, size_t len, const char *word) {
    size_t n = strlen(word);
    if (len < n) return false;
    for (size_t i = 0; i < n; i++) {
        char c = name[len - n + i];
        if ((c == '_' ? '-' : tolower((unsigned char)c)) != word[i]) return false;
    }
    return true;
}

bool llw_secret_name(const char *name, size_t len) {
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        if (ends_in(name, len, endings[i])) return true;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        size_t n = strlen(parts[i]);
        if (ends_in(name, len, parts[i]) && (len == n || strchr("-_.", name[len - n - 1]))) return true;
    }
    return false;
}

static bool is_token_char(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

static void star(char *text, size_t from, size_t to) {
    memset(text + from, '*', to - from);
}

static bool ends_address(char c) {
    return !c || strchr("\"'`<>\\ \t\r\n", c);
}

/* ?token=K&... of an address, from i on. Returns where it ends. */
static size_t star_query(char *text, size_t len, size_t i) {
    for (size_t name = len; i < len && !ends_address(text[i]); i++) {
        if (text[i] == '?' || text[i] == '&') name = i + 1;
        if (text[i] != '=' || name >= i || !llw_secret_name(text + name, i - name)) continue;
        while (i + 1 < len && !ends_address(text[i + 1]) && !strchr("&#,)", text[i + 1])) text[++i] = '*';
    }
    return i;
}

/* scheme://user:password@host: the user ends at the last @ of the host's part (RFC 3986, 3.2). */
static void star_addresses(char *text, size_t len) {
    for (char *at = text; (at = memmem(at, len - (size_t)(at - text), "://", 3));) {
        size_t from = (size_t)(at - text) + 3, to = 0, i = from;
        for (; i < len && !ends_address(text[i]) && !strchr("/?#", text[i]); i++)
            if (text[i] == '@') to = i;
        if (to) star(text, from, to);
        at = text + star_query(text, len, i);
    }
}

static void star_tokens(char *text, size_t len) {
    enum { SHORTEST = 19 }; /* of the forms: most words are shorter */
    static const struct {
        const char *start;
        size_t least; /* characters behind it */
    } forms[] = {{"hf_", 16},  {"sk-", 20},         {"ghp_", 20},   {"gho_", 20},
                 {"ghs_", 20}, {"github_pat_", 20}, {"glpat-", 16}, {"xoxb-", 16}};
    for (size_t i = 0; i < len;) {
        size_t end = i;
        while (end < len && is_token_char(text[end])) end++;
        for (size_t f = 0; end - i >= SHORTEST && f < sizeof forms / sizeof *forms; f++) {
            size_t n = strlen(forms[f].start);
            if (end - i >= n + forms[f].least && !memcmp(text + i, forms[f].start, n)) star(text, i, end);
        }
        i = end + 1;
    }
}

void llw_secret_star(char *text, size_t len) {
    if (!len) return;
    star_addresses(text, len);
    star_tokens(text, len);
}

static char *starred(llw_arena *arena, const char *text) {
    size_t len = strlen(text);
    char *copy = llw_arena_strndup(arena, text, len);
    llw_secret_star(copy, len);
    return copy;
}

const char *llw_secret_shown(llw_arena *arena, const char *text) {
    return starred(arena, text);
}

const char *llw_secret_hidden(llw_arena *arena, const char *text) {
    char *copy = starred(arena, text);
    for (char *equals = copy; (equals = strchr(equals, '=')); equals++) {
        size_t n = 0, value = strcspn(equals + 1, " \t\r\n\"'");
        while (copy < equals - n && is_token_char(equals[-1 - (long)n])) n++;
        if (value && equals[value] == ',') value--; /* of the sentence */
        if (n && strncmp(equals + 1, "...", 3) && llw_secret_name(equals - n, n)) star(equals + 1, 0, value);
    }
    return copy;
}

static bool is_secret_option(const char *word) {
    return word && *word == '-' && llw_secret_name(word, strlen(word));
}

bool llw_secret_place(const char *before, const char *two_before) {
    return is_secret_option(before) || is_secret_option(two_before);
}

static const char *word_kept(llw_arena *arena, const char *word, const char *before, const char *two_before) {
    const char *equals = !strncmp(word, "--", 2) ? strchr(word, '=') : NULL;
    if (is_secret_option(before) || (*word != '-' && llw_secret_place(before, two_before))) return "(secret)";
    if (equals) return llw_arena_printf(arena, "%.*s=...", (int)(equals - word), word);
    bool value = before && *before == '-'; /* -ot token=CPU */
    return value ? llw_secret_shown(arena, word) : llw_secret_hidden(arena, word);
}

const char *const *llw_secret_words(llw_arena *arena, const char *const *words, size_t n) {
    const char **kept = llw_arena_alloc(arena, (n + 1) * sizeof *kept);
    for (size_t i = 0; i < n; i++)
        kept[i] = words[i] ? word_kept(arena, words[i], i ? words[i - 1] : NULL, i > 1 ? words[i - 2] : NULL)
                           : NULL;
    return kept;
}
