/* Collects findings of a run, finds the line each stands on, and folds what is said twice. */
#include "explain/finding.h"
#include "explain/repeats.h"
#include "explain/decision.h"
#include "explain/words.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool llw_place_split(llw_arena *arena, const char *place, const char **file, int *line, int *column) {
    int numbers[2] = {0, 0}, n = 0;
    const char *end = place + strlen(place);
    while (n < 2) {
        const char *digits = end;
        while (digits > place && isdigit((unsigned char)digits[-1])) digits--;
        if (digits == end || digits == place || digits[-1] != ':' || end - digits > 9) break;
        numbers[n++] = atoi(digits);
        end = digits - 1;
    }
    if (!n || end == place) return false;
    *file = llw_arena_strndup(arena, place, (size_t)(end - place));
    *line = n == 2 ? numbers[1] : numbers[0];
    *column = n == 2 ? numbers[0] : 0;
    return true;
}

typedef struct locating {
    const llw_run *run;
    llw_arena *arena;
    llw_entity entity;
    llw_attr attr;
    const char *file;
    int line, column;
} locating;

static bool locate_slot(locating *l, llw_entity entity, llw_attr attr) {
    const llw_claim *best = entity ? llw_facts_best(l->run->facts, entity, attr) : NULL;
    if (!best || best->grade == LLW_GRADE_DEFAULT ||
        !llw_place_split(l->arena, best->place, &l->file, &l->line, &l->column))
        return false;
    l->entity = entity;
    l->attr = attr;
    return true;
}

static bool locate_expr(locating *l, const llw_node *node, const llw_expr *expr, llw_kind kind) {
    for (int i = 0; i < expr->n_nodes; i++) {
        const llw_expr_node *n = &expr->nodes[i];
        if (n->op != LLW_OP_SLOT || !n->as.slot.attr || llw_attr_get(n->as.slot.attr)->kind != kind) continue;
        if (locate_slot(l, node->binding[n->as.slot.variable], n->as.slot.attr)) return true;
    }
    return false;
}

/* The slot to change: what the rule tries, then what it advises on, then what its conditions read of the
 * launch, then what names the build, then the sentence that somebody wrote, then a rival that lost (a comment
 * that is wrong). */
static bool locate(locating *l, const llw_node *node) {
    const llw_rule *rule = node->rule;
    for (size_t i = 0; i < rule->n_tries; i++)
        if (locate_slot(l, node->binding[rule->tries[i].variable], rule->tries[i].attr)) return true;
    for (size_t i = 0; i < rule->n_advises; i++)
        if (locate_slot(l, node->binding[rule->advises[i].variable], rule->advises[i].attr)) return true;
    for (int v = 0; v < rule->n_variables; v++)
        if (rule->kind[v] == LLW_KIND_claim && locate_slot(l, node->binding[v], LLW_claim_text)) return true;
    for (size_t i = 0; i < rule->n_conditions; i++)
        if (locate_expr(l, node, &rule->conditions[i].expr, LLW_KIND_launch)) return true;
    for (int v = 0; v < rule->n_variables; v++)
        if (rule->kind[v] == LLW_KIND_build && locate_slot(l, node->binding[v], LLW_build_version))
            return true;
    for (size_t i = 0; i < rule->n_conditions; i++) {
        const llw_expr *expr = &rule->conditions[i].expr;
        for (int k = 0; k < expr->n_nodes; k++) {
            const llw_expr_node *n = &expr->nodes[k];
            if (n->op != LLW_OP_SLOT || !n->as.slot.attr) continue;
            size_t claims_n = 0;
            const llw_claim **claims = llw_facts_claims(l->run->facts, node->binding[n->as.slot.variable],
                                                        n->as.slot.attr, l->arena, &claims_n);
            for (size_t c = 1; c < claims_n; c++)
                if (claims[c]->grade <= LLW_GRADE_CARD &&
                    llw_place_split(l->arena, claims[c]->place, &l->file, &l->line, &l->column)) {
                    l->entity = node->binding[n->as.slot.variable];
                    l->attr = n->as.slot.attr;
                    return true;
                }
        }
    }
    return false;
}

static llw_entity launch_of(const llw_run *run, const llw_node *node) {
    for (int v = 0; v < node->rule->n_variables; v++) {
        if (node->rule->kind[v] == LLW_KIND_launch) return node->binding[v];
        if (node->rule->kind[v] == LLW_KIND_placement)
            return llw_facts_ref(run->facts, node->binding[v], LLW_placement_launch);
    }
    return 0;
}

