/* What [ ], [[ ]] and case patterns come to, as far as it is known. */
#include "source/shell/shell.h"

#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

static llw_truth turned(llw_truth t) {
    return t == LLW_MAYBE ? LLW_MAYBE : t == LLW_YES ? LLW_NO : LLW_YES;
}

static llw_truth truth(bool b) {
    return b ? LLW_YES : LLW_NO;
}

/* The answer if a variable that nobody sets is empty. */
static llw_truth leaning(llw_shell *s, llw_truth t) {
    s->lean = t;
    return LLW_MAYBE;
}

static llw_truth not_empty(llw_shell *s, const llw_rich *w) {
    if (llw_shell_is_missing(w)) return leaning(s, LLW_NO);
    if (llw_shell_is_count(w)) return LLW_YES;
    for (size_t i = 0; i < w->n; i++)
        if (!w->chars[i].unknown) return LLW_YES;
    return w->n ? LLW_MAYBE : LLW_NO;
}

static llw_truth same(llw_shell *s, const llw_rich *a, const llw_rich *b, bool pattern) {
    const char *x = llw_rich_text(s->r->arena, a), *y = llw_rich_text(s->r->arena, b);
    if (llw_shell_is_argument(a)) llw_shell_choice(s, y);
    if (x && y) return pattern ? llw_shell_match(a, b) : truth(!strcmp(x, y));
    if (llw_shell_is_missing(a) && y) return leaning(s, truth(!*y));
    if (llw_shell_is_count(a) && y) return leaning(s, truth(!strcmp(y, "0")));
    return LLW_MAYBE;
}

static bool number(const char *text, long *out) {
    char *end = NULL;
    *out = text ? strtol(text, &end, 10) : 0;
    return text && *text && !*end && strlen(text) < 10;
}

static llw_truth compare_known(long x, const char *op, long y) {
    if (!strcmp(op, "-eq")) return truth(x == y);
    if (!strcmp(op, "-ne")) return truth(x != y);
    if (!strcmp(op, "-lt")) return truth(x < y);
    if (!strcmp(op, "-le")) return truth(x <= y);
    if (!strcmp(op, "-gt")) return truth(x > y);
    if (!strcmp(op, "-ge")) return truth(x >= y);
    return LLW_MAYBE;
}

static llw_truth compare(llw_shell *s, const llw_rich *a, const char *op, const llw_rich *b) {
    long x, y;
    bool none = llw_shell_is_missing(a) || llw_shell_is_count(a);
    if (none && number(llw_rich_text(s->r->arena, b), &y)) return leaning(s, compare_known(0, op, y));
    if (!number(llw_rich_text(s->r->arena, a), &x) || !number(llw_rich_text(s->r->arena, b), &y))
        return LLW_MAYBE;
    return compare_known(x, op, y);
}

static llw_truth simple(llw_shell *s, const llw_rich *w, size_t n, bool pattern) {
    bool negative = false;
    while (n && llw_rich_is(&w[0], "!")) {
        negative = !negative;
        w++;
        n--;
    }
    s->lean = LLW_MAYBE;
    llw_truth t = LLW_MAYBE;
    if (n == 0)
        t = LLW_NO;
    else if (n == 1)
        t = not_empty(s, &w[0]);
    else if (n == 2 && llw_rich_is(&w[0], "-n"))
        t = not_empty(s, &w[1]);
    else if (n == 2 && llw_rich_is(&w[0], "-z")) {
        t = turned(not_empty(s, &w[1]));
        s->lean = turned(s->lean);
    } else if (n == 3 && (llw_rich_is(&w[1], "=") || llw_rich_is(&w[1], "==")))
        t = same(s, &w[0], &w[2], pattern);
    else if (n == 3 && llw_rich_is(&w[1], "!=")) {
        t = turned(same(s, &w[0], &w[2], pattern));
        s->lean = turned(s->lean);
    } else if (n == 3 && w[1].n == 3 && w[1].chars[0].byte == '-')
        t = compare(s, &w[0], llw_rich_show(s->r->arena, &w[1]), &w[2]);
    if (negative) {
        t = turned(t);
        s->lean = turned(s->lean);
    }
    return t;
}

