/* A hash from what decides a launch's memory to its prediction. */
#include "predict/memo.h"

#include "predict/graph_kept.h"
#include "predict/tensor_names.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    const char *key;
    size_t len;
    uint64_t hash;
    union {
        llw_prediction prediction;
        llw_probes probes; /* of a key that ends in PROBES */
        const char *unmet; /* of write_model_key's: unmet, names, named */
        const llw_tensor_name *names;
        llw_named named;
    } as;
} entry;

enum { GRAPHS = 4 /* of a megabyte or so each */ };

struct llw_memo {
    llw_arena *arena;
    struct {
        llw_text key;
        llw_graph_kept *graph;
    } graphs[GRAPHS];
    size_t oldest; /* of them */
    entry **slots; /* open addressing; the size is a power of two */
    size_t n, capacity;
    bool figures; /* nobody asks for steps */
};

llw_memo *llw_memo_new(void) {
    llw_memo *memo = llw_xmalloc(sizeof *memo);
    memo->arena = llw_arena_new();
    return memo;
}

void llw_memo_want_figures(llw_memo *memo) {
    memo->figures = true;
}

void llw_memo_free(llw_memo *memo) {
    if (!memo) return;
    for (size_t i = 0; i < GRAPHS; i++) {
        llw_text_fini(&memo->graphs[i].key);
        llw_graph_kept_free(memo->graphs[i].graph);
    }
    free(memo->slots);
    llw_arena_free(memo->arena);
    free(memo);
}

#define ADD(field) llw_text_addn(key, (const char *)&launch->field, sizeof launch->field)

/* Every field that llw_predict reads, as bytes: first what has nothing to do with where things lie ... */
static void write_shape(llw_text *key, const llw_launch *launch) {
    ADD(model);
    ADD(program);
    ADD(build_order);
    ADD(batch);
    ADD(ubatch);
    ADD(type_k);
    ADD(type_v);
    ADD(flash_attn);
    ADD(parallel);
    ADD(kv_unified);
    ADD(kv_offload);
    ADD(swa_full);
    ADD(op_offload);
    ADD(split_mode);
    ADD(mmap);
    ADD(embedding);
    ADD(pooling);
    ADD(repack);
    ADD(no_host);
    llw_text_addn(key, launch->cpu ? launch->cpu : "?", strlen(launch->cpu ? launch->cpu : "?") + 1);
    ADD(spec.types);
    ADD(spec.most);
    ADD(spec.draft_most);
    ADD(drafts);
}

/* The context as llama.cpp rounds it up (llama-context.cpp, GGML_PAD to 256 cells): nothing else of it
 * matters once it is no smaller than the batch, which it bounds. */
static int64_t cells_of(const llw_launch *launch) {
    enum { PAD = 256 };
    bool bounds = launch->ctx <= launch->batch || launch->ctx > UINT32_MAX;
    return bounds ? launch->ctx : (launch->ctx + PAD - 1) / PAD * PAD;
}

/* ... then the context and the placement. Whether -c and -ngl were given makes no difference. */
static void write_place(llw_text *key, const llw_launch *launch) {
    ADD(gpu_layers);
    ADD(free_hand);
    int64_t cells = cells_of(launch);
    llw_text_addn(key, (const char *)&cells, sizeof cells);
    ADD(n_tensor_split);
    llw_text_addn(key, (const char *)launch->tensor_split,
                  sizeof *launch->tensor_split * (size_t)launch->n_tensor_split);
    ADD(main_gpu);
    ADD(n_devices);
    for (int i = 0; i < launch->n_devices;
         i++) { /* without -ts the split follows free memory; kernels depend on the card */
        ADD(devices[i].gpu);
        ADD(devices[i].known);
        ADD(devices[i].free);
        ADD(devices[i].total);
        llw_text_addn(key, launch->devices[i].name, strlen(launch->devices[i].name) + 1);
    }
    for (size_t i = 0; i < launch->n_overrides; i++) {
        llw_text_addn(key, launch->overrides[i].pattern, strlen(launch->overrides[i].pattern) + 1);
        llw_text_addn(key, launch->overrides[i].buffer, strlen(launch->overrides[i].buffer) + 1);
    }
}

