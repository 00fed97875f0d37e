/* Names for slots, values, origins and conditions. */
#include "explain/words.h"

#include <string.h>

/* The spelling used in explanations; every flag is also in models/flags.tsv. */
static const struct {
    llw_attr attr;
    const char *flag;
} flags[] = {
    {LLW_launch_gpu_layers, "-ngl"},
    {LLW_launch_ctx, "-c"},
    {LLW_launch_batch, "-b"},
    {LLW_launch_ubatch, "-ub"},
    {LLW_launch_cache_type_k, "-ctk"},
    {LLW_launch_cache_type_v, "-ctv"},
    {LLW_launch_flash_attn, "-fa"},
    {LLW_launch_parallel, "-np"},
    {LLW_launch_kv_unified, "-kvu"},
    {LLW_launch_kv_offload, "-kvo"},
    {LLW_launch_swa_full, "--swa-full"},
    {LLW_launch_op_offload, "--op-offload"},
    {LLW_launch_split_mode, "-sm"},
    {LLW_launch_tensor_split, "-ts"},
    {LLW_launch_main_gpu, "-mg"},
    {LLW_launch_devices, "-dev"},
    {LLW_launch_override_tensor, "-ot"},
    {LLW_launch_cpu_moe, "-cmoe"},
    {LLW_launch_n_cpu_moe, "-ncmoe"},
    {LLW_launch_fit, "--fit"},
    {LLW_launch_fit_target, "--fit-target"},
    {LLW_launch_fit_ctx, "--fit-ctx"},
    {LLW_launch_load_mode, "--load-mode"},
    {LLW_launch_embedding_mode, "--embedding"},
    {LLW_launch_rerank, "--rerank"},
    {LLW_launch_pooling, "--pooling"},
    {LLW_launch_repack, "--repack"},
    {LLW_launch_no_host, "--no-host"},
    {LLW_launch_mmproj, "--mmproj"},
    {LLW_launch_mmproj_offload, "--mmproj-offload"},
    {LLW_launch_mmproj_device, "-mmdev"},
    {LLW_launch_draft_model, "-md"},
    {LLW_launch_spec_types, "--spec-type"},
    {LLW_launch_draft_max, "--spec-draft-n-max"},
    {LLW_launch_draft_gpu_layers, "-ngld"},
    {LLW_launch_draft_cache_type_k, "-ctkd"},
    {LLW_launch_draft_cache_type_v, "-ctvd"},
    {LLW_launch_draft_devices, "-devd"},
    {LLW_launch_draft_override_tensor, "-otd"},
};

const char *llw_words_flag(llw_attr attr) {
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (flags[i].attr == attr) return flags[i].flag;
    return NULL;
}

const char *llw_words_key(const char *origin, llw_attr attr) {
    static const struct {
        const char *origin, *key;
        llw_attr attr;
    } keys[] = {
        {"Modelfile", "num_gpu", LLW_launch_gpu_layers},
        {"Modelfile", "num_ctx", LLW_launch_ctx},
        {"Modelfile", "num_batch", LLW_launch_batch},
        {"Modelfile", "num_batch", LLW_launch_ubatch},
        {"LocalAI", "gpu_layers", LLW_launch_gpu_layers},
        {"LocalAI", "context_size", LLW_launch_ctx},
        {"LocalAI", "batch", LLW_launch_batch},
        {"LocalAI", "cache_type_k", LLW_launch_cache_type_k},
        {"LocalAI", "tensor_split", LLW_launch_tensor_split},
        {"LocalAI", "cache_type_v", LLW_launch_cache_type_v},
        {"LocalAI", "flash_attention", LLW_launch_flash_attn},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].attr == attr && !strcmp(keys[i].origin, origin)) return keys[i].key;
    return NULL;
}

