/* A graph and what scheduling changes of it, to undo that. */
#include "predict/graph_kept.h"

#include <string.h>

struct llw_graph_kept {
    llw_graph graph;
    llw_node **sources; /* of all nodes, in order */
    bool *outputs;      /* of the leafs: inputs that are held several times become outputs */
};

llw_graph_kept *llw_graph_keep(llw_graph *graph) {
    llw_graph_kept *kept = llw_arena_alloc(graph->arena, sizeof *kept);
    kept->graph = *graph;
    size_t n = 0;
    for (size_t i = 0; i < graph->nodes.n; i++) n += graph->nodes.items[i]->n_src;
    llw_node **source = kept->sources = llw_arena_alloc(graph->arena, n * sizeof(llw_node *));
    for (size_t i = 0; i < graph->nodes.n; i++) {
        const llw_node *node = graph->nodes.items[i];
        memcpy(source, node->src, node->n_src * sizeof *source);
        source += node->n_src;
    }
    kept->outputs = llw_arena_alloc(graph->arena, graph->leafs.n * sizeof *kept->outputs);
    for (size_t i = 0; i < graph->leafs.n; i++) kept->outputs[i] = graph->leafs.items[i]->output;
    return kept;
}

void llw_graph_kept_free(llw_graph_kept *kept) {
    if (kept) llw_arena_free(kept->graph.arena);
}

static void unassign(llw_node *node) {
    node->backend = -1;
    node->copies = node->dependencies = 0;
}

static void put(llw_node *node, llw_place place) {
    if (node) node->place = place;
}

static void place_again(const llw_graph *g) {
    const llw_plan *plan = g->plan;
    for (size_t i = 0; i < plan->n_weights; i++) put(g->weights[i], plan->weights[i].place);
    for (int c = 0; c < LLW_CACHES; c++)
        for (int kv = 0; kv < 2; kv++)
            for (int i = 0; i < plan->cache[c].n_layers; i++)
                put(g->caches[c][kv][i], plan->cache[c].layers[i].place);
    for (int s = 0; s < 2 && plan->state.of_layer; s++)
        for (int il = 0; il < plan->hparams.n_layer_all; il++)
            put(g->states[s][il], plan->state.of_layer[il]);
}

void llw_graph_again(llw_graph_kept *kept, const llw_plan *plan, llw_arena *arena, llw_graph *out) {
    *out = kept->graph;
    out->plan = plan;
    out->h = &plan->hparams;
    out->arena = arena;
    out->pool_left = 0;
    llw_node *const *source = kept->sources;
    for (size_t i = 0; i < out->nodes.n; i++) {
        llw_node *node = out->nodes.items[i];
        unassign(node);
        memcpy(node->src, source, node->n_src * sizeof *source);
        source += node->n_src;
    }
    for (size_t i = 0; i < out->leafs.n; i++) {
        unassign(out->leafs.items[i]);
        out->leafs.items[i]->output = kept->outputs[i];
    }
    place_again(out);
}
