/* Lines of a Makefile or justfile, and what stands at their ends.
 *
 * GNU make 4.3 manual, "Splitting Long Lines" and "Splitting Recipe Lines": outside of recipes a backslash at
 * the end, the line's end and all blanks around them are one blank. In recipes the shell sees them, and only
 * the prefix of the line that follows is taken away. */
#include "source/config/make.h"

#include <ctype.h>
#include <string.h>

static bool is_blank(char c) {
    return c && isspace((unsigned char)c);
}

const char *llw_make_show(const llw_make *m, const llw_rich *rich) {
    return llw_rich_show(m->r->arena, rich);
}

size_t llw_make_closing(const llw_rich *in, size_t open) {
    char opener = in->chars[open].byte, closer = opener == '(' ? ')' : '}';
    int depth = 0;
    for (size_t i = open; i < in->n; i++) {
        depth += in->chars[i].byte == opener;
        if (in->chars[i].byte == closer && !--depth) return i;
    }
    return in->n;
}

bool llw_make_calls(const llw_rich *in, size_t i) {
    char next = llw_make_byte(in, i + 1);
    return llw_make_byte(in, i) == '$' && (next == '(' || next == '{');
}

llw_rich llw_make_without_start(const llw_rich *text) {
    size_t from = 0;
    while (is_blank(llw_make_byte(text, from))) from++;
    return llw_rich_slice(text, from, text->n);
}

bool llw_make_starts(const llw_rich *line, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i < n; i++)
        if (llw_make_byte(line, i) != word[i]) return false;
    return !llw_make_byte(line, n) || is_blank(llw_make_byte(line, n)) || llw_make_byte(line, n) == '(';
}

llw_rich llw_make_behind(const llw_rich *line, const char *word) {
    llw_rich rest = llw_rich_slice(line, strlen(word), line->n);
    return llw_make_without_start(&rest);
}

bool llw_make_evaluates(const llw_rich *line) {
    for (size_t i = 0; i < line->n; i++) {
        if (!llw_make_calls(line, i)) continue;
        llw_rich call = llw_rich_slice(line, i + 2, line->n);
        if (llw_make_starts(&call, "eval")) return true;
    }
    return false;
}

/* Backslashes right in front of that place. */
static size_t backslashes(const llw_rich *text, size_t at) {
    size_t n = 0;
    while (n < at && text->chars[at - 1 - n].byte == '\\') n++;
    return n;
}

llw_rich llw_make_next_line(const llw_rich *text, size_t *at) {
    size_t from = *at;
    while (*at < text->n && text->chars[*at].byte != '\n') ++*at;
    llw_rich line = llw_rich_slice(text, from, *at);
    if (*at < text->n) ++*at;
    return line;
}

llw_rich llw_make_line(const llw_rich *text, size_t *at) {
    size_t from = *at, to = from;
    for (; to < text->n; to++)
        if (text->chars[to].byte == '\n' && backslashes(text, to) % 2 == 0) break;
    *at = to < text->n ? to + 1 : to;
    if (to == text->n && to > from && text->chars[to - 1].byte == '\n') to--;
    return llw_rich_slice(text, from, to);
}

llw_rich llw_make_collapse(const llw_make *m, const llw_rich *line) {
    llw_rich out = {0};
    for (size_t i = 0; i < line->n; i++) {
        llw_char c = line->chars[i];
        if (c.byte == '\n') {
            out.n -= (backslashes(&out, out.n) + 1) / 2;
            while (out.n && is_blank(out.chars[out.n - 1].byte)) out.n--;
            while (is_blank(llw_make_byte(line, i + 1))) i++;
            c.byte = ' ';
        }
        llw_rich_push(m->r->arena, &out, c);
    }
    return out;
}

llw_rich llw_make_recipe_text(const llw_make *m, const llw_rich *line) {
    llw_rich out = {0};
    for (size_t i = 0; i < line->n; i++) {
        llw_rich_push(m->r->arena, &out, line->chars[i]);
        if (line->chars[i].byte == '\n' && llw_make_byte(line, i + 1) == m->prefix) i++;
    }
    return out;
}

llw_rich llw_make_command(const llw_rich *line, char prefix) {
    size_t skip = 0;
    for (; skip < line->n && !line->chars[skip].unknown; skip++)
        if (line->chars[skip].byte != prefix && !strchr("@-+ \t", line->chars[skip].byte)) break;
    return llw_rich_slice(line, skip, line->n);
}
