/* Reading a launch entity into numbers: llama.cpp's words become enums, lists and bytes. */
#include "fact/launch.h"
#include "fact/flags.h"
#include "fact/ggml_type.h"
#include "fact/seen.h"

#include <errno.h>
#include <stdio.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const int64_t MIB = 1024 * 1024;

/* common/arg.cpp kv_cache_types, v0.5.0 */
static const char *const cache_types[] = {"f32",  "f16",    "bf16", "q8_0", "q4_0",
                                          "q4_1", "iq4_nl", "q5_0", "q5_1"};
enum { N_CACHE_TYPES = sizeof cache_types / sizeof *cache_types };

int llw_cache_type_find(const char *name) {
    for (int i = 0; i < N_CACHE_TYPES; i++)
        if (!strcmp(cache_types[i], name)) return llw_ggml_type_find(name);
    return -1;
}

const char *llw_cache_type_nearest(const char *name) {
    static const char *const meant[][2] = {
        {"fp16", "f16"}, {"fp32", "f32"}, {"q8", "q8_0"},   {"int8", "q8_0"},  {"q4", "q4_0"},
        {"q5", "q5_0"},  {"q6", "q5_1"},  {"q8_1", "q8_0"}, {"iq4", "iq4_nl"}, {"q4_k", "q4_0"}};
    for (int i = 0; i < N_CACHE_TYPES; i++)
        if (!strcasecmp(cache_types[i], name)) return cache_types[i];
    for (size_t i = 0; i < sizeof meant / sizeof *meant; i++)
        if (!strcasecmp(meant[i][0], name)) return meant[i][1];
    return NULL;
}

/* One reading: the first slot without a value, and the first value that cannot be read. */
typedef struct reading {
    const llw_facts *facts;
    llw_entity entity;
    llw_arena *arena;
    llw_seen_gpus seen;
    llw_attr missing, refused;
    llw_rc rc;
    llw_err *err;
} reading;

static const char *place_of(reading *r, llw_attr attr) {
    const llw_claim *c = llw_facts_best(r->facts, r->entity, attr);
    return c ? (*c->place ? c->place : c->origin) : "";
}

static void miss(reading *r, llw_attr attr) {
    if (r->missing == LLW_ATTR_NONE) r->missing = attr;
}

static int64_t count_of(reading *r, llw_attr attr) {
    int64_t n = 0;
    if (!llw_facts_count(r->facts, r->entity, attr, &n)) miss(r, attr);
    return n;
}

static bool flag_of(reading *r, llw_attr attr) {
    bool b = false;
    if (!llw_facts_flag(r->facts, r->entity, attr, &b)) miss(r, attr);
    return b;
}

static const char *text_of(reading *r, llw_attr attr) {
    const char *t = "";
    if (!llw_facts_text(r->facts, r->entity, attr, &t)) miss(r, attr);
    return t;
}

/* A flag that newer builds only have, or that is optional: false when nobody spoke of it. */
static bool flag_or_off(reading *r, llw_attr attr) {
    bool b = false;
    return llw_facts_flag(r->facts, r->entity, attr, &b) && b;
}

static void stop(reading *r, llw_rc rc, llw_attr attr, const char *fmt, const char *value,
                 const char *advice) {
    if (r->rc != LLW_OK) return;
    char what[300];
    snprintf(what, sizeof what, fmt, value);
    r->refused = attr;
    r->rc = llw_fail(r->err, rc, place_of(r, attr), 0, "launch.%s: %s: %s", llw_attr_get(attr)->name, what,
                     advice);
}

static void refuse(reading *r, llw_attr attr, const char *fmt, const char *value, const char *advice) {
    stop(r, LLW_ERR_INPUT, attr, fmt, value, advice);
}

static uint32_t cache_type_of(reading *r, llw_attr attr) {
    const char *name = text_of(r, attr);
    int type = *name ? llw_cache_type_find(name) : 0;
    if (type >= 0) return (uint32_t)type;
    const char *near = llw_cache_type_nearest(name);
    refuse(r, attr, "llama.cpp has no cache type '%.40s'", name,
           near ? llw_arena_printf(r->arena, "did you mean %s?", near)
                : "write one of f32, f16, bf16, q8_0, q4_0, q4_1, iq4_nl, q5_0, q5_1");
    return 0;
}

/* The index of a word in a list, or -1 with the reading refused. */
static int word_of(reading *r, llw_attr attr, const char *const *words, int n, const char *advice) {
    const char *text = text_of(r, attr);
    if (!*text) return 0;
    for (int i = 0; i < n; i++)
        if (!strcmp(words[i], text)) return i;
    refuse(r, attr, "'%.40s' is no value llama.cpp takes", text, advice);
    return 0;
}

