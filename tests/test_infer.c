/* Runs: joins, derivations, undecided nodes, builds, laziness, variants. */
#include "check/setting.h"
#include "explain/decision.h"
#include "explain/proof.h"
#include "fact/build.h"
#include "infer/run.h"
#include "render/render.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "situations.h"

/* ---- helpers ---- */

#define LESSON "lesson \"01-x\" { claim = \"A claim.\" }\n"

static llw_kb *kb_of(const char *text) {
    llw_kb *kb = llw_kb_new();
    llw_kb_add_file(kb, "rules.d/01-x.lua", text, strlen(text));
    llw_kb_order(kb);
    if (kb->n_problems) fail_msg("%d: %s", kb->problems[0].line, kb->problems[0].text);
    return kb;
}

static void claim(llw_facts *f, llw_entity e, llw_attr attr, llw_value value) {
    llw_facts_claim(f, e, attr, value, LLW_GRADE_FILE, "test", "");
}

static size_t count_state(const llw_run *run, const char *rule, llw_state state) {
    size_t n = 0;
    for (size_t i = 0; i < run->n_nodes; i++)
        n += !strcmp(run->nodes[i].rule->id, rule) && run->nodes[i].state == state;
    return n;
}

/* "claim1 probe2; ...": which combinations a rule was judged for, in order. */
static char *bindings(llw_arena *arena, const llw_run *run, const char *rule) {
    llw_text t = {0};
    for (size_t i = 0; i < run->n_nodes; i++) {
        const llw_node *node = &run->nodes[i];
        if (strcmp(node->rule->id, rule)) continue;
        for (int v = 0; v < node->rule->n_variables; v++)
            llw_text_addf(&t, "%s%s", v ? " " : "", llw_facts_id(run->facts, node->binding[v]));
        llw_text_add(&t, ";");
    }
    char *text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* ---- joins ---- */

static void bindings_are(llw_kb *kb, const llw_facts *facts, const char *rule, const char *want) {
    llw_arena *arena = llw_arena_new();
    llw_run *run = llw_run_new(kb, facts);
    assert_string_equal(bindings(arena, run, rule), want);
    llw_run_free(run);
    llw_arena_free(arena);
}

#define JOINED(id, things, join)                                                                             \
    "rule \"" id "\" { level = \"note\", each = { " things " }, join = { " join " }, find = \"x\" }\n"

static void joins_find_their_things(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_entity l[3], p[4];
    for (int i = 0; i < 3; i++)
        l[i] = llw_facts_entity(f, LLW_KIND_launch, (const char *const[]){"a", "b", "c"}[i]);
    for (int i = 0; i < 4; i++)
        p[i] = llw_facts_entity(f, LLW_KIND_placement, (const char *const[]){"p0", "p1", "p2", "p3"}[i]);
    claim(f, p[0], LLW_placement_launch, llw_ref(l[1]));
    claim(f, p[1], LLW_placement_launch, llw_ref(l[0]));
    claim(f, p[2], LLW_placement_launch, llw_ref(l[1]));
    claim(f, p[3], LLW_placement_launch, llw_unknown(LLW_REF)); /* joins with nothing */
    claim(f, l[0], LLW_launch_cache_type_k, llw_string(LLW_TEXT, "q8_0"));
    claim(f, l[1], LLW_launch_cache_type_k, llw_string(LLW_TEXT, "f16"));
    claim(f, l[2], LLW_launch_cache_type_k, llw_string(LLW_TEXT, "q8_0"));
    claim(f, p[0], LLW_placement_gpu, llw_ref(llw_facts_entity(f, LLW_KIND_gpu, "CUDA0")));
    claim(f, p[0], LLW_placement_layers, llw_count(0));
    claim(f, p[1], LLW_placement_layers, llw_count(7));
    claim(f, p[2], LLW_placement_layers, llw_count(9));
    claim(f, l[0], LLW_launch_speed, llw_real(-0.0)); /* equals 0 */
    claim(f, l[1], LLW_launch_speed, llw_real(7.0));  /* equals a count of 7 */
    claim(f, l[2], LLW_launch_speed, llw_real(9.5));
    llw_kb *kb = kb_of(
        LESSON JOINED("ref", "l = \"launch\", p = \"placement\"", "\"p.launch == l.id\"")
            JOINED("turned", "l = \"launch\", p = \"placement\"", "\"l.id == p.launch\"")
                JOINED("text", "a = \"launch\", b = \"launch\"", "\"a.cache_type_k == b.cache_type_k\"")
                    JOINED("number", "l = \"launch\", p = \"placement\"", "\"l.speed == p.layers\"")
                        JOINED("both", "a = \"launch\", b = \"launch\"",
                               "\"a.cache_type_k == b.cache_type_k\", \"a.speed < b.speed\"")
                            JOINED("less", "a = \"placement\", b = \"placement\"", "\"a.layers < b.layers\"")
                                JOINED("three", "a = \"placement\", b = \"launch\", c = \"placement\"",
                                       "\"a.launch == b.id\", \"c.launch == b.id\"")
                                    JOINED("kinds", "a = \"placement\", l = \"launch\"", "\"a.gpu == l.id\"")
                                        JOINED("all", "l = \"launch\", p = \"placement\"", ""));
    bindings_are(kb, f, "ref", "a p1;b p0;b p2;");
    bindings_are(kb, f, "turned", "a p1;b p0;b p2;");
    bindings_are(kb, f, "text", "a a;a c;b b;c a;c c;");
    bindings_are(kb, f, "number", "a p0;b p1;");
    bindings_are(kb, f, "both", "a c;");
    bindings_are(kb, f, "less", "p0 p1;p0 p2;p1 p2;");
    bindings_are(kb, f, "three", "p0 b p0;p0 b p2;p1 a p1;p2 b p0;p2 b p2;");
    bindings_are(kb, f, "kinds", ""); /* what a.gpu names is no launch */
    bindings_are(kb, f, "all", "a p0;a p1;a p2;a p3;b p0;b p1;b p2;b p3;c p0;c p1;c p2;c p3;");
    llw_kb_free(kb);
    llw_facts_free(f);
}

static uint64_t seed;

static unsigned roll(unsigned n) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (unsigned)(seed >> 33) % n;
}

