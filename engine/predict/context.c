/* The context: how many cells, for whom, of what, and where: KV caches, windows, indexer keys, recurrent
 * states.
 *
 * Sources (llama.cpp v0.5.0): src/llama-context.cpp llama_context::llama_context and llama_init_from_model,
 * src/llama-model.cpp create_memory, src/llama-kv-cache.cpp, -iswa.cpp, -dsa.cpp,
 * src/llama-memory-recurrent.cpp, src/llama-hparams.cpp n_embd_r and n_embd_s; tools/server/server.cpp for
 * slots. */
#include "predict/grounds.h"

#include "base/text.h"
#include "fact/ggml_type.h"

#include <string.h>

/* Far more than anybody has; beyond it sums of bytes would overflow. */
enum { MOST_CELLS = 1 << 27, MOST_TOKENS = 1 << 24 };

static int64_t pad(int64_t value, int64_t to) {
    return (value + to - 1) / to * to;
}

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static bool serves(const llw_launch *launch) {
    return launch->program == LLW_PROGRAM_SERVER || launch->program == LLW_PROGRAM_CLI;
}

/* src/llama-arch.cpp llm_arch_supports_rs_rollback, v0.5.0 */
static bool rolls_back(const char *architecture) {
    static const char *const names[] = {"kimi-k3",   "qwen35",     "qwen35moe",      "qwen4exp",
                                        "deepseek4", "nemotron_h", "nemotron_h_moe", "lfm2",
                                        "lfm2moe",   "bailingmoe3"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (!strcmp(names[i], architecture)) return true;
    return false;
}

/* What speculative decoding makes of the context: common/common.h need_n_rs_seq, src/llama-context.cpp. A
 * draft's own context keeps no snapshots. */
static void resolve_speculation(llw_plan *plan) {
    const llw_speculation *spec = &plan->launch->spec;
    bool serving = serves(plan->launch), mtp = (spec->types & LLW_SPEC_MTP) != 0;
    plan->nextn = serving && mtp && plan->build.loads_nextn;
    plan->nextn_only = plan->nextn && plan->launch->drafts;
    bool by_model = spec->types & (LLW_SPEC_EAGLE3 | LLW_SPEC_MTP | LLW_SPEC_DFLASH | LLW_SPEC_DSPARK);
    if (serving && by_model && plan->build.keeps_snapshots && !plan->launch->drafts &&
        rolls_back(plan->model->architecture))
        plan->snapshots = spec->draft_most;
}

/* tools/server/server.cpp of b7347: one slot counts as nothing said */
static bool one_is_four(const llw_launch *launch) {
    if (launch->parallel != 1 || launch->kv_unified == LLW_ON || launch->spec.draft) return false;
    llw_changes build;
    llw_changes_read(launch->build_order, &build);
    return build.one_slot_is_four;
}

int llw_context_slots(const llw_launch *launch, bool *unified) {
    enum { SERVER_SLOTS = 4 }; /* tools/server/server.cpp: n_parallel auto */
    bool automatic = launch->program == LLW_PROGRAM_SERVER && (launch->parallel < 0 || one_is_four(launch));
    *unified = launch->kv_unified == LLW_ON || automatic;
    return automatic ? SERVER_SLOTS : launch->parallel > 0 ? launch->parallel : 1;
}

bool llw_context_resolve(llw_plan *plan) {
    const llw_launch *launch = plan->launch;
    const llw_hparams *h = &plan->hparams;
    plan->n_seq = llw_context_slots(launch, &plan->kv_unified);
    if (plan->n_seq > LLW_MAX_SEQUENCES)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "-np %d: llama.cpp takes at most %d sequences",
                             plan->n_seq, LLW_MAX_SEQUENCES);
    int64_t ctx = launch->ctx > 0 ? launch->ctx : h->n_ctx_train;
    if (ctx <= 0 || ctx > UINT32_MAX)
        return llw_plan_stop(
            plan, LLW_OUTCOME_REFUSED, "no context size: -c is not given and the header %s",
            llw_model_hparam(plan->model, "context_length")
                ? "states a context_length of 0" /* src/llama-context.cpp llama_init_from_model */
                : "has no context_length");
    int64_t batch = launch->batch;
    if (launch->embedding && batch > launch->ubatch) batch = launch->ubatch; /* server.cpp, for embeddings */
    plan->n_batch = h->causal ? least(ctx, batch) : batch;
    plan->n_ubatch = least(plan->n_batch, launch->ubatch ? launch->ubatch : batch);
    if (plan->n_batch <= 0 || plan->n_ubatch <= 0)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "-b and -ub must be greater than 0");
    plan->n_ctx = pad(ctx, 256);
    plan->n_ctx_seq = plan->kv_unified ? plan->n_ctx : pad(plan->n_ctx / plan->n_seq, 256);
    if (plan->n_ctx_seq == 0)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "-c %lld leaves no cell for each of %d slots",
                             (long long)ctx, plan->n_seq);
    if (!plan->kv_unified) plan->n_ctx = plan->n_ctx_seq * plan->n_seq;
    if (plan->n_ctx > MOST_CELLS)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED,
                             "-c %lld: a cache of %lld cells is more than any machine holds", (long long)ctx,
                             (long long)plan->n_ctx);
    if (plan->n_batch > MOST_TOKENS)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED,
                             "-b %lld: a batch of that size is more than any machine holds",
                             (long long)plan->n_batch);
    plan->n_outputs_max = plan->n_batch;
    int64_t drafted = plan->build.outputs_for_drafts ? launch->spec.most : 0;
    if (plan->build.outputs_for_slots && serves(launch) && !launch->embedding)
        plan->n_outputs_max = least(plan->n_batch, plan->n_seq * (1 + drafted));
    resolve_speculation(plan);
    plan->out->n_ctx = plan->n_ctx;
    plan->out->n_ctx_seq = plan->n_ctx_seq;
    plan->out->n_batch = plan->n_batch;
    plan->out->n_ubatch = plan->n_ubatch;
    plan->out->n_seq = plan->n_seq;
    plan->out->kv_unified = plan->kv_unified;
    llw_ground_context(plan, ctx);
    return true;
}

