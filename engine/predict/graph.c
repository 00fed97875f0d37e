/* Nodes, views, and the order in which a graph is computed. */
#include "predict/graph.h"

#include "fact/ggml_type.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { POOL = 512, MAX_NODES = 1 << 19 };
#define MAX_DIM ((int64_t)1 << 40)
#define MAX_BYTES ((int64_t)1 << 52)

void llw_graph_init(llw_graph *graph, const llw_plan *plan, llw_arena *arena, int64_t n_tokens,
                    int64_t n_seqs, int64_t n_outputs) {
    *graph = (llw_graph){.plan = plan,
                         .h = &plan->hparams,
                         .arena = arena,
                         .n_tokens = n_tokens,
                         .n_seqs = n_seqs,
                         .n_outputs = n_outputs};
    graph->weights = llw_arena_alloc(arena, plan->n_weights * sizeof *graph->weights);
    for (int c = 0; c < LLW_CACHES; c++)
        for (int kv = 0; kv < 2; kv++)
            graph->caches[c][kv] =
                llw_arena_alloc(arena, ((size_t)plan->cache[c].n_layers + 1) * sizeof(llw_node *));
    for (int s = 0; s < 2; s++)
        graph->states[s] = llw_arena_alloc(arena, (size_t)plan->hparams.n_layer_all * sizeof(llw_node *));
}

void llw_graph_fail(llw_graph *graph, const char *fmt, ...) {
    if (graph->failed) return;
    char text[256];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    graph->failed = llw_arena_strdup(graph->arena, text);
}

/* ---- nodes ---- */

static llw_node *take(llw_graph *g) {
    if (!g->pool_left) {
        if (g->made > MAX_NODES) {
            llw_graph_fail(g, "more than %d nodes", MAX_NODES);
            g->made = 0;
        }
        g->pool = llw_arena_alloc(g->arena, POOL * sizeof *g->pool);
        g->pool_left = POOL;
    }
    g->pool_left--;
    g->made++;
    return g->pool++;
}

static void set_type(llw_node *node, int type) {
    const llw_ggml_type *info = llw_ggml_type_get((uint32_t)type);
    node->type = (unsigned char)type;
    node->block = info ? (int)info->block : 1;
    node->type_size = info ? (int)info->bytes : 4;
}

/* ggml_new_tensor_impl */
static llw_node *node_new(llw_graph *g, llw_op op, int type, const int64_t ne[4], llw_node *view,
                          int64_t offset) {
    llw_node *node = take(g);
    node->op = (unsigned char)op;
    node->place = LLW_PLACE_NONE;
    node->backend = -1;
    set_type(node, type);
    int64_t bytes = node->type_size;
    for (int i = 0; i < 4; i++) {
        bool sane = ne[i] >= 0 && ne[i] <= MAX_DIM;
        node->ne[i] = sane ? ne[i] : 1;
        if (!sane) llw_graph_fail(g, "%s of an impossible size", llw_ops[op].name);
        if (__builtin_mul_overflow(bytes, node->ne[i] ? node->ne[i] : 1, &bytes) || bytes > MAX_BYTES) {
            llw_graph_fail(g, "%s of more than 4 PiB", llw_ops[op].name);
            node->ne[i] = 1;
            bytes = node->type_size;
        }
    }
    if (node->ne[0] % node->block) {
        llw_graph_fail(g, "%s: rows of %lld do not fit blocks of %d", llw_ops[op].name,
                       (long long)node->ne[0], node->block);
        node->ne[0] = node->block;
    }
    node->nb[0] = node->type_size;
    node->nb[1] = node->nb[0] * (node->ne[0] / node->block);
    node->nb[2] = node->nb[1] * node->ne[1];
    node->nb[3] = node->nb[2] * node->ne[2];
    if (view && view->view) {
        offset += view->view_offset;
        view = view->view;
    }
    node->view = view;
    node->view_offset = offset;
    return node;
}

static llw_node *like(llw_graph *g, llw_op op, llw_node *a) {
    llw_node *node = node_new(g, op, a->type, a->ne, NULL, 0);
    node->src[0] = a;
    return node;
}

static llw_node *view_of(llw_graph *g, llw_op op, llw_node *a) {
    llw_node *node = node_new(g, op, a->type, a->ne, a, 0);
    memcpy(node->nb, a->nb, sizeof node->nb);
    return node;
}

int64_t llw_node_elements(const llw_node *node) {
    return node->ne[0] * node->ne[1] * node->ne[2] * node->ne[3];
}

