/* The patterns by which sentences about models are understood: a table of PCRE2 expressions, each doing one
 * thing. */
#include "source/config_phrases.h"
#include "base/table.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MATCH_LIMIT = 50000, MAX_SENTENCE = 2000, NEAR = 60 };

typedef enum pattern_id {
    HIDDEN,
    COMPARED,
    DENSE,
    MOE,
    EXPERTS,
    LAYERS,
    SIZE,
    FITS,
    FITS_NOT,
    QUANT,
    SIZE_OF_MODEL,
    SIZE_OF_ELSE,
    BUFFER,
    PLACEMENT,
    REASON,
    SOURCE,
    NAME,
    FITS_ALL,
    CARD,
    SPEED,
    ESTIMATED,
    OLD_FILE,
    OLD_SECTION,
    MEASURED,
    UPDATE,
    UPDATE_STEP,
    SHORT_TEST,
    LONG_TEST,
    UB_REASON,
    THE_MODEL,
    SIZE_OF_CACHE,
    PATTERNS
} pattern_id;

static const char *const names[PATTERNS] = {
    "hidden",    "compared",    "dense",        "moe",           "experts",      "layers",     "size",
    "fits",      "fits-not",    "quant",        "size-of-model", "size-of-else", "buffer",     "placement",
    "reason",    "source",      "name",         "fits-all",      "card",         "speed",      "estimated",
    "old-file",  "old-section", "measured",     "update",        "update-step",  "short-test", "long-test",
    "ub-reason", "the-model",   "size-of-cache"};

static pcre2_code *codes[PATTERNS];
static bool loaded;

/* Compiled once for the program's life; a table that cannot be read leaves every pattern out. */
static void load(void) {
    llw_arena *arena = llw_arena_new();
    llw_table t;
    loaded = true;
    if (llw_table_read(arena, "models/phrases.tsv", &t, NULL) == LLW_OK) {
        int name = llw_table_column(&t, "name"), pattern = llw_table_column(&t, "pattern");
        for (size_t row = 0; row < t.n_rows; row++)
            for (int i = 0; i < PATTERNS; i++) {
                if (codes[i] || strcmp(names[i], llw_table_cell(&t, row, name))) continue;
                int error = 0;
                PCRE2_SIZE at = 0;
                codes[i] = pcre2_compile((PCRE2_SPTR)llw_table_cell(&t, row, pattern), PCRE2_ZERO_TERMINATED,
                                         PCRE2_CASELESS, &error, &at, NULL);
                if (codes[i])
                    pcre2_jit_compile(codes[i], PCRE2_JIT_COMPLETE); /* where there is no JIT, without */
            }
    }
    llw_arena_free(arena);
}

static pcre2_code *code_of(pattern_id id) {
    if (!loaded) load();
    return codes[id];
}

/* --- beliefs --- */

enum { MAX_BELIEFS = 32 };

static struct {
    const char *name;
    pcre2_code *code;
} beliefs[MAX_BELIEFS];
static size_t n_beliefs;

/* For the program's life, like the patterns. */
static void load_beliefs(void) {
    static bool done;
    if (done) return;
    done = true;
    static llw_arena *arena;
    arena = llw_arena_new();
    llw_table t;
    if (llw_table_read(arena, "models/beliefs.tsv", &t, NULL) != LLW_OK) return;
    int name = llw_table_column(&t, "name"), pattern = llw_table_column(&t, "pattern");
    for (size_t row = 0; row < t.n_rows && n_beliefs < MAX_BELIEFS; row++) {
        int error = 0;
        PCRE2_SIZE at = 0;
        pcre2_code *code = pcre2_compile((PCRE2_SPTR)llw_table_cell(&t, row, pattern), PCRE2_ZERO_TERMINATED,
                                         PCRE2_CASELESS, &error, &at, NULL);
        if (!code) continue;
        pcre2_jit_compile(code, PCRE2_JIT_COMPLETE);
        beliefs[n_beliefs].name = llw_table_cell(&t, row, name);
        beliefs[n_beliefs++].code = code;
    }
}

typedef struct match {
    size_t from, to;
    size_t group[3], group_to[3]; /* from PCRE2_UNSET when it took no part */
} match;

