/* ggml's operations, one function each: the result's shape, its sources, and what ggml would refuse. */
#include "predict/graph_node.h"

#include <string.h>

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
    llw_node *node = llw_node_like(g, op, a);
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
    llw_node *node = llw_node_like(g, LLW_OP_ADD_ID, a);
    node->src[1] = b;
    node->src[2] = ids;
    return node;
}

llw_node *llw_scale_by(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_SCALE, a);
}

llw_node *llw_scale_in_place(llw_graph *g, llw_node *a) {
    llw_node *node = llw_node_view_of(g, LLW_OP_SCALE, a);
    node->src[0] = a;
    return node;
}

llw_node *llw_clamp(llw_graph *g, llw_node *a) {
    if (g->plan->build.clamp_in_place) return llw_node_like(g, LLW_OP_CLAMP, a);
    llw_node *node = llw_node_view_of(g, LLW_OP_CLAMP, a); /* older builds wrote into their source */
    node->src[0] = a;
    return node;
}

llw_node *llw_sqr(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_SQR, a);
}

llw_node *llw_sqrt(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_SQRT, a);
}

llw_node *llw_apply(llw_graph *g, llw_node *a, llw_unary kind) {
    llw_node *node = llw_node_like(g, LLW_OP_UNARY, a);
    node->kind = (unsigned char)kind;
    return node;
}

llw_node *llw_glu(llw_graph *g, llw_node *a, llw_node *b) {
    int64_t ne[4] = {b ? a->ne[0] : a->ne[0] / 2, a->ne[1], a->ne[2], a->ne[3]};
    if (b && !llw_same_shape(a, b)) llw_graph_fail(g, "gate and up differ in shape");
    llw_node *node = llw_node_new(g, LLW_OP_GLU, a->type, ne, NULL, 0);
    node->src[0] = a;
    node->src[1] = b;
    return node;
}

llw_node *llw_rms_norm(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_RMS_NORM, a);
}

llw_node *llw_layer_norm(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_NORM, a);
}

llw_node *llw_l2_norm(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_L2_NORM, a);
}

llw_node *llw_group_norm(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_GROUP_NORM, a);
}

llw_node *llw_soft_max(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_SOFT_MAX, a);
}

llw_node *llw_soft_max_ext(llw_graph *g, llw_node *a, llw_node *mask, llw_node *sinks) {
    llw_node *node = llw_node_like(g, LLW_OP_SOFT_MAX, a);
    node->kind = 1;
    node->src[1] = mask;
    node->src[2] = sinks;
    return node;
}

llw_node *llw_rope(llw_graph *g, llw_node *a, llw_node *positions, llw_node *factors) {
    llw_node *node = llw_node_like(g, LLW_OP_ROPE, a);
    node->src[1] = positions;
    node->src[2] = factors;
    return node;
}

llw_node *llw_fill(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_FILL, a);
}

llw_node *llw_cumsum(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_CUMSUM, a);
}

llw_node *llw_tri(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_TRI, a);
}

llw_node *llw_roll(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_ROLL, a);
}

/* ---- results of another shape ---- */

llw_node *llw_cont(llw_graph *g, llw_node *a) {
    return llw_node_like(g, LLW_OP_CONT, a);
}

