/* Variables of a Makefile or justfile.
 *
 * GNU make 4.3 manual, "How to Use Variables": = is put in where it is used, := where it is set, ?= only
 * where nothing is, += behind what is there; "serve: NAME = value" is the target's, and of all that it needs;
 * export makes it one of the shell's. Functions, what is set under a condition, and what no file sets are
 * unknown: make takes variables from the environment too. */
#include "source/config/make.h"

#include <ctype.h>
#include <string.h>

enum { MAX_DEPTH = 8 };

static const char *show(const llw_make *m, const llw_rich *rich) {
    return llw_rich_show(m->r->arena, rich);
}

static char byte_at(const llw_rich *text, size_t i) {
    return i < text->n ? text->chars[i].byte : 0;
}

static bool is_blank(char c) {
    return c && isspace((unsigned char)c);
}

static llw_rich without_start(const llw_rich *text) {
    size_t from = 0;
    while (is_blank(byte_at(text, from))) from++;
    return llw_rich_slice(text, from, text->n);
}

static void remember(llw_scope *names, const char *name) {
    llw_scope_assign(names, name, &(llw_rich){0}, (llw_token){0});
}

/* --- lines --- */

bool llw_make_goes_on(const llw_rich *line) {
    size_t n = 0;
    while (n < line->n && line->chars[line->n - 1 - n].byte == '\\') n++;
    return n % 2 == 1;
}

llw_rich llw_make_line(const llw_rich *text, size_t *at) {
    size_t from = *at;
    while (*at < text->n && text->chars[*at].byte != '\n') ++*at;
    llw_rich line = llw_rich_slice(text, from, *at);
    if (*at < text->n) ++*at;
    return line;
}

bool llw_make_is_recipe(const llw_make *m, const llw_rich *line) {
    char c = byte_at(line, 0);
    return c == '\t' || (m->just && c == ' ');
}

/* A line with those that it goes on in; blanks around the end of a line are one. */
static llw_rich whole_line(const llw_make *m, const llw_rich *text, size_t *at) {
    llw_rich line = llw_make_line(text, at), whole = {0};
    while (llw_make_goes_on(&line) && *at < text->n) {
        llw_char blank = line.chars[line.n - 1];
        blank.byte = ' ';
        line.n--;
        while (line.n && is_blank(line.chars[line.n - 1].byte)) line.n--;
        llw_rich_append(m->r->arena, &whole, &line);
        llw_rich_push(m->r->arena, &whole, blank);
        line = llw_make_line(text, at);
        line = without_start(&line);
    }
    llw_rich_append(m->r->arena, &whole, &line);
    return without_start(&whole);
}

/* --- expansion --- */

/* Where the bracket at in[open] closes, or the end. */
static size_t closing(const llw_rich *in, size_t open) {
    char opener = in->chars[open].byte, closer = opener == '(' ? ')' : '}';
    int depth = 0;
    for (size_t i = open; i < in->n; i++) {
        depth += in->chars[i].byte == opener;
        if (in->chars[i].byte == closer && !--depth) return i;
    }
    return in->n;
}

/* Variables that are being put in, one inside the other. */
typedef struct opened {
    const llw_variable *variable;
    const struct opened *around;
    int depth;
} opened;

static bool is_open(const opened *around, const llw_variable *v) {
    for (; around; around = around->around)
        if (around->variable == v) return true;
    return false;
}

static void expand(llw_make *m, const llw_rich *in, const opened *around, llw_rich *out);

/* NOLINTBEGIN(misc-no-recursion): at most MAX_DEPTH deep */
static void put(llw_make *m, const char *name, const llw_char *at, const opened *around, llw_rich *out) {
    const llw_variable *v = llw_scope_get(&m->of_target, name);
    if (!v) v = llw_scope_get(&m->variables, name);
    opened next = {v, around, around ? around->depth + 1 : 1};
    if (!v || next.depth > MAX_DEPTH || is_open(around, v) || m->r->budget < v->value.n) {
        llw_rich_unknown(m->r->arena, out, at, at->link);
        return;
    }
    m->r->budget -= v->value.n;
    expand(m, &v->value, &next, out);
}

