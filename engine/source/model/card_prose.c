/* Statements in a card's prose: sentences that may state something, against the patterns of
 * models/card_patterns.tsv. */
#include "base/table.h"
#include "source/model/card_name.h"
#include "source/model/card_read.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { PATTERNS_MAX = 128, GROUPS_MAX = 4, SENTENCE_MAX = 1024, LINES_MAX = 20000, MATCH_LIMIT = 20000 };

typedef struct pattern {
    llw_attr attrs[GROUPS_MAX];
    bool negated[GROUPS_MAX];
    int n;
    pcre2_code *code;
} pattern;

typedef struct reader {
    llw_arena *arena;
    const char *model;
    llw_card_text *out;
    pattern patterns[PATTERNS_MAX];
    size_t n_patterns;
    pcre2_match_data *match;
    pcre2_match_context *context;
} reader;

/* --- the table --- */

static llw_rc compile(const llw_table *t, size_t row, pattern *out, llw_err *err) {
    const char *claims = llw_table_cell(t, row, llw_table_column(t, "claims"));
    const char *text = llw_table_cell(t, row, llw_table_column(t, "pattern"));
    int code = 0;
    PCRE2_SIZE offset = 0;
    char name[64];
    *out = (pattern){.n = 0};
    for (const char *at = claims; *at && out->n < GROUPS_MAX;) {
        size_t len = strcspn(at, ",");
        out->negated[out->n] = !strncmp(at, "not ", 4);
        size_t skip = out->negated[out->n] ? 4 : 0;
        if (len - skip < sizeof name) {
            memcpy(name, at + skip, len - skip);
            name[len - skip] = 0;
            out->attrs[out->n] = llw_attr_find(LLW_KIND_model, name);
        }
        if (out->attrs[out->n++] == LLW_ATTR_NONE)
            return llw_fail(err, LLW_ERR_INPUT, t->path, t->lines[row], "model has no attribute \"%.*s\"",
                            (int)len, at);
        at += len + (at[len] == ',');
    }
    out->code = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED,
                              PCRE2_CASELESS | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &code, &offset, NULL);
    if (!out->code)
        return llw_fail(err, LLW_ERR_INPUT, t->path, t->lines[row],
                        "the pattern is broken at its character %zu", (size_t)offset);
    uint32_t groups = 0;
    pcre2_pattern_info(out->code, PCRE2_INFO_CAPTURECOUNT, &groups);
    if ((int)groups == out->n) return LLW_OK;
    pcre2_code_free(out->code);
    out->code = NULL;
    return llw_fail(err, LLW_ERR_INPUT, t->path, t->lines[row], "the pattern has %u groups for %d claims",
                    groups, out->n);
}

static llw_rc load(reader *r, llw_err *err) {
    llw_table table;
    llw_rc rc = llw_table_read(r->arena, "models/card_patterns.tsv", &table, err);
    for (size_t i = 0; rc == LLW_OK && i < table.n_rows && r->n_patterns < PATTERNS_MAX; i++)
        if ((rc = compile(&table, i, &r->patterns[r->n_patterns], err)) == LLW_OK) r->n_patterns++;
    return rc;
}

/* --- values --- */

/* "30B", "1.5 T", "262,144", "128K": a count, and whether it is a round figure. K is 1024 where a context is
 * counted. */
static bool read_count(const char *text, size_t len, bool context, int64_t *value, bool *rounded) {
    double n = 0, scale = 1;
    bool fraction = false;
    size_t i = 0;
    for (; i < len && (isdigit((unsigned char)text[i]) || text[i] == ',' || text[i] == '.'); i++) {
        if (text[i] == '.') fraction = true;
        if (!isdigit((unsigned char)text[i])) continue;
        n = n * 10 + (text[i] - '0');
        if (fraction) scale *= 10;
    }
    n /= scale;
    while (i < len && text[i] == ' ') i++;
    double unit = 1;
    switch (i < len ? tolower((unsigned char)text[i]) : 0) {
    case 'k': unit = context ? 1024 : 1e3; break;
    case 'm': unit = context ? 1024 * 1024 : 1e6; break;
    case 'b': unit = 1e9; break;
    case 't': unit = 1e12; break;
    default: break;
    }
    *rounded = unit > 1;
    n *= unit;
    if (!(n >= 0) || n > 9e15) return false;
    *value = (int64_t)llround(n);
    return true;
}

