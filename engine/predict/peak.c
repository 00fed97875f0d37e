/* Names the tensors that are alive at a buffer's peak, largest first. */
#include "predict/peak.h"

#include "predict/device.h"
#include "predict/grounds.h"

#include "base/text.h"
#include "fact/ggml_type.h"

#include <stdlib.h>
#include <string.h>

static const char allocator[] = "ggml/src/ggml-alloc.c ggml_gallocr", graph_source[] = "src/llama-graph.cpp";

typedef struct item {
    const llw_node *node;
    const char *words;
    int64_t bytes; /* of one */
    int times;
} item;

typedef struct telling {
    llw_plan *plan;
    const llw_schedule *schedule;
    int backend;
} telling;

static const char *weight_name(const telling *t, const llw_node *node) {
    for (size_t i = 0; i < t->plan->n_weights; i++)
        if (t->schedule->graph->weights[i] == node) return t->plan->weights[i].tensor->name;
    return NULL;
}

/* What a copy was made of; NULL when the node is no copy. */
static const llw_node *original(const telling *t, const llw_node *copy) {
    const llw_schedule *s = t->schedule;
    for (size_t p = 0; p < s->parts.n; p++)
        for (size_t i = 0; i < s->parts.items[p].inputs.n; i++) {
            const llw_node *from = s->parts.items[p].inputs.items[i];
            llw_node *const *copies = llw_schedule_copies(s, from, t->backend);
            for (int c = 0; from != copy && copies && c < s->n_copies; c++)
                if (copies[c] == copy) return from;
        }
    return NULL;
}

static void say_shape(llw_text *text, const llw_node *node) {
    int last = 3;
    while (last > 0 && node->ne[last] == 1) last--;
    for (int i = 0; i <= last; i++) llw_text_addf(text, "%s%lld", i ? " x " : "", (long long)node->ne[i]);
    llw_text_addf(text, " %s", llw_ggml_type_get(node->type)->name);
}

/* The nearest operation with one of the model's weights, going back along first sources. */
static const char *nearest_weight(const telling *t, const llw_node *node) {
    enum { FAR = 16 };
    for (int steps = 0; node && steps < FAR; steps++) {
        if (node->weight) return weight_name(t, node);
        const llw_node *next = NULL;
        for (int i = 0; i < node->n_src; i++) {
            const llw_node *src = node->src[i];
            if (!src) continue;
            const llw_node *from = src->n_src == 0 && src->op == LLW_OP_NONE ? original(t, src) : NULL;
            if (from) src = from;
            if (src->weight && weight_name(t, src)) return weight_name(t, src);
            if (!next && src->op != LLW_OP_NONE) next = src;
        }
        node = next;
    }
    return NULL;
}

static bool is_mask(const telling *t, const llw_node *node) {
    for (int i = 0; i < LLW_CACHES; i++)
        if (t->plan->cache[i].used && node->ne[0] == t->plan->cache[i].cells && node->ne[1] > 1) return true;
    return false;
}

static const char *input_words(const telling *t, const llw_node *node) {
    return node->place != LLW_PLACE_NONE ? "a cache" : is_mask(t, node) ? "the attention mask" : "an input";
}

/* " with blk.3.ffn_up.weight", " after ...", " of the attention mask" */
static void say_sources(const telling *t, const llw_node *node, llw_text *text) {
    const char *name = nearest_weight(t, node);
    if (name) {
        llw_text_add(text, node->n_src && node->src[0] && node->src[0]->weight ? " with " : " after ");
        llw_text_add_safe(text, name, strlen(name), false);
        return;
    }
    const llw_node *src = node->n_src ? node->src[0] : NULL;
    const llw_node *from = src ? original(t, src) : NULL;
    if (from) src = from;
    if (src && src->op == LLW_OP_NONE) llw_text_addf(text, " of %s", input_words(t, src));
}

static void say_node(const telling *t, const llw_node *node, llw_text *text) {
    const llw_node *from = original(t, node);
    if (from) llw_text_add(text, "copy of ");
    if (!from) from = node;
    const char *name = from->weight ? weight_name(t, from) : NULL;
    if (name) {
        llw_text_add_safe(text, name, strlen(name), false);
        llw_text_add(text, " from RAM");
    } else if (from->op == LLW_OP_NONE) {
        llw_text_add(text, input_words(t, from));
    } else {
        llw_text_add(text, llw_ops[from->op].name);
        say_sources(t, from, text);
    }
    llw_text_add(text, ", ");
    say_shape(text, node);
}

static int larger_first(const void *a, const void *b) {
    const item *x = a, *y = b;
    int64_t xs = x->bytes * x->times, ys = y->bytes * y->times;
    return xs != ys ? (xs < ys ? 1 : -1) : strcmp(x->words, y->words);
}

