/* A "CUDA" backend for llama.cpp v0.5.0 that only answers questions: which operations a card takes and how
 * large its buffers are. It computes nothing, so llama.cpp's own accounting (a no_alloc load) runs without a
 * GPU.
 *
 * It answers as ggml-cuda of v0.5.0 does for an NVIDIA card with tensor cores of Turing or later, built
 * without FA_ALL_QUANTS; every condition was read there. Load it with
 * GGML_BACKEND_PATH=.../libggml-fakecuda.so; environment: FAKE_GPUS=24564:24200,12288:12000  total:free of
 * each card in MiB (suffix B: bytes); 24564 when not set FAKE_LIVE=1                        free memory
 * shrinks by what is really allocated, in pages of 2 MiB FAKE_CC=900                        compute
 * capability x 10; it matters only for batches of 1 or 2 FAKE_OPT=0                         no fused expert
 * selection (an llama.cpp before it, or GGML_CUDA_DISABLE_FUSION=1) */
#ifndef FAKECUDA_H
#define FAKECUDA_H

#include "ggml-backend-impl.h"
#include "ggml-impl.h"

extern int fake_compute_capability;
extern int fake_fuses;

/* Flash attention: the kernel taken for a node, and its result's bytes with the F16 copies it makes room for.
 */
enum { ATTENTION_NONE, ATTENTION_VEC, ATTENTION_MMA, ATTENTION_TILE };
int fake_attention_kernel(const struct ggml_tensor *node);
size_t fake_attention_size(const struct ggml_tensor *node);

/* The backend's graph_optimize: dependencies that keep tensors of fused operations alive. */
void fake_graph_optimize(ggml_backend_t backend, struct ggml_cgraph *graph,
                         struct ggml_backend_graph_optimize_params *params);

bool fake_is_device_buffer(ggml_backend_buffer_type_t type);
bool fake_supports_op(ggml_backend_dev_t device, const struct ggml_tensor *node);
bool fake_offloads_op(ggml_backend_dev_t device, const struct ggml_tensor *node);

#endif
