/* Speculative decoding read out of the fact base: what drafts, how many tokens, and where its model goes. */
#include "fact/launch.h"
#include "fact/ggml_type.h"
#include "fact/model.h"

#include <stdio.h>
#include <string.h>

enum { DRAFT_MOST = 3 }; /* common_params_speculative_draft.n_max */

/* Types and how many tokens each drafts at once when nobody says: common/speculative.cpp
 * common_speculative_n_max, common/common.h common_params_speculative, v0.5.0. */
static const struct {
    const char *name;
    llw_spec type;
    llw_attr most;
    int64_t unless_said;
} types[] = {{"draft-simple", LLW_SPEC_SIMPLE, LLW_launch_draft_max, DRAFT_MOST},
             {"draft-eagle3", LLW_SPEC_EAGLE3, LLW_launch_draft_max, DRAFT_MOST},
             {"draft-mtp", LLW_SPEC_MTP, LLW_launch_draft_max, DRAFT_MOST},
             {"draft-dflash", LLW_SPEC_DFLASH, LLW_launch_draft_max, DRAFT_MOST},
             {"draft-dspark", LLW_SPEC_DSPARK, LLW_launch_draft_max, DRAFT_MOST},
             {"ngram-simple", LLW_SPEC_NGRAM, LLW_launch_ngram_max, 48},
             {"ngram-map-k", LLW_SPEC_NGRAM, LLW_launch_ngram_max, 48},
             {"ngram-map-k4v", LLW_SPEC_NGRAM, LLW_launch_ngram_max, 48},
             {"ngram-mod", LLW_SPEC_NGRAM_MOD, LLW_launch_ngram_max, 64},
             {"ngram-cache", LLW_SPEC_NGRAM_CACHE, LLW_ATTR_NONE, 8}};
enum { N_TYPES = sizeof types / sizeof *types };

static const char *text_or_empty(const llw_facts *facts, llw_entity entity, llw_attr attr) {
    const char *text = "";
    return llw_facts_text(facts, entity, attr, &text) ? text : "";
}

/* The type a draft asks for by itself: common/speculative.cpp common_speculative_types_from_gguf. */
static const char *type_of(const llw_model *draft) {
    int64_t layers = llw_model_int(draft, "block_count", -1, 0);
    char name[64];
    if (!strcmp(draft->architecture, "dflash"))
        return llw_model_tensor(draft, "markov_w1.weight") ? "draft-dspark" : "draft-dflash";
    snprintf(name, sizeof name, "blk.%lld.nextn.eh_proj.weight", (long long)layers - 1);
    return llw_model_tensor(draft, name) ? "draft-mtp" : "";
}

static void read_types(const llw_facts *facts, llw_entity entity, const char *list, llw_speculation *out) {
    for (const char *at = list; *at; at += strspn(at, ",")) {
        size_t len = strcspn(at, ",");
        for (int i = 0; i < N_TYPES; i++) {
            if (strlen(types[i].name) != len || strncmp(types[i].name, at, len) != 0) continue;
            int64_t most = types[i].unless_said;
            if (types[i].most) llw_facts_count(facts, entity, types[i].most, &most);
            out->types |= types[i].type;
            if (most > out->most) out->most = most;
        }
        at += len;
    }
}

static void read_devices(const char *list, llw_arena *arena, llw_speculation *out) {
    out->devices_given = *list != 0;
    if (!strcmp(list, "none")) return;
    for (const char *at = list; *at && out->n_devices < LLW_MAX_DEVICES; at += strspn(at, ",")) {
        size_t len = strcspn(at, ",");
        out->devices[out->n_devices++] = llw_arena_strndup(arena, at, len);
        at += len;
    }
}

static llw_rc read_cache_type(const llw_facts *facts, llw_entity entity, llw_attr attr, uint32_t *out,
                              llw_err *err) {
    const char *name = text_or_empty(facts, entity, attr);
    int type = llw_cache_type_find(*name ? name : "f16");
    if (type < 0)
        return llw_fail(
            err, LLW_ERR_INPUT, llw_facts_best(facts, entity, attr)->place, 0,
            "launch.%s: llama.cpp has no cache type '%.40s': write one of f32, f16, bf16, q8_0, q4_0, "
            "q4_1, iq4_nl, q5_0, q5_1",
            llw_attr_get(attr)->name, name);
    *out = (uint32_t)type;
    return LLW_OK;
}

llw_rc llw_speculation_read(const llw_facts *facts, llw_entity entity, llw_arena *arena, llw_speculation *out,
                            llw_err *err) {
    *out = (llw_speculation){.gpu_layers = -1, .draft_most = DRAFT_MOST};
    llw_facts_count(facts, entity, LLW_launch_draft_max, &out->draft_most);
    out->draft = *text_or_empty(facts, entity, LLW_launch_draft_model) != 0;
    llw_entity model = llw_facts_ref(facts, entity, LLW_launch_draft);
    if (out->draft && model) out->model = llw_facts_model(facts, model);
    const char *given = text_or_empty(facts, entity, LLW_launch_spec_types);
    read_types(facts, entity, *given || !out->model ? given : type_of(out->model), out);
    int64_t layers = -1;
    if (llw_facts_count(facts, entity, LLW_launch_draft_gpu_layers, &layers))
        out->gpu_layers = layers < -2 ? -2 : (int)layers;
    read_devices(text_or_empty(facts, entity, LLW_launch_draft_devices), arena, out);
    llw_rc rc = read_cache_type(facts, entity, LLW_launch_draft_cache_type_k, &out->type_k, err);
    if (rc == LLW_OK) rc = read_cache_type(facts, entity, LLW_launch_draft_cache_type_v, &out->type_v, err);
    if (rc != LLW_OK) return rc;
    const char *overrides = text_or_empty(facts, entity, LLW_launch_draft_override_tensor);
    return llw_overrides_parse(arena, overrides, "-otd", &out->overrides, &out->n_overrides, err);
}
