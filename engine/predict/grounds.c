/* Names the operands of a figure and where each was read. */
#include "predict/grounds.h"

#include "base/text.h"
#include "fact/ggml_type.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char loader[] = "src/llama-model.cpp load_hparams";

/* Takes over the text. */
static llw_step *push(llw_plan *plan, int depth, const char *source, llw_text *text) {
    llw_step *step = llw_arena_push(plan->arena, (void **)&plan->out->steps, &plan->out->n_steps,
                                    &plan->steps_capacity, sizeof *step);
    const llw_step *figure = plan->out->n_steps > 1 ? step - 1 : step;
    *step = (llw_step){.device = figure->device,
                       .result = figure->result,
                       .text = llw_arena_strdup(plan->arena, llw_text_str(text)),
                       .source = source,
                       .depth = depth,
                       .slot_device = -1};
    llw_text_fini(text);
    return step;
}

void llw_ground_line(llw_plan *plan, int depth, const char *source, const char *fmt, ...) {
    if (!plan->explain) return;
    char line[512];
    va_list args;
    va_start(args, fmt);
    vsnprintf(line, sizeof line, fmt, args);
    va_end(args);
    llw_text text = {0};
    llw_text_add(&text, line);
    push(plan, depth, source, &text);
}

bool llw_ground_key(llw_plan *plan, int depth, const char *key, const char *absent) {
    if (!plan->explain) return false;
    const llw_meta *meta = llw_model_hparam(plan->model, key);
    if (!meta) meta = llw_model_meta(plan->model, key);
    llw_text text = {0};
    char n[LLW_NUMBER_MAX];
    if (!meta) {
        if (!absent) return false;
        llw_text_addf(&text, "the header has no %s: llama.cpp takes %s", key, absent);
        push(plan, depth, loader, &text);
        return false;
    }
    if (meta->type == LLW_GGUF_ARRAY)
        llw_text_addf(&text, "%s: a list of %s", key, llw_format_count(n, (int64_t)meta->count));
    else if (meta->type == LLW_GGUF_F32 || meta->type == LLW_GGUF_F64)
        llw_text_addf(&text, "%s = %g", key, meta->real);
    else if (meta->type == LLW_GGUF_STRING)
        llw_text_addf(&text, "%s is given", key);
    else
        llw_text_addf(&text, "%s = %s", key, llw_format_count(n, meta->integer));
    push(plan, depth, llw_arena_printf(plan->arena, "gguf %s", meta->key), &text);
    return true;
}

void llw_ground_slot(llw_plan *plan, int depth, llw_attr slot, int device) {
    if (!plan->explain) return;
    llw_text text = {0};
    llw_text_add(&text, llw_attr_get(slot)->name);
    llw_step *step = push(plan, depth, "", &text);
    step->slot = slot;
    step->slot_device = device;
}

void llw_ground_type(llw_plan *plan, int depth, uint32_t number) {
    const llw_ggml_type *type = llw_ggml_type_get(number);
    if (type->block == 1)
        llw_ground_line(plan, depth, "ggml/src/ggml.c type_traits", "%s: %u bytes a number", type->name,
                        type->bytes);
    else
        llw_ground_line(plan, depth, "ggml/src/ggml-common.h", "%s: %u bytes for a block of %u numbers",
                        type->name, type->bytes, type->block);
}

/* "0 to 31", or "3, 7, 11 ... (12 of them)" when they do not follow each other. */
static void say_range(const llw_plan *plan, llw_place place, llw_text *text) {
    int first = -1, last = -1, n = 0;
    for (int i = 0; i < plan->hparams.n_layer_all; i++) {
        if (llw_plan_device(plan, plan->layer_place[i]) != llw_plan_device(plan, place)) continue;
        if (first < 0) first = i;
        last = i;
        n++;
    }
    if (n == 0)
        llw_text_add(text, "none");
    else if (n == last - first + 1)
        llw_text_addf(text, n == 1 ? "%d" : "%d to %d", first, last);
    else
        llw_text_addf(text, "%d of them between %d and %d", n, first, last);
}

