/* Finding the GPUs. */
#include "source/machine/gpu.h"
#include "base/number.h"
#include "base/file.h"
#include "fact/launch.h"
#include "source/machine/gpu_claim.h"
#include "source/machine/gpu_nvml.h"
#include "source/machine/gpu_order.h"
#include "source/machine/gpu_smi.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *environment_value(const llw_gpu_options *options, const char *name) {
    if (!options->env) return getenv(name);
    size_t len = strlen(name);
    for (const char *const *e = options->env; *e; e++)
        if (!strncmp(*e, name, len) && (*e)[len] == '=') return *e + len + 1;
    return NULL;
}

static void claim_count(llw_facts *facts, int64_t count, const char *origin, const char *place) {
    llw_facts_claim(facts, llw_facts_entity(facts, LLW_KIND_host, LLW_HOST_ID), LLW_host_gpus,
                    count >= 0 ? llw_count(count) : llw_unknown(LLW_COUNT), LLW_GRADE_MEASURED, origin,
                    place);
}

static void pass_on(llw_facts *facts, const llw_gpu_list *list) {
    for (size_t i = 0; i < list->n_notes; i++) llw_facts_note(facts, "%s", list->notes[i]);
}

/* --- given by hand --- */

typedef struct given {
    int64_t total, free; /* -1: not given */
    const char *name;    /* "" when not given */
} given;

/* A field of digits alone, in MiB, 0 included. */
static bool is_mib(const char *at, size_t len, int64_t *bytes) {
    int64_t mib = 0;
    if (!len || len > 10 || strspn(at, "0123456789") < len) return false;
    for (size_t i = 0; i < len; i++) mib = mib * 10 + (at[i] - '0');
    *bytes = mib * LLW_MIB;
    return true;
}

/* A size with its unit or a fraction, "24G", "24.5 GiB": but "5070ti" is a card. */
static bool looks_like_size(const char *at, size_t len) {
    size_t digits = strspn(at, "0123456789.,");
    if (!digits || digits > len || !isdigit((unsigned char)*at)) return false;
    size_t unit = digits + strspn(at + digits, " ");
    if (unit >= len) return true;
    bool tera = at[unit] == 't' || at[unit] == 'T';
    size_t end = unit + 1;
    if (!tera && !strchr("kKmMgG", at[unit])) return false;
    if (end < len && (at[end] == 'i' || at[end] == 'I')) end++;
    bool bytes = end < len && (at[end] == 'b' || at[end] == 'B');
    return end + bytes == len && (bytes || !tera);
}

/* TOTAL[:FREE][:NAME] or NAME[:FREE]. */
static llw_rc parse_given(llw_arena *arena, const char *card, given *out, llw_err *err) {
    *out = (given){-1, -1, ""};
    size_t len = strcspn(card, ":");
    const char *rest = card[len] ? card + len + 1 : card + len;
    if (!is_mib(card, len, &out->total)) {
        if (looks_like_size(card, len))
            return llw_fail(
                err, LLW_ERR_INPUT, "", 0,
                "--gpu %s: write the memory in whole MiB (24 GiB is 24576), as TOTAL:FREE, or name the card",
                card);
        if (!len || (card[len] && !is_mib(rest, strlen(rest), &out->free)))
            return llw_fail(err, LLW_ERR_INPUT, "", 0,
                            "--gpu %s: write TOTAL[:FREE][:NAME] in MiB, or NAME[:FREE]", card);
        out->name = llw_arena_strndup(arena, card, len);
        return LLW_OK;
    }
    len = strcspn(rest, ":");
    if (is_mib(rest, len, &out->free))
        rest += len + (rest[len] == ':');
    else if (!len && *rest)
        rest++; /* TOTAL::NAME */
    out->name = rest;
    if (out->total < LLW_MIB || out->total > (int64_t)1 << 50)
        return llw_fail(err, LLW_ERR_INPUT, "", 0, "--gpu %s: the total is in MiB, such as 24564", card);
    if (out->free > out->total)
        return llw_fail(err, LLW_ERR_INPUT, "", 0, "--gpu %s: more free than there is", card);
    return LLW_OK;
}

