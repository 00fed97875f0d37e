/* Feed-forwards: dense ones, and those of experts with their selection. */
#include "predict/blocks.h"

/* ---- dense: build_ffn ---- */

static llw_node *clamped_silu(llw_graph *g, llw_node *gate, llw_node *up) {
    up = llw_clamp(g, up);
    return llw_mul(g, llw_clamp(g, llw_apply(g, gate, LLW_SILU)), up);
}

static llw_node *activate(llw_graph *g, const llw_ffn *how, llw_node *x, llw_node *up, bool gated, int il) {
    bool beside = gated && !how->sequential;
    switch (how->activation) {
    case LLW_ACT_SILU:
        if (beside && il >= 0 && g->h->layer[il].clamp_shared && !how->fused_clamp)
            return clamped_silu(g, x, up);
        return beside ? llw_glu(g, x, up) : llw_apply(g, x, LLW_SILU);
    case LLW_ACT_GELU:
        if (beside) return llw_glu(g, x, up);
        x = llw_apply(g, x, LLW_GELU);
        return how->act_scales ? llw_div(g, x, how->act_scales) : x;
    case LLW_ACT_RELU: return beside ? llw_glu(g, x, up) : llw_apply(g, x, LLW_RELU);
    case LLW_ACT_RELU_SQR: x = llw_sqr(g, llw_apply(g, x, LLW_RELU)); return beside ? llw_mul(g, x, up) : x;
    case LLW_ACT_SWIGLU_OAI: return llw_glu(g, x, up);
    case LLW_ACT_SWIGLU:
    case LLW_ACT_GEGLU:
    case LLW_ACT_REGLU: x = llw_glu(g, x, NULL); return beside ? llw_mul(g, x, up) : x;
    case LLW_ACT_SITU: break;
    }
    llw_graph_fail(g, "an activation build_ffn does not have");
    return x;
}

static llw_node *linear(llw_graph *g, llw_weight_id id, int il, llw_node *x) {
    llw_node *b = llw_bias(g, id, il), *scale = llw_scale_of(g, id, il);
    x = llw_mul_mat(g, llw_w(g, id, il), x);
    if (b) x = llw_add(g, x, b);
    return scale ? llw_mul(g, x, scale) : x;
}

llw_node *llw_block_ffn(llw_graph *g, llw_node *x, const llw_ffn *how, int il) {
    llw_weight_id up_id = how->up ? how->up : LLW_W_FFN_UP, gate_id = how->gate ? how->gate : LLW_W_FFN_GATE;
    llw_weight_id down_id = how->down ? how->down : LLW_W_FFN_DOWN;
    llw_node *up = llw_w(g, up_id, il) ? linear(g, up_id, il, x) : x;
    bool gated = llw_w(g, gate_id, il) != NULL;
    if (gated)
        x = linear(g, gate_id, il, how->sequential ? up : x);
    else
        x = up;
    x = activate(g, how, x, up, gated, il);
    return llw_w(g, down_id, il) ? linear(g, down_id, il, x) : x;
}

llw_node *llw_block_ffn_silu(llw_graph *g, llw_node *x, int il) {
    return llw_block_ffn(g, x, &(llw_ffn){.activation = LLW_ACT_SILU}, il);
}

/* ---- experts: build_moe_ffn ---- */

llw_moe llw_block_moe_defaults(const llw_graph *g, int il) {
    return (llw_moe){.activation = LLW_ACT_SILU,
                     .gating = g->h->gating,
                     .normalise = g->h->expert_weights_norm,
                     .scale = g->h->expert_weights_scale,
                     .used = g->h->layer[il].experts_used};
}

static llw_node *probabilities(llw_graph *g, const llw_moe *how, llw_node *logits) {
    switch (how->gating) {
    case LLW_GATING_SOFTMAX: return llw_soft_max(g, logits);
    case LLW_GATING_SIGMOID: return llw_apply(g, logits, LLW_SIGMOID);
    case LLW_GATING_SOFTMAX_WEIGHT: return logits;
    case LLW_GATING_SQRT_SOFTPLUS: return llw_sqrt(g, llw_apply(g, logits, LLW_SOFTPLUS));
    case LLW_GATING_NONE: break;
    }
    llw_graph_fail(g, "the header names no expert gating that is known");
    return logits;
}

