/* What a container, pod, unit or variable lets llama.cpp use: GPUs and RAM, as facts of the launch. */
#include "source/config/parts.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int64_t llw_limits_bytes(const char *text, bool binary) {
    static const char units[] = "KMGTP";
    char *end = NULL;
    if (!isdigit((unsigned char)*text)) return -1;
    double value = strtod(text, &end);
    const char *unit = *end ? strchr(units, toupper((unsigned char)*end)) : NULL;
    double base = binary ? 1024 : 1000;
    if (unit) {
        end++;
        if (*end == 'i') base = 1024, end++;
        value *= pow(base, (double)(unit - units + 1));
    }
    if (binary && (*end == 'b' || *end == 'B')) end++;
    return *end || !(value > 0) || value >= 9e18 ? -1 : (int64_t)value;
}

void llw_limits_ids(llw_arena *arena, llw_limits *limits, const char *text, llw_token place) {
    enum { MAX_IDS = 64 };
    const char **ids = llw_arena_alloc(arena, MAX_IDS * sizeof *ids);
    size_t n = 0;
    for (const char *at = text; *at && n < MAX_IDS;) {
        size_t len = strcspn(at, ",");
        while (len && isspace((unsigned char)*at)) at++, len--;
        size_t kept = len;
        while (kept && isspace((unsigned char)at[kept - 1])) kept--;
        if (kept) ids[n++] = llw_arena_strndup(arena, at, kept);
        at += len + (at[len] == ',');
    }
    limits->gpus_said = true;
    limits->gpus = (int64_t)n;
    limits->ids = ids;
    limits->n_ids = n;
    limits->gpus_place = place;
}

/* --- variables --- */

static const llw_variable *variable_of(const llw_scope *env, const char *name) {
    const llw_variable *v = llw_scope_get(env, name);
    return v && (v->value.n || v->token.text) ? v : NULL;
}

/* CUDA hides the first entry that it does not know and every one behind it: -1 and an empty value hide all
 * (CUDA programming guide, environment variables). */
static void narrow(llw_arena *arena, llw_limits *limits, const llw_variable *v) {
    const char *text = llw_rich_text(arena, &v->value);
    llw_limits shown = *limits;
    if (!text) {
        shown.gpus_said = true;
        shown.gpus = LLW_GPUS_NOT_KNOWN;
        shown.n_ids = 0;
        shown.gpus_place = v->token;
    } else if (!*text || *text == '-' || !strcasecmp(text, "none") || !strcasecmp(text, "NoDevFiles")) {
        llw_limits_ids(arena, &shown, "", v->token);
    } else {
        llw_limits_ids(arena, &shown, text, v->token);
    }
    bool none = limits->gpus_said && !limits->gpus;
    if (none) return;                                   /* the container shows none */
    bool numbered = limits->gpus_said && limits->n_ids; /* positions within the cards that are shown */
    if (numbered && shown.n_ids && text && strspn(text, "0123456789, ") == strlen(text)) {
        const char **ids = llw_arena_alloc(arena, (shown.n_ids + 1) * sizeof *ids);
        size_t n = 0;
        for (size_t i = 0; i < shown.n_ids; i++) {
            long at = strtol(shown.ids[i], NULL, 10);
            if (at < 0 || (size_t)at >= limits->n_ids) break;
            ids[n++] = limits->ids[at];
        }
        shown.ids = ids;
        shown.n_ids = n;
        shown.gpus = (int64_t)n;
    }
    *limits = shown;
}

void llw_limits_variables(llw_arena *arena, const llw_scope *env, llw_limits *limits) {
    static const char *const names[] = {"CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
                                        "GGML_VK_VISIBLE_DEVICES"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const llw_variable *v = variable_of(env, names[i]);
        if (!v) continue;
        narrow(arena, limits, v);
        return;
    }
}

/* --- facts --- */

static void claim(llw_facts *facts, llw_entity launch, llw_attr attr, llw_value value, const llw_token *at) {
    llw_facts_claim(facts, launch, attr, value, LLW_GRADE_CONFIG, at->origin ? at->origin : "configuration",
                    at->place ? at->place : "");
}

void llw_limits_claim(llw_facts *facts, llw_entity launch, const llw_limits *limits) {
    if (limits->gpus_said) {
        bool known = limits->gpus != LLW_GPUS_NOT_KNOWN;
        claim(facts, launch, LLW_launch_gpus_seen, known ? llw_count(limits->gpus) : llw_unknown(LLW_COUNT),
              &limits->gpus_place);
        llw_text list = {0};
        for (size_t i = 0; i < limits->n_ids; i++) {
            if (i) llw_text_add(&list, ",");
            llw_text_add(&list, limits->ids[i]);
        }
        if (known)
            claim(facts, launch, LLW_launch_gpu_ids, llw_string(LLW_LIST, llw_text_str(&list)),
                  &limits->gpus_place);
        llw_text_fini(&list);
    }
    if (limits->memory_said)
        claim(facts, launch, LLW_launch_ram_limit,
              limits->memory > 0 ? llw_bytes(limits->memory) : llw_unknown(LLW_BYTES), &limits->memory_place);
}
