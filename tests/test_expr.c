/* Expressions: what they parse to, which units they have, and which mistakes are told how. */
#include "rule/expr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static const llw_unit two_bytes[] = {LLW_UNIT_BYTES, LLW_UNIT_BYTES};

/* One named function: twice(bytes, bytes) gives bytes. */
static int find_function(void *context, const char *name, int *arity, const llw_unit **parameters,
                         llw_unit *result) {
    (void)context;
    if (strcmp(name, "twice")) return -1;
    *arity = 2;
    *parameters = two_bytes;
    *result = LLW_UNIT_BYTES;
    return 0;
}

static const char *const let_names[] = {"waste", "ratio"};
static const llw_unit let_units[] = {LLW_UNIT_BYTES, LLW_UNIT_PLAIN};
static const llw_scope scope = {
    .n_variables = 5,
    .variable = {"g", "h", "l", "m", "p"},
    .kind = {LLW_KIND_gpu, LLW_KIND_host, LLW_KIND_launch, LLW_KIND_model, LLW_KIND_placement},
    .n_lets = 2,
    .let_names = let_names,
    .let_units = let_units,
    .find_function = find_function,
};

static void must_parse(llw_arena *arena, const char *text, llw_expr *out) {
    llw_err err = {0};
    if (llw_expr_parse(arena, &scope, text, "rules.d/x.lua", 7, out, &err) != LLW_OK)
        fail_msg("\"%s\": %s", text, err.text);
}

static const char *leaf_text(llw_arena *arena, const llw_expr *e, const llw_expr_node *n) {
    return llw_arena_strndup(arena, e->text + n->start, (size_t)(n->end - n->start));
}

/* The tree as (op a b ...): recursion in a test, over expressions that the parser has bounded. */
static char *shape(llw_arena *arena, const llw_expr *e, int at) {
    static const char *const words[] = {
        [LLW_OP_NEGATE] = "neg",        [LLW_OP_NOT] = "not",       [LLW_OP_KNOWN] = "known",
        [LLW_OP_CONFLICT] = "conflict", [LLW_OP_ORIGIN] = "origin", [LLW_OP_GRADE] = "grade",
        [LLW_OP_MIN] = "min",           [LLW_OP_MAX] = "max",       [LLW_OP_CONTAINS] = "contains",
        [LLW_OP_PREDICT] = "predict",   [LLW_OP_CALL] = "call"};
    const llw_expr_node *n = &e->nodes[at];
    if (!n->n_args && n->op != LLW_OP_PREDICT && n->op != LLW_OP_CALL)
        return llw_arena_strdup(arena, leaf_text(arena, e, n));
    const char *sign =
        n->op < LLW_OP_CALL && *llw_op_sign(n->op) && n->op != LLW_OP_NOT && n->op != LLW_OP_NEGATE
            ? llw_op_sign(n->op)
            : words[n->op];
    char *out = llw_arena_printf(arena, "(%s", sign);
    for (int i = 0; i < n->n_args; i++)
        out = llw_arena_printf(arena, "%s %s", out, shape(arena, e, n->args[i]));
    return llw_arena_printf(arena, "%s)", out);
}

