/* Records beside a launch: what is said to differ, what stands, which of several counts, and what becomes a
 * measured fact. */
#include "source/evidence/ledger.h"
#include "source/evidence/ledger_claim.h"
#include "source/evidence/record_match.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/text.h"
#include "launches.h"

#define MODEL "llama-3.1-8b-q4_k_m"
#define CARD "24000:23000"

static llw_facts *facts;
static llw_arena *arena;
static llw_entity launch;

static int set_up(void **state) {
    (void)state;
    facts = llw_facts_new();
    arena = llw_facts_arena(facts);
    return 0;
}

static int tear_down(void **state) {
    (void)state;
    llw_facts_free(facts);
    return 0;
}

/* A fresh launch of the model with these flags. */
static void begin(const char *build, const char *args, const char *cards) {
    llw_facts_free(facts);
    facts = llw_facts_new();
    arena = llw_facts_arena(facts);
    (void)launch_of(facts, build, "server", MODEL, args, cards, 0);
    launch = llw_facts_find(facts, LLW_KIND_launch, "argv");
    assert_true(launch != 0);
}

/* One record, its keys as the ledger has them. */
static const char *record(const char *id, const char *keys) {
    return llw_arena_printf(
        arena, "---\nschema: llwhy.evidence/1\nkind: %s\nid: %s\nmodel: {file: " MODEL ".gguf}\n%s...\n",
        strstr(keys, "load:")     ? "log"
        : strstr(keys, "n_bench") ? "bench"
                                  : "probe",
        id, keys);
}

static llw_ledger ledger_of(const char *text) {
    llw_ledger l = {0};
    llw_ledger_parse(arena, "evidence/desk.yaml", text, strlen(text), &l);
    for (size_t i = 0; i < l.n_problems; i++)
        if (!strstr(l.problems[i].text, "n_bench")) fail_msg("%s", l.problems[i].text);
    return l;
}

static llw_match match_of(const char *keys) {
    llw_ledger l = ledger_of(record("aaaa000000000000", keys));
    assert_int_equal(l.n_records, 1);
    llw_facts *scratch = llw_facts_new();
    llw_read_record read;
    llw_match m;
    llw_record_read_flags(arena, l.records[0], NULL, scratch, &read);
    llw_record_match(arena, &read, facts, launch, &m);
    llw_facts_free(scratch);
    return m;
}

