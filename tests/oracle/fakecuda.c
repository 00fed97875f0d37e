/* Devices, buffers and the registry of the answering-only CUDA backend. */
#define GGML_BACKEND_DL
#include "fakecuda.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { MAX_CARDS = 16 };
static const size_t page = 2 << 20; /* cudaMalloc */

typedef struct card {
    char name[16], description[64];
    size_t total, free, taken;
    size_t held; /* bytes of its buffers, without the pages' rounding */
} card;

int fake_compute_capability = 900;
int fake_fuses = 1;
static int shrinks;
static card cards[MAX_CARDS];
static size_t n_cards;
static bool made;
static struct ggml_backend_device devices[MAX_CARDS];
static struct ggml_backend_buffer_type device_types[MAX_CARDS], host_type;
static struct ggml_backend_reg registry;

static card *card_of(ggml_backend_dev_t device) {
    return &cards[device - devices];
}

bool fake_is_device_buffer(ggml_backend_buffer_type_t type) {
    return type >= device_types && type < device_types + MAX_CARDS;
}

/* ---- buffers: address space only ---- */

static size_t pages(size_t size) {
    return (size + page - 1) / page * page;
}

static void buffer_free(ggml_backend_buffer_t buffer) {
    if (!buffer->context) return;
    munmap(buffer->context, buffer->size ? buffer->size : 4096);
    if (fake_is_device_buffer(buffer->buft)) {
        card_of(buffer->buft->device)->taken -= pages(buffer->size);
        card_of(buffer->buft->device)->held -= buffer->size;
    }
}

static void *buffer_base(ggml_backend_buffer_t buffer) {
    return buffer->context;
}

static void buffer_memset(ggml_backend_buffer_t buffer, struct ggml_tensor *t, uint8_t value, size_t offset,
                          size_t size) {
    (void)buffer;
    memset((char *)t->data + offset, value, size);
}

static void buffer_set(ggml_backend_buffer_t buffer, struct ggml_tensor *t, const void *from, size_t offset,
                       size_t size) {
    (void)buffer;
    memcpy((char *)t->data + offset, from, size);
}

static void buffer_get(ggml_backend_buffer_t buffer, const struct ggml_tensor *t, void *to, size_t offset,
                       size_t size) {
    (void)buffer;
    memcpy(to, (const char *)t->data + offset, size);
}

static void buffer_clear(ggml_backend_buffer_t buffer, uint8_t value) {
    (void)buffer;
    (void)value;
}

static const struct ggml_backend_buffer_i buffer_calls = {.free_buffer = buffer_free,
                                                          .get_base = buffer_base,
                                                          .memset_tensor = buffer_memset,
                                                          .set_tensor = buffer_set,
                                                          .get_tensor = buffer_get,
                                                          .clear = buffer_clear};