/* Only the best groups of experts are looked at (DeepSeek V3). */
static llw_node *best_groups(llw_graph *g, llw_node *selection, int64_t experts, int64_t n) {
    int64_t groups = g->h->expert_groups, each = experts / groups;
    llw_node *grouped = llw_reshape_3d(g, selection, each, groups, n);
    llw_node *score = llw_argsort_top_k(g, grouped, 2);
    score =
        llw_get_rows(g, llw_reshape(g, grouped, 1, grouped->ne[0], grouped->ne[1], grouped->ne[2]), score);
    score = llw_sum_rows(g, llw_reshape_3d(g, score, score->ne[1], score->ne[2], score->ne[3]));
    score = llw_reshape_2d(g, score, score->ne[1], score->ne[2]);
    llw_node *best = llw_argsort_top_k(g, score, g->h->groups_used);
    selection = llw_get_rows(g, grouped, best);
    selection = llw_set_rows(g, llw_fill(g, grouped), selection, best);
    return llw_reshape_2d(g, selection, experts, n);
}

static llw_node *choose(llw_graph *g, const llw_moe *how, llw_node *logits, llw_node *probs, int64_t experts,
                        int64_t used, int il) {
    llw_node *selection = probs;
    llw_node *bias = how->selection_bias      ? how->selection_bias
                     : how->no_selection_bias ? NULL
                                              : llw_bias(g, LLW_W_EXP_PROBS_B, il);
    if (bias) selection = llw_add(g, probs, bias);
    if (how->weight_first) selection = logits;
    if (how->group_experts) selection = llw_apply(g, logits, LLW_SIGMOID);
    if (g->h->expert_groups > 1 && experts % g->h->expert_groups == 0)
        selection = best_groups(g, selection, experts, selection->ne[1]);
    return how->chosen ? how->chosen : llw_argsort_top_k(g, selection, used);
}

static llw_node *expert_weights(llw_graph *g, const llw_moe *how, llw_node *probs, llw_node *chosen,
                                int64_t used, int64_t n) {
    llw_node *weights = llw_get_rows(g, probs, chosen);
    if (how->gating == LLW_GATING_SOFTMAX_WEIGHT) {
        weights = llw_reshape_2d(g, weights, used, n);
        weights = llw_soft_max(g, weights);
        weights = llw_reshape_3d(g, weights, 1, used, n);
    }
    if (how->normalise) {
        weights = llw_reshape_2d(g, weights, used, n);
        llw_node *sum = llw_clamp(g, llw_sum_rows(g, weights));
        weights = llw_reshape_3d(g, llw_div(g, weights, sum), 1, used, n);
    }
    if (how->scale != 0 && how->scale != 1) weights = llw_scale_by(g, weights);
    llw_expand(g, weights);
    return weights;
}

static llw_node *expert_mm(llw_graph *g, llw_weight_id id, int il, llw_node *x, llw_node *chosen,
                           bool precise) {
    llw_node *scale = llw_scale_of(g, id, il), *b = llw_bias(g, id, il);
    int64_t n = x->ne[2];
    x = llw_mul_mat_id(g, llw_w(g, id, il), x, chosen);
    x->kind = precise;
    if (scale) {
        int64_t experts = scale->ne[0];
        llw_node *s = llw_repeat(g, llw_reshape_3d(g, scale, 1, experts, 1), 1, experts, n, 1);
        x = llw_mul(g, x, llw_get_rows(g, s, chosen));
    }
    return b ? llw_add_id(g, x, b, chosen) : x;
}

static llw_node *expert_activation(llw_graph *g, const llw_moe *how, llw_node *gate, llw_node *up,
                                   bool separate, bool gated, int il) {
    switch (how->activation) {
    case LLW_ACT_SILU:
        if (separate && g->h->layer[il].clamp_experts)
            return how->fused_clamp ? llw_glu(g, gate, up) : clamped_silu(g, gate, up);
        return gated ? llw_glu(g, gate, up) : llw_apply(g, gate, LLW_SILU);
    case LLW_ACT_GELU: return gated ? llw_glu(g, gate, up) : llw_apply(g, gate, LLW_GELU);
    case LLW_ACT_RELU: return gated ? llw_glu(g, gate, up) : llw_apply(g, gate, LLW_RELU);
    case LLW_ACT_SWIGLU_OAI: return llw_glu(g, gate, up);
    case LLW_ACT_RELU_SQR: return llw_sqr(g, llw_apply(g, gate, LLW_RELU));
    case LLW_ACT_SITU: {
        llw_node *act = llw_scale_by(g, llw_apply(g, llw_scale_by(g, gate), LLW_TANH));
        act = llw_mul(g, act, llw_apply(g, gate, LLW_SIGMOID));
        if (g->h->situ_linear) up = llw_scale_by(g, llw_apply(g, llw_scale_by(g, up), LLW_TANH));
        return llw_mul(g, act, up);
    }
    default: break;
    }
    llw_graph_fail(g, "an activation experts do not have");
    return gate;
}

