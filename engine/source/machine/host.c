/* The host, read from /proc and /sys. */
#include "source/machine/host.h"
#include "base/number.h"
#include "base/file.h"

#include <ctype.h>
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { FILE_CAP = 4 << 20 };
#define PIB ((int64_t)1 << 50)

static const char *read_at_most(llw_arena *arena, const char *root, const char *path, size_t cap,
                                bool *there) {
    char *bytes = NULL;
    size_t len = 0;
    const char *full = root ? llw_arena_printf(arena, "%s%s", root, path) : path;
    bool ok = llw_file_read(arena, full, cap, &bytes, &len, NULL) == LLW_OK;
    if (there) *there = ok;
    return ok ? bytes : "";
}

/* A small file below root as text, "" when it is not there. */
static const char *slurp(llw_arena *arena, const char *root, const char *path, bool *there) {
    return read_at_most(arena, root, path, FILE_CAP, there);
}

static bool exists(llw_arena *arena, const char *root, const char *path) {
    bool there;
    slurp(arena, root, path, &there);
    return there;
}

/* A whole non-negative number at the start of text; false when there is none or it does not fit. */
static bool whole(const char *text, int64_t *out) {
    while (*text == ' ' || *text == '\t') text++;
    if (!isdigit((unsigned char)*text)) return false;
    errno = 0;
    char *end = NULL;
    long long value = strtoll(text, &end, 10);
    if (errno || value < 0) return false;
    *out = value;
    return true;
}

bool llw_host_mib(const char **at, int64_t *bytes) {
    const char *text = *at;
    int64_t mib;
    if (!isdigit((unsigned char)*text) || !whole(text, &mib) || mib < 1 || mib > PIB / LLW_MIB) return false;
    while (isdigit((unsigned char)*text)) text++;
    *at = text;
    *bytes = mib * LLW_MIB;
    return true;
}

bool llw_host_meminfo(llw_arena *arena, const char *root, llw_meminfo *out) {
    *out = (llw_meminfo){-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1};
    const struct {
        const char *key;
        int64_t *value;
        int64_t unit;
    } lines[] = {
        {"MemTotal:", &out->total, 1024},
        {"MemAvailable:", &out->available, 1024},
        {"MemFree:", &out->free, 1024},
        {"Buffers:", &out->buffers, 1024},
        {"Cached:", &out->cached, 1024},
        {"Shmem:", &out->shared, 1024},
        {"SwapTotal:", &out->swap_total, 1024},
        {"SwapFree:", &out->swap_free, 1024},
        {"HugePages_Total:", &out->huge_total, 1},
        {"HugePages_Free:", &out->huge_free, 1},
        {"Hugepagesize:", &out->huge_size, 1024},
    };
    for (const char *at = slurp(arena, root, "/proc/meminfo", NULL); *at;) {
        for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
            size_t len = strlen(lines[i].key);
            int64_t n;
            if (!strncmp(at, lines[i].key, len) && whole(at + len, &n) && n < PIB / 1024)
                *lines[i].value = n * lines[i].unit;
        }
        const char *end = strchr(at, '\n');
        if (!end) break;
        at = end + 1;
    }
    return out->total > 0;
}

/* --- control groups --- */

typedef struct limit {
    int64_t bytes, used; /* -1 none, unknown */
    const char *place;
} limit;

/* Takes a limit file into account: "max", 0 and anything no smaller than the machine set no limit. */
static void take_limit(llw_arena *arena, const char *root, const char *directory, bool v2, int64_t machine,
                       limit *lowest) {
    const char *file =
        llw_arena_printf(arena, "%s/%s", directory, v2 ? "memory.max" : "memory.limit_in_bytes");
    int64_t bytes;
    if (!whole(slurp(arena, root, file, NULL), &bytes) || bytes == 0 || bytes >= machine) return;
    if (lowest->bytes >= 0 && bytes >= lowest->bytes) return;
    *lowest = (limit){bytes, -1, file};
    const char *usage =
        llw_arena_printf(arena, "%s/%s", directory, v2 ? "memory.current" : "memory.usage_in_bytes");
    int64_t used, cache = 0;
    if (!whole(slurp(arena, root, usage, NULL), &used)) return;
    /* pages of files that nobody uses are given back on demand, as in MemAvailable */
    const char *stat = slurp(arena, root, llw_arena_printf(arena, "%s/memory.stat", directory), NULL);
    const char *line = strstr(stat, v2 ? "\ninactive_file " : "\ntotal_inactive_file ");
    if (line) (void)whole(strchr(line, ' '), &cache);
    lowest->used = used > cache ? used - cache : 0;
}

