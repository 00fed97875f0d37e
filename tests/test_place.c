/* The best placement, repairs and the largest context, on the two cards of the incidents: an RTX 4090 and an
 * RTX 5070 Ti that runs the display. */
#include "predict/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "launches.h"

static const char both[] = "24564:23671:1008,16303:12761:896";

static const char *joined(llw_arena *arena, const char *const *words, size_t n) {
    llw_text t = {0};
    for (size_t i = 0; i < n; i++) llw_text_addf(&t, "%s%s", i ? " " : "", words[i]);
    const char *kept = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return kept;
}

static llw_placement rank(llw_facts *facts, const char *model, const char *args, const char *cards) {
    llw_launch launch = launch_of(facts, "v0.5.0", "server", model, args, cards, 51.2);
    llw_placement p;
    llw_place_rank(&launch, NULL, llw_facts_arena(facts), &p);
    return p;
}

static void one_card_when_everything_fits_there(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_placement p = rank(facts, "glm-4.7-flash-q4_k_m", "-c 131072 -ctk q8_0 -ctv q8_0 -np 1", both);
    const llw_candidate *best = &p.candidates[0];
    assert_string_equal(best->name, "one-gpu");
    assert_string_equal(joined(llw_facts_arena(facts), best->flags, best->n_flags), "-sm none -mg 0");
    assert_true(best->fits && best->meets_target && best->survives);
    assert_string_equal(best->loses, "");
    for (size_t i = 1; i < p.n; i++) assert_true(strlen(p.candidates[i].loses) > 10);
    llw_facts_free(facts);
}

/* Lesson 8: with the default target a little of the model goes to RAM; the card without a display can be
 * filled. */
static void fit_with_a_target_for_each_card(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_placement p = rank(facts, "glm-4.7-flash-q8_0", "-c 131072 -ctk q8_0 -ctv q8_0 -np 1", both);
    const llw_candidate *best = &p.candidates[0];
    assert_string_equal(best->name, "fit-target");
    const char *flags = joined(llw_facts_arena(facts), best->flags, best->n_flags);
    assert_true(strncmp(flags, "--fit-target ", 13) == 0 && strstr(flags, ",1024"));
    assert_int_equal(best->fit.prediction.weights_on_host, 0);
    assert_true(best->survives);
    bool spilled = false;
    for (size_t i = 1; i < p.n; i++)
        spilled |=
            strcmp(p.candidates[i].name, "fit") == 0 && strstr(p.candidates[i].loses, "in RAM") != NULL;
    assert_true(spilled);
    llw_facts_free(facts);
}

static void fit_alone_is_preferred_where_it_is_as_good(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_placement p = rank(facts, "qwen3.5-27b-q6_k", "-c 65536 -np 1", "24564:23671:1008,24564:23671:1008");
    assert_string_equal(p.candidates[0].name, "fit");
    assert_int_equal(p.candidates[0].n_flags, 0); /* nothing to write at all */
    llw_facts_free(facts);
}

static void a_context_is_planned_when_none_is_given(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_placement p = rank(facts, "llama-3.1-8b-q4_k_m", "-np 1", "24564:23671:1008");
    assert_true(p.ctx == 131072 || (p.ctx > 32768 && p.ctx % 256 == 0));
    assert_true(strlen(p.ctx_reason) > 0);
    assert_true(p.candidates[0].fits && p.candidates[0].meets_target);
    assert_int_equal(p.candidates[0].fit.prediction.weights_on_host, 0);
    llw_facts_free(facts);
}

static void ram_is_checked_though_fit_does_not(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_launch launch =
        launch_of(facts, "v0.5.0", "server", "gpt-oss-120b-mxfp4", "-c 32768 -np 1", both, 51.2);
    launch.ram_available = 16LL << 30;
    llw_placement p;
    llw_place_rank(&launch, NULL, llw_facts_arena(facts), &p);
    for (size_t i = 0; i < p.n; i++) assert_false(p.candidates[i].fits_ram); /* 30 GB have to stay in RAM */
    assert_true(p.candidates[0].fits);
    launch.ram_available = -1;
    llw_place_rank(&launch, NULL, llw_facts_arena(facts), &p);
    assert_true(p.candidates[0].fits_ram && !p.candidates[0].ram_known);
    llw_facts_free(facts);
}

