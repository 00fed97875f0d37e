/* A computation graph as llama.cpp builds it, without data: shapes, strides, views, sources and order.
 *
 * Builders (arch_*.c) write a model's layers with the operations below, one for each of ggml's, same shapes
 * and strides (ggml/src/ggml.c, llama.cpp v0.5.0). Nothing here fails by return value: what llama.cpp would
 * refuse (a shape that does not fit, a missing tensor) marks the graph as failed, with a reason, and building
 * goes on with a harmless node. Nodes live in the graph's arena. */
#ifndef LLW_PREDICT_GRAPH_H
#define LLW_PREDICT_GRAPH_H

#include "predict/plan.h"

enum { LLW_PIN_HOST = -1 };
enum { LLW_MAX_SOURCES = 10 /* GGML_MAX_SRC */, LLW_F32 = 0, LLW_F16 = 1, LLW_I32 = 26, LLW_I64 = 27 };

typedef enum llw_unary {
    LLW_ABS,
    LLW_SGN,
    LLW_NEG,
    LLW_STEP,
    LLW_TANH,
    LLW_ELU,
    LLW_RELU,
    LLW_SIGMOID,
    LLW_GELU,
    LLW_GELU_QUICK,
    LLW_SILU,
    LLW_HARDSWISH,
    LLW_HARDSIGMOID,
    LLW_EXP,
    LLW_EXPM1,
    LLW_SOFTPLUS,
    LLW_GELU_ERF,
    LLW_XIELU
} llw_unary;

typedef struct llw_node llw_node;
struct llw_node {
    unsigned char op;   /* llw_op */
    unsigned char kind; /* llw_unary of UNARY; 1 of a SOFT_MAX that scales or biases, of a MUL_MAT_ID in F32,
                           of a SSM_SCAN that keeps  snapshots */
    unsigned char type; /* ggml type */
    bool input, output; /* flags: filled from outside; kept until the end */
    bool weight;        /* lies in a buffer of weights */
    bool visited;
    bool on_gpu;         /* CUDA has a kernel for it (device.h) */
    llw_place place;     /* of a tensor that has a buffer already; LLW_PLACE_NONE otherwise */
    short backend;       /* device number among those used, n_devices = the CPU's; -1 not assigned */
    unsigned char n_src; /* where src ends, once the node is in the order */
    bool anchored;       /* an input, stored already, or with a weight: it may decide its backend itself */
    short buffer;        /* backend whose buffer it got: allocator.c */
    bool allocated;
    short pin; /* + 1: layer on whose device a load keeps it; LLW_PIN_HOST */
    unsigned short block, type_size;
    int64_t ne[4], nb[4];
    llw_node *src[LLW_MAX_SOURCES];
    llw_node *view; /* the tensor whose memory this is */
    int64_t view_offset;
    int uses;        /* by other nodes of the graph */
    int fused_layer; /* + 1: layer of a FLASH_ATTN_EXT or GATED_DELTA_NET that must stay on its layer's device
                      */
    /* allocator.c and schedule.c */
    int children, views;  /* 0 until an allocator counts */
    int copies;           /* index + 1 into the schedule's copies */
    int dependencies;     /* index + 1 into the schedule's: tensors kept until this node is done */
    int64_t offset, size; /* in the buffer, padding included */
};

typedef struct llw_nodes {
    llw_node **items;
    size_t n, capacity;
} llw_nodes;

typedef struct llw_graph {
    const llw_plan *plan;
    const llw_hparams *h;
    llw_arena *arena;
    int64_t n_tokens, n_seqs, n_outputs;
    llw_nodes nodes, leafs;                          /* in order of computation */
    llw_nodes work;                                  /* of the nodes those that are no views */
    llw_nodes stack;                                 /* of the visit */
    llw_node *pool;                                  /* nodes not handed out yet */
    size_t pool_left, made, outside;                 /* of those made: weights, caches, states */
    const char *failed;                              /* reason, or NULL */
    llw_node *logits, *embeddings, *pooled, *hidden; /* what is read after the computation */
    llw_node *tokens;                                /* their numbers */
    llw_node *embedded;                              /* the tokens' embeddings, unscaled */
    llw_node **weights;                     /* node of each of the plan's weights, made when first used */
    llw_node *rope[3][LLW_MAX_DEVICES + 2]; /* rope factors by kind and place */
    llw_node **caches[LLW_CACHES][2];       /* K and V of each cache layer */
    llw_node **states[2];                   /* R and S of each layer */
} llw_graph;

