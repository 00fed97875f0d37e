/* GPUs given by hand, with a size or by name. */
#include "base/number.h"
#include "gpus.h"
#include "source/machine/gpu_table.h"

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
        int64_t memory = cases[i].memory < 0 ? -1 : cases[i].memory * LLW_MIB;
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
        assert_int_equal(card.context, strtoll(cell, NULL, 10) * LLW_MIB);
        /* without its own figure the estimate may be up to 90 MiB too careful, and 10 too hopeful */
        const char **row = table.cards.rows[i];
        row[llw_table_column(&table.cards, "context_mib")] = "";
        assert_int_equal(llw_gpu_table_find(&table, arena, name, -1, &card, NULL), LLW_OK);
        assert_true(card.context_estimated);
        int64_t off = card.context / LLW_MIB - strtoll(cell, NULL, 10);
        if (off < -10 || off > 90) fail_msg("%s: estimated %lld MiB off", name, (long long)off);
        measured++;
    }
    assert_true(measured >= 10);
}

/* Tables that somebody laid over ours. */
static void tables_with_other_than_numbers_are_refused(void **state) {
    (void)state;
    static const char *const columns[] = {"memory_mib", "total_mib",     "reserve_mib", "context_mib",
                                          "units",      "bandwidth_gbs", "capability"};
    for (size_t i = 0; i <= sizeof columns / sizeof *columns; i++) {
        bool fits = i == sizeof columns / sizeof *columns;
        const char *text = llw_arena_printf(arena, "name\tbackend\t%s\nMine 900\tCUDA\t%s\n",
                                            fits ? "memory_mib" : columns[i],
                                            fits    ? "1e3"
                                            : i % 2 ? "-1"
                                                    : "many");
        llw_gpu_table table = {0};
        llw_gpu_card card;
        llw_err err = {0};
        assert_int_equal(llw_table_parse(arena, "gpus.tsv", text, strlen(text), &table.cards, &err), LLW_OK);
        llw_rc rc = llw_gpu_table_find(&table, arena, "Mine 900", 0, &card, &err);
        assert_int_equal(rc, fits ? LLW_OK : LLW_ERR_INPUT);
        if (fits) {
            assert_int_equal(card.total, 1000 * LLW_MIB);
            assert_int_equal(card.context, 0); /* no row says how much */
        } else if (err.line != 2 || !strstr(err.text, columns[i]))
            fail_msg("line %d: %s", err.line, err.text);
    }
    static const char *const contexts[] = {"base_mib", "per_unit_mib", "units_if_unknown"};
    for (size_t i = 0; i < sizeof contexts / sizeof *contexts; i++) {
        const char *text = llw_arena_printf(arena, "backend\tcapability\t%s\n*\t\tmany\n", contexts[i]),
                   *source = NULL;
        llw_gpu_table table = {0};
        assert_int_equal(
            llw_table_parse(arena, "gpu_contexts.tsv", text, strlen(text), &table.contexts, NULL), LLW_OK);
        assert_int_equal(llw_gpu_table_context(&table, "CUDA", 9, &source), 0);
        assert_string_equal(source, "nothing");
    }
    assert_true(llw_gpu_pcie_bandwidth(0, 16) == 0 && llw_gpu_pcie_bandwidth(7, 16) == 0);
    assert_true(llw_gpu_pcie_bandwidth(4, 0) == 0 && llw_gpu_pcie_bandwidth(4, 33) == 0);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(given_memory_is_llama_cpp_s_view),
        TEST(free_left_out_is_total_less_the_context),
        TEST(cards_are_found_by_name),
        TEST(names_are_matched_whole),
        TEST(every_row_of_the_table_is_found_by_its_own_name),
        TEST(the_context_estimate_meets_what_was_measured),
        TEST(tables_with_other_than_numbers_are_refused),
        TEST(cards_that_cannot_be_meant_are_refused),
        TEST(a_card_s_number_alone_is_memory_and_said_so),
        TEST(other_makers_keep_their_backend),
        TEST(cards_given_over_saved_facts_take_their_place),
        TEST(more_cards_than_llama_cpp_takes_are_refused),
        TEST(an_unknown_name_beside_a_size_only_costs_the_bandwidth),
        TEST(no_gpu_is_known_to_be_none),
    };
    return cmocka_run_group_tests_name("gpu", tests, NULL, NULL);
}