static void what_differs_is_said_in_words(void **state) {
    (void)state;
    static const struct {
        const char *args, *keys, *besides;
    } rows[] = {
        {"-ngl 20", "build: b8115\nflags: [-ngl, 20]\n", ""},
        {"-ngl 20", "build: b8115\nflags: [-ngl, 10]\n", "-ngl was 10 and is 20 here"},
        {"-ngl 99", "build: b8115\nflags: [--n-gpu-layers, 33]\n", ""}, /* all is all */
        {"-ngl 99", "build: b8115\nload: {layers: 33}\nflags: [-ngl, 40]\n", ""},
        {"-ngl 99", "build: b8115\nload: {layers: 50}\nflags: [-ngl, 40]\n", "-ngl was 40 and is 99 here"},
        {"-ngl 99", "build: b8115\n", "its flags are not on record"},
        {"-ngl 99", "build: b8115\nflags: [-c, 1]\nunsaid: -ot\n", "not all of its flags are on record"},
        {"-ngl 99 -fa on", "build: b8115\nflags: [-ngl, 99]\n", ""}, /* auto may have been on */
        {"-ngl 99", "build: b8115\nflags: [-ngl, 99, -fa, on]\n", ""},
        {"-ngl 99 -fa on", "build: b8115\nflags: [-ngl, 99, -fa, off]\n", "-fa was off and is on here"},
        {"-ngl 99 -np 2", "build: b8115\nflags: [-ngl, 99]\n", ""},
        {"-ngl 99", "build: b8115\nflags: [-ngl, 99, -np, 2]\n", ""},
        {"-ngl 99 -np 2", "build: b8115\nflags: [-ngl, 99, -np, 3]\n", "-np was 3 and is 2 here"},
        {"-ngl 99 -c 4096", "build: b8115\nflags: [-ngl, 99, -c, 8192]\n", "-c was 8192 and is 4096 here"},
        {"-ngl 99 -c 4096", "build: b8115\nn_bench: 1\nflags: [-ngl, 99, -c, 8192]\n", ""},
        {"-ngl 99", "build: b8115\nflags: [-ngl, 99, -ot, 'exps=CPU']\n",
         "-ot was exps=CPU and is not given here"},
        {"-ngl 99 -ncmoe 3", "build: b8115\nflags: [-ngl, 99]\n", "-ncmoe was 0 and is 3 here"},
        {"-c 4096", "build: b8115\nflags: [-c, 8192]\n",
         "-c was 8192 and is 4096 here; -c was 8192 and is 4096 here"},
        {"-c 4096", "build: b8115\nflags: [-ngl, 7]\n", NULL},
        {"-ngl 20", "build: b8115\nflags: [-ngl, 20]\nmachine: {gpus: [{total: 24000 MiB}]}\n", ""},
        {"-ngl 20", "build: b8115\nflags: [-ngl, 20]\nmachine: {gpus: [{total: 8000 MiB}]}\n",
         "it ran on other GPUs (one)"},
        {"-ngl 20", "build: b8115\nflags: [-ngl, 20]\nmachine: {gpus: [{name: A 4}, {total: 1 MiB}]}\n",
         "it ran on other GPUs (A 4 and more)"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin("b8115", rows[i].args, CARD);
        llw_match m = match_of(rows[i].keys);
        assert_int_equal(m.build, 1);
        if (rows[i].besides ? strcmp(m.besides, rows[i].besides) : !*m.besides)
            fail_msg("%s with %s: '%s'", rows[i].args, rows[i].keys, m.besides);
    }
}

static void builds_are_compared_as_they_are_named(void **state) {
    (void)state;
    static const struct {
        const char *here, *keys, *differs;
        int same;
    } rows[] = {
        {"b8115", "build: b8022\n", "it ran on b8022, not on b8115", 0},
        {"b8115", "build: b8115\n", "", 1},
        {"0123456789abcdef", "build: b8115\n",
         "it ran on b8115, and whether that is commit 012345678 is not known", -1},
        {"0123456789abcdef", "build: b8115\ncommit: 012345678\n", "", 1},
        {"0123456789abcdef", "build: fedcba987\n", "it ran on fedcba987, not on 0123456789abcdef", 0},
        {"b8115", "build: nightly\n", "it ran on nightly, not on b8115", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin("b8115", "-ngl 20", CARD);
        llw_entity build = llw_build_claim_pinned(facts, rows[i].here, LLW_GRADE_MEASURED, "test", "");
        llw_facts_claim(facts, launch, LLW_launch_build, llw_ref(build), LLW_GRADE_MEASURED, "test", "");
        llw_match m = match_of(llw_arena_printf(arena, "%sflags: [-ngl, 20]\n", rows[i].keys));
        if (m.build != rows[i].same || strcmp(m.differs, rows[i].differs))
            fail_msg("%s: %d, '%s'", rows[i].keys, m.build, m.differs);
    }
}

static void machines_are_known_by_their_cards(void **state) {
    (void)state;
    static const struct {
        const char *cards, *name, *gpus;
        int same;
    } rows[] = {
        {CARD, "NVIDIA GeForce RTX 4090", "[{name: RTX 4090}]", 1},
        {CARD, "RTX 4090", "[{name: NVIDIA GeForce RTX 4090, total: 24000 MiB}]", 1},
        {CARD, "RTX 4090", "[{name: RTX 3090}]", 0},
        {CARD, "RTX 4090", "[{name: RTX 4090}, {name: RTX 4090}]", 0},
        {CARD "," CARD, "RTX 4090", "[{name: RTX 4090}]", 0},
        {CARD, NULL, "[{name: RTX 4090}]", 1},
        {CARD, "RTX 4090", "[]", -1},
        {"", NULL, "[{name: RTX 4090}]", -1},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        begin("b8115", "-ngl 20", rows[i].cards);
        llw_entity g = llw_facts_next(facts, LLW_KIND_gpu, 0);
        if (rows[i].name)
            llw_facts_claim(facts, g, LLW_gpu_name,
                            llw_string(llw_attr_get(LLW_gpu_name)->type, rows[i].name), LLW_GRADE_MEASURED,
                            "test", "");
        llw_match m = match_of(
            llw_arena_printf(arena, "build: b8115\nmachine: {driver: '580', gpus: %s}\n", rows[i].gpus));
        if (m.machine != rows[i].same) fail_msg("%s: %d", rows[i].gpus, m.machine);
        assert_int_equal(m.driver, -1); /* nobody says which is here */
        if (!g) continue;
        llw_facts_claim(facts, g, LLW_gpu_driver, llw_string(llw_attr_get(LLW_gpu_driver)->type, "580"),
                        LLW_GRADE_MEASURED, "test", "");
        assert_int_equal(match_of("build: b8115\nmachine: {driver: '580'}\n").driver, 1);
        m = match_of("build: b8115\nmachine: {driver: '570'}\n");
        assert_int_equal(m.driver, 0);
        assert_non_null(strstr(m.besides, "the GPU driver was 570 and is 580 now"));
    }
}

static void what_keeps_fit_from_working_is_named(void **state) {
    (void)state;
    static const struct {
        const char *keys, *stops;
        bool meant;
    } rows[] = {
        {"flags: [-ngl, 99]\n", "-ngl 99", false},
        {"flags: [--fit, on, -ngl, 99]\n", "-ngl 99", true},
        {"flags: [-fit, on]\n", "", true},
        {"flags: [--fit, off, -ngl, 99]\n", "", false},
        {"flags: [-ot, 'exps=CPU']\nlabel: with Fit\n", "-ot exps=CPU", true},
        {"flags: [-ts, '1,2']\nlabel: by hand\n", "-ts 1,2", false},
        {"flags: [-ncmoe, 4]\n", "-ncmoe 4", false},
        {"flags: [-cmoe]\n", "-cmoe", false},
        {"flags: [-c, 4096]\n", "", false},
        {"flags: [-ngl, 99]\nload: {fit: adjusted}\n", "", false},
        {"flags: [-ngl, 99]\nload: {fit: gave-up}\n", "-ngl 99", false},
        {"label: fit\n", "", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        llw_ledger l =
            ledger_of(record("aaaa000000000000", llw_arena_printf(arena, "build: b8115\n%s", rows[i].keys)));
        llw_facts *scratch = llw_facts_new();
        llw_read_record read;
        llw_record_read_flags(arena, l.records[0], NULL, scratch, &read);
        assert_string_equal(llw_record_stops_fit(arena, &read), rows[i].stops);
        assert_int_equal(llw_record_means_fit(l.records[0]), rows[i].meant);
        llw_facts_free(scratch);
    }
}

/* --- claims --- */

static llw_entity evidence(const char *place, int test) {
    return llw_facts_find(facts, LLW_KIND_evidence,
                          llw_arena_printf(arena, "argv evidence/desk.yaml:%s/%d", place, test));
}

static const char *text_of(llw_entity e, llw_attr attr) {
    const char *text = "(unknown)";
    llw_facts_text(facts, e, attr, &text);
    return text;
}

static int evidences(void) {
    int n = 0;
    for (llw_entity e = 0; (e = llw_facts_next(facts, LLW_KIND_evidence, e));) n++;
    return n;
}

#define HERE "flags: [-ngl, 99, -c, 4096, -np, 1]\n"

static void claim(const char *text) {
    llw_ledger l = ledger_of(text);
    llw_ledger_claim(facts, &l, NULL, 0);
}

static void the_newest_of_equals_counts(void **state) {
    (void)state;
    static const struct {
        const char *older, *newer;
    } rows[] = {
        {"build: b8022\ndate: '2026-03-01'\n",
         "build: b8100\ndate: '2026-02-01'\n"},   /* builds before dates */
        {"build: b999999\n", "build: b999998\n"}, /* that nobody knows yet: by number */
        {"build: b8022\ndate: '2026-02-01'\n", "build: b8022\ndate: '2026-03-01'\n"},
        {"build: b8022\n", "build: b8022\ndate: '2026-03-01'\n"},
        {"build: b8022\n", "build: b8022\n"}, /* what stands later */
        {"build: nightly\n", "build: nightly\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (int turned = 0; turned < 2; turned++) {
            bool either = !strcmp(rows[i].older, rows[i].newer),
                 larger = strstr(rows[i].older, "b999999") != NULL;
            begin("b8115", "-ngl 99 -c 4096 -np 1", CARD);
            const char *old = record(
                           "aaaa000000000000",
                           llw_arena_printf(
                               arena,
                               "%s" HERE
                               "tests: [{prompt_tokens: 8391, answer_tokens: 8, passed: yes, note: old}]\n",
                               rows[i].older)),
                       *new = record(
                           "bbbb000000000000",
                           llw_arena_printf(
                               arena,
                               "%s" HERE
                               "tests: [{prompt_tokens: 8391, answer_tokens: 8, passed: yes, note: new}]\n",
                               rows[i].newer));
            claim(llw_arena_printf(arena, "%s%s", turned ? new : old, turned ? old : new));
            assert_int_equal(evidences(), 1); /* of two that say the same the newest is told */
            llw_entity e = llw_facts_next(facts, LLW_KIND_evidence, 0);
            bool second = !strstr(text_of(e, LLW_evidence_place), ":2");
            assert_int_equal(second, either ? true : larger ? turned : !turned);
        }
}

static void tests_are_told_by_what_they_say(void **state) {
    (void)state;
    begin("b8115", "-ngl 99 -c 4096 -np 1", CARD);
    claim(record(
        "aaaa000000000000",
        "build: b8115\n" HERE "machine: {gpus: [{total: 24000 MiB}]}\ntests:\n- {prompt_tokens: 0, "
        "answer_tokens: 128, passed: yes, speed: 50}\n"
        "- {prompt_tokens: 8391, passed: no}\n- {prompt_tokens: 9000, passed: no, note: it crashed}\n"
        "- {prompt_tokens: 512, answer_tokens: 0, passed: yes, prompt_speed: 900}\n- {note: nobody knows}\n"
        "- {prompt_tokens: 2000, answer_tokens: 8, passed: yes}\n- {passed: yes}\n"));
    assert_string_equal(text_of(evidence("2", 1), LLW_evidence_prompt), "no prompt");
    assert_true(evidence("2", 2) == 0); /* the later failure says it as well */
    assert_string_equal(text_of(evidence("2", 3), LLW_evidence_problem), "it crashed");
    assert_string_equal(text_of(evidence("2", 6), LLW_evidence_prompt), "a prompt of 2,000 tokens");
    assert_string_equal(text_of(evidence("2", 7), LLW_evidence_prompt), "a prompt of unknown length");
    const llw_claim *speed = llw_facts_best(facts, launch, LLW_launch_speed);
    assert_int_equal(speed->grade, LLW_GRADE_MEASURED);
    assert_true(speed->value.as.real == 50);
    claim(""); /* nothing more comes of nothing */
    begin("b8115", "-ngl 99", CARD);
    claim(record("aaaa000000000000", "build: b8115\ntests: [{passed: no}]\n"));
    assert_string_equal(text_of(evidence("2", 1), LLW_evidence_problem), "it failed");
}

static void the_buffers_of_a_load_that_stands_are_measured(void **state) {
    (void)state;
#define LOAD(outcome, buffers)                                                                               \
    "build: b8115\n" HERE "outcome: " outcome                                                                \
    "\nmachine: {gpus: [{total: 24000 MiB}]}\nload: {context: 4096, slots: 1}\n"                             \
    "buffers: " buffers "\n"
#define BUFFERS                                                                                              \
    "[{device: Host, weights: 100 MiB, kv: 0 MiB, compute: 10 MiB}, {weights: 7 MiB}, {device: CUDA0, "      \
    "weights: "                                                                                              \
    "4000 MiB, kv: 500 MiB, compute: 300 MiB}]"
    begin("b8115", "-ngl 99 -c 4096 -np 1", CARD);
    claim(record("aaaa000000000000", LOAD("loaded", BUFFERS)));
    llw_entity e = evidence("2", 0);
    int64_t n = 0;
    assert_true(llw_facts_count(facts, e, LLW_evidence_gpu_bytes, &n));
    assert_int_equal(n >> 20, 4800);
    assert_true(llw_facts_count(facts, launch, LLW_launch_n_ctx, &n));
    assert_int_equal(n, 4096);
    assert_string_equal(llw_facts_best(facts, launch, LLW_launch_n_ctx)->origin, "evidence");
    assert_string_equal(text_of(llw_facts_next(facts, LLW_KIND_log, 0), LLW_log_outcome), "loaded");
    static const char *const others[] = {
        LOAD("loaded", "[{device: CUDA0, weights: 1 MiB}]"), LOAD("perhaps", BUFFERS),
        "build: b8115\n" HERE "machine: {gpus: [{total: 24000 MiB}]}\nload: {slots: 1}\nbuffers: " BUFFERS
        "\n"};
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) { /* no outcome, or none that is known */
        begin("b8115", "-ngl 99 -c 4096 -np 1", CARD);
        claim(record("aaaa000000000000", others[i]));
        e = evidence("2", 0);
        assert_int_equal(llw_facts_count(facts, e, LLW_evidence_gpu_bytes, &n), i > 0);
    }
    begin("b8115", "-ngl 99 -c 4096 -np 1", CARD);
    llw_text many = {0};
    for (int i = 0; i < LLW_RECORD_BUFFERS; i++)
        llw_text_addf(&many, "%s{device: CUDA%d, weights: 1 MiB, kv: 0 MiB, compute: 0 MiB}", i ? ", " : "[",
                      i);
    claim(record("aaaa000000000000", llw_arena_printf(arena, LOAD("oom", "%s]"), llw_text_str(&many))));
    llw_text_fini(&many);
    assert_true(llw_facts_count(facts, evidence("2", 0), LLW_evidence_gpu_bytes, &n));
    assert_int_equal(n >> 20, LLW_RECORD_BUFFERS);
}

static void records_of_others_are_passed_over(void **state) {
    (void)state;
    begin("b8115", "-ngl 99", CARD);
    llw_facts_entity(facts, LLW_KIND_launch, "without a model");
    claim("---\nschema: llwhy.evidence/1\nkind: probe\nid: aaaa000000000000\nbuild: b8115\nmodel: {file: "
          "other.gguf}\n...\n"
          "---\nschema: llwhy.evidence/1\nkind: correction\nid: bbbb000000000000\nabout: "
          "aaaa000000000000\nflags: [-c, 1]\n...\n");
    assert_int_equal(evidences(), 0);
    llw_facts *empty = llw_facts_new();
    llw_ledger l = ledger_of(record("aaaa000000000000", "build: b8115\n"));
    llw_ledger_claim(empty, &l, NULL, 0); /* no launch */
    assert_int_equal(llw_facts_next(empty, LLW_KIND_evidence, 0), 0);
    llw_facts_free(empty);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        T(what_differs_is_said_in_words),
        T(builds_are_compared_as_they_are_named),
        T(machines_are_known_by_their_cards),
        T(what_keeps_fit_from_working_is_named),
        T(the_newest_of_equals_counts),
        T(tests_are_told_by_what_they_say),
        T(the_buffers_of_a_load_that_stands_are_measured),
        T(records_of_others_are_passed_over),
    };
#undef T
    return cmocka_run_group_tests(tests, NULL, NULL);
}
