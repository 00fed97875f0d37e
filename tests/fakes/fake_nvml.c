/* An NVML that is told by FAKE_NVML (environment) how to behave: two cards, or one of many kinds of trouble.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB (1ull << 20)
enum { OK = 0, NOT_SUPPORTED = 3, NOT_FOUND = 6, DRIVER_NOT_LOADED = 9, UNKNOWN = 999 };

typedef struct card {
    const char *name, *uuid, *bus;
    unsigned long long total, reserved, used;
    int major, minor, generation, width, display;
} card;

static const card pair[2] = {
    {"NVIDIA GeForce RTX 5070 Ti", "GPU-11111111-0000-0000-0000-000000000001", "00000000:01:00.0", 16303, 461,
     3200, 12, 0, 5, 8, 1},
    {"NVIDIA GeForce RTX 4090", "GPU-22222222-0000-0000-0000-000000000002", "00000000:02:00.0", 24564, 484, 0,
     8, 9, 4, 16, 0},
};
static const card h200 = {"NVIDIA H200",
                          "GPU-33333333-0000-0000-0000-000000000003",
                          "00000000:06:00.0",
                          143771,
                          616,
                          0,
                          9,
                          0,
                          5,
                          16,
                          0};
static const card gb10 = {
    "NVIDIA GB10", "GPU-44444444-0000-0000-0000-000000000004", "0000000F:01:00.0", 0, 0, 0, 12, 1, 0, 0, 0};

static int is(const char *behaviour) {
    const char *asked = getenv("FAKE_NVML");
    return asked && !strcmp(asked, behaviour);
}

/* Handles are places in this table. */
enum { CARDS = 64 };
static card cards[CARDS];

static const card *of(void *device) {
    return device;
}

static unsigned int count_cards(void) {
    if (is("none")) return 0;
    if (is("33")) return 33;
    if (is("300")) return 300;
    return is("h200") || is("gb10") || is("gb10-tells") || is("ats") ? 1 : 2;
}

int nvmlInit_v2(void);
int nvmlInit(void);
int nvmlShutdown(void);
const char *nvmlErrorString(int status);
int nvmlSystemGetDriverVersion(char *text, unsigned int len);
int nvmlDeviceGetCount_v2(unsigned int *count);
int nvmlDeviceGetCount(unsigned int *count);
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device);
int nvmlDeviceGetHandleByIndex(unsigned int index, void **device);
int nvmlDeviceGetName(void *device, char *text, unsigned int len);
int nvmlDeviceGetUUID(void *device, char *text, unsigned int len);
int nvmlDeviceGetPciInfo_v3(void *device, void *info);
int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *memory);
int nvmlDeviceGetMemoryInfo_v2(void *device, void *memory);
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor);
int nvmlDeviceGetMaxPcieLinkGeneration(void *device, unsigned int *generation);
int nvmlDeviceGetCurrPcieLinkWidth(void *device, unsigned int *width);
int nvmlDeviceGetDisplayActive(void *device, int *active);
int nvmlDeviceGetMigMode(void *device, unsigned int *now, unsigned int *pending);
int nvmlDeviceGetAddressingMode(void *device, void *mode);
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned int *count, void *rows);
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned int *count, void *rows);
int nvmlDeviceGetComputeRunningProcesses(void *device, unsigned int *count, void *rows);
int nvmlDeviceGetGraphicsRunningProcesses(void *device, unsigned int *count, void *rows);

static int start(void) {
    for (unsigned int i = 0; i < count_cards() && i < CARDS; i++)
        cards[i] = count_cards() > 2 || is("h200")               ? h200
                   : is("gb10") || is("gb10-tells") || is("ats") ? gb10
                                                                 : pair[i];
    return is("init-fails") ? DRIVER_NOT_LOADED : OK;
}

static int give_text(const char *text, char *out, unsigned int len) {
    if (is("errors")) return UNKNOWN;
    if (is("no-end")) {
        memset(out, 'x', len); /* as long as allowed, and no NUL */
        return OK;
    }
    snprintf(out, len, "%s", text);
    return OK;
}

static int sizes(const card *c, unsigned long long *total, unsigned long long *reserved,
                 unsigned long long *used, unsigned long long *available) {
    if (is("errors")) return UNKNOWN;
    if (is("gb10") || is("ats")) return NOT_SUPPORTED;
    if (is("absurd")) {
        *total = *reserved = *used = *available = ~0ull;
        return OK;
    }
    *total = (is("zero") ? 0 : is("gb10-tells") ? 122880 : c->total) * MIB;
    *reserved = c->reserved * MIB;
    *used = c->used * MIB;
    *available = is("inverted") ? *total + MIB
                 : *total       ? *total - *reserved - *used + (is("h200") ? MIB : 0)
                                : 0;
    return OK;
}