/* ---- cells ---- */

static bool has_cells(const llw_plan *plan, int il) {
    const llw_hparams *h = &plan->hparams;
    const llw_layer *layer = &h->layer[il];
    if (h->n_layer_kv >= 0 && il >= h->n_layer_kv) return false;
    bool router = plan->architecture && !strcmp(plan->architecture->name, "graniteswitch");
    bool nextn = h->n_layer_nextn > 0 && h->n_layer > 0 && il >= h->n_layer && !router;
    if (plan->nextn_only) return nextn || h->n_layer == 0;
    if (nextn) return false;
    switch (plan->architecture ? plan->architecture->memory : LLW_MEMORY_KV) {
    case LLW_MEMORY_NONE:
    case LLW_MEMORY_RECURRENT: return false;
    case LLW_MEMORY_HYBRID:
    case LLW_MEMORY_HYBRID_INDEXED: return !layer->recurrent;
    case LLW_MEMORY_HYBRID_NO_FF: return !layer->recurrent && layer->ff == 0;
    default: return true;
    }
}

static bool has_indexer(const llw_plan *plan, int il) {
    const llw_hparams *h = &plan->hparams;
    if (il >= h->n_layer || !h->indexer_head || !plan->build.indexers || plan->nextn_only) return false;
    switch (plan->architecture ? plan->architecture->memory : LLW_MEMORY_KV) {
    case LLW_MEMORY_INDEXED: return h->layer[il].indexed;
    case LLW_MEMORY_INDEXED_SPARSE: return il >= h->dense_lead;
    case LLW_MEMORY_HYBRID_INDEXED: return !h->layer[il].recurrent;
    default: return false;
    }
}

