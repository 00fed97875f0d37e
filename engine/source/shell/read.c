/* Simple commands of a shell script: assignments in front, words, redirections and here-documents. */
#include "source/shell/shell.h"

#include <ctype.h>
#include <string.h>

enum { MAX_PREFIX = 32 };

/* NAME=, NAME+= or NAME[KEY]= in front of a word. Quotes in the name make it no assignment. */
typedef struct target {
    size_t name, length; /* of the name; of all up to the value */
    llw_rich key;
    bool keyed, adds;
} target;

static bool find_target(llw_shell *s, target *t) {
    size_t i = s->at;
    *t = (target){0};
    if (!(isalpha((unsigned char)llw_shell_byte(s, i)) || llw_shell_byte(s, i) == '_')) return false;
    while (llw_shell_name_byte(llw_shell_byte(s, i))) i++;
    t->name = i - s->at;
    if (llw_shell_byte(s, i) == '[') {
        size_t end = llw_shell_behind(s, i, i + LLW_SHELL_INDEX < s->end ? i + LLW_SHELL_INDEX : s->end);
        char then = llw_shell_byte(s, end);
        if (then != '=' && then != '+') return false;
        t->keyed = true;
        t->key = llw_rich_slice(s->script, i + 1, end - 1);
        i = end;
    }
    if (llw_shell_byte(s, i) == '+' && llw_shell_byte(s, i + 1) == '=') {
        t->adds = true;
        i++;
    }
    if (llw_shell_byte(s, i) != '=') return false;
    t->length = i + 1 - s->at;
    return true;
}

/* A variable as it was before an assignment that is only for one command. */
typedef struct undo {
    const char *name;
    llw_variable old;
    bool was;
} undo;

typedef struct prefix {
    undo items[MAX_PREFIX];
    size_t n;
} prefix;

/* What += leaves. */
static llw_rich added(llw_shell *s, const char *name, const llw_rich *key, const llw_rich *value) {
    const llw_variable *v = llw_scope_get(&s->now.vars, name);
    llw_rich all = {0}, unknown = llw_shell_unknown(s);
    const llw_rich *old = v ? &v->value : llw_shell_is_own(s, name) ? &all : &unknown;
    if (v && (key || v->list)) old = llw_shell_element(s, v, key).text;
    llw_rich_append(s->r->arena, &all, old);
    llw_rich_append(s->r->arena, &all, value);
    return all;
}

static void read_assignment(llw_shell *s, const target *t, prefix *before) {
    bool runs = llw_shell_running(s) && s->next != LLW_NO;
    llw_rich slice = llw_rich_slice(s->script, s->at, s->at + t->name);
    const char *name = llw_rich_show(s->r->arena, &slice);
    llw_token place = llw_rich_token(s->r->arena, &slice, NULL);
    const llw_variable *old = llw_scope_get(&s->now.vars, name);
    place.lost = NULL;
    if (before && before->n < MAX_PREFIX)
        before->items[before->n++] = (undo){name, old ? *old : (llw_variable){0}, old != NULL};
    s->at += t->length;
    if (llw_shell_byte(s, s->at) == '(' && !t->keyed) {
        llw_shell_assign_list(s, name, t->adds, place);
        return;
    }
    bool quoted = false;
    llw_rich value = llw_shell_word(s, &quoted);
    bool asked = s->word_asked && !value.n;
    if (!runs) return;
    const llw_rich *key = t->keyed ? &t->key : NULL;
    if (t->adds) value = added(s, name, key, &value);
    old = llw_scope_get(&s->now.vars, name);
    if (key || (old && old->list)) {
        llw_shell_assign_element(s, name, key, &value, place);
        return;
    }
    llw_shell_assign(s, name, &value, place);
    llw_variable *v = asked ? llw_scope_edit(&s->now.vars, name) : NULL;
    if (v) v->asked = true;
}

