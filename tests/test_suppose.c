/* Supposing: what is understood, and that a supposed launch is the launch those words make; that a run over
 * what is supposed is a run on the changed facts. */
#include "infer/cone.h"
#include "explain/change.h"
#include "fact/build.h"
#include "fact/facts_json.h"
#include "infer/run.h"
#include "source/launch/argv.h"
#include "source/machine/gpu.h"
#include "source/machine/host.h"
#include "source/model/known.h"
#include "source/launch/suppose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MOST = 48 };

typedef struct line { /* words of a command line */
    const char *word[MOST];
    size_t n;
} line;

/* Splits at blanks; 'quoted words' stay together. */
static line words_of(llw_arena *arena, const char *text) {
    line l = {0};
    for (char *at = llw_arena_strdup(arena, text); *at && l.n < MOST;) {
        at += strspn(at, " ");
        if (!*at) break;
        char *start = at, stop = ' ', *quote = strpbrk(at, "' ");
        if (quote && *quote == '\'') {
            memmove(quote, quote + 1, strlen(quote));
            stop = '\'';
            at = quote;
        }
        char *end = strchr(at, stop);
        if (end) *end = 0;
        l.word[l.n++] = start;
        at = end ? end + 1 : at + strlen(at);
    }
    return l;
}

/* The two cards of the incidents, 64 GB, and this launch of a known model. */
static llw_entity launch_read(llw_facts *facts, const char *llama, const char *model_name,
                              const line *words) {
    llw_err err = {0};
    llw_entity model;
    llw_token tokens[MOST];
    for (size_t i = 0; i < words->n; i++) tokens[i] = (llw_token){.text = words->word[i], .place = ""};
    llw_argv in = {.id = "argv", .args = tokens, .n_args = words->n};
    in.build = llw_build_claim(facts, llama, LLW_GRADE_FLAG, "argument", "--llama", &err);
    llw_argv_result read;
    if (!in.build || llw_source_known(facts, model_name, NULL, &model, &err) != LLW_OK ||
        llw_argv_read(facts, &in, &read, &err) != LLW_OK)
        fail_msg("%s", err.text);
    llw_facts_claim(facts, read.launch, LLW_launch_model, llw_ref(model), LLW_GRADE_FLAG, "argument",
                    "MODEL");
    return read.launch;
}

static llw_facts *machine(const char *const *cards, size_t n, const char *ram) {
    llw_facts *facts = llw_facts_new();
    llw_err err = {0};
    if (llw_source_gpus(facts, &(llw_gpu_options){.cards = cards, .n_cards = n}, &err) != LLW_OK ||
        llw_source_host(facts, &(llw_host_options){.ram = ram}, &err) != LLW_OK)
        fail_msg("%s", err.text);
    return facts;
}

static const char *const two[] = {"24564:23671:RTX 4090", "16303:12761:RTX 5070 Ti"};

static llw_facts *suppose(llw_facts *facts, llw_entity launch, const char *text, llw_supposed *out) {
    llw_facts *over = llw_facts_overlay(facts);
    line words = words_of(llw_facts_arena(over), text);
    llw_err err = {0};
    if (llw_suppose(over, launch, words.word, words.n, out, &err) != LLW_OK)
        fail_msg("%s: %s", text, err.text);
    return over;
}