/* The lowest limit on the way from our group up to the root of the hierarchy. */
static limit lowest_limit(llw_arena *arena, const char *root, int64_t machine) {
    limit lowest = {-1, -1, ""};
    take_limit(arena, root, "/sys/fs/cgroup", true, machine, &lowest);
    take_limit(arena, root, "/sys/fs/cgroup/memory", false, machine, &lowest);
    for (const char *at = slurp(arena, root, "/proc/self/cgroup", NULL); *at;) {
        const char *end = strchr(at, '\n');
        size_t len = end ? (size_t)(end - at) : strlen(at);
        char *line = llw_arena_strndup(arena, at, len), *controllers = strchr(line, ':');
        char *path = controllers ? strchr(controllers + 1, ':') : NULL;
        if (path && len < 4096 && !strstr(path, "..")) { /* ours may lie outside what is mounted here */
            *path++ = 0;
            bool v2 = !strcmp(controllers, ":"), v1 = strstr(controllers, "memory") != NULL;
            for (char *cut = path + strlen(path); (v1 || v2) && cut > path; cut = strrchr(path, '/')) {
                *cut = 0;
                if (!*path) break;
                take_limit(arena, root,
                           llw_arena_printf(arena, "/sys/fs/cgroup%s%s", v2 ? "" : "/memory", path), v2,
                           machine, &lowest);
            }
        }
        if (!end) break;
        at = end + 1;
    }
    return lowest;
}

/* --- processors and environment --- */

/* Processors in a list such as 0-3,8-11; 0 when it is none. */
static int64_t count_list(const char *list) {
    int64_t n = 0;
    while (isdigit((unsigned char)*list)) {
        char *end = NULL;
        long first = strtol(list, &end, 10), last = first;
        if (*end == '-') last = strtol(end + 1, &end, 10);
        if (first < 0 || last < first || last > 1 << 20) return 0;
        n += last - first + 1;
        list = *end == ',' ? end + 1 : end;
    }
    return n;
}

static int64_t count_cores(llw_arena *arena, const char *root, const char **place) {
    cpu_set_t set;
    if (!root && sched_getaffinity(0, sizeof set, &set) == 0) {
        *place = "sched_getaffinity";
        return CPU_COUNT(&set);
    }
    *place = "/sys/devices/system/cpu/online";
    int64_t n = count_list(slurp(arena, root, *place, NULL));
    if (n) return n;
    *place = "/proc/cpuinfo";
    for (const char *at = slurp(arena, root, *place, NULL); (at = strstr(at, "processor\t:")); at++) n++;
    return n;
}

/* What /proc/cpuinfo says of the first processors: the kernel takes its time for each, and servers have
 * hundreds. */
static const char *first_processors(llw_arena *arena, const char *root, bool *there) {
    enum { ENOUGH = 8192 };
    const char *cpu = read_at_most(arena, root, "/proc/cpuinfo", ENOUGH, there);
    return *there ? cpu : slurp(arena, root, "/proc/cpuinfo", there);
}

const char *llw_host_environment(llw_arena *arena, const char *root) {
    bool there;
    const char *release = slurp(arena, root, "/proc/sys/kernel/osrelease", NULL);
    if (strcasestr(release, "microsoft") || strcasestr(release, "WSL")) return "wsl";
    const char *init = slurp(arena, root, "/proc/1/cgroup", NULL);
    if (exists(arena, root, "/.dockerenv") || exists(arena, root, "/run/.containerenv") ||
        exists(arena, root, "/run/systemd/container") || strstr(init, "docker") || strstr(init, "kubepods") ||
        strstr(init, "containerd") || strstr(init, "/lxc"))
        return "container";
    const char *product = slurp(arena, root, "/sys/class/dmi/id/product_name", NULL);
    static const char *const machines[] = {"KVM",  "VMware",   "VirtualBox", "Virtual Machine",
                                           "QEMU", "HVM domU", "Bochs"};
    for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
        if (strstr(product, machines[i])) return "vm";
    const char *cpu = first_processors(arena, root, &there);
    if (strstr(cpu, " hypervisor")) return "vm";
    return there || *release || *product ? "native" : NULL;
}

/* Those of models/repack.tsv; NULL where /proc/cpuinfo does not list an x86 processor's flags. Names are
 * those of ggml/src/ggml-cpu/arch/x86/cpu-feats.cpp, v0.5.0, as Linux spells them. */
static const char *cpu_features(llw_arena *arena, const char *root) {
    bool there;
    const char *cpu = first_processors(arena, root, &there), *flags = strstr(cpu, "\nflags\t\t:");
    if (!flags) return NULL;
    const char *line = llw_arena_printf(arena, "%.*s ", (int)strcspn(flags + 1, "\n"), flags + 1);
    bool avx2 = strstr(line, " avx2 ") && strstr(line, " fma ");
    bool avx512 = strstr(line, " avx512f ") && strstr(line, " avx512bw ") && strstr(line, " avx512vl ");
    bool amx = strstr(line, " amx_int8 ") && strstr(line, " avx512_vnni ");
    return llw_arena_printf(arena, "%s%s%s", avx2 ? "avx2" : "", avx512 ? ",avx512" : "", amx ? ",amx" : "");
}

/* --- facts --- */