/* Assignments in front of a command are its environment and nothing else. */
static void take_back(llw_shell *s, prefix *before, llw_scope *environment) {
    for (size_t i = 0; i < before->n; i++) {
        const llw_variable *v = llw_scope_get(&s->now.vars, before->items[i].name);
        if (v && !v->list) llw_scope_assign(environment, v->name, &v->value, v->token);
    }
    for (size_t i = before->n; i-- > 0;) {
        const undo *u = &before->items[i];
        if (!u->was) {
            llw_scope_unset(&s->now.vars, u->name);
            continue;
        }
        llw_scope_assign(&s->now.vars, u->name, &u->old.value, u->old.token);
        llw_variable *v = llw_scope_edit(&s->now.vars, u->name);
        if (v) *v = u->old;
    }
    before->n = 0;
}

/* A=1 $NOTHING: there is no command, they stay. */
static void keep(llw_shell *s, const llw_scope *environment) {
    for (size_t i = 0; i < environment->n; i++) {
        const llw_variable *v = &environment->items[i];
        llw_shell_assign(s, v->name, &v->value, v->token);
    }
}

/* --- redirections --- */

/* The body of a here-document starts behind the line; several follow each other. */
static void here_document(llw_shell *s) {
    llw_here here;
    s->at = llw_shell_here_word(s, s->at + 2, &here);
    if (!here.n) return;
    size_t line = llw_shell_line_end(s, s->at);
    size_t from = s->here_end ? s->here_end : line < s->end ? line + 1 : line;
    s->here = llw_rich_slice(s->script, from, llw_shell_here_end(s, from, &here, &s->here_end));
}

static void redirection(llw_shell *s) {
    char c = llw_shell_byte(s, s->at), next = llw_shell_byte(s, s->at + 1);
    if (next == '(') { /* <(...) */
        s->at = llw_shell_behind(s, s->at + 1, s->end);
        return;
    }
    if (c == '<' && next == '<' && llw_shell_byte(s, s->at + 2) != '<') {
        here_document(s);
        return;
    }
    while (s->at < s->end && strchr("<>&|", llw_shell_byte(s, s->at)) && llw_shell_byte(s, s->at)) s->at++;
    llw_shell_skip_blanks(s);
    bool quoted;
    llw_rich to = llw_shell_word(s, &quoted);
    if (c == '>') s->redirected = to;
}

static bool declares(const llw_words *words) {
    static const char *const names[] = {"export", "local", "readonly", "declare", "typeset"};
    for (size_t i = 0; words->n && i < sizeof names / sizeof *names; i++)
        if (llw_rich_is(&words->items[0], names[i])) return true;
    return false;
}

bool llw_shell_hide(llw_shell *s, llw_shell_frame *text, const char *name) {
    for (size_t k = 0; k < text->n_locals; k++)
        if (!strcmp(text->locals[k], name)) return false;
    void *items = text->locals;
    *(const char **)llw_arena_push(s->r->arena, &items, &text->n_locals, &text->local_capacity, sizeof name) =
        name;
    text->locals = items;
    const llw_variable *old = llw_scope_get(&s->now.vars, name);
    text->hidden.arena = s->r->arena;
    if (!old) return true;
    llw_scope_assign(&text->hidden, name, &old->value, old->token);
    llw_variable *kept = llw_scope_edit(&text->hidden, name);
    if (kept) *kept = *old;
    return true;
}

/* declare -g NAME: which of those with that name the function sees is not followed. */
static bool lose_outer(llw_shell *s, const char *name) {
    bool any = false;
    llw_rich unknown = llw_shell_unknown(s);
    for (int i = 0; i < s->n_frames; i++) {
        llw_shell_frame *f = &s->frames[i];
        for (size_t k = 0; k < f->n_locals; k++)
            if (!strcmp(f->locals[k], name)) {
                llw_scope_assign(&f->hidden, name, &unknown, llw_rich_token(s->r->arena, &unknown, NULL));
                any = true;
            }
    }
    return any;
}

