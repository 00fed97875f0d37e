/* Backends for nodes, parts, copies: ggml_backend_sched_split_graph without computing anything. */
#include "predict/schedule.h"

#include "predict/device.h"
#include "predict/split.h"

#include <string.h>

static void push(llw_schedule *s, llw_nodes *list, llw_node *node) {
    *(llw_node **)llw_arena_push(s->graph->arena, (void **)&list->items, &list->n, &list->capacity,
                                 sizeof(llw_node *)) = node;
}

/* Room for that many, with as much again for what comes; the rest of it is NULL. */
static void reserve(llw_schedule *s, llw_nodes *list, size_t n) {
    if (n <= list->capacity) return;
    llw_node **items = llw_arena_alloc(s->graph->arena, 2 * n * sizeof *items);
    if (list->n) memcpy(items, list->items, list->n * sizeof *items);
    list->items = items;
    list->capacity = 2 * n;
}

static void place(llw_schedule *s, llw_placed_list *list, llw_node *node, int backend) {
    llw_placed *slot = list->n < list->capacity ? &list->items[list->n++]
                                                : llw_arena_push(s->graph->arena, (void **)&list->items,
                                                                 &list->n, &list->capacity, sizeof *slot);
    *slot = (llw_placed){node, backend};
}

static bool is_view(const llw_node *node) {
    return llw_ops[node->op].view;
}

static llw_place buffer_of(const llw_node *node) {
    return node->view ? node->view->place : node->place;
}

/* ---- pass 1: nodes whose tensors lie somewhere already ---- */

/* ggml_backend_sched_backend_from_buffer */
static int from_buffer(const llw_schedule *s, const llw_node *tensor, const llw_node *op) {
    llw_place where = buffer_of(tensor);
    if (where == LLW_PLACE_NONE) return -1;
    for (int b = 0; b < s->n_backends; b++)
        if (llw_backend_reads(s->plan, b, where) && llw_backend_takes(s->plan, b, op)) return b;
    return -1;
}

static int from_weights(llw_schedule *s, const llw_node *node) {
    int cpu = s->n_backends - 1;
    if (node->op == LLW_OP_ROPE) return -1; /* its factors are too small to choose by */
    if (node->op == LLW_OP_FLASH_ATTN_EXT && !s->plan->build.attention_follows_sinks) return -1;
    for (int i = 0; i < node->n_src; i++) {
        const llw_node *src = node->src[i];
        if (!src || !src->weight) continue;
        int at = from_buffer(s, src, node);
        if (s->plan->launch->op_offload && !llw_split_on(s->plan) && at == cpu &&
            llw_place_is_host(src->place) && src->place != LLW_PLACE_REPACKED)
            for (int b = 0; b < cpu; b++)
                if (llw_backend_takes(s->plan, b, node) && llw_backend_wants(node)) return b;
        return at;
    }
    return -1;
}

static int from_current(llw_schedule *s, const llw_node *node) {
    int at = from_buffer(s, node, node);
    if (at < 0 && node->view) at = from_buffer(s, node->view, node);
    if (at >= 0) return at;
    if (buffer_of(node) != LLW_PLACE_NONE) {
        s->aborts = "a tensor that is allocated already lies where its operation cannot run";
        return s->n_backends - 1;
    }
    if (node->input) return s->n_backends - 1;
    return from_weights(s, node);
}

/* ---- pass 2: neighbours get the same backend ---- */

static void spread(llw_schedule *s, bool up, bool only_devices) {
    const llw_nodes *work = &s->graph->work;
    int cpu = s->n_backends - 1, current = -1;
    for (size_t k = 0; k < work->n; k++) {
        llw_node *node = work->items[up ? work->n - 1 - k : k];
        if (node->backend >= 0)
            current = only_devices && node->backend == cpu ? -1 : node->backend;
        else if (current >= 0 && llw_backend_takes(s->plan, current, node))
            node->backend = (short)current;
    }
}

/* ---- pass 3: what no neighbour could take goes where most of its sources are ---- */

