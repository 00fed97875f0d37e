/* llwhy's engine over one of the works: engine_llwhy NAME. A fact is a claim with a count, digits and a size
 * in bytes, or a probe; each edit is a what-if over the run before. Every node is kept with all its
 * conditions. */
#include "bench/engine_work.h"
#include "infer/cone.h"
#include "infer/readers.h"

#include <stdbool.h>

enum { RULES_PER_FILE = 500 };

static void add_file(llw_kb *kb, int number, const llw_text *rules) {
    char path[64];
    llw_text file = {0};
    snprintf(path, sizeof path, "rules.d/w%05d.lua", number);
    llw_text_addf(&file, "lesson \"w%05d\" { claim = \"A claim.\" }\n%s", number, llw_text_str(rules));
    llw_kb_add_file(kb, path, llw_text_str(&file), file.len);
    llw_text_fini(&file);
}

static void write_rule(llw_text *out, const work *w, int i) {
    llw_text_addf(out,
                  "rule \"r%d\" { level = \"note\", each = { x = \"claim\", y = \"claim\" },\n"
                  "  join = { \"x.count == %d\", \"y.count == %d\", \"x.digits == y.digits\" },\n"
                  "  when = { \"y.bytes < x.bytes\" },\n  find = \"less\" }\n",
                  i, i, (i + 1) % w->rules);
}

static llw_kb *load(const work *w) {
    llw_kb *kb = llw_kb_new();
    int files = 0;
    for (int i = 0; i < w->rules; i += RULES_PER_FILE) {
        llw_text rules = {0};
        for (int r = i; r < w->rules && r < i + RULES_PER_FILE; r++) write_rule(&rules, w, r);
        add_file(kb, files++, &rules);
        llw_text_fini(&rules);
    }
    if (w->join) {
        llw_text rule = {0};
        llw_text_add(&rule, "rule \"j\" { level = \"note\", each = { g = \"probe\", p = \"claim\" },\n"
                            "  join = { \"g.prompt_tokens == p.count\" }, find = \"together\" }\n");
        add_file(kb, files++, &rule);
        llw_text_fini(&rule);
    }
    llw_kb_order(kb);
    for (size_t i = 0; i < kb->n_problems; i++) fprintf(stderr, "%s\n", kb->problems[i].text);
    return kb;
}

static void claim(llw_facts *facts, llw_entity entity, llw_attr attr, int n) {
    llw_type type = llw_attr_get(attr)->type;
    llw_facts_claim(facts, entity, attr, type == LLW_BYTES ? llw_bytes(n) : llw_count(n), LLW_GRADE_FILE,
                    "file", "");
}

typedef char fact_id[16];

static void add_fact(llw_facts *facts, const char *id, const work_fact *fact) {
    bool probe = fact->relation == 'g';
    llw_entity e = llw_facts_entity(facts, probe ? LLW_KIND_probe : LLW_KIND_claim, id);
    claim(facts, e,
          probe                   ? LLW_probe_at_once
          : fact->relation == 'a' ? LLW_claim_count
                                  : LLW_claim_digits,
          fact->x);
    claim(facts, e,
          probe                   ? LLW_probe_prompt_tokens
          : fact->relation == 'a' ? LLW_claim_digits
                                  : LLW_claim_count,
          fact->y);
    if (probe)
        llw_facts_claim(facts, e, LLW_probe_speed, llw_real(fact->z), LLW_GRADE_FILE, "file", "");
    else
        claim(facts, e, LLW_claim_bytes, fact->z);
}

static long fired(const llw_run *run) {
    long n = 0;
    for (size_t i = 0; i < run->n_nodes; i++) n += run->nodes[i].state == LLW_FIRED;
    return n;
}

/* Findings after a change, by those that have come and gone. */
static long fired_after(const llw_cone *cone, long before) {
    for (size_t i = 0; i < cone->n_turns; i++) {
        const llw_turn *t = &cone->turns[i];
        before += (t->after && t->after->state == LLW_FIRED) - (t->before && t->before->state == LLW_FIRED);
    }
    return before;
}

int main(int argc, char **argv) {
    work w;
    if (argc < 2 || !work_make(argv[1], &w)) return 2;
    work_watch watch = {.took = calloc((size_t)w.n_edits + 1, sizeof *watch.took)};
    double start = work_seconds();
    llw_kb *kb = load(&w);
    work_say("load", work_seconds() - start);
    fact_id *ids = calloc((size_t)w.n_facts + 1, sizeof *ids);
    for (int i = 0; i < w.n_facts; i++) snprintf(ids[i], sizeof *ids, "%c%d", w.facts[i].relation, i);
    start = work_seconds();
    llw_facts *facts = llw_facts_new();
    for (int i = 0; i < w.n_facts; i++) add_fact(facts, ids[i], &w.facts[i]);
    llw_run *run = llw_run_new(kb, facts);
    llw_readers_get(run); /* so that it is ready for edits, as CLIPS is */
    work_say("first", work_seconds() - start);
    long findings = fired(run), wrong = findings != (w.n_facts ? work_expected(&w) : 0);
    work_say("findings", (double)findings);
    for (int i = 0; i < w.n_edits; i++) {
        work_fact *fact = &w.facts[w.edits[i].fact];
        int old = fact->z;
        work_edit_begins(&watch);
        llw_facts *changed = llw_facts_overlay(facts);
        llw_facts_claim(changed, (llw_entity)w.edits[i].fact + 1, LLW_claim_bytes, llw_bytes(w.edits[i].z),
                        LLW_GRADE_WHATIF, "what-if", "");
        llw_cone cone;
        llw_cone_init(&cone, run, changed);
        long after = fired_after(&cone, findings);
        llw_cone_fini(&cone);
        llw_facts_free(changed);
        fact->z = w.edits[i].z;
        if (work_edit_ends(&watch)) wrong += after != work_expected(&w);
        fact->z = old;
    }
    if (w.n_edits) work_say_edits(&watch);
    work_say_peak();
    return wrong || kb->n_problems ? 1 : 0;
}
