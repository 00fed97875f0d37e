/* Which flash attention kernel ggml-cuda of v0.5.0 takes, and what its result costs in a buffer. */
#include "fakecuda.h"

#include <string.h>

static bool fa_type(enum ggml_type t) {
    return t == GGML_TYPE_F32 || t == GGML_TYPE_F16 || t == GGML_TYPE_BF16 || t == GGML_TYPE_Q4_0 ||
           t == GGML_TYPE_Q4_1 || t == GGML_TYPE_Q5_0 || t == GGML_TYPE_Q5_1 || t == GGML_TYPE_Q8_0;
}
static bool fa_vec_built(int64_t d, enum ggml_type k, enum ggml_type v) { /* default GGML_CUDA_FA_QUANTS */
    if (d != 64 && d != 128 && d != 256) return false;
    if (k == GGML_TYPE_F32) k = GGML_TYPE_F16;
    if (v == GGML_TYPE_F32) v = GGML_TYPE_F16;
    return k == v &&
           (k == GGML_TYPE_F16 || k == GGML_TYPE_BF16 || k == GGML_TYPE_Q4_0 || k == GGML_TYPE_Q8_0);
}
int fake_attention_kernel(const struct ggml_tensor *x) {
    const struct ggml_tensor *Q = x->src[0], *K = x->src[1], *V = x->src[2], *m = x->src[3];
    int64_t g = Q->ne[2] / K->ne[2];
    float bias;
    memcpy(&bias, (const float *)x->op_params + 1, 4);
    bool gqa = g >= 2 && m && bias == 0.0f && K->ne[1] % 256 == 0;
    const struct ggml_tensor *all[4] = {Q, K, V, m};
    for (int j = 0; j < 4; j++)
        if (all[j] && !ggml_is_quantized(all[j]->type))
            for (int i = 1; i < 4; i++)
                if (all[j]->nb[i] % 16) gqa = false;
    switch (K->ne[0]) {
    case 40:
    case 64:
    case 72:
    case 80:
    case 96:
    case 112:
    case 128:
    case 256:
        if (V->ne[0] != K->ne[0]) return ATTENTION_NONE;
        break;
    case 192:
        if (V->ne[0] != 128 || !gqa || g % 8) return ATTENTION_NONE;
        break;
    case 320:
        if (V->ne[0] != 256 || !gqa || g % 32) return ATTENTION_NONE;
        break;
    case 512:
        if (V->ne[0] != 512 || !gqa) return ATTENTION_NONE;
        break;
    case 576:
        if (V->ne[0] != 512 || !gqa) return ATTENTION_NONE;
        break;
    default: return ATTENTION_NONE;
    }
    if (!fa_type(K->type) || !fa_type(V->type) || (m && m->ne[2] != 1)) return ATTENTION_NONE;
    if (Q->ne[0] == 40 || Q->ne[0] == 72) return ATTENTION_TILE;
    if (Q->ne[0] <= 256 && Q->ne[0] % 64 == 0 && Q->ne[0] != 192 && K->ne[1] % 256 == 0) {
        if (!ggml_is_quantized(K->type) && !ggml_is_quantized(V->type)) {
            if (fake_compute_capability >= 890 && Q->ne[1] == 1 && Q->ne[3] == 1 &&
                !(g > 4 && (Q->ne[0] >= 256 || K->ne[1] >= 8192)))
                return ATTENTION_VEC;
        } else if (fake_compute_capability >= 890 ? Q->ne[1] <= 2 : Q->ne[1] == 1)
            return ATTENTION_VEC;
        if (!gqa && Q->ne[1] == 1) return ATTENTION_VEC;
    }
    return ATTENTION_MMA;
}
size_t fake_attention_size(const struct ggml_tensor *x) {
    const struct ggml_tensor *K = x->src[1], *V = x->src[2];
    int k = fake_attention_kernel(x);
    bool nk = false, nv = false;
    size_t s = ggml_nbytes(x);
    if (k == ATTENTION_MMA || k == ATTENTION_TILE)
        nk = nv = true;
    else if (k == ATTENTION_VEC) {
        bool fb = !fa_vec_built(x->src[0]->ne[0], K->type, V->type);
        nk = K->type == GGML_TYPE_F32 || fb;
        nv = V->type == GGML_TYPE_F32 || fb;
    }
    bool alias =
        V->view_src && (V->view_src == K || (V->view_src == K->view_src && V->view_offs == K->view_offs));
    if (nk && K->type != GGML_TYPE_F16) s = GGML_PAD(s, 128) + ggml_nelements(K) * 2;
    if (nv && V->type != GGML_TYPE_F16 && !alias) s = GGML_PAD(s, 128) + ggml_nelements(V) * 2;
    return s;
}