static void expand(llw_make *m, const llw_rich *in, const opened *around, llw_rich *out) {
    for (size_t i = 0; i < in->n; i++) {
        const llw_char *c = &in->chars[i];
        char next = byte_at(in, i + 1);
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

void llw_make_expand(llw_make *m, const llw_rich *text, llw_rich *out) {
    expand(m, text, NULL, out);
}

/* The value of NAME := text. What it holds is not looked at again: its dollar signs are doubled. */
static llw_rich at_once(llw_make *m, const llw_rich *text) {
    llw_rich value = {0}, out = {0};
    expand(m, text, NULL, &value);
    for (size_t i = 0; i < value.n; i++) {
        llw_rich_push(m->r->arena, &out, value.chars[i]);
        if (value.chars[i].byte == '$' && !value.chars[i].unknown)
            llw_rich_push(m->r->arena, &out, value.chars[i]);
    }
    return out;
}

/* --- assignments --- */

typedef struct assignment {
    const char *name;
    char sign; /* the byte before =, : for ::= too; = where there is none */
    llw_rich value;
} assignment;

/* NAME = value and its kin; false when the line is none. */
static bool find_assignment(const llw_make *m, const llw_rich *line, assignment *out) {
    size_t n = 0;
    while (isalnum((unsigned char)byte_at(line, n)) || (byte_at(line, n) && strchr("_.-", byte_at(line, n))))
        n++;
    size_t at = n;
    while (is_blank(byte_at(line, at))) at++;
    size_t sign = at;
    while (byte_at(line, sign) && strchr(":?+!", byte_at(line, sign))) sign++;
    char first = byte_at(line, at);
    if (!n || byte_at(line, sign) != '=' || (m->just && first != ':')) return false;
    llw_rich name = llw_rich_slice(line, 0, n), value = llw_rich_slice(line, sign + 1, line->n);
    *out = (assignment){show(m, &name), first, without_start(&value)};
    return true;
}

/* The value as written in that variable, up to a comment. Blanks in front of that, or at the end, belong to
 * it, and \# is no comment. */
static llw_rich value_of(const llw_make *m, const llw_rich *written, const llw_link *link) {
    llw_rich out = {0};
    for (size_t i = 0; i < written->n && (m->just || written->chars[i].byte != '#'); i++) {
        i += !m->just && written->chars[i].byte == '\\' && byte_at(written, i + 1) == '#';
        llw_char c = written->chars[i];
        c.link = link;
        llw_rich_push(m->r->arena, &out, c);
    }
    return out;
}

/* A justfile's values are known between quotes alone. */
static bool unquote(llw_rich *value) {
    *value = llw_rich_trim(value);
    if (value->n < 2 || !strchr("'\"", value->chars[0].byte) ||
        value->chars[value->n - 1].byte != value->chars[0].byte)
        return false;
    *value = llw_rich_slice(value, 1, value->n - 1);
    return true;
}

static void give(llw_make *m, llw_scope *scope, const char *name, char sign, const llw_rich *value,
                 const llw_link *link) {
    const llw_variable *before = sign == '+' ? llw_scope_get(scope, name) : NULL;
    bool here = before != NULL;
    if (sign == '+' && !before) before = llw_scope_get(&m->variables, name);
    bool simple = sign == ':' || (before && llw_scope_get(&m->simple, name));
    llw_rich kept = {0}, now = simple && !m->just ? at_once(m, value) : *value;
    llw_rich *into =
        here ? &llw_scope_edit(scope, name)->value : &kept; /* one += behind the other stays cheap */
    if (before && !here) llw_rich_append(m->r->arena, into, &before->value);
    llw_char blank = {.byte = ' ', .line = value->n ? value->chars[0].line : 0, .column = 1, .link = link};
    if (into->n && value->n) llw_rich_push(m->r->arena, into, blank);
    llw_rich_append(m->r->arena, into, &now);
    if (!here) llw_scope_assign(scope, name, &kept, (llw_token){0});
    if (scope != &m->variables) return;
    if (simple)
        remember(&m->simple, name);
    else
        llw_scope_unset(&m->simple, name);
}

/* Under a condition nobody knows what the shell finds: the name is kept with something unknown. */
static void export_name(llw_make *m, const char *name, const llw_char *at) {
    llw_rich value = {0};
    const llw_variable *before = llw_scope_get(&m->exported, name);
    if (m->conditions && before && !before->value.n) return;
    if (m->conditions) llw_rich_unknown(m->r->arena, &value, at, at->link);
    llw_scope_assign(&m->exported, name, &value, (llw_token){0});
}

/* What stands in front of an assignment. */
typedef struct modifiers {
    bool exports, keeps, overrides;
} modifiers;

/* An assignment of the whole file, or of targets. */
static void assign(llw_make *m, const assignment *a, const llw_char *at, const char *targets,
                   modifiers said) {
    const llw_link *link =
        llw_link_new(m->r->arena, m->file->path, a->sign == '?' ? "Makefile default" : "variable", true);
    llw_rich value = value_of(m, &a->value, link);
    bool known = m->just ? unquote(&value) : a->sign != '!';
    if (targets) llw_make_enter(m, targets);
    bool there = llw_scope_get(&m->of_target, a->name) || llw_scope_get(&m->variables, a->name);
    bool beaten = !said.overrides && llw_scope_get(&m->overridden, a->name);
    bool skip = !m->just && ((a->sign == '?' && there) || (beaten && !targets));
    if (said.overrides && !targets) remember(&m->overridden, a->name);
    if (m->conditions || !known) {
        value = (llw_rich){0};
        llw_rich_unknown(m->r->arena, &value, at, link);
    }
    bool kept = targets && m->n_own < LLW_MAKE_MAX_OWN && strlen(targets) <= LLW_MAKE_MAX_TARGETS;
    if (kept && !skip) {
        if (a->sign == ':') value = at_once(m, &value);
        m->own[m->n_own++] = (llw_make_own){.targets = targets,
                                            .name = a->name,
                                            .sign = a->sign == '+' ? '+' : '=',
                                            .value = value,
                                            .exported = said.exports,
                                            .link = link};
    } else if (targets && !skip) {
        value = (llw_rich){0};
        llw_rich_unknown(m->r->arena, &value, at, link);
        give(m, &m->variables, a->name, '=', &value, link);
    } else if (!skip) {
        give(m, &m->variables, a->name, a->sign, &value, link);
    }
    if (said.exports && (!targets || skip)) export_name(m, a->name, at);
    m->of_target = (llw_scope){.arena = m->r->arena};
}

/* --- statements --- */

static bool starts(const llw_rich *line, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i < n; i++)
        if (byte_at(line, i) != word[i]) return false;
    return !byte_at(line, n) || is_blank(byte_at(line, n));
}

/* Takes "export", "override" and the like from the front. */
static modifiers take_modifiers(llw_rich *line) {
    static const char *const words[] = {"export", "unexport", "override", "private"};
    modifiers found = {0};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!starts(line, words[i])) continue;
        llw_rich rest = llw_rich_slice(line, strlen(words[i]), line->n);
        rest = without_start(&rest);
        if (byte_at(&rest, 0) && strchr("=:?+!", byte_at(&rest, 0))) break; /* a variable of that name */
        found.exports |= i == 0;
        found.keeps |= i == 1;
        found.overrides |= i == 2;
        *line = rest;
        i = (size_t)-1;
    }
    return found;
}

