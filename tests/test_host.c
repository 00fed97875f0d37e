/* The host: /proc/meminfo, control groups of both versions, and what cannot be read. */
#include "base/number.h"
#include "base/file.h"
#include "source/machine/host.h"

#include "root.h"

#define KIB ((int64_t)1024)

static void read_host(const char *where) {
    llw_host_options options = {.root = where};
    assert_int_equal(llw_source_host(facts, &options, NULL), LLW_OK);
}

static int64_t number(llw_attr attr) {
    int64_t n = -1;
    llw_facts_count(facts, llw_facts_find(facts, LLW_KIND_host, LLW_HOST_ID), attr, &n);
    return n;
}

static const llw_claim *claim(llw_attr attr) {
    return llw_facts_best(facts, llw_facts_find(facts, LLW_KIND_host, LLW_HOST_ID), attr);
}

static void assert_environment(const char *wanted) {
    const char *said = llw_host_environment(arena, root);
    if (!said || strcmp(said, wanted)) fail_msg("%s, not %s", said ? said : "(unknown)", wanted);
}

static const char *const meminfo = "MemTotal: 65536000 kB\nMemFree: 40000000 kB\nMemAvailable: 60000000 kB\n"
                                   "SwapTotal: 2097152 kB\nSwapFree: 2097152 kB\n";

static void memory_is_read_where_nothing_limits_it(void **state) {
    (void)state;
    read_host("tests/fixtures/native");
    assert_int_equal(number(LLW_host_ram_total), 131981020 * KIB);
    assert_int_equal(number(LLW_host_ram_available), 131425232 * KIB);
    assert_int_equal(number(LLW_host_swap_total), 0);
    assert_int_equal(number(LLW_host_cores), 32);
    const char *environment = "";
    assert_true(llw_facts_text(facts, llw_facts_find(facts, LLW_KIND_host, LLW_HOST_ID), LLW_host_environment,
                               &environment));
    assert_string_equal(environment, "native");
    double rate = 0;
    assert_true(llw_facts_real(facts, llw_facts_find(facts, LLW_KIND_host, LLW_HOST_ID),
                               LLW_host_ram_bandwidth, &rate));
    assert_true(rate == 50e9);
    assert_int_equal(claim(LLW_host_ram_bandwidth)->grade, LLW_GRADE_DEFAULT);
}

static void a_container_s_limit_is_its_memory(void **state) {
    (void)state;
    read_host("tests/fixtures/container");
    assert_int_equal(number(LLW_host_ram_total), 32768 * LLW_MIB);
    /* 10 GiB in use, of which 2 GiB are files nobody needs */
    assert_int_equal(number(LLW_host_ram_available), (32768 - 10240 + 2048) * LLW_MIB);
    assert_string_equal(claim(LLW_host_ram_total)->origin, "cgroup");
    assert_string_equal(claim(LLW_host_ram_available)->place, "/sys/fs/cgroup/memory.max");
}

static void a_kernel_without_memavailable_is_estimated(void **state) {
    (void)state;
    read_host("tests/fixtures/wsl");
    assert_int_equal(number(LLW_host_ram_available), (20000000 + 100000 + 4000000 - 500000) * KIB);
    assert_int_equal(claim(LLW_host_ram_available)->grade, LLW_GRADE_PREDICTED);
    assert_int_equal(number(LLW_host_cores), 3);
}

static void limits_that_limit_nothing_are_passed_over(void **state) {
    (void)state;
    static const char *const limits[] = {
        "max\n", "0\n",  "9223372036854775808\n", "9223372036854771712\n", "",
        "junk",  "-1\n", "68719476736\n"};
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        put("/proc/meminfo", meminfo);
        put("/sys/fs/cgroup/memory.max", limits[i]);
        put("/sys/fs/cgroup/memory/memory.limit_in_bytes", limits[i]);
        llw_facts_free(facts);
        facts = llw_facts_new();
        read_host(root);
        assert_int_equal(number(LLW_host_ram_total), 65536000 * KIB);
        assert_int_equal(number(LLW_host_ram_available), 60000000 * KIB);
    }
}

static void the_lowest_limit_on_the_way_up_counts(void **state) {
    (void)state;
    put("/proc/meminfo", meminfo);
    put("/proc/self/cgroup", "0::/a.slice/b.service/c\n");
    put("/sys/fs/cgroup/a.slice/memory.max", "17179869184\n");
    put("/sys/fs/cgroup/a.slice/b.service/memory.max", "max\n");
    put("/sys/fs/cgroup/a.slice/b.service/c/memory.max", "34359738368\n");
    read_host(root);
    assert_int_equal(number(LLW_host_ram_total), 16384 * LLW_MIB);
    assert_int_equal(number(LLW_host_ram_available), 16384 * LLW_MIB);
    assert_int_equal(claim(LLW_host_ram_available)->grade, LLW_GRADE_PREDICTED); /* its usage is not told */
}

