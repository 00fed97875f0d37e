/* Placement overrides: -ot, -cmoe, -ncmoe and -ncffn as the one list of patterns that llama.cpp makes of
 * them. */
#include "fact/launch.h"
#include "fact/model.h"

#include "base/text.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* common/common.h LLM_FFN_EXPS_REGEX and LLM_FFN_DENSE_REGEX of v0.5.0; b8022 and May 2026 have the first one
 * too */
#define EXPERTS "\\.ffn_(up|down|gate|gate_up)_(ch|)exps"
#define DENSE "\\.ffn_(up|down|gate)\\."

enum { MATCH_LIMIT = 100000, GENERIC_LAYERS = 128 };

typedef struct list {
    llw_arena *arena;
    void *items;
    size_t n, capacity;
} list;

static void add(list *l, const char *pattern, const char *buffer) {
    if (l->n >= LLW_MAX_OVERRIDES) return;
    llw_override *o = llw_arena_push(l->arena, &l->items, &l->n, &l->capacity, sizeof *o);
    *o = (llw_override){pattern, buffer};
}

static void add_layers(list *l, int64_t from, int64_t to, const char *pattern) {
    for (int64_t i = from; i < to && l->n < LLW_MAX_OVERRIDES; i++)
        add(l, llw_arena_printf(l->arena, "blk\\.%d%s", (int)i, pattern), "CPU");
}

/* The next element of -ot: PATTERN=BUFFER up to a comma; split at the first '=' (arg.cpp
 * parse_tensor_buffer_overrides). */
static llw_rc add_given(list *l, const char **at, const char *place, llw_err *err) {
    size_t len = strcspn(*at, ",");
    const char *equals = memchr(*at, '=', len);
    if (!equals)
        return llw_fail(err, LLW_ERR_INPUT, place, 0,
                        "launch.override_tensor: '%.*s' has no '=': write PATTERN=BUFFER; a comma inside a "
                        "pattern ends it",
                        len > 60 ? 60 : (int)len, *at);
    size_t pattern = (size_t)(equals - *at);
    add(l, llw_arena_strndup(l->arena, *at, pattern),
        llw_arena_strndup(l->arena, equals + 1, len - pattern - 1));
    *at += len + ((*at)[len] == ',');
    return LLW_OK;
}

/* Reads "ot:3,cmoe,ot,ncmoe": which source the next override comes from. */
typedef struct sources {
    const char *given; /* what is left of -ot */
    bool cpu_moe;
    int64_t n_cpu_moe, n_cpu_ffn;
    bool moe_done, ffn_done;
} sources;

static llw_rc take(list *l, sources *s, const char *word, size_t len, const char *place, llw_err *err) {
    if (len >= 2 && !strncmp(word, "ot", 2)) {
        long n = len > 3 && word[2] == ':' ? strtol(word + 3, NULL, 10) : 1;
        for (; n > 0 && *s->given; n--) {
            llw_rc rc = add_given(l, &s->given, place, err);
            if (rc != LLW_OK) return rc;
        }
    } else if (len == 4 && !strncmp(word, "cmoe", 4) && s->cpu_moe) {
        add(l, EXPERTS, "CPU");
        s->cpu_moe = false;
    } else if (len == 5 && !strncmp(word, "ncmoe", 5) && !s->moe_done) {
        add_layers(l, 0, s->n_cpu_moe, EXPERTS);
        s->moe_done = true;
    } else if (len == 5 && !strncmp(word, "ncffn", 5) && !s->ffn_done) {
        add_layers(l, 0, s->n_cpu_ffn, DENSE);
        s->ffn_done = true;
    }
    return LLW_OK;
}

llw_rc llw_launch_overrides(const llw_facts *facts, llw_entity entity, llw_arena *arena,
                            const llw_override **overrides, size_t *n_overrides, llw_err *err) {
    list l = {.arena = arena};
    sources s = {.given = ""};
    const char *order = "";
    *overrides = NULL;
    *n_overrides = 0;
    if (!llw_facts_text(facts, entity, LLW_launch_override_tensor, &s.given) ||
        !llw_facts_flag(facts, entity, LLW_launch_cpu_moe, &s.cpu_moe) ||
        !llw_facts_count(facts, entity, LLW_launch_n_cpu_moe, &s.n_cpu_moe))
        return llw_fail(err, LLW_ERR_NOTHING, "", 0,
                        "which tensors are kept where is not known: give -ot, -cmoe and -ncmoe");
    llw_facts_count(facts, entity, LLW_launch_n_cpu_ffn, &s.n_cpu_ffn);
    llw_facts_text(facts, entity, LLW_launch_override_order, &order);
    const llw_claim *c = llw_facts_best(facts, entity, LLW_launch_override_tensor);
    const char *place = *c->place ? c->place : c->origin;
    llw_rc rc = LLW_OK;
    for (const char *at = order; *at && rc == LLW_OK;) {
        size_t len = strcspn(at, ",");
        rc = take(&l, &s, at, len, place, err);
        at += len + (at[len] == ',');
    }
    while (*s.given && rc == LLW_OK) rc = take(&l, &s, "ot", 2, place, err);
    if (rc == LLW_OK) rc = take(&l, &s, "cmoe", 4, place, err);
    if (rc == LLW_OK) rc = take(&l, &s, "ncmoe", 5, place, err);
    if (rc == LLW_OK) rc = take(&l, &s, "ncffn", 5, place, err);
    *overrides = l.items;
    *n_overrides = rc == LLW_OK ? l.n : 0;
    return rc;
}

