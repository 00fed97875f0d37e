/* A Lua state for text that is not trusted: nothing to call but what is put in, bounded memory, bounded time.
 *
 * Safety by removal: no library is opened at all, so there is no load, pcall, coroutine, setmetatable, io,
 * os, debug, package and no string functions, not even through the string metatable. What remains is the
 * language itself, `ipairs`, `tostring` of numbers, and a small `math`. The allocator refuses beyond
 * LLW_SANDBOX_BYTES and single blocks beyond LLW_SANDBOX_BLOCK; a count hook ends a run beyond
 * LLW_SANDBOX_STEPS and stays ended. Steps are not alike (joining long texts, collecting garbage in full
 * memory), so the hook also looks at the processor time: LLW_SANDBOX_MS is some hundred times what any file
 * needs that the steps allow, and no answer depends on it otherwise. Files that are read together share a
 * sum as well, or a hundred of them would cost a hundred times that. What this cannot stop: nothing known
 * that uses only these words. What the tables that a file leaves cost to read is bounded by load.h. */
#ifndef LLW_RULE_SANDBOX_H
#define LLW_RULE_SANDBOX_H

#include "base/error.h"

#include <lua.h>
#include <stddef.h>
#include <stdint.h>

enum {
    LLW_SANDBOX_BYTES = 16 << 20,
    LLW_SANDBOX_BLOCK = 1 << 20,
    LLW_SANDBOX_STEPS = 2000000,
    LLW_SANDBOX_MS = 500,
    LLW_SANDBOX_ALL_STEPS = 20000000,
    LLW_SANDBOX_ALL_MS = 2000,
    LLW_SANDBOX_FILE = 256 << 10,
};

/* What several states have taken together. */
typedef struct llw_sandbox_sum {
    int64_t steps;
    double seconds;
} llw_sandbox_sum;

lua_State *llw_sandbox_new(llw_sandbox_sum *sum); /* NULL when out of memory */
void llw_sandbox_free(lua_State *lua);

/* Runs a text chunk under a fresh budget, unless the sum is spent. err.line is the line in the chunk. */
llw_rc llw_sandbox_run(lua_State *lua, const char *path, const char *bytes, size_t len, llw_err *err);
/* lua_pcall under a fresh budget; the message, if it fails, is in err. */
llw_rc llw_sandbox_call(lua_State *lua, int n_args, int n_results, const char *path, llw_err *err);

/* The context pointer that the functions put in may fetch. */
void llw_sandbox_set_context(lua_State *lua, void *context);
void *llw_sandbox_context(lua_State *lua);

#endif