/* The next match from `at` on. A pattern that runs away matches nothing. */
static bool match_code(const pcre2_code *code, const char *text, size_t len, size_t at, match *out) {
    pcre2_match_data *data = code ? pcre2_match_data_create_from_pattern(code, NULL) : NULL;
    pcre2_match_context *context = pcre2_match_context_create(NULL);
    int rc = -1;
    if (data && context) {
        pcre2_set_match_limit(context, MATCH_LIMIT);
        rc = pcre2_match(code, (PCRE2_SPTR)text, len, at, 0, data, context);
    }
    if (rc > 0) {
        const PCRE2_SIZE *v = pcre2_get_ovector_pointer(data);
        *out = (match){.from = v[0], .to = v[1]};
        for (int i = 0; i < 3; i++) {
            out->group[i] = i + 1 < rc ? v[2 * i + 2] : PCRE2_UNSET;
            out->group_to[i] = i + 1 < rc ? v[2 * i + 3] : PCRE2_UNSET;
        }
    }
    pcre2_match_data_free(data);
    pcre2_match_context_free(context);
    return rc > 0;
}

static bool next_match(pattern_id id, const char *text, size_t len, size_t at, match *out) {
    return match_code(code_of(id), text, len, at, out);
}

static bool matches(pattern_id id, const char *text, size_t len) {
    match m;
    return next_match(id, text, len, 0, &m);
}

/* The bytes of a text, line ends as blanks; quoted parts are blanked out. Same length, so places stay. */
static size_t flatten(const llw_rich *rich, char *out, size_t capacity) {
    size_t n = rich->n < capacity - 1 ? rich->n : capacity - 1;
    for (size_t i = 0; i < n; i++) {
        char c = rich->chars[i].byte;
        out[i] = c == '\n' || c == '\t' || c == '\r' || !c ? ' ' : c;
    }
    out[n] = 0;
    for (size_t i = 0; i < n; i++) {
        if (out[i] != '"' && out[i] != '`') continue;
        char *close = strchr(out + i + 1, out[i]);
        size_t end = close ? (size_t)(close - out) : i;
        for (size_t j = i; j <= end; j++) out[j] = j == i || j == end ? '_' : ' ';
        i = end;
    }
    return n;
}

/* The quantisation that a phrase at `at` speaks of: the nearest before it, else the first behind it. */
static void find_quant(const char *text, size_t len, size_t at, char out[24]) {
    match m, best = {0};
    bool found = false;
    for (size_t from = 0; next_match(QUANT, text, len, from, &m); from = m.to) {
        if (m.from < at || !found) best = m;
        found = true;
        if (m.from >= at) break;
    }
    out[0] = 0;
    if (found && best.to - best.from < 24) {
        memcpy(out, text + best.from, best.to - best.from);
        out[best.to - best.from] = 0;
    }
}

static llw_phrase *add(llw_phrase *out, size_t max, size_t *n, const char *about, size_t at, const char *text,
                       size_t len) {
    if (*n >= max) return NULL;
    llw_phrase *p = &out[(*n)++];
    *p = (llw_phrase){.about = about, .at = at};
    /* kind and counts are those of every quantisation */
    if (!strcmp(about, "size") || !strcmp(about, "fits") || !strcmp(about, "speed"))
        find_quant(text, len, at, p->quant);
    return p;
}

static int64_t bytes_of(double number, const char *unit) {
    double factor = 1e6;
    if (unit[0] == 'G' || unit[0] == 'g') factor = 1e9;
    if (unit[0] == 'T' || unit[0] == 't') factor = 1e12;
    if (unit[1] == 'i' || unit[1] == 'I')
        factor = unit[0] == 'M' || unit[0] == 'm'   ? 1048576.0
                 : unit[0] == 'G' || unit[0] == 'g' ? 1073741824.0
                                                    : 1099511627776.0;
    double bytes = number * factor;
    return bytes < 9e18 ? (int64_t)(bytes + 0.5) : 0;
}

/* Where the last match of a pattern before `to` ends, not further back than `from`; from when there is none.
 */
static size_t last_before(pattern_id id, const char *text, size_t from, size_t to, bool *found) {
    match m;
    size_t last = from;
    *found = false;
    for (size_t at = from; next_match(id, text, to, at, &m); at = m.to) {
        last = m.to;
        *found = true;
    }
    return last;
}

/* A size is the model's when the nearest word that tells is one of the model's, not of a cache, a card or a
 * buffer. */
