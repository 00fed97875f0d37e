/* GPUs for tests: facts of one machine, what is asked of them, and the stand-ins that describe it. */
#ifndef LLW_TESTS_GPUS_H
#define LLW_TESTS_GPUS_H

#include "base/number.h"
#include "base/file.h"
#include "fact/launch.h"
#include "source/machine/gpu.h"
#include "source/machine/gpu_smi.h"
#include "source/machine/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define SMI "tests/fakes/nvidia-smi"

static llw_arena *arena;
static llw_facts *facts;

static inline int setup(void **state) {
    (void)state;
    arena = llw_arena_new();
    facts = llw_facts_new();
    unsetenv("FAKE_NVML");
    unsetenv("FAKE_SMI");
    unsetenv("FAKE_LLAMA");
    return 0;
}

static inline int teardown(void **state) {
    (void)state;
    llw_arena_free(arena);
    llw_facts_free(facts);
    return 0;
}

static inline llw_entity gpu(const char *id) {
    llw_entity e = llw_facts_find(facts, LLW_KIND_gpu, id);
    if (!e) fail_msg("no gpu %s", id);
    return e;
}

/* MiB of a size, -1 when unknown. */
static inline int64_t mib(const char *id, llw_attr attr) {
    int64_t n = -LLW_MIB;
    llw_facts_count(facts, gpu(id), attr, &n);
    return n / LLW_MIB;
}

static inline int64_t count(const char *id, llw_attr attr) {
    int64_t n = -1;
    llw_facts_count(facts, gpu(id), attr, &n);
    return n;
}

static inline double real(const char *id, llw_attr attr) {
    double n = -1;
    llw_facts_real(facts, gpu(id), attr, &n);
    return n;
}

static inline const char *text(const char *id, llw_attr attr) {
    const char *s = "(unknown)";
    llw_facts_text(facts, gpu(id), attr, &s);
    return s;
}

static inline llw_grade grade(const char *id, llw_attr attr) {
    const llw_claim *c = llw_facts_best(facts, gpu(id), attr);
    assert_non_null(c);
    return c->grade;
}

static inline int64_t host_gpus(void) {
    int64_t n = -1;
    llw_entity host = llw_facts_find(facts, LLW_KIND_host, LLW_HOST_ID);
    if (host) llw_facts_count(facts, host, LLW_host_gpus, &n);
    return n;
}

static inline void assert_noted(const char *part) {
    const char *const *notes;
    size_t n = llw_facts_notes(facts, &notes);
    for (size_t i = 0; i < n; i++)
        if (strstr(notes[i], part)) return;
    for (size_t i = 0; i < n; i++) print_message("note: %s\n", notes[i]);
    fail_msg("no note says \"%s\"", part);
}

static inline llw_rc give(llw_err *err, size_t n, ...) {
    const char *cards[8];
    va_list args;
    va_start(args, n);
    for (size_t i = 0; i < n; i++) cards[i] = va_arg(args, const char *);
    va_end(args);
    llw_gpu_options options = {.cards = cards, .n_cards = n};
    return llw_source_gpus(facts, &options, err);
}

static inline void assert_refused(const char *card, const char *part) {
    llw_err err = {0};
    assert_int_equal(give(&err, 1, card), LLW_ERR_INPUT);
    if (!strstr(err.text, part)) fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

static const char *const by_bus[] = {"CUDA_DEVICE_ORDER=PCI_BUS_ID", NULL};

/* The machine as a stand-in describes it: env as NAME=VALUE strings for CUDA, behaviour for the fake library.
 */
static inline void read_nvml(const char *library, const char *behaviour, const char *const *env) {
    static const char *const nothing[] = {NULL};
    setenv("FAKE_NVML", behaviour, 1);
    llw_gpu_options options = {
        .nvml = library, .smi = "", .env = env ? env : nothing, .root = "tests/fixtures/native"};
    llw_err err = {0};
    assert_int_equal(llw_source_gpus(facts, &options, &err), LLW_OK);
}

static inline llw_gpu_list parse_text(const char *fields, const char *text_of) {
    llw_gpu_list list = llw_gpu_list_start(arena, "nvidia-smi");
    llw_gpu_smi_parse(&list, fields, text_of, strlen(text_of));
    return list;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