static void a_program_that_does_not_fit_gets_the_plan_in_flags(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_launch launch = launch_of(facts, "b6451", "server", "qwen3-30b-a3b-q4_k_m", "-c 32768 -np 1",
                                  "12282:11500:504", 51.2);
    llw_placement p;
    llw_place_rank(&launch, NULL, llw_facts_arena(facts), &p);
    assert_true(p.n > 0);
    assert_string_equal(p.candidates[0].name, "explicit");
    const char *flags = joined(llw_facts_arena(facts), p.candidates[0].flags, p.candidates[0].n_flags);
    assert_non_null(strstr(flags, "-ngl "));
    assert_non_null(strstr(flags, "-ot blk"));
    assert_true(p.candidates[0].fits);
    llw_facts_free(facts);
}

static void without_free_memory_nothing_is_ranked(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_launch launch = launch_of(facts, "v0.5.0", "server", "qwen3-30b-a3b-q4_k_m", "", both, 0);
    launch.devices[1].known = false;
    llw_placement p;
    llw_place_rank(&launch, NULL, llw_facts_arena(facts), &p);
    assert_int_equal(p.n, 0);
    const llw_repair *repairs;
    size_t n;
    llw_place_repairs(&launch, LLW_GOAL_LOADS, NULL, llw_facts_arena(facts), &repairs, &n);
    assert_int_equal(n, 0);
    llw_facts_free(facts);
}

/* ---- repairs ---- */

static const llw_repair *find(const llw_repair *repairs, size_t n, const char *flag) {
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < repairs[i].n_set; k++)
            if (!strcmp(repairs[i].set[k], flag)) return &repairs[i];
        for (size_t k = 0; k < repairs[i].n_drop; k++)
            if (!strcmp(repairs[i].drop[k], flag)) return &repairs[i];
    }
    return NULL;
}

/* Lesson 5: at -ub 1024 the split of 33 and 14 layers is short on the first card; the smallest change is -ub
 * 512. */
static void the_smallest_change_comes_first(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    const char *args = "-c 131072 -ctk q8_0 -ctv q8_0 -np 1 -b 1024 -ub 1024 --fit off "
                       "-ot blk\\.([0-9]|[12][0-9]|3[0-2])\\.=CUDA0,blk\\.(3[3-9]|4[0-6])\\.=CUDA1";
    llw_launch launch = launch_of(facts, "v0.5.0", "server", "glm-4.7-flash-q8_0", args, both, 51.2);
    const llw_repair *repairs;
    size_t n;
    llw_place_repairs(&launch, LLW_GOAL_LOADS, NULL, llw_facts_arena(facts), &repairs, &n);
    assert_true(n >= 2);
    const llw_repair *ub = find(repairs, n, "-ub");
    assert_non_null(ub);
    assert_string_equal(ub->set[1], "512");
    for (size_t i = 0; i < n; i++) {
        assert_true(repairs[i].fit.fits); /* every one was tried */
        assert_true(strlen(repairs[i].costs) > 5);
        if (i > 0) assert_true(repairs[i].loss >= repairs[i - 1].loss);
    }
    llw_facts_free(facts);
}

/* Lesson 7: a number for -ngl keeps fit from acting. */
static void letting_fit_act_is_a_repair(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_launch launch = launch_of(facts, "v0.5.0", "server", "qwen3-next-80b-a3b-q5_k_m",
                                  "-c 262144 -ctk q8_0 -ctv q8_0 -np 1 -ngl 99", both, 51.2);
    const llw_repair *repairs;
    size_t n;
    llw_place_repairs(&launch, LLW_GOAL_LOADS, NULL, llw_facts_arena(facts), &repairs, &n);
    const llw_repair *drop = find(repairs, n, "-ngl");
    assert_non_null(drop);
    assert_int_equal(drop->fit.outcome, LLW_FIT_ADJUSTED);
    assert_int_equal(drop->loss, LLW_LOSS_SPEED); /* the experts that do not fit work in RAM */
    llw_facts_free(facts);
}

static void nothing_is_repaired_that_loads(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_launch launch = launch_of(facts, "v0.5.0", "server", "llama-3.2-1b-q8_0", "-c 4096", both, 51.2);
    const llw_repair *repairs;
    size_t n;
    llw_place_repairs(&launch, LLW_GOAL_SURVIVES, NULL, llw_facts_arena(facts), &repairs, &n);
    assert_int_equal(n, 0);
    llw_facts_free(facts);
}

/* ---- the largest context ---- */

