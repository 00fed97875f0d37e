/* Loads rule files: runs each in a sandbox of its own, then turns what it declared into lessons and rules. */
#include "rule/load.h"
#include "base/data.h"
#include "base/file.h"
#include "fact/build.h"
#include "rule/ready.h"
#include "rule/sandbox.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *llw_level_name(llw_level level) {
    static const char *const name[] = {"none", "note", "waste", "risk", "wrong"};
    return name[level];
}

const char *llw_state_name(llw_state state) {
    static const char *const name[] = {"fired", "silent", "undecided", "broken"};
    return name[state];
}

void llw_load_fail(llw_loading *loading, int line, const char *fmt, ...) {
    if (loading->failed) return;
    loading->failed = true;
    va_list args;
    va_start(args, fmt);
    char text[sizeof loading->err->text];
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    llw_fail(loading->err, LLW_ERR_INPUT, loading->path, line, "%s", text);
}

bool llw_load_goes_on(llw_loading *loading, int line) {
    if (!loading->failed && llw_arena_bytes(loading->kb->arena) - loading->before > LLW_LOAD_BYTES)
        llw_load_fail(loading, line, "declares too much: what a file becomes may take %d MiB; split it",
                      LLW_LOAD_BYTES >> 20);
    return !loading->failed;
}

int llw_load_line_of(llw_loading *loading, int from, const char *text) {
    bool on = loading->line_at && loading->line <= from; /* rules follow each other */
    const char *at = on ? loading->line_at : loading->bytes;
    int line = on ? loading->line : 1;
    for (; line < from && at; line++) {
        at = strchr(at, '\n');
        if (at) at++;
    }
    loading->line_at = at;
    loading->line = line;
    const char *found = at && *text ? strstr(at, text) : NULL;
    if (!found) return from;
    for (; at < found; at++) line += *at == '\n';
    return line;
}

int llw_kb_find_function(void *context, const char *name, int *arity, const llw_unit **parameters,
                         llw_unit *result) {
    const llw_kb *kb = context;
    for (size_t i = 0; i < kb->n_functions; i++) {
        if (strcmp(kb->functions[i].name, name)) continue;
        *arity = kb->functions[i].arity;
        *parameters = kb->functions[i].parameters;
        *result = kb->functions[i].result;
        return (int)i;
    }
    return -1;
}

const char *llw_load_text(lua_State *lua, int index, llw_arena *arena) {
    size_t len = 0;
    const char *bytes = lua_tolstring(lua, index, &len);
    llw_text safe = {0};
    llw_text_add_safe(&safe, bytes, len, true);
    const char *copy = llw_arena_strdup(arena, llw_text_str(&safe));
    llw_text_fini(&safe);
    return copy;
}

static const char *field_text(lua_State *lua, llw_arena *arena, const char *key) {
    const char *text = lua_getfield(lua, -1, key) == LUA_TSTRING ? llw_load_text(lua, -1, arena) : NULL;
    lua_pop(lua, 1);
    return text;
}

int64_t llw_load_build(lua_State *lua, llw_loading *loading, const char *key, int line, const char **text) {
    const char *version = field_text(lua, loading->kb->arena, key);
    if (text) *text = version;
    if (!version) return -1;
    int64_t order = llw_build_order(version);
    if (order < 0)
        llw_load_fail(loading, line, "%s = \"%s\" is no llama.cpp version: b8022, v0.5.0 or a date", key,
                      version);
    return order;
}

/* "L05" for the lesson 05-id that is compiled in, "C01" for C01-id, so that codes stay stable; any other
 * lesson is named by its id. */
static const char *lesson_code(llw_arena *arena, const char *id) {
    char *name = llw_arena_printf(arena, "rules.d/%s.lua", id);
    for (size_t i = 0; i < llw_n_builtins; i++)
        if (!strcmp(llw_builtins[i].name, name)) {
            const char *number = id + (*id == 'C');
            if (strspn(number, "0123456789") != 2 || number[2] != '-') break;
            return llw_arena_printf(arena, "%c%.2s", *id == 'C' ? 'C' : 'L', number);
        }
    return id;
}

static void read_lesson(lua_State *lua, llw_loading *loading, const char *id, int line) {
    llw_arena *arena = loading->kb->arena;
    if (loading->lesson) {
        llw_load_fail(loading, line, "a file holds one lesson; \"%s\" is the second", id);
        return;
    }
    const char *base = strrchr(loading->path, '/');
    base = base ? base + 1 : loading->path;
    size_t len = strlen(id);
    if (strncmp(base, id, len) || strcmp(base + len, ".lua"))
        llw_load_fail(loading, line, "the lesson is called \"%s\" but the file %s: they must agree", id,
                      base);
    llw_lesson *lesson = llw_arena_alloc(arena, sizeof *lesson);
    *lesson = (llw_lesson){.id = llw_arena_strdup(arena, id), .file = loading->path, .line = line};
    lesson->code = lesson_code(arena, lesson->id);
    lesson->claim = field_text(lua, arena, "claim");
    lesson->since_order = llw_load_build(lua, loading, "since", line, &lesson->since);
    lesson->until_order = llw_load_build(lua, loading, "until", line, &lesson->until);
    lesson->superseded_by = field_text(lua, arena, "superseded_by");
    lesson->review_by = field_text(lua, arena, "review_by");
    if (!lesson->claim) llw_load_fail(loading, line, "lesson \"%s\" needs claim = \"one sentence\"", id);
    loading->lesson = lesson;
}

