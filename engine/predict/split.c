/* What each card holds with -sm tensor: slices of most matrices, of the cache and of recurrent states, the
 * whole of everything else, and a compute buffer as large as if it were alone.
 *
 * Sources (llama.cpp v0.5.0): src/llama-model.cpp llama_meta_device_get_split_state, src/llama-arch.cpp
 * llm_arch_supports_sm_tensor, ggml/src/ggml-backend-meta.cpp ggml_backend_meta_alloc_ctx_tensors_from_buft
 * and ggml_backend_meta_buffer_type_alloc_buffer. */
#include "predict/split.h"

#include "fact/ggml_type.h"

#include <string.h>

enum { F32 = 0, MOST_SEGMENTS = 2, WHOLE = -1, LINE = 128 /* elements that kernels like to have at once */ };

/* How one tensor is cut: along an axis (WHOLE: not at all), in segments that repeat, at multiples of a
 * number. */
typedef struct cut {
    int axis, n_segments, layer;
    int64_t ne[MOST_SEGMENTS], repeats[MOST_SEGMENTS], step[MOST_SEGMENTS];
} cut;

typedef struct shape {
    uint32_t type;
    int64_t ne[LLW_MAX_DIMS];
} shape;

bool llw_split_on(const llw_plan *plan) {
    return plan->launch->split_mode == LLW_SPLIT_TENSOR && plan->launch->n_devices > 0;
}

bool llw_split_begin(llw_plan *plan) {
    static const char *const unsupported[] = {
        "grok",          "mpt",         "plamo2",         "minicpm3",    "gemma3n",    "mamba",
        "mamba2",        "jamba",       "falcon-h1",      "olmo2",       "olmoe",      "deepseek2",
        "deepseek32",    "hy_v4",       "dots3note",      "glm-dsa",     "bitnet",     "t5",
        "nemotron_h",    "minimax-01",  "nemotron_h_moe", "mistral4",    "minimax-m2", "minimax-m3",
        "granitehybrid", "kimi-linear", "kimi-k3",        "bailingmoe3", "qwen3tts",   "qwen4exp"};
    const char *name = plan->architecture ? plan->architecture->name : "";
    if (!plan->build.split_tensors)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED,
                             "-sm tensor: this build of llama.cpp does not know it yet");
    for (size_t i = 0; i < sizeof unsupported / sizeof *unsupported; i++)
        if (!strcmp(name, unsupported[i]))
            return llw_plan_stop(
                plan, LLW_OUTCOME_REFUSED,
                "-sm tensor: llama.cpp has no way to cut up models of the architecture \"%s\"", name);
    if (plan->launch->flash_attn == LLW_OFF)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED,
                             "-sm tensor needs flash attention, and -fa off switches it off");
    if (!llw_split_on(plan))
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "-sm tensor: there is no GPU to split tensors over");
    plan->n_devices = 1;
    plan->device[0] = 0;
    return true;
}

/* ---- where a tensor is cut ---- */