static llw_truth both(llw_truth a, llw_truth b) {
    if (a == LLW_NO || b == LLW_NO) return LLW_NO;
    return a == LLW_YES && b == LLW_YES ? LLW_YES : LLW_MAYBE;
}

static llw_truth either(llw_truth a, llw_truth b) {
    return turned(both(turned(a), turned(b)));
}

/* Tests joined by and (&& or -a) and or (|| or -o): and binds closer. */
static llw_truth joined(llw_shell *s, const llw_rich *w, size_t n, const char *and_word, const char *or_word,
                        bool pattern) {
    llw_truth any = LLW_NO, any_lean = LLW_NO, all = LLW_YES, all_lean = LLW_YES;
    bool leans = false;
    size_t from = 0;
    for (size_t i = 0; i <= n; i++) {
        bool is_or = i < n && llw_rich_is(&w[i], or_word), is_and = i < n && llw_rich_is(&w[i], and_word);
        if (i < n && !is_or && !is_and) continue;
        llw_truth t = simple(s, w + from, i - from, pattern);
        leans |= t == LLW_MAYBE && s->lean != LLW_MAYBE;
        all = both(all, t);
        all_lean = both(all_lean, t == LLW_MAYBE ? s->lean : t);
        from = i + 1;
        if (is_and) continue;
        any = either(any, all);
        any_lean = either(any_lean, all_lean);
        all = all_lean = LLW_YES;
    }
    s->lean = leans && any == LLW_MAYBE ? any_lean : LLW_MAYBE;
    return any;
}

llw_truth llw_shell_test(llw_shell *s, const llw_rich *words, size_t n) {
    return joined(s, words, n, "-a", "-o", false);
}

/* The operators of [[ ]] that are no words elsewhere. */
static size_t operator_length(const llw_shell *s) {
    static const char *const operators[] = {"&&", "||", "<", ">", "(", ")"};
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++) {
        size_t len = strlen(operators[i]), n = 0;
        while (n < len && llw_shell_byte(s, s->at + n) == operators[i][n]) n++;
        if (n == len) return len;
    }
    return 0;
}

llw_truth llw_shell_double_test(llw_shell *s) {
    llw_words words = {0};
    bool brackets = false, regex = false;
    s->testing = true;
    while (s->at < s->end) {
        llw_shell_skip_blanks(s);
        if (llw_shell_byte(s, s->at) == '\n') {
            s->at++;
            continue;
        }
        size_t before = s->at, length = regex ? 0 : operator_length(s);
        if (length) {
            llw_words_push(s->r->arena, &words, llw_rich_slice(s->script, s->at, s->at + length));
            brackets |= strchr("()<>", llw_shell_byte(s, s->at)) != NULL;
            s->at += length;
            continue;
        }
        bool quoted = false;
        llw_rich word = llw_shell_word(s, &quoted);
        if (!quoted && llw_rich_is(&word, "]]")) break;
        if (s->at == before) { /* a bracket of a regular expression */
            s->at++;
            continue;
        }
        brackets |= regex; /* what a regular expression matches is not followed */
        regex = llw_rich_is(&word, "=~");
        llw_words_push(s->r->arena, &words, word);
    }
    s->testing = false;
    s->lean = LLW_MAYBE;
    if (brackets || !words.n) return LLW_MAYBE;
    return joined(s, words.items, words.n, "&&", "||", true);
}

llw_truth llw_shell_match(const llw_rich *text, const llw_rich *pattern) {
    enum { MAX_STARS = 4 }; /* fnmatch tries every way to cut the text */
    char a[256], b[256];
    int stars = 0;
    if (pattern->n == 1 && pattern->chars[0].byte == '*' && !pattern->chars[0].unknown) return LLW_YES;
    if (text->n >= sizeof a || pattern->n >= sizeof b) return LLW_MAYBE;
    for (size_t i = 0; i < text->n; i++) {
        if (text->chars[i].unknown) return LLW_MAYBE;
        a[i] = text->chars[i].byte;
    }
    for (size_t i = 0; i < pattern->n; i++) {
        if (pattern->chars[i].unknown) return LLW_MAYBE;
        b[i] = pattern->chars[i].byte;
        stars += b[i] == '*';
    }
    if (stars > MAX_STARS) return LLW_MAYBE;
    a[text->n] = b[pattern->n] = 0;
    return truth(!fnmatch(b, a, 0));
}
