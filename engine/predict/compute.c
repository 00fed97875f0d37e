/* Builds the worst-case graph, schedules and allocates it, and reads off the buffers.
 *
 * Source: src/llama-context.cpp sched_reserve, resolve_fused_ops, graph_reserve (llama.cpp v0.5.0 and
 * 2026-05-04). */
#include "predict/compute.h"

#include "predict/repack.h"
#include "predict/allocator.h"
#include "predict/blocks.h"
#include "predict/device.h"
#include "predict/estimate.h"
#include "predict/families.h"
#include "predict/graph_kept.h"
#include "predict/grounds.h"
#include "predict/split.h"
#include "predict/memo.h"
#include "predict/peak.h"

#include "base/text.h"
#include "fact/ggml_type.h"

#include <string.h>

static bool is_known(const llw_plan *plan) {
    return plan->architecture && plan->architecture->graph;
}

static void build(llw_plan *plan, llw_graph *graph, llw_arena *arena, int64_t n_tokens, int64_t n_outputs) {
    int64_t seqs = plan->n_seq;
    if (n_tokens % seqs) {
        n_tokens = (n_tokens + seqs - 1) / seqs * seqs;
        if (plan->build.rounds_up_outputs && n_outputs < n_tokens) n_outputs = n_tokens;
    }
    llw_graph_init(graph, plan, arena, n_tokens, seqs, n_outputs);
    if (is_known(plan))
        plan->architecture->graph(graph);
    else
        llw_build_plain(graph);
    if (plan->launch->embedding) llw_block_pooling(graph);
    if (graph->logits) graph->logits->output = true;
    if (graph->embeddings) graph->embeddings->output = true;
    if (graph->hidden) graph->hidden->output = true;
    if (graph->pooled) graph->pooled->output = true;
    if (!graph->failed) llw_backend_look(graph);
}

/* True when every operation of that kind runs on its layer's device. */
static bool all_stay(llw_plan *plan, const llw_graph *graph, llw_op op) {
    plan->flash_moved = 0;
    for (size_t i = 0; i < graph->nodes.n; i++) {
        const llw_node *node = graph->nodes.items[i];
        if (node->op != op || !node->fused_layer) continue;
        llw_place place = plan->layer_place[node->fused_layer - 1];
        int home = llw_place_is_host(place) ? llw_cpu_backend(plan) : place;
        if (node->backend == home) continue;
        bool taken = node->backend != llw_cpu_backend(plan) || llw_backend_takes(plan, home, node);
        if (taken) plan->flash_moved = node->fused_layer; /* it can be computed, but not there */
        return false;
    }
    return true;
}

/* Places a graph of that many tokens and looks where attention and delta nets end up. */
static void probe(llw_plan *plan, int64_t n_tokens, bool *attention, bool *delta) {
    llw_arena *arena = llw_arena_new();
    llw_graph graph;
    llw_schedule schedule;
    build(plan, &graph, arena, n_tokens, n_tokens);
    *attention = *delta = true;
    if (!graph.failed) {
        llw_schedule_pin(&graph);
        llw_schedule_assign(&schedule, &graph);
        *delta = all_stay(plan, &graph, LLW_OP_GATED_DELTA_NET);
        *attention = all_stay(plan, &graph, LLW_OP_FLASH_ATTN_EXT);
    }
    llw_arena_free(arena);
}

static bool probes_delta(const llw_plan *plan) {
    return plan->build.probes_delta_net && plan->architecture && plan->architecture->delta_net;
}

