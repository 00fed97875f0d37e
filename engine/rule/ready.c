/* Lessons as C tables, and back. */
#include "rule/ready.h"

#include "base/data.h"
#include "rule/load.h"

#include <stdarg.h>
#include <string.h>

/* ---- writing: an array a type, filled from the leaves up, so that each points to earlier ones ---- */

typedef enum pool { ARGS, KNOBS, NODES, EXPRS, PIECES, CONDITIONS, NAMES, LETS, SETTINGS, RULES, POOLS } pool;

static const struct {
    const char *name, *type;
} pools[POOLS] = {
    [ARGS] = {"args", "const int"},
    [KNOBS] = {"knobs", "const llw_attr"},
    [NODES] = {"nodes", "const llw_expr_node"},
    [EXPRS] = {"exprs", "const llw_expr"},
    [PIECES] = {"pieces", "const llw_piece"},
    [CONDITIONS] = {"conditions", "const llw_condition"},
    [NAMES] = {"names", "const char *const"},
    [LETS] = {"lets", "const llw_expr"},
    [SETTINGS] = {"settings", "const llw_setting"},
    [RULES] = {"rules", "llw_rule"},
};

typedef struct writer {
    llw_text rows[POOLS];
    size_t n[POOLS];
    llw_arena *arena;
} writer;

__attribute__((format(printf, 3, 4))) static void add_row(writer *w, pool to, const char *fmt, ...) {
    va_list args;
    va_start(args, fmt);
    llw_text_add(&w->rows[to], "    ");
    llw_text_addv(&w->rows[to], fmt, args);
    llw_text_add(&w->rows[to], ",\n");
    va_end(args);
    w->n[to]++;
}

/* The last n rows of an array as a pointer to the first of them. */
static const char *last(const writer *w, pool of, size_t n) {
    return n ? llw_arena_printf(w->arena, "%s + %zu", pools[of].name, w->n[of] - n) : "NULL";
}

static const char *quoted(const writer *w, const char *text) {
    if (!text) return "NULL";
    llw_text out = {0};
    llw_text_add(&out, "\"");
    for (const char *c = text; *c; c++)
        if (*c == '"' || *c == '\\' || *c == '?') /* two of the last would begin a trigraph */
            llw_text_addf(&out, "\\%c", *c);
        else if (*c < ' ' || *c > '~')
            llw_text_addf(&out, "\\%03o", (unsigned)(unsigned char)*c);
        else
            llw_text_addn(&out, c, 1);
    llw_text_add(&out, "\"");
    const char *copy = llw_arena_strdup(w->arena, llw_text_str(&out));
    llw_text_fini(&out);
    return copy;
}

static const char *node_value(writer *w, const llw_expr_node *n) {
    llw_arena *arena = w->arena;
    switch (n->op) {
    case LLW_OP_INTEGER: return llw_arena_printf(arena, ".integer = %lldLL", (long long)n->as.integer);
    case LLW_OP_REAL: return llw_arena_printf(arena, ".real = %a", n->as.real);
    case LLW_OP_TEXT: return llw_arena_printf(arena, ".text = %s", quoted(w, n->as.text));
    case LLW_OP_FLAG: return llw_arena_printf(arena, ".flag = %d", n->as.flag);
    case LLW_OP_LET: return llw_arena_printf(arena, ".let = %d", n->as.let);
    case LLW_OP_SUM:
    case LLW_OP_COUNT:
    case LLW_OP_ANY:
        return llw_arena_printf(arena, ".aggregate = {%d, %d}", (int)n->as.aggregate.kind,
                                (int)n->as.aggregate.attr);
    case LLW_OP_PREDICT:
        for (int i = 0; i < n->n_args; i++) add_row(w, KNOBS, "%d", (int)n->as.predict.knobs[i]);
        return llw_arena_printf(arena, ".predict = {%d, %d, %s}", (int)n->as.predict.attr,
                                n->as.predict.variable, last(w, KNOBS, (size_t)n->n_args));
    case LLW_OP_SLOT:
        return llw_arena_printf(arena, ".slot = {%d, %d}", n->as.slot.variable, (int)n->as.slot.attr);
    default: return ".integer = 0";
    }
}

