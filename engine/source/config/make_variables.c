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

void llw_make_remember(llw_scope *names, const char *name) {
    llw_scope_assign(names, name, &(llw_rich){0}, (llw_token){0});
}

/* --- expansion --- */

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
    if (m->just)
        llw_rich_append(m->r->arena, out, &v->value); /* a string of just is text */
    else
        expand(m, &v->value, &next, out);
}

static void expand(llw_make *m, const llw_rich *in, const opened *around, llw_rich *out) {
    for (size_t i = 0; i < in->n; i++) {
        const llw_char *c = &in->chars[i];
        char next = llw_make_byte(in, i + 1);
        if (c->unknown || c->byte != '$' || !next) {
            llw_rich_push(m->r->arena, out, *c);
        } else if (next == '$') {
            llw_rich_push(m->r->arena, out, in->chars[i++]);
        } else {
            bool call = llw_make_calls(in, i);
            size_t from = call ? i + 2 : i + 1, to = call ? llw_make_closing(in, i + 1) : i + 2;
            llw_rich name = llw_rich_slice(in, from, to);
            put(m, llw_make_show(m, &name), c, around, out);
            i = call ? to : i + 1;
        }
    }
}
/* NOLINTEND(misc-no-recursion) */

/* {{NAME}}; {{{{ is {{. */
static void expand_just(llw_make *m, const llw_rich *in, llw_rich *out) {
    for (size_t i = 0; i < in->n; i++) {
        const llw_char *c = &in->chars[i];
        if (c->unknown || c->byte != '{' || llw_make_byte(in, i + 1) != '{') {
            llw_rich_push(m->r->arena, out, *c);
            continue;
        }
        if (llw_make_byte(in, i + 2) == '{' && llw_make_byte(in, i + 3) == '{') {
            llw_rich braces = llw_rich_slice(in, i, i + 2);
            llw_rich_append(m->r->arena, out, &braces);
            i += 3;
            continue;
        }
        size_t to = i + 2;
        while (to < in->n && !(in->chars[to].byte == '}' && llw_make_byte(in, to + 1) == '}')) to++;
        llw_rich name = llw_rich_slice(in, i + 2, to);
        name = llw_rich_trim(&name);
        put(m, llw_make_show(m, &name), c, NULL, out);
        i = to + 1;
    }
}

void llw_make_expand(llw_make *m, const llw_rich *text, llw_rich *out) {
    if (m->just)
        expand_just(m, text, out);
    else
        expand(m, text, NULL, out);
}