/* The names behind export or unexport; none: all. */
static void export_names(llw_make *m, const llw_rich *line, const llw_char *at, bool exports) {
    llw_rich expanded = {0};
    llw_make_expand(m, line, &expanded);
    char *names = llw_arena_strdup(m->r->arena, show(m, &expanded)), *save = NULL;
    if (!*names) m->exports_all = exports;
    for (char *name = strtok_r(names, " \t", &save); name && *name != '#';
         name = strtok_r(NULL, " \t", &save)) {
        if (exports)
            export_name(m, name, at);
        else
            llw_scope_unset(&m->exported, name);
    }
}

static bool has_word(const char *words, const char *word, size_t len) {
    for (const char *at = words; *at; at += strcspn(at, " \t")) {
        at += strspn(at, " \t");
        if (strcspn(at, " \t") == len && len && !strncmp(at, word, len)) return true;
    }
    return false;
}

/* Where the targets of a rule end: the : that is no part of an assignment or of $(...); the end when it is
 * none. */
static size_t end_of_targets(const llw_rich *line) {
    for (size_t i = 0; i < line->n; i++) {
        char c = line->chars[i].byte, next = byte_at(line, i + 1);
        if (c == '$' && (next == '(' || next == '{'))
            i = closing(line, i + 1);
        else if (c == '#' || c == '=')
            return line->n;
        else if (c == ':')
            return next == '=' || (next == ':' && byte_at(line, i + 2) == '=') ? line->n : i;
    }
    return line->n;
}

