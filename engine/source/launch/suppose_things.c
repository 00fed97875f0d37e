/* Supposing other cards, more memory, another build or model: read as a description of a machine is, then
 * claimed over what is there. */
#include "source/launch/suppose_parts.h"
#include "base/number.h"
#include "fact/build.h"
#include "source/model/card.h"
#include "source/machine/gpu.h"
#include "source/machine/gpu_table.h"
#include "source/machine/host.h"
#include "source/model/model_open.h"

#include <string.h>
#include <strings.h>

static void suppose(llw_supposing *s, llw_entity entity, llw_attr attr, llw_value value) {
    llw_facts_claim(s->over, entity, attr, value, LLW_GRADE_WHATIF, "what-if", "");
}

/* Everything that is said of `from` is supposed of `to`; with `whole`, what is not said becomes unknown. */
static void copy(llw_supposing *s, const llw_facts *scratch, llw_entity from, llw_entity to, bool whole) {
    llw_kind kind = llw_facts_kind(scratch, from);
    for (int a = 1; a < LLW_ATTRS; a++) {
        llw_attr attr = (llw_attr)a;
        if (llw_attr_get(attr)->kind != kind || attr == LLW_gpu_index) continue;
        llw_value value = llw_facts_value(scratch, from, attr);
        if (value.known || (whole && llw_facts_value(s->over, to, attr).known)) suppose(s, to, attr, value);
    }
}

static llw_entity only_card(const llw_supposing *s) {
    llw_entity first = llw_facts_next(s->over, LLW_KIND_gpu, 0);
    return first && !llw_facts_next(s->over, LLW_KIND_gpu, first) ? first : 0;
}

/* "4090" is a card before it is 4090 MiB. */
static const char *card_named(llw_supposing *s, const char *card) {
    llw_gpu_table table;
    llw_gpu_card found;
    bool number = *card && strlen(card) < 5 && strspn(card, "0123456789") == strlen(card);
    if (!number || llw_gpu_table_load(s->arena, &table, NULL) != LLW_OK) return card;
    llw_rc rc = llw_gpu_table_find(&table, s->arena, card, 0, &found, NULL);
    return rc == LLW_OK ? found.name : card;
}

llw_rc llw_suppose_card(llw_supposing *s, const char *device, const char *card, bool more) {
    llw_entity place = device ? llw_facts_find(s->over, LLW_KIND_gpu, device) : 0;
    size_t cards = 0;
    for (llw_entity g = 0; (g = llw_facts_next(s->over, LLW_KIND_gpu, g));) cards++;
    if (!more && !place && !device && cards) place = only_card(s);
    if (!more && !place && cards)
        return llw_fail(s->err, LLW_ERR_INPUT, "", 0,
                        device ? "there is no card %s here: the first is %s"
                               : "%.0sthere are several cards: say which, %s=CARD, or gpu+=CARD for one more",
                        device ? device : "",
                        llw_facts_id(s->over, llw_facts_next(s->over, LLW_KIND_gpu, 0)));
    card = card_named(s, card);
    if (more) llw_words_add(s->arena, &s->said, llw_arena_printf(s->arena, "another %s", card));
    llw_facts *scratch = llw_facts_new();
    llw_gpu_options options = {.cards = &card, .n_cards = 1};
    llw_rc rc = llw_source_gpus(scratch, &options, s->err);
    if (rc == LLW_OK) {
        bool added = !place;
        if (added) {
            place = llw_facts_entity(s->over, LLW_KIND_gpu, llw_arena_printf(s->arena, "CUDA%zu", cards));
            suppose(s, place, LLW_gpu_index, llw_count((int64_t)cards));
        }
        copy(s, scratch, llw_facts_next(scratch, LLW_KIND_gpu, 0), place, !added);
        llw_entity host = llw_facts_next(s->over, LLW_KIND_host, 0);
        if (added && host) suppose(s, host, LLW_host_gpus, llw_count((int64_t)cards + 1));
    }
    llw_facts_free(scratch);
    return rc == LLW_ERR_NOTHING ? LLW_ERR_INPUT : rc;
}

llw_rc llw_suppose_ram(llw_supposing *s, const char *ram) {
    int64_t total = 0, available = -1;
    const char *end = "";
    bool ok = llw_read_size(ram, 0x1p20, &end, &total) && total > 0;
    if (ok && *end) ok = llw_read_size(end + 1, 0x1p20, NULL, &available);
    if (!ok)
        return llw_fail(s->err, LLW_ERR_INPUT, "", 0,
                        "ram=%.40s: give MiB, or a size with its unit: ram=131072 or \"ram=128 GiB\"", ram);
    llw_entity host = llw_facts_entity(s->over, LLW_KIND_host, LLW_HOST_ID);
    llw_facts *scratch = llw_facts_new();
    const char *mib = available < 0 ? llw_arena_printf(s->arena, "%lld", (long long)(total >> 20))
                                    : llw_arena_printf(s->arena, "%lld:%lld", (long long)(total >> 20),
                                                       (long long)(available >> 20));
    llw_rc rc = llw_source_host(scratch, &(llw_host_options){.ram = mib}, s->err);
    if (rc == LLW_OK) {
        llw_entity described = llw_facts_next(scratch, LLW_KIND_host, 0);
        suppose(s, host, LLW_host_ram_total, llw_facts_value(scratch, described, LLW_host_ram_total));
        suppose(s, host, LLW_host_ram_available, llw_facts_value(scratch, described, LLW_host_ram_available));
    }
    llw_facts_free(scratch);
    return rc;
}

