/* Evaluation: Kleene's tables, broken nodes, and agreement with Lua's own `load` on generated expressions. */
#include "infer/eval.h"

#include <lauxlib.h>
#include <lualib.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* One launch and one placement; l and p are bound to them. */
typedef struct world {
    llw_arena *arena;
    llw_facts *facts;
    llw_kb *kb;
    llw_entity binding[2];
} world;

enum { L, P };
static const llw_scope scope = {
    .n_variables = 2, .variable = {"l", "p"}, .kind = {LLW_KIND_launch, LLW_KIND_placement}};

static void claim(world *w, int variable, llw_attr attr, llw_value value) {
    llw_facts_claim(w->facts, w->binding[variable], attr, value, LLW_GRADE_WHATIF, "test", "");
}

static world *world_new(void) {
    llw_arena *arena = llw_arena_new();
    world *w = llw_arena_alloc(arena, sizeof *w);
    w->arena = arena;
    w->facts = llw_facts_new();
    w->kb = llw_kb_new();
    w->binding[L] = llw_facts_entity(w->facts, LLW_KIND_launch, "argv");
    w->binding[P] = llw_facts_entity(w->facts, LLW_KIND_placement, "argv@CUDA0");
    return w;
}

static void world_free(world *w) {
    llw_facts_free(w->facts);
    llw_kb_free(w->kb);
    llw_arena_free(w->arena);
}

static void parse(world *w, const char *text, llw_expr *out) {
    llw_err err = {0};
    if (llw_expr_parse(w->arena, &scope, text, "", 1, out, &err) != LLW_OK)
        fail_msg("\"%s\": %s", text, err.text);
}

static llw_result eval_all(world *w, const llw_expr *e, llw_result *values) {
    llw_evaluation evaluation = {.facts = w->facts, .kb = w->kb, .binding = w->binding};
    llw_eval(e, &evaluation, values);
    return values[e->n_nodes - 1];
}

static llw_result eval(world *w, const char *text) {
    llw_expr e;
    llw_result values[LLW_EXPR_MAX_BYTES];
    parse(w, text, &e);
    return eval_all(w, &e, values);
}

static const char *truth(world *w, const char *text) {
    llw_result r = eval(w, text);
    return r.state == LLW_NOT_KNOWN ? "unknown" : r.state == LLW_FAULT ? "broken" : r.as.flag ? "yes" : "no";
}

static void kleene(void **state) {
    (void)state;
    world *w = world_new();
    /* fit is unknown: nobody said anything */
    static const char *const operand[] = {"true", "false", "l.fit", "(1 // 0 > 0)"};
    static const char *const name[] = {"yes", "no", "unknown", "broken"};
    static const char *const both[4][4] = {{"yes", "no", "unknown", "broken"},
                                           {"no", "no", "no", "no"},
                                           {"unknown", "no", "unknown", "broken"},
                                           {"broken", "no", "broken", "broken"}};
    static const char *const either[4][4] = {{"yes", "yes", "yes", "yes"},
                                             {"yes", "no", "unknown", "broken"},
                                             {"yes", "unknown", "unknown", "broken"},
                                             {"yes", "broken", "broken", "broken"}};
    static const char *const not [] = {"no", "yes", "unknown", "broken"};
    for (int a = 0; a < 4; a++) {
        assert_string_equal(truth(w, operand[a]), name[a]);
        assert_string_equal(truth(w, llw_arena_printf(w->arena, "not %s", operand[a])), not [a]);
        for (int b = 0; b < 4; b++) {
            assert_string_equal(truth(w, llw_arena_printf(w->arena, "%s and %s", operand[a], operand[b])),
                                both[a][b]);
            assert_string_equal(truth(w, llw_arena_printf(w->arena, "%s or %s", operand[a], operand[b])),
                                either[a][b]);
        }
    }
    world_free(w);
}