/* ggml_backend_sched_buffer_supported */
static bool can_read(const llw_schedule *s, const llw_node *tensor, int backend) {
    llw_place where = buffer_of(tensor);
    if (where != LLW_PLACE_NONE) return llw_backend_reads(s->plan, backend, where);
    int at = tensor->backend < 0 && tensor->view ? tensor->view->backend : tensor->backend;
    return at >= 0 && at == backend;
}

static void assign_rest(llw_schedule *s) {
    const llw_nodes *work = &s->graph->work;
    for (size_t i = 0; i < work->n; i++) {
        llw_node *node = work->items[i];
        if (node->backend >= 0) continue;
        int most = -1;
        for (int b = 0; b < s->n_backends; b++) {
            if (!llw_backend_takes(s->plan, b, node)) continue;
            int n = 0;
            for (int j = 0; j < node->n_src; j++) {
                const llw_node *src = node->src[j];
                if (src && (src->backend >= 0 || (src->view && src->view->backend >= 0)) &&
                    can_read(s, src, b))
                    n++;
            }
            if (n > most) {
                most = n;
                node->backend = (short)b;
            }
        }
    }
}

/* ---- pass 4: views and sources follow ---- */

static void assign_sources(llw_schedule *s) {
    llw_nodes *nodes = &s->graph->nodes;
    for (size_t i = 0; i < nodes->n; i++) {
        llw_node *node = nodes->items[i];
        if (node->view && node->backend < 0) node->backend = node->view->backend;
        for (int j = 0; j < node->n_src; j++) {
            llw_node *src = node->src[j];
            if (src && src->backend < 0) src->backend = src->view ? src->view->backend : node->backend;
        }
        for (int b = 0; b < s->n_backends && node->backend < 0; b++)
            if (llw_backend_takes(s->plan, b, node)) node->backend = (short)b;
    }
}

/* graph_get_cb: norms of a layer stay on its device, when batches are small or everything is offloaded; and
 * attention over a cache in RAM stays on the host. */
void llw_schedule_pin(const llw_graph *graph) {
    const llw_plan *plan = graph->plan;
    bool norms = graph->n_tokens < 32 || plan->gpu_layers > plan->hparams.n_layer_all;
    for (size_t i = 0; i < graph->nodes.n; i++) {
        llw_node *node = graph->nodes.items[i];
        if (!node->pin || (node->pin > 0 && !norms)) continue;
        llw_place place = node->pin > 0 ? plan->layer_place[node->pin - 1] : LLW_PLACE_CPU;
        int backend = llw_place_is_host(place) ? llw_cpu_backend(plan) : place;
        if (llw_backend_takes(plan, backend, node)) node->backend = (short)backend;
    }
}

void llw_schedule_assign(llw_schedule *s, llw_graph *graph) {
    *s = (llw_schedule){.graph = graph, .plan = graph->plan};
    s->n_backends = graph->plan->n_devices + 1;
    s->n_copies = graph->plan->pipelined ? LLW_SCHEDULE_COPIES : 1;
    const llw_nodes *lists[] = {&graph->leafs, &graph->nodes};
    for (int k = 0; k < 2; k++)
        for (size_t i = 0; i < lists[k]->n; i++) {
            llw_node *node = lists[k]->items[i];
            if (node->backend < 0 && node->anchored) node->backend = (short)from_current(s, node);
        }
    spread(s, false, true);
    spread(s, true, true);
    spread(s, false, false);
    spread(s, true, false);
    assign_rest(s);
    assign_sources(s);
}

/* ---- pass 5: parts and their inputs ---- */

static llw_part *new_part(llw_schedule *s, int backend, size_t start) {
    llw_part *part = llw_arena_push(s->graph->arena, (void **)&s->parts.items, &s->parts.n,
                                    &s->parts.capacity, sizeof *part);
    *part = (llw_part){.backend = backend, .start = start};
    return part;
}

/* Where the copies of a node that has some begin. */
static llw_node **first_copy(const llw_schedule *s, const llw_node *node, int backend) {
    size_t at = (size_t)(node->copies - 1) * (size_t)s->n_backends + (size_t)backend;
    return &s->copies.items[at * (size_t)s->n_copies];
}

llw_node **llw_schedule_copies(const llw_schedule *s, const llw_node *node, int backend) {
    return node->copies ? first_copy(s, node, backend) : NULL;
}

