/* What is asked of a scene: expressions, rules that fired, slots by name, and its memory in words. */
#include "teach/scene.h"
#include "explain/words.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

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
