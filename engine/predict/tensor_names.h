/* Tensor names as numbers: "blk.12.ffn_up_exps.weight" is LLW_W_FFN_UP_EXPS of layer 12. */
#ifndef LLW_PREDICT_TENSOR_NAMES_H
#define LLW_PREDICT_TENSOR_NAMES_H

#include "predict/op.h"

typedef enum llw_tensor_scope {
    LLW_SCOPE_GLOBAL,
    LLW_SCOPE_BLOCK,
    LLW_SCOPE_ENCODER,
    LLW_SCOPE_DECODER,
    LLW_SCOPE_CONVNEXT,
    LLW_SCOPE_POSNET
} llw_tensor_scope;

typedef enum llw_tensor_class { LLW_CLASS_INPUT, LLW_CLASS_REPEATING, LLW_CLASS_OUTPUT } llw_tensor_class;

typedef enum llw_weight_id {
    LLW_W_UNKNOWN,
#define LLW_TENSOR(id, scope, name, layer_class, op) LLW_W_##id,
#include "predict/tensor_names.def"
#undef LLW_TENSOR
    LLW_WEIGHT_IDS
} llw_weight_id;

/* What follows the name: ".weight", ".bias", anything else (scales), or nothing. */
typedef enum llw_suffix {
    LLW_WEIGHT,
    LLW_BIAS,
    LLW_SCALE,
    LLW_SUFFIX_OTHER,
    LLW_SUFFIXES = LLW_SUFFIX_OTHER
} llw_suffix;

typedef struct llw_tensor_info {
    const char *name;
    llw_tensor_scope scope;
    llw_tensor_class layer_class;
    llw_op op;
} llw_tensor_info;

typedef struct llw_tensor_name {
    llw_weight_id id; /* LLW_W_UNKNOWN: llama.cpp has no such tensor */
    llw_suffix suffix;
    int layer; /* -1 when the name has none */
} llw_tensor_name;

const llw_tensor_info *llw_tensor_info_get(llw_weight_id id);
/* Takes a name apart. O(1). */
llw_tensor_name llw_tensor_name_parse(const char *name);

#endif
