/* What is read for teaching: the answers that people type, and cases, whose mistakes are named with their
 * line. */
#include "base/text.h"
#include "rule/kb.h"
#include "teach/answer.h"
#include "teach/assess.h"
#include "teach/case.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

static llw_kb *kb;
static llw_misconceptions misconceptions;

static int set_up(void **state) {
    *state = llw_arena_new();
    kb = llw_kb_load(NULL, 0, NULL);
    return llw_misconceptions_load(*state, &misconceptions, NULL) != LLW_OK;
}

static int tear_down(void **state) {
    llw_kb_free(kb);
    llw_arena_free(*state);
    return 0;
}

static void numbers_are_read_with_units(void **state) {
    (void)state;
    double n = 0;
    assert_true(llw_answer_number("448 MiB", LLW_UNIT_BYTES, "GB", &n) && n == 448 * 1048576.0);
    assert_true(llw_answer_number("~0.5GiB", LLW_UNIT_BYTES, "MiB", &n) && n == 536870912.0);
    assert_true(llw_answer_number("16.5", LLW_UNIT_BYTES, "GB", &n) && fabs(n - 16.5e9) < 1);
    assert_true(llw_answer_number("131,072", LLW_UNIT_PLAIN, "tokens", &n) && n == 131072);
    assert_true(llw_answer_number("128k", LLW_UNIT_PLAIN, "tokens", &n) && n == 131072);
    assert_true(llw_answer_number("92 %", LLW_UNIT_PLAIN, "%", &n) && fabs(n - 0.92) < 1e-9);
    assert_true(llw_answer_number("3.6 billion", LLW_UNIT_PLAIN, "", &n) && fabs(n - 3.6e9) < 1);
    assert_true(llw_answer_number("8.5 bits", LLW_UNIT_PLAIN, "bits", &n) && n == 8.5);
    assert_false(llw_answer_number("448 MiB", LLW_UNIT_PLAIN, "", &n));
    assert_false(llw_answer_number("1 2", LLW_UNIT_PLAIN, "", &n));
    assert_false(llw_answer_number("", LLW_UNIT_PLAIN, "", &n));
    assert_false(llw_answer_number("1e999", LLW_UNIT_PLAIN, "", &n));
    assert_false(llw_answer_number("nan", LLW_UNIT_PLAIN, "", &n));
    unsigned picked = 0;
    assert_true(llw_answer_choices("a, C", 3, &picked) && picked == 5);
    assert_true(llw_answer_choices("2", 3, &picked) && picked == 2);
    assert_false(llw_answer_choices("d", 3, &picked));
    assert_false(llw_answer_choices("0", 3, &picked));
    assert_false(llw_answer_choices("dense", 3, &picked));
    assert_false(llw_answer_choices("", 3, &picked));
    size_t order[3];
    assert_true(llw_answer_order("C a, b", 3, order) && order[0] == 2 && order[1] == 0 && order[2] == 1);
    assert_true(llw_answer_order("312", 3, order) && order[0] == 2);
    assert_false(llw_answer_order("a b", 3, order));
    assert_false(llw_answer_order("a b b", 3, order));
    assert_false(llw_answer_order("a b d", 3, order));
    char name[32];
    int line = 0;
    assert_true(llw_answer_place(" models.conf:12 ", name, sizeof name, &line) && line == 12);
    assert_string_equal(name, "models.conf");
    assert_true(llw_answer_place("a/b.yml:3:7", name, sizeof name, &line) && line == 3);
    assert_string_equal(name, "a/b.yml");
    assert_true(llw_answer_place("line 4", name, sizeof name, &line) && line == 4 && !*name);
    assert_true(llw_answer_place("4", name, sizeof name, &line) && line == 4 && !*name);
    assert_false(llw_answer_place("models.conf", name, sizeof name, &line));
    assert_false(llw_answer_place("", name, sizeof name, &line));
    assert_false(llw_answer_place("x:99999999", name, sizeof name, &line));
}

