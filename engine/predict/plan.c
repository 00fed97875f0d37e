/* Small helpers every part of a prediction uses: outcomes, steps, places. */
#include "predict/plan.h"

#include "fact/ggml_type.h"

#include <stdarg.h>
#include <stdio.h>

static char *print(llw_arena *arena, const char *fmt, va_list args) {
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    char *text = llw_arena_alloc(arena, len < 0 ? 1 : (size_t)len + 1);
    if (len > 0) vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    return text;
}

bool llw_plan_stop(llw_plan *plan, llw_outcome outcome, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    plan->out->outcome = outcome;
    plan->out->reason = print(plan->arena, fmt, args);
    va_end(args);
    return false;
}

void llw_plan_step(llw_plan *plan, int device, llw_attr result, int64_t value, const char *source,
                   const char *fmt, ...) {
    if (!plan->explain) return;
    llw_step *step = llw_arena_push(plan->arena, (void **)&plan->out->steps, &plan->out->n_steps,
                                    &plan->steps_capacity, sizeof *step);
    va_list args;
    va_start(args, fmt);
    *step = (llw_step){device, result, value, print(plan->arena, fmt, args), source, 0, LLW_ATTR_NONE, -1};
    va_end(args);
}

llw_memory *llw_plan_memory(llw_plan *plan, llw_place place) {
    return llw_place_is_host(place) ? &plan->out->host : &plan->out->device[plan->device[place]];
}

int llw_plan_device(const llw_plan *plan, llw_place place) {
    return llw_place_is_host(place) ? -1 : plan->device[place];
}

const char *llw_plan_device_name(const llw_plan *plan, llw_place place) {
    return llw_place_is_host(place) ? "host" : plan->launch->devices[plan->device[place]].name;
}

/* CUDA pads rows of quantised tensors to 512 elements and tensors to 128 bytes (ggml-cuda.cu
 * ggml_backend_cuda_buffer_type_get_alloc_size, get_alignment); host buffers pad to 32 (ggml-backend.cpp). */
int64_t llw_place_bytes(llw_place place, uint32_t type, int64_t row, int64_t rows) {
    int64_t bytes = llw_ggml_row_bytes(type, row) * rows;
    if (llw_place_is_host(place)) return (bytes + 31) / 32 * 32;
    const llw_ggml_type *info = llw_ggml_type_get(type);
    if (info && info->quantized && row % 512) bytes += llw_ggml_row_bytes(type, 512 - row % 512);
    return (bytes + 127) / 128 * 128;
}

const llw_weight *llw_plan_weight(const llw_plan *plan, llw_weight_id id, llw_suffix suffix, int layer) {
    if (layer < -1 || layer >= plan->hparams.n_layer_all) return NULL;
    size_t column = plan->column[id];
    if (!column) return NULL;
    int32_t at =
        plan->weight_of[((size_t)(layer + 1) * plan->n_columns + column - 1) * LLW_SUFFIXES + suffix];
    return at ? &plan->weights[at - 1] : NULL;
}
