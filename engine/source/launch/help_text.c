/* Reads the --help of a llama.cpp program. */
#include "source/launch/help_text.h"
#include "base/text.h"

#include <ctype.h>
#include <string.h>

enum { MAX_OPTIONS = 2000, MAX_NAMES = 32, INDENT = 8 };

typedef struct words {
    const char *at, *end;
    bool far; /* two blanks or more stood before the word just read */
} words;

static bool next_word(words *w, const char **word, size_t *len) {
    size_t blanks = 0;
    while (w->at < w->end && isspace((unsigned char)*w->at)) w->at++, blanks++;
    *word = w->at;
    while (w->at < w->end && !isspace((unsigned char)*w->at)) w->at++;
    *len = (size_t)(w->at - *word);
    w->far = blanks > 1;
    return *len > 0;
}

static bool looks_like_name(const char *word, size_t len) {
    return len > 1 && *word == '-' &&
           (isalpha((unsigned char)word[1]) ||
            (len > 2 && word[1] == '-' && isalpha((unsigned char)word[2])));
}

static void add_name(llw_arena *arena, llw_help_option *o, const char *word, size_t len) {
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)word[i]) && !strchr("-_.", word[i])) return;
    if (o->n_names < MAX_NAMES) o->names[o->n_names++] = llw_arena_strndup(arena, word, len);
}

/* The names and the hint; what follows is the description. False when the line begins no option. */
static bool read_head(llw_arena *arena, const char *line, size_t len, llw_help_option *o, llw_text *text) {
    words w = {line, line + len, false};
    const char *word;
    size_t n, indent = 0;
    while (indent < len && line[indent] == ' ') indent++;
    if (indent > INDENT || !next_word(&w, &word, &n) || !looks_like_name(word, n)) return false;
    llw_text hint = {0};
    bool comma = false;
    o->names = llw_arena_alloc(arena, MAX_NAMES * sizeof *o->names);
    do {
        if (w.far && !comma && o->n_names) { /* the description */
            llw_text_addn(text, word, (size_t)(line + len - word));
            break;
        }
        bool name = looks_like_name(word, n) && (comma || !o->n_names);
        comma = word[n - 1] == ',';
        if (name)
            add_name(arena, o, word, n - comma);
        else if (!hint.len || !comma) /* "-c N, --ctx-size N" says its hint twice */
            llw_text_addf(&hint, "%s%.*s", hint.len ? " " : "", (int)(n - comma), word);
    } while (next_word(&w, &word, &n));
    const char *half = strchr(llw_text_str(&hint), ' ');
    bool twice = half && !strncmp(llw_text_str(&hint), half + 1, (size_t)(half - llw_text_str(&hint))) &&
                 strlen(half + 1) == (size_t)(half - llw_text_str(&hint)) && o->n_names > 1;
    o->hint = twice ? llw_arena_strdup(arena, half + 1) : llw_arena_strdup(arena, llw_text_str(&hint));
    llw_text_fini(&hint);
    return true;
}

/* What stands behind "(env: " up to its bracket. */
static const char *bracketed(llw_arena *arena, const char *text, const char *key) {
    const char *at = strstr(text, key);
    if (!at) return "";
    at += strlen(key);
    size_t depth = 1, len = 0;
    for (; at[len]; len++) {
        if (at[len] == '(') depth++;
        if (at[len] == ')' && !--depth) break;
    }
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)at[i] < ' ' || at[i] == 127) return "";
    return at[len] ? llw_arena_strndup(arena, at, len) : "";
}

static void close_option(llw_arena *arena, llw_help *out, llw_text *text) {
    if (!out->n) return;
    llw_help_option *o = &out->options[out->n - 1];
    if (o->text) return;
    o->text = llw_arena_strdup(arena, llw_text_str(text));
    o->env = bracketed(arena, o->text, "(env: ");
    o->standard = bracketed(arena, o->text, "(default: ");
}

llw_rc llw_help_parse(llw_arena *arena, const char *path, const char *bytes, size_t len, llw_help *out,
                      llw_err *err) {
    llw_text text = {0};
    int line = 0;
    *out = (llw_help){0};
    for (size_t at = 0; at < len;) {
        const char *end = memchr(bytes + at, '\n', len - at);
        size_t n = end ? (size_t)(end - bytes) - at : len - at;
        const char *from = bytes + at;
        at += n + 1;
        line++;
        while (n && isspace((unsigned char)from[n - 1])) n--;
        llw_help_option o = {.line = line};
        llw_text more = {0};
        if (out->n < MAX_OPTIONS && read_head(arena, from, n, &o, &more) && o.n_names) {
            close_option(arena, out, &text);
            llw_text_fini(&text);
            text = more;
            void *items = out->options;
            *(llw_help_option *)llw_arena_push(arena, &items, &out->n, &out->capacity, sizeof o) = o;
            out->options = items;
            continue;
        }
        llw_text_fini(&more);
        if (!n) continue; /* descriptions have blank lines within */
        bool described = isspace((unsigned char)*from);
        if (!described) {
            close_option(arena, out, &text);
            continue;
        }
        while (n && isspace((unsigned char)*from)) from++, n--;
        llw_text_addf(&text, "%s%.*s", text.len ? " " : "", (int)n, from);
    }
    close_option(arena, out, &text);
    llw_text_fini(&text);
    if (out->n) return LLW_OK;
    return llw_fail(err, LLW_ERR_INPUT, path, 0, "lists no option: give what llama-server --help prints");
}
