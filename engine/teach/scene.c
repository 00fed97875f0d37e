/* Opens scenes: facts from a case's data, words edited and read, the knowledge base run. */
#include "teach/scene.h"
#include "explain/words.h"
#include "fact/build.h"
#include "source/gpu.h"
#include "source/host.h"
#include "source/known.h"
#include "teach/edit.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The case with its changes laid over it. */
typedef struct layered {
    llw_case_setting now;
    const llw_case_thing **things;
    size_t n_things;
    llw_texts words;
} layered;

static void lay_over(const llw_case *c, const llw_case_setting *const *changes, size_t n_changes,
                     llw_arena *arena, const llw_flags *flags, int64_t order, layered *out) {
    *out = (layered){.now = c->setting};
    size_t n = c->setting.n_things;
    for (size_t i = 0; i < n_changes; i++) n += changes[i] ? changes[i]->n_things : 0;
    out->things = llw_arena_alloc(arena, (n + 1) * sizeof *out->things);
    for (size_t k = 0; k < c->setting.n_things; k++) out->things[out->n_things++] = &c->setting.things[k];
    out->words = c->setting.args;
    for (size_t i = 0; i < n_changes; i++) {
        const llw_case_setting *s = changes[i];
        if (!s) continue;
        if (s->gpus.n) out->now.gpus = s->gpus;
        if (s->ram) out->now.ram = s->ram;
        if (s->llama) out->now.llama = s->llama;
        if (s->model) out->now.model = s->model;
        if (s->args_given) out->words = s->args;
        if (s->with.n)
            out->words = llw_edit_words(arena, flags, LLW_PROGRAM_SERVER, order, &out->words, &s->with);
        for (size_t k = 0; k < s->n_things; k++) out->things[out->n_things++] = &s->things[k];
    }
}

/* What each kind of thing weighs, and who is said to state it. */
static llw_grade grade_of(llw_kind kind, const char **origin) {
    switch (kind) {
    case LLW_KIND_claim: *origin = "a comment"; return LLW_GRADE_PROSE;
    case LLW_KIND_probe: *origin = "a recorded test"; return LLW_GRADE_MEASURED;
    case LLW_KIND_model: *origin = "the model card"; return LLW_GRADE_CARD;
    case LLW_KIND_launch: *origin = "the profile's file"; return LLW_GRADE_CONFIG;
    default: *origin = "the case"; return LLW_GRADE_CONFIG;
    }
}

static void claim_things(llw_scene *scene, const layered *s) {
    static const llw_attr refs[] = {LLW_claim_model, LLW_card_model, LLW_probe_model,
                                    LLW_probe_build, LLW_log_launch, LLW_claim_launch};
    int counts[LLW_KINDS] = {0};
    for (size_t i = 0; i < s->n_things; i++) {
        const llw_case_thing *thing = s->things[i];
        const char *origin = "";
        llw_grade grade = grade_of(thing->kind, &origin);
        llw_entity e =
            thing->kind == LLW_KIND_launch  ? scene->launch
            : thing->kind == LLW_KIND_model ? scene->model
            : thing->kind == LLW_KIND_build ? scene->argv.build
            : thing->kind == LLW_KIND_host
                ? llw_facts_entity(scene->facts, LLW_KIND_host, LLW_HOST_ID)
                : llw_facts_entity(scene->facts, thing->kind,
                                   llw_arena_printf(scene->arena, "%s %d", llw_kind_name(thing->kind),
                                                    ++counts[thing->kind]));
        for (size_t k = 0; k < thing->n; k++)
            llw_facts_claim(scene->facts, e, thing->slots[k].attr, thing->slots[k].value, grade, origin, "");
        for (size_t k = 0; k < sizeof refs / sizeof *refs; k++) {
            if (llw_attr_get(refs[k])->kind != thing->kind || llw_facts_best(scene->facts, e, refs[k]))
                continue;
            llw_entity to = refs[k] == LLW_probe_build                                 ? scene->argv.build
                            : refs[k] == LLW_log_launch || refs[k] == LLW_claim_launch ? scene->launch
                                                                                       : scene->model;
            llw_facts_claim(scene->facts, e, refs[k], llw_ref(to), grade, origin, "");
        }
    }
}