llw_rc llw_suppose_build(llw_supposing *s, const char *version) {
    s->build = llw_build_claim(s->over, version, LLW_GRADE_WHATIF, "what-if", "", s->err);
    if (!s->build || !llw_facts_count(s->over, s->build, LLW_build_order, &s->order)) return LLW_ERR_INPUT;
    return LLW_OK;
}

/* A quantisation's name alone: the sibling that is quantised so. */
static const char *sibling_named(llw_supposing *s, llw_entity model, const char *quantization) {
    const llw_sibling *siblings = NULL;
    size_t n = 0;
    llw_source_siblings(s->over, model, s->arena, &siblings, &n);
    for (size_t i = 0; i < n; i++)
        if (!strcasecmp(siblings[i].quantization, quantization)) return siblings[i].name;
    return NULL;
}

llw_rc llw_suppose_model(llw_supposing *s, const char *name) {
    llw_entity now = llw_facts_ref(s->over, s->launch, LLW_launch_model), model = 0;
    const char *sibling = now ? sibling_named(s, now, name) : NULL;
    llw_rc rc = llw_source_model(s->over, sibling ? sibling : name, &model, s->err);
    if (rc != LLW_OK) return rc == LLW_ERR_NOTHING ? LLW_ERR_INPUT : rc;
    llw_source_card(s->over, model, NULL, NULL);
    suppose(s, s->launch, LLW_launch_model, llw_ref(model));
    s->set[LLW_launch_model] = true;
    return LLW_OK;
}

/* ---- any other fact ---- */

static llw_entity thing_of(const llw_supposing *s, const char *name) {
    for (llw_entity e = 1; e <= llw_facts_max(s->over); e++)
        if (!strcasecmp(llw_facts_id(s->over, e), name)) return e;
    llw_kind kind = llw_kind_find(name);
    if (kind == LLW_KIND_launch) return s->launch;
    if (kind == LLW_KIND_model) return llw_facts_ref(s->over, s->launch, LLW_launch_model);
    if (kind == LLW_KIND_build) return llw_facts_ref(s->over, s->launch, LLW_launch_build);
    llw_entity first = kind ? llw_facts_next(s->over, kind, 0) : 0;
    return first && !llw_facts_next(s->over, kind, first) ? first : 0;
}

static bool value_of(llw_supposing *s, llw_type type, const char *text, llw_value *out) {
    int64_t count = 0;
    double real = 0;
    if (!strcasecmp(text, "unknown")) {
        *out = llw_unknown(type);
        return true;
    }
    if (type == LLW_FLAG) {
        bool yes = !strcasecmp(text, "yes") || !strcasecmp(text, "true") || !strcasecmp(text, "on");
        *out = llw_flag(yes);
        return yes || !strcasecmp(text, "no") || !strcasecmp(text, "false") || !strcasecmp(text, "off");
    }
    if (type == LLW_BYTES) {
        bool ok = llw_read_size(text, 1, NULL, &count);
        *out = llw_bytes(count);
        return ok;
    }
    if (llw_type_is_text(type)) {
        *out = llw_string(type, llw_arena_strdup(s->arena, text));
        return true;
    }
    if (type == LLW_REF || !(type == LLW_COUNT ? llw_read_count(text, &count) : llw_read_real(text, &real)))
        return false;
    *out = type == LLW_COUNT ? llw_count(count) : llw_number(type, real);
    return true;
}

llw_rc llw_suppose_fact(llw_supposing *s, const char *slot, const char *text) {
    const char *dot = strrchr(slot, '.');
    llw_entity thing = thing_of(s, llw_arena_strndup(s->arena, slot, (size_t)(dot - slot)));
    if (!thing)
        return llw_fail(s->err, LLW_ERR_INPUT, "", 0,
                        "%.60s: nothing here is called %.*s (llwhy facts lists what is)", slot,
                        (int)(dot - slot), slot);
    llw_kind kind = llw_facts_kind(s->over, thing);
    llw_attr attr = llw_attr_find(kind, dot + 1);
    if (!attr) {
        const char *near = llw_attr_nearest(kind, dot + 1);
        return llw_fail(s->err, LLW_ERR_INPUT, "", 0, "a %s has no %.40s%s%s (llwhy facts --schema)",
                        llw_kind_name(kind), dot + 1, near ? "; did you mean " : "", near ? near : "");
    }
    if (kind == LLW_KIND_placement || (kind == LLW_KIND_launch && !llw_attr_get(attr)->knob))
        return llw_fail(s->err, LLW_ERR_INPUT, "", 0,
                        "%.60s is a result, not something to turn: suppose what it comes from", slot);
    llw_value value;
    if (!value_of(s, llw_attr_get(attr)->type, text, &value))
        return llw_fail(s->err, LLW_ERR_INPUT, "", 0, "%.60s=%.40s: %s", slot, text,
                        llw_attr_get(attr)->type == LLW_FLAG    ? "it is yes, no or unknown"
                        : llw_attr_get(attr)->type == LLW_BYTES ? "give a size with its unit, like \"20 GiB\""
                                                                : "give a number");
    suppose(s, thing, attr, value);
    return LLW_OK;
}