/* local NAME, of the function that runs. */
static void make_local(llw_shell *s, const char *name, bool assigns) {
    llw_shell_frame *f = llw_shell_top(s);
    while (f && f > s->frames && f->kind != LLW_FRAME_TEXT) f--;
    if (!f || f->kind != LLW_FRAME_TEXT || !f->private_vars) return; /* no function */
    if (llw_shell_hide(s, f, name) && !assigns) llw_scope_unset(&s->now.vars, name);
}

/* -g, -Ag: one of the letters is among the options. */
static bool has_option(const llw_words *words, const char *letters) {
    bool any = false;
    for (size_t i = 1; i < words->n; i++) {
        const llw_rich *word = &words->items[i];
        for (size_t k = 1; k < word->n && word->chars[0].byte == '-'; k++)
            any |= word->chars[k].byte && strchr(letters, word->chars[k].byte);
    }
    return any;
}

static bool is_local(const llw_words *words) {
    static const char *const names[] = {"local", "declare", "typeset"};
    bool local = false;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        local |= llw_rich_is(&words->items[0], names[i]);
    return local && !has_option(words, "g"); /* of the whole script */
}

/* declare -i NAME. */
static void alter(llw_shell *s, const char *name) {
    if (!llw_scope_get(&s->now.vars, name)) llw_shell_forget(s, name);
    llw_variable *v = llw_scope_edit(&s->now.vars, name);
    if (v) v->alters = true;
}

/* A word of export, local or declare that assigns. */
static bool declaration(llw_shell *s, llw_words *words) {
    target t;
    size_t at = s->at;
    bool assigns = find_target(s, &t);
    size_t len = t.name;
    if (!len) return false;
    llw_rich slice = llw_rich_slice(s->script, at, at + len);
    bool runs = llw_shell_running(s) && s->next != LLW_NO;
    const char *name = llw_rich_show(s->r->arena, &slice);
    char behind = llw_shell_byte(s, at + len);
    if (!assigns && behind && !strchr(" \t\n;&|)", behind)) return false;
    if (runs && is_local(words)) make_local(s, name, assigns);
    if (runs && has_option(words, "A"))
        llw_shell_name_elements(s, name, llw_rich_token(s->r->arena, &slice, NULL));
    bool lost = runs && has_option(words, "g") && lose_outer(s, name);
    if (runs && has_option(words, "ilnu")) alter(s, name);
    if (!assigns) return false;
    read_assignment(s, &t, NULL);
    if (runs && (lost || s->word_braces)) llw_shell_forget(s, name); /* {a,b}: the last one counts */
    llw_words_push(s->r->arena, words, slice);                       /* the name alone, to be exported */
    return true;
}

void llw_shell_command(llw_shell *s, llw_words *words, llw_scope *environment) {
    prefix before = {.n = 0};
    s->here = s->redirected = (llw_rich){0};
    s->substituted = false;
    for (;;) {
        llw_shell_skip_blanks(s);
        if (s->at >= s->end) break;
        char c = llw_shell_byte(s, s->at), next = llw_shell_byte(s, s->at + 1);
        size_t digits = s->at; /* 2> */
        while (isdigit((unsigned char)llw_shell_byte(s, digits))) digits++;
        if (digits > s->at && (llw_shell_byte(s, digits) == '<' || llw_shell_byte(s, digits) == '>')) {
            s->at = digits;
            continue;
        }
        if (c == '<' || c == '>' || (c == '&' && next == '>')) {
            redirection(s);
            continue;
        }
        if (c && strchr("\n;&|()", c)) break;
        target t;
        if (!words->n && find_target(s, &t)) {
            read_assignment(s, &t, &before);
            continue;
        }
        if (declares(words) && declaration(s, words)) continue;
        if (before.n) take_back(s, &before, environment);
        size_t at = s->at;
        llw_shell_fields(s, words);
        if (s->at == at) s->at++; /* nothing a word may start with */
        if (words->n == 1)
            s->testing = llw_rich_is(&words->items[0], "[") || llw_rich_is(&words->items[0], "test");
    }
    s->testing = false;
    if (!words->n) keep(s, environment);
}