static llw_rc gather(llw_scene *scene, const llw_case *c, const layered *s, const llw_texts *words,
                     const llw_flags *flags, llw_err *err) {
    llw_gpu_options gpus = {.cards = s->now.gpus.items, .n_cards = s->now.gpus.n};
    llw_host_options host = {.ram = s->now.ram};
    llw_rc rc = llw_source_gpus(scene->facts, &gpus, err);
    if (rc == LLW_OK) rc = llw_source_host(scene->facts, &host, err);
    if (rc == LLW_OK) rc = llw_source_known(scene->facts, s->now.model, NULL, &scene->model, err);
    if (rc != LLW_OK) return rc;
    llw_argv in = {.id = "argv", .flags = flags};
    in.build = llw_build_claim(scene->facts, s->now.llama, LLW_GRADE_FLAG, "the case", c->id, err);
    if (!in.build) return LLW_ERR_INPUT;
    llw_token *tokens = llw_arena_alloc(scene->arena, (words->n + 1) * sizeof *tokens);
    for (size_t i = 0; i < words->n; i++)
        tokens[i] = (llw_token){.text = words->items[i],
                                .place = llw_arena_printf(scene->arena, "argument %zu", i + 1)};
    in.args = tokens;
    in.n_args = words->n;
    rc = llw_argv_read(scene->facts, &in, &scene->argv, err);
    if (rc != LLW_OK) return rc;
    scene->launch = scene->argv.launch;
    llw_facts_claim(scene->facts, scene->launch, LLW_launch_model, llw_ref(scene->model), LLW_GRADE_FLAG,
                    "the case", c->id);
    claim_things(scene, s);
    return LLW_OK;
}

llw_rc llw_scene_open(const llw_kb *kb, const llw_case *c, const llw_case_setting *const *changes,
                      size_t n_changes, const llw_texts *edit, llw_arena *arena, llw_scene *out,
                      llw_err *err) {
    *out = (llw_scene){.arena = arena};
    llw_flags flags;
    llw_build build;
    llw_rc rc = llw_flags_load(arena, &flags, err);
    const char *llama = c->setting.llama;
    for (size_t i = 0; i < n_changes; i++)
        if (changes[i] && changes[i]->llama) llama = changes[i]->llama;
    if (rc == LLW_OK) rc = llw_build_read(arena, llama, &build, err);
    if (rc != LLW_OK) return rc;
    layered s;
    lay_over(c, changes, n_changes, arena, &flags, build.order, &s);
    out->words =
        edit ? llw_edit_words(arena, &flags, LLW_PROGRAM_SERVER, build.order, &s.words, edit) : s.words;
    out->facts = llw_facts_new();
    rc = gather(out, c, &s, &out->words, &flags, err);
    if (rc == LLW_OK) {
        out->run = llw_run_new(kb, out->facts);
        return LLW_OK;
    }
    llw_facts_free(out->facts);
    out->facts = NULL;
    return rc == LLW_ERR_NOTHING ? LLW_ERR_INPUT : rc;
}

void llw_scene_close(llw_scene *scene) {
    llw_run_free(scene->run);
    llw_facts_free(scene->facts);
    scene->run = NULL;
    scene->facts = NULL;
}

typedef struct llw_staged {
    const llw_case_setting *change, *more;
    llw_scene scene;
    struct llw_staged *next;
} llw_staged;

/* NULL for a setting that changes nothing, so that equal scenes are one. */
static const llw_case_setting *or_null(const llw_case_setting *s) {
    bool empty = !s || (!s->gpus.n && !s->ram && !s->llama && !s->model && !s->args_given && !s->with.n &&
                        !s->n_things);
    return empty ? NULL : s;
}

llw_rc llw_stage_scene(llw_stage *stage, const llw_case_setting *change, const llw_case_setting *more,
                       const llw_scene **out, llw_err *err) {
    change = or_null(change);
    more = or_null(more);
    for (llw_staged *s = stage->first; s; s = s->next)
        if (s->change == change && s->more == more) {
            *out = &s->scene;
            return LLW_OK;
        }
    llw_staged *s = llw_arena_alloc(stage->arena, sizeof *s);
    const llw_case_setting *changes[] = {change, more};
    llw_rc rc = llw_scene_open(stage->kb, stage->c, changes, 2, NULL, stage->arena, &s->scene, err);
    if (rc != LLW_OK) return rc;
    s->change = change;
    s->more = more;
    s->next = stage->first;
    stage->first = s;
    *out = &s->scene;
    return LLW_OK;
}

