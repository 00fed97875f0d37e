/* GPUs: captures and stand-ins of NVML, nvidia-smi and llama-server; cards given by hand; CUDA's numbering.
 */
#include "base/file.h"
#include "fact/launch.h"
#include "source/gpu.h"
#include "source/gpu_listing.h"
#include "source/gpu_nvml.h"
#include "source/gpu_order.h"
#include "source/gpu_smi.h"
#include "source/gpu_table.h"
#include "source/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#define MIB ((int64_t)1 << 20)
#define SMI "tests/fakes/nvidia-smi"

static llw_arena *arena;
static llw_facts *facts;

static int setup(void **state) {
    (void)state;
    arena = llw_arena_new();
    facts = llw_facts_new();
    unsetenv("FAKE_NVML");
    unsetenv("FAKE_SMI");
    unsetenv("FAKE_LLAMA");
    return 0;
}

static int teardown(void **state) {
    (void)state;
    llw_arena_free(arena);
    llw_facts_free(facts);
    return 0;
}

/* --- helpers --- */

static llw_entity gpu(const char *id) {
    llw_entity e = llw_facts_find(facts, LLW_KIND_gpu, id);
    if (!e) fail_msg("no gpu %s", id);
    return e;
}

/* MiB of a size, -1 when unknown. */
static int64_t mib(const char *id, llw_attr attr) {
    int64_t n = -MIB;
    llw_facts_count(facts, gpu(id), attr, &n);
    return n / MIB;
}

static int64_t count(const char *id, llw_attr attr) {
    int64_t n = -1;
    llw_facts_count(facts, gpu(id), attr, &n);
    return n;
}

static double real(const char *id, llw_attr attr) {
    double n = -1;
    llw_facts_real(facts, gpu(id), attr, &n);
    return n;
}

static const char *text(const char *id, llw_attr attr) {
    const char *s = "(unknown)";
    llw_facts_text(facts, gpu(id), attr, &s);
    return s;
}

static llw_grade grade(const char *id, llw_attr attr) {
    const llw_claim *c = llw_facts_best(facts, gpu(id), attr);
    assert_non_null(c);
    return c->grade;
}

static int64_t host_gpus(void) {
    int64_t n = -1;
    llw_entity host = llw_facts_find(facts, LLW_KIND_host, LLW_HOST_ID);
    if (host) llw_facts_count(facts, host, LLW_host_gpus, &n);
    return n;
}

static void assert_noted(const char *part) {
    const char *const *notes;
    size_t n = llw_facts_notes(facts, &notes);
    for (size_t i = 0; i < n; i++)
        if (strstr(notes[i], part)) return;
    for (size_t i = 0; i < n; i++) print_message("note: %s\n", notes[i]);
    fail_msg("no note says \"%s\"", part);
}

static llw_rc give(llw_err *err, size_t n, ...) {
    const char *cards[8];
    va_list args;
    va_start(args, n);
    for (size_t i = 0; i < n; i++) cards[i] = va_arg(args, const char *);
    va_end(args);
    llw_gpu_options options = {.cards = cards, .n_cards = n};
    return llw_source_gpus(facts, &options, err);
}

static void assert_refused(const char *card, const char *part) {
    llw_err err = {0};
    assert_int_equal(give(&err, 1, card), LLW_ERR_INPUT);
    if (!strstr(err.text, part)) fail_msg("\"%s\" does not say \"%s\"", err.text, part);
}

/* The machine as a stand-in describes it: env as NAME=VALUE strings for CUDA, behaviour for the fake library.
 */
static void read_nvml(const char *library, const char *behaviour, const char *const *env) {
    static const char *const nothing[] = {NULL};
    setenv("FAKE_NVML", behaviour, 1);
    llw_gpu_options options = {
        .nvml = library, .smi = "", .env = env ? env : nothing, .root = "tests/fixtures/native"};
    llw_err err = {0};
    assert_int_equal(llw_source_gpus(facts, &options, &err), LLW_OK);
}

static const char *const by_bus[] = {"CUDA_DEVICE_ORDER=PCI_BUS_ID", NULL};

/* --- cards given by hand --- */

static void given_memory_is_llama_cpp_s_view(void **state) {
    (void)state;
    assert_int_equal(give(NULL, 2, "24564:23671:RTX 4090", "16303:12761"), LLW_OK);
    assert_int_equal(mib("CUDA0", LLW_gpu_total), 24564);
    assert_int_equal(mib("CUDA0", LLW_gpu_free), 23671);
    assert_int_equal(grade("CUDA0", LLW_gpu_free), LLW_GRADE_MEASURED);
    assert_string_equal(text("CUDA0", LLW_gpu_name), "RTX 4090");
    assert_true(real("CUDA0", LLW_gpu_bandwidth) == 1008e9);
    assert_int_equal(count("CUDA0", LLW_gpu_index), 0);
    assert_int_equal(mib("CUDA1", LLW_gpu_free), 12761);
    assert_int_equal(count("CUDA1", LLW_gpu_index), 1);
    assert_string_equal(text("CUDA1", LLW_gpu_name), "(unknown)");
    assert_true(real("CUDA1", LLW_gpu_bandwidth) < 0);
    assert_int_equal(host_gpus(), 2);
}

static void free_left_out_is_total_less_the_context(void **state) {
    (void)state;
    assert_int_equal(give(NULL, 3, "24564", "143155:H200", "8192:0"), LLW_OK);
    assert_int_equal(mib("CUDA0", LLW_gpu_free), 24564 - 529);
    assert_int_equal(mib("CUDA0", LLW_gpu_context), 529);
    assert_int_equal(grade("CUDA0", LLW_gpu_total), LLW_GRADE_MEASURED);
    assert_int_equal(grade("CUDA0", LLW_gpu_free), LLW_GRADE_PREDICTED);
    assert_int_equal(mib("CUDA1", LLW_gpu_free), 142629); /* as measured on the card */
    assert_string_equal(text("CUDA1", LLW_gpu_name), "H200");
    assert_int_equal(mib("CUDA2", LLW_gpu_free), 0);
    assert_int_equal(grade("CUDA2", LLW_gpu_free), LLW_GRADE_MEASURED);
}