void llw_ground_layers(llw_plan *plan, llw_place place) {
    if (!plan->explain) return;
    static const char source[] = "src/llama-model.cpp load_tensors";
    const llw_launch *launch = plan->launch;
    const llw_hparams *h = &plan->hparams;
    llw_text range = {0};
    say_range(plan, place, &range);
    bool output = llw_plan_device(plan, plan->layer_place[h->n_layer_all]) == llw_plan_device(plan, place);
    llw_plan_step(
        plan, llw_plan_device(plan, place), LLW_placement_layers, llw_plan_memory(plan, place)->layers,
        source, "of layers 0 to %d: %s%s; %lld layers, the output counted as one, go to GPUs, the last ones",
        h->n_layer_all - 1, llw_text_str(&range), output ? ", and the output" : "",
        (long long)(plan->gpu_layers < h->n_layer_all + 1 ? plan->gpu_layers : h->n_layer_all + 1));
    llw_text_fini(&range);
    llw_ground_key(plan, 1, "block_count", NULL);
    llw_ground_slot(plan, 1, LLW_launch_gpu_layers, -1);
    if (launch->n_devices < 2) return;
    llw_ground_slot(plan, 1, LLW_launch_split_mode, -1);
    if (launch->split_mode == LLW_SPLIT_NONE) {
        llw_ground_slot(plan, 1, LLW_launch_main_gpu, -1);
        return;
    }
    bool given = false;
    for (int i = 0; i < launch->n_tensor_split; i++) given = given || launch->tensor_split[i] != 0;
    if (given) {
        llw_ground_slot(plan, 1, LLW_launch_tensor_split, -1);
        return;
    }
    llw_ground_line(plan, 1, source, "without -ts each card gets layers by its share of the free memory");
    for (int i = 0; i < plan->n_devices; i++) llw_ground_slot(plan, 2, LLW_gpu_free, plan->device[i]);
}

void llw_ground_cells(llw_plan *plan, int depth, int which) {
    if (!plan->explain) return;
    const llw_cache *cache = &plan->cache[which];
    char n[LLW_NUMBER_MAX];
    bool all = cache->cells == plan->n_ctx_seq;
    if (all) {
        llw_ground_slot(plan, depth, LLW_launch_n_ctx_seq, -1);
        if (which == LLW_CACHE_WINDOW && plan->launch->swa_full)
            llw_ground_slot(plan, depth, LLW_launch_swa_full, -1);
    } else if (which == LLW_CACHE_WINDOW) {
        bool shared = plan->kv_unified && plan->architecture->memory != LLW_MEMORY_COMPRESSED;
        llw_ground_line(
            plan, depth, "src/llama-kv-cache-iswa.cpp llama_kv_cache_iswa",
            "%s cells: the window of %lld tokens x %d sequences + %lld tokens of a micro-batch, up to a "
            "multiple of 256",
            llw_format_count(n, cache->cells), (long long)cache->window, shared ? plan->n_seq : 1,
            (long long)plan->n_ubatch);
        llw_ground_key(plan, depth + 1, "attention.sliding_window", "the architecture's own window");
        if (shared) llw_ground_slot(plan, depth + 1, LLW_launch_n_seq, -1);
        llw_ground_slot(plan, depth + 1, LLW_launch_ubatch, -1);
    } else {
        llw_ground_line(plan, depth, "src/llama-kv-cache-dsv4.cpp",
                        "%s cells: several tokens share a cell; up to a multiple of 256",
                        llw_format_count(n, cache->cells));
        llw_ground_slot(plan, depth + 1, LLW_launch_n_ctx_seq, -1);
        llw_ground_key(plan, depth + 1, "attention.compress_ratios", NULL);
    }
    if (cache->streams > 1) llw_ground_slot(plan, depth, LLW_launch_n_seq, -1);
}

/* A head's width, by the key it is read from. */
static void ground_head(llw_plan *plan, int depth, const char *key, const char *windowed_key, bool windowed) {
    if (windowed && llw_ground_key(plan, depth, windowed_key, NULL)) return;
    if (llw_ground_key(plan, depth, key, "embedding_length / attention.head_count")) return;
    llw_ground_key(plan, depth, "embedding_length", NULL);
    llw_ground_key(plan, depth, "attention.head_count", NULL);
}

