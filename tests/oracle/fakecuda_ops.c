/* Which operations ggml-cuda of v0.5.0 takes, and which of them it takes for weights that stay in RAM. */
#include "fakecuda.h"

#include <string.h>

static bool f3216(enum ggml_type t) {
    return t == GGML_TYPE_F32 || t == GGML_TYPE_F16;
}
static bool mm_type(enum ggml_type t) {
    switch (t) {
    case GGML_TYPE_F32:
    case GGML_TYPE_F16:
    case GGML_TYPE_BF16:
    case GGML_TYPE_Q4_0:
    case GGML_TYPE_Q4_1:
    case GGML_TYPE_Q5_0:
    case GGML_TYPE_Q5_1:
    case GGML_TYPE_Q8_0:
    case GGML_TYPE_MXFP4:
    case GGML_TYPE_NVFP4:
    case GGML_TYPE_Q1_0:
    case GGML_TYPE_Q2_0:
    case GGML_TYPE_Q2_K:
    case GGML_TYPE_Q3_K:
    case GGML_TYPE_Q4_K:
    case GGML_TYPE_Q5_K:
    case GGML_TYPE_Q6_K:
    case GGML_TYPE_Q8_K:
    case GGML_TYPE_IQ1_M:
    case GGML_TYPE_IQ1_S:
    case GGML_TYPE_IQ2_S:
    case GGML_TYPE_IQ2_XS:
    case GGML_TYPE_IQ2_XXS:
    case GGML_TYPE_IQ3_S:
    case GGML_TYPE_IQ3_XXS:
    case GGML_TYPE_IQ4_NL:
    case GGML_TYPE_IQ4_XS: return true;
    default: return false;
    }
}
bool fake_supports_op(ggml_backend_dev_t d, const struct ggml_tensor *o) {
    const struct ggml_tensor *a = o->src[0], *b = o->src[1];
    for (int i = 0; i < GGML_MAX_SRC; i++)
        if (o->src[i] && o->src[i]->buffer) {
            ggml_backend_buffer_type_t t = o->src[i]->buffer->buft;
            if (fake_is_device_buffer(t) && t->device != d) return false;
        }
    switch (o->op) {
    case GGML_OP_UNARY:
        switch (ggml_get_unary_op(o)) {
        case GGML_UNARY_OP_ABS:
        case GGML_UNARY_OP_SGN:
        case GGML_UNARY_OP_NEG:
        case GGML_UNARY_OP_STEP:
        case GGML_UNARY_OP_GELU:
        case GGML_UNARY_OP_SILU:
        case GGML_UNARY_OP_RELU:
        case GGML_UNARY_OP_SIGMOID:
        case GGML_UNARY_OP_HARDSIGMOID:
        case GGML_UNARY_OP_HARDSWISH:
        case GGML_UNARY_OP_GELU_ERF:
        case GGML_UNARY_OP_GELU_QUICK:
        case GGML_UNARY_OP_TANH:
        case GGML_UNARY_OP_EXP:
        case GGML_UNARY_OP_EXPM1:
        case GGML_UNARY_OP_SOFTPLUS:
        case GGML_UNARY_OP_ELU:
        case GGML_UNARY_OP_XIELU:
        case GGML_UNARY_OP_FLOOR:
        case GGML_UNARY_OP_CEIL:
        case GGML_UNARY_OP_ROUND:
        case GGML_UNARY_OP_TRUNC: return ggml_is_contiguous(a);
        default: return false;
        }
    case GGML_OP_GLU: return ggml_is_contiguous_1(a);
    case GGML_OP_MUL_MAT:
    case GGML_OP_MUL_MAT_ID:
        if (a->nb[0] != ggml_element_size(a) || b->nb[0] != ggml_element_size(b)) return false;
        if (b->type == GGML_TYPE_F16 && a->type != GGML_TYPE_F16) return false;
        if (o->op == GGML_OP_MUL_MAT_ID && o->op_params[3] == GGML_PREC_F32) return false;
        return mm_type(a->type);
    case GGML_OP_OUT_PROD:
        return o->type == GGML_TYPE_F32 && a->type == GGML_TYPE_F32 && b->type == GGML_TYPE_F32;
    case GGML_OP_GET_ROWS:
        if (a->type == GGML_TYPE_I32) return true;
        if (a->type == GGML_TYPE_IQ4_NL || a->type == GGML_TYPE_MXFP4) return a->ne[0] % 256 == 0;
        return a->type != GGML_TYPE_NVFP4 && a->type != GGML_TYPE_Q8_K && mm_type(a->type);
    case GGML_OP_SET_ROWS:
        return (((f3216(o->type) || o->type == GGML_TYPE_BF16 || o->type == GGML_TYPE_Q4_0 ||
                  o->type == GGML_TYPE_Q4_1 || o->type == GGML_TYPE_Q5_0 || o->type == GGML_TYPE_Q5_1 ||
                  o->type == GGML_TYPE_Q8_0 || o->type == GGML_TYPE_IQ4_NL) &&
                 a->type == GGML_TYPE_F32) ||
                (o->type == GGML_TYPE_F16 && a->type == GGML_TYPE_F16)) &&
               (b->type == GGML_TYPE_I64 || b->type == GGML_TYPE_I32);
    case GGML_OP_SET:
        return (o->type == GGML_TYPE_F32 || o->type == GGML_TYPE_I32) && o->type == a->type &&
               o->type == b->type;
    case GGML_OP_CPY: {
        enum ggml_type s = a->type, t = b->type;
        if ((f3216(s) || s == GGML_TYPE_BF16) && (f3216(t) || t == GGML_TYPE_BF16)) return true;
        if (s == GGML_TYPE_F32 &&
            (t == GGML_TYPE_Q8_0 || t == GGML_TYPE_Q4_0 || t == GGML_TYPE_Q4_1 || t == GGML_TYPE_Q5_0 ||
             t == GGML_TYPE_Q5_1 || t == GGML_TYPE_IQ4_NL || t == GGML_TYPE_I32))
            return true;
        if (t == GGML_TYPE_F32 && (s == GGML_TYPE_Q8_0 || s == GGML_TYPE_Q4_0 || s == GGML_TYPE_Q4_1 ||
                                   s == GGML_TYPE_Q5_0 || s == GGML_TYPE_Q5_1 || s == GGML_TYPE_I32))
            return true;
        return (s == GGML_TYPE_I32 && t == GGML_TYPE_I32) ||
               (s == t && ggml_is_contiguous(a) && ggml_is_contiguous(b));
    }
    case GGML_OP_REPEAT: return f3216(a->type);
    case GGML_OP_REPEAT_BACK: return o->type == GGML_TYPE_F32 && a->ne[2] * a->ne[3] <= 1 << 15;
    case GGML_OP_CONCAT: {
        if (a->type != b->type || a->type != o->type) return false;
        if (!ggml_is_quantized(a->type)) return ggml_blck_size(a->type) == 1;
        bool c = o->op_params[0] == 3 ? ggml_is_contiguous(a) && ggml_is_contiguous(b)
                                      : ggml_is_contiguous_to_3(a) && ggml_is_contiguous_to_3(b);
        return c && a->ne[0] % ggml_blck_size(a->type) == 0 && b->ne[0] % ggml_blck_size(a->type) == 0;
    }
    case GGML_OP_SILU_BACK: return ggml_is_contiguous(a) && a->type == GGML_TYPE_F32;
    case GGML_OP_NORM:
    case GGML_OP_RMS_NORM:
    case GGML_OP_L2_NORM:
    case GGML_OP_SUM: return ggml_is_contiguous_rows(a);
    case GGML_OP_RMS_NORM_BACK:
    case GGML_OP_GROUP_NORM: return ggml_is_contiguous(a);
    case GGML_OP_ADD:
    case GGML_OP_SUB:
    case GGML_OP_MUL:
    case GGML_OP_DIV: return f3216(a->type) && f3216(b->type) && f3216(o->type);
    case GGML_OP_SSM_SCAN: {
        if (o->src[3]->ne[0] == 1) return (a->ne[0] == 128 || a->ne[0] == 256) && a->ne[1] % 16 == 0;
        if (o->op_params[0] > 1) return false;
        return a->ne[0] == 16 && a->ne[1] == 1 && a->ne[2] % 128 == 0 && o->src[4]->ne[1] == 1;
    }
    case GGML_OP_SSM_CONV: return a->ne[1] % 128 == 0;
    case GGML_OP_SOFT_MAX_BACK: {
        float m;
        memcpy(&m, (const float *)o->op_params + 1, 4);
        return m == 0.0f;
    }
    case GGML_OP_ROLL: return a->type == GGML_TYPE_F32 && ggml_is_contiguous(a);
    case GGML_OP_ROPE:
    case GGML_OP_ROPE_BACK: return a->nb[0] == ggml_type_size(a->type) && ggml_is_contiguous_2(a);
    case GGML_OP_IM2COL:
    case GGML_OP_IM2COL_3D:
    case GGML_OP_CONV_2D:
    case GGML_OP_ACC: return ggml_is_contiguous(a) && ggml_is_contiguous(b);
    case GGML_OP_CONV_2D_DW: return a->type == GGML_TYPE_F32;
    case GGML_OP_CONV_TRANSPOSE_1D: return a->type == GGML_TYPE_F32 && b->type == GGML_TYPE_F32;
    case GGML_OP_SUM_ROWS:
    case GGML_OP_MEAN:
        return a->type == GGML_TYPE_F32 && o->type == GGML_TYPE_F32 && ggml_is_contiguous_rows(a);
    case GGML_OP_FLASH_ATTN_EXT: return fake_attention_kernel(o) != ATTENTION_NONE;
    case GGML_OP_GET_ROWS_BACK:
        return o->type == GGML_TYPE_F32 && a->type == GGML_TYPE_F32 && o->ne[2] == 1 && o->ne[3] == 1;
    case GGML_OP_LIGHTNING_INDEXER:
        return a->ne[0] == 128 && (a->ne[1] == 64 || a->ne[1] == 32); /* first conditions only */
    case GGML_OP_NONE:
    case GGML_OP_RESHAPE:
    case GGML_OP_VIEW:
    case GGML_OP_PERMUTE:
    case GGML_OP_TRANSPOSE:
    case GGML_OP_ADD_ID:
    case GGML_OP_ADD1:
    case GGML_OP_SCALE:
    case GGML_OP_SQR:
    case GGML_OP_SQRT:
    case GGML_OP_SIN:
    case GGML_OP_COS:
    case GGML_OP_CLAMP:
    case GGML_OP_LOG:
    case GGML_OP_DUP:
    case GGML_OP_ARGMAX:
    case GGML_OP_COUNT_EQUAL:
    case GGML_OP_CONT:
    case GGML_OP_DIAG_MASK_INF:
    case GGML_OP_SOFT_MAX:
    case GGML_OP_CONV_TRANSPOSE_2D:
    case GGML_OP_POOL_1D:
    case GGML_OP_POOL_2D:
    case GGML_OP_TOP_K:
    case GGML_OP_ARGSORT:
    case GGML_OP_PAD:
    case GGML_OP_UPSCALE:
    case GGML_OP_PAD_REFLECT_1D:
    case GGML_OP_ARANGE:
    case GGML_OP_TIMESTEP_EMBEDDING:
    case GGML_OP_LEAKY_RELU:
    case GGML_OP_RWKV_WKV6:
    case GGML_OP_GATED_LINEAR_ATTN:
    case GGML_OP_RWKV_WKV7:
    case GGML_OP_GATED_DELTA_NET:
    case GGML_OP_DSV4_HC_COMB:
    case GGML_OP_DSV4_HC_PRE:
    case GGML_OP_DSV4_HC_POST:
    case GGML_OP_CROSS_ENTROPY_LOSS:
    case GGML_OP_CROSS_ENTROPY_LOSS_BACK:
    case GGML_OP_OPT_STEP_ADAMW:
    case GGML_OP_OPT_STEP_SGD:
    case GGML_OP_FILL:
    case GGML_OP_CUMSUM:
    case GGML_OP_TRI:
    case GGML_OP_DIAG:
    case GGML_OP_SOLVE_TRI: return true;
    default: return false;
    }
}
bool fake_offloads_op(ggml_backend_dev_t d, const struct ggml_tensor *o) {
    (void)d;
    int64_t n;
    switch (o->op) {
    case GGML_OP_GET_ROWS: n = 0; break;
    case GGML_OP_MUL_MAT: n = o->ne[1]; break;
    case GGML_OP_MUL_MAT_ID:
    case GGML_OP_ROPE:
    case GGML_OP_ROPE_BACK: n = o->ne[2]; break;
    default: n = ggml_nrows(o);
    }
    return n >= 32;
}