static int64_t widest_v(const llw_hparams *h) {
    int64_t widest = 0;
    for (int i = 0; i < h->n_layer_all; i++) {
        int64_t width = llw_hparams_head_v(h, i) * h->layer[i].kv_heads;
        if (width > widest) widest = width;
    }
    return widest;
}

typedef struct kv_sum {
    int64_t bytes, layers;
} kv_sum;

static llw_memory_kind memory_of(const llw_plan *plan) {
    return plan->architecture ? plan->architecture->memory : LLW_MEMORY_KV;
}

/* Which layers a cache serves. */
static bool serves_layer(const llw_plan *plan, int which, int il) {
    const llw_layer *layer = &plan->hparams.layer[il];
    enum { FINE = 4, COARSE = 128 }; /* DSV4_CSA_RATIO, DSV4_HCA_RATIO, src/llama-kv-cache-dsv4.cpp */
    bool compressed = memory_of(plan) == LLW_MEMORY_COMPRESSED && il < plan->hparams.n_layer;
    switch (which) {
    case LLW_CACHE_INDEXER: return compressed ? layer->compress == FINE : has_indexer(plan, il);
    case LLW_CACHE_BY_4: return compressed && layer->compress == FINE;
    case LLW_CACHE_BY_128: return compressed && layer->compress == COARSE;
    case LLW_CACHE_BASE:
        if (!plan->cache[LLW_CACHE_WINDOW].used) return has_cells(plan, il);
        break;
    default: break;
    }
    return has_cells(plan, il) && layer->windowed == (which == LLW_CACHE_WINDOW);
}

static bool keys_only(const llw_plan *plan, int which) {
    llw_memory_kind memory = memory_of(plan);
    return plan->hparams.mla || memory == LLW_MEMORY_COMPRESSED ||
           (which == LLW_CACHE_INDEXER && memory == LLW_MEMORY_HYBRID_INDEXED);
}

