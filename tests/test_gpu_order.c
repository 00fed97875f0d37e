/* CUDA's own numbering of the GPUs, and llama.cpp's list that settles it. */
#include "base/number.h"
#include "gpus.h"
#include "source/machine/gpu_listing.h"
#include "source/machine/gpu_order.h"

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
                                                {"odd", "no line \"Available devices:\""},
                                                {"broken", "failed with code 3"},
                                                {"killed", "failed with signal 11"},
                                                {"flood", "printed without end"}};
    for (size_t i = 0; i < sizeof behaviours / sizeof *behaviours; i++) {
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
    assert_int_equal(devices[1].total, 143155 * LLW_MIB);
    assert_int_equal(devices[1].free, 142629 * LLW_MIB);
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
    /* nearly a line of the list, and none */
    static const char *const nearly[] = {"X: y (5 MiB, 9 MiB)",
                                         "X: y (5 MiB, z MiB free)",
                                         "X: y (MiB, 9 MiB free)",
                                         "X: y 5 MiB, 9 MiB free)",
                                         "X:(5 MiB, 9 MiB free)",
                                         "X y (5 MiB, 9 MiB free)",
                                         "X: y (5 MiB, 1234567890 MiB free)",
                                         "X: y (1234567890 MiB, 9 MiB free)",
                                         "X: y (5, 9 MiB free)",
                                         "X: y (5 MiB, 9 MiB free) and more"};
    for (size_t i = 0; i < sizeof nearly / sizeof *nearly; i++) {
        const char *text = llw_arena_printf(arena, "Available devices:\n  %s\n", nearly[i]);
        assert_int_equal(llw_gpu_listing_parse(arena, text, strlen(text), &devices, &n, NULL), LLW_OK);
        if (n) fail_msg("%s is taken for %s", nearly[i], devices[0].name);
    }
    char *long_name = llw_arena_alloc(arena, 400);
    memset(long_name, 'X', 200);
    strcpy(long_name + 200, ": y (5 MiB, 9 MiB free)");
    const char *text = llw_arena_printf(arena, "Available devices:\n\t%s\n", long_name);
    assert_int_equal(llw_gpu_listing_parse(arena, text, strlen(text), &devices, &n, NULL), LLW_OK);
    assert_int_equal(n, 0);
    static const char none[] = "Available devices:\n  (none)\n";
    assert_int_equal(llw_gpu_listing_parse(arena, none, sizeof none - 1, &devices, &n, NULL), LLW_OK);
    assert_int_equal(n, 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(cuda_numbers_cards_its_own_way),
        TEST(an_uncertain_number_is_not_guessed),
        TEST(environment_hides_cards),
        TEST(llama_cpp_s_own_list_settles_it),
        TEST(a_llama_server_in_trouble_is_said_and_passed_over),
        TEST(listings_are_read),
    };
    return cmocka_run_group_tests_name("gpu_order", tests, NULL, NULL);
}
