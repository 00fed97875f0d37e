/* The last line of a proof that rests on predictions: what they read besides what it shows. */
#include "explain/proof_parts.h"
#include "explain/words.h"

#include <string.h>

void llw_prover_predicted(llw_prover *b, llw_entity launch) {
    for (size_t i = 0; i < b->n_launches; i++)
        if (b->launches[i] == launch) return;
    if (b->n_launches < sizeof b->launches / sizeof *b->launches) b->launches[b->n_launches++] = launch;
}

static bool is_shown(const llw_prover *b, llw_entity entity, llw_attr attr) {
    for (size_t i = 0; i < b->out->n_lines; i++)
        if (b->out->lines[i].entity == entity && b->out->lines[i].attr == attr) return true;
    return false;
}

/* Adds a slot that is known and was not shown; true when it is one. */
static bool rests_on(llw_prover *b, llw_entity entity, llw_attr attr) {
    if (!entity || !llw_facts_value(b->run->facts, entity, attr).known || is_shown(b, entity, attr))
        return false;
    void *items = b->out->rest;
    *(llw_slot *)llw_arena_push(b->arena, &items, &b->out->n_rest, &b->out->rest_capacity, sizeof(llw_slot)) =
        (llw_slot){entity, attr};
    b->out->rest = items;
    return true;
}

static bool is_default(const llw_prover *b, llw_slot slot) {
    return llw_facts_best(b->run->facts, slot.entity, slot.attr)->grade == LLW_GRADE_DEFAULT;
}

/* Knobs of the launch; the cards, the RAM and the build it runs on. */
static void collect(llw_prover *b, llw_entity launch) {
    static const llw_attr of_gpu[] = {LLW_gpu_name,  LLW_gpu_backend, LLW_gpu_free,
                                      LLW_gpu_total, LLW_gpu_index,   LLW_gpu_bandwidth},
                          of_launch[] = {LLW_launch_gpus_seen, LLW_launch_gpu_ids, LLW_launch_ram_limit},
                          of_host[] = {LLW_host_ram_available, LLW_host_ram_total, LLW_host_ram_bandwidth};
    for (int a = 1; a < LLW_ATTRS; a++) {
        const llw_attr_info *info = llw_attr_get((llw_attr)a);
        if (info->kind == LLW_KIND_launch && info->knob && info->type != LLW_REF)
            rests_on(b, launch, (llw_attr)a);
    }
    for (size_t i = 0; i < sizeof of_launch / sizeof *of_launch; i++) rests_on(b, launch, of_launch[i]);
    for (llw_entity g = 0; (g = llw_facts_next(b->run->facts, LLW_KIND_gpu, g));)
        for (size_t i = 0; i < sizeof of_gpu / sizeof *of_gpu; i++) rests_on(b, g, of_gpu[i]);
    llw_entity host = llw_facts_next(b->run->facts, LLW_KIND_host, 0);
    for (size_t i = 0; i < sizeof of_host / sizeof *of_host; i++) rests_on(b, host, of_host[i]);
    rests_on(b, llw_facts_ref(b->run->facts, launch, LLW_launch_build), LLW_build_order);
}

void llw_prover_rest(llw_prover *b) {
    llw_text given = {0}, defaults = {0};
    for (size_t i = 0; i < b->n_launches; i++) collect(b, b->launches[i]);
    for (size_t i = 0; i < b->out->n_rest; i++) {
        llw_slot s = b->out->rest[i];
        if (is_default(b, s)) {
            llw_text_add(&defaults, defaults.len ? ", " : "");
            llw_words_slot(&defaults, b->run, s.entity, s.attr);
            continue;
        }
        llw_text_add(&given, given.len ? ", " : "");
        if (s.attr == LLW_build_order) {
            llw_words_entity(&given, b->run, s.entity);
            continue;
        }
        llw_words_slot(&given, b->run, s.entity, s.attr);
        llw_text_add(&given, " = ");
        llw_words_value(&given, b->run, s.attr, llw_facts_value(b->run->facts, s.entity, s.attr));
    }
    llw_text t = {0};
    if (given.len) llw_text_addf(&t, "predictions also read %s", llw_text_str(&given));
    if (defaults.len)
        llw_text_addf(&t, "%s the defaults of %s", given.len ? ", and" : "predictions also read",
                      llw_text_str(&defaults));
    if (t.len) {
        llw_proof_line *line = llw_prover_add(b, 1, LLW_LINE_FACT, &t);
        line->minor = true;
        line->origin = "llwhy facts";
    }
    llw_text_fini(&t);
    llw_text_fini(&given);
    llw_text_fini(&defaults);
}
