/* Lines two decisions up and keeps what differs. */
#include "explain/difference.h"
#include "explain/words.h"

#include <stdlib.h>
#include <string.h>

typedef struct differing {
    llw_arena *arena;
    llw_difference *out;
    size_t input_capacity, device_capacity, figure_capacity, finding_capacity, lesson_capacity;
} differing;

const char *llw_change_kind_name(llw_change_kind kind) {
    static const char *const name[] = {"gone", "come", "changed"};
    return name[kind];
}

static const char *keep(differing *d, llw_text *text) {
    const char *copy = llw_arena_strdup(d->arena, llw_text_str(text));
    llw_text_fini(text);
    return copy;
}

static const char *value_text(differing *d, const llw_side *side, llw_attr attr, llw_value value) {
    llw_text t = {0};
    llw_words_value(&t, side->run, attr, value);
    return keep(d, &t);
}

/* ---- what was given ---- */

static void add_input(differing *d, llw_attr attr, const char *name, const char *before, const char *after) {
    void *items = d->out->inputs;
    *(llw_input *)llw_arena_push(d->arena, &items, &d->out->n_inputs, &d->input_capacity, sizeof(llw_input)) =
        (llw_input){name, before, after, attr};
    d->out->inputs = items;
}

static void compare_slot(differing *d, llw_attr attr, llw_entity before, llw_entity after) {
    llw_value x = before ? llw_facts_value(d->out->a.run->facts, before, attr)
                         : llw_unknown(llw_attr_get(attr)->type),
              y = after ? llw_facts_value(d->out->b.run->facts, after, attr)
                        : llw_unknown(llw_attr_get(attr)->type);
    if (!x.known && !y.known) return;
    const char *was = value_text(d, &d->out->a, attr, x), *is = value_text(d, &d->out->b, attr, y);
    bool same = x.known && y.known && x.type != LLW_REF ? llw_value_equal(x, y) : !strcmp(was, is);
    if (same) return;
    llw_text t = {0};
    llw_words_slot(&t, after ? d->out->b.run : d->out->a.run, after ? after : before, attr);
    add_input(d, attr, keep(d, &t), was, is);
}

/* What a person reads of a model, a card, a machine; the rest follows from it. */
static bool is_input(llw_attr attr) {
    switch (llw_attr_get(attr)->kind) {
    case LLW_KIND_launch:
        return llw_attr_get(attr)->knob && attr != LLW_launch_model && attr != LLW_launch_build;
    case LLW_KIND_model:
        return attr == LLW_model_architecture || attr == LLW_model_quantization ||
               attr == LLW_model_file_bytes || attr == LLW_model_experts || attr == LLW_model_experts_used ||
               attr == LLW_model_layers || attr == LLW_model_attention || attr == LLW_model_context_length ||
               attr == LLW_model_params || attr == LLW_model_params_active || attr == LLW_model_moe;
    case LLW_KIND_gpu:
        return attr == LLW_gpu_name || attr == LLW_gpu_total || attr == LLW_gpu_free ||
               attr == LLW_gpu_bandwidth || attr == LLW_gpu_display;
    case LLW_KIND_host: return attr == LLW_host_ram_total || attr == LLW_host_ram_available;
    default: return false;
    }
}

static llw_entity thing_of(const llw_side *side, llw_attr which) {
    return llw_facts_ref(side->run->facts, side->launch, which);
}

static void compare_kind(differing *d, llw_kind kind, llw_entity before, llw_entity after) {
    for (int a = 1; a < LLW_ATTRS; a++)
        if (llw_attr_get((llw_attr)a)->kind == kind && is_input((llw_attr)a))
            compare_slot(d, (llw_attr)a, before, after);
}

static void compare_names(differing *d, llw_attr which, const char *name) {
    llw_entity before = thing_of(&d->out->a, which), after = thing_of(&d->out->b, which);
    const char *was = before ? llw_facts_id(d->out->a.run->facts, before) : "none",
               *is = after ? llw_facts_id(d->out->b.run->facts, after) : "none";
    if (strcmp(was, is)) add_input(d, which, name, was, is);
}

/* A card that is there on one side only: "RTX 4090, 23608.0 MiB free of 24564.0 MiB". */
static const char *card_text(differing *d, const llw_side *side, llw_entity gpu) {
    const char *name = "a card";
    llw_text t = {0};
    llw_facts_text(side->run->facts, gpu, LLW_gpu_name, &name);
    llw_text_add_safe(&t, name, strlen(name), false);
    llw_text_add(&t, ", ");
    llw_words_value(&t, side->run, LLW_gpu_free, llw_facts_value(side->run->facts, gpu, LLW_gpu_free));
    llw_text_add(&t, " free of ");
    llw_words_value(&t, side->run, LLW_gpu_total, llw_facts_value(side->run->facts, gpu, LLW_gpu_total));
    return keep(d, &t);
}

