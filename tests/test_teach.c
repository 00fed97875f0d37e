/* Teaching: every case can be solved, answers are graded by what the engine concludes, and facts decide what is right. */
#include "rule/kb.h"
#include "teach/answer.h"
#include "teach/assess.h"
#include "teach/edit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct fixture {
    llw_arena *arena;
    llw_kb *kb;
    llw_misconceptions misconceptions;
} fixture;

static int set_up(void **state) {
    fixture *f = calloc(1, sizeof *f);
    llw_err err = {0};
    f->arena = llw_arena_new();
    f->kb = llw_kb_load(NULL, 0);
    if (llw_misconceptions_load(f->arena, &f->misconceptions, &err) != LLW_OK) fail_msg("%s:%d: %s", err.file, err.line, err.text);
    *state = f;
    return 0;
}

static int tear_down(void **state) {
    fixture *f = *state;
    llw_kb_free(f->kb);
    llw_arena_free(f->arena);
    free(f);
    return 0;
}

static void load(fixture *f, const char *id, llw_case *c) {
    llw_err err = {0};
    if (llw_case_load(f->arena, id, c, &err) != LLW_OK) fail_msg("%s:%d: %s", err.file, err.line, err.text);
}

/* Every case of the course can be used: the engine solves it, its lesson fires, its words exist. */
static void every_case_is_sound(void **state) {
    fixture *f = *state;
    char **ids = NULL;
    size_t n = 0, bad = 0;
    llw_case_list(f->arena, &ids, &n);
    assert_true(n >= 14);
    for (size_t i = 0; i < n; i++) {
        llw_case c;
        llw_err err = {0};
        load(f, ids[i], &c);
        if (llw_case_check(f->kb, &c, &f->misconceptions, f->arena, &err) == LLW_OK) continue;
        print_error("%s:%d: %s\n", err.file, err.line, err.text);
        bad++;
    }
    assert_int_equal(bad, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_case_is_sound),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