static bool is_sensible(llw_attr attr, int64_t n) {
    switch (attr) {
    case LLW_model_params:
    case LLW_model_params_active: return n >= 1000000;
    case LLW_model_context_length: return n >= 512 && n <= 1 << 27;
    case LLW_model_experts:
    case LLW_model_layers: return n >= 2;
    default: return n >= 0;
    }
}

static bool said_before(const llw_card_text *out, llw_attr attr) {
    for (size_t i = 0; i < out->n_statements; i++)
        if (out->statements[i].attr == attr && !out->statements[i].weak) return true;
    return false;
}

static void state(reader *r, llw_card_statement statement) {
    if (said_before(r->out, statement.attr)) return; /* a card describes its own model first */
    void *items = r->out->statements;
    llw_card_statement *place =
        llw_arena_push(r->arena, &items, &r->out->n_statements, &r->out->capacity, sizeof *place);
    r->out->statements = items;
    *place = statement;
}

/* --- sentences --- */

/* Words that turn a sentence into something else than a statement about this model. */
static bool states_nothing(const char *sentence) {
    static const char *const words[] = {
        "unlike",     "compared",    "comparable", "comparison",    "than",      "versus",
        "vs",         "instead",     "rather",     "not",           "isn't",     "aren't",
        "doesn't",    "don't",       "no",         "never",         "neither",   "without",
        "similar",    "outperforms", "outperform", "outperforming", "surpasses", "surpass",
        "surpassing", "rivals",      "beats",      "distilled",     "teacher",   "predecessor",
        "previous",   "whereas",     "although",   "series",        "suite",     "family",
        "collection", "variants",    "lineup",     "models",        "would",     "could",
        "if",         "baseline",    "equivalent", "class",         "sizes",     "ranging",
        "replaces",   "other",       "others",     "first",         "every",     "draft",
    };
    for (const char *at = sentence; *at;) {
        while (*at && !isalpha((unsigned char)*at)) at++;
        size_t len = 0;
        while (isalpha((unsigned char)at[len]) || at[len] == '\'') len++;
        for (size_t i = 0; len && i < sizeof words / sizeof *words; i++)
            if (strlen(words[i]) == len && !strncasecmp(at, words[i], len)) return true;
        at += len;
    }
    bool dense = strcasestr(sentence, "dense") != NULL;
    return dense &&
           (strcasestr(sentence, "moe") || strcasestr(sentence, "mixture")); /* of both: it compares */
}

static void say(reader *r, const pattern *p, const char *sentence, const PCRE2_SIZE *spans, int line) {
    size_t from = spans[0], len = spans[1] - spans[0];
    const char *quote = llw_arena_strndup(r->arena, sentence + from, len < 80 ? len : 80);
    for (int i = 0; i < p->n; i++) {
        llw_card_statement s = {.attr = p->attrs[i], .line = line, .quote = quote};
        const PCRE2_SIZE *span = &spans[2 * (i + 1)];
        if (llw_attr_get(s.attr)->type == LLW_FLAG) {
            s.value = llw_flag(!p->negated[i]);
        } else {
            int64_t n;
            if (span[0] == PCRE2_UNSET ||
                !read_count(sentence + span[0], span[1] - span[0], s.attr == LLW_model_context_length, &n,
                            &s.rounded) ||
                !is_sensible(s.attr, n))
                continue;
            s.value = llw_count(n);
        }
        state(r, s);
    }
}

