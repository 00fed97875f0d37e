/* What rules can and cannot do together, as far as their text tells: which conditions exclude each other, and
 * which ask for less.
 *
 * A condition becomes a sequence of terms: comparisons of one slot with a literal, and flags. Everything else
 * is compared as text in which variables have the name of their kind and named quantities stand written out.
 * So a finding is certain; what is not found may still be so. */
#include "check/rulelint_parts.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TERMS = 64, MAX_TEXT = 4000 };

/* slot OP literal. Flags are compared with true by = and ~=. */
typedef struct term {
    const char *slot; /* launch.ubatch */
    llw_op op;
    bool number;
    double value;
    const char *text;
} term;

typedef struct terms {
    term items[MAX_TERMS];
    size_t n;
} terms;

/* Slots that nothing but a lesson finds out. */
static const llw_attr by_lessons[] = {
    LLW_build_short_prompt_passed,
    LLW_build_long_prompt_passed,
    LLW_launch_strategy,
    LLW_launch_failure_on_record,
    LLW_launch_short_prompt_passed,
    LLW_launch_long_prompt_passed,
    LLW_claim_refuted,
};

/* "launch", or "launch2" for the second variable of that kind. */
static const char *variable_name(llw_arena *arena, const llw_rule *rule, int variable) {
    int same = 0;
    for (int i = 0; i < variable; i++) same += rule->kind[i] == rule->kind[variable];
    const char *kind = llw_kind_name(rule->kind[variable]);
    return same ? llw_arena_printf(arena, "%s%d", kind, same + 1) : kind;
}

static int find_variable(const llw_rule *rule, const char *word, size_t len) {
    for (int i = 0; i < rule->n_variables; i++)
        if (strlen(rule->variable[i]) == len && !strncmp(rule->variable[i], word, len)) return i;
    return -1;
}

static int find_let(const llw_rule *rule, const char *word, size_t len) {
    for (size_t i = 0; i < rule->n_lets; i++)
        if (strlen(rule->let_names[i]) == len && !strncmp(rule->let_names[i], word, len)) return (int)i;
    return -1;
}

/* NOLINTNEXTLINE(misc-no-recursion): depth is counted */
static void spell(llw_arena *arena, const llw_rule *rule, const char *text, int depth, llw_text *out) {
    for (const char *at = text; *at && out->len < MAX_TEXT;) {
        if (*at == '\'' || *at == '"') {
            size_t n = 1 + strcspn(at + 1, *at == '"' ? "\"" : "'");
            llw_text_addn(out, at, n + (at[n] != 0));
            at += n + (at[n] != 0);
        } else if (isalpha((unsigned char)*at) || *at == '_') {
            size_t n = 0;
            while (isalnum((unsigned char)at[n]) || at[n] == '_') n++;
            bool part = at > text && at[-1] == '.';
            int variable = part ? -1 : find_variable(rule, at, n), let = part ? -1 : find_let(rule, at, n);
            if (variable >= 0)
                llw_text_add(out, variable_name(arena, rule, variable));
            else if (let >= 0 && depth < 8) {
                llw_text_add(out, "(");
                spell(arena, rule, rule->lets[let].text, depth + 1, out);
                llw_text_add(out, ")");
            } else
                llw_text_addn(out, at, n);
            if (isspace((unsigned char)at[n])) llw_text_add(out, " "); /* between words */
            at += n;
        } else {
            if (!isspace((unsigned char)*at)) llw_text_addn(out, at, 1);
            at++;
        }
    }
}

/* The condition's text with kinds for variables and quantities written out. */
static const char *spelled(llw_arena *arena, const llw_rule *rule, const llw_expr *expr) {
    llw_text out = {0};
    spell(arena, rule, expr->text, 0, &out);
    const char *kept = llw_arena_strdup(arena, llw_text_str(&out));
    llw_text_fini(&out);
    return kept;
}

static llw_op opposite(llw_op op) {
    switch (op) {
    case LLW_OP_EQUAL: return LLW_OP_NOT_EQUAL;
    case LLW_OP_NOT_EQUAL: return LLW_OP_EQUAL;
    case LLW_OP_LESS: return LLW_OP_GREATER_EQUAL;
    case LLW_OP_LESS_EQUAL: return LLW_OP_GREATER;
    case LLW_OP_GREATER: return LLW_OP_LESS_EQUAL;
    default: return LLW_OP_LESS;
    }
}

