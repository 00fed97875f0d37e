/* The lines of a Makefile or justfile: assignments, directives, rules and their recipes (GNU make 4.3 manual,
 * "What Makefiles Contain"). A line with a tab is a recipe's where a rule is open. What a condition decides
 * is not known, and nor is what stands in a file that nobody sees. */
#include "source/config/make.h"

#include <ctype.h>
#include <string.h>

enum { MAX_DEPTH = 8 };

static const char *show(const llw_make *m, const llw_rich *rich) {
    return llw_rich_show(m->r->arena, rich);
}

static bool is_blank(char c) {
    return c && isspace((unsigned char)c);
}

static llw_rich without_start(const llw_rich *text) {
    size_t from = 0;
    while (is_blank(llw_make_byte(text, from))) from++;
    return llw_rich_slice(text, from, text->n);
}

static bool starts(const llw_rich *line, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i < n; i++)
        if (llw_make_byte(line, i) != word[i]) return false;
    return !llw_make_byte(line, n) || is_blank(llw_make_byte(line, n)) || llw_make_byte(line, n) == '(';
}

static llw_rich behind(const llw_rich *line, const char *word) {
    llw_rich rest = llw_rich_slice(line, strlen(word), line->n);
    return without_start(&rest);
}

/* --- lines --- */

static bool goes_on(const llw_rich *line) {
    size_t n = 0;
    while (n < line->n && line->chars[line->n - 1 - n].byte == '\\') n++;
    return n % 2 == 1;
}

static llw_rich next_line(const llw_rich *text, size_t *at) {
    size_t from = *at;
    while (*at < text->n && text->chars[*at].byte != '\n') ++*at;
    llw_rich line = llw_rich_slice(text, from, *at);
    if (*at < text->n) ++*at;
    return line;
}

static bool is_indented(const llw_make *m, const llw_rich *line) {
    char c = llw_make_byte(line, 0);
    return c == '\t' || (m->just && c == ' ');
}

/* A line with those that it goes on in; blanks around the end of a line are one. */
static llw_rich whole_line(const llw_make *m, const llw_rich *text, size_t *at) {
    llw_rich line = next_line(text, at), whole = {0};
    if (!goes_on(&line)) return without_start(&line);
    while (goes_on(&line) && *at < text->n) {
        llw_char blank = line.chars[line.n - 1];
        blank.byte = ' ';
        line.n--;
        while (line.n && is_blank(line.chars[line.n - 1].byte)) line.n--;
        llw_rich_append(m->r->arena, &whole, &line);
        llw_rich_push(m->r->arena, &whole, blank);
        line = next_line(text, at);
        line = without_start(&line);
    }
    llw_rich_append(m->r->arena, &whole, &line);
    return without_start(&whole);
}

/* $(eval ...) makes variables and rules of what nobody reads here. */
static bool evaluates(const llw_rich *line) {
    static const char word[] = "eval";
    for (size_t i = 0; i + sizeof word < line->n; i++) {
        if (line->chars[i].byte != '$') continue;
        llw_rich call = llw_rich_slice(line, i + 2, line->n);
        if (strchr("({", llw_make_byte(line, i + 1)) && starts(&call, word)) return true;
    }
    return false;
}

/* --- recipes --- */

llw_rich llw_make_command(const llw_rich *line) {
    llw_rich bare = llw_rich_trim(line);
    size_t skip = 0;
    while (skip < bare.n && !bare.chars[skip].unknown && strchr("@-+ \t", bare.chars[skip].byte)) skip++;
    return llw_rich_slice(&bare, skip, bare.n);
}

static void keep(llw_make *m, const llw_rich *script) {
    if (!script->n) return;
    void *items = m->recipes;
    *(llw_make_recipe *)llw_arena_push(m->r->arena, &items, &m->n_recipes, &m->capacity, sizeof *m->recipes) =
        (llw_make_recipe){m->file, m->targets, m->line, *script};
    m->recipes = items;
}

