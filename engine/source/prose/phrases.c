/* What a sentence about a model states: kind, counts, sizes, where it fits, speeds. */
#include "source/prose/phrases.h"
#include "source/prose/phrase_pattern.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SENTENCE = 2000, NEAR = 60, SIZE_NEAR = 40 };

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
    llw_match m, best = {0};
    bool found = false;
    for (size_t from = 0; llw_pattern_next(LLW_PATTERN_QUANT, text, len, from, &m); from = m.to) {
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
static size_t last_before(llw_pattern pattern, const char *text, size_t from, size_t to, bool *found) {
    llw_match m;
    size_t last = from;
    *found = false;
    for (size_t at = from; llw_pattern_next(pattern, text, to, at, &m); at = m.to) {
        last = m.to;
        *found = true;
    }
    return last;
}

/* A size is the model's when the nearest word that tells is one of the model's, not of a cache, a card or a
 * buffer. */
static bool is_models_size(const char *text, size_t len, const llw_match *m) {
    size_t after = m->to + 24 < len ? m->to + 24 : len, before = m->from > NEAR ? m->from - NEAR : 0;
    llw_match next_model, next_else;
    bool model_after = llw_pattern_next(LLW_PATTERN_SIZE_OF_MODEL, text, after, m->to, &next_model),
         else_after = llw_pattern_next(LLW_PATTERN_SIZE_OF_ELSE, text, after, m->to, &next_else);
    llw_match buffer; /* "5.7 GB of model weights spill to the CPU" */
    if (llw_pattern_next(LLW_PATTERN_BUFFER, text, len, m->to, &buffer) && buffer.from == m->to) return false;
    bool close_else = else_after && next_else.from - m->to <= 8,
         close_model = model_after && next_model.from - m->to <= 4;
    if (close_else && !(close_model && next_model.from < next_else.from)) return false;
    if (close_model) return true;
    bool model = false, other = false, quant = false;
    size_t model_at = last_before(LLW_PATTERN_SIZE_OF_MODEL, text, before, m->from, &model),
           other_at = last_before(LLW_PATTERN_SIZE_OF_ELSE, text, before, m->from, &other),
           quant_at = last_before(LLW_PATTERN_QUANT, text, before, m->from, &quant);
    bool cache = false; /* "KV cache (q8_0): 3,500 MiB" */
    last_before(LLW_PATTERN_SIZE_OF_CACHE, text, before, m->from, &cache);
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
        if (text[from] != ',' && text[from] != '_') word[n++] = text[from];
    return strtod(word, NULL);
}

/* The parameters that the words between `from` and `to` end with: 22B of "22B DiT weights (". */
static void size_within(const char *text, size_t from, size_t to, char *out, size_t max) {
    for (size_t at = from; at < to; at++) {
        size_t n = strspn(text + at, "0123456789.");
        bool whole = n && (!at || (!isalnum((unsigned char)text[at - 1]) && text[at - 1] != '.'));
        if (whole && at + n < to && text[at + n] == 'B' && !isalnum((unsigned char)text[at + n + 1]) &&
            strncmp(text + at + n + 1, " active", 7) && n + 1 < max) {
            memcpy(out, text + at, n + 1);
            out[n + 1] = 0;
        }
        if (n) at += n - 1;
    }
}

static void find_sizes(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    llw_match m;
    if (llw_pattern_matches(LLW_PATTERN_COMPARED, text, len)) return;
    for (size_t at = 0; llw_pattern_next(LLW_PATTERN_SIZE, text, len, at, &m); at = m.to) {
        double low = number_at(text, m.group[0], m.group_to[0]);
        if (!(low > 0) || !is_models_size(text, len, &m)) continue;
        llw_phrase *p = add(out, max, n, "size", m.from, text, len);
        if (!p) return;
        p->bytes = bytes_of(low, text + m.group[2]);
        if (m.group[1] != LLW_MATCH_NONE)
            p->bytes_high = bytes_of(number_at(text, m.group[1], m.group_to[1]), text + m.group[2]);
        if (p->bytes_high <= p->bytes) p->bytes_high = 0;
        p->need = llw_pattern_matches(LLW_PATTERN_NEEDS, text, m.from);
        p->estimated = llw_pattern_matches(LLW_PATTERN_ESTIMATED, text, len);
        size_within(text, m.from > SIZE_NEAR ? m.from - SIZE_NEAR : 0, m.from, p->of_size, sizeof p->of_size);
        if (p->bytes < 100000000) (*n)--; /* no model is that small: a part, a buffer */
    }
}

/* The parameters behind the word at `at`: 40B of "dense 40B". */
static void size_behind(const char *text, size_t len, size_t at, char *out, size_t max) {
    while (at < len && isalpha((unsigned char)text[at])) at++;
    while (at < len && strchr(", ", text[at])) at++;
    size_t n = strspn(text + at, "0123456789.");
    if (!n || text[at + n] != 'B' || isalnum((unsigned char)text[at + n + 1]) || ++n >= max) return;
    memcpy(out, text + at, n);
    out[n] = 0;
}

/* The parameters in the word before `at`, a quantisation passed over: 35B of "35B-A3B Q4_K_M (". */
static void size_before(const char *text, size_t at, char *out, size_t max) {
    while (at && strchr(" -(", text[at - 1])) at--;
    llw_match quant;
    for (size_t from = at > 24 ? at - 24 : 0; llw_pattern_next(LLW_PATTERN_QUANT, text, at, from, &quant);
         from = quant.to)
        if (quant.to == at) at = quant.from;
    while (at && strchr(" -", text[at - 1])) at--;
    size_t from = at, n = 0;
    while (from && (isalnum((unsigned char)text[from - 1]) || text[from - 1] == '.' || text[from - 1] == '-'))
        from--;
    while (from + n < at && (isdigit((unsigned char)text[from + n]) || text[from + n] == '.')) n++;
    if (!n || from + n >= at || text[from + n] != 'B' || ++n >= max) return;
    memcpy(out, text + from, n);
    out[n] = 0;
}

static void find_kind(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    llw_match dense, moe;
    bool is_dense = llw_pattern_next(LLW_PATTERN_DENSE, text, len, 0, &dense),
         is_moe = llw_pattern_next(LLW_PATTERN_MOE, text, len, 0, &moe);
    if (is_dense && (is_moe || llw_pattern_matches(LLW_PATTERN_OTHER_KIND, text, len)))
        return; /* both in one sentence: a comparison */
    if (!is_dense && !is_moe) return;
    if (llw_pattern_matches(LLW_PATTERN_AGAINST, text, is_dense ? dense.from : moe.from)) return;
    llw_phrase *p = add(out, max, n, "architecture", is_dense ? dense.from : moe.from, text, len);
    if (!p) return;
    p->says_kind = true;
    p->moe = is_moe;
    size_before(text, p->at, p->of_size, sizeof p->of_size);
    if (!*p->of_size) size_behind(text, len, p->at, p->of_size, sizeof p->of_size);
    const char *total =
        *p->of_size ? NULL : memmem(text, len, "B total", 7); /* "80B total / 3B active MoE" */
    size_t end = total ? (size_t)(total - text) + 2 : 0;
    if (total) size_within(text, end > 10 ? end - 10 : 0, end, p->of_size, sizeof p->of_size);
}

static void find_counts(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    llw_match m;
    if (llw_pattern_next(LLW_PATTERN_EXPERTS, text, len, 0, &m)) {
        llw_phrase *p = add(out, max, n, "experts", m.group[0], text, len);
        if (p) p->count = (int64_t)number_at(text, m.group[0], m.group_to[0]);
    }
    if (!llw_pattern_next(LLW_PATTERN_LAYERS, text, len, 0, &m)) return;
    bool other = false; /* "KV cache (10 layers)" counts something else */
    last_before(LLW_PATTERN_SIZE_OF_ELSE, text, m.group[0] > NEAR ? m.group[0] - NEAR : 0, m.group[0],
                &other);
    llw_phrase *p = other ? NULL : add(out, max, n, "layers", m.group[0], text, len);
    if (p) p->count = (int64_t)number_at(text, m.group[0], m.group_to[0]);
}

static void find_fits(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    llw_match m;
    bool negative = llw_pattern_next(LLW_PATTERN_FITS_NOT, text, len, 0, &m);
    if (!negative && !llw_pattern_next(LLW_PATTERN_FITS, text, len, 0, &m)) return;
    llw_phrase *p = add(out, max, n, "fits", m.from, text, len);
    if (!p) return;
    p->says_fits = true;
    p->fits = !negative;
    llw_match card;
    if (llw_pattern_next(LLW_PATTERN_CARD, text, m.to, m.from, &card) &&
        card.to - card.from < sizeof p->card) {
        memcpy(p->card, text + card.from, card.to - card.from);
        p->card[card.to - card.from] = 0;
    }
}

static void find_fits_all(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    llw_match m;
    if (llw_pattern_matches(LLW_PATTERN_FITS_NOT, text, len) ||
        llw_pattern_matches(LLW_PATTERN_FITS, text, len) ||
        !llw_pattern_next(LLW_PATTERN_FITS_ALL, text, len, 0, &m))
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
    llw_match m;
    if (llw_pattern_matches(LLW_PATTERN_COMPARED, text, len) ||
        !llw_pattern_next(LLW_PATTERN_SPEED, text, len, 0, &m))
        return;
    llw_phrase *p = add(out, max, n, "speed", m.from, text, len);
    if (!p) return;
    p->rate = number_at(text, m.group[0], m.group_to[0]);
    p->digits = significant(text, m.group[0], m.group_to[0]);
    p->estimated = llw_pattern_matches(LLW_PATTERN_ESTIMATED, text, len);
}

/* "128k" is 128,000 at least: makers mean 131,072 as often. */
static void find_context(const char *text, size_t len, llw_phrase *out, size_t max, size_t *n) {
    llw_match m;
    if (!llw_pattern_next(LLW_PATTERN_CONTEXT, text, len, 0, &m)) return;
    size_t g = m.group[0] != LLW_MATCH_NONE ? 0 : 2;
    double count = number_at(text, m.group[g], m.group_to[g]), factor = g ? 1e3 : 1;
    if (!g && m.group[1] != LLW_MATCH_NONE) factor = strchr("mM", text[m.group[1]]) ? 1e6 : 1e3;
    if (!(count * factor >= 1024) || count * factor > 1e9) return;
    llw_phrase *p = add(out, max, n, "context", m.from, text, len);
    if (p) p->count = (int64_t)(count * factor);
}

size_t llw_phrases_find(const llw_rich *sentence, llw_phrase *out, size_t max) {
    char text[MAX_SENTENCE];
    size_t len = flatten(sentence, text, sizeof text), n = 0;
    if (!len || llw_pattern_matches(LLW_PATTERN_HIDDEN, text, len)) return 0;
    find_kind(text, len, out, max, &n);
    find_counts(text, len, out, max, &n);
    find_sizes(text, len, out, max, &n);
    find_fits(text, len, out, max, &n);
    find_fits_all(text, len, out, max, &n);
    find_speeds(text, len, out, max, &n);
    find_context(text, len, out, max, &n);
    return n;
}

const char *llw_phrase_belief(const llw_rich *sentence, size_t *at) {
    char text[MAX_SENTENCE];
    size_t len = flatten(sentence, text, sizeof text);
    if (llw_pattern_matches(LLW_PATTERN_HIDDEN, text, len)) return NULL;
    for (size_t i = 0; i < len; i++) { /* code spans are read, quotations are not */
        char c = sentence->chars[i].byte;
        if (c == '"')
            for (i++; i < len && sentence->chars[i].byte != '"'; i++) continue;
        else if (text[i] == '_' || text[i] == ' ')
            text[i] = c == '\n' || c == '`' || !c ? ' ' : c;
    }
    return llw_pattern_belief(text, len, at);
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
        if (!llw_pattern_matches(LLW_PATTERN_HIDDEN, text, len) &&
            llw_pattern_matches(LLW_PATTERN_PLACEMENT, text, len) &&
            llw_pattern_matches(LLW_PATTERN_REASON, text, len))
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
        if (llw_pattern_matches(LLW_PATTERN_SOURCE, text, len)) return true;
    }
    return false;
}

bool llw_phrase_has_quant(const char *name) {
    return llw_pattern_matches(LLW_PATTERN_QUANT, name, strlen(name));
}