static void precedence_is_lua_s(void **state) {
    (void)state;
    static const char *const cases[][2] = {
        {"l.ubatch + 1 * 2", "(+ l.ubatch (* 1 2))"},
        {"(l.ubatch + 1) * 2", "(* (+ l.ubatch 1) 2)"},
        {"1 - 2 - 3", "(- (- 1 2) 3)"},
        {"8 / 4 / 2", "(/ (/ 8 4) 2)"},
        {"8 // 3 % 2", "(% (// 8 3) 2)"},
        {"- l.ubatch * 2", "(* (neg l.ubatch) 2)"},
        {"2 * - l.ubatch", "(* 2 (neg l.ubatch))"},
        {"not l.fit == l.cpu_moe", "(== (not l.fit) l.cpu_moe)"},
        {"not (l.fit == l.cpu_moe)", "(not (== l.fit l.cpu_moe))"},
        {"not not l.fit", "(not (not l.fit))"},
        {"l.fit or l.cpu_moe and l.loads", "(or l.fit (and l.cpu_moe l.loads))"},
        {"l.fit and l.cpu_moe or l.loads", "(or (and l.fit l.cpu_moe) l.loads)"},
        {"l.ubatch + 1 > 2 and l.batch <= 3", "(and (> (+ l.ubatch 1) 2) (<= l.batch 3))"},
        {"l.ubatch<1 or l.ubatch>=2", "(or (< l.ubatch 1) (>= l.ubatch 2))"},
        {"l.cache_type_k ~= 'f16'", "(~= l.cache_type_k 'f16')"},
        {"l.cache_type_k == \"f16\"", "(== l.cache_type_k \"f16\")"},
        {"p.launch == l.id", "(== p.launch l.id)"},
        {"known(l.ubatch) and not known( m.card )", "(and (known l.ubatch) (not (known m.card)))"},
        {"conflict(m.moe)", "(conflict m.moe)"},
        {"origin(l.ubatch) == 'argument'", "(== (origin l.ubatch) 'argument')"},
        {"grade(l.ubatch) == 'measured'", "(== (grade l.ubatch) 'measured')"},
        {"min(1, 2, l.batch) > max(3, 4)", "(> (min 1 2 l.batch) (max 3 4))"},
        {"contains(m.name, 'Flash')", "(contains m.name 'Flash')"},
        {"predict('compute', p, 'ubatch', 512)", "(predict 512)"},
        {"predict('loads', l, 'ubatch', 256 + 256, 'fit', true)", "(predict (+ 256 256) true)"},
        {"predict('loads', l)", "(predict)"},
        {"twice(p.need, 1 * MiB)", "(call p.need (* 1 MiB))"},
        {"waste > 16 * MiB", "(> waste (* 16 MiB))"},
        {"sum('placement', 'need') > 0", "(> sum('placement', 'need') 0)"},
        {"count('gpu') == 2 and any('gpu', 'display')", "(and (== count('gpu') 2) any('gpu', 'display'))"},
        {"1.5 + 2e3 < 1e-3", "(< (+ 1.5 2e3) 1e-3)"},
        {"\tl.fit\n  and l.loads ", "(and l.fit l.loads)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_arena *arena = llw_arena_new();
        llw_expr e;
        must_parse(arena, cases[i][0], &e);
        assert_string_equal(shape(arena, &e, e.n_nodes - 1), cases[i][1]);
        llw_arena_free(arena);
    }
}

static void operands_stand_before_their_operator(void **state) {
    (void)state;
    static const char *const texts[] = {
        "l.ubatch + 1 * 2 > max(l.batch, 3, - 4) and not (p.loads or known(p.free))",
        "predict('compute', p, 'ubatch', min(l.ubatch, 512)) / GiB < ratio",
        "((((l.ubatch))))  >  ( 1 )",
    };
    llw_arena *arena = llw_arena_new();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        llw_expr e;
        must_parse(arena, texts[i], &e);
        assert_string_equal(e.text, texts[i]);
        assert_int_equal(e.line, 7);
        for (int n = 0; n < e.n_nodes; n++) {
            const llw_expr_node *node = &e.nodes[n];
            assert_in_range(node->start, 0, node->end);
            assert_in_range(node->end, 1, strlen(texts[i]));
            for (int a = 0; a < node->n_args; a++) assert_in_range(node->args[a], 0, n - 1);
            llw_expr again; /* the text of every node is an expression of the same shape */
            must_parse(arena, leaf_text(arena, &e, node), &again);
            assert_string_equal(shape(arena, &again, again.n_nodes - 1), shape(arena, &e, n));
        }
    }
    llw_arena_free(arena);
}