static void cards_are_found_by_name(void **state) {
    (void)state;
    assert_int_equal(
        give(NULL, 4, "RTX 4090", "5070ti", "NVIDIA GeForce RTX 5070", "rtx 4090 laptop gpu:15000"), LLW_OK);
    assert_int_equal(mib("CUDA0", LLW_gpu_total), 24564);
    assert_int_equal(mib("CUDA0", LLW_gpu_free), 23608); /* what an idle one told llama.cpp under Linux */
    assert_int_equal(grade("CUDA0", LLW_gpu_total), LLW_GRADE_PREDICTED);
    assert_int_equal(mib("CUDA1", LLW_gpu_total), 16303);
    assert_string_equal(text("CUDA1", LLW_gpu_name), "RTX 5070 Ti");
    assert_true(real("CUDA1", LLW_gpu_bandwidth) == 896e9);
    assert_string_equal(text("CUDA2", LLW_gpu_name), "RTX 5070");
    assert_true(real("CUDA2", LLW_gpu_bandwidth) == 672e9);
    assert_true(real("CUDA3", LLW_gpu_bandwidth) == 576e9);
    assert_int_equal(mib("CUDA3", LLW_gpu_free), 15000);
    assert_int_equal(grade("CUDA3", LLW_gpu_free), LLW_GRADE_MEASURED);
    assert_true(real("CUDA1", LLW_gpu_compute_capability) == 12.0);
    assert_int_equal(count("CUDA1", LLW_gpu_pcie_generation), 5);
}

