/* Hostile rule files: each is left out within a second, and the rest goes on. */
#include "rule_files.h"

static void words_that_could_do_harm_are_not_there(void **state) {
    (void)state;
    static const char *const words[] = {
        "pcall",    "xpcall",         "error",    "assert",   "coroutine", "load",         "loadstring",
        "loadfile", "dofile",         "require",  "io",       "os",        "debug",        "package",
        "string",   "table",          "utf8",     "print",    "warn",      "setmetatable", "next",
        "pairs",    "select",         "rawset",   "rawget",   "rawlen",    "getmetatable", "type",
        "_G",       "collectgarbage", "rawequal", "tonumber", "calc",      "unpack",       "bit32",
        "jit",      "newproxy",       "setfenv",  "module",   "ffi"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        char text[200], says[60];
        snprintf(text, sizeof text, HEADER "local function f() end\n%s(f)\n", words[i]);
        snprintf(says, sizeof says, "nil value (global '%s')", words[i]);
        is_left_out(words[i], text, strlen(text), 3, says);
    }
}

static void attacks_end_soon(void **state) {
    (void)state;
    static const bad_file files[] = {
        {"endless loop", HEADER "while true do end", 2, "took more than"},
        {"endless jump", HEADER "::again:: goto again", 2, "took more than"},
        {"endless tail calls", HEADER "local function f() return f() end\nf()", 2, "took more than"},
        {"deep recursion", HEADER "local function f() return 1 + f() end\nf()", 2, "not enough memory"},
        {"a loop in each item of ipairs", HEADER "local t = {1}\nfor _ in ipairs(t) do while true do end end",
         3, "took more than"},
        {"a loop within pcall", HEADER "while true do pcall(function() while true do end end) end", 2,
         "pcall"},
        {"a coroutine", HEADER "coroutine.wrap(function() while true do end end)()", 2, "coroutine"},
        {"a text that doubles", HEADER "local s = 'x'\nwhile true do s = s .. s end", 3, "not enough memory"},
        {"small things without end", HEADER "local t\nwhile true do\nt = { t }\nend", 4, "not enough memory"},
        {"a table that fills", HEADER "local t = {}\nfor i = 1, 1e9 do t[i] = {} end", 3,
         "not enough memory"},
        {"method rep", HEADER "local s = ('x'):rep(1e9)", 2, "string value"},
        {"method find", HEADER "local s = 'a'\ns:find('.-.-.-b')", 3, "string value"},
        {"method of a literal's index", HEADER "local dump = (''). dump", 2, "string value"},
        {"a finaliser", HEADER "setmetatable({}, { __gc = function() while true do end end })", 2,
         "setmetatable"},
        {"a closer", HEADER "local x <close> = { __close = 1 }", 2, "non-closable"},
        {"a file", HEADER "io.open('/etc/passwd')", 2, "io"},
        {"a program", HEADER "os.execute('true')", 2, "os"},
        {"bytecode at run time", HEADER "load('return 1')", 2, "load"},
        {"bytecode", "\x1bLua\x54 and so on", 0, "binary chunk"},
        {"an address", HEADER "local a = tostring(lesson)", 2, "tostring() takes"},
        {"the address behind unknown", HEADER "local a = tostring(unknown)", 2, "tostring() takes"},
        {"a loop while it is declared", HEADER "rule \"r\" { each = (function() while true do end end)() }",
         2, "took more than"},
    };
    ARE_LEFT_OUT(files);
}

/* What is known to get out of other sandboxes of Lua: past a count hook, past an allocator, into the host. */
static void known_ways_out_are_closed(void **state) {
    (void)state;
    static const bad_file files[] = {
        {"pcall that swallows the hook's error",
         HEADER "for i = 1, 50 do pcall(function() while true do end end) end", 2, "pcall"},
        {"xpcall with a handler that loops",
         HEADER "xpcall(function() while true do end end, function() while true do end end)", 2, "xpcall"},
        {"a coroutine without the hook",
         HEADER "local c = coroutine.create(function() while true do end end)", 2, "coroutine"},
        {"a pattern that backtracks", HEADER "local n = ('a'):rep(500):find('.-.-.-b')", 2, "string value"},
        {"a pattern of 26 options",
         HEADER "local n = string.find('aaaaaaaaaaaaaaaaaaaaaaaaaa', 'a?a?a?a?a?a?a?a?b')", 2, "string"},
        {"string.rep", HEADER "local s = string.rep('x', 1000000000)", 2, "string"},
        {"table.concat", HEADER "local t = {}\nfor i = 1, 9 do t[i] = 'x' end\nlocal s = table.concat(t)", 4,
         "table"},
        {"a finaliser that loops", HEADER "setmetatable({}, { __gc = function() while true do end end })", 2,
         "setmetatable"},
        {"bytecode by string.dump", HEADER "load(string.dump(function() end))()", 2, "string"},
        {"the metatable of all strings", HEADER "getmetatable('').__index = function() return 1 end", 2,
         "getmetatable"},
        {"the collector stopped", HEADER "collectgarbage('stop')\nlocal t = {}", 2, "collectgarbage"},
        {"the address of a function", HEADER "local s = tostring(ipairs)", 2, "tostring() takes"},
        {"gsub that calls itself", HEADER "local function f() return (('x'):gsub('x', f)) end\nf()", 2,
         "string value"},
        {"the environment by its name", HEADER "_ENV.io.open('/etc/passwd')", 2, "io"},
        {"a chain of words", HEADER "local t = lesson.x.y", 2, "index"},
    };
    ARE_LEFT_OUT(files);
}