static bool is_models_size(const char *text, size_t len, const match *m) {
    size_t after = m->to + 24 < len ? m->to + 24 : len, before = m->from > NEAR ? m->from - NEAR : 0;
    match next_model, next_else;
    bool model_after = next_match(SIZE_OF_MODEL, text, after, m->to, &next_model),
         else_after = next_match(SIZE_OF_ELSE, text, after, m->to, &next_else);
    match buffer; /* "5.7 GB of model weights spill to the CPU" */
    if (next_match(BUFFER, text, len, m->to, &buffer) && buffer.from == m->to) return false;
    bool close_else = else_after && next_else.from - m->to <= 8,
         close_model = model_after && next_model.from - m->to <= 4;
    if (close_else && !(close_model && next_model.from < next_else.from)) return false;
    if (close_model) return true;
    bool model = false, other = false, quant = false;
    size_t model_at = last_before(SIZE_OF_MODEL, text, before, m->from, &model),
           other_at = last_before(SIZE_OF_ELSE, text, before, m->from, &other),
           quant_at = last_before(QUANT, text, before, m->from, &quant);
    bool cache = false; /* "KV cache (q8_0): 3,500 MiB" */
    last_before(SIZE_OF_CACHE, text, before, m->from, &cache);
    if (quant && !(cache && !model) && (!model || quant_at > model_at)) {
        model = true;
        model_at = quant_at;
    }
    if (other && (!model || other_at > model_at)) return false;
    return model || (model_after && (!else_after || next_model.from < next_else.from));
}

static double number_at(const char *text, size_t from, size_t to) {
    char word[32] = "";
    size_t n = 0;
    for (; from < to && n < sizeof word - 1; from++)
        if (text[from] != ',') word[n++] = text[from];
    return strtod(word, NULL);
}

static void find_sizes(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    match m;
    if (matches(COMPARED, text, len)) return;
    for (size_t at = 0; next_match(SIZE, text, len, at, &m); at = m.to) {
        double low = number_at(text, m.group[0], m.group_to[0]);
        if (!(low > 0) || !is_models_size(text, len, &m)) continue;
        llw_phrase *p = add(out, max, n, "size", m.from, text, len);
        if (!p) return;
        p->bytes = bytes_of(low, text + m.group[2]);
        if (m.group[1] != PCRE2_UNSET)
            p->bytes_high = bytes_of(number_at(text, m.group[1], m.group_to[1]), text + m.group[2]);
        if (p->bytes_high <= p->bytes) p->bytes_high = 0;
        p->estimated = matches(ESTIMATED, text, len);
        if (p->bytes < 100000000) (*n)--; /* no model is that small: a part, a buffer */
    }
}

static void find_kind(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    match dense, moe;
    bool is_dense = next_match(DENSE, text, len, 0, &dense), is_moe = next_match(MOE, text, len, 0, &moe);
    if (is_dense && is_moe) return; /* both in one sentence: a comparison */
    if (!is_dense && !is_moe) return;
    llw_phrase *p = add(out, max, n, "architecture", is_dense ? dense.from : moe.from, text, len);
    if (!p) return;
    p->says_kind = true;
    p->moe = is_moe;
}

static void find_counts(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    match m;
    if (next_match(EXPERTS, text, len, 0, &m)) {
        llw_phrase *p = add(out, max, n, "experts", m.group[0], text, len);
        if (p) p->count = (int64_t)number_at(text, m.group[0], m.group_to[0]);
    }
    if (!next_match(LAYERS, text, len, 0, &m)) return;
    bool other = false; /* "KV cache (10 layers)" counts something else */
    last_before(SIZE_OF_ELSE, text, m.group[0] > NEAR ? m.group[0] - NEAR : 0, m.group[0], &other);
    llw_phrase *p = other ? NULL : add(out, max, n, "layers", m.group[0], text, len);
    if (p) p->count = (int64_t)number_at(text, m.group[0], m.group_to[0]);
}

static void find_fits(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    match m;
    bool negative = next_match(FITS_NOT, text, len, 0, &m);
    if (!negative && !next_match(FITS, text, len, 0, &m)) return;
    llw_phrase *p = add(out, max, n, "fits", m.from, text, len);
    if (!p) return;
    p->says_fits = true;
    p->fits = !negative;
    match card;
    if (next_match(CARD, text, m.to, m.from, &card) && card.to - card.from < sizeof p->card) {
        memcpy(p->card, text + card.from, card.to - card.from);
        p->card[card.to - card.from] = 0;
    }
}

static void find_fits_all(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    match m;
    if (matches(FITS_NOT, text, len) || matches(FITS, text, len) || !next_match(FITS_ALL, text, len, 0, &m))
        return;
    llw_phrase *p = add(out, max, n, "fits", m.from, text, len);
    if (p) p->fits_all = true;
}

/* Digits without zeros in front, and without those behind a whole number. */
static int significant(const char *text, size_t from, size_t to) {
    int n = 0, zeros = 0;
    bool point = false;
    for (; from < to; from++) {
        point |= text[from] == '.';
        if (text[from] < '0' || text[from] > '9' || (!n && text[from] == '0')) continue;
        n++;
        zeros = text[from] == '0' ? zeros + 1 : 0;
    }
    return point ? n : n - zeros;
}

