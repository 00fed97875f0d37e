/* Counts the rounds of loops, the lengths of texts and the calls of macros in a Jinja template, tag by tag.
 */
#include "source/model/template_cost.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    MANY = 1000000,  /* rounds, or characters */
    MESSAGES = 1000, /* of a long conversation: rounds of a loop over what a loop around it goes over, too */
    DEPTH_MAX = 32,
    MACROS_MAX = 32,
    ARGUMENTS_MAX = 2048 /* bytes of the arguments of a call that are looked at */
};

typedef struct span {
    const char *at, *end;
} span;

/* ---- tags and words ---- */

static bool in_word(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

static const char *behind_quotes(const char *at) {
    char quote = *at++;
    while (*at && *at != quote) at += 1 + (*at == '\\' && at[1]);
    return *at ? at + 1 : at;
}

/* The inside of the next {% %} or {{ }} from *at on; *at moves behind it. */
static bool next_tag(const char **at, span *tag) {
    for (const char *open = *at; (open = strchr(open, '{')); open++) {
        if (open[1] == '#') {
            const char *close = strstr(open + 2, "#}");
            if (!close) break;
            open = close;
        } else if (open[1] == '%' || open[1] == '{') {
            char close = open[1] == '%' ? '%' : '}';
            tag->at = tag->end = open + 2 + (open[2] == '-' || open[2] == '+');
            while (*tag->end && !(*tag->end == close && tag->end[1] == '}'))
                tag->end = *tag->end == '\'' || *tag->end == '"' ? behind_quotes(tag->end) : tag->end + 1;
            while (tag->at < tag->end && isspace((unsigned char)*tag->at)) tag->at++;
            *at = tag->end;
            return true;
        }
    }
    return false;
}

/* Whether the tag begins with that word. */
static bool begins(span tag, const char *word) {
    size_t n = strlen(word);
    return (size_t)(tag.end - tag.at) >= n && !memcmp(tag.at, word, n) && !in_word(tag.at[n]);
}

/* The next name of the tag, a.b.c as one, from *at on, outside quotes; *at moves behind it. */
static bool next_name(const char **at, const char *end, span *name) {
    const char *p = *at;
    while (p < end && !isalpha((unsigned char)*p) && *p != '_')
        if (isdigit((unsigned char)*p))
            while (p < end && in_word(*p)) p++;
        else
            p = *p == '\'' || *p == '"' ? behind_quotes(p) : p + 1;
    if (p >= end) return false;
    name->at = p;
    while (p < end && (in_word(*p) || *p == '.')) p++;
    *at = name->end = p;
    return true;
}

static bool same(span a, span b) {
    return a.end - a.at == b.end - b.at && !memcmp(a.at, b.at, (size_t)(a.end - a.at));
}

static const char *behind_blanks(const char *at) {
    return at + strspn(at, " \t\r\n");
}

/* ---- numbers ---- */

static double digits(const char **at) {
    double n = 0;
    for (; isdigit((unsigned char)**at) || **at == '_'; ++*at)
        if (**at != '_') n = n * 10 + (**at - '0');
    return n;
}

/* 1000 * 1000 and 10 ** 9, multiplied; *at moves behind. */
static double product(const char **at) {
    for (double n = digits(at);;) {
        const char *p = *at + strspn(*at, " \t\r\n()");
        if (*p++ != '*') return n;
        bool power = *p == '*';
        p += power;
        p += strspn(p, " \t\r\n()");
        if (!isdigit((unsigned char)*p)) return n;
        double m = digits(&p);
        n = power ? pow(n, m) : n * m;
        *at = p;
    }
}

/* The largest number written in the tag; 'x' * 99 counts as 99. */
static double largest(span tag) {
    double most = 0;
    for (const char *p = tag.at; p < tag.end;) {
        if (*p == '\'' || *p == '"') {
            p = behind_quotes(p);
        } else if (isdigit((unsigned char)*p)) {
            double n = product(&p);
            if (n > most) most = n;
        } else if (in_word(*p)) {
            while (in_word(*p)) p++;
        } else
            p++;
    }
    return most;
}

/* ---- what grows ---- */

/* How often "set NAME = ..." doubles a text: a + a, a ~ a, NAME * 2. */
static double doublings(span tag) {
    double n = 0;
    span set, name, other;
    const char *at = tag.at + 3;
    if (!next_name(&at, tag.end, &set)) return 0;
    while (next_name(&at, tag.end, &name)) {
        const char *op = behind_blanks(name.end), *behind = op + 1;
        if (*op != '+' && *op != '~' && *op != '*') continue;
        behind = behind_blanks(behind);
        if (*op == '*' && isdigit((unsigned char)*behind) && same(set, name)) {
            double by = product(&behind);
            if (by > 1) n += log2(by);
        } else if (in_word(*behind) && next_name(&behind, tag.end, &other) && same(name, other) &&
                   *other.end != '(' && *other.end != '[')
            n++;
    }
    return n;
}

typedef struct loop {
    span over; /* the list's name; empty for a range */
    double rounds;
} loop;

/* The list that "for x in LIST" goes over, and how often it goes round, as far as that is written. */
static loop read_loop(span tag, const loop *around, int depth) {
    loop l = {.rounds = 1};
    span name = {0};
    const char *at = tag.at;
    while (next_name(&at, tag.end, &name) && !(name.end - name.at == 2 && !memcmp(name.at, "in", 2)))
        continue;
    if (!next_name(&at, tag.end, &l.over)) return (loop){.rounds = 1};
    if (l.over.end - l.over.at == 5 && !memcmp(l.over.at, "range", 5)) {
        l.over.end = l.over.at;
        l.rounds = largest(tag);
    }
    for (int i = 1; i <= depth && l.over.at < l.over.end; i++)
        if (same(around[i].over, l.over)) l.rounds = MESSAGES;
    if (l.rounds < 1) l.rounds = 1;
    return l;
}

static const char *growth(const char *text) {
    loop loops[DEPTH_MAX + 1] = {{.rounds = 1}};
    int depth = 0;
    double doubled = 0;
    for (span tag; next_tag(&text, &tag);) {
        if (begins(tag, "endfor") && depth > 0) depth--;
        if (begins(tag, "for") && depth < DEPTH_MAX) {
            loop l = read_loop(tag, loops, depth);
            l.rounds *= loops[depth].rounds;
            loops[++depth] = l;
            if (l.rounds > MANY) return "has a loop in its chat template that runs more than a million times";
        } else if (begins(tag, "set")) {
            double n = doublings(tag);
            doubled += n > 0 && depth ? log2(MANY) + 1 : n;
        }
        if (largest(tag) > MANY || doubled > log2(MANY))
            return "has a chat template that makes text of more than a million characters";
    }
    return NULL;
}

/* ---- macros ---- */

typedef struct macro {
    span name, given; /* given: what stands between its brackets */
    uint32_t calls;   /* macros that it calls with nothing but what it was given */
} macro;

static span brackets(const char *open, const char *end) {
    span in = {open + 1, open + 1};
    for (int depth = 1; in.end < end && in.end - open < ARGUMENTS_MAX; in.end++) {
        depth += *in.end == '(';
        depth -= *in.end == ')';
        if (!depth) break;
    }
    return in;
}

/* Whether every name among the arguments is one that the macro was given, whole: nothing is taken apart,
 * nothing is counted down, so that the call is as large as the one that makes it. */
static bool as_given(span arguments, span given) {
    span name, own;
    if (arguments.end - arguments.at >= ARGUMENTS_MAX - 1) return false;
    for (const char *p = arguments.at; p < arguments.end; p++)
        if (strchr("-/[{.|", *p)) return false;
    for (const char *at = arguments.at; next_name(&at, arguments.end, &name);) {
        bool found = false;
        for (const char *g = given.at; !found && next_name(&g, given.end, &own);) found = same(name, own);
        if (!found) return false;
    }
    return true;
}

static bool begins_macro(span tag, macro *m) {
    const char *at = tag.at + 5;
    *m = (macro){0};
    if (!begins(tag, "macro") || !next_name(&at, tag.end, &m->name)) return false;
    at = behind_blanks(at);
    m->given = *at == '(' ? brackets(at, tag.end) : (span){at, at};
    return true;
}

static size_t list_macros(const char *text, macro macros[MACROS_MAX]) {
    size_t n = 0;
    for (span tag; n < MACROS_MAX && next_tag(&text, &tag);) n += begins_macro(tag, &macros[n]);
    return n;
}

static void find_calls(span tag, macro *from, const macro *macros, size_t n) {
    span name;
    for (const char *at = tag.at; next_name(&at, tag.end, &name);) {
        const char *open = behind_blanks(name.end);
        for (size_t i = 0; i < n && *open == '('; i++)
            if (same(macros[i].name, name) && as_given(brackets(open, tag.end), from->given))
                from->calls |= UINT32_C(1) << i;
    }
}

static bool calls_itself(const char *text) {
    macro macros[MACROS_MAX], *inside = NULL, m;
    size_t n = list_macros(text, macros), next = 0;
    for (span tag; n && next_tag(&text, &tag);) {
        if (begins_macro(tag, &m))
            inside = next < n ? &macros[next++] : NULL;
        else if (begins(tag, "endmacro"))
            inside = NULL;
        else if (inside)
            find_calls(tag, inside, macros, n);
    }
    for (size_t k = 0; k < n; k++)
        for (size_t i = 0; i < n; i++)
            if (macros[i].calls >> k & 1) macros[i].calls |= macros[k].calls;
    for (size_t i = 0; i < n; i++)
        if (macros[i].calls >> i & 1) return true;
    return false;
}

const char *llw_template_cost(const char *text) {
    const char *grows = growth(text);
    if (grows) return grows;
    return calls_itself(text)
               ? "has a macro in its chat template that calls itself with all that it was given, and "
                 "so may never end"
               : NULL;
}