/* One cache over the layers that `which` says; its bytes are added up by place. */
static void place_cache(llw_plan *plan, llw_cache *cache, int which, int64_t cells, kv_sum *sums) {
    const llw_hparams *h = &plan->hparams;
    const llw_launch *launch = plan->launch;
    cache->cells = cells;
    cache->streams = plan->kv_unified && memory_of(plan) != LLW_MEMORY_COMPRESSED ? 1 : plan->n_seq;
    cache->of_layer = llw_arena_alloc(plan->arena, (size_t)h->n_layer_all * sizeof *cache->of_layer);
    cache->layers = llw_arena_alloc(plan->arena, (size_t)h->n_layer_all * sizeof *cache->layers);
    bool k_same = true, v_same = true, keys = keys_only(plan, which);
    int64_t k_head = 0, v_head = 0;
    for (int il = 0; il < h->n_layer_all; il++) {
        cache->of_layer[il] = -1;
        bool mine = serves_layer(plan, which, il);
        if (!mine) continue;
        llw_cache_layer *layer = &cache->layers[cache->n_layers];
        int64_t kv_heads = which == LLW_CACHE_INDEXER ? 1 : h->layer[il].kv_heads;
        int64_t head_k = which == LLW_CACHE_INDEXER ? h->indexer_head : llw_hparams_head_k(h, il);
        *layer = (llw_cache_layer){il, launch->kv_offload ? plan->layer_place[il] : LLW_PLACE_CPU,
                                   head_k * kv_heads, 0};
        if (!keys) {
            bool alone = which == LLW_CACHE_INDEXER; /* one key head, and a V that nobody reads */
            layer->v_width = alone                 ? llw_hparams_head_v(h, il)
                             : !plan->v_transposed ? llw_hparams_head_v(h, il) * kv_heads
                                                   : widest_v(h);
        }
        if (k_head && k_head != head_k) k_same = false;
        if (v_head && v_head != llw_hparams_head_v(h, il)) v_same = false;
        k_head = head_k;
        v_head = llw_hparams_head_v(h, il);
        cache->of_layer[il] = (short)cache->n_layers++;
        int64_t rows = cells * cache->streams;
        int64_t bytes = llw_place_bytes(layer->place, launch->type_k, layer->k_width, rows) +
                        (keys ? 0 : llw_place_bytes(layer->place, launch->type_v, layer->v_width, rows));
        kv_sum *sum = &sums[llw_place_is_host(layer->place) ? plan->n_devices : layer->place];
        sum->bytes += bytes;
        sum->layers++;
        llw_plan_memory(plan, layer->place)->context += bytes;
    }
    if (h->n_layer_kv >= 2 && which != LLW_CACHE_INDEXER)
        for (int il = h->n_layer_kv; il < h->n_layer_all; il++)
            if (h->layer[il].windowed == (which == LLW_CACHE_WINDOW))
                cache->of_layer[il] = cache->of_layer[h->n_layer_kv - (h->layer[il].windowed ? 2 : 1)];
    const llw_ggml_type *k = llw_ggml_type_get(launch->type_k), *v = llw_ggml_type_get(launch->type_v);
    int64_t first_k = which == LLW_CACHE_INDEXER ? h->indexer_head : llw_hparams_head_k(h, 0);
    /* build_inp_mem_hybrid_iswa has no rotation */
    bool rotates =
        plan->build.rotate_cache &&
        !(plan->architecture && plan->architecture->memory == LLW_MEMORY_HYBRID && h->windowed_any);
    cache->rotate_k = rotates && k->quantized && k_same && k_head > 0 && first_k % 64 == 0;
    /* llama_kv_cache: heads as long as the indexer's are taken for an indexer's, which always turns its keys
     */
    if (memory_of(plan) == LLW_MEMORY_COMPRESSED && h->head_k == h->indexer_head)
        cache->rotate_k = k_head > 0;
    cache->rotate_v =
        rotates && v->quantized && v_same && v_head > 0 && llw_hparams_head_v(h, 0) % 64 == 0 && !keys;
    cache->head_k = k_head;
    cache->used = cache->n_layers > 0;
}

static void ground_cache(llw_plan *plan, int which, const llw_cache_layer *first, int device,
                         int64_t layers) {
    const llw_launch *launch = plan->launch;
    llw_ground_cells(plan, 1, which);
    llw_ground_cache_layers(plan, 1, device == plan->n_devices ? LLW_PLACE_CPU : (llw_place)device, layers);
    llw_ground_width(plan, 1, which, first);
    llw_ground_slot(plan, 1, LLW_launch_cache_type_k, -1);
    llw_ground_type(plan, 2, launch->type_k);
    if (!first->v_width) return;
    llw_ground_slot(plan, 1, LLW_launch_cache_type_v, -1);
    if (launch->type_v != launch->type_k) llw_ground_type(plan, 2, launch->type_v);
}