static const char *keep(llw_arena *arena, llw_text *text) {
    const char *copy = llw_arena_strdup(arena, llw_text_str(text));
    llw_text_fini(text);
    return copy;
}

/* Of several flags that a rule speaks of, somebody set this one. */
static bool is_set(const llw_run *run, const llw_node *node, const llw_setting *advise) {
    const llw_claim *best = llw_facts_best(run->facts, node->binding[advise->variable], advise->attr);
    return best && best->grade > LLW_GRADE_DEFAULT;
}

/* A switch that is off unless it is given. */
static bool is_off(llw_attr attr, llw_value to) {
    return to.type == LLW_FLAG && !to.as.flag && attr != LLW_launch_fit && attr != LLW_launch_kv_offload &&
           attr != LLW_launch_op_offload;
}

static const char *advice(const llw_run *run, const llw_node *node, llw_arena *arena) {
    llw_text t = {0};
    for (size_t i = 0; i < node->rule->n_tries; i++) {
        const llw_setting *s = &node->rule->tries[i];
        llw_result values[LLW_EXPR_MAX_BYTES];
        llw_run_eval(run, node, &s->value, values);
        llw_value to = llw_result_value(values[s->value.n_nodes - 1], llw_attr_get(s->attr)->type);
        if (llw_value_equal(to, llw_facts_value(run->facts, node->binding[s->variable], s->attr))) continue;
        bool leave_out = to.known && (llw_type_is_text(to.type) ? !*to.as.text : is_off(s->attr, to));
        llw_text_add(&t, t.len ? ", " : "");
        llw_text_add(&t, leave_out ? "leave out " : "write ");
        const llw_claim *best = llw_facts_best(run->facts, node->binding[s->variable], s->attr);
        const char *key = best ? llw_words_key(best->origin, s->attr) : NULL;
        if (key)
            llw_text_add(&t, key);
        else
            llw_words_slot(&t, run, node->binding[s->variable], s->attr);
        bool alone = !key && to.type == LLW_FLAG && s->attr != LLW_launch_fit; /* -kvu takes no value */
        if (leave_out || (alone && to.known && to.as.flag)) continue;
        llw_text_add(&t, " ");
        if (key && s->attr == LLW_launch_gpu_layers)
            llw_value_print(&t, to);
        else if (to.known && to.type == LLW_COUNT && to.as.count > 0) /* to be pasted: no commas */
            llw_text_addf(&t, "%" PRId64, to.as.count);
        else
            llw_words_value(&t, run, s->attr, to);
    }
    for (size_t i = 0; i < node->rule->n_advises && !t.len; i++) {
        if (node->rule->n_advises > 1 && !is_set(run, node, &node->rule->advises[i])) continue;
        llw_words_slot(&t, run, node->binding[node->rule->advises[i].variable], node->rule->advises[i].attr);
        llw_text_add(&t, ": ");
        llw_run_say(run, node, &node->rule->advises[i].sentence, &t);
    }
    return keep(arena, &t);
}

/* --- the chain --- */

typedef struct chain {
    const llw_run *run;
    llw_arena *arena;
    void *items;
    size_t n, capacity;
} chain;

static void add_step(chain *c, llw_text *text, const char *place) {
    llw_finding_step *step = llw_arena_push(c->arena, &c->items, &c->n, &c->capacity, sizeof *step);
    *step = (llw_finding_step){.text = keep(c->arena, text), .file = ""};
    llw_place_split(c->arena, place, &step->file, &step->line, &step->column);
}

/* How the value came to where the finding stands: what lost on the way first, the winner last. */
static void add_value_steps(chain *c, llw_entity entity, llw_attr attr) {
    size_t n = 0;
    const llw_claim **claims = llw_facts_claims(c->run->facts, entity, attr, c->arena, &n);
    while (n-- > 0) {
        if (claims[n]->grade == LLW_GRADE_DEFAULT) continue;
        llw_text t = {0};
        llw_text_add_safe(&t, claims[n]->origin, strlen(claims[n]->origin), false);
        llw_text_add(&t, ": ");
        llw_words_slot(&t, c->run, entity, attr);
        llw_text_add(&t, " ");
        llw_words_value(&t, c->run, attr, claims[n]->value);
        llw_text_add(&t, n ? ", replaced" : ", which counts");
        add_step(c, &t, claims[n]->place);
    }
}

static const llw_claim *claim_of(const chain *c, const llw_node *node, const llw_expr_node *n) {
    return n->op == LLW_OP_SLOT && n->as.slot.attr
               ? llw_facts_best(c->run->facts, node->binding[n->as.slot.variable], n->as.slot.attr)
               : NULL;
}

