/* Estimates tokens per second from what a token reads, where it lies, and how fast that is read. */
#include "predict/speed.h"

#include "base/table.h"
#include "fact/ggml_type.h"
#include "predict/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct range {
    double low, high;
} range;

typedef struct speeds { /* models/speed.tsv */
    range weights, weights_hbm, ram, cache, cache_compressed, cache_no_flash, cache_no_kernel;
    range layer, layer_experts, layer_compressed, layer_recurrent, layer_no_flash, layer_no_kernel,
        host_layer, device;
} speeds;

static bool speeds_read(llw_arena *arena, speeds *out) {
    struct {
        const char *key;
        range *to;
    } const keys[] = {{"weights", &out->weights},
                      {"weights-hbm", &out->weights_hbm},
                      {"ram", &out->ram},
                      {"cache", &out->cache},
                      {"cache-compressed", &out->cache_compressed},
                      {"cache-no-flash", &out->cache_no_flash},
                      {"cache-no-kernel", &out->cache_no_kernel},
                      {"layer", &out->layer},
                      {"layer-experts", &out->layer_experts},
                      {"layer-compressed", &out->layer_compressed},
                      {"layer-recurrent", &out->layer_recurrent},
                      {"layer-no-flash", &out->layer_no_flash},
                      {"layer-no-kernel", &out->layer_no_kernel},
                      {"host-layer", &out->host_layer},
                      {"device", &out->device}};
    llw_table t;
    if (llw_table_read(arena, "models/speed.tsv", &t, NULL) != LLW_OK) return false;
    int key = llw_table_column(&t, "key"), low = llw_table_column(&t, "low"),
        high = llw_table_column(&t, "high");
    size_t found = 0;
    for (size_t row = 0; row < t.n_rows; row++)
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
            if (!strcmp(keys[i].key, llw_table_cell(&t, row, key))) {
                keys[i].to->low = strtod(llw_table_cell(&t, row, low), NULL);
                keys[i].to->high = strtod(llw_table_cell(&t, row, high), NULL);
                found += keys[i].to->low > 0 && keys[i].to->high > 0;
            }
    return found == sizeof keys / sizeof *keys;
}

static bool is_expert(llw_weight_id id) {
    switch (id) {
    case LLW_W_FFN_UP_EXPS:
    case LLW_W_FFN_GATE_EXPS:
    case LLW_W_FFN_DOWN_EXPS:
    case LLW_W_FFN_GATE_UP_EXPS:
    case LLW_W_FFN_UP_CHEXPS:
    case LLW_W_FFN_GATE_CHEXPS:
    case LLW_W_FFN_DOWN_CHEXPS: return true;
    default: return false;
    }
}

/* Bytes of a weight that one token reads: of experts those that are used, of look-up tables a row, which is
 * nothing. */
static int64_t read_bytes(const llw_plan *plan, size_t i) {
    const llw_weight *w = &plan->weights[i];
    if (!w->loaded || w->place == LLW_PLACE_NONE) return 0;
    const llw_tensor_info *info = llw_tensor_info_get(w->name.id);
    bool as_output = plan->output_copy == (int32_t)i + 1;
    if (info && info->op == LLW_OP_GET_ROWS && !as_output) return 0;
    const llw_hparams *h = &plan->hparams;
    if (!is_expert(w->name.id) || h->experts <= 0 || w->name.layer < 0 || w->name.layer >= h->n_layer_all)
        return w->tensor->bytes;
    int64_t used = h->layer[w->name.layer].experts_used;
    if (used <= 0 || used > h->experts) used = h->experts;
    return (int64_t)((double)w->tensor->bytes * (double)used / (double)h->experts);
}

