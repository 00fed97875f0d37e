/* Rule files: mistakes are named with their line, writers come before readers, functions compute. */
#include "rule_files.h"

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
    llw_kb *kb = llw_kb_load(NULL, 0, NULL);
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
    llw_kb *kb = llw_kb_load(directories, 1, NULL);
    assert_int_equal(kb->n_problems, 1);
    assert_non_null(strstr(kb->problems[0].file, "no/such/directory"));
    assert_true(kb->n_lessons >= 8);
    llw_kb_free(kb);
}

int main(void) {
    const struct CMUnitTest tests[] = {
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