static void read_program(reading *r, llw_launch *out) {
    const char *program = text_of(r, LLW_launch_program);
    if (*program && !llw_program_find(program, &out->program))
        refuse(r, LLW_launch_program, "'%.40s' is no program", program,
               "give server, cli, bench or fit-params");
}

static void read_build(reading *r, llw_launch *out) {
    llw_entity build = llw_facts_ref(r->facts, r->entity, LLW_launch_build);
    if (!build || !llw_facts_count(r->facts, build, LLW_build_order, &out->build_order))
        miss(r, LLW_launch_build);
}

/* Numbers separated by , or /, as -ts and -fitt take them. */
static int numbers(const char *text, double *out, int max) {
    int n = 0;
    for (const char *at = text; *at && n < max;) {
        char *end = NULL;
        errno = 0;
        double value = strtod(at, &end);
        if (end == at) return -1;
        out[n++] = value;
        at = end + strcspn(end, ",/");
        at += strspn(at, ",/");
    }
    return n;
}

static void read_tensor_split(reading *r, llw_launch *out) {
    const char *text = text_of(r, LLW_launch_tensor_split);
    out->n_tensor_split = numbers(text, out->tensor_split, LLW_MAX_DEVICES);
    bool bad = out->n_tensor_split < 0;
    for (int i = 0; i < out->n_tensor_split; i++)
        bad |= !(out->tensor_split[i] >= 0 && out->tensor_split[i] < 1e30);
    if (bad) {
        refuse(r, LLW_launch_tensor_split, "'%.60s' are no shares", text,
               "give one number for each GPU, like 3,1");
        out->n_tensor_split = 0;
    }
}

static void read_fit_target(reading *r, llw_launch *out) {
    const char *text = text_of(r, LLW_launch_fit_target);
    double mib[LLW_MAX_DEVICES];
    int n = numbers(text, mib, LLW_MAX_DEVICES);
    bool bad = n < 0;
    for (int i = 0; i < n; i++) bad |= !(mib[i] >= 0 && mib[i] < 1e9);
    if (bad) {
        refuse(r, LLW_launch_fit_target, "'%.60s' are no sizes", text,
               "give MiB for each GPU, like 128,1024");
        n = 0;
    }
    /* one value counts for every device; of a shorter list the rest keeps the default (arg.cpp --fit-target)
     */
    for (int i = 0; i < LLW_MAX_DEVICES; i++) {
        int64_t preset = out->program == LLW_PROGRAM_BENCH ? 0 : 1024;
        out->fit_target[i] = (n == 1 ? (int64_t)mib[0] : i < n ? (int64_t)mib[i] : preset) * MIB;
    }
}

static void add_device(reading *r, llw_launch *out, const char *name, llw_entity gpu) {
    if (out->n_devices == LLW_MAX_DEVICES) return;
    llw_device *d = &out->devices[out->n_devices++];
    *d = (llw_device){.name = name, .gpu = gpu};
    if (!gpu) return;
    bool total = llw_facts_count(r->facts, gpu, LLW_gpu_total, &d->total);
    d->known = llw_facts_count(r->facts, gpu, LLW_gpu_free, &d->free) && total;
    llw_facts_real(r->facts, gpu, LLW_gpu_bandwidth, &d->bandwidth);
    if (llw_facts_count(r->facts, gpu, LLW_gpu_grew, &d->grew))
        llw_facts_count(r->facts, gpu, LLW_gpu_grew_records, &d->grew_records);
    llw_facts_flag(r->facts, gpu, LLW_gpu_display, &d->display);
    const llw_claim *free_claim = llw_facts_best(r->facts, gpu, LLW_gpu_free);
    int64_t read = 0;
    d->live = d->known && (!strcmp(free_claim->origin, "log") ||
                           (llw_facts_count(r->facts, gpu, LLW_gpu_nvml_free, &read) &&
                            strcmp(free_claim->origin, "argument") != 0));
}

/* ggml_backend_dev_by_name compares without regard to case */
static const llw_seen *seen_by_name(const llw_seen_gpus *seen, const char *name) {
    for (size_t i = 0; i < seen->n; i++)
        if (!strcasecmp(seen->items[i].name, name)) return &seen->items[i];
    return NULL;
}

/* A device of another kind than those known may be there all the same. */
static llw_rc of_absent(const llw_seen_gpus *seen, const char *name) {
    return llw_seen_lacks(seen, name, strlen(name)) ? LLW_ERR_INPUT : LLW_ERR_NOTHING;
}

