/* Parameters of a shell script: what stands in ${...}, and what a name, an argument or a list is worth where
 * the script is read. */
#include "source/shell/shell.h"

#include <ctype.h>
#include <string.h>

const char *llw_shell_slice(llw_shell *s, size_t from, size_t to) {
    llw_rich slice = llw_rich_slice(s->script, from, to);
    return llw_rich_show(s->r->arena, &slice);
}

llw_parameter llw_shell_parameter(llw_shell *s, size_t at) {
    llw_parameter p = {.op = '~'};
    size_t end = llw_shell_behind(s, at + 1, s->end), i = at + 2;
    p.close = end - 1;
    if (p.close <= i) return p;
    char c = llw_shell_byte(s, i);
    if (c == '@' || c == '*')
        i++;
    else if (isdigit((unsigned char)c))
        while (isdigit((unsigned char)llw_shell_byte(s, i))) i++;
    else
        while (llw_shell_name_byte(llw_shell_byte(s, i))) i++;
    if (i == at + 2) return p; /* ${#NAME}, ${!NAME} */
    p.name = llw_shell_slice(s, at + 2, i);
    if (llw_shell_byte(s, i) == '[') {
        size_t behind = llw_shell_behind(s, i, p.close);
        if (llw_shell_byte(s, behind - 1) != ']') return p;
        p.index = llw_rich_slice(s->script, i + 1, behind - 1);
        p.indexed = true;
        i = behind;
    }
    if (i >= p.close) {
        p.op = 0;
        return p;
    }
    if (llw_shell_byte(s, i) == ':') {
        p.colon = true;
        i++;
    }
    c = llw_shell_byte(s, i);
    if (c && strchr("-+=?", c)) p.op = c;
    p.word = i + 1;
    return p;
}

static const llw_rich nothing;
static const llw_words no_words;

/* What somebody gives: it is there, and nobody knows it. */
static llw_parameter_value given(llw_shell *s) {
    llw_rich *text = llw_arena_alloc(s->r->arena, sizeof *text);
    *text = llw_shell_unknown(s);
    return (llw_parameter_value){.set = true, .unknown = true, .text = text};
}

static llw_parameter_value argument(llw_shell *s, const char *name) {
    size_t n = 0;
    for (const char *at = name; isdigit((unsigned char)*at) && n < 10000; at++)
        n = n * 10 + (size_t)(*at - '0');
    if (llw_shell_may_be_several(&s->now.arguments, n)) return given(s);
    if (n && n <= s->now.arguments.n)
        return (llw_parameter_value){.set = true, .text = &s->now.arguments.items[n - 1]};
    if (n && s->now.arguments_known) return (llw_parameter_value){.text = &nothing};
    if (n && s->asked) return given(s);
    return (llw_parameter_value){.unknown = true, .unset_argument = n != 0, .text = &nothing};
}

static bool nothing_known(const llw_rich *text) {
    for (size_t i = 0; i < text->n; i++)
        if (!text->chars[i].unknown) return false;
    return text->n > 0;
}

/* All of a list. */
static llw_parameter_value elements(const llw_words *list, bool apart) {
    bool open = true;
    for (size_t i = 0; i < list->n; i++) open &= llw_shell_may_be_none(&list->items[i]);
    return (llw_parameter_value){
        .set = list->n > 0, .open = open && list->n, .text = &nothing, .list = list, .apart = apart};
}

llw_parameter_value llw_shell_value(llw_shell *s, const llw_parameter *p) {
    static const llw_char tilde = {.byte = '~'};
    static const llw_rich home = {(llw_char *)&tilde, 1, 1};
    if (isdigit((unsigned char)*p->name)) {
        llw_parameter_value v = argument(s, p->name);
        s->word_asked |= v.unset_argument;
        return v;
    }
    if ((*p->name == '@' || *p->name == '*') && s->asked && !s->now.arguments_known) return given(s);
    if (*p->name == '@' || *p->name == '*') return elements(&s->now.arguments, *p->name == '@');
    const llw_variable *v = llw_scope_get(&s->now.vars, p->name);
    s->word_asked |= v && v->asked;
    bool all = p->indexed && (llw_rich_is(&p->index, "@") || llw_rich_is(&p->index, "*"));
    if (v && all && v->keys && v->list->n > 1) { /* in the order of a hash table */
        llw_words *any = llw_arena_alloc(s->r->arena, sizeof *any);
        llw_words_push(s->r->arena, any, llw_shell_unknown(s));
        return elements(any, llw_rich_is(&p->index, "@"));
    }
    if (v && all && v->list) return elements(v->list, llw_rich_is(&p->index, "@"));
    if (v && (v->list || p->indexed) && !all) {
        llw_parameter_value element = llw_shell_element(s, v, p->indexed ? &p->index : NULL);
        element.open |= nothing_known(element.text);
        return element;
    }
    if (v)
        return (llw_parameter_value){.set = true,
                                     .unknown = llw_rich_has_unknown(&v->value),
                                     .open = v->open || nothing_known(&v->value),
                                     .text = &v->value};
    if (!strcmp(p->name, "HOME")) return (llw_parameter_value){.set = true, .text = &home};
    bool empty = llw_shell_is_own(s, p->name);
    if (all && empty)
        return (llw_parameter_value){
            .text = &nothing, .list = &no_words, .apart = llw_rich_is(&p->index, "@")};
    return (llw_parameter_value){.unknown = !empty, .text = &nothing};
}
