/* On a machine with NVIDIA GPUs: do NVML, nvidia-smi, our claims and CUDA itself agree?
 *
 * usage: machine_check [llama-server]
 *
 * Prints what each source says. Compares NVML with nvidia-smi field by field; what we claim llama.cpp will be
 * told with what CUDA (libcuda, through dlopen) tells a program with a context; and our reading of
 * CUDA_VISIBLE_DEVICES and CUDA_DEVICE_ORDER with the cards CUDA then shows. Lines that start with "DIFFERS"
 * are failures; exit 1 when there is one, 77 when there is no GPU. What CUDA does with a repeated entry is
 * printed, not judged. */
#include "base/number.h"
#include "source/machine/gpu.h"
#include "source/machine/gpu_nvml.h"
#include "source/machine/gpu_order.h"
#include "source/machine/gpu_smi.h"
#include "source/machine/host.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DEVICES_MAX = 16 };

static int differences;

static void differs(const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    printf("DIFFERS ");
    vprintf(fmt, args);
    printf("\n");
    va_end(args);
    differences++;
}

static const char *or_unknown(const char *text) {
    return text ? text : "unknown";
}

static int64_t mib(int64_t bytes) {
    return bytes < 0 ? -1 : bytes / LLW_MIB;
}

static void print_list(const char *title, const llw_gpu_list *list) {
    printf("%s: %zu\n", title, list->count);
    for (size_t i = 0; i < list->count; i++) {
        const llw_gpu_reading *g = &list->gpus[i];
        printf("  %d %s, %s, %s, driver %s\n", g->index, or_unknown(g->name), or_unknown(g->uuid),
               or_unknown(g->bus), or_unknown(g->driver));
        printf("    MiB: total %" PRId64 ", free %" PRId64 ", used %" PRId64 ", reserved %" PRId64
               "; capability %.1f, PCIe %d x%d, display %d, mig %d, ats %d, processes %d\n",
               mib(g->total), mib(g->free), mib(g->used), mib(g->reserved), g->capability, g->pcie_generation,
               g->pcie_width, g->display, g->mig, g->ats, g->processes);
    }
    for (size_t i = 0; i < list->n_notes; i++) printf("  note: %s\n", list->notes[i]);
}

static void same_text(int gpu, const char *what, const char *a, const char *b) {
    if (a && b && strcasecmp(a, b)) differs("GPU %d %s: NVML %s, nvidia-smi %s", gpu, what, a, b);
    if (!a != !b) printf("  GPU %d %s: only %s knows it\n", gpu, what, a ? "NVML" : "nvidia-smi");
}

/* nvidia-smi rounds to MiB: up to one may be between them, and memory may move between the two calls. */
static void same_size(int gpu, const char *what, int64_t a, int64_t b, int64_t slack) {
    if (a >= 0 && b >= 0 && llabs(a - b) > slack * LLW_MIB)
        differs("GPU %d %s: NVML %" PRId64 " MiB, nvidia-smi %" PRId64 " MiB", gpu, what, mib(a), mib(b));
    if ((a < 0) != (b < 0))
        printf("  GPU %d %s: only %s knows it\n", gpu, what, a >= 0 ? "NVML" : "nvidia-smi");
}

static void compare_lists(const llw_gpu_list *nvml, const llw_gpu_list *smi) {
    if (nvml->count != smi->count) differs("NVML lists %zu GPUs, nvidia-smi %zu", nvml->count, smi->count);
    for (size_t i = 0; i < nvml->count && i < smi->count; i++) {
        const llw_gpu_reading *a = &nvml->gpus[i], *b = &smi->gpus[i];
        same_text(a->index, "name", a->name, b->name);
        same_text(a->index, "uuid", a->uuid, b->uuid);
        same_text(a->index, "driver", a->driver, b->driver);
        same_text(a->index, "bus", a->bus, b->bus);
        same_size(a->index, "total", a->total, b->total, 1);
        same_size(a->index, "reserved", a->reserved, b->reserved, 1);
        same_size(a->index, "free", a->free, b->free, 16);
        same_size(a->index, "used", a->used, b->used, 16);
        if (a->capability < b->capability || a->capability > b->capability)
            differs("GPU %d capability: %.1f and %.1f", a->index, a->capability, b->capability);
        if (a->pcie_generation != b->pcie_generation || a->pcie_width != b->pcie_width)
            differs("GPU %d PCIe: %d x%d and %d x%d", a->index, a->pcie_generation, a->pcie_width,
                    b->pcie_generation, b->pcie_width);
        if (a->display != b->display || a->mig != b->mig)
            differs("GPU %d display %d and %d, mig %d and %d", a->index, a->display, b->display, a->mig,
                    b->mig);
    }
}

/* --- CUDA itself --- */