/* The targets of a rule, and what stands behind the colon; NULL when it is none. */
static const char *targets_of(llw_make *m, const llw_rich *line, llw_rich *rest) {
    size_t end = end_of_targets(line);
    if (end == line->n) return NULL;
    llw_rich before = llw_rich_slice(line, 0, end), names = {0};
    *rest = llw_rich_slice(line, end + 1, line->n);
    if (byte_at(rest, 0) == ':') *rest = llw_rich_slice(rest, 1, rest->n);
    *rest = without_start(rest);
    llw_make_expand(m, &before, &names);
    names = llw_rich_trim(&names);
    return show(m, &names);
}

const char *llw_make_rule(llw_make *m, const llw_rich *line, llw_rich *first) {
    *first = (llw_rich){0};
    if (m->just) {
        size_t n = 0;
        while (n < line->n && !strchr(": (", line->chars[n].byte)) n++;
        llw_rich name = llw_rich_slice(line, 0, n);
        return show(m, &name);
    }
    llw_rich rest = {0};
    const char *targets = targets_of(m, line, &rest);
    assignment a;
    if (targets) take_modifiers(&rest);
    if (!targets || find_assignment(m, &rest, &a)) return NULL;
    for (size_t i = 0; i < rest.n && rest.chars[i].byte != '#' && !llw_make_goes_on(line); i++) {
        if (rest.chars[i].byte != ';') continue;
        *first = llw_rich_slice(&rest, i + 1, rest.n);
        break;
    }
    return targets;
}

static void rule(llw_make *m, const llw_rich *line) {
    llw_rich rest = {0};
    const char *targets = targets_of(m, line, &rest);
    if (!targets) return;
    llw_rich inner = rest;
    modifiers said = take_modifiers(&inner);
    assignment a;
    if (find_assignment(m, &inner, &a)) {
        assign(m, &a, &line->chars[0], targets, said);
        return;
    }
    m->exports_all |= !strcmp(targets, ".EXPORT_ALL_VARIABLES");
    if (!rest.n || strchr("#;", byte_at(&rest, 0))) return;
    char *copy = llw_arena_strdup(m->r->arena, targets), *save = NULL;
    for (char *name = strtok_r(copy, " \t", &save); name; name = strtok_r(NULL, " \t", &save))
        remember(&m->parents, name);
}

static void read_text(llw_make *m, const llw_rich *text, int depth);

/* NOLINTBEGIN(misc-no-recursion): at most MAX_DEPTH deep, LLW_MAKE_MAX_INCLUDES files in all */
static void include(llw_make *m, const llw_rich *names, int depth) {
    llw_rich expanded = {0};
    llw_make_expand(m, names, &expanded);
    char *words = llw_arena_strdup(m->r->arena, show(m, &expanded)), *save = NULL;
    for (char *name = strtok_r(words, " \t", &save); name && *name != '#';
         name = strtok_r(NULL, " \t", &save)) {
        if (depth >= MAX_DEPTH || !m->set || m->includes == LLW_MAKE_MAX_INCLUDES) return;
        const llw_config_file *outer = m->file,
                              *file = llw_config_set_find(m->r, m->set, outer->directory, name);
        if (!file || file == outer) continue;
        m->includes++;
        m->file = file;
        llw_rich text = llw_config_text(m->r, file, "Makefile");
        read_text(m, &text, depth + 1);
        m->file = outer;
    }
}