static void unknown_is_no_number(void **state) {
    (void)state;
    world *w = world_new();
    claim(w, L, LLW_launch_batch, llw_count(2048));
    claim(w, L, LLW_launch_ubatch, llw_unknown(LLW_COUNT)); /* somebody looked and it was [N/A] */
    static const char *const unknown[] = {"l.ubatch == 0",
                                          "l.ubatch ~= 0",
                                          "l.ubatch == l.ubatch",
                                          "l.ubatch + 1 > 0",
                                          "l.ubatch * 0 == 0",
                                          "min(l.ubatch, l.batch) > 0",
                                          "l.ctx > 0",
                                          "not l.fit",
                                          "contains(l.cache_type_k, 'q8')",
                                          "l.cache_type_k == ''",
                                          "l.model == l.model",
                                          "origin(l.ctx) == ''",
                                          "p.launch == l.id",
                                          "l.batch > 0 and l.ubatch > 0",
                                          "predict('loads', l, 'ubatch', 512)",
                                          "grade(l.ctx) == 'default'"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        if (strcmp(truth(w, unknown[i]), "unknown")) fail_msg("%s is %s", unknown[i], truth(w, unknown[i]));
    static const char *const no[] = {"known(l.ubatch)", "known(l.ctx)", "l.batch < 0 and l.ubatch > 0",
                                     "conflict(l.ctx)"};
    for (size_t i = 0; i < sizeof no / sizeof *no; i++) assert_string_equal(truth(w, no[i]), "no");
    static const char *const yes[] = {"known(l.batch)", "l.batch > 0 or l.ubatch > 0", "known(l.id)",
                                      "not known(p.need)"};
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++) assert_string_equal(truth(w, yes[i]), "yes");
    world_free(w);
}

static void what_cannot_be_computed_is_broken(void **state) {
    (void)state;
    world *w = world_new();
    claim(w, L, LLW_launch_ctx, llw_count(INT64_MAX));
    claim(w, L, LLW_launch_batch, llw_count(INT64_MIN));
    claim(w, L, LLW_launch_ubatch, llw_count(0));
    claim(w, L, LLW_launch_speed, llw_real(1e308));
    claim(w, P, LLW_placement_need, llw_bytes(INT64_MAX));
    static const char *const broken[] = {
        "l.ctx + 1 > 0",          "l.batch - 1 < 0",           "l.ctx * 2 > 0",
        "- l.batch > 0",          "l.batch // - 1 > 0",        "1 // l.ubatch > 0",
        "1 % l.ubatch > 0",       "1 / l.ubatch > 0",          "0 / l.ubatch > 0",
        "1.5 // l.ubatch > 0",    "1.5 % l.ubatch > 0",        "l.speed * 10 > 0",
        "l.speed + l.speed > 0",  "p.need * 1024 > 0",         "p.need + 1 * GiB > 0",
        "p.need / l.ubatch > 0",  "min(1, 1 // l.ubatch) > 0", "not (1 // l.ubatch > 0)",
        "1 // l.ubatch > l.n_seq"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++)
        if (strcmp(truth(w, broken[i]), "broken")) fail_msg("%s is %s", broken[i], truth(w, broken[i]));
    static const char *const fine[] = {
        "l.batch % - 1 == 0", "l.ctx - 1 > 0",  "l.speed / 10 > 0", "l.ubatch // 1 == 0", "- 7 // 2 == - 4",
        "- 7 % 3 == 2",       "7 % - 3 == - 2", "7 / 2 == 3.5",     "l.ctx + 0.0 > 9e18", "- 5.5 % 2 == 0.5"};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++)
        if (strcmp(truth(w, fine[i]), "yes")) fail_msg("%s is %s", fine[i], truth(w, fine[i]));
    world_free(w);
}

