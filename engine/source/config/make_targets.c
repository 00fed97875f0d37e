/* Variables that targets have for themselves (GNU make 4.3 manual, "Target-specific Variable Values").
 *
 * What some of a rule's targets have, or one above them, or who knows which, is unknown for the rule. */
#include "source/config/make.h"

#include <string.h>

typedef enum share { NONE, SOME, ALL } share;

static bool has_word(const char *words, const char *word, size_t len) {
    for (const char *at = words; *at; at += strcspn(at, " \t")) {
        at += strspn(at, " \t");
        if (len && strcspn(at, " \t") == len && !strncmp(at, word, len)) return true;
    }
    return false;
}

/* How many of a rule's targets have that variable for themselves. O(bytes of both) */
static share share_of(const llw_make_own *o, const char *targets) {
    if (!o->targets) return SOME;
    bool any = o->above, all = true;
    for (const char *at = targets; *at; at += strcspn(at, " \t")) {
        at += strspn(at, " \t");
        bool found = has_word(o->targets, at, strcspn(at, " \t"));
        all &= found;
        any |= found;
    }
    return all ? ALL : any ? SOME : NONE;
}

static void put(llw_make *m, llw_scope *scope, const llw_make_own *o, bool known) {
    if (known) {
        llw_make_give(m, scope, o->name, o->sign, &o->value, o->link);
    } else {
        llw_rich unknown = llw_make_unknown(m, o->value.n ? &o->value.chars[0] : NULL, o->link);
        llw_make_give(m, scope, o->name, '=', &unknown, o->link);
    }
    llw_variable *v = llw_scope_edit(scope, o->name);
    if (v)
        v->exported = o->exported || (v->exported && !known); /* a later one without export takes it back */
}

static bool pay(llw_make *m, size_t cost) {
    bool paid = m->r->budget >= cost;
    m->r->budget = paid ? m->r->budget - cost : 0;
    return paid;
}

/* All that targets have for themselves, unknown. */
static bool enter_any(llw_make *m) {
    for (; m->n_nobody < m->n_own; m->n_nobody++) put(m, &m->of_nobody, &m->own[m->n_nobody], false);
    m->of_target = m->of_nobody;
    return true;
}

/* What is looked at and built anew for each target is paid for. */
bool llw_make_enter(llw_make *m, const char *targets) {
    enum { COST = 16 };
    bool any = false;
    m->of_target = (llw_scope){.arena = m->r->arena};
    if (!m->n_own) return false;
    if (!*targets || !pay(m, strlen(targets) * m->own_bytes / COST)) return enter_any(m);
    for (size_t i = 0; i < m->n_own; i++) {
        const llw_make_own *o = &m->own[i];
        share has = share_of(o, targets);
        if (has == NONE) continue;
        if (!any && !pay(m, m->n_own * COST)) return enter_any(m);
        any = true;
        put(m, &m->of_target, o, has == ALL && pay(m, o->value.n));
    }
    return any;
}

/* One more than there is room for: what targets have of that name is unknown, and nor is what others see. */
static void assign_any(llw_make *m, const llw_make_assignment *a, const llw_char *at, const llw_link *link) {
    llw_rich unknown = llw_make_unknown(m, at, link);
    for (size_t i = 0; i < m->n_own; i++)
        if (!strcmp(m->own[i].name, a->name)) m->own[i].value = unknown;
    llw_make_give(m, &m->variables, a->name, '=', &unknown, link);
    if (a->exports && !llw_scope_get(&m->exported, a->name))
        llw_scope_assign(&m->exported, a->name, &unknown, (llw_token){0});
}

/* What was set before for targets of that name: whether += puts in what it adds at once, as it does behind
 * :=, and whether that, and what override leaves of this, is certain. */
static bool adds_at_once(const llw_make *m, const llw_make_assignment *a, const char *targets,
                         bool *certain) {
    bool simple = false, any = false, overridden = false;
    for (size_t i = 0; i < m->n_own; i++) {
        const llw_make_own *o = &m->own[i];
        if (strcmp(o->name, a->name) != 0) continue;
        any |= o->simple;
        overridden |= o->overrides;
        simple = o->simple && o->targets && !strcmp(o->targets, targets);
    }
    *certain = (a->sign != '+' || simple || !any) && (a->overrides || !overridden);
    return a->sign == '+' && simple;
}

void llw_make_assign_own(llw_make *m, const llw_make_assignment *a, const llw_char *at, const char *targets,
                         llw_rich value, const llw_link *link) {
    if (m->n_own == LLW_MAKE_MAX_OWN || strlen(targets) > LLW_MAKE_MAX_TARGETS) {
        assign_any(m, a, at, link);
        return;
    }
    bool certain, simple = adds_at_once(m, a, targets, &certain) || a->sign == ':';
    if (!certain) value = llw_make_unknown(m, at, link);
    if (simple && certain) value = llw_make_at_once(m, &value);
    m->own_bytes += strlen(targets) + 1;
    m->own[m->n_own++] = (llw_make_own){.targets = *targets ? targets : NULL,
                                        .name = a->name,
                                        .sign = a->sign == '+' ? '+' : '=',
                                        .value = value,
                                        .exported = a->exports,
                                        .overrides = a->overrides,
                                        .simple = simple,
                                        .link = link};
}
