/* Best fit over free blocks, memory freed at the last use, results written over their sources where ggml
 * allows it. */
#include "predict/allocator.h"

#include "predict/device.h"

#include <string.h>

enum { MAX_BLOCKS = 256 /* MAX_FREE_BLOCKS */ };

typedef struct block {
    int64_t offset, size;
} block;

typedef struct heap { /* one ggml_dyn_tallocr: the last block reaches to the end of the address space */
    block blocks[MAX_BLOCKS];
    int n;
    int64_t max, alignment;
    bool full;
} heap;

typedef struct allocator {
    const llw_plan *plan;
    heap *heaps;
    int n_heaps;
    const llw_schedule *schedule;
    llw_peak *peaks; /* to fill when a heap reaches the size known from a walk before; NULL */
    int to_fill;     /* of them: the walk ends with the last */
} allocator;

static int64_t aligned(const heap *h, int64_t size) {
    return (size + h->alignment - 1) / h->alignment * h->alignment;
}

static void remove_block(heap *h, int at) {
    for (int i = at; i < h->n - 1; i++) h->blocks[i] = h->blocks[i + 1];
    h->n--;
}

/* ggml_dyn_tallocr_alloc of an aligned size: the smallest block that is large enough, the later one of
 * equals; else the last one
 */
static int64_t heap_take(heap *h, int64_t size) {
    int best = -1;
    for (int i = 0; i < h->n - 1; i++)
        if (h->blocks[i].size >= size && (best < 0 || h->blocks[i].size <= h->blocks[best].size)) best = i;
    if (best < 0) best = h->n - 1;
    block *b = &h->blocks[best];
    int64_t offset = b->offset;
    b->offset += size;
    b->size -= size;
    if (b->size == 0) remove_block(h, best);
    if (offset + size > h->max) h->max = offset + size;
    return offset;
}

/* ggml_dyn_tallocr_free_bytes */
static void heap_give(heap *h, int64_t offset, int64_t size) {
    for (int i = 0; i < h->n; i++) {
        block *b = &h->blocks[i];
        if (b->offset + b->size == offset) {
            b->size += size;
            if (i < h->n - 1 && b->offset + b->size == h->blocks[i + 1].offset) {
                b->size += h->blocks[i + 1].size;
                remove_block(h, i + 1);
            }
            return;
        }
        if (offset + size == b->offset) {
            b->offset = offset;
            b->size += size;
            if (i > 0 && h->blocks[i - 1].offset + h->blocks[i - 1].size == b->offset) {
                h->blocks[i - 1].size += b->size;
                remove_block(h, i);
            }
            return;
        }
    }
    if (h->n == MAX_BLOCKS) {
        h->full = true;
        return;
    }
    int at = 0;
    while (at < h->n && h->blocks[at].offset < offset) at++;
    for (int i = h->n; i > at; i--) h->blocks[i] = h->blocks[i - 1];
    h->blocks[at] = (block){offset, size};
    h->n++;
}

static bool same_layout(const llw_node *a, const llw_node *b) {
    return a->type == b->type && !memcmp(a->ne, b->ne, sizeof a->ne) && !memcmp(a->nb, b->nb, sizeof a->nb);
}

/* A source whose memory the result may take over: its own (a view never is), not kept as output, of the same
 * layout, and used by nobody else. */
static llw_node *reusable(const llw_node *node) {
    for (int i = 0; i < node->n_src; i++) {
        llw_node *src = node->src[i];
        if (!src || !src->allocated || src->output || !same_layout(node, src)) continue;
        if (src->children == 1 && src->views == 0 && !src->view) return src;
    }
    return NULL;
}

/* ggml_gallocr_allocate_node */
static void allocate(allocator *a, llw_node *node, int backend) {
    if (node->allocated || node->place != LLW_PLACE_NONE || node->view) return;
    node->allocated = true;
    llw_node *source = llw_ops[node->op].in_place ? reusable(node) : NULL;
    node->buffer = source ? source->buffer : (short)backend;
    heap *h = &a->heaps[node->buffer];
    node->size = aligned(h, llw_backend_bytes(a->plan, node->buffer, node));
    if (!source) {
        node->offset = heap_take(h, node->size);
        return;
    }
    node->offset = source->offset;
    source->allocated = false;
    if (source->size > node->size) heap_give(h, source->offset + node->size, source->size - node->size);
}

static void release(allocator *a, llw_node *node) {
    if (node->output) return;
    heap_give(&a->heaps[node->buffer], node->offset, node->size);
    node->allocated = false;
}