static void slots_tell_where_they_are_from(void **state) {
    (void)state;
    world *w = world_new();
    llw_entity l = w->binding[L];
    llw_facts_claim(w->facts, l, LLW_launch_ubatch, llw_count(512), LLW_GRADE_CONFIG, "environment",
                    "LLAMA_ARG_UBATCH");
    llw_facts_claim(w->facts, l, LLW_launch_ubatch, llw_count(1024), LLW_GRADE_FLAG, "argument",
                    "argument 2");
    llw_facts_claim(w->facts, l, LLW_launch_batch, llw_count(2048), LLW_GRADE_CONFIG, "environment",
                    "LLAMA_ARG_BATCH");
    llw_facts_claim(w->facts, l, LLW_launch_batch, llw_count(2048), LLW_GRADE_FLAG, "argument", "argument 4");
    llw_facts_claim(w->facts, l, LLW_launch_ctx, llw_count(0), LLW_GRADE_DEFAULT, "default", "");
    llw_facts_claim(w->facts, l, LLW_launch_ctx, llw_count(8192), LLW_GRADE_FLAG, "argument", "argument 6");
    static const char *const yes[] = {"origin(l.ubatch) == 'argument'",
                                      "grade(l.ubatch) == 'launch flags'",
                                      "conflict(l.ubatch)",
                                      "l.ubatch == 1024",
                                      "not conflict(l.batch)",
                                      "not conflict(l.ctx)"}; /* a default is nobody's rival */
    for (size_t i = 0; i < sizeof yes / sizeof *yes; i++)
        if (strcmp(truth(w, yes[i]), "yes")) fail_msg("%s is %s", yes[i], truth(w, yes[i]));
    world_free(w);
}

static void aggregates_know_when_a_member_is_unknown(void **state) {
    (void)state;
    world *w = world_new();
    assert_string_equal(truth(w, "count('gpu') == 0"), "yes");
    assert_string_equal(truth(w, "sum('gpu', 'free') == 0"), "yes");
    assert_string_equal(truth(w, "any('gpu', 'display')"), "no");
    llw_entity a = llw_facts_entity(w->facts, LLW_KIND_gpu, "CUDA0"),
               b = llw_facts_entity(w->facts, LLW_KIND_gpu, "CUDA1");
    llw_facts_claim(w->facts, a, LLW_gpu_free, llw_bytes(100), LLW_GRADE_MEASURED, "test", "");
    assert_string_equal(truth(w, "count('gpu') == 2"), "yes");
    assert_string_equal(truth(w, "sum('gpu', 'free') > 0"), "unknown"); /* b's is not known */
    llw_facts_claim(w->facts, b, LLW_gpu_free, llw_bytes(23), LLW_GRADE_MEASURED, "test", "");
    assert_string_equal(truth(w, "sum('gpu', 'free') - 123 * KiB / 1024 == 0"), "yes");
    llw_facts_claim(w->facts, a, LLW_gpu_display, llw_flag(false), LLW_GRADE_MEASURED, "test", "");
    assert_string_equal(truth(w, "any('gpu', 'display')"), "unknown");
    llw_facts_claim(w->facts, b, LLW_gpu_display, llw_flag(true), LLW_GRADE_MEASURED, "test", "");
    assert_string_equal(truth(w, "any('gpu', 'display')"), "yes");
    world_free(w);
}

static void values_keep_their_type(void **state) {
    (void)state;
    world *w = world_new();
    claim(w, L, LLW_launch_batch, llw_count(7));
    llw_result r = eval(w, "l.batch // 2");
    assert_false(r.is_real);
    assert_int_equal(r.as.integer, 3);
    r = eval(w, "l.batch / 2");
    assert_true(r.is_real && r.as.real == 3.5);
    r = eval(w, "l.batch // 2.0");
    assert_true(r.is_real && r.as.real == 3.0);
    assert_false(eval(w, "min(3, 3.0)").is_real); /* of equals the first */
    assert_true(eval(w, "max(3.0, 3)").is_real);
    /* 2^53 + 1 is no double: integers are compared as integers */
    assert_string_equal(truth(w, "9007199254740993 > 9007199254740992"), "yes");
    assert_string_equal(truth(w, "9007199254740993 == 9007199254740992.0"), "no");
    assert_string_equal(truth(w, "9007199254740992.0 < 9007199254740993"), "yes");
    assert_string_equal(truth(w, "0 - 9007199254740993 < 0 - 9007199254740992.0"), "yes");
    assert_string_equal(truth(w, "7 < 7.5 and 0 - 7 > 0 - 7.5 and 0 - 8 < 0 - 7.5 and 8 > 7.5"), "yes");
    assert_string_equal(truth(w, "9223372036854775807 < 9223372036854775808.0"), "yes");
    assert_string_equal(truth(w, "0 - 9223372036854775807 > 0 - 1e19"), "yes");
    assert_int_equal(llw_result_value(eval(w, "l.batch"), LLW_COUNT).as.count, 7);
    assert_int_equal(llw_result_value(eval(w, "l.batch / 2"), LLW_COUNT).as.count, 4); /* rounded */
    assert_false(llw_result_value(eval(w, "l.batch // 0"), LLW_COUNT).known);
    /* a number that no integer holds stays unknown instead of becoming another one */
    assert_false(llw_result_value(eval(w, "1e300"), LLW_COUNT).known);
    world_free(w);
}