/* The index finds what walking over everything finds. */
static void index_and_walk_agree(void **state) {
    (void)state;
    llw_kb *kb = kb_of(
        LESSON JOINED("index", "c = \"claim\", p = \"probe\"", "\"c.count == p.prompt_tokens\"")
            JOINED("walk", "c = \"claim\", p = \"probe\"",
                   "\"c.count <= p.prompt_tokens and p.prompt_tokens <= c.count\"")
                JOINED("index-real", "c = \"claim\", p = \"probe\"", "\"p.speed == c.count\"")
                    JOINED("walk-real", "c = \"claim\", p = \"probe\"", "\"not (p.speed ~= c.count)\""));
    seed = 99;
    for (int round = 0; round < 30; round++) {
        llw_facts *f = llw_facts_new();
        llw_arena *arena = llw_arena_new();
        for (unsigned i = 0, n = roll(20); i < n; i++) {
            llw_entity e = llw_facts_entity(f, LLW_KIND_claim, llw_arena_printf(arena, "c%u", i));
            if (roll(5)) claim(f, e, LLW_claim_count, roll(5) ? llw_count(roll(4)) : llw_unknown(LLW_COUNT));
        }
        for (unsigned i = 0, n = roll(20); i < n; i++) {
            llw_entity e = llw_facts_entity(f, LLW_KIND_probe, llw_arena_printf(arena, "p%u", i));
            if (roll(5)) claim(f, e, LLW_probe_prompt_tokens, llw_count(roll(4)));
            if (roll(5)) claim(f, e, LLW_probe_speed, llw_real(roll(8) / 2.0));
        }
        llw_run *run = llw_run_new(kb, f);
        assert_string_equal(bindings(arena, run, "index"), bindings(arena, run, "walk"));
        assert_string_equal(bindings(arena, run, "index-real"), bindings(arena, run, "walk-real"));
        llw_run_free(run);
        llw_arena_free(arena);
        llw_facts_free(f);
    }
    llw_kb_free(kb);
}

