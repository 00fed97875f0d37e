/* The tables of patterns: read and compiled when first asked for. */
#include "source/prose/phrase_pattern.h"
#include "base/arena.h"
#include "base/table.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

enum { MATCH_LIMIT = 50000, MAX_BELIEFS = 32 };

static const char *const names[LLW_PATTERNS] = {
    "hidden",     "compared",  "against",     "dense",         "moe",           "experts",      "layers",
    "size",       "fits",      "fits-not",    "quant",         "size-of-model", "size-of-else", "buffer",
    "placement",  "reason",    "source",      "name",          "fits-all",      "card",         "speed",
    "estimated",  "old-file",  "old-section", "measured",      "update",        "update-step",  "short-test",
    "long-test",  "ub-reason", "the-model",   "size-of-cache", "needs",         "context",      "bench-row",
    "other-kind", "ub-value",  "ub-next",     "ub-gain",       "quant-of-file"};

typedef struct belief {
    const char *name;
    pcre2_code *code;
} belief;

/* For the program's life: matching is asked for by the thousand. */
static struct {
    bool read;
    llw_arena *arena; /* holds the names of beliefs */
    pcre2_code *codes[LLW_PATTERNS];
    belief beliefs[MAX_BELIEFS];
    size_t n_beliefs;
    pcre2_match_data *data;
    pcre2_match_context *context;
} patterns;

static pcre2_code *compile(const char *pattern) {
    int error = 0;
    PCRE2_SIZE at = 0;
    pcre2_code *code =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED, PCRE2_CASELESS, &error, &at, NULL);
    if (code) pcre2_jit_compile(code, PCRE2_JIT_COMPLETE); /* where there is no JIT, without */
    return code;
}

static void read_phrases(void) {
    llw_table t;
    if (llw_table_read(patterns.arena, "models/phrases.tsv", &t, NULL) != LLW_OK) return;
    int name = llw_table_column(&t, "name"), pattern = llw_table_column(&t, "pattern");
    for (size_t row = 0; row < t.n_rows; row++)
        for (int i = 0; i < LLW_PATTERNS; i++)
            if (!patterns.codes[i] && !strcmp(names[i], llw_table_cell(&t, row, name)))
                patterns.codes[i] = compile(llw_table_cell(&t, row, pattern));
}

static void read_beliefs(void) {
    llw_table t;
    if (llw_table_read(patterns.arena, "models/beliefs.tsv", &t, NULL) != LLW_OK) return;
    int name = llw_table_column(&t, "name"), pattern = llw_table_column(&t, "pattern");
    for (size_t row = 0; row < t.n_rows && patterns.n_beliefs < MAX_BELIEFS; row++) {
        pcre2_code *code = compile(llw_table_cell(&t, row, pattern));
        if (code) patterns.beliefs[patterns.n_beliefs++] = (belief){llw_table_cell(&t, row, name), code};
    }
}

static void read_tables(void) {
    if (patterns.read) return;
    patterns.read = true;
    patterns.arena = llw_arena_new();
    read_phrases();
    read_beliefs();
    patterns.data = pcre2_match_data_create(8, NULL);
    patterns.context = pcre2_match_context_create(NULL);
    if (patterns.context) pcre2_set_match_limit(patterns.context, MATCH_LIMIT);
}

static bool match(const pcre2_code *code, const char *text, size_t len, size_t at, llw_match *out) {
    if (!code || !patterns.data || !patterns.context) return false;
    int rc = pcre2_match(code, (PCRE2_SPTR)text, len, at, 0, patterns.data, patterns.context);
    if (rc <= 0) return false;
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(patterns.data);
    *out = (llw_match){.from = v[0], .to = v[1]};
    for (int i = 0; i < 3; i++) {
        bool took_part = i + 1 < rc && v[2 * i + 2] != PCRE2_UNSET;
        out->group[i] = took_part ? v[2 * i + 2] : LLW_MATCH_NONE;
        out->group_to[i] = took_part ? v[2 * i + 3] : LLW_MATCH_NONE;
    }
    return true;
}

bool llw_pattern_next(llw_pattern pattern, const char *text, size_t len, size_t at, llw_match *out) {
    read_tables();
    return match(patterns.codes[pattern], text, len, at, out);
}

bool llw_pattern_matches(llw_pattern pattern, const char *text, size_t len) {
    llw_match m;
    return llw_pattern_next(pattern, text, len, 0, &m);
}

const char *llw_pattern_belief(const char *text, size_t len, size_t *at) {
    read_tables();
    llw_match m;
    for (size_t i = 0; i < patterns.n_beliefs; i++)
        if (match(patterns.beliefs[i].code, text, len, 0, &m)) {
            *at = m.from;
            return patterns.beliefs[i].name;
        }
    return NULL;
}
