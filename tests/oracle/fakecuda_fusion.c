/* graph_optimize of ggml-cuda v0.5.0: keeps the inputs of fusable expert selection and weighted reduction
 * alive. */
#include "fakecuda.h"

#include <string.h>

typedef struct ggml_backend_graph_optimize_params OP;
static bool is_w(const struct ggml_tensor *t, const struct ggml_tensor *mul) {
    return t && t->type == GGML_TYPE_F32 && ggml_is_contiguous(t) && t->ne[0] == 1 &&
           t->ne[1] == mul->ne[1] && t->ne[2] == mul->ne[2] && t->ne[3] == mul->ne[3];
}
static bool is_e(const struct ggml_tensor *t, const struct ggml_tensor *mul) {
    return t && t->type == GGML_TYPE_F32 && ggml_is_contiguous(t) && ggml_are_same_shape(t, mul);
}
static bool split(const struct ggml_tensor *mul, const struct ggml_tensor **full,
                  const struct ggml_tensor **bc) {
    if (is_e(mul->src[0], mul) && is_w(mul->src[1], mul)) {
        *full = mul->src[0];
        *bc = mul->src[1];
        return true;
    }
    if (is_e(mul->src[1], mul) && is_w(mul->src[0], mul)) {
        *full = mul->src[1];
        *bc = mul->src[0];
        return true;
    }
    return false;
}
static int moe_reduce(struct ggml_cgraph *g, int at, const struct ggml_tensor **E,
                      const struct ggml_tensor **S, const struct ggml_tensor **W, struct ggml_tensor **dst) {
    const struct ggml_tensor *f = g->nodes[at];
    *E = *S = *W = NULL;
    if (f->op != GGML_OP_MUL || f->type != GGML_TYPE_F32 || !ggml_is_contiguous(f)) return 0;
    const struct ggml_tensor *w = f;
    int nm = 1;
    if (at + 1 < g->n_nodes) {
        const struct ggml_tensor *s = g->nodes[at + 1], *sc, *rt, *raw, *es;
        if (s->op == GGML_OP_MUL && s->type == GGML_TYPE_F32 && ggml_is_contiguous(s) && split(s, &sc, &rt) &&
            sc == f && split(f, &raw, &es)) {
            w = s;
            *E = raw;
            *S = es;
            *W = rt;
            nm = 2;
        }
    }
    if (!*E && !split(f, E, W)) return 0;
    int ne = (int)w->ne[1];
    int64_t nt = w->ne[2] * w->ne[3];
    if (ne < 2 || ne > 15 || nt <= 0) return 0;
    int n = 2 * ne + nm - 1;
    if (at + n > g->n_nodes) return 0;
    enum ggml_op ops[32];
    const struct ggml_tensor *v[16], *prev = NULL;
    int nv = 0, na = 0;
    ops[0] = GGML_OP_MUL;
    if (nm == 2) ops[1] = GGML_OP_MUL;
    for (int o = nm; o < n; o++) {
        const struct ggml_tensor *c = g->nodes[at + o];
        ops[o] = c->op;
        if (c->op == GGML_OP_VIEW) {
            if (nv >= ne || c->src[0] != w || c->view_src != w || c->type != GGML_TYPE_F32 ||
                c->ne[0] != w->ne[0] || c->ne[1] != nt || c->ne[2] != 1 || c->ne[3] != 1 ||
                c->nb[0] != w->nb[0] || c->nb[1] != w->nb[2] || c->view_offs != (size_t)nv * w->nb[1])
                return 0;
            v[nv++] = c;
            continue;
        }
        if (c->op != GGML_OP_ADD || nv < 2 || na + 1 >= nv) return 0;
        if (c->src[0] != (na == 0 ? v[0] : prev) || c->src[1] != v[na + 1] || c->type != GGML_TYPE_F32)
            return 0;
        prev = c;
        na++;
    }
    if (nv != ne || na != ne - 1 || !prev || !ggml_is_contiguous(prev) || prev->ne[0] != w->ne[0] ||
        prev->ne[1] != nt || prev->ne[2] != 1 || prev->ne[3] != 1)
        return 0;
    int out = at + n - 1;
    if (!ggml_can_fuse_subgraph(g, at, n, ops, &out, 1)) return 0;
    *dst = g->nodes[out];
    return n;
}
static int topk(struct ggml_cgraph *g,
                int at) { /* number of nodes of a fusable expert selection starting at AT, 0 = none */
    int n = g->n_nodes, i = at;
    struct ggml_tensor **N = g->nodes;
    bool sp = false, bias = false, norm = false, scale = false;
    if (N[i]->op == GGML_OP_UNARY) {
        enum ggml_unary_op u = ggml_get_unary_op(N[i]);
        if (u == GGML_UNARY_OP_SOFTPLUS && i + 1 < n && N[i + 1]->op == GGML_OP_SQRT &&
            N[i + 1]->src[0] == N[i]) {
            sp = true;
            i++;
        } else if (u != GGML_UNARY_OP_SIGMOID)
            return 0;
    } else if (N[i]->op != GGML_OP_SOFT_MAX)
        return 0; /* late softmax (gpt-oss): no dependencies are added */
    i++;
    if (i >= n || N[i]->op != GGML_OP_RESHAPE || N[i]->src[0] != N[i - 1]) return 0;
    const struct ggml_tensor *pr = N[i++];
    if (i >= n) return 0;
    if (N[i]->op == GGML_OP_ADD && N[i]->src[0] == N[i - 2]) {
        bias = true;
        i++;
    }
    if (i >= n || N[i]->op != GGML_OP_ARGSORT || N[i]->src[0] != N[bias ? i - 1 : i - 2]) return 0;
    i++;
    if (i >= n || N[i]->op != GGML_OP_VIEW || N[i]->src[0] != N[i - 1]) return 0;
    i++;
    if (i >= n || N[i]->op != GGML_OP_GET_ROWS || N[i]->src[0] != pr || N[i]->src[1] != N[i - 1]) return 0;
    i++;
    if (i < n) {
        bool stop = false;
        if (N[i]->op == GGML_OP_RESHAPE) {
            static const enum ggml_op no[3] = {GGML_OP_RESHAPE, GGML_OP_SUM_ROWS, GGML_OP_CLAMP};
            norm = true;
            for (int k = 0; k < 3 && !stop; k++) {
                if (N[i]->op == no[k] && N[i]->src[0] == N[i - 1])
                    i++;
                else {
                    norm = false;
                    stop = true;
                }
            }
            if (!stop) {
                if (N[i]->op != GGML_OP_DIV || N[i]->src[1] != N[i - 1] || N[i]->src[0] != N[i - 3]) {
                    norm = false;
                    stop = true;
                } else
                    i++;
            }
            if (!stop) {
                if (N[i]->op != GGML_OP_RESHAPE || N[i]->src[0] != N[i - 1]) {
                    norm = false;
                    stop = true;
                } else
                    i++;
            }
        }
        if (!stop && N[i]->op == GGML_OP_SCALE && N[i]->src[0] == N[i - 1]) scale = true;
    }
    enum ggml_op ops[16];
    int k = 0, outs[2];
    ops[k++] = N[at]->op;
    if (sp) ops[k++] = GGML_OP_SQRT;
    int ip = at + k - 1;
    ops[k++] = GGML_OP_RESHAPE;
    if (bias) ops[k++] = GGML_OP_ADD;
    ops[k++] = GGML_OP_ARGSORT;
    ops[k++] = GGML_OP_VIEW;
    ops[k++] = GGML_OP_GET_ROWS;
    outs[0] = ip + (bias ? 4 : 3);
    if (norm) {
        ops[k++] = GGML_OP_RESHAPE;
        ops[k++] = GGML_OP_SUM_ROWS;
        ops[k++] = GGML_OP_CLAMP;
        ops[k++] = GGML_OP_DIV;
        ops[k++] = GGML_OP_RESHAPE;
    }
    if (scale) ops[k++] = GGML_OP_SCALE;
    outs[1] = at + k - 1;
    if (!ggml_can_fuse_subgraph(g, at, k, ops, outs, 2)) return 0;
    const struct ggml_tensor *ids = N[outs[0]], *w = N[outs[1]], *gate = N[at], *lg = gate->src[0];
    int nx = (int)(ids->nb[1] / ids->nb[0]);
    if (((nx & (nx - 1)) || nx > 512) && nx != 288 && nx != 576) return 0;
    if (!ggml_is_contiguous(w) || !ggml_is_contiguous(lg)) return 0;
    if (gate->op == GGML_OP_SOFT_MAX) {
        float s, b;
        memcpy(&s, (const float *)gate->op_params, 4);
        memcpy(&b, (const float *)gate->op_params + 1, 4);
        if (s != 1.0f || b != 0.0f || gate->src[1] || gate->src[2]) return 0;
    }
    return k;
}
void fake_graph_optimize(ggml_backend_t b, struct ggml_cgraph *g, OP *p) {
    (void)b;
    if (!fake_fuses) return;
    for (int i = 0; i < g->n_nodes; i++) {
        const struct ggml_tensor *E, *S, *W;
        struct ggml_tensor *dst;
        int n = moe_reduce(g, i, &E, &S, &W, &dst);
        if (n) {
            p->add_alloc_dep(p->user_data, (struct ggml_tensor *)E, dst);
            p->add_alloc_dep(p->user_data, (struct ggml_tensor *)W, dst);
            if (S) p->add_alloc_dep(p->user_data, (struct ggml_tensor *)S, dst);
            i += n - 1;
        }
        if (g->nodes[i]->op != GGML_OP_UNARY && g->nodes[i]->op != GGML_OP_SOFT_MAX) continue;
        int k = topk(g, i);
        if (!k) continue;
        for (int j = i; j < i + k; j++) {
            p->add_alloc_dep(p->user_data, g->nodes[j], g->nodes[i + k]);
            for (int s = 0; s < GGML_MAX_SRC; s++)
                if (g->nodes[j]->src[s]) p->add_alloc_dep(p->user_data, g->nodes[j]->src[s], g->nodes[i + k]);
        }
        i += k - 1;
    }
}