/* What slots are called where the attribute's own name would not be said aloud; * is the thing. */
static const struct {
    llw_attr attr;
    const char *phrase;
} phrases[] = {
    {LLW_launch_override_moves_experts_to_cpu, "a flag keeps experts in RAM"},
    {LLW_launch_fits_one_gpu, "one GPU can hold all of it"},
    {LLW_launch_fits_gpus, "the GPUs together can hold all of it"},
    {LLW_launch_meets_target, "--fit-target stays free"},
    {LLW_launch_survives, "there is room for what grows with long prompts"},
    {LLW_launch_weights_on_host, "what the layers keep in RAM"},
    {LLW_launch_host_need, "what it needs in RAM"},
    {LLW_launch_host_held, "what has to stay in RAM"},
    {LLW_launch_gpu_need, "what it needs on the GPUs"},
    {LLW_launch_gpu_free, "memory free on the GPUs"},
    {LLW_launch_largest_gpu_free, "memory free on the roomiest GPU"},
    {LLW_launch_whole_need, "memory it takes with everything on one GPU"},
    {LLW_launch_fit_outcome, "outcome of --fit"},
    {LLW_launch_n_ctx, "context that results"},
    {LLW_launch_n_seq, "slots that result"},
    {LLW_launch_n_ctx_seq, "context of one slot"},
    {LLW_launch_short_prompt_passed, "a short prompt was answered here"},
    {LLW_launch_long_prompt_passed, "a long prompt was answered here"},
    {LLW_host_ram_available, "RAM available"},
    {LLW_host_ram_total, "RAM of the machine"},
    {LLW_gpu_free, "free memory of *"},
    {LLW_gpu_total, "memory of *"},
    {LLW_placement_free, "free memory on *"},
    {LLW_placement_left, "memory left on *"},
    {LLW_placement_kv, "KV cache on *"},
    {LLW_placement_compute, "compute buffer on *"},
    {LLW_placement_draft, "the draft's memory on *"},
    {LLW_build_version, "version of llama.cpp"},
    {LLW_build_short_prompt_passed, "a short prompt was answered by *"},
    {LLW_build_long_prompt_passed, "a long prompt was answered by *"},
    {LLW_probe_prompt_tokens, "tokens of the prompt that was tried"},
    {LLW_probe_passed, "the prompt that was tried was answered"},
    {LLW_claim_text, "what is written"},
    {LLW_claim_bytes, "size that is written"},
    {LLW_claim_says_moe, "it is written that the model is a mixture of experts"},
    {LLW_claim_says_fits_one_gpu, "it is written that the model fits one GPU"},
    {LLW_claim_filed_as_measured, "it stands under a heading of measurements"},
    {LLW_model_moe, "the model is a mixture of experts"},
    {LLW_model_card, "the model card"},
    {LLW_model_architecture_known, "llwhy knows the architecture"},
    {LLW_model_complete, "the file is complete"},
    {LLW_model_file_bytes, "size of the file"},
    {LLW_model_ls_size, "what ls -lh prints"},
    {LLW_model_params, "parameters of the model"},
    {LLW_model_params_active, "parameters that work on a token"},
    {LLW_model_experts_used, "experts that work on a token"},
    {LLW_model_moe_layers, "layers with experts"},
    {LLW_model_dense_layers, "layers without experts"},
    {LLW_model_context_length, "context the model was trained for"},
    {LLW_model_refusal, "why llama.cpp refuses the file"},
    {LLW_model_doubt, "what is odd in the file"},
};

static const char *phrase_of(llw_attr attr) {
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++)
        if (phrases[i].attr == attr) return phrases[i].phrase;
    return NULL;
}

void llw_words_entity(llw_text *out, const llw_run *run, llw_entity entity) {
    const char *id = llw_facts_id(run->facts, entity), *name = NULL;
    switch (llw_facts_kind(run->facts, entity)) {
    case LLW_KIND_model:
        if (llw_facts_text(run->facts, entity, LLW_model_name, &name)) id = name;
        break;
    case LLW_KIND_placement:
        if (llw_facts_text(run->facts, entity, LLW_placement_device, &name)) id = name;
        break;
    case LLW_KIND_build: llw_text_add(out, "llama.cpp "); break;
    default: break;
    }
    llw_text_add_safe(out, id, strlen(id), false);
}

static void attribute_words(llw_text *out, llw_attr attr) {
    for (const char *c = llw_attr_get(attr)->name; *c; c++) llw_text_addn(out, *c == '_' ? " " : c, 1);
}

void llw_words_slot(llw_text *out, const llw_run *run, llw_entity entity, llw_attr attr) {
    const char *flag = llw_words_flag(attr);
    if (flag) {
        llw_text_add(out, flag);
        return;
    }
    const char *phrase = phrase_of(attr);
    if (phrase) {
        size_t len = strcspn(phrase, "*");
        llw_text_addn(out, phrase, len);
        if (phrase[len]) llw_words_entity(out, run, entity);
        return;
    }
    llw_kind kind = llw_attr_get(attr)->kind;
    attribute_words(out, attr);
    if (kind == LLW_KIND_placement) {
        llw_text_add(out, " on ");
        llw_words_entity(out, run, entity);
    } else if (kind == LLW_KIND_gpu || kind == LLW_KIND_build) {
        llw_text_add(out, " of ");
        llw_words_entity(out, run, entity);
    } else if (kind != LLW_KIND_launch) {
        llw_text_addf(out, " of the %s", llw_kind_name(kind));
    }
}