static void add_condition_step(chain *c, const llw_node *node, const llw_expr *expr, const char *text) {
    const char *place = "", *file = NULL;
    int line = 0, column = 0;
    for (int k = 0; k < expr->n_nodes && !*place; k++) {
        const llw_claim *best = claim_of(c, node, &expr->nodes[k]);
        if (best && llw_place_split(c->arena, best->place, &file, &line, &column)) place = best->place;
    }
    llw_text t = {0};
    llw_text_add(&t, text);
    add_step(c, &t, place);
}

/* What others say about the slots of a condition, and lost. */
static void add_rival_steps(chain *c, const llw_node *node, const llw_expr *expr,
                            const llw_finding *finding) {
    for (int k = 0; k < expr->n_nodes; k++) {
        const llw_claim *best = claim_of(c, node, &expr->nodes[k]);
        if (!best) continue;
        llw_entity entity = node->binding[expr->nodes[k].as.slot.variable];
        llw_attr attr = expr->nodes[k].as.slot.attr;
        if (entity == finding->entity && attr == finding->attr) continue;
        size_t n = 0;
        const llw_claim **claims = llw_facts_claims(c->run->facts, entity, attr, c->arena, &n);
        for (size_t i = 1; i < n; i++) {
            if (claims[i]->grade == LLW_GRADE_DEFAULT || !claims[i]->value.known ||
                llw_value_equal(claims[i]->value, best->value))
                continue;
            llw_text t = {0};
            llw_text_add(&t, "but ");
            llw_text_add_safe(&t, claims[i]->origin, strlen(claims[i]->origin), false);
            llw_text_add(&t, " says ");
            llw_words_slot(&t, c->run, entity, attr);
            llw_text_add(&t, " ");
            llw_words_value(&t, c->run, attr, claims[i]->value);
            add_step(c, &t, claims[i]->place);
        }
    }
}

/* The launch that it happens to, at the place where that is defined. */
static void add_launch_step(chain *c, const llw_finding *finding, llw_launch_place *place, void *context) {
    const char *file = "";
    int line = 0, column = 0;
    if (!*finding->where || !place || !place(context, finding->launch, &file, &line, &column)) return;
    llw_text t = {0};
    llw_text_add(&t, "launch ");
    llw_text_add_safe(&t, finding->where, strlen(finding->where), false);
    add_step(c, &t, "");
    llw_finding_step *step = &((llw_finding_step *)c->items)[c->n - 1];
    step->file = file;
    step->line = line;
    step->column = column;
}

static void add_because(const llw_run *run, const llw_node *node, llw_launch_place *place, void *context,
                        llw_arena *arena, llw_finding *finding) {
    void *items = NULL;
    size_t capacity = 0;
    chain c = {.run = run, .arena = arena};
    add_launch_step(&c, finding, place, context);
    if (finding->entity) add_value_steps(&c, finding->entity, finding->attr);
    for (size_t i = 0; i < node->rule->n_conditions; i++) {
        const llw_condition *condition = &node->rule->conditions[i];
        if (condition->role == LLW_ROLE_JOIN) continue;
        llw_text t = {0};
        if (condition->role == LLW_ROLE_UNLESS) llw_text_add(&t, "not: ");
        llw_words_condition(&t, run, node, &condition->expr);
        for (int k = 0; k < condition->expr.n_nodes; k++) {
            const llw_claim *best = claim_of(&c, node, &condition->expr.nodes[k]);
            if (!best) continue;
            llw_text_add(&t, " [");
            llw_words_origin(&t, best);
            llw_text_add(&t, "]");
        }
        const char *text = keep(arena, &t);
        *(const char **)llw_arena_push(arena, &items, &finding->n_because, &capacity, sizeof(char *)) = text;
        add_condition_step(&c, node, &condition->expr, text);
        add_rival_steps(&c, node, &condition->expr, finding);
    }
    finding->because = items;
    finding->steps = c.items;
    finding->n_steps = c.n;
}

/* --- identity --- */

/* Blanks collapsed and letters lowered, so that a sentence that is only wrapped anew stays the same. */
static void add_normal(llw_text *out, const char *text) {
    bool blank = false;
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (isspace(c)) {
            blank = true;
            continue;
        }
        if (blank && out->len) llw_text_add(out, " ");
        blank = false;
        char lower = (char)tolower(c);
        llw_text_addn(out, &lower, 1);
    }
}

