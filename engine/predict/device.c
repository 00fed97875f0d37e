/* CUDA's answers, from ggml/src/ggml-cuda/ggml-cuda.cu of llama.cpp v0.5.0 and of 2026-05-04.
 */
#include "predict/device.h"

#include "fact/ggml_type.h"

#include <string.h>

/* Whether a type is one of those named; the names are looked up once, into *bits. */
static bool type_in(const char *const *names, uint64_t *bits, uint32_t type) {
    if (!*bits)
        for (; *names; names++) *bits |= (uint64_t)1 << llw_ggml_type_find(*names);
    return type < 64 && (*bits >> type & 1);
}

static bool is_half_or_float(uint32_t type) {
    return type == LLW_F32 || type == LLW_F16;
}

static bool multiplies(uint32_t type) {
    static const char *const names[] = {"f32",    "f16",     "bf16",  "q4_0",    "q4_1",   "q5_0",   "q5_1",
                                        "q8_0",   "mxfp4",   "nvfp4", "q1_0",    "q2_0",   "q2_K",   "q3_K",
                                        "q4_K",   "q5_K",    "q6_K",  "q8_K",    "iq1_m",  "iq1_s",  "iq2_s",
                                        "iq2_xs", "iq2_xxs", "iq3_s", "iq3_xxs", "iq4_nl", "iq4_xs", NULL};
    static uint64_t bits;
    return type_in(names, &bits, type);
}

static bool looks_up_rows(const llw_plan *plan, const llw_tensor *t) {
    static const char
        *const always[] = {"f32", "f16", "bf16", "i32", "q4_0", "q4_1", "q5_0", "q5_1", "q8_0", NULL},
               *const packed[] = {"iq4_nl", "mxfp4", NULL}, *const never[] = {"nvfp4", "q8_K", NULL};
    static uint64_t always_bits, packed_bits, never_bits;
    if (type_in(always, &always_bits, t->type)) return true;
    if (!plan->build.get_rows_k) return false;
    if (type_in(packed, &packed_bits, t->type)) return t->dims[0] % 256 == 0;
    return multiplies(t->type) && !type_in(never, &never_bits, t->type);
}

static bool scans(const llw_plan *plan, const llw_tensor *a) {
    const llw_hparams *h = &plan->hparams;
    int64_t heads = a->dims[1];
    if (heads <= 0) return false;
    int64_t state = a->dims[0] == 1 ? h->ssm_state : a->dims[0], head = h->ssm_inner / heads;
    if (a->dims[0] == 1) return (state == 128 || state == 256) && head % 16 == 0;
    return state == 16 && head == 1 && heads % 128 == 0 && h->ssm_groups <= 1;
}

bool llw_device_takes_weight(const llw_plan *plan, llw_op op, const llw_tensor *t) {
    switch (op) {
    case LLW_OP_MUL_MAT:
    case LLW_OP_MUL_MAT_ID: return multiplies(t->type);
    case LLW_OP_GET_ROWS: return looks_up_rows(plan, t);
    case LLW_OP_ADD:
    case LLW_OP_MUL:
    case LLW_OP_DIV: return is_half_or_float(t->type);
    case LLW_OP_SSM_CONV: return t->dims[1] % 128 == 0;
    case LLW_OP_SSM_SCAN: return scans(plan, t);
    default: return true;
    }
}

/* ---- flash attention: fattn.cu ggml_cuda_get_best_fattn_kernel and ..._get_alloc_size ---- */

enum { Q4_0 = 2, Q4_1 = 3, Q5_0 = 6, Q5_1 = 7, Q8_0 = 8, BF16 = 30 };

static bool cache_type_taken(const llw_plan *plan, int type) {
    switch (type) {
    case LLW_F32:
    case LLW_F16:
    case Q4_0:
    case Q8_0: return true;
    case BF16: return plan->build.cache_types >= 1;
    case Q4_1:
    case Q5_0:
    case Q5_1: return plan->build.cache_types >= 2;
    default: return false;
    }
}

static bool cache_types_mix(const llw_plan *plan, int k, int v) {
    bool common = (k == LLW_F16 || k == BF16 || k == Q8_0) && (v == LLW_F16 || v == BF16 || v == Q8_0);
    return k == v || plan->build.mixed_cache_types == 2 || (plan->build.mixed_cache_types == 1 && common);
}

