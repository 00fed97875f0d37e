/* CUDA's answers about weights, from ggml/src/ggml-cuda/ggml-cuda.cu of llama.cpp v0.5.0 and of 2026-05-04.
 */
#include "predict/device.h"

#include "fact/ggml_type.h"

#include <string.h>

static bool type_in(uint32_t type, const char *const *names) {
    const llw_ggml_type *info = llw_ggml_type_get(type);
    for (; info && *names; names++)
        if (!strcmp(info->name, *names)) return true;
    return false;
}

static bool is_half_or_float(uint32_t type) {
    return type_in(type, (const char *const[]){"f32", "f16", NULL});
}

static bool multiplies(uint32_t type) {
    static const char *const names[] = {"f32",    "f16",     "bf16",  "q4_0",    "q4_1",   "q5_0",   "q5_1",
                                        "q8_0",   "mxfp4",   "nvfp4", "q1_0",    "q2_0",   "q2_K",   "q3_K",
                                        "q4_K",   "q5_K",    "q6_K",  "q8_K",    "iq1_m",  "iq1_s",  "iq2_s",
                                        "iq2_xs", "iq2_xxs", "iq3_s", "iq3_xxs", "iq4_nl", "iq4_xs", NULL};
    return type_in(type, names);
}

static bool looks_up_rows(const llw_plan *plan, const llw_tensor *t) {
    static const char *const always[] = {"f32",  "f16",  "bf16", "i32",  "q4_0",
                                         "q4_1", "q5_0", "q5_1", "q8_0", NULL};
    if (type_in(t->type, always)) return true;
    if (!plan->build.get_rows_k) return false;
    if (type_in(t->type, (const char *const[]){"iq4_nl", "mxfp4", NULL})) return t->dims[0] % 256 == 0;
    return multiplies(t->type) && !type_in(t->type, (const char *const[]){"nvfp4", "q8_K", NULL});
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