static void units_are_types(void **state) {
    (void)state;
    static const struct {
        const char *text, *unit;
    } cases[] = {
        {"l.ubatch", "number"},
        {"p.need", "bytes"},
        {"512 * MiB", "bytes"},
        {"MiB * 2 + GiB - KiB", "bytes"},
        {"1 * GB + 1 * MB", "bytes"},
        {"p.need / p.free", "number"},
        {"p.need // 2", "bytes"},
        {"p.need / 1000", "bytes"},
        {"p.need % MiB", "bytes"},
        {"p.need / g.bandwidth", "seconds"},
        {"p.need / (p.need / g.bandwidth)", "bytes per second"},
        {"g.bandwidth * (p.need / g.bandwidth)", "bytes"},
        {"g.bandwidth", "bytes per second"},
        {"- p.need", "bytes"},
        {"min(p.need, 0)", "bytes"},
        {"max(0, p.need)", "bytes"},
        {"p.need + 0", "bytes"},
        {"0 - p.need", "bytes"},
        {"p.need > 0", "flag"},
        {"0 == p.need", "flag"},
        {"m.name", "text"},
        {"'abc'", "text"},
        {"origin(m.name)", "text"},
        {"l.fit", "flag"},
        {"true", "flag"},
        {"l.model", "entity"},
        {"l.id", "entity"},
        {"waste", "bytes"},
        {"ratio * 2", "number"},
        {"sum('placement', 'need')", "bytes"},
        {"count('gpu')", "number"},
        {"any('gpu', 'display')", "flag"},
        {"twice(p.need, p.free)", "bytes"},
        {"predict('compute', p, 'ubatch', 512)", "bytes"},
        {"predict('loads', l, 'ubatch', 512)", "flag"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_arena *arena = llw_arena_new();
        llw_expr e;
        must_parse(arena, cases[i].text, &e);
        if (strcmp(llw_unit_name(llw_expr_unit(&e)), cases[i].unit))
            fail_msg("\"%s\" is %s, not %s", cases[i].text, llw_unit_name(llw_expr_unit(&e)), cases[i].unit);
        llw_arena_free(arena);
    }
}

static void mistakes_are_named(void **state) {
    (void)state;
    static const struct {
        const char *text, *says;
    } cases[] = {
        /* names */
        {"l.ubatsh > 512", "did you mean 'ubatch'?"},
        {"p.nead > 0", "did you mean 'need'?"},
        {"l.zzzzzzzzzzzz > 512", "llwhy facts --schema launch lists them"},
        {"q.ubatch > 512", "'q' is not one of the rule's variables"},
        {"l", "'.' expected at the end"},
        {"l.", "has no attribute ''"},
        {"wast > 0", "'wast' is not one of the rule's variables"},
        {"os.exit(1)", "'os' is not one of"},
        {"load('x')", "there is no function 'load'"},
        {"count('gpus') > 1", "there is no kind of fact called 'gpus'"},
        {"sum('placement', 'nead') > 0", "did you mean 'need'?"},
        {"predict('compute', q, 'ubatch', 1) > 0", "not 'q'"},
        {"predict('experts', m, 'ubatch', 1) > 0", "not a model"},
        {"predict('compute', p, 'ubatsh', 1) > 0", "did you mean 'ubatch'?"},
        {"predict('compute', p, 'loads', true) > 0", "'loads' is no knob"},
        {"predict('compute', p, 'ubatch', true) > 0", "'ubatch' is number and cannot be set to true"},
        {"known(512)", "write known(x.attribute)"},
        {"origin(waste) == ''", "write origin(x.attribute)"},
        /* units */
        {"p.need > 512", "(write 512 * MiB for a size)"},
        {"512 < p.need", "(write 512 * MiB for a size)"},
        {"p.need + l.ubatch > 0", "needs the same unit on both sides"},
        {"p.need * p.free > 0", "cannot be multiplied"},
        {"l.ubatch / p.free > 0", "cannot be divided"},
        {"g.bandwidth / p.need > 0", "cannot be divided"},
        {"m.name > 'a'", "'>' needs numbers, but m.name is text"},
        {"m.name == 1", "needs the same unit"},
        {"m.name + 1 > 2", "'+' needs numbers"},
        {"l.fit == 1", "needs the same unit"},
        {"l.model == m.name", "needs the same unit"},
        {"not l.ubatch", "'not' needs a yes-or-no condition"},
        {"- l.fit", "'-' needs a number"},
        {"- m.name", "'-' needs a number"},
        {"l.ubatch and l.fit", "'and' joins yes-or-no conditions, but l.ubatch is number"},
        {"l.fit or m.name", "'or' joins yes-or-no conditions, but m.name is text"},
        {"1 < 2 < 3", "'<' needs numbers, but 1 < 2 is flag"},
        {"min(1, p.need) > 0", "numbers of one unit"},
        {"min('a', 'b') == 'a'", "numbers of one unit"},
        {"min(1) > 0", "at least two"},
        {"max() > 0", "at least two"},
        {"contains(m.name)", "takes two texts"},
        {"contains(m.name, 1)", "takes two texts"},
        {"sum('model', 'name') > 0", "which cannot be used here"},
        {"any('placement', 'need')", "which cannot be used here"},
        {"twice(p.need) > 0", "takes 2 arguments, not 1"},
        {"twice(p.need, 2) > 0", "argument 2 of twice() is bytes, but 2 is number"},
        {"twice(p.need, p.need, p.need) > 0", "takes 2 arguments, not 3"},
        /* form */
        {"", "breaks off"},
        {"   ", "breaks off"},
        {"l.ubatch >", "breaks off"},
        {"l.ubatch > 512 and", "breaks off"},
        {"not", "breaks off"},
        {"(l.fit", "')' expected at the end"},
        {"min(1, 2", "')' expected at the end"},
        {"l.fit)", "')' is left over"},
        {"l.fit l.loads", "'l.loads' is left over"},
        {"l.ubatch = 512", "'= 512' is left over"},
        {"l.ubatch != 512", "'!= 512' is left over"},
        {"l.ubatch ^ 2 > 1", "is left over"},
        {"m.name .. 'x' == ''", "is left over"},
        {"#m.name > 1", "cannot stand here"},
        {"{} == {}", "cannot stand here"},
        {"m.name == 'abc", "is not closed"},
        {"m.name == 'a\\'b'", "no backslashes"},
        {"l.ubatch > 0x200", "is no number"},
        {"l.ubatch > 512u", "is no number"},
        {"l.ubatch > 9223372036854775808", "is no number"},
        {"l.speed > 1e999", "out of range"},
        {"sum(placement, 'need') > 0", "a quoted name expected"},
        {"l.ubatch - -1 > 0 --and l.fit", "starts a comment"},
        {"l.ubatch --1 > 0", "starts a comment"},
        {"l.fit ; l.loads", "is left over"},
        {"l.fit\001", "is left over"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_arena *arena = llw_arena_new();
        llw_expr e;
        llw_err err = {0};
        if (llw_expr_parse(arena, &scope, cases[i].text, "rules.d/x.lua", 7, &e, &err) != LLW_ERR_INPUT)
            fail_msg("\"%s\" is taken", cases[i].text);
        if (!strstr(err.text, cases[i].says))
            fail_msg("\"%s\": \"%s\" does not say \"%s\"", cases[i].text, err.text, cases[i].says);
        assert_string_equal(err.file, "rules.d/x.lua");
        assert_int_equal(err.line, 7);
        llw_arena_free(arena);
    }
}

static char *repeated(const char *before, const char *middle, const char *after, int n) {
    llw_text t = {0};
    for (int i = 0; i < n; i++) llw_text_add(&t, before);
    llw_text_add(&t, middle);
    for (int i = 0; i < n; i++) llw_text_add(&t, after);
    return t.bytes;
}

static llw_rc parse_owned(char *text, llw_err *err) {
    llw_arena *arena = llw_arena_new();
    llw_expr e;
    llw_rc rc = llw_expr_parse(arena, &scope, text, "", 1, &e, err);
    llw_arena_free(arena);
    free(text);
    return rc;
}

static void length_depth_and_arguments_have_limits(void **state) {
    (void)state;
    llw_err err = {0};
    assert_int_equal(parse_owned(repeated("(", "l.fit", ")", 40), &err), LLW_OK);
    assert_int_equal(parse_owned(repeated("(", "l.fit", ")", 900), &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "nested too deeply"));
    err = (llw_err){0};
    assert_int_equal(parse_owned(repeated("not ", "l.fit", "", 400), &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "nested too deeply"));
    assert_int_equal(parse_owned(repeated("1 + ", "1 > 0", "", 480), &err), LLW_OK); /* long, but flat */
    err = (llw_err){0};
    assert_int_equal(parse_owned(repeated("1 + ", "1 > 0", "", 600), &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "at most 2000 bytes"));
    err = (llw_err){0};
    assert_int_equal(parse_owned(repeated("", "max(1,2,3,4,5,6,7,8,9) > 0", "", 1), &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "at most 8"));
    assert_int_equal(parse_owned(repeated("", "max(1,2,3,4,5,6,7,8) > 0", "", 1), &err), LLW_OK);
}

/* Any bytes at all: an answer or a message, never a fault; and what is taken parses again the same. */
static void any_text_is_answered(void **state) {
    (void)state;
    static const char *const pieces[] = {
        "l.ubatch",  "p.need",  "m.name", "l.fit", "(",  ")",    ",",
        "not ",      " and ",   " or ",   "+",     "-",  "*",    "/",
        "//",        "%",       "<",      "<=",    "==", "~=",   "512",
        "0",         "1.5",     "MiB",    "'x'",   "\"", "min(", "known(",
        "predict('", "'loads'", ".",      "\n",    "\\", "\x80", "sum('gpu', 'free')",
        "waste",     "=",       "twice(", "true"};
    uint64_t seed = 88172645463325252u;
    int taken = 0;
    for (int round = 0; round < 30000; round++) {
        llw_text t = {0};
        seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
        int n = 1 + (int)(seed % 9);
        for (int i = 0; i < n; i++) {
            seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
            llw_text_add(&t, pieces[seed % (sizeof pieces / sizeof *pieces)]);
        }
        llw_arena *arena = llw_arena_new();
        llw_expr e, again;
        llw_err err = {0};
        if (llw_expr_parse(arena, &scope, t.bytes, "", 1, &e, &err) == LLW_OK) {
            taken++;
            must_parse(arena, e.text, &again);
            assert_int_equal(again.n_nodes, e.n_nodes);
        } else
            assert_true(*err.text);
        llw_arena_free(arena);
        llw_text_fini(&t);
    }
    assert_in_range(taken, 1000, 29000); /* both sides were seen */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(precedence_is_lua_s),
        cmocka_unit_test(operands_stand_before_their_operator),
        cmocka_unit_test(units_are_types),
        cmocka_unit_test(mistakes_are_named),
        cmocka_unit_test(length_depth_and_arguments_have_limits),
        cmocka_unit_test(any_text_is_answered),
    };
    return cmocka_run_group_tests_name("expr", tests, NULL, NULL);
}