/* Depth is no way into the C stack: 120,000 brackets of each kind. */
static void depth_ends_cleanly(void **state) {
    (void)state;
    enum { DEEP = 120000 };
    static const char *const opening[] = {"local x = ", "(", "{", "- ", "#", "not "};
    for (size_t o = 1; o < sizeof opening / sizeof *opening; o++) {
        llw_text text = {0};
        llw_text_add(&text, HEADER);
        llw_text_add(&text, opening[0]);
        for (int i = 0; i < DEEP / (int)strlen(opening[o]); i++) llw_text_add(&text, opening[o]);
        llw_text_add(&text, "1");
        is_left_out(opening[o], llw_text_str(&text), text.len, 0, "overflow");
        llw_text_fini(&text);
    }
}

/* Each step of these is cheap to count and dear to do. */
static void steps_that_cost_much_end_soon(void **state) {
    (void)state;
#define LONG_TEXT HEADER "local s = 'x'\nfor i = 1, 19 do s = s .. s end\n"
    static const bad_file files[] = {
        {"long texts joined for ever", LONG_TEXT "while true do local t = s .. 'y' end", 4, "took"},
        {"long texts compared for ever", LONG_TEXT "local t = s .. 'y' while true do local u = s < t end", 4,
         "took"},
        {"garbage just below the limit",
         HEADER "local keep = {}\nfor i = 1, 225000 do keep = { keep } end\nwhile true do local t = {} end",
         4, "took"},
    };
    ARE_LEFT_OUT(files);
}

/* Few steps in Lua, much work for the reader: the same table in many places. */
static void declarations_are_bounded(void **state) {
    (void)state;
#define LIST(item) HEADER "local list = {}\nfor i = 1, 60000 do list[i] = " item " end\n"
    static const bad_file files[] = {
        {"conditions",
         LIST("'l.batch > 0'") "rule \"r\" { level = \"note\", each = { l = \"launch\" }, when = list, find "
                               "= \"x\" }",
         4, "declares too much"},
        {"rules",
         HEADER "for i = 1, 35000 do\nrule(tostring(i)) { level = \"note\", each = { l = \"launch\" }, find "
                "= \"x\" } end",
         3, "declares too much"},
        {"quantities",
         HEADER "local list = { q20001 = 1 }\nfor i = 1, 20000 do list['q' .. i] = 'q' .. (i + 1) .. ' + 1' "
                "end\nrule \"r\" { level = \"note\", each = { l = \"launch\" }, let = list, find = \"x\" }",
         4, "20001 quantities; at most 64"},
        {"tests",
         LIST("fires { launch {} }") "rule \"r\" { level = \"note\", each = { l = \"launch\" }, find = "
                                     "\"x\", tests = list }",
         4, "declares too much"},
        {"facts",
         LIST("launch { ctx = 1 }") "rule \"r\" { level = \"note\", each = { l = \"launch\" }, find = \"x\", "
                                    "tests = { fires(list) } }",
         3, "declares too much"},
        {"claims",
         LIST("{ 1 }") "rule \"r\" { level = \"note\", each = { l = \"launch\" }, find = \"x\", tests = { "
                       "fires { launch { ctx = list } } } }",
         4, "declares too much"},
        {"parts",
         HEADER "local list = { each = { l = \"launch\" } }\nfor i = 1, 30000 do list['part' .. i] = 1 "
                "end\nrule \"r\" (list)",
         4, "a rule has no part 'part"},
        {"settings",
         HEADER "local list = {}\nfor i = 1, 30000 do list['l.x' .. i] = 1 end\nrule \"r\" { level = "
                "\"note\", each = { l = \"launch\" }, derive = list }",
         4, "x"},
    };
    ARE_LEFT_OUT(files);
}