/* ggml_nbytes */
int64_t llw_node_bytes(const llw_node *node) {
    for (int i = 0; i < 4; i++)
        if (node->ne[i] <= 0) return 0;
    int64_t bytes = node->block == 1 ? node->type_size + (node->ne[0] - 1) * node->nb[0]
                                     : node->ne[0] * node->nb[0] / node->block;
    for (int i = 1; i < 4; i++) bytes += (node->ne[i] - 1) * node->nb[i];
    return bytes;
}

/* ggml_is_contiguous_n: contiguous from dimension `dim` on, rows below it may be spaced */
bool llw_is_contiguous_from(const llw_node *node, int dim) {
    int64_t next = node->type_size;
    if (node->ne[0] != node->block && node->nb[0] != next) return false;
    next *= node->ne[0] / node->block;
    for (int i = 1; i < 4; i++) {
        if (i > dim) {
            if (node->ne[i] != 1 && node->nb[i] != next) return false;
            next *= node->ne[i];
        } else {
            next = node->ne[i] * node->nb[i];
        }
    }
    return true;
}

bool llw_is_contiguous(const llw_node *node) {
    return llw_is_contiguous_from(node, 0);
}

bool llw_is_contiguous_rows(const llw_node *node) {
    return node->ne[0] == node->block || node->nb[0] == node->type_size;
}

bool llw_same_shape(const llw_node *a, const llw_node *b) {
    return !memcmp(a->ne, b->ne, sizeof a->ne);
}

/* ---- order: ggml_visit_parents_graph, without recursion ---- */

static void push(llw_graph *g, llw_nodes *list, llw_node *node) {
    *(llw_node **)llw_arena_push(g->arena, (void **)&list->items, &list->n, &list->capacity,
                                 sizeof(llw_node *)) = node;
}

static void visit(llw_graph *g, llw_node *node) {
    int n = LLW_MAX_SOURCES;
    while (n > 0 && !node->src[n - 1]) n--;
    node->n_src = (unsigned char)n;
    node->visited = true;
    node->children = 0; /* which source comes next; the allocator counts anew */
    push(g, &g->stack, node);
}

void llw_expand(llw_graph *g, llw_node *root) {
    if (root->visited) return;
    visit(g, root);
    while (g->stack.n) {
        llw_node *node = g->stack.items[g->stack.n - 1];
        llw_node *next = NULL;
        while (node->children < node->n_src && !next) {
            llw_node *src = node->src[node->children++];
            if (!src) continue;
            src->uses++;
            if (!src->visited) next = src;
        }
        if (next) {
            visit(g, next);
            continue;
        }
        g->stack.n--;
        push(g, node->op == LLW_OP_NONE ? &g->leafs : &g->nodes, node);
    }
}

/* ---- tensors ---- */

llw_node *llw_tensor_new(llw_graph *g, int type, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3) {
    return node_new(g, LLW_OP_NONE, type, (int64_t[4]){ne0, ne1, ne2, ne3}, NULL, 0);
}

llw_node *llw_input(llw_graph *g, int type, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3) {
    llw_node *node = llw_tensor_new(g, type, ne0, ne1, ne2, ne3);
    node->input = true;
    return node;
}

