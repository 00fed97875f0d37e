/* Makefiles and justfiles: each recipe as the shell runs it.
 *
 * make: a line that starts with a tab belongs to the target above it; @, - and + in front are taken away,
 * $(NAME) and
 * ${NAME} are put in (GNU make 4.3 manual, "How to Use Variables"), $$ is a dollar sign, and every line has a
 * shell of its own unless .ONESHELL is there. just: indented lines, {{NAME}}. What no file sets, functions,
 * and what is set under a condition are unknown: make takes variables from the environment too. */
#include "source/config/front.h"

#include <ctype.h>
#include <string.h>

enum { MAX_DEPTH = 8, MAX_LAUNCHES = 200 };

typedef struct recipes {
    llw_config_reader *r;
    const llw_config_file *file;
    llw_config_set *set;
    bool just;
    llw_rich text;
    llw_scope variables;
    int conditions; /* open ifeq, ifdef */
    bool one_shell;
    const char *target;
    int target_line;
    llw_front_launch *items;
    size_t n;
} recipes;

static const char *show(recipes *m, const llw_rich *rich) {
    return llw_rich_show(m->r->arena, rich);
}

/* --- variables --- */

static size_t closing(const llw_rich *in, size_t open) {
    char close = in->chars[open].byte == '(' ? ')' : '}', own = in->chars[open].byte;
    int depth = 0;
    for (size_t i = open; i < in->n; i++) {
        if (in->chars[i].byte == own) depth++;
        if (in->chars[i].byte == close && !--depth) return i;
    }
    return in->n;
}

/* A variable whose value is being put in, and those around it. */
typedef struct opened {
    const llw_variable *variable;
    const struct opened *outer;
    int depth;
} opened;

static bool is_open(const opened *around, const llw_variable *v) {
    for (; around; around = around->outer)
        if (around->variable == v) return true;
    return false;
}

/* NOLINTBEGIN(misc-no-recursion): at most MAX_DEPTH deep */
static void expand(recipes *m, const llw_rich *in, const opened *around, llw_rich *out);

/* A variable that refers to itself is an error of make. */
static void put(recipes *m, const char *name, const llw_char *at, const opened *around, llw_rich *out) {
    const llw_variable *v = llw_scope_get(&m->variables, name);
    opened next = {v, around, around ? around->depth + 1 : 1};
    if (!v || next.depth > MAX_DEPTH || is_open(around, v) || m->r->budget < v->value.n) {
        llw_rich_unknown(m->r->arena, out, at, at->link);
        return;
    }
    m->r->budget -= v->value.n;
    expand(m, &v->value, &next, out);
}

/* Appends the text with $(NAME), ${NAME}, $N and {{NAME}} put in. */
static void expand(recipes *m, const llw_rich *in, const opened *around, llw_rich *out) {
    for (size_t i = 0; i < in->n; i++) {
        const llw_char *c = &in->chars[i];
        char next = i + 1 < in->n ? in->chars[i + 1].byte : 0;
        bool call = m->just ? c->byte == '{' && next == '{' : c->byte == '$' && next;
        if (c->unknown || !call) {
            llw_rich_push(m->r->arena, out, *c);
            continue;
        }
        if (!m->just && next == '$') {
            llw_rich_push(m->r->arena, out, in->chars[i++]);
            continue;
        }
        size_t from = i + 2, to = i + 1;
        if (m->just)
            while (to + 1 < in->n && !(in->chars[to].byte == '}' && in->chars[to + 1].byte == '}')) to++;
        else if (next == '(' || next == '{')
            to = closing(in, i + 1);
        else
            from = i + 1, to = i + 2;
        llw_rich name = llw_rich_slice(in, from, to < in->n ? to : in->n);
        name = llw_rich_trim(&name);
        put(m, show(m, &name), c, around, out);
        i = m->just || next == '(' || next == '{' ? to + (m->just ? 1 : 0) : i + 1;
    }
}
/* NOLINTEND(misc-no-recursion) */

