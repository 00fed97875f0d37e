/* What would have to change: a change is found wherever trying everything finds one, each does what it says,
 * and less does not do. On the launches of the incidents and on every known model. */
#include "predict/memo.h"
#include "predict/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "fact/ggml_type.h"
#include "launches.h"
#include "source/known.h"

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

static bool loads(const llw_launch *launch) {
    llw_arena *scratch = llw_arena_new();
    llw_fit fit;
    llw_fit_run(launch, scratch, false, &fit);
    bool fits = fit.fits && fit.prediction.outcome == LLW_OUTCOME_OK;
    llw_arena_free(scratch);
    return fits;
}

/* ---- every change does what it says ---- */

static void each_change_does(const llw_launch *launch, const llw_repair *repairs, size_t n,
                             const char *what) {
    for (size_t i = 0; i < n; i++) {
        const llw_repair *r = &repairs[i];
        if (!loads(&r->launch)) fail_msg("%s: a change that does not load", what);
        assert_true(r->n_set + r->n_drop > 0);
        assert_true(strlen(r->costs) > 3);
        llw_launch more = r->launch;
        bool context = r->n_set == 2 && !strcmp(r->set[0], "-c");
        if (context) {
            assert_int_equal(r->launch.ctx % 256, 0);
            more.ctx += 256;
            llw_launch as_is = *launch;
            if (more.ctx < as_is.ctx && loads(&more) && *r->limit)
                fail_msg("%s: %s, but that loads", what, r->limit);
        }
        if (i > 0) assert_true(repairs[i - 1].loss <= r->loss);
    }
}

/* ---- trying everything ---- */

typedef void (*turn)(llw_launch *launch, int step);

static void turn_ubatch(llw_launch *l, int step) {
    l->ubatch = (int64_t[]){512, 256, 128}[step];
}
static void turn_cache(llw_launch *l, int step) {
    l->type_k = l->type_v = (uint32_t)llw_ggml_type_find(step ? "q4_0" : "q8_0");
}
static void turn_context(llw_launch *l, int step) {
    l->ctx = (int64_t[]){65536, 32768, 16384, 8192, 4096, 1024, 256}[step];
    l->ctx_given = true;
}
static void turn_slots(llw_launch *l, int step) {
    (void)step;
    l->parallel = 1;
}
static void turn_layers(llw_launch *l, int step) {
    l->gpu_layers = (int[]){0, 8, 24}[step];
    l->gpu_layers_given = true;
}
static void turn_flash(llw_launch *l, int step) {
    (void)step;
    l->flash_attn = LLW_AUTO;
}
static void turn_split(llw_launch *l, int step) {
    (void)step;
    l->split_mode = LLW_SPLIT_LAYER;
}
static void turn_fit(llw_launch *l, int step) {
    (void)step;
    l->gpu_layers = -1;
    l->gpu_layers_given = false;
    l->n_tensor_split = 0;
    l->n_overrides = 0;
    l->fit = true;
}
static void turn_offload(llw_launch *l, int step) {
    (void)step;
    l->kv_offload = false;
}

static const struct {
    turn apply;
    int steps;
} turns[] = {{turn_ubatch, 3}, {turn_cache, 2}, {turn_context, 7}, {turn_slots, 1},  {turn_layers, 3},
             {turn_flash, 1},  {turn_split, 1}, {turn_fit, 1},     {turn_offload, 1}};
enum { TURNS = sizeof turns / sizeof *turns };

/* Whether any of these knobs, alone or two of them, makes it load. */
static bool something_loads(const llw_launch *launch, char what[64]) {
    for (int a = 0; a < TURNS; a++)
        for (int i = 0; i < turns[a].steps; i++)
            for (int b = a; b < TURNS; b++)
                for (int k = 0; k < (b == a ? 1 : turns[b].steps); k++) {
                    llw_launch changed = *launch;
                    turns[a].apply(&changed, i);
                    if (b != a) turns[b].apply(&changed, k);
                    if (!loads(&changed)) continue;
                    snprintf(what, 64, "knob %d step %d, knob %d step %d", a, i, b, k);
                    return true;
                }
    return false;
}

