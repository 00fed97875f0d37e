/* Predicts what a launch allocates: the parts in the order in which llama.cpp decides them. */
#include "predict/predict.h"

#include "predict/compute.h"
#include "predict/draft.h"
#include "predict/estimate.h"
#include "predict/grounds.h"
#include "predict/memo.h"
#include "predict/plan.h"
#include "predict/split.h"

#include "fact/ggml_type.h"

#include <string.h>

/* llama_context::sched_reserve (TAG_RESERVE_DIAG_DECAY): two architectures reserve once more for a single
 * sequence, whose tokens attention then cuts into one part for each slot's cache. What does not fit is lost,
 * and a layer behind it misses that. */
static bool loses_tokens(const llw_plan *plan, int64_t tokens) {
    const llw_hparams *h = &plan->hparams;
    const char *name = plan->model->architecture;
    if (!plan->build.reserves_one_sequence || plan->kv_unified || tokens % plan->n_seq == 0 ||
        (strcmp(name, "kimi-linear") != 0 && strcmp(name, "minimax-01") != 0))
        return false;
    for (int il = 0; il < h->n_layer - 1; il++)
        if (!h->layer[il].recurrent) return true;
    return false;
}

/* Batches that end in an assertion: llama_context::output_reserve, llm_graph_context::build_pooling. */
static bool check_batch(llw_plan *plan) {
    enum { MEAN = 1 };
    if (plan->build.outputs_for_slots &&
        plan->n_outputs_max < plan->n_seq) /* llama_context::output_reserve */
        return llw_plan_stop(
            plan, LLW_OUTCOME_ABORTS,
            "a batch of %lld tokens cannot answer %d slots at once, and llama.cpp stops with an "
            "assertion: raise -b and -ub, or lower -np",
            (long long)plan->n_batch, plan->n_seq);
    int64_t tokens = plan->n_ctx < plan->n_ubatch ? plan->n_ctx : plan->n_ubatch;
    if (plan->launch->embedding && plan->hparams.pooling == MEAN && tokens % plan->n_seq &&
        !plan->build.rounds_up_outputs)
        return llw_plan_stop(
            plan, LLW_OUTCOME_ABORTS,
            "pooling by the mean over %d slots: they do not divide a micro-batch of %lld tokens, and "
            "llama.cpp stops with an assertion; choose -ub as a multiple of -np",
            plan->n_seq, (long long)tokens);
    if (loses_tokens(plan, tokens))
        return llw_plan_stop(plan, LLW_OUTCOME_ABORTS,
                             "%d slots with a cache each do not divide a micro-batch of %lld tokens, and "
                             "llama.cpp stops with an "
                             "assertion on models of the architecture \"%s\": choose -ub as a multiple of "
                             "-np, or share one cache "
                             "with -kvu",
                             plan->n_seq, (long long)tokens, plan->model->architecture);
    return true;
}

/* What llama_init_from_model refuses before anything is allocated (src/llama-context.cpp). */
static bool check_flags(llw_plan *plan) {
    const llw_launch *launch = plan->launch;
    const llw_hparams *h = &plan->hparams;
    const llw_ggml_type *k = llw_ggml_type_get(launch->type_k), *v = llw_ggml_type_get(launch->type_v);
    if (!k || !v) return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "the cache type is none that ggml knows");
    bool keys_alone = h->mla || (plan->architecture && plan->architecture->memory == LLW_MEMORY_COMPRESSED);
    if (keys_alone && launch->type_k != launch->type_v && plan->build.same_cache_types)
        return llw_plan_stop(
            plan, LLW_OUTCOME_REFUSED,
            "-ctk %s -ctv %s: a model with compressed attention (MLA) needs the same type for both", k->name,
            v->name);
    if (v->quantized && launch->flash_attn == LLW_OFF)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED,
                             "-ctv %s needs flash attention, and -fa off switches it off", v->name);
    for (int il = 0; il < h->n_layer && launch->flash_attn != LLW_OFF; il++) {
        if (k->quantized && llw_hparams_head_k(h, il) % k->block)
            return llw_plan_stop(plan, LLW_OUTCOME_REFUSED,
                                 "-ctk %s: blocks of %u do not divide a key of %lld", k->name, k->block,
                                 (long long)llw_hparams_head_k(h, il));
        if (v->quantized && llw_hparams_head_v(h, il) % v->block)
            return llw_plan_stop(plan, LLW_OUTCOME_REFUSED,
                                 "-ctv %s: blocks of %u do not divide a value of %lld", v->name, v->block,
                                 (long long)llw_hparams_head_v(h, il));
    }
    return true;
}

static bool has_tensor(const llw_model *model, const char *name) {
    for (size_t i = 0; i < model->n_tensors; i++)
        if (!strcmp(model->tensors[i].name, name)) return true;
    return false;
}

/* A draft that borrows its embeddings or its output from the model it drafts for does not run without that
 * one: src/llama-context.cpp llama_context (ctx_other). */
