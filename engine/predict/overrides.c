/* Compiles patterns and finds the tensors that they name. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "predict/overrides.h"

#include "predict/memo.h"
#include "predict/split.h"

#include <pcre2.h>
#include <stdlib.h>
#include <string.h>

/* The buffer of that name. */
static bool place_of(llw_plan *plan, const char *buffer, llw_place *place) {
    if (!strcmp(buffer, "CPU"))
        *place = LLW_PLACE_CPU;
    else if (!strcmp(buffer, "CUDA_Host"))
        *place = LLW_PLACE_PINNED;
    else {
        for (int i = 0; i < plan->n_devices && !llw_split_on(plan); i++)
            if (!strcmp(plan->launch->devices[plan->device[i]].name, buffer)) {
                *place = (llw_place)i;
                return true;
            }
        for (int i = 0; i < plan->launch->n_devices; i++)
            if (!strcmp(plan->launch->devices[i].name, buffer))
                return llw_plan_stop(plan, LLW_OUTCOME_ABORTS,
                                     "-ot ...=%s: the card is not used, or not alone (-sm tensor), and no "
                                     "backend can compute with weights there",
                                     buffer);
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "-ot ...=%s: llama.cpp knows no such buffer here",
                             buffer);
    }
    return true;
}

/* The one layer whose tensors a pattern like blk\.17\.anything can name; -1 any. Alternatives inside a group
 * are fine, outside they would widen the pattern; a class or a repeated dot might, too. */
static int pattern_layer(const char *pattern) {
    if (*pattern == '^') pattern++;
    if (strncmp(pattern, "blk\\.", 5) != 0) return -1;
    char *end;
    long layer = strtol(pattern + 5, &end, 10);
    bool is_one = end != pattern + 5 && layer >= 0 && layer <= LLW_MAX_LAYERS && !strncmp(end, "\\.", 2) &&
                  !strchr("*?{", end[2]) && !strchr(end, '[');
    int depth = 0;
    for (const char *p = end; is_one && *p; p++) {
        if (*p == '\\' && p[1])
            p++;
        else if (*p == '(' || *p == ')')
            depth += *p == '(' ? 1 : -1;
        else if (*p == '|' && depth == 0)
            is_one = false;
    }
    return is_one ? (int)layer : -1;
}

/* The tensors that a pattern names. False, said in plan->out, when it is none. */
static bool find_named(llw_plan *plan, const llw_tensor_name *names, const char *pattern, llw_named *out) {
    const llw_model *model = plan->model;
    llw_memo *memo = plan->launch->memo;
    if (memo && llw_memo_find_named(memo, model, pattern, out)) return true;
    int error;
    PCRE2_SIZE at;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_NEVER_BACKSLASH_C, &error, &at, NULL);
    if (!code)
        return llw_plan_stop(plan, LLW_OUTCOME_REFUSED, "-ot %s: not a regular expression (at character %d)",
                             pattern, (int)at + 1);
    pcre2_match_data *match = pcre2_match_data_create(1, NULL);
    int layer = pattern_layer(pattern);
    uint32_t *tensors = llw_arena_alloc(plan->scratch, model->n_tensors * sizeof *tensors);
    *out = (llw_named){tensors, 0};
    for (size_t i = 0; i < model->n_tensors; i++) {
        if (layer >= 0 && layer != names[i].layer) continue;
        const char *name = model->tensors[i].name;
        if (pcre2_match(code, (PCRE2_SPTR)name, strlen(name), 0, 0, match, NULL) >= 0)
            tensors[out->n++] = (uint32_t)i;
    }
    pcre2_match_data_free(match);
    pcre2_code_free(code);
    if (memo) llw_memo_keep_named(memo, model, pattern, *out);
    return true;
}

bool llw_overrides_read(llw_plan *plan, const llw_tensor_name *names) {
    const llw_launch *launch = plan->launch;
    plan->overridden = launch->n_overrides > 0;
    if (!plan->overridden) return true;
    plan->sent = llw_arena_alloc(plan->scratch, plan->model->n_tensors + 1);
    memset(plan->sent, LLW_PLACE_NONE, plan->model->n_tensors);
    for (size_t i = 0; i < launch->n_overrides; i++) {
        const llw_override *given = &launch->overrides[i];
        llw_place place = LLW_PLACE_NONE;
        llw_named named = {0};
        if (!place_of(plan, given->buffer, &place) || !find_named(plan, names, given->pattern, &named))
            return false;
        for (size_t k = 0; k < named.n; k++)
            if (plan->sent[named.tensors[k]] == LLW_PLACE_NONE) plan->sent[named.tensors[k]] = place;
    }
    return true;
}