static void find_speeds(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    match m;
    if (matches(COMPARED, text, len) || !next_match(SPEED, text, len, 0, &m)) return;
    llw_phrase *p = add(out, max, n, "speed", m.from, text, len);
    if (!p) return;
    p->rate = number_at(text, m.group[0], m.group_to[0]);
    p->digits = significant(text, m.group[0], m.group_to[0]);
    p->estimated = matches(ESTIMATED, text, len);
}

size_t llw_phrases_find(llw_arena *arena, const llw_rich *sentence, llw_phrase *out, size_t max) {
    (void)arena;
    char text[MAX_SENTENCE];
    size_t len = flatten(sentence, text, sizeof text), n = 0;
    if (!len || matches(HIDDEN, text, len)) return 0;
    find_kind(text, len, out, max, &n);
    find_counts(text, len, out, max, &n);
    find_sizes(text, len, out, max, &n);
    find_fits(text, len, out, max, &n);
    find_fits_all(text, len, out, max, &n);
    find_speeds(text, len, out, max, &n);
    return n;
}

const char *llw_phrase_belief(const llw_rich *sentence, size_t *at) {
    char text[MAX_SENTENCE];
    size_t len = flatten(sentence, text, sizeof text);
    if (matches(HIDDEN, text, len)) return NULL;
    for (size_t i = 0; i < len; i++) { /* code spans are read, quotations are not */
        char c = sentence->chars[i].byte;
        if (c == '"')
            for (i++; i < len && sentence->chars[i].byte != '"'; i++) continue;
        else if (text[i] == '_' || text[i] == ' ')
            text[i] = c == '\n' || c == '`' || !c ? ' ' : c;
    }
    load_beliefs();
    match m;
    for (size_t i = 0; i < n_beliefs; i++)
        if (match_code(beliefs[i].code, text, len, 0, &m)) {
            *at = m.from;
            return beliefs[i].name;
        }
    return NULL;
}

bool llw_phrase_reason(const llw_rich *rich) {
    size_t start = 0;
    char text[MAX_SENTENCE];
    for (size_t i = 0; i < rich->n; i++) {
        bool end = i + 1 == rich->n || (strchr(".!?", rich->chars[i].byte) && rich->chars[i].byte &&
                                        rich->chars[i + 1].byte <= ' ');
        if (!end) continue;
        llw_rich sentence = llw_rich_slice(rich, start, i + 1);
        size_t len = flatten(&sentence, text, sizeof text);
        start = i + 1;
        if (!matches(HIDDEN, text, len) && matches(PLACEMENT, text, len) && matches(REASON, text, len))
            return true;
    }
    return false;
}

bool llw_phrase_source(const llw_rich *rich) {
    char text[MAX_SENTENCE];
    for (size_t start = 0; start < rich->n; start += MAX_SENTENCE / 2) {
        llw_rich part = llw_rich_slice(
            rich, start, start + MAX_SENTENCE - 1 < rich->n ? start + MAX_SENTENCE - 1 : rich->n);
        size_t len = flatten(&part, text, sizeof text);
        if (matches(SOURCE, text, len)) return true;
    }
    return false;
}

bool llw_phrase_is(llw_phrase_test test, const char *text, size_t len) {
    return matches(OLD_FILE + (pattern_id)test, text, len);
}

size_t llw_phrase_at(llw_phrase_test test, const char *text, size_t len) {
    match m;
    return next_match(OLD_FILE + (pattern_id)test, text, len, 0, &m) ? m.from : 0;
}

bool llw_phrase_has_quant(const char *name) {
    return matches(QUANT, name, strlen(name));
}

size_t llw_phrases_names(const llw_rich *text, llw_phrase_name *out, size_t max) {
    size_t n = 0, len = text->n < MAX_SENTENCE ? text->n : MAX_SENTENCE;
    char bytes[MAX_SENTENCE];
    for (size_t i = 0; i < len; i++) bytes[i] = text->chars[i].byte;
    match m;
    for (size_t at = 0; n < max && at < len && next_match(NAME, bytes, len, at, &m); at = m.to) {
        if (m.to <= m.from) break;
        llw_phrase_name *name = &out[n];
        *name = (llw_phrase_name){.at = m.from, .len = m.to - m.from};
        if (name->len >= sizeof name->text) continue;
        memcpy(name->text, bytes + m.from, name->len);
        name->text[name->len] = 0;
        n++;
    }
    return n;
}