/* A text of `n` times `item` after `before`. */
static char *repeated(const char *before, const char *item, size_t n, const char *after, size_t *len) {
    size_t step = strlen(item);
    char *text = malloc(strlen(before) + n * step + strlen(after) + 1), *at = text + strlen(before);
    assert_non_null(text);
    memcpy(text, before, strlen(before));
    for (size_t i = 0; i < n; i++, at += step) memcpy(at, item, step);
    memcpy(at, after, strlen(after) + 1);
    *len = (size_t)(at - text) + strlen(after);
    return text;
}

static void files_that_are_large_or_deep(void **state) {
    (void)state;
    static const struct {
        const char *name, *before, *item;
        size_t n;
        const char *after;
        int line;
        const char *says;
    } files[] = {
        {"too large", HEADER, "-- nothing\n", 30000, "", 0, "a rule file has at most"},
        {"200000 parentheses", HEADER "local x = ", "(", 200000, "1", 0, "overflow"},
        {"nested tables", HEADER "local x = ", "{", 200000, "", 0, "overflow"},
        {"nested functions", HEADER, "do ", 60000, "", 0, "overflow"},
        {"deep condition",
         HEADER "rule \"r\" { level = \"note\", each = { l = \"launch\" }, find = \"x\", when = { \"", "(",
         900, "l.fit\" } }\n", 2, "deep"},
        {"not not not",
         HEADER "rule \"r\" { level = \"note\", each = { l = \"launch\" }, find = \"x\", when = { \"", "not ",
         300, "l.fit\" } }\n", 2, "deep"},
        {"long condition",
         HEADER "rule \"r\" { level = \"note\", each = { l = \"launch\" }, find = \"x\", when = { \"l.fit",
         " or l.fit", 300, "\" } }\n", 2, "at most 2000 bytes"},
        {"a sentence full of braces",
         HEADER "rule \"r\" { level = \"note\", each = { l = \"launch\" }, find = \"", "{", 200000, "\" }\n",
         2, "'{' without '}'"},
    };
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t len;
        char *text = repeated(files[i].before, files[i].item, files[i].n, files[i].after, &len);
        is_left_out(files[i].name, text, len, files[i].line, files[i].says);
        free(text);
    }
}

static void files_that_are_no_lua(void **state) {
    (void)state;
    static const bad_file files[] = {
        {"empty", "", 0, "declares no lesson"},
        {"only a comment", "-- nothing here\n", 0, "declares no lesson"},
        {"not Lua at all", "level: note\nfind: x\n", 2, "expected"},
        {"a missing brace", HEADER "rule \"r\" {\n  level = \"note\",\n", 4, "near <eof>"},
        {"an open text", HEADER "rule \"r\" { level = \"note }\n", 2, "unfinished string"},
        {"no UTF-8", HEADER "rule \"r\" { \xff\xfe }\n", 2, "unexpected symbol"},
    };
    ARE_LEFT_OUT(files);
    is_left_out("a zero byte", HEADER "\0while true do end", sizeof HEADER + 18, 2, "unexpected symbol");
}

/* Anything cut off anywhere either loads or is named; it never takes the others with it. */
static void a_file_cut_off_anywhere(void **state) {
    (void)state;
    static const char whole[] = RULE("  when = { { \"l.ubatch > 512\", otherwise = \"-ub is {l.ubatch}\" } "
                                     "},\n  let = { twice = \"l.ubatch * 2\" },\n"
                                     "  find = \"{twice} is much\",\n  try = { [\"l.ubatch\"] = 512 },\n  "
                                     "tests = { fires { launch { ubatch = 513 } } },");
    for (size_t len = 0; len <= sizeof whole - 1; len++) {
        llw_kb *kb = llw_kb_new();
        llw_kb_add_file(kb, "rules.d/02-bad.lua", whole, len);
        add(kb, "rules.d/03-last.lua", last);
        llw_kb_order(kb);
        assert_int_equal(kb->n_lessons + kb->n_problems, 2);
        assert_non_null(llw_kb_rule(kb, "last"));
        if (len == sizeof whole - 1) assert_non_null(llw_kb_rule(kb, "r"));
        llw_kb_free(kb);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_that_could_do_harm_are_not_there),
        cmocka_unit_test(attacks_end_soon),
        cmocka_unit_test(known_ways_out_are_closed),
        cmocka_unit_test(depth_ends_cleanly),
        cmocka_unit_test(steps_that_cost_much_end_soon),
        cmocka_unit_test(declarations_are_bounded),
        cmocka_unit_test(files_that_are_large_or_deep),
        cmocka_unit_test(files_that_are_no_lua),
        cmocka_unit_test(a_file_cut_off_anywhere),
    };
    return cmocka_run_group_tests_name("rule_attacks", tests, NULL, NULL);
}