/* What it holds is not looked at again: its dollar signs are doubled. */
llw_rich llw_make_at_once(llw_make *m, const llw_rich *text) {
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

/* Up to where a comment starts. \# is none, and of backslashes in front of # half stay. */
static llw_rich without_comment(const llw_make *m, const llw_rich *written) {
    llw_rich out = {0};
    size_t slashes = 0;
    for (size_t i = 0; i < written->n; i++) {
        char c = written->chars[i].byte;
        if (c == '#') {
            out.n -= (slashes + 1) / 2;
            if (slashes % 2 == 0) break;
        }
        slashes = c == '\\' ? slashes + 1 : 0;
        size_t to = llw_make_calls(written, i) ? llw_make_closing(written, i + 1) : i;
        while (i < to && i < written->n) llw_rich_push(m->r->arena, &out, written->chars[i++]);
        if (i < written->n) llw_rich_push(m->r->arena, &out, written->chars[i]);
    }
    return out;
}

/* The value as written in that variable. Blanks at the end belong to it. */
static llw_rich value_of(const llw_make *m, const llw_make_assignment *a, const llw_link *link) {
    bool text = m->just || a->defines;
    llw_rich value = text ? a->value : without_comment(m, &a->value), out = {0};
    for (size_t i = 0; i < value.n; i++) {
        llw_char c = value.chars[i];
        c.link = link;
        llw_rich_push(m->r->arena, &out, c);
    }
    return out;
}

/* A justfile's value is known where it is one text in quotes that says what it is. */
static bool unquote(llw_rich *value) {
    *value = llw_rich_trim(value);
    char quote = llw_make_byte(value, 0);
    if (value->n < 2 || !strchr("'\"", quote) || value->chars[value->n - 1].byte != quote) return false;
    *value = llw_rich_slice(value, 1, value->n - 1);
    for (size_t i = 0; i < value->n; i++)
        if (value->chars[i].byte == quote || (quote == '"' && value->chars[i].byte == '\\')) return false;
    return true;
}

llw_rich llw_make_unknown(const llw_make *m, const llw_char *at, const llw_link *link) {
    llw_rich unknown = {0};
    llw_rich_unknown(m->r->arena, &unknown, at, link);
    return unknown;
}

/* Whether a variable that no file sets may be something: one that is exported is, if only empty. */
static bool may_be_there(const llw_make *m, const char *name) {
    return m->foreign || llw_make_has(name) || llw_scope_get(&m->exported, name) ||
           llw_scope_get(&m->hidden, name);
}

void llw_make_give(llw_make *m, llw_scope *scope, const char *name, char sign, const llw_rich *value,
                   const llw_link *link) {
    const llw_variable *before = sign == '+' ? llw_scope_get(scope, name) : NULL;
    bool here = before != NULL, of_all = scope == &m->variables;
    if (sign == '+' && !before) before = llw_scope_get(&m->variables, name);
    bool simple = sign == ':' || (of_all && before && llw_scope_get(&m->simple, name));
    llw_rich kept = {0}, now = simple && !m->just ? llw_make_at_once(m, value) : *value;
    llw_rich *into =
        here ? &llw_scope_edit(scope, name)->value : &kept; /* one += behind the other stays cheap */
    if (before && !here) llw_rich_append(m->r->arena, into, &before->value);
    if (sign == '+' && !before && !m->just && may_be_there(m, name)) kept = llw_make_unknown(m, NULL, link);
    llw_char blank = {.byte = ' ', .line = value->n ? value->chars[0].line : 0, .column = 1, .link = link};
    bool parts =
        value->n || (!of_all && !here); /* += of nothing for a target adds a blank to what all have */
    if (into->n && parts && sign == '+') llw_rich_push(m->r->arena, into, blank);
    llw_rich_append(m->r->arena, into, &now);
    if (!here) llw_scope_assign(scope, name, &kept, (llw_token){0});
    if (!of_all) return;
    if (simple)
        llw_make_remember(&m->simple, name);
    else
        llw_scope_unset(&m->simple, name);
}

void llw_make_export(llw_make *m, const char *name, bool exports, const llw_char *at) {
    if (!name) {
        m->exports_perhaps |= m->conditions && exports != m->exports_all;
        if (!m->conditions) m->exports_all = exports;
        return;
    }
    llw_scope *to = exports ? &m->exported : &m->hidden, *from = exports ? &m->hidden : &m->exported;
    const llw_variable *before = llw_scope_get(to, name), *other = llw_scope_get(from, name);
    if (m->conditions && before && !before->value.n) return;
    llw_rich perhaps = m->conditions ? llw_make_unknown(m, at, at->link) : (llw_rich){0};
    llw_scope_assign(to, name, &perhaps, (llw_token){0});
    if (other && !m->conditions)
        llw_scope_unset(from, name);
    else if (other)
        llw_scope_assign(from, name, &perhaps, (llw_token){0});
}

/* Whether the assignment leaves what is there: ?= where something is, or what override has set. */
static bool leaves(const llw_make *m, const llw_make_assignment *a, const char *targets) {
    bool there = llw_scope_get(&m->of_target, a->name) || llw_scope_get(&m->variables, a->name),
         beaten = !targets && !a->overrides && llw_scope_get(&m->overridden, a->name);
    return !m->just && (beaten || (a->sign == '?' && there));
}

/* Of ?= for a target where something is make does not leave everything: private and export go over to what is
 * there. */
static void blur(llw_make *m, const llw_make_assignment *a, const llw_char *at) {
    llw_rich unknown = llw_make_unknown(m, at, at->link);
    if (a->hides) llw_make_give(m, &m->variables, a->name, '=', &unknown, at->link);
    if (llw_scope_get(&m->exported, a->name))
        llw_scope_assign(&m->exported, a->name, &unknown, (llw_token){0});
    for (size_t i = 0; i < m->n_own; i++)
        if (m->own[i].exported && !a->exports && !strcmp(m->own[i].name, a->name)) m->own[i].value = unknown;
}

void llw_make_assign(llw_make *m, const llw_make_assignment *a, const llw_char *at, const char *targets) {
    const llw_link *link =
        llw_link_new(m->r->arena, m->file->path, a->sign == '?' ? "Makefile default" : "variable", true);
    llw_rich value = value_of(m, a, link);
    if (targets) llw_make_enter(m, targets);
    bool skip = leaves(m, a, targets);
    if (a->overrides && !targets && !skip) llw_make_remember(&m->overridden, a->name);
    if (a->hides && (!targets || skip)) llw_make_remember(&m->unseen, a->name);
    bool seen = targets || !llw_scope_get(&m->unseen, a->name),
         perhaps = m->conditions || (a->sign == '?' && may_be_there(m, a->name)),
         known = a->sign != '!' && (!m->just || unquote(&value)) && seen && !perhaps;
    if (!known) value = llw_make_unknown(m, at, link);
    if (targets && skip) blur(m, a, at);
    if (targets && !skip)
        llw_make_assign_own(m, a, at, targets, value, link);
    else if (!skip || !seen)
        llw_make_give(m, &m->variables, a->name, seen ? a->sign : '=', &value, link);
    if (a->exports && (!targets || skip)) llw_make_export(m, a->name, true, at);
    m->of_target = (llw_scope){.arena = m->r->arena};
}

void llw_make_unset(llw_make *m, const char *name, const llw_char *at) {
    if (!m->conditions) {
        llw_scope_unset(&m->variables, name);
    } else if (llw_scope_get(&m->variables, name)) {
        llw_rich unknown = llw_make_unknown(m, at, at->link);
        llw_make_give(m, &m->variables, name, '=', &unknown, at->link);
    }
}

/* How much of a value names a program of llama.cpp: /opt/llama-server of "/opt/llama-server -c 5". */
static size_t program_of(const llw_rich *value) {
    enum { MAX_NAME = 256 };
    static const char start[] = "llama-";
    size_t n = 0, name = 0, same = 0;
    for (; n < value->n && n < MAX_NAME && !strchr(" \t\n", value->chars[n].byte); n++) {
        if (value->chars[n].unknown) return 0;
        if (value->chars[n].byte == '/') name = n + 1;
    }
    while (start[same] && llw_make_byte(value, name + same) == start[same]) same++;
    return start[same] || n == MAX_NAME ? 0 : n;
}

static void forget(llw_make *m, llw_rich *value) {
    size_t program = program_of(value), kept = program ? program + 1 : 0;
    if (program && program == value->n) return;
    if (value->n == kept + 1 && value->chars[kept].unknown) return;
    llw_rich out = {0}, start = llw_rich_slice(value, 0, kept),
             unknown = llw_make_unknown(m, value->chars, value->n ? value->chars[0].link : NULL);
    llw_rich_append(m->r->arena, &out, &start);
    llw_rich_append(m->r->arena, &out, &unknown);
    *value = out;
}

void llw_make_forget(llw_make *m) {
    m->foreign = true;
    for (size_t i = 0; i < m->variables.n; i++) forget(m, &m->variables.items[i].value);
    for (size_t i = 0; i < m->n_own; i++) forget(m, &m->own[i].value);
}

static bool is_shell_name(const char *name) {
    if (!isalpha((unsigned char)*name) && *name != '_') return false;
    for (; *name; name++)
        if (!isalnum((unsigned char)*name) && *name != '_') return false;
    return true;
}

/* A variable as the shell sees it: not, with its value, or unknown where it is perhaps not there. */
static bool export_one(llw_make *m, llw_scope *env, const llw_variable *v) {
    const llw_variable *named = llw_scope_get(&m->exported, v->name),
                       *hidden = llw_scope_get(&m->hidden, v->name);
    bool certain = v->exported || (named && !named->value.n) || (m->exports_all && !hidden);
    bool perhaps = named || m->exports_perhaps || (m->exports_all && hidden && hidden->value.n);
    if (!is_shell_name(v->name) || (!certain && !perhaps) || (hidden && !hidden->value.n && !certain))
        return true;
    if (env->n == LLW_MAKE_MAX_EXPORTED || m->r->budget < v->value.n) return false;
    m->r->budget -= v->value.n;
    llw_rich value = {0};
    if (certain)
        expand(m, &v->value, NULL, &value);
    else
        value = llw_make_unknown(m, v->value.n ? &v->value.chars[0] : NULL,
                                 v->value.n ? v->value.chars[0].link : NULL);
    llw_scope_assign(env, v->name, &value, llw_rich_token(m->r->arena, &value, NULL));
    llw_variable *kept = llw_scope_edit(env, v->name);
    kept->exported = true;
    kept->open = !certain;
    return true;
}

/* What an exported name has that no file sets: nothing, or what make or an unseen file gives it. */
static bool export_unset(llw_make *m, llw_scope *env, const char *name) {
    llw_variable v = {.name = name, .value = llw_make_unknown(m, NULL, NULL)};
    return !(m->foreign || llw_make_has(name)) || export_one(m, env, &v);
}

bool llw_make_environment(llw_make *m, llw_scope *out) {
    *out = (llw_scope){.arena = m->r->arena};
    bool all = m->exports_all || m->exports_perhaps, whole = true;
    for (size_t i = 0; all && i < m->variables.n && whole; i++)
        whole = export_one(m, out, &m->variables.items[i]);
    for (size_t i = 0; i < m->exported.n && whole; i++) {
        const char *name = m->exported.items[i].name;
        const llw_variable *v = llw_scope_get(&m->variables, name);
        if (!v || !all) whole = v ? export_one(m, out, v) : export_unset(m, out, name);
    }
    for (size_t i = 0; i < m->of_target.n && whole; i++) whole = export_one(m, out, &m->of_target.items[i]);
    return whole;
}