static void names_are_matched_whole(void **state) {
    (void)state;
    llw_gpu_table table;
    llw_gpu_card card;
    assert_int_equal(llw_gpu_table_load(arena, &table, NULL), LLW_OK);
    static const struct {
        const char *name;
        int64_t memory;
        const char *card;
    } cases[] = {
        {"NVIDIA L4", -1, "L4"},
        {"NVIDIA L40", -1, "L40"},
        {"NVIDIA L40S", -1, "L40S"},
        {"Tesla T4", -1, "T4"},
        {"NVIDIA GeForce RTX 4060 Laptop GPU", -1, "RTX 4060 Laptop"},
        {"RTX 4060 mobile", -1, "RTX 4060 Laptop"},
        {"NVIDIA RTX 6000 Ada Generation", -1, "RTX 6000 Ada"},
        {"NVIDIA RTX PRO 6000 Blackwell Max-Q Workstation Edition", -1, "RTX PRO 6000 Blackwell"},
        {"Quadro RTX 6000", -1, "Quadro RTX 6000"},
        {"NVIDIA H100 80GB HBM3", -1, "H100 SXM"},
        {"NVIDIA A100-SXM4-80GB", -1, "A100 80GB"},
        {"NVIDIA GeForce RTX 4060 Ti", 16380, "RTX 4060 Ti 16GB"},
        {"NVIDIA GeForce RTX 4060 Ti", 8188, "RTX 4060 Ti 8GB"},
        {"NVIDIA GeForce RTX 3060", 12288, "RTX 3060 12GB"},
        {"AMD Radeon RX 7900 XTX", -1, "RX 7900 XTX"},
        {"Radeon 8060S Graphics", -1, "Strix Halo"},
        {"NVIDIA GeForce RTX 4070 SUPER", -1, "RTX 4070 Super"},
        {"NVIDIA GeForce RTX 4070 Ti SUPER", -1, "RTX 4070 Ti Super"},
        {"NVIDIA GB10", -1, "GB10"},
        {"A10G", -1, "A10G"},
        {"NVIDIA A10", -1, "A10"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_err err = {0};
        int64_t memory = cases[i].memory < 0 ? -1 : cases[i].memory * MIB;
        if (llw_gpu_table_find(&table, arena, cases[i].name, memory, &card, &err) != LLW_OK)
            fail_msg("%s: %s", cases[i].name, err.text);
        assert_string_equal(card.name, cases[i].card);
    }
    assert_int_equal(llw_gpu_table_find(&table, arena, "RTX 4090 Ti", -1, &card, NULL), LLW_ERR_NOTHING);
    assert_int_equal(llw_gpu_table_find(&table, arena, "", -1, &card, NULL), LLW_ERR_NOTHING);
    assert_int_equal(llw_gpu_table_find(&table, arena, "NVIDIA", -1, &card, NULL), LLW_ERR_NOTHING);
}

static void every_row_of_the_table_is_found_by_its_own_name(void **state) {
    (void)state;
    llw_gpu_table table;
    assert_int_equal(llw_gpu_table_load(arena, &table, NULL), LLW_OK);
    assert_true(table.cards.n_rows >= 80);
    int name = llw_table_column(&table.cards, "name"), source = llw_table_column(&table.cards, "source");
    for (size_t i = 0; i < table.cards.n_rows; i++) {
        const char *wanted = llw_table_cell(&table.cards, i, name);
        llw_gpu_card card;
        llw_err err = {0};
        if (llw_gpu_table_find(&table, arena, wanted, -1, &card, &err) != LLW_OK)
            fail_msg("%s: %s", wanted, err.text);
        assert_string_equal(card.name, wanted);
        assert_true(*llw_table_cell(&table.cards, i, source));
        assert_true(card.bandwidth > 50e9 && card.bandwidth < 10e12);
        assert_true(card.unified == (card.memory < 0));
        assert_true(card.total <= card.memory && card.context >= 0 && card.reserve >= 0);
        if (!strcmp(card.backend, "CUDA")) assert_true(card.capability >= 6.0);
    }
}

static void the_context_estimate_meets_what_was_measured(void **state) {
    (void)state;
    llw_gpu_table table;
    llw_gpu_card card;
    assert_int_equal(llw_gpu_table_load(arena, &table, NULL), LLW_OK);
    int measured = 0;
    for (size_t i = 0; i < table.cards.n_rows; i++) {
        const char *cell = llw_table_cell(&table.cards, i, llw_table_column(&table.cards, "context_mib"));
        const char *name = llw_table_cell(&table.cards, i, llw_table_column(&table.cards, "name"));
        if (!*cell || !strcmp(cell, "0")) continue;
        assert_int_equal(llw_gpu_table_find(&table, arena, name, -1, &card, NULL), LLW_OK);
        assert_int_equal(card.context, strtoll(cell, NULL, 10) * MIB);
        /* without its own figure the estimate may be up to 90 MiB too careful, and 10 too hopeful */
        const char **row = table.cards.rows[i];
        row[llw_table_column(&table.cards, "context_mib")] = "";
        assert_int_equal(llw_gpu_table_find(&table, arena, name, -1, &card, NULL), LLW_OK);
        assert_true(card.context_estimated);
        int64_t off = card.context / MIB - strtoll(cell, NULL, 10);
        if (off < -10 || off > 90) fail_msg("%s: estimated %lld MiB off", name, (long long)off);
        measured++;
    }
    assert_true(measured >= 10);
}

static void cards_that_cannot_be_meant_are_refused(void **state) {
    (void)state;
    assert_refused("RTX 4091", "no card \"RTX 4091\"");
    assert_refused("RTX 6000", "did you mean");
    assert_refused("RTX 6000", "RTX 6000 Ada");
    assert_refused("RTX 3060", "RTX 3060 12GB, RTX 3060 8GB");
    assert_refused("24G", "write the memory in whole MiB");
    assert_refused("24.5 GiB", "write the memory in whole MiB");
    assert_refused("1000:2000", "more free than there is");
    assert_refused("RTX 4090:30000", "has 24564 MiB");
    assert_refused("0", "in MiB");
    assert_refused("99999999999999999999", "write the memory");
    assert_refused("-5", "no card");
    assert_refused("", "write TOTAL");
    assert_refused(":", "write TOTAL");
    assert_refused("M4 Max", "no memory size of its own");
    assert_refused("RTX 4090:much", "write TOTAL");
    llw_gpu_options both = {.cards = (const char *const[]){"24564"}, .n_cards = 1, .none = true};
    llw_err err = {0};
    assert_int_equal(llw_source_gpus(facts, &both, &err), LLW_ERR_INPUT);
}

static void a_card_s_number_alone_is_memory_and_said_so(void **state) {
    (void)state;
    assert_int_equal(give(NULL, 1, "4090"), LLW_OK);
    assert_int_equal(mib("CUDA0", LLW_gpu_total), 4090);
    assert_noted("for the card write --gpu \"RTX 4090\"");
}

static void other_makers_keep_their_backend(void **state) {
    (void)state;
    assert_int_equal(give(NULL, 3, "RX 7900 XTX", "RTX 4090", "49152:48000:M4 Max"), LLW_OK);
    assert_string_equal(text("ROCm0", LLW_gpu_backend), "ROCm");
    assert_int_equal(count("ROCm0", LLW_gpu_index), 0);
    assert_int_equal(count("CUDA0", LLW_gpu_index), 1);
    assert_string_equal(text("MTL0", LLW_gpu_backend), "Metal");
    bool unified = false;
    assert_true(llw_facts_flag(facts, gpu("MTL0"), LLW_gpu_unified, &unified) && unified);
}

static void cards_given_over_saved_facts_take_their_place(void **state) {
    (void)state;
    assert_int_equal(give(NULL, 1, "8192:7000"), LLW_OK);
    assert_int_equal(give(NULL, 1, "24564:23671"), LLW_OK);
    assert_int_equal(mib("CUDA0", LLW_gpu_free), 23671);
    assert_int_equal(llw_facts_find(facts, LLW_KIND_gpu, "CUDA1"), 0);
}

static void more_cards_than_llama_cpp_takes_are_refused(void **state) {
    (void)state;
    const char *cards[LLW_MAX_DEVICES + 1];
    for (int i = 0; i <= LLW_MAX_DEVICES; i++) cards[i] = "24564";
    llw_gpu_options options = {.cards = cards, .n_cards = LLW_MAX_DEVICES + 1};
    llw_err err = {0};
    assert_int_equal(llw_source_gpus(facts, &options, &err), LLW_ERR_INPUT);
    assert_non_null(strstr(err.text, "at most 16"));
    options.n_cards = LLW_MAX_DEVICES;
    assert_int_equal(llw_source_gpus(facts, &options, &err), LLW_OK);
    assert_int_equal(host_gpus(), LLW_MAX_DEVICES);
}

static void an_unknown_name_beside_a_size_only_costs_the_bandwidth(void **state) {
    (void)state;
    assert_int_equal(give(NULL, 1, "24000:23000:My Card: 7"), LLW_OK);
    assert_string_equal(text("CUDA0", LLW_gpu_name), "My Card: 7");
    assert_int_equal(mib("CUDA0", LLW_gpu_free), 23000);
    assert_noted("no card \"My Card: 7\"");
}

static void no_gpu_is_known_to_be_none(void **state) {
    (void)state;
    llw_gpu_options options = {.none = true};
    assert_int_equal(llw_source_gpus(facts, &options, NULL), LLW_OK);
    assert_int_equal(host_gpus(), 0);
    assert_int_equal(llw_facts_next(facts, LLW_KIND_gpu, 0), 0);
}

/* --- NVML --- */

static void nvml_gives_every_fact(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_2, "h200", NULL);
    assert_string_equal(text("CUDA0", LLW_gpu_name), "NVIDIA H200");
    assert_string_equal(text("CUDA0", LLW_gpu_uuid), "GPU-33333333-0000-0000-0000-000000000003");
    assert_string_equal(text("CUDA0", LLW_gpu_driver), "580.159.04");
    assert_int_equal(mib("CUDA0", LLW_gpu_nvml_total), 143771);
    assert_int_equal(mib("CUDA0", LLW_gpu_nvml_free), 143156);
    assert_int_equal(grade("CUDA0", LLW_gpu_nvml_free), LLW_GRADE_MEASURED);
    /* what llama-server --list-devices printed on this machine: 143155 MiB, 142629 MiB free */
    assert_int_equal(mib("CUDA0", LLW_gpu_total), 143155);
    assert_in_range(mib("CUDA0", LLW_gpu_free), 142629 - 1, 142629 + 1);
    assert_int_equal(grade("CUDA0", LLW_gpu_free), LLW_GRADE_PREDICTED);
    assert_int_equal(mib("CUDA0", LLW_gpu_used), 0);
    assert_int_equal(count("CUDA0", LLW_gpu_processes), 2);
    assert_true(real("CUDA0", LLW_gpu_compute_capability) == 9.0);
    assert_true(real("CUDA0", LLW_gpu_bandwidth) == 4800e9);
    assert_int_equal(count("CUDA0", LLW_gpu_pcie_width), 16);
    assert_true(real("CUDA0", LLW_gpu_pcie_bandwidth) > 63e9 && real("CUDA0", LLW_gpu_pcie_bandwidth) < 64e9);
    bool flag = true;
    assert_true(llw_facts_flag(facts, gpu("CUDA0"), LLW_gpu_display, &flag) && !flag);
    assert_true(llw_facts_flag(facts, gpu("CUDA0"), LLW_gpu_unified, &flag) && !flag);
    assert_int_equal(host_gpus(), 1);
}