/* free where it was not given: total less what the driver and the context take. */
static void claim_assumed_free(const llw_gpu_surroundings *s, llw_entity gpu, const given *g,
                               const llw_gpu_card *card, int64_t total) {
    const char *source = NULL;
    int64_t context = card ? card->context : llw_gpu_table_context(s->table, "CUDA", 0, &source);
    int64_t reserve = card && g->total < 0 ? card->reserve : 0; /* a total that was given is llama.cpp's */
    int64_t free = total > context + reserve ? total - context - reserve : 0;
    const char *origin = card && !card->context_estimated ? card->place : s->table->contexts.path;
    if (card) source = card->context_source;
    llw_facts_claim(s->facts, gpu, LLW_gpu_context, llw_bytes(context), LLW_GRADE_PREDICTED, origin, source);
    const char *driver =
        reserve > 0 ? llw_arena_printf(s->arena, " and %" PRId64 " MiB for the driver", reserve / LLW_MIB)
                    : "";
    llw_facts_claim(s->facts, gpu, LLW_gpu_free, llw_bytes(free), LLW_GRADE_PREDICTED, origin,
                    llw_arena_printf(s->arena,
                                     "%" PRId64 " MiB less %" PRId64
                                     " MiB for the context%s, nothing else running",
                                     total / LLW_MIB, context / LLW_MIB, driver));
}

typedef struct given_backends {
    const char *names[LLW_MAX_DEVICES];
    size_t n;
} given_backends;

/* CUDA0, CUDA1, ROCm0: counted by backend over the cards of one call, so that cards given over saved facts
 * take the place of the saved ones. */
static const char *id_of(llw_arena *arena, const char *backend, given_backends *before) {
    int n = 0;
    for (size_t i = 0; i < before->n; i++) n += !strcmp(before->names[i], backend);
    before->names[before->n++] = backend;
    return llw_arena_printf(arena, "%s%d", !strcmp(backend, "Metal") ? "MTL" : backend, n);
}

static llw_rc claim_given(const llw_gpu_surroundings *s, const char *text, given_backends *before,
                          llw_err *err) {
    llw_facts *f = s->facts;
    llw_gpu_card card = {0};
    llw_err trouble = {0};
    given g;
    llw_rc rc = parse_given(s->arena, text, &g, err);
    if (rc != LLW_OK) return rc;
    bool known =
        *g.name && llw_gpu_table_find(s->table, s->arena, g.name, g.total, &card, &trouble) == LLW_OK;
    if (g.total < 0 && !known) return llw_fail(err, LLW_ERR_INPUT, "", 0, "--gpu %s: %s", text, trouble.text);
    if (*g.name && !known) llw_facts_note(f, "--gpu %s: %s. Its bandwidth stays unknown", text, trouble.text);
    int64_t total = g.total >= 0 ? g.total : card.total;
    if (total < 0)
        return llw_fail(err, LLW_ERR_INPUT, "", 0,
                        "--gpu %s: a %s has no memory size of its own; write TOTAL:FREE:%s", text, card.name,
                        card.name);
    if (g.free > total)
        return llw_fail(err, LLW_ERR_INPUT, "", 0, "--gpu %s: a %s has %" PRId64 " MiB", text, card.name,
                        total / LLW_MIB);
    if (!*g.name && llw_gpu_table_find(s->table, s->arena, text, -1, &card, NULL) == LLW_OK)
        llw_facts_note(f, "--gpu %s is a card of %s MiB; for the card write --gpu \"%s\"", text, text,
                       card.name);
    int64_t index = (int64_t)before->n;
    const char *backend = known ? card.backend : "CUDA";
    llw_entity gpu = llw_facts_entity(f, LLW_KIND_gpu, id_of(s->arena, backend, before));
    llw_facts_claim(f, gpu, LLW_gpu_index, llw_count(index), LLW_GRADE_MEASURED, "argument", "--gpu");
    llw_facts_claim(f, gpu, LLW_gpu_backend, llw_string(LLW_TEXT, backend), LLW_GRADE_MEASURED, "argument",
                    "--gpu");
    if (*g.name)
        llw_facts_claim(f, gpu, LLW_gpu_name, llw_string(LLW_TEXT, g.total < 0 ? card.name : g.name),
                        LLW_GRADE_MEASURED, "argument", "--gpu");
    if (known) llw_gpu_claim_card(s, gpu, &card);
    if (g.total >= 0)
        llw_facts_claim(f, gpu, LLW_gpu_total, llw_bytes(total), LLW_GRADE_MEASURED, "argument", "--gpu");
    else
        llw_facts_claim(f, gpu, LLW_gpu_total, llw_bytes(total), LLW_GRADE_PREDICTED, card.place,
                        card.source);
    if (g.free >= 0)
        llw_facts_claim(f, gpu, LLW_gpu_free, llw_bytes(g.free), LLW_GRADE_MEASURED, "argument", "--gpu");
    else
        claim_assumed_free(s, gpu, &g, known ? &card : NULL, total);
    return LLW_OK;
}

/* --- read from the machine --- */