static const char *said(llw_arena *arena, const llw_supposed *s) {
    llw_text t = {0};
    for (size_t i = 0; i < s->n; i++) llw_text_addf(&t, "%s%s", i ? "|" : "", s->items[i]);
    const char *text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

/* ---- what is understood ---- */

static void words_and_phrases(void **state) {
    (void)state;
    static const char *const understood[][2] = {
        {"-c 65536", "-c 65536"},
        {"'-c 65536'", "-c 65536"},
        {"c=64k", "-c 65536"},
        {"c=1_048_576", "-c 1048576"},
        {"ctx=65,536", "-c 65536"},
        {"-ub=256", "-ub 256"},
        {"ubatch=256", "-ub 256"},
        {"launch.ubatch=256", "-ub 256"},
        {"kv=q4_0", "-ctk q4_0|-ctv q4_0"},
        {"--no-kv-offload", "--no-kv-offload"},
        {"kv-offload=off", "--no-kv-offload"},
        {"-fa on -np 2", "-fa on|-np 2"},
        {"'262144 context'", "-c 262144"},
        {"context 262144", "-c 262144"},
        {"'a context of 128k tokens'", "-c 131072"},
        {"'a second slot'", "-np 2"},
        {"4 slots", "-np 4"},
        {"q4_0 KV", "-ctk q4_0|-ctv q4_0"},
        {"f16 cache", "-ctk f16|-ctv f16"},
        {"another 4090", "another RTX 4090"},
        {"'another 4090 and 262144 context'", "another RTX 4090|-c 262144"},
        {"one GPU", "-sm none|-mg 0"},
        {"without -ot", "without -ot"},
        {"'without -ot'", "without -ot"},
        {"llama.cpp v0.5.0", "llama=v0.5.0"},
        {"llama=v0.5.0 -ub 256", "llama=v0.5.0|-ub 256"},
        {"ram=128GiB", "ram=128GiB"},
        {"'CUDA1=RTX 3090'", "CUDA1=RTX 3090"},
        {"model=q4_k_m", "model=q4_k_m"},
        {"'no flash attention'", "-fa off"},
        {"'experts on the CPU'", "-cmoe"},
        {"'model.moe=no'", "model.moe=no"},
        {"'CUDA0.free=20 GiB'", "CUDA0.free=20 GiB"}};
    llw_facts *facts = machine(two, 2, "64205");
    llw_arena *arena = llw_facts_arena(facts);
    line none = {0};
    llw_entity launch = launch_read(facts, "b8022", "glm-4.7-flash-q8_0", &none);
    for (size_t i = 0; i < sizeof understood / sizeof *understood; i++) {
        llw_supposed s;
        llw_facts *over = suppose(facts, launch, understood[i][0], &s);
        assert_string_equal(said(arena, &s), understood[i][1]);
        assert_null(s.refused);
        llw_facts_free(over);
    }
    llw_facts_free(facts);
}

static void what_is_left_out_depends_on_what_was_given(void **state) {
    (void)state;
    static const char *const given[][3] = {
        {"-ot exps=CPU", "'no experts on the CPU'", "without -ot"},
        {"-ot blk.1.=CUDA0,exps=CPU,blk.2.=CUDA1", "'no experts on the CPU'",
         "-ot blk.1.=CUDA0,blk.2.=CUDA1"},
        {"-ot blk.1.=CUDA0", "'no experts on the CPU'", ""},
        {"-cmoe", "'no weights in RAM'", ""},
        {"-ngl 20 -ts 3,1", "'leave it to fit'", "--fit on|nothing placed by hand"},
        {"-ngl 20", "fit=yes", "--fit on|nothing placed by hand"},
        {"", "fit=no", "-fit no"},
        {"-c 8192", "c=", "without -c"},
        {"", "cmoe=yes", "-cmoe"},
        {"-cmoe", "cmoe=off", "without -cmoe"},
        {"", "no-kv-offload=false", "-kvo"},
        {"", "mmap=0", "--no-mmap"},
        {"", "c=65,5x", "-c 65,5x"},
        {"", "c=11111111111111111111111111111111111111111111111",
         "-c 11111111111111111111111111111111111111111111111"},
        {"", "'no GPU'", "-dev none"},
        {"-ot exps=CPU", "without -ot -c 4096", "without -ot|-c 4096"},
        {"", "CUDA0=3090", "CUDA0=3090"},
        {"", "gpu+=4090", "another RTX 4090"},
        {"", "'ram=64 GiB:32 GiB'", "ram=64 GiB:32 GiB"},
        {"", "'96 GiB of RAM'", "ram=96 GiB"},
        {"", "model.layers=unknown", "model.layers=unknown"},
        {"", "model.moe=on", "model.moe=on"},
        {"", "host.cores=8", "host.cores=8"},
        {"", "CUDA0.bandwidth=1e12", "CUDA0.bandwidth=1e12"},
        {"", "'CUDA0.name=a card'", "CUDA0.name=a card"},
    };
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        llw_facts *facts = machine(two, 2, "64205");
        line flags = words_of(llw_facts_arena(facts), given[i][0]);
        llw_entity launch = launch_read(facts, "b8022", "glm-4.7-flash-q8_0", &flags);
        llw_supposed s;
        llw_facts *over = suppose(facts, launch, given[i][1], &s);
        const char *told = said(llw_facts_arena(facts), &s);
        if (strcmp(told, given[i][2])) fail_msg("%s, supposed %s: %s", given[i][0], given[i][1], told);
        llw_facts_free(over);
        llw_facts_free(facts);
    }
}