static void an_old_nvml_is_read_by_its_first_versions(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_1, "", by_bus);
    assert_int_equal(mib("CUDA1", LLW_gpu_nvml_total), 24564);
    assert_int_equal(mib("CUDA1", LLW_gpu_nvml_free), 24080);
    assert_int_equal(count("CUDA1", LLW_gpu_processes), 3); /* in the older, shorter rows */
    assert_int_equal(mib("CUDA1", LLW_gpu_total), 24080);   /* the reserve by the table */
    assert_string_equal(llw_facts_best(facts, gpu("CUDA1"), LLW_gpu_used)->place,
                        "with what the driver reserves");
}

static void an_nvml_that_refuses_the_second_version_answers_the_first(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_2, "memory-v1-only", by_bus);
    assert_int_equal(mib("CUDA0", LLW_gpu_nvml_total), 16303);
    assert_int_equal(mib("CUDA0", LLW_gpu_nvml_free), 16303 - 461 - 3200);
}

static void a_broken_nvml_leaves_unknowns(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_2, "errors", by_bus);
    assert_int_equal(host_gpus(), 2);
    static const llw_attr sizes[] = {LLW_gpu_total, LLW_gpu_free, LLW_gpu_nvml_total, LLW_gpu_nvml_free,
                                     LLW_gpu_used};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) assert_int_equal(mib("CUDA0", sizes[i]), -1);
    assert_int_equal(count("CUDA0", LLW_gpu_processes), -1);
    assert_string_equal(text("CUDA0", LLW_gpu_name), "(unknown)");
}

static void sizes_that_cannot_be_are_unknown(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_2, "inverted", by_bus);
    assert_int_equal(mib("CUDA0", LLW_gpu_nvml_total), 16303);
    assert_int_equal(mib("CUDA0", LLW_gpu_free), -1);
    assert_noted("more memory free than it has");
    llw_facts_free(facts);
    facts = llw_facts_new();
    read_nvml(FAKE_NVML_2, "zero", by_bus);
    assert_int_equal(mib("CUDA0", LLW_gpu_total), -1);
    assert_int_equal(mib("CUDA0", LLW_gpu_free), -1);
    assert_noted("0 bytes of memory");
}

static void nvml_text_without_an_end_is_cut(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_2, "no-end", by_bus);
    assert_int_equal(strlen(text("CUDA0", LLW_gpu_name)), LLW_GPU_TEXT_MAX);
}

static void a_card_out_of_reach_is_named_and_the_rest_read(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_2, "unreachable", by_bus);
    assert_noted("cannot reach GPU 0: Not Found");
    assert_int_equal(host_gpus(), 1);
}

static void hidden_and_absurd_process_lists_are_unknown(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_2, "hidden", by_bus);
    assert_int_equal(count("CUDA0", LLW_gpu_processes), -1); /* 3200 MiB in use by nobody */
    assert_int_equal(count("CUDA1", LLW_gpu_processes), 0);
    llw_facts_free(facts);
    facts = llw_facts_new();
    read_nvml(FAKE_NVML_2, "process-flood", by_bus);
    assert_int_equal(count("CUDA0", LLW_gpu_processes), -1);
}

static void more_cards_than_llama_cpp_takes(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_2, "33", NULL);
    assert_int_equal(host_gpus(), LLW_MAX_DEVICES);
    assert_noted("33 GPUs; llama.cpp uses the first 16");
    assert_int_equal(count("CUDA15", LLW_gpu_index), 15);
}

static void a_split_card_s_memory_is_nobody_s(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_2, "mig", by_bus);
    assert_int_equal(mib("CUDA0", LLW_gpu_free), -1);
    assert_int_equal(mib("CUDA0", LLW_gpu_nvml_free), 16303 - 461 - 3200);
    assert_noted("MIG");
}