void llw_stage_close(llw_stage *stage) {
    for (llw_staged *s = stage->first; s; s = s->next) llw_scene_close(&s->scene);
    stage->first = NULL;
}

llw_verdict llw_scene_verdict(const llw_scene *scene) {
    const llw_predicted *p = llw_run_predicted(scene->run, scene->launch);
    bool loads = false, certain = true;
    if (scene->argv.refused || (p && p->rc == LLW_ERR_INPUT)) return LLW_VERDICT_REFUSED;
    if (p && p->rc == LLW_OK &&
        (p->fit.prediction.outcome == LLW_OUTCOME_REFUSED || p->fit.prediction.outcome == LLW_OUTCOME_ABORTS))
        return LLW_VERDICT_REFUSED;
    if (!llw_facts_flag(scene->run->facts, scene->launch, LLW_launch_loads, &loads))
        return LLW_VERDICT_UNKNOWN;
    llw_facts_flag(scene->run->facts, scene->launch, LLW_launch_loads_certain, &certain);
    if (loads) return certain ? LLW_VERDICT_LOADS : LLW_VERDICT_LIKELY_LOADS;
    return certain ? LLW_VERDICT_FAILS : LLW_VERDICT_LIKELY_FAILS;
}

/* The thing a name stands for and its kind; 0 with a kind when the scene has none of it, LLW_KIND_NONE for no
 * name of ours. */
static llw_entity thing_called(const llw_scene *scene, const char *name, llw_kind *kind) {
    static const llw_kind plain[] = {LLW_KIND_model, LLW_KIND_build, LLW_KIND_host,
                                     LLW_KIND_claim, LLW_KIND_probe, LLW_KIND_card};
    const llw_facts *facts = scene->run->facts;
    *kind = LLW_KIND_NONE;
    if (!strcmp(name, "launch")) {
        *kind = LLW_KIND_launch;
        return scene->launch;
    }
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
        if (strcmp(name, llw_kind_name(plain[i]))) continue;
        *kind = plain[i];
        return plain[i] == LLW_KIND_model   ? scene->model
               : plain[i] == LLW_KIND_build ? scene->argv.build
                                            : llw_facts_next(facts, plain[i], 0);
    }
    if (!strncmp(name, "gpu", 3) && isdigit((unsigned char)name[3])) {
        *kind = LLW_KIND_gpu;
        for (llw_entity g = 0; (g = llw_facts_next(facts, LLW_KIND_gpu, g));) {
            int64_t index = -1;
            if (llw_facts_count(facts, g, LLW_gpu_index, &index) && index == atoi(name + 3)) return g;
        }
        return 0;
    }
    if (strcmp(name, "Host") && (strncmp(name, "CUDA", 4) || !isdigit((unsigned char)name[4]))) return 0;
    *kind = LLW_KIND_placement;
    for (llw_entity p = 0; (p = llw_facts_next(facts, LLW_KIND_placement, p));) {
        const char *device = "";
        if (llw_facts_ref(facts, p, LLW_placement_launch) == scene->launch &&
            llw_facts_text(facts, p, LLW_placement_device, &device) && !strcmp(device, name))
            return p;
    }
    return 0;
}