static llw_node *sum_experts(llw_graph *g, llw_node *experts, int64_t used) {
    enum { MOST = 1024 };
    llw_node *views[MOST], *sum;
    if (used < 1 || used > MOST) {
        llw_graph_fail(g, "%lld experts used", (long long)used);
        return experts;
    }
    for (int64_t i = 0; i < used; i++) {
        views[i] =
            llw_view_2d(g, experts, experts->ne[0], experts->ne[2], experts->nb[2], i * experts->nb[1]);
        llw_expand(g, views[i]);
    }
    sum = views[0];
    for (int64_t i = 1; i < used; i++) {
        sum = llw_add(g, sum, views[i]);
        llw_expand(g, sum);
    }
    return used == 1 ? llw_cont(g, sum) : sum;
}

llw_node *llw_block_moe(llw_graph *g, llw_node *x, const llw_moe *how, int il) {
    int64_t experts = how->experts ? how->experts : g->h->experts,
            used = how->used ? how->used : g->h->layer[il].experts_used;
    int64_t width = x->ne[0], n = x->ne[1];
    llw_weight_id up_id = how->up ? how->up : LLW_W_FFN_UP_EXPS,
                  gate_id = how->gate ? how->gate : LLW_W_FFN_GATE_EXPS;
    llw_weight_id down_id = how->down ? how->down : LLW_W_FFN_DOWN_EXPS,
                  both_id = how->gate_up ? how->gate_up : LLW_W_FFN_GATE_UP_EXPS;
    llw_weight_id router = how->router ? how->router : LLW_W_FFN_GATE_INP;
    if (!experts || !used) {
        llw_graph_fail(g, "the header has no expert_count or expert_used_count");
        return x;
    }
    llw_node *logits = how->probs ? how->probs : llw_mul_mat(g, llw_w(g, router, il), x);
    llw_node *router_bias = how->probs ? NULL : llw_bias(g, router, il);
    if (router_bias) logits = llw_add(g, logits, router_bias);
    llw_node *probs = probabilities(g, how, logits);
    llw_node *chosen = choose(g, how, logits, probs, experts, used, il);
    if (how->group_experts && experts != g->h->experts) {
        chosen = llw_cast(g, llw_scale_by(g, llw_cast(g, chosen, LLW_F32)), LLW_I32);
        probs = llw_reshape_3d(g, probs, 1, g->h->experts, n);
    } else {
        probs = llw_reshape_3d(g, probs, 1, experts, n);
    }
    llw_node *weights = expert_weights(g, how, probs, chosen, used, n);
    x = llw_reshape_3d(g, x, width, 1, n);
    if (how->weight_first) x = llw_mul(g, llw_repeat(g, x, width, used, n, 1), weights);
    llw_node *gate, *up;
    bool together = llw_w(g, both_id, il) != NULL, separate = !together && llw_w(g, gate_id, il);
    if (together) {
        llw_node *both = expert_mm(g, both_id, il, x, chosen, false);
        int64_t ff = both->ne[0] / 2;
        gate = llw_view_3d(g, both, ff, both->ne[1], both->ne[2], both->nb[1], both->nb[2], 0);
        up = llw_view_3d(g, both, ff, both->ne[1], both->ne[2], both->nb[1], both->nb[2], ff * both->nb[0]);
    } else {
        up = expert_mm(g, up_id, il, x, chosen, false);
        gate = separate ? expert_mm(g, gate_id, il, x, chosen, false) : up;
    }
    x = expert_activation(g, how, gate, up, separate, together || separate, il);
    x = expert_mm(g, down_id, il, x, chosen, how->precise);
    if (!how->weight_first) x = llw_mul(g, x, weights);
    llw_expand(g, x);
    return sum_experts(g, x, used);
}
