/* Text whose every byte knows where it was written and by whom: what configuration files are lowered through.
 *
 * A value travels from a profile through .env, a Compose default and a shell command into a word of an
 * argument list; its bytes keep the line and column they had in the first file, and the values they replaced
 * on the way. Everything lives in the arena given. Texts are cut at LLW_RICH_MAX bytes. */
#ifndef LLW_SOURCE_RICH_H
#define LLW_SOURCE_RICH_H

#include "base/arena.h"
#include "source/launch/argv.h"

enum { LLW_RICH_MAX = 1 << 17 };

/* Who wrote a stretch of text. */
typedef struct llw_link {
    const char *file;
    const char *origin;           /* profile, .env, Compose default, Dockerfile ENV, Dockerfile CMD ... */
    const struct llw_token *lost; /* what this value replaced, newest first */
    bool variable;                /* it is the value of a variable, not the text around one */
} llw_link;

/* What else the bytes of a shell's word say until it is split. */
typedef enum llw_mark {
    LLW_MARK_NONE,
    LLW_MARK_ELEMENT, /* the next element of a list begins behind it */
    LLW_MARK_ANY,     /* ... which may be none, or several */
    LLW_MARK_QUOTES   /* no byte, but quotes stood there: a word even when empty */
} llw_mark;

typedef struct llw_char {
    char byte;
    bool unknown; /* stands for text that nobody could read */
    bool whole;   /* does not separate words, blank or not */
    unsigned char mark;
    int line, column; /* from 1; columns count code points */
    const llw_link *link;
} llw_char;

typedef struct llw_rich {
    llw_char *chars;
    size_t n, capacity;
} llw_rich;

llw_link *llw_link_new(llw_arena *arena, const char *file, const char *origin, bool variable);

void llw_rich_push(llw_arena *arena, llw_rich *out, llw_char c);
void llw_rich_append(llw_arena *arena, llw_rich *out, const llw_rich *more);
/* Bytes [from, to) of text as they stand in a file, the first one at line and column. */
void llw_rich_read(llw_arena *arena, llw_rich *out, const char *text, size_t len, int line, int column,
                   const llw_link *link);
/* A byte that stands for unknown text, placed like `at` (or nowhere when NULL). */
void llw_rich_unknown(llw_arena *arena, llw_rich *out, const llw_char *at, const llw_link *link);
llw_rich llw_rich_slice(const llw_rich *rich, size_t from, size_t to);
/* The part of a path behind what is not known: "lib/x.sh" of $DIR/lib/x.sh; NULL when nothing is left. */
const char *llw_rich_tail(llw_arena *arena, const llw_rich *path);
/* Without white space at either end. */
llw_rich llw_rich_trim(const llw_rich *rich);
bool llw_rich_has_unknown(const llw_rich *rich);
bool llw_rich_is(const llw_rich *rich, const char *text); /* known, and exactly this */

/* The bytes, NUL-terminated; NULL when any is unknown. */
const char *llw_rich_text(llw_arena *arena, const llw_rich *rich);
/* The same with ? for what is unknown; for messages. */
const char *llw_rich_show(llw_arena *arena, const llw_rich *rich);
/* The bytes as one line: a blank for each end of a line. *len counts them. */
const char *llw_rich_line(llw_arena *arena, const llw_rich *rich, size_t *len);

/* As a word: its place is that of the first byte that came out of a variable, else of the first byte; `place`
 * stands in when it is empty. */
llw_token llw_rich_token(llw_arena *arena, const llw_rich *rich, const llw_token *place);

/* A copy whose links also remember `lost` at the end of what they replaced. */
llw_rich llw_rich_over(llw_arena *arena, const llw_rich *winner, const llw_token *lost);

/* A growing list of words. */
typedef struct llw_words {
    llw_rich *items;
    size_t n, capacity;
} llw_words;

void llw_words_push(llw_arena *arena, llw_words *words, llw_rich word);
/* Words by blanks, quotes and backslashes as a shell has them and nothing else: for whoever splits a command
 * without starting a shell. */
void llw_words_split(llw_arena *arena, const llw_rich *text, llw_words *out);

/* The values that other words give to the same options become what lost against these. */
void llw_words_over(llw_arena *arena, llw_words *words, const llw_words *before);

/* file:line:column, or file:line when column is 0. */
const char *llw_place(llw_arena *arena, const char *file, int line, int column);

#endif