/* ---- derivations, unknowns, faults, builds ---- */

static void what_one_rule_derives_another_reads(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_entity a = llw_facts_entity(f, LLW_KIND_launch, "a"), b = llw_facts_entity(f, LLW_KIND_launch, "b");
    llw_facts_claim(f, a, LLW_launch_batch, llw_count(2048), LLW_GRADE_FLAG, "argument", "");
    llw_facts_claim(f, a, LLW_launch_ctx, llw_count(4096), LLW_GRADE_PROSE, "comment", "");
    llw_facts_claim(f, a, LLW_launch_ubatch, llw_count(512), LLW_GRADE_DEFAULT, "default", "");
    llw_facts_claim(f, b, LLW_launch_batch, llw_count(1), LLW_GRADE_FLAG, "argument", "");
    llw_kb *kb =
        kb_of(LESSON "rule \"reader\" { level = \"note\", each = { l = \"launch\" }, when = { \"l.strategy "
                     "== 'big'\" }, find = \"{l.n_seq}\" }\n"
                     "rule \"last\" { each = { l = \"launch\" }, when = { \"l.n_ctx > 2048\" }, derive = { "
                     "[\"l.strategy\"] = \"'big'\", [\"l.n_seq\"] = \"l.n_ctx // l.ubatch\" } }\n"
                     "rule \"first\" { each = { l = \"launch\" }, when = { \"l.batch > 1024\" }, derive = { "
                     "[\"l.n_ctx\"] = \"l.ctx + 0.4\" } }\n");
    llw_run *run = llw_run_new(kb, f);
    assert_int_equal(count_state(run, "first", LLW_FIRED), 1);
    assert_int_equal(count_state(run, "first", LLW_SILENT), 1);
    assert_int_equal(count_state(run, "last", LLW_FIRED), 1);
    assert_int_equal(count_state(run, "last", LLW_UNDECIDED),
                     1); /* b's was not derived: unknown, not absent */
    assert_int_equal(count_state(run, "reader", LLW_FIRED), 1);
    assert_int_equal(count_state(run, "reader", LLW_UNDECIDED), 1);
    int64_t n = 0;
    assert_true(llw_facts_count(run->facts, a, LLW_launch_n_ctx, &n) &&
                n == 4096); /* rounded to what a count is */
    assert_true(llw_facts_count(run->facts, a, LLW_launch_n_seq, &n) && n == 8);
    assert_null(llw_facts_best(f, a, LLW_launch_n_ctx)); /* what was read stays as it was */
    const llw_claim *best = llw_facts_best(run->facts, a, LLW_launch_n_seq);
    assert_string_equal(best->origin, "rule");
    assert_string_equal(best->place, "last");
    assert_int_equal(
        best->grade,
        LLW_GRADE_PROSE); /* the weakest it rests on, through both rules; a default weakens nothing */
    assert_string_equal(llw_run_deriver(run, a, LLW_launch_n_seq)->rule->id, "last");
    assert_string_equal(llw_run_deriver(run, a, LLW_launch_n_ctx)->rule->id, "first");
    assert_null(llw_run_deriver(run, b, LLW_launch_n_ctx));
    assert_null(llw_run_deriver(run, a, LLW_launch_ctx));
    llw_run_free(run);
    llw_kb_free(kb);
    llw_facts_free(f);
}

static void a_conclusion_is_no_surer_than_a_sum_or_a_prediction(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_entity l = llw_facts_entity(f, LLW_KIND_launch, "l"), g = llw_facts_entity(f, LLW_KIND_gpu, "CUDA0");
    llw_facts_claim(f, g, LLW_gpu_free, llw_bytes(100), LLW_GRADE_CARD, "somebody", "");
    llw_kb *kb = kb_of(LESSON "rule \"r\" { each = { l = \"launch\" }, when = { \"sum('gpu', 'free') > 0\" "
                              "}, derive = { [\"l.strategy\"] = \"'x'\" } }\n");
    llw_run *run = llw_run_new(kb, f);
    assert_int_equal(llw_facts_best(run->facts, l, LLW_launch_strategy)->grade, LLW_GRADE_CARD);
    llw_run_free(run);
    llw_kb_free(kb);
    llw_facts_free(f);
}

