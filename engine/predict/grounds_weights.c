/* The tensors in a model buffer: those of one name, type and shape in a line, largest first. */
#include "predict/grounds.h"

#include "base/text.h"
#include "fact/ggml_type.h"

#include <stdlib.h>
#include <string.h>

static const char table[] = "gguf tensor table";

typedef struct group {
    const llw_weight *first;
    int64_t bytes, times;
} group;

static bool alike(const llw_weight *a, const llw_weight *b) {
    return a->name.id == b->name.id && a->name.suffix == b->name.suffix &&
           a->tensor->type == b->tensor->type &&
           !memcmp(a->tensor->dims, b->tensor->dims, sizeof a->tensor->dims) &&
           (a->name.id != LLW_W_UNKNOWN || !strcmp(a->tensor->name, b->tensor->name));
}

static bool lies_at(const llw_plan *plan, const llw_weight *w, llw_place place) {
    if (!w->loaded) return false;
    if (llw_plan_device(plan, w->place) == llw_plan_device(plan, place)) return true;
    bool rope = w->name.id == LLW_W_ROPE_FREQS || w->name.id == LLW_W_ROPE_FACTORS_LONG ||
                w->name.id == LLW_W_ROPE_FACTORS_SHORT;
    for (int il = 0; rope && il < plan->hparams.n_layer; il++)
        if (llw_plan_device(plan, plan->rope_place[il]) == llw_plan_device(plan, place)) return true;
    return false;
}

static int larger_first(const void *a, const void *b) {
    const group *x = a, *y = b;
    if (x->bytes != y->bytes) return x->bytes < y->bytes ? 1 : -1;
    return strcmp(x->first->tensor->name, y->first->tensor->name);
}

static group *collect(const llw_plan *plan, llw_place place, size_t *n) {
    void *items = NULL;
    size_t room = 0, count = 0;
    for (size_t i = 0; i < plan->n_weights; i++) {
        const llw_weight *w = &plan->weights[i];
        if (!lies_at(plan, w, place)) continue;
        group *g = items;
        size_t at = 0;
        while (at < count && !alike(g[at].first, w)) at++;
        if (at == count) {
            g = llw_arena_push(plan->arena, &items, &count, &room, sizeof *g);
            *g = (group){w, 0, 0};
            g = items;
        }
        llw_op op = w->name.suffix == LLW_BIAS ? LLW_OP_ADD : llw_tensor_info_get(w->name.id)->op;
        g[at].bytes +=
            llw_weight_bytes(plan, llw_place_is_host(place) ? LLW_PLACE_CPU : place, op, w->tensor);
        g[at].times++;
    }
    if (count) qsort(items, count, sizeof(group), larger_first);
    *n = count;
    return items;
}

/* "32 x ffn_down_exps.weight of 1536 x 2048 x 64 q8_0 = 6528.0 MiB" */
static void say_group(llw_plan *plan, int depth, const group *g) {
    enum { TENTH_MIB = 1 << 17 };
    char bytes[LLW_NUMBER_MAX];
    const llw_tensor *t = g->first->tensor;
    const char *name = t->name;
    if (g->first->name.layer >= 0 && !strncmp(name, "blk.", 4) && strchr(name + 4, '.')) {
        name = strchr(name + 4, '.') + 1;
    }
    llw_text text = {0};
    if (g->times > 1) llw_text_addf(&text, "%lld x ", (long long)g->times);
    llw_text_add_safe(&text, name, strlen(name), false);
    llw_text_add(&text, " of ");
    for (uint32_t d = 0; d < t->n_dims; d++)
        llw_text_addf(&text, "%s%lld", d ? " x " : "", (long long)t->dims[d]);
    llw_text_addf(&text, " %s = %s", llw_ggml_type_get(t->type)->name,
                  g->bytes < TENTH_MIB ? llw_format_bytes(bytes, g->bytes) : llw_format_mib(bytes, g->bytes));
    llw_ground_line(plan, depth, table, "%s", llw_text_str(&text));
    llw_text_fini(&text);
}

void llw_ground_weights(llw_plan *plan, llw_place place) {
    enum { SHOWN = 6 };
    if (!plan->explain) return;
    size_t n;
    group *groups = collect(plan, place, &n);
    int64_t rest = 0, kinds = 0;
    char bytes[LLW_NUMBER_MAX];
    size_t shown = n > SHOWN + 1 ? SHOWN : n;
    for (size_t i = 0; i < shown; i++) say_group(plan, 1, &groups[i]);
    for (size_t i = shown; i < n; i++) {
        rest += groups[i].bytes;
        kinds++;
    }
    if (kinds) {
        llw_ground_line(plan, 1, table, "%lld smaller kinds together %s", (long long)kinds,
                        llw_format_mib(bytes, rest));
        for (size_t i = shown; i < n; i++) say_group(plan, 2, &groups[i]);
    }
    llw_ground_line(
        plan, 1,
        llw_place_is_host(place) ? "ggml/src/ggml-backend.cpp"
                                 : "ggml/src/ggml-cuda/ggml-cuda.cu get_alignment, get_alloc_size",
        llw_place_is_host(place) ? "host buffers pad each tensor to 32 bytes"
                                 : "CUDA pads each tensor to 128 bytes, and rows of quantised ones to "
                                   "512 numbers");
    llw_ground_slot(plan, 1, LLW_placement_layers, llw_plan_device(plan, place));
    if (!plan->overridden) return;
    llw_ground_slot(plan, 1, LLW_launch_override_tensor, -1);
    llw_ground_slot(plan, 1, LLW_launch_cpu_moe, -1);
    llw_ground_slot(plan, 1, LLW_launch_n_cpu_moe, -1);
    llw_ground_slot(plan, 1, LLW_launch_n_cpu_ffn, -1);
}
