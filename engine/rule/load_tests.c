/* Reads the tests of a rule: which facts, and what must come of them. */
#include "rule/load.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

typedef struct reading {
    lua_State *lua;
    llw_loading *loading;
    llw_rule_test *test;
    size_t capacity;
} reading;

static llw_test_fact *add_fact(reading *r, llw_kind kind, const char *id, llw_attr attr) {
    void *items = r->test->facts;
    llw_test_fact *fact =
        llw_arena_push(r->loading->kb->arena, &items, &r->test->n_facts, &r->capacity, sizeof *fact);
    r->test->facts = items;
    *fact = (llw_test_fact){.kind = kind, .id = id, .attr = attr, .grade = "", .origin = ""};
    return fact;
}

/* The value on top of the stack as one of the attribute's type. */
static bool read_value(reading *r, llw_attr attr, llw_test_fact *fact) {
    lua_State *lua = r->lua;
    const llw_attr_info *info = llw_attr_get(attr);
    int type = lua_type(lua, -1);
    fact->value = llw_unknown(info->type);
    if (type == LUA_TLIGHTUSERDATA) return lua_touserdata(lua, -1) == (const void *)&llw_load_unknown;
    if (info->type == LLW_REF && type == LUA_TSTRING) {
        fact->ref = llw_arena_strdup(r->loading->kb->arena, lua_tostring(lua, -1));
        return true;
    }
    if (info->type == LLW_FLAG && type == LUA_TBOOLEAN)
        fact->value = llw_flag(lua_toboolean(lua, -1));
    else if (llw_type_is_text(info->type) && type == LUA_TSTRING)
        fact->value = llw_string(info->type, llw_arena_strdup(r->loading->kb->arena, lua_tostring(lua, -1)));
    else if (llw_type_is_integer(info->type) && lua_isinteger(lua, -1)) {
        fact->value = llw_count(lua_tointeger(lua, -1));
        fact->value.type = info->type;
    } else if ((llw_type_is_integer(info->type) || llw_type_is_real(info->type)) && type == LUA_TNUMBER)
        fact->value = llw_number(info->type, lua_tonumber(lua, -1));
    else
        return false;
    return true;
}

/* An attribute: a value, { value, grade = "prose", origin = "comment" }, or a list of such tables (rival
 * claims). */
static void read_claims(reading *r, llw_kind kind, const char *id, llw_attr attr, int line) {
    lua_State *lua = r->lua;
    bool table = lua_type(lua, -1) == LUA_TTABLE;
    size_t n = 1;
    bool list = false;
    if (table) {
        list = lua_rawgeti(lua, -1, 1) == LUA_TTABLE;
        lua_pop(lua, 1);
        if (list) n = lua_rawlen(lua, -1);
    }
    for (size_t i = 1; i <= n && llw_load_goes_on(r->loading, line); i++) {
        llw_test_fact *fact = add_fact(r, kind, id, attr);
        if (list) lua_rawgeti(lua, -1, (lua_Integer)i);
        if (table) {
            if (lua_type(lua, -1) != LUA_TTABLE) {
                llw_load_fail(r->loading, line, "claim %zu of %s is not { value, grade = \"...\" }", i,
                              llw_attr_get(attr)->name);
                lua_pop(lua, list);
                return;
            }
            if (lua_getfield(lua, -1, "grade") == LUA_TSTRING)
                fact->grade = llw_arena_strdup(r->loading->kb->arena, lua_tostring(lua, -1));
            lua_pop(lua, 1);
            if (lua_getfield(lua, -1, "origin") == LUA_TSTRING)
                fact->origin = llw_arena_strdup(r->loading->kb->arena, lua_tostring(lua, -1));
            lua_pop(lua, 1);
            lua_rawgeti(lua, -1, 1);
        }
        if (!read_value(r, attr, fact))
            llw_load_fail(r->loading, line, "%s.%s is %s, which %s cannot be", llw_kind_name(kind),
                          llw_attr_get(attr)->name, llw_type_name(llw_attr_get(attr)->type),
                          lua_typename(lua, lua_type(lua, -1)));
        if (table) lua_pop(lua, 1);
        if (list) lua_pop(lua, 1);
    }
}

static int by_attr(const void *a, const void *b) {
    llw_attr x = *(const llw_attr *)a, y = *(const llw_attr *)b;
    return (x > y) - (x < y);
}