static bool any_device_file(llw_arena *arena, const char *root) {
    char **names = NULL;
    size_t n = 0;
    if (llw_directory_list(arena, llw_arena_printf(arena, "%s/dev", root ? root : ""), &names, &n, NULL) !=
        LLW_OK)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!strncmp(names[i], "nvidia", 6) || !strcmp(names[i], "dxg")) return true;
    return false;
}

/* Cards of another maker, of which only the kernel tells. */
static void note_others(llw_facts *facts, llw_arena *arena, const char *root) {
    for (int i = 0; i < 16; i++) {
        char *bytes = NULL;
        size_t len = 0;
        const char *device = llw_arena_printf(arena, "%s/sys/class/drm/card%d/device", root ? root : "", i);
        if (llw_file_read(arena, llw_arena_printf(arena, "%s/vendor", device), 64, &bytes, &len, NULL) !=
                LLW_OK ||
            strncmp(bytes, "0x1002", 6))
            continue;
        const char *total = llw_file_read(arena, llw_arena_printf(arena, "%s/mem_info_vram_total", device),
                                          64, &bytes, &len, NULL) == LLW_OK
                                ? bytes
                                : "0";
        llw_facts_note(facts,
                       "card%d is an AMD GPU with %lld MiB, which llwhy does not read: give --gpu "
                       "TOTAL:FREE:NAME in MiB",
                       i, strtoll(total, NULL, 10) / (long long)LLW_MIB);
    }
}

static void note_nothing(const llw_gpu_surroundings *s, const llw_gpu_options *options, const char *nvml,
                         const char *smi) {
    bool files = any_device_file(s->arena, options->root);
    bool boxed = s->environment && !strcmp(s->environment, "container");
    llw_facts_note(
        s->facts, "no GPU visible: %s; %s; %s%s. Give --gpu TOTAL:FREE in MiB, or --no-gpu if there is none",
        nvml, smi, files ? "device files are there, so the driver may be broken" : "no /dev/nvidia*",
        boxed && !files ? ". This is a container: GPUs have to be handed in (docker run --gpus all, with the "
                          "NVIDIA container toolkit)"
                        : "");
    note_others(s->facts, s->arena, options->root);
    claim_count(s->facts, -1, "system", "no GPU visible, which does not mean that there is none");
}

/* The reading of a listed CUDA device: same name, not taken; by bus where several are alike. -1 when there is
 * none. */
static long match_reading(const llw_gpu_list *list, const llw_gpu_listed *device, bool *taken) {
    for (size_t i = 0; i < list->count; i++) {
        if (taken[i] || !list->gpus[i].name || strcmp(list->gpus[i].name, device->name)) continue;
        taken[i] = true;
        return (long)i;
    }
    return -1;
}

/* Cards as llama.cpp listed them; CUDA ones are joined to the driver's readings. */
static void claim_listing(const llw_gpu_surroundings *s, const llw_gpu_list *list,
                          const llw_gpu_listed *devices, size_t count) {
    bool taken[LLW_GPU_READ_MAX] = {false};
    for (size_t i = 0; i < count; i++) {
        llw_entity gpu = llw_facts_entity(s->facts, LLW_KIND_gpu, devices[i].id);
        llw_facts_claim(s->facts, gpu, LLW_gpu_index, llw_count((int64_t)i), LLW_GRADE_MEASURED,
                        "llama-server --list-devices", devices[i].id);
        long at = strncmp(devices[i].id, "CUDA", 4) ? -1 : match_reading(list, &devices[i], taken);
        const llw_gpu_reading *reading = at >= 0 ? &list->gpus[at] : NULL;
        if (reading) llw_gpu_claim_reading(s, gpu, list, reading, &devices[i]);
        llw_gpu_claim_listed(s, gpu, &devices[i], reading);
    }
    claim_count(s->facts, (int64_t)count, "llama-server --list-devices", "");
}