/* One line of a recipe with those it goes on in; with one shell for all, every line of it. */
static void read_recipe(llw_make *m, const llw_rich *text, size_t *at) {
    llw_rich out = {0}, line = next_line(text, at), bare = llw_rich_trim(&line);
    bool whole =
        m->one_shell || (m->just && bare.n > 1 && bare.chars[0].byte == '#' && bare.chars[1].byte == '!');
    for (;;) {
        bare = out.n ? llw_rich_trim(&line) : llw_make_command(&line);
        m->evaluates |= !m->just && evaluates(&bare);
        llw_rich_append(m->r->arena, &out, &bare);
        bool more = goes_on(&bare);
        size_t ahead = *at;
        llw_rich following = next_line(text, &ahead);
        if (ahead == *at || (!more && !(whole && is_indented(m, &following)))) break;
        llw_char end = bare.n ? bare.chars[bare.n - 1] : line.n ? line.chars[0] : (llw_char){0};
        end.byte = '\n';
        end.unknown = false;
        llw_rich_push(m->r->arena, &out, end);
        line = following;
        *at = ahead;
    }
    keep(m, &out);
}

/* --- assignments --- */

/* Where the sign of an assignment starts, outside of $(...); the end when there is none. */
static size_t sign_of(const llw_rich *line) {
    for (size_t i = 0; i < line->n; i++) {
        char c = line->chars[i].byte, next = llw_make_byte(line, i + 1);
        if (c == '$' && (next == '(' || next == '{')) {
            i = llw_make_closing(line, i + 1);
        } else if (c == '#') {
            return line->n;
        } else if (c == '=' || (strchr("?+!", c) && next == '=')) {
            return i;
        } else if (c == ':') {
            size_t to = i;
            while (llw_make_byte(line, to) == ':') to++;
            return llw_make_byte(line, to) == '=' ? i : line->n;
        }
    }
    return line->n;
}

/* NAME = value and its kin; false when the line is none. A name that is not known may be any. */
static bool find_assignment(llw_make *m, const llw_rich *line, llw_make_assignment *out) {
    size_t at = sign_of(line), sign = at;
    while (llw_make_byte(line, sign) && strchr(":?+!", llw_make_byte(line, sign))) sign++;
    if (!at || at == line->n || (m->just && line->chars[at].byte != ':')) return false;
    llw_rich written = llw_rich_slice(line, 0, at), name = {0},
             value = llw_rich_slice(line, sign + 1, line->n);
    written = llw_rich_trim(&written);
    if (m->just)
        name = written;
    else
        llw_make_expand(m, &written, &name);
    if (llw_rich_has_unknown(&name)) {
        llw_make_forget(m);
        return false;
    }
    const char *text = show(m, &name);
    if (!*text || strpbrk(text, " \t")) return false;
    *out = (llw_make_assignment){.name = text, .sign = line->chars[at].byte, .value = without_start(&value)};
    return true;
}

typedef struct modifiers {
    bool exports, hides, overrides;
} modifiers;

/* Takes "export", "override" and the like from the front. */
static modifiers take_modifiers(llw_rich *line) {
    static const char *const words[] = {"export", "unexport", "override", "private"};
    modifiers found = {0};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!starts(line, words[i])) continue;
        llw_rich rest = behind(line, words[i]);
        if (llw_make_byte(&rest, 0) && strchr("=:?+!", llw_make_byte(&rest, 0)))
            break; /* a variable of that name */
        found.exports |= i == 0;
        found.hides |= i == 1;
        found.overrides |= i == 2;
        *line = rest;
        i = (size_t)-1;
    }
    return found;
}

static bool read_assignment(llw_make *m, const llw_rich *line, const modifiers *said, const char *targets) {
    llw_make_assignment a;
    if (!find_assignment(m, line, &a)) return false;
    a.exports = said->exports;
    a.overrides = said->overrides;
    llw_make_assign(m, &a, &line->chars[0], targets);
    return true;
}

