/* What a CUDA device answers to llama.cpp's questions about weights and operations. */
#ifndef LLW_PREDICT_DEVICE_H
#define LLW_PREDICT_DEVICE_H

#include "predict/plan.h"

/* Whether the device's backend can run `op` with that tensor as its weight (src/llama-model-loader.cpp
 * weight_buft_supported over ggml-cuda.cu ggml_backend_cuda_device_supports_op). */
bool llw_device_takes_weight(const llw_plan *plan, llw_op op, const llw_tensor *tensor);

#endif
