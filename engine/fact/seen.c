/* Narrows the cards of the machine to those of a container, pod, unit or variable. */
#include "fact/seen.h"
#include "fact/launch.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct card {
    llw_entity gpu;
    int64_t index;
} card;

typedef struct cards {
    card items[LLW_MAX_DEVICES];
    size_t n;
} cards;

/* Every GPU in llama.cpp's order: by index, those without one in the order they were found. */
static void in_order(const llw_facts *facts, cards *out) {
    out->n = 0;
    for (llw_entity g = 0; (g = llw_facts_next(facts, LLW_KIND_gpu, g)) && out->n < LLW_MAX_DEVICES;) {
        card c = {g, INT64_MAX};
        llw_facts_count(facts, g, LLW_gpu_index, &c.index);
        size_t at = out->n++;
        for (; at > 0 && out->items[at - 1].index > c.index; at--) out->items[at] = out->items[at - 1];
        out->items[at] = c;
    }
}

/* Somebody looked and could not tell which card is CUDA0: with several, nothing is placed on a guess. */
static bool order_is_open(const llw_facts *facts, const cards *all) {
    for (size_t i = 0; all->n > 1 && i < all->n; i++) {
        const llw_claim *index = llw_facts_best(facts, all->items[i].gpu, LLW_gpu_index);
        if (index && !index->value.known) return true;
    }
    return false;
}

static bool alike(const llw_facts *facts, const cards *all) {
    static const llw_attr same[] = {LLW_gpu_total, LLW_gpu_free};
    for (size_t i = 1; i < all->n; i++)
        for (size_t a = 0; a < sizeof same / sizeof *same; a++) {
            int64_t first = 0, other = 0;
            if (!llw_facts_count(facts, all->items[0].gpu, same[a], &first) ||
                !llw_facts_count(facts, all->items[i].gpu, same[a], &other) || first != other)
                return false;
        }
    return true;
}

/* A card that stands for whatever is there (cli/lint.c): nothing is known of it. */
static bool assumed(const llw_facts *facts, const cards *all) {
    int64_t total = 0;
    return all->n == 1 && !llw_facts_count(facts, all->items[0].gpu, LLW_gpu_total, &total);
}

static bool uuids_known(const llw_facts *facts, const cards *all) {
    bool known = true;
    for (size_t i = 0; i < all->n; i++)
        known &= llw_facts_value(facts, all->items[i].gpu, LLW_gpu_uuid).known;
    return known;
}

/* A position, or the start of a UUID ("GPU-8932f937"). */
static llw_entity card_of(const llw_facts *facts, const cards *all, const char *id, size_t len) {
    if (len == strspn(id, "0123456789")) {
        size_t at = (size_t)strtoul(id, NULL, 10);
        return at < all->n ? all->items[at].gpu : 0;
    }
    for (size_t i = 0; len && i < all->n; i++) {
        const char *uuid = "";
        if (llw_facts_text(facts, all->items[i].gpu, LLW_gpu_uuid, &uuid) && !strncasecmp(uuid, id, len))
            return all->items[i].gpu;
    }
    return 0;
}

static void add(const llw_facts *facts, llw_arena *arena, llw_seen_gpus *out, llw_entity gpu) {
    const char *id = llw_facts_id(facts, gpu);
    size_t len = strlen(id);
    while (len && isdigit((unsigned char)id[len - 1])) len--;
    const char *name = len && id[len] ? llw_arena_printf(arena, "%.*s%zu", (int)len, id, out->n) : id;
    out->items[out->n++] = (llw_seen){gpu, name};
}

/* 1 when all are seen, 0 when `n` says how many, -1 when nobody knows. */
static int how_many(const llw_facts *facts, llw_entity launch, int64_t *n) {
    const llw_claim *claim = llw_facts_best(facts, launch, LLW_launch_gpus_seen);
    if (!claim) return 1;
    if (!llw_facts_count(facts, launch, LLW_launch_gpus_seen, n)) return -1;
    return *n < 0;
}

static bool counted_by_docker(const llw_facts *facts, llw_entity launch) {
    const llw_claim *claim = llw_facts_best(facts, launch, LLW_launch_gpus_seen);
    return strncmp(claim->origin, "Kubernetes", strlen("Kubernetes")) != 0;
}

llw_seen_gpus llw_seen_find(const llw_facts *facts, llw_entity launch, llw_arena *arena) {
    cards all;
    in_order(facts, &all);
    llw_seen_gpus out = {.items = llw_arena_alloc(arena, (all.n + 1) * sizeof *out.items)};
    int64_t n = 0;
    int seen = how_many(facts, launch, &n);
    if (!all.n || (!seen && !n)) return out;
    if (order_is_open(facts, &all)) {
        out.missing = LLW_gpu_index;
        return out;
    }
    const char *ids = "";
    if (!seen) llw_facts_text(facts, launch, LLW_launch_gpu_ids, &ids);
    bool open =
        !seen && !*ids && (size_t)n < all.n && !counted_by_docker(facts, launch) && !alike(facts, &all);
    bool by_uuid = strspn(ids, "0123456789,") != strlen(ids);
    if (by_uuid && !uuids_known(facts, &all)) out.missing = LLW_gpu_uuid;
    if (seen < 0 || open) out.missing = LLW_launch_gpus_seen;
    if (out.missing != LLW_ATTR_NONE && !assumed(facts, &all)) return out;
    out.missing = LLW_ATTR_NONE;
    if (seen > 0 || assumed(facts, &all)) {
        for (size_t i = 0; i < all.n; i++)
            out.items[out.n++] = (llw_seen){all.items[i].gpu, llw_facts_id(facts, all.items[i].gpu)};
        return out;
    }
    if (!*ids)
        for (size_t i = 0; i < all.n && (int64_t)i < n; i++) add(facts, arena, &out, all.items[i].gpu);
    for (const char *at = ids; *at && out.n < all.n;) {
        size_t len = strcspn(at, ",");
        llw_entity gpu = card_of(facts, &all, at, len);
        if (!gpu) break;
        add(facts, arena, &out, gpu);
        at += len + (at[len] == ',');
    }
    return out;
}

bool llw_seen_lacks(const llw_seen_gpus *seen, const char *name, size_t len) {
    size_t prefix = 0;
    while (prefix < len && !isdigit((unsigned char)name[prefix])) prefix++;
    bool same_kind = false;
    for (size_t i = 0; i < seen->n; i++) {
        const char *own = seen->items[i].name;
        if (strlen(own) == len && !strncasecmp(own, name, len)) return false;
        same_kind |=
            prefix && prefix < len && !strncasecmp(own, name, prefix) && isdigit((unsigned char)own[prefix]);
    }
    return same_kind;
}