typedef enum kernel { KERNEL_NONE, KERNEL_VECTOR, KERNEL_MATRIX } kernel;

/* Several query heads share a KV head, and the kernels for that apply. */
static bool is_grouped(const llw_node *q, const llw_node *k, const llw_node *v, const llw_node *mask) {
    if (q->ne[2] / k->ne[2] < 2 || !mask || k->ne[1] % 256) return false;
    const llw_node *all[] = {q, k, v, mask};
    for (int i = 0; i < 4; i++)
        for (int dim = 1; dim < 4 && all[i]->block == 1; dim++)
            if (all[i]->nb[dim] % 16) return false;
    return true;
}

/* For a card with tensor cores of Turing or later; Ada and later where batches of one or two tokens choose.
 */
static kernel attention_kernel(const llw_plan *plan, const llw_node *node) {
    const llw_node *q = node->src[0], *k = node->src[1], *v = node->src[2], *mask = node->src[3];
    if (k->ne[2] == 0 || q->ne[2] % k->ne[2]) return KERNEL_NONE;
    int64_t ratio = q->ne[2] / k->ne[2];
    bool grouped = node->kind == 0 && is_grouped(q, k, v, mask);
    int heads = llw_changes_flash_heads(plan->launch->build_order, k->ne[0], v->ne[0]);
    if (heads < 0 || (heads > 0 && !grouped) || (heads > 1 && ratio % heads)) return KERNEL_NONE;
    if (!cache_type_taken(plan, k->type) || !cache_type_taken(plan, v->type) ||
        !cache_types_mix(plan, k->type, v->type))
        return KERNEL_NONE;
    if (mask && mask->ne[2] != 1) return KERNEL_NONE;
    if (q->ne[0] == 40 || q->ne[0] == 72) return KERNEL_MATRIX;
    if (q->ne[0] <= 256 && q->ne[0] % 64 == 0 && q->ne[0] != 192 && k->ne[1] % 256 == 0) {
        if (k->block == 1 && v->block == 1) {
            bool wide = ratio > 4 && (q->ne[0] >= 256 || k->ne[1] >= 8192);
            if (q->ne[1] == 1 && q->ne[3] == 1 && !wide) return KERNEL_VECTOR;
        } else if (q->ne[1] <= 2) {
            return KERNEL_VECTOR;
        }
        if (!grouped && q->ne[1] == 1) return KERNEL_VECTOR;
    }
    return KERNEL_MATRIX;
}

static bool vector_kernel_built(int64_t size, int k, int v) {
    if (size != 64 && size != 128 && size != 256) return false;
    if (k == LLW_F32) k = LLW_F16;
    if (v == LLW_F32) v = LLW_F16;
    return k == v && (k == LLW_F16 || k == BF16 || k == Q4_0 || k == Q8_0);
}

static int64_t attention_bytes(const llw_plan *plan, const llw_node *node) {
    int64_t bytes = llw_node_bytes(node);
    const llw_node *k = node->src[1], *v = node->src[2];
    bool copy_k = false, copy_v = false;
    switch (attention_kernel(plan, node)) {
    case KERNEL_NONE: break;
    case KERNEL_MATRIX: copy_k = copy_v = true; break;
    case KERNEL_VECTOR: {
        bool built = vector_kernel_built(node->src[0]->ne[0], k->type, v->type);
        copy_k = k->type == LLW_F32 || !built;
        copy_v = v->type == LLW_F32 || !built;
        break;
    }
    }
    bool same = v->view && (v->view == k || (v->view == k->view && v->view_offset == k->view_offset));
    if (copy_k && k->type != LLW_F16) bytes = (bytes + 127) / 128 * 128 + llw_node_elements(k) * 2;
    if (copy_v && v->type != LLW_F16 && !same) bytes = (bytes + 127) / 128 * 128 + llw_node_elements(v) * 2;
    return bytes;
}

/* ---- operations: ggml_backend_cuda_device_supports_op ---- */

static bool is_float(int type) {
    return type == LLW_F32 || type == LLW_F16 || type == BF16;
}

static bool takes_unary(const llw_node *node) {
    return llw_is_contiguous(node->src[0]);
}

