/* ggml's tensor types as a table. Q8_1 and Q8_K exist only inside computations but may stand in a file. */
#include "fact/ggml_type.h"

#include <stddef.h>
#include <strings.h>

/* number -> name, elements per block, bytes per block; llama.cpp v0.5.0, ggml.c type_traits and ggml-common.h
 */
static const llw_ggml_type types[] = {
    [0] = {"f32", 1, 4, false},        [1] = {"f16", 1, 2, false},        [2] = {"q4_0", 32, 18, true},
    [3] = {"q4_1", 32, 20, true},      [6] = {"q5_0", 32, 22, true},      [7] = {"q5_1", 32, 24, true},
    [8] = {"q8_0", 32, 34, true},      [9] = {"q8_1", 32, 36, true},      [10] = {"q2_K", 256, 84, true},
    [11] = {"q3_K", 256, 110, true},   [12] = {"q4_K", 256, 144, true},   [13] = {"q5_K", 256, 176, true},
    [14] = {"q6_K", 256, 210, true},   [15] = {"q8_K", 256, 292, true},   [16] = {"iq2_xxs", 256, 66, true},
    [17] = {"iq2_xs", 256, 74, true},  [18] = {"iq3_xxs", 256, 98, true}, [19] = {"iq1_s", 256, 50, true},
    [20] = {"iq4_nl", 32, 18, true},   [21] = {"iq3_s", 256, 110, true},  [22] = {"iq2_s", 256, 82, true},
    [23] = {"iq4_xs", 256, 136, true}, [24] = {"i8", 1, 1, false},        [25] = {"i16", 1, 2, false},
    [26] = {"i32", 1, 4, false},       [27] = {"i64", 1, 8, false},       [28] = {"f64", 1, 8, false},
    [29] = {"iq1_m", 256, 56, true},   [30] = {"bf16", 1, 2, false},      [34] = {"tq1_0", 256, 54, true},
    [35] = {"tq2_0", 256, 66, true},   [39] = {"mxfp4", 32, 17, true},    [40] = {"nvfp4", 64, 36, true},
    [41] = {"q1_0", 128, 18, true},    [42] = {"q2_0", 64, 18, true},
};
enum { N_TYPES = sizeof types / sizeof *types };

const llw_ggml_type *llw_ggml_type_get(uint32_t number) {
    return number < N_TYPES && types[number].block ? &types[number] : NULL;
}

int llw_ggml_type_find(const char *name) {
    for (int i = 0; i < N_TYPES; i++)
        if (types[i].block && !strcasecmp(types[i].name, name)) return i;
    return -1;
}

int64_t llw_ggml_row_bytes(uint32_t type, int64_t ne) {
    const llw_ggml_type *t = llw_ggml_type_get(type);
    return t ? ne / t->block * t->bytes : 0;
}
