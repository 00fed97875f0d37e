/* A draft as a launch of its own, and what it adds to the main one.
 *
 * Source: common/speculative.cpp common_base_params_to_speculative, common/common.cpp
 * common_init_result, v0.5.0. */
#include "predict/draft.h"

#include <strings.h>

bool llw_draft_is_used(const llw_launch *launch) {
    bool serves = launch->program == LLW_PROGRAM_SERVER || launch->program == LLW_PROGRAM_CLI;
    return serves && (launch->spec.draft || (launch->spec.types & LLW_SPEC_MTP));
}

static int find_device(const llw_launch *launch, const char *name) {
    for (int i = 0; i < launch->n_devices; i++)
        if (!strcasecmp(launch->devices[i].name, name)) return i;
    return -1;
}

/* -devd. Of a device that the main model does not use nothing but the name is known here. */
static void choose_devices(const llw_launch *launch, llw_launch *out) {
    const llw_speculation *spec = &launch->spec;
    if (!spec->devices_given) return;
    out->n_devices = spec->n_devices;
    for (int d = 0; d < spec->n_devices; d++) {
        int i = find_device(launch, spec->devices[d]);
        out->devices[d] = i >= 0 ? launch->devices[i] : (llw_device){.name = spec->devices[d]};
    }
    if (out->n_devices == 1) out->split_mode = LLW_SPLIT_LAYER;
}

void llw_draft_launch(const llw_launch *launch, int64_t ctx, llw_launch *out) {
    const llw_speculation *spec = &launch->spec;
    *out = *launch;
    out->drafts = true;
    out->fit = false;
    out->embedding = false;
    out->pooling = 0;
    out->ctx = ctx;
    out->ctx_given = true;
    out->type_k = spec->type_k;
    out->type_v = spec->type_v;
    /* a whole block of tokens is drafted in one pass: each has its logits */
    bool block = spec->types & (LLW_SPEC_DFLASH | LLW_SPEC_DSPARK);
    out->spec.most = block && spec->draft_most > 0 ? spec->draft_most : 0;
    if (!spec->draft) return;
    out->model = spec->model;
    out->gpu_layers = spec->gpu_layers;
    out->gpu_layers_given = spec->gpu_layers != -1;
    out->overrides = spec->overrides;
    out->n_overrides = spec->n_overrides;
    choose_devices(launch, out);
}

void llw_draft_add(const llw_launch *launch, const llw_launch *draft, const llw_prediction *seen,
                   llw_draft *out) {
    *out = (llw_draft){.used = true, .outcome = seen->outcome, .reason = seen->reason};
    if (seen->outcome != LLW_OUTCOME_OK) return;
    out->host = seen->host;
    for (int i = 0; i < seen->n_devices; i++) {
        int id = find_device(launch, draft->devices[i].name);
        if (id >= 0) out->device[id] = seen->device[i];
    }
    if (launch->spec.draft) return;
    out->host.weights = 0;
    for (int i = 0; i < launch->n_devices; i++) out->device[i].weights = 0;
}

int64_t llw_draft_takes(const llw_draft *draft, int device) {
    const llw_memory *m = device < 0 ? &draft->host : &draft->device[device];
    return draft->used && draft->outcome == LLW_OUTCOME_OK ? llw_memory_sum(m) : 0;
}

int64_t llw_fit_need(const llw_fit *fit, int device) {
    const llw_memory *m = device < 0 ? &fit->prediction.host : &fit->prediction.device[device];
    return llw_memory_sum(m) + llw_draft_takes(&fit->draft, device);
}