static void write_key(llw_text *key, const llw_launch *launch, bool explained) {
    write_shape(key, launch);
    write_place(key, launch);
    if (explained) llw_text_add(key, "explained");
}

static void write_probes_key(llw_text *key, const llw_launch *launch, unsigned kinds) {
    write_shape(key, launch);
    llw_text_addf(key, "probes %u", kinds);
}

static uint64_t hash_of(const llw_text *key) {
    uint64_t h = 1469598103934665603u;
    for (size_t i = 0; i < key->len; i++) h = (h ^ (unsigned char)key->bytes[i]) * 1099511628211u;
    return h ^ h >> 31;
}

/* The place of the key: an equal entry, or the empty slot where it belongs. */
static entry **slot_of(const llw_memo *memo, const llw_text *key, uint64_t hash) {
    size_t at = hash & (memo->capacity - 1);
    for (; memo->slots[at]; at = (at + 1) & (memo->capacity - 1)) {
        const entry *e = memo->slots[at];
        if (e->hash == hash && e->len == key->len && !memcmp(e->key, key->bytes, key->len)) break;
    }
    return &memo->slots[at];
}

static const entry *find(const llw_memo *memo, llw_text *key) {
    const entry *found = memo->n ? *slot_of(memo, key, hash_of(key)) : NULL;
    llw_text_fini(key);
    return found;
}

bool llw_memo_find(const llw_memo *memo, const llw_launch *launch, bool explain, llw_prediction *out) {
    if (explain && !memo->figures) return false;
    llw_text key = {0};
    write_key(&key, launch, explain);
    const entry *found = find(memo, &key);
    if (found) *out = found->as.prediction;
    return found != NULL;
}

bool llw_memo_find_probes(const llw_memo *memo, const llw_launch *launch, unsigned kinds, llw_probes *out) {
    llw_text key = {0};
    write_probes_key(&key, launch, kinds);
    const entry *found = find(memo, &key);
    if (found) *out = found->as.probes;
    return found != NULL;
}

static void grow(llw_memo *memo) {
    size_t old = memo->capacity;
    entry **slots = memo->slots;
    memo->capacity = old ? old * 2 : 256;
    memo->slots = llw_xmalloc(memo->capacity * sizeof *memo->slots);
    for (size_t i = 0; i < old; i++) {
        if (!slots[i]) continue;
        size_t at = slots[i]->hash & (memo->capacity - 1);
        while (memo->slots[at]) at = (at + 1) & (memo->capacity - 1);
        memo->slots[at] = slots[i];
    }
    free(slots);
}

/* A new entry for the key, or NULL when there is one. */
static entry *add(llw_memo *memo, llw_text *key) {
    if (memo->n * 2 >= memo->capacity) grow(memo);
    uint64_t hash = hash_of(key);
    entry **slot = slot_of(memo, key, hash), *e = NULL;
    if (!*slot) {
        e = llw_arena_alloc(memo->arena, sizeof *e);
        e->key = llw_arena_strndup(memo->arena, key->bytes, key->len);
        e->len = key->len;
        e->hash = hash;
        *slot = e;
        memo->n++;
    }
    llw_text_fini(key);
    return e;
}

static void keep(llw_memo *memo, const llw_launch *launch, bool explained, const llw_prediction *prediction) {
    llw_text key = {0};
    write_key(&key, launch, explained);
    entry *e = add(memo, &key);
    if (!e) return;
    e->as.prediction = *prediction;
    e->as.prediction.reason = llw_arena_strdup(memo->arena, prediction->reason);
    e->as.prediction.steps = NULL;
    e->as.prediction.n_steps = 0;
}

