/* Python: lists of strings whose first one is a program of llama.cpp's, as subprocess takes them.
 *
 * Certain are string literals, str(NUMBER), names that the module assigns once, outside of every block, a
 * string or number, and such names in {} of an f-string; everything else is unknown. What is appended to the
 * list later, by +=, append or extend, counts where it stands no deeper than the list; under a condition it
 * is unknown. */
#include "source/config/front.h"

#include <ctype.h>
#include <string.h>

enum { MAX_LISTS = 100 };

typedef struct list {
    const char *name; /* "" when it has none */
    int indent, line, column, last_line;
    llw_words words;
    bool ours;
} list;

typedef struct python {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_rich text;
    size_t at;
    llw_scope names;
    list lists[MAX_LISTS];
    size_t n;
    const llw_link *literal, *constant;
} python;

static char byte_at(const python *p, size_t i) {
    return i < p->text.n ? p->text.chars[i].byte : 0;
}

static bool is_name_byte(char c) {
    return isalnum((unsigned char)c) || c == '_';
}

static size_t name_end(const python *p, size_t i) {
    while (is_name_byte(byte_at(p, i)) || byte_at(p, i) == '.') i++;
    return i;
}

static const char *slice_text(python *p, size_t from, size_t to) {
    llw_rich slice = llw_rich_slice(&p->text, from, to);
    return llw_rich_show(p->r->arena, &slice);
}

/* The quotes of a string that starts at i, its prefix passed: 1, 3, or 0 when there is none. */
static size_t quotes_at(const python *p, size_t i) {
    char c = byte_at(p, i);
    if (c != '"' && c != '\'') return 0;
    return byte_at(p, i + 1) == c && byte_at(p, i + 2) == c ? 3 : 1;
}

/* A string literal at p->at with its prefix; false when there is none. */
static bool string(python *p, llw_rich *out) {
    size_t i = p->at;
    bool formatted = false, raw = false;
    while (i < p->at + 2 && byte_at(p, i) && strchr("fFrRbBuU", byte_at(p, i))) {
        formatted |= strchr("fF", byte_at(p, i)) != NULL;
        raw |= strchr("rR", byte_at(p, i)) != NULL;
        i++;
    }
    size_t quotes = quotes_at(p, i);
    if (!quotes) return false;
    char quote = byte_at(p, i);
    for (i += quotes; i < p->text.n; i++) {
        char c = byte_at(p, i);
        bool end = c == quote && (quotes == 1 || (byte_at(p, i + 1) == quote && byte_at(p, i + 2) == quote));
        if (end || (c == '\n' && quotes == 1)) break;
        llw_char one = p->text.chars[i];
        one.link = p->literal;
        if (formatted && c == '{' && byte_at(p, i + 1) != '{') {
            size_t to = i + 1;
            while (to < p->text.n && byte_at(p, to) != '}' && byte_at(p, to) != '\n') to++;
            const llw_variable *v = llw_scope_get(&p->names, slice_text(p, i + 1, to));
            if (v && p->r->budget > v->value.n) {
                p->r->budget -= v->value.n;
                llw_rich_append(p->r->arena, out, &v->value);
            } else {
                llw_rich_unknown(p->r->arena, out, &one, p->literal);
            }
            i = to;
            continue;
        }
        if (formatted && (c == '{' || c == '}')) i++; /* {{ */
        if (!raw && c == '\\' && i + 1 < p->text.n) one.byte = byte_at(p, ++i);
        llw_rich_push(p->r->arena, out, one);
    }
    p->at = i < p->text.n ? i + (byte_at(p, i) == quote ? quotes : 0) : p->text.n;
    return true;
}

static void skip_blanks(python *p, bool lines) {
    for (;; p->at++) {
        char c = byte_at(p, p->at);
        if (c == '#' && lines)
            while (p->at < p->text.n && byte_at(p, p->at) != '\n') p->at++;
        else if (c == '\\' && byte_at(p, p->at + 1) == '\n')
            p->at++;
        else if (c != ' ' && c != '\t' && !(lines && (c == '\n' || c == '\r')))
            return;
        if (p->at >= p->text.n) return;
    }
}

/* Behind the expression that goes on at p->at: at a comma or bracket of the list. The last string in it is
 * kept. */
static void skip_expression(python *p, llw_rich *last) {
    int depth = 0;
    while (p->at < p->text.n) {
        char c = byte_at(p, p->at);
        llw_rich inner = {0};
        if (string(p, &inner)) {
            *last = inner;
            continue;
        }
        if (strchr("([{", c) && c) depth++;
        if (strchr(")]}", c) && c && !depth--) return;
        if (c == ',' && !depth) return;
        if (is_name_byte(c))
            p->at = name_end(p, p->at);
        else
            p->at++;
    }
}

