/* Rule files: hostile ones are left out within a second, mistakes are named with their line, the rest goes
 * on. */
#include "rule/kb.h"
#include "rule/load.h"
#include "rule/sandbox.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <cmocka.h>

#define HEADER "lesson \"02-bad\" { claim = \"A claim.\" }\n"
#define RULE(parts) HEADER "rule \"r\" {\n  level = \"note\",\n  each = { l = \"launch\" },\n" parts "\n}\n"

static const char first[] = "lesson \"01-first\" { claim = \"A claim.\" }\n"
                            "rule \"first\" { level = \"note\", each = { l = \"launch\" }, when = { "
                            "\"l.batch > 0\" }, find = \"a\" }\n";
static const char last[] =
    "lesson \"03-last\" { claim = \"A claim.\" }\n"
    "rule \"last\" { level = \"note\", each = { l = \"launch\" }, when = { \"l.ctx > 0\" }, find = \"b\" }\n";

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The most memory this process has held. Under a sanitizer what was freed is held as well. */
static long peak_kib(void) {
#if defined(__SANITIZE_ADDRESS__)
    return 0;
#else
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return used.ru_maxrss;
#endif
}

static void add(llw_kb *kb, const char *path, const char *text) {
    llw_kb_add_file(kb, path, text, strlen(text));
}

/* The file between two good ones: they load, it does not, and its problem says where and what. */
static void is_left_out(const char *name, const char *text, size_t len, int line, const char *says) {
    llw_kb *kb = llw_kb_new();
    add(kb, "rules.d/01-first.lua", first);
    double start = seconds();
    long held = peak_kib();
    llw_kb_add_file(kb, "rules.d/02-bad.lua", text, len);
    double took = seconds() - start;
    if (peak_kib() - held > 64 << 10) fail_msg("%s took %ld KiB", name, peak_kib() - held);
    add(kb, "rules.d/03-last.lua", last);
    llw_kb_order(kb);
    if (kb->n_problems != 1) fail_msg("%s: %zu problems", name, kb->n_problems);
    const llw_err *problem = &kb->problems[0];
    if (!strstr(problem->text, says) || problem->line != line)
        fail_msg("%s: line %d: %s; expected line %d: ...%s...", name, problem->line, problem->text, line,
                 says);
    assert_string_equal(problem->file, "rules.d/02-bad.lua");
    if (took > 1) fail_msg("%s took %.1f s", name, took);
    assert_int_equal(kb->n_lessons, 2);
    assert_int_equal(kb->n_rules, 2);
    assert_non_null(llw_kb_rule(kb, "first"));
    assert_non_null(llw_kb_rule(kb, "last"));
    llw_kb_free(kb);
}

typedef struct bad_file {
    const char *name, *text;
    int line;
    const char *says;
} bad_file;

static void are_left_out(const bad_file *files, size_t n) {
    for (size_t i = 0; i < n; i++)
        is_left_out(files[i].name, files[i].text, strlen(files[i].text), files[i].line, files[i].says);
}
#define ARE_LEFT_OUT(files) are_left_out(files, sizeof(files) / sizeof *(files))

/* ---- attacks ---- */

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
         HEADER "local list = {}\nfor i = 1, 20000 do list['q' .. i] = 'q' .. (i + 1) .. ' + 1' end\n"
                "rule \"r\" { level = \"note\", each = { l = \"launch\" }, let = list, find = \"x\" }",
         4, "declares too much"},
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

/* ---- mistakes ---- */