/* ---- the differential test ---- */

static uint64_t seed;

static unsigned roll(unsigned n) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (unsigned)(seed >> 33) % n;
}

typedef enum want { NUMBER, BYTES, FLAG, TEXT } want;

static const char *pick(const char *const *words, size_t n) {
    return words[roll((unsigned)n)];
}
#define PICK(...)                                                                                            \
    pick((const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))

static void generate(llw_text *out, want what, int depth);

static void infix(llw_text *out, want a, const char *sign, want b, int depth) {
    bool parens = roll(3) == 0;
    if (parens) llw_text_add(out, "(");
    generate(out, a, depth - 1);
    llw_text_addf(out, " %s ", sign);
    generate(out, b, depth - 1);
    if (parens) llw_text_add(out, ")");
}

/* Parentheses around the whole, so that precedence does not change the types that were meant. */
static void closed(llw_text *out, want a, const char *sign, want b, int depth) {
    llw_text_add(out, "(");
    generate(out, a, depth - 1);
    llw_text_addf(out, ") %s (", sign);
    generate(out, b, depth - 1);
    llw_text_add(out, ")");
}

static void call(llw_text *out, const char *name, want a, want b, int depth) {
    llw_text_addf(out, "%s(", name);
    generate(out, a, depth - 1);
    llw_text_add(out, ", ");
    generate(out, b, depth - 1);
    llw_text_add(out, ")");
}

/* Precedence may turn what was meant into something without a unit; such texts are refused, and passed over.
 */
static bool is_expression(world *w, const char *text, llw_expr *out) {
    llw_err err = {0};
    return llw_expr_parse(w->arena, &scope, text, "", 1, out, &err) == LLW_OK;
}

static void generate_number(llw_text *out, int depth) {
    switch (depth <= 0 ? roll(3) : roll(9)) {
    case 0:
        llw_text_add(out, PICK("1", "2", "3", "7", "512", "2048", "131072", "4294967296",
                               "9223372036854775807", "9007199254740993"));
        return;
    case 1:
        llw_text_add(out, PICK("0.5", "1.0", "2.5", "1e3", "1e-300", "1e300", "9007199254740992.0", "0.1",
                               "3.0", "1e308"));
        return;
    case 2:
        llw_text_add(out, PICK("l.ctx", "l.batch", "l.ubatch", "l.gpu_layers", "l.speed", "l.speed_low",
                               "l.n_seq", "p.layers"));
        return;
    case 3: infix(out, NUMBER, PICK("+", "-"), NUMBER, depth); return;
    case 4:
    case 5: infix(out, NUMBER, PICK("*", "/", "//", "%"), NUMBER, depth); return;
    case 6:
        llw_text_add(out, "- ");
        generate(out, NUMBER, depth - 1);
        return;
    case 7: call(out, PICK("min", "max"), NUMBER, NUMBER, depth); return;
    default: closed(out, BYTES, "/", BYTES, depth);
    }
}