/* Mixed streams are written out where the fused operation leaves its layer's device. */
static void probe_fused(llw_plan *plan) {
    const struct {
        llw_op op;
        bool *apart;
    } probes[] = {{LLW_OP_DSV4_HC_PRE, &plan->apart_pre},
                  {LLW_OP_DSV4_HC_COMB, &plan->apart_comb},
                  {LLW_OP_DSV4_HC_POST, &plan->apart_post}};
    for (size_t i = 0; i < sizeof probes / sizeof *probes; i++) {
        llw_arena *arena = llw_arena_new();
        llw_graph graph;
        llw_schedule schedule;
        build(plan, &graph, arena, plan->n_seq, plan->n_seq);
        if (!graph.failed) {
            llw_schedule_pin(&graph);
            llw_schedule_assign(&schedule, &graph);
            *probes[i].apart = !all_stay(plan, &graph, probes[i].op);
        }
        llw_arena_free(arena);
    }
}

static bool mixes_streams(const llw_plan *plan) {
    return is_known(plan) && plan->architecture->memory == LLW_MEMORY_COMPRESSED;
}

static void run_probes(llw_plan *plan) {
    enum { CHUNK = 16 };
    /* a graph that is a guess refuses no launch */
    bool forced = (plan->build.quantised_v_forces_flash || !is_known(plan)) &&
                  llw_ggml_type_get(plan->launch->type_v)->quantized;
    forced = forced || llw_split_on(plan); /* llama_init_from_model */
    bool asks = plan->launch->flash_attn == LLW_AUTO && plan->flash_attn && !forced, delta = true, ignored;
    if (asks) probe(plan, plan->n_seq, &plan->flash_attn, &delta);
    if (mixes_streams(plan)) probe_fused(plan);
    if (!probes_delta(plan)) return;
    /* the same graph again, unless attention has changed */
    if (!asks || !plan->flash_attn) probe(plan, plan->n_seq, &ignored, &delta);
    plan->fused_delta_one = delta;
    probe(plan, (int64_t)CHUNK * plan->n_seq, &ignored, &delta);
    plan->fused_delta_many = delta;
}

/* Layers that share a cache may lie elsewhere than it. */
static bool reads_own_cache(const llw_plan *plan, int il) {
    for (int c = 0; c < LLW_CACHES; c++) {
        const llw_cache *cache = &plan->cache[c];
        if (!cache->used || cache->of_layer[il] < 0) continue;
        llw_place place = cache->layers[cache->of_layer[il]].place;
        if (llw_plan_device(plan, place) != llw_plan_device(plan, plan->layer_place[il])) return false;
    }
    return true;
}

/* Whether the probes depend on nothing but which kinds of layer lie on GPUs and which on the host: then each
 * layer's weights, feed-forward aside, and its cache lie where the layer lies, and the scheduler has no
 * reason to take anything between them elsewhere but that the device cannot compute it. Few tokens: no
 * operation is sent from the host to a GPU. */
static bool probes_are_local(const llw_plan *plan, unsigned *kinds) {
    enum { FEW = 32 /* ggml-cuda.cu op_offload_min_batch_size */ };
    const llw_hparams *h = &plan->hparams;
    if (!is_known(plan) || mixes_streams(plan) || !plan->launch->kv_offload || plan->n_seq >= FEW ||
        plan->launch->split_mode == LLW_SPLIT_ROW || plan->launch->split_mode == LLW_SPLIT_TENSOR)
        return false;
    *kinds = 0;
    for (int il = 0; il < h->n_layer; il++) {
        bool host = llw_place_is_host(plan->layer_place[il]);
        if ((host && probes_delta(plan)) || !reads_own_cache(plan, il)) return false;
        unsigned kind = h->layer[il].recurrent ? 0 : h->layer[il].windowed ? 1 : 2;
        *kinds |= 1u << (kind + (host ? 3u : 0u));
    }
    for (size_t i = 0; i < plan->n_weights; i++) {
        const llw_weight *w = &plan->weights[i];
        if (!w->loaded || w->name.layer < 0 || w->name.layer >= h->n_layer) continue;
        if (!strncmp(llw_tensor_info_get(w->name.id)->name, "ffn_", 4)) continue;
        if (llw_plan_device(plan, w->place) != llw_plan_device(plan, plan->layer_place[w->name.layer]))
            return false;
    }
    return true;
}