/* Collects the names of things, outside quotes, as the variables of the expression. */
static void bind(const llw_scene *scene, const char *text, llw_scope *scope, llw_entity *binding) {
    *scope = (llw_scope){.find_function = NULL};
    char quote = 0;
    for (const char *at = text; *at;) {
        if (quote || *at == '\'' || *at == '"') {
            quote = !quote ? *at : *at == quote ? 0 : quote;
            at++;
            continue;
        }
        size_t len = 0;
        while (isalnum((unsigned char)at[len]) || at[len] == '_') len++;
        bool slot = len && at[len] != '(' && !isdigit((unsigned char)*at);
        const char *name = slot ? llw_arena_strndup(scene->arena, at, len) : "";
        for (int v = 0; v < scope->n_variables; v++) slot &= strcmp(scope->variable[v], name) != 0;
        llw_kind kind = LLW_KIND_NONE;
        llw_entity e = slot && scope->n_variables < LLW_MAX_VARIABLES ? thing_called(scene, name, &kind) : 0;
        if (kind) {
            scope->variable[scope->n_variables] = name;
            scope->kind[scope->n_variables] = kind;
            binding[scope->n_variables++] = e;
        }
        at += len ? len : 1;
        if (*at == '.') at += 1 + strspn(at + 1, "abcdefghijklmnopqrstuvwxyz_");
    }
}

static llw_value ask_variant(void *context, llw_entity entity, llw_attr attr, const llw_attr *knobs,
                             const llw_value *values, int n) {
    return entity ? llw_run_variant(context, entity, attr, knobs, values, n)
                  : llw_unknown(llw_attr_get(attr)->type);
}

llw_rc llw_scene_eval(const llw_scene *scene, const char *text, const char *file, int line,
                      llw_scene_value *out, llw_err *err) {
    *out = (llw_scene_value){.result = {.state = LLW_NOT_KNOWN}};
    llw_scope scope;
    bind(scene, text, &scope, out->binding);
    llw_rc rc = llw_expr_parse(scene->arena, &scope, text, file, line, &out->expr, err);
    if (rc != LLW_OK) return rc;
    llw_result values[LLW_EXPR_MAX_BYTES];
    llw_evaluation e = {.facts = scene->run->facts,
                        .kb = scene->run->kb,
                        .binding = out->binding,
                        .predict = ask_variant,
                        .context = scene->run};
    llw_eval(&out->expr, &e, values);
    out->result = values[out->expr.n_nodes - 1];
    return LLW_OK;
}

llw_rc llw_scene_fired(const llw_scene *scene, const char *rule, const char *file, int line,
                       const llw_node **node, llw_err *err) {
    *node = NULL;
    const llw_rule *r = llw_kb_rule(scene->run->kb, rule);
    if (!r) return llw_fail(err, LLW_ERR_INPUT, file, line, "there is no rule '%s'", rule);
    for (size_t i = 0; i < scene->run->n_nodes && !*node; i++) {
        const llw_node *n = &scene->run->nodes[i];
        if (n->rule == r && n->state == LLW_FIRED && llw_node_concerns(scene->run, n, scene->launch))
            *node = n;
    }
    return LLW_OK;
}

llw_rc llw_scene_holds(const llw_scene *scene, const llw_proviso *p, const char *file, llw_truth *truth,
                       llw_err *err) {
    *truth = LLW_TRUE;
    const llw_node *node = NULL;
    llw_rc rc = LLW_OK;
    if (p->finds && (rc = llw_scene_fired(scene, p->finds, file, p->line, &node, err)) == LLW_OK && !node)
        *truth = LLW_FALSE;
    if (rc == LLW_OK && p->lacks &&
        (rc = llw_scene_fired(scene, p->lacks, file, p->line, &node, err)) == LLW_OK && node)
        *truth = LLW_FALSE;
    if (rc != LLW_OK || !p->holds) return rc;
    llw_scene_value value;
    if ((rc = llw_scene_eval(scene, p->holds, file, p->line, &value, err)) != LLW_OK) return rc;
    if (llw_expr_unit(&value.expr) != LLW_UNIT_FLAG)
        return llw_fail(err, LLW_ERR_INPUT, file, p->line, "\"%s\" is no yes-or-no condition", p->holds);
    if (value.result.state != LLW_KNOWN && *truth == LLW_TRUE) *truth = LLW_UNDECIDABLE;
    if (value.result.state == LLW_KNOWN && !value.result.as.flag) *truth = LLW_FALSE;
    return LLW_OK;
}

bool llw_scene_slot(const llw_scene *scene, const char *name, llw_entity *entity, llw_attr *attr) {
    const char *dot = strrchr(name, '.');
    llw_kind kind = LLW_KIND_NONE;
    if (!dot) return false;
    *entity = thing_called(scene, llw_arena_strndup(scene->arena, name, (size_t)(dot - name)), &kind);
    *attr = kind ? llw_attr_find(kind, dot + 1) : LLW_ATTR_NONE;
    return *entity && *attr;
}

