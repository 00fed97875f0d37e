/* Patterns of log lines: a literal text with %d, %f, %w, %s and %~ in it. */
#include "source/log/match.h"

#include <ctype.h>
#include <string.h>

enum { MAX_CANDIDATES = 12 };

static const struct row {
    llw_log_event event;
    const char *where, *pattern;
} rows[] = {
#define LLW_LOG_LINE(event, where, pattern, seen) {LLW_LOG_E_##event, where, pattern},
#include "source/log/lines.def"
#undef LLW_LOG_LINE
};

static bool blank(char c) {
    return c == ' ' || c == '\t';
}

static llw_log_text skip_blanks(llw_log_text t) {
    while (t.len && blank(*t.at)) {
        t.at++;
        t.len--;
    }
    return t;
}

static llw_log_text trimmed(llw_log_text t) {
    t = skip_blanks(t);
    while (t.len && (blank(t.at[t.len - 1]) || t.at[t.len - 1] == '\n')) t.len--;
    return t;
}

/* Digits, at most 18 of them, so that no sum of ours overflows. */
static size_t read_integer(llw_log_text t, int64_t *out) {
    size_t i = 0;
    bool minus = t.len && t.at[0] == '-';
    if (minus) i++;
    size_t first = i;
    int64_t n = 0;
    for (; i < t.len && isdigit((unsigned char)t.at[i]); i++) {
        if (i - first >= 18) return 0;
        n = n * 10 + (t.at[i] - '0');
    }
    *out = minus ? -n : n;
    return i > first ? i : 0;
}

static size_t read_real(llw_log_text t, llw_log_field *out) {
    size_t i = read_integer(t, &out->integer);
    if (!i) return 0;
    bool minus = t.at[0] == '-';
    out->real = (double)out->integer;
    out->decimals = 0;
    /* some locales write a comma; it is a point only when digits follow on both sides */
    if (i + 1 >= t.len || (t.at[i] != '.' && t.at[i] != ',') || !isdigit((unsigned char)t.at[i + 1]))
        return i;
    double scale = 1;
    for (i++; i < t.len && isdigit((unsigned char)t.at[i]); i++) {
        scale /= 10;
        out->decimals++;
        out->real += (minus ? -scale : scale) * (t.at[i] - '0');
    }
    return i;
}

/* The literal text in front of the pattern: up to the next %, $ or blank. */
static size_t literal(const char *pattern) {
    return strcspn(pattern, "%$ ");
}

static bool starts(llw_log_text t, const char *word, size_t len) {
    return t.len >= len && !memcmp(t.at, word, len);
}

static llw_log_text after(llw_log_text t, size_t n) {
    return (llw_log_text){t.at + n, t.len - n};
}

/* %s and %~: the shortest text after which the rest of the pattern matches. Depth is the number of them in
 * the pattern. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the pattern, one of ours, has of them */
static bool match_text(const char *rest, llw_log_text t, llw_log_field *kept, llw_log_field *next) {
    if (!*rest || *rest == '$') {
        if (kept) kept->text = trimmed(t);
        return !kept || kept->text.len;
    }
    const char *probe = rest + strspn(rest, " ");
    size_t len = literal(probe);
    for (size_t n = kept ? 1 : 0; n <= t.len; n++) {
        if (len && !starts(skip_blanks(after(t, n)), probe, len)) continue;
        if (!llw_log_match(rest, after(t, n), next)) continue;
        if (kept) kept->text = trimmed((llw_log_text){t.at, n});
        return true;
    }
    return false;
}

static size_t match_word(const char *rest, llw_log_text t, llw_log_field *out) {
    size_t n = 0;
    while (n < t.len && !blank(t.at[n]) && (!*rest || *rest == ' ' || *rest == '$' || t.at[n] != *rest)) n++;
    out->text = (llw_log_text){t.at, n};
    return n;
}

bool llw_log_text_is(llw_log_text text, const char *word) {
    return text.len == strlen(word) && !memcmp(text.at, word, text.len);
}

bool llw_log_text_starts(llw_log_text text, const char *part) {
    return text.len >= strlen(part) && !memcmp(text.at, part, strlen(part));
}

/* NOLINTNEXTLINE(misc-no-recursion): match_text */
bool llw_log_match(const char *p, llw_log_text t, llw_log_field *field) {
    for (; *p; p++) {
        if (*p == ' ') {
            t = skip_blanks(t);
        } else if (*p == '$' && !p[1]) {
            return !trimmed(t).len;
        } else if (*p != '%') {
            if (!t.len || *t.at != *p) return false;
            t = after(t, 1);
        } else if (*++p == 's' || *p == '~') {
            bool kept = *p == 's';
            return match_text(p + 1, t, kept ? field : NULL, field + kept);
        } else {
            size_t n = *p == 'd'   ? read_integer(t, &field->integer)
                       : *p == 'f' ? read_real(t, field)
                                   : match_word(p + 1, t, field);
            if (!n) return false;
            if (*p == 'd') field->real = (double)field->integer;
            t = after(t, n);
            field++;
        }
    }
    return true;
}

