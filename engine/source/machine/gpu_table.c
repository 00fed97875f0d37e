/* Cards by name. */
#include "source/machine/gpu_table.h"
#include "base/number.h"
#include "base/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WORDS_MAX = 16, WORD_MAX = 24, MATCHES_MAX = 32, NEAR_MAX = 6 };

typedef struct words {
    char word[WORDS_MAX][WORD_MAX];
    int count;
} words;

/* Words that name a maker, a series or a box but no card. */
static bool is_noise(const char *word) {
    static const char *const noise[] = {
        "nvidia",   "geforce",  "rtx",   "gtx",        "tesla",   "amd",         "radeon", "rx",
        "instinct", "intel",    "arc",   "apple",      "jetson",  "gpu",         "tm",     "r",
        "card",     "graphics", "nvgpu", "generation", "edition", "workstation", "server", "the",
    };
    for (size_t i = 0; i < sizeof noise / sizeof *noise; i++)
        if (!strcmp(word, noise[i])) return true;
    return false;
}

static int by_word(const void *a, const void *b) {
    return strcmp(a, b);
}

/* The words of a name in lower case, sorted; letters after a digit start a new one (5070ti, 80GB). */
static words words_of(const char *name) {
    words out = {.count = 0};
    for (const char *at = name; *at && out.count < WORDS_MAX;) {
        while (*at && !isalnum((unsigned char)*at)) at++;
        char *word = out.word[out.count];
        int len = 0;
        for (bool digit = false; isalnum((unsigned char)*at); at++) {
            if (digit && isalpha((unsigned char)*at)) break;
            digit = isdigit((unsigned char)*at) != 0;
            if (len < WORD_MAX - 1) word[len++] = (char)tolower((unsigned char)*at);
        }
        word[len] = 0;
        if (!strcmp(word, "mobile")) memcpy(word, "laptop", sizeof "laptop");
        if (len && !is_noise(word)) out.count++;
    }
    qsort(out.word, (size_t)out.count, WORD_MAX, by_word);
    return out;
}

static bool same_words(const words *a, const words *b) {
    if (a->count != b->count || !a->count) return false;
    for (int i = 0; i < a->count; i++)
        if (strcmp(a->word[i], b->word[i])) return false;
    return true;
}

/* Words with a digit in them that both have: the model number, mostly. */
static int shared_numbers(const words *a, const words *b) {
    int n = 0;
    for (int i = 0; i < a->count; i++) {
        if (!strpbrk(a->word[i], "0123456789")) continue;
        for (int j = 0; j < b->count; j++) n += !strcmp(a->word[i], b->word[j]);
    }
    return n;
}

static bool row_is(const llw_gpu_table *table, size_t row, const words *wanted) {
    const llw_table *t = &table->cards;
    words name = words_of(llw_table_cell(t, row, llw_table_column(t, "name")));
    if (same_words(&name, wanted)) return true;
    char alias[128];
    for (const char *at = llw_table_cell(t, row, llw_table_column(t, "aliases")); *at;) {
        size_t len = strcspn(at, ";");
        snprintf(alias, sizeof alias, "%.*s", (int)len, at);
        words other = words_of(alias);
        if (same_words(&other, wanted)) return true;
        at += len + (at[len] == ';');
    }
    return false;
}

/* A non-negative number of a cell; `absent` when it is empty, an error when it is none. */
static llw_rc cell_number(const llw_table *t, size_t row, const char *column, double absent, double *out,
                          llw_err *err) {
    const char *cell = llw_table_cell(t, row, llw_table_column(t, column));
    *out = absent;
    if (!*cell) return LLW_OK;
    char *end = NULL;
    double value = strtod(cell, &end);
    if (*end || !(value >= 0 && value < 1e9))
        return llw_fail(err, LLW_ERR_INPUT, t->path, t->lines[row], "%s is not a number: %s", column, cell);
    *out = value;
    return LLW_OK;
}