void llw_ground_width(llw_plan *plan, int depth, int which, const llw_cache_layer *layer) {
    if (!plan->explain) return;
    const llw_hparams *h = &plan->hparams;
    static const char source[] = "src/llama-hparams.cpp n_embd_k_gqa, n_embd_v_gqa";
    if (which == LLW_CACHE_INDEXER) {
        llw_ground_line(plan, depth, "src/llama-kv-cache.cpp llama_kv_cache", "%lld: one key of the indexer",
                        (long long)layer->k_width);
        llw_ground_key(plan, depth + 1, "attention.indexer.key_length", NULL);
        if (layer->v_width)
            ground_head(plan, depth + 1, "attention.value_length", "attention.value_length_swa", false);
        return;
    }
    const llw_layer *of = &h->layer[layer->layer];
    int64_t rank = of->windowed ? h->lora_kv_swa : h->lora_kv, head = llw_hparams_head_k(h, layer->layer);
    bool compressed = h->mla && rank + h->rot == head;
    llw_ground_line(plan, depth, source, "%lld: %lld key-value head%s x %lld%s", (long long)layer->k_width,
                    (long long)of->kv_heads, of->kv_heads == 1 ? "" : "s", (long long)head,
                    compressed ? ", the compressed vector and its rotated part" : "");
    llw_ground_key(plan, depth + 1, "attention.head_count_kv", "attention.head_count");
    ground_head(plan, depth + 1, "attention.key_length", "attention.key_length_swa", of->windowed);
    if (compressed) {
        llw_ground_key(plan, depth + 1, "attention.kv_lora_rank", NULL);
        llw_ground_key(plan, depth + 1, "rope.dimension_count", NULL);
    }
    if (!layer->v_width) return;
    if (plan->v_transposed)
        llw_ground_line(
            plan, depth, "src/llama-kv-cache.cpp llama_kv_cache",
            "without flash attention V lies transposed, in all layers as wide as the widest: %lld",
            (long long)layer->v_width);
    ground_head(plan, depth + 1, "attention.value_length", "attention.value_length_swa", of->windowed);
}

void llw_ground_cache_layers(llw_plan *plan, int depth, llw_place place, int64_t n) {
    if (!plan->explain) return;
    static const char *const keys[] = {
        "full_attention_interval",    "attention.recurrent_layers", "attention.sliding_window_pattern",
        "attention.shared_kv_layers", "nextn_predict_layers",       "attention.compress_ratios",
        "attention.indexer.types",    "attention.head_count_kv"};
    const llw_memory *memory = llw_plan_memory(plan, place);
    if (!plan->launch->kv_offload) llw_ground_slot(plan, depth, LLW_launch_kv_offload, -1);
    if (n == memory->layers) {
        llw_ground_slot(plan, depth, LLW_placement_layers, llw_plan_device(plan, place));
        return;
    }
    llw_ground_line(plan, depth, "src/models load_arch_hparams",
                    "%lld layers have it; the architecture says which", (long long)n);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) llw_ground_key(plan, depth + 1, keys[i], NULL);
    llw_ground_slot(plan, depth + 1, LLW_placement_layers, llw_plan_device(plan, place));
}

void llw_ground_state(llw_plan *plan, int depth) {
    static const char *const keys[] = {"ssm.conv_kernel",      "ssm.inner_size",     "ssm.state_size",
                                       "ssm.group_count",      "ssm.time_step_rank", "wkv.head_size",
                                       "token_shift_count",    "shortconv.l_cache",  "kda.head_dim",
                                       "attention.head_count", "embedding_length"};
    if (!plan->explain) return;
    llw_ground_line(plan, depth, "src/llama-hparams.cpp n_embd_r, n_embd_s",
                    "%lld numbers for the convolution and %lld for the state, 4 bytes each",
                    (long long)plan->state.r_width, (long long)plan->state.s_width);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) llw_ground_key(plan, depth + 1, keys[i], NULL);
    llw_ground_slot(plan, depth, LLW_launch_n_seq, -1);
}

