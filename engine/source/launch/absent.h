/* GPUs that a launch names and the machine does not have: what llama.cpp, CUDA or the container engine makes
 * of them. Says nothing where the machine's cards are not known.
 *
 * llama.cpp b3000 to v0.5.0: parse_device_list and parse_tensor_buffer_overrides of common/arg.cpp ("invalid
 * device", "unknown buffer type"); llama_prepare_model_devices ("invalid value for main_gpu", with
 * --split-mode none); load_tensors (the first n_devices shares of --tensor-split). NVIDIA container toolkit:
 * "device error: 1: unknown device" (NVIDIA/nvidia-docker #1283). CUDA programming guide,
 * CUDA_VISIBLE_DEVICES: an id that is not there hides itself and all behind it. */
#ifndef LLW_SOURCE_ABSENT_H
#define LLW_SOURCE_ABSENT_H

#include "source/launch/argv.h"

enum { LLW_MAX_ABSENT = 8 };

/* How many were found. Texts live in `arena`. */
size_t llw_absent_find(const llw_facts *facts, llw_entity launch, llw_arena *arena,
                       llw_flag_problem out[LLW_MAX_ABSENT]);

#endif
