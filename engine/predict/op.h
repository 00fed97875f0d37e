/* ggml's operations, as far as models use them, and what the allocator needs to know of each.
 *
 * Source: ggml/include/ggml.h enum ggml_op; in place: ggml/src/ggml-alloc.c ggml_op_can_inplace (v0.5.0;
 * CLAMP since then); view: ggml/src/ggml-backend.cpp ggml_is_view_op. */
#ifndef LLW_PREDICT_OP_H
#define LLW_PREDICT_OP_H

#include <stdbool.h>

/* name, may reuse its first fitting source's memory, only looks at its source */
/* clang-format off */
#define LLW_OPS \
    LLW_OP(NONE, 0, 0) \
    LLW_OP(VIEW, 0, 1) \
    LLW_OP(RESHAPE, 0, 1) \
    LLW_OP(PERMUTE, 0, 1) \
    LLW_OP(TRANSPOSE, 0, 1) \
    LLW_OP(ADD, 1, 0) \
    LLW_OP(ADD_ID, 1, 0) \
    LLW_OP(ADD1, 1, 0) \
    LLW_OP(SUB, 1, 0) \
    LLW_OP(MUL, 1, 0) \
    LLW_OP(DIV, 1, 0) \
    LLW_OP(SQR, 1, 0) \
    LLW_OP(SQRT, 1, 0) \
    LLW_OP(LOG, 1, 0) \
    LLW_OP(SIN, 0, 0) \
    LLW_OP(COS, 0, 0) \
    LLW_OP(SUM, 0, 0) \
    LLW_OP(SUM_ROWS, 0, 0) \
    LLW_OP(CUMSUM, 0, 0) \
    LLW_OP(MEAN, 0, 0) \
    LLW_OP(ARGMAX, 0, 0) \
    LLW_OP(REPEAT, 0, 0) \
    LLW_OP(CONCAT, 0, 0) \
    LLW_OP(NORM, 0, 0) \
    LLW_OP(RMS_NORM, 1, 0) \
    LLW_OP(GROUP_NORM, 0, 0) \
    LLW_OP(L2_NORM, 0, 0) \
    LLW_OP(MUL_MAT, 0, 0) \
    LLW_OP(MUL_MAT_ID, 0, 0) \
    LLW_OP(OUT_PROD, 0, 0) \
    LLW_OP(SCALE, 1, 0) \
    LLW_OP(SET, 0, 0) \
    LLW_OP(CPY, 0, 0) \
    LLW_OP(CONT, 0, 0) \
    LLW_OP(DUP, 0, 0) \
    LLW_OP(GET_ROWS, 0, 0) \
    LLW_OP(SET_ROWS, 0, 0) \
    LLW_OP(DIAG, 0, 0) \
    LLW_OP(SOFT_MAX, 1, 0) \
    LLW_OP(ROPE, 1, 0) \
    LLW_OP(CLAMP, 1, 0) \
    LLW_OP(IM2COL, 0, 0) \
    LLW_OP(CONV_2D_DW, 0, 0) \
    LLW_OP(PAD, 0, 0) \
    LLW_OP(ROLL, 0, 0) \
    LLW_OP(POOL_2D, 0, 0) \
    LLW_OP(ARANGE, 0, 0) \
    LLW_OP(ARGSORT, 0, 0) \
    LLW_OP(TOP_K, 0, 0) \
    LLW_OP(TRI, 0, 0) \
    LLW_OP(FILL, 1, 0) \
    LLW_OP(FLASH_ATTN_EXT, 0, 0) \
    LLW_OP(SSM_CONV, 0, 0) \
    LLW_OP(SSM_SCAN, 0, 0) \
    LLW_OP(RWKV_WKV6, 0, 0) \
    LLW_OP(RWKV_WKV7, 0, 0) \
    LLW_OP(GATED_LINEAR_ATTN, 0, 0) \
    LLW_OP(SOLVE_TRI, 0, 0) \
    LLW_OP(GATED_DELTA_NET, 0, 0) \
    LLW_OP(LIGHTNING_INDEXER, 0, 0) \
    LLW_OP(DSV4_HC_COMB, 0, 0) \
    LLW_OP(DSV4_HC_PRE, 0, 0) \
    LLW_OP(DSV4_HC_POST, 0, 0) \
    LLW_OP(UNARY, 1, 0) \
    LLW_OP(GLU, 0, 0) \
    LLW_OP(CUSTOM, 0, 0)
/* clang-format on */

typedef enum llw_op {
#define LLW_OP(name, in_place, view) LLW_OP_##name,
    LLW_OPS
#undef LLW_OP
        LLW_OP_COUNT
} llw_op;

typedef struct llw_op_info {
    const char *name;
    bool in_place, view;
} llw_op_info;

extern const llw_op_info llw_ops[LLW_OP_COUNT];

#endif
