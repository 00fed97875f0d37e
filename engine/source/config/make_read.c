/* The statements of a Makefile: assignments, directives, conditions, and where rules and recipes stand
 * (GNU make 4.3 manual, "What Makefiles Contain"). A line with a tab is a recipe's where a rule is open. What
 * a condition decides is not known, and nor is what stands in a file that nobody sees. */
#include "source/config/make.h"

#include <string.h>

/* --- assignments --- */

/* Where the sign of an assignment starts, outside of $(...); the end when there is none. Behind the colon of
 * a rule a semicolon ends what may be one. */
static size_t sign_of(const llw_rich *line, bool of_targets) {
    for (size_t i = 0; i < line->n; i++) {
        char c = line->chars[i].byte, next = llw_make_byte(line, i + 1);
        if (llw_make_calls(line, i)) {
            i = llw_make_closing(line, i + 1);
        } else if (c == '#' || (of_targets && c == ';')) {
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

static bool is_sign(char c) {
    return c && strchr("=:?+!", c);
}

/* A name as it is once its variables are put in; false when that is not known: it may be any. */
static bool read_name(llw_make *m, const llw_rich *written, const char **out) {
    llw_rich name = {0}, bare = llw_rich_trim(written);
    if (m->just)
        name = bare;
    else
        llw_make_expand(m, &bare, &name);
    if (llw_rich_has_unknown(&name)) {
        llw_make_forget(m);
        return false;
    }
    name = llw_rich_trim(&name);
    *out = llw_make_show(m, &name);
    return **out && !strpbrk(*out, " \t");
}

static bool find_assignment(llw_make *m, const llw_rich *line, bool of_targets, llw_make_assignment *out) {
    size_t at = sign_of(line, of_targets), sign = at;
    while (is_sign(llw_make_byte(line, sign)) && line->chars[sign].byte != '=') sign++;
    if (!at || at == line->n || (m->just && line->chars[at].byte != ':')) return false;
    llw_rich name = llw_rich_slice(line, 0, at), value = llw_rich_slice(line, sign + 1, line->n);
    *out = (llw_make_assignment){.sign = line->chars[at].byte, .value = llw_make_without_start(&value)};
    return read_name(m, &name, &out->name);
}

llw_make_modifiers llw_make_take_modifiers(llw_rich *line) {
    static const char *const words[] = {"export", "unexport", "override", "private"};
    llw_make_modifiers found = {0};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!llw_make_starts(line, words[i])) continue;
        llw_rich rest = llw_make_behind(line, words[i]);
        if (is_sign(llw_make_byte(&rest, 0))) break; /* a variable of that name */
        found.exports |= i == 0;
        found.unexports |= i == 1;
        found.overrides |= i == 2;
        found.hides |= i == 3;
        *line = rest;
        i = (size_t)-1;
    }
    return found;
}

/* What starts the lines of recipes: the first byte of the variable as it is written. */
static void set_prefix(llw_make *m, int line) {
    const llw_variable *v = llw_scope_get(&m->variables, ".RECIPEPREFIX");
    m->gone = !v || (v->value.n && v->value.chars[0].unknown);
    m->prefix = v && v->value.n ? v->value.chars[0].byte : '\t';
    if (!m->gone) return;
    llw_make_forget(m);
    if (memmem(m->file->bytes, m->file->len, "llama", strlen("llama")))
        llw_config_unread(m->r, m->file->path, line, "what .RECIPEPREFIX is set to is not known");
}

bool llw_make_read_assignment(llw_make *m, const llw_rich *line, const llw_make_modifiers *said,
                              const char *targets) {
    llw_make_assignment a;
    if (!find_assignment(m, line, targets != NULL, &a)) return false;
    a.exports = said->exports;
    a.overrides = said->overrides;
    a.hides = said->hides;
    llw_make_assign(m, &a, &line->chars[0], targets);
    if (!targets && !strcmp(a.name, ".RECIPEPREFIX")) set_prefix(m, line->chars[0].line);
    return true;
}

/* --- directives --- */

/* The names behind export or unexport; none: all. */
static void export_names(llw_make *m, const llw_rich *line, const llw_char *at, bool exports) {
    llw_rich expanded = {0};
    llw_make_expand(m, line, &expanded);
    if (llw_rich_has_unknown(&expanded)) {
        m->exports_perhaps |= exports;
        return;
    }
    char *names = llw_arena_strdup(m->r->arena, llw_make_show(m, &expanded)), *save = NULL;
    names[strcspn(names, "#")] = 0;
    if (!names[strspn(names, " \t")]) llw_make_export(m, NULL, exports, at);
    for (char *name = strtok_r(names, " \t", &save); name; name = strtok_r(NULL, " \t", &save))
        llw_make_export(m, name, exports, at);
}

/* define NAME =: its value are the lines up to endef. */
static void define(llw_make *m, const llw_rich *line, const llw_make_modifiers *said) {
    llw_rich rest = llw_make_behind(line, "define");
    size_t at = sign_of(&rest, false);
    llw_rich name = llw_rich_slice(&rest, 0, at);
    m->defined = (llw_make_assignment){.sign = at < rest.n ? rest.chars[at].byte : '=',
                                       .exports = said->exports,
                                       .overrides = said->overrides,
                                       .hides = said->hides,
                                       .defines = true};
    if (!read_name(m, &name, &m->defined.name)) {
        m->defined.name = NULL;
        m->exports_perhaps |= said->exports;
    }
    m->defined_at = line->chars[0];
    m->definitions = 1;
    m->body = false;
}

/* A line between define and endef; with a recipe's prefix it is text whatever it says. */
static void read_body(llw_make *m, const llw_rich *written) {
    llw_rich line = llw_make_collapse(m, written), bare = llw_make_without_start(&line);
    m->evaluates |= llw_make_evaluates(&line);
    if (llw_make_byte(written, 0) != m->prefix)
        m->definitions += llw_make_starts(&bare, "define") - llw_make_starts(&bare, "endef");
    if (!m->definitions) {
        if (m->defined.name) llw_make_assign(m, &m->defined, &m->defined_at, NULL);
        return;
    }
    llw_char end = m->defined_at;
    end.byte = '\n';
    if (m->body) llw_rich_push(m->r->arena, &m->defined.value, end);
    llw_rich_append(m->r->arena, &m->defined.value, &line);
    m->body = true;
}

static void undefine(llw_make *m, const llw_rich *line, const llw_make_modifiers *said) {
    llw_rich rest = llw_make_behind(line, "undefine");
    const char *name;
    if (read_name(m, &rest, &name) && (said->overrides || !llw_scope_get(&m->overridden, name)))
        llw_make_unset(m, name, &line->chars[0]);
}

/* ifeq and its kin. */
static bool read_condition(llw_make *m, const llw_rich *line) {
    static const char *const words[] = {"ifeq", "ifneq", "ifdef", "ifndef", "else", "endif"};
    enum { OPENING = 4, N = sizeof words / sizeof *words };
    size_t i = 0;
    while (i < N && !llw_make_starts(line, words[i])) i++;
    if (i == N) return false;
    m->sections++;
    m->conditions += i < OPENING;
    m->conditions -= i == N - 1 && m->conditions;
    return true;
}

/* --- statements --- */

static void read_text(llw_make *m, const llw_rich *text);

static bool is_open(const llw_make *m, const llw_config_file *file) {
    for (size_t i = 0; i < m->n_open; i++)
        if (m->open[i] == file) return true;
    return false;
}

/* NOLINTBEGIN(misc-no-recursion): at most LLW_MAKE_MAX_OPEN deep; every byte is paid for */
static void read_file(llw_make *m, const llw_config_file *file, const llw_rich *text) {
    const llw_config_file *outer = m->file;
    m->open[m->n_open++] = m->file = file;
    m->targets = NULL;
    read_text(m, text);
    m->targets = NULL;
    m->file = outer;
    m->n_open--;
}

static void include(llw_make *m, const llw_rich *names) {
    enum { OPENING = 64, COST = 4 }; /* of r->reread: for a file, for each byte; its text may be kept */
    llw_rich expanded = {0};
    llw_make_expand(m, names, &expanded);
    char *words = llw_arena_strdup(m->r->arena, llw_make_show(m, &expanded)), *save = NULL;
    words[strcspn(words, "#")] = 0;
    if (llw_rich_has_unknown(&expanded) || strpbrk(words, "*?[")) {
        llw_make_forget(m);
        return;
    }
    for (char *name = strtok_r(words, " \t", &save); name; name = strtok_r(NULL, " \t", &save)) {
        const llw_config_file *file = m->set ? llw_config_set_find(m->r, m->set, m->directory, name) : NULL;
        if (!file || is_open(m, file)) continue;
        size_t cost = OPENING + file->len * COST;
        if (m->n_open == LLW_MAKE_MAX_OPEN || m->r->reread < cost) {
            llw_make_forget(m);
            return;
        }
        m->r->reread -= cost;
        llw_rich text = llw_config_text(m->r, file, "Makefile");
        read_file(m, file, &text);
    }
}

/* Whether the line is one of include's spellings. */
static bool read_include(llw_make *m, const llw_rich *line) {
    static const char *const words[] = {"include", "-include", "sinclude"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!llw_make_starts(line, words[i])) continue;
        llw_rich names = llw_make_behind(line, words[i]);
        include(m, &names);
        return true;
    }
    return false;
}