static void read_devices(reading *r, llw_launch *out) {
    const llw_seen_gpus *seen = &r->seen;
    const char *list = text_of(r, LLW_launch_devices);
    if (!strcmp(list, "none")) return;
    if (seen->missing != LLW_ATTR_NONE) {
        miss(r, seen->missing);
        return;
    }
    if (!*list) {
        for (size_t i = 0; i < seen->n; i++) add_device(r, out, seen->items[i].name, seen->items[i].gpu);
        return;
    }
    for (const char *at = list;;) {
        size_t len = strcspn(at, ",");
        const char *name = llw_arena_strndup(r->arena, at, len);
        const llw_seen *found = seen_by_name(seen, name);
        if (!found && seen->n)
            stop(r, of_absent(seen, name), LLW_launch_devices, "llama.cpp sees no device '%.40s' here", name,
                 llw_arena_printf(r->arena, "the first one is %s", seen->items[0].name));
        else if (*name)
            add_device(r, out, found ? found->name : name, found ? found->gpu : 0);
        if (!at[len]) return;
        at += len + 1;
    }
}

static void read_load_mode(reading *r, llw_launch *out) {
    static const char *const modes[] = {"auto", "mmap", "mmap+mlock", "none", "mlock", "dio"};
    out->mmap =
        word_of(r, LLW_launch_load_mode, modes, 6, "write auto, none, mmap, mlock, mmap+mlock or dio") < 3;
}

static void read_kv_unified(reading *r, llw_launch *out) {
    const llw_claim *c = llw_facts_best(r->facts, r->entity, LLW_launch_kv_unified);
    bool said = c && c->value.known && c->grade > LLW_GRADE_DEFAULT;
    out->kv_unified = said ? (c->value.as.flag ? LLW_ON : LLW_OFF) : LLW_AUTO;
    /* server.cpp: with automatic slots the cache is shared, whatever --no-kv-unified says */
    if (out->program == LLW_PROGRAM_SERVER && out->parallel < 0) out->kv_unified = LLW_AUTO;
}

static void read_model(reading *r, llw_launch *out) {
    out->model_entity = llw_facts_ref(r->facts, r->entity, LLW_launch_model);
    if (!out->model_entity)
        miss(r, LLW_launch_model);
    else
        out->model = llw_facts_model(r->facts, out->model_entity);
}

/* llama.cpp knows the buffer types of the devices it sees, whatever -dev says. */
static void check_buffers(reading *r, const llw_launch *out) {
    for (size_t i = 0; r->seen.n && i < out->n_overrides; i++) {
        const char *buffer = out->overrides[i].buffer;
        bool there = !strcmp(buffer, "CPU");
        for (size_t k = 0; k < r->seen.n; k++) there |= !strcmp(buffer, r->seen.items[k].name);
        if (there) continue;
        stop(r, of_absent(&r->seen, buffer), LLW_launch_override_tensor,
             "llama.cpp has no buffer type '%.40s' here", buffer,
             llw_arena_printf(r->arena, "write CPU, or a GPU such as %s", r->seen.items[0].name));
        return;
    }
}

/* What the host has and, where that is less, what the launch's container, pod or unit may take. */
static void read_ram(reading *r, llw_launch *out) {
    llw_entity host = llw_facts_next(r->facts, LLW_KIND_host, 0);
    if (host) {
        llw_facts_count(r->facts, host, LLW_host_ram_available, &out->ram_available);
        llw_facts_count(r->facts, host, LLW_host_ram_total, &out->ram_total);
        llw_facts_real(r->facts, host, LLW_host_ram_bandwidth, &out->ram_bandwidth);
        llw_facts_text(r->facts, host, LLW_host_cpu_features, &out->cpu);
    }
    int64_t limit = 0;
    if (!llw_facts_count(r->facts, r->entity, LLW_launch_ram_limit, &limit)) return;
    if (out->ram_available < 0 || limit < out->ram_available) out->ram_available = limit;
    if (out->ram_total < 0 || limit < out->ram_total) out->ram_total = limit;
}

/* LLAMA_POOLING_TYPE_* of include/llama.h, counted from 1; 0 when nothing is given. */
static int pooling_of(const reading *r) {
    static const char *const names[] = {"none", "mean", "cls", "last", "rank"};
    const char *given;
    if (!llw_facts_text(r->facts, r->entity, LLW_launch_pooling, &given)) return 0;
    for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
        if (!strcmp(given, names[i])) return i + 1;
    return 0;
}

static bool names_file(const reading *r, llw_attr attr) {
    const char *path;
    return llw_facts_text(r->facts, r->entity, attr, &path) && *path;
}