typedef struct seen {
    char uuid[48];
    size_t total, available;
    int memory; /* total and available were told */
} seen;

typedef struct view {
    int status; /* of cuInit; -1 without libcuda */
    int count;
    seen devices[DEVICES_MAX];
} view;

static void *symbol(void *library, const char *name) {
    return library ? dlsym(library, name) : NULL;
}
#define CUDA(library, name, ...)                                                                             \
    int (*name)(__VA_ARGS__) = NULL;                                                                         \
    void *found_##name = symbol(library, #name);                                                             \
    memcpy(&name, &found_##name, sizeof name)

/* What CUDA shows in this process. With `contexts`, also its memory once a context exists on every card. */
static view look(int contexts) {
    view v = {.status = -1};
    void *library = dlopen("libcuda.so.1", RTLD_NOW);
    CUDA(library, cuInit, unsigned int);
    CUDA(library, cuDeviceGetCount, int *);
    CUDA(library, cuDeviceGet, int *, int);
    CUDA(library, cuDeviceGetUuid, unsigned char *, int);
    CUDA(library, cuDevicePrimaryCtxRetain, void **, int);
    CUDA(library, cuCtxSetCurrent, void *);
    CUDA(library, cuMemGetInfo_v2, size_t *, size_t *);
    if (!cuInit || !cuDeviceGetCount || !cuDeviceGet || !cuDeviceGetUuid) return v;
    v.status = cuInit(0);
    if (v.status || cuDeviceGetCount(&v.count)) return v;
    if (v.count > DEVICES_MAX) v.count = DEVICES_MAX;
    for (int i = 0; i < v.count; i++) {
        seen *s = &v.devices[i];
        unsigned char id[16] = {0};
        int device = 0;
        void *context = NULL;
        if (cuDeviceGet(&device, i) || cuDeviceGetUuid(id, device)) continue;
        int n = snprintf(s->uuid, sizeof s->uuid, "GPU-");
        for (int k = 0; k < 16; k++)
            n += snprintf(s->uuid + n, sizeof s->uuid - (size_t)n, "%s%02x",
                          k == 4 || k == 6 || k == 8 || k == 10 ? "-" : "", id[k]);
        if (contexts && cuDevicePrimaryCtxRetain && cuCtxSetCurrent && cuMemGetInfo_v2 &&
            !cuDevicePrimaryCtxRetain(&context, device) && !cuCtxSetCurrent(context))
            s->memory = !cuMemGetInfo_v2(&s->available, &s->total);
    }
    return v;
}

/* The same in a child with an environment of its own: CUDA reads it once in a process's life. */
static view look_apart(const char *visible, const char *order, int contexts) {
    view v = {.status = -1};
    int ends[2];
    if (pipe(ends)) return v;
    pid_t pid = fork();
    if (pid == 0) {
        if (visible)
            setenv("CUDA_VISIBLE_DEVICES", visible, 1);
        else
            unsetenv("CUDA_VISIBLE_DEVICES");
        if (order)
            setenv("CUDA_DEVICE_ORDER", order, 1);
        else
            unsetenv("CUDA_DEVICE_ORDER");
        v = look(contexts);
        _exit(write(ends[1], &v, sizeof v) == (ssize_t)sizeof v ? 0 : 1);
    }
    close(ends[1]);
    if (read(ends[0], &v, sizeof v) != (ssize_t)sizeof v) v.status = -1;
    close(ends[0]);
    waitpid(pid, NULL, 0);
    return v;
}

static void check_order(llw_gpu_list *list, const char *visible, const char *order) {
    view v = look_apart(visible, order, 0);
    llw_gpu_order o = llw_gpu_order_find(list, visible, order);
    printf("  CUDA_VISIBLE_DEVICES=%s CUDA_DEVICE_ORDER=%s: we say %zu card%s%s (%s), CUDA %d%s\n",
           visible ? visible : "(unset)", order ? order : "(unset)", o.count, o.count == 1 ? "" : "s",
           o.certain ? "" : ", uncertain", o.why, v.count, v.status ? " (refuses)" : "");
    for (int i = 0; i < v.count; i++) printf("    CUDA%d is %s\n", i, v.devices[i].uuid);
    if (!o.certain) return;
    if ((int)o.count != v.count) {
        differs("the count");
        return;
    }
    for (size_t i = 0; i < o.count; i++)
        if (o.gpus[i] >= 0 && list->gpus[o.gpus[i]].uuid &&
            strcasecmp(list->gpus[o.gpus[i]].uuid, v.devices[i].uuid))
            differs("CUDA%zu: we say %s", i, list->gpus[o.gpus[i]].uuid);
}

static void check_orders(llw_arena *arena, llw_gpu_list *list) {
    printf("CUDA's numbering\n");
    const char *last = llw_arena_printf(arena, "%zu,0", list->count - 1);
    const char *uuid = list->gpus[list->count - 1].uuid;
    const char *cut =
        uuid ? llw_arena_strndup(arena, uuid, strlen(uuid) < 14 ? strlen(uuid) : 14) : "GPU-none";
    const char *const cases[] = {NULL, "",   "-1", "0",   "0,-1,1", "99",      "NoDevFiles",
                                 last, uuid, cut,  "0,0", "0,,1",   " 0 , 1 ", "GPU-ffff"};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        if (i && !cases[i]) continue;
        check_order(list, cases[i], NULL);
        check_order(list, cases[i], "PCI_BUS_ID");
    }
}

