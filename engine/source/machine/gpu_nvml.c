/* NVML through dlopen: every symbol is optional, every answer may be an error.
 *
 * The prototypes are our own: the header is not free software. Functions and structures come in versions; a
 * library has the newer name or only the older one. Layouts, status codes and names: NVIDIA's public NVML API
 * reference (r535 and later), sections "Device Queries", "Initialization and Cleanup" and the structure
 * pages. */
#include "source/machine/gpu_nvml.h"
#include "base/library.h"

#include <dlfcn.h>
#include <string.h>

typedef void *device;
enum { NVML_SUCCESS = 0, NVML_NOT_SUPPORTED = 3, NVML_INSUFFICIENT_SIZE = 7 };
enum { TEXT = LLW_GPU_TEXT_MAX, PROCESSES = 512 };

typedef struct memory_v1 {
    unsigned long long total, free, used; /* used counts what the driver reserves */
} memory_v1;

typedef struct memory_v2 {
    unsigned int version; /* size of the structure, and 2 in the top byte */
    unsigned long long total, reserved, free, used;
} memory_v2;

typedef struct process_v1 {
    unsigned int pid;
    unsigned long long used;
} process_v1;

typedef struct process_v2 { /* also for the _v3 calls */
    unsigned int pid;
    unsigned long long used;
    unsigned int gpu_instance, compute_instance;
} process_v2;

typedef struct addressing {
    unsigned int version; /* size, and 1 in the top byte */
    unsigned int mode;    /* 0 none, 1 HMM, 2 ATS */
} addressing;

typedef struct pci_info { /* nvmlPciInfo_t as of nvmlDeviceGetPciInfo_v3 */
    char bus_legacy[16];
    unsigned int domain, bus, device, pci_device, pci_subsystem;
    char bus_id[32];
} pci_info;

typedef struct nvml {
    void *handle;
    int (*init)(void);
    int (*shutdown)(void);
    const char *(*error)(int);
    int (*driver)(char *, unsigned int);
    int (*count)(unsigned int *);
    int (*by_index)(unsigned int, device *);
    int (*name)(device, char *, unsigned int);
    int (*uuid)(device, char *, unsigned int);
    int (*pci)(device, pci_info *);
    int (*memory_v2)(device, memory_v2 *);
    int (*memory_v1)(device, memory_v1 *);
    int (*capability)(device, int *, int *);
    int (*link_generation)(device, unsigned int *);
    int (*link_width)(device, unsigned int *);
    int (*display)(device, int *);
    int (*mig)(device, unsigned int *, unsigned int *);
    int (*addressing)(device, addressing *);
    int (*compute)(device, unsigned int *, void *);
    int (*graphics)(device, unsigned int *, void *);
    bool old_processes; /* the structure of version 1 */
} nvml;

/* A symbol under its newest name that is there. POSIX wants the detour through memcpy. */
static bool find(void *handle, void *function, const char *const *names) {
    void *symbol = NULL;
    while (!symbol && *names) symbol = dlsym(handle, *names++);
    memcpy(function, &symbol, sizeof symbol);
    return symbol != NULL;
}

#define FIND(lib, member, ...) find((lib)->handle, &(lib)->member, (const char *const[]){__VA_ARGS__, NULL})

static void load_symbols(nvml *lib) {
    FIND(lib, init, "nvmlInit_v2", "nvmlInit");
    FIND(lib, shutdown, "nvmlShutdown");
    FIND(lib, error, "nvmlErrorString");
    FIND(lib, driver, "nvmlSystemGetDriverVersion");
    FIND(lib, count, "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount");
    FIND(lib, by_index, "nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex");
    FIND(lib, name, "nvmlDeviceGetName");
    FIND(lib, uuid, "nvmlDeviceGetUUID");
    FIND(lib, pci, "nvmlDeviceGetPciInfo_v3"); /* older ones have another layout */
    FIND(lib, memory_v2, "nvmlDeviceGetMemoryInfo_v2");
    FIND(lib, memory_v1, "nvmlDeviceGetMemoryInfo");
    FIND(lib, capability, "nvmlDeviceGetCudaComputeCapability");
    FIND(lib, link_generation, "nvmlDeviceGetMaxPcieLinkGeneration");
    FIND(lib, link_width, "nvmlDeviceGetCurrPcieLinkWidth");
    FIND(lib, display, "nvmlDeviceGetDisplayActive");
    FIND(lib, mig, "nvmlDeviceGetMigMode");
    FIND(lib, addressing, "nvmlDeviceGetAddressingMode");
    if (!FIND(lib, compute, "nvmlDeviceGetComputeRunningProcesses_v3",
              "nvmlDeviceGetComputeRunningProcesses_v2")) {
        lib->old_processes = FIND(lib, compute, "nvmlDeviceGetComputeRunningProcesses");
        FIND(lib, graphics, "nvmlDeviceGetGraphicsRunningProcesses");
    } else {
        FIND(lib, graphics, "nvmlDeviceGetGraphicsRunningProcesses_v3",
             "nvmlDeviceGetGraphicsRunningProcesses_v2");
    }
}