static ggml_backend_buffer_t type_alloc(ggml_backend_buffer_type_t type, size_t size) {
    void *base = mmap(NULL, size ? size : 4096, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return NULL;
    if (fake_is_device_buffer(type)) {
        card_of(type->device)->taken += pages(size);
        card_of(type->device)->held += size;
    }
    return ggml_backend_buffer_init(type, buffer_calls, base, size);
}

static const char *device_type_name(ggml_backend_buffer_type_t type) {
    return card_of(type->device)->name;
}

static size_t device_type_alignment(ggml_backend_buffer_type_t type) {
    (void)type;
    return 128;
}

/* Rows of quantised tensors are padded to 512 elements. */
static size_t device_type_size(ggml_backend_buffer_type_t type, const struct ggml_tensor *t) {
    (void)type;
    size_t size = t->op == GGML_OP_FLASH_ATTN_EXT ? fake_attention_size(t) : ggml_nbytes(t);
    if (ggml_is_quantized(t->type) && t->ne[0] % 512) size += ggml_row_size(t->type, 512 - t->ne[0] % 512);
    return size;
}

static const char *host_type_name(ggml_backend_buffer_type_t type) {
    (void)type;
    return "CUDA_Host";
}

static size_t host_type_alignment(ggml_backend_buffer_type_t type) {
    (void)type;
    return 32;
}

static bool host_type_is_host(ggml_backend_buffer_type_t type) {
    (void)type;
    return true;
}

/* ---- the backend: it cannot compute ---- */

static const char *backend_name(ggml_backend_t backend) {
    return card_of(backend->device)->name;
}

static void backend_free(ggml_backend_t backend) {
    free(backend);
}

static void backend_synchronize(ggml_backend_t backend) {
    (void)backend;
}

static enum ggml_status backend_compute(ggml_backend_t backend, struct ggml_cgraph *graph) {
    (void)backend;
    (void)graph;
    return GGML_STATUS_FAILED;
}

static void backend_event(ggml_backend_t backend, ggml_backend_event_t event) {
    (void)backend;
    (void)event;
}

static ggml_guid guid = {0xfa, 0x4e, 0x05, 0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};

static ggml_backend_t device_init(ggml_backend_dev_t device, const char *params) {
    (void)params;
    ggml_backend_t backend = calloc(1, sizeof *backend);
    if (!backend) abort();
    backend->guid = &guid;
    backend->device = device;
    backend->iface = (struct ggml_backend_i){.get_name = backend_name,
                                             .free = backend_free,
                                             .synchronize = backend_synchronize,
                                             .graph_compute = backend_compute,
                                             .event_record = backend_event,
                                             .event_wait = backend_event,
                                             .graph_optimize = fake_graph_optimize};
    return backend;
}

/* ---- devices ---- */

static const char *device_name(ggml_backend_dev_t device) {
    return card_of(device)->name;
}

static const char *device_description(ggml_backend_dev_t device) {
    return card_of(device)->description;
}

static void device_memory(ggml_backend_dev_t device, size_t *free_bytes, size_t *total) {
    const card *c = card_of(device);
    *free_bytes = shrinks ? c->free - c->taken : c->free;
    *total = c->total;
}

static enum ggml_backend_dev_type device_kind(ggml_backend_dev_t device) {
    (void)device;
    return GGML_BACKEND_DEVICE_TYPE_GPU;
}

static void device_props(ggml_backend_dev_t device, struct ggml_backend_dev_props *props) {
    memset(props, 0, sizeof *props);
    props->name = device_name(device);
    props->description = device_description(device);
    props->type = device_kind(device);
    device_memory(device, &props->memory_free, &props->memory_total);
    props->caps.async = props->caps.host_buffer = props->caps.events = props->caps.mmap_support = true;
}

static ggml_backend_buffer_type_t device_buffer_type(ggml_backend_dev_t device) {
    return &device_types[device - devices];
}

static ggml_backend_buffer_type_t device_host_type(ggml_backend_dev_t device) {
    (void)device;
    return &host_type;
}

static bool device_takes_buffer(ggml_backend_dev_t device, ggml_backend_buffer_type_t type) {
    return type == device_buffer_type(device);
}

static ggml_backend_event_t event_new(ggml_backend_dev_t device) {
    ggml_backend_event_t event = calloc(1, sizeof *event);
    if (!event) abort();
    event->device = device;
    return event;
}

static void event_free(ggml_backend_dev_t device, ggml_backend_event_t event) {
    (void)device;
    free(event);
}

static void event_synchronize(ggml_backend_dev_t device, ggml_backend_event_t event) {
    (void)device;
    (void)event;
}

/* ---- the registry ---- */

static const char *registry_name(ggml_backend_reg_t reg) {
    (void)reg;
    return "CUDA";
}

static size_t registry_count(ggml_backend_reg_t reg) {
    (void)reg;
    return n_cards;
}

static ggml_backend_dev_t registry_device(ggml_backend_reg_t reg, size_t i) {
    (void)reg;
    return &devices[i];
}

/* What the probe asks: bytes that a card's buffers hold. */
static size_t held_by(size_t number) {
    return number < n_cards ? cards[number].held : 0;
}

static void *registry_symbol(ggml_backend_reg_t reg, const char *name) {
    (void)reg;
    return strcmp(name, "fake_held") ? NULL : (void *)held_by;
}

/* A size in MiB, or in bytes with the suffix B. */
static size_t read_size(const char **at) {
    char *end;
    size_t size = strtoull(*at, &end, 10);
    if (*end == 'B')
        end++;
    else
        size <<= 20;
    *at = end;
    return size;
}

static void read_cards(const char *at) {
    while (*at && n_cards < MAX_CARDS) {
        card *c = &cards[n_cards];
        c->total = c->free = read_size(&at);
        if (*at == ':') {
            at++;
            c->free = read_size(&at);
        }
        snprintf(c->name, sizeof c->name, "CUDA%zu", n_cards++);
        snprintf(c->description, sizeof c->description, "invented GPU of %zu MiB", c->total >> 20);
        if (*at != ',') break;
        at++;
    }
}

static int number(const char *variable, int otherwise) {
    const char *text = getenv(variable);
    return text ? atoi(text) : otherwise;
}

static void make(void) {
    made = true;
    const char *text = getenv("FAKE_GPUS");
    fake_compute_capability = number("FAKE_CC", fake_compute_capability);
    fake_fuses = number("FAKE_OPT", fake_fuses);
    shrinks = number("FAKE_LIVE", 0);
    read_cards(text && *text ? text : "24564");
    for (size_t i = 0; i < n_cards; i++) {
        devices[i].iface = (struct ggml_backend_device_i){.get_name = device_name,
                                                          .get_description = device_description,
                                                          .get_memory = device_memory,
                                                          .get_type = device_kind,
                                                          .get_props = device_props,
                                                          .init_backend = device_init,
                                                          .get_buffer_type = device_buffer_type,
                                                          .get_host_buffer_type = device_host_type,
                                                          .supports_op = fake_supports_op,
                                                          .supports_buft = device_takes_buffer,
                                                          .offload_op = fake_offloads_op,
                                                          .event_new = event_new,
                                                          .event_free = event_free,
                                                          .event_synchronize = event_synchronize};
        devices[i].reg = &registry;
        device_types[i].iface = (struct ggml_backend_buffer_type_i){.get_name = device_type_name,
                                                                    .alloc_buffer = type_alloc,
                                                                    .get_alignment = device_type_alignment,
                                                                    .get_alloc_size = device_type_size};
        device_types[i].device = &devices[i];
    }
    host_type.iface = (struct ggml_backend_buffer_type_i){.get_name = host_type_name,
                                                          .alloc_buffer = type_alloc,
                                                          .get_alignment = host_type_alignment,
                                                          .is_host = host_type_is_host};
    host_type.device = &devices[0];
    registry.api_version = GGML_BACKEND_API_VERSION;
    registry.iface =
        (struct ggml_backend_reg_i){registry_name, registry_count, registry_device, registry_symbol};
}

__attribute__((visibility("default"))) ggml_backend_reg_t ggml_backend_init(void) {
    if (!made) make();
    return &registry;
}

__attribute__((visibility("default"))) int ggml_backend_score(void) {
    return 1;
}