static void count_weights(const llw_plan *plan, llw_speed *out) {
    bool *host = llw_arena_alloc(plan->arena, (size_t)plan->hparams.n_layer_all + 1);
    for (size_t i = 0; i < plan->n_weights; i++) {
        const llw_weight *w = &plan->weights[i];
        int64_t bytes = read_bytes(plan, i);
        if (!bytes) continue;
        if (llw_place_is_host(w->place)) {
            out->weights_host += bytes;
            if (w->name.layer >= 0 && w->name.layer < plan->hparams.n_layer_all) host[w->name.layer] = true;
        } else {
            out->weights[plan->device[w->place]] += bytes;
        }
    }
    for (int i = 0; i < plan->hparams.n_layer_all; i++) out->layers_host += host[i];
}

static void add_cache(const llw_plan *plan, llw_speed *out, llw_place place, int64_t bytes) {
    if (place == LLW_PLACE_NONE) return;
    if (llw_place_is_host(place))
        out->cache_host += bytes;
    else
        out->cache[plan->device[place]] += bytes;
}

/* Cells that a token looks at, and the state of one sequence, read and written. */
static void count_cache(const llw_plan *plan, int64_t depth, llw_speed *out) {
    for (int c = 0; c < LLW_CACHES; c++) {
        const llw_cache *cache = &plan->cache[c];
        int64_t cells = cache->window > 0 && depth > cache->window ? cache->window : depth;
        if (cells > cache->cells) cells = cache->cells;
        for (int i = 0; cache->used && i < cache->n_layers; i++) {
            const llw_cache_layer *l = &cache->layers[i];
            int64_t row = llw_ggml_row_bytes(plan->launch->type_k, l->k_width);
            if (l->v_width) row += llw_ggml_row_bytes(plan->launch->type_v, l->v_width);
            add_cache(plan, out, l->place, cells * row);
        }
    }
    for (int i = 0; plan->state.used && i < plan->hparams.n_layer_all; i++)
        add_cache(plan, out, plan->state.of_layer[i], 2 * 4 * (plan->state.r_width + plan->state.s_width));
}

/* Lowers the launch as llw_predict does, without its arithmetic on the compute buffer. */
static bool make_plan(const llw_launch *launch, const llw_prediction *prediction, llw_arena *arena,
                      llw_arena *scratch, llw_plan *plan, llw_prediction *unused) {
    *plan = (llw_plan){
        .launch = launch, .model = launch->model, .arena = arena, .scratch = scratch, .out = unused};
    llw_changes_read(launch->build_order, &plan->build);
    plan->architecture = llw_architecture_find(plan->model->architecture);
    if (!llw_hparams_read(plan) || !llw_context_resolve(plan) || !llw_place_layers(plan) ||
        !llw_place_weights(plan))
        return false;
    plan->flash_attn = prediction->flash_attn;
    return llw_context_place(plan);
}

/* Whether CUDA has flash attention for the heads of every layer with a cache (models/flash-attention.tsv). */
static bool has_kernel(const llw_plan *plan) {
    const llw_hparams *h = &plan->hparams;
    const llw_cache *cache = &plan->cache[LLW_CACHE_BASE];
    for (int i = 0; cache->used && i < cache->n_layers; i++) {
        int layer = cache->layers[i].layer;
        if (layer < 0 || layer >= h->n_layer_all) continue;
        const llw_layer *l = &h->layer[layer];
        int64_t kv = h->mla ? 1 : l->kv_heads,
                key = h->mla ? h->lora_kv + h->rot : llw_hparams_head_k(h, layer);
        int64_t value = h->mla ? h->lora_kv : llw_hparams_head_v(h, layer),
                ratio = kv > 0 ? l->heads / kv : 1;
        int heads = llw_changes_flash_heads(plan->launch->build_order, key, value);
        if (heads < 0 || (heads > 0 && ratio < 2) || (heads > 1 && ratio % heads)) return false;
    }
    return true;
}

static range layer_cost(const llw_plan *plan, const speeds *s) {
    if (plan->state.used) return s->layer_recurrent;
    if (!plan->flash_attn) return s->layer_no_flash;
    if (!has_kernel(plan)) return s->layer_no_kernel;
    if (plan->hparams.mla) return s->layer_compressed;
    return plan->hparams.experts > 0 ? s->layer_experts : s->layer;
}