static void mistakes_are_named_with_their_line(void **state) {
    (void)state;
    static const bad_file files[] = {
        {"unknown attribute", RULE("  find = \"x\",\n  when = { \"l.ubach > 512\" },"), 6,
         "did you mean 'ubatch'?"},
        {"unknown variable", RULE("  find = \"x\",\n  when = { \"l.fit\",\n    \"launch.ubatch > 512\" },"),
         7, "launch"},
        {"unknown name", RULE("  find = \"x\",\n  when = { \"size > 512\" },"), 6, "size"},
        {"unknown function", RULE("  find = \"x\",\n  when = { \"knwon(l.ctx)\" },"), 6, "knwon"},
        {"unknown kind",
         HEADER "rule \"r\" {\n  level = \"note\",\n  each = { l = \"lunch\" },\n  find = \"x\",\n}", 4,
         "no kind of fact called 'lunch'"},
        {"unknown part", RULE("  find = \"x\",\n  where = { \"l.fit\" },"), 6, "no part 'where'"},
        {"bytes against a count", RULE("  find = \"x\",\n  when = { \"l.gpu_free > l.ctx\" },"), 6, "bytes"},
        {"a flag in arithmetic", RULE("  find = \"x\",\n  when = { \"l.fit + 1 > 0\" },"), 6, "flag"},
        {"text below a number", RULE("  find = \"x\",\n  when = { \"l.strategy < 3\" },"), 6, "text"},
        {"cut-off condition", RULE("  find = \"x\",\n  when = { \"l.ubatch >\" },"), 6, ""},
        {"open parenthesis", RULE("  find = \"x\",\n  when = { \"(l.ubatch > 512\" },"), 6, "')'"},
        {"no condition", RULE("  find = \"x\",\n  when = { \"l.ubatch\" },"), 6, "not a yes-or-no condition"},
        {"no text", RULE("  find = \"x\",\n  when = { {} },"), 3 - 1,
         "condition 1 of when is not a quoted expression"},
        {"when is no list", RULE("  find = \"x\",\n  when = \"l.fit\","), 2, "when is a list"},
        {"no each", HEADER "rule \"r\" { level = \"note\", find = \"x\" }", 2, "needs each"},
        {"nothing in each", HEADER "rule \"r\" { level = \"note\", find = \"x\", each = {} }", 2,
         "about 0 things"},
        {"seven things",
         HEADER "rule \"r\" { level = \"note\", find = \"x\", each = { a = \"gpu\", b = \"gpu\", c = "
                "\"gpu\", d = \"gpu\", e = \"gpu\", f = \"gpu\", g = \"gpu\" } }",
         2, "about 7 things"},
        {"no level", HEADER "rule \"r\" { find = \"x\", each = { l = \"launch\" } }", 2, "say how bad it is"},
        {"a level nobody knows",
         HEADER "rule \"r\" { level = \"bad\", find = \"x\", each = { l = \"launch\" } }", 2, "not \"bad\""},
        {"no conclusion", HEADER "rule \"r\" { each = { l = \"launch\" }, when = { \"l.fit\" } }", 2,
         "concludes nothing"},
        {"an open brace in a sentence", RULE("  find = \"{l.ctx\","), 5, "'{' without '}'"},
        {"an unknown format", RULE("  find = \"{l.ctx:furlongs}\","), 5, "'furlongs' is no format"},
        {"an unknown slot in a sentence", RULE("  find = \"{l.cxt}\","), 5, "did you mean 'ctx'?"},
        {"otherwise with a mistake",
         RULE("  find = \"x\",\n  when = { { \"l.fit\",\n    otherwise = \"-c is {l.cxt}\" } },"), 7,
         "did you mean 'ctx'?"},
        {"quantities in a circle", RULE("  find = \"x\",\n  let = { a = \"b + 1\", b = \"a + 1\" },"), 6, ""},
        {"a knob that is derived", RULE("  derive = { [\"l.ubatch\"] = \"512\" },"), 5, "is a knob"},
        {"what no one can turn is tried", RULE("  find = \"x\",\n  try = { [\"l.loads\"] = \"true\" },"), 6,
         "is no knob"},
        {"a derived value of another unit", RULE("  derive = { [\"l.n_ctx\"] = \"l.gpu_free\" },"), 5,
         "bytes"},
        {"since a day nobody knows", RULE("  find = \"x\",\n  since = \"long ago\","), 2,
         "no llama.cpp version"},
        {"until without brackets", RULE("  find = \"x\",\n  until = \"b8022\","), 6, "write [\"until\"]"},
        {"a rule twice",
         HEADER "rule \"r\" { level = \"note\", find = \"x\", each = { l = \"launch\" } }\n"
                "rule \"r\" { level = \"note\", find = \"x\", each = { l = \"launch\" } }",
         3, "declared twice"},
        {"a rule before its lesson",
         "rule \"r\" { level = \"note\", find = \"x\", each = { l = \"launch\" } }\n" HEADER, 1,
         "comes before its lesson"},
        {"two lessons", HEADER "lesson \"02-bad\" { claim = \"x\" }", 2, "a file holds one lesson"},
        {"a lesson of another name", "lesson \"04-other\" { claim = \"A claim.\" }", 1, "they must agree"},
        {"no claim", "lesson \"02-bad\" {}", 1, "needs claim"},
        {"no id", "lesson { claim = \"x\" }", 1, "followed by its quoted id"},
        {"no table", "lesson \"02-bad\" \"claim\"", 1, "table expected"},
        {"a test with an unknown attribute",
         RULE("  find = \"x\",\n  tests = {\n    fires { launch { ubach = 1 } },\n  },"), 7,
         "did you mean 'ubatch'?"},
        {"a test with a value of another type",
         RULE("  find = \"x\",\n  tests = {\n    fires { launch { ubatch = \"many\" } },\n  },"), 7,
         "cannot be"},
        {"a test that expects nothing", RULE("  find = \"x\",\n  tests = { { launch {} } },"), 2,
         "none of fires"},
        {"tests that are no list", RULE("  find = \"x\",\n  tests = true,"), 2, "tests is a list"},
        {"a join on a quantity",
         RULE("  find = \"x\",\n  let = { need = \"l.ubatch\" },\n  join = { \"need > 5\" },"), 7,
         "uses the quantity 'need'"},
        {"a join on a prediction",
         RULE("  find = \"x\",\n  join = { \"predict('loads', l, 'ubatch', 512)\" },"), 6,
         "asks for a prediction"},
        {"a test about nothing", RULE("  find = \"x\",\n  tests = {\n    fires { 5 },\n  },"), 7,
         "is no thing"},
        {"a test's word without a table", RULE("  find = \"x\",\n  tests = {\n    fires \"x\" },"), 7,
         "followed by a table"},
    };
    ARE_LEFT_OUT(files);
}