/* The value of NAME := text. What it holds is not looked at again: its dollar signs are doubled. */
static llw_rich at_once(recipes *m, const llw_rich *text) {
    llw_rich value = {0}, out = {0};
    expand(m, text, NULL, &value);
    for (size_t i = 0; i < value.n; i++) {
        llw_rich_push(m->r->arena, &out, value.chars[i]);
        if (value.chars[i].byte == '$' && !value.chars[i].unknown)
            llw_rich_push(m->r->arena, &out, value.chars[i]);
    }
    return out;
}

/* NAME = value and its kin; false when the line is none. */
static bool assignment(recipes *m, const llw_rich *line) {
    size_t n = 0;
    while (n < line->n && (isalnum((unsigned char)line->chars[n].byte) || strchr("_.-", line->chars[n].byte)))
        n++;
    llw_rich name = llw_rich_slice(line, 0, n);
    size_t at = n;
    while (at < line->n && isspace((unsigned char)line->chars[at].byte)) at++;
    char first = at < line->n ? line->chars[at].byte : 0;
    size_t sign = at;
    while (sign < line->n && strchr(":?+!", line->chars[sign].byte)) sign++;
    if (!n || sign >= line->n || line->chars[sign].byte != '=' || (m->just && first != ':')) return false;
    llw_rich value = llw_rich_slice(line, sign + 1, line->n);
    for (size_t i = 0; i < value.n; i++)
        if (value.chars[i].byte == '#' && (!i || value.chars[i - 1].byte != '\\')) value.n = i;
    value = llw_rich_trim(&value);
    bool quoted = m->just && value.n > 1 && strchr("'\"", value.chars[0].byte) &&
                  value.chars[value.n - 1].byte == value.chars[0].byte;
    if (quoted) value = llw_rich_slice(&value, 1, value.n - 1);
    llw_rich kept = {0};
    const llw_link *link =
        llw_link_new(m->r->arena, m->file->path, first == '?' ? "Makefile default" : "variable", true);
    bool known = !m->conditions && first != '!' && (!m->just || quoted);
    const llw_variable *before = first == '+' ? llw_scope_get(&m->variables, show(m, &name)) : NULL;
    if (before) {
        llw_rich_append(m->r->arena, &kept, &before->value);
        llw_char blank = {.byte = ' ', .line = line->chars[0].line, .column = 1, .link = link};
        if (kept.n) llw_rich_push(m->r->arena, &kept, blank);
    }
    for (size_t i = 0; known && i < value.n; i++) {
        llw_char c = value.chars[i];
        c.link = link;
        llw_rich_push(m->r->arena, &kept, c);
    }
    if (!known) llw_rich_unknown(m->r->arena, &kept, &line->chars[0], link);
    if (!m->just && first == ':') kept = at_once(m, &kept);
    llw_scope_assign(&m->variables, show(m, &name), &kept, llw_rich_token(m->r->arena, &name, NULL));
    return true;
}

/* --- recipes --- */

static void run(recipes *m, const llw_rich *script) {
    llw_start_site site = {.file = m->file->path,
                           .directory = m->file->directory,
                           .set = m->set,
                           .default_origin = "shell default"};
    llw_scope env = {.arena = m->r->arena};
    llw_starts starts = {0};
    size_t unread = m->r->out->n_unread;
    llw_rich *text = llw_arena_alloc(m->r->arena, sizeof *text);
    expand(m, script, NULL, text);
    llw_shell_script(m->r, &site, text, NULL, &env, &starts);
    if (!starts.n) m->r->out->n_unread = unread;
    for (size_t i = 0; i < starts.n && m->n < MAX_LAUNCHES; i++)
        m->items[m->n++] = (llw_front_launch){
            .start = &starts.items[i], .name = m->target ? m->target : "", .from = m->target_line};
}

static bool ends_in_backslash(const llw_rich *line) {
    size_t n = 0;
    while (n < line->n && line->chars[line->n - 1 - n].byte == '\\') n++;
    return n % 2 == 1;
}

static llw_rich next_line(recipes *m, size_t *at) {
    size_t from = *at;
    while (*at < m->text.n && m->text.chars[*at].byte != '\n') ++*at;
    llw_rich line = llw_rich_slice(&m->text, from, *at);
    if (*at < m->text.n) ++*at;
    return line;
}

