/* The Lua sandbox: an empty environment, a capped allocator, a sticky step budget. */
#include "rule/sandbox.h"
#include "base/sanitized.h"

#include <lauxlib.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

typedef struct box {
    size_t used;
    bool exhausted; /* sticky: once the budget is gone, every further step fails */
    double until;   /* the thread's processor time at which the run ends, in seconds */
    llw_sandbox_sum *sum;
    int line; /* where the run is: what ends it from outside, no memory or no steps left, has no line of its
                 own */
    void *context;
} box;

enum { HOOK_EVERY = 1000 };
enum { SLOWER = LLW_SANITIZED ? 4 : 1 }; /* what watches the memory takes that many times the time */

static void *allocate(void *user, void *old, size_t old_size, size_t size) {
    box *b = user;
    size_t before = old ? old_size : 0;
    if (size > before && size > LLW_SANDBOX_BLOCK)
        return NULL; /* one step on a long text is as dear as thousands */
    if (size == 0) {
        free(old);
        b->used -= before;
        return NULL;
    }
    if (size > before && b->used + (size - before) > LLW_SANDBOX_BYTES) return NULL;
    void *p = realloc(old, size);
    if (p) b->used = b->used - before + size;
    return p;
}

static box *box_of(lua_State *lua) {
    void *user = NULL;
    lua_getallocf(lua, &user);
    return user;
}

static double processor_seconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void watch(lua_State *lua, lua_Debug *activation) {
    box *b = box_of(lua);
    if (activation->event == LUA_HOOKLINE) {
        b->line = activation->currentline;
        return;
    }
    int *left = (int *)lua_getextraspace(lua);
    bool steps = (*left -= HOOK_EVERY) <= 0;
    if (!b->exhausted && !steps && processor_seconds() < b->until) return;
    b->exhausted = true;
    lua_sethook(lua, watch, LUA_MASKCOUNT, 1);
    if (steps)
        lua_pushfstring(lua, "took more than %d steps: a rule file only declares, it does not compute",
                        (int)LLW_SANDBOX_STEPS);
    else
        lua_pushfstring(lua, "took longer than %d ms: a rule file only declares, it does not compute",
                        (int)LLW_SANDBOX_MS);
    lua_error(lua);
}

static int next_item(lua_State *lua) {
    lua_Integer i = luaL_checkinteger(lua, 2) + 1;
    lua_pushinteger(lua, i);
    return lua_rawgeti(lua, 1, i) == LUA_TNIL ? 1 : 2;
}

static int each_item(lua_State *lua) {
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_pushcfunction(lua, next_item);
    lua_pushvalue(lua, 1);
    lua_pushinteger(lua, 0);
    return 3;
}

/* Only for numbers, booleans and strings: the address of a function or table must not leak. */
static int to_text(lua_State *lua) {
    switch (lua_type(lua, 1)) {
    case LUA_TNUMBER:
    case LUA_TSTRING: luaL_tolstring(lua, 1, NULL); break;
    case LUA_TBOOLEAN: lua_pushstring(lua, lua_toboolean(lua, 1) ? "true" : "false"); break;
    default: return luaL_error(lua, "tostring() takes a number, a boolean or a text");
    }
    return 1;
}

static int math_floor(lua_State *lua) {
    lua_pushnumber(lua, floor(luaL_checknumber(lua, 1)));
    return 1;
}

static int math_ceil(lua_State *lua) {
    lua_pushnumber(lua, ceil(luaL_checknumber(lua, 1)));
    return 1;
}

static int math_min(lua_State *lua) {
    lua_pushnumber(lua, fmin(luaL_checknumber(lua, 1), luaL_checknumber(lua, 2)));
    return 1;
}

static int math_max(lua_State *lua) {
    lua_pushnumber(lua, fmax(luaL_checknumber(lua, 1), luaL_checknumber(lua, 2)));
    return 1;
}

static int unprotected(lua_State *lua) {
    (void)lua;
    return 0; /* returning lets Lua abort; every call here is protected, so this is our bug */
}

lua_State *llw_sandbox_new(llw_sandbox_sum *sum) {
    static const luaL_Reg functions[] = {
        {"floor", math_floor}, {"ceil", math_ceil}, {"min", math_min}, {"max", math_max}, {NULL, NULL}};
    box *b = calloc(1, sizeof *b);
    lua_State *lua = b ? lua_newstate(allocate, b) : NULL;
    if (!lua) {
        free(b);
        return NULL;
    }
    b->sum = sum;
    lua_atpanic(lua, unprotected);
    lua_register(lua, "ipairs", each_item);
    lua_register(lua, "tostring", to_text);
    luaL_newlib(lua, functions);
    lua_setglobal(lua, "math");
    return lua;
}

void llw_sandbox_free(lua_State *lua) {
    if (!lua) return;
    box *b = box_of(lua);
    lua_sethook(lua, NULL, 0, 0);
    lua_close(lua); /* no __gc can exist: setmetatable is not there */
    free(b);
}

void llw_sandbox_set_context(lua_State *lua, void *context) {
    box_of(lua)->context = context;
}

void *llw_sandbox_context(lua_State *lua) {
    return box_of(lua)->context;
}

/* Lua's messages start with "chunk:line: "; the line goes where lines belong. */
static llw_rc fail_from_lua(lua_State *lua, const char *path, llw_err *err) {
    const char *message = lua_tostring(lua, -1);
    if (!message) message = "failed without a message";
    int line = box_of(lua)->line;
    size_t skip = 0;
    if (!strncmp(message, "rules:", 6)) {
        char *end = NULL;
        line = (int)strtol(message + 6, &end, 10);
        if (end && end[0] == ':' && end[1] == ' ') skip = (size_t)(end + 2 - message);
    }
    llw_rc rc = llw_fail(err, LLW_ERR_INPUT, path, line, "%s", message + skip);
    lua_pop(lua, 1);
    return rc;
}

llw_rc llw_sandbox_call(lua_State *lua, int n_args, int n_results, const char *path, llw_err *err) {
    box *b = box_of(lua);
    b->exhausted = false;
    b->line = 0;
    double start = processor_seconds();
    b->until = start + LLW_SANDBOX_MS / 1000.0;
    int *left = lua_getextraspace(lua);
    *left = LLW_SANDBOX_STEPS;
    lua_sethook(lua, watch, LUA_MASKCOUNT | LUA_MASKLINE, HOOK_EVERY);
    int rc = lua_pcall(lua, n_args, n_results, 0);
    lua_sethook(lua, NULL, 0, 0);
    b->sum->steps += LLW_SANDBOX_STEPS - *left;
    b->sum->seconds += processor_seconds() - start;
    return rc == LUA_OK ? LLW_OK : fail_from_lua(lua, path, err);
}

llw_rc llw_sandbox_run(lua_State *lua, const char *path, const char *bytes, size_t len, llw_err *err) {
    if (len > LLW_SANDBOX_FILE)
        return llw_fail(err, LLW_ERR_INPUT, path, 0, "has %zu bytes; a rule file has at most %d", len,
                        (int)LLW_SANDBOX_FILE);
    box *b = box_of(lua);
    b->line = 0;
    if (b->sum->steps > LLW_SANDBOX_ALL_STEPS || b->sum->seconds * 1000 > LLW_SANDBOX_ALL_MS * SLOWER)
        return llw_fail(err, LLW_ERR_INPUT, path, 0,
                        "was not run: the rule files before it took what all may take together");
    if (luaL_loadbufferx(lua, bytes, len, "=rules", "t") != LUA_OK) return fail_from_lua(lua, path, err);
    return llw_sandbox_call(lua, 0, 0, path, err);
}