void llw_compute_resolve(llw_plan *plan) {
    plan->fused_delta_one = plan->fused_delta_many = plan->build.fused_delta_net != 0;
    llw_memo *memo = plan->launch->memo;
    unsigned kinds;
    llw_probes probes;
    bool local = memo && probes_are_local(plan, &kinds);
    if (local && llw_memo_find_probes(memo, plan->launch, kinds, &probes)) {
        plan->flash_attn = probes.flash_attn;
        plan->fused_delta_one = probes.fused_delta_one;
        plan->fused_delta_many = probes.fused_delta_many;
        return;
    }
    run_probes(plan);
    if (!local) return;
    probes = (llw_probes){plan->flash_attn, plan->fused_delta_one, plan->fused_delta_many};
    llw_memo_keep_probes(memo, plan->launch, kinds, probes);
}

static void set(const llw_plan *plan, llw_memory *memory, int64_t bytes) {
    memory->compute = memory->compute_low = memory->compute_high = memory->compute_loaded = bytes;
    memory->compute_exact = is_known(plan);
    if (!memory->compute_exact) llw_estimate_band(memory, bytes, bytes);
}

static void say_loaded(llw_plan *plan, int device, llw_memory *memory, int64_t bytes) {
    char buf[LLW_NUMBER_MAX];
    memory->compute_loaded = bytes;
    if (bytes == memory->compute) return;
    llw_plan_step(
        plan, device, LLW_placement_compute_loaded, bytes,
        "src/llama-context.cpp graph_get_cb, ggml/src/ggml-backend.cpp ggml_backend_sched_reserve_size",
        "the same graph with each layer's norms kept on the layer's device, as a real load keeps them and "
        "the accounting without allocation does not: %s",
        llw_format_mib(buf, bytes));
    llw_ground_slot(plan, 1, LLW_placement_compute, device);
}

/* How many tensors the scheduler's table holds that was asked for `least`: ggml_hash_size, the primes after
 * powers of two (ggml/src/ggml.c). */
static int64_t table_size(int64_t least) {
    static const int64_t primes[] = {
        2,       3,       5,       11,      17,       37,       67,       131,       257,      521,
        1031,    2053,    4099,    8209,    16411,    32771,    65537,    131101,    262147,   524309,
        1048583, 2097169, 4194319, 8388617, 16777259, 33554467, 67108879, 134217757, 268435459};
    for (size_t i = 0; i < sizeof primes / sizeof *primes; i++)
        if (primes[i] >= least) return primes[i];
    return least | 1;
}

/* Whether llama.cpp has room for the graph: llama_context::graph_max_nodes, asked before tokens are rounded
 * to the slots, is what tensors the graph may make, and what the scheduler's table of operations, weights and
 * caches is made for. */
static bool check_room(llw_plan *plan, const llw_graph *graph, int64_t n_tokens) {
    int64_t made = (int64_t)(graph->made - graph->outside), held = (int64_t)(graph->nodes.n + graph->leafs.n);
    int64_t room = llw_changes_graph_room(plan->launch->build_order, plan->model->architecture, n_tokens,
                                          plan->n_loaded);
    if (graph->failed || room == INT64_MAX) return true;
    if (made > room)
        return llw_plan_stop(
            plan, LLW_OUTCOME_ABORTS,
            "the graph of %lld tokens over %d slots has %lld tensors, and llama.cpp, which makes "
            "room for %lld, stops with an assertion: lower -np, share one cache with -kvu, or "
            "raise -ub and -b",
            (long long)n_tokens, plan->n_seq, (long long)made, (long long)room);
    if (held <= table_size(room)) return true;
    return llw_plan_stop(
        plan, LLW_OUTCOME_ABORTS,
        "the graph holds %lld operations, weights and caches, and the table of llama.cpp's scheduler, "
        "made for %lld, has no room for more than %lld: it stops with \"fatal error\"",
        (long long)held, (long long)room, (long long)table_size(room));
}