static void the_first_version_of_cgroups_is_read(void **state) {
    (void)state;
    put("/proc/meminfo", meminfo);
    put("/proc/self/cgroup", "12:cpu,cpuacct:/x\n4:memory:/docker/1234\n0::/\n");
    put("/sys/fs/cgroup/memory/docker/1234/memory.limit_in_bytes", "8589934592\n");
    put("/sys/fs/cgroup/memory/docker/1234/memory.usage_in_bytes", "4294967296\n");
    put("/sys/fs/cgroup/memory/docker/1234/memory.stat",
        "cache 1\ninactive_file 5\ntotal_inactive_file 1073741824\n");
    read_host(root);
    assert_int_equal(number(LLW_host_ram_total), 8192 * LLW_MIB);
    assert_int_equal(number(LLW_host_ram_available), (8192 - 4096 + 1024) * LLW_MIB);
    assert_int_equal(claim(LLW_host_ram_available)->grade, LLW_GRADE_MEASURED);
}

static void an_overdrawn_limit_leaves_nothing(void **state) {
    (void)state;
    put("/proc/meminfo", meminfo);
    put("/sys/fs/cgroup/memory.max", "1073741824\n");
    put("/sys/fs/cgroup/memory.current", "2147483648\n");
    read_host(root);
    assert_int_equal(number(LLW_host_ram_available), 0);
}

static void hostile_cgroup_paths_stay_inside(void **state) {
    (void)state;
    put("/proc/meminfo", meminfo);
    put("/proc/self/cgroup", "0::/../../../../etc\n0::\n:::\nx\n0::no-slash\n");
    put("/etc/memory.max", "1\n");
    read_host(root);
    assert_int_equal(number(LLW_host_ram_total), 65536000 * KIB);
}

static void without_proc_nothing_is_known(void **state) {
    (void)state;
    read_host(root);
    assert_int_equal(number(LLW_host_ram_total), -1);
    assert_int_equal(number(LLW_host_ram_available), -1);
    assert_int_equal(number(LLW_host_cores), -1);
    assert_null(llw_host_environment(arena, root));
    const char *const *notes;
    assert_int_equal(llw_facts_notes(facts, &notes), 1);
    assert_non_null(strstr(notes[0], "give --ram"));
}

static void broken_meminfo_is_unknown(void **state) {
    (void)state;
    static const char *const broken[] = {"",
                                         "MemTotal:",
                                         "MemTotal: x kB\n",
                                         "MemTotal: 99999999999999999999 kB\n",
                                         "MemTotal: 0 kB\n",
                                         "MemTotal: -5 kB\n"};
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        put("/proc/meminfo", broken[i]);
        llw_facts_free(facts);
        facts = llw_facts_new();
        read_host(root);
        assert_int_equal(number(LLW_host_ram_total), -1);
    }
}

static void the_kind_of_place_is_told(void **state) {
    (void)state;
    put("/proc/cpuinfo", "flags : fpu vme\n");
    assert_environment("native");
    put("/proc/cpuinfo", "flags : fpu hypervisor vme\n");
    assert_environment("vm");
    put("/proc/cpuinfo", "flags : fpu\n");
    put("/sys/class/dmi/id/product_name", "Standard PC (Q35 + ICH9, 2009) KVM\n");
    assert_environment("vm");
    put("/run/.containerenv", "");
    assert_environment("container");
    put("/proc/sys/kernel/osrelease", "5.15.0-microsoft-standard-WSL2\n");
    assert_environment("wsl");
}

/* Facts of the files put so far. */
static void read_again(void) {
    llw_facts_free(facts);
    facts = llw_facts_new();
    read_host(root);
}

static void caches_beyond_the_use_are_no_use(void **state) {
    (void)state;
    put("/proc/meminfo", meminfo);
    put("/sys/fs/cgroup/memory.max", "8589934592\n");
    put("/sys/fs/cgroup/memory.current", "1073741824\n");
    put("/sys/fs/cgroup/memory.stat", "anon 1\ninactive_file 2147483648\n");
    read_host(root);
    assert_int_equal(number(LLW_host_ram_available), 8192 * LLW_MIB);
}

static void more_shared_than_cached_leaves_what_is_free(void **state) {
    (void)state;
    put("/proc/meminfo", "MemTotal: 65536000 kB\nMemFree: 1000 kB\nShmem: 2000 kB\n");
    read_host(root);
    assert_int_equal(number(LLW_host_ram_available), 1000 * KIB);
    put("/proc/meminfo", "MemTotal: 65536000 kB\n");
    read_again();
    assert_int_equal(number(LLW_host_ram_available), -1);
    put("/sys/fs/cgroup/memory.max", "8589934592\n");
    read_again();
    assert_int_equal(number(LLW_host_ram_available), 8192 * LLW_MIB);
}