/* Cards as the driver lists them, numbered as far as CUDA's rules are known. */
static void claim_readings(const llw_gpu_surroundings *s, llw_gpu_list *list,
                           const llw_gpu_options *options) {
    llw_facts *f = s->facts;
    llw_gpu_order order = llw_gpu_order_find(list, environment_value(options, "CUDA_VISIBLE_DEVICES"),
                                             environment_value(options, "CUDA_DEVICE_ORDER"));
    if (order.count > LLW_MAX_DEVICES) {
        llw_gpu_list_note(list, "%zu GPUs; llama.cpp uses the first %d (GGML_CUDA_MAX_DEVICES)", order.count,
                          LLW_MAX_DEVICES);
        order.count = LLW_MAX_DEVICES;
    }
    if (!order.certain && order.count)
        llw_gpu_list_note(
            list,
            "which card llama.cpp calls CUDA0 is unknown: %s. Set CUDA_DEVICE_ORDER=PCI_BUS_ID, name a "
            "llama-server, or give the cards with --gpu",
            order.why);
    for (size_t i = 0; i < order.count; i++) {
        const llw_gpu_reading *reading = order.gpus[i] >= 0 ? &list->gpus[order.gpus[i]] : NULL;
        const char *id = order.certain ? llw_arena_printf(s->arena, "CUDA%zu", i)
                         : reading     ? llw_arena_printf(s->arena, "nvidia-smi %d", reading->index)
                                       : order.names[i];
        llw_entity gpu = llw_facts_entity(f, LLW_KIND_gpu, id);
        llw_facts_claim(f, gpu, LLW_gpu_index, order.certain ? llw_count((int64_t)i) : llw_unknown(LLW_COUNT),
                        LLW_GRADE_MEASURED, list->origin, order.why);
        if (reading) {
            llw_gpu_claim_reading(s, gpu, list, reading, NULL);
            continue;
        }
        llw_facts_claim(f, gpu, LLW_gpu_uuid, llw_string(LLW_TEXT, order.names[i]), LLW_GRADE_CONFIG,
                        "environment", "CUDA_VISIBLE_DEVICES");
        llw_gpu_list_note(list, "the memory of %s is unknown: give --gpu TOTAL:FREE in MiB", order.names[i]);
    }
    claim_count(f, (int64_t)order.count, list->origin, order.why);
}

static void read_machine(const llw_gpu_surroundings *s, const llw_gpu_options *options) {
    double seconds = options->seconds > 0 ? options->seconds : 10;
    llw_gpu_list list = llw_gpu_list_start(s->arena, "nvml");
    llw_err nvml = {.text = "not asked"}, smi = {.text = "not asked"}, llama = {0};
    llw_rc rc = LLW_ERR_NOTHING;
    if (!options->nvml || *options->nvml) rc = llw_gpu_nvml_read(&list, options->nvml, &nvml);
    if (rc != LLW_OK && (!options->smi || *options->smi)) {
        pass_on(s->facts, &list);
        list = llw_gpu_list_start(s->arena, "nvidia-smi");
        rc = llw_gpu_smi_read(&list, options->smi, seconds, &smi);
    }
    llw_gpu_listed *devices = NULL;
    size_t count = 0;
    bool listed = options->llama && llw_gpu_listing_read(s->arena, options->llama, options->env, seconds,
                                                         &devices, &count, &llama) == LLW_OK;
    if (options->llama && !listed) llw_facts_note(s->facts, "%s: %s", llama.file, llama.text);
    if (listed)
        claim_listing(s, &list, devices, count);
    else if (rc == LLW_OK)
        claim_readings(s, &list, options);
    else
        note_nothing(s, options, llw_arena_printf(s->arena, "%s %s", nvml.file, nvml.text),
                     llw_arena_printf(s->arena, "%s %s", smi.file, smi.text));
    pass_on(s->facts, &list);
}

llw_rc llw_source_gpus(llw_facts *facts, const llw_gpu_options *options, llw_err *err) {
    if (options->none && options->n_cards)
        return llw_fail(err, LLW_ERR_INPUT, "", 0, "--gpu and --no-gpu contradict each other");
    if (options->none) {
        claim_count(facts, 0, "argument", "--no-gpu");
        return LLW_OK;
    }
    if (options->n_cards > LLW_MAX_DEVICES)
        return llw_fail(err, LLW_ERR_INPUT, "", 0, "%zu times --gpu: llama.cpp uses at most %d",
                        options->n_cards, LLW_MAX_DEVICES);
    given_backends before = {.n = 0};
    llw_arena *arena = llw_arena_new();
    llw_gpu_table table;
    llw_gpu_surroundings s = {.facts = facts, .arena = arena, .table = &table};
    llw_rc rc = llw_gpu_table_load(arena, &table, err);
    for (size_t i = 0; rc == LLW_OK && i < options->n_cards; i++)
        rc = claim_given(&s, options->cards[i], &before, err);
    if (rc == LLW_OK && options->n_cards) claim_count(facts, (int64_t)options->n_cards, "argument", "--gpu");
    if (rc == LLW_OK && !options->n_cards) {
        s.environment = llw_host_environment(arena, options->root);
        s.memory_known = llw_host_meminfo(arena, options->root, &s.memory);
        s.managed = environment_value(options, "GGML_CUDA_ENABLE_UNIFIED_MEMORY") != NULL;
        read_machine(&s, options);
    }
    llw_arena_free(arena);
    return rc;
}