static bool is_recipe(const recipes *m, const llw_rich *line) {
    char c = line->n ? line->chars[0].byte : 0;
    return c == '\t' || (m->just && c == ' ');
}

/* One recipe line with those it goes on in; with one shell for all, every line of it. */
static llw_rich recipe(recipes *m, const llw_rich *first, size_t *at) {
    llw_rich out = {0}, line = *first, bare = llw_rich_trim(first);
    bool whole =
        m->one_shell || (m->just && bare.n > 1 && bare.chars[0].byte == '#' && bare.chars[1].byte == '!');
    for (;;) {
        bare = llw_rich_trim(&line);
        size_t skip = 0;
        while (!out.n && skip < bare.n && strchr("@-+", bare.chars[skip].byte)) skip++;
        bare = llw_rich_slice(&bare, skip, bare.n);
        llw_rich_append(m->r->arena, &out, &bare);
        bool more = ends_in_backslash(&bare);
        size_t ahead = *at;
        llw_rich following = next_line(m, &ahead);
        if (ahead == *at || (!more && !(whole && is_recipe(m, &following)))) return out;
        llw_char end = bare.n ? bare.chars[bare.n - 1] : line.n ? line.chars[0] : (llw_char){0};
        end.byte = '\n';
        end.unknown = false;
        llw_rich_push(m->r->arena, &out, end);
        line = following;
        *at = ahead;
    }
}

static void head(recipes *m, const llw_rich *line) {
    size_t n = 0;
    while (n < line->n && !strchr(m->just ? ": (" : ":", line->chars[n].byte)) n++;
    if (n == line->n && !m->just) return;
    llw_rich name = llw_rich_slice(line, 0, n);
    name = llw_rich_trim(&name);
    m->target = show(m, &name);
    m->target_line = line->chars[0].line;
}

static void condition(recipes *m, const char *text) {
    if (!strncmp(text, "ifeq", 4) || !strncmp(text, "ifneq", 5) || !strncmp(text, "ifdef", 5) ||
        !strncmp(text, "ifndef", 6) || !strncmp(text, "define ", 7))
        m->conditions++;
    if ((!strncmp(text, "endif", 5) || !strncmp(text, "endef", 5)) && m->conditions) m->conditions--;
}

/* Variables first: a recipe sees those below it too. */
static void read_variables(recipes *m) {
    for (size_t at = 0; at < m->text.n;) {
        llw_rich line = next_line(m, &at);
        if (is_recipe(m, &line)) continue;
        llw_rich whole = {0};
        while (ends_in_backslash(&line) && at < m->text.n) {
            llw_rich part = llw_rich_slice(&line, 0, line.n - 1);
            llw_rich_append(m->r->arena, &whole, &part);
            line = next_line(m, &at);
        }
        llw_rich_append(m->r->arena, &whole, &line);
        whole = llw_rich_trim(&whole);
        if (!whole.n || whole.chars[0].byte == '#') continue;
        const char *text = show(m, &whole);
        condition(m, text);
        m->one_shell |= !strncmp(text, ".ONESHELL", 9);
        if (!strncmp(text, "export ", 7)) whole = llw_rich_slice(&whole, 7, whole.n);
        assignment(m, &whole);
    }
    m->conditions = 0;
}

void llw_front_recipes(llw_config_reader *r, llw_config_set *set, const llw_config_file *file, bool just) {
    recipes m = {.r = r,
                 .file = file,
                 .set = set,
                 .just = just,
                 .text = llw_config_text(r, file, just ? "justfile" : "Makefile"),
                 .variables = {.arena = r->arena},
                 .items = llw_arena_alloc(r->arena, MAX_LAUNCHES * sizeof *m.items)};
    read_variables(&m);
    for (size_t at = 0; at < m.text.n;) {
        llw_rich line = next_line(&m, &at);
        if (is_recipe(&m, &line)) {
            llw_rich script = recipe(&m, &line, &at);
            if (script.n) run(&m, &script);
            continue;
        }
        llw_rich bare = llw_rich_trim(&line);
        if (bare.n && bare.chars[0].byte != '#') head(&m, &bare);
    }
    llw_front_emit(r, file, m.items, m.n);
}