static void generate_bytes(llw_text *out, int depth) {
    switch (depth <= 0 ? roll(2) : roll(7)) {
    case 0: llw_text_add(out, PICK("p.need", "p.free", "p.weights", "p.left", "p.kv")); return;
    case 1: llw_text_add(out, PICK("KiB", "MiB", "GiB", "GB", "MB")); return;
    case 2: closed(out, BYTES, PICK("+", "-", "%"), BYTES, depth); return;
    case 3: closed(out, BYTES, PICK("*", "/", "//"), NUMBER, depth); return;
    case 4: closed(out, NUMBER, "*", BYTES, depth); return;
    case 5: call(out, PICK("min", "max"), BYTES, BYTES, depth); return;
    default: llw_text_add(out, "- "); generate(out, BYTES, 0);
    }
}

static void generate_flag(llw_text *out, int depth) {
    switch (depth <= 0 ? roll(2) : roll(10)) {
    case 0: llw_text_add(out, PICK("l.fit", "l.cpu_moe", "l.kv_offload", "p.loads")); return;
    case 1: llw_text_add(out, PICK("true", "false")); return;
    case 2: closed(out, NUMBER, PICK("<", "<=", ">", ">=", "==", "~="), NUMBER, depth); return;
    case 3: closed(out, BYTES, PICK("<", "<=", ">", ">=", "==", "~="), BYTES, depth); return;
    case 4: closed(out, TEXT, PICK("==", "~="), TEXT, depth); return;
    case 5: closed(out, FLAG, PICK("==", "~="), FLAG, depth); return;
    case 6:
        llw_text_add(out, "not ");
        generate(out, FLAG, depth - 2);
        return;
    case 7: call(out, "contains", TEXT, TEXT, depth); return;
    default: infix(out, FLAG, PICK("and", "or"), FLAG, depth);
    }
}

static void generate(llw_text *out, want what, int depth) {
    switch (what) {
    case NUMBER: generate_number(out, depth); return;
    case BYTES: generate_bytes(out, depth); return;
    case FLAG: generate_flag(out, depth); return;
    case TEXT:
        llw_text_add(out,
                     PICK("l.cache_type_k", "l.cache_type_v", "'q8_0'", "'f16'", "''", "\"q\"", "p.device"));
        return;
    }
}

static const llw_attr counts[] = {LLW_launch_ctx, LLW_launch_batch, LLW_launch_ubatch, LLW_launch_gpu_layers,
                                  LLW_launch_n_seq};
static const llw_attr sizes[] = {LLW_placement_need, LLW_placement_free, LLW_placement_weights,
                                 LLW_placement_left, LLW_placement_kv};
static const llw_attr reals[] = {LLW_launch_speed, LLW_launch_speed_low};
static const llw_attr flags[] = {LLW_launch_fit, LLW_launch_cpu_moe, LLW_launch_kv_offload};
static const llw_attr texts[] = {LLW_launch_cache_type_k, LLW_launch_cache_type_v};

/* The same value as a fact and as a field of Lua's table. */
static void both(world *w, lua_State *lua, int variable, llw_attr attr, llw_value value) {
    claim(w, variable, attr, value);
    lua_getglobal(lua, variable == L ? "l" : "p");
    if (value.type == LLW_FLAG)
        lua_pushboolean(lua, value.as.flag);
    else if (llw_type_is_text(value.type))
        lua_pushstring(lua, value.as.text);
    else if (llw_type_is_integer(value.type))
        lua_pushinteger(lua, value.as.count);
    else
        lua_pushnumber(lua, value.as.real);
    lua_setfield(lua, -2, llw_attr_get(attr)->name);
    lua_pop(lua, 1);
}

static int64_t some_integer(void) {
    static const int64_t values[] = {
        0,    1,      -1,          2,         3,         512,           -512,
        1024, 131072, 24821891072, INT64_MAX, INT64_MIN, INT64_MAX - 1, 4294967296};
    return values[roll(sizeof values / sizeof *values)];
}