/* ifeq, define and what ends them; the name of a variable that a define makes is unknown. */
static bool block(llw_make *m, const llw_rich *line) {
    static const char *const conditions[] = {"ifeq", "ifneq", "ifdef", "ifndef"};
    if (m->definitions) {
        m->definitions += starts(line, "define") - starts(line, "endef");
        return true;
    }
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (!strncmp(show(m, line), conditions[i], strlen(conditions[i]))) {
            m->conditions++;
            return true;
        }
    if (starts(line, "endif") && m->conditions) m->conditions--;
    if (starts(line, "endif") || starts(line, "else")) return true;
    if (!starts(line, "define")) return false;
    m->definitions = 1;
    llw_rich rest = llw_rich_slice(line, strlen("define"), line->n);
    const char *text = show(m, &rest);
    text += strspn(text, " \t");
    llw_rich unknown = {0};
    const llw_link *link = llw_link_new(m->r->arena, m->file->path, "variable", true);
    llw_rich_unknown(m->r->arena, &unknown, &line->chars[0], link);
    if (*text)
        give(m, &m->variables, llw_arena_strndup(m->r->arena, text, strcspn(text, " \t=:?+")), '=', &unknown,
             link);
    return true;
}

static void undefine(llw_make *m, const llw_rich *line, const modifiers *said) {
    llw_rich rest = llw_rich_slice(line, strlen("undefine"), line->n), name = {0};
    llw_make_expand(m, &rest, &name);
    name = llw_rich_trim(&name);
    const char *text = show(m, &name);
    if (!said->overrides && llw_scope_get(&m->overridden, text)) return;
    if (!m->conditions) {
        llw_scope_unset(&m->variables, text);
        return;
    }
    llw_rich unknown = {0};
    const llw_link *link = llw_link_new(m->r->arena, m->file->path, "variable", true);
    llw_rich_unknown(m->r->arena, &unknown, &line->chars[0], link);
    if (llw_scope_get(&m->variables, text)) give(m, &m->variables, text, '=', &unknown, link);
}

static void statement(llw_make *m, llw_rich *line, int depth) {
    static const char *const includes[] = {"include", "-include", "sinclude"};
    const llw_char *at = &line->chars[0];
    modifiers said = take_modifiers(line);
    assignment a;
    if (!m->just && block(m, line)) return;
    if (find_assignment(m, line, &a)) {
        assign(m, &a, at, NULL, said);
        return;
    }
    if (m->just) return;
    if (starts(line, "undefine")) {
        undefine(m, line, &said);
        return;
    }
    if (said.exports || said.keeps) {
        export_names(m, line, at, said.exports);
        return;
    }
    for (size_t i = 0; i < sizeof includes / sizeof *includes; i++)
        if (starts(line, includes[i])) {
            llw_rich names = llw_rich_slice(line, strlen(includes[i]), line->n);
            include(m, &names, depth);
            return;
        }
    rule(m, line);
}

static void read_text(llw_make *m, const llw_rich *text, int depth) {
    for (size_t at = 0; at < text->n;) {
        size_t ahead = at;
        llw_rich line = llw_make_line(text, &ahead);
        if (llw_make_is_recipe(m, &line)) {
            at = ahead;
            continue;
        }
        line = whole_line(m, text, &at);
        if (!line.n || line.chars[0].byte == '#') continue;
        m->one_shell |= byte_at(&line, 0) == '.' && !strncmp(show(m, &line), ".ONESHELL", 9);
        statement(m, &line, depth);
    }
}
/* NOLINTEND(misc-no-recursion) */

/* Whether one of the words is a pattern, or a target that needs others. */
static bool may_be_above(const llw_make *m, const char *targets) {
    if (strchr(targets, '%')) return true;
    for (const char *at = targets; *at; at += strcspn(at, " \t")) {
        at += strspn(at, " \t");
        if (llw_scope_get(&m->parents, llw_arena_strndup(m->r->arena, at, strcspn(at, " \t")))) return true;
    }
    return false;
}