/* ... with room for them where there was none. */
static llw_node **copies_of(llw_schedule *s, llw_node *node, int backend) {
    size_t each = (size_t)s->n_backends * (size_t)s->n_copies;
    if (!node->copies) {
        reserve(s, &s->copies, s->copies.n + each);
        s->copies.n += each; /* all NULL */
        node->copies = (int)(s->copies.n / each);
    }
    return first_copy(s, node, backend);
}

/* ggml_dup_tensor_layout */
static llw_node *copy_of(llw_schedule *s, const llw_node *node, int backend) {
    llw_node *copy = llw_tensor_new(s->graph, node->type, node->ne[0], node->ne[1], node->ne[2], node->ne[3]);
    memcpy(copy->nb, node->nb, sizeof copy->nb);
    copy->backend = (short)backend;
    return copy;
}

static void hold_input(llw_schedule *s, llw_node *src) {
    int backend = src->backend;
    llw_node **copies = copies_of(s, src, backend);
    if (copies[0]) return;
    for (int c = 0; c < s->n_copies; c++) {
        copies[c] = c == 0 ? src : copy_of(s, src, backend);
        copies[c]->input = copies[c]->output = true;
    }
    push(s, &s->inputs, src);
    if (s->plan->build.max_split_inputs && s->inputs.n > (size_t)s->plan->build.max_split_inputs)
        s->aborts = "GGML_ASSERT(n_graph_inputs < GGML_SCHED_MAX_SPLIT_INPUTS)";
}

static llw_node *bring_over(llw_schedule *s, llw_part *part, llw_node *src) {
    int backend = part->backend;
    llw_node **copies = copies_of(s, src, backend);
    if (!copies[0]) {
        for (int c = 0; c < s->n_copies; c++) {
            copies[c] = copy_of(s, src, backend);
            if (s->n_copies > 1) copies[c]->input = copies[c]->output = true;
        }
        if (s->plan->build.max_split_inputs && part->inputs.n >= (size_t)s->plan->build.max_split_inputs)
            s->aborts = "GGML_ASSERT(n_inputs < GGML_SCHED_MAX_SPLIT_INPUTS)";
        push(s, &part->inputs, src);
    }
    return copies[0];
}

/* A weight from elsewhere starts a new part, so that the memory of those brought over before can be used
 * again; so did a full list of inputs, as long as there was a limit. */
static bool wants_new_part(llw_schedule *s, const llw_part *part, const llw_node *node) {
    if (!part->inputs.n) return false;
    size_t limit = (size_t)s->plan->build.max_split_inputs;
    for (int j = 0; j < node->n_src; j++) {
        llw_node *src = node->src[j];
        if (!src || src->backend == part->backend) continue;
        if (src->weight && !can_read(s, src, part->backend)) return true;
        if (!limit || part->inputs.n != limit) continue;
        llw_node **copies = llw_schedule_copies(s, src, part->backend);
        if (!(copies && copies[0]) && !can_read(s, src, part->backend)) return true;
    }
    return false;
}

static void cut_up(llw_schedule *s) {
    llw_nodes *nodes = &s->graph->nodes;
    size_t i = 0;
    while (i < nodes->n && is_view(nodes->items[i])) i++;
    if (i == nodes->n) return;
    llw_part *part = new_part(s, nodes->items[i]->backend, 0);
    for (; i < nodes->n; i++) {
        llw_node *node = nodes->items[i];
        if (is_view(node)) continue;
        if (node->backend != part->backend || wants_new_part(s, part, node)) {
            part->end = i;
            part = new_part(s, node->backend, i);
        }
        for (int j = 0; j < node->n_src; j++) {
            llw_node *src = node->src[j];
            if (!src) continue;
            if (src->input && s->n_copies > 1) hold_input(s, src);
            if (src->backend != part->backend && !can_read(s, src, part->backend))
                node->src[j] = bring_over(s, part, src);
        }
    }
    part->end = nodes->n;
}

/* ---- the list to allocate ---- */