static void what_is_not_understood_is_said(void **state) {
    (void)state;
    static const char *const bad[][2] = {{"purple", "'purple' is not understood"},
                                         {"-ubb 5", "has no -ubb; did you mean -ub"},
                                         {"colour=red", "nothing that can be turned"},
                                         {"-c", "wants a value"},
                                         {"gpu=4090", "say which, CUDA0=CARD"},
                                         {"CUDA7.free=3", "nothing here is called CUDA7"},
                                         {"CUDA0.fre=3", "did you mean free"},
                                         {"'gpu+=RTX 9999'", "no card \"RTX 9999\""},
                                         {"llama=never", ""},
                                         {"ram=lots", "ram=128 GiB"},
                                         {"model=no-such-model", "no known model"},
                                         {"launch.loads=yes", "a result"},
                                         {"model.moe=perhaps", "yes, no or unknown"},
                                         {"model.layers=many", "give a number"},
                                         {"model.layers=99999999999999999999", "give a number"},
                                         {"CUDA0.bandwidth=nan", "give a number"},
                                         {"without -zzz", "has no -zzz"},
                                         {"-zzz=4", "has no -zzz"},
                                         {"host.colour=red", "a host has no colour"},
                                         {"placement.loads=yes", ""},
                                         {"ram=0", "ram=128 GiB"},
                                         {"'ram=1 GiB:2 GiB:3 GiB'", "ram=128 GiB"},
                                         {"'gpu+=1:2:3:4'", ""},
                                         {"CUDA0=", ""},
                                         {"=4", ""},
                                         {"model=", ""}};
    llw_facts *facts = machine(two, 2, "64205");
    line none = {0};
    llw_entity launch = launch_read(facts, "b8022", "glm-4.7-flash-q8_0", &none);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        llw_facts *over = llw_facts_overlay(facts);
        line words = words_of(llw_facts_arena(over), bad[i][0]);
        llw_supposed s;
        llw_err err = {0};
        if (llw_suppose(over, launch, words.word, words.n, &s, &err) != LLW_ERR_INPUT)
            fail_msg("%s is understood", bad[i][0]);
        if (!strstr(err.text, bad[i][1])) fail_msg("%s: %s", bad[i][0], err.text);
        llw_facts_free(over);
    }
    llw_facts_free(facts);
}

/* ---- a supposed launch is the launch those words make ---- */

static uint64_t seed = 20261128;

static unsigned roll(unsigned n) {
    seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
    return (unsigned)(seed >> 33) % n;
}

