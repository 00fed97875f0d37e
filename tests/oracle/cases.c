/* Makes random models and flags. */
#include "cases.h"

#include "base/text.h"
#include "fact/ggml_type.h"
#include "fact/header.h"

#include <stdio.h>
#include <string.h>

#define PICK(r, ...)                                                                                         \
    rng_pick(r, (const char *const[]){__VA_ARGS__},                                                          \
             (int)(sizeof(const char *[]){__VA_ARGS__} / sizeof(const char *)))

uint64_t rng_next(rng *r) { /* splitmix64 */
    uint64_t z = r->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

int rng_below(rng *r, int n) {
    return (int)(rng_next(r) % (uint64_t)n);
}

bool rng_chance(rng *r, int percent) {
    return rng_below(r, 100) < percent;
}

const char *rng_pick(rng *r, const char *const *items, int n) {
    return items[rng_below(r, n)];
}

/* ---- models ---- */

static bool ends_with(const char *text, const char *end) {
    size_t n = strlen(text), m = strlen(end);
    return n >= m && !strcmp(text + n - m, end);
}

static llw_meta *find(llw_model *model, const char *end) {
    for (size_t i = 0; i < model->n_meta; i++)
        if (ends_with(model->meta[i].key, end)) return &model->meta[i];
    return NULL;
}

/* The tokenizer's lists get shorter, and numbers of tokens stay inside. */
static void cut_vocabulary(llw_model *model, int64_t from, int64_t to) {
    for (size_t i = 0; i < model->n_meta; i++) {
        llw_meta *m = &model->meta[i];
        if (strncmp(m->key, "tokenizer.", 10) != 0 && !ends_with(m->key, ".vocab_size")) continue;
        if (m->type == LLW_GGUF_ARRAY && m->count > (uint64_t)to) {
            m->string_bytes = m->string_bytes / m->count * (uint64_t)to;
            if (m->strings == NULL && m->element == LLW_GGUF_STRING && m->string_bytes < 12 * (uint64_t)to)
                m->string_bytes = 12 * (uint64_t)to;
            m->count = (uint64_t)to;
        }
        if (ends_with(m->key, "_token_id") && m->integer >= to) m->integer = to - 1;
        if (ends_with(m->key, ".vocab_size")) m->integer = to;
    }
    for (size_t i = 0; i < model->n_tensors; i++)
        for (int d = 0; d < LLW_MAX_DIMS; d++)
            if (model->tensors[i].layer < 0 && model->tensors[i].dims[d] == from)
                model->tensors[i].dims[d] = to;
}

static void cut_layers(llw_model *model, int64_t layers) {
    size_t n = 0;
    for (size_t i = 0; i < model->n_tensors; i++)
        if (model->tensors[i].layer < layers) model->tensors[n++] = model->tensors[i];
    model->n_tensors = n;
    find(model, ".block_count")->integer = layers;
    for (size_t i = 0; i < model->n_meta; i++) {
        llw_meta *m = &model->meta[i];
        if (m->type == LLW_GGUF_ARRAY && strncmp(m->key, "tokenizer.", 10) != 0 &&
            m->count > (uint64_t)layers)
            m->count = (uint64_t)layers;
    }
}

/* Some tensors are quantised otherwise, where the row allows it. */
static void change_types(rng *r, llw_model *model) {
    const char *from = PICK(r, "q4_K", "q6_K", "q8_0", "q5_K"),
               *to = PICK(r, "q4_0", "q8_0", "iq4_xs", "f16", "q3_K", "q5_1");
    for (size_t i = 0; i < model->n_tensors; i++) {
        llw_tensor *t = &model->tensors[i];
        const llw_ggml_type *type = llw_ggml_type_get((uint32_t)llw_ggml_type_find(to));
        if ((int)t->type == llw_ggml_type_find(from) && t->dims[0] % type->block == 0)
            t->type = (uint32_t)llw_ggml_type_find(to);
    }
}

bool case_place(llw_model *model, int64_t *file_bytes) {
    for (size_t i = 0; i < model->n_tensors; i++)
        if (llw_tensor_measure(&model->tensors[i])) return false;
    uint64_t data = 0;
    if (!llw_model_place(model, &data)) return false;
    model->header_bytes = llw_model_header_length(model);
    *file_bytes = (int64_t)(model->header_bytes + data);
    return true;
}

bool case_model(rng *r, const char *name, llw_arena *arena, llw_known *out, int64_t *file_bytes) {
    llw_err err;
    if (llw_known_load(arena, name, true, out, &err) != LLW_OK) return false;
    llw_model *model = &out->model;
    const llw_tensor *embedding = llw_model_tensor(model, "token_embd.weight");
    int64_t layers = llw_model_int(model, "block_count", -1, 0);
    int64_t vocabulary = 1024 + 256 * rng_below(r, 29); /* a large one only costs time */
    if (!embedding || layers < 2 || embedding->dims[1] < vocabulary) return false;
    cut_vocabulary(model, embedding->dims[1], vocabulary);
    if (rng_chance(r, 60)) cut_layers(model, 2 + rng_below(r, (int)layers - 1));
    if (rng_chance(r, 40)) change_types(r, model);
    llw_meta *trained = find(model, ".context_length");
    if (rng_chance(r, 30)) trained->integer = 1024 * (2 + rng_below(r, 200));
    llw_meta *used = find(model, ".expert_used_count");
    if (used && used->integer > 2 && rng_chance(r, 30))
        used->integer = 2 + rng_below(r, (int)used->integer - 1);
    return case_place(model, file_bytes);
}

/* ---- flags ---- */

static void flag(llw_text *text, const char *words) {
    llw_text_addf(text, "%s%s", text->len ? " " : "", words);
}

static void common_flags(rng *r, bool server, llw_text *t) {
    if (rng_chance(r, 40)) {
        const char *type = PICK(r, "q8_0", "q4_0", "bf16", "q8_0", "f32", "q4_1", "q5_0", "q5_1", "iq4_nl");
        const char *other = rng_chance(r, 25) ? PICK(r, "f16", "q8_0", "q4_0", "bf16", "q5_1") : type;
        llw_text_addf(t, "%s-ctk %s -ctv %s", t->len ? " " : "", type, other);
    }
    if (rng_chance(r, 40)) llw_text_addf(t, "%s-np %d", t->len ? " " : "", 1 + rng_below(r, 16));
    if (server && rng_chance(r, 25)) flag(t, PICK(r, "-no-kvu", "-no-kvu", "-kvu"));
    if (rng_chance(r, 30))
        flag(t, PICK(r, "-ub 128", "-ub 256", "-ub 1024", "-ub 2048", "-ub 16", "-ub 1", "-ub 100",
                     "-ub 4096 -b 8192"));
    if (rng_chance(r, 15)) flag(t, PICK(r, "-b 512", "-b 1024", "-b 4096", "-b 33"));
    if (rng_chance(r, 15)) flag(t, PICK(r, "-fa off", "-fa off", "-fa on"));
    if (rng_chance(r, 8)) flag(t, "--swa-full");
    if (rng_chance(r, 10)) flag(t, PICK(r, "--no-op-offload", "--no-host", "--no-repack"));
    if (server && rng_chance(r, 6))
        flag(t,
             PICK(r, "--embedding", "--embedding --pooling mean", "--embedding --pooling last", "--rerank"));
}

static void literal_flags(rng *r, int layers, int cards, bool moe, llw_text *t) {
    if (rng_chance(r, 50)) llw_text_addf(t, "%s-ngl %d", t->len ? " " : "", rng_below(r, layers + 2));
    if (cards > 1 && rng_chance(r, 30))
        flag(t, cards == 2 ? PICK(r, "-ts 3,1", "-ts 1,2", "-ts 1,0", "-ts 0,1", "-ts 24,16")
                           : PICK(r, "-ts 3,2,1", "-ts 0,1,0", "-ts 1,1,1,1", "-ts 0.5,0,0.5", "-ts 2"));
    if (cards > 1 && rng_chance(r, 15))
        flag(t, PICK(r, "-sm none", "-sm none -mg 1", "-sm row", "-sm tensor", "-sm tensor",
                     "-sm none -mg -1"));
    if (cards > 1 && rng_chance(r, 8))
        flag(t, PICK(r, "-dev CUDA1", "-dev CUDA1,CUDA0", "-dev none"));
    if (moe && rng_chance(r, 35))
        flag(t, PICK(r, "-cmoe", "-ncmoe 3", "-ncmoe 7"));
    else if (rng_chance(r, 20))
        flag(t, PICK(r, "-ot blk\\.[0-3]\\.ffn_.*=CPU", "-ot attn_q=CPU", "-ot ffn_down=CUDA0",
                     "-ot blk\\.(1|3)\\.=CUDA0,ffn_up=CPU", "-ot output=CPU", "-ot token_embd=CUDA0",
                     "-ot norm=CPU -ot ffn_(gate|up)=CPU", "-ot .*=CPU"));
    if (rng_chance(r, 10)) flag(t, "--no-kv-offload");
}

/* Cards that hold between a third of the model and more than all of it. */
static void make_cards(rng *r, int64_t model_bytes, test_case *out) {
    int64_t whole = (model_bytes >> 20) * (30 + rng_below(r, 110)) / 100 + 1500;
    int shares[4], sum = 0;
    for (int i = 0; i < out->cards; i++) sum += shares[i] = 3 + rng_below(r, 8);
    for (int i = 0; i < out->cards; i++) {
        out->free[i] = whole * shares[i] / sum + 600;
        out->total[i] = out->free[i] + 500 + rng_below(r, 3000);
    }
    if (out->cards > 2 && rng_chance(r, 20))
        out->free[rng_below(r, out->cards)] = 100 + rng_below(r, 600); /* a tiny one */
}

void case_flags(rng *r, const llw_model *model, int64_t model_bytes, bool with_fit, llw_arena *arena,
                test_case *out) {
    memset(out, 0, sizeof *out);
    out->server = rng_chance(r, 60);
    out->cards = rng_chance(r, 10) ? 4 : 1 + rng_below(r, 3);
    make_cards(r, model_bytes, out);
    llw_text flags = {0}, fit = {0};
    common_flags(r, out->server, &flags);
    if (with_fit) {
        out->live = rng_chance(r, 35);
        flag(&fit, "--fit on");
        if (rng_chance(r, 20)) flag(&fit, PICK(r, "-fitc 1024", "-fitc 8192", "-fitc 10000"));
        if (rng_chance(r, 60)) flag(&fit, PICK(r, "-c 4096", "-c 16384", "-c 100000", "-c 0", "-c 5000"));
        if (rng_chance(r, 40))
            flag(&fit,
                 PICK(r, "-fitt 128,1024,512", "-fitt 0", "-fitt 600,300,100", "-fitt 2048", "-fitt 1,3000"));
        if (rng_chance(r, 6))
            flag(&fit, PICK(r, "-ngl 99", "-ngl all", "-ngl 3", "-cmoe", "-ts 1,2,1", "-ncmoe 4",
                            "-ot ffn_up=CPU", "-sm none", "-ngl auto", "-sm row", "-ngl 0"));
    } else {
        int layers = (int)llw_model_int(model, "block_count", -1, 0);
        bool moe = llw_model_int(model, "expert_count", -1, 0) > 0;
        literal_flags(r, layers, out->cards, moe, &flags);
        if (rng_chance(r, 85))
            flag(&flags, PICK(r, "-c 512", "-c 4096", "-c 10000", "-c 32768", "-c 131072", "-c 1", "-c 77",
                              "-c 1000", "-c 300000"));
    }
    out->flags = llw_arena_strdup(arena, llw_text_str(&flags));
    out->fit = llw_arena_strdup(arena, llw_text_str(&fit));
    llw_text_fini(&flags);
    llw_text_fini(&fit);
}