/* define and undefine, when no variable of that name is set. */
static bool read_definition(llw_make *m, const llw_rich *line, const llw_make_modifiers *said) {
    bool defines = llw_make_starts(line, "define");
    if (!defines && !llw_make_starts(line, "undefine")) return false;
    llw_rich rest = llw_make_behind(line, defines ? "define" : "undefine");
    if (is_sign(llw_make_byte(&rest, 0))) return false;
    (defines ? define : undefine)(m, line, said);
    return true;
}

static void read_statement(llw_make *m, const llw_rich *whole, const llw_rich *written) {
    llw_rich line = *whole;
    m->evaluates |= llw_make_evaluates(&line);
    if (read_condition(m, &line)) return;
    llw_make_modifiers said = llw_make_take_modifiers(&line);
    bool known = line.n && (read_definition(m, &line, &said) ||
                            (!said.unexports && llw_make_read_assignment(m, &line, &said, NULL)));
    if (!known && (said.exports || said.unexports)) {
        export_names(m, &line, &whole->chars[0], said.exports);
        known = true;
    }
    if (known || read_include(m, &line))
        m->targets = NULL;
    else
        llw_make_read_rule(m, &line, written);
}

static void read_text(llw_make *m, const llw_rich *text) {
    for (size_t at = 0; at < text->n && !m->gone;) {
        llw_rich written = llw_make_line(text, &at);
        if (m->definitions) {
            read_body(m, &written);
        } else if (m->targets && llw_make_byte(&written, 0) == m->prefix) {
            llw_rich recipe = llw_rich_slice(&written, 1, written.n);
            recipe = llw_make_recipe_text(m, &recipe);
            llw_make_keep_recipe(m, &recipe);
        } else {
            llw_rich line = llw_make_collapse(m, &written);
            line = llw_make_without_start(&line);
            if (line.n && line.chars[0].byte != '#') read_statement(m, &line, &written);
        }
    }
}
/* NOLINTEND(misc-no-recursion) */

void llw_make_read(llw_make *m, const llw_rich *text) {
    m->prefix = '\t';
    m->directory = m->file->directory;
    read_file(m, m->file, text);
    llw_make_end_rules(m);
    if (m->evaluates) llw_make_forget(m);
}
