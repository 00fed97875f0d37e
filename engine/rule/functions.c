/* Named pure functions: rules.d/lib files declare them with `calc`, expressions call them. */
#include "rule/load.h"
#include "rule/sandbox.h"

#include <lauxlib.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

typedef struct adding {
    llw_kb *kb;
    const char *path;
} adding;

static llw_unit unit_named(lua_State *lua, const char *name) {
    static const struct {
        const char *name;
        llw_unit unit;
    } units[] = {{"number", LLW_UNIT_PLAIN},
                 {"bytes", LLW_UNIT_BYTES},
                 {"rate", LLW_UNIT_RATE},
                 {"seconds", LLW_UNIT_SECONDS}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(name, units[i].name)) return units[i].unit;
    luaL_error(lua, "'%s' is no unit: number, bytes, rate or seconds", name);
    return LLW_UNIT_PLAIN;
}

/* calc { name = "...", doc = "...", takes = {"bytes", "number"}, gives = "bytes", run = function(a, b) ...
 * end } */
static int calc(lua_State *lua) {
    adding *to = llw_sandbox_context(lua);
    if (!to) return luaL_error(lua, "functions are declared when their file is loaded, not later");
    luaL_checktype(lua, 1, LUA_TTABLE);
    llw_function f = {.file = to->path};
    lua_getfield(lua, 1, "name");
    f.name = llw_arena_strdup(to->kb->arena, luaL_checkstring(lua, -1));
    lua_getfield(lua, 1, "doc");
    f.doc = llw_arena_strdup(to->kb->arena, luaL_checkstring(lua, -1));
    lua_getfield(lua, 1, "gives");
    f.result = unit_named(lua, luaL_checkstring(lua, -1));
    lua_getfield(lua, 1, "takes");
    luaL_checktype(lua, -1, LUA_TTABLE);
    size_t n = lua_rawlen(lua, -1);
    if (n > LLW_EXPR_MAX_ARGS)
        return luaL_error(lua, "a function takes at most %d numbers", LLW_EXPR_MAX_ARGS);
    for (size_t i = 0; i < n; i++) {
        lua_rawgeti(lua, -1, (lua_Integer)i + 1);
        f.parameters[f.arity++] = unit_named(lua, luaL_checkstring(lua, -1));
        lua_pop(lua, 1);
    }
    lua_getfield(lua, 1, "run");
    luaL_checktype(lua, -1, LUA_TFUNCTION);
    f.reference = luaL_ref(lua, LUA_REGISTRYINDEX);
    void *items = to->kb->functions;
    *(llw_function *)llw_arena_push(to->kb->arena, &items, &to->kb->n_functions, &to->kb->function_capacity,
                                    sizeof f) = f;
    to->kb->functions = items;
    return 0;
}

void llw_kb_add_functions(llw_kb *kb, const char *path, const char *bytes, size_t len) {
    adding to = {kb, llw_arena_strdup(kb->arena, path)};
    llw_err err = {0};
    size_t before = kb->n_functions;
    if (!kb->lua) kb->lua = llw_sandbox_new(kb->sum);
    if (kb->lua) {
        lua_register(kb->lua, "calc", calc);
        llw_sandbox_set_context(kb->lua, &to);
        llw_rc rc = llw_sandbox_run(kb->lua, to.path, bytes, len, &err);
        llw_sandbox_set_context(kb->lua, NULL);
        if (rc == LLW_OK) return;
    } else
        llw_fail(&err, LLW_ERR_MEMORY, path, 0, "no memory for a function file");
    kb->n_functions = before;
    void *items = kb->problems;
    *(llw_err *)llw_arena_push(kb->arena, &items, &kb->n_problems, &kb->problem_capacity, sizeof err) = err;
    kb->problems = items;
}

bool llw_kb_call(const llw_kb *kb, int function, const double *args, double *result) {
    const llw_function *f = &kb->functions[function];
    lua_State *lua = kb->lua;
    lua_rawgeti(lua, LUA_REGISTRYINDEX, f->reference);
    for (int i = 0; i < f->arity; i++) lua_pushnumber(lua, args[i]);
    if (llw_sandbox_call(lua, f->arity, 1, f->file, NULL) != LLW_OK) return false;
    bool ok = lua_type(lua, -1) == LUA_TNUMBER;
    if (ok) *result = lua_tonumber(lua, -1);
    lua_pop(lua, 1);
    return ok && isfinite(*result);
}
