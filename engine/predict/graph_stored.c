/* What a graph reads without computing it: inputs, the model's weights, caches and states. */
#include "predict/graph_node.h"

#include <string.h>

llw_node *llw_tensor_new(llw_graph *g, int type, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3) {
    return llw_node_new(g, LLW_OP_NONE, type, (int64_t[4]){ne0, ne1, ne2, ne3}, NULL, 0);
}

llw_node *llw_input(llw_graph *g, int type, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3) {
    llw_node *node = llw_tensor_new(g, type, ne0, ne1, ne2, ne3);
    node->input = true;
    return node;
}

/* A tensor that lies somewhere already: llama.cpp keeps it outside the graph's own memory. */
static llw_node *stored(llw_graph *g, int type, const int64_t ne[4], llw_place place, bool weight) {
    llw_node *node = llw_node_new(g, LLW_OP_NONE, type, ne, NULL, 0);
    node->place = place;
    node->weight = weight;
    g->outside++;
    return node;
}

static llw_node *weight_node(llw_graph *g, const llw_weight *w) {
    if (!w) return NULL;
    llw_node **slot = &g->weights[w - g->plan->weights];
    if (*slot) return *slot;
    return *slot = stored(g, (int)w->tensor->type, w->tensor->dims, w->place, true);
}

static llw_node *weight_of(llw_graph *g, llw_weight_id id, llw_suffix suffix, int layer) {
    int block = layer < 0 || layer >= g->h->n_layer_all ? layer : g->h->layer[layer].block;
    return weight_node(g, llw_plan_weight(g->plan, id, suffix, block));
}

llw_node *llw_w(llw_graph *g, llw_weight_id id, int layer) {
    return weight_of(g, id, LLW_WEIGHT, layer);
}

llw_node *llw_w_shaped(llw_graph *g, llw_weight_id id, int layer, int64_t ne0, int64_t ne1, int64_t ne2) {
    llw_node *w = llw_w(g, id, layer);
    if (!w) return NULL;
    const llw_node *as = llw_reshape_3d(g, w, ne0, ne1, ne2);
    g->outside++; /* only its shape was wanted */
    memcpy(w->ne, as->ne, sizeof w->ne);
    memcpy(w->nb, as->nb, sizeof w->nb);
    return w;
}

llw_node *llw_bias(llw_graph *g, llw_weight_id id, int layer) {
    return weight_of(g, id, LLW_BIAS, layer);
}

llw_node *llw_scale_of(llw_graph *g, llw_weight_id id, int layer) {
    return weight_of(g, id, LLW_SCALE, layer);
}

llw_node *llw_rope_factors(llw_graph *g, int il) {
    static const llw_weight_id kinds[] = {LLW_W_ROPE_FREQS, LLW_W_ROPE_FACTORS_LONG,
                                          LLW_W_ROPE_FACTORS_SHORT};
    int kind = llw_plan_weight(g->plan, LLW_W_ROPE_FREQS, LLW_WEIGHT, -1) ? 0
               : g->plan->n_ctx_seq > g->h->yarn_ctx                      ? 1
                                                                          : 2;
    const llw_weight *w = llw_plan_weight(g->plan, kinds[kind], LLW_WEIGHT, -1);
    if (!w) return NULL;
    llw_place place = g->plan->rope_place[il];
    llw_node **slot = &g->rope[kind][place == LLW_PLACE_PINNED ? LLW_MAX_DEVICES
                                     : place == LLW_PLACE_CPU  ? LLW_MAX_DEVICES + 1
                                                               : place];
    if (!*slot) *slot = stored(g, (int)w->tensor->type, w->tensor->dims, place, true);
    return *slot;
}

llw_node *llw_output_w(llw_graph *g) {
    llw_node *own = llw_w(g, LLW_W_OUTPUT, -1);
    if (own) return own;
    if (g->plan->output_copy) return weight_node(g, &g->plan->weights[g->plan->output_copy - 1]);
    bool shared = g->plan->architecture && g->plan->architecture->tied == LLW_TIED_SHARED;
    return shared ? llw_w(g, LLW_W_TOKEN_EMBD, -1) : NULL;
}

static llw_node *cache_node(llw_graph *g, int cache, int layer, bool v) {
    const llw_cache *c = &g->plan->cache[cache];
    int at = c->of_layer ? c->of_layer[layer] : -1;
    if (at < 0) {
        llw_graph_fail(g, "layer %d reads a cache it does not have", layer);
        return llw_tensor_new(g, LLW_F32, 1, 1, 1, 1);
    }
    llw_node **slot = &g->caches[cache][v][at];
    if (*slot) return *slot;
    const llw_cache_layer *l = &c->layers[at];
    int64_t ne[4] = {v ? l->v_width : l->k_width, c->cells, c->streams, 1};
    return *slot =
               stored(g, (int)(v ? g->plan->launch->type_v : g->plan->launch->type_k), ne, l->place, false);
}

llw_node *llw_cache_k(llw_graph *g, int cache, int layer) {
    return cache_node(g, cache, layer, false);
}

llw_node *llw_cache_v(llw_graph *g, int cache, int layer) {
    return cache_node(g, cache, layer, true);
}

static llw_node *state_node(llw_graph *g, int layer, int which) {
    const llw_state *state = &g->plan->state;
    if (!state->of_layer || state->of_layer[layer] == LLW_PLACE_NONE) {
        llw_graph_fail(g, "layer %d reads a state it does not have", layer);
        return llw_tensor_new(g, LLW_F32, 1, 1, 1, 1);
    }
    llw_node **slot = &g->states[which][layer];
    if (*slot) return *slot;
    int64_t ne[4] = {which ? state->s_width : state->r_width, state->rows, 1, 1};
    return *slot = stored(g, LLW_F32, ne, state->of_layer[layer], false);
}

llw_node *llw_state_r(llw_graph *g, int layer) {
    return state_node(g, layer, 0);
}

llw_node *llw_state_s(llw_graph *g, int layer) {
    return state_node(g, layer, 1);
}