static void read_sentence(reader *r, const char *text, size_t len, int line) {
    char sentence[SENTENCE_MAX];
    while (len && isspace((unsigned char)*text)) text++, len--;
    if (len < 4 || len >= sizeof sentence) return;
    memcpy(sentence, text, len);
    sentence[len] = 0;
    if (strlen(sentence) < len || !r->n_patterns || states_nothing(sentence) ||
        llw_card_names_sibling(sentence, len, r->model))
        return;
    for (size_t i = 0; i < r->n_patterns; i++) {
        const pattern *p = &r->patterns[i];
        int n = pcre2_match(p->code, (PCRE2_SPTR)sentence, len, 0, 0, r->match, r->context);
        if (n <= 0) continue;
        const PCRE2_SIZE *spans = pcre2_get_ovector_pointer(r->match);
        if (spans[1] < spans[0] || spans[1] > len) continue;
        say(r, p, sentence, spans, line);
        if (llw_attr_get(p->attrs[0])->type !=
            LLW_FLAG) /* words like MoE may stand in a later pattern's sentence */
            memset(sentence + spans[0], ' ', spans[1] - spans[0]);
    }
}

/* A sentence ends at a full stop, colon-free semicolon, exclamation or question mark before a blank. */
static void read_paragraph(reader *r, const char *text, size_t len, int line) {
    size_t start = 0;
    for (size_t i = 0; i < len; i++) {
        bool stop = (text[i] == '.' || text[i] == ';' || text[i] == '!' || text[i] == '?') &&
                    (i + 1 == len || isspace((unsigned char)text[i + 1]));
        if (!stop) continue;
        read_sentence(r, text + start, i - start, line);
        start = i + 1;
    }
    read_sentence(r, text + start, len - start, line);
}

/* --- Markdown --- */

/* Takes the dress off a line: emphasis, code marks, links, HTML tags, list marks; a two-column row becomes
 * "a: b". */
static size_t undress(const char *line, size_t len, char *out, size_t room) {
    size_t n = 0;
    bool row = len && *line == '|';
    for (size_t i = 0; i < len && n + 2 < room; i++) {
        char c = line[i];
        if (c == '*' || c == '`' || c == '\\' || (c == '!' && i + 1 < len && line[i + 1] == '[') || c == '[')
            continue;
        if (c == ']' && i + 1 < len && line[i + 1] == '(') {
            const char *close = memchr(line + i, ')', len - i);
            if (close) i = (size_t)(close - line);
            continue;
        }
        if (c == ']') continue;
        if (c == '<') {
            const char *close = memchr(line + i, '>', len - i);
            if (close) i = (size_t)(close - line);
            out[n++] = ' ';
            continue;
        }
        if ((unsigned char)c == 0xc2 && i + 1 < len &&
            (unsigned char)line[i + 1] == 0xa0) { /* no-break space */
            out[n++] = ' ';
            i++;
            continue;
        }
        if (row && c == '|') {
            if (n) out[n++] = ':', out[n++] = ' ';
            continue;
        }
        out[n++] = c == '\t' ? ' ' : c;
    }
    while (n && (isspace((unsigned char)out[n - 1]) || (row && out[n - 1] == ':'))) n--;
    return n;
}

/* Sections that speak of other things than what the model is. */
static bool is_foreign_section(const char *heading, size_t len) {
    static const char *const words[] = {
        "evaluation",     "benchmark",  "result",      "performance", "citation",   "license",
        "licence",        "changelog",  "history",     "related",     "other",      "comparison",
        "news",           "training",   "deploy",      "usage",       "quickstart", "quick start",
        "how to",         "acknowledg", "limitations", "quantiz",     "hardware",   "best practices",
        "provided files", "download",   "faq"};
    char text[128];
    if (len >= sizeof text) len = sizeof text - 1;
    memcpy(text, heading, len);
    text[len] = 0;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(text, words[i])) return true;
    return false;
}

static size_t count_cells(const char *line, size_t len) {
    size_t bars = 0;
    for (size_t i = 0; i < len; i++) bars += line[i] == '|';
    return len && *line == '|' ? bars - 1 : 0;
}

/* A page of the model that the card links to. */
static void take_source(reader *r, const char *line, size_t len) {
    static const char host[] = "https://huggingface.co/";
    const char *at = r->out->source ? NULL : memmem(line, len, host, sizeof host - 1), *end = line + len;
    if (!at) return;
    const char *p = at + sizeof host - 1;
    while (p < end && (isalnum((unsigned char)*p) || strchr("._-/", *p))) p++;
    if (llw_card_name_in(at + sizeof host - 1, (size_t)(p - at) - (sizeof host - 1), r->model) ==
        LLW_NAMES_SAME)
        r->out->source = llw_arena_strndup(r->arena, at, (size_t)(p - at));
}