/* The names behind export or unexport; none: all. */
static void export_names(llw_make *m, const llw_rich *line, const llw_char *at, bool exports) {
    llw_rich expanded = {0};
    llw_make_expand(m, line, &expanded);
    if (llw_rich_has_unknown(&expanded)) {
        m->exports_perhaps |= exports;
        return;
    }
    char *names = llw_arena_strdup(m->r->arena, show(m, &expanded)), *save = NULL;
    names[strcspn(names, "#")] = 0;
    if (!names[strspn(names, " \t")]) llw_make_export(m, NULL, exports, at);
    for (char *name = strtok_r(names, " \t", &save); name; name = strtok_r(NULL, " \t", &save))
        llw_make_export(m, name, exports, at);
}

/* --- rules --- */

/* Where the targets of a rule end: the : that is no part of an assignment or of $(...); the end when it is
 * none. */
static size_t end_of_targets(const llw_rich *line) {
    for (size_t i = 0; i < line->n; i++) {
        char c = line->chars[i].byte, next = llw_make_byte(line, i + 1);
        if (c == '$' && (next == '(' || next == '{'))
            i = llw_make_closing(line, i + 1);
        else if (c == '#' || c == '=')
            return line->n;
        else if (c == ':')
            return i;
    }
    return line->n;
}

/* The part of a rule's recipe that stands behind a semicolon. */
static llw_rich first_command(const llw_rich *rest) {
    for (size_t i = 0; i < rest->n && rest->chars[i].byte != '#'; i++) {
        char next = llw_make_byte(rest, i + 1);
        if (rest->chars[i].byte == '$' && (next == '(' || next == '{')) i = llw_make_closing(rest, i + 1);
        if (llw_make_byte(rest, i) == ';') return llw_rich_slice(rest, i + 1, rest->n);
    }
    return (llw_rich){0};
}

/* Its targets see what those above have for themselves. */
static void note_parents(llw_make *m, const char *targets, bool unknown) {
    m->any_parent |= unknown || strchr(targets, '%');
    if (strlen(targets) > LLW_MAKE_MAX_TARGETS) m->any_parent = true;
    char *copy = m->any_parent ? NULL : llw_arena_strdup(m->r->arena, targets), *save = NULL;
    for (char *name = copy ? strtok_r(copy, " \t", &save) : NULL; name; name = strtok_r(NULL, " \t", &save))
        llw_scope_assign(&m->parents, name, &(llw_rich){0}, (llw_token){0});
}

static void read_rule(llw_make *m, const llw_rich *line) {
    size_t end = end_of_targets(line);
    if (end == line->n) return;
    llw_rich before = llw_rich_slice(line, 0, end), rest = llw_rich_slice(line, end + 1, line->n),
             names = {0};
    if (llw_make_byte(&rest, 0) == ':') rest = llw_rich_slice(&rest, 1, rest.n);
    rest = without_start(&rest);
    llw_make_expand(m, &before, &names);
    names = llw_rich_trim(&names);
    bool unknown = llw_rich_has_unknown(&names);
    const char *targets = show(m, &names);
    llw_rich inner = rest;
    modifiers said = take_modifiers(&inner);
    if (read_assignment(m, &inner, &said, unknown ? "" : targets)) {
        m->targets = NULL;
        return;
    }
    if (!strcmp(targets, ".EXPORT_ALL_VARIABLES")) llw_make_export(m, NULL, true, &line->chars[0]);
    m->targets = targets;
    m->line = line->chars[0].line;
    llw_rich first = first_command(&rest);
    if (rest.n && !strchr("#;", rest.chars[0].byte)) note_parents(m, targets, unknown);
    m->evaluates |= evaluates(&first);
    first = llw_make_command(&first);
    keep(m, &first);
}