/* Quantities on quantities, each naming the one before twice: what they rest on is known without walking
 * every path. */
static void quantities_know_whether_they_predict(void **state) {
    (void)state;
    static const char *const start[] = {"l.ctx", "predict('n_ctx', l, 'ubatch', 512)"};
    for (int asks = 0; asks < 2; asks++) {
        llw_text text = {0};
        llw_text_addf(
            &text,
            HEADER
            "rule \"r\" { level = \"note\", each = { l = \"launch\" }, find = \"x\", let = { a00 = \"%s\"",
            start[asks]);
        for (int i = 1; i < 60; i++) llw_text_addf(&text, ", a%02d = \"a%02d + a%02d\"", i, i - 1, i - 1);
        llw_text_add(&text, " }, when = { \"l.ctx > 0\", \"a59 > 0\" } }");
        llw_kb *kb = llw_kb_new();
        add(kb, "02-bad.lua", text.bytes);
        llw_kb_order(kb);
        const llw_rule *rule = llw_kb_rule(kb, "r");
        assert_non_null(rule);
        assert_int_equal(rule->n_lets, 60);
        assert_false(rule->conditions[0].expr.predicts);
        assert_int_equal(rule->conditions[1].expr.predicts, asks);
        llw_kb_free(kb);
        llw_text_fini(&text);
    }
}

/* Whoever wrote the file, its words steer no terminal and end nowhere early. */
static void texts_are_safe_to_print(void **state) {
    (void)state;
    llw_kb *kb = llw_kb_new();
    add(kb, "02-bad.lua",
        "lesson \"02-bad\" { claim = \"a\\27[31mb\\0c\\u{202e}\" }\n"
        "rule \"r\\27]0;t\\7\" { level = \"note\", each = { l = \"launch\" }, find = \"\\155\\027 {l.ctx}\" "
        "}\n");
    assert_int_equal(kb->n_problems, 0);
    const llw_lesson *lesson = llw_kb_lesson(kb, "02-bad");
    assert_string_equal(lesson->claim, "a\\x1b[31mb\\x00c\\u{202e}");
    assert_string_equal(lesson->rules[0].id, "r\\x1b]0;t\\x07");
    for (const char *c = lesson->rules[0].find.text; *c; c++) assert_in_range(*c, ' ', '~');
    llw_kb_free(kb);
}

static void a_lesson_stands_in_one_file(void **state) {
    (void)state;
    llw_kb *kb = llw_kb_new();
    add(kb, "rules.d/01-first.lua", first);
    add(kb, "elsewhere/01-first.lua", first);
    llw_kb_order(kb);
    assert_int_equal(kb->n_lessons, 1);
    assert_int_equal(kb->n_problems, 1);
    assert_string_equal(kb->problems[0].file, "elsewhere/01-first.lua");
    assert_non_null(strstr(kb->problems[0].text, "in another file already"));
    llw_kb_free(kb);
}