const char *llw_finding_subject(const llw_facts *facts, llw_arena *arena, llw_entity launch, const char *file,
                                const char *word) {
    llw_text t = {0};
    const char *id = launch ? llw_facts_id(facts, launch) : "";
    size_t len = strlen(file);
    if (len && !strncmp(id, file, len) && id[len] == ':') { /* defined there: FILE:name */
        llw_text_add(&t, id + len + 1);
        llw_text_add(&t, ": ");
    }
    add_normal(&t, word);
    llw_text safe = {0};
    llw_text_add_safe(&safe, llw_text_str(&t), t.len, false);
    llw_text_fini(&t);
    return keep(arena, &safe);
}

static const char *subject(const llw_run *run, llw_arena *arena, const llw_finding *f) {
    const char *text = NULL;
    if (!f->entity) return llw_finding_subject(run->facts, arena, f->launch, f->file, f->rule);
    if (llw_attr_get(f->attr)->kind == LLW_KIND_claim &&
        llw_facts_text(run->facts, f->entity, LLW_claim_text, &text))
        return llw_finding_subject(run->facts, arena, f->launch, f->file, text);
    const char *flag = llw_words_flag(f->attr);
    return llw_finding_subject(run->facts, arena, f->launch, f->file,
                               flag ? flag : llw_attr_get(f->attr)->name);
}

static uint64_t fnv(uint64_t hash, const char *text) {
    for (;; text++) { /* the end counts too, so that "a","bc" is not "ab","c" */
        hash = (hash ^ (unsigned char)*text) * 0x100000001b3u;
        if (!*text) return hash;
    }
}

char *llw_finding_fingerprint(char out[LLW_FINGERPRINT_MAX], const llw_finding *finding, const char *file) {
    static const uint64_t basis[] = {0xcbf29ce484222325u, 0x84222325cbf29ce4u};
    for (int i = 0; i < 2; i++) {
        uint64_t hash =
            fnv(fnv(fnv(basis[i], finding->code), file), finding->subject ? finding->subject : "");
        snprintf(out + 16 * i, 17, "%016llx", (unsigned long long)hash);
    }
    return out;
}

bool llw_finding_is(const llw_finding *finding, const char *name) {
    return !strcasecmp(finding->code, name) ||
           (*finding->lesson && (!strcmp(finding->lesson, name) || !strcmp(finding->rule, name)));
}

/* --- collecting and folding --- */

void llw_findings_add(llw_findings *findings, llw_arena *arena, llw_finding finding) {
    void *items = findings->items;
    *(llw_finding *)llw_arena_push(arena, &items, &findings->n, &findings->capacity, sizeof finding) =
        finding;
    findings->items = items;
}

static int order(long long a, long long b) {
    return (a > b) - (a < b);
}

static int by_place(const void *a, const void *b) {
    const llw_finding *x = a, *y = b;
    int c = strcmp(x->file, y->file);
    if (!c) c = order(x->line, y->line);
    if (!c) c = order(x->column, y->column);
    if (!c) c = strcmp(x->code, y->code);
    return c ? c : strcmp(x->rule, y->rule);
}

void llw_findings_sort(llw_findings *findings) {
    if (findings->n) qsort(findings->items, findings->n, sizeof *findings->items, by_place);
}

/* What tells findings of one line and code apart: nothing for a lesson, the spelling for a flag. */
static const char *part(const llw_finding *f) {
    return *f->lesson && f->line ? "" : f->rule;
}

static int by_group(const llw_finding *x, const llw_finding *y) {
    int c = strcmp(x->file, y->file);
    if (!c) c = order(x->line, y->line);
    if (!c) c = strcmp(x->code, y->code);
    if (!c) c = strcmp(part(x), part(y));
    return c ? c : order(x->accepted, y->accepted);
}

static int by_gravity(const void *a, const void *b) {
    const llw_finding *x = a, *y = b;
    int c = by_group(x, y);
    if (!c) c = order(y->level, x->level);
    if (!c) c = order(x->column, y->column);
    if (!c) c = strcmp(x->rule, y->rule);
    if (!c) c = order(x->launch, y->launch);
    return c ? c : strcmp(x->message, y->message);
}

static size_t count_launches(const llw_finding *items, size_t from, size_t to, const char *rule) {
    size_t n = 0;
    for (size_t i = from; i < to; i++) {
        bool first = !strcmp(items[i].rule, rule);
        for (size_t k = from; k < i && first; k++)
            first = strcmp(items[k].rule, rule) || items[k].launch != items[i].launch;
        n += first;
    }
    return n;
}