void llw_ground_context(llw_plan *plan, int64_t asked) {
    if (!plan->explain) return;
    static const char server[] = "tools/server/server.cpp", context[] = "src/llama-context.cpp llama_context";
    const llw_launch *launch = plan->launch;
    const char *from = launch->ctx > 0 ? "-c" : "context_length of the header";
    char n[LLW_NUMBER_MAX], each[LLW_NUMBER_MAX];
    bool automatic = launch->parallel < 0;
    llw_plan_step(plan, -1, LLW_launch_n_ctx, plan->n_ctx, context,
                  plan->kv_unified ? "%s %s, up to a multiple of 256; %d slot%s share it"
                                   : "%s %s, shared out among %d slot%s in multiples of 256",
                  from, llw_format_count(n, asked), plan->n_seq, plan->n_seq == 1 ? "" : "s");
    if (launch->ctx > 0)
        llw_ground_slot(plan, 1, LLW_launch_ctx, -1);
    else
        llw_ground_key(plan, 1, "context_length", NULL);
    llw_ground_slot(plan, 1, LLW_launch_n_seq, -1);
    bool of_one = launch->parallel == 1 && plan->n_seq > 1; /* the build's one_slot_is_four */
    llw_plan_step(plan, -1, LLW_launch_n_seq, plan->n_seq,
                  automatic || of_one ? server : "common/arg.cpp --parallel",
                  automatic ? "llama-server starts %d slots when -np is not given, other programs 1"
                  : of_one  ? "this build of llama-server makes %d slots of -np 1, too, unless -kvu is given"
                            : "-np %d",
                  automatic && launch->program == LLW_PROGRAM_SERVER ? plan->n_seq
                  : automatic                                        ? 4
                                                                     : plan->n_seq);
    llw_ground_slot(plan, 1, LLW_launch_parallel, -1);
    if (automatic) llw_ground_slot(plan, 1, LLW_launch_program, -1);
    llw_plan_step(plan, -1, LLW_launch_n_ctx_seq, plan->n_ctx_seq, context,
                  plan->kv_unified ? "one slot may use all %s cells"
                                   : "%s cells / %d slots = %s, up to a multiple of 256",
                  llw_format_count(n, plan->n_ctx), plan->n_seq, llw_format_count(each, plan->n_ctx_seq));
    llw_ground_slot(plan, 1, LLW_launch_n_ctx, -1);
    if (plan->kv_unified && !automatic && !of_one) llw_ground_slot(plan, 1, LLW_launch_kv_unified, -1);
    if (!plan->kv_unified) llw_ground_slot(plan, 1, LLW_launch_n_seq, -1);
}

/* ---- dimensions of a tensor ---- */

typedef struct known_size {
    int64_t value;
    const char *words;
    const char *keys[3];
    bool fallback; /* the keys behind the first count only when that is missing */
} known_size;

static bool is_cells(const llw_plan *plan, int64_t value, int *which) {
    for (int i = 0; i < LLW_CACHES; i++)
        if (plan->cache[i].used && plan->cache[i].cells == value) {
            *which = i;
            return true;
        }
    return false;
}

/* Numbers that shapes are made of, the likelier first. */
static const known_size *find_size(const llw_plan *plan, int64_t value, known_size *out) {
    const llw_hparams *h = &plan->hparams;
    int64_t heads = 0, kv_heads = 0, ff = 0, ff_exp = 0, used = 0;
    for (int i = 0; i < h->n_layer; i++) {
        const llw_layer *l = &h->layer[i];
        if (l->heads > heads) heads = l->heads;
        if (l->kv_heads > kv_heads) kv_heads = l->kv_heads;
        if (l->ff > ff) ff = l->ff;
        if (l->ff_exp > ff_exp) ff_exp = l->ff_exp;
        if (l->experts_used > used) used = l->experts_used;
    }
    int64_t rope = h->head_k_mla > h->lora_kv ? 0 : h->rot;
    const known_size sizes[] = {
        {h->n_vocab, "tokens of the vocabulary", {"tokenizer.ggml.tokens", "vocab_size"}, true},
        {h->n_embd, "width of the model", {"embedding_length"}, false},
        {ff, "width of the feed-forward", {"feed_forward_length"}, false},
        {ff_exp, "width of an expert", {"expert_feed_forward_length"}, false},
        {h->experts, "experts", {"expert_count"}, false},
        {used, "experts that work on a token", {"expert_used_count"}, false},
        {heads, "attention heads", {"attention.head_count"}, false},
        {kv_heads, "key-value heads", {"attention.head_count_kv"}, false},
        {h->mla ? h->head_k_mla : 0, "width of a key", {"attention.key_length_mla"}, false},
        {h->mla ? h->head_v_mla : 0, "width of a value", {"attention.value_length_mla"}, false},
        {h->head_k,
         "width of a key",
         {"attention.key_length", "embedding_length", "attention.head_count"},
         true},
        {h->head_v,
         "width of a value",
         {"attention.value_length", "embedding_length", "attention.head_count"},
         true},
        {h->head_k_swa, "width of a key in windowed layers", {"attention.key_length_swa"}, false},
        {h->head_v_swa, "width of a value in windowed layers", {"attention.value_length_swa"}, false},
        {h->lora_kv, "width of the compressed keys and values", {"attention.kv_lora_rank"}, false},
        {h->lora_q, "width of the compressed queries", {"attention.q_lora_rank"}, false},
        {rope, "rotated part of a key", {"rope.dimension_count"}, false},
        {h->mla ? h->head_k_mla - h->rot : 0,
         "part of a key that is not rotated",
         {"attention.key_length_mla", "rope.dimension_count"},
         false},
        {h->ssm_inner, "inner width of the recurrent layers", {"ssm.inner_size"}, false},
        {h->ssm_state, "width of the recurrent state", {"ssm.state_size"}, false},
        {h->ssm_dt_rank, "heads of the recurrent layers", {"ssm.time_step_rank"}, false},
        {h->ssm_groups, "groups of the recurrent layers", {"ssm.group_count"}, false},
        {h->ssm_conv, "width of the convolution", {"ssm.conv_kernel"}, false},
        {h->ssm_inner + 2 * h->ssm_groups * h->ssm_state,
         "inputs of the convolution",
         {"ssm.inner_size", "ssm.group_count", "ssm.state_size"},
         false},
        {2 * h->n_embd, "twice the width of the model", {"embedding_length"}, false},
        {2 * ff, "twice the width of the feed-forward", {"feed_forward_length"}, false},
        {2 * ff_exp, "twice the width of an expert", {"expert_feed_forward_length"}, false},
        {heads * h->head_k,
         "heads x width of a key",
         {"attention.head_count", "attention.key_length"},
         false},
        {heads * h->head_v,
         "heads x width of a value",
         {"attention.head_count", "attention.value_length"},
         false},
        {kv_heads * h->head_k,
         "key-value heads x width of a key",
         {"attention.head_count_kv", "attention.key_length"},
         false},
        {heads * h->head_k_mla,
         "heads x width of a key",
         {"attention.head_count", "attention.key_length_mla"},
         false},
        {heads * h->head_v_mla,
         "heads x width of a value",
         {"attention.head_count", "attention.value_length_mla"},
         false},
        {h->n_embd * used,
         "width of the model x experts that work on a token",
         {"embedding_length", "expert_used_count"},
         false},
        {h->ff_shexp, "width of the shared expert", {"expert_shared_feed_forward_length"}, false},
    };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (sizes[i].value == value) {
            *out = sizes[i];
            return out;
        }
    return NULL;
}