static void compare_gpus(differing *d) {
    const llw_facts *x = d->out->a.run->facts, *y = d->out->b.run->facts;
    for (llw_entity g = 0; (g = llw_facts_next(x, LLW_KIND_gpu, g));) {
        const char *id = llw_facts_id(x, g);
        llw_entity other = llw_facts_find(y, LLW_KIND_gpu, id);
        if (other)
            compare_kind(d, LLW_KIND_gpu, g, other);
        else
            add_input(d, LLW_gpu_name, id, card_text(d, &d->out->a, g), "none");
    }
    for (llw_entity g = 0; (g = llw_facts_next(y, LLW_KIND_gpu, g));) {
        const char *id = llw_facts_id(y, g);
        if (!llw_facts_find(x, LLW_KIND_gpu, id))
            add_input(d, LLW_gpu_name, id, "none", card_text(d, &d->out->b, g));
    }
}

static void inputs(differing *d) {
    compare_names(d, LLW_launch_model, "the model");
    compare_kind(d, LLW_KIND_model, thing_of(&d->out->a, LLW_launch_model),
                 thing_of(&d->out->b, LLW_launch_model));
    compare_names(d, LLW_launch_build, "llama.cpp");
    compare_kind(d, LLW_KIND_launch, d->out->a.launch, d->out->b.launch);
    compare_gpus(d);
    compare_kind(d, LLW_KIND_host, llw_facts_next(d->out->a.run->facts, LLW_KIND_host, 0),
                 llw_facts_next(d->out->b.run->facts, LLW_KIND_host, 0));
}

/* ---- what comes of it ---- */

static bool same_line(const llw_device_line *x, const llw_device_line *y) {
    return x && y && x->known == y->known && x->total == y->total && x->free == y->free &&
           x->weights == y->weights && x->kv == y->kv && x->compute == y->compute;
}

static const llw_device_line *line_named(const llw_decision *decision, const char *name) {
    for (size_t i = 0; i < decision->n_devices; i++)
        if (!strcmp(decision->devices[i].name, name)) return &decision->devices[i];
    return NULL;
}

static void add_pair(differing *d, const char *name) {
    const llw_device_line *x = line_named(&d->out->before, name), *y = line_named(&d->out->after, name);
    if (same_line(x, y)) return;
    void *items = d->out->devices;
    *(llw_device_pair *)llw_arena_push(d->arena, &items, &d->out->n_devices, &d->device_capacity,
                                       sizeof(llw_device_pair)) = (llw_device_pair){name, x, y};
    d->out->devices = items;
}

static void devices(differing *d) {
    const llw_decision *x = &d->out->before, *y = &d->out->after;
    for (size_t i = 0; i < x->n_devices; i++)
        if (strcmp(x->devices[i].name, "Host")) add_pair(d, x->devices[i].name);
    for (size_t i = 0; i < y->n_devices; i++)
        if (!line_named(x, y->devices[i].name)) add_pair(d, y->devices[i].name);
    if (line_named(x, "Host")) add_pair(d, "Host");
}

static void add_figure(differing *d, llw_attr attr, const char *name, const char *before, const char *after) {
    if (!strcmp(before, after)) return;
    void *items = d->out->figures;
    *(llw_figure *)llw_arena_push(d->arena, &items, &d->out->n_figures, &d->figure_capacity,
                                  sizeof(llw_figure)) = (llw_figure){name, before, after, attr};
    d->out->figures = items;
}

static const char *speed_of(differing *d, const llw_side *side) {
    double low = 0, high = 0;
    bool loads = false;
    const llw_facts *f = side->run->facts;
    if (!llw_facts_flag(f, side->launch, LLW_launch_loads, &loads) || !loads) return "none";
    if (!llw_facts_real(f, side->launch, LLW_launch_speed_low, &low) ||
        !llw_facts_real(f, side->launch, LLW_launch_speed_high, &high))
        return "unknown";
    return llw_arena_printf(d->arena, "%.*f to %.*f", low < 10, low, high < 10, high);
}