void llw_graph_init(llw_graph *graph, const llw_plan *plan, llw_arena *arena, int64_t n_tokens,
                    int64_t n_seqs, int64_t n_outputs);
void llw_graph_fail(llw_graph *graph, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds a node and what it is made of to the order (ggml_build_forward_expand). */
void llw_expand(llw_graph *g, llw_node *root);
/* Bytes of a node's memory without padding. */
int64_t llw_node_bytes(const llw_node *node);
int64_t llw_node_elements(const llw_node *node);
bool llw_is_contiguous(const llw_node *node);
bool llw_is_contiguous_from(const llw_node *node, int dim); /* ggml_is_contiguous_1, _2 */
bool llw_is_contiguous_rows(const llw_node *node);
bool llw_same_shape(const llw_node *a, const llw_node *b);

/* Tensors: an input of the graph; scratch; the model's (NULL when it has none); a cache's. */
llw_node *llw_input(llw_graph *g, int type, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3);
llw_node *llw_tensor_new(llw_graph *g, int type, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3);
llw_node *llw_w(llw_graph *g, llw_weight_id id, int layer); /* .weight */
/* ... loaded in another shape of as many elements (TENSOR_ALLOW_RESHAPE). */
llw_node *llw_w_shaped(llw_graph *g, llw_weight_id id, int layer, int64_t ne0, int64_t ne1, int64_t ne2);
llw_node *llw_bias(llw_graph *g, llw_weight_id id, int layer);     /* .bias */
llw_node *llw_scale_of(llw_graph *g, llw_weight_id id, int layer); /* .scale */
llw_node *llw_output_w(llw_graph *g);                              /* output.weight or what stands for it */
/* Rope factors for a layer, in the copy that lies with it: rope_freqs, else the long or short ones by
 * context; NULL when the model has none (llama_model::get_rope_factors). */
llw_node *llw_rope_factors(llw_graph *g, int il);
llw_node *llw_cache_k(llw_graph *g, int cache, int layer);
llw_node *llw_cache_v(llw_graph *g, int cache, int layer);
llw_node *llw_state_r(llw_graph *g, int layer);
llw_node *llw_state_s(llw_graph *g, int layer);

/* Views. Strides and offsets in bytes. */
llw_node *llw_view_1d(llw_graph *g, llw_node *a, int64_t ne0, int64_t offset);
llw_node *llw_view_2d(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t nb1, int64_t offset);
llw_node *llw_view_3d(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t nb1,
                      int64_t nb2, int64_t offset);
llw_node *llw_view_4d(llw_graph *g, llw_node *a, const int64_t ne[4], int64_t nb1, int64_t nb2, int64_t nb3,
                      int64_t offset);
llw_node *llw_reshape(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3);
llw_node *llw_reshape_1d(llw_graph *g, llw_node *a, int64_t ne0);
llw_node *llw_reshape_2d(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1);
llw_node *llw_reshape_3d(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2);
llw_node *llw_permute(llw_graph *g, llw_node *a, int axis0, int axis1, int axis2, int axis3);
llw_node *llw_transpose(llw_graph *g, llw_node *a);

/* Element by element: the result has a's shape. */
llw_node *llw_add(llw_graph *g, llw_node *a, llw_node *b);
llw_node *llw_sub(llw_graph *g, llw_node *a, llw_node *b);
llw_node *llw_mul(llw_graph *g, llw_node *a, llw_node *b);
llw_node *llw_div(llw_graph *g, llw_node *a, llw_node *b);
llw_node *llw_add_id(llw_graph *g, llw_node *a, llw_node *b, llw_node *ids);
llw_node *llw_scale_by(llw_graph *g, llw_node *a);
llw_node *llw_scale_in_place(llw_graph *g, llw_node *a);
llw_node *llw_clamp(llw_graph *g, llw_node *a);
llw_node *llw_sqr(llw_graph *g, llw_node *a);
llw_node *llw_sqrt(llw_graph *g, llw_node *a);
llw_node *llw_apply(llw_graph *g, llw_node *a, llw_unary kind);
llw_node *llw_glu(llw_graph *g, llw_node *a, llw_node *b); /* b NULL: halves of a */
llw_node *llw_rms_norm(llw_graph *g, llw_node *a);
llw_node *llw_layer_norm(llw_graph *g, llw_node *a);
llw_node *llw_l2_norm(llw_graph *g, llw_node *a);
llw_node *llw_group_norm(llw_graph *g, llw_node *a);
llw_node *llw_soft_max(llw_graph *g, llw_node *a);
llw_node *llw_soft_max_ext(llw_graph *g, llw_node *a, llw_node *mask, llw_node *sinks);
llw_node *llw_rope(llw_graph *g, llw_node *a, llw_node *positions, llw_node *factors);
llw_node *llw_fill(llw_graph *g, llw_node *a);
llw_node *llw_cumsum(llw_graph *g, llw_node *a);
llw_node *llw_tri(llw_graph *g, llw_node *a);
llw_node *llw_roll(llw_graph *g, llw_node *a);

/* Results of another shape. */
llw_node *llw_cont(llw_graph *g, llw_node *a);
llw_node *llw_cont_4d(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3);
llw_node *llw_cast(llw_graph *g, llw_node *a, int type);
llw_node *llw_cpy(llw_graph *g, llw_node *a, llw_node *to);
llw_node *llw_mul_mat(llw_graph *g, llw_node *w, llw_node *x);
llw_node *llw_mul_mat_id(llw_graph *g, llw_node *w, llw_node *x, llw_node *ids);
llw_node *llw_out_prod(llw_graph *g, llw_node *a, llw_node *b);
llw_node *llw_get_rows(llw_graph *g, llw_node *a, llw_node *rows);
llw_node *llw_set_rows(llw_graph *g, llw_node *to, llw_node *from, llw_node *rows);
llw_node *llw_argsort(llw_graph *g, llw_node *a);
llw_node *llw_argsort_top_k(llw_graph *g, llw_node *a, int64_t k);
llw_node *llw_top_k(llw_graph *g, llw_node *a, int64_t k);
llw_node *llw_concat(llw_graph *g, llw_node *a, llw_node *b, int dim);
llw_node *llw_repeat(llw_graph *g, llw_node *a, int64_t ne0, int64_t ne1, int64_t ne2, int64_t ne3);
llw_node *llw_pad(llw_graph *g, llw_node *a, int64_t p0, int64_t p1, int64_t p2, int64_t p3);
llw_node *llw_sum_rows(llw_graph *g, llw_node *a);
llw_node *llw_mean(llw_graph *g, llw_node *a);
llw_node *llw_diag(llw_graph *g, llw_node *a);
llw_node *llw_arange(llw_graph *g, int64_t n);
llw_node *llw_solve_tri(llw_graph *g, llw_node *a, llw_node *b);
llw_node *llw_flash_attn(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *mask,
                         llw_node *sinks);
llw_node *llw_ssm_conv(llw_graph *g, llw_node *x, llw_node *kernel);
llw_node *llw_ssm_scan(llw_graph *g, llw_node *s, llw_node *x, llw_node *dt, llw_node *a, llw_node *b,
                       llw_node *c, llw_node *ids);
llw_node *llw_gated_delta_net(llw_graph *g, llw_node *q, llw_node *k, llw_node *v, llw_node *gate,
                              llw_node *beta, llw_node *state);
/* Any operation with a result of the given shape and sources that are only held (lists end with NULL). */
llw_node *llw_node_of(llw_graph *g, llw_op op, int type, const int64_t ne[4], llw_node *const *sources);

#endif