/* A tensor that lies somewhere already: llama.cpp keeps it outside the graph's own memory. */
static llw_node *stored(llw_graph *g, int type, const int64_t ne[4], llw_place place, bool weight) {
    llw_node *node = node_new(g, LLW_OP_NONE, type, ne, NULL, 0);
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

/* ---- views ---- */

static llw_node *view(llw_graph *g, llw_node *a, const int64_t ne[4], int64_t offset) {
    llw_node *node = node_new(g, LLW_OP_VIEW, a->type, ne, a, offset);
    node->src[0] = a;
    return node;
}

llw_node *llw_view_1d(llw_graph *g, llw_node *a, int64_t ne0, int64_t offset) {
    return view(g, a, (int64_t[4]){ne0, 1, 1, 1}, offset);
}

llw_node *llw_view_2d(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t nb1, int64_t offset) {
    llw_node *node = view(g, a, (int64_t[4]){ne0, ne1, 1, 1}, offset);
    node->nb[1] = nb1;
    node->nb[2] = node->nb[3] = nb1 * ne1;
    return node;
}

llw_node *llw_view_3d(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t nb1,
                      int64_t nb2, int64_t offset) {
    llw_node *node = view(g, a, (int64_t[4]){ne0, ne1, ne2, 1}, offset);
    node->nb[1] = nb1;
    node->nb[2] = nb2;
    node->nb[3] = nb2 * ne2;
    return node;
}

llw_node *llw_view_4d(llw_graph *g, llw_node *a, const int64_t ne[4], int64_t nb1, int64_t nb2, int64_t nb3,
                      int64_t offset) {
    llw_node *node = view(g, a, ne, offset);
    node->nb[1] = nb1;
    node->nb[2] = nb2;
    node->nb[3] = nb3;
    return node;
}

llw_node *llw_reshape(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3) {
    if (!llw_is_contiguous(a) || llw_node_elements(a) != ne0 * ne1 * ne2 * ne3) {
        llw_graph_fail(g, "a tensor of %lld x %lld x %lld x %lld cannot be read as %lld x %lld x %lld x %lld",
                       (long long)a->ne[0], (long long)a->ne[1], (long long)a->ne[2], (long long)a->ne[3],
                       (long long)ne0, (long long)ne1, (long long)ne2, (long long)ne3);
    }
    llw_node *node = node_new(g, LLW_OP_RESHAPE, a->type, (int64_t[4]){ne0, ne1, ne2, ne3}, a, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_reshape_1d(llw_graph *g, llw_node *a, int64_t ne0) {
    return llw_reshape(g, a, ne0, 1, 1, 1);
}

llw_node *llw_reshape_2d(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1) {
    return llw_reshape(g, a, ne0, ne1, 1, 1);
}

llw_node *llw_reshape_3d(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2) {
    return llw_reshape(g, a, ne0, ne1, ne2, 1);
}

llw_node *llw_permute(llw_graph *g, llw_node *a, int axis0, int axis1, int axis2, int axis3) {
    llw_node *node = view_of(g, LLW_OP_PERMUTE, a);
    int axes[4] = {axis0, axis1, axis2, axis3};
    for (int i = 0; i < 4; i++) {
        node->ne[axes[i]] = a->ne[i];
        node->nb[axes[i]] = a->nb[i];
    }
    node->src[0] = a;
    return node;
}

llw_node *llw_transpose(llw_graph *g, llw_node *a) {
    llw_node *node = llw_permute(g, a, 1, 0, 2, 3);
    node->op = LLW_OP_TRANSPOSE;
    return node;
}

llw_node *llw_node_of(llw_graph *g, llw_op op, int type, const int64_t ne[4], llw_node *const *sources) {
    llw_node *node = node_new(g, op, type, ne, NULL, 0);
    for (int i = 0; i < LLW_MAX_SOURCES && sources[i]; i++) node->src[i] = sources[i];
    return node;
}

/* ---- element by element ---- */

static bool repeats(const llw_node *small, const llw_node *big) {
    for (int i = 0; i < 4; i++)
        if (small->ne[i] == 0 || big->ne[i] % small->ne[i])
            return llw_node_elements(small) == 0 && llw_node_elements(big) == 0;
    return true;
}

static llw_node *both(llw_graph *g, llw_op op, llw_node *a, llw_node *b) {
    if (!b) {
        llw_graph_fail(g, "%s lacks a tensor", llw_ops[op].name);
        return a;
    }
    if (!repeats(b, a))
        llw_graph_fail(g, "%s of %lld x %lld x %lld and %lld x %lld x %lld", llw_ops[op].name,
                       (long long)a->ne[0], (long long)a->ne[1], (long long)a->ne[2], (long long)b->ne[0],
                       (long long)b->ne[1], (long long)b->ne[2]);
    llw_node *node = like(g, op, a);
    node->src[1] = b;
    return node;
}

llw_node *llw_add(llw_graph *g, llw_node *a, llw_node *b) {
    return both(g, LLW_OP_ADD, a, b);
}

llw_node *llw_sub(llw_graph *g, llw_node *a, llw_node *b) {
    return both(g, LLW_OP_SUB, a, b);
}

llw_node *llw_mul(llw_graph *g, llw_node *a, llw_node *b) {
    return both(g, LLW_OP_MUL, a, b);
}

llw_node *llw_div(llw_graph *g, llw_node *a, llw_node *b) {
    return both(g, LLW_OP_DIV, a, b);
}

llw_node *llw_add_id(llw_graph *g, llw_node *a, llw_node *b, llw_node *ids) {
    llw_node *node = like(g, LLW_OP_ADD_ID, a);
    node->src[1] = b;
    node->src[2] = ids;
    return node;
}

llw_node *llw_scale_by(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_SCALE, a);
}

llw_node *llw_scale_in_place(llw_graph *g, llw_node *a) {
    llw_node *node = view_of(g, LLW_OP_SCALE, a);
    node->src[0] = a;
    return node;
}

llw_node *llw_clamp(llw_graph *g, llw_node *a) {
    if (g->plan->build.clamp_in_place) return like(g, LLW_OP_CLAMP, a);
    llw_node *node = view_of(g, LLW_OP_CLAMP, a); /* older builds wrote into their source */
    node->src[0] = a;
    return node;
}

llw_node *llw_sqr(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_SQR, a);
}

llw_node *llw_sqrt(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_SQRT, a);
}

