/* One rule file between two good ones: they load, it does not, and its problem says where and what. */
#ifndef LLW_TESTS_RULE_FILES_H
#define LLW_TESTS_RULE_FILES_H

#include "base/sanitized.h"
#include "rule/kb.h"
#include "rule/load.h"
#include "rule/sandbox.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <cmocka.h>

#define HEADER "lesson \"02-bad\" { claim = \"A claim.\" }\n"
#define RULE(parts) HEADER "rule \"r\" {\n  level = \"note\",\n  each = { l = \"launch\" },\n" parts "\n}\n"

static const char first[] = "lesson \"01-first\" { claim = \"A claim.\" }\n"
                            "rule \"first\" { level = \"note\", each = { l = \"launch\" }, when = { "
                            "\"l.batch > 0\" }, find = \"a\" }\n";
static const char last[] =
    "lesson \"03-last\" { claim = \"A claim.\" }\n"
    "rule \"last\" { level = \"note\", each = { l = \"launch\" }, when = { \"l.ctx > 0\" }, find = \"b\" }\n";

static inline double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The most memory this process has held. Under a sanitizer what was freed is held as well. */
static inline long peak_kib(void) {
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return LLW_SANITIZED ? 0 : used.ru_maxrss;
}

static inline void add(llw_kb *kb, const char *path, const char *text) {
    llw_kb_add_file(kb, path, text, strlen(text));
}

/* The file between two good ones: they load, it does not, and its problem says where and what. */
static inline void is_left_out(const char *name, const char *text, size_t len, int line, const char *says) {
    llw_kb *kb = llw_kb_new();
    add(kb, "rules.d/01-first.lua", first);
    double start = seconds();
    long held = peak_kib();
    llw_kb_add_file(kb, "rules.d/02-bad.lua", text, len);
    double took = seconds() - start;
    if (peak_kib() - held > 64 << 10) fail_msg("%s took %ld KiB", name, peak_kib() - held);
    add(kb, "rules.d/03-last.lua", last);
    llw_kb_order(kb);
    if (kb->n_problems != 1) fail_msg("%s: %zu problems", name, kb->n_problems);
    const llw_err *problem = &kb->problems[0];
    if (!strstr(problem->text, says) || problem->line != line)
        fail_msg("%s: line %d: %s; expected line %d: ...%s...", name, problem->line, problem->text, line,
                 says);
    assert_string_equal(problem->file, "rules.d/02-bad.lua");
    if (took > 1) fail_msg("%s took %.1f s", name, took);
    assert_int_equal(kb->n_lessons, 2);
    assert_int_equal(kb->n_rules, 2);
    assert_non_null(llw_kb_rule(kb, "first"));
    assert_non_null(llw_kb_rule(kb, "last"));
    llw_kb_free(kb);
}

typedef struct bad_file {
    const char *name, *text;
    int line;
    const char *says;
} bad_file;

static inline void are_left_out(const bad_file *files, size_t n) {
    for (size_t i = 0; i < n; i++)
        is_left_out(files[i].name, files[i].text, strlen(files[i].text), files[i].line, files[i].says);
}
#define ARE_LEFT_OUT(files) are_left_out(files, sizeof(files) / sizeof *(files))

#endif