static void an_undecided_node_names_what_is_missing(void **state) {
    (void)state;
    llw_facts *f = llw_facts_new();
    llw_entity l = llw_facts_entity(f, LLW_KIND_launch, "l");
    claim(f, l, LLW_launch_batch, llw_count(2048));
    claim(f, l, LLW_launch_ubatch, llw_unknown(LLW_COUNT));
    llw_kb *kb = kb_of(
        LESSON "rule \"waits\" { level = \"note\", each = { l = \"launch\" }, when = { \"l.batch > 1\", "
               "\"l.ubatch + l.batch > 1\", \"l.ctx > 1\" }, unless = { \"l.rerank\" }, find = \"x\" }\n"
               "rule \"decided\" { level = \"note\", each = { l = \"launch\" }, when = { \"l.batch > 4096\", "
               "\"l.ubatch > 1\" }, find = \"x\" }\n"
               "rule \"kept-out\" { level = \"note\", each = { l = \"launch\" }, when = { \"l.ubatch > 1\" "
               "}, unless = { \"l.batch > 1\" }, find = \"x\" }\n"
               "rule \"broken\" { level = \"note\", each = { l = \"launch\" }, when = { \"1 // (l.batch - "
               "2048) > 0\", \"l.ubatch > 1\" }, find = \"x\" }\n"
               "rule \"harmless\" { level = \"note\", each = { l = \"launch\" }, when = { \"1 // (l.batch - "
               "2048) > 0\", \"l.batch < 0\" }, find = \"x\" }\n");
    llw_run *run = llw_run_new(kb, f);
    assert_int_equal(count_state(run, "waits", LLW_UNDECIDED), 1);
    assert_int_equal(count_state(run, "decided", LLW_SILENT), 1);
    assert_int_equal(count_state(run, "kept-out", LLW_SILENT), 1);
    assert_int_equal(count_state(run, "broken", LLW_BROKEN), 1);
    assert_int_equal(count_state(run, "harmless", LLW_SILENT), 1);
    for (size_t i = 0; i < run->n_nodes; i++) {
        if (strcmp(run->nodes[i].rule->id, "waits")) continue;
        llw_slot missing[8];
        assert_int_equal(llw_missing_slots(run, &run->nodes[i], missing, 8), 3);
        assert_int_equal(missing[0].attr, LLW_launch_ubatch);
        assert_int_equal(missing[1].attr, LLW_launch_ctx);
        assert_int_equal(missing[2].attr, LLW_launch_rerank);
        assert_int_equal(llw_missing_slots(run, &run->nodes[i], missing, 1), 1);
    }
    llw_run_free(run);
    llw_kb_free(kb);
    llw_facts_free(f);
}

static void a_rule_holds_for_its_builds(void **state) {
    (void)state;
    llw_kb *kb =
        kb_of("lesson \"01-x\" { claim = \"A claim.\", since = \"b8022\" }\n"
              "rule \"lesson\" { level = \"note\", each = { l = \"launch\" }, find = \"x\" }\n"
              "rule \"own\" { level = \"note\", since = \"b7000\", [\"until\"] = \"b8022\", each = { l = "
              "\"launch\" }, find = \"x\" }\n"
              "rule \"placed\" { level = \"note\", [\"until\"] = \"b8022\", each = { p = \"placement\" }, "
              "find = \"x\" }\n");
    int64_t at = llw_build_order("b8022");
    static const struct {
        int64_t from; /* orders after b8022; above 1 << 40: unknown */
        bool lesson, own, placed;
    } cases[] = {{-1, false, true, false},
                 {0, true, true, true},
                 {1, true, false, false},
                 {(int64_t)1 << 41, true, true, true}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        llw_facts *f = llw_facts_new();
        llw_entity l = llw_facts_entity(f, LLW_KIND_launch, "l"),
                   b = llw_facts_entity(f, LLW_KIND_build, "b");
        llw_entity p = llw_facts_entity(f, LLW_KIND_placement, "p");
        claim(f, l, LLW_launch_build, llw_ref(b));
        claim(f, p, LLW_placement_launch, llw_ref(l));
        claim(f, b, LLW_build_order,
              cases[i].from > (int64_t)1 << 40 ? llw_unknown(LLW_COUNT) : llw_count(at + cases[i].from));
        llw_run *run = llw_run_new(kb, f);
        assert_int_equal(count_state(run, "lesson", LLW_FIRED), cases[i].lesson);
        assert_int_equal(count_state(run, "own", LLW_FIRED), cases[i].own);
        assert_int_equal(count_state(run, "placed", LLW_FIRED), cases[i].placed); /* since is the lesson's */
        for (size_t n = 0; n < run->n_nodes; n++)
            assert_int_equal(run->nodes[n].applies, run->nodes[n].state == LLW_FIRED);
        llw_run_free(run);
        llw_facts_free(f);
    }
    llw_kb_free(kb);
}