/* Runs protected, with the loading as its argument: walks the declarations in the order in which they were
 * made. */
static int read_declarations(lua_State *lua) {
    llw_loading *loading = lua_touserdata(lua, 1);
    lua_getfield(lua, LUA_REGISTRYINDEX, "declarations");
    size_t n = lua_rawlen(lua, -1);
    int line = 0;
    for (size_t i = 1; i <= n && llw_load_goes_on(loading, line); i++) {
        luaL_checkstack(lua, 10, NULL);
        lua_rawgeti(lua, -1, (lua_Integer)i);
        lua_rawgeti(lua, -1, 1);
        lua_rawgeti(lua, -2, 2);
        lua_rawgeti(lua, -3, 3);
        const char *what = lua_tostring(lua, -3), *id = llw_load_text(lua, -2, loading->kb->arena);
        line = (int)lua_tointeger(lua, -1);
        lua_rawgeti(lua, -4, 4);
        if (!strcmp(what, "lesson"))
            read_lesson(lua, loading, id, line);
        else if (!loading->lesson)
            llw_load_fail(
                loading, line,
                "rule \"%s\" comes before its lesson: start the file with lesson \"id\" { claim = \"...\" }",
                id);
        else
            llw_load_rule(lua, loading, id, line);
        lua_pop(lua, 5);
    }
    return 0;
}

static void keep(llw_kb *kb, llw_lesson *lesson) {
    for (size_t i = 0; i < lesson->n_rules; i++) {
        llw_rule *rule = &lesson->rules[i];
        rule->lesson = lesson;
        if (rule->since < 0) rule->since = lesson->since_order;
        if (rule->until < 0) rule->until = lesson->until_order;
    }
    void *items = kb->lessons;
    *(llw_lesson **)llw_arena_push(kb->arena, &items, &kb->n_lessons, &kb->lesson_capacity, sizeof lesson) =
        lesson;
    kb->lessons = items;
}

static void add_problem(llw_kb *kb, const llw_err *err) {
    void *items = kb->problems;
    *(llw_err *)llw_arena_push(kb->arena, &items, &kb->n_problems, &kb->problem_capacity, sizeof *err) = *err;
    kb->problems = items;
}

void llw_kb_add_file(llw_kb *kb, const char *path, const char *bytes, size_t len) {
    llw_err err = {0};
    llw_loading loading = {.kb = kb,
                           .path = llw_arena_strdup(kb->arena, path),
                           .before = llw_arena_bytes(kb->arena),
                           .err = &err};
    loading.bytes = llw_arena_strndup(kb->arena, bytes, len < LLW_SANDBOX_FILE ? len : LLW_SANDBOX_FILE);
    lua_State *lua = llw_sandbox_new(kb->sum);
    if (!lua) {
        llw_fail(&err, LLW_ERR_MEMORY, path, 0, "no memory for a rule file");
        add_problem(kb, &err);
        return;
    }
    llw_load_words(lua);
    llw_rc rc = llw_sandbox_run(lua, loading.path, bytes, len, &err);
    if (rc != LLW_OK && strstr(err.text, "near 'until'")) /* a key of ours is a word of Lua's */
        llw_fail(&err, rc, loading.path, err.line,
                 "until is a word of Lua itself: write [\"until\"] = \"b8022\"");
    if (rc == LLW_OK) {
        lua_pushcfunction(lua, read_declarations);
        lua_pushlightuserdata(lua, &loading);
        rc = llw_sandbox_call(lua, 1, 0, loading.path, &err);
    }
    if (rc == LLW_OK && !loading.failed && !loading.lesson)
        llw_load_fail(&loading, 0, "declares no lesson: start it with lesson \"id\" { claim = \"...\" }");
    for (size_t i = 0; rc == LLW_OK && !loading.failed && i < loading.n_rules; i++)
        for (size_t j = 0; j < i; j++)
            if (!strcmp(loading.rules[i].id, loading.rules[j].id))
                llw_load_fail(&loading, loading.rules[i].line, "rule \"%s\" is declared twice",
                              loading.rules[i].id);
    if (rc == LLW_OK && !loading.failed && llw_kb_lesson(kb, loading.lesson->id))
        llw_load_fail(&loading, loading.lesson->line, "lesson \"%s\" is declared in another file already",
                      loading.lesson->id);
    llw_sandbox_free(lua);
    if (rc == LLW_OK && !loading.failed) {
        loading.lesson->rules = loading.rules;
        loading.lesson->n_rules = loading.n_rules;
        keep(kb, loading.lesson);
    } else
        add_problem(kb, &err);
}

