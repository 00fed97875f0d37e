/* Estimates what grows beside llama.cpp's buffers: warm-up, first prompts, copies that no buffer holds. */
#include "predict/extras.h"

#include "base/table.h"
#include "fact/build.h"
#include "fact/ggml_type.h"

#include <stdlib.h>
#include <string.h>

static const int64_t MIB = 1024 * 1024;

typedef struct estimate {
    const llw_launch *launch;
    const llw_prediction *prediction;
    llw_arena *arena;
    llw_table table;
    void *items;
    size_t n, capacity;
} estimate;

/* The row of a key that holds for the build, or -1. */
static int find_row(const estimate *e, const char *key) {
    const llw_table *t = &e->table;
    int keys = llw_table_column(t, "key"), since = llw_table_column(t, "since"),
        until = llw_table_column(t, "until");
    for (size_t row = 0; row < t->n_rows; row++) {
        if (strcmp(llw_table_cell(t, row, keys), key) != 0) continue;
        const char *from = llw_table_cell(t, row, since), *to = llw_table_cell(t, row, until);
        if (*from && e->launch->build_order < llw_build_order(from)) continue;
        if (*to && e->launch->build_order >= llw_build_order(to)) continue;
        return (int)row;
    }
    return -1;
}

/* Adds a row of the table for a device: its MiB times `factor`, or `bytes` for the rows that switch on a
 * formula. */
static void add(estimate *e, int device, const char *key, double factor, int64_t bytes) {
    int row = find_row(e, key);
    if (row < 0) return;
    const llw_table *t = &e->table;
    if (bytes == 0) {
        double mib = strtod(llw_table_cell(t, (size_t)row, llw_table_column(t, "value")), NULL);
        bytes = (int64_t)(mib * factor * (double)MIB);
    }
    if (bytes <= 0) return;
    llw_extra *item = llw_arena_push(e->arena, &e->items, &e->n, &e->capacity, sizeof *item);
    *item = (llw_extra){device, bytes, llw_table_cell(t, (size_t)row, llw_table_column(t, "meaning")),
                        llw_table_cell(t, (size_t)row, llw_table_column(t, "source"))};
}

static void add_file(estimate *e, int device, int64_t bytes, const char *text) {
    if (bytes <= 0) return;
    llw_extra *item = llw_arena_push(e->arena, &e->items, &e->n, &e->capacity, sizeof *item);
    *item = (llw_extra){device, bytes, text, "the size of the file; its own caches and buffers come on top"};
}

/* The largest value of a per-layer hyper-parameter. */
static int64_t largest(const llw_model *model, const char *key, int layers, int64_t absent) {
    int64_t most = INT64_MIN;
    for (int i = 0; i < layers && i < 1024; i++) {
        int64_t n = llw_model_int(model, key, i, absent);
        if (n > most) most = n;
    }
    return most == INT64_MIN ? absent : most;
}

typedef struct shape {
    bool experts_or_state, quantized;
    int64_t heads, kv_heads, k_width, v_width;
} shape;

static shape shape_of(const estimate *e) {
    const llw_model *m = e->launch->model;
    shape s = {0};
    if (!m) return s;
    int layers = (int)llw_model_int(m, "block_count", -1, 0);
    int64_t embd = llw_model_int(m, "embedding_length", -1, 0);
    s.heads = largest(m, "attention.head_count", layers, 0);
    s.kv_heads = largest(m, "attention.head_count_kv", layers, s.heads);
    int64_t per_head = s.heads > 0 ? embd / s.heads : 0;
    s.k_width = llw_model_int(m, "attention.key_length", -1, per_head);
    s.v_width = llw_model_int(m, "attention.value_length", -1, per_head);
    s.experts_or_state =
        llw_model_int(m, "expert_count", -1, 0) > 0 || llw_model_hparam(m, "ssm.state_size") != NULL;
    s.quantized = llw_ggml_type_get(e->launch->type_k) && llw_ggml_type_get(e->launch->type_k)->quantized;
    return s;
}