llw_node *llw_cont_4d(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3) {
    if (llw_node_elements(a) != ne0 * ne1 * ne2 * ne3)
        llw_graph_fail(g, "a copy of %lld numbers into %lld", (long long)llw_node_elements(a),
                       (long long)(ne0 * ne1 * ne2 * ne3));
    llw_node *node = llw_node_new(g, LLW_OP_CONT, a->type, (int64_t[4]){ne0, ne1, ne2, ne3}, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_cast(llw_graph *g, llw_node *a, int type) {
    llw_node *node = llw_node_new(g, LLW_OP_CPY, type, a->ne, NULL, 0);
    node->src[0] = a;
    node->src[1] = node; /* as ggml_cast does */
    return node;
}

llw_node *llw_cpy(llw_graph *g, llw_node *a, llw_node *to) {
    llw_node *node = llw_node_view_of(g, LLW_OP_CPY, to);
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
    llw_node *node = llw_node_new(g, LLW_OP_MUL_MAT, LLW_F32,
                                  (int64_t[4]){w->ne[1], x->ne[1], x->ne[2], x->ne[3]}, NULL, 0);
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
        llw_node_new(g, LLW_OP_MUL_MAT_ID, LLW_F32, (int64_t[4]){w->ne[1], ids->ne[0], x->ne[2], 1}, NULL, 0);
    node->src[0] = w;
    node->src[1] = x;
    node->src[2] = ids;
    return node;
}

llw_node *llw_out_prod(llw_graph *g, llw_node *a, llw_node *b) {
    llw_node *node = llw_node_new(g, LLW_OP_OUT_PROD, LLW_F32,
                                  (int64_t[4]){a->ne[0], b->ne[0], b->ne[2], b->ne[3]}, NULL, 0);
    node->src[0] = a;
    node->src[1] = b;
    return node;
}

llw_node *llw_get_rows(llw_graph *g, llw_node *a, llw_node *rows) {
    if (!a || !rows) return nothing(g, LLW_OP_GET_ROWS);
    int type = a->type == LLW_I32 ? LLW_I32 : LLW_F32;
    llw_node *node = llw_node_new(g, LLW_OP_GET_ROWS, type,
                                  (int64_t[4]){a->ne[0], rows->ne[0], rows->ne[1], rows->ne[2]}, NULL, 0);
    node->src[0] = a;
    node->src[1] = rows;
    return node;
}

llw_node *llw_set_rows(llw_graph *g, llw_node *to, llw_node *from, llw_node *rows) {
    if (to->ne[0] != from->ne[0] || from->ne[1] != rows->ne[0])
        llw_graph_fail(g, "rows of %lld x %lld stored into %lld", (long long)from->ne[0],
                       (long long)from->ne[1], (long long)to->ne[0]);
    llw_node *node = llw_node_view_of(g, LLW_OP_SET_ROWS, to);
    node->src[0] = from;
    node->src[1] = rows;
    node->src[2] = to;
    return node;
}

llw_node *llw_argsort(llw_graph *g, llw_node *a) {
    llw_node *node = llw_node_new(g, LLW_OP_ARGSORT, LLW_I32, a->ne, NULL, 0);
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
        llw_node_new(g, LLW_OP_TOP_K, LLW_I32, (int64_t[4]){k, a->ne[1], a->ne[2], a->ne[3]}, NULL, 0);
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
    llw_node *node = llw_node_new(g, LLW_OP_CONCAT, a->type, ne, NULL, 0);
    node->kind = (unsigned char)dim;
    node->src[0] = a;
    node->src[1] = b;
    return node;
}

llw_node *llw_repeat(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3) {
    llw_node *node = llw_node_new(g, LLW_OP_REPEAT, a->type, (int64_t[4]){ne0, ne1, ne2, ne3}, NULL, 0);
    if (!repeats(a, node)) llw_graph_fail(g, "a tensor does not repeat into its new shape");
    node->src[0] = a;
    return node;
}

llw_node *llw_pad(llw_graph *g, llw_node *a, int64_t p0, int64_t p1, int64_t p2, int64_t p3) {
    llw_node *node =
        llw_node_new(g, LLW_OP_PAD, a->type,
                     (int64_t[4]){a->ne[0] + p0, a->ne[1] + p1, a->ne[2] + p2, a->ne[3] + p3}, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_sum_rows(llw_graph *g, llw_node *a) {
    llw_node *node =
        llw_node_new(g, LLW_OP_SUM_ROWS, a->type, (int64_t[4]){1, a->ne[1], a->ne[2], a->ne[3]}, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_mean(llw_graph *g, llw_node *a) {
    llw_node *node =
        llw_node_new(g, LLW_OP_MEAN, LLW_F32, (int64_t[4]){1, a->ne[1], a->ne[2], a->ne[3]}, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_diag(llw_graph *g, llw_node *a) {
    llw_node *node =
        llw_node_new(g, LLW_OP_DIAG, a->type, (int64_t[4]){a->ne[0], a->ne[0], a->ne[2], a->ne[3]}, NULL, 0);
    node->src[0] = a;
    return node;
}

llw_node *llw_arange(llw_graph *g, int64_t n) {
    return llw_node_new(g, LLW_OP_ARANGE, LLW_F32, (int64_t[4]){n, 1, 1, 1}, NULL, 0);
}

llw_node *llw_solve_tri(llw_graph *g, llw_node *a, llw_node *b) {
    llw_node *node = llw_node_new(g, LLW_OP_SOLVE_TRI, LLW_F32, b->ne, NULL, 0);
    node->src[0] = a;
    node->src[1] = b;
    return node;
}

llw_node *llw_flash_attn(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *mask,
                         llw_node *sinks) {
    if (k->ne[0] != q->ne[0])
        llw_graph_fail(g, "keys of %lld for queries of %lld", (long long)k->ne[0], (long long)q->ne[0]);
    llw_node *node = llw_node_new(g, LLW_OP_FLASH_ATTN_EXT, LLW_F32,
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
    llw_node *node = llw_node_new(g, LLW_OP_SSM_CONV, LLW_F32,
                                  (int64_t[4]){kernel->ne[1], tokens < 0 ? 0 : tokens, x->ne[2], 1}, NULL, 0);
    node->src[0] = x;
    node->src[1] = kernel;
    return node;
}

llw_node *llw_ssm_scan(llw_graph *g, llw_node *s, llw_node *x, llw_node *dt, llw_node *a, llw_node *b,
                       llw_node *c, llw_node *ids) {
    if (!a) return nothing(g, LLW_OP_SSM_SCAN);
    int64_t size = llw_node_elements(x) + s->ne[0] * s->ne[1] * s->ne[2] * ids->ne[0];
    llw_node *node = llw_node_new(g, LLW_OP_SSM_SCAN, LLW_F32, (int64_t[4]){size, 1, 1, 1}, NULL, 0);
    llw_node *sources[] = {s, x, dt, a, b, c, ids};
    memcpy(node->src, sources, sizeof sources);
    return node;
}

llw_node *llw_gated_delta_net(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *gate,
                              llw_node *beta, llw_node *state) {
    int64_t size = v->ne[0], heads = v->ne[1], tokens = v->ne[2], seqs = v->ne[3];
    llw_node *node = llw_node_new(g, LLW_OP_GATED_DELTA_NET, LLW_F32,
                                  (int64_t[4]){size * heads, tokens * seqs + size * seqs, 1, 1}, NULL, 0);
    llw_node *sources[] = {q, k, v, gate, beta, state};
    memcpy(node->src, sources, sizeof sources);
    return node;
}