llw_node *llw_apply(llw_graph *g, llw_node *a, llw_unary kind) {
    llw_node *node = like(g, LLW_OP_UNARY, a);
    node->kind = (unsigned char)kind;
    return node;
}

llw_node *llw_glu(llw_graph *g, llw_node *a, llw_node *b) {
    int64_t ne[4] = {b ? a->ne[0] : a->ne[0] / 2, a->ne[1], a->ne[2], a->ne[3]};
    if (b && !llw_same_shape(a, b)) llw_graph_fail(g, "gate and up differ in shape");
    llw_node *node = node_new(g, LLW_OP_GLU, a->type, ne, NULL, 0);
    node->src[0] = a;
    node->src[1] = b;
    return node;
}

llw_node *llw_rms_norm(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_RMS_NORM, a);
}

llw_node *llw_layer_norm(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_NORM, a);
}

llw_node *llw_l2_norm(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_L2_NORM, a);
}

llw_node *llw_group_norm(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_GROUP_NORM, a);
}

llw_node *llw_soft_max(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_SOFT_MAX, a);
}

llw_node *llw_soft_max_ext(llw_graph *g, llw_node *a, llw_node *mask, llw_node *sinks) {
    llw_node *node = like(g, LLW_OP_SOFT_MAX, a);
    node->kind = 1;
    node->src[1] = mask;
    node->src[2] = sinks;
    return node;
}

llw_node *llw_rope(llw_graph *g, llw_node *a, llw_node *positions, llw_node *factors) {
    llw_node *node = like(g, LLW_OP_ROPE, a);
    node->src[1] = positions;
    node->src[2] = factors;
    return node;
}

llw_node *llw_fill(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_FILL, a);
}

llw_node *llw_cumsum(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_CUMSUM, a);
}

llw_node *llw_tri(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_TRI, a);
}

llw_node *llw_roll(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_ROLL, a);
}

/* ---- results of another shape ---- */

llw_node *llw_cont(llw_graph *g, llw_node *a) {
    return like(g, LLW_OP_CONT, a);
}

