/* Arenas: what is adopted lives as long as the adopter, and grows there. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static void an_adopted_arena_is_part_of_the_other(void **state) {
    (void)state;
    enum { MANY = 1 << 20 };
    llw_arena *all = llw_arena_new(), *first = llw_arena_new(), *second = llw_arena_new();
    char *early = llw_arena_strdup(first, "before it was adopted");
    llw_arena_adopt(second, first);
    llw_arena_adopt(all, second);
    size_t before = llw_arena_bytes(all);
    char *late = llw_arena_alloc(first, MANY); /* a block of its own; a leak were it in none that is freed */
    memset(late, 'x', MANY);
    assert_true(llw_arena_bytes(all) >= before + MANY);
    assert_string_equal(early, "before it was adopted");
    assert_string_equal(llw_arena_strdup(all, "goes on"), "goes on");
    llw_arena_free(all);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(an_adopted_arena_is_part_of_the_other)};
    return cmocka_run_group_tests_name("arena", tests, NULL, NULL);
}