/* The operation with its sides exchanged. */
static llw_op mirrored(llw_op op) {
    switch (op) {
    case LLW_OP_LESS: return LLW_OP_GREATER;
    case LLW_OP_LESS_EQUAL: return LLW_OP_GREATER_EQUAL;
    case LLW_OP_GREATER: return LLW_OP_LESS;
    case LLW_OP_GREATER_EQUAL: return LLW_OP_LESS_EQUAL;
    default: return op;
    }
}

static bool literal_of(const llw_expr *e, int at, term *out) {
    const llw_expr_node *n = &e->nodes[at];
    double sign = 1;
    if (n->op == LLW_OP_NEGATE) {
        sign = -1;
        n = &e->nodes[n->args[0]];
    }
    out->number = n->op != LLW_OP_TEXT;
    if (n->op == LLW_OP_INTEGER)
        out->value = sign * (double)n->as.integer;
    else if (n->op == LLW_OP_REAL)
        out->value = sign * n->as.real;
    else if (n->op == LLW_OP_FLAG)
        out->value = n->as.flag;
    else if (n->op == LLW_OP_TEXT)
        out->text = n->as.text;
    else
        return false;
    return true;
}

static const char *slot_of(llw_arena *arena, const llw_rule *rule, const llw_expr *e, int at) {
    const llw_expr_node *n = &e->nodes[at];
    if (n->op != LLW_OP_SLOT || n->as.slot.attr == LLW_ATTR_NONE) return NULL;
    return llw_arena_printf(arena, "%s.%s", variable_name(arena, rule, n->as.slot.variable),
                            llw_attr_get(n->as.slot.attr)->name);
}

/* What must hold for the node to be `wanted`: the parts of a conjunction, each if it is a term. */
/* NOLINTNEXTLINE(misc-no-recursion): as deep as the expression, of which the parser bounds the depth */
static void add_terms(llw_arena *arena, const llw_rule *rule, const llw_expr *e, int at, bool wanted,
                      terms *out) {
    const llw_expr_node *n = &e->nodes[at];
    while (n->op == LLW_OP_NOT) {
        wanted = !wanted;
        at = n->args[0];
        n = &e->nodes[at];
    }
    if (n->op ==
        (wanted ? LLW_OP_AND : LLW_OP_OR)) { /* trees of the parser: at most LLW_EXPR_MAX_DEPTH deep */
        for (int i = 0; i < n->n_args; i++) add_terms(arena, rule, e, n->args[i], wanted, out);
        return;
    }
    term t = {.number = true, .value = 1, .op = LLW_OP_EQUAL};
    t.slot = slot_of(arena, rule, e, at);
    if (!t.slot && llw_op_is_comparison(n->op)) {
        t.op = n->op;
        if ((t.slot = slot_of(arena, rule, e, n->args[0])) != NULL) {
            if (!literal_of(e, n->args[1], &t)) return;
        } else if ((t.slot = slot_of(arena, rule, e, n->args[1])) != NULL) {
            t.op = mirrored(n->op);
            if (!literal_of(e, n->args[0], &t)) return;
        }
    }
    if (!t.slot || out->n == MAX_TERMS) return;
    if (!wanted) t.op = opposite(t.op);
    out->items[out->n++] = t;
}

static void rule_terms(llw_arena *arena, const llw_rule *rule, terms *out) {
    out->n = 0;
    for (size_t i = 0; i < rule->n_conditions; i++)
        add_terms(arena, rule, &rule->conditions[i].expr, rule->conditions[i].expr.n_nodes - 1,
                  rule->conditions[i].role != LLW_ROLE_UNLESS, out);
}

static bool holds(double value, llw_op op, double bound) {
    switch (op) {
    case LLW_OP_EQUAL: return value == bound;
    case LLW_OP_NOT_EQUAL: return value != bound;
    case LLW_OP_LESS: return value < bound;
    case LLW_OP_LESS_EQUAL: return value <= bound;
    case LLW_OP_GREATER: return value > bound;
    default: return value >= bound;
    }
}