/* models/speed.tsv: weights and weights-hbm */
static range weights_share(const speeds *s, double bandwidth) {
    return bandwidth < 2e12 ? s->weights : s->weights_hbm;
}

static range cache_share(const llw_plan *plan, const speeds *s) {
    if (!plan->flash_attn) return s->cache_no_flash;
    if (!has_kernel(plan)) return s->cache_no_kernel;
    return plan->hparams.mla ? s->cache_compressed : s->cache;
}

/* What makes it fall off a cliff; NULL when nothing does. */
static const char *cliff(const llw_plan *plan) {
    if (!plan->cache[LLW_CACHE_BASE].used || plan->n_devices == 0) return NULL;
    if (plan->flash_attn && !has_kernel(plan))
        return "CUDA has no flash attention for these head sizes, and -fa on sends attention to the "
               "processor: with a "
               "long context tokens come a hundred times slower; -fa auto switches it off instead";
    if (!plan->flash_attn && plan->launch->flash_attn == LLW_AUTO && has_kernel(plan) && plan->overridden)
        return "-fa auto switched flash attention off, because -ot moved the weights of some layer's "
               "attention away from "
               "its cache: long contexts are slower and take more memory, and -fa on keeps it";
    if (!plan->flash_attn && plan->launch->flash_attn == LLW_AUTO)
        return "CUDA has no flash attention for these head sizes, so it is off: long contexts are slower and "
               "take more "
               "memory";
    return NULL;
}

/* Adds bytes over bandwidth to both ends. */
static void add(llw_speed *out, int64_t bytes, double bandwidth, range share) {
    out->seconds_low += (double)bytes / (bandwidth * share.high);
    out->seconds_high += (double)bytes / (bandwidth * share.low);
}

static void add_times(llw_speed *out, int times, range each) {
    out->seconds_low += times * each.high;
    out->seconds_high += times * each.low;
}

static void assume(llw_arena *arena, llw_speed *out, size_t *room, const char *text) {
    const char **slot =
        llw_arena_push(arena, (void **)&out->assumptions, &out->n_assumptions, room, sizeof *slot);
    *slot = text;
}

static void assumptions(const llw_plan *plan, const speeds *s, int64_t depth, llw_speed *out) {
    llw_arena *a = plan->arena;
    size_t room = 0;
    range layer = layer_cost(plan, s);
    char n[LLW_NUMBER_MAX];
    assume(
        a, out, &room,
        llw_arena_printf(a, "one user's answer, with %s tokens in the context", llw_format_count(n, depth)));
    for (int i = 0; i < plan->n_devices; i++) {
        const llw_device *d = &plan->launch->devices[plan->device[i]];
        range share = weights_share(s, d->bandwidth);
        if (out->weights[plan->device[i]] > 0)
            assume(a, out, &room,
                   llw_arena_printf(a,
                                    "%s reads weights at %.0f to %.0f %% of the %.0f GB/s of its data sheet",
                                    d->name, share.low * 100, share.high * 100, d->bandwidth / 1e9));
    }
    assume(a, out, &room,
           llw_arena_printf(a, "starting a layer's kernels takes %.0f to %.0f microseconds", layer.high * 1e6,
                            layer.low * 1e6));
    if (plan->hparams.experts > 0)
        assume(a, out, &room, "each token uses other experts, and no two tokens are computed at once");
    if (out->weights_host > 0 || out->cache_host > 0)
        assume(a, out, &room,
               llw_arena_printf(a, "RAM is read at %.0f to %.0f %% of %.0f GB/s", s->ram.low * 100,
                                s->ram.high * 100, plan->launch->ram_bandwidth / 1e9));
}

/* Bandwidths as they are known, or nominal ones for ranking. */
typedef struct bandwidths {
    double device[LLW_MAX_DEVICES], ram;
} bandwidths;