/* NAME PARAMETERS: of a justfile. What is set for a parameter nobody knows. */
static void read_just_rule(llw_make *m, const llw_rich *line) {
    size_t n = 0, end = 0;
    while (llw_make_byte(line, n) && !strchr(": (", line->chars[n].byte)) n++;
    for (char quote = 0; end < line->n && (quote || line->chars[end].byte != ':'); end++) {
        char c = line->chars[end].byte;
        quote = quote ? (c == quote ? 0 : quote) : strchr("'\"", c) ? c : 0;
    }
    llw_rich name = llw_rich_slice(line, 0, n);
    const char *targets = show(m, &name);
    targets += *targets == '@';
    m->line = line->chars[0].line;
    m->targets = targets;
    for (size_t at = n; at < end;) {
        while (at < end && !isalnum((unsigned char)line->chars[at].byte) && line->chars[at].byte != '_') at++;
        size_t from = at;
        while (at < end &&
               (isalnum((unsigned char)line->chars[at].byte) || strchr("_-", line->chars[at].byte)))
            at++;
        if (at == from) break;
        llw_rich parameter = llw_rich_slice(line, from, at);
        llw_make_assignment a = {.name = show(m, &parameter), .sign = '!'};
        llw_make_assign(m, &a, &line->chars[from], targets);
        while (at < end && !is_blank(line->chars[at].byte)) {
            char c = line->chars[at++].byte;
            if (strchr("'\"", c))
                while (at < end && line->chars[at++].byte != c) {
                }
        }
    }
}

/* --- statements --- */

static void read_text(llw_make *m, const llw_rich *text, int depth);

/* NOLINTBEGIN(misc-no-recursion): at most MAX_DEPTH deep, LLW_MAKE_MAX_INCLUDES files in all */
static void include(llw_make *m, const llw_rich *names, int depth) {
    llw_rich expanded = {0};
    llw_make_expand(m, names, &expanded);
    char *words = llw_arena_strdup(m->r->arena, show(m, &expanded)), *save = NULL;
    words[strcspn(words, "#")] = 0;
    if (llw_rich_has_unknown(&expanded) || strpbrk(words, "*?[")) {
        llw_make_forget(m);
        return;
    }
    for (char *name = strtok_r(words, " \t", &save); name; name = strtok_r(NULL, " \t", &save)) {
        const llw_config_file *outer = m->file,
                              *file = m->set ? llw_config_set_find(m->r, m->set, m->directory, name) : NULL;
        if (!file || file == outer || llw_scope_get(&m->included, file->path)) continue;
        if (depth >= MAX_DEPTH || m->included.n == LLW_MAKE_MAX_INCLUDES || m->r->reread < file->len) {
            llw_make_forget(m);
            return;
        }
        m->r->reread -= file->len;
        llw_scope_assign(&m->included, file->path, &(llw_rich){0}, (llw_token){0});
        m->file = file;
        llw_rich text = llw_config_text(m->r, file, "Makefile");
        read_text(m, &text, depth + 1);
        m->file = outer;
        m->targets = NULL;
    }
}

static void define(llw_make *m, const llw_rich *line, bool overrides) {
    llw_rich rest = behind(line, "define");
    const char *text = show(m, &rest);
    const char *name = llw_arena_strndup(m->r->arena, text, strcspn(text, " \t=:?+"));
    m->definitions = 1;
    llw_make_assignment a = {.name = name, .sign = '!', .overrides = overrides};
    if (*name) llw_make_assign(m, &a, &line->chars[0], NULL);
}

/* ifeq and its kin, and what a define holds. */
static bool read_block(llw_make *m, const llw_rich *line) {
    static const char *const conditions[] = {"ifeq", "ifneq", "ifdef", "ifndef"};
    if (m->definitions) {
        m->definitions += starts(line, "define") - starts(line, "endef");
        return true;
    }
    for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
        if (starts(line, conditions[i])) {
            m->conditions++;
            return true;
        }
    if (starts(line, "endif") && m->conditions) m->conditions--;
    return starts(line, "endif") || starts(line, "else");
}

