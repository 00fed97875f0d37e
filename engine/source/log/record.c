/* What the record of a load is made of: texts, sizes and devices as lines name them. */
#include "base/secret.h"
#include "source/log/state.h"

#include <math.h>
#include <string.h>

enum { MAX_TEXT = 300 };

const char *llw_log_copy(llw_arena *arena, llw_log_text text) {
    return llw_secret_hidden(arena,
                             llw_arena_strndup(arena, text.at, text.len > MAX_TEXT ? MAX_TEXT : text.len));
}

int64_t llw_log_bytes(double amount, int64_t unit) {
    if (!(amount >= 0) || amount > 4e18 / (double)unit) return -1;
    return llround(amount * (double)unit);
}

void llw_log_evidence(llw_load *load, int line) {
    if (load->n_evidence && load->evidence[load->n_evidence - 1] == line) return;
    if (load->n_evidence < LLW_LOG_EVIDENCE) load->evidence[load->n_evidence++] = line;
}

static void device_init(llw_log_device *d, const char *name) {
    *d = (llw_log_device){.name = name,
                          .total = -1,
                          .free = -1,
                          .model = -1,
                          .context = -1,
                          .recurrent = -1,
                          .compute = -1,
                          .output = -1,
                          .other = 0,
                          .unaccounted = -1};
}

void llw_load_init(llw_load *load) {
    *load = (llw_load){.verbosity = -1,
                       .threads = -1,
                       .file_bytes = -1,
                       .params = -1,
                       .n_layer = -1,
                       .n_ctx_train = -1,
                       .n_expert = -1,
                       .n_ctx = -1,
                       .n_ctx_seq = -1,
                       .n_batch = -1,
                       .n_ubatch = -1,
                       .n_seq = -1,
                       .offloaded = -1,
                       .layers = -1,
                       .overrides_only_experts = true,
                       .crash_prompt = -1,
                       .longest_prompt = -1};
    load->fit = (llw_log_fit){
        .context_from = -1, .context_to = -1, .context_given = -1, .layers_given = -1, .seconds = -1};
    load->oom = (llw_log_oom){.asked = -1, .free_before = -1, .free = -1};
    device_init(&load->host, "Host");
}

static bool text_has(llw_log_text t, const char *part) {
    size_t len = strlen(part);
    for (size_t i = 0; i + len <= t.len; i++)
        if (!memcmp(t.at + i, part, len)) return true;
    return false;
}

/* Everything in RAM is the host: the CPU's own buffers, those pinned for a GPU, and accelerators that use
 * RAM. */
static bool on_host(llw_log_text name) {
    return llw_log_text_starts(name, "CPU") || text_has(name, "_Host") || llw_log_text_is(name, "Host") ||
           llw_log_text_is(name, "BLAS") || llw_log_text_is(name, "AMX") || llw_log_text_is(name, "ACCEL");
}

const char *llw_log_device_name(llw_arena *arena, llw_log_text buffer) {
    static const char *const kinds[] = {"_Mapped", "_Split", "_Private", "_REPACK", "-REPACK"};
    if (on_host(buffer)) return "Host";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        size_t len = strlen(kinds[i]);
        if (buffer.len > len && !memcmp(buffer.at + buffer.len - len, kinds[i], len)) buffer.len -= len;
    }
    if (buffer.len > 64) buffer.len = 64;
    return llw_log_copy(arena, buffer);
}

llw_log_device *llw_log_device_get(llw_arena *arena, llw_load *load, const char *name) {
    if (!strcmp(name, "Host")) return &load->host;
    for (int i = 0; i < load->n_devices; i++)
        if (!strcmp(load->devices[i].name, name)) return &load->devices[i];
    if (load->n_devices == LLW_LOG_DEVICES) return NULL;
    llw_log_device *d = &load->devices[load->n_devices++];
    device_init(d, llw_arena_strdup(arena, name));
    return d;
}

int64_t llw_log_unit(llw_log_text unit) {
    static const struct {
        const char *name;
        int64_t unit;
    } units[] = {
        {"GiB", 1 << 30}, {"MiB", 1 << 20},     {"KiB", 1 << 10},  {"MB", 1 << 20} /* 2023's word for MiB */,
        {"GB", 1 << 30},  {"T", 1000000000000}, {"B", 1000000000}, {"M", 1000000},
        {"K", 1000}};
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (llw_log_text_is(unit, units[i].name)) return units[i].unit;
    return 0;
}