/* Flags that take each other's place stand in one row. */
static const char *const pool[][5] = {{"-c 8192", "-c 131072", "-c 0", "-c 40000", "-c abc"},
                                      {"-ub 256", "-ub 1024", "-ub 4096"},
                                      {"-b 512", "-b 4096"},
                                      {"-ctk q8_0", "-ctk q4_0", "-ctk f16", "-ctk nonsense"},
                                      {"-ctv q8_0", "-ctv f16"},
                                      {"-fa on", "-fa off", "-fa auto", "-fa maybe"},
                                      {"-np 1", "-np 4", "-np 2", "-np 0"},
                                      {"-ngl 99", "-ngl 20", "-ngl auto", "-ngl all", "-ngl 0"},
                                      {"-sm none", "-sm layer", "-sm row"},
                                      {"-mg 1", "-mg 0"},
                                      {"-ts 3,1", "-ts 1,1"},
                                      {"-ot exps=CPU", "-ot blk.1.=CUDA0,blk.2.=CUDA1", "-ot exps"},
                                      {"-ncmoe 10", "-ncmoe 0", "-ncmoe 47"},
                                      {"-cmoe"},
                                      {"--fit off", "--fit on"},
                                      {"--fit-target 128,1024", "--fit-target 0"},
                                      {"-nkvo", "-kvo"},
                                      {"-dev CUDA1", "-dev CUDA0,CUDA1"}};
enum { ROWS = sizeof pool / sizeof *pool };

static const char *pick(size_t row) {
    unsigned n = 0;
    while (n < 5 && pool[row][n]) n++;
    return pool[row][roll(n)];
}

static void same_slots(const llw_facts *a, llw_entity x, const llw_facts *b, llw_entity y, const char *what) {
    for (int i = 1; i < LLW_ATTRS; i++) {
        llw_attr attr = (llw_attr)i;
        if (llw_attr_get(attr)->kind != LLW_KIND_launch || !llw_attr_get(attr)->knob ||
            llw_attr_get(attr)->type == LLW_REF)
            continue;
        llw_value v = llw_facts_value(a, x, attr), w = llw_facts_value(b, y, attr);
        if (v.known != w.known || (v.known && !llw_value_equal(v, w)))
            fail_msg("%s: launch.%s is otherwise when it is given", what, llw_attr_get(attr)->name);
    }
    if (llw_facts_value(a, x, LLW_launch_refused).known != llw_facts_value(b, y, LLW_launch_refused).known)
        fail_msg("%s: it is not refused in the same case", what);
}

/* What was predicted and found, as text. */
static const char *outcome_of(llw_arena *arena, const llw_run *run) {
    llw_text t = {0};
    for (llw_entity e = 0; (e = llw_facts_next(run->facts, LLW_KIND_placement, e));)
        for (int a = 1; a < LLW_ATTRS; a++) {
            if (llw_attr_get((llw_attr)a)->kind != LLW_KIND_placement ||
                llw_attr_get((llw_attr)a)->type == LLW_REF)
                continue;
            llw_text_addf(&t, "%s.%s=", llw_facts_id(run->facts, e), llw_attr_get((llw_attr)a)->name);
            llw_value_print(&t, llw_facts_value(run->facts, e, (llw_attr)a));
            llw_text_add(&t, "\n");
        }
    for (llw_entity e = 0; (e = llw_facts_next(run->facts, LLW_KIND_launch, e));)
        for (int a = 1; a < LLW_ATTRS; a++) {
            const llw_attr_info *info = llw_attr_get((llw_attr)a);
            if (info->kind != LLW_KIND_launch || info->knob) continue;
            if (a == LLW_launch_override_order || a == LLW_launch_refused || a == LLW_launch_refused_words ||
                a == LLW_launch_words)
                continue; /* told by the order of the words */
            llw_text_addf(&t, "%s=", info->name);
            llw_value_print(&t, llw_facts_value(run->facts, e, (llw_attr)a));
            llw_text_add(&t, "\n");
        }
    for (size_t i = 0; i < run->n_nodes; i++) {
        llw_text_addf(&t, "%s: %s", run->nodes[i].rule->id, llw_state_name(run->nodes[i].state));
        if (run->nodes[i].state == LLW_FIRED && run->nodes[i].rule->find.n_pieces) {
            llw_text_add(&t, ": ");
            llw_run_say(run, &run->nodes[i], &run->nodes[i].rule->find, &t);
        }
        llw_text_add(&t, "\n");
    }
    const char *text = llw_arena_strdup(arena, llw_text_str(&t));
    llw_text_fini(&t);
    return text;
}