static void explain_cache(llw_plan *plan, int which, const kv_sum *sums) {
    const llw_launch *launch = plan->launch;
    const llw_cache *cache = &plan->cache[which];
    const llw_ggml_type *k = llw_ggml_type_get(launch->type_k), *v = llw_ggml_type_get(launch->type_v);
    char cells[LLW_NUMBER_MAX], bytes[LLW_NUMBER_MAX];
    for (int i = 0; i <= plan->n_devices; i++) {
        if (!sums[i].layers) continue;
        llw_place place = i == plan->n_devices ? LLW_PLACE_CPU : (llw_place)i;
        const llw_cache_layer *first = NULL;
        bool even = true;
        for (int j = 0; j < cache->n_layers; j++) {
            const llw_cache_layer *layer = &cache->layers[j];
            if (llw_plan_device(plan, layer->place) != llw_plan_device(plan, place)) continue;
            if (first && (first->k_width != layer->k_width || first->v_width != layer->v_width)) even = false;
            if (!first) first = layer;
        }
        llw_text text = {0};
        llw_text_addf(&text, "%s%s cells", cache->what, llw_format_count(cells, cache->cells));
        if (cache->streams > 1) llw_text_addf(&text, " x %d slots", cache->streams);
        llw_text_addf(&text, " x %lld layers x ", (long long)sums[i].layers);
        if (!first->v_width)
            llw_text_addf(&text, "%lld x %u/%u bytes (%s, one compressed vector for K and V)",
                          (long long)first->k_width, k->bytes, k->block, k->name);
        else if (launch->type_k == launch->type_v && first->k_width == first->v_width)
            llw_text_addf(&text, "2 x %lld x %u/%u bytes (K and V, %s)", (long long)first->k_width, k->bytes,
                          k->block, k->name);
        else
            llw_text_addf(&text, "(K %lld x %u/%u %s + V %lld x %u/%u %s) bytes", (long long)first->k_width,
                          k->bytes, k->block, k->name, (long long)first->v_width, v->bytes, v->block,
                          v->name);
        llw_text_addf(&text, "%s = %s", even ? "" : " (widths differ by layer; this is the first one's)",
                      llw_format_mib(bytes, sums[i].bytes));
        llw_plan_step(plan, llw_plan_device(plan, place), LLW_placement_kv, sums[i].bytes,
                      "src/llama-kv-cache.cpp llama_kv_cache", "%s", llw_text_str(&text));
        llw_text_fini(&text);
        ground_cache(plan, which, first, i, sums[i].layers);
    }
}

static void make_cache(llw_plan *plan, int which, const char *what, int64_t cells) {
    kv_sum sums[LLW_MAX_DEVICES + 1] = {{0}};
    llw_cache *cache = &plan->cache[which];
    cache->what = what;
    place_cache(plan, cache, which, cells, sums);
    explain_cache(plan, which, sums);
}

/* ---- states ---- */

/* llama_hparams::n_embd_r, n_embd_s */
static void state_widths(const llw_hparams *h, int64_t *r, int64_t *s) {
    int64_t heads = h->layer[0].heads, conv = h->ssm_conv > 0 ? h->ssm_conv - 1 : 0;
    if (h->wkv_head) {
        *r = h->token_shift * h->n_embd;
        *s = h->n_embd * h->wkv_head;
    } else if (h->shortconv) {
        *r = h->n_embd * (h->shortconv - 1);
        *s = h->ssm_state * h->ssm_inner;
    } else if (h->kda_head) {
        *r = 3 * (h->ssm_conv > 0 ? conv : 3) * heads * h->kda_head;
        *s = h->kda_head * h->kda_head * heads;
    } else if (h->la_head) {
        *r = conv * (h->ssm_inner + 2 * h->ssm_groups * h->ssm_state);
        *s = h->la_head * h->la_head * heads;
    } else {
        *r = conv * (h->ssm_inner + 2 * h->ssm_groups * h->ssm_state);
        *s = h->ssm_state * h->ssm_inner;
    }
}

static bool has_state(const llw_plan *plan, int il) {
    const llw_layer *layer = &plan->hparams.layer[il];
    if (plan->nextn_only) return false;
    switch (plan->architecture->memory) {
    case LLW_MEMORY_RECURRENT:
    case LLW_MEMORY_HYBRID_BOTH: return true;
    case LLW_MEMORY_HYBRID:
    case LLW_MEMORY_HYBRID_INDEXED: return layer->recurrent;
    case LLW_MEMORY_HYBRID_NO_FF: return layer->recurrent && layer->ff == 0;
    default: return false;
    }
}

/* "4 sequences", each with its snapshots where tokens are drafted. */
static const char *states(const llw_plan *plan) {
    return plan->snapshots ? llw_arena_printf(plan->arena, "%d sequences x (1 state + %lld snapshots)",
                                              plan->n_seq, (long long)plan->snapshots)
                           : llw_arena_printf(plan->arena, "%d sequences", plan->n_seq);
}

