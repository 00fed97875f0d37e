/* The lines of a justfile: settings, assignments, recipes and their parameters (just's manual, "Grammar").
 * Indented lines are a recipe's; one that starts with #! is a script as a whole. */
#include "source/config/make.h"

#include <ctype.h>
#include <string.h>

static bool is_indented(const llw_rich *line) {
    return llw_make_byte(line, 0) == '\t' || llw_make_byte(line, 0) == ' ';
}

static bool is_empty(const llw_rich *line) {
    return !llw_rich_trim(line).n;
}

static bool is_name_byte(char c) {
    return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* just itself joins what ends in a backslash; of a script the shell sees it. */
static void read_recipe(llw_make *m, const llw_rich *text, size_t *at) {
    llw_rich out = {0}, line = llw_make_next_line(text, at), bare = llw_make_command(&line, ' ');
    bool script = llw_make_byte(&bare, 0) == '#' && llw_make_byte(&bare, 1) == '!';
    for (;;) {
        bool joins = !script && bare.n && bare.chars[bare.n - 1].byte == '\\';
        bare = llw_rich_slice(&bare, 0, bare.n - joins);
        llw_rich_append(m->r->arena, &out, &bare);
        size_t ahead = *at;
        line = llw_make_next_line(text, &ahead);
        while (script && is_empty(&line) && ahead < text->n) line = llw_make_next_line(text, &ahead);
        if (ahead == *at || !(script ? is_indented(&line) : joins)) break;
        if (script) llw_rich_push(m->r->arena, &out, text->chars[*at - 1]);
        bare = llw_make_without_start(&line);
        *at = ahead;
    }
    llw_make_keep_recipe(m, &out);
}

/* NAME='default': behind it, with what it is set to. */
static size_t behind_parameter(const llw_rich *line, size_t at, size_t end) {
    while (at < end && !isspace((unsigned char)line->chars[at].byte)) {
        char c = line->chars[at++].byte;
        if (c != '\'' && c != '"') continue;
        while (at < end && line->chars[at].byte != c) at++;
        at += at < end;
    }
    return at;
}

/* What is set for a parameter nobody knows. */
static void read_parameters(llw_make *m, const llw_rich *line, size_t at, size_t end) {
    for (;;) {
        while (at < end && (!is_name_byte(line->chars[at].byte) || line->chars[at].byte == '-')) at++;
        size_t from = at;
        while (at < end && is_name_byte(line->chars[at].byte)) at++;
        if (at == from) return;
        llw_rich parameter = llw_rich_slice(line, from, at);
        llw_make_assignment a = {.name = llw_make_show(m, &parameter), .sign = '!'};
        llw_make_assign(m, &a, &line->chars[from], m->targets);
        at = behind_parameter(line, at, end);
    }
}

/* NAME PARAMETERS: */
static void read_rule(llw_make *m, const llw_rich *line) {
    size_t n = 0, end = 0;
    while (llw_make_byte(line, n) && !strchr(": (", line->chars[n].byte)) n++;
    for (char quote = 0; end < line->n && (quote || line->chars[end].byte != ':'); end++) {
        char c = line->chars[end].byte;
        quote = quote ? (c == quote ? 0 : quote) : strchr("'\"", c) ? c : 0;
    }
    llw_rich name = llw_rich_slice(line, 0, n);
    m->targets = llw_make_show(m, &name);
    m->targets += *m->targets == '@';
    m->line = line->chars[0].line;
    read_parameters(m, line, n, end);
}

static void read_statement(llw_make *m, llw_rich *line) {
    llw_make_modifiers said = llw_make_take_modifiers(line);
    if (llw_make_starts(line, "set")) {
        llw_rich rest = llw_make_behind(line, "set");
        if (!strncmp(llw_make_show(m, &rest), "export", strlen("export")))
            m->exports_all = !strstr(llw_make_show(m, &rest), "false");
        return;
    }
    if (llw_make_starts(line, "alias") || llw_make_starts(line, "import") || llw_make_starts(line, "mod"))
        return;
    if (line->n && !llw_make_read_assignment(m, line, &said, NULL)) read_rule(m, line);
}

void llw_make_read_just(llw_make *m, const llw_rich *text) {
    for (size_t at = 0; at < text->n;) {
        size_t ahead = at;
        llw_rich line = llw_make_next_line(text, &ahead);
        if (!is_empty(&line) && is_indented(&line)) {
            read_recipe(m, text, &at);
            continue;
        }
        at = ahead;
        if (!is_empty(&line) && line.chars[0].byte != '#') read_statement(m, &line);
    }
}
