/* Builds the worst-case graph, schedules and allocates it, and reads off the buffers.
 *
 * Source: src/llama-context.cpp sched_reserve, resolve_fused_ops, graph_reserve (llama.cpp v0.5.0 and
 * 2026-05-04). */
#include "predict/compute.h"

#include "predict/allocator.h"
#include "predict/blocks.h"
#include "predict/device.h"
#include "predict/estimate.h"
#include "predict/families.h"
#include "predict/peak.h"

#include "base/text.h"
#include "fact/ggml_type.h"

#include <string.h>

static bool is_known(const llw_plan *plan) {
    return plan->architecture && plan->architecture->graph;
}

/* `pins`: llama.cpp assigns some nodes itself, norms to their layer's device above all. A real load keeps
 * that; its accounting without allocation forgets it (ggml_backend_sched_reserve_size resets the scheduler
 * after the graph is built), and so do --fit and what is predicted here. */
static void build(llw_plan *plan, llw_graph *graph, llw_arena *arena, int64_t n_tokens, int64_t n_outputs,
                  bool pins) {
    int64_t seqs = plan->n_seq;
    if (n_tokens % seqs) {
        n_tokens = (n_tokens + seqs - 1) / seqs * seqs;
        if (plan->build.rounds_up_outputs && n_outputs < n_tokens) n_outputs = n_tokens;
    }
    llw_graph_init(graph, plan, arena, n_tokens, seqs, n_outputs);
    graph->pins = pins;
    if (is_known(plan))
        plan->architecture->graph(graph);
    else
        llw_build_plain(graph);
    if (plan->launch->embedding) llw_block_pooling(graph);
    if (graph->logits) graph->logits->output = true;
    if (graph->embeddings) graph->embeddings->output = true;
    if (graph->hidden) graph->hidden->output = true;
    if (graph->pooled) graph->pooled->output = true;
}

/* True when every operation of that kind runs on its layer's device. */
static bool stays_on_layers(llw_plan *plan, llw_op op, int64_t n_tokens) {
    llw_arena *arena = llw_arena_new();
    llw_graph graph;
    llw_schedule schedule;
    build(plan, &graph, arena, n_tokens, n_tokens, true);
    bool stays = true;
    if (!graph.failed) {
        llw_schedule_assign(&schedule, &graph);
        for (size_t i = 0; i < graph.nodes.n && stays; i++) {
            const llw_node *node = graph.nodes.items[i];
            if (node->op != op || !node->fused_layer) continue;
            llw_place place = plan->layer_place[node->fused_layer - 1];
            stays = node->backend == (llw_place_is_host(place) ? llw_cpu_backend(plan) : place);
        }
    }
    llw_arena_free(arena);
    return stays;
}

void llw_compute_resolve(llw_plan *plan) {
    plan->fused_delta_one = plan->fused_delta_many = plan->build.fused_delta_net != 0;
    /* a graph that is a guess refuses no launch */
    bool forced = (plan->build.quantised_v_forces_flash || !is_known(plan)) &&
                  llw_ggml_type_get(plan->launch->type_v)->quantized;
    if (plan->launch->flash_attn == LLW_AUTO && plan->flash_attn && !forced)
        plan->flash_attn = stays_on_layers(plan, LLW_OP_FLASH_ATTN_EXT, plan->n_seq);
    if (plan->build.probes_delta_net && plan->architecture && plan->architecture->delta_net) {
        enum { CHUNK = 16 };
        plan->fused_delta_one = stays_on_layers(plan, LLW_OP_GATED_DELTA_NET, plan->n_seq);
        plan->fused_delta_many = stays_on_layers(plan, LLW_OP_GATED_DELTA_NET, (int64_t)CHUNK * plan->n_seq);
    }
}

static void set(const llw_plan *plan, llw_memory *memory, int64_t bytes) {
    memory->compute = memory->compute_low = memory->compute_high = bytes;
    memory->compute_exact = is_known(plan);
    if (!memory->compute_exact) llw_estimate_band(memory, bytes, bytes);
}

bool llw_compute_measure(llw_plan *plan, const char **why) {
    llw_arena *arena = llw_arena_new();
    llw_graph graph;
    llw_schedule schedule;
    int64_t sizes[LLW_MAX_DEVICES + 1] = {0};
    int64_t n_tokens = plan->n_ctx < plan->n_ubatch ? plan->n_ctx : plan->n_ubatch;
    build(plan, &graph, arena, n_tokens, n_tokens < plan->n_outputs_max ? n_tokens : plan->n_outputs_max,
          false);
    bool ok = !graph.failed;
    if (!ok) *why = llw_arena_strdup(plan->arena, graph.failed);
    if (ok) {
        llw_schedule_make(&schedule, &graph);
        llw_peak peaks[LLW_MAX_DEVICES + 1];
        if (!llw_allocator_measure(&schedule, sizes, plan->explain ? peaks : NULL))
            schedule.aborts = "GGML_ASSERT(chunk->n_free_blocks < MAX_FREE_BLOCKS)";
        for (int b = 0; b < plan->n_devices; b++) set(plan, &plan->out->device[plan->device[b]], sizes[b]);
        set(plan, &plan->out->host, sizes[plan->n_devices]);
        if (plan->explain && !schedule.aborts) llw_peak_explain(plan, &schedule, peaks);
        if (schedule.aborts)
            llw_plan_stop(plan, LLW_OUTCOME_ABORTS,
                          "llama.cpp stops while it reserves the compute buffers: %s", schedule.aborts);
    }
    llw_arena_free(arena);
    return ok;
}