static void same_text(const char *a, const char *b, const char *what) {
    size_t at = 0;
    while (a[at] && a[at] == b[at]) at++;
    if (!a[at] && !b[at]) return;
    while (at > 0 && a[at - 1] != '\n') at--;
    fail_msg("%s:\n  %.*s\n  %.*s", what, (int)strcspn(a + at, "\n"), a + at, (int)strcspn(b + at, "\n"),
             b + at);
}

/* Some flags supposed over others give what a command line gives in which they stand in the others' place. */
static void supposed_flags_are_flags_given(void **state) {
    llw_kb *kb = *state;
    static const char *const models[] = {"glm-4.7-flash-q8_0", "qwen3-30b-a3b-q4_k_m", "llama-3.1-8b-q4_k_m"};
    static const char *const builds[] = {"b8022", "v0.5.0"};
    for (int round = 0; round < 60; round++) {
        llw_arena *arena = llw_arena_new();
        const char *model = models[roll(3)], *build = builds[roll(2)];
        llw_text base = {0}, more = {0}, merged = {0}, added = {0};
        for (size_t r = 0; r < ROWS; r++) {
            const char *was = roll(3) ? "" : pick(r), *is = roll(5) ? "" : pick(r);
            llw_text_addf(&base, "%s ", was);
            llw_text_addf(&more, "%s ", is);
            llw_text_addf(*was ? &merged : &added, "%s ", *is ? is : was); /* what is new stands behind */
        }
        llw_text_add(&merged, llw_text_str(&added));
        const char *what = llw_arena_printf(arena, "%s %s, %s, supposed %s", model, build,
                                            llw_text_str(&base), llw_text_str(&more));
        line old = words_of(arena, llw_text_str(&base)), all = words_of(arena, llw_text_str(&merged));
        llw_facts *facts = machine(two, 2, "64205"), *fresh = machine(two, 2, "64205");
        llw_entity x = launch_read(facts, build, model, &old), y = launch_read(fresh, build, model, &all);
        llw_supposed s;
        llw_facts *over = suppose(facts, x, llw_text_str(&more), &s);
        same_slots(over, x, fresh, y, what);
        if (round % 4 == 0) {
            llw_run *then = llw_run_new(kb, over), *given = llw_run_new(kb, fresh);
            same_text(outcome_of(arena, then), outcome_of(arena, given), what);
            llw_run_free(then);
            llw_run_free(given);
        }
        llw_facts_free(over);
        llw_facts_free(facts);
        llw_facts_free(fresh);
        llw_text_fini(&base);
        llw_text_fini(&more);
        llw_text_fini(&merged);
        llw_text_fini(&added);
        llw_arena_free(arena);
    }
}

static void left_out_is_as_if_never_given(void **state) {
    (void)state;
    llw_facts *facts = machine(two, 2, "64205"), *fresh = machine(two, 2, "64205");
    llw_arena *arena = llw_facts_arena(facts);
    line old = words_of(arena, "-c 0 -ngl 99 --fit off -ot exps=CPU -np 2 -ub 1024"),
         all = words_of(arena, "-ub 1024");
    llw_entity x = launch_read(facts, "b8022", "glm-4.7-flash-q8_0", &old),
               y = launch_read(fresh, "b8022", "glm-4.7-flash-q8_0", &all);
    llw_supposed s;
    llw_facts *over = suppose(facts, x, "default=-c default=-ngl without --fit without -ot default=-np", &s);
    same_slots(over, x, fresh, y, "left out");
    llw_facts_free(over);
    llw_facts_free(facts);
    llw_facts_free(fresh);
}