/* --- our claims --- */

static void print_claims(const llw_facts *facts) {
    for (llw_entity e = 0; (e = llw_facts_next(facts, LLW_KIND_gpu, e));) {
        printf("  %s\n", llw_facts_id(facts, e));
        for (llw_attr a = LLW_ATTR_NONE + 1; a < LLW_ATTRS; a++) {
            const llw_claim *c = llw_attr_get(a)->kind == LLW_KIND_gpu ? llw_facts_best(facts, e, a) : NULL;
            if (!c) continue;
            llw_text value = {0};
            llw_value_print(&value, c->value);
            printf("    %-18s %-24s %s, %s%s%s\n", llw_attr_get(a)->name, llw_text_str(&value),
                   llw_grade_name(c->grade), c->origin, *c->place ? ": " : "", c->place);
            llw_text_fini(&value);
        }
    }
    const char *const *notes;
    size_t n = llw_facts_notes(facts, &notes);
    for (size_t i = 0; i < n; i++) printf("  note: %s\n", notes[i]);
}

/* total must be CUDA's to the MiB. free is an estimate: llama.cpp's context holds its kernels too, so it may
 * be up to 200 MiB below what this bare context leaves, and must not be above it by more than 64. */
static void check_memory(const llw_facts *facts, const view *v) {
    for (int i = 0; i < v->count; i++) {
        char id[16];
        int64_t total = -1, available = -1;
        snprintf(id, sizeof id, "CUDA%d", i);
        llw_entity gpu = llw_facts_find(facts, LLW_KIND_gpu, id);
        if (!gpu || !v->devices[i].memory) continue;
        llw_facts_count(facts, gpu, LLW_gpu_total, &total);
        llw_facts_count(facts, gpu, LLW_gpu_free, &available);
        int64_t told = (int64_t)v->devices[i].total, left = (int64_t)v->devices[i].available;
        printf("  %s: CUDA tells %" PRId64 " MiB, %" PRId64 " free with a bare context; we say %" PRId64
               " and %" PRId64 "\n",
               id, mib(told), mib(left), mib(total), mib(available));
        if (total >= 0 && llabs(total - told) > LLW_MIB) differs("%s total", id);
        if (available >= 0 && (available > left + 64 * LLW_MIB || available < left - 200 * LLW_MIB))
            differs("%s free", id);
    }
}

int main(int argc, char **argv) {
    llw_arena *arena = llw_arena_new();
    llw_gpu_list nvml = llw_gpu_list_start(arena, "nvml"), smi = llw_gpu_list_start(arena, "nvidia-smi");
    llw_err err = {0};
    llw_rc by_nvml = llw_gpu_nvml_read(&nvml, NULL, &err);
    if (by_nvml != LLW_OK) printf("NVML: %s %s\n", err.file, err.text);
    llw_rc by_smi = llw_gpu_smi_read(&smi, NULL, 60, &err);
    if (by_smi != LLW_OK) printf("nvidia-smi: %s %s\n", err.file, err.text);
    print_list("NVML", &nvml);
    print_list("nvidia-smi", &smi);
    int code = 77;
    if (by_nvml == LLW_OK || by_smi == LLW_OK) {
        if (by_nvml == LLW_OK && by_smi == LLW_OK) compare_lists(&nvml, &smi);
        llw_facts *facts = llw_facts_new();
        llw_gpu_options options = {.llama = argc > 1 ? argv[1] : NULL, .seconds = 60};
        llw_host_options host = {.root = NULL};
        if (llw_source_host(facts, &host, &err) != LLW_OK || llw_source_gpus(facts, &options, &err) != LLW_OK)
            differs("%s %s", err.file, err.text);
        printf("claims\n");
        print_claims(facts);
        printf("CUDA's memory\n");
        view v = look_apart(getenv("CUDA_VISIBLE_DEVICES"), getenv("CUDA_DEVICE_ORDER"), 1);
        check_memory(facts, &v);
        check_orders(arena, by_nvml == LLW_OK ? &nvml : &smi);
        llw_facts_free(facts);
        printf("%d difference%s\n", differences, differences == 1 ? "" : "s");
        code = differences ? 1 : 0;
    }
    llw_arena_free(arena);
    return code;
}