static size_t searched, without;

static void found_where_there_is_one(llw_facts *facts, llw_launch *launch, const char *what) {
    llw_arena *arena = llw_facts_arena(facts);
    llw_memo *memo = llw_memo_new();
    launch->memo = memo;
    if (!loads(launch)) {
        llw_search alone;
        const llw_repair *pairs = NULL;
        size_t n = 0;
        char other[64];
        llw_place_search(launch, LLW_GOAL_LOADS, NULL, arena, &alone);
        llw_place_pairs(launch, LLW_GOAL_LOADS, NULL, arena, &alone, &pairs, &n);
        each_change_does(launch, alone.repairs, alone.n, what);
        each_change_does(launch, pairs, n, what);
        searched++;
        if (!alone.n && !n) {
            without++;
            if (something_loads(launch, other))
                fail_msg("%s: nothing was found, but there is %s", what, other);
        }
    }
    llw_memo_free(memo);
}

static void the_incidents(void **state) {
    (void)state;
    searched = without = 0;
    for (size_t i = 0; i < INCIDENTS; i++) {
        llw_facts *facts = llw_facts_new();
        llw_launch launch = launch_of(facts, incidents[i].llama, "server", incidents[i].model,
                                      incidents[i].args, incidents[i].cards, 51.2);
        found_where_there_is_one(facts, &launch, incidents[i].args);
        llw_facts_free(facts);
    }
    assert_in_range(searched, 10, INCIDENTS);
}

/* Cards from too small for anything to nearly enough. */
static void every_known_model(void **state) {
    (void)state;
    static const char *const launches[] = {"-c 32768 --fit off -ngl 99 -np 1", "-c 32768 -ub 2048 --fit off"};
    llw_arena *arena = llw_arena_new();
    char **names = NULL;
    size_t n = 0;
    llw_known_list(arena, &names, &n);
    searched = without = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t k = i % 2; k < i % 2 + 1; k++)
            for (int size = i % 3 == 0 ? 0 : 1; size < 2; size++) {
                llw_facts *facts = llw_facts_new();
                llw_known known;
                assert_int_equal(llw_known_load(arena, names[i], false, &known, NULL), LLW_OK);
                int64_t mib = known.file_bytes >> 20, total = size ? mib + 600 : 500;
                const char *cards =
                    llw_arena_printf(arena, "%lld:%lld:500", (long long)total, (long long)(total - 100));
                llw_launch launch = launch_of(facts, "v0.5.0", "server", names[i], launches[k], cards, 51.2);
                found_where_there_is_one(
                    facts, &launch, llw_arena_printf(arena, "%s %s on %s", names[i], launches[k], cards));
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
    llw_place_search(&launch, LLW_GOAL_LOADS, NULL, llw_facts_arena(facts), &found);
    assert_false(found.reached);
    bool context = false;
    for (size_t i = 0; i < found.n; i++) context |= !strcmp(found.repairs[i].set[0], "-c");
    assert_true(context);
    launch.ram_available = (int64_t)64 << 30;
    llw_place_search(&launch, LLW_GOAL_LOADS, NULL, llw_facts_arena(facts), &found);
    assert_true(found.reached);
    launch.ram_available = -1; /* unknown: nothing is searched */
    llw_place_search(&launch, LLW_GOAL_LOADS, NULL, llw_facts_arena(facts), &found);
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
    llw_place_search(&launch, LLW_GOAL_LOADS, NULL, arena, &loads_found);
    llw_place_search(&launch, LLW_GOAL_SURVIVES, NULL, arena, &survives);
    llw_place_search(&launch, LLW_GOAL_WHOLE, NULL, arena, &whole);
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
        short_by |= !strcmp(survives.attempts[i].words, "-ub 512") &&
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
