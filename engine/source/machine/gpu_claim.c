/* Claims about a card. */
#include "source/machine/gpu_claim.h"
#include "base/number.h"

#include <inttypes.h>
#include <string.h>

#define LISTING "llama-server --list-devices"

static void claim_text(llw_facts *f, llw_entity gpu, llw_attr attr, const char *text, llw_grade grade,
                       const char *origin, const char *place) {
    if (text) llw_facts_claim(f, gpu, attr, llw_string(llw_attr_get(attr)->type, text), grade, origin, place);
}

/* A size, or the knowledge that it cannot be told. */
static void claim_bytes(llw_facts *f, llw_entity gpu, llw_attr attr, int64_t bytes, llw_grade grade,
                        const char *origin, const char *place) {
    llw_facts_claim(f, gpu, attr, bytes >= 0 ? llw_bytes(bytes) : llw_unknown(LLW_BYTES), grade, origin,
                    place);
}

static void claim_link(llw_facts *f, llw_entity gpu, int generation, int width, llw_grade grade,
                       const char *origin, const char *place) {
    if (generation > 0)
        llw_facts_claim(f, gpu, LLW_gpu_pcie_generation, llw_count(generation), grade, origin, place);
    if (width > 0) llw_facts_claim(f, gpu, LLW_gpu_pcie_width, llw_count(width), grade, origin, place);
    double rate = llw_gpu_pcie_bandwidth(generation, width);
    if (rate > 0)
        llw_facts_claim(f, gpu, LLW_gpu_pcie_bandwidth, llw_number(LLW_RATE, rate), LLW_GRADE_PREDICTED,
                        origin, "generation x lanes");
}

/* The part of a row's source that speaks of the figure: up to the first semicolon, and what names GB/s. */
static const char *figure_source(llw_arena *arena, const char *source) {
    const char *end = strchr(source, ';');
    return end && !strstr(end, "GB/s") ? llw_arena_strndup(arena, source, (size_t)(end - source)) : source;
}

void llw_gpu_claim_card(const llw_gpu_surroundings *s, llw_entity gpu, const llw_gpu_card *card) {
    const char *origin = card->place, *source = figure_source(s->arena, card->source);
    if (card->bandwidth > 0)
        llw_facts_claim(s->facts, gpu, LLW_gpu_bandwidth, llw_number(LLW_RATE, card->bandwidth),
                        LLW_GRADE_PREDICTED, origin, source);
    if (card->capability > 0)
        llw_facts_claim(s->facts, gpu, LLW_gpu_compute_capability, llw_real(card->capability),
                        LLW_GRADE_PREDICTED, origin, source);
    if (card->unified)
        llw_facts_claim(s->facts, gpu, LLW_gpu_unified, llw_flag(true), LLW_GRADE_PREDICTED, origin, source);
    claim_link(s->facts, gpu, card->pcie_generation, card->pcie_width, LLW_GRADE_DEFAULT, origin,
               "what the card can; its slot may have fewer");
}

/* What llama.cpp is told of the card's size: under Linux not what the driver keeps (H200: 143771 - 616 =
 * 143155 MiB), under WSL2 all of it (RTX 4090: 24564 MiB, 24080 on Linux). */
static int64_t told_total(const llw_gpu_surroundings *s, const llw_gpu_reading *r, const llw_gpu_card *card,
                          const char **place) {
    if (s->environment && !strcmp(s->environment, "wsl")) {
        *place = "all of the card: WSL2 reserves nothing visible";
        return r->total;
    }
    if (r->reserved >= 0) {
        *place = "total less what the driver reserves";
        return r->total - r->reserved;
    }
    if (card && card->memory > 0 && card->memory - r->total < r->total / 100 &&
        r->total - card->memory < r->total / 100) {
        *place = "total less what the driver reserves by models/gpus.tsv";
        return card->total - card->reserve;
    }
    *place = "total less what the driver reserves, estimated";
    return r->total - llw_gpu_reserve_estimate(r->total);
}