/* Whether the comma-separated list has the word. */
static bool listed(const char *list, llw_log_text word) {
    while (*list) {
        size_t len = strcspn(list, ",");
        if (len == word.len && !memcmp(list, word.at, len)) return true;
        list += len + (list[len] == ',');
    }
    return false;
}

/* A place where a message may begin, and the word before it. */
typedef struct candidate {
    llw_log_text text, where;
} candidate;

static llw_log_text last_word(llw_log_text t) {
    size_t at = t.len;
    while (at && !blank(t.at[at - 1])) at--;
    return after(t, at);
}

static int find_candidates(llw_log_text t, candidate *out) {
    int n = 0;
    out[n++] = (candidate){skip_blanks(t), {t.at, 0}};
    size_t from = 0;
    for (size_t i = 0; i + 1 < t.len && n < MAX_CANDIDATES; i++) {
        if (!blank(t.at[i + 1]) || (t.at[i] != ':' && t.at[i] != '|' && t.at[i] != ']')) continue;
        llw_log_text before = {t.at + from, i - from};
        out[n++] = (candidate){skip_blanks(after(t, i + 1)),
                               t.at[i] == ':' ? last_word(before) : (llw_log_text){t.at, 0}};
        from = i + 1;
    }
    return n;
}

/* Programs that say such a line do not end the search: the line may say more. */
static bool tells_program(llw_log_line *line, llw_log_event event) {
    switch (event) {
    case LLW_LOG_E_PROGRAM_SERVER: return line->server = true;
    case LLW_LOG_E_PROGRAM_CLI: return line->cli = true;
    case LLW_LOG_E_PROGRAM_BENCH: return line->bench = true;
    default: return false;
    }
}

/* --- which rows are worth trying --- */

enum { N_ROWS = sizeof rows / sizeof *rows };

/* Rows by the first character of their patterns, in the order of the table; those that begin with a field
 * stand under '%'. Made at the first line. */
static short first_row[256], next_row[N_ROWS];
static bool indexed;

static void index_rows(void) {
    if (indexed) return;
    indexed = true;
    memset(first_row, -1, sizeof first_row);
    for (int r = N_ROWS - 1; r >= 0; r--) {
        unsigned char c = (unsigned char)*rows[r].pattern;
        next_row[r] = first_row[c];
        first_row[c] = (short)r;
    }
}

/* A pattern that begins with any text needs but one try, from the start of the line, and only where what
 * follows stands in it. */
static bool worth(const struct row *row, const candidate *c, llw_log_text whole) {
    if (row->pattern[0] != '%' || row->pattern[1] != '~') return true;
    size_t len = literal(row->pattern + 2);
    if (!len) return true;
    return c->text.at == whole.at && memmem(whole.at, whole.len, row->pattern + 2, len);
}

/* The first row of that letter before `best` that matches the candidate; `best` when there is none. */
static int row_of(llw_log_line *line, const candidate *c, unsigned char letter, llw_log_text whole,
                  int best) {
    for (int r = first_row[letter]; r >= 0 && r < best; r = next_row[r]) {
        if (*rows[r].where && !listed(rows[r].where, c->where)) continue;
        if (worth(&rows[r], c, whole) && llw_log_match(rows[r].pattern, c->text, line->field) &&
            !tells_program(line, rows[r].event))
            return r;
    }
    return best;
}

void llw_log_recognise(llw_log_line *line) {
    candidate candidates[MAX_CANDIDATES];
    int n = find_candidates(line->text, candidates), best = N_ROWS, of = 0;
    index_rows();
    for (int c = 0; c < n; c++) {
        if (!candidates[c].text.len) continue;
        unsigned char letters[2] = {(unsigned char)*candidates[c].text.at, '%'};
        for (int i = 0; i < 2; i++) {
            int r = row_of(line, &candidates[c], letters[i], candidates[0].text, best);
            if (r < best) best = r, of = c;
        }
    }
    memset(line->field, 0, sizeof line->field); /* of what attempts left there */
    if (best < N_ROWS) {
        llw_log_match(rows[best].pattern, candidates[of].text, line->field);
        line->event = rows[best].event;
        line->where = candidates[of].where;
    } else if (line->text.len > 2 && line->text.at[0] == '{' && line->text.at[1] == '"') {
        line->event = LLW_LOG_E_JSON;
    }
}
