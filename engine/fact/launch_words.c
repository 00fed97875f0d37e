/* Writing and reading launch.words. Inside a word a backslash is written before itself, and before t and n
 * for a tab and a newline; in front of a word it marks with ? what is not known, with * what was a secret. */
#include "fact/launch_words.h"
#include "base/secret.h"

#include <string.h>

void llw_launch_words_add(llw_text *text, llw_arena *arena, const char *word, bool secret, bool first) {
    const char *shown = !word ? "?" : secret ? "(secret)" : llw_secret_shown(arena, word);
    if (!first)
        llw_text_add(text, "\t");
    else if (text->len)
        llw_text_add(text, "\n");
    if (!word)
        llw_text_add(text, "\\?");
    else if (secret || strcmp(shown, word) != 0)
        llw_text_add(text, "\\*");
    for (const char *c = shown; *c; c++) {
        const char *as = *c == '\\' ? "\\\\" : *c == '\t' ? "\\t" : *c == '\n' ? "\\n" : NULL;
        llw_text_addn(text, as ? as : c, as ? 2 : 1);
    }
}

static const char *read_word(llw_arena *arena, const char *word, size_t len, llw_worded_option *option) {
    char *out = llw_arena_strndup(arena, word, len);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (word[i] != '\\' || i + 1 == len) {
            out[n++] = word[i];
            continue;
        }
        char c = word[++i];
        option->unknown |= c == '?';
        option->starred |= c == '*';
        if (c != '?' && c != '*') out[n++] = (char)(c == 't' ? '\t' : c == 'n' ? '\n' : c);
    }
    out[n] = 0;
    return out;
}

static llw_worded_option read_line(llw_arena *arena, const char *line, size_t len) {
    llw_worded_option option = {0};
    void *words = NULL;
    size_t capacity = 0;
    for (size_t at = 0; at <= len;) {
        const char *tab = memchr(line + at, '\t', len - at);
        size_t size = tab ? (size_t)(tab - line) - at : len - at;
        const char *word = read_word(arena, line + at, size, &option);
        *(const char **)llw_arena_push(arena, &words, &option.n, &capacity, sizeof word) = word;
        at += size + 1;
    }
    option.words = words;
    return option;
}

llw_worded_option *llw_launch_words_read(llw_arena *arena, const char *text, size_t *n) {
    void *options = NULL;
    size_t capacity = 0;
    *n = 0;
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, "\n");
        *(llw_worded_option *)llw_arena_push(arena, &options, n, &capacity, sizeof(llw_worded_option)) =
            read_line(arena, at, len);
        at += len + (at[len] == '\n');
    }
    return options;
}