/* heads x tokens x cells x width: large, but each factor is checked where the header is read; saturates. */
static int64_t product(int64_t a, int64_t b, int64_t c) {
    int64_t ab, abc;
    if (__builtin_mul_overflow(a, b, &ab) || __builtin_mul_overflow(ab, c, &abc)) return INT64_MAX / 4;
    return abc;
}

/* What this card was seen to need goes before what another one needed. */
static void add_measured(estimate *e, int device) {
    const llw_device *d = &e->launch->devices[device];
    llw_extra *item = llw_arena_push(e->arena, &e->items, &e->n, &e->capacity, sizeof *item);
    *item =
        (llw_extra){device, d->grew, "libraries, kernels and the growth at prompts, as measured on this card",
                    llw_arena_printf(e->arena, "the most of %lld record%s of the ledger",
                                     (long long)d->grew_records, d->grew_records == 1 ? "" : "s")};
}

static void add_device(estimate *e, int device, const shape *s) {
    const llw_prediction *p = e->prediction;
    if (e->launch->devices[device].grew_records > 0)
        add_measured(e, device);
    else {
        add(e, device, "warm-up", 1, 0);
        add(e, device, s->experts_or_state ? "prompt-experts" : "prompt", 1, 0);
        if (p->n_ubatch > 512) add(e, device, "prompt-batch", (double)(p->n_ubatch - 512) / 1536, 0);
    }
    if (p->device[device].context == 0) return; /* no attention runs here */
    if (!p->flash_attn) {
        add(e, device, "no-flash", 1, 0);
        add(e, device, "scores", 0, product(s->heads * 2, p->n_ubatch, p->n_ctx_seq));
    } else if (s->quantized) {
        add(e, device, "cache-copy", 0, product(s->kv_heads * 2, s->k_width + s->v_width, p->n_ctx_seq));
    }
}

/* The card that a projector goes to: the first one used. */
static int first_used(const llw_launch *launch) {
    bool one =
        launch->split_mode == LLW_SPLIT_NONE && launch->main_gpu > 0 && launch->main_gpu < launch->n_devices;
    return one ? launch->main_gpu : 0;
}

void llw_extras_estimate(const llw_fit *fit, const llw_extra_files *files, llw_arena *arena,
                         llw_extras *out) {
    const llw_launch *launch = &fit->launch;
    const llw_prediction *prediction = &fit->prediction;
    memset(out, 0, sizeof *out);
    estimate e = {.launch = launch, .prediction = prediction, .arena = arena};
    if (prediction->outcome != LLW_OUTCOME_OK) return;
    if (llw_table_read(arena, "models/extras.tsv", &e.table, NULL) != LLW_OK) return;
    shape s = shape_of(&e);
    for (int i = 0; i < launch->n_devices; i++) {
        if (llw_memory_sum(&prediction->device[i]) > 0) add_device(&e, i, &s);
    }
    if (files && launch->n_devices > 0) {
        add_file(&e, first_used(launch), files->mmproj, "the vision projector (--mmproj)");
        if (!fit->draft.used || fit->draft.outcome != LLW_OUTCOME_OK)
            add_file(&e, first_used(launch), files->draft, "the draft model (-md)");
    }
    out->items = e.items;
    out->n_items = e.n;
    for (size_t i = 0; i < e.n; i++) out->device[out->items[i].device] += out->items[i].bytes;
}

bool llw_extras_survive(const llw_fit *fit, const llw_extras *extras) {
    if (fit->prediction.outcome != LLW_OUTCOME_OK) return false;
    for (int i = 0; i < fit->launch.n_devices; i++) {
        const llw_device *device = &fit->launch.devices[i];
        int64_t need = llw_fit_need(fit, i);
        if (need == 0) continue;
        if (!device->known || need + extras->device[i] > device->free) return false;
    }
    return true;
}