static void another_build_reads_the_same_flags_its_own_way(void **state) {
    (void)state;
    static const char *const flags[] = {"-c 32768 -ngl 30", "", "--fit off -fa on --no-mmap", "-ncffn 3"};
    static const char *const builds[] = {"b8022", "v0.5.0", "b6451", "b4000"};
    for (size_t i = 0; i < 4; i++)
        for (size_t k = 0; k < 16; k++) {
            const char *from = builds[k / 4], *to = builds[k % 4];
            llw_facts *facts = machine(two, 2, "64205"), *fresh = machine(two, 2, "64205");
            llw_arena *arena = llw_facts_arena(facts);
            line words = words_of(arena, flags[i]);
            llw_entity x = launch_read(facts, from, "llama-3.1-8b-q4_k_m", &words),
                       y = launch_read(fresh, to, "llama-3.1-8b-q4_k_m", &words);
            llw_supposed s;
            llw_facts *over = suppose(facts, x, llw_arena_printf(arena, "llama=%s", to), &s);
            bool starts = !llw_facts_value(facts, x, LLW_launch_refused).known;
            if (starts) { /* of what the old build refuses, nobody knows what was meant */
                same_slots(over, x, fresh, y,
                           llw_arena_printf(arena, "%s from %s to %s", flags[i], from, to));
                assert_int_equal(llw_facts_value(over, x, LLW_launch_refused).known,
                                 llw_facts_value(fresh, y, LLW_launch_refused).known);
            }
            assert_string_equal(llw_facts_id(over, llw_facts_ref(over, x, LLW_launch_build)), to);
            llw_facts_free(over);
            llw_facts_free(facts);
            llw_facts_free(fresh);
        }
}

