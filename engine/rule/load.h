/* Inside rule/: from a rule file's Lua tables to llw_lesson and llw_rule. */
#ifndef LLW_RULE_LOAD_H
#define LLW_RULE_LOAD_H

#include "rule/kb.h"

#include <lua.h>

/* What one file may become. A rule of many conditions is some kilobytes; a table that stands in many places
 * is copied each time. */
enum { LLW_LOAD_BYTES = 4 << 20 };

/* What is being loaded: one file. */
typedef struct llw_loading {
    llw_kb *kb;
    const char *path, *bytes;
    const char *line_at; /* start of the line that was looked for last, and its number; NULL: none was */
    int line;
    llw_lesson *lesson; /* NULL until the file has declared it */
    llw_rule *rules;
    size_t n_rules, rule_capacity;
    size_t before; /* bytes of the knowledge base when the file's turn came */
    llw_err *err;  /* where the first problem goes */
    bool failed;
} llw_loading;

/* Puts lesson, rule, fires, silent, undecided, unknown, the kinds and the sizes into the state. */
void llw_load_words(lua_State *lua);
/* Reads one declared rule; the table is on top of the stack. Runs protected. */
void llw_load_rule(lua_State *lua, llw_loading *loading, const char *id, int line);
/* Reads `tests = {...}` (on top of the stack) of a rule. */
void llw_load_tests(lua_State *lua, llw_loading *loading, llw_rule *rule);
/* The line at or after `from` where the quoted text stands, or `from`. */
int llw_load_line_of(llw_loading *loading, int from, const char *text);
/* Whether the file may go on: it has no problem yet and its budget is not spent (which is a problem). Asked
 * in every loop over what the file declares, so that few steps in Lua cannot mean endless work here. */
bool llw_load_goes_on(llw_loading *loading, int line);
/* A text of the Lua stack as a copy that no terminal can be steered by: rule files are printed, and need not
 * be ours. */
const char *llw_load_text(lua_State *lua, int index, llw_arena *arena);
/* Records the first problem of the file. */
void llw_load_fail(llw_loading *loading, int line, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
llw_rc llw_template_parse(llw_arena *arena, const llw_scope *scope, const char *text, const char *file,
                          int line, llw_template *out, llw_err *err);
int llw_kb_find_function(void *context, const char *name, int *arity, const llw_unit **parameters,
                         llw_unit *result);

/* A llama.cpp version in the table on top of the stack (key since or until) as its order, -1 when absent; the
 * text in *text. */
int64_t llw_load_build(lua_State *lua, llw_loading *loading, const char *key, int line, const char **text);

/* The address that stands for `unknown` in a rule's tests. */
extern const char llw_load_unknown;

#endif
