/* libedit, loaded when somebody sits at a prompt: with what it needs in turn it took a third of the time that
 * llwhy takes to start, and one command uses it. Include this instead of histedit.h, and call its functions as
 * usual once llw_edit_load has said that they are there. */
#ifndef LLW_CLI_EDIT_H
#define LLW_CLI_EDIT_H

#include <histedit.h>
#include <stdbool.h>

/* clang-format off */
#define LLW_EDIT_FUNCTIONS(F) \
    F(el_init) F(el_end) F(el_set) F(el_get) F(el_gets) F(el_line) F(el_cursor) F(el_insertstr) F(el_deletestr) \
    F(history_init) F(history_end) F(history)
/* clang-format on */

struct llw_edit {
#define F(name) __typeof__(name) *name; /* NOLINT(bugprone-macro-parentheses): a declaration */
    LLW_EDIT_FUNCTIONS(F)
#undef F
};

extern struct llw_edit llw_edit;

/* False when there is no libedit on this machine, or one without these functions. */
bool llw_edit_load(void);

#ifndef LLW_EDIT_LOADER
#define el_init llw_edit.el_init
#define el_end llw_edit.el_end
#define el_set llw_edit.el_set
#define el_get llw_edit.el_get
#define el_gets llw_edit.el_gets
#define el_line llw_edit.el_line
#define el_cursor llw_edit.el_cursor
#define el_insertstr llw_edit.el_insertstr
#define el_deletestr llw_edit.el_deletestr
#define history_init llw_edit.history_init
#define history_end llw_edit.history_end
#define history llw_edit.history
#endif

#endif