static void read_statement(llw_make *m, const llw_rich *written, int depth) {
    static const char *const includes[] = {"include", "-include", "sinclude"};
    llw_rich line = *written;
    m->evaluates |= evaluates(&line);
    if (read_block(m, &line)) return;
    const llw_char *at = &line.chars[0];
    modifiers said = take_modifiers(&line);
    if (line.n && read_assignment(m, &line, &said, NULL)) {
        m->targets = NULL;
        return;
    }
    bool directive = said.exports || said.hides || starts(&line, "define") || starts(&line, "undefine");
    if (said.exports || said.hides) {
        export_names(m, &line, at, said.exports);
    } else if (starts(&line, "define")) {
        define(m, &line, said.overrides);
    } else if (starts(&line, "undefine")) {
        llw_rich rest = behind(&line, "undefine"), name = {0};
        llw_make_expand(m, &rest, &name);
        name = llw_rich_trim(&name);
        if (said.overrides || !llw_scope_get(&m->overridden, show(m, &name)))
            llw_make_unset(m, show(m, &name), at);
    }
    for (size_t i = 0; i < sizeof includes / sizeof *includes && !directive; i++)
        if (starts(&line, includes[i])) {
            llw_rich names = behind(&line, includes[i]);
            include(m, &names, depth);
            directive = true;
        }
    if (directive)
        m->targets = NULL;
    else
        read_rule(m, &line);
}

static void read_just_statement(llw_make *m, llw_rich *line) {
    modifiers said = take_modifiers(line);
    if (starts(line, "set")) {
        llw_rich rest = behind(line, "set");
        if (!strncmp(show(m, &rest), "export", strlen("export")))
            m->exports_all = !strstr(show(m, &rest), "false");
        return;
    }
    if (starts(line, "alias") || starts(line, "import") || starts(line, "mod")) return;
    if (line->n && !read_assignment(m, line, &said, NULL)) read_just_rule(m, line);
}

static void read_text(llw_make *m, const llw_rich *text, int depth) {
    for (size_t at = 0; at < text->n;) {
        size_t ahead = at;
        llw_rich line = next_line(text, &ahead), bare = llw_rich_trim(&line);
        if (!bare.n || (bare.chars[0].byte == '#' && !(is_indented(m, &line) && m->just))) {
            if (goes_on(&line) && bare.n && !is_indented(m, &line))
                whole_line(m, text, &at); /* a comment goes on, too */
            else
                at = ahead;
            continue;
        }
        if (is_indented(m, &line) && (m->targets || m->just) && !m->definitions) {
            read_recipe(m, text, &at);
            continue;
        }
        line = whole_line(m, text, &at);
        if (!line.n) continue;
        m->one_shell |= starts(&line, ".ONESHELL:");
        if (m->just)
            read_just_statement(m, &line);
        else
            read_statement(m, &line, depth);
    }
}
/* NOLINTEND(misc-no-recursion) */

/* Whether one of the words needs others; with a pattern anywhere nobody knows. */
static bool may_be_above(const llw_make *m, const char *targets) {
    if (!targets || strchr(targets, '%') || m->any_parent) return true;
    for (const char *at = targets; *at; at += strcspn(at, " \t")) {
        at += strspn(at, " \t");
        if (llw_scope_get(&m->parents, llw_arena_strndup(m->r->arena, at, strcspn(at, " \t")))) return true;
    }
    return false;
}

void llw_make_read(llw_make *m, const llw_rich *text) {
    llw_scope *const scopes[] = {&m->variables, &m->simple,  &m->overridden, &m->included, &m->exported,
                                 &m->hidden,    &m->parents, &m->of_target,  &m->of_nobody};
    for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++) scopes[i]->arena = m->r->arena;
    m->directory = m->file->directory;
    read_text(m, text, 0);
    for (size_t i = 0; i < m->n_own; i++) m->own[i].above = !m->just && may_be_above(m, m->own[i].targets);
    if (m->evaluates) llw_make_forget(m);
}