static const char *expression(writer *w, const llw_expr *e) {
    if (!e->n_nodes) return "{0}";
    for (int i = 0; i < e->n_nodes; i++) {
        const llw_expr_node *n = &e->nodes[i];
        for (int k = 0; k < n->n_args; k++) add_row(w, ARGS, "%d", n->args[k]);
        add_row(w, NODES, "{%d, %d, %d, %d, %d, %s, {%s}}", (int)n->op, (int)n->unit, n->start, n->end,
                n->n_args, last(w, ARGS, (size_t)n->n_args), node_value(w, n));
    }
    return llw_arena_printf(w->arena, "{%s, %d, %s, %d, %d}", quoted(w, e->text), e->line,
                            last(w, NODES, (size_t)e->n_nodes), e->n_nodes, e->predicts);
}

static const char *sentence(writer *w, const llw_template *t) {
    if (!t->n_pieces) return "{0}";
    for (int i = 0; i < t->n_pieces; i++) {
        const llw_piece *p = &t->pieces[i];
        if (p->value) add_row(w, EXPRS, "%s", expression(w, p->value));
        add_row(w, PIECES, "{%s, %s, %s}", quoted(w, p->text), last(w, EXPRS, p->value != NULL),
                quoted(w, p->format));
    }
    return llw_arena_printf(w->arena, "{%s, %d, %s}", quoted(w, t->text), t->n_pieces,
                            last(w, PIECES, (size_t)t->n_pieces));
}

static const char *settings(writer *w, const llw_setting *s, size_t n) {
    for (size_t i = 0; i < n; i++)
        add_row(w, SETTINGS, "{%d, %d, %s, %s}", s[i].variable, (int)s[i].attr, expression(w, &s[i].value),
                sentence(w, &s[i].sentence));
    return last(w, SETTINGS, n);
}

static const char *variables(const writer *w, const llw_rule *r) {
    const char *list = "";
    for (int i = 0; i < r->n_variables; i++)
        list = llw_arena_printf(w->arena, "%s%s%s", list, i ? ", " : "", quoted(w, r->variable[i]));
    const char *kinds = "";
    for (int i = 0; i < r->n_variables; i++)
        kinds = llw_arena_printf(w->arena, "%s%s%d", kinds, i ? ", " : "", (int)r->kind[i]);
    return llw_arena_printf(w->arena, "{%s}, {%s}", list, kinds);
}

/* All members in their order: one that is added and forgotten here is a warning when the table is compiled.
 */
static void add_rule(writer *w, const llw_rule *r) {
    for (size_t i = 0; i < r->n_conditions; i++)
        add_row(w, CONDITIONS, "{%d, %s, %s}", (int)r->conditions[i].role,
                expression(w, &r->conditions[i].expr), sentence(w, &r->conditions[i].otherwise));
    for (size_t i = 0; i < r->n_lets; i++) add_row(w, NAMES, "%s", quoted(w, r->let_names[i]));
    for (size_t i = 0; i < r->n_lets; i++) add_row(w, LETS, "%s", expression(w, &r->lets[i]));
    const char *derives = settings(w, r->derives, r->n_derives), *tries = settings(w, r->tries, r->n_tries),
               *advises = settings(w, r->advises, r->n_advises), *find = sentence(w, &r->find);
    add_row(w, RULES,
            "{%s, NULL, %d, %d, 0, %d, %lld, %lld, %d, %s, %s, %zu, %s, %s, %zu, %s, %s, %s, %zu, %zu, %zu, "
            "%s, NULL, %zu}",
            quoted(w, r->id), r->line, (int)r->level, r->predicts, (long long)r->since, (long long)r->until,
            r->n_variables, variables(w, r), last(w, CONDITIONS, r->n_conditions), r->n_conditions,
            last(w, NAMES, r->n_lets), last(w, LETS, r->n_lets), r->n_lets, derives, tries, advises,
            r->n_derives, r->n_tries, r->n_advises, find, r->n_tests);
}

