/* The fact base: grades, rivals, unknowns, overlays. */
#include "fact/facts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static void best_grade_wins_and_rivals_stay(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_entity m = llw_facts_entity(f, LLW_KIND_model, "m");
    llw_facts_claim(f, m, LLW_model_moe, llw_flag(true), LLW_GRADE_FILE, "gguf", "x.expert_count");
    llw_facts_claim(f, m, LLW_model_moe, llw_flag(false), LLW_GRADE_PROSE, "comment", "models.conf:104");
    bool moe = false;
    assert_true(llw_facts_flag(f, m, LLW_model_moe, &moe) && moe);
    assert_true(llw_facts_conflict(f, m, LLW_model_moe));
    llw_arena *arena = llw_arena_new();
    size_t n = 0;
    const llw_claim **claims = llw_facts_claims(f, m, LLW_model_moe, arena, &n);
    assert_int_equal(n, 2);
    assert_string_equal(claims[0]->origin, "gguf");
    assert_string_equal(claims[1]->place, "models.conf:104");
    llw_arena_free(arena);
    llw_facts_free(f);
}

static void unknown_never_wins_unless_asked_for(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_entity g = llw_facts_entity(f, LLW_KIND_gpu, "CUDA0");
    int64_t free = 7;
    assert_false(llw_facts_count(f, g, LLW_gpu_free, &free));
    llw_facts_claim(f, g, LLW_gpu_free, llw_unknown(LLW_BYTES), LLW_GRADE_MEASURED, "nvidia-smi", "");
    assert_false(llw_facts_count(f, g, LLW_gpu_free, &free));
    assert_int_equal(free, 7);
    llw_facts_claim(f, g, LLW_gpu_free, llw_bytes(100), LLW_GRADE_DEFAULT, "default", "");
    assert_true(llw_facts_count(f, g, LLW_gpu_free, &free));
    llw_facts_claim(f, g, LLW_gpu_free, llw_unknown(LLW_BYTES), LLW_GRADE_WHATIF, "what-if", "");
    assert_false(llw_facts_count(f, g, LLW_gpu_free, &free));
    llw_facts_free(f);
}

static void overlay_adds_without_changing_its_parent(void **state) {
    (void)state;
    llw_facts *base = llw_facts_new();
    llw_entity l = llw_facts_entity(base, LLW_KIND_launch, "argv");
    llw_facts_claim(base, l, LLW_launch_ubatch, llw_count(1024), LLW_GRADE_FLAG, "argument", "argument 3");
    llw_facts *over = llw_facts_overlay(base);
    llw_facts_claim(over, l, LLW_launch_ubatch, llw_count(512), LLW_GRADE_WHATIF, "what-if", "");
    llw_entity p = llw_facts_entity(over, LLW_KIND_placement, "argv@CUDA0");
    assert_int_equal(p, l + 1);
    int64_t n = 0;
    assert_true(llw_facts_count(over, l, LLW_launch_ubatch, &n) && n == 512);
    assert_true(llw_facts_count(base, l, LLW_launch_ubatch, &n) && n == 1024);
    assert_int_equal(llw_facts_next(base, LLW_KIND_placement, 0), 0);
    assert_int_equal(llw_facts_next(over, LLW_KIND_placement, 0), p);
    llw_facts_free(over);
    llw_facts_free(base);
}

static void many_slots_survive_growth(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    for (int i = 0; i < 2000; i++) {
        char id[16];
        snprintf(id, sizeof id, "g%d", i);
        llw_facts_claim(f, llw_facts_entity(f, LLW_KIND_gpu, id), LLW_gpu_index, llw_count(i),
                        LLW_GRADE_MEASURED, "x", "");
    }
    int64_t n = -1;
    assert_true(llw_facts_count(f, llw_facts_find(f, LLW_KIND_gpu, "g1234"), LLW_gpu_index, &n) && n == 1234);
    llw_facts_free(f);
}

static void sizes_are_said_as_ls_says_them(void **state) {
    (void)state;
    char buf[LLW_NUMBER_MAX];
    assert_string_equal(llw_format_ls(buf, 31839902720), "30G");
    assert_string_equal(llw_format_ls(buf, 1023), "1023");
    assert_string_equal(llw_format_ls(buf, 1024), "1.0K");
    assert_string_equal(llw_format_ls(buf, 1025), "1.1K");
    assert_string_equal(llw_format_ls(buf, 10239), "10K");
    assert_string_equal(llw_format_ls(buf, 1048575), "1.0M");
    assert_string_equal(llw_format_count(buf, -31839902720), "-31,839,902,720");
}

static void foreign_bytes_cannot_steer_a_terminal(void **state) {
    (void)state;
    llw_text t = {0};
    const char bad[] = "a\x1b]0;x\a\xe2\x80\xae b\xff\tc";
    llw_text_add_safe(&t, bad, sizeof bad - 1, false);
    assert_string_equal(llw_text_str(&t), "a\\x1b]0;x\\x07\\u{202e} b\\xff\\x09c");
    llw_text_fini(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(best_grade_wins_and_rivals_stay),
        cmocka_unit_test(unknown_never_wins_unless_asked_for),
        cmocka_unit_test(overlay_adds_without_changing_its_parent),
        cmocka_unit_test(many_slots_survive_growth),
        cmocka_unit_test(sizes_are_said_as_ls_says_them),
        cmocka_unit_test(foreign_bytes_cannot_steer_a_terminal),
    };
    return cmocka_run_group_tests_name("facts", tests, NULL, NULL);
}