static void what_a_good_rule_becomes(void **state) {
    (void)state;
    llw_kb *kb = llw_kb_new();
    add(kb, "x/02-bad.lua",
        RULE("  since = \"b8022\",\n  unless = { \"l.fit\" },\n  when = { { \"twice > 512\", otherwise = "
             "\"only {l.ubatch}\" }, true },\n"
             "  let = { twice = \"once * 2\", once = \"l.ubatch\" },\n  find = \"{twice} and "
             "{l.gpu_need:mib}\",\n"
             "  try = { [\"l.ubatch\"] = 512 },\n  tests = { silent { launch { ubatch = unknown }, stops_at "
             "= \"true\" } },"));
    llw_kb_order(kb);
    assert_int_equal(kb->n_problems, 0);
    const llw_rule *rule = llw_kb_rule(kb, "r");
    assert_non_null(rule);
    assert_string_equal(rule->lesson->code, "02-bad"); /* not one of the installed lessons: named by its id */
    assert_int_equal(rule->line, 2);
    assert_int_equal(rule->level, LLW_LEVEL_NOTE);
    assert_true(rule->since > 0 && rule->until < 0);
    assert_int_equal(rule->n_conditions, 3); /* when before unless */
    assert_int_equal(rule->conditions[0].role, LLW_ROLE_WHEN);
    assert_int_equal(rule->conditions[0].otherwise.n_pieces, 2);
    assert_int_equal(rule->conditions[1].otherwise.n_pieces, 0);
    assert_int_equal(rule->conditions[2].role, LLW_ROLE_UNLESS);
    assert_string_equal(rule->let_names[0], "once"); /* what is named comes first */
    assert_string_equal(rule->let_names[1], "twice");
    assert_int_equal(rule->find.n_pieces, 3);
    assert_string_equal(rule->find.pieces[1].format, "mib");
    assert_int_equal(rule->n_tries, 1);
    assert_int_equal(rule->n_tests, 1);
    assert_int_equal(rule->tests[0].expect, LLW_SILENT);
    assert_string_equal(rule->tests[0].stops_at, "true");
    llw_kb_free(kb);
}

/* ---- order ---- */

static size_t place_of(const llw_kb *kb, const char *id) {
    for (size_t i = 0; i < kb->n_rules; i++)
        if (!strcmp(kb->rules[i]->id, id)) return i;
    fail_msg("rule %s is not there", id);
    return 0;
}

#define DERIVES(id, slot, from)                                                                              \
    "rule \"" id "\" { each = { l = \"launch\" }, when = { \"" from " > 0\" }, derive = { [\"" slot          \
    "\"] = \"1\" } }\n"

static void writers_come_before_readers(void **state) {
    (void)state;
    llw_kb *kb = llw_kb_new();
    add(kb, "01-a.lua",
        "lesson \"01-a\" { claim = \"x\" }\n"
        "rule \"by-sum\" { level = \"note\", each = { l = \"launch\" }, when = { \"sum('launch', 'n_ctx') > "
        "0\" }, find = \"x\" }\n"
        "rule \"end\" { level = \"note\", each = { l = \"launch\" }, when = { \"l.n_ctx_seq > 0\" }, find = "
        "\"x\" }\n" DERIVES("middle", "l.n_ctx_seq", "l.n_ctx"));
    add(kb, "02-b.lua",
        "lesson \"02-b\" { claim = \"x\" }\n" DERIVES("start", "l.n_ctx", "l.ctx")
            DERIVES("other", "l.n_ctx", "l.batch"));
    add(kb, "00-c.lua",
        "lesson \"00-c\" { claim = \"x\" }\n"
        "rule \"b\" { level = \"note\", each = { l = \"launch\" }, find = \"x\" }\nrule \"a\" { level = "
        "\"note\", each = { l = \"launch\" }, find = \"x\" }\n");
    llw_kb_order(kb);
    assert_int_equal(kb->n_problems, 0);
    assert_int_equal(kb->n_rules, 7);
    assert_true(place_of(kb, "start") < place_of(kb, "middle"));
    assert_true(place_of(kb, "other") < place_of(kb, "middle"));
    assert_true(place_of(kb, "middle") < place_of(kb, "end"));
    assert_true(place_of(kb, "start") < place_of(kb, "by-sum"));
    assert_true(place_of(kb, "other") < place_of(kb, "by-sum"));
    assert_int_equal(place_of(kb, "b"), 0); /* otherwise by lesson, and as they stand in it */
    assert_int_equal(place_of(kb, "a"), 1);
    assert_string_equal(kb->lessons[0]->id, "00-c");
    llw_kb_free(kb);
}