/* ---- decisions: the situations of the installed rules' own tests ---- */

static const char *json_of(llw_arena *arena, llw_kb *kb, const llw_facts *facts) {
    llw_run *run = llw_run_new(kb, facts);
    llw_text t = {0};
    for (llw_entity l = 0; (l = llw_facts_next(facts, LLW_KIND_launch, l));) {
        llw_decision d;
        llw_decide(run, l, arena, &d);
        llw_render_decision_json(&t, &d);
    }
    const char *json = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    llw_run_free(run);
    return json;
}

static void the_same_facts_give_the_same_decision(void **state) {
    const situations *all = *state;
    for (size_t i = 0; i < all->n; i += 9) {
        llw_arena *arena = llw_arena_new();
        llw_facts *one = facts_of(all, i), *two = facts_of(all, i);
        const char *first = json_of(arena, all->kb, one);
        if (llw_facts_next(one, LLW_KIND_launch, 0)) assert_true(strlen(first) > 500);
        assert_string_equal(first, json_of(arena, all->kb, one));
        assert_string_equal(first, json_of(arena, all->kb, two));
        llw_facts_free(one);
        llw_facts_free(two);
        llw_arena_free(arena);
    }
}

static void what_is_not_asked_changes_nothing(void **state) {
    const situations *all = *state;
    size_t unasked = 0;
    for (size_t i = 0; i < all->n; i += 3) {
        llw_facts *facts = facts_of(all, i);
        llw_run *lazy = llw_run_new(all->kb, facts), *whole = llw_run_whole(all->kb, facts);
        assert_int_equal(lazy->n_nodes, whole->n_nodes);
        for (size_t n = 0; n < lazy->n_nodes; n++) {
            const llw_node *a = &lazy->nodes[n], *b = &whole->nodes[n];
            assert_ptr_equal(a->rule, b->rule);
            assert_memory_equal(a->binding, b->binding, sizeof a->binding);
            if (a->state != b->state)
                fail_msg("%s is %s, asked whole %s", a->rule->id, llw_state_name(a->state),
                         llw_state_name(b->state));
            for (size_t c = 0; c < a->rule->n_conditions; c++) {
                assert_int_not_equal(b->truth[c].state, LLW_NOT_ASKED);
                if (a->truth[c].state != LLW_NOT_ASKED) {
                    assert_int_equal(a->truth[c].state, b->truth[c].state);
                    if (a->truth[c].state == LLW_KNOWN)
                        assert_int_equal(a->truth[c].as.flag, b->truth[c].as.flag);
                    continue;
                }
                unasked++;
                assert_int_equal(a->state, LLW_SILENT);
                llw_result values[LLW_EXPR_MAX_BYTES]; /* asked later it is what it would have been */
                const llw_expr *expr = &a->rule->conditions[c].expr;
                llw_run_eval(lazy, a, expr, values);
                assert_int_equal(values[expr->n_nodes - 1].state, b->truth[c].state);
                if (b->truth[c].state == LLW_KNOWN)
                    assert_int_equal(values[expr->n_nodes - 1].as.flag, b->truth[c].as.flag);
            }
        }
        llw_run_free(lazy);
        llw_run_free(whole);
        llw_facts_free(facts);
    }
    assert_true(unasked > 20);
}