llw_node *llw_cont_4d(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3) {
    if (llw_node_elements(a) != ne0 * ne1 * ne2 * ne3)
        llw_graph_fail(g, "a copy of %lld numbers into %lld", (long long)llw_node_elements(a),
                       (long long)(ne0 * ne1 * ne2 * ne3));
    llw_node *node = node_new(g, LLW_OP_CONT, a->type, (int64_t[4]){ne0, ne1, ne2, ne3}, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_cast(llw_graph *g, llw_node *a, int type) {
    llw_node *node = node_new(g, LLW_OP_CPY, type, a->ne, NULL, 0);
    node->src[0] = a;
    node->src[1] = node; /* as ggml_cast does */
    return node;
}

llw_node *llw_cpy(llw_graph *g, llw_node *a, llw_node *to) {
    llw_node *node = view_of(g, LLW_OP_CPY, to);
    node->src[0] = a;
    node->src[1] = to;
    return node;
}

static llw_node *nothing(llw_graph *g, llw_op op) {
    llw_graph_fail(g, "%s lacks a tensor", llw_ops[op].name);
    return llw_tensor_new(g, LLW_F32, 1, 1, 1, 1);
}

llw_node *llw_mul_mat(llw_graph *g, llw_node *w, llw_node *x) {
    if (!w || !x) return nothing(g, LLW_OP_MUL_MAT);
    bool fits =
        w->ne[0] == x->ne[0] && w->ne[2] && w->ne[3] && x->ne[2] % w->ne[2] == 0 && x->ne[3] % w->ne[3] == 0;
    if (!fits)
        llw_graph_fail(g, "a matrix of %lld x %lld x %lld cannot multiply %lld x %lld x %lld",
                       (long long)w->ne[0], (long long)w->ne[1], (long long)w->ne[2], (long long)x->ne[0],
                       (long long)x->ne[1], (long long)x->ne[2]);
    llw_node *node =
        node_new(g, LLW_OP_MUL_MAT, LLW_F32, (int64_t[4]){w->ne[1], x->ne[1], x->ne[2], x->ne[3]}, NULL, 0);
    node->src[0] = w;
    node->src[1] = x;
    return node;
}

llw_node *llw_mul_mat_id(llw_graph *g, llw_node *w, llw_node *x, llw_node *ids) {
    if (!w || !x || !ids) return nothing(g, LLW_OP_MUL_MAT_ID);
    if (w->ne[0] != x->ne[0])
        llw_graph_fail(g, "experts of %lld x %lld cannot multiply %lld x %lld", (long long)w->ne[0],
                       (long long)w->ne[1], (long long)x->ne[0], (long long)x->ne[1]);
    llw_node *node =
        node_new(g, LLW_OP_MUL_MAT_ID, LLW_F32, (int64_t[4]){w->ne[1], ids->ne[0], x->ne[2], 1}, NULL, 0);
    node->src[0] = w;
    node->src[1] = x;
    node->src[2] = ids;
    return node;
}

llw_node *llw_out_prod(llw_graph *g, llw_node *a, llw_node *b) {
    llw_node *node =
        node_new(g, LLW_OP_OUT_PROD, LLW_F32, (int64_t[4]){a->ne[0], b->ne[0], b->ne[2], b->ne[3]}, NULL, 0);
    node->src[0] = a;
    node->src[1] = b;
    return node;
}

llw_node *llw_get_rows(llw_graph *g, llw_node *a, llw_node *rows) {
    if (!a || !rows) return nothing(g, LLW_OP_GET_ROWS);
    int type = a->type == LLW_I32 ? LLW_I32 : LLW_F32;
    llw_node *node = node_new(g, LLW_OP_GET_ROWS, type,
                              (int64_t[4]){a->ne[0], rows->ne[0], rows->ne[1], rows->ne[2]}, NULL, 0);
    node->src[0] = a;
    node->src[1] = rows;
    return node;
}

llw_node *llw_set_rows(llw_graph *g, llw_node *to, llw_node *from, llw_node *rows) {
    if (to->ne[0] != from->ne[0] || from->ne[1] != rows->ne[0])
        llw_graph_fail(g, "rows of %lld x %lld stored into %lld", (long long)from->ne[0],
                       (long long)from->ne[1], (long long)to->ne[0]);
    llw_node *node = view_of(g, LLW_OP_SET_ROWS, to);
    node->src[0] = from;
    node->src[1] = rows;
    node->src[2] = to;
    return node;
}

llw_node *llw_argsort(llw_graph *g, llw_node *a) {
    llw_node *node = node_new(g, LLW_OP_ARGSORT, LLW_I32, a->ne, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_argsort_top_k(llw_graph *g, llw_node *a, int64_t k) {
    llw_node *order = llw_argsort(g, a);
    if (k > a->ne[0]) llw_graph_fail(g, "%lld of only %lld", (long long)k, (long long)a->ne[0]);
    return llw_view_4d(g, order, (int64_t[4]){k, order->ne[1], order->ne[2], order->ne[3]}, order->nb[1],
                       order->nb[2], order->nb[3], 0);
}

llw_node *llw_top_k(llw_graph *g, llw_node *a, int64_t k) {
    llw_node *node =
        node_new(g, LLW_OP_TOP_K, LLW_I32, (int64_t[4]){k, a->ne[1], a->ne[2], a->ne[3]}, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_concat(llw_graph *g, llw_node *a, llw_node *b, int dim) {
    int64_t ne[4];
    memcpy(ne, a->ne, sizeof ne);
    ne[dim] += b->ne[dim];
    for (int i = 0; i < 4; i++)
        if (i != dim && a->ne[i] != b->ne[i])
            llw_graph_fail(g, "%lld and %lld joined side by side", (long long)a->ne[i], (long long)b->ne[i]);
    llw_node *node = node_new(g, LLW_OP_CONCAT, a->type, ne, NULL, 0);
    node->kind = (unsigned char)dim;
    node->src[0] = a;
    node->src[1] = b;
    return node;
}

llw_node *llw_repeat(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3) {
    llw_node *node = node_new(g, LLW_OP_REPEAT, a->type, (int64_t[4]){ne0, ne1, ne2, ne3}, NULL, 0);
    if (!repeats(a, node)) llw_graph_fail(g, "a tensor does not repeat into its new shape");
    node->src[0] = a;
    return node;
}

llw_node *llw_pad(llw_graph *g, llw_node *a, int64_t p0, int64_t p1, int64_t p2, int64_t p3) {
    llw_node *node =
        node_new(g, LLW_OP_PAD, a->type,
                 (int64_t[4]){a->ne[0] + p0, a->ne[1] + p1, a->ne[2] + p2, a->ne[3] + p3}, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_sum_rows(llw_graph *g, llw_node *a) {
    llw_node *node =
        node_new(g, LLW_OP_SUM_ROWS, a->type, (int64_t[4]){1, a->ne[1], a->ne[2], a->ne[3]}, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_mean(llw_graph *g, llw_node *a) {
    llw_node *node =
        node_new(g, LLW_OP_MEAN, LLW_F32, (int64_t[4]){1, a->ne[1], a->ne[2], a->ne[3]}, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_diag(llw_graph *g, llw_node *a) {
    llw_node *node =
        node_new(g, LLW_OP_DIAG, a->type, (int64_t[4]){a->ne[0], a->ne[0], a->ne[2], a->ne[3]}, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_arange(llw_graph *g, int64_t n) {
    return node_new(g, LLW_OP_ARANGE, LLW_F32, (int64_t[4]){n, 1, 1, 1}, NULL, 0);
}

llw_node *llw_solve_tri(llw_graph *g, llw_node *a, llw_node *b) {
    llw_node *node = node_new(g, LLW_OP_SOLVE_TRI, LLW_F32, b->ne, NULL, 0);
    node->src[0] = a;
    node->src[1] = b;
    return node;
}

llw_node *llw_flash_attn(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *mask,
                         llw_node *sinks) {
    if (k->ne[0] != q->ne[0])
        llw_graph_fail(g, "keys of %lld for queries of %lld", (long long)k->ne[0], (long long)q->ne[0]);
    llw_node *node = node_new(g, LLW_OP_FLASH_ATTN_EXT, LLW_F32,
                              (int64_t[4]){v->ne[0], q->ne[2], q->ne[1], q->ne[3]}, NULL, 0);
    node->src[0] = q;
    node->src[1] = k;
    node->src[2] = v;
    node->src[3] = mask;
    node->src[4] = sinks;
    return node;
}

llw_node *llw_ssm_conv(llw_graph *g, llw_node *x, llw_node *kernel) {
    if (!kernel) return nothing(g, LLW_OP_SSM_CONV);
    int64_t tokens = x->ne[0] - kernel->ne[0] + 1;
    if (x->ne[1] != kernel->ne[1] || tokens < 0) llw_graph_fail(g, "a convolution over another width");
    llw_node *node = node_new(g, LLW_OP_SSM_CONV, LLW_F32,
                              (int64_t[4]){kernel->ne[1], tokens < 0 ? 0 : tokens, x->ne[2], 1}, NULL, 0);
    node->src[0] = x;
    node->src[1] = kernel;
    return node;
}

llw_node *llw_ssm_scan(llw_graph *g, llw_node *s, llw_node *x, llw_node *dt, llw_node *a, llw_node *b,
                       llw_node *c, llw_node *ids) {
    if (!a) return nothing(g, LLW_OP_SSM_SCAN);
    int64_t size = llw_node_elements(x) + s->ne[0] * s->ne[1] * s->ne[2] * ids->ne[0];
    llw_node *node = node_new(g, LLW_OP_SSM_SCAN, LLW_F32, (int64_t[4]){size, 1, 1, 1}, NULL, 0);
    llw_node *sources[] = {s, x, dt, a, b, c, ids};
    memcpy(node->src, sources, sizeof sources);
    return node;
}

llw_node *llw_gated_delta_net(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *gate,
                              llw_node *beta, llw_node *state) {
    int64_t size = v->ne[0], heads = v->ne[1], tokens = v->ne[2], seqs = v->ne[3];
    llw_node *node = node_new(g, LLW_OP_GATED_DELTA_NET, LLW_F32,
                              (int64_t[4]){size * heads, tokens * seqs + size * seqs, 1, 1}, NULL, 0);
    llw_node *sources[] = {q, k, v, gate, beta, state};
    memcpy(node->src, sources, sizeof sources);
    return node;
}
