/* Secrets in the text of a file: where the value of a name begins and ends, in any grammar that has commands.
 */
#include "base/secret.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

typedef struct source {
    char *text;
    size_t len;
} source;

/* The value of a name: where it begins, and the quotation mark that it stands in. */
typedef struct value {
    size_t at; /* 0: there is none */
    char quote;
} value;

static char at(const source *s, size_t i) {
    return i < s->len ? s->text[i] : 0;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

static bool is_quote(char c) {
    return c == '"' || c == '\'';
}

static bool is_name(char c) {
    return isalnum((unsigned char)c) || (c && strchr("_-.", c));
}

static size_t name_end(const source *s, size_t i) {
    while (is_name(at(s, i))) i++;
    return i;
}

static size_t over_blanks(const source *s, size_t i, bool lines) {
    while (is_blank(at(s, i)) || (lines && (at(s, i) == '\n' || at(s, i) == '\r'))) i++;
    return i;
}

static size_t over_close(const source *s, size_t i) { /* of the name, in JSON inside a string too */
    if (at(s, i) == '\\' && is_quote(at(s, i + 1))) i++;
    return is_quote(at(s, i)) ? i + 1 : i;
}

/* Kubernetes: `name: HF_TOKEN`, then `value: ...`, in JSON too. Behind the word, or 0. */
static size_t behind_value_word(const source *s, size_t i) {
    i = over_blanks(s, over_close(s, i), true);
    if (at(s, i) == ',') i = over_blanks(s, i + 1, true);
    if (is_quote(at(s, i))) i++;
    if (s->len - i < 6 || strncmp(s->text + i, "value", 5)) return 0;
    i = over_blanks(s, over_close(s, i + 5), false);
    return at(s, i) == ':' || at(s, i) == '=' ? i : 0;
}

/* Behind the signs between name and value: `=`, `:`, `:=`, `?=`, `=>`, `"] = `. */
static size_t over_sign(const source *s, size_t i) {
    if (at(s, i) == ']' && strchr("=:", at(s, over_blanks(s, i + 1, false))))
        i = over_blanks(s, i + 1, false);
    if (strchr("?+:", at(s, i)) && at(s, i + 1) == '=') i++;
    while (at(s, i) == '=' || at(s, i) == ':') i++;
    return at(s, i) == '>' && at(s, i - 1) == '=' ? i + 1 : i;
}

/* Over the end of a line, with what continues it, and the hyphen of a list. */
static size_t over_lines(const source *s, size_t i) {
    if (at(s, i) && strchr("\\`^", at(s, i)) && strchr("\r\n", at(s, i + 1))) i++;
    size_t end = over_blanks(s, i, true);
    return end > i && at(s, end) == '-' && is_blank(at(s, end + 1)) ? over_blanks(s, end + 1, false) : end;
}

/* Whether a name that is no option takes what stands behind a mere blank: `password K`, `Bearer K`, `ENV NAME
 * K`. */
static bool takes_next_word(const source *s, size_t from, size_t end) {
    static const char *const alone[] = {"bearer", "password", "passwd"}, *const commands[] = {
                                                                             "env", "setx", "setenv",
                                                                             "-x",  "-gx",  "-Ux"};
    size_t word = from, last = from;
    for (size_t i = 0; i < sizeof alone / sizeof *alone; i++)
        if (end - from == strlen(alone[i]) && !strncasecmp(s->text + from, alone[i], end - from)) return true;
    while (last && is_blank(s->text[last - 1])) last--;
    for (word = last; word && is_name(s->text[word - 1]);) word--;
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (last < from && last - word == strlen(commands[i]) &&
            !strncasecmp(s->text + word, commands[i], last - word))
            return true;
    return false;
}

/* What stands behind the end of a name: where, and whether a sign says that it is its value. */
static size_t over_signs(const source *s, size_t end, bool option, bool *sign) {
    size_t named = option ? 0 : behind_value_word(s, end), i = named ? named : over_close(s, end);
    bool closed = i > end && !named;
    i = over_blanks(s, i, false);
    size_t behind = over_sign(s, i);
    *sign = behind > i;
    i = over_blanks(s, behind, false);
    if (at(s, i) == ',' && !*sign && (closed || option)) {
        *sign = true;
        i = over_blanks(s, i + 1, false);
    }
    if (*sign && at(s, i) && strchr("|>", at(s, i))) { /* a block of YAML */
        size_t block = i + 1 + (at(s, i + 1) && strchr("+-", at(s, i + 1)));
        if (at(s, block) == '\n') i = over_blanks(s, block, true);
    }
    return option ? over_lines(s, i) : i;
}

/* The value of the name from `from` to `end`. */
static value value_of(const source *s, size_t from, size_t end) {
    static const value none = {0, 0};
    char before = from ? s->text[from - 1] : 0;
    bool option = s->text[from] == '-', braced = before == '{' && from > 1 && s->text[from - 2] == '$',
         variable = braced || before == '$' || before == '%', sign = false;
    if (braced) { /* ${K:-value} */
        size_t i = end + (at(s, end) == ':');
        return at(s, i) && strchr("-=+?", at(s, i)) ? (value){i + 1, '}'} : none;
    }
    size_t i = over_signs(s, end, option, &sign);
    bool next = option || (is_blank(at(s, end)) && at(s, i) != '-' && takes_next_word(s, from, end));
    if (i == end || i >= s->len || (!sign && (variable || !next))) return none;
    if (at(s, i) == '[') i++;
    if (at(s, i) == '\\' && is_quote(at(s, i + 1))) i++;
    char quote = is_quote(at(s, i)) ? at(s, i) : 0;
    if (quote && at(s, i + 1) == quote) return none;
    if (!quote && strchr("\r\n)]};&|#", at(s, i))) return none;
    return (value){i + (quote != 0), quote};
}

/* Bearer K: the scheme of an authorization is none of it. */
static size_t over_scheme(const source *s, size_t i) {
    static const char *const schemes[] = {"bearer", "basic", "digest", "token"};
    for (size_t k = 0; k < sizeof schemes / sizeof *schemes; k++) {
        size_t n = strlen(schemes[k]);
        if (s->len - i > n && !strncasecmp(s->text + i, schemes[k], n) && is_blank(s->text[i + n]))
            return over_blanks(s, i + n, false);
    }
    return i;
}

/* Whether a value outside quotation marks ends before i. */
static bool ends(const source *s, size_t i) {
    char c = at(s, i), next = at(s, i + 1);
    if (!c || isspace((unsigned char)c)) return true;
    bool last = !next || isspace((unsigned char)next) || is_quote(next) || strchr(",)]};", next);
    if (c == '\\') return next == '\n' || next == '\r';
    if (is_quote(c)) return !isalnum((unsigned char)next) && next != '$' && (!is_quote(next) || next == c);
    return last && strchr(",;)]}", c);
}

/* Stars up to the bracket that closes the one before i. Returns where it stands, or the end of the text. */
static size_t star_bracket(source *s, size_t i, char open, char close) {
    for (int depth = 1; i < s->len && s->text[i] != '\n'; i++) {
        depth += (s->text[i] == open) - (s->text[i] == close);
        if (!depth) return i;
        s->text[i] = '*';
    }
    return i;
}

/* A value that is only a variable's name, or 0: where it ends. */
static size_t variable_end(const source *s, value v) {
    size_t i = v.at;
    if (at(s, i) == '{' && at(s, i + 1) == '{')
        i--; /* {{ .Values.key }} is seen as ${...} */
    else if (at(s, i) != '$')
        return 0;
    while (at(s, i + 1) == '$') i++;
    bool braced = at(s, i + 1) == '{';
    size_t end = i + 1;
    if (braced) {
        while (end < s->len && !strchr("}\n\"'", s->text[end]) && strncmp(s->text + end, ":-", 2) &&
               s->text[end] != '=')
            end++;
        while (at(s, end) == '}') end++;
    } else {
        while (is_name(at(s, end)) || at(s, end) == ':') end++;
    }
    bool whole = v.quote ? at(s, end) == v.quote : ends(s, end);
    return whole && end > i + 1 && (!braced || s->text[end - 1] == '}') ? end : 0;
}

/* Stars a value. Returns where reading goes on. */
static size_t star_value(source *s, value v) {
    if (v.quote == '}') return star_bracket(s, v.at, '{', '}');
    bool escaped = v.quote && v.at > 1 && s->text[v.at - 2] == '\\';
    size_t end = variable_end(s, v), i = over_scheme(s, v.at);
    if (end) return end;
    end = variable_end(s, (value){i, v.quote});
    if (end) return end;
    while (i < s->len) {
        char c = s->text[i];
        if (c == '\n' || (!v.quote && ends(s, i))) return i;
        if (escaped && c == '\\' && at(s, i + 1) == v.quote) return i;
        if (!escaped && c == v.quote) {
            v.quote = 0;
            i++;
        } else if (!v.quote && is_quote(c)) {
            char next = at(s, i + 1);
            v.quote = is_quote(next) && next != c ? 0 : c; /* '...'"K": the first one is closed here */
            i++;
        } else if (c == '$' && v.quote != '\'' && (at(s, i + 1) == '(' || at(s, i + 1) == '{')) {
            char open = at(s, i + 1);
            i = star_bracket(s, i + 2, open, open == '(' ? ')' : '}') + 1;
        } else if (c == '`' && memchr(s->text + i + 1, '`', s->len - i - 1)) {
            i = star_bracket(s, i + 1, 0, '`') + 1;
        } else {
            if (c == '\\' && at(s, i + 1) && !strchr("\r\n", at(s, i + 1))) s->text[i++] = '*';
            s->text[i++] = '*';
        }
    }
    return i;
}

/* Words that stand behind the value of an option on the same line and are no option: more of it, which
 * somebody forgot to quote. */
static size_t star_more(source *s, size_t i) {
    for (;;) {
        size_t next = over_blanks(s, i, false);
        bool word =
            next > i && next < s->len && (isalnum((unsigned char)s->text[next]) || is_quote(s->text[next]));
        if (!word) return i;
        char quote = is_quote(s->text[next]) ? s->text[next] : 0;
        if (quote && is_blank(at(s, next + 1))) return i;
        i = star_value(s, (value){next + (quote != 0), quote});
    }
}

void llw_secret_star_source(char *text, size_t len) {
    source s = {text, len};
    for (size_t i = 0; i < len;) {
        size_t end = name_end(&s, i);
        value v = {0, 0};
        if (end > i && llw_secret_name(text + i, end - i)) v = value_of(&s, i, end);
        bool option = v.at && text[i] == '-' && v.quote != '}';
        i = v.at ? star_value(&s, v) : end > i ? end : i + 1;
        if (option) i = star_more(&s, i);
    }
    llw_secret_star(text, len);
}