static const char *reason(const nvml *lib, int status) {
    const char *text = lib->error ? lib->error(status) : NULL;
    return text ? text : "unknown error";
}

/* A string that NVML wrote, NULL when it did not. The last byte is ours, whatever the library does. */
static const char *text_of(llw_arena *arena, int (*get)(device, char *, unsigned int), device dev) {
    char buf[TEXT + 1] = "";
    if (!get || get(dev, buf, TEXT) != NVML_SUCCESS) return NULL;
    buf[TEXT] = 0;
    return buf[0] ? llw_arena_strdup(arena, buf) : NULL;
}

static int64_t bytes_of(unsigned long long n) {
    return n <= (unsigned long long)INT64_MAX ? (int64_t)n : -1;
}

static void read_memory(const nvml *lib, device dev, llw_gpu_reading *gpu) {
    memory_v2 new = {.version = (unsigned int)sizeof new | 2u << 24};
    if (lib->memory_v2 && lib->memory_v2(dev, &new) == NVML_SUCCESS) {
        gpu->total = bytes_of(new.total);
        gpu->free = bytes_of(new.free);
        gpu->used = bytes_of(new.used);
        gpu->reserved = bytes_of(new.reserved);
        return;
    }
    memory_v1 old = {0};
    if (lib->memory_v1 && lib->memory_v1(dev, &old) == NVML_SUCCESS) {
        gpu->total = bytes_of(old.total);
        gpu->free = bytes_of(old.free);
        gpu->used = bytes_of(old.used);
    }
}

/* Adds the process ids of one list to pids[*n]; false when the list is not to be had. */
static bool add_processes(const nvml *lib, int (*list)(device, unsigned int *, void *), device dev,
                          unsigned int *pids, size_t *n) {
    union {
        process_v1 v1[PROCESSES];
        process_v2 v2[PROCESSES];
    } rows;
    memset(&rows, 0, sizeof rows);
    unsigned int count = PROCESSES;
    if (!list || list(dev, &count, &rows) != NVML_SUCCESS || count > PROCESSES) return false;
    for (unsigned int i = 0; i < count; i++) {
        unsigned int pid = lib->old_processes ? rows.v1[i].pid : rows.v2[i].pid;
        size_t at = 0;
        while (at < *n && pids[at] != pid) at++;
        if (at == *n) pids[(*n)++] = pid;
    }
    return true;
}

static void read_processes(const nvml *lib, device dev, llw_gpu_reading *gpu) {
    unsigned int pids[2 * PROCESSES];
    size_t n = 0;
    if (!add_processes(lib, lib->compute, dev, pids, &n)) return;
    if (lib->graphics && !add_processes(lib, lib->graphics, dev, pids, &n)) return;
    gpu->processes = (int)n;
}

static void read_link(const nvml *lib, device dev, llw_gpu_reading *gpu) {
    unsigned int generation = 0, width = 0;
    if (lib->link_generation && lib->link_generation(dev, &generation) == NVML_SUCCESS && generation < 16)
        gpu->pcie_generation = (int)generation;
    if (lib->link_width && lib->link_width(dev, &width) == NVML_SUCCESS && width <= 32)
        gpu->pcie_width = (int)width;
}