void llw_make_read(llw_make *m, const llw_rich *text) {
    llw_arena *arena = m->r->arena;
    m->variables.arena = m->simple.arena = m->overridden.arena = m->exported.arena = m->parents.arena =
        m->of_target.arena = arena;
    m->of_nobody.arena = arena;
    read_text(m, text, 0);
    for (size_t i = 0; i < m->n_own; i++) m->own[i].above = may_be_above(m, m->own[i].targets);
    m->conditions = m->definitions = 0;
}

/* --- targets --- */

static void give_unknown(llw_make *m, llw_scope *scope, const llw_make_own *o) {
    llw_rich unknown = {0};
    llw_rich_unknown(m->r->arena, &unknown, o->value.n ? &o->value.chars[0] : NULL, o->link);
    give(m, scope, o->name, '=', &unknown, o->link);
}

/* Whether the targets, of a rule, have that variable for themselves: all of them, or some. */
static bool has_own(const llw_make_own *o, const char *targets, bool *some) {
    size_t len = strcspn(targets, " \t");
    bool all = targets[len] ? strcmp(o->targets, targets) == 0 : has_word(o->targets, targets, len);
    *some = !all && targets[len] && strstr(targets, o->targets);
    return all;
}

/* What is built anew for each target is paid for; where nothing is left to pay with, all that targets have
 * for themselves is unknown. */
bool llw_make_enter(llw_make *m, const char *targets) {
    enum { COST = 16 };
    bool some = false, any = false;
    m->of_target = (llw_scope){.arena = m->r->arena};
    for (size_t i = 0; i < m->n_own; i++)
        any |= has_own(&m->own[i], targets, &some) || some || m->own[i].above;
    if (!any) return false;
    bool paid = m->r->budget >= m->n_own * COST;
    m->r->budget -= paid ? m->n_own * COST : 0;
    for (size_t i = 0; i < m->n_own && (paid || !m->of_nobody.n); i++) {
        const llw_make_own *o = &m->own[i];
        bool all = has_own(o, targets, &some);
        if (!paid)
            give_unknown(m, &m->of_nobody, o);
        else if (all && o->value.n <= m->r->budget) {
            m->r->budget -= o->value.n;
            give(m, &m->of_target, o->name, o->sign, &o->value, o->link);
        } else if (all || some || o->above)
            give_unknown(m, &m->of_target, o);
    }
    if (!paid) m->of_target = m->of_nobody;
    return true;
}

static bool is_shell_name(const char *name) {
    if (!isalpha((unsigned char)*name) && *name != '_') return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_') return false;
    return true;
}

static void export_one(llw_make *m, llw_scope *env, const llw_variable *v) {
    const llw_variable *name = llw_scope_get(&m->exported, v->name);
    if (env->n == LLW_MAKE_MAX_EXPORTED || !is_shell_name(v->name)) return;
    llw_rich value = {0};
    if (m->r->budget < v->value.n) return;
    m->r->budget -= v->value.n;
    expand(m, name && name->value.n ? &name->value : &v->value, NULL, &value);
    llw_scope_assign(env, v->name, &value, llw_rich_token(m->r->arena, &value, NULL));
    llw_scope_edit(env, v->name)->exported = true;
}

llw_scope llw_make_environment(llw_make *m) {
    llw_scope env = {.arena = m->r->arena};
    for (size_t i = 0; m->exports_all && i < m->variables.n; i++) export_one(m, &env, &m->variables.items[i]);
    for (size_t i = 0; !m->exports_all && i < m->exported.n; i++) {
        const llw_variable *v = llw_scope_get(&m->variables, m->exported.items[i].name);
        if (v) export_one(m, &env, v);
    }
    for (size_t i = 0; i < m->of_target.n; i++) {
        const llw_variable *v = &m->of_target.items[i];
        bool exported = m->exports_all || llw_scope_get(&m->exported, v->name);
        for (size_t k = 0; k < m->n_own && !exported; k++)
            exported = m->own[k].exported && !strcmp(m->own[k].name, v->name);
        if (exported) export_one(m, &env, v);
    }
    return env;
}
