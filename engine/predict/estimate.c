/* Closed forms for the compute buffer, with a band that says how far they are known to miss.
 *
 * Everything is proportional to the micro-batch: bytes = 4 x tokens x X. X is the largest of three moments:
 * the logits, the attention with its mask, the feed-forward. Of an architecture that is not known neither the
 * widths beside the header's nor the use of flash attention are certain. */
#include "predict/estimate.h"

#include "predict/grounds.h"

#include "base/text.h"
#include "fact/ggml_type.h"

static int64_t most(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* Bounds may be absurd, but never wrap. */
static int64_t times(int64_t a, int64_t b) {
    enum { SHIFT = 60 };
    int64_t product;
    return __builtin_mul_overflow(a, b, &product) || product > (int64_t)1 << SHIFT ? (int64_t)1 << SHIFT
                                                                                   : product;
}

static int64_t masks(const llw_plan *plan) {
    int64_t cells = 0;
    for (int i = 0; i < LLW_CACHES; i++)
        if (plan->cache[i].used) cells += plan->cache[i].cells;
    return cells;
}

/* Numbers per token on a device. */
static int64_t floats_per_token(const llw_plan *plan, bool has_output, bool flash) {
    const llw_hparams *h = &plan->hparams;
    int64_t heads = 0, kv_heads = 0, ff = 0, used = 0, ff_exp = 0;
    for (int i = 0; i < h->n_layer; i++) {
        heads = most(heads, h->layer[i].heads);
        kv_heads = most(kv_heads, h->layer[i].kv_heads);
        ff = most(ff, h->layer[i].ff);
        ff_exp = most(ff_exp, h->layer[i].ff_exp);
        used = most(used, h->layer[i].experts_used);
    }
    if (!ff_exp) ff_exp = ff;
    int64_t cells = masks(plan);
    int64_t logits =
        has_output
            ? (times(h->n_vocab, plan->n_outputs_max) + plan->n_ubatch - 1) / plan->n_ubatch + h->n_embd
            : 0;
    int64_t feed = h->experts ? used * (2 * ff_exp + h->n_embd) + 2 * h->n_embd : 2 * ff + 2 * h->n_embd;
    int64_t mask = plan->build.half_mask && flash ? cells / 2 : flash ? cells * 3 / 2 : cells;
    int64_t dk = most(h->head_k_mla, h->head_k), dv = most(h->head_v_mla, h->head_v);
    int64_t attention = mask + 4 * h->n_embd + heads * (dk + dv);
    if (!flash) attention += cells * heads;
    int64_t inner = h->ssm_inner ? 4 * (h->ssm_inner + h->ssm_groups * h->ssm_state) : 0;
    return most(most(logits, feed + mask / (flash ? 3 : 1)), attention + inner);
}

void llw_estimate_band(llw_memory *memory, int64_t low, int64_t high) {
    enum {
        FACTOR = 8
    }; /* of the plain graph and of the forms below, against llama.cpp's own figures: ALGORITHM.md */
    static const int64_t less = (int64_t)32 << 20, more = (int64_t)256 << 20;
    memory->compute_low = low / FACTOR > less ? low / FACTOR - less : 0;
    memory->compute_high = times(high, FACTOR) + more;
}

/* What the closed form reads. */
static void ground(llw_plan *plan) {
    static const char *const keys[] = {
        "tokenizer.ggml.tokens", "embedding_length",     "feed_forward_length",  "expert_feed_forward_length",
        "expert_used_count",     "attention.head_count", "attention.key_length", "attention.value_length"};
    llw_ground_slot(plan, 1, LLW_launch_ubatch, -1);
    llw_ground_slot(plan, 1, LLW_launch_n_ctx, -1);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) llw_ground_key(plan, 1, keys[i], NULL);
}

void llw_estimate_compute(llw_plan *plan, const char *why) {
    const char *source = llw_arena_printf(plan->arena, "closed form fitted to measured allocations: %s", why);
    const llw_hparams *h = &plan->hparams;
    llw_prediction *out = plan->out;
    char bytes[LLW_NUMBER_MAX];
    int64_t copies = plan->pipelined ? 3 * masks(plan) : 0;
    int64_t largest_moved = 0;
    for (size_t i = 0; i < plan->n_weights; i++)
        if (plan->weights[i].loaded && llw_place_is_host(plan->weights[i].place) &&
            plan->launch->op_offload &&
            llw_tensor_info_get(plan->weights[i].name.id)->layer_class != LLW_CLASS_INPUT)
            largest_moved = most(largest_moved, plan->weights[i].tensor->bytes);
    for (int i = 0; i < plan->n_devices; i++) {
        llw_memory *m = &out->device[plan->device[i]];
        bool has_output = plan->layer_place[h->n_layer_all] == i;
        int64_t x = floats_per_token(plan, has_output, plan->flash_attn) + copies;
        int64_t most_x = floats_per_token(plan, has_output, false) + copies;
        bool idle = !m->layers && !has_output && !largest_moved && !m->weights;
        m->compute = idle ? 0 : times(4 * plan->n_ubatch, x) + largest_moved;
        m->compute_exact = false;
        llw_estimate_band(m, m->compute, idle ? 0 : times(4 * plan->n_ubatch, most_x) + largest_moved);
        llw_plan_step(plan, plan->device[i], LLW_placement_compute, m->compute, source,
                      "4 bytes x %lld tokens of a micro-batch x about %lld numbers each = %s",
                      (long long)plan->n_ubatch, (long long)x, llw_format_mib(bytes, m->compute));
        ground(plan);
    }
    llw_memory *host = &out->host;
    int64_t mask_bytes = plan->build.half_mask && plan->flash_attn ? 2 : 4;
    host->compute = times(plan->n_ubatch,
                          mask_bytes * masks(plan) * (plan->pipelined ? 4 : 1) + 4 * (2 * h->n_embd + 26));
    /* Whatever a card cannot do falls to the host. */
    llw_estimate_band(host, host->compute,
                      host->compute +
                          times(4 * plan->n_ubatch, floats_per_token(plan, true, false) + copies));
    host->compute_exact = false;
    llw_plan_step(plan, -1, LLW_placement_compute, host->compute, source,
                  "%lld tokens x (%lld cells of mask x %lld bytes + 2 x %lld x 4 bytes) = %s",
                  (long long)plan->n_ubatch, (long long)masks(plan), (long long)mask_bytes,
                  (long long)h->n_embd, llw_format_mib(bytes, host->compute));
    ground(plan);
}
