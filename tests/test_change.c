/* What would have to change: a change is found wherever trying everything finds one, at no higher price, each
 * does what it says, and less does not do. On the launches of the incidents and on every known model. Larger:
 * tests/bench/change_everything.c. */
#include "predict/memo.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "source/model/known.h"
#include "turns.h"

static const char both[] = "24564:23671:1008,16303:12761:896";

/* The configurations of the incidents whose model's header is here, and some that cannot load as they are. */
static const struct {
    const char *llama, *model, *args, *cards;
} incidents[] = {
    {"b8022", "glm-4.7-flash-q4_k_m", "-c 131072 -ctk q8_0 -ctv q8_0 -sm none -mg 0 --fit off -ngl 99", both},
    {"b8022", "glm-4.7-flash-q8_0",
     "-c 131072 -ctk q8_0 -ctv q8_0 -ngl 99 --fit off -b 1024 -ub 1024 -ot "
     "blk\\.([0-9]|[12][0-9]|3[0-2])\\.=CUDA0,blk\\.(3[3-9]|4[0-6])\\.=CUDA1",
     both},
    {"b8022", "glm-4.7-flash-q8_0", "-c 131072 -ngl 99 --fit on -ub 2048", both},
    {"b8022", "glm-4.7-flash-q8_0", "-c 202752 -ngl 99 --fit off -ts 3,1", both},
    {"b8022", "gpt-oss-120b-f16", "-c 65536 -b 4096 -ub 4096 -ctk q8_0 -ctv q8_0 -ngl 99 --fit off", both},
    {"b8022", "gpt-oss-120b-f16",
     "-c 131072 -b 2048 -ub 2048 -ctk q8_0 -ctv q8_0 -ngl 99 --fit off -ot exps=CPU -fa off", both},
    {"b8022", "qwen3-coder-next-q4_k_m", "-c 262144 -ub 2048 -ngl 99 --fit off", both},
    {"b8022", "qwen3-next-80b-a3b-q5_k_m", "-c 262144 -ngl 99 --fit on", both},
    {"v0.5.0", "qwen3.5-35b-a3b-q6_k", "-c 262144 -ngl 99 --fit off -np 4 -no-kvu", both},
    {"v0.5.0", "qwen3.5-27b-q6_k", "-c 262144 --fit off -ngl 99", both},
    {"v0.5.0", "mistral-small-4-119b-q3_k_m", "-c 262144 --fit off", both},
    {"v0.5.0", "llama-3.1-8b-q8_0", "-c 131072 --fit off -ngl 99 -fa off", "12282:11500:504"},
    {"v0.5.0", "llama-3.1-8b-q8_0", "-c 131072 --fit off -ngl 99 -sm none", "8192:7000:300,24564:23671:1008"},
    {"v0.5.0", "llama-3.1-8b-q8_0", "-c 4096 --fit off -ngl 99 -nkvo", "2048:600:300"},
    {"v0.5.0", "gemma-2-9b-q4_k_m", "-c 8192 --fit off -ngl 99 --swa-full -np 8", "8192:6000:300"},
};
enum { INCIDENTS = sizeof incidents / sizeof *incidents };

/* ---- every change does what it says ---- */

static bool reaches(const llw_launch *launch, llw_goal goal) {
    llw_arena *scratch = llw_arena_new();
    llw_try tried;
    llw_try_launch(launch, NULL, scratch, &tried);
    bool does = llw_try_reaches(&tried, goal);
    llw_arena_free(scratch);
    return does;
}

static void each_change_does(const llw_launch *launch, const question *q, const llw_repair *repairs, size_t n,
                             const char *what) {
    for (size_t i = 0; i < n; i++) {
        const llw_repair *r = &repairs[i];
        if (!reaches(&r->launch, q->goal))
            fail_msg("%s: a change for \"%s\" that does not do", what, q->said);
        assert_true(r->n_set + r->n_drop > 0);
        assert_true(strlen(r->costs) > 3);
        llw_launch more = r->launch;
        bool context = r->n_set == 2 && !strcmp(r->set[0], "-c");
        if (context) {
            assert_int_equal(r->launch.ctx % 256, 0);
            assert_false(q->fixed & LLW_KNOB_CONTEXT);
            more.ctx += 256;
            if (more.ctx < launch->ctx && reaches(&more, q->goal) && *r->limit)
                fail_msg("%s: %s, but that does", what, r->limit);
        }
        if (i > 0) assert_true(repairs[i - 1].loss <= r->loss);
    }
}

/* ---- trying everything ---- */

static size_t searched, without;

/* Steps of each knob that are tried for the comparison. */
static void found_where_there_is_one(llw_facts *facts, llw_launch *launch, const question *q, int steps,
                                     const char *what) {
    llw_search alone;
    const llw_repair *pairs = NULL;
    size_t n = 0;
    char other[100];
    if (!q->suits(launch) || reaches(launch, q->goal)) return;
    llw_arena *arena = llw_facts_arena(facts);
    llw_place_search(launch, q->goal, NULL, q->fixed, arena, &alone);
    llw_place_pairs(launch, q->goal, NULL, q->fixed, arena, &alone, &pairs, &n);
    each_change_does(launch, q, alone.repairs, alone.n, what);
    each_change_does(launch, q, pairs, n, what);
    searched++;
    int found = cost_found(&alone, pairs, n);
    without += found == NEVER;
    if (least_cost(launch, q->goal, q->fixed, found, steps, other) < found)
        fail_msg("%s: for \"%s\" %s, but there is %s", what, q->said,
                 found == NEVER ? "nothing was found" : "only dearer ones were found", other);
}

