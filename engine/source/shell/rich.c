/* Text with places. */
#include "source/shell/rich.h"

#include <ctype.h>
#include <string.h>

llw_link *llw_link_new(llw_arena *arena, const char *file, const char *origin, bool variable) {
    llw_link *link = llw_arena_alloc(arena, sizeof *link);
    *link = (llw_link){file, origin, NULL, variable};
    return link;
}

void llw_rich_push(llw_arena *arena, llw_rich *out, llw_char c) {
    if (out->n >= LLW_RICH_MAX) return;
    void *items = out->chars;
    *(llw_char *)llw_arena_push(arena, &items, &out->n, &out->capacity, sizeof c) = c;
    out->chars = items;
}

/* Room for n more at once: an array that grows leaves its smaller ones behind. */
static void reserve(llw_arena *arena, llw_rich *out, size_t n) {
    size_t want = out->n + n;
    if (out->capacity >= want) return;
    if (want < out->capacity * 2) want = out->capacity * 2;
    llw_char *chars = llw_arena_alloc(arena, want * sizeof *chars);
    if (out->n) memcpy(chars, out->chars, out->n * sizeof *chars);
    out->chars = chars;
    out->capacity = want;
}

void llw_rich_append(llw_arena *arena, llw_rich *out, const llw_rich *more) {
    reserve(arena, out, more->n);
    for (size_t i = 0; i < more->n; i++) llw_rich_push(arena, out, more->chars[i]);
}

void llw_rich_read(llw_arena *arena, llw_rich *out, const char *text, size_t len, int line, int column,
                   const llw_link *link) {
    for (size_t i = 0; i < len; i++) {
        llw_rich_push(arena, out, (llw_char){text[i], .line = line, .column = column, .link = link});
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xc0) != 0x80) { /* not inside a code point */
            column++;
        }
    }
}

void llw_rich_unknown(llw_arena *arena, llw_rich *out, const llw_char *at, const llw_link *link) {
    llw_rich_push(arena, out,
                  (llw_char){'?', true, true, LLW_MARK_NONE, at ? at->line : 0, at ? at->column : 0,
                             at ? at->link : link});
}

llw_rich llw_rich_slice(const llw_rich *rich, size_t from, size_t to) {
    if (from >= to || to > rich->n) return (llw_rich){0};
    return (llw_rich){rich->chars + from, to - from, 0};
}

const char *llw_rich_tail(llw_arena *arena, const llw_rich *path) {
    size_t from = path->n;
    while (from && !path->chars[from - 1].unknown) from--;
    while (from && from < path->n && path->chars[from].byte != '/') from++;
    llw_rich tail = llw_rich_slice(path, from ? from + 1 : 0, path->n);
    return tail.n ? llw_rich_show(arena, &tail) : NULL;
}

llw_rich llw_rich_trim(const llw_rich *rich) {
    size_t from = 0, to = rich->n;
    while (from < to && isspace((unsigned char)rich->chars[from].byte)) from++;
    while (to > from && isspace((unsigned char)rich->chars[to - 1].byte)) to--;
    return llw_rich_slice(rich, from, to);
}

bool llw_rich_has_unknown(const llw_rich *rich) {
    for (size_t i = 0; i < rich->n; i++)
        if (rich->chars[i].unknown) return true;
    return false;
}

bool llw_rich_is(const llw_rich *rich, const char *text) {
    size_t len = strlen(text);
    if (rich->n != len) return false;
    for (size_t i = 0; i < len; i++)
        if (rich->chars[i].unknown || rich->chars[i].byte != text[i]) return false;
    return true;
}

const char *llw_rich_show(llw_arena *arena, const llw_rich *rich) {
    char *text = llw_arena_alloc(arena, rich->n + 1);
    for (size_t i = 0; i < rich->n; i++) text[i] = rich->chars[i].byte;
    return text;
}

const char *llw_rich_text(llw_arena *arena, const llw_rich *rich) {
    for (size_t i = 0; i < rich->n; i++)
        if (rich->chars[i].unknown || !rich->chars[i].byte) return NULL;
    return llw_rich_show(arena, rich);
}

const char *llw_rich_line(llw_arena *arena, const llw_rich *rich, size_t *len) {
    char *text = llw_arena_alloc(arena, rich->n + 1);
    for (size_t i = 0; i < rich->n; i++) text[i] = rich->chars[i].byte == '\n' ? ' ' : rich->chars[i].byte;
    *len = rich->n;
    return text;
}

const char *llw_place(llw_arena *arena, const char *file, int line, int column) {
    if (!line) return file;
    return column ? llw_arena_printf(arena, "%s:%d:%d", file, line, column)
                  : llw_arena_printf(arena, "%s:%d", file, line);
}