/* Whether no value of the slot meets both. */
static bool excludes(const term *a, const term *b) {
    if (strcmp(a->slot, b->slot) || a->number != b->number) return false;
    if (!a->number) {
        bool same = !strcmp(a->text, b->text);
        if (a->op == LLW_OP_EQUAL && b->op == LLW_OP_EQUAL) return !same;
        return same && (a->op == LLW_OP_EQUAL || b->op == LLW_OP_EQUAL) &&
               (a->op == LLW_OP_NOT_EQUAL || b->op == LLW_OP_NOT_EQUAL);
    }
    if (a->op == LLW_OP_EQUAL) return !holds(a->value, b->op, b->value);
    if (b->op == LLW_OP_EQUAL) return !holds(b->value, a->op, a->value);
    bool a_up = a->op == LLW_OP_GREATER || a->op == LLW_OP_GREATER_EQUAL;
    bool b_up = b->op == LLW_OP_GREATER || b->op == LLW_OP_GREATER_EQUAL;
    if (a->op == LLW_OP_NOT_EQUAL || b->op == LLW_OP_NOT_EQUAL || a_up == b_up) return false;
    const term *low = a_up ? a : b, *high = a_up ? b : a;
    if (low->value != high->value) return low->value > high->value;
    return low->op == LLW_OP_GREATER || high->op == LLW_OP_LESS;
}

static bool any_excludes(const terms *a, const terms *b) {
    for (size_t i = 0; i < a->n; i++)
        for (size_t k = 0; k < b->n; k++)
            if (excludes(&a->items[i], &b->items[k])) return true;
    return false;
}

/* Whether one rule asks for what the other forbids, in the same words. */
static bool opposed(llw_arena *arena, const llw_rule *a, const llw_rule *b) {
    for (size_t i = 0; i < a->n_conditions; i++) {
        const char *text = spelled(arena, a, &a->conditions[i].expr);
        for (size_t k = 0; k < b->n_conditions; k++)
            if ((a->conditions[i].role == LLW_ROLE_UNLESS) != (b->conditions[k].role == LLW_ROLE_UNLESS) &&
                !strcmp(text, spelled(arena, b, &b->conditions[k].expr)))
                return true;
    }
    return false;
}

static bool derived_by_somebody(const llw_kb *kb, llw_attr attr) {
    for (size_t i = 0; i < kb->n_rules; i++)
        for (size_t k = 0; k < kb->rules[i]->n_derives; k++)
            if (kb->rules[i]->derives[k].attr == attr) return true;
    return false;
}

static bool has_producer(const llw_kb *kb, llw_attr attr) {
    bool ours = false;
    for (size_t i = 0; i < sizeof by_lessons / sizeof *by_lessons; i++) ours |= by_lessons[i] == attr;
    return !ours || derived_by_somebody(kb, attr);
}

void llw_rulelint_reach(llw_rulelinting *l, const llw_rule *rule) {
    terms all;
    rule_terms(l->arena, rule, &all);
    if (any_excludes(&all, &all) || opposed(l->arena, rule, rule))
        llw_rulelint_add(l, "K09", rule->lesson->file, rule->line, rule->lesson->id, rule->id,
                         "rule \"%s\" can never fire: two of its conditions exclude each other", rule->id);
    for (size_t i = 0; i < rule->n_conditions; i++) {
        const llw_condition *c = &rule->conditions[i];
        if (c->role == LLW_ROLE_UNLESS) continue;
        for (int n = 0; n < c->expr.n_nodes; n++) {
            const llw_expr_node *node = &c->expr.nodes[n];
            if (node->op != LLW_OP_SLOT || has_producer(l->kb, node->as.slot.attr)) continue;
            llw_rulelint_add(l, "K09", rule->lesson->file, c->expr.line, rule->lesson->id, rule->id,
                             "rule \"%s\" can never fire: %s is something a lesson has to derive, and none "
                             "that is here does",
                             rule->id, slot_of(l->arena, rule, &c->expr, n));
        }
    }
}

static bool covers_range(const llw_rulelinting *l, const llw_rule *wide, const llw_rule *narrow) {
    for (size_t i = 0; i < l->n_builds; i++)
        if (llw_rulelint_covers(l, narrow, i) && !llw_rulelint_covers(l, wide, i)) return false;
    return true;
}

static bool share_a_build(const llw_rulelinting *l, const llw_rule *a, const llw_rule *b) {
    for (size_t i = 0; i < l->n_builds; i++)
        if (llw_rulelint_covers(l, a, i) && llw_rulelint_covers(l, b, i)) return true;
    return !l->n_builds;
}

static bool same_kinds(const llw_rule *a, const llw_rule *b) {
    if (a->n_variables != b->n_variables) return false;
    int balance[LLW_KINDS] = {0};
    for (int i = 0; i < a->n_variables; i++) {
        balance[a->kind[i]]++;
        balance[b->kind[i]]--;
    }
    for (int k = 0; k < LLW_KINDS; k++)
        if (balance[k]) return false;
    return true;
}