static void a_variant_is_a_run_on_the_changed_facts(void **state) {
    const situations *all = *state;
    const struct {
        llw_attr knob;
        llw_value value;
    } changes[] = {
        {LLW_launch_ubatch, llw_count(256)},    {LLW_launch_ctx, llw_count(4096)},
        {LLW_launch_gpu_layers, llw_count(10)}, {LLW_launch_fit, llw_flag(false)},
        {LLW_launch_cpu_moe, llw_flag(true)},   {LLW_launch_cache_type_v, llw_string(LLW_TEXT, "q8_0")}};
    static const llw_attr asked[] = {LLW_launch_loads,           LLW_launch_n_ctx,      LLW_launch_gpu_need,
                                     LLW_launch_weights_on_host, LLW_launch_outcome,    LLW_launch_whole_need,
                                     LLW_launch_fits_one_gpu,    LLW_launch_fits_gpus,  LLW_launch_host_need,
                                     LLW_launch_meets_target,    LLW_placement_compute, LLW_placement_kv,
                                     LLW_placement_weights,      LLW_placement_left,    LLW_placement_loads};
    size_t compared = 0;
    for (size_t i = 0; i < all->n; i += 11) {
        llw_facts *facts = facts_of(all, i);
        llw_entity launch = llw_facts_next(facts, LLW_KIND_launch, 0);
        if (!launch) {
            llw_facts_free(facts);
            continue;
        }
        llw_run *run = llw_run_new(all->kb, facts);
        for (size_t c = 0; c < sizeof changes / sizeof *changes; c++) {
            llw_facts *changed = llw_facts_overlay(facts);
            llw_facts_claim(changed, launch, changes[c].knob, changes[c].value, LLW_GRADE_WHATIF, "what-if",
                            "");
            llw_run *fresh = llw_run_new(all->kb, changed);
            for (size_t a = 0; a < sizeof asked / sizeof *asked; a++) {
                bool placement = llw_attr_get(asked[a])->kind == LLW_KIND_placement;
                for (llw_entity e = 0;
                     (e = llw_facts_next(run->facts, placement ? LLW_KIND_placement : LLW_KIND_launch, e));) {
                    if (placement ? llw_facts_ref(run->facts, e, LLW_placement_launch) != launch
                                  : e != launch)
                        continue;
                    llw_value variant =
                        llw_run_variant(run, e, asked[a], &changes[c].knob, &changes[c].value, 1);
                    llw_entity there =
                        llw_facts_find(fresh->facts, placement ? LLW_KIND_placement : LLW_KIND_launch,
                                       llw_facts_id(run->facts, e));
                    llw_value want = there ? llw_facts_value(fresh->facts, there, asked[a])
                                           : llw_unknown(llw_attr_get(asked[a])->type);
                    if (variant.known != want.known || (want.known && !llw_value_equal(variant, want)))
                        fail_msg("%s: %s with %s changed is another than in a run of its own",
                                 all->items[i].name, llw_attr_get(asked[a])->name,
                                 llw_attr_get(changes[c].knob)->name);
                    compared += want.known;
                }
            }
            llw_run_free(fresh);
            llw_facts_free(changed);
        }
        llw_run_free(run);
        llw_facts_free(facts);
    }
    assert_true(compared > 500);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_find_their_things),
        cmocka_unit_test(index_and_walk_agree),
        cmocka_unit_test(what_one_rule_derives_another_reads),
        cmocka_unit_test(a_conclusion_is_no_surer_than_a_sum_or_a_prediction),
        cmocka_unit_test(an_undecided_node_names_what_is_missing),
        cmocka_unit_test(a_rule_holds_for_its_builds),
        cmocka_unit_test(the_same_facts_give_the_same_decision),
        cmocka_unit_test(what_is_not_asked_changes_nothing),
        cmocka_unit_test(a_variant_is_a_run_on_the_changed_facts),
    };
    return cmocka_run_group_tests_name("infer", tests, set_up, tear_down);
}
