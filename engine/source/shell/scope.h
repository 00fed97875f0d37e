/* Variables with the chain of who set them, and the ${...} of Compose, .env and the shell.
 *
 * Setting a variable anew keeps what it replaced as a rival (llw_token.lost). A variable set to nothing is
 * known and empty; one that was set to something nobody can read holds an unknown byte. Everything lives in
 * the arena given. */
#ifndef LLW_SOURCE_SCOPE_H
#define LLW_SOURCE_SCOPE_H

#include "source/shell/rich.h"

typedef struct llw_variable {
    const char *name;
    unsigned hash; /* of the name */
    llw_rich value;
    llw_token token;         /* the value as one word, with its chain */
    bool exported;           /* a shell's: programs see it */
    bool asked;              /* ... empty because nobody gave the script an argument */
    bool alters;             /* ... declare -i, -l, -n or -u: it becomes something else than it is given */
    bool open;               /* ... may be unset or empty: one way through the script left it so */
    const llw_words *list;   /* of a shell array; NULL for a plain variable */
    const char *const *keys; /* of one whose values have names */
} llw_variable;

typedef struct llw_scope {
    llw_arena *arena;
    llw_variable *items;
    size_t n, capacity;
} llw_scope;

const llw_variable *llw_scope_get(const llw_scope *scope, const char *name);
/* The same, to be changed in place; NULL when there is none. */
llw_variable *llw_scope_edit(const llw_scope *scope, const char *name);
/* `place` is that of the definition; it stands for an empty value. At most LLW_MAX_VARIABLES are kept. */
void llw_scope_set(llw_scope *scope, const char *name, const llw_rich *value, llw_token place);
/* The same, forgetting what was there: a shell assignment. */
void llw_scope_assign(llw_scope *scope, const char *name, const llw_rich *value, llw_token place);
void llw_scope_unset(llw_scope *scope, const char *name);
/* A copy that may be changed on its own; O(variables). */
llw_scope llw_scope_copy(const llw_scope *scope);

enum {
    LLW_MAX_VARIABLES = 2048,
    LLW_MAX_NESTING = 8,
    LLW_EXPAND_BUDGET = 1 << 20, /* bytes that all expansions of one reading may add: A=${A}${A} doubles */
};

typedef enum llw_dialect { LLW_DIALECT_COMPOSE, LLW_DIALECT_SHELL, LLW_DIALECT_DOCKERFILE } llw_dialect;

/* How names are looked up and what is said of them. */
typedef struct llw_expander {
    const llw_scope *scope;
    const llw_scope *behind; /* where a name is looked for that `scope` lacks; NULL */
    llw_dialect dialect;
    const char *default_origin; /* who wrote the text behind :- ("Compose default") */
    bool unset_is_empty; /* every variable is known: one that is not there expands to nothing; else it is
                            unknown */
    size_t *budget;      /* bytes that values may still add to texts; NULL for no end */
    const char *error;   /* set when a ${...} cannot be read: a sentence */
    int error_line;
} llw_expander;

/* Expands the parameter that starts with the $ at in[i] and appends it. Returns the index behind it; i when
 * it is no parameter and the $ stands for itself. `whole` marks the bytes as not separating words (inside
 * double quotes). */
size_t llw_expand_parameter(llw_arena *arena, llw_expander *ex, const llw_rich *in, size_t i, bool whole,
                            llw_rich *out);

/* Expands all of a text ($$ is a dollar sign in Compose). */
llw_rich llw_scope_expand(llw_arena *arena, llw_expander *ex, const llw_rich *in);

#endif