/* free by llama.cpp's rule for memory that is the host's: MemAvailable, or the free huge pages where there
 * are any (ggml-cuda.cu ggml_backend_cuda_get_available_uma_memory, v0.5.0). */
static int64_t host_free(const llw_meminfo *m, const char **place) {
    *place = m->huge_total > 0 ? "HugePages_Free" : "MemAvailable";
    if (m->huge_total > 0 && m->huge_free >= 0 && m->huge_size > 0 && m->huge_free < INT64_MAX / m->huge_size)
        return m->huge_free * m->huge_size;
    return m->available;
}

static void claim_host_memory(const llw_gpu_surroundings *s, llw_entity gpu, int64_t total) {
    const char *place = "";
    int64_t free = s->memory_known ? host_free(&s->memory, &place) : -1;
    if (total < 0 && s->memory_known) total = s->memory.total;
    claim_bytes(s->facts, gpu, LLW_gpu_total, total, LLW_GRADE_PREDICTED, "/proc/meminfo", "MemTotal");
    claim_bytes(s->facts, gpu, LLW_gpu_free, free, LLW_GRADE_PREDICTED, "/proc/meminfo", place);
}

/* total, context and free as llama.cpp will be told, from what the driver says. */
static void claim_memory(const llw_gpu_surroundings *s, llw_entity gpu, const llw_gpu_list *list,
                         const llw_gpu_reading *r, const llw_gpu_card *card) {
    if (r->mig == 1) {
        llw_facts_note(
            s->facts,
            "GPU %d is split into MIG instances, whose memory %s does not tell: give --gpu TOTAL:FREE in MiB",
            r->index, list->origin);
        claim_bytes(s->facts, gpu, LLW_gpu_total, -1, LLW_GRADE_MEASURED, list->origin, "MIG");
        claim_bytes(s->facts, gpu, LLW_gpu_free, -1, LLW_GRADE_MEASURED, list->origin, "MIG");
        return;
    }
    bool unified = (card && card->unified) || (r->total < 0 && r->ats == 1);
    llw_facts_claim(s->facts, gpu, LLW_gpu_unified, llw_flag(unified), LLW_GRADE_PREDICTED, list->origin,
                    unified ? "by its name or addressing mode" : "");
    if (unified || (s->managed && r->total > 0)) {
        claim_host_memory(s, gpu, unified ? -1 : r->total);
        return;
    }
    const char *place = "memory is not told", *source = NULL;
    int64_t total = r->total > 0 ? told_total(s, r, card, &place) : -1;
    claim_bytes(s->facts, gpu, LLW_gpu_total, total, LLW_GRADE_PREDICTED, list->origin, place);
    int64_t context = card ? card->context : llw_gpu_table_context(s->table, "CUDA", r->capability, &source);
    if (card) source = card->context_source;
    claim_bytes(s->facts, gpu, LLW_gpu_context, context, LLW_GRADE_PREDICTED,
                card && !card->context_estimated ? card->place : s->table->contexts.path, source);
    if (r->free < 0) {
        claim_bytes(s->facts, gpu, LLW_gpu_free, -1, LLW_GRADE_MEASURED, list->origin,
                    "free memory is not told");
        return;
    }
    int64_t free = r->free > context ? r->free - context : 0;
    if (total >= 0 && free > total) free = total;
    claim_bytes(s->facts, gpu, LLW_gpu_free, free, LLW_GRADE_PREDICTED, list->origin,
                llw_arena_printf(s->arena, "%" PRId64 " MiB free less %" PRId64 " MiB for the CUDA context",
                                 r->free / LLW_MIB, context / LLW_MIB));
}