static void memory_of_the_host_is_recognised(void **state) {
    (void)state;
    for (int tells = 0; tells < 2; tells++) {
        llw_facts_free(facts);
        facts = llw_facts_new();
        read_nvml(FAKE_NVML_2, tells ? "gb10-tells" : "gb10", NULL);
        bool unified = false;
        assert_true(llw_facts_flag(facts, gpu("CUDA0"), LLW_gpu_unified, &unified) && unified);
        assert_int_equal(mib("CUDA0", LLW_gpu_total), 131981020 / 1024);
        assert_int_equal(mib("CUDA0", LLW_gpu_free), 131425232 / 1024);
        assert_int_equal(mib("CUDA0", LLW_gpu_nvml_free), tells ? 122880 : -1);
        assert_true(real("CUDA0", LLW_gpu_bandwidth) == 273e9);
        assert_int_equal(count("CUDA0", LLW_gpu_pcie_width), -1);
    }
}

static void managed_memory_counts_the_host_s(void **state) {
    (void)state;
    static const char *const env[] = {"GGML_CUDA_ENABLE_UNIFIED_MEMORY=1", NULL};
    read_nvml(FAKE_NVML_2, "h200", env);
    assert_int_equal(mib("CUDA0", LLW_gpu_free), 131425232 / 1024);
    assert_int_equal(mib("CUDA0", LLW_gpu_total), 143771);
}

static void wsl_reserves_nothing_visible(void **state) {
    (void)state;
    setenv("FAKE_NVML", "", 1);
    llw_gpu_options options = {.nvml = FAKE_NVML_2, .smi = "", .env = by_bus, .root = "tests/fixtures/wsl"};
    assert_int_equal(llw_source_gpus(facts, &options, NULL), LLW_OK);
    assert_int_equal(mib("CUDA1", LLW_gpu_total), 24564);
}

static void an_nvml_that_is_none_is_passed_over(void **state) {
    (void)state;
    static const struct {
        const char *library, *behaviour, *why;
    } cases[] = {
        {"tests/fakes/no-such-library.so", "", "is not there"},
        {"tests/fakes/nvidia-smi", "", "is not there"}, /* no library at all */
        {FAKE_NVML_0, "", "lacks the calls every NVML has"},
        {FAKE_NVML_2, "init-fails", "cannot start: Driver Not Loaded"},
        {FAKE_NVML_2, "none", "sees no GPU"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_facts_free(facts);
        facts = llw_facts_new();
        read_nvml(cases[i].library, cases[i].behaviour, NULL);
        assert_noted("no GPU visible");
        assert_noted(cases[i].why);
        assert_int_equal(host_gpus(), -1);
        assert_int_equal(llw_facts_next(facts, LLW_KIND_gpu, 0), 0);
    }
}

/* --- nvidia-smi --- */

static llw_gpu_list parse_file(const char *path, const char *fields) {
    llw_gpu_list list = llw_gpu_list_start(arena, "nvidia-smi");
    char *bytes;
    size_t len;
    assert_int_equal(llw_file_read(arena, path, 1 << 20, &bytes, &len, NULL), LLW_OK);
    llw_gpu_smi_parse(&list, fields, bytes, len);
    return list;
}

static llw_gpu_list parse_text(const char *fields, const char *text_of) {
    llw_gpu_list list = llw_gpu_list_start(arena, "nvidia-smi");
    llw_gpu_smi_parse(&list, fields, text_of, strlen(text_of));
    return list;
}

static void captures_are_read(void **state) {
    (void)state;
    llw_gpu_list list = parse_file("tests/fixtures/smi/2gpu-idle-query.csv", NULL);
    assert_int_equal(list.count, 2);
    assert_int_equal(list.n_notes, 0);
    const llw_gpu_reading *g = &list.gpus[1];
    assert_int_equal(g->index, 1);
    assert_string_equal(g->name, "NVIDIA H200");
    assert_string_equal(g->bus, "00000000:00:07.0");
    assert_int_equal(g->total, 143771 * MIB);
    assert_int_equal(g->reserved, 616 * MIB);
    assert_int_equal(g->used, 0);
    assert_int_equal(g->free, 143156 * MIB);
    assert_string_equal(g->driver, "580.159.04");
    assert_true(g->capability == 9.0);
    assert_int_equal(g->display, 0);
    assert_int_equal(g->pcie_width, 16);
    assert_int_equal(g->pcie_generation, 0); /* the current generation says nothing: it sleeps */
    list = parse_file("tests/fixtures/smi/1gpu-busy-query.csv", NULL);
    assert_int_equal(list.gpus[0].free, 136874 * MIB);
    list = parse_file("tests/fixtures/smi/2gpu-idle-query-nounits.csv",
                      "index,name,uuid,pci.bus_id,memory.total,memory.reserved,memory.used,memory.free,"
                      "driver_version,compute_cap");
    assert_int_equal(list.count, 2);
    assert_int_equal(list.gpus[0].free, 143156 * MIB);
    assert_true(list.gpus[0].capability == 9.0);
}

static void what_nvidia_smi_cannot_tell_is_unknown(void **state) {
    (void)state;
    static const char *const words[] = {"[N/A]",
                                        "N/A",
                                        "[Not Supported]",
                                        "Not Supported",
                                        "[Insufficient Permissions]",
                                        "[Unknown Error]",
                                        "ERR!",
                                        "[GPU is lost]",
                                        "",
                                        "-1",
                                        "1e99",
                                        "nan",
                                        "12abc"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        const char *line = llw_arena_printf(arena, "0, NVIDIA GB10, %s, %s, %s, %s\n", words[i], words[i],
                                            words[i], words[i]);
        llw_gpu_list list =
            parse_text("index,name,memory.total,memory.free,compute_cap,pcie.link.width.current", line);
        assert_int_equal(list.count, 1);
        assert_int_equal(list.gpus[0].total, -1);
        assert_int_equal(list.gpus[0].free, -1);
        assert_true(list.gpus[0].capability == 0);
        assert_int_equal(list.gpus[0].pcie_width, 0);
        assert_string_equal(list.gpus[0].name, "NVIDIA GB10");
    }
}

static void odd_csv_is_understood(void **state) {
    (void)state;
    const char *fields = "index,name,memory.total,compute_cap";
    llw_gpu_list list =
        parse_text(fields, "0, ACME, Inc. \"Big\", One, 24564, 8,9\r\n1, \"Quoted, name\", 1024,00, 12,0\n");
    assert_int_equal(list.count, 2);
    assert_string_equal(list.gpus[0].name, "ACME, Inc. \"Big\", One");
    assert_int_equal(list.gpus[0].total, 24564 * MIB);
    assert_true(list.gpus[0].capability > 8.89 && list.gpus[0].capability < 8.91);
    assert_string_equal(list.gpus[1].name, "Quoted, name");
    assert_int_equal(list.gpus[1].total, 1024 * MIB);
    list = parse_text(fields, "0,RTX 4090,24564,8.9\n"); /* no space behind the comma */
    assert_int_equal(list.gpus[0].total, 24564 * MIB);
    list = parse_text(NULL, "\n\nindex, name, memory.total [MiB]\n3, X, 8192 MiB\n");
    assert_int_equal(list.gpus[0].index, 3);
    assert_int_equal(list.gpus[0].total, 8192 * MIB);
}

static void lines_that_are_no_rows_are_named(void **state) {
    (void)state;
    const char *fields = "index,name,memory.total";
    llw_gpu_list list = parse_text(fields, "No devices were found\n");
    assert_int_equal(list.count, 0);
    assert_int_equal(list.n_notes, 1);
    assert_non_null(strstr(list.notes[0], "No devices were found"));
    list = parse_text(fields, "x, y, z\n-1, A, 5\n0\n99999, A, 5\n0, A, 5\n");
    assert_int_equal(list.count, 1);
    list = parse_text("name,memory.total", "A, 5\n"); /* nothing to join by */
    assert_int_equal(list.count, 0);
    llw_text many = {0};
    for (int i = 0; i < 5000; i++) llw_text_addf(&many, "%d, A, 5\n", i);
    list = parse_text(fields, llw_text_str(&many));
    assert_int_equal(list.count, LLW_GPU_READ_MAX);
    llw_text_fini(&many);
    char nul[] = "0, A\0B, 5\n";
    list = llw_gpu_list_start(arena, "nvidia-smi");
    llw_gpu_smi_parse(&list, fields, nul, sizeof nul - 1);
    assert_int_equal(list.gpus[0].total, 5 * MIB);
}

static llw_rc run_smi(const char *behaviour, double seconds, llw_gpu_list *list, llw_err *err) {
    setenv("FAKE_SMI", behaviour, 1);
    *list = llw_gpu_list_start(arena, "nvidia-smi");
    return llw_gpu_smi_read(list, SMI, seconds, err);
}

static void nvidia_smi_is_run_and_read(void **state) {
    (void)state;
    llw_gpu_list list;
    llw_err err = {0};
    if (run_smi("idle", 20, &list, &err) != LLW_OK) fail_msg("%s", err.text);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.gpus[0].reserved, 616 * MIB);
    assert_int_equal(list.gpus[0].pcie_generation, 5);
    assert_int_equal(list.gpus[0].mig, 0);
    assert_int_equal(list.gpus[0].processes, 0);
    /* an old driver refuses the whole query for one field it does not know */
    if (run_smi("old", 20, &list, &err) != LLW_OK) fail_msg("%s", err.text);
    assert_string_equal(list.gpus[0].name, "Tesla T4");
    assert_string_equal(list.gpus[0].driver, "418.87.00");
    assert_int_equal(list.gpus[0].display, 1);
    assert_int_equal(list.gpus[0].reserved, -1);
    assert_int_equal(list.gpus[0].processes, 1);
}