static void fill(world *w, lua_State *lua) {
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        both(w, lua, L, counts[i], llw_count(some_integer()));
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        both(w, lua, P, sizes[i], llw_bytes(some_integer()));
    both(w, lua, P, LLW_placement_layers, llw_count(some_integer()));
    static const double doubles[] = {0.0, 1.5, -2.25, 1e300, 1e-310, 9007199254740992.0, 104.0, -0.1};
    for (size_t i = 0; i < sizeof reals / sizeof *reals; i++)
        both(w, lua, L, reals[i], llw_real(doubles[roll(8)]));
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) both(w, lua, L, flags[i], llw_flag(roll(2)));
    both(w, lua, P, LLW_placement_loads, llw_flag(roll(2)));
    static const char *const words[] = {"q8_0", "f16", "", "q"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        both(w, lua, L, texts[i], llw_string(LLW_TEXT, words[roll(4)]));
    both(w, lua, P, LLW_placement_device, llw_string(LLW_TEXT, "q8_0"));
}

static lua_State *lua_new(void) {
    lua_State *lua = luaL_newstate();
    luaL_openlibs(lua);
    int rc = luaL_dostring(lua, "l, p = {}, {} min, max = math.min, math.max\n"
                                "KiB, MiB, GiB, GB, MB = 1024, 1 << 20, 1 << 30, 1000000000, 1000000\n"
                                "function contains(a, b) return a:find(b, 1, true) ~= nil end");
    assert_int_equal(rc, LUA_OK);
    return lua;
}

/* Lua's value of the text on its stack, or false when Lua raises an error (integer division by zero). */
static bool lua_value(lua_State *lua, const char *text) {
    char chunk[LLW_EXPR_MAX_BYTES + 20];
    snprintf(chunk, sizeof chunk, "return %s", text);
    if (luaL_loadstring(lua, chunk) != LUA_OK)
        fail_msg("Lua does not take \"%s\": %s", text, lua_tostring(lua, -1));
    if (lua_pcall(lua, 0, 1, 0) == LUA_OK) return true;
    lua_pop(lua, 1);
    return false;
}

/* Whether Lua agrees that the operation at `node`, whose operands are fine, has no value we could stand by.
 */
static bool lua_breaks(lua_State *lua, const llw_expr *e, const llw_expr_node *node,
                       const llw_result *values) {
    char text[LLW_EXPR_MAX_BYTES + 1];
    snprintf(text, sizeof text, "%.*s", node->end - node->start, e->text + node->start);
    if (!lua_value(lua, text)) return true; /* attempt to perform 'n//0' */
    double got = lua_tonumber(lua, -1);
    lua_pop(lua, 1);
    if (!isfinite(got)) return true;
    /* integers that wrapped: the exact result lies outside of 64 bits */
    __extension__ typedef __int128 wide;
    wide a = values[node->args[0]].as.integer, b = node->n_args > 1 ? values[node->args[1]].as.integer : 0,
         exact = 0;
    switch (node->op) {
    case LLW_OP_ADD: exact = a + b; break;
    case LLW_OP_SUBTRACT: exact = a - b; break;
    case LLW_OP_MULTIPLY: exact = a * b; break;
    case LLW_OP_NEGATE: exact = -a; break;
    case LLW_OP_FLOOR_DIVIDE: exact = a / b; break;
    default: return false;
    }
    return exact > INT64_MAX || exact < INT64_MIN;
}

/* The innermost broken node, or -1. */
static int first_fault(const llw_expr *e, const llw_result *values) {
    for (int i = 0; i < e->n_nodes; i++)
        if (values[i].state == LLW_FAULT) return i;
    return -1;
}

static void same_as_lua(lua_State *lua, const char *text, llw_result r) {
    bool same = false;
    switch (lua_type(lua, -1)) {
    case LUA_TBOOLEAN: same = r.as.flag == (bool)lua_toboolean(lua, -1); break;
    case LUA_TSTRING: same = !strcmp(r.as.text, lua_tostring(lua, -1)); break;
    case LUA_TNUMBER:
        same = r.is_real == !lua_isinteger(lua, -1) &&
               (r.is_real ? r.as.real == lua_tonumber(lua, -1) : r.as.integer == lua_tointeger(lua, -1));
        break;
    default: break;
    }
    if (!same)
        fail_msg("\"%s\": Lua says %s, llwhy another thing (integer %lld, real %.17g)", text,
                 luaL_tolstring(lua, -1, NULL), (long long)r.as.integer, r.as.real);
}