/* A number of outputs may be as large as something else. */
static void ground_size(llw_plan *plan, int depth, int64_t value, bool outputs) {
    char n[LLW_NUMBER_MAX];
    known_size size;
    bool known = find_size(plan, value, &size) != NULL;
    llw_ground_line(plan, depth, outputs ? "src/llama-context.cpp graph_reserve" : loader, "%s: %s%s%s",
                    llw_format_count(n, value), outputs ? "tokens whose logits are wanted" : "",
                    outputs && known ? "; also " : "", known ? size.words : "");
    if (outputs) {
        llw_ground_slot(plan, depth + 1, LLW_launch_n_seq, -1);
        llw_ground_slot(plan, depth + 1, LLW_launch_batch, -1);
        llw_ground_slot(plan, depth + 1, LLW_launch_program, -1);
    }
    for (int i = 0; known && i < 3 && size.keys[i]; i++)
        if (llw_ground_key(plan, depth + 1, size.keys[i], NULL) && size.fallback) break;
}

bool llw_ground_dimension(llw_plan *plan, int depth, int64_t value, int64_t n_tokens, int64_t n_outputs) {
    static const char source[] = "src/llama-context.cpp graph_reserve";
    char n[LLW_NUMBER_MAX];
    int which = 0;
    known_size size;
    llw_format_count(n, value);
    if (value == n_tokens) {
        llw_ground_line(plan, depth, source, "%s: tokens computed at once", n);
        llw_ground_slot(plan, depth + 1, LLW_launch_ubatch, -1);
        if (plan->n_ubatch < plan->launch->ubatch) {
            llw_ground_slot(plan, depth + 1, LLW_launch_batch, -1);
            llw_ground_slot(plan, depth + 1, LLW_launch_n_ctx, -1);
        }
    } else if (is_cells(plan, value, &which)) {
        llw_ground_line(plan, depth, "src/llama-kv-cache.cpp get_n_kv", "%s: cells of the %scache", n,
                        plan->cache[which].what);
        llw_ground_cells(plan, depth + 1, which);
    } else if (value == n_outputs || find_size(plan, value, &size)) {
        ground_size(plan, depth, value, value == n_outputs);
    } else {
        return false;
    }
    return true;
}