static bool copies(const llw_node *a, const llw_node *to) {
    enum { IQ4_NL = 20 };
    if (is_float(a->type) && is_float(to->type)) return true;
    bool packed_from =
        a->type == Q8_0 || a->type == Q4_0 || a->type == Q4_1 || a->type == Q5_0 || a->type == Q5_1;
    bool packed_to =
        to->type == Q8_0 || to->type == Q4_0 || to->type == Q4_1 || to->type == Q5_0 || to->type == Q5_1;
    if (a->type == LLW_F32 && (packed_to || to->type == IQ4_NL || to->type == LLW_I32)) return true;
    if (to->type == LLW_F32 && (packed_from || a->type == LLW_I32)) return true;
    return (a->type == LLW_I32 && to->type == LLW_I32) ||
           (a->type == to->type && llw_is_contiguous(a) && llw_is_contiguous(to));
}

static bool stores_rows(const llw_plan *plan, const llw_node *node) {
    const llw_node *from = node->src[0], *rows = node->src[1];
    enum { IQ4_NL = 20 };
    bool known = is_float(node->type) || node->type == Q4_0 || node->type == Q4_1 || node->type == Q5_0 ||
                 node->type == Q5_1 || node->type == Q8_0 || node->type == IQ4_NL;
    bool source =
        from->type == LLW_F32 || (plan->build.half_mask && node->type == LLW_F16 && from->type == LLW_F16);
    return known && source && (rows->type == LLW_I64 || rows->type == LLW_I32);
}

static bool joins(const llw_plan *plan, const llw_node *node) {
    const llw_node *a = node->src[0], *b = node->src[1];
    if (!plan->build.half_mask) return a->type != LLW_I32;
    if (a->type != b->type) return false;
    if (a->block == 1) return true;
    return llw_is_contiguous(a) && llw_is_contiguous(b);
}

static bool takes_scan(const llw_node *node) {
    const llw_node *s = node->src[0], *a = node->src[3], *b = node->src[4];
    if (a->ne[0] == 1) return (s->ne[0] == 128 || s->ne[0] == 256) && s->ne[1] % 16 == 0;
    return node->kind == 0 && s->ne[0] == 16 && s->ne[1] == 1 && s->ne[2] % 128 == 0 && b->ne[1] == 1;
}

static bool rows_looked_up(const llw_plan *plan, const llw_node *a) {
    llw_tensor as_weight = {.type = a->type, .dims = {a->ne[0], a->ne[1], a->ne[2], a->ne[3]}};
    return looks_up_rows(plan, &as_weight);
}