const char *llw_experts_in_ram(llw_arena *arena, int64_t layers) {
    llw_text text = {0};
    for (int64_t i = 0; i < layers && i < LLW_MAX_OVERRIDES; i++)
        llw_text_addf(&text, "%sblk\\.%d%s=CPU", i ? "," : "", (int)i, EXPERTS);
    const char *copy = llw_arena_strdup(arena, llw_text_str(&text));
    llw_text_fini(&text);
    return copy;
}

llw_rc llw_overrides_parse(llw_arena *arena, const char *text, const char *place,
                           const llw_override **overrides, size_t *n_overrides, llw_err *err) {
    list l = {.arena = arena};
    llw_rc rc = LLW_OK;
    while (*text && rc == LLW_OK) rc = add_given(&l, &text, place, err);
    *overrides = l.items;
    *n_overrides = rc == LLW_OK ? l.n : 0;
    return rc;
}

typedef struct matcher {
    pcre2_code **codes; /* NULL: the pattern does not compile and matches nothing */
    const llw_override *overrides;
    size_t n;
    pcre2_match_data *data;
    pcre2_match_context *context;
} matcher;

static bool to_cpu(matcher *m, const char *name) {
    for (size_t i = 0; i < m->n; i++) {
        if (!m->codes[i]) continue;
        int rc = pcre2_match(m->codes[i], (PCRE2_SPTR)name, PCRE2_ZERO_TERMINATED, 0, 0, m->data, m->context);
        if (rc >= 0) return !strcmp(m->overrides[i].buffer, "CPU");
        if (rc == PCRE2_ERROR_NOMATCH) continue;
        pcre2_code_free(m->codes[i]); /* a runaway pattern is tried once */
        m->codes[i] = NULL;
    }
    return false;
}

static bool any_generic(matcher *m) {
    static const char *const suffix[] = {"up_exps", "down_exps", "gate_exps", "gate_up_exps"};
    char name[64];
    for (int layer = 0; layer < GENERIC_LAYERS; layer++)
        for (size_t i = 0; i < sizeof suffix / sizeof *suffix; i++) {
            snprintf(name, sizeof name, "blk.%d.ffn_%s.weight", layer, suffix[i]);
            if (to_cpu(m, name)) return true;
        }
    return false;
}

static bool any_of_model(matcher *m, const llw_model *model) {
    for (size_t i = 0; i < model->n_tensors; i++)
        if (strstr(model->tensors[i].name, "exps") && to_cpu(m, model->tensors[i].name)) return true;
    return false;
}

bool llw_overrides_move_experts(const llw_override *overrides, size_t n, const llw_model *model) {
    bool reaches_cpu = false;
    for (size_t i = 0; i < n; i++) reaches_cpu |= !strcmp(overrides[i].buffer, "CPU");
    if (!reaches_cpu) return false;
    matcher m = {llw_xmalloc(n * sizeof *m.codes), overrides, n, pcre2_match_data_create(1, NULL),
                 pcre2_match_context_create(NULL)};
    if (m.context) pcre2_set_match_limit(m.context, MATCH_LIMIT);
    for (size_t i = 0; i < n; i++) {
        int code = 0;
        PCRE2_SIZE at = 0;
        m.codes[i] = pcre2_compile((PCRE2_SPTR)overrides[i].pattern, PCRE2_ZERO_TERMINATED,
                                   PCRE2_NO_AUTO_CAPTURE, &code, &at, NULL);
    }
    bool moves = m.data && m.context && (model ? any_of_model(&m, model) : any_generic(&m));
    for (size_t i = 0; i < n; i++) pcre2_code_free(m.codes[i]);
    free(m.codes);
    pcre2_match_data_free(m.data);
    pcre2_match_context_free(m.context);
    return moves;
}