static void figures(differing *d) {
    static const struct {
        llw_attr attr;
        const char *name;
    } list[] = {{LLW_launch_loads, "loads"},
                {LLW_launch_meets_target, "keeps --fit-target free"},
                {LLW_launch_survives, "survives long prompts"},
                {LLW_launch_fits_one_gpu, "one card could hold it"},
                {LLW_launch_fits_gpus, "the cards together could hold it"},
                {LLW_launch_fit_outcome, "--fit"},
                {LLW_launch_strategy, "where the weights belong"},
                {LLW_launch_n_ctx, "context"},
                {LLW_launch_n_seq, "slots"},
                {LLW_launch_n_ctx_seq, "context of a slot"},
                {LLW_launch_flash_attn_used, "flash attention"},
                {LLW_launch_weights_on_host, "layers' weights in RAM"}};
    for (size_t i = 0; i < sizeof list / sizeof *list; i++) {
        llw_attr attr = list[i].attr;
        add_figure(
            d, attr, list[i].name,
            value_text(d, &d->out->a, attr, llw_facts_value(d->out->a.run->facts, d->out->a.launch, attr)),
            value_text(d, &d->out->b, attr, llw_facts_value(d->out->b.run->facts, d->out->b.launch, attr)));
    }
    add_figure(d, LLW_launch_speed_low, "tokens per second, estimated", speed_of(d, &d->out->a),
               speed_of(d, &d->out->b));
}

static llw_finding_change *add_finding(differing *d, llw_change_kind kind, const llw_reason *reason) {
    void *items = d->out->findings;
    llw_finding_change *f = llw_arena_push(d->arena, &items, &d->out->n_findings, &d->finding_capacity,
                                           sizeof(llw_finding_change));
    d->out->findings = items;
    *f = (llw_finding_change){.kind = kind,
                              .code = reason->code,
                              .rule = reason->node->rule->id,
                              .level = reason->level,
                              .text = reason->text,
                              .was = "",
                              .reason = ""};
    return f;
}

static const llw_reason *reason_of(const llw_decision *decision, const llw_node *node) {
    for (size_t i = 0; i < decision->n_reasons; i++)
        if (decision->reasons[i].node == node) return &decision->reasons[i];
    return NULL;
}

static void findings(differing *d) {
    llw_difference *out = d->out;
    for (size_t i = 0; i < out->before.n_reasons; i++) {
        const llw_reason *was = &out->before.reasons[i];
        const llw_node *there = llw_side_counterpart(&out->a, was->node, &out->b);
        if (there && reason_of(&out->after, there)) continue;
        llw_finding_change *f = add_finding(d, LLW_GONE, was);
        f->before = was->node;
        f->reason = llw_say_flip(&out->a, &out->b, true, was->node, d->arena);
    }
    for (size_t i = 0; i < out->after.n_reasons; i++) {
        const llw_reason *is = &out->after.reasons[i];
        const llw_node *there = llw_side_counterpart(&out->b, is->node, &out->a);
        const llw_reason *was = there ? reason_of(&out->before, there) : NULL;
        if (was && !strcmp(was->text, is->text)) continue;
        llw_finding_change *f = add_finding(d, was ? LLW_CHANGED : LLW_COME, is);
        f->after = is->node;
        if (was) {
            f->before = was->node;
            f->was = was->text;
        } else {
            f->reason = llw_say_flip(&out->a, &out->b, false, is->node, d->arena);
        }
    }
}

static void lessons(differing *d) {
    llw_difference *out = d->out;
    size_t n = out->before.n_lessons < out->after.n_lessons ? out->before.n_lessons : out->after.n_lessons;
    for (size_t i = 0; i < n; i++) {
        const llw_lesson_line *x = &out->before.lessons[i], *y = &out->after.lessons[i];
        if ((x->state == LLW_UNDECIDED) == (y->state == LLW_UNDECIDED)) continue;
        void *items = out->lessons;
        *(llw_lesson_change *)llw_arena_push(d->arena, &items, &out->n_lessons, &d->lesson_capacity,
                                             sizeof(llw_lesson_change)) =
            (llw_lesson_change){y->lesson, x->state, y->state, y->state == LLW_UNDECIDED ? y->text : ""};
        out->lessons = items;
    }
}

void llw_differ(const llw_side *a, const llw_side *b, llw_arena *arena, llw_difference *out) {
    *out = (llw_difference){.a = *a, .b = *b};
    differing d = {.arena = arena, .out = out};
    llw_decide_verdict(a->run, a->launch, arena, &out->before);
    llw_decide_verdict(b->run, b->launch, arena, &out->after);
    inputs(&d);
    devices(&d);
    figures(&d);
    findings(&d);
    lessons(&d);
}