static void claim_identity(llw_facts *f, llw_entity gpu, const char *origin, const llw_gpu_reading *r) {
    claim_text(f, gpu, LLW_gpu_name, r->name, LLW_GRADE_MEASURED, origin, "");
    claim_text(f, gpu, LLW_gpu_uuid, r->uuid, LLW_GRADE_MEASURED, origin, r->bus ? r->bus : "");
    claim_text(f, gpu, LLW_gpu_driver, r->driver, LLW_GRADE_MEASURED, origin, "");
    claim_text(f, gpu, LLW_gpu_backend, "CUDA", LLW_GRADE_PREDICTED, origin, "an NVIDIA card");
    if (r->capability > 0)
        llw_facts_claim(f, gpu, LLW_gpu_compute_capability, llw_real(r->capability), LLW_GRADE_MEASURED,
                        origin, "");
    if (r->display >= 0)
        llw_facts_claim(f, gpu, LLW_gpu_display, llw_flag(r->display == 1), LLW_GRADE_MEASURED, origin,
                        "display_active");
}

/* In a container the processes of others cannot be seen: none listed while memory is in use means "unknown".
 */
static bool processes_hidden(const llw_gpu_reading *r) {
    return r->processes == 0 && r->reserved >= 0 && r->used > 64 * LLW_MIB;
}

void llw_gpu_claim_reading(const llw_gpu_surroundings *s, llw_entity gpu, const llw_gpu_list *list,
                           const llw_gpu_reading *r, const llw_gpu_listed *listed) {
    llw_facts *f = s->facts;
    const char *origin = list->origin;
    claim_identity(f, gpu, origin, r);
    claim_bytes(f, gpu, LLW_gpu_nvml_total, r->total, LLW_GRADE_MEASURED, origin, "");
    claim_bytes(f, gpu, LLW_gpu_nvml_free, r->free, LLW_GRADE_MEASURED, origin, "");
    claim_bytes(f, gpu, LLW_gpu_used, r->used, LLW_GRADE_MEASURED, origin,
                r->reserved < 0 ? "with what the driver reserves" : "");
    if (r->processes >= 0)
        llw_facts_claim(
            f, gpu, LLW_gpu_processes, processes_hidden(r) ? llw_unknown(LLW_COUNT) : llw_count(r->processes),
            LLW_GRADE_MEASURED, origin, processes_hidden(r) ? "none listed, but memory is in use" : "");
    llw_gpu_card card;
    bool known = r->name && llw_gpu_table_find(s->table, s->arena, r->name, r->total, &card, NULL) == LLW_OK;
    if (known) llw_gpu_claim_card(s, gpu, &card);
    if (!known || !card.unified) /* a unified card's link means nothing */
        claim_link(f, gpu, r->pcie_generation, r->pcie_width, LLW_GRADE_MEASURED, origin, "");
    if (!listed) claim_memory(s, gpu, list, r, known ? &card : NULL);
}

void llw_gpu_claim_listed(const llw_gpu_surroundings *s, llw_entity gpu, const llw_gpu_listed *listed,
                          const llw_gpu_reading *reading) {
    llw_facts *f = s->facts;
    char backend[32] = "";
    size_t len = strcspn(listed->id, "0123456789[");
    if (len < sizeof backend) memcpy(backend, listed->id, len);
    if (!strcmp(backend, "MTL")) strcpy(backend, "Metal");
    claim_text(f, gpu, LLW_gpu_name, listed->name, LLW_GRADE_MEASURED, LISTING, listed->id);
    claim_text(f, gpu, LLW_gpu_backend, backend, LLW_GRADE_MEASURED, LISTING, listed->id);
    claim_bytes(f, gpu, LLW_gpu_total, listed->total, LLW_GRADE_MEASURED, LISTING, listed->id);
    claim_bytes(f, gpu, LLW_gpu_free, listed->free, LLW_GRADE_MEASURED, LISTING, listed->id);
    int64_t context = reading && reading->free >= 0 && listed->free >= 0 ? reading->free - listed->free : -1;
    if (context > 0 && context < 4096 * LLW_MIB)
        claim_bytes(f, gpu, LLW_gpu_context, context, LLW_GRADE_MEASURED, LISTING,
                    "what the driver calls free less this");
    llw_gpu_card card;
    if (!reading &&
        llw_gpu_table_find(s->table, s->arena, listed->name, listed->total, &card, NULL) == LLW_OK)
        llw_gpu_claim_card(s, gpu, &card);
}