static void an_nvidia_smi_in_trouble_costs_no_more_than_its_time(void **state) {
    (void)state;
    static const struct {
        const char *behaviour, *why;
    } cases[] = {
        {"hang", "did not answer within"},         {"flood", "printed more than"},
        {"none", "code 9: No devices were found"}, {"broken", "couldn't communicate"},
        {"killed", "ended by signal 11"},          {"nonsense", "ended with code 1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_gpu_list list;
        llw_err err = {0};
        struct timespec a, b;
        clock_gettime(CLOCK_MONOTONIC, &a);
        assert_int_equal(run_smi(cases[i].behaviour, i ? 20 : 0.3, &list, &err), LLW_ERR_NOTHING);
        clock_gettime(CLOCK_MONOTONIC, &b);
        assert_true(b.tv_sec - a.tv_sec < 10);
        if (!strstr(err.text, cases[i].why)) fail_msg("%s: %s", cases[i].behaviour, err.text);
    }
}

static void nvidia_smi_stands_in_for_nvml(void **state) {
    (void)state;
    setenv("FAKE_SMI", "idle", 1);
    llw_gpu_options options = {
        .nvml = "tests/none.so", .smi = SMI, .env = by_bus, .root = "tests/fixtures/native"};
    assert_int_equal(llw_source_gpus(facts, &options, NULL), LLW_OK);
    assert_int_equal(mib("CUDA0", LLW_gpu_total), 143155);
    assert_string_equal(llw_facts_best(facts, gpu("CUDA0"), LLW_gpu_nvml_free)->origin, "nvidia-smi");
}

static void no_gpu_visible_is_not_no_gpu(void **state) {
    (void)state;
    llw_gpu_options options = {
        .nvml = "tests/none.so", .smi = "tests/none", .root = "tests/fixtures/container"};
    assert_int_equal(llw_source_gpus(facts, &options, NULL), LLW_OK);
    assert_noted("no GPU visible");
    assert_noted("tests/none.so is not there");
    assert_noted("tests/none cannot be started");
    assert_noted("no /dev/nvidia*");
    assert_noted("This is a container");
    assert_noted("AMD GPU with 16368 MiB");
    assert_int_equal(host_gpus(), -1);
}

/* --- CUDA's numbering --- */

static llw_gpu_list three_cards(const char *second) {
    return parse_text(
        "index,uuid,name,memory.total",
        llw_arena_printf(arena, "0, GPU-aa11, A, 100\n1, GPU-aa22, %s, 100\n2, GPU-bb33, A, 100\n", second));
}

static void assert_order(const char *second, const char *visible, const char *order, bool certain,
                         const char *wanted) {
    llw_gpu_list list = three_cards(second);
    llw_gpu_order o = llw_gpu_order_find(&list, visible, order);
    llw_text seen = {0};
    for (size_t i = 0; i < o.count; i++)
        llw_text_addf(&seen, "%s%s", i ? " " : "", o.names[i] ? "mig" : list.gpus[o.gpus[i]].uuid);
    if (strcmp(llw_text_str(&seen), wanted) || o.certain != certain)
        fail_msg("CUDA_VISIBLE_DEVICES=%s: %s%s, not %s", visible ? visible : "(unset)", llw_text_str(&seen),
                 o.certain ? "" : " (uncertain)", wanted);
    llw_text_fini(&seen);
}

static void cuda_numbers_cards_its_own_way(void **state) {
    (void)state;
    const char *all = "GPU-aa11 GPU-aa22 GPU-bb33";
    assert_order("A", NULL, NULL, true, all);
    assert_order("B", NULL, NULL, false, all); /* the fastest first: nobody knows which that is */
    assert_order("B", NULL, "PCI_BUS_ID", true, all);
    assert_order("B", NULL, "FASTEST_FIRST", false, all);
    assert_order("A", "2,0", NULL, true, "GPU-bb33 GPU-aa11");
    assert_order("B", "2,0", NULL, false, "GPU-bb33 GPU-aa11");
    assert_order("B", " 2 , 0 ", "PCI_BUS_ID", true, "GPU-bb33 GPU-aa11");
    assert_order("B", "GPU-bb,GPU-AA2", NULL, true, "GPU-bb33 GPU-aa22"); /* UUIDs need no order */
    assert_order("A", "GPU-aa", NULL, true, "");                          /* fits two */
    assert_order("A", "GPU-cc", NULL, true, "");
    assert_order("A", "", NULL, true, "");
    assert_order("A", "-1", NULL, true, "");
    assert_order("A", "0,2,-1,1", NULL, true, "GPU-aa11 GPU-bb33");
    assert_order("A", "1,7,0", NULL, true, "GPU-aa22");
    assert_order("A", "1,,0", NULL, true, "GPU-aa22");
    assert_order("A", "NoDevFiles", NULL, true, "");
    assert_order("A", "0,0", NULL, false, "GPU-aa11"); /* not documented */
    assert_order("A", "MIG-1234,GPU-bb33", NULL, true, "mig GPU-bb33");
    assert_order("A", "99999999999999999999", NULL, true, "");
}

static void an_uncertain_number_is_not_guessed(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_2, "", NULL); /* a 5070 Ti on the first bus, a 4090 on the second */
    assert_int_equal(llw_facts_find(facts, LLW_KIND_gpu, "CUDA0"), 0);
    assert_int_equal(count("nvidia-smi 1", LLW_gpu_index), -1);
    assert_string_equal(text("nvidia-smi 1", LLW_gpu_name), "NVIDIA GeForce RTX 4090");
    assert_noted("which card llama.cpp calls CUDA0 is unknown");
    assert_int_equal(host_gpus(), 2);
}

