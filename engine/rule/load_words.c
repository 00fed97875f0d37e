/* The words of a rule file: what Lua code in rules.d may call. They only build tables. */
#include "rule/load.h"
#include "rule/sandbox.h"

#include <lauxlib.h>
#include <string.h>

const char llw_load_unknown = 0;

/* lesson "id" {...} and rule "id" {...}: the second call appends {what, id, line, table} to the declarations.
 */
static int declare(lua_State *lua) {
    luaL_checktype(lua, 1, LUA_TTABLE);
    lua_getfield(lua, LUA_REGISTRYINDEX, "declarations");
    lua_createtable(lua, 4, 0);
    for (int i = 1; i <= 3; i++) {
        lua_pushvalue(lua, lua_upvalueindex(i));
        lua_rawseti(lua, -2, i);
    }
    lua_pushvalue(lua, 1);
    lua_rawseti(lua, -2, 4);
    lua_rawseti(lua, -2, (lua_Integer)lua_rawlen(lua, -2) + 1);
    return 0;
}

static int name_first(lua_State *lua) {
    const char *what = lua_tostring(lua, lua_upvalueindex(1));
    if (lua_type(lua, 1) != LUA_TSTRING)
        return luaL_error(lua, "%s is followed by its quoted id and a table: %s \"id\" { ... }", what, what);
    lua_Debug caller;
    int line = 0;
    if (lua_getstack(lua, 1, &caller) && lua_getinfo(lua, "l", &caller)) line = caller.currentline;
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_pushvalue(lua, 1);
    lua_pushinteger(lua, line);
    lua_pushcclosure(lua, declare, 3);
    return 1;
}

/* fires {...}, launch {...}: marks the table with its word and line. */
static int mark(lua_State *lua) {
    const char *word = lua_tostring(lua, lua_upvalueindex(1));
    if (lua_type(lua, 1) != LUA_TTABLE)
        return luaL_error(lua, "%s is followed by a table: %s { ... }", word, word);
    lua_Debug caller;
    int line = 0;
    if (lua_getstack(lua, 1, &caller) && lua_getinfo(lua, "l", &caller)) line = caller.currentline;
    lua_pushvalue(lua, lua_upvalueindex(1));
    lua_setfield(lua, 1, "__word");
    lua_pushinteger(lua, line);
    lua_setfield(lua, 1, "__line");
    lua_settop(lua, 1);
    return 1;
}

static void add_word(lua_State *lua, const char *word, lua_CFunction function) {
    lua_pushstring(lua, word);
    lua_pushcclosure(lua, function, 1);
    lua_setglobal(lua, word);
}

void llw_load_words(lua_State *lua) {
    static const struct {
        const char *name;
        lua_Integer bytes;
    } sizes[] = {{"KiB", 1024}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"GB", 1000000000}, {"MB", 1000000}};
    lua_newtable(lua);
    lua_setfield(lua, LUA_REGISTRYINDEX, "declarations");
    add_word(lua, "lesson", name_first);
    add_word(lua, "rule", name_first);
    add_word(lua, "fires", mark);
    add_word(lua, "silent", mark);
    add_word(lua, "undecided", mark);
    for (int k = 1; k < LLW_KINDS; k++) add_word(lua, llw_kind_name((llw_kind)k), mark);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        lua_pushinteger(lua, sizes[i].bytes);
        lua_setglobal(lua, sizes[i].name);
    }
    lua_pushlightuserdata(lua, (void *)(uintptr_t)&llw_load_unknown);
    lua_setglobal(lua, "unknown");
}