#if FAKE_AGE == 2
int nvmlInit_v2(void) {
    return start();
}
int nvmlDeviceGetCount_v2(unsigned int *count) {
    *count = count_cards();
    return is("uncountable") ? 77 : OK;
}
int nvmlDeviceGetHandleByIndex_v2(unsigned int index, void **device) {
    if (is("out-of-reach") || (is("unreachable") && index == 0)) return NOT_FOUND;
    *device = &cards[index % CARDS];
    return OK;
}
int nvmlDeviceGetAddressingMode(void *device, void *mode) {
    (void)device;
    ((unsigned int *)mode)[1] = 2;
    return is("ats") ? OK : NOT_SUPPORTED;
}
int nvmlDeviceGetMemoryInfo_v2(void *device, void *memory) {
    struct {
        unsigned int version;
        unsigned long long total, reserved, available, used;
    } *m = memory;
    if (is("memory-v1-only") || m->version != (sizeof *m | 2u << 24)) return NOT_SUPPORTED;
    return sizes(of(device), &m->total, &m->reserved, &m->used, &m->available);
}
int nvmlDeviceGetPciInfo_v3(void *device, void *info) {
    if (is("errors")) return UNKNOWN;
    memset(info, 0, 68);
    snprintf((char *)info + 36, 32, "%s", is("absurd") ? "" : of(device)->bus);
    return OK;
}
int nvmlDeviceGetMigMode(void *device, unsigned int *now, unsigned int *pending) {
    (void)device;
    *now = *pending = is("mig") ? 1u : 0u;
    return is("errors") ? UNKNOWN : OK;
}
int nvmlDeviceGetComputeRunningProcesses_v3(void *device, unsigned int *count, void *rows) {
    struct {
        unsigned int pid;
        unsigned long long used;
        unsigned int instances[2];
    } *r = rows;
    (void)device;
    if (is("errors")) return UNKNOWN;
    if (is("process-flood")) {
        *count = 0x7fffffff;
        return OK;
    }
    *count = is("hidden") ? 0 : 2;
    r[0].pid = 100;
    r[1].pid = 101;
    return OK;
}
int nvmlDeviceGetGraphicsRunningProcesses_v3(void *device, unsigned int *count, void *rows) {
    (void)device;
    *count = is("hidden") ? 0 : 1;
    *(unsigned int *)rows = 100; /* the same process also draws */
    return is("not-drawn") ? UNKNOWN : OK;
}
#endif

#if FAKE_AGE == 1
int nvmlInit(void) {
    return start();
}
int nvmlDeviceGetCount(unsigned int *count) {
    *count = count_cards();
    return OK;
}
int nvmlDeviceGetHandleByIndex(unsigned int index, void **device) {
    *device = &cards[index];
    return OK;
}
int nvmlDeviceGetComputeRunningProcesses(void *device, unsigned int *count, void *rows) {
    struct {
        unsigned int pid;
        unsigned long long used;
    } *r = rows;
    (void)device;
    *count = 3;
    r[0].pid = 7;
    r[1].pid = 8;
    r[2].pid = 9;
    return OK;
}
int nvmlDeviceGetGraphicsRunningProcesses(void *device, unsigned int *count, void *rows) {
    (void)device;
    (void)rows;
    *count = 0;
    return OK;
}
#endif

#if FAKE_AGE == 3
int nvmlInit(void) {
    return start();
}
int nvmlDeviceGetHandleByIndex(unsigned int index, void **device) {
    *device = &cards[index];
    return OK;
}
int nvmlDeviceGetCount(unsigned int *count) {
    *count = count_cards();
    (void)give_text;
    (void)sizes;
    (void)of;
    return OK;
}
#elif FAKE_AGE >= 1
int nvmlShutdown(void) {
    return OK;
}
const char *nvmlErrorString(int status) {
    return status == DRIVER_NOT_LOADED ? "Driver Not Loaded"
           : status == NOT_FOUND       ? "Not Found"
           : status == 77              ? NULL
                                       : "Unknown Error";
}
int nvmlSystemGetDriverVersion(char *text, unsigned int len) {
    return give_text("580.159.04", text, len);
}
int nvmlDeviceGetName(void *device, char *text, unsigned int len) {
    return give_text(of(device)->name, text, len);
}
int nvmlDeviceGetUUID(void *device, char *text, unsigned int len) {
    return give_text(of(device)->uuid, text, len);
}
int nvmlDeviceGetMemoryInfo(void *device, unsigned long long *memory) {
    unsigned long long total, reserved, used, available;
    int status = sizes(of(device), &total, &reserved, &used, &available);
    if (status != OK) return status;
    memory[0] = total;
    memory[1] = available;
    memory[2] = total - available;
    return OK;
}
int nvmlDeviceGetCudaComputeCapability(void *device, int *major, int *minor) {
    if (is("errors")) return UNKNOWN;
    *major = is("absurd") ? 100 : of(device)->major;
    *minor = of(device)->minor;
    return OK;
}
int nvmlDeviceGetMaxPcieLinkGeneration(void *device, unsigned int *generation) {
    if (is("errors") || !of(device)->generation) return NOT_SUPPORTED;
    *generation = is("absurd") ? 16 : (unsigned int)of(device)->generation;
    return OK;
}
int nvmlDeviceGetCurrPcieLinkWidth(void *device, unsigned int *width) {
    if (is("errors") || !of(device)->width) return NOT_SUPPORTED;
    *width = is("absurd") ? 33 : (unsigned int)of(device)->width;
    return OK;
}
int nvmlDeviceGetDisplayActive(void *device, int *active) {
    if (is("errors")) return UNKNOWN;
    *active = of(device)->display;
    return OK;
}
#else
int nvmlShutdown(void) { /* an NVML without nvmlInit */
    (void)start;
    (void)give_text;
    (void)sizes;
    (void)of;
    return OK;
}
#endif