/* What decides a graph's shape beside the launch, as bytes. Where things lie is not of it, as long as each
 * layer has its copy of the rope factors. */
static void write_shape(const llw_plan *plan, int64_t n_tokens, int64_t n_outputs, llw_text *out) {
    const int64_t numbers[] = {n_tokens,
                               n_outputs,
                               plan->n_seq,
                               plan->n_ctx,
                               plan->n_ctx_seq,
                               plan->n_ubatch,
                               plan->n_loaded,
                               plan->output_copy,
                               plan->flash_attn,
                               plan->v_transposed,
                               plan->kv_unified,
                               plan->fused_delta_one,
                               plan->fused_delta_many};
    static const llw_weight_id factors[] = {LLW_W_ROPE_FREQS, LLW_W_ROPE_FACTORS_LONG,
                                            LLW_W_ROPE_FACTORS_SHORT};
    llw_text_addn(out, (const char *)numbers, sizeof numbers);
    for (size_t i = 0; i < sizeof factors / sizeof *factors; i++)
        if (llw_plan_weight(plan, factors[i], LLW_WEIGHT, -1))
            llw_text_addn(out, (const char *)plan->rope_place,
                          (size_t)plan->hparams.n_layer_all * sizeof *plan->rope_place);
}

/* The graph of a micro-batch, made once and used again while only places change: kept in the memo where there
 * is one and nothing else decides its shape, else in the arena. */
static llw_graph_kept *find_or_build(llw_plan *plan, llw_arena *arena, int64_t n_tokens, int64_t n_outputs) {
    llw_graph_kept *own = NULL, **kept = &own;
    if (plan->launch->memo && is_known(plan) && !mixes_streams(plan) && !llw_split_on(plan)) {
        llw_text shape = {0};
        write_shape(plan, n_tokens, n_outputs, &shape);
        kept = llw_memo_graph(plan->launch->memo, plan->launch, &shape);
        llw_text_fini(&shape);
    }
    if (*kept) return *kept;
    llw_graph graph;
    build(plan, &graph, kept == &own ? arena : llw_arena_new(), n_tokens, n_outputs);
    return *kept = llw_graph_keep(&graph);
}

/* Which backends a graph's nodes and leafs are assigned to, in order. */
static short *assigned(const llw_graph *graph, llw_arena *arena) {
    size_t n = graph->nodes.n + graph->leafs.n;
    short *backends = llw_arena_alloc(arena, n * sizeof *backends), *at = backends;
    for (size_t i = 0; i < graph->nodes.n; i++) *at++ = graph->nodes.items[i]->backend;
    for (size_t i = 0; i < graph->leafs.n; i++) *at++ = graph->leafs.items[i]->backend;
    return backends;
}

/* What a real load takes where its accounting without allocation says something else: the same graph with the
 * builder's own assignments kept. Confirmed to the byte on two H200 with v0.5.0 (docs/accuracy.md). */
static void measure_load(llw_plan *plan, llw_graph_kept *kept, llw_graph *graph, llw_arena *arena) {
    llw_schedule schedule;
    int64_t sizes[LLW_MAX_DEVICES + 1] = {0};
    const short *before = assigned(graph, arena);
    llw_graph_again(kept, plan, arena, graph);
    llw_schedule_pin(graph);
    llw_schedule_assign(&schedule, graph);
    size_t n = graph->nodes.n + graph->leafs.n;
    if (!memcmp(before, assigned(graph, arena), n * sizeof *before)) return; /* it is the same */
    llw_schedule_cut(&schedule);
    if (!llw_allocator_measure(&schedule, sizes, NULL) || schedule.aborts) return;
    for (int b = 0; b < plan->n_devices; b++)
        say_loaded(plan, plan->device[b], &plan->out->device[plan->device[b]], sizes[b]);
    say_loaded(plan, -1, &plan->out->host, sizes[plan->n_devices]);
}