/* launch { ubatch = 2048 }: a thing and what is claimed about it; the table is on top. */
static void read_thing(reading *r, llw_kind kind, int nth, int line) {
    lua_State *lua = r->lua;
    llw_arena *arena = r->loading->kb->arena;
    const char *id =
        lua_getfield(lua, -1, "id") == LUA_TSTRING ? llw_arena_strdup(arena, lua_tostring(lua, -1)) : NULL;
    lua_pop(lua, 1);
    if (!id) id = nth ? llw_arena_printf(arena, "%s%d", llw_kind_name(kind), nth) : llw_kind_name(kind);
    llw_test_fact *exists = add_fact(r, kind, id, LLW_ATTR_NONE);
    if (lua_getfield(lua, -1, "known") == LUA_TSTRING)
        exists->known = llw_arena_strdup(arena, lua_tostring(lua, -1));
    lua_pop(lua, 1);
    llw_attr attrs[LLW_ATTRS];
    size_t n = 0;
    for (lua_pushnil(lua); lua_next(lua, -2); lua_pop(lua, 1)) {
        const char *key = lua_type(lua, -2) == LUA_TSTRING ? lua_tostring(lua, -2) : "";
        if (!strcmp(key, "id") || !strcmp(key, "known") || !strncmp(key, "__", 2)) continue;
        llw_attr attr = llw_attr_find(kind, key);
        if (attr)
            attrs[n++] = attr;
        else {
            const char *near = llw_attr_nearest(kind, key);
            llw_load_fail(r->loading, line, "a %s has no attribute '%s'%s%s%s", llw_kind_name(kind), key,
                          near ? "; did you mean '" : "", near ? near : "", near ? "'?" : "");
        }
    }
    qsort(attrs, n, sizeof *attrs, by_attr);
    for (size_t i = 0; i < n && llw_load_goes_on(r->loading, line); i++) {
        lua_getfield(lua, -1, llw_attr_get(attrs[i])->name);
        read_claims(r, kind, id, attrs[i], line);
        lua_pop(lua, 1);
    }
}

static const char *word_of(lua_State *lua, int *line) {
    if (lua_type(lua, -1) != LUA_TTABLE) return "";
    lua_getfield(lua, -1, "__line");
    *line = (int)lua_tointeger(lua, -1);
    lua_pop(lua, 1);
    const char *word = lua_getfield(lua, -1, "__word") == LUA_TSTRING ? lua_tostring(lua, -1) : "";
    lua_pop(lua, 1); /* the string stays alive: the table holds it */
    return word;
}

static const char *option(lua_State *lua, llw_arena *arena, const char *key) {
    const char *text =
        lua_getfield(lua, -1, key) == LUA_TSTRING ? llw_arena_strdup(arena, lua_tostring(lua, -1)) : NULL;
    lua_pop(lua, 1);
    return text;
}

static void read_test(lua_State *lua, llw_loading *loading, llw_rule_test *test) {
    reading r = {.lua = lua, .loading = loading, .test = test};
    llw_arena *arena = loading->kb->arena;
    test->stops_at = option(lua, arena, "stops_at");
    test->needs = option(lua, arena, "needs");
    test->says = option(lua, arena, "says");
    int seen[LLW_KINDS] = {0};
    size_t n = lua_rawlen(lua, -1);
    for (size_t i = 1; i <= n && llw_load_goes_on(loading, test->line); i++) {
        lua_rawgeti(lua, -1, (lua_Integer)i);
        int line = test->line;
        llw_kind kind = llw_kind_find(word_of(lua, &line));
        if (kind)
            read_thing(&r, kind, seen[kind]++, line);
        else
            llw_load_fail(loading, test->line,
                          "part %zu of the test is no thing: write launch { ubatch = 1024 }", i);
        lua_pop(lua, 1);
    }
}

void llw_load_tests(lua_State *lua, llw_loading *loading, llw_rule *rule) {
    static const char *const words[] = {
        [LLW_FIRED] = "fires", [LLW_SILENT] = "silent", [LLW_UNDECIDED] = "undecided"};
    size_t n = lua_rawlen(lua, -1);
    llw_rule_test *tests = llw_arena_alloc(loading->kb->arena, n * sizeof *tests);
    rule->tests = tests;
    for (size_t i = 1; i <= n && llw_load_goes_on(loading, rule->line); i++) {
        lua_rawgeti(lua, -1, (lua_Integer)i);
        llw_rule_test *test = &tests[rule->n_tests++];
        test->line = rule->line;
        const char *word = word_of(lua, &test->line);
        int expect = -1;
        for (int w = 0; w < 3; w++)
            if (!strcmp(word, words[w])) expect = w;
        if (expect < 0)
            llw_load_fail(loading, rule->line,
                          "test %zu of rule \"%s\" is none of fires {...}, silent {...}, undecided {...}", i,
                          rule->id);
        else {
            test->expect = (llw_state)expect;
            read_test(lua, loading, test);
        }
        lua_pop(lua, 1);
    }
}