static llw_rc claim_given(llw_facts *facts, llw_entity host, const char *ram, llw_err *err) {
    const char *at = ram;
    int64_t total, available = -1;
    if (!llw_host_mib(&at, &total) || (*at == ':' && (at++, !llw_host_mib(&at, &available))) || *at)
        return llw_fail(err, LLW_ERR_INPUT, "", 0,
                        "--ram %s: write TOTAL or TOTAL:AVAILABLE in MiB, such as 65536:60000", ram);
    if (available > total)
        return llw_fail(err, LLW_ERR_INPUT, "", 0, "--ram %s: more available than there is", ram);
    llw_facts_claim(facts, host, LLW_host_ram_total, llw_bytes(total), LLW_GRADE_MEASURED, "argument",
                    "--ram");
    if (available >= 0)
        llw_facts_claim(facts, host, LLW_host_ram_available, llw_bytes(available), LLW_GRADE_MEASURED,
                        "argument", "--ram");
    else
        llw_facts_claim(facts, host, LLW_host_ram_available, llw_bytes(total), LLW_GRADE_PREDICTED,
                        "argument", "--ram without AVAILABLE: as if nothing else were running");
    return LLW_OK;
}

static void claim_memory(llw_facts *facts, llw_entity host, llw_arena *arena, const char *root) {
    llw_meminfo m;
    if (!llw_host_meminfo(arena, root, &m)) {
        llw_facts_note(facts, "the machine's memory is unknown: /proc/meminfo cannot be read; give --ram "
                              "TOTAL:AVAILABLE in MiB");
        llw_facts_claim(facts, host, LLW_host_ram_total, llw_unknown(LLW_BYTES), LLW_GRADE_MEASURED,
                        "/proc/meminfo", "");
        return;
    }
    const char *where = "/proc/meminfo", *place = "MemAvailable";
    llw_grade grade = LLW_GRADE_MEASURED;
    int64_t total = m.total, available = m.available;
    if (available < 0 && m.free >= 0) { /* kernels before 3.14 do not tell */
        available = m.free + (m.buffers > 0 ? m.buffers : 0) + (m.cached > 0 ? m.cached : 0) -
                    (m.shared > 0 ? m.shared : 0);
        if (available < 0) available = m.free;
        place = "MemFree + Buffers + Cached - Shmem: this kernel has no MemAvailable";
        grade = LLW_GRADE_PREDICTED;
    }
    limit cgroup = lowest_limit(arena, root, m.total);
    if (cgroup.bytes >= 0) {
        total = cgroup.bytes;
        llw_facts_claim(facts, host, LLW_host_ram_total, llw_bytes(total), LLW_GRADE_MEASURED, "cgroup",
                        cgroup.place);
        int64_t left = cgroup.used >= 0 ? total - cgroup.used : total;
        if (left < 0) left = 0;
        if (available < 0 || left < available) {
            available = left;
            place = cgroup.place;
            where = "cgroup";
            grade = cgroup.used >= 0 ? LLW_GRADE_MEASURED : LLW_GRADE_PREDICTED;
        }
    } else {
        llw_facts_claim(facts, host, LLW_host_ram_total, llw_bytes(total), LLW_GRADE_MEASURED, where,
                        "MemTotal");
    }
    if (available > total) available = total;
    if (available >= 0)
        llw_facts_claim(facts, host, LLW_host_ram_available, llw_bytes(available), grade, where, place);
    if (m.swap_total >= 0)
        llw_facts_claim(facts, host, LLW_host_swap_total, llw_bytes(m.swap_total), LLW_GRADE_MEASURED,
                        "/proc/meminfo", "SwapTotal");
}

llw_rc llw_source_host(llw_facts *facts, const llw_host_options *options, llw_err *err) {
    llw_entity host = llw_facts_entity(facts, LLW_KIND_host, LLW_HOST_ID);
    llw_arena *arena = llw_arena_new();
    llw_rc rc = LLW_OK;
    if (options->ram)
        rc = claim_given(facts, host, options->ram, err);
    else
        claim_memory(facts, host, arena, options->root);
    const char *place = "";
    int64_t cores = count_cores(arena, options->root, &place);
    if (cores > 0)
        llw_facts_claim(facts, host, LLW_host_cores, llw_count(cores), LLW_GRADE_MEASURED, "system", place);
    const char *features = options->ram ? NULL : cpu_features(arena, options->root);
    if (features)
        llw_facts_claim(facts, host, LLW_host_cpu_features, llw_string(LLW_LIST, features),
                        LLW_GRADE_MEASURED, "system", "/proc/cpuinfo");
    const char *environment = llw_host_environment(arena, options->root);
    if (environment)
        llw_facts_claim(facts, host, LLW_host_environment, llw_string(LLW_TEXT, environment),
                        LLW_GRADE_MEASURED, "system", "");
    llw_facts_claim(facts, host, LLW_host_ram_bandwidth, llw_number(LLW_RATE, 50e9), LLW_GRADE_DEFAULT,
                    "default", "two channels of DDR4-3200 move 51.2 GB/s");
    llw_arena_free(arena);
    return rc;
}