/* A file with a mistake is refused with its line. */
static void broken_cases_name_their_line(void **state) {
    static const char head[] = "lesson: 05-ub-is-not-b\ntitle: t\nbrief: b\nsource: s\ngpus: "
                               "['24564:23671']\nram: '64205'\nllama: b8022\n"
                               "model: tinyllama-1.1b-q4_k_m\nargs: -c 2048 -ub 2048 -b 2048\n";
    static const struct {
        const char *rest, *says;
        int line;
    } table[] = {
        {"asks: [{ id: a, kind: number, question: q, slot: CUDA0.computer }]\n", "no attribute", 10},
        {"asks: [{ id: a, kind: number, question: q, slot: launch.loads }]\n", "cannot ask", 10},
        {"asks: [{ id: a, kind: yes-no, question: q, slot: launch.ubatch }]\n", "cannot ask", 10},
        {"asks: [{ id: a, kind: number, question: q, slot: launch.ubatch, unit: MiB }]\n", "no unit", 10},
        {"asks: [{ id: a, kind: guess, question: q, slot: launch.ubatch }]\n",
         "it is flags, number, yes-no, choice, line or order", 10},
        {"asks: [{ id: a, kind: number, question: q }]\n", "needs a slot", 10},
        {"asks: [{ id: a, kind: choice, question: q, choices: [{ say: x, holds: launch.loads }] }]\n",
         "two choices", 10},
        {"asks: [{ id: a, kind: choice, question: q, choices: [{ say: x, holds: launch.loads }, { say: y, "
         "holds: launch.loads }] }]\n",
         "is right", 10},
        {"asks: [{ id: a, kind: yes-no, question: q, slot: launch.loads, mistakes: [{ is: nobody-thinks-so "
         "}] }]\n",
         "no misconception", 10},
        {"asks: [{ id: a, kind: flags, question: q, mistakes: [{ is: moe-means-cpu, finds: no-such-rule }] "
         "}]\n",
         "no rule", 10},
        {"asks: [{ id: a, kind: yes-no, question: q, slot: launch.loads, hits: x }]\n", "'hits' is not known",
         10},
        {"facts: [model.colour]\nasks: [{ id: a, kind: yes-no, question: q, slot: launch.loads }]\n",
         "model.colour", 0},
        {"facts: [launch.loads]\nasks: [{ id: a, kind: yes-no, question: q, slot: launch.loads }]\n", "away",
         11},
        {"known: [{ probe: { passed: perhaps } }]\nasks: [{ id: a, kind: yes-no, question: q, slot: "
         "launch.loads }]\n",
         "yes or no", 10},
        {"boundary: yes\nasks: [{ id: a, kind: yes-no, question: q, slot: launch.loads }]\n",
         "finds something", 0},
        {"title: again\nasks: []\n", "twice", 10},
        {"asks: nothing\n", "list of questions", 1},
        {"asks: [{ id: a, kind: line, question: q }]\n", "needs files", 10},
        {"asks: [{ id: a, kind: order, question: q, by: launch.ubatch, choices: [{ say: x }, { say: y }] "
         "}]\n",
         "an order three to", 10},
        {"asks: [{ id: a, kind: order, question: q, by: launch.ubatch, choices: [{ say: x }, { say: y }, { "
         "say: z }] "
         "}]\n",
         "does not tell", 10},
        {"asks: [{ id: a, kind: order, question: q, by: launch.loads, choices: [{ say: x }, { say: y }, { "
         "say: z }] "
         "}]\n",
         "is no number", 10},
        {"asks: [{ id: a, kind: order, question: q, by: launch.ubatch, choices: [{ say: x, change: { with: "
         "-ub 1 } }, "
         "{ say: y, change: { with: -ub 2 } }, { say: z }] }]\n",
         "in the right order", 10},
        {"asks: [{ id: a, kind: order, question: q, choices: [{ say: x, step: A }, { say: y, step: B }, { "
         "say: z }] "
         "}]\n",
         "the step of fit", 10},
        {"asks: [{ id: a, kind: order, question: q, choices: [{ say: x, step: xyzzy }, { say: y, step: As "
         "given }, "
         "{ say: z, step: A }] }]\n",
         "fit does nothing here", 10},
        {"asks: [{ id: a, kind: yes-no, question: q, slot: launch.loads, by: launch.ubatch }]\n",
         "by and falling", 10},
        {"files: { ../x.conf: a }\nlaunch: x\nasks: []\n", "a file has a name", 10},
        {"files: { x.conf: a }\nlaunch: x.conf\nasks: [{ id: a, kind: line, question: q }]\n",
         "leave args out", 1},
    };
    llw_arena *arena = *state;
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        llw_text t = {0};
        llw_err err = {0};
        llw_case c;
        llw_text_addf(&t, "%s%s", head, table[i].rest);
        llw_rc rc = llw_case_parse(arena, "case.yaml", "case", llw_text_str(&t), t.len, &c, &err);
        llw_stage stage = {.kb = kb, .c = &c, .arena = arena};
        if (rc == LLW_OK) rc = llw_case_check(&stage, &misconceptions, &err);
        llw_stage_close(&stage);
        llw_text_fini(&t);
        if (rc == LLW_OK || !strstr(err.text, table[i].says) || err.line != table[i].line)
            fail_msg("%s gives %s:%d: %s", table[i].rest, err.file, err.line,
                     rc == LLW_OK ? "nothing" : err.text);
    }
}

/* To YAML a number of an issue is a comment. */
static void a_source_with_a_number_sign_wants_quotes(void **state) {
    static const char cut[] = "lesson: x\ntitle: t\nbrief: b\nsource: llama.cpp #7389\n";
    llw_arena *arena = *state;
    llw_err err = {0};
    llw_case c;
    assert_int_not_equal(llw_case_parse(arena, "case.yaml", "case", cut, sizeof cut - 1, &c, &err), LLW_OK);
    assert_int_equal(err.line, 4);
    assert_non_null(strstr(err.text, "ends at \"llama.cpp\""));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_with_units),
        cmocka_unit_test(broken_cases_name_their_line),
        cmocka_unit_test(a_source_with_a_number_sign_wants_quotes),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