/* One element: a literal, str(x), a name; else unknown. `program`: the last string of a path will do. */
static llw_rich element(python *p, bool program) {
    llw_rich out = {0}, last = {0};
    llw_char here = p->at < p->text.n ? p->text.chars[p->at] : (llw_char){0};
    here.link = p->literal;
    bool known = false;
    size_t from = p->at;
    if (string(p, &out)) {
        known = true;
        for (skip_blanks(p, true); string(p, &out); skip_blanks(p, true)) {
        } /* "a" "b" */
    } else {
        bool wrapped =
            !strncmp(slice_text(p, p->at, p->at + 4 < p->text.n ? p->at + 4 : p->text.n), "str(", 4);
        if (wrapped) p->at += 4;
        size_t to = name_end(p, p->at);
        const char *name = slice_text(p, p->at, to);
        const llw_variable *v = llw_scope_get(&p->names, name);
        bool number = isdigit((unsigned char)*name) && strspn(name, "0123456789") == strlen(name);
        if (number)
            for (size_t i = p->at; i < to; i++) {
                llw_char c = p->text.chars[i];
                c.link = p->literal;
                llw_rich_push(p->r->arena, &out, c);
            }
        else if (v)
            out = v->value;
        known = number ? wrapped : v != NULL;
        p->at = to;
        if (wrapped && byte_at(p, p->at) == ')') p->at++;
    }
    skip_blanks(p, true);
    char c = byte_at(p, p->at);
    if (known && (c == ',' || c == ']' || c == ')')) return out;
    p->at = from;
    skip_expression(p, &last);
    if (program && last.n) return last;
    out = (llw_rich){0};
    llw_rich_unknown(p->r->arena, &out, &here, p->literal);
    return out;
}

/* [a, b, ...] with p->at on the bracket. */
static llw_words elements(python *p, bool program) {
    llw_words words = {0};
    for (p->at++; p->at < p->text.n;) {
        skip_blanks(p, true);
        if (byte_at(p, p->at) == ']') {
            p->at++;
            break;
        }
        size_t before = p->at;
        llw_words_push(p->r->arena, &words, element(p, program && !words.n));
        skip_blanks(p, true);
        if (byte_at(p, p->at) == ',') p->at++;
        if (p->at == before) p->at++;
    }
    return words;
}

static bool is_program(python *p, const llw_words *words) {
    llw_program program;
    const char *text = words->n ? llw_rich_show(p->r->arena, &words->items[0]) : "";
    return strstr(text, "llama-") && llw_program_find(text, &program);
}

/* A list of names, such as of the programs to look for, starts nothing. */
static bool has_option(const llw_words *words) {
    for (size_t i = 1; i < words->n; i++)
        if (words->items[i].n && words->items[i].chars[0].byte == '-') return true;
    return false;
}

static list *find_list(python *p, const char *name) {
    for (size_t i = p->n; i-- > 0;)
        if (*name && !strcmp(p->lists[i].name, name)) return &p->lists[i];
    return NULL;
}

/* The line of the last byte that was read. */
static int last_line(const python *p) {
    size_t n = p->at < p->text.n ? p->at : p->text.n;
    return n ? p->text.chars[n - 1].line : 1;
}

static void extend(python *p, list *l, int indent, const llw_words *words, const llw_char *at) {
    if (indent > l->indent) {
        llw_rich unknown = {0};
        llw_rich_unknown(p->r->arena, &unknown, at, p->literal);
        llw_words_push(p->r->arena, &l->words, unknown);
        return;
    }
    for (size_t i = 0; i < words->n; i++) llw_words_push(p->r->arena, &l->words, words->items[i]);
    l->last_line = last_line(p);
}

static void new_list(python *p, const char *name, int indent, size_t open) {
    llw_words words = elements(p, true);
    list l = {.name = name,
              .indent = indent,
              .line = p->text.chars[open].line,
              .column = p->text.chars[open].column,
              .words = words,
              .last_line = last_line(p)};
    l.ours = is_program(p, &words);
    list *old = find_list(p, name);
    if (old && old->indent < indent) old->name = ""; /* nobody knows which one is started */
    if (l.ours && p->n < MAX_LISTS) p->lists[p->n++] = l;
}

/* NAME = "x" or 5 at the module's level. */
static void assign(python *p, const char *name, int indent) {
    llw_rich value = {0};
    size_t before = p->at;
    bool again = llw_scope_get(&p->names, name) != NULL, known = false;
    if (string(p, &value)) {
        known = true;
    } else {
        size_t to = name_end(p, p->at);
        const char *text = slice_text(p, p->at, to);
        known = *text && strspn(text, "0123456789") == strlen(text);
        if (known) value = llw_rich_slice(&p->text, p->at, to);
        p->at = to;
    }
    skip_blanks(p, false);
    char c = byte_at(p, p->at);
    known &= !c || c == '\n' || c == '\r' || c == '#';
    p->at = before;
    if (indent && !again) return;
    llw_rich kept = {0};
    for (size_t i = 0; known && !again && !indent && i < value.n; i++) {
        llw_char one = value.chars[i];
        if (one.link != p->constant) one.link = p->constant;
        llw_rich_push(p->r->arena, &kept, one);
    }
    if (!known || again || indent)
        llw_rich_unknown(p->r->arena, &kept, &p->text.chars[before - 1], p->constant);
    llw_scope_assign(&p->names, name, &kept, (llw_token){.place = "", .origin = "Python"});
}

