/* What the parts of the PowerShell reader share. Inside source/config/ only. */
#ifndef LLW_SOURCE_CONFIG_POWERSHELL_H
#define LLW_SOURCE_CONFIG_POWERSHELL_H

#include "source/config/front.h"

enum { LLW_PS_MAX_DEPTH = 64 };

typedef struct llw_powershell {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_config_set *set;
    llw_rich text;
    size_t at;
    llw_scope names;
    llw_scope env;
    bool uncertain[LLW_PS_MAX_DEPTH]; /* of the blocks that are open */
    int depth;
    bool next_uncertain; /* the block that opens next is an if's or a loop's */
    int brackets;        /* inside ( ... ) of param */
    int nested;          /* paths that are put together inside each other */
    const llw_link *own, *variable, *argument;
    llw_starts starts;
} llw_powershell;

/* --- powershell_word.c: what stands at p->at, which moves behind it --- */

/* The byte at i, 0 behind the text. */
char llw_ps_byte(const llw_powershell *p, size_t i);

/* The text from..to in lower case: names have no case. */
const char *llw_ps_lower(llw_powershell *p, size_t from, size_t to);

/* Steps over blanks, continued lines, comments; with `lines` over line ends too. */
void llw_ps_skip(llw_powershell *p, bool lines);

/* Does a statement end here? */
bool llw_ps_at_end(const llw_powershell *p);

/* Adds what nobody knows. */
void llw_ps_unknown(llw_powershell *p, llw_rich *out);

/* A variable's name behind $ at i: NAME or {NAME}. Returns the index behind it, i when there is none. */
size_t llw_ps_variable_name(llw_powershell *p, size_t i, const char **name);

/* A variable that was assigned, or NULL. */
const llw_variable *llw_ps_find(llw_powershell *p, const char *name);

/* $name, ${name} or $( ... ) inside a word. */
void llw_ps_put(llw_powershell *p, llw_rich *out);

/* '...' or "...". */
void llw_ps_quoted(llw_powershell *p, llw_rich *out);

/* Join-Path A B, with or without -Path and -ChildPath: A\B. False when something else stands here. */
bool llw_ps_join_path(llw_powershell *p, llw_rich *out);

/* One word of a command or element of an array. */
llw_rich llw_ps_word(llw_powershell *p, bool element);

/* $name or @name alone that stands for an array: its words. False when something else stands here. */
bool llw_ps_array_word(llw_powershell *p, llw_words *out);

/* Elements up to the closing bracket, or to the line's end without one. */
void llw_ps_elements(llw_powershell *p, bool bracket, llw_words *out);

/* --- powershell_command.c --- */

/* The command at p->at, whose first byte (its & or .) is at `from`: what it starts goes to p->starts. */
void llw_ps_command(llw_powershell *p, size_t from);

#endif
