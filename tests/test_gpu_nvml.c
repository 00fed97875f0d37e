/* GPUs as NVML tells them: stand-ins of every age, broken ones, and other machines. */
#include "gpus.h"
#include "source/machine/gpu_nvml.h"

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

static void an_nvml_with_next_to_nothing_leaves_unknowns(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_3, "", by_bus);
    assert_int_equal(host_gpus(), 2);
    assert_int_equal(mib("CUDA1", LLW_gpu_total), -1);
    assert_int_equal(mib("CUDA1", LLW_gpu_free), -1);
    assert_int_equal(count("CUDA1", LLW_gpu_processes), -1);
    assert_int_equal(count("CUDA1", LLW_gpu_pcie_width), -1);
    assert_true(real("CUDA1", LLW_gpu_compute_capability) == -1);
    assert_string_equal(text("CUDA1", LLW_gpu_name), "(unknown)");
    assert_string_equal(text("CUDA1", LLW_gpu_driver), "(unknown)");
}

static void numbers_no_card_has_are_unknown(void **state) {
    (void)state;
    read_nvml(FAKE_NVML_2, "absurd", by_bus);
    assert_int_equal(mib("CUDA0", LLW_gpu_nvml_total), -1);
    assert_int_equal(mib("CUDA0", LLW_gpu_total), -1);
    const llw_claim *c = llw_facts_best(facts, gpu("CUDA0"), LLW_gpu_compute_capability);
    assert_true(!c || c->grade != LLW_GRADE_MEASURED);
    c = llw_facts_best(facts, gpu("CUDA0"), LLW_gpu_pcie_width);
    assert_true(!c || c->grade != LLW_GRADE_MEASURED);
    llw_facts_free(facts);
    facts = llw_facts_new();
    read_nvml(FAKE_NVML_2, "not-drawn", by_bus); /* half a list of processes is none */
    assert_int_equal(count("CUDA0", LLW_gpu_processes), -1);
}

static void the_host_s_memory_may_lie_in_huge_pages(void **state) {
    (void)state;
    setenv("FAKE_NVML", "ats", 1);
    llw_gpu_options options = {.nvml = FAKE_NVML_2, .smi = "", .env = by_bus, .root = "tests/fixtures/huge"};
    assert_int_equal(llw_source_gpus(facts, &options, NULL), LLW_OK);
    assert_int_equal(mib("CUDA0", LLW_gpu_free), 12 * 1024);
    assert_string_equal(llw_facts_best(facts, gpu("CUDA0"), LLW_gpu_free)->place, "HugePages_Free");
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
    llw_facts_free(facts);
    facts = llw_facts_new();
    read_nvml(FAKE_NVML_2, "300", NULL);
    assert_noted("NVML counts 300 GPUs; the first 256 are read");
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
        {FAKE_NVML_2, "uncountable", "cannot count the GPUs: unknown error"},
        {FAKE_NVML_2, "out-of-reach", "can reach none of its 2 GPUs"},
        {FAKE_NVML_3, "init-fails", "cannot start: unknown error"},
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(nvml_gives_every_fact),
        TEST(an_old_nvml_is_read_by_its_first_versions),
        TEST(an_nvml_that_refuses_the_second_version_answers_the_first),
        TEST(a_broken_nvml_leaves_unknowns),
        TEST(an_nvml_with_next_to_nothing_leaves_unknowns),
        TEST(numbers_no_card_has_are_unknown),
        TEST(the_host_s_memory_may_lie_in_huge_pages),
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
    };
    return cmocka_run_group_tests_name("gpu_nvml", tests, NULL, NULL);
}