/* Whether the conditions of `narrow` see to it that this one of `wide` holds. */
static bool implied(llw_arena *arena, const llw_rule *wide, const llw_condition *c, const llw_rule *narrow,
                    const terms *given) {
    const char *text = spelled(arena, wide, &c->expr);
    for (size_t i = 0; i < narrow->n_conditions; i++)
        if ((narrow->conditions[i].role == LLW_ROLE_UNLESS) == (c->role == LLW_ROLE_UNLESS) &&
            !strcmp(text, spelled(arena, narrow, &narrow->conditions[i].expr)))
            return true;
    terms wanted = {0};
    add_terms(arena, wide, &c->expr, c->expr.n_nodes - 1, c->role != LLW_ROLE_UNLESS, &wanted);
    if (wanted.n != 1) return false;
    wanted.items[0].op = opposite(wanted.items[0].op);
    for (size_t i = 0; i < given->n; i++)
        if (excludes(&wanted.items[0], &given->items[i])) return true;
    return false;
}

static bool asks_for_less(llw_rulelinting *l, const llw_rule *wide, const llw_rule *narrow) {
    terms given;
    if (!same_kinds(wide, narrow)) return false;
    rule_terms(l->arena, narrow, &given);
    for (size_t i = 0; i < wide->n_conditions; i++)
        if (!implied(l->arena, wide, &wide->conditions[i], narrow, &given)) return false;
    return covers_range(l, wide, narrow);
}

static void check_shadow(llw_rulelinting *l, const llw_rule *rule, const llw_rule *other) {
    if (!rule->find.n_pieces || !other->find.n_pieces || other->level < rule->level) return;
    if (rule->n_derives || !asks_for_less(l, other, rule)) return;
    bool equal = other->level == rule->level && asks_for_less(l, rule, other);
    if (equal && (strcmp(other->lesson->id, rule->lesson->id) > 0 ||
                  (other->lesson == rule->lesson && other->line > rule->line)))
        return; /* said once, at the later one */
    llw_rulelint_add(l, "K10", rule->lesson->file, rule->line, rule->lesson->id, rule->id,
                     "whenever rule \"%s\" fires, \"%s\" (%s:%d) fires too%s", rule->id, other->id,
                     other->lesson->file, other->line,
                     equal ? ": they have the same conditions" : ", which asks for less");
}

static const char *constant(llw_arena *arena, const llw_expr *e) {
    term t = {0};
    if (!literal_of(e, e->n_nodes - 1, &t)) return NULL;
    return t.number ? llw_arena_printf(arena, "%.17g", t.value) : t.text;
}

static void check_contradiction(llw_rulelinting *l, const llw_rule *rule, const llw_rule *other) {
    terms a, b;
    for (size_t i = 0; i < rule->n_tries; i++)
        for (size_t k = 0; k < other->n_tries; k++) {
            if (rule->tries[i].attr != other->tries[k].attr) continue;
            const char *mine = constant(l->arena, &rule->tries[i].value),
                       *theirs = constant(l->arena, &other->tries[k].value);
            if (!mine || !theirs || !strcmp(mine, theirs)) continue;
            rule_terms(l->arena, rule, &a);
            rule_terms(l->arena, other, &b);
            if (any_excludes(&a, &b) || opposed(l->arena, rule, other) || !share_a_build(l, rule, other))
                continue;
            const llw_attr_info *attr = llw_attr_get(rule->tries[i].attr);
            llw_rulelint_add(
                l, "K11", rule->lesson->file, rule->line, rule->lesson->id, rule->id,
                "rule \"%s\" tries %s.%s = %s, \"%s\" (%s:%d) tries %s, and both can fire together", rule->id,
                llw_kind_name(attr->kind), attr->name, rule->tries[i].value.text, other->id,
                other->lesson->file, other->line, other->tries[k].value.text);
            return;
        }
}

void llw_rulelint_pairs(llw_rulelinting *l, const llw_rule *rule) {
    bool later = false; /* a contradiction is said once, at the later rule */
    if (rule->lesson->superseded_by) return;
    for (size_t i = l->kb->n_lessons; i-- > 0;) {
        const llw_lesson *lesson = l->kb->lessons[i];
        for (size_t r = lesson->n_rules; r-- > 0;) {
            const llw_rule *other = &lesson->rules[r];
            if (other == rule) {
                later = true;
                continue;
            }
            if (lesson->superseded_by) continue;
            check_shadow(l, rule, other);
            if (later || l->ask->lessons) check_contradiction(l, rule, other);
        }
    }
}