static bool calls(const llw_expr *e) {
    for (int i = 0; i < e->n_nodes; i++)
        if (e->nodes[i].op == LLW_OP_CALL) return true;
    return false;
}

static bool sentence_calls(const llw_template *t) {
    for (int i = 0; i < t->n_pieces; i++)
        if (t->pieces[i].value && calls(t->pieces[i].value)) return true;
    return false;
}

static bool settings_call(const llw_setting *s, size_t n) {
    for (size_t i = 0; i < n; i++)
        if (calls(&s[i].value) || sentence_calls(&s[i].sentence)) return true;
    return false;
}

static bool rule_calls(const llw_rule *r) {
    bool found = sentence_calls(&r->find) || settings_call(r->derives, r->n_derives) ||
                 settings_call(r->tries, r->n_tries) || settings_call(r->advises, r->n_advises);
    for (size_t i = 0; i < r->n_conditions; i++)
        found |= calls(&r->conditions[i].expr) || sentence_calls(&r->conditions[i].otherwise);
    for (size_t i = 0; i < r->n_lets; i++) found |= calls(&r->lets[i]);
    return found;
}

static bool lesson_calls(const llw_lesson *lesson) {
    for (size_t i = 0; i < lesson->n_rules; i++)
        if (rule_calls(&lesson->rules[i])) return true;
    return false;
}

void llw_ready_write(llw_text *out, const llw_kb *kb) {
    writer w = {.arena = llw_arena_new()};
    llw_text lessons = {0}, list = {0};
    size_t n = 0;
    for (size_t i = 0; i < kb->n_lessons; i++) {
        const llw_lesson *l = kb->lessons[i];
        if (lesson_calls(l)) continue;
        for (size_t k = 0; k < l->n_rules; k++) add_rule(&w, &l->rules[k]);
        llw_text_addf(&lessons, "    {%s, %s, NULL, %d, %s, ", quoted(&w, l->id), quoted(&w, l->code),
                      l->line, quoted(&w, l->claim));
        llw_text_addf(&lessons, "%s, %s, %lld, %lld, ", quoted(&w, l->since), quoted(&w, l->until),
                      (long long)l->since_order, (long long)l->until_order);
        llw_text_addf(&lessons, "%s, %s, %s, %zu},\n", quoted(&w, l->superseded_by), quoted(&w, l->review_by),
                      last(&w, RULES, l->n_rules), l->n_rules);
        llw_text_addf(&list, "    {\"rules.d/%s.lua\", lessons + %zu},\n", l->id, n++);
    }
    llw_text_add(out,
                 "/* Generated by scripts/write_ready.c from rules.d. */\n#include \"rule/ready.h\"\n\n");
    for (int p = 0; p < POOLS; p++) {
        if (w.n[p])
            llw_text_addf(out, "static %s %s[] = {\n%s};\n", pools[p].type, pools[p].name,
                          llw_text_str(&w.rows[p]));
        llw_text_fini(&w.rows[p]);
    }
    if (n) llw_text_addf(out, "static const llw_lesson lessons[] = {\n%s};\n", llw_text_str(&lessons));
    llw_text_addf(out, "const llw_ready llw_ready_rules[] = {\n%s    {NULL, NULL},\n};\n",
                  llw_text_str(&list));
    llw_text_fini(&lessons);
    llw_text_fini(&list);
    llw_arena_free(w.arena);
}

/* ---- taking ---- */

llw_lesson *llw_ready_lesson(const llw_ready *ready, llw_kb *kb, const char *name, const char *path,
                             const char *bytes, size_t len) {
    while (ready && ready->name && strcmp(ready->name, name)) ready++;
    if (!ready || !ready->name || !llw_data_is_builtin(name, bytes, len)) return NULL;
    llw_lesson *lesson = llw_arena_alloc(kb->arena, sizeof *lesson);
    *lesson = *ready->lesson;
    lesson->file = path;
    lesson->rules = llw_arena_alloc(kb->arena, lesson->n_rules * sizeof *lesson->rules);
    if (lesson->n_rules) memcpy(lesson->rules, ready->lesson->rules, lesson->n_rules * sizeof *lesson->rules);
    return lesson;
}