static void read_device(const nvml *lib, device dev, llw_arena *arena, llw_gpu_reading *gpu) {
    gpu->name = text_of(arena, lib->name, dev);
    gpu->uuid = text_of(arena, lib->uuid, dev);
    pci_info pci = {.domain = 0};
    if (lib->pci && lib->pci(dev, &pci) == NVML_SUCCESS) {
        pci.bus_id[sizeof pci.bus_id - 1] = 0;
        if (pci.bus_id[0]) gpu->bus = llw_arena_strdup(arena, pci.bus_id);
    }
    read_memory(lib, dev, gpu);
    int major = 0, minor = 0;
    if (lib->capability && lib->capability(dev, &major, &minor) == NVML_SUCCESS && major > 0 && major < 100 &&
        minor >= 0 && minor < 10)
        gpu->capability = major + minor / 10.0;
    read_link(lib, dev, gpu);
    int display = -1;
    if (lib->display && lib->display(dev, &display) == NVML_SUCCESS) gpu->display = display != 0;
    unsigned int mig = 0, pending = 0;
    if (lib->mig && lib->mig(dev, &mig, &pending) == NVML_SUCCESS) gpu->mig = mig == 1;
    addressing mode = {.version = (unsigned int)sizeof mode | 1u << 24};
    if (lib->addressing && lib->addressing(dev, &mode) == NVML_SUCCESS) gpu->ats = mode.mode == 2;
    read_processes(lib, dev, gpu);
}

static llw_rc read_all(const nvml *lib, const char *name, llw_gpu_list *list, llw_err *err) {
    unsigned int count = 0;
    int status = lib->count ? lib->count(&count) : NVML_NOT_SUPPORTED;
    if (status != NVML_SUCCESS)
        return llw_fail(err, LLW_ERR_NOTHING, name, 0, "cannot count the GPUs: %s", reason(lib, status));
    if (!count) return llw_fail(err, LLW_ERR_NOTHING, name, 0, "sees no GPU");
    if (count > LLW_GPU_READ_MAX) {
        llw_gpu_list_note(list, "NVML counts %u GPUs; the first %d are read", count, LLW_GPU_READ_MAX);
        count = LLW_GPU_READ_MAX;
    }
    char driver[TEXT + 1] = "";
    if (!lib->driver || lib->driver(driver, TEXT) != NVML_SUCCESS) driver[0] = 0;
    for (unsigned int i = 0; i < count; i++) {
        device dev = NULL;
        status = lib->by_index(i, &dev);
        if (status != NVML_SUCCESS) {
            llw_gpu_list_note(list, "NVML cannot reach GPU %u: %s", i, reason(lib, status));
            continue;
        }
        llw_gpu_reading *gpu = llw_gpu_list_get(list, (int)i);
        if (driver[0]) gpu->driver = llw_arena_strdup(list->arena, driver);
        read_device(lib, dev, list->arena, gpu);
    }
    if (!list->count) return llw_fail(err, LLW_ERR_NOTHING, name, 0, "can reach none of its %u GPUs", count);
    llw_gpu_list_check(list);
    return LLW_OK;
}

llw_rc llw_gpu_nvml_read(llw_gpu_list *list, const char *library, llw_err *err) {
    /* the last one is where WSL2 keeps the Windows driver's libraries */
    static const char *const usual[] = {"libnvidia-ml.so.1", "libnvidia-ml.so",
                                        "/usr/lib/wsl/lib/libnvidia-ml.so.1", NULL};
    const char *given[] = {library, NULL}, *name = library ? library : usual[0];
    nvml lib = {.handle = llw_library_open(library ? given : usual)};
    if (!lib.handle) return llw_fail(err, LLW_ERR_NOTHING, name, 0, "is not there");
    load_symbols(&lib);
    llw_rc rc;
    int status = NVML_SUCCESS;
    if (!lib.init || !lib.by_index)
        rc = llw_fail(err, LLW_ERR_NOTHING, name, 0, "lacks the calls every NVML has");
    else if ((status = lib.init()) != NVML_SUCCESS)
        rc = llw_fail(err, LLW_ERR_NOTHING, name, 0, "cannot start: %s", reason(&lib, status));
    else {
        rc = read_all(&lib, name, list, err);
        if (lib.shutdown) (void)lib.shutdown();
    }
    dlclose(lib.handle);
    return rc;
}
