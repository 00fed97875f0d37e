/* What is said of builds older than the first option table that was read: their words, and what they do
 * where nothing is said. */
#include "fact/flags.h"
#include "infer/run.h"
#include "rule/kb.h"
#include "source/launch/suppose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#include "launches.h"

static const char one_card[] = "24564:23671";
static const char eight_b[] = "llama-3.1-8b-q4_k_m";

static int64_t order_of(const char *build) {
    return llw_build_order(build);
}

static int64_t asked_of(const llw_facts *facts, llw_entity launch, llw_attr attr) {
    int64_t n = -1;
    if (!llw_facts_count(facts, launch, attr, &n)) fail_msg("%s is unknown", llw_attr_get(attr)->name);
    return n;
}

static int64_t asked(const llw_run *run, llw_entity launch, llw_attr attr) {
    return asked_of(run->facts, launch, attr);
}

/* What lesson L00 says a single card has to hold is what the card holds with a number for all layers. */
static void one_card_holds_every_layer(void **state) {
    llw_kb *kb = *state;
    static const char *const builds[] = {"b6301", "b6325", "b7000", "b7347", "b8022", "v0.5.0"};
    for (size_t i = 0; i < sizeof builds / sizeof *builds; i++) {
        llw_facts *facts = llw_facts_new();
        llw_launch launch =
            launch_of(facts, builds[i], "server", eight_b, "-c 131072 -ngl 99 -sm none -fa on", one_card, 0);
        llw_run *run = llw_run_new(kb, facts);
        assert_int_equal(asked(run, launch.entity, LLW_launch_whole_need),
                         asked(run, launch.entity, LLW_launch_gpu_need));
        assert_true(asked(run, launch.entity, LLW_launch_whole_need) > (int64_t)20 << 30);
        llw_run_free(run);
        llw_facts_free(facts);
    }
}

static void every_layer_is_a_number_where_there_is_no_word(void **state) {
    (void)state;
    llw_flags flags;
    llw_arena *arena = llw_arena_new();
    assert_int_equal(llw_flags_load(&flags, NULL), LLW_OK);
    static const struct {
        const char *build, *all, *automatic;
    } cases[] = {{"b6301", "-ngl 999", "-ngl -1"},
                 {"b7347", "-ngl 999", "-ngl -1"},
                 {"b7698", "-ngl all", "-ngl auto"},
                 {"v0.5.0", "-ngl all", "-ngl auto"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t order = order_of(cases[i].build);
        assert_string_equal(
            llw_flag_write(&flags, arena, LLW_launch_gpu_layers, llw_count(-2), LLW_PROGRAM_SERVER, order),
            cases[i].all);
        assert_string_equal(
            llw_flag_write(&flags, arena, LLW_launch_gpu_layers, llw_count(-1), LLW_PROGRAM_SERVER, order),
            cases[i].automatic);
    }
    llw_arena_free(arena);
}

/* A wish is said in the words of the build that is asked. */
static void a_wish_becomes_a_number(void **state) {
    (void)state;
    static const char *const wishes[] = {"gpu_layers=all", "-ngl=all", "everything on the GPU"};
    for (size_t i = 0; i < sizeof wishes / sizeof *wishes; i++) {
        llw_facts *facts = llw_facts_new();
        llw_launch launch = launch_of(facts, "b7000", "server", eight_b, "-ngl 20", one_card, 0);
        llw_facts *over = llw_facts_overlay(facts);
        llw_err err = {0};
        llw_supposed supposed;
        if (llw_suppose(over, launch.entity, &wishes[i], 1, &supposed, &err) != LLW_OK)
            fail_msg("%s: %s", wishes[i], err.text);
        assert_int_equal(asked_of(over, launch.entity, LLW_launch_gpu_layers), 999);
        llw_facts_free(over);
        llw_facts_free(facts);
    }
}

/* What a server does of which little but the model is said. */
static void defaults_are_those_of_the_build(void **state) {
    static const struct {
        const char *build, *args;
        int64_t ctx, n_ctx, per_slot, slots;
    } cases[] = {
        {"b6301", "", 4096, 4096, 4096, 1},      /* common/common.h of b6122 and b6431 */
        {"b6500", "", 4096, 4096, 4096, 1},      /* answered by b6451 */
        {"b6841", "", 4096, 4096, 4096, 1},      /* common/common.h of b6845 */
        {"b7000", "", 4096, 4096, 4096, 4},      /* tools/server/server.cpp of b7324: n_parallel 1 is 4 */
        {"b7347", "", 4096, 4096, 4096, 4},      /* the same */
        {"b7347", "-np 1", 4096, 4096, 4096, 4}, /* the same */
        {"b7347", "-np 1 -kvu", 4096, 4096, 4096, 1}, {"b7347", "-np 2", 4096, 4096, 2048, 2},
        {"b7698", "", 0, 131072, 131072, 4},      /* common/common.h, tools/server/server.cpp of b7698 */
        {"b7698", "-np 1", 0, 131072, 131072, 1}, /* the same */
        {"v0.5.0", "-np 1", 0, 131072, 131072, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_facts *facts = llw_facts_new();
        llw_kb *kb = *state;
        llw_launch launch = launch_of(facts, cases[i].build, "server", eight_b, cases[i].args, one_card, 0);
        llw_run *run = llw_run_new(kb, facts);
        int64_t ctx = -1, n_ctx = -1, per_slot = -1, slots = -1;
        llw_facts_count(facts, launch.entity, LLW_launch_ctx, &ctx);
        llw_facts_count(run->facts, launch.entity, LLW_launch_n_ctx, &n_ctx);
        llw_facts_count(run->facts, launch.entity, LLW_launch_n_ctx_seq, &per_slot);
        llw_facts_count(run->facts, launch.entity, LLW_launch_n_seq, &slots);
        if (ctx != cases[i].ctx || n_ctx != cases[i].n_ctx || per_slot != cases[i].per_slot ||
            slots != cases[i].slots)
            fail_msg("%s %s: -c %lld, %lld cells, %lld slots", cases[i].build, cases[i].args, (long long)ctx,
                     (long long)n_ctx, (long long)slots);
        llw_run_free(run);
        llw_facts_free(facts);
    }
}

/* b7394 is from the days in which llama.cpp #16653 came: nobody knows whether it has 4,096 or all. */
static void an_unknown_default_is_no_number(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_argv in = {.id = "argv", .program = LLW_PROGRAM_SERVER};
    in.build = llw_build_claim(facts, "b7394", LLW_GRADE_FLAG, "test", "", NULL);
    llw_argv_result read;
    assert_int_equal(llw_argv_read(facts, &in, &read, NULL), LLW_OK);
    assert_false(llw_facts_value(facts, read.launch, LLW_launch_ctx).known);
    llw_launch launch;
    llw_attr missing = LLW_ATTR_NONE;
    assert_int_equal(llw_launch_read(facts, read.launch, llw_facts_arena(facts), &launch, &missing, NULL),
                     LLW_ERR_NOTHING);
    llw_facts_free(facts);
}

static int set_up(void **state) {
    return !(*state = llw_kb_load(NULL, 0, NULL));
}

static int tear_down(void **state) {
    llw_kb_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_card_holds_every_layer),
        cmocka_unit_test(every_layer_is_a_number_where_there_is_no_word),
        cmocka_unit_test(a_wish_becomes_a_number),
        cmocka_unit_test(defaults_are_those_of_the_build),
        cmocka_unit_test(an_unknown_default_is_no_number),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