static void one_step_more_than_the_largest_context_does_not_fit(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_arena *arena = llw_facts_arena(facts);
    llw_launch launch =
        launch_of(facts, "v0.5.0", "server", "llama-3.1-8b-q8_0", "--fit off -np 1", "12282:11500:504", 0);
    llw_fit fit;
    int64_t ctx = llw_place_largest_context(&launch, arena, &fit);
    assert_true(ctx > 0 && ctx % 256 == 0 && ctx < 131072);
    assert_true(fit.meets_target);
    launch.ctx = ctx + 256;
    launch.ctx_given = true;
    llw_fit_run(&launch, arena, false, &fit);
    assert_false(fit.meets_target);
    llw_facts_free(facts);
}

static void the_largest_context_is_what_the_model_was_trained_for(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_launch launch = launch_of(facts, "v0.5.0", "server", "tinyllama-1.1b-q4_k_m", "-np 1", both, 0);
    assert_int_equal(llw_place_largest_context(&launch, llw_facts_arena(facts), NULL), 2048);
    llw_facts_free(facts);
}

/* ---- what no buffer holds ---- */

static void extras_are_estimated_for_cards_that_work(void **state) {
    (void)state;
    llw_facts *facts = llw_facts_new();
    llw_arena *arena = llw_facts_arena(facts);
    llw_launch launch =
        launch_of(facts, "v0.5.0", "server", "glm-4.7-flash-q4_k_m", "-c 32768 -np 1 -sm none", both, 0);
    llw_fit fit;
    llw_fit_run(&launch, arena, false, &fit);
    llw_extras extras;
    llw_extra_files files = {.mmproj = 800 << 20};
    llw_extras_estimate(&fit, NULL, arena, &extras);
    assert_true(extras.device[0] >= 100 << 20 && extras.device[0] < 400 << 20);
    assert_int_equal(extras.device[1], 0);
    assert_true(llw_extras_survive(&fit, &extras));
    int64_t without = extras.device[0];
    llw_extras_estimate(&fit, &files, arena, &extras);
    assert_int_equal(extras.device[0] - without, files.mmproj);
    const llw_memory *m = &fit.prediction.device[0];
    fit.launch.devices[0].free = m->weights + m->context + m->compute + without;
    assert_false(llw_extras_survive(&fit, &extras)); /* the projector has no room */
    for (size_t i = 0; i < extras.n_items; i++) assert_true(strlen(extras.items[i].source) > 5);
    llw_facts_free(facts);
}

/* Before v0.5.0 the F16 copy of a quantised cache was in no buffer. */
static void copies_of_the_cache_count_where_no_buffer_holds_them(void **state) {
    (void)state;
    int64_t sums[2];
    static const char *const builds[] = {"2026-05-04", "v0.5.0"};
    for (int i = 0; i < 2; i++) {
        llw_facts *facts = llw_facts_new();
        llw_launch launch = launch_of(facts, builds[i], "server", "llama-3.1-8b-q4_k_m",
                                      "--fit off -c 30208 -ctk q8_0 -ctv q8_0 -np 1", "24564:23671:1008", 0);
        llw_fit fit;
        llw_fit_run(&launch, llw_facts_arena(facts), false, &fit);
        llw_extras extras;
        llw_extras_estimate(&fit, NULL, llw_facts_arena(facts), &extras);
        sums[i] = extras.device[0];
        llw_facts_free(facts);
    }
    assert_int_equal(sums[0] - sums[1], 30208LL * 8 * 256 * 2); /* cells x KV heads x (K + V) x 2: 118 MiB */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_card_when_everything_fits_there),
        cmocka_unit_test(fit_with_a_target_for_each_card),
        cmocka_unit_test(fit_alone_is_preferred_where_it_is_as_good),
        cmocka_unit_test(a_context_is_planned_when_none_is_given),
        cmocka_unit_test(ram_is_checked_though_fit_does_not),
        cmocka_unit_test(a_program_that_does_not_fit_gets_the_plan_in_flags),
        cmocka_unit_test(without_free_memory_nothing_is_ranked),
        cmocka_unit_test(the_smallest_change_comes_first),
        cmocka_unit_test(letting_fit_act_is_a_repair),
        cmocka_unit_test(nothing_is_repaired_that_loads),
        cmocka_unit_test(one_step_more_than_the_largest_context_does_not_fit),
        cmocka_unit_test(the_largest_context_is_what_the_model_was_trained_for),
        cmocka_unit_test(extras_are_estimated_for_cards_that_work),
        cmocka_unit_test(copies_of_the_cache_count_where_no_buffer_holds_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
