/* What llama.cpp's backends answer: CUDA for a device, the CPU for the host. */
#ifndef LLW_PREDICT_DEVICE_H
#define LLW_PREDICT_DEVICE_H

#include "predict/graph.h"

/* Whether the device's backend can run `op` with that tensor as its weight (src/llama-model-loader.cpp
 * weight_buft_supported over ggml-cuda.cu ggml_backend_cuda_device_supports_op). */
bool llw_device_takes_weight(const llw_plan *plan, llw_op op, const llw_tensor *tensor);

/* Backends are numbered as llama.cpp orders them: the devices used, then the CPU. */
static inline int llw_cpu_backend(const llw_plan *plan) {
    return plan->n_devices;
}
/* Finds out which nodes of a graph CUDA has a kernel for, and which are anchored: once, because placing does
 * not change it. */
void llw_backend_look(const llw_graph *graph);
/* supports_op, of a graph that was looked at; the CPU takes everything. */
bool llw_backend_takes(const llw_plan *plan, int backend, const llw_node *node);
/* supports_buft: whether the backend reads memory of that place. */
bool llw_backend_reads(const llw_plan *plan, int backend, llw_place place);
/* offload_op: CUDA asks for operations over 32 rows and more, even when their weights lie in host memory. */
bool llw_backend_wants(const llw_node *node);
/* What a node takes in the backend's compute buffer, before alignment (get_alloc_size). */
int64_t llw_backend_bytes(const llw_plan *plan, int backend, const llw_node *node);
int64_t llw_backend_alignment(const llw_plan *plan, int backend);

#endif