static int64_t divisor(int64_t a, int64_t b) {
    while (b) {
        int64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

static int64_t multiple(int64_t a, int64_t b) {
    return a > 0 && b > 0 ? a / divisor(a, b) * b : 1;
}

static bool is_delta(const llw_plan *plan) {
    return plan->architecture && plan->architecture->delta_net &&
           !strncmp(plan->architecture->name, "qwen", 4);
}

/* Elements in a block of the matrix that decides where the others are cut, or 0 when the model has none. */
static int64_t block_of(const llw_plan *plan, llw_weight_id first, llw_weight_id second, int il) {
    const llw_weight *w = llw_plan_weight(plan, first, LLW_WEIGHT, il);
    if (!w && second) w = llw_plan_weight(plan, second, LLW_WEIGHT, il);
    const llw_ggml_type *type = w ? llw_ggml_type_get(w->tensor->type) : NULL;
    return type ? type->block : 0;
}

static void one_segment(cut *c, int64_t ne, int64_t repeats, int64_t step) {
    c->n_segments = 1;
    c->ne[0] = ne;
    c->repeats[0] = repeats;
    c->step[0] = step > 0 ? step : 1;
}

/* Queries of one KV head, in whole lines as long as that leaves no card without work. */
static int64_t query_step(const llw_plan *plan, int64_t block, int il) {
    const llw_hparams *h = &plan->hparams;
    const llw_layer *layer = &h->layer[il];
    int64_t group = layer->kv_heads ? layer->heads / layer->kv_heads * llw_hparams_head_k(h, il) : 0;
    while (block > 0 && block < LINE && block * plan->launch->n_devices < group) block *= 2;
    return multiple(group, block);
}

static int64_t group_of(const llw_plan *plan, int il) {
    const llw_layer *layer = &plan->hparams.layer[il];
    return layer->kv_heads ? layer->heads / layer->kv_heads : 1;
}

/* Linear attention of Qwen3-Next and Qwen3.5: heads of values are a multiple of those of keys, and lie side
 * by side in the one, in turns in the other. */
typedef struct linear {
    int64_t head, keys, values, ratio, step;
    bool in_turns;
} linear;

static linear linear_of(const llw_plan *plan, int64_t block) {
    const llw_hparams *h = &plan->hparams;
    linear l = {
        .head = h->ssm_state, .keys = h->ssm_state * h->ssm_groups, .values = h->ssm_state * h->ssm_dt_rank};
    l.ratio = h->ssm_groups > 0 ? h->ssm_dt_rank / h->ssm_groups : 1;
    l.in_turns = strcmp(plan->architecture->name, "qwen3next") != 0;
    l.step = multiple(multiple(block, LINE), l.head);
    return l;
}

/* Keys, queries and values in one row, `each` numbers for every element. */
static void cut_linear_rows(cut *c, const linear *l, int64_t each) {
    int64_t step = l->step * each;
    if (l->in_turns) {
        one_segment(c, l->keys * each, 2 + l->ratio, step);
        return;
    }
    one_segment(c, l->keys * each, 2, step);
    c->ne[1] = l->values * each;
    c->repeats[1] = 1;
    c->step[1] = step;
    c->n_segments = 2;
}

static void cut_linear(const llw_plan *plan, cut *c, const llw_weight *w, const shape *s, int64_t block) {
    linear l = linear_of(plan, block);
    int64_t ne = s->ne[c->axis];
    switch (w->name.id) {
    case LLW_W_ATTN_QKV:
    case LLW_W_SSM_CONV1D: cut_linear_rows(c, &l, 1); break;
    case LLW_W_ATTN_GATE:
    case LLW_W_SSM_OUT: one_segment(c, l.in_turns ? l.keys : ne, l.in_turns ? l.ratio : 1, l.step); break;
    case LLW_W_SSM_BA: one_segment(c, ne, 1, 2 * l.step / l.head); break;
    default:
        one_segment(c, l.in_turns ? plan->hparams.ssm_groups : ne, l.in_turns ? l.ratio : 1, l.step / l.head);
        break;
    }
}

static void cut_attention(const llw_plan *plan, cut *c, const llw_weight *w, const shape *s, int64_t block,
                          int il) {
    const llw_hparams *h = &plan->hparams;
    int64_t queries = query_step(plan, block, il), keys = queries / group_of(plan, il), ne = s->ne[c->axis];
    int64_t head = llw_hparams_head_k(h, il) ? llw_hparams_head_k(h, il) : 1;
    /* Qwen's queries have a gate beside them */
    int64_t gated = is_delta(plan) ? multiple(2 * group_of(plan, il) * head, queries) : queries;
    switch (w->name.id) {
    case LLW_W_ATTN_K:
    case LLW_W_ATTN_V: one_segment(c, ne, 1, keys); break;
    case LLW_W_ATTN_Q: one_segment(c, ne, 1, gated); break;
    case LLW_W_ATTN_SINKS: one_segment(c, ne, 1, queries / head); break;
    case LLW_W_ATTN_GATE:
        one_segment(c, ne, 1, s->ne[1] == h->layer[il].heads ? queries / head : queries);
        break;
    case LLW_W_ATTN_QKV: {
        int64_t kv = h->layer[il].kv_heads * llw_hparams_head_v(h, il);
        one_segment(c, ne - 2 * kv, 1, gated);
        c->ne[1] = kv;
        c->repeats[1] = 2;
        c->step[1] = keys > 0 ? keys : 1;
        c->n_segments = 2;
        break;
    }
    default: one_segment(c, ne, 1, queries); break;
    }
}

static void cut_feed_forward(const llw_plan *plan, cut *c, const llw_weight *w, const shape *s, int64_t block,
                             int il) {
    const llw_hparams *h = &plan->hparams;
    int64_t ne = s->ne[c->axis], each = 1;
    bool up = w->name.id == LLW_W_FFN_UP || w->name.id == LLW_W_FFN_UP_EXPS;
    if (w->name.id == LLW_W_FFN_GATE_UP_EXPS || (up && !is_delta(plan) && ne == 2 * h->layer[il].ff))
        each = 2;
    one_segment(c, ne / each, each, multiple(block, LINE));
}

typedef enum part { ATTENTION, LINEAR, FEED_FORWARD, LOGITS } part;

/* Which tensors are cut, along which axis (of a bias: along its only one), by whose blocks. */
typedef struct cut_rule {
    llw_weight_id id;
    llw_suffix suffix;
    int axis;
    part part;
    llw_weight_id by, else_by;
} cut_rule;

static const cut_rule rules[] = {
    {LLW_W_ATTN_Q, LLW_WEIGHT, 1, ATTENTION, LLW_W_ATTN_OUTPUT, LLW_W_SSM_OUT},
    {LLW_W_ATTN_K, LLW_WEIGHT, 1, ATTENTION, LLW_W_ATTN_OUTPUT, LLW_W_SSM_OUT},
    {LLW_W_ATTN_V, LLW_WEIGHT, 1, ATTENTION, LLW_W_ATTN_OUTPUT, LLW_W_SSM_OUT},
    {LLW_W_ATTN_QKV, LLW_WEIGHT, 1, ATTENTION, LLW_W_ATTN_OUTPUT, LLW_W_SSM_OUT},
    {LLW_W_ATTN_GATE, LLW_WEIGHT, 1, ATTENTION, LLW_W_ATTN_OUTPUT, LLW_W_SSM_OUT},
    {LLW_W_ATTN_Q, LLW_BIAS, 0, ATTENTION, LLW_W_ATTN_OUTPUT, LLW_W_SSM_OUT},
    {LLW_W_ATTN_K, LLW_BIAS, 0, ATTENTION, LLW_W_ATTN_OUTPUT, LLW_W_SSM_OUT},
    {LLW_W_ATTN_V, LLW_BIAS, 0, ATTENTION, LLW_W_ATTN_OUTPUT, LLW_W_SSM_OUT},
    {LLW_W_ATTN_QKV, LLW_BIAS, 0, ATTENTION, LLW_W_ATTN_OUTPUT, LLW_W_SSM_OUT},
    {LLW_W_ATTN_SINKS, LLW_WEIGHT, 0, ATTENTION, LLW_W_ATTN_OUTPUT, LLW_W_UNKNOWN},
    {LLW_W_ATTN_OUTPUT, LLW_WEIGHT, 0, ATTENTION, LLW_W_ATTN_OUTPUT, LLW_W_UNKNOWN},
    {LLW_W_SSM_DT, LLW_BIAS, 0, LINEAR, LLW_W_SSM_OUT, LLW_W_UNKNOWN},
    {LLW_W_SSM_A, LLW_WEIGHT, 0, LINEAR, LLW_W_SSM_OUT, LLW_W_UNKNOWN},
    {LLW_W_SSM_ALPHA, LLW_WEIGHT, 1, LINEAR, LLW_W_SSM_OUT, LLW_W_UNKNOWN},
    {LLW_W_SSM_BETA, LLW_WEIGHT, 1, LINEAR, LLW_W_SSM_OUT, LLW_W_UNKNOWN},
    {LLW_W_SSM_BA, LLW_WEIGHT, 1, LINEAR, LLW_W_SSM_OUT, LLW_W_UNKNOWN},
    {LLW_W_SSM_CONV1D, LLW_WEIGHT, 1, LINEAR, LLW_W_SSM_OUT, LLW_W_UNKNOWN},
    {LLW_W_SSM_OUT, LLW_WEIGHT, 0, LINEAR, LLW_W_SSM_OUT, LLW_W_UNKNOWN},
    {LLW_W_FFN_UP, LLW_WEIGHT, 1, FEED_FORWARD, LLW_W_FFN_DOWN, LLW_W_FFN_DOWN_EXPS},
    {LLW_W_FFN_UP_EXPS, LLW_WEIGHT, 1, FEED_FORWARD, LLW_W_FFN_DOWN, LLW_W_FFN_DOWN_EXPS},
    {LLW_W_FFN_GATE, LLW_WEIGHT, 1, FEED_FORWARD, LLW_W_FFN_DOWN, LLW_W_FFN_DOWN_EXPS},
    {LLW_W_FFN_GATE_EXPS, LLW_WEIGHT, 1, FEED_FORWARD, LLW_W_FFN_DOWN, LLW_W_FFN_DOWN_EXPS},
    {LLW_W_FFN_GATE_UP_EXPS, LLW_WEIGHT, 1, FEED_FORWARD, LLW_W_FFN_DOWN, LLW_W_FFN_DOWN_EXPS},
    {LLW_W_FFN_UP, LLW_BIAS, 0, FEED_FORWARD, LLW_W_FFN_DOWN, LLW_W_FFN_DOWN_EXPS},
    {LLW_W_FFN_UP_EXPS, LLW_BIAS, 0, FEED_FORWARD, LLW_W_FFN_DOWN, LLW_W_FFN_DOWN_EXPS},
    {LLW_W_FFN_GATE, LLW_BIAS, 0, FEED_FORWARD, LLW_W_FFN_DOWN, LLW_W_FFN_DOWN_EXPS},
    {LLW_W_FFN_GATE_EXPS, LLW_BIAS, 0, FEED_FORWARD, LLW_W_FFN_DOWN, LLW_W_FFN_DOWN_EXPS},
    {LLW_W_FFN_DOWN, LLW_WEIGHT, 0, FEED_FORWARD, LLW_W_FFN_DOWN, LLW_W_FFN_DOWN_EXPS},
    {LLW_W_FFN_DOWN_EXPS, LLW_WEIGHT, 0, FEED_FORWARD, LLW_W_FFN_DOWN, LLW_W_FFN_DOWN_EXPS},
    {LLW_W_OUTPUT, LLW_WEIGHT, 1, LOGITS, LLW_W_OUTPUT, LLW_W_UNKNOWN},
    {LLW_W_OUTPUT, LLW_BIAS, 0, LOGITS, LLW_W_OUTPUT, LLW_W_UNKNOWN},
};

static cut cut_of(const llw_plan *plan, const llw_weight *w, const shape *s) {
    const llw_hparams *h = &plan->hparams;
    int il = w->name.layer;
    cut c = {.axis = WHOLE, .layer = il};
    const cut_rule *rule = NULL;
    for (size_t i = 0; i < sizeof rules / sizeof *rules && !rule; i++)
        if (rules[i].id == w->name.id && rules[i].suffix == w->name.suffix) rule = &rules[i];
    bool head_norm = w->name.id == LLW_W_ATTN_Q_NORM || w->name.id == LLW_W_ATTN_K_NORM;
    if (head_norm && w->name.suffix == LLW_WEIGHT && s->ne[1] > 1) { /* a norm for each head */
        c.axis = 1;
        one_segment(&c, s->ne[1], 1, 1);
        return c;
    }
    if (!rule || il >= h->n_layer_all || (rule->part == LOGITS) != (il < 0)) return c;
    int64_t block = block_of(plan, rule->by, rule->else_by, il);
    c.axis = rule->axis;
    if (rule->part == LOGITS)
        one_segment(&c, s->ne[c.axis], 1, 1);
    else if (rule->part == FEED_FORWARD)
        cut_feed_forward(plan, &c, w, s, block, il);
    else if (h->layer[il].recurrent && is_delta(plan))
        cut_linear(plan, &c, w, s, block);
    else
        cut_attention(plan, &c, w, s, block, il);
    return c;
}

/* ---- slices ---- */

/* Layers of the same kind before this one: which card gets the rounding's remainder goes round with them. */
static int turn_of(const llw_plan *plan, int il) {
    const llw_hparams *h = &plan->hparams;
    int before = 0, n = plan->launch->n_devices;
    if (il < 0) return h->n_layer % n;
    for (int i = 0; i < il; i++)
        before +=
            h->layer[i].recurrent == h->layer[il].recurrent && h->layer[i].windowed == h->layer[il].windowed;
    return before % n;
}

/* Elements along the axis that each card gets. */
static void share_out(const llw_plan *plan, const cut *c, int64_t *ne) {
    const llw_launch *launch = plan->launch;
    int n = launch->n_devices, turn = turn_of(plan, c->layer);
    float ends[LLW_MAX_DEVICES], sum = 0;
    for (int j = 0; j < n; j++) {
        int card = (j + turn) % n;
        sum += card < launch->n_tensor_split ? (float)launch->tensor_split[card] : 0;
        ends[j] = sum;
        ne[j] = 0;
    }
    for (int i = 0; i < c->n_segments; i++) {
        int64_t low = 0;
        for (int j = 0; j < n; j++) {
            int64_t high = c->ne[i];
            if (j < n - 1) {
                high = sum == 0 ? c->ne[i] * (j + 1) / n : (int64_t)((float)c->ne[i] * ends[j] / sum);
                high -= high % c->step[i];
            }
            ne[(j + turn) % n] += (high - low) * c->repeats[i];
            low = high;
        }
    }
}

static int64_t bytes_of(const shape *s) {
    return llw_place_bytes(0, s->type, s->ne[0], s->ne[1] * s->ne[2] * s->ne[3]);
}

/* What each card holds less than the whole tensor. */
static void take_away(const llw_plan *plan, const cut *c, shape s, int64_t *less) {
    int64_t ne[LLW_MAX_DEVICES], whole = bytes_of(&s);
    if (c->axis == WHOLE) return;
    share_out(plan, c, ne);
    for (int j = 0; j < plan->launch->n_devices; j++) {
        shape slice = s;
        slice.ne[c->axis] = ne[j];
        less[j] += whole - bytes_of(&slice);
    }
}

static void deal_weights(const llw_plan *plan, int64_t *less) {
    for (size_t i = 0; i < plan->n_weights; i++) {
        const llw_weight *w = &plan->weights[i];
        bool copy = plan->output_copy && i + 1 == (size_t)plan->output_copy; /* keeps the embedding's name */
        if (!w->loaded || llw_place_is_host(w->place) || copy) continue;
        const llw_tensor *t = w->tensor;
        shape s = {t->type, {t->dims[0], t->dims[1], t->dims[2], t->dims[3]}};
        cut c = cut_of(plan, w, &s);
        take_away(plan, &c, s, less);
    }
}

static void deal_caches(const llw_plan *plan, int64_t *less) {
    const llw_launch *launch = plan->launch;
    bool whole = plan->architecture && !strcmp(plan->architecture->name, "hrm_text");
    for (int which = 0; which < LLW_CACHES && !whole; which++) {
        const llw_cache *cache = &plan->cache[which];
        if (!cache->used || which == LLW_CACHE_INDEXER) continue;
        for (int i = 0; i < cache->n_layers; i++) {
            const llw_cache_layer *layer = &cache->layers[i];
            if (llw_place_is_host(layer->place)) continue;
            int64_t rows = cache->cells * cache->streams;
            int64_t block = block_of(plan, LLW_W_ATTN_OUTPUT, LLW_W_UNKNOWN, layer->layer);
            int64_t step = query_step(plan, block, layer->layer) / group_of(plan, layer->layer);
            cut c = {.axis = 0, .layer = layer->layer};
            one_segment(&c, layer->k_width, 1, step);
            take_away(plan, &c, (shape){launch->type_k, {layer->k_width, rows, 1, 1}}, less);
            one_segment(&c, layer->v_width, 1, step);
            if (layer->v_width)
                take_away(plan, &c, (shape){launch->type_v, {layer->v_width, rows, 1, 1}}, less);
        }
    }
}

static void deal_states(const llw_plan *plan, int64_t *less) {
    const llw_hparams *h = &plan->hparams;
    const llw_state *state = &plan->state;
    if (!state->used || !is_delta(plan)) return;
    for (int il = 0; il < h->n_layer; il++) {
        if (state->of_layer[il] == LLW_PLACE_NONE || llw_place_is_host(state->of_layer[il])) continue;
        linear l = linear_of(plan, block_of(plan, LLW_W_SSM_OUT, LLW_W_UNKNOWN, il));
        cut c = {.axis = 0, .layer = il};
        cut_linear_rows(&c, &l, h->ssm_conv - 1);
        take_away(plan, &c, (shape){F32, {state->r_width, state->rows, 1, 1}}, less);
        one_segment(&c, l.in_turns ? l.keys * l.head : state->s_width, l.in_turns ? l.ratio : 1,
                    l.step * l.head);
        take_away(plan, &c, (shape){F32, {state->s_width, state->rows, 1, 1}}, less);
    }
}

/* States are cut by the blocks of ssm_out, which RWKV does not have; those of LFM2's convolutions stay whole.
 */
bool llw_split_states(llw_plan *plan) {
    const llw_state *state = &plan->state;
    const char *name = plan->architecture ? plan->architecture->name : "";
    if (!state->used || !strncmp(name, "lfm2", 4)) return true;
    for (int il = 0; il < plan->hparams.n_layer; il++)
        if (state->of_layer[il] != LLW_PLACE_NONE && !llw_place_is_host(state->of_layer[il]) &&
            !block_of(plan, LLW_W_SSM_OUT, LLW_W_UNKNOWN, il))
            return llw_plan_stop(plan, LLW_OUTCOME_ABORTS,
                                 "-sm tensor: llama.cpp cannot cut up the recurrent state of the "
                                 "architecture \"%s\" and stops "
                                 "with an assertion: take -sm layer",
                                 name);
    return true;
}

/* The steps so far made the first card's figures of everything; these make each card's. */
static void explain(llw_plan *plan, const llw_memory *whole) {
    static const char source[] = "src/llama-model.cpp llama_meta_device_get_split_state";
    for (int j = 0; j < plan->launch->n_devices && plan->launch->n_devices > 1; j++) {
        const llw_memory *m = &plan->out->device[j];
        int64_t weights = m->weights - (j ? 0 : whole->weights),
                context = m->context - (j ? 0 : whole->context);
        llw_plan_step(
            plan, j, LLW_placement_weights, weights, source,
            j ? "its slice of the matrices that -sm tensor cuts up, and norms and small tensors whole"
              : "less the other cards' slices of the matrices that -sm tensor cuts up");
        llw_plan_step(plan, j, LLW_placement_kv, context, source,
                      j ? "its heads of the cache and of the states" : "less the other cards' heads");
        if (j)
            llw_plan_step(plan, j, LLW_placement_compute, m->compute,
                          "ggml/src/ggml-backend-meta.cpp ggml_backend_meta_buffer_type_alloc_buffer",
                          "with -sm tensor every card gets a compute buffer of the same size");
    }
}

void llw_split_deal(llw_plan *plan) {
    llw_prediction *out = plan->out;
    if (plan->architecture && !strcmp(plan->architecture->name, "deepseek4"))
        out->device[0].weights_exact = false;
    llw_memory whole = out->device[0];
    int n = plan->launch->n_devices;
    int64_t weights[LLW_MAX_DEVICES] = {0}, cache[LLW_MAX_DEVICES] = {0}, state[LLW_MAX_DEVICES] = {0},
            least = -1;
    deal_weights(plan, weights);
    deal_caches(plan, cache);
    deal_states(plan, state);
    for (int j = 0; j < n; j++) {
        out->device[j] = whole;
        out->device[j].weights -= weights[j];
        out->device[j].context -= cache[j] + state[j];
        out->device[j].state -= state[j];
        if (least < 0 || state[j] < least) least = state[j];
    }
    /* llama.cpp's own accounting lists one device: everything whole, of the states the largest share, because
     * those it really allocates */
    out->together = whole;
    out->together.context -= least;
    out->together.state -= least;
    explain(plan, &whole);
}