static void add_up(const llw_plan *plan, const speeds *s, const bandwidths *b, llw_speed *out) {
    int used = 0;
    for (int i = 0; i < plan->n_devices; i++) {
        int d = plan->device[i];
        if (out->weights[d] + out->cache[d] == 0) continue;
        add(out, out->weights[d], b->device[d], weights_share(s, b->device[d]));
        add(out, out->cache[d], b->device[d], cache_share(plan, s));
        used++;
    }
    if (out->weights_host) add(out, out->weights_host, b->ram, s->ram);
    if (out->cache_host) add(out, out->cache_host, b->ram, s->ram);
    add_times(out, plan->hparams.n_layer, layer_cost(plan, s));
    if (used > 0) add_times(out, out->layers_host, s->host_layer);
    if (used > 1) add_times(out, used - 1, s->device);
    out->low = 1 / out->seconds_high;
    out->high = 1 / out->seconds_low;
}

static void estimate(const llw_launch *launch, const llw_prediction *prediction, int64_t depth,
                     llw_arena *arena, llw_arena *scratch, llw_speed *out) {
    memset(out, 0, sizeof *out);
    out->reason = "";
    speeds s;
    llw_plan plan;
    llw_prediction unused = {0};
    if (prediction->outcome != LLW_OUTCOME_OK)
        out->reason = "the launch does not load";
    else if (!speeds_read(scratch, &s))
        out->reason = "models/speed.tsv cannot be read";
    else if (!make_plan(launch, prediction, arena, scratch, &plan, &unused))
        out->reason = "the placement is not known";
    if (*out->reason) return;
    count_weights(&plan, out);
    count_cache(&plan, depth, out);
    bandwidths b = {.ram = launch->ram_bandwidth};
    for (int i = 0; i < launch->n_devices; i++) {
        b.device[i] = launch->devices[i].bandwidth;
        if (out->weights[i] + out->cache[i] > 0 && b.device[i] <= 0) {
            out->reason = llw_arena_printf(arena, "the memory bandwidth of %s is not known: name the card",
                                           launch->devices[i].name);
            return;
        }
    }
    if (out->weights_host + out->cache_host > 0 && b.ram <= 0) {
        out->reason = "part of the model works in RAM, whose bandwidth is not known";
        return;
    }
    const llw_memory *host = &prediction->host;
    if (launch->ram_available >= 0 && llw_memory_sum(host) > launch->ram_available) {
        out->reason =
            "RAM does not hold what is to stay there, and how fast the rest comes from disk is not known";
        return;
    }
    add_up(&plan, &s, &b, out);
    assumptions(&plan, &s, depth, out);
    out->cliff = cliff(&plan);
    out->known = true;
}

void llw_speed_estimate(const llw_launch *launch, const llw_prediction *prediction, int64_t depth,
                        llw_arena *arena, llw_speed *out) {
    llw_arena *scratch = llw_arena_new();
    estimate(launch, prediction, depth, arena, scratch, out);
    llw_arena_free(scratch);
}

double llw_speed_rank(const llw_launch *launch, const llw_prediction *prediction, llw_arena *arena) {
    static const double gpu = 800e9, ram = 40e9; /* nominal: a card of these years and two channels of DDR4 */
    speeds s;
    llw_plan plan;
    llw_prediction unused = {0};
    llw_speed sum = {0};
    if (prediction->outcome != LLW_OUTCOME_OK || !speeds_read(arena, &s) ||
        !make_plan(launch, prediction, arena, arena, &plan, &unused))
        return INFINITY;
    count_weights(&plan, &sum);
    count_cache(&plan, 0, &sum);
    bool all_known = true;
    for (int i = 0; i < launch->n_devices; i++) all_known = all_known && launch->devices[i].bandwidth > 0;
    bandwidths b = {.ram = launch->ram_bandwidth > 0 ? launch->ram_bandwidth : ram};
    for (int i = 0; i < launch->n_devices; i++) b.device[i] = all_known ? launch->devices[i].bandwidth : gpu;
    add_up(&plan, &s, &b, &sum);
    return (sum.seconds_low + sum.seconds_high) / 2;
}