static void used(allocator *a, llw_node *node) {
    node->children--;
    if (node->children != 0 || node->views != 0) return;
    if (node->view) {
        llw_node *under = node->view;
        under->views--;
        if (under->views == 0 && under->children == 0 && under->allocated) release(a, under);
    } else if (node->allocated) {
        release(a, node);
    }
}

/* Every tensor that a node reads or looks at is in one of the lists. */
static void reset(const llw_placed_list *list) {
    for (size_t i = 0; i < list->n; i++) {
        llw_node *node = list->items[i].node;
        node->children = node->views = 0;
        node->allocated = false;
    }
}

/* ---- what is alive when a heap is fullest ---- */

static void note(allocator *a, llw_peak *peak, int backend, llw_node *node) {
    if (!node->allocated || node->view || node->place != LLW_PLACE_NONE || node->buffer != backend) return;
    for (size_t i = 0; i < peak->live.n; i++)
        if (peak->live.items[i] == node) return;
    *(llw_node **)llw_arena_push(a->schedule->graph->arena, (void **)&peak->live.items, &peak->live.n,
                                 &peak->live.capacity, sizeof(llw_node *)) = node;
}

static void look(allocator *a, const llw_node *during) {
    for (int b = 0; a->to_fill && b < a->n_heaps; b++) {
        llw_peak *peak = &a->peaks[b];
        if (peak->taken || a->heaps[b].max < peak->bytes) continue;
        peak->taken = true;
        a->to_fill--;
        peak->during = during;
        for (size_t i = 0; i < a->schedule->leafs.n; i++) note(a, peak, b, a->schedule->leafs.items[i].node);
        for (size_t i = 0; i < a->schedule->nodes.n; i++) {
            llw_node *node = a->schedule->nodes.items[i].node;
            note(a, peak, b, node);
            for (int j = 0; j < node->n_src; j++)
                if (node->src[j]) note(a, peak, b, node->src[j]);
        }
    }
}

/* ggml_gallocr_alloc_graph_impl */
static void walk(allocator *a) {
    const llw_schedule *s = a->schedule;
    for (int b = 0; b < a->n_heaps; b++) {
        a->heaps[b].n = 1;
        a->heaps[b].max = 0;
        a->heaps[b].blocks[0] = (block){0, INT64_MAX / 2};
        a->heaps[b].alignment = llw_backend_alignment(s->plan, b);
    }
    reset(&s->leafs);
    reset(&s->nodes);
    for (size_t i = 0; i < s->leafs.n; i++) allocate(a, s->leafs.items[i].node, s->leafs.items[i].backend);
    for (size_t i = 0; i < s->nodes.n; i++) {
        llw_node *node = s->nodes.items[i].node;
        if (node->view && node->op != LLW_OP_NONE) node->view->views++;
        if (node->input) allocate(a, node, s->nodes.items[i].backend);
        for (int j = 0; j < node->n_src; j++) {
            llw_node *src = node->src[j];
            if (!src) continue;
            src->children++;
            if (src->input) allocate(a, src, s->nodes.items[i].backend);
        }
    }
    if (a->peaks) look(a, NULL);
    for (size_t i = 0; i < s->nodes.n && (!a->peaks || a->to_fill); i++) {
        llw_node *node = s->nodes.items[i].node;
        int backend = s->nodes.items[i].backend;
        for (int j = 0; j < node->n_src; j++)
            if (node->src[j]) allocate(a, node->src[j], backend);
        allocate(a, node, backend);
        if (a->peaks) look(a, node);
        for (int j = 0; j < node->n_src; j++)
            if (node->src[j]) used(a, node->src[j]);
    }
}

bool llw_allocator_measure(const llw_schedule *s, int64_t sizes[LLW_MAX_DEVICES + 1], llw_peak *peaks) {
    allocator a = {s->plan,       llw_arena_alloc(s->graph->arena, (size_t)s->n_backends * sizeof *a.heaps),
                   s->n_backends, s,
                   NULL,          0};
    walk(&a);
    bool ok = true;
    for (int b = 0; b < a.n_heaps; b++) {
        sizes[b] = a.heaps[b].max;
        ok = ok && !a.heaps[b].full;
    }
    if (!peaks || !ok) return ok;
    for (int b = 0; b < a.n_heaps; b++) peaks[b] = (llw_peak){.bytes = sizes[b]};
    a.peaks = peaks;
    a.to_fill = a.n_heaps;
    walk(&a);
    return true;
}
