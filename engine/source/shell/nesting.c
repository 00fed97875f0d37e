/* Where what was opened closes: quotes, ${...}, $(...), brackets and backticks inside each other, with the
 * comments, here-documents and case patterns of the commands in them. */
#include "source/shell/shell.h"

#include <string.h>

/* What is open. Of commands in brackets a `case` is open too, before its patterns and in its arms. */
typedef enum opened { QUOTES, BRACES, INDEX, SUM, COMMANDS, PATTERNS, ARM } opened;

enum { MAX_OPEN = 256 };

typedef struct nest {
    const llw_shell *s;
    unsigned char open[MAX_OPEN]; /* innermost last */
    int n;
    bool command;  /* a command may begin here */
    llw_here here; /* the here-document that begins behind this line; none without a word */
} nest;

static bool is_one_of(char c, const char *set) {
    return c && strchr(set, c);
}

static opened innermost(const nest *n) {
    return n->open[n->n - 1];
}

static void begin(nest *n, opened what) {
    n->open[n->n++] = (unsigned char)what;
    n->command = what == COMMANDS;
}

/* Behind the quote or backtick that ends what begins at i. */
static size_t behind_flat(const llw_shell *s, size_t i, char close, bool escapes) {
    for (; i < s->end; i++) {
        char c = llw_shell_byte(s, i);
        if (c == close) return i + 1;
        if (c == '\\' && escapes) i++;
    }
    return s->end;
}

/* --- here-documents --- */

size_t llw_shell_line_end(const llw_shell *s, size_t i) {
    while (i < s->end && llw_shell_byte(s, i) != '\n') i++;
    return i;
}

size_t llw_shell_here_word(const llw_shell *s, size_t i, llw_here *here) {
    *here = (llw_here){.tabs = llw_shell_byte(s, i) == '-'};
    i += here->tabs;
    while (is_one_of(llw_shell_byte(s, i), " \t")) i++;
    for (; i < s->end; i++) {
        char c = llw_shell_byte(s, i);
        if (is_one_of(c, " \t\n;&|<>()")) break;
        if (!is_one_of(c, "\"'\\") && here->n < sizeof here->word) here->word[here->n++] = c;
    }
    return i;
}

size_t llw_shell_here_end(const llw_shell *s, size_t at, const llw_here *here, size_t *behind) {
    while (at < s->end) {
        size_t line = at, n = 0, to = llw_shell_line_end(s, at);
        while (here->tabs && llw_shell_byte(s, line) == '\t') line++;
        while (n < here->n && llw_shell_byte(s, line + n) == here->word[n]) n++;
        *behind = to < s->end ? to + 1 : to;
        if (n == here->n && line + n == to) return at;
        at = *behind;
    }
    return *behind = s->end;
}

/* --- commands in brackets --- */

/* Behind a word that shapes commands, or i: case and esac, and those behind which a command may begin. */
static size_t behind_keyword(nest *n, size_t i) {
    static const char *const in_front[] = {"then", "do", "else", "elif", "if", "while", "until", "!", "{"};
    bool begins = n->command && innermost(n) != PATTERNS;
    size_t len = begins ? llw_shell_keyword_at(n->s, i, "case") : 0;
    if (len) {
        begin(n, PATTERNS);
        return i + len;
    }
    len = llw_shell_keyword_at(n->s, i, "esac");
    if (len && (innermost(n) == PATTERNS || (innermost(n) == ARM && n->command))) {
        n->n--;
        return i + len;
    }
    for (size_t k = 0; begins && k < sizeof in_front / sizeof *in_front; k++)
        if ((len = llw_shell_keyword_at(n->s, i, in_front[k]))) return i + len;
    return i;
}

static size_t behind_line(nest *n, size_t i) {
    n->command = true;
    if (!n->here.n) return i;
    llw_shell_here_end(n->s, i, &n->here, &i);
    n->here.n = 0;
    return i;
}

/* The ) of a subshell or of $(...), or that behind the patterns of a case. */
static void close_commands(nest *n) {
    n->command = innermost(n) == PATTERNS;
    if (n->command) {
        n->open[n->n - 1] = ARM;
        return;
    }
    while (n->n && innermost(n) != COMMANDS) n->n--; /* an arm that no esac ends */
    if (n->n) n->n--;
}

static size_t behind_separator(nest *n, size_t i, char next) {
    bool arm_ends = innermost(n) == ARM && llw_shell_byte(n->s, i) == ';' && is_one_of(next, ";&");
    if (arm_ends) n->open[n->n - 1] = PATTERNS;
    n->command = true;
    return arm_ends ? i + 2 : i + 1;
}

static size_t in_commands(nest *n, size_t i, char c, char next) {
    bool word = i && is_one_of(llw_shell_byte(n->s, i - 1), " \t\n;&|()");
    if (c == '\n') return behind_line(n, i + 1);
    if (c == ' ' || c == '\t') return i + 1;
    if (c == '#' && word) return llw_shell_line_end(n->s, i);
    if (is_one_of(c, ";&|")) return behind_separator(n, i, next);
    if (c == '<' && next == '<') {
        if (llw_shell_byte(n->s, i + 2) == '<') return i + 3;
        return llw_shell_here_word(n->s, i + 2, &n->here);
    }
    if (c == ')') {
        close_commands(n);
    } else if (c == '(') {
        if (innermost(n) != PATTERNS) begin(n, next == '(' ? SUM : COMMANDS);
    } else {
        size_t behind = word ? behind_keyword(n, i) : i;
        if (behind > i) return behind;
        n->command = false;
    }
    return i + 1;
}

/* --- everything --- */

/* Behind the byte at i, or behind what begins there when nothing in it counts. */
static size_t step(nest *n, size_t i) {
    const llw_shell *s = n->s;
    char c = llw_shell_byte(s, i), next = llw_shell_byte(s, i + 1);
    opened in = innermost(n);
    if (c == '\\') return i + 2;
    if (c == '`') {
        n->command = false;
        return behind_flat(s, i + 1, '`', true);
    }
    if (c == '$' && (next == '{' || next == '(')) {
        begin(n, next == '{' ? BRACES : llw_shell_byte(s, i + 2) == '(' ? SUM : COMMANDS);
        return i + 2;
    }
    if (c == '"') {
        n->command = false;
        if (in == QUOTES)
            n->n--;
        else
            begin(n, QUOTES);
        return i + 1;
    }
    if (in == QUOTES) return i + 1;
    if (c == '\'') {
        n->command = false;
        return behind_flat(s, i + 1, '\'', i && llw_shell_byte(s, i - 1) == '$');
    }
    if (in >= COMMANDS) return in_commands(n, i, c, next);
    static const char opens[] = {[BRACES] = 0, [INDEX] = '[', [SUM] = '('},
                      closes[] = {[BRACES] = '}', [INDEX] = ']', [SUM] = ')'};
    if (c && c == opens[in])
        begin(n, in);
    else if (c == closes[in])
        n->n--;
    return i + 1;
}

size_t llw_shell_behind(llw_shell *s, size_t i, size_t end) {
    nest n = {.s = s, .n = 0};
    size_t whole = s->end;
    char c = llw_shell_byte(s, i), next = llw_shell_byte(s, i + 1);
    if (c == '`') return behind_flat(s, i + 1, '`', true);
    s->end = end;
    begin(&n, c == '{' ? BRACES : c == '[' ? INDEX : next == '(' ? SUM : COMMANDS);
    for (i++; i < end && n.n && n.n < MAX_OPEN;) i = step(&n, i);
    s->end = whole;
    return n.n || i > end ? end : i;
}