static llw_rc cell_bytes(const llw_table *t, size_t row, const char *column, int64_t *out, llw_err *err) {
    double mib;
    llw_rc rc = cell_number(t, row, column, -1, &mib, err);
    *out = mib < 0 ? -1 : (int64_t)(mib * (double)LLW_MIB);
    return rc;
}

/* The row of the estimates for a card: its capability's, its backend's, or the last resort. -1 when there is
 * none. */
static long context_row(const llw_table *t, const char *backend, double capability) {
    int c_backend = llw_table_column(t, "backend"), c_capability = llw_table_column(t, "capability");
    long general = -1, any = -1;
    for (size_t i = 0; i < t->n_rows; i++) {
        const char *b = llw_table_cell(t, i, c_backend), *c = llw_table_cell(t, i, c_capability);
        if (!strcmp(b, "*")) any = (long)i;
        if (strcmp(b, backend)) continue;
        if (!*c)
            general = (long)i;
        else if (capability > 0 && strtod(c, NULL) > capability - 0.01 && strtod(c, NULL) < capability + 0.01)
            return (long)i;
    }
    return general >= 0 ? general : any;
}

static int64_t estimate_context(const llw_table *t, const char *backend, double capability, double units,
                                const char **source) {
    long row = context_row(t, backend, capability);
    double base = 0, per_unit = 0, usual = 0;
    if (row < 0 || cell_number(t, (size_t)row, "base_mib", 0, &base, NULL) ||
        cell_number(t, (size_t)row, "per_unit_mib", 0, &per_unit, NULL) ||
        cell_number(t, (size_t)row, "units_if_unknown", 0, &usual, NULL)) {
        *source = "nothing";
        return 0;
    }
    *source = llw_table_cell(t, (size_t)row, llw_table_column(t, "source"));
    double mib = base + per_unit * (units > 0 ? units : usual);
    return (int64_t)(mib + 0.5) * LLW_MIB;
}

int64_t llw_gpu_table_context(const llw_gpu_table *table, const char *backend, double capability,
                              const char **source) {
    return estimate_context(&table->contexts, backend, capability, 0, source);
}

/* 330 MiB and 0.6 % of the card, at most 770: nvidia-smi's total less what llama.cpp is told on Linux is 379
 * (RTX 3060, 4070), 452 (3090), 484 (4090), 498 (5090), 632 (RTX 6000 Ada), 768 (A100 80GB) by the logs named
 * in gpus.tsv, 616 on an H200. */
int64_t llw_gpu_reserve_estimate(int64_t memory) {
    double mib = 330 + 0.006 * (double)memory / (double)LLW_MIB;
    return (int64_t)(mib < 770 ? mib : 770) * LLW_MIB;
}

static llw_rc read_card(const llw_gpu_table *table, size_t row, llw_arena *arena, llw_gpu_card *out,
                        llw_err *err) {
    const llw_table *t = &table->cards;
    *out = (llw_gpu_card){.name = llw_table_cell(t, row, llw_table_column(t, "name")),
                          .backend = llw_table_cell(t, row, llw_table_column(t, "backend")),
                          .unified = *llw_table_cell(t, row, llw_table_column(t, "unified")) == '1',
                          .source = llw_table_cell(t, row, llw_table_column(t, "source")),
                          .place = llw_arena_printf(arena, "%s:%d", t->path, t->lines[row])};
    double units, bandwidth;
    llw_rc rc;
    if ((rc = cell_bytes(t, row, "memory_mib", &out->memory, err)) ||
        (rc = cell_bytes(t, row, "total_mib", &out->total, err)) ||
        (rc = cell_bytes(t, row, "reserve_mib", &out->reserve, err)) ||
        (rc = cell_bytes(t, row, "context_mib", &out->context, err)) ||
        (rc = cell_number(t, row, "units", 0, &units, err)) ||
        (rc = cell_number(t, row, "bandwidth_gbs", 0, &bandwidth, err)) ||
        (rc = cell_number(t, row, "capability", 0, &out->capability, err)))
        return rc;
    out->bandwidth = bandwidth * 1e9;
    if (sscanf(llw_table_cell(t, row, llw_table_column(t, "pcie")), "%2dx%2d", &out->pcie_generation,
               &out->pcie_width) != 2)
        out->pcie_generation = out->pcie_width = 0;
    if (out->total < 0) out->total = out->memory;
    out->reserve_estimated = out->reserve < 0;
    if (out->reserve_estimated)
        out->reserve =
            !strcmp(out->backend, "CUDA") && out->total > 0 ? llw_gpu_reserve_estimate(out->total) : 0;
    out->context_estimated = out->context < 0;
    out->context_source = out->source;
    if (out->context_estimated)
        out->context =
            estimate_context(&table->contexts, out->backend, out->capability, units, &out->context_source);
    return LLW_OK;
}