static void agrees_with_lua(void **state) {
    (void)state;
    lua_State *lua = lua_new();
    int compared = 0, broken = 0;
    seed = 20260223;
    for (int round = 0; round < 300; round++) {
        world *w = world_new();
        fill(w, lua);
        for (int i = 0; i < 20; i++) {
            llw_text text = {0};
            generate(&text, roll(3) ? FLAG : roll(2) ? NUMBER : BYTES, 4);
            llw_expr e;
            llw_result values[LLW_EXPR_MAX_BYTES];
            if (is_expression(w, text.bytes, &e)) {
                llw_result r = eval_all(w, &e, values);
                int fault = first_fault(&e, values);
                assert_int_not_equal(r.state, LLW_NOT_KNOWN); /* every value is known */
                if (fault >=
                    0) { /* Lua wraps or goes to infinity: compare no further than the place where it does */
                    broken++;
                    if (!lua_breaks(lua, &e, &e.nodes[fault], values))
                        fail_msg("\"%s\" is broken at \"%.*s\", but Lua can compute that", text.bytes,
                                 e.nodes[fault].end - e.nodes[fault].start,
                                 text.bytes + e.nodes[fault].start);
                } else {
                    if (!lua_value(lua, text.bytes)) fail_msg("\"%s\" is an error in Lua", text.bytes);
                    same_as_lua(lua, text.bytes, r);
                    lua_pop(lua, 1);
                    compared++;
                }
            }
            llw_text_fini(&text);
        }
        world_free(w);
    }
    lua_close(lua);
    assert_in_range(compared, 3000, 6000); /* enough of both kinds to mean something */
    assert_in_range(broken, 300, 6000);
}

/* What is said while something is unknown is true whatever it turns out to be. */
static void known_in_spite_of_unknowns_is_always_true(void **state) {
    (void)state;
    lua_State *lua = lua_new();
    int decided = 0;
    seed = 4711;
    for (int round = 0; round < 1500; round++) {
        world *w = world_new();
        fill(w, lua);
        for (size_t i = 0; i < 3; i++) claim(w, L, counts[i], llw_unknown(LLW_COUNT));
        claim(w, L, LLW_launch_fit, llw_unknown(LLW_FLAG));
        claim(w, L, LLW_launch_cpu_moe, llw_unknown(LLW_FLAG));
        llw_text text = {0};
        generate(&text, FLAG, 4);
        llw_expr e;
        llw_result values[LLW_EXPR_MAX_BYTES];
        llw_result before = {.state = LLW_NOT_KNOWN};
        if (is_expression(w, text.bytes, &e)) before = eval_all(w, &e, values);
        for (int again = 0; again < 6 && before.state == LLW_KNOWN; again++) {
            for (size_t i = 0; i < 3; i++) claim(w, L, counts[i], llw_count(some_integer()));
            claim(w, L, LLW_launch_fit, llw_flag(roll(2)));
            claim(w, L, LLW_launch_cpu_moe, llw_flag(roll(2)));
            llw_result after = eval_all(w, &e, values);
            if (after.state != LLW_KNOWN || after.as.flag != before.as.flag)
                fail_msg("\"%s\" was %d before its facts were known", text.bytes, before.as.flag);
            decided++;
        }
        llw_text_fini(&text);
        world_free(w);
    }
    lua_close(lua);
    assert_in_range(decided, 1000, 9000);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kleene),
        cmocka_unit_test(unknown_is_no_number),
        cmocka_unit_test(what_cannot_be_computed_is_broken),
        cmocka_unit_test(slots_tell_where_they_are_from),
        cmocka_unit_test(aggregates_know_when_a_member_is_unknown),
        cmocka_unit_test(values_keep_their_type),
        cmocka_unit_test(agrees_with_lua),
        cmocka_unit_test(known_in_spite_of_unknowns_is_always_true),
    };
    return cmocka_run_group_tests_name("eval", tests, NULL, NULL);
}
