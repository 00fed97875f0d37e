/* Nodes, views, and the order in which a graph is computed. */
#include "predict/graph_node.h"

#include "fact/ggml_type.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { POOL = 64, MAX_NODES = 1 << 19 };
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
    node->block = (unsigned short)(info ? info->block : 1);
    node->type_size = (unsigned short)(info ? info->bytes : 4);
}

/* ggml_new_tensor_impl */
llw_node *llw_node_new(llw_graph *g, llw_op op, int type, const int64_t ne[4], llw_node *view,
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

llw_node *llw_node_like(llw_graph *g, llw_op op, llw_node *a) {
    llw_node *node = llw_node_new(g, op, a->type, a->ne, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_node_view_of(llw_graph *g, llw_op op, llw_node *a) {
    llw_node *node = llw_node_new(g, op, a->type, a->ne, a, 0);
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
    push(g, &g->stack, node);
}

void llw_expand(llw_graph *g, llw_node *root) {
    if (root->visited) return;
    visit(g, root);
    while (g->stack.n) {
        llw_node *node = g->stack.items[g->stack.n - 1];
        llw_node *next = NULL;
        while (node->children < node->n_src && !next) { /* here: how many sources were gone to */
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
        node->children = 0;
        push(g, node->op == LLW_OP_NONE ? &g->leafs : &g->nodes, node);
        if (node->op != LLW_OP_NONE && !llw_ops[node->op].view) push(g, &g->work, node);
    }
}

/* ---- views ---- */

static llw_node *view(llw_graph *g, llw_node *a, const int64_t ne[4], int64_t offset) {
    llw_node *node = llw_node_new(g, LLW_OP_VIEW, a->type, ne, a, offset);
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
    llw_node *node = llw_node_new(g, LLW_OP_RESHAPE, a->type, (int64_t[4]){ne0, ne1, ne2, ne3}, a, 0);
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
    llw_node *node = llw_node_view_of(g, LLW_OP_PERMUTE, a);
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
    llw_node *node = llw_node_new(g, op, type, ne, NULL, 0);
    for (int i = 0; i < LLW_MAX_SOURCES && sources[i]; i++) node->src[i] = sources[i];
    return node;
}