static void circles_name_themselves(void **state) {
    (void)state;
    llw_kb *kb = llw_kb_new();
    add(kb, "01-first.lua", first);
    add(kb, "02-b.lua",
        "lesson \"02-b\" { claim = \"x\" }\n" DERIVES("one", "l.n_ctx", "l.n_ctx_seq")
            DERIVES("two", "l.n_ctx_seq", "l.n_ctx"));
    add(kb, "04-d.lua", "lesson \"04-d\" { claim = \"x\" }\n" DERIVES("itself", "l.n_seq", "l.n_seq"));
    add(kb, "05-e.lua",
        "lesson \"05-e\" { claim = \"x\" }\n"
        "rule \"after\" { level = \"note\", each = { l = \"launch\" }, when = { \"l.n_ctx > 0\" }, find = "
        "\"x\" }\n");
    llw_kb_order(kb);
    assert_int_equal(kb->n_rules, 1);
    assert_non_null(llw_kb_rule(kb, "first"));
    assert_int_equal(kb->n_problems, 4);
    static const struct {
        const char *file;
        int line;
        const char *says;
    } want[] = {
        {"02-b.lua", 2,
         "\"one\" reads launch.n_ctx_seq, which is derived from what this rule itself derives"},
        {"02-b.lua", 3, "\"two\" reads launch.n_ctx, which is derived from what this rule itself derives"},
        {"04-d.lua", 2, "\"itself\" reads launch.n_seq, which is derived from what this rule itself derives"},
        {"05-e.lua", 2, "\"after\" reads launch.n_ctx, which a rule in a circle derives"}};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal(kb->problems[i].file, want[i].file);
        assert_int_equal(kb->problems[i].line, want[i].line);
        if (!strstr(kb->problems[i].text, want[i].says)) fail_msg("%s", kb->problems[i].text);
    }
    llw_kb_free(kb);
}

/* ---- named functions ---- */

static void add_functions(llw_kb *kb, const char *path, const char *text) {
    llw_kb_add_functions(kb, path, text, strlen(text));
}

static void functions_compute(void **state) {
    (void)state;
    llw_kb *kb = llw_kb_new();
    add_functions(
        kb, "lib/a.lua",
        "calc { name = 'padded', doc = 'up to 256', takes = { 'number' }, gives = 'number',\n"
        "  run = function(n) return math.ceil(n / 256) * 256 end }\n"
        "calc { name = 'nan', doc = '', takes = {}, gives = 'number', run = function() return 0 / 0 end }\n"
        "calc { name = 'loops', doc = '', takes = {}, gives = 'number', run = function() while true do end "
        "end }\n"
        "calc { name = 'fails', doc = '', takes = {}, gives = 'number', run = function() return "
        "nothing.at.all end }\n"
        "calc { name = 'text', doc = '', takes = {}, gives = 'number', run = function() return {} end }\n"
        "calc { name = 'late', doc = '', takes = {}, gives = 'number', run = function() calc {} return 1 end "
        "}\n");
    add_functions(
        kb, "lib/b.lua",
        "calc { name = 'good', doc = '', takes = { 'bytes', 'rate' }, gives = 'seconds', run = function(b, "
        "r) return b / r end }\n"
        "calc { name = 'bad', doc = '', takes = { 'furlong' }, gives = 'number', run = function() end }\n");
    add_functions(kb, "lib/c.lua", "while true do end");
    assert_int_equal(kb->n_functions, 6); /* b.lua is left out whole */
    assert_int_equal(kb->n_problems, 2);
    assert_string_equal(kb->problems[0].file, "lib/b.lua");
    assert_int_equal(kb->problems[0].line, 2);
    assert_non_null(strstr(kb->problems[0].text, "'furlong' is no unit"));
    assert_string_equal(kb->problems[1].file, "lib/c.lua");
    double x = 0, in = 257;
    assert_true(llw_kb_call(kb, 0, &in, &x));
    assert_true(x == 512);
    double start = seconds();
    for (int f = 1; f < 6; f++) assert_false(llw_kb_call(kb, f, &in, &x));
    assert_true(seconds() - start < 1);
    assert_true(llw_kb_call(kb, 0, &in, &x)); /* a budget that was spent is spent for that call alone */

    add(kb, "02-bad.lua", RULE("  find = \"x\",\n  when = { \"padded(l.ctx) > 256\" },"));
    assert_int_equal(kb->n_lessons, 1);
    add(kb, "03-arity.lua",
        "lesson \"03-arity\" { claim = \"x\" }\nrule \"a\" { level = \"note\", each = { l = \"launch\" }, "
        "find = \"x\", when = { \"padded(l.ctx, 1) > 256\" } }");
    add(kb, "04-unit.lua",
        "lesson \"04-unit\" { claim = \"x\" }\nrule \"a\" { level = \"note\", each = { l = \"launch\" }, "
        "find = \"x\", when = { \"padded(l.gpu_free) > 256\" } }");
    add(kb, "05-gone.lua",
        "lesson \"05-gone\" { claim = \"x\" }\nrule \"a\" { level = \"note\", each = { l = \"launch\" }, "
        "find = \"x\", when = { \"good(l.gpu_free, l.gpu_free) > 256\" } }");
    assert_int_equal(kb->n_lessons, 1);
    assert_int_equal(kb->n_problems, 5);
    for (size_t i = 2; i < 5; i++) assert_int_equal(kb->problems[i].line, 2);
    llw_kb_free(kb);
}