void llw_words_value(llw_text *out, const llw_run *run, llw_attr attr, llw_value value) {
    if (!value.known) {
        llw_text_add(out, "unknown");
        return;
    }
    if (attr == LLW_launch_gpu_layers && value.as.count < 0)
        llw_text_add(out, value.as.count == -1 ? "auto" : "all");
    else if (attr == LLW_launch_parallel && value.as.count < 0)
        llw_text_add(out, "auto");
    else if (attr == LLW_launch_ctx && value.as.count == 0)
        llw_text_add(out, "the model's own");
    else if (value.type == LLW_REF)
        llw_words_entity(out, run, value.as.ref);
    else if (llw_type_is_text(value.type) && !*value.as.text)
        llw_text_add(out, "not given");
    else if (value.type == LLW_BYTES &&
             (llw_attr_get(attr)->kind == LLW_KIND_placement || llw_attr_get(attr)->kind == LLW_KIND_gpu)) {
        char buf[LLW_NUMBER_MAX]; /* what is added and subtracted is said in one unit */
        llw_text_add(out, llw_format_mib(buf, value.as.count));
    } else if (value.type == LLW_FLAG && llw_words_flag(attr))
        llw_text_add(out, value.as.flag ? "on" : "off");
    else
        llw_value_print(out, value);
}

void llw_words_origin(llw_text *out, const llw_claim *claim) {
    size_t len = strlen(claim->origin);
    if (!strncmp(claim->place, claim->origin, len) && *claim->place) { /* "argument", "argument 7" */
        llw_text_add_safe(out, claim->place, strlen(claim->place), false);
        return;
    }
    llw_text_add_safe(out, claim->origin, strlen(claim->origin), false);
    if (!*claim->place) return;
    llw_text_add(out, " ");
    llw_text_add_safe(out, claim->place, strlen(claim->place), false);
}

/* Replaces the slots and quantities of the expression's text by their names and values, and leaves the rest
 * as it is. */
void llw_words_condition(llw_text *out, const llw_run *run, const llw_node *node, const llw_expr *expr) {
    llw_result values[LLW_EXPR_MAX_BYTES];
    llw_run_eval(run, node, expr, values);
    int at = 0;
    bool inside[LLW_EXPR_MAX_BYTES] = {0}; /* an operand of something that is shown as a whole */
    for (int i = 0; i < expr->n_nodes; i++) {
        const llw_expr_node *n = &expr->nodes[i];
        if (n->op == LLW_OP_KNOWN || n->op == LLW_OP_CONFLICT || n->op == LLW_OP_ORIGIN ||
            n->op == LLW_OP_GRADE || n->op == LLW_OP_PREDICTED)
            inside[n->args[0]] = true;
        if (n->op == LLW_OP_PREDICT)
            for (int a = 0; a < n->n_args; a++) inside[n->args[a]] = true;
    }
    for (int i = 0; i < expr->n_nodes; i++) {
        const llw_expr_node *n = &expr->nodes[i];
        bool slot = n->op == LLW_OP_SLOT && n->as.slot.attr != LLW_ATTR_NONE && !inside[i];
        bool about = n->op == LLW_OP_KNOWN || n->op == LLW_OP_CONFLICT;
        if (!slot && !about && n->op != LLW_OP_LET && n->op != LLW_OP_PREDICT) continue;
        if (inside[i] || n->start < at) continue;
        llw_text_addn(out, expr->text + at, (size_t)(n->start - at));
        at = n->end;
        if (about) {
            const llw_expr_node *operand = &expr->nodes[n->args[0]];
            bool flag = llw_attr_get(operand->as.slot.attr)->type == LLW_FLAG;
            if (n->op == LLW_OP_CONFLICT) llw_text_add(out, "sources disagree on ");
            if (flag) llw_text_add(out, "whether ");
            llw_words_slot(out, run, node->binding[operand->as.slot.variable], operand->as.slot.attr);
            if (n->op == LLW_OP_KNOWN) llw_text_add(out, " is known");
        } else if (slot) {
            llw_entity entity = node->binding[n->as.slot.variable];
            llw_words_slot(out, run, entity, n->as.slot.attr);
            llw_text_add(out, " (");
            llw_words_value(out, run, n->as.slot.attr, llw_facts_value(run->facts, entity, n->as.slot.attr));
            llw_text_add(out, ")");
        } else if (n->op == LLW_OP_LET) {
            llw_text_addf(out, "%s (", node->rule->let_names[n->as.let]);
            llw_result_print(out, values[i], n->unit, "", run->facts);
            llw_text_add(out, ")");
        } else {
            llw_words_slot(out, run, node->binding[n->as.predict.variable], n->as.predict.attr);
            for (int a = 0; a < n->n_args; a++) {
                llw_text_add(out, a ? ", " : " with ");
                llw_words_slot(out, run, 0, n->as.predict.knobs[a]);
                llw_text_add(out, " ");
                llw_words_value(
                    out, run, n->as.predict.knobs[a],
                    llw_result_value(values[n->args[a]], llw_attr_get(n->as.predict.knobs[a])->type));
            }
            llw_text_add(out, " (");
            llw_result_print(out, values[i], n->unit, "", run->facts);
            llw_text_add(out, ")");
        }
    }
    llw_text_add(out, expr->text + at);
}
