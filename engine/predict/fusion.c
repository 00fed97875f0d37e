/* Operations CUDA computes in one kernel, and the tensors it therefore keeps alive: expert selection and the
 * weighted sum of experts (ggml/src/ggml-cuda/ggml-cuda.cu ggml_backend_cuda_graph_optimize, v0.5.0). */
#include "predict/schedule.h"

enum { MAX_STEPS = 40 };

typedef struct window {
    llw_node **nodes;
    int n;
} window;

static bool among(const window *w, const int *list, int n, const llw_node *node) {
    for (int i = 0; i < n; i++)
        if (w->nodes[list[i]] == node) return true;
    return false;
}

/* ggml_can_fuse_subgraph: the nodes are those operations, and only the outputs are used outside. */
static bool can_fuse(const window *w, int at, int count, const llw_op *ops, const int *outputs,
                     int n_outputs) {
    if (at + count > w->n) return false;
    for (int i = 0; i < count; i++) {
        const llw_node *node = w->nodes[at + i];
        if (node->op != ops[i]) return false;
        if (among(w, outputs, n_outputs, node)) continue;
        if (node->output) return false;
        int inside = 0;
        for (int j = i + 1; j < count; j++)
            for (int k = 0; k < w->nodes[at + j]->n_src; k++) inside += w->nodes[at + j]->src[k] == node;
        if (inside != node->uses) return false;
        if (!node->view || node->view->weight) continue;
        bool held = false;
        for (int j = 0; j < count && !held; j++) held = w->nodes[at + j] == node->view;
        if (!held) return false;
    }
    return true;
}

/* ---- the weighted sum: experts * weights, a view of each expert, and their additions ---- */

static bool is_weights(const llw_node *t, const llw_node *product) {
    return t && t->type == LLW_F32 && llw_is_contiguous(t) && t->ne[0] == 1 && t->ne[1] == product->ne[1] &&
           t->ne[2] == product->ne[2] && t->ne[3] == product->ne[3];
}

static bool is_experts(const llw_node *t, const llw_node *product) {
    return t && t->type == LLW_F32 && llw_is_contiguous(t) && llw_same_shape(t, product);
}

static bool take_apart(const llw_node *product, llw_node **experts, llw_node **weights) {
    for (int i = 0; i < 2; i++)
        if (is_experts(product->src[i], product) && is_weights(product->src[1 - i], product)) {
            *experts = product->src[i];
            *weights = product->src[1 - i];
            return true;
        }
    return false;
}

typedef struct reduction {
    int count;
    llw_node *experts, *scales, *weights, *result;
} reduction;

static reduction find_reduction(const window *w, int at) {
    reduction none = {0}, r = {0};
    llw_node *first = w->nodes[at], *product = first;
    if (first->op != LLW_OP_MUL || first->type != LLW_F32 || !llw_is_contiguous(first)) return none;
    int muls = 1;
    if (at + 1 < w->n) {
        llw_node *second = w->nodes[at + 1], *scaled, *route;
        if (second->op == LLW_OP_MUL && second->type == LLW_F32 && llw_is_contiguous(second) &&
            take_apart(second, &scaled, &route) && scaled == first &&
            take_apart(first, &r.experts, &r.scales)) {
            product = second;
            r.weights = route;
            muls = 2;
        }
    }
    if (muls == 1) {
        r.scales = NULL;
        if (!take_apart(first, &r.experts, &r.weights)) return none;
    }
    int64_t experts = product->ne[1], tokens = product->ne[2] * product->ne[3];
    enum { LEAST = 2, MOST = 15 };
    if (experts < LEAST || experts > MOST || tokens <= 0) return none;
    r.count = (int)(2 * experts + muls - 1);
    if (at + r.count > w->n) return none;
    llw_op ops[MAX_STEPS];
    llw_node *views[MOST + 1], *sum = NULL;
    int n_views = 0, n_adds = 0;
    for (int i = 0; i < muls; i++) ops[i] = LLW_OP_MUL;
    for (int i = muls; i < r.count; i++) {
        llw_node *node = w->nodes[at + i];
        ops[i] = (llw_op)node->op;
        if (node->op == LLW_OP_VIEW) {
            if (n_views >= experts || node->src[0] != product || node->view != product ||
                node->type != LLW_F32 || node->ne[0] != product->ne[0] || node->ne[1] != tokens ||
                node->ne[2] != 1 || node->ne[3] != 1 || node->nb[0] != product->nb[0] ||
                node->nb[1] != product->nb[2] || node->view_offset != n_views * product->nb[1])
                return none;
            views[n_views++] = node;
            continue;
        }
        if (node->op != LLW_OP_ADD || n_views < 2 || n_adds + 1 >= n_views) return none;
        if (node->src[0] != (n_adds ? sum : views[0]) || node->src[1] != views[n_adds + 1] ||
            node->type != LLW_F32)
            return none;
        sum = node;
        n_adds++;
    }
    if (n_views != experts || n_adds != experts - 1 || !llw_is_contiguous(sum) ||
        sum->ne[0] != product->ne[0] || sum->ne[1] != tokens || sum->ne[2] != 1 || sum->ne[3] != 1)
        return none;
    int out = at + r.count - 1;
    if (!can_fuse(w, at, r.count, ops, &out, 1)) return none;
    r.result = w->nodes[out];
    return r;
}