/* Whether CUDA has a kernel for it, wherever its sources lie. */
static bool has_kernel(const llw_plan *plan, const llw_node *node) {
    const llw_node *a = node->src[0], *b = node->src[1];
    bool newer = plan->build.spaced_norms == 0;
    switch ((llw_op)node->op) {
    case LLW_OP_UNARY: return takes_unary(node);
    case LLW_OP_GLU: return llw_is_contiguous_from(a, 1);
    case LLW_OP_MUL_MAT:
    case LLW_OP_MUL_MAT_ID:
        if (newer && (a->nb[0] != a->type_size || b->nb[0] != b->type_size)) return false;
        if (b->type == LLW_F16 && a->type != LLW_F16) return false;
        if (node->op == LLW_OP_MUL_MAT_ID && node->kind) return false; /* input in F32 precision */
        return multiplies(a->type);
    case LLW_OP_OUT_PROD: return node->type == LLW_F32 && a->type == LLW_F32 && b->type == LLW_F32;
    case LLW_OP_GET_ROWS: return rows_looked_up(plan, a);
    case LLW_OP_SET_ROWS: return stores_rows(plan, node);
    case LLW_OP_SET:
        return (node->type == LLW_F32 || node->type == LLW_I32) && node->type == a->type &&
               node->type == b->type;
    case LLW_OP_CPY: return copies(a, b);
    case LLW_OP_DUP: return a->type != LLW_I32;
    case LLW_OP_REPEAT: return newer ? a->type == LLW_F32 || a->type == LLW_F16 : a->type != LLW_I32;
    case LLW_OP_CONCAT: return joins(plan, node);
    case LLW_OP_NORM:
    case LLW_OP_RMS_NORM:
    case LLW_OP_L2_NORM: return !newer || llw_is_contiguous_rows(a);
    case LLW_OP_SUM: return llw_is_contiguous_rows(a);
    case LLW_OP_GROUP_NORM: return llw_is_contiguous(a);
    case LLW_OP_ADD:
    case LLW_OP_SUB:
    case LLW_OP_MUL:
    case LLW_OP_DIV:
        return !newer ||
               ((a->type == LLW_F32 || a->type == LLW_F16) && (b->type == LLW_F32 || b->type == LLW_F16));
    case LLW_OP_SSM_SCAN: return takes_scan(node);
    case LLW_OP_SSM_CONV: return a->ne[1] % 128 == 0;
    case LLW_OP_ROLL: return a->type == LLW_F32 && (!newer || llw_is_contiguous(a));
    case LLW_OP_ROPE: return a->nb[0] == a->type_size && llw_is_contiguous_from(a, 2);
    case LLW_OP_IM2COL: return !newer || (llw_is_contiguous(a) && llw_is_contiguous(b));
    case LLW_OP_CONV_2D_DW: return a->type == LLW_F32;
    case LLW_OP_SUM_ROWS:
    case LLW_OP_MEAN:
        return newer ? a->type == LLW_F32 && node->type == LLW_F32 && llw_is_contiguous_rows(a)
                     : llw_is_contiguous(a);
    case LLW_OP_FLASH_ATTN_EXT: return attention_kernel(plan, node) != KERNEL_NONE;
    case LLW_OP_LIGHTNING_INDEXER: return a->ne[0] == 128 && (a->ne[1] == 64 || a->ne[1] == 32);
    case LLW_OP_CUSTOM:
    case LLW_OP_COUNT: return false;
    default: return true;
    }
}

void llw_backend_look(const llw_graph *graph) {
    const llw_nodes *lists[] = {&graph->nodes, &graph->leafs};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k]->n; i++) {
            llw_node *node = lists[k]->items[i];
            node->on_gpu = has_kernel(graph->plan, node);
            node->anchored = node->input || node->place != LLW_PLACE_NONE ||
                             (node->view && node->view->place != LLW_PLACE_NONE);
            for (int j = 0; j < node->n_src && !node->anchored; j++)
                node->anchored = node->src[j] && node->src[j]->weight;
        }
}

bool llw_backend_takes(const llw_plan *plan, int backend, const llw_node *node) {
    if (backend == llw_cpu_backend(plan)) return true;
    for (int i = 0; node->on_gpu && i < node->n_src; i++) {
        const llw_node *src = node->src[i];
        if (src && src->place >= 0 && src->place < LLW_PLACE_PINNED && src->place != backend) return false;
    }
    return node->on_gpu;
}

bool llw_backend_reads(const llw_plan *plan, int backend, llw_place place) {
    return backend == llw_cpu_backend(plan) ? llw_place_is_host(place) : place == backend;
}

bool llw_backend_wants(const llw_node *node) {
    enum { LEAST = 32 }; /* ggml-cuda.cu op_offload_min_batch_size */
    switch ((llw_op)node->op) {
    case LLW_OP_GET_ROWS: return false;
    case LLW_OP_MUL_MAT: return node->ne[1] >= LEAST;
    case LLW_OP_MUL_MAT_ID:
    case LLW_OP_ROPE: return node->ne[2] >= LEAST;
    default: return node->ne[1] * node->ne[2] * node->ne[3] >= LEAST;
    }
}

int64_t llw_backend_bytes(const llw_plan *plan, int backend, const llw_node *node) {
    if (backend == llw_cpu_backend(plan)) return llw_node_bytes(node);
    bool attends = node->op == LLW_OP_FLASH_ATTN_EXT && plan->build.cache_copies;
    int64_t bytes = attends ? attention_bytes(plan, node) : llw_node_bytes(node);
    if (node->block > 1 && node->ne[0] % 512)
        bytes += llw_ggml_row_bytes(node->type, 512 - node->ne[0] % 512);
    return bytes;
}

int64_t llw_backend_alignment(const llw_plan *plan, int backend) {
    return backend == llw_cpu_backend(plan) ? 32 : 128;
}
