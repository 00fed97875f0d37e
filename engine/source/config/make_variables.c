/* Variables of a Makefile or justfile.
 *
 * GNU make 4.3 manual, "How to Use Variables": = is put in where it is used, := where it is set, ?= only
 * where nothing is, += behind what is there; "serve: NAME = value" is the target's, and of all that it needs;
 * export makes it one of the shell's. Functions, what is set under a condition, and what no file sets are
 * unknown: make takes variables from the environment too. */
#include "source/config/make.h"
#include "base/file.h"

#include <ctype.h>
#include <string.h>

enum { MAX_DEPTH = 8 };

static const char *show(const llw_make *m, const llw_rich *rich) {
    return llw_rich_show(m->r->arena, rich);
}

static void remember(llw_scope *names, const char *name) {
    llw_scope_assign(names, name, &(llw_rich){0}, (llw_token){0});
}

static bool has_word(const char *words, const char *word, size_t len) {
    for (const char *at = words; *at; at += strcspn(at, " \t")) {
        at += strspn(at, " \t");
        if (len && strcspn(at, " \t") == len && !strncmp(at, word, len)) return true;
    }
    return false;
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
    expand(m, &v->value, &next, out);
}

static void expand(llw_make *m, const llw_rich *in, const opened *around, llw_rich *out) {
    for (size_t i = 0; i < in->n; i++) {
        const llw_char *c = &in->chars[i];
        char next = llw_make_byte(in, i + 1);
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
            to = llw_make_closing(in, i + 1);
        else
            from = i + 1, to = i + 2;
        llw_rich name = llw_rich_slice(in, from, to < in->n ? to : in->n);
        if (m->just) name = llw_rich_trim(&name);
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

/* The value as written in that variable, up to a comment. Blanks in front of that, or at the end, belong to
 * it, and \# is no comment. */
static llw_rich value_of(const llw_make *m, const llw_rich *written, const llw_link *link) {
    llw_rich out = {0};
    for (size_t i = 0; i < written->n && (m->just || written->chars[i].byte != '#'); i++) {
        i += !m->just && written->chars[i].byte == '\\' && llw_make_byte(written, i + 1) == '#';
        llw_char c = written->chars[i];
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

static llw_rich unknown_at(const llw_make *m, const llw_char *at, const llw_link *link) {
    llw_rich unknown = {0};
    llw_rich_unknown(m->r->arena, &unknown, at, link);
    return unknown;
}

static void give(llw_make *m, llw_scope *scope, const char *name, char sign, const llw_rich *value,
                 const llw_link *link) {
    const llw_variable *before = sign == '+' ? llw_scope_get(scope, name) : NULL;
    bool here = before != NULL, of_all = scope == &m->variables;
    if (sign == '+' && !before) before = llw_scope_get(&m->variables, name);
    bool simple = sign == ':' || (of_all && before && llw_scope_get(&m->simple, name));
    llw_rich kept = {0}, now = simple && !m->just ? at_once(m, value) : *value;
    llw_rich *into =
        here ? &llw_scope_edit(scope, name)->value : &kept; /* one += behind the other stays cheap */
    if (before && !here) llw_rich_append(m->r->arena, into, &before->value);
    llw_char blank = {.byte = ' ', .line = value->n ? value->chars[0].line : 0, .column = 1, .link = link};
    if (into->n && value->n) llw_rich_push(m->r->arena, into, blank);
    llw_rich_append(m->r->arena, into, &now);
    if (!here) llw_scope_assign(scope, name, &kept, (llw_token){0});
    if (!of_all) return;
    if (simple)
        remember(&m->simple, name);
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
    llw_rich perhaps = m->conditions ? unknown_at(m, at, at->link) : (llw_rich){0};
    llw_scope_assign(to, name, &perhaps, (llw_token){0});
    if (other && !m->conditions)
        llw_scope_unset(from, name);
    else if (other)
        llw_scope_assign(from, name, &perhaps, (llw_token){0});
}

/* What targets have for themselves and nobody can tell apart is unknown for all. */
static void assign_own(llw_make *m, const llw_make_assignment *a, const llw_char *at, const char *targets,
                       llw_rich value, const llw_link *link) {
    llw_make_own *o =
        m->n_own < LLW_MAKE_MAX_OWN && strlen(targets) <= LLW_MAKE_MAX_TARGETS ? &m->own[m->n_own++] : NULL;
    if (!o) {
        value = unknown_at(m, at, link);
        give(m, &m->variables, a->name, '=', &value, link);
        return;
    }
    *o = (llw_make_own){.targets = *targets ? targets : NULL,
                        .name = a->name,
                        .sign = a->sign == '+' ? '+' : '=',
                        .value = a->sign == ':' ? at_once(m, &value) : value,
                        .exported = a->exports,
                        .link = link};
}

void llw_make_assign(llw_make *m, const llw_make_assignment *a, const llw_char *at, const char *targets) {
    const llw_link *link =
        llw_link_new(m->r->arena, m->file->path, a->sign == '?' ? "Makefile default" : "variable", true);
    llw_rich value = value_of(m, &a->value, link);
    bool known = a->sign != '!' && (!m->just || unquote(&value));
    if (targets) llw_make_enter(m, targets);
    bool there = llw_scope_get(&m->of_target, a->name) || llw_scope_get(&m->variables, a->name);
    bool beaten = !a->overrides && !targets && llw_scope_get(&m->overridden, a->name);
    bool skip = !m->just && ((a->sign == '?' && there) || beaten);
    if (a->overrides && !targets) remember(&m->overridden, a->name);
    if (m->conditions || !known || (a->sign == '?' && m->foreign)) value = unknown_at(m, at, link);
    if (targets && !skip)
        assign_own(m, a, at, targets, value, link);
    else if (!skip)
        give(m, &m->variables, a->name, a->sign, &value, link);
    if (a->exports && (!targets || skip)) llw_make_export(m, a->name, true, at);
    m->of_target = (llw_scope){.arena = m->r->arena};
}

void llw_make_unset(llw_make *m, const char *name, const llw_char *at) {
    if (!m->conditions) {
        llw_scope_unset(&m->variables, name);
    } else if (llw_scope_get(&m->variables, name)) {
        llw_rich unknown = unknown_at(m, at, at->link);
        give(m, &m->variables, name, '=', &unknown, at->link);
    }
}

void llw_make_forget(llw_make *m) {
    m->foreign = true;
    for (size_t i = 0; i < m->variables.n; i++) {
        llw_rich *value = &m->variables.items[i].value;
        if (!value->n || (value->n == 1 && value->chars[0].unknown)) continue;
        if (!strncmp(llw_path_name(show(m, value)), "llama-", strlen("llama-"))) continue;
        *value = unknown_at(m, &value->chars[0], value->chars[0].link);
    }
}

/* --- targets --- */

static void give_unknown(llw_make *m, llw_scope *scope, const llw_make_own *o) {
    llw_rich unknown = unknown_at(m, o->value.n ? &o->value.chars[0] : NULL, o->link);
    give(m, scope, o->name, '=', &unknown, o->link);
}

/* Whether the targets, of a rule, have that variable for themselves: all of them, or perhaps some. */
static bool has_own(const llw_make_own *o, const char *targets, bool *some) {
    bool all = true;
    *some = !o->targets || strlen(targets) > 4 * LLW_MAKE_MAX_TARGETS;
    if (*some) return false;
    for (const char *at = targets; *at; at += strcspn(at, " \t")) {
        at += strspn(at, " \t");
        bool found = has_word(o->targets, at, strcspn(at, " \t"));
        all &= found;
        *some |= found;
    }
    *some &= !all;
    return all;
}

/* What is built anew for each target is paid for; where nothing is left to pay with, all that targets have
 * for themselves is unknown. */
bool llw_make_enter(llw_make *m, const char *targets) {
    enum { COST = 16 };
    bool some = false, any = false;
    m->of_target = (llw_scope){.arena = m->r->arena};
    for (size_t i = 0; i < m->n_own && !any; i++)
        any = has_own(&m->own[i], targets, &some) || some || m->own[i].above;
    if (!any) return false;
    bool paid = m->r->budget >= m->n_own * COST;
    m->r->budget -= paid ? m->n_own * COST : 0;
    for (size_t i = 0; i < m->n_own && (paid || m->of_nobody.n < m->n_own); i++) {
        const llw_make_own *o = &m->own[i];
        bool all = has_own(o, targets, &some);
        if (!paid) {
            give_unknown(m, &m->of_nobody, o);
        } else if (all && o->value.n <= m->r->budget) {
            m->r->budget -= o->value.n;
            give(m, &m->of_target, o->name, o->sign, &o->value, o->link);
        } else if (all || some || o->above) {
            give_unknown(m, &m->of_target, o);
        }
        bool given = paid && (all || some || o->above);
        llw_variable *v = given ? llw_scope_edit(&m->of_target, o->name) : NULL;
        if (v) v->exported |= o->exported;
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
        value =
            unknown_at(m, v->value.n ? &v->value.chars[0] : NULL, v->value.n ? v->value.chars[0].link : NULL);
    llw_scope_assign(env, v->name, &value, llw_rich_token(m->r->arena, &value, NULL));
    llw_variable *kept = llw_scope_edit(env, v->name);
    kept->exported = true;
    kept->open = !certain;
    return true;
}

bool llw_make_environment(llw_make *m, llw_scope *out) {
    *out = (llw_scope){.arena = m->r->arena};
    bool all = m->exports_all || m->exports_perhaps, whole = true;
    for (size_t i = 0; all && i < m->variables.n && whole; i++)
        whole = export_one(m, out, &m->variables.items[i]);
    for (size_t i = 0; !all && i < m->exported.n && whole; i++) {
        const llw_variable *v = llw_scope_get(&m->variables, m->exported.items[i].name);
        if (v) whole = export_one(m, out, v);
    }
    for (size_t i = 0; i < m->of_target.n && whole; i++) whole = export_one(m, out, &m->of_target.items[i]);
    return whole;
}