/* What a line does to the lists and names: NAME = [, NAME += [, NAME.append(, NAME.extend([ */
static void statement(python *p, int indent) {
    size_t from = p->at, to = name_end(p, from);
    const char *name = slice_text(p, from, to);
    p->at = to;
    skip_blanks(p, false);
    char c = byte_at(p, p->at), next = byte_at(p, p->at + 1);
    size_t dot = strlen(name);
    while (dot && name[dot - 1] != '.') dot--;
    list *l = NULL;
    if (c == ':' && *name) { /* NAME: list[str] = */
        while (byte_at(p, p->at) && !strchr("=\n", byte_at(p, p->at))) p->at++;
        c = byte_at(p, p->at);
        next = byte_at(p, p->at + 1);
    }
    if (*name && c == '=' && next != '=') {
        p->at++;
        skip_blanks(p, false);
        if (byte_at(p, p->at) == '[')
            new_list(p, name, indent, p->at);
        else
            assign(p, name, indent);
    } else if (c == '+' && next == '=' && (l = find_list(p, name))) {
        const llw_char *at = &p->text.chars[p->at];
        p->at += 2;
        skip_blanks(p, false);
        llw_words words = {0};
        if (byte_at(p, p->at) == '[')
            words = elements(p, false);
        else
            indent = l->indent + 1;
        extend(p, l, indent, &words, at);
    } else if (c == '(' && dot > 1 && (l = find_list(p, slice_text(p, from, from + dot - 1)))) {
        bool append = !strcmp(name + dot, "append"), more = !strcmp(name + dot, "extend");
        const llw_char *at = &p->text.chars[p->at++];
        llw_words words = {0};
        skip_blanks(p, true);
        if (append)
            llw_words_push(p->r->arena, &words, element(p, false));
        else if (more && byte_at(p, p->at) == '[')
            words = elements(p, false);
        else
            indent = l->indent + 1;
        if (append || more || !strcmp(name + dot, "insert")) extend(p, l, indent, &words, at);
    } else {
        p->at = from;
    }
}

/* To the end of the line, looking at what strings and lists it holds. */
static void rest_of_line(python *p, int indent) {
    while (p->at < p->text.n && byte_at(p, p->at) != '\n') {
        llw_rich ignored = {0};
        char c = byte_at(p, p->at);
        size_t before = p->at;
        if (c == '#')
            while (p->at < p->text.n && byte_at(p, p->at) != '\n') p->at++;
        else if (c == '[')
            new_list(p, "", indent, p->at);
        else if (is_name_byte(c) && !string(p, &ignored))
            p->at = name_end(p, p->at);
        else if (p->at == before && !string(p, &ignored))
            p->at++;
        if (p->at == before) p->at++;
    }
}

static void run(python *p) {
    llw_start_site site = {.file = p->file->path, .directory = p->file->directory, .default_origin = ""};
    llw_front_launch *items = llw_arena_alloc(p->r->arena, (p->n + 1) * sizeof *items);
    size_t n = 0;
    for (size_t i = 0; i < p->n; i++) {
        const list *l = &p->lists[i];
        if (!has_option(&l->words)) continue;
        llw_scope env = {.arena = p->r->arena};
        llw_starts starts = {0};
        llw_start_words(p->r, &site, &l->words, &env, &starts);
        if (!starts.n) continue;
        starts.items[0].file = p->file->path;
        starts.items[0].line = l->line;
        starts.items[0].column = l->column;
        starts.items[0].last_line = l->last_line;
        items[n++] = (llw_front_launch){.start = &starts.items[0], .name = l->name};
    }
    llw_front_emit(p->r, p->file, items, n);
}

void llw_front_python(llw_config_reader *r, const llw_config_file *file) {
    python *p = llw_arena_alloc(r->arena, sizeof *p);
    *p = (python){.r = r,
                  .file = file,
                  .text = llw_config_text(r, file, "Python"),
                  .names = {.arena = r->arena},
                  .literal = llw_link_new(r->arena, file->path, "Python", false),
                  .constant = llw_link_new(r->arena, file->path, "Python constant", true)};
    while (p->at < p->text.n) {
        int indent = 0;
        while (byte_at(p, p->at) == ' ' || byte_at(p, p->at) == '\t') {
            indent++;
            p->at++;
        }
        statement(p, indent);
        rest_of_line(p, indent);
        if (p->at < p->text.n) p->at++;
    }
    run(p);
}