llw_rc llw_launch_read(const llw_facts *facts, llw_entity entity, llw_arena *arena, llw_launch *out,
                       llw_attr *missing, llw_err *err) {
    static const char *const splits[] = {"layer", "none", "row", "tensor"};
    static const llw_split_mode split_mode[] = {LLW_SPLIT_LAYER, LLW_SPLIT_NONE, LLW_SPLIT_ROW,
                                                LLW_SPLIT_TENSOR};
    static const char *const switches[] = {"auto", "on", "off"};
    static const llw_switch switch_value[] = {LLW_AUTO, LLW_ON, LLW_OFF};
    reading r = {.facts = facts,
                 .entity = entity,
                 .arena = arena,
                 .seen = llw_seen_find(facts, entity, arena),
                 .missing = LLW_ATTR_NONE,
                 .rc = LLW_OK,
                 .err = err};
    *out = (llw_launch){.entity = entity, .ram_available = -1, .ram_total = -1};
    read_model(&r, out);
    read_program(&r, out);
    read_build(&r, out);
    out->gpu_layers = (int)count_of(&r, LLW_launch_gpu_layers);
    if (out->gpu_layers < -2) out->gpu_layers = -2;
    out->gpu_layers_given = out->gpu_layers != -1;
    out->ctx = count_of(&r, LLW_launch_ctx);
    out->batch = count_of(&r, LLW_launch_batch);
    out->ubatch = count_of(&r, LLW_launch_ubatch);
    if (!out->ubatch) out->ubatch = out->batch; /* llama-context.cpp: n_ubatch 0 is n_batch */
    out->type_k = cache_type_of(&r, LLW_launch_cache_type_k);
    out->type_v = cache_type_of(&r, LLW_launch_cache_type_v);
    out->flash_attn = switch_value[word_of(&r, LLW_launch_flash_attn, switches, 3, "write on, off or auto")];
    out->parallel = (int)count_of(&r, LLW_launch_parallel);
    read_kv_unified(&r, out);
    out->kv_offload = flag_of(&r, LLW_launch_kv_offload);
    out->swa_full = flag_of(&r, LLW_launch_swa_full);
    out->op_offload = flag_of(&r, LLW_launch_op_offload);
    out->split_mode =
        split_mode[word_of(&r, LLW_launch_split_mode, splits, 4, "write none, layer, row or tensor")];
    read_tensor_split(&r, out);
    out->main_gpu = (int)count_of(&r, LLW_launch_main_gpu);
    read_devices(&r, out);
    out->fit = flag_of(&r, LLW_launch_fit);
    read_fit_target(&r, out);
    out->fit_ctx = count_of(&r, LLW_launch_fit_ctx);
    out->ctx_given = out->ctx != 0 || out->fit_ctx == UINT32_MAX;
    read_load_mode(&r, out);
    out->embedding = flag_or_off(&r, LLW_launch_embedding_mode) || flag_or_off(&r, LLW_launch_rerank);
    out->pooling = pooling_of(&r);
    out->repack = !llw_facts_flag(facts, entity, LLW_launch_repack, &out->repack) || out->repack;
    out->no_host = flag_or_off(&r, LLW_launch_no_host);
    out->mmproj = names_file(&r, LLW_launch_mmproj);
    out->mmproj_offload = !llw_facts_flag(facts, entity, LLW_launch_mmproj_offload, &out->mmproj_offload) ||
                          out->mmproj_offload;
    out->mmproj_device = "";
    llw_facts_text(facts, entity, LLW_launch_mmproj_device, &out->mmproj_device);
    llw_entity projector = llw_facts_ref(facts, entity, LLW_launch_projector);
    if (out->mmproj && projector) out->projector = llw_facts_model(facts, projector);
    /* server.cpp: an embedding needs its whole input in one ubatch */
    if (out->program == LLW_PROGRAM_SERVER && out->embedding && out->batch > out->ubatch)
        out->batch = out->ubatch;
    read_ram(&r, out);
    if (r.rc == LLW_OK) {
        llw_rc rc = llw_launch_overrides(facts, entity, arena, &out->overrides, &out->n_overrides, err);
        if (rc == LLW_ERR_NOTHING) miss(&r, LLW_launch_override_tensor);
        if (rc == LLW_ERR_INPUT) r.rc = rc;
        check_buffers(&r, out);
    }
    if (r.rc == LLW_OK) r.rc = llw_speculation_read(facts, entity, arena, &out->spec, err);
    if (missing) *missing = r.rc == LLW_ERR_INPUT ? r.refused : r.missing;
    if (r.rc != LLW_OK) return r.rc;
    if (r.missing == LLW_ATTR_NONE) return LLW_OK;
    return llw_fail(err, LLW_ERR_NOTHING, "", 0, "%s.%s is not known: %s",
                    llw_kind_name(llw_attr_get(r.missing)->kind), llw_attr_get(r.missing)->name,
                    llw_attr_get(r.missing)->how);
}
