/* Numbers that people and programs wrote: what is one, and what is refused. */
#include "base/number.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void counts_are_whole_and_fit(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t number; /* -77: refused */
    } cases[] = {{"0", 0},      {"512", 512},
                 {"-1", -1},    {"+7", 7},
                 {"007", 7},    {"9223372036854775807", INT64_MAX},
                 {"", -77},     {"9223372036854775808", -77},
                 {"-", -77},    {"-9223372036854775809", -77},
                 {" 1", -77},   {"1 ", -77},
                 {"0x10", -77}, {"1.0", -77},
                 {"1e3", -77},  {"64k", -77}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t n = -77;
        bool ok = llw_read_count(cases[i].text, &n);
        if (n != cases[i].number || ok != (n != -77))
            fail_msg("\"%s\" is read as %lld", cases[i].text, (long long)n);
    }
}

static void reals_are_finite(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double number; /* -77: refused */
    } cases[] = {{"0.5", 0.5}, {"-2", -2},     {".25", 0.25}, {"1e3", 1000},  {"3.", 3},
                 {"", -77},    {"nan", -77},   {"inf", -77},  {"1e999", -77}, {"0x1p3", -77},
                 {"1,5", -77}, {"5 MiB", -77}, {"-x", -77},   {".", -77}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double x = -77;
        bool ok = llw_read_real(cases[i].text, &x);
        if (x < cases[i].number || x > cases[i].number || ok != (x > -77))
            fail_msg("\"%s\" is read as %g", cases[i].text, x);
    }
}

static void sizes_have_their_unit(void **state) {
    (void)state;
    static const struct {
        const char *text;
        double bare;
        int64_t bytes;    /* -1: refused */
        const char *rest; /* NULL: nothing may follow */
    } cases[] = {{"512 B", 0, 512, NULL},        {"897.00 MiB", 0, 940572672, NULL},
                 {"24GB", 0, 24000000000, NULL}, {"1 tib", 0, (int64_t)1 << 40, NULL},
                 {"1.5KiB", 0, 1536, NULL},      {"64205", 0x1p20, (int64_t)64205 << 20, NULL},
                 {"64205", 1, 64205, NULL},      {"128 GiB:60 GiB", 0, (int64_t)128 << 30, ":60 GiB"},
                 {"5:4", 0x1p20, 5 << 20, ":4"}, {"64205", 0, -1, NULL}, /* of what? */
                 {"5:4", 1, -1, NULL},           {"5 MiB/s", 0, -1, NULL},
                 {"5 M", 1, -1, NULL},           {"-5 MiB", 0, -1, NULL},
                 {"-0 MiB", 0, -1, NULL},        {"9000000 TiB", 0, -1, NULL},
                 {"nan GiB", 0, -1, NULL},       {"MiB", 0, -1, NULL}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int64_t n = -1;
        const char *end = "";
        bool ok = llw_read_size(cases[i].text, cases[i].bare, cases[i].rest ? &end : NULL, &n);
        if (n != cases[i].bytes || ok != (n >= 0))
            fail_msg("\"%s\" is read as %lld", cases[i].text, (long long)n);
        if (cases[i].rest) assert_string_equal(end, cases[i].rest);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_are_whole_and_fit),
        cmocka_unit_test(reals_are_finite),
        cmocka_unit_test(sizes_have_their_unit),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