static void ground_states(llw_plan *plan) {
    if (!plan->snapshots) return;
    llw_ground_slot(plan, 1, LLW_launch_spec_types, -1);
    llw_ground_slot(plan, 1, LLW_launch_draft_max, -1);
}

static void make_state(llw_plan *plan) {
    const llw_hparams *h = &plan->hparams;
    llw_state *state = &plan->state;
    if (!plan->architecture) return;
    state_widths(h, &state->r_width, &state->s_width);
    state->rows = plan->n_seq * (1 + plan->snapshots);
    state->of_layer = llw_arena_alloc(plan->arena, (size_t)h->n_layer_all);
    kv_sum sums[LLW_MAX_DEVICES + 1] = {{0}};
    for (int il = 0; il < h->n_layer_all; il++) {
        state->of_layer[il] = LLW_PLACE_NONE;
        if (il >= h->n_layer || !has_state(plan, il)) continue;
        state->used = true;
        llw_place place = plan->launch->kv_offload ? plan->layer_place[il] : LLW_PLACE_CPU;
        state->of_layer[il] = place;
        enum { F32 = 0 };
        int64_t bytes = llw_place_bytes(place, F32, state->r_width, state->rows) +
                        llw_place_bytes(place, F32, state->s_width, state->rows);
        if (h->layer[il].ple && h->ple_conv > 0 && h->ple_ngram > 1 && h->ple_heads > 0)
            bytes += llw_place_bytes(place, F32, (h->ple_conv - 1) * h->ple_ngram * h->hyper * h->n_embd,
                                     state->rows);
        sums[llw_place_is_host(place) ? plan->n_devices : place].bytes += bytes;
        sums[llw_place_is_host(place) ? plan->n_devices : place].layers++;
        llw_plan_memory(plan, place)->context += bytes;
        llw_plan_memory(plan, place)->state += bytes;
    }
    char bytes[LLW_NUMBER_MAX];
    for (int i = 0; i <= plan->n_devices; i++) {
        if (!sums[i].layers) continue;
        llw_place place = i == plan->n_devices ? LLW_PLACE_CPU : (llw_place)i;
        llw_plan_step(plan, llw_plan_device(plan, place), LLW_placement_kv, sums[i].bytes,
                      "src/llama-memory-recurrent.cpp llama_memory_recurrent",
                      "%lld recurrent layers x %s x (%lld + %lld) numbers of 4 bytes = %s, "
                      "whatever the context",
                      (long long)sums[i].layers, states(plan), (long long)state->r_width,
                      (long long)state->s_width, llw_format_mib(bytes, sums[i].bytes));
        llw_ground_cache_layers(plan, 1, place, sums[i].layers);
        llw_ground_state(plan, 1);
        ground_states(plan);
    }
}

/* ---- DeepSeek 4's compressors ---- */

typedef struct compressor {
    const char *what;
    int64_t ratio, rows, width;
} compressor;