bool llw_borrows(const llw_model *model) {
    if (!model) return false;
    if (!strcmp(model->architecture, "gemma4-assistant")) return true;
    bool embeds = has_tensor(model, "token_embd.weight");
    if (!strcmp(model->architecture, "eagle3")) return !embeds || !has_tensor(model, "output.weight");
    return !strcmp(model->architecture, "dflash") && !embeds; /* it uses the embeddings as output, too */
}

/* Architectures that llama.cpp v0.5.0 lists and yet starts no model of: src/llama-model.cpp
 * llama_model_create. */
static bool check_architecture(llw_plan *plan) {
    const char *name = plan->model->architecture;
    if (!strcmp(name, "gptj"))
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED,
                             "llama.cpp lists the architecture \"gptj\" but cannot load models of it");
    if (!strcmp(name, "plm") && plan->build.rope_offset) /* src/models/plm.cpp, llama_kv_cache::cpy_v */
        return llw_plan_stop(
            plan, LLW_OUTCOME_ABORTS,
            "llama.cpp v0.5.0 stops with an assertion on every model of the architecture \"plm\": its "
            "values do not have the shape that the cache stores");
    if (llw_borrows(plan->model))
        return llw_plan_stop(
            plan, LLW_OUTCOME_REFUSED,
            "this model of the architecture \"%s\" only drafts for another one, whose embeddings it borrows: "
            "llama.cpp takes it as --model-draft, not as the model itself",
            name);
    return true;
}

/* llama_init_from_model: a context of the layers that predict further tokens needs such layers. */
static bool check_nextn(llw_plan *plan) {
    const llw_launch *launch = plan->launch;
    bool router = !strcmp(plan->model->architecture, "graniteswitch");
    if (!launch->drafts || !(launch->spec.types & LLW_SPEC_MTP) || !plan->build.loads_nextn ||
        (plan->hparams.n_layer_nextn > 0 && !router))
        return true;
    return llw_plan_stop(
        plan, LLW_OUTCOME_REFUSED,
        "--spec-type draft-mtp wants layers that predict further tokens, and the model has none");
}

/* src/llama-context.cpp: several cards, everything on them, split by layers, cache on the cards, no override.
 */
static void resolve_pipeline(llw_plan *plan) {
    plan->pipelined = plan->n_devices > 1 && plan->gpu_layers > plan->hparams.n_layer_all &&
                      plan->launch->split_mode == LLW_SPLIT_LAYER && plan->launch->kv_offload &&
                      !plan->overridden;
    plan->out->pipelined = plan->pipelined;
    llw_plan_step(
        plan, -1, LLW_launch_pipelined, plan->pipelined, "src/llama-context.cpp llama_context",
        "GPUs work as a pipeline when there are several, every layer is on them, -sm is layer, the cache is "
        "on them and no tensor is sent elsewhere by name");
    llw_ground_slot(plan, 1, LLW_launch_split_mode, -1);
    llw_ground_slot(plan, 1, LLW_launch_kv_offload, -1);
    llw_ground_slot(plan, 1, LLW_launch_gpu_layers, -1);
    llw_ground_slot(plan, 1, LLW_launch_override_tensor, -1);
}

/* The graph that keeps snapshots of recurrent state is another one, and weights in a layout of the CPU's own
 * do not go to a GPU: of such buffers only the size is known, roughly. */
static void widen(llw_plan *plan) {
    for (int i = -1; i < plan->n_devices; i++) {
        llw_memory *m = i < 0 ? &plan->out->host : &plan->out->device[plan->device[i]];
        m->compute_exact = false;
        llw_estimate_band(m, m->compute, m->compute);
    }
}

static void explain_flash(llw_plan *plan) {
    const llw_hparams *h = &plan->hparams;
    if (!plan->explain || !h->n_layer) return;
    llw_plan_step(
        plan, -1, LLW_launch_flash_attn_used, plan->flash_attn,
        "src/llama-context.cpp llama_context, ggml/src/ggml-cuda/fattn.cu",
        plan->launch->flash_attn != LLW_AUTO ? "-fa says so (key %lld, value %lld)"
        : plan->flash_attn
            ? "every layer's attention can run where the layer is, with a key of %lld and a value "
              "of %lld"
        : plan->flash_moved
            ? "-ot moved the weights of some layer's attention away from its cache (key %lld, value %lld)"
            : "some layer's attention cannot run where the layer is: a key of %lld, a value of %lld",
        (long long)(h->mla ? h->head_k : llw_hparams_head_k(h, 0)),
        (long long)(h->mla ? h->lora_kv : llw_hparams_head_v(h, 0)));
    llw_ground_slot(plan, 1, LLW_launch_flash_attn, -1);
    llw_ground_key(plan, 1, "attention.key_length", "embedding_length / attention.head_count");
    llw_ground_key(plan, 1, "attention.value_length", "embedding_length / attention.head_count");
    llw_ground_key(plan, 1, "attention.kv_lora_rank", NULL);
}

