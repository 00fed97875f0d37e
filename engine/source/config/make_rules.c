/* The rules of a Makefile and their recipes (GNU make 4.3 manual, "Rule Syntax", "Using One Shell"). */
#include "source/config/make.h"

#include <ctype.h>
#include <string.h>

/* Where the targets of a rule end: the : that is no part of an assignment or of $(...); the end when it is
 * none. */
static size_t end_of_targets(const llw_rich *line) {
    for (size_t i = 0; i < line->n; i++) {
        char c = line->chars[i].byte;
        if (llw_make_calls(line, i))
            i = llw_make_closing(line, i + 1);
        else if (c == '#' || c == '=')
            return line->n;
        else if (c == ':')
            return i;
    }
    return line->n;
}

/* The part of a rule's recipe that stands behind a semicolon, as the shell gets it. */
static llw_rich first_command(const llw_make *m, const llw_rich *written) {
    for (size_t i = 0; i < written->n && written->chars[i].byte != '#'; i++) {
        if (llw_make_calls(written, i)) i = llw_make_closing(written, i + 1);
        if (llw_make_byte(written, i) != ';') continue;
        llw_rich rest = llw_rich_slice(written, i + 1, written->n);
        return llw_make_recipe_text(m, &rest);
    }
    return (llw_rich){0};
}

/* Whether each target is what it is called: no pattern, no "./x" that make takes for x, no a&. */
static bool are_plain(const char *targets) {
    for (const char *at = targets; *at; at++)
        if (at[0] == '.' && at[1] == '/' && (at == targets || isspace((unsigned char)at[-1]))) return false;
    return !strpbrk(targets, "%*?[~\\(&");
}

/* .DEFAULT, and perhaps those that stand for names with such an end. */
static bool any_starts_with_dot(const char *targets) {
    for (const char *at = targets; *at; at++)
        if (*at == '.' && (at == targets || isspace((unsigned char)at[-1]))) return true;
    return false;
}

/* Its targets see what those above have for themselves. */
static void note_parents(llw_make *m, const char *targets, bool plain) {
    m->any_parent |= !plain || strlen(targets) > LLW_MAKE_MAX_TARGETS;
    char *copy = m->any_parent ? NULL : llw_arena_strdup(m->r->arena, targets), *save = NULL;
    for (char *name = copy ? strtok_r(copy, " \t", &save) : NULL; name; name = strtok_r(NULL, " \t", &save))
        llw_make_remember(&m->parents, name);
}

/* What make does for targets of these names. */
static void read_special(llw_make *m, const char *targets, const llw_char *at) {
    if (!strcmp(targets, ".EXPORT_ALL_VARIABLES")) llw_make_export(m, NULL, true, at);
    if (strcmp(targets, ".ONESHELL") != 0) return;
    m->one_shell |= !m->conditions;
    m->one_shell_perhaps |= m->conditions > 0;
}

/* $(RULE) may be a rule, too. */
static void read_made(llw_make *m, const llw_rich *line) {
    llw_rich expanded = {0};
    llw_make_expand(m, line, &expanded);
    if (!m->targets || (!llw_rich_has_unknown(&expanded) && !strchr(llw_make_show(m, &expanded), ':')))
        return;
    m->targets = llw_arena_strdup(m->r->arena, m->targets); /* another rule, of which nobody knows the name */
    m->any_target = true;
}

void llw_make_read_rule(llw_make *m, const llw_rich *line, const llw_rich *written) {
    size_t end = end_of_targets(line);
    if (end == line->n) {
        read_made(m, line);
        return;
    }
    llw_rich before = llw_rich_slice(line, 0, end), rest = llw_rich_slice(line, end + 1, line->n),
             names = {0};
    bool one_of_many = llw_make_byte(&rest, 0) == ':';
    if (one_of_many) rest = llw_rich_slice(&rest, 1, rest.n);
    rest = llw_make_without_start(&rest);
    llw_make_expand(m, &before, &names);
    names = llw_rich_trim(&names);
    const char *targets = llw_make_show(m, &names);
    bool plain = !llw_rich_has_unknown(&names) && are_plain(targets);
    llw_rich inner = rest;
    llw_make_modifiers said = llw_make_take_modifiers(&inner);
    if (llw_make_read_assignment(m, &inner, &said, plain ? targets : "")) {
        m->targets = NULL;
        return;
    }
    read_special(m, targets, &line->chars[0]);
    m->targets = targets;
    m->any_target = !plain || any_starts_with_dot(targets);
    m->replaces = plain && !one_of_many && !m->conditions;
    m->line = line->chars[0].line;
    if (rest.n && !strchr("#;", rest.chars[0].byte)) note_parents(m, targets, plain);
    llw_rich first = first_command(m, written);
    llw_make_keep_recipe(m, &first);
}

void llw_make_keep_recipe(llw_make *m, const llw_rich *script) {
    m->evaluates |= !m->just && llw_make_evaluates(script);
    if (!script->n || !m->targets || !*m->targets) return; /* make ignores what is no target's */
    void *items = m->recipes;
    *(llw_make_recipe *)llw_arena_push(m->r->arena, &items, &m->n_recipes, &m->capacity, sizeof *m->recipes) =
        (llw_make_recipe){.file = m->file,
                          .targets = m->targets,
                          .any = m->any_target,
                          .replaces = m->replaces,
                          .line = m->line,
                          .section = m->sections,
                          .prefix = m->prefix,
                          .script = *script};
    m->recipes = items;
}

/* With .ONESHELL, wherever it stands, the lines of each recipe are one script. */
static void join_recipes(llw_make *m) {
    size_t n = 0;
    for (size_t i = 0; i < m->n_recipes; i++) {
        llw_make_recipe *r = &m->recipes[i], *last = n ? &m->recipes[n - 1] : NULL;
        if (!last || last->targets != r->targets) {
            m->recipes[n++] = *r;
            continue;
        }
        llw_char end = r->script.chars[0];
        end.byte = '\n';
        end.unknown = false;
        last->torn |= m->one_shell_perhaps || last->section != r->section;
        llw_rich_push(m->r->arena, &last->script, end);
        llw_rich_append(m->r->arena, &last->script, &r->script);
    }
    m->n_recipes = n;
}

/* Of several recipes for the same targets make takes the last. */
static void drop_replaced(llw_make *m) {
    llw_scope replaced = {.arena = m->r->arena};
    const char *rule = NULL;
    bool drops = false;
    for (size_t i = m->n_recipes; i-- > 0;) {
        llw_make_recipe *r = &m->recipes[i];
        if (r->targets != rule) drops = llw_scope_get(&replaced, r->targets) != NULL;
        if (r->targets != rule && r->replaces) llw_make_remember(&replaced, r->targets);
        rule = r->targets;
        if (drops) *r = (llw_make_recipe){.file = r->file, .targets = r->targets};
    }
}

/* Whether one of the words needs others. */
static bool may_be_above(const llw_make *m, const char *targets) {
    if (!targets || m->any_parent) return true;
    for (const char *at = targets; *at; at += strcspn(at, " \t")) {
        at += strspn(at, " \t");
        if (llw_scope_get(&m->parents, llw_arena_strndup(m->r->arena, at, strcspn(at, " \t")))) return true;
    }
    return false;
}

void llw_make_end_rules(llw_make *m) {
    if (m->one_shell || m->one_shell_perhaps) join_recipes(m);
    drop_replaced(m);
    for (size_t i = 0; i < m->n_own; i++) m->own[i].above = may_be_above(m, m->own[i].targets);
}
