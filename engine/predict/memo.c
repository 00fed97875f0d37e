/* A hash from what decides a launch's memory to its prediction. */
#include "predict/memo.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

typedef struct entry {
    const char *key;
    size_t len;
    uint64_t hash;
    llw_prediction prediction;
} entry;

struct llw_memo {
    llw_arena *arena;
    entry **slots; /* open addressing; the size is a power of two */
    size_t n, capacity;
};

llw_memo *llw_memo_new(void) {
    llw_memo *memo = llw_xmalloc(sizeof *memo);
    memo->arena = llw_arena_new();
    return memo;
}

void llw_memo_free(llw_memo *memo) {
    if (!memo) return;
    free(memo->slots);
    llw_arena_free(memo->arena);
    free(memo);
}

#define ADD(field) llw_text_addn(key, (const char *)&launch->field, sizeof launch->field)

/* Every field that llw_predict reads, as bytes. */
static void write_key(llw_text *key, const llw_launch *launch) {
    ADD(model);
    ADD(program);
    ADD(build_order);
    ADD(gpu_layers);
    ADD(ctx);
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
    ADD(ctx_given);
    ADD(gpu_layers_given);
    ADD(mmap);
    ADD(embedding);
    for (size_t i = 0; i < launch->n_overrides; i++) {
        llw_text_addn(key, launch->overrides[i].pattern, strlen(launch->overrides[i].pattern) + 1);
        llw_text_addn(key, launch->overrides[i].buffer, strlen(launch->overrides[i].buffer) + 1);
    }
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

bool llw_memo_find(const llw_memo *memo, const llw_launch *launch, llw_prediction *out) {
    if (!memo->n) return false;
    llw_text key = {0};
    write_key(&key, launch);
    const entry *found = *slot_of(memo, &key, hash_of(&key));
    llw_text_fini(&key);
    if (found) *out = found->prediction;
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

void llw_memo_keep(llw_memo *memo, const llw_launch *launch, const llw_prediction *prediction) {
    if (memo->n * 2 >= memo->capacity) grow(memo);
    llw_text key = {0};
    write_key(&key, launch);
    uint64_t hash = hash_of(&key);
    entry **slot = slot_of(memo, &key, hash);
    if (!*slot) {
        entry *e = llw_arena_alloc(memo->arena, sizeof *e);
        e->key = llw_arena_strndup(memo->arena, key.bytes, key.len);
        e->len = key.len;
        e->hash = hash;
        *slot = e;
        memo->n++;
        e->prediction = *prediction;
        e->prediction.reason = llw_arena_strdup(memo->arena, prediction->reason);
        e->prediction.steps = NULL;
        e->prediction.n_steps = 0;
    }
    llw_text_fini(&key);
}