static void environment_hides_cards(void **state) {
    (void)state;
    static const char *const one[] = {"CUDA_VISIBLE_DEVICES=GPU-22222222", NULL};
    read_nvml(FAKE_NVML_2, "", one);
    assert_string_equal(text("CUDA0", LLW_gpu_name), "NVIDIA GeForce RTX 4090");
    assert_int_equal(host_gpus(), 1);
    llw_facts_free(facts);
    facts = llw_facts_new();
    static const char *const none[] = {"CUDA_VISIBLE_DEVICES=", NULL};
    read_nvml(FAKE_NVML_2, "", none);
    assert_int_equal(host_gpus(), 0);
    llw_facts_free(facts);
    facts = llw_facts_new();
    static const char *const mig[] = {"CUDA_VISIBLE_DEVICES=MIG-5555", NULL};
    read_nvml(FAKE_NVML_2, "", mig);
    assert_string_equal(text("CUDA0", LLW_gpu_uuid), "MIG-5555");
    assert_int_equal(mib("CUDA0", LLW_gpu_free), -1);
    assert_noted("the memory of MIG-5555 is unknown");
}

/* --- llama.cpp's own list --- */

static void llama_cpp_s_own_list_settles_it(void **state) {
    (void)state;
    setenv("FAKE_NVML", "", 1);
    llw_gpu_options options = {
        .nvml = FAKE_NVML_2, .smi = "", .llama = "tests/fakes/llama-server", .root = "tests/fixtures/native"};
    assert_int_equal(llw_source_gpus(facts, &options, NULL), LLW_OK);
    assert_string_equal(text("CUDA0", LLW_gpu_name), "NVIDIA GeForce RTX 4090");
    assert_string_equal(text("CUDA0", LLW_gpu_uuid), "GPU-22222222-0000-0000-0000-000000000002");
    assert_int_equal(mib("CUDA0", LLW_gpu_total), 24080);
    assert_int_equal(mib("CUDA0", LLW_gpu_free), 23608);
    assert_int_equal(grade("CUDA0", LLW_gpu_free), LLW_GRADE_MEASURED);
    assert_int_equal(mib("CUDA0", LLW_gpu_context), 24080 - 23608);
    assert_int_equal(grade("CUDA0", LLW_gpu_context), LLW_GRADE_MEASURED);
    assert_int_equal(count("CUDA1", LLW_gpu_pcie_width), 8);
    assert_int_equal(count("CUDA1", LLW_gpu_index), 1);
    assert_int_equal(host_gpus(), 2); /* a BLAS library is no GPU */
}