typedef struct place_in_page {
    bool code, comment;
    size_t foreign; /* level of the heading whose section is passed over; 0 none */
} place_in_page;

static void read_heading(reader *r, place_in_page *at, const char *line, size_t len, int number) {
    size_t level = 0;
    while (level < len && line[level] == '#') level++;
    char text[SENTENCE_MAX];
    size_t n = undress(line + level, len - level, text, sizeof text);
    const char *start = text;
    while (n && isspace((unsigned char)*start)) start++, n--;
    if (at->foreign && level > at->foreign) return;
    at->foreign = is_foreign_section(start, n) ? level : 0;
    if (!r->out->title && n && !at->foreign) r->out->title = llw_arena_strndup(r->arena, start, n);
    if (!at->foreign) read_paragraph(r, start, n, number);
}

static void read_line(reader *r, place_in_page *at, const char *line, size_t len, int number) {
    while (len && isspace((unsigned char)*line)) line++, len--;
    if (len >= 3 && (!memcmp(line, "```", 3) || !memcmp(line, "~~~", 3))) {
        at->code = !at->code;
        return;
    }
    if (at->code) return;
    if (at->comment || (len >= 4 && !memcmp(line, "<!--", 4))) {
        at->comment = !memmem(line, len, "-->", 3);
        return;
    }
    if (!len || *line == '>') return; /* quotations are somebody else's words */
    if (*line == '#') {
        read_heading(r, at, line, len, number);
        return;
    }
    take_source(r, line, len);
    if (at->foreign || count_cells(line, len) > 2) return; /* a table of several models */
    char text[4 * SENTENCE_MAX];
    size_t n = undress(line, len, text, sizeof text);
    const char *start = text;
    while (n && strchr("-+* \t", *start)) start++, n--;
    read_paragraph(r, start, n, number);
}

/* Hands the lines to the reader; with `head`, until the title is known. */
static void read_lines(reader *r, const char *at, const char *end, int number, bool head) {
    place_in_page place = {.code = false};
    for (int lines = 0; at < end && lines < LINES_MAX && !(head && r->out->title); lines++, number++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        read_line(r, &place, at, (size_t)(stop - at), number);
        at = stop + 1;
    }
}

void llw_card_read_head(llw_arena *arena, const char *bytes, size_t len, llw_card_text *out) {
    *out = (llw_card_text){.title = NULL};
    reader *r = llw_arena_alloc(arena, sizeof *r); /* without patterns: nothing is stated */
    *r = (reader){.arena = arena, .model = "", .out = out};
    const char *at = bytes;
    int number = 1;
    llw_card_read_front(arena, bytes, len, out, &at, &number);
    read_lines(r, at, bytes + len, number, true);
}

llw_rc llw_card_read(llw_arena *arena, const char *bytes, size_t len, const char *model, llw_card_text *out,
                     llw_err *err) {
    *out = (llw_card_text){.title = NULL};
    reader *r = llw_arena_alloc(arena, sizeof *r);
    *r = (reader){.arena = arena, .model = model, .out = out};
    const char *at = bytes;
    int number = 1;
    llw_card_read_front(arena, bytes, len, out, &at, &number);
    r->match = pcre2_match_data_create(GROUPS_MAX + 1, NULL);
    r->context = pcre2_match_context_create(NULL);
    llw_rc rc = r->match && r->context ? load(r, err) : llw_fail(err, LLW_ERR_MEMORY, "", 0, "out of memory");
    if (r->context) pcre2_set_match_limit(r->context, MATCH_LIMIT); /* no sentence may take long */
    if (rc == LLW_OK) read_lines(r, at, bytes + len, number, false);
    for (size_t i = 0; i < r->n_patterns; i++) pcre2_code_free(r->patterns[i].code);
    if (r->match) pcre2_match_data_free(r->match);
    if (r->context) pcre2_match_context_free(r->context);
    return rc;
}
