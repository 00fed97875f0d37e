/* llama.cpp versions: what is read, what is older, what stands for what is not known. */
#include "fact/build.h"
#include "base/table.h"
#include "fact/regressions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

static llw_build read_ok(llw_arena *arena, const char *version) {
    llw_build b;
    llw_err err = {0};
    if (llw_build_read(arena, version, &b, &err) != LLW_OK)
        fail_msg("%s: %s", version ? version : "none", err.text);
    return b;
}

static void every_form_of_a_version_is_read(void **state) {
    (void)state;
    static const char *const same[] = {"b8022",
                                       "ghcr.io/ggml-org/llama.cpp:server-cuda-b8022",
                                       "localhost:5000/llama.cpp:b8022",
                                       "ghcr.io/ggml-org/llama.cpp:full-b8022@sha256:0123456789ab",
                                       "8022",
                                       "b8022-b48e80f67",
                                       "b48e80f67",
                                       "b48e80f",
                                       "b48e80f67a1b2c3d4",
                                       "version: 8022 (b48e80f67)",
                                       "build: 8022 (b48e80f67) with GNU 14.2.0 for Linux x86_64",
                                       "version: 1 (b48e80f67)",
                                       "version: 0.1.0-dev (build 8022, commit b48e80f67)"};
    llw_arena *arena = llw_arena_new();
    int64_t order = llw_build_order("b8022");
    assert_true(order > 0);
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        llw_build b = read_ok(arena, same[i]);
        assert_int_equal(b.order, order);
        assert_true(b.exact);
        assert_string_equal(b.note, "");
    }
    assert_int_equal(llw_build_order("0.5.0"), llw_build_order("v0.5.0"));
    assert_int_equal(llw_build_order("version: 0.1.2-dev (build 10488, commit 9d77fa172)"),
                     llw_build_order("b10488"));
    llw_arena_free(arena);
}

static void builds_are_ordered_by_age(void **state) {
    (void)state;
    static const char *const ascending[] = {"b6451", "b7394",      "b7815",  "b8022",  "b8156", "2026-05-04",
                                            "b9888", "2026-08-02", "v0.3.0", "b10884", "v0.5.0"};
    for (size_t i = 1; i < sizeof ascending / sizeof *ascending; i++)
        assert_true(llw_build_order(ascending[i - 1]) < llw_build_order(ascending[i]));
}

static void the_nearest_older_build_stands_for_an_unknown_one_and_says_so(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_build b = read_ok(arena, "b8040");
    assert_int_equal(b.order, llw_build_order("b8022"));
    assert_false(b.exact);
    assert_string_equal(b.version, "b8040");
    assert_non_null(strstr(b.note, "b8022"));
    assert_string_equal(read_ok(arena, "b10870").row, "b10864");
    assert_string_equal(read_ok(arena, "v0.4.1").row, "v0.3.0");
    assert_string_equal(read_ok(arena, "v9.0.0").row, "v0.5.0");
    assert_string_equal(read_ok(arena, "2026-05-10").row, "2026-05-04");
    assert_string_equal(read_ok(arena, "2026-02-13").row, "b8022");
    b = read_ok(arena, "b5285");
    assert_string_equal(b.row, "b6301");
    assert_non_null(strstr(b.note, "older than every build"));
    assert_false(b.fit);
    assert_true(b.fit_known);
    assert_false(read_ok(arena, "b7600").fit_known);
    assert_true(read_ok(arena, "").exact);
    assert_string_equal(read_ok(arena, NULL).version, "v0.5.0");
    llw_arena_free(arena);
}

/* v0.5.0 has no number here: one above all that are known is of its generation, or newer. */
static void the_newest_build_stands_for_newer_numbers(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_build b = read_ok(arena, "b999999");
    assert_string_equal(b.row, "v0.5.0");
    assert_string_equal(b.version, "b999999");
    assert_false(b.exact);
    assert_non_null(strstr(b.note, "newer than every number known here (b10884 of 2026-09-10)"));
    assert_non_null(strstr(b.note, "v0.5.0 of 2026-09-28, stands for it"));
    assert_string_equal(read_ok(arena, "b10884").row, "b10884");
    llw_arena_free(arena);
}