static void a_llama_server_in_trouble_is_said_and_passed_over(void **state) {
    (void)state;
    static const char *const behaviours[][2] = {{"hang", "did not end within"},
                                                {"odd", "no line \"Available devices:\""}};
    for (size_t i = 0; i < 2; i++) {
        llw_facts_free(facts);
        facts = llw_facts_new();
        setenv("FAKE_LLAMA", behaviours[i][0], 1);
        setenv("FAKE_NVML", "h200", 1);
        llw_gpu_options options = {.nvml = FAKE_NVML_2,
                                   .smi = "",
                                   .llama = "tests/fakes/llama-server",
                                   .seconds = i ? 10 : 0.3,
                                   .root = "tests/fixtures/native"};
        assert_int_equal(llw_source_gpus(facts, &options, NULL), LLW_OK);
        assert_noted(behaviours[i][1]);
        assert_int_equal(mib("CUDA0", LLW_gpu_total), 143155);
    }
}

static void listings_are_read(void **state) {
    (void)state;
    char *bytes;
    size_t len, n;
    llw_gpu_listed *devices;
    assert_int_equal(
        llw_file_read(arena, "tests/fixtures/smi/llama-list-devices.txt", 1 << 20, &bytes, &len, NULL),
        LLW_OK);
    assert_int_equal(llw_gpu_listing_parse(arena, bytes, len, &devices, &n, NULL), LLW_OK);
    assert_int_equal(n, 2);
    assert_string_equal(devices[1].id, "CUDA1");
    assert_string_equal(devices[1].name, "NVIDIA H200");
    assert_int_equal(devices[1].total, 143155 * MIB);
    assert_int_equal(devices[1].free, 142629 * MIB);
    static const char odd[] =
        "Available devices:\n  RPC0[10.0.0.2:50052]: 10.0.0.2:50052 (7 MiB, 5 MiB free)\n"
        "  SYCL0: Intel(R) Arc(TM) A770 (x) Graphics (15473 MiB, 15473 MiB free)\r\n"
        "  CUDA7: too big (99999999999999999999 MiB, 1 MiB free)\n  : (1 MiB, 1 MiB free)\n  (none)\n"
        "  X: y (5 MiB, 9 MiB free)";
    assert_int_equal(llw_gpu_listing_parse(arena, odd, sizeof odd - 1, &devices, &n, NULL), LLW_OK);
    assert_int_equal(n, 3);
    assert_string_equal(devices[0].id, "RPC0[10.0.0.2:50052]");
    assert_string_equal(devices[1].name, "Intel(R) Arc(TM) A770 (x) Graphics");
    assert_int_equal(devices[2].free, -1);
    assert_int_equal(llw_gpu_listing_parse(arena, "", 0, &devices, &n, NULL), LLW_ERR_INPUT);
    static const char none[] = "Available devices:\n  (none)\n";
    assert_int_equal(llw_gpu_listing_parse(arena, none, sizeof none - 1, &devices, &n, NULL), LLW_OK);
    assert_int_equal(n, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(given_memory_is_llama_cpp_s_view),
        TEST(free_left_out_is_total_less_the_context),
        TEST(cards_are_found_by_name),
        TEST(names_are_matched_whole),
        TEST(every_row_of_the_table_is_found_by_its_own_name),
        TEST(the_context_estimate_meets_what_was_measured),
        TEST(cards_that_cannot_be_meant_are_refused),
        TEST(a_card_s_number_alone_is_memory_and_said_so),
        TEST(other_makers_keep_their_backend),
        TEST(cards_given_over_saved_facts_take_their_place),
        TEST(more_cards_than_llama_cpp_takes_are_refused),
        TEST(an_unknown_name_beside_a_size_only_costs_the_bandwidth),
        TEST(no_gpu_is_known_to_be_none),
        TEST(nvml_gives_every_fact),
        TEST(an_old_nvml_is_read_by_its_first_versions),
        TEST(an_nvml_that_refuses_the_second_version_answers_the_first),
        TEST(a_broken_nvml_leaves_unknowns),
        TEST(sizes_that_cannot_be_are_unknown),
        TEST(nvml_text_without_an_end_is_cut),
        TEST(a_card_out_of_reach_is_named_and_the_rest_read),
        TEST(hidden_and_absurd_process_lists_are_unknown),
        TEST(more_cards_than_llama_cpp_takes),
        TEST(a_split_card_s_memory_is_nobody_s),
        TEST(memory_of_the_host_is_recognised),
        TEST(managed_memory_counts_the_host_s),
        TEST(wsl_reserves_nothing_visible),
        TEST(an_nvml_that_is_none_is_passed_over),
        TEST(captures_are_read),
        TEST(what_nvidia_smi_cannot_tell_is_unknown),
        TEST(odd_csv_is_understood),
        TEST(lines_that_are_no_rows_are_named),
        TEST(nvidia_smi_is_run_and_read),
        TEST(an_nvidia_smi_in_trouble_costs_no_more_than_its_time),
        TEST(nvidia_smi_stands_in_for_nvml),
        TEST(no_gpu_visible_is_not_no_gpu),
        TEST(cuda_numbers_cards_its_own_way),
        TEST(an_uncertain_number_is_not_guessed),
        TEST(environment_hides_cards),
        TEST(llama_cpp_s_own_list_settles_it),
        TEST(a_llama_server_in_trouble_is_said_and_passed_over),
        TEST(listings_are_read),
    };
    return cmocka_run_group_tests_name("gpu", tests, NULL, NULL);
}