/* llama_dsv4_comp_state: what is not yet a whole cell, values and scores, for each sequence. */
static void place_compressor(llw_plan *plan, const compressor *c) {
    const llw_hparams *h = &plan->hparams;
    kv_sum sums[LLW_MAX_DEVICES + 1] = {{0}};
    char bytes[LLW_NUMBER_MAX];
    enum { F32 = 0 };
    for (int il = 0; il < h->n_layer; il++) {
        if (h->layer[il].compress != c->ratio) continue;
        llw_place place = plan->launch->kv_offload ? plan->layer_place[il] : LLW_PLACE_CPU;
        int64_t each =
            2 * llw_place_bytes(place, F32, c->width, c->rows * plan->n_seq * (1 + plan->snapshots));
        kv_sum *sum = &sums[llw_place_is_host(place) ? plan->n_devices : place];
        sum->bytes += each;
        sum->layers++;
        llw_plan_memory(plan, place)->context += each;
    }
    for (int i = 0; i <= plan->n_devices; i++) {
        if (!sums[i].layers) continue;
        llw_place place = i == plan->n_devices ? LLW_PLACE_CPU : (llw_place)i;
        llw_plan_memory(plan, place)->state += pad(sums[i].bytes, LLW_CUDA_PAGE); /* a buffer of its own */
        llw_plan_step(plan, llw_plan_device(plan, place), LLW_placement_kv, sums[i].bytes,
                      "src/llama-kv-cache-dsv4.cpp llama_dsv4_comp_state",
                      "compressor state of the %s: %lld layers x %s x 2 x %lld x %lld numbers of 4 "
                      "bytes = %s",
                      c->what, (long long)sums[i].layers, states(plan), (long long)c->rows,
                      (long long)c->width, llw_format_mib(bytes, sums[i].bytes));
        llw_ground_cache_layers(plan, 1, place, sums[i].layers);
        llw_ground_key(plan, 1, "attention.key_length", NULL);
        llw_ground_key(plan, 1, "attention.indexer.key_length", NULL);
        llw_ground_slot(plan, 1, LLW_launch_n_seq, -1);
        ground_states(plan);
    }
}

static void place_compressed(llw_plan *plan) {
    const llw_hparams *h = &plan->hparams;
    enum { FINE = 4, COARSE = 128, PAD = 256 };
    int64_t fine = pad((plan->n_ctx_seq + FINE - 1) / FINE, PAD),
            coarse = pad((plan->n_ctx_seq + COARSE - 1) / COARSE, PAD);
    make_cache(plan, LLW_CACHE_BY_4, "compressed (4 tokens a cell) ", fine);
    make_cache(plan, LLW_CACHE_BY_128, "compressed (128 tokens a cell) ", coarse);
    make_cache(plan, LLW_CACHE_INDEXER, "indexer ", fine);
    place_compressor(plan, &(compressor){"4-token cells", FINE, 2 * FINE, 2 * h->head_k});
    place_compressor(plan, &(compressor){"128-token cells", COARSE, COARSE, h->head_k});
    place_compressor(plan, &(compressor){"indexer", FINE, 2 * FINE, 2 * h->indexer_head});
}

bool llw_context_place(llw_plan *plan) {
    const llw_hparams *h = &plan->hparams;
    const llw_launch *launch = plan->launch;
    llw_memory_kind memory = memory_of(plan);
    bool own = memory == LLW_MEMORY_OWN || !plan->architecture;
    for (int i = 0; own && i < LLW_MAX_DEVICES; i++) plan->out->device[i].context_exact = false;
    if (own) plan->out->host.context_exact = false;
    if (h->windowed_any && memory != LLW_MEMORY_NONE) {
        plan->cache[LLW_CACHE_WINDOW].used = true;
        plan->cache[LLW_CACHE_WINDOW].window = h->window;
        bool shared = plan->kv_unified && memory != LLW_MEMORY_COMPRESSED;
        int64_t cells =
            pad(least(plan->n_ctx_seq, h->window * (shared ? plan->n_seq : 1) + plan->n_ubatch), 256);
        if (launch->swa_full) cells = plan->n_ctx_seq;
        make_cache(plan, LLW_CACHE_BASE, "", plan->n_ctx_seq);
        make_cache(plan, LLW_CACHE_WINDOW, "window ", cells);
    } else {
        make_cache(plan, LLW_CACHE_BASE, "", plan->n_ctx_seq);
    }
    if (plan->nextn_only) return true;
    if (memory == LLW_MEMORY_COMPRESSED) place_compressed(plan);
    if (!plan->build.indexers) {
        make_state(plan);
        return true;
    }
    if (memory == LLW_MEMORY_INDEXED || memory == LLW_MEMORY_INDEXED_SPARSE ||
        memory == LLW_MEMORY_HYBRID_INDEXED)
        make_cache(plan, LLW_CACHE_INDEXER, "indexer ", plan->n_ctx_seq);
    make_state(plan);
    return true;
}