/* ---- expert selection: softmax or sigmoid, top k, the weights of those, perhaps normalised ---- */

static bool follows(const window *w, int at, llw_op op, int source) {
    return at < w->n && w->nodes[at]->op == op && w->nodes[at]->src[0] == w->nodes[source];
}

static int normalisation(const window *w, int i) {
    bool all = follows(w, i, LLW_OP_RESHAPE, i - 1) && follows(w, i + 1, LLW_OP_SUM_ROWS, i) &&
               follows(w, i + 2, LLW_OP_CLAMP, i + 1) && i + 3 < w->n && w->nodes[i + 3]->op == LLW_OP_DIV &&
               w->nodes[i + 3]->src[0] == w->nodes[i] && w->nodes[i + 3]->src[1] == w->nodes[i + 2] &&
               follows(w, i + 4, LLW_OP_RESHAPE, i + 3);
    return all ? 5 : 0;
}

/* How many nodes from `at` on make one selection; 0 none. */
static int find_selection(const window *w, int at) {
    llw_node **n = w->nodes;
    llw_op ops[MAX_STEPS];
    int i = at, count = 0, outputs[2];
    bool rooted = false;
    if (n[i]->op == LLW_OP_UNARY && n[i]->kind == LLW_SOFTPLUS && follows(w, i + 1, LLW_OP_SQRT, i)) {
        rooted = true;
        i++;
    } else if (n[i]->op == LLW_OP_UNARY ? n[i]->kind != LLW_SIGMOID : n[i]->op != LLW_OP_SOFT_MAX) {
        return 0;
    }
    int probs = i++;
    if (!follows(w, i, LLW_OP_RESHAPE, probs)) return 0;
    int shaped = i++;
    bool biased = follows(w, i, LLW_OP_ADD, probs);
    if (biased) i++;
    if (!follows(w, i, LLW_OP_ARGSORT, biased ? i - 1 : probs)) return 0;
    i++;
    if (!follows(w, i, LLW_OP_VIEW, i - 1)) return 0;
    outputs[0] = i++;
    if (!follows(w, i, LLW_OP_GET_ROWS, shaped) || n[i]->src[1] != n[i - 1]) return 0;
    i++;
    int norm = i < w->n ? normalisation(w, i) : 0;
    /* a reshape that starts no full normalisation ends the pattern; without one, a scale may follow at once
     */
    bool broken = i < w->n && n[i]->op == LLW_OP_RESHAPE && !norm;
    i += norm;
    bool scaled = !broken && follows(w, i, LLW_OP_SCALE, i - 1);
    ops[count++] = (llw_op)n[at]->op;
    if (rooted) ops[count++] = LLW_OP_SQRT;
    ops[count++] = LLW_OP_RESHAPE;
    if (biased) ops[count++] = LLW_OP_ADD;
    ops[count++] = LLW_OP_ARGSORT;
    ops[count++] = LLW_OP_VIEW;
    ops[count++] = LLW_OP_GET_ROWS;
    static const llw_op normal[] = {LLW_OP_RESHAPE, LLW_OP_SUM_ROWS, LLW_OP_CLAMP, LLW_OP_DIV,
                                    LLW_OP_RESHAPE};
    for (int k = 0; k < norm; k++) ops[count++] = normal[k];
    if (scaled) ops[count++] = LLW_OP_SCALE;
    outputs[1] = at + count - 1;
    if (!can_fuse(w, at, count, ops, outputs, 2)) return 0;
    const llw_node *ids = n[outputs[0]], *weights = n[outputs[1]], *logits = n[at]->src[0];
    int64_t experts = ids->nb[1] / ids->nb[0];
    bool known = ((experts & (experts - 1)) == 0 && experts <= 512) || experts == 288 || experts == 576;
    if (!known || !llw_is_contiguous(weights) || !llw_is_contiguous(logits)) return 0;
    if (n[at]->op == LLW_OP_SOFT_MAX && (n[at]->kind || n[at]->src[1] || n[at]->src[2])) return 0;
    return count;
}

void llw_schedule_fuse(llw_schedule *s, const llw_part *part) {
    window w = {s->graph->nodes.items + part->start, (int)(part->end - part->start)};
    for (int i = 0; i < w.n; i++) {
        reduction r = find_reduction(&w, i);
        if (r.count) {
            llw_schedule_keep(s, r.experts, r.result);
            llw_schedule_keep(s, r.weights, r.result);
            if (r.scales) llw_schedule_keep(s, r.scales, r.result);
            i += r.count - 1;
        }
        if (w.nodes[i]->op != LLW_OP_UNARY && w.nodes[i]->op != LLW_OP_SOFT_MAX) continue;
        int count = find_selection(&w, i);
        if (!count || part->start + (size_t)(i + count) >= s->graph->nodes.n) continue;
        llw_node *until =
            w.nodes[i + count]; /* behind a part's end it is the next part's first, as in llama.cpp */
        for (int j = i; j < i + count; j++) {
            llw_schedule_keep(s, w.nodes[j], until);
            for (int k = 0; k < LLW_MAX_SOURCES; k++)
                if (w.nodes[j]->src[k]) llw_schedule_keep(s, w.nodes[j]->src[k], until);
        }
        i += count - 1;
    }
}