static void what_is_no_version_is_refused_with_advice(void **state) {
    (void)state;
    static const char *const bad[] = {"latest",
                                      "b",
                                      "v0.5",
                                      "2026-13-01",
                                      "2026-5-4",
                                      "deadbeef0",
                                      "version: 1 (1234567)",
                                      "b0-unknown",
                                      "-",
                                      "8022x",
                                      "ghcr.io/ggml-org/llama.cpp:server",
                                      "b99999999999999999999"};
    llw_arena *arena = llw_arena_new();
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        llw_build b;
        llw_err err = {0};
        if (llw_build_read(arena, bad[i], &b, &err) != LLW_ERR_INPUT) fail_msg("%s was read", bad[i]);
        assert_non_null(strstr(err.text, "give"));
    }
    llw_arena_free(arena);
}

static void the_entity_carries_its_claims_once(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_entity e = llw_build_claim(f, "b8040", LLW_GRADE_FLAG, "argument", "argument 2", NULL);
    assert_int_equal(e, llw_build_claim(f, "8040", LLW_GRADE_FLAG, "argument", "argument 2", NULL));
    bool exact = true, fits = false;
    assert_true(llw_facts_flag(f, e, LLW_build_exact, &exact) && !exact);
    assert_true(llw_facts_flag(f, e, LLW_build_fits_by_default, &fits) && fits);
    const char *const *notes = NULL;
    assert_int_equal(llw_facts_notes(f, &notes), 1);
    llw_entity newest = llw_build_claim(f, NULL, LLW_GRADE_FLAG, "", "", NULL);
    assert_string_equal(llw_facts_id(f, newest), "v0.5.0");
    assert_int_equal(llw_facts_best(f, newest, LLW_build_version)->grade, LLW_GRADE_DEFAULT);
    assert_int_equal(llw_build_claim(f, "nonsense", LLW_GRADE_FLAG, "", "", NULL), 0);
    llw_facts_free(f);
}

static size_t regressions_of(const char *version) {
    llw_facts *f = llw_facts_new();
    assert_true(llw_build_claim(f, version, LLW_GRADE_FLAG, "argument", "", NULL));
    llw_regressions_claim(f);
    llw_regressions_claim(f); /* what is there stays */
    size_t n = 0;
    for (llw_entity r = 0; (r = llw_facts_next(f, LLW_KIND_regression, r));) n++;
    llw_facts_free(f);
    return n;
}

/* Each row holds for the build it names, and not for the one that mended it. */
static void each_regression_has_its_builds(void **state) {
    (void)state;
    llw_arena *arena = llw_arena_new();
    llw_table t;
    llw_err err = {0};
    assert_int_equal(llw_table_read(arena, "models/regressions.tsv", &t, &err), LLW_OK);
    assert_true(t.n_rows > 0);
    for (size_t i = 0; i < t.n_rows; i++) {
        const char *since = llw_table_cell(&t, i, llw_table_column(&t, "since")),
                   *mended = llw_table_cell(&t, i, llw_table_column(&t, "mended")),
                   *seen = llw_table_cell(&t, i, llw_table_column(&t, "seen"));
        if (!read_ok(arena, since).exact || !read_ok(arena, *mended ? mended : seen).exact)
            fail_msg("line %d: models/builds.tsv lacks one of its builds", t.lines[i]);
        if (!*llw_table_cell(&t, i, llw_table_column(&t, "source")))
            fail_msg("line %d: no source", t.lines[i]);
        if (!*mended == !*seen) fail_msg("line %d: one of mended and seen", t.lines[i]);
        assert_true(regressions_of(since) > 0);
    }
    assert_int_equal(regressions_of("b8100"), 1); /* between two builds that have it */
    assert_int_equal(regressions_of("b8120"), 0); /* behind the last that is known to have it */
    assert_int_equal(regressions_of("b7625"), 0);
    assert_int_equal(regressions_of("b7624"), 1);
    llw_arena_free(arena);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_form_of_a_version_is_read),
        cmocka_unit_test(builds_are_ordered_by_age),
        cmocka_unit_test(the_nearest_older_build_stands_for_an_unknown_one_and_says_so),
        cmocka_unit_test(the_newest_build_stands_for_newer_numbers),
        cmocka_unit_test(what_is_no_version_is_refused_with_advice),
        cmocka_unit_test(the_entity_carries_its_claims_once),
        cmocka_unit_test(each_regression_has_its_builds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