/* The live tensors, those that read alike together. */
static item *list(const telling *t, const llw_peak *peak, size_t *n) {
    llw_arena *arena = t->plan->arena;
    item *items = llw_arena_alloc(arena, (peak->live.n + 1) * sizeof *items);
    *n = 0;
    for (size_t i = 0; i < peak->live.n; i++) {
        const llw_node *node = peak->live.items[i];
        llw_text text = {0};
        say_node(t, node, &text);
        size_t same = 0;
        while (same < *n && strcmp(items[same].words, llw_text_str(&text))) same++;
        if (same == *n)
            items[(*n)++] = (item){node, llw_arena_strdup(arena, llw_text_str(&text)),
                                   llw_backend_bytes(t->plan, t->backend, node), 0};
        items[same].times++;
        llw_text_fini(&text);
    }
    qsort(items, *n, sizeof *items, larger_first);
    return items;
}

static void say_item(const telling *t, int depth, const item *it) {
    char bytes[LLW_NUMBER_MAX], beside[LLW_NUMBER_MAX];
    llw_text text = {0};
    if (it->times > 1) llw_text_addf(&text, "%d x ", it->times);
    llw_text_addf(&text, "%s: %s", llw_format_bytes(bytes, it->bytes), it->words);
    int64_t more = it->bytes - llw_node_bytes(it->node);
    if (it->node->op == LLW_OP_FLASH_ATTN_EXT && more > 0)
        llw_text_addf(&text, ", and %s beside it for F16 copies of the layer's K and V",
                      llw_format_bytes(beside, more));
    llw_ground_line(t->plan, depth, it->node->op == LLW_OP_NONE ? graph_source : allocator, "%s",
                    llw_text_str(&text));
    llw_text_fini(&text);
}

/* The numbers that the shapes are made of, each once. */
static void say_dimensions(const telling *t, const item *items, size_t n) {
    enum { MOST = 32 };
    int64_t seen[MOST];
    int n_seen = 0;
    const llw_graph *graph = t->schedule->graph;
    llw_ground_line(t->plan, 1, graph_source, "the numbers in these shapes");
    for (size_t i = 0; i < n; i++)
        for (int d = 0; d < 4; d++) {
            int64_t value = items[i].node->ne[d];
            bool known = value <= 1;
            for (int k = 0; k < n_seen; k++) known = known || seen[k] == value;
            if (known || n_seen == MOST) continue;
            seen[n_seen++] = value;
            llw_ground_dimension(t->plan, 2, value, graph->n_tokens, graph->n_outputs);
        }
}

static void say_peak(const telling *t, const llw_peak *peak) {
    enum { SHOWN = 6 };
    char bytes[LLW_NUMBER_MAX];
    size_t n;
    item *items = list(t, peak, &n);
    int64_t live = 0, rest = 0;
    for (size_t i = 0; i < n; i++) live += items[i].bytes * items[i].times;
    size_t shown = n > SHOWN + 1 ? SHOWN : n;
    for (size_t i = shown; i < n; i++) rest += items[i].bytes * items[i].times;
    for (size_t i = 0; i < shown; i++) say_item(t, 1, &items[i]);
    if (n > shown) {
        llw_ground_line(t->plan, 1, allocator, "%s: %zu smaller ones", llw_format_bytes(bytes, rest),
                        n - shown);
        for (size_t i = shown; i < n; i++) say_item(t, 2, &items[i]);
    }
    if (peak->bytes > live)
        llw_ground_line(t->plan, 1, allocator,
                        "%s: gaps between them, too small for what came next, and padding",
                        llw_format_bytes(bytes, peak->bytes - live));
    if (n) say_dimensions(t, items, n);
}

/* How many operations run there, and how many tensors are brought in for them. */
static void count_parts(const telling *t, size_t *parts, size_t *nodes, size_t *brought) {
    *parts = *nodes = *brought = 0;
    for (size_t i = 0; i < t->schedule->parts.n; i++) {
        const llw_part *part = &t->schedule->parts.items[i];
        if (part->backend != t->backend) continue;
        ++*parts;
        *nodes += part->end - part->start;
        *brought += part->inputs.n;
    }
}

void llw_peak_explain(llw_plan *plan, const llw_schedule *schedule, const llw_peak *peaks) {
    const llw_graph *graph = schedule->graph;
    for (int b = 0; b <= plan->n_devices; b++) {
        telling t = {plan, schedule, b};
        size_t parts, nodes, brought;
        count_parts(&t, &parts, &nodes, &brought);
        llw_text text = {0};
        llw_text_addf(
            &text, "graph of %lld tokens, %lld of them with logits: %zu operations in %zu part%s here",
            (long long)graph->n_tokens, (long long)graph->n_outputs, nodes, parts, parts == 1 ? "" : "s");
        if (brought)
            llw_text_addf(&text, ", %zu tensor%s copied in%s", brought, brought == 1 ? "" : "s",
                          plan->pipelined ? " and held four times" : "");
        if (peaks[b].during) {
            llw_text_add(&text, "; fullest at ");
            say_node(&t, peaks[b].during, &text);
        }
        llw_plan_step(
            plan, llw_plan_device(plan, b == plan->n_devices ? LLW_PLACE_CPU : (llw_place)b),
            LLW_placement_compute, peaks[b].bytes,
            "ggml/src/ggml-backend.cpp ggml_backend_sched_split_graph, ggml/src/ggml-alloc.c ggml_gallocr",
            "%s", llw_text_str(&text));
        llw_text_fini(&text);
        say_peak(&t, &peaks[b]);
    }
}
