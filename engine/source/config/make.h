/* Makefiles and justfiles: lines (make_lines.c), statements (make_read.c, make_just.c), rules (make_rules.c),
 * variables (make_variables.c) and those that targets have for themselves (make_targets.c), recipes as the
 * shell runs them (make.c). */
#ifndef LLW_SOURCE_MAKE_H
#define LLW_SOURCE_MAKE_H

#include "source/config/front.h"

enum {
    LLW_MAKE_MAX_OWN = 64,      /* variables that targets have for themselves */
    LLW_MAKE_MAX_TARGETS = 256, /* bytes of the targets that have one */
    LLW_MAKE_MAX_EXPORTED = 128,
    LLW_MAKE_MAX_OPEN = 8 /* files that include each other */
};

typedef struct llw_make_assignment {
    const char *name;
    char sign; /* the byte before =, : for ::= too; = where there is none; of ! the value is unknown */
    llw_rich value;
    bool exports, overrides;
    bool hides;   /* private: not every target sees it */
    bool defines; /* between define and endef: no comment ends the value */
} llw_make_assignment;

/* "serve: CTX = 4096": a variable that targets have for themselves. */
typedef struct llw_make_own {
    const char *targets, *name; /* targets NULL: which they are is not known */
    char sign;                  /* + or = */
    llw_rich value;
    bool exported, overrides;
    bool simple; /* := or += behind it: what is added is put in where it is written */
    bool above;  /* one of the targets is a pattern or needs others, who then see it */
    const llw_link *link;
} llw_make_own;

/* One line of a recipe with those it goes on in, or all of it with .ONESHELL. */
typedef struct llw_make_recipe {
    const llw_config_file *file;
    const char *targets;
    bool any;      /* of which targets nobody knows: a pattern's, or those that something else computes */
    int line;      /* of the rule */
    char prefix;   /* of its lines */
    int section;   /* a condition starts the next one */
    bool replaces; /* what a rule before it gives the same targets */
    bool torn;     /* one shell runs it, and a condition decides what */
    llw_rich script;
} llw_make_recipe;

typedef struct llw_make {
    llw_config_reader *r;
    llw_config_set *set;
    const llw_config_file *file;                    /* the one that is read, an included one too */
    const llw_config_file *open[LLW_MAKE_MAX_OPEN]; /* and those that include it */
    size_t n_open;
    const char *directory; /* where make runs */
    bool just, evaluates;
    bool one_shell, one_shell_perhaps;
    char prefix;                 /* of a recipe's lines */
    bool gone;                   /* nobody knows the prefix: nothing more is read */
    int conditions, definitions; /* open ifeq and ifdef; open define */
    int sections;                /* parted by lines of conditions */
    llw_make_assignment defined; /* of the define that is open */
    llw_char defined_at;         /* its first byte */
    bool body;                   /* it has a line */
    llw_scope variables;
    llw_scope simple, overridden; /* names: of those expanded where they are set, set by override */
    llw_scope unseen;             /* names of private ones: some targets see them */
    llw_scope exported, hidden;   /* names; with a value: perhaps. hidden: unexport */
    bool exports_all, exports_perhaps;
    bool foreign; /* a file that nobody sees, or eval, may have set anything */
    llw_make_own own[LLW_MAKE_MAX_OWN];
    size_t n_own, own_bytes;        /* of their targets */
    llw_scope parents;              /* targets that need others, who then see their variables */
    bool any_parent;                /* any target may be one */
    llw_scope of_target, of_nobody; /* what the target at hand has for itself; all such, unknown */
    size_t n_nobody;                /* of own that are in of_nobody */
    const char *targets;            /* of the rule that is read; NULL between rules */
    bool replaces;                  /* it is for sure the only one of its targets from here on */
    bool any_target;                /* ... which are not known */
    int line;                       /* where it stands */
    llw_make_recipe *recipes;
    size_t n_recipes, capacity;
} llw_make;

static inline char llw_make_byte(const llw_rich *text, size_t i) {
    return i < text->n ? text->chars[i].byte : 0;
}

