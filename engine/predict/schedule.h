/* Which backend computes which node, where the graph is cut, and what is copied between the parts: a
 * re-telling of ggml_backend_sched_split_graph (ggml/src/ggml-backend.cpp).
 *
 * The graph's nodes are changed: sources that another backend holds are replaced by their copies. */
#ifndef LLW_PREDICT_SCHEDULE_H
#define LLW_PREDICT_SCHEDULE_H

#include "predict/graph.h"

enum { LLW_SCHEDULE_COPIES = 4 /* GGML_SCHED_MAX_COPIES */ };

/* One tensor to allocate, and the backend whose buffer it goes to. */
typedef struct llw_placed {
    llw_node *node;
    int backend;
} llw_placed;

typedef struct llw_placed_list {
    llw_placed *items;
    size_t n, capacity;
} llw_placed_list;

typedef struct llw_part {
    int backend;
    size_t start, end; /* in graph->nodes */
    llw_nodes inputs;
} llw_part;

typedef struct llw_schedule {
    llw_graph *graph;
    const llw_plan *plan;
    int n_backends, n_copies;
    struct {
        llw_part *items;
        size_t n, capacity;
    } parts;
    llw_nodes copies; /* of each tensor that has some: n_copies for each backend */
    struct {
        llw_nodes *items;
        size_t n, capacity;
    } kept;                       /* tensors kept until a node is done */
    llw_nodes inputs;             /* of the graph, when several copies are held */
    llw_placed_list nodes, leafs; /* what the allocator walks */
    const char *aborts;           /* llama.cpp would stop with an assertion: which; NULL */
} llw_schedule;

/* Assigns what llama.cpp's builder assigns itself, norms to their layer's device above all. A real load keeps
 * that; its accounting without allocation forgets it (ggml_backend_sched_reserve_size resets the scheduler
 * after the graph is built), and so do --fit and what is predicted as `compute`. */
void llw_schedule_pin(const llw_graph *graph);
/* Assigns backends to everything else (passes 1 to 4). */
void llw_schedule_assign(llw_schedule *schedule, llw_graph *graph);
/* Cuts what is assigned, copies, and lists what to allocate in order. */
void llw_schedule_cut(llw_schedule *schedule);
/* Both. */
void llw_schedule_make(llw_schedule *schedule, llw_graph *graph);

/* The copies of a tensor on a backend, n_copies of them, NULL each that is not made; NULL when it has none
 * anywhere. */
llw_node **llw_schedule_copies(const llw_schedule *schedule, const llw_node *node, int backend);

/* Keeps tensors alive for fused operations (fusion.c). */
void llw_schedule_fuse(llw_schedule *schedule, const llw_part *part);
void llw_schedule_keep(llw_schedule *schedule, llw_node *tensor, llw_node *until);

#endif