void llw_memo_keep(llw_memo *memo, const llw_launch *launch, bool explain, const llw_prediction *prediction) {
    /* what is refused is told with the context as it was given */
    if (prediction->outcome != LLW_OUTCOME_OK && cells_of(launch) != launch->ctx) return;
    keep(memo, launch, false, prediction);
    if (explain && memo->figures) keep(memo, launch, true, prediction);
}

void llw_memo_keep_probes(llw_memo *memo, const llw_launch *launch, unsigned kinds, llw_probes probes) {
    llw_text key = {0};
    write_probes_key(&key, launch, kinds);
    entry *e = add(memo, &key);
    if (e) e->as.probes = probes;
}

llw_graph_kept **llw_memo_graph(llw_memo *memo, const llw_launch *launch, const llw_text *rest) {
    llw_text key = {0};
    write_shape(&key, launch);
    llw_text_addn(&key, rest->bytes, rest->len);
    for (size_t i = 0; i < GRAPHS; i++) {
        const llw_text *known = &memo->graphs[i].key;
        if (known->len != key.len || memcmp(known->bytes, key.bytes, key.len) != 0) continue;
        llw_text_fini(&key);
        return &memo->graphs[i].graph;
    }
    size_t at = memo->oldest;
    memo->oldest = (at + 1) % GRAPHS;
    llw_text_fini(&memo->graphs[at].key);
    llw_graph_kept_free(memo->graphs[at].graph);
    memo->graphs[at].key = key;
    memo->graphs[at].graph = NULL;
    return &memo->graphs[at].graph;
}

/* What is known of a model, whatever the launch. */
static void write_model_key(llw_text *key, const llw_model *model, const char *what, const char *of) {
    llw_text_addn(key, (const char *)&model, sizeof model);
    llw_text_add(key, what);
    llw_text_add(key, of);
}

bool llw_memo_find_unmet(const llw_memo *memo, const llw_model *model, const char **unmet) {
    llw_text key = {0};
    write_model_key(&key, model, "unmet", "");
    const entry *found = find(memo, &key);
    if (found) *unmet = found->as.unmet;
    return found != NULL;
}

void llw_memo_keep_unmet(llw_memo *memo, const llw_model *model, const char *unmet) {
    llw_text key = {0};
    write_model_key(&key, model, "unmet", "");
    entry *e = add(memo, &key);
    if (e) e->as.unmet = unmet ? llw_arena_strdup(memo->arena, unmet) : NULL;
}

static void *copy(llw_memo *memo, const void *items, size_t n, size_t size) {
    void *kept = llw_arena_alloc(memo->arena, n * size);
    if (n) memcpy(kept, items, n * size);
    return kept;
}

const llw_tensor_name *llw_memo_find_names(const llw_memo *memo, const llw_model *model) {
    llw_text key = {0};
    write_model_key(&key, model, "names", "");
    const entry *found = find(memo, &key);
    return found ? found->as.names : NULL;
}

const llw_tensor_name *llw_memo_keep_names(llw_memo *memo, const llw_model *model,
                                           const llw_tensor_name *names) {
    llw_text key = {0};
    write_model_key(&key, model, "names", "");
    entry *e = add(memo, &key);
    return e ? e->as.names = copy(memo, names, model->n_tensors, sizeof *names) : names;
}

bool llw_memo_find_named(const llw_memo *memo, const llw_model *model, const char *pattern, llw_named *out) {
    llw_text key = {0};
    write_model_key(&key, model, "named", pattern);
    const entry *found = find(memo, &key);
    if (found) *out = found->as.named;
    return found != NULL;
}

void llw_memo_keep_named(llw_memo *memo, const llw_model *model, const char *pattern, llw_named named) {
    llw_text key = {0};
    write_model_key(&key, model, "named", pattern);
    entry *e = add(memo, &key);
    if (e) e->as.named = (llw_named){copy(memo, named.tensors, named.n, sizeof *named.tensors), named.n};
}