bool llw_rule_covers(const llw_rule *rule, int64_t order) {
    return order >= rule->since && (rule->until < 0 || order <= rule->until);
}

const llw_lesson *llw_kb_lesson(const llw_kb *kb, const char *id) {
    for (size_t i = 0; i < kb->n_lessons; i++)
        if (!strcmp(kb->lessons[i]->id, id) || !strcmp(kb->lessons[i]->code, id)) return kb->lessons[i];
    return NULL;
}

const llw_rule *llw_kb_rule(const llw_kb *kb, const char *id) {
    for (size_t i = 0; i < kb->n_rules; i++)
        if (!strcmp(kb->rules[i]->id, id)) return kb->rules[i];
    return NULL;
}

llw_kb *llw_kb_new(void) {
    llw_arena *arena = llw_arena_new();
    llw_kb *kb = llw_arena_alloc(arena, sizeof *kb);
    kb->arena = arena;
    kb->sum = llw_arena_alloc(arena, sizeof *kb->sum);
    return kb;
}

void llw_kb_free(llw_kb *kb) {
    if (!kb) return;
    llw_sandbox_free(kb->lua);
    llw_arena_free(kb->arena);
}

typedef struct rule_file {
    const char *name; /* 05-ub-is-not-b.lua */
    const char *data; /* name of a data file, or NULL */
    const char *path; /* of a file in a directory that was given */
} rule_file;

typedef struct rule_files {
    rule_file *files;
    size_t n, capacity;
} rule_files;

static void add_rule_file(llw_kb *kb, rule_files *list, rule_file file) {
    for (size_t i = 0; i < list->n; i++)
        if (!strcmp(list->files[i].name, file.name)) {
            list->files[i] = file;
            return;
        }
    void *items = list->files;
    *(rule_file *)llw_arena_push(kb->arena, &items, &list->n, &list->capacity, sizeof file) = file;
    list->files = items;
}

static void add_directory(llw_kb *kb, rule_files *list, const char *directory) {
    const char *inner = llw_path_join(kb->arena, directory, "rules.d");
    if (llw_file_is_directory(inner)) directory = inner;
    char **names = NULL;
    size_t n = 0;
    llw_err err = {0};
    if (llw_directory_list(kb->arena, directory, &names, &n, &err) != LLW_OK) add_problem(kb, &err);
    for (size_t i = 0; i < n; i++) {
        size_t len = strlen(names[i]);
        if (len > 4 && names[i][0] != '.' && !strcmp(names[i] + len - 4, ".lua"))
            add_rule_file(kb, list,
                          (rule_file){names[i], NULL, llw_path_join(kb->arena, directory, names[i])});
    }
}

/* Reads the file, unless the build did. */
static void load_rule_file(llw_kb *kb, const rule_file *file, bool functions, const llw_ready *ready) {
    llw_err err = {0};
    const char *bytes = NULL, *path = file->path;
    char *content = NULL;
    size_t len = 0;
    llw_rc rc = file->data ? llw_data_read(kb->arena, file->data, &bytes, &len, &path, &err)
                           : llw_file_read(kb->arena, file->path, LLW_SANDBOX_FILE, &content, &len, &err);
    if (content) bytes = content;
    llw_lesson *lesson =
        rc == LLW_OK && file->data ? llw_ready_lesson(ready, kb, file->data, path, bytes, len) : NULL;
    if (rc != LLW_OK)
        add_problem(kb, &err);
    else if (functions)
        llw_kb_add_functions(kb, path, bytes, len);
    else if (lesson && !llw_kb_lesson(kb, lesson->id))
        keep(kb, lesson);
    else
        llw_kb_add_file(kb, path, bytes, len);
}

/* What the build read counts while llama.cpp's builds are those it knew: since and until were looked up
 * there. */
static bool builds_are_builtin(llw_kb *kb) {
    static const char name[] = "models/builds.tsv";
    const char *bytes = NULL, *path = NULL;
    size_t len = 0;
    return llw_data_read(kb->arena, name, &bytes, &len, &path, NULL) == LLW_OK &&
           llw_data_is_builtin(name, bytes, len);
}

llw_kb *llw_kb_load(const char *const *directories, size_t n_directories, const llw_ready *ready) {
    llw_kb *kb = llw_kb_new();
    static const char *const folders[] = {"rules.d/lib", "rules.d"};
    if (ready && !builds_are_builtin(kb)) ready = NULL;
    for (int f = 0; f < 2; f++) {
        rule_files list = {0};
        char **names = NULL;
        size_t n = 0;
        llw_data_list(kb->arena, folders[f], ".lua", &names, &n);
        for (size_t i = 0; i < n; i++)
            add_rule_file(kb, &list, (rule_file){llw_path_name(names[i]), names[i], NULL});
        for (size_t i = 0; f == 1 && i < n_directories; i++) add_directory(kb, &list, directories[i]);
        for (size_t i = 0; i < list.n; i++) load_rule_file(kb, &list.files[i], f == 0, ready);
    }
    llw_kb_order(kb);
    return kb;
}
