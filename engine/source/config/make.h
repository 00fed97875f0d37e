/* Makefiles and justfiles, as make.c (recipes) and make_variables.c (what they hold) read them. */
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
    const char *targets, *name;
    char sign; /* = : + ! */
    llw_rich value;
    bool exported;
    bool above; /* one of the targets is a pattern or needs others, who then see it */
    const llw_link *link;
} llw_make_own;

typedef struct llw_make {
    llw_config_reader *r;
    llw_config_set *set;
    const llw_config_file *file; /* the one that is read, an included one too */
    bool just, one_shell;
    int conditions, definitions, includes; /* open ifeq and ifdef; open define; files included so far */
    llw_scope variables, simple;    /* simple: the names of those that are expanded where they are set */
    llw_scope exported, overridden; /* names */
    bool exports_all;
    llw_make_own own[LLW_MAKE_MAX_OWN];
    size_t n_own;
    llw_scope parents;   /* targets that need others, who then see their variables */
    llw_scope of_target; /* what the target that is read has for itself, or leaves open */
    llw_scope of_nobody; /* all that targets have for themselves, unknown */
} llw_make;

/* Every variable of the text. A recipe sees those below it too. */
void llw_make_read(llw_make *m, const llw_rich *text);
/* The targets of a rule, as they stand there with variables put in, and the line of its recipe that stands
 * behind a semicolon; NULL when the line is none. */
const char *llw_make_rule(llw_make *m, const llw_rich *line, llw_rich *first);
/* From here on variables are those of that target, or of those targets; false when they are those of all. */
bool llw_make_enter(llw_make *m, const char *targets);
/* Appends the text with $(NAME), ${NAME}, $N or {{NAME}} put in; what no file sets is unknown. */
void llw_make_expand(llw_make *m, const llw_rich *text, llw_rich *out);
/* What a recipe's shell finds in its environment. */
llw_scope llw_make_environment(llw_make *m);

/* The next line at *at, and whether it is one of a recipe. */
llw_rich llw_make_line(const llw_rich *text, size_t *at);
bool llw_make_is_recipe(const llw_make *m, const llw_rich *line);
bool llw_make_goes_on(const llw_rich *line); /* it ends in a backslash */

#endif