static void another_machine_is_the_machine_described(void **state) {
    llw_kb *kb = *state;
    static const struct {
        const char *suppose;
        const char *cards[3];
        const char *ram;
    } cases[] = {{"gpu+=4090", {"24564:23671:RTX 4090", "16303:12761:RTX 5070 Ti", "RTX 4090"}, "64205"},
                 {"'CUDA1=RTX 5090'", {"24564:23671:RTX 4090", "RTX 5090"}, "64205"},
                 {"CUDA0=48000:47000", {"48000:47000", "16303:12761:RTX 5070 Ti"}, "64205"},
                 {"ram=32768:30000", {"24564:23671:RTX 4090", "16303:12761:RTX 5070 Ti"}, "32768:30000"},
                 {"'CUDA1.free=10000 MiB'", {"24564:23671:RTX 4090", "16303:10000:RTX 5070 Ti"}, "64205"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        size_t n = cases[i].cards[2] ? 3 : 2;
        llw_facts *facts = machine(two, 2, "64205"), *fresh = machine(cases[i].cards, n, cases[i].ram);
        llw_arena *arena = llw_arena_new();
        line words = words_of(arena, "-c 65536 -ctk q8_0 -ctv q8_0");
        llw_entity x = launch_read(facts, "b8022", "glm-4.7-flash-q8_0", &words);
        launch_read(fresh, "b8022", "glm-4.7-flash-q8_0", &words);
        llw_supposed s;
        llw_facts *over = suppose(facts, x, cases[i].suppose, &s);
        llw_run *then = llw_run_new(kb, over), *given = llw_run_new(kb, fresh);
        same_text(outcome_of(arena, then), outcome_of(arena, given), cases[i].suppose);
        llw_run_free(then);
        llw_run_free(given);
        llw_arena_free(arena);
        llw_facts_free(over);
        llw_facts_free(facts);
        llw_facts_free(fresh);
    }
}

/* ---- a run over what is supposed is a run on the changed facts ---- */

static void what_if_is_a_fresh_run_on_the_changed_facts(void **state) {
    llw_kb *kb = *state;
    static const char *const supposed[] = {"-ub 256",      "another 4090",       "llama=v0.5.0",
                                           "model=q4_k_m", "'CUDA1=3090'",       "-c 8192 kv=f16",
                                           "ram=16 GiB",   "'one GPU'",          "'experts on the CPU'",
                                           "model.moe=no", "CUDA0.free=unknown", "-ctk nonsense"};
    llw_facts *facts = machine(two, 2, "64205");
    llw_arena *arena = llw_arena_new();
    line words = words_of(arena, "-c 131072 -ctk q8_0 -ctv q8_0 -ngl 99 --fit off -b 1024 -ub 1024 -ot "
                                 "blk\\.([0-9]|[12][0-9]|3[0-2])\\.=CUDA0,blk\\.(3[3-9]|4[0-6])\\.=CUDA1");
    llw_entity launch = launch_read(facts, "b8022", "glm-4.7-flash-q8_0", &words);
    llw_run *now = llw_run_new(kb, facts);
    for (size_t i = 0; i < sizeof supposed / sizeof *supposed; i++) {
        llw_supposed s;
        llw_err err = {0};
        llw_facts *over = suppose(facts, launch, i == 6 ? "'ram=16 GiB'" : supposed[i], &s);
        char *saved = llw_facts_save(over, &err);
        llw_facts *fresh = llw_facts_new();
        if (!saved || llw_facts_load(fresh, saved, strlen(saved), "saved", llw_source_known, &err) != LLW_OK)
            fail_msg("%s: %s", supposed[i], err.text);
        llw_run *then = llw_run_beside(now, over), *alone = llw_run_new(kb, fresh);
        same_text(outcome_of(arena, then), outcome_of(arena, alone), supposed[i]);
        llw_run_free(then);
        llw_run_free(alone);
        llw_facts_free(over);
        llw_facts_free(fresh);
        free(saved);
    }
    llw_run_free(now);
    llw_arena_free(arena);
    llw_facts_free(facts);
}

/* Any launch, any change of flags, hardware and facts, several at once. */
static void any_change_is_a_fresh_run_on_the_changed_facts(void **state) {
    llw_kb *kb = *state;
    static const char *const models[] = {"glm-4.7-flash-q8_0", "llama-3.1-8b-q4_k_m", "gemma-3-4b-q4_k_m"};
    static const char *const builds[] = {"b8022", "v0.5.0", "b6451"};
    static const char *const things[][4] = {
        {"another 4090", "'CUDA1=RTX 3090'", "CUDA0=8192:7000", "'gpu+=RTX 5070 Ti'"},
        {"ram=32768:30000", "'ram=8 GiB'"},
        {"llama=v0.5.0", "llama=b8022", "llama=b4000"},
        {"model=qwen3-30b-a3b-q4_k_m", "model=q4_k_m", "model=llama-3.2-1b-q8_0"},
        {"CUDA0.free=unknown", "'CUDA1.free=9 GiB'", "CUDA1.display=yes", "CUDA0.total=unknown"},
        {"model.moe=no", "model.layers=unknown", "model.context_length=4096", "model.card=README.md"},
        {"'one GPU'", "'experts on the CPU'", "'no experts on the CPU'", "'a second slot'"}};
    const char *rounds = getenv("LLWHY_ROUNDS"); /* more of them by hand */
    int asked = 0, n_rounds = rounds ? atoi(rounds) : 40;
    for (int round = 0; round < n_rounds; round++) {
        llw_arena *arena = llw_arena_new();
        llw_text base = {0}, more = {0};
        for (size_t r = 0; r < ROWS; r++) {
            if (!roll(3)) llw_text_addf(&base, "%s ", pick(r));
            if (!roll(6)) llw_text_addf(&more, "%s ", pick(r));
        }
        for (size_t t = 0; t < sizeof things / sizeof *things; t++) {
            const char *thing = things[t][roll(4)];
            if (thing && !roll(4)) llw_text_addf(&more, "%s ", thing);
        }
        const char *what = llw_arena_printf(arena, "%ssupposed %s", llw_text_str(&base), llw_text_str(&more));
        llw_facts *facts = machine(two, 2, "64205"), *fresh = llw_facts_new();
        line flags = words_of(arena, llw_text_str(&base)), words = words_of(arena, llw_text_str(&more));
        llw_entity launch = launch_read(facts, builds[roll(3)], models[roll(3)], &flags);
        llw_facts *over = llw_facts_overlay(facts);
        llw_supposed s;
        llw_err err = {0};
        if (llw_suppose(over, launch, words.word, words.n, &s, &err) ==
            LLW_OK) { /* else it was no question */
            llw_run *now = llw_run_new(kb, facts), *then = llw_run_beside(now, over);
            char *saved = llw_facts_save(over, &err);
            if (!saved ||
                llw_facts_load(fresh, saved, strlen(saved), "saved", llw_source_known, &err) != LLW_OK)
                fail_msg("%s: %s", what, err.text);
            llw_run *alone = llw_run_new(kb, fresh);
            same_text(outcome_of(arena, then), outcome_of(arena, alone), what);
            asked++;
            llw_run_free(then);
            llw_run_free(alone);
            llw_run_free(now);
            free(saved);
        }
        llw_facts_free(over);
        llw_facts_free(facts);
        llw_facts_free(fresh);
        llw_text_fini(&base);
        llw_text_fini(&more);
        llw_arena_free(arena);
    }
    assert_true(asked > n_rounds / 2);
}

/* What was measured of the launch says nothing of another one. */
static void measurements_stay_with_the_launch_they_are_of(void **state) {
    llw_kb *kb = *state;
    llw_facts *facts = machine(two, 2, "64205");
    llw_arena *arena = llw_arena_new();
    line words = words_of(arena, "-c 131072 -ctk q8_0 -ctv q8_0 -ub 1024 -ngl 99 --fit off");
    llw_entity launch = launch_read(facts, "b8022", "glm-4.7-flash-q8_0", &words);
    llw_entity placed = llw_facts_entity(facts, LLW_KIND_placement, "argv@CUDA0"),
               log = llw_facts_entity(facts, LLW_KIND_log, "log");
    llw_facts_claim(facts, placed, LLW_placement_compute, llw_bytes(123), LLW_GRADE_MEASURED, "log", "");
    llw_facts_claim(facts, log, LLW_log_launch, llw_ref(launch), LLW_GRADE_MEASURED, "log", "");
    llw_facts_claim(facts, log, LLW_log_outcome, llw_string(LLW_TEXT, "oom"), LLW_GRADE_MEASURED, "log", "");
    llw_facts_claim(facts, launch, LLW_launch_speed, llw_real(99), LLW_GRADE_MEASURED, "bench", "");
    llw_facts_claim(facts, launch, LLW_launch_long_prompt_passed, llw_flag(true), LLW_GRADE_MEASURED, "probe",
                    "");
    llw_run *now = llw_run_new(kb, facts);
    assert_true(llw_facts_value(now->facts, placed, LLW_placement_compute).as.count == 123);
    llw_supposed s;
    llw_facts *over = suppose(facts, launch, "-ub 256", &s);
    llw_run *then = llw_run_beside(now, over);
    assert_true(llw_facts_value(then->facts, placed, LLW_placement_compute).as.count > 1 << 20);
    assert_false(llw_facts_value(then->facts, launch, LLW_launch_speed).known);
    assert_false(llw_facts_value(then->facts, launch, LLW_launch_long_prompt_passed).known);
    assert_int_equal(llw_facts_ref(then->facts, log, LLW_log_launch), 0);
    llw_run_free(then);
    llw_run_free(now);
    llw_facts_free(over);
    llw_facts_free(facts);
    llw_arena_free(arena);
}

static int set_up(void **state) {
    *state = llw_kb_load(NULL, 0, NULL);
    return ((llw_kb *)*state)->n_problems > 0;
}

static int tear_down(void **state) {
    llw_kb_free(*state);
    return 0;
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_and_phrases),
        cmocka_unit_test(what_is_left_out_depends_on_what_was_given),
        cmocka_unit_test(what_is_not_understood_is_said),
        cmocka_unit_test(supposed_flags_are_flags_given),
        cmocka_unit_test(left_out_is_as_if_never_given),
        cmocka_unit_test(another_build_reads_the_same_flags_its_own_way),
        cmocka_unit_test(another_machine_is_the_machine_described),
        cmocka_unit_test(what_if_is_a_fresh_run_on_the_changed_facts),
        cmocka_unit_test(any_change_is_a_fresh_run_on_the_changed_facts),
        cmocka_unit_test(measurements_stay_with_the_launch_they_are_of),
    };
    return cmocka_run_group_tests_name("suppose", tests, set_up, tear_down);
}