/* --- make_lines.c --- */
const char *llw_make_show(const llw_make *m, const llw_rich *rich);
/* Where the bracket at in[open] closes, or the end. */
size_t llw_make_closing(const llw_rich *in, size_t open);
/* Whether $( or ${ stands there. */
bool llw_make_calls(const llw_rich *in, size_t i);
llw_rich llw_make_without_start(const llw_rich *text);
/* Whether that word is the first one of the line; and what stands behind it. */
bool llw_make_starts(const llw_rich *line, const char *word);
llw_rich llw_make_behind(const llw_rich *line, const char *word);
/* $(eval ...) makes variables and rules of what nobody reads here. */
bool llw_make_evaluates(const llw_rich *line);
llw_rich llw_make_next_line(const llw_rich *text, size_t *at);
/* A line with those that it goes on in, as they are written. */
llw_rich llw_make_line(const llw_rich *text, size_t *at);
/* The same as one line: what make reads outside of recipes. */
llw_rich llw_make_collapse(const llw_make *m, const llw_rich *line);
/* ... and in recipes: without the prefix of the lines behind the first. */
llw_rich llw_make_recipe_text(const llw_make *m, const llw_rich *line);
/* A line of a recipe without what tells make how to run it. */
llw_rich llw_make_command(const llw_rich *line, char prefix);

/* --- make_read.c, make_just.c --- */
/* Reads a whole file, and those that it includes: variables and recipes. */
void llw_make_read(llw_make *m, const llw_rich *text);
void llw_make_read_just(llw_make *m, const llw_rich *text);

typedef struct llw_make_modifiers {
    bool exports, unexports, overrides, hides;
} llw_make_modifiers;

/* Takes "export", "override" and the like from the front. */
llw_make_modifiers llw_make_take_modifiers(llw_rich *line);
/* NAME = value and its kin, for those targets or, with NULL, for all; false when the line is none. */
bool llw_make_read_assignment(llw_make *m, const llw_rich *line, const llw_make_modifiers *said,
                              const char *targets);

/* --- make_rules.c --- */
/* A rule as one line and as it is written. */
void llw_make_read_rule(llw_make *m, const llw_rich *line, const llw_rich *written);
void llw_make_keep_recipe(llw_make *m, const llw_rich *script);
/* Once all is read: what runs in one shell, and which targets are above others. */
void llw_make_end_rules(llw_make *m);

/* --- make_variables.c --- */
/* Sets a variable of the whole file, or of the targets where there are any ("": nobody knows which). `at` is
 * the line. */
void llw_make_assign(llw_make *m, const llw_make_assignment *a, const llw_char *at, const char *targets);
void llw_make_unset(llw_make *m, const char *name, const llw_char *at);
/* export or unexport of that name; NULL: of all. */
void llw_make_export(llw_make *m, const char *name, bool exports, const llw_char *at);
/* What was set so far may be something else by now. Names of llama.cpp's programs stay. */
void llw_make_forget(llw_make *m);
/* Appends the text with $(NAME), ${NAME}, $N or {{NAME}} put in; what no file sets is unknown. */
void llw_make_expand(llw_make *m, const llw_rich *text, llw_rich *out);
/* What a recipe's shell finds in its environment; false when that is too much to be read. */
bool llw_make_environment(llw_make *m, llw_scope *out);
llw_rich llw_make_unknown(const llw_make *m, const llw_char *at, const llw_link *link);
/* The value of NAME := text. */
llw_rich llw_make_at_once(llw_make *m, const llw_rich *text);
/* Puts a value into a scope of variables; sign + adds it to what is there. */
void llw_make_give(llw_make *m, llw_scope *scope, const char *name, char sign, const llw_rich *value,
                   const llw_link *link);
void llw_make_remember(llw_scope *names, const char *name);

/* --- make_targets.c --- */
void llw_make_assign_own(llw_make *m, const llw_make_assignment *a, const llw_char *at, const char *targets,
                         llw_rich value, const llw_link *link);
/* From here on variables are those of that target, or of those targets ("": nobody knows which); false when
 * they are those of all. */
bool llw_make_enter(llw_make *m, const char *targets);

/* --- make_names.c --- */
/* Whether make has that variable before it reads any file, or nearly every environment does. */
bool llw_make_has(const char *name);

#endif
