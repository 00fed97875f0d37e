/* Child processes: output, limits, and nothing left behind. */
#include "base/process.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static llw_rc sh(llw_arena *arena, const char *script, size_t cap, double seconds, llw_process *out) {
    const char *const argv[] = {"sh", "-c", script, NULL};
    llw_err err = {0};
    return llw_process_run(arena, argv, NULL, cap, seconds, out, &err);
}

static void assert_no_children(void) {
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

static void output_and_exit_code_come_back(void **state) {
    llw_arena *a = *state;
    llw_process p;
    assert_int_equal(sh(a, "printf 'a\\nb'; echo no >&2; exit 9", 100, 10, &p), LLW_OK);
    assert_string_equal(p.out, "a\nb");
    assert_int_equal(p.len, 3);
    assert_int_equal(p.exit_code, 9);
    assert_false(p.timed_out || p.truncated);
    assert_int_equal(sh(a, "kill -TERM $$", 100, 10, &p), LLW_OK);
    assert_int_equal(p.exit_code, -1);
    assert_int_equal(p.signal, SIGTERM);
    assert_no_children();
}

static void a_missing_program_is_not_there(void **state) {
    llw_arena *a = *state;
    llw_process p;
    llw_err err = {0};
    const char *const argv[] = {"no-such-program-of-ours", NULL};
    assert_int_equal(llw_process_run(a, argv, NULL, 10, 1, &p, &err), LLW_ERR_NOTHING);
    assert_string_equal(err.file, "no-such-program-of-ours");
    const char *const directory[] = {"/tmp", NULL};
    assert_int_equal(llw_process_run(a, directory, NULL, 10, 1, &p, &err), LLW_ERR_SYSTEM);
    assert_no_children();
}

static void a_hanging_program_is_killed_with_its_children(void **state) {
    llw_arena *a = *state;
    llw_process p;
    double start = now();
    assert_int_equal(sh(a, "sleep 60 & echo $!; trap '' TERM; sleep 60; sleep 60", 100, 0.3, &p), LLW_OK);
    assert_true(p.timed_out);
    assert_int_equal(p.exit_code, -1);
    assert_true(now() - start < 5);
    pid_t grandchild = (pid_t)strtol(p.out, NULL, 10);
    assert_true(grandchild > 1);
    /* killed; whoever adopts it may need a moment to reap it */
    char path[64], stat[256] = "";
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)grandchild);
    for (int i = 0; i < 200; i++) {
        FILE *f = fopen(path, "r");
        if (!f) break;
        if (!fgets(stat, sizeof stat, f)) stat[0] = 0;
        fclose(f);
        if (strstr(stat, ") Z ") || strstr(stat, ") X ")) break;
        usleep(10000);
    }
    if (access(path, F_OK) == 0) assert_non_null(strstr(stat, ") Z "));
    assert_no_children();
}

static void a_flood_is_cut_at_the_cap(void **state) {
    llw_arena *a = *state;
    llw_process p;
    assert_int_equal(sh(a, "while :; do echo 0123456789012345678901234567890123456789; done", 100000, 20, &p),
                     LLW_OK);
    assert_true(p.truncated);
    assert_false(p.timed_out);
    assert_int_equal(p.len, 100000);
    assert_int_equal(sh(a, "printf 12345", 5, 10, &p), LLW_OK);
    assert_false(p.truncated);
    assert_string_equal(p.out, "12345");
    assert_int_equal(sh(a, "head -c 10000000 /dev/zero", 12000000, 20, &p), LLW_OK);
    assert_int_equal(p.len, 10000000);
    assert_int_equal(p.exit_code, 0);
    assert_no_children();
}

static void a_background_child_does_not_hold_us(void **state) {
    llw_arena *a = *state;
    llw_process p;
    double start = now();
    assert_int_equal(sh(a, "sleep 60 & echo done", 100, 30, &p), LLW_OK);
    assert_string_equal(p.out, "done\n");
    assert_int_equal(p.exit_code, 0);
    assert_true(now() - start < 5);
    assert_no_children();
}

static void the_child_sees_nothing_of_ours(void **state) {
    llw_arena *a = *state;
    llw_process p;
    FILE *ours = tmpfile(); /* without O_CLOEXEC on purpose */
    assert_non_null(ours);
    assert_int_equal(sh(a, "ls /proc/self/fd | wc -l; cat", 100, 10, &p), LLW_OK);
    fclose(ours);
    assert_int_equal(strtol(p.out, NULL, 10), 4); /* 0, 1, 2 and the directory being listed */
    const char *const argv[] = {"/usr/bin/env", NULL};
    const char *const env[] = {"ONLY=this", NULL};
    assert_int_equal(llw_process_run(a, argv, env, 100, 10, &p, NULL), LLW_OK);
    assert_string_equal(p.out, "ONLY=this\n");
}

static void on_alarm(int signal) {
    (void)signal;
}

static void signals_do_not_disturb_it(void **state) {
    llw_arena *a = *state;
    struct sigaction old, act = {.sa_handler = on_alarm}; /* no SA_RESTART */
    sigaction(SIGALRM, &act, &old);
    struct itimerval every = {.it_interval = {.tv_usec = 1000}, .it_value = {.tv_usec = 1000}}, off = {0};
    setitimer(ITIMER_REAL, &every, NULL);
    llw_process p;
    llw_rc rc = sh(a, "sleep 0.3; echo through", 100, 20, &p);
    setitimer(ITIMER_REAL, &off, NULL);
    sigaction(SIGALRM, &old, NULL);
    assert_int_equal(rc, LLW_OK);
    assert_string_equal(p.out, "through\n");
    assert_int_equal(p.exit_code, 0);
    assert_no_children();
}

static int setup(void **state) {
    *state = llw_arena_new();
    return 0;
}

static int teardown(void **state) {
    llw_arena_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(output_and_exit_code_come_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_missing_program_is_not_there, setup, teardown),
        cmocka_unit_test_setup_teardown(a_hanging_program_is_killed_with_its_children, setup, teardown),
        cmocka_unit_test_setup_teardown(a_flood_is_cut_at_the_cap, setup, teardown),
        cmocka_unit_test_setup_teardown(a_background_child_does_not_hold_us, setup, teardown),
        cmocka_unit_test_setup_teardown(the_child_sees_nothing_of_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(signals_do_not_disturb_it, setup, teardown),
    };
    return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