void llw_findings_fold(llw_findings *findings, llw_arena *arena) {
    llw_finding *items = findings->items;
    if (!findings->n) return;
    qsort(items, findings->n, sizeof *items, by_gravity);
    size_t kept = 0;
    for (size_t from = 0, to; from < findings->n; from = to) {
        for (to = from + 1; to < findings->n && !by_group(&items[from], &items[to]);) to++;
        llw_finding gravest = items[from];
        gravest.n_launches = count_launches(items, from, to, gravest.rule);
        void *also = NULL;
        size_t capacity = 0;
        for (size_t i = from + 1; i < to; i++) {
            bool told = false;
            for (size_t k = from; k < i && !told; k++) told = !strcmp(items[k].rule, items[i].rule);
            if (told) continue;
            llw_finding *other = llw_arena_push(arena, &also, &gravest.n_also, &capacity, sizeof *other);
            *other = items[i];
            other->n_launches = count_launches(items, from, to, other->rule);
        }
        gravest.also = also;
        items[kept++] = gravest; /* kept <= from: what is still to be read lies behind */
    }
    findings->n = kept;
    llw_findings_sort(findings);
}

static void place_finding(locating *l, const llw_node *node, llw_entity launch, llw_launch_place *fallback,
                          void *context) {
    if (locate(l, node)) return;
    l->entity = 0;
    if (!(fallback && launch && fallback(context, launch, &l->file, &l->line, &l->column))) l->file = "";
}

/* The sentence that the rule finds to be wrong, or 0. */
static llw_entity refuted_claim(const llw_run *run, const llw_node *node) {
    for (size_t i = 0; i < node->rule->n_derives; i++)
        if (node->rule->derives[i].attr == LLW_claim_refuted)
            return node->binding[node->rule->derives[i].variable];
    for (int v = 0; v < node->rule->n_variables; v++)
        if (node->rule->kind[v] == LLW_KIND_claim &&
            llw_facts_value(run->facts, node->binding[v], LLW_claim_belief).known)
            return node->binding[v];
    return 0;
}

void llw_findings_collect(llw_run *run, llw_launch_place *fallback, void *context, llw_arena *arena,
                          llw_findings *out) {
    const llw_repeats *repeats = llw_repeats_new(run->facts, arena);
    for (size_t i = 0; i < run->n_nodes; i++) {
        const llw_node *node = &run->nodes[i];
        if (node->state != LLW_FIRED || !node->rule->find.n_pieces) continue;
        llw_finding f = {.code = node->rule->lesson->code,
                         .lesson = node->rule->lesson->id,
                         .rule = node->rule->id,
                         .level = node->rule->level,
                         .launch = launch_of(run, node),
                         .node = node,
                         .n_launches = 1,
                         .reason = "",
                         .until = ""};
        locating l = {.run = run, .arena = arena, .file = ""};
        place_finding(&l, node, f.launch, fallback, context);
        f.file = l.file;
        f.line = l.line;
        f.column = l.column;
        f.entity = l.entity;
        f.attr = l.entity ? l.attr : LLW_ATTR_NONE;
        llw_text t = {0};
        llw_run_say(run, node, &node->rule->find, &t);
        llw_entity refuted = refuted_claim(run, node);
        if (refuted) llw_repeats_say(repeats, refuted, &t);
        f.message = keep(arena, &t);
        f.advice = advice(run, node, arena);
        f.where = f.launch ? llw_arena_strdup(arena, llw_facts_id(run->facts, f.launch)) : "";
        f.subject = subject(run, arena, &f);
        add_because(run, node, fallback, context, arena, &f);
        llw_findings_add(out, arena, f);
    }
}

bool llw_findings_open(llw_run *run, const char *code, const char *file, llw_launch_place *fallback,
                       void *context) {
    llw_arena *arena = llw_arena_new();
    bool open = false;
    for (size_t i = 0; i < run->n_nodes && !open; i++) {
        const llw_node *node = &run->nodes[i];
        const llw_lesson *lesson = node->rule->lesson;
        if (node->state != LLW_UNDECIDED ||
            (strcasecmp(lesson->code, code) && strcmp(lesson->id, code) && strcmp(node->rule->id, code)))
            continue;
        locating l = {.run = run, .arena = arena, .file = ""};
        place_finding(&l, node, launch_of(run, node), fallback, context);
        open = !strcmp(l.file, file);
    }
    llw_arena_free(arena);
    return open;
}

llw_level llw_level_of_problem(llw_problem_level level) {
    static const llw_level levels[] = {[LLW_PROBLEM_NOTE] = LLW_LEVEL_NOTE,
                                       [LLW_PROBLEM_RISK] = LLW_LEVEL_RISK,
                                       [LLW_PROBLEM_WRONG] = LLW_LEVEL_WRONG};
    return levels[level];
}
