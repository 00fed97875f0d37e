/* Reads one rule table: variables, conditions, quantities, what it concludes. */
#include "rule/load.h"

#include <lauxlib.h>
#include <stdlib.h>
#include <string.h>

static int by_name(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The string keys of the table on top of the stack, sorted, in the arena. */
static const char **sorted_keys(lua_State *lua, llw_arena *arena, size_t *n) {
    void *items = NULL;
    size_t count = 0, capacity = 0;
    for (lua_pushnil(lua); lua_next(lua, -2); lua_pop(lua, 1))
        if (lua_type(lua, -2) == LUA_TSTRING)
            *(const char **)llw_arena_push(arena, &items, &count, &capacity, sizeof(char *)) =
                llw_load_text(lua, -2, arena);
    if (count) qsort(items, count, sizeof(char *), by_name);
    *n = count;
    return items;
}

static bool check_keys(lua_State *lua, llw_loading *loading, int line) {
    static const char *const keys[] = {"level", "since",  "until", "each",   "join", "when", "unless",
                                       "let",   "derive", "find",  "advise", "try",  "tests"};
    size_t n = 0;
    const char **have = sorted_keys(lua, loading->kb->arena, &n);
    for (size_t i = 0; i < n && !loading->failed; i++) {
        bool found = false;
        for (size_t k = 0; k < sizeof keys / sizeof *keys; k++) found |= !strcmp(have[i], keys[k]);
        if (!found)
            llw_load_fail(
                loading, llw_load_line_of(loading, line, have[i]),
                "a rule has no part '%s': level, since, until, each, join, when, unless, let, derive, find, "
                "advise, try or tests",
                have[i]);
    }
    return !loading->failed;
}

static void read_variables(lua_State *lua, llw_loading *loading, llw_rule *rule) {
    if (lua_getfield(lua, -1, "each") != LUA_TTABLE)
        llw_load_fail(loading, rule->line,
                      "rule \"%s\" needs each = { l = \"launch\", ... }: the things it is about", rule->id);
    else {
        size_t n = 0;
        const char **names = sorted_keys(lua, loading->kb->arena, &n);
        if (!n || n > LLW_MAX_VARIABLES)
            llw_load_fail(loading, rule->line, "rule \"%s\" is about %zu things; one to %d can be used",
                          rule->id, n, LLW_MAX_VARIABLES);
        for (size_t i = 0; i < n && !loading->failed; i++) {
            lua_getfield(lua, -1, names[i]);
            const char *kind = lua_type(lua, -1) == LUA_TSTRING ? lua_tostring(lua, -1) : "";
            rule->variable[i] = names[i];
            rule->kind[i] = llw_kind_find(kind);
            rule->n_variables++;
            if (!rule->kind[i])
                llw_load_fail(loading, llw_load_line_of(loading, rule->line, kind),
                              "there is no kind of fact called '%s' (each.%s)", kind, names[i]);
            lua_pop(lua, 1);
        }
    }
    lua_pop(lua, 1);
}

/* An expression given as text, number or boolean (on top of the stack, left there). */
static const char *expression_text(lua_State *lua, llw_arena *arena) {
    if (lua_type(lua, -1) == LUA_TBOOLEAN) return lua_toboolean(lua, -1) ? "true" : "false";
    if (lua_type(lua, -1) == LUA_TSTRING) return llw_load_text(lua, -1, arena);
    if (lua_isinteger(lua, -1)) return llw_arena_printf(arena, "%lld", (long long)lua_tointeger(lua, -1));
    if (lua_type(lua, -1) == LUA_TNUMBER) return llw_arena_printf(arena, "%.17g", lua_tonumber(lua, -1));
    return NULL;
}

static bool read_expression(llw_loading *loading, const llw_scope *scope, const char *text, int line,
                            llw_expr *out) {
    llw_err err = {0};
    if (llw_expr_parse(loading->kb->arena, scope, text, loading->path, llw_load_line_of(loading, line, text),
                       out, &err) == LLW_OK)
        return true;
    llw_load_fail(loading, err.line, "%s", err.text);
    return false;
}

/* let = { name = "expression" }: in the order in which they can be understood, by name among equals. */
static void read_lets(lua_State *lua, llw_loading *loading, llw_rule *rule, llw_scope *scope) {
    llw_arena *arena = loading->kb->arena;
    if (lua_getfield(lua, -1, "let") != LUA_TTABLE) {
        if (!lua_isnil(lua, -1))
            llw_load_fail(loading, rule->line,
                          "let is a table of named quantities: let = { need = \"...\" }");
        lua_pop(lua, 1);
        return;
    }
    enum { MOST = 64 }; /* reading them takes the square of their number when each needs the next */
    size_t n = 0;
    const char **names = sorted_keys(lua, arena, &n);
    if (n > MOST)
        llw_load_fail(loading, rule->line, "rule \"%s\" has %zu quantities; at most %d can be used", rule->id,
                      n, MOST);
    if (n == 0 || n > MOST) {
        lua_pop(lua, 1);
        return;
    }
    const char **texts = llw_arena_alloc(arena, n * sizeof *texts);
    bool *done = llw_arena_alloc(arena, n * sizeof *done);
    for (size_t i = 0; i < n && llw_load_goes_on(loading, rule->line); i++) {
        lua_getfield(lua, -1, names[i]);
        texts[i] = expression_text(lua, arena);
        if (!texts[i]) llw_load_fail(loading, rule->line, "let.%s is a quoted expression", names[i]);
        lua_pop(lua, 1);
    }
    lua_pop(lua, 1);
    llw_unit *units = llw_arena_alloc(arena, n * sizeof *units);
    bool *predicts = llw_arena_alloc(arena, n * sizeof *predicts);
    const char **let_names = llw_arena_alloc(arena, n * sizeof *let_names);
    llw_expr *lets = llw_arena_alloc(arena, n * sizeof *lets);
    rule->let_names = scope->let_names = let_names;
    rule->lets = lets;
    scope->let_units = units;
    scope->let_predicts = predicts;
    llw_err err = {0};
    for (size_t before = n + 1; rule->n_lets < n && !loading->failed && rule->n_lets != before;) {
        before = rule->n_lets;
        for (size_t i = 0; i < n && llw_load_goes_on(loading, rule->line); i++) {
            size_t at = rule->n_lets;
            if (done[i] ||
                llw_expr_parse(arena, scope, texts[i], loading->path,
                               llw_load_line_of(loading, rule->line, texts[i]), &lets[at], &err) != LLW_OK)
                continue;
            done[i] = true;
            let_names[at] = names[i];
            units[at] = llw_expr_unit(&lets[at]);
            predicts[at] = lets[at].predicts;
            rule->n_lets++;
            scope->n_lets = (int)rule->n_lets;
        }
    }
    if (rule->n_lets < n) llw_load_fail(loading, err.line, "%s", err.text);
}

static const char *read_text(lua_State *lua, llw_arena *arena, const char *key) {
    const char *text = lua_getfield(lua, -1, key) == LUA_TSTRING ? llw_load_text(lua, -1, arena) : NULL;
    lua_pop(lua, 1);
    return text;
}

/* A join decides what is put together, before any quantity or prediction of the binding exists. */
static void check_join(llw_loading *loading, const llw_rule *rule, const llw_expr *join) {
    for (int i = 0; i < join->n_nodes; i++) {
        llw_op op = join->nodes[i].op;
        if (op == LLW_OP_LET)
            llw_load_fail(loading, join->line,
                          "the join \"%s\" uses the quantity '%s', which is computed later: put the "
                          "condition under when",
                          join->text, rule->let_names[join->nodes[i].as.let]);
        else if (op == LLW_OP_PREDICT)
            llw_load_fail(loading, join->line,
                          "the join \"%s\" asks for a prediction: put the condition under when", join->text);
    }
}

static void read_conditions(lua_State *lua, llw_loading *loading, llw_rule *rule, const llw_scope *scope) {
    static const char *const parts[] = {
        [LLW_ROLE_JOIN] = "join", [LLW_ROLE_WHEN] = "when", [LLW_ROLE_UNLESS] = "unless"};
    llw_arena *arena = loading->kb->arena;
    void *items = NULL;
    size_t capacity = 0;
    for (int role = 0; role < 3; role++) {
        int type = lua_getfield(lua, -1, parts[role]);
        if (type != LUA_TTABLE && type != LUA_TNIL)
            llw_load_fail(loading, rule->line, "%s is a list of quoted conditions", parts[role]);
        size_t n = type == LUA_TTABLE ? lua_rawlen(lua, -1) : 0;
        for (size_t i = 1; i <= n && llw_load_goes_on(loading, rule->line); i++) {
            const char *otherwise = NULL;
            lua_rawgeti(lua, -1, (lua_Integer)i);
            if (lua_type(lua, -1) == LUA_TTABLE) { /* { "condition", otherwise = "sentence" } */
                otherwise = read_text(lua, arena, "otherwise");
                lua_rawgeti(lua, -1, 1);
                lua_remove(lua, -2);
            }
            const char *text = expression_text(lua, arena);
            lua_pop(lua, 1);
            if (!text) {
                llw_load_fail(loading, rule->line, "condition %zu of %s is not a quoted expression", i,
                              parts[role]);
                break;
            }
            llw_condition *c = llw_arena_push(arena, &items, &rule->n_conditions, &capacity, sizeof *c);
            *c = (llw_condition){.role = (llw_role)role};
            llw_err err = {0};
            if (otherwise && llw_template_parse(arena, scope, otherwise, loading->path,
                                                llw_load_line_of(loading, rule->line, otherwise),
                                                &c->otherwise, &err) != LLW_OK)
                llw_load_fail(loading, err.line, "%s", err.text);
            if (read_expression(loading, scope, text, rule->line, &c->expr) &&
                llw_expr_unit(&c->expr) != LLW_UNIT_FLAG)
                llw_load_fail(loading, c->expr.line, "\"%s\" is %s, not a yes-or-no condition", text,
                              llw_unit_name(llw_expr_unit(&c->expr)));
            if (role == LLW_ROLE_JOIN && !loading->failed) check_join(loading, rule, &c->expr);
        }
        lua_pop(lua, 1);
    }
    rule->conditions = items;
}

/* "l.ubatch" as a slot of the rule. */
static bool read_slot(llw_loading *loading, const llw_rule *rule, const llw_scope *scope, const char *name,
                      llw_setting *out) {
    llw_expr slot;
    if (!read_expression(loading, scope, name, rule->line, &slot)) return false;
    const llw_expr_node *node = &slot.nodes[slot.n_nodes - 1];
    if (node->op != LLW_OP_SLOT || node->as.slot.attr == LLW_ATTR_NONE) {
        llw_load_fail(loading, slot.line, "\"%s\" is no slot: write \"l.ubatch\"", name);
        return false;
    }
    out->variable = node->as.slot.variable;
    out->attr = node->as.slot.attr;
    return true;
}

static bool same_unit(llw_unit a, llw_unit b) {
    return a == b || (a == LLW_UNIT_ZERO && b <= LLW_UNIT_SECONDS) ||
           (b == LLW_UNIT_ZERO && a <= LLW_UNIT_SECONDS);
}

/* derive, try and advise: tables from slots to an expression or a sentence. */
static llw_setting *read_settings(lua_State *lua, llw_loading *loading, const llw_rule *rule,
                                  const llw_scope *scope, const char *part, size_t *n) {
    llw_arena *arena = loading->kb->arena;
    bool sentences = !strcmp(part, "advise");
    llw_setting *settings = NULL;
    *n = 0;
    int type = lua_getfield(lua, -1, part);
    if (type != LUA_TTABLE && type != LUA_TNIL)
        llw_load_fail(loading, rule->line, "%s is a table: %s = { [\"l.ubatch\"] = \"...\" }", part, part);
    if (type == LUA_TTABLE) {
        const char **names = sorted_keys(lua, arena, n);
        settings = llw_arena_alloc(arena, *n * sizeof *settings);
        for (size_t i = 0; i < *n && llw_load_goes_on(loading, rule->line); i++) {
            lua_getfield(lua, -1, names[i]);
            const char *text = expression_text(lua, arena);
            lua_pop(lua, 1);
            if (!text) {
                llw_load_fail(loading, rule->line, "%s[\"%s\"] is not a quoted text", part, names[i]);
                break;
            }
            if (!read_slot(loading, rule, scope, names[i], &settings[i])) break;
            const llw_attr_info *info = llw_attr_get(settings[i].attr);
            int line = llw_load_line_of(loading, rule->line, names[i]);
            llw_err err = {0};
            if (sentences) {
                if (llw_template_parse(arena, scope, text, loading->path, line, &settings[i].sentence,
                                       &err) != LLW_OK)
                    llw_load_fail(loading, err.line, "%s", err.text);
                continue;
            }
            if (!read_expression(loading, scope, text, rule->line, &settings[i].value)) break;
            if (!same_unit(llw_expr_unit(&settings[i].value), llw_unit_of(info->type)))
                llw_load_fail(loading, line, "%s is %s, but \"%s\" is %s", names[i],
                              llw_unit_name(llw_unit_of(info->type)), text,
                              llw_unit_name(llw_expr_unit(&settings[i].value)));
            if (!strcmp(part, "derive") && info->knob)
                llw_load_fail(loading, line,
                              "%s is a knob: a lesson may try it or advise on it, but not derive it",
                              names[i]);
            if (!strcmp(part, "try") && !info->knob)
                llw_load_fail(loading, line, "%s is no knob: nobody can try it", names[i]);
        }
    }
    lua_pop(lua, 1);
    return settings;
}

static bool predicts(const llw_rule *rule) {
    bool found = false;
    for (size_t i = 0; i < rule->n_conditions; i++) found |= rule->conditions[i].expr.predicts;
    for (size_t i = 0; i < rule->n_lets; i++) found |= rule->lets[i].predicts;
    for (size_t i = 0; i < rule->n_derives; i++) found |= rule->derives[i].value.predicts;
    return found;
}

void llw_load_rule(lua_State *lua, llw_loading *loading, const char *id, int line) {
    llw_arena *arena = loading->kb->arena;
    void *items = loading->rules;
    llw_rule *rule = llw_arena_push(arena, &items, &loading->n_rules, &loading->rule_capacity, sizeof *rule);
    loading->rules = items;
    *rule = (llw_rule){.id = llw_arena_strdup(arena, id), .line = line};
    if (!check_keys(lua, loading, line)) return;
    read_variables(lua, loading, rule);
    if (loading->failed) return;
    llw_scope scope = {
        .n_variables = rule->n_variables, .find_function = llw_kb_find_function, .context = loading->kb};
    memcpy(scope.variable, rule->variable, sizeof scope.variable);
    memcpy(scope.kind, rule->kind, sizeof scope.kind);
    read_lets(lua, loading, rule, &scope);
    if (!loading->failed) read_conditions(lua, loading, rule, &scope);
    if (!loading->failed)
        rule->derives = read_settings(lua, loading, rule, &scope, "derive", &rule->n_derives);
    if (!loading->failed) rule->tries = read_settings(lua, loading, rule, &scope, "try", &rule->n_tries);
    if (!loading->failed)
        rule->advises = read_settings(lua, loading, rule, &scope, "advise", &rule->n_advises);
    if (loading->failed) return;
    rule->predicts = predicts(rule);
    rule->since = llw_load_build(lua, loading, "since", line, NULL);
    rule->until = llw_load_build(lua, loading, "until", line, NULL);
    const char *level = read_text(lua, arena, "level"), *find = read_text(lua, arena, "find");
    for (int l = LLW_LEVEL_NOTE; level && l <= LLW_LEVEL_WRONG; l++)
        if (!strcmp(level, llw_level_name((llw_level)l))) rule->level = (llw_level)l;
    if (level && !rule->level)
        llw_load_fail(loading, line, "level is \"wrong\", \"risk\", \"waste\" or \"note\", not \"%s\"",
                      level);
    if (find && !level)
        llw_load_fail(loading, line, "rule \"%s\" finds something: say how bad it is with level = \"...\"",
                      id);
    if (!find && !rule->n_derives && !rule->n_advises)
        llw_load_fail(loading, line, "rule \"%s\" concludes nothing: it needs find, derive or advise", id);
    llw_err err = {0};
    if (find && !loading->failed &&
        llw_template_parse(arena, &scope, find, loading->path, llw_load_line_of(loading, line, find),
                           &rule->find, &err) != LLW_OK)
        llw_load_fail(loading, err.line, "%s", err.text);
    if (loading->failed) return;
    int type = lua_getfield(lua, -1, "tests");
    if (type == LUA_TTABLE)
        llw_load_tests(lua, loading, rule);
    else if (type != LUA_TNIL)
        llw_load_fail(loading, line, "tests is a list: tests = { fires { launch { ... } }, silent { ... } }");
    lua_pop(lua, 1);
}