static void processors_are_counted(void **state) {
    (void)state;
    static const struct {
        const char *online;
        int64_t cores;
    } lists[] = {
        {"0-3,5\n", 5}, {"0\n", 1}, {"0-1,4-5,7", 5}, /* and lists that are none: those of cpuinfo */
        {"7-3\n", 2},   {"", 2},    {"5--3\n", 2},    {"0-99999999999\n", 2}, {"all\n", 2},
    };
    put("/proc/cpuinfo", "processor\t: 0\nprocessor\t: 1\n");
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        put("/sys/devices/system/cpu/online", lists[i].online);
        read_again();
        if (number(LLW_host_cores) != lists[i].cores) fail_msg("%s", lists[i].online);
    }
}

static void what_the_processor_can_is_read(void **state) {
    (void)state;
    static const struct {
        const char *flags, *can;
    } processors[] = {
        {"fpu", ""},
        {"avx2", ""},
        {"avx2 fma", "avx2"},
        {"fma avx2 avx512f", "avx2"},
        {"avx2 fma avx512f avx512bw", "avx2"},
        {"avx2 fma avx512f avx512bw avx512vl", "avx2,avx512"},
        {"avx2 fma avx512f avx512bw avx512vl amx_int8", "avx2,avx512"},
        {"avx2 fma avx512f avx512bw avx512vl amx_int8 avx512_vnni", "avx2,avx512,amx"},
    };
    for (size_t i = 0; i < sizeof processors / sizeof *processors; i++) {
        put("/proc/cpuinfo", llw_arena_printf(arena, "processor\t: 0\nflags\t\t: %s\n", processors[i].flags));
        read_again();
        const llw_claim *said = claim(LLW_host_cpu_features);
        assert_non_null(said);
        assert_string_equal(said->value.as.text, processors[i].can);
    }
    put("/proc/cpuinfo", "processor\t: 0\nFeatures\t: asimd dotprod\n");
    read_again();
    assert_null(claim(LLW_host_cpu_features));
}

static void containers_are_known_by_their_groups(void **state) {
    (void)state;
    static const char *const first[] = {"0::/docker/1", "0::/kubepods/x", "4:cpu:/containerd-x", "0::/lxc/x"};
    put("/proc/cpuinfo", "flags : fpu\n");
    for (size_t i = 0; i < sizeof first / sizeof *first; i++) {
        put("/proc/1/cgroup", first[i]);
        assert_environment("container");
    }
    put("/proc/1/cgroup", "0::/init.scope\n");
    assert_environment("native");
    put("/run/systemd/container", "podman");
    assert_environment("container");
}

static void memory_can_be_given(void **state) {
    (void)state;
    llw_host_options options = {.root = "tests/fixtures/native", .ram = "65536:60000"};
    assert_int_equal(llw_source_host(facts, &options, NULL), LLW_OK);
    assert_int_equal(number(LLW_host_ram_total), 65536 * LLW_MIB);
    assert_int_equal(number(LLW_host_ram_available), 60000 * LLW_MIB);
    assert_string_equal(claim(LLW_host_ram_total)->origin, "argument");
    llw_facts_free(facts);
    facts = llw_facts_new();
    options.ram = "65536";
    assert_int_equal(llw_source_host(facts, &options, NULL), LLW_OK);
    assert_int_equal(number(LLW_host_ram_available), 65536 * LLW_MIB);
    assert_int_equal(claim(LLW_host_ram_available)->grade, LLW_GRADE_PREDICTED);
    static const char *const wrong[] = {
        "", "64G", "x", "1:2", "10:", ":5", "10:5:3", "-1", "99999999999999999999", "0"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        llw_err err = {0};
        options.ram = wrong[i];
        if (llw_source_host(facts, &options, &err) != LLW_ERR_INPUT) fail_msg("--ram %s was taken", wrong[i]);
        assert_non_null(strstr(err.text, "--ram"));
    }
}

static void this_machine_is_read(void **state) {
    (void)state;
    read_host(NULL);
    assert_true(number(LLW_host_ram_total) > 64 * LLW_MIB);
    assert_true(number(LLW_host_ram_available) <= number(LLW_host_ram_total));
    assert_true(number(LLW_host_cores) >= 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(memory_is_read_where_nothing_limits_it),
        TEST(a_container_s_limit_is_its_memory),
        TEST(a_kernel_without_memavailable_is_estimated),
        TEST(limits_that_limit_nothing_are_passed_over),
        TEST(the_lowest_limit_on_the_way_up_counts),
        TEST(the_first_version_of_cgroups_is_read),
        TEST(an_overdrawn_limit_leaves_nothing),
        TEST(hostile_cgroup_paths_stay_inside),
        TEST(without_proc_nothing_is_known),
        TEST(broken_meminfo_is_unknown),
        TEST(the_kind_of_place_is_told),
        TEST(caches_beyond_the_use_are_no_use),
        TEST(more_shared_than_cached_leaves_what_is_free),
        TEST(processors_are_counted),
        TEST(what_the_processor_can_is_read),
        TEST(containers_are_known_by_their_groups),
        TEST(memory_can_be_given),
        TEST(this_machine_is_read),
    };
    return cmocka_run_group_tests_name("host", tests, NULL, NULL);
}