/* The stretch that speaks for a word: of those out of variables the longest, else the first. */
static const llw_char *speaker(const llw_rich *rich, bool *alone) {
    const llw_char *best = rich->n ? &rich->chars[0] : NULL;
    size_t most = 0;
    *alone = true;
    for (size_t i = 0; i < rich->n;) {
        size_t n = 1;
        while (i + n < rich->n && rich->chars[i + n].link == rich->chars[i].link) n++;
        if (n < rich->n) *alone = false;
        if (rich->chars[i].link && rich->chars[i].link->variable && n > most) {
            most = n;
            best = &rich->chars[i];
        }
        i += n;
    }
    return best;
}

llw_token llw_rich_token(llw_arena *arena, const llw_rich *rich, const llw_token *place) {
    bool alone = false;
    const llw_char *at = speaker(rich, &alone);
    llw_token token = {.text = llw_rich_text(arena, rich), .place = "", .origin = NULL};
    if (at && at->link) {
        token.place = llw_place(arena, at->link->file, at->line, at->column);
        token.origin = at->link->origin;
        token.lost = alone ? at->link->lost : NULL; /* a part of a word has no rivals */
    } else if (place) {
        token.place = place->place;
        token.origin = place->origin;
        token.lost = place->lost;
    }
    return token;
}

/* a's chain with b behind its end; b is shared, a is copied. */
static const llw_token *chain(llw_arena *arena, const llw_token *a, const llw_token *b) {
    enum { MAX_CHAIN = 16 };
    const llw_token *links[MAX_CHAIN];
    size_t n = 0;
    for (; a && n < MAX_CHAIN; a = a->lost) links[n++] = a;
    while (n-- > 0) {
        llw_token *copy = llw_arena_alloc(arena, sizeof *copy);
        *copy = *links[n];
        copy->lost = b;
        b = copy;
    }
    return b;
}

llw_rich llw_rich_over(llw_arena *arena, const llw_rich *winner, const llw_token *lost) {
    llw_rich out = {0};
    const llw_link *last = NULL;
    llw_link *copy = NULL;
    for (size_t i = 0; i < winner->n; i++) {
        llw_char c = winner->chars[i];
        if (c.link && lost) {
            if (c.link != last) {
                last = c.link;
                copy = llw_arena_alloc(arena, sizeof *copy);
                *copy = *last;
                copy->lost = chain(arena, last->lost, lost);
            }
            c.link = copy;
        }
        llw_rich_push(arena, &out, c);
    }
    return out;
}

void llw_words_push(llw_arena *arena, llw_words *words, llw_rich word) {
    enum { MAX_WORDS = 4096 };
    if (words->n >= MAX_WORDS) return;
    void *items = words->items;
    *(llw_rich *)llw_arena_push(arena, &items, &words->n, &words->capacity, sizeof word) = word;
    words->items = items;
}

void llw_words_split(llw_arena *arena, const llw_rich *text, llw_words *out) {
    llw_rich word = {0};
    bool open = false;
    char quote = 0;
    for (size_t i = 0; i < text->n; i++) {
        llw_char c = text->chars[i];
        if (!c.unknown && !quote && isspace((unsigned char)c.byte)) {
            if (open) llw_words_push(arena, out, word);
            word = (llw_rich){0};
            open = false;
            continue;
        }
        open = true;
        if (!c.unknown && c.byte == quote && quote) {
            quote = 0;
            continue;
        }
        if (!c.unknown && !quote && (c.byte == '"' || c.byte == '\'')) {
            quote = c.byte;
            continue;
        }
        if (!c.unknown && c.byte == '\\' && quote != '\'' && i + 1 < text->n &&
            (!quote || strchr("\"\\$`", text->chars[i + 1].byte)))
            c = text->chars[++i];
        llw_rich_push(arena, &word, c);
    }
    if (open) llw_words_push(arena, out, word);
}

void llw_words_over(llw_arena *arena, llw_words *words, const llw_words *before) {
    for (size_t i = 0; i + 1 < words->n; i++) {
        const char *option = llw_rich_text(arena, &words->items[i]);
        if (!option || *option != '-') continue;
        for (size_t k = 0; k + 1 < before->n; k++) {
            const char *old = llw_rich_text(arena, &before->items[k]);
            if (!old || strcmp(old, option)) continue;
            const char *value = llw_rich_text(arena, &words->items[i + 1]);
            if (value && *value == '-' && isalpha((unsigned char)value[1])) break; /* it takes none */
            llw_token *lost = llw_arena_alloc(arena, sizeof *lost);
            *lost = llw_rich_token(arena, &before->items[k + 1], NULL);
            words->items[i + 1] = llw_rich_over(arena, &words->items[i + 1], lost);
            break;
        }
    }
}