void llw_schedule_keep(llw_schedule *s, llw_node *tensor, llw_node *until) {
    if (!until->dependencies) {
        llw_nodes *slot = llw_arena_push(s->graph->arena, (void **)&s->kept.items, &s->kept.n,
                                         &s->kept.capacity, sizeof *slot);
        *slot = (llw_nodes){0};
        until->dependencies = (int)s->kept.n;
    }
    llw_nodes *list = &s->kept.items[until->dependencies - 1];
    for (size_t i = 0; i < list->n; i++)
        if (list->items[i] == tensor) return;
    push(s, list, tensor);
}

/* A node that computes nothing and only uses its sources: they are not freed before it. */
static llw_node *holder(llw_schedule *s, llw_node *const *tensors, size_t n) {
    llw_node *node = llw_tensor_new(s->graph, tensors[0]->type, tensors[0]->ne[0], tensors[0]->ne[1],
                                    tensors[0]->ne[2], tensors[0]->ne[3]);
    node->view = tensors[0]->view ? tensors[0]->view : tensors[0];
    for (size_t i = 0; i < n; i++) node->src[i] = tensors[i];
    node->n_src = (unsigned char)n;
    return node;
}

static void list_part(llw_schedule *s, const llw_part *part) {
    for (size_t j = 0; j < part->inputs.n; j++) {
        llw_node *input = part->inputs.items[j];
        place(s, &s->nodes, holder(s, &input, 1), input->backend);
        place(s, &s->nodes, copies_of(s, input, part->backend)[0], part->backend);
    }
    for (size_t j = part->start; j < part->end; j++) {
        llw_node *node = s->graph->nodes.items[j];
        place(s, &s->nodes, node, node->backend);
        if (!node->dependencies) continue;
        llw_nodes keep = s->kept.items[node->dependencies - 1];
        for (size_t k = 0; k < keep.n; k += LLW_MAX_SOURCES) {
            size_t n = keep.n - k < LLW_MAX_SOURCES ? keep.n - k : LLW_MAX_SOURCES;
            place(s, &s->nodes, holder(s, keep.items + k, n), part->backend);
        }
    }
}

static void list_held(llw_schedule *s) {
    for (size_t i = 0; i < s->inputs.n; i++) {
        llw_node *input = s->inputs.items[i];
        for (int c = 0; c < s->n_copies; c++)
            place(s, &s->leafs, copies_of(s, input, input->backend)[c], input->backend);
    }
    for (size_t i = 0; i < s->parts.n; i++) {
        const llw_part *part = &s->parts.items[i];
        for (size_t j = 0; j < part->inputs.n; j++)
            for (int c = 0; c < s->n_copies; c++)
                place(s, &s->leafs, copies_of(s, part->inputs.items[j], part->backend)[c], part->backend);
    }
}

void llw_schedule_cut(llw_schedule *s) {
    const llw_graph *graph = s->graph;
    cut_up(s);
    if (s->plan->build.expert_dependencies &&
        !llw_split_on(s->plan)) /* ggml-backend-meta.cpp: no graph_optimize */
        for (size_t i = 0; i < s->parts.n; i++)
            if (s->parts.items[i].backend != llw_cpu_backend(s->plan))
                llw_schedule_fuse(s, &s->parts.items[i]);
    size_t inputs = 0;
    for (size_t i = 0; i < s->parts.n; i++) inputs += s->parts.items[i].inputs.n;
    s->nodes.capacity = graph->nodes.n + 2 * inputs + s->kept.n;
    s->nodes.items = llw_arena_alloc(graph->arena, s->nodes.capacity * sizeof *s->nodes.items);
    s->leafs.capacity = graph->leafs.n;
    s->leafs.items = llw_arena_alloc(graph->arena, s->leafs.capacity * sizeof *s->leafs.items);
    for (size_t i = 0; i < s->parts.n; i++) list_part(s, &s->parts.items[i]);
    if (s->n_copies > 1) list_held(s);
    for (size_t i = 0; i < graph->leafs.n; i++)
        place(s, &s->leafs, graph->leafs.items[i], graph->leafs.items[i]->backend);
}

void llw_schedule_make(llw_schedule *s, llw_graph *graph) {
    llw_schedule_assign(s, graph);
    llw_schedule_cut(s);
}
