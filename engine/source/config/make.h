/* Makefiles and justfiles: lines and rules (make_read.c), variables (make_variables.c), recipes (make.c). */
#ifndef LLW_SOURCE_MAKE_H
#define LLW_SOURCE_MAKE_H

#include "source/config/front.h"

enum {
    LLW_MAKE_MAX_OWN = 64,      /* variables that targets have for themselves */
    LLW_MAKE_MAX_TARGETS = 256, /* bytes of the targets that have one */
    LLW_MAKE_MAX_EXPORTED = 128,
    LLW_MAKE_MAX_INCLUDES = 32
};

/* "serve: CTX = 4096": a variable that targets have for themselves. */
typedef struct llw_make_own {
    const char *targets, *name; /* targets NULL: which they are is not known */
    char sign;                  /* + or = */
    llw_rich value;
    bool exported;
    bool above; /* one of the targets is a pattern or needs others, who then see it */
    const llw_link *link;
} llw_make_own;

/* One line of a recipe with those it goes on in, or all of it with .ONESHELL. */
typedef struct llw_make_recipe {
    const llw_config_file *file;
    const char *targets;
    int line; /* of the rule */
    llw_rich script;
} llw_make_recipe;

typedef struct llw_make {
    llw_config_reader *r;
    llw_config_set *set;
    const llw_config_file *file; /* the one that is read, an included one too */
    const char *directory;       /* where make runs */
    bool just, one_shell, evaluates;
    int conditions, definitions; /* open ifeq and ifdef; open define */
    llw_scope variables;
    llw_scope simple, overridden,
        included;               /* names: of those expanded where they are set, set by override; of files */
    llw_scope exported, hidden; /* names; with a value: perhaps. hidden: unexport */
    bool exports_all, exports_perhaps;
    bool foreign; /* a file that nobody sees, or eval, may have set anything */
    llw_make_own own[LLW_MAKE_MAX_OWN];
    size_t n_own;
    llw_scope parents;              /* targets that need others, who then see their variables */
    bool any_parent;                /* any target may be one */
    llw_scope of_target, of_nobody; /* what the target at hand has for itself; all such, unknown */
    const char *targets;            /* of the rule that is read; NULL between rules */
    int line;                       /* where it stands */
    llw_make_recipe *recipes;
    size_t n_recipes, capacity;
} llw_make;

/* --- make_read.c --- */
/* Reads a whole file, and those that it includes: variables and recipes. */
void llw_make_read(llw_make *m, const llw_rich *text);
/* A line of a recipe without what tells make how to run it. */
llw_rich llw_make_command(const llw_rich *line);

/* --- make_variables.c --- */
typedef struct llw_make_assignment {
    const char *name;
    char sign; /* the byte before =, : for ::= too; = where there is none; of ! the value is unknown */
    llw_rich value;
    bool exports, overrides;
} llw_make_assignment;

/* Sets a variable of the whole file, or of the targets where there are any; `at` is the line. */
void llw_make_assign(llw_make *m, const llw_make_assignment *a, const llw_char *at, const char *targets);
void llw_make_unset(llw_make *m, const char *name, const llw_char *at);
/* export or unexport of that name; NULL: of all. */
void llw_make_export(llw_make *m, const char *name, bool exports, const llw_char *at);
/* What was set so far may be something else by now. Names of llama.cpp's programs stay. */
void llw_make_forget(llw_make *m);
/* From here on variables are those of that target, or of those targets; false when they are those of all. */
bool llw_make_enter(llw_make *m, const char *targets);
/* Appends the text with $(NAME), ${NAME}, $N or {{NAME}} put in; what no file sets is unknown. */
void llw_make_expand(llw_make *m, const llw_rich *text, llw_rich *out);
/* What a recipe's shell finds in its environment; false when that is too much to be read. */
bool llw_make_environment(llw_make *m, llw_scope *out);
/* Where the bracket at in[open] closes, or the end. */
size_t llw_make_closing(const llw_rich *in, size_t open);

static inline char llw_make_byte(const llw_rich *text, size_t i) {
    return i < text->n ? text->chars[i].byte : 0;
}

#endif