static const llw_weight *weight_of(const llw_plan *plan, const llw_graph *graph, const llw_node *node) {
    while (node->view) node = node->view;
    if (!node->weight) return NULL;
    for (size_t i = 0; i < plan->n_weights; i++)
        if (graph->weights[i] == node) return &plan->weights[i];
    return NULL;
}

/* A weight in another layout serves nothing but the products that it was laid out for; whatever else wants it
 * finds no backend (ggml_backend_cpu_device_supports_op). */
static const char *unfit_for_layout(const llw_plan *plan, const llw_graph *graph) {
    if (plan->out->repacked == 0) return NULL;
    for (size_t i = 0; i < graph->nodes.n; i++) {
        const llw_node *node = graph->nodes.items[i], *b = node->src[1];
        if (node->view || !node->src[0]) continue;
        const llw_weight *w = weight_of(plan, graph, node->src[0]);
        if (!w || w->repacked == LLW_REPACK_NONE || w->repacked == LLW_REPACK_UNKNOWN) continue;
        bool product = node->op == LLW_OP_MUL_MAT || node->op == LLW_OP_MUL_MAT_ID;
        bool plain =
            product && b && b->type == 0 &&
            (w->repacked != LLW_REPACK_AMX || (llw_is_contiguous(b) && llw_is_contiguous(node->src[0])));
        if (!plain)
            return llw_arena_printf(
                plan->arena,
                "%s lies in RAM in another layout, which an operation of the graph cannot read "
                "(GGML_ASSERT(*cur_backend_id != -1)): --no-repack keeps it as it is",
                w->tensor->name);
    }
    return NULL;
}

bool llw_compute_measure(llw_plan *plan, const char **why) {
    llw_arena *arena = llw_arena_new();
    llw_graph graph;
    llw_schedule schedule;
    int64_t sizes[LLW_MAX_DEVICES + 1] = {0};
    int64_t n_tokens = plan->n_ctx < plan->n_ubatch ? plan->n_ctx : plan->n_ubatch;
    int64_t n_outputs = n_tokens < plan->n_outputs_max ? n_tokens : plan->n_outputs_max;
    llw_graph_kept *kept = find_or_build(plan, arena, n_tokens, n_outputs);
    llw_graph_again(kept, plan, arena, &graph);
    if (is_known(plan) && !check_room(plan, &graph, n_tokens)) {
        llw_arena_free(arena);
        return true;
    }
    bool ok = !graph.failed;
    if (!ok) *why = llw_arena_strdup(plan->arena, graph.failed);
    if (ok) {
        llw_schedule_make(&schedule, &graph);
        const char *unfit = schedule.aborts ? NULL : unfit_for_layout(plan, &graph);
        if (plan->n_devices == 0) schedule.aborts = schedule.aborts ? schedule.aborts : unfit;
        plan->unfit = unfit != NULL;
        llw_peak peaks[LLW_MAX_DEVICES + 1];
        if (!llw_allocator_measure(&schedule, sizes, plan->explain ? peaks : NULL))
            schedule.aborts = "GGML_ASSERT(chunk->n_free_blocks < MAX_FREE_BLOCKS)";
        for (int b = 0; b < plan->n_devices; b++) set(plan, &plan->out->device[plan->device[b]], sizes[b]);
        set(plan, &plan->out->host, sizes[plan->n_devices]);
        if (plan->explain && !schedule.aborts) llw_peak_explain(plan, &schedule, peaks);
        if (plan->explain && !schedule.aborts && is_known(plan)) measure_load(plan, kept, &graph, arena);
        if (schedule.aborts)
            llw_plan_stop(plan, LLW_OUTCOME_ABORTS,
                          "llama.cpp stops while it reserves the compute buffers: %s", schedule.aborts);
    }
    llw_arena_free(arena);
    return ok;
}