/* The figures that a yes or no of the machine rests on. */
static void say_companions(const llw_scene *scene, llw_attr attr, llw_text *out) {
    static const llw_attr companions[][3] = {
        {LLW_launch_fits_one_gpu, LLW_launch_whole_need, LLW_launch_largest_gpu_free},
        {LLW_launch_fits_gpus, LLW_launch_whole_need, LLW_launch_gpu_free}};
    for (size_t i = 0; i < sizeof companions / sizeof *companions; i++)
        for (size_t k = 1; k < 3 && companions[i][0] == attr; k++) {
            llw_text_add(out, ", ");
            llw_words_slot(out, scene->run, scene->launch, companions[i][k]);
            llw_text_add(out, " = ");
            llw_words_value(out, scene->run, companions[i][k],
                            llw_facts_value(scene->run->facts, scene->launch, companions[i][k]));
        }
}

void llw_scene_say_slots(const llw_scene *scene, const llw_scene_value *value, llw_text *out) {
    const llw_expr *expr = &value->expr;
    for (int i = 0; i < expr->n_nodes; i++) {
        const llw_expr_node *n = &expr->nodes[i];
        if (n->op != LLW_OP_SLOT || !n->as.slot.attr) continue;
        llw_entity entity = value->binding[n->as.slot.variable];
        bool before = false;
        for (int k = 0; k < i; k++)
            before |= expr->nodes[k].op == LLW_OP_SLOT && expr->nodes[k].as.slot.attr == n->as.slot.attr &&
                      expr->nodes[k].as.slot.variable == n->as.slot.variable;
        if (before) continue;
        if (out->len) llw_text_add(out, ", ");
        if (entity)
            llw_words_slot(out, scene->run, entity, n->as.slot.attr);
        else
            llw_text_addf(out, "%s of a %s that is not there", llw_attr_get(n->as.slot.attr)->name,
                          llw_kind_name(llw_attr_get(n->as.slot.attr)->kind));
        llw_text_add(out, " = ");
        llw_words_value(out, scene->run, n->as.slot.attr,
                        llw_facts_value(scene->run->facts, entity, n->as.slot.attr));
        if (entity == scene->launch) say_companions(scene, n->as.slot.attr, out);
    }
}

void llw_scene_say_memory(const llw_scene *scene, llw_text *out) {
    const llw_facts *facts = scene->run->facts;
    llw_verdict verdict = llw_scene_verdict(scene);
    char buf[LLW_NUMBER_MAX];
    if (verdict == LLW_VERDICT_REFUSED) {
        const llw_predicted *p = llw_run_predicted(scene->run, scene->launch);
        const char *why = scene->argv.refused    ? scene->argv.refused
                          : p && p->rc != LLW_OK ? p->err.text
                          : p                    ? p->fit.prediction.reason
                                                 : "";
        llw_text_add_safe(out, why, strlen(why), false);
        return;
    }
    int n = 0;
    for (llw_entity p = 0; (p = llw_facts_next(facts, LLW_KIND_placement, p));) {
        int64_t left = 0;
        const char *device = "";
        if (llw_facts_ref(facts, p, LLW_placement_launch) != scene->launch ||
            !llw_facts_ref(facts, p, LLW_placement_gpu))
            continue;
        if (!llw_facts_count(facts, p, LLW_placement_left, &left) ||
            !llw_facts_text(facts, p, LLW_placement_device, &device))
            continue;
        llw_format_bytes(buf, left < 0 ? -left : left);
        llw_text_addf(out, left < 0 ? "%s%s is %s short" : "%s%s keeps %s free", n++ ? ", " : "", device,
                      buf);
    }
    int64_t ram = 0;
    if (llw_facts_count(facts, scene->launch, LLW_launch_weights_on_host, &ram) && ram > 0)
        llw_text_addf(out, "%s%s of weights in RAM", n ? "; " : "", llw_format_bytes(buf, ram));
    if (!n && verdict == LLW_VERDICT_UNKNOWN) llw_text_add(out, "whether it loads is not known");
}