llw_rc llw_gpu_table_load(llw_arena *arena, llw_gpu_table *out, llw_err *err) {
    llw_rc rc = llw_table_read(arena, "models/gpus.tsv", &out->cards, err);
    return rc == LLW_OK ? llw_table_read(arena, "models/gpu_contexts.tsv", &out->contexts, err) : rc;
}

static llw_rc say_near(const llw_gpu_table *table, const char *name, const words *wanted, llw_err *err) {
    const llw_table *t = &table->cards;
    llw_text text = {0};
    int n = 0;
    for (size_t i = 0; i < t->n_rows && n < NEAR_MAX; i++) {
        const char *card = llw_table_cell(t, i, llw_table_column(t, "name"));
        words other = words_of(card);
        if (shared_numbers(wanted, &other))
            llw_text_addf(&text, "%s%s", n++ ? ", " : "; did you mean ", card);
    }
    llw_fail(err, LLW_ERR_NOTHING, "", 0,
             "no card \"%s\" in models/gpus.tsv%s%s; or give its memory in MiB: --gpu TOTAL:FREE", name,
             llw_text_str(&text), n ? "?" : "");
    llw_text_fini(&text);
    return LLW_ERR_NOTHING;
}

llw_rc llw_gpu_table_find(const llw_gpu_table *table, llw_arena *arena, const char *name, int64_t memory,
                          llw_gpu_card *out, llw_err *err) {
    words wanted = words_of(name);
    llw_gpu_card cards[MATCHES_MAX];
    int n = 0, best = -1;
    for (size_t i = 0; i < table->cards.n_rows && n < MATCHES_MAX; i++) {
        if (!row_is(table, i, &wanted)) continue;
        llw_rc rc = read_card(table, i, arena, &cards[n], err);
        if (rc != LLW_OK) return rc;
        n++;
    }
    if (!n) return say_near(table, name, &wanted, err);
    for (int i = 0; n > 1 && memory > 0 && i < n; i++) {
        int64_t off = llabs(cards[i].memory - memory);
        if (off < memory / 10 && (best < 0 || off < llabs(cards[best].memory - memory))) best = i;
    }
    if (n == 1) best = 0;
    if (best >= 0) {
        *out = cards[best];
        return LLW_OK;
    }
    llw_text text = {0};
    for (int i = 0; i < n; i++) llw_text_addf(&text, "%s%s", i ? ", " : "", cards[i].name);
    llw_fail(err, LLW_ERR_INPUT, "", 0, "\"%s\" may be several cards: %s; name one", name,
             llw_text_str(&text));
    llw_text_fini(&text);
    return LLW_ERR_INPUT;
}

double llw_gpu_pcie_bandwidth(int generation, int width) {
    /* bytes per second and lane after line coding: PCI Express base specifications 1.0 to 6.0 (2.5 and 5 GT/s
     * at 8b/10b, 8, 16 and 32 GT/s at 128b/130b, 64 GT/s in flits of 242 of 256 bytes) */
    static const double lane[] = {0,
                                  0.25e9,
                                  0.5e9,
                                  8e9 / 8 * 128 / 130,
                                  16e9 / 8 * 128 / 130,
                                  32e9 / 8 * 128 / 130,
                                  64e9 / 8 * 242 / 256};
    if (generation < 1 || generation >= (int)(sizeof lane / sizeof *lane) || width < 1 || width > 32)
        return 0;
    return lane[generation] * width;
}