static void the_incidents(void **state) {
    (void)state;
    searched = without = 0;
    for (size_t i = 0; i < INCIDENTS; i++) {
        llw_facts *facts = llw_facts_new();
        llw_memo *memo = llw_memo_new();
        llw_launch launch = launch_of(facts, incidents[i].llama, "server", incidents[i].model,
                                      incidents[i].args, incidents[i].cards, 51.2);
        launch.memo = memo;
        for (size_t q = 0; q < QUESTIONS; q++)
            found_where_there_is_one(facts, &launch, &questions[q], q ? 2 : 9, incidents[i].args);
        llw_memo_free(memo);
        llw_facts_free(facts);
    }
    assert_in_range(searched, 3 * INCIDENTS, QUESTIONS * INCIDENTS);
    assert_true(without < searched / 3);
}

/* Cards from too small for anything to nearly enough, one question each by turns. */
static void every_known_model(void **state) {
    (void)state;
    static const char *const launches[] = {"-c 32768 --fit off -ngl 99 -np 1", "-c 32768 -ub 2048 --fit off",
                                           "-c 65536 --fit on -np 4"};
    llw_arena *arena = llw_arena_new();
    char **names = NULL;
    size_t n = 0;
    llw_known_list(arena, &names, &n);
    searched = without = 0;
    for (size_t i = 0; i < n; i++)
        for (int size = i % 3 == 0 ? 0 : 1; size < 2; size++) {
            llw_facts *facts = llw_facts_new();
            llw_memo *memo = llw_memo_new();
            llw_known known;
            assert_int_equal(llw_known_load(arena, names[i], false, &known, NULL), LLW_OK);
            int64_t mib = known.file_bytes >> 20, total = size ? mib + 600 : 500;
            const char *args = launches[i % 3],
                       *cards = llw_arena_printf(arena, "%lld:%lld:500", (long long)total,
                                                 (long long)(total - 100));
            llw_launch launch = launch_of(facts, "v0.5.0", "server", names[i], args, cards, 51.2);
            launch.memo = memo;
            found_where_there_is_one(facts, &launch, &questions[i % QUESTIONS], 2,
                                     llw_arena_printf(arena, "%s %s on %s", names[i], args, cards));
            llw_memo_free(memo);
            llw_facts_free(facts);
        }
    assert_true(searched > n / 2);
    llw_arena_free(arena);
}

/* ---- without a GPU, RAM decides ---- */

static void in_ram_alone(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_launch launch =
        launch_of(facts, "v0.5.0", "server", "llama-3.1-8b-q4_k_m", "-c 131072 -np 1", "", 51.2);
    assert_int_equal(launch.n_devices, 0);
    llw_search found;
    launch.ram_available = (int64_t)12 << 30;
    llw_place_search(&launch, LLW_GOAL_LOADS, NULL, 0, llw_facts_arena(facts), &found);
    assert_false(found.reached);
    bool context = false;
    for (size_t i = 0; i < found.n; i++) context |= !strcmp(found.repairs[i].set[0], "-c");
    assert_true(context);
    launch.ram_available = (int64_t)64 << 30;
    llw_place_search(&launch, LLW_GOAL_LOADS, NULL, 0, llw_facts_arena(facts), &found);
    assert_true(found.reached);
    launch.ram_available = -1; /* unknown: nothing is searched */
    llw_place_search(&launch, LLW_GOAL_LOADS, NULL, 0, llw_facts_arena(facts), &found);
    assert_true(!found.reached && !found.n);
    llw_facts_free(facts);
}

/* ---- other goals ---- */

static void goals_ask_for_more(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_launch launch =
        launch_of(facts, incidents[1].llama, "server", incidents[1].model, incidents[1].args, both, 51.2);
    llw_search loads_found, survives, whole;
    llw_arena *arena = llw_facts_arena(facts);
    llw_place_search(&launch, LLW_GOAL_LOADS, NULL, 0, arena, &loads_found);
    llw_place_search(&launch, LLW_GOAL_SURVIVES, NULL, 0, arena, &survives);
    llw_place_search(&launch, LLW_GOAL_WHOLE, NULL, 0, arena, &whole);
    assert_string_equal(loads_found.repairs[0].set[0], "-ub");
    int64_t at[2] = {0, 0};
    const llw_search *both_goals[] = {&loads_found, &survives};
    for (size_t g = 0; g < 2; g++)
        for (size_t i = 0; i < both_goals[g]->n; i++)
            if (both_goals[g]->repairs[i].n_set == 2 && !strcmp(both_goals[g]->repairs[i].set[0], "-c"))
                at[g] = both_goals[g]->repairs[i].launch.ctx;
    assert_true(at[0] > at[1] && at[1] > 0);
    for (size_t i = 0; i < survives.n; i++) assert_true(survives.repairs[i].survives);
    for (size_t i = 0; i < whole.n; i++) assert_int_equal(whole.repairs[i].fit.prediction.weights_on_host, 0);
    bool short_by = false;
    for (size_t i = 0; i < survives.n_attempts; i++)
        short_by |= !strcmp(survives.attempts[i].words, "-ub 128") &&
                    !strcmp(survives.attempts[i].device, "CUDA0") && survives.attempts[i].short_bytes > 0;
    assert_true(short_by);
    llw_facts_free(facts);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_incidents),
        cmocka_unit_test(every_known_model),
        cmocka_unit_test(in_ram_alone),
        cmocka_unit_test(goals_ask_for_more),
    };
    return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