/* A function file that fills the memory all of them share must not take the others, nor the program, with it.
 */
static void functions_share_memory(void **state) {
    (void)state;
    llw_kb *kb = llw_kb_new();
    add_functions(
        kb, "lib/a.lua",
        "calc { name = 'one', doc = '', takes = {}, gives = 'number', run = function() return 1 end }\n");
    add_functions(kb, "lib/b.lua", "keep = {}\nfor i = 1, 1e9 do keep = { keep } end");
    add_functions(
        kb, "lib/c.lua",
        "calc { name = 'two', doc = '', takes = {}, gives = 'number', run = function() return 2 end }\n");
    double x = 0;
    assert_true(llw_kb_call(kb, 0, &x, &x) && x == 1);
    assert_true(kb->n_problems >= 1);
    assert_string_equal(kb->problems[0].file, "lib/b.lua");
    llw_kb_free(kb);
}

/* ---- what is installed ---- */

static void the_installed_lessons_load(void **state) {
    (void)state;
    llw_kb *kb = llw_kb_load(NULL, 0);
    for (size_t i = 0; i < kb->n_problems; i++)
        print_message("%s:%d: %s\n", kb->problems[i].file, kb->problems[i].line, kb->problems[i].text);
    assert_int_equal(kb->n_problems, 0);
    assert_true(kb->n_lessons >= 8);
    const llw_lesson *lesson = llw_kb_lesson(kb, "L05");
    assert_non_null(lesson);
    assert_ptr_equal(lesson, llw_kb_lesson(kb, lesson->id));
    llw_kb_free(kb);
}

static void a_directory_that_is_not_there_is_a_problem(void **state) {
    (void)state;
    const char *const directories[] = {"no/such/directory"};
    llw_kb *kb = llw_kb_load(directories, 1);
    assert_int_equal(kb->n_problems, 1);
    assert_non_null(strstr(kb->problems[0].file, "no/such/directory"));
    assert_true(kb->n_lessons >= 8);
    llw_kb_free(kb);
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
        cmocka_unit_test(mistakes_are_named_with_their_line),
        cmocka_unit_test(quantities_know_whether_they_predict),
        cmocka_unit_test(texts_are_safe_to_print),
        cmocka_unit_test(a_lesson_stands_in_one_file),
        cmocka_unit_test(what_a_good_rule_becomes),
        cmocka_unit_test(writers_come_before_readers),
        cmocka_unit_test(circles_name_themselves),
        cmocka_unit_test(functions_compute),
        cmocka_unit_test(functions_share_memory),
        cmocka_unit_test(the_installed_lessons_load),
        cmocka_unit_test(a_directory_that_is_not_there_is_a_problem),
    };
    return cmocka_run_group_tests_name("rules", tests, NULL, NULL);
}
