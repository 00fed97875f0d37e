/* GPUs as nvidia-smi tells them: captures, odd and broken answers. */
#include "base/number.h"
#include "gpus.h"

static llw_gpu_list parse_file(const char *path, const char *fields) {
    llw_gpu_list list = llw_gpu_list_start(arena, "nvidia-smi");
    char *bytes;
    size_t len;
    assert_int_equal(llw_file_read(arena, path, 1 << 20, &bytes, &len, NULL), LLW_OK);
    llw_gpu_smi_parse(&list, fields, bytes, len);
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
    assert_int_equal(g->total, 143771 * LLW_MIB);
    assert_int_equal(g->reserved, 616 * LLW_MIB);
    assert_int_equal(g->used, 0);
    assert_int_equal(g->free, 143156 * LLW_MIB);
    assert_string_equal(g->driver, "580.159.04");
    assert_true(g->capability == 9.0);
    assert_int_equal(g->display, 0);
    assert_int_equal(g->pcie_width, 16);
    assert_int_equal(g->pcie_generation, 0); /* the current generation says nothing: it sleeps */
    list = parse_file("tests/fixtures/smi/1gpu-busy-query.csv", NULL);
    assert_int_equal(list.gpus[0].free, 136874 * LLW_MIB);
    list = parse_file("tests/fixtures/smi/2gpu-idle-query-nounits.csv",
                      "index,name,uuid,pci.bus_id,memory.total,memory.reserved,memory.used,memory.free,"
                      "driver_version,compute_cap");
    assert_int_equal(list.count, 2);
    assert_int_equal(list.gpus[0].free, 143156 * LLW_MIB);
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
    assert_int_equal(list.gpus[0].total, 24564 * LLW_MIB);
    assert_true(list.gpus[0].capability > 8.89 && list.gpus[0].capability < 8.91);
    assert_string_equal(list.gpus[1].name, "Quoted, name");
    assert_int_equal(list.gpus[1].total, 1024 * LLW_MIB);
    list = parse_text(fields, "0,RTX 4090,24564,8.9\n"); /* no space behind the comma */
    assert_int_equal(list.gpus[0].total, 24564 * LLW_MIB);
    list = parse_text(NULL, "\n\nindex, name, memory.total [MiB]\n3, X, 8192 MiB\n");
    assert_int_equal(list.gpus[0].index, 3);
    assert_int_equal(list.gpus[0].total, 8192 * LLW_MIB);
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
    static const char *const fewer[] = {
        "0, A, 6, 5\n",
        "\"0\", \"A\", \"5\"\n",
        "0, A, 5 MiB\n",
        "0, A, 5,5,5\n",
        "0, A, 5.\n",
        "0, A, .5\n",
        "0, A, 9999999999999\n",
        "0, A, 1234567890123456789012345678901234567890123456789012345678901234\n"};
    for (size_t i = 0; i < sizeof fewer / sizeof *fewer; i++) { /* whatever it is, nothing is invented */
        list = parse_text(fields, fewer[i]);
        if (list.count > 1 || (list.count && list.gpus[0].total != -1 && list.gpus[0].total / LLW_MIB != 5))
            fail_msg("%s gives %lld", fewer[i], (long long)list.gpus[0].total);
    }
    list = parse_text(
        "index,gpu_name,gpu_uuid,gpu_bus_id,display_active,mig.mode.current,compute_cap,pcie.link.width.max",
        "0, A, GPU-a, 0:1, Yes, No, 123, 99999\n1, B, , , Perhaps, On, 0.5, 0\n");
    assert_int_equal(list.count, 2);
    assert_string_equal(list.gpus[0].uuid, "GPU-a");
    assert_true(list.gpus[0].capability == 0 && list.gpus[0].pcie_width == 0 && list.gpus[1].capability == 0);
    llw_gpu_smi_parse_processes(&list, "GPU-a, 7\nGPU-a\nGPU-c, 8\n, 9\n", 29);
    assert_int_equal(list.gpus[0].processes, 1);
    char nul[] = "0, A\0B, 5\n";
    list = llw_gpu_list_start(arena, "nvidia-smi");
    llw_gpu_smi_parse(&list, fields, nul, sizeof nul - 1);
    assert_int_equal(list.gpus[0].total, 5 * LLW_MIB);
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
    assert_int_equal(list.gpus[0].reserved, 616 * LLW_MIB);
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

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(captures_are_read),
        TEST(what_nvidia_smi_cannot_tell_is_unknown),
        TEST(odd_csv_is_understood),
        TEST(lines_that_are_no_rows_are_named),
        TEST(nvidia_smi_is_run_and_read),
        TEST(an_nvidia_smi_in_trouble_costs_no_more_than_its_time),
        TEST(nvidia_smi_stands_in_for_nvml),
        TEST(no_gpu_visible_is_not_no_gpu),
    };
    return cmocka_run_group_tests_name("gpu_smi", tests, NULL, NULL);
}