static void predict_with(const llw_launch *launch, llw_arena *arena, llw_arena *scratch, bool explain,
                         bool compute, llw_prediction *out) {
    memset(out, 0, sizeof *out);
    out->reason = "";
    out->n_devices = launch->n_devices;
    for (int i = 0; i < LLW_MAX_DEVICES; i++)
        out->device[i].weights_exact = out->device[i].context_exact = true;
    out->host.weights_exact = out->host.context_exact = out->repack_known = true;
    llw_plan plan = {.launch = launch,
                     .model = launch->model,
                     .arena = arena,
                     .scratch = scratch,
                     .explain = explain,
                     .out = out};
    if (!plan.model || !plan.model->architecture) {
        llw_plan_stop(&plan, LLW_OUTCOME_UNKNOWN, "the model's header was not read");
        return;
    }
    llw_changes_read(launch->build_order, &plan.build);
    plan.architecture = llw_architecture_find(plan.model->architecture);
    out->architecture_known = plan.architecture && plan.architecture->graph;
    if (llw_changes_lack(launch->build_order, plan.model->architecture)) {
        llw_plan_stop(&plan, LLW_OUTCOME_REFUSED,
                      "this build of llama.cpp is too old for the architecture \"%s\": it says unknown model "
                      "architecture",
                      plan.model->architecture);
        return;
    }
    if (!check_architecture(&plan)) return;
    if (!llw_hparams_read(&plan) || !check_nextn(&plan) || !llw_context_resolve(&plan) ||
        !llw_place_layers(&plan) || !llw_place_weights(&plan) || !check_flags(&plan))
        return;
    resolve_pipeline(&plan);
    bool grok =
        plan.architecture && !strcmp(plan.architecture->name, "grok"); /* llama_init_from_model: forced off */
    plan.flash_attn = launch->flash_attn != LLW_OFF && !grok;
    plan.v_transposed = !plan.flash_attn;
    if (!llw_context_place(&plan)) return;
    if (llw_split_on(&plan) && !llw_split_states(&plan)) return;
    if (!compute) {
        if (llw_split_on(&plan)) llw_split_deal(&plan);
        return;
    }
    llw_compute_resolve(&plan);
    out->flash_attn = plan.flash_attn;
    explain_flash(&plan);
    if (!plan.flash_attn && llw_ggml_type_get(launch->type_v)->quantized) {
        const char *type = llw_ggml_type_get(launch->type_v)->name;
        if (plan.flash_moved)
            llw_plan_stop(
                &plan, LLW_OUTCOME_REFUSED,
                "-ctv %s needs flash attention, and -fa auto switches it off, because the attention of layer "
                "%d is computed on another device than the layer's cache (-ot moved its weights): -fa on "
                "keeps it",
                type, plan.flash_moved - 1);
        else
            llw_plan_stop(
                &plan, LLW_OUTCOME_REFUSED,
                "-ctv %s needs flash attention, and this build has none on CUDA for these heads, so it "
                "is switched off",
                type);
        return;
    }
    if (!check_batch(&plan)) return;
    const char *why = "the graph of layers that predict further tokens is not modelled";
    if (plan.nextn_only || !llw_compute_measure(&plan, &why)) llw_estimate_compute(&plan, why);
    if (plan.snapshots || (plan.n_devices && (!out->repack_known || plan.unfit))) widen(&plan);
    if (llw_split_on(&plan)) llw_split_deal(&plan);
    if (!plan.architecture)
        llw_plan_stop(
            &plan, LLW_OUTCOME_UNKNOWN,
            "llama.cpp v0.5.0 has no architecture \"%s\" and refuses it; for a newer one weights and cache "
            "are counted as for a plain transformer, and the compute buffer is a bound",
            plan.model->architecture);
}

static void predict(const llw_launch *launch, llw_arena *arena, bool explain, bool compute,
                    llw_prediction *out) {
    llw_arena *scratch = llw_arena_new();
    predict_with(launch, arena, scratch, explain, compute, out);
    llw_arena_free(scratch);
}

int64_t llw_memory_sum(const llw_memory *memory) {
    return memory->weights + memory->context + memory->compute;
}

bool llw_memory_is_exact(const llw_memory *memory) {
    return memory->weights_exact && memory->context_exact && memory->compute_exact;
}

void llw_predict(const llw_launch *launch, llw_arena *arena, bool explain, llw_prediction *out) {
    if (launch->memo && llw_memo_find(launch->memo, launch, explain, out)) {
        out->reason = llw_arena_strdup(arena, out->reason); /* the memo may be gone before the prediction */
        return;
    }
    predict(launch, arena, explain, true, out);
    if (launch->memo) llw_memo_keep(launch->memo, launch, explain, out);
}

void llw_predict_stored(const llw_launch *launch, llw_arena *arena, llw_prediction *out) {
    predict(launch, arena, false, false, out);
}
